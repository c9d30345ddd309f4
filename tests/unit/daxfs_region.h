/* SPDX-License-Identifier: GPL-2.0 */
/* A region for tests of mk_daxfs: memory whose 2 MiB pieces lie apart. */
#ifndef DAXFS_REGION_H
#define DAXFS_REGION_H

#include "../../mk_daxfs/fs.h"

/* A new file system of @size bytes, which this program has joined. */
int region_new(struct daxfs *fs, __u64 size);
/* Likewise, with an empty file in it. */
int region_with_file(struct daxfs *fs, __u64 size, struct daxfs_ref *file);
/* Blocks that are not free. */
__u64 region_used(struct daxfs *fs);
/* Another one in the same memory: as another kernel's; boot tells them apart. */
int region_join(struct daxfs *fs, const struct daxfs *of, __u64 boot);
void region_delete(struct daxfs *fs);

/* Of daxfs_env.c, in a test that is linked with its own __wrap_* of them. */
int __real_daxfs_pause(struct daxfs *fs, unsigned int tries);
int __real_daxfs_yield(struct daxfs *fs);

#endif /* DAXFS_REGION_H */
