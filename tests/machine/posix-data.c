// SPDX-License-Identifier: GPL-2.0
/* What a file holds, and what is refused of it. */
#include <errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/uio.h>

#include "posix.h"

static char page[PAGE], other[PAGE];
static char *nowhere;	/* a page that was unmapped */

static long blocks_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_blocks / 8;
}

TEST(holes)
{
	int fd = make("holes");

	fill(page, 'a');
	ASSERT_EQ(PAGE, pwrite(fd, page, PAGE, 8 * PAGE));
	EXPECT_EQ(9 * PAGE, size_of(fd));
	EXPECT_LE(blocks_of(fd), 2);
	ASSERT_EQ(PAGE, pread(fd, other, PAGE, PAGE));
	for (int i = 0; i < PAGE; i++)
		ASSERT_EQ(0, other[i]);
	EXPECT_EQ(8 * PAGE, lseek(fd, 0, SEEK_DATA));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_HOLE));
	EXPECT_EQ(9 * PAGE, lseek(fd, 8 * PAGE, SEEK_HOLE));
	EXPECT_EQ(-1, lseek(fd, 9 * PAGE, SEEK_DATA));
	EXPECT_EQ(ENXIO, errno);
	close(fd);
	unlink("holes");
}

TEST(a_write_across_blocks)
{
	int fd = make("across");

	ASSERT_EQ(5, pwrite(fd, "hello", 5, PAGE - 2));
	ASSERT_EQ(5, pread(fd, other, PAGE, PAGE - 2));
	EXPECT_EQ(0, memcmp(other, "hello", 5));
	EXPECT_EQ(PAGE + 3, size_of(fd));
	EXPECT_EQ(0, pread(fd, other, PAGE, PAGE + 3));
	close(fd);
	unlink("across");
}

TEST(what_was_cut_off_comes_back_as_zeros)
{
	int fd = make("cut");

	fill(page, 'b');
	ASSERT_EQ(PAGE, write(fd, page, PAGE));
	ASSERT_EQ(0, ftruncate(fd, 10));
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	ASSERT_EQ(PAGE, pread(fd, other, PAGE, 0));
	EXPECT_EQ('b', other[9]);
	for (int i = 10; i < PAGE; i++)
		ASSERT_EQ(0, other[i]);
	close(fd);
	unlink("cut");
}

TEST(append)
{
	int fd = make("append"), two = open("append", O_WRONLY | O_APPEND);

	ASSERT_EQ(3, write(fd, "one", 3));
	ASSERT_EQ(3, write(two, "two", 3));
	ASSERT_EQ(6, pread(fd, other, PAGE, 0));
	EXPECT_EQ(0, memcmp(other, "onetwo", 6));
	close(two);
	close(fd);
	unlink("append");
}

TEST(fallocate_keeps_punches_and_zeroes)
{
	int fd = make("falloc");

	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 16 * PAGE));
	EXPECT_EQ(0, size_of(fd));
	EXPECT_LE(16, blocks_of(fd));
	ASSERT_EQ(0, fallocate(fd, 0, 0, 16 * PAGE));
	EXPECT_EQ(16 * PAGE, size_of(fd));
	fill(page, 'c');
	for (int i = 0; i < 16; i++)
		ASSERT_EQ(PAGE, pwrite(fd, page, PAGE, i * PAGE));
	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, 3 * PAGE));
	ASSERT_EQ(PAGE, pread(fd, other, PAGE, 0));
	EXPECT_EQ('c', other[99]);
	EXPECT_EQ(0, other[100]);
	ASSERT_EQ(PAGE, pread(fd, other, PAGE, 3 * PAGE));
	EXPECT_EQ(0, other[99]);
	EXPECT_EQ('c', other[100]);
	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_ZERO_RANGE, 8 * PAGE, 2 * PAGE));
	ASSERT_EQ(PAGE, pread(fd, other, PAGE, 9 * PAGE));
	EXPECT_EQ(0, other[0]);
	close(fd);
	unlink("falloc");
}

TEST(no_space)
{
	struct statfs st;
	int fd = make("full");

	ASSERT_EQ(0, fstatfs(fd, &st));
	EXPECT_EQ(-1, fallocate(fd, 0, 0, (st.f_blocks + 1) * st.f_bsize));
	EXPECT_EQ(ENOSPC, errno);
	close(fd);
	unlink("full");
}

TEST(a_write_from_its_own_mapping)
{
	int fd = make("own");
	char *map;

	ASSERT_EQ(0, ftruncate(fd, 2 * PAGE));
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	/* not yet there: the write has to fault it in */
	ASSERT_EQ(PAGE, pwrite(fd, map, PAGE, PAGE));
	memset(map, 'd', PAGE);
	ASSERT_EQ(0, madvise(map, 2 * PAGE, MADV_DONTNEED));
	ASSERT_EQ(PAGE, pwrite(fd, map, PAGE, PAGE));
	EXPECT_EQ('d', map[PAGE]);
	ASSERT_EQ(0, madvise(map, 2 * PAGE, MADV_DONTNEED));
	ASSERT_EQ(PAGE, pread(fd, map + PAGE, PAGE, 0));
	munmap(map, 2 * PAGE);
	nowhere = map;
	EXPECT_EQ(-1, pwrite(fd, nowhere, PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pread(fd, nowhere, PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
	close(fd);
	unlink("own");
}

TEST(direct_and_sendfile)
{
	int fd = make("direct"), to = make("copy"), direct = open("direct", O_RDWR | O_DIRECT);
	off_t from = 0;
	char *buf;

	ASSERT_LE(0, direct);
	ASSERT_EQ(0, posix_memalign((void **)&buf, PAGE, 16 * PAGE));
	memset(buf, 'e', 16 * PAGE);
	ASSERT_EQ(16 * PAGE, write(direct, buf, 16 * PAGE));
	ASSERT_EQ(16 * PAGE, sendfile(to, fd, &from, 16 * PAGE));
	memset(buf, 0, 16 * PAGE);
	ASSERT_EQ(16 * PAGE, pread(to, buf, 16 * PAGE, 0));
	EXPECT_EQ('e', buf[16 * PAGE - 1]);
	free(buf);
	close(direct);
	close(to);
	close(fd);
	unlink("direct");
	unlink("copy");
}

/* --- what it has not -------------------------------------------------------------------- */

static int collapse_as_nobody(const char *name)
{
	int fd = open(name, O_RDWR);

	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 1;
	return fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE) ? errno : 0;
}

TEST(what_is_not_there)
{
	const struct timespec then[2] = { { 1000, 1 }, { 2000, 2 } };
	struct iovec vec = { page, PAGE };
	int fd = make("not");
	struct stat st;

	ASSERT_EQ(0, fallocate(fd, 0, 0, 4 * PAGE));
	ASSERT_EQ(0, fchmod(fd, 04777));
	ASSERT_EQ(0, futimens(fd, then));
	EXPECT_EQ(EOPNOTSUPP, in_child(collapse_as_nobody, "not"));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(2000, st.st_mtim.tv_sec);
	EXPECT_EQ(04777, st.st_mode & 07777);
	EXPECT_EQ(-1, fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, PAGE));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, fcntl(fd, F_SETLEASE, F_WRLCK));
	EXPECT_EQ(-1, lseek(fd, -1, SEEK_DATA));
	EXPECT_EQ(ENXIO, errno);
	EXPECT_EQ(4 * PAGE, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(0, fsync(fd));
	EXPECT_EQ(-1, pwritev2(fd, &vec, 1, 0, RWF_NOWAIT));
	EXPECT_EQ(-1, ftruncate(fd, 1LL << 47));
	EXPECT_EQ(EFBIG, errno);
	EXPECT_EQ(-1, pwrite(fd, page, 1, (1LL << 47) + PAGE));
	EXPECT_EQ(EFBIG, errno);
	close(fd);
	unlink("not");
}

TEST_HARNESS_MAIN
