// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/fs/multikernel, read-only: instances and regions in a host, the handoff in
 * an instance.  Nothing here takes an instance's lock: removal waits for readers.
 */
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "internal.h"

struct kobject *mk_kobj;
static struct kset *instances;
static struct kobject *regions;

#define RO(_name) \
	static struct kobj_attribute _name##_attr = __ATTR(_name, 0444, _name##_show, NULL)

static ssize_t version_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", MK_VERSION);
}

RO(version);

/**
 * mk_sysfs_init() - make /sys/fs/multikernel
 *
 * Context: module load.
 * Return: 0 or a negative errno.
 */
int mk_sysfs_init(void)
{
	int ret;

	mk_kobj = kobject_create_and_add("multikernel", fs_kobj);
	if (!mk_kobj)
		return -ENOMEM;
	ret = sysfs_create_file(mk_kobj, &version_attr.attr);
	if (ret)
		mk_sysfs_exit();
	return ret;
}

/**
 * mk_sysfs_exit() - take /sys/fs/multikernel away
 *
 * Context: module unload, all instances deleted.
 */
void mk_sysfs_exit(void)
{
	if (instances)
		kset_unregister(instances);
	instances = NULL;
	kobject_put(regions);
	regions = NULL;
	kobject_put(mk_kobj);
}

/* --- in the host: instances/NAME -------------------------------------------- */

static struct mk_instance *of_kobj(struct kobject *kobj)
{
	return container_of(kobj, struct mk_instance, kobj);
}

static ssize_t id_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", of_kobj(kobj)->id);
}

RO(id);

static ssize_t status_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", mk_state_name(READ_ONCE(of_kobj(kobj)->state)));
}

RO(status);

static ssize_t reason_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", mk_reason_name(READ_ONCE(of_kobj(kobj)->reason)));
}

RO(reason);

static ssize_t memory_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", of_kobj(kobj)->memory);
}

RO(memory);

static ssize_t cpus_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct mk_instance *inst = of_kobj(kobj);
	int len = 0;
	u32 i;

	for (i = 0; i < inst->nr_cpus; i++)
		len += sysfs_emit_at(buf, len, "%s%u", i ? "," : "", inst->cpus[i]->cpu);
	return len + sysfs_emit_at(buf, len, "\n");
}

RO(cpus);

static struct attribute *instance_attrs[] = {
	&id_attr.attr, &status_attr.attr, &reason_attr.attr,
	&memory_attr.attr, &cpus_attr.attr, NULL,
};
ATTRIBUTE_GROUPS(instance);

static ssize_t device_tree_read(struct file *file, struct kobject *kobj,
				compat_bin_const struct bin_attribute *attr,
				char *buf, loff_t off, size_t count)
{
	const struct mk_instance *inst = of_kobj(kobj);

	return memory_read_from_buffer(buf, count, &off, inst->fdt, inst->fdt_size);
}

static const struct bin_attribute device_tree_attr = {
	.attr = { .name = "device_tree", .mode = 0400 },
	.read = device_tree_read,
};

static void instance_release(struct kobject *kobj)
{
	struct mk_instance *inst = of_kobj(kobj);

	kfree(inst->fdt);
	kfree(inst->peer);
	kfree(inst->watch);
	kfree(inst->cpus);
	kfree(inst);
}

const struct kobj_type mk_instance_ktype = {
	.release = instance_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = instance_groups,
};

static int instance_uevent(compat_uevent_const struct kobject *kobj,
			   struct kobj_uevent_env *env)
{
	const struct mk_instance *inst = container_of(kobj, struct mk_instance, kobj);

	return add_uevent_var(env, "MK_NAME=%s", inst->name) ?:
	       add_uevent_var(env, "MK_ID=%u", inst->id) ?:
	       add_uevent_var(env, "MK_STATE=%s", mk_state_name(READ_ONCE(inst->state))) ?:
	       add_uevent_var(env, "MK_REASON=%s", mk_reason_name(READ_ONCE(inst->reason)));
}

static const char *instance_subsystem(compat_uevent_const struct kobject *kobj)
{
	return "multikernel";
}

static const struct kset_uevent_ops instance_uevent_ops = {
	.name = instance_subsystem,
	.uevent = instance_uevent,
};

/**
 * mk_sysfs_instances() - make its directory instances/ in a host
 *
 * Context: module load.
 * Return: 0 or -ENOMEM; mk_sysfs_exit() removes it.
 */
int mk_sysfs_instances(void)
{
	instances = kset_create_and_add("instances", &instance_uevent_ops, mk_kobj);
	return instances ? 0 : -ENOMEM;
}

/**
 * mk_sysfs_add() - make the directory of an instance, tell udev
 * @inst:	instance that has name and device tree
 *
 * Context: mk_instances_lock held; sleeps.
 * Return: 0 or a negative errno; mk_instance_put() cleans up after both.
 */
int mk_sysfs_add(struct mk_instance *inst)
{
	int ret;

	WRITE_ONCE(inst->state, MK_CREATED);
	inst->kobj.kset = instances;
	ret = kobject_add(&inst->kobj, NULL, "%s", inst->name);
	if (!ret)
		ret = sysfs_create_bin_file(&inst->kobj, &device_tree_attr);
	if (ret)
		return ret;
	kobject_uevent(&inst->kobj, KOBJ_ADD);
	return 0;
}

/**
 * mk_sysfs_remove() - take the directory of an instance away, tell udev
 * @inst:	instance
 *
 * Context: mk_instances_lock held; waits for readers.
 */
void mk_sysfs_remove(struct mk_instance *inst)
{
	kobject_uevent(&inst->kobj, KOBJ_REMOVE);
	kobject_del(&inst->kobj);
}

/**
 * mk_sysfs_changed() - tell udev and who polls status of a new state
 * @inst:	instance
 *
 * Context: instance->lock held; sleeps.
 */
void mk_sysfs_changed(struct mk_instance *inst)
{
	sysfs_notify(&inst->kobj, NULL, "status");
	kobject_uevent(&inst->kobj, KOBJ_CHANGE);
}

/* --- in the host: regions/NAME ---------------------------------------------- */

static struct mk_shm *shm_of(struct kobject *kobj)
{
	return container_of(kobj, struct mk_shm, kobj);
}

static ssize_t region_id_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", shm_of(kobj)->id);
}

static ssize_t region_size_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(shm_of(kobj)->size));
}

static ssize_t region_permitted_show(struct kobject *kobj, struct kobj_attribute *attr,
				     char *buf)
{
	return mk_region_permitted(shm_of(kobj), buf);
}

static struct kobj_attribute region_id_attr = __ATTR(id, 0444, region_id_show, NULL);
static struct kobj_attribute region_size_attr = __ATTR(size, 0444, region_size_show, NULL);
static struct kobj_attribute region_permitted_attr =
	__ATTR(permitted, 0444, region_permitted_show, NULL);

static struct attribute *region_attrs[] = {
	&region_id_attr.attr, &region_size_attr.attr, &region_permitted_attr.attr, NULL,
};
ATTRIBUTE_GROUPS(region);

static void region_release(struct kobject *kobj)
{
	kfree(shm_of(kobj));
}

const struct kobj_type mk_region_ktype = {
	.release = region_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = region_groups,
};

/**
 * mk_sysfs_regions() - make its directory regions/ in a host
 *
 * Context: module load.
 * Return: 0 or -ENOMEM; mk_sysfs_exit() removes it.
 */
int mk_sysfs_regions(void)
{
	regions = kobject_create_and_add("regions", mk_kobj);
	return regions ? 0 : -ENOMEM;
}

/**
 * mk_sysfs_add_region() - make the directory of a region
 * @shm:	region whose name nobody else has; kobject_del() undoes it
 *
 * Context: sleeps; regions_lock not held.
 * Return: 0 or a negative errno.
 */
int mk_sysfs_add_region(struct mk_shm *shm)
{
	return kobject_add(&shm->kobj, regions, "%s", shm->name);
}

/* --- in an instance: handoff/ ------------------------------------------------ */

static const struct mk_handoff *handoff;

#define HANDOFF(_name, _mode, _format, ...) \
	static ssize_t h_##_name##_show(struct kobject *kobj, \
					struct kobj_attribute *attr, char *buf) \
	{ \
		return sysfs_emit(buf, _format "\n", __VA_ARGS__); \
	} \
	static struct kobj_attribute h_##_name##_attr = \
		__ATTR(_name, _mode, h_##_name##_show, NULL)

HANDOFF(id, 0444, "%u", handoff->id);
HANDOFF(name, 0444, "%s", handoff->name);
HANDOFF(layout, 0444, "%u.%u", handoff->major, handoff->minor);
HANDOFF(host_version, 0444, "%s", handoff->host_version);
HANDOFF(host_release, 0444, "%s", handoff->host_release);
HANDOFF(epoch, 0444, "%llu", handoff->epoch);
HANDOFF(nr_cpus, 0444, "%u", handoff->nr_cpus);
HANDOFF(tsc_khz, 0444, "%u", handoff->tsc_khz);
HANDOFF(control, 0400, "%#llx", handoff->control);

static struct attribute *handoff_attrs[] = {
	&h_id_attr.attr, &h_name_attr.attr, &h_layout_attr.attr,
	&h_host_version_attr.attr, &h_host_release_attr.attr, &h_epoch_attr.attr,
	&h_nr_cpus_attr.attr, &h_tsc_khz_attr.attr, &h_control_attr.attr, NULL,
};

static const struct attribute_group handoff_group = {
	.name = "handoff",
	.attrs = handoff_attrs,
};

static ssize_t handoff_tree_read(struct file *file, struct kobject *kobj,
				 compat_bin_const struct bin_attribute *attr,
				 char *buf, loff_t off, size_t count)
{
	return memory_read_from_buffer(buf, count, &off,
				       (const u8 *)handoff + handoff->fdt,
				       handoff->fdt_size);
}

static const struct bin_attribute handoff_tree_attr = {
	.attr = { .name = "device_tree", .mode = 0400 },
	.read = handoff_tree_read,
};

/**
 * mk_sysfs_handoff() - show the handoff in an instance
 * @h:		the table; stays mapped
 *
 * Context: module load.
 * Return: 0 or a negative errno.
 */
int mk_sysfs_handoff(const struct mk_handoff *h)
{
	int ret;

	handoff = h;
	ret = sysfs_create_group(mk_kobj, &handoff_group);
	return ret ?: sysfs_create_bin_file(mk_kobj, &handoff_tree_attr);
}
