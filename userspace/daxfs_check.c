// SPDX-License-Identifier: GPL-2.0
/*
 * A walk through a file system that counts: each block and inode is either free
 * or reached once.  It believes nothing: what is reached twice is not entered
 * again, so that the work is bounded by the region's size.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../mk_daxfs/dir.h"
#include "daxfs_check.h"
#include "daxfs_repair.h"

#ifndef __printf
#define __printf(...)	__attribute((__format__(__printf__, __VA_ARGS__)))
#endif

#define INODES_OF_BLOCK	(DAXFS_BLOCK >> DAXFS_INO_SHIFT)
#define RECORDS_OF_BLOCK (DAXFS_BLOCK / 24)
#define JOBS		65536

enum use {
	UNUSED,
	USED,
	WAITS,		/* given back, but for its grace period */
};

/* What is known of an inode from elsewhere. */
struct seen {
	__u32 names;
	__u32 subdirs;
	bool connected;
	bool on_the_way;
};

/* A name of a bucket, to find it twice. */
struct record {
	__u64 *at;
	__u32 hash;
	__u32 len;
};

/* A repair that is an operation, or several. */
struct job {
	__u32 ino;
	enum daxfs_repair what;
};

/**
 * struct state - of a check
 * @fs:		the file system
 * @check:	the caller's
 * @nr_blocks:	from the region's start
 * @use:	[nr_blocks], enum use
 * @seen:	[nr_blocks * INODES_OF_BLOCK]; only touched pages are there
 * @record:	names of the bucket that is looked at
 * @nr_record:	their number
 * @job:	what is to be done when all has been seen
 * @nr_job:	their number; what has no room is found by the next check
 */
struct state {
	struct daxfs *fs;
	struct daxfs_check *check;
	__u64 nr_blocks;
	__u8 *use;
	struct seen *seen;
	struct record record[DAXFS_CHAIN_MAX * RECORDS_OF_BLOCK];
	__u32 nr_record;
	struct job job[JOBS];
	__u32 nr_job;
};

/* True: mend it. */
static __printf(2, 3) bool problem(struct state *s, const char *format, ...)
{
	struct daxfs_check *check = s->check;
	char text[256];
	va_list args;

	check->repaired += check->repair;
	if (check->found++ >= DAXFS_CHECK_TOLD || !check->tell)
		return check->repair;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check->tell(check->arg, text);
	return check->repair;
}

/* Mend it when all has been seen. */
static void later(struct state *s, __u32 ino, enum daxfs_repair what)
{
	if (s->nr_job < JOBS)
		s->job[s->nr_job++] = (struct job){ ino, what };
}

static struct daxfs_group *group_of(struct state *s, __u64 off, __u32 *block)
{
	__u64 index = off >> DAXFS_GROUP_SHIFT;

	*block = (off & (DAXFS_GROUP - 1)) >> DAXFS_BLOCK_SHIFT;
	if (index >= daxfs_nr_groups(s->fs) || *block < daxfs_group_meta(s->fs, index) ||
	    *block >= daxfs_group_blocks(s->fs, index))
		return NULL;
	return daxfs_group(s->fs, index);
}

/* Blocks that something has.  False: it cannot have them. */
static bool mark(struct state *s, __u32 ino, const char *what, __u64 off, __u64 len, enum use use)
{
	struct daxfs_group *group;
	__u64 at;
	__u32 block;

	if (off >= s->fs->size || len > s->fs->size - off) {
		problem(s, "inode %u: its %s at %#llx is outside", ino, what, off);
		return false;
	}
	for (at = off; at < off + len; at += DAXFS_BLOCK) {
		group = group_of(s, at, &block);
		if (!group || at % DAXFS_BLOCK || daxfs_bit(group->chunks, block)) {
			problem(s, "inode %u: its %s at %#llx is nowhere", ino, what, at);
			return false;
		}
		if (s->use[at / DAXFS_BLOCK] != UNUSED) {
			problem(s, "inode %u: its %s at %#llx is used twice", ino, what, at);
			return false;
		}
	}
	memset(&s->use[off / DAXFS_BLOCK], use, len / DAXFS_BLOCK);
	return true;
}

/* --- inodes ------------------------------------------------------------------------- */

static struct seen *seen_of(struct state *s, __u32 ino)
{
	static struct seen nothing;

	return ino / INODES_OF_BLOCK < s->nr_blocks ? &s->seen[ino] : &nothing;
}

/* An inode that is in use, or NULL. */
static struct daxfs_inode *inode_of(struct state *s, __u32 ino)
{
	__u64 off = daxfs_inode_off(s->fs, ino);
	struct daxfs_inode *inode = off ? daxfs_at(s->fs, off, sizeof(*inode)) : NULL;
	struct daxfs_chunk *chunk;

	if (!inode || !mk_peer_load(&inode->mode))
		return NULL;
	if (ino == DAXFS_ROOT)
		return inode;
	chunk = daxfs_at(s->fs, off & ~(DAXFS_BLOCK - 1), sizeof(*chunk));
	return mk_peer_load(&chunk->used) >> ino % INODES_OF_BLOCK & 1 ? inode : NULL;
}

/* Blocks below an entry that is above @level levels of nodes. */
static __u64 walk_map(struct state *s, __u32 ino, __u64 *at, __u32 level)
{
	__u64 entry = mk_peer_load(at), off = DAXFS_MAP_OFF(entry), blocks = 1, *node;
	bool huge = entry & DAXFS_MAP_HUGE, good;
	__u32 i;

	if (!entry)
		return 0;
	good = entry & DAXFS_MAP_VALID && !(entry & (DAXFS_BLOCK - 1) & ~3ULL) &&
	       (!huge || (level == 1 && off % DAXFS_HUGE == 0));
	if (!good)
		problem(s, "inode %u: its map has %#llx", ino, entry);
	if (!good || !mark(s, ino, level ? "map" : "block", off, huge ? DAXFS_HUGE : DAXFS_BLOCK,
			   USED)) {
		if (s->check->repair)
			mk_peer_store(at, 0);
		return 0;
	}
	if (huge)
		return DAXFS_HUGE / DAXFS_BLOCK;
	node = daxfs_at(s->fs, off, DAXFS_BLOCK);
	for (i = 0; level && i < DAXFS_MAP_FANOUT; i++)
		blocks += walk_map(s, ino, &node[i], level - 1);
	return blocks;
}

static __u64 walk_file(struct state *s, __u32 ino, struct daxfs_inode *inode)
{
	__u32 height = mk_peer_load(&inode->height), i;
	__u64 blocks = 0;

	if (height > DAXFS_MAP_HEIGHT) {
		if (problem(s, "inode %u: its map is %u high", ino, height))
			mk_peer_store(&inode->height, 0);
		return 0;
	}
	if (height)
		return walk_map(s, ino, &inode->map[0], height);
	for (i = 0; i < DAXFS_DIRECT; i++)
		blocks += walk_map(s, ino, &inode->map[i], 0);
	return blocks;
}

static __u64 walk_xattr(struct state *s, __u32 ino, struct daxfs_inode *inode)
{
	__u64 ptr = mk_peer_load(&inode->xattr), blocks = ptr % DAXFS_BLOCK + 1;

	if (!ptr)
		return 0;
	if (blocks > DAXFS_XATTR_MAX / DAXFS_BLOCK || daxfs_xattr_check(s->fs, inode))
		problem(s, "inode %u: its extended attributes make no sense", ino);
	else if (mark(s, ino, "extended attributes", DAXFS_MAP_OFF(ptr), blocks * DAXFS_BLOCK,
		      USED))
		return blocks;
	if (s->check->repair)
		mk_peer_store(&inode->xattr, 0);
	return 0;
}

static __u64 walk_locks(struct state *s, __u32 ino, struct daxfs_inode *inode)
{
	__u64 *at = &inode->locks, off, blocks = 0;
	struct daxfs_flocks *block;

	while ((off = mk_peer_load(at))) {
		if (!mark(s, ino, "file locks", off, DAXFS_BLOCK, USED)) {
			if (s->check->repair)
				mk_peer_store(at, 0);
			break;
		}
		block = daxfs_at(s->fs, off, DAXFS_BLOCK);
		at = &block->next;
		blocks++;
	}
	return blocks;
}

/* --- directories ---------------------------------------------------------------------- */

static bool is_name(const char *name, __u32 len)
{
	return len && !memchr(name, '/', len) && !memchr(name, 0, len) &&
	       !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

/* What a name stands for; NULL: nothing that is there. */
static struct daxfs_inode *target_of(struct state *s, __u64 word)
{
	struct daxfs_inode *inode = inode_of(s, DAXFS_DIRENT_INO(word));

	if (!inode || mk_peer_load(&inode->gen) != DAXFS_DIRENT_GEN(word) ||
	    (mk_peer_load(&inode->mode) & S_IFMT) >> 12 != DAXFS_DIRENT_TYPE(word))
		return NULL;
	return inode;
}

/* A subdirectory knows its parent, and has one name. */
static bool check_subdir(struct state *s, __u32 dir, __u32 ino, struct daxfs_inode *inode)
{
	if (seen_of(s, ino)->names || ino == DAXFS_ROOT)
		return false;
	if (mk_peer_load(&inode->parent) != dir &&
	    problem(s, "inode %u: its parent is %u, not %u", ino, mk_peer_load(&inode->parent),
		    dir))
		mk_peer_store(&inode->parent, dir);
	seen_of(s, dir)->subdirs++;
	return true;
}

/* False: the name cannot stay. */
static bool check_name(struct state *s, __u32 dir, const struct daxfs_walk *walk, __u32 depth,
		       __u32 hash)
{
	__u32 ino = DAXFS_DIRENT_INO(walk->word), len = daxfs_info_name_len(walk->info);
	__u32 own = daxfs_info_hash(walk->info), shift = DAXFS_HASH_BITS - depth;
	struct daxfs_inode *inode;
	char name[DAXFS_NAME_MAX];

	mk_peer_copy(name, walk->name, len);
	if (!is_name(name, len) || own != daxfs_hash(s->fs, name, len) ||
	    own >> shift != hash >> shift)
		return false;
	inode = target_of(s, walk->word);
	if (!inode)
		return false;
	if (S_ISDIR(mk_peer_load(&inode->mode)) && !check_subdir(s, dir, ino, inode))
		return false;
	seen_of(s, ino)->names++;
	s->record[s->nr_record++] = (struct record){
		daxfs_at(s->fs, walk->off, 8), own, len,
	};
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(&x->at[2], &y->at[2], x->len);
}

static __u32 find_twice(struct state *s, __u32 dir)
{
	__u32 i, gone = 0;

	qsort(s->record, s->nr_record, sizeof(*s->record), compare);
	for (i = 1; i < s->nr_record; i++) {
		if (compare(&s->record[i - 1], &s->record[i]))
			continue;
		if (problem(s, "directory %u: a name is there twice", dir)) {
			mk_peer_store(s->record[i].at, 0);
			gone++;
		}
	}
	return gone;
}

/* The names of a bucket, whose blocks are marked; returns how many there are. */
static __u64 walk_names(struct state *s, __u32 dir, struct daxfs_inode *inode, __u32 hash)
{
	struct daxfs_walk walk;
	__u64 names = 0, *at;
	int err = daxfs_walk_begin(&walk, s->fs, inode, dir, hash);

	s->nr_record = 0;
	while (!err && (err = daxfs_walk_next(&walk)) > 0) {
		err = 0;
		if (!walk.word)
			continue;
		if (s->nr_record < sizeof(s->record) / sizeof(*s->record) &&
		    check_name(s, dir, &walk, walk.depth, hash)) {
			names++;
			continue;
		}
		if (problem(s, "directory %u: a name at %#llx makes no sense", dir, walk.off))
			mk_peer_store((__u64 *)daxfs_at(s->fs, walk.off, 8), 0);
		else
			names++;
	}
	if (err && problem(s, "directory %u: a record behind %#llx makes no sense", dir,
			   walk.off)) {
		/* the rest of the block is free room */
		at = daxfs_at(s->fs, walk.block + walk.at, 16);
		mk_peer_store(&at[0], 0);
		mk_peer_store(&at[1], daxfs_info(0, DAXFS_BLOCK - walk.at, 0));
	}
	return names - find_twice(s, dir);
}

static struct daxfs_bucket *bucket_at(struct state *s, __u32 dir, __u64 off, __u32 height)
{
	struct daxfs_bucket *bucket;

	if (!mark(s, dir, "bucket", off, DAXFS_BLOCK, USED))
		return NULL;
	bucket = daxfs_at(s->fs, off, DAXFS_BLOCK);
	if (mk_peer_load(&bucket->magic) == DAXFS_BUCKET_MAGIC &&
	    mk_peer_load(&bucket->ino) == dir && mk_peer_load(&bucket->depth) <= height)
		return bucket;
	problem(s, "directory %u: no bucket at %#llx", dir, off);
	return NULL;
}

/* A chain; *span: entries of the table that it has. */
static __u64 walk_bucket(struct state *s, __u32 dir, __u64 off, __u32 height, __u32 *span)
{
	struct daxfs_bucket *bucket = bucket_at(s, dir, off, height), *next;
	__u64 blocks = 1;

	*span = 0;
	if (!bucket)
		return 0;
	*span = 1U << (height - mk_peer_load(&bucket->depth));
	for (; (off = mk_peer_load(&bucket->next)); bucket = next) {
		next = blocks++ < DAXFS_CHAIN_MAX ? bucket_at(s, dir, off, height) : NULL;
		if (next)
			continue;
		if (problem(s, "directory %u: a bucket's next is %#llx", dir, off))
			mk_peer_store(&bucket->next, 0);
		return blocks - 1;
	}
	return blocks;
}

struct dir {
	__u32 ino;
	struct daxfs_inode *inode;
	__u32 height;
	__u64 root;
	__u64 blocks;
	__u64 names;
};

static __u64 entry_of(struct state *s, const struct dir *d, __u32 index)
{
	__u64 *at = d->height ? daxfs_at(s->fs, d->root + 8ULL * index, 8) : NULL;

	return at ? mk_peer_load(at) : d->root;
}

/* The bucket of entry @index; returns how many entries it has, 0: something is wrong. */
static __u32 walk_entry(struct state *s, struct dir *d, __u32 index)
{
	__u64 off = entry_of(s, d, index);
	__u32 span, i;

	d->blocks += walk_bucket(s, d->ino, off, d->height, &span);
	if (!span || index % span)
		return 0;
	for (i = 1; i < span; i++)
		if (entry_of(s, d, index + i) != off)
			return 0;
	d->names += walk_names(s, d->ino, d->inode, index << (DAXFS_HASH_BITS - d->height));
	return span;
}

static bool walk_table(struct state *s, struct dir *d)
{
	__u64 size = 8ULL << d->height;
	__u32 index = 0, span;

	size = size < DAXFS_BLOCK ? DAXFS_BLOCK : size;
	if (d->height && !mark(s, d->ino, "table", d->root, size, USED))
		return false;
	d->blocks = d->height ? size / DAXFS_BLOCK : 0;
	/* what is being removed has lost its first buckets */
	if (!mk_peer_load(&d->inode->nlink))
		index = mk_peer_load(&d->inode->map[1]);
	for (; index < 1U << d->height; index += span) {
		span = walk_entry(s, d, index);
		if (!span)
			return false;
	}
	return true;
}

static __u64 walk_dir(struct state *s, __u32 ino, struct daxfs_inode *inode)
{
	struct dir d = { .ino = ino, .inode = inode };

	d.height = mk_peer_load(&inode->height);
	d.root = DAXFS_MAP_OFF(mk_peer_load(&inode->map[0]));
	if (!d.root && !mk_peer_load(&inode->nlink))
		return 0;
	if ((d.height > DAXFS_DEPTH_MAX || !walk_table(s, &d)) &&
	    problem(s, "directory %u: its table makes no sense", ino))
		later(s, ino, DAXFS_EMPTY);
	s->check->names += d.names;
	if (mk_peer_load(&inode->size) != d.names &&
	    problem(s, "directory %u: %llu names, not %llu", ino, d.names,
		    mk_peer_load(&inode->size)))
		mk_peer_store(&inode->size, d.names);
	return d.blocks;
}

/* --- every inode ---------------------------------------------------------------------- */

static __u64 live_slots(struct state *s)
{
	__u64 live = 0;
	__u32 i;

	for (i = 0; i < s->fs->nr_slots; i++)
		if (DAXFS_SLOT_STATE(mk_peer_load(&daxfs_slot(s->fs, i)->state)) !=
		    DAXFS_SLOT_FREE)
			live |= 1ULL << i;
	return live;
}

static bool is_type(__u32 mode)
{
	return S_ISDIR(mode) || S_ISREG(mode) || S_ISLNK(mode) || S_ISCHR(mode) ||
	       S_ISBLK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode);
}

static __u64 walk_by_type(struct state *s, __u32 ino, struct daxfs_inode *inode)
{
	__u32 mode = mk_peer_load(&inode->mode);
	bool dir = ino == DAXFS_ROOT;

	if ((!is_type(mode) || (dir && !S_ISDIR(mode))) &&
	    problem(s, "inode %u: its mode is %#o", ino, mode)) {
		mode = dir ? S_IFDIR | 0755 : S_IFREG | 0600;
		mk_peer_store(&inode->mode, mode);
	}
	s->check->files += !S_ISDIR(mode);
	s->check->dirs += S_ISDIR(mode);
	if (S_ISDIR(mode))
		return walk_dir(s, ino, inode);
	if (S_ISREG(mode) || (S_ISLNK(mode) && mk_peer_load(&inode->size) > sizeof(inode->link)))
		return walk_file(s, ino, inode);
	return 0;
}

static bool is_locked(struct state *s, const struct daxfs_inode *inode)
{
	__u64 owner = mk_peer_load(&inode->lock);

	return owner && daxfs_owner_alive(s->fs, owner);
}

static void walk_inode(struct state *s, __u32 ino, struct daxfs_inode *inode)
{
	__u64 blocks, open = mk_peer_load(&inode->open), live = live_slots(s);
	__u32 gen = mk_peer_load(&inode->gen);

	if ((!gen || gen & ~DAXFS_GEN_MASK) &&
	    problem(s, "inode %u: its generation is %u", ino, gen))
		mk_peer_store(&inode->gen, 1);
	blocks = walk_by_type(s, ino, inode);
	blocks += walk_xattr(s, ino, inode);
	blocks += walk_locks(s, ino, inode);
	s->check->used += blocks;
	if (mk_peer_load(&inode->blocks) != blocks &&
	    problem(s, "inode %u: %llu blocks, not %llu", ino, blocks,
		    mk_peer_load(&inode->blocks)))
		mk_peer_store(&inode->blocks, blocks);
	if (open & ~live &&
	    problem(s, "inode %u: open in slots %#llx that are free", ino, open & ~live))
		mk_peer_store(&inode->open, open & live);
	if (mk_peer_load(&inode->seq) & 1 && !is_locked(s, inode) &&
	    problem(s, "inode %u: it is being changed, but by nobody", ino))
		mk_peer_store(&inode->seq, mk_peer_load(&inode->seq) + 1);
}

static void walk_inodes(struct state *s)
{
	struct daxfs_inode *inode;
	struct daxfs_chunk *chunk;
	__u32 ino;

	for (ino = 0; (inode = daxfs_next_inode(s->fs, &ino)); ino++) {
		if (mk_peer_load(&inode->mode) || ino == DAXFS_ROOT) {
			walk_inode(s, ino, inode);
			continue;
		}
		chunk = daxfs_at(s->fs, (__u64)ino << DAXFS_INO_SHIFT & ~(DAXFS_BLOCK - 1),
				 sizeof(*chunk));
		if (problem(s, "inode %u: in use, but nothing", ino))
			mk_peer_store(&chunk->used, mk_peer_load(&chunk->used) &
				      ~(1U << ino % INODES_OF_BLOCK));
	}
}

/* --- names and links -------------------------------------------------------------------- */

/* Is there a way up to the root? */
static bool is_connected(struct state *s, __u32 ino)
{
	struct daxfs_inode *inode;
	bool good;
	__u32 at;

	seen_of(s, DAXFS_ROOT)->connected = true;
	for (at = ino; (inode = inode_of(s, at)); at = mk_peer_load(&inode->parent)) {
		if (seen_of(s, at)->connected || seen_of(s, at)->on_the_way)
			break;
		seen_of(s, at)->on_the_way = true;
	}
	good = inode && seen_of(s, at)->connected;
	for (at = ino; (inode = inode_of(s, at)); at = mk_peer_load(&inode->parent)) {
		if (!seen_of(s, at)->on_the_way)
			break;
		seen_of(s, at)->on_the_way = false;
		seen_of(s, at)->connected = good;
	}
	return good;
}

static bool is_busy(struct state *s, const struct daxfs_inode *inode)
{
	return mk_peer_load(&inode->open) || is_locked(s, inode);
}

static void check_links(struct state *s, __u32 ino, struct daxfs_inode *inode)
{
	struct seen *seen = seen_of(s, ino);
	bool dir = S_ISDIR(mk_peer_load(&inode->mode));
	__u32 nlink = mk_peer_load(&inode->nlink), names = seen->names + (ino == DAXFS_ROOT);
	__u32 want = dir && names ? 2 + seen->subdirs : names;

	if (dir && names && !is_connected(s, ino) &&
	    problem(s, "directory %u: no way leads to it", ino))
		later(s, ino, DAXFS_CUT);
	if (!want && !is_busy(s, inode)) {
		if (problem(s, "inode %u: %s", ino,
			    nlink ? "no name leads to it" : "neither name nor opener"))
			later(s, ino, nlink ? DAXFS_ADOPT : DAXFS_RELEASE);
		return;
	}
	if (nlink != want && problem(s, "inode %u: %u links, not %u", ino, want, nlink))
		mk_peer_store(&inode->nlink, want);
}

static void check_all_links(struct state *s)
{
	struct daxfs_inode *inode;
	__u32 ino;

	for (ino = 0; (inode = daxfs_next_inode(s->fs, &ino)); ino++)
		if (mk_peer_load(&inode->mode))
			check_links(s, ino, inode);
}

/* --- free and used ------------------------------------------------------------------------ */

/* What waits for its grace period is neither free nor in use. */
static void mark_limbo(struct state *s)
{
	struct daxfs_record *r;
	struct daxfs_extent ext;
	__u32 slot, i, j, nr;

	for (slot = 0; slot < s->fs->nr_slots; slot++)
		for (i = 0; i < s->fs->nr_ops; i++) {
			r = daxfs_record(s->fs, slot, i);
			if (mk_peer_load_acquire(&r->state) != DAXFS_OP_LIMBO)
				continue;
			nr = mk_peer_load(&r->nr_free);
			for (j = 0; j < nr && j < DAXFS_OP_FREES; j++) {
				ext.off = mk_peer_load(&r->free[j].off);
				ext.len = mk_peer_load(&r->free[j].len);
				if (ext.len && ext.len <= DAXFS_GROUP &&
				    !mark(s, mk_peer_load(&r->ino), "part that leaves", ext.off,
					  ext.len, WAITS) && s->check->repair)
					mk_peer_store(&r->free[j].len, DAXFS_GIVEN);
			}
		}
}

static void check_chunk(struct state *s, __u32 index, __u32 block, __u32 *used)
{
	__u64 off = ((__u64)index << DAXFS_GROUP_SHIFT) + ((__u64)block << DAXFS_BLOCK_SHIFT);
	struct daxfs_chunk *chunk = daxfs_at(s->fs, off, sizeof(*chunk));

	*used += __builtin_popcount(mk_peer_load(&chunk->used) & DAXFS_CHUNK_FULL);
	if (mk_peer_load(&chunk->magic) != DAXFS_CHUNK_MAGIC &&
	    problem(s, "inodes at %#llx have no head", off))
		mk_peer_store(&chunk->magic, DAXFS_CHUNK_MAGIC);
	s->use[off / DAXFS_BLOCK] = USED;
}

static void check_block(struct state *s, struct daxfs_group *group, __u32 index, __u32 block)
{
	__u64 off = ((__u64)index << DAXFS_GROUP_SHIFT) + ((__u64)block << DAXFS_BLOCK_SHIFT);
	bool taken = daxfs_bit(group->blocks, block), fix;
	__u64 *word = &group->blocks[block / 64], bit = 1ULL << block % 64;
	enum use use = s->use[off / DAXFS_BLOCK];

	if (use == WAITS || taken == !!use)
		return;
	if (taken)
		fix = problem(s, "block %#llx is lost, it begins with %016llx", off,
			      mk_peer_load((__u64 *)daxfs_at(s->fs, off, 8)));
	else
		fix = problem(s, "block %#llx is in use, but free", off);
	if (fix)
		mk_peer_store(word, mk_peer_load(word) ^ bit);
}

static void check_count(struct state *s, __u32 index, const char *what, __u32 *at, __u32 nr)
{
	if (mk_peer_load(at) != nr &&
	    problem(s, "group %u: %u %s, not %u", index, nr, what, mk_peer_load(at)))
		mk_peer_store(at, nr);
}

static void check_group(struct state *s, __u32 index, struct daxfs_group *group)
{
	__u32 meta = daxfs_group_meta(s->fs, index), end = daxfs_group_blocks(s->fs, index);
	__u32 free = 0, chunks = 0, used = 0, first = end, block;

	for (block = meta; block < end; block++) {
		if (daxfs_bit(group->chunks, block)) {
			check_chunk(s, index, block, &used);
			chunks++;
		}
		check_block(s, group, index, block);
		if (!daxfs_bit(group->blocks, block)) {
			first = first < block ? first : block;
			free++;
		}
	}
	check_count(s, index, "free blocks", &group->free_blocks, free);
	check_count(s, index, "inodes in use", &group->used_inodes, used);
	check_count(s, index, "free inodes", &group->free_inodes,
		    chunks * DAXFS_CHUNK_INODES - used);
	if (mk_peer_load(&group->next_block) > first &&
	    problem(s, "group %u: free blocks that nobody finds", index))
		mk_peer_store(&group->next_block, 0);
}

static int check_groups(struct state *s)
{
	struct daxfs_group *group;
	int err = 0;
	__u32 i;

	for (i = 0; !err && i < daxfs_nr_groups(s->fs); i++) {
		group = daxfs_group(s->fs, i);
		if (!group)
			break;
		if (s->fs->me)
			err = daxfs_lock(s->fs, &group->lock);
		if (err)
			break;
		check_group(s, i, group);
		if (s->fs->me)
			daxfs_unlock(s->fs, &group->lock);
	}
	return err;
}

/* --- kernels ---------------------------------------------------------------------------------- */

static bool is_ended(const struct daxfs_record *record)
{
	__u64 state = mk_peer_load_acquire(&record->state);

	return state == DAXFS_OP_FREE || state == DAXFS_OP_LIMBO;
}

/* Is it to be waited for?  *no_end: nobody will end it. */
static bool is_running(struct state *s, __u32 slot, const struct daxfs_record *record,
		       bool *no_end)
{
	struct daxfs_slot *of = daxfs_slot(s->fs, slot);
	__u64 state = mk_peer_load_acquire(&of->state);
	bool live = DAXFS_SLOT_STATE(state) == DAXFS_SLOT_LIVE;

	*no_end = false;
	/* who waits for us opens it now and then, and closes it at once: look once */
	if (is_ended(record))
		return false;
	if (live && s->fs->me)
		return true;
	mk_peer_rmb();
	if (mk_peer_load(&of->state) != state)
		return true;
	*no_end = DAXFS_SLOT_STATE(state) != DAXFS_SLOT_DEAD;
	return false;
}

/* Wait for the end of what a kernel has begun, or tell that it will not come. */
static int check_slot(struct state *s, __u32 slot)
{
	__u64 state = mk_peer_load(&daxfs_slot(s->fs, slot)->state);
	struct daxfs_record *record;
	unsigned int tries = 0;
	bool no_end;
	int err = 0;
	__u32 i;

	if (DAXFS_SLOT_STATE(state) == DAXFS_SLOT_DEAD)
		problem(s, "slot %u: its kernel died, and nobody has mended that", slot);
	for (i = 0; !err && i < s->fs->nr_ops; i++) {
		record = daxfs_record(s->fs, slot, i);
		while (is_running(s, slot, record, &no_end) && !err)
			err = daxfs_pause(s->fs, tries++);
		if (no_end && problem(s, "slot %u: operation %u has no end", slot, i))
			mk_peer_store(&record->state, DAXFS_OP_FREE);
	}
	return err;
}

/* --- all of it ------------------------------------------------------------------------------ */

static void thaw(struct state *s)
{
	if (s->fs->me)
		daxfs_unlock(s->fs, &daxfs_super(s->fs)->freeze);
}

/* No operation begins any more; those that run come to their end. */
static int freeze(struct state *s)
{
	int err = s->fs->me ? daxfs_lock(s->fs, &daxfs_super(s->fs)->freeze) : 0;
	__u32 i;

	if (err)
		return err;
	mk_peer_mb();
	for (i = 0; !err && i < s->fs->nr_slots; i++)
		err = check_slot(s, i);
	if (err)
		thaw(s);
	return err;
}

/* Others are not to wait for these, and they are not to be counted half done. */
static void do_jobs(struct state *s)
{
	__u32 i;

	for (i = 0; i < s->nr_job; i++)
		if (daxfs_repair(s->fs, s->job[i].ino, s->job[i].what))
			s->check->repaired--;
}

static void *zeros(__u64 size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static int run(struct state *s)
{
	int err = s->check->repair ? daxfs_mend(s->fs) : 0;

	err = err ? err : freeze(s);
	if (err)
		return err;
	walk_inodes(s);
	mark_limbo(s);
	check_all_links(s);
	err = check_groups(s);
	thaw(s);
	if (!err)
		do_jobs(s);
	return err;
}

int daxfs_check(struct daxfs *fs, struct daxfs_check *check)
{
	struct state *s = zeros(sizeof(*s));
	__u64 seen;
	int err = -ENOMEM;

	if (!s)
		return err;
	s->fs = fs;
	s->check = check;
	s->nr_blocks = fs->size >> DAXFS_BLOCK_SHIFT;
	seen = s->nr_blocks * INODES_OF_BLOCK * sizeof(*s->seen);
	s->use = zeros(s->nr_blocks);
	s->seen = zeros(seen);
	*check = (struct daxfs_check){
		.tell = check->tell, .arg = check->arg, .repair = check->repair,
	};
	if (s->use && s->seen)
		err = run(s);
	if (s->use)
		munmap(s->use, s->nr_blocks);
	if (s->seen)
		munmap(s->seen, seen);
	munmap(s, sizeof(*s));
	return err;
}
