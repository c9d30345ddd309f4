// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: where the blocks of a file are.  A tree as page tables are: nodes of
 * 512 entries, and an entry that would name a node of blocks may map 2 MiB.
 */
#include "fs.h"

#define FANOUT_SHIFT	9
#define HUGE_BLOCKS	(DAXFS_HUGE >> DAXFS_BLOCK_SHIFT)
#define SPAN(level)	(1ULL << (level) * FANOUT_SHIFT)	/* blocks below one entry */
#define MAP(off)	((off) + offsetof(struct daxfs_inode, map))

/* What an entry and those behind it map, up to @most blocks. */
static int run_of(struct daxfs *fs, const __u64 *entry, __u64 most, struct daxfs_run *run)
{
	__u64 first = mk_peer_load(entry), n = 1, next;

	run->off = first & DAXFS_MAP_VALID ? DAXFS_MAP_OFF(first) : 0;
	if (run->off && (run->off < fs->first || !daxfs_at(fs, run->off, DAXFS_BLOCK)))
		return daxfs_bad(fs, "block of a file", first);
	for (; n < most; n++) {
		next = mk_peer_load(&entry[n]);
		if (!run->off && next & DAXFS_MAP_VALID)
			break;
		if (run->off && next != first + n * DAXFS_BLOCK)
			break;
	}
	run->len = n * DAXFS_BLOCK;
	if (run->off && !daxfs_at(fs, run->off + run->len - 1, 1))
		return daxfs_bad(fs, "blocks of a file", first);
	return 0;
}

static __u64 least(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static int huge_run(struct daxfs *fs, __u64 entry, __u64 block, __u64 most, struct daxfs_run *run)
{
	__u64 in = block % HUGE_BLOCKS;

	if (entry & (DAXFS_HUGE - 1) & ~(DAXFS_BLOCK - 1) || DAXFS_MAP_OFF(entry) < fs->first ||
	    !daxfs_at(fs, DAXFS_MAP_OFF(entry), DAXFS_HUGE))
		return daxfs_bad(fs, "2 MiB of a file", entry);
	run->off = DAXFS_MAP_OFF(entry) + in * DAXFS_BLOCK;
	run->len = least(HUGE_BLOCKS - in, most) * DAXFS_BLOCK;
	return 0;
}

static void hole(__u64 blocks, struct daxfs_run *run)
{
	run->off = 0;
	run->len = blocks << DAXFS_BLOCK_SHIFT;
}

/**
 * daxfs_find() - where a block of a file and what follows are
 * @fs:		the file system
 * @inode:	a file's; locked, or the caller looks at its seq
 * @block:	which, from the file's start
 * @most:	blocks to look at, at least 1
 * @run:	out
 *
 * Return: 0 or -EUCLEAN.
 */
int daxfs_find(struct daxfs *fs, const struct daxfs_inode *inode, __u64 block, __u64 most,
	       struct daxfs_run *run)
{
	__u32 level = mk_peer_load(&inode->height), at;
	__u64 entry, *node;
	int err;

	if (level > DAXFS_MAP_HEIGHT)
		return daxfs_bad(fs, "height of a map", level);
	if (!level && block < DAXFS_DIRECT) {
		err = run_of(fs, &inode->map[block], least(DAXFS_DIRECT - block, most), run);
		/* there is nothing behind them */
		if (!err && !run->off && block + run->len / DAXFS_BLOCK == DAXFS_DIRECT)
			hole(most, run);
		return err;
	}
	if (!level || block >= SPAN(level)) {
		hole(most, run);
		return 0;
	}
	entry = mk_peer_load(&inode->map[0]);
	for (;;) {
		if (!(entry & DAXFS_MAP_VALID)) {
			hole(least(most, SPAN(level) - block % SPAN(level)), run);
			return 0;
		}
		if (level == 1 && entry & DAXFS_MAP_HUGE)
			return huge_run(fs, entry, block, most, run);
		node = daxfs_at(fs, DAXFS_MAP_OFF(entry), DAXFS_BLOCK);
		if (!node || DAXFS_MAP_OFF(entry) < fs->first)
			return daxfs_bad(fs, "node of a map", entry);
		level--;
		at = block >> level * FANOUT_SHIFT & (DAXFS_MAP_FANOUT - 1);
		if (!level)
			return run_of(fs, &node[at], least(DAXFS_MAP_FANOUT - at, most), run);
		entry = mk_peer_load(&node[at]);
	}
}

/* What is read from now on is good when daxfs_read_again() does not say otherwise. */
static int begin_look(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode **inode,
		      __u32 *seq)
{
	__u64 off = daxfs_inode_off(fs, ref.ino);
	int err;

	*inode = off ? daxfs_at(fs, off, sizeof(**inode)) : NULL;
	err = daxfs_read_begin(fs, *inode, seq);
	if (err)
		return err;
	return mk_peer_load(&(*inode)->gen) == ref.gen ? 0 : -ESTALE;
}

/**
 * daxfs_map() - where a part of a file is, without lock
 * @fs:		the file system
 * @ref:	the file
 * @pos:	byte, rounded down to its block
 * @want:	bytes to look at
 * @run:	out
 *
 * Return: 0, -ESTALE, -EUCLEAN, or as daxfs_pause().
 */
int daxfs_map(struct daxfs *fs, struct daxfs_ref ref, __u64 pos, __u64 want,
	      struct daxfs_run *run)
{
	__u64 block = pos >> DAXFS_BLOCK_SHIFT;
	__u64 most = ((want ?: 1) + pos % DAXFS_BLOCK + DAXFS_BLOCK - 1) >> DAXFS_BLOCK_SHIFT;
	struct daxfs_inode *inode;
	unsigned int tries = 0;
	__u32 seq;
	int err;

	do {
		err = begin_look(fs, ref, &inode, &seq);
		if (err)
			return err;
		err = daxfs_find(fs, inode, block, most, run);
	} while (daxfs_read_again(fs, inode, seq, &tries, &err));
	return err;
}

static int find_blocks(struct daxfs *fs, const struct daxfs_inode *inode, __u64 block, __u32 nr,
		       __u64 *off)
{
	struct daxfs_run run;
	__u32 i, n;
	int err;

	for (; nr; nr -= n, block += n) {
		err = daxfs_find(fs, inode, block, nr, &run);
		if (err)
			return err;
		n = least(run.len >> DAXFS_BLOCK_SHIFT, nr);
		for (i = 0; i < n; i++)
			*off++ = run.off ? run.off + i * DAXFS_BLOCK : 0;
	}
	return 0;
}

/**
 * daxfs_map_blocks() - where each of some blocks of a file is, without lock
 * @fs:		the file system
 * @ref:	the file
 * @block:	first of the file's blocks
 * @nr:		their number
 * @off:	out: offset of each, 0: a hole
 *
 * Return: as daxfs_map().
 */
int daxfs_map_blocks(struct daxfs *fs, struct daxfs_ref ref, __u64 block, __u32 nr, __u64 *off)
{
	struct daxfs_inode *inode;
	unsigned int tries = 0;
	__u32 seq;
	int err;

	do {
		err = begin_look(fs, ref, &inode, &seq);
		if (err)
			return err;
		err = find_blocks(fs, inode, block, nr, off);
	} while (daxfs_read_again(fs, inode, seq, &tries, &err));
	return err;
}

/* --- under the inode's lock, in an operation ------------------------------------ */

static void add_blocks(struct daxfs_op *op, __u64 inode_off, __s64 nr)
{
	__u64 off = inode_off + offsetof(struct daxfs_inode, blocks);

	daxfs_put(op, off, daxfs_get(op, off) + nr);
}

static __u64 new_node(struct daxfs_op *op, __u64 inode_off)
{
	__u64 off, got;

	op->err = op->err ?: daxfs_take(op, DAXFS_BLOCK, false, &off, &got);
	if (op->err)
		return 0;
	memset(daxfs_at(op->fs, off, DAXFS_BLOCK), 0, DAXFS_BLOCK);
	add_blocks(op, inode_off, 1);
	return off;
}

/* The direct entries become the start of a node of blocks. */
static void leave_direct(struct daxfs_op *op, __u64 inode_off)
{
	__u64 node = 0, entry;
	__u32 i;

	for (i = 0; i < DAXFS_DIRECT; i++) {
		entry = daxfs_get(op, MAP(inode_off) + i * 8);
		if (!entry)
			continue;
		node = node ?: new_node(op, inode_off);
		if (!node)
			return;
		daxfs_put(op, node + i * 8, entry);
		daxfs_put(op, MAP(inode_off) + i * 8, 0);
	}
	if (node)
		daxfs_put(op, MAP(inode_off), node | DAXFS_MAP_VALID);
}

/* Each time that it is read: another kernel may have written anything. */
static __u32 height_of(struct daxfs_op *op, __u64 inode_off)
{
	__u32 height = DAXFS_GET32(op, inode_off, daxfs_inode, height);

	if (height <= DAXFS_MAP_HEIGHT)
		return height;
	op->err = op->err ?: daxfs_bad(op->fs, "height of a map", inode_off);
	return 0;
}

/* Let the tree reach @block, and have an entry of @level for it; returns its height. */
static __u32 grow(struct daxfs_op *op, __u64 inode_off, __u64 block, __u32 level)
{
	__u32 height = height_of(op, inode_off);
	__u64 root, node;

	while (!op->err && (height <= level || block >= (height ? SPAN(height) : DAXFS_DIRECT))) {
		if (!level && !height && block < DAXFS_DIRECT)
			break;
		if (height >= DAXFS_MAP_HEIGHT) {
			op->err = -EFBIG;
			break;
		}
		root = daxfs_get(op, MAP(inode_off));
		if (!height) {
			leave_direct(op, inode_off);
		} else if (root) {
			node = new_node(op, inode_off);
			if (!node)
				break;
			daxfs_put(op, node, root);
			daxfs_put(op, MAP(inode_off), node | DAXFS_MAP_VALID);
		}
		height++;
		DAXFS_PUT32(op, inode_off, daxfs_inode, height, height);
	}
	return height;
}

/*
 * Offset of the entry for @block that is above @level levels of nodes; nodes on
 * the way to it are made.  0: an error, or 2 MiB are in the way.
 */
static __u64 entry_of(struct daxfs_op *op, __u64 inode_off, __u64 block, __u32 level)
{
	__u32 height = grow(op, inode_off, block, level);
	__u64 at = MAP(inode_off), entry;

	if (op->err)
		return 0;
	if (!height)
		return at + block * 8;
	for (; height > level; height--) {
		entry = daxfs_get(op, at);
		if (height == 1 && entry & DAXFS_MAP_HUGE)
			return 0;
		if (!entry) {
			entry = new_node(op, inode_off) | DAXFS_MAP_VALID;
			if (op->err)
				return 0;
			daxfs_put(op, at, entry);
		}
		if (!daxfs_at(op->fs, DAXFS_MAP_OFF(entry), DAXFS_BLOCK) ||
		    DAXFS_MAP_OFF(entry) < op->fs->first) {
			op->err = daxfs_bad(op->fs, "node of a map", entry);
			return 0;
		}
		at = DAXFS_MAP_OFF(entry);
		at += (block >> (height - 1) * FANOUT_SHIFT & (DAXFS_MAP_FANOUT - 1)) * 8;
	}
	return at;
}

/**
 * daxfs_map_set() - give a file blocks where it had a hole
 * @op:		the operation
 * @inode_off:	the file
 * @block:	first of the file's blocks
 * @off:	what they are
 * @len:	bytes; one store of the operation each 4096, but in a new node
 */
void daxfs_map_set(struct daxfs_op *op, __u64 inode_off, __u64 block, __u64 off, __u64 len)
{
	__u64 at = 0, end = off + len;

	add_blocks(op, inode_off, len >> DAXFS_BLOCK_SHIFT);
	for (; off < end && !op->err; off += DAXFS_BLOCK, block++, at += 8) {
		/* entries of one node follow each other */
		if (!at || block % DAXFS_MAP_FANOUT == 0 || block == DAXFS_DIRECT)
			at = entry_of(op, inode_off, block, 0);
		if (!at) {
			op->err = op->err ?: daxfs_bad(op->fs, "hole of a file", off);
			return;
		}
		daxfs_put_once(op, at, off | DAXFS_MAP_VALID);
	}
}

bool daxfs_can_be_huge(struct daxfs *fs, const struct daxfs_inode *inode, __u64 block)
{
	struct daxfs_run run;

	/* a node of blocks would be found as a hole, too, but only of what it lacks */
	return !(block % HUGE_BLOCKS) &&
	       !daxfs_find(fs, inode, block, HUGE_BLOCKS, &run) && !run.off &&
	       run.len == DAXFS_HUGE;
}

/**
 * daxfs_map_huge() - give a file 2 MiB where it had a hole
 * @op:		the operation
 * @inode_off:	the file
 * @block:	first of the file's blocks, a multiple of 512
 * @off:	the 2 MiB
 *
 * Return: false when blocks are there already; the caller maps 4 KiB pieces.
 */
bool daxfs_map_huge(struct daxfs_op *op, __u64 inode_off, __u64 block, __u64 off)
{
	__u64 at = entry_of(op, inode_off, block, 1), was;

	if (!at)
		return false;
	was = daxfs_get(op, at);
	if (was & DAXFS_MAP_HUGE)
		return false;
	if (was) {	/* a node of blocks, all holes */
		daxfs_give(op, DAXFS_MAP_OFF(was), DAXFS_BLOCK);
		add_blocks(op, inode_off, -1);
	}
	daxfs_put(op, at, off | DAXFS_MAP_VALID | DAXFS_MAP_HUGE);
	add_blocks(op, inode_off, HUGE_BLOCKS);
	return !op->err;
}

/* --- taking blocks away ------------------------------------------------------------ */

/**
 * struct cut - blocks that are taken out of a map
 * @op:		the operation
 * @inode:	offset of the file
 * @at:		the next block
 * @end:	behind the last
 * @gone:	blocks that this operation takes away
 * @left:	that the others may: more there cannot be
 * @kept:	some stayed, as zeros: there was no block for a node
 */
struct cut {
	struct daxfs_op *op;
	__u64 inode;
	__u64 at;
	__u64 end;
	__s64 gone;
	__s64 left;
	bool kept;
};

static __u64 checked(struct cut *cut, __u64 entry, __u64 len)
{
	__u64 off = DAXFS_MAP_OFF(entry);

	if (off >= cut->op->fs->first && !(off & (len - 1)) && daxfs_at(cut->op->fs, off, len))
		return off;
	cut->op->err = cut->op->err ?: daxfs_bad(cut->op->fs, "entry of a map", entry);
	return 0;
}

/* Pieces that the entries of a node name. */
static __u32 pieces_of(const __u64 *node)
{
	__u64 last = 0, entry;
	__u32 i, n = 0;

	for (i = 0; i < DAXFS_MAP_FANOUT; i++) {
		entry = mk_peer_load(&node[i]);
		n += entry && entry != last + DAXFS_BLOCK;
		last = entry;
	}
	return n;
}

static void cut_block(struct cut *cut, __u64 at, __u64 entry, bool store)
{
	__u64 off = checked(cut, entry, DAXFS_BLOCK);

	if (!off)
		return;
	daxfs_give(cut->op, off, DAXFS_BLOCK);
	if (store)
		daxfs_put_once(cut->op, at, 0);
	cut->gone++;
}

/* Entries from @at on, up to the end of node or range, or while the record has room. */
static bool cut_entries(struct cut *cut, __u64 at, __u64 nr)
{
	__u64 entry;

	for (; nr && cut->at < cut->end; nr--, cut->at++, at += 8) {
		if (!daxfs_room(cut->op, 8, 0, 1))
			return false;
		entry = daxfs_get(cut->op, at);
		if (entry)
			cut_block(cut, at, entry, true);
	}
	return true;
}

/* A node of blocks that is wholly in the range: it goes itself. */
static bool cut_leaf(struct cut *cut, __u64 parent, __u64 node)
{
	const __u64 *entries = daxfs_at(cut->op->fs, node, DAXFS_BLOCK);
	__u64 entry, at = cut->at;
	__u32 i;

	if (!daxfs_room(cut->op, 8, 0, pieces_of(entries) + 1)) {
		/* in several operations, and the node with the last one */
		if (!cut->op->nr_free)
			cut_entries(cut, node, DAXFS_MAP_FANOUT);
		cut->at = at;
		return false;
	}
	for (i = 0; i < DAXFS_MAP_FANOUT; i++) {
		entry = mk_peer_load(&entries[i]);
		if (entry)
			cut_block(cut, 0, entry, false);
	}
	daxfs_give(cut->op, node, DAXFS_BLOCK);
	daxfs_put(cut->op, parent, 0);
	cut->gone++;
	cut->at += DAXFS_MAP_FANOUT;
	return true;
}

/*
 * 2 MiB of which a part stays become a node of blocks.  When no block is free, the node is
 * the first one that goes, unless others may use it.
 */
static __u64 split(struct cut *cut, __u64 at, __u64 entry)
{
	__u64 off = checked(cut, entry, DAXFS_HUGE), node = new_node(cut->op, cut->inode);
	__u64 goes = 0, *entries, block;
	__u32 i;

	if (cut->op->err == -ENOSPC && !cut->op->limbo) {
		cut->op->err = 0;
		goes = off + cut->at % HUGE_BLOCKS * DAXFS_BLOCK;
		node = goes;
	}
	if (!off || !node)
		return 0;
	entries = daxfs_at(cut->op->fs, node, DAXFS_BLOCK);
	for (i = 0; i < DAXFS_MAP_FANOUT; i++) {
		block = off + i * DAXFS_BLOCK;
		mk_peer_store(&entries[i], block == goes ? 0 : block | DAXFS_MAP_VALID);
	}
	daxfs_put(cut->op, at, node | DAXFS_MAP_VALID);
	return node;
}

/* What cannot be cut out of 2 MiB becomes zeros where it is. */
static void keep(struct cut *cut, __u64 entry)
{
	__u64 in = cut->at % HUGE_BLOCKS, nr = least(HUGE_BLOCKS - in, cut->end - cut->at);
	__u64 len = nr * DAXFS_BLOCK;

	memset(daxfs_at(cut->op->fs, DAXFS_MAP_OFF(entry) + in * DAXFS_BLOCK, len), 0, len);
	cut->kept = true;
	cut->at += nr;
}

/* What the entry at @at, above a node of blocks, maps of the range. */
static bool cut_2m(struct cut *cut, __u64 at)
{
	__u64 entry = daxfs_get(cut->op, at), in = cut->at % HUGE_BLOCKS, node;
	bool whole = !in && cut->end - cut->at >= HUGE_BLOCKS;

	if (entry & DAXFS_MAP_HUGE && whole) {
		if (!daxfs_room(cut->op, 8, 0, 1))
			return false;
		daxfs_give(cut->op, checked(cut, entry, DAXFS_HUGE), DAXFS_HUGE);
		daxfs_put(cut->op, at, 0);
		cut->gone += HUGE_BLOCKS;
		cut->at += HUGE_BLOCKS;
		return true;
	}
	if (entry & DAXFS_MAP_HUGE) {
		if (!daxfs_room(cut->op, 8, 1, 1))
			return false;
		node = split(cut, at, entry);
		if (cut->op->err == -ENOSPC) {
			cut->op->err = 0;
			keep(cut, entry);
			return true;
		}
	} else {
		node = checked(cut, entry, DAXFS_BLOCK);
	}
	if (!node)
		return true;	/* the error is noted */
	if (whole)
		return cut_leaf(cut, at, node);
	return cut_entries(cut, node + in * 8, HUGE_BLOCKS - in);
}

/* Go to what maps cut->at, cut it or step over the hole.  False: the record is full. */
static bool cut_next(struct cut *cut)
{
	__u32 height = height_of(cut->op, cut->inode);
	__u64 at = MAP(cut->inode), entry;

	if (!height && cut->at < DAXFS_DIRECT)
		return cut_entries(cut, at + cut->at * 8, DAXFS_DIRECT - cut->at);
	if (!height || cut->at >= SPAN(height)) {
		cut->at = cut->end;
		return true;
	}
	for (;; height--) {
		entry = daxfs_get(cut->op, at);
		if (!(entry & DAXFS_MAP_VALID)) {
			cut->at = (cut->at / SPAN(height) + 1) * SPAN(height);
			return true;
		}
		if (height == 1)
			return cut_2m(cut, at);
		at = checked(cut, entry, DAXFS_BLOCK);
		if (!at)
			return true;
		at += (cut->at >> (height - 1) * FANOUT_SHIFT & (DAXFS_MAP_FANOUT - 1)) * 8;
	}
}

/* The nodes above those of blocks, when all below is gone.  False: the record is full. */
static bool cut_nodes(struct cut *cut, __u64 at, __u32 height)
{
	__u64 entry = daxfs_get(cut->op, at), node;
	__u32 i;

	if (!(entry & DAXFS_MAP_VALID) || height < 2)
		return true;
	node = checked(cut, entry, DAXFS_BLOCK);
	for (i = 0; node && height > 2 && i < DAXFS_MAP_FANOUT; i++)
		if (!cut_nodes(cut, node + i * 8, height - 1))
			return false;
	if (!daxfs_room(cut->op, 8, 0, 1))
		return false;
	if (node)
		daxfs_give(cut->op, node, DAXFS_BLOCK);
	daxfs_put(cut->op, at, 0);
	cut->gone++;
	return true;
}

/* As much as one operation can. */
static bool cut_some(struct cut *cut, bool all)
{
	__u32 height;

	while (!cut->op->err && cut->at < cut->end)
		if (!cut_next(cut))
			return false;
	if (!all || cut->op->err)
		return true;
	height = height_of(cut->op, cut->inode);
	if (!cut_nodes(cut, MAP(cut->inode), height))
		return false;
	DAXFS_PUT32(cut->op, cut->inode, daxfs_inode, height, 0);
	return true;
}

/**
 * daxfs_unmap() - take blocks out of a file
 * @fs:		the file system
 * @ref:	the file, locked
 * @inode_off:	where it is
 * @from:	first byte, a multiple of 4096
 * @to:		behind the last: likewise, or ~0
 * @limbo:	others may use the blocks: a grace period passes before they are free.
 *		Else they may be written over before they go: it has DAXFS_INO_TRUNC,
 *		or goes itself
 *
 * In several operations; after an error some may be gone.
 *
 * Return: 0; -ENOSPC: a part of 2 MiB was not cut out, it is zeros instead; -EUCLEAN,
 * or as daxfs_begin().
 */
int daxfs_unmap(struct daxfs *fs, struct daxfs_ref ref, __u64 inode_off, __u64 from, __u64 to,
		bool limbo)
{
	struct cut cut = {
		.inode = inode_off,
		.at = from >> DAXFS_BLOCK_SHIFT,
		.end = to >> DAXFS_BLOCK_SHIFT,
		.left = mk_peer_load(&fs->size) >> DAXFS_BLOCK_SHIFT,
	};
	bool done;
	int err;

	do {
		err = daxfs_begin(fs, &cut.op);
		if (err)
			return err;
		cut.gone = 0;
		cut.op->ino = ref.ino;
		cut.op->from = cut.at << DAXFS_BLOCK_SHIFT;
		cut.op->to = to;
		cut.op->limbo = limbo;
		daxfs_change(cut.op, inode_off);
		done = cut_some(&cut, !from && to == ~0ULL);
		add_blocks(cut.op, inode_off, -cut.gone);
		cut.left -= cut.gone;
		/* nodes that name each other would have no end */
		if (cut.left < 0)
			cut.op->err = cut.op->err ?: daxfs_bad(fs, "map of a file", inode_off);
		/* what is kept leaves the mappings, too */
		cut.op->limbo = limbo && (cut.op->nr_free || cut.kept);
		err = daxfs_commit(cut.op);
	} while (!err && !done);
	return err ?: cut.kept ? -ENOSPC : 0;
}
