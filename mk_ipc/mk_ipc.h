/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mk_ipc offers to the modules above it: channels for services, the same
 * in the host and in instances.  Namespace MULTIKERNEL.
 */
#ifndef MK_IPC_H
#define MK_IPC_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "wire.h"

struct mk_bell;
struct mk_channel;
struct mk_channel_ops;

/**
 * struct mk_service - who uses channels of a kind
 * @kind:	MK_KIND_*
 * @name:	in words, for lists
 * @ring_size:	bytes of data each way of the channels that every instance has
 * @every:	every instance has one with the host
 * @open:	a channel is there: set ch->priv; process context, may sleep, with
 *		mk_ipc's lock held; not rung before it returns 0
 * @rung:	the other side rang, or has left; any context, also hard interrupt
 * @close:	it is over: not rung any more, and gone unless a reference is held;
 *		process context, with mk_ipc's lock held
 */
struct mk_service {
	u32 kind;
	const char *name;
	u32 ring_size;
	bool every;
	int (*open)(struct mk_channel *ch);
	void (*rung)(struct mk_channel *ch);
	void (*close)(struct mk_channel *ch);
};

/**
 * mk_service_register() - offer a service
 * @service:	of a kind that nobody offers
 *
 * Both kernels of a channel must offer it.  Channels open at once.
 *
 * Context: sleeps.
 * Return: 0, or -EBUSY.
 */
int mk_service_register(const struct mk_service *service);

/**
 * mk_service_unregister() - close all its channels
 * @service:	as registered
 *
 * Context: sleeps.
 */
void mk_service_unregister(const struct mk_service *service);

/**
 * struct mk_channel - one side of a channel
 * @service:	constant
 * @priv:	of @service
 * @name:	constant
 * @peer_name:	constant
 * @peer:	constant: instance id of the other side, 0: host
 * @side:	constant: ring @side is ours to write
 * @epoch:	constant
 * @ring_size:	constant
 * @classes:	constant: of messages, what is permitted: bits
 * @rate:	constant: bytes a second that the receiver takes, 0: no limit
 * @head:	constant: the shared memory
 * @closed:	it is over
 *
 * The rest is mk_ipc's own:
 * @ref:	references
 * @node:	in the list of those that the doorbell looks at; RCU, mk_ipc_lock
 * @ending:	of those that are closed and whose service is not told yet; mk_ipc_lock
 * @release:	its end, in process context
 * @ops:	constant: of the role
 * @owner:	of @ops
 * @phys:	constant: physical address of the head
 * @apicid:	constant: the other side's CPUs, or NULL: any
 * @nr_apicids:	constant
 * @bell:	its own doorbell, or NULL: that of all; bells_lock, written with
 *		mk_ipc_lock
 * @seen:	the other side's counter when it was looked at last
 * @bad_bells:	doorbell addresses of the other side that are none
 * @user:	a descriptor has it; mk_ipc_lock
 * @wait:	of the descriptor
 */
struct mk_channel {
	const struct mk_service *service;
	void *priv;
	char name[MK_NAME_SIZE];
	char peer_name[MK_NAME_SIZE];
	u32 peer;
	u32 side;
	u64 epoch;
	u32 ring_size;
	u32 classes;
	u64 rate;
	struct mk_channel_head *head;
	bool closed;

	struct kref ref;
	struct list_head node;
	struct list_head ending;
	struct work_struct release;
	const struct mk_channel_ops *ops;
	void *owner;
	u64 phys;
	u32 *apicid;
	u32 nr_apicids;
	struct mk_bell *bell;
	u32 seen;
	atomic_t bad_bells;
	bool user;
	wait_queue_head_t wait;
};

/**
 * mk_channel_attach() - become producer of one ring and consumer of the other
 * @ch:		channel
 * @tx:		our producer's side
 * @rx:		our consumer's side
 *
 * Return: 0, or -EPROTO when the rings are not those of this channel.
 */
int mk_channel_attach(const struct mk_channel *ch, struct mk_tx *tx, struct mk_rx *rx);

/**
 * mk_channel_ring() - ring the other side's doorbell
 * @ch:		channel
 *
 * Where that is the other side says: it must be an interrupt of one of its CPUs.
 *
 * Context: any but NMI.
 */
void mk_channel_ring(struct mk_channel *ch);

/**
 * mk_channel_peer_state() - is the other side there?
 * @ch:		channel
 *
 * Context: any.
 * Return: MK_SIDE_*; what is none counts as closed.
 */
u32 mk_channel_peer_state(const struct mk_channel *ch);

/**
 * mk_channel_get() - take a reference: its memory stays
 * @ch:		channel to which the caller has one, or that is open
 *
 * Context: any.
 */
void mk_channel_get(struct mk_channel *ch);

/**
 * mk_channel_put() - give a reference back
 * @ch:		channel
 *
 * Context: any.
 */
void mk_channel_put(struct mk_channel *ch);

/* --- messages ---------------------------------------------------------------------- */

#define MK_BODY_MAX	(MK_MESSAGE_MAX - sizeof(struct mk_message))

/**
 * struct mk_answer - what a handler answers to a request
 * @len:	bytes, 0 before the handler runs
 * @body:	room for them
 */
struct mk_answer {
	u32 len;
	u8 body[MK_BODY_MAX];
};

/**
 * struct mk_handler - who takes the messages of a class, from all kernels
 * @class:	MK_CLASS_RESOURCE, _DEVICE or _USER
 * @message:	one from @peer, an instance id or 0: the host; @body has @m->len bytes
 *		that are the peer's word. Returns the status of the response: 0, or a
 *		negative errno, with which @answer is not sent. Process context; may
 *		sleep, but the next message of this peer waits for it
 *
 * Messages of one kernel come in the order in which they were sent.
 */
struct mk_handler {
	u16 class;
	int (*message)(u32 peer, const struct mk_message *m, const void *body,
		       struct mk_answer *answer);
};

/**
 * mk_handler_register() - take the messages of a class
 * @handler:	of a class that nobody takes
 *
 * Context: sleeps. Return: 0, -EBUSY, or -EINVAL for a class that is not given.
 */
int mk_handler_register(const struct mk_handler *handler);

/**
 * mk_handler_unregister() - no more: requests are answered with -EOPNOTSUPP
 * @handler:	as registered; not running any more afterwards
 *
 * Context: sleeps, not in the handler.
 */
void mk_handler_unregister(const struct mk_handler *handler);

/**
 * mk_message_send() - send a message that wants no response
 * @peer:	instance id, 0: host
 * @class:	MK_CLASS_RESOURCE, _DEVICE or _USER
 * @type:	of its class
 * @body:	bytes
 * @len:	their number, up to MK_BODY_MAX
 *
 * It arrives once, behind those that were sent before, or not at all when a kernel
 * ends. A class that the receiver was not permitted is dropped there.
 *
 * Context: sleeps, but not for the peer.
 * Return: 0; -ENODEV: no such kernel, or no messages with it; -EACCES: not of
 * this class; -ECONNRESET: it has ended; -ENOBUFS: it takes nothing; -EMSGSIZE;
 * -EINVAL: no such class; -ENOMEM.
 */
int mk_message_send(u32 peer, u16 class, u16 type, const void *body, u32 len);

/**
 * mk_message_call() - ask and wait for the response
 * @peer:	instance id, 0: host
 * @class:	MK_CLASS_RESOURCE, _DEVICE or _USER
 * @type:	of its class
 * @body:	bytes
 * @len:	their number, up to MK_BODY_MAX
 * @answer:	room for the response
 * @room:	its bytes; what is longer is cut
 * @timeout_ms:	how long to wait
 *
 * With -ETIMEDOUT and -EINTR a request that has not been sent is not sent any more;
 * one that has may still be executed by the peer, and its response finds nobody.
 *
 * Context: sleeps; a signal that kills the caller cancels.
 * Return: bytes of the response, or the peer's negative errno (-EOPNOTSUPP: nobody
 * takes the class there), -ETIMEDOUT, -EINTR, or as mk_message_send().
 */
int mk_message_call(u32 peer, u16 class, u16 type, const void *body, u32 len,
		    void *answer, u32 room, unsigned int timeout_ms);

#endif /* MK_IPC_H */
