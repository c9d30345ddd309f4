// SPDX-License-Identifier: GPL-2.0
/*
 * Regions: named memory of the pool that the host and instances share.  A region
 * is permitted to instances by name; each one that lives has a page (struct
 * mk_share_table) that tells it which ones are its own.
 *
 * An instance that was told of a region may have it mapped until it ends, whatever
 * is forbidden meanwhile, so until then the region stays.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <asm/barrier.h>

#include "compat.h"
#include "internal.h"
#include "mk_core.h"

static DEFINE_MUTEX(regions_lock);
static LIST_HEAD(regions);		/* struct mk_shm, by id */
static LIST_HEAD(living);		/* struct mk_instance, by shares.node */
static u64 alive[MK_MAX_ALIVE];		/* their epochs; read without the lock */

static_assert(MK_MAX_WINDOWS <= MK_MAX_ALIVE);

static int lock_regions(struct mk_error *err)
{
	return mutex_lock_killable(&regions_lock) ?
	       mk_fail(err, -EINTR, MK_E_INTERNAL, -EINTR, 0) : 0;
}

/* For a user of a descriptor: it may have been deleted. */
static int lock_live(struct mk_shm *shm, struct mk_error *err)
{
	int ret = lock_regions(err);

	if (ret || shm->live)
		return ret;
	mutex_unlock(&regions_lock);
	return mk_fail(err, -ENOENT, MK_E_REGION_GONE, 0, 0);
}

static struct mk_shm *find_locked(const char *name, u64 id)
{
	struct mk_shm *shm;

	lockdep_assert_held(&regions_lock);
	list_for_each_entry(shm, &regions, node)
		if (*name ? !strcmp(shm->name, name) : shm->id == id)
			return shm;
	return NULL;
}

static struct mk_shm *find_live(const char *name, u64 id)
{
	struct mk_shm *shm = find_locked(name, id);

	return shm && shm->live ? shm : NULL;
}

/**
 * mk_region_find() - look a region up
 * @name:	its name, or ""
 * @id:		its id where @name is ""
 *
 * Context: sleeps, takes regions_lock.
 * Return: the region with a reference for the caller, or NULL, also for a caller
 * who was killed.
 */
struct mk_shm *mk_region_find(const char *name, u64 id)
{
	struct mk_shm *shm;

	if (mutex_lock_killable(&regions_lock))
		return NULL;
	shm = find_live(name, id);
	if (shm)
		kobject_get(&shm->kobj);
	mutex_unlock(&regions_lock);
	return shm;
}

/**
 * mk_region_put() - give a reference back
 * @shm:	region; may be freed
 *
 * Context: sleeps.
 */
void mk_region_put(struct mk_shm *shm)
{
	kobject_put(&shm->kobj);
}

/* --- permits --------------------------------------------------------------- */

static struct mk_permit *find_permit(struct mk_shm *shm, const char *name)
{
	u32 i;

	lockdep_assert_held(&regions_lock);
	for (i = 0; i < shm->nr_permits; i++)
		if (!strcmp(shm->permits[i].name, name))
			return &shm->permits[i];
	return NULL;
}

static void drop_permit(struct mk_shm *shm, struct mk_permit *p)
{
	struct mk_permit *end = &shm->permits[shm->nr_permits--];

	memmove(p, p + 1, (end - p - 1) * sizeof(*p));
}

/* How many regions are permitted to instances of this name? */
static u32 count_shares(const char *name)
{
	const struct mk_permit *p;
	struct mk_shm *shm;
	u32 n = 0;

	list_for_each_entry(shm, &regions, node) {
		p = find_permit(shm, name);
		n += p && p->mode != MK_MODE_NONE;
	}
	return n;
}

static struct mk_instance *find_living(const char *name)
{
	struct mk_instance *inst;

	lockdep_assert_held(&regions_lock);
	list_for_each_entry(inst, &living, shares.node)
		if (!strcmp(inst->name, name))
			return inst;
	return NULL;
}

static void fill_share(const struct mk_shm *shm, u32 mode, struct mk_share *share)
{
	u32 i;

	*share = (struct mk_share){ .id = shm->id, .nr = shm->nr_extents,
				    .flags = mode == MK_MODE_RO ? MK_SHARE_RO : 0 };
	strscpy(share->name, shm->name, sizeof(share->name));
	for (i = 0; i < shm->nr_extents; i++) {
		share->extent[i].start = shm->extents[i].start;
		share->extent[i].size = shm->extents[i].size;
	}
}

/* Tell an instance what it may map. */
static void tell(struct mk_instance *inst)
{
	struct mk_share_table *table = inst->shares.table;
	struct mk_permit *p;
	struct mk_shm *shm;
	u32 n = 0;

	lockdep_assert_held(&regions_lock);
	WRITE_ONCE(table->seq, ++inst->shares.seq);
	virt_wmb();	/* whoever sees what follows sees it odd, or changed */
	memset(table->share, 0, sizeof(table->share));
	list_for_each_entry(shm, &regions, node) {
		p = shm->live ? find_permit(shm, inst->name) : NULL;
		if (p && p->mode != MK_MODE_NONE && n < MK_MAX_SHARES)
			fill_share(shm, p->mode, &table->share[n++]);
	}
	/* pairs with read_table() */
	virt_store_release(&table->seq, ++inst->shares.seq);
}

/* Tell all who have a region that it has changed. */
static void tell_holders(struct mk_shm *shm)
{
	struct mk_instance *inst;

	list_for_each_entry(inst, &living, shares.node)
		if (find_permit(shm, inst->name))
			tell(inst);
}

static struct mk_permit *add_permit(struct mk_shm *shm, const char *name, struct mk_error *err)
{
	struct mk_permit *p;

	if (shm->nr_permits == MK_MAX_PERMITS) {
		mk_fail(err, -ENOSPC, MK_E_REGION_PERMITS, MK_MAX_PERMITS, 0);
		return NULL;
	}
	p = &shm->permits[shm->nr_permits++];
	*p = (struct mk_permit){ };
	strscpy(p->name, name, sizeof(p->name));
	return p;
}

static int permit(struct mk_shm *shm, const char *name, u32 mode, struct mk_error *err)
{
	struct mk_permit *p = find_permit(shm, name);
	struct mk_instance *inst = find_living(name);

	if ((!p || p->mode == MK_MODE_NONE) && count_shares(name) == MK_MAX_SHARES)
		return mk_fail(err, -ENOSPC, MK_E_REGION_SHARES, MK_MAX_SHARES, 0);
	p = p ?: add_permit(shm, name, err);
	if (!p)
		return -ENOSPC;
	p->mode = mode;
	if (inst) {
		p->instance = inst->id;
		tell(inst);
	}
	return 0;
}

static int forbid(struct mk_shm *shm, const char *name, struct mk_error *err)
{
	struct mk_permit *p = find_permit(shm, name);
	struct mk_instance *inst = find_living(name);

	if (!p || p->mode == MK_MODE_NONE)
		return mk_fail(err, -ENOENT, MK_E_NO_PERMIT, 0, 0);
	p->mode = MK_MODE_NONE;
	if (!p->instance)
		drop_permit(shm, p);
	if (inst)
		tell(inst);
	return 0;
}

/**
 * mk_region_permit() - say what instances of a name may do with a region
 * @shm:	region
 * @name:	of the instance, which need not exist
 * @mode:	enum mk_mode
 * @err:	what was wrong
 *
 * Context: sleeps, takes regions_lock.
 * Return: 0 or a negative errno.
 */
int mk_region_permit(struct mk_shm *shm, const char *name, u32 mode, struct mk_error *err)
{
	int ret = mk_core_check_name(name, err) ?: lock_live(shm, err);

	if (ret)
		return ret;
	ret = mode == MK_MODE_NONE ? forbid(shm, name, err) : permit(shm, name, mode, err);
	mutex_unlock(&regions_lock);
	return ret;
}

/**
 * mk_region_permitted() - the permits as text
 * @shm:	region
 * @buf:	a page: "web,db:ro"
 *
 * Context: sleeps, takes regions_lock.
 * Return: length.
 */
ssize_t mk_region_permitted(struct mk_shm *shm, char *buf)
{
	const struct mk_permit *p;
	int len = 0;

	mutex_lock(&regions_lock);
	for (p = shm->permits; p < shm->permits + shm->nr_permits; p++)
		if (p->mode != MK_MODE_NONE)
			len += sysfs_emit_at(buf, len, "%s%s%s", len ? "," : "", p->name,
					     p->mode == MK_MODE_RO ? ":ro" : "");
	len += sysfs_emit_at(buf, len, "\n");
	mutex_unlock(&regions_lock);
	return len;
}

/* --- instances that live ----------------------------------------------------- */

/* Each epoch is one word, so that nobody needs a lock to look for it. */
static void set_alive(u32 slot, u64 epoch)
{
	struct mk_instance *inst;

	lockdep_assert_held(&regions_lock);
	smp_store_release(&alive[slot], epoch);	/* who is dead has stored all */
	list_for_each_entry(inst, &living, shares.node)
		/* likewise; pairs with mk_core_alive() */
		virt_store_release(&inst->shares.table->alive[slot], epoch);
}

static u32 free_slot(void)
{
	u32 i;

	for (i = 0; i < MK_MAX_ALIVE - 1 && alive[i]; i++)
		;
	return i;
}

/**
 * mk_region_begin() - an instance starts: tell it of its regions
 * @inst:	instance whose platform is built and whose CPUs are all halted
 *
 * Context: instance->lock held; takes regions_lock.
 */
void mk_region_begin(struct mk_instance *inst)
{
	struct mk_share_table *table = mk_virt(inst->image.shares);
	struct mk_permit *p;
	struct mk_shm *shm;

	mutex_lock(&regions_lock);
	memset(table, 0, sizeof(*table));
	memcpy(table->alive, alive, sizeof(alive));
	inst->shares.table = table;
	inst->shares.seq = 0;
	inst->shares.slot = free_slot();
	list_add_tail(&inst->shares.node, &living);
	set_alive(inst->shares.slot, inst->epoch);
	list_for_each_entry(shm, &regions, node) {
		p = shm->live ? find_permit(shm, inst->name) : NULL;
		if (p)
			p->instance = inst->id;
	}
	tell(inst);
	mutex_unlock(&regions_lock);
}

/* It has none of it any more; what a lost CPU may write to is no use. */
static void leave(struct mk_shm *shm, const struct mk_instance *inst)
{
	struct mk_permit *p = find_permit(shm, inst->name);

	if (!p || p->instance != inst->id)
		return;
	p->instance = 0;
	shm->lost |= inst->lost;
	if (p->mode == MK_MODE_NONE)
		drop_permit(shm, p);
}

/**
 * mk_region_end() - an instance has ended
 * @inst:	instance whose CPUs are known to be halted, or lost
 *
 * Context: instance->lock held; takes regions_lock.
 */
void mk_region_end(struct mk_instance *inst)
{
	struct mk_shm *shm;

	mutex_lock(&regions_lock);
	list_del(&inst->shares.node);
	set_alive(inst->shares.slot, 0);
	list_for_each_entry(shm, &regions, node)
		leave(shm, inst);
	mutex_unlock(&regions_lock);
}

/**
 * mk_region_alive() - does an instance live?
 * @epoch:	of its start
 *
 * Context: any.
 * Return: true while it lives.
 */
bool mk_region_alive(u64 epoch)
{
	u32 i;

	for (i = 0; i < MK_MAX_ALIVE; i++)
		/* pairs with set_alive() */
		if (smp_load_acquire(&alive[i]) == epoch)
			return true;
	return false;
}

/* --- create, grow, delete ------------------------------------------------------ */

static void drop_memory(const struct mk_shm *shm)
{
	if (!shm->lost) {
		mk_pool_drop_memory(shm->extents, shm->nr_extents);
		return;
	}
	pr_err("region %s: %llu bytes stay lost: a CPU may still write there\n", shm->name,
	       shm->size);
	mk_pool_leak_memory(shm->extents, shm->nr_extents);
}

/* Nobody finds it any more; its name is free when this is done. */
static void unlist(struct mk_shm *shm)
{
	mutex_lock(&regions_lock);
	list_del(&shm->node);
	mutex_unlock(&regions_lock);
	drop_memory(shm);
	mk_region_put(shm);
}

/* Take the name, and an id; it cannot be found yet. */
static int list_new(struct mk_shm *shm, struct mk_error *err)
{
	struct mk_shm *other;
	int ret = lock_regions(err);

	if (ret)
		return ret;
	other = find_locked(shm->name, 0);
	if (other) {
		ret = mk_fail(err, -EEXIST, MK_E_REGION_TAKEN, other->id, 0);
	} else {
		shm->id = mk_control_epoch();
		list_add_tail(&shm->node, &regions);
	}
	mutex_unlock(&regions_lock);
	return ret;
}

static int build(struct mk_shm *shm, u64 size, struct mk_error *err)
{
	int ret = mk_pool_claim_memory(size, shm->nid, shm->extents, &shm->nr_extents, err);

	if (ret)
		return ret;
	shm->size = size;
	mk_clear(shm->extents, shm->nr_extents);
	ret = mk_sysfs_add_region(shm);
	return ret ? mk_fail(err, ret, MK_E_MEMORY, 0, 0) : 0;
}

static int check_size(u64 size, struct mk_error *err)
{
	if (!size)
		return mk_fail(err, -EINVAL, MK_E_MEM_NONE, 0, 0);
	if (size % MK_MEMORY_GRANULE)
		return mk_fail(err, -EINVAL, MK_E_MEM_ALIGN, size, MK_MEMORY_GRANULE);
	return 0;
}

/**
 * mk_region_create() - make a region of pool memory
 * @req:	name, size, node
 * @out:	the region, with a reference for the caller
 * @err:	what was wrong
 *
 * Context: sleeps, for long; takes regions_lock.
 * Return: 0 or a negative errno.
 */
int mk_region_create(const struct mk_region_create *req, struct mk_shm **out,
		     struct mk_error *err)
{
	struct mk_shm *shm;
	int ret = mk_core_check_name(req->name, err) ?: check_size(req->size, err) ?:
		  mk_node_check(req->node, err);

	if (ret)
		return ret;
	shm = kzalloc(sizeof(*shm), GFP_KERNEL);
	if (!shm)
		return mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	kobject_init(&shm->kobj, &mk_region_ktype);
	strscpy(shm->name, req->name, sizeof(shm->name));
	shm->nid = req->node;
	ret = list_new(shm, err);
	if (ret) {
		mk_region_put(shm);
		return ret;
	}
	ret = build(shm, req->size, err);
	if (ret) {
		unlist(shm);
		return ret;
	}
	kobject_get(&shm->kobj);
	*out = shm;
	mutex_lock(&regions_lock);
	shm->live = true;
	mutex_unlock(&regions_lock);
	return 0;
}

/* What touches the end of the region makes its last extent longer. */
static int append(struct mk_shm *shm, const struct mk_extent *more, u32 nr, u64 size,
		  struct mk_error *err)
{
	struct mk_extent all[MK_MAX_EXTENTS], *last;
	u32 n = shm->nr_extents, i;

	lockdep_assert_held(&regions_lock);
	memcpy(all, shm->extents, sizeof(all));
	for (i = 0; i < nr; i++) {
		last = &all[n - 1];
		if (last->start + last->size == more[i].start && last->node == more[i].node) {
			last->size += more[i].size;
			continue;
		}
		if (n == MK_MAX_EXTENTS)
			return mk_fail(err, -ENOSPC, MK_E_REGION_SPLIT, n, 0);
		all[n++] = more[i];
	}
	memcpy(shm->extents, all, sizeof(all));
	shm->nr_extents = n;
	WRITE_ONCE(shm->size, size);
	tell_holders(shm);
	return 0;
}

static int size_of(struct mk_shm *shm, u64 *size, struct mk_error *err)
{
	int ret = lock_live(shm, err);

	if (ret)
		return ret;
	*size = shm->size;
	mutex_unlock(&regions_lock);
	return 0;
}

/**
 * mk_region_grow() - add memory to a region
 * @shm:	region
 * @size:	bytes that it shall have
 * @err:	what was wrong
 *
 * All or nothing.
 *
 * Context: sleeps, for long; takes regions_lock.
 * Return: 0 or a negative errno; -EAGAIN when another one made it grow meanwhile.
 */
int mk_region_grow(struct mk_shm *shm, u64 size, struct mk_error *err)
{
	struct mk_extent more[MK_MAX_EXTENTS];
	u64 was;
	u32 nr;
	int ret = check_size(size, err) ?: size_of(shm, &was, err);

	if (ret || size == was)
		return ret;
	if (size < was)
		return mk_fail(err, -EINVAL, MK_E_REGION_SHRINK, size, was);
	ret = mk_pool_claim_memory(size - was, shm->nid, more, &nr, err);
	if (ret)
		return ret;
	mk_clear(more, nr);
	ret = lock_live(shm, err);
	if (!ret) {
		ret = shm->size == was ? append(shm, more, nr, size, err) :
		      mk_fail(err, -EAGAIN, MK_E_INTERNAL, -EAGAIN, 0);
		mutex_unlock(&regions_lock);
	}
	if (ret)
		mk_pool_drop_memory(more, nr);
	return ret;
}

static int check_unused(const struct mk_shm *shm, struct mk_error *err)
{
	u32 i;

	if (shm->mounts)
		return mk_fail(err, -EBUSY, MK_E_REGION_MOUNTED, shm->mounts, 0);
	if (shm->maps)
		return mk_fail(err, -EBUSY, MK_E_REGION_MAPPED, shm->maps, 0);
	for (i = 0; i < shm->nr_permits; i++)
		if (shm->permits[i].instance)
			return mk_fail(err, -EBUSY, MK_E_REGION_USED, shm->permits[i].instance, 0);
	return 0;
}

/**
 * mk_region_delete() - give a region's memory back to the pool
 * @shm:	region; the caller has a reference
 * @err:	who uses it
 *
 * Context: sleeps, takes regions_lock.
 * Return: 0 or a negative errno.
 */
int mk_region_delete(struct mk_shm *shm, struct mk_error *err)
{
	int ret = lock_live(shm, err);

	if (ret)
		return ret;
	ret = check_unused(shm, err);
	if (!ret)
		shm->live = false;
	mutex_unlock(&regions_lock);
	if (ret)
		return ret;
	kobject_del(&shm->kobj);	/* waits for readers, who take the lock */
	unlist(shm);
	return 0;
}

/* --- query ------------------------------------------------------------------- */

/**
 * mk_region_query() - answer MK_IOC_REGION_QUERY
 * @shm:	region
 * @q:		in: room; out: everything but the pointers
 * @extents:	room for @q->nr_extents
 * @permits:	room for @q->nr_permits
 * @err:	what was wrong
 *
 * Context: sleeps, takes regions_lock.
 * Return: 0 or a negative errno.
 */
int mk_region_query(struct mk_shm *shm, struct mk_region_query *q, struct mk_extent *extents,
		    struct mk_permit *permits, struct mk_error *err)
{
	int ret = lock_live(shm, err);

	if (ret)
		return ret;
	memcpy(extents, shm->extents, min(q->nr_extents, shm->nr_extents) * sizeof(*extents));
	memcpy(permits, shm->permits, min(q->nr_permits, shm->nr_permits) * sizeof(*permits));
	q->nr_extents = shm->nr_extents;
	q->nr_permits = shm->nr_permits;
	strscpy(q->name, shm->name, sizeof(q->name));
	q->id = shm->id;
	q->size = shm->size;
	q->node = shm->nid;
	q->mounts = shm->mounts;
	q->maps = shm->maps;
	q->lost = shm->lost;
	mutex_unlock(&regions_lock);
	return 0;
}

/**
 * mk_region_list() - the ids of all regions
 * @ids:	room
 * @room:	its elements
 * @nr:		number of regions
 * @err:	what was wrong
 *
 * Context: sleeps, takes regions_lock.
 * Return: 0 or -EINTR.
 */
int mk_region_list(u64 *ids, u32 room, u32 *nr, struct mk_error *err)
{
	struct mk_shm *shm;
	int ret = lock_regions(err);

	if (ret)
		return ret;
	*nr = 0;
	list_for_each_entry(shm, &regions, node)
		if (shm->live && (*nr)++ < room)
			ids[*nr - 1] = shm->id;
	mutex_unlock(&regions_lock);
	return 0;
}

/**
 * mk_region_bytes() - how much of the pool do regions have?
 *
 * Context: sleeps, takes regions_lock.
 * Return: bytes.
 */
u64 mk_region_bytes(void)
{
	struct mk_shm *shm;
	u64 bytes = 0;

	mutex_lock(&regions_lock);
	list_for_each_entry(shm, &regions, node)
		bytes += shm->size;
	mutex_unlock(&regions_lock);
	return bytes;
}

/* --- for modules of the host (share.c) --------------------------------------- */

/**
 * mk_region_share() - a region for a module of the host
 * @name:	its name, or ""
 * @id:		its id where @name is ""
 * @hold:	it must not be deleted until mk_region_release()
 * @share:	filled
 *
 * Context: sleeps, takes regions_lock.
 * Return: 0 or -ENOENT.
 */
int mk_region_share(const char *name, u64 id, bool hold, struct mk_share *share)
{
	struct mk_shm *shm;

	mutex_lock(&regions_lock);
	shm = find_live(name, id);
	if (shm) {
		shm->mounts += hold;
		fill_share(shm, MK_MODE_RW, share);
	}
	mutex_unlock(&regions_lock);
	return shm ? 0 : -ENOENT;
}

/**
 * mk_region_release() - a module of the host has done with a region
 * @id:		of the region
 *
 * Context: sleeps, takes regions_lock.
 */
void mk_region_release(u64 id)
{
	struct mk_shm *shm;

	mutex_lock(&regions_lock);
	shm = find_live("", id);
	if (!WARN_ON_ONCE(!shm || !shm->mounts))
		shm->mounts--;
	mutex_unlock(&regions_lock);
}

/**
 * mk_region_is_mapped() - does a program of the host have it mapped?
 * @id:		of the region
 *
 * Context: sleeps, takes regions_lock.
 */
bool mk_region_is_mapped(u64 id)
{
	struct mk_shm *shm;
	bool mapped;

	mutex_lock(&regions_lock);
	shm = find_live("", id);
	mapped = shm && shm->maps;
	mutex_unlock(&regions_lock);
	return mapped;
}

/* --- for programs of the host ------------------------------------------------- */

static void count_map(struct mk_shm *shm, int change)
{
	mutex_lock(&regions_lock);
	shm->maps += change;
	mutex_unlock(&regions_lock);
}

static void map_open(struct vm_area_struct *vma)
{
	count_map(vma->vm_private_data, 1);
}

static void map_close(struct vm_area_struct *vma)
{
	count_map(vma->vm_private_data, -1);
}

static u64 address_of(struct mk_shm *shm, u64 offset)
{
	u64 at = 0;
	u32 i;

	mutex_lock(&regions_lock);
	for (i = 0; !at && i < shm->nr_extents; offset -= shm->extents[i++].size)
		if (offset < shm->extents[i].size)
			at = shm->extents[i].start + offset;
	mutex_unlock(&regions_lock);
	return at;
}

/*
 * Page by page: remap_pfn_range() warns where it finds no memory for page tables
 * half way (untrack_pfn(), 6.12).
 */
static vm_fault_t map_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 at = address_of(vma->vm_private_data, (u64)vmf->pgoff << PAGE_SHIFT);

	return at ? vmf_insert_pfn(vma, vmf->address, PHYS_PFN(at)) : VM_FAULT_SIGBUS;
}

/* The file, which the mapping holds, holds the region. */
static const struct vm_operations_struct map_ops = {
	.open = map_open,
	.close = map_close,
	.fault = map_fault,
};

/**
 * mk_region_mmap() - map a region into a program of the host
 * @shm:	region
 * @vma:	where to, and which part
 *
 * Context: mmap_lock held; takes regions_lock.
 * Return: 0 or a negative errno.
 */
int mk_region_mmap(struct mk_shm *shm, struct vm_area_struct *vma)
{
	u64 from = (u64)vma->vm_pgoff << PAGE_SHIFT, len = vma->vm_end - vma->vm_start;
	int ret = 0;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	mutex_lock(&regions_lock);
	if (!shm->live)
		ret = -ENOENT;
	else if (from > shm->size || len > shm->size - from)
		ret = -EINVAL;
	else
		shm->maps++;
	mutex_unlock(&regions_lock);
	if (ret)
		return ret;
	compat_vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = shm;
	vma->vm_ops = &map_ops;
	return 0;
}

/**
 * mk_region_exit() - delete all regions
 *
 * Nobody uses one: instances and descriptors are gone, and modules that held one.
 *
 * Context: module unload; sleeps.
 */
void mk_region_exit(void)
{
	struct mk_shm *shm, *next;

	list_for_each_entry_safe(shm, next, &regions, node) {
		kobject_del(&shm->kobj);
		unlist(shm);
	}
}
