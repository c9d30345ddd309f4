// SPDX-License-Identifier: GPL-2.0
/* Files in memory: mapped, executed, their pages had. */
#include <errno.h>
#include <linux/falloc.h>
#include <linux/futex.h>
#include <linux/types.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "posix.h"

static char page[PAGE], other[PAGE];
static char large[1 << 20];

static sigjmp_buf bus;

static void on_bus(int sig)
{
	(void)sig;
	siglongjmp(bus, 1);
}

/* Does a load from there end with SIGBUS? */
static int is_bus(const char *at)
{
	struct sigaction sa = { .sa_handler = on_bus }, old;
	static int was;

	was = 1;
	sigaction(SIGBUS, &sa, &old);
	if (!sigsetjmp(bus, 1)) {
		__atomic_load_n(at, __ATOMIC_RELAXED);
		was = 0;
	}
	sigaction(SIGBUS, &old, NULL);
	return was;
}

TEST(shared_mapping_is_the_file)
{
	int fd = make("shared");
	char *map;

	fill(page, 'f');
	ASSERT_EQ(PAGE, write(fd, page, PAGE));
	ASSERT_EQ(0, ftruncate(fd, 4 * PAGE));
	map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ('f', map[0]);
	EXPECT_EQ(0, map[PAGE]);
	map[3 * PAGE] = 'g';
	ASSERT_EQ(1, pread(fd, other, 1, 3 * PAGE));
	EXPECT_EQ('g', other[0]);
	ASSERT_EQ(1, pwrite(fd, "h", 1, PAGE));
	EXPECT_EQ('h', map[PAGE]);
	EXPECT_EQ(0, msync(map, 4 * PAGE, MS_SYNC));
	if (!fork()) {
		map[1] = 'i';
		_exit(0);
	}
	wait(NULL);
	EXPECT_EQ('i', map[1]);
	munmap(map, 4 * PAGE);
	close(fd);
	unlink("shared");
}

TEST(private_mapping_is_a_copy)
{
	int fd = make("private");
	const struct timespec then[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct stat st;
	char *map, *read_first;

	fill(page, 'j');
	ASSERT_EQ(PAGE, write(fd, page, PAGE));
	ASSERT_EQ(0, futimens(fd, then));
	/* likely where no page table is yet */
	map = mmap((void *)(1UL << 44), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	read_first = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ('j', read_first[5]);
	map[0] = 'k';
	read_first[0] = 'l';
	EXPECT_EQ('j', map[1]);
	EXPECT_EQ('j', read_first[1]);
	ASSERT_EQ(1, pread(fd, other, 1, 0));
	EXPECT_EQ('j', other[0]);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(1, st.st_mtim.tv_sec);
	munmap(map, PAGE);
	munmap(read_first, PAGE);
	close(fd);
	unlink("private");
}

TEST(beyond_the_end_is_sigbus)
{
	int fd = make("end");
	char *map;

	ASSERT_EQ(0, ftruncate(fd, 3 * PAGE));
	map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map[0] = 'm';
	map[2 * PAGE] = 'm';
	EXPECT_EQ(1, is_bus(map + 3 * PAGE));
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	EXPECT_EQ(0, is_bus(map));
	EXPECT_EQ(1, is_bus(map + 2 * PAGE));
	ASSERT_EQ(0, ftruncate(fd, 3 * PAGE));
	EXPECT_EQ(0, map[2 * PAGE]);
	munmap(map, 4 * PAGE);
	close(fd);
	unlink("end");
}

TEST(punched_pages_leave_mappings)
{
	int fd = make("punched");
	char *map;

	ASSERT_EQ(0, ftruncate(fd, 4 * PAGE));
	map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(map, 'n', 4 * PAGE);
	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
	EXPECT_EQ(0, map[PAGE]);
	EXPECT_EQ('n', map[2 * PAGE]);
	map[PAGE] = 'o';
	ASSERT_EQ(1, pread(fd, other, 1, PAGE));
	EXPECT_EQ('o', other[0]);
	munmap(map, 4 * PAGE);
	close(fd);
	unlink("punched");
}

TEST(many_pages)
{
	size_t size = 8 * HUGE;
	int fd = make("many");
	__u64 *map;
	size_t i;

	ASSERT_EQ(0, ftruncate(fd, size));
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	for (i = 0; i < size / 8; i += PAGE / 8)
		map[i] = i;
	ASSERT_EQ(0, madvise(map, size, MADV_DONTNEED));
	for (i = 0; i < size / 8; i += PAGE / 8)
		ASSERT_EQ(i, map[i]);
	munmap(map, size);
	close(fd);
	unlink("many");
}

TEST(a_futex_is_shared)
{
	struct timespec most = { 10, 0 };
	int fd = make("futex"), *one, *two, status;

	ASSERT_EQ(0, ftruncate(fd, PAGE));
	one = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	two = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, two);
	if (!fork()) {
		while (syscall(SYS_futex, two, FUTEX_WAKE, 1, NULL, NULL, 0) == 0)
			usleep(1000);
		_exit(0);
	}
	EXPECT_EQ(0, syscall(SYS_futex, one, FUTEX_WAIT, 0, &most, NULL, 0));
	wait(&status);
	EXPECT_EQ(0, status);
	munmap(one, PAGE);
	munmap(two, PAGE);
	close(fd);
	unlink("futex");
}

/* Perhaps in one entry of a page table: what is within it, taken out of it, and cut off. */
TEST(two_mib_at_once)
{
	int fd = make("huge"), tube[2];
	struct iovec vec;
	char *map;

	memset(large, 'h', sizeof(large));
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(sizeof(large), write(fd, large, sizeof(large)));
	map = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ('h', map[0]);
	EXPECT_EQ('h', map[HUGE - 1]);
	map[HUGE + 7 * PAGE] = 'w';
	ASSERT_EQ(PAGE, pread(fd, page, PAGE, HUGE + 7 * PAGE));
	EXPECT_EQ('w', page[0]);
	ASSERT_EQ(0, pipe(tube));
	vec = (struct iovec){ map + HUGE + 7 * PAGE, PAGE };
	ASSERT_EQ(PAGE, vmsplice(tube[1], &vec, 1, 0));
	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HUGE + 7 * PAGE,
			       PAGE));
	EXPECT_EQ(0, map[HUGE + 7 * PAGE]);
	EXPECT_EQ('h', map[HUGE + 6 * PAGE]);
	EXPECT_EQ('h', map[HUGE + 8 * PAGE]);
	ASSERT_EQ(PAGE, read(tube[0], other, PAGE));
	EXPECT_EQ('w', other[0]);
	ASSERT_EQ(0, mprotect(map, PAGE, PROT_READ));
	ASSERT_EQ(0, mprotect(map, PAGE, PROT_READ | PROT_WRITE));
	map[PAGE - 1] = 'm';
	ASSERT_EQ(0, ftruncate(fd, HUGE - PAGE));
	EXPECT_EQ('m', map[PAGE - 1]);
	EXPECT_EQ('h', map[HUGE - 2 * PAGE]);
	EXPECT_TRUE(is_bus(map + HUGE - PAGE));
	EXPECT_TRUE(is_bus(map + HUGE));
	munmap(map, 2 * HUGE);
	close(tube[0]);
	close(tube[1]);
	close(fd);
	unlink("huge");
}

/* The kernel finds the pages of a mapping, and they stay while it uses them. */
TEST(pages_can_be_had)
{
	int fd = make("pages"), tube[2];
	struct iovec local = { other, PAGE }, remote;
	char *map;

	ASSERT_EQ(0, ftruncate(fd, 2 * PAGE));
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fill(other, 'p');
	remote = (struct iovec){ map, PAGE };
	if (process_vm_writev(getpid(), &local, 1, &remote, 1, 0) < 0) {
		ASSERT_NE(EFAULT, errno);	/* a kernel that is built without */
		memcpy(map, other, PAGE);
	}
	EXPECT_EQ('p', map[0]);
	ASSERT_EQ(0, pipe(tube));
	ASSERT_EQ(PAGE, vmsplice(tube[1], &remote, 1, 0));
	munmap(map, 2 * PAGE);
	/* the pipe has the page still: whoever gets the block must not write there */
	ASSERT_EQ(0, ftruncate(fd, 0));
	fill(page, 'q');
	for (int i = 0; i < 64; i++)
		ASSERT_EQ(PAGE, pwrite(fd, page, PAGE, i * PAGE));
	ASSERT_EQ(PAGE, read(tube[0], other, PAGE));
	EXPECT_EQ('p', other[0]);
	EXPECT_EQ('p', other[PAGE - 1]);
	close(tube[0]);
	close(tube[1]);
	close(fd);
	unlink("pages");
}

/* Likewise when nobody has the file any more; all blocks are used again. */
TEST(pages_outlive_their_file)
{
	int fd = make("outlived"), tube[2];
	struct statfs st;
	struct iovec vec;
	char *map;

	ASSERT_EQ(0, fstatfs(fd, &st));
	if (st.f_bavail * st.f_bsize > 512 << 20)
		SKIP(return, "there is too much room");
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	memset(map, 'p', PAGE);
	vec = (struct iovec){ map, PAGE };
	ASSERT_EQ(0, pipe(tube));
	ASSERT_EQ(PAGE, vmsplice(tube[1], &vec, 1, 0));
	munmap(map, PAGE);
	unlink("outlived");
	close(fd);
	fd = make("all");
	memset(large, 'q', sizeof(large));
	while (write(fd, large, sizeof(large)) > 0)
		;
	EXPECT_EQ(ENOSPC, errno);
	ASSERT_EQ(PAGE, read(tube[0], other, PAGE));
	EXPECT_EQ('p', other[0]);
	EXPECT_EQ('p', other[PAGE - 1]);
	close(tube[0]);
	close(tube[1]);
	unlink("all");
	close(fd);
}

static int copy_self(const char *to)
{
	int from = open("/proc/self/exe", O_RDONLY), fd = make(to);
	ssize_t n;

	while ((n = read(from, page, PAGE)) > 0)
		if (write(fd, page, n) != n)
			return -1;
	fchmod(fd, 0755);
	close(from);
	return close(fd);
}

TEST(it_can_be_executed)
{
	int status;

	ASSERT_EQ(0, copy_self("exe"));
	if (!fork()) {
		execl("./exe", "exe", "-t", "beyond_the_end_is_sigbus", NULL);
		_exit(99);
	}
	wait(&status);
	EXPECT_EQ(0, WEXITSTATUS(status));
	unlink("exe");
}

TEST_HARNESS_MAIN
