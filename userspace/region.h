/* SPDX-License-Identifier: GPL-2.0 */
/* A region, and the file system in it, for the verbs of "mkctl fs". */
#ifndef MKCTL_REGION_H
#define MKCTL_REGION_H

#include <sys/stat.h>

#include "daxfs_env.h"
#include "mkctl.h"

/**
 * struct region - an open region and what it last said
 * @fd:		its descriptor
 * @label:	"region NAME", for errors
 * @q:		the answer; its arrays are @extents and @permits
 */
struct region {
	int fd;
	char label[MK_NAME_SIZE + 16];
	struct mk_region_query q;
	struct mk_extent extents[MK_MAX_EXTENTS];
	struct mk_permit permits[MK_MAX_PERMITS];
};

void region_close(struct region *r);

#define _cleanup_region_ __attribute__((cleanup(region_close)))
#define REGION_NONE { .fd = -1 }

/* Opens by name or number and asks it. 0 or an exit code. */
int region_open(const char *name, struct region *r);
int region_query(struct region *r);

/* Lets an instance use it, or with MK_MODE_NONE no longer. 0 or an exit code. */
int region_permit(struct region *r, const struct mk_permit *p);

/* What the instance of this name may: MK_MODE_*. */
__u32 region_permitted(const struct region *r, const char *name);

/* --- fs_map.c: the file system in a region or a file ------------------------ */

enum fs_access {
	FS_LOOK,	/* read only */
	FS_COPY,	/* a file: what is written is lost; others: as FS_WRITE */
	FS_WRITE,
};

/**
 * struct fs_map - a file system that is mapped
 * @fs:		it; attached by fs_map_open() alone
 * @env:	what the core wants, its priv
 * @region:	where it is a region
 * @fd:		of the file, or of the region
 * @is_file:	it is an image in a file, or a device
 * @is_dax:	that is a device-dax: like a region, it is only mapped shared
 * @label:	"region NAME" or the path, for errors
 * @addr:	of the mapping
 * @len:	bytes of it
 * @what:	the first thing that made no sense, or NULL
 * @off:	where
 */
struct fs_map {
	struct daxfs fs;
	struct daxfs_env env;
	struct region region;
	int fd;
	bool is_file;
	bool is_dax;
	const char *label;
	void *addr;
	size_t len;
	const char *what;
	__u64 off;
};

void fs_unmap(struct fs_map *m);

#define _cleanup_fs_map_ __attribute__((cleanup(fs_unmap)))
#define FS_MAP_NONE { .fd = -1, .region = REGION_NONE }

/* @word: a path when it has a slash, else a region. 0 or an exit code. */
int fs_map_open(const char *word, enum fs_access access, struct fs_map *m);

/* What fs_map_open() is made of: find, map, attach. */
int fs_map_find(const char *word, enum fs_access access, struct fs_map *m);
int fs_map_memory(enum fs_access access, struct fs_map *m);

/* @size bytes of a region's descriptor, not attached. */
int fs_map_fd(int fd, __u64 size, const char *label, struct fs_map *m);

/* Bytes of a device-dax; 0: it is none. */
__u64 fs_dax_size(const struct stat *st);

/* Says in words what an errno of the core means; an exit code. */
int fs_map_failed(const struct fs_map *m, int err, const char *verb);

/* Becomes one of the kernels that have it, as @name. 0 or a negative errno. */
int fs_map_join(struct fs_map *m, const char *name, __u64 boot);
void fs_map_leave(struct fs_map *m);

/* A number for fs_map_join(): of a program, not of a kernel. */
__u64 fs_map_boot(void);

/* --- the verbs ----------------------------------------------------------------- */

int fs_inspect(const struct args *a);
int fs_check(const struct args *a);

/*
 * fs_fill.c: fills the new region with a directory's, an archive's or an image's
 * content. 0 or an exit code.
 */
int fs_fill(const char *region, const char *from);

#endif /* MKCTL_REGION_H */
