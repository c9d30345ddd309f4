// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the mistake that a test asks for by the parameter "act", so that the test
 * sees that a kernel finds it.  For test machines only.
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

static char *act = "";
module_param(act, charp, 0);
MODULE_PARM_DESC(act, "what to do: leak, free, bounds, lock, sleep, list, shift, race, warn");

static DEFINE_SPINLOCK(left);
static DEFINE_SPINLOCK(right);
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
	{ "lock", lock_both_ways },
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
