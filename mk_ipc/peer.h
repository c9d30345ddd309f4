/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads, stores and barriers between kernels; nothing else in the tree may do
 * this.  Linux takes the LOCK prefix out of cmpxchg() and makes smp_mb() a
 * compiler barrier in a kernel that has one CPU (arch/x86/kernel/alternative.c;
 * CONFIG_SMP=n), so these are the virt_*() and sync_*() forms.  User space has
 * the compiler's atomics, which ThreadSanitizer understands.
 */
#ifndef MK_IPC_PEER_H
#define MK_IPC_PEER_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <asm/sync_bitops.h>
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/string.h>

#define mk_peer_load(_p)		READ_ONCE(*(_p))
#define mk_peer_store(_p, _v)		WRITE_ONCE(*(_p), _v)
#define mk_peer_load_acquire(_p)	virt_load_acquire(_p)	/* the peer's release */
#define mk_peer_store_release(_p, _v)	virt_store_release(_p, _v) /* the peer's acquire */
/* What is stored before is seen before what is loaded after is read. */
#define mk_peer_mb()			virt_mb()
/* Release, and then mk_peer_mb(). */
#define mk_peer_store_mb(_p, _v)	virt_store_mb(*(_p), _v)
#define mk_peer_rmb()			virt_rmb()	/* loads before, loads after */
#define mk_peer_wmb()			virt_wmb()	/* stores before, stores after */
/* A full barrier; what was there before. */
#define mk_peer_cmpxchg(_p, _old, _new)	sync_cmpxchg(_p, _old, _new)
/* A bit of a 64-bit word, full barriers: ends whatever others do to the word. */
#define mk_peer_set_bit(_nr, _p)	sync_set_bit(_nr, (unsigned long *)(_p))
#define mk_peer_clear_bit(_nr, _p)	sync_clear_bit(_nr, (unsigned long *)(_p))
/* A counter that only this kernel's CPUs write; release. */
#define mk_peer_inc(_p)			((void)atomic_inc_return_release((atomic_t *)(_p)))
#else
#include <string.h>

#define mk_peer_load(_p)		__atomic_load_n(_p, __ATOMIC_RELAXED)
#define mk_peer_store(_p, _v)		__atomic_store_n(_p, _v, __ATOMIC_RELAXED)
#define mk_peer_load_acquire(_p)	__atomic_load_n(_p, __ATOMIC_ACQUIRE)
#define mk_peer_store_release(_p, _v)	__atomic_store_n(_p, _v, __ATOMIC_RELEASE)
#define mk_peer_mb()			__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define mk_peer_store_mb(_p, _v)	((void)__atomic_exchange_n(_p, _v, __ATOMIC_SEQ_CST))
#define mk_peer_rmb()			__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define mk_peer_wmb()			__atomic_thread_fence(__ATOMIC_RELEASE)
#define mk_peer_cmpxchg(_p, _old, _new)	__sync_val_compare_and_swap(_p, _old, _new)
#define mk_peer_set_bit(_nr, _p)	((void)__sync_fetch_and_or(_p, 1ULL << (_nr)))
#define mk_peer_clear_bit(_nr, _p)	((void)__sync_fetch_and_and(_p, ~(1ULL << (_nr))))
#endif

#define MK_PEER_LONG	256	/* bytes that are worth the start of a string instruction */

/*
 * As memcpy(), which has a call for 64 bytes, and lets an emulator copy 4096 one
 * by one.  Short ones are moved in line; for long ones a CPU that writes whole
 * lines need not read them first.
 */
static inline void mk_peer_copy(void *to, const void *from, __u32 len)
{
	__u8 *t = to;
	const __u8 *f = from;

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	if (len >= MK_PEER_LONG) {
		unsigned long words = len / 8;

		__asm__ volatile("rep movsq" : "+D"(t), "+S"(f), "+c"(words) : : "memory");
		len %= 8;
	}
#endif
	for (; len >= 64; len -= 64, t += 64, f += 64)
		memcpy(t, f, 64);
	for (; len >= 8; len -= 8, t += 8, f += 8)
		memcpy(t, f, 8);
	for (; len; len--)
		*t++ = *f++;
}

#endif /* MK_IPC_PEER_H */
