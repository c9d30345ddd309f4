/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place for differences between kernel versions, named by capability
 * and probed by header or macro where that can be done.
 */
#ifndef MK_CORE_COMPAT_H
#define MK_CORE_COMPAT_H

#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/sysfs.h>
#include <linux/version.h>

/* alloc_contig_range() took a migrate type until acr_flags_t came (6.18). */
#ifdef ACR_FLAGS_NONE
#define COMPAT_CONTIG_KIND	ACR_FLAGS_NONE
#else
#define COMPAT_CONTIG_KIND	MIGRATE_MOVABLE
#endif

/* hrtimer_setup() replaces hrtimer_init() and the callback's assignment (6.13). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

/* bin_attribute callbacks take a const attribute (6.16). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define compat_bin_const
#else
#define compat_bin_const const
#endif

/* kset_uevent_ops callbacks take a const kobject (6.3). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define compat_uevent_const
#else
#define compat_uevent_const const
#endif

/* The namespace of an export became a string (6.13). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define COMPAT_NAMESPACE	MULTIKERNEL
#else
#define COMPAT_NAMESPACE	"MULTIKERNEL"
#endif

/* Interrupts are moved at once, and not at their next one, by default (6.14). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define COMPAT_MOVE_AT_ONCE	IRQ_MOVE_PCNTXT
#else
#define COMPAT_MOVE_AT_ONCE	0
#endif

/* The functions of an hvc console count in size_t, and its text is u8 (6.8). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define compat_hvc_char_t		char
#define compat_hvc_size_t		int
#define compat_hvc_ssize_t	int
#else
#define compat_hvc_char_t		u8
#define compat_hvc_size_t		size_t
#define compat_hvc_ssize_t	ssize_t
#endif

/* AF_VSOCK's transports are told of network namespaces (7.0). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define compat_vsock_send_args		struct sk_buff *skb, struct net *net
#define compat_vsock_stream_args	struct vsock_sock *vsk, u32 cid, u32 port
#define compat_vsock_seqpacket_args	struct vsock_sock *vsk, u32 cid
#define COMPAT_VSOCK_IS_GLOBAL		vsock_net_mode_global(vsk)
#define compat_vsock_recv(_transport, _skb)	virtio_transport_recv_pkt(_transport, _skb, NULL)
#else
#define compat_vsock_send_args		struct sk_buff *skb
#define compat_vsock_stream_args	u32 cid, u32 port
#define compat_vsock_seqpacket_args	u32 cid
#define COMPAT_VSOCK_IS_GLOBAL		true
#define compat_vsock_recv(_transport, _skb)	virtio_transport_recv_pkt(_transport, _skb)
#endif

/* They tell how much is not sent yet, and can do more (6.4 to 6.12). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define compat_vsock_sent(_skb)		consume_skb(_skb)
#define COMPAT_VSOCK_OPS
#else
#define compat_vsock_sent(_skb)		virtio_transport_consume_skb_sent(_skb, true)
#define COMPAT_VSOCK_OPS						\
	.unsent_bytes = virtio_transport_unsent_bytes,			\
	.notify_set_rcvlowat = virtio_transport_notify_set_rcvlowat,	\
	.read_skb = virtio_transport_read_skb,
#endif

/* They are asked which CIDs they reach (7.1). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
#define COMPAT_VSOCK_HAS_CID
#else
#define COMPAT_VSOCK_HAS_CID	.has_remote_cid = has_remote_cid,
#endif

#endif /* MK_CORE_COMPAT_H */
