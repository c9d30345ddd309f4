// SPDX-License-Identifier: GPL-2.0
/* Mounting: options, super blocks, and the way back. */
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>

#include "internal.h"

#define NAME_OF_HOST	"host"

static struct file_system_type type;

/* --- options --------------------------------------------------------------------- */

/**
 * struct options - of one mount
 * @region:	name, or NULL: the source
 * @dax:	path of a block device, likewise
 * @phys:	address, or ""
 * @size:	with it
 * @alone:	no other kernel has it: all that it says of them is old
 */
struct options {
	char *region;
	char *dax;
	u64 phys;
	u64 size;
	bool alone;
};

enum { OPT_REGION, OPT_DAX, OPT_PHYS, OPT_SIZE, OPT_ALONE };

static const struct fs_parameter_spec parameters[] = {
	fsparam_string("region", OPT_REGION),
	fsparam_string("dax", OPT_DAX),
	fsparam_string("phys", OPT_PHYS),
	fsparam_string("size", OPT_SIZE),
	fsparam_flag("alone", OPT_ALONE),
	{}
};

static int take_string(char **to, struct fs_parameter *param)
{
	kfree(*to);
	*to = param->string;
	param->string = NULL;
	return 0;
}

static int take_bytes(struct fs_context *fc, u64 *to, struct fs_parameter *param)
{
	char *end;

	*to = memparse(param->string, &end);
	return *end || !*param->string ?
		invalf(fc, "%s=%s: not a number of bytes", param->key, param->string) : 0;
}

static int parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct options *opt = fc->fs_private;
	struct fs_parse_result result;
	int which = fs_parse(fc, parameters, param, &result);

	switch (which) {
	case OPT_REGION:
		return take_string(&opt->region, param);
	case OPT_DAX:
		return take_string(&opt->dax, param);
	case OPT_PHYS:
		return take_bytes(fc, &opt->phys, param);
	case OPT_SIZE:
		return take_bytes(fc, &opt->size, param);
	case OPT_ALONE:
		opt->alone = true;
		return 0;
	default:
		return which;	/* also the source */
	}
}

/* --- the file system ------------------------------------------------------------- */

static void free_fs(struct mk_fs *fs)
{
	mk_fs_pages_put(&fs->pages);
	kvfree(fs->core.op);
	cleanup_srcu_struct(&fs->readers);
	put_page(fs->zeros);
	kfree(fs);
}

static struct mk_fs *alloc_fs(void)
{
	struct mk_fs *fs = kzalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	INIT_LIST_HEAD(&fs->pins);
	spin_lock_init(&fs->pins_lock);
	fs->core.priv = fs;
	fs->zeros = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (fs->zeros && !init_srcu_struct(&fs->readers))
		return fs;
	if (fs->zeros)
		put_page(fs->zeros);
	kfree(fs);
	return NULL;
}

static u32 slot_flags(const struct fs_context *fc)
{
	return fc->sb_flags & SB_RDONLY ? DAXFS_SLOT_RO : 0;
}

static struct daxfs_who who_am_i(const struct fs_context *fc)
{
	struct daxfs_who who = {
		.boot = mk_fs_boot(),
		.flags = slot_flags(fc),
		.name = NAME_OF_HOST,
	};
	struct mk_self self;

	if (!mk_core_self(&self)) {
		who.id = self.id;
		strscpy(who.name, self.name, sizeof(who.name));
	}
	return who;
}

/* All that seem to have it are of former times. */
static void bury_all(struct daxfs *core)
{
	u32 i;

	for (i = 0; i < core->nr_slots; i++)
		daxfs_bury(core, mk_peer_load(&daxfs_slot(core, i)->boot));
}

static int join(struct mk_fs *fs, struct fs_context *fc)
{
	const struct options *opt = fc->fs_private;
	struct daxfs_who who = who_am_i(fc);
	struct daxfs *core = &fs->core;
	int err = daxfs_attach(core);

	if (err == -EINVAL)
		return invalf(fc, "%s: there is no daxfs in it", fs->pages.name);
	if (err)
		goto out;
	core->op = kvcalloc(core->nr_ops, sizeof(*core->op), GFP_KERNEL);
	if (!core->op)
		return -ENOMEM;
	/* nobody else can have a device open, so nobody can have it mounted */
	if (fs->pages.kind == MK_FS_DAX || (fs->pages.kind == MK_FS_PHYS && opt->alone))
		bury_all(core);
	err = daxfs_join(core, &who);
out:
	if (err == -EPROTONOSUPPORT)
		errorf(fc, "%s: its format is another version's", fs->pages.name);
	if (err == -EAGAIN)
		errorf(fc, "%s: it is being made larger: mount it again", fs->pages.name);
	if (err == -EUSERS)
		errorf(fc, "%s: %u kernels have it mounted: unmount it in one of them",
		       fs->pages.name, core->nr_slots);
	return err;
}

static const struct super_operations super_ops;

static void set_super(struct super_block *sb, struct mk_fs *fs)
{
	const struct daxfs_super *super = daxfs_super(&fs->core);

	sb->s_magic = lower_32_bits(DAXFS_MAGIC);
	sb->s_op = &super_ops;
	sb->s_xattr = mk_fs_xattr_handlers;
	sb->s_maxbytes = min_t(u64, DAXFS_FILE_MAX, MAX_LFS_FILESIZE);
	sb->s_blocksize = DAXFS_BLOCK;
	sb->s_blocksize_bits = DAXFS_BLOCK_SHIFT;
	sb->s_time_gran = 1;
	sb->s_time_min = div_s64(S64_MIN, NSEC_PER_SEC) + 1;
	sb->s_time_max = div_u64(S64_MAX, NSEC_PER_SEC);
	sb->s_flags |= IS_ENABLED(CONFIG_FS_POSIX_ACL) ? SB_POSIXACL : 0;
	compat_set_uuid(sb, super->uuid);
	snprintf(sb->s_id, sizeof(sb->s_id), "%s", fs->pages.name);
	set_default_d_op(sb, &mk_fs_dentry_ops);
}

static const struct address_space_operations futex_aops = {
	.dirty_folio = noop_dirty_folio,
};

static struct inode *make_futexes(struct super_block *sb)
{
	struct inode *inode = new_inode(sb);

	if (inode)
		inode->i_mapping->a_ops = &futex_aops;
	return inode;
}

static int fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct daxfs_ref ref = { .ino = DAXFS_ROOT };
	struct mk_fs *fs = mk_fs(sb);
	struct daxfs_attr attr;
	struct inode *root;
	int err;

	fs->sb = sb;
	err = mk_fs_pages_map(fs);
	if (err) {
		errorf(fc, "%s: its memory cannot be mapped", fs->pages.name);
		return err;
	}
	err = join(fs, fc);
	if (err)
		return err;
	fs->quick = fs->core;
	mk_fs_grace_begin(fs);
	err = mk_fs_mend_now(fs) ?: daxfs_getattr(&fs->core, ref, &attr);
	if (err)
		return err;
	set_super(sb, fs);
	fs->futexes = make_futexes(sb);
	if (!fs->futexes)
		return -ENOMEM;
	root = mk_fs_iget(sb, attr.ref);
	if (IS_ERR(root))
		return PTR_ERR(root);
	if (!S_ISDIR(root->i_mode)) {
		iput(root);
		return daxfs_bad(&fs->core, "root directory", DAXFS_ROOT);
	}
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static int find_pages(struct mk_fs_pages *pages, struct fs_context *fc)
{
	const struct options *opt = fc->fs_private;
	const char *region = opt->region ?: fc->source;
	int err;

	if (opt->phys || opt->size) {
		err = mk_fs_pages_phys(pages, opt->phys, opt->size);
		if (err)
			errorf(fc, "phys=%#llx,size=%#llx: not 2 MiB, RAM, or locked down",
			       opt->phys, opt->size);
		return err;
	}
	if (opt->dax || (!opt->region && fc->source && *fc->source == '/')) {
		err = mk_fs_pages_dax(pages, opt->dax ?: fc->source, &type);
		if (err != -ENOTBLK || opt->dax) {
			if (err)
				errorf(fc, "%s: in use, or no pmem device; device-dax needs phys=",
				       opt->dax ?: fc->source);
			return err;
		}
		/* mount(8) makes a path of a word when there is a file of that name */
		region = kbasename(fc->source);
	}
	if (!region)
		return invalf(fc, "which region? mount -t daxfs NAME DIR");
	err = mk_fs_pages_region(pages, region);
	if (err == -ENOENT)
		errorf(fc, "%s: no such region, or not permitted here: see mkctl fs list", region);
	return err;
}

static int is_same(struct super_block *sb, struct fs_context *fc)
{
	const struct mk_fs_pages *a = &mk_fs(sb)->pages;
	const struct mk_fs_pages *b = &((struct mk_fs *)fc->s_fs_info)->pages;

	return a->kind == b->kind && a->id == b->id;
}

static int take_super(struct fs_context *fc)
{
	struct super_block *sb = sget_fc(fc, is_same, set_anon_super_fc);
	int err = 0;

	if (IS_ERR(sb))
		return PTR_ERR(sb);
	if (!sb->s_root) {
		err = fill_super(sb, fc);
		if (!err)
			sb->s_flags |= SB_ACTIVE;
	} else if ((fc->sb_flags ^ sb->s_flags) & SB_RDONLY) {
		errorf(fc, "%s is mounted %s already: mount it so again", sb->s_id,
		       sb_rdonly(sb) ? "read-only" : "writable");
		err = -EBUSY;
	}
	if (err) {
		deactivate_locked_super(sb);
		return err;
	}
	fc->root = dget(sb->s_root);
	return 0;
}

static int get_tree(struct fs_context *fc)
{
	struct mk_fs *fs = alloc_fs();
	int err;

	if (!fs)
		return -ENOMEM;
	fc->s_fs_info = fs;
	err = find_pages(&fs->pages, fc);
	if (err)
		return err;
	if (fs->pages.read_only)
		fc->sb_flags |= SB_RDONLY;
	return take_super(fc);
}

static int reconfigure(struct fs_context *fc)
{
	struct mk_fs *fs = mk_fs(fc->root->d_sb);

	if (fs->pages.read_only && !(fc->sb_flags & SB_RDONLY)) {
		errorf(fc, "%s: this kernel is only permitted to read it", fs->pages.name);
		return -EROFS;
	}
	mk_peer_store(&daxfs_slot(&fs->core, fs->core.slot)->flags, slot_flags(fc));
	return 0;
}

static void free_context(struct fs_context *fc)
{
	struct options *opt = fc->fs_private;

	/* what a super block has taken is not here any more */
	if (fc->s_fs_info)
		free_fs(fc->s_fs_info);
	if (opt) {
		kfree(opt->region);
		kfree(opt->dax);
	}
	kfree(opt);
}

static const struct fs_context_operations context_ops = {
	.parse_param = parse_param,
	.get_tree = get_tree,
	.reconfigure = reconfigure,
	.free = free_context,
};

static int init_context(struct fs_context *fc)
{
	struct options *opt = kzalloc(sizeof(*opt), GFP_KERNEL);

	if (!opt)
		return -ENOMEM;
	fc->fs_private = opt;
	fc->ops = &context_ops;
	return 0;
}

/* --- super block ---------------------------------------------------------------------- */

static int statfs(struct dentry *dentry, struct kstatfs *to)
{
	struct super_block *sb = dentry->d_sb;
	struct daxfs_stat st;

	daxfs_statfs(&mk_fs(sb)->core, &st);
	to->f_type = sb->s_magic;
	to->f_bsize = DAXFS_BLOCK;
	to->f_blocks = st.blocks;
	to->f_bfree = st.free_blocks;
	to->f_bavail = st.free_blocks;
	to->f_files = st.inodes;
	to->f_ffree = st.free_inodes;
	to->f_namelen = DAXFS_NAME_MAX;
	to->f_fsid = uuid_to_fsid(daxfs_super(&mk_fs(sb)->core)->uuid);
	return 0;
}

static int show_options(struct seq_file *m, struct dentry *root)
{
	const struct mk_fs_pages *pages = &mk_fs(root->d_sb)->pages;

	switch (pages->kind) {
	case MK_FS_REGION:
		seq_show_option(m, "region", pages->name);
		break;
	case MK_FS_DAX:
		seq_show_option(m, "dax", pages->name);
		break;
	default:
		seq_printf(m, ",phys=%s,size=%#llx", pages->name, pages->extent[0].size);
	}
	return 0;
}

/* Backwards what fill_super() has done, as far as it came. */
static void stop(struct mk_fs *fs)
{
	if (fs->stopped)
		return;
	fs->stopped = true;
	mk_fs_grace_end(fs);
	if (fs->core.me)
		daxfs_leave(&fs->core);
	if (fs->core.piece && mk_fs_pages_flush(fs))
		pr_err("%s: the device may have lost the last changes\n", fs->pages.name);
	fs->lost = !mk_fs_pages_unmap(fs);
	iput(fs->futexes);
}

static int sync_fs(struct super_block *sb, int wait)
{
	return wait ? mk_fs_pages_flush(mk_fs(sb)) : 0;
}

/* Who mounts it again waits for this. */
static void put_super(struct super_block *sb)
{
	stop(mk_fs(sb));
}

static const struct super_operations super_ops = {
	.alloc_inode = mk_fs_alloc_inode,
	.free_inode = mk_fs_free_inode,
	.put_super = put_super,
	.sync_fs = sync_fs,
	.statfs = statfs,
	.show_options = show_options,
};

static void kill_super(struct super_block *sb)
{
	struct mk_fs *fs = mk_fs(sb);

	mk_fs_grace_end(fs);
	mk_fs_pins_end(fs);
	kill_anon_super(sb);
	stop(fs);
	if (!fs->lost)
		free_fs(fs);
}

static struct file_system_type type = {
	.owner = THIS_MODULE,
	.name = "daxfs",
	.init_fs_context = init_context,
	.parameters = parameters,
	.kill_sb = kill_super,
	.fs_flags = FS_ALLOW_IDMAP,
};

int mk_fs_register(void)
{
	return register_filesystem(&type);
}

void mk_fs_unregister(void)
{
	unregister_filesystem(&type);
}
