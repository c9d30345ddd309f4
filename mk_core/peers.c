// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the modules above of instances that start and end.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"
#include "mk_core.h"

static BLOCKING_NOTIFIER_HEAD(watchers);

/* Before the instance is listed: what does not change. */
int mk_peer_new(struct mk_instance *inst)
{
	struct mk_peer *peer = kzalloc(struct_size(peer, apicid, inst->nr_cpus), GFP_KERNEL);
	u32 i;

	if (!peer)
		return -ENOMEM;
	peer->id = inst->id;
	strscpy(peer->name, inst->name, sizeof(peer->name));
	peer->nr_cpus = inst->nr_cpus;
	for (i = 0; i < inst->nr_cpus; i++)
		peer->apicid[i] = inst->cpus[i]->apicid;
	inst->peer = peer;
	return 0;
}

/* When one of them cannot, it has ended for all. */
int mk_peer_start(struct mk_instance *inst)
{
	int ret;

	lockdep_assert_held(&inst->lock);
	inst->peer->epoch = inst->epoch;
	inst->peer->ipc = inst->image.ipc;
	ret = blocking_notifier_call_chain_robust(&watchers, MK_PEER_START, MK_PEER_END,
						  inst->peer);
	return notifier_to_errno(ret);
}

void mk_peer_end(struct mk_instance *inst)
{
	lockdep_assert_held(&inst->lock);
	blocking_notifier_call_chain(&watchers, inst->lost ? MK_PEER_LOST : MK_PEER_END,
				     inst->peer);
}

static int tell_of_living(struct notifier_block *nb, enum mk_peer_event event)
{
	struct mk_instance *inst;
	int ret = 0;

	mutex_lock(&mk_instances_lock);
	list_for_each_entry(inst, &mk_instances, node) {
		mutex_lock(&inst->lock);
		if (mk_instance_alive(inst))
			ret = ret ?: notifier_to_errno(nb->notifier_call(nb, event, inst->peer));
		mutex_unlock(&inst->lock);
	}
	mutex_unlock(&mk_instances_lock);
	return ret;
}

int mk_core_watch(struct notifier_block *nb)
{
	int ret = blocking_notifier_chain_register(&watchers, nb);

	if (ret)
		return ret;
	ret = tell_of_living(nb, MK_PEER_START);
	if (ret)
		mk_core_unwatch(nb);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(mk_core_watch, COMPAT_NAMESPACE);

void mk_core_unwatch(struct notifier_block *nb)
{
	blocking_notifier_chain_unregister(&watchers, nb);
	tell_of_living(nb, MK_PEER_LOST);	/* they may still write */
}
EXPORT_SYMBOL_NS_GPL(mk_core_unwatch, COMPAT_NAMESPACE);

u64 mk_core_epoch(void)
{
	return mk_control_epoch();
}
EXPORT_SYMBOL_NS_GPL(mk_core_epoch, COMPAT_NAMESPACE);
