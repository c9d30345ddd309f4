/* SPDX-License-Identifier: GPL-2.0 */
/* Does all of a daxfs fit together? */
#ifndef DAXFS_CHECK_H
#define DAXFS_CHECK_H

#include "../mk_daxfs/fs.h"

/**
 * struct daxfs_check - what is looked for, and what was found
 * @tell:	called with a sentence for each problem, up to DAXFS_CHECK_TOLD; or NULL
 * @arg:	for @tell
 * @repair:	mend what can be mended; the file system is joined
 * @found:	out: problems
 * @repaired:	out: of these, mended
 * @files:	out: inodes that are no directories
 * @dirs:	out: directories
 * @names:	out: names of both
 * @used:	out: blocks that they have
 */
struct daxfs_check {
	void (*tell)(void *arg, const char *text);
	void *arg;
	bool repair;
	__u64 found;
	__u64 repaired;
	__u64 files;
	__u64 dirs;
	__u64 names;
	__u64 used;
};

#define DAXFS_CHECK_TOLD	1000

/**
 * daxfs_check() - look at every block and every inode
 * @fs:		attached; when it is joined, operations wait meanwhile
 * @check:	see above
 *
 * What one repair brings to light the next check finds: repeat it until nothing
 * is found.
 *
 * Return: 0, whatever was found; -ENOMEM; -EIO, -EINTR: somebody does not stop.
 */
int daxfs_check(struct daxfs *fs, struct daxfs_check *check);

#endif /* DAXFS_CHECK_H */
