/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to mk_ipc: its nouns and who may touch which of their fields.
 *
 * Locks, outermost first:
 *   mk_ipc_lock	links, permits, spans, and which channels there are
 *   channel->lock	its readers in process context
 *   handlers_lock	who takes messages of a class
 *   links_lock		which links messages can be sent on
 *   link->lock		what is to be sent, and who waits for a response
 *   bells_lock		raw: which doorbell a channel has, and was told to the peer
 * A doorbell's handler takes none: it reads the list of channels by RCU.
 */
#ifndef MK_IPC_INTERNAL_H
#define MK_IPC_INTERNAL_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../mk_core/mk_core.h"
#include "mk_ipc.h"
#include "rate.h"
#include "uapi.h"
#include "wire.h"

#define MK_TURNS	64	/* full batches in a row, then one tick for others */

/* How long, in jiffies, who always has more to read waits. @turns: 0 when it was empty. */
static inline unsigned long mk_ipc_rest(u32 *turns)
{
	return ++*turns % MK_TURNS ? 0 : 1;
}

extern struct mutex mk_ipc_lock;
extern struct workqueue_struct *mk_ipc_wq;

/* As mk_fail() of mk_core: notes an error for user space, returns @ret. */
static inline int mk_ipc_fail(struct mk_error *err, int ret, u32 code, u64 arg)
{
	*err = (struct mk_error){ .code = code, .arg = { arg } };
	return ret;
}

/* --- bell.c: this kernel's doorbells ------------------------------------------ */

int mk_bell_init(void);
void mk_bell_exit(void);
struct mk_bell *mk_bell_take(struct mk_channel *ch, u32 cpu, struct mk_error *err);
void mk_bell_retire(struct mk_bell *bell);
u64 mk_bell_address(const struct mk_bell *bell);	/* MK_BELL(); NULL: the shared one's */

/* --- channel.c ------------------------------------------------------------------ */

/**
 * struct mk_channel_ops - what a role does for its channels
 * @left:	the program that had it has left; ended already, mk_ipc_lock held
 * @gone:	the last reference is given back; process context
 */
struct mk_channel_ops {
	void (*left)(struct mk_channel *ch);
	void (*gone)(struct mk_channel *ch);
};

/* Make the head and both rings; the host, before anybody is told. */
int mk_channel_make(struct mk_channel_head *head, u32 ring_size, u64 epoch);
struct mk_channel *mk_channel_alloc(const struct mk_service *service,
				    const struct mk_channel_ops *ops, void *owner,
				    const u32 *apicid, u32 nr_apicids);
void mk_channel_free(struct mk_channel *ch);	/* one that never joined */
int mk_channel_join(struct mk_channel *ch);	/* doorbells arrive from here on */
void mk_channel_end(struct mk_channel *ch);	/* others are told */
void mk_channels_close(void);			/* its service, too: of all that ended */
void mk_channel_close(struct mk_channel *ch);	/* both */
void *mk_channel_data(const struct mk_channel *ch, u32 side);
struct mk_channel *mk_channel_find(const char *name);
struct mk_channel *mk_channel_find_epoch(u64 epoch);
struct mk_channel *mk_channel_find_service(const struct mk_service *service);
struct mk_channel *mk_channel_first(void);
int mk_channel_bell(struct mk_channel *ch, u32 cpu, struct mk_error *err);
void mk_channel_scan(struct mk_channel *ch);
void mk_channels_scan(void);
void mk_channels_moved(void);

/* --- service.c: who uses channels ------------------------------------------------ */

extern const struct mk_service mk_programs;	/* MK_KIND_PROGRAM */
const struct mk_service *mk_service_find(u32 kind);
u64 mk_service_kinds(void);			/* a bit each */
u64 mk_service_every(void);			/* of those that every instance has */

/* --- link.c: messages ------------------------------------------------------------- */

/**
 * struct mk_link - the way to another kernel
 * @ref:	references
 * @node:	of those that messages can be sent on; handler.c
 * @ch:		its channel, with a reference
 * @lock:	L
 * @rate:	of the work item alone: what may still be taken
 * @turns:	likewise: mk_ipc_rest()
 * @rx:		of the work item alone
 * @tx:		likewise
 * @work:	sends and receives
 * @outbox:	L: messages to be sent
 * @nr_out:	L: their number, without
 * @nr_answers:	L: of these, those that answer
 * @inbox:	L: messages for handlers
 * @nr_in:	L: their number
 * @handling:	calls them
 * @calls:	L: who waits for a response
 * @next_id:	L: of a request
 * @said_hello:	of the work item alone: the other side introduced itself
 * @dead:	L: nothing works any more
 * @minor:	what both sides know
 * @kinds:	services of the other side; written by the work item alone
 * @ops:	constant
 * @priv:	of @ops
 * @end:	waits for both work items, and gives a reference back
 * @buf:	of the work item alone: a message
 * @answer:	of @handling alone: what a handler answers
 */
struct mk_link {
	struct kref ref;
	struct list_head node;
	struct mk_channel *ch;
	spinlock_t lock;	/* innermost: what is to be sent, who waits */
	struct mk_rate rate;
	u32 turns;
	struct mk_rx rx;
	struct mk_tx tx;
	struct delayed_work work;
	struct list_head outbox;
	u32 nr_out;
	u32 nr_answers;
	struct list_head inbox;
	u32 nr_in;
	struct work_struct handling;
	struct list_head calls;
	u32 next_id;
	bool said_hello;
	bool dead;
	u16 minor;
	u64 kinds;
	const struct mk_link_ops *ops;
	void *priv;
	struct work_struct end;
	u8 buf[MK_MESSAGE_MAX];
	struct mk_answer answer;
};

/**
 * struct mk_link_ops - who owns a link; process context, mk_ipc_lock not held
 * @hello:	the other side introduced itself
 * @message:	a system message that link.c does not know itself
 */
struct mk_link_ops {
	void (*hello)(struct mk_link *link, const struct mk_hello *hello);
	void (*message)(struct mk_link *link, const struct mk_message *m, const void *body);
};

struct mk_channel *mk_link_channel(const u32 *apicid, u32 nr_apicids);
struct mk_link *mk_link_new(struct mk_channel *ch, const struct mk_link_ops *ops, void *priv);
int mk_link_begin(struct mk_link *link);
int mk_link_join(struct mk_link *link);
void mk_link_end(struct mk_link *link);
void mk_link_free(struct mk_link *link);	/* not from its own work item */
void mk_link_get(struct mk_link *link);
void mk_link_put(struct mk_link *link);
void mk_link_rung(struct mk_channel *ch);
int mk_link_send(struct mk_link *link, u16 class, u16 type, const void *body, u32 len);
int mk_link_call(struct mk_link *link, u16 class, u16 type, const void *body, u32 len,
		 void *answer, u32 room, unsigned int timeout_ms);

/* --- handler.c: messages of other modules ---------------------------------------------- */

int mk_handler_init(void);
void mk_handler_exit(void);
int mk_handler_take(struct mk_link *link, const struct mk_message *m, const void *body,
		    struct mk_answer *answer);
void mk_handler_link(struct mk_link *link);
void mk_handler_unlink(struct mk_link *link);

/* --- host.c, agent.c: the two roles ---------------------------------------------- */

int mk_host_init(void);
void mk_host_exit(void);
int mk_host_permit(const struct mk_ipc_permit *p, struct mk_error *err);
int mk_host_forbid(const char *name, struct mk_error *err);
u32 mk_host_list(struct mk_ipc_channel *channels, u32 room);
void mk_host_service(void);	/* there is one more, or one less */

int mk_agent_init(void);
void mk_agent_service(void);

/* --- console.c, hvc.c: the consoles of instances, and that of this one -------------- */

int mk_console_init(void);
void mk_console_exit(void);
int mk_console_open(struct mk_ipc_console *req, struct mk_error *err);

int mk_hvc_init(void);
void mk_hvc_exit(void);

/* --- chardev.c ------------------------------------------------------------------------ */

extern wait_queue_head_t mk_user_wait;		/* for new ones */
int mk_chardev_init(void);
void mk_chardev_exit(void);

/* --- vsock.c: sockets ------------------------------------------------------------------- */

#if IS_ENABLED(CONFIG_VIRTIO_VSOCKETS_COMMON)
void mk_vsock_init(void);
void mk_vsock_exit(void);
#else
static inline void mk_vsock_init(void) { }
static inline void mk_vsock_exit(void) { }
#endif

#endif /* MK_IPC_INTERNAL_H */
