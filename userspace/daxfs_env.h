/* SPDX-License-Identifier: GPL-2.0 */
/* What mk_daxfs's core wants from a program. */
#ifndef DAXFS_ENV_H
#define DAXFS_ENV_H

#include "../mk_daxfs/fs.h"

/**
 * struct daxfs_env - daxfs.priv of a program, or NULL
 * @bad:	how often something made no sense
 * @tell:	called each time; NULL: nobody is told
 * @idle:	called while it waits, or NULL
 * @tries:	that a lock is waited for, 0: for about 30 seconds
 */
struct daxfs_env {
	unsigned long bad;
	void (*tell)(struct daxfs *fs, const char *what, __u64 off);
	void (*idle)(struct daxfs *fs);
	unsigned int tries;
};

#endif /* DAXFS_ENV_H */
