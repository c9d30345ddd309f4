/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mk_core offers to the modules above it: who this kernel is, which other
 * kernels live, how to interrupt one, which memory they share, and how a device is
 * asked.  Namespace MULTIKERNEL.
 */
#ifndef MK_CORE_H
#define MK_CORE_H

#include <linux/build_bug.h>
#include <linux/ioctl.h>
#include <linux/notifier.h>
#include <linux/types.h>

#include "compat.h"
#include "handoff.h"

/**
 * struct mk_self - an instance, as it sees itself
 * @id:		instance id
 * @name:	its name
 * @epoch:	of this start
 * @ipc:	its shared region for mk_ipc (MK_REGION_IPC), or size 0
 */
struct mk_self {
	u32 id;
	char name[MK_NAME_SIZE];
	u64 epoch;
	struct mk_region ipc;
};

/**
 * mk_core_self() - which instance is this kernel?
 * @self:	filled in an instance
 *
 * Context: any.
 * Return: 0 in an instance, -ENODEV in a host.
 */
int mk_core_self(struct mk_self *self);

/**
 * struct mk_peer - an instance, as the modules of its host see it
 * @id:		instance id
 * @name:	its name
 * @epoch:	of its last start
 * @ipc:	its shared region for mk_ipc: zeros when it starts
 * @nr_cpus:	its CPUs
 * @apicid:	their local APIC ids
 *
 * Valid from MK_PEER_START to the end of the call for MK_PEER_END.
 */
struct mk_peer {
	u32 id;
	char name[MK_NAME_SIZE];
	u64 epoch;
	struct mk_region ipc;
	u32 nr_cpus;
	u32 apicid[];
};

/**
 * enum mk_peer_event - what happens to an instance
 * @MK_PEER_START:	its boot CPU is about to be sent SIPI
 * @MK_PEER_END:	its CPUs are known to be halted
 * @MK_PEER_LOST:	it ended, but some CPUs did not confirm their halt: what it
 *			could write to may never be used again
 */
enum mk_peer_event {
	MK_PEER_START,
	MK_PEER_END,
	MK_PEER_LOST,
};

/**
 * mk_core_watch() - be told of instances; host only
 * @nb:		called with an enum mk_peer_event and a struct mk_peer
 *
 * Those that are alive start for @nb at once.  A start may be told twice with
 * the same epoch.  Calls for one instance never overlap.
 *
 * @nb may refuse a start (notifier_from_errno()): then the instance is not
 * started; and where it lives already, nothing is watched, and all that live are
 * MK_PEER_LOST for @nb, also those that it was not told of.
 *
 * Context: sleeps; @nb is called with the instance's lock held and must not
 * call mk_core but for mk_core_epoch(), mk_core_ring(), mk_core_alive() and
 * mk_core_share_*().
 * Return: 0 or a negative errno.
 */
int mk_core_watch(struct notifier_block *nb);

/**
 * mk_core_unwatch() - no more
 * @nb:		as given to mk_core_watch()
 *
 * Instances that are alive end for @nb first.
 *
 * Context: sleeps.
 */
void mk_core_unwatch(struct notifier_block *nb);

/**
 * mk_core_epoch() - a number that was never given before; host only
 *
 * Context: any.
 * Return: above 0.
 */
u64 mk_core_epoch(void);

/**
 * mk_core_ring() - interrupt a CPU of another kernel
 * @apicid:	its local APIC id
 * @vector:	of that kernel
 *
 * All that was stored before is seen by whoever takes the interrupt.
 *
 * Context: any but NMI.
 * Return: 0, -EINVAL for what reaches every CPU, or -EIO when the local APIC does
 * not take the command.
 */
int mk_core_ring(u32 apicid, u8 vector);

/**
 * mk_core_alive() - may the kernel of this start still be running?
 * @epoch:	of a start (struct mk_self, struct mk_peer), or 0: the host
 *
 * Host and instances: an epoch is told alive from before its kernel runs until its
 * CPUs are known to be halted, or are given up as lost.  An epoch that is dead stays
 * dead, and what it had stored is seen then.
 *
 * Context: any.
 * Return: true while it lives; the host always does.
 */
bool mk_core_alive(u64 epoch);

/**
 * mk_core_share_get() - take a region that this kernel may map
 * @name:	of the region
 * @share:	filled: its memory (handoff.h), checked
 *
 * In the host any region: it cannot be deleted until mk_core_share_put().  In an
 * instance what it is permitted: the host lets nobody delete it before this kernel
 * has ended, whether it is put or not.  The memory has struct pages in the host; in
 * an instance it is in no memory map.
 *
 * Context: sleeps.
 * Return: 0; -ENOENT when there is none, or it is not permitted; -EUCLEAN when what
 * the host says is malformed; -EAGAIN when the host does not finish saying it;
 * -ENOMEM.
 */
int mk_core_share_get(const char *name, struct mk_share *share);

/**
 * mk_core_share_put() - give a region back
 * @id:		of the region: one call for each mk_core_share_get()
 *
 * Context: sleeps.
 */
void mk_core_share_put(u64 id);

/**
 * mk_core_share_query() - a region as it is now
 * @id:		of the region
 * @share:	filled as by mk_core_share_get()
 *
 * It may have grown: then it has more extents, or a longer last one; its other bytes
 * are where they were.  @share->flags may have changed.
 *
 * Context: sleeps.
 * Return: as mk_core_share_get(); -ENOENT also when it is forbidden meanwhile.
 */
int mk_core_share_query(u64 id, struct mk_share *share);

/**
 * mk_core_share_is_mapped() - may a program of the host have a region mapped?
 * @id:		of the region
 *
 * Context: sleeps.
 * Return: true in an instance, where nobody knows.
 */
bool mk_core_share_is_mapped(u64 id);

/* --- devices --------------------------------------------------------------- */

struct file;

#define MK_CALL_SIZE_MAX	512	/* bytes of an argument */
#define MK_CALL_GROUP		0x20	/* numbers of one kind of descriptor */

/* struct mk_call.who */
#define MK_CALL_HOST		0	/* root of the host */
#define MK_CALL_BOTH		1	/* root of an instance, too */
#define MK_CALL_ANYBODY		2	/* who has the descriptor */

/**
 * struct mk_call - one ioctl of a device
 * @size:	of its argument, which begins with struct mk_hdr
 * @flags:	flags of the header that it knows
 * @who:	MK_CALL_*: who may
 * @fn:		does it; @arg has @size bytes, and zeros where the user gave less.
 *		Returns 0, a new descriptor, or a negative errno
 */
struct mk_call {
	u32 size;
	u32 flags;
	u32 who;
	long (*fn)(struct file *file, void *arg, struct mk_error *err);
};

#define MK_CALL(_cmd, _who, _fn, _type, _flags) \
	[_IOC_NR(_cmd) % MK_CALL_GROUP] = { \
		.size = sizeof(_type) + BUILD_BUG_ON_ZERO(sizeof(_type) > MK_CALL_SIZE_MAX), \
		.flags = _flags, \
		.who = _who, \
		.fn = _fn, \
	}

/**
 * mk_core_call() - do an ioctl
 * @calls:	by number, without gaps
 * @nr_calls:	elements of it
 * @first:	number of the first one
 * @file:	for the call
 * @cmd:	of the user
 * @arg:	likewise: a pointer
 *
 * Context: sleeps.
 * Return: what the call does, -ENOTTY: there is none of that number, or what
 * copy_struct_from_user() returns.
 */
long mk_core_call(const struct mk_call *calls, unsigned int nr_calls, unsigned int first,
		  struct file *file, unsigned int cmd, unsigned long arg);

/**
 * mk_core_check_name() - may an instance, a region or a channel have this name?
 * @name:	MK_NAME_SIZE bytes
 * @err:	what is wrong, and where
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int mk_core_check_name(const char *name, struct mk_error *err);

#endif /* MK_CORE_H */
