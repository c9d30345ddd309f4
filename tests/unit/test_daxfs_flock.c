// SPDX-License-Identifier: GPL-2.0
/* File locks between kernels: two of them, and one that dies. */
#include <stdlib.h>

#include "daxfs_region.h"
#include "kselftest_harness.h"

#define SIZE	(16ULL << 20)

static const struct daxfs_ref ROOT = { DAXFS_ROOT, 1 };

/* Who waits is to die while another one has this inode locked. */
static struct daxfs *holder;
static struct daxfs_inode *held;

int __wrap_daxfs_pause(struct daxfs *fs, unsigned int tries)
{
	if (!held)
		return __real_daxfs_pause(fs, tries);
	if (tries == 3)
		daxfs_inode_unlock(holder, held);
	return -EINTR;
}

FIXTURE(flock) {
	struct daxfs a;
	struct daxfs b;
	struct daxfs_ref file;
	__u64 used;
};

FIXTURE_SETUP(flock)
{
	ASSERT_EQ(0, region_with_file(&self->a, SIZE, &self->file));
	ASSERT_EQ(0, region_join(&self->b, &self->a, 2));
	self->used = region_used(&self->a);
}

FIXTURE_TEARDOWN(flock)
{
	free(self->b.op);
	region_delete(&self->a);
}

static struct daxfs_flock lock(__u32 kind, __u64 start, __u64 end)
{
	return (struct daxfs_flock){ .kind = kind, .start = start, .end = end };
}

static struct daxfs_flock whole(__u32 kind)
{
	return lock(kind, 0, ~0ULL);
}

TEST_F(flock, posix)
{
	struct daxfs_flock one = lock(DAXFS_FLOCK_WRITE, 10, 19), found;
	struct daxfs_flock read = lock(DAXFS_FLOCK_READ, 19, 30);
	struct daxfs_flock beside = lock(DAXFS_FLOCK_WRITE, 20, 30);

	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, &one, 1));
	EXPECT_EQ(0, daxfs_flock_test(&self->a, self->file, &read, &found));
	ASSERT_EQ(1, daxfs_flock_test(&self->b, self->file, &read, &found));
	EXPECT_EQ(self->a.me, found.owner);
	EXPECT_EQ(DAXFS_FLOCK_WRITE, found.kind);
	EXPECT_EQ(10, found.start);
	EXPECT_EQ(19, found.end);
	EXPECT_EQ(-EAGAIN, daxfs_flock_set(&self->b, self->file, true, &read, 1));
	EXPECT_EQ(0, daxfs_flock_set(&self->b, self->file, true, &beside, 1));
	/* two readers */
	one.kind = DAXFS_FLOCK_READ;
	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, &one, 1));
	EXPECT_EQ(0, daxfs_flock_set(&self->b, self->file, true, &read, 1));
	one.kind = DAXFS_FLOCK_WRITE;
	EXPECT_EQ(-EAGAIN, daxfs_flock_set(&self->a, self->file, true, &one, 1));
	/* what stood against it stays as it was, and so do ours */
	EXPECT_EQ(1, daxfs_flock_test(&self->b, self->file, &one, &found));
	EXPECT_EQ(DAXFS_FLOCK_READ, found.kind);
	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, NULL, 0));
	ASSERT_EQ(0, daxfs_flock_set(&self->b, self->file, true, NULL, 0));
	EXPECT_EQ(0, daxfs_flock_test(&self->b, self->file, &one, &found));
	EXPECT_EQ(self->used, region_used(&self->a));
}

TEST_F(flock, kinds_do_not_meet)
{
	struct daxfs_flock posix = whole(DAXFS_FLOCK_WRITE), all = whole(DAXFS_FLOCK_EXCLUSIVE);
	struct daxfs_flock shared = whole(DAXFS_FLOCK_SHARED), found;

	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, &posix, 1));
	ASSERT_EQ(0, daxfs_flock_set(&self->b, self->file, false, &all, 1));
	EXPECT_EQ(-EAGAIN, daxfs_flock_set(&self->a, self->file, false, &shared, 1));
	ASSERT_EQ(0, daxfs_flock_set(&self->b, self->file, false, &shared, 1));
	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, false, &shared, 1));
	/* each kind is set by itself */
	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, false, NULL, 0));
	EXPECT_EQ(1, daxfs_flock_test(&self->b, self->file, &posix, &found));
}

TEST_F(flock, many)
{
	struct daxfs_flock *want = calloc(9000, sizeof(*want)), found, one;
	__u32 i;

	for (i = 0; i < 9000; i++)
		want[i] = lock(DAXFS_FLOCK_WRITE, i * 2, i * 2);
	EXPECT_EQ(-ENOLCK, daxfs_flock_set(&self->a, self->file, true, want, 9000));
	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, want, 8000));
	EXPECT_EQ(self->used + 64, region_used(&self->a));
	for (i = 0; i < 8000; i += 777) {
		one = lock(DAXFS_FLOCK_READ, i * 2, i * 2);
		EXPECT_EQ(1, daxfs_flock_test(&self->b, self->file, &one, &found));
		one = lock(DAXFS_FLOCK_WRITE, i * 2 + 1, i * 2 + 1);
		EXPECT_EQ(0, daxfs_flock_test(&self->b, self->file, &one, &found));
	}
	/* fewer in their place, beside those of another one */
	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, want, 10));
	one = lock(DAXFS_FLOCK_WRITE, 10000, 20000);
	ASSERT_EQ(0, daxfs_flock_set(&self->b, self->file, true, &one, 1));
	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, NULL, 0));
	EXPECT_EQ(1, daxfs_flock_test(&self->a, self->file, &one, &found));
	ASSERT_EQ(0, daxfs_flock_set(&self->b, self->file, true, NULL, 0));
	EXPECT_EQ(self->used, region_used(&self->a));
	free(want);
}

TEST_F(flock, death)
{
	struct daxfs_flock mine = whole(DAXFS_FLOCK_WRITE), found;

	ASSERT_EQ(0, daxfs_flock_set(&self->b, self->file, true, &mine, 1));
	EXPECT_EQ(-EAGAIN, daxfs_flock_set(&self->a, self->file, true, &mine, 1));
	ASSERT_EQ(1, daxfs_bury(&self->a, 2));
	/* until it is mended: what it had locked may be half done */
	EXPECT_EQ(-EAGAIN, daxfs_flock_set(&self->a, self->file, true, &mine, 1));
	ASSERT_EQ(0, daxfs_mend(&self->a));
	EXPECT_EQ(0, daxfs_flock_test(&self->a, self->file, &mine, &found));
	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, &mine, 1));
	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, NULL, 0));
	EXPECT_EQ(self->used, region_used(&self->a));
}

TEST_F(flock, the_file_goes)
{
	struct daxfs_flock mine = whole(DAXFS_FLOCK_WRITE);

	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, &mine, 1));
	ASSERT_EQ(0, daxfs_unlink(&self->a, ROOT, "f", 1, self->file));
	EXPECT_EQ(self->used, region_used(&self->a));
	EXPECT_EQ(-ESTALE, daxfs_flock_set(&self->a, self->file, true, NULL, 0));
}

TEST_F(flock, unlocks_although_it_is_to_die)
{
	struct daxfs_flock mine = whole(DAXFS_FLOCK_WRITE), found;
	__u64 off;

	ASSERT_EQ(0, daxfs_flock_set(&self->a, self->file, true, &mine, 1));
	holder = &self->b;
	ASSERT_EQ(0, daxfs_inode_lock(holder, self->file, &held, &off));
	EXPECT_EQ(0, daxfs_flock_set(&self->a, self->file, true, NULL, 0));
	held = NULL;
	EXPECT_EQ(0, daxfs_flock_test(&self->b, self->file, &mine, &found));
	EXPECT_EQ(self->used, region_used(&self->a));
}

static __u64 bring(void *arg, void *to, __u64 len)
{
	(void)arg;
	memset(to, 'x', len);
	return len;
}

TEST_F(flock, full)
{
	struct daxfs_flock mine = whole(DAXFS_FLOCK_EXCLUSIVE);
	__u64 pos;

	do {
		pos = DAXFS_APPEND;
	} while (daxfs_write(&self->a, self->file, &pos, DAXFS_BLOCK, bring, NULL) > 0);
	EXPECT_EQ(-ENOLCK, daxfs_flock_set(&self->a, self->file, false, &mine, 1));
	EXPECT_EQ(0, daxfs_flock_set(&self->a, self->file, false, NULL, 0));
	ASSERT_EQ(0, daxfs_resize(&self->a, self->file, 0, true));
	EXPECT_EQ(0, daxfs_flock_set(&self->a, self->file, false, &mine, 1));
}

TEST_HARNESS_MAIN
