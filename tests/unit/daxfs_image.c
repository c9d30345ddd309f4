// SPDX-License-Identifier: GPL-2.0
/*
 * daxfs_image FILE: an image of a region of 16 MiB, as a kernel left it that died
 * while it had two of ten files open, one without a name, and a file lock.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../mk_daxfs/fs.h"

#define SIZE	(16ULL << 20)

static __u64 fill(void *arg, void *to, __u64 len)
{
	memset(to, *(char *)arg, len);
	return len;
}

static int make_files(struct daxfs *fs)
{
	struct daxfs_new new = { .mode = S_IFREG | 0644 };
	struct daxfs_flock lock = { .kind = DAXFS_FLOCK_WRITE, .end = 99 };
	struct daxfs_ref root = { DAXFS_ROOT, 1 }, ref = { };
	char name[] = "file0";
	int err = 0;
	__u64 pos;

	for (; !err && name[4] <= '9'; name[4]++) {
		err = daxfs_create(fs, root, name, 5, &new, &ref);
		pos = 0;
		if (!err && daxfs_write(fs, ref, &pos, 100000, fill, name + 4) != 100000)
			err = -ENOSPC;
	}
	name[4] = '8';
	err = err ?: daxfs_open(fs, ref) ?: daxfs_flock_set(fs, ref, true, &lock, 1) ?:
	      daxfs_lookup(fs, root, name, 5, &ref, &new.mode) ?: daxfs_open(fs, ref);
	return err ?: daxfs_unlink(fs, root, name, 5, ref);
}

int main(int argc, char **argv)
{
	struct daxfs_params params = { .size = SIZE, .label = "image", .hash_key = { 1, 2 } };
	struct daxfs_who who = { .boot = 7, .id = 3, .name = "web" };
	static __u8 *piece[SIZE / DAXFS_HUGE];
	struct daxfs fs = { .piece = piece, .size = SIZE };
	int i, fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
	__u8 *at;

	if (fd < 0 || ftruncate(fd, SIZE))
		return 2;
	at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return 2;
	for (i = 0; i < (int)(SIZE / DAXFS_HUGE); i++)
		piece[i] = at + i * DAXFS_HUGE;
	if (daxfs_format(&fs, &params) || daxfs_attach(&fs))
		return 1;
	fs.op = calloc(fs.nr_ops, sizeof(*fs.op));
	if (!fs.op || daxfs_join(&fs, &who) || make_files(&fs) ||
	    daxfs_lock(&fs, &daxfs_super(&fs)->rename))
		return 1;
	return 0;
}
