// SPDX-License-Identifier: GPL-2.0
/*
 * Damaged file systems, and one that somebody writes over all the time:
 * errors, never a crash, a hang or an access beside the region.
 *
 * MK_SEED sets where it begins, MK_ROUNDS how many (5000).
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "daxfs_hostile.h"
#include "daxfs_region.h"
#include "kselftest_harness.h"

#define ROUNDS	5000
#define SECONDS	5

static __u64 state;

/* xorshift64* */
static __u32 any(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL) >> 32;
}

static __u64 setting(const char *name, __u64 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static __u64 nasty(__u64 was)
{
	static const __u64 values[] = { 0, 1, ~0ULL, 1ULL << 63, DAXFS_BLOCK, DAXFS_HUGE - 8,
					HOSTILE_SIZE - DAXFS_BLOCK, HOSTILE_SIZE, 0xffffffff };

	switch (any() % 6) {
	case 0:
		return values[any() % ARRAY_SIZE(values)];
	case 1:
		return was ^ 1ULL << any() % 64;
	case 2:		/* another offset, with the same flags */
		return (any() % (HOSTILE_SIZE / DAXFS_BLOCK)) * DAXFS_BLOCK | was % DAXFS_BLOCK;
	case 3:
		return hostile_word(hostile_offset(any()));
	case 4:
		return was + values[any() % ARRAY_SIZE(values)];
	default:
		return (__u64)any() << 32 | any();
	}
}

FIXTURE(hostile) {
	__u32 rounds;
};

FIXTURE_SETUP(hostile)
{
	self->rounds = setting("MK_ROUNDS", ROUNDS);
	state = setting("MK_SEED", 20260101);
	ASSERT_EQ(0, hostile_begin());
}

FIXTURE_TEARDOWN(hostile)
{
	self->rounds = 0;
}

TEST_F_TIMEOUT(hostile, images, 1800)
{
	__u32 i, j, rounds = self->rounds, refused = 0, clean = 0, left = 0;
	struct damage damage[8] = {};
	struct timespec from, to;
	long ms, most = 0;

	damage[0].val = hostile_word(0);
	ASSERT_EQ(0, hostile_run(damage, 1));
	EXPECT_EQ(0, hostile_found);
	for (i = 0; i < rounds; i++) {
		for (j = 0; j < 1 + i % 8; j++) {
			damage[j].off = hostile_offset(any());
			damage[j].val = nasty(hostile_word(damage[j].off));
		}
		clock_gettime(CLOCK_MONOTONIC, &from);
		if (hostile_run(damage, j)) {
			refused++;
			continue;
		}
		clock_gettime(CLOCK_MONOTONIC, &to);
		ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
		most = ms > most ? ms : most;
		clean += !hostile_found;
		left += !!hostile_left;
	}
	TH_LOG("%u images: %u refused, %u without a problem, %u not repaired; at most %ld ms", i,
	       refused, clean, left, most);
	EXPECT_LT(refused, rounds / 2);
	EXPECT_LT(left, rounds / 100 + 1);
	EXPECT_LT(most, 10000);
}

struct scribbler {
	struct daxfs *fs;
	int stop;
};

/* Another kernel that writes anything anywhere. */
static void *scribble(void *arg)
{
	struct scribbler *scribbler = arg;
	__u64 *at, s = 88172645463325252ULL;
	__u32 off;

	while (!__atomic_load_n(&scribbler->stop, __ATOMIC_RELAXED)) {
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		off = hostile_offset(s >> 32);
		at = daxfs_at(scribbler->fs, off, 8);
		/* the super block is looked at once only, when it is attached */
		if (!at || off < DAXFS_BLOCK)
			continue;
		__atomic_store_n(at, s % 3 ? s % HOSTILE_SIZE & ~(DAXFS_BLOCK - 1) : s,
				 __ATOMIC_RELAXED);
		if (s % 64 == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
	}
	return NULL;
}

TEST_F_TIMEOUT(hostile, somebody_scribbles, 1800)
{
	time_t end = time(NULL) + setting("MK_SECONDS", SECONDS);
	__u32 rounds = 0;
	struct scribbler s;
	pthread_t thread;

	while (time(NULL) < end) {
		s = (struct scribbler){ .fs = hostile_fresh() };
		ASSERT_NE(NULL, s.fs);
		ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &s));
		hostile_use(s.fs);
		hostile_use(s.fs);
		__atomic_store_n(&s.stop, 1, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		rounds++;
	}
	TH_LOG("%u rounds", rounds);
}

/* The last 8 bytes of all are no record. */
TEST_F(hostile, a_record_that_is_cut_off)
{
	const __u64 off = HOSTILE_SIZE - DAXFS_BLOCK;
	struct daxfs_ref root = { DAXFS_ROOT, 1 }, ref;
	struct daxfs *fs = hostile_fresh();
	struct daxfs_bucket *bucket;
	struct daxfs_dirent *record;
	struct daxfs_inode *inode;
	__u32 type;

	ASSERT_NE(NULL, fs);
	inode = daxfs_at(fs, DAXFS_ROOT_OFF, sizeof(*inode));
	bucket = daxfs_at(fs, off, DAXFS_BLOCK);
	*bucket = (struct daxfs_bucket){ .magic = DAXFS_BUCKET_MAGIC, .ino = DAXFS_ROOT };
	record = (void *)(bucket + 1);
	record->ino = 0;
	record->len = DAXFS_BLOCK - sizeof(*bucket) - 8;
	inode->height = 0;
	inode->map[0] = off | DAXFS_MAP_VALID;
	ASSERT_EQ(-EUCLEAN, daxfs_lookup(fs, root, "name", 4, &ref, &type));
}

/* A map whose only node names itself would be 256 TiB of blocks. */
TEST_F_TIMEOUT(hostile, a_node_that_names_itself, 60)
{
	struct daxfs_new new = { .mode = S_IFREG | 0644 };
	struct daxfs_ref root = { DAXFS_ROOT, 1 }, ref;
	struct daxfs *fs = hostile_fresh();
	struct daxfs_inode *inode;
	__u64 *node;
	__u32 i;

	ASSERT_NE(NULL, fs);
	ASSERT_EQ(0, daxfs_create(fs, root, "itself", 6, &new, &ref));
	ASSERT_EQ(0, daxfs_fallocate(fs, ref, 0, 0, DAXFS_BLOCK));
	inode = daxfs_at(fs, daxfs_inode_off(fs, ref.ino), sizeof(*inode));
	node = daxfs_at(fs, DAXFS_MAP_OFF(inode->map[0]), DAXFS_BLOCK);
	for (i = 0; i < DAXFS_MAP_FANOUT; i++)
		node[i] = inode->map[0];
	inode->height = DAXFS_MAP_HEIGHT;
	inode->size = DAXFS_FILE_MAX;
	EXPECT_EQ(-EUCLEAN, daxfs_seek(fs, ref, 0, true));
	EXPECT_EQ(-ENOSPC, daxfs_fallocate(fs, ref, DAXFS_ZERO, 0, DAXFS_FILE_MAX));
	EXPECT_EQ(-EUCLEAN, daxfs_resize(fs, ref, 0, true));
}

/* The caller is to die when it has been asked so often; 0: never. */
static __u32 patience;

int __wrap_daxfs_yield(struct daxfs *fs)
{
	return patience && !--patience ? -EINTR : __real_daxfs_yield(fs);
}

/* As many buckets as there can be, all the same one. */
TEST_F(hostile, a_directory_without_end)
{
	static struct daxfs_names names;
	struct daxfs_ref root = { DAXFS_ROOT, 1 };
	struct daxfs *fs = hostile_fresh();
	struct daxfs_bucket *bucket;
	struct daxfs_inode *inode;
	const __u64 off = DAXFS_HUGE - DAXFS_BLOCK;
	__u64 *table;
	__u32 i;

	ASSERT_NE(NULL, fs);
	inode = daxfs_at(fs, DAXFS_ROOT_OFF, sizeof(*inode));
	bucket = daxfs_at(fs, off, DAXFS_BLOCK);
	memset(bucket, 0, DAXFS_BLOCK);
	bucket->magic = DAXFS_BUCKET_MAGIC;
	bucket->ino = DAXFS_ROOT;
	bucket->depth = DAXFS_DEPTH_MAX;
	((struct daxfs_dirent *)(bucket + 1))->len = DAXFS_BLOCK - sizeof(*bucket);
	table = daxfs_at(fs, DAXFS_HUGE, DAXFS_HUGE);
	for (i = 0; i < 1U << DAXFS_DEPTH_MAX; i++)
		table[i] = off;
	inode->height = DAXFS_DEPTH_MAX;
	inode->map[0] = DAXFS_HUGE | DAXFS_MAP_VALID;
	ASSERT_EQ(0, daxfs_readdir(fs, root, 0, &names));
	EXPECT_EQ(0, names.nr);
	patience = 1000;
	EXPECT_EQ(-EINTR, daxfs_readdir(fs, root, 0, &names));
	EXPECT_EQ(0, patience);
}

TEST_F(hostile, parents_without_end)
{
	struct daxfs_new new = { .mode = S_IFDIR | 0755 };
	struct daxfs_ref root = { DAXFS_ROOT, 1 }, none = { 0, 0 }, dir[3];
	struct daxfs *fs = hostile_fresh();
	static const char *const name[] = { "x", "y", "z" };
	__u32 i;

	ASSERT_NE(NULL, fs);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, daxfs_create(fs, root, name[i], 1, &new, &dir[i]));
	for (i = 0; i < 2; i++)
		((struct daxfs_inode *)daxfs_at(fs, daxfs_inode_off(fs, dir[i].ino),
						sizeof(struct daxfs_inode)))->parent = dir[!i].ino;
	EXPECT_EQ(-EUCLEAN, daxfs_rename(fs, root, "z", 1, dir[2], dir[0], "z", 1, none, 0));
	patience = 1000;
	EXPECT_EQ(-EINTR, daxfs_rename(fs, root, "z", 1, dir[2], dir[0], "z", 1, none, 0));
	EXPECT_EQ(0, patience);
}

TEST_HARNESS_MAIN
