// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include "internal.h"

struct noun {
	int (*init)(void);
	void (*exit)(void);
};

/* In the order of their beginning. */
static const struct noun host[] = {
	{ mk_sysfs_instances, NULL },
	{ mk_window_init, NULL },
	{ mk_cpu_init, mk_cpu_exit },
	{ mk_pool_init, mk_pool_exit },
	{ mk_image_init, mk_image_exit },
	{ mk_sysfs_regions, mk_region_exit },
	{ mk_control_init, mk_control_exit },
	{ mk_power_init, mk_power_exit },
};

static void end_host(size_t begun)
{
	while (begun--)
		if (host[begun].exit)
			host[begun].exit();
}

static int begin_host(void)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < ARRAY_SIZE(host); i++)
		ret = host[i].init();
	if (ret)
		end_host(i - 1);
	return ret;
}

static int begin_instance(const struct mk_handoff *handoff, u32 len)
{
	int ret = mk_agent_init(handoff, len);

	if (ret)
		return ret;
	__module_get(THIS_MODULE);	/* a leash does not come off */
	if (mk_chardev_init(true))
		pr_warn("no /dev/mk in this instance\n");
	return 0;
}

static int begin_all(void)
{
	int ret = begin_host();

	if (ret)
		return ret;
	ret = mk_chardev_init(false);
	if (ret)
		end_host(ARRAY_SIZE(host));
	return ret;
}

static int __init mk_core_init(void)
{
	u32 len;
	const struct mk_handoff *handoff = mk_handoff_find(&len);
	int ret;

	if (!handoff && mk_agent_expected()) {
		pr_err("this instance sees no ACPI table %s and cannot be put on its leash; start it without acpi=off\n",
		       MK_HANDOFF_SIG);
		return -ENODEV;
	}
	ret = mk_sysfs_init();
	if (ret)
		return ret;
	ret = handoff ? begin_instance(handoff, len) : begin_all();
	if (ret)
		mk_sysfs_exit();
	return ret;
}

/* Never in an instance: it holds itself. */
static void __exit mk_core_exit(void)
{
	mk_chardev_exit();
	mk_instance_exit();
	end_host(ARRAY_SIZE(host));
	mk_sysfs_exit();
}

module_init(mk_core_init);
module_exit(mk_core_exit);

MODULE_DESCRIPTION("Stock kernels beside a stock kernel: pool, instances, handoff");
MODULE_LICENSE("GPL");
MODULE_VERSION(MK_VERSION);
MODULE_ALIAS("acpi*:" MK_HANDOFF_HID ":*");
