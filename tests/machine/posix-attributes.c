// SPDX-License-Identifier: GPL-2.0
/* Owners, modes, times, attributes and lists of who may. */
#include <errno.h>
#include <linux/fs.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "posix.h"

static char other[PAGE];
static char large[1 << 20];

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

/* As mounted by default. Between the write and the read nobody asks for the times. */
TEST(the_first_read_after_a_write_is_seen)
{
	int fd = make("read");
	struct stat st, after;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(1, pwrite(fd, "1", 1, 0));
		tick();
		ASSERT_EQ(1, pread(fd, other, 1, 0));
		ASSERT_EQ(0, fstat(fd, &st));
		EXPECT_TRUE(is_later(st.st_atim, st.st_mtim));
		tick();
	}
	/* no other */
	ASSERT_EQ(1, pread(fd, other, 1, 0));
	ASSERT_EQ(0, fstat(fd, &after));
	EXPECT_FALSE(is_later(after.st_atim, st.st_atim));
	close(fd);
	unlink("read");
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
}

static int as(uid_t uid)
{
	return setresgid(uid, uid, uid) || setresuid(uid, uid, uid);
}

/* Whoever may write there has neither what is another's nor the directory. */
static int cannot_take(const char *dir)
{
	if (as(1001) || chdir(dir))
		return 1;
	if (!unlink("file") || errno != EPERM)
		return 2;
	if (!rmdir("dir") || errno != EPERM)
		return 3;
	if (!rename("file", "taken") || errno != EPERM)
		return 4;
	if (close(make("own")) || !rename("own", "file") || errno != EPERM)
		return 5;
	if (!renameat2(AT_FDCWD, "own", AT_FDCWD, "file", RENAME_EXCHANGE) || errno != EPERM)
		return 6;
	return unlink("own") ? 7 : 0;
}

static int owner_takes(const char *dir)
{
	if (as(1000) || chdir(dir))
		return 1;
	return rename("file", "moved") || unlink("moved") || rmdir("dir") ? 2 : 0;
}

TEST(sticky_directory)
{
	ASSERT_EQ(0, mkdir("sticky", 0755));
	ASSERT_EQ(0, mkdir("sticky/dir", 0777));
	close(make("sticky/file"));
	ASSERT_EQ(0, chmod("sticky/file", 0666));
	ASSERT_EQ(0, chown("sticky/file", 1000, 1000));
	ASSERT_EQ(0, chown("sticky/dir", 1000, 1000));
	ASSERT_EQ(0, chmod("sticky", 01777));
	EXPECT_EQ(0, in_child(cannot_take, "sticky"));
	EXPECT_EQ(0, in_child(owner_takes, "sticky"));
	close(make("sticky/file"));
	ASSERT_EQ(0, chown("sticky/file", 1000, 1000));
	ASSERT_EQ(0, mkdir("sticky/dir", 0777));
	/* without the bit it is who may write there */
	ASSERT_EQ(0, chmod("sticky", 0777));
	EXPECT_EQ(2, in_child(cannot_take, "sticky"));
	unlink("sticky/file");
	rmdir("sticky/dir");
	EXPECT_EQ(0, rmdir("sticky"));
}

TEST(a_directory_gives_its_group)
{
	struct stat st;

	ASSERT_EQ(0, mkdir("group", 0755));
	ASSERT_EQ(0, chown("group", 0, 3000));
	ASSERT_EQ(0, chmod("group", 02775));
	close(make("group/file"));
	ASSERT_EQ(0, stat("group/file", &st));
	EXPECT_EQ(3000, st.st_gid);
	EXPECT_EQ(0, st.st_mode & S_ISGID);
	ASSERT_EQ(0, symlink("file", "group/link"));
	ASSERT_EQ(0, lstat("group/link", &st));
	EXPECT_EQ(3000, st.st_gid);
	ASSERT_EQ(0, mkdir("group/dir", 0755));
	ASSERT_EQ(0, stat("group/dir", &st));
	EXPECT_EQ(3000, st.st_gid);
	EXPECT_EQ(S_IFDIR | 02755, st.st_mode);
	ASSERT_EQ(0, mkdir("group/dir/dir", 0700));
	ASSERT_EQ(0, stat("group/dir/dir", &st));
	EXPECT_EQ(3000, st.st_gid);
	EXPECT_EQ(S_IFDIR | 02700, st.st_mode);
	/* what is moved there keeps its own */
	close(make("alone"));
	ASSERT_EQ(0, rename("alone", "group/alone"));
	ASSERT_EQ(0, stat("group/alone", &st));
	EXPECT_EQ(getegid(), st.st_gid);
	unlink("group/alone");
	rmdir("group/dir/dir");
	rmdir("group/dir");
	unlink("group/link");
	unlink("group/file");
	EXPECT_EQ(0, rmdir("group"));
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

TEST_HARNESS_MAIN
