/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: a daxfs file system, without a kernel's or a program's surroundings.
 * mk_daxfs puts Linux's VFS above it, mkctl and the tests call it directly.
 *
 * Functions return 0 or a negative errno: -ESTALE, the inode is not the one
 * that it was (look it up again); -EUCLEAN, what another kernel has written
 * makes no sense; -EIO, a lock was not let go within its bound; -EINTR, the
 * caller is to die; -ENOSPC; and what is named at each.
 *
 * Locks: super.rename, then inodes by ascending number, then one group.
 * Functions below take what they need, unless "locked" says otherwise.
 */
#ifndef MK_DAXFS_FS_H
#define MK_DAXFS_FS_H

#ifdef __KERNEL__
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/types.h>

#define daxfs_bits(x)	hweight32(x)	/* the compiler's is a call that Linux has not */
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#define daxfs_bits(x)	__builtin_popcount(x)
#endif

#include "../mk_ipc/peer.h"
#include "format.h"

#ifndef EUCLEAN
#define EUCLEAN 117
#endif

struct daxfs_op;

/**
 * struct daxfs - a region that is attached
 * @piece:	where each 2 MiB of it are mapped; set by the caller, grows only
 * @size:	bytes that @piece maps: a multiple of 2 MiB
 * @priv:	the caller's
 * @nr_slots:	as in the super block, which was checked once; likewise
 * @nr_ops:	...
 * @slots:	...
 * @ops:	...
 * @first:	...
 * @key:	...
 * @slot:	ours
 * @me:		DAXFS_OWNER() of it, 0 while this kernel has not joined
 * @mend:	this caller mends: it may take locks of the dead
 * @busy:	a bit a record of our slot: an operation of ours uses it
 * @op:		[nr_ops], the caller's memory, from before daxfs_join() on
 * @left:	dead kernels left something in limbo, see daxfs_reap()
 * @group:	where this kernel allocates first
 */
struct daxfs {
	__u8 **piece;
	__u64 size;
	void *priv;
	__u32 nr_slots;
	__u32 nr_ops;
	__u64 slots;
	__u64 ops;
	__u64 first;
	__u64 key[2];
	__u32 slot;
	__u64 me;
	bool mend;
	__u64 busy;
	struct daxfs_op *op;
	bool left;
	__u32 group;
};

/* --- what the surroundings provide -------------------------------------- */

/**
 * daxfs_pause() - called while a lock or a record is waited for
 * @fs:		the file system
 * @tries:	how often before: spin first, then sleep; give up after
 *		about 30 seconds
 *
 * Return: 0 to try again, -EIO after the bound, -EINTR when the caller is to die.
 */
int daxfs_pause(struct daxfs *fs, unsigned int tries);

/**
 * daxfs_yield() - called in loops that may be long, if only in a hostile region
 * @fs:		the file system
 *
 * Return: 0, or -EINTR when the caller is to die.
 */
int daxfs_yield(struct daxfs *fs);

/** daxfs_now() - ns since 1970 */
__u64 daxfs_now(void);

/**
 * daxfs_bad() - tell that the region makes no sense somewhere
 * @fs:		the file system
 * @what:	what
 * @off:	offset
 *
 * Return: -EUCLEAN.
 */
int daxfs_bad(struct daxfs *fs, const char *what, __u64 off);

/* --- attach, join, mend (super.c) ---------------------------------------- */

/**
 * struct daxfs_params - what a file system is made with
 * @size:	bytes, a multiple of 4096
 * @label:	for people
 * @uuid:	random
 * @hash_key:	random
 * @nr_slots:	kernels at once, 0: 32, fewer in a small region
 */
struct daxfs_params {
	__u64 size;
	char label[64];
	__u8 uuid[16];
	__u64 hash_key[2];
	__u32 nr_slots;
};

/* daxfs_format() - make an empty file system; @fs has piece and size. Nobody has it. */
int daxfs_format(struct daxfs *fs, const struct daxfs_params *params);

/*
 * daxfs_attach() - check super block and all group heads, once; @fs has piece and size.
 * -EINVAL: no daxfs; -EPROTONOSUPPORT: another major or unknown features.
 */
int daxfs_attach(struct daxfs *fs);

/**
 * struct daxfs_who - which kernel
 * @boot:	mk_core's epoch of it, or a random number; never 0
 * @id:		instance id, 0: a host
 * @flags:	DAXFS_SLOT_*
 * @name:	for people
 */
struct daxfs_who {
	__u64 boot;
	__u32 id;
	__u32 flags;
	char name[64];
};

/* daxfs_join() - take a slot; fs->op is set. -EUSERS: no slot is free; -EAGAIN: it grows. */
int daxfs_join(struct daxfs *fs, const struct daxfs_who *who);

/* daxfs_leave() - give it back; no operation runs, nothing is open. */
void daxfs_leave(struct daxfs *fs);

/*
 * daxfs_bury() - kernels whose @boot is this one are halted: call only when
 * they are known to be. Return: their slots; when above 0 call daxfs_mend().
 */
int daxfs_bury(struct daxfs *fs, __u64 boot);

/* daxfs_mend() - finish or undo what dead kernels left; joined. */
int daxfs_mend(struct daxfs *fs);

/*
 * daxfs_grow() - the region has @size bytes now, and fs->piece, fs->size say so. Waits
 * until all kernels have mapped them, with daxfs_pause().
 */
int daxfs_grow(struct daxfs *fs, __u64 size);

/* daxfs_mapped() - fs->size has grown: this kernel can be given what is behind */
void daxfs_mapped(struct daxfs *fs);

/**
 * struct daxfs_stat - how much of it is used
 * @blocks:	of 4096 bytes
 * @free_blocks: of these
 * @inodes:	in use, and as many as there could be more
 * @free_inodes: of these
 */
struct daxfs_stat {
	__u64 blocks;
	__u64 free_blocks;
	__u64 inodes;
	__u64 free_inodes;
};

void daxfs_statfs(struct daxfs *fs, struct daxfs_stat *st);

/* --- objects in the region (group.c) --------------------------------------- */

/* daxfs_at() - where @off is mapped; [off, off + len) within 2 MiB. NULL: outside. */
static inline void *daxfs_at(const struct daxfs *fs, __u64 off, __u64 len)
{
	__u64 in = off & (DAXFS_HUGE - 1);

	if (off >= mk_peer_load(&fs->size) || in + len > DAXFS_HUGE)
		return NULL;
	return mk_peer_load(&fs->piece)[off >> DAXFS_HUGE_SHIFT] + in;
}

static inline struct daxfs_super *daxfs_super(const struct daxfs *fs)
{
	return (struct daxfs_super *)fs->piece[0];
}

struct daxfs_slot *daxfs_slot(struct daxfs *fs, __u32 slot);
struct daxfs_group *daxfs_group(struct daxfs *fs, __u32 group);
__u32 daxfs_nr_groups(const struct daxfs *fs);
__u64 daxfs_group_off(const struct daxfs *fs, __u32 group);
/* daxfs_group_meta() - blocks of a group before the first that can be used */
__u32 daxfs_group_meta(const struct daxfs *fs, __u32 group);
__u32 daxfs_group_blocks(const struct daxfs *fs, __u32 index);
/* locked: count what is free */
void daxfs_group_count(struct daxfs *fs, __u32 index);

/* daxfs_inode_off() - offset of an inode, 0: no such number; it may be free */
__u64 daxfs_inode_off(struct daxfs *fs, __u32 ino);
/* daxfs_next_inode() - the first inode in use whose number is *ino or above; NULL: none */
struct daxfs_inode *daxfs_next_inode(struct daxfs *fs, __u32 *ino);
/* daxfs_bit() - of a map in the region */
static inline bool daxfs_bit(const __u64 *map, __u32 nr)
{
	return mk_peer_load(&map[nr / 64]) >> nr % 64 & 1;
}

/* --- locks (lock.c) -------------------------------------------------------- */

int daxfs_lock(struct daxfs *fs, __u64 *word);
int daxfs_lock_anyway(struct daxfs *fs, __u64 *word);
void daxfs_unlock(struct daxfs *fs, __u64 *word);
/* daxfs_owner_alive() - does the owner of a lock have to be waited for? */
bool daxfs_owner_alive(struct daxfs *fs, __u64 owner);

/* --- inodes (inode.c) ------------------------------------------------------ */

/**
 * struct daxfs_ref - which inode
 * @ino:	number
 * @gen:	generation
 */
struct daxfs_ref {
	__u32 ino;
	__u32 gen;
};

/*
 * An inode's attributes, all of one moment: as in struct daxfs_inode. xattr changes
 * when the extended attributes do.
 */
struct daxfs_attr {
	struct daxfs_ref ref;
	__u32 mode;
	__u32 nlink;
	__u32 uid;
	__u32 gid;
	__u64 size;
	__u64 blocks;
	__u64 atime;
	__u64 mtime;
	__u64 ctime;
	__u64 btime;
	__u64 xattr;
	__u32 rdev;
	__u32 flags;
	__u32 parent;
	__u32 seq;
};

/* daxfs_getattr() - without lock; gen 0: whatever it is now. -ENOENT with gen 0: free. */
int daxfs_getattr(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_attr *attr);

#define DAXFS_SET_MODE	0x01
#define DAXFS_SET_UID	0x02
#define DAXFS_SET_GID	0x04
#define DAXFS_SET_ATIME	0x08
#define DAXFS_SET_MTIME	0x10
#define DAXFS_SET_FLAGS	0x20	/* IMMUTABLE, APPEND */
#define DAXFS_SET_CTIME	0x40	/* else it is now */

int daxfs_setattr(struct daxfs *fs, struct daxfs_ref ref, unsigned int set,
		  const struct daxfs_attr *attr);

/* daxfs_touch_atime() - one store */
int daxfs_touch_atime(struct daxfs *fs, struct daxfs_ref ref, __u64 ns);

/* daxfs_is_ours() - does this kernel have it open? */
static inline bool daxfs_is_ours(const struct daxfs *fs, const struct daxfs_inode *inode)
{
	return mk_peer_load_acquire(&inode->open) >> fs->slot & 1;
}

/*
 * daxfs_open() - this kernel has it open: it and its blocks stay although all
 * its names go. Once a kernel: count openers before; what is created open may be
 * opened once more. daxfs_close() frees it when nobody else has it and it has no name.
 */
int daxfs_open(struct daxfs *fs, struct daxfs_ref ref);
void daxfs_close(struct daxfs *fs, struct daxfs_ref ref);

/* locked: lock it, check its generation; *off is where it is */
int daxfs_inode_lock(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode **inode,
		     __u64 *off);
/* locked: likewise for what must be done, also by who is to die */
int daxfs_inode_lock_anyway(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode **inode,
			    __u64 *off);
void daxfs_inode_unlock(struct daxfs *fs, struct daxfs_inode *inode);

/* locked: nlink is 0 and nobody has it open: free it. Unlocks. */
int daxfs_inode_release(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode *inode);

/* daxfs_inode_is_small() - locked: it, with its blocks, can be freed in one operation */
bool daxfs_inode_is_small(const struct daxfs_inode *inode);

/* --- names (dir.c, names.c) ------------------------------------------------ */

/**
 * struct daxfs_new - what to create
 * @mode:	type and permissions
 * @uid:	owner
 * @gid:	group
 * @rdev:	device number (major << 20 | minor)
 * @target:	of a symbolic link
 * @target_len:	its bytes, 1 to 4095
 * @xattrs:	extended attributes from the start, or NULL
 * @open:	this kernel has it open from the start, see daxfs_open()
 */
struct daxfs_new {
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 rdev;
	const char *target;
	__u32 target_len;
	const struct daxfs_xattrs *xattrs;
	bool open;
};

/* daxfs_lookup() - without lock. -ENOENT; -ESTALE: the directory is gone. */
int daxfs_lookup(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
		 struct daxfs_ref *ref, __u32 *type);

/**
 * struct daxfs_span - changes of a directory that are all of one call
 * @from:	daxfs_inode.seq before them
 * @to:		after them; both as zeros left alone when the call did not get so far
 */
struct daxfs_span {
	__u32 from;
	__u32 to;
};

/*
 * daxfs_create() - also directories, devices, symbolic links. -EEXIST, -EMLINK.
 * A name of NULL: no name, and open for this kernel (O_TMPFILE).
 */
int daxfs_create_in(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
		    const struct daxfs_new *what, struct daxfs_ref *ref, struct daxfs_span *span);

static inline int daxfs_create(struct daxfs *fs, struct daxfs_ref dir, const char *name,
			       __u32 len, const struct daxfs_new *what, struct daxfs_ref *ref)
{
	return daxfs_create_in(fs, dir, name, len, what, ref, NULL);
}

/* daxfs_link() - also gives a name to what has none and is open. -EEXIST, -EMLINK. */
int daxfs_link_in(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
		  struct daxfs_ref ref, struct daxfs_span *span);

static inline int daxfs_link(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
			     struct daxfs_ref ref)
{
	return daxfs_link_in(fs, dir, name, len, ref, NULL);
}

/* daxfs_unlink() - @ref: what the caller takes it for, else -ESTALE. -ENOTEMPTY. */
int daxfs_unlink_in(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
		    struct daxfs_ref ref, struct daxfs_span *span);

static inline int daxfs_unlink(struct daxfs *fs, struct daxfs_ref dir, const char *name,
			       __u32 len, struct daxfs_ref ref)
{
	return daxfs_unlink_in(fs, dir, name, len, ref, NULL);
}

#define DAXFS_RENAME_NOREPLACE	0x1
#define DAXFS_RENAME_EXCHANGE	0x2
#define DAXFS_RENAME_WHITEOUT	0x4

/**
 * struct daxfs_side - one of the two names of a rename
 * @dir:	its directory
 * @name:	any bytes but '/' and NUL
 * @len:	their number
 * @ref:	what the caller takes it for; ino 0: nothing
 * @span:	out: of the directory; of the second side zeros when it is the same one
 */
struct daxfs_side {
	struct daxfs_ref dir;
	const char *name;
	__u32 len;
	struct daxfs_ref ref;
	struct daxfs_span span;
};

/*
 * daxfs_rename() - @old: what the caller takes the old name for; @new: likewise, or ino 0.
 * -EEXIST, -ENOTEMPTY, -EMLINK; -EINVAL: a directory into itself.
 */
int daxfs_rename_sides(struct daxfs *fs, struct daxfs_side side[2], unsigned int flags);

static inline int daxfs_rename(struct daxfs *fs, struct daxfs_ref old_dir, const char *old_name,
			       __u32 old_len, struct daxfs_ref old, struct daxfs_ref new_dir,
			       const char *new_name, __u32 new_len, struct daxfs_ref new,
			       unsigned int flags)
{
	struct daxfs_side side[] = {
		{ .dir = old_dir, .name = old_name, .len = old_len, .ref = old },
		{ .dir = new_dir, .name = new_name, .len = new_len, .ref = new },
	};

	return daxfs_rename_sides(fs, side, flags);
}

/* daxfs_readlink() - up to @size bytes to @to; returns their number */
int daxfs_readlink(struct daxfs *fs, struct daxfs_ref ref, char *to, __u32 size);

/**
 * struct daxfs_name - an entry that was read
 * @pos:	position behind it
 * @ino:	inode number
 * @type:	S_IFMT >> 12
 * @len:	bytes of the name
 * @name:	where it is, in the caller's buffer
 */
struct daxfs_name {
	__u64 pos;
	__u32 ino;
	__u32 type;
	__u32 len;
	const char *name;
};

#define DAXFS_NAMES	512	/* entries that one call can return */

/**
 * struct daxfs_names - room for daxfs_readdir(); about 40 KiB
 * @nr:		entries
 * @name:	them, by position
 * @text:	their bytes
 */
struct daxfs_names {
	__u32 nr;
	struct daxfs_name name[DAXFS_NAMES];
	char text[32768];
};

/*
 * daxfs_readdir() - the entries that follow @pos (0: the first; "." and ".." are the
 * caller's), in the order of their hash; what stays in the directory meanwhile is
 * read once. nr 0: the end.
 */
int daxfs_readdir(struct daxfs *fs, struct daxfs_ref dir, __u64 pos, struct daxfs_names *names);

/* --- data (map.c, data.c) --------------------------------------------------- */

/**
 * struct daxfs_run - where a part of a file is
 * @off:	offset in the region, 0: a hole
 * @len:	bytes from there on, all alike; a multiple of 4096
 */
struct daxfs_run {
	__u64 off;
	__u64 len;
};

/*
 * daxfs_map() - without lock: where byte @pos (its block: rounded down) and what
 * follows are; @want: bytes to look at, at least one block is.
 */
int daxfs_map(struct daxfs *fs, struct daxfs_ref ref, __u64 pos, __u64 want,
	      struct daxfs_run *run);

/* daxfs_map_blocks() - likewise: where each of @nr blocks from @block on is, 0: a hole */
int daxfs_map_blocks(struct daxfs *fs, struct daxfs_ref ref, __u64 block, __u32 nr, __u64 *off);

/* daxfs_fill() - as daxfs_map(), with a block of zeros instead of a hole (page fault) */
int daxfs_fill(struct daxfs *fs, struct daxfs_ref ref, __u64 pos, __u64 want,
	       struct daxfs_run *run);

/**
 * typedef daxfs_copy_fn - bring data of a write, without page faults
 * @arg:	the writer's
 * @to:		where to
 * @len:	bytes
 *
 * Return: bytes that were copied; fewer end the write there.
 */
typedef __u64 (*daxfs_copy_fn)(void *arg, void *to, __u64 len);

/*
 * daxfs_write() - bytes at @pos (at the end: DAXFS_APPEND, then *pos is where they went);
 * returns their number, or an errno when there are none.
 */
#define DAXFS_APPEND	(~0ULL)
__s64 daxfs_write(struct daxfs *fs, struct daxfs_ref ref, __u64 *pos, __u64 len,
		  daxfs_copy_fn copy, void *arg);

/*
 * daxfs_resize() - truncate or extend. @alone: nobody but the caller reads it or has
 * it mapped in this kernel, so that its blocks need no grace period here.
 */
int daxfs_resize(struct daxfs *fs, struct daxfs_ref ref, __u64 size, bool alone);

#define DAXFS_KEEP_SIZE		0x01
#define DAXFS_PUNCH		0x02
#define DAXFS_ZERO		0x10
#define DAXFS_COLLAPSE		0x08

/* daxfs_fallocate() - flags as FALLOC_FL_*. -EOPNOTSUPP, -EINVAL. */
int daxfs_fallocate(struct daxfs *fs, struct daxfs_ref ref, unsigned int flags, __u64 from,
		    __u64 len);

/* daxfs_seek() - the next data or hole at or after @pos; -ENXIO */
__s64 daxfs_seek(struct daxfs *fs, struct daxfs_ref ref, __u64 pos, bool hole);

/* locked, without seq: as daxfs_map() */
int daxfs_find(struct daxfs *fs, const struct daxfs_inode *inode, __u64 block, __u64 most,
	       struct daxfs_run *run);
/* locked: let @len bytes from @off be the file's from @block on; they were a hole */
void daxfs_map_set(struct daxfs_op *op, __u64 inode_off, __u64 block, __u64 off, __u64 len);
/* locked: likewise with 2 MiB; false when there is no room for them in the map */
bool daxfs_map_huge(struct daxfs_op *op, __u64 inode_off, __u64 block, __u64 off);
/* locked: would daxfs_map_huge() find room? */
bool daxfs_can_be_huge(struct daxfs *fs, const struct daxfs_inode *inode, __u64 block);

/* locked: take blocks out of the map, from byte @from (block aligned) to @to (likewise or ~0) */
int daxfs_unmap(struct daxfs *fs, struct daxfs_ref ref, __u64 inode_off, __u64 from, __u64 to,
		bool limbo);

/* locked: finish a truncation (DAXFS_INO_TRUNC) that has begun */
int daxfs_trim(struct daxfs *fs, struct daxfs_ref ref, __u64 inode_off, bool limbo);

/* daxfs_has_passed() - have those of @kernels, bits of slots, passed a grace period? */
bool daxfs_has_passed(struct daxfs *fs, __u64 kernels, __u64 grace);
/* daxfs_reap() - give back what has waited for its grace period; returns what still waits */
int daxfs_reap(struct daxfs *fs);

/* --- extended attributes (xattr.c), file locks (flock.c) --------------------- */

/* Names come with their prefix. -ENODATA, -ERANGE (size 0: only asks), -EEXIST, -E2BIG. */
int daxfs_getxattr(struct daxfs *fs, struct daxfs_ref ref, const char *name, void *value,
		   __u32 size);
#define DAXFS_XATTR_CREATE	1
#define DAXFS_XATTR_REPLACE	2
int daxfs_setxattr(struct daxfs *fs, struct daxfs_ref ref, const char *name, const void *value,
		   __u32 size, unsigned int flags);	/* value NULL: remove */
int daxfs_listxattr(struct daxfs *fs, struct daxfs_ref ref, char *list, __u32 size);

/* daxfs_flock_test() - does another kernel's lock stand against it? 0, or 1 with *found */
int daxfs_flock_test(struct daxfs *fs, struct daxfs_ref ref, const struct daxfs_flock *want,
		     struct daxfs_flock *found);
/*
 * daxfs_flock_set() - let the locks of this kernel on it be exactly these, of the kinds
 * fcntl (@posix) or flock. -EAGAIN: another kernel's lock stands against one of them.
 */
int daxfs_flock_set(struct daxfs *fs, struct daxfs_ref ref, bool posix,
		    const struct daxfs_flock *locks, __u32 nr);

/* --- operations (op.c, alloc.c): for the files of this folder ------------------ */

/**
 * struct daxfs_op - an operation of ours, as we know it; the record is for others
 * @fs:		its file system
 * @index:	of the record in our slot
 * @record:	the record
 * @err:	the first thing that went wrong; daxfs_commit() returns it
 * @nr_inode:	as in the record, and what follows
 * @nr_write:	...
 * @nr_alloc:	...
 * @nr_free:	...
 * @limbo:	what is freed waits for a grace period; @ino, @from, @to are told
 * @ino:	...
 * @from:	...
 * @to:		...
 * @grace:	...
 * @inode:	...
 * @write:	...
 * @alloc:	...
 * @free:	...
 */
struct daxfs_op {
	struct daxfs *fs;
	__u32 index;
	struct daxfs_record *record;
	int err;
	__u32 nr_inode;
	__u32 nr_write;
	__u32 nr_alloc;
	__u32 nr_free;
	bool limbo;
	__u64 ino;
	__u64 from;
	__u64 to;
	__u64 grace;
	__u64 inode[DAXFS_OP_INODES];
	struct daxfs_store write[DAXFS_OP_WRITES];
	struct daxfs_extent alloc[DAXFS_OP_ALLOCS];
	struct daxfs_extent free[DAXFS_OP_FREES];
};

/* daxfs_begin() - the caller holds the locks of all that it will change */
int daxfs_begin(struct daxfs *fs, struct daxfs_op **op);
/* daxfs_change() - from now on readers of this inode wait; its lock is held */
void daxfs_change(struct daxfs_op *op, __u64 inode_off);
/* daxfs_put() - store at commit; at once where this operation took the block */
void daxfs_put(struct daxfs_op *op, __u64 off, __u64 val);
void daxfs_put32(struct daxfs_op *op, __u64 off, __u32 val);
/* daxfs_put_once() - the caller knows that nothing was put there */
void daxfs_put_once(struct daxfs_op *op, __u64 off, __u64 val);
/* daxfs_get() - what daxfs_put() has put, else what is there */
__u64 daxfs_get(struct daxfs_op *op, __u64 off);
__u32 daxfs_get32(struct daxfs_op *op, __u64 off);
/* daxfs_commit() - all of it, or, after an error, nothing of it; ends @op */
int daxfs_commit(struct daxfs_op *op);
void daxfs_abort(struct daxfs_op *op);

/*
 * daxfs_take() - blocks in one piece, not cleared: up to @len bytes, at least one
 * block; DAXFS_HUGE with @huge: exactly 2 MiB, aligned, or -ENOSPC. *got: bytes.
 */
int daxfs_take(struct daxfs_op *op, __u64 len, bool huge, __u64 *off, __u64 *got);
/* daxfs_take_whole() - exactly @len bytes in one piece */
int daxfs_take_whole(struct daxfs_op *op, __u64 len, __u64 *off);
/* daxfs_enough() - are so many blocks free? -ENOSPC */
int daxfs_enough(struct daxfs *fs, __u64 blocks);
/*
 * daxfs_take_inode() - a free inode: mode and lock are 0, gen is a new one, the rest
 * is unknown. Store its mode last: one with a mode, but neither name nor opener, is freed.
 */
int daxfs_take_inode(struct daxfs_op *op, __u32 *ino, __u64 *off);
/* daxfs_give() - free at commit; inode: len 0 */
void daxfs_give(struct daxfs_op *op, __u64 off, __u64 len);
/* daxfs_room() - are there so many writes, allocs and frees left? */
bool daxfs_room(const struct daxfs_op *op, __u32 writes, __u32 allocs, __u32 frees);
/* daxfs_give_back() - clear the bits of an extent; *done becomes DAXFS_GIVEN with them */
int daxfs_give_back(struct daxfs *fs, struct daxfs_extent ext, __u64 *done);
struct daxfs_record *daxfs_record(struct daxfs *fs, __u32 slot, __u32 index);
void daxfs_mend_op(struct daxfs *fs, __u32 slot, __u32 index);
void daxfs_adopt(struct daxfs *fs);
/* daxfs_pass() - nothing that was freed before is used by this kernel any more */
void daxfs_pass(struct daxfs *fs, __u64 grace);
/* daxfs_hold() - but what waits in this record is; before daxfs_pass() */
void daxfs_hold(struct daxfs *fs, struct daxfs_record *record, bool hold);

/* daxfs_inode_give() - locked, small, not open: it goes with its last name; unlocks at commit */
void daxfs_inode_give(struct daxfs_op *op, const struct daxfs_inode *inode, __u64 off);

/* daxfs_dir_free() - locked: free all blocks of a directory that is empty (dir.c) */
int daxfs_dir_free(struct daxfs *fs, struct daxfs_ref ref, __u64 inode_off);

#define DAXFS_FILE_MAX	((1ULL << 47) - DAXFS_BLOCK)	/* bytes of a file */

#define DAXFS_PUT(op, off, type, field, val) \
	daxfs_put(op, (off) + offsetof(struct type, field), val)
#define DAXFS_PUT32(op, off, type, field, val) \
	daxfs_put32(op, (off) + offsetof(struct type, field), val)
#define DAXFS_GET(op, off, type, field) \
	daxfs_get(op, (off) + offsetof(struct type, field))
#define DAXFS_GET32(op, off, type, field) \
	daxfs_get32(op, (off) + offsetof(struct type, field))

/* daxfs_read_begin() - wait until nobody changes the inode; *seq for daxfs_read_again() */
int daxfs_read_begin(struct daxfs *fs, const struct daxfs_inode *inode, __u32 *seq);
bool daxfs_read_again(struct daxfs *fs, const struct daxfs_inode *inode, __u32 seq,
		      unsigned int *tries, int *err);

#endif /* MK_DAXFS_FS_H */
