// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets: a transport of AF_VSOCK over channels.
 *
 * Credit, streams, records, shutdown and resets are those of the kernel's common
 * code of virtio (net/vmw_vsock/virtio_transport_common.c), as for virtual
 * machines.  Here its packets go to the channel of their CID and come from it.
 *
 * The host is the side that has guests (H2G), an instance is a guest (G2H):
 * there a CID above 2 goes to the only transport, too, so two instances that have
 * a channel need no flag in their addresses.
 */
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/virtio_vsock.h>
#include <linux/xarray.h>

#include "internal.h"

#define BATCH		64	/* packets before others get a turn */
#define AGAIN_MS	20	/* after there was no memory */
#define ROOM		(MK_VSOCK_RING_MIN / 2)	/* bytes that are worth to be woken for */

/*
 * Packets without payload wait without a bound of credit. Ours ask first; what a
 * peer makes us answer is its own harm when it does not read.
 */
#define REQUESTS_MAX	1024
#define CONTROL_MAX	16384

#define HEAD		sizeof(struct virtio_vsock_hdr)

#define PAGES		8	/* of large packets, to be used again */
#define LARGE_ORDER	3
#define LARGE_ROOM	(PAGE_SIZE << LARGE_ORDER)

static_assert(HEAD == MK_VSOCK_HEAD);
static_assert(SKB_DATA_ALIGN(HEAD + MK_VSOCK_PAYLOAD_MAX) +
	      SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) <= LARGE_ROOM);
static_assert(HEAD + MK_VSOCK_PAYLOAD_MAX <= ROOM && ROOM <= MK_RING_MESSAGE_MAX);

/**
 * struct peer - a kernel whose sockets ours can reach
 * @ch:		its channel, with a reference
 * @cid:	its address
 * @dead:	nothing works any more; set once
 * @rate:	of rx_work alone: what may still be taken
 * @turns:	likewise: mk_ipc_rest()
 * @rx:		of rx_work alone
 * @page:	of rx_work alone: memory of the last large packets, or NULL
 * @next_page:	likewise: which is to be used next
 * @rx_work:	gives packets to their sockets
 * @tx_lock:	T: who puts packets into the ring
 * @tx:		T
 * @tx_work:	puts those of @queue into the ring
 * @skb:	T: being sent, or NULL
 * @sent:	T: bytes of @skb that are
 * @stalled:	tx_work waits for room
 * @queue:	to be sent; its lock is also that of:
 * @nr_control:	packets in @queue without payload
 * @end:	frees it
 */
struct peer {
	struct mk_channel *ch;
	u64 cid;
	bool dead;
	struct mk_rate rate;
	u32 turns;
	struct mk_rx rx;
	struct page *page[PAGES];
	u32 next_page;
	struct delayed_work rx_work;
	struct mutex tx_lock;	/* outside that of queue */
	struct mk_tx tx;
	struct work_struct tx_work;
	struct sk_buff *skb;
	u32 sent;
	bool stalled;
	struct sk_buff_head queue;
	u32 nr_control;
	struct work_struct end;
};

static DEFINE_XARRAY(peers);	/* by CID; RCU */
static u32 own_cid;
static bool registered;
static struct virtio_transport transport;

static bool is_reached(u32 cid)
{
	struct peer *p;
	bool reached;

	rcu_read_lock();
	p = xa_load(&peers, cid);
	reached = p && !READ_ONCE(p->dead);
	rcu_read_unlock();
	return reached;
}

static u16 op_of(struct sk_buff *skb)
{
	return le16_to_cpu(virtio_vsock_hdr(skb)->op);
}

static bool is_control(struct sk_buff *skb)
{
	return op_of(skb) != VIRTIO_VSOCK_OP_RW;
}

/* --- the end ---------------------------------------------------------------------- */

/* As vhost-vsock does: under vsock_table_lock, without that of the socket. */
static void reset_orphan(struct sock *sk)
{
	struct vsock_sock *vsk = vsock_sk(sk);

	if (is_reached(vsk->remote_addr.svm_cid) || vsk->close_work_scheduled)
		return;	/* the latter end by themselves */
	sock_set_flag(sk, SOCK_DONE);
	vsk->peer_shutdown = SHUTDOWN_MASK;
	sk->sk_err = ECONNRESET;
	sk_error_report(sk);
}

static void reset_orphans(void)
{
	vsock_for_each_connected_socket(&transport.transport, reset_orphan);
}

static void die(struct peer *p, const char *why)
{
	if (xchg(&p->dead, true))
		return;
	if (why)
		pr_warn_ratelimited("no more sockets with %s (%u): %s\n", p->ch->peer_name,
				    p->ch->peer, why);
	reset_orphans();
}

/* --- out ---------------------------------------------------------------------------- */

static int enqueue(struct peer *p, struct sk_buff *skb)
{
	u32 nr;

	spin_lock_bh(&p->queue.lock);
	nr = p->nr_control;
	if (op_of(skb) == VIRTIO_VSOCK_OP_REQUEST && nr >= REQUESTS_MAX) {
		spin_unlock_bh(&p->queue.lock);
		return -ENOBUFS;
	}
	p->nr_control += is_control(skb);
	__skb_queue_tail(&p->queue, skb);
	spin_unlock_bh(&p->queue.lock);
	if (nr > CONTROL_MAX)
		die(p, "it does not read");
	queue_work(mk_ipc_wq, &p->tx_work);
	return 0;
}

static struct sk_buff *dequeue(struct peer *p)
{
	struct sk_buff *skb;

	spin_lock_bh(&p->queue.lock);
	skb = __skb_dequeue(&p->queue);
	if (skb)
		p->nr_control -= is_control(skb);
	spin_unlock_bh(&p->queue.lock);
	return skb;
}

/* What a socket had to say while it was connecting. */
static int cancel_pkt(struct vsock_sock *vsk)
{
	struct sk_buff *skb, *next;
	struct sk_buff_head gone;
	struct peer *p;

	__skb_queue_head_init(&gone);
	rcu_read_lock();
	p = xa_load(&peers, vsk->remote_addr.svm_cid);
	if (p) {
		spin_lock_bh(&p->queue.lock);
		skb_queue_walk_safe(&p->queue, skb, next) {
			if (skb->sk != sk_vsock(vsk))
				continue;
			__skb_unlink(skb, &p->queue);
			p->nr_control -= is_control(skb);
			__skb_queue_tail(&gone, skb);
		}
		spin_unlock_bh(&p->queue.lock);
	}
	rcu_read_unlock();
	__skb_queue_purge(&gone);
	return p ? 0 : -ENODEV;
}

/* A packet may become several messages; only the last one ends a record. */
static int put_message(struct peer *p)
{
	u32 len = min_t(u32, p->skb->len - p->sent, MK_VSOCK_PAYLOAD_MAX);
	struct virtio_vsock_hdr hdr = *virtio_vsock_hdr(p->skb);
	struct skb_seq_state seq;
	struct mk_part part[2];
	unsigned int n, done;
	const u8 *from;
	int ret;

	hdr.len = cpu_to_le32(len);
	if (p->sent + len < p->skb->len)
		hdr.flags &= ~cpu_to_le32(VIRTIO_VSOCK_SEQ_EOM | VIRTIO_VSOCK_SEQ_EOR);
	ret = mk_tx_reserve(&p->tx, HEAD + len, part);
	if (ret)
		return ret;
	mk_part_write(part, &hdr, HEAD);
	skb_prepare_seq_read(p->skb, p->sent, p->sent + len, &seq);
	for (done = 0; done < len; done += n) {
		n = min(skb_seq_read(done, &from, &seq), len - done);
		if (!n)
			return -EFAULT;
		mk_part_write(part, from, n);
	}
	skb_abort_seq_read(&seq);
	p->sent += len;
	return 0;
}

static int put_packet(struct peer *p)
{
	int ret;

	do {
		ret = put_message(p);
	} while (!ret && p->sent < p->skb->len);
	if (mk_tx_publish(&p->tx))
		mk_channel_ring(p->ch);
	if (ret)
		return ret;
	virtio_transport_deliver_tap_pkt(p->skb);
	compat_vsock_sent(p->skb);
	p->skb = NULL;
	p->sent = 0;
	return 0;
}

/* When nothing waits the packet need not, as in the kernel's own virtio transport. */
static bool send_at_once(struct peer *p, struct sk_buff *skb)
{
	bool taken;

	if (!mutex_trylock(&p->tx_lock))
		return false;
	taken = !p->skb && skb_queue_empty_lockless(&p->queue);
	if (taken) {
		p->skb = skb;
		if (put_packet(p))
			queue_work(mk_ipc_wq, &p->tx_work);
	}
	mutex_unlock(&p->tx_lock);
	return taken;
}

/* Which of the two it is this kernel does not know. */
static void refuse(u64 cid)
{
	pr_notice_ratelimited("a socket for CID %llu: refused: no such kernel, or no permit to talk to it (mkctl channel add --kind vsock)\n",
			      cid);
}

static int send_pkt(compat_vsock_send_args)
{
	u64 cid = le64_to_cpu(virtio_vsock_hdr(skb)->dst_cid);
	int ret = -ENODEV, len = skb->len;
	struct peer *p;

	rcu_read_lock();
	p = xa_load(&peers, cid);
	if (p && !READ_ONCE(p->dead))
		ret = send_at_once(p, skb) ? 0 : enqueue(p, skb);
	rcu_read_unlock();
	if (!ret)
		return len;
	if (ret == -ENODEV && op_of(skb) == VIRTIO_VSOCK_OP_REQUEST)
		refuse(cid);
	kfree_skb(skb);
	return ret;
}

/*
 * Data of a stream goes from the user's memory into the ring, without a packet,
 * when nothing waits there.  Nobody waits in here: what is not in memory goes as
 * a packet, and so does what finds no room.
 */
static bool put_data(struct peer *p, const struct virtio_vsock_hdr *hdr, struct iov_iter *from)
{
	u32 len = le32_to_cpu(hdr->len), n;
	struct mk_part part[2];

	if (p->skb || !skb_queue_empty_lockless(&p->queue) ||
	    mk_tx_reserve(&p->tx, HEAD + len, part))
		return false;
	mk_part_write(part, hdr, HEAD);
	pagefault_disable();
	n = copy_from_iter(part[0].at, part[0].len, from);
	if (n == part[0].len)
		n += copy_from_iter(part[1].at, part[1].len, from);
	pagefault_enable();
	if (n < len) {
		iov_iter_revert(from, n);
		mk_tx_cancel(&p->tx);
		return false;
	}
	if (mk_tx_publish(&p->tx))
		mk_channel_ring(p->ch);
	return true;
}

static void fill_header(struct vsock_sock *vsk, struct virtio_vsock_hdr *hdr, u32 len)
{
	struct virtio_vsock_sock *vvs = vsk->trans;

	*hdr = (struct virtio_vsock_hdr) {
		.src_cid = cpu_to_le64(own_cid),
		.dst_cid = cpu_to_le64(vsk->remote_addr.svm_cid),
		.src_port = cpu_to_le32(vsk->local_addr.svm_port),
		.dst_port = cpu_to_le32(vsk->remote_addr.svm_port),
		.len = cpu_to_le32(len),
		.type = cpu_to_le16(VIRTIO_VSOCK_TYPE_STREAM),
		.op = cpu_to_le16(VIRTIO_VSOCK_OP_RW),
	};
	/* as virtio_transport_inc_tx_pkt() does */
	spin_lock_bh(&vvs->rx_lock);
	vvs->last_fwd_cnt = vvs->fwd_cnt;
	hdr->fwd_cnt = cpu_to_le32(vvs->fwd_cnt);
	hdr->buf_alloc = cpu_to_le32(vvs->buf_alloc);
	spin_unlock_bh(&vvs->rx_lock);
}

/* Return: bytes that were sent, or 0: they have to go as a packet. */
static u32 send_data(struct vsock_sock *vsk, struct iov_iter *from, size_t len)
{
	struct virtio_vsock_sock *vvs = vsk->trans;
	struct virtio_vsock_hdr hdr;
	bool sent = false;
	struct peer *p;
	u32 n;

	n = virtio_transport_get_credit(vvs, min_t(size_t, len, MK_VSOCK_PAYLOAD_MAX));
	if (!n)
		return 0;
	fault_in_iov_iter_readable(from, n);
	rcu_read_lock();
	p = xa_load(&peers, vsk->remote_addr.svm_cid);
	if (p && !READ_ONCE(p->dead) && mutex_trylock(&p->tx_lock)) {
		fill_header(vsk, &hdr, n);
		sent = put_data(p, &hdr, from);
		mutex_unlock(&p->tx_lock);
	}
	rcu_read_unlock();
	if (!sent) {
		virtio_transport_put_credit(vvs, n);
		return 0;
	}
	spin_lock_bh(&vvs->tx_lock);
	compat_vsock_sent_bytes(vvs, n);
	spin_unlock_bh(&vvs->tx_lock);
	return n;
}

static struct sk_buff *note_tap(void *taps)
{
	*(bool *)taps = true;
	return NULL;
}

/* Who looks at packets (vsockmon) wants all of them. */
static bool has_taps(void)
{
	bool taps = false;

	vsock_deliver_tap(note_tap, &taps);
	return taps;
}

static ssize_t stream_enqueue(struct vsock_sock *vsk, struct msghdr *msg, size_t len)
{
	bool needs_packet = msg->msg_flags & MSG_ZEROCOPY || has_taps();
	size_t done = 0;
	u32 n;

	do {
		n = needs_packet ? 0 : send_data(vsk, &msg->msg_iter, len - done);
		done += n;
	} while (n && done < len);
	return done ?: virtio_transport_stream_enqueue(vsk, msg, len);
}

/* Return: 1: there is more, 0: not, or the doorbell will tell, or a negative errno. */
static int send_some(struct peer *p)
{
	int n, ret;

	for (n = 0; n < BATCH; n++) {
		if (!p->skb)
			p->skb = dequeue(p);
		if (!p->skb)
			return 0;
		ret = put_packet(p);
		if (ret == -EAGAIN) {
			WRITE_ONCE(p->stalled, true);	/* before it can be rung for that */
			return mk_tx_arm(&p->tx, ROOM);
		}
		if (ret)
			return ret;
	}
	return 1;
}

static void tx_work(struct work_struct *work)
{
	struct peer *p = container_of(work, struct peer, tx_work);
	int ret;

	mutex_lock(&p->tx_lock);
	WRITE_ONCE(p->stalled, false);
	ret = READ_ONCE(p->dead) ? 0 : send_some(p);
	mutex_unlock(&p->tx_lock);
	if (ret > 0)
		queue_work(mk_ipc_wq, &p->tx_work);
	if (ret < 0)
		die(p, "it wrote nonsense");
}

/* --- in ------------------------------------------------------------------------------ */

static bool is_good(const struct peer *p, struct sk_buff *skb)
{
	struct virtio_vsock_hdr *hdr = virtio_vsock_hdr(skb);

	/* a packet of data has some, and no other has */
	return le32_to_cpu(hdr->len) == skb->len && is_control(skb) == !skb->len &&
	       le64_to_cpu(hdr->src_cid) == p->cid && le64_to_cpu(hdr->dst_cid) == own_cid;
}

/*
 * Memory of a large packet: that of one before, if it has been read.  New memory is
 * cleared (init_on_alloc), which takes longer than to copy what comes.
 */
static struct page *next_page(struct peer *p)
{
	struct page **page = &p->page[p->next_page++ % PAGES];

	if (*page && page_ref_count(*page) > 1) {
		put_page(*page);
		*page = NULL;
	}
	if (!*page)
		*page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN, LARGE_ORDER);
	return *page;
}

static struct sk_buff *alloc_large(struct peer *p)
{
	struct page *page = next_page(p);
	struct sk_buff *skb = page ? build_skb(page_address(page), LARGE_ROOM) : NULL;

	if (skb)
		get_page(page);
	return skb;
}

/* Room for a packet whose header and payload are in one piece. */
static struct sk_buff *alloc_packet(struct peer *p, u32 len)
{
	struct sk_buff *skb = NULL;

	if (len > MK_VSOCK_PAYLOAD_MAX / 2)
		skb = alloc_large(p);
	skb = skb ?: alloc_skb(len, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, VIRTIO_VSOCK_SKB_HEADROOM);
	skb_put(skb, len - HEAD);
	return skb;
}

static int take_packet(struct peer *p)
{
	struct sk_buff *skb;
	u32 len, got;
	int ret;

	ret = mk_rx_get(&p->rx, &got, 0, &len);
	if (ret != -EMSGSIZE)
		return ret ?: -EPROTO;
	if (len < HEAD || len > HEAD + MK_VSOCK_PAYLOAD_MAX)
		return -EPROTO;
	skb = alloc_packet(p, len);
	if (!skb)
		return -ENOMEM;
	ret = mk_rx_get(&p->rx, skb->head, len, &got);
	if (ret || got != len || !is_good(p, skb)) {
		kfree_skb(skb);
		return -EPROTO;
	}
	if (mk_rx_release(&p->rx))
		mk_channel_ring(p->ch);
	mk_rate_take(&p->rate, ktime_get_ns(), len);
	virtio_transport_deliver_tap_pkt(skb);
	compat_vsock_recv(&transport, skb);
	return 0;
}

/* Return: 1: there may be more, 0: the doorbell will tell, or a negative errno. */
static int take_some(struct peer *p, u64 *wait)
{
	int n, ret;

	for (n = 0; n < BATCH && !READ_ONCE(p->dead); n++) {
		*wait = mk_rate_wait(&p->rate, ktime_get_ns());
		if (*wait)
			return 1;
		ret = take_packet(p);
		if (ret == -EAGAIN) {
			p->turns = 0;
			return mk_rx_arm(&p->rx);
		}
		if (ret)
			return ret;
	}
	return 1;
}

static void rx_work(struct work_struct *work)
{
	struct peer *p = container_of(work, struct peer, rx_work.work);
	/* first, as what it wrote before it left is there */
	bool left = mk_channel_peer_state(p->ch) == MK_SIDE_CLOSED;
	u64 wait = 0;
	int ret;

	if (READ_ONCE(p->dead))
		return;
	ret = take_some(p, &wait);
	if (ret > 0)
		queue_delayed_work(mk_ipc_wq, &p->rx_work,
				   wait ? nsecs_to_jiffies(wait) + 1 : mk_ipc_rest(&p->turns));
	else if (ret == -ENOMEM)
		queue_delayed_work(mk_ipc_wq, &p->rx_work, msecs_to_jiffies(AGAIN_MS));
	else if (ret || left)
		die(p, ret ? "it wrote nonsense" : NULL);
}

/* The sender is told of room while it still has some, and need not stop. */
static ssize_t stream_dequeue(struct vsock_sock *vsk, struct msghdr *msg, size_t len, int flags)
{
	ssize_t n = virtio_transport_stream_dequeue(vsk, msg, len, flags);
	struct virtio_vsock_sock *vvs = vsk->trans;
	u64 size = READ_ONCE(vvs->buf_alloc);

	if (n > 0 && READ_ONCE(vvs->fwd_cnt) - READ_ONCE(vvs->last_fwd_cnt) >= size / 4)
		virtio_transport_notify_buffer_size(vsk, &size);
	return n;
}

/* --- its channels ---------------------------------------------------------------------- */

static void rung(struct mk_channel *ch)
{
	struct peer *p = ch->priv;

	queue_delayed_work(mk_ipc_wq, &p->rx_work, 0);
	if (READ_ONCE(p->stalled))
		queue_work(mk_ipc_wq, &p->tx_work);
}

/* Apart from close(): a work item may wait for a socket's owner, who has no bound. */
static void end(struct work_struct *work)
{
	struct peer *p = container_of(work, struct peer, end);
	int i;

	synchronize_rcu();	/* nobody sends any more */
	cancel_delayed_work_sync(&p->rx_work);
	cancel_work_sync(&p->tx_work);
	reset_orphans();	/* who came while close() did */
	__skb_queue_purge(&p->queue);
	kfree_skb(p->skb);
	for (i = 0; i < PAGES; i++)
		if (p->page[i])
			put_page(p->page[i]);
	mk_channel_put(p->ch);
	kfree(p);
}

static int open(struct mk_channel *ch)
{
	struct peer *p;
	int ret;

	if (ch->ring_size < MK_VSOCK_RING_MIN)
		return -EINVAL;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	p->ch = ch;
	p->cid = MK_VSOCK_CID(ch->peer);
	p->rate.rate = ch->rate;
	mutex_init(&p->tx_lock);
	skb_queue_head_init(&p->queue);
	INIT_DELAYED_WORK(&p->rx_work, rx_work);
	INIT_WORK(&p->tx_work, tx_work);
	INIT_WORK(&p->end, end);
	ch->priv = p;
	ret = mk_channel_attach(ch, &p->tx, &p->rx) ?:
	      xa_insert(&peers, p->cid, p, GFP_KERNEL);
	if (ret) {
		kfree(p);
		return ret;
	}
	mk_channel_get(ch);
	return 0;
}

static void close(struct mk_channel *ch)
{
	struct peer *p = ch->priv;

	xa_erase(&peers, p->cid);
	WRITE_ONCE(p->dead, true);
	reset_orphans();
	queue_work(mk_ipc_wq, &p->end);
}

static const struct mk_service service = {
	.kind = MK_KIND_VSOCK,
	.name = "vsock",
	.ring_size = MK_VSOCK_RING,
	.every = true,
	.open = open,
	.rung = rung,
	.close = close,
};

/* --- the transport --------------------------------------------------------------------- */

static u32 get_local_cid(void)
{
	return own_cid;
}

/*
 * A channel belongs to no network namespace.  Who reaches the server runs what it likes
 * as root of that instance: a port below 1024, which many containers may have, is too
 * little for that.  Called by connect() alone.
 */
static bool stream_allow(compat_vsock_stream_args)
{
	return COMPAT_VSOCK_IS_GLOBAL && (port != MK_VSOCK_SERVER || capable(CAP_SYS_ADMIN));
}

static bool seqpacket_allow(compat_vsock_seqpacket_args)
{
	return COMPAT_VSOCK_IS_GLOBAL;
}

/* What a program lends is copied into the ring, and given back then. */
static bool __maybe_unused allow_zerocopy(void)
{
	return true;
}

static bool __maybe_unused has_remote_cid(struct vsock_sock *vsk, u32 cid)
{
	bool reached = is_reached(cid);

	if (!reached)
		refuse(cid);
	return reached;
}

static struct virtio_transport transport = {
	.transport = {
		.module = THIS_MODULE,

		.get_local_cid = get_local_cid,
		COMPAT_VSOCK_HAS_CID

		.init = virtio_transport_do_socket_init,
		.destruct = virtio_transport_destruct,
		.release = virtio_transport_release,
		.connect = virtio_transport_connect,
		.shutdown = virtio_transport_shutdown,
		.cancel_pkt = cancel_pkt,

		.dgram_bind = virtio_transport_dgram_bind,
		.dgram_dequeue = virtio_transport_dgram_dequeue,
		.dgram_enqueue = virtio_transport_dgram_enqueue,
		.dgram_allow = virtio_transport_dgram_allow,

		.stream_dequeue = stream_dequeue,
		.stream_enqueue = stream_enqueue,
		.stream_has_data = virtio_transport_stream_has_data,
		.stream_has_space = virtio_transport_stream_has_space,
		.stream_rcvhiwat = virtio_transport_stream_rcvhiwat,
		.stream_is_active = virtio_transport_stream_is_active,
		.stream_allow = stream_allow,

		.seqpacket_dequeue = virtio_transport_seqpacket_dequeue,
		.seqpacket_enqueue = virtio_transport_seqpacket_enqueue,
		.seqpacket_allow = seqpacket_allow,
		.seqpacket_has_data = virtio_transport_seqpacket_has_data,

		.notify_poll_in = virtio_transport_notify_poll_in,
		.notify_poll_out = virtio_transport_notify_poll_out,
		.notify_recv_init = virtio_transport_notify_recv_init,
		.notify_recv_pre_block = virtio_transport_notify_recv_pre_block,
		.notify_recv_pre_dequeue = virtio_transport_notify_recv_pre_dequeue,
		.notify_recv_post_dequeue = virtio_transport_notify_recv_post_dequeue,
		.notify_send_init = virtio_transport_notify_send_init,
		.notify_send_pre_block = virtio_transport_notify_send_pre_block,
		.notify_send_pre_enqueue = virtio_transport_notify_send_pre_enqueue,
		.notify_send_post_enqueue = virtio_transport_notify_send_post_enqueue,
		.notify_buffer_size = virtio_transport_notify_buffer_size,
		COMPAT_VSOCK_OPS
	},

	.send_pkt = send_pkt,
};

/**
 * mk_vsock_init() - offer sockets
 *
 * Without them the rest of mk_ipc works; the log says why.
 *
 * Context: module load; sleeps.
 */
void mk_vsock_init(void)
{
	struct mk_self self;
	bool host = mk_core_self(&self) == -ENODEV;
	int ret;

	own_cid = MK_VSOCK_CID(host ? 0 : self.id);
	ret = vsock_core_register(&transport.transport,
				  host ? VSOCK_TRANSPORT_F_H2G : VSOCK_TRANSPORT_F_G2H);
	if (ret == -EBUSY)
		pr_warn("no sockets: another transport has this side of AF_VSOCK; unload it (%s?) first\n",
			host ? "vhost_vsock" : "vmw_vsock_virtio_transport");
	else if (ret)
		pr_warn("no sockets: AF_VSOCK takes no transport (%d)\n", ret);
	if (ret)
		return;
	ret = mk_service_register(&service);
	if (ret)
		vsock_core_unregister(&transport.transport);
	registered = !ret;
}

/**
 * mk_vsock_exit() - no more sockets
 *
 * Each had the module: none is left.
 *
 * Context: module unload; sleeps.
 */
void mk_vsock_exit(void)
{
	if (!registered)
		return;
	vsock_core_unregister(&transport.transport);
	mk_service_unregister(&service);
}
