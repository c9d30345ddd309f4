// SPDX-License-Identifier: GPL-2.0
/* posix: what Linux's calls promise of a file system, in the current directory; locks.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/types.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#define PAGE	4096
#define HUGE	(2 << 20)

static char page[PAGE], other[PAGE];
static char large[1 << 20];
static char *nowhere;	/* a page that was unmapped */

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

static int make(const char *name)
{
	unlink(name);
	return open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
}

static void fill(char *to, char with)
{
	memset(to, with, PAGE);
}

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_size;
}

static long blocks_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_blocks / 8;
}

/* --- data ------------------------------------------------------------------- */

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

/* --- mappings ------------------------------------------------------------------- */

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
		execl("./exe", "exe", "-t", "holes", NULL);
		_exit(99);
	}
	wait(&status);
	EXPECT_EQ(0, WEXITSTATUS(status));
	unlink("exe");
}

static int in_child(int (*fn)(const char *name), const char *name)
{
	int status;

	if (!fork())
		_exit(fn(name));
	wait(&status);
	return WEXITSTATUS(status);
}

/* --- names ------------------------------------------------------------------------ */

TEST(tmpfile_gets_a_name)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	char path[64];
	struct stat st;

	ASSERT_LE(0, fd);
	ASSERT_EQ(3, write(fd, "tmp", 3));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, st.st_nlink);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_EQ(0, linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(1, st.st_nlink);
	close(fd);
	EXPECT_EQ(0, stat("named", &st));
	EXPECT_EQ(3, st.st_size);
	unlink("named");
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	close(fd);
}

TEST(removed_while_open)
{
	int fd = make("gone"), dir;
	struct stat st;

	ASSERT_EQ(4, write(fd, "here", 4));
	ASSERT_EQ(0, unlink("gone"));
	EXPECT_EQ(-1, stat("gone", &st));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, st.st_nlink);
	ASSERT_EQ(4, pread(fd, other, PAGE, 0));
	ASSERT_EQ(4, pwrite(fd, "more", 4, 4));
	EXPECT_EQ(8, size_of(fd));
	close(fd);
	ASSERT_EQ(0, mkdir("godir", 0755));
	dir = open("godir", O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(0, rmdir("godir"));
	EXPECT_EQ(0, fstat(dir, &st));
	EXPECT_EQ(0, st.st_nlink);
	EXPECT_EQ(-1, openat(dir, "x", O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(ENOENT, errno);
	close(dir);
}

/* As on tmpfs: it is there, it is empty, and nothing is made in it. */
TEST(the_current_directory_is_removed)
{
	int home = open(".", O_RDONLY | O_DIRECTORY);
	struct stat st;
	DIR *dir;

	ASSERT_EQ(0, mkdir("cwd", 0755));
	ASSERT_EQ(0, chdir("cwd"));
	close(make("inside"));
	ASSERT_EQ(0, unlink("inside"));
	ASSERT_EQ(0, rmdir("../cwd"));
	ASSERT_EQ(0, stat(".", &st));
	EXPECT_EQ(0, st.st_nlink);
	EXPECT_EQ(0, access(".", R_OK | W_OK | X_OK));
	dir = opendir(".");
	ASSERT_NE(NULL, dir);
	errno = 0;
	EXPECT_EQ(NULL, readdir(dir));
	EXPECT_EQ(0, errno);
	closedir(dir);
	EXPECT_EQ(-1, stat("inside", &st));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, open("inside", O_RDONLY));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, open("inside", O_RDWR | O_CREAT, 0600));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, mkdir("inside", 0700));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(0, chdir(".."));
	EXPECT_EQ(-1, stat("cwd", &st));
	EXPECT_EQ(ENOENT, errno);
	ASSERT_EQ(0, fchdir(home));
	close(home);
}

/* What was looked up is forgotten. */
static void forget_names(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "2", 1) != 1)
		abort();
	close(fd);
}

static int open_as_nobody(const char *name)
{
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 1;
	return open(name, O_RDONLY) < 0 ? errno : 0;
}

/* Each way to open what is there but was not looked up before, and what is not. */
TEST(open_looks_up)
{
	char name[257] = { 0 };
	struct stat st;
	int fd;

	ASSERT_EQ(0, mkdir("look", 0755));
	ASSERT_EQ(0, mkdir("look/dir", 0755));
	ASSERT_EQ(0, symlink("file", "look/link"));
	fd = make("look/file");
	ASSERT_EQ(4, write(fd, "look", 4));
	close(fd);
	memset(name, 'n', 256);
	for (int i = 0; i < 2; i++) {	/* then it is known */
		if (!i)
			forget_names();
		EXPECT_EQ(-1, open("look/none", O_RDONLY));
		EXPECT_EQ(ENOENT, errno);
		EXPECT_EQ(-1, open(name, O_RDONLY));
		EXPECT_EQ(ENAMETOOLONG, errno);
		EXPECT_EQ(-1, open("look/file", O_RDONLY | O_DIRECTORY));
		EXPECT_EQ(ENOTDIR, errno);
		EXPECT_EQ(-1, open("look/file/", O_RDONLY));
		EXPECT_EQ(ENOTDIR, errno);
		EXPECT_EQ(-1, open("look/dir", O_WRONLY));
		EXPECT_EQ(EISDIR, errno);
		EXPECT_EQ(-1, open("look/link", O_RDONLY | O_NOFOLLOW));
		EXPECT_EQ(ELOOP, errno);
		EXPECT_EQ(-1, open("look/file", O_RDWR | O_CREAT | O_EXCL, 0600));
		EXPECT_EQ(EEXIST, errno);
		fd = open("look/dir", O_RDONLY | O_DIRECTORY);
		EXPECT_LE(0, close(fd));
		fd = open("look/file", O_PATH);
		EXPECT_EQ(-1, read(fd, other, PAGE));
		EXPECT_EQ(EBADF, errno);
		close(fd);
		fd = open("look/link", O_RDONLY);
		EXPECT_EQ(4, read(fd, other, PAGE));
		close(fd);
	}
	forget_names();
	fd = open("look/file", O_RDWR | O_TRUNC);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, st.st_size);
	close(fd);
	chmod("look/file", 0600);
	forget_names();
	EXPECT_EQ(EACCES, in_child(open_as_nobody, "look/file"));
	unlink("look/file");
	unlink("look/link");
	rmdir("look/dir");
	rmdir("look");
}

TEST(rename_in_all_ways)
{
	struct stat st;

	close(make("from"));
	close(make("to"));
	EXPECT_EQ(-1, renameat2(AT_FDCWD, "from", AT_FDCWD, "to", RENAME_NOREPLACE));
	EXPECT_EQ(EEXIST, errno);
	ASSERT_EQ(0, stat("from", &st));
	ASSERT_EQ(0, renameat2(AT_FDCWD, "from", AT_FDCWD, "to", RENAME_EXCHANGE));
	ino_t ino = st.st_ino;

	ASSERT_EQ(0, stat("to", &st));
	EXPECT_EQ(ino, st.st_ino);
	ASSERT_EQ(0, renameat2(AT_FDCWD, "to", AT_FDCWD, "white", RENAME_WHITEOUT));
	ASSERT_EQ(0, lstat("to", &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0, st.st_rdev);
	ASSERT_EQ(0, rename("from", "white"));
	EXPECT_EQ(-1, stat("from", &st));
	unlink("to");
	unlink("white");
	ASSERT_EQ(0, mkdir("one", 0755));
	ASSERT_EQ(0, mkdir("one/two", 0755));
	EXPECT_EQ(-1, rename("one", "one/two/three"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, rename("one/two", "one"));
	EXPECT_EQ(ENOTEMPTY, errno);
	ASSERT_EQ(0, mkdir("four", 0755));
	ASSERT_EQ(0, rename("one/two", "four/two"));
	ASSERT_EQ(0, stat("one", &st));
	EXPECT_EQ(2, st.st_nlink);
	ASSERT_EQ(0, stat("four", &st));
	EXPECT_EQ(3, st.st_nlink);
	EXPECT_EQ(-1, rmdir("four"));
	EXPECT_EQ(ENOTEMPTY, errno);
	rmdir("four/two");
	EXPECT_EQ(0, rmdir("four"));
	EXPECT_EQ(0, rmdir("one"));
}

TEST(names_and_links)
{
	char name[257], target[PATH_MAX];
	struct stat st;

	memset(name, 'n', 256);
	name[256] = 0;
	EXPECT_EQ(-1, open(name, O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(ENAMETOOLONG, errno);
	name[255] = 0;
	close(make(name));
	EXPECT_EQ(0, stat(name, &st));
	EXPECT_EQ(0, unlink(name));
	close(make("\xff\xfe not utf-8"));
	EXPECT_EQ(0, unlink("\xff\xfe not utf-8"));
	memset(target, 't', sizeof(target));
	target[PATH_MAX - 1] = 0;
	for (int len = PATH_MAX - 1; len > 0; len /= 2) {
		char back[PATH_MAX];

		target[len] = 0;
		ASSERT_EQ(0, symlink(target, "link"));
		ASSERT_EQ(len, readlink("link", back, sizeof(back)));
		ASSERT_EQ(0, memcmp(back, target, len));
		ASSERT_EQ(0, lstat("link", &st));
		EXPECT_EQ(len, st.st_size);
		ASSERT_EQ(0, unlink("link"));
	}
	ASSERT_EQ(0, symlink("loop", "loop"));
	EXPECT_EQ(-1, stat("loop", &st));
	EXPECT_EQ(ELOOP, errno);
	unlink("loop");
	close(make("first"));
	ASSERT_EQ(0, link("first", "second"));
	ASSERT_EQ(0, stat("first", &st));
	EXPECT_EQ(2, st.st_nlink);
	EXPECT_EQ(-1, link("first", "second"));
	EXPECT_EQ(EEXIST, errno);
	unlink("first");
	ASSERT_EQ(0, stat("second", &st));
	EXPECT_EQ(1, st.st_nlink);
	unlink("second");
}

TEST(nodes)
{
	struct stat st;

	ASSERT_EQ(0, mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	ASSERT_EQ(0, stat("null", &st));
	EXPECT_EQ(makedev(1, 3), st.st_rdev);
	EXPECT_EQ(0, unlink("null"));
	ASSERT_EQ(0, mknod("big", S_IFBLK | 0600, makedev(4000, 1000000)));
	ASSERT_EQ(0, stat("big", &st));
	EXPECT_EQ(makedev(4000, 1000000), st.st_rdev);
	EXPECT_EQ(0, unlink("big"));
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	EXPECT_EQ(0, unlink("fifo"));
	ASSERT_EQ(0, mknod("sock", S_IFSOCK | 0600, 0));
	EXPECT_EQ(0, unlink("sock"));
}

/* --- attributes -------------------------------------------------------------------- */

TEST(owners_modes_times)
{
	struct timespec when[2] = { { 1000, 1 }, { 2000, 999999999 } };
	int fd = make("attr");
	struct stat st;
	struct statx sx;

	ASSERT_EQ(0, fchown(fd, 1000, 2000));
	ASSERT_EQ(0, fchmod(fd, 04755));
	ASSERT_EQ(0, futimens(fd, when));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(1000, st.st_uid);
	EXPECT_EQ(2000, st.st_gid);
	EXPECT_EQ(S_IFREG | 04755, st.st_mode);
	EXPECT_EQ(1, st.st_atim.tv_nsec);
	EXPECT_EQ(2000, st.st_mtim.tv_sec);
	EXPECT_EQ(999999999, st.st_mtim.tv_nsec);
	ASSERT_EQ(0, statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &sx));
	EXPECT_TRUE(sx.stx_mask & STATX_BTIME);
	EXPECT_NE(0, sx.stx_btime.tv_sec);
	when[1] = (struct timespec){ -315619200, 5 };	/* 1960 */
	ASSERT_EQ(0, futimens(fd, when));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(-315619200, st.st_mtim.tv_sec);
	EXPECT_EQ(5, st.st_mtim.tv_nsec);
	/* a write by who is not privileged takes the bit away */
	if (!fork()) {
		if (setresgid(2000, 2000, 2000) || setresuid(1000, 1000, 1000) ||
		    write(fd, "x", 1) != 1 || fstat(fd, &st))
			_exit(1);
		_exit(!!(st.st_mode & S_ISUID));
	}
	int status;

	wait(&status);
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_LT(0, st.st_mtim.tv_sec);
	close(fd);
	unlink("attr");
}

TEST(permissions)
{
	int status;

	close(make("mine"));
	ASSERT_EQ(0, chmod("mine", 0600));
	if (!fork()) {
		if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
			_exit(1);
		_exit(open("mine", O_RDONLY) >= 0 || errno != EACCES);
	}
	wait(&status);
	EXPECT_EQ(0, status);
	unlink("mine");
	ASSERT_EQ(0, mkdir("group", 0755));
	ASSERT_EQ(0, chown("group", 0, 3000));
	ASSERT_EQ(0, chmod("group", 02775));
	close(make("group/file"));

	struct stat st;

	ASSERT_EQ(0, stat("group/file", &st));
	EXPECT_EQ(3000, st.st_gid);
	unlink("group/file");
	rmdir("group");
}

TEST(extended_attributes)
{
	char list[256];
	int fd = make("xattr");

	ASSERT_EQ(0, fsetxattr(fd, "user.one", "1", 1, XATTR_CREATE));
	EXPECT_EQ(-1, fsetxattr(fd, "user.one", "1", 1, XATTR_CREATE));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(-1, fsetxattr(fd, "user.two", "1", 1, XATTR_REPLACE));
	EXPECT_EQ(ENODATA, errno);
	ASSERT_EQ(0, fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0));
	ASSERT_EQ(0, fsetxattr(fd, "security.test", "label", 5, 0));
	EXPECT_EQ(1, fgetxattr(fd, "user.one", other, PAGE));
	EXPECT_EQ(5, fgetxattr(fd, "security.test", NULL, 0));
	EXPECT_EQ(-1, fgetxattr(fd, "security.test", other, 4));
	EXPECT_EQ(ERANGE, errno);
	EXPECT_LT(30, flistxattr(fd, list, sizeof(list)));
	ASSERT_EQ(0, fremovexattr(fd, "user.one"));
	EXPECT_EQ(-1, fgetxattr(fd, "user.one", other, PAGE));
	EXPECT_EQ(ENODATA, errno);
	close(fd);
	unlink("xattr");
}

struct acl_entry {
	__u16 tag, perm;
	__u32 id;
};

struct acl {
	__u32 version;
	struct acl_entry entry[5];
};

#define ACL	"system.posix_acl_access"
#define DEFAULT	"system.posix_acl_default"

TEST(acls)
{
	/* user::rw, user:1000:rwx, group::r, mask::rw, other::- */
	struct acl acl = { 2, { { 1, 6, -1 }, { 2, 7, 1000 }, { 4, 4, -1 }, { 0x10, 6, -1 },
				{ 0x20, 0, -1 } } };
	struct stat st;
	int status;

	ASSERT_EQ(0, mkdir("acls", 0777));
	if (setxattr("acls", DEFAULT, &acl, sizeof(acl), 0) && errno == EOPNOTSUPP) {
		rmdir("acls");
		SKIP(return, "this kernel has no ACLs");
	}
	ASSERT_EQ(sizeof(acl), getxattr("acls", DEFAULT, NULL, 0));
	close(make("acls/file"));
	EXPECT_EQ(sizeof(acl), getxattr("acls/file", ACL, other, PAGE));
	ASSERT_EQ(0, stat("acls/file", &st));
	EXPECT_EQ(0640, st.st_mode & 0777);
	ASSERT_EQ(0, setxattr("acls/file", ACL, &acl, sizeof(acl), 0));
	ASSERT_EQ(0, chmod("acls", 0755));
	ASSERT_EQ(0, stat("acls/file", &st));
	EXPECT_EQ(0660, st.st_mode & 0777);
	if (!fork()) {
		if (setresgid(5000, 5000, 5000) || setresuid(1000, 1000, 1000))
			_exit(1);
		_exit(open("acls/file", O_RDWR) < 0);
	}
	wait(&status);
	EXPECT_EQ(0, status);
	if (!fork()) {
		if (setresgid(5000, 5000, 5000) || setresuid(1001, 1001, 1001))
			_exit(1);
		_exit(open("acls/file", O_RDONLY) >= 0);
	}
	wait(&status);
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, chmod("acls/file", 0600));
	ASSERT_EQ(0, removexattr("acls/file", ACL));
	EXPECT_EQ(-1, getxattr("acls/file", ACL, other, PAGE));
	EXPECT_EQ(ENODATA, errno);
	unlink("acls/file");
	rmdir("acls");
}

TEST(default_acls)
{
	struct acl acl = { 2, { { 1, 7, -1 }, { 2, 7, 1000 }, { 4, 4, -1 }, { 0x10, 7, -1 },
				{ 0x20, 5, -1 } } };
	struct acl plain = { 2, { { 1, 6, -1 }, { 4, 4, -1 }, { 0x20, 4, -1 } } };
	const size_t plain_size = offsetof(struct acl, entry[3]);
	struct stat st;

	ASSERT_EQ(0, mkdir("defaults", 0777));
	if (setxattr("defaults", DEFAULT, &acl, sizeof(acl), 0) && errno == EOPNOTSUPP) {
		rmdir("defaults");
		SKIP(return, "this kernel has no ACLs");
	}
	ASSERT_EQ(0, mkdir("defaults/dir", 0777));
	EXPECT_EQ(sizeof(acl), getxattr("defaults/dir", DEFAULT, other, PAGE));
	EXPECT_EQ(sizeof(acl), getxattr("defaults/dir", ACL, other, PAGE));
	close(make("defaults/file"));
	EXPECT_EQ(-1, setxattr("defaults/file", DEFAULT, &acl, sizeof(acl), 0));
	EXPECT_EQ(EACCES, errno);
	/* what says no more than the mode is no attribute */
	ASSERT_EQ(0, setxattr("defaults/file", ACL, &plain, plain_size, 0));
	EXPECT_EQ(-1, getxattr("defaults/file", ACL, other, PAGE));
	EXPECT_EQ(ENODATA, errno);
	ASSERT_EQ(0, stat("defaults/file", &st));
	EXPECT_EQ(0644, st.st_mode & 0777);
	plain.version = 3;
	EXPECT_EQ(-1, setxattr("defaults/file", ACL, &plain, plain_size, 0));
	unlink("defaults/file");
	rmdir("defaults/dir");
	ASSERT_EQ(0, removexattr("defaults", DEFAULT));
	ASSERT_EQ(0, mkdir("defaults/dir", 0777));
	EXPECT_EQ(-1, getxattr("defaults/dir", DEFAULT, other, PAGE));
	rmdir("defaults/dir");
	rmdir("defaults");
}

TEST(names_that_only_root_sees)
{
	char list[256];
	int status;

	close(make("hidden"));
	ASSERT_EQ(0, chmod("hidden", 0644));
	ASSERT_EQ(0, setxattr("hidden", "trusted.one", "1", 1, 0));
	ASSERT_EQ(0, setxattr("hidden", "user.two", "2", 1, 0));
	ASSERT_EQ(0, setxattr("hidden", "trusted.three", "3", 1, 0));
	EXPECT_EQ(35, listxattr("hidden", list, sizeof(list)));
	if (!fork()) {
		if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
			_exit(1);
		_exit(listxattr("hidden", list, sizeof(list)) != 9 || strcmp(list, "user.two"));
	}
	wait(&status);
	EXPECT_EQ(0, status);
	EXPECT_EQ(-1, listxattr("hidden", list, 20));
	EXPECT_EQ(ERANGE, errno);
	EXPECT_EQ(-1, setxattr("hidden", "user.large", large, 65537, 0));
	EXPECT_EQ(E2BIG, errno);
	unlink("hidden");
}

static int set_flags(int fd, int flags)
{
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

TEST(immutable_and_append_only)
{
	int fd = make("chattr"), flags = -1;
	struct fsxattr fsx = { .fsx_extsize = PAGE, .fsx_xflags = FS_XFLAG_EXTSIZE };
	struct statx sx;

	ASSERT_EQ(0, ioctl(fd, FS_IOC_GETFLAGS, &flags));
	EXPECT_EQ(0, flags);
	ASSERT_EQ(0, set_flags(fd, FS_IMMUTABLE_FL));
	ASSERT_EQ(0, statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx));
	EXPECT_TRUE(sx.stx_attributes & STATX_ATTR_IMMUTABLE);
	EXPECT_EQ(-1, open("chattr", O_WRONLY));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, unlink("chattr"));
	ASSERT_EQ(0, set_flags(fd, FS_APPEND_FL));
	ASSERT_EQ(0, statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx));
	EXPECT_TRUE(sx.stx_attributes & STATX_ATTR_APPEND);
	EXPECT_EQ(-1, open("chattr", O_WRONLY));
	EXPECT_EQ(-1, set_flags(fd, FS_NODUMP_FL));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, ioctl(fd, FS_IOC_FSSETXATTR, &fsx));
	ASSERT_EQ(0, set_flags(fd, 0));
	close(fd);
	EXPECT_EQ(0, unlink("chattr"));
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
