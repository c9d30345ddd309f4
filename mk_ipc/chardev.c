// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mk_ipc and the descriptors of channels.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"
#include "peer.h"

DECLARE_WAIT_QUEUE_HEAD(mk_user_wait);

#define MAX_LISTED	4096

/* --- the descriptor of a channel ---------------------------------------------------- */

static int program_open(struct mk_channel *ch)
{
	wake_up_all(&mk_user_wait);
	return 0;
}

static void program_rung(struct mk_channel *ch)
{
	wake_up_all(&ch->wait);
}

const struct mk_service mk_programs = {
	.kind = MK_KIND_PROGRAM,
	.name = "program",
	.open = program_open,
	.rung = program_rung,
	.close = program_rung,
};

static bool is_over(struct mk_channel *ch)
{
	return READ_ONCE(ch->closed) || mk_channel_peer_state(ch) == MK_SIDE_CLOSED;
}

/* The other side's counter is the file's position, so that no reader takes what wakes another. */
static u32 rung_since(const struct mk_channel *ch, loff_t pos)
{
	return mk_peer_load_acquire(&ch->head->side[!ch->side].rung) - (u32)pos;
}

static ssize_t channel_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct mk_channel *ch = file->private_data;
	bool block = !(file->f_flags & O_NONBLOCK);
	u64 rings = rung_since(ch, *pos);
	int ret = 0;

	if (len < sizeof(rings))
		return -EINVAL;
	/* what woke us counts: the other side may write anything afterwards */
	if (block)
		ret = wait_event_interruptible(ch->wait, (rings = rung_since(ch, *pos)) ||
					       is_over(ch));
	if (ret)
		return ret;
	if (!rings)
		return block || is_over(ch) ? -ECONNRESET : -EAGAIN;
	if (copy_to_user(to, &rings, sizeof(rings)))
		return -EFAULT;
	*pos = (u32)(*pos + rings);
	return sizeof(rings);
}

static ssize_t channel_write(struct file *file, const char __user *from, size_t len,
			     loff_t *pos)
{
	struct mk_channel *ch = file->private_data;

	if (len != sizeof(u64))
		return -EINVAL;
	if (is_over(ch))
		return -ECONNRESET;
	mk_channel_ring(ch);
	return len;
}

static __poll_t channel_poll(struct file *file, poll_table *table)
{
	struct mk_channel *ch = file->private_data;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &ch->wait, table);
	if (rung_since(ch, READ_ONCE(file->f_pos)))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (is_over(ch))
		mask |= EPOLLHUP | EPOLLIN | EPOLLRDNORM;
	return mask;
}

/* Mappings hold the file, and the file the channel. */
static int channel_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mk_channel *ch = file->private_data;
	unsigned long size = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff || size > MK_CHANNEL_HEAD + 2 * (size_t)ch->ring_size ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(ch->phys), size, vma->vm_page_prot);
}

static long do_bell(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_ipc_bell *b = arg;

	if (b->reserved)
		return mk_ipc_fail(err, -EINVAL, MK_E_RESERVED, 0);
	return mk_channel_bell(file->private_data, b->cpu, err);
}

static const struct mk_call channel_calls[] = {
	MK_CALL(MK_IPC_IOC_BELL, MK_CALL_BOTH, do_bell, struct mk_ipc_bell, 0),
};

static long channel_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return mk_core_call(channel_calls, ARRAY_SIZE(channel_calls), 3 * MK_CALL_GROUP, file, cmd,
			    arg);
}

static int channel_release(struct inode *inode, struct file *file)
{
	struct mk_channel *ch = file->private_data;

	mutex_lock(&mk_ipc_lock);
	if (!ch->closed) {
		mk_channel_close(ch);
		ch->ops->left(ch);
	}
	mutex_unlock(&mk_ipc_lock);
	mk_channel_put(ch);
	return 0;
}

static const struct file_operations channel_fops = {
	.owner = THIS_MODULE,
	.read = channel_read,
	.write = channel_write,
	.poll = channel_poll,
	.mmap = channel_mmap,
	.unlocked_ioctl = channel_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = channel_release,
	.llseek = noop_llseek,
};

/* --- calls ------------------------------------------------------------------------------ */

static bool is_text(const char *s)
{
	return strnlen(s, MK_NAME_SIZE) < MK_NAME_SIZE;
}

static long do_permit(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_ipc_permit *p = arg;

	if (p->reserved)
		return mk_ipc_fail(err, -EINVAL, MK_E_RESERVED, 0);
	return mk_host_permit(p, err);
}

static long do_forbid(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_ipc_forbid *f = arg;

	if (!*f->name || !is_text(f->name))
		return mk_ipc_fail(err, -EINVAL, MK_E_NAME_INVALID, 0);
	return mk_host_forbid(f->name, err);
}

static long do_list(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_ipc_list *l = arg;
	u32 room = min_t(u32, l->nr, MAX_LISTED);
	struct mk_ipc_channel *channels;
	long ret = 0;

	if (l->reserved)
		return mk_ipc_fail(err, -EINVAL, MK_E_RESERVED, 0);
	channels = kvcalloc(max(room, 1U), sizeof(*channels), GFP_KERNEL);
	if (!channels)
		return mk_ipc_fail(err, -ENOMEM, MK_E_MEMORY, 0);
	l->nr = mk_host_list(channels, room);
	room = min(room, l->nr);
	if (room && copy_to_user(u64_to_user_ptr(l->channels), channels, room * sizeof(*channels)))
		ret = mk_ipc_fail(err, -EFAULT, MK_E_INTERNAL, -EFAULT);
	kvfree(channels);
	return ret;
}

/* Claim the channel for a descriptor; with a reference. */
static struct mk_channel *claim(const char *name, bool *busy)
{
	struct mk_channel *ch;

	mutex_lock(&mk_ipc_lock);
	ch = mk_channel_find(name);
	*busy = ch && ch->user;
	if (*busy)
		ch = NULL;
	if (ch) {
		ch->user = true;
		mk_channel_get(ch);
	}
	mutex_unlock(&mk_ipc_lock);
	return ch;
}

static void unclaim(struct mk_channel *ch)
{
	mutex_lock(&mk_ipc_lock);
	ch->user = false;
	mutex_unlock(&mk_ipc_lock);
	mk_channel_put(ch);
}

static struct mk_channel *wait_for(const struct mk_ipc_open *o, bool *busy)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	long left = msecs_to_jiffies(o->timeout_ms);
	struct mk_channel *ch;

	add_wait_queue(&mk_user_wait, &wait);
	while (!(ch = claim(o->name, busy)) && left > 0 && !fatal_signal_pending(current))
		left = wait_woken(&wait, TASK_KILLABLE, left);
	remove_wait_queue(&mk_user_wait, &wait);
	return ch;
}

static int install(struct mk_channel *ch)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		return fd;
	file = anon_inode_getfile("[mk_channel]", &channel_fops, ch, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	file->f_mode |= FMODE_PREAD;	/* which anonymous inodes do not have by themselves */
	fd_install(fd, file);
	return fd;
}

static long do_open(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_ipc_open *o = arg;
	struct mk_channel *ch;
	bool busy;
	int fd;

	if (!is_text(o->name) || !*o->name)
		return mk_ipc_fail(err, -EINVAL, MK_E_NAME_INVALID, 0);
	ch = wait_for(o, &busy);
	if (!ch && busy)
		return mk_ipc_fail(err, -EBUSY, MK_E_CHANNEL_BUSY, 0);
	if (!ch) {
		pr_notice_ratelimited("%s (%d) asked for channel \"%*pE\", which this kernel has not: refused\n",
				      current->comm, task_pid_nr(current),
				      (int)strlen(o->name), o->name);
		return mk_ipc_fail(err, -ENOENT, MK_E_NO_CHANNEL, 0);
	}
	o->ring_size = ch->ring_size;
	o->side = ch->side;
	o->peer = ch->peer;
	o->epoch = ch->epoch;
	o->rate = ch->rate;
	strscpy(o->peer_name, ch->peer_name, sizeof(o->peer_name));
	fd = install(ch);
	if (fd < 0) {
		unclaim(ch);
		return mk_ipc_fail(err, fd, MK_E_INTERNAL, fd);
	}
	return fd;
}

static long do_console(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_ipc_console *c = arg;

	if (c->flags & ~(MK_CONSOLE_WRITE | MK_CONSOLE_LIVE) || c->reserved)
		return mk_ipc_fail(err, -EINVAL, MK_E_RESERVED, 0);
	if (!is_text(c->name) || !*c->name)
		return mk_ipc_fail(err, -EINVAL, MK_E_NAME_INVALID, 0);
	return mk_console_open(c, err);
}

static const struct mk_call calls[] = {
	MK_CALL(MK_IPC_IOC_PERMIT, MK_CALL_HOST, do_permit, struct mk_ipc_permit, 0),
	MK_CALL(MK_IPC_IOC_FORBID, MK_CALL_HOST, do_forbid, struct mk_ipc_forbid, 0),
	MK_CALL(MK_IPC_IOC_OPEN, MK_CALL_BOTH, do_open, struct mk_ipc_open, 0),
	MK_CALL(MK_IPC_IOC_LIST, MK_CALL_HOST, do_list, struct mk_ipc_list, 0),
	MK_CALL(MK_IPC_IOC_CONSOLE, MK_CALL_HOST, do_console, struct mk_ipc_console, 0),
};

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return mk_core_call(calls, ARRAY_SIZE(calls), 2 * MK_CALL_GROUP, file, cmd, arg);
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mk_ipc",
	.fops = &device_fops,
	.mode = 0600,
};

/**
 * mk_chardev_init() - let programs in
 *
 * Context: module load.
 * Return: 0 or a negative errno.
 */
int mk_chardev_init(void)
{
	return misc_register(&device);
}

/**
 * mk_chardev_exit() - no more programs
 *
 * Context: module unload: no descriptor is left.
 */
void mk_chardev_exit(void)
{
	misc_deregister(&device);
}
