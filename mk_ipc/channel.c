// SPDX-License-Identifier: GPL-2.0
/*
 * Channels: two rings and the doorbells of their sides.
 */
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "internal.h"
#include "peer.h"

/* What a device can have, in every kernel: asm/irq_vectors.h */
#define VECTOR_FIRST	0x20	/* below are exceptions: FIRST_EXTERNAL_VECTOR */
#define VECTOR_LAST	0xeb	/* beyond are the timer, reboot, ...: LOCAL_TIMER_VECTOR */
#define VECTOR_SYSCALL	0x80	/* IA32_SYSCALL_VECTOR */

static LIST_HEAD(channels);
static LIST_HEAD(ending);	/* mk_ipc_lock; each with a reference */
static DEFINE_RAW_SPINLOCK(bells_lock);	/* which doorbell a channel has, and told */

static struct mk_side *own_side(const struct mk_channel *ch)
{
	return &ch->head->side[ch->side];
}

static struct mk_side *other_side(const struct mk_channel *ch)
{
	return &ch->head->side[!ch->side];
}

/**
 * mk_channel_make() - make the head and both rings of a channel
 * @head:	zeros
 * @ring_size:	bytes of data each way
 * @epoch:	of the channel
 *
 * Return: 0, or -EINVAL for a size that cannot be.
 */
int mk_channel_make(struct mk_channel_head *head, u32 ring_size, u64 epoch)
{
	int ret = mk_ring_make(&head->ring[0], ring_size, epoch) ?:
		  mk_ring_make(&head->ring[1], ring_size, epoch);

	if (ret)
		return ret;
	head->ring_size = ring_size;
	head->epoch = epoch;
	mk_peer_store_release(&head->magic, MK_CHANNEL_MAGIC);	/* for programs */
	return 0;
}

/**
 * mk_channel_data() - the data of one of its rings
 * @ch:		channel
 * @side:	its writer
 *
 * Return: @ch->ring_size bytes.
 */
void *mk_channel_data(const struct mk_channel *ch, u32 side)
{
	return (u8 *)ch->head + MK_CHANNEL_HEAD + (size_t)side * ch->ring_size;
}

/**
 * mk_channel_free() - the way back from mk_channel_alloc()
 * @ch:		channel that never joined
 *
 * Context: any.
 */
void mk_channel_free(struct mk_channel *ch)
{
	kfree(ch->apicid);
	kfree(ch);
}

static void release(struct work_struct *work)
{
	struct mk_channel *ch = container_of(work, struct mk_channel, release);

	ch->ops->gone(ch);
	mk_channel_free(ch);
}

/**
 * mk_channel_alloc() - make one side of a channel
 * @service:	who uses it
 * @ops:	of the role
 * @owner:	for @ops
 * @apicid:	CPUs of the other side, or NULL: any
 * @nr_apicids:	their number
 *
 * The caller fills the constant fields, then joins.
 *
 * Context: sleeps.
 * Return: the channel with one reference, or NULL.
 */
struct mk_channel *mk_channel_alloc(const struct mk_service *service,
				    const struct mk_channel_ops *ops, void *owner,
				    const u32 *apicid, u32 nr_apicids)
{
	struct mk_channel *ch = kzalloc(sizeof(*ch), GFP_KERNEL);

	if (!ch)
		return NULL;
	if (apicid)
		ch->apicid = kmemdup(apicid, nr_apicids * sizeof(*apicid), GFP_KERNEL);
	if (apicid && !ch->apicid) {
		kfree(ch);
		return NULL;
	}
	ch->nr_apicids = nr_apicids;
	ch->service = service;
	ch->ops = ops;
	ch->owner = owner;
	kref_init(&ch->ref);
	INIT_LIST_HEAD(&ch->node);
	INIT_WORK(&ch->release, release);
	init_waitqueue_head(&ch->wait);
	return ch;
}

/* Under a lock with what is true, so that what is told last is. */
static void tell_bell(struct mk_channel *ch)
{
	lockdep_assert_held(&bells_lock);
	mk_peer_store(&own_side(ch)->bell,
		      READ_ONCE(ch->closed) ? 0 : mk_bell_address(ch->bell));
}

static void set_bell(struct mk_channel *ch, struct mk_bell *bell)
{
	struct mk_bell *old;
	unsigned long flags;

	lockdep_assert_held(&mk_ipc_lock);
	raw_spin_lock_irqsave(&bells_lock, flags);
	old = ch->bell;
	ch->bell = bell;
	tell_bell(ch);
	raw_spin_unlock_irqrestore(&bells_lock, flags);
	if (old)
		mk_bell_retire(old);
	mk_peer_mb();	/* who rang the old one is seen by the scan that follows */
}

/**
 * mk_channel_bell() - give a channel a doorbell of its own
 * @ch:		channel
 * @cpu:	of this kernel, which takes the interrupt; MK_BELL_SHARED: the one
 *		that all channels have, again
 * @err:	what was wrong
 *
 * It has it until it is closed.
 *
 * Context: sleeps.
 * Return: 0 or a negative errno.
 */
int mk_channel_bell(struct mk_channel *ch, u32 cpu, struct mk_error *err)
{
	struct mk_bell *bell = NULL;
	int ret = 0;

	mutex_lock(&mk_ipc_lock);
	if (ch->closed)
		ret = mk_ipc_fail(err, -ECONNRESET, MK_E_NO_CHANNEL, 0);
	else if (cpu != MK_BELL_SHARED)
		bell = mk_bell_take(ch, cpu, err);
	if (IS_ERR(bell))
		ret = PTR_ERR(bell);
	if (!ret) {
		set_bell(ch, bell);
		mk_channel_scan(ch);
	}
	mutex_unlock(&mk_ipc_lock);
	return ret;
}

/**
 * mk_channel_join() - say where our doorbell is, and hear it
 * @ch:		channel
 *
 * Context: mk_ipc_lock held; sleeps.
 * Return: 0, or what its service's open() returned.
 */
int mk_channel_join(struct mk_channel *ch)
{
	int ret = ch->service->open(ch);

	lockdep_assert_held(&mk_ipc_lock);
	if (ret)
		return ret;
	list_add_tail_rcu(&ch->node, &channels);
	set_bell(ch, NULL);	/* listed first: who moves the bell meanwhile finds it */
	mk_peer_store_release(&own_side(ch)->state, MK_SIDE_OPEN);	/* bell first */
	mk_channel_ring(ch);
	ch->service->rung(ch);	/* for who rang before it was listed */
	return 0;
}

/**
 * mk_channel_end() - begin to close a channel on this side
 * @ch:		channel; the caller may give his reference back
 *
 * The other side is told. mk_channels_close() does the rest, for many at once.
 *
 * Context: mk_ipc_lock held.
 */
void mk_channel_end(struct mk_channel *ch)
{
	lockdep_assert_held(&mk_ipc_lock);
	if (ch->closed)
		return;
	WRITE_ONCE(ch->closed, true);
	mk_peer_store_release(&own_side(ch)->state, MK_SIDE_CLOSED); /* after all we wrote */
	mk_channel_ring(ch);
	set_bell(ch, NULL);	/* none: where it stood is another's soon */
	list_del_rcu(&ch->node);
	mk_channel_get(ch);
	list_add_tail(&ch->ending, &ending);
}

/**
 * mk_channels_close() - tell the services of channels that have ended
 *
 * Whoever waits for them is woken. A kernel that dies ends many: they have one
 * grace period of RCU.
 *
 * Context: mk_ipc_lock held; sleeps.
 */
void mk_channels_close(void)
{
	struct mk_channel *ch, *next;

	lockdep_assert_held(&mk_ipc_lock);
	if (list_empty(&ending))
		return;
	synchronize_rcu();	/* no doorbell looks at them any more */
	list_for_each_entry_safe(ch, next, &ending, ending) {
		list_del(&ch->ending);
		ch->service->close(ch);
		mk_channel_put(ch);
	}
}

/**
 * mk_channel_close() - end a channel on this side
 * @ch:		channel
 *
 * Whoever waits for it is woken; its memory stays until the last reference is
 * given back.
 *
 * Context: mk_ipc_lock held; sleeps.
 */
void mk_channel_close(struct mk_channel *ch)
{
	mk_channel_end(ch);
	mk_channels_close();
}

void mk_channel_get(struct mk_channel *ch)
{
	kref_get(&ch->ref);
}
EXPORT_SYMBOL_NS_GPL(mk_channel_get, COMPAT_NAMESPACE);

static void last_put(struct kref *ref)
{
	queue_work(mk_ipc_wq, &container_of(ref, struct mk_channel, ref)->release);
}

void mk_channel_put(struct mk_channel *ch)
{
	kref_put(&ch->ref, last_put);
}
EXPORT_SYMBOL_NS_GPL(mk_channel_put, COMPAT_NAMESPACE);

static bool is_theirs(const struct mk_channel *ch, u32 apicid)
{
	u32 i;

	for (i = 0; i < ch->nr_apicids; i++)
		if (ch->apicid[i] == apicid)
			return true;
	return !ch->apicid;
}

static bool is_device(u32 vector)
{
	return vector >= VECTOR_FIRST && vector <= VECTOR_LAST && vector != VECTOR_SYSCALL;
}

/* The address may be from a program that has the channel. */
static void ring(struct mk_channel *ch, u64 bell)
{
	u32 apicid = MK_BELL_APICID(bell), vector = MK_BELL_VECTOR(bell);

	if (!bell)
		return;
	if (is_device(vector) && is_theirs(ch, apicid) && mk_core_ring(apicid, vector) != -EINVAL)
		return;
	if (atomic_inc_return(&ch->bad_bells) == 1)
		pr_warn_ratelimited("channel %s: %s (%u) has no doorbell at APIC %#x, vector %#x: it is not rung\n",
				    ch->name, ch->peer_name, ch->peer, apicid, vector);
}

void mk_channel_ring(struct mk_channel *ch)
{
	unsigned long flags;

	mk_peer_inc(&own_side(ch)->rung);
	mk_peer_mb();	/* against the scan after the other's bell has moved */
	/* from load to interrupt at once: the other side gives old vectors back */
	local_irq_save(flags);
	ring(ch, mk_peer_load(&other_side(ch)->bell));
	local_irq_restore(flags);
}
EXPORT_SYMBOL_NS_GPL(mk_channel_ring, COMPAT_NAMESPACE);

u32 mk_channel_peer_state(const struct mk_channel *ch)
{
	u32 state = mk_peer_load_acquire(&other_side(ch)->state); /* all it wrote is there */

	return state > MK_SIDE_CLOSED ? MK_SIDE_CLOSED : state;
}
EXPORT_SYMBOL_NS_GPL(mk_channel_peer_state, COMPAT_NAMESPACE);

int mk_channel_attach(const struct mk_channel *ch, struct mk_tx *tx, struct mk_rx *rx)
{
	return mk_tx_attach(tx, &ch->head->ring[ch->side], mk_channel_data(ch, ch->side),
			    ch->ring_size, ch->epoch) ?:
	       mk_rx_attach(rx, &ch->head->ring[!ch->side], mk_channel_data(ch, !ch->side),
			    ch->ring_size, ch->epoch);
}
EXPORT_SYMBOL_NS_GPL(mk_channel_attach, COMPAT_NAMESPACE);

/**
 * mk_channel_find() - a channel for programs that is open, by its name
 * @name:	of the channel
 *
 * Context: mk_ipc_lock held.
 * Return: the channel without a reference, or NULL.
 */
struct mk_channel *mk_channel_find(const char *name)
{
	struct mk_channel *ch;

	lockdep_assert_held(&mk_ipc_lock);
	list_for_each_entry(ch, &channels, node)
		if (ch->service == &mk_programs && !strcmp(ch->name, name))
			return ch;
	return NULL;
}

/**
 * mk_channel_find_epoch() - a channel that is open, by its epoch
 * @epoch:	of the channel
 *
 * Context: mk_ipc_lock held.
 * Return: the channel without a reference, or NULL.
 */
struct mk_channel *mk_channel_find_epoch(u64 epoch)
{
	struct mk_channel *ch;

	lockdep_assert_held(&mk_ipc_lock);
	list_for_each_entry(ch, &channels, node)
		if (ch->epoch == epoch)
			return ch;
	return NULL;
}

/**
 * mk_channel_find_service() - some channel of a service
 * @service:	its user
 *
 * Context: mk_ipc_lock held.
 * Return: the channel without a reference, or NULL.
 */
struct mk_channel *mk_channel_find_service(const struct mk_service *service)
{
	struct mk_channel *ch;

	lockdep_assert_held(&mk_ipc_lock);
	list_for_each_entry(ch, &channels, node)
		if (ch->service == service)
			return ch;
	return NULL;
}

/**
 * mk_channel_first() - some channel that is open
 *
 * Context: mk_ipc_lock held.
 * Return: the channel without a reference, or NULL.
 */
struct mk_channel *mk_channel_first(void)
{
	lockdep_assert_held(&mk_ipc_lock);
	return list_first_entry_or_null(&channels, struct mk_channel, node);
}

/**
 * mk_channel_scan() - has the other side rung?
 * @ch:		channel that is open, or was since the last grace period of RCU
 *
 * Context: any but NMI.
 */
void mk_channel_scan(struct mk_channel *ch)
{
	u32 rung = mk_peer_load_acquire(&other_side(ch)->rung); /* what it rang for */

	/* a scan that comes late may call once more: harmless */
	if (xchg(&ch->seen, rung) != rung)
		ch->service->rung(ch);
}

/**
 * mk_channels_scan() - who has rung?
 *
 * Context: any but NMI.
 */
void mk_channels_scan(void)
{
	struct mk_channel *ch;

	rcu_read_lock();
	list_for_each_entry_rcu(ch, &channels, node)
		mk_channel_scan(ch);
	rcu_read_unlock();
}

/**
 * mk_channels_moved() - tell the peers where our doorbells are now
 *
 * Context: any but NMI.
 */
void mk_channels_moved(void)
{
	struct mk_channel *ch;
	unsigned long flags;

	raw_spin_lock_irqsave(&bells_lock, flags);
	rcu_read_lock();
	list_for_each_entry_rcu(ch, &channels, node)
		tell_bell(ch);
	rcu_read_unlock();
	raw_spin_unlock_irqrestore(&bells_lock, flags);
	mk_peer_mb();	/* the scan that follows sees who rang at the old place */
}
