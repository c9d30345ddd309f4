// SPDX-License-Identifier: GPL-2.0
/*
 * Instances: what each one has, from create to delete.  What it does between
 * is in run.c.
 */
#include <linux/ctype.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <asm/tsc.h>

#include "internal.h"
#include "mk_core.h"

LIST_HEAD(mk_instances);
DEFINE_MUTEX(mk_instances_lock);	/* the list and the ids in it */

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

/**
 * mk_instance_lock() - take instance->lock for a user
 * @inst:	instance
 * @allowed:	bits of enum mk_state in which the user's call makes sense
 * @err:	what was wrong
 *
 * A load may read from a file system that hangs: whoever waits can be killed.
 *
 * Context: sleeps. Return: 0, or a negative errno without the lock: -EINTR, -ENOENT
 * when it was deleted, -EBUSY in another state.
 */
int mk_instance_lock(struct mk_instance *inst, unsigned long allowed, struct mk_error *err)
{
	int ret = 0;

	if (mutex_lock_killable(&inst->lock))
		return mk_fail(err, -EINTR, MK_E_INTERNAL, -EINTR, 0);
	if (inst->deleted)
		ret = mk_fail(err, -ENOENT, MK_E_DELETED, 0, 0);
	else if (!(allowed & BIT(inst->state)))
		ret = mk_fail(err, -EBUSY, MK_E_STATE, inst->state, 0);
	if (ret)
		mutex_unlock(&inst->lock);
	return ret;
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

/* --- delete ---------------------------------------------------------------- */

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
	/* one after the other: a load under inst->lock may take long */
	int ret = mk_instance_lock(inst, MK_AT_REST, err);

	if (ret)
		return ret;
	inst->deleted = true;
	mutex_unlock(&inst->lock);
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
	int ret = mk_instance_lock(inst, MK_ANY_STATE, err);

	if (ret)
		return ret;
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
	mutex_unlock(&inst->lock);
	return 0;
}

/* --- the host's own end ------------------------------------------------------ */

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
