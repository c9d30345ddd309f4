// SPDX-License-Identifier: GPL-2.0
/* Extended attributes, as the VFS asks for them. */
#include <linux/security.h>
#include <linux/xattr.h>

#include "internal.h"

static int get(const struct xattr_handler *handler, struct dentry *dentry, struct inode *inode,
	       const char *name, void *value, size_t size)
{
	/* asked for at each write and exec: mostly there are none */
	if (!mk_peer_load_acquire(&mk_fs_node(inode)->raw->xattr))
		return -ENODATA;
	return daxfs_getxattr(mk_fs_core(inode), mk_fs_ref(inode), xattr_full_name(handler, name),
			      value, min_t(size_t, size, XATTR_SIZE_MAX));
}

static int set(const struct xattr_handler *handler, struct compat_idmap *idmap,
	       struct dentry *dentry, struct inode *inode, const char *name, const void *value,
	       size_t size, int flags)
{
	unsigned int how = 0;
	int err;

	if (flags & XATTR_CREATE)
		how |= DAXFS_XATTR_CREATE;
	if (flags & XATTR_REPLACE)
		how |= DAXFS_XATTR_REPLACE;
	err = daxfs_setxattr(mk_fs_core(inode), mk_fs_ref(inode), xattr_full_name(handler, name),
			     value, size, how);
	return err ?: mk_fs_refresh(inode, true);
}

static const struct xattr_handler user = {
	.prefix = XATTR_USER_PREFIX, .get = get, .set = set,
};

static const struct xattr_handler trusted = {
	.prefix = XATTR_TRUSTED_PREFIX, .get = get, .set = set,
};

static const struct xattr_handler security = {
	.prefix = XATTR_SECURITY_PREFIX, .get = get, .set = set,
};

compat_xattr_handlers mk_fs_xattr_handlers[] = {
#if defined(COMPAT_ACL_HANDLERS) && defined(CONFIG_FS_POSIX_ACL)
	COMPAT_ACL_HANDLERS,
#endif
	&user,
	&trusted,
	&security,
	NULL
};

/* Names that only root is to see are left out for others. */
static bool is_hidden(const char *name)
{
	return strstarts(name, XATTR_TRUSTED_PREFIX) && !capable(CAP_SYS_ADMIN);
}

static ssize_t without_hidden(char *list, size_t len)
{
	size_t at = 0, n;

	while (at < len) {
		n = strnlen(list + at, len - at - 1) + 1;
		if (is_hidden(list + at)) {
			memmove(list + at, list + at + n, len - at - n);
			len -= n;
		} else {
			at += n;
		}
	}
	return len;
}

ssize_t mk_fs_listxattr(struct dentry *dentry, char *list, size_t size)
{
	struct inode *inode = d_inode(dentry);
	ssize_t len = daxfs_listxattr(mk_fs_core(inode), mk_fs_ref(inode), list,
				      min_t(size_t, size, XATTR_LIST_MAX));

	return len > 0 && size ? without_hidden(list, len) : len;
}

static int set_security(struct inode *inode, const struct xattr *list, void *data)
{
	const struct xattr *xattr;
	char name[XATTR_NAME_MAX + 1];
	int err = 0;

	for (xattr = list; !err && xattr->name; xattr++) {
		if (snprintf(name, sizeof(name), XATTR_SECURITY_PREFIX "%s", xattr->name) >=
		    (int)sizeof(name))
			return -ERANGE;
		err = daxfs_setxattr(mk_fs_core(inode), mk_fs_ref(inode), name, xattr->value,
				     xattr->value_len, 0);
	}
	return err;
}

/**
 * mk_fs_security() - labels of what has been created
 * @inode:	of it
 * @dir:	where
 * @name:	its name, or NULL
 *
 * Context: sleeps.
 * Return: 0 or a negative errno.
 */
int mk_fs_security(struct inode *inode, struct inode *dir, const struct qstr *name)
{
	return security_inode_init_security(inode, dir, name, set_security, NULL);
}
