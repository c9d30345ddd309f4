// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: operations.  All stores of a change are listed in a record, the record
 * is committed by one store, then they are done.  Who mends after a dead kernel
 * does the stores of what was committed again, and gives back what was taken
 * for what was not.
 */
#include "fs.h"

/**
 * daxfs_record() - the record of an operation
 * @fs:		the file system
 * @slot:	below fs->nr_slots
 * @index:	below fs->nr_ops
 *
 * Return: where it is.
 */
struct daxfs_record *daxfs_record(struct daxfs *fs, __u32 slot, __u32 index)
{
	__u64 nr = (__u64)slot * fs->nr_ops + index;

	/* daxfs_attach() has seen that all are inside */
	return daxfs_at(fs, fs->ops + nr * sizeof(struct daxfs_record),
			sizeof(struct daxfs_record));
}

/* A record of our slot that nobody of us uses; waits for one. */
static int claim(struct daxfs *fs, __u32 *index)
{
	__u64 all = fs->nr_ops == 64 ? ~0ULL : (1ULL << fs->nr_ops) - 1;
	unsigned int tries;
	__u64 busy;
	int err;

	for (tries = 0;; tries++) {
		busy = mk_peer_load(&fs->busy);
		if (~busy & all) {
			*index = __builtin_ctzll(~busy & all);
			if (mk_peer_cmpxchg(&fs->busy, busy, busy | 1ULL << *index) == busy)
				return 0;
			continue;
		}
		/* those in limbo may be ready */
		daxfs_reap(fs);
		err = daxfs_pause(fs, tries);
		if (err)
			return err;
	}
}

static bool is_frozen(struct daxfs *fs)
{
	__u64 owner = mk_peer_load(&daxfs_super(fs)->freeze);

	return owner && owner != fs->me && daxfs_owner_alive(fs, owner);
}

/* Open the record; not while somebody examines the file system. */
static int open_record(struct daxfs *fs, __u64 *state)
{
	unsigned int tries;
	int err;

	for (tries = 0;; tries++) {
		mk_peer_store_release(state, DAXFS_OP_OPEN);
		/* whoever freezes sees OPEN, or we see the freeze */
		mk_peer_mb();
		if (!is_frozen(fs))
			return 0;
		mk_peer_store_release(state, DAXFS_OP_FREE);
		err = daxfs_pause(fs, tries);
		if (err)
			return err;
	}
}

/**
 * daxfs_begin() - begin an operation
 * @fs:		the file system, joined
 * @op:		out: the operation
 *
 * Context: the caller holds the locks of all that it will change.
 * Return: 0, -EIO or -EINTR as daxfs_pause().
 */
int daxfs_begin(struct daxfs *fs, struct daxfs_op **op)
{
	struct daxfs_op *o;
	__u32 index;
	int err = claim(fs, &index);

	if (err)
		return err;
	o = &fs->op[index];
	o->fs = fs;
	o->index = index;
	o->record = daxfs_record(fs, fs->slot, index);
	o->err = 0;
	o->nr_inode = 0;
	o->nr_write = 0;
	o->nr_alloc = 0;
	o->nr_free = 0;
	o->limbo = false;
	o->grace = 0;
	mk_peer_store(&o->record->nr_inode, 0);
	mk_peer_store(&o->record->nr_alloc, 0);
	*op = o;
	err = open_record(fs, &o->record->state);
	if (err)
		mk_peer_clear_bit(index, &fs->busy);
	return err;
}

/**
 * daxfs_change() - readers of an inode wait from now on
 * @op:		the operation
 * @inode_off:	the inode; its lock is held
 */
void daxfs_change(struct daxfs_op *op, __u64 inode_off)
{
	struct daxfs_inode *inode = daxfs_at(op->fs, inode_off, sizeof(*inode));
	__u32 i;

	for (i = 0; i < op->nr_inode; i++)
		if (op->inode[i] == inode_off)
			return;
	if (!inode || op->nr_inode == DAXFS_OP_INODES) {
		op->err = op->err ?: daxfs_bad(op->fs, "operation on inode", inode_off);
		return;
	}
	op->inode[op->nr_inode] = inode_off;
	mk_peer_store(&op->record->inode[op->nr_inode], inode_off);
	mk_peer_store_release(&op->record->nr_inode, ++op->nr_inode);
	mk_peer_store(&inode->seq, mk_peer_load(&inode->seq) | 1);
	mk_peer_wmb();
}

/* Did this operation take the block or inode of @off?  Then nobody else sees it. */
static bool is_fresh(const struct daxfs_op *op, __u64 off)
{
	__u32 i;

	for (i = op->nr_alloc; i-- > 0;)
		if (off - op->alloc[i].off < (op->alloc[i].len ?: sizeof(struct daxfs_inode)))
			return true;
	return false;
}

static void append(struct daxfs_op *op, __u64 off, __u64 val)
{
	if (op->nr_write == DAXFS_OP_WRITES)
		op->err = op->err ?: -EFBIG;
	else
		op->write[op->nr_write++] = (struct daxfs_store){ off, val };
}

/**
 * daxfs_put() - store a word at commit
 * @op:		the operation
 * @off:	where, a multiple of 8
 * @val:	the word
 *
 * In what the operation itself has taken it is stored at once.
 */
void daxfs_put(struct daxfs_op *op, __u64 off, __u64 val)
{
	__u64 *word = daxfs_at(op->fs, off, 8);
	__u32 i;

	if (!word || (off & 7)) {
		op->err = op->err ?: daxfs_bad(op->fs, "store", off);
		return;
	}
	if (is_fresh(op, off)) {
		mk_peer_store(word, val);
		return;
	}
	for (i = op->nr_write; i-- > 0;)
		if (op->write[i].off == off) {
			op->write[i].val = val;
			return;
		}
	append(op, off, val);
}

void daxfs_put_once(struct daxfs_op *op, __u64 off, __u64 val)
{
	__u64 *word = daxfs_at(op->fs, off, 8);

	if (!word || (off & 7))
		op->err = op->err ?: daxfs_bad(op->fs, "store", off);
	else if (is_fresh(op, off))
		mk_peer_store(word, val);
	else
		append(op, off, val);
}

/**
 * daxfs_get() - a word as it will be
 * @op:		the operation
 * @off:	where, a multiple of 8
 *
 * Return: what daxfs_put() has put, else what is there.
 */
__u64 daxfs_get(struct daxfs_op *op, __u64 off)
{
	const __u64 *word = daxfs_at(op->fs, off, 8);
	__u32 i;

	for (i = op->nr_write; i-- > 0;)
		if (op->write[i].off == off)
			return op->write[i].val;
	if (!word || (off & 7)) {
		op->err = op->err ?: daxfs_bad(op->fs, "load", off);
		return 0;
	}
	return mk_peer_load(word);
}

void daxfs_put32(struct daxfs_op *op, __u64 off, __u32 val)
{
	unsigned int shift = (off & 4) * 8;
	__u64 word = daxfs_get(op, off & ~7ULL);

	word &= ~(0xffffffffULL << shift);
	daxfs_put(op, off & ~7ULL, word | (__u64)val << shift);
}

__u32 daxfs_get32(struct daxfs_op *op, __u64 off)
{
	return daxfs_get(op, off & ~7ULL) >> (off & 4) * 8;
}

/**
 * daxfs_room() - is there room in the record?
 * @op:		the operation
 * @writes:	for so many stores
 * @allocs:	extents that are taken
 * @frees:	extents that are given
 *
 * Return: whether all of it fits.
 */
bool daxfs_room(const struct daxfs_op *op, __u32 writes, __u32 allocs, __u32 frees)
{
	return op->nr_write + writes <= DAXFS_OP_WRITES &&
	       op->nr_alloc + allocs <= DAXFS_OP_ALLOCS &&
	       op->nr_free + frees <= DAXFS_OP_FREES;
}

/**
 * daxfs_give() - free an extent at commit
 * @op:		the operation
 * @off:	of its first block, or of an inode
 * @len:	bytes; 0: an inode
 */
void daxfs_give(struct daxfs_op *op, __u64 off, __u64 len)
{
	struct daxfs_extent *last = op->nr_free ? &op->free[op->nr_free - 1] : NULL;

	if (last && len && last->len && last->off + last->len == off &&
	    (off & (DAXFS_GROUP - 1))) {
		last->len += len;
		return;
	}
	if (op->nr_free == DAXFS_OP_FREES) {
		op->err = op->err ?: -EFBIG;
		return;
	}
	op->free[op->nr_free++] = (struct daxfs_extent){ off, len };
}

/* Readers may go on: an even number that they have not seen. */
static void settle(struct daxfs *fs, __u64 inode_off)
{
	struct daxfs_inode *inode = daxfs_at(fs, inode_off, sizeof(*inode));

	/* a record that another kernel has left may say anything */
	if (inode && !(inode_off & 7))
		mk_peer_store_release(&inode->seq, (mk_peer_load(&inode->seq) | 1) + 1);
}

static void end(struct daxfs_op *op)
{
	mk_peer_store_release(&op->record->state, DAXFS_OP_FREE);
	mk_peer_clear_bit(op->index, &op->fs->busy);
}

/* Give back; what is given is marked in the record, so that it happens once. */
static void give_all(struct daxfs *fs, struct daxfs_extent *own, struct daxfs_extent *shared,
		     __u32 nr)
{
	__u32 i;

	/* an error is told by daxfs_bad(); the rest is given all the same */
	for (i = 0; i < nr; i++)
		daxfs_give_back(fs, own[i], &shared[i].len);
}

/**
 * daxfs_abort() - end an operation: it never was
 * @op:		the operation
 */
void daxfs_abort(struct daxfs_op *op)
{
	__u32 i;

	for (i = 0; i < op->nr_inode; i++)
		settle(op->fs, op->inode[i]);
	give_all(op->fs, op->alloc, op->record->alloc, op->nr_alloc);
	end(op);
}

/* For who mends, should we die: the record says all that is to be done. */
static void publish(struct daxfs_op *op)
{
	struct daxfs_record *r = op->record;

	memcpy(r->write, op->write, op->nr_write * sizeof(*op->write));
	memcpy(r->free, op->free, op->nr_free * sizeof(*op->free));
	mk_peer_store(&r->nr_write, op->nr_write);
	mk_peer_store(&r->nr_free, op->nr_free);
	mk_peer_store(&r->grace, op->limbo);
	mk_peer_store(&r->ino, op->ino);
	mk_peer_store(&r->from, op->from);
	mk_peer_store(&r->to, op->to);
	mk_peer_store(&r->hold, 0);
	mk_peer_store_release(&r->state, DAXFS_OP_COMMITTED);
}

/* Another kernel may use the pages: ask all to pass a grace period. */
static __u64 await_grace(struct daxfs *fs, struct daxfs_record *r)
{
	__u64 *grace = &daxfs_super(fs)->grace;
	__u64 was;

	do {
		was = mk_peer_load(grace);
		mk_peer_store(&r->grace, was + 1);
		mk_peer_store_release(&r->state, DAXFS_OP_LIMBO);
	} while (mk_peer_cmpxchg(grace, was, was + 1) != was);
	return was + 1;
}

/**
 * daxfs_commit() - do all of an operation
 * @op:		the operation
 *
 * Return: 0; or the first error that it met, and then nothing is done.
 */
int daxfs_commit(struct daxfs_op *op)
{
	struct daxfs *fs = op->fs;
	__u32 i;
	int err = op->err;

	if (err) {
		daxfs_abort(op);
		return err;
	}
	publish(op);
	for (i = 0; i < op->nr_write; i++)
		mk_peer_store((__u64 *)daxfs_at(fs, op->write[i].off, 8), op->write[i].val);
	for (i = 0; i < op->nr_inode; i++)
		settle(fs, op->inode[i]);
	if (op->limbo) {
		mk_peer_store(&op->grace, await_grace(fs, op->record));
		return 0;
	}
	/* what is given may be another's at once: none of the stores again after this */
	mk_peer_store_release(&op->record->state, DAXFS_OP_DONE);
	give_all(fs, op->free, op->record->free, op->nr_free);
	end(op);
	return 0;
}

/**
 * daxfs_has_passed() - have kernels passed a grace period?
 * @fs:		joined
 * @kernels:	a bit for each slot that is asked
 * @grace:	its number
 *
 * Return: whether all of them that live have.
 */
bool daxfs_has_passed(struct daxfs *fs, __u64 kernels, __u64 grace)
{
	struct daxfs_slot *slot;
	__u32 i;

	for (i = 0; i < fs->nr_slots; i++) {
		slot = daxfs_slot(fs, i);
		if (kernels >> i & 1 &&
		    DAXFS_SLOT_STATE(mk_peer_load(&slot->state)) == DAXFS_SLOT_LIVE &&
		    (__s64)(mk_peer_load(&slot->grace) - grace) < 0)
			return false;
	}
	return true;
}

/**
 * daxfs_hold() - this kernel uses what waits in a record, whatever it has passed
 * @fs:		joined
 * @record:	in limbo
 * @hold:	or no more
 */
void daxfs_hold(struct daxfs *fs, struct daxfs_record *record, bool hold)
{
	if (hold)
		mk_peer_set_bit(fs->slot, &record->hold);
	else
		mk_peer_clear_bit(fs->slot, &record->hold);
}

/* Does a kernel that lives hold it?  It says so before it passes. */
static bool is_held(struct daxfs *fs, const struct daxfs_record *record)
{
	__u64 hold;
	__u32 i;

	mk_peer_rmb();
	hold = mk_peer_load(&record->hold);
	for (i = 0; hold >> i && i < fs->nr_slots; i++)
		if (hold >> i & 1 && DAXFS_SLOT_STATE(mk_peer_load(&daxfs_slot(fs, i)->state)) ==
		    DAXFS_SLOT_LIVE)
			return true;
	return false;
}

/* --- after a dead kernel ---------------------------------------------------- */

/* Never into slots, records, or the super block but its root: only a hostile one has such. */
static void redo(struct daxfs *fs, const struct daxfs_store *store)
{
	__u64 off = mk_peer_load(&store->off);
	bool root = off >= DAXFS_ROOT_OFF && off < sizeof(struct daxfs_super);
	__u64 *word = NULL;

	if (!(off & 7) && (root || off >= fs->first))
		word = daxfs_at(fs, off, 8);
	if (word)
		mk_peer_store(word, mk_peer_load(&store->val));
	else
		daxfs_bad(fs, "store of a dead kernel", off);
}

static __u32 bounded(const __u32 *nr, __u32 most)
{
	__u32 n = mk_peer_load(nr);

	return n < most ? n : most;
}

static void give_extents(struct daxfs *fs, struct daxfs_extent *list, __u32 nr)
{
	struct daxfs_extent ext;
	__u32 i;

	for (i = 0; i < nr; i++) {
		ext.off = mk_peer_load(&list[i].off);
		ext.len = mk_peer_load(&list[i].len);
		if (ext.len != DAXFS_GIVEN)
			daxfs_give_back(fs, ext, &list[i].len);
	}
}

/**
 * daxfs_mend_op() - finish or undo an operation of a dead kernel
 * @fs:		the file system; the caller mends
 * @slot:	of the dead
 * @index:	of its record
 *
 * Its locks still exclude the others, so that this can be done more than once.
 * What others may have mapped stays in limbo, see daxfs_reap().
 */
void daxfs_mend_op(struct daxfs *fs, __u32 slot, __u32 index)
{
	struct daxfs_record *r = daxfs_record(fs, slot, index);
	__u64 state = mk_peer_load_acquire(&r->state);
	__u32 i, nr;

	if (state == DAXFS_OP_FREE || state == DAXFS_OP_LIMBO)
		return;
	if (state == DAXFS_OP_COMMITTED) {
		nr = bounded(&r->nr_write, DAXFS_OP_WRITES);
		for (i = 0; i < nr; i++)
			redo(fs, &r->write[i]);
	}
	if (state != DAXFS_OP_DONE) {
		nr = bounded(&r->nr_inode, DAXFS_OP_INODES);
		for (i = 0; i < nr; i++)
			settle(fs, mk_peer_load(&r->inode[i]));
	}
	if (state == DAXFS_OP_COMMITTED && mk_peer_load(&r->grace)) {
		await_grace(fs, r);
		return;
	}
	if (state == DAXFS_OP_OPEN) {
		give_extents(fs, r->alloc, bounded(&r->nr_alloc, DAXFS_OP_ALLOCS));
	} else {
		mk_peer_store_release(&r->state, DAXFS_OP_DONE);
		give_extents(fs, r->free, bounded(&r->nr_free, DAXFS_OP_FREES));
	}
	mk_peer_store_release(&r->state, DAXFS_OP_FREE);
}

/* What the dead left in limbo: records of slots that nobody has. */
static int reap_left(struct daxfs *fs)
{
	__u64 *lock = &daxfs_super(fs)->recover;
	struct daxfs_record *r;
	int waiting = 0;
	__u32 s, i;

	if (mk_peer_cmpxchg(lock, 0, fs->me))
		return 1;
	for (s = 0; s < fs->nr_slots; s++) {
		if (DAXFS_SLOT_STATE(mk_peer_load(&daxfs_slot(fs, s)->state)) != DAXFS_SLOT_FREE)
			continue;
		for (i = 0; i < fs->nr_ops; i++) {
			r = daxfs_record(fs, s, i);
			if (mk_peer_load_acquire(&r->state) != DAXFS_OP_LIMBO)
				continue;
			if (!daxfs_has_passed(fs, ~0ULL, mk_peer_load(&r->grace)) ||
			    is_held(fs, r)) {
				waiting++;
				continue;
			}
			give_extents(fs, r->free, bounded(&r->nr_free, DAXFS_OP_FREES));
			mk_peer_store_release(&r->state, DAXFS_OP_FREE);
		}
	}
	fs->left = waiting;
	daxfs_unlock(fs, lock);
	return waiting;
}

/**
 * daxfs_reap() - give back what has waited for its grace period
 * @fs:		the file system, joined
 *
 * Context: two callers at once do no harm when each has claimed what it reaps.
 * Return: operations of this kernel that still wait.
 */
int daxfs_reap(struct daxfs *fs)
{
	int waiting = 0;
	struct daxfs_op *op;
	__u64 grace;
	__u32 i;

	if (fs->left)
		waiting += reap_left(fs);
	for (i = 0; i < fs->nr_ops; i++) {
		op = &fs->op[i];
		grace = mk_peer_load(&op->grace);
		if (!grace)
			continue;
		if (!daxfs_has_passed(fs, ~0ULL, grace) || is_held(fs, op->record)) {
			waiting++;
			continue;
		}
		if (mk_peer_cmpxchg(&op->grace, grace, 0) != grace)
			continue;
		give_all(fs, op->free, op->record->free, op->nr_free);
		end(op);
	}
	return waiting;
}

/**
 * daxfs_adopt() - take over what is in limbo in a slot that we have just taken
 * @fs:		the file system; super.recover is held
 */
void daxfs_adopt(struct daxfs *fs)
{
	struct daxfs_record *r;
	struct daxfs_op *op;
	__u32 s, i;

	for (s = 0; s < fs->nr_slots; s++)
		for (i = 0; i < fs->nr_ops; i++)
			daxfs_hold(fs, daxfs_record(fs, s, i), false);
	fs->busy = 0;
	for (i = 0; i < fs->nr_ops; i++) {
		op = &fs->op[i];
		op->fs = fs;
		op->index = i;
		op->grace = 0;
		r = daxfs_record(fs, fs->slot, i);
		op->record = r;
		if (mk_peer_load_acquire(&r->state) != DAXFS_OP_LIMBO) {
			mk_peer_store(&r->state, DAXFS_OP_FREE);
			continue;
		}
		op->nr_free = bounded(&r->nr_free, DAXFS_OP_FREES);
		memcpy(op->free, r->free, sizeof(op->free));
		op->grace = mk_peer_load(&r->grace);
		fs->busy |= 1ULL << i;
	}
}
