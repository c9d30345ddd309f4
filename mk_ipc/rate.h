/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: how many bytes a second a receiver takes.  Who sends more finds the ring
 * full.  The caller tells the time: ns of any clock that only goes forward.
 */
#ifndef MK_IPC_RATE_H
#define MK_IPC_RATE_H

#include <linux/types.h>

#define MK_RATE_MAX	0x10000000000ULL	/* bytes a second: 1 TiB */
#define MK_RATE_BURST	100000000ULL	/* ns that were not used and may be later */

/**
 * struct mk_rate - a receiver's budget
 * @rate:	bytes a second, 0: no limit
 * @next:	when the next byte may be taken
 */
struct mk_rate {
	__u64 rate;
	__u64 next;
};

/**
 * mk_rate_wait() - how long until a message may be taken?
 * @r:		budget
 * @now:	time
 *
 * Return: ns, 0: now.
 */
static inline __u64 mk_rate_wait(const struct mk_rate *r, __u64 now)
{
	return r->rate && r->next > now ? r->next - now : 0;
}

/**
 * mk_rate_take() - a message was taken
 * @r:		budget
 * @now:	time
 * @bytes:	of the message, below 2^32
 */
static inline void mk_rate_take(struct mk_rate *r, __u64 now, __u32 bytes)
{
	if (!r->rate)
		return;
	if (r->next + MK_RATE_BURST < now)
		r->next = now - MK_RATE_BURST;
	r->next += bytes * 1000000000ULL / r->rate;
}

#endif /* MK_IPC_RATE_H */
