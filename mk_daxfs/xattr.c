// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: extended attributes.  All of an inode are one piece that is written once;
 * a change writes another one and exchanges the pointer, so readers need no lock.
 */
#include "dir.h"

#define HEAD	((__u32)sizeof(struct daxfs_xattrs))
#define ENTRY	((__u32)sizeof(struct daxfs_xattr))
#define BOUNCE	256

/**
 * struct blob - the extended attributes of an inode
 * @fs:		the file system
 * @off:	their offset, 0: none
 * @end:	bytes up to their end
 */
struct blob {
	struct daxfs *fs;
	__u64 off;
	__u32 end;
};

/**
 * struct entry - one of them
 * @at:		bytes from the blob's start
 * @name_len:	bytes of the name, which is behind its head
 * @value_len:	bytes of the value, which is behind the name
 * @next:	where the next one is
 */
struct entry {
	__u32 at;
	__u32 name_len;
	__u32 value_len;
	__u32 next;
};

/* The piece of a blob that is mapped in one: where it is, *len is cut to it. */
static void *piece(struct daxfs *fs, __u64 off, __u32 *len)
{
	__u64 rest = DAXFS_HUGE - off % DAXFS_HUGE;

	if (*len > rest)
		*len = rest;
	return daxfs_at(fs, off, *len);
}

static int read_at(const struct blob *blob, __u32 at, void *to, __u32 len)
{
	__u8 *t = to;
	void *from;
	__u32 n;

	if (at > blob->end || len > blob->end - at)
		return -EUCLEAN;
	for (; len; len -= n, at += n, t += n) {
		n = len;
		from = piece(blob->fs, blob->off + at, &n);
		if (!from)
			return -EUCLEAN;
		mk_peer_copy(t, from, n);
	}
	return 0;
}

static int write_at(const struct blob *blob, __u32 at, const void *from, __u32 len)
{
	const __u8 *f = from;
	void *to;
	__u32 n;

	if (at > blob->end || len > blob->end - at)
		return -E2BIG;
	for (; len; len -= n, at += n, f += n) {
		n = len;
		to = piece(blob->fs, blob->off + at, &n);
		if (!to)
			return -EUCLEAN;
		mk_peer_copy(to, f, n);
	}
	return 0;
}

static __u32 blob_size(__u64 ptr)
{
	__u64 blocks = ptr ? ptr % DAXFS_BLOCK + 1 : 0;

	return blocks > DAXFS_XATTR_MAX / DAXFS_BLOCK ? 0 : blocks * DAXFS_BLOCK;
}

static int open_blob(struct daxfs *fs, const struct daxfs_inode *inode, struct blob *blob)
{
	__u64 ptr = mk_peer_load(&inode->xattr);
	struct daxfs_xattrs head;

	*blob = (struct blob){ .fs = fs, .off = DAXFS_MAP_OFF(ptr), .end = blob_size(ptr) };
	if (!ptr)
		return 0;
	if (!blob->off || read_at(blob, 0, &head, HEAD) || head.len > blob->end - HEAD)
		return -EUCLEAN;
	blob->end = HEAD + head.len;
	return 0;
}

static __u32 entry_size(__u32 name_len, __u32 value_len)
{
	return (ENTRY + name_len + value_len + 3) & ~3U;
}

/* 1: the entry at e->next; 0: there are no more */
static int next_entry(const struct blob *blob, struct entry *e)
{
	struct daxfs_xattr head;

	e->at = e->next;
	if (e->at == blob->end || !blob->off)
		return 0;
	if (read_at(blob, e->at, &head, ENTRY) || head.value_len > DAXFS_XATTR_MAX)
		return -EUCLEAN;
	e->name_len = head.name_len;
	e->value_len = head.value_len;
	e->next = e->at + entry_size(head.name_len, head.value_len);
	return e->next > blob->end || !e->name_len || e->name_len > DAXFS_NAME_MAX ? -EUCLEAN : 1;
}

/* 1: found; 0: there is none of this name */
static int find_entry(const struct blob *blob, const char *name, __u32 len, struct entry *e)
{
	char other[DAXFS_NAME_MAX];
	int err;

	e->next = HEAD;
	while ((err = next_entry(blob, e)) > 0) {
		if (e->name_len != len)
			continue;
		if (read_at(blob, e->at + ENTRY, other, len))
			return -EUCLEAN;
		if (!memcmp(name, other, len))
			return 1;
	}
	return err;
}

/* --- read ---------------------------------------------------------------------------- */

struct request {
	const char *name;
	__u32 name_len;
	char *to;
	__u32 size;
};

static int look_value(struct daxfs *fs, const struct daxfs_inode *inode, void *arg)
{
	struct request *r = arg;
	struct blob blob;
	struct entry e;
	int err = open_blob(fs, inode, &blob) ?: find_entry(&blob, r->name, r->name_len, &e);

	if (err <= 0)
		return err ?: -ENODATA;
	if (!r->size)
		return e.value_len;
	if (e.value_len > r->size)
		return -ERANGE;
	return read_at(&blob, e.at + ENTRY + e.name_len, r->to, e.value_len) ?: (int)e.value_len;
}

static int check_name(const char *name, __u32 *len)
{
	*len = strlen(name);
	return *len - 1 < DAXFS_NAME_MAX ? 0 : -ERANGE;
}

/**
 * daxfs_getxattr() - the value of an extended attribute
 * @fs:		the file system
 * @ref:	the inode
 * @name:	with its prefix
 * @value:	where to
 * @size:	bytes at most; 0: only asks how many there are
 *
 * Context: takes no lock.
 * Return: bytes; -ENODATA; -ERANGE: there are more; -ESTALE, -EUCLEAN; -EIO,
 * -EINTR as daxfs_pause().
 */
int daxfs_getxattr(struct daxfs *fs, struct daxfs_ref ref, const char *name, void *value,
		   __u32 size)
{
	struct request r = { .name = name, .to = value, .size = size };

	return check_name(name, &r.name_len) ?: daxfs_look(fs, ref, look_value, &r);
}

static int look_list(struct daxfs *fs, const struct daxfs_inode *inode, void *arg)
{
	struct request *r = arg;
	struct entry e = { .next = HEAD };
	struct blob blob;
	__u32 used = 0;
	int err = open_blob(fs, inode, &blob);

	if (err)
		return err;
	while ((err = next_entry(&blob, &e)) > 0) {
		used += e.name_len + 1;
		if (!r->size)
			continue;
		if (used > r->size)
			return -ERANGE;
		if (read_at(&blob, e.at + ENTRY, r->to + used - e.name_len - 1, e.name_len))
			return -EUCLEAN;
		r->to[used - 1] = 0;
	}
	return err ?: (int)used;
}

/**
 * daxfs_listxattr() - the names of all extended attributes
 * @fs:		the file system
 * @ref:	the inode
 * @list:	where to: each with its prefix and a NUL
 * @size:	bytes at most; 0: only asks how many there are
 *
 * Context: takes no lock.
 * Return: bytes; as daxfs_getxattr().
 */
int daxfs_listxattr(struct daxfs *fs, struct daxfs_ref ref, char *list, __u32 size)
{
	struct request r = { .to = list, .size = size };

	return daxfs_look(fs, ref, look_list, &r);
}

int daxfs_xattr_check(struct daxfs *fs, const struct daxfs_inode *inode)
{
	struct request r = { .size = 0 };
	int err = look_list(fs, inode, &r);

	return err < 0 ? err : 0;
}

/* --- write --------------------------------------------------------------------------- */

static int take_blob(struct daxfs_op *op, __u32 size, struct blob *blob, __u64 *ptr)
{
	__u64 blocks = (size + DAXFS_BLOCK - 1) / DAXFS_BLOCK;
	int err;

	if (size > DAXFS_XATTR_MAX)
		return -E2BIG;
	*blob = (struct blob){ .fs = op->fs, .end = size };
	err = daxfs_take_whole(op, blocks * DAXFS_BLOCK, &blob->off);
	*ptr = err ? 0 : blob->off | (blocks - 1);
	return err;
}

int daxfs_xattr_store(struct daxfs_op *op, const struct daxfs_xattrs *xattrs, __u64 *ptr,
		      __u64 *blocks)
{
	struct blob blob;
	int err;

	if (xattrs->len > DAXFS_XATTR_MAX - HEAD)
		return -E2BIG;
	err = take_blob(op, HEAD + xattrs->len, &blob, ptr) ?:
	      write_at(&blob, 0, xattrs, blob.end);
	*blocks = blob_size(*ptr) / DAXFS_BLOCK;
	return err;
}

/* @len bytes from one blob to the end of another one. */
static int append(struct blob *to, __u32 *at, const struct blob *from, __u32 pos, __u32 len)
{
	char bounce[BOUNCE];
	__u32 n;
	int err;

	for (; len; len -= n, pos += n, *at += n) {
		n = len < BOUNCE ? len : BOUNCE;
		err = read_at(from, pos, bounce, n) ?: write_at(to, *at, bounce, n);
		if (err)
			return err;
	}
	return 0;
}

struct change {
	const char *name;
	__u32 name_len;
	const void *value;
	__u32 value_len;
};

static int append_new(struct blob *to, __u32 at, const struct change *c)
{
	struct daxfs_xattr head = { .name_len = c->name_len, .value_len = c->value_len };
	__u32 used = ENTRY + c->name_len + c->value_len;

	return write_at(to, at, &head, ENTRY) ?:
	       write_at(to, at + ENTRY, c->name, c->name_len) ?:
	       write_at(to, at + ENTRY + c->name_len, c->value, c->value_len) ?:
	       write_at(to, at + used, "\0\0", entry_size(c->name_len, c->value_len) - used);
}

/* All of @old but @skip, and then the new one. */
static int write_blob(struct blob *to, const struct blob *old, const struct entry *skip,
		      const struct change *c)
{
	struct daxfs_xattrs head = { .len = to->end - HEAD };
	struct entry e = { .next = HEAD };
	__u32 at = HEAD;
	int err;

	while ((err = next_entry(old, &e)) > 0) {
		if (e.at == skip->at)
			continue;
		err = append(to, &at, old, e.at, e.next - e.at);
		if (err)
			return err;
		head.nr++;
	}
	if (!err && c->value) {
		err = append_new(to, at, c);
		head.nr++;
	}
	return err ?: write_at(to, 0, &head, HEAD);
}

/* Another blob, which is none when nothing is left. */
static int exchange(struct daxfs_op *op, __u64 inode_off, const struct blob *old,
		    const struct entry *skip, const struct change *c)
{
	__u64 was = DAXFS_GET(op, inode_off, daxfs_inode, xattr), ptr = 0;
	__u32 size = old->off ? old->end : HEAD;
	struct blob new;
	__s64 blocks;
	int err = 0;

	if (skip->at)
		size -= skip->next - skip->at;
	if (c->value)
		size += entry_size(c->name_len, c->value_len);
	if (size > HEAD)
		err = take_blob(op, size, &new, &ptr) ?: write_blob(&new, old, skip, c);
	if (err)
		return err;
	blocks = (__s64)blob_size(ptr) - blob_size(was);
	if (was)
		daxfs_give(op, DAXFS_MAP_OFF(was), blob_size(was));
	DAXFS_PUT(op, inode_off, daxfs_inode, xattr, ptr);
	DAXFS_PUT(op, inode_off, daxfs_inode, blocks,
		  DAXFS_GET(op, inode_off, daxfs_inode, blocks) + blocks / (__s64)DAXFS_BLOCK);
	DAXFS_PUT(op, inode_off, daxfs_inode, ctime, daxfs_now());
	daxfs_change(op, inode_off);
	return 0;
}

/* The inode is locked. */
static int set_locked(struct daxfs *fs, const struct daxfs_inode *inode, __u64 off,
		      const struct change *c, unsigned int flags)
{
	struct daxfs_op *op;
	struct entry e = { .at = 0 };
	struct blob old;
	int err = open_blob(fs, inode, &old) ?: find_entry(&old, c->name, c->name_len, &e);

	if (err < 0)
		return daxfs_bad(fs, "extended attributes", off);
	if (err && flags & DAXFS_XATTR_CREATE)
		return -EEXIST;
	if (!err && (flags & DAXFS_XATTR_REPLACE || !c->value))
		return -ENODATA;
	if (!err)
		e.at = 0;
	err = daxfs_begin(fs, &op);
	if (err)
		return err;
	err = exchange(op, off, &old, &e, c);
	if (!err)
		return daxfs_commit(op);
	daxfs_abort(op);
	return err;
}

/**
 * daxfs_setxattr() - set or remove an extended attribute
 * @fs:		the file system, joined
 * @ref:	the inode
 * @name:	with its prefix
 * @value:	any bytes; NULL: remove it
 * @size:	their number
 * @flags:	DAXFS_XATTR_*
 *
 * Context: takes the inode's lock.
 * Return: 0; -EEXIST, -ENODATA; -E2BIG: more than DAXFS_XATTR_MAX in all; -ERANGE:
 * the name; -ENOSPC, -ESTALE, -EUCLEAN; -EIO, -EINTR as daxfs_pause().
 */
int daxfs_setxattr(struct daxfs *fs, struct daxfs_ref ref, const char *name, const void *value,
		   __u32 size, unsigned int flags)
{
	struct change c = { .name = name, .value = value, .value_len = value ? size : 0 };
	struct daxfs_inode *inode;
	__u64 off;
	int err = check_name(name, &c.name_len);

	if (err)
		return err;
	if (size > DAXFS_XATTR_MAX)
		return -E2BIG;
	err = daxfs_inode_lock(fs, ref, &inode, &off);
	if (err)
		return err;
	err = set_locked(fs, inode, off, &c, flags);
	daxfs_inode_unlock(fs, inode);
	return err;
}
