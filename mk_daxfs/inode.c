// SPDX-License-Identifier: GPL-2.0
/* Pure: inodes: attributes, who has them open, and their end. */
#include "fs.h"

/**
 * daxfs_read_begin() - wait until nobody changes an inode
 * @fs:		the file system
 * @inode:	the inode, or NULL
 * @seq:	out, for daxfs_read_again()
 *
 * Return: 0; -ESTALE: there is no such inode; or as daxfs_pause().
 */
int daxfs_read_begin(struct daxfs *fs, const struct daxfs_inode *inode, __u32 *seq)
{
	unsigned int tries;
	int err;

	if (!inode)
		return -ESTALE;
	for (tries = 0;; tries++) {
		*seq = mk_peer_load_acquire(&inode->seq);
		if (!(*seq & 1))
			return 0;
		err = daxfs_pause(fs, tries);
		if (err)
			return err;
	}
}

/**
 * daxfs_read_again() - did somebody change an inode since daxfs_read_begin()?
 * @fs:		the file system
 * @inode:	the inode
 * @seq:	from daxfs_read_begin()
 * @tries:	0 before the first time
 * @err:	what reading came to; as daxfs_pause() when that ends the tries
 *
 * Return: true when what was read may be wrong and is to be read again.
 */
bool daxfs_read_again(struct daxfs *fs, const struct daxfs_inode *inode, __u32 seq,
		      unsigned int *tries, int *err)
{
	int end;

	mk_peer_rmb();
	if (mk_peer_load(&inode->seq) == seq)
		return false;
	end = daxfs_pause(fs, (*tries)++);
	if (end)
		*err = end;
	return !end;
}

static struct daxfs_inode *inode_at(struct daxfs *fs, __u32 ino, __u64 *off)
{
	*off = daxfs_inode_off(fs, ino);
	return *off ? daxfs_at(fs, *off, sizeof(struct daxfs_inode)) : NULL;
}

static void copy_attr(struct daxfs_attr *attr, const struct daxfs_inode *inode)
{
	attr->ref.gen = mk_peer_load(&inode->gen);
	attr->mode = mk_peer_load(&inode->mode);
	attr->nlink = mk_peer_load(&inode->nlink);
	attr->uid = mk_peer_load(&inode->uid);
	attr->gid = mk_peer_load(&inode->gid);
	attr->size = mk_peer_load(&inode->size);
	attr->blocks = mk_peer_load(&inode->blocks);
	attr->atime = mk_peer_load(&inode->atime);
	attr->mtime = mk_peer_load(&inode->mtime);
	attr->ctime = mk_peer_load(&inode->ctime);
	attr->btime = mk_peer_load(&inode->btime);
	attr->xattr = mk_peer_load(&inode->xattr);
	attr->rdev = mk_peer_load(&inode->rdev);
	attr->flags = mk_peer_load(&inode->flags);
	attr->parent = mk_peer_load(&inode->parent);
}

/**
 * daxfs_getattr() - the attributes of an inode, all of one moment
 * @fs:		the file system
 * @ref:	which; gen 0: whatever has the number now
 * @attr:	out
 *
 * Return: 0; -ESTALE, or -ENOENT when @ref has no gen; or as daxfs_pause().
 */
int daxfs_getattr(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_attr *attr)
{
	__u64 off;
	const struct daxfs_inode *inode = inode_at(fs, ref.ino, &off);
	unsigned int tries = 0;
	int err;

	do {
		err = daxfs_read_begin(fs, inode, &attr->seq);
		if (err)
			return err;
		copy_attr(attr, inode);
	} while (daxfs_read_again(fs, inode, attr->seq, &tries, &err));
	if (err)
		return err;
	attr->ref.ino = ref.ino;
	if (!attr->mode)
		return ref.gen ? -ESTALE : -ENOENT;
	return ref.gen && ref.gen != attr->ref.gen ? -ESTALE : 0;
}

/* Locked; unlocked when it is another one by now. */
static int check_locked(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode *inode)
{
	if (mk_peer_load(&inode->gen) == ref.gen && mk_peer_load(&inode->mode))
		return 0;
	daxfs_unlock(fs, &inode->lock);
	return -ESTALE;
}

static int lock_inode(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode *inode)
{
	int err = inode ? daxfs_lock(fs, &inode->lock) : -ESTALE;

	return err ?: check_locked(fs, ref, inode);
}

/**
 * daxfs_inode_lock() - lock an inode
 * @fs:		joined
 * @ref:	which
 * @inode:	out
 * @off:	out: its offset
 *
 * Return: 0, -ESTALE, or as daxfs_lock().
 */
int daxfs_inode_lock(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode **inode,
		     __u64 *off)
{
	*inode = inode_at(fs, ref.ino, off);
	return lock_inode(fs, ref, *inode);
}

int daxfs_inode_lock_anyway(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode **inode,
			    __u64 *off)
{
	int err;

	*inode = inode_at(fs, ref.ino, off);
	err = *inode ? daxfs_lock_anyway(fs, &(*inode)->lock) : -ESTALE;
	return err ?: check_locked(fs, ref, *inode);
}

void daxfs_inode_unlock(struct daxfs *fs, struct daxfs_inode *inode)
{
	daxfs_unlock(fs, &inode->lock);
}

static void put_attr(struct daxfs_op *op, __u64 off, unsigned int set,
		     const struct daxfs_attr *attr)
{
	__u32 keep = ~(DAXFS_INO_IMMUTABLE | DAXFS_INO_APPEND);

	if (set & DAXFS_SET_MODE)
		DAXFS_PUT32(op, off, daxfs_inode, mode,
			    (DAXFS_GET32(op, off, daxfs_inode, mode) & S_IFMT) |
			    (attr->mode & ~S_IFMT));
	if (set & DAXFS_SET_UID)
		DAXFS_PUT32(op, off, daxfs_inode, uid, attr->uid);
	if (set & DAXFS_SET_GID)
		DAXFS_PUT32(op, off, daxfs_inode, gid, attr->gid);
	if (set & DAXFS_SET_ATIME)
		DAXFS_PUT(op, off, daxfs_inode, atime, attr->atime);
	if (set & DAXFS_SET_MTIME)
		DAXFS_PUT(op, off, daxfs_inode, mtime, attr->mtime);
	if (set & DAXFS_SET_FLAGS)
		DAXFS_PUT32(op, off, daxfs_inode, flags,
			    (DAXFS_GET32(op, off, daxfs_inode, flags) & keep) |
			    (attr->flags & ~keep));
	DAXFS_PUT(op, off, daxfs_inode, ctime,
		  set & DAXFS_SET_CTIME ? attr->ctime : daxfs_now());
}

/**
 * daxfs_setattr() - change attributes
 * @fs:		joined
 * @ref:	which inode
 * @set:	DAXFS_SET_*: which of them
 * @attr:	to what
 *
 * Return: 0, -ESTALE, or as daxfs_begin().
 */
int daxfs_setattr(struct daxfs *fs, struct daxfs_ref ref, unsigned int set,
		  const struct daxfs_attr *attr)
{
	struct daxfs_inode *inode;
	struct daxfs_op *op;
	__u64 off;
	int err = daxfs_inode_lock(fs, ref, &inode, &off);

	if (err)
		return err;
	err = daxfs_begin(fs, &op);
	if (!err) {
		daxfs_change(op, off);
		put_attr(op, off, set, attr);
		err = daxfs_commit(op);
	}
	daxfs_inode_unlock(fs, inode);
	return err;
}

/**
 * daxfs_touch_atime() - it was read
 * @fs:		joined
 * @ref:	which inode
 * @ns:		since 1970
 *
 * Return: 0 or -ESTALE.
 */
int daxfs_touch_atime(struct daxfs *fs, struct daxfs_ref ref, __u64 ns)
{
	__u64 off;
	struct daxfs_inode *inode = inode_at(fs, ref.ino, &off);

	if (!inode || mk_peer_load(&inode->gen) != ref.gen)
		return -ESTALE;
	/* of another inode in the worst case, and only its time */
	mk_peer_store(&inode->atime, ns);
	return 0;
}

/* Who mends takes bits away without the lock. */
static void set_open(struct daxfs *fs, struct daxfs_inode *inode, bool open)
{
	if (open)
		mk_peer_set_bit(fs->slot, &inode->open);
	else
		mk_peer_clear_bit(fs->slot, &inode->open);
}

/**
 * daxfs_open() - this kernel has an inode open
 * @fs:		joined
 * @ref:	which; the caller counts who else here has it open
 *
 * Return: 0, -ESTALE, or as daxfs_lock().
 */
int daxfs_open(struct daxfs *fs, struct daxfs_ref ref)
{
	__u64 off;
	struct daxfs_inode *inode = inode_at(fs, ref.ino, &off);
	int err;

	/* it was created open */
	if (inode && daxfs_is_ours(fs, inode) && mk_peer_load(&inode->gen) == ref.gen)
		return 0;
	err = lock_inode(fs, ref, inode);
	if (err)
		return err;
	set_open(fs, inode, true);
	daxfs_inode_unlock(fs, inode);
	return 0;
}

/* Nobody has it open.  Unlocks. */
static void closed(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode *inode, __u64 off)
{
	if (!mk_peer_load(&inode->nlink)) {
		daxfs_inode_release(fs, ref, inode);
		return;
	}
	if (mk_peer_load(&inode->flags) & DAXFS_INO_AHEAD)
		daxfs_trim(fs, ref, off, false);
	daxfs_inode_unlock(fs, inode);
}

/* Does it end with its last opener, or what is beyond its size? */
static bool ends_closed(const struct daxfs_inode *inode)
{
	return !mk_peer_load(&inode->nlink) || mk_peer_load(&inode->flags) & DAXFS_INO_AHEAD;
}

/**
 * daxfs_close() - this kernel has it open no more
 * @fs:		joined
 * @ref:	which
 *
 * Who takes the last name away looks for openers after it, and here it is the other way
 * round: at least one of them sees that both have gone.
 */
void daxfs_close(struct daxfs *fs, struct daxfs_ref ref)
{
	__u64 off;
	struct daxfs_inode *inode = inode_at(fs, ref.ino, &off);

	if (!inode || mk_peer_load(&inode->gen) != ref.gen)
		return;
	set_open(fs, inode, false);
	if (!ends_closed(inode) || daxfs_lock_anyway(fs, &inode->lock) ||
	    check_locked(fs, ref, inode))
		return;
	if (mk_peer_load(&inode->open))
		daxfs_inode_unlock(fs, inode);
	else
		closed(fs, ref, inode, off);
}

static void give_xattr(struct daxfs_op *op, __u64 off)
{
	__u64 xattr = DAXFS_GET(op, off, daxfs_inode, xattr);

	if (xattr)
		daxfs_give(op, xattr & ~(DAXFS_BLOCK - 1),
			   ((xattr & (DAXFS_BLOCK - 1)) + 1) << DAXFS_BLOCK_SHIFT);
	DAXFS_PUT(op, off, daxfs_inode, xattr, 0);
}

static void give_locks(struct daxfs_op *op, __u64 off)
{
	__u64 at = DAXFS_GET(op, off, daxfs_inode, locks);
	struct daxfs_flocks *locks;
	__u32 i;

	for (i = 0; at && daxfs_room(op, 8, 0, 2); i++) {
		locks = daxfs_at(op->fs, at, sizeof(*locks));
		if (!locks || at % DAXFS_BLOCK || at < op->fs->first) {
			daxfs_bad(op->fs, "file locks", at);
			break;
		}
		daxfs_give(op, at, DAXFS_BLOCK);
		at = mk_peer_load(&locks->next);
	}
	DAXFS_PUT(op, off, daxfs_inode, locks, 0);
}

/* Directories and what has nodes in its map: in operations of their own. */
static int release_blocks(struct daxfs *fs, struct daxfs_ref ref,
			  const struct daxfs_inode *inode, __u64 off)
{
	if (S_ISDIR(mk_peer_load(&inode->mode)))
		return daxfs_dir_free(fs, ref, off);
	return daxfs_inode_is_small(inode) ? 0 : daxfs_unmap(fs, ref, off, 0, ~0ULL, false);
}

/* Blocks that the inode itself names. */
static void give_direct(struct daxfs_op *op, const struct daxfs_inode *inode)
{
	__u32 i, mode = mk_peer_load(&inode->mode);
	__u64 entry;

	if (!S_ISREG(mode) && !(S_ISLNK(mode) && mk_peer_load(&inode->size) > sizeof(inode->link)))
		return;
	for (i = 0; i < DAXFS_DIRECT && mk_peer_load(&inode->blocks); i++) {
		entry = mk_peer_load(&inode->map[i]);
		if (DAXFS_MAP_OFF(entry) >= op->fs->first)
			daxfs_give(op, DAXFS_MAP_OFF(entry), DAXFS_BLOCK);
		else if (entry)
			op->err = op->err ?: daxfs_bad(op->fs, "entry of a map", entry);
	}
}

bool daxfs_inode_is_small(const struct daxfs_inode *inode)
{
	return !S_ISDIR(mk_peer_load(&inode->mode)) && !mk_peer_load(&inode->height);
}

void daxfs_inode_give(struct daxfs_op *op, const struct daxfs_inode *inode, __u64 off)
{
	daxfs_change(op, off);
	give_direct(op, inode);
	give_xattr(op, off);
	give_locks(op, off);
	daxfs_give(op, off, 0);
	DAXFS_PUT32(op, off, daxfs_inode, mode, 0);
	/* unlocked by the operation: after it the inode may be another's */
	DAXFS_PUT(op, off, daxfs_inode, lock, 0);
}

/**
 * daxfs_inode_release() - free an inode that has neither name nor opener
 * @fs:		joined
 * @ref:	which
 * @inode:	locked; not any more on return
 *
 * After an error it is left for the next daxfs_mend().
 *
 * Return: 0, -EUCLEAN, or as daxfs_begin().
 */
int daxfs_inode_release(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode *inode)
{
	__u64 off = daxfs_inode_off(fs, ref.ino);
	int err = release_blocks(fs, ref, inode, off);
	struct daxfs_op *op;

	err = err ?: daxfs_begin(fs, &op);
	if (err)
		goto out;
	/* after daxfs_unmap() it has no blocks, and its map no height */
	daxfs_inode_give(op, inode, off);
	err = daxfs_commit(op);
	if (!err)
		return 0;
out:
	daxfs_inode_unlock(fs, inode);
	return err;
}
