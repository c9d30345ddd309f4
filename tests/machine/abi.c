// SPDX-License-Identifier: GPL-2.0
/*
 * The interface of /dev/mk, call by call.  Needs a pool of CPUs 2 and 3 and
 * 256 MiB, and leaves it as it was.
 */
#include <poll.h>
#include <stddef.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "mk.h"

#define IMAGE		"/tmp/abi.image"
#define GARBAGE		"/tmp/abi.garbage"

FIXTURE(abi)
{
	const struct call *calls, *end;
	int dev;
	int inst;
	int region;
	int fds[NR_ON];
	struct mk_error err;
	struct mk_pool_query before;
};

FIXTURE_SETUP(abi)
{
	unsigned char image[IMAGE_SIZE];

	self->calls = calls;
	self->end = calls + NR_CALLS;
	image_make(image);
	ASSERT_EQ(0, file_write(IMAGE, image, sizeof(image)));
	self->dev = mk_open_device();
	ASSERT_LE(0, self->dev);
	ASSERT_EQ(0, mk_pool(self->dev, &self->before));
	ASSERT_EQ(0, self->before.nr_instances);
	self->inst = mk_create(self->dev, "abi", CPU, IMAGE_MEMORY, &self->err);
	ASSERT_LE(0, self->inst);
	self->region = mk_region_create(self->dev, "abi", 2 * MIB, &self->err);
	ASSERT_LE(0, self->region);
	self->fds[ON_DEVICE] = self->dev;
	self->fds[ON_INSTANCE] = self->inst;
	self->fds[ON_REGION] = self->region;
}

/* Also: whatever a test did, all of the pool is there again. */
FIXTURE_TEARDOWN(abi)
{
	struct mk_pool_query after;
	int dev = mk_open_device();

	mk_delete_all(dev);
	ASSERT_EQ(0, mk_pool(dev, &after));
	EXPECT_EQ(0, memcmp(&self->before, &after, sizeof(after)));
	close(dev);
	close(self->dev);
	close(self->inst);
	close(self->region);
	unlink(IMAGE);
	unlink(GARBAGE);
}

static void prepare(union argument *a, const struct call *call)
{
	memset(a, 0, sizeof(*a));
	a->hdr.size = call->size;
	if (call->cmd == MK_IOC_LOAD)
		a->load.kernel_fd = -1;
	if (call->cmd == MK_IOC_STOP)
		a->stop.timeout_ms = 1;
}

#include "contract.h"

TEST_F(abi, older_user_gets_the_fields_that_it_knows)
{
	struct mk_query q = { .hdr.size = offsetof(struct mk_query, reason), .reason = 77 };
	struct mk_version v = { .hdr.size = offsetof(struct mk_version, version) };

	EXPECT_EQ(0, mk_call(self->inst, MK_IOC_QUERY, &q));
	EXPECT_EQ(MK_CREATED, q.state);
	EXPECT_EQ(1, q.nr_cpus);
	EXPECT_EQ(77, q.reason);
	EXPECT_EQ(0, mk_call(self->dev, MK_IOC_VERSION, &v));
	EXPECT_EQ(MK_ABI, v.abi);
	EXPECT_EQ(0, v.version[0]);
}

TEST_F(abi, reserved_field_of_an_extent_must_be_zero)
{
	struct mk_extent e = { .size = MK_POOL_GRANULE, .node = MK_NODE_ANY, .reserved = 1 };
	struct mk_pool_change c = { .hdr.size = sizeof(c), .extents = ptr(&e), .nr_extents = 1 };

	EXPECT_EQ(-EINVAL, mk_call(self->dev, MK_IOC_POOL_ADD, &c));
	EXPECT_EQ(MK_E_RESERVED, c.hdr.err.code);
	EXPECT_EQ(-EINVAL, mk_call(self->dev, MK_IOC_POOL_REMOVE, &c));
	EXPECT_EQ(MK_E_RESERVED, c.hdr.err.code);
}

TEST_F(abi, time_to_stop_is_bounded)
{
	struct mk_stop s = { .hdr.size = sizeof(s) };

	EXPECT_EQ(-EINVAL, mk_call(self->inst, MK_IOC_STOP, &s));
	EXPECT_EQ(MK_E_RESERVED, s.hdr.err.code);
	s.timeout_ms = 3600001;
	EXPECT_EQ(-EINVAL, mk_call(self->inst, MK_IOC_STOP, &s));
	EXPECT_EQ(MK_E_RESERVED, s.hdr.err.code);
	s.timeout_ms = 3600000;
	EXPECT_EQ(-EBUSY, mk_call(self->inst, MK_IOC_STOP, &s));
	EXPECT_EQ(MK_E_STATE, s.hdr.err.code);
}

TEST_F(abi, read_only_argument_is_a_fault_and_does_nothing)
{
	struct mk_create *c = two_pages();
	__u32 cpu = OTHER_CPU;
	struct mk_pool_query q;

	*c = (struct mk_create){ .hdr.size = sizeof(*c), .name = "ro", .cpus = ptr(&cpu),
				 .nr_cpus = 1, .node = MK_NODE_ANY, .memory = IMAGE_MEMORY };
	mprotect(c, 4096, PROT_READ);
	EXPECT_EQ(-EFAULT, mk_call(self->dev, MK_IOC_CREATE, c));
	EXPECT_EQ(0, mk_pool(self->dev, &q));
	EXPECT_EQ(1, q.nr_instances);
}

TEST_F(abi, bad_pointer_in_a_struct_is_a_fault_with_a_code)
{
	struct mk_pool_change change = { .hdr.size = sizeof(change), .nr_cpus = 1 };
	struct mk_create c = { .hdr.size = sizeof(c), .name = "bad", .nr_cpus = 1,
			       .memory = IMAGE_MEMORY };
	struct mk_load l = { .hdr.size = sizeof(l), .cmdline_len = 9 };
	struct mk_pool_query pool = { .hdr.size = sizeof(pool), .nr_cpus = 9 };
	struct mk_query q = { .hdr.size = sizeof(q), .nr_extents = 9 };
	struct mk_list list = { .hdr.size = sizeof(list), .nr = 9 };
	__u64 bad[] = { 0, ptr(KERNEL_ADDRESS), FAR };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		change.cpus = bad[i];
		c.cpus = bad[i];
		l.cmdline = bad[i];
		pool.cpus = bad[i];
		q.extents = bad[i];
		list.ids = bad[i];
		pool.nr_cpus = 9;
		list.nr = 9;
		q.nr_extents = 9;
		EXPECT_EQ(-EFAULT, mk_call(self->dev, MK_IOC_POOL_ADD, &change));
		EXPECT_EQ(MK_E_INTERNAL, change.hdr.err.code);
		EXPECT_EQ(-EFAULT, mk_call(self->dev, MK_IOC_POOL_REMOVE, &change));
		EXPECT_EQ(-EFAULT, mk_call(self->dev, MK_IOC_CREATE, &c));
		EXPECT_EQ(MK_E_INTERNAL, c.hdr.err.code);
		EXPECT_EQ(-EFAULT, mk_call(self->inst, MK_IOC_LOAD, &l));
		EXPECT_EQ(MK_E_INTERNAL, l.hdr.err.code);
		EXPECT_EQ(-EFAULT, mk_call(self->dev, MK_IOC_POOL_QUERY, &pool));
		EXPECT_EQ(MK_E_INTERNAL, pool.hdr.err.code);
		EXPECT_EQ(-EFAULT, mk_call(self->inst, MK_IOC_QUERY, &q));
		EXPECT_EQ(MK_E_INTERNAL, q.hdr.err.code);
		EXPECT_EQ(-EFAULT, mk_call(self->dev, MK_IOC_LIST, &list));
		EXPECT_EQ(MK_E_INTERNAL, list.hdr.err.code);
	}
}

/* --- results and room ---------------------------------------------------- */

TEST_F(abi, error_is_written_back_and_cleared_by_success)
{
	struct mk_hdr hdr = { .size = sizeof(hdr), .err.code = 99, .err.arg = { 1, 2 } };

	EXPECT_EQ(-EBUSY, mk_call(self->inst, MK_IOC_START, &hdr));
	EXPECT_EQ(MK_E_STATE, hdr.err.code);
	EXPECT_EQ(MK_CREATED, hdr.err.arg[0]);
	EXPECT_EQ(0, hdr.err.arg[1]);
	EXPECT_EQ(0, mk_call(self->inst, MK_IOC_KILL, &hdr));
	EXPECT_EQ(0, hdr.err.code);
	EXPECT_EQ(0, hdr.err.arg[0]);
}

TEST_F(abi, room_is_never_exceeded_and_the_number_told)
{
	struct mk_pool_cpu cpus[4] = { };
	struct mk_pool_query q = { .hdr.size = sizeof(q), .cpus = ptr(cpus) };
	struct mk_list l = { .hdr.size = sizeof(l) };

	EXPECT_EQ(0, mk_call(self->dev, MK_IOC_POOL_QUERY, &q));
	EXPECT_EQ(2, q.nr_cpus);
	EXPECT_EQ(0, cpus[0].cpu);
	q.nr_cpus = 1;
	q.nr_chunks = 0;
	EXPECT_EQ(0, mk_call(self->dev, MK_IOC_POOL_QUERY, &q));
	EXPECT_EQ(2, q.nr_cpus);
	EXPECT_EQ(CPU, cpus[0].cpu);
	EXPECT_EQ(0, cpus[1].cpu);
	EXPECT_EQ(0, mk_call(self->dev, MK_IOC_LIST, &l));
	EXPECT_EQ(1, l.nr);
}

TEST_F(abi, endless_room_is_fine)
{
	struct mk_pool_cpu cpus[4];
	struct mk_pool_query q = { .hdr.size = sizeof(q), .cpus = ptr(cpus), .nr_cpus = ~0U };

	EXPECT_EQ(0, mk_call(self->dev, MK_IOC_POOL_QUERY, &q));
	EXPECT_EQ(2, q.nr_cpus);
	EXPECT_EQ(OTHER_CPU, cpus[1].cpu);
}

TEST_F(abi, query_tells_what_the_instance_has)
{
	struct mk_pool_cpu cpu;
	struct mk_extent e;
	struct mk_query q = { .hdr.size = sizeof(q), .cpus = ptr(&cpu), .extents = ptr(&e),
			      .nr_cpus = 1, .nr_extents = 1 };

	EXPECT_EQ(0, mk_call(self->inst, MK_IOC_QUERY, &q));
	EXPECT_STREQ("abi", q.name);
	EXPECT_EQ(CPU, cpu.cpu);
	EXPECT_EQ(q.id, cpu.instance);
	EXPECT_EQ(MK_CPU_USED, cpu.state);
	EXPECT_EQ(IMAGE_MEMORY, q.memory);
	EXPECT_EQ(IMAGE_MEMORY, e.size);
	EXPECT_NE(0, q.window);
	EXPECT_GE(MIB, q.host_bytes);
}

TEST_F(abi, read_stays_inside_the_instance)
{
	struct mk_extent e;
	struct mk_query q = { .hdr.size = sizeof(q), .extents = ptr(&e), .nr_extents = 1 };
	static char buf[64];
	struct mk_read r = { .hdr.size = sizeof(r), .buf = ptr(buf), .len = sizeof(buf) };
	__u64 bad[4];
	unsigned int i;

	ASSERT_EQ(0, mk_call(self->inst, MK_IOC_QUERY, &q));
	r.addr = e.start + e.size - sizeof(buf);
	EXPECT_EQ(-EBUSY, mk_call(self->inst, MK_IOC_READ, &r));	/* another's memory */
	EXPECT_EQ(MK_E_STATE, r.hdr.err.code);
	ASSERT_EQ(0, mk_load_file(self->inst, IMAGE, &self->err));
	EXPECT_EQ(0, mk_call(self->inst, MK_IOC_READ, &r));
	bad[0] = 0;
	bad[1] = e.start - 1;
	bad[2] = r.addr + 1;
	bad[3] = -8ULL;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		r.addr = bad[i];
		EXPECT_EQ(-EINVAL, mk_call(self->inst, MK_IOC_READ, &r)) TH_LOG("%u", i);
		EXPECT_EQ(MK_E_MEM_ADDRESS, r.hdr.err.code);
	}
	r.addr = e.start;
	r.len = 17 * MIB;
	EXPECT_EQ(-EINVAL, mk_call(self->inst, MK_IOC_READ, &r));
	r.len = sizeof(buf);
	r.buf = ptr(KERNEL_ADDRESS);
	EXPECT_EQ(-EFAULT, mk_call(self->inst, MK_IOC_READ, &r));
	EXPECT_EQ(MK_E_INTERNAL, r.hdr.err.code);
}

/* --- create and the pool ------------------------------------------------- */

static __u32 create_code(int dev, const char *name, const __u32 *cpus, __u32 nr, __u64 memory)
{
	struct mk_create c = { .hdr.size = sizeof(c), .cpus = ptr(cpus), .nr_cpus = nr,
			       .node = MK_NODE_ANY, .memory = memory };

	memcpy(c.name, name, strnlen(name, sizeof(c.name)));
	return mk_call(dev, MK_IOC_CREATE, &c) < 0 ? c.hdr.err.code : 0;
}

TEST_F(abi, create_checks_every_field)
{
	static const char *const names[] = { "", "1a", "a b", "a/b", ".", "a\xc3\xa4", "-a" };
	char full[MK_NAME_SIZE];
	__u32 cpus[] = { OTHER_CPU, OTHER_CPU, 1, CPU, 9999 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_EQ(MK_E_NAME_INVALID, create_code(self->dev, names[i], cpus, 1, 2 * MIB));
	memset(full, 'a', sizeof(full));
	EXPECT_EQ(MK_E_NAME_INVALID, create_code(self->dev, full, cpus, 1, 2 * MIB));
	EXPECT_EQ(MK_E_NAME_TAKEN, create_code(self->dev, "abi", cpus, 1, 2 * MIB));
	EXPECT_EQ(MK_E_CPU_NONE, create_code(self->dev, "b", cpus, 0, 2 * MIB));
	EXPECT_EQ(MK_E_CPU_MANY, create_code(self->dev, "b", cpus, MK_MAX_CPUS + 1, 2 * MIB));
	EXPECT_EQ(MK_E_CPU_TWICE, create_code(self->dev, "b", cpus, 2, 2 * MIB));
	EXPECT_EQ(MK_E_CPU_NOT_POOL, create_code(self->dev, "b", cpus + 2, 1, 2 * MIB));
	EXPECT_EQ(MK_E_CPU_BUSY, create_code(self->dev, "b", cpus + 3, 1, 2 * MIB));
	EXPECT_EQ(MK_E_CPU_NOT_POOL, create_code(self->dev, "b", cpus + 4, 1, 2 * MIB));
	EXPECT_EQ(MK_E_MEM_NONE, create_code(self->dev, "b", cpus, 1, 0));
	EXPECT_EQ(MK_E_MEM_ALIGN, create_code(self->dev, "b", cpus, 1, MIB));
	EXPECT_EQ(MK_E_MEM_POOL, create_code(self->dev, "b", cpus, 1, -2 * MIB));
}

static int change_pool(int dev, unsigned int cmd, const __u32 *cpus, __u32 nr_cpus,
		       const struct mk_extent *extents, __u32 nr_extents, __u32 *code)
{
	struct mk_pool_change c = { .hdr.size = sizeof(c), .cpus = ptr(cpus), .nr_cpus = nr_cpus,
				    .extents = ptr(extents), .nr_extents = nr_extents };
	int ret = mk_call(dev, cmd, &c);

	*code = c.hdr.err.code;
	return ret;
}

TEST_F(abi, pool_add_checks_every_field)
{
	__u32 cpus[] = { 0, 4000000, OTHER_CPU, 1, 1 }, code;
	struct mk_extent e = { .size = MIB, .node = MK_NODE_ANY };

	change_pool(self->dev, MK_IOC_POOL_ADD, cpus, 1, NULL, 0, &code);
	EXPECT_EQ(MK_E_CPU_BOOT, code);
	change_pool(self->dev, MK_IOC_POOL_ADD, cpus + 1, 1, NULL, 0, &code);
	EXPECT_EQ(MK_E_CPU_UNKNOWN, code);
	change_pool(self->dev, MK_IOC_POOL_ADD, cpus + 2, 1, NULL, 0, &code);
	EXPECT_EQ(MK_E_CPU_TAKEN, code);
	change_pool(self->dev, MK_IOC_POOL_ADD, cpus + 3, 2, NULL, 0, &code);
	EXPECT_EQ(MK_E_CPU_TWICE, code);
	change_pool(self->dev, MK_IOC_POOL_ADD, cpus, ~0U, NULL, 0, &code);
	EXPECT_EQ(MK_E_CPU_MANY, code);
	change_pool(self->dev, MK_IOC_POOL_ADD, NULL, 0, &e, ~0U, &code);
	EXPECT_EQ(MK_E_MEM_MANY, code);
	change_pool(self->dev, MK_IOC_POOL_ADD, NULL, 0, &e, 1, &code);
	EXPECT_EQ(MK_E_MEM_ALIGN, code);
	e.size = 0;
	change_pool(self->dev, MK_IOC_POOL_ADD, NULL, 0, &e, 1, &code);
	EXPECT_EQ(MK_E_MEM_NONE, code);
	e = (struct mk_extent){ .size = MK_POOL_GRANULE, .node = 1000 };
	change_pool(self->dev, MK_IOC_POOL_ADD, NULL, 0, &e, 1, &code);
	EXPECT_EQ(MK_E_MEM_NODE, code);
	e = (struct mk_extent){ .start = -2 * MK_POOL_GRANULE, .size = -MK_POOL_GRANULE,
				.node = MK_NODE_ANY };
	change_pool(self->dev, MK_IOC_POOL_ADD, NULL, 0, &e, 1, &code);
	EXPECT_EQ(MK_E_MEM_CONTIG, code);
}

/* The second part fails: the first one must be given back. */
TEST_F(abi, pool_add_is_all_or_nothing)
{
	struct mk_extent e = { .size = MK_POOL_GRANULE, .node = MK_NODE_ANY };
	struct mk_pool_query q;
	__u32 cpus[] = { 1, OTHER_CPU }, code;

	change_pool(self->dev, MK_IOC_POOL_ADD, cpus, 2, &e, 1, &code);
	EXPECT_EQ(MK_E_CPU_TAKEN, code);
	EXPECT_EQ(0, mk_pool(self->dev, &q));
	EXPECT_EQ(self->before.memory, q.memory);
	EXPECT_EQ(self->before.nr_cpus, q.nr_cpus);
}

/* The same memory twice in one call is there once only. */
TEST_F(abi, pool_remove_is_all_or_nothing)
{
	struct mk_pool_chunk chunk = { };
	struct mk_pool_query q = { .hdr.size = sizeof(q), .chunks = ptr(&chunk), .nr_chunks = 1 };
	struct mk_extent e[2];
	__u32 cpu = OTHER_CPU, code;

	mk_delete_all(self->dev);
	ASSERT_EQ(0, mk_call(self->dev, MK_IOC_POOL_QUERY, &q));
	e[0] = (struct mk_extent){ .start = chunk.start, .size = MK_POOL_GRANULE };
	e[1] = e[0];
	EXPECT_EQ(-EBUSY, change_pool(self->dev, MK_IOC_POOL_REMOVE, &cpu, 1, e, 2, &code));
	EXPECT_EQ(MK_E_MEM_BUSY, code);
	e[0] = (struct mk_extent){ .size = q.memory, .node = MK_NODE_ANY };
	EXPECT_EQ(-EBUSY, change_pool(self->dev, MK_IOC_POOL_REMOVE, &cpu, 1, e, 2, &code));
	EXPECT_EQ(MK_E_MEM_BUSY, code);
	e[1].start = 0;
	EXPECT_EQ(-EBUSY, change_pool(self->dev, MK_IOC_POOL_REMOVE, &cpu, 1, e, 2, &code));
	EXPECT_EQ(MK_E_MEM_BUSY, code);
	EXPECT_EQ(0, mk_pool(self->dev, &q));
	EXPECT_EQ(self->before.memory, q.memory);
	EXPECT_EQ(self->before.nr_cpus, q.nr_cpus);
}

TEST_F(abi, no_descriptor_left_creates_nothing)
{
	struct rlimit old, none;
	struct mk_pool_query q;
	struct mk_error err;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, mk_create(self->dev, "full", OTHER_CPU, IMAGE_MEMORY, &err));
	EXPECT_EQ(MK_E_INTERNAL, err.code);
	EXPECT_EQ(-EMFILE, mk_open_name(self->dev, "abi", &err));
	EXPECT_EQ(-EMFILE, mk_region_create(self->dev, "full", 2 * MIB, &err));
	EXPECT_EQ(MK_E_INTERNAL, err.code);
	EXPECT_EQ(-EMFILE, mk_region_open(self->dev, "abi", &err));
	EXPECT_EQ(0, mk_pool(self->dev, &q));
	EXPECT_EQ(1, q.nr_instances);
	EXPECT_EQ(2 * MIB, q.memory_regions);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
}

TEST_F(abi, thousand_descriptors_come_and_go)
{
	struct mk_error err;
	int i, fd;

	for (i = 0; i < 1000; i++) {
		fd = mk_open_name(self->dev, "abi", &err);
		ASSERT_LE(0, fd) TH_LOG("%d", i);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
		close(fd);
	}
	EXPECT_EQ(fd, mk_open_name(self->dev, "abi", &err));
	close(fd);
}

/* --- states and poll ----------------------------------------------------- */

static short polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

TEST_F(abi, poll_tells_of_states_not_seen_yet)
{
	struct mk_query q;
	int second = mk_open_name(self->dev, "abi", &self->err);

	EXPECT_EQ(POLLIN, polled(self->inst));
	EXPECT_EQ(0, mk_query(self->inst, &q));
	EXPECT_EQ(0, polled(self->inst));
	EXPECT_EQ(POLLIN, polled(second)) TH_LOG("each descriptor has its own view");
	EXPECT_EQ(0, mk_load_file(self->inst, IMAGE, &self->err));
	EXPECT_EQ(POLLIN, polled(self->inst));
	close(second);
}

TEST_F(abi, poll_wakes_a_sleeper)
{
	struct pollfd p = { .fd = self->inst, .events = POLLIN };
	struct mk_query q;
	pid_t child;

	EXPECT_EQ(0, mk_query(self->inst, &q));
	child = fork();
	if (!child) {
		usleep(200000);
		_exit(mk_load_file(self->inst, IMAGE, &self->err));
	}
	EXPECT_EQ(1, poll(&p, 1, 10000));
	EXPECT_EQ(POLLIN, p.revents);
	waitpid(child, NULL, 0);
}

TEST_F(abi, deleted_instance_hangs_up_and_refuses)
{
	int second = mk_open_name(self->dev, "abi", &self->err);
	union argument a;
	unsigned int i;

	EXPECT_EQ(0, mk_simple(self->inst, MK_IOC_DELETE, &self->err));
	EXPECT_TRUE(polled(second) & POLLHUP);
	for (i = 0; i < NR_CALLS; i++) {
		if (calls[i].on != ON_INSTANCE)
			continue;
		prepare(&a, &calls[i]);
		EXPECT_EQ(-ENOENT, mk_call(second, calls[i].cmd, &a)) TH_LOG("%s", calls[i].name);
		EXPECT_EQ(MK_E_DELETED, a.hdr.err.code) TH_LOG("%s", calls[i].name);
	}
	EXPECT_EQ(-ENOENT, mk_open_name(self->dev, "abi", &self->err));
	EXPECT_EQ(MK_E_NO_INSTANCE, self->err.code);
	close(second);
}

TEST_F(abi, name_is_free_after_delete_with_an_open_descriptor)
{
	int again;

	EXPECT_EQ(0, mk_simple(self->inst, MK_IOC_DELETE, &self->err));
	again = mk_create(self->dev, "abi", CPU, IMAGE_MEMORY, &self->err);
	EXPECT_LE(0, again);
	EXPECT_EQ(-ENOENT, mk_simple(self->inst, MK_IOC_KILL, &self->err));
	close(again);
}

/* The image halts at once: it stays in state starting until it is killed. */
TEST_F(abi, starting_instance_is_killed_and_not_deleted)
{
	struct mk_stop s = { .hdr.size = sizeof(s), .timeout_ms = 1000 };
	struct mk_query q;

	ASSERT_EQ(0, mk_load_file(self->inst, IMAGE, &self->err));
	ASSERT_EQ(0, mk_simple(self->inst, MK_IOC_START, &self->err));
	EXPECT_EQ(0, mk_query(self->inst, &q));
	EXPECT_EQ(MK_STARTING, q.state);
	EXPECT_EQ(-EBUSY, mk_simple(self->inst, MK_IOC_DELETE, &self->err));
	EXPECT_EQ(MK_E_STATE, self->err.code);
	EXPECT_EQ(-EBUSY, mk_simple(self->inst, MK_IOC_START, &self->err));
	EXPECT_EQ(-EBUSY, mk_load_file(self->inst, IMAGE, &self->err));
	EXPECT_EQ(-EBUSY, mk_call(self->inst, MK_IOC_STOP, &s));
	EXPECT_EQ(0, mk_simple(self->inst, MK_IOC_KILL, &self->err));
	EXPECT_EQ(0, mk_query(self->inst, &q));
	EXPECT_EQ(MK_STOPPED, q.state);
	EXPECT_EQ(MK_REASON_KILLED, q.reason);
	EXPECT_EQ(0, q.lost_cpus);
	EXPECT_EQ(1, q.boots);
}

TEST_F(abi, an_instance_that_ran_is_loaded_before_it_starts_again)
{
	struct mk_query q;

	EXPECT_EQ(-EBUSY, mk_simple(self->inst, MK_IOC_RELOAD, &self->err));
	EXPECT_EQ(MK_E_STATE, self->err.code);
	ASSERT_EQ(0, mk_load_file(self->inst, IMAGE, &self->err));
	ASSERT_EQ(0, mk_simple(self->inst, MK_IOC_START, &self->err));
	EXPECT_EQ(-EBUSY, mk_simple(self->inst, MK_IOC_RELOAD, &self->err));
	ASSERT_EQ(0, mk_simple(self->inst, MK_IOC_KILL, &self->err));
	EXPECT_EQ(-EBUSY, mk_simple(self->inst, MK_IOC_START, &self->err));
	EXPECT_EQ(MK_E_STATE, self->err.code);
	ASSERT_EQ(0, mk_simple(self->inst, MK_IOC_RELOAD, &self->err));
	EXPECT_EQ(0, mk_query(self->inst, &q));
	EXPECT_EQ(MK_LOADED, q.state);
	EXPECT_EQ(MK_REASON_NONE, q.reason);
	EXPECT_EQ(0, mk_simple(self->inst, MK_IOC_START, &self->err));
	EXPECT_EQ(0, mk_simple(self->inst, MK_IOC_KILL, &self->err));
	EXPECT_EQ(0, mk_query(self->inst, &q));
	EXPECT_EQ(2, q.boots);
}

TEST_F(abi, instance_outlives_its_descriptors)
{
	close(self->inst);
	self->inst = mk_open_name(self->dev, "abi", &self->err);
	EXPECT_LE(0, self->inst);
}

/* --- load ---------------------------------------------------------------- */

TEST_F(abi, load_checks_its_descriptors)
{
	struct mk_load l = { .hdr.size = sizeof(l), .kernel_fd = -1 };
	int image = open(IMAGE, O_RDONLY), writer;

	EXPECT_EQ(-EBADF, mk_call(self->inst, MK_IOC_LOAD, &l));
	EXPECT_EQ(MK_E_IMAGE_READ, l.hdr.err.code);
	l.kernel_fd = self->dev;
	EXPECT_EQ(-EINVAL, mk_call(self->inst, MK_IOC_LOAD, &l));
	l.kernel_fd = self->inst;
	EXPECT_EQ(-EINVAL, mk_call(self->inst, MK_IOC_LOAD, &l));
	l.kernel_fd = open(IMAGE, O_PATH);
	EXPECT_EQ(-EBADF, mk_call(self->inst, MK_IOC_LOAD, &l));
	l.kernel_fd = image;
	l.nr_initrds = MK_MAX_INITRDS + 1;
	EXPECT_EQ(-EINVAL, mk_call(self->inst, MK_IOC_LOAD, &l));
	EXPECT_EQ(MK_E_RESERVED, l.hdr.err.code);
	l.nr_initrds = 2;
	l.initrd_fd[0] = image;
	l.initrd_fd[1] = -1;
	EXPECT_EQ(-EBADF, mk_call(self->inst, MK_IOC_LOAD, &l));
	EXPECT_EQ(MK_E_INITRD_READ, l.hdr.err.code);
	EXPECT_EQ(1, l.hdr.err.arg[1]);
	writer = open(IMAGE, O_WRONLY);
	EXPECT_LE(0, writer) TH_LOG("failed loads protect the file no more");
	l.nr_initrds = 0;
	EXPECT_EQ(-ETXTBSY, mk_call(self->inst, MK_IOC_LOAD, &l));
	close(writer);
	close(image);
}

TEST_F(abi, loaded_file_is_protected_until_the_end)
{
	EXPECT_EQ(0, mk_load_file(self->inst, IMAGE, &self->err));
	EXPECT_EQ(-1, open(IMAGE, O_WRONLY));
	EXPECT_EQ(ETXTBSY, errno);
	EXPECT_EQ(0, mk_load_file(self->inst, IMAGE, &self->err));
	EXPECT_EQ(0, mk_simple(self->inst, MK_IOC_DELETE, &self->err));
	EXPECT_LE(0, open(IMAGE, O_WRONLY));
}

TEST_F(abi, refused_load_leaves_no_image)
{
	struct mk_query q;

	EXPECT_EQ(0, mk_load_file(self->inst, IMAGE, &self->err));
	ASSERT_EQ(0, file_write(GARBAGE, "no kernel", 9));
	EXPECT_GT(0, mk_load_file(self->inst, GARBAGE, &self->err));
	EXPECT_EQ(MK_E_IMAGE_SHORT, self->err.code);
	EXPECT_EQ(0, mk_query(self->inst, &q));
	EXPECT_EQ(MK_CREATED, q.state);
	EXPECT_STREQ("", q.release);
	EXPECT_EQ(-EBUSY, mk_simple(self->inst, MK_IOC_START, &self->err));
	EXPECT_EQ(MK_E_STATE, self->err.code);
	EXPECT_LE(0, open(IMAGE, O_WRONLY));
}

/* --- regions --------------------------------------------------------------- */

static __u32 region_code(int dev, const char *name, __u64 size, __s32 node)
{
	struct mk_region_create c = { .hdr.size = sizeof(c), .size = size, .node = node };

	memcpy(c.name, name, strnlen(name, sizeof(c.name)));
	return mk_call(dev, MK_IOC_REGION_CREATE, &c) < 0 ? c.hdr.err.code : 0;
}

TEST_F(abi, region_create_checks_every_field)
{
	char full[MK_NAME_SIZE];

	memset(full, 'a', sizeof(full));
	EXPECT_EQ(MK_E_NAME_INVALID, region_code(self->dev, "", 2 * MIB, -1));
	EXPECT_EQ(MK_E_NAME_INVALID, region_code(self->dev, "a/b", 2 * MIB, -1));
	EXPECT_EQ(MK_E_NAME_INVALID, region_code(self->dev, full, 2 * MIB, -1));
	EXPECT_EQ(MK_E_REGION_TAKEN, region_code(self->dev, "abi", 2 * MIB, -1));
	EXPECT_EQ(MK_E_MEM_NONE, region_code(self->dev, "b", 0, -1));
	EXPECT_EQ(MK_E_MEM_ALIGN, region_code(self->dev, "b", MIB, -1));
	EXPECT_EQ(MK_E_MEM_POOL, region_code(self->dev, "b", -2 * MIB, -1));
	EXPECT_EQ(MK_E_MEM_NODE, region_code(self->dev, "b", 2 * MIB, -2));
	EXPECT_EQ(MK_E_MEM_NODE, region_code(self->dev, "b", 2 * MIB, 0x7fffffff));
}

static __u32 permit_code(int region, const char *name, __u32 mode)
{
	struct mk_region_permit p = { .hdr.size = sizeof(p), .mode = mode };

	memcpy(p.name, name, strnlen(name, sizeof(p.name)));
	return mk_call(region, MK_IOC_REGION_PERMIT, &p) < 0 ? p.hdr.err.code : 0;
}

TEST_F(abi, region_permits_are_checked_and_bounded)
{
	struct mk_permit permits[MK_MAX_PERMITS + 1];
	struct mk_region_query q = { .hdr.size = sizeof(q), .permits = ptr(permits),
				     .nr_permits = MK_MAX_PERMITS + 1 };
	char name[MK_NAME_SIZE];
	int i;

	memset(name, 'a', sizeof(name));
	EXPECT_EQ(MK_E_NAME_INVALID, permit_code(self->region, name, MK_MODE_RW));
	EXPECT_EQ(MK_E_NAME_INVALID, permit_code(self->region, "", MK_MODE_RW));
	EXPECT_EQ(MK_E_RESERVED, permit_code(self->region, "a", MK_MODE_RW + 1));
	EXPECT_EQ(MK_E_NO_PERMIT, permit_code(self->region, "a", MK_MODE_NONE));
	for (i = 0; i < MK_MAX_PERMITS; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		EXPECT_EQ(0, permit_code(self->region, name, MK_MODE_RO));
	}
	EXPECT_EQ(MK_E_REGION_PERMITS, permit_code(self->region, "b", MK_MODE_RO));
	EXPECT_EQ(0, permit_code(self->region, "a5", MK_MODE_RW)) TH_LOG("a change is none more");
	EXPECT_EQ(0, permit_code(self->region, "a0", MK_MODE_NONE));
	EXPECT_EQ(0, permit_code(self->region, "b", MK_MODE_RO));
	EXPECT_EQ(0, mk_call(self->region, MK_IOC_REGION_QUERY, &q));
	EXPECT_EQ(MK_MAX_PERMITS, q.nr_permits);
	EXPECT_STREQ("a1", permits[0].name);
	EXPECT_EQ(MK_MODE_RW, permits[4].mode);
	EXPECT_STREQ("b", permits[MK_MAX_PERMITS - 1].name);
	EXPECT_EQ(0, permits[0].instance);
}

/* The image halts at once; a start that has ended is no user any more. */
TEST_F(abi, region_is_used_by_who_lives_with_it)
{
	struct mk_permit permits[2];
	struct mk_extent e;
	struct mk_region_query q = { .hdr.size = sizeof(q), .permits = ptr(permits),
				     .nr_permits = 2, .extents = ptr(&e), .nr_extents = 1 };

	ASSERT_EQ(0, permit_code(self->region, "abi", MK_MODE_RW));
	ASSERT_EQ(0, mk_load_file(self->inst, IMAGE, &self->err));
	ASSERT_EQ(0, mk_simple(self->inst, MK_IOC_START, &self->err));
	EXPECT_EQ(0, mk_call(self->region, MK_IOC_REGION_QUERY, &q));
	EXPECT_EQ(1, q.nr_permits);
	EXPECT_LT(0, permits[0].instance);
	EXPECT_EQ(-EBUSY, mk_simple(self->region, MK_IOC_REGION_DELETE, &self->err));
	EXPECT_EQ(MK_E_REGION_USED, self->err.code);
	EXPECT_EQ(permits[0].instance, self->err.arg[0]);
	EXPECT_EQ(0, permit_code(self->region, "abi", MK_MODE_NONE));
	EXPECT_EQ(-EBUSY, mk_simple(self->region, MK_IOC_REGION_DELETE, &self->err));
	EXPECT_EQ(MK_E_REGION_USED, self->err.code);
	EXPECT_EQ(0, mk_call(self->region, MK_IOC_REGION_QUERY, &q));
	EXPECT_EQ(MK_MODE_NONE, permits[0].mode);
	EXPECT_EQ(MK_E_NO_PERMIT, permit_code(self->region, "abi", MK_MODE_NONE));
	EXPECT_EQ(0, mk_simple(self->inst, MK_IOC_KILL, &self->err));
	EXPECT_EQ(0, mk_call(self->region, MK_IOC_REGION_QUERY, &q));
	EXPECT_EQ(0, q.nr_permits);
	EXPECT_EQ(0, mk_simple(self->region, MK_IOC_REGION_DELETE, &self->err));
}

TEST_F(abi, region_grows_and_never_shrinks)
{
	struct mk_extent extents[4];
	struct mk_region_query q = { .hdr.size = sizeof(q), .extents = ptr(extents),
				     .nr_extents = 4 };
	struct mk_region_grow g = { .hdr.size = sizeof(g), .size = 2 * MIB };

	EXPECT_EQ(0, mk_call(self->region, MK_IOC_REGION_GROW, &g)) TH_LOG("the same size");
	g.size = 3 * MIB;
	EXPECT_EQ(-EINVAL, mk_call(self->region, MK_IOC_REGION_GROW, &g));
	EXPECT_EQ(MK_E_MEM_ALIGN, g.hdr.err.code);
	g.size = 8 * MIB;
	EXPECT_EQ(0, mk_call(self->region, MK_IOC_REGION_GROW, &g));
	g.size = 2 * MIB;
	EXPECT_EQ(-EINVAL, mk_call(self->region, MK_IOC_REGION_GROW, &g));
	EXPECT_EQ(MK_E_REGION_SHRINK, g.hdr.err.code);
	EXPECT_EQ(8 * MIB, g.hdr.err.arg[1]);
	g.size = -2 * MIB;
	EXPECT_EQ(-ENOMEM, mk_call(self->region, MK_IOC_REGION_GROW, &g));
	EXPECT_EQ(MK_E_MEM_POOL, g.hdr.err.code);
	EXPECT_EQ(0, mk_call(self->region, MK_IOC_REGION_QUERY, &q));
	EXPECT_EQ(8 * MIB, q.size);
	EXPECT_EQ(1, q.nr_extents) TH_LOG("what touches is one piece");
	EXPECT_EQ(8 * MIB, extents[0].size);
}

TEST_F(abi, deleted_region_refuses)
{
	int second = mk_region_open(self->dev, "abi", &self->err);
	union argument a;
	unsigned int i;

	EXPECT_LE(0, second);
	EXPECT_EQ(0, mk_simple(self->region, MK_IOC_REGION_DELETE, &self->err));
	for (i = 0; i < NR_CALLS; i++) {
		if (calls[i].on != ON_REGION)
			continue;
		prepare(&a, &calls[i]);
		if (calls[i].cmd == MK_IOC_REGION_GROW)
			a.grow.size = 4 * MIB;
		if (calls[i].cmd == MK_IOC_REGION_PERMIT)
			a.permit.name[0] = 'a';
		EXPECT_EQ(-ENOENT, mk_call(second, calls[i].cmd, &a)) TH_LOG("%s", calls[i].name);
		EXPECT_EQ(MK_E_REGION_GONE, a.hdr.err.code) TH_LOG("%s", calls[i].name);
	}
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, second, 0));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-ENOENT, mk_region_open(self->dev, "abi", &self->err));
	EXPECT_EQ(MK_E_NO_REGION, self->err.code);
	close(second);
}

/* A child has the mapping, too, and half of it is one. */
TEST_F(abi, region_is_mapped_until_the_last_one_is_gone)
{
	char *p = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, self->region, 0);
	pid_t child;

	ASSERT_NE(MAP_FAILED, p);
	child = fork();
	if (!child)
		pause();
	ASSERT_LT(0, child);
	p[MIB] = 1;
	EXPECT_EQ(0, munmap(p, MIB));
	EXPECT_EQ(-EBUSY, mk_simple(self->region, MK_IOC_REGION_DELETE, &self->err));
	EXPECT_EQ(MK_E_REGION_MAPPED, self->err.code);
	EXPECT_EQ(2, self->err.arg[0]);
	EXPECT_EQ(0, munmap(p + MIB, MIB));
	EXPECT_EQ(-EBUSY, mk_simple(self->region, MK_IOC_REGION_DELETE, &self->err));
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	EXPECT_EQ(0, mk_simple(self->region, MK_IOC_REGION_DELETE, &self->err));
}

TEST_HARNESS_MAIN
