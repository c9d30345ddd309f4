/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stands in memory that two kernels share: the region of an instance's
 * handoff (MK_REGION_IPC), channels, and the messages of the link.  No kernel
 * type is in here; all integers are little-endian.
 *
 * Versions: another major is refused.  A minor adds fields in reserved room, and
 * at the end of a message's body: who knows less does not look at them, who knows
 * more takes what is not there as zeros.  Bodies are never shorter than here; the
 * first package that is released has 1.0 as it stands then.
 */
#ifndef MK_IPC_WIRE_H
#define MK_IPC_WIRE_H

#include "../mk_core/uapi.h"
#include "ring.h"

#define MK_IPC_MAJOR		1
#define MK_IPC_MINOR		0

/* --- the region of an instance ------------------------------------------------ */

#define MK_AREA_MAGIC		0x31435049524b4dULL	/* "MKRIPC1" */
#define MK_AREA_SIZE		4096
#define MK_AREA_LINK		4096	/* where its link is, a channel */
#define MK_LINK_RING		16384	/* bytes of data, each way */

/**
 * struct mk_area - the head of the region
 * @magic:	MK_AREA_MAGIC, written last
 * @major:	MK_IPC_MAJOR of the host
 * @minor:	MK_IPC_MINOR of the host
 * @reserved:	zero
 * @epoch:	of the link, or 0 when the host's mk_ipc has left
 * @reserved2:	zero
 *
 * Writer: the host's mk_ipc, before SIPI or later. Reader: the instance's
 * mk_ipc. The link's channel is whole before @epoch is set.
 */
struct mk_area {
	__u64 magic;
	__u16 major;
	__u16 minor;
	__u32 reserved;
	__u64 epoch;
	__u8  reserved2[4072];
};

/* --- channels ------------------------------------------------------------------ */

#define MK_CHANNEL_MAGIC	0x4c4e4843U	/* "CHNL" */
#define MK_CHANNEL_HEAD		4096		/* bytes before the data */
#define MK_CHANNEL_RING_MAX	0x100000U	/* bytes of data */

/* What a channel is for: struct mk_open_channel.kind */
#define MK_KIND_PROGRAM		0	/* programs map it: uapi.h */
#define MK_KIND_CONSOLE		1
#define MK_KIND_VSOCK		2
#define MK_KIND_MESSAGES	3	/* a link between two instances */
#define MK_NR_KINDS		32	/* what is above is refused */

#define MK_SIDE_ABSENT		0	/* nobody has opened it yet */
#define MK_SIDE_OPEN		1
#define MK_SIDE_CLOSED		2	/* left, or its kernel is dead: final */

/**
 * struct mk_side - what one side of a channel says to the other
 * @state:	MK_SIDE_*
 * @rung:	changes each time that it rings the other's doorbell
 * @bell:	its own doorbell: MK_BELL(), or 0: do not ring, it polls
 * @reserved:	zero
 *
 * Writer: that side; @state also the host, for a kernel that died. Reader: the
 * other side, as hostile.
 */
struct mk_side {
	__u32 state;
	__u32 rung;
	__u64 bell;
	__u8  reserved[48];
};

#define MK_BELL(_apicid, _vector)	((__u64)(_vector) << 32 | (__u32)(_apicid))
#define MK_BELL_APICID(_bell)		((__u32)(_bell))
#define MK_BELL_VECTOR(_bell)		((__u32)((_bell) >> 32))

/**
 * struct mk_channel_head - the first page of a channel
 * @magic:	MK_CHANNEL_MAGIC
 * @ring_size:	bytes of data of each ring
 * @epoch:	never repeats; also of both rings
 * @reserved:	zero
 * @side:	side 0 is the host, or the instance that was named first
 * @ring:	ring N is written by side N; its data stand behind this page, N *
 *		@ring_size bytes further
 * @reserved2:	zero
 *
 * Writer of the first 64 bytes and of the rings' heads: the host, before it
 * tells anybody. Afterwards as in struct mk_side and struct mk_ring.
 */
struct mk_channel_head {
	__u32 magic;
	__u32 ring_size;
	__u64 epoch;
	__u8  reserved[48];
	struct mk_side side[2];
	struct mk_ring ring[2];
	__u8  reserved2[3520];
};

/* --- sockets: MK_KIND_VSOCK ------------------------------------------------------ */

/*
 * Each message is a packet: a struct virtio_vsock_hdr (virtio 1.2, 5.10.6), and
 * behind it as many bytes as it says.  Its CIDs are those of the channel's sides.
 */
#define MK_VSOCK_CID(_id)	((_id) + 2U)	/* of an instance id, 0: host */
#define MK_VSOCK_SERVER		877	/* mk-init's port: below 1024, as mkctl's own */
#define MK_VSOCK_HEAD		44
#define MK_VSOCK_PAYLOAD_MAX	32000
#define MK_VSOCK_RING		(128U << 10)	/* of the channels that instances have */
#define MK_VSOCK_RING_MIN	(64U << 10)

/* --- messages -------------------------------------------------------------------- */

#define MK_MESSAGE_MAX		4096	/* of the link, with its header */

/* struct mk_message.class */
#define MK_CLASS_SYSTEM		1
#define MK_CLASS_RESOURCE	2
#define MK_CLASS_DEVICE		3
#define MK_CLASS_USER		4
#define MK_NR_CLASSES		5
#define MK_CLASSES_ALL		0x1cU	/* a bit for each that can be permitted */

/* struct mk_message.flags */
#define MK_MESSAGE_REQUEST	1U	/* wants a response */
#define MK_MESSAGE_RESPONSE	2U	/* answers the request of this id */

/**
 * struct mk_message - what stands before each message of a link
 * @class:	MK_CLASS_*
 * @type:	of its class
 * @flags:	MK_MESSAGE_*
 * @id:		of a request, chosen by who asks; else 0
 * @status:	of a response: 0 or a negative errno (as Linux x86-64 numbers them)
 * @len:	bytes behind this header
 * @reserved:	zero
 * @epoch:	of the link
 *
 * Messages of one link arrive in the order in which they were sent, each once,
 * or not at all when the link ends.
 */
struct mk_message {
	__u16 class;
	__u16 type;
	__u32 flags;
	__u32 id;
	__s32 status;
	__u32 len;
	__u32 reserved;
	__u64 epoch;
};

/* Types of MK_CLASS_SYSTEM */
#define MK_SYSTEM_HELLO		1	/* the first message of each side: struct mk_hello */
#define MK_SYSTEM_OPEN		2	/* host: you may use a channel: struct mk_open_channel */
#define MK_SYSTEM_CLOSE		3	/* host: it is over: struct mk_close_channel */
#define MK_SYSTEM_CLOSED	4	/* instance: unmapped: struct mk_close_channel */
#define MK_SYSTEM_KINDS		5	/* what I offer now: __u64, as mk_hello.kinds */

/**
 * struct mk_hello - MK_SYSTEM_HELLO
 * @major:	MK_IPC_MAJOR
 * @minor:	MK_IPC_MINOR: both sides use the lower one
 * @id:		instance id, 0: host
 * @kinds:	a bit for each MK_KIND_* that it offers
 * @version:	package version, with NUL
 */
struct mk_hello {
	__u16 major;
	__u16 minor;
	__u32 id;
	__u64 kinds;
	char version[MK_VERSION_SIZE];
};

/**
 * struct mk_open_channel - MK_SYSTEM_OPEN
 * @phys:	physical address of the head
 * @epoch:	of the channel
 * @ring_size:	bytes of data of each ring
 * @side:	which one you are
 * @peer:	instance id of the other side, 0: host
 * @nr_apicids:	the other side's CPUs, 0: any
 * @kind:	MK_KIND_*: what it is for
 * @classes:	of messages: a bit for each MK_CLASS_* that is permitted
 * @rate:	bytes a second that you take of it, 0: no limit
 * @name:	of the channel, with NUL
 * @peer_name:	of the other side, with NUL
 * @apicid:	where the other side's doorbell may be
 */
struct mk_open_channel {
	__u64 phys;
	__u64 epoch;
	__u32 ring_size;
	__u32 side;
	__u32 peer;
	__u32 nr_apicids;
	__u32 kind;
	__u32 classes;
	__u64 rate;
	char name[MK_NAME_SIZE];
	char peer_name[MK_NAME_SIZE];
	__u32 apicid[MK_MAX_CPUS];
};

/**
 * struct mk_close_channel - MK_SYSTEM_CLOSE and MK_SYSTEM_CLOSED
 * @epoch:	of the channel
 */
struct mk_close_channel {
	__u64 epoch;
};

/* --- consoles ---------------------------------------------------------------------- */

#define MK_CONSOLE_RING		65536	/* bytes of data, each way */
#define MK_CONSOLE_DATA_MAX	2048	/* bytes in one message */

/* struct mk_console_message.type; others are ignored */
#define MK_CONSOLE_DATA		1	/* what is printed, or typed: as many bytes as came */
#define MK_CONSOLE_WINDOW	2	/* host: the terminal has this size */
#define MK_CONSOLE_DROPPED	3	/* instance: so many bytes are lost, since its start */

/**
 * struct mk_console_message - a message of MK_KIND_CONSOLE
 * @type:	MK_CONSOLE_*
 * @reserved:	zero
 * @data:	MK_CONSOLE_DATA
 * @rows:	MK_CONSOLE_WINDOW
 * @columns:	likewise
 * @dropped:	MK_CONSOLE_DROPPED
 *
 * It is as long as what its type has.
 */
struct mk_console_message {
	__u32 type;
	__u32 reserved;
	union {
		__u8 data[MK_CONSOLE_DATA_MAX];
		struct {
			__u16 rows;
			__u16 columns;
		};
		__u64 dropped;
	};
};

#define MK_CONSOLE_HEAD		8	/* bytes before @data */

#endif /* MK_IPC_WIRE_H */
