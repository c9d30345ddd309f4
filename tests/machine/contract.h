/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every call of a device and of its descriptors promises (mk_core/uapi.h), as
 * tests of the fixture abi.  A program includes this behind that fixture, which has
 * calls up to end, and fds of struct call.on; and behind prepare(), which makes an
 * argument that is valid or at least harmless.
 */
#ifndef TESTS_MACHINE_CONTRACT_H
#define TESTS_MACHINE_CONTRACT_H

#include <grp.h>
#include <linux/capability.h>
#include <sys/mman.h>

#define KERNEL_ADDRESS	((void *)0xffff888000001000UL)
#define FAR		0x7ffffffff000UL	/* no user memory is there */
#define NOBODY		65534

static int make(const struct call *call, const int *fds, void *arg)
{
	return mk_call(fds[call->on], call->cmd, arg);
}

/* --- the struct's size --------------------------------------------------- */

TEST_F(abi, size_below_the_header_is_refused)
{
	static const __u32 sizes[] = { 0, 1, 4, sizeof(struct mk_hdr) - 1 };
	const struct call *call;
	union argument a;
	unsigned int i;

	for (call = self->calls; call < self->end; call++)
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			prepare(&a, call);
			a.hdr.size = sizes[i];
			EXPECT_EQ(-EINVAL, make(call, self->fds, &a))
				TH_LOG("%s, size %u", call->name, sizes[i]);
		}
}

TEST_F(abi, size_beyond_a_page_is_refused)
{
	static unsigned char big[2 * 4096];
	const struct call *call;

	for (call = self->calls; call < self->end; call++) {
		prepare((void *)big, call);
		((struct mk_hdr *)big)->size = 4097;
		EXPECT_EQ(-EINVAL, make(call, self->fds, big)) TH_LOG("%s", call->name);
	}
}

TEST_F(abi, longer_struct_with_zeros_is_the_same_call)
{
	const struct call *call;
	union argument a, b;

	for (call = self->calls; call < self->end; call++) {
		if (call->cmd == MK_IOC_DELETE || call->cmd == MK_IOC_REGION_DELETE)
			continue;
		prepare(&a, call);
		prepare(&b, call);
		b.hdr.size += 64;
		EXPECT_EQ(make(call, self->fds, &a), make(call, self->fds, &b))
			TH_LOG("%s", call->name);
		EXPECT_EQ(a.hdr.err.code, b.hdr.err.code) TH_LOG("%s", call->name);
	}
}

TEST_F(abi, longer_struct_with_more_is_refused)
{
	const struct call *call;
	union argument a;

	for (call = self->calls; call < self->end; call++) {
		prepare(&a, call);
		a.hdr.size += 64;
		a.bytes[call->size + 63] = 1;
		EXPECT_EQ(-E2BIG, make(call, self->fds, &a)) TH_LOG("%s", call->name);
	}
}

TEST_F(abi, nothing_is_written_behind_a_short_struct)
{
	const struct call *call;
	union argument a;
	unsigned int i;

	for (call = self->calls; call < self->end; call++) {
		prepare(&a, call);
		a.hdr.size = sizeof(a.hdr);
		memset(&a.hdr + 1, 0xa5, sizeof(a) - sizeof(a.hdr));
		make(call, self->fds, &a);
		for (i = sizeof(a.hdr); i < sizeof(a); i++)
			ASSERT_EQ(0xa5, a.bytes[i]) TH_LOG("%s, byte %u", call->name, i);
	}
}

/* --- flags, reserved fields, numbers ------------------------------------- */

TEST_F(abi, unknown_flag_is_refused)
{
	const struct call *call;
	union argument a;

	for (call = self->calls; call < self->end; call++) {
		prepare(&a, call);
		a.hdr.flags = 1U << 31;
		EXPECT_EQ(-EINVAL, make(call, self->fds, &a)) TH_LOG("%s", call->name);
		EXPECT_EQ(MK_E_RESERVED, a.hdr.err.code) TH_LOG("%s", call->name);
	}
}

TEST_F(abi, reserved_field_must_be_zero)
{
	const struct call *call;
	union argument a;

	for (call = self->calls; call < self->end; call++) {
		if (!call->reserved)
			continue;
		prepare(&a, call);
		a.bytes[call->reserved + 3] = 0x80;
		EXPECT_EQ(-EINVAL, make(call, self->fds, &a)) TH_LOG("%s", call->name);
		EXPECT_EQ(MK_E_RESERVED, a.hdr.err.code) TH_LOG("%s", call->name);
	}
}

static bool is_known(const struct call *call, const struct call *end, unsigned int on,
		     unsigned int cmd)
{
	for (; call < end; call++)
		if (call->on == on && call->cmd == cmd)
			return true;
	return false;
}

/* Those of the other descriptors are, too. */
TEST_F(abi, unknown_numbers_are_refused)
{
	union argument a = { .hdr.size = sizeof(struct mk_hdr) };
	unsigned int on, nr;

	for (on = 0; on < NR_ON; on++)
		for (nr = 0; nr < 256; nr++) {
			if (is_known(self->calls, self->end, on, MK_IOC(nr)))
				continue;
			EXPECT_EQ(-ENOTTY, mk_call(self->fds[on], MK_IOC(nr), &a))
				TH_LOG("%u on %u", nr, on);
		}
}

TEST_F(abi, other_magic_direction_or_size_is_refused)
{
	const struct call *call;
	union argument a;

	for (call = self->calls; call < self->end; call++) {
		unsigned int i, nr = _IOC_NR(call->cmd), bad[] = {
			_IOWR(MK_IOC_MAGIC - 1, nr, struct mk_hdr),
			_IOR(MK_IOC_MAGIC, nr, struct mk_hdr),
			_IOW(MK_IOC_MAGIC, nr, struct mk_hdr),
			_IOWR(MK_IOC_MAGIC, nr, struct mk_version),
		};

		prepare(&a, call);
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			EXPECT_EQ(-ENOTTY, mk_call(self->fds[call->on], bad[i], &a))
				TH_LOG("%s, %x", call->name, bad[i]);
		}
	}
}

/* --- bad pointers -------------------------------------------------------- */

TEST_F(abi, bad_argument_pointer_is_a_fault)
{
	void *bad[] = { NULL, KERNEL_ADDRESS, (void *)FAR, (void *)-1L };
	const struct call *call;
	unsigned int i;

	for (call = self->calls; call < self->end; call++)
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			EXPECT_EQ(-EFAULT, make(call, self->fds, bad[i]))
				TH_LOG("%s at %p", call->name, bad[i]);
		}
}

static void *two_pages(void)
{
	char *p = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + 4096, 4096);
	return p;
}

TEST_F(abi, argument_that_ends_in_nothing_is_a_fault)
{
	char *page = two_pages();
	struct mk_hdr *hdr = (void *)(page + 4096 - sizeof(*hdr));
	const struct call *call;

	for (call = self->calls; call < self->end; call++) {
		if (call->size == sizeof(*hdr))
			continue;
		memset(hdr, 0, sizeof(*hdr));
		hdr->size = call->size;
		EXPECT_EQ(-EFAULT, make(call, self->fds, hdr)) TH_LOG("%s", call->name);
	}
}

/* --- who may ------------------------------------------------------------- */

static void expect_no_permission(struct __test_metadata *_metadata, const struct call *call,
				 const struct call *end, const int *fds)
{
	union argument a;

	for (; call < end; call++) {
		int wanted = call->cmd == MK_IOC_VERSION ? 0 : -EPERM;

		prepare(&a, call);
		EXPECT_EQ(wanted, make(call, fds, &a)) TH_LOG("%s", call->name);
		EXPECT_EQ(wanted ? MK_E_PERMISSION : 0, a.hdr.err.code) TH_LOG("%s", call->name);
	}
}

/* In a child, so that the teardown is root. */
#define AS(_how) do { \
	pid_t child = fork(); \
	int status; \
	if (!child) { \
		ASSERT_EQ(0, _how); \
		expect_no_permission(_metadata, self->calls, self->end, self->fds); \
		_exit(_metadata->exit_code); \
	} \
	ASSERT_EQ(child, waitpid(child, &status, 0)); \
	EXPECT_EQ(0, status); \
} while (0)

TEST_F(abi, nobody_is_refused_also_with_an_open_descriptor)
{
	AS(setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY));
}

TEST_F(abi, both_capabilities_are_needed)
{
	AS(drop_capability(CAP_SYS_ADMIN));
	AS(drop_capability(CAP_SYS_BOOT));
}

#endif /* TESTS_MACHINE_CONTRACT_H */
