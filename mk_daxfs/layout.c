// SPDX-License-Identifier: GPL-2.0
/* Proof of the region's layout: sizes and offsets. Makes no code. */
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#else
#include <assert.h>
#include <stddef.h>
#endif

#include "format.h"

#define SIZE(type, n)		static_assert(sizeof(type) == (n))
#define AT(type, field, n)	static_assert(offsetof(type, field) == (n))

SIZE(struct daxfs_super, DAXFS_BLOCK);
AT(struct daxfs_super, magic, 0);
AT(struct daxfs_super, major, 8);
AT(struct daxfs_super, minor, 10);
AT(struct daxfs_super, block_size, 12);
AT(struct daxfs_super, incompat, 16);
AT(struct daxfs_super, ro_compat, 24);
AT(struct daxfs_super, uuid, 32);
AT(struct daxfs_super, label, 48);
AT(struct daxfs_super, hash_key, 112);
AT(struct daxfs_super, created, 128);
AT(struct daxfs_super, nr_slots, 136);
AT(struct daxfs_super, nr_ops, 140);
AT(struct daxfs_super, slots, 144);
AT(struct daxfs_super, ops, 152);
AT(struct daxfs_super, first, 160);
AT(struct daxfs_super, size, 512);
AT(struct daxfs_super, grow, 520);
AT(struct daxfs_super, rename, 528);
AT(struct daxfs_super, recover, 536);
AT(struct daxfs_super, freeze, 544);
AT(struct daxfs_super, grace, 552);
AT(struct daxfs_super, root, DAXFS_ROOT_OFF);

SIZE(struct daxfs_slot, 128);
AT(struct daxfs_slot, boot, 8);
AT(struct daxfs_slot, id, 16);
AT(struct daxfs_slot, flags, 20);
AT(struct daxfs_slot, joined, 24);
AT(struct daxfs_slot, grace, 32);
AT(struct daxfs_slot, mapped, 40);
AT(struct daxfs_slot, name, 64);

SIZE(struct daxfs_record, DAXFS_BLOCK);
AT(struct daxfs_record, grace, 8);
AT(struct daxfs_record, nr_inode, 16);
AT(struct daxfs_record, nr_write, 20);
AT(struct daxfs_record, nr_alloc, 24);
AT(struct daxfs_record, nr_free, 28);
AT(struct daxfs_record, ino, 32);
AT(struct daxfs_record, from, 40);
AT(struct daxfs_record, to, 48);
AT(struct daxfs_record, hold, 56);
AT(struct daxfs_record, inode, 64);
AT(struct daxfs_record, write, 128);
AT(struct daxfs_record, alloc, 2176);
AT(struct daxfs_record, free, 2816);

SIZE(struct daxfs_group, 3 * DAXFS_BLOCK);
AT(struct daxfs_group, lock, 8);
AT(struct daxfs_group, free_blocks, 16);
AT(struct daxfs_group, free_inodes, 20);
AT(struct daxfs_group, used_inodes, 24);
AT(struct daxfs_group, next_block, 28);
AT(struct daxfs_group, next_chunk, 32);
AT(struct daxfs_group, blocks, 4096);
AT(struct daxfs_group, chunks, 8192);

SIZE(struct daxfs_chunk, 256);
AT(struct daxfs_chunk, used, 4);
static_assert((DAXFS_CHUNK_INODES + 1) * sizeof(struct daxfs_inode) == DAXFS_BLOCK);

SIZE(struct daxfs_inode, 256);
AT(struct daxfs_inode, seq, 8);
AT(struct daxfs_inode, gen, 12);
AT(struct daxfs_inode, mode, 16);
AT(struct daxfs_inode, nlink, 20);
AT(struct daxfs_inode, uid, 24);
AT(struct daxfs_inode, gid, 28);
AT(struct daxfs_inode, size, 32);
AT(struct daxfs_inode, blocks, 40);
AT(struct daxfs_inode, atime, 48);
AT(struct daxfs_inode, mtime, 56);
AT(struct daxfs_inode, ctime, 64);
AT(struct daxfs_inode, btime, 72);
AT(struct daxfs_inode, open, 80);
AT(struct daxfs_inode, xattr, 88);
AT(struct daxfs_inode, rdev, 96);
AT(struct daxfs_inode, flags, 100);
AT(struct daxfs_inode, parent, 104);
AT(struct daxfs_inode, height, 108);
AT(struct daxfs_inode, locks, 112);
AT(struct daxfs_inode, map, 128);
AT(struct daxfs_inode, link, 128);

SIZE(struct daxfs_bucket, 32);
AT(struct daxfs_bucket, depth, 4);
AT(struct daxfs_bucket, ino, 8);
AT(struct daxfs_bucket, next, 16);

SIZE(struct daxfs_dirent, 16);
AT(struct daxfs_dirent, hash, 8);
AT(struct daxfs_dirent, len, 12);
AT(struct daxfs_dirent, name_len, 14);
AT(struct daxfs_dirent, name, 16);

SIZE(struct daxfs_xattrs, 8);
AT(struct daxfs_xattrs, nr, 4);
SIZE(struct daxfs_xattr, 8);
AT(struct daxfs_xattr, value_len, 4);

SIZE(struct daxfs_flock, 32);
AT(struct daxfs_flock, kind, 8);
AT(struct daxfs_flock, start, 16);
AT(struct daxfs_flock, end, 24);
SIZE(struct daxfs_flocks, DAXFS_BLOCK);
AT(struct daxfs_flocks, lock, 32);
