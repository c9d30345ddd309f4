/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to mk_daxfs: Linux's VFS above fs.h.  What these functions ask and
 * change is in the region; a VFS inode is only what this kernel knows of it.
 */
#ifndef MK_DAXFS_INTERNAL_H
#define MK_DAXFS_INTERNAL_H

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>

#define COMPAT_VFS
#include "../mk_core/compat.h"
#include "../mk_core/mk_core.h"
#undef DAXFS_MAGIC	/* Linux gives this name to device dax */
#include "fs.h"

#define MK_FS_EXTENTS	64	/* more than a region has: it may grow often */

struct dax_device;
struct file_kattr;
struct dev_pagemap;

/**
 * struct mk_fs_extent - memory in one piece
 * @start:	physical address
 * @size:	bytes
 * @addr:	where it is mapped, or NULL
 * @map:	its struct pages, where this kernel had none
 */
struct mk_fs_extent {
	u64 start;
	u64 size;
	u8 *addr;
	struct dev_pagemap *map;
};

enum mk_fs_kind {
	MK_FS_NONE,
	MK_FS_REGION,	/* of mk_core */
	MK_FS_PHYS,	/* an address that an administrator has given */
	MK_FS_DAX,	/* a block device that is memory */
};

/**
 * struct mk_fs_pages - the memory of a file system
 * @kind:	where it comes from
 * @id:		of the region, address, or device number: one super block each
 * @name:	of the region or device
 * @read_only:	this kernel is not permitted to write
 * @nr:		extents
 * @extent:	them
 * @bdev:	the device
 * @dax:	likewise
 */
struct mk_fs_pages {
	enum mk_fs_kind kind;
	u64 id;
	char *name;
	bool read_only;
	u32 nr;
	struct mk_fs_extent extent[MK_FS_EXTENTS];
	struct compat_bdev bdev;
	struct dax_device *dax;
};

/**
 * struct mk_fs - a file system that is mounted
 * @core:	it
 * @quick:	likewise, for who may not sleep: daxfs_pause() returns -ECHILD
 * @sb:		its super block
 * @pages:	its memory
 * @futexes:	an inode without name: the mapping of all pages that processes have
 * @zeros:	a page of them: holes in mappings that nothing is allocated for
 * @readers:	SRCU: who uses blocks that may be freed meanwhile
 * @grace:	every MK_FS_IDLE: grace periods, dead kernels, growth
 * @mend:	after a dead kernel
 * @ticks:	@grace and @mend are in use
 * @holds:	this kernel holds records in limbo, because pages are pinned
 * @pins:	struct mk_fs_node that nobody has open, but pages of it are in use
 * @pins_lock:	of @pins
 * @soon:	bit 0: @grace will be soon
 * @stopped:	it has been left
 * @lost:	its pages are in use still
 */
struct mk_fs {
	struct daxfs core;
	struct daxfs quick;
	struct super_block *sb;
	struct mk_fs_pages pages;
	struct inode *futexes;
	struct page *zeros;
	struct srcu_struct readers;
	struct delayed_work grace;
	struct work_struct mend;
	bool ticks;
	bool holds;
	struct list_head pins;
	spinlock_t pins_lock;	/* of @pins */
	unsigned long soon;
	bool stopped;
	bool lost;
};

/**
 * struct mk_fs_node - an inode as this kernel knows it
 * @vfs:	for Linux
 * @ref:	which
 * @raw:	it, in the region; where that is mapped never changes
 * @seq:	raw->seq of the attributes in @vfs, odd: none
 * @xattr:	raw->xattr of the ACLs in @vfs
 * @btime:	birth, ns
 * @known:	of a directory, see namei.c
 * @lock:	@openers, and that nobody opens it
 * @openers:	open files
 * @mapped:	pages of it were in a process: they may be pinned
 * @pinned:	in fs->pins, which is one opener
 * @flocks:	mutex: file locks here and in the region
 */
struct mk_fs_node {
	struct inode vfs;
	struct daxfs_ref ref;
	struct daxfs_inode *raw;
	u32 seq;
	u64 xattr;
	u64 btime;
	u64 known;
	struct mutex lock;	/* of @openers */
	u32 openers;
	bool mapped;
	struct list_head pinned;
	struct mutex flocks;	/* of file locks */
};

static inline struct mk_fs *mk_fs(const struct super_block *sb)
{
	return sb->s_fs_info;
}

static inline struct mk_fs_node *mk_fs_node(const struct inode *inode)
{
	return container_of(inode, struct mk_fs_node, vfs);
}

/* Of the inode's file system, as fs.h wants it. */
static inline struct daxfs *mk_fs_core(const struct inode *inode)
{
	return &mk_fs(inode->i_sb)->core;
}

static inline struct daxfs_ref mk_fs_ref(const struct inode *inode)
{
	return mk_fs_node(inode)->ref;
}

/* mount.c */
int mk_fs_register(void);
void mk_fs_unregister(void);

/* pages.c */
int mk_fs_pages_region(struct mk_fs_pages *pages, const char *name);
int mk_fs_pages_phys(struct mk_fs_pages *pages, u64 start, u64 size);
int mk_fs_pages_dax(struct mk_fs_pages *pages, const char *path, void *holder);
void mk_fs_pages_put(struct mk_fs_pages *pages);
int mk_fs_pages_map(struct mk_fs *fs);
int mk_fs_pages_flush(struct mk_fs *fs);
void mk_fs_pages_grow(struct mk_fs *fs);
bool mk_fs_pages_unmap(struct mk_fs *fs);
bool mk_fs_pinned(struct mk_fs *fs, u64 off, u64 len);

/* node.c */
extern const struct inode_operations mk_fs_file_iops;
extern const struct inode_operations mk_fs_special_iops;
extern const struct inode_operations mk_fs_link_iops;
int mk_fs_node_init(void);
void mk_fs_node_exit(void);
struct inode *mk_fs_alloc_inode(struct super_block *sb);
void mk_fs_free_inode(struct inode *inode);
struct inode *mk_fs_iget(struct super_block *sb, struct daxfs_ref ref);
int mk_fs_check(struct inode *inode, bool wait);
int mk_fs_refresh(struct inode *inode, bool wait);
void mk_fs_accessed(struct file *file);
void mk_fs_named(struct inode *dir, const struct daxfs_span *span);
int mk_fs_count_opener(struct inode *inode);
int mk_fs_open(struct inode *inode, struct file *file);
int mk_fs_release(struct inode *inode, struct file *file);
int mk_fs_permission(struct compat_idmap *idmap, struct inode *inode, int mask);
int mk_fs_getattr(struct compat_idmap *idmap, const struct path *path, struct kstat *stat,
		  u32 mask, unsigned int flags);
int mk_fs_setattr(struct compat_idmap *idmap, struct dentry *dentry, struct iattr *attr);
int mk_fs_fileattr_get(struct dentry *dentry, struct file_kattr *fa);
int mk_fs_fileattr_set(struct compat_idmap *idmap, struct dentry *dentry, struct file_kattr *fa);
extern typeof(*mk_fs_file_iops.update_time) mk_fs_update_time;

/* namei.c, iterate.c, file.c, fault.c */
extern const struct inode_operations mk_fs_dir_iops;
extern const struct dentry_operations mk_fs_dentry_ops;
extern const struct file_operations mk_fs_dir_fops;
extern const struct file_operations mk_fs_file_fops;
int mk_fs_mmap(struct file *file, struct vm_area_struct *vma);

/* xattrs.c, acl.c */
extern compat_xattr_handlers mk_fs_xattr_handlers[];
ssize_t mk_fs_listxattr(struct dentry *dentry, char *list, size_t size);
int mk_fs_security(struct inode *inode, struct inode *dir, const struct qstr *name);
#ifdef CONFIG_FS_POSIX_ACL
struct posix_acl *mk_fs_get_acl(struct inode *inode, int type, bool rcu);
extern typeof(*mk_fs_file_iops.set_acl) mk_fs_set_acl;
int mk_fs_inherit(struct inode *dir, struct daxfs_new *what);
/* Both or none. */
#define MK_FS_ACL_IOPS	.compat_get_acl = mk_fs_get_acl, .set_acl = mk_fs_set_acl
#else
static inline int mk_fs_inherit(struct inode *dir, struct daxfs_new *what)
{
	return 0;
}

#define MK_FS_ACL_IOPS	.set_acl = NULL
#endif

/* flocks.c */
int mk_fs_lock(struct file *file, int cmd, struct file_lock *fl);
int mk_fs_flock(struct file *file, int cmd, struct file_lock *fl);

/* grace.c */
#define MK_FS_IDLE	msecs_to_jiffies(100)
#define MK_FS_BUSY	msecs_to_jiffies(10)
int mk_fs_grace_init(void);
void mk_fs_grace_exit(void);
int mk_fs_mend_now(struct mk_fs *fs);
void mk_fs_grace_begin(struct mk_fs *fs);
void mk_fs_grace_end(struct mk_fs *fs);
void mk_fs_grace_soon(struct mk_fs *fs);
void mk_fs_grace_freed(struct mk_fs *fs);
u64 mk_fs_grace_number(const struct inode *inode);
void mk_fs_grace_wait(const struct inode *inode, u64 since);

/* pins.c */
bool mk_fs_pins_keep(struct inode *inode);
bool mk_fs_pins_look(struct mk_fs *fs);
void mk_fs_pins_end(struct mk_fs *fs);

/* env.c */
u64 mk_fs_boot(void);

#endif /* MK_DAXFS_INTERNAL_H */
