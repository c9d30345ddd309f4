// SPDX-License-Identifier: GPL-2.0
/* The memory of a file system, a region's, a device's or an image file's, in this program. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "region.h"

#define LOCK_TRIES	11000	/* about 10 seconds */

static void first_bad(struct daxfs *fs, const char *what, __u64 off)
{
	struct daxfs_env *env = fs->priv;
	struct fs_map *m = (void *)((char *)env - offsetof(struct fs_map, env));

	if (m->what)
		return;
	m->what = what;
	m->off = off;
}

void fs_unmap(struct fs_map *m)
{
	if (m->addr)
		munmap(m->addr, m->len);
	free(m->fs.piece);
	free(m->fs.op);
	m->addr = NULL;
	m->fs.piece = NULL;
	m->fs.op = NULL;
	if (m->is_file)
		close_fd(&m->fd);
	m->fd = -1;
	region_close(&m->region);
}

/* The file is in another's hands; a region cannot become smaller. */
static void cut_short(int sig)
{
	(void)sig;
	fail(EXIT_FAILED, "file", NULL, "nobody may write to it meanwhile",
	     "the image became shorter while it was read, or its device failed");
	fflush(NULL);
	_exit(EXIT_FAILED);
}

static int list_pieces(struct fs_map *m)
{
	__u64 i, nr = m->len / DAXFS_HUGE;

	m->fs.piece = calloc(nr, sizeof(*m->fs.piece));
	if (!m->fs.piece)
		return fail(EXIT_FAILED, "memory", m->label, NULL, "%s", strerror(errno));
	for (i = 0; i < nr; i++)
		m->fs.piece[i] = (__u8 *)m->addr + i * DAXFS_HUGE;
	m->fs.size = m->len;
	m->fs.priv = &m->env;
	m->env.tell = first_bad;
	m->env.tries = LOCK_TRIES;
	return 0;
}

static int fail_map(const struct fs_map *m)
{
	return fail(EXIT_FAILED, "file", m->label, NULL, "it cannot be mapped: %s",
		    strerror(errno));
}

/* All of it, and zeros up to the next 2 MiB. */
static int map_file(enum fs_access access, __u64 size, struct fs_map *m)
{
	int prot = PROT_READ | (access == FS_LOOK ? 0 : PROT_WRITE);
	int flags = access == FS_COPY ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED;
	size_t len = (size + DAXFS_HUGE - 1) & ~(DAXFS_HUGE - 1);
	void *addr = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (addr == MAP_FAILED)
		return fail_map(m);
	m->addr = addr;
	m->len = len;
	if (mmap(addr, size, prot, flags | MAP_FIXED, m->fd, 0) == MAP_FAILED)
		return fail_map(m);
	signal(SIGBUS, cut_short);
	return list_pieces(m);
}

static int map_region(enum fs_access access, __u64 size, struct fs_map *m)
{
	int prot = PROT_READ | (access == FS_LOOK ? 0 : PROT_WRITE);
	void *addr = mmap(NULL, size, prot, MAP_SHARED, m->fd, 0);

	if (addr == MAP_FAILED)
		return fail_map(m);
	m->addr = addr;
	m->len = size;
	return list_pieces(m);
}

int fs_map_fd(int fd, __u64 size, const char *label, struct fs_map *m)
{
	m->fd = fd;
	m->label = label;
	return map_region(FS_WRITE, size, m);
}

static int no_file_system(const struct fs_map *m)
{
	return fail(EXIT_FAILED, "no_daxfs", m->label,
		    m->is_file ? "name an image, a device, or a region without a slash" :
				 "mkctl fs create makes regions with a file system",
		    "there is no daxfs file system in it");
}

__u64 fs_dax_size(const struct stat *st)
{
	unsigned int maj = major(st->st_rdev), min = minor(st->st_rdev);
	unsigned long long size = 0;
	char path[80];
	FILE *f;

	/* only what the bus of these has: others have a size, too */
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/subsystem/drivers/device_dax", maj, min);
	if (!S_ISCHR(st->st_mode) || access(path, F_OK))
		return 0;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/size", maj, min);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &size) != 1)
		size = 0;
	fclose(f);
	return size;
}

/* Others change a device's memory beside the cache that we see it by. */
static __u64 block_size(int fd)
{
	__u64 size = 0;

	if (ioctl(fd, BLKGETSIZE64, &size))
		return 0;
	ioctl(fd, BLKFLSBUF);
	return size & ~(DAXFS_HUGE - 1);
}

static int fail_file(const char *path)
{
	if (errno == EBUSY)
		return fail(EXIT_FAILED, "fs_mounted", path, "unmount it first",
			    "it is mounted, or something else uses it");
	return fail(EXIT_FAILED, "file", path, "check the path and its permissions", "%s",
		    strerror(errno));
}

/* What is mounted is no file system at rest: one may look at it. */
static int open_file(const char *path, enum fs_access access, struct fs_map *m)
{
	int flags = access == FS_LOOK ? 0 : O_EXCL;
	struct stat st;

	m->is_file = true;
	m->label = path;
	m->is_dax = !stat(path, &st) && fs_dax_size(&st);
	flags |= access == FS_WRITE || (m->is_dax && access == FS_COPY) ? O_RDWR : O_RDONLY;
	m->fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0);
	if (m->fd < 0 || fstat(m->fd, &st))
		return fail_file(path);
	if (S_ISREG(st.st_mode))
		m->region.q.size = st.st_size;
	else if (S_ISBLK(st.st_mode))
		m->region.q.size = block_size(m->fd);
	else if (m->is_dax)
		m->region.q.size = fs_dax_size(&st);
	else
		return fail(EXIT_FAILED, "file", path,
			    "name a file, a device such as /dev/pmem0, or a region without a slash",
			    "this is neither a file nor a device that is memory");
	return 0;
}

int fs_map_find(const char *word, enum fs_access access, struct fs_map *m)
{
	int ret;

	if (strchr(word, '/'))
		return open_file(word, access, m);
	ret = region_open(word, &m->region);
	m->fd = m->region.fd;
	m->label = m->region.label;
	return ret;
}

int fs_map_memory(enum fs_access access, struct fs_map *m)
{
	__u64 size = m->region.q.size;

	if (size < DAXFS_SIZE_MIN)
		return no_file_system(m);
	return m->is_file && !m->is_dax ? map_file(access, size, m) : map_region(access, size, m);
}

int fs_map_open(const char *word, enum fs_access access, struct fs_map *m)
{
	int err, ret = fs_map_find(word, access, m) ?: fs_map_memory(access, m);

	if (ret)
		return ret;
	err = daxfs_attach(&m->fs);
	return err ? fs_map_failed(m, err, "read it") : 0;
}

int fs_map_failed(const struct fs_map *m, int err, const char *verb)
{
	const struct daxfs_super *super = daxfs_super(&m->fs);

	switch (err) {
	case -EINVAL:
		return no_file_system(m);
	case -EPROTONOSUPPORT:
		return fail(EXIT_FAILED, "fs_version", m->label,
			    "use the mkctl that made it; `mkctl version` shows this one's",
			    "its format is %u.%u with features 0x%llx, which this mkctl does not know",
			    super->major, super->minor, super->incompat | super->ro_compat);
	case -EUCLEAN:
		return fail(EXIT_FAILED, "fs_damaged", m->label,
			    "mkctl fs check --repair, with nothing mounted; or make it anew",
			    "cannot %s: bad %s at 0x%llx", verb, m->what ?: "data", m->off);
	case -EUSERS:
		return fail(EXIT_FAILED, "fs_users", m->label, "unmount it in one of them",
			    "cannot %s: %u kernels have it mounted, and that is the most", verb,
			    m->fs.nr_slots);
	case -EAGAIN:
		return fail(EXIT_FAILED, "fs_busy", m->label, "try again",
			    "cannot %s: it is being made larger", verb);
	case -EIO:
		return fail(EXIT_FAILED, "fs_busy", m->label,
			    "try again; mkctl fs inspect tells which kernels have it, and whose locks it has",
			    "cannot %s: another kernel did not do its part in time", verb);
	}
	return fail(EXIT_FAILED, "internal", m->label, NULL, "cannot %s: %s", verb, strerror(-err));
}

__u64 fs_map_boot(void)
{
	__u64 boot = 0;

	if (getrandom(&boot, sizeof(boot), 0) != sizeof(boot))
		boot = clock_ns(CLOCK_MONOTONIC);
	return boot | DAXFS_BOOT_PROGRAM;
}

/* Who has joined and stands still holds up all kernels: Ctrl-Z waits. */
static void stops_hold(int how)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	sigprocmask(how, &stops, NULL);
}

int fs_map_join(struct fs_map *m, const char *name, __u64 boot)
{
	struct daxfs_who who = { .boot = boot };

	snprintf(who.name, sizeof(who.name), "%s", name);
	m->fs.op = calloc(m->fs.nr_ops, sizeof(*m->fs.op));
	if (!m->fs.op)
		return -ENOMEM;
	stops_hold(SIG_BLOCK);
	return daxfs_join(&m->fs, &who);
}

void fs_map_leave(struct fs_map *m)
{
	if (m->fs.me)
		daxfs_leave(&m->fs);
	stops_hold(SIG_UNBLOCK);
}
