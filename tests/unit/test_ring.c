// SPDX-License-Identifier: GPL-2.0
/* A ring in one thread: order, wrap, full, bells, and what a bad peer writes. */
#include <errno.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "ring.h"

#define SIZE	4096
#define EPOCH	7

FIXTURE(ring) {
	struct mk_ring ring;
	struct mk_tx tx;
	struct mk_rx rx;
	__u8 *data;	/* of the heap, so that ASan sees its bounds */
	__u8 message[MK_RING_MESSAGE_MAX + 1];
	__u8 room[MK_RING_MESSAGE_MAX + 1];
	__u32 len;
};

FIXTURE_SETUP(ring)
{
	size_t i;

	self->data = malloc(SIZE);
	for (i = 0; i < sizeof(self->message); i++)
		self->message[i] = i * 7;
	ASSERT_EQ(0, mk_ring_make(&self->ring, SIZE, EPOCH));
	ASSERT_EQ(0, mk_tx_attach(&self->tx, &self->ring, self->data, SIZE, EPOCH));
	ASSERT_EQ(0, mk_rx_attach(&self->rx, &self->ring, self->data, SIZE, EPOCH));
}

FIXTURE_TEARDOWN(ring)
{
	free(self->data);
}

#define GET()	mk_rx_get(&self->rx, self->room, sizeof(self->room), &self->len)

TEST_F(ring, sizes)
{
	EXPECT_EQ(-EINVAL, mk_ring_make(&self->ring, SIZE - 1, EPOCH));
	EXPECT_EQ(-EINVAL, mk_ring_make(&self->ring, SIZE / 2, EPOCH));
	EXPECT_EQ(-EINVAL, mk_ring_make(&self->ring, 2 * MK_RING_SIZE_MAX, EPOCH));
	EXPECT_EQ(-EPROTO, mk_tx_attach(&self->tx, &self->ring, self->data, 2 * SIZE, EPOCH));
	EXPECT_EQ(-EPROTO, mk_rx_attach(&self->rx, &self->ring, self->data, SIZE, EPOCH + 1));
	self->ring.magic++;
	EXPECT_EQ(-EPROTO, mk_rx_attach(&self->rx, &self->ring, self->data, SIZE, EPOCH));
}

TEST_F(ring, nothing_is_seen_before_it_is_published)
{
	EXPECT_EQ(-EAGAIN, GET());
	EXPECT_EQ(0, mk_tx_put(&self->tx, "one", 3));
	EXPECT_EQ(-EAGAIN, GET());
	mk_tx_publish(&self->tx);
	EXPECT_EQ(0, GET());
	EXPECT_EQ(3, self->len);
	EXPECT_EQ(0, memcmp(self->room, "one", 3));
	EXPECT_EQ(-EAGAIN, GET());
}

TEST_F(ring, lengths_and_wrap)
{
	__u32 len, round;

	for (round = 0; round < 3; round++)
		for (len = 0; len <= SIZE - sizeof(struct mk_record); len++) {
			ASSERT_EQ(0, mk_tx_put(&self->tx, self->message, len));
			mk_tx_publish(&self->tx);
			memset(self->room, 0xee, len + 1);
			ASSERT_EQ(0, GET());
			ASSERT_EQ(len, self->len);
			ASSERT_EQ(0, memcmp(self->room, self->message, len));
			ASSERT_EQ(0xee, self->room[len]);
			mk_rx_release(&self->rx);
		}
	EXPECT_EQ(-EMSGSIZE, mk_tx_put(&self->tx, self->message, len));
	EXPECT_EQ(-EMSGSIZE, mk_tx_arm(&self->tx, len));
	EXPECT_EQ(-EMSGSIZE, mk_tx_put(&self->tx, self->message, MK_RING_MESSAGE_MAX + 1));
	EXPECT_EQ(-EMSGSIZE, mk_tx_put(&self->tx, self->message, -1));
}

/* In place, by pieces of any size. */
TEST_F(ring, a_message_in_pieces)
{
	__u32 round, done, n;
	struct mk_part part[2];

	for (round = 0; round < 2000; round++) {
		ASSERT_EQ(0, mk_tx_reserve(&self->tx, 1000, part));
		for (done = 0; done < 1000; done += n) {
			n = 1 + (round * 31 + done) % 300;
			n = n < 1000 - done ? n : 1000 - done;
			mk_part_write(part, self->message + done, n);
		}
		ASSERT_EQ(0, part[0].len + part[1].len);
		mk_tx_publish(&self->tx);
		ASSERT_EQ(0, GET());
		ASSERT_EQ(0, memcmp(self->room, self->message, 1000));
		mk_rx_release(&self->rx);
	}
}

TEST_F(ring, positions_wrap)
{
	__u32 start = -256, i;

	self->ring.head = start;
	self->ring.tail = start;
	self->tx.put = start;
	self->tx.tail = start;
	self->tx.head = start;
	self->rx.got = start;
	self->rx.head = start;
	self->rx.tail = start;
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, mk_rx_arm(&self->rx));
		ASSERT_EQ(0, mk_tx_put(&self->tx, &i, sizeof(i)));
		ASSERT_EQ(1, mk_tx_publish(&self->tx));
		ASSERT_EQ(0, GET());
		ASSERT_EQ(0, memcmp(self->room, &i, sizeof(i)));
		mk_rx_release(&self->rx);
	}
}

TEST_F(ring, full_and_empty)
{
	int n = 0, ret;

	while (!(ret = mk_tx_put(&self->tx, self->message, 24)))
		n++;
	EXPECT_EQ(-EAGAIN, ret);
	EXPECT_EQ(SIZE / 32, n);
	mk_tx_publish(&self->tx);
	EXPECT_EQ(0, GET());
	EXPECT_EQ(-EAGAIN, mk_tx_put(&self->tx, self->message, 24));	/* not released */
	mk_rx_release(&self->rx);
	EXPECT_EQ(0, mk_tx_put(&self->tx, self->message, 24));
	EXPECT_EQ(-EAGAIN, mk_tx_put(&self->tx, self->message, 24));
}

TEST_F(ring, a_message_that_is_too_long_stays)
{
	mk_tx_put(&self->tx, "longer", 6);
	mk_tx_publish(&self->tx);
	EXPECT_EQ(-EMSGSIZE, mk_rx_get(&self->rx, self->room, 5, &self->len));
	EXPECT_EQ(6, self->len);
	EXPECT_EQ(0, GET());
}

/* Who polls is not rung; who sleeps is rung once. */
TEST_F(ring, bell_of_the_consumer)
{
	mk_tx_put(&self->tx, "a", 1);
	EXPECT_EQ(0, mk_tx_publish(&self->tx));
	EXPECT_EQ(0, GET());
	EXPECT_EQ(0, mk_rx_arm(&self->rx));
	EXPECT_EQ(0, mk_tx_publish(&self->tx));
	mk_tx_put(&self->tx, "b", 1);
	mk_tx_put(&self->tx, "c", 1);
	EXPECT_EQ(1, mk_tx_publish(&self->tx));
	mk_tx_put(&self->tx, "d", 1);
	EXPECT_EQ(0, mk_tx_publish(&self->tx));
	EXPECT_EQ(1, mk_rx_arm(&self->rx));
}

TEST_F(ring, bell_of_the_producer)
{
	while (!mk_tx_put(&self->tx, self->message, 24))
		;
	mk_tx_publish(&self->tx);
	EXPECT_EQ(0, mk_tx_arm(&self->tx, 24 + 32));
	EXPECT_EQ(0, GET());
	EXPECT_EQ(0, mk_rx_release(&self->rx));		/* not enough yet */
	EXPECT_EQ(0, GET());
	EXPECT_EQ(1, mk_rx_release(&self->rx));
	EXPECT_EQ(0, GET());
	EXPECT_EQ(0, mk_rx_release(&self->rx));
	EXPECT_EQ(1, mk_tx_arm(&self->tx, 24));
	EXPECT_EQ(0, mk_tx_put(&self->tx, self->message, 24 + 32));
}

TEST_F(ring, hostile_consumer)
{
	static const __u32 heads[] = { 8, 4096, 0x80000000, -8, -4096, 65 };
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		mk_tx_attach(&self->tx, &self->ring, self->data, SIZE, EPOCH);
		self->ring.head = heads[i];
		EXPECT_EQ(-EPROTO, mk_tx_arm(&self->tx, 1));
		EXPECT_EQ(-EPROTO, mk_tx_put(&self->tx, "x", 1));
		EXPECT_EQ(0, mk_tx_publish(&self->tx));
		self->ring.head = 0;
		EXPECT_EQ(-EPROTO, mk_tx_put(&self->tx, "x", 1));
	}
}

TEST_F(ring, a_consumer_that_goes_back)
{
	while (!mk_tx_put(&self->tx, self->message, 24))
		;
	mk_tx_publish(&self->tx);
	self->ring.head = 64;
	EXPECT_EQ(0, mk_tx_put(&self->tx, self->message, 24));
	EXPECT_EQ(0, mk_tx_put(&self->tx, self->message, 24));
	self->ring.head = 32;
	EXPECT_EQ(-EPROTO, mk_tx_put(&self->tx, self->message, 24));
}

TEST_F(ring, hostile_producer)
{
	static const __u32 tails[] = { 1, 4, 4104, 0x80000000, -8, -4096 };
	size_t i;

	for (i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		mk_rx_attach(&self->rx, &self->ring, self->data, SIZE, EPOCH);
		self->ring.tail = tails[i];
		EXPECT_EQ(-EPROTO, mk_rx_arm(&self->rx));
		EXPECT_EQ(-EPROTO, GET());
		self->ring.tail = 64;
		EXPECT_EQ(-EPROTO, GET());
		EXPECT_EQ(0, mk_rx_release(&self->rx));
	}
}

TEST_F(ring, hostile_records)
{
	static const struct mk_record records[] = {
		{ 57, 0 }, { 4096, 0 }, { MK_RING_MESSAGE_MAX + 1, 0 }, { -1, 0 }, { -8, 0 },
		{ 8, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(records) / sizeof(*records); i++) {
		mk_rx_attach(&self->rx, &self->ring, self->data, SIZE, EPOCH);
		memcpy(self->data, &records[i], sizeof(records[i]));
		self->ring.tail = 64;
		EXPECT_EQ(-EPROTO, GET());
		EXPECT_EQ(-EPROTO, mk_rx_arm(&self->rx));
	}
}

/* Anything that a peer can write, at any time: an error or a message. */
TEST_F(ring, noise)
{
	__u32 i, at;
	int ret;

	srand(1);
	for (i = 0; i < 300000; i++) {
		if (i % 64 == 0) {
			mk_ring_make(&self->ring, SIZE, EPOCH);
			mk_tx_attach(&self->tx, &self->ring, self->data, SIZE, EPOCH);
			mk_rx_attach(&self->rx, &self->ring, self->data, SIZE, EPOCH);
		}
		at = rand();
		switch (rand() % 8) {
		case 0:
			self->ring.tail += rand() % 2 ? at : at % 128 * 8;
			break;
		case 1:
			self->ring.head += rand() % 2 ? at : at % 128 * 8;
			break;
		case 2:
			self->data[at % SIZE] = rand();
			break;
		case 3:
			self->ring.data_event = rand();
			self->ring.room_event = rand();
			break;
		case 4:
			ret = mk_tx_put(&self->tx, self->message, rand() % 5000);
			ASSERT_TRUE(!ret || ret == -EAGAIN || ret == -EMSGSIZE || ret == -EPROTO);
			break;
		case 5:
			mk_tx_publish(&self->tx);
			break;
		case 6:
			ret = mk_rx_get(&self->rx, self->room, rand() % 5000, &self->len);
			ASSERT_TRUE(!ret || ret == -EAGAIN || ret == -EMSGSIZE || ret == -EPROTO);
			break;
		case 7:
			mk_rx_release(&self->rx);
			break;
		}
	}
}

TEST_HARNESS_MAIN
