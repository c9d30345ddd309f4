/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channels for programs, in this header alone: messages to a program in another
 * kernel without a system call, while that one looks; when it sleeps, one
 * write() rings its doorbell.
 *
 *	struct mk_chan c;
 *
 *	if (mk_chan_open(&c, "name", 1000))		// both kernels have it
 *		err(1, "name");
 *	mk_chan_send(&c, "hello", 5);
 *	len = mk_chan_receive(&c, buf, sizeof(buf));	// mk_chan_spin(): awake
 *	mk_chan_close(&c);
 *
 * One thread may send and one may receive, at once. All return a negative errno
 * when they fail; -ECONNRESET: the other side has left, or its kernel is dead.
 *
 * Who poll()s for doorbells, too: read() them, receive until there is none,
 * mk_rx_arm(), and when that is 0, poll().
 */
#ifndef MK_CHANNEL_H
#define MK_CHANNEL_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#if !defined(O_CLOEXEC) || !defined(CLOCK_MONOTONIC)
#error "mk_channel.h needs _GNU_SOURCE (or -std=gnu11, gcc's default has it)"
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#define MK_RING_API	static
#include "../mk_ipc/ring.c"
#pragma GCC diagnostic pop
#include "../mk_ipc/rate.h"
#include "../mk_ipc/uapi.h"
#include "../mk_ipc/wire.h"

#define MK_CHAN_HELD	4	/* this part of a ring may stay taken by what was received */
#define MK_CHAN_LOOKS	1000	/* of who spins, before it looks at anything else */

/**
 * struct mk_chan - a channel in this program
 * @fd:		its descriptor: poll() it for doorbells
 * @head:	its memory
 * @size:	bytes of that
 * @info:	who the other side is
 * @rate:	what we may still receive
 * @tx:		what we send
 * @rx:		what we receive
 */
struct mk_chan {
	int fd;
	struct mk_channel_head *head;
	size_t size;
	struct mk_ipc_open info;
	struct mk_rate rate;
	struct mk_tx tx;
	struct mk_rx rx;
};

static inline int mk_chan_attach(struct mk_chan *c)
{
	const struct mk_ipc_open *i = &c->info;
	__u8 *data = (__u8 *)c->head + MK_CHANNEL_HEAD;
	__u32 us = i->side, them = !i->side;
	int ret = mk_tx_attach(&c->tx, &c->head->ring[us], data + us * i->ring_size,
			       i->ring_size, i->epoch);

	c->rate.rate = i->rate;
	return ret ? ret : mk_rx_attach(&c->rx, &c->head->ring[them],
					data + them * i->ring_size, i->ring_size, i->epoch);
}

/* Give the channel back; the other side sees that we have left. */
static inline void mk_chan_close(struct mk_chan *c)
{
	munmap(c->head, c->size);
	close(c->fd);
}

/**
 * mk_chan_open() - have a channel of this kernel
 * @c:		filled
 * @name:	of the channel
 * @timeout_ms:	how long to wait until both kernels have it
 *
 * Return: 0, -ENODEV without mk_ipc or its file in /dev, -ENOENT when this kernel has
 * no such channel, -EBUSY when another descriptor has it, or another negative errno.
 */
static inline int mk_chan_open(struct mk_chan *c, const char *name, __u32 timeout_ms)
{
	int dev = open(MK_IPC_DEVICE, O_RDWR | O_CLOEXEC), ret;

	if (dev < 0)	/* -ENOENT is one of no such channel */
		return errno == ENOENT ? -ENODEV : -errno;
	memset(c, 0, sizeof(*c));
	c->info.hdr.size = sizeof(c->info);
	c->info.timeout_ms = timeout_ms;
	memcpy(c->info.name, name, strnlen(name, sizeof(c->info.name)));
	c->fd = ioctl(dev, MK_IPC_IOC_OPEN, &c->info);
	ret = -errno;
	close(dev);
	if (c->fd < 0)
		return ret;
	c->size = MK_CHANNEL_HEAD + 2 * (size_t)c->info.ring_size;
	c->head = mmap(NULL, c->size, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (c->head == MAP_FAILED) {
		ret = -errno;
		close(c->fd);
		return ret;
	}
	ret = mk_chan_attach(c);
	if (ret)
		mk_chan_close(c);
	return ret;
}

static inline int mk_chan_ring(struct mk_chan *c)
{
	__u64 one = 1;

	return write(c->fd, &one, sizeof(one)) < 0 ? -errno : 0;
}

/*
 * Have a doorbell for this channel alone, whose interrupts @cpu takes: who sleeps is
 * woken there, and no other channel is looked at. MK_BELL_SHARED: that of all channels
 * again. -ENOSPC: none is left.
 */
static inline int mk_chan_bell(const struct mk_chan *c, __u32 cpu)
{
	struct mk_ipc_bell b = { .hdr.size = sizeof(b), .cpu = cpu };

	return ioctl(c->fd, MK_IPC_IOC_BELL, &b) < 0 ? -errno : 0;
}

/* How often the other side has rung, modulo 2^32: before what is to be waited for is armed. */
static inline __u32 mk_chan_rung(const struct mk_chan *c)
{
	return mk_peer_load_acquire(&c->head->side[!c->info.side].rung);
}

/* Sleep until the other side has rung since mk_chan_rung() was @seen. */
static inline int mk_chan_wait(const struct mk_chan *c, __u32 seen)
{
	__u64 rings;

	return pread(c->fd, &rings, sizeof(rings), seen) < 0 ? -errno : 0;
}

/* Has the other side left? What it sent before can still be received. */
static inline int mk_chan_is_over(const struct mk_chan *c)
{
	return mk_peer_load_acquire(&c->head->side[!c->info.side].state) >= MK_SIDE_CLOSED;
}

/* Put a message without telling anybody; -EAGAIN: no room now. */
static inline int mk_chan_put(struct mk_chan *c, const void *message, __u32 len)
{
	return mk_tx_put(&c->tx, message, len);
}

/* Tell of all that was put: who is there now may take it. */
static inline int mk_chan_publish(struct mk_chan *c)
{
	if (mk_chan_is_over(c))
		return -ECONNRESET;
	if (mk_tx_publish(&c->tx))
		mk_chan_ring(c);	/* it may have taken it, and left */
	return 0;
}

/* Send a message, sleeping while there is no room. */
static inline int mk_chan_send(struct mk_chan *c, const void *message, __u32 len)
{
	__u32 seen;
	int ret;

	while ((ret = mk_chan_put(c, message, len)) == -EAGAIN) {
		seen = mk_chan_rung(c);
		ret = mk_chan_publish(c);
		if (!ret)
			ret = mk_tx_arm(&c->tx, len);
		if (!ret)
			ret = mk_chan_wait(c, seen);
		if (ret < 0)
			return ret;
	}
	return ret ? ret : mk_chan_publish(c);
}

static inline __u64 mk_chan_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/*
 * How long until the channel's rate lets a message pass: ns, 0: now. One that has
 * left has no rate any more: what it sent is no more than a ring.
 */
static inline __u64 mk_chan_pause(const struct mk_chan *c)
{
	if (!c->rate.rate || mk_chan_is_over(c))
		return 0;
	return mk_rate_wait(&c->rate, mk_chan_now());
}

/*
 * Receive a message, if there is one; -EAGAIN: none now, or none that may be taken
 * now: mk_chan_pause(). Returns its length.
 * Its room is given back when there is none, or with a quarter of the ring: each
 * time costs a barrier.
 */
static inline int mk_chan_try_receive(struct mk_chan *c, void *message, __u32 room)
{
	__u32 len = 0;
	int ret = mk_chan_pause(c) ? -EAGAIN : mk_rx_get(&c->rx, message, room, &len);

	if (!ret && c->rate.rate)
		mk_rate_take(&c->rate, mk_chan_now(), len);
	if ((ret == -EAGAIN || c->rx.got - c->rx.head > c->rx.size / MK_CHAN_HELD) &&
	    mk_rx_release(&c->rx))
		mk_chan_ring(c);	/* one that has left needs none */
	return ret ? ret : (int)len;
}

/*
 * Look MK_CHAN_LOOKS times whether a message has come.  Where it will be is loaded
 * with the position, so that both have come when that changes.
 */
static inline int mk_chan_look(const struct mk_chan *c)
{
	const __u8 *next = c->rx.data + (c->rx.got & (c->rx.size - 1));
	int n;

	for (n = 0; n < MK_CHAN_LOOKS; n++) {
		if (mk_peer_load(&c->rx.ring->tail) != c->rx.got)
			return 1;
		__builtin_prefetch(next);
		__builtin_prefetch(next + 64);
	}
	return 0;
}

/*
 * Receive a message, looking for it until it comes: for a program that has a CPU
 * for nothing else. Returns its length.
 */
static inline int mk_chan_spin(struct mk_chan *c, void *message, __u32 room)
{
	int over, ret;

	do {
		over = !mk_chan_look(c) && mk_chan_is_over(c);
		ret = mk_chan_try_receive(c, message, room);
	} while (ret == -EAGAIN && !over);
	return ret == -EAGAIN ? -ECONNRESET : ret;
}

/* Sleep until a message may be taken, or the channel is over. */
static inline void mk_chan_rest(struct mk_chan *c)
{
	struct pollfd p = { .fd = c->fd };	/* POLLHUP */
	__u64 ns = mk_chan_pause(c);

	if (ns && poll(&p, 1, ns / 1000000 + 1) > 0)
		c->rate.rate = 0;	/* the other side may not have said so yet */
}

/* Receive a message, sleeping while there is none. Returns its length. */
static inline int mk_chan_receive(struct mk_chan *c, void *message, __u32 room)
{
	__u32 seen;
	int ret;

	while ((ret = mk_chan_try_receive(c, message, room)) == -EAGAIN) {
		mk_chan_rest(c);
		seen = mk_chan_rung(c);
		ret = mk_rx_arm(&c->rx);
		if (!ret && mk_chan_is_over(c))
			ret = mk_rx_arm(&c->rx) > 0 ? 1 : -ECONNRESET;
		if (!ret)
			ret = mk_chan_wait(c, seen);
		if (ret < 0 && ret != -ECONNRESET)
			return ret;
		if (ret == -ECONNRESET && mk_rx_arm(&c->rx) <= 0)
			return ret;
	}
	return ret;
}

#endif /* MK_CHANNEL_H */
