// SPDX-License-Identifier: GPL-2.0
/* Pure: identity page tables for the way into 64-bit mode. */
#include "pagetable.h"
#include "pure.h"

#define PTE_TABLE	0x003ULL	/* present, writable */
#define PTE_LEAF	0x083ULL	/* the same, a large page */
#define PTE_ADDR	0x000ffffffffff000ULL
#define LARGE_PAGE	(2ULL << 20)
#define ADDR_END	(512ULL << 38)

#define PML4_SHIFT	39
#define PDPT_SHIFT	30
#define PD_SHIFT	21

static __u64 *entry(__u64 *table, __u64 addr, int shift)
{
	return &table[addr >> shift & 511];
}

/* the table that @e points to; a new one where it points to none */
static __u64 *descend(struct mk_pagetable *pt, __u64 *e)
{
	__u64 offset;

	if (!*e) {
		if (pt->used == pt->nr_pages)
			return NULL;
		offset = (__u64)pt->used++ * MK_PT_PAGE;
		memset((__u8 *)pt->pages + offset, 0, MK_PT_PAGE);
		*e = (pt->pages_phys + offset) | PTE_TABLE;
	}
	offset = (*e & PTE_ADDR) - pt->pages_phys;
	return (__u64 *)((__u8 *)pt->pages + offset);
}

static int map_large_page(struct mk_pagetable *pt, __u64 addr)
{
	__u64 *pdpt, *pd;

	pdpt = descend(pt, entry(pt->root, addr, PML4_SHIFT));
	if (!pdpt)
		return -1;
	pd = descend(pt, entry(pdpt, addr, PDPT_SHIFT));
	if (!pd)
		return -1;
	*entry(pd, addr, PD_SHIFT) = addr | PTE_LEAF;
	return 0;
}

int mk_pagetable_map(struct mk_pagetable *pt, __u64 start, __u64 size)
{
	__u64 addr;

	if (!size || start >= ADDR_END || size > ADDR_END - start)
		return -1;
	for (addr = start & ~(LARGE_PAGE - 1); addr < start + size; addr += LARGE_PAGE)
		if (map_large_page(pt, addr))
			return -1;
	return 0;
}
