// SPDX-License-Identifier: GPL-2.0
/*
 * The host's side of the control page, and the watch over an instance.
 *
 * Everything that an instance writes is copied, then checked, then used.  The
 * host never waits for an instance: one timer looks at all that live, ten times a
 * second, and wakes a work item where there is something to do.
 */
#include <linux/atomic.h>
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/timer.h>
#include <asm/tsc.h>

#include "internal.h"

#define LOOK_STARTING_MS	20
#define LOOK_MS			100
#define LIVENESS_MIN_MS		500U

static unsigned int liveness_ms = 1000;
module_param(liveness_ms, uint, 0644);
MODULE_PARM_DESC(liveness_ms, "An instance is crashed when the heartbeat of one of its CPUs is older (ms, at least 500)");

static unsigned int boot_ms = 120000;
module_param(boot_ms, uint, 0644);
MODULE_PARM_DESC(boot_ms, "An instance is crashed when it does not say that it runs within this time (ms, 0: wait for ever)");

static struct workqueue_struct *watch_wq;
static atomic64_t last_epoch;

/*
 * The watches of those that live, and what is read of their heartbeats.  Time as
 * the watch sees it: a look that comes late (a busy host, a machine that was
 * stopped as a whole) does not make all heartbeats late.
 */
static DEFINE_SPINLOCK(watch_lock);
static LIST_HEAD(watches);
static u64 watch_time;
static u64 last_look;

static void look_around(struct timer_list *unused);
static DEFINE_TIMER(look_timer, look_around);

static struct mk_control *control_of(const struct mk_instance *inst)
{
	return mk_virt(inst->image.control);
}

/**
 * mk_control_epoch() - number a start
 *
 * Context: any.
 * Return: a number that no other start has, while the module is loaded.
 */
u64 mk_control_epoch(void)
{
	return atomic64_inc_return(&last_epoch);
}

/**
 * mk_control_arm() - make the control page new before a start
 * @inst:	instance whose CPUs are all known to be halted
 *
 * Context: instance->lock held.
 */
void mk_control_arm(struct mk_instance *inst)
{
	struct mk_control *ctl = control_of(inst);

	memset(ctl, 0, sizeof(*ctl));
	ctl->epoch = inst->epoch;
	/* the TSC is the one clock that both kernels have */
	ctl->clock_tsc = rdtsc_ordered();
	ctl->clock_real = ktime_get_real_ns();
	/* a page with the magic is whole */
	virt_store_release(&ctl->magic, MK_CONTROL_MAGIC);
}

/**
 * mk_control_request() - ask an instance for something
 * @inst:	instance whose image is in place
 * @request:	MK_REQUEST_*
 *
 * Context: instance->lock held; does not wait for an answer.
 */
void mk_control_request(struct mk_instance *inst, u32 request)
{
	/* pairs with check_request() */
	virt_store_release(&control_of(inst)->request, request);
}

/* What the instance says, copied once and made safe to use. */
struct word {
	u32 word;
	u32 reason;
	u64 user_tsc;
	u64 running_tsc;
	char text[MK_TEXT_SIZE];
};

static void printable(char *text, size_t size)
{
	size_t i;

	text[size - 1] = '\0';
	for (i = 0; text[i]; i++)
		if (!isascii(text[i]) || !isprint(text[i]))
			text[i] = '?';
}

static void read_word(const struct mk_control *ctl, struct word *w)
{
	/* pairs with say(): what it announces is there */
	w->word = virt_load_acquire(&ctl->word);
	w->reason = READ_ONCE(ctl->reason);
	w->user_tsc = READ_ONCE(ctl->user_tsc);
	w->running_tsc = READ_ONCE(ctl->running_tsc);
	memcpy(w->text, ctl->text, sizeof(w->text));
	printable(w->text, sizeof(w->text));
}

/* The instance's TSC values are its own word: no more than a plausible time. */
static u64 since_start(const struct mk_instance *inst, u64 tsc)
{
	if (tsc < inst->start_tsc || tsc > rdtsc_ordered())
		return 0;
	return mk_arch_tsc_to_ns(tsc - inst->start_tsc);
}

/* Its heartbeats count from here on. */
static void leaves_starting(struct mk_instance *inst, const struct word *w, u32 state)
{
	u32 i;

	inst->user_ns = since_start(inst, w->user_tsc);
	inst->running_ns = since_start(inst, w->running_tsc);
	spin_lock_bh(&watch_lock);
	for (i = 0; i < inst->nr_cpus; i++)
		inst->watch->seen[i] = watch_time;
	spin_unlock_bh(&watch_lock);
	mk_instance_state(inst, state);
}

/* A later word may be the first that is seen: it says whether it ran before. */
static void says_running(struct mk_instance *inst, const struct word *w)
{
	if (inst->state == MK_STARTING && (w->running_tsc || w->word == MK_WORD_RUNNING))
		leaves_starting(inst, w, MK_RUNNING);
}

static void says_ended(struct mk_instance *inst, const struct word *w)
{
	switch (w->reason) {
	case MK_REASON_POWEROFF:
	case MK_REASON_HALT:
	case MK_REASON_REBOOT:
	case MK_REASON_EMERGENCY:
	case MK_REASON_KEXEC:
		mk_instance_end(inst, MK_STOPPED, w->reason, w->text);
		break;
	case MK_REASON_PANIC:
		mk_instance_end(inst, MK_CRASHED, w->reason, w->text);
		break;
	default:
		mk_instance_end(inst, MK_CRASHED, MK_REASON_PROTOCOL,
				"control page: unknown reason");
	}
}

static void hear(struct mk_instance *inst)
{
	struct word w;

	read_word(control_of(inst), &w);
	WRITE_ONCE(inst->watch->heard, w.word);
	switch (w.word) {
	case MK_WORD_NONE:
		break;
	case MK_WORD_REFUSED:
		mk_instance_end(inst, MK_CRASHED, MK_REASON_REFUSED, w.text);
		break;
	case MK_WORD_RUNNING:
		says_running(inst, &w);
		break;
	case MK_WORD_STOPPING:
		says_running(inst, &w);
		if (inst->state == MK_RUNNING)
			mk_instance_state(inst, MK_STOPPING);
		if (inst->state == MK_STARTING)
			leaves_starting(inst, &w, MK_STOPPING);
		break;
	case MK_WORD_ENDED:
		says_running(inst, &w);
		says_ended(inst, &w);
		break;
	default:
		mk_instance_end(inst, MK_CRASHED, MK_REASON_PROTOCOL,
				"control page: unknown word");
	}
}

/* The first CPU always beats; the others while they are up in the instance. */
static u64 oldest_beat(struct mk_watch *watch, u32 *which)
{
	u64 oldest = 0;
	u32 i;

	lockdep_assert_held(&watch_lock);
	for (i = 0; i < watch->inst->nr_cpus; i++) {
		u32 beat = READ_ONCE(watch->control->beat[i]);

		if (beat != watch->beat[i] || (!beat && i)) {
			watch->beat[i] = beat;
			watch->seen[i] = watch_time;
		}
		if (watch_time - watch->seen[i] > oldest) {
			oldest = watch_time - watch->seen[i];
			*which = i;
		}
	}
	return oldest;
}

static u64 oldest_beat_ms(struct mk_instance *inst, u32 *which)
{
	u64 age;

	spin_lock_bh(&watch_lock);
	age = oldest_beat(inst->watch, which);
	spin_unlock_bh(&watch_lock);
	return age / NSEC_PER_MSEC;
}

static bool boots_too_long(const struct mk_instance *inst, u64 now)
{
	return boot_ms && now - inst->start_ns > (u64)boot_ms * NSEC_PER_MSEC;
}

static bool stops_too_long(const struct mk_watch *watch, u64 now)
{
	u64 deadline = READ_ONCE(watch->deadline);

	return deadline && now > deadline;
}

/* The next look would be too late. */
static unsigned int liveness(void)
{
	return max(READ_ONCE(liveness_ms), LIVENESS_MIN_MS);
}

static void check_time(struct mk_instance *inst)
{
	u64 now = ktime_get_boottime_ns(), age;
	char text[MK_TEXT_SIZE];
	u32 cpu = 0;

	if (inst->state == MK_STARTING) {
		if (boots_too_long(inst, now))
			mk_instance_end(inst, MK_CRASHED, MK_REASON_BOOT,
					"did not say that it runs (module parameter boot_ms)");
		return;
	}
	if (stops_too_long(inst->watch, now)) {
		mk_instance_end(inst, MK_STOPPED, MK_REASON_TIMEOUT,
				"did not stop in the time that it was given");
		return;
	}
	age = oldest_beat_ms(inst, &cpu);
	if (age + LOOK_MS <= liveness())
		return;
	scnprintf(text, sizeof(text), "CPU %u gave no heartbeat for %llu ms",
		  inst->cpus[cpu]->cpu, age);
	mk_instance_end(inst, MK_CRASHED, MK_REASON_LIVENESS, text);
}

/**
 * mk_control_beat_age() - age of the oldest heartbeat
 * @inst:	instance
 *
 * Context: instance->lock held.
 * Return: ms, or 0 when the instance is neither running nor stopping.
 */
u64 mk_control_beat_age(struct mk_instance *inst)
{
	u32 cpu;

	if (inst->state != MK_RUNNING && inst->state != MK_STOPPING)
		return 0;
	return oldest_beat_ms(inst, &cpu);
}

static bool has_to_act(struct mk_watch *watch, u32 state, u64 now)
{
	u32 cpu;
	u64 age = oldest_beat(watch, &cpu);

	if (state != MK_STARTING && state != MK_RUNNING && state != MK_STOPPING)
		return true;	/* it may be due to start again */
	if (READ_ONCE(watch->control->word) != READ_ONCE(watch->heard))
		return true;
	if (state == MK_STARTING)
		return boots_too_long(watch->inst, now);
	return stops_too_long(watch, now) || age / NSEC_PER_MSEC + LOOK_MS > liveness();
}

static void look_around(struct timer_list *unused)
{
	u64 now = ktime_get_boottime_ns();
	struct mk_watch *watch;
	u32 ms = LOOK_MS, state;

	spin_lock(&watch_lock);
	watch_time += min_t(u64, now - last_look, 4 * LOOK_MS * NSEC_PER_MSEC);
	last_look = now;
	list_for_each_entry(watch, &watches, node) {
		state = READ_ONCE(watch->inst->state);
		if (has_to_act(watch, state, now))
			mod_delayed_work(watch_wq, &watch->work, 0);
		if (state == MK_STARTING)
			ms = LOOK_STARTING_MS;
	}
	if (!list_empty(&watches))
		mod_timer(&look_timer, jiffies + msecs_to_jiffies(ms));
	spin_unlock(&watch_lock);
}

/**
 * mk_control_look() - look at an instance and act on what is seen
 * @work:	its mk_watch.work
 *
 * Context: work queue; takes instance->lock; sleeps.
 */
void mk_control_look(struct work_struct *work)
{
	struct mk_watch *watch = container_of(to_delayed_work(work), struct mk_watch, work);
	struct mk_instance *inst = watch->inst;

	mutex_lock(&inst->lock);
	if (mk_instance_alive(inst))
		hear(inst);
	if (mk_instance_alive(inst))
		check_time(inst);
	if (!mk_instance_alive(inst)) {
		mk_control_unwatch(inst);
		mk_instance_restart(inst);
	}
	mutex_unlock(&inst->lock);
}

/**
 * mk_control_look_in() - look at an instance that has ended
 * @inst:	instance
 * @ns:		in so much time, or sooner
 *
 * Context: instance->lock held.
 */
void mk_control_look_in(struct mk_instance *inst, u64 ns)
{
	queue_delayed_work(watch_wq, &inst->watch->work, nsecs_to_jiffies(ns) + 1);
}

/**
 * mk_control_watch() - begin to look at an instance that was started
 * @inst:	instance
 *
 * Context: instance->lock held.
 */
void mk_control_watch(struct mk_instance *inst)
{
	struct mk_watch *watch = inst->watch;

	spin_lock_bh(&watch_lock);
	memset(watch->beat, 0, sizeof(watch->beat));
	WRITE_ONCE(watch->heard, MK_WORD_NONE);
	WRITE_ONCE(watch->deadline, 0);
	watch->control = control_of(inst);
	if (list_empty(&watches))
		last_look = ktime_get_boottime_ns();
	if (list_empty(&watch->node))
		list_add(&watch->node, &watches);
	mod_timer(&look_timer, jiffies + msecs_to_jiffies(LOOK_STARTING_MS));
	spin_unlock_bh(&watch_lock);
}

/**
 * mk_control_unwatch() - no more
 * @inst:	instance that is not alive
 *
 * Context: process.
 */
void mk_control_unwatch(struct mk_instance *inst)
{
	spin_lock_bh(&watch_lock);
	list_del_init(&inst->watch->node);
	spin_unlock_bh(&watch_lock);
}

/**
 * mk_control_init() - make the work queue of the watches
 *
 * Context: module load.
 * Return: 0 or -ENOMEM.
 */
int mk_control_init(void)
{
	watch_wq = alloc_workqueue("mk_watch", WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	return watch_wq ? 0 : -ENOMEM;
}

/**
 * mk_control_exit() - end the watches
 *
 * Context: module unload, all instances deleted; sleeps.
 */
void mk_control_exit(void)
{
	timer_delete_sync(&look_timer);
	destroy_workqueue(watch_wq);
}
