// SPDX-License-Identifier: GPL-2.0
/*
 * region NAME zero AT|get AT|put AT VALUE|save FILE|load FILE|hold: maps all of a
 * region in the host.  "get" prints a word, "zero" succeeds when there is nothing else
 * from there on, "save" writes all of it, "load" fills all of it, and "hold" keeps the
 * mapping, without the descriptor, until it is killed.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "mk.h"

static __u64 *map(const char *name, __u64 *words)
{
	struct mk_region_query q = { .hdr.size = sizeof(q) };
	struct mk_region_open o = { .hdr.size = sizeof(o) };
	__u64 *p;
	int fd;

	snprintf(o.name, sizeof(o.name), "%s", name);
	fd = mk_call(mk_open_device(), MK_IOC_REGION_OPEN, &o);
	if (fd < 0 || mk_call(fd, MK_IOC_REGION_QUERY, &q))
		return NULL;
	if (mmap(NULL, q.size + 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED ||
	    mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, q.size) != MAP_FAILED ||
	    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED)
		return NULL;
	p = mmap(NULL, q.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	*words = q.size / sizeof(*p);
	return p == MAP_FAILED ? NULL : p;
}

static int is_zero(const __u64 *p, __u64 words)
{
	__u64 i;

	for (i = 0; i < words && !p[i]; i++)
		;
	return i == words;
}

static int save(const char *file, const __u64 *p, __u64 words)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = 1, at, size = words * sizeof(*p);

	for (at = 0; fd >= 0 && n > 0 && at < size; at += n)
		n = write(fd, (const char *)p + at, size - at);
	return fd < 0 || at < size || close(fd);
}

static int load(const char *file, __u64 *p, __u64 words)
{
	int fd = open(file, O_RDONLY);
	ssize_t n = 1, at, size = words * sizeof(*p);

	for (at = 0; fd >= 0 && n > 0 && at < size; at += n)
		n = read(fd, (char *)p + at, size - at);
	return fd < 0 || at < size;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";
	__u64 at = argc > 3 ? strtoull(argv[3], NULL, 0) / sizeof(__u64) : 0, words;
	__u64 *p = argc > 1 ? map(argv[1], &words) : NULL;

	if (!p || at >= words)
		return 2;
	if (!strcmp(what, "zero"))
		return !is_zero(p + at, words - at);
	if (!strcmp(what, "save") && argc > 3)
		return save(argv[3], p, words);
	if (!strcmp(what, "load") && argc > 3)
		return load(argv[3], p, words);
	if (!strcmp(what, "put") && argc > 4)
		p[at] = strtoull(argv[4], NULL, 0);
	else if (!strcmp(what, "get"))
		printf("%llu\n", p[at]);
	else if (!strcmp(what, "hold"))
		pause();
	else
		return 2;
	return 0;
}
