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
 *		times it did since the last one, as an eventfd does; ECONNRESET
 *		when the channel is over
 *	pread()	likewise, since mk_side.rung of the other side was as @offset:
 *		any number of threads wait, each for what it has not seen
 *	poll()	POLLIN when read() would not wait, POLLHUP when it is over
 *	ioctl()	MK_IPC_IOC_BELL
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
 * @ring_size:	bytes of data each way: a power of two, 4 KiB to 1 MiB; for
 *		sockets 64 KiB at least, for messages 16 KiB
 * @kind:	MK_KIND_* (wire.h): of programs, or of sockets or messages between two
 *		instances
 * @rate:	bytes a second each way, up to 2^40, 0: no limit; the receiver keeps
 *		to it, so that who sends more finds no room
 * @classes:	of messages: a bit for each MK_CLASS_* (wire.h) that is permitted
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
	__u64 rate;
	__u32 classes;
	__u32 reserved;
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
 * @rate:	out: bytes a second that are to be taken of it, 0: no limit
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
	__u64 rate;
};

/**
 * struct mk_ipc_channel - a permit and the channel that it has now
 * @name:	of the channel, "": of a service that every instance has
 * @end:	names of the two kernels, "": the host
 * @kind:	MK_KIND_* (wire.h)
 * @ring_size:	bytes of data each way
 * @epoch:	of the channel, or 0: not both kernels are there
 * @state:	MK_SIDE_* of both sides
 * @bytes:	sent by each side since @epoch began, modulo 2^32, with 8 for each message
 *		and padding
 * @rings:	of the other's doorbell by each side since then, modulo 2^32
 * @rate:	bytes a second each way, 0: no limit
 * @classes:	of messages: a bit for each MK_CLASS_* that is permitted
 * @reserved:	zero
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
	__u64 rate;
	__u32 classes;
	__u32 reserved;
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

/* struct mk_ipc_console.flags */
#define MK_CONSOLE_WRITE	1U	/* be its keyboard; one descriptor can */
#define MK_CONSOLE_LIVE		2U	/* only what it prints from now on */

/**
 * struct mk_ipc_console - MK_IPC_IOC_CONSOLE: the console of an instance; host only
 * @hdr:	header
 * @name:	of the instance
 * @flags:	MK_CONSOLE_*
 * @timeout_ms:	how long to wait until it has one, 0: not at all
 * @id:		out: instance id
 * @reserved:	zero
 *
 * Returns a descriptor:
 *
 *	read()	what the instance prints: first what is kept, then what comes; 0 when
 *		it has ended; EPIPE once where bytes are missing, because this reader
 *		was too slow or the instance dropped them, and goes on behind them
 *	write()	what is typed, with MK_CONSOLE_WRITE
 *	poll()	POLLIN, POLLOUT, and POLLHUP when it has ended
 *	ioctl()	TIOCSWINSZ, for who writes: the terminal's size;
 *		MK_IPC_IOC_CONSOLE_QUERY
 */
struct mk_ipc_console {
	struct mk_hdr hdr;
	char name[MK_NAME_SIZE];
	__u32 flags;
	__u32 timeout_ms;
	__u32 id;
	__u32 reserved;
};

/**
 * struct mk_ipc_console_query - MK_IPC_IOC_CONSOLE_QUERY
 * @hdr:	header
 * @printed:	out: bytes that came from the instance since it has this console
 * @lost:	out: of these, how many were too old to be read by this descriptor
 * @dropped:	out: bytes that the instance lost before they could be sent
 * @ended:	out: 1 when nothing more will come
 * @reserved:	out: zero
 */
struct mk_ipc_console_query {
	struct mk_hdr hdr;
	__u64 printed;
	__u64 lost;
	__u64 dropped;
	__u32 ended;
	__u32 reserved;
};

/* struct mk_ipc_bell.cpu */
#define MK_BELL_SHARED		(~0U)	/* the doorbell that all channels share */

/**
 * struct mk_ipc_bell - MK_IPC_IOC_BELL: of a channel: a doorbell for it alone
 * @hdr:	header
 * @cpu:	of this kernel, which takes its interrupts; MK_BELL_SHARED: none of its own
 * @reserved:	zero
 *
 * It is an interrupt, "mk_ipc doorbell NAME" in /proc/interrupts, which moves as any
 * other does, and is given back with the descriptor.  A kernel has 16 of them; one
 * that was given back, or put elsewhere by this call, is free again a second later.
 */
struct mk_ipc_bell {
	struct mk_hdr hdr;
	__u32 cpu;
	__u32 reserved;
};

#define MK_IPC_IOC_PERMIT	MK_IOC(0x40)
#define MK_IPC_IOC_FORBID	MK_IOC(0x41)
#define MK_IPC_IOC_OPEN		MK_IOC(0x42)
#define MK_IPC_IOC_LIST		MK_IOC(0x43)
#define MK_IPC_IOC_CONSOLE	MK_IOC(0x44)
#define MK_IPC_IOC_CONSOLE_QUERY MK_IOC(0x45)
#define MK_IPC_IOC_BELL		MK_IOC(0x60)

#endif /* MK_IPC_UAPI_H */
