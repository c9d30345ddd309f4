// SPDX-License-Identifier: GPL-2.0
/*
 * An instance's role: finds its link to the host, and the channels that the host
 * tells it of.
 */
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"
#include "peer.h"

#define CLOSE_MS	4	/* in which the host tells of all that it ends at once */
#define LOOK_MS		250	/* for a host whose mk_ipc comes, or comes again */

static struct mk_self self;
static struct mk_area *area;
static struct mk_link *link;	/* mk_ipc_lock; and this: */
static u64 last_epoch;		/* of a link; one that broke is not tried again */

/* --- channels ------------------------------------------------------------------------- */

static void say_closed(u64 epoch)
{
	struct mk_close_channel m = { .epoch = epoch };

	if (link)
		mk_link_send(link, MK_CLASS_SYSTEM, MK_SYSTEM_CLOSED, &m, sizeof(m));
}

static void agent_gone(struct mk_channel *ch)
{
	memunmap(ch->head);
	mutex_lock(&mk_ipc_lock);
	say_closed(ch->epoch);
	mutex_unlock(&mk_ipc_lock);
}

static void agent_left(struct mk_channel *ch)
{
	mk_channel_put(ch);	/* the list's */
}

static const struct mk_channel_ops agent_ops = {
	.left = agent_left,
	.gone = agent_gone,
};

static bool is_good(const struct mk_open_channel *m)
{
	u64 size = MK_CHANNEL_HEAD + 2ULL * m->ring_size;

	return m->ring_size >= MK_RING_SIZE_MIN && m->ring_size <= MK_CHANNEL_RING_MAX &&
	       !(m->ring_size & (m->ring_size - 1)) && m->side <= 1 &&
	       m->nr_apicids <= MK_MAX_CPUS && IS_ALIGNED(m->phys, PAGE_SIZE) &&
	       m->phys + size > m->phys &&
	       strnlen(m->name, sizeof(m->name)) < sizeof(m->name) &&
	       strnlen(m->peer_name, sizeof(m->peer_name)) < sizeof(m->peer_name) &&
	       /* ours would be mapped as our own memory */
	       region_intersects(m->phys, size, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) == REGION_DISJOINT;
}

static int open_channel(const struct mk_open_channel *m)
{
	const struct mk_service *service = mk_service_find(m->kind);
	struct mk_channel *ch;

	if (!is_good(m) || !service)
		return -EINVAL;
	ch = mk_channel_alloc(service, &agent_ops, NULL, m->nr_apicids ? m->apicid : NULL,
			      m->nr_apicids);
	if (!ch)
		return -ENOMEM;
	ch->head = memremap(m->phys, MK_CHANNEL_HEAD + 2 * (size_t)m->ring_size, MEMREMAP_WB);
	if (!ch->head)
		goto no_head;
	strscpy(ch->name, m->name, sizeof(ch->name));
	strscpy(ch->peer_name, m->peer_name, sizeof(ch->peer_name));
	ch->peer = m->peer;
	ch->side = m->side;
	ch->epoch = m->epoch;
	ch->ring_size = m->ring_size;
	ch->classes = m->classes;
	ch->rate = m->rate;
	ch->phys = m->phys;
	if (!mk_channel_join(ch))
		return 0;
	memunmap(ch->head);
no_head:
	mk_channel_free(ch);
	return -ENOMEM;
}

void mk_agent_service(void)
{
	u64 kinds = mk_service_kinds();

	if (link)
		mk_link_send(link, MK_CLASS_SYSTEM, MK_SYSTEM_KINDS, &kinds, sizeof(kinds));
}

static void close_all(struct work_struct *work)
{
	mutex_lock(&mk_ipc_lock);
	mk_channels_close();
	mutex_unlock(&mk_ipc_lock);
}

static DECLARE_DELAYED_WORK(close_work, close_all);

static void close_channel(u64 epoch)
{
	struct mk_channel *ch = mk_channel_find_epoch(epoch);

	if (!ch)
		return;
	mk_channel_end(ch);
	mk_channel_put(ch);
	queue_delayed_work(mk_ipc_wq, &close_work, msecs_to_jiffies(CLOSE_MS));
}

/* --- the link --------------------------------------------------------------------------- */

static void agent_hello(struct mk_link *l, const struct mk_hello *hello)
{
	pr_info("linked with the host, mk_ipc %*pE\n", (int)strlen(hello->version),
		hello->version);
}

static void agent_message(struct mk_link *l, const struct mk_message *m, const void *body)
{
	struct mk_open_channel *open = NULL;
	struct mk_close_channel close;

	mutex_lock(&mk_ipc_lock);
	if (m->type == MK_SYSTEM_OPEN && m->len >= sizeof(*open)) {
		mk_channels_close();	/* a service may have one with a peer */
		open = kmemdup(body, sizeof(*open), GFP_KERNEL);
		if (!open || open_channel(open))
			say_closed(((const struct mk_open_channel *)body)->epoch);
	} else if (m->type == MK_SYSTEM_CLOSE && m->len >= sizeof(close)) {
		memcpy(&close, body, sizeof(close));
		close_channel(close.epoch);
	}
	mutex_unlock(&mk_ipc_lock);
	kfree(open);
}

static const struct mk_link_ops agent_link_ops = {
	.hello = agent_hello,
	.message = agent_message,
};

static void link_up(u64 epoch)
{
	struct mk_channel *ch;
	int ret;

	ch = mk_link_channel(NULL, 0);
	link = ch ? mk_link_new(ch, &agent_link_ops, NULL) : NULL;
	if (!link) {
		if (ch)
			mk_channel_free(ch);
		return;
	}
	strscpy(ch->peer_name, "host", sizeof(ch->peer_name));
	ch->side = 1;
	ch->epoch = epoch;
	ch->ring_size = MK_LINK_RING;
	ch->head = (void *)area + MK_AREA_LINK;
	ch->phys = self.ipc.start + MK_AREA_LINK;
	ret = mk_link_join(link);
	if (ret != -ENOMEM)
		last_epoch = epoch;
	if (ret) {
		mk_link_free(link);
		link = NULL;
	}
}

/* All channels came by the link, and go with it. */
static void link_down(void)
{
	struct mk_link *old = link;
	struct mk_channel *ch;

	link = NULL;
	mk_link_free(old);
	while ((ch = mk_channel_first())) {
		mk_channel_end(ch);
		mk_channel_put(ch);
	}
	mk_channels_close();
}

static bool is_area(void)
{
	u16 major = mk_peer_load(&area->major);

	if (mk_peer_load(&area->magic) != MK_AREA_MAGIC)
		return false;
	if (major != MK_IPC_MAJOR)
		pr_err_once("the host speaks mk_ipc %u.%u, this is %u.%u: install the same version on both sides\n",
			    major, mk_peer_load(&area->minor), MK_IPC_MAJOR, MK_IPC_MINOR);
	return major == MK_IPC_MAJOR;
}

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look);

static void look(struct work_struct *work)
{
	u64 epoch = mk_peer_load_acquire(&area->epoch);	/* the link is laid out */

	mutex_lock(&mk_ipc_lock);
	if (link && (link->ch->epoch != epoch || link->dead))
		link_down();
	if (!link && epoch && epoch != last_epoch && is_area())
		link_up(epoch);
	mutex_unlock(&mk_ipc_lock);
	queue_delayed_work(mk_ipc_wq, &look_work, msecs_to_jiffies(LOOK_MS));
}

/**
 * mk_agent_init() - look for the host
 *
 * Context: module load in an instance; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_agent_init(void)
{
	int ret = mk_core_self(&self);

	if (ret)
		return ret;
	if (self.ipc.size < MK_AREA_LINK + MK_CHANNEL_HEAD + 2 * MK_LINK_RING) {
		pr_err("the host's mk_core gave no region for messages: install the same version on both sides\n");
		return -ENODEV;
	}
	area = memremap(self.ipc.start, self.ipc.size, MEMREMAP_WB);
	if (!area)
		return -ENOMEM;
	look(NULL);
	return 0;
}
