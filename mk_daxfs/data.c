// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: the contents of files: write, truncate, allocate.  Reading needs no
 * function: daxfs_map() says where the bytes are.
 */
#include "fs.h"

#define STEP		(96 * DAXFS_BLOCK)	/* bytes that one operation maps, one store each */
#define FILL		(DAXFS_HUGE / 4 * 3)	/* of a write: 2 MiB are worth it from here on */

static __u64 round_up_block(__u64 n)
{
	return (n + DAXFS_BLOCK - 1) & ~(DAXFS_BLOCK - 1);
}

static __u64 least(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/* Bytes of the region become zero; a run may cross where it is mapped. */
static void zero(struct daxfs *fs, __u64 off, __u64 len)
{
	__u64 n;

	for (; len; len -= n, off += n) {
		n = least(len, DAXFS_HUGE - (off & (DAXFS_HUGE - 1)));
		memset(daxfs_at(fs, off, n), 0, n);
	}
}

/* Bytes of a file become zero where it has blocks. */
static int zero_file(struct daxfs *fs, const struct daxfs_inode *inode, __u64 from, __u64 to)
{
	struct daxfs_run run;
	__u64 in, n;
	int err;

	for (; from < to; from += n) {
		in = from % DAXFS_BLOCK;
		err = daxfs_find(fs, inode, from >> DAXFS_BLOCK_SHIFT,
				 round_up_block(to - from + in) >> DAXFS_BLOCK_SHIFT, &run);
		if (err)
			return err;
		n = least(run.len - in, to - from);
		if (run.off)
			zero(fs, run.off + in, n);
	}
	return 0;
}

/* What was beyond the end must be zero before the end moves to @to. */
static int zero_gap(struct daxfs *fs, const struct daxfs_inode *inode, __u64 to)
{
	__u64 size = mk_peer_load(&inode->size);

	if (to <= size || !(size % DAXFS_BLOCK))
		return 0;
	return zero_file(fs, inode, size, least(to, round_up_block(size)));
}

static bool is_shared(struct daxfs *fs, const struct daxfs_inode *inode, bool alone)
{
	return !alone || mk_peer_load(&inode->open) & ~(1ULL << fs->slot);
}

/* Lock a file whose truncation, if any, is finished. */
static int lock_file(struct daxfs *fs, struct daxfs_ref ref, struct daxfs_inode **inode, __u64 *off)
{
	int err = daxfs_inode_lock(fs, ref, inode, off);

	if (err)
		return err;
	if (!S_ISREG(mk_peer_load(&(*inode)->mode)))
		err = -EINVAL;
	else if (mk_peer_load(&(*inode)->flags) & DAXFS_INO_TRUNC)
		err = daxfs_trim(fs, ref, *off, true);
	if (err)
		daxfs_inode_unlock(fs, *inode);
	return err;
}

static void set_flags(struct daxfs_op *op, __u64 off, __u32 set, __u32 clear)
{
	__u32 flags = DAXFS_GET32(op, off, daxfs_inode, flags);

	DAXFS_PUT32(op, off, daxfs_inode, flags, (flags & ~clear) | set);
}

/* Likewise, as an operation. */
static int mark(struct daxfs *fs, __u64 off, __u32 set, __u32 clear)
{
	struct daxfs_op *op;
	int err = daxfs_begin(fs, &op);

	if (err)
		return err;
	daxfs_change(op, off);
	set_flags(op, off, set, clear);
	return daxfs_commit(op);
}

/* Blocks for a hole, and those that map them. */
static int take_mapped(struct daxfs_op *op, __u64 inode_off, __u64 block, __u64 len, bool huge,
		       struct daxfs_run *run)
{
	int err = -ENOSPC;

	if (huge)
		err = daxfs_take(op, DAXFS_HUGE, true, &run->off, &run->len);
	if (err)
		err = daxfs_take(op, len, false, &run->off, &run->len);
	if (err)
		return err;
	if (run->len != DAXFS_HUGE || !daxfs_map_huge(op, inode_off, block, run->off))
		daxfs_map_set(op, inode_off, block, run->off, run->len);
	return op->err;
}

/*
 * Begin an operation that gives a file blocks for a hole, 2 MiB if @huge.  Nobody sees them
 * before it commits; their contents are unknown.  The map may want blocks, too: then there
 * are fewer near the end of the region.
 */
static int begin_new(struct daxfs *fs, __u64 inode_off, __u64 block, __u64 len, bool huge,
		     struct daxfs_op **op, struct daxfs_run *run)
{
	int err;

	for (;; huge = false) {
		err = daxfs_begin(fs, op);
		if (err)
			return err;
		run->len = 0;
		err = take_mapped(*op, inode_off, block, least(len, STEP), huge, run);
		if (!err)
			return 0;
		daxfs_abort(*op);
		if (err != -ENOSPC || run->len <= DAXFS_BLOCK)
			return err;
		len = least(len, run->len / 2);
	}
}

/* --- write ----------------------------------------------------------------------- */

/**
 * struct writing - a write
 * @fs:		the file system
 * @inode:	the file, locked
 * @off:	its offset
 * @pos:	the next byte
 * @len:	bytes that are left
 * @copy:	brings them
 * @arg:	of @copy
 */
struct writing {
	struct daxfs *fs;
	struct daxfs_inode *inode;
	__u64 off;
	__u64 pos;
	__u64 len;
	daxfs_copy_fn copy;
	void *arg;
};

static __u64 copy_to(struct writing *w, __u64 off, __u64 len)
{
	__u64 done = 0, n, got;

	while (done < len) {
		n = least(len - done, DAXFS_HUGE - ((off + done) & (DAXFS_HUGE - 1)));
		got = w->copy(w->arg, daxfs_at(w->fs, off + done, n), n);
		done += got;
		if (got < n)
			break;
	}
	return done;
}

/* Into blocks that the file has. */
static __s64 write_over(struct writing *w, const struct daxfs_run *run, __u64 in)
{
	__u64 n = copy_to(w, run->off + in, least(run->len - in, w->len));

	if (n && w->pos + n > mk_peer_load(&w->inode->size))
		mk_peer_store_release(&w->inode->size, w->pos + n);
	return n;
}

/* Is a hole worth 2 MiB?  Where the write goes on for long. */
static bool wants_huge(const struct writing *w)
{
	bool long_file = w->pos >= DAXFS_HUGE && mk_peer_load(&w->inode->size) >= w->pos;

	return (w->len >= FILL || long_file) &&
	       daxfs_can_be_huge(w->fs, w->inode, w->pos >> DAXFS_BLOCK_SHIFT);
}

static __s64 finish_new(struct writing *w, struct daxfs_op *op, __u64 got, __u64 done)
{
	__u64 now = daxfs_now();
	int err;

	daxfs_change(op, w->off);
	if (got == DAXFS_HUGE && w->pos % DAXFS_HUGE + done < got)
		set_flags(op, w->off, DAXFS_INO_AHEAD, 0);
	if (w->pos + done > mk_peer_load(&w->inode->size))
		daxfs_put_once(op, w->off + offsetof(struct daxfs_inode, size), w->pos + done);
	daxfs_put_once(op, w->off + offsetof(struct daxfs_inode, mtime), now);
	daxfs_put_once(op, w->off + offsetof(struct daxfs_inode, ctime), now);
	err = daxfs_commit(op);
	return err ?: (__s64)done;
}

/* Into a hole: nobody sees the blocks before they are full. */
static __s64 write_new(struct writing *w, const struct daxfs_run *hole, __u64 in)
{
	struct daxfs_run new;
	struct daxfs_op *op;
	__u64 done;
	__u64 len = least(hole->len, round_up_block(in + w->len));
	int err = begin_new(w->fs, w->off, w->pos >> DAXFS_BLOCK_SHIFT, len, wants_huge(w), &op,
			    &new);

	if (err)
		return err;
	done = copy_to(w, new.off + in, least(new.len - in, w->len));
	if (!done) {
		daxfs_abort(op);
		return 0;
	}
	zero(w->fs, new.off, in);
	zero(w->fs, new.off + in + done, new.len - in - done);
	return finish_new(w, op, new.len, done);
}

static __s64 write_some(struct writing *w)
{
	__u64 in = w->pos % DAXFS_BLOCK;
	struct daxfs_run run;
	int err = daxfs_find(w->fs, w->inode, w->pos >> DAXFS_BLOCK_SHIFT,
			     round_up_block(least(w->len, DAXFS_HUGE) + in) >> DAXFS_BLOCK_SHIFT,
			     &run);

	if (err)
		return err;
	return run.off ? write_over(w, &run, in) : write_new(w, &run, in);
}

static void touch(struct daxfs_inode *inode)
{
	__u64 now = daxfs_now();

	mk_peer_store(&inode->mtime, now);
	mk_peer_store(&inode->ctime, now);
}

/**
 * daxfs_write() - write to a file
 * @fs:		joined
 * @ref:	the file
 * @pos:	where; DAXFS_APPEND: its end, then out: where that was
 * @len:	bytes
 * @copy:	brings them; must not wait for anything that waits for this file
 * @arg:	of @copy
 *
 * Return: bytes written, fewer when @copy brought fewer or room ran out; an errno
 * instead of 0: -EFBIG, -ENOSPC, -ESTALE, -EUCLEAN, or as daxfs_lock().
 */
__s64 daxfs_write(struct daxfs *fs, struct daxfs_ref ref, __u64 *pos, __u64 len,
		  daxfs_copy_fn copy, void *arg)
{
	struct writing w = { .fs = fs, .len = len, .copy = copy, .arg = arg };
	__s64 got = lock_file(fs, ref, &w.inode, &w.off);
	__u64 start;

	if (got)
		return got;
	if (*pos == DAXFS_APPEND)
		*pos = mk_peer_load(&w.inode->size);
	start = *pos;
	w.pos = start;
	if (start >= DAXFS_FILE_MAX)
		got = -EFBIG;
	w.len = least(w.len, DAXFS_FILE_MAX - least(start, DAXFS_FILE_MAX));
	got = got ?: zero_gap(fs, w.inode, start);
	while (!got && w.len) {
		got = write_some(&w);
		if (got <= 0)
			break;
		w.pos += got;
		w.len -= got;
		got = 0;
	}
	if (w.pos != start)
		touch(w.inode);
	daxfs_inode_unlock(fs, w.inode);
	return w.pos != start ? (__s64)(w.pos - start) : got;
}

/* --- blocks for holes --------------------------------------------------------------- */

static int fill_some(struct daxfs *fs, struct daxfs_inode *inode, __u64 inode_off, __u64 block,
		     __u64 len, bool huge, __u64 *filled)
{
	struct daxfs_run new;
	struct daxfs_op *op;
	int err;

	huge = huge && len >= DAXFS_HUGE && daxfs_can_be_huge(fs, inode, block);
	err = begin_new(fs, inode_off, block, len, huge, &op, &new);
	if (err)
		return err;
	zero(fs, new.off, new.len);
	daxfs_change(op, inode_off);
	/* what was asked for stays */
	set_flags(op, inode_off, 0, DAXFS_INO_AHEAD);
	*filled = new.len;
	return daxfs_commit(op);
}

/* Are there blocks for all holes of a range? */
static int check_holes(struct daxfs *fs, const struct daxfs_inode *inode, __u64 from, __u64 to)
{
	struct daxfs_run run;
	__u64 holes = 0;
	int err;

	from &= ~(DAXFS_BLOCK - 1);
	to = round_up_block(to);
	for (; from < to; from += run.len) {
		err = daxfs_yield(fs) ?: daxfs_find(fs, inode, from >> DAXFS_BLOCK_SHIFT,
						    (to - from) >> DAXFS_BLOCK_SHIFT, &run);
		if (err)
			return err;
		if (!run.off)
			holes += least(run.len, to - from) >> DAXFS_BLOCK_SHIFT;
	}
	return holes ? daxfs_enough(fs, holes) : 0;
}

/* Blocks of zeros instead of all holes of a range. */
static int fill(struct daxfs *fs, struct daxfs_inode *inode, __u64 inode_off, __u64 from, __u64 to)
{
	struct daxfs_run run;
	int err = 0;
	__u64 n;

	from &= ~(DAXFS_BLOCK - 1);
	to = round_up_block(to);
	for (; !err && from < to; from += n) {
		err = daxfs_yield(fs) ?: daxfs_find(fs, inode, from >> DAXFS_BLOCK_SHIFT,
						    (to - from) >> DAXFS_BLOCK_SHIFT, &run);
		n = run.len;
		if (!err && !run.off)
			err = fill_some(fs, inode, inode_off, from >> DAXFS_BLOCK_SHIFT,
					least(run.len, to - from), true, &n);
	}
	return err;
}

/**
 * daxfs_fill() - where a part of a file is; a hole becomes a block
 * @fs:		joined
 * @ref:	the file
 * @pos:	byte, rounded down to its block
 * @want:	bytes to look at
 * @run:	out
 *
 * Return: 0; -ENXIO: beyond the file's end; -ENOSPC; or as daxfs_map().
 */
int daxfs_fill(struct daxfs *fs, struct daxfs_ref ref, __u64 pos, __u64 want,
	       struct daxfs_run *run)
{
	struct daxfs_inode *inode;
	__u64 off, n;
	int err = daxfs_map(fs, ref, pos, want, run);

	if (err || run->off)
		return err;
	err = lock_file(fs, ref, &inode, &off);
	if (err)
		return err;
	pos &= ~(DAXFS_BLOCK - 1);
	if (pos >= mk_peer_load(&inode->size))
		err = -ENXIO;
	err = err ?: daxfs_find(fs, inode, pos >> DAXFS_BLOCK_SHIFT, 1, run);
	if (!err && !run->off)
		err = fill_some(fs, inode, off, pos >> DAXFS_BLOCK_SHIFT, DAXFS_BLOCK, false, &n) ?:
		      daxfs_find(fs, inode, pos >> DAXFS_BLOCK_SHIFT, 1, run);
	daxfs_inode_unlock(fs, inode);
	return err;
}

/* --- size -------------------------------------------------------------------------- */

/**
 * daxfs_trim() - take away what is beyond the end of a file
 * @fs:		joined
 * @ref:	the file, locked, with DAXFS_INO_TRUNC or _AHEAD
 * @inode_off:	where it is
 * @limbo:	as of daxfs_unmap()
 *
 * What a full region leaves no block to cut off goes with the last opener, as what was
 * allocated ahead.
 *
 * Return: 0, -EUCLEAN, or as daxfs_begin().
 */
int daxfs_trim(struct daxfs *fs, struct daxfs_ref ref, __u64 inode_off, bool limbo)
{
	struct daxfs_inode *inode = daxfs_at(fs, inode_off, sizeof(*inode));
	__u64 size = mk_peer_load(&inode->size);
	int err = 0;

	if (size > DAXFS_FILE_MAX)
		return daxfs_bad(fs, "size of a file", inode_off);
	/* from now on nobody takes what is there for zeros */
	if (!(mk_peer_load(&inode->flags) & DAXFS_INO_TRUNC))
		err = mark(fs, inode_off, DAXFS_INO_TRUNC, 0);
	err = err ?: zero_file(fs, inode, size, round_up_block(size));
	err = err ?: daxfs_unmap(fs, ref, inode_off, round_up_block(size), ~0ULL, limbo);
	if (err && err != -ENOSPC)
		return err;
	return mark(fs, inode_off, err ? DAXFS_INO_AHEAD : 0, DAXFS_INO_TRUNC | DAXFS_INO_AHEAD);
}

/* The end moves down first; a kernel that dies leaves the rest to the next. */
static int shrink(struct daxfs *fs, struct daxfs_ref ref, const struct daxfs_inode *inode,
		  __u64 off, __u64 size, bool alone)
{
	__u64 now = daxfs_now();
	struct daxfs_op *op;
	int err = daxfs_begin(fs, &op);

	if (err)
		return err;
	daxfs_change(op, off);
	DAXFS_PUT(op, off, daxfs_inode, size, size);
	DAXFS_PUT(op, off, daxfs_inode, mtime, now);
	DAXFS_PUT(op, off, daxfs_inode, ctime, now);
	set_flags(op, off, DAXFS_INO_TRUNC, 0);
	return daxfs_commit(op) ?: daxfs_trim(fs, ref, off, is_shared(fs, inode, alone));
}

/**
 * daxfs_resize() - truncate or extend a file
 * @fs:		joined
 * @ref:	the file
 * @size:	bytes
 * @alone:	nobody but the caller reads or maps it in this kernel
 *
 * Return: 0, -EFBIG, -ESTALE, or as daxfs_trim().
 */
int daxfs_resize(struct daxfs *fs, struct daxfs_ref ref, __u64 size, bool alone)
{
	struct daxfs_inode *inode;
	__u64 off;
	int err = size > DAXFS_FILE_MAX ? -EFBIG : lock_file(fs, ref, &inode, &off);

	if (err)
		return err;
	/* also to the same size: blocks beyond it go */
	if (size <= mk_peer_load(&inode->size)) {
		err = shrink(fs, ref, inode, off, size, alone);
	} else {
		err = zero_gap(fs, inode, size);
		if (!err) {
			mk_peer_store_release(&inode->size, size);
			touch(inode);
		}
	}
	daxfs_inode_unlock(fs, inode);
	return err;
}

/* All or nothing, as far as can be told; the rest goes with the last opener. */
static int allocate(struct daxfs *fs, struct daxfs_inode *inode, __u64 off, __u64 from, __u64 to)
{
	int err = check_holes(fs, inode, from, to);

	if (err)
		return err;
	err = fill(fs, inode, off, from, to);
	if (err && to > mk_peer_load(&inode->size))
		mark(fs, off, DAXFS_INO_AHEAD, 0);
	return err;
}

static int punch(struct daxfs *fs, struct daxfs_ref ref, const struct daxfs_inode *inode,
		 __u64 off, __u64 from, __u64 to)
{
	__u64 first = round_up_block(from), last = to & ~(DAXFS_BLOCK - 1);
	int err;

	if (first > last)
		return zero_file(fs, inode, from, to);
	err = zero_file(fs, inode, from, first) ?: zero_file(fs, inode, last, to);
	if (err || first == last)
		return err;
	err = daxfs_unmap(fs, ref, off, first, last, is_shared(fs, inode, false));
	return err == -ENOSPC ? 0 : err;	/* it is zeros all the same */
}

/**
 * daxfs_fallocate() - allocate, punch, zero
 * @fs:		joined
 * @ref:	the file
 * @flags:	DAXFS_KEEP_SIZE, DAXFS_PUNCH, DAXFS_ZERO
 * @from:	first byte
 * @len:	bytes
 *
 * Return: 0, -EOPNOTSUPP, -EFBIG, -ENOSPC, -ESTALE, or as daxfs_unmap().
 */
int daxfs_fallocate(struct daxfs *fs, struct daxfs_ref ref, unsigned int flags, __u64 from,
		    __u64 len)
{
	unsigned int what = flags & ~DAXFS_KEEP_SIZE;
	struct daxfs_inode *inode;
	__u64 off, to = from + len;
	int err;

	if (what != 0 && what != DAXFS_ZERO && flags != (DAXFS_PUNCH | DAXFS_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (!len || to < from || to > DAXFS_FILE_MAX)
		return !len ? -EINVAL : -EFBIG;
	if (what != DAXFS_PUNCH && len > mk_peer_load(&fs->size))
		return -ENOSPC;
	err = lock_file(fs, ref, &inode, &off);
	if (err)
		return err;
	if (what == DAXFS_PUNCH)
		err = punch(fs, ref, inode, off, from, to);
	else
		err = allocate(fs, inode, off, from, to);
	if (!err && what == DAXFS_ZERO)
		err = zero_file(fs, inode, from, to);
	if (!err && !(flags & DAXFS_KEEP_SIZE) && to > mk_peer_load(&inode->size)) {
		err = zero_gap(fs, inode, to);
		if (!err)
			mk_peer_store_release(&inode->size, to);
	}
	if (!err)
		touch(inode);
	daxfs_inode_unlock(fs, inode);
	return err;
}

/**
 * daxfs_seek() - the next data or hole
 * @fs:		the file system
 * @ref:	the file
 * @pos:	from here on
 * @hole:	a hole; its end is one
 *
 * Return: where, -ENXIO at or beyond the end, or as daxfs_map().
 */
__s64 daxfs_seek(struct daxfs *fs, struct daxfs_ref ref, __u64 pos, bool hole)
{
	__u64 most = mk_peer_load(&fs->size) >> DAXFS_BLOCK_SHIFT;
	struct daxfs_attr attr;
	struct daxfs_run run;
	int err = daxfs_getattr(fs, ref, &attr);

	if (err)
		return err;
	if (pos >= attr.size)
		return -ENXIO;
	while (pos < attr.size) {
		err = daxfs_map(fs, ref, pos, attr.size - pos, &run);
		if (err)
			return err;
		if (!run.off == hole)
			return pos;
		/* nodes that name each other would have no end */
		if (run.off && !most--)
			return daxfs_bad(fs, "map of a file", daxfs_inode_off(fs, ref.ino));
		pos = (pos & ~(DAXFS_BLOCK - 1)) + run.len;
	}
	return hole ? (__s64)attr.size : -ENXIO;
}
