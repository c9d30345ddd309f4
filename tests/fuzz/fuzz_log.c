// SPDX-License-Identifier: GPL-2.0
/* Any bytes at all as the memory of an instance whose log is to be read. */
#include "log_image.h"

int fuzz_one(const __u8 *data, size_t len)
{
	hostile_log(data, len);
	return 0;
}
