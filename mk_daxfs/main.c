// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include "internal.h"

static int __init mk_daxfs_init(void)
{
	int ret = mk_fs_node_init();

	if (ret)
		return ret;
	ret = mk_fs_grace_init();
	if (ret)
		goto no_grace;
	ret = mk_fs_register();
	if (!ret)
		return 0;
	mk_fs_grace_exit();
no_grace:
	mk_fs_node_exit();
	return ret;
}

static void __exit mk_daxfs_exit(void)
{
	mk_fs_unregister();
	mk_fs_grace_exit();
	mk_fs_node_exit();
}

module_init(mk_daxfs_init);
module_exit(mk_daxfs_exit);

MODULE_DESCRIPTION("A file system in memory that many kernels have mounted");
MODULE_LICENSE("GPL");
MODULE_VERSION(MK_VERSION);
MODULE_ALIAS_FS("daxfs");
MODULE_IMPORT_NS(COMPAT_NAMESPACE);
