// SPDX-License-Identifier: GPL-2.0
/* Names: made, found, removed, moved. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "posix.h"

static char other[PAGE];

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

static struct stat stat_of(const char *name)
{
	struct stat st = { };

	stat(name, &st);
	return st;
}

TEST(directory_counts_what_is_in_it)
{
	blkcnt_t blocks;
	char name[16];
	int i;

	ASSERT_EQ(0, mkdir("counts", 0755));
	EXPECT_EQ(2, stat_of("counts").st_nlink);
	ASSERT_EQ(0, mkdir("counts/dir", 0755));
	EXPECT_EQ(3, stat_of("counts").st_nlink);
	blocks = stat_of("counts").st_blocks;
	for (i = 0; i < 300; i++) {
		sprintf(name, "counts/%d", i);
		close(make(name));
	}
	EXPECT_EQ(3, stat_of("counts").st_nlink);
	EXPECT_LT(blocks, stat_of("counts").st_blocks);
	for (i = 0; i < 300; i++) {
		sprintf(name, "counts/%d", i);
		unlink(name);
	}
	ASSERT_EQ(0, rmdir("counts/dir"));
	EXPECT_EQ(2, stat_of("counts").st_nlink);
	ASSERT_EQ(0, rmdir("counts"));
}

/* --- times -------------------------------------------------------------------------- */

#define MODIFIED	1	/* mtime */
#define CHANGED		2	/* ctime */
#define BOTH		(MODIFIED | CHANGED)
#define MISSING		4

static struct timespec mark;

/* The times that are later than @mark, of a name or of an open file. */
static int times(int fd, const char *name)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return MISSING;
	return is_later(st.st_mtim, mark) * MODIFIED | is_later(st.st_ctim, mark) * CHANGED;
}

#define EXPECT_TIMES(which, name) EXPECT_EQ(which, times(AT_FDCWD, name))

TEST(times_of_what_is_made_and_removed)
{
	int fd, dir;

	ASSERT_EQ(0, mkdir("parent", 0755));
	ASSERT_EQ(0, mkdir("beside", 0755));
	mark = tick();
	fd = make("parent/file");
	ASSERT_LE(0, fd);
	EXPECT_TIMES(BOTH, "parent");
	mark = tick();
	ASSERT_EQ(0, mkdir("parent/dir", 0755));
	EXPECT_TIMES(BOTH, "parent");
	mark = tick();
	ASSERT_EQ(0, symlink("file", "parent/soft"));
	EXPECT_TIMES(BOTH, "parent");
	mark = tick();
	ASSERT_EQ(0, mkfifo("parent/fifo", 0600));
	EXPECT_TIMES(BOTH, "parent");
	mark = tick();
	ASSERT_EQ(0, link("parent/file", "parent/hard"));
	EXPECT_TIMES(BOTH, "parent");
	EXPECT_TIMES(CHANGED, "parent/file");
	mark = tick();
	ASSERT_EQ(0, unlink("parent/hard"));
	EXPECT_TIMES(BOTH, "parent");
	EXPECT_TIMES(CHANGED, "parent/file");
	mark = tick();
	ASSERT_EQ(0, unlink("parent/file"));
	EXPECT_TIMES(BOTH, "parent");
	EXPECT_EQ(CHANGED, times(fd, ""));
	dir = open("parent/dir", O_RDONLY | O_DIRECTORY);
	mark = tick();
	ASSERT_EQ(0, rmdir("parent/dir"));
	EXPECT_TIMES(BOTH, "parent");
	EXPECT_NE(0, times(dir, "") & CHANGED);
	mark = tick();
	ASSERT_EQ(0, unlink("parent/soft"));
	EXPECT_TIMES(BOTH, "parent");
	mark = tick();
	ASSERT_EQ(0, unlink("parent/fifo"));
	EXPECT_TIMES(BOTH, "parent");
	close(dir);
	close(fd);
	mark = tick();
	ASSERT_EQ(0, rmdir("beside"));
	EXPECT_TIMES(0, "parent");
	EXPECT_TIMES(BOTH, ".");
	rmdir("parent");
}

TEST(times_of_what_is_moved)
{
	int fd;

	ASSERT_EQ(0, mkdir("old", 0755));
	ASSERT_EQ(0, mkdir("new", 0755));
	ASSERT_EQ(0, mkdir("old/dir", 0755));
	close(make("old/file"));
	mark = tick();
	ASSERT_EQ(0, rename("old/file", "old/name"));
	EXPECT_TIMES(BOTH, "old");
	EXPECT_TIMES(CHANGED, "old/name");
	EXPECT_TIMES(0, "new");
	mark = tick();
	ASSERT_EQ(0, rename("old/name", "new/name"));
	EXPECT_TIMES(BOTH, "old");
	EXPECT_TIMES(BOTH, "new");
	EXPECT_TIMES(CHANGED, "new/name");
	mark = tick();
	ASSERT_EQ(0, rename("old/dir", "new/dir"));
	EXPECT_TIMES(BOTH, "old");
	EXPECT_TIMES(BOTH, "new");
	EXPECT_NE(0, times(AT_FDCWD, "new/dir") & CHANGED);
	close(make("old/file"));
	mark = tick();
	ASSERT_EQ(0, renameat2(AT_FDCWD, "old/file", AT_FDCWD, "new/name", RENAME_EXCHANGE));
	EXPECT_TIMES(BOTH, "old");
	EXPECT_TIMES(BOTH, "new");
	EXPECT_TIMES(CHANGED, "old/file");
	EXPECT_TIMES(CHANGED, "new/name");
	/* what it takes the place of has one name less */
	fd = open("new/name", O_RDONLY);
	mark = tick();
	ASSERT_EQ(0, rename("old/file", "new/name"));
	EXPECT_TIMES(BOTH, "old");
	EXPECT_TIMES(BOTH, "new");
	EXPECT_TIMES(CHANGED, "new/name");
	EXPECT_EQ(CHANGED, times(fd, ""));
	close(fd);
	unlink("new/name");
	rmdir("new/dir");
	rmdir("new");
	rmdir("old");
}

TEST(what_fails_or_only_looks_changes_no_time)
{
	struct stat st;

	ASSERT_EQ(0, mkdir("still", 0755));
	ASSERT_EQ(0, mkdir("still/dir", 0755));
	close(make("still/dir/in"));
	close(make("still/file"));
	mark = tick();
	EXPECT_EQ(-1, open("still/file", O_RDWR | O_CREAT | O_EXCL, 0600));
	EXPECT_EQ(-1, mkdir("still/file", 0755));
	EXPECT_EQ(-1, symlink("x", "still/file"));
	EXPECT_EQ(-1, link("still/file", "still/dir"));
	EXPECT_EQ(-1, unlink("still/none"));
	EXPECT_EQ(-1, rmdir("still/dir"));
	EXPECT_EQ(-1, rename("still/none", "still/file"));
	EXPECT_EQ(-1, renameat2(AT_FDCWD, "still/dir", AT_FDCWD, "still/file", RENAME_NOREPLACE));
	EXPECT_EQ(0, stat("still/file", &st));
	close(open("still/file", O_RDWR | O_CREAT, 0600));
	EXPECT_TIMES(0, "still");
	EXPECT_TIMES(0, "still/dir");
	EXPECT_TIMES(0, "still/dir/in");
	EXPECT_TIMES(0, "still/file");
	unlink("still/file");
	unlink("still/dir/in");
	rmdir("still/dir");
	rmdir("still");
}

TEST_HARNESS_MAIN
