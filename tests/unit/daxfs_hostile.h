/* SPDX-License-Identifier: GPL-2.0 */
/* A file system with something of everything, and what to do with a damaged one. */
#ifndef DAXFS_HOSTILE_H
#define DAXFS_HOSTILE_H

#include "../../mk_daxfs/fs.h"

/* One word of the region is written over. */
struct damage {
	__u32 off;
	__u32 reserved;
	__u64 val;
};

#define HOSTILE_SIZE	(4ULL << 20)

/* Make the file system, once. */
int hostile_begin(void);
/* The good one, with @nr words written over: use all functions on it. */
int hostile_run(const struct damage *damage, __u32 nr);
/* How many problems the last one had, and what was left after its repair. */
extern unsigned long hostile_found, hostile_left;
/* The region, joined, for who writes over it meanwhile. */
struct daxfs *hostile_fresh(void);
void hostile_use(struct daxfs *fs);
/* Offsets where something is: used blocks, the super block, slots, records. */
__u32 hostile_offset(__u32 random);
/* What the good one has at such an offset. */
__u64 hostile_word(__u32 off);

#endif /* DAXFS_HOSTILE_H */
