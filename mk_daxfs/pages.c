// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a file system, and its struct pages: RAM of this kernel has them
 * already, other memory gets some.
 */
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/memremap.h>
#include <linux/security.h>
#include <linux/slab.h>

#include "internal.h"

#define PINNED_MS	30000	/* that pages may be in use when it is unmounted */

/* --- where it is --------------------------------------------------------------- */

static void add(struct mk_fs_pages *pages, u64 start, u64 size, u8 *addr)
{
	pages->extent[pages->nr++] = (struct mk_fs_extent){
		.start = start, .size = size, .addr = addr,
	};
}

/**
 * mk_fs_pages_region() - a region of mk_core
 * @pages:	zeros
 * @name:	of the region
 *
 * Context: sleeps.
 * Return: 0, or as mk_core_share_get().
 */
int mk_fs_pages_region(struct mk_fs_pages *pages, const char *name)
{
	struct mk_share share;
	int i, err = mk_core_share_get(name, &share);

	if (err)
		return err;
	pages->kind = MK_FS_REGION;
	pages->id = share.id;
	pages->read_only = share.flags & MK_SHARE_RO;
	for (i = 0; i < share.nr; i++)
		add(pages, share.extent[i].start, share.extent[i].size, NULL);
	pages->name = kstrdup(name, GFP_KERNEL);
	return pages->name ? 0 : -ENOMEM;
}

/**
 * mk_fs_pages_phys() - memory that an administrator names
 * @pages:	zeros
 * @start:	physical address
 * @size:	bytes
 *
 * Context: sleeps.
 * Return: 0; -EINVAL: not whole 2 MiB, or nowhere; -EBUSY: it is RAM of this kernel;
 * -EPERM: locked down.
 */
int mk_fs_pages_phys(struct mk_fs_pages *pages, u64 start, u64 size)
{
	int err = security_locked_down(LOCKDOWN_DEV_MEM);

	if (err)
		return err;
	if (!size || (start | size) % DAXFS_HUGE || start > iomem_resource.end ||
	    size - 1 > iomem_resource.end - start)
		return -EINVAL;
	if (region_intersects(start, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT)
		return -EBUSY;
	pages->kind = MK_FS_PHYS;
	pages->id = start;
	add(pages, start, size, NULL);
	pages->name = kasprintf(GFP_KERNEL, "%#llx", start);
	return pages->name ? 0 : -ENOMEM;
}

/**
 * mk_fs_pages_dax() - a block device that is memory
 * @pages:	zeros
 * @path:	of the device
 * @holder:	who has it open, alone
 *
 * Context: sleeps.
 * Return: 0; -EOPNOTSUPP: it is none; or a negative errno of the device.
 */
int mk_fs_pages_dax(struct mk_fs_pages *pages, const char *path, void *holder)
{
	struct block_device *bdev;
	long most, nr;
	u64 offset;
	void *addr;
	int idx, err;

	/* without it Linux has no function of these */
	if (!IS_ENABLED(CONFIG_FS_DAX))
		return -EOPNOTSUPP;
	err = compat_bdev_open(&pages->bdev, path, holder);
	if (err)
		return err;
	bdev = compat_bdev(&pages->bdev);
	pages->kind = MK_FS_DAX;
	pages->id = bdev->bd_dev;
	pages->name = kstrdup(path, GFP_KERNEL);
	if (!pages->name)
		return -ENOMEM;
	pages->dax = fs_dax_get_by_bdev(bdev, &offset, NULL, NULL);
	if (!pages->dax)
		return -EOPNOTSUPP;
	most = bdev_nr_bytes(bdev) / DAXFS_HUGE * (DAXFS_HUGE / PAGE_SIZE);
	idx = dax_read_lock();
	nr = dax_direct_access(pages->dax, PHYS_PFN(offset), most, DAX_ACCESS, &addr, NULL);
	dax_read_unlock(idx);
	if (nr < 0)
		return nr;
	if (!most || nr < most || !virt_addr_valid(addr))
		return -EOPNOTSUPP;
	add(pages, virt_to_phys(addr), (u64)most << PAGE_SHIFT, addr);
	return 0;
}

/**
 * mk_fs_pages_put() - give back what one of the above found
 * @pages:	not mapped, or a find that failed half way
 *
 * Context: sleeps.
 */
void mk_fs_pages_put(struct mk_fs_pages *pages)
{
	if (pages->dax)
		fs_put_dax(pages->dax, NULL);
	compat_bdev_close(&pages->bdev);
	if (pages->kind == MK_FS_REGION)
		mk_core_share_put(pages->id);
	kfree(pages->name);
}

/* --- mapped ---------------------------------------------------------------------- */

#ifdef CONFIG_ZONE_DEVICE
static int remap(struct mk_fs_extent *extent)
{
	struct dev_pagemap *map = kzalloc(sizeof(*map), GFP_KERNEL);
	void *addr;

	if (!map)
		return -ENOMEM;
	map->type = MEMORY_DEVICE_GENERIC;
	map->range.start = extent->start;
	map->range.end = extent->start + extent->size - 1;
	map->nr_range = 1;
	addr = memremap_pages(map, NUMA_NO_NODE);
	if (IS_ERR(addr)) {
		kfree(map);
		return PTR_ERR(addr);
	}
	extent->map = map;
	extent->addr = addr;
	return 0;
}

static void unmap(struct mk_fs_extent *extent)
{
	if (!extent->map)
		return;
	memunmap_pages(extent->map);
	kfree(extent->map);
}
#else
static int remap(struct mk_fs_extent *extent)
{
	pr_err("this kernel gives struct pages to its own memory only: it needs CONFIG_ZONE_DEVICE\n");
	return -EOPNOTSUPP;
}

static void unmap(struct mk_fs_extent *extent)
{
}
#endif

/* What an administrator names may be a driver's, or another mount's in part. */
static int claim(struct mk_fs_extent *extent)
{
	int err;

	if (!request_mem_region(extent->start, extent->size, KBUILD_MODNAME)) {
		pr_err("%#llx: a driver or another mount has some of it (/proc/iomem): unbind or unmount it\n",
		       extent->start);
		return -EBUSY;
	}
	err = remap(extent);
	if (err)
		release_mem_region(extent->start, extent->size);
	return err;
}

static int map_extent(const struct mk_fs_pages *pages, struct mk_fs_extent *extent)
{
	int how;

	if (extent->addr)
		return 0;
	if (pages->kind == MK_FS_PHYS)
		return claim(extent);
	how = region_intersects(extent->start, extent->size, IORESOURCE_SYSTEM_RAM,
				IORES_DESC_NONE);
	if (how == REGION_DISJOINT)
		return remap(extent);
	if (how == REGION_MIXED)
		return -EINVAL;
	extent->addr = __va(extent->start);
	return 0;
}

/* Readers may have the old array, or both new ones, but not the old one with the new size. */
static void publish(struct daxfs *core, u8 **piece, u64 size)
{
	mk_peer_store_release(&core->piece, piece);
	mk_peer_store_release(&core->size, size);
}

/* An array stays until it is unmounted: the word before it is the one before it. */
static int list_pieces(struct mk_fs *fs)
{
	struct mk_fs_extent *e, *end = fs->pages.extent + fs->pages.nr;
	u64 at, i = 0, n = 0;
	u8 **piece;

	for (e = fs->pages.extent; e < end; e++)
		n += e->size / DAXFS_HUGE;
	piece = kvcalloc(n + 1, sizeof(*piece), GFP_KERNEL);
	if (!piece)
		return -ENOMEM;
	*piece++ = (u8 *)fs->core.piece;
	for (e = fs->pages.extent; e < end; e++)
		for (at = 0; at < e->size; at += DAXFS_HUGE)
			piece[i++] = e->addr + at;
	publish(&fs->core, piece, n * DAXFS_HUGE);
	publish(&fs->quick, piece, n * DAXFS_HUGE);
	return 0;
}

static void free_pieces(u8 **piece)
{
	u8 **before;

	for (; piece; piece = before) {
		before = (u8 **)piece[-1];
		kvfree(piece - 1);
	}
}

/* Where pages at rest have no reference, ours have one. */
static void set_at_rest(struct mk_fs *fs, int references)
{
	struct mk_fs_extent *e = fs->pages.extent;
	u64 at;

	if (fs->pages.kind != MK_FS_DAX || COMPAT_DAX_REST)
		return;
	for (at = 0; at < e->size; at += PAGE_SIZE)
		set_page_count(virt_to_page(e->addr + at), references);
}

/* Does it lose what CPUs have in their caches when the power fails? */
static bool has_cache(const struct mk_fs_pages *pages)
{
	return pages->kind == MK_FS_DAX && dax_write_cache_enabled(pages->dax);
}

/**
 * mk_fs_pages_flush() - a device gets what CPUs have in their caches
 * @fs:		mapped
 *
 * Context: sleeps.
 * Return: 0, or a negative errno of the device.
 */
int mk_fs_pages_flush(struct mk_fs *fs)
{
	const struct mk_fs_extent *e = fs->pages.extent;
	u64 at;

	if (!has_cache(&fs->pages))
		return 0;
	for (at = 0; at < e->size; at += DAXFS_HUGE) {
		dax_flush(fs->pages.dax, e->addr + at, DAXFS_HUGE);
		cond_resched();
	}
	return blkdev_issue_flush(compat_bdev(&fs->pages.bdev));
}

/**
 * mk_fs_pages_map() - make it usable
 * @fs:		its pages are found; core.piece and core.size are set
 *
 * Context: sleeps.
 * Return: 0 or a negative errno; mk_fs_pages_unmap() is due in any case.
 */
int mk_fs_pages_map(struct mk_fs *fs)
{
	u32 i;
	int err;

	for (i = 0; i < fs->pages.nr; i++) {
		err = map_extent(&fs->pages, &fs->pages.extent[i]);
		if (err)
			return err;
	}
	err = list_pieces(fs);
	if (err)
		return err;
	set_at_rest(fs, 1);
	if (has_cache(&fs->pages))
		pr_warn("%s: sync and unmount make it safe, fsync() does not: this device loses what CPUs have in their caches when the power fails\n",
			fs->pages.name);
	return 0;
}

static void unmap_extents(const struct mk_fs_pages *pages, struct mk_fs_extent *e)
{
	bool claimed;

	for (; e < pages->extent + pages->nr; e++) {
		claimed = pages->kind == MK_FS_PHYS && e->map;
		unmap(e);
		if (claimed)
			release_mem_region(e->start, e->size);
	}
}

/* What the region has behind the bytes that are mapped. */
static bool add_new(struct mk_fs *fs, const struct mk_share *share)
{
	u64 known = fs->core.size, start, size;
	u32 i;

	for (i = 0; i < share->nr; i++) {
		start = share->extent[i].start;
		size = share->extent[i].size;
		if (known >= size) {
			known -= size;
			continue;
		}
		if (fs->pages.nr == MK_FS_EXTENTS)
			return false;
		add(&fs->pages, start + known, size - known, NULL);
		known = 0;
	}
	return true;
}

/**
 * mk_fs_pages_grow() - map what was added to a region
 * @fs:		joined
 *
 * Context: sleeps; one caller at a time, none while it is unmounted.
 */
void mk_fs_pages_grow(struct mk_fs *fs)
{
	struct mk_fs_pages *pages = &fs->pages;
	u32 i, was = pages->nr;
	struct mk_share share;
	int err = 0;

	if (pages->kind != MK_FS_REGION || mk_core_share_query(pages->id, &share))
		return;
	if (!add_new(fs, &share))
		err = -ENOSPC;
	for (i = was; !err && i < pages->nr; i++)
		err = map_extent(pages, &pages->extent[i]);
	if (pages->nr == was && !err)
		return;
	err = err ?: list_pieces(fs);
	if (!err) {
		daxfs_mapped(&fs->core);
		return;
	}
	pr_err_ratelimited("%s: what was added to it cannot be mapped (%d): unmount it and mount it again\n",
			   pages->name, err);
	unmap_extents(pages, pages->extent + was);
	pages->nr = was;
}

/**
 * mk_fs_pinned() - does somebody in this kernel use pages?
 * @fs:		file system
 * @off:	offset of the first, as another kernel has told it
 * @len:	bytes, likewise
 *
 * Context: sleeps. They are mapped by no process.
 * Return: whether one has another reference than ours.
 */
bool mk_fs_pinned(struct mk_fs *fs, u64 off, u64 len)
{
	u64 end = off + min(len, fs->core.size);
	u8 *at;

	for (off &= PAGE_MASK; off < end; off += PAGE_SIZE) {
		at = daxfs_at(&fs->core, off, PAGE_SIZE);
		if (!at)
			return false;
		if (page_ref_count(virt_to_page(at)) > 1)
			return true;
		if (!(off % DAXFS_HUGE))
			cond_resched();
	}
	return false;
}

/* Processes may do I/O with pages that they have unmapped. */
static bool await_pins(struct mk_fs *fs)
{
	unsigned int ms;

	for (ms = 0; ms < PINNED_MS; ms += 20) {
		if (!mk_fs_pinned(fs, 0, fs->core.size))
			return true;
		msleep(20);
	}
	return false;
}

/* Who frees a page expects it to be nobody's. */
static void clear_mappings(struct mk_fs *fs)
{
	u64 at;

	for (at = 0; fs->futexes && at < fs->core.size; at += PAGE_SIZE) {
		page_folio(virt_to_page(daxfs_at(&fs->core, at, PAGE_SIZE)))->mapping = NULL;
		cond_resched();
	}
}

/**
 * mk_fs_pages_unmap() - nobody uses it here any more
 * @fs:		file system, also one whose mk_fs_pages_map() has failed
 *
 * Context: sleeps.
 * Return: false when pages are still in use: they, and the region, are lost here.
 */
bool mk_fs_pages_unmap(struct mk_fs *fs)
{
	bool pinned = fs->core.piece && !await_pins(fs);

	clear_mappings(fs);
	if (pinned) {
		pr_err("%s: pages are in use after unmounting: it cannot be mounted or deleted until the machine restarts\n",
		       fs->pages.name);
		return false;
	}
	if (fs->core.piece)
		set_at_rest(fs, 0);
	free_pieces(fs->core.piece);
	unmap_extents(&fs->pages, fs->pages.extent);
	return true;
}
