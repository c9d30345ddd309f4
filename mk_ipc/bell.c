// SPDX-License-Identifier: GPL-2.0
/*
 * Doorbells: interrupt vectors of this kernel, which others raise. One is for all
 * channels; a channel can have one of its own, on a CPU that its user wants.
 *
 * Each is an interrupt of the x86 vector domain, as a device's would be, so that
 * affinity and CPU hotplug move it like any other.  Its chip is that domain's
 * own, but tells the peers when it moves.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/sched/clock.h>
#include <linux/workqueue.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>

#include "internal.h"
#include "peer.h"

#define WINDOW_MS	10
#define WINDOW_NS	(WINDOW_MS * NSEC_PER_MSEC)
#define SPENT_NS	(WINDOW_NS / 2)	/* in the handler, then it rests: a third of a CPU */
#define ONCE_NS		NSEC_PER_MSEC	/* one counts no more: a hypervisor may have the CPU */
#define OWN_BELLS	16
#define LATE_MS		1000	/* who has not moved for so long is not alive */

static unsigned int bell_limit = 5000;
module_param(bell_limit, uint, 0644);
MODULE_PARM_DESC(bell_limit, "Doorbells in 10 ms after which one is not heard for the next 10 ms");

/**
 * struct mk_bell - a doorbell
 * @taken:	it is in use; set with mk_ipc_lock held
 * @irq:	its interrupt
 * @address:	MK_BELL() of where it is; written with the interrupt's lock held
 * @ch:		who has it, NULL: all, or nobody any more
 * @name:	in /proc/interrupts
 * @window:	of the handler, which runs once at a time: since when it counts, in ns
 * @heard:	likewise: doorbells since then
 * @spent:	likewise: ns in the handler since then
 * @throttled:	likewise: how often it was not heard for a while
 * @again:	hears again
 * @end:	gives the vector back
 */
struct mk_bell {
	bool taken;
	int irq;
	u64 address;
	struct mk_channel __rcu *ch;
	char name[MK_NAME_SIZE + 16];
	u64 window;
	unsigned int heard;
	u64 spent;
	unsigned int throttled;
	struct delayed_work again;
	struct delayed_work end;
};

static struct mk_bell shared;
static struct mk_bell own[OWN_BELLS];
static struct irq_chip bell_chip;
static const struct irq_chip *vector_chip;

/**
 * mk_bell_address() - where others ring
 * @bell:	doorbell, NULL: the one for all
 *
 * Context: any.
 * Return: MK_BELL() of it now.
 */
u64 mk_bell_address(const struct mk_bell *bell)
{
	return READ_ONCE((bell ?: &shared)->address);
}

/* Who rang where a bell has been is heard here. */
static void look_around(struct work_struct *work)
{
	mk_channels_scan();
}

static DECLARE_WORK(look_work, look_around);

static int bell_set_affinity(struct irq_data *data, const struct cpumask *mask, bool force)
{
	struct mk_bell *bell = irq_data_get_irq_handler_data(data);
	int ret = vector_chip->irq_set_affinity(data, mask, force);
	u32 cpu;

	if (ret < 0)
		return ret;
	cpu = cpumask_first(irq_data_get_effective_affinity_mask(data));
	/* irq_cfg has the destination, too, but as a logical id in some modes */
	WRITE_ONCE(bell->address, MK_BELL(cpu_physical_id(cpu), irqd_cfg(data)->vector));
	mk_channels_moved();
	queue_work(mk_ipc_wq, &look_work);
	return ret;
}

static void look(struct mk_bell *bell)
{
	struct mk_channel *ch;

	if (bell == &shared) {
		mk_channels_scan();
		return;
	}
	rcu_read_lock();
	ch = rcu_dereference(bell->ch);
	if (ch)
		mk_channel_scan(ch);
	rcu_read_unlock();
}

/*
 * A local APIC has no mask for one vector, but what an interrupt causes can be
 * bounded: while it is disabled it is acknowledged and nothing else.
 */
static void hear_again(struct work_struct *work)
{
	struct mk_bell *bell = container_of(to_delayed_work(work), struct mk_bell, again);

	pr_notice_ratelimited("%s: rung without end, not heard for %u ms (%u times until now)\n",
			      bell->name, WINDOW_MS, bell->throttled);
	enable_irq(bell->irq);
	look(bell);
}

/* By time, too: a peer can make each doorbell dear, and then there are never many. */
static bool is_too_much(const struct mk_bell *bell)
{
	return bell->heard > READ_ONCE(bell_limit) || bell->spent > SPENT_NS;
}

static irqreturn_t bell_rings(int irq, void *arg)
{
	struct mk_bell *bell = arg;
	u64 now = local_clock();

	if (now - bell->window >= WINDOW_NS) {	/* also when it is another CPU's clock */
		bell->window = now;
		bell->heard = 0;
		bell->spent = 0;
	}
	look(bell);
	bell->heard++;
	bell->spent += min_t(u64, local_clock() - now, ONCE_NS);
	if (is_too_much(bell)) {
		bell->window = 0;
		bell->throttled++;
		disable_irq_nosync(irq);
		queue_delayed_work(mk_ipc_wq, &bell->again, msecs_to_jiffies(WINDOW_MS));
	}
	return IRQ_HANDLED;
}

static int take_vector(struct mk_bell *bell)
{
	struct irq_alloc_info info;

	memset(&info, 0, sizeof(info));
	bell->irq = irq_domain_alloc_irqs(x86_vector_domain, 1, NUMA_NO_NODE, &info);
	if (bell->irq < 0)
		return bell->irq;
	if (!vector_chip) {
		vector_chip = irq_get_irq_data(bell->irq)->chip;
		bell_chip = *vector_chip;
		bell_chip.name = "multikernel";
		bell_chip.irq_set_affinity = bell_set_affinity;
	}
	irq_set_handler_data(bell->irq, bell);
	irq_set_chip_and_handler_name(bell->irq, &bell_chip, handle_edge_irq, "edge");
	irq_modify_status(bell->irq, 0, COMPAT_MOVE_AT_ONCE);
	return 0;
}

static void stop(struct mk_bell *bell)
{
	disable_irq(bell->irq);	/* counts: the work item leaves it disabled */
	cancel_delayed_work_sync(&bell->again);
	free_irq(bell->irq, bell);
	irq_dispose_mapping(bell->irq);
}

static void give_back(struct work_struct *work)
{
	struct mk_bell *bell = container_of(to_delayed_work(work), struct mk_bell, end);

	stop(bell);
	smp_store_release(&bell->taken, false);	/* it can be taken again */
}

/* Listen on one of these CPUs, or where interrupts are by default. */
static int listen(struct mk_bell *bell, const struct cpumask *cpus)
{
	int ret = take_vector(bell);

	if (ret)
		return ret;
	bell->window = 0;
	bell->throttled = 0;
	INIT_DELAYED_WORK(&bell->again, hear_again);
	INIT_DELAYED_WORK(&bell->end, give_back);
	cpus = cpus ?: irq_get_affinity_mask(bell->irq);
	ret = irq_set_affinity(bell->irq, cpus) ?:
	      request_irq(bell->irq, bell_rings, 0, bell->name, bell);
	if (ret) {
		irq_dispose_mapping(bell->irq);
		return ret;
	}
	/* it is on, but without a free vector there it may be elsewhere */
	ret = irq_set_affinity(bell->irq, cpus);
	if (ret)
		stop(bell);
	return ret;
}

static struct mk_bell *free_bell(void)
{
	unsigned int i;

	for (i = 0; i < OWN_BELLS; i++)
		if (!smp_load_acquire(&own[i].taken))	/* all of its end */
			return &own[i];
	return NULL;
}

static int check_cpu(u32 cpu, struct mk_error *err)
{
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return mk_ipc_fail(err, -EINVAL, MK_E_CPU_UNKNOWN, cpu);
	if (!cpu_online(cpu))
		return mk_ipc_fail(err, -EINVAL, MK_E_CPU_OFFLINE, cpu);
	return 0;
}

static int begin(struct mk_bell *bell, struct mk_channel *ch, u32 cpu, struct mk_error *err)
{
	int ret;

	if (!bell)
		return mk_ipc_fail(err, -ENOSPC, MK_E_NO_BELL, OWN_BELLS);
	snprintf(bell->name, sizeof(bell->name), "mk_ipc doorbell %s", ch->name);
	RCU_INIT_POINTER(bell->ch, ch);
	ret = listen(bell, cpumask_of(cpu));
	if (ret == -ENOMEM)
		return mk_ipc_fail(err, ret, MK_E_MEMORY, 0);
	if (ret)
		return mk_ipc_fail(err, ret, MK_E_INTERNAL, ret);
	bell->taken = true;
	return 0;
}

/**
 * mk_bell_take() - make a doorbell for one channel
 * @ch:		channel that is open
 * @cpu:	of this kernel
 * @err:	what was wrong
 *
 * It is heard at once, but nobody is told of it.
 *
 * Context: mk_ipc_lock held; sleeps.
 * Return: the doorbell, or an ERR_PTR().
 */
struct mk_bell *mk_bell_take(struct mk_channel *ch, u32 cpu, struct mk_error *err)
{
	struct mk_bell *bell;
	int ret;

	lockdep_assert_held(&mk_ipc_lock);
	bell = free_bell();
	ret = mk_core_check_name(ch->name, err) ?:	/* /proc/irq has a directory of it */
	      check_cpu(cpu, err) ?:
	      begin(bell, ch, cpu, err);
	return ret ? ERR_PTR(ret) : bell;
}

/**
 * mk_bell_retire() - give a doorbell back
 * @bell:	of a channel; its address stands nowhere any more
 *
 * Who has read it before rings without delay (mk_channel_ring()), so it is heard,
 * by nobody, a little longer: an interrupt of a vector that has no handler is a
 * message in the log.  A handler that still runs may have the channel until the next
 * grace period of RCU.
 *
 * Context: mk_ipc_lock held.
 */
void mk_bell_retire(struct mk_bell *bell)
{
	lockdep_assert_held(&mk_ipc_lock);
	RCU_INIT_POINTER(bell->ch, NULL);
	queue_delayed_work(mk_ipc_wq, &bell->end, msecs_to_jiffies(LATE_MS));
}

/**
 * mk_bell_init() - take a vector and listen
 *
 * Context: module load; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_bell_init(void)
{
	strscpy(shared.name, "mk_ipc doorbell", sizeof(shared.name));
	return listen(&shared, NULL);
}

/**
 * mk_bell_exit() - give all vectors back
 *
 * Context: module unload, no channel left, here and elsewhere; sleeps.
 */
void mk_bell_exit(void)
{
	unsigned int i;

	for (i = 0; i < OWN_BELLS; i++)
		if (smp_load_acquire(&own[i].taken))	/* it was retired */
			flush_delayed_work(&own[i].end);
	stop(&shared);
	cancel_work_sync(&look_work);
}
