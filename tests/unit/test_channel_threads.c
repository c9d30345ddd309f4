// SPDX-License-Identifier: GPL-2.0
/*
 * The library of channels under ThreadSanitizer: on each side a thread sends and
 * one receives, and both sleep on one descriptor.  The kernel is a lock and a
 * condition here.  A wake-up that is lost is a wait that ends by its limit.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "peer.h"

/* What was looked at changes before anything is made of it. */
static void stall(void)
{
	static __thread unsigned int seed;

	if (rand_r(&seed) % 32 == 0)
		usleep(20);
}

#undef mk_peer_load_acquire
#define mk_peer_load_acquire(_p) \
	({ __auto_type _v = __atomic_load_n(_p, __ATOMIC_ACQUIRE); stall(); _v; })

#define poll	fake_poll
#define pread	fake_read
#define write	fake_write
static int fake_poll(struct pollfd *p, nfds_t n, int ms);
static ssize_t fake_read(int fd, void *to, size_t len, off_t seen);
static ssize_t fake_write(int fd, const void *from, size_t len);
#include "mk_channel.h"
#undef poll
#undef pread
#undef write

#define SIZE		4096	/* of a ring: who sends sleeps often */
#define MAX		1000	/* bytes of a message */
#define MESSAGES	20000
#define LIMIT		20	/* seconds without a doorbell that end a wait */

static struct end {
	struct mk_chan chan;	/* its descriptor is its side */
	pthread_mutex_t lock;
	pthread_cond_t rung;
	unsigned int sleeps, sent, received;
} ends[2];

static struct timespec in_seconds(int n)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += n;
	return t;
}

/* mk_ipc/chardev.c: without events, sleep until the channel is over. */
static int fake_poll(struct pollfd *p, nfds_t n, int ms)
{
	struct end *e = &ends[p->fd];
	struct timespec t = in_seconds(ms / 1000);
	int ret = 0;

	pthread_mutex_lock(&e->lock);
	while (!mk_chan_is_over(&e->chan) && !ret)
		ret = pthread_cond_timedwait(&e->rung, &e->lock, &t);
	pthread_mutex_unlock(&e->lock);
	p->revents = ret ? 0 : POLLHUP;
	return ret ? 0 : n;
}

/* Likewise until the other side's counter is another one. */
static ssize_t fake_read(int fd, void *to, size_t len, off_t seen)
{
	struct end *e = &ends[fd];
	struct timespec t = in_seconds(LIMIT);
	__u64 rings;
	int ret = 0;

	pthread_mutex_lock(&e->lock);
	e->sleeps++;
	while (!(rings = mk_chan_rung(&e->chan) - (__u32)seen) &&
	       !mk_chan_is_over(&e->chan) && !ret)
		ret = pthread_cond_timedwait(&e->rung, &e->lock, &t);
	pthread_mutex_unlock(&e->lock);
	errno = ret ? ret : ECONNRESET;
	memcpy(to, &rings, len);
	return rings ? (ssize_t)len : -1;
}

static ssize_t fake_write(int fd, const void *from, size_t len)
{
	struct end *peer = &ends[!fd];
	__u32 *rung = &peer->chan.head->side[fd].rung;

	(void)from;
	pthread_mutex_lock(&peer->lock);
	mk_peer_store_release(rung, mk_peer_load(rung) + 1);
	pthread_cond_broadcast(&peer->rung);
	pthread_mutex_unlock(&peer->lock);
	return len;
}

static void *send_all(void *arg)
{
	struct end *e = arg;
	unsigned int seed = e->chan.info.side + 1;
	__u32 words[MAX / 4], i;

	for (; e->sent < MESSAGES; e->sent++) {
		for (i = 0; i < MAX / 4; i++)
			words[i] = e->sent + i;
		if (mk_chan_send(&e->chan, words, 4 + rand_r(&seed) % (MAX / 4) * 4))
			break;
	}
	return NULL;
}

static void *receive_all(void *arg)
{
	struct end *e = arg;
	__u32 words[MAX / 4];
	int len, i;

	for (; e->received < MESSAGES; e->received++) {
		len = mk_chan_receive(&e->chan, words, sizeof(words));
		if (len < 4)
			break;
		for (i = 0; i < len / 4; i++)
			if (words[i] != e->received + i)
				return NULL;
	}
	return NULL;
}

FIXTURE(channel) {
	struct mk_channel_head *head;
};

FIXTURE_SETUP(channel)
{
	size_t size = MK_CHANNEL_HEAD + 2 * SIZE;
	int i;

	self->head = aligned_alloc(MK_CHANNEL_HEAD, size);
	memset(self->head, 0, size);
	for (i = 0; i < 2; i++) {
		struct mk_chan *c = &ends[i].chan;

		ASSERT_EQ(0, mk_ring_make(&self->head->ring[i], SIZE, 1));
		self->head->side[i].state = MK_SIDE_OPEN;
		*c = (struct mk_chan){
			.fd = i, .head = self->head,
			.info = { .side = i, .ring_size = SIZE, .epoch = 1 },
		};
		pthread_mutex_init(&ends[i].lock, NULL);
		pthread_cond_init(&ends[i].rung, NULL);
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, mk_chan_attach(&ends[i].chan));
}

FIXTURE_TEARDOWN(channel)
{
	free(self->head);
}

TEST_F(channel, each_side_sends_and_receives_at_once)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, i / 2 ? send_all : receive_all,
					    &ends[i % 2]));
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 2; i++) {
		TH_LOG("side %d slept %u times", i, ends[i].sleeps);
		EXPECT_EQ(MESSAGES, ends[i].sent);
		EXPECT_EQ(MESSAGES, ends[i].received);
		EXPECT_LT(MESSAGES / 100, ends[i].sleeps);
	}
}

TEST_F(channel, nothing_is_sent_to_who_has_left)
{
	__u32 word = 7;

	ASSERT_EQ(0, mk_chan_send(&ends[0].chan, &word, sizeof(word)));
	self->head->side[1].state = MK_SIDE_CLOSED;
	EXPECT_EQ(-ECONNRESET, mk_chan_send(&ends[0].chan, &word, sizeof(word)));
	/* what came before its sender left can be received, once */
	self->head->side[0].state = MK_SIDE_CLOSED;
	EXPECT_EQ((int)sizeof(word), mk_chan_receive(&ends[1].chan, &word, sizeof(word)));
	EXPECT_EQ(-ECONNRESET, mk_chan_receive(&ends[1].chan, &word, sizeof(word)));
}

static void *leave(void *arg)
{
	struct end *peer = arg;

	usleep(100000);
	pthread_mutex_lock(&peer->lock);
	mk_peer_store_release(&peer->chan.head->side[!peer->chan.info.side].state, MK_SIDE_CLOSED);
	pthread_cond_broadcast(&peer->rung);
	pthread_mutex_unlock(&peer->lock);
	return NULL;
}

TEST_F(channel, who_leaves_ends_the_rest_of_a_rate)
{
	time_t begin = time(NULL);
	char message[MAX] = { };
	pthread_t thread;
	int i;

	ends[1].chan.rate.rate = MAX / LIMIT;
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, mk_chan_send(&ends[0].chan, message, MAX));
	ASSERT_EQ(0, pthread_create(&thread, NULL, leave, &ends[1]));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(MAX, mk_chan_receive(&ends[1].chan, message, MAX));
	EXPECT_EQ(-ECONNRESET, mk_chan_receive(&ends[1].chan, message, MAX));
	pthread_join(thread, NULL);
	EXPECT_GT(LIMIT / 2, time(NULL) - begin);
}

TEST_HARNESS_MAIN
