// SPDX-License-Identifier: GPL-2.0
/*
 * What a kernel owes the others: it tells when it uses freed blocks no more (a grace
 * period), and looks after kernels that have died.
 *
 * Blocks leave a file, then their operation asks for a grace period.  Whoever found
 * them before that is an SRCU reader still, or has them mapped or pinned.
 */
#include <linux/delay.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "internal.h"

#define LEAVE_MS	1000	/* for what waits when it is unmounted */
#define WAIT		(30 * HZ)	/* for a kernel that does not run: is it dead? */

static struct workqueue_struct *wq;

int mk_fs_grace_init(void)
{
	wq = alloc_workqueue("mk_daxfs", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return wq ? 0 : -ENOMEM;
}

void mk_fs_grace_exit(void)
{
	destroy_workqueue(wq);
}

/* --- grace periods ------------------------------------------------------------ */

static int same_number(struct inode *inode, void *data)
{
	return mk_fs_ref(inode).ino == *(u32 *)data && mapping_mapped(inode->i_mapping);
}

static void unmap(struct mk_fs *fs, const struct daxfs_record *record)
{
	u64 from = mk_peer_load(&record->from), to = mk_peer_load(&record->to);
	u32 ino = mk_peer_load(&record->ino);
	struct inode *inode = ilookup5(fs->sb, ino, same_number, &ino);

	if (!inode)
		return;
	/* 0: to the end */
	if (from <= S64_MAX)
		unmap_mapping_range(inode->i_mapping, from, to <= S64_MAX && to > from ?
				    to - from : 0, 0);
	iput(inode);
}

static bool is_pinned(struct mk_fs *fs, const struct daxfs_record *record)
{
	u32 i, nr = min_t(u32, mk_peer_load(&record->nr_free), DAXFS_OP_FREES);
	u64 len;

	for (i = 0; i < nr; i++) {
		len = mk_peer_load(&record->free[i].len);
		if (len && len != DAXFS_GIVEN &&
		    mk_fs_pinned(fs, mk_peer_load(&record->free[i].off), len))
			return true;
	}
	return false;
}

/* Take the pages that leave out of all processes; what is in use still is held. */
static void clear_record(struct mk_fs *fs, struct daxfs_record *record, u64 passed)
{
	if (mk_peer_load_acquire(&record->state) != DAXFS_OP_LIMBO ||
	    (s64)(mk_peer_load(&record->grace) - passed) <= 0)
		return;
	unmap(fs, record);
	if (!is_pinned(fs, record))
		return;
	daxfs_hold(&fs->core, record, true);
	fs->holds = true;
}

static void pass(struct mk_fs *fs)
{
	u64 grace = mk_peer_load_acquire(&daxfs_super(&fs->core)->grace);
	u64 passed = mk_peer_load(&daxfs_slot(&fs->core, fs->core.slot)->grace);
	u32 s, i;

	if (passed == grace)
		return;
	synchronize_srcu(&fs->readers);
	for (s = 0; s < fs->core.nr_slots; s++)
		for (i = 0; i < fs->core.nr_ops; i++)
			clear_record(fs, daxfs_record(&fs->core, s, i), passed);
	daxfs_pass(&fs->core, grace);
}

/**
 * mk_fs_grace_number() - what mk_fs_grace_wait() wants
 * @inode:	of a file
 *
 * Context: any.
 * Return: of the last grace period that was asked for.
 */
u64 mk_fs_grace_number(const struct inode *inode)
{
	return mk_peer_load_acquire(&daxfs_super(mk_fs_core(inode))->grace);
}

/**
 * mk_fs_grace_wait() - until others store no more into what has left a file
 * @inode:	of it
 * @since:	mk_fs_grace_number() before that
 *
 * Kernels that have it open may have it mapped, until their next tick.
 *
 * Context: sleeps, at most WAIT or until it is to die.
 */
void mk_fs_grace_wait(const struct inode *inode, u64 since)
{
	struct daxfs *core = mk_fs_core(inode);
	u64 number = mk_fs_grace_number(inode);
	u64 others = mk_peer_load(&mk_fs_node(inode)->raw->open) & ~(1ULL << core->slot);
	unsigned long end = jiffies + WAIT;

	while (number != since && !daxfs_has_passed(core, others, number) &&
	       time_before(jiffies, end) && !fatal_signal_pending(current))
		usleep_range(1000, 2000);
}

/* Let go what nobody uses any more. */
static void let_go(struct mk_fs *fs)
{
	struct daxfs_record *record;
	bool holds = false;
	u32 s, i;

	for (s = 0; fs->holds && s < fs->core.nr_slots; s++)
		for (i = 0; i < fs->core.nr_ops; i++) {
			record = daxfs_record(&fs->core, s, i);
			if (!(mk_peer_load(&record->hold) >> fs->core.slot & 1))
				continue;
			if (is_pinned(fs, record))
				holds = true;
			else
				daxfs_hold(&fs->core, record, false);
		}
	fs->holds = holds;
}

/* --- the dead --------------------------------------------------------------------- */

static void mend(struct work_struct *work)
{
	struct mk_fs *fs = container_of(work, struct mk_fs, mend);
	int err = daxfs_mend(&fs->core);

	if (err)
		pr_err("%s: what dead kernels left is not mended (%d): tried again\n",
		       fs->pages.name, err);
}

/* @boot was seen before: who has gone since does not come back. */
static bool is_gone(struct mk_fs *fs, const struct daxfs_slot *slot, u64 boot)
{
	if (mk_peer_load(&slot->id))
		return !mk_core_alive(boot);
	return boot & DAXFS_BOOT_PROGRAM && fs->pages.kind == MK_FS_REGION &&
	       !mk_core_share_is_mapped(fs->pages.id);
}

/* Return: is there something to mend? */
static bool bury(struct mk_fs *fs)
{
	struct daxfs_slot *slot;
	bool found = false;
	u64 boot;
	u32 i, state;

	for (i = 0; i < fs->core.nr_slots; i++) {
		slot = daxfs_slot(&fs->core, i);
		boot = mk_peer_load(&slot->boot);
		state = DAXFS_SLOT_STATE(mk_peer_load_acquire(&slot->state));
		if (boot && state != DAXFS_SLOT_DEAD && is_gone(fs, slot, boot))
			found |= daxfs_bury(&fs->core, boot) > 0;
		found |= state == DAXFS_SLOT_DEAD;
	}
	return found;
}

/**
 * mk_fs_mend_now() - before this kernel uses it
 * @fs:		joined
 *
 * Context: sleeps.
 * Return: 0, or as daxfs_mend().
 */
int mk_fs_mend_now(struct mk_fs *fs)
{
	return bury(fs) ? daxfs_mend(&fs->core) : 0;
}

/* --- again and again ----------------------------------------------------------------- */

static void tick(struct work_struct *work)
{
	struct mk_fs *fs = container_of(to_delayed_work(work), struct mk_fs, grace);
	bool busy;

	/* it may have been asked for before it ended: see mk_fs_grace_end() */
	if (!READ_ONCE(fs->ticks))
		return;
	clear_bit(0, &fs->soon);
	mk_fs_pages_grow(fs);
	pass(fs);
	let_go(fs);
	busy = daxfs_reap(&fs->core) > 0;
	busy |= mk_fs_pins_look(fs);
	/* apart: it waits for operations, which may wait for grace periods */
	if (bury(fs))
		queue_work(wq, &fs->mend);
	queue_delayed_work(wq, &fs->grace, busy ? MK_FS_BUSY : MK_FS_IDLE);
}

/**
 * mk_fs_grace_soon() - something waits, perhaps
 * @fs:		file system
 *
 * Context: any.
 */
void mk_fs_grace_soon(struct mk_fs *fs)
{
	if (READ_ONCE(fs->ticks) && !test_and_set_bit(0, &fs->soon))
		mod_delayed_work(wq, &fs->grace, MK_FS_BUSY);
}

/**
 * mk_fs_grace_freed() - an operation has freed something, perhaps
 * @fs:		file system
 *
 * What waits for others has a record; mostly there is none.
 *
 * Context: any.
 */
void mk_fs_grace_freed(struct mk_fs *fs)
{
	if (mk_peer_load(&fs->core.busy))
		mk_fs_grace_soon(fs);
}

/**
 * mk_fs_grace_begin() - from now on this kernel owes
 * @fs:		joined
 *
 * Context: sleeps.
 */
void mk_fs_grace_begin(struct mk_fs *fs)
{
	INIT_DELAYED_WORK(&fs->grace, tick);
	INIT_WORK(&fs->mend, mend);
	fs->ticks = true;
	queue_delayed_work(wq, &fs->grace, MK_FS_IDLE);
}

/**
 * mk_fs_grace_end() - nothing is in use here any more
 * @fs:		as in mk_fs_grace_begin(), or not begun
 *
 * Context: sleeps, up to a second when others have to pass.
 */
void mk_fs_grace_end(struct mk_fs *fs)
{
	unsigned int ms;

	if (!fs->ticks)
		return;
	WRITE_ONCE(fs->ticks, false);
	cancel_delayed_work_sync(&fs->grace);
	cancel_work_sync(&fs->mend);
	/* @mend has asked for it, perhaps */
	cancel_delayed_work_sync(&fs->grace);
	for (ms = 0; ms < LEAVE_MS; ms += 20) {
		pass(fs);
		let_go(fs);
		if (!daxfs_reap(&fs->core))
			return;
		msleep(20);
	}
}
