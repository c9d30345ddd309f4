// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: directories: buckets of records, a table of buckets.
 *
 * New names and new blocks are written where nobody looks before the operation
 * commits; the few stores that make them reachable are the operation.
 */
#include "dir.h"

#define FIRST		((__u32)sizeof(struct daxfs_bucket))
#define SPARE		24U	/* less room than this behind a record stays part of it */
#define SPLIT_BLOCKS	16	/* longer chains only grow: an operation has DAXFS_OP_ALLOCS */
#define SPLIT_POINTERS	32	/* more, and a new table is less than these stores */

static __u64 block_of(__u64 off)
{
	return off & ~(DAXFS_BLOCK - 1);
}

/* --- walking ------------------------------------------------------------------- */

static int enter(struct daxfs_walk *walk, __u64 off)
{
	const struct daxfs_bucket *bucket = daxfs_at(walk->fs, off, DAXFS_BLOCK);

	walk->block = off;
	walk->at = FIRST;
	if (!bucket || off != block_of(off) || walk->blocks++ == DAXFS_CHAIN_MAX ||
	    mk_peer_load(&bucket->magic) != DAXFS_BUCKET_MAGIC ||
	    mk_peer_load(&bucket->ino) != walk->ino)
		return -EUCLEAN;
	walk->base = (const __u8 *)bucket;
	return 0;
}

/* Where the table, which may be none, has the bucket of @hash. */
static __u64 bucket_of(struct daxfs *fs, __u64 root, __u32 height, __u32 hash)
{
	__u64 *entry;

	if (!height)
		return root;
	if (height > DAXFS_DEPTH_MAX)
		return 0;
	entry = daxfs_at(fs, root + 8 * (__u64)(hash >> (DAXFS_HASH_BITS - height)), 8);
	return entry ? mk_peer_load(entry) : 0;
}

int daxfs_walk_begin(struct daxfs_walk *walk, struct daxfs *fs, const struct daxfs_inode *dir,
		     __u32 ino, __u32 hash)
{
	__u32 height = mk_peer_load(&dir->height);
	__u64 root = DAXFS_MAP_OFF(mk_peer_load(&dir->map[0]));
	__u64 off = bucket_of(fs, root, height, hash);
	int err;

	walk->fs = fs;
	walk->ino = ino;
	walk->blocks = 0;
	err = off ? enter(walk, off) : -EUCLEAN;
	if (err)
		return err;
	walk->depth = mk_peer_load(&((const struct daxfs_bucket *)walk->base)->depth);
	return walk->depth > height ? -EUCLEAN : 0;
}

int daxfs_walk_next(struct daxfs_walk *walk)
{
	const __u64 *record;
	__u64 next;
	__u32 len;

	if (walk->at == DAXFS_BLOCK) {
		next = mk_peer_load(&((const struct daxfs_bucket *)walk->base)->next);
		if (!next)
			return 0;
		if (enter(walk, next))
			return -EUCLEAN;
	}
	if (DAXFS_BLOCK - walk->at < DAXFS_DIRENT_HEAD)
		return -EUCLEAN;
	record = (const void *)(walk->base + walk->at);
	walk->prev = walk->at == FIRST ? walk->block + FIRST : walk->off;
	walk->off = walk->block + walk->at;
	walk->word = mk_peer_load(&record[0]);
	walk->info = mk_peer_load(&record[1]);
	walk->name = (const char *)&record[2];
	len = daxfs_info_len(walk->info);
	if (len < DAXFS_DIRENT_HEAD || len % 8 || len > DAXFS_BLOCK - walk->at ||
	    (walk->word && daxfs_record_len(daxfs_info_name_len(walk->info)) > len))
		return -EUCLEAN;
	walk->at += len;
	return 1;
}

/* A record of at most @most bytes whose hash is right: 1: it has the name; 0; -EUCLEAN */
static int has_name(const struct daxfs_dirent *record, __u64 most, const char *name, __u32 len)
{
	if (!mk_peer_load(&record->ino) || mk_peer_load(&record->name_len) != len)
		return 0;
	if (daxfs_record_len(len) > most)
		return -EUCLEAN;
	return !memcmp(record->name, name, len);
}

/*
 * As daxfs_walk_next(), but through a block, and of most records only what stands beside
 * the inode number: there can be more than a hundred.  1: found; 0: not here; -EUCLEAN
 */
static int find_in_block(const struct daxfs_walk *walk, const char *name, __u32 len,
			 struct daxfs_place *place)
{
	const __u8 *at = walk->base + FIRST, *end = walk->base + DAXFS_BLOCK, *prev = at;
	const __u64 hash = place->hash, need = daxfs_record_len(len);
	const struct daxfs_dirent *record;
	__u64 found, step, rest;
	int ret;

	for (; at <= end - DAXFS_DIRENT_HEAD; prev = at, at += step) {
		place->records++;
		record = (const void *)at;
		found = mk_peer_load(&record->hash);
		step = mk_peer_load(&record->len) & ~7U;
		/* most records are passed with one branch: else a factor is 0 */
		if (found * (found ^ hash) * step != 0)
			continue;
		if (!step)
			return -EUCLEAN;
		if (!found && step >= need && !place->room)
			place->room = walk->block + (at - walk->base);
		if (found != hash)
			continue;
		rest = end - at;
		ret = has_name(record, step < rest ? step : rest, name, len);
		if (!ret)
			continue;
		place->word = mk_peer_load(&record->ino);
		place->off = walk->block + (at - walk->base);
		place->prev = walk->block + (prev - walk->base);
		return ret;
	}
	return at == end ? 0 : -EUCLEAN;
}

int daxfs_dir_find(struct daxfs *fs, const struct daxfs_inode *dir, __u32 ino, const char *name,
		   __u32 len, struct daxfs_place *place)
{
	struct daxfs_walk walk;
	__u64 next;
	int ret;

	*place = (struct daxfs_place){ .hash = daxfs_hash(fs, name, len) };
	ret = daxfs_walk_begin(&walk, fs, dir, ino, place->hash);
	if (ret)
		return ret;
	for (;;) {
		ret = find_in_block(&walk, name, len, place);
		if (ret)
			return ret < 0 ? ret : 0;
		next = mk_peer_load(&((const struct daxfs_bucket *)walk.base)->next);
		if (!next)
			return -ENOENT;
		if (enter(&walk, next))
			return -EUCLEAN;
	}
}

/* --- records ---------------------------------------------------------------------- */

static void write_record(void *to, __u64 word, __u64 info, const char *name)
{
	__u64 *record = to;

	mk_peer_copy(&record[2], name, daxfs_info_name_len(info));
	mk_peer_store(&record[1], info);
	mk_peer_store(&record[0], word);
}

void daxfs_dir_add(struct daxfs_op *op, const struct daxfs_place *place, const char *name,
		   __u32 len, __u64 word)
{
	__u32 need = daxfs_record_len(len), room, rest;
	__u8 *at = daxfs_at(op->fs, place->room, DAXFS_DIRENT_HEAD);

	room = at ? daxfs_info_len(daxfs_get(op, place->room + 8)) : 0;
	if (room < need || room > DAXFS_BLOCK - place->room % DAXFS_BLOCK || room % 8) {
		op->err = daxfs_bad(op->fs, "a directory's record", place->room);
		return;
	}
	rest = room - need;
	if (rest >= SPARE) {
		/* at the end of the room, which gets shorter at commit: there it is */
		write_record(at + rest, word, daxfs_info(place->hash, need, len), name);
		daxfs_put(op, place->room + 8, daxfs_info(0, rest, 0));
		return;
	}
	write_record(at, 0, daxfs_info(place->hash, room, len), name);
	daxfs_put(op, place->room, word);
}

void daxfs_dir_set(struct daxfs_op *op, const struct daxfs_place *place, __u64 word)
{
	daxfs_put(op, place->off, word);
}

/* The record before @off in the operation's eyes: it may have added one between. */
static __u64 record_before(struct daxfs_op *op, const struct daxfs_place *place)
{
	__u64 at = place->prev, next;
	__u32 len;

	for (; at < place->off; at = next) {
		len = daxfs_info_len(daxfs_get(op, at + 8));
		next = at + len;
		if (next == place->off)
			return at;
		if (len < DAXFS_DIRENT_HEAD || len % 8)
			break;
	}
	if (at != place->off)
		op->err = daxfs_bad(op->fs, "a directory's record", at);
	return place->off;
}

/* Free room is never beside free room. */
void daxfs_dir_remove(struct daxfs_op *op, const struct daxfs_place *place)
{
	__u64 off = place->off, prev = record_before(op, place), next;
	__u32 len = daxfs_info_len(daxfs_get(op, off + 8));

	next = off + len;
	if (block_of(next) == block_of(off) && next % 8 == 0 && !daxfs_get(op, next))
		len += daxfs_info_len(daxfs_get(op, next + 8));
	if (prev != off && !daxfs_get(op, prev)) {
		len += daxfs_info_len(daxfs_get(op, prev + 8));
		daxfs_put(op, prev + 8, daxfs_info(0, len, 0));
		return;
	}
	daxfs_put(op, off, 0);
	/* without hash: so it is found as room */
	daxfs_put(op, off + 8, daxfs_info(0, len, 0));
}

/* --- new blocks --------------------------------------------------------------------- */

/* Blocks that are filled with records, one after the other. */
struct fill {
	struct daxfs_op *op;
	__u32 ino;
	__u32 depth;
	__u32 blocks;
	__u64 first;
	__u8 *base;
	__u32 at;
	__u32 last;	/* record in the block */
};

static void close_block(struct fill *fill)
{
	__u32 rest = DAXFS_BLOCK - fill->at;
	__u64 *record = (void *)(fill->base + fill->last);

	if (rest >= SPARE)
		write_record(fill->base + fill->at, 0, daxfs_info(0, rest, 0), NULL);
	else if (rest)
		record[1] += daxfs_info(0, rest, 0);
}

static int open_block(struct fill *fill)
{
	struct daxfs_bucket *bucket;
	__u64 off;
	int err;

	if (!daxfs_room(fill->op, 0, 1, 0))
		return -ENOSPC;
	err = daxfs_take_whole(fill->op, DAXFS_BLOCK, &off);
	if (err)
		return err;
	bucket = daxfs_at(fill->op->fs, off, DAXFS_BLOCK);
	if (!bucket)
		return daxfs_bad(fill->op->fs, "a directory's new block", off);
	*bucket = (struct daxfs_bucket){
		.magic = DAXFS_BUCKET_MAGIC, .depth = fill->depth, .ino = fill->ino,
	};
	if (fill->blocks++) {
		close_block(fill);
		((struct daxfs_bucket *)fill->base)->next = off;
	} else {
		fill->first = off;
	}
	fill->base = (__u8 *)bucket;
	fill->at = FIRST;
	fill->last = 0;
	return 0;
}

static int fill_record(struct fill *fill, const struct daxfs_walk *walk)
{
	__u32 name_len = daxfs_info_name_len(walk->info), len = daxfs_record_len(name_len);
	int err;

	if (len > DAXFS_BLOCK - fill->at) {
		err = open_block(fill);
		if (err)
			return err;
	}
	write_record(fill->base + fill->at, walk->word,
		     daxfs_info(daxfs_info_hash(walk->info), len, name_len), walk->name);
	fill->last = fill->at;
	fill->at += len;
	return 0;
}

int daxfs_dir_init(struct daxfs_op *op, __u32 ino, __u64 *bucket)
{
	struct fill fill = { .op = op, .ino = ino };
	int err = open_block(&fill);

	if (err)
		return err;
	close_block(&fill);
	*bucket = fill.first;
	return 0;
}

/* --- more room ------------------------------------------------------------------------ */

static __u64 table_size(__u32 height)
{
	__u64 size = 8ULL << height;

	if (!height)
		return 0;
	return size < DAXFS_BLOCK ? DAXFS_BLOCK : size;
}

/* A bucket that is split: a part of the table, @nr entries from @index, points to it. */
struct split {
	struct daxfs *fs;
	struct daxfs_inode *dir;
	__u64 dir_off;
	__u32 ino;
	__u32 hash;
	__u64 root;
	__u32 height;
	__u32 depth;
	struct fill side[2];
};

/* Entry @index of a table of @height, after the split. */
static __u64 new_entry(const struct split *s, __u32 index, __u32 height)
{
	__u32 hash = index << (DAXFS_HASH_BITS - height);
	__u32 shift = DAXFS_HASH_BITS - s->depth;

	if (hash >> shift == s->hash >> shift)
		return s->side[(hash >> (shift - 1)) & 1].first;
	return bucket_of(s->fs, s->root, s->height, hash);
}

static int new_table(struct daxfs_op *op, struct split *s, __u32 height)
{
	__u64 size = table_size(height), off, *entry;
	__u32 i;
	int err;

	if (!daxfs_room(op, 2, 1, 1))
		return -ENOSPC;
	err = daxfs_take_whole(op, size, &off);
	if (err)
		return err;
	for (i = 0; i < 1U << height; i++) {
		entry = daxfs_at(s->fs, off + 8ULL * i, 8);
		if (!entry)
			return daxfs_bad(s->fs, "a directory's table", off);
		*entry = new_entry(s, i, height);
	}
	DAXFS_PUT(op, s->dir_off, daxfs_inode, map[0], off | DAXFS_MAP_VALID);
	DAXFS_PUT32(op, s->dir_off, daxfs_inode, height, height);
	if (s->height)
		daxfs_give(op, s->root, table_size(s->height));
	return 0;
}

static int new_pointers(struct daxfs_op *op, struct split *s)
{
	__u32 nr = 1U << (s->height - s->depth), i;
	__u32 first = s->hash >> (DAXFS_HASH_BITS - s->height) & ~(nr - 1);

	if (s->depth == s->height)
		return new_table(op, s, s->height + 1);
	if (nr > SPLIT_POINTERS)
		return new_table(op, s, s->height);
	for (i = first; i < first + nr; i++)
		daxfs_put(op, s->root + 8ULL * i, new_entry(s, i, s->height));
	return 0;
}

/* The records of the bucket to two new ones; the old blocks go. */
static int deal(struct daxfs_op *op, struct split *s, struct daxfs_walk *walk)
{
	__u64 block = 0;
	int err, i;

	for (i = 0; i < 2; i++) {
		s->side[i] = (struct fill){ .op = op, .ino = s->ino, .depth = s->depth + 1 };
		err = open_block(&s->side[i]);
		if (err)
			return err;
	}
	while ((err = daxfs_walk_next(walk)) > 0) {
		if (walk->block != block) {
			if (walk->blocks > SPLIT_BLOCKS)
				return -ENOSPC;
			block = walk->block;
			daxfs_give(op, block, DAXFS_BLOCK);
		}
		if (!walk->word)
			continue;
		i = daxfs_info_hash(walk->info) >> (DAXFS_HASH_BITS - 1 - s->depth) & 1;
		err = fill_record(&s->side[i], walk);
		if (err)
			return err;
	}
	close_block(&s->side[0]);
	close_block(&s->side[1]);
	return err ? daxfs_bad(s->fs, "a directory's bucket", walk->block) : 0;
}

/* Ends @op: all of it, or nothing. */
static int finish(struct daxfs_op *op, __u64 dir_off, __s64 blocks, int err)
{
	if (err) {
		daxfs_abort(op);
		return err;
	}
	DAXFS_PUT(op, dir_off, daxfs_inode, blocks,
		  DAXFS_GET(op, dir_off, daxfs_inode, blocks) + blocks);
	daxfs_change(op, dir_off);
	return daxfs_commit(op);
}

static int split(struct split *s, struct daxfs_walk *walk)
{
	struct daxfs_op *op;
	__s64 blocks = 0;
	int err;

	err = daxfs_begin(s->fs, &op);
	if (err)
		return err;
	err = deal(op, s, walk);
	if (!err)
		err = new_pointers(op, s);
	if (!err) {
		blocks = (__s64)s->side[0].blocks + s->side[1].blocks - walk->blocks;
		blocks += DAXFS_GET32(op, s->dir_off, daxfs_inode, height) == s->height ? 0 :
			  (__s64)((table_size(s->height + 1) - table_size(s->height)) /
				  DAXFS_BLOCK);
	}
	return finish(op, s->dir_off, blocks, err);
}

/* Another block for a bucket, behind its first one. */
static int chain(struct split *s, __u64 bucket)
{
	struct daxfs_walk walk;
	struct daxfs_bucket *head;
	struct daxfs_op *op;
	__u64 off;
	int err;

	err = daxfs_walk_begin(&walk, s->fs, s->dir, s->ino, s->hash);
	while (!err && (err = daxfs_walk_next(&walk)) > 0)
		err = 0;
	if (err)
		return daxfs_bad(s->fs, "a directory's bucket", walk.block);
	if (walk.blocks == DAXFS_CHAIN_MAX)
		return -ENOSPC;
	err = daxfs_begin(s->fs, &op);
	if (err)
		return err;
	err = daxfs_dir_init(op, s->ino, &off);
	if (!err) {
		head = daxfs_at(s->fs, off, DAXFS_BLOCK);
		head->depth = s->depth;
		head->next = DAXFS_GET(op, bucket, daxfs_bucket, next);
		DAXFS_PUT(op, bucket, daxfs_bucket, next, off);
	}
	return finish(op, s->dir_off, 1, err);
}

/* The bucket of the hash; what may be split. */
static int begin_split(struct split *s, struct daxfs_walk *walk)
{
	int err;

	s->root = DAXFS_MAP_OFF(mk_peer_load(&s->dir->map[0]));
	s->height = mk_peer_load(&s->dir->height);
	err = daxfs_walk_begin(walk, s->fs, s->dir, s->ino, s->hash);
	if (err || s->height > DAXFS_DEPTH_MAX || walk->depth > s->height)
		return daxfs_bad(s->fs, "a directory's bucket", walk->block);
	s->depth = walk->depth;
	return 0;
}

int daxfs_dir_split(struct daxfs *fs, struct daxfs_inode *dir, __u64 dir_off, __u32 ino,
		    __u32 hash)
{
	struct split s = { .fs = fs, .dir = dir, .dir_off = dir_off, .ino = ino, .hash = hash };
	struct daxfs_walk walk;
	int err = begin_split(&s, &walk);

	if (err)
		return err;
	return s.depth < DAXFS_DEPTH_MAX ? split(&s, &walk) : -ENOSPC;
}

int daxfs_dir_room(struct daxfs *fs, struct daxfs_inode *dir, __u64 dir_off, __u32 ino,
		   __u32 hash)
{
	struct split s = { .fs = fs, .dir = dir, .dir_off = dir_off, .ino = ino, .hash = hash };
	int err = daxfs_dir_split(fs, dir, dir_off, ino, hash);
	struct daxfs_walk walk;

	/* it may need only one block, and no piece of several */
	if (err == -ENOSPC)
		err = begin_split(&s, &walk) ?: chain(&s, walk.block);
	return err;
}

/* --- the end ------------------------------------------------------------------------------ */

/* Give the blocks of a bucket. */
static int give_bucket(struct daxfs_op *op, __u32 ino, __u64 off, __u64 *blocks)
{
	struct daxfs_walk walk = { .fs = op->fs, .ino = ino };

	for (; off; off = mk_peer_load(&((const struct daxfs_bucket *)walk.base)->next)) {
		if (enter(&walk, off))
			return daxfs_bad(op->fs, "a directory's bucket", off);
		daxfs_give(op, off, DAXFS_BLOCK);
		++*blocks;
	}
	return 0;
}

/* As many buckets as one operation can give; map[1] tells how far it came. */
static int trim_some(struct daxfs_op *op, __u64 root, __u32 height, __u32 ino, __u64 dir_off,
		     __u64 *blocks)
{
	__u64 index = DAXFS_GET(op, dir_off, daxfs_inode, map[1]), nr = 1ULL << height;
	__u32 shift = DAXFS_HASH_BITS - height;
	__u64 off;
	int err;

	while (index < nr && daxfs_room(op, 4, 0, DAXFS_CHAIN_MAX + 1)) {
		off = bucket_of(op->fs, root, height, index << shift);
		if (!off)
			return daxfs_bad(op->fs, "a directory's table", root);
		err = give_bucket(op, ino, off, blocks);
		if (err)
			return err;
		do {
			index++;
		} while (index < nr && bucket_of(op->fs, root, height, index << shift) == off);
	}
	DAXFS_PUT(op, dir_off, daxfs_inode, map[1], index < nr ? index : 0);
	if (index < nr)
		return 0;
	if (height)
		daxfs_give(op, root, table_size(height));
	*blocks += table_size(height) / DAXFS_BLOCK;
	DAXFS_PUT(op, dir_off, daxfs_inode, map[0], 0);
	DAXFS_PUT32(op, dir_off, daxfs_inode, height, 0);
	return 0;
}

/**
 * daxfs_dir_free() - give the blocks of a directory back
 * @fs:		the file system, joined
 * @ref:	the directory: empty, and without name
 * @inode_off:	its offset; it is locked
 *
 * Return: 0, -EUCLEAN, or as daxfs_begin().
 */
int daxfs_dir_free(struct daxfs *fs, struct daxfs_ref ref, __u64 inode_off)
{
	const struct daxfs_inode *dir = daxfs_at(fs, inode_off, sizeof(*dir));
	struct daxfs_op *op;
	__u32 height;
	__u64 root, blocks;
	int err = 0;

	while (!err && (root = DAXFS_MAP_OFF(mk_peer_load(&dir->map[0])))) {
		height = mk_peer_load(&dir->height);
		if (height > DAXFS_DEPTH_MAX)
			return daxfs_bad(fs, "a directory's height", inode_off);
		err = daxfs_begin(fs, &op);
		if (err)
			return err;
		blocks = 0;
		err = trim_some(op, root, height, ref.ino, inode_off, &blocks);
		err = finish(op, inode_off, -(__s64)blocks, err);
	}
	return err;
}

/* --- without lock ----------------------------------------------------------------------------- */

int daxfs_look(struct daxfs *fs, struct daxfs_ref ref, daxfs_look_fn look, void *arg)
{
	__u64 off = daxfs_inode_off(fs, ref.ino);
	const struct daxfs_inode *inode = off ? daxfs_at(fs, off, sizeof(*inode)) : NULL;
	unsigned int tries = 0;
	__u32 seq;
	int err;

	do {
		err = daxfs_read_begin(fs, inode, &seq);
		if (err)
			return err;
		err = -ESTALE;
		if (mk_peer_load(&inode->gen) == ref.gen && mk_peer_load(&inode->mode))
			err = look(fs, inode, arg);
	} while (daxfs_read_again(fs, inode, seq, &tries, &err));
	return err == -EUCLEAN ? daxfs_bad(fs, "an inode", off) : err;
}
