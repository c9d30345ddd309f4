// SPDX-License-Identifier: GPL-2.0
/*
 * What a file system costs a program.
 *
 *	fs measure DIR		prints "NAME ns" for each measurement, in DIR
 *	fs touch DIR		of these only the first touches of a mapping
 *	fs names DIR COUNT	creates, renames and unlinks COUNT files: ns for each
 *
 * Times are of one call; of whole loops where a call is short.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB		1048576UL
#define FILE_SIZE	(64 * MIB)
#define BLOCK		4096UL
#define BLOCKS		(FILE_SIZE / BLOCK)
#define NAMES		5000
#define EXECS		50

static alignas(4096) char buffer[MIB];
static const char *self;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void say(const char *name, double since, double calls)
{
	printf("%s %.0f\n", name, (now() - since) / calls);
}

static void need(ssize_t got, ssize_t want, const char *what)
{
	if (got != want)
		err(1, "%s: %zd of %zd", what, got, want);
}

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

/* Each block elsewhere, all of them once. */
static off_t scattered(unsigned long i)
{
	return i * 7919 % BLOCKS * BLOCK;
}

static void sequential(int fd, const char *name, ssize_t (*call)(int, char *, size_t, off_t))
{
	double begin = now();
	unsigned long at;

	for (at = 0; at < FILE_SIZE; at += MIB)
		need(call(fd, buffer, MIB, at), MIB, name);
	say(name, begin, FILE_SIZE / MIB);
}

static void random_blocks(int fd, const char *name, ssize_t (*call)(int, char *, size_t, off_t))
{
	double begin = now();
	unsigned long i;

	for (i = 0; i < BLOCKS; i++)
		need(call(fd, buffer, BLOCK, scattered(i)), BLOCK, name);
	say(name, begin, BLOCKS);
}

static ssize_t get(int fd, char *to, size_t len, off_t at)
{
	return pread(fd, to, len, at);
}

static ssize_t put(int fd, char *from, size_t len, off_t at)
{
	return pwrite(fd, from, len, at);
}

static void data(void)
{
	int fd = open_file("data", O_RDWR | O_CREAT | O_TRUNC);

	sequential(fd, "write_new", put);
	sequential(fd, "write_1m", put);
	sequential(fd, "read_1m", get);
	random_blocks(fd, "read_4k", get);
	random_blocks(fd, "write_4k", put);
	close(fd);
}

/* Each page of a mapping once. */
static void touch(const char *file, const char *name)
{
	int fd = open_file(file, O_RDWR);
	char *map;
	unsigned long at;
	double begin;
	char *p;

	/* so that 2 MiB of it can be mapped at once */
	p = mmap(NULL, FILE_SIZE + 2 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		err(1, "mmap");
	p += 2 * MIB - (unsigned long)p % (2 * MIB);
	map = mmap(p, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	if (map == MAP_FAILED)
		err(1, "mmap of %s", file);
	begin = now();
	for (at = 0; at < FILE_SIZE; at += BLOCK)
		__atomic_load_n(&map[at], __ATOMIC_RELAXED);
	say(name, begin, BLOCKS);
	munmap(p, FILE_SIZE);
	close(fd);
}

/* A file whose blocks lie apart: written from its end, and one in two is another file's. */
static void make_small(void)
{
	int a = open_file("small", O_RDWR | O_CREAT | O_TRUNC);
	int b = open_file("other", O_RDWR | O_CREAT | O_TRUNC);
	unsigned long at;

	for (at = FILE_SIZE; at > 0;) {
		at -= BLOCK;
		need(pwrite(a, buffer, BLOCK, at), BLOCK, "small");
		need(pwrite(b, buffer, BLOCK, at), BLOCK, "other");
	}
	close(a);
	close(b);
	unlink("other");
}

static void touches(void)
{
	touch("data", "touch_2m");
	unlink("data");
	make_small();
	touch("small", "touch_4k");
	unlink("small");
}

static void copy_self(void)
{
	int from = open_file(self, O_RDONLY);
	int to = open_file("program", O_WRONLY | O_CREAT | O_TRUNC);
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		need(write(to, buffer, n), n, "program");
	fchmod(to, 0755);
	close(from);
	close(to);
}

static void execs(void)
{
	double begin;
	int i, status;
	pid_t pid;

	copy_self();
	begin = now();
	for (i = 0; i < EXECS; i++) {
		pid = fork();
		if (!pid) {
			execl("program", "program", "nothing", NULL);
			_exit(1);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
			errx(1, "the program does not run");
	}
	say("exec", begin, EXECS);
}

static void read_names(void)
{
	struct dirent *entry;
	int i, n = 0;
	DIR *dir;

	for (i = 0; i < 10; i++) {
		dir = opendir("names");
		if (!dir)
			err(1, "names");
		while ((entry = readdir(dir)))
			n++;
		closedir(dir);
	}
	if (n != 10 * (NAMES + 2))
		errx(1, "%d names instead of %d", n / 10, NAMES + 2);
}

static void for_names(const char *what, int (*call)(const char *name, int i))
{
	double begin = now();
	char name[32];
	int i;

	for (i = 0; i < NAMES; i++) {
		sprintf(name, "names/%d", i);
		if (call(name, i))
			err(1, "%s %s", what, name);
	}
	say(what, begin, NAMES);
}

static int create(const char *name, int i)
{
	(void)i;
	return close(open(name, O_WRONLY | O_CREAT | O_EXCL, 0644));
}

static int look(const char *name, int i)
{
	struct stat st;

	(void)i;
	return stat(name, &st);
}

static int move(const char *name, int i)
{
	char other[32];

	sprintf(other, "names/new%d", i);
	return rename(name, other);
}

static int take_away(const char *name, int i)
{
	char other[32];

	(void)name;
	sprintf(other, "names/new%d", i);
	return unlink(other);
}

static void names(void)
{
	double begin;

	if (mkdir("names", 0755))
		err(1, "names");
	for_names("create", create);
	for_names("stat", look);
	begin = now();
	read_names();
	say("readdir", begin, 10 * NAMES);
	for_names("rename", move);
	for_names("unlink", take_away);
	rmdir("names");
}

static void only_touches(void)
{
	int fd = open_file("data", O_RDWR | O_CREAT | O_TRUNC);

	sequential(fd, "write_new", put);
	close(fd);
	touches();
}

static void measure(void)
{
	data();
	touches();
	execs();
	unlink("program");
	names();
}

/* Two kernels do this at once, each in a directory of its own. */
static void two_dirs(int count)
{
	double begin = now();
	char name[32], other[40];
	int i;

	for (i = 0; i < count; i++) {
		sprintf(name, "churn%d", i % 100);
		sprintf(other, "%s.new", name);
		if (create(name, i) || rename(name, other) || unlink(other))
			err(1, "%s", name);
	}
	say("churn", begin, count);
}

int main(int argc, char **argv)
{
	self = "/proc/self/exe";
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	if (argc < 3)
		errx(2, "fs measure DIR | fs touch DIR | fs names DIR COUNT");
	if (chdir(argv[2]))
		err(1, "%s", argv[2]);
	if (!strcmp(argv[1], "names"))
		two_dirs(argc > 3 ? atoi(argv[3]) : 10000);
	else if (!strcmp(argv[1], "touch"))
		only_touches();
	else
		measure();
	return 0;
}
