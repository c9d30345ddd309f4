// SPDX-License-Identifier: GPL-2.0
/*
 * fsx FILE COUNT [SEED [FLAGS]]: random operations on a file, each against a copy in
 * memory: read, write, append, through a mapping, truncate, punch, zero, allocate, collapse,
 * O_DIRECT, reopen.  FLAGS: d without O_DIRECT, c without collapse, a without allocation.
 * Prints what it did last when something differs.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST	(6UL << 20)
#define LONG	(3UL << 20)
#define BLOCK	4096UL

static unsigned char *model, *buffer;
static unsigned long size, step;
static const char *path, *flags = "";
static unsigned int seed = 1;
static int fd;
static char last[128];

static unsigned long any(unsigned long below)
{
	return ((unsigned long)rand_r(&seed) << 31 | rand_r(&seed)) % below;
}

/* Borders of blocks and of 2 MiB are where things go wrong. */
static unsigned long offset(unsigned long below)
{
	static const unsigned long unit[] = { 1, 1, BLOCK, 2UL << 20 };
	unsigned long n = any(below), u = unit[any(4)];

	n = n / u * u + (any(4) ? 0 : any(3));
	return n < below ? n : below - 1;
}

static unsigned long length(unsigned long most)
{
	unsigned long n = 1 + (any(5) ? any(100000) : any(LONG));

	return n < most ? n : most;
}

static void fail_at(unsigned long at, const char *what)
{
	errx(1, "step %lu, %s: byte %#lx is %#x, not %#x, after %s", step, what, at,
	     buffer[at], model[at], last);
}

static void compare(unsigned long from, unsigned long len, const char *what)
{
	unsigned long i;

	if (!memcmp(buffer + from, model + from, len))
		return;
	for (i = from; buffer[i] == model[i]; i++)
		;
	fail_at(i, what);
}

static void note(const char *what, unsigned long from, unsigned long len)
{
	snprintf(last, sizeof(last), "%s of %#lx bytes at %#lx", what, len, from);
}

static void need(long got, long want, const char *what)
{
	if (got != want)
		err(1, "step %lu: %s is %ld, not %ld, after %s", step, what, got, want, last);
}

static void fill(unsigned long from, unsigned long len)
{
	unsigned long i, word = any(~0UL >> 1);

	for (i = from; i < from + len; i++)
		model[i] = word >> i % 8 * 8 ^ i >> 3;
	if (from > size)
		memset(model + size, 0, from - size);
	if (from + len > size)
		size = from + len;
}

static void do_read(void)
{
	unsigned long from = offset(MOST), len = length(MOST - from), want;

	want = from >= size ? 0 : len < size - from ? len : size - from;
	need(pread(fd, buffer + from, len, from), want, "read");
	compare(from, want, "read");
}

static void do_write(void)
{
	unsigned long from = offset(MOST), len = length(MOST - from);

	fill(from, len);
	note("write", from, len);
	need(pwrite(fd, model + from, len, from), len, "write");
}

static void do_append(void)
{
	unsigned long from = size, len = size < MOST ? length(MOST - size) : 0;
	int append;

	if (!len)
		return;
	append = open(path, O_WRONLY | O_APPEND);
	fill(from, len);
	note("append", from, len);
	need(write(append, model + from, len), len, "append");
	close(append);
}

static void through_map(int writes)
{
	unsigned long from = size ? offset(size) : 0, len, base = from & ~(BLOCK - 1);
	unsigned char *map;

	if (!size)
		return;
	len = length(size - from);
	map = mmap(NULL, len + from - base, PROT_READ | (writes ? PROT_WRITE : 0), MAP_SHARED, fd,
		   base);
	if (map == MAP_FAILED)
		err(1, "step %lu: mmap", step);
	if (writes) {
		fill(from, len);
		note("write to mapping", from, len);
		memcpy(map + (from - base), model + from, len);
	} else {
		memcpy(buffer + from, map + (from - base), len);
		compare(from, len, "mapping");
	}
	munmap(map, len + from - base);
}

static void do_truncate(void)
{
	unsigned long to = offset(MOST);

	note("truncate", to, 0);
	need(ftruncate(fd, to), 0, "truncate");
	if (to > size)
		memset(model + size, 0, to - size);
	size = to;
}

static void allocate(int mode, const char *what)
{
	unsigned long from = offset(MOST), len = length(MOST - from), end = from + len;
	int err = fallocate(fd, mode, from, len) ? errno : 0;

	if (err == EOPNOTSUPP)
		return;
	note(what, from, len);
	need(err, 0, what);
	if (end > size && !(mode & FALLOC_FL_KEEP_SIZE)) {
		memset(model + size, 0, end - size);
		size = end;
	}
	if (end > size)
		end = size;
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) && end > from)
		memset(model + from, 0, end - from);
}

static void do_collapse(void)
{
	unsigned long from = offset(MOST) & ~(BLOCK - 1), len = length(MOST - from) & ~(BLOCK - 1);

	if (strchr(flags, 'c') || !len || from + len >= size)
		return;
	if (fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, from, len)) {
		if (errno == EOPNOTSUPP)
			return;
		err(1, "step %lu: collapse", step);
	}
	note("collapse", from, len);
	memmove(model + from, model + from + len, size - from - len);
	size -= len;
}

static void do_direct(void)
{
	unsigned long from = offset(MOST - LONG) & ~(BLOCK - 1);
	unsigned long len = (length(LONG) + BLOCK - 1) & ~(BLOCK - 1);
	int direct = open(path, O_RDWR | O_DIRECT);

	if (direct < 0)
		err(1, "O_DIRECT");
	if (any(2)) {
		fill(from, len);
		note("direct write", from, len);
		need(pwrite(direct, model + from, len, from), len, "direct write");
	} else if (from < size) {
		if (len > size - from)
			len = size - from;
		need(pread(direct, buffer + from, (len + BLOCK - 1) & ~(BLOCK - 1), from), len,
		     "direct read");
		compare(from, len, "direct read");
	}
	close(direct);
}

static void reopen(void)
{
	close(fd);
	fd = open(path, O_RDWR);
	if (fd < 0)
		err(1, "%s", path);
}

static void check_all(void)
{
	struct stat st;

	need(fstat(fd, &st), 0, "stat");
	need(st.st_size, size, "size");
	need(pread(fd, buffer, MOST, 0), size, "read of all");
	compare(0, size, "all of it");
}

static void read_map(void)
{
	through_map(0);
}

static void write_map(void)
{
	through_map(1);
}

static void punch(void)
{
	allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, "punch");
}

static void zero(void)
{
	allocate(FALLOC_FL_ZERO_RANGE | (any(2) ? FALLOC_FL_KEEP_SIZE : 0), "zero");
}

static void preallocate(void)
{
	if (!strchr(flags, 'a'))
		allocate(any(2) ? FALLOC_FL_KEEP_SIZE : 0, "allocation");
}

static void direct_or_reopen(void)
{
	if (any(2) || strchr(flags, 'd'))
		reopen();
	else
		do_direct();
}

static void (*const operations[])(void) = {
	do_read, do_read, do_write, do_write, do_append, read_map, write_map, write_map,
	do_truncate, punch, zero, preallocate, do_collapse, direct_or_reopen,
};

int main(int argc, char **argv)
{
	unsigned long count;

	if (argc < 3)
		errx(2, "fsx FILE COUNT [SEED [FLAGS]]");
	path = argv[1];
	count = strtoul(argv[2], NULL, 0);
	seed = argc > 3 ? atoi(argv[3]) : 1;
	flags = argc > 4 ? argv[4] : "";
	model = mmap(NULL, 2 * MOST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	buffer = mmap(NULL, 2 * MOST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || model == MAP_FAILED || buffer == MAP_FAILED)
		err(1, "%s", path);
	for (step = 0; step < count; step++) {
		operations[any(sizeof(operations) / sizeof(*operations))]();
		if (step % 16 == 0)
			check_all();
	}
	check_all();
	unlink(path);
	printf("%lu operations, no difference\n", count);
	return 0;
}
