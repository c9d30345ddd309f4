// SPDX-License-Identifier: GPL-2.0
/*
 * File locks of processes: this kernel's among themselves by the VFS, and the sum
 * of them in the region against those of other kernels.
 *
 * The region is told of a lock before the VFS grants it, and of what is left
 * afterwards: then nothing has to be taken back when another kernel stands against it.
 */
#include <linux/delay.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "internal.h"

#define WAIT_LEAST	1	/* ms between tries */
#define WAIT_MOST	50

static bool is_posix(const struct file_lock *fl)
{
	return compat_fl(fl, flags) & FL_POSIX;
}

static u32 kind_of(const struct file_lock *fl)
{
	bool write = compat_fl(fl, type) == F_WRLCK;

	if (is_posix(fl))
		return write ? DAXFS_FLOCK_WRITE : DAXFS_FLOCK_READ;
	return write ? DAXFS_FLOCK_EXCLUSIVE : DAXFS_FLOCK_SHARED;
}

static struct daxfs_flock as_core(struct daxfs *fs, const struct file_lock *fl)
{
	return (struct daxfs_flock){
		.owner = fs->me,
		.kind = kind_of(fl),
		.start = fl->fl_start,
		.end = fl->fl_end,
	};
}

/* --- what this kernel holds ------------------------------------------------------ */

static u32 gather(struct inode *inode, bool posix, struct daxfs_flock *locks, u32 room)
{
	struct file_lock_context *ctx = locks_inode_context(inode);
	struct file_lock *fl;
	u32 nr = 0;

	if (!ctx)
		return 0;
	spin_lock(&ctx->flc_lock);
	list_for_each_entry(fl, posix ? &ctx->flc_posix : &ctx->flc_flock, compat_fl_list) {
		if (nr < room)
			locks[nr] = as_core(mk_fs_core(inode), fl);
		nr++;
	}
	spin_unlock(&ctx->flc_lock);
	return nr;
}

/* Let the region have all of them, and @more. */
static int tell(struct inode *inode, bool posix, const struct file_lock *more)
{
	struct daxfs_flock *locks;
	u32 nr, room = gather(inode, posix, NULL, 0) + 1;
	int err;

	lockdep_assert_held(&mk_fs_node(inode)->flocks);
	locks = kvcalloc(room, sizeof(*locks), GFP_KERNEL);
	if (!locks)
		return -ENOMEM;
	nr = gather(inode, posix, locks, room - 1);
	nr = min(nr, room - 1);
	if (more)
		locks[nr++] = as_core(mk_fs_core(inode), more);
	err = daxfs_flock_set(mk_fs_core(inode), mk_fs_ref(inode), posix, locks, nr);
	kvfree(locks);
	return err;
}

/* With more @flags than it has, and without FL_SLEEP unless that is one. */
static int apply(struct file *file, struct file_lock *fl, unsigned int flags)
{
	unsigned int was = compat_fl(fl, flags);
	int err;

	compat_fl(fl, flags) = (was & ~FL_SLEEP) | flags;
	err = locks_lock_inode_wait(file_inode(file), fl);
	compat_fl(fl, flags) = was;
	return err;
}

/* Does one of this kernel stand against it?  With FL_SLEEP: wait until none does. */
static int ask_here(struct file *file, struct file_lock *fl, unsigned int sleep)
{
	return apply(file, fl, FL_ACCESS | sleep);
}

/* As flock() converts a lock: the one that there was goes, whatever comes of it. */
static void drop(struct file *file, struct file_lock *fl)
{
	int type = compat_fl(fl, type);

	compat_fl(fl, type) = F_UNLCK;
	apply(file, fl, 0);
	compat_fl(fl, type) = type;
	tell(file_inode(file), false, NULL);
}

/* Other kernels are not told of what this one does not grant. */
static int try_lock(struct file *file, struct file_lock *fl)
{
	struct inode *inode = file_inode(file);
	struct mk_fs_node *node = mk_fs_node(inode);
	bool unlock = compat_fl(fl, type) == F_UNLCK;
	int err;

	mutex_lock(&node->flocks);
	err = unlock ? 0 : ask_here(file, fl, 0) ?: tell(inode, is_posix(fl), fl);
	if (err == -EAGAIN && !is_posix(fl))
		drop(file, fl);
	if (!err) {
		err = apply(file, fl, 0);
		if (tell(inode, is_posix(fl), NULL) && !err && unlock)
			err = -ENOLCK;
	}
	mutex_unlock(&node->flocks);
	return err;
}

static int nap(unsigned int *ms)
{
	if (msleep_interruptible(*ms) || signal_pending(current))
		return -ERESTARTSYS;
	*ms = min(*ms * 2, (unsigned int)WAIT_MOST);
	return 0;
}

/*
 * The VFS wakes who waits for a lock of this kernel, or finds that it would wait for
 * ever.  Who waits for another kernel's tries again: nobody tells when that lets it go.
 */
static int set_lock(struct file *file, struct file_lock *fl)
{
	bool sleep = compat_fl(fl, flags) & FL_SLEEP;
	unsigned int ms = WAIT_LEAST;
	int err;

	while ((err = try_lock(file, fl)) == -EAGAIN && sleep) {
		err = ask_here(file, fl, 0) ? ask_here(file, fl, FL_SLEEP) : nap(&ms);
		if (err)
			break;
	}
	return err;
}

/* --- what the VFS asks ------------------------------------------------------------- */

static int test_lock(struct file *file, struct file_lock *fl)
{
	struct inode *inode = file_inode(file);
	struct daxfs *fs = mk_fs_core(inode);
	struct daxfs_flock want = as_core(fs, fl), found;
	int ret;

	posix_test_lock(file, fl);
	if (compat_fl(fl, type) != F_UNLCK)
		return 0;
	ret = daxfs_flock_test(fs, mk_fs_ref(inode), &want, &found);
	if (ret <= 0)
		return ret;
	compat_fl(fl, type) = found.kind == DAXFS_FLOCK_WRITE ? F_WRLCK : F_RDLCK;
	/* a process of another kernel: its slot */
	compat_fl(fl, pid) = -(pid_t)(DAXFS_OWNER_SLOT(found.owner) + 1);
	fl->fl_start = min_t(u64, found.start, OFFSET_MAX);
	fl->fl_end = min_t(u64, found.end, OFFSET_MAX);
	return 0;
}

int mk_fs_lock(struct file *file, int cmd, struct file_lock *fl)
{
	if (!is_posix(fl))
		return -ENOLCK;
	return IS_GETLK(cmd) ? test_lock(file, fl) : set_lock(file, fl);
}

int mk_fs_flock(struct file *file, int cmd, struct file_lock *fl)
{
	return compat_fl(fl, flags) & FL_FLOCK ? set_lock(file, fl) : -ENOLCK;
}
