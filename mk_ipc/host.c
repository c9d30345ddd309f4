// SPDX-License-Identifier: GPL-2.0
/*
 * The host's role: links to all instances, and who may talk to whom.
 *
 *	permit		"web and db may talk": until it is forbidden
 *	span		the memory of one channel, made when both are there; a
 *			permit has one after the other, each with its own epoch
 *	lease		an instance was told of a span, and may write to it until it
 *			says that it has unmapped it, or is halted
 */
#include <linux/io.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"
#include "peer.h"

#define LEASES_MAX	64	/* spans that an instance may keep us from freeing */
#define SOON_MS		10
#define AGAIN_MS	100	/* at least, between two spans of a permit */

struct instance {
	struct list_head node;
	struct mk_link *link;
	struct mk_area *area;
	struct list_head leases;
	u32 nr_leases;
	bool ready;		/* said hello */
	u32 id;
	char name[MK_NAME_SIZE];
	u64 epoch;		/* of its start */
	u32 nr_apicids;
	u32 apicid[];
};

struct span {
	struct kref ref;
	struct mk_channel_head *head;
	size_t size;
	u64 epoch;
	bool over;		/* no permit has it any more */
};

struct lease {
	struct list_head node;
	struct span *span;
	bool told;		/* that it is over */
};

struct permit {
	struct list_head node;
	char name[MK_NAME_SIZE];	/* "": as every instance has it */
	char end[2][MK_NAME_SIZE];	/* "": the host */
	u32 kind;
	u32 ring_size;
	u32 classes;			/* of messages: bits */
	u64 rate;			/* bytes a second each way, 0: no limit */
	struct span *span;		/* or NULL: not both are there */
	u64 made;			/* the last one, in jiffies */
	struct mk_channel *ch;		/* the host's side of it, or NULL */
};

/* All of them: mk_ipc_lock. */
static LIST_HEAD(instances);
static LIST_HEAD(permits);
static bool begun;	/* until then the module may not stay: no span is made */

/* --- spans -------------------------------------------------------------------------- */

static struct span *make_span(u32 ring_size)
{
	struct span *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	kref_init(&s->ref);
	s->size = MK_CHANNEL_HEAD + 2 * (size_t)ring_size;
	s->head = alloc_pages_exact(s->size, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!s->head) {
		kfree(s);
		return NULL;
	}
	s->epoch = mk_core_epoch();
	mk_channel_make(s->head, ring_size, s->epoch);
	__module_get(THIS_MODULE);	/* an instance may write to it */
	return s;
}

static void free_span(struct kref *ref)
{
	struct span *s = container_of(ref, struct span, ref);

	free_pages_exact(s->head, s->size);
	kfree(s);
	module_put(THIS_MODULE);
}

static void put_span(struct span *s)
{
	kref_put(&s->ref, free_span);
}

static void end_lease(struct instance *inst, struct lease *lease, bool lost)
{
	list_del(&lease->node);
	inst->nr_leases--;
	if (lost) {
		pr_err("instance %s (%u): %zu bytes of a channel stay lost: its CPUs are not known to be halted\n",
		       inst->name, inst->id, lease->span->size);
		kmemleak_not_leak(lease->span);	/* on purpose */
	} else {
		put_span(lease->span);
	}
	kfree(lease);
}

/* --- permits ------------------------------------------------------------------------- */

static void establish_all(struct work_struct *work);
static DECLARE_DELAYED_WORK(establish_work, establish_all);

static void establish_soon(void)
{
	queue_delayed_work(mk_ipc_wq, &establish_work, msecs_to_jiffies(SOON_MS));
}

/* There was no memory, or a peer takes nothing now. */
static void establish_again(void)
{
	queue_delayed_work(mk_ipc_wq, &establish_work, msecs_to_jiffies(AGAIN_MS));
}

static struct instance *find_instance(const char *name)
{
	struct instance *inst;

	list_for_each_entry(inst, &instances, node)
		if (!strcmp(inst->name, name))
			return inst;
	return NULL;
}

/* The host's side is gone: no descriptor, no mapping. */
static void host_gone(struct mk_channel *ch)
{
	put_span(ch->owner);
}

static void host_left(struct mk_channel *ch)
{
	establish_soon();
}

static const struct mk_channel_ops host_ops = {
	.left = host_left,
	.gone = host_gone,
};

static int join_host(struct permit *p, u32 side, const struct instance *other)
{
	struct mk_channel *ch = mk_channel_alloc(mk_service_find(p->kind), &host_ops, p->span,
						 other->apicid, other->nr_apicids);
	int ret;

	if (!ch)
		return -ENOMEM;
	strscpy(ch->name, p->name, sizeof(ch->name));
	strscpy(ch->peer_name, other->name, sizeof(ch->peer_name));
	ch->peer = other->id;
	ch->side = side;
	ch->epoch = p->span->epoch;
	ch->ring_size = p->ring_size;
	ch->rate = p->rate;
	ch->head = p->span->head;
	ch->phys = virt_to_phys(ch->head);
	ret = mk_channel_join(ch);
	if (ret) {
		mk_channel_free(ch);
		return ret;
	}
	kref_get(&p->span->ref);
	p->ch = ch;
	return 0;
}

static int tell_instance(struct permit *p, u32 side, struct instance *inst,
			 const struct instance *other)
{
	struct mk_open_channel *m = kzalloc(sizeof(*m), GFP_KERNEL);
	struct lease *lease = kzalloc(sizeof(*lease), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!m || !lease)
		goto out;
	m->phys = virt_to_phys(p->span->head);
	m->epoch = p->span->epoch;
	m->ring_size = p->ring_size;
	m->side = side;
	m->kind = p->kind;
	m->classes = p->classes;
	m->rate = p->rate;
	strscpy(m->name, p->name, sizeof(m->name));
	strscpy(m->peer_name, other ? other->name : "host", sizeof(m->peer_name));
	if (other) {
		m->peer = other->id;
		m->nr_apicids = other->nr_apicids;
		memcpy(m->apicid, other->apicid, other->nr_apicids * sizeof(*m->apicid));
	}
	ret = mk_link_send(inst->link, MK_CLASS_SYSTEM, MK_SYSTEM_OPEN, m, sizeof(*m));
	if (ret)
		goto out;
	kref_get(&p->span->ref);
	lease->span = p->span;
	list_add(&lease->node, &inst->leases);
	inst->nr_leases++;
	lease = NULL;
out:
	kfree(lease);
	kfree(m);
	return ret;
}

static void tell_over(struct instance *inst)
{
	struct mk_close_channel m;
	struct lease *lease;
	int ret;

	list_for_each_entry(lease, &inst->leases, node) {
		if (!lease->span->over || lease->told)
			continue;
		m.epoch = lease->span->epoch;
		ret = mk_link_send(inst->link, MK_CLASS_SYSTEM, MK_SYSTEM_CLOSE, &m, sizeof(m));
		lease->told = ret != -ENOMEM && ret != -ENOBUFS;
		if (!lease->told)
			establish_again();
	}
}

/* End the span that a permit has; each end that lives is told. mk_channels_close() follows. */
static void end_span(struct permit *p)
{
	struct instance *inst;
	u32 side;

	if (!p->span)
		return;
	p->span->over = true;
	/* for one that is dead, too */
	for (side = 0; side < 2; side++)
		mk_peer_store_release(&p->span->head->side[side].state, MK_SIDE_CLOSED);
	list_for_each_entry(inst, &instances, node)
		tell_over(inst);
	if (p->ch) {
		mk_channel_end(p->ch);
		mk_channel_put(p->ch);
	}
	p->ch = NULL;
	put_span(p->span);
	p->span = NULL;
}

static void revoke(struct permit *p)
{
	end_span(p);
	mk_channels_close();
}

static bool has_room(const struct permit *p, const struct instance *inst)
{
	if (inst->nr_leases < LEASES_MAX)
		return true;
	pr_warn_ratelimited("channel %s waits: %s (%u) has %u channels, and no more at a time: remove one (mkctl channel remove)\n",
			    p->name, inst->name, inst->id, LEASES_MAX);
	return false;
}

/* The kernel at one end of it, @inst, or NULL: the host. Does it offer that? */
static bool can_join(const struct permit *p, const char *end, const struct instance *inst)
{
	u64 kinds = mk_service_kinds();

	if (*end)
		kinds = inst && inst->ready && has_room(p, inst) ?
			READ_ONCE(inst->link->kinds) : 0;
	return kinds & BIT_ULL(p->kind);
}

static void establish(struct permit *p)
{
	struct instance *end[2] = { };
	u32 side;
	int ret = 0;

	for (side = 0; side < 2; side++) {
		end[side] = *p->end[side] ? find_instance(p->end[side]) : NULL;
		if (!begun || !can_join(p, p->end[side], end[side]))
			return;
	}
	if (time_before64(get_jiffies_64(), p->made + msecs_to_jiffies(AGAIN_MS))) {
		establish_soon();	/* a peer that leaves at once shall not keep us busy */
		return;
	}
	p->made = get_jiffies_64();
	p->span = make_span(p->ring_size);
	if (!p->span)
		ret = -ENOMEM;
	for (side = 0; !ret && side < 2; side++)
		ret = end[side] ? tell_instance(p, side, end[side], end[!side]) :
				  join_host(p, side, end[!side]);
	if (ret)
		revoke(p);
	if (ret == -ENOMEM || ret == -ENOBUFS)
		establish_again();
}

static bool has_every(const struct instance *inst, u32 kind)
{
	struct permit *p;

	list_for_each_entry(p, &permits, node)
		if (!*p->name && p->kind == kind && !strcmp(p->end[1], inst->name))
			return true;
	return false;
}

/* What every instance has with the host. */
static void permit_every(const struct instance *inst)
{
	u64 every = mk_service_every();
	struct permit *p;
	u32 kind;

	for (kind = 0; kind < MK_NR_KINDS; kind++) {
		if (!(every & BIT_ULL(kind)) || has_every(inst, kind))
			continue;
		p = kzalloc(sizeof(*p), GFP_KERNEL);
		if (!p) {
			establish_again();
			continue;
		}
		p->kind = kind;
		p->ring_size = mk_service_find(kind)->ring_size;
		strscpy(p->end[1], inst->name, sizeof(p->end[1]));
		list_add_tail(&p->node, &permits);
	}
}

static void establish_all(struct work_struct *work)
{
	struct instance *inst;
	struct permit *p;

	mutex_lock(&mk_ipc_lock);
	list_for_each_entry(inst, &instances, node) {
		tell_over(inst);
		if (inst->ready)
			permit_every(inst);
	}
	list_for_each_entry(p, &permits, node) {
		if (p->ch && p->ch->closed)	/* our user has left */
			revoke(p);
		if (!p->span)
			establish(p);
	}
	mutex_unlock(&mk_ipc_lock);
}

void mk_host_service(void)
{
	if (!list_empty(&instances))
		establish_soon();
}

static struct permit *find_permit(const char *name)
{
	struct permit *p;

	list_for_each_entry(p, &permits, node)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

static int check_permit(const struct mk_ipc_permit *p, struct mk_error *err)
{
	u32 size = p->ring_size, min = MK_RING_SIZE_MIN, i;
	int ret = mk_core_check_name(p->name, err);

	for (i = 0; !ret && i < 2; i++)
		if (*p->end[i])
			ret = mk_core_check_name(p->end[i], err);
	if (ret)
		return ret;
	if (p->kind == MK_KIND_VSOCK)
		min = MK_VSOCK_RING_MIN;
	else if (p->kind == MK_KIND_MESSAGES)
		min = MK_LINK_RING;
	else if (p->kind != MK_KIND_PROGRAM)
		return mk_ipc_fail(err, -EINVAL, MK_E_RESERVED, p->kind);
	if (p->kind == MK_KIND_MESSAGES ? !p->classes || p->classes & ~MK_CLASSES_ALL : p->classes)
		return mk_ipc_fail(err, -EINVAL, MK_E_RESERVED, p->classes);
	if (p->rate > MK_RATE_MAX)
		return mk_ipc_fail(err, -EINVAL, MK_E_RESERVED, p->rate);
	if (!strcmp(p->end[0], p->end[1]))
		return mk_ipc_fail(err, -EINVAL, MK_E_CHANNEL_SELF, 0);
	if (size < min || size > MK_CHANNEL_RING_MAX || size & (size - 1))
		return mk_ipc_fail(err, -EINVAL, MK_E_CHANNEL_SIZE, size);
	return 0;
}

static bool same_ends(const struct permit *a, const struct permit *b)
{
	return (!strcmp(a->end[0], b->end[0]) && !strcmp(a->end[1], b->end[1])) ||
	       (!strcmp(a->end[0], b->end[1]) && !strcmp(a->end[1], b->end[0]));
}

/* Of sockets and of messages there is one for two kernels; the host's are there. */
static bool is_taken(const struct permit *new)
{
	struct permit *p;

	if (find_permit(new->name))
		return true;
	if (new->kind == MK_KIND_PROGRAM)
		return false;
	list_for_each_entry(p, &permits, node)
		if (p->kind == new->kind && same_ends(p, new))
			return true;
	return !*new->end[0] || !*new->end[1];
}

/**
 * mk_host_permit() - two kernels may talk
 * @req:	who, and how
 * @err:	what was wrong
 *
 * Context: sleeps. Return: 0 or a negative errno.
 */
int mk_host_permit(const struct mk_ipc_permit *req, struct mk_error *err)
{
	struct permit *p;
	int ret = check_permit(req, err);

	if (ret)
		return ret;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return mk_ipc_fail(err, -ENOMEM, MK_E_MEMORY, 0);
	memcpy(p->name, req->name, sizeof(p->name));
	memcpy(p->end, req->end, sizeof(p->end));
	p->ring_size = req->ring_size;
	p->kind = req->kind;
	p->classes = req->classes;
	p->rate = req->rate;
	mutex_lock(&mk_ipc_lock);
	if (is_taken(p)) {
		mutex_unlock(&mk_ipc_lock);
		kfree(p);
		return mk_ipc_fail(err, -EEXIST, MK_E_CHANNEL_TAKEN, 0);
	}
	list_add_tail(&p->node, &permits);
	establish(p);
	mutex_unlock(&mk_ipc_lock);
	return 0;
}

/* mk_channels_close() follows. */
static void free_permit(struct permit *p)
{
	end_span(p);
	list_del(&p->node);
	kfree(p);
}

/**
 * mk_host_forbid() - no longer
 * @name:	of the channel
 * @err:	what was wrong
 *
 * Context: sleeps. Return: 0 or a negative errno.
 */
int mk_host_forbid(const char *name, struct mk_error *err)
{
	struct permit *p;

	mutex_lock(&mk_ipc_lock);
	p = find_permit(name);
	if (p)
		free_permit(p);
	mk_channels_close();
	mutex_unlock(&mk_ipc_lock);
	return p ? 0 : mk_ipc_fail(err, -ENOENT, MK_E_NO_CHANNEL, 0);
}

static void describe(const struct permit *p, struct mk_ipc_channel *c)
{
	const struct mk_channel_head *head;
	u32 i;

	memset(c, 0, sizeof(*c));
	strscpy(c->name, p->name, sizeof(c->name));
	strscpy(c->end[0], p->end[0], sizeof(c->end[0]));
	strscpy(c->end[1], p->end[1], sizeof(c->end[1]));
	c->kind = p->kind;
	c->ring_size = p->ring_size;
	c->classes = p->classes;
	c->rate = p->rate;
	if (!p->span)
		return;
	c->epoch = p->span->epoch;
	head = p->span->head;
	for (i = 0; i < 2; i++) {
		c->state[i] = mk_peer_load(&head->side[i].state);
		c->bytes[i] = mk_peer_load(&head->ring[i].tail);
		c->rings[i] = mk_peer_load(&head->side[i].rung);
	}
}

/**
 * mk_host_list() - all permits
 * @channels:	room
 * @room:	elements of it
 *
 * Context: sleeps.
 * Return: their number, also when it is above @room.
 */
u32 mk_host_list(struct mk_ipc_channel *channels, u32 room)
{
	struct permit *p;
	u32 nr = 0;

	mutex_lock(&mk_ipc_lock);
	list_for_each_entry(p, &permits, node)
		if (nr++ < room)
			describe(p, &channels[nr - 1]);
	mutex_unlock(&mk_ipc_lock);
	return nr;
}

/* --- instances ------------------------------------------------------------------------ */

/* In the link's work item. */
static void host_hello(struct mk_link *link, const struct mk_hello *hello)
{
	struct instance *inst = link->priv;

	mutex_lock(&mk_ipc_lock);
	if (!list_empty(&inst->node)) {	/* it may be ending */
		inst->ready = true;
		pr_info("instance %s (%u) is linked, mk_ipc %*pE\n", inst->name, inst->id,
			(int)strlen(hello->version), hello->version); /* its word: escaped */
	}
	mutex_unlock(&mk_ipc_lock);
	establish_soon();
}

static void unmapped(struct instance *inst, u64 epoch)
{
	struct lease *lease;
	struct permit *p;

	list_for_each_entry(lease, &inst->leases, node) {
		if (lease->span->epoch != epoch)
			continue;
		list_for_each_entry(p, &permits, node)
			if (p->span == lease->span)
				revoke(p);	/* its user has left */
		end_lease(inst, lease, false);
		establish_soon();
		return;
	}
}

static void host_message(struct mk_link *link, const struct mk_message *m, const void *body)
{
	struct instance *inst = link->priv;
	struct mk_close_channel closed;

	if (m->type == MK_SYSTEM_KINDS)
		establish_soon();
	if (m->type != MK_SYSTEM_CLOSED || m->len < sizeof(closed))
		return;
	memcpy(&closed, body, sizeof(closed));
	mutex_lock(&mk_ipc_lock);
	unmapped(inst, closed.epoch);
	mutex_unlock(&mk_ipc_lock);
}

static const struct mk_link_ops host_link_ops = {
	.hello = host_hello,
	.message = host_message,
};

static int lay_out(struct instance *inst, const struct mk_peer *peer)
{
	struct mk_channel *ch = inst->link->ch;

	inst->area = phys_to_virt(peer->ipc.start);
	memset(inst->area, 0, MK_AREA_LINK + MK_CHANNEL_HEAD);
	strscpy(ch->peer_name, peer->name, sizeof(ch->peer_name));
	ch->peer = peer->id;
	ch->epoch = mk_core_epoch();
	ch->ring_size = MK_LINK_RING;
	ch->head = (void *)inst->area + MK_AREA_LINK;
	ch->phys = peer->ipc.start + MK_AREA_LINK;
	return mk_channel_make(ch->head, ch->ring_size, ch->epoch);
}

static void publish_area(struct instance *inst)
{
	struct mk_area *a = inst->area;

	mk_peer_store(&a->major, MK_IPC_MAJOR);
	mk_peer_store(&a->minor, MK_IPC_MINOR);
	mk_peer_store_release(&a->magic, MK_AREA_MAGIC);	/* versions before */
	mk_peer_store_release(&a->epoch, inst->link->ch->epoch); /* the link before */
}

static struct instance *alloc_instance(const struct mk_peer *peer)
{
	struct instance *inst = kzalloc(struct_size(inst, apicid, peer->nr_cpus), GFP_KERNEL);
	struct mk_channel *ch;

	if (!inst)
		return NULL;
	ch = mk_link_channel(peer->apicid, peer->nr_cpus);
	inst->link = ch ? mk_link_new(ch, &host_link_ops, inst) : NULL;
	if (!inst->link) {
		if (ch)
			mk_channel_free(ch);
		kfree(inst);
		return NULL;
	}
	INIT_LIST_HEAD(&inst->leases);
	inst->id = peer->id;
	strscpy(inst->name, peer->name, sizeof(inst->name));
	inst->epoch = peer->epoch;
	inst->nr_apicids = peer->nr_cpus;
	memcpy(inst->apicid, peer->apicid, peer->nr_cpus * sizeof(u32));
	return inst;
}

static struct instance *find_id(u32 id)
{
	struct instance *inst;

	list_for_each_entry(inst, &instances, node)
		if (inst->id == id)
			return inst;
	return NULL;
}

static void instance_ends(struct instance *inst, bool lost)
{
	struct lease *lease, *next;
	struct permit *p, *after;

	list_del_init(&inst->node);
	list_for_each_entry_safe(p, after, &permits, node) {
		if (strcmp(p->end[0], inst->name) && strcmp(p->end[1], inst->name))
			continue;
		if (*p->name)
			end_span(p);
		else
			free_permit(p);
	}
	mk_channels_close();
	mk_peer_store(&inst->area->epoch, 0);
	mk_link_free(inst->link);
	list_for_each_entry_safe(lease, next, &inst->leases, node)
		end_lease(inst, lease, lost);
	kfree(inst);
}

static int instance_starts(const struct mk_peer *peer)
{
	struct instance *inst = find_id(peer->id);
	int ret;

	if (inst && inst->epoch == peer->epoch)
		return 0;	/* told twice */
	if (peer->ipc.size < MK_AREA_LINK + MK_CHANNEL_HEAD + 2 * MK_LINK_RING)
		return 0;
	inst = alloc_instance(peer);
	if (!inst)
		return -ENOMEM;
	ret = lay_out(inst, peer) ?: mk_link_join(inst->link);
	if (ret) {
		mk_link_free(inst->link);
		kfree(inst);
		return ret;
	}
	list_add_tail(&inst->node, &instances);
	publish_area(inst);
	return 0;
}

/* One that lives may spoil its area: then it has no link, and others have theirs. */
static int start(const struct mk_peer *peer)
{
	int ret = instance_starts(peer);

	if (ret)
		pr_warn("instance %s (%u) has no link: %s\n", peer->name, peer->id,
			ret == -ENOMEM ? "no memory" : "it wrote nonsense");
	return ret == -ENOMEM ? ret : 0;
}

static int hear(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct mk_peer *peer = data;
	struct instance *inst;
	int ret = 0;

	mutex_lock(&mk_ipc_lock);
	if (event == MK_PEER_START) {
		ret = start(peer);
	} else {
		inst = find_id(peer->id);
		if (inst)
			instance_ends(inst, event == MK_PEER_LOST);
	}
	mutex_unlock(&mk_ipc_lock);
	return notifier_from_errno(ret);
}

static struct notifier_block watcher = { .notifier_call = hear };

static void forget_all(void)
{
	struct permit *p, *next;

	cancel_delayed_work_sync(&establish_work);
	mutex_lock(&mk_ipc_lock);
	list_for_each_entry_safe(p, next, &permits, node)
		free_permit(p);
	mk_channels_close();
	mutex_unlock(&mk_ipc_lock);
}

/**
 * mk_host_init() - link up with all instances
 *
 * Context: module load; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_host_init(void)
{
	int ret = mk_core_watch(&watcher);

	if (ret) {
		forget_all();
		return ret;
	}
	mutex_lock(&mk_ipc_lock);
	begun = true;
	mutex_unlock(&mk_ipc_lock);
	establish_soon();
	return 0;
}

/**
 * mk_host_exit() - leave them
 *
 * No span is there: each holds the module.
 *
 * Context: module unload; sleeps.
 */
void mk_host_exit(void)
{
	mk_core_unwatch(&watcher);
	forget_all();
}
