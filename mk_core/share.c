// SPDX-License-Identifier: GPL-2.0
/*
 * Regions for the modules above, the same in the host and in an instance, which
 * reads a page that its host writes (struct mk_share_table).
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <asm/barrier.h>
#include <asm/processor.h>

#include "internal.h"
#include "mk_core.h"

#define READ_TRIES	1000	/* of at least 100 us each */

static const struct mk_share_table *table;
static u64 own_epoch;	/* 0: this is the host */

/**
 * mk_share_init() - an instance learns where its table is
 * @epoch:	of this start
 * @region:	the table, or NULL when the host's mk_core has none
 *
 * Context: module load.
 */
void mk_share_init(u64 epoch, const struct mk_region *region)
{
	own_epoch = epoch;
	if (!region)
		return;
	if (region->size < sizeof(*table) || !IS_ALIGNED(region->start, PAGE_SIZE))
		pr_err("the page that tells of regions is malformed: there are none here\n");
	else
		table = memremap(region->start, sizeof(*table), MEMREMAP_WB);
}

/* --- what the host says, copied and checked ------------------------------------ */

/* All of it at one time; the host may be stopped for a while, but not for ever. */
static int read_table(struct mk_share *shares)
{
	u32 seq, i;

	for (i = 0; i < READ_TRIES; i++) {
		seq = virt_load_acquire(&table->seq);	/* pairs with tell() */
		if (!(seq & 1)) {
			memcpy(shares, table->share, sizeof(table->share));
			virt_rmb();	/* the copy is done before seq is read again */
			if (READ_ONCE(table->seq) == seq)
				return 0;
		}
		usleep_range(100, 200);
	}
	pr_err("the host does not finish telling of regions\n");
	return -EAGAIN;
}

static bool overlap(const struct mk_share *s, u32 a, u32 b)
{
	return s->extent[a].start < s->extent[b].start + s->extent[b].size &&
	       s->extent[b].start < s->extent[a].start + s->extent[a].size;
}

/* Whole granules that this machine can address and this kernel does not own. */
static bool extent_good(const struct mk_share *s, u32 i)
{
	u64 start = s->extent[i].start, size = s->extent[i].size, most;
	u32 j;

	most = 1ULL << boot_cpu_data.x86_phys_bits;
	if (!start || !size || (start | size) % MK_MEMORY_GRANULE || start >= most ||
	    size > most - start)
		return false;
	for (j = 0; j < i; j++)
		if (overlap(s, i, j))
			return false;
	return region_intersects(start, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) ==
	       REGION_DISJOINT;
}

static bool share_good(const struct mk_share *s)
{
	struct mk_error ignored;
	u32 i;

	if (mk_core_check_name(s->name, &ignored) || s->flags & ~MK_SHARE_RO || !s->nr ||
	    s->nr > MK_MAX_EXTENTS)
		return false;
	for (i = 0; i < s->nr; i++)
		if (!extent_good(s, i))
			return false;
	return true;
}

static int find_share(const char *name, u64 id, struct mk_share *out)
{
	struct mk_share *shares, *s;
	int ret;

	if (!table)
		return -ENOENT;
	shares = kmalloc(sizeof(table->share), GFP_KERNEL);
	if (!shares)
		return -ENOMEM;
	ret = read_table(shares);
	for (s = shares; !ret && s < shares + MK_MAX_SHARES; s++)
		if (s->id && (*name ? !strncmp(s->name, name, sizeof(s->name)) : s->id == id))
			break;
	if (!ret && s == shares + MK_MAX_SHARES)
		ret = -ENOENT;
	if (!ret && !share_good(s)) {
		pr_err("what the host says of region %llu is malformed: refused\n", s->id);
		ret = -EUCLEAN;
	}
	if (!ret)
		*out = *s;
	kfree(shares);
	return ret;
}

/* --- for the modules above --------------------------------------------------------- */

int mk_core_share_get(const char *name, struct mk_share *share)
{
	if (!*name)
		return -ENOENT;
	return own_epoch ? find_share(name, 0, share) : mk_region_share(name, 0, true, share);
}
EXPORT_SYMBOL_NS_GPL(mk_core_share_get, COMPAT_NAMESPACE);

void mk_core_share_put(u64 id)
{
	if (!own_epoch)
		mk_region_release(id);
}
EXPORT_SYMBOL_NS_GPL(mk_core_share_put, COMPAT_NAMESPACE);

int mk_core_share_query(u64 id, struct mk_share *share)
{
	return own_epoch ? find_share("", id, share) : mk_region_share("", id, false, share);
}
EXPORT_SYMBOL_NS_GPL(mk_core_share_query, COMPAT_NAMESPACE);

bool mk_core_share_is_mapped(u64 id)
{
	return own_epoch || mk_region_is_mapped(id);
}
EXPORT_SYMBOL_NS_GPL(mk_core_share_is_mapped, COMPAT_NAMESPACE);

bool mk_core_alive(u64 epoch)
{
	u32 i;

	if (!epoch || epoch == own_epoch)
		return true;
	if (!own_epoch)
		return mk_region_alive(epoch);
	for (i = 0; table && i < MK_MAX_ALIVE; i++)
		/* pairs with set_alive() */
		if (virt_load_acquire(&table->alive[i]) == epoch)
			return true;
	return !table;	/* nobody knows */
}
EXPORT_SYMBOL_NS_GPL(mk_core_alive, COMPAT_NAMESPACE);
