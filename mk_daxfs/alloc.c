// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: blocks and inodes that are taken and given back.  What an operation
 * takes is in its record before the bits are set.
 */
#include "fs.h"

#define NOTHING		(~0U)
#define GOOD_RUN	32	/* blocks: shorter pieces only when there are no others */
#define PATIENCE	3000	/* pauses while blocks wait for their grace period */

/* The next zero bit of a map at or after @from, or @end. */
static __u32 next_free(const __u64 *map, __u32 from, __u32 end)
{
	__u64 word;

	while (from < end) {
		word = ~mk_peer_load(&map[from / 64]) >> from % 64;
		if (word) {
			from += __builtin_ctzll(word);
			break;
		}
		from = (from / 64 + 1) * 64;
	}
	return from < end ? from : end;
}

/* Zero bits from @from on, up to @most. */
static __u32 count_free(const __u64 *map, __u32 from, __u32 most)
{
	__u32 n = 0;
	__u64 word;

	while (n < most) {
		word = mk_peer_load(&map[(from + n) / 64]) >> (from + n) % 64;
		if (word) {
			n += __builtin_ctzll(word);
			break;
		}
		n += 64 - (from + n) % 64;
	}
	return n < most ? n : most;
}

static void set_bits(__u64 *map, __u32 from, __u32 nr, bool set)
{
	__u64 mask, *word;
	__u32 n;

	for (; nr; nr -= n, from += n) {
		n = 64 - from % 64;
		if (n > nr)
			n = nr;
		mask = (n == 64 ? ~0ULL : (1ULL << n) - 1) << from % 64;
		word = &map[from / 64];
		mk_peer_store(word, set ? mk_peer_load(word) | mask : mk_peer_load(word) & ~mask);
	}
}

/* A run of at least @least blocks from the low end. */
static __u32 find_run(const __u64 *map, __u32 from, __u32 end, __u32 least, __u32 most, __u32 *nr)
{
	while ((from = next_free(map, from, end)) < end) {
		*nr = count_free(map, from, most < end - from ? most : end - from);
		if (*nr >= least)
			return from;
		from += *nr;
	}
	return NOTHING;
}

/* 2 MiB from the high end, away from the small ones. */
static __u32 find_huge(const __u64 *map, __u32 from, __u32 end)
{
	const __u32 nr = DAXFS_HUGE >> DAXFS_BLOCK_SHIFT;
	__u32 at;

	for (at = end / nr; at-- > 0;)
		if (at * nr >= from && count_free(map, at * nr, nr) == nr)
			return at * nr;
	return NOTHING;
}

static __u64 block_off(__u32 index, __u32 block)
{
	return ((__u64)index << DAXFS_GROUP_SHIFT) + ((__u64)block << DAXFS_BLOCK_SHIFT);
}

static struct daxfs_chunk *chunk_at(struct daxfs *fs, __u32 index, __u32 block)
{
	return daxfs_at(fs, block_off(index, block), DAXFS_BLOCK);
}

/* Into the record first: who mends knows what may be taken. */
static void note(struct daxfs_op *op, __u64 off, __u64 len)
{
	struct daxfs_record *r = op->record;
	struct daxfs_extent ext = { off, len };

	op->alloc[op->nr_alloc] = ext;
	mk_peer_store(&r->alloc[op->nr_alloc].off, off);
	mk_peer_store(&r->alloc[op->nr_alloc].len, len);
	mk_peer_store_release(&r->nr_alloc, ++op->nr_alloc);
	mk_peer_wmb();
}

static int take_blocks(struct daxfs_op *op, __u32 index, __u32 least, __u32 most, bool huge,
		       struct daxfs_extent *ext)
{
	struct daxfs *fs = op->fs;
	struct daxfs_group *group = daxfs_group(fs, index);
	__u32 meta, end, at, nr = most;
	int err;

	if (!group || mk_peer_load(&group->free_blocks) < least)
		return -ENOSPC;
	err = daxfs_lock(fs, &group->lock);
	if (err)
		return err;
	meta = daxfs_group_meta(fs, index);
	end = daxfs_group_blocks(fs, index);
	at = mk_peer_load(&group->next_block);
	if (at < meta || at > end)
		at = meta;
	at = huge ? find_huge(group->blocks, meta, end) :
		    find_run(group->blocks, at, end, least, most, &nr);
	if (at != NOTHING) {
		ext->off = block_off(index, at);
		ext->len = (__u64)nr << DAXFS_BLOCK_SHIFT;
		note(op, ext->off, ext->len);
		set_bits(group->blocks, at, nr, true);
		mk_peer_store(&group->free_blocks, mk_peer_load(&group->free_blocks) - nr);
		if (least == 1 && !huge)
			mk_peer_store(&group->next_block, at + nr);
	}
	daxfs_unlock(fs, &group->lock);
	return at == NOTHING ? -ENOSPC : 0;
}

/* All groups once, beginning with where this kernel allocates. */
static int take_anywhere(struct daxfs_op *op, __u32 least, __u32 most, bool huge,
			 struct daxfs_extent *ext)
{
	struct daxfs *fs = op->fs;
	__u32 i, g, nr = daxfs_nr_groups(fs), first = mk_peer_load(&fs->group);
	int err = -ENOSPC;

	for (i = 0; i < nr && err == -ENOSPC; i++) {
		g = (first + i) % nr;
		err = take_blocks(op, g, least, most, huge, ext);
		if (!err && i)
			mk_peer_store(&fs->group, g);
	}
	return err;
}

/* There is too little: may there be more?  What waits for its grace period comes. */
static bool try_again(struct daxfs *fs, unsigned int *tries)
{
	if (*tries >= PATIENCE)
		return false;
	if (daxfs_reap(fs))
		return !daxfs_pause(fs, (*tries)++);
	*tries = PATIENCE;	/* all that has come */
	return true;
}

static int take(struct daxfs_op *op, __u32 least, __u32 most, bool huge, struct daxfs_extent *ext)
{
	unsigned int tries = 0;
	int err;

	if (op->err)
		return op->err;
	if (op->nr_alloc == DAXFS_OP_ALLOCS)
		return -EFBIG;
	do {
		err = -ENOSPC;
		if (least < GOOD_RUN && most >= GOOD_RUN)
			err = take_anywhere(op, GOOD_RUN, most, huge, ext);
		if (err == -ENOSPC)
			err = take_anywhere(op, least, most, huge, ext);
	} while (err == -ENOSPC && !huge && try_again(op->fs, &tries));
	return err;
}

/**
 * daxfs_enough() - are there so many free blocks?
 * @fs:		the file system, joined
 * @blocks:	their number
 *
 * What waits for its grace period is waited for.
 *
 * Return: 0 or -ENOSPC.
 */
int daxfs_enough(struct daxfs *fs, __u64 blocks)
{
	unsigned int tries = 0;
	struct daxfs_stat st;

	do {
		daxfs_statfs(fs, &st);
		if (st.free_blocks >= blocks)
			return 0;
	} while (try_again(fs, &tries));
	return -ENOSPC;
}

/**
 * daxfs_take() - take blocks in one piece
 * @op:		the operation
 * @len:	bytes at most
 * @huge:	2 MiB, aligned, or nothing
 * @off:	out: offset; the contents are unknown
 * @got:	out: bytes
 *
 * Return: 0, -ENOSPC, -EFBIG when the record is full, or as daxfs_lock().
 */
int daxfs_take(struct daxfs_op *op, __u64 len, bool huge, __u64 *off, __u64 *got)
{
	__u32 nr = (huge ? DAXFS_HUGE : len) >> DAXFS_BLOCK_SHIFT;
	struct daxfs_extent ext;
	int err = take(op, huge ? nr : 1, nr ?: 1, huge, &ext);

	if (err)
		return err;
	*off = ext.off;
	*got = ext.len;
	return 0;
}

/**
 * daxfs_take_whole() - take blocks in one piece of a given length
 * @op:		the operation
 * @len:	bytes, a multiple of 4096
 * @off:	out: offset; the contents are unknown
 *
 * Return: as daxfs_take().
 */
int daxfs_take_whole(struct daxfs_op *op, __u64 len, __u64 *off)
{
	__u32 nr = len >> DAXFS_BLOCK_SHIFT;
	struct daxfs_extent ext;
	int err = take(op, nr, nr, false, &ext);

	if (!err)
		*off = ext.off;
	return err;
}

/* The first chunk that has a free inode. */
static __u32 find_chunk(struct daxfs *fs, __u32 index, struct daxfs_group *group)
{
	__u32 end = daxfs_group_blocks(fs, index), at = mk_peer_load(&group->next_chunk);
	struct daxfs_chunk *chunk;

	if (!mk_peer_load(&group->free_inodes))
		return NOTHING;
	for (; at < end; at++) {
		if (!daxfs_bit(group->chunks, at))
			continue;
		chunk = chunk_at(fs, index, at);
		if (~mk_peer_load(&chunk->used) & DAXFS_CHUNK_FULL) {
			mk_peer_store(&group->next_chunk, at);
			return at;
		}
	}
	/* the count was wrong: it is others' */
	mk_peer_store(&group->free_inodes, 0);
	return NOTHING;
}

/*
 * A free block becomes a chunk.  It is in the record until it is one: a chunk
 * stays, whatever becomes of the operation.
 */
static __u32 make_chunk(struct daxfs_op *op, __u32 index, struct daxfs_group *group)
{
	__u32 meta = daxfs_group_meta(op->fs, index), end = daxfs_group_blocks(op->fs, index), nr;
	__u32 at = find_run(group->blocks, meta, end, 1, 1, &nr);
	struct daxfs_chunk *chunk;

	if (at == NOTHING)
		return NOTHING;
	note(op, block_off(index, at), DAXFS_BLOCK);
	set_bits(group->blocks, at, 1, true);
	chunk = chunk_at(op->fs, index, at);
	memset(chunk, 0, DAXFS_BLOCK);
	chunk->magic = DAXFS_CHUNK_MAGIC;
	mk_peer_wmb();
	set_bits(group->chunks, at, 1, true);
	mk_peer_store_release(&op->record->nr_alloc, --op->nr_alloc);
	mk_peer_store(&group->free_blocks, mk_peer_load(&group->free_blocks) - 1);
	mk_peer_store(&group->free_inodes,
		      mk_peer_load(&group->free_inodes) + DAXFS_CHUNK_INODES);
	mk_peer_store(&group->next_chunk, at);
	return at;
}

static void count_inodes(struct daxfs_group *group, int more)
{
	mk_peer_store(&group->used_inodes, mk_peer_load(&group->used_inodes) + more);
	mk_peer_store(&group->free_inodes, mk_peer_load(&group->free_inodes) - more);
}

/* Under the group's lock: the first free one of a chunk. */
static int take_from(struct daxfs_op *op, __u32 index, __u32 block, struct daxfs_group *group,
		     __u64 *off)
{
	struct daxfs_chunk *chunk = chunk_at(op->fs, index, block);
	__u32 used = mk_peer_load(&chunk->used), free = ~used & DAXFS_CHUNK_FULL, at, gen;
	struct daxfs_inode *inode;

	/* it had one a moment ago */
	if (!free)
		return daxfs_bad(op->fs, "chunk of inodes", block_off(index, block));
	at = __builtin_ctz(free);
	inode = (struct daxfs_inode *)chunk + at;
	gen = (mk_peer_load(&inode->gen) + 1) & DAXFS_GEN_MASK;
	*off = block_off(index, block) + at * sizeof(*inode);
	note(op, *off, 0);
	mk_peer_store(&inode->mode, 0);
	mk_peer_store(&inode->gen, gen ?: 1);
	mk_peer_wmb();
	mk_peer_store(&chunk->used, used | 1U << at);
	count_inodes(group, 1);
	return 0;
}

static int take_inode(struct daxfs_op *op, __u32 index, __u64 *off)
{
	struct daxfs_group *group = daxfs_group(op->fs, index);
	__u32 block;
	int err;

	if (!group || (!mk_peer_load(&group->free_inodes) && !mk_peer_load(&group->free_blocks)))
		return -ENOSPC;
	err = daxfs_lock(op->fs, &group->lock);
	if (err)
		return err;
	block = find_chunk(op->fs, index, group);
	if (block == NOTHING)
		block = make_chunk(op, index, group);
	err = block == NOTHING ? -ENOSPC : take_from(op, index, block, group, off);
	daxfs_unlock(op->fs, &group->lock);
	return err;
}

/**
 * daxfs_take_inode() - take a free inode
 * @op:		the operation
 * @ino:	out: its number
 * @off:	out: its offset
 *
 * Its mode and lock are 0 and it has another generation; the rest is unknown.
 *
 * Return: as daxfs_take().
 */
int daxfs_take_inode(struct daxfs_op *op, __u32 *ino, __u64 *off)
{
	struct daxfs *fs = op->fs;
	__u32 i, nr = daxfs_nr_groups(fs), first = mk_peer_load(&fs->group);
	int err = op->err ?: -ENOSPC;

	if (op->nr_alloc + 1 >= DAXFS_OP_ALLOCS)
		return -EFBIG;
	for (i = 0; i < nr && err == -ENOSPC; i++)
		err = take_inode(op, (first + i) % nr, off);
	if (!err)
		*ino = *off >> DAXFS_INO_SHIFT;
	return err;
}

/* Which blocks an extent is: a hostile record may name any. */
static bool blocks_of(struct daxfs *fs, struct daxfs_extent ext, __u32 index, __u32 *at, __u32 *nr)
{
	__u64 in = ext.off & (DAXFS_GROUP - 1);

	if ((ext.off | ext.len) & (DAXFS_BLOCK - 1) || ext.len > DAXFS_GROUP)
		return false;
	*at = in >> DAXFS_BLOCK_SHIFT;
	*nr = ext.len >> DAXFS_BLOCK_SHIFT;
	return *at >= daxfs_group_meta(fs, index) && *at + *nr <= daxfs_group_blocks(fs, index);
}

/* Under the group's lock. */
static void give_blocks(struct daxfs_group *group, __u32 at, __u32 nr)
{
	__u32 was = 0, n, i;

	/* bits of an operation that died before it took them are clear */
	for (i = 0; i < nr; i += n) {
		n = count_free(group->blocks, at + i, nr - i);
		was += n;
		n += !n;
	}
	/* only who died while it made one gives back a chunk */
	set_bits(group->chunks, at, nr, false);
	set_bits(group->blocks, at, nr, false);
	mk_peer_store(&group->free_blocks, mk_peer_load(&group->free_blocks) + nr - was);
	if (at < mk_peer_load(&group->next_block))
		mk_peer_store(&group->next_block, at);
}

static void give_inode(struct daxfs *fs, struct daxfs_group *group, __u64 off)
{
	__u32 block = (off & (DAXFS_GROUP - 1)) >> DAXFS_BLOCK_SHIFT, used, bit;
	struct daxfs_chunk *chunk = daxfs_at(fs, off & ~(DAXFS_BLOCK - 1), sizeof(*chunk));

	bit = 1U << ((off & (DAXFS_BLOCK - 1)) >> DAXFS_INO_SHIFT);
	used = mk_peer_load(&chunk->used);
	mk_peer_store(&chunk->used, used & ~bit);
	if (used & bit)
		count_inodes(group, -1);
	if (block < mk_peer_load(&group->next_chunk))
		mk_peer_store(&group->next_chunk, block);
}

/**
 * daxfs_give_back() - clear the bits of an extent
 * @fs:		the file system
 * @ext:	the extent
 * @done:	in the record: becomes DAXFS_GIVEN while the group's lock is held, so
 *		that who mends does not do it again
 *
 * Return: 0, -EUCLEAN, -EIO.
 */
int daxfs_give_back(struct daxfs *fs, struct daxfs_extent ext, __u64 *done)
{
	__u64 index = ext.off >> DAXFS_GROUP_SHIFT;
	struct daxfs_group *group;
	__u32 at = 0, nr = 0;
	int err;

	if (ext.len == DAXFS_GIVEN)
		return 0;
	group = index < daxfs_nr_groups(fs) ? daxfs_group(fs, index) : NULL;
	if (!group || (ext.len ? !blocks_of(fs, ext, index, &at, &nr) :
				 ext.off != daxfs_inode_off(fs, ext.off >> DAXFS_INO_SHIFT)))
		return daxfs_bad(fs, "extent that is given back", ext.off);
	err = daxfs_lock_anyway(fs, &group->lock);
	if (err)
		return err;
	if (ext.len)
		give_blocks(group, at, nr);
	else
		give_inode(fs, group, ext.off);
	mk_peer_store(done, DAXFS_GIVEN);
	daxfs_unlock(fs, &group->lock);
	return 0;
}

/**
 * daxfs_group_count() - count what is free in a group
 * @fs:		the file system
 * @index:	of the group, whose lock is held
 */
void daxfs_group_count(struct daxfs *fs, __u32 index)
{
	__u32 at = daxfs_group_meta(fs, index), end = daxfs_group_blocks(fs, index);
	struct daxfs_group *group = daxfs_group(fs, index);
	__u32 blocks = 0, free = 0, inodes = 0, used;

	for (; at < end; at++) {
		blocks += !daxfs_bit(group->blocks, at);
		if (!daxfs_bit(group->chunks, at))
			continue;
		used = mk_peer_load(&chunk_at(fs, index, at)->used) & DAXFS_CHUNK_FULL;
		inodes += daxfs_bits(used);
		free += DAXFS_CHUNK_INODES - daxfs_bits(used);
	}
	mk_peer_store(&group->free_blocks, blocks);
	mk_peer_store(&group->free_inodes, free);
	mk_peer_store(&group->used_inodes, inodes);
	mk_peer_store(&group->next_block, 0);
	mk_peer_store(&group->next_chunk, 0);
}
