// SPDX-License-Identifier: GPL-2.0
/*
 * An instance's console, hvc0: what is printed goes to the host, what is typed
 * there comes in.
 *
 * It is there before its channel, and without one.  What is printed is kept
 * until the ring takes it; where the host takes nothing the oldest of it is
 * dropped, and counted.  Nobody waits for the host without a bound.
 *
 * printk() calls from almost anywhere: with interrupts off, with a run queue's
 * lock held, while the kernel panics.  So what it does here takes one raw lock,
 * wakes nobody and prints nothing.
 */
#include <linux/console.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "hvc.h"
#include "internal.h"

#define KEPT		131072	/* bytes: a power of two; the log of a stock kernel fits */
#define BUSY		(KEPT / 2)	/* programs wait from here on, and leave printk() room */
#define PATIENCE	(HZ / 10)	/* for a host that takes nothing */
#define OUTBUF		1024	/* what hvc keeps of a program's output */
#define TAKE_MAX	64	/* messages at a time */

/**
 * struct self - this instance's console
 * @lock:	L
 * @ch:		L: its channel, or NULL
 * @tx:		L
 * @rx:		L
 * @out:	L: a message on its way out
 * @in:		L: the message that is being typed
 * @in_at:	L: what of its data is typed already
 * @in_len:	L: bytes of its data
 * @full:	L: there was no room, and our doorbell is armed
 * @broken:	L: the host wrote nonsense, and nobody was told yet
 * @resized:	L: hvc is to be told of @window
 * @window:	L: of the terminal at the host; no rows: it has said none
 * @used:	L: its terminal was opened, so there is khvcd
 * @moved:	L: when the ring took something last, in jiffies
 * @kept:	L: what is printed, a ring
 * @put:	L: bytes that were ever put into it
 * @sent:	L: of these, who has left it
 * @dropped:	L: of these, who were overwritten
 * @told:	L: what the host knows of @dropped
 * @missed:	bytes that could not even be put into it
 * @hp:		constant: what hvc has of it
 * @work:	when the host has rung
 */
static struct self {
	raw_spinlock_t lock;
	struct mk_channel *ch;
	struct mk_tx tx;
	struct mk_rx rx;
	struct mk_console_message out;
	struct mk_console_message in;
	u32 in_at;
	u32 in_len;
	bool full;
	bool broken;
	bool resized;
	struct winsize window;
	bool used;
	unsigned long moved;
	u8 *kept;
	u64 put;
	u64 sent;
	u64 dropped;
	u64 told;
	atomic64_t missed;
	struct hvc_struct *hp;
	struct work_struct work;
} self = { .lock = __RAW_SPIN_LOCK_UNLOCKED(self.lock) };

static void give_up(void)
{
	lockdep_assert_held(&self.lock);
	self.ch = NULL;
	self.broken = true;
}

/* --- out ------------------------------------------------------------------------------ */

static void keep(const u8 *buf, u32 count)
{
	u32 at = self.put % KEPT, first = min(count, KEPT - at);

	lockdep_assert_held(&self.lock);
	memcpy(self.kept + at, buf, first);
	memcpy(self.kept, buf + first, count - first);
	self.put += count;
	if (self.put - self.sent > KEPT) {
		self.dropped += self.put - KEPT - self.sent;
		self.sent = self.put - KEPT;
	}
}

/* Return: bytes of the next message in @out, or 0: nothing is to be sent. */
static u32 next_message(u64 dropped)
{
	u32 at = self.sent % KEPT;
	u32 len = min3(self.put - self.sent, (u64)KEPT - at, (u64)MK_CONSOLE_DATA_MAX);

	self.out.reserved = 0;
	if (dropped != self.told) {
		self.out.type = MK_CONSOLE_DROPPED;
		self.out.dropped = dropped;
		return MK_CONSOLE_HEAD + sizeof(self.out.dropped);
	}
	self.out.type = MK_CONSOLE_DATA;
	memcpy(self.out.data, self.kept + at, len);
	return len ? MK_CONSOLE_HEAD + len : 0;
}

static void took(u32 len, u64 dropped)
{
	if (self.out.type == MK_CONSOLE_DROPPED)
		self.told = dropped;
	else
		self.sent += len - MK_CONSOLE_HEAD;
	self.moved = jiffies;
}

/* Return: whether the host's doorbell must be rung. */
static bool push(void)
{
	u64 dropped = self.dropped + atomic64_read(&self.missed);
	bool bell = false;
	u32 len;
	int ret;

	lockdep_assert_held(&self.lock);
	while (self.ch && (len = next_message(dropped))) {
		ret = mk_tx_put(&self.tx, &self.out, len);
		if (!ret) {
			took(len, dropped);
			continue;
		}
		bell |= mk_tx_publish(&self.tx);
		if (ret == -EAGAIN)
			ret = mk_tx_arm(&self.tx, len);
		if (ret < 0)
			give_up();
		self.full = !ret;
		if (ret <= 0)
			return bell;
	}
	return self.ch ? bell | mk_tx_publish(&self.tx) : bell;
}

/* hvc has what programs print inside of its struct; printk()'s is on a stack. */
static bool is_program(const void *buf)
{
	return self.hp && buf > (void *)self.hp && buf < (void *)self.hp + PAGE_SIZE;
}

static bool must_wait(const void *buf)
{
	return self.ch && self.put - self.sent > BUSY && is_program(buf) &&
	       time_before(jiffies, self.moved + PATIENCE);
}

static bool put_locked(const void *buf, u32 count, bool *bell)
{
	lockdep_assert_held(&self.lock);
	if (must_wait(buf))
		return false;
	keep(buf, count);
	/* the work item that goes on when there is room does not run in a panic */
	if (!self.full || oops_in_progress)
		*bell = push();
	return true;
}

/* Return: whether it was taken, or lost; else hvc tries again. */
static bool put(const void *buf, u32 count)
{
	struct mk_channel *ch;
	bool bell = false, done;

	lockdep_assert_irqs_disabled();
	if (!oops_in_progress) {
		raw_spin_lock(&self.lock);
	} else if (!raw_spin_trylock(&self.lock)) {
		atomic64_add(count, &self.missed);	/* who has it may be stopped for good */
		return true;
	}
	ch = self.ch;
	done = put_locked(buf, count, &bell);
	raw_spin_unlock(&self.lock);
	if (bell)
		mk_channel_ring(ch);	/* may print, so not with the lock held */
	return done;
}

/* Interrupts are off until the bell is rung: that keeps the channel, see hvc_close(). */
static compat_hvc_ssize_t put_chars(u32 vtermno, const compat_hvc_char_t *buf,
				    compat_hvc_size_t count)
{
	unsigned long flags;
	bool done;

	local_irq_save(flags);
	done = put(buf, count);
	local_irq_restore(flags);
	return done ? count : 0;
}

/* --- in ------------------------------------------------------------------------------- */

static void take_message(u32 len)
{
	const struct mk_console_message *m = &self.in;

	if (len < MK_CONSOLE_HEAD)
		return;
	if (m->type == MK_CONSOLE_DATA) {
		self.in_at = 0;
		self.in_len = len - MK_CONSOLE_HEAD;
	} else if (m->type == MK_CONSOLE_WINDOW && len >= MK_CONSOLE_HEAD + 4) {
		self.window = (struct winsize){ .ws_row = m->rows, .ws_col = m->columns };
		self.resized = true;
	}
}

/* Get messages until something is to be typed.  Return: whether to look again. */
static bool fill(bool *bell)
{
	u32 len, n;
	int ret = 1;

	lockdep_assert_held(&self.lock);
	for (n = 0; n < TAKE_MAX && ret > 0; n++) {
		if (!self.ch || self.in_at < self.in_len)
			return false;
		ret = mk_rx_get(&self.rx, &self.in, sizeof(self.in), &len);
		if (!ret) {
			take_message(len);
			*bell |= mk_rx_release(&self.rx);
			ret = 1;
		} else if (ret == -EAGAIN) {
			ret = mk_rx_arm(&self.rx);
		}
		if (ret < 0)
			give_up();
	}
	return ret > 0;
}

/* Return: how many bytes. */
static u32 take(void *buf, u32 count, bool *bell)
{
	u32 n;

	lockdep_assert_held(&self.lock);
	fill(bell);
	n = min(count, self.in_len - self.in_at);
	memcpy(buf, self.in.data + self.in_at, n);
	self.in_at += n;
	if (n)
		fill(bell);	/* arms when it was the last one */
	return n;
}

static compat_hvc_ssize_t get_chars(u32 vtermno, compat_hvc_char_t *buf, compat_hvc_size_t count)
{
	struct mk_channel *ch;
	unsigned long flags;
	bool bell = false;
	u32 n;

	local_irq_save(flags);
	raw_spin_lock(&self.lock);
	ch = self.ch;
	n = take(buf, count, &bell);
	raw_spin_unlock(&self.lock);
	if (bell)
		mk_channel_ring(ch);
	local_irq_restore(flags);
	return n;
}

/*
 * What hvc does with the size takes its own lock, which we cannot have. A size
 * that it reads half way is followed by the whole one: it is told to look after
 * it was written.
 */
static void resize(void)
{
	struct winsize window;
	bool resized;

	raw_spin_lock_irq(&self.lock);
	resized = self.resized;
	window = self.window;
	self.resized = false;
	raw_spin_unlock_irq(&self.lock);
	if (resized)
		__hvc_resize(self.hp, window);
}

static int opened(struct hvc_struct *hp, int data)
{
	raw_spin_lock_irq(&self.lock);
	self.used = true;
	self.resized = self.window.ws_row;	/* it had no terminal to be told of */
	raw_spin_unlock_irq(&self.lock);
	queue_work(mk_ipc_wq, &self.work);
	return 0;
}

static const struct hv_ops ops = {
	.get_chars = get_chars,
	.put_chars = put_chars,
	.notifier_add = opened,
};

/* --- the channel ------------------------------------------------------------------------ */

static void work(struct work_struct *w)
{
	struct mk_channel *ch;
	bool bell = false, again, broken, used;

	local_irq_disable();
	raw_spin_lock(&self.lock);
	ch = self.ch;
	self.full = false;
	bell = push();
	again = fill(&bell);
	broken = self.broken;
	self.broken = false;
	used = self.used;
	raw_spin_unlock(&self.lock);
	if (bell)
		mk_channel_ring(ch);
	local_irq_enable();
	if (broken)
		pr_warn("the console is not connected any more: the host wrote nonsense\n");
	if (again)
		queue_work(mk_ipc_wq, &self.work);
	resize();
	if (used)	/* hvc begins once: where that failed there is nobody to kick */
		hvc_kick();
}

static int hvc_channel_open(struct mk_channel *ch)
{
	struct mk_tx tx;
	struct mk_rx rx;
	int ret = mk_channel_attach(ch, &tx, &rx);

	if (ret || ch->peer)
		return ret ?: -EINVAL;
	raw_spin_lock_irq(&self.lock);
	if (self.ch) {
		ret = -EBUSY;
	} else {
		self.ch = ch;
		self.tx = tx;
		self.rx = rx;
		self.in_at = 0;
		self.in_len = 0;
		self.told = 0;
		self.full = false;
		self.moved = jiffies;
	}
	raw_spin_unlock_irq(&self.lock);
	return ret;
}

static void hvc_channel_rung(struct mk_channel *ch)
{
	queue_work(mk_ipc_wq, &self.work);
}

static void hvc_channel_close(struct mk_channel *ch)
{
	raw_spin_lock_irq(&self.lock);
	if (self.ch == ch)
		self.ch = NULL;
	raw_spin_unlock_irq(&self.lock);
	synchronize_rcu();	/* who has seen it has interrupts off while he uses it */
	queue_work(mk_ipc_wq, &self.work);	/* programs may wait for it */
}

static const struct mk_service service = {
	.kind = MK_KIND_CONSOLE,
	.name = "console",
	.ring_size = MK_CONSOLE_RING,
	.every = true,
	.open = hvc_channel_open,
	.rung = hvc_channel_rung,
	.close = hvc_channel_close,
};

/**
 * mk_hvc_init() - be a console
 *
 * With console=hvc0 the kernel prints its whole log to it at once.
 *
 * Context: module load in an instance; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_hvc_init(void)
{
	int ret;

	INIT_WORK(&self.work, work);
	self.kept = kvmalloc(KEPT, GFP_KERNEL);
	if (!self.kept)
		return -ENOMEM;
	self.hp = hvc_alloc(0, 0, &ops, OUTBUF);
	if (IS_ERR(self.hp)) {
		ret = PTR_ERR(self.hp);
		kvfree(self.kept);
		return ret;
	}
	ret = mk_service_register(&service);
	if (ret) {
		hvc_remove(self.hp);
		kvfree(self.kept);
	}
	return ret;
}

/**
 * mk_hvc_exit() - be none; nobody has opened it
 *
 * Context: module load that fails in an instance; sleeps.
 */
void mk_hvc_exit(void)
{
	mk_service_unregister(&service);
	hvc_remove(self.hp);
	cancel_work_sync(&self.work);
	kvfree(self.kept);
}
