// SPDX-License-Identifier: GPL-2.0
/*
 * Messages for other modules: who takes those of a class, and the links on which
 * they come and go.  Host and instance have their link always; two instances
 * have one where a channel of MK_KIND_MESSAGES is permitted.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "internal.h"

/* By class; read under handlers_srcu, also while a handler runs. */
static DEFINE_MUTEX(handlers_lock);
DEFINE_STATIC_SRCU(handlers_srcu);
static const struct mk_handler *handlers[MK_NR_CLASSES];

/* All links that messages can be sent on. */
static DEFINE_SPINLOCK(links_lock);
static LIST_HEAD(links);

/* --- in ------------------------------------------------------------------------------ */

static int call_handler(struct mk_link *link, const struct mk_message *m, const void *body,
			struct mk_answer *answer)
{
	int index = srcu_read_lock(&handlers_srcu), ret = -EOPNOTSUPP;
	const struct mk_handler *h = READ_ONCE(handlers[m->class]);

	if (h)
		ret = h->message(link->ch->peer, m, body, answer);
	srcu_read_unlock(&handlers_srcu, index);
	return ret;
}

static bool is_permitted(struct mk_link *link, u32 class)
{
	return class < MK_NR_CLASSES && link->ch->classes & BIT(class);
}

/**
 * mk_handler_take() - give a message to who takes its class
 * @link:	on which it came
 * @m:		checked, but for class and type
 * @body:	@m->len bytes
 * @answer:	for a response
 *
 * Context: the link's work item for handlers; sleeps.
 * Return: status of the response.
 */
int mk_handler_take(struct mk_link *link, const struct mk_message *m, const void *body,
		    struct mk_answer *answer)
{
	int ret;

	if (!is_permitted(link, m->class)) {
		pr_notice_ratelimited("%s (%u) sent a message of class %u, which is not permitted: refused\n",
				      link->ch->peer_name, link->ch->peer, m->class);
		return -EACCES;
	}
	ret = call_handler(link, m, body, answer);
	if (ret > 0 || answer->len > sizeof(answer->body))
		ret = -EIO;
	if (ret)
		answer->len = 0;
	return ret;
}

int mk_handler_register(const struct mk_handler *handler)
{
	int ret = -EBUSY;

	if (handler->class <= MK_CLASS_SYSTEM || handler->class >= MK_NR_CLASSES)
		return -EINVAL;
	mutex_lock(&handlers_lock);
	if (!handlers[handler->class]) {
		smp_store_release(&handlers[handler->class], handler);	/* what it points to */
		ret = 0;
	}
	mutex_unlock(&handlers_lock);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(mk_handler_register, COMPAT_NAMESPACE);

void mk_handler_unregister(const struct mk_handler *handler)
{
	mutex_lock(&handlers_lock);
	if (handlers[handler->class] == handler)
		WRITE_ONCE(handlers[handler->class], NULL);
	mutex_unlock(&handlers_lock);
	synchronize_srcu(&handlers_srcu);
}
EXPORT_SYMBOL_NS_GPL(mk_handler_unregister, COMPAT_NAMESPACE);

/* --- out ----------------------------------------------------------------------------- */

/**
 * mk_handler_link() - messages can be sent on a link
 * @link:	joined
 *
 * Context: any but interrupts.
 */
void mk_handler_link(struct mk_link *link)
{
	spin_lock(&links_lock);
	list_add_tail(&link->node, &links);
	spin_unlock(&links_lock);
}

/**
 * mk_handler_unlink() - no more
 * @link:	as mk_handler_link() got it, or one that it did not get
 *
 * Context: any but interrupts.
 */
void mk_handler_unlink(struct mk_link *link)
{
	spin_lock(&links_lock);
	list_del_init(&link->node);
	spin_unlock(&links_lock);
}

/* With a reference. Of two starts of an instance the later one counts. */
static struct mk_link *find_link(u32 peer)
{
	struct mk_link *link, *found = NULL;

	spin_lock(&links_lock);
	list_for_each_entry(link, &links, node)
		if (link->ch->peer == peer)
			found = link;
	if (found)
		mk_link_get(found);
	spin_unlock(&links_lock);
	return found;
}

static struct mk_link *link_for(u32 peer, u16 class)
{
	struct mk_link *link;

	if (class <= MK_CLASS_SYSTEM || class >= MK_NR_CLASSES)
		return ERR_PTR(-EINVAL);
	link = find_link(peer);
	if (!link) {
		pr_notice_ratelimited("a message for kernel %u: refused: no such kernel, or no permit to talk to it (mkctl channel add --kind messages)\n",
				      peer);
		return ERR_PTR(-ENODEV);
	}
	if (is_permitted(link, class))
		return link;
	pr_notice_ratelimited("a message of class %u for %s (%u): refused: its permit has other classes (mkctl channel add --classes)\n",
			      class, link->ch->peer_name, peer);
	mk_link_put(link);
	return ERR_PTR(-EACCES);
}

int mk_message_send(u32 peer, u16 class, u16 type, const void *body, u32 len)
{
	struct mk_link *link = link_for(peer, class);
	int ret;

	if (IS_ERR(link))
		return PTR_ERR(link);
	ret = mk_link_send(link, class, type, body, len);
	mk_link_put(link);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(mk_message_send, COMPAT_NAMESPACE);

int mk_message_call(u32 peer, u16 class, u16 type, const void *body, u32 len,
		    void *answer, u32 room, unsigned int timeout_ms)
{
	struct mk_link *link = link_for(peer, class);
	int ret;

	if (IS_ERR(link))
		return PTR_ERR(link);
	ret = mk_link_call(link, class, type, body, len, answer, room, timeout_ms);
	mk_link_put(link);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(mk_message_call, COMPAT_NAMESPACE);

/* --- between instances: MK_KIND_MESSAGES ----------------------------------------------- */

static int open(struct mk_channel *ch)
{
	struct mk_link *link;
	int ret;

	mk_channel_get(ch);
	link = mk_link_new(ch, NULL, NULL);
	if (!link) {
		mk_channel_put(ch);
		return -ENOMEM;
	}
	ret = mk_link_begin(link);
	if (ret) {
		mk_link_put(link);
		return ret;
	}
	mk_handler_link(link);
	return 0;
}

static void close(struct mk_channel *ch)
{
	struct mk_link *link = ch->priv;

	mk_handler_unlink(link);
	mk_link_end(link);
}

static const struct mk_service service = {
	.kind = MK_KIND_MESSAGES,
	.name = "messages",
	.open = open,
	.rung = mk_link_rung,
	.close = close,
};

/**
 * mk_handler_init() - offer messages between instances
 *
 * Context: module load; sleeps. Return: 0 or a negative errno.
 */
int mk_handler_init(void)
{
	return mk_service_register(&service);
}

/**
 * mk_handler_exit() - no more
 *
 * Context: module unload; sleeps.
 */
void mk_handler_exit(void)
{
	mk_service_unregister(&service);
}
