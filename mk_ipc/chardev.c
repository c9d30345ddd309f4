// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mk_ipc and the descriptors of channels.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

DECLARE_WAIT_QUEUE_HEAD(mk_user_wait);

#define MAX_LISTED	4096

static bool is_host;

/* --- the descriptor of a channel ---------------------------------------------------- */

static int program_open(struct mk_channel *ch)
{
	wake_up_all(&mk_user_wait);
	return 0;
}

static void program_rung(struct mk_channel *ch)
{
	atomic_inc(&ch->pending);
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

static ssize_t channel_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct mk_channel *ch = file->private_data;
	u64 rings;

	if (len < sizeof(rings))
		return -EINVAL;
	if (!(file->f_flags & O_NONBLOCK) &&
	    wait_event_interruptible(ch->wait, atomic_read(&ch->pending) || is_over(ch)))
		return -ERESTARTSYS;
	rings = (u32)atomic_xchg(&ch->pending, 0);
	if (!rings)
		return is_over(ch) ? -ECONNRESET : -EAGAIN;
	return copy_to_user(to, &rings, sizeof(rings)) ? -EFAULT : sizeof(rings);
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
	if (atomic_read(&ch->pending))
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
	.release = channel_release,
	.llseek = noop_llseek,
};

/* --- calls ------------------------------------------------------------------------------ */

union argument {
	struct mk_hdr hdr;
	struct mk_ipc_permit permit;
	struct mk_ipc_forbid forbid;
	struct mk_ipc_open open;
	struct mk_ipc_list list;
	struct mk_ipc_console console;
};

static bool is_text(const char *s)
{
	return strnlen(s, MK_NAME_SIZE) < MK_NAME_SIZE;
}

static long do_permit(union argument *arg, struct mk_error *err)
{
	struct mk_ipc_permit *p = &arg->permit;

	if (!is_host)
		return mk_ipc_fail(err, -EOPNOTSUPP, MK_E_ROLE, 0);
	if (p->reserved)
		return mk_ipc_fail(err, -EINVAL, MK_E_RESERVED, 0);
	if (!is_text(p->name) || !is_text(p->end[0]) || !is_text(p->end[1]))
		return mk_ipc_fail(err, -EINVAL, MK_E_NAME_INVALID, MK_NAME_SIZE);
	return mk_host_permit(p, err);
}

static long do_forbid(union argument *arg, struct mk_error *err)
{
	if (!is_host)
		return mk_ipc_fail(err, -EOPNOTSUPP, MK_E_ROLE, 0);
	if (!is_text(arg->forbid.name))
		return mk_ipc_fail(err, -EINVAL, MK_E_NAME_INVALID, MK_NAME_SIZE);
	return mk_host_forbid(arg->forbid.name, err);
}

static long do_list(union argument *arg, struct mk_error *err)
{
	struct mk_ipc_list *l = &arg->list;
	u32 room = min_t(u32, l->nr, MAX_LISTED);
	struct mk_ipc_channel *channels;
	long ret = 0;

	if (!is_host)
		return mk_ipc_fail(err, -EOPNOTSUPP, MK_E_ROLE, 0);
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

static long do_open(union argument *arg, struct mk_error *err)
{
	struct mk_ipc_open *o = &arg->open;
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
	fd = anon_inode_getfd("[mk_channel]", &channel_fops, ch, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		unclaim(ch);
		return mk_ipc_fail(err, fd, MK_E_INTERNAL, fd);
	}
	return fd;
}

static long do_console(union argument *arg, struct mk_error *err)
{
	struct mk_ipc_console *c = &arg->console;

	if (!is_host)
		return mk_ipc_fail(err, -EOPNOTSUPP, MK_E_ROLE, 0);
	if (c->flags & ~(MK_CONSOLE_WRITE | MK_CONSOLE_LIVE) || c->reserved)
		return mk_ipc_fail(err, -EINVAL, MK_E_RESERVED, 0);
	if (!is_text(c->name) || !*c->name)
		return mk_ipc_fail(err, -EINVAL, MK_E_NAME_INVALID, 0);
	return mk_console_open(c, err);
}

/**
 * struct call - one ioctl
 * @nr:		its number
 * @size:	of its argument
 * @fn:		does it; returns 0, a new descriptor, or a negative errno
 */
struct call {
	unsigned int nr;
	u32 size;
	long (*fn)(union argument *arg, struct mk_error *err);
};

static const struct call calls[] = {
	{ MK_IPC_IOC_PERMIT, sizeof(struct mk_ipc_permit), do_permit },
	{ MK_IPC_IOC_FORBID, sizeof(struct mk_ipc_forbid), do_forbid },
	{ MK_IPC_IOC_OPEN, sizeof(struct mk_ipc_open), do_open },
	{ MK_IPC_IOC_LIST, sizeof(struct mk_ipc_list), do_list },
	{ MK_IPC_IOC_CONSOLE, sizeof(struct mk_ipc_console), do_console },
};

static long dispatch(const struct call *call, void __user *user)
{
	struct mk_error err = { };
	union argument arg = { };
	u32 size;
	long ret;

	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < sizeof(struct mk_hdr) || size > PAGE_SIZE)
		return -EINVAL;
	ret = copy_struct_from_user(&arg, call->size, user, size);
	if (ret)
		return ret;
	size = min(size, call->size);
	/* nothing is done for a user who could not be told of it */
	if (copy_to_user(user, &arg, size))
		return -EFAULT;
	if (!capable(CAP_SYS_ADMIN) || !capable(CAP_SYS_BOOT))
		ret = mk_ipc_fail(&err, -EPERM, MK_E_PERMISSION, 0);
	else if (arg.hdr.flags)
		ret = mk_ipc_fail(&err, -EINVAL, MK_E_RESERVED, 0);
	else
		ret = call->fn(&arg, &err);
	arg.hdr.err = err;
	if (copy_to_user(user, &arg, size) && ret >= 0)
		return -EFAULT;
	return ret;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == cmd)
			return dispatch(&calls[i], (void __user *)arg);
	return -ENOTTY;
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
 * @host:	this is the host
 *
 * Context: module load.
 * Return: 0 or a negative errno.
 */
int mk_chardev_init(bool host)
{
	is_host = host;
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
