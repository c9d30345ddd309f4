// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mk and the descriptors of instances and regions.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>

#include "internal.h"
#include "mk_core.h"

#define MAX_LISTED	4096	/* elements of any array that user space passes */
#define CMDLINE_ROOM	(64 << 10)
#define READ_MAX	(16ULL << 20)
#define READ_PIECE	(256ULL << 10)

/* An instance's descriptor: the generation that its user has seen. */
struct handle {
	struct mk_instance *inst;
	u64 seen;
};

/* --- arrays from and to user space ------------------------------------------- */

/* Of a copy that could not be made. */
static void no_copy(const void *copy, struct mk_error *err)
{
	long ret = PTR_ERR(copy);

	mk_fail(err, ret, ret == -ENOMEM ? MK_E_MEMORY : MK_E_INTERNAL, ret, 0);
}

static void *get_array(u64 from, u32 nr, size_t size, u32 most, u32 code,
		       struct mk_error *err)
{
	void *a;

	if (nr > most) {
		mk_fail(err, -E2BIG, code, nr, most);
		return ERR_PTR(-E2BIG);
	}
	if (!nr)
		return NULL;
	a = memdup_user(u64_to_user_ptr(from), nr * size);
	if (IS_ERR(a))
		no_copy(a, err);
	return a;
}

static void *make_room(u32 *nr, size_t size)
{
	*nr = min_t(u32, *nr, MAX_LISTED);
	return kvcalloc(max(*nr, 1U), size, GFP_KERNEL);
}

static long put_array(u64 to, const void *from, u32 room, u32 nr, size_t size,
		      struct mk_error *err)
{
	nr = min(room, nr);
	if (nr && copy_to_user(u64_to_user_ptr(to), from, nr * size))
		return mk_fail(err, -EFAULT, MK_E_INTERNAL, -EFAULT, 0);
	return 0;
}

/* --- calls on /dev/mk ----------------------------------------------------------- */

static u32 role;

static long do_version(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_version *v = arg;

	v->abi = MK_ABI;
	v->role = role;
	strscpy(v->version, MK_VERSION, sizeof(v->version));
	strscpy(v->release, init_utsname()->release, sizeof(v->release));
	return 0;
}

static long change_pool(struct mk_pool_change *c, struct mk_error *err,
			int (*change)(const u32 *cpus, unsigned int nr_cpus,
				      const struct mk_extent *extents,
				      unsigned int nr_extents, struct mk_error *err))
{
	struct mk_extent *extents;
	u32 *cpus, i;
	long ret = 0;

	cpus = get_array(c->cpus, c->nr_cpus, sizeof(*cpus), MAX_LISTED, MK_E_CPU_MANY, err);
	if (IS_ERR(cpus))
		return PTR_ERR(cpus);
	extents = get_array(c->extents, c->nr_extents, sizeof(*extents), MAX_LISTED, MK_E_MEM_MANY,
			    err);
	if (IS_ERR(extents)) {
		kfree(cpus);
		return PTR_ERR(extents);
	}
	for (i = 0; !ret && i < c->nr_extents; i++)
		if (extents[i].reserved)
			ret = mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	if (!ret)
		ret = change(cpus, c->nr_cpus, extents, c->nr_extents, err);
	kfree(extents);
	kfree(cpus);
	return ret;
}

static long do_pool_add(struct file *file, void *arg, struct mk_error *err)
{
	return change_pool(arg, err, mk_pool_add);
}

static long do_pool_remove(struct file *file, void *arg, struct mk_error *err)
{
	return change_pool(arg, err, mk_pool_remove);
}

static int lock_instances(struct mk_error *err)
{
	return mutex_lock_killable(&mk_instances_lock) ?
	       mk_fail(err, -EINTR, MK_E_INTERNAL, -EINTR, 0) : 0;
}

static int count_instances(u32 *nr, struct mk_error *err)
{
	struct mk_instance *inst;
	int ret = lock_instances(err);
	u32 n = 0;

	if (ret)
		return ret;
	list_for_each_entry(inst, &mk_instances, node)
		n++;
	mutex_unlock(&mk_instances_lock);
	*nr = n;
	return 0;
}

static long do_pool_query(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_pool_query *q = arg;
	struct mk_pool_chunk *chunks = make_room(&q->nr_chunks, sizeof(*chunks));
	struct mk_pool_cpu *cpus = make_room(&q->nr_cpus, sizeof(*cpus));
	u32 room_cpus = q->nr_cpus, room_chunks = q->nr_chunks;
	long ret;

	if (q->reserved) {
		ret = mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
		goto out;
	}
	if (!chunks || !cpus) {
		ret = mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
		goto out;
	}
	ret = mk_pool_query(q, cpus, chunks, err) ?: count_instances(&q->nr_instances, err);
	if (ret)
		goto out;
	q->memory_regions = mk_region_bytes();
	ret = put_array(q->cpus, cpus, room_cpus, q->nr_cpus, sizeof(*cpus), err);
	if (!ret)
		ret = put_array(q->chunks, chunks, room_chunks, q->nr_chunks,
				sizeof(*chunks), err);
out:
	kvfree(cpus);
	kvfree(chunks);
	return ret;
}

static const struct file_operations instance_fops;

/* Takes over the caller's reference, also on error. */
static long new_descriptor(struct mk_instance *inst)
{
	struct handle *h = kzalloc(sizeof(*h), GFP_KERNEL);
	int fd;

	if (!h) {
		mk_instance_put(inst);
		return -ENOMEM;
	}
	h->inst = inst;
	fd = anon_inode_getfd("[multikernel]", &instance_fops, h, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		mk_instance_put(inst);
		kfree(h);
	}
	return fd;
}

static long do_create(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_create *c = arg;
	struct mk_instance *inst;
	struct mk_error ignored;
	u32 *cpus;
	long ret;

	if (c->reserved)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	cpus = get_array(c->cpus, c->nr_cpus, sizeof(*cpus), MK_MAX_CPUS, MK_E_CPU_MANY, err);
	if (IS_ERR(cpus))
		return PTR_ERR(cpus);
	ret = mk_instance_create(c, cpus, &inst, err);
	kfree(cpus);
	if (ret)
		return ret;
	c->id = inst->id;
	mk_instance_get(inst);
	ret = new_descriptor(inst);
	if (ret < 0) {
		mk_fail(err, ret, MK_E_INTERNAL, ret, 0);
		mk_instance_delete(inst, &ignored);
	}
	mk_instance_put(inst);
	return ret;
}

static long do_open(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_open *o = arg;
	struct mk_instance *inst;
	long ret;

	if (o->reserved)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	if (strnlen(o->name, sizeof(o->name)) == sizeof(o->name))
		return mk_fail(err, -EINVAL, MK_E_NAME_INVALID, sizeof(o->name), 0);
	inst = mk_instance_find(o->name, o->id);
	if (!inst)
		return mk_fail(err, -ENOENT, MK_E_NO_INSTANCE, 0, 0);
	o->id = inst->id;
	ret = new_descriptor(inst);
	return ret < 0 ? mk_fail(err, ret, MK_E_INTERNAL, ret, 0) : ret;
}

static long do_list(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_list *l = arg;
	struct mk_instance *inst;
	u32 *ids, nr = 0, room;
	long ret;

	if (l->reserved)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	ids = make_room(&l->nr, sizeof(*ids));
	if (!ids)
		return mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	room = l->nr;
	ret = lock_instances(err);
	if (ret)
		goto out;
	list_for_each_entry(inst, &mk_instances, node)
		if (nr++ < room)
			ids[nr - 1] = inst->id;
	mutex_unlock(&mk_instances_lock);
	l->nr = nr;
	ret = put_array(l->ids, ids, room, nr, sizeof(*ids), err);
out:
	kvfree(ids);
	return ret;
}

static const struct file_operations region_fops;

/* Takes over the caller's reference, also on error. */
static long region_descriptor(struct mk_shm *shm, struct mk_error *err)
{
	int fd = anon_inode_getfd("[mk_region]", &region_fops, shm, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	mk_region_put(shm);
	return mk_fail(err, fd, MK_E_INTERNAL, fd, 0);
}

static long do_region_create(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_region_create *c = arg;
	struct mk_error ignored;
	struct mk_shm *shm;
	long ret;

	if (c->reserved)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	ret = mk_region_create(c, &shm, err);
	if (ret)
		return ret;
	c->id = shm->id;
	kobject_get(&shm->kobj);
	ret = region_descriptor(shm, err);
	if (ret < 0)
		mk_region_delete(shm, &ignored);
	mk_region_put(shm);
	return ret;
}

static long do_region_open(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_region_open *o = arg;
	struct mk_shm *shm;

	if (strnlen(o->name, sizeof(o->name)) == sizeof(o->name))
		return mk_fail(err, -EINVAL, MK_E_NAME_INVALID, sizeof(o->name), 0);
	shm = mk_region_find(o->name, o->id);
	if (!shm)
		return mk_fail(err, -ENOENT, MK_E_NO_REGION, 0, 0);
	o->id = shm->id;
	return region_descriptor(shm, err);
}

static long do_region_list(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_region_list *l = arg;
	u32 room;
	u64 *ids;
	long ret;

	if (l->reserved)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	ids = make_room(&l->nr, sizeof(*ids));
	if (!ids)
		return mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	room = l->nr;
	ret = mk_region_list(ids, room, &l->nr, err);
	if (!ret)
		ret = put_array(l->ids, ids, room, l->nr, sizeof(*ids), err);
	kvfree(ids);
	return ret;
}

/* --- calls on an instance --------------------------------------------------------- */

static struct mk_instance *instance_of(struct file *file)
{
	return ((struct handle *)file->private_data)->inst;
}

/* The image says how long it may be with ours; none can say more than this. */
static char *copy_cmdline(const struct mk_load *l, struct mk_error *err)
{
	char *s;

	if (l->cmdline_len >= CMDLINE_ROOM) {
		mk_fail(err, -E2BIG, MK_E_CMDLINE_LONG, l->cmdline_len, CMDLINE_ROOM - 1);
		return ERR_PTR(-E2BIG);
	}
	s = memdup_user_nul(u64_to_user_ptr(l->cmdline), l->cmdline_len);
	if (IS_ERR(s))
		no_copy(s, err);
	return s;
}

static long do_load(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_load *l = arg;
	char *cmdline;
	long ret;

	if (l->reserved || l->nr_initrds > MK_MAX_INITRDS)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	cmdline = copy_cmdline(l, err);
	if (IS_ERR(cmdline))
		return PTR_ERR(cmdline);
	ret = mk_instance_load(instance_of(file), l, cmdline, err);
	kfree(cmdline);
	return ret;
}

static long do_reload(struct file *file, void *arg, struct mk_error *err)
{
	return mk_instance_reload(instance_of(file), err);
}

static long do_start(struct file *file, void *arg, struct mk_error *err)
{
	return mk_instance_start(instance_of(file), err);
}

static long do_stop(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_stop *s = arg;

	if (s->reserved || !s->timeout_ms || s->timeout_ms > 3600000)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	return mk_instance_stop(instance_of(file), s->timeout_ms, err);
}

static long do_policy(struct file *file, void *arg, struct mk_error *err)
{
	const struct mk_policy *p = arg;

	if (p->restart > MK_RESTART_ALWAYS || p->delay_ms > 60000)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	return mk_instance_policy(instance_of(file), p->restart, p->delay_ms, err);
}

static long do_kill(struct file *file, void *arg, struct mk_error *err)
{
	return mk_instance_kill(instance_of(file), err);
}

static long do_delete(struct file *file, void *arg, struct mk_error *err)
{
	return mk_instance_delete(instance_of(file), err);
}

static long do_query(struct file *file, void *arg, struct mk_error *err)
{
	struct handle *h = file->private_data;
	struct mk_query *q = arg;
	struct mk_extent *extents = make_room(&q->nr_extents, sizeof(*extents));
	struct mk_pool_cpu *cpus = make_room(&q->nr_cpus, sizeof(*cpus));
	u32 room_cpus = q->nr_cpus, room_extents = q->nr_extents;
	long ret;

	if (!extents || !cpus) {
		ret = mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
		goto out;
	}
	ret = mk_instance_query(h->inst, q, cpus, extents, err);
	if (ret)
		goto out;
	WRITE_ONCE(h->seen, q->generation);
	ret = put_array(q->cpus, cpus, room_cpus, q->nr_cpus, sizeof(*cpus), err);
	if (!ret)
		ret = put_array(q->extents, extents, room_extents, q->nr_extents,
				sizeof(*extents), err);
out:
	kvfree(cpus);
	kvfree(extents);
	return ret;
}

static bool in_extent(const struct mk_instance *inst, u64 addr, u64 len)
{
	const struct mk_extent *e = inst->extents;
	u32 i;

	for (i = 0; i < inst->nr_extents; i++)
		if (addr >= e[i].start && len <= e[i].size &&
		    addr - e[i].start <= e[i].size - len)
			return true;
	return false;
}

/* Without a buffer it only looks whether all of it can be read. */
static long read_piece(struct mk_instance *inst, u64 addr, void *to, u64 len,
		       struct mk_error *err)
{
	/* keeps the memory the instance's own while a piece is copied */
	long ret = mk_instance_lock(inst, MK_ANY_STATE, err);

	if (ret)
		return ret;
	if (!inst->image.kernel)	/* what is there was another's */
		ret = mk_fail(err, -EBUSY, MK_E_STATE, inst->state, 0);
	else if (!in_extent(inst, addr, len))
		ret = mk_fail(err, -EINVAL, MK_E_MEM_ADDRESS, addr, len);
	else if (to)
		memcpy(to, mk_virt(addr), len);
	mutex_unlock(&inst->lock);
	return ret;
}

/*
 * Through a buffer: a page fault on the user's side may take as long as it
 * likes, and the watch over the instance needs the lock.
 */
static long do_read(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_instance *inst = instance_of(file);
	struct mk_read *r = arg;
	u64 done, piece;
	void *buf;
	long ret;

	if (security_locked_down(LOCKDOWN_KCORE))
		return mk_fail(err, -EPERM, MK_E_LOCKDOWN, 0, 0);
	if (r->len > READ_MAX)
		return mk_fail(err, -EINVAL, MK_E_MEM_ADDRESS, r->addr, r->len);
	ret = read_piece(inst, r->addr, NULL, r->len, err);
	if (ret)
		return ret;
	buf = kvmalloc(min(r->len, READ_PIECE), GFP_KERNEL);
	if (!buf)
		return mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	for (done = 0; !ret && done < r->len; done += piece) {
		piece = min(r->len - done, READ_PIECE);
		ret = read_piece(inst, r->addr + done, buf, piece, err);
		if (!ret && copy_to_user(u64_to_user_ptr(r->buf + done), buf, piece))
			ret = mk_fail(err, -EFAULT, MK_E_INTERNAL, -EFAULT, 0);
		cond_resched();
	}
	kvfree(buf);
	return ret;
}

/* --- calls on a region ------------------------------------------------------------- */

static long do_region_query(struct file *file, void *arg, struct mk_error *err)
{
	struct mk_region_query *q = arg;
	struct mk_extent *extents = make_room(&q->nr_extents, sizeof(*extents));
	struct mk_permit *permits = make_room(&q->nr_permits, sizeof(*permits));
	u32 room_extents = q->nr_extents, room_permits = q->nr_permits;
	long ret;

	if (!extents || !permits) {
		ret = mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
		goto out;
	}
	ret = mk_region_query(file->private_data, q, extents, permits, err);
	if (!ret)
		ret = put_array(q->extents, extents, room_extents, q->nr_extents,
				sizeof(*extents), err);
	if (!ret)
		ret = put_array(q->permits, permits, room_permits, q->nr_permits,
				sizeof(*permits), err);
out:
	kvfree(extents);
	kvfree(permits);
	return ret;
}

static long do_region_grow(struct file *file, void *arg, struct mk_error *err)
{
	const struct mk_region_grow *g = arg;

	return mk_region_grow(file->private_data, g->size, err);
}

static long do_region_permit(struct file *file, void *arg, struct mk_error *err)
{
	const struct mk_region_permit *p = arg;

	if (p->reserved || p->mode > MK_MODE_RW)
		return mk_fail(err, -EINVAL, MK_E_RESERVED, 0, 0);
	return mk_region_permit(file->private_data, p->name, p->mode, err);
}

static long do_region_delete(struct file *file, void *arg, struct mk_error *err)
{
	return mk_region_delete(file->private_data, err);
}

/* --- dispatch ------------------------------------------------------------------------ */

static const struct mk_call device_calls[] = {
	MK_CALL(MK_IOC_VERSION, MK_CALL_ANYBODY, do_version, struct mk_version, 0),
	MK_CALL(MK_IOC_POOL_ADD, MK_CALL_HOST, do_pool_add, struct mk_pool_change, 0),
	MK_CALL(MK_IOC_POOL_REMOVE, MK_CALL_HOST, do_pool_remove, struct mk_pool_change, 0),
	MK_CALL(MK_IOC_POOL_QUERY, MK_CALL_HOST, do_pool_query, struct mk_pool_query, 0),
	MK_CALL(MK_IOC_CREATE, MK_CALL_HOST, do_create, struct mk_create, 0),
	MK_CALL(MK_IOC_OPEN, MK_CALL_HOST, do_open, struct mk_open, 0),
	MK_CALL(MK_IOC_LIST, MK_CALL_HOST, do_list, struct mk_list, 0),
	MK_CALL(MK_IOC_REGION_CREATE, MK_CALL_HOST, do_region_create, struct mk_region_create, 0),
	MK_CALL(MK_IOC_REGION_OPEN, MK_CALL_HOST, do_region_open, struct mk_region_open, 0),
	MK_CALL(MK_IOC_REGION_LIST, MK_CALL_HOST, do_region_list, struct mk_region_list, 0),
};

static const struct mk_call instance_calls[] = {
	MK_CALL(MK_IOC_LOAD, MK_CALL_HOST, do_load, struct mk_load, MK_LOAD_AGENT),
	MK_CALL(MK_IOC_START, MK_CALL_HOST, do_start, struct mk_hdr, 0),
	MK_CALL(MK_IOC_STOP, MK_CALL_HOST, do_stop, struct mk_stop, 0),
	MK_CALL(MK_IOC_KILL, MK_CALL_HOST, do_kill, struct mk_hdr, 0),
	MK_CALL(MK_IOC_DELETE, MK_CALL_HOST, do_delete, struct mk_hdr, 0),
	MK_CALL(MK_IOC_QUERY, MK_CALL_HOST, do_query, struct mk_query, 0),
	MK_CALL(MK_IOC_READ, MK_CALL_HOST, do_read, struct mk_read, 0),
	MK_CALL(MK_IOC_RELOAD, MK_CALL_HOST, do_reload, struct mk_hdr, 0),
	MK_CALL(MK_IOC_POLICY, MK_CALL_HOST, do_policy, struct mk_policy, 0),
};

static const struct mk_call region_calls[] = {
	MK_CALL(MK_IOC_REGION_QUERY, MK_CALL_HOST, do_region_query, struct mk_region_query, 0),
	MK_CALL(MK_IOC_REGION_GROW, MK_CALL_HOST, do_region_grow, struct mk_region_grow, 0),
	MK_CALL(MK_IOC_REGION_PERMIT, MK_CALL_HOST, do_region_permit, struct mk_region_permit, 0),
	MK_CALL(MK_IOC_REGION_DELETE, MK_CALL_HOST, do_region_delete, struct mk_hdr, 0),
};

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return mk_core_call(device_calls, ARRAY_SIZE(device_calls), 0, file, cmd, arg);
}

static long instance_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return mk_core_call(instance_calls, ARRAY_SIZE(instance_calls), MK_CALL_GROUP,
			    file, cmd, arg);
}

static long region_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return mk_core_call(region_calls, ARRAY_SIZE(region_calls), 2 * MK_CALL_GROUP,
			    file, cmd, arg);
}

static __poll_t instance_poll(struct file *file, poll_table *wait)
{
	struct handle *h = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &h->inst->wait, wait);
	if (READ_ONCE(h->inst->generation) != READ_ONCE(h->seen))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(h->inst->deleted))
		mask |= EPOLLHUP;
	return mask;
}

static int instance_release(struct inode *inode, struct file *file)
{
	struct handle *h = file->private_data;

	mk_instance_put(h->inst);
	kfree(h);
	return 0;
}

static const struct file_operations instance_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = instance_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = instance_poll,
	.release = instance_release,
};

static int region_mmap(struct file *file, struct vm_area_struct *vma)
{
	return mk_region_mmap(file->private_data, vma);
}

static int region_release(struct inode *inode, struct file *file)
{
	mk_region_put(file->private_data);
	return 0;
}

static const struct file_operations region_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = region_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = region_mmap,
	.release = region_release,
};

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mk",
	.fops = &device_fops,
	.mode = 0600,
};

/**
 * mk_chardev_init() - make /dev/mk appear
 * @instance:	this kernel is an instance: only MK_IOC_VERSION is served
 *
 * Context: module load; from here on user space may call.
 * Return: 0 or a negative errno.
 */
int mk_chardev_init(bool instance)
{
	role = instance ? MK_ROLE_INSTANCE : MK_ROLE_HOST;
	return misc_register(&device);
}

/**
 * mk_chardev_exit() - take /dev/mk away
 *
 * Context: module unload: no descriptor is open.
 */
void mk_chardev_exit(void)
{
	misc_deregister(&device);
}
