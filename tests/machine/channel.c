// SPDX-License-Identifier: GPL-2.0
/*
 * Channels between programs of two kernels.
 *
 *	channel permit NAME A B SIZE [vsock]	"-": the host
 *	channel forbid NAME
 *	channel echo NAME [spin]	sends back what comes, until it is over
 *	channel ask NAME COUNT [spin]	sends 64 bytes and waits for them; prints
 *					ns a round trip
 *	channel ask NAME COUNT stay	and stays until it is over
 *	channel ask NAME COUNT poll	never sleeps in read()
 *	channel both NAME COUNT		two threads: one as send, one as take, at once
 *	channel send NAME COUNT		messages of random sizes, numbered
 *	channel take NAME COUNT		checks them
 *	channel stream NAME COUNT	messages of 4 KiB; prints ns a message
 *	channel drain NAME		takes what comes, until it is over
 *	channel outlive NAME		likewise; prints how long after the last
 *					message that was
 *	channel die NAME TOLD ROUNDS	programs that send are killed at any instant;
 *					prints how many, and when that was seen
 *	channel witness NAME TOLD	sees it, and says so through channel TOLD
 *	channel scribble NAME COUNT	writes random words anywhere in it, and rings
 *	channel forge NAME BELL...	rings the other side at these addresses: MK_BELL()
 *	channel turn NAME COUNT		asks, and has another doorbell each 20 times;
 *					prints how many it was given
 *	channel bells CPU NAME...	has a doorbell there for each, until it is killed
 *
 * With BELL=CPU the channel has a doorbell of its own there.
 */
#include <err.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "../../userspace/mk_channel.h"

#define OPEN_MS		20000
#define NUMBERED_MAX	600	/* bytes of a numbered message */
#define LONGEST_ONES	10000	/* one of so many is as long as can be */
#define STALL_US	2000	/* at most, once in four thousand */
#define TURN_US		10000	/* between two doorbells */
#define POLL_MS		20000
#define NAP_US		100000	/* at most, before a program is killed */
#define TOLD_S		30	/* nobody told of its death until then */

static struct mk_chan chan;
static unsigned char buf[MK_RING_MESSAGE_MAX];
static int spin, polled;

static void control(unsigned int cmd, void *arg)
{
	struct mk_hdr *hdr = arg;
	int dev = open(MK_IPC_DEVICE, O_RDWR);

	if (dev < 0)
		err(1, MK_IPC_DEVICE);
	if (ioctl(dev, cmd, arg) < 0)
		err(1, "code %u", hdr->err.code);
}

static void name_end(char *end, const char *name)
{
	snprintf(end, MK_NAME_SIZE, "%s", strcmp(name, "-") ? name : "");
}

static void permit(char **arg)
{
	struct mk_ipc_permit p = { .hdr.size = sizeof(p), .ring_size = atoi(arg[3]) };

	if (arg[4])
		p.kind = strcmp(arg[4], "vsock") ? atoi(arg[4]) : MK_KIND_VSOCK;
	snprintf(p.name, sizeof(p.name), "%s", arg[0]);
	name_end(p.end[0], arg[1]);
	name_end(p.end[1], arg[2]);
	control(MK_IPC_IOC_PERMIT, &p);
}

static void forbid(char **arg)
{
	struct mk_ipc_forbid f = { .hdr.size = sizeof(f) };

	snprintf(f.name, sizeof(f.name), "%s", arg[0]);
	control(MK_IPC_IOC_FORBID, &f);
}

static void must(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

/* Without a ring that is missed: what comes after the read() is seen by poll(). */
static int receive_polled(void)
{
	struct pollfd p = { .fd = chan.fd, .events = POLLIN };
	__u64 rings;
	int ret;

	while ((ret = mk_chan_try_receive(&chan, buf, sizeof(buf))) == -EAGAIN) {
		ret = mk_rx_arm(&chan.rx);
		must(ret, "arm");
		if (ret)
			continue;
		if (poll(&p, 1, POLL_MS) != 1)
			errx(1, "no doorbell");
		if (p.revents & POLLHUP)
			return -ECONNRESET;
		if (read(chan.fd, &rings, sizeof(rings)) < 0 || !rings)
			err(1, "read after poll");
	}
	return ret;
}

static int receive(void)
{
	if (polled)
		return receive_polled();
	return spin ? mk_chan_spin(&chan, buf, sizeof(buf)) :
		      mk_chan_receive(&chan, buf, sizeof(buf));
}

static void echo(void)
{
	unsigned long n = 0;
	int len;

	while ((len = receive()) >= 0) {
		must(mk_chan_send(&chan, buf, len), "send");
		n++;
	}
	if (len != -ECONNRESET)
		must(len, "receive");
	printf("echoed %lu\n", n);
}

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void round_trips(unsigned long count)
{
	unsigned long out[8] = { }, i;

	for (i = 0; i < count; i++) {
		out[i % 8] = i;
		must(mk_chan_send(&chan, out, sizeof(out)), "send");
		must(receive(), "receive");
		if (memcmp(out, buf, sizeof(out)))
			errx(1, "round trip %lu: another message came back", i);
	}
}

static void ask(unsigned long count)
{
	unsigned long long begin;

	round_trips(count / 10 + 1);	/* the other program may not have started yet */
	begin = now();
	round_trips(count);
	printf("%llu ns a round trip\n", (now() - begin) / count);
}

/* What its ring can take and a message can have; programs leave a quarter. */
static __u32 longest(void)
{
	__u32 half = chan.info.ring_size / 2;

	return half < MK_RING_MESSAGE_MAX ? half : MK_RING_MESSAGE_MAX;
}

/*
 * Its number, then bytes that follow from the number; its size does, too. One in a
 * thousand is a long one.
 */
static __u32 numbered(unsigned long n, unsigned char *m)
{
	__u32 x = n * 2654435761U + 1, len, i;

	x ^= x >> 15;
	len = sizeof(n) + x % (n % 1000 ? NUMBERED_MAX : longest() - sizeof(n));
	if (n % LONGEST_ONES == LONGEST_ONES - 1)
		len = longest();
	memcpy(m, &n, sizeof(n));
	for (i = sizeof(n); i < len; i++)
		m[i] = x >> (i % 4 * 8);
	return len;
}

/* Not both sides at the same messages. */
static void stall(unsigned long n)
{
	__u32 x = (n + chan.info.side) * 2246822519U;

	if (!(x >> 8 & 4095))
		usleep(x % STALL_US);
}

static void send_numbered(unsigned long count)
{
	static unsigned char message[MK_RING_MESSAGE_MAX];
	unsigned long n;

	for (n = 0; n < count; n++) {
		must(mk_chan_send(&chan, message, numbered(n, message)), "send");
		stall(n);
	}
}

static void send_all(unsigned long count)
{
	send_numbered(count);
	/* what is in the ring must be read before we leave */
	while (receive() >= 0)
		;
	printf("sent %lu\n", count);
}

static void take_all(unsigned long count)
{
	static unsigned char wanted[MK_RING_MESSAGE_MAX];
	int len, most = 0;
	unsigned long n;

	for (n = 0; n < count; n++) {
		stall(n);
		len = receive();
		must(len, "receive");
		if ((__u32)len != numbered(n, wanted) || memcmp(buf, wanted, len))
			errx(1, "message %lu is another one, %d bytes, number %lu", n, len,
			     *(unsigned long *)buf);
		if (len > most)
			most = len;
	}
	printf("took %lu, up to %d bytes\n", count, most);
}

static void *send_thread(void *count)
{
	send_numbered((unsigned long)count);
	return NULL;
}

static void both(unsigned long count)
{
	pthread_t sender;

	if (pthread_create(&sender, NULL, send_thread, (void *)count))
		errx(1, "no thread");
	take_all(count);
	pthread_join(sender, NULL);
}

static void stream(unsigned long count)
{
	unsigned long long begin = now();
	unsigned long i;

	for (i = 0; i < count; i++)
		must(mk_chan_send(&chan, buf, 4096), "send");
	/* what is in the ring is not there yet */
	while (mk_peer_load(&chan.head->ring[chan.info.side].head) != chan.tx.tail)
		if (mk_chan_is_over(&chan))
			errx(1, "the other side has left");
	printf("%llu ns a message\n", (now() - begin) / count);
}

static void drain(void)
{
	int len;

	while ((len = receive()) >= 0)
		;
	if (len != -ECONNRESET)
		must(len, "receive");
}

static void outlive(void)
{
	unsigned long long last = now();
	unsigned long n = 0;
	int len;

	for (; (len = receive()) >= 0; n++)
		last = now();
	if (len != -ECONNRESET)
		must(len, "receive");
	printf("received %lu, over after %llu ms\n", n, (now() - last) / 1000000);
}

/* A program that sends when the other side is there, and says so. */
static void victim(const char *name, int ready)
{
	unsigned long n;

	must(mk_chan_open(&chan, name, OPEN_MS), name);
	must(receive(), "hello");
	if (write(ready, "", 1) != 1)
		err(1, "pipe");
	for (n = 0; ; n++)
		must(mk_chan_send(&chan, buf, numbered(n, buf)), "send");
}

static pid_t start_victim(const char *name)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		victim(name, ready[1]);
		exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		errx(1, "it did not begin to send");
	close(ready[0]);
	return pid;
}

/* What the witness has seen of one that died. */
struct seen {
	__u64 received;
	__s64 error;
};

static void die(const char *name, const char *told, unsigned long rounds)
{
	unsigned long long begin, took, longest_took = 0;
	unsigned long n, talking = 0;
	struct mk_chan heard;
	struct seen seen;
	pid_t pid;

	must(mk_chan_open(&heard, told, OPEN_MS), told);
	for (n = 0; n < rounds; n++) {
		alarm(TOLD_S);
		pid = start_victim(name);
		usleep(random() % NAP_US);
		begin = now();
		kill(pid, SIGKILL);
		must(mk_chan_receive(&heard, &seen, sizeof(seen)), told);
		took = now() - begin;
		waitpid(pid, NULL, 0);
		if (seen.error != ECONNRESET)
			errx(1, "round %lu: %s", n, strerror(seen.error));
		talking += !!seen.received;
		if (took > longest_took)
			longest_took = took;
	}
	printf("died %lu, talking %lu, seen within %llu ms\n", rounds, talking,
	       longest_took / 1000000);
}

static struct seen see_one(const char *name)
{
	static unsigned char wanted[MK_RING_MESSAGE_MAX];
	struct seen seen = { };
	int len;

	must(mk_chan_open(&chan, name, OPEN_MS), name);
	len = mk_chan_send(&chan, "hello", 5);
	while (len >= 0) {
		len = receive();
		if (len < 0)
			break;
		if ((__u32)len != numbered(seen.received, wanted) || memcmp(buf, wanted, len))
			len = -EBADMSG;
		else
			seen.received++;
	}
	seen.error = -len;
	mk_chan_close(&chan);
	return seen;
}

static void witness(const char *name, const char *told)
{
	struct mk_chan tell;
	struct seen seen;

	must(mk_chan_open(&tell, told, OPEN_MS), told);
	do
		seen = see_one(name);
	while (!mk_chan_send(&tell, &seen, sizeof(seen)));
}

static void turn(unsigned long count)
{
	unsigned long i, given = 0;
	int ret;

	for (i = 0; i < count; i++) {
		ret = mk_chan_bell(&chan, i % 3 == 2 ? MK_BELL_SHARED : i % 3);
		if (ret != -ENOSPC)
			must(ret, "bell");
		given += !ret;
		usleep(TURN_US);
		round_trips(20);
	}
	printf("%lu doorbells\n", given);
}

static void bells(char **arg)
{
	struct mk_ipc_bell b = { .hdr.size = sizeof(b), .cpu = atoi(*arg) };

	while (*++arg) {
		must(mk_chan_open(&chan, *arg, OPEN_MS), *arg);
		if (ioctl(chan.fd, MK_IPC_IOC_BELL, &b) < 0)
			err(1, "%s: code %u, %llu", *arg, b.hdr.err.code,
			    (unsigned long long)b.hdr.err.arg[0]);
	}
	printf("ready\n");
	fflush(stdout);
	pause();
}

static void scribble(unsigned long count)
{
	__u32 *word = (__u32 *)chan.head;
	size_t head = MK_CHANNEL_HEAD / sizeof(*word), all = chan.size / sizeof(*word);
	unsigned long n;

	for (n = 0; n < count; n++) {
		/* the heads most of the time: the first 640 bytes have all fields */
		word[random() % (n % 4 ? 160 : n % 8 ? head : all)] =
			n % 3 ? random() << (random() % 3) : random() % 256;
		if (!(n % 64))
			mk_chan_ring(&chan);
	}
	printf("scribbled %lu\n", count);
}

static void forge(char **arg)
{
	__u64 *bell = &chan.head->side[!chan.info.side].bell;

	for (; *arg; arg++) {
		mk_peer_store(bell, strtoull(*arg, NULL, 0));
		mk_chan_ring(&chan);
	}
}

int main(int argc, char **argv)
{
	const char *act = argc > 2 ? argv[1] : "";
	unsigned long count = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;

	spin = argc > 3 && !strcmp(argv[argc - 1], "spin");
	polled = argc > 3 && !strcmp(argv[argc - 1], "poll");
	if (!strcmp(act, "permit") && argc >= 6)
		return permit(argv + 2), 0;
	if (!strcmp(act, "forbid"))
		return forbid(argv + 2), 0;
	if (argc < 3)
		errx(2, "see channel.c");
	if (!strcmp(act, "bells"))
		return bells(argv + 2), 0;
	if (!strcmp(act, "die") && argc == 5)
		return die(argv[2], argv[3], strtoul(argv[4], NULL, 0)), 0;
	if (!strcmp(act, "witness") && argc == 4)
		return witness(argv[2], argv[3]), 0;
	must(mk_chan_open(&chan, argv[2], OPEN_MS), argv[2]);
	if (getenv("BELL"))
		must(mk_chan_bell(&chan, atoi(getenv("BELL"))), "bell");
	if (polled && fcntl(chan.fd, F_SETFL, O_NONBLOCK))
		err(1, "O_NONBLOCK");
	if (!strcmp(act, "echo"))
		echo();
	else if (!strcmp(act, "ask") && !strcmp(argv[argc - 1], "stay"))
		ask(count), drain();
	else if (!strcmp(act, "ask"))
		ask(count);
	else if (!strcmp(act, "send"))
		send_all(count);
	else if (!strcmp(act, "take"))
		take_all(count);
	else if (!strcmp(act, "outlive"))
		outlive();
	else if (!strcmp(act, "both"))
		both(count);
	else if (!strcmp(act, "stream"))
		stream(count);
	else if (!strcmp(act, "drain"))
		drain();
	else if (!strcmp(act, "scribble"))
		scribble(count);
	else if (!strcmp(act, "forge"))
		forge(argv + 3);
	else if (!strcmp(act, "turn"))
		turn(count);
	else
		errx(2, "see channel.c");
	return 0;
}
