// SPDX-License-Identifier: GPL-2.0
/*
 * The leash, in an instance: what would reset or power off the machine ends
 * only this kernel.
 *
 * x86 has no hook before its own reset code, so kprobes stand at the entry of
 * its functions and never return: the last word goes to the control page and
 * the CPU halts.  The host then takes all CPUs back.
 */
#include <linux/kprobes.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>
#include <asm/irqflags.h>

#include "internal.h"

static void __noreturn end_here(u32 reason, const char *text)
{
	mk_agent_end(reason, text);
	raw_local_irq_disable();
	for (;;)
		native_halt();
}

#define END_AT(_name, _symbol, _reason, _text) \
	static int at_##_name(struct kprobe *p, struct pt_regs *regs) \
	{ \
		end_here(_reason, _text); \
	} \
	static struct kprobe _name##_probe = { \
		.symbol_name = _symbol, .pre_handler = at_##_name, \
	}

END_AT(emergency, "native_machine_emergency_restart", MK_REASON_EMERGENCY, "");
END_AT(restart, "native_machine_restart", MK_REASON_REBOOT, "");
END_AT(halt, "native_machine_halt", MK_REASON_HALT, "");
END_AT(power_off, "native_machine_power_off", MK_REASON_POWEROFF, "");
END_AT(kexec, "machine_kexec", MK_REASON_KEXEC, "kexec is off in an instance");

static struct kprobe *probes[] = {
	&emergency_probe, &restart_probe, &halt_probe, &power_off_probe, &kexec_probe,
};

static int on_panic(struct notifier_block *nb, unsigned long unused, void *message)
{
	mk_agent_end(MK_REASON_PANIC, message);
	return NOTIFY_DONE;
}

static struct notifier_block panic_notifier = {
	.notifier_call = on_panic,
	.priority = INT_MAX,
};

static int on_reboot(struct notifier_block *nb, unsigned long action, void *unused)
{
	mk_agent_stopping();
	return NOTIFY_DONE;
}

static struct notifier_block reboot_notifier = {
	.notifier_call = on_reboot,
	.priority = INT_MIN,
};

/* Nothing wakes an instance: it has no firmware and no wake-up device. */
static int on_sleep(struct notifier_block *nb, unsigned long action, void *unused)
{
	return action == PM_SUSPEND_PREPARE || action == PM_HIBERNATION_PREPARE ?
	       notifier_from_errno(-EOPNOTSUPP) : NOTIFY_DONE;
}

static struct notifier_block sleep_notifier = {
	.notifier_call = on_sleep,
};

/*
 * Without it reboot(RB_POWER_OFF) would halt instead: Linux asks whether
 * anybody can power off.  The probe comes before this is called.
 */
static int power_off(struct sys_off_data *data)
{
	end_here(MK_REASON_POWEROFF, "");
}

/**
 * mk_leash_init() - put the leash on
 *
 * Return: 0; or a negative errno when the machine would not be safe from this
 * kernel. It never comes off again: the module pins itself.
 */
int mk_leash_init(void)
{
	int ret = register_kprobes(probes, ARRAY_SIZE(probes));

	if (ret) {
		pr_err("kprobes on the reset functions were refused (%d): this kernel cannot be an instance\n",
		       ret);
		return ret;
	}
	atomic_notifier_chain_register(&panic_notifier_list, &panic_notifier);
	register_reboot_notifier(&reboot_notifier);
	register_pm_notifier(&sleep_notifier);
	if (IS_ERR(register_sys_off_handler(SYS_OFF_MODE_POWER_OFF, SYS_OFF_PRIO_FIRMWARE,
					    power_off, NULL)))
		pr_warn("no power-off handler: poweroff will be told as halt\n");
	return 0;
}
