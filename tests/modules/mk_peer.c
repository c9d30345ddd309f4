// SPDX-License-Identifier: GPL-2.0
/*
 * A hostile mk_ipc: in an instance that has none, it is the other end of its
 * link and of channels with the host and with other instances.  Most messages are
 * good; of the others some part is not: lengths, types, ports, credit, positions
 * in the ring.  A channel that the other side may have ended is given back, and
 * the next one comes.  For test machines only.
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio_vsock.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#define MK_RING_API	static
#include "../../mk_ipc/ring.c"
#pragma GCC diagnostic pop
#include "../../mk_ipc/wire.h"
#include "../../mk_core/mk_core.h"

#define NR_CHANNELS	8
#define TURN		16	/* messages between looks at what the host says */
#define SLOW		10	/* of mk_talk: its handler takes a second */

static uint seconds = 10;
module_param(seconds, uint, 0);
MODULE_PARM_DESC(seconds, "how long");

static uint seed = 1;
module_param(seed, uint, 0);
MODULE_PARM_DESC(seed, "of random numbers");

static bool rings;
module_param(rings, bool, 0);
MODULE_PARM_DESC(rings, "says nothing but hello, and rings without end, for all channels at once");

/* One end; the link is the first of them. */
struct end {
	struct mk_channel_head *head;
	u32 side, size, kind, peer, rung;
	u64 epoch;
	struct mk_tx tx;
	struct mk_rx rx;
};

static struct end ends[NR_CHANNELS];
static struct end *const link = &ends[0];
static struct mk_self self;
static u8 *buf;
static u64 state;
static unsigned int nr_sent, nr_damaged, nr_opened;

/* xorshift64* */
static u32 below(u32 n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return ((state * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

static void noise(void *to, u32 len)
{
	u8 *p = to;

	while (len--)
		*p++ = below(256);
}

static u32 nasty(void)
{
	static const u32 all[] = { 0, 1, 2, 3, 7, 8, 0xff, 0x1000, 0x7fff, 0xffff, 0x10000,
				   0x7fffffff, 0x80000000, 0xfffff000, 0xfffffff8, 0xffffffff };

	return all[below(ARRAY_SIZE(all))];
}

/* --- ends ------------------------------------------------------------------------- */

static int attach(struct end *e)
{
	u8 *data = (u8 *)e->head + MK_CHANNEL_HEAD;
	struct mk_ring *rings = e->head->ring;
	u32 us = e->side, them = !us;
	int ret;

	ret = mk_tx_attach(&e->tx, &rings[us], data + us * e->size, e->size, e->epoch) ?:
	      mk_rx_attach(&e->rx, &rings[them], data + them * e->size, e->size, e->epoch);

	if (!ret)
		mk_peer_store_release(&e->head->side[us].state, MK_SIDE_OPEN); /* all of it */
	return ret;
}

static void ring(struct end *e)
{
	u64 bell;

	mk_peer_store_release(&e->head->side[e->side].rung, ++e->rung);
	mk_peer_mb();
	bell = mk_peer_load(&e->head->side[!e->side].bell);
	if (bell)
		mk_core_ring(MK_BELL_APICID(bell), MK_BELL_VECTOR(bell));
}

/* The record of a message, or a position: the host has not been rung for it yet. */
static void damage_ring(struct end *e, u32 at)
{
	u32 *record = (u32 *)(e->tx.data + (at & (e->size - 1)));
	u32 *const words[] = { &record[0], &record[1], &e->tx.ring->tail, &e->tx.ring->room_event,
			       &e->rx.ring->head, &e->rx.ring->data_event };

	WRITE_ONCE(*words[below(ARRAY_SIZE(words))], nasty());
}

static void put(struct end *e, const void *message, u32 len, bool bad)
{
	u32 at = e->tx.put;

	nr_sent += !mk_tx_put(&e->tx, message, len);
	mk_tx_publish(&e->tx);
	if (bad)
		damage_ring(e, at);
	ring(e);
}

static void say(struct end *e, u16 type, const void *body, u32 len)
{
	struct mk_message m = { .class = MK_CLASS_SYSTEM, .type = type, .len = len,
				.epoch = e->epoch };

	memcpy(buf, &m, sizeof(m));
	memcpy(buf + sizeof(m), body, len);
	put(e, buf, sizeof(m) + len, false);
}

static u64 kinds(void)
{
	return BIT(MK_KIND_PROGRAM) | BIT(MK_KIND_CONSOLE) | BIT(MK_KIND_VSOCK) |
	       BIT(MK_KIND_MESSAGES);
}

static void say_hello(struct end *e, u16 major)
{
	struct mk_hello h = { .major = major, .minor = MK_IPC_MINOR, .id = self.id,
			      .kinds = kinds(), .version = "7\nforged: \033[31m\r" };

	say(e, MK_SYSTEM_HELLO, &h, sizeof(h));
}

static void give_back(struct end *e)
{
	struct mk_close_channel c = { .epoch = e->epoch };

	mk_peer_store_release(&e->head->side[e->side].state, MK_SIDE_CLOSED); /* likewise */
	memunmap(e->head);
	e->head = NULL;
	say(link, MK_SYSTEM_CLOSED, &c, sizeof(c));
}

static void take_open(const struct mk_open_channel *o)
{
	struct end *e;

	for (e = ends + 1; e < ends + NR_CHANNELS && e->head; e++)
		;
	if (e == ends + NR_CHANNELS)
		return;
	*e = (struct end){ .side = o->side, .size = o->ring_size, .kind = o->kind,
			   .peer = o->peer, .epoch = o->epoch };
	e->head = memremap(o->phys, MK_CHANNEL_HEAD + 2 * (size_t)o->ring_size, MEMREMAP_WB);
	nr_opened++;
	if (e->head && attach(e))
		give_back(e);
	else if (e->kind == MK_KIND_MESSAGES && below(8))
		say_hello(e, MK_IPC_MAJOR);
}

static void take_close(u64 epoch)
{
	struct end *e;

	for (e = ends + 1; e < ends + NR_CHANNELS; e++)
		if (e->head && e->epoch == epoch)
			give_back(e);
}

/* What the host says on the link; what it sends elsewhere is read and forgotten. */
static void take(struct end *e)
{
	static u8 in[MK_MESSAGE_MAX] __aligned(8);
	const struct mk_message *m = (void *)in;
	const void *body = m + 1;
	u32 len;

	while (e->head && !mk_rx_get(&e->rx, e == link ? in : buf,
				     e == link ? sizeof(in) : MK_RING_MESSAGE_MAX, &len)) {
		if (mk_rx_release(&e->rx))
			ring(e);
		if (e != link || m->class != MK_CLASS_SYSTEM)
			continue;
		if (m->type == MK_SYSTEM_OPEN)
			take_open(body);
		else if (m->type == MK_SYSTEM_CLOSE)
			take_close(((const struct mk_close_channel *)body)->epoch);
	}
}

/* --- messages ------------------------------------------------------------------------ */

/* Nothing that ends a link: with the host there is one for each start. */
static u32 link_message(const struct end *to)
{
	struct mk_message m = { .class = below(6), .type = below(256) ? 2 + below(8) : SLOW,
				.flags = below(4), .id = below(8), .status = nasty(),
				.epoch = to->epoch };
	const struct end *e = &ends[below(NR_CHANNELS)];
	u64 word = below(2) ? e->epoch : kinds();

	m.len = below(4) ? below(64) : below(MK_MESSAGE_MAX - sizeof(m) + 1);
	if (m.type == MK_SYSTEM_KINDS)
		word = kinds();
	noise(buf + sizeof(m), m.len);
	if (below(2))
		memcpy(buf + sizeof(m), &word, min_t(u32, m.len, sizeof(word)));
	/* others have lost what it was the word of */
	if (m.class == MK_CLASS_SYSTEM && m.type == MK_SYSTEM_CLOSED && e->head)
		m.type = MK_SYSTEM_CLOSE;
	memcpy(buf, &m, sizeof(m));
	return sizeof(m) + m.len;
}

static u32 console_message(void)
{
	struct mk_console_message *m = (void *)buf;
	u32 len = below(8) ? below(200) : below(MK_CONSOLE_DATA_MAX + 1);

	noise(buf, MK_CONSOLE_HEAD + len);
	m->type = below(8) ? MK_CONSOLE_DATA : below(5);
	return MK_CONSOLE_HEAD + len;
}

static u32 vsock_message(const struct end *e)
{
	struct virtio_vsock_hdr *h = (void *)buf;
	/* of vsock.c, but for that which runs commands; and nobody's */
	static const u32 ports[] = { 5000, 5001, 5002, 5004, 5999 };
	u32 len = 0, op = below(9);

	if (op == VIRTIO_VSOCK_OP_RW)
		len = below(8) ? 1 + below(200) : 1 + below(MK_VSOCK_PAYLOAD_MAX);
	noise(buf, sizeof(*h) + min(len, 256U));
	h->src_cid = cpu_to_le64(MK_VSOCK_CID(self.id));
	h->dst_cid = cpu_to_le64(MK_VSOCK_CID(e->peer));
	h->src_port = cpu_to_le32(1024 + below(4));
	h->dst_port = cpu_to_le32(ports[below(ARRAY_SIZE(ports))]);
	h->len = cpu_to_le32(len);
	h->type = cpu_to_le16(1 + below(2) + !below(16));
	h->op = cpu_to_le16(op);
	if (below(4))
		h->flags = cpu_to_le32(below(4));
	if (below(2))
		h->buf_alloc = cpu_to_le32(below(8) ? 262144 : nasty());
	if (below(2))
		h->fwd_cnt = cpu_to_le32(below(8) ? below(262144) : nasty());
	return sizeof(*h) + len;
}

static u32 make_message(const struct end *e)
{
	if (e == link || e->kind == MK_KIND_MESSAGES)
		return link_message(e);
	if (e->kind == MK_KIND_CONSOLE)
		return console_message();
	if (e->kind == MK_KIND_VSOCK)
		return vsock_message(e);
	noise(buf, 256);
	return below(256);
}

static u32 damage(u32 len)
{
	switch (below(3)) {
	case 0:
		return below(4) ? below(len + 1) : below(MK_RING_MESSAGE_MAX);
	case 1:
		noise(buf + below(len + 1), 1 + below(4));
		return len;
	default:
		*(u32 *)(buf + (below(len + 1) & ~3)) = nasty();
		return len;
	}
}

static void one_message(struct end *e)
{
	bool bad = e != link && !below(32);
	u32 len = make_message(e);
	bool in_ring = bad && !below(3);

	if (bad && !in_ring)
		len = damage(len);
	nr_damaged += bad;
	put(e, buf, len, in_ring);
	/* it may be over, but that is not said */
	if (e->tx.broken || e->rx.broken || (bad && !below(2)))
		give_back(e);
}

static void one_turn(void)
{
	struct end *e = &ends[below(4) ? below(NR_CHANNELS) : 0];
	u32 n;

	for (n = 0; n < TURN && e->head; n++)
		one_message(e);
	for (e = ends; e < ends + NR_CHANNELS; e++)
		if (e->head && (e == link || below(8)))	/* it may be slow */
			take(e);
	usleep_range(100, 200);
}

/* One doorbell, after which the host finds that all of them were rung. */
static void ring_all(void)
{
	struct end *e;

	for (e = ends + 1; e < ends + NR_CHANNELS; e++)
		if (e->head)
			mk_peer_store(&e->head->side[e->side].rung, ++e->rung);
	ring(link);
	if (link->rung % 256)
		return;
	take(link);
	cond_resched();
}

static int begin(struct mk_area *area)
{
	link->head = (void *)area + MK_AREA_LINK;
	link->side = 1;
	link->size = MK_LINK_RING;
	link->epoch = mk_peer_load_acquire(&area->epoch);	/* the link is laid out */
	if (!link->epoch || attach(link))
		return -ENODEV;
	say_hello(link, MK_IPC_MAJOR);
	return 0;
}

static int fuzz(struct mk_area *area)
{
	unsigned long end = jiffies + seconds * HZ;
	int ret = begin(area);

	if (ret)
		return ret;
	while (time_before(jiffies, end)) {
		if (rings)
			ring_all();
		else
			one_turn();
	}
	pr_info("mk_peer: %u messages, %u of them damaged, %u channels\n", nr_sent, nr_damaged,
		nr_opened);
	msleep(500);	/* there is room */
	say_hello(link, MK_IPC_MAJOR + seed % 2); /* a second one ends the link, or its version */
	return 0;
}

static int __init mk_peer_init(void)
{
	struct mk_area *area;
	int ret = mk_core_self(&self);

	if (ret)
		return ret;
	state = seed ?: 1;
	buf = kzalloc(MK_RING_MESSAGE_MAX + 4096, GFP_KERNEL);
	area = memremap(self.ipc.start, self.ipc.size, MEMREMAP_WB);
	ret = buf && area ? fuzz(area) : -ENOMEM;
	/* the host knows where its channels are: they stay mapped */
	if (area)
		memunmap(area);
	kfree(buf);
	return ret;
}

static void __exit mk_peer_exit(void)
{
}

module_init(mk_peer_init);
module_exit(mk_peer_exit);
MODULE_DESCRIPTION("A hostile peer for tests of multikernel");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(COMPAT_NAMESPACE);
