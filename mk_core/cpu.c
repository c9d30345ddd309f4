// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs between the host and the pool.
 *
 * A CPU of the pool is offline in the host and not "present": Linux broadcasts
 * interrupts by "all but self" while every present CPU was booted once, and
 * that shorthand reaches CPUs which run another kernel (apic_smt_update() in
 * arch/x86/kernel/apic/ipi.c).  The mask is changed in the last hotplug callback
 * of the CPU's own way down, so that the look which the host takes at the end
 * of it sees the change.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "internal.h"

static enum cpuhp_state hotplug_state;
static struct cpumask taken;	/* CPUs that are leaving or have left the host */

static int cpu_left(unsigned int cpu)
{
	if (cpumask_test_cpu(cpu, &taken))
		set_cpu_present(cpu, false);
	return 0;
}

/* Also when something vetoes the way down after cpu_left(). */
static int cpu_comes(unsigned int cpu)
{
	if (cpumask_test_cpu(cpu, &taken))
		set_cpu_present(cpu, true);
	return 0;
}

/**
 * mk_cpu_init() - watch CPUs on their way out of the host and back
 *
 * Context: module load; takes the CPU hotplug lock.
 * Return: 0 or a negative errno.
 */
int mk_cpu_init(void)
{
	int ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "multikernel:pool",
					    cpu_comes, cpu_left);

	if (ret < 0)
		return ret;
	hotplug_state = ret;
	return 0;
}

/**
 * mk_cpu_exit() - end the watching
 *
 * Context: module unload, no CPU left in the pool; takes the CPU hotplug lock.
 */
void mk_cpu_exit(void)
{
	cpuhp_remove_state_nocalls(hotplug_state);
}

/**
 * mk_cpu_check() - could the host give this CPU?
 * @cpu:	logical number
 * @err:	what is wrong
 *
 * Context: sleeps not. Return: 0 or a negative errno.
 */
int mk_cpu_check(u32 cpu, struct mk_error *err)
{
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu) || !get_cpu_device(cpu))
		return mk_fail(err, -EINVAL, MK_E_CPU_UNKNOWN, cpu, 0);
	if (cpumask_test_cpu(cpu, &taken))
		return mk_fail(err, -EBUSY, MK_E_CPU_TAKEN, cpu, 0);
	if (cpu == 0)
		return mk_fail(err, -EINVAL, MK_E_CPU_BOOT, cpu, 0);
	if (!cpu_online(cpu))
		return mk_fail(err, -EINVAL, MK_E_CPU_OFFLINE, cpu, 0);
	if (num_online_cpus() == 1)
		return mk_fail(err, -EBUSY, MK_E_CPU_LAST, cpu, 0);
	return 0;
}

static int bring_back(u32 cpu)
{
	int ret;

	set_cpu_present(cpu, true);
	ret = add_cpu(cpu);
	if (ret < 0) {
		set_cpu_present(cpu, false);
		return ret;
	}
	/* 1: somebody else was faster, through sysfs */
	cpumask_clear_cpu(cpu, &taken);
	return 0;
}

/**
 * mk_cpu_take() - take a CPU from the host
 * @cpu:	logical number
 * @out:	the CPU, known to be halted
 * @err:	what was wrong
 *
 * Context: one change of the pool at a time; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_cpu_take(u32 cpu, struct mk_cpu **out, struct mk_error *err)
{
	struct mk_cpu *c;
	int ret = mk_cpu_check(cpu, err);

	if (ret)
		return ret;
	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	c->cpu = cpu;
	c->apicid = mk_arch_apicid(cpu);
	c->nid = cpu_to_node(cpu);

	cpumask_set_cpu(cpu, &taken);
	ret = remove_cpu(cpu);
	if (ret) {
		cpumask_clear_cpu(cpu, &taken);
		kfree(c);
		return mk_fail(err, -EBUSY, MK_E_CPU_REFUSED, cpu, ret);
	}
	if (mk_arch_park(&c, 1)) {
		kfree(c);
		if (bring_back(cpu))
			pr_err("CPU %u stays lost to the host\n", cpu);
		return mk_fail(err, -EIO, MK_E_CPU_LOST, cpu, 0);
	}
	*out = c;
	return 0;
}

/**
 * mk_cpu_return() - give a CPU back to the host
 * @c:		a CPU of the pool that no instance has; freed on success
 * @err:	what was wrong
 *
 * Context: one change of the pool at a time; sleeps.
 * Return: 0 or a negative errno; the CPU then stays in the pool.
 */
int mk_cpu_return(struct mk_cpu *c, struct mk_error *err)
{
	int ret = bring_back(c->cpu);

	if (ret) {
		/* on its way back down it went to sleep in the host's own code */
		mk_arch_park(&c, 1);
		return mk_fail(err, -EIO, MK_E_CPU_REFUSED, c->cpu, ret);
	}
	kfree(c);
	return 0;
}

/**
 * mk_cpu_forget() - a CPU of the pool does not go back: say what can be done
 * @c:		a CPU that is lost, or that the host refused; freed
 *
 * One that is known to be halted is the host's again, offline: the user may try
 * what was refused.
 *
 * Context: module unload; sleeps not.
 */
void mk_cpu_forget(struct mk_cpu *c)
{
	if (c->state == MK_CPU_LOST) {
		pr_err("CPU %u stays lost to the host\n", c->cpu);
	} else {
		set_cpu_present(c->cpu, true);
		pr_err("CPU %u stays offline: the host refused it; once more: echo 1 >/sys/devices/system/cpu/cpu%u/online\n",
		       c->cpu, c->cpu);
	}
	kfree(c);
}
