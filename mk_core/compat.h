/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place for differences between kernel versions, named by capability
 * and probed by header or macro where that can be done.
 */
#ifndef MK_CORE_COMPAT_H
#define MK_CORE_COMPAT_H

#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/sysfs.h>
#include <linux/version.h>

/* alloc_contig_range() took a migrate type until acr_flags_t came (6.18). */
#ifdef ACR_FLAGS_NONE
#define COMPAT_CONTIG_KIND	ACR_FLAGS_NONE
#else
#define COMPAT_CONTIG_KIND	MIGRATE_MOVABLE
#endif

/* hrtimer_setup() replaces hrtimer_init() and the callback's assignment (6.13). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

/* bin_attribute callbacks take a const attribute (6.16). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define compat_bin_const
#else
#define compat_bin_const const
#endif

/* kset_uevent_ops callbacks take a const kobject (6.3). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define compat_uevent_const
#else
#define compat_uevent_const const
#endif

/* A mapping's flags are set by a function (6.3). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define compat_vm_flags_set(_vma, _flags)	((_vma)->vm_flags |= (_flags))
#else
#define compat_vm_flags_set(_vma, _flags)	vm_flags_set(_vma, _flags)
#endif

/* The namespace of an export became a string (6.13). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define COMPAT_NAMESPACE	MULTIKERNEL
#else
#define COMPAT_NAMESPACE	"MULTIKERNEL"
#endif

/* Interrupts are moved at once, and not at their next one, by default (6.14). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define COMPAT_MOVE_AT_ONCE	IRQ_MOVE_PCNTXT
#else
#define COMPAT_MOVE_AT_ONCE	0
#endif

/* The functions of an hvc console count in size_t, and its text is u8 (6.8). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define compat_hvc_char_t		char
#define compat_hvc_size_t		int
#define compat_hvc_ssize_t	int
#else
#define compat_hvc_char_t		u8
#define compat_hvc_size_t		size_t
#define compat_hvc_ssize_t	ssize_t
#endif

/* AF_VSOCK's transports are told of network namespaces (7.0). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define compat_vsock_send_args		struct sk_buff *skb, struct net *net
#define compat_vsock_stream_args	struct vsock_sock *vsk, u32 cid, u32 port
#define compat_vsock_seqpacket_args	struct vsock_sock *vsk, u32 cid
#define COMPAT_VSOCK_IS_GLOBAL		vsock_net_mode_global(vsk)
#define compat_vsock_recv(_transport, _skb)	virtio_transport_recv_pkt(_transport, _skb, NULL)
#else
#define compat_vsock_send_args		struct sk_buff *skb
#define compat_vsock_stream_args	u32 cid, u32 port
#define compat_vsock_seqpacket_args	u32 cid
#define COMPAT_VSOCK_IS_GLOBAL		true
#define compat_vsock_recv(_transport, _skb)	virtio_transport_recv_pkt(_transport, _skb)
#endif

/* They tell how much is not sent yet, and can do more (6.4 to 6.12). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define compat_vsock_sent(_skb)		consume_skb(_skb)
#define compat_vsock_sent_bytes(_vvs, _n)	((void)(_vvs), (void)(_n))
#define COMPAT_VSOCK_OPS
#else
#define compat_vsock_sent(_skb)		virtio_transport_consume_skb_sent(_skb, true)
#define compat_vsock_sent_bytes(_vvs, _n)	((_vvs)->bytes_unsent -= (_n))
#define COMPAT_VSOCK_OPS						\
	.unsent_bytes = virtio_transport_unsent_bytes,			\
	.notify_set_rcvlowat = virtio_transport_notify_set_rcvlowat,	\
	.msgzerocopy_allow = allow_zerocopy,				\
	.read_skb = virtio_transport_read_skb,
#endif

/* They are asked which CIDs they reach (7.1). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
#define COMPAT_VSOCK_HAS_CID
#else
#define COMPAT_VSOCK_HAS_CID	.has_remote_cid = has_remote_cid,
#endif

#ifdef COMPAT_VFS	/* for a file system: it costs many headers */
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#include <linux/filelock.h>
#endif

/* ACLs are set by dentry, and are no extended attributes to the VFS (6.2). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define compat_set_acl_args						\
	struct user_namespace *idmap, struct inode *inode, struct posix_acl *acl, int type
#define compat_set_acl_inode	inode
#define compat_get_acl		get_acl
#define COMPAT_ACL_HANDLERS	&posix_acl_access_xattr_handler, &posix_acl_default_xattr_handler
#define compat_acl_chmod(_idmap, _dentry, _mode)	\
	posix_acl_chmod(_idmap, d_inode(_dentry), _mode)
#else
#define compat_set_acl_args						\
	struct compat_idmap *idmap, struct dentry *dentry, struct posix_acl *acl, int type
#define compat_set_acl_inode	d_inode(dentry)
#define compat_get_acl		get_inode_acl
#define compat_acl_chmod	posix_acl_chmod
#endif

/* A mount's mapping of owners is a mnt_idmap; VMA flags have functions (6.3). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define compat_idmap	user_namespace
#define compat_file_idmap	file_mnt_user_ns
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#else
#define compat_idmap	mnt_idmap
#define compat_file_idmap	file_mnt_idmap
#endif

/* A file without page cache can be spliced by copying (6.5). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define COMPAT_SPLICE_READ	generic_file_splice_read
#else
#define COMPAT_SPLICE_READ	copy_splice_read
#endif

/* What is wanted is told to who fills in attributes (6.6). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define compat_fillattr(_idmap, _mask, _inode, _stat)	\
	((void)(_mask), generic_fillattr(_idmap, _inode, _stat))
#else
#define compat_fillattr	generic_fillattr
#endif

/* The table of handlers is const (6.6). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define compat_xattr_handlers	const struct xattr_handler *
#else
#define compat_xattr_handlers	const struct xattr_handler * const
#endif

/* The times of an inode have functions (6.6, 6.7). */
static inline void compat_set_times(struct inode *inode, struct timespec64 atime,
				    struct timespec64 mtime, struct timespec64 ctime)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	inode->i_atime = atime;
	inode->i_mtime = mtime;
	inode->i_ctime = ctime;
#else
	inode_set_atime_to_ts(inode, atime);
	inode_set_mtime_to_ts(inode, mtime);
	inode_set_ctime_to_ts(inode, ctime);
#endif
}

/* Who updates times is told which in another way (6.6, 7.0). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define compat_update_time_args	struct inode *inode, struct timespec64 *now, int flags
#define COMPAT_UPDATES_ATIME	(flags & S_ATIME)
#define COMPAT_UPDATES_MTIME	(flags & (S_MTIME | S_CTIME))
#elif LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define compat_update_time_args	struct inode *inode, int flags
#define COMPAT_UPDATES_ATIME	(flags & S_ATIME)
#define COMPAT_UPDATES_MTIME	(flags & (S_MTIME | S_CTIME))
#else
#define compat_update_time_args	\
	struct inode *inode, enum fs_update_time type, unsigned int flags
#define COMPAT_UPDATES_ATIME	(type == FS_UPD_ATIME)
#define COMPAT_UPDATES_MTIME	(type == FS_UPD_CMTIME)
#endif

/* File locks and leases share their first part; the UUID has a length (6.9). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#define compat_fl(_fl, _field)	((_fl)->fl_##_field)
#define compat_fl_list		fl_list
#define compat_set_uuid(_sb, _uuid)	memcpy(&(_sb)->s_uuid, _uuid, sizeof((_sb)->s_uuid))
#else
#define compat_fl(_fl, _field)	((_fl)->c.flc_##_field)
#define compat_fl_list		c.flc_list
#define compat_set_uuid(_sb, _uuid)	super_set_uuid(_sb, _uuid, sizeof((_sb)->s_uuid))
#endif

/* A block device is opened as a file (6.9). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#define COMPAT_BDEV_MODE	(FMODE_READ | FMODE_WRITE | FMODE_EXCL)
struct compat_bdev {
	struct block_device *bdev;
};

static inline int compat_bdev_open(struct compat_bdev *b, const char *path, void *holder)
{
	struct block_device *bdev = blkdev_get_by_path(path, COMPAT_BDEV_MODE, holder);

	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	b->bdev = bdev;
	return 0;
}

static inline void compat_bdev_close(struct compat_bdev *b)
{
	if (b->bdev)
		blkdev_put(b->bdev, COMPAT_BDEV_MODE);
}

static inline struct block_device *compat_bdev(struct compat_bdev *b)
{
	return b->bdev;
}
#else
struct compat_bdev {
	struct file *file;
};

static inline int compat_bdev_open(struct compat_bdev *b, const char *path, void *holder)
{
	struct file *file = bdev_file_open_by_path(path, BLK_OPEN_READ | BLK_OPEN_WRITE, holder,
						   NULL);

	if (IS_ERR(file))
		return PTR_ERR(file);
	b->file = file;
	return 0;
}

static inline void compat_bdev_close(struct compat_bdev *b)
{
	if (b->file)
		fput(b->file);
}

static inline struct block_device *compat_bdev(struct compat_bdev *b)
{
	return file_bdev(b->file);
}
#endif

/* d_revalidate() is told name and directory (6.14). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define compat_revalidate_args	struct dentry *dentry, unsigned int flags
/* Not inline: what it has on its stack is not cleared before it is called. */
static noinline __maybe_unused int
compat_revalidate(int (*fn)(struct inode *, const struct qstr *, struct dentry *, unsigned int),
		  struct dentry *dentry, unsigned int flags)
{
	struct dentry *parent = flags & LOOKUP_RCU ? NULL : dget_parent(dentry);
	struct inode *dir = parent ? d_inode(parent) : d_inode_rcu(READ_ONCE(dentry->d_parent));
	struct name_snapshot name;
	int ret = -ECHILD;

	take_dentry_name_snapshot(&name, dentry);
	if (dir)
		ret = fn(dir, &name.name, dentry, flags);
	release_dentry_name_snapshot(&name);
	dput(parent);
	return ret;
}

#define COMPAT_REVALIDATE(_fn)	compat_revalidate(_fn, dentry, flags)
#else
#define compat_revalidate_args	\
	struct inode *dir, const struct qstr *name, struct dentry *dentry, unsigned int flags
#define COMPAT_REVALIDATE(_fn)	_fn(dir, name, dentry, flags)
#endif

/* create() has no other caller than vfs_create(), which wants O_EXCL (7.3). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#define compat_create_args	struct compat_idmap *idmap, struct inode *dir, \
				struct dentry *dentry, umode_t mode, bool excl
#else
#define compat_create_args	struct compat_idmap *idmap, struct inode *dir, \
				struct dentry *dentry, umode_t mode
#endif

/* mkdir() returns a dentry; pages of a dax device are at rest without reference (6.15). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define compat_mkdir_t		int
#define compat_mkdir_ret(_err)	(_err)
#define COMPAT_DAX_REST		1
#else
#define compat_mkdir_t		struct dentry *
#define compat_mkdir_ret(_err)	ERR_PTR(_err)
#define COMPAT_DAX_REST		0
#endif

/* File attributes are kattr; dentry operations of a super block have a function (6.17). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define file_kattr	fileattr
#define set_default_d_op(_sb, _ops)	((_sb)->s_d_op = (_ops))
#endif

/*
 * 2 MiB of a device's pages can be one entry of a page table, and get_user_pages() finds
 * them there (for other files than DAX ones from 6.7 on, until 6.17).
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0) && \
	defined(CONFIG_TRANSPARENT_HUGEPAGE) && defined(CONFIG_ARCH_HAS_PTE_DEVMAP)
#define COMPAT_HUGE_FAULT
#include <linux/huge_mm.h>
#include <linux/pfn_t.h>
/* As the mapping permits. Told of a write Linux warns of an entry that came meanwhile. */
static inline vm_fault_t compat_insert_huge(struct vm_fault *vmf, phys_addr_t at)
{
	return vmf_insert_pfn_pmd(vmf, phys_to_pfn_t(at, PFN_DEV | PFN_MAP), false);
}
#endif

/* The state of an inode has a function (6.19). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define compat_inode_is_new(_inode)	((_inode)->i_state & I_NEW)
#else
#define compat_inode_is_new(_inode)	(inode_state_read_once(_inode) & I_NEW)
#endif

/* Leases are only where a file system wants them (7.0). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define COMPAT_NO_LEASES	.setlease = simple_nosetlease,
#else
#define COMPAT_NO_LEASES
#endif

/* The bytes of an ACL are allocated (7.0). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
static inline void *compat_acl_to_xattr(const struct posix_acl *acl, size_t *size)
{
	void *value;
	int len;

	*size = posix_acl_xattr_size(acl->a_count);
	value = kmalloc(*size, GFP_KERNEL);
	if (!value)
		return NULL;
	len = posix_acl_to_xattr(&init_user_ns, acl, value, *size);
	if (len >= 0)
		return value;
	kfree(value);
	return ERR_PTR(len);
}
#else
#define compat_acl_to_xattr(_acl, _size)	\
	posix_acl_to_xattr(&init_user_ns, _acl, _size, GFP_KERNEL)
#endif
#endif /* COMPAT_VFS */

#endif /* MK_CORE_COMPAT_H */
