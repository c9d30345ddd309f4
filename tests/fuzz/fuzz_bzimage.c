// SPDX-License-Identifier: GPL-2.0
/* Any file at all as a kernel image. */
#include "hostile.h"

int fuzz_one(const __u8 *data, size_t len)
{
	hostile_image(data, len);
	return 0;
}
