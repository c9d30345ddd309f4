// SPDX-License-Identifier: GPL-2.0
/*
 * Does what a test asks for by the parameter "act". For test machines only.
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/smp.h>
#include <asm/processor.h>

static char *act = "";
module_param(act, charp, 0);
MODULE_PARM_DESC(act, "what to do: spin, spin_all, oops, broadcast, fill, scribble");

static unsigned int count = 10000;
module_param(count, uint, 0);
MODULE_PARM_DESC(count, "how often");

static ulong at;
module_param(at, ulong, 0);
MODULE_PARM_DESC(at, "physical address");

static uint size = PAGE_SIZE;
module_param(size, uint, 0);
MODULE_PARM_DESC(size, "bytes");

static uint value;
module_param(value, uint, 0);
MODULE_PARM_DESC(value, "a word");

static void spin(void *unused)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static void spin_all(void)
{
	smp_call_function(spin, NULL, 0);
	spin(NULL);
}

static void nothing(void *unused)
{
}

/* Each one is an interrupt to all other CPUs that are online. */
static void broadcast(void)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		smp_call_function(nothing, NULL, 1);
	pr_info("mk_test: %u broadcasts from %u CPUs\n", count, num_online_cpus());
}

/* That many words from an address on. */
static int fill(void)
{
	u32 *p = memremap(at, count * sizeof(*p), MEMREMAP_WB);
	unsigned int i;

	if (!p)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		WRITE_ONCE(p[i], value);
	memunmap(p);
	return 0;
}

static int scribble(void)
{
	u32 *p = memremap(at, size, MEMREMAP_WB);
	unsigned int i;

	if (!p)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		WRITE_ONCE(p[get_random_u32() % (size / sizeof(*p))], get_random_u32());
		usleep_range(50, 100);
	}
	memunmap(p);
	return 0;
}

static int __init mk_test_init(void)
{
	if (!strcmp(act, "spin"))
		spin(NULL);
	else if (!strcmp(act, "spin_all"))
		spin_all();
	else if (!strcmp(act, "oops"))
		WRITE_ONCE(*(int *)8, 1);
	else if (!strcmp(act, "broadcast"))
		broadcast();
	else if (!strcmp(act, "fill"))
		return fill();
	else if (!strcmp(act, "scribble"))
		return scribble();
	else
		return -EINVAL;
	return 0;
}

static void __exit mk_test_exit(void)
{
}

module_init(mk_test_init);
module_exit(mk_test_exit);
MODULE_DESCRIPTION("Misbehaviour and load for tests of multikernel");
MODULE_LICENSE("GPL");
