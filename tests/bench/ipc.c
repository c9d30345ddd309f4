// SPDX-License-Identifier: GPL-2.0
/*
 * What channels are measured against, between two CPUs of one kernel; and their
 * rings alone, which need no other kernel.
 *
 *	ipc line A B COUNT	two threads write one cache line in turn
 *	ipc pipe A B COUNT	64 bytes through two pipes, between two processes
 *	ipc unix A B COUNT	messages of 4 KiB through an AF_UNIX stream
 *	ipc spin A B COUNT	64 bytes through two rings, both sides spinning
 *	ipc stream A B COUNT	messages of 4 KiB through a ring, likewise
 *
 * Prints ns a round trip, or a message. A and B are the CPUs.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
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

static int cpu_a, cpu_b;
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

static alignas(64) atomic_ulong line;

static void *answer_line(void *unused)
{
	unsigned long i;

	pin(cpu_b);
	for (i = 0; i < count; i++) {
		while (atomic_load_explicit(&line, memory_order_acquire) != 2 * i + 1)
			;
		atomic_store_explicit(&line, 2 * i + 2, memory_order_release);
	}
	return unused;
}

static void ask_line(void)
{
	pthread_t other;
	unsigned long i;

	if (pthread_create(&other, NULL, answer_line, NULL))
		errx(1, "no thread");
	for (i = 0; i < count; i++) {
		atomic_store_explicit(&line, 2 * i + 1, memory_order_release);
		while (atomic_load_explicit(&line, memory_order_acquire) != 2 * i + 2)
			;
	}
	pthread_join(other, NULL);
}

static void move(ssize_t (*fn)(int, char *, size_t), int fd, char *buf, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = fn(fd, buf + done, size - done);
		if (n <= 0)
			err(1, "the other side");
		done += n;
	}
}

static ssize_t put(int fd, char *buf, size_t size)
{
	return write(fd, buf, size);
}

static ssize_t get(int fd, char *buf, size_t size)
{
	return read(fd, buf, size);
}

static void ask_pipe(void)
{
	int there[2], back[2];
	char buf[SMALL] = { };
	unsigned long i;

	if (pipe(there) || pipe(back))
		err(1, "pipe");
	if (!fork()) {
		pin(cpu_b);
		for (i = 0; i < count; i++) {
			move(get, there[0], buf, sizeof(buf));
			move(put, back[1], buf, sizeof(buf));
		}
		_exit(0);
	}
	for (i = 0; i < count; i++) {
		move(put, there[1], buf, sizeof(buf));
		move(get, back[0], buf, sizeof(buf));
	}
	wait(NULL);
}

static void stream_unix(void)
{
	char buf[LARGE] = { };
	unsigned long i;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		err(1, "socketpair");
	if (!fork()) {
		pin(cpu_b);
		for (i = 0; i < count; i++)
			move(get, ends[1], buf, sizeof(buf));
		_exit(0);
	}
	for (i = 0; i < count; i++)
		move(put, ends[0], buf, sizeof(buf));
	wait(NULL);
}

/* --- rings -------------------------------------------------------------------- */

static struct mk_channel_head *head;

static void make_rings(void)
{
	head = mmap(NULL, MK_CHANNEL_HEAD + 2 * RING, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (head == MAP_FAILED || mk_ring_make(&head->ring[0], RING, 1) ||
	    mk_ring_make(&head->ring[1], RING, 1))
		err(1, "rings");
}

/* A side of the channel that no module has made: it is never rung. */
static struct mk_chan join(int side)
{
	struct mk_chan c = { .fd = -1, .head = head, .info = {
		.side = side, .ring_size = RING, .epoch = 1 } };

	if (mk_chan_attach(&c))
		errx(1, "side %d", side);
	return c;
}

static void put_ring(struct mk_chan *c, const void *message, __u32 len)
{
	int ret;

	while ((ret = mk_chan_put(c, message, len)) == -EAGAIN)
		;
	if (ret || mk_chan_publish(c))
		errx(1, "the ring");
}

static void get_ring(struct mk_chan *c, void *message, __u32 len)
{
	if (mk_chan_spin(c, message, len) != (int)len)
		errx(1, "a message");
}

static void ask_ring(void)
{
	char buf[SMALL] = { };
	struct mk_chan c;
	unsigned long i;

	make_rings();
	if (!fork()) {
		pin(cpu_b);
		c = join(1);
		for (i = 0; i < count; i++) {
			get_ring(&c, buf, sizeof(buf));
			put_ring(&c, buf, sizeof(buf));
		}
		_exit(0);
	}
	c = join(0);
	for (i = 0; i < count; i++) {
		put_ring(&c, buf, sizeof(buf));
		get_ring(&c, buf, sizeof(buf));
	}
	wait(NULL);
}

static void stream_ring(void)
{
	static char buf[LARGE];
	struct mk_chan c;
	unsigned long i;

	make_rings();
	if (!fork()) {
		pin(cpu_b);
		c = join(1);
		for (i = 0; i < count; i++)
			get_ring(&c, buf, sizeof(buf));
		_exit(0);
	}
	c = join(0);
	for (i = 0; i < count; i++)
		put_ring(&c, buf, sizeof(buf));
	wait(NULL);
}

int main(int argc, char **argv)
{
	double begin;

	if (argc != 5)
		errx(2, "see ipc.c");
	cpu_a = atoi(argv[2]);
	cpu_b = atoi(argv[3]);
	count = strtoul(argv[4], NULL, 0);
	pin(cpu_a);
	begin = now();
	if (!strcmp(argv[1], "line"))
		ask_line();
	else if (!strcmp(argv[1], "pipe"))
		ask_pipe();
	else if (!strcmp(argv[1], "unix"))
		stream_unix();
	else if (!strcmp(argv[1], "spin"))
		ask_ring();
	else if (!strcmp(argv[1], "stream"))
		stream_ring();
	else
		errx(2, "see ipc.c");
	printf("%.0f\n", (now() - begin) / count);
	return 0;
}
