// SPDX-License-Identifier: GPL-2.0
/*
 * Chunks: contiguous memory taken from the host's page allocator, and which
 * parts of them are in use.
 */
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "internal.h"

#define GRANULE_PFNS	(MK_POOL_GRANULE >> PAGE_SHIFT)
#define BIT_OF(chunk, addr)	(((addr) - (chunk)->start) / MK_MEMORY_GRANULE)
#define NR_BITS(chunk)	((chunk)->size / MK_MEMORY_GRANULE)

/**
 * mk_chunk_new() - note a chunk, all of it free
 * @start:	physical address
 * @size:	bytes, a multiple of MK_MEMORY_GRANULE
 * @nid:	NUMA node
 *
 * Context: sleeps.
 * Return: the object, or NULL without memory for it.
 */
struct mk_chunk *mk_chunk_new(u64 start, u64 size, int nid)
{
	struct mk_chunk *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	c->start = start;
	c->size = size;
	c->nid = nid;
	c->used = bitmap_zalloc(NR_BITS(c), GFP_KERNEL);
	if (!c->used) {
		kfree(c);
		return NULL;
	}
	return c;
}

/**
 * mk_chunk_delete() - forget a chunk, not its memory
 * @c:		chunk that is in no list
 *
 * Context: any but interrupts.
 */
void mk_chunk_delete(struct mk_chunk *c)
{
	bitmap_free(c->used);
	kfree(c);
}

/**
 * mk_memory_release() - give memory back to the host
 * @start:	physical address
 * @size:	bytes, a multiple of MK_MEMORY_GRANULE; may be 0
 *
 * Context: sleeps.
 */
void mk_memory_release(u64 start, u64 size)
{
	u64 at;

	/* in pieces: free_contig_range() does not reschedule */
	for (at = start; at < start + size; at += MK_MEMORY_GRANULE) {
		free_contig_range(PHYS_PFN(at), MK_MEMORY_GRANULE >> PAGE_SHIFT);
		cond_resched();
	}
}

/**
 * mk_chunk_put() - give a whole chunk back to the host
 * @c:		chunk that is in no list and of which nothing is used
 *
 * Context: sleeps.
 */
void mk_chunk_put(struct mk_chunk *c)
{
	mk_memory_release(c->start, c->size);
	mk_chunk_delete(c);
}

/*
 * A granule can be tried only when all of it is online System RAM of one zone:
 * alloc_contig_range() oopses on a hole.
 */
static bool may_try(unsigned long pfn, int nid)
{
	unsigned long end = pfn + GRANULE_PFNS;
	struct zone *zone = NULL;
	struct page *page;

	for (; pfn < end; pfn += pageblock_nr_pages) {
		page = pfn_to_online_page(pfn);
		if (!page || !pfn_to_online_page(pfn + pageblock_nr_pages - 1))
			return false;
		if (nid != NUMA_NO_NODE && page_to_nid(page) != nid)
			return false;
		if (zone && page_zone(page) != zone)
			return false;
		zone = page_zone(page);
	}
	return true;
}

static int node_of(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page ? page_to_nid(page) : NUMA_NO_NODE;
}

/* The host keeps a granule for itself: it is not to be driven out of memory. */
static bool host_can_spare(void)
{
	return si_mem_available() > 2 * GRANULE_PFNS;
}

static bool take_granule(unsigned long pfn, int nid)
{
	return host_can_spare() && may_try(pfn, nid) &&
	       !alloc_contig_range(pfn, pfn + GRANULE_PFNS, COMPAT_CONTIG_KIND,
				   GFP_KERNEL | __GFP_NOWARN);
}

/* Physical addresses beyond the last page of RAM are not worth trying. */
static unsigned long last_pfn(void)
{
	unsigned long last = 0;
	int nid;

	for_each_online_node(nid)
		last = max(last, node_end_pfn(nid));
	return last;
}

static int check_stop(struct mk_error *err)
{
	if (READ_ONCE(mk_going_down))
		return mk_fail(err, -ESHUTDOWN, MK_E_SHUTDOWN, 0, 0);
	if (fatal_signal_pending(current))
		return mk_fail(err, -EINTR, MK_E_INTERNAL, -EINTR, 0);
	return 0;
}

/**
 * mk_chunk_get() - take contiguous memory from the host
 * @want:	size, node, and address (0: any)
 * @out:	the chunk
 * @err:	what was wrong; the largest size that can be had, if it is memory
 *
 * Grows a run granule by granule from the top, so that every granule is asked
 * for once and the longest run is known when none is long enough.
 *
 * Context: one change of the pool at a time; sleeps. A fatal signal or the
 * host's end stops it.
 * Return: 0 or a negative errno.
 */
int mk_chunk_get(const struct mk_extent *want, struct mk_chunk **out,
		 struct mk_error *err)
{
	u64 need = want->size / MK_POOL_GRANULE, run = 0, longest = 0;
	unsigned long pfn, floor = 0;
	int ret;

	if (!want->size)
		return mk_fail(err, -EINVAL, MK_E_MEM_NONE, 0, 0);
	if (want->size % MK_POOL_GRANULE || want->start % MK_POOL_GRANULE)
		return mk_fail(err, -EINVAL, MK_E_MEM_ALIGN, want->size, MK_POOL_GRANULE);
	if (want->node != NUMA_NO_NODE &&
	    (want->node < 0 || want->node >= MAX_NUMNODES || !node_online(want->node)))
		return mk_fail(err, -EINVAL, MK_E_MEM_NODE, want->node, 0);

	pfn = ALIGN_DOWN(last_pfn(), GRANULE_PFNS);
	if (want->start) {
		floor = PHYS_PFN(want->start);
		pfn = min_t(u64, pfn, PHYS_PFN(want->start + want->size));
	}
	while (pfn > floor) {
		pfn -= GRANULE_PFNS;
		ret = check_stop(err);
		if (ret) {
			mk_memory_release(PFN_PHYS(pfn + GRANULE_PFNS), run * MK_POOL_GRANULE);
			return ret;
		}
		if (take_granule(pfn, run ? node_of(pfn + GRANULE_PFNS) : want->node)) {
			if (++run == need)
				break;
			continue;
		}
		mk_memory_release(PFN_PHYS(pfn + GRANULE_PFNS), run * MK_POOL_GRANULE);
		longest = max(longest, run);
		if (run && node_of(pfn) != node_of(pfn + GRANULE_PFNS))
			pfn += GRANULE_PFNS;	/* a run ends with its node: once more, alone */
		run = 0;
	}
	if (run == need) {
		*out = mk_chunk_new(PFN_PHYS(pfn), want->size, node_of(pfn));
		if (*out)
			return 0;
		mk_memory_release(PFN_PHYS(pfn), want->size);
		return mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	}
	if (run) {
		mk_memory_release(PFN_PHYS(pfn), run * MK_POOL_GRANULE);
		longest = max(longest, run);
	}
	return mk_fail(err, -ENOMEM, MK_E_MEM_CONTIG, want->size, longest * MK_POOL_GRANULE);
}

/**
 * mk_chunk_free_bytes() - how much of a chunk is free?
 * @c:		chunk
 *
 * Context: mk_pool_lock held.
 * Return: bytes.
 */
u64 mk_chunk_free_bytes(const struct mk_chunk *c)
{
	return (NR_BITS(c) - bitmap_weight(c->used, NR_BITS(c))) * MK_MEMORY_GRANULE;
}

/**
 * mk_chunk_largest() - the largest free range of a chunk
 * @c:		chunk
 * @start:	where it starts
 *
 * Return: its bytes, 0 when nothing is free.
 */
u64 mk_chunk_largest(const struct mk_chunk *c, u64 *start)
{
	unsigned long from, to = 0, best = 0, n = NR_BITS(c);

	for (;;) {
		from = find_next_zero_bit(c->used, n, to);
		if (from >= n)
			break;
		to = find_next_bit(c->used, n, from);
		if (to - from > best) {
			best = to - from;
			*start = c->start + from * MK_MEMORY_GRANULE;
		}
	}
	return best * MK_MEMORY_GRANULE;
}

/**
 * mk_chunk_mark() - note a range as used or free
 * @c:		chunk
 * @start:	physical address in it
 * @size:	bytes, a multiple of MK_MEMORY_GRANULE
 * @used:	used, or free again
 *
 * Context: mk_pool_lock held.
 */
void mk_chunk_mark(struct mk_chunk *c, u64 start, u64 size, bool used)
{
	if (used)
		bitmap_set(c->used, BIT_OF(c, start), size / MK_MEMORY_GRANULE);
	else
		bitmap_clear(c->used, BIT_OF(c, start), size / MK_MEMORY_GRANULE);
}

/**
 * mk_chunk_is_free() - is a range free?
 * @c:		chunk
 * @start:	physical address in it
 * @size:	bytes, a multiple of MK_MEMORY_GRANULE
 *
 * Context: mk_pool_lock held.
 * Return: true when nothing of it is used.
 */
bool mk_chunk_is_free(const struct mk_chunk *c, u64 start, u64 size)
{
	unsigned long end = BIT_OF(c, start) + size / MK_MEMORY_GRANULE;

	return find_next_bit(c->used, end, BIT_OF(c, start)) >= end;
}
