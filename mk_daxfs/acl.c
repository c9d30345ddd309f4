// SPDX-License-Identifier: GPL-2.0
/* POSIX ACLs: extended attributes of the names and the form that Linux has for them. */
#include <linux/slab.h>
#include <linux/xattr.h>

#include "internal.h"

static const char *name_of(int type)
{
	return type == ACL_TYPE_ACCESS ? XATTR_NAME_POSIX_ACL_ACCESS :
					 XATTR_NAME_POSIX_ACL_DEFAULT;
}

static struct posix_acl *read_acl(struct inode *inode, int type)
{
	struct daxfs *fs = mk_fs_core(inode);
	struct posix_acl *acl;
	void *value;
	int len;

	len = daxfs_getxattr(fs, mk_fs_ref(inode), name_of(type), NULL, 0);
	if (len == -ENODATA || !len)
		return NULL;
	if (len < 0)
		return ERR_PTR(len);
	value = kvmalloc(len, GFP_KERNEL);
	if (!value)
		return ERR_PTR(-ENOMEM);
	len = daxfs_getxattr(fs, mk_fs_ref(inode), name_of(type), value, len);
	acl = len < 0 ? ERR_PTR(len) : posix_acl_from_xattr(&init_user_ns, value, len);
	kvfree(value);
	return acl;
}

/* The VFS caches it; mk_fs_refresh() lets it forget. */
struct posix_acl *mk_fs_get_acl(struct inode *inode, int type, bool rcu)
{
	if (!mk_peer_load_acquire(&mk_fs_node(inode)->raw->xattr))
		return NULL;
	return rcu ? ERR_PTR(-ECHILD) : read_acl(inode, type);
}

static int write_acl(struct inode *inode, int type, const struct posix_acl *acl)
{
	void *value = NULL;
	size_t size = 0;
	int err;

	if (acl)
		value = compat_acl_to_xattr(acl, &size);
	if (IS_ERR(value))
		return PTR_ERR(value);
	if (acl && !value)
		return -ENOMEM;
	err = daxfs_setxattr(mk_fs_core(inode), mk_fs_ref(inode), name_of(type), value, size, 0);
	kfree(value);
	return err == -ENODATA && !acl ? 0 : err;
}

int mk_fs_set_acl(compat_set_acl_args)
{
	struct inode *to = compat_set_acl_inode;
	struct daxfs_attr attr;
	umode_t mode = to->i_mode;
	int err;

	if (type == ACL_TYPE_ACCESS && acl) {
		err = posix_acl_update_mode(idmap, to, &mode, &acl);
		if (err)
			return err;
	}
	if (type == ACL_TYPE_DEFAULT && !S_ISDIR(to->i_mode))
		return acl ? -EACCES : 0;
	err = write_acl(to, type, acl);
	attr.mode = mode;
	if (!err && mode != to->i_mode)
		err = daxfs_setattr(mk_fs_core(to), mk_fs_ref(to), DAXFS_SET_MODE, &attr);
	if (!err)
		set_cached_acl(to, type, acl);
	return err ?: mk_fs_refresh(to, true);
}

/* --- of what is created ---------------------------------------------------------- */

static void *append(void *at, int type, const void *value, u32 size)
{
	struct daxfs_xattr *xattr = at;
	u32 len = strlen(name_of(type));

	xattr->name_len = len;
	xattr->value_len = size;
	memcpy(xattr + 1, name_of(type), len);
	memcpy((u8 *)(xattr + 1) + len, value, size);
	return at + ALIGN(sizeof(*xattr) + len + size, 4);
}

/* Both as the attributes of a new inode. */
static struct daxfs_xattrs *pack(const void *value[], const size_t size[])
{
	struct daxfs_xattrs *all = kzalloc(sizeof(*all) + 2 * (sizeof(struct daxfs_xattr) + 64) +
					   size[0] + size[1], GFP_KERNEL);
	void *at;
	int i;

	if (!all)
		return ERR_PTR(-ENOMEM);
	at = all + 1;
	for (i = 0; i < 2; i++) {
		if (!value[i])
			continue;
		at = append(at, i ? ACL_TYPE_DEFAULT : ACL_TYPE_ACCESS, value[i], size[i]);
		all->nr++;
	}
	all->len = at - (void *)(all + 1);
	return all;
}

static int pack_acls(struct daxfs_new *what, const struct posix_acl *acl[])
{
	void *value[2] = { };
	size_t size[2] = { };
	struct daxfs_xattrs *all = NULL;
	int i;

	for (i = 0; i < 2 && !IS_ERR(all); i++) {
		if (acl[i])
			value[i] = compat_acl_to_xattr(acl[i], &size[i]) ?: ERR_PTR(-ENOMEM);
		if (IS_ERR(value[i])) {
			all = ERR_CAST(value[i]);
			value[i] = NULL;
		}
	}
	if (!all && (value[0] || value[1]))
		all = pack((const void **)value, size);
	kfree(value[0]);
	kfree(value[1]);
	if (IS_ERR(all))
		return PTR_ERR(all);
	what->xattrs = all;
	return 0;
}

/**
 * mk_fs_inherit() - mode and ACLs of what is to be created
 * @dir:	where
 * @what:	its mode is changed; @what->xattrs is for the caller to kfree()
 *
 * Context: sleeps.
 * Return: 0 or a negative errno.
 */
int mk_fs_inherit(struct inode *dir, struct daxfs_new *what)
{
	struct posix_acl *acl, *def;
	umode_t mode = what->mode;
	int err = posix_acl_create(dir, &mode, &def, &acl);

	if (err)
		return err;
	what->mode = mode;
	err = pack_acls(what, (const struct posix_acl *[]){ acl, def });
	posix_acl_release(acl);
	posix_acl_release(def);
	return err;
}
