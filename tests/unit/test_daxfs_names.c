// SPDX-License-Identifier: GPL-2.0
/* Names: what POSIX says of them, many of them, and no room for more. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../mk_daxfs/dir.h"
#include "daxfs_region.h"
#include "kselftest_harness.h"

#define SIZE	(64ULL << 20)

static const struct daxfs_ref ROOT = { DAXFS_ROOT, 1 };
static const struct daxfs_ref NOTHING;

FIXTURE(names) {
	struct daxfs fs;
	struct daxfs_names *list;
};

static int make(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 mode,
		struct daxfs_ref *ref)
{
	struct daxfs_new new = { .mode = mode };

	return daxfs_create(fs, dir, name, strlen(name), &new, ref);
}

FIXTURE_SETUP(names)
{
	struct daxfs_ref ref;

	ASSERT_EQ(0, region_new(&self->fs, SIZE));
	/* a block of inodes stays: let there be one when a test begins to count */
	ASSERT_EQ(0, make(&self->fs, ROOT, "x", S_IFREG, &ref));
	ASSERT_EQ(0, daxfs_unlink(&self->fs, ROOT, "x", 1, ref));
	self->list = malloc(sizeof(*self->list));
}

FIXTURE_TEARDOWN(names)
{
	free(self->list);
	region_delete(&self->fs);
}

static int look(struct daxfs *fs, struct daxfs_ref dir, const char *name, struct daxfs_ref *ref)
{
	__u32 type;

	return daxfs_lookup(fs, dir, name, strlen(name), ref, &type);
}

static int rid(struct daxfs *fs, struct daxfs_ref dir, const char *name, struct daxfs_ref ref)
{
	return daxfs_unlink(fs, dir, name, strlen(name), ref);
}

static int move(struct daxfs *fs, struct daxfs_ref from, const char *old, struct daxfs_ref it,
		struct daxfs_ref to, const char *new, struct daxfs_ref there, unsigned int flags)
{
	return daxfs_rename(fs, from, old, strlen(old), it, to, new, strlen(new), there, flags);
}

static __u32 links(struct daxfs *fs, struct daxfs_ref ref)
{
	struct daxfs_attr attr;

	return daxfs_getattr(fs, ref, &attr) ? ~0U : attr.nlink;
}

static __u64 entries(struct daxfs *fs, struct daxfs_ref ref)
{
	struct daxfs_attr attr;

	return daxfs_getattr(fs, ref, &attr) ? ~0ULL : attr.size;
}

static __u64 used(struct daxfs *fs)
{
	struct daxfs_stat st;

	daxfs_statfs(fs, &st);
	return st.blocks - st.free_blocks + st.inodes - st.free_inodes;
}

static bool is(struct daxfs_ref a, struct daxfs_ref b)
{
	return a.ino == b.ino && a.gen == b.gen;
}

TEST_F(names, one)
{
	struct daxfs_ref file, found, other;
	__u64 before = used(&self->fs);

	EXPECT_EQ(-ENOENT, look(&self->fs, ROOT, "file", &found));
	ASSERT_EQ(0, make(&self->fs, ROOT, "file", S_IFREG | 0644, &file));
	EXPECT_EQ(-EEXIST, make(&self->fs, ROOT, "file", S_IFREG | 0644, &found));
	ASSERT_EQ(0, look(&self->fs, ROOT, "file", &found));
	EXPECT_TRUE(is(file, found));
	EXPECT_EQ(-ENOENT, look(&self->fs, ROOT, "fil", &found));
	EXPECT_EQ(-ENOENT, look(&self->fs, ROOT, "file2", &found));
	EXPECT_EQ(-ENOTDIR, look(&self->fs, file, "file", &found));
	EXPECT_EQ(-ENOTDIR, make(&self->fs, file, "x", S_IFREG, &found));
	EXPECT_EQ(1, entries(&self->fs, ROOT));
	other = file;
	other.gen++;
	EXPECT_EQ(-ESTALE, rid(&self->fs, ROOT, "file", other));
	EXPECT_EQ(-ENOENT, rid(&self->fs, ROOT, "other", file));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "file", file));
	EXPECT_EQ(-ENOENT, look(&self->fs, ROOT, "file", &found));
	EXPECT_EQ(~0U, links(&self->fs, file));
	EXPECT_EQ(0, entries(&self->fs, ROOT));
	EXPECT_EQ(before, used(&self->fs));
}

TEST_F(names, bytes)
{
	char name[256], other[256];
	struct daxfs_new new = { .mode = S_IFREG };
	struct daxfs_ref ref[256], found;
	__u32 len, type;
	int i;

	/* all bytes that may be in a name, UTF-8 or not, at every length */
	for (i = 0; i < 255; i++)
		name[i] = i + 1 == '/' ? 'x' : i + 1;
	for (len = 1; len <= 255; len++)
		ASSERT_EQ(0, daxfs_create(&self->fs, ROOT, name, len, &new, &ref[len]));
	EXPECT_EQ(-ENAMETOOLONG, daxfs_create(&self->fs, ROOT, name, 256, &new, &found));
	EXPECT_EQ(-ENAMETOOLONG, daxfs_lookup(&self->fs, ROOT, name, 256, &found, &type));
	for (len = 1; len <= 255; len++) {
		ASSERT_EQ(0, daxfs_lookup(&self->fs, ROOT, name, len, &found, &type));
		EXPECT_TRUE(is(ref[len], found));
		EXPECT_EQ(S_IFREG >> 12, type);
		memcpy(other, name, len);
		other[len - 1] ^= 0x80;
		EXPECT_EQ(-ENOENT, daxfs_lookup(&self->fs, ROOT, other, len, &found, &type));
	}
	for (len = 1; len <= 255; len++)
		ASSERT_EQ(0, daxfs_unlink(&self->fs, ROOT, name, len, ref[len]));
	EXPECT_EQ(0, entries(&self->fs, ROOT));
}

TEST_F(names, directories)
{
	struct daxfs_ref a, b, file, found;
	__u64 before = used(&self->fs);

	ASSERT_EQ(0, make(&self->fs, ROOT, "a", S_IFDIR | 0755, &a));
	ASSERT_EQ(0, make(&self->fs, a, "b", S_IFDIR | 0755, &b));
	ASSERT_EQ(0, make(&self->fs, b, "file", S_IFREG, &file));
	EXPECT_EQ(3, links(&self->fs, ROOT));
	EXPECT_EQ(3, links(&self->fs, a));
	EXPECT_EQ(2, links(&self->fs, b));
	EXPECT_EQ(-ENOTEMPTY, rid(&self->fs, ROOT, "a", a));
	EXPECT_EQ(-EPERM, daxfs_link(&self->fs, ROOT, "c", 1, b));
	ASSERT_EQ(0, rid(&self->fs, b, "file", file));
	/* open: it stays, but nothing can be made in it */
	ASSERT_EQ(0, daxfs_open(&self->fs, b));
	ASSERT_EQ(0, rid(&self->fs, a, "b", b));
	EXPECT_EQ(2, links(&self->fs, a));
	EXPECT_EQ(0, links(&self->fs, b));
	EXPECT_EQ(-ENOENT, make(&self->fs, b, "x", S_IFREG, &found));
	EXPECT_EQ(-ENOENT, look(&self->fs, b, "x", &found));
	EXPECT_EQ(-ENOENT, daxfs_readdir(&self->fs, b, 0, self->list));
	daxfs_close(&self->fs, b);
	EXPECT_EQ(-ESTALE, look(&self->fs, b, "x", &found));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "a", a));
	EXPECT_EQ(before, used(&self->fs));
}

TEST_F(names, created_open)
{
	struct daxfs_new new = { .mode = S_IFREG, .open = true };
	__u64 before = used(&self->fs);
	struct daxfs_ref file, found;

	ASSERT_EQ(0, daxfs_create(&self->fs, ROOT, "a", 1, &new, &file));
	EXPECT_EQ(-EEXIST, daxfs_create(&self->fs, ROOT, "a", 1, &new, &found));
	EXPECT_EQ(0, daxfs_open(&self->fs, file));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "a", file));
	EXPECT_EQ(0, links(&self->fs, file));
	daxfs_close(&self->fs, file);
	EXPECT_EQ(~0U, links(&self->fs, file));
	/* another has the number now, open: what is gone neither opens nor closes it */
	ASSERT_EQ(0, daxfs_create(&self->fs, ROOT, "b", 1, &new, &found));
	ASSERT_EQ(file.ino, found.ino);
	EXPECT_EQ(-ESTALE, daxfs_open(&self->fs, file));
	daxfs_close(&self->fs, file);
	ASSERT_EQ(0, rid(&self->fs, ROOT, "b", found));
	EXPECT_EQ(0, links(&self->fs, found));
	daxfs_close(&self->fs, found);
	EXPECT_EQ(before, used(&self->fs));
}

TEST_F(names, hard_links)
{
	struct daxfs_new new = { .mode = S_IFREG };
	struct daxfs_ref file, found;
	__u64 before = used(&self->fs);

	ASSERT_EQ(0, make(&self->fs, ROOT, "a", S_IFREG, &file));
	ASSERT_EQ(0, daxfs_link(&self->fs, ROOT, "b", 1, file));
	EXPECT_EQ(-EEXIST, daxfs_link(&self->fs, ROOT, "b", 1, file));
	EXPECT_EQ(2, links(&self->fs, file));
	EXPECT_EQ(0, move(&self->fs, ROOT, "a", file, ROOT, "b", file, 0));
	EXPECT_EQ(2, links(&self->fs, file));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "a", file));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "b", file));
	EXPECT_EQ(-ESTALE, daxfs_link(&self->fs, ROOT, "c", 1, file));
	/* a file without name: gone when it is closed, or has got one */
	ASSERT_EQ(0, daxfs_create(&self->fs, ROOT, NULL, 0, &new, &file));
	EXPECT_EQ(0, links(&self->fs, file));
	daxfs_close(&self->fs, file);
	EXPECT_EQ(~0U, links(&self->fs, file));
	ASSERT_EQ(0, daxfs_create(&self->fs, ROOT, NULL, 0, &new, &file));
	ASSERT_EQ(0, daxfs_link(&self->fs, ROOT, "late", 4, file));
	daxfs_close(&self->fs, file);
	ASSERT_EQ(0, look(&self->fs, ROOT, "late", &found));
	EXPECT_TRUE(is(file, found));
	/* open by another kernel: without name there is none for it any more */
	ASSERT_EQ(0, daxfs_open(&self->fs, file));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "late", file));
	EXPECT_EQ(0, links(&self->fs, file));
	self->fs.slot ^= 1;
	EXPECT_EQ(-ENOENT, daxfs_link(&self->fs, ROOT, "x", 1, file));
	self->fs.slot ^= 1;
	daxfs_close(&self->fs, file);
	EXPECT_EQ(before, used(&self->fs));
}

TEST_F(names, too_many_links)
{
	struct daxfs_inode *inode = daxfs_at(&self->fs, daxfs_inode_off(&self->fs, DAXFS_ROOT),
					     sizeof(*inode));
	struct daxfs_ref file, dir;

	ASSERT_EQ(0, make(&self->fs, ROOT, "d", S_IFDIR, &dir));
	ASSERT_EQ(0, make(&self->fs, dir, "sub", S_IFDIR, &file));
	inode->nlink = DAXFS_LINK_MAX;
	EXPECT_EQ(-EMLINK, make(&self->fs, ROOT, "e", S_IFDIR, &file));
	ASSERT_EQ(0, look(&self->fs, dir, "sub", &file));
	EXPECT_EQ(-EMLINK, move(&self->fs, dir, "sub", file, ROOT, "sub", NOTHING, 0));
	/* that does not change how many there are */
	ASSERT_EQ(0, make(&self->fs, ROOT, "f", S_IFREG, &file));
	EXPECT_EQ(0, move(&self->fs, ROOT, "d", dir, ROOT, "e", NOTHING, 0));
	inode = daxfs_at(&self->fs, daxfs_inode_off(&self->fs, file.ino), sizeof(*inode));
	inode->nlink = DAXFS_LINK_MAX;
	EXPECT_EQ(-EMLINK, daxfs_link(&self->fs, ROOT, "g", 1, file));
}

TEST_F(names, rename)
{
	struct daxfs_ref a, b, file, other, found;
	__u64 before = used(&self->fs);

	ASSERT_EQ(0, make(&self->fs, ROOT, "a", S_IFDIR, &a));
	ASSERT_EQ(0, make(&self->fs, ROOT, "b", S_IFDIR, &b));
	ASSERT_EQ(0, make(&self->fs, a, "f", S_IFREG, &file));
	ASSERT_EQ(0, move(&self->fs, a, "f", file, a, "g", NOTHING, 0));
	ASSERT_EQ(0, move(&self->fs, a, "g", file, b, "h", NOTHING, 0));
	EXPECT_EQ(0, entries(&self->fs, a));
	EXPECT_EQ(1, entries(&self->fs, b));
	ASSERT_EQ(0, look(&self->fs, b, "h", &found));
	EXPECT_TRUE(is(file, found));
	/* what the caller does not know */
	EXPECT_EQ(-ENOENT, move(&self->fs, a, "g", file, b, "i", NOTHING, 0));
	EXPECT_EQ(-ESTALE, move(&self->fs, b, "h", a, b, "i", NOTHING, 0));
	ASSERT_EQ(0, make(&self->fs, a, "f", S_IFREG, &other));
	EXPECT_EQ(-ESTALE, move(&self->fs, b, "h", file, a, "f", NOTHING, 0));
	EXPECT_EQ(-ESTALE, move(&self->fs, b, "h", file, a, "f", b, 0));
	EXPECT_EQ(-ESTALE, move(&self->fs, b, "h", file, a, "x", other, 0));
	EXPECT_EQ(-EEXIST, move(&self->fs, b, "h", file, a, "f", other, DAXFS_RENAME_NOREPLACE));
	EXPECT_EQ(-EEXIST, move(&self->fs, b, "h", file, a, "f", NOTHING, DAXFS_RENAME_NOREPLACE));
	EXPECT_EQ(-EINVAL, move(&self->fs, b, "h", file, a, "f", other,
				DAXFS_RENAME_EXCHANGE | DAXFS_RENAME_NOREPLACE));
	/* over another one, which goes */
	ASSERT_EQ(0, move(&self->fs, b, "h", file, a, "f", other, 0));
	EXPECT_EQ(~0U, links(&self->fs, other));
	EXPECT_EQ(0, entries(&self->fs, b));
	EXPECT_EQ(1, entries(&self->fs, a));
	ASSERT_EQ(0, rid(&self->fs, a, "f", file));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "a", a));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "b", b));
	EXPECT_EQ(before, used(&self->fs));
}

TEST_F(names, rename_directories)
{
	struct daxfs_ref a, b, c, file, found;
	struct daxfs_attr attr;

	ASSERT_EQ(0, make(&self->fs, ROOT, "a", S_IFDIR, &a));
	ASSERT_EQ(0, make(&self->fs, a, "b", S_IFDIR, &b));
	ASSERT_EQ(0, make(&self->fs, b, "c", S_IFDIR, &c));
	ASSERT_EQ(0, make(&self->fs, ROOT, "f", S_IFREG, &file));
	EXPECT_EQ(-EINVAL, move(&self->fs, ROOT, "a", a, c, "x", NOTHING, 0));
	EXPECT_EQ(-EINVAL, move(&self->fs, ROOT, "a", a, a, "x", NOTHING, 0));
	EXPECT_EQ(-EINVAL, move(&self->fs, ROOT, "a", a, b, "c", c, DAXFS_RENAME_EXCHANGE));
	EXPECT_EQ(-EINVAL, move(&self->fs, b, "c", c, ROOT, "a", a, DAXFS_RENAME_EXCHANGE));
	EXPECT_EQ(-ENOTEMPTY, move(&self->fs, b, "c", c, ROOT, "a", a, 0));
	EXPECT_EQ(-ENOTEMPTY, move(&self->fs, b, "c", c, a, "b", b, 0));
	EXPECT_EQ(-ENOTDIR, move(&self->fs, b, "c", c, ROOT, "f", file, 0));
	EXPECT_EQ(-EISDIR, move(&self->fs, ROOT, "f", file, b, "c", c, 0));
	ASSERT_EQ(0, move(&self->fs, b, "c", c, ROOT, "c", NOTHING, 0));
	EXPECT_EQ(2, links(&self->fs, b));
	EXPECT_EQ(4, links(&self->fs, ROOT));
	ASSERT_EQ(0, daxfs_getattr(&self->fs, c, &attr));
	EXPECT_EQ(DAXFS_ROOT, attr.parent);
	/* over an empty one */
	ASSERT_EQ(0, move(&self->fs, a, "b", b, ROOT, "c", c, 0));
	EXPECT_EQ(~0U, links(&self->fs, c));
	EXPECT_EQ(4, links(&self->fs, ROOT));
	EXPECT_EQ(2, links(&self->fs, a));
	/* a directory and a file */
	ASSERT_EQ(0, make(&self->fs, a, "g", S_IFREG, &c));
	ASSERT_EQ(0, move(&self->fs, a, "g", c, ROOT, "c", b, DAXFS_RENAME_EXCHANGE));
	EXPECT_EQ(3, links(&self->fs, a));
	EXPECT_EQ(3, links(&self->fs, ROOT));
	ASSERT_EQ(0, daxfs_getattr(&self->fs, b, &attr));
	EXPECT_EQ(a.ino, attr.parent);
	ASSERT_EQ(0, look(&self->fs, a, "g", &found));
	EXPECT_TRUE(is(b, found));
	ASSERT_EQ(0, look(&self->fs, ROOT, "c", &found));
	EXPECT_TRUE(is(c, found));
}

TEST_F(names, whiteout)
{
	struct daxfs_ref file, found;
	struct daxfs_attr attr;

	ASSERT_EQ(0, make(&self->fs, ROOT, "a", S_IFREG, &file));
	ASSERT_EQ(0, move(&self->fs, ROOT, "a", file, ROOT, "b", NOTHING, DAXFS_RENAME_WHITEOUT));
	ASSERT_EQ(0, look(&self->fs, ROOT, "a", &found));
	ASSERT_EQ(0, daxfs_getattr(&self->fs, found, &attr));
	EXPECT_EQ(S_IFCHR, attr.mode);
	EXPECT_EQ(0, attr.rdev);
	EXPECT_EQ(1, attr.nlink);
	EXPECT_EQ(2, entries(&self->fs, ROOT));
	ASSERT_EQ(0, move(&self->fs, ROOT, "b", file, ROOT, "a", found, DAXFS_RENAME_WHITEOUT));
	EXPECT_EQ(2, entries(&self->fs, ROOT));
	ASSERT_EQ(0, look(&self->fs, ROOT, "b", &found));
	EXPECT_FALSE(is(found, file));
}

TEST_F(names, symbolic_links)
{
	__u32 len[] = { 1, 100, 128, 129, 4095 }, i;
	char target[4096], read[4096], name[16];
	struct daxfs_new new = { .mode = S_IFLNK | 0777, .target = target };
	__u64 before = used(&self->fs);
	struct daxfs_ref ref;

	for (i = 0; i < sizeof(target); i++)
		target[i] = 'a' + i % 26;
	for (i = 0; i < ARRAY_SIZE(len); i++) {
		snprintf(name, sizeof(name), "l%u", len[i]);
		new.target_len = len[i];
		ASSERT_EQ(0, daxfs_create(&self->fs, ROOT, name, strlen(name), &new, &ref));
		ASSERT_EQ((int)len[i], daxfs_readlink(&self->fs, ref, read, sizeof(read)));
		EXPECT_EQ(0, memcmp(target, read, len[i]));
		EXPECT_EQ(1, daxfs_readlink(&self->fs, ref, read, 1));
		ASSERT_EQ(0, rid(&self->fs, ROOT, name, ref));
	}
	new.target_len = 4096;
	EXPECT_EQ(-ENAMETOOLONG, daxfs_create(&self->fs, ROOT, "x", 1, &new, &ref));
	EXPECT_EQ(-EINVAL, daxfs_readlink(&self->fs, ROOT, read, sizeof(read)));
	EXPECT_EQ(before, used(&self->fs));
}

/* --- many ----------------------------------------------------------------------------- */

#define MANY	100000

/* Every name with a number is read once; returns how many there are. */
static __u32 read_all(struct __test_metadata *_metadata, struct daxfs *fs, struct daxfs_ref dir,
		      struct daxfs_names *list, __u8 *seen, __u32 nr)
{
	__u32 i, n = 0, number;
	__u64 pos = 0;
	char name[256];

	for (;;) {
		ASSERT_EQ(0, daxfs_readdir(fs, dir, pos, list));
		if (!list->nr)
			return n;
		for (i = 0; i < list->nr; i++) {
			ASSERT_GT(list->name[i].pos, pos);
			pos = list->name[i].pos;
			memcpy(name, list->name[i].name, list->name[i].len);
			name[list->name[i].len] = 0;
			if (sscanf(name, "n%u", &number) != 1 || number >= nr)
				continue;
			EXPECT_EQ(0, seen[number]);
			seen[number] = 1;
			n++;
		}
	}
}

TEST(many)
{
	struct daxfs_ref *ref = calloc(MANY, sizeof(*ref)), dir, found;
	struct daxfs_names *list = malloc(sizeof(*list));
	__u8 *seen = calloc(MANY, 1);
	struct daxfs fs;
	__u64 before;
	char name[16];
	__u32 i;

	ASSERT_EQ(0, region_new(&fs, 128ULL << 20));
	before = used(&fs);
	ASSERT_EQ(0, make(&fs, ROOT, "d", S_IFDIR, &dir));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		ASSERT_EQ(0, make(&fs, dir, name, S_IFREG, &ref[i]));
	}
	EXPECT_EQ(MANY, entries(&fs, dir));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		ASSERT_EQ(0, look(&fs, dir, name, &found));
		EXPECT_TRUE(is(ref[i], found));
	}
	EXPECT_EQ(MANY, read_all(_metadata, &fs, dir, list, seen, MANY));
	for (i = 0; i < MANY; i += 2) {
		snprintf(name, sizeof(name), "n%u", i);
		ASSERT_EQ(0, rid(&fs, dir, name, ref[i]));
	}
	memset(seen, 0, MANY);
	EXPECT_EQ(MANY / 2, read_all(_metadata, &fs, dir, list, seen, MANY));
	for (i = 1; i < MANY; i += 2) {
		snprintf(name, sizeof(name), "n%u", i);
		ASSERT_EQ(0, move(&fs, dir, name, ref[i], ROOT, name, NOTHING, 0));
	}
	EXPECT_EQ(0, entries(&fs, dir));
	ASSERT_EQ(0, rid(&fs, ROOT, "d", dir));
	for (i = 1; i < MANY; i += 2) {
		snprintf(name, sizeof(name), "n%u", i);
		ASSERT_EQ(0, rid(&fs, ROOT, name, ref[i]));
	}
	/* the root keeps its buckets, and blocks of inodes stay */
	EXPECT_EQ(0, entries(&fs, ROOT));
	EXPECT_LT(used(&fs), before + MANY / 2 / 40 + MANY / DAXFS_CHUNK_INODES + 2);
	region_delete(&fs);
	free(list);
	free(seen);
	free(ref);
}

TEST(many_directories)
{
	const __u32 nr = 70000;	/* each has two blocks at most */
	struct daxfs_ref dir, ref;
	struct daxfs fs;
	char name[16];
	__u32 i;

	ASSERT_EQ(0, region_new(&fs, 1024ULL << 20));
	ASSERT_EQ(0, make(&fs, ROOT, "d", S_IFDIR, &dir));
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		ASSERT_EQ(0, make(&fs, dir, name, S_IFDIR, &ref));
	}
	EXPECT_EQ(nr + 2, links(&fs, dir));
	region_delete(&fs);
}

static void long_name(char *name, __u32 number)
{
	memset(name, 'x', 255);
	name[snprintf(name, 255, "n%u", number)] = '-';
	name[255] = 0;
}

/* Names of 255 bytes whose hashes share the upper bits: the bucket cannot be split. */
TEST_F(names, one_bucket)
{
	struct daxfs_ref dir, file, found;
	char name[256], last[256] = "";
	__u32 n = 0, i, shift = DAXFS_HASH_BITS - 10;
	__u8 *seen = calloc(1000000, 1);
	__u64 before = used(&self->fs);

	ASSERT_EQ(0, make(&self->fs, ROOT, "d", S_IFDIR, &dir));
	ASSERT_EQ(0, make(&self->fs, ROOT, "f", S_IFREG, &file));
	for (i = 0; i < 1000000 && n < 900; i++) {
		long_name(name, i);
		if (daxfs_hash(&self->fs, name, 255) >> shift)
			continue;
		ASSERT_EQ(0, daxfs_link(&self->fs, dir, name, 255, file));
		memcpy(last, name, 256);
		n++;
	}
	EXPECT_EQ(900, n);
	EXPECT_EQ(900, read_all(_metadata, &self->fs, dir, self->list, seen, 1000000));
	EXPECT_EQ(0, look(&self->fs, dir, last, &found));
	for (i = 0; i < 1000000 && n; i++) {
		if (!seen[i])
			continue;
		long_name(name, i);
		ASSERT_EQ(0, daxfs_unlink(&self->fs, dir, name, 255, file));
		n--;
	}
	EXPECT_EQ(0, n);
	ASSERT_EQ(0, rid(&self->fs, ROOT, "d", dir));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "f", file));
	EXPECT_EQ(before, used(&self->fs));
	free(seen);
}

/* No block is left: buckets cannot be split, then nothing more can be made. */
TEST_F(names, no_room)
{
	__u32 n = 0, i, left, err;
	struct daxfs_ref dir, file, found;
	struct daxfs_op *op;
	__u64 off, before = used(&self->fs);
	char name[16];

	ASSERT_EQ(0, make(&self->fs, ROOT, "d", S_IFDIR, &dir));
	ASSERT_EQ(0, make(&self->fs, ROOT, "f", S_IFREG, &file));
	/* all blocks but some, never two in one piece */
	ASSERT_EQ(0, daxfs_begin(&self->fs, &op));
	for (left = 0; !daxfs_take_whole(op, DAXFS_BLOCK, &off); ) {
		if (off / DAXFS_BLOCK % 2 && left < 40) {
			daxfs_give(op, off, DAXFS_BLOCK);
			left++;
		}
		op->nr_alloc = 0;
	}
	ASSERT_EQ(0, daxfs_commit(op));
	for (n = 0; ; n++) {
		snprintf(name, sizeof(name), "n%u", n);
		err = daxfs_link(&self->fs, dir, name, strlen(name), file);
		if (err)
			break;
	}
	EXPECT_EQ(-ENOSPC, (int)err);
	EXPECT_GT(n, 3000);
	EXPECT_EQ(-ENOSPC, make(&self->fs, ROOT, "sub", S_IFDIR, &found));
	EXPECT_EQ(n, entries(&self->fs, dir));
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		ASSERT_EQ(0, look(&self->fs, dir, name, &found));
	}
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		ASSERT_EQ(0, rid(&self->fs, dir, name, file));
	}
	ASSERT_EQ(0, rid(&self->fs, ROOT, "d", dir));
	ASSERT_EQ(0, rid(&self->fs, ROOT, "f", file));
	EXPECT_LT(before, used(&self->fs));
}

/* A new name is looked for among few, and a bucket that cannot be split is filled. */
TEST_F(names, crowded)
{
	struct daxfs_ref file;
	struct daxfs_attr attr;
	struct daxfs_op *op;
	char name[16];
	__u32 n, few;
	__u64 off;

	ASSERT_EQ(0, make(&self->fs, ROOT, "f", S_IFREG, &file));
	for (few = 0; few < 1000; few++) {
		ASSERT_EQ(0, daxfs_getattr(&self->fs, ROOT, &attr));
		if (attr.blocks > 1)
			break;
		snprintf(name, sizeof(name), "n%u", few);
		ASSERT_EQ(0, daxfs_link(&self->fs, ROOT, name, strlen(name), file));
	}
	EXPECT_GE(few, 60);
	EXPECT_LE(few, 70);
	ASSERT_EQ(0, daxfs_begin(&self->fs, &op));
	while (!daxfs_take_whole(op, DAXFS_BLOCK, &off))
		op->nr_alloc = 0;
	ASSERT_EQ(0, daxfs_commit(op));
	for (n = few; ; n++) {
		snprintf(name, sizeof(name), "n%u", n);
		if (daxfs_link(&self->fs, ROOT, name, strlen(name), file))
			break;
	}
	EXPECT_GT(n, 3 * few);
	EXPECT_EQ(n + 1, entries(&self->fs, ROOT));
}

TEST_F(names, no_inode)
{
	struct daxfs_ref ref, last = NOTHING;
	__u32 n, before;
	struct daxfs_stat st;
	char name[16];
	int err;

	daxfs_statfs(&self->fs, &st);
	before = st.free_inodes;
	for (n = 0; ; n++) {
		snprintf(name, sizeof(name), "n%u", n);
		err = make(&self->fs, ROOT, name, S_IFREG, &ref);
		if (err)
			break;
		last = ref;
	}
	EXPECT_EQ(-ENOSPC, err);
	/* their names need blocks, too, which are half full */
	EXPECT_GT(n, before / 10 * 7);
	EXPECT_EQ(n, entries(&self->fs, ROOT));
	EXPECT_EQ(-ENOENT, look(&self->fs, ROOT, name, &ref));
	snprintf(name, sizeof(name), "n%u", n - 1);
	ASSERT_EQ(0, rid(&self->fs, ROOT, name, last));
	EXPECT_EQ(0, make(&self->fs, ROOT, "again", S_IFREG, &ref));
	/* another generation */
	EXPECT_EQ(last.ino, ref.ino);
	EXPECT_NE(last.gen, ref.gen);
	EXPECT_EQ(-ESTALE, daxfs_open(&self->fs, last));
}

/* --- two at once -------------------------------------------------------------------------- */

#define OTHERS	3000
#define ROUNDS	12

struct other {
	struct daxfs fs;
	struct daxfs_ref dir;
	struct daxfs_ref file;
	int stop;
	int err;
};

/* Names come, so many that buckets are split, and go again. */
static void *churn(void *arg)
{
	struct other *o = arg;
	char name[64];
	__u32 i;

	for (i = 0; i < OTHERS && !o->err; i++) {
		snprintf(name, sizeof(name), "other-%u-and-so-on-until-it-is-rather-long", i);
		o->err = daxfs_link(&o->fs, o->dir, name, strlen(name), o->file);
	}
	for (i = 0; i < OTHERS && !o->err; i++) {
		snprintf(name, sizeof(name), "other-%u-and-so-on-until-it-is-rather-long", i);
		o->err = rid(&o->fs, o->dir, name, o->file);
	}
	__atomic_store_n(&o->stop, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Until the other one stops: what stays is there all the time. */
static __u32 read_beside(struct __test_metadata *_metadata, struct daxfs *fs, struct other *other,
			 struct daxfs_ref file, struct daxfs_names *list)
{
	struct daxfs_ref found;
	__u8 seen[500];
	__u32 i, n = 0;
	char name[32];

	while (!__atomic_load_n(&other->stop, __ATOMIC_ACQUIRE)) {
		memset(seen, 0, sizeof(seen));
		EXPECT_EQ(500, read_all(_metadata, fs, other->dir, list, seen, 500));
		for (i = 0; i < 500; i++) {
			snprintf(name, sizeof(name), "n%u", i);
			ASSERT_EQ(0, look(fs, other->dir, name, &found));
			EXPECT_TRUE(is(file, found));
		}
		EXPECT_EQ(-ENOENT, look(fs, other->dir, "never", &found));
		n++;
	}
	return n;
}

/* A bucket that is split is a change of its own, before the name comes. */
TEST_F(names, readers_learn_of_a_split)
{
	const struct daxfs_inode *root = daxfs_at(&self->fs, daxfs_inode_off(&self->fs, DAXFS_ROOT),
						  sizeof(*root));
	__u32 i, seq, splits = 0;
	struct daxfs_ref file;
	char name[32];
	__u64 blocks;

	ASSERT_EQ(0, make(&self->fs, ROOT, "f", S_IFREG, &file));
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		seq = root->seq;
		blocks = root->blocks;
		ASSERT_EQ(0, daxfs_link(&self->fs, ROOT, name, strlen(name), file));
		splits += root->blocks != blocks;
		ASSERT_EQ(0, root->seq % 2);
		ASSERT_GE(root->seq - seq, root->blocks != blocks ? 4 : 2);
	}
	EXPECT_GT(splits, 3);
}

TEST_F(names, read_while_it_changes)
{
	struct other other = { .stop = 0 };
	__u32 i, round, read = 0;
	struct daxfs_ref file;
	pthread_t thread;
	char name[32];

	ASSERT_EQ(0, region_join(&other.fs, &self->fs, 2));
	ASSERT_EQ(0, make(&self->fs, ROOT, "f", S_IFREG, &file));
	ASSERT_EQ(0, make(&self->fs, ROOT, "o", S_IFREG, &other.file));
	for (round = 0; round < ROUNDS; round++) {
		snprintf(name, sizeof(name), "d%u", round);
		ASSERT_EQ(0, make(&self->fs, ROOT, name, S_IFDIR, &other.dir));
		for (i = 0; i < 500; i++) {
			snprintf(name, sizeof(name), "n%u", i);
			ASSERT_EQ(0, daxfs_link(&self->fs, other.dir, name, strlen(name), file));
		}
		other.stop = 0;
		ASSERT_EQ(0, pthread_create(&thread, NULL, churn, &other));
		read += read_beside(_metadata, &self->fs, &other, file, self->list);
		pthread_join(thread, NULL);
		ASSERT_EQ(0, other.err);
	}
	TH_LOG("read %u times", read);
	free(other.fs.op);
}

/* The vectors of the paper: key and message are 00, 01, 02 ... */
TEST(siphash)
{
	const __u64 key[2] = { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL };
	__u8 in[16];
	int i;

	for (i = 0; i < 16; i++)
		in[i] = i;
	EXPECT_EQ(0x726fdb47dd0e0e31ULL, daxfs_siphash(key, in, 0));
	EXPECT_EQ(0x74f839c593dc67fdULL, daxfs_siphash(key, in, 1));
	EXPECT_EQ(0x93f5f5799a932462ULL, daxfs_siphash(key, in, 8));
	EXPECT_EQ(0xa129ca6149be45e5ULL, daxfs_siphash(key, in, 15));
}

TEST_HARNESS_MAIN
