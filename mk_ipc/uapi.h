/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/mk_ipc: channels for programs, in the host and in instances.
 *
 * Arguments as on /dev/mk (mk_core/uapi.h).  The descriptor of a channel:
 *
 *	mmap()	the channel: struct mk_channel_head (wire.h), then the data of
 *		ring 0 and of ring 1; ring.h is how to use them
 *	write()	of 8 bytes: rings the other side's doorbell
 *	read()	of 8 bytes: waits until the other side rang, and gives how many
 *		times it did since, as an eventfd does; ECONNRESET when the
 *		channel is over
 *	poll()	POLLIN when read() would not wait, POLLHUP when it is over
 */
#ifndef MK_IPC_UAPI_H
#define MK_IPC_UAPI_H

#include "../mk_core/uapi.h"

#define MK_IPC_DEVICE		"/dev/mk_ipc"

/**
 * struct mk_ipc_permit - MK_IPC_IOC_PERMIT: two kernels may talk; host only
 * @hdr:	header
 * @name:	of the channel, as of an instance
 * @end:	names of the two kernels, "": the host; side 0 and side 1
 * @ring_size:	bytes of data each way: a power of two, 4 KiB to 1 MiB
 * @kind:	MK_KIND_* (wire.h)
 * @reserved:	zero
 *
 * It stays until it is forbidden; both kernels have the channel while both
 * are running, and a new one, with another epoch, after each start.
 */
struct mk_ipc_permit {
	struct mk_hdr hdr;
	char name[MK_NAME_SIZE];
	char end[2][MK_NAME_SIZE];
	__u32 ring_size;
	__u32 kind;
	__u64 reserved;
};

/**
 * struct mk_ipc_forbid - MK_IPC_IOC_FORBID: no longer; host only
 * @hdr:	header
 * @name:	of the channel
 */
struct mk_ipc_forbid {
	struct mk_hdr hdr;
	char name[MK_NAME_SIZE];
};

/**
 * struct mk_ipc_open - MK_IPC_IOC_OPEN: use a channel of this kernel
 * @hdr:	header
 * @name:	of the channel
 * @timeout_ms:	how long to wait until both kernels have it, 0: not at all
 * @ring_size:	out: bytes of data of each ring
 * @side:	out: which one this is
 * @peer:	out: instance id of the other side, 0: host
 * @epoch:	out: of the channel
 * @peer_name:	out: name of the other side
 *
 * One descriptor at a time has a channel. Returns it.
 */
struct mk_ipc_open {
	struct mk_hdr hdr;
	char name[MK_NAME_SIZE];
	__u32 timeout_ms;
	__u32 ring_size;
	__u32 side;
	__u32 peer;
	__u64 epoch;
	char peer_name[MK_NAME_SIZE];
};

/**
 * struct mk_ipc_channel - a permit and the channel that it has now
 * @name:	of the channel, "": of a service that every instance has
 * @end:	names of the two kernels, "": the host
 * @kind:	MK_KIND_* (wire.h)
 * @ring_size:	bytes of data each way
 * @epoch:	of the channel, or 0: not both kernels are there
 * @state:	MK_SIDE_* of both sides
 * @bytes:	sent by each side, modulo 2^32, with 8 for each message and padding
 * @rings:	of the other's doorbell by each side, modulo 2^32
 *
 * What the sides wrote themselves (@state, @bytes, @rings) is their word only.
 */
struct mk_ipc_channel {
	char name[MK_NAME_SIZE];
	char end[2][MK_NAME_SIZE];
	__u32 kind;
	__u32 ring_size;
	__u64 epoch;
	__u32 state[2];
	__u32 bytes[2];
	__u32 rings[2];
};

/**
 * struct mk_ipc_list - MK_IPC_IOC_LIST: all permits; host only
 * @hdr:	header
 * @channels:	pointer to room for struct mk_ipc_channel
 * @nr:		in: room; out: number
 * @reserved:	zero
 */
struct mk_ipc_list {
	struct mk_hdr hdr;
	__u64 channels;
	__u32 nr;
	__u32 reserved;
};

#define MK_IPC_IOC_PERMIT	MK_IOC(0x40)
#define MK_IPC_IOC_FORBID	MK_IOC(0x41)
#define MK_IPC_IOC_OPEN		MK_IOC(0x42)
#define MK_IPC_IOC_LIST		MK_IOC(0x43)

#endif /* MK_IPC_UAPI_H */
