// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: locks between kernels.  A lock's word names its owner and the epoch of
 * the owner's slot; when the slot has another epoch the lock is free.
 */
#include "fs.h"

/**
 * daxfs_owner_alive() - does the owner of a lock have to be waited for?
 * @fs:		the file system
 * @owner:	word of a lock, not 0
 *
 * A dead kernel's slot keeps its epoch until what it began is mended, so its
 * locks are waited for until then; only who mends takes them.
 *
 * Return: false when nobody holds the lock.
 */
bool daxfs_owner_alive(struct daxfs *fs, __u64 owner)
{
	struct daxfs_slot *slot = daxfs_slot(fs, DAXFS_OWNER_SLOT(owner));
	__u64 state;

	if (!slot)
		return false;
	state = mk_peer_load_acquire(&slot->state);
	if (DAXFS_SLOT_EPOCH(state) != DAXFS_OWNER_EPOCH(owner))
		return false;
	if (DAXFS_SLOT_STATE(state) == DAXFS_SLOT_DEAD)
		return !fs->mend;
	return DAXFS_SLOT_STATE(state) == DAXFS_SLOT_LIVE;
}

/* @anyway: also for who is to die */
static int lock(struct daxfs *fs, __u64 *word, bool anyway)
{
	unsigned int tries;
	__u64 owner;
	int err;

	for (tries = 0;; tries++) {
		owner = mk_peer_load(word);
		if ((!owner || !daxfs_owner_alive(fs, owner)) &&
		    mk_peer_cmpxchg(word, owner, fs->me) == owner)
			return 0;
		/* also when another was faster: who writes to it without end keeps nobody */
		err = daxfs_pause(fs, tries);
		if (err && !(anyway && err == -EINTR))
			return err;
	}
}

/**
 * daxfs_lock() - take a lock
 * @fs:		the file system, joined
 * @word:	the lock
 *
 * Threads of one kernel exclude each other, too.
 *
 * Return: 0, -EIO or -EINTR as daxfs_pause().
 */
int daxfs_lock(struct daxfs *fs, __u64 *word)
{
	return lock(fs, word, false);
}

/**
 * daxfs_lock_anyway() - likewise for what must be done, also by who is to die
 * @fs:		the file system, joined
 * @word:	the lock
 *
 * Return: 0 or -EIO.
 */
int daxfs_lock_anyway(struct daxfs *fs, __u64 *word)
{
	return lock(fs, word, true);
}

/**
 * daxfs_unlock() - let a lock go
 * @fs:		the file system
 * @word:	the lock
 */
void daxfs_unlock(struct daxfs *fs, __u64 *word)
{
	/* not when somebody has written over it */
	if (mk_peer_load(word) == fs->me)
		mk_peer_store_release(word, 0);
}
