// SPDX-License-Identifier: GPL-2.0
/*
 * Names.  Another kernel may change any of them at any time.  A directory's node->known
 * is its seq, and in the upper half a number that no other directory has: names
 * that are looked up get it as d_time.  While the region's seq is the known one they are
 * right.  What this kernel changes takes the seq along: it changes its dentries itself.
 * After a change by another kernel the directory gets another number, and its names are
 * asked for again.
 */
#include <linux/namei.h>

#include "internal.h"

#define ASK_AGAIN	0	/* of d_time: no number of a directory */
#define TRIES		100	/* of a name that is another one each time */

static atomic_t numbers;

static u32 changes(const struct inode *dir)
{
	return mk_peer_load_acquire(&mk_fs_node(dir)->raw->seq);
}

/* Its @seq is known from now on, if @was still stands.  Return: its number, or ASK_AGAIN. */
static u32 know(struct inode *dir, u64 was, u32 seq, bool same)
{
	u32 number = same ? was >> 32 : atomic_inc_return(&numbers);

	return cmpxchg64(&mk_fs_node(dir)->known, was, (u64)number << 32 | seq) == was ?
	       number : ASK_AGAIN;
}

/* For names that are looked up after this. */
static u32 number_of(struct inode *dir)
{
	u64 known = READ_ONCE(mk_fs_node(dir)->known);
	u32 seq = changes(dir);

	if ((u32)known == seq)
		return known >> 32;
	return seq & 1 ? ASK_AGAIN : know(dir, known, seq, false);
}

/* For names that this kernel has changed. */
static u32 number_after(struct inode *dir, const struct daxfs_span *span)
{
	u64 known = READ_ONCE(mk_fs_node(dir)->known);

	if (span->to == span->from || span->to & 1)
		return ASK_AGAIN;
	mk_fs_named(dir, span);
	return know(dir, known, span->to, (u32)known == span->from);
}

static bool is_same(const struct inode *inode, struct daxfs_ref ref)
{
	struct daxfs_ref own = mk_fs_ref(inode);

	return own.ino == ref.ino && own.gen == ref.gen;
}

/* --- lookup ------------------------------------------------------------------ */

static int find(struct inode *dir, const struct qstr *name, struct inode **inode)
{
	struct daxfs_ref ref;
	int err, tries = 0;
	u32 type;

	do {
		err = daxfs_lookup(mk_fs_core(dir), mk_fs_ref(dir), name->name, name->len, &ref,
				   &type);
		if (err)
			return err;
		/* -ESTALE: it has been removed since */
		*inode = mk_fs_iget(dir->i_sb, ref);
	} while (*inode == ERR_PTR(-ESTALE) && ++tries < TRIES);
	return PTR_ERR_OR_ZERO(*inode);
}

/* @inode is what has the name, NULL: none; @number of its directory, before it was asked for */
static struct dentry *add(struct dentry *dentry, struct inode *inode, u32 number)
{
	struct dentry *other;

	dentry->d_time = number;
	other = d_splice_alias(inode, dentry);
	if (!IS_ERR_OR_NULL(other))
		other->d_time = ASK_AGAIN;
	return other;
}

static struct dentry *lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = NULL;
	u32 number = number_of(dir);
	int err = find(dir, &dentry->d_name, &inode);

	if (err && err != -ENOENT)
		return ERR_PTR(err);
	return add(dentry, err ? NULL : inode, number);
}

static int ask(struct inode *dir, const struct qstr *name, struct dentry *dentry,
	       unsigned int flags)
{
	bool wait = !(flags & LOOKUP_RCU);
	struct mk_fs *fs = mk_fs(dir->i_sb);
	struct inode *inode = d_inode_rcu(dentry);
	u32 type, number = number_of(dir);
	struct daxfs_ref ref;
	int err;

	err = daxfs_lookup(wait ? &fs->core : &fs->quick, mk_fs_ref(dir), name->name, name->len,
			   &ref, &type);
	if (err == -ECHILD || err == -EINTR)
		return err;
	if (err ? err != -ENOENT || inode : !inode || !is_same(inode, ref))
		return 0;
	dentry->d_time = number;
	return 1;
}

/* Has no other kernel changed its directory since it was asked for? */
static bool is_fresh(struct dentry *dentry)
{
	struct inode *dir;
	bool fresh;
	u64 known;

	rcu_read_lock();
	dir = d_inode_rcu(READ_ONCE(dentry->d_parent));
	known = dir ? READ_ONCE(mk_fs_node(dir)->known) : 0;
	fresh = known >> 32 && known >> 32 == READ_ONCE(dentry->d_time) &&
		changes(dir) == (u32)known;
	rcu_read_unlock();
	return fresh;
}

static int revalidate(compat_revalidate_args)
{
	struct inode *inode = d_inode_rcu(dentry);
	int ret;

	/* open() tries for the second time: see atomic_open() */
	if (flags & LOOKUP_REVAL && flags & (LOOKUP_OPEN | LOOKUP_CREATE) &&
	    !d_is_dir(dentry) && !d_mountpoint(dentry))
		return 0;
	ret = is_fresh(dentry) ? 1 : COMPAT_REVALIDATE(ask);
	if (ret <= 0 || !inode)
		return ret;
	ret = mk_fs_check(inode, !(flags & LOOKUP_RCU));
	return ret == -ECHILD || ret == -EINTR ? ret : !ret;
}

const struct dentry_operations mk_fs_dentry_ops = {
	.d_revalidate = revalidate,
};

/* --- create ---------------------------------------------------------------------- */

static int finish(struct inode *dir, const struct qstr *name, struct daxfs_ref ref,
		  struct inode **made)
{
	struct inode *inode = mk_fs_iget(dir->i_sb, ref);
	int err;

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	err = mk_fs_security(inode, dir, name);
	if (err) {
		iput(inode);
		return err;
	}
	*made = inode;
	return 0;
}

/* Owner, mode and ACLs as the directory wants them. */
static int prepare(struct compat_idmap *idmap, struct inode *dir, struct daxfs_new *what)
{
	struct user_namespace *user = i_user_ns(dir);

	what->uid = from_kuid(user, mapped_fsuid(idmap, user));
	what->gid = from_kgid(user, mapped_fsgid(idmap, user));
	if (dir->i_mode & S_ISGID) {
		what->gid = i_gid_read(dir);
		if (S_ISDIR(what->mode))
			what->mode |= S_ISGID;
	}
	return S_ISLNK(what->mode) ? 0 : mk_fs_inherit(dir, what);
}

/* With @dentry a name in @dir, without one none. */
static int make(struct compat_idmap *idmap, struct inode *dir, struct dentry *dentry,
		struct daxfs_new *what, struct inode **made)
{
	struct daxfs_span span = { };
	const struct qstr *name = dentry ? &dentry->d_name : NULL;
	struct daxfs *fs = mk_fs_core(dir);
	struct daxfs_ref ref;
	int err = prepare(idmap, dir, what);

	if (err)
		return err;
	err = daxfs_create_in(fs, mk_fs_ref(dir), name ? name->name : NULL, name ? name->len : 0,
			      what, &ref, &span);
	kfree(what->xattrs);
	if (err)
		return err;
	if (name)
		dentry->d_time = number_after(dir, &span);
	err = finish(dir, name, ref, made);
	if (err && name)
		daxfs_unlink(fs, mk_fs_ref(dir), name->name, name->len, ref);
	if (err && what->open)
		daxfs_close(fs, ref);
	return err;
}

static int make_named(struct compat_idmap *idmap, struct inode *dir, struct dentry *dentry,
		      struct daxfs_new *what)
{
	struct inode *inode;
	int err = make(idmap, dir, dentry, what, &inode);

	if (err)
		return err;
	d_instantiate(dentry, inode);
	return 0;
}

/* Not for open(): see atomic_open(). */
static int create(compat_create_args)
{
	struct daxfs_new what = { .mode = mode | S_IFREG };

	return make_named(idmap, dir, dentry, &what);
}

static int mknod(struct compat_idmap *idmap, struct inode *dir, struct dentry *dentry,
		 umode_t mode, dev_t rdev)
{
	struct daxfs_new what = {
		.mode = mode,
		.rdev = MAJOR(rdev) << MINORBITS | MINOR(rdev),
	};

	return make_named(idmap, dir, dentry, &what);
}

static compat_mkdir_t mkdir(struct compat_idmap *idmap, struct inode *dir,
			    struct dentry *dentry, umode_t mode)
{
	struct daxfs_new what = { .mode = mode | S_IFDIR };

	return compat_mkdir_ret(make_named(idmap, dir, dentry, &what));
}

static int symlink(struct compat_idmap *idmap, struct inode *dir, struct dentry *dentry,
		   const char *target)
{
	struct daxfs_new what = {
		.mode = S_IFLNK | 0777,
		.target = target,
		.target_len = strlen(target),
	};

	return make_named(idmap, dir, dentry, &what);
}

/* What was created open is closed again when opening it failed. */
static int opened(struct inode *inode, int err)
{
	struct mk_fs_node *node = mk_fs_node(inode);

	if (!err)
		return 0;
	mutex_lock(&node->lock);
	if (!node->openers)
		daxfs_close(mk_fs_core(inode), node->ref);
	mutex_unlock(&node->lock);
	return err;
}

static int tmpfile(struct compat_idmap *idmap, struct inode *dir, struct file *file,
		   umode_t mode)
{
	struct daxfs_new what = { .mode = mode | S_IFREG, .open = true };
	struct inode *inode;
	int err = make(idmap, dir, NULL, &what, &inode);

	if (err)
		return err;
	/* d_tmpfile() takes a link away */
	set_nlink(inode, 1);
	d_tmpfile(file, inode);
	return opened(inode, finish_open_simple(file, 0));
}

/* What is missing is made, and open, in one operation: it need not be looked up before. */
static int create_open(struct inode *dir, struct dentry *dentry, struct file *file,
		       umode_t mode)
{
	struct daxfs_new what = { .mode = mode | S_IFREG, .open = true };
	struct inode *inode;
	int err = make(compat_file_idmap(file), dir, dentry, &what, &inode);

	if (err)
		return err;
	if (d_in_lookup(dentry))
		d_add(dentry, inode);
	else
		d_instantiate(dentry, inode);
	file->f_mode |= FMODE_CREATED;
	return opened(inode, finish_open(file, dentry, NULL));
}

/* What is no file is left to the VFS, and so is what there is not: NULL. */
static int find_no_open(struct dentry *dentry, struct inode *inode, u32 number,
			struct file *file)
{
	struct dentry *other = add(dentry, inode, number);

	return IS_ERR(other) ? PTR_ERR(other) : finish_no_open(file, other);
}

/*
 * A file that was found is opened before anybody knows it here: then it stays.
 * Return: 0, -ENOENT or -ESTALE: there is none any more, or another negative errno.
 */
static int find_open(struct inode *dir, struct dentry *dentry, struct file *file, bool create)
{
	u32 number = number_of(dir);
	struct inode *inode;
	int err = find(dir, &dentry->d_name, &inode);

	if (err == -ENOENT && !create)
		return find_no_open(dentry, NULL, number, file);
	if (err)
		return err;
	if (!S_ISREG(inode->i_mode))
		return find_no_open(dentry, inode, number, file);
	err = mk_fs_count_opener(inode);
	if (err) {
		iput(inode);
		return err;
	}
	ihold(inode);
	dentry->d_time = number;
	d_add(dentry, inode);
	err = finish_open(file, dentry, NULL);
	mk_fs_release(inode, file);
	iput(inode);
	return err;
}

/*
 * Of a name that is not known, or known to be missing.  Another kernel may make it and
 * remove it all the time: a dentry that is not looked up yet can become either, the other
 * kind has the VFS look again.
 */
static int atomic_open(struct inode *dir, struct dentry *dentry, struct file *file,
		       unsigned int flags, umode_t mode)
{
	bool create = flags & O_CREAT;
	int err, tries = 0;

	do {
		err = create ? create_open(dir, dentry, file, mode) : -EEXIST;
		if (err != -EEXIST || (create && flags & O_EXCL))
			return err;
		if (!d_in_lookup(dentry))
			return create ? -ESTALE : finish_no_open(file, NULL);
		err = find_open(dir, dentry, file, create);
	} while ((err == -ENOENT || err == -ESTALE) && d_in_lookup(dentry) && ++tries < TRIES);
	return err;
}

static int link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(old);
	struct daxfs_span span = { };
	int err = daxfs_link_in(mk_fs_core(dir), mk_fs_ref(dir), dentry->d_name.name,
				dentry->d_name.len, mk_fs_ref(inode), &span);

	if (err)
		return err;
	dentry->d_time = number_after(dir, &span);
	mk_fs_refresh(inode, true);
	ihold(inode);
	d_instantiate(dentry, inode);
	return 0;
}

/* --- remove, rename ------------------------------------------------------------------ */

static int take_away(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	struct daxfs_span span = { };
	int err = daxfs_unlink_in(mk_fs_core(dir), mk_fs_ref(dir), dentry->d_name.name,
				  dentry->d_name.len, mk_fs_ref(inode), &span);

	if (err)
		return err;
	dentry->d_time = number_after(dir, &span);
	mk_fs_refresh(inode, true);
	mk_fs_grace_freed(mk_fs(dir->i_sb));
	return 0;
}

/* Does what the VFS has found for a file hold for this one, too? */
static bool is_alike(const struct inode *dir, struct inode *inode)
{
	return !S_ISDIR(inode->i_mode) && !IS_APPEND(inode) && !IS_IMMUTABLE(inode) &&
	       !(dir->i_mode & S_ISVTX);
}

static int rmdir(struct inode *dir, struct dentry *dentry)
{
	return take_away(dir, dentry, d_inode(dentry));
}

/* Another kernel may remove the file and make another one of that name all the time. */
static int unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	int err, tries = 0;

	ihold(inode);
	while ((err = take_away(dir, dentry, inode)) == -ESTALE && ++tries < TRIES) {
		iput(inode);
		err = find(dir, &dentry->d_name, &inode);
		if (err)
			return err;
		if (!is_alike(dir, inode)) {
			err = -ESTALE;
			break;
		}
	}
	iput(inode);
	return err;
}

static struct daxfs_side side_of(struct inode *dir, const struct dentry *dentry)
{
	struct daxfs_side side = {
		.dir = mk_fs_ref(dir), .name = dentry->d_name.name, .len = dentry->d_name.len,
	};

	if (d_inode(dentry))
		side.ref = mk_fs_ref(d_inode(dentry));
	return side;
}

/*
 * Another kernel may make and remove what is replaced all the time, as when both rename()
 * new files to one name.
 * @target: what has the new name; another one may have it since
 */
static int replace(struct inode *new_dir, const struct qstr *name, struct inode **target,
		   struct daxfs_side side[2], unsigned int how)
{
	struct inode *found;
	int err, tries = 0;

	while ((err = daxfs_rename_sides(mk_fs_core(new_dir), side, how)) == -ESTALE &&
	       !(how & DAXFS_RENAME_EXCHANGE) && ++tries < TRIES) {
		err = find(new_dir, name, &found);
		if (err && err != -ENOENT)
			return err;
		iput(*target);
		*target = err ? NULL : found;
		if (*target && !is_alike(new_dir, *target))
			return -ESTALE;
		memset(&side[1].ref, 0, sizeof(side[1].ref));
		if (*target)
			side[1].ref = mk_fs_ref(*target);
		memset(&side[0].span, 0, sizeof(side[0].span));
		memset(&side[1].span, 0, sizeof(side[1].span));
	}
	return err;
}

static int rename(struct compat_idmap *idmap, struct inode *old_dir, struct dentry *old,
		  struct inode *new_dir, struct dentry *new, unsigned int flags)
{
	struct daxfs_side side[] = { side_of(old_dir, old), side_of(new_dir, new) };
	struct inode *target = d_inode(new);
	unsigned int how = 0;
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if (flags & RENAME_NOREPLACE)
		how |= DAXFS_RENAME_NOREPLACE;
	if (flags & RENAME_EXCHANGE)
		how |= DAXFS_RENAME_EXCHANGE;
	if (flags & RENAME_WHITEOUT)
		how |= DAXFS_RENAME_WHITEOUT;
	if (target)
		ihold(target);
	err = replace(new_dir, &new->d_name, &target, side, how);
	if (!err) {
		/* each will have the other's place */
		new->d_time = number_after(old_dir, &side[0].span);
		old->d_time = old_dir == new_dir ? new->d_time :
			      number_after(new_dir, &side[1].span);
		mk_fs_refresh(d_inode(old), true);
		if (target)
			mk_fs_refresh(target, true);
		mk_fs_grace_freed(mk_fs(old_dir->i_sb));
	}
	iput(target);
	return err;
}

const struct inode_operations mk_fs_dir_iops = {
	.lookup = lookup,
	.create = create,
	.atomic_open = atomic_open,
	.link = link,
	.unlink = unlink,
	.symlink = symlink,
	.mkdir = mkdir,
	.rmdir = rmdir,
	.mknod = mknod,
	.rename = rename,
	.tmpfile = tmpfile,
	.permission = mk_fs_permission,
	.getattr = mk_fs_getattr,
	.setattr = mk_fs_setattr,
	.update_time = mk_fs_update_time,
	.listxattr = mk_fs_listxattr,
	.fileattr_get = mk_fs_fileattr_get,
	.fileattr_set = mk_fs_fileattr_set,
	MK_FS_ACL_IOPS,
};
