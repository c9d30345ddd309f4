// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: a file system is attached, joined by a kernel, left, and mended after a
 * kernel that died.
 */
#include "fs.h"

/* --- attach -------------------------------------------------------------------- */

static int check_super(struct daxfs *fs, const struct daxfs_super *super)
{
	__u64 size = mk_peer_load(&super->size), end;

	if (fs->nr_slots - 1 >= DAXFS_SLOTS_MAX || fs->nr_ops - 1 >= DAXFS_OPS_MAX)
		return daxfs_bad(fs, "number of slots", 0);
	if (size < DAXFS_SIZE_MIN || size > fs->size || size % DAXFS_BLOCK)
		return daxfs_bad(fs, "size", 0);
	end = fs->slots + fs->nr_slots * sizeof(struct daxfs_slot);
	if (fs->slots != sizeof(*super) || fs->ops % DAXFS_BLOCK || fs->ops < end)
		return daxfs_bad(fs, "place of slots", fs->slots);
	end = fs->nr_slots * fs->nr_ops * sizeof(struct daxfs_record);
	if (fs->ops > size || fs->first % DAXFS_BLOCK || fs->first > size ||
	    fs->first < fs->ops + end || fs->first >= DAXFS_GROUP / 2 ||
	    !daxfs_at(fs, fs->first, sizeof(struct daxfs_group)))
		return daxfs_bad(fs, "place of records", fs->ops);
	return 0;
}

static int check_groups(struct daxfs *fs)
{
	__u32 i, nr = daxfs_nr_groups(fs);
	struct daxfs_group *group;

	for (i = 0; i < nr; i++) {
		group = daxfs_group(fs, i);
		if (!group || mk_peer_load(&group->magic) != DAXFS_GROUP_MAGIC)
			return daxfs_bad(fs, "group", daxfs_group_off(fs, i));
		if (daxfs_group_meta(fs, i) >= daxfs_group_blocks(fs, i))
			return daxfs_bad(fs, "size of group", daxfs_group_off(fs, i));
	}
	return 0;
}

/**
 * daxfs_attach() - check super block and all groups
 * @fs:		piece and size are set
 *
 * Return: 0; -EINVAL: no daxfs; -EPROTONOSUPPORT: one that we do not know;
 * -EUCLEAN.
 */
int daxfs_attach(struct daxfs *fs)
{
	const struct daxfs_super *super;
	int err;

	if (fs->size < DAXFS_SIZE_MIN)
		return -EINVAL;
	super = daxfs_super(fs);
	if (mk_peer_load_acquire(&super->magic) != DAXFS_MAGIC)
		return -EINVAL;
	if (mk_peer_load(&super->major) != DAXFS_MAJOR || mk_peer_load(&super->incompat) ||
	    mk_peer_load(&super->block_size) != DAXFS_BLOCK)
		return -EPROTONOSUPPORT;
	fs->nr_slots = mk_peer_load(&super->nr_slots);
	fs->nr_ops = mk_peer_load(&super->nr_ops);
	fs->slots = mk_peer_load(&super->slots);
	fs->ops = mk_peer_load(&super->ops);
	fs->first = mk_peer_load(&super->first);
	fs->key[0] = mk_peer_load(&super->hash_key[0]);
	fs->key[1] = mk_peer_load(&super->hash_key[1]);
	fs->me = 0;
	fs->mend = false;
	err = check_super(fs, super);
	return err ?: check_groups(fs);
}

/* --- join and leave ---------------------------------------------------------------- */

static void introduce(struct daxfs *fs, struct daxfs_slot *slot, const struct daxfs_who *who)
{
	__u32 epoch = DAXFS_SLOT_EPOCH(mk_peer_load(&slot->state)) + 1;

	mk_peer_store(&slot->id, who->id);
	mk_peer_store(&slot->flags, who->flags);
	mk_peer_store(&slot->joined, daxfs_now());
	memcpy(slot->name, who->name, sizeof(slot->name));
	slot->name[sizeof(slot->name) - 1] = 0;
	mk_peer_store(&slot->mapped, fs->size);
	mk_peer_store(&slot->grace, mk_peer_load(&daxfs_super(fs)->grace));
	mk_peer_store_release(&slot->state, (__u64)epoch << 32 | DAXFS_SLOT_LIVE);
	fs->me = DAXFS_OWNER(fs->slot, epoch);
	/* blocks that were freed meanwhile wait for us, too */
	mk_peer_mb();
	mk_peer_store(&slot->grace, mk_peer_load(&daxfs_super(fs)->grace));
}

/* Whoever grows it has not seen us: what we have mapped may be too little. */
static bool is_growing(struct daxfs *fs)
{
	__u64 owner = mk_peer_load(&daxfs_super(fs)->grow);

	return (owner && daxfs_owner_alive(fs, owner)) ||
	       mk_peer_load(&daxfs_super(fs)->size) > fs->size;
}

/**
 * daxfs_join() - become one of the kernels that have it
 * @fs:		attached; @op is set
 * @who:	this kernel
 *
 * Return: 0; -EPROTONOSUPPORT: it has features that who writes must know; -EUSERS: no
 * slot is free; -EAGAIN: it grows, map and attach it again;
 * -EIO, -EINTR as daxfs_pause().
 */
int daxfs_join(struct daxfs *fs, const struct daxfs_who *who)
{
	struct daxfs_super *super = daxfs_super(fs);
	struct daxfs_slot *slot = NULL;
	__u32 i;
	int err;

	if (mk_peer_load(&super->ro_compat))
		return -EPROTONOSUPPORT;
	for (i = 0; i < fs->nr_slots; i++) {
		slot = daxfs_slot(fs, i);
		/* its boot is what claims it: whoever buries us finds it */
		if (!mk_peer_load(&slot->boot) && !mk_peer_cmpxchg(&slot->boot, 0, who->boot))
			break;
	}
	if (!slot || i == fs->nr_slots)
		return -EUSERS;
	fs->slot = i;
	fs->group = i % daxfs_nr_groups(fs);	/* few kernels have the first slots */
	fs->busy = 0;
	fs->left = true;	/* perhaps: daxfs_reap() looks once */
	introduce(fs, slot, who);
	err = is_growing(fs) ? -EAGAIN : daxfs_lock(fs, &super->recover);
	if (err) {
		daxfs_leave(fs);
		return err;
	}
	daxfs_adopt(fs);
	daxfs_unlock(fs, &super->recover);
	return 0;
}

static void set_free(struct daxfs_slot *slot)
{
	__u64 state = mk_peer_load(&slot->state);

	mk_peer_store_release(&slot->state, (state & ~0xffffffffULL) + (1ULL << 32));
	mk_peer_store_release(&slot->boot, 0);
}

/**
 * daxfs_leave() - give the slot back
 * @fs:		joined; nothing runs, nothing is open
 */
void daxfs_leave(struct daxfs *fs)
{
	fs->me = 0;
	set_free(daxfs_slot(fs, fs->slot));
}

/**
 * daxfs_mapped() - tell that more of the region is mapped
 * @fs:		joined; piece and size have grown
 */
void daxfs_mapped(struct daxfs *fs)
{
	mk_peer_store_release(&daxfs_slot(fs, fs->slot)->mapped, mk_peer_load(&fs->size));
}

/**
 * daxfs_pass() - this kernel uses nothing any more that was freed up to now
 * @fs:		joined
 * @grace:	what super.grace was before the caller made sure
 */
void daxfs_pass(struct daxfs *fs, __u64 grace)
{
	mk_peer_store_release(&daxfs_slot(fs, fs->slot)->grace, grace);
}

/* --- after a dead kernel ----------------------------------------------------------- */

/**
 * daxfs_bury() - a kernel is halted
 * @fs:		attached
 * @boot:	which
 *
 * Return: slots that it had; daxfs_mend() makes them free.
 */
int daxfs_bury(struct daxfs *fs, __u64 boot)
{
	struct daxfs_slot *slot;
	__u64 state;
	int nr = 0;
	__u32 i;

	for (i = 0; i < fs->nr_slots; i++) {
		slot = daxfs_slot(fs, i);
		state = mk_peer_load_acquire(&slot->state);
		if (!boot || mk_peer_load(&slot->boot) != boot)
			continue;
		/* another may have buried and mended, and a third joined meanwhile */
		nr += mk_peer_cmpxchg(&slot->state, state, (state & ~0xffffffffULL) |
				      DAXFS_SLOT_DEAD) == state;
	}
	return nr;
}

static __u64 the_dead(struct daxfs *fs)
{
	__u64 dead = 0;
	__u32 i;

	for (i = 0; i < fs->nr_slots; i++)
		if (DAXFS_SLOT_STATE(mk_peer_load(&daxfs_slot(fs, i)->state)) == DAXFS_SLOT_DEAD)
			dead |= 1ULL << i;
	return dead;
}

static void count_again(struct daxfs *fs)
{
	__u32 i, nr = daxfs_nr_groups(fs);
	struct daxfs_group *group;

	for (i = 0; i < nr; i++) {
		group = daxfs_group(fs, i);
		if (daxfs_lock(fs, &group->lock))
			continue;
		daxfs_group_count(fs, i);
		daxfs_unlock(fs, &group->lock);
	}
}

static void close_for(struct daxfs *fs, __u64 dead)
{
	struct daxfs_inode *inode;
	__u32 ino = 0;
	__u64 open;

	for (; (inode = daxfs_next_inode(fs, &ino)); ino++)
		for (open = mk_peer_load(&inode->open) & dead; open; open &= open - 1)
			mk_peer_clear_bit(__builtin_ctzll(open), &inode->open);
}

static bool has_ended(const struct daxfs_inode *inode)
{
	return !mk_peer_load(&inode->nlink) && !mk_peer_load(&inode->open);
}

/* Is something beyond its end to be cut?  What was taken ahead, when nobody has it open. */
static bool is_to_be_cut(const struct daxfs_inode *inode)
{
	__u32 flags = mk_peer_load(&inode->flags);

	return flags & DAXFS_INO_TRUNC ||
	       (flags & DAXFS_INO_AHEAD && !mk_peer_load(&inode->open));
}

/* What has neither name nor opener goes; what was to be cut is cut. */
static void finish_inodes(struct daxfs *fs)
{
	struct daxfs_inode *inode;
	struct daxfs_ref ref;
	__u64 off;

	for (ref.ino = 0; (inode = daxfs_next_inode(fs, &ref.ino)); ref.ino++) {
		if (!mk_peer_load_acquire(&inode->mode) ||
		    (!is_to_be_cut(inode) && !has_ended(inode)))
			continue;
		ref.gen = mk_peer_load(&inode->gen);
		if (daxfs_inode_lock(fs, ref, &inode, &off))
			continue;
		if (is_to_be_cut(inode))
			daxfs_trim(fs, ref, off, mk_peer_load(&inode->open));
		if (has_ended(inode))
			daxfs_inode_release(fs, ref, inode);
		else
			daxfs_inode_unlock(fs, inode);
	}
}

/**
 * daxfs_mend() - finish or undo what dead kernels left
 * @fs:		joined
 *
 * Who dies here leaves it to the next one.
 *
 * Return: 0, -EIO or -EINTR as daxfs_pause().
 */
int daxfs_mend(struct daxfs *fs)
{
	struct daxfs as = *fs;	/* takes locks of the dead */
	__u64 dead, *lock = &daxfs_super(fs)->recover;
	__u32 s, i;
	int err;

	as.mend = true;
	err = daxfs_lock(&as, lock);
	if (err)
		return err;
	dead = the_dead(fs);
	for (s = 0; s < fs->nr_slots; s++)
		for (i = 0; dead >> s & 1 && i < fs->nr_ops; i++)
			daxfs_mend_op(&as, s, i);
	if (dead) {
		count_again(&as);
		close_for(&as, dead);
	}
	for (s = 0; s < fs->nr_slots; s++)
		if (dead >> s & 1)
			set_free(daxfs_slot(fs, s));
	fs->left = true;
	daxfs_unlock(fs, lock);
	finish_inodes(fs);
	return 0;
}
