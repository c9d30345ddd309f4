// SPDX-License-Identifier: GPL-2.0
/*
 * Files whose pages the kernel still uses after the last process has closed them: I/O
 * that goes on, a pipe that has them.  Such a file stays open for the other kernels,
 * which free the blocks of files that nobody has open at once.
 */
#include <linux/delay.h>

#include "internal.h"

#define PATIENCE_MS	30000	/* when it is unmounted */
#define PAUSE_MS	20

static bool is_pinned(struct inode *inode)
{
	u64 pos = 0, size = mk_peer_load(&mk_fs_node(inode)->raw->size);
	struct mk_fs *fs = mk_fs(inode->i_sb);
	/* more there cannot be in a file that makes sense */
	u64 tries = fs->core.size / DAXFS_BLOCK;
	struct daxfs_run run;

	for (; pos < size && tries--; pos += run.len) {
		if (daxfs_map(&fs->core, mk_fs_ref(inode), pos, size - pos, &run))
			return false;
		if (run.off && mk_fs_pinned(fs, run.off, run.len))
			return true;
		cond_resched();
	}
	return false;
}

/**
 * mk_fs_pins_keep() - the last process closes a file that was mapped
 * @inode:	file; node->lock is held
 *
 * Context: sleeps.
 * Return: true when pages of it are in use: it is one more opener.
 */
bool mk_fs_pins_keep(struct inode *inode)
{
	struct mk_fs_node *node = mk_fs_node(inode);
	struct mk_fs *fs = mk_fs(inode->i_sb);

	lockdep_assert_held(&node->lock);
	if (!node->mapped)
		return false;
	node->mapped = is_pinned(inode);
	if (!node->mapped)
		return false;
	ihold(inode);
	spin_lock(&fs->pins_lock);
	list_add(&node->pinned, &fs->pins);
	spin_unlock(&fs->pins_lock);
	return true;
}

static struct mk_fs_node *first(struct mk_fs *fs)
{
	struct mk_fs_node *node;

	spin_lock(&fs->pins_lock);
	node = list_first_entry_or_null(&fs->pins, struct mk_fs_node, pinned);
	if (node)
		list_del(&node->pinned);
	spin_unlock(&fs->pins_lock);
	return node;
}

/**
 * mk_fs_pins_look() - close what is in use no more
 * @fs:		file system
 *
 * Context: sleeps; one caller at a time.
 * Return: are there others?
 */
bool mk_fs_pins_look(struct mk_fs *fs)
{
	struct mk_fs_node *node;
	bool others = false;
	LIST_HEAD(rest);

	while ((node = first(fs))) {
		if (is_pinned(&node->vfs)) {
			list_add(&node->pinned, &rest);
			others = true;
			continue;
		}
		mk_fs_release(&node->vfs, NULL);
		iput(&node->vfs);
	}
	spin_lock(&fs->pins_lock);
	list_splice(&rest, &fs->pins);
	spin_unlock(&fs->pins_lock);
	return others;
}

/**
 * mk_fs_pins_end() - it is unmounted
 * @fs:		file system, whose inodes are still there
 *
 * What is in use after that is lost, see mk_fs_pages_unmap().
 *
 * Context: sleeps.
 */
void mk_fs_pins_end(struct mk_fs *fs)
{
	struct mk_fs_node *node;
	unsigned int ms;

	for (ms = 0; ms < PATIENCE_MS && mk_fs_pins_look(fs); ms += PAUSE_MS)
		msleep(PAUSE_MS);
	while ((node = first(fs))) {
		node->mapped = false;
		mk_fs_release(&node->vfs, NULL);
		iput(&node->vfs);
	}
}
