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
#include <linux/compiler.h>

#define mk_peer_load(_p)		READ_ONCE(*(_p))
#define mk_peer_store(_p, _v)		WRITE_ONCE(*(_p), _v)
#define mk_peer_load_acquire(_p)	virt_load_acquire(_p)	/* the peer's release */
#define mk_peer_store_release(_p, _v)	virt_store_release(_p, _v) /* the peer's acquire */
/* What is stored before is seen before what is loaded after is read. */
#define mk_peer_mb()			virt_mb()
#else
#define mk_peer_load(_p)		__atomic_load_n(_p, __ATOMIC_RELAXED)
#define mk_peer_store(_p, _v)		__atomic_store_n(_p, _v, __ATOMIC_RELAXED)
#define mk_peer_load_acquire(_p)	__atomic_load_n(_p, __ATOMIC_ACQUIRE)
#define mk_peer_store_release(_p, _v)	__atomic_store_n(_p, _v, __ATOMIC_RELEASE)
#define mk_peer_mb()			__atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

#endif /* MK_IPC_PEER_H */
