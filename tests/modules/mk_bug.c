// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the mistake that a test asks for by the parameter "act", so that the test
 * sees that a kernel finds it.  For test machines only.
 */
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static char *act = "";
module_param(act, charp, 0);
MODULE_PARM_DESC(act, "what to do: leak, free, bounds, vmalloc, poison, timer, stack, lock, rcu, sleep, list, shift, race, warn");

static DEFINE_SPINLOCK(left);
static DEFINE_SPINLOCK(right);
static u32 __rcu *guarded;
static unsigned int shared;

/* Many, as a stack may still have an old pointer to one. */
static void leak(void)
{
	unsigned int i;
	void *p;

	for (i = 0; i < 16; i++) {
		p = kzalloc(100, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(p);
	}
}

static void use_after_free(void)
{
	u32 *p = kzalloc(sizeof(*p), GFP_KERNEL);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(*p, 1);
}

static void out_of_bounds(void)
{
	u32 *p = kzalloc(10 * sizeof(*p), GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[10], 1);
	kfree(p);
}

static void out_of_vmalloc(void)
{
	u32 *p = vzalloc(10 * sizeof(*p));

	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[10], 1);
	vfree(p);
}

static noinline __no_sanitize_address void store_unseen(u32 *p)
{
	WRITE_ONCE(*p, 1);
}

/* KASAN does not see the store, so its poison must; this CPU allocates first what it freed last. */
static void write_freed_page(void)
{
	u32 *p = (u32 *)__get_free_page(GFP_KERNEL);

	preempt_disable();
	free_page((unsigned long)p);
	store_unseen(p);
	free_page(__get_free_page(GFP_ATOMIC));
	preempt_enable();
}

static void ring(struct timer_list *timer)
{
}

static void free_armed_timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	timer_setup(timer, ring, 0);
	mod_timer(timer, jiffies + 60 * HZ);
	kfree(timer);
}

static void overrun_stack(void)
{
	store_unseen((u32 *)end_of_stack(current));
	schedule();
}

static void lock_both_ways(void)
{
	spin_lock(&left);
	spin_lock(&right);
	spin_unlock(&right);
	spin_unlock(&left);
	spin_lock(&right);
	spin_lock(&left);
	spin_unlock(&left);
	spin_unlock(&right);
}

static void read_without_lock(void)
{
	WRITE_ONCE(shared, !!rcu_dereference(guarded));
}

static void sleep_in_atomic(void)
{
	spin_lock(&left);
	might_sleep();
	spin_unlock(&left);
}

static void corrupt_list(void)
{
	LIST_HEAD(list);
	LIST_HEAD(entry);

	list_add(&entry, &list);
	list.next = &list;
	list_del(&entry);
}

static void shift_too_far(void)
{
	unsigned int bits = 77;

	OPTIMIZER_HIDE_VAR(bits);
	WRITE_ONCE(shared, 1 << bits);
}

static void count(void *unused)
{
	unsigned int i;

	for (i = 0; i < 1000000; i++) {
		shared++;
		barrier();
	}
}

static void race(void)
{
	on_each_cpu(count, NULL, 1);
}

static void warn(void)
{
	WARN(1, "a test wants it\n");
}

static const struct {
	const char *act;
	void (*make)(void);
} mistakes[] = {
	{ "leak", leak },
	{ "free", use_after_free },
	{ "bounds", out_of_bounds },
	{ "vmalloc", out_of_vmalloc },
	{ "poison", write_freed_page },
	{ "timer", free_armed_timer },
	{ "stack", overrun_stack },
	{ "lock", lock_both_ways },
	{ "rcu", read_without_lock },
	{ "sleep", sleep_in_atomic },
	{ "list", corrupt_list },
	{ "shift", shift_too_far },
	{ "race", race },
	{ "warn", warn },
};

static int __init mk_bug_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (!strcmp(act, mistakes[i].act)) {
			mistakes[i].make();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit mk_bug_exit(void)
{
}

module_init(mk_bug_init);
module_exit(mk_bug_exit);
MODULE_DESCRIPTION("Mistakes for tests of multikernel");
MODULE_LICENSE("GPL");
