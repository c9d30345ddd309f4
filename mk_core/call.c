// SPDX-License-Identifier: GPL-2.0
/*
 * How every ioctl begins and ends.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "internal.h"
#include "mk_core.h"

static int get_argument(const struct mk_call *call, void __user *from, void *arg)
{
	u32 size;

	if (get_user(size, (u32 __user *)from))
		return -EFAULT;
	if (size < sizeof(struct mk_hdr) || size > PAGE_SIZE)
		return -EINVAL;
	return copy_struct_from_user(arg, call->size, from, size);
}

static int check(const struct mk_call *call, const struct mk_hdr *hdr, struct mk_error *err)
{
	struct mk_self self;

	if (call->who != MK_CALL_ANYBODY && (!capable(CAP_SYS_ADMIN) || !capable(CAP_SYS_BOOT)))
		return mk_fail(err, -EPERM, MK_E_PERMISSION, 0, 0);
	if (call->who == MK_CALL_HOST && !mk_core_self(&self))
		return mk_fail(err, -EOPNOTSUPP, MK_E_ROLE, 0, 0);
	if (hdr->flags & ~call->flags)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	return 0;
}

static long run(const struct mk_call *call, struct file *file, void __user *user)
{
	u64 arg[MK_CALL_SIZE_MAX / sizeof(u64)] = { };
	struct mk_hdr *hdr = (struct mk_hdr *)arg;
	struct mk_error err = { };
	u32 size;
	long ret;

	ret = get_argument(call, user, arg);
	if (ret)
		return ret;
	size = min(hdr->size, call->size);
	/* nothing is done for a user who could not be told of it */
	if (copy_to_user(user, arg, size))
		return -EFAULT;
	ret = check(call, hdr, &err);
	if (!ret)
		ret = call->fn(file, arg, &err);
	hdr->err = err;
	/* A new descriptor stays: whoever unmaps the argument meanwhile pays. */
	if (copy_to_user(user, arg, size) && ret >= 0)
		return -EFAULT;
	return ret;
}

long mk_core_call(const struct mk_call *calls, unsigned int nr_calls, unsigned int first,
		  struct file *file, unsigned int cmd, unsigned long arg)
{
	unsigned int nr = _IOC_NR(cmd) - first;

	if (cmd != MK_IOC(_IOC_NR(cmd)) || nr >= nr_calls)
		return -ENOTTY;
	return run(&calls[array_index_nospec(nr, nr_calls)], file, (void __user *)arg);
}
EXPORT_SYMBOL_NS_GPL(mk_core_call, COMPAT_NAMESPACE);
