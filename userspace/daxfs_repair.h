/* SPDX-License-Identifier: GPL-2.0 */
/* What a check mends with operations, once it knows what there is. */
#ifndef DAXFS_REPAIR_H
#define DAXFS_REPAIR_H

#include "../mk_daxfs/fs.h"

/* What is to be done with an inode. */
enum daxfs_repair {
	DAXFS_RELEASE,		/* it has neither name nor opener */
	DAXFS_ADOPT,		/* it has no name: it gets one in /lost+found */
	DAXFS_EMPTY,		/* a directory whose names cannot be read begins anew */
	DAXFS_CUT,		/* a directory that is below itself loses its name */
};

/* daxfs_repair() - the file system is joined; -ENOENT: there is no such inode */
int daxfs_repair(struct daxfs *fs, __u32 ino, enum daxfs_repair what);

#endif /* DAXFS_REPAIR_H */
