/* SPDX-License-Identifier: GPL-2.0 */
/* Pure: identity page tables for the way into 64-bit mode (Intel SDM 3A 4.5). */
#ifndef MK_CORE_PAGETABLE_H
#define MK_CORE_PAGETABLE_H

#include <linux/types.h>

#define MK_PT_PAGE	4096

/**
 * struct mk_pagetable - identity tables under construction
 * @root:	virtual address of the PML4 page
 * @pages:	virtual address of further table pages, contiguous
 * @pages_phys:	their physical address
 * @nr_pages:	their number
 * @used:	how many of them are in use
 */
struct mk_pagetable {
	__u64 *root;
	__u64 *pages;
	__u64 pages_phys;
	__u32 nr_pages;
	__u32 used;
};

/**
 * mk_pagetable_map() - identity-map a range with 2 MiB pages, writable, executable
 * @pt:		tables; @root zeroed before the first call, pages need not be
 * @start:	physical address; the range is widened to 2 MiB pages
 * @size:	bytes, not zero
 *
 * Mapping a range twice is fine. 4-level tables: addresses below 2^47.
 * Return: 0, or -1 when table pages run out or the range is out of bounds
 * (nothing is undone).
 */
int mk_pagetable_map(struct mk_pagetable *pt, __u64 start, __u64 size);

#endif /* MK_CORE_PAGETABLE_H */
