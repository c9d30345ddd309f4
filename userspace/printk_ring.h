/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel log of an instance, read out of its memory without its help: it
 * may run, hang, or be dead.  Nothing in that memory is trusted.
 */
#ifndef PRINTK_RING_H
#define PRINTK_RING_H

#include <stddef.h>

#include "../mk_core/uapi.h"

/**
 * struct mk_mem - the memory of an instance
 * @ctx:	argument for @read
 * @read:	copies physical memory out; the range lies in one extent;
 *		0 or -errno
 * @extents:	ranges of physical memory
 * @nr_extents:	number of @extents
 * @found:	NULL, or a word, zero at first, that spares the next call on
 *		this memory the search
 */
struct mk_mem {
	void *ctx;
	int (*read)(void *ctx, __u64 phys, void *buf, size_t len);
	const struct mk_extent *extents;
	unsigned int nr_extents;
	__u64 *found;
};

/**
 * struct mk_log_record - a message of the kernel
 * @seq:	sequence number; lost messages leave gaps
 * @ts_nsec:	its time in ns of the instance's clock
 * @level:	0 (emergency) to 7 (debug)
 * @facility:	syslog facility; 0 is the kernel
 * @caller_id:	thread, or CPU with bit 31 set
 * @text:	hostile bytes, possibly of several lines; NUL-terminated
 * @len:	bytes of @text
 */
struct mk_log_record {
	__u64 seq;
	__u64 ts_nsec;
	unsigned int level, facility;
	__u32 caller_id;
	const char *text;
	size_t len;
};

/* Called for each message, the oldest first.  Non-zero stops. */
typedef int (*mk_log_fn)(void *ctx, const struct mk_log_record *rec);

/**
 * mk_log_decode() - find the kernel log in a memory and read it
 * @mem:	the memory
 * @fn:		gets the messages
 * @ctx:	argument for @fn
 * @why:	out: what went wrong, in words that fit behind a colon
 * @why_len:	bytes of @why
 *
 * Return: the number of messages that @fn got, or -errno with @why filled.
 */
int mk_log_decode(const struct mk_mem *mem, mk_log_fn fn, void *ctx, char *why,
		  size_t why_len);

#endif /* PRINTK_RING_H */
