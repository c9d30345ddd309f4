// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: file locks that hold between kernels.  Each kernel says which of an inode
 * it holds for its processes; those of a dead one are void.
 */
#include "dir.h"

#define BLOCKS	64	/* of one inode */

/* All records of an inode, which is locked, one after the other. */
struct cursor {
	struct daxfs *fs;
	__u64 block;
	struct daxfs_flocks *at;
	__u32 index;
	__u32 blocks;
};

static void rewind_to(struct cursor *c, struct daxfs *fs, const struct daxfs_inode *inode)
{
	*c = (struct cursor){ .fs = fs, .block = mk_peer_load(&inode->locks) };
}

/* The next record; NULL: the end, or what makes no sense, see *err. */
static struct daxfs_flock *next_lock(struct cursor *c, int *err)
{
	*err = 0;
	if (c->at && c->index == DAXFS_FLOCKS) {
		c->block = mk_peer_load(&c->at->next);
		c->index = 0;
		c->at = NULL;
	}
	if (!c->at) {
		if (!c->block)
			return NULL;
		c->at = daxfs_at(c->fs, c->block, DAXFS_BLOCK);
		if (!c->at || c->block % DAXFS_BLOCK || c->block < c->fs->first ||
		    c->blocks++ == BLOCKS) {
			*err = daxfs_bad(c->fs, "file locks", c->block);
			return NULL;
		}
	}
	return &c->at->lock[c->index++];
}

static bool is_posix(__u32 kind)
{
	return kind == DAXFS_FLOCK_READ || kind == DAXFS_FLOCK_WRITE;
}

static bool is_exclusive(__u32 kind)
{
	return kind == DAXFS_FLOCK_WRITE || kind == DAXFS_FLOCK_EXCLUSIVE;
}

static bool conflicts(const struct daxfs_flock *want, const struct daxfs_flock *held)
{
	return is_posix(want->kind) == is_posix(held->kind) &&
	       (is_exclusive(want->kind) || is_exclusive(held->kind)) &&
	       want->start <= held->end && held->start <= want->end;
}

static void copy_lock(struct daxfs_flock *to, const struct daxfs_flock *from)
{
	*to = (struct daxfs_flock){
		.owner = mk_peer_load(&from->owner), .kind = mk_peer_load(&from->kind),
		.start = mk_peer_load(&from->start), .end = mk_peer_load(&from->end),
	};
}

/* 1: another kernel's lock stands against one of @want */
static int find_conflict(struct daxfs *fs, const struct daxfs_inode *inode,
			 const struct daxfs_flock *want, __u32 nr, struct daxfs_flock *found)
{
	struct daxfs_flock *lock;
	struct cursor c;
	__u32 i;
	int err;

	rewind_to(&c, fs, inode);
	while ((lock = next_lock(&c, &err))) {
		copy_lock(found, lock);
		if (!found->owner || found->owner == fs->me)
			continue;
		for (i = 0; i < nr; i++)
			if (conflicts(&want[i], found) && daxfs_owner_alive(fs, found->owner))
				return 1;
	}
	return err;
}

/* May the record be written over, when this kernel's of a kind are set anew? */
static bool is_free(struct daxfs *fs, const struct daxfs_flock *lock, bool posix)
{
	__u64 owner = mk_peer_load(&lock->owner);

	if (owner == fs->me)
		return is_posix(mk_peer_load(&lock->kind)) == posix;
	return !owner || !daxfs_owner_alive(fs, owner);
}

static int add_block(struct daxfs *fs, __u64 off)
{
	struct daxfs_flocks *block;
	struct daxfs_op *op;
	__u64 at;
	int err = daxfs_begin(fs, &op);

	if (err)
		return err;
	err = daxfs_take_whole(op, DAXFS_BLOCK, &at);
	if (err) {
		daxfs_abort(op);
		return err;
	}
	block = daxfs_at(fs, at, DAXFS_BLOCK);
	memset(block, 0, DAXFS_BLOCK);
	block->next = DAXFS_GET(op, off, daxfs_inode, locks);
	DAXFS_PUT(op, off, daxfs_inode, locks, at);
	DAXFS_PUT(op, off, daxfs_inode, blocks, DAXFS_GET(op, off, daxfs_inode, blocks) + 1);
	daxfs_change(op, off);
	return daxfs_commit(op);
}

/* Room for @nr records of this kernel. */
static int make_room(struct daxfs *fs, const struct daxfs_inode *inode, __u64 off, bool posix,
		     __u32 nr)
{
	const struct daxfs_flock *lock;
	struct cursor c;
	int err = 0;

	rewind_to(&c, fs, inode);
	while (nr && (lock = next_lock(&c, &err)))
		nr -= is_free(fs, lock, posix);
	while (!err && nr) {
		if (c.blocks++ == BLOCKS)
			return -ENOLCK;
		err = add_block(fs, off);
		nr -= nr < DAXFS_FLOCKS ? nr : DAXFS_FLOCKS;
	}
	/* flock() and fcntl() know no other word for it */
	return err == -ENOSPC ? -ENOLCK : err;
}

/* Who dies here holds none of them any more. */
static void store_lock(struct daxfs *fs, struct daxfs_flock *lock, const struct daxfs_flock *want)
{
	mk_peer_store(&lock->kind, want->kind);
	mk_peer_store(&lock->start, want->start);
	mk_peer_store(&lock->end, want->end);
	mk_peer_store_release(&lock->owner, fs->me);
}

/* Write them where there is room; *left: locks that there are then, of all kernels. */
static int write_locks(struct daxfs *fs, const struct daxfs_inode *inode, bool posix,
		       const struct daxfs_flock *want, __u32 nr, __u32 *left)
{
	struct daxfs_flock *lock;
	struct cursor c;
	int err;

	*left = nr;
	rewind_to(&c, fs, inode);
	while ((lock = next_lock(&c, &err))) {
		if (!is_free(fs, lock, posix)) {
			++*left;
			continue;
		}
		mk_peer_store(&lock->owner, 0);
		if (nr)
			store_lock(fs, lock, &want[--nr]);
	}
	return err;
}

static int give_blocks(struct daxfs *fs, const struct daxfs_inode *inode, __u64 off)
{
	__u64 blocks = 0;
	struct daxfs_op *op;
	struct cursor c;
	int err = daxfs_begin(fs, &op);

	if (err)
		return err;
	rewind_to(&c, fs, inode);
	while (next_lock(&c, &err)) {
		daxfs_give(op, c.block, DAXFS_BLOCK);
		c.index = DAXFS_FLOCKS;
		blocks++;
	}
	if (err) {
		daxfs_abort(op);
		return err;
	}
	DAXFS_PUT(op, off, daxfs_inode, locks, 0);
	DAXFS_PUT(op, off, daxfs_inode, blocks,
		  DAXFS_GET(op, off, daxfs_inode, blocks) - blocks);
	daxfs_change(op, off);
	return daxfs_commit(op);
}

static int set_locked(struct daxfs *fs, const struct daxfs_inode *inode, __u64 off, bool posix,
		      const struct daxfs_flock *locks, __u32 nr)
{
	struct daxfs_flock found;
	__u32 left;
	int err = find_conflict(fs, inode, locks, nr, &found);

	if (err)
		return err < 0 ? err : -EAGAIN;
	err = make_room(fs, inode, off, posix, nr) ?:
	      write_locks(fs, inode, posix, locks, nr, &left);
	if (err || left || !mk_peer_load(&inode->locks))
		return err;
	return give_blocks(fs, inode, off);
}

/**
 * daxfs_flock_set() - which file locks this kernel holds on an inode
 * @fs:		the file system, joined
 * @ref:	the inode
 * @posix:	those of fcntl(), else those of flock()
 * @locks:	all of them; owner is not looked at
 * @nr:		their number
 *
 * Context: takes the inode's lock, also when the caller is to die: it may let them go.
 * Return: 0; -EAGAIN: another kernel's stands against one, and nothing has changed;
 * -ENOLCK: too many, or no block for them; -ESTALE, -EUCLEAN; -EIO, -EINTR as
 * daxfs_pause().
 */
int daxfs_flock_set(struct daxfs *fs, struct daxfs_ref ref, bool posix,
		    const struct daxfs_flock *locks, __u32 nr)
{
	struct daxfs_inode *inode;
	__u64 off;
	int err = daxfs_inode_lock_anyway(fs, ref, &inode, &off);

	if (err)
		return err;
	err = set_locked(fs, inode, off, posix, locks, nr);
	daxfs_inode_unlock(fs, inode);
	return err;
}

/**
 * daxfs_flock_test() - does another kernel's file lock stand against one?
 * @fs:		the file system, joined
 * @ref:	the inode
 * @want:	the lock
 * @found:	out: the other one
 *
 * Context: takes the inode's lock.
 * Return: 1: so it is; 0; -ESTALE, -EUCLEAN; -EIO, -EINTR as daxfs_pause().
 */
int daxfs_flock_test(struct daxfs *fs, struct daxfs_ref ref, const struct daxfs_flock *want,
		     struct daxfs_flock *found)
{
	struct daxfs_inode *inode;
	__u64 off;
	int err = daxfs_inode_lock(fs, ref, &inode, &off);

	if (err)
		return err;
	err = find_conflict(fs, inode, want, 1, found);
	daxfs_inode_unlock(fs, inode);
	return err;
}
