// SPDX-License-Identifier: GPL-2.0
/*
 * Several kernels in one tree, each sure of what it did itself.
 *
 *	tree run DIR ID SECONDS [SEED]	random operations on files of its own, in directories
 *					that all share, each against its model; until DIR/stop
 *					is there or SECONDS have passed
 *	tree verify DIR ID		what ID had completed is there: after it was killed
 *	tree sum DIR			one number for all names, attributes and contents
 *	tree clean DIR ID		takes what ID has made away
 *	tree lock flock|fcntl FILE SECONDS	gets that lock within so many seconds
 *	tree hold FILE...		has both of each, says "locked", and sleeps
 *
 * What it is about to do stands in DIR/ID.journal, and that it is done: from this
 * another kernel knows the model, but for the operation in which the writer died.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILES	48
#define DIRS	4
#define LONGEST	(96U << 10)

enum what { CREATE, REWRITE, APPEND, CUT, MOVE, UNLINK, KINDS };

/* An entry of the journal; @done is written alone. */
struct entry {
	__u32 what;
	__u32 file;
	__u32 dir;
	__u32 seed;
	__u32 len;
	__u32 done;
};

struct file {
	int there;
	__u32 dir;
	__u32 seed;
	__u32 len;
};

static struct file model[FILES];
static const char *id;
static unsigned int seed = 1;
static unsigned long steps;
static unsigned char content[LONGEST], got[LONGEST + 1];
static int journal;
static off_t journal_at;

static const char *path(__u32 file, __u32 dir)
{
	static char text[2][64];
	static int turn;

	turn = !turn;
	snprintf(text[turn], sizeof(text[turn]), "dir%u/%s.%u", dir % DIRS, id, file);
	return text[turn];
}

static __u32 any(__u32 below)
{
	return (__u32)rand_r(&seed) % below;
}

static const unsigned char *bytes(__u32 from, __u32 len)
{
	__u32 i;

	for (i = 0; i < len; i++)
		content[i] = (from * 2654435761U + i * 40503U) >> 13;
	return content;
}

#define NEED(condition, what, file) \
	do { \
		if (!(condition)) \
			err(1, "%s: step %lu: %s of %s", id, steps, what, file); \
	} while (0)

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	NEED(fd >= 0, "open", name);
	return fd;
}

static void put(const char *name, int flags, __u32 from, __u32 at, __u32 len)
{
	int fd = open_file(name, flags);

	NEED(pwrite(fd, bytes(from, at + len) + at, len, at) == (ssize_t)len, "write", name);
	close(fd);
}

static void verify(__u32 number)
{
	const struct file *f = &model[number];
	const char *name = path(number, f->dir);
	struct stat st;
	ssize_t n;
	int fd;

	if (!f->there) {
		NEED(stat(name, &st) && errno == ENOENT, "absence", name);
		return;
	}
	fd = open_file(name, O_RDONLY);
	n = read(fd, got, sizeof(got));
	if (n != (ssize_t)f->len)
		errx(1, "%s: step %lu: %s has %zd bytes, not %u", id, steps, name, n, f->len);
	if (memcmp(got, bytes(f->seed, f->len), f->len))
		errx(1, "%s: step %lu: the contents of %s are others", id, steps, name);
	NEED(!fstat(fd, &st), "stat", name);
	if (st.st_nlink != 1 || st.st_size != (off_t)f->len)
		errx(1, "%s: step %lu: %s has %lu names, %lld bytes", id, steps, name,
		     (unsigned long)st.st_nlink, (long long)st.st_size);
	close(fd);
}

/* The model after an operation. */
static void learn(const struct entry *e)
{
	struct file *f = &model[e->file % FILES];

	f->there = e->what != UNLINK;
	if (e->what == CREATE || e->what == MOVE)
		f->dir = e->dir;
	if (e->what == CREATE || e->what == REWRITE)
		f->seed = e->seed;
	f->len = e->len < LONGEST ? e->len : LONGEST;
}

static void act(const struct entry *e)
{
	const struct file *f = &model[e->file];
	const char *name = path(e->file, f->dir);

	switch (e->what) {
	case CREATE:
		put(path(e->file, e->dir), O_WRONLY | O_CREAT | O_EXCL, e->seed, 0, e->len);
		break;
	case REWRITE:
		put(name, O_WRONLY, e->seed, 0, e->len);
		break;
	case APPEND:
		put(name, O_WRONLY, f->seed, f->len, e->len - f->len);
		break;
	case CUT:
		NEED(!truncate(name, e->len), "truncation", name);
		break;
	case MOVE:
		NEED(!rename(name, path(e->file, e->dir)), "rename", name);
		break;
	case UNLINK:
		NEED(!unlink(name), "unlink", name);
		break;
	}
}

static struct entry choose(void)
{
	struct entry e = { .file = any(FILES), .dir = any(DIRS), .seed = any(1U << 30) };
	const struct file *f = &model[e.file];

	e.what = f->there ? REWRITE + any(KINDS - REWRITE) : CREATE;
	e.len = f->len;
	if (e.what == CREATE)
		e.len = any(any(4) ? 9000 : LONGEST);
	else if (e.what == APPEND)
		e.len += any(LONGEST - f->len + 1);
	else if (e.what == CUT)
		e.len = any(f->len + 1);
	return e;
}

static void one(void)
{
	const __u32 done = 1;
	struct entry e = choose();

	NEED(pwrite(journal, &e, sizeof(e), journal_at) == sizeof(e), "write", "journal");
	act(&e);
	learn(&e);
	NEED(pwrite(journal, &done, sizeof(done), journal_at + offsetof(struct entry, done)) ==
	     sizeof(done), "write", "journal");
	journal_at += sizeof(e);
}

/* Each of our names once, and no other of ours. */
static void list(__u32 number)
{
	int seen[FILES] = { 0 }, i;
	struct dirent *entry;
	char name[16], end;
	unsigned int file;
	DIR *dir;

	snprintf(name, sizeof(name), "dir%u", number);
	dir = opendir(name);
	NEED(dir, "opendir", name);
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, id, strlen(id)) &&
		    sscanf(entry->d_name + strlen(id), ".%u%c", &file, &end) == 1 && file < FILES)
			seen[file]++;
	closedir(dir);
	for (i = 0; i < FILES; i++)
		if (seen[i] != (model[i].there && model[i].dir % DIRS == number))
			errx(1, "%s: step %lu: %s has %s.%d %d times", id, steps, name, id, i,
			     seen[i]);
}

/* A directory with a file in it, moved to another one; links. */
static void sequence(void)
{
	char a[32], b[32], in[64], to[8];
	struct stat st;

	snprintf(a, sizeof(a), "dir%u/%s.sub", any(DIRS), id);
	snprintf(b, sizeof(b), "dir%u/%s.moved", any(DIRS), id);
	NEED(!mkdir(a, 0700), "mkdir", a);
	snprintf(in, sizeof(in), "%s/file", a);
	put(in, O_WRONLY | O_CREAT | O_EXCL, 1, 0, 10);
	NEED(!rename(a, b), "rename", a);
	NEED(rmdir(b) && errno == ENOTEMPTY, "ENOTEMPTY", b);
	snprintf(in, sizeof(in), "%s/file", b);
	NEED(!link(in, a), "link", in);
	NEED(!stat(in, &st) && st.st_nlink == 2, "two names", in);
	NEED(!unlink(in), "unlink", in);
	NEED(!symlink("target", in), "symlink", in);
	NEED(readlink(in, to, sizeof(to)) == 6, "readlink", in);
	NEED(!unlink(in) && !unlink(a), "unlink", in);
	NEED(!rmdir(b), "rmdir", b);
}

/* Left by a kernel that died in sequence(). */
static void clean_sequence(void)
{
	static const char *const names[] = { "sub/file", "moved/file", "sub", "moved" };
	char name[64];
	unsigned int i, d;

	for (d = 0; d < DIRS; d++)
		for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
			snprintf(name, sizeof(name), "dir%u/%s.%s", d, id, names[i]);
			remove(name);
		}
}

static void start_in(const char *dir)
{
	char name[64];
	unsigned int i;

	if (chdir(dir))
		err(1, "%s", dir);
	for (i = 0; i < DIRS; i++) {
		snprintf(name, sizeof(name), "dir%u", i);
		if (mkdir(name, 0777) && errno != EEXIST)
			err(1, "%s", name);
	}
	snprintf(name, sizeof(name), "%s.journal", id);
	journal = open_file(name, O_RDWR | O_CREAT);
}

/* Return: the file in whose operation the writer died, or FILES. */
static __u32 replay(void)
{
	struct entry e, last = { .done = 1 };

	while (pread(journal, &e, sizeof(e), journal_at) == sizeof(e)) {
		if (!last.done)
			errx(1, "%s: an operation followed one that was not done", id);
		if (e.done)
			learn(&e);
		last = e;
		journal_at += sizeof(e);
	}
	return last.done ? FILES : last.file % FILES;
}

/* An operation that was not completed has or has not happened; it left one name or none. */
static void verify_open(__u32 number)
{
	unsigned int d, names = 0;
	struct stat st;

	for (d = 0; d < DIRS; d++)
		names += !stat(path(number, d), &st);
	if (names > 1)
		errx(1, "%s: file %u has %u names", id, number, names);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void run(unsigned int seconds)
{
	long begin = now_ms(), at = begin, took, most = 0;

	for (steps = 0; at < begin + seconds * 1000L && access("stop", F_OK); steps++) {
		one();
		verify(any(FILES));
		if (steps % 16 == 0)
			list(any(DIRS));
		if (steps % 64 == 0)
			sequence();
		took = now_ms() - at;
		at += took;
		most = took > most ? took : most;
	}
	for (seed = 0; seed < FILES; seed++)
		verify(seed);
	printf("%lu steps, at most %ld ms\n", steps, most);
}

static void verify_all(void)
{
	__u32 i, left = replay();

	for (i = 0; i < FILES; i++)
		if (i != left)
			verify(i);
	if (left < FILES)
		verify_open(left);
	printf("%lu operations are there\n", (unsigned long)(journal_at / sizeof(struct entry)));
}

static void clean(void)
{
	char name[64];
	__u32 i, d;

	for (i = 0; i < FILES; i++)
		for (d = 0; d < DIRS; d++)
			unlink(path(i, d));
	clean_sequence();
	snprintf(name, sizeof(name), "%s.journal", id);
	unlink(name);
}

/* --- sum --------------------------------------------------------------------------- */

static __u64 mix(__u64 sum, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		sum = (sum ^ *p++) * 1099511628211ULL;
	return sum;
}

static __u64 sum_of(const char *name)
{
	__u64 sum = mix(14695981039346656037ULL, name, strlen(name));
	struct stat st;
	ssize_t n;
	int fd;

	if (lstat(name, &st))
		err(1, "%s", name);
	sum = mix(sum, &st.st_mode, sizeof(st.st_mode));
	sum = mix(sum, &st.st_size, S_ISREG(st.st_mode) ? sizeof(st.st_size) : 0);
	sum = mix(sum, &st.st_mtim, sizeof(st.st_mtim));
	if (!S_ISREG(st.st_mode))
		return sum;
	fd = open_file(name, O_RDONLY);
	while ((n = read(fd, got, sizeof(got))) > 0)
		sum = mix(sum, got, n);
	close(fd);
	return sum;
}

/* Whatever the order: the sums of names are added. */
static __u64 sum_below(const char *dir, unsigned int depth)
{
	struct dirent *entry;
	__u64 sum = 0;
	char name[512];
	DIR *d = opendir(dir);

	if (!d)
		err(1, "%s", dir);
	while ((entry = readdir(d))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%.200s/%s", dir, entry->d_name);
		sum += sum_of(name);
		if (entry->d_type == DT_DIR && depth < 40)
			sum += sum_below(name, depth + 1);
	}
	closedir(d);
	return sum;
}

/* --- locks -------------------------------------------------------------------------- */

static int try_flock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB);
}

/* Who may not write, as in a directory, asks whether it could, and has a read lock. */
static int try_fcntl(int fd)
{
	struct flock fl = { .l_type = F_WRLCK };

	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR)
		return fcntl(fd, F_SETLK, &fl);
	if (fcntl(fd, F_GETLK, &fl))
		return -1;
	if (fl.l_type != F_UNLCK) {
		errno = EAGAIN;
		return -1;
	}
	fl.l_type = F_RDLCK;
	return fcntl(fd, F_SETLK, &fl);
}

static void lock(const char *how, const char *file, int seconds)
{
	int (*try)(int fd) = strcmp(how, "fcntl") ? try_flock : try_fcntl;
	struct stat st;
	int dir = !stat(file, &st) && S_ISDIR(st.st_mode);
	int fd = open_file(file, dir ? O_RDONLY : O_RDWR | O_CREAT);	/* who ends closes it */

	for (; try(fd); seconds--) {
		if (seconds <= 0)
			err(1, "%s", how);
		sleep(1);
	}
}

static void hold(char **files)
{
	for (; *files; files++) {
		lock("flock", *files, 0);
		lock("fcntl", *files, 0);
	}
	puts("locked");
	fflush(stdout);
	pause();
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "lock")) {
		id = "lock";
		lock(argv[2], argv[3], atoi(argv[4]));
		return 0;
	}
	if (argc >= 3 && !strcmp(argv[1], "hold")) {
		id = "hold";
		hold(argv + 2);
	}
	if (argc == 3 && !strcmp(argv[1], "sum")) {
		id = "sum";
		if (chdir(argv[2]))
			err(1, "%s", argv[2]);
		printf("%016llx\n", (unsigned long long)sum_below(".", 0));
		return 0;
	}
	if (argc < 4)
		errx(2, "tree run DIR ID SECONDS [SEED] | verify DIR ID | sum DIR | clean DIR ID");
	id = argv[3];
	start_in(argv[2]);
	if (!strcmp(argv[1], "verify")) {
		verify_all();
	} else if (!strcmp(argv[1], "clean")) {
		clean();
	} else {
		clean_sequence();
		replay();
		seed = argc > 5 ? atoi(argv[5]) : 1;
		run(argc > 4 ? atoi(argv[4]) : 10);
	}
	return 0;
}
