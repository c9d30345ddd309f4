// SPDX-License-Identifier: GPL-2.0
/*
 * Links: messages between two kernels.
 *
 * One work item does all that touches the rings, so each has one producer and
 * one consumer; senders put messages in its outbox, and another work item gives
 * those of its inbox to their handlers.  What the peer sends is
 * copied out of the ring before anything looks at it.
 */
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "internal.h"
#include "peer.h"

#define OUTBOX_MAX	256	/* messages that a slow peer may make us keep */
#define ANSWERS_MAX	256	/* likewise, apart: no handler waits for room */
#define INBOX_MAX	64	/* messages that wait for their handler */
#define REST_NS		(100 * NSEC_PER_MSEC)
#define BATCH		64	/* messages before others get a turn */

/* A message on its way out. */
struct letter {
	struct list_head node;
	bool cancelled;		/* L of its link: nobody waits for the answer any more */
	u32 size;
	struct mk_message m;
	u8 body[];
};

/* Somebody who waits for a response. */
struct call {
	struct list_head node;
	struct completion done;
	u32 id;
	s32 status;
	void *answer;
	u32 room;
	u32 len;
};

static void end_calls(struct mk_link *link, int status)
{
	struct call *call, *next;

	lockdep_assert_held(&link->lock);
	list_for_each_entry_safe(call, next, &link->calls, node) {
		list_del_init(&call->node);
		call->status = status;
		complete(&call->done);
	}
}

static void die(struct mk_link *link, const char *why)
{
	spin_lock(&link->lock);
	if (!link->dead && why)
		pr_warn_ratelimited("the link to %s (%u) is over: %s\n", link->ch->peer_name,
				    link->ch->peer, why);
	WRITE_ONCE(link->dead, true);
	end_calls(link, -ECONNRESET);
	spin_unlock(&link->lock);
}

/* --- out ------------------------------------------------------------------------ */

/* There are no more of them than channels, and without them memory stays taken. */
static bool is_last_word(u16 class, u16 type)
{
	return class == MK_CLASS_SYSTEM &&
	       (type == MK_SYSTEM_CLOSE || type == MK_SYSTEM_CLOSED);
}

static struct letter *make_letter(struct mk_link *link, u16 class, u16 type, u32 flags,
				  const void *body, u32 len)
{
	struct letter *l;

	if (len > MK_MESSAGE_MAX - sizeof(l->m))
		return ERR_PTR(-EMSGSIZE);
	l = kzalloc(sizeof(*l) + len, GFP_KERNEL | (is_last_word(class, type) ? __GFP_NOFAIL : 0));
	if (!l)
		return ERR_PTR(-ENOMEM);
	l->size = sizeof(l->m) + len;
	l->m.class = class;
	l->m.type = type;
	l->m.flags = flags;
	l->m.len = len;
	l->m.epoch = link->ch->epoch;
	memcpy(l->body, body, len);
	return l;
}

static bool is_answer(const struct letter *l)
{
	return l->m.flags & MK_MESSAGE_RESPONSE;
}

static bool is_full(const struct mk_link *link, const struct letter *l)
{
	if (is_answer(l))
		return link->nr_answers >= ANSWERS_MAX;
	return link->nr_out >= OUTBOX_MAX && !is_last_word(l->m.class, l->m.type);
}

static int post_locked(struct mk_link *link, struct letter *l)
{
	lockdep_assert_held(&link->lock);
	if (link->dead)
		return -ECONNRESET;
	if (is_full(link, l))
		return -ENOBUFS;
	list_add_tail(&l->node, &link->outbox);
	if (is_answer(l))
		link->nr_answers++;
	else
		link->nr_out++;
	mod_delayed_work(mk_ipc_wq, &link->work, 0);	/* it may rest by its rate */
	return 0;
}

static int post(struct mk_link *link, struct letter *l)
{
	int ret;

	if (IS_ERR(l))
		return PTR_ERR(l);
	spin_lock(&link->lock);
	ret = post_locked(link, l);
	spin_unlock(&link->lock);
	if (ret)
		kfree(l);
	return ret;
}

static struct letter *first_letter(struct mk_link *link)
{
	struct letter *l;

	spin_lock(&link->lock);
	l = list_first_entry_or_null(&link->outbox, struct letter, node);
	spin_unlock(&link->lock);
	return l;
}

static void drop_letter(struct mk_link *link, struct letter *l)
{
	spin_lock(&link->lock);
	list_del(&l->node);
	if (is_answer(l))
		link->nr_answers--;
	else
		link->nr_out--;
	spin_unlock(&link->lock);
	kfree(l);
}

/* Return: 0 when the outbox is empty or the peer's doorbell will tell of room. */
static int send_all(struct mk_link *link)
{
	struct letter *l;
	int ret = 0;

	while ((l = first_letter(link))) {
		ret = READ_ONCE(l->cancelled) ? 0 : mk_tx_put(&link->tx, &l->m, l->size);
		if (ret == -EAGAIN) {
			if (mk_tx_publish(&link->tx))
				mk_channel_ring(link->ch);
			ret = mk_tx_arm(&link->tx, l->size);
			if (ret <= 0)
				return ret;
			continue;
		}
		if (ret)
			return ret;
		drop_letter(link, l);
	}
	if (mk_tx_publish(&link->tx))
		mk_channel_ring(link->ch);
	return ret;
}

/* --- in --------------------------------------------------------------------------- */

static void take_response(struct mk_link *link, const struct mk_message *m, const void *body)
{
	struct call *call;

	spin_lock(&link->lock);
	list_for_each_entry(call, &link->calls, node) {
		if (call->id != m->id)
			continue;
		list_del_init(&call->node);
		call->status = m->status < -4095 || m->status > 0 ? -EPROTO : m->status;
		call->len = min(m->len, call->room);
		memcpy(call->answer, body, call->len);
		complete(&call->done);
		break;
	}
	spin_unlock(&link->lock);
}

/* Without room for it there is none: who asked has a timeout, and others go on. */
static void respond(struct mk_link *link, const struct mk_message *m, s32 status,
		    const void *body, u32 len)
{
	struct letter *l = make_letter(link, m->class, m->type, MK_MESSAGE_RESPONSE, body, len);

	if (!IS_ERR(l)) {
		l->m.id = m->id;
		l->m.status = status;
	}
	post(link, l);
}

static int take_hello(struct mk_link *link, const struct mk_message *m, const void *body)
{
	struct mk_hello hello;

	if (m->len < sizeof(hello))
		return -EPROTO;
	memcpy(&hello, body, sizeof(hello));
	hello.version[sizeof(hello.version) - 1] = '\0';
	if (hello.major != MK_IPC_MAJOR) {
		pr_err_ratelimited("%s (%u) speaks mk_ipc %u.%u, this is %u.%u: install the same version on both sides\n",
				   link->ch->peer_name, link->ch->peer, hello.major, hello.minor,
				   MK_IPC_MAJOR, MK_IPC_MINOR);
		return -EPROTONOSUPPORT;
	}
	if (link->said_hello)
		return -EPROTO;
	link->said_hello = true;
	WRITE_ONCE(link->kinds, hello.kinds);
	link->minor = min_t(u16, hello.minor, MK_IPC_MINOR);
	if (link->ops)
		link->ops->hello(link, &hello);
	return 0;
}

static void take_system(struct mk_link *link, const struct mk_message *m, const void *body)
{
	u64 kinds;

	if (m->type == MK_SYSTEM_KINDS && m->len >= sizeof(kinds)) {
		memcpy(&kinds, body, sizeof(kinds));
		WRITE_ONCE(link->kinds, kinds);
	}
	if (link->ops)
		link->ops->message(link, m, body);
}

/* For its handler, who may take his time. */
static void take_other(struct mk_link *link, const struct mk_message *m, const void *body)
{
	struct letter *l = kmalloc(sizeof(*l) + m->len, GFP_KERNEL | __GFP_NOFAIL);

	l->m = *m;
	memcpy(l->body, body, m->len);
	spin_lock(&link->lock);
	list_add_tail(&l->node, &link->inbox);
	link->nr_in++;
	queue_work(mk_ipc_wq, &link->handling);
	spin_unlock(&link->lock);
}

/* Whatever waits to be sent: two kernels that both wait for room would do so for ever. */
static struct letter *next_in(struct mk_link *link)
{
	struct letter *l;

	spin_lock(&link->lock);
	l = list_first_entry_or_null(&link->inbox, struct letter, node);
	spin_unlock(&link->lock);
	return l;
}

static void drop_in(struct mk_link *link, struct letter *l)
{
	spin_lock(&link->lock);
	list_del(&l->node);
	if (link->nr_in-- == INBOX_MAX && !link->dead)	/* else it may be ending: end() */
		mod_delayed_work(mk_ipc_wq, &link->work, 0);
	spin_unlock(&link->lock);
	kfree(l);
}

static void handle(struct work_struct *w)
{
	struct mk_link *link = container_of(w, struct mk_link, handling);
	struct mk_answer *answer = &link->answer;
	struct letter *l;
	int status;

	while ((l = next_in(link))) {
		answer->len = 0;
		status = mk_handler_take(link, &l->m, l->body, answer);
		if (l->m.flags & MK_MESSAGE_REQUEST)
			respond(link, &l->m, status, answer->body, answer->len);
		drop_in(link, l);
		cond_resched();	/* more may come all the time */
	}
}

static int dispatch(struct mk_link *link, const struct mk_message *m, const void *body)
{
	if (m->flags & MK_MESSAGE_RESPONSE) {
		take_response(link, m, body);
		return 0;
	}
	if (m->class == MK_CLASS_SYSTEM && m->type == MK_SYSTEM_HELLO)
		return take_hello(link, m, body);
	if (!link->said_hello)
		return -EPROTO;
	if (m->class == MK_CLASS_SYSTEM)
		take_system(link, m, body);
	else
		take_other(link, m, body);
	return 0;
}

/* Return: 1: there may be more, 0: the doorbell will tell, or a negative errno. */
static int take_some(struct mk_link *link, u64 *wait)
{
	struct mk_message m;
	u32 len, n;
	int ret;

	for (n = 0; n < BATCH; n++) {
		*wait = READ_ONCE(link->nr_in) >= INBOX_MAX ? REST_NS :
			mk_rate_wait(&link->rate, ktime_get_ns());
		if (*wait)
			break;
		ret = mk_rx_get(&link->rx, link->buf, sizeof(link->buf), &len);
		if (ret == -EAGAIN) {
			link->turns = 0;
			break;
		}
		if (ret)
			return ret;
		mk_rate_take(&link->rate, ktime_get_ns(), len);
		memcpy(&m, link->buf, sizeof(m));
		if (len < sizeof(m) || m.len != len - sizeof(m) || m.epoch != link->ch->epoch)
			return -EPROTO;
		ret = dispatch(link, &m, link->buf + sizeof(m));
		if (ret)
			return ret;
	}
	if (mk_rx_release(&link->rx))
		mk_channel_ring(link->ch);
	return n == BATCH || *wait ? 1 : mk_rx_arm(&link->rx);
}

/* A link between instances goes with its channel, so that they may have a new one. */
static void give_up(struct mk_link *link, const char *why)
{
	struct mk_channel *ch = link->ch;

	die(link, why);
	if (link->ops)
		return;
	mutex_lock(&mk_ipc_lock);
	if (!ch->closed) {
		mk_channel_close(ch);
		ch->ops->left(ch);
	}
	mutex_unlock(&mk_ipc_lock);
}

static void work(struct work_struct *w)
{
	struct mk_link *link = container_of(w, struct mk_link, work.work);
	u64 wait = 0;
	bool left;
	int ret;

	if (READ_ONCE(link->dead))
		return;
	/* first, as what it wrote before it left is there */
	left = mk_channel_peer_state(link->ch) == MK_SIDE_CLOSED;
	ret = take_some(link, &wait);
	if (ret > 0)
		queue_delayed_work(mk_ipc_wq, &link->work,
				   wait ? nsecs_to_jiffies(wait) + 1 : mk_ipc_rest(&link->turns));
	else if (!ret && left)
		die(link, NULL);
	if (ret >= 0 && !left)
		ret = send_all(link);
	if (ret < 0)
		give_up(link, ret == -EPROTONOSUPPORT ? "another version" : "it wrote nonsense");
}

/* --- for others ---------------------------------------------------------------------- */

static int link_open(struct mk_channel *ch)
{
	return 0;
}

/**
 * mk_link_rung() - mk_service.rung of channels that are links
 * @ch:		whose priv is the link
 *
 * Context: any but NMI.
 */
void mk_link_rung(struct mk_channel *ch)
{
	struct mk_link *link = ch->priv;

	mod_delayed_work(mk_ipc_wq, &link->work, 0);
}

static void link_gone(struct mk_channel *ch)
{
}

static const struct mk_service link_service = {
	.name = "link",
	.open = link_open,
	.rung = mk_link_rung,
	.close = mk_link_rung,
};

static const struct mk_channel_ops link_ops = { .gone = link_gone };

/**
 * mk_link_channel() - make the channel of a link between host and instance
 * @apicid:	CPUs of the other kernel, or NULL: any
 * @nr_apicids:	their number
 *
 * Context: sleeps. Return: the channel, or NULL.
 */
struct mk_channel *mk_link_channel(const u32 *apicid, u32 nr_apicids)
{
	struct mk_channel *ch = mk_channel_alloc(&link_service, &link_ops, NULL, apicid,
						 nr_apicids);

	if (ch)
		ch->classes = MK_CLASSES_ALL;
	return ch;
}

/* It is dead: only work may still make the other one run. */
static void end(struct work_struct *w)
{
	struct mk_link *link = container_of(w, struct mk_link, end);

	cancel_delayed_work_sync(&link->work);
	cancel_work_sync(&link->handling);
	mk_link_put(link);
}

/**
 * mk_link_new() - make the way to another kernel
 * @ch:		its channel; the caller's reference becomes the link's
 * @ops:	who owns it, or NULL
 * @priv:	for @ops
 *
 * Context: sleeps.
 * Return: the link with one reference, or NULL: @ch is still the caller's.
 */
struct mk_link *mk_link_new(struct mk_channel *ch, const struct mk_link_ops *ops, void *priv)
{
	struct mk_link *link = kzalloc(sizeof(*link), GFP_KERNEL);

	if (!link)
		return NULL;
	kref_init(&link->ref);
	spin_lock_init(&link->lock);
	INIT_LIST_HEAD(&link->node);
	INIT_LIST_HEAD(&link->outbox);
	INIT_LIST_HEAD(&link->inbox);
	INIT_LIST_HEAD(&link->calls);
	INIT_DELAYED_WORK(&link->work, work);
	INIT_WORK(&link->handling, handle);
	INIT_WORK(&link->end, end);
	link->ch = ch;
	link->ops = ops;
	link->priv = priv;
	ch->priv = link;
	return link;
}

/**
 * mk_link_begin() - introduce ourselves
 * @link:	its channel is about to be joined
 *
 * Context: mk_ipc_lock held; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_link_begin(struct mk_link *link)
{
	struct mk_hello hello = { .major = MK_IPC_MAJOR, .minor = MK_IPC_MINOR };
	int ret = mk_channel_attach(link->ch, &link->tx, &link->rx);
	struct mk_self self;

	if (ret)
		return ret;
	link->rate.rate = link->ch->rate;
	hello.id = mk_core_self(&self) ? 0 : self.id;
	hello.kinds = mk_service_kinds();
	strscpy(hello.version, MK_VERSION, sizeof(hello.version));
	return mk_link_send(link, MK_CLASS_SYSTEM, MK_SYSTEM_HELLO, &hello, sizeof(hello));
}

/**
 * mk_link_join() - begin to talk with the host, or with an instance
 * @link:	its channel's head was made by the host
 *
 * Context: mk_ipc_lock held; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_link_join(struct mk_link *link)
{
	int ret = mk_link_begin(link) ?: mk_channel_join(link->ch);

	if (!ret)
		mk_handler_link(link);
	return ret;
}

/**
 * mk_link_end() - whoever waits for a response gets -ECONNRESET
 * @link:	link; the caller's reference goes when no handler runs any more
 *
 * Context: any but interrupts.
 */
void mk_link_end(struct mk_link *link)
{
	die(link, NULL);
	queue_work(mk_ipc_wq, &link->end);
}

static void free_link(struct kref *ref)
{
	struct mk_link *link = container_of(ref, struct mk_link, ref);
	struct letter *l, *next;

	list_for_each_entry_safe(l, next, &link->outbox, node)
		kfree(l);
	list_for_each_entry_safe(l, next, &link->inbox, node)
		kfree(l);
	mk_channel_put(link->ch);
	kfree(link);
}

/**
 * mk_link_get() - take a reference
 * @link:	link to which the caller has one, or that is listed
 */
void mk_link_get(struct mk_link *link)
{
	kref_get(&link->ref);
}

/**
 * mk_link_put() - give a reference back
 * @link:	ended, unless others have one, too
 */
void mk_link_put(struct mk_link *link)
{
	kref_put(&link->ref, free_link);
}

/**
 * mk_link_free() - end a link between host and instance
 * @link:	joined or not
 *
 * Its owner is not called any more.
 *
 * Context: mk_ipc_lock held, not in the link's work item; sleeps.
 */
void mk_link_free(struct mk_link *link)
{
	mk_handler_unlink(link);
	die(link, NULL);
	if (!list_empty(&link->ch->node))
		mk_channel_close(link->ch);
	mutex_unlock(&mk_ipc_lock);
	cancel_delayed_work_sync(&link->work);	/* may be in ops, which take the lock */
	mutex_lock(&mk_ipc_lock);
	mk_link_end(link);
}

/**
 * mk_link_send() - send a message that wants no response
 * @link:	link
 * @class:	MK_CLASS_*
 * @type:	of its class
 * @body:	bytes
 * @len:	their number, up to MK_MESSAGE_MAX with the header
 *
 * Context: sleeps, but not for the peer.
 * Return: 0 when it will be sent, -ECONNRESET, -ENOBUFS when the peer takes
 * nothing, -EMSGSIZE, -ENOMEM.
 */
int mk_link_send(struct mk_link *link, u16 class, u16 type, const void *body, u32 len)
{
	return post(link, make_letter(link, class, type, 0, body, len));
}

static int post_call(struct mk_link *link, struct letter *l, struct call *call)
{
	int ret;

	spin_lock(&link->lock);
	l->m.id = ++link->next_id;
	call->id = l->m.id;
	ret = post_locked(link, l);
	if (!ret)
		list_add_tail(&call->node, &link->calls);
	spin_unlock(&link->lock);
	if (ret)
		kfree(l);
	return ret;
}

/* What has not been sent shall not be. The first letter may be on its way now. */
static void cancel(struct mk_link *link, u32 id)
{
	struct letter *l;

	lockdep_assert_held(&link->lock);
	list_for_each_entry(l, &link->outbox, node)
		if (l->m.flags & MK_MESSAGE_REQUEST && l->m.id == id)
			WRITE_ONCE(l->cancelled, true);
}

/**
 * mk_link_call() - ask and wait for the response
 * @link:	link
 * @class:	MK_CLASS_*
 * @type:	of its class
 * @body:	bytes
 * @len:	their number
 * @answer:	room for the response
 * @room:	its bytes; what is longer is cut
 * @timeout_ms:	how long to wait
 *
 * Who waits no longer cancels: a request that is still in the outbox is not sent;
 * one that was sent may still be executed by the peer.
 *
 * Context: sleeps; a signal that kills the caller cancels.
 * Return: bytes of the response, the peer's negative errno, -ETIMEDOUT, -EINTR,
 * or as mk_link_send().
 */
int mk_link_call(struct mk_link *link, u16 class, u16 type, const void *body, u32 len,
		 void *answer, u32 room, unsigned int timeout_ms)
{
	struct letter *l = make_letter(link, class, type, MK_MESSAGE_REQUEST, body, len);
	struct call call = { .answer = answer, .room = room };
	long left;
	int ret;

	if (IS_ERR(l))
		return PTR_ERR(l);
	init_completion(&call.done);
	ret = post_call(link, l, &call);
	if (ret)
		return ret;
	left = wait_for_completion_killable_timeout(&call.done, msecs_to_jiffies(timeout_ms));
	spin_lock(&link->lock);
	if (!list_empty(&call.node)) {
		list_del(&call.node);	/* a response that comes later finds nobody */
		call.status = left < 0 ? -EINTR : -ETIMEDOUT;
		cancel(link, call.id);
	}
	spin_unlock(&link->lock);
	return call.status ?: (int)call.len;
}
