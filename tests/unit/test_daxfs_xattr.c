// SPDX-License-Identifier: GPL-2.0
/* Extended attributes: against a copy, at their limits, and read while they change. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "daxfs_region.h"
#include "kselftest_harness.h"

#define SIZE	(16ULL << 20)
#define NAMES	12

static const struct daxfs_ref ROOT = { DAXFS_ROOT, 1 };

FIXTURE(xattr) {
	struct daxfs fs;
	struct daxfs_ref file;
	__u64 used;
};

FIXTURE_SETUP(xattr)
{
	ASSERT_EQ(0, region_with_file(&self->fs, SIZE, &self->file));
	self->used = region_used(&self->fs);
}

FIXTURE_TEARDOWN(xattr)
{
	region_delete(&self->fs);
}

TEST_F(xattr, one)
{
	struct daxfs *fs = &self->fs;
	char value[16], list[64];

	EXPECT_EQ(-ENODATA, daxfs_getxattr(fs, self->file, "user.a", value, 16));
	EXPECT_EQ(0, daxfs_listxattr(fs, self->file, list, sizeof(list)));
	EXPECT_EQ(-ENODATA, daxfs_setxattr(fs, self->file, "user.a", NULL, 0, 0));
	EXPECT_EQ(-ENODATA, daxfs_setxattr(fs, self->file, "user.a", "x", 1,
					   DAXFS_XATTR_REPLACE));
	ASSERT_EQ(0, daxfs_setxattr(fs, self->file, "user.a", "value", 5, DAXFS_XATTR_CREATE));
	EXPECT_EQ(-EEXIST, daxfs_setxattr(fs, self->file, "user.a", "x", 1, DAXFS_XATTR_CREATE));
	EXPECT_EQ(5, daxfs_getxattr(fs, self->file, "user.a", NULL, 0));
	EXPECT_EQ(-ERANGE, daxfs_getxattr(fs, self->file, "user.a", value, 4));
	ASSERT_EQ(5, daxfs_getxattr(fs, self->file, "user.a", value, 5));
	EXPECT_EQ(0, memcmp("value", value, 5));
	ASSERT_EQ(0, daxfs_setxattr(fs, self->file, "user.empty", "", 0, 0));
	EXPECT_EQ(0, daxfs_getxattr(fs, self->file, "user.empty", value, sizeof(value)));
	EXPECT_EQ(18, daxfs_listxattr(fs, self->file, NULL, 0));
	EXPECT_EQ(-ERANGE, daxfs_listxattr(fs, self->file, list, 17));
	ASSERT_EQ(18, daxfs_listxattr(fs, self->file, list, 18));
	EXPECT_EQ(0, memcmp("user.a\0user.empty", list, 18));
	ASSERT_EQ(0, daxfs_setxattr(fs, self->file, "user.a", "other value", 11,
				    DAXFS_XATTR_REPLACE));
	ASSERT_EQ(11, daxfs_getxattr(fs, self->file, "user.a", value, sizeof(value)));
	ASSERT_EQ(0, daxfs_setxattr(fs, self->file, "user.a", NULL, 0, 0));
	ASSERT_EQ(0, daxfs_setxattr(fs, self->file, "user.empty", NULL, 0, 0));
	EXPECT_EQ(self->used, region_used(fs));
}

TEST_F(xattr, limits)
{
	char name[258], *big = calloc(1, DAXFS_XATTR_MAX), *value = malloc(DAXFS_XATTR_MAX);
	/* all of them, their heads and names included */
	__u32 most = DAXFS_XATTR_MAX - sizeof(struct daxfs_xattrs) - sizeof(struct daxfs_xattr) - 8;
	struct daxfs *fs = &self->fs;
	__u32 i;

	for (i = 0; i < DAXFS_XATTR_MAX; i++)
		big[i] = i * 7 / 3;
	EXPECT_EQ(-E2BIG, daxfs_setxattr(fs, self->file, "user.big", big, most + 1, 0));
	EXPECT_EQ(-E2BIG, daxfs_setxattr(fs, self->file, "user.big", big, ~0U, 0));
	ASSERT_EQ(0, daxfs_setxattr(fs, self->file, "user.big", big, most, 0));
	ASSERT_EQ((int)most, daxfs_getxattr(fs, self->file, "user.big", value, DAXFS_XATTR_MAX));
	EXPECT_EQ(0, memcmp(big, value, most));
	EXPECT_EQ(self->used + 16, region_used(fs));
	EXPECT_EQ(-E2BIG, daxfs_setxattr(fs, self->file, "user.more", "", 0, 0));
	ASSERT_EQ(0, daxfs_setxattr(fs, self->file, "user.big", NULL, 0, 0));
	memset(name, 'n', sizeof(name));
	name[257] = 0;
	name[256] = 0;
	EXPECT_EQ(-ERANGE, daxfs_setxattr(fs, self->file, name, "x", 1, 0));
	EXPECT_EQ(-ERANGE, daxfs_setxattr(fs, self->file, "", "x", 1, 0));
	name[255] = 0;
	ASSERT_EQ(0, daxfs_setxattr(fs, self->file, name, "x", 1, 0));
	EXPECT_EQ(1, daxfs_getxattr(fs, self->file, name, value, 1));
	ASSERT_EQ(0, daxfs_unlink(fs, ROOT, "f", 1, self->file));
	EXPECT_EQ(self->used, region_used(fs));
	EXPECT_EQ(-ESTALE, daxfs_getxattr(fs, self->file, name, value, 1));
	free(big);
	free(value);
}

/* With which an inode is made: an ACL, a label. */
TEST_F(xattr, from_the_start)
{
	struct {
		struct daxfs_xattrs head;
		struct daxfs_xattr one;
		char text[12];
	} all = {
		.head = { .len = sizeof(all) - sizeof(all.head), .nr = 1 },
		.one = { .name_len = 6, .value_len = 5 },
		.text = "user.avalue",
	};
	struct daxfs_new new = { .mode = S_IFDIR, .xattrs = &all.head };
	struct daxfs_ref dir;
	struct daxfs_attr attr;
	char value[8];

	ASSERT_EQ(0, daxfs_create(&self->fs, ROOT, "d", 1, &new, &dir));
	ASSERT_EQ(5, daxfs_getxattr(&self->fs, dir, "user.a", value, sizeof(value)));
	EXPECT_EQ(0, memcmp("value", value, 5));
	ASSERT_EQ(0, daxfs_getattr(&self->fs, dir, &attr));
	EXPECT_EQ(2, attr.blocks);
	ASSERT_EQ(0, daxfs_unlink(&self->fs, ROOT, "d", 1, dir));
	EXPECT_EQ(self->used, region_used(&self->fs));
}

TEST_F(xattr, random)
{
	struct daxfs *fs = &self->fs;
	static char model[NAMES][6000];
	char value[6000], name[32];
	int len[NAMES], i, n, round;
	struct daxfs_attr attr;
	unsigned int seed = 3;

	for (i = 0; i < NAMES; i++)
		len[i] = -ENODATA;
	for (round = 0; round < 5000; round++) {
		i = rand_r(&seed) % NAMES;
		snprintf(name, sizeof(name), "trusted.%.*s", i + 1, "abcdefghijklmnop");
		if (rand_r(&seed) % 3 == 0) {
			ASSERT_EQ(len[i] < 0 ? -ENODATA : 0,
				  daxfs_setxattr(fs, self->file, name, NULL, 0, 0));
			len[i] = -ENODATA;
		} else {
			len[i] = rand_r(&seed) % (rand_r(&seed) % 2 ? 40 : sizeof(value));
			for (n = 0; n < len[i]; n++)
				model[i][n] = rand_r(&seed);
			ASSERT_EQ(0, daxfs_setxattr(fs, self->file, name, model[i], len[i], 0));
		}
		for (i = 0; i < NAMES; i++) {
			snprintf(name, sizeof(name), "trusted.%.*s", i + 1, "abcdefghijklmnop");
			n = daxfs_getxattr(fs, self->file, name, value, sizeof(value));
			ASSERT_EQ(len[i], n);
			ASSERT_TRUE(n < 0 || !memcmp(model[i], value, n));
		}
		ASSERT_EQ(0, daxfs_getattr(fs, self->file, &attr));
		ASSERT_EQ(self->used + attr.blocks, region_used(fs));
	}
}

struct other {
	struct daxfs fs;
	struct daxfs_ref file;
	int stop;
	int err;
};

static void *change(void *arg)
{
	struct other *o = arg;
	char value[9000];
	unsigned int i;

	for (i = 0; !__atomic_load_n(&o->stop, __ATOMIC_RELAXED) && !o->err; i++) {
		memset(value, i, sizeof(value));
		o->err = daxfs_setxattr(&o->fs, o->file, "user.a", value,
					1 + i % sizeof(value), 0);
		if (!o->err)
			o->err = daxfs_setxattr(&o->fs, o->file, "user.b", i % 2 ? value : NULL,
						i % 5000, 0);
		if (o->err == -ENODATA)
			o->err = 0;
	}
	return NULL;
}

TEST_F(xattr, read_while_it_changes)
{
	struct other other = { .file = self->file };
	char value[9000], all[9000];
	pthread_t thread;
	int i, n;

	ASSERT_EQ(0, daxfs_setxattr(&self->fs, self->file, "user.a", "x", 1, 0));
	ASSERT_EQ(0, region_join(&other.fs, &self->fs, 2));
	ASSERT_EQ(0, pthread_create(&thread, NULL, change, &other));
	for (i = 0; i < 20000; i++) {
		n = daxfs_getxattr(&self->fs, self->file, "user.a", value, sizeof(value));
		ASSERT_GT(n, 0);
		memset(all, value[0], n);
		ASSERT_EQ(0, memcmp(all, value, n));
	}
	__atomic_store_n(&other.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, other.err);
	free(other.fs.op);
}

TEST_HARNESS_MAIN
