// SPDX-License-Identifier: GPL-2.0
/*
 * Services: who uses channels of which kind.
 */
#include <linux/module.h>

#include "internal.h"

/* By kind; mk_ipc_lock. Programs are always there. */
static const struct mk_service *services[MK_NR_KINDS] = { [MK_KIND_PROGRAM] = &mk_programs };

/**
 * mk_service_find() - who uses channels of a kind
 * @kind:	MK_KIND_*, unchecked
 *
 * Context: mk_ipc_lock held.
 * Return: the service, or NULL.
 */
const struct mk_service *mk_service_find(u32 kind)
{
	lockdep_assert_held(&mk_ipc_lock);
	return kind < MK_NR_KINDS ? services[kind] : NULL;
}

static u64 kinds(bool every_only)
{
	u64 bits = 0;
	u32 kind;

	lockdep_assert_held(&mk_ipc_lock);
	for (kind = 0; kind < MK_NR_KINDS; kind++)
		if (services[kind] && (services[kind]->every || !every_only))
			bits |= BIT_ULL(kind);
	return bits;
}

/**
 * mk_service_kinds() - what this kernel offers
 *
 * Context: mk_ipc_lock held.
 * Return: a bit for each MK_KIND_*.
 */
u64 mk_service_kinds(void)
{
	return kinds(false);
}

/**
 * mk_service_every() - what every instance has
 *
 * Context: mk_ipc_lock held.
 * Return: a bit for each MK_KIND_*.
 */
u64 mk_service_every(void)
{
	return kinds(true);
}

/* One of the two does nothing: this kernel has the other role. */
static void tell_roles(void)
{
	mk_host_service();
	mk_agent_service();
}

int mk_service_register(const struct mk_service *service)
{
	int ret = -EBUSY;

	mutex_lock(&mk_ipc_lock);
	if (service->kind < MK_NR_KINDS && !services[service->kind]) {
		services[service->kind] = service;
		tell_roles();
		ret = 0;
	}
	mutex_unlock(&mk_ipc_lock);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(mk_service_register, COMPAT_NAMESPACE);

void mk_service_unregister(const struct mk_service *service)
{
	struct mk_channel *ch;

	mutex_lock(&mk_ipc_lock);
	services[service->kind] = NULL;
	while ((ch = mk_channel_find_service(service))) {
		mk_channel_end(ch);
		ch->ops->left(ch);
	}
	mk_channels_close();
	tell_roles();
	mutex_unlock(&mk_ipc_lock);
	flush_workqueue(mk_ipc_wq);	/* what is on its way to it */
}
EXPORT_SYMBOL_NS_GPL(mk_service_unregister, COMPAT_NAMESPACE);
