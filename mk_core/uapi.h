/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/mk: the interface between mk_core and user space.
 *
 * Every argument starts with struct mk_hdr.  @size is sizeof() of the struct
 * as the caller knows it: a longer struct is accepted while the excess is
 * zero, a shorter one is padded with zeros (copy_struct_from_user()).
 * Unknown flags and non-zero reserved fields are refused with MK_E_RESERVED.
 * On return the kernel writes back the first min(size, sizeof) bytes, also
 * after an error: hdr.err then says what was wrong, in numbers; words are the
 * command line tool's job.
 *
 * All integers are little-endian.  Pointers travel as __u64.
 */
#ifndef MK_CORE_UAPI_H
#define MK_CORE_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MK_ABI			1U	/* struct mk_version.abi */
#define MK_DEVICE		"/dev/mk"
#define MK_SYSFS		"/sys/fs/multikernel"

#define MK_NAME_SIZE		64	/* with the final NUL */
#define MK_RELEASE_SIZE		64	/* a kernel release, with NUL */
#define MK_VERSION_SIZE		32	/* a package version, with NUL */
#define MK_TEXT_SIZE		128	/* a reason in words, with NUL */
#define MK_MAX_INITRDS		4	/* files that form one initramfs */
#define MK_MAX_CPUS		256	/* CPUs of one instance */
#define MK_MAX_EXTENTS		16	/* memory extents of one instance or region */
#define MK_MAX_SHARES		8	/* regions that one instance may be permitted */
#define MK_MAX_PERMITS		32	/* instances that one region may be permitted to */
#define MK_NODE_ANY		(-1)

#define MK_POOL_GRANULE		(128ULL << 20)	/* pool memory comes and goes in these */
#define MK_MEMORY_GRANULE	(2ULL << 20)	/* an instance's memory is a multiple */

/**
 * enum mk_state - the life of an instance
 * @MK_CREATED:  has CPUs, memory and a low window; no image
 * @MK_LOADED:   image, initramfs and platform are in its memory
 * @MK_STARTING: its boot CPU was sent SIPI
 * @MK_RUNNING:  its mk_core said so through the control page
 * @MK_STOPPING: it was asked to stop, or said that it is stopping
 * @MK_STOPPED:  it ended by itself, or was killed; every CPU is known halted
 * @MK_CRASHED:  panic notice or lost liveness; every CPU is known halted
 *               unless &struct mk_query.lost_cpus says otherwise
 */
enum mk_state {
	MK_CREATED	= 1,
	MK_LOADED	= 2,
	MK_STARTING	= 3,
	MK_RUNNING	= 4,
	MK_STOPPING	= 5,
	MK_STOPPED	= 6,
	MK_CRASHED	= 7,
};

/**
 * enum mk_reason - why an instance is stopped or crashed
 * @MK_REASON_NONE:        it is neither
 * @MK_REASON_POWEROFF:    power off in the instance
 * @MK_REASON_HALT:        halt in the instance
 * @MK_REASON_REBOOT:      reboot in the instance
 * @MK_REASON_EMERGENCY:   emergency restart (sysrq-b, panic timeout)
 * @MK_REASON_KEXEC:       the instance tried to kexec
 * @MK_REASON_KILLED:      killed by the host's user
 * @MK_REASON_TIMEOUT:     killed because the time to stop ran out
 * @MK_REASON_PANIC:       kernel panic
 * @MK_REASON_LIVENESS:    heartbeats of a CPU ceased
 * @MK_REASON_BOOT:        never said that it runs within the boot time limit
 * @MK_REASON_HOST:        the host shuts down or restarts
 * @MK_REASON_REFUSED:     its mk_core refused the handoff (see the text)
 * @MK_REASON_PROTOCOL:    it wrote nonsense into its control page
 */
enum mk_reason {
	MK_REASON_NONE		= 0,
	MK_REASON_POWEROFF	= 1,
	MK_REASON_HALT		= 2,
	MK_REASON_REBOOT	= 3,
	MK_REASON_EMERGENCY	= 4,
	MK_REASON_KEXEC		= 5,
	MK_REASON_KILLED	= 6,
	MK_REASON_TIMEOUT	= 7,
	MK_REASON_PANIC		= 8,
	MK_REASON_LIVENESS	= 9,
	MK_REASON_BOOT		= 10,
	MK_REASON_HOST		= 11,
	MK_REASON_REFUSED	= 12,
	MK_REASON_PROTOCOL	= 13,
};

/*
 * enum mk_error_code - what was wrong; arguments in &struct mk_error.arg
 *
 * The comment behind each code names arg[0] and arg[1].
 */
enum mk_error_code {
	MK_E_NONE		= 0,
	MK_E_RESERVED		= 1,	/* unknown flag or non-zero reserved field */
	MK_E_PERMISSION		= 2,	/* needs CAP_SYS_ADMIN and CAP_SYS_BOOT */
	MK_E_LOCKDOWN		= 3,	/* kernel lockdown forbids it */
	MK_E_INTERNAL		= 4,	/* -errno without a better name */
	MK_E_MEMORY		= 5,	/* the host has no memory left for this */
	MK_E_SHUTDOWN		= 6,	/* the host is going down or suspending */
	MK_E_ROLE		= 7,	/* this kernel is itself an instance */

	MK_E_NAME_INVALID	= 16,	/* offset of the bad character */
	MK_E_NAME_TAKEN		= 17,	/* id of the holder */
	MK_E_NO_INSTANCE	= 18,
	MK_E_STATE		= 19,	/* enum mk_state now */
	MK_E_NO_WINDOW		= 20,	/* windows in all */
	MK_E_DELETED		= 21,	/* the instance of this descriptor is gone */
	MK_E_LOST		= 22,	/* CPUs that did not confirm their halt */

	MK_E_CPU_UNKNOWN	= 32,	/* CPU */
	MK_E_CPU_BOOT		= 33,	/* CPU: the machine's boot CPU */
	MK_E_CPU_OFFLINE	= 34,	/* CPU */
	MK_E_CPU_LAST		= 35,	/* CPU: the host would have none left */
	MK_E_CPU_TAKEN		= 36,	/* CPU: in the pool already */
	MK_E_CPU_NOT_POOL	= 37,	/* CPU */
	MK_E_CPU_BUSY		= 38,	/* CPU, id of the instance */
	MK_E_CPU_LOST		= 39,	/* CPU: did not confirm its halt */
	MK_E_CPU_REFUSED	= 40,	/* CPU, -errno of taking it offline or online */
	MK_E_CPU_NONE		= 41,	/* no CPU was named */
	MK_E_CPU_TWICE		= 42,	/* CPU */
	MK_E_CPU_MANY		= 43,	/* number, most */

	MK_E_MEM_ALIGN		= 64,	/* size, granule */
	MK_E_MEM_NONE		= 65,	/* no memory was asked for */
	MK_E_MEM_NODE		= 66,	/* NUMA node */
	MK_E_MEM_CONTIG		= 67,	/* size, largest contiguous size that can */
	MK_E_MEM_POOL		= 68,	/* size, free in the pool */
	MK_E_MEM_BUSY		= 69,	/* size, free in the pool */
	MK_E_MEM_SMALL		= 70,	/* size, least size for this image */
	MK_E_MEM_SPLIT		= 71,	/* size, largest extent: too fragmented */
	MK_E_MEM_ADDRESS	= 72,	/* address not in the instance's memory */
	MK_E_MEM_MANY		= 73,	/* number of ranges, most */

	MK_E_IMAGE_FORMAT	= 96,	/* no bzImage */
	MK_E_IMAGE_SHORT	= 97,	/* bytes, bytes needed */
	MK_E_IMAGE_PROTOCOL	= 98,	/* boot protocol, least protocol */
	MK_E_IMAGE_32BIT	= 99,	/* no 64-bit entry point */
	MK_E_IMAGE_FIXED	= 100,	/* not relocatable */
	MK_E_IMAGE_ALIGN	= 101,	/* alignment */
	MK_E_IMAGE_HIGH		= 102,	/* address: cannot run above 4 GiB */
	MK_E_IMAGE_READ		= 103,	/* -errno */
	MK_E_IMAGE_LARGE	= 104,	/* size, most */
	MK_E_IMAGE_UKI		= 105,	/* a UEFI unified image: no boot header */
	MK_E_INITRD_READ	= 106,	/* -errno, index */
	MK_E_INITRD_LARGE	= 107,	/* size, room */
	MK_E_INITRD_HIGH	= 108,	/* address, highest address allowed */
	MK_E_CMDLINE_LONG	= 109,	/* length, most */
	MK_E_IMAGE_CHANGED	= 110,	/* the file is not what was loaded */
	MK_E_IMAGE_INIT_SIZE	= 111,	/* init_size, least or most that it can be */
	MK_E_TSC		= 112,	/* the rate of the host's TSC is not known */

	MK_E_START_TIMEOUT	= 128,	/* CPU did not leave its parking */

	MK_E_NO_CHANNEL		= 144,
	MK_E_CHANNEL_TAKEN	= 145,	/* of this name, or sockets of these two */
	MK_E_CHANNEL_SELF	= 146,	/* both ends are the same kernel */
	MK_E_CHANNEL_SIZE	= 147,	/* bytes */
	MK_E_CHANNEL_BUSY	= 148,	/* a descriptor has it */
	MK_E_NO_CONSOLE		= 149,	/* of this instance */
	MK_E_CONSOLE_BUSY	= 150,	/* a descriptor writes to it */
	MK_E_NO_BELL		= 151,	/* most doorbells that channels have of their own */

	MK_E_NO_REGION		= 160,
	MK_E_REGION_TAKEN	= 161,	/* id of the one that has this name */
	MK_E_REGION_GONE	= 162,	/* the region of this descriptor was deleted */
	MK_E_REGION_USED	= 163,	/* id of an instance that lives and may map it */
	MK_E_REGION_MOUNTED	= 164,	/* how often it is held by modules of the host */
	MK_E_REGION_MAPPED	= 165,	/* how often it is mapped by programs of the host */
	MK_E_REGION_SHRINK	= 166,	/* size, size that it has */
	MK_E_REGION_SPLIT	= 167,	/* most extents: it has too many to grow */
	MK_E_REGION_PERMITS	= 168,	/* most instances that one can be permitted to */
	MK_E_REGION_SHARES	= 169,	/* most regions that an instance may have */
	MK_E_NO_PERMIT		= 170,	/* it was not permitted */
};

/**
 * struct mk_error - what was wrong, in numbers
 * @code:	enum mk_error_code
 * @reserved:	zero
 * @arg:	object and bound of the error, see enum mk_error_code
 */
struct mk_error {
	__u32 code;
	__u32 reserved;
	__u64 arg[2];
};

/**
 * struct mk_hdr - the start of every argument
 * @size:	sizeof() of the whole argument
 * @flags:	flags of the call; zero where none are defined
 * @err:	out: the error, all zero after success
 */
struct mk_hdr {
	__u32 size;
	__u32 flags;
	struct mk_error err;
};

/* --- on /dev/mk ------------------------------------------------------- */

#define MK_ROLE_HOST		0
#define MK_ROLE_INSTANCE	1

/**
 * struct mk_version - MK_IOC_VERSION (any privilege that can open /dev/mk)
 * @hdr:	header
 * @abi:	out: MK_ABI of the module
 * @role:	out: MK_ROLE_*
 * @version:	out: package version of the module
 * @release:	out: release of the kernel that runs it
 */
struct mk_version {
	struct mk_hdr hdr;
	__u32 abi;
	__u32 role;
	char version[MK_VERSION_SIZE];
	char release[MK_RELEASE_SIZE];
};

/**
 * struct mk_extent - a range of physical memory
 * @start:	in: physical address, or 0 for any; out: physical address
 * @size:	bytes
 * @node:	NUMA node or MK_NODE_ANY
 * @reserved:	zero
 */
struct mk_extent {
	__u64 start;
	__u64 size;
	__s32 node;
	__u32 reserved;
};

/**
 * struct mk_pool_change - MK_IOC_POOL_ADD, MK_IOC_POOL_REMOVE
 * @hdr:	header
 * @cpus:	pointer to __u32 logical CPU numbers
 * @extents:	pointer to struct mk_extent; each one becomes one contiguous
 *		chunk (add), or is taken out of free pool memory (remove; with
 *		a @start exactly there). Sizes are multiples of MK_POOL_GRANULE.
 * @nr_cpus:	number of @cpus
 * @nr_extents:	number of @extents
 *
 * Everything is checked before anything changes, and an add is undone when it
 * fails half way, as is a removal of which the host refuses a CPU. A removal
 * for whose bookkeeping the host has no memory left may have given some back.
 */
struct mk_pool_change {
	struct mk_hdr hdr;
	__u64 cpus;
	__u64 extents;
	__u32 nr_cpus;
	__u32 nr_extents;
};

#define MK_CPU_FREE	0	/* in the pool, known to be halted */
#define MK_CPU_USED	1	/* belongs to an instance */
#define MK_CPU_LOST	2	/* did not confirm its halt; will not be used again */

/**
 * struct mk_pool_cpu - a CPU of the pool
 * @cpu:	logical number in the host
 * @apicid:	local APIC id
 * @node:	NUMA node
 * @state:	MK_CPU_*
 * @instance:	id of its instance, or 0
 * @reserved:	zero
 */
struct mk_pool_cpu {
	__u32 cpu;
	__u32 apicid;
	__s32 node;
	__u32 state;
	__u32 instance;
	__u32 reserved;
};

/**
 * struct mk_pool_chunk - a contiguous chunk of the pool's memory
 * @start:	physical address
 * @size:	bytes
 * @free:	bytes that no instance and no region has
 * @node:	NUMA node
 * @reserved:	zero
 */
struct mk_pool_chunk {
	__u64 start;
	__u64 size;
	__u64 free;
	__s32 node;
	__u32 reserved;
};

/**
 * struct mk_pool_query - MK_IOC_POOL_QUERY
 * @hdr:	header
 * @cpus:	pointer to room for struct mk_pool_cpu
 * @chunks:	pointer to room for struct mk_pool_chunk
 * @nr_cpus:	in: room; out: number in the pool (no more than room is written)
 * @nr_chunks:	likewise for @chunks
 * @memory:	out: bytes in the pool
 * @memory_free: out: of these, bytes that no instance and no region has
 * @memory_lost: out: bytes leaked because a CPU did not confirm its halt
 * @windows:	out: low windows in all (bounds the number of instances)
 * @windows_free: out: of these, free
 * @window_size: out: bytes of one
 * @nr_instances: out: number of instances
 * @x2apic:	out: 1 when the host's local APICs are in x2APIC mode
 * @reserved:	zero
 * @memory_regions: out: bytes that regions have
 */
struct mk_pool_query {
	struct mk_hdr hdr;
	__u64 cpus;
	__u64 chunks;
	__u32 nr_cpus;
	__u32 nr_chunks;
	__u64 memory;
	__u64 memory_free;
	__u64 memory_lost;
	__u32 windows;
	__u32 windows_free;
	__u32 window_size;
	__u32 nr_instances;
	__u32 x2apic;
	__u32 reserved;
	__u64 memory_regions;
};

/**
 * struct mk_create - MK_IOC_CREATE; returns a file descriptor of the instance
 * @hdr:	header
 * @name:	1 to 63 of A-Z a-z 0-9 . _ -, the first a letter
 * @cpus:	pointer to __u32 logical CPU numbers of the pool; the first one
 *		boots
 * @nr_cpus:	number of @cpus, at least one
 * @node:	NUMA node for the memory, or MK_NODE_ANY
 * @memory:	bytes, a multiple of MK_MEMORY_GRANULE
 * @id:		out: instance id
 * @reserved:	zero
 *
 * The instance lives until MK_IOC_DELETE, not until the descriptor closes.
 * The descriptor polls readable (EPOLLIN) while the state differs from the one
 * that MK_IOC_QUERY on this descriptor returned last, EPOLLHUP once deleted.
 */
struct mk_create {
	struct mk_hdr hdr;
	char name[MK_NAME_SIZE];
	__u64 cpus;
	__u32 nr_cpus;
	__s32 node;
	__u64 memory;
	__u32 id;
	__u32 reserved;
};

/**
 * struct mk_open - MK_IOC_OPEN; returns a file descriptor of the instance
 * @hdr:	header
 * @name:	its name, or empty
 * @id:		its id where @name is empty
 * @reserved:	zero
 */
struct mk_open {
	struct mk_hdr hdr;
	char name[MK_NAME_SIZE];
	__u32 id;
	__u32 reserved;
};

/**
 * struct mk_list - MK_IOC_LIST
 * @hdr:	header
 * @ids:	pointer to room for __u32 instance ids, ascending
 * @nr:		in: room; out: number of instances
 * @reserved:	zero
 */
struct mk_list {
	struct mk_hdr hdr;
	__u64 ids;
	__u32 nr;
	__u32 reserved;
};

/**
 * struct mk_region_create - MK_IOC_REGION_CREATE; returns a descriptor of the region
 * @hdr:	header
 * @name:	as of an instance
 * @size:	bytes, a multiple of MK_MEMORY_GRANULE
 * @node:	NUMA node for the memory, also when it grows, or MK_NODE_ANY
 * @reserved:	zero
 * @id:		out: its id, which no other region ever has
 *
 * A region is shared memory of the pool, zeros at first, which the host and the
 * instances that it is permitted to map.  It lives until MK_IOC_REGION_DELETE.
 * mmap() of the descriptor (MAP_SHARED) gives its bytes: its extents, one after
 * the other.
 */
struct mk_region_create {
	struct mk_hdr hdr;
	char name[MK_NAME_SIZE];
	__u64 size;
	__s32 node;
	__u32 reserved;
	__u64 id;
};

/**
 * struct mk_region_open - MK_IOC_REGION_OPEN; returns a descriptor of the region
 * @hdr:	header
 * @name:	its name, or empty
 * @id:		in: its id where @name is empty; out: its id
 */
struct mk_region_open {
	struct mk_hdr hdr;
	char name[MK_NAME_SIZE];
	__u64 id;
};

/**
 * struct mk_region_list - MK_IOC_REGION_LIST
 * @hdr:	header
 * @ids:	pointer to room for __u64 region ids, ascending
 * @nr:		in: room; out: number of regions
 * @reserved:	zero
 */
struct mk_region_list {
	struct mk_hdr hdr;
	__u64 ids;
	__u32 nr;
	__u32 reserved;
};

/* --- on an instance ---------------------------------------------------- */

#define MK_LOAD_AGENT		0x1	/* the first initramfs holds /mk/init */

/**
 * struct mk_load - MK_IOC_LOAD (created, loaded, stopped, crashed)
 * @hdr:	header
 * @cmdline:	pointer to the user's command line, no NUL needed
 * @cmdline_len: its length in bytes
 * @kernel_fd:	a bzImage, open for reading
 * @initrd_fd:	files that are joined (each padded to 4 bytes) in this order
 * @nr_initrds:	number of @initrd_fd in use
 * @reserved:	zero
 *
 * The files stay referenced, and protected from writing, until the next load
 * or the end of the instance: MK_IOC_RELOAD reads them again. They must not
 * be open for writing anywhere (a memfd has to be reopened read-only).
 *
 * An error before the memory is cleared (the files cannot be opened, or are too
 * large for it) changes nothing: state, image and log stay. After any other one:
 * state created.
 *
 * With MK_LOAD_AGENT in hdr.flags the first initramfs holds /mk/init, and
 * mk_core makes it the first process (rdinit=).
 */
struct mk_load {
	struct mk_hdr hdr;
	__u64 cmdline;
	__u32 cmdline_len;
	__s32 kernel_fd;
	__s32 initrd_fd[MK_MAX_INITRDS];
	__u32 nr_initrds;
	__u32 reserved;
};

/* MK_IOC_RELOAD: argument struct mk_hdr (loaded, stopped, crashed).
 * Loads the same files again: state loaded; errors as MK_IOC_LOAD's.
 */

/* MK_IOC_START: argument struct mk_hdr (loaded).
 * Returns when SIPI is sent: state starting.
 */

/**
 * struct mk_stop - MK_IOC_STOP (running)
 * @hdr:	header
 * @timeout_ms:	time until the instance is killed, 1 to 3600000
 * @reserved:	zero
 *
 * Returns at once, state stopping; the bound holds whatever the caller does.
 */
struct mk_stop {
	struct mk_hdr hdr;
	__u32 timeout_ms;
	__u32 reserved;
};

/**
 * enum mk_restart - what happens when an instance ends
 * @MK_RESTART_NEVER:	nothing
 * @MK_RESTART_FAILURE:	it is loaded and started again when it crashed
 * @MK_RESTART_ALWAYS:	also when it ended by itself
 *
 * Never when its user stopped or killed it, nor when the host goes down.
 */
enum mk_restart {
	MK_RESTART_NEVER	= 0,
	MK_RESTART_FAILURE	= 1,
	MK_RESTART_ALWAYS	= 2,
};

/**
 * struct mk_policy - MK_IOC_POLICY (any state)
 * @hdr:	header
 * @restart:	enum mk_restart
 * @delay_ms:	before the first restart, 1 to 60000, 0: 1000; twice as long before
 *		each next one, up to a minute, until it has run for a minute
 */
struct mk_policy {
	struct mk_hdr hdr;
	__u32 restart;
	__u32 delay_ms;
};

/* MK_IOC_KILL: argument struct mk_hdr (starting, running, stopping; in the
 * other states it does nothing). Returns when every CPU is known halted.
 * MK_IOC_DELETE: argument struct mk_hdr (not starting, running, stopping).
 */

/**
 * struct mk_query - MK_IOC_QUERY
 * @hdr:	header
 * @cpus:	pointer to room for struct mk_pool_cpu, the boot CPU first
 * @extents:	pointer to room for struct mk_extent
 * @nr_cpus:	in: room; out: number
 * @nr_extents:	in: room; out: number
 * @id:		out: instance id
 * @state:	out: enum mk_state
 * @reason:	out: enum mk_reason
 * @lost_cpus:	out: CPUs that did not confirm their halt
 * @name:	out: name
 * @text:	out: the reason in the instance's own words (untrusted)
 * @release:	out: release of the kernel image, from its header
 * @memory:	out: bytes
 * @generation:	out: counts state changes, from 1
 * @boots:	out: number of starts
 * @start_ns:	out: host time (CLOCK_BOOTTIME) of the last SIPI, or 0
 * @end_ns:	out: host time when it was stopped or crashed, or 0
 * @prepare_ns:	out: host's work between the start call and SIPI
 * @clear_ns:	out: clearing of memory for the last load
 * @kill_ns:	out: host's work from the last kill call to CPUs known halted
 * @user_ns:	out: from SIPI to the instance's first user instruction, or 0
 * @running_ns:	out: from SIPI to its word that it runs, or 0
 * @beat_ms:	out: age of the oldest heartbeat, while running
 * @window:	out: physical address of the low window
 * @window_size: out: its bytes
 * @control:	out: physical address of the control page
 * @rsdp:	out: physical address of the ACPI root pointer, or 0
 * @tables:	out: physical address of the ACPI tables, or 0
 * @tables_size: out: bytes of the ACPI tables
 * @host_bytes:	out: memory that the host spends on it beyond its own
 * @restart:	out: enum mk_restart
 * @restarts:	out: restarts in a row, without a minute between them
 * @restart_ns:	out: host time (CLOCK_BOOTTIME) of the restart that is due, or 0
 */
struct mk_query {
	struct mk_hdr hdr;
	__u64 cpus;
	__u64 extents;
	__u32 nr_cpus;
	__u32 nr_extents;
	__u32 id;
	__u32 state;
	__u32 reason;
	__u32 lost_cpus;
	char name[MK_NAME_SIZE];
	char text[MK_TEXT_SIZE];
	char release[MK_RELEASE_SIZE];
	__u64 memory;
	__u64 generation;
	__u64 boots;
	__u64 start_ns;
	__u64 end_ns;
	__u64 prepare_ns;
	__u64 clear_ns;
	__u64 kill_ns;
	__u64 user_ns;
	__u64 running_ns;
	__u64 beat_ms;
	__u64 window;
	__u64 window_size;
	__u64 control;
	__u64 rsdp;
	__u64 tables;
	__u64 tables_size;
	__u64 host_bytes;
	__u32 restart;
	__u32 restarts;
	__u64 restart_ns;
};

/**
 * struct mk_read - MK_IOC_READ: read an instance's memory, in any state but created
 * @hdr:	header
 * @addr:	physical address in one of its extents
 * @buf:	pointer to room
 * @len:	bytes, at most 16 MiB; must not cross the end of the extent
 *
 * Refused under lockdown=confidentiality, as /proc/kcore is.
 */
struct mk_read {
	struct mk_hdr hdr;
	__u64 addr;
	__u64 buf;
	__u64 len;
};

/* --- on a region ------------------------------------------------------- */

/**
 * enum mk_mode - what an instance may do with a region
 * @MK_MODE_NONE:	nothing
 * @MK_MODE_RO:		read; that it does not write, only its own kernel sees to
 * @MK_MODE_RW:		read and write
 */
enum mk_mode {
	MK_MODE_NONE	= 0,
	MK_MODE_RO	= 1,
	MK_MODE_RW	= 2,
};

/**
 * struct mk_permit - an instance that a region is permitted to
 * @name:	of the instance, which need not exist
 * @mode:	enum mk_mode; MK_MODE_NONE: forbidden, but it lives and had it
 * @instance:	id of the instance where it lives and has or had it, or 0
 */
struct mk_permit {
	char name[MK_NAME_SIZE];
	__u32 mode;
	__u32 instance;
};

/**
 * struct mk_region_query - MK_IOC_REGION_QUERY
 * @hdr:	header
 * @extents:	pointer to room for struct mk_extent
 * @permits:	pointer to room for struct mk_permit
 * @nr_extents:	in: room; out: number
 * @nr_permits:	in: room; out: number
 * @name:	out: name
 * @id:		out: id
 * @size:	out: bytes
 * @node:	out: NUMA node that was asked for, or MK_NODE_ANY
 * @mounts:	out: how often modules of the host hold it
 * @maps:	out: how often programs of the host map it
 * @lost:	out: 1 when a CPU that did not confirm its halt may write to it: the
 *		memory will never be used again
 */
struct mk_region_query {
	struct mk_hdr hdr;
	__u64 extents;
	__u64 permits;
	__u32 nr_extents;
	__u32 nr_permits;
	char name[MK_NAME_SIZE];
	__u64 id;
	__u64 size;
	__s32 node;
	__u32 mounts;
	__u32 maps;
	__u32 lost;
};

/**
 * struct mk_region_grow - MK_IOC_REGION_GROW
 * @hdr:	header
 * @size:	bytes that it shall have, a multiple of MK_MEMORY_GRANULE, no less
 *		than it has
 *
 * What is there stays; zeros are added behind it.
 */
struct mk_region_grow {
	struct mk_hdr hdr;
	__u64 size;
};

/**
 * struct mk_region_permit - MK_IOC_REGION_PERMIT
 * @hdr:	header
 * @name:	of an instance, which need not exist
 * @mode:	enum mk_mode
 * @reserved:	zero
 *
 * It stays when the instance ends or is deleted.  One that lives learns of it at
 * once; what it has mapped, it keeps until it ends, also when it is forbidden.
 */
struct mk_region_permit {
	struct mk_hdr hdr;
	char name[MK_NAME_SIZE];
	__u32 mode;
	__u32 reserved;
};

/* MK_IOC_REGION_DELETE: argument struct mk_hdr. Refused while a module or a
 * program of the host has it, or an instance that lives had it.
 */

#define MK_IOC_MAGIC		0xb7
#define MK_IOC(nr)		_IOWR(MK_IOC_MAGIC, nr, struct mk_hdr)
#define MK_IOC_VERSION		MK_IOC(0x00)
#define MK_IOC_POOL_ADD		MK_IOC(0x01)
#define MK_IOC_POOL_REMOVE	MK_IOC(0x02)
#define MK_IOC_POOL_QUERY	MK_IOC(0x03)
#define MK_IOC_CREATE		MK_IOC(0x04)
#define MK_IOC_OPEN		MK_IOC(0x05)
#define MK_IOC_LIST		MK_IOC(0x06)
#define MK_IOC_REGION_CREATE	MK_IOC(0x07)
#define MK_IOC_REGION_OPEN	MK_IOC(0x08)
#define MK_IOC_REGION_LIST	MK_IOC(0x09)
#define MK_IOC_LOAD		MK_IOC(0x20)
#define MK_IOC_START		MK_IOC(0x21)
#define MK_IOC_STOP		MK_IOC(0x22)
#define MK_IOC_KILL		MK_IOC(0x23)
#define MK_IOC_DELETE		MK_IOC(0x24)
#define MK_IOC_QUERY		MK_IOC(0x25)
#define MK_IOC_READ		MK_IOC(0x26)
#define MK_IOC_RELOAD		MK_IOC(0x27)
#define MK_IOC_POLICY		MK_IOC(0x28)
#define MK_IOC_REGION_QUERY	MK_IOC(0x40)
#define MK_IOC_REGION_GROW	MK_IOC(0x41)
#define MK_IOC_REGION_PERMIT	MK_IOC(0x42)
#define MK_IOC_REGION_DELETE	MK_IOC(0x43)

#endif /* MK_CORE_UAPI_H */
