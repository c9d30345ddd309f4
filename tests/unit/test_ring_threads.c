// SPDX-License-Identifier: GPL-2.0
/*
 * A ring between two threads under ThreadSanitizer: random sizes and stalls,
 * both sides sleep for real and are woken by the bells alone. A wake-up that is
 * lost is a wait that ends by its limit.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "kselftest_harness.h"
#include "ring.h"

#define SIZE	8192
#define EPOCH	1
#define MAX	3000	/* bytes of a message */
#define LONG_SIZE (2 * MK_RING_MESSAGE_MAX)
#define LIMIT	60	/* seconds without a bell that end a wait */

struct side {
	struct mk_ring *ring;
	__u8 *data;
	__u32 size, max;
	sem_t *bell, *peer_bell;
	unsigned int messages, stalls, bad, bells, seed;
};

static void stall(struct side *s)
{
	struct timespec t = { .tv_nsec = rand_r(&s->seed) % 50000 };

	if (s->stalls && rand_r(&s->seed) % s->stalls == 0)
		nanosleep(&t, NULL);
}

static int sleep_for_bell(struct side *s)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += LIMIT;
	while (sem_timedwait(s->bell, &t))
		if (errno != EINTR) {
			s->bad++;
			return -1;
		}
	return 0;
}

static void ring_peer(struct side *s, int wanted)
{
	if (!wanted)
		return;
	s->bells++;
	sem_post(s->peer_bell);
}

/* Every message has its number and a pattern that goes with it; some are the longest. */
static __u32 fill(__u32 *words, __u32 n, struct side *s)
{
	__u32 len = n % 100 ? 4 + rand_r(&s->seed) % (s->max / 4) * 4 : s->max, i;

	for (i = 0; i < len / 4; i++)
		words[i] = n + i;
	return len;
}

static void *produce(void *arg)
{
	struct side *s = arg;
	__u32 words[MK_RING_MESSAGE_MAX / 4], n, len;
	struct mk_tx tx;

	if (mk_tx_attach(&tx, s->ring, s->data, s->size, EPOCH))
		s->bad++;
	for (n = 0; n < s->messages && !s->bad; n++) {
		len = fill(words, n, s);
		while (mk_tx_put(&tx, words, len) == -EAGAIN && !s->bad) {
			ring_peer(s, mk_tx_publish(&tx));
			if (!mk_tx_arm(&tx, len))
				sleep_for_bell(s);
		}
		if (rand_r(&s->seed) % 2)
			ring_peer(s, mk_tx_publish(&tx));
		stall(s);
	}
	ring_peer(s, mk_tx_publish(&tx));
	return NULL;
}

static void *consume(void *arg)
{
	struct side *s = arg;
	__u32 words[MK_RING_MESSAGE_MAX / 4], n = 0, len, i;
	struct mk_rx rx;
	int ret;

	if (mk_rx_attach(&rx, s->ring, s->data, s->size, EPOCH))
		s->bad++;
	while (n < s->messages && !s->bad) {
		ret = mk_rx_get(&rx, words, sizeof(words), &len);
		if (ret == -EAGAIN) {
			ring_peer(s, mk_rx_release(&rx));
			if (!mk_rx_arm(&rx))
				sleep_for_bell(s);
			continue;
		}
		s->bad += !!ret;
		for (i = 0; i < len / 4; i++)
			s->bad += words[i] != n + i;
		n++;
		if (rand_r(&s->seed) % 2)
			ring_peer(s, mk_rx_release(&rx));
		stall(s);
	}
	ring_peer(s, mk_rx_release(&rx));
	return NULL;
}

static void run_sizes(struct __test_metadata *_metadata, __u32 size, __u32 max,
		      unsigned int messages, unsigned int tx_stalls, unsigned int rx_stalls)
{
	struct mk_ring *ring = aligned_alloc(64, sizeof(*ring));
	__u8 *data = malloc(size);
	sem_t data_bell, room_bell;
	struct side tx = { ring, data, size, max, &room_bell, &data_bell,
			   messages, tx_stalls, 0, 0, 1 };
	struct side rx = { ring, data, size, max, &data_bell, &room_bell,
			   messages, rx_stalls, 0, 0, 2 };
	pthread_t threads[2];

	sem_init(&data_bell, 0, 0);
	sem_init(&room_bell, 0, 0);
	ASSERT_EQ(0, mk_ring_make(ring, size, EPOCH));
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, produce, &tx));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, consume, &rx));
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	TH_LOG("%u messages, bells: %u for data, %u for room", messages, tx.bells, rx.bells);
	EXPECT_EQ(0, tx.bad);
	EXPECT_EQ(0, rx.bad);
	/* all of them were needed: one for each time that somebody slept */
	EXPECT_LT(tx.bells, messages);
	free(data);
	free(ring);
}

static void run(struct __test_metadata *_metadata, unsigned int messages,
		unsigned int tx_stalls, unsigned int rx_stalls)
{
	run_sizes(_metadata, SIZE, MAX, messages, tx_stalls, rx_stalls);
}

TEST(as_fast_as_can_be)
{
	run(_metadata, 200000, 0, 0);
}

TEST(slow_consumer)
{
	run(_metadata, 20000, 0, 8);
}

TEST(slow_producer)
{
	run(_metadata, 20000, 8, 0);
}

TEST(both_stall)
{
	run(_metadata, 20000, 16, 16);
}

TEST(up_to_the_longest_message)
{
	run_sizes(_metadata, LONG_SIZE, MK_RING_MESSAGE_MAX, 10000, 64, 64);
}

TEST_HARNESS_MAIN
