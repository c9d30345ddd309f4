// SPDX-License-Identifier: GPL-2.0
/* Identity page tables, walked as the processor does it. */
#include "kselftest_harness.h"

#include "pagetable.h"

#define PAGES		8
#define PAGES_PHYS	0x12345000ULL
#define SIZE_2M		(2ULL << 20)
#define SIZE_1G		(512 * SIZE_2M)
#define UNMAPPED	(~0ULL)

FIXTURE(tables)
{
	__u64 root[512];
	__u64 pages[PAGES][512];
	struct mk_pagetable pt;
};

FIXTURE_SETUP(tables)
{
	memset(self->root, 0, sizeof(self->root));
	memset(self->pages, 0xff, sizeof(self->pages));
	self->pt = (struct mk_pagetable){
		.root = self->root, .pages = self->pages[0],
		.pages_phys = PAGES_PHYS, .nr_pages = PAGES,
	};
}

FIXTURE_TEARDOWN(tables)
{
}

static __u64 *table_of(struct mk_pagetable *pt, __u64 entry)
{
	__u64 page = ((entry & 0xffffffffff000ULL) - pt->pages_phys) / MK_PT_PAGE;

	return page < pt->used ? pt->pages + page * 512 : NULL;
}

/* the physical address that @virt is mapped to, writable and executable */
static __u64 walk(struct mk_pagetable *pt, __u64 virt)
{
	__u64 *table = pt->root;
	__u64 entry;
	int shift;

	for (shift = 39; ; shift -= 9) {
		entry = table[virt >> shift & 511];
		if ((entry & 3) != 3 || entry >> 52)
			return UNMAPPED;
		if (shift == 21)
			break;
		table = table_of(pt, entry);
		if (!table || entry & 0x80)
			return UNMAPPED;
	}
	if (!(entry & 0x80) || entry & 0x1fe000)
		return UNMAPPED;
	return (entry & 0xfffffffe00000ULL) + (virt & (SIZE_2M - 1));
}

TEST_F(tables, maps_one_to_one)
{
	__u64 start = 0x140000000, size = 16 * SIZE_2M, addr;

	ASSERT_EQ(mk_pagetable_map(&self->pt, start, size), 0);
	for (addr = start; addr < start + size; addr += 0x1fffff)
		EXPECT_EQ(walk(&self->pt, addr), addr);
	EXPECT_EQ(walk(&self->pt, start - 1), UNMAPPED);
	EXPECT_EQ(walk(&self->pt, start + size), UNMAPPED);
	EXPECT_EQ(self->pt.used, 2);
}

TEST_F(tables, widens_to_large_pages)
{
	ASSERT_EQ(mk_pagetable_map(&self->pt, SIZE_2M - 1, 2), 0);
	EXPECT_EQ(walk(&self->pt, 0), 0);
	EXPECT_EQ(walk(&self->pt, 2 * SIZE_2M - 1), 2 * SIZE_2M - 1);
	EXPECT_EQ(walk(&self->pt, 2 * SIZE_2M), UNMAPPED);
}

TEST_F(tables, crosses_table_borders)
{
	__u64 border = 1ULL << 39;

	ASSERT_EQ(mk_pagetable_map(&self->pt, border - SIZE_2M, 2 * SIZE_2M), 0);
	EXPECT_EQ(walk(&self->pt, border - 1), border - 1);
	EXPECT_EQ(walk(&self->pt, border), border);
	EXPECT_EQ(self->pt.used, 4);
}

TEST_F(tables, twice_is_fine)
{
	ASSERT_EQ(mk_pagetable_map(&self->pt, SIZE_1G, SIZE_2M), 0);
	ASSERT_EQ(mk_pagetable_map(&self->pt, SIZE_1G, 2 * SIZE_2M), 0);
	EXPECT_EQ(walk(&self->pt, SIZE_1G), SIZE_1G);
	EXPECT_EQ(walk(&self->pt, SIZE_1G + SIZE_2M), SIZE_1G + SIZE_2M);
	EXPECT_EQ(self->pt.used, 2);
}

TEST_F(tables, runs_out_of_pages)
{
	EXPECT_EQ(mk_pagetable_map(&self->pt, 0, (PAGES - 1) * SIZE_1G), 0);
	EXPECT_EQ(self->pt.used, PAGES);
	EXPECT_EQ(mk_pagetable_map(&self->pt, (PAGES - 1) * SIZE_1G, 1), -1);
	EXPECT_EQ(self->pt.used, PAGES);
}

TEST_F(tables, bounds)
{
	__u64 end = 1ULL << 47;

	EXPECT_EQ(mk_pagetable_map(&self->pt, 0, 0), -1);
	EXPECT_EQ(mk_pagetable_map(&self->pt, end, 1), -1);
	EXPECT_EQ(mk_pagetable_map(&self->pt, end - 1, 2), -1);
	EXPECT_EQ(mk_pagetable_map(&self->pt, ~0ULL, ~0ULL), -1);
	EXPECT_EQ(self->pt.used, 0);
	EXPECT_EQ(mk_pagetable_map(&self->pt, end - 1, 1), 0);
	EXPECT_EQ(walk(&self->pt, end - 1), end - 1);
}

TEST_HARNESS_MAIN
