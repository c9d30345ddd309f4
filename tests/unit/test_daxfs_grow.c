// SPDX-License-Identifier: GPL-2.0
/* A file system becomes larger while kernels have it; who has mapped less is waited for. */
#include <stdlib.h>
#include <sys/mman.h>

#include "daxfs_env.h"
#include "daxfs_region.h"
#include "kselftest_harness.h"

#define SMALL	(64ULL << 20)
#define LARGE	(300ULL << 20)

FIXTURE(grow)
{
	__u8 *piece[LARGE / DAXFS_HUGE];
	struct daxfs_env env;
	struct daxfs one;
	struct daxfs two;
};

static int join(struct daxfs *fs, __u64 size, __u64 boot)
{
	struct daxfs_who who = { .boot = boot };
	int err;

	fs->size = size;
	err = daxfs_attach(fs);
	if (err)
		return err;
	fs->op = calloc(fs->nr_ops, sizeof(*fs->op));
	return daxfs_join(fs, &who);
}

/* Whoever joins writes. */
TEST(unknown_features)
{
	const struct daxfs_who who = { .boot = 2 };
	struct daxfs fs;

	ASSERT_EQ(0, region_new(&fs, SMALL));
	daxfs_leave(&fs);
	daxfs_super(&fs)->ro_compat = 1;
	EXPECT_EQ(0, daxfs_attach(&fs));
	EXPECT_EQ(-EPROTONOSUPPORT, daxfs_join(&fs, &who));
	daxfs_super(&fs)->incompat = 1ULL << 63;
	EXPECT_EQ(-EPROTONOSUPPORT, daxfs_attach(&fs));
	region_delete(&fs);
}

FIXTURE_SETUP(grow)
{
	struct daxfs_params params = { .size = SMALL };
	__u64 i;

	for (i = 0; i < LARGE / DAXFS_HUGE; i++)
		self->piece[i] = mmap(NULL, DAXFS_HUGE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	self->env.tries = 100;
	self->one = (struct daxfs){ .piece = self->piece, .size = SMALL, .priv = &self->env };
	self->two = self->one;
	ASSERT_EQ(0, daxfs_format(&self->one, &params));
	ASSERT_EQ(0, join(&self->one, SMALL, 1));
}

FIXTURE_TEARDOWN(grow)
{
	__u64 i;

	for (i = 0; i < LARGE / DAXFS_HUGE; i++)
		munmap(self->piece[i], DAXFS_HUGE);
	free(self->one.op);
	free(self->two.op);
}

static __u64 blocks(struct daxfs *fs)
{
	struct daxfs_stat st;

	daxfs_statfs(fs, &st);
	return st.blocks;
}

TEST_F(grow, alone)
{
	__u64 before = blocks(&self->one);

	EXPECT_EQ(-EINVAL, daxfs_grow(&self->one, LARGE));
	self->one.size = LARGE;
	daxfs_mapped(&self->one);
	EXPECT_EQ(0, daxfs_grow(&self->one, LARGE));
	EXPECT_LT(before + (LARGE - SMALL) / DAXFS_BLOCK - 10, blocks(&self->one));
	EXPECT_EQ(-EINVAL, daxfs_grow(&self->one, SMALL));
	EXPECT_EQ(0, daxfs_grow(&self->one, LARGE));
}

TEST_F(grow, others_map_it_first)
{
	__u64 before = blocks(&self->one);

	ASSERT_EQ(0, join(&self->two, LARGE, 2));
	EXPECT_EQ(-EIO, daxfs_grow(&self->two, LARGE));
	EXPECT_EQ(before, blocks(&self->two));
	self->one.size = LARGE;
	daxfs_mapped(&self->one);
	EXPECT_EQ(0, daxfs_grow(&self->two, LARGE));
	EXPECT_LT(before, blocks(&self->one));
}

TEST_F(grow, the_dead_are_not_waited_for)
{
	ASSERT_EQ(0, join(&self->two, LARGE, 2));
	EXPECT_EQ(1, daxfs_bury(&self->two, 1));
	EXPECT_EQ(0, daxfs_grow(&self->two, LARGE));
}

TEST_F(grow, nobody_joins_meanwhile)
{
	ASSERT_EQ(0, daxfs_lock(&self->one, &daxfs_super(&self->one)->grow));
	EXPECT_EQ(-EAGAIN, join(&self->two, SMALL, 2));
	daxfs_unlock(&self->one, &daxfs_super(&self->one)->grow);
	free(self->two.op);
	EXPECT_EQ(0, join(&self->two, SMALL, 2));
}

TEST_F(grow, who_maps_less_than_it_has_is_refused)
{
	self->one.size = LARGE;
	daxfs_mapped(&self->one);
	EXPECT_EQ(0, daxfs_grow(&self->one, LARGE));
	EXPECT_EQ(-EUCLEAN, join(&self->two, SMALL, 2));
}

TEST_HARNESS_MAIN
