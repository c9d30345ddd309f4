/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Directories, for the files of this folder.  Functions here lock nothing: what
 * changes a directory needs its lock; what reads it needs that or daxfs_look().
 */
#ifndef MK_DAXFS_DIR_H
#define MK_DAXFS_DIR_H

#include "fs.h"

#define DAXFS_DIRENT_HEAD	sizeof(struct daxfs_dirent)

/* daxfs_siphash() - SipHash-2-4 */
__u64 daxfs_siphash(const __u64 key[2], const void *data, __u32 len);

/* daxfs_hash() - of a name: 31 bits, never 0 */
__u32 daxfs_hash(const struct daxfs *fs, const char *name, __u32 len);

/* What stands beside the inode number in a record: one load, one store. */
static inline __u64 daxfs_info(__u32 hash, __u32 len, __u32 name_len)
{
	return hash | (__u64)len << 32 | (__u64)name_len << 48;
}

static inline __u32 daxfs_info_hash(__u64 info)
{
	return (__u32)info;
}

static inline __u32 daxfs_info_len(__u64 info)
{
	return (__u32)(info >> 32) & 0xffff;
}

static inline __u32 daxfs_info_name_len(__u64 info)
{
	return (__u32)(info >> 48) & 0xff;
}

/* Bytes of a record that holds a name of @len. */
static inline __u32 daxfs_record_len(__u32 len)
{
	return DAXFS_DIRENT_HEAD + ((len + 7) & ~7U);
}

/**
 * struct daxfs_walk - through the records of a bucket
 * @fs:		its file system
 * @ino:	inode number of the directory
 * @depth:	of the bucket
 * @blocks:	that were entered
 * @base:	where the block is
 * @block:	its offset
 * @at:		of the next record in it
 * @off:	offset of the record
 * @prev:	of the one before it in the block, or @off
 * @word:	of the record: DAXFS_DIRENT(), 0: free room
 * @info:	of the record
 * @name:	of the record; it may change under a reader
 */
struct daxfs_walk {
	struct daxfs *fs;
	__u32 ino;
	__u32 depth;
	__u32 blocks;
	const __u8 *base;
	__u64 block;
	__u32 at;
	__u64 off;
	__u64 prev;
	__u64 word;
	__u64 info;
	const char *name;
};

/* daxfs_walk_begin() - to the bucket of @hash. -EUCLEAN, not told: a reader looks again first. */
int daxfs_walk_begin(struct daxfs_walk *walk, struct daxfs *fs, const struct daxfs_inode *dir,
		     __u32 ino, __u32 hash);
/* daxfs_walk_next() - 1: a record; 0: the end; -EUCLEAN, not told */
int daxfs_walk_next(struct daxfs_walk *walk);

/**
 * struct daxfs_place - where a name is in its directory, or can be
 * @hash:	of the name
 * @word:	of its record
 * @off:	offset of its record, or 0
 * @prev:	of the one before it in the block, or @off
 * @room:	when there is no such name: free room for it, or 0
 * @records:	that were gone through
 */
struct daxfs_place {
	__u32 hash;
	__u64 word;
	__u64 off;
	__u64 prev;
	__u64 room;
	__u32 records;
};

/* daxfs_dir_find() - -ENOENT; -EUCLEAN, not told */
int daxfs_dir_find(struct daxfs *fs, const struct daxfs_inode *dir, __u32 ino, const char *name,
		   __u32 len, struct daxfs_place *place);

/* daxfs_dir_split() - two buckets where @hash belongs: an operation. -ENOSPC. */
int daxfs_dir_split(struct daxfs *fs, struct daxfs_inode *dir, __u64 dir_off, __u32 ino,
		    __u32 hash);

/* daxfs_dir_room() - likewise, or a block more for its bucket */
int daxfs_dir_room(struct daxfs *fs, struct daxfs_inode *dir, __u64 dir_off, __u32 ino,
		   __u32 hash);

/*
 * Changes, as parts of an operation that has taken all that it needs and calls
 * daxfs_change() before it commits.  A place is what it was until another
 * name was removed; so add, then remove.  The inode's size is the caller's.
 */
int daxfs_dir_init(struct daxfs_op *op, __u32 ino, __u64 *bucket);
void daxfs_dir_add(struct daxfs_op *op, const struct daxfs_place *place, const char *name,
		   __u32 len, __u64 word);
void daxfs_dir_set(struct daxfs_op *op, const struct daxfs_place *place, __u64 word);
void daxfs_dir_remove(struct daxfs_op *op, const struct daxfs_place *place);

/**
 * typedef daxfs_look_fn - look at an inode that may change
 * @fs:		the file system
 * @inode:	the inode; its generation is right
 * @arg:	the caller's
 *
 * Return: what daxfs_look() returns, when nothing has changed meanwhile.
 */
typedef int (*daxfs_look_fn)(struct daxfs *fs, const struct daxfs_inode *inode, void *arg);

/* daxfs_look() - call @look until nothing has changed during it */
int daxfs_look(struct daxfs *fs, struct daxfs_ref ref, daxfs_look_fn look, void *arg);

/* daxfs_xattr_store() - a copy of @xattrs that the operation takes; its pointer and blocks */
int daxfs_xattr_store(struct daxfs_op *op, const struct daxfs_xattrs *xattrs, __u64 *ptr,
		      __u64 *blocks);

/* daxfs_xattr_check() - locked: can they be read? 0 or -EUCLEAN, not told */
int daxfs_xattr_check(struct daxfs *fs, const struct daxfs_inode *inode);

#endif /* MK_DAXFS_DIR_H */
