// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of a file system that mk_daxfs has mounted, and of the module.  An error
 * may leave no inode behind; whether all else is right says mkctl fs check.
 */
#include <dirent.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "fail.h"

#define REGION	"data"
#define DIR_FS	"/tmp/fail.fs"
#define A	DIR_FS "/a"
#define B	DIR_FS "/b"
#define SUB	DIR_FS "/sub"
#define IN	SUB "/in"
#define LARGE	(3 * MIB)
#define CACHES	"/proc/sys/vm/drop_caches"
#define ACL	"system.posix_acl_access"
#define DEFAULT	"system.posix_acl_default"

static int fd = -1;
static char room[65536], *map;

/* --- module, mount ------------------------------------------------------------- */

static int insert_module(void)
{
	return insert("mk_daxfs", "");
}

static int remove_module(void)
{
	return removed("mk_daxfs");
}

int fs_insert(void)
{
	return insert_module();
}

int fs_make(void)
{
	mkdir(DIR_FS, 0755);
	return system("mkctl fs create " REGION " --size 32M >/dev/null") ? -EIO : 0;
}

int fs_mount(void)
{
	return plain(mount(REGION, DIR_FS, "daxfs", 0, NULL));
}

static int mount_option(void)
{
	return plain(mount("none", DIR_FS, "daxfs", MS_NOATIME, "region=" REGION));
}

static int unmount(void)
{
	return plain(umount(DIR_FS));
}

static int remount(void)
{
	return plain(mount(NULL, DIR_FS, NULL, MS_REMOUNT | MS_RDONLY, NULL));
}

/* Of what is mounted, else 0. */
long fs_inodes(void)
{
	struct statfs st, outside;

	if (statfs(DIR_FS, &st) || statfs("/tmp", &outside) || st.f_type == outside.f_type)
		return 0;
	return st.f_files - st.f_ffree;
}

int fs_remove(void)
{
	return unmount() ?: system("mkctl fs check " REGION) ||
	       system("mkctl fs delete " REGION " >/dev/null") ? -EIO : remove_module();
}

const struct step steps_fs_module[] = {
	{ "load of mk_daxfs", .call = insert_module, .after = remove_module, .plain = true },
	{ }
};

const struct step steps_fs_mount[] = {
	{ "mount", .call = fs_mount, .after = unmount, .plain = true },
	{ "mount with an option", .call = mount_option, .after = unmount, .plain = true },
	{ "mount again", .before = fs_mount, .call = remount, .after = unmount, .plain = true },
	{ "umount", .before = fs_mount, .call = unmount, .plain = true },
	{ }
};

/* --- files ---------------------------------------------------------------------- */

static int drop(void)
{
	int ret = fd < 0 ? 0 : plain(close(fd));

	fd = -1;
	return ret;
}

/* O_CREAT alone: an open() that fails may have made the file. */
static int open_a(void)
{
	fd = plain(open(A, O_RDWR | O_CREAT | O_CLOEXEC, 0644));
	return fd < 0 ? fd : 0;
}

static int unlink_a(void)
{
	return plain(unlink(A));
}

static int gone(void)
{
	return drop() ?: unlink_a();
}

static int write_it(void)
{
	return plain(pwrite(fd, room, sizeof(room), MIB));
}

static int written(void)
{
	return open_a() ?: write_it() < 0 ? -EIO : 0;
}

static int read_it(void)
{
	return plain(pread(fd, room, sizeof(room), MIB - 4096));
}

static int grow(void)
{
	return plain(fallocate(fd, 0, 0, LARGE));
}

static int grown(void)
{
	return open_a() ?: grow();
}

static int punch(void)
{
	return plain(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, MIB));
}

static int cut(void)
{
	return plain(ftruncate(fd, 4000));
}

static int map_it(void)
{
	map = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? -errno : 0;
}

static int unmap(void)
{
	return plain(munmap(map, LARGE)) ?: gone();
}

static int mapped(void)
{
	return open_a() ?: plain(ftruncate(fd, LARGE)) ?: map_it();
}

/* The kernel tries again what had no memory. */
static int touch(void)
{
	map[0] = 1;
	map[2 * MIB] = map[LARGE / 2];
	return 0;
}

static int lock_flock(void)
{
	return plain(flock(fd, LOCK_EX));
}

static int lock_posix(void)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };

	return plain(fcntl(fd, F_SETLK, &fl));
}

static int locked(void)
{
	return open_a() ?: lock_posix();
}

/* The middle: one lock becomes two. */
static int unlock(void)
{
	struct flock fl = { .l_type = F_UNLCK, .l_start = 13, .l_len = 2 };

	return plain(fcntl(fd, F_SETLK, &fl));
}

/* --- names ------------------------------------------------------------------------ */

static int two(void)
{
	return open_a() ?: drop() ?: plain(mknod(B, S_IFREG | 0600, 0));
}

static int unlink_b(void)
{
	return plain(unlink(B));
}

static int unlink_two(void)
{
	return unlink_a() ?: unlink_b();
}

static int rename_it(void)
{
	return plain(rename(A, B));
}

static int exchange(void)
{
	return plain(renameat2(AT_FDCWD, A, AT_FDCWD, B, RENAME_EXCHANGE));
}

static int whiteout(void)
{
	return plain(renameat2(AT_FDCWD, A, AT_FDCWD, B, RENAME_WHITEOUT));
}

static int link_it(void)
{
	return plain(link(A, B));
}

static int make_dir(void)
{
	return plain(mkdir(SUB, 0755));
}

static int remove_dir(void)
{
	return plain(rmdir(SUB));
}

static int make_link(void)
{
	memset(room, 'l', 1000);
	room[1000] = '\0';
	return plain(symlink(room, B));
}

static int make_node(void)
{
	return plain(mknod(B, S_IFCHR | 0600, makedev(1, 3)));
}

static int make_nameless(void)
{
	fd = plain(open(DIR_FS, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	return fd < 0 ? fd : 0;
}

static int name_it(void)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return plain(linkat(AT_FDCWD, path, AT_FDCWD, A, AT_SYMLINK_FOLLOW));
}

static int read_dir(void)
{
	DIR *dir = opendir(DIR_FS);
	int err;

	if (!dir)
		return -errno;
	errno = 0;
	while (readdir(dir))
		;
	err = -errno;
	closedir(dir);
	return err;
}

/* What the VFS knows of them is forgotten. */
static int forgotten(void)
{
	return two() ?: unlink_b() ?: make_link() ?: file_write(CACHES, "3", 1);
}

static int look(void)
{
	struct stat st;

	return plain(lstat(B, &st)) ?: plain(stat(A, &st));
}

/* --- attributes --------------------------------------------------------------------- */

static int closed(void)
{
	return open_a() ?: drop();
}

static int chmod_it(void)
{
	return plain(chmod(A, 0600));
}

static int change_owner(void)
{
	return plain(chown(A, 1000, 1000));
}

static int change_flags(void)
{
	int flags = 0;

	return plain(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static int set_xattr(void)
{
	return plain(setxattr(A, "user.test", room, 200, 0));
}

static int with_xattr(void)
{
	return closed() ?: set_xattr();
}

static int get_xattr(void)
{
	return plain(getxattr(A, "user.test", room, sizeof(room)));
}

static int list_xattr(void)
{
	return plain(listxattr(A, room, sizeof(room)));
}

static int remove_xattr(void)
{
	return plain(removexattr(A, "user.test"));
}

struct acl {
	__u32 version;
	struct {
		__u16 tag, perm;
		__u32 id;
	} entry[5];
};

/* user::rw, user:1000:rwx, group::r, mask::rw, other::- */
static const struct acl acl = { 2, { { 1, 6, -1 }, { 2, 7, 1000 }, { 4, 4, -1 },
				     { 0x10, 6, -1 }, { 0x20, 0, -1 } } };

static int set_acl(void)
{
	return plain(setxattr(A, ACL, &acl, sizeof(acl), 0));
}

static int with_acl(void)
{
	return closed() ?: set_acl() ?: file_write(CACHES, "3", 1);
}

static int default_acl(void)
{
	return make_dir() ?: plain(setxattr(SUB, DEFAULT, &acl, sizeof(acl), 0));
}

static int inherit(void)
{
	return plain(mknod(IN, S_IFREG | 0666, 0));
}

static int remove_both(void)
{
	return plain(unlink(IN)) ?: remove_dir();
}

const struct step steps_fs[] = {
	{ "open, O_CREAT", .call = open_a, .after = gone, .plain = true },
	{ "write", .before = open_a, .call = write_it, .after = gone,
	  .plain = true, .bare = true },
	{ "read", .before = written, .call = read_it, .after = gone,
	  .plain = true, .copes = true },
	{ "fallocate", .before = open_a, .call = grow, .after = gone,
	  .plain = true, .bare = true },
	{ "a hole is punched", .before = grown, .call = punch, .after = gone,
	  .plain = true, .bare = true },
	{ "ftruncate", .before = grown, .call = cut, .after = gone,
	  .plain = true, .bare = true },
	{ "unlink of 3 MiB", .before = grown, .call = gone, .again = unlink_a, .plain = true },
	{ "mmap of a file", .before = grown, .call = map_it, .after = unmap, .plain = true },
	{ "faults", .before = mapped, .call = touch, .after = unmap,
	  .plain = true, .copes = true },
	{ "flock", .before = open_a, .call = lock_flock, .after = gone, .plain = true },
	{ "fcntl, a lock", .before = open_a, .call = lock_posix, .after = gone, .plain = true,
	  .error = ENOLCK },
	{ "a part of it goes", .before = locked, .call = unlock, .after = gone, .plain = true,
	  .error = ENOLCK },
	{ "rename", .before = two, .call = rename_it, .after = unlink_b, .plain = true },
	{ "exchange", .before = two, .call = exchange, .after = unlink_two, .plain = true },
	{ "whiteout", .before = two, .call = whiteout, .after = unlink_two, .plain = true },
	{ "link", .before = closed, .call = link_it, .after = unlink_two, .plain = true },
	{ "mkdir", .call = make_dir, .after = remove_dir, .plain = true },
	{ "rmdir", .before = make_dir, .call = remove_dir, .plain = true },
	{ "symlink", .call = make_link, .after = unlink_b, .plain = true },
	{ "mknod", .call = make_node, .after = unlink_b, .plain = true },
	{ "O_TMPFILE", .call = make_nameless, .after = drop, .plain = true },
	{ "linkat", .before = make_nameless, .call = name_it, .after = gone, .plain = true },
	{ "readdir", .before = closed, .call = read_dir, .after = unlink_a, .plain = true },
	{ "lookup", .before = forgotten, .call = look, .after = unlink_two, .plain = true },
	{ "chmod", .before = closed, .call = chmod_it, .after = unlink_a, .plain = true },
	{ "chown", .before = closed, .call = change_owner, .after = unlink_a, .plain = true },
	{ "chattr", .before = open_a, .call = change_flags, .after = gone,
	  .plain = true, .bare = true },
	{ "setxattr", .before = closed, .call = set_xattr, .after = unlink_a, .plain = true },
	{ "getxattr", .before = with_xattr, .call = get_xattr, .after = unlink_a, .plain = true },
	{ "listxattr", .before = with_xattr, .call = list_xattr, .after = unlink_a,
	  .plain = true },
	{ "removexattr", .before = with_xattr, .call = remove_xattr, .after = unlink_a,
	  .plain = true },
	{ "an ACL", .before = closed, .call = set_acl, .after = unlink_a, .plain = true },
	{ "chmod with an ACL", .before = with_acl, .call = chmod_it, .after = unlink_a,
	  .plain = true },
	{ "a default ACL", .before = default_acl, .call = inherit, .after = remove_both,
	  .plain = true },
	{ }
};
