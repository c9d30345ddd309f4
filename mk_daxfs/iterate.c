// SPDX-License-Identifier: GPL-2.0
/* Reading directories. */
#include <linux/slab.h>

#include "internal.h"

#define DOTS	2	/* positions of "." and ".." */

/* The room for names is made at the first call. */
static struct daxfs_names *room(struct file *file)
{
	struct daxfs_names *names = file->private_data;

	if (!names) {
		names = kvmalloc(sizeof(*names), GFP_KERNEL_ACCOUNT);
		file->private_data = names;
	}
	return names;
}

static bool emit(struct dir_context *ctx, const struct daxfs_names *names)
{
	const struct daxfs_name *name;

	for (name = names->name; name < names->name + names->nr; name++) {
		if (!dir_emit(ctx, name->name, name->len, name->ino, name->type))
			return false;
		ctx->pos = name->pos + DOTS;
	}
	return true;
}

static int iterate(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file_inode(file);
	struct daxfs_names *names = room(file);
	int err;

	if (!names)
		return -ENOMEM;
	if (!dir_emit_dots(file, ctx))
		return 0;
	do {
		err = daxfs_readdir(mk_fs_core(dir), mk_fs_ref(dir), ctx->pos - DOTS, names);
		if (err)
			return err == -ESTALE ? 0 : err;
	} while (names->nr && emit(ctx, names));
	return 0;
}

/* Positions are hashes, see readdir.c. */
static loff_t seek(struct file *file, loff_t offset, int whence)
{
	return generic_file_llseek_size(file, offset, whence, S64_MAX, S64_MAX);
}

static int release(struct inode *inode, struct file *file)
{
	kvfree(file->private_data);
	return mk_fs_release(inode, file);
}

const struct file_operations mk_fs_dir_fops = {
	.open = mk_fs_open,
	.release = release,
	.llseek = seek,
	.read = generic_read_dir,
	.iterate_shared = iterate,
	.fsync = noop_fsync,
	.lock = mk_fs_lock,
	.flock = mk_fs_flock,
	COMPAT_NO_LEASES
};
