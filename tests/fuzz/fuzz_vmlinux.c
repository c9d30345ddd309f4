// SPDX-License-Identifier: GPL-2.0
/* Any bytes at all as an unpacked kernel. */
#include "hostile.h"

int fuzz_one(const __u8 *data, size_t len)
{
	hostile_vmlinux(data, len);
	return 0;
}
