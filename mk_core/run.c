// SPDX-License-Identifier: GPL-2.0
/*
 * A run of an instance: load, start, stop, kill, and whether it begins again.
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/security.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "internal.h"
#include "mk_core.h"

bool mk_going_down;

#define GOOD_RUN_NS	(60ULL * NSEC_PER_SEC)
#define LONGEST_MS	60000U
#define RESTART_MS	1000

/* It has ended: shall it begin again, and when? */
static void plan_restart(struct mk_instance *inst, u32 state)
{
	struct mk_restarts *r = &inst->restart;
	u64 delay;

	r->due = 0;
	if (r->policy == MK_RESTART_NEVER || r->asked || inst->lost ||
	    inst->reason == MK_REASON_HOST ||
	    (r->policy == MK_RESTART_FAILURE && state != MK_CRASHED))
		return;
	if (inst->end_ns - inst->start_ns >= GOOD_RUN_NS)
		r->row = 0;
	delay = min_t(u64, (u64)r->delay_ms << min(r->row, 16U), LONGEST_MS) * NSEC_PER_MSEC;
	r->row++;
	r->due = ktime_get_boottime_ns() + delay;
	mk_control_look_in(inst, delay);
}

/**
 * mk_instance_end() - take an instance's CPUs away and say why
 * @inst:	instance that is alive
 * @state:	MK_STOPPED or MK_CRASHED
 * @reason:	enum mk_reason
 * @text:	the same in words
 *
 * Whatever its CPUs do: afterwards they are known to be halted, or counted in
 * @lost and never used again, nor is the memory that they may write.
 *
 * Context: instance->lock held; sleeps.
 */
void mk_instance_end(struct mk_instance *inst, u32 state, u32 reason,
		     const char *text)
{
	ktime_t begin = ktime_get();

	lockdep_assert_held(&inst->lock);
	inst->lost = mk_arch_park(inst->cpus, inst->nr_cpus);
	inst->kill_ns = ktime_to_ns(ktime_sub(ktime_get(), begin));
	inst->end_ns = ktime_get_boottime_ns();
	inst->reason = reason;
	strscpy(inst->text, text, sizeof(inst->text));
	pr_info("instance %s (%u) is %s: %s%s%s\n", inst->name, inst->id,
		mk_state_name(state), mk_reason_name(reason), *text ? ": " : "", text);
	mk_region_end(inst);
	mk_peer_end(inst);
	plan_restart(inst, state);
	mk_instance_state(inst, state);
	if (inst->held)
		module_put(THIS_MODULE);
	inst->held = false;
}

static int check_lost(const struct mk_instance *inst, struct mk_error *err)
{
	return inst->lost ? mk_fail(err, -EIO, MK_E_LOST, inst->lost, 0) : 0;
}

static int place(struct mk_instance *inst, struct mk_error *err)
{
	int ret = mk_image_place(inst, err);

	if (ret)
		mk_image_close(&inst->image);
	inst->reason = MK_REASON_NONE;
	inst->text[0] = '\0';
	inst->restart.due = 0;
	mk_instance_state(inst, ret ? MK_CREATED : MK_LOADED);
	return ret;
}

/**
 * mk_instance_load() - put an image into an instance's memory
 * @inst:	instance
 * @req:	file descriptors
 * @cmdline:	the user's command line
 * @err:	what was wrong
 *
 * Files that cannot be opened or cannot fit change nothing: image, state and
 * memory stay. After another error the instance has no image: state created.
 *
 * Context: sleeps. Return: 0 or a negative errno.
 */
int mk_instance_load(struct mk_instance *inst, const struct mk_load *req,
		     char *cmdline, struct mk_error *err)
{
	struct mk_image image = { };
	int ret = mk_instance_lock(inst, MK_AT_REST, err);

	if (ret)
		return ret;
	ret = check_lost(inst, err) ?: mk_image_open(&image, req, cmdline, err);
	if (ret)
		goto out;
	ret = mk_image_check(inst, &image, err);
	if (ret) {
		mk_image_close(&image);
		goto out;
	}
	mk_image_close(&inst->image);
	inst->image = image;
	ret = place(inst, err);
out:
	mutex_unlock(&inst->lock);
	return ret;
}

static int reload_locked(struct mk_instance *inst, struct mk_error *err)
{
	int ret = check_lost(inst, err);

	if (!ret && security_locked_down(LOCKDOWN_KEXEC))
		ret = mk_fail(err, -EPERM, MK_E_LOCKDOWN, 0, 0);
	if (!ret)
		ret = mk_image_check(inst, &inst->image, err);
	return ret ?: place(inst, err);
}

/**
 * mk_instance_reload() - load the same files again
 * @inst:	instance that has an image
 * @err:	what was wrong
 *
 * What an error leaves: as mk_instance_load().
 * Context: sleeps. Return: 0 or a negative errno.
 */
int mk_instance_reload(struct mk_instance *inst, struct mk_error *err)
{
	int ret = mk_instance_lock(inst, MK_HAS_IMAGE, err);

	if (ret)
		return ret;
	ret = reload_locked(inst, err);
	mutex_unlock(&inst->lock);
	return ret;
}

static void begin_run(struct mk_instance *inst)
{
	inst->reason = MK_REASON_NONE;
	inst->text[0] = '\0';
	inst->end_ns = 0;
	inst->user_ns = 0;
	inst->running_ns = 0;
	inst->boots++;
	inst->held = true;
	inst->restart.asked = false;
	inst->restart.due = 0;
	mk_control_arm(inst);
	mk_region_begin(inst);
}

/* The host goes down: pairs with mk_instances_end_all(). */
static bool refuse_start(struct mk_instance *inst, u32 state)
{
	WRITE_ONCE(inst->state, MK_STARTING);
	smp_mb();	/* either it sees the state, or this sees mk_going_down */
	if (!READ_ONCE(mk_going_down))
		return false;
	WRITE_ONCE(inst->state, state);
	return true;
}

static int start_locked(struct mk_instance *inst, ktime_t begin, struct mk_error *err)
{
	u32 was = inst->state;
	int ret;

	/* a restart by itself may meet rmmod */
	if (!try_module_get(THIS_MODULE))
		return mk_fail(err, -ESHUTDOWN, MK_E_SHUTDOWN, 0, 0);
	if (refuse_start(inst, was)) {
		module_put(THIS_MODULE);
		return mk_fail(err, -ESHUTDOWN, MK_E_SHUTDOWN, 0, 0);
	}
	ret = mk_peer_start(inst);
	if (ret) {
		WRITE_ONCE(inst->state, was);
		module_put(THIS_MODULE);
		return mk_fail(err, ret, ret == -ENOMEM ? MK_E_MEMORY : MK_E_INTERNAL, ret, 0);
	}
	begin_run(inst);
	ret = mk_arch_start(inst->cpus[0], &inst->image.entry);
	inst->start_ns = ktime_get_boottime_ns();
	if (ret) {
		mk_instance_end(inst, MK_CRASHED, MK_REASON_BOOT,
				"its boot CPU did not start");
		return mk_fail(err, ret, MK_E_START_TIMEOUT, inst->cpus[0]->cpu, 0);
	}
	inst->prepare_ns = ktime_to_ns(ktime_sub(ktime_get(), begin));
	inst->start_tsc = rdtsc_ordered();
	mk_arch_go(&inst->image.entry);
	mk_instance_state(inst, MK_STARTING);
	mk_control_watch(inst);
	return 0;
}

/**
 * mk_instance_start() - send an instance's boot CPU to its kernel
 * @inst:	instance with an image
 * @err:	what was wrong
 *
 * Context: sleeps. Return: 0, state starting, or a negative errno.
 */
int mk_instance_start(struct mk_instance *inst, struct mk_error *err)
{
	int ret = mk_instance_lock(inst, BIT(MK_LOADED), err);

	if (ret)
		return ret;
	ret = check_lost(inst, err) ?: start_locked(inst, ktime_get(), err);
	mutex_unlock(&inst->lock);
	return ret;
}

/**
 * mk_instance_restart() - begin again, when that is due
 * @inst:	instance that is not alive
 *
 * Context: instance->lock held, its watch's work item; sleeps.
 */
void mk_instance_restart(struct mk_instance *inst)
{
	u64 now = ktime_get_boottime_ns(), due = inst->restart.due;
	struct mk_error err;
	int ret;

	lockdep_assert_held(&inst->lock);
	if (!due || inst->deleted)
		return;
	if (now < due) {
		mk_control_look_in(inst, due - now);
		return;
	}
	inst->restart.due = 0;
	ret = reload_locked(inst, &err) ?: start_locked(inst, ktime_get(), &err);
	if (ret == -ENOMEM) {	/* there may be some later */
		inst->restart.due = now + RESTART_MS * NSEC_PER_MSEC;
		mk_control_look_in(inst, RESTART_MS * NSEC_PER_MSEC);
	} else if (ret)
		pr_err("instance %s (%u) is not started again: error %d, code %u\n",
		       inst->name, inst->id, ret, err.code);
	else
		pr_info("instance %s (%u) is started again, %u in a row\n",
			inst->name, inst->id, inst->restart.row);
}

/**
 * mk_instance_policy() - say what happens when an instance ends
 * @inst:	instance
 * @policy:	enum mk_restart
 * @delay_ms:	before the first restart, 0: the usual
 * @err:	what was wrong
 *
 * A restart that is due by the old one is not made.
 *
 * Context: sleeps. Return: 0 or a negative errno.
 */
int mk_instance_policy(struct mk_instance *inst, u32 policy, u32 delay_ms,
		       struct mk_error *err)
{
	int ret = mk_instance_lock(inst, MK_ANY_STATE, err);

	if (ret)
		return ret;
	inst->restart = (struct mk_restarts){
		.policy = policy,
		.delay_ms = delay_ms ?: RESTART_MS,
		.asked = inst->restart.asked,
	};
	mutex_unlock(&inst->lock);
	return 0;
}

/**
 * mk_instance_stop() - ask an instance to shut down
 * @inst:	instance
 * @timeout_ms:	until it is killed
 * @err:	what was wrong
 *
 * When it has ended and a restart is due, that is called off.
 *
 * Context: sleeps. Return: 0, state stopping, or a negative errno.
 */
int mk_instance_stop(struct mk_instance *inst, u32 timeout_ms, struct mk_error *err)
{
	int ret = mk_instance_lock(inst, MK_ANY_STATE, err);

	if (ret)
		return ret;
	if (inst->restart.due) {	/* it has ended, and is not to begin again */
		inst->restart.asked = true;
		inst->restart.due = 0;
	} else if (inst->state != MK_RUNNING && inst->state != MK_STOPPING) {
		ret = mk_fail(err, -EBUSY, MK_E_STATE, inst->state, 0);
	} else {
		WRITE_ONCE(inst->watch->deadline,
			   ktime_get_boottime_ns() + (u64)timeout_ms * NSEC_PER_MSEC);
		inst->restart.asked = true;
		mk_control_request(inst, MK_REQUEST_STOP);
		if (inst->state == MK_RUNNING)
			mk_instance_state(inst, MK_STOPPING);
	}
	mutex_unlock(&inst->lock);
	return ret;
}

/**
 * mk_instance_kill() - end an instance now, whatever it does
 * @inst:	instance
 * @err:	what was wrong
 *
 * Context: sleeps about 20 ms. Return: 0, or -EIO when CPUs are lost.
 */
int mk_instance_kill(struct mk_instance *inst, struct mk_error *err)
{
	int ret = mk_instance_lock(inst, MK_ANY_STATE, err);

	if (ret)
		return ret;
	inst->restart.asked = true;
	inst->restart.due = 0;
	if (mk_instance_alive(inst)) {
		mk_instance_end(inst, MK_STOPPED, MK_REASON_KILLED, "");
		ret = check_lost(inst, err);
	}
	mutex_unlock(&inst->lock);
	return ret;
}

/**
 * mk_instances_alive() - how many instances are alive?
 *
 * Context: sleeps, takes mk_instances_lock.
 * Return: their number.
 */
int mk_instances_alive(void)
{
	struct mk_instance *inst;
	int n = 0;

	mutex_lock(&mk_instances_lock);
	list_for_each_entry(inst, &mk_instances, node)
		n += mk_instance_alive(inst);
	mutex_unlock(&mk_instances_lock);
	return n;
}

/**
 * mk_instances_end_all() - the host goes down: end all that is alive
 *
 * No instance starts from here on. Those at rest are skipped without their lock:
 * a load may take long.
 *
 * Context: sleeps, takes mk_instances_lock and the locks of those alive.
 */
void mk_instances_end_all(void)
{
	struct mk_instance *inst;

	WRITE_ONCE(mk_going_down, true);
	smp_mb();	/* pairs with refuse_start() */
	mutex_lock(&mk_instances_lock);
	list_for_each_entry(inst, &mk_instances, node) {
		if (!mk_instance_alive(inst))
			continue;
		mutex_lock(&inst->lock);
		if (mk_instance_alive(inst))
			mk_instance_end(inst, MK_STOPPED, MK_REASON_HOST, "");
		mutex_unlock(&inst->lock);
	}
	mutex_unlock(&mk_instances_lock);
}

