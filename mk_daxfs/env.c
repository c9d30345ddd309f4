// SPDX-License-Identifier: GPL-2.0
/* What the core wants of its surroundings (fs.h), in a kernel. */
#include <linux/delay.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#include "internal.h"

#define SPINS		300	/* of daxfs_pause(), then it sleeps */
#define SLEEP_MOST	1000	/* us at a time */
#define SLEEPS		20000	/* of at least 1 ms and a bit: 20 to 40 s */

/* For mkctl: memory without a name can be copied. */
static const char *name_of(const struct mk_fs *mounted)
{
	return mounted->pages.kind == MK_FS_PHYS ? "COPY-OF-ITS-MEMORY" : mounted->pages.name;
}

/* A lock is held for microseconds, unless its owner does not run. */
int daxfs_pause(struct daxfs *fs, unsigned int tries)
{
	struct mk_fs *mounted = fs->priv;
	unsigned int us = min_t(unsigned int, tries - min_t(unsigned int, tries, SPINS) + 10,
				SLEEP_MOST);

	if (fs == &mounted->quick)
		return -ECHILD;
	if (tries < SPINS) {
		cpu_relax();
		return 0;
	}
	if (tries > SPINS + SLEEPS) {
		pr_err_ratelimited("%s: a lock is not let go: mkctl fs inspect %s tells whose it is\n",
				   mounted->pages.name, name_of(mounted));
		return -EIO;
	}
	/* perhaps its owner is dead, or all records wait for a grace period */
	if (tries % 16 == 0)
		mk_fs_grace_soon(mounted);
	usleep_range(us, us * 2);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

int daxfs_yield(struct daxfs *fs)
{
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

u64 daxfs_now(void)
{
	return ktime_get_coarse_real_ns();
}

int daxfs_bad(struct daxfs *fs, const char *what, u64 off)
{
	struct mk_fs *mounted = fs->priv;

	pr_err_ratelimited("%s: bad %s at %#llx: unmount it everywhere, then mkctl fs check %s\n",
			   mounted->pages.name, what, off, name_of(mounted));
	return -EUCLEAN;
}

/**
 * mk_fs_boot() - a number that tells this start of this kernel from all others
 *
 * Context: any.
 * Return: of an instance its epoch; above 0, without bit 63, which programs have.
 */
u64 mk_fs_boot(void)
{
	static u64 boot;
	struct mk_self self;

	if (!mk_core_self(&self))
		return self.epoch;
	while (!READ_ONCE(boot))
		cmpxchg(&boot, 0, get_random_u64() >> 1);
	return boot;
}
