// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include "internal.h"

DEFINE_MUTEX(mk_ipc_lock);	/* which channels there are, and who may have them */
struct workqueue_struct *mk_ipc_wq;

static bool is_host;

static int begin_console(void)
{
	return is_host ? mk_console_init() : mk_hvc_init();
}

static void end_console(void)
{
	if (is_host)
		mk_console_exit();
	else
		mk_hvc_exit();
}

static int begin_role(void)
{
	return is_host ? mk_host_init() : mk_agent_init();
}

static int begin(void)
{
	int ret = mk_bell_init();

	if (ret)
		return ret;
	ret = mk_chardev_init();
	if (ret)
		goto no_device;
	ret = begin_console();
	if (ret)
		goto no_console;
	ret = mk_handler_init();
	if (ret)
		goto no_handler;
	mk_vsock_init();
	ret = begin_role();
	if (!ret)
		return 0;
	mk_vsock_exit();
	mk_handler_exit();
no_handler:
	end_console();
no_console:
	mk_chardev_exit();
no_device:
	mk_bell_exit();
	return ret;
}

static int __init mk_ipc_init(void)
{
	struct mk_self self;
	int ret;

	is_host = mk_core_self(&self) == -ENODEV;
	mk_ipc_wq = alloc_workqueue("mk_ipc", WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	if (!mk_ipc_wq)
		return -ENOMEM;
	ret = begin();
	if (ret)
		destroy_workqueue(mk_ipc_wq);
	else if (!is_host)
		__module_get(THIS_MODULE);	/* it stays: a link is joined once */
	return ret;
}

/* The host's. */
static void __exit mk_ipc_exit(void)
{
	mk_chardev_exit();
	mk_vsock_exit();
	mk_handler_exit();
	mk_console_exit();
	mk_host_exit();
	mk_bell_exit();
	destroy_workqueue(mk_ipc_wq);
}

module_init(mk_ipc_init);
module_exit(mk_ipc_exit);

MODULE_DESCRIPTION("Messages between kernels: doorbells, links, channels");
MODULE_LICENSE("GPL");
MODULE_VERSION(MK_VERSION);
MODULE_ALIAS("acpi*:" MK_HANDOFF_HID ":*");
MODULE_IMPORT_NS(COMPAT_NAMESPACE);
