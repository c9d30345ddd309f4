/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What crosses from the host kernel to an instance: the ACPI table "MKRN" and
 * the control page.  No kernel type and no kernel configuration is in here;
 * the host and the instance may be different kernels and different versions
 * of mk_core.  All integers are little-endian.
 *
 * Versions: @major counts incompatible layouts, @minor counts fields that were
 * added in reserved room (zero means absent).  An instance refuses another
 * major and names both; it works with any minor.  The fields up to and
 * including mk_handoff.control stay where they are in every major, so that a
 * refusal can be told.
 */
#ifndef MK_CORE_HANDOFF_H
#define MK_CORE_HANDOFF_H

#include "uapi.h"

#define MK_HANDOFF_SIG		"MKRN"		/* ACPI table signature */
#define MK_HANDOFF_HID		"MKRN0001"	/* ACPI device, udev's modalias */
#define MK_HANDOFF_MAJOR	1
#define MK_HANDOFF_MINOR	2

#define MK_ACPI_HEADER_SIZE	36

/**
 * struct mk_handoff - the ACPI table "MKRN"
 * @acpi:	ACPI table header (ACPI 6.5, 5.2.6)
 * @major:	MK_HANDOFF_MAJOR of the host
 * @minor:	MK_HANDOFF_MINOR of the host
 * @control:	physical address of the control page
 * @control_size: its bytes
 * @id:		instance id, from 1
 * @epoch:	counts the starts of all instances of this host; never repeats
 * @tsc_khz:	TSC rate that the host measured
 * @nr_cpus:	CPUs that the instance owns
 * @fdt:	offset of the flattened device tree in this table
 * @fdt_size:	its bytes
 * @regions:	offset of the shared regions (struct mk_region), or 0
 * @nr_regions:	their number
 * @name:	name of the instance
 * @host_version: package version of the host's mk_core
 * @host_release: release of the host kernel
 *
 * Writer: the host's mk_core, before SIPI. Readers: firmware-table code and
 * mk_core of the instance. Nobody writes it while the instance runs.
 */
struct mk_handoff {
	__u8  acpi[MK_ACPI_HEADER_SIZE];
	__u16 major;
	__u16 minor;
	__u64 control;
	__u32 control_size;
	__u32 id;
	__u64 epoch;
	__u32 tsc_khz;
	__u32 nr_cpus;
	__u32 fdt;
	__u32 fdt_size;
	__u32 regions;
	__u32 nr_regions;
	char name[MK_NAME_SIZE];
	char host_version[MK_VERSION_SIZE];
	char host_release[MK_RELEASE_SIZE];
};

/**
 * struct mk_region - a shared region that the instance may use
 * @start:	physical address
 * @size:	bytes
 * @kind:	MK_REGION_*: who it is for; unknown ones are left alone
 * @flags:	zero
 */
struct mk_region {
	__u64 start;
	__u64 size;
	__u32 kind;
	__u32 flags;
};

#define MK_REGION_IPC		1	/* mk_ipc/wire.h; since minor 1 */
#define MK_REGION_SHARES	2	/* struct mk_share_table; since minor 2 */

#define MK_SHARE_RO		0x1	/* struct mk_share.flags: read it only */

/**
 * struct mk_share - a region (uapi.h) that this kernel may map
 * @id:		its id, which no other region of this host ever has; 0: none
 * @name:	its name
 * @flags:	MK_SHARE_*
 * @nr:		number of extents, 1 to MK_MAX_EXTENTS
 * @extent:	physical memory, multiples of MK_MEMORY_GRANULE, in the order of the
 *		region's bytes; a region that grows gets more behind them, or its
 *		last one becomes longer
 */
struct mk_share {
	__u64 id;
	char name[MK_NAME_SIZE];
	__u32 flags;
	__u32 nr;
	struct {
		__u64 start;
		__u64 size;
	} extent[MK_MAX_EXTENTS];
};

#define MK_MAX_ALIVE		64	/* instances that can live at a time */

/**
 * struct mk_share_table - the page that tells an instance of its regions
 * @seq:	odd while @share is being written; changes with each change
 * @reserved:	zero
 * @alive:	epochs (struct mk_handoff) of the instances that live, or 0; each is
 *		written by itself, without @seq, before its kernel starts and after it
 *		has ended
 * @share:	what it may map; those with id 0 are none
 * @tail:	zero; room for later minors
 *
 * Writer: the host's mk_core, from before SIPI until the instance has ended; it
 * never reads it. Reader: mk_core of the instance, which copies an entry between
 * two equal, even values of @seq and checks it before use.
 *
 *	seq odd -> share -> seq even
 *
 * The host does not die and leave @seq odd: when it dies, all do. Should it be
 * stopped there, the reader gives up after a bounded number of tries.
 */
struct mk_share_table {
	__u32 seq;
	__u32 reserved;
	__u64 alive[MK_MAX_ALIVE];
	struct mk_share share[MK_MAX_SHARES];
	__u8  tail[888];
};

#define MK_CONTROL_MAGIC	0x314c5443524b4dULL	/* "MKRCTL1" */
#define MK_CONTROL_SIZE		4096

/* mk_control.request */
#define MK_REQUEST_NONE		0
#define MK_REQUEST_STOP		1	/* orderly power off, please */

/* mk_control.word: what the instance says of itself; it only grows */
#define MK_WORD_NONE		0
#define MK_WORD_REFUSED		1	/* handoff refused, see text */
#define MK_WORD_RUNNING		2
#define MK_WORD_STOPPING	3	/* began an orderly shutdown */
#define MK_WORD_ENDED		4	/* reason, text: all is over */

/**
 * struct mk_control - the control page
 *
 * Host's part, written by the host, read by the instance:
 * @magic:	MK_CONTROL_MAGIC, written last before SIPI
 * @epoch:	as in the handoff
 * @request:	MK_REQUEST_*
 * @host_pad:	zero
 * @clock_real:	host's CLOCK_REALTIME in ns, before SIPI, at
 * @clock_tsc:	this TSC value
 * @host_reserved: zero; room for later minors
 *
 * Instance's part, written by the instance, read by the host as hostile:
 * @word:	MK_WORD_*, written after what it announces
 * @reason:	enum mk_reason, valid with MK_WORD_ENDED
 * @user_tsc:	TSC at the first user instruction (mk-init), or 0
 * @running_tsc: TSC when MK_WORD_RUNNING was written
 * @major:	MK_HANDOFF_MAJOR of the instance's mk_core
 * @minor:	MK_HANDOFF_MINOR of the instance's mk_core
 * @instance_reserved: zero
 * @version:	package version of the instance's mk_core
 * @release:	release of the instance's kernel
 * @text:	reason in words; always NUL-terminated by the reader
 * @instance_reserved2: zero; room for later minors
 * @beat:	a heartbeat counter a CPU, indexed by the instance's logical CPU
 *		number; 0: this CPU is not watched (not up yet, or taken down)
 * @tail:	zero; room for later minors
 *
 *	host:	   zero page -> epoch,clock -> magic -> SIPI -> request
 *	instance:  word NONE -> RUNNING -> [STOPPING] -> ENDED
 *	           word NONE -> REFUSED
 *
 * A crash leaves the instance's part as it was: beats stop, word stays below
 * ENDED, and the host's watch makes it crashed. The host never waits for it.
 */
struct mk_control {
	__u64 magic;
	__u64 epoch;
	__u32 request;
	__u32 host_pad;
	__u64 clock_real;
	__u64 clock_tsc;
	__u8  host_reserved[88];

	__u32 word;
	__u32 reason;
	__u64 user_tsc;
	__u64 running_tsc;
	__u16 major;
	__u16 minor;
	__u32 instance_reserved;
	char version[MK_VERSION_SIZE];
	char release[MK_RELEASE_SIZE];
	char text[MK_TEXT_SIZE];
	__u8  instance_reserved2[640];

	__u32 beat[MK_MAX_CPUS];
	__u8  tail[2048];
};

#endif /* MK_CORE_HANDOFF_H */
