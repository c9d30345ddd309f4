// SPDX-License-Identifier: GPL-2.0
/*
 * Mapped files: the pages of the region themselves.  Each is referenced as long as
 * a process has it, so get_user_pages() works, and whoever frees a block sees that;
 * one entry for 2 MiB has no references, and is taken away before anybody looks.
 *
 * Pages are inserted in an SRCU read section: who frees blocks waits for it, and
 * takes what it has mapped away, see grace.c.
 */
#include <linux/io.h>
#include <linux/pagemap.h>

#include "internal.h"

#define BATCH	32	/* pages that are inserted at once */

/* Who waits at a futex of a shared page looks for that in its mapping. */
static void set_mapping(struct page *page, struct address_space *mapping)
{
	struct folio *folio = page_folio(page);

	if (READ_ONCE(folio->mapping) == mapping)
		return;
	folio->index = page_to_pfn(page);
	WRITE_ONCE(folio->mapping, mapping);
}

/* Where there are none yet. */
static int insert_pages(struct vm_area_struct *vma, unsigned long addr, struct page **pages,
			unsigned long nr)
{
	unsigned long n, left;
	int err;

	for (; nr; addr += n << PAGE_SHIFT, pages += n, nr -= n) {
		left = nr;
		err = vm_insert_pages(vma, addr, pages, &left);
		if (err == -EFAULT)
			return 0;	/* another thread has mapped all of it: see there */
		if (err && err != -EBUSY)
			return err;
		n = nr - left;
		if (err)
			n++;	/* this one is there */
	}
	return 0;
}

/* Blocks that follow each other in the file, wherever they are; 0: a hole. */
static int insert_blocks(struct vm_area_struct *vma, unsigned long addr, const u64 *off,
			 unsigned int nr)
{
	struct mk_fs *fs = mk_fs(file_inode(vma->vm_file)->i_sb);
	struct page *pages[BATCH];
	unsigned int i, n = 0;
	int err = 0;
	u8 *at;

	for (i = 0; !err && i <= nr; i++) {
		if (i == nr || !off[i]) {
			err = insert_pages(vma, addr + ((unsigned long)(i - n) << PAGE_SHIFT),
					   pages, n);
			n = 0;
			continue;
		}
		at = daxfs_at(&fs->core, off[i], DAXFS_BLOCK);
		if (!at || off[i] % DAXFS_BLOCK)
			return daxfs_bad(&fs->core, "map of file", off[i]);
		pages[n] = virt_to_page(at);
		set_mapping(pages[n++], fs->futexes->i_mapping);
	}
	return err;
}

/* What is there within @around bytes, in which the fault is. */
static int insert_around(struct vm_fault *vmf, struct mk_fs_node *node, u64 size,
			 unsigned long around)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = max(vma->vm_start, ALIGN_DOWN(vmf->address, around));
	unsigned long end = min(vma->vm_end, ALIGN_DOWN(vmf->address, around) + around);
	u64 block = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
	u64 last = DIV_ROUND_UP(size, PAGE_SIZE), off[BATCH];
	unsigned int n;
	int err = 0;

	for (; !err && addr < end && block < last; addr += n << PAGE_SHIFT, block += n) {
		n = min3((u64)BATCH, (u64)(end - addr) >> PAGE_SHIFT, last - block);
		err = daxfs_map_blocks(mk_fs_core(&node->vfs), node->ref, block, n, off) ?:
		      insert_blocks(vma, addr, off, n);
	}
	return err;
}

static vm_fault_t fault_of(int err)
{
	switch (err) {
	case 0:
	case -EINTR:	/* it is to die */
		return VM_FAULT_NOPAGE;
	case -ENOMEM:
		return VM_FAULT_OOM;
	default:
		return VM_FAULT_SIGBUS;
	}
}

/* A private page is made of it: the VFS copies. */
static vm_fault_t give_page(struct vm_fault *vmf, struct daxfs *fs, u64 off)
{
	u8 *at = daxfs_at(fs, off, DAXFS_BLOCK);

	if (!at || off % DAXFS_BLOCK)
		return fault_of(daxfs_bad(fs, "map of file", off));
	vmf->page = virt_to_page(at);
	get_page(vmf->page);
	return 0;
}

static bool is_private(const struct vm_fault *vmf)
{
	return !(vmf->vma->vm_flags & VM_SHARED);
}

/*
 * A hole becomes a block, for a reader, too: another kernel may write there, and both
 * are to see it.  Not within an SRCU read section: blocks may have to be waited for.
 */
static int fill(struct vm_fault *vmf, struct mk_fs_node *node, bool *filled)
{
	struct daxfs *fs = mk_fs_core(&node->vfs);
	u64 pos = (u64)vmf->pgoff << PAGE_SHIFT;
	struct daxfs_run run;
	int err;

	if (sb_rdonly(node->vfs.i_sb))
		return 0;
	err = daxfs_map(fs, node->ref, pos, PAGE_SIZE, &run);
	if (err || run.off)
		return err;
	*filled = true;
	err = daxfs_fill(fs, node->ref, pos, PAGE_SIZE, &run);
	return err == -ENOSPC && is_private(vmf) && !(vmf->flags & FAULT_FLAG_WRITE) ? 0 : err;
}

static vm_fault_t give_zeros(struct vm_fault *vmf, struct mk_fs *fs)
{
	vmf->page = fs->zeros;
	get_page(vmf->page);
	return 0;
}

/* In an SRCU read section.  @filled: likely holes around, and what was filled before */
static vm_fault_t fault_mapped(struct vm_fault *vmf, struct mk_fs_node *node, bool filled)
{
	struct daxfs *fs = mk_fs_core(&node->vfs);
	u64 size = mk_peer_load_acquire(&node->raw->size), pos = (u64)vmf->pgoff << PAGE_SHIFT;
	struct daxfs_run run;
	int err;

	if (pos >= size)
		return VM_FAULT_SIGBUS;
	err = daxfs_map(fs, node->ref, pos, PAGE_SIZE, &run);
	if (err)
		return fault_of(err);
	if (!run.off && (is_private(vmf) || sb_rdonly(node->vfs.i_sb)))
		return give_zeros(vmf, mk_fs(node->vfs.i_sb));
	if (!run.off)
		return VM_FAULT_NOPAGE;	/* it has become a hole again */
	if (is_private(vmf) && vmf->flags & FAULT_FLAG_WRITE)
		return give_page(vmf, fs, run.off);
	return fault_of(insert_around(vmf, node, size, filled ? PAGE_SIZE : PMD_SIZE));
}

static vm_fault_t fault_locked(struct vm_fault *vmf, struct mk_fs_node *node)
{
	struct mk_fs *fs = mk_fs(node->vfs.i_sb);
	bool filled = false;
	int idx, err = fill(vmf, node, &filled);
	vm_fault_t ret;

	if (err)
		return fault_of(err);
	idx = srcu_read_lock(&fs->readers);
	ret = fault_mapped(vmf, node, filled);
	srcu_read_unlock(&fs->readers, idx);
	return ret;
}

static vm_fault_t fault_by(struct vm_fault *vmf,
			   vm_fault_t (*insert)(struct vm_fault *vmf, struct mk_fs_node *node))
{
	struct inode *inode = file_inode(vmf->vma->vm_file);
	bool write = vmf->flags & FAULT_FLAG_WRITE && !is_private(vmf);
	vm_fault_t ret;

	if (write) {
		sb_start_pagefault(inode->i_sb);
		file_update_time(vmf->vma->vm_file);
	}
	filemap_invalidate_lock_shared(inode->i_mapping);
	ret = insert(vmf, mk_fs_node(inode));
	filemap_invalidate_unlock_shared(inode->i_mapping);
	if (write)
		sb_end_pagefault(inode->i_sb);
	return ret;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	return fault_by(vmf, fault_locked);
}

#ifdef COMPAT_HUGE_FAULT
/*
 * Where 2 MiB are that one entry can map, or NULL.  RAM is not: get_user_pages() finds only
 * pages of a device in an entry that has no reference to them.
 */
static u8 *huge_at(const struct vm_fault *vmf, struct mk_fs_node *node)
{
	u64 pos = (u64)ALIGN_DOWN(vmf->pgoff, PMD_SIZE >> PAGE_SHIFT) << PAGE_SHIFT;
	unsigned long addr = ALIGN_DOWN(vmf->address, PMD_SIZE);
	struct daxfs *fs = mk_fs_core(&node->vfs);
	struct vm_area_struct *vma = vmf->vma;
	struct daxfs_run run;
	u8 *at;

	if (addr < vma->vm_start || addr + PMD_SIZE > vma->vm_end ||
	    (vmf->address - addr) >> PAGE_SHIFT != vmf->pgoff % (PMD_SIZE >> PAGE_SHIFT) ||
	    pos + PMD_SIZE > mk_peer_load_acquire(&node->raw->size) ||
	    daxfs_map(fs, node->ref, pos, PMD_SIZE, &run) || run.len < PMD_SIZE ||
	    run.off % DAXFS_HUGE)
		return NULL;
	at = run.off ? daxfs_at(fs, run.off, DAXFS_HUGE) : NULL;
	return at && IS_ALIGNED(virt_to_phys(at), PMD_SIZE) &&
	       is_zone_device_page(virt_to_page(at)) ? at : NULL;
}

static vm_fault_t insert_huge(struct vm_fault *vmf, struct mk_fs_node *node)
{
	struct mk_fs *fs = mk_fs(node->vfs.i_sb);
	int i, idx = srcu_read_lock(&fs->readers);
	vm_fault_t ret = VM_FAULT_FALLBACK;
	u8 *at = huge_at(vmf, node);

	if (at) {
		for (i = 0; i < PMD_SIZE >> PAGE_SHIFT; i++)
			set_mapping(virt_to_page(at) + i, fs->futexes->i_mapping);
		ret = compat_insert_huge(vmf, virt_to_phys(at));
	}
	srcu_read_unlock(&fs->readers, idx);
	return ret;
}

static vm_fault_t huge_fault(struct vm_fault *vmf, unsigned int order)
{
	if (order != PMD_ORDER || is_private(vmf) || !pmd_none(*vmf->pmd))
		return VM_FAULT_FALLBACK;
	return fault_by(vmf, insert_huge);
}
#endif

static const struct vm_operations_struct vm_ops = {
	.fault = fault,
#ifdef COMPAT_HUGE_FAULT
	.huge_fault = huge_fault,
#endif
};

int mk_fs_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mk_fs_node *node = mk_fs_node(file_inode(file));

	mutex_lock(&node->lock);
	node->mapped = true;
	mutex_unlock(&node->lock);
	mk_fs_accessed(file);
	vma->vm_ops = &vm_ops;
	vm_flags_set(vma, VM_MIXEDMAP);
	return 0;
}
