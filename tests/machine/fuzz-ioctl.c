// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz-ioctl KERNEL INITRD [ROUNDS|SECONDSs [SEED]]: calls of /dev/mk with damaged
 * arguments, on right and wrong descriptors, and reads and writes of sysfs.  The
 * images that it may start halt at once, but now and then that kernel runs.  An
 * error has a code; afterwards all of the pool is free.  A kernel with KCOV tells
 * which calls reached something new: they are kept, and damaged again.
 */
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

#include "corpus.h"
#include "sysfs.h"

#define IMAGE		"/tmp/fuzz.image"
#define GARBAGE		"/tmp/fuzz.garbage"
#define NR_INSTANCES	4
#define POOL_MAX	(1024 * MIB)
#define ANEW		500	/* rounds with one pool */
#define REAL		2000	/* rounds from one start of the kernel to the next */
#define ENOUGH		(5 * REAL)	/* rounds in which each call meets it */
#define PARAMETERS	"/sys/module/mk_core/parameters"

struct arena {
	union argument arg;
	unsigned char behind[4096];
	__u32 cpus[8];
	struct mk_extent extents[4];
	char cmdline[4096];
	unsigned char room[16384];
};

static struct arena *const a = (void *)ARENA;
static const char *const sysfs[] = { MK_SYSFS, PARAMETERS, NULL };
static int dev, image, garbage, directory;
static int instances[NR_INSTANCES] = { -1, -1, -1, -1 };
static int regions[NR_INSTANCES] = { -1, -1, -1, -1 };
static unsigned int done, refused;
static unsigned int met[NR_CALLS];	/* how often the kernel ran when it was made */
static const char *kernel, *initrd;

static int any_instance(void)
{
	return instances[random_below(NR_INSTANCES)];
}

static int any_region(void)
{
	return regions[random_below(NR_INSTANCES)];
}

static int any_file(void)
{
	switch (random_below(9)) {
	case 8:
		return any_region();
	case 0:
		return garbage;
	case 1:
		return directory;
	case 2:
		return dev;
	case 3:
		return any_instance();
	case 4:
		return random_below(40) - 1;
	}
	return image;
}

/* CPU 1 stays with the host, so that this goes on at two CPUs' speed. */
static void fill_cpus(__u64 *to, __u32 *nr)
{
	int i;

	for (i = 0; i < 8; i++)
		a->cpus[i] = random_below(8) ? CPU + (i + random_below(2)) % 2 :
			     PICK(0U, 4U, 255U, 65536U, 0x7fffffffU, ~0U);
	*to = ptr(a->cpus);
	*nr = PICK(0U, 1U, 1U, 1U, 2U, 2U, 3U, 8U);
}

/* No more than the host can spare, and no search of all its memory in vain. */
static void fill_change(struct mk_pool_change *c)
{
	int i;

	fill_cpus(&c->cpus, &c->nr_cpus);
	for (i = 0; i < 4; i++)
		a->extents[i] = (struct mk_extent){
			.start = PICK(0ULL, 0ULL, 128 * MIB, 2048 * MIB, 5120 * MIB,
				      -128 * MIB, 4096ULL),
			.size = PICK(0ULL, MIB, 128 * MIB, 128 * MIB, 256 * MIB),
			.node = PICK(-1, -1, 0, 0, 1, -2, 0x7fffffff),
		};
	c->extents = ptr(a->extents);
	c->nr_extents = PICK(0U, 0U, 1U, 1U, 2U, 3U);
}

static void fill_name(char name[MK_NAME_SIZE])
{
	snprintf(name, MK_NAME_SIZE, "f%u", random_below(3));
}

static void fill_create(struct mk_create *c)
{
	fill_name(c->name);
	fill_cpus(&c->cpus, &c->nr_cpus);
	c->node = PICK(-1, -1, -1, 0, 1);
	c->memory = PICK(IMAGE_MEMORY, IMAGE_MEMORY, 4 * MIB, 64 * MIB, MIB, 4096 * MIB);
}

static void fill_load(struct mk_load *l)
{
	int i;

	l->hdr.flags = random_below(2);
	l->cmdline = ptr(a->cmdline);
	l->cmdline_len = random_below(64);
	l->kernel_fd = any_file();
	l->nr_initrds = PICK(0U, 0U, 1U, 2U, 4U, 5U);
	for (i = 0; i < MK_MAX_INITRDS; i++)
		l->initrd_fd[i] = any_file();
}

/* Memory of a real instance, if there is one; its end is in reach. */
static void fill_read(struct mk_read *r)
{
	struct mk_extent e = { };
	struct mk_query q = { .hdr.size = sizeof(q), .extents = ptr(&e), .nr_extents = 1 };

	mk_call(any_instance(), MK_IOC_QUERY, &q);
	r->addr = e.start + random_below(IMAGE_MEMORY + 4096);
	r->len = random_below(sizeof(a->room));
	r->buf = ptr(a->room);
}

static void fill(const struct call *call)
{
	union argument *arg = &a->arg;

	memset(arg, 0, sizeof(*arg));
	arg->hdr.size = call->size;
	switch (call->cmd) {
	case MK_IOC_POOL_ADD:
	case MK_IOC_POOL_REMOVE:
		return fill_change(&arg->change);
	case MK_IOC_CREATE:
		return fill_create(&arg->create);
	case MK_IOC_LOAD:
		return fill_load(&arg->load);
	case MK_IOC_READ:
		return fill_read(&arg->read);
	case MK_IOC_OPEN:
		fill_name(arg->open.name);
		break;
	case MK_IOC_STOP:
		arg->stop.timeout_ms = 1 + random_below(100);
		break;
	case MK_IOC_POLICY:
		arg->policy.restart = random_below(4);
		arg->policy.delay_ms = PICK(0U, 1U, 1U, 10U, 60000U, 60001U, ~0U);
		break;
	case MK_IOC_LIST:
		arg->list.ids = ptr(a->room);
		arg->list.nr = random_below(16);
		break;
	case MK_IOC_POOL_QUERY:
		arg->pool.cpus = ptr(a->room);
		arg->pool.chunks = ptr(a->room) + sizeof(a->room) / 2;
		arg->pool.nr_cpus = random_below(16);
		arg->pool.nr_chunks = random_below(16);
		break;
	case MK_IOC_QUERY:
		arg->query.cpus = ptr(a->room);
		arg->query.extents = ptr(a->room) + sizeof(a->room) / 2;
		arg->query.nr_cpus = random_below(16);
		arg->query.nr_extents = random_below(16);
		break;
	case MK_IOC_REGION_CREATE:
		fill_name(arg->region_create.name);
		arg->region_create.node = PICK(-1, -1, -1, 0, 1);
		arg->region_create.size = PICK(2 * MIB, 2 * MIB, 4 * MIB, 64 * MIB, MIB, 0ULL);
		break;
	case MK_IOC_REGION_OPEN:
		fill_name(arg->region_open.name);
		break;
	case MK_IOC_REGION_LIST:
		arg->region_list.ids = ptr(a->room);
		arg->region_list.nr = random_below(16);
		break;
	case MK_IOC_REGION_QUERY:
		arg->region_query.extents = ptr(a->room);
		arg->region_query.permits = ptr(a->room) + sizeof(a->room) / 2;
		arg->region_query.nr_extents = random_below(16);
		arg->region_query.nr_permits = random_below(40);
		break;
	case MK_IOC_REGION_GROW:
		arg->grow.size = PICK(2 * MIB, 4 * MIB, 6 * MIB, 16 * MIB, MIB, 0ULL);
		break;
	case MK_IOC_REGION_PERMIT:
		fill_name(arg->permit.name);
		arg->permit.mode = random_below(4);
		break;
	}
}

static int right_descriptor(const struct call *call)
{
	switch (call->on) {
	case ON_INSTANCE:
		return any_instance();
	case ON_REGION:
		return any_region();
	default:
		return dev;
	}
}

static void put(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

static void keep(const struct call *call, int fd)
{
	int is_region = call->cmd == MK_IOC_REGION_CREATE || call->cmd == MK_IOC_REGION_OPEN;

	put((is_region ? regions : instances) + random_below(NR_INSTANCES), fd);
}

static int ends(const struct call *call)
{
	return call->cmd == MK_IOC_STOP || call->cmd == MK_IOC_KILL;
}

/* Return: whether the call is to be made: the kernel is to live for a while. */
static int meet(const struct call *call, int fd)
{
	int spare = random_below(8);
	struct mk_query q;

	if (call->on != ON_INSTANCE || mk_query(fd, &q) || q.state != MK_RUNNING)
		return 1;
	if (ends(call) && spare)
		return 0;
	met[call - calls]++;
	return 1;
}

static const struct call *choose(void)
{
	const struct call *call = corpus_choose();

	if (call)
		return call;
	call = &calls[random_below(NR_CALLS)];
	fill(call);
	return call;
}

static int one_call(void)
{
	const struct call *call = choose();
	int stray = !random_below(16), cut = !random_below(64), ret;
	int fd = stray ? any_file() : right_descriptor(call);

	corpus_damage(call);
	if (!meet(call, fd))
		return 0;
	ret = corpus_call(call, fd, cut);
	if (ret > 0)
		keep(call, ret);
	if (ret >= 0)
		done++;
	else
		refused++;
	if (stray || cut || !corpus_needs_code(ret) || a->arg.hdr.err.code)
		return 0;
	fprintf(stderr, "%s: error %d without a code\n", call->name, ret);
	return 1;
}

/* --- all of it ------------------------------------------------------------ */

/* A part of a region, while it may grow, or go when it is unmapped. */
static void one_map(void)
{
	size_t size = 4096ULL << random_below(14);
	unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				random_below(8) ? MAP_SHARED : MAP_PRIVATE, any_region(),
				random_below(4) * 4096ULL * random_below(2048));

	if (p == MAP_FAILED)
		return;
	p[random_below(size)] = 1;
	munmap(p, random_below(2) ? size : size / 2);
	munmap(p, size);
}

/* All of it back: also what was lost and found. */
static int empty_pool(void)
{
	struct mk_pool_cpu cpus[8];
	struct mk_pool_query q = { .hdr.size = sizeof(q), .cpus = ptr(cpus), .nr_cpus = 8 };
	struct mk_pool_change c = { .hdr.size = sizeof(c), .cpus = ptr(a->cpus),
				    .extents = ptr(a->extents) };
	__u32 i;

	mk_delete_all(dev);
	mk_call(dev, MK_IOC_POOL_QUERY, &q);
	for (i = 0; i < q.nr_cpus; i++)
		a->cpus[i] = cpus[i].cpu;
	a->extents[0] = (struct mk_extent){ .size = q.memory, .node = MK_NODE_ANY };
	c.nr_cpus = q.nr_cpus;
	c.nr_extents = !!q.memory;
	if (!mk_call(dev, MK_IOC_POOL_REMOVE, &c) && !q.memory_lost &&
	    q.memory_free == q.memory && !q.memory_regions &&
	    q.windows_free == q.windows && !q.nr_instances)
		return 0;
	fprintf(stderr, "the pool cannot be emptied: code %u, %u instances\n",
		c.hdr.err.code, q.nr_instances);
	return 1;
}

static int restock(unsigned int granules)
{
	struct mk_pool_change c = { .hdr.size = sizeof(c), .cpus = ptr(a->cpus), .nr_cpus = 2,
				    .extents = ptr(a->extents), .nr_extents = 1 };

	a->cpus[0] = CPU;
	a->cpus[1] = OTHER_CPU;
	a->extents[0] = (struct mk_extent){ .size = granules * MK_POOL_GRANULE,
					    .node = MK_NODE_ANY };
	return mk_call(dev, MK_IOC_POOL_ADD, &c);
}

static int too_much(void)
{
	struct mk_pool_query q;

	mk_pool(dev, &q);
	return q.memory > POOL_MAX;
}

/* Its name is one of ours; the parameters may be anything. */
static int run_kernel(void)
{
	struct mk_error err;
	int fd;

	file_write(PARAMETERS "/liveness_ms", "5000", 4);
	file_write(PARAMETERS "/boot_ms", "300000", 6);
	fd = mk_run(dev, "f0", kernel, initrd, "", &err);
	if (fd < 0)
		return fd;
	put(&instances[0], fd);
	put(&instances[1], dup(fd));
	return 0;
}

static int begin_anew(int real)
{
	return empty_pool() ?: restock(real ? 2 : 1) ?: real ? run_kernel() : 0;
}

/* What ends it has fewer turns. */
static int report_met(int rounds)
{
	unsigned int i;
	int missing = 0;

	for (i = 0; i < NR_CALLS; i++) {
		if (calls[i].on != ON_INSTANCE)
			continue;
		printf("# %s met a kernel that runs %u times\n", calls[i].name, met[i]);
		missing |= !met[i] && !ends(&calls[i]);
	}
	return missing && rounds >= ENOUGH;
}

static int prepare(void)
{
	unsigned char small[IMAGE_SIZE];

	image_make(small);
	if (file_write(IMAGE, small, sizeof(small)) || file_write(GARBAGE, "garbage", 7))
		return -1;
	dev = mk_open_device();
	image = open(IMAGE, O_RDONLY);
	garbage = open(GARBAGE, O_RDONLY);
	directory = open("/", O_RDONLY | O_DIRECTORY);
	return corpus_open();
}

static int one_round(int round)
{
	int ret = 0;

	/* now and then: a pool with something in it */
	if (round % ANEW == 0 || too_much())
		ret = begin_anew(round % REAL == 0);
	if (!random_below(16))
		sysfs_touch(sysfs);
	if (!random_below(16))
		one_map();
	return ret ?: one_call();
}

int main(int argc, char **argv)
{
	const char *length = argc > 3 ? argv[3] : "10000";
	int rounds = atoi(length), i, ret;
	time_t end = strchr(length, 's') ? time(NULL) + rounds : 0;

	if (argc < 3)
		return 2;
	kernel = argv[1];
	initrd = argv[2];
	random_seed(argc - 2, argv + 2);
	ret = prepare();
	for (i = 0; !ret && (end ? time(NULL) < end : i < rounds); i++)
		ret = one_round(i);
	ret = empty_pool() ?: ret;
	printf("# %d calls: %u done, %u refused\n", i, done, refused);
	return corpus_report() || report_met(i) || ret || done < refused / 20 ? 1 : 0;
}
