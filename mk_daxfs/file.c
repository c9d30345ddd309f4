// SPDX-License-Identifier: GPL-2.0
/*
 * Reading and writing: straight from and to the region.  Nothing is copied while a
 * page fault could wait, because others wait for SRCU readers and locks of the core.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "internal.h"

#define CHUNK	(4U << 20)	/* bytes that are written under one lock */

static u64 size_of(const struct mk_fs_node *node)
{
	return mk_peer_load_acquire(&node->raw->size);
}

/* --- read ---------------------------------------------------------------------- */

/* Bytes that were copied, 0 at the end; *want: that were to be copied. */
static ssize_t copy_out(struct mk_fs_node *node, u64 pos, struct iov_iter *to, u64 *want)
{
	struct daxfs *fs = mk_fs_core(&node->vfs);
	u64 size = size_of(node), at = pos % DAXFS_BLOCK;
	struct daxfs_run run;
	const void *from;
	size_t done;
	int err;

	*want = 0;
	if (pos >= size)
		return 0;
	*want = min_t(u64, iov_iter_count(to), size - pos);
	err = daxfs_map(fs, node->ref, pos, *want, &run);
	if (err)
		return err;
	*want = min(*want, run.len - at);
	if (!run.off) {
		pagefault_disable();
		done = iov_iter_zero(*want, to);
		pagefault_enable();
		return done;
	}
	run.off += at;
	*want = min(*want, DAXFS_HUGE - run.off % DAXFS_HUGE);
	from = daxfs_at(fs, run.off, *want);
	if (!from)
		return daxfs_bad(fs, "map of inode", node->ref.ino);
	pagefault_disable();
	/* who writes meanwhile, here or in another kernel, is the programs' affair */
	done = data_race(copy_to_iter(from, *want, to));
	pagefault_enable();
	return done;
}

static ssize_t read_some(struct mk_fs_node *node, u64 pos, struct iov_iter *to)
{
	struct mk_fs *fs = mk_fs(node->vfs.i_sb);
	ssize_t done;
	u64 want;
	int idx;

	for (;;) {
		idx = srcu_read_lock(&fs->readers);
		done = copy_out(node, pos, to, &want);
		srcu_read_unlock(&fs->readers, idx);
		if (done || !want)
			return done;
		if (fault_in_iov_iter_writeable(to, want) == want)
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
}

static ssize_t file_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct mk_fs_node *node = mk_fs_node(file_inode(iocb->ki_filp));
	ssize_t done = 0, n = 0;

	while (iov_iter_count(to)) {
		n = read_some(node, iocb->ki_pos, to);
		if (n <= 0)
			break;
		iocb->ki_pos += n;
		done += n;
		cond_resched();
	}
	mk_fs_accessed(iocb->ki_filp);
	return done ?: n;
}

/* --- write ------------------------------------------------------------------------ */

static u64 copy_in(void *arg, void *to, u64 len)
{
	u64 done;

	pagefault_disable();
	/* as in copy_out() */
	done = data_race(copy_from_iter(to, len, arg));
	pagefault_enable();
	return done;
}

static ssize_t write_some(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	size_t before = iov_iter_count(from), want = min_t(size_t, before, CHUNK), gone;
	u64 pos = iocb->ki_flags & IOCB_APPEND ? DAXFS_APPEND : iocb->ki_pos;
	s64 done;

	do {
		if (fault_in_iov_iter_readable(from, want) == want)
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
		done = daxfs_write(mk_fs_core(inode), mk_fs_ref(inode), &pos, want, copy_in, from);
	} while (!done);
	gone = before - iov_iter_count(from);
	if (gone > max_t(s64, done, 0))
		iov_iter_revert(from, gone - max_t(s64, done, 0));
	if (done > 0)
		iocb->ki_pos = pos + done;
	return done;
}

/* Only then is there a privilege that a write takes away. */
static int remove_privs(struct file *file)
{
	struct inode *inode = file_inode(file);
	const struct daxfs_inode *raw = mk_fs_node(inode)->raw;

	if (!mk_peer_load(&raw->xattr) && !(mk_peer_load(&raw->mode) & (S_ISUID | S_ISGID)))
		return 0;
	return mk_fs_refresh(inode, true) ?: file_remove_privs(file);
}

static ssize_t file_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t done = 0, n;

	if (iocb->ki_flags & IOCB_NOWAIT)
		return -EAGAIN;
	inode_lock(inode);
	i_size_write(inode, size_of(mk_fs_node(inode)));
	n = generic_write_checks(iocb, from);
	if (n > 0)
		n = remove_privs(iocb->ki_filp) ?: (ssize_t)iov_iter_count(from);
	while (n > 0 && iov_iter_count(from)) {
		n = write_some(iocb, from);
		if (n > 0)
			done += n;
		cond_resched();
	}
	i_size_write(inode, size_of(mk_fs_node(inode)));
	inode_unlock(inode);
	return done ?: n;
}

/* --- the rest -------------------------------------------------------------------------- */

static loff_t file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	loff_t most = inode->i_sb->s_maxbytes;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek_size(file, offset, whence, most,
						size_of(mk_fs_node(inode)));
	if (offset < 0)
		return -ENXIO;
	offset = daxfs_seek(mk_fs_core(inode), mk_fs_ref(inode), offset, whence == SEEK_HOLE);
	return offset < 0 ? offset : vfs_setpos(file, offset, most);
}

static long file_fallocate(struct file *file, int mode, loff_t from, loff_t len)
{
	const int removes = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
	struct inode *inode = file_inode(file);
	u64 since = mk_fs_grace_number(inode);
	long err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | removes))
		return -EOPNOTSUPP;
	inode_lock(inode);
	err = mk_fs_refresh(inode, true);
	if (!err && !(mode & FALLOC_FL_KEEP_SIZE))
		err = inode_newsize_ok(inode, from + len);
	err = err ?: file_modified(file);
	if (!err) {
		filemap_invalidate_lock(inode->i_mapping);
		err = daxfs_fallocate(mk_fs_core(inode), mk_fs_ref(inode), mode, from, len);
		if (mode & removes)
			unmap_mapping_range(inode->i_mapping, from, len, 0);
		filemap_invalidate_unlock(inode->i_mapping);
		mk_fs_grace_wait(inode, since);
	}
	mk_fs_refresh(inode, true);
	inode_unlock(inode);
	mk_fs_grace_freed(mk_fs(inode->i_sb));
	return err;
}

const struct file_operations mk_fs_file_fops = {
	.open = mk_fs_open,
	.release = mk_fs_release,
	.llseek = file_llseek,
	.read_iter = file_read,
	.write_iter = file_write,
	.splice_read = COMPAT_SPLICE_READ,
	.splice_write = iter_file_splice_write,
	.mmap = mk_fs_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
	.fallocate = file_fallocate,
	.fsync = noop_fsync,
	.lock = mk_fs_lock,
	.flock = mk_fs_flock,
	COMPAT_NO_LEASES
};
