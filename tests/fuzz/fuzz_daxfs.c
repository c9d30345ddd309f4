// SPDX-License-Identifier: GPL-2.0
/* Words of a daxfs that are written over: offset and value, 12 bytes each. */
#include <stdlib.h>

#include "daxfs_hostile.h"

#define MOST	32

int fuzz_one(const __u8 *data, size_t len)
{
	static bool begun;
	struct damage damage[MOST] = {};
	__u32 i, nr = len / 12 < MOST ? len / 12 : MOST;

	if (!begun && hostile_begin())
		abort();
	begun = true;
	for (i = 0; i < nr; i++) {
		memcpy(&damage[i].off, data + 12 * i, 4);
		memcpy(&damage[i].val, data + 12 * i + 4, 8);
		/* not the contents of a free block */
		damage[i].off = hostile_offset(damage[i].off);
	}
	if (nr)
		hostile_run(damage, nr);
	return 0;
}
