// SPDX-License-Identifier: GPL-2.0
/*
 * The host's own leash: when the host goes down or sleeps, no instance may go
 * on with CPUs and memory that the next kernel takes for its own.
 */
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "internal.h"

/* Also kexec: kernel_kexec() calls the reboot notifiers first. */
static int host_reboots(struct notifier_block *nb, unsigned long action, void *cmd)
{
	mk_instances_end_all();
	return NOTIFY_DONE;
}

static struct notifier_block reboot_notifier = {
	.notifier_call = host_reboots,
	.priority = INT_MAX,
};

/* Sleep takes every CPU down: refuse, rather than end what runs. */
static int prepare_sleep(void)
{
	int alive;

	/* none may start between the count and the freezing of all processes */
	WRITE_ONCE(mk_going_down, true);
	smp_mb();	/* pairs with refuse_start() */
	alive = mk_instances_alive();
	if (!alive)
		return NOTIFY_DONE;
	WRITE_ONCE(mk_going_down, false);
	pr_err("the host cannot sleep: %d instances are alive; stop them first (mkctl stop, mkctl kill --all)\n",
	       alive);
	return notifier_from_errno(-EBUSY);
}

static int host_sleeps(struct notifier_block *nb, unsigned long action, void *unused)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		return prepare_sleep();
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		WRITE_ONCE(mk_going_down, false);
	}
	return NOTIFY_DONE;
}

static struct notifier_block pm_notifier = {
	.notifier_call = host_sleeps,
	.priority = INT_MAX,
};

/**
 * mk_power_init() - be told when the host goes down or sleeps
 *
 * Context: module load.
 * Return: 0 or a negative errno.
 */
int mk_power_init(void)
{
	int ret = register_reboot_notifier(&reboot_notifier);

	if (ret)
		return ret;
	ret = register_pm_notifier(&pm_notifier);
	if (ret)
		unregister_reboot_notifier(&reboot_notifier);
	return ret;
}

/**
 * mk_power_exit() - be told no more
 *
 * Context: module unload.
 */
void mk_power_exit(void)
{
	unregister_pm_notifier(&pm_notifier);
	unregister_reboot_notifier(&reboot_notifier);
}
