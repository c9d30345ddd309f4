// SPDX-License-Identifier: GPL-2.0
/*
 * The consoles of instances, in the host: what they print is kept for any number
 * of readers, and one writer is the keyboard.
 *
 * A work item takes what comes, whether anybody reads or not, so an instance
 * does not wait for readers; a reader that is too slow loses the oldest.  It
 * takes one ring's worth a tick, however often the instance rings.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/termios.h>
#include <linux/uaccess.h>

#include "internal.h"

#define HISTORY		131072	/* bytes: a power of two; the log of a stock kernel fits */
#define ENDED_MAX	8	/* of instances that have ended */
#define READ_MAX	4096	/* bytes at a time */

/**
 * struct console - what the host has of an instance's console
 * @ref:	of the lists, and of descriptors
 * @node:	in @live or @ended; mk_ipc_lock
 * @name:	constant: of the instance
 * @id:		constant: likewise
 * @closed:	it is in @ended; mk_ipc_lock
 * @writer:	a descriptor writes; mk_ipc_lock
 * @lock:	L
 * @ch:		L: its channel, or NULL: nothing more will come
 * @tx:		L
 * @rx:		L
 * @message:	L: one that came
 * @full:	L: there was no room, and our doorbell is armed
 * @resized:	L: @window is to be sent
 * @window:	L: MK_CONSOLE_WINDOW
 * @printed:	L: bytes that ever came; they go round in @history
 * @dropped:	L: bytes of which the instance says that it lost them
 * @work:	when the instance has rung
 * @wait:	of descriptors
 * @history:	L
 *
 * What is read without the lock is looked at again with it.
 */
struct console {
	struct kref ref;
	struct list_head node;
	char name[MK_NAME_SIZE];
	u32 id;
	bool closed;
	bool writer;
	struct mutex lock;	/* L */
	struct mk_channel *ch;
	struct mk_tx tx;
	struct mk_rx rx;
	struct mk_console_message message;
	bool full;
	bool resized;
	struct mk_console_message window;
	u64 printed;
	u64 dropped;
	struct delayed_work work;
	wait_queue_head_t wait;
	u8 history[HISTORY];
};

/**
 * struct reader - a descriptor
 * @console:	constant, with a reference
 * @writes:	constant: it is the writer
 * @at:		of @console->printed, what it has read; @console->lock
 * @lost:	of these, what was too old; @console->lock
 * @dropped:	what it knows of @console->dropped; @console->lock
 */
struct reader {
	struct console *console;
	bool writes;
	u64 at;
	u64 lost;
	u64 dropped;
};

/* mk_ipc_lock; an instance has one console at most. */
static LIST_HEAD(live);
static LIST_HEAD(ended);
static u32 nr_ended;
static u32 nr_made;

static DECLARE_WAIT_QUEUE_HEAD(made_wait);

static void free_console(struct kref *ref)
{
	kvfree(container_of(ref, struct console, ref));
}

static void put_console(struct console *c)
{
	kref_put(&c->ref, free_console);
}

/* --- the channel -------------------------------------------------------------------------- */

static void give_up(struct console *c)
{
	lockdep_assert_held(&c->lock);
	pr_warn_ratelimited("instance %s (%u): its console is over: it wrote nonsense\n", c->name,
			    c->id);
	WRITE_ONCE(c->ch, NULL);
}

/* An instance that is over has no CPU that could be rung. */
static void ring(struct console *c)
{
	if (!READ_ONCE(c->ch->closed))
		mk_channel_ring(c->ch);
}

static void keep(struct console *c, const u8 *data, u32 len)
{
	u32 at = c->printed % HISTORY, first = min(len, HISTORY - at);

	memcpy(c->history + at, data, first);
	memcpy(c->history, data + first, len - first);
	WRITE_ONCE(c->printed, c->printed + len);
}

static void take_message(struct console *c, u32 len)
{
	const struct mk_console_message *m = &c->message;

	if (len < MK_CONSOLE_HEAD)
		return;
	if (m->type == MK_CONSOLE_DATA)
		keep(c, m->data, len - MK_CONSOLE_HEAD);
	else if (m->type == MK_CONSOLE_DROPPED && len >= MK_CONSOLE_HEAD + sizeof(m->dropped))
		WRITE_ONCE(c->dropped, m->dropped);
}

/* Take one ring's worth.  Return: whether there may be more. */
static bool take(struct console *c)
{
	u32 taken = 0, len;
	int ret = 1;

	lockdep_assert_held(&c->lock);
	while (ret > 0 && taken < MK_CONSOLE_RING) {
		ret = mk_rx_get(&c->rx, &c->message, sizeof(c->message), &len);
		if (!ret) {
			take_message(c, len);
			taken += sizeof(struct mk_record) + len;
			ret = 1;
		} else if (ret == -EAGAIN) {
			if (mk_rx_release(&c->rx))
				ring(c);
			ret = mk_rx_arm(&c->rx);
		}
	}
	if (mk_rx_release(&c->rx))
		ring(c);
	if (ret < 0)
		give_up(c);
	return ret > 0;
}

/* Return: 0, -EAGAIN: there is no room, and there will be a ring, or -ECONNRESET. */
static int send(struct console *c, const struct mk_console_message *m, u32 len)
{
	int ret;

	lockdep_assert_held(&c->lock);
	if (!c->ch)
		return -ECONNRESET;
	do {
		ret = mk_tx_put(&c->tx, m, MK_CONSOLE_HEAD + len);
	} while (ret == -EAGAIN && mk_tx_arm(&c->tx, MK_CONSOLE_HEAD + len) > 0);
	if (ret == -EAGAIN) {
		WRITE_ONCE(c->full, true);
		return ret;
	}
	if (ret) {
		give_up(c);
		return -ECONNRESET;
	}
	if (mk_tx_publish(&c->tx))
		ring(c);
	return 0;
}

static void send_window(struct console *c)
{
	lockdep_assert_held(&c->lock);
	if (c->resized && send(c, &c->window, 2 * sizeof(c->window.rows)) != -EAGAIN)
		c->resized = false;
}

static void work(struct work_struct *w)
{
	struct console *c = container_of(w, struct console, work.work);
	bool more = false;

	mutex_lock(&c->lock);
	if (c->ch) {
		WRITE_ONCE(c->full, false);
		more = take(c);
	}
	send_window(c);
	mutex_unlock(&c->lock);
	wake_up_all(&c->wait);
	if (more)
		queue_delayed_work(mk_ipc_wq, &c->work, 1);
}

static struct console *find(const char *name)
{
	struct console *c;

	lockdep_assert_held(&mk_ipc_lock);
	list_for_each_entry(c, &live, node)
		if (!strcmp(c->name, name))
			return c;
	list_for_each_entry(c, &ended, node)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static void forget(struct console *c)
{
	lockdep_assert_held(&mk_ipc_lock);
	list_del(&c->node);
	nr_ended--;
	put_console(c);
}

static struct console *make_console(struct mk_channel *ch)
{
	struct console *c = kvzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	kref_init(&c->ref);
	strscpy(c->name, ch->peer_name, sizeof(c->name));
	c->id = ch->peer;
	mutex_init(&c->lock);
	c->window.type = MK_CONSOLE_WINDOW;
	INIT_DELAYED_WORK(&c->work, work);
	init_waitqueue_head(&c->wait);
	return c;
}

static int console_open(struct mk_channel *ch)
{
	struct console *old = find(ch->peer_name), *c;
	int ret;

	if (old && !old->closed)
		return -EBUSY;
	c = make_console(ch);
	if (!c)
		return -ENOMEM;
	ret = mk_channel_attach(ch, &c->tx, &c->rx);
	if (ret) {
		put_console(c);
		return ret;
	}
	c->ch = ch;
	ch->priv = c;
	if (old)
		forget(old);
	list_add(&c->node, &live);
	WRITE_ONCE(nr_made, nr_made + 1);
	wake_up_all(&made_wait);
	return 0;
}

static void console_rung(struct mk_channel *ch)
{
	struct console *c = ch->priv;

	queue_delayed_work(mk_ipc_wq, &c->work, 1);
}

/* Its last words are in the ring. */
static void console_close(struct mk_channel *ch)
{
	struct console *c = ch->priv;

	cancel_delayed_work_sync(&c->work);
	mutex_lock(&c->lock);
	if (c->ch)
		take(c);
	WRITE_ONCE(c->ch, NULL);
	mutex_unlock(&c->lock);
	wake_up_all(&c->wait);
	c->closed = true;
	list_move_tail(&c->node, &ended);
	if (++nr_ended > ENDED_MAX)
		forget(list_first_entry(&ended, struct console, node));
}

static const struct mk_service service = {
	.kind = MK_KIND_CONSOLE,
	.name = "console",
	.ring_size = MK_CONSOLE_RING,
	.every = true,
	.open = console_open,
	.rung = console_rung,
	.close = console_close,
};

/* --- descriptors ---------------------------------------------------------------------------- */

static bool has_ended(const struct console *c)
{
	return !READ_ONCE(c->ch);
}

static bool is_readable(const struct reader *r)
{
	const struct console *c = r->console;

	return READ_ONCE(r->at) != READ_ONCE(c->printed) ||
	       READ_ONCE(r->dropped) != READ_ONCE(c->dropped) || has_ended(c);
}

static bool is_writable(const struct console *c)
{
	return !READ_ONCE(c->full) || has_ended(c);
}

/* Return: bytes, 0: it has ended, -EPIPE: some are missing here, or -EAGAIN. */
static ssize_t copy_history(struct reader *r, u8 *to, size_t room)
{
	struct console *c = r->console;
	u64 oldest = c->printed - min_t(u64, c->printed, HISTORY);
	u32 at, first, len;

	lockdep_assert_held(&c->lock);
	if (r->at < oldest) {
		r->lost += oldest - r->at;
		WRITE_ONCE(r->at, oldest);
		return -EPIPE;
	}
	if (r->dropped != c->dropped) {
		WRITE_ONCE(r->dropped, c->dropped);
		return -EPIPE;
	}
	if (r->at == c->printed)
		return c->ch ? -EAGAIN : 0;
	len = min_t(u64, room, c->printed - r->at);
	at = r->at % HISTORY;
	first = min(len, HISTORY - at);
	memcpy(to, c->history + at, first);
	memcpy(to + first, c->history, len - first);
	WRITE_ONCE(r->at, r->at + len);
	return len;
}

static ssize_t read_some(struct reader *r, u8 *buf, size_t len)
{
	ssize_t ret;

	mutex_lock(&r->console->lock);
	ret = copy_history(r, buf, len);
	mutex_unlock(&r->console->lock);
	return ret;
}

static ssize_t console_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct reader *r = file->private_data;
	ssize_t ret;
	u8 *buf;

	len = min_t(size_t, len, READ_MAX);
	if (!len)
		return 0;
	buf = kmalloc(len, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	while ((ret = read_some(r, buf, len)) == -EAGAIN && !(file->f_flags & O_NONBLOCK))
		if (wait_event_interruptible(r->console->wait, is_readable(r))) {
			ret = -ERESTARTSYS;
			break;
		}
	if (ret > 0 && copy_to_user(to, buf, ret))
		ret = -EFAULT;
	kfree(buf);
	return ret;
}

static int send_data(struct console *c, const struct mk_console_message *m, u32 len)
{
	int ret;

	mutex_lock(&c->lock);
	ret = send(c, m, len);
	mutex_unlock(&c->lock);
	return ret;
}

static ssize_t console_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct reader *r = file->private_data;
	struct mk_console_message *m;
	int ret = -EFAULT;

	if (!r->writes)
		return -EBADF;
	len = min_t(size_t, len, MK_CONSOLE_DATA_MAX);
	m = kmalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->type = MK_CONSOLE_DATA;
	m->reserved = 0;
	if (copy_from_user(m->data, from, len))
		goto out;
	while ((ret = send_data(r->console, m, len)) == -EAGAIN && !(file->f_flags & O_NONBLOCK))
		if (wait_event_interruptible(r->console->wait, is_writable(r->console))) {
			ret = -ERESTARTSYS;
			break;
		}
out:
	kfree(m);
	return ret ?: len;
}

static __poll_t console_poll(struct file *file, poll_table *table)
{
	struct reader *r = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &r->console->wait, table);
	if (is_readable(r))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (r->writes && is_writable(r->console))
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (has_ended(r->console))
		mask |= EPOLLHUP;
	return mask;
}

static long set_window(struct reader *r, const struct winsize __user *from)
{
	struct console *c = r->console;
	struct winsize size;

	if (!r->writes)
		return -EBADF;
	if (copy_from_user(&size, from, sizeof(size)))
		return -EFAULT;
	mutex_lock(&c->lock);
	c->window.rows = size.ws_row;
	c->window.columns = size.ws_col;
	c->resized = true;
	send_window(c);
	mutex_unlock(&c->lock);
	return 0;
}

static long do_query(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_ipc_console_query *q = arg;
	struct reader *r = file->private_data;

	mutex_lock(&r->console->lock);
	q->printed = r->console->printed;
	q->lost = r->lost;
	q->dropped = r->console->dropped;
	q->ended = !r->console->ch;
	q->reserved = 0;
	mutex_unlock(&r->console->lock);
	return 0;
}

static const struct mk_call query_call = {
	.size = sizeof(struct mk_ipc_console_query),
	.who = MK_CALL_HOST,
	.fn = do_query,
};

static long console_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == TIOCSWINSZ)
		return set_window(file->private_data, (void __user *)arg);
	return mk_core_call(&query_call, 1, _IOC_NR(MK_IPC_IOC_CONSOLE_QUERY), file, cmd, arg);
}

static void free_reader(struct reader *r)
{
	mutex_lock(&mk_ipc_lock);
	if (r->writes)
		r->console->writer = false;
	mutex_unlock(&mk_ipc_lock);
	put_console(r->console);
	kfree(r);
}

static int console_release(struct inode *inode, struct file *file)
{
	free_reader(file->private_data);
	return 0;
}

static const struct file_operations console_fops = {
	.owner = THIS_MODULE,
	.read = console_read,
	.write = console_write,
	.poll = console_poll,
	.unlocked_ioctl = console_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = console_release,
	.llseek = noop_llseek,
};

/* Attach a reader to the console of @req.  Return: 0, -ENOENT or -EBUSY. */
static int attach(struct mk_ipc_console *req, struct reader *r)
{
	struct console *c;
	int ret = 0;

	mutex_lock(&mk_ipc_lock);
	c = find(req->name);
	if (!c)
		ret = -ENOENT;
	else if ((req->flags & MK_CONSOLE_WRITE) && c->writer)
		ret = -EBUSY;
	if (!ret) {
		kref_get(&c->ref);
		r->console = c;
		r->writes = req->flags & MK_CONSOLE_WRITE;
		if (r->writes)
			c->writer = true;
		if (req->flags & MK_CONSOLE_LIVE) {
			r->at = READ_ONCE(c->printed);
			r->dropped = READ_ONCE(c->dropped);
		}
		req->id = c->id;
	}
	mutex_unlock(&mk_ipc_lock);
	return ret;
}

static int attach_wait(struct mk_ipc_console *req, struct reader *r)
{
	long left = msecs_to_jiffies(req->timeout_ms);
	u32 seen;
	int ret;

	for (;;) {
		seen = READ_ONCE(nr_made);
		ret = attach(req, r);
		if (ret != -ENOENT || left <= 0)
			return ret;
		left = wait_event_killable_timeout(made_wait, READ_ONCE(nr_made) != seen, left);
	}
}

/**
 * mk_console_open() - give a program the console of an instance
 * @req:	which one, and how
 * @err:	what was wrong
 *
 * Context: sleeps.
 * Return: a descriptor, or a negative errno.
 */
int mk_console_open(struct mk_ipc_console *req, struct mk_error *err)
{
	struct reader *r = kzalloc(sizeof(*r), GFP_KERNEL);
	int ret;

	if (!r)
		return mk_ipc_fail(err, -ENOMEM, MK_E_MEMORY, 0);
	ret = attach_wait(req, r);
	if (ret) {
		kfree(r);
		return mk_ipc_fail(err, ret,
				   ret == -EBUSY ? MK_E_CONSOLE_BUSY : MK_E_NO_CONSOLE, 0);
	}
	ret = anon_inode_getfd("[mk_console]", &console_fops, r, O_RDWR | O_CLOEXEC);
	if (ret < 0) {
		free_reader(r);
		return mk_ipc_fail(err, ret, MK_E_INTERNAL, ret);
	}
	return ret;
}

/* What an instance said before it was started again is not kept. */
static int hear(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct mk_peer *peer = data;
	struct console *c;

	mutex_lock(&mk_ipc_lock);
	c = find(peer->name);
	if (event == MK_PEER_START && c && c->closed)
		forget(c);
	mutex_unlock(&mk_ipc_lock);
	return NOTIFY_OK;
}

/* Told last: nobody refuses the start any more. */
static struct notifier_block watcher = { .notifier_call = hear, .priority = -1 };

/**
 * mk_console_init() - offer consoles to instances
 *
 * Context: module load in the host; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_console_init(void)
{
	int ret = mk_core_watch(&watcher);

	if (ret)
		return ret;
	ret = mk_service_register(&service);
	if (ret)
		mk_core_unwatch(&watcher);
	return ret;
}

/**
 * mk_console_exit() - no more consoles
 *
 * Context: module unload in the host, no descriptor left; sleeps.
 */
void mk_console_exit(void)
{
	mk_core_unwatch(&watcher);
	mk_service_unregister(&service);
	mutex_lock(&mk_ipc_lock);
	while (!list_empty(&ended))
		forget(list_first_entry(&ended, struct console, node));
	mutex_unlock(&mk_ipc_lock);
}
