/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to the pure cores: what they need from the kernel or from libc, and
 * unaligned access in a stated byte order.
 */
#ifndef MK_CORE_PURE_H
#define MK_CORE_PURE_H

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/string.h>
#else
#include <stddef.h>
#include <string.h>
#endif
#include <linux/types.h>

static inline __u16 mk_get16(const void *p)
{
	const __u8 *b = p;

	return b[0] | b[1] << 8;
}

static inline __u32 mk_get32(const void *p)
{
	const __u8 *b = p;

	return mk_get16(b) | (__u32)mk_get16(b + 2) << 16;
}

static inline __u64 mk_get64(const void *p)
{
	const __u8 *b = p;

	return mk_get32(b) | (__u64)mk_get32(b + 4) << 32;
}

static inline void mk_put16(void *p, __u16 v)
{
	__u8 *b = p;

	b[0] = v & 0xff;
	b[1] = v >> 8;
}

static inline void mk_put32(void *p, __u32 v)
{
	__u8 *b = p;

	mk_put16(b, v & 0xffff);
	mk_put16(b + 2, v >> 16);
}

static inline void mk_put64(void *p, __u64 v)
{
	__u8 *b = p;

	mk_put32(b, v & 0xffffffff);
	mk_put32(b + 4, v >> 32);
}

/* big-endian, for flattened device trees */
static inline __u32 mk_get_be32(const void *p)
{
	const __u8 *b = p;

	return (__u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

static inline void mk_put_be32(void *p, __u32 v)
{
	__u8 *b = p;

	b[0] = v >> 24;
	b[1] = v >> 16 & 0xff;
	b[2] = v >> 8 & 0xff;
	b[3] = v & 0xff;
}

#endif /* MK_CORE_PURE_H */
