// SPDX-License-Identifier: GPL-2.0
/*
 * The prefix of an instance's initramfs: mk-init and modules, as a newc cpio
 * (Documentation/driver-api/early-userspace/buffer-format.rst in the kernel).
 * It is made anew each time, and not compressed, so that the user's initramfs can
 * follow whatever its packing is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "mkctl.h"

#define PREFIX_DIR	"/run/multikernel"

#define DIRECTORY	(S_IFDIR | 0755)
#define PROGRAM		(S_IFREG | 0755)
#define DATA		(S_IFREG | 0644)

bool agent_path(char *path, size_t size)
{
	const char *dir = getenv("MK_LIBEXEC_DIR");

	snprintf(path, size, "%s/mk-init", dir && *dir ? dir : MK_AGENT_DIR);
	return !access(path, R_OK);
}

static void pad(FILE *out)
{
	while (ftell(out) % 4)
		putc(0, out);
}

static void entry(FILE *out, const char *name, unsigned int mode, size_t size)
{
	fprintf(out, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
		0, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, strlen(name) + 1, 0);
	fwrite(name, 1, strlen(name) + 1, out);
	pad(out);
}

static int copy(FILE *out, int fd, size_t size)
{
	void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (data == MAP_FAILED)
		return -1;
	fwrite(data, 1, size, out);
	munmap(data, size);
	pad(out);
	return 0;
}

static int file(FILE *out, const char *name, unsigned int mode, const char *source, int fd)
{
	struct stat st;

	if (!fstat(fd, &st) && st.st_size) {
		entry(out, name, mode, st.st_size);
		if (!copy(out, fd, st.st_size))
			return 0;
	}
	return fail(EXIT_FAILED, "file", source, "install the package anew",
		    "it is empty or cannot be read");
}

static int add_agent(FILE *out)
{
	_cleanup_fd_ int fd = -1;
	char path[512];

	if (agent_path(path, sizeof(path)))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(EXIT_FAILED, "no_agent", path,
			    "install the package's tools, or boot without: --no-agent",
			    "the first process of an instance is not installed");
	entry(out, "mk", DIRECTORY, 0);
	return file(out, "mk/init", PROGRAM, path, fd);
}

/**
 * struct pack - the modules that are packed
 * @out:	the archive
 * @release:	of the kernel
 * @names:	of those that are in it
 * @nr:		their number
 */
struct pack {
	FILE *out;
	const char *release;
	char names[16][56];
	unsigned int nr;
};

static bool is_packed(const struct pack *p, const char *name)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++)
		if (!strcmp(p->names[i], name))
			return true;
	return false;
}

/* mk-init loads the leash first, then the others in the order of their names. */
static int pack_file(struct pack *p, const char *name, const char *path, int fd)
{
	char inside[96];

	if (p->nr == ARRAY_SIZE(p->names))
		return fail(EXIT_FAILED, "file", path, NULL, "it needs too many other modules");
	if (p->nr)
		snprintf(inside, sizeof(inside), "mk/modules/%02u-%s.ko", p->nr, name);
	else
		snprintf(inside, sizeof(inside), "mk/modules/%s.ko", name);
	snprintf(p->names[p->nr++], sizeof(p->names[0]), "%s", name);
	return file(p->out, inside, DATA, path, fd);
}

static int pack_module(struct pack *p, const char *name);

static int pack_needs(struct pack *p, int fd)
{
	char needs[512], *rest = needs, *name;
	int ret = 0;

	module_needs(fd, needs, sizeof(needs));
	while (!ret && (name = strsep(&rest, ",")))
		if (*name && !is_packed(p, name))
			ret = pack_module(p, name);
	return ret;
}

static int pack_module(struct pack *p, const char *name)
{
	_cleanup_fd_ int fd = -1;
	char path[512], remedy[256];

	if (!module_find(name, p->release, path, sizeof(path))) {
		if (!strncmp(name, "mk_", 3))
			snprintf(remedy, sizeof(remedy),
				 "build it: dkms install multikernel/%s -k %s", MK_VERSION,
				 p->release);
		else
			snprintf(remedy, sizeof(remedy),
				 "install the kernel's own modules in /lib/modules/%s",
				 p->release);
		return fail(EXIT_FAILED, "module_missing", name, remedy,
			    "there is none for the instance's kernel %s", p->release);
	}
	return module_open(path, &fd) ?: pack_needs(p, fd) ?: pack_file(p, name, path, fd);
}

/* Is it there, with all that it needs? */
static bool is_whole(const char *name, const char *release)
{
	_cleanup_fd_ int fd = -1;
	char path[512], needs[512], *rest = needs, *need;

	if (!module_find(name, release, path, sizeof(path)) || module_open(path, &fd))
		return false;
	module_needs(fd, needs, sizeof(needs));
	while ((need = strsep(&rest, ",")))
		if (*need && !is_whole(need, release))
			return false;
	return true;
}

/* Not installed for this kernel is fine; in pieces is worth a word. */
static bool has_ipc(const char *release)
{
	char path[512];

	if (!module_find("mk_ipc", release, path, sizeof(path)))
		return false;
	if (is_whole("mk_ipc", release))
		return true;
	warn("mk_ipc is left out: /lib/modules/%s has not all modules that it needs", release);
	return false;
}

/* For its root file system; overlay lets an instance write over what it may only read. */
static int add_daxfs(struct pack *p, bool overlay)
{
	int ret = pack_module(p, "mk_daxfs");

	if (!ret && overlay && !is_packed(p, "overlay") && is_whole("overlay", p->release))
		ret = pack_module(p, "overlay");
	return ret;
}

/* The leash has to be there; without mk_ipc an instance has no messages. */
static int add_modules(FILE *out, const char *release, const struct mk_permit *rootfs)
{
	struct pack pack = { .out = out, .release = release };
	int ret;

	if (!*release)
		return fail(EXIT_FAILED, "no_release", "mk_core",
			    "boot without mk-init and mk_core: --no-agent",
			    "the kernel image does not tell the release to look for");
	entry(out, "mk/modules", DIRECTORY, 0);
	ret = pack_module(&pack, "mk_core");
	if (!ret && has_ipc(release))
		ret = pack_module(&pack, "mk_ipc");
	if (!ret && *rootfs->name)
		ret = add_daxfs(&pack, rootfs->mode == MK_MODE_RO);
	return ret;
}

/* --- one file for all instances of a kernel ----------------------------------- */

static bool is_own(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 022);
}

static bool has_content(int fd, const char *data, size_t size)
{
	struct stat st;
	bool same;
	void *map;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size != (off_t)size)
		return false;
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return false;
	same = !memcmp(map, data, size);
	munmap(map, size);
	return same;
}

static bool write_all(int fd, const char *data, size_t size)
{
	ssize_t n = 0;

	for (; size; data += n, size -= n) {
		n = write(fd, data, size);
		if (n <= 0)
			return false;
	}
	return true;
}

/* Whole under its name, or not there. */
static int put_file(int dir, const char *name, const char *data, size_t size)
{
	_cleanup_fd_ int out = -1;
	char temporary[32];
	int fd = -1;

	snprintf(temporary, sizeof(temporary), ".%d", getpid());
	out = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -1;
	if (write_all(out, data, size))
		fd = openat(dir, temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || renameat(dir, temporary, dir, name))
		unlinkat(dir, temporary, 0);
	return fd;
}

/*
 * The kernel keeps the file of a loaded instance for its next start.  Those that
 * are equal are one file, so that they take the memory once.
 */
static int shared_file(const char *release, const char *with, const char *data, size_t size)
{
	_cleanup_fd_ int dir = -1;
	char name[128];
	int fd;

	if (strchr(release, '/') ||
	    snprintf(name, sizeof(name), "%s%s.cpio", release, with) >= (int)sizeof(name))
		return -1;
	mkdir(PREFIX_DIR, 0700);
	dir = open(PREFIX_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || !is_own(dir))
		return -1;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && is_own(fd) && has_content(fd, data, size))
		return fd;
	if (fd >= 0)
		close(fd);
	return put_file(dir, name, data, size);
}

/* The kernel refuses files that somebody may write; without /proc it has to do. */
static void make_read_only(int *fd)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	if (again < 0)
		return;
	close(*fd);
	*fd = again;
}

static int own_file(const char *data, size_t size)
{
	int fd = memfd_create("mk-prefix", MFD_CLOEXEC);

	if (fd >= 0 && !write_all(fd, data, size)) {
		close(fd);
		return -1;
	}
	if (fd >= 0)
		make_read_only(&fd);
	return fd;
}

/* What tells files of one kernel apart. */
static const char *contents(const struct mk_permit *rootfs)
{
	if (!*rootfs->name)
		return "";
	return rootfs->mode == MK_MODE_RO ? "+daxfs+overlay" : "+daxfs";
}

int prefix_build(const char *release, const struct mk_permit *rootfs, int *fd)
{
	char *data = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&data, &size);
	int ret;

	*fd = -1;
	if (!out)
		return fail(EXIT_FAILED, "memory", "initramfs", NULL, "%s", strerror(errno));
	ret = add_agent(out) ?: add_modules(out, release, rootfs);
	entry(out, "TRAILER!!!", 0, 0);
	if (fclose(out) && !ret)
		ret = fail(EXIT_FAILED, "memory", "initramfs", NULL, "%s", strerror(errno));
	if (!ret)
		*fd = shared_file(release, contents(rootfs), data, size);
	if (!ret && *fd < 0)
		*fd = own_file(data, size);
	if (!ret && *fd < 0)
		ret = fail(EXIT_FAILED, "memory", "initramfs", NULL, "%s", strerror(errno));
	free(data);
	return ret;
}
