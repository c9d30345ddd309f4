/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to mk_core: its nouns and who may touch which of their fields.
 *
 * Locks, outermost first:
 *   mk_instances_lock   the list of instances and their ids
 *   instance->lock      one instance: state, image, CPUs' conditions
 *   regions_lock        region.c: regions, permits, who lives
 *   change_lock         pool.c: one add or removal at a time, however long
 *   mk_pool_lock        what is in the pool and who has it, for a moment only
 * Who holds one of the first three never takes change_lock, so that no instance
 * waits for memory or CPUs on their way.  The CPU hotplug callbacks take none of
 * them.
 */
#ifndef MK_CORE_INTERNAL_H
#define MK_CORE_INTERNAL_H

#include <linux/bitmap.h>
#include <linux/io.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "handoff.h"

/**
 * mk_fail() - note an error for user space
 * @err:	where to
 * @ret:	negative errno that the system call returns
 * @code:	enum mk_error_code
 * @arg0:	first argument of @code
 * @arg1:	second argument of @code
 *
 * Return: @ret, so that callers end with ``return mk_fail(...)``.
 */
int mk_fail(struct mk_error *err, int ret, u32 code, u64 arg0, u64 arg1);

/* --- window.c: memory below 1 MiB ------------------------------------- */

#define MK_WINDOW_SIZE		(32 * 1024)	/* real-mode blob: 28 KiB class */
#define MK_WINDOW_FLOOR		(64 * 1024)	/* Linux reserves what is below */
#define MK_MAX_WINDOWS		20

int mk_window_init(void);
/* Return: physical address, or 0 when none is left. */
u64 mk_window_get(void);
void mk_window_put(u64 window);
void mk_window_count(u32 *all, u32 *unused);
u64 mk_window_stub(void);	/* the host's own page, for parking CPUs */

/* --- arch_x86.c: INIT, SIPI, trampoline -------------------------------- */

/* trampoline_x86.S: code that is copied into pages below 1 MiB */
extern const u8 mk_trampoline[], mk_trampoline64[], mk_trampoline_end[];
extern const u8 mk_stub[], mk_stub_end[];

/**
 * struct mk_entry - where a CPU goes from SIPI
 * @page:	physical address of the trampoline's page, below 1 MiB
 * @cr3:	physical address of the PML4, below 4 GiB
 * @entry:	64-bit entry point
 * @rsi:	boot_params
 */
struct mk_entry {
	u64 page;
	u64 cr3;
	u64 entry;
	u64 rsi;
};

/* Find the pages of real-mode code; sets bits of @pages (page numbers below
 * 1 MiB) and returns how many blobs there are.
 */
int mk_arch_realmode(unsigned long *pages);
void mk_arch_init_stub(u64 stub);
/* Bring CPUs to wait-for-SIPI and prove it. Marks those that do not answer
 * MK_CPU_LOST. Sleeps about 20 ms. Return: number of lost CPUs.
 */
struct mk_cpu;
int mk_arch_park(struct mk_cpu **cpus, unsigned int nr);
int mk_arch_start(struct mk_cpu *cpu, const struct mk_entry *entry);
void mk_arch_go(const struct mk_entry *entry);
u32 mk_arch_apicid(unsigned int cpu);
bool mk_arch_x2apic(void);
u64 mk_arch_tsc_to_ns(u64 tsc);

/* --- cpu.c: CPUs between host and pool --------------------------------- */

/**
 * struct mk_cpu - a CPU of the pool
 * @node:	CP: in the pool's list, by number
 * @cpu:	logical number in the host
 * @apicid:	local APIC id
 * @nid:	NUMA node
 * @state:	MK_CPU_*; P for free/used, the owner's lock for lost
 * @instance:	P: id of the owner, or 0
 *
 * P: mk_pool_lock; CP: change_lock and mk_pool_lock, to read one of them.
 */
struct mk_cpu {
	struct list_head node;
	u32 cpu;
	u32 apicid;
	int nid;
	u32 state;
	u32 instance;
};

int mk_cpu_init(void);
void mk_cpu_exit(void);
int mk_cpu_check(u32 cpu, struct mk_error *err);
int mk_cpu_take(u32 cpu, struct mk_cpu **out, struct mk_error *err);
int mk_cpu_return(struct mk_cpu *c, struct mk_error *err);	/* frees @c */
void mk_cpu_forget(struct mk_cpu *c);				/* likewise */

/* --- memory.c: contiguous chunks --------------------------------------- */

/**
 * struct mk_chunk - a contiguous chunk of pool memory
 * @node:	CP: in the pool's list, by address
 * @start:	physical address, a multiple of MK_POOL_GRANULE
 * @size:	bytes, a multiple of MK_POOL_GRANULE
 * @nid:	NUMA node
 * @used:	P: one bit for each MK_MEMORY_GRANULE
 *
 * P, CP: as in struct mk_cpu.
 */
struct mk_chunk {
	struct list_head node;
	u64 start;
	u64 size;
	int nid;
	unsigned long *used;
};

int mk_chunk_get(const struct mk_extent *want, struct mk_chunk **out,
		 struct mk_error *err);
void mk_chunk_put(struct mk_chunk *chunk);	/* all of it back to the host */
struct mk_chunk *mk_chunk_new(u64 start, u64 size, int nid);
void mk_chunk_delete(struct mk_chunk *chunk);	/* the object only */
void mk_memory_release(u64 start, u64 size);	/* pages to the host */
u64 mk_chunk_free_bytes(const struct mk_chunk *chunk);
u64 mk_chunk_largest(const struct mk_chunk *chunk, u64 *start);
void mk_chunk_mark(struct mk_chunk *chunk, u64 start, u64 size, bool used);
bool mk_chunk_is_free(const struct mk_chunk *chunk, u64 start, u64 size);

/* --- pool.c ------------------------------------------------------------ */

int mk_pool_init(void);
void mk_pool_exit(void);
int mk_pool_add(const u32 *cpus, unsigned int nr_cpus,
		const struct mk_extent *extents, unsigned int nr_extents,
		struct mk_error *err);
int mk_pool_remove(const u32 *cpus, unsigned int nr_cpus,
		   const struct mk_extent *extents, unsigned int nr_extents,
		   struct mk_error *err);
int mk_pool_query(struct mk_pool_query *q, struct mk_pool_cpu *cpus,
		  struct mk_pool_chunk *chunks, struct mk_error *err);
int mk_pool_claim_cpus(const u32 *cpus, unsigned int nr, u32 id,
		       struct mk_cpu **out, struct mk_error *err);
void mk_pool_drop_cpus(struct mk_cpu **cpus, unsigned int nr);
int mk_pool_claim_memory(u64 size, int nid, struct mk_extent *out,
			 u32 *nr_out, struct mk_error *err);
void mk_pool_drop_memory(const struct mk_extent *extents, u32 nr);
void mk_pool_leak_memory(const struct mk_extent *extents, u32 nr);

/* --- instance.c -------------------------------------------------------- */

/**
 * struct mk_image - what an instance boots, and where it was put
 * @kernel:	file, kept for the next start
 * @initrd:	files, kept for the next start
 * @nr_initrds:	their number
 * @cmdline:	the whole command line
 * @release:	kernel release from the image
 * @entry:	how its boot CPU enters it
 * @control:	control page
 * @rsdp:	ACPI root pointer
 * @tables:	start of the ACPI tables
 * @tables_size: their bytes
 * @ipc:	shared region for mk_ipc
 * @shares:	page that tells it of its regions
 */
struct mk_image {
	struct file *kernel;
	struct file *initrd[MK_MAX_INITRDS];
	u32 nr_initrds;
	char *cmdline;
	char release[MK_RELEASE_SIZE];
	struct mk_entry entry;
	u64 control;
	u64 rsdp;
	u64 tables;
	u32 tables_size;
	struct mk_region ipc;
	u64 shares;
};

/**
 * struct mk_watch - what the host remembers of an instance's heartbeats
 * @node:	of those that are looked at; control.c
 * @work:	acts on what is seen
 * @inst:	the instance
 * @control:	its control page; control.c
 * @beat:	last counters seen; control.c
 * @seen:	when they changed last, in watched time, ns; control.c
 * @heard:	MK_WORD_* that was acted on
 * @deadline:	host time when an asked stop becomes a kill, or 0
 */
struct mk_watch {
	struct list_head node;
	struct delayed_work work;
	struct mk_instance *inst;
	const struct mk_control *control;
	u32 beat[MK_MAX_CPUS];
	u64 seen[MK_MAX_CPUS];
	u32 heard;
	u64 deadline;
};

/**
 * struct mk_restarts - when an instance is started again by itself
 * @policy:	enum mk_restart
 * @delay_ms:	before the first one
 * @asked:	its user wants it to end
 * @row:	restarts without a good run between them
 * @due:	host time of the next one, or 0
 */
struct mk_restarts {
	u32 policy;
	u32 delay_ms;
	bool asked;
	u32 row;
	u64 due;
};

/**
 * struct mk_shares - the page that tells an instance of its regions
 * @node:	R: of those that live
 * @table:	R: where it is
 * @seq:	R: last value of its seq
 * @slot:	R: place of its epoch among those that live
 *
 * R: regions_lock.
 */
struct mk_shares {
	struct list_head node;
	struct mk_share_table *table;
	u32 seq;
	u32 slot;
};

/**
 * struct mk_instance - one spawned kernel
 * @kobj:	/sys/fs/multikernel/instances/NAME; counts references
 * @node:	I: in the list of instances, by id
 * @id:		constant
 * @name:	constant
 * @lock:	L
 * @wait:	woken at each state change
 * @state:	L, read without for polling: enum mk_state
 * @reason:	L: enum mk_reason
 * @text:	L: the instance's own words, made printable
 * @generation:	L, read without for polling
 * @deleted:	L: gone from the list; only descriptors are left
 * @held:	L: counts as a module user (starting, running, stopping)
 * @cpus:	constant after creation; the boot CPU first
 * @nr_cpus:	constant
 * @lost:	L: number of CPUs that did not confirm their halt
 * @extents:	constant after creation
 * @nr_extents:	constant
 * @memory:	constant: bytes of all extents
 * @window:	constant: low window
 * @fdt:	constant: flattened device tree
 * @fdt_size:	constant: its bytes
 * @image:	L
 * @epoch:	L: of the last start
 * @watch:	L, but for the work item
 * @peer:	L: what the modules above are told of
 * @restart:	L: what happens when it ends
 * @shares:	what is told of regions; region.c
 * @boots:	L: number of starts; this and the rest: figures for mk_query
 * @start_ns:	L: host time (CLOCK_BOOTTIME) of the last SIPI, or 0
 * @start_tsc:	L: the same as TSC
 * @end_ns:	L: host time when it was stopped or crashed, or 0
 * @prepare_ns:	L: from the start call to SIPI, without @clear_ns
 * @clear_ns:	L: clearing of memory for the last load
 * @kill_ns:	L: taking its CPUs away, the last time
 * @user_ns:	L: from SIPI to its first user instruction, or 0
 * @running_ns:	L: from SIPI to its word that it runs, or 0
 *
 * L: @lock; I: mk_instances_lock.
 */
struct mk_instance {
	struct kobject kobj;
	struct list_head node;
	u32 id;
	char name[MK_NAME_SIZE];
	struct mutex lock;	/* before mk_pool_lock, after mk_instances_lock */
	wait_queue_head_t wait;
	u32 state;
	u32 reason;
	char text[MK_TEXT_SIZE];
	u64 generation;
	bool deleted;
	bool held;
	struct mk_cpu **cpus;
	u32 nr_cpus;
	u32 lost;
	struct mk_extent extents[MK_MAX_EXTENTS];
	u32 nr_extents;
	u64 memory;
	u64 window;
	void *fdt;
	u32 fdt_size;
	struct mk_image image;
	u64 epoch;
	struct mk_watch *watch;
	struct mk_peer *peer;
	struct mk_restarts restart;
	struct mk_shares shares;
	u64 boots;
	u64 start_ns;
	u64 start_tsc;
	u64 end_ns;
	u64 prepare_ns;
	u64 clear_ns;
	u64 kill_ns;
	u64 user_ns;
	u64 running_ns;
};

extern struct list_head mk_instances;
extern struct mutex mk_instances_lock;	/* the list and the ids in it */

/* Sets of enum mk_state. */
#define MK_HAS_IMAGE	(BIT(MK_LOADED) | BIT(MK_STOPPED) | BIT(MK_CRASHED))
#define MK_AT_REST	(MK_HAS_IMAGE | BIT(MK_CREATED))
#define MK_ANY_STATE	(MK_AT_REST | BIT(MK_STARTING) | BIT(MK_RUNNING) | BIT(MK_STOPPING))

void mk_instance_exit(void);
int mk_instance_create(const struct mk_create *req, const u32 *cpus,
		       struct mk_instance **out, struct mk_error *err);
struct mk_instance *mk_instance_find(const char *name, u32 id);
int mk_instance_lock(struct mk_instance *inst, unsigned long allowed, struct mk_error *err);
void mk_instance_get(struct mk_instance *inst);
void mk_instance_put(struct mk_instance *inst);
int mk_instance_delete(struct mk_instance *inst, struct mk_error *err);
int mk_instance_query(struct mk_instance *inst, struct mk_query *q,
		      struct mk_pool_cpu *cpus, struct mk_extent *extents,
		      struct mk_error *err);
bool mk_instance_alive(const struct mk_instance *inst);
void mk_instance_state(struct mk_instance *inst, u32 state);
int mk_node_check(int node, struct mk_error *err);
const char *mk_state_name(u32 state);
const char *mk_reason_name(u32 reason);

/* --- run.c ------------------------------------------------------------- */

extern bool mk_going_down;	/* no more starts: the host restarts */

int mk_instance_load(struct mk_instance *inst, const struct mk_load *req,
		     char *cmdline, struct mk_error *err);
int mk_instance_reload(struct mk_instance *inst, struct mk_error *err);
int mk_instance_start(struct mk_instance *inst, struct mk_error *err);
int mk_instance_stop(struct mk_instance *inst, u32 timeout_ms,
		     struct mk_error *err);
int mk_instance_policy(struct mk_instance *inst, u32 policy, u32 delay_ms,
		       struct mk_error *err);
void mk_instance_restart(struct mk_instance *inst);
int mk_instance_kill(struct mk_instance *inst, struct mk_error *err);
void mk_instance_end(struct mk_instance *inst, u32 state, u32 reason,
		     const char *text);
void mk_instances_end_all(void);
int mk_instances_alive(void);

/* --- image.c, platform.c ------------------------------------------------ */

int mk_image_init(void);
void mk_image_exit(void);
int mk_image_open(struct mk_image *image, const struct mk_load *req,
		  char *cmdline, struct mk_error *err);
void mk_image_close(struct mk_image *image);
int mk_image_check(const struct mk_instance *inst, const struct mk_image *image,
		   struct mk_error *err);
/* Clear the memory, put image, initramfs and platform into it. */
int mk_image_place(struct mk_instance *inst, struct mk_error *err);
void mk_clear(const struct mk_extent *extents, u32 nr);

struct mk_bzimage;

int mk_unpack(void *image, const struct mk_bzimage *bz, void *scratch, u64 room,
	      void *boot_params, const char *cmdline, u64 *entry);

#define MK_PLATFORM_SIZE	(512 * 1024)	/* at the end of the first extent */
#define MK_PLATFORM_CMDLINE	4096

/**
 * struct mk_layout - where things are in an instance's memory
 * @kernel:	load address
 * @initrd:	initramfs, or 0
 * @initrd_size: its bytes
 * @platform:	start of the platform area
 */
struct mk_layout {
	u64 kernel;
	u64 initrd;
	u64 initrd_size;
	u64 platform;
};

int mk_platform_build(struct mk_instance *inst, const void *image,
		      const struct mk_bzimage *bz,
		      const struct mk_layout *at, struct mk_error *err);
/* What every instance's command line ends with. Return: length. */
int mk_platform_params(char *buf, size_t size, bool agent);
int mk_platform_fdt(struct mk_instance *inst);

/* --- control.c: the host's side of the control page --------------------- */

int mk_control_init(void);
void mk_control_exit(void);
u64 mk_control_epoch(void);	/* a number that never repeats */
void mk_control_arm(struct mk_instance *inst);
void mk_control_request(struct mk_instance *inst, u32 request);
void mk_control_watch(struct mk_instance *inst);
void mk_control_unwatch(struct mk_instance *inst);
void mk_control_look(struct work_struct *work);
void mk_control_look_in(struct mk_instance *inst, u64 ns);
u64 mk_control_beat_age(struct mk_instance *inst);

/* --- peers.c: the modules above (mk_core.h) ------------------------------- */

int mk_peer_new(struct mk_instance *inst);
int mk_peer_start(struct mk_instance *inst);
void mk_peer_end(struct mk_instance *inst);

/* --- region.c: named shared memory -------------------------------------- */

/**
 * struct mk_shm - a region: named memory that kernels share
 * @kobj:	/sys/fs/multikernel/regions/NAME; counts references
 * @node:	R: in the list of regions, by id
 * @id:		constant
 * @name:	constant
 * @nid:	constant: NUMA node that was asked for
 * @live:	R: made, and not deleted; the name is taken while it is listed
 * @lost:	R: a CPU that was not seen to halt may write to it
 * @mounts:	R: mk_core_share_get() without mk_core_share_put()
 * @maps:	R: mappings of its descriptors
 * @size:	R, read without for sysfs: bytes
 * @nr_extents:	R: number of @extents
 * @extents:	R: its memory; they only grow
 * @nr_permits:	R: number of @permits
 * @permits:	R: instances that have it, or lived with it and must end first
 *
 * R: regions_lock.
 */
struct mk_shm {
	struct kobject kobj;
	struct list_head node;
	u64 id;
	char name[MK_NAME_SIZE];
	int nid;
	bool live;
	bool lost;
	u32 mounts;
	u32 maps;
	u64 size;
	u32 nr_extents;
	struct mk_extent extents[MK_MAX_EXTENTS];
	u32 nr_permits;
	struct mk_permit permits[MK_MAX_PERMITS];
};

struct vm_area_struct;

void mk_region_exit(void);
int mk_region_create(const struct mk_region_create *req, struct mk_shm **out,
		     struct mk_error *err);
struct mk_shm *mk_region_find(const char *name, u64 id);
void mk_region_put(struct mk_shm *shm);
int mk_region_grow(struct mk_shm *shm, u64 size, struct mk_error *err);
int mk_region_permit(struct mk_shm *shm, const char *name, u32 mode, struct mk_error *err);
int mk_region_delete(struct mk_shm *shm, struct mk_error *err);
int mk_region_query(struct mk_shm *shm, struct mk_region_query *q, struct mk_extent *extents,
		    struct mk_permit *permits, struct mk_error *err);
int mk_region_list(u64 *ids, u32 room, u32 *nr, struct mk_error *err);
ssize_t mk_region_permitted(struct mk_shm *shm, char *buf);
int mk_region_mmap(struct mk_shm *shm, struct vm_area_struct *vma);
u64 mk_region_bytes(void);
/* An instance starts, and has ended: instance->lock held. */
void mk_region_begin(struct mk_instance *inst);
void mk_region_end(struct mk_instance *inst);
/* What share.c asks in the host. */
int mk_region_share(const char *name, u64 id, bool hold, struct mk_share *share);
void mk_region_release(u64 id);
bool mk_region_is_mapped(u64 id);
bool mk_region_alive(u64 epoch);

/* --- share.c: an instance's side of regions ------------------------------ */

void mk_share_init(u64 epoch, const struct mk_region *region);

/* --- sysfs.c, chardev.c -------------------------------------------------- */

extern struct kobject *mk_kobj;		/* /sys/fs/multikernel */
extern const struct kobj_type mk_instance_ktype;
int mk_sysfs_init(void);
int mk_sysfs_instances(void);
int mk_sysfs_regions(void);
void mk_sysfs_exit(void);
int mk_sysfs_add(struct mk_instance *inst);
void mk_sysfs_remove(struct mk_instance *inst);
void mk_sysfs_changed(struct mk_instance *inst);
extern const struct kobj_type mk_region_ktype;
int mk_sysfs_add_region(struct mk_shm *shm);

/* power.c: host shutdown, restart, kexec, sleep */
int mk_power_init(void);
void mk_power_exit(void);

int mk_chardev_init(bool instance);
void mk_chardev_exit(void);

/* --- instance role: agent.c, leash.c ------------------------------------- */

/* Return: the handoff table if this kernel is an instance, else NULL. */
const struct mk_handoff *mk_handoff_find(u32 *len);
bool mk_agent_expected(void);
int mk_agent_init(const struct mk_handoff *handoff, u32 len);
/* The last words. May be called in any context, more than once: first wins. */
void mk_agent_end(u32 reason, const char *text);
void mk_agent_stopping(void);
int mk_leash_init(void);
int mk_sysfs_handoff(const struct mk_handoff *handoff);

static inline void *mk_virt(u64 phys)
{
	return phys_to_virt(phys);
}

#endif /* MK_CORE_INTERNAL_H */
