// SPDX-License-Identifier: GPL-2.0
/*
 * Inodes of the VFS.  The region's are the truth: attributes are asked for before
 * each use, and what is here is good while the region's number of changes is.
 */
#include <linux/fs.h>
#include <linux/fileattr.h>
#include <linux/slab.h>

#include "internal.h"

static struct kmem_cache *cache;

static void init_once(void *object)
{
	struct mk_fs_node *node = object;

	inode_init_once(&node->vfs);
	mutex_init(&node->lock);
	mutex_init(&node->flocks);
}

int mk_fs_node_init(void)
{
	cache = kmem_cache_create("mk_daxfs_inode", sizeof(struct mk_fs_node), 0,
				  SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT, init_once);
	return cache ? 0 : -ENOMEM;
}

void mk_fs_node_exit(void)
{
	rcu_barrier();	/* mk_fs_free_inode() */
	kmem_cache_destroy(cache);
}

struct inode *mk_fs_alloc_inode(struct super_block *sb)
{
	struct mk_fs_node *node = alloc_inode_sb(sb, cache, GFP_KERNEL);

	if (!node)
		return NULL;
	node->vfs.i_mode = 0;
	node->raw = NULL;
	node->seq = 1;
	node->xattr = 0;
	node->btime = 0;
	node->known = 1;	/* odd: no directory at rest */
	node->openers = 0;
	node->mapped = false;
	INIT_LIST_HEAD(&node->pinned);
	return &node->vfs;
}

void mk_fs_free_inode(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
	kmem_cache_free(cache, mk_fs_node(inode));
}

/* --- attributes ------------------------------------------------------------- */

static void set_flags(struct inode *inode, u32 flags)
{
	inode_set_flags(inode, (flags & DAXFS_INO_IMMUTABLE ? S_IMMUTABLE : 0) |
			       (flags & DAXFS_INO_APPEND ? S_APPEND : 0),
			S_IMMUTABLE | S_APPEND);
}

/* A directory without name: the VFS looks for nothing there. */
static void set_dead(struct inode *inode)
{
	if (S_ISDIR(inode->i_mode) && !inode->i_nlink)
		inode_set_flags(inode, S_DEAD, S_DEAD);
}

static void set_times(struct inode *inode, u64 atime, u64 mtime, u64 ctime)
{
	compat_set_times(inode, ns_to_timespec64(atime), ns_to_timespec64(mtime),
			 ns_to_timespec64(ctime));
}

/* What the VFS caches of an ACL or a capability may be another one now. */
static void forget(struct inode *inode, u64 xattr)
{
	struct mk_fs_node *node = mk_fs_node(inode);

	if (xattr || node->xattr)
		forget_all_cached_acls(inode);
	node->xattr = xattr;
}

static void set_blocks(struct inode *inode, u64 blocks)
{
	inode->i_blocks = blocks << (DAXFS_BLOCK_SHIFT - 9);
}

static int apply(struct inode *inode, const struct daxfs_attr *attr)
{
	struct mk_fs_node *node = mk_fs_node(inode);

	if (inode->i_mode && (inode->i_mode ^ attr->mode) & S_IFMT)
		return daxfs_bad(mk_fs_core(inode), "type of inode", attr->ref.ino);
	spin_lock(&inode->i_lock);
	inode->i_mode = attr->mode;
	i_uid_write(inode, attr->uid);
	i_gid_write(inode, attr->gid);
	set_nlink(inode, attr->nlink);
	set_flags(inode, attr->flags);
	set_dead(inode);
	set_times(inode, attr->atime, attr->mtime, attr->ctime);
	i_size_write(inode, min_t(u64, attr->size, S64_MAX));
	set_blocks(inode, attr->blocks);
	node->btime = attr->btime;
	WRITE_ONCE(node->seq, attr->seq);
	spin_unlock(&inode->i_lock);
	forget(inode, attr->xattr);
	return 0;
}

/* Size and times are stored alone, too: no change is counted then. */
static void apply_alone(struct inode *inode, const struct daxfs_inode *raw)
{
	i_size_write(inode, min_t(u64, mk_peer_load(&raw->size), S64_MAX));
	set_times(inode, mk_peer_load(&raw->atime), mk_peer_load(&raw->mtime),
		  mk_peer_load(&raw->ctime));
	if (!S_ISDIR(inode->i_mode))
		return;
	/* with its names: see mk_fs_named() */
	spin_lock(&inode->i_lock);
	set_nlink(inode, mk_peer_load(&raw->nlink));
	set_blocks(inode, mk_peer_load(&raw->blocks));
	spin_unlock(&inode->i_lock);
}

/* What else was known of it stays: nobody can change what has been removed. */
static void set_removed(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	clear_nlink(inode);
	spin_unlock(&inode->i_lock);
	set_dead(inode);
}

/* Apart: attributes on the stack need not be cleared when nothing has changed. */
static noinline int read_again(struct inode *inode, bool wait)
{
	struct mk_fs *fs = mk_fs(inode->i_sb);
	struct daxfs_attr attr;
	int err = daxfs_getattr(wait ? &fs->core : &fs->quick, mk_fs_ref(inode), &attr);

	if (err == -ESTALE) {
		/* without a reference it may be leaving */
		if (!wait)
			return -ECHILD;
		set_removed(inode);
	}
	return err ?: apply(inode, &attr);
}

static bool is_known(const struct mk_fs_node *node)
{
	return mk_peer_load_acquire(&node->raw->seq) == READ_ONCE(node->seq);
}

/**
 * mk_fs_check() - let a VFS inode be what the region says
 * @inode:	inode
 * @wait:	may this sleep?
 *
 * But for its size and times, and of a directory the links and blocks.
 *
 * Context: sleeps or, without @wait, an RCU read section.
 * Return: 0; -ESTALE: it has been removed, and its attributes are the last that were
 * known; -ECHILD: it had to sleep; or as daxfs_getattr().
 */
int mk_fs_check(struct inode *inode, bool wait)
{
	return is_known(mk_fs_node(inode)) ? 0 : read_again(inode, wait);
}

/**
 * mk_fs_refresh() - likewise, and all of it
 * @inode:	inode
 * @wait:	may this sleep?
 *
 * Context: as mk_fs_check().
 * Return: as mk_fs_check().
 */
int mk_fs_refresh(struct inode *inode, bool wait)
{
	struct mk_fs_node *node = mk_fs_node(inode);

	if (is_known(node)) {
		apply_alone(inode, node->raw);
		mk_peer_rmb();
		if (is_known(node))
			return 0;
	}
	return read_again(inode, wait);
}

/**
 * mk_fs_accessed() - as file_accessed()
 * @file:	that was read or mapped
 *
 * A write stores its times in the region alone, and relatime looks at the VFS's.
 *
 * Context: sleeps.
 */
void mk_fs_accessed(struct file *file)
{
	struct inode *inode = file_inode(file);
	const struct daxfs_inode *raw = mk_fs_node(inode)->raw;
	u64 atime = mk_peer_load(&raw->atime), mtime = mk_peer_load(&raw->mtime);
	u64 ctime = mk_peer_load(&raw->ctime);

	if (mtime >= atime || ctime >= atime)
		set_times(inode, atime, mtime, ctime);
	file_accessed(file);
}

/**
 * mk_fs_named() - this kernel has changed names of a directory
 * @dir:	which
 * @span:	the changes of it
 *
 * What else changed with them mk_fs_refresh() reads each time.
 */
void mk_fs_named(struct inode *dir, const struct daxfs_span *span)
{
	cmpxchg(&mk_fs_node(dir)->seq, span->from, span->to);
}

/* --- from the region to the VFS ------------------------------------------------ */

static int read_link(struct inode *inode)
{
	u32 len = min_t(u64, i_size_read(inode), PATH_MAX - 1);
	char *link = kmalloc(len + 1, GFP_KERNEL);
	int ret;

	if (!link)
		return -ENOMEM;
	ret = daxfs_readlink(mk_fs_core(inode), mk_fs_ref(inode), link, len);
	if (ret < 0) {
		kfree(link);
		return ret;
	}
	link[ret] = '\0';
	inode->i_link = link;
	return 0;
}

static int set_type(struct inode *inode, u32 rdev)
{
	switch (inode->i_mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &mk_fs_file_iops;
		inode->i_fop = &mk_fs_file_fops;
		return 0;
	case S_IFDIR:
		inode->i_op = &mk_fs_dir_iops;
		inode->i_fop = &mk_fs_dir_fops;
		return 0;
	case S_IFLNK:
		inode->i_op = &mk_fs_link_iops;
		return read_link(inode);
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		inode->i_op = &mk_fs_special_iops;
		init_special_inode(inode, inode->i_mode,
				   MKDEV(rdev >> MINORBITS, rdev & MINORMASK));
		return 0;
	}
	return daxfs_bad(mk_fs_core(inode), "type of inode", inode->i_ino);
}

static int read_inode(struct inode *inode)
{
	struct mk_fs_node *node = mk_fs_node(inode);
	struct daxfs *fs = mk_fs_core(inode);
	struct daxfs_attr attr;
	int err;

	inode->i_mode = 0;
	node->raw = daxfs_at(fs, daxfs_inode_off(fs, node->ref.ino), sizeof(*node->raw));
	if (!node->raw)
		return -ESTALE;
	err = daxfs_getattr(fs, node->ref, &attr);
	err = err ?: apply(inode, &attr);
	return err ?: set_type(inode, attr.rdev);
}

static int same(struct inode *inode, void *data)
{
	const struct daxfs_ref *ref = data;
	struct daxfs_ref own = mk_fs_ref(inode);

	return own.ino == ref->ino && own.gen == ref->gen;
}

static int set(struct inode *inode, void *data)
{
	mk_fs_node(inode)->ref = *(struct daxfs_ref *)data;
	inode->i_ino = mk_fs_ref(inode).ino;
	return 0;
}

/**
 * mk_fs_iget() - the VFS's inode of one in the region
 * @sb:		file system
 * @ref:	which
 *
 * Context: sleeps.
 * Return: the inode with a reference for the caller; ERR_PTR: -ESTALE, -ENOMEM, or
 * as mk_fs_refresh().
 */
struct inode *mk_fs_iget(struct super_block *sb, struct daxfs_ref ref)
{
	struct inode *inode = iget5_locked(sb, ref.ino, same, set, &ref);
	int err;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (!compat_inode_is_new(inode)) {
		err = mk_fs_refresh(inode, true);
		if (!err)
			return inode;
		iput(inode);
		return ERR_PTR(err);
	}
	err = read_inode(inode);
	if (err) {
		iget_failed(inode);
		return ERR_PTR(err);
	}
	unlock_new_inode(inode);
	return inode;
}

/* --- open -------------------------------------------------------------------------- */

/* Of a directory that has been removed: it is open all the same, and empty. */
static bool is_dead(const struct inode *inode, int err)
{
	return err == -ESTALE && S_ISDIR(inode->i_mode);
}

/**
 * mk_fs_count_opener() - a file stays until mk_fs_release(), without a name, too
 * @inode:	of a file or directory
 *
 * Context: sleeps.
 * Return: 0, -ESTALE: the file has been removed, or another negative errno.
 */
int mk_fs_count_opener(struct inode *inode)
{
	struct mk_fs_node *node = mk_fs_node(inode);
	int err = 0;

	mutex_lock(&node->lock);
	if (!node->openers)
		err = daxfs_open(mk_fs_core(&node->vfs), node->ref);
	if (is_dead(inode, err))
		err = 0;
	if (!err)
		node->openers++;
	mutex_unlock(&node->lock);
	return err;
}

int mk_fs_open(struct inode *inode, struct file *file)
{
	int err = mk_fs_count_opener(inode);

	if (err)
		return err;
	/* what has just been made is known */
	if (!(file->f_mode & FMODE_CREATED))
		err = mk_fs_refresh(inode, true);
	if (is_dead(inode, err))
		err = 0;
	err = err ?: generic_file_open(inode, file);
	if (err)
		mk_fs_release(inode, file);
	file->f_mode |= FMODE_CAN_ODIRECT;
	return err;
}

int mk_fs_release(struct inode *inode, struct file *file)
{
	struct mk_fs_node *node = mk_fs_node(inode);

	mutex_lock(&node->lock);
	/* it may be that one is not the last any more */
	if (node->openers == 1 && mk_fs_pins_keep(inode))
		node->openers++;
	if (!--node->openers) {
		daxfs_close(mk_fs_core(inode), node->ref);
		mk_fs_grace_freed(mk_fs(inode->i_sb));
	}
	mutex_unlock(&node->lock);
	return 0;
}

/* --- what the VFS asks ---------------------------------------------------------------- */

int mk_fs_permission(struct compat_idmap *idmap, struct inode *inode, int mask)
{
	int err = mk_fs_check(inode, !(mask & MAY_NOT_BLOCK));

	/* -ESTALE: another kernel has removed it since it was found */
	return err && err != -ESTALE ? err : generic_permission(idmap, inode, mask);
}

int mk_fs_getattr(struct compat_idmap *idmap, const struct path *path, struct kstat *stat,
		  u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct mk_fs_node *node = mk_fs_node(inode);
	int err = mk_fs_refresh(inode, true);

	/* as in mk_fs_permission() */
	if (err && err != -ESTALE)
		return err;
	compat_fillattr(idmap, mask, inode, stat);
	stat->result_mask |= STATX_BTIME;
	stat->btime = ns_to_timespec64(node->btime);
	if (inode->i_flags & S_IMMUTABLE)
		stat->attributes |= STATX_ATTR_IMMUTABLE;
	if (inode->i_flags & S_APPEND)
		stat->attributes |= STATX_ATTR_APPEND;
	stat->attributes_mask |= STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;
	return 0;
}

static u64 ns(struct timespec64 time)
{
	return timespec64_to_ns(&time);
}

static unsigned int wanted(struct compat_idmap *idmap, struct inode *inode,
			   const struct iattr *from, struct daxfs_attr *to)
{
	struct user_namespace *user = i_user_ns(inode);
	unsigned int set = 0;

	if (from->ia_valid & ATTR_MODE) {
		to->mode = from->ia_mode;
		set |= DAXFS_SET_MODE;
	}
	if (from->ia_valid & ATTR_UID) {
		to->uid = from_kuid(user, from_vfsuid(idmap, user, from->ia_vfsuid));
		set |= DAXFS_SET_UID;
	}
	if (from->ia_valid & ATTR_GID) {
		to->gid = from_kgid(user, from_vfsgid(idmap, user, from->ia_vfsgid));
		set |= DAXFS_SET_GID;
	}
	if (from->ia_valid & ATTR_ATIME) {
		to->atime = ns(from->ia_atime);
		set |= DAXFS_SET_ATIME;
	}
	if (from->ia_valid & ATTR_MTIME) {
		to->mtime = ns(from->ia_mtime);
		set |= DAXFS_SET_MTIME;
	}
	return set;
}

/* Does nobody else in this kernel read it, or have its pages? node->lock is held. */
static bool is_alone(struct mk_fs_node *node, const struct iattr *attr)
{
	if (node->mapped || node->openers > 1)
		return false;
	return !node->openers || (attr->ia_valid & ATTR_FILE && file_count(attr->ia_file) == 1);
}

static int resize(struct inode *inode, const struct iattr *attr)
{
	struct mk_fs_node *node = mk_fs_node(inode);
	struct address_space *mapping = inode->i_mapping;
	u64 since = mk_fs_grace_number(inode);
	int err;

	filemap_invalidate_lock(mapping);
	mutex_lock(&node->lock);
	err = daxfs_resize(mk_fs_core(inode), node->ref, attr->ia_size, is_alone(node, attr));
	mutex_unlock(&node->lock);
	if (!err)
		unmap_mapping_range(mapping, round_up(attr->ia_size, PAGE_SIZE), 0, 1);
	filemap_invalidate_unlock(mapping);
	mk_fs_grace_wait(inode, since);
	mk_fs_grace_freed(mk_fs(inode->i_sb));
	return err;
}

/* By descriptor the VFS has seen an older mode: what goes is taken from the one that is. */
static void drop_privileges(struct compat_idmap *idmap, struct inode *inode,
			    struct iattr *attr)
{
	unsigned int drop = attr->ia_valid & (ATTR_KILL_SUID | ATTR_KILL_SGID);
	umode_t mode;

	if (attr->ia_valid & ATTR_SIZE)
		drop |= setattr_should_drop_suidgid(idmap, inode);
	else if (drop)
		drop |= setattr_should_drop_sgid(idmap, inode);
	mode = inode->i_mode & ~((drop & ATTR_KILL_SUID ? S_ISUID : 0) |
				 (drop & ATTR_KILL_SGID ? S_ISGID : 0));
	/* chown() of a symbolic link asks for it, too, and a link has no mode to change */
	if (!drop || (mode == inode->i_mode && !(attr->ia_valid & ATTR_MODE)))
		return;
	/* who may write takes them away, whoever owns it */
	attr->ia_valid |= ATTR_MODE | (attr->ia_valid & ATTR_SIZE ? ATTR_FORCE : 0);
	attr->ia_mode = mode;
}

int mk_fs_setattr(struct compat_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	struct daxfs_attr want;
	unsigned int set;
	int err = mk_fs_refresh(inode, true);

	if (err)
		return err;
	drop_privileges(idmap, inode, attr);
	err = setattr_prepare(idmap, dentry, attr);
	if (err)
		return err;
	if (attr->ia_valid & ATTR_SIZE) {
		err = resize(inode, attr);
		if (err)
			return err;
	}
	set = wanted(idmap, inode, attr, &want);
	/* without any it is the time of the change */
	if (set || !(attr->ia_valid & ATTR_SIZE))
		err = daxfs_setattr(mk_fs_core(inode), mk_fs_ref(inode), set, &want);
	err = err ?: mk_fs_refresh(inode, true);
	if (!err && attr->ia_valid & ATTR_MODE)
		err = compat_acl_chmod(idmap, dentry, inode->i_mode);
	return err;
}

int mk_fs_update_time(compat_update_time_args)
{
	struct daxfs *fs = mk_fs_core(inode);
	struct daxfs_attr want = { .mtime = daxfs_now() };
	int err;

	if (sb_rdonly(inode->i_sb))
		return 0;
	if (COMPAT_UPDATES_MTIME)
		err = daxfs_setattr(fs, mk_fs_ref(inode), DAXFS_SET_MTIME, &want);
	else
		err = COMPAT_UPDATES_ATIME ?
			daxfs_touch_atime(fs, mk_fs_ref(inode), want.mtime) : 0;
	return err ?: mk_fs_refresh(inode, true);
}

/* chattr +i, +a: all that there is. */
int mk_fs_fileattr_get(struct dentry *dentry, struct file_kattr *fa)
{
	struct inode *inode = d_inode(dentry);
	int err = mk_fs_refresh(inode, true);

	fileattr_fill_flags(fa, (inode->i_flags & S_IMMUTABLE ? FS_IMMUTABLE_FL : 0) |
				(inode->i_flags & S_APPEND ? FS_APPEND_FL : 0));
	return err;
}

int mk_fs_fileattr_set(struct compat_idmap *idmap, struct dentry *dentry, struct file_kattr *fa)
{
	struct inode *inode = d_inode(dentry);
	struct daxfs_attr attr = {
		.flags = (fa->flags & FS_IMMUTABLE_FL ? DAXFS_INO_IMMUTABLE : 0) |
			 (fa->flags & FS_APPEND_FL ? DAXFS_INO_APPEND : 0),
	};
	int err;

	if (fileattr_has_fsx(fa) || fa->flags & ~(FS_IMMUTABLE_FL | FS_APPEND_FL))
		return -EOPNOTSUPP;
	err = daxfs_setattr(mk_fs_core(inode), mk_fs_ref(inode), DAXFS_SET_FLAGS, &attr);
	return err ?: mk_fs_refresh(inode, true);
}

#define COMMON_IOPS					\
	.permission = mk_fs_permission,			\
	.getattr = mk_fs_getattr,			\
	.setattr = mk_fs_setattr,			\
	.update_time = mk_fs_update_time,		\
	.listxattr = mk_fs_listxattr

const struct inode_operations mk_fs_file_iops = {
	COMMON_IOPS,
	MK_FS_ACL_IOPS,
	.fileattr_get = mk_fs_fileattr_get,
	.fileattr_set = mk_fs_fileattr_set,
};

const struct inode_operations mk_fs_special_iops = { COMMON_IOPS, MK_FS_ACL_IOPS };
const struct inode_operations mk_fs_link_iops = { COMMON_IOPS, .get_link = simple_get_link };
