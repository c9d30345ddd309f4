// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <sys/mman.h>

#include "daxfs_env.h"
#include "daxfs_region.h"

/* It maps nothing, and reads nothing while it waits. */
static void pass(struct daxfs *fs)
{
	if (fs->me)
		daxfs_pass(fs, daxfs_super(fs)->grace);
}

static struct daxfs_env env = { .idle = pass };

int region_join(struct daxfs *fs, const struct daxfs *of, __u64 boot)
{
	struct daxfs_who who = { .boot = boot, .name = "test" };
	int err;

	*fs = *of;
	fs->op = NULL;
	fs->priv = fs->priv ? fs->priv : &env;
	err = daxfs_attach(fs);
	if (err)
		return err;
	fs->op = calloc(fs->nr_ops, sizeof(*fs->op));
	err = daxfs_join(fs, &who);
	if (err) {
		free(fs->op);
		fs->op = NULL;
	}
	return err;
}

int region_new(struct daxfs *fs, __u64 size)
{
	struct daxfs_params params = { .size = size, .label = "test", .hash_key = { 1, 2 } };
	__u64 i, nr = size / DAXFS_HUGE;
	int err;

	memset(fs, 0, sizeof(*fs));
	fs->size = size;
	fs->piece = calloc(nr, sizeof(*fs->piece));
	for (i = 0; i < nr; i++) {
		fs->piece[i] = mmap(NULL, DAXFS_HUGE, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (fs->piece[i] == MAP_FAILED)
			return -ENOMEM;
	}
	err = daxfs_format(fs, &params);
	return err ? err : region_join(fs, fs, 1);
}

int region_with_file(struct daxfs *fs, __u64 size, struct daxfs_ref *file)
{
	const struct daxfs_ref root = { DAXFS_ROOT, 1 };
	struct daxfs_new new = { .mode = S_IFREG };
	int err = region_new(fs, size);

	return err ? err : daxfs_create(fs, root, "f", 1, &new, file);
}

__u64 region_used(struct daxfs *fs)
{
	struct daxfs_stat st;

	daxfs_statfs(fs, &st);
	return st.blocks - st.free_blocks;
}

void region_delete(struct daxfs *fs)
{
	__u64 i;

	for (i = 0; i < fs->size / DAXFS_HUGE; i++)
		munmap(fs->piece[i], DAXFS_HUGE);
	free(fs->piece);
	free(fs->op);
}
