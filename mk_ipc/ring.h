/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: a ring of messages from one kernel to another, and when to ring the
 * other's doorbell.  One producer, one consumer; each trusts nothing that the
 * other can write.
 *
 *	producer			consumer
 *	mk_tx_put()...			mk_rx_get()...
 *	mk_tx_publish(): tail --------> mk_rx_release(): head
 *	  true: ring its bell		  true: ring its bell
 *	mk_tx_arm(): sleep for room	mk_rx_arm(): sleep for a message
 *
 * A side that polls does not arm, and is not rung (as VIRTIO_F_EVENT_IDX:
 * virtio 1.2, 2.7.10).  Positions are bytes and count on modulo 2^32.
 */
#ifndef MK_IPC_RING_H
#define MK_IPC_RING_H

#include <linux/types.h>

#ifndef MK_RING_API
#define MK_RING_API	/* a header-only library makes all of it static */
#endif

#define MK_RING_MAGIC		0x474e5252U	/* "RRNG" */
#define MK_RING_ALIGN		8		/* of a message in the ring */
#define MK_RING_MESSAGE_MAX	65536		/* bytes of one message */
#define MK_RING_SIZE_MIN	4096
#define MK_RING_SIZE_MAX	0x40000000U

/**
 * struct mk_ring - the shared head of a ring; @size bytes of data are apart
 *
 * Written by the host before either side sees it:
 * @magic:	MK_RING_MAGIC
 * @size:	bytes of data: a power of two, MK_RING_SIZE_MIN to _MAX
 * @epoch:	which life of the channel this is; never repeats
 * @reserved:	zero
 *
 * Written by the producer:
 * @tail:	behind the last message that is complete
 * @room_event:	ring the producer's bell when @head gets beyond this
 * @tx_reserved: zero
 *
 * Written by the consumer:
 * @head:	behind the last message that is done with
 * @data_event:	ring the consumer's bell when @tail gets beyond this
 * @rx_reserved: zero
 *
 * A crash of either side leaves a ring that is valid up to what was published:
 * a message is either whole and before @tail, or not there. Who rings too much
 * or too little harms itself.
 */
struct mk_ring {
	__u32 magic;
	__u32 size;
	__u64 epoch;
	__u8  reserved[48];

	__u32 tail;
	__u32 room_event;
	__u8  tx_reserved[56];

	__u32 head;
	__u32 data_event;
	__u8  rx_reserved[56];
};

/**
 * struct mk_record - what stands before each message in the data
 * @len:	its bytes, up to MK_RING_MESSAGE_MAX
 * @reserved:	zero
 *
 * Records start at multiples of MK_RING_ALIGN; a message may go on at the start.
 */
struct mk_record {
	__u32 len;
	__u32 reserved;
};

/**
 * struct mk_tx - the producer's private side
 * @ring:	the shared head
 * @data:	its data
 * @size:	bytes of @data, as checked
 * @put:	behind the last message that was put
 * @tail:	what @ring->tail is: behind the last that was published
 * @head:	the consumer's position when it was last looked at
 * @broken:	the consumer wrote nonsense: nothing works any more
 */
struct mk_tx {
	struct mk_ring *ring;
	__u8 *data;
	__u32 size;
	__u32 put;
	__u32 tail;
	__u32 head;
	int broken;
};

/**
 * struct mk_rx - the consumer's private side
 * @ring:	the shared head
 * @data:	its data
 * @size:	bytes of @data, as checked
 * @got:	behind the last message that was got
 * @head:	what @ring->head is: behind the last that was released
 * @tail:	the producer's position when it was last looked at
 * @broken:	the producer wrote nonsense: nothing works any more
 */
struct mk_rx {
	struct mk_ring *ring;
	const __u8 *data;
	__u32 size;
	__u32 got;
	__u32 head;
	__u32 tail;
	int broken;
};

/**
 * mk_ring_make() - make an empty ring; the host, before either side attaches
 * @ring:	the shared head
 * @size:	bytes of data
 * @epoch:	of the channel
 *
 * Return: 0, or -EINVAL for a size that cannot be.
 */
MK_RING_API int mk_ring_make(struct mk_ring *ring, __u32 size, __u64 epoch);

/**
 * mk_tx_attach() - become the producer
 * @tx:		its side
 * @ring:	the shared head
 * @data:	the data
 * @size:	bytes of @data: what the host has said, not what the ring says
 * @epoch:	likewise
 *
 * Return: 0, -EINVAL for a size that cannot be, -EPROTO when the ring is
 * another one.
 */
MK_RING_API int mk_tx_attach(struct mk_tx *tx, struct mk_ring *ring, void *data, __u32 size,
			     __u64 epoch);

/**
 * mk_tx_put() - add a message; the consumer sees it after mk_tx_publish()
 * @tx:		the producer
 * @message:	its bytes
 * @len:	their number, also 0
 *
 * Return: 0, -EMSGSIZE when no ring or not this one can take it, -EAGAIN when
 * there is no room now, -EPROTO when the consumer is broken.
 */
MK_RING_API int mk_tx_put(struct mk_tx *tx, const void *message, __u32 len);

/**
 * struct mk_part - a piece of a ring's data
 * @at:		where
 * @len:	bytes
 */
struct mk_part {
	void *at;
	__u32 len;
};

/**
 * mk_tx_reserve() - add a message whose bytes the caller writes before
 * mk_tx_publish()
 * @tx:		the producer
 * @len:	bytes of the message
 * @part:	out: its place, which may go on at the start; or the second is empty
 *
 * Return: as mk_tx_put().
 */
MK_RING_API int mk_tx_reserve(struct mk_tx *tx, __u32 len, struct mk_part part[2]);

/**
 * mk_part_write() - write the next bytes of a message
 * @part:	of mk_tx_reserve(); begins behind these bytes afterwards
 * @bytes:	what to write
 * @len:	their number, at most what is left
 */
MK_RING_API void mk_part_write(struct mk_part part[2], const void *bytes, __u32 len);

/**
 * mk_tx_cancel() - forget what was put and is not published
 * @tx:		the producer
 */
MK_RING_API void mk_tx_cancel(struct mk_tx *tx);

/**
 * mk_tx_publish() - let the consumer see all that was put
 * @tx:		the producer
 *
 * Return: whether its doorbell must be rung.
 */
MK_RING_API int mk_tx_publish(struct mk_tx *tx);

/**
 * mk_tx_arm() - have our doorbell rung once there is room
 * @tx:		the producer; nothing is unpublished
 * @len:	for a message of this size
 *
 * Return: 0: sleep; 1: there is room already; -EMSGSIZE as mk_tx_put();
 * -EPROTO.
 */
MK_RING_API int mk_tx_arm(struct mk_tx *tx, __u32 len);

/**
 * mk_rx_attach() - become the consumer; see mk_tx_attach()
 * @rx:		its side
 * @ring:	the shared head
 * @data:	the data
 * @size:	bytes of @data
 * @epoch:	of the channel
 *
 * Return: 0, -EINVAL or -EPROTO.
 */
MK_RING_API int mk_rx_attach(struct mk_rx *rx, struct mk_ring *ring, const void *data,
			     __u32 size, __u64 epoch);

/**
 * mk_rx_get() - copy the next message
 * @rx:		the consumer
 * @message:	room for it
 * @room:	bytes of that
 * @len:	out: bytes of the message, also with -EMSGSIZE
 *
 * Its place is free after mk_rx_release(). A copy: what stays in shared memory
 * may change after it was checked.
 *
 * Return: 0, -EAGAIN when there is none, -EMSGSIZE when it is longer than
 * @room (it stays), -EPROTO when the producer is broken.
 */
MK_RING_API int mk_rx_get(struct mk_rx *rx, void *message, __u32 room, __u32 *len);

/**
 * mk_rx_release() - give back the room of all that was got
 * @rx:		the consumer
 *
 * Return: whether the producer's doorbell must be rung.
 */
MK_RING_API int mk_rx_release(struct mk_rx *rx);

/**
 * mk_rx_arm() - have our doorbell rung once there is a message
 * @rx:		the consumer
 *
 * Return: 0: sleep; 1: there is one already; -EPROTO.
 */
MK_RING_API int mk_rx_arm(struct mk_rx *rx);

#endif /* MK_IPC_RING_H */
