// SPDX-License-Identifier: GPL-2.0
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/string.h>

#define MK_RING_RARE	noinline	/* out of the way of what is not */
#else
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#ifdef __clang__
#define MK_RING_RARE
#else
#define MK_RING_RARE	__attribute__((__noipa__))
#endif
#endif

#include "peer.h"
#include "ring.h"

#define MK_RING_IS(_what)	static_assert(_what, #_what)

MK_RING_IS(sizeof(struct mk_ring) == 192);
MK_RING_IS(offsetof(struct mk_ring, magic) == 0);
MK_RING_IS(offsetof(struct mk_ring, size) == 4);
MK_RING_IS(offsetof(struct mk_ring, epoch) == 8);
MK_RING_IS(offsetof(struct mk_ring, tail) == 64);
MK_RING_IS(offsetof(struct mk_ring, room_event) == 68);
MK_RING_IS(offsetof(struct mk_ring, head) == 128);
MK_RING_IS(offsetof(struct mk_ring, data_event) == 132);
MK_RING_IS(sizeof(struct mk_record) == 8);
MK_RING_IS(offsetof(struct mk_record, reserved) == 4);

static int size_is_good(__u32 size)
{
	return size >= MK_RING_SIZE_MIN && size <= MK_RING_SIZE_MAX && !(size & (size - 1));
}

/* Bytes that a message takes, with its record. */
static __u32 room_for(__u32 len)
{
	return sizeof(struct mk_record) + ((len + MK_RING_ALIGN - 1) & -MK_RING_ALIGN);
}

/* Whether a position that went from @old to @new got beyond @event. */
static int beyond(__u32 event, __u32 new, __u32 old)
{
	return new - event - 1 < new - old;
}

MK_RING_API int mk_ring_make(struct mk_ring *ring, __u32 size, __u64 epoch)
{
	if (!size_is_good(size))
		return -EINVAL;
	memset(ring, 0, sizeof(*ring));
	ring->size = size;
	ring->epoch = epoch;
	/* who polls from the start is not rung: 0 is not beyond -1 */
	ring->room_event = -1;
	ring->data_event = -1;
	mk_peer_store_release(&ring->magic, MK_RING_MAGIC);
	return 0;
}

static int check_ring(const struct mk_ring *ring, __u32 size, __u64 epoch)
{
	if (!size_is_good(size))
		return -EINVAL;
	if (mk_peer_load_acquire(&ring->magic) != MK_RING_MAGIC ||
	    mk_peer_load(&ring->size) != size || mk_peer_load(&ring->epoch) != epoch)
		return -EPROTO;
	return 0;
}

/* --- producer --------------------------------------------------------------- */

MK_RING_API int mk_tx_attach(struct mk_tx *tx, struct mk_ring *ring, void *data, __u32 size,
			     __u64 epoch)
{
	memset(tx, 0, sizeof(*tx));
	tx->ring = ring;
	tx->data = data;
	tx->size = size;
	return check_ring(ring, size, epoch);
}

/* Without room and with nothing to publish: only look_at_head() has to ask. */
static MK_RING_RARE int break_tx(struct mk_tx *tx)
{
	tx->broken = 1;
	tx->put = tx->tail;
	tx->head = tx->tail - tx->size;
	return -EPROTO;
}

/* The consumer has got no more than was published, and goes forward only. */
static int look_at_head(struct mk_tx *tx)
{
	__u32 head = mk_peer_load_acquire(&tx->ring->head);

	if (tx->broken || tx->tail - head > tx->tail - tx->head)
		return break_tx(tx);
	tx->head = head;
	return 0;
}

static int has_room(const struct mk_tx *tx, __u32 need)
{
	return tx->size - (tx->put - tx->head) >= need;
}

static int fits(const struct mk_tx *tx, __u32 len)
{
	return len <= MK_RING_MESSAGE_MAX && room_for(len) <= tx->size;
}

static MK_RING_RARE int find_room(struct mk_tx *tx, __u32 len)
{
	int ret = fits(tx, len) ? look_at_head(tx) : -EMSGSIZE;

	return ret || has_room(tx, room_for(len)) ? ret : -EAGAIN;
}

/* Write the record of a message; where its bytes begin is *@start. */
static int begin_message(struct mk_tx *tx, __u32 len, __u32 *start)
{
	__u32 need = room_for(len);
	__u64 record = len;	/* struct mk_record */
	int ret;

	if (len > MK_RING_MESSAGE_MAX || !has_room(tx, need)) {
		ret = find_room(tx, len);
		if (ret)
			return ret;
	}
	/* aligned: a record is in one piece */
	memcpy(tx->data + (tx->put & (tx->size - 1)), &record, sizeof(record));
	*start = (tx->put + sizeof(record)) & (tx->size - 1);
	tx->put += need;
	return 0;
}

MK_RING_API int mk_tx_reserve(struct mk_tx *tx, __u32 len, struct mk_part part[2])
{
	__u32 start, first;
	int ret = begin_message(tx, len, &start);

	if (ret)
		return ret;
	first = len < tx->size - start ? len : tx->size - start;
	part[0] = (struct mk_part){ tx->data + start, first };
	part[1] = (struct mk_part){ tx->data, len - first };
	return 0;
}

MK_RING_API void mk_part_write(struct mk_part part[2], const void *bytes, __u32 len)
{
	__u32 first = len < part[0].len ? len : part[0].len;

	mk_peer_copy(part[0].at, bytes, first);
	part[0] = (struct mk_part){ (__u8 *)part[0].at + first, part[0].len - first };
	if (len == first)
		return;
	mk_peer_copy(part[1].at, (const __u8 *)bytes + first, len - first);
	part[1] = (struct mk_part){ (__u8 *)part[1].at + len - first, part[1].len - (len - first) };
}

MK_RING_API void mk_tx_cancel(struct mk_tx *tx)
{
	tx->put = tx->tail;
}

static MK_RING_RARE void copy_around(__u8 *to, __u8 *to2, const __u8 *from, const __u8 *from2,
				     __u32 first, __u32 rest)
{
	mk_peer_copy(to, from, first);
	mk_peer_copy(to2, from2, rest);
}

MK_RING_API int mk_tx_put(struct mk_tx *tx, const void *message, __u32 len)
{
	__u32 start, first;
	int ret = begin_message(tx, len, &start);

	if (ret)
		return ret;
	first = tx->size - start;
	if (len <= first)
		mk_peer_copy(tx->data + start, message, len);
	else
		copy_around(tx->data + start, tx->data, message, (const __u8 *)message + first,
			    first, len - first);
	return 0;
}

MK_RING_API int mk_tx_publish(struct mk_tx *tx)
{
	__u32 old = tx->tail;

	if (tx->put == old)
		return 0;
	tx->tail = tx->put;
	mk_peer_store_mb(&tx->ring->tail, tx->tail);	/* against that of mk_rx_arm() */
	return beyond(mk_peer_load(&tx->ring->data_event), tx->tail, old);
}

MK_RING_API int mk_tx_arm(struct mk_tx *tx, __u32 len)
{
	int ret;

	if (!fits(tx, len))
		return -EMSGSIZE;
	mk_peer_store(&tx->ring->room_event, tx->put + room_for(len) - tx->size - 1);
	mk_peer_mb();	/* against that of mk_rx_release() */
	ret = look_at_head(tx);
	return ret ? ret : has_room(tx, room_for(len));
}

/* --- consumer --------------------------------------------------------------- */

MK_RING_API int mk_rx_attach(struct mk_rx *rx, struct mk_ring *ring, const void *data,
			     __u32 size, __u64 epoch)
{
	memset(rx, 0, sizeof(*rx));
	rx->ring = ring;
	rx->data = data;
	rx->size = size;
	return check_ring(ring, size, epoch);
}

/* With nothing to get and to release: only look_at_tail() has to ask. */
static MK_RING_RARE int break_rx(struct mk_rx *rx)
{
	rx->broken = 1;
	rx->got = rx->head;
	rx->tail = rx->head;
	return -EPROTO;
}

/* The producer has not overrun us, and goes forward only. */
static int look_at_tail(struct mk_rx *rx)
{
	__u32 tail = mk_peer_load_acquire(&rx->ring->tail);

	if (rx->broken || tail - rx->tail > rx->size - (rx->tail - rx->head) ||
	    tail % MK_RING_ALIGN)
		return break_rx(rx);
	rx->tail = tail;
	return 0;
}

static void copy_out(const struct mk_rx *rx, __u32 at, void *to, __u32 len)
{
	__u32 start = at & (rx->size - 1), first = rx->size - start;

	if (len <= first)
		mk_peer_copy(to, rx->data + start, len);
	else
		copy_around(to, (__u8 *)to + first, rx->data + start, rx->data, first, len - first);
}

/* A message that cannot be got: there is no such one, or it has no room. */
static MK_RING_RARE int refuse(struct mk_rx *rx, __u64 record, __u32 *len)
{
	if (record > MK_RING_MESSAGE_MAX || room_for(record) > rx->tail - rx->got)
		return break_rx(rx);
	*len = record;
	return -EMSGSIZE;
}

MK_RING_API int mk_rx_get(struct mk_rx *rx, void *message, __u32 room, __u32 *len)
{
	__u64 record;
	__u32 need;
	int ret;

	*len = 0;
	if (rx->got == rx->tail) {
		ret = look_at_tail(rx);
		if (ret)
			return ret;
		if (rx->got == rx->tail)
			return -EAGAIN;
	}
	/* aligned: in one piece, and loaded once; whatever is reserved is too long */
	record = mk_peer_load((const __u64 *)(rx->data + (rx->got & (rx->size - 1))));
	need = room_for(record);
	if (record > MK_RING_MESSAGE_MAX || record > room || need > rx->tail - rx->got)
		return refuse(rx, record, len);
	copy_out(rx, rx->got + sizeof(record), message, record);
	rx->got += need;
	*len = record;
	return 0;
}

MK_RING_API int mk_rx_release(struct mk_rx *rx)
{
	__u32 old = rx->head;

	if (rx->got == old)
		return 0;
	rx->head = rx->got;
	mk_peer_store_mb(&rx->ring->head, rx->head);	/* against that of mk_tx_arm() */
	return beyond(mk_peer_load(&rx->ring->room_event), rx->head, old);
}

MK_RING_API int mk_rx_arm(struct mk_rx *rx)
{
	int ret;

	mk_peer_store(&rx->ring->data_event, rx->got);
	mk_peer_mb();	/* against that of mk_tx_publish() */
	ret = look_at_tail(rx);
	return ret ? ret : rx->tail != rx->got;
}
