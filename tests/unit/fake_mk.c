// SPDX-License-Identifier: GPL-2.0
/*
 * A module that is not there, for cli.sh: preloaded into mkctl it stands for
 * /dev/mk.  FAKE_ABI and FAKE_VERSION are what it says of itself.  With
 * FAKE_ERROR ("code arg0 arg1") all calls but MK_IOC_VERSION fail with it.
 * Without it, there are instances 1 to 4, of which 2 cannot be opened, 3 is
 * deleted while it is killed and 1 has a lost CPU, and a pool of a free CPU, a
 * lost one, and CHUNKS chunks, the first partly free.  Their memory cannot be
 * read, as without a kernel.  Queries of an instance answer FAKE_STATES
 * ("STATE:BOOTS ...") one after the other, then the last one again.
 * FAKE_WINDOWS low windows are there, all taken.  Calls that change something
 * are told on stderr; FAKE_SIGNAL is raised by a load.  What has a folder in
 * FAKE_ROOT is looked for there only.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uapi.h"

#define FAKE_FD	900	/* of /dev/mk; that of instance N is N more */
#define CHUNKS	20

int open(const char *path, int flags, ...)
{
	static int (*real_open)(const char *path, int flags, ...);

	if (!strcmp(path, MK_DEVICE))
		return FAKE_FD;
	if (!real_open)
		real_open = dlsym(RTLD_NEXT, "open");
	return real_open(path, flags, 0);
}

/* The path that stands for @path: @fake where FAKE_ROOT has its folder. */
static const char *stand_in(const char *path, char *fake, size_t size)
{
	const char *root = getenv("FAKE_ROOT");
	struct stat st;
	char *name;

	if (!root || path[0] != '/')
		return path;
	snprintf(fake, size, "%s%s", root, path);
	name = strrchr(fake, '/');
	*name = '\0';
	if (stat(fake, &st))
		return path;
	*name = '/';
	return fake;
}

FILE *fopen(const char *path, const char *mode)
{
	static FILE *(*real_fopen)(const char *path, const char *mode);
	char fake[256];

	if (!real_fopen)
		real_fopen = dlsym(RTLD_NEXT, "fopen");
	return real_fopen(stand_in(path, fake, sizeof(fake)), mode);
}

int access(const char *path, int mode)
{
	static int (*real_access)(const char *path, int mode);
	char fake[256];

	if (!real_access)
		real_access = dlsym(RTLD_NEXT, "access");
	return real_access(stand_in(path, fake, sizeof(fake)), mode);
}

static void say_version(struct mk_version *v)
{
	const char *abi = getenv("FAKE_ABI"), *version = getenv("FAKE_VERSION");

	v->abi = abi ? strtoul(abi, NULL, 0) : MK_ABI;
	snprintf(v->version, sizeof(v->version), "%s", version ? version : "");
	snprintf(v->release, sizeof(v->release), "6.1.0-fake");
}

static int fail(struct mk_hdr *hdr, __u32 code)
{
	hdr->err.code = code;
	errno = EINVAL;
	return -1;
}

static int fail_as_told(struct mk_hdr *hdr, const char *text)
{
	__u32 code;

	if (sscanf(text, "%u %llu %llu", &code, &hdr->err.arg[0], &hdr->err.arg[1]) != 3)
		abort();
	return fail(hdr, code);
}

static int list(struct mk_list *l)
{
	__u32 *ids = (__u32 *)(unsigned long)l->ids;

	for (l->nr = 0; l->nr < 4; l->nr++)
		ids[l->nr] = l->nr + 1;
	return 0;
}

static int query_pool(struct mk_pool_query *q)
{
	struct mk_pool_chunk *chunks = (struct mk_pool_chunk *)(unsigned long)q->chunks;
	struct mk_pool_cpu *cpus = (struct mk_pool_cpu *)(unsigned long)q->cpus;
	const char *windows = getenv("FAKE_WINDOWS");

	q->windows = windows ? atoi(windows) : 1;
	if (!q->nr_cpus || !q->nr_chunks)	/* only the sums are wanted */
		return 0;
	cpus[0] = (struct mk_pool_cpu){ .cpu = 2, .state = MK_CPU_FREE };
	cpus[1] = (struct mk_pool_cpu){ .cpu = 3, .state = MK_CPU_LOST };
	q->nr_cpus = 2;
	for (q->nr_chunks = 0; q->nr_chunks < CHUNKS; q->nr_chunks++)
		chunks[q->nr_chunks] = (struct mk_pool_chunk){
			.size = MK_POOL_GRANULE,
			.free = q->nr_chunks ? MK_POOL_GRANULE : 0,
		};
	return 0;
}

static int change_pool(const char *word, const struct mk_pool_change *c)
{
	fprintf(stderr, "%s: %u CPUs, %u chunks\n", word, c->nr_cpus, c->nr_extents);
	return 0;
}

static void say_state(struct mk_query *q)
{
	static const char *states;
	static __u64 running_ns;
	const char *next;

	if (!states)
		states = getenv("FAKE_STATES");
	if (sscanf(states ? states : "4:1", "%u:%llu", &q->state, &q->boots) != 2)
		abort();
	next = states ? strchr(states, ' ') : NULL;
	states = next ? next + 1 : states;
	running_ns += q->state == MK_RUNNING;
	q->running_ns = running_ns;
	q->reason = q->state == MK_CRASHED ? MK_REASON_PANIC : MK_REASON_NONE;
}

static int query(struct mk_query *q, unsigned int id)
{
	struct mk_extent *extents = (struct mk_extent *)(unsigned long)q->extents;

	q->id = id;
	say_state(q);
	q->nr_cpus = 0;
	extents[0] = (struct mk_extent){ .start = 1ULL << 32, .size = MK_MEMORY_GRANULE };
	q->nr_extents = 1;
	q->lost_cpus = id == 1;
	snprintf(q->name, sizeof(q->name), "i%u", id);
	return 0;
}

static int kill_it(struct mk_hdr *hdr, unsigned int id)
{
	fprintf(stderr, "kill %u\n", id);
	if (id == 4)
		return 0;
	return fail(hdr, id == 3 ? MK_E_DELETED : MK_E_LOST);
}

static int load_it(void)
{
	const char *signal = getenv("FAKE_SIGNAL");

	fputs("load\n", stderr);
	return signal ? raise(atoi(signal)) : 0;
}

static int tell(const char *word)
{
	fprintf(stderr, "%s\n", word);
	return 0;
}

static int answer(unsigned int id, unsigned long request, void *arg)
{
	struct mk_open *o = arg;

	switch (request) {
	case MK_IOC_LIST:
		return list(arg);
	case MK_IOC_POOL_QUERY:
		return query_pool(arg);
	case MK_IOC_POOL_REMOVE:
		return change_pool("remove", arg);
	case MK_IOC_OPEN:
		return o->id == 2 ? fail(arg, MK_E_NO_INSTANCE) : FAKE_FD + (int)o->id;
	case MK_IOC_CREATE:
		return FAKE_FD + 1;
	case MK_IOC_QUERY:
		return query(arg, id);
	case MK_IOC_KILL:
		return kill_it(arg, id);
	case MK_IOC_LOAD:
		return load_it();
	case MK_IOC_START:
		return tell("start");
	case MK_IOC_READ:
		return fail(arg, MK_E_STATE);
	case MK_IOC_STOP:
		return tell("stop");
	case MK_IOC_DELETE:
		return tell("delete");
	}
	return fail(arg, MK_E_RESERVED);
}

int ioctl(int fd, unsigned long request, ...)
{
	const char *error = getenv("FAKE_ERROR");
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd < FAKE_FD) {
		errno = ENOTTY;
		return -1;
	}
	if (request == MK_IOC_VERSION) {
		say_version(arg);
		return 0;
	}
	return error ? fail_as_told(arg, error) : answer(fd - FAKE_FD, request, arg);
}
