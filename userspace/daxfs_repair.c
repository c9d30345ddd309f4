// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "../mk_daxfs/dir.h"
#include "daxfs_repair.h"

#define FOUND		"lost+found"
#define STEPS		64	/* splits until a bucket has room */

static int release(struct daxfs *fs, struct daxfs_ref ref)
{
	struct daxfs_inode *inode;
	__u64 off;
	int err = daxfs_inode_lock(fs, ref, &inode, &off);

	if (err)
		return err;
	if (!mk_peer_load(&inode->nlink) && !mk_peer_load(&inode->open))
		return daxfs_inode_release(fs, ref, inode);
	daxfs_inode_unlock(fs, inode);
	return 0;
}

/* The next check frees the blocks that it had. */
static int empty(struct daxfs *fs, struct daxfs_ref ref)
{
	struct daxfs_inode *inode;
	struct daxfs_op *op;
	__u64 off, bucket;
	int err = daxfs_inode_lock(fs, ref, &inode, &off);

	if (err)
		return err;
	err = daxfs_begin(fs, &op);
	if (err)
		goto out;
	err = daxfs_dir_init(op, ref.ino, &bucket);
	if (err) {
		daxfs_abort(op);
		goto out;
	}
	DAXFS_PUT(op, off, daxfs_inode, map[0], bucket | DAXFS_MAP_VALID);
	DAXFS_PUT(op, off, daxfs_inode, map[1], 0);
	DAXFS_PUT(op, off, daxfs_inode, size, 0);
	DAXFS_PUT(op, off, daxfs_inode, blocks, 1);
	DAXFS_PUT32(op, off, daxfs_inode, height, 0);
	daxfs_change(op, off);
	err = daxfs_commit(op);
out:
	daxfs_inode_unlock(fs, inode);
	return err;
}

static int find_found(struct daxfs *fs, struct daxfs_ref *dir)
{
	const struct daxfs_new new = { .mode = S_IFDIR | 0700 };
	struct daxfs_attr root;
	__u32 type;
	int err = daxfs_getattr(fs, (struct daxfs_ref){ DAXFS_ROOT, 0 }, &root);

	err = err ? err : daxfs_lookup(fs, root.ref, FOUND, strlen(FOUND), dir, &type);
	if (err == -ENOENT)
		err = daxfs_create(fs, root.ref, FOUND, strlen(FOUND), &new, dir);
	return err;
}

/* In a locked directory; the next check counts the links. */
static int add_name(struct daxfs *fs, struct daxfs_ref dir, struct daxfs_inode *inode, __u64 off,
		    const struct daxfs_attr *it)
{
	__u64 word = DAXFS_DIRENT(it->ref.ino, it->ref.gen, (it->mode & S_IFMT) >> 12);
	struct daxfs_place place;
	struct daxfs_op *op;
	char name[16];
	__u32 len = snprintf(name, sizeof(name), "#%u", it->ref.ino);
	int steps, err = 0;

	for (steps = 0; !err && steps < STEPS; steps++) {
		err = daxfs_dir_find(fs, inode, dir.ino, name, len, &place);
		if (err != -ENOENT || place.room)
			break;
		err = daxfs_dir_room(fs, inode, off, dir.ino, place.hash);
	}
	if (err != -ENOENT)
		return err;
	err = daxfs_begin(fs, &op);
	if (err)
		return err;
	daxfs_dir_add(op, &place, name, len, word);
	DAXFS_PUT(op, off, daxfs_inode, size, DAXFS_GET(op, off, daxfs_inode, size) + 1);
	if (S_ISDIR(it->mode))
		DAXFS_PUT32(op, daxfs_inode_off(fs, it->ref.ino), daxfs_inode, parent, dir.ino);
	daxfs_change(op, off);
	return daxfs_commit(op);
}

static int adopt(struct daxfs *fs, const struct daxfs_attr *it)
{
	struct daxfs_inode *inode;
	struct daxfs_ref dir;
	__u64 off;
	int err = find_found(fs, &dir);

	err = err ? err : daxfs_inode_lock(fs, dir, &inode, &off);
	if (err)
		return err;
	err = add_name(fs, dir, inode, off, it);
	daxfs_inode_unlock(fs, inode);
	return err;
}

/* The name of @it in its parent goes; then it is adopted. */
static int cut(struct daxfs *fs, const struct daxfs_attr *it, struct daxfs_names *names)
{
	struct daxfs_ref dir = { .ino = it->parent };
	struct daxfs_place place;
	struct daxfs_inode *inode;
	struct daxfs_attr attr;
	struct daxfs_name *name;
	__u64 off, pos = 0;
	__u32 i;
	int err = daxfs_getattr(fs, dir, &attr);

	if (err)
		return err;
	dir.gen = attr.ref.gen;
	while (!(err = daxfs_readdir(fs, dir, pos, names)) && names->nr)
		for (i = 0; i < names->nr; i++) {
			name = &names->name[i];
			pos = name->pos;
			if (name->ino != it->ref.ino)
				continue;
			err = daxfs_inode_lock(fs, dir, &inode, &off);
			if (err)
				return err;
			/* the next check counts what is left */
			if (!daxfs_dir_find(fs, inode, dir.ino, name->name, name->len, &place))
				mk_peer_store((__u64 *)daxfs_at(fs, place.off, 8), 0);
			daxfs_inode_unlock(fs, inode);
			return 0;
		}
	return err ? err : -ENOENT;
}

int daxfs_repair(struct daxfs *fs, __u32 ino, enum daxfs_repair what)
{
	struct daxfs_names *names;
	struct daxfs_attr attr;
	int err = daxfs_getattr(fs, (struct daxfs_ref){ .ino = ino }, &attr);

	if (err)
		return err;
	switch (what) {
	case DAXFS_RELEASE:
		return release(fs, attr.ref);
	case DAXFS_ADOPT:
		return adopt(fs, &attr);
	case DAXFS_EMPTY:
		return empty(fs, attr.ref);
	case DAXFS_CUT:
		names = malloc(sizeof(*names));
		err = names ? cut(fs, &attr, names) : -ENOMEM;
		free(names);
		return err;
	}
	return -EINVAL;
}
