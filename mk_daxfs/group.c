// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: where things are in a region.  What is read is bounded by what was
 * mapped, whatever the region says.
 */
#include "fs.h"

/**
 * daxfs_slot() - a kernel's slot
 * @fs:		the file system
 * @slot:	any number
 *
 * Return: NULL when there is no such slot.
 */
struct daxfs_slot *daxfs_slot(struct daxfs *fs, __u32 slot)
{
	if (slot >= fs->nr_slots)
		return NULL;
	return daxfs_at(fs, fs->slots + slot * sizeof(struct daxfs_slot),
			sizeof(struct daxfs_slot));
}

static __u64 used_size(const struct daxfs *fs)
{
	__u64 size = mk_peer_load(&daxfs_super(fs)->size), most = mk_peer_load(&fs->size);

	return size < most ? size : most;
}

__u32 daxfs_nr_groups(const struct daxfs *fs)
{
	return (used_size(fs) + DAXFS_GROUP - 1) >> DAXFS_GROUP_SHIFT;
}

__u64 daxfs_group_off(const struct daxfs *fs, __u32 group)
{
	return group ? (__u64)group << DAXFS_GROUP_SHIFT : fs->first;
}

struct daxfs_group *daxfs_group(struct daxfs *fs, __u32 group)
{
	return daxfs_at(fs, daxfs_group_off(fs, group), sizeof(struct daxfs_group));
}

__u32 daxfs_group_meta(const struct daxfs *fs, __u32 group)
{
	__u64 end = daxfs_group_off(fs, group) - ((__u64)group << DAXFS_GROUP_SHIFT);

	return (end + sizeof(struct daxfs_group)) >> DAXFS_BLOCK_SHIFT;
}

__u32 daxfs_group_blocks(const struct daxfs *fs, __u32 index)
{
	__u64 size = used_size(fs), start = (__u64)index << DAXFS_GROUP_SHIFT;

	if (size <= start)
		return 0;
	size -= start;
	return (size < DAXFS_GROUP ? size : DAXFS_GROUP) >> DAXFS_BLOCK_SHIFT;
}

static bool is_chunk(struct daxfs *fs, __u64 off)
{
	__u64 index = off >> DAXFS_GROUP_SHIFT;
	__u32 block = (off & (DAXFS_GROUP - 1)) >> DAXFS_BLOCK_SHIFT;
	struct daxfs_group *group = off < used_size(fs) ? daxfs_group(fs, index) : NULL;

	return group && block >= daxfs_group_meta(fs, index) && daxfs_bit(group->chunks, block);
}

/**
 * daxfs_inode_off() - where an inode is
 * @fs:		the file system
 * @ino:	any number
 *
 * Return: its offset, 0 when there is no such inode; it may be free.
 */
__u64 daxfs_inode_off(struct daxfs *fs, __u32 ino)
{
	__u64 off = (__u64)ino << DAXFS_INO_SHIFT;

	if (ino == DAXFS_ROOT)
		return DAXFS_ROOT_OFF;
	return off & (DAXFS_BLOCK - 1) && is_chunk(fs, off) ? off : 0;
}

/* The first inode in use of a chunk from @off on, as its offset. */
static __u64 used_from(struct daxfs *fs, __u64 off)
{
	struct daxfs_chunk *chunk = daxfs_at(fs, off & ~(DAXFS_BLOCK - 1), sizeof(*chunk));
	__u32 at = (off & (DAXFS_BLOCK - 1)) >> DAXFS_INO_SHIFT;
	__u32 used = mk_peer_load(&chunk->used) & DAXFS_CHUNK_FULL & ~((1U << at) - 1);

	if (!used)
		return 0;
	return (off & ~(DAXFS_BLOCK - 1)) + ((__u64)__builtin_ctz(used) << DAXFS_INO_SHIFT);
}

/* The first chunk of a group from a block on. */
static bool chunk_from(struct daxfs *fs, __u32 index, __u32 *block)
{
	struct daxfs_group *group = daxfs_group(fs, index);
	__u32 end = daxfs_group_blocks(fs, index);
	__u64 word;

	while (group && *block < end) {
		word = mk_peer_load(&group->chunks[*block / 64]) >> *block % 64;
		if (word) {
			*block += __builtin_ctzll(word);
			return *block < end;
		}
		*block = (*block / 64 + 1) * 64;
	}
	return false;
}

/**
 * daxfs_next_inode() - walk through all inodes in use
 * @fs:		the file system
 * @ino:	in: from this number on; out: of the inode
 *
 * Return: the inode, NULL when there are no more.
 */
struct daxfs_inode *daxfs_next_inode(struct daxfs *fs, __u32 *ino)
{
	__u64 off = (__u64)*ino << DAXFS_INO_SHIFT, at;
	__u32 index, block, nr = daxfs_nr_groups(fs);

	if (*ino <= DAXFS_ROOT) {
		*ino = DAXFS_ROOT;
		return daxfs_at(fs, DAXFS_ROOT_OFF, sizeof(struct daxfs_inode));
	}
	for (index = off >> DAXFS_GROUP_SHIFT; index < nr; index++) {
		block = (off & (DAXFS_GROUP - 1)) >> DAXFS_BLOCK_SHIFT;
		if (block < daxfs_group_meta(fs, index))
			block = daxfs_group_meta(fs, index);
		for (; chunk_from(fs, index, &block); block++) {
			at = ((__u64)index << DAXFS_GROUP_SHIFT) +
			     ((__u64)block << DAXFS_BLOCK_SHIFT);
			at = used_from(fs, at > off ? at : off);
			if (at) {
				*ino = at >> DAXFS_INO_SHIFT;
				return daxfs_at(fs, at, sizeof(struct daxfs_inode));
			}
		}
		off = (__u64)(index + 1) << DAXFS_GROUP_SHIFT;
	}
	return NULL;
}

/**
 * daxfs_statfs() - how much is used
 * @fs:		the file system
 * @st:		out
 */
void daxfs_statfs(struct daxfs *fs, struct daxfs_stat *st)
{
	__u32 i, free, nr = daxfs_nr_groups(fs);
	struct daxfs_group *group;

	memset(st, 0, sizeof(*st));
	for (i = 0; i < nr; i++) {
		group = daxfs_group(fs, i);
		if (!group)
			continue;
		free = mk_peer_load(&group->free_blocks);
		st->blocks += daxfs_group_blocks(fs, i) - daxfs_group_meta(fs, i);
		st->free_blocks += free;
		st->inodes += mk_peer_load(&group->used_inodes);
		/* each free block can be a chunk */
		st->free_inodes += mk_peer_load(&group->free_inodes) +
				   (__u64)free * DAXFS_CHUNK_INODES;
	}
	st->inodes += st->free_inodes + 1;	/* the root */
}
