// SPDX-License-Identifier: GPL-2.0
/*
 * What channels are measured against, between two CPUs of one kernel; and their
 * rings alone, which need no other kernel.
 *
 *	ipc line A B COUNT	two processes write one cache line in turn
 *	ipc copy A B COUNT	the same, and 64 bytes are copied beside it: a message
 *				without all that a ring does
 *	ipc pipe A B COUNT	64 bytes through two pipes
 *	ipc unix A B COUNT	messages of 4 KiB through an AF_UNIX stream, one way
 *	ipc spin A B COUNT	64 bytes through two rings, both sides spinning
 *	ipc stream A B COUNT	messages of 4 KiB through a ring, one way, likewise
 *
 * Prints ns a round trip, or a message. A and B are the CPUs.
 */
#include <err.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../userspace/mk_channel.h"

#define SMALL	64
#define LARGE	4096
#define RING	(256 * 1024)

/* What both processes see. */
struct shared {
	alignas(64) atomic_ulong line;
	alignas(64) unsigned char bytes[SMALL];
	alignas(4096) struct mk_channel_head head;
	unsigned char data[2 * RING];
};

/* One of the two: what it needs, and a message. */
struct end {
	unsigned long turn;
	int in, out;
	struct mk_chan c;
	size_t size;
	unsigned char buf[LARGE];
};

struct way {
	void (*send)(struct end *e);
	void (*receive)(struct end *e);
	size_t size;
	bool back;
};

static struct shared *shared;
static unsigned long count;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %d", cpu);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* --- the ways ----------------------------------------------------------------- */

static inline void store_line(struct end *e)
{
	atomic_store_explicit(&shared->line, ++e->turn, memory_order_release);
}

static inline void await_line(struct end *e)
{
	e->turn++;
	while (atomic_load_explicit(&shared->line, memory_order_acquire) != e->turn)
		;
}

static inline void put_copy(struct end *e)
{
	memcpy(shared->bytes, e->buf, SMALL);
	store_line(e);
}

static inline void get_copy(struct end *e)
{
	await_line(e);
	memcpy(e->buf, shared->bytes, SMALL);
	asm volatile("" : : : "memory");	/* nobody looks at it */
}

static inline void put(struct end *e)
{
	size_t done = 0;
	ssize_t n;

	for (; done < e->size; done += n) {
		n = write(e->out, e->buf + done, e->size - done);
		if (n <= 0)
			err(1, "write");
	}
}

static inline void get(struct end *e)
{
	size_t done = 0;
	ssize_t n;

	for (; done < e->size; done += n) {
		n = read(e->in, e->buf + done, e->size - done);
		if (n <= 0)
			err(1, "read");
	}
}

static inline void put_ring(struct end *e)
{
	int ret;

	while ((ret = mk_chan_put(&e->c, e->buf, e->size)) == -EAGAIN)
		;
	if (ret || mk_chan_publish(&e->c))
		errx(1, "the ring");
}

static inline void get_ring(struct end *e)
{
	if (mk_chan_spin(&e->c, e->buf, e->size) != (int)e->size)
		errx(1, "a message");
}

/* --- both processes ------------------------------------------------------------- */

static void make_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (shared == MAP_FAILED || mk_ring_make(&shared->head.ring[0], RING, 1) ||
	    mk_ring_make(&shared->head.ring[1], RING, 1))
		err(1, "memory");
}

/* The pipes, and the channel that no module has made: it is never rung. */
static void make_ends(struct end end[2], size_t size)
{
	int pipes[2][2], side;

	if (pipe(pipes[0]) || pipe(pipes[1]))
		err(1, "pipe");
	for (side = 0; side < 2; side++) {
		end[side] = (struct end){ .size = size, .in = pipes[!side][0],
					  .out = pipes[side][1] };
		end[side].c = (struct mk_chan){ .fd = -1, .head = &shared->head, .info = {
			.side = side, .ring_size = RING, .epoch = 1 } };
		if (mk_chan_attach(&end[side].c))
			errx(1, "side %d", side);
	}
}

static __always_inline double run(int cpu_a, int cpu_b, const struct way w, bool sockets)
{
	static struct end end[2];
	double begin;
	unsigned long i;
	int ends[2];

	make_ends(end, w.size);
	if (sockets) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
			err(1, "socketpair");
		end[0].out = ends[0];
		end[1].in = ends[1];
	}
	pin(cpu_a);
	begin = now();
	if (!fork()) {
		pin(cpu_b);
		for (i = 0; i < count; i++) {
			w.receive(&end[1]);
			if (w.back)
				w.send(&end[1]);
		}
		_exit(0);
	}
	for (i = 0; i < count; i++) {
		w.send(&end[0]);
		if (w.back)
			w.receive(&end[0]);
	}
	wait(NULL);
	return (now() - begin) / count;
}

#define RUN(_send, _receive, _size, _back, _sockets) \
	run(a, b, (struct way){ _send, _receive, _size, _back }, _sockets)

/* One call each, so that the compiler makes a loop of its own for each. */
static double measure(const char *what, int a, int b)
{
	if (!strcmp(what, "line"))
		return RUN(store_line, await_line, SMALL, true, false);
	if (!strcmp(what, "copy"))
		return RUN(put_copy, get_copy, SMALL, true, false);
	if (!strcmp(what, "pipe"))
		return RUN(put, get, SMALL, true, false);
	if (!strcmp(what, "unix"))
		return RUN(put, get, LARGE, false, true);
	if (!strcmp(what, "spin"))
		return RUN(put_ring, get_ring, SMALL, true, false);
	if (!strcmp(what, "stream"))
		return RUN(put_ring, get_ring, LARGE, false, false);
	errx(2, "see ipc.c");
}

int main(int argc, char **argv)
{
	if (argc != 5)
		errx(2, "see ipc.c");
	count = strtoul(argv[4], NULL, 0);
	make_shared();
	printf("%.0f\n", measure(argv[1], atoi(argv[2]), atoi(argv[3])));
	return 0;
}
