// SPDX-License-Identifier: GPL-2.0
/*
 * Fills a new file system from a directory, a tar archive or the layers of an OCI
 * image.  The system's own cp and tar do it, in a mount namespace where all but the
 * new file system can only be read: what an archive says is not to be trusted.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "oci.h"
#include "region.h"
#include "text.h"

#define BLOCK		4096ULL
#define SAID		300	/* characters of what a program said */

#define TAR		"tar", "--extract", "--file=-", "--numeric-owner", "--same-owner",	\
			"--same-permissions", "--xattrs", "--xattrs-include=*", "--acls"

#define PLAIN		"--no-auto-compress"

/**
 * struct fill - where to, and how far
 * @region:	name
 * @from:	path that the user gave
 * @root:	directory of the new file system, or -1
 * @said:	file with what the last program said
 * @in:	archive that is read, or -1
 * @before:	bytes of archives that have been read
 * @total:	bytes of all of them, or of all files, 0: not known
 * @signals:	that end mkctl, and SIGCHLD: blocked
 * @ended:	one of them came
 * @since:	when it began
 */
struct fill {
	const char *region;
	const char *from;
	int root;
	int said;
	int in;
	__u64 before;
	__u64 total;
	sigset_t signals;
	bool ended;
	__u64 since;
};

/* --- progress ---------------------------------------------------------------------- */

static __u64 used_bytes(const struct fill *f)
{
	struct statvfs st;

	return fstatvfs(f->root, &st) ? 0 : (__u64)(st.f_blocks - st.f_bfree) * st.f_bsize;
}

static __u64 free_bytes(const struct fill *f)
{
	struct statvfs st;

	return fstatvfs(f->root, &st) ? 0 : (__u64)st.f_bavail * st.f_bsize;
}

/* The programs read archives by our descriptor, so its offset tells. */
static __u64 done_bytes(const struct fill *f)
{
	off_t at = f->in >= 0 ? lseek(f->in, 0, SEEK_CUR) : 0;

	if (f->in < 0 && !f->before)
		return used_bytes(f);
	return f->before + (at > 0 ? at : 0);
}

static bool shows_progress(void)
{
	return !settings.json && !settings.quiet && isatty(STDERR_FILENO);
}

static void progress(const struct fill *f)
{
	__u64 done = done_bytes(f);
	char size[SIZE_TEXT];

	if (!shows_progress() || clock_ns(CLOCK_MONOTONIC) - f->since < 1000000000)
		return;
	fprintf(stderr, "\r\033[K%s: %s", f->region, size_about(used_bytes(f), size));
	if (f->total)
		fprintf(stderr, ", %llu %%", done >= f->total ? 100 : done * 100 / f->total);
}

static void progress_end(void)
{
	if (shows_progress())
		fputs("\r\033[K", stderr);
}

/* --- programs ------------------------------------------------------------------------- */

static void become(const struct fill *f, const char *const *words, int in, int out)
{
	sigset_t none;

	sigemptyset(&none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(f->said, STDERR_FILENO);
	setenv("LC_ALL", "C", 1);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!fchdir(f->root))
		execvp(words[0], (char *const *)words);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Its status; it is killed when a signal comes that ends mkctl. */
static int await(struct fill *f, pid_t child)
{
	const struct timespec second = { .tv_sec = 1 };
	int status, sig;

	for (;;) {
		if (waitpid(child, &status, WNOHANG) == child)
			return status;
		sig = sigtimedwait(&f->signals, NULL, &second);
		if (sig > 0 && sig != SIGCHLD && !f->ended) {
			f->ended = true;
			kill(child, SIGKILL);
		}
		progress(f);
	}
}

static int fail_start(const struct fill *f, const char *program)
{
	return fail(EXIT_FAILED, "no_program", program,
		    "install it: apt install coreutils tar gzip xz-utils zstd",
		    "it cannot be run, and is needed for %s", f->from);
}

/* About how much room all of it needs, when a part filled it; 0: not known. */
static __u64 estimate(const struct fill *f)
{
	__u64 done = done_bytes(f), used = used_bytes(f);

	if (f->in < 0 || !f->total || done < f->total / 50)
		return 0;
	return (__u64)((double)used / done * f->total);
}

static int fail_room(const struct fill *f, __u64 need)
{
	char text[SIZE_TEXT];

	if (!need)
		return fail(EXIT_FAILED, "no_room", f->region, "choose a larger --size",
			    "%s does not fit into it", f->from);
	return fail(EXIT_FAILED, "no_room", f->region, "choose a larger --size",
		    "%s needs about %s and does not fit into it", f->from, size_about(need, text));
}

/* Its first words, in one line. */
static void read_said(const struct fill *f, char *text, size_t size)
{
	ssize_t n = pread(f->said, text, size - 1, 0);
	char *p;

	text[n > 0 ? n : 0] = '\0';
	while ((p = strchr(text, '\n'))) {
		if (!p[1])
			*p = '\0';
		else
			*p = '|';
	}
}

static int fail_program(const struct fill *f, const char *program, int status)
{
	char said[SAID];

	progress_end();
	if (f->ended)
		return fail(EXIT_FAILED, "interrupted", f->region, NULL,
			    "a signal came while it was filled; it is not kept");
	if (WIFEXITED(status) && WEXITSTATUS(status) >= 126)
		return fail_start(f, program);
	read_said(f, said, sizeof(said));
	if (free_bytes(f) < BLOCK || strstr(said, strerror(ENOSPC)))
		return fail_room(f, estimate(f));
	return fail(EXIT_FAILED, "copy", f->from, NULL, "%s", *said ? said : "it ended early");
}

/* Runs it in the new file system. 0 or an exit code. */
static int run(struct fill *f, const char *const *words, int in, int out)
{
	int status;
	pid_t child;

	if (ftruncate(f->said, 0) || lseek(f->said, 0, SEEK_SET))
		return fail(EXIT_FAILED, "memory", f->region, NULL, "%s", strerror(errno));
	fflush(NULL);
	child = fork();
	if (!child)
		become(f, words, in, out);
	if (child < 0)
		return fail(EXIT_FAILED, "memory", f->region, NULL, "%s", strerror(errno));
	status = await(f, child);
	return status || f->ended ? fail_program(f, words[0], status) : 0;
}

/* --- a directory ------------------------------------------------------------------------ */

static __u64 counted;

/* What it takes there: holes take nothing, each name of a file a part of it. */
static int count_one(const char *path, const struct stat *st, int type, struct FTW *w)
{
	__u64 size = (__u64)st->st_blocks * 512, whole = (st->st_size + BLOCK - 1) & ~(BLOCK - 1);

	(void)path;
	(void)w;
	if (type == FTW_NS)
		return 0;
	if (S_ISREG(st->st_mode))
		counted += (size < whole ? size : whole) / (st->st_nlink ?: 1);
	counted += S_ISDIR(st->st_mode) ? BLOCK : 0;
	counted += BLOCK / 15;
	return 0;
}

static int fill_from_directory(struct fill *f, const char *path)
{
	char *source = realpath(path, NULL), *from;
	int ret;

	if (!source || asprintf(&from, "%s/.", source) < 0) {
		free(source);
		return fail(EXIT_FAILED, "file", path, NULL, "%s", strerror(errno));
	}
	counted = 0;
	nftw(source, count_one, 32, FTW_PHYS | FTW_MOUNT);
	f->total = counted;
	if (counted > free_bytes(f))
		ret = fail_room(f, counted);
	else
		ret = run(f, (const char *[]){ "cp", "-dR", "--preserve=all,xattr",
			  "--one-file-system", "--", from, ".", NULL }, STDIN_FILENO, f->said);
	free(from);
	free(source);
	return ret;
}

/* --- archives ---------------------------------------------------------------------------- */

/* The option of tar for how it is packed, or one without effect. */
static const char *packing(int fd)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *option;
	} kinds[] = {
		{ "\x1f\x8b", 2, "--gzip" }, { "\3757zXZ", 6, "--xz" },
		{ "\x28\xb5\x2f\xfd", 4, "--zstd" }, { "BZh", 3, "--bzip2" },
	};
	char head[8] = "";
	size_t i;

	if (pread(fd, head, sizeof(head), 0) < 0)
		return PLAIN;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!memcmp(head, kinds[i].magic, kinds[i].len))
			return kinds[i].option;
	return PLAIN;
}

static int fill_from_tar(struct fill *f, int fd)
{
	struct stat st;

	f->in = fd;
	f->total = fstat(fd, &st) ? 0 : st.st_size;
	if (f->total % 512 && !strcmp(packing(fd), PLAIN))
		return fail(EXIT_FAILED, "copy", f->from, "copy it again",
			    "it is no tar archive, or is cut short");
	return run(f, (const char *[]){ TAR, packing(fd), NULL }, fd, f->said);
}

/* --- an OCI image -------------------------------------------------------------------------- */

static int fail_blob(const struct fill *f, const char *file, const char *why)
{
	char path[2 * OCI_PATH];

	snprintf(path, sizeof(path), "%s/%s", f->from, file);
	return fail(EXIT_FAILED, "oci_layout", path,
		    "make it anew, with one image: skopeo copy --override-os linux IMAGE oci:DIR",
		    "%s", why);
}

/* Takes away what the layer does not leave there; @list: of OCI_LIST. */
static int remove_lower(struct fill *f, FILE *list)
{
	char *line = NULL, *path;
	const char *name;
	size_t room = 0;
	bool is_dir;
	int err = 0;

	while (!err && getline(&line, &room, list) > 0) {
		path = oci_listed(line, &is_dir);
		if (oci_whiteout(path, &name))
			err = oci_remove(f->root, path, name);
		else if (!is_dir)
			err = oci_make_way(f->root, path);
	}
	free(line);
	if (!err)
		return 0;
	return fail(EXIT_FAILED, "copy", f->from, NULL,
		    "what a layer takes away cannot be removed: %s", strerror(err));
}

static int prepare_layer(struct fill *f, int fd)
{
	int ret, names = memfd_create("mk-names", MFD_CLOEXEC);
	FILE *list = names < 0 ? NULL : fdopen(names, "r");

	if (!list)
		return fail(EXIT_FAILED, "memory", f->region, NULL, "%s", strerror(errno));
	ret = run(f, (const char *[]){ OCI_LIST, packing(fd), NULL }, fd, names);
	rewind(list);
	ret = ret ?: remove_lower(f, list);
	fclose(list);
	lseek(fd, 0, SEEK_SET);
	return ret;
}

/* The name of a blob is the sum of its content. */
static int check_sum(struct fill *f, const struct oci_blob *blob, int fd)
{
	const char *program = strstr(blob->path, "/sha512/") ? "sha512sum" : "sha256sum";
	int out = memfd_create("mk-sum", MFD_CLOEXEC);
	char sum[129] = "";
	int ret;

	if (out < 0)
		return fail(EXIT_FAILED, "memory", f->region, NULL, "%s", strerror(errno));
	ret = run(f, (const char *[]){ program, NULL }, fd, out);
	if (!ret && (pread(out, sum, sizeof(sum) - 1, 0) < 0 ||
		     strncmp(sum, blob->digest, strlen(blob->digest))))
		ret = fail_blob(f, blob->path, "its content is not what its name says");
	close(out);
	lseek(fd, 0, SEEK_SET);
	return ret;
}

static int apply_layer(struct fill *f, const struct oci *o, const struct oci_blob *blob)
{
	_cleanup_fd_ int fd = -1;
	const char *why;
	int ret;

	fd = oci_open(o, blob, &why);
	if (fd < 0)
		return fail_blob(f, blob->path, why);
	f->in = -1;
	ret = check_sum(f, blob, fd) ?: prepare_layer(f, fd);
	f->in = fd;
	ret = ret ?: run(f, (const char *[]){ TAR, "--exclude=.wh.*", packing(fd), NULL }, fd,
			 f->said);
	f->in = -1;
	f->before += blob->size;
	return ret;
}

static int fill_from_oci(struct fill *f, int dir)
{
	static struct oci o;
	const char *why;
	unsigned int i;
	int ret = 0;

	o.dir = dir;
	why = oci_read(&o);
	if (why)
		return fail_blob(f, o.what, why);
	for (i = 0; i < o.nr_layers; i++)
		f->total += o.layers[i].size;
	for (i = 0; !ret && i < o.nr_layers; i++)
		ret = apply_layer(f, &o, &o.layers[i]);
	return ret;
}

/* --- the new file system ---------------------------------------------------------------------- */

/* What the kernel says of a mount that it refuses, behind "e daxfs: ". */
static void read_log(int fs, char *text, size_t size)
{
	ssize_t n = read(fs, text, size - 1);
	char *colon;

	text[n > 0 ? n : 0] = '\0';
	colon = strstr(text, ": ");
	if (colon)
		memmove(text, colon + 2, strlen(colon + 2) + 1);
}

static void load_module(void)
{
	pid_t child = fork();

	if (!child) {
		execlp("modprobe", "modprobe", "-q", "mk_daxfs", (char *)NULL);
		execl("/sbin/modprobe", "modprobe", "-q", "mk_daxfs", (char *)NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static int open_context(const char *region, int *fs)
{
	*fs = syscall(SYS_fsopen, "daxfs", FSOPEN_CLOEXEC);
	if (*fs < 0 && errno == ENODEV) {
		load_module();
		*fs = syscall(SYS_fsopen, "daxfs", FSOPEN_CLOEXEC);
	}
	if (*fs >= 0)
		return 0;
	if (errno == ENODEV)
		return fail(EXIT_UNAVAILABLE, "no_mk_daxfs", region,
			    "build and load it: dkms install multikernel/" MK_VERSION
			    ", modprobe mk_daxfs", "this kernel has no mk_daxfs to mount it with");
	return fail(EXIT_FAILED, "mount", region, NULL, "%s", strerror(errno));
}

/* All that was mounted before can only be read, by us and by the programs. */
static int protect_others(const char *region)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE
	};

	if (!unshare(CLONE_NEWNS) &&
	    !syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)))
		return 0;
	return fail(EXIT_FAILED, "mount", region, NULL, "no mount namespace can be made: %s",
		    strerror(errno));
}

/* Mounted nowhere: it goes with the descriptor. */
static int mount_new(struct fill *f)
{
	_cleanup_fd_ int fs = -1;
	char text[SAID];
	int ret = open_context(f->region, &fs);

	if (ret)
		return ret;
	if (!syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", f->region, 0) &&
	    !syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		f->root = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
				  MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (f->root >= 0)
		return 0;
	ret = errno;
	read_log(fs, text, sizeof(text));
	return fail(EXIT_FAILED, "mount", f->region, "the kernel log (dmesg) may say more",
		    "it cannot be mounted: %s", *text ? text : strerror(ret));
}

static int fill_from(struct fill *f, int from)
{
	struct stat st;

	if (fstat(from, &st))
		return fail(EXIT_FAILED, "file", f->from, NULL, "%s", strerror(errno));
	if (S_ISREG(st.st_mode))
		return fill_from_tar(f, from);
	if (!S_ISDIR(st.st_mode))
		return fail(EXIT_FAILED, "file", f->from,
			    "name a directory, a tar archive or an OCI image layout",
			    "this is neither a directory nor a file");
	if (!faccessat(from, "oci-layout", F_OK, 0) && !faccessat(from, "index.json", F_OK, 0))
		return fill_from_oci(f, from);
	return fill_from_directory(f, f->from);
}

static int fill(struct fill *f)
{
	_cleanup_fd_ int from = open(f->from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int ret;

	if (from < 0)
		return fail(EXIT_FAILED, "file", f->from, "check the path and its permissions",
			    "%s", strerror(errno));
	f->said = memfd_create("mk-said", MFD_CLOEXEC);
	if (f->said < 0)
		return fail(EXIT_FAILED, "memory", f->region, NULL, "%s", strerror(errno));
	ret = mount_new(f) ?: protect_others(f->region) ?: fill_from(f, from);
	progress_end();
	close(f->said);
	close_fd(&f->root);
	return ret;
}

int fs_fill(const char *region, const char *from)
{
	struct fill f = {
		.region = region, .from = from, .root = -1, .in = -1,
		.since = clock_ns(CLOCK_MONOTONIC),
	};
	sigset_t was;

	signal(SIGCHLD, SIG_DFL);
	signals_hold(&was);
	sigprocmask(SIG_SETMASK, NULL, &f.signals);
	sigaddset(&f.signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &f.signals, NULL);
	return fill(&f);
}
