// SPDX-License-Identifier: GPL-2.0
/*
 * Takes a region, as mk_daxfs does, and a word in it.  For test machines only.
 *
 *	insmod mk_share.ko region=data at=4096 value=7	writes, and holds it
 *	insmod mk_share.ko region=data at=4096		reads
 */
#include <linux/io.h>
#include <linux/module.h>

#include "../../mk_core/mk_core.h"

static char *region = "";
module_param(region, charp, 0);
static ulong at;
module_param(at, ulong, 0);
MODULE_PARM_DESC(at, "offset of the word, a multiple of 8");
static ulong value;
module_param(value, ulong, 0);
MODULE_PARM_DESC(value, "what is written there, 0: nothing");
static ulong epoch;
module_param(epoch, ulong, 0);
MODULE_PARM_DESC(epoch, "of a start that is asked for");

static u64 held;

/* Physical address of the word, or 0 behind the region. */
static u64 place(const struct mk_share *share)
{
	u64 offset = at;
	u32 i;

	for (i = 0; i < share->nr; offset -= share->extent[i++].size)
		if (offset < share->extent[i].size)
			return share->extent[i].start + offset;
	return 0;
}

static int use(const struct mk_share *share, u64 *word)
{
	u64 phys = place(share), *p;

	if (!phys)
		return -ENXIO;
	p = memremap(phys, sizeof(*p), MEMREMAP_WB);
	if (!p)
		return -ENOMEM;
	if (value)
		WRITE_ONCE(*p, value);
	*word = READ_ONCE(*p);
	memunmap(p);
	return 0;
}

static u64 size_of(const struct mk_share *share)
{
	u64 size = 0;
	u32 i;

	for (i = 0; i < share->nr; i++)
		size += share->extent[i].size;
	return size;
}

static int __init mk_share_init(void)
{
	struct mk_share share = { };
	u64 word = 0;
	int ret = mk_core_share_get(region, &share);

	held = share.id;
	if (!ret)
		ret = mk_core_share_query(held, &share) ?: use(&share, &word);
	if (ret) {
		if (held)
			mk_core_share_put(held);
		pr_notice("mk_share: %s: error %d\n", region, ret);
		return ret;
	}
	pr_notice("mk_share: %s is %llu: %llu bytes, flags %u, word %llu, epoch %lu %s\n",
		  share.name, share.id, size_of(&share), share.flags, word, epoch,
		  mk_core_alive(epoch) ? "lives" : "is over");
	return 0;
}

static void __exit mk_share_exit(void)
{
	mk_core_share_put(held);
}

module_init(mk_share_init);
module_exit(mk_share_exit);
MODULE_DESCRIPTION("Takes a region, for tests of multikernel");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(COMPAT_NAMESPACE);
