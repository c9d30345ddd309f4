// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: a file system is made, and made larger, by tools: not in the module.
 */
#include "fs.h"

#define SMALL		(64ULL << 20)	/* bytes: fewer slots and records below */
#define SLOTS		32
#define OPS		16
#define GROUP_MIN	64		/* blocks of the last group, else it is left out */

static __u64 align_up(__u64 n, __u64 to)
{
	return (n + to - 1) & ~(to - 1);
}

/* --- format ------------------------------------------------------------------ */

static void clear(struct daxfs *fs, __u64 from, __u64 to)
{
	for (; from < to; from += DAXFS_BLOCK)
		memset(daxfs_at(fs, from, DAXFS_BLOCK), 0, DAXFS_BLOCK);
}

static int format_group(struct daxfs *fs, __u32 index, __u32 blocks)
{
	struct daxfs_group *group = daxfs_group(fs, index);
	__u32 meta = daxfs_group_meta(fs, index);
	__u64 off = daxfs_group_off(fs, index);

	if (!group || meta + 1 >= blocks)
		return -ENOSPC;
	clear(fs, off, off + sizeof(*group));
	group->free_blocks = blocks - meta;
	group->magic = DAXFS_GROUP_MAGIC;
	return 0;
}

/* The groups from @from on of a file system of @size bytes. */
static int format_groups(struct daxfs *fs, __u32 from, __u64 size)
{
	__u64 start, rest;
	__u32 i;
	int err = 0;

	for (i = from; !err && (start = (__u64)i << DAXFS_GROUP_SHIFT) < size; i++) {
		rest = size - start;
		err = format_group(fs, i, (rest < DAXFS_GROUP ? rest : DAXFS_GROUP) >>
					  DAXFS_BLOCK_SHIFT);
	}
	return err;
}

static void format_root(struct daxfs *fs, __u64 now)
{
	struct daxfs_group *group = daxfs_group(fs, 0);
	__u64 off = (__u64)daxfs_group_meta(fs, 0) << DAXFS_BLOCK_SHIFT;
	struct daxfs_inode *root = daxfs_at(fs, DAXFS_ROOT_OFF, sizeof(*root));
	struct daxfs_bucket *bucket = daxfs_at(fs, off, DAXFS_BLOCK);
	struct daxfs_dirent *room = (void *)(bucket + 1);

	memset(bucket, 0, DAXFS_BLOCK);
	bucket->magic = DAXFS_BUCKET_MAGIC;
	bucket->ino = DAXFS_ROOT;
	room->len = DAXFS_BLOCK - sizeof(*bucket);
	group->blocks[off >> DAXFS_BLOCK_SHIFT >> 6] |= 1ULL << ((off >> DAXFS_BLOCK_SHIFT) & 63);
	group->free_blocks--;
	root->gen = 1;
	root->nlink = 2;
	root->blocks = 1;
	root->atime = now;
	root->mtime = now;
	root->ctime = now;
	root->btime = now;
	root->parent = DAXFS_ROOT;
	root->map[0] = off | DAXFS_MAP_VALID;
	root->mode = S_IFDIR | 0755;
}

/* Where slots and records are, and where group 0 begins. */
static void lay_out(struct daxfs *fs, __u64 size, __u32 slots)
{
	fs->nr_slots = slots ?: size < SMALL ? 8 : SLOTS;
	fs->nr_ops = size < SMALL ? 8 : OPS;
	fs->slots = sizeof(struct daxfs_super);
	fs->ops = align_up(fs->slots + fs->nr_slots * sizeof(struct daxfs_slot), DAXFS_BLOCK);
	fs->first = fs->ops + fs->nr_slots * fs->nr_ops * sizeof(struct daxfs_record);
	if ((fs->first & (DAXFS_HUGE - 1)) + sizeof(struct daxfs_group) > DAXFS_HUGE)
		fs->first = align_up(fs->first, DAXFS_HUGE);
}

/* A last group that would be mostly head is left out. */
static __u64 without_rest(__u64 size)
{
	__u64 rest = size & (DAXFS_GROUP - 1);

	return rest < GROUP_MIN * DAXFS_BLOCK ? size - rest : size & ~(DAXFS_BLOCK - 1);
}

/**
 * daxfs_format() - make an empty file system
 * @fs:		piece and size are set
 * @params:	what it is like
 *
 * Nobody has it mounted.
 *
 * Return: 0; -EINVAL: the size or a number cannot be.
 */
int daxfs_format(struct daxfs *fs, const struct daxfs_params *params)
{
	__u64 size = without_rest(params->size), now = daxfs_now();
	struct daxfs_super *super;
	int err;

	if (size < DAXFS_SIZE_MIN || size > DAXFS_SIZE_MAX || size > fs->size ||
	    params->nr_slots > DAXFS_SLOTS_MAX)
		return -EINVAL;
	super = daxfs_super(fs);
	memset(super, 0, sizeof(*super));
	lay_out(fs, size, params->nr_slots);
	if (fs->first + GROUP_MIN * DAXFS_BLOCK > size)
		return -EINVAL;
	clear(fs, fs->slots, fs->first);
	super->size = size;
	err = format_groups(fs, 0, size);
	if (err)
		return err;
	format_root(fs, now);
	super->major = DAXFS_MAJOR;
	super->minor = DAXFS_MINOR;
	super->block_size = DAXFS_BLOCK;
	memcpy(super->uuid, params->uuid, sizeof(super->uuid));
	memcpy(super->label, params->label, sizeof(super->label));
	memcpy(super->hash_key, params->hash_key, sizeof(super->hash_key));
	super->created = now;
	super->nr_slots = fs->nr_slots;
	super->nr_ops = fs->nr_ops;
	super->slots = fs->slots;
	super->ops = fs->ops;
	super->first = fs->first;
	mk_peer_store_release(&super->magic, DAXFS_MAGIC);
	return 0;
}

/* Until all kernels can be given what is below @size. */
static int await_mapped(struct daxfs *fs, __u64 size)
{
	unsigned int tries = 0;
	struct daxfs_slot *slot;
	int err = 0;
	__u32 i;

	for (i = 0; !err && i < fs->nr_slots; i++) {
		slot = daxfs_slot(fs, i);
		while (!err && mk_peer_load(&slot->mapped) < size &&
		       DAXFS_SLOT_STATE(mk_peer_load_acquire(&slot->state)) == DAXFS_SLOT_LIVE)
			err = daxfs_pause(fs, tries++);
	}
	return err;
}

/**
 * daxfs_grow() - use more of a region
 * @fs:		joined; piece and size are the region's
 * @size:	bytes
 *
 * Return: 0; -EINVAL: it would shrink; -EIO: a kernel has not mapped it in time,
 * try again; -EINTR as daxfs_pause().
 */
int daxfs_grow(struct daxfs *fs, __u64 size)
{
	struct daxfs_super *super = daxfs_super(fs);
	struct daxfs_group *group;
	__u32 last;
	__u64 was;
	int err = daxfs_lock(fs, &super->grow);

	if (err)
		return err;
	was = mk_peer_load(&super->size);
	last = daxfs_nr_groups(fs) - 1;
	group = daxfs_group(fs, last);
	size = without_rest(size);
	err = -EINVAL;
	if (size < was || size > fs->size || !group)
		goto out;
	/* the new groups first: nobody looks at them before the size tells */
	err = await_mapped(fs, size) ?: format_groups(fs, last + 1, size);
	if (err)
		goto out;
	err = daxfs_lock(fs, &group->lock);
	if (err)
		goto out;
	mk_peer_store_release(&super->size, size);
	daxfs_group_count(fs, last);
	daxfs_unlock(fs, &group->lock);
out:
	daxfs_unlock(fs, &super->grow);
	return err;
}
