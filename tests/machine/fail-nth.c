// SPDX-License-Identifier: GPL-2.0
/*
 * fail-nth MODULE KERNEL INITRD: in every call of /dev/mk, and in the load of
 * the module, the first allocation fails, then the second, and so on until
 * none is left to fail.  A call may do without what failed; else it says so,
 * changes nothing, and the same call works when it is made again.
 *
 * The pool and all instances are this program's.  fail-nth: see
 * Documentation/fault-injection/fault-injection.rst.
 */
#include <stdbool.h>
#include <sys/syscall.h>

#include "mk.h"

#define IMAGE		"/tmp/fail.image"
#define NTH		"/proc/thread-self/fail-nth"
#define REAL_MEMORY	(120 * MIB)

/* What has to be as before when a call has failed. */
struct counts {
	__u64 memory, memory_free, memory_lost;
	__u32 cpus, windows_free, instances;
	long online;
};

/**
 * struct step - one call
 * @name:	for the log
 * @before:	makes what the call needs; may be NULL
 * @call:	returns what it returned, or -errno
 * @after:	undoes call and preparation; may be NULL
 * @again:	what works after the call has failed, if that is another one
 */
struct step {
	const char *name;
	int (*before)(void);
	int (*call)(void);
	int (*after)(void);
	int (*again)(void);
};

static const char *module, *kernel, *initrd;
static int dev = -1, inst = -1;
static struct mk_error error;

/* --- what a fault needs --------------------------------------------------- */

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

/* Memory is what fails; a copy from or to user space does not. */
static int faults_setup(void)
{
	return set("failslab", "ignore-gfp-wait", "N") ?: set("failslab", "verbose", "0") ?:
	       set("fail_page_alloc", "ignore-gfp-wait", "N") ?:
	       set("fail_page_alloc", "ignore-gfp-highmem", "N") ?:
	       set("fail_page_alloc", "min-order", "0") ?: set("fail_page_alloc", "verbose", "0") ?:
	       faults_where("fail_usercopy", "require", (struct range){ "1", "2" });
}

/* The kernel's own loader warns when it has no memory; our part starts here. */
static int only_initcalls(void)
{
	return memory_where("require", function("do_one_initcall"));
}

/* Where it moves a page, the kernel itself goes on without memory. */
static int all_of_ours(void)
{
	return memory_where("require", (struct range){ "0", "0xffffffffffffffff" }) ?:
	       memory_where("reject", function("alloc_contig_range_noprof"));
}

/* Return: whether the nth allocation of the call was there to fail. */
static bool with_fault(int fd, unsigned int nth, const struct step *step, int *ret)
{
	char text[16] = "";

	snprintf(text, sizeof(text), "%u", nth);
	if (write(fd, text, strlen(text)) < 0)
		return false;
	*ret = step->call();
	memset(text, 0, sizeof(text));
	if (pread(fd, text, sizeof(text) - 1, 0) < 1)
		return false;
	pwrite(fd, "0", 1, 0);
	return atoi(text) == 0;
}

/* --- calls -------------------------------------------------------------------- */

static int change(unsigned int cmd, __u64 memory)
{
	__u32 cpus[] = { CPU, OTHER_CPU };
	struct mk_extent e = { .size = memory, .node = MK_NODE_ANY };
	struct mk_pool_change c = { .hdr.size = sizeof(c), .cpus = ptr(cpus), .nr_cpus = 2,
				    .extents = ptr(&e), .nr_extents = 1 };
	int ret = mk_call(dev, cmd, &c);

	error = c.hdr.err;
	return ret;
}

static int pool_add(void)
{
	return change(MK_IOC_POOL_ADD, MK_POOL_GRANULE);
}

static int pool_remove(void)
{
	return change(MK_IOC_POOL_REMOVE, MK_POOL_GRANULE);
}

static int version(void)
{
	struct mk_version v = { .hdr.size = sizeof(v) };

	return mk_call(dev, MK_IOC_VERSION, &v);
}

static int pool_query(void)
{
	struct mk_pool_cpu cpus[4];
	struct mk_pool_chunk chunks[4];
	struct mk_pool_query q = { .hdr.size = sizeof(q), .cpus = ptr(cpus), .nr_cpus = 4,
				   .chunks = ptr(chunks), .nr_chunks = 4 };
	int ret = mk_call(dev, MK_IOC_POOL_QUERY, &q);

	error = q.hdr.err;
	return ret;
}

static int list(void)
{
	__u32 ids[4];
	struct mk_list l = { .hdr.size = sizeof(l), .ids = ptr(ids), .nr = 4 };
	int ret = mk_call(dev, MK_IOC_LIST, &l);

	error = l.hdr.err;
	return ret;
}

static int create_with(__u64 memory)
{
	inst = mk_create(dev, "fail", CPU, memory, &error);
	return inst < 0 ? inst : 0;
}

static int create(void)
{
	return create_with(IMAGE_MEMORY);
}

static int create_real(void)
{
	return create_with(REAL_MEMORY);
}

static int delete(void)
{
	return mk_simple(inst, MK_IOC_DELETE, &error);
}

static int forget(void)
{
	int ret = inst >= 0 ? close(inst) : 0;

	inst = -1;
	return ret;
}

static int discard(void)
{
	mk_simple(inst, MK_IOC_KILL, &error);
	return delete() ?: forget();
}

static int open_name(void)
{
	int fd = mk_open_name(dev, "fail", &error);

	return fd < 0 ? fd : close(fd);
}

static int query(void)
{
	struct mk_pool_cpu cpus[4];
	struct mk_extent extents[4];
	struct mk_query q = { .hdr.size = sizeof(q), .cpus = ptr(cpus), .nr_cpus = 4,
			      .extents = ptr(extents), .nr_extents = 4 };
	int ret = mk_call(inst, MK_IOC_QUERY, &q);

	error = q.hdr.err;
	return ret;
}

static int load_files(const char *image, const char *initramfs)
{
	static const char words[] = "act=\"sleep 1000\"";
	struct mk_load l = { .hdr.size = sizeof(l), .cmdline = ptr(words),
			     .cmdline_len = sizeof(words) - 1, .nr_initrds = 1 };
	int ret;

	l.kernel_fd = open(image, O_RDONLY | O_CLOEXEC);
	l.initrd_fd[0] = open(initramfs, O_RDONLY | O_CLOEXEC);
	ret = mk_call(inst, MK_IOC_LOAD, &l);
	error = l.hdr.err;
	close(l.kernel_fd);
	close(l.initrd_fd[0]);
	return ret;
}

static int load(void)
{
	return load_files(IMAGE, IMAGE);
}

static int load_real(void)
{
	return load_files(kernel, initrd);
}

static int loaded(void)
{
	return create() ?: load();
}

static int read_memory(void)
{
	struct mk_extent e = { };
	struct mk_query q = { .hdr.size = sizeof(q), .extents = ptr(&e), .nr_extents = 1 };
	char room[4096];
	struct mk_read r = { .hdr.size = sizeof(r), .buf = ptr(room), .len = sizeof(room) };
	int ret = mk_call(inst, MK_IOC_QUERY, &q);

	if (ret) {
		error = q.hdr.err;
		return ret;
	}
	r.addr = e.start;
	ret = mk_call(inst, MK_IOC_READ, &r);
	error = r.hdr.err;
	return ret;
}

static int reload(void)
{
	return mk_simple(inst, MK_IOC_RELOAD, &error);
}

static int start(void)
{
	return mk_simple(inst, MK_IOC_START, &error);
}

static int kill_it(void)
{
	return mk_simple(inst, MK_IOC_KILL, &error);
}

static int started(void)
{
	return loaded() ?: start();
}

/* mkctl packs what makes it say that it runs. */
static int running(void)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "mkctl run fail --cpus %d --memory %lluM --kernel %s --initrd %s --timeout 300 >/dev/null",
		 CPU, REAL_MEMORY / MIB, kernel, initrd);
	if (system(command))
		return -ESRCH;
	inst = mk_open_name(dev, "fail", &error);
	return inst < 0 ? inst : 0;
}

static int stop(void)
{
	struct mk_stop s = { .hdr.size = sizeof(s), .timeout_ms = 3600000 };
	int ret = mk_call(inst, MK_IOC_STOP, &s);

	error = s.hdr.err;
	return ret;
}

static int insert(void)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 || syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;

	close(fd);
	memset(&error, 0, sizeof(error));
	return ret;
}

static int removed(void)
{
	return syscall(SYS_delete_module, "mk_core", O_NONBLOCK) ? -errno : 0;
}

static const struct step steps_module[] = {
	{ "module load", NULL, insert, removed, NULL },
	{ }
};

static const struct step steps_device[] = {
	{ "VERSION", NULL, version, NULL, NULL },
	{ "POOL_ADD", NULL, pool_add, pool_remove, NULL },
	{ "POOL_REMOVE", pool_add, pool_remove, NULL, NULL },
	{ }
};

/* These have a pool. */
static const struct step steps_pool[] = {
	{ "POOL_QUERY", NULL, pool_query, NULL, NULL },
	{ "CREATE", NULL, create, discard, NULL },
	{ "LIST", create, list, discard, NULL },
	{ "OPEN", create, open_name, discard, NULL },
	{ "QUERY", create, query, discard, NULL },
	{ "LOAD", create, load, discard, NULL },
	{ "LOAD of a stock kernel", create_real, load_real, discard, NULL },
	{ "RELOAD", loaded, reload, discard, load },
	{ "READ", loaded, read_memory, discard, NULL },
	{ "START", loaded, start, discard, NULL },
	{ "KILL", started, kill_it, discard, NULL },
	{ "STOP", running, stop, discard, NULL },
	{ "DELETE", loaded, delete, forget, NULL },
	{ }
};

/* --- the game --------------------------------------------------------------- */

static struct counts count(void)
{
	struct counts c;
	struct mk_pool_query q;

	memset(&c, 0, sizeof(c));
	c.online = sysconf(_SC_NPROCESSORS_ONLN);
	if (dev < 0 || mk_pool(dev, &q))
		return c;
	c.memory = q.memory;
	c.memory_free = q.memory_free;
	c.memory_lost = q.memory_lost;
	c.cpus = q.nr_cpus;
	c.windows_free = q.windows_free;
	c.instances = q.nr_instances;
	return c;
}

static int bad(const struct step *step, unsigned int nth, const char *what, int ret)
{
	fprintf(stderr, "%s, allocation %u: %s: %s, code %u\n", step->name, nth, what,
		ret < 0 ? strerror(-ret) : "success", error.code);
	return -1;
}

/* An error changes nothing, has a code, and is gone with its cause. */
static int after_error(const struct step *step, unsigned int nth, int ret, const struct counts *was)
{
	struct counts is = count();

	if (memcmp(&is, was, sizeof(is)))
		return bad(step, nth, "it failed, but something has changed", ret);
	if (dev >= 0 && step->call != version && !error.code)
		return bad(step, nth, "it failed without a code", ret);
	ret = step->again ? step->again() : step->call();
	return ret < 0 ? bad(step, nth, "it does not work again", ret) : 0;
}

static int one_fault(int fd, const struct step *step, unsigned int nth, bool *there, int *errors)
{
	int ret = step->before ? step->before() : 0;
	struct counts was = count();

	if (ret < 0)
		return bad(step, nth, "preparation", ret);
	memset(&error, 0, sizeof(error));
	*there = with_fault(fd, nth, step, &ret);
	if (ret < 0 && !*there)
		return bad(step, nth, "no fault, but an error", ret);
	if (ret < 0) {
		++*errors;
		if (after_error(step, nth, ret, &was))
			return -1;
	}
	ret = step->after ? step->after() : 0;
	return ret < 0 ? bad(step, nth, "afterwards", ret) : 0;
}

static int all_faults(int fd, const struct step *step)
{
	struct counts was = count(), is;
	unsigned int nth = 0;
	bool there = true;
	int errors = 0;

	while (there)
		if (one_fault(fd, step, ++nth, &there, &errors))
			return -1;
	is = count();
	if (memcmp(&is, &was, sizeof(is)))
		return bad(step, nth, "something is left of it", 0);
	printf("# %s: %u allocations failed, %d errors\n", step->name, nth - 1, errors);
	fflush(stdout);
	return 0;
}

static int run(const struct step *step)
{
	int fd = open(NTH, O_RDWR | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return perror(NTH), -1;
	for (; !ret && step->name; step++)
		ret = all_faults(fd, step);
	close(fd);
	return ret;
}

int main(int argc, char **argv)
{
	unsigned char image[IMAGE_SIZE];
	int ret;

	if (argc != 4)
		return 2;
	module = argv[1];
	kernel = argv[2];
	initrd = argv[3];
	image_make(image);
	ret = faults_setup() ?: file_write(IMAGE, image, sizeof(image)) ?:
	      only_initcalls() ?: run(steps_module) ?: all_of_ours() ?: insert();
	dev = mk_open_device();
	ret = ret ?: run(steps_device) ?: pool_add() ?: run(steps_pool) ?: pool_remove();
	close(dev);
	return ret ?: removed() ? 1 : 0;
}
