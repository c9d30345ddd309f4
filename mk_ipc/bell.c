// SPDX-License-Identifier: GPL-2.0
/*
 * The doorbell: one interrupt vector of this kernel, which others raise.
 *
 * It is an interrupt of the x86 vector domain, as a device's would be, so that
 * affinity and CPU hotplug move it like any other.  Its chip is that domain's
 * own, but tells the peers when it moves.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>

#include "internal.h"
#include "peer.h"

#define WINDOW_MS	10

static unsigned int bell_limit = 5000;
module_param(bell_limit, uint, 0644);
MODULE_PARM_DESC(bell_limit, "Doorbells in 10 ms after which they are not heard for the next 10 ms");

static int bell_irq = -1;
static struct irq_chip bell_chip;
static const struct irq_chip *vector_chip;
static u64 address;
/* Of the handler, which runs once at a time: the window, and doorbells in it. */
static unsigned long window;
static unsigned int heard;

/**
 * mk_bell_address() - where others ring
 *
 * Context: any.
 * Return: MK_BELL() of this kernel now.
 */
u64 mk_bell_address(void)
{
	return READ_ONCE(address);
}

/* Who rang where the bell has been is heard here. */
static void look_around(struct work_struct *work)
{
	mk_channels_scan();
}

static DECLARE_WORK(look_work, look_around);

static void publish(struct irq_data *data)
{
	u32 cpu = cpumask_first(irq_data_get_effective_affinity_mask(data));

	/* irq_cfg has the destination, too, but as a logical id in some modes */
	WRITE_ONCE(address, MK_BELL(cpu_physical_id(cpu), irqd_cfg(data)->vector));
	mk_channels_moved(address);
	queue_work(mk_ipc_wq, &look_work);
}

static int bell_set_affinity(struct irq_data *data, const struct cpumask *mask, bool force)
{
	int ret = vector_chip->irq_set_affinity(data, mask, force);

	if (ret >= 0)
		publish(data);
	return ret;
}

/*
 * A local APIC has no mask for one vector, but what an interrupt causes can be
 * bounded: while it is disabled it is acknowledged and nothing else.
 */
static void hear_again(struct work_struct *work)
{
	enable_irq(bell_irq);
	mk_channels_scan();
}

static DECLARE_DELAYED_WORK(again_work, hear_again);

static irqreturn_t bell_rings(int irq, void *unused)
{
	unsigned long now = jiffies;

	if (now - window >= msecs_to_jiffies(WINDOW_MS)) {
		window = now;
		heard = 0;
	}
	if (++heard > READ_ONCE(bell_limit)) {
		heard = 0;
		disable_irq_nosync(irq);
		queue_delayed_work(mk_ipc_wq, &again_work, msecs_to_jiffies(WINDOW_MS));
	}
	mk_channels_scan();
	return IRQ_HANDLED;
}

static int take_vector(void)
{
	struct irq_alloc_info info;

	memset(&info, 0, sizeof(info));
	bell_irq = irq_domain_alloc_irqs(x86_vector_domain, 1, NUMA_NO_NODE, &info);
	if (bell_irq < 0)
		return bell_irq;
	vector_chip = irq_get_irq_data(bell_irq)->chip;
	bell_chip = *vector_chip;
	bell_chip.name = "multikernel";
	bell_chip.irq_set_affinity = bell_set_affinity;
	irq_set_chip_and_handler_name(bell_irq, &bell_chip, handle_edge_irq, "edge");
	irq_modify_status(bell_irq, 0, COMPAT_MOVE_AT_ONCE);
	return 0;
}

/**
 * mk_bell_init() - take a vector and listen
 *
 * Context: module load; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_bell_init(void)
{
	int ret = take_vector();

	if (ret)
		return ret;
	ret = request_irq(bell_irq, bell_rings, 0, "mk_ipc doorbell", &bell_chip);
	if (ret) {
		irq_dispose_mapping(bell_irq);
		return ret;
	}
	publish(irq_get_irq_data(bell_irq));
	return 0;
}

/**
 * mk_bell_exit() - give the vector back
 *
 * Context: module unload, no channel left; sleeps.
 */
void mk_bell_exit(void)
{
	disable_irq(bell_irq);	/* counts: the work item leaves it disabled */
	cancel_delayed_work_sync(&again_work);
	free_irq(bell_irq, &bell_chip);
	irq_dispose_mapping(bell_irq);
	cancel_work_sync(&look_work);
}
