// SPDX-License-Identifier: GPL-2.0
/*
 * Instances: what each one has, and its way from created to stopped.
 */
#include <linux/ctype.h>
#include <linux/idr.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "internal.h"
#include "mk_core.h"

LIST_HEAD(mk_instances);
DEFINE_MUTEX(mk_instances_lock);	/* the list and the ids in it */
bool mk_going_down;

static DEFINE_IDA(ids);

static const char * const state_names[] = {
	[MK_CREATED] = "created", [MK_LOADED] = "loaded",
	[MK_STARTING] = "starting", [MK_RUNNING] = "running",
	[MK_STOPPING] = "stopping", [MK_STOPPED] = "stopped",
	[MK_CRASHED] = "crashed",
};

static const char * const reason_names[] = {
	[MK_REASON_NONE] = "none", [MK_REASON_POWEROFF] = "poweroff",
	[MK_REASON_HALT] = "halt", [MK_REASON_REBOOT] = "reboot",
	[MK_REASON_EMERGENCY] = "emergency",
	[MK_REASON_KEXEC] = "kexec", [MK_REASON_KILLED] = "killed",
	[MK_REASON_TIMEOUT] = "timeout", [MK_REASON_PANIC] = "panic",
	[MK_REASON_LIVENESS] = "liveness", [MK_REASON_BOOT] = "boot",
	[MK_REASON_HOST] = "host", [MK_REASON_REFUSED] = "refused",
	[MK_REASON_PROTOCOL] = "protocol",
};

/**
 * mk_state_name() - a state in the words of sysfs and uevents
 * @state:	enum mk_state
 *
 * Context: any.
 * Return: constant string.
 */
const char *mk_state_name(u32 state)
{
	return state_names[state];
}

/**
 * mk_reason_name() - a reason in the words of sysfs and uevents
 * @reason:	enum mk_reason
 *
 * Context: any.
 * Return: constant string.
 */
const char *mk_reason_name(u32 reason)
{
	return reason_names[reason];
}

int mk_fail(struct mk_error *err, int ret, u32 code, u64 arg0, u64 arg1)
{
	*err = (struct mk_error){ .code = code, .arg = { arg0, arg1 } };
	return ret;
}

/**
 * mk_instance_alive() - may its CPUs be running?
 * @inst:	instance
 *
 * Context: any; holds only while instance->lock is held.
 * Return: true when it is starting, running or stopping.
 */
bool mk_instance_alive(const struct mk_instance *inst)
{
	u32 state = READ_ONCE(inst->state);

	return state == MK_STARTING || state == MK_RUNNING || state == MK_STOPPING;
}

/**
 * mk_instance_state() - enter a state and tell everybody
 * @inst:	instance
 * @state:	enum mk_state
 *
 * Context: instance->lock held; sleeps.
 */
void mk_instance_state(struct mk_instance *inst, u32 state)
{
	lockdep_assert_held(&inst->lock);
	WRITE_ONCE(inst->state, state);
	WRITE_ONCE(inst->generation, inst->generation + 1);
	wake_up_all(&inst->wait);
	mk_sysfs_changed(inst);
}

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

/* --- references ------------------------------------------------------------ */

/**
 * mk_instance_get() - take a reference
 * @inst:	instance to which the caller has one, or that is listed
 *
 * Context: any.
 */
void mk_instance_get(struct mk_instance *inst)
{
	kobject_get(&inst->kobj);
}

/**
 * mk_instance_put() - give a reference back
 * @inst:	instance; may be freed
 *
 * Context: sleeps.
 */
void mk_instance_put(struct mk_instance *inst)
{
	kobject_put(&inst->kobj);
}

static struct mk_instance *find_locked(const char *name, u32 id)
{
	struct mk_instance *inst;

	lockdep_assert_held(&mk_instances_lock);
	list_for_each_entry(inst, &mk_instances, node)
		if (*name ? !strcmp(inst->name, name) : inst->id == id)
			return inst;
	return NULL;
}

/**
 * mk_instance_find() - look an instance up
 * @name:	its name, or ""
 * @id:		its id where @name is ""
 *
 * Context: sleeps, takes mk_instances_lock.
 * Return: the instance with a reference for the caller, or NULL, also for a
 * caller who was killed.
 */
struct mk_instance *mk_instance_find(const char *name, u32 id)
{
	struct mk_instance *inst;

	if (mutex_lock_killable(&mk_instances_lock))
		return NULL;
	inst = find_locked(name, id);
	if (inst)
		mk_instance_get(inst);
	mutex_unlock(&mk_instances_lock);
	return inst;
}

/* --- create ---------------------------------------------------------------- */

int mk_core_check_name(const char *name, struct mk_error *err)
{
	size_t i;

	for (i = 0; i < MK_NAME_SIZE && name[i]; i++)
		if (!isascii(name[i]) ||
		    (i ? !isalnum(name[i]) && !strchr("._-", name[i]) : !isalpha(name[i])))
			return mk_fail(err, -EINVAL, MK_E_NAME_INVALID, i, 0);
	if (!i || i == MK_NAME_SIZE)
		return mk_fail(err, -EINVAL, MK_E_NAME_INVALID, i, 0);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(mk_core_check_name, COMPAT_NAMESPACE);

/**
 * mk_node_check() - is there such a NUMA node?
 * @node:	its number, or MK_NODE_ANY
 * @err:	what was wrong
 *
 * Context: any. Return: 0 or -EINVAL.
 */
int mk_node_check(int node, struct mk_error *err)
{
	if (node < MK_NODE_ANY || node >= (int)nr_node_ids || (node >= 0 && !node_online(node)))
		return mk_fail(err, -EINVAL, MK_E_MEM_NODE, node, 0);
	return 0;
}

static int check_request(const struct mk_create *req, struct mk_error *err)
{
	if (!tsc_khz)
		return mk_fail(err, -EOPNOTSUPP, MK_E_TSC, 0, 0);
	if (!req->nr_cpus)
		return mk_fail(err, -EINVAL, MK_E_CPU_NONE, 0, 0);
	if (!req->memory)
		return mk_fail(err, -EINVAL, MK_E_MEM_NONE, 0, 0);
	if (req->memory % MK_MEMORY_GRANULE)
		return mk_fail(err, -EINVAL, MK_E_MEM_ALIGN, req->memory, MK_MEMORY_GRANULE);
	if (!strncmp(req->name, "host", MK_NAME_SIZE))	/* what mkctl calls the host */
		return mk_fail(err, -EEXIST, MK_E_NAME_TAKEN, 0, 0);
	return mk_node_check(req->node, err) ?: mk_core_check_name(req->name, err);
}

static struct mk_instance *alloc_instance(u32 nr_cpus)
{
	struct mk_instance *inst = kzalloc(sizeof(*inst), GFP_KERNEL);

	if (!inst)
		return NULL;
	/* from here on mk_instance_put() frees, whatever is there */
	kobject_init(&inst->kobj, &mk_instance_ktype);
	mutex_init(&inst->lock);
	init_waitqueue_head(&inst->wait);
	INIT_LIST_HEAD(&inst->node);
	inst->cpus = kcalloc(nr_cpus, sizeof(*inst->cpus), GFP_KERNEL);
	inst->watch = kzalloc(sizeof(*inst->watch), GFP_KERNEL);
	if (!inst->cpus || !inst->watch) {
		mk_instance_put(inst);
		return NULL;
	}
	inst->state = MK_CREATED;
	inst->generation = 1;	/* nobody has seen that it is created */
	INIT_LIST_HEAD(&inst->watch->node);
	inst->watch->inst = inst;
	INIT_DELAYED_WORK(&inst->watch->work, mk_control_look);
	return inst;
}

/* Where the user names no node: all on that of its boot CPU, else anywhere. */
static int take_memory(struct mk_instance *inst, const struct mk_create *req,
		       struct mk_error *err)
{
	int near = inst->cpus[0]->nid;
	struct mk_error ignored;

	if (req->node == MK_NODE_ANY &&
	    !mk_pool_claim_memory(req->memory, near, inst->extents,
				  &inst->nr_extents, &ignored))
		return 0;
	return mk_pool_claim_memory(req->memory, req->node, inst->extents,
				    &inst->nr_extents, err);
}

/* Take window, CPUs and memory; what was taken is noted for give_back(). */
static int take_resources(struct mk_instance *inst, const struct mk_create *req,
			  const u32 *cpus, struct mk_error *err)
{
	u32 all, unused;
	int ret;

	ret = mk_pool_claim_cpus(cpus, req->nr_cpus, inst->id, inst->cpus, err);
	if (ret)
		return ret;
	inst->nr_cpus = req->nr_cpus;
	ret = take_memory(inst, req, err);
	if (ret)
		return ret;
	inst->memory = req->memory;
	inst->window = mk_window_get();
	if (!inst->window) {
		mk_window_count(&all, &unused);
		return mk_fail(err, -ENOSPC, MK_E_NO_WINDOW, all, 0);
	}
	return 0;
}

static void give_back(struct mk_instance *inst)
{
	mk_image_close(&inst->image);
	if (inst->lost) {
		pr_err("instance %s (%u): %llu bytes and its low window stay lost: %u of its CPUs did not confirm their halt\n",
		       inst->name, inst->id, inst->memory, inst->lost);
		mk_pool_leak_memory(inst->extents, inst->nr_extents);
	} else {
		mk_pool_drop_memory(inst->extents, inst->nr_extents);
		if (inst->window)
			mk_window_put(inst->window);
	}
	mk_pool_drop_cpus(inst->cpus, inst->nr_cpus);
	inst->nr_extents = 0;
	inst->nr_cpus = 0;
	inst->window = 0;
	ida_free(&ids, inst->id);
}

static void list_instance(struct mk_instance *inst)
{
	struct mk_instance *at;

	list_for_each_entry(at, &mk_instances, node)
		if (at->id > inst->id)
			break;
	list_add_tail(&inst->node, &at->node);
}

static int build_instance(struct mk_instance *inst, const struct mk_create *req,
			  const u32 *cpus, struct mk_error *err)
{
	int ret = ida_alloc_min(&ids, 1, GFP_KERNEL);

	if (ret < 0)
		return mk_fail(err, ret, MK_E_MEMORY, 0, 0);
	inst->id = ret;
	strscpy(inst->name, req->name, sizeof(inst->name));
	ret = take_resources(inst, req, cpus, err);
	if (!ret && mk_platform_fdt(inst))
		ret = mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	if (!ret && mk_peer_new(inst))
		ret = mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	if (!ret && mk_sysfs_add(inst))
		ret = mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	if (ret)
		give_back(inst);
	return ret;
}

/**
 * mk_instance_create() - make an instance of pool resources
 * @req:	name, memory, node, number of CPUs
 * @cpus:	logical CPU numbers
 * @out:	the instance, with a reference for the caller
 * @err:	what was wrong
 *
 * Context: sleeps. Return: 0 or a negative errno.
 */
int mk_instance_create(const struct mk_create *req, const u32 *cpus,
		       struct mk_instance **out, struct mk_error *err)
{
	struct mk_instance *inst, *other;
	int ret = check_request(req, err);

	if (ret)
		return ret;
	inst = alloc_instance(req->nr_cpus);
	if (!inst)
		return mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	if (mutex_lock_killable(&mk_instances_lock)) {
		mk_instance_put(inst);
		return mk_fail(err, -EINTR, MK_E_INTERNAL, -EINTR, 0);
	}
	other = find_locked(req->name, 0);
	if (other)
		ret = mk_fail(err, -EEXIST, MK_E_NAME_TAKEN, other->id, 0);
	else
		ret = build_instance(inst, req, cpus, err);
	if (!ret) {
		list_instance(inst);
		mk_instance_get(inst);
		*out = inst;
	}
	mutex_unlock(&mk_instances_lock);
	if (ret)
		mk_instance_put(inst);
	return ret;
}

/* --- load, start, stop, kill, delete -------------------------------------- */

static int check_state(const struct mk_instance *inst, unsigned long allowed,
		       struct mk_error *err)
{
	lockdep_assert_held(&inst->lock);
	if (inst->deleted)
		return mk_fail(err, -ENOENT, MK_E_DELETED, 0, 0);
	if (!(allowed & BIT(inst->state)))
		return mk_fail(err, -EBUSY, MK_E_STATE, inst->state, 0);
	return 0;
}

/**
 * mk_instance_lock() - take instance->lock for a user
 * @inst:	instance
 * @err:	what was wrong
 *
 * A load may read from a file system that hangs: whoever waits can be killed.
 *
 * Context: sleeps. Return: 0, or -EINTR without the lock.
 */
int mk_instance_lock(struct mk_instance *inst, struct mk_error *err)
{
	return mutex_lock_killable(&inst->lock) ?
	       mk_fail(err, -EINTR, MK_E_INTERNAL, -EINTR, 0) : 0;
}

#define AT_REST	(BIT(MK_CREATED) | BIT(MK_LOADED) | BIT(MK_STOPPED) | BIT(MK_CRASHED))
#define HAS_IMAGE (BIT(MK_LOADED) | BIT(MK_STOPPED) | BIT(MK_CRASHED))
#define ALL_STATES (AT_REST | BIT(MK_STARTING) | BIT(MK_RUNNING) | BIT(MK_STOPPING))

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
	int ret;

	ret = mk_instance_lock(inst, err);
	if (ret)
		return ret;
	ret = check_state(inst, AT_REST, err) ?: check_lost(inst, err);
	if (!ret)
		ret = mk_image_open(&image, req, cmdline, err);
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
	int ret = check_state(inst, HAS_IMAGE, err) ?: check_lost(inst, err);

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
	int ret = mk_instance_lock(inst, err);

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
	ktime_t begin;
	int ret;

	ret = mk_instance_lock(inst, err);
	if (ret)
		return ret;
	begin = ktime_get();
	ret = check_state(inst, BIT(MK_LOADED), err) ?: check_lost(inst, err);
	if (!ret)
		ret = start_locked(inst, begin, err);
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
	int ret = mk_instance_lock(inst, err);

	if (ret)
		return ret;
	ret = check_state(inst, ALL_STATES, err);
	if (!ret)
		inst->restart = (struct mk_restarts){
			.policy = policy,
			.delay_ms = delay_ms ?: RESTART_MS,
			.asked = inst->restart.asked,
		};
	mutex_unlock(&inst->lock);
	return ret;
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
	int ret;

	ret = mk_instance_lock(inst, err);
	if (ret)
		return ret;
	if (inst->restart.due) {	/* it has ended, and is not to begin again */
		inst->restart.asked = true;
		inst->restart.due = 0;
		mutex_unlock(&inst->lock);
		return 0;
	}
	ret = check_state(inst, BIT(MK_RUNNING) | BIT(MK_STOPPING), err);
	if (!ret) {
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
	int ret;

	ret = mk_instance_lock(inst, err);
	if (ret)
		return ret;
	ret = check_state(inst, ALL_STATES, err);
	if (!ret) {
		inst->restart.asked = true;
		inst->restart.due = 0;
	}
	if (!ret && mk_instance_alive(inst)) {
		mk_instance_end(inst, MK_STOPPED, MK_REASON_KILLED, "");
		ret = check_lost(inst, err);
	}
	mutex_unlock(&inst->lock);
	return ret;
}

static void delete_listed(struct mk_instance *inst)
{
	lockdep_assert_held(&mk_instances_lock);
	list_del_init(&inst->node);
	mk_control_unwatch(inst);
	cancel_delayed_work_sync(&inst->watch->work);
	mk_sysfs_remove(inst);
	give_back(inst);
	wake_up_all(&inst->wait);
	mk_instance_put(inst);
}

/**
 * mk_instance_delete() - give an instance's resources back to the pool
 * @inst:	instance that is not alive; the caller has a reference
 * @err:	what was wrong
 *
 * Context: sleeps. Return: 0 or a negative errno.
 */
int mk_instance_delete(struct mk_instance *inst, struct mk_error *err)
{
	int ret;

	/* one after the other: a load under inst->lock may take long */
	ret = mk_instance_lock(inst, err);
	if (ret)
		return ret;
	ret = check_state(inst, AT_REST, err);
	if (!ret)
		inst->deleted = true;
	mutex_unlock(&inst->lock);
	if (ret)
		return ret;
	mutex_lock(&mk_instances_lock);
	delete_listed(inst);
	mutex_unlock(&mk_instances_lock);
	return 0;
}

/* --- query ----------------------------------------------------------------- */

static u32 query_cpus(const struct mk_instance *inst, struct mk_pool_cpu *cpus, u32 room)
{
	u32 i;

	for (i = 0; i < min(room, inst->nr_cpus); i++)
		cpus[i] = (struct mk_pool_cpu){
			.cpu = inst->cpus[i]->cpu, .apicid = inst->cpus[i]->apicid,
			.node = inst->cpus[i]->nid, .instance = inst->id,
			.state = READ_ONCE(inst->cpus[i]->state) };
	return inst->nr_cpus;
}

static u64 host_bytes(const struct mk_instance *inst)
{
	return sizeof(*inst) + sizeof(*inst->watch) + inst->fdt_size + MK_WINDOW_SIZE +
	       struct_size(inst->peer, apicid, inst->nr_cpus) +
	       inst->nr_cpus * sizeof(*inst->cpus) +
	       (inst->image.cmdline ? strlen(inst->image.cmdline) + 1 : 0);
}

/**
 * mk_instance_query() - answer MK_IOC_QUERY
 * @inst:	instance
 * @q:		in: room; out: everything but the pointers
 * @cpus:	room for @q->nr_cpus
 * @extents:	room for @q->nr_extents
 * @err:	what was wrong
 *
 * Context: sleeps, takes instance->lock.
 * Return: 0, -ENOENT when it was deleted, or -EINTR.
 */
int mk_instance_query(struct mk_instance *inst, struct mk_query *q,
		      struct mk_pool_cpu *cpus, struct mk_extent *extents,
		      struct mk_error *err)
{
	int ret;

	ret = mk_instance_lock(inst, err);
	if (ret)
		return ret;
	ret = check_state(inst, ALL_STATES, err);
	if (ret)
		goto out;
	q->nr_cpus = query_cpus(inst, cpus, q->nr_cpus);
	memcpy(extents, inst->extents,
	       min(q->nr_extents, inst->nr_extents) * sizeof(*extents));
	q->nr_extents = inst->nr_extents;
	q->id = inst->id;
	q->state = inst->state;
	q->reason = inst->reason;
	q->lost_cpus = inst->lost;
	strscpy(q->name, inst->name, sizeof(q->name));
	strscpy(q->text, inst->text, sizeof(q->text));
	strscpy(q->release, inst->image.release, sizeof(q->release));
	q->memory = inst->memory;
	q->generation = inst->generation;
	q->boots = inst->boots;
	q->start_ns = inst->start_ns;
	q->end_ns = inst->end_ns;
	q->prepare_ns = inst->prepare_ns;
	q->clear_ns = inst->clear_ns;
	q->kill_ns = inst->kill_ns;
	q->user_ns = inst->user_ns;
	q->running_ns = inst->running_ns;
	q->beat_ms = mk_control_beat_age(inst);
	q->window = inst->window;
	q->window_size = MK_WINDOW_SIZE;
	q->control = inst->image.control;
	q->rsdp = inst->image.rsdp;
	q->tables = inst->image.tables;
	q->tables_size = inst->image.tables_size;
	q->host_bytes = host_bytes(inst);
	q->restart = inst->restart.policy;
	q->restarts = inst->restart.row;
	q->restart_ns = inst->restart.due;
out:
	mutex_unlock(&inst->lock);
	return ret;
}

/* --- the host's own end ------------------------------------------------------ */

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

/**
 * mk_instance_exit() - delete all instances
 *
 * None of them is alive: each one that is holds the module.
 *
 * Context: module unload, /dev/mk gone; sleeps, takes mk_instances_lock.
 */
void mk_instance_exit(void)
{
	struct mk_instance *inst, *next;

	mutex_lock(&mk_instances_lock);
	list_for_each_entry_safe(inst, next, &mk_instances, node) {
		inst->deleted = true;
		delete_listed(inst);
	}
	mutex_unlock(&mk_instances_lock);
	ida_destroy(&ids);
}
