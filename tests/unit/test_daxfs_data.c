// SPDX-License-Identifier: GPL-2.0
/* The contents of files: random writes, truncations, holes, against a copy. */
#include <stdlib.h>

#include "../../mk_daxfs/fs.h"
#include "daxfs_region.h"
#include "kselftest_harness.h"

#define SIZE	(64ULL << 20)
#define FILE_SIZE (12ULL << 20)

FIXTURE(data) {
	struct daxfs fs;
	struct daxfs_ref file;
	struct daxfs_stat before;
	__u8 *model;
	__u64 size;
	unsigned int seed;
};

FIXTURE_SETUP(data)
{
	struct daxfs_ref root = { DAXFS_ROOT, 1 };
	struct daxfs_new new = { .mode = S_IFREG | 0644 };

	self->seed = 1;
	ASSERT_EQ(0, region_new(&self->fs, SIZE));
	ASSERT_EQ(0, daxfs_create(&self->fs, root, "file", 4, &new, &self->file));
	daxfs_statfs(&self->fs, &self->before);
	self->model = calloc(1, FILE_SIZE + DAXFS_BLOCK);
}

FIXTURE_TEARDOWN(data)
{
	free(self->model);
	region_delete(&self->fs);
}

static __u64 next(unsigned int *seed, __u64 below)
{
	return ((__u64)rand_r(seed) << 31 | rand_r(seed)) % below;
}

static __u64 bring(void *arg, void *to, __u64 len)
{
	__u8 **from = arg;

	memcpy(to, *from, len);
	*from += len;
	return len;
}

static void bytes_of(struct daxfs *fs, struct daxfs_ref file, __u64 size, __u8 *to)
{
	struct daxfs_run run;
	__u64 pos, i;

	for (pos = 0; pos < size; pos += run.len) {
		if (daxfs_map(fs, file, pos, size - pos, &run))
			abort();
		for (i = 0; i < run.len && pos + i < size; i += DAXFS_BLOCK)
			if (run.off)
				memcpy(to + pos + i, daxfs_at(fs, run.off + i, DAXFS_BLOCK),
				       DAXFS_BLOCK);
			else
				memset(to + pos + i, 0, DAXFS_BLOCK);
	}
}

/* What random offsets and lengths look like: some at borders of blocks and 2 MiB. */
static __u64 any_offset(unsigned int *seed, __u64 below)
{
	__u64 unit[] = { 1, DAXFS_BLOCK, DAXFS_HUGE };

	return next(seed, below) / unit[next(seed, 3)] * unit[next(seed, 3)] % below;
}

static void mutate(struct __test_metadata *_metadata, struct _test_data_data *self)
{
	__u64 pos = any_offset(&self->seed, FILE_SIZE), end;
	__u64 len = 1 + any_offset(&self->seed, FILE_SIZE - pos) % (5ULL << 20);
	unsigned int what = next(&self->seed, 10), i;
	__u8 *from;

	if (pos + len > FILE_SIZE)
		len = FILE_SIZE - pos;
	end = pos + len;
	if (what < 5) {
		len = what ? len % 70000 + 1 : len;
		if (pos + len > FILE_SIZE)
			len = FILE_SIZE - pos;
		for (i = 0; i < len; i++)
			self->model[pos + i] = rand_r(&self->seed);
		from = self->model + pos;
		ASSERT_EQ((__s64)len, daxfs_write(&self->fs, self->file, &pos, len, bring, &from));
		end = pos + len;
		if (end > self->size)
			self->size = end;
	} else if (what < 7) {
		ASSERT_EQ(0, daxfs_resize(&self->fs, self->file, pos, true));
		if (pos < self->size)
			memset(self->model + pos, 0, self->size - pos);
		self->size = pos;
	} else if (what < 9) {
		ASSERT_EQ(0, daxfs_fallocate(&self->fs, self->file,
					     DAXFS_PUNCH | DAXFS_KEEP_SIZE, pos, len));
		memset(self->model + pos, 0, len);
	} else {
		i = next(&self->seed, 2) ? DAXFS_ZERO : 0;
		ASSERT_EQ(0, daxfs_fallocate(&self->fs, self->file, i, pos, len));
		if (i)
			memset(self->model + pos, 0, len);
		if (end > self->size)
			self->size = end;
	}
}

TEST_F(data, random)
{
	__u8 *got = malloc(FILE_SIZE + DAXFS_BLOCK);
	struct daxfs_attr attr;
	unsigned int i;

	for (i = 0; i < 1500; i++) {
		mutate(_metadata, self);
		ASSERT_EQ(0, daxfs_getattr(&self->fs, self->file, &attr));
		ASSERT_EQ(self->size, attr.size);
		if (i % 10)
			continue;
		bytes_of(&self->fs, self->file, self->size, got);
		ASSERT_EQ(0, memcmp(got, self->model, self->size)) TH_LOG("step %u", i);
	}
	free(got);
}

TEST_F(data, nothing_leaks)
{
	struct daxfs_stat after;
	unsigned int i;

	for (i = 0; i < 300; i++)
		mutate(_metadata, self);
	ASSERT_EQ(0, daxfs_resize(&self->fs, self->file, 0, true));
	daxfs_pass(&self->fs, daxfs_super(&self->fs)->grace);
	ASSERT_EQ(0, daxfs_reap(&self->fs));
	daxfs_statfs(&self->fs, &after);
	ASSERT_EQ(self->before.free_blocks, after.free_blocks);
	ASSERT_EQ(self->before.free_inodes, after.free_inodes);
}

/* More pieces than one operation gives back. */
TEST_F(data, fragmented)
{
	struct daxfs_ref root = { DAXFS_ROOT, 1 }, other;
	struct daxfs_new new = { .mode = S_IFREG | 0644 };
	struct daxfs_stat after;
	__u64 i, pos;
	__u8 *from;

	ASSERT_EQ(0, daxfs_create(&self->fs, root, "other", 5, &new, &other));
	for (i = 0; i < 400; i++) {
		from = self->model;
		pos = i * DAXFS_BLOCK;
		ASSERT_EQ(1, daxfs_write(&self->fs, self->file, &pos, 1, bring, &from));
		ASSERT_EQ(1, daxfs_write(&self->fs, other, &pos, 1, bring, &from));
	}
	ASSERT_EQ(0, daxfs_resize(&self->fs, self->file, 0, true));
	ASSERT_EQ(0, daxfs_unlink(&self->fs, root, "other", 5, other));
	daxfs_statfs(&self->fs, &after);
	ASSERT_EQ(self->before.free_blocks, after.free_blocks);
}

TEST_F(data, full)
{
	struct daxfs_stat st;
	__u8 *from;
	__u64 pos = 0;
	__s64 n;

	do {
		from = self->model;
		pos = DAXFS_APPEND;
		n = daxfs_write(&self->fs, self->file, &pos, FILE_SIZE, bring, &from);
	} while (n > 0);
	ASSERT_EQ(-ENOSPC, n);
	daxfs_statfs(&self->fs, &st);
	ASSERT_EQ(0, st.free_blocks);
	ASSERT_EQ(0, daxfs_resize(&self->fs, self->file, 0, true));
	daxfs_statfs(&self->fs, &st);
	ASSERT_EQ(self->before.free_blocks, st.free_blocks);
}

TEST_F(data, huge)
{
	struct daxfs_run run;
	__u8 *from = self->model;
	__u64 pos = 0;

	ASSERT_EQ((__s64)FILE_SIZE, daxfs_write(&self->fs, self->file, &pos, FILE_SIZE, bring,
						&from));
	for (pos = 0; pos < FILE_SIZE; pos += DAXFS_HUGE) {
		ASSERT_EQ(0, daxfs_map(&self->fs, self->file, pos, DAXFS_HUGE, &run));
		ASSERT_EQ(DAXFS_HUGE, run.len);
		ASSERT_EQ(0, run.off % DAXFS_HUGE);
	}
}

TEST_F(data, seek)
{
	__u8 byte = 1, *from = &byte;
	__u64 pos = 5 * DAXFS_BLOCK;

	ASSERT_EQ(1, daxfs_write(&self->fs, self->file, &pos, 1, bring, &from));
	ASSERT_EQ(0, daxfs_resize(&self->fs, self->file, 100 * DAXFS_BLOCK, true));
	ASSERT_EQ(5 * (__s64)DAXFS_BLOCK, daxfs_seek(&self->fs, self->file, 1, false));
	ASSERT_EQ(1, daxfs_seek(&self->fs, self->file, 1, true));
	ASSERT_EQ(6 * (__s64)DAXFS_BLOCK,
		  daxfs_seek(&self->fs, self->file, 5 * DAXFS_BLOCK, true));
	ASSERT_EQ(-ENXIO, daxfs_seek(&self->fs, self->file, 6 * DAXFS_BLOCK, false));
	ASSERT_EQ(-ENXIO, daxfs_seek(&self->fs, self->file, 100 * DAXFS_BLOCK, true));
}

/* --- a full region ------------------------------------------------------------------ */

#define MIB	(1024ULL << 10)

static __s64 write_bytes(struct daxfs *fs, struct daxfs_ref file, __u64 pos, __u64 len, int byte)
{
	static __u8 bytes[8 << 20];
	__u8 *from = bytes;

	memset(bytes, byte, len);
	return daxfs_write(fs, file, &pos, len, bring, &from);
}

static __u64 free_blocks(struct daxfs *fs)
{
	struct daxfs_stat st;

	daxfs_statfs(fs, &st);
	return st.free_blocks;
}

static struct daxfs_ref create(struct daxfs *fs, const char *name)
{
	struct daxfs_ref root = { DAXFS_ROOT, 1 }, ref = { 0, 0 };
	struct daxfs_new new = { .mode = S_IFREG | 0644 };

	daxfs_create(fs, root, name, strlen(name), &new, &ref);
	return ref;
}

/* Leave @left blocks free, in files of blocks. */
static void fill_up(struct daxfs *fs, __u64 left)
{
	char name[] = "a";
	__u64 pos = 0;
	struct daxfs_ref file = create(fs, name);

	while (free_blocks(fs) > left) {
		if (pos == MIB) {
			name[0]++;
			file = create(fs, name);
			pos = 0;
		}
		if (write_bytes(fs, file, pos, DAXFS_BLOCK, 'f') < 0)
			break;
		pos += DAXFS_BLOCK;
	}
}

/* Are the bytes of a file in a range all the same? */
static bool all_are(struct daxfs *fs, struct daxfs_ref file, __u64 from, __u64 to, int byte)
{
	__u8 *bytes = malloc(to + DAXFS_BLOCK);
	__u64 i;

	bytes_of(fs, file, to, bytes);
	for (i = from; i < to && bytes[i] == byte; i++)
		;
	free(bytes);
	return i == to;
}

static struct daxfs_attr attr_of(struct daxfs *fs, struct daxfs_ref file)
{
	struct daxfs_attr attr = {};

	daxfs_getattr(fs, file, &attr);
	return attr;
}

/* The end is within 2 MiB that others may have mapped. */
TEST_F(data, full_truncate_shared)
{
	struct daxfs *fs = &self->fs;
	struct daxfs_attr attr;
	__u64 grace;

	ASSERT_EQ(0, daxfs_open(fs, self->file));
	ASSERT_EQ(2 * (__s64)MIB, write_bytes(fs, self->file, 0, 2 * MIB, 'x'));
	fill_up(fs, 0);
	grace = daxfs_super(fs)->grace;
	ASSERT_EQ(0, daxfs_resize(fs, self->file, MIB, false));
	/* they are told */
	EXPECT_EQ(grace + 1, daxfs_super(fs)->grace);
	attr = attr_of(fs, self->file);
	EXPECT_EQ(MIB, attr.size);
	EXPECT_EQ(DAXFS_INO_AHEAD, attr.flags);
	/* and it can be used as any */
	EXPECT_EQ(10, write_bytes(fs, self->file, 0, 10, 'x'));
	ASSERT_EQ(0, daxfs_resize(fs, self->file, 2 * MIB, false));
	EXPECT_TRUE(all_are(fs, self->file, 0, MIB, 'x'));
	EXPECT_TRUE(all_are(fs, self->file, MIB, 2 * MIB, 0));
	ASSERT_EQ(0, daxfs_resize(fs, self->file, MIB, false));
	daxfs_close(fs, self->file);
	attr = attr_of(fs, self->file);
	EXPECT_EQ(0, attr.flags);
	EXPECT_EQ(256 + 2, attr.blocks);
	EXPECT_EQ(255, free_blocks(fs));
	EXPECT_TRUE(all_are(fs, self->file, 0, MIB, 'x'));
}

TEST_F(data, full_truncate_alone)
{
	struct daxfs *fs = &self->fs;

	ASSERT_EQ(4 * (__s64)MIB, write_bytes(fs, self->file, 0, 4 * MIB, 'x'));
	fill_up(fs, 0);
	ASSERT_EQ(0, daxfs_resize(fs, self->file, MIB + 5, true));
	EXPECT_EQ(0, attr_of(fs, self->file).flags);
	EXPECT_EQ(257 + 2, attr_of(fs, self->file).blocks);
	EXPECT_EQ(1024 + 1 - 257 - 2, free_blocks(fs));
	ASSERT_EQ(0, daxfs_resize(fs, self->file, 4 * MIB, true));
	EXPECT_TRUE(all_are(fs, self->file, 0, MIB + 5, 'x'));
	EXPECT_TRUE(all_are(fs, self->file, MIB + 5, 4 * MIB, 0));
	ASSERT_EQ(0, daxfs_resize(fs, self->file, 0, true));
	EXPECT_EQ(1024 + 1, free_blocks(fs));
}

TEST_F(data, full_punch)
{
	struct daxfs *fs = &self->fs;

	ASSERT_EQ(2 * (__s64)MIB, write_bytes(fs, self->file, 0, 2 * MIB, 'x'));
	fill_up(fs, 0);
	ASSERT_EQ(0, daxfs_fallocate(fs, self->file, DAXFS_PUNCH | DAXFS_KEEP_SIZE, MIB / 2, MIB));
	EXPECT_EQ(0, attr_of(fs, self->file).flags);
	EXPECT_TRUE(all_are(fs, self->file, 0, MIB / 2, 'x'));
	EXPECT_TRUE(all_are(fs, self->file, MIB / 2, MIB / 2 + MIB, 0));
	EXPECT_TRUE(all_are(fs, self->file, MIB / 2 + MIB, 2 * MIB, 'x'));
}

/* What a write took ahead goes with the last opener. */
TEST_F(data, full_ahead)
{
	struct daxfs *fs = &self->fs;

	ASSERT_EQ(0, daxfs_open(fs, self->file));
	ASSERT_EQ(1600 << 10, write_bytes(fs, self->file, 0, 1600 << 10, 'x'));
	ASSERT_EQ(DAXFS_INO_AHEAD, attr_of(fs, self->file).flags);
	fill_up(fs, 0);
	daxfs_close(fs, self->file);
	EXPECT_EQ(0, attr_of(fs, self->file).flags);
	EXPECT_EQ(400 + 2, attr_of(fs, self->file).blocks);
	EXPECT_EQ(512 - 400 - 1, free_blocks(fs));
	ASSERT_EQ(0, daxfs_resize(fs, self->file, 2 * MIB, true));
	EXPECT_TRUE(all_are(fs, self->file, 0, 1600 << 10, 'x'));
	EXPECT_TRUE(all_are(fs, self->file, 1600 << 10, 2 * MIB, 0));
}

/* The blocks that are left are for the map, too. */
TEST_F(data, nearly_full_write)
{
	struct daxfs *fs = &self->fs;

	fill_up(fs, 90);
	EXPECT_EQ(89 << DAXFS_BLOCK_SHIFT, write_bytes(fs, self->file, 0, MIB, 'x'));
	EXPECT_EQ(0, free_blocks(fs));
	EXPECT_EQ(89 + 1, attr_of(fs, self->file).blocks);
	EXPECT_TRUE(all_are(fs, self->file, 0, 89 << DAXFS_BLOCK_SHIFT, 'x'));
	EXPECT_EQ(-ENOSPC, write_bytes(fs, self->file, 90 << DAXFS_BLOCK_SHIFT, 1, 'x'));
}

TEST_F(data, nearly_full_write_of_2m)
{
	struct daxfs *fs = &self->fs;

	fill_up(fs, 512);
	ASSERT_EQ(1600 << 10, write_bytes(fs, self->file, 0, 1600 << 10, 'x'));
	EXPECT_EQ(512 - 400 - 1, free_blocks(fs));
	EXPECT_TRUE(all_are(fs, self->file, 0, 1600 << 10, 'x'));
}

TEST_F(data, allocate_too_much)
{
	struct daxfs *fs = &self->fs;
	struct daxfs_attr before, after;
	__u64 free;

	ASSERT_EQ(100, write_bytes(fs, self->file, 0, 100, 'x'));
	before = attr_of(fs, self->file);
	free = free_blocks(fs);
	ASSERT_EQ(-ENOSPC, daxfs_fallocate(fs, self->file, 0, 0, SIZE - MIB / 4));
	after = attr_of(fs, self->file);
	EXPECT_EQ(before.size, after.size);
	EXPECT_EQ(before.blocks, after.blocks);
	EXPECT_EQ(before.mtime, after.mtime);
	EXPECT_EQ(before.ctime, after.ctime);
	EXPECT_EQ(free, free_blocks(fs));
}

/* It has blocks for the data, and none for the map. */
TEST_F(data, allocate_a_little_too_much)
{
	struct daxfs *fs = &self->fs;

	ASSERT_EQ(0, daxfs_open(fs, self->file));
	ASSERT_EQ(100, write_bytes(fs, self->file, 0, 100, 'x'));
	fill_up(fs, 80);
	ASSERT_EQ(-ENOSPC, daxfs_fallocate(fs, self->file, 0, DAXFS_BLOCK,
					   80 << DAXFS_BLOCK_SHIFT));
	EXPECT_EQ(100, attr_of(fs, self->file).size);
	daxfs_close(fs, self->file);
	EXPECT_GE(free_blocks(fs), 80 - 1);	/* a node of the map may stay */
	EXPECT_TRUE(all_are(fs, self->file, 0, 100, 'x'));
	ASSERT_EQ(0, daxfs_fallocate(fs, self->file, 0, DAXFS_BLOCK, 70 << DAXFS_BLOCK_SHIFT));
	EXPECT_EQ(71 << DAXFS_BLOCK_SHIFT, attr_of(fs, self->file).size);
	/* what was asked for stays, beyond the end, too */
	ASSERT_EQ(0, daxfs_resize(fs, self->file, DAXFS_BLOCK, true));
	ASSERT_EQ(0, daxfs_fallocate(fs, self->file, DAXFS_KEEP_SIZE, 0, 20 << DAXFS_BLOCK_SHIFT));
	ASSERT_EQ(0, daxfs_open(fs, self->file));
	daxfs_close(fs, self->file);
	EXPECT_LE(20, attr_of(fs, self->file).blocks);
}

/* Blocks that have passed their grace period, and nobody has given back yet. */
TEST_F(data, full_but_for_limbo)
{
	struct daxfs *fs = &self->fs;

	ASSERT_EQ(MIB, write_bytes(fs, self->file, 0, MIB, 'x'));
	fill_up(fs, 0);
	ASSERT_EQ(0, daxfs_resize(fs, self->file, 0, false));
	ASSERT_EQ(0, free_blocks(fs));
	daxfs_pass(fs, daxfs_super(fs)->grace);
	EXPECT_EQ(100, write_bytes(fs, self->file, 0, 100, 'x'));
	ASSERT_EQ(0, daxfs_resize(fs, self->file, 0, false));
	EXPECT_EQ(0, daxfs_fallocate(fs, self->file, 0, 0, MIB));
}

/* Nobody closes what a dead kernel had open. */
TEST_F(data, ahead_of_the_dead)
{
	struct daxfs *fs = &self->fs, other;
	struct daxfs_ref both = create(fs, "both");

	ASSERT_EQ(0, region_join(&other, fs, 2));
	ASSERT_EQ(0, daxfs_open(&other, self->file));
	ASSERT_EQ(0, daxfs_open(&other, both));
	ASSERT_EQ(0, daxfs_open(fs, both));
	ASSERT_EQ(1600 << 10, write_bytes(&other, self->file, 0, 1600 << 10, 'x'));
	ASSERT_EQ(1600 << 10, write_bytes(&other, both, 0, 1600 << 10, 'x'));
	ASSERT_EQ(1, daxfs_bury(fs, 2));
	ASSERT_EQ(0, daxfs_mend(fs));
	EXPECT_EQ(0, attr_of(fs, self->file).flags);
	EXPECT_EQ(400 + 2, attr_of(fs, self->file).blocks);
	EXPECT_EQ(DAXFS_INO_AHEAD, attr_of(fs, both).flags);
	EXPECT_EQ(512 + 1, attr_of(fs, both).blocks);
	free(other.op);
}

TEST_HARNESS_MAIN
