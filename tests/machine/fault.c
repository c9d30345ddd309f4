// SPDX-License-Identifier: GPL-2.0
/* Documentation/fault-injection/fault-injection.rst. */
#include <glob.h>

#include "fault.h"
#include "mk.h"

#define NTH	"/proc/thread-self/fail-nth"

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int set(const char *fault, const char *key, const char *value)
{
	char path[80];
	int ret;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", fault, key);
	ret = put(path, value);
	if (ret)
		fprintf(stderr, "%s: %s\n", path, strerror(-ret));
	return ret;
}

/* A function's addresses, as the files of a fault want them. */
struct range {
	char start[32], end[32];
};

static struct range function(const char *name)
{
	struct range r = { "0x", "0x" };
	char line[256], symbol[128];
	FILE *f = fopen("/proc/kallsyms", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%16s %*c %127s", r.end + 2, symbol) != 2)
			continue;
		if (r.start[2])
			break;
		if (!strcmp(symbol, name))
			memcpy(r.start, r.end, sizeof(r.start));
	}
	if (f)
		fclose(f);
	if (!r.start[2])
		fprintf(stderr, "this kernel has no %s\n", name);
	return r;
}

/* Only below (require) or never below (reject) a function. */
static int faults_where(const char *fault, const char *how, struct range r)
{
	char start[32], end[32];

	snprintf(start, sizeof(start), "%s-start", how);
	snprintf(end, sizeof(end), "%s-end", how);
	return set(fault, start, r.start) ?: set(fault, end, r.end) ?:
	       set(fault, "stacktrace-depth", "32");
}

static int memory_where(const char *how, struct range r)
{
	return faults_where("failslab", how, r) ?: faults_where("fail_page_alloc", how, r);
}

int faults_setup(void)
{
	return set("failslab", "ignore-gfp-wait", "N") ?: set("failslab", "verbose", "0") ?:
	       set("fail_page_alloc", "ignore-gfp-wait", "N") ?:
	       set("fail_page_alloc", "ignore-gfp-highmem", "N") ?:
	       set("fail_page_alloc", "min-order", "0") ?: set("fail_page_alloc", "verbose", "0") ?:
	       faults_where("fail_usercopy", "require", (struct range){ "1", "2" });
}

int faults_but_kmemleak(void)
{
	glob_t caches;
	size_t i;
	int ret = glob("/sys/kernel/slab/*/failslab", 0, NULL, &caches) ? -ENOENT : 0;

	for (i = 0; !ret && i < caches.gl_pathc; i++)
		if (!strstr(caches.gl_pathv[i], "/kmemleak_"))
			ret = put(caches.gl_pathv[i], "1");
	if (ret)
		fprintf(stderr, "/sys/kernel/slab: %s\n", strerror(-ret));
	else
		globfree(&caches);
	return ret ?: set("failslab", "cache-filter", "Y");
}

int faults_in_initcalls(const char *but)
{
	return memory_where("require", function("do_one_initcall")) ?:
	       memory_where("reject", function(but));
}

int faults_below(const char *name)
{
	return memory_where("require", function(name));
}

int faults_everywhere(const char *but)
{
	return memory_where("require", (struct range){ "0", "0xffffffffffffffff" }) ?:
	       memory_where("reject", function(but));
}

int fault_open(void)
{
	int fd = open(NTH, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		perror(NTH);
	return fd;
}

static int arm(int fd, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fd, text, len, 0) == len ? 0 : -EIO;
}

/* What is left to count, so zero after the fault. */
static int left(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : -EIO;
}

int fault_call(int fd, unsigned int nth, int (*call)(void), int *ret)
{
	int n = arm(fd, nth);

	if (n)
		return n;
	*ret = call();
	n = left(fd);
	if (n < 0)
		return n;
	return arm(fd, 0) ?: !n;
}
