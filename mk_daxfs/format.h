/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The layout of a daxfs region: one file system in memory that many kernels
 * have mounted.  Kernel, tools and tests share this header.
 *
 *	0	 super | slots | operation records | group 0 ...
 *	128 MiB	 group 1 ...				each group: head with its
 *	256 MiB	 group 2 ...				maps, blocks
 *	...
 *
 * All integers are little-endian; "offset" is in bytes from the region's start,
 * 0 is no object.  Every kernel that has it mounted can write every byte: each
 * offset is bounded when it is used.
 *
 * What changes, changes under the lock of its inode or group, and as an
 * operation: a record in the slot of the kernel lists all 8-byte stores and the
 * blocks that they take and give back.  The record is committed by one store,
 * then applied.  A kernel may die at any instruction: its committed operations
 * are applied again by another, the others never were.  Its locks are void from
 * the moment that its slot has another epoch, which is after that.
 */
#ifndef MK_DAXFS_FORMAT_H
#define MK_DAXFS_FORMAT_H

#include <linux/types.h>

#define DAXFS_MAGIC		0x3153465841444b4dULL	/* "MKDAXFS1" */
#define DAXFS_MAJOR		1
#define DAXFS_MINOR		0

#define DAXFS_BLOCK_SHIFT	12
#define DAXFS_BLOCK		4096ULL
#define DAXFS_HUGE_SHIFT	21
#define DAXFS_HUGE		(2ULL << 20)
#define DAXFS_GROUP_SHIFT	27
#define DAXFS_GROUP		(128ULL << 20)
#define DAXFS_SIZE_MIN		(2ULL << 20)
#define DAXFS_SIZE_MAX		(1024ULL << 30)	/* inode numbers have 32 bits */

#define DAXFS_NAME_MAX		255
#define DAXFS_LINK_MAX		0x7fffffffU
#define DAXFS_XATTR_MAX		65536	/* bytes of all of an inode */
#define DAXFS_SLOTS_MAX		64	/* bits of daxfs_inode.open */
#define DAXFS_OPS_MAX		64	/* records of one slot */
#define DAXFS_ROOT		1	/* inode number */
#define DAXFS_ROOT_OFF		3840	/* offset of that inode: daxfs_super.root */

/*
 * A lock or a slot's owner: (epoch of the slot << 32) | (slot + 1); 0 is nobody.
 * An owner whose slot has another epoch, or is none, is nobody, too.
 */
#define DAXFS_OWNER(slot, epoch)	(((__u64)(epoch) << 32) | ((slot) + 1))
#define DAXFS_OWNER_SLOT(owner)		((__u32)(owner) - 1)
#define DAXFS_OWNER_EPOCH(owner)	((__u32)((owner) >> 32))

/**
 * struct daxfs_super - the region's first block
 *
 * Written when it is formatted, never after:
 * @magic:	DAXFS_MAGIC
 * @major:	other ones are refused
 * @minor:	counts additions that older code may ignore
 * @block_size:	DAXFS_BLOCK
 * @incompat:	features that a kernel must know to mount it
 * @ro_compat:	features that a kernel must know to write
 * @uuid:	of this file system
 * @label:	its name, padded with NUL
 * @hash_key:	of the names' hash
 * @created:	ns since 1970
 * @nr_slots:	kernels that can have it mounted at once, up to DAXFS_SLOTS_MAX
 * @nr_ops:	records of each, up to DAXFS_OPS_MAX
 * @slots:	offset of struct daxfs_slot [nr_slots]
 * @ops:	offset of struct daxfs_record [nr_slots][nr_ops]
 * @first:	offset of group 0's head
 * @reserved:	zero
 *
 * Written by any kernel:
 * @size:	bytes in use; only grows, under @grow
 * @grow:	lock: growing
 * @rename:	lock: moving directories between directories
 * @recover:	lock: mending after dead kernels
 * @freeze:	lock: no operation begins while it is held
 * @grace:	number of the last grace period that somebody waits for
 * @reserved2:	zero
 * @root:	struct daxfs_inode of the root directory
 *
 * A crash leaves locks with a dead owner, see above; @grace is only a counter.
 */
struct daxfs_super {
	__u64 magic;
	__u16 major;
	__u16 minor;
	__u32 block_size;
	__u64 incompat;
	__u64 ro_compat;
	__u8  uuid[16];
	char  label[64];
	__u64 hash_key[2];
	__u64 created;
	__u32 nr_slots;
	__u32 nr_ops;
	__u64 slots;
	__u64 ops;
	__u64 first;
	__u8  reserved[344];

	__u64 size;
	__u64 grow;
	__u64 rename;
	__u64 recover;
	__u64 freeze;
	__u64 grace;
	__u8  reserved2[3280];
	__u8  root[256];
};

/* daxfs_slot.state, low half; the high half is the slot's epoch */
#define DAXFS_SLOT_FREE		0
#define DAXFS_SLOT_LIVE		1
#define DAXFS_SLOT_DEAD		2	/* its kernel is halted; not mended yet */
#define DAXFS_BOOT_PROGRAM	0x8000000000000000ULL
#define DAXFS_SLOT_STATE(word)	((__u32)(word))
#define DAXFS_SLOT_EPOCH(word)	((__u32)((word) >> 32))

/**
 * struct daxfs_slot - a kernel that has it mounted
 * @state:	epoch and DAXFS_SLOT_*; taken by compare and exchange, written last
 * @boot:	which start of which kernel: mk_core's epoch, or a random number;
 *		with DAXFS_BOOT_PROGRAM: which program of the host
 * @id:		instance id, 0 for a host
 * @flags:	DAXFS_SLOT_RO
 * @joined:	ns since 1970
 * @grace:	grace period that this kernel has passed
 * @mapped:	bytes of the region that it has mapped; only grows
 * @reserved:	zero
 * @name:	for people, padded with NUL
 *
 *	FREE -> LIVE		its kernel
 *	LIVE -> FREE, epoch + 1	its kernel, when it leaves
 *	LIVE -> DEAD		the host, once all CPUs of the kernel are halted
 *	DEAD -> FREE, epoch + 1	whoever has mended what it left (super.recover)
 */
struct daxfs_slot {
	__u64 state;
	__u64 boot;
	__u32 id;
	__u32 flags;
	__u64 joined;
	__u64 grace;
	__u64 mapped;
	__u8  reserved[16];
	char  name[64];
};

#define DAXFS_SLOT_RO		0x1	/* it reads only */

/* daxfs_record.state */
#define DAXFS_OP_FREE		0
#define DAXFS_OP_OPEN		1	/* @alloc may be taken, nothing is reachable */
#define DAXFS_OP_COMMITTED	2	/* @write is to be done */
#define DAXFS_OP_LIMBO		3	/* done; @free waits for @grace */
#define DAXFS_OP_DONE		4	/* done; @free is being given back */

#define DAXFS_OP_INODES		8
#define DAXFS_OP_WRITES		128
#define DAXFS_OP_ALLOCS		40
#define DAXFS_OP_FREES		80

/**
 * struct daxfs_store - one store of an operation
 * @off:	offset, a multiple of 8
 * @val:	what is stored
 */
struct daxfs_store {
	__u64 off;
	__u64 val;
};

/**
 * struct daxfs_extent - what an operation takes or gives back
 * @off:	offset of a block, or of an inode
 * @len:	bytes, or 0 for an inode; ~0: has been given back
 */
struct daxfs_extent {
	__u64 off;
	__u64 len;
};

#define DAXFS_GIVEN		(~0ULL)

/**
 * struct daxfs_record - an operation that changes the file system
 * @state:	DAXFS_OP_*
 * @grace:	LIMBO: grace period after which @free may be used again, or 0
 * @nr_inode:	entries of @inode
 * @nr_write:	entries of @write
 * @nr_alloc:	entries of @alloc; counted before their bits are taken
 * @nr_free:	entries of @free
 * @ino:	LIMBO: inode whose pages are leaving
 * @from:	LIMBO: its bytes from here
 * @to:		LIMBO: up to here
 * @hold:	LIMBO: a bit a slot: that kernel cannot do without the pages yet although
 *		it has passed @grace; only it changes its bit
 * @inode:	offsets of the inodes whose @seq is odd until it is done
 * @write:	all stores
 * @alloc:	what was taken: given back when it is not committed
 * @free:	what is given back when it is committed
 *
 * Writer: its kernel, and who mends after it. Readers: who mends; in LIMBO all
 * kernels, to take the pages out of their mappings.
 */
struct daxfs_record {
	__u64 state;
	__u64 grace;
	__u32 nr_inode;
	__u32 nr_write;
	__u32 nr_alloc;
	__u32 nr_free;
	__u64 ino;
	__u64 from;
	__u64 to;
	__u64 hold;
	__u64 inode[DAXFS_OP_INODES];
	struct daxfs_store write[DAXFS_OP_WRITES];
	struct daxfs_extent alloc[DAXFS_OP_ALLOCS];
	struct daxfs_extent free[DAXFS_OP_FREES];
};

#define DAXFS_GROUP_MAGIC	0x47584144U	/* "DAXG" */
#define DAXFS_GROUP_BLOCKS	(DAXFS_GROUP >> DAXFS_BLOCK_SHIFT)

/**
 * struct daxfs_group - head of a group; three blocks
 * @magic:	DAXFS_GROUP_MAGIC
 * @reserved:	zero
 * @lock:	owner: all below, and the heads of its chunks of inodes
 * @free_blocks: counted anew after a crash
 * @free_inodes: likewise; those of chunks that are there
 * @used_inodes: likewise
 * @next_block:	where to look for a free block first
 * @next_chunk:	where to look for a chunk with a free inode first
 * @reserved2:	zero
 * @blocks:	a bit a block: in use; those before the end of the head mean nothing
 * @chunks:	a bit a block: it is a chunk of inodes, for ever
 */
struct daxfs_group {
	__u32 magic;
	__u32 reserved;
	__u64 lock;
	__u32 free_blocks;
	__u32 free_inodes;
	__u32 used_inodes;
	__u32 next_block;
	__u32 next_chunk;
	__u8  reserved2[4060];
	__u64 blocks[DAXFS_GROUP_BLOCKS / 64];
	__u64 chunks[DAXFS_GROUP_BLOCKS / 64];
};

/*
 * An inode's number is its offset / 256; the root's is DAXFS_ROOT.  A block that
 * has become a chunk stays one: who still knows the number of an inode that is
 * gone may lock it, and must not do that to the data of a file.
 */
#define DAXFS_INO_SHIFT		8
#define DAXFS_CHUNK_MAGIC	0x43584144U	/* "DAXC" */
#define DAXFS_CHUNK_INODES	15
#define DAXFS_CHUNK_FULL	0xfffe		/* bits 1 to 15 */

/**
 * struct daxfs_chunk - head of a block of inodes, in the place of its first
 * @magic:	DAXFS_CHUNK_MAGIC
 * @used:	a bit an inode, from bit 1 on
 * @reserved:	zero
 */
struct daxfs_chunk {
	__u32 magic;
	__u32 used;
	__u8  reserved[248];
};

/* An entry of a map: offset of what it maps, and these */
#define DAXFS_MAP_VALID		0x1
#define DAXFS_MAP_HUGE		0x2	/* 2 MiB, where a node of 4 KiB entries would be */
#define DAXFS_MAP_OFF(entry)	((entry) & ~(DAXFS_BLOCK - 1))
#define DAXFS_MAP_FANOUT	512
#define DAXFS_MAP_HEIGHT	4	/* at most */
#define DAXFS_DIRECT		16

/* daxfs_inode.flags */
#define DAXFS_INO_TRUNC		0x1	/* blocks beyond size are still to be freed */
#define DAXFS_INO_IMMUTABLE	0x2
#define DAXFS_INO_APPEND	0x4
#define DAXFS_INO_AHEAD		0x8	/* blocks beyond size go when nobody has it open */

#define DAXFS_GEN_MASK		0x0fffffffU

/**
 * struct daxfs_inode - an inode
 * @lock:	owner; all below but @open, and what the inode points to
 * @seq:	odd while an operation changes it; readers without lock try again
 * @gen:	generation, of DAXFS_GEN_MASK, never 0: another one each time it is used
 * @mode:	type and permissions; 0: free
 * @nlink:	names; 0: it goes when @open is 0
 * @uid:	owner
 * @gid:	group
 * @size:	bytes of a file or symbolic link; entries of a directory
 * @blocks:	blocks that it has, those of its map included
 * @atime:	ns since 1970, as all times
 * @mtime:	last change of data
 * @ctime:	last change of the inode
 * @btime:	birth
 * @open:	a bit a slot: that kernel has it open
 * @xattr:	offset of its extended attributes, and their blocks - 1; or 0
 * @rdev:	device number (major << 20 | minor)
 * @flags:	DAXFS_INO_*
 * @parent:	inode number of a directory's parent
 * @locks:	offset of the block of its file locks, or 0
 * @height:	of the map below @map; 0: @map are blocks. A directory: log2 of
 *		its buckets
 * @reserved:	zero
 * @map:	entries (see DAXFS_MAP_*): blocks, or in [0] the root of a tree.
 *		A directory: [0] is its bucket, or the table of its buckets
 * @link:	a short symbolic link
 *
 * @size and the times are also stored alone, each by one store. What is beyond
 * @size in its last block is undefined; other blocks beyond it are zero.
 */
struct daxfs_inode {
	__u64 lock;
	__u32 seq;
	__u32 gen;
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
	__u64 open;
	__u64 xattr;
	__u32 rdev;
	__u32 flags;
	__u32 parent;
	__u32 height;
	__u64 locks;
	__u64 reserved;
	union {
		__u64 map[DAXFS_DIRECT];
		char link[DAXFS_DIRECT * 8];
	};
};

/*
 * A directory is a hash table that doubles (extendible hashing): the upper
 * bits of the 31-bit hash of a name choose a bucket, one block and those
 * chained to it when it cannot be split.  Records fill a bucket; each is
 * published, and taken away, by one store to @ino.
 */
#define DAXFS_BUCKET_MAGIC	0x42584144U	/* "DAXB" */
#define DAXFS_HASH_BITS		31
#define DAXFS_DEPTH_MAX		18
#define DAXFS_CHAIN_MAX		64	/* blocks of one bucket */

/**
 * struct daxfs_bucket - head of a directory's block
 * @magic:	DAXFS_BUCKET_MAGIC
 * @depth:	upper bits of the hash that all its names share
 * @ino:	inode number of the directory
 * @next:	offset of the next block of this bucket, or 0
 * @reserved:	zero
 */
struct daxfs_bucket {
	__u32 magic;
	__u32 depth;
	__u64 ino;
	__u64 next;
	__u64 reserved;
};

/**
 * struct daxfs_dirent - a name in a bucket
 * @ino:	DAXFS_DIRENT(): inode number, generation and type; 0: free room
 * @hash:	of the name, 1 to 2^31 - 1
 * @len:	bytes up to the next record, a multiple of 8
 * @name_len:	1 to DAXFS_NAME_MAX
 * @reserved:	zero
 * @name:	any bytes but '/' and NUL
 */
struct daxfs_dirent {
	__u64 ino;
	__u32 hash;
	__u16 len;
	__u8  name_len;
	__u8  reserved;
	char  name[];
};

#define DAXFS_DIRENT(ino, gen, type) \
	((__u64)(ino) | ((__u64)(gen) << 32) | ((__u64)(type) << 60))
#define DAXFS_DIRENT_INO(word)	((__u32)(word))
#define DAXFS_DIRENT_GEN(word)	((__u32)((word) >> 32) & DAXFS_GEN_MASK)
#define DAXFS_DIRENT_TYPE(word)	((__u32)((word) >> 60))	/* S_IFMT >> 12 */

/**
 * struct daxfs_xattrs - extended attributes of an inode, written once
 * @len:	bytes of all records
 * @nr:		records
 *
 * A change writes another one and exchanges the pointer.
 */
struct daxfs_xattrs {
	__u32 len;
	__u32 nr;
};

/**
 * struct daxfs_xattr - one of them
 * @name_len:	bytes of the name, with its prefix ("user.")
 * @reserved:	zero
 * @value_len:	bytes of the value
 *
 * Name and value follow; the next record begins at the next multiple of 4.
 */
struct daxfs_xattr {
	__u16 name_len;
	__u16 reserved;
	__u32 value_len;
};

/**
 * struct daxfs_flock - a file lock that a kernel holds for its processes
 * @owner:	as of a lock; a dead one's is void
 * @kind:	DAXFS_FLOCK_*
 * @reserved:	zero
 * @start:	first byte
 * @end:	last byte
 */
struct daxfs_flock {
	__u64 owner;
	__u32 kind;
	__u32 reserved;
	__u64 start;
	__u64 end;
};

#define DAXFS_FLOCK_READ	1	/* fcntl(), shared */
#define DAXFS_FLOCK_WRITE	2	/* fcntl(), exclusive */
#define DAXFS_FLOCK_SHARED	3	/* flock() */
#define DAXFS_FLOCK_EXCLUSIVE	4
#define DAXFS_FLOCKS		127	/* of one block */

/**
 * struct daxfs_flocks - a block of file locks, under the inode's lock
 * @next:	offset of the next block, or 0
 * @reserved:	zero
 * @lock:	the locks
 */
struct daxfs_flocks {
	__u64 next;
	__u8  reserved[24];
	struct daxfs_flock lock[DAXFS_FLOCKS];
};

#endif /* MK_DAXFS_FORMAT_H */
