// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "daxfs_env.h"

#define SPINS		200
#define YIELDS		1000
#define SLEEP_NS	1000000
#define TRIES		(YIELDS + 30000)

int daxfs_pause(struct daxfs *fs, unsigned int tries)
{
	const struct timespec t = { .tv_nsec = SLEEP_NS };
	const struct daxfs_env *env = fs->priv;
	unsigned int most = env && env->tries ? env->tries : TRIES;

	if (tries > most)
		return -EIO;
	if (env && env->idle)
		env->idle(fs);
	if (tries < SPINS)
		return 0;
	if (tries < YIELDS) {
		sched_yield();
		return 0;
	}
	nanosleep(&t, NULL);
	return 0;
}

int daxfs_yield(struct daxfs *fs)
{
	(void)fs;
	return 0;
}

__u64 daxfs_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

int daxfs_bad(struct daxfs *fs, const char *what, __u64 off)
{
	struct daxfs_env *env = fs->priv;

	if (!env)
		fprintf(stderr, "daxfs: %s makes no sense at %#llx\n", what, off);
	else
		env->bad++;
	if (env && env->tell)
		env->tell(fs, what, off);
	return -EUCLEAN;
}
