// SPDX-License-Identifier: GPL-2.0
/* The device tree writer, read back with libfdt and dtc. */
#include <libfdt.h>

#include "kselftest_harness.h"

#include "fdt.h"

static __u32 write_tree(void *buf, __u32 size)
{
	static const __u32 cells[] = { 2, 254, 4096 };
	struct mk_fdt f;

	mk_fdt_begin(&f, buf, size);
	mk_fdt_node(&f, "");
	mk_fdt_prop_str(&f, "compatible", "multikernel-v1");
	mk_fdt_prop_u32(&f, "id", 3);
	mk_fdt_prop(&f, "empty", NULL, 0);
	mk_fdt_node(&f, "cpus");
	mk_fdt_prop_cells(&f, "apic-ids", cells, 3);
	mk_fdt_prop_u32(&f, "id", 4);
	mk_fdt_end_node(&f);
	mk_fdt_node(&f, "memory");
	mk_fdt_prop_u64(&f, "base", 0x123456789abcdef0);
	mk_fdt_prop(&f, "odd", "abcde", 5);
	mk_fdt_end_node(&f);
	mk_fdt_end_node(&f);
	return mk_fdt_finish(&f);
}

FIXTURE(tree)
{
	char buf[1024];
	__u32 size;
};

FIXTURE_SETUP(tree)
{
	memset(self->buf, 0xa5, sizeof(self->buf));
	self->size = write_tree(self->buf, sizeof(self->buf));
	ASSERT_GT(self->size, 0);
}

FIXTURE_TEARDOWN(tree)
{
}

TEST_F(tree, libfdt_accepts_it)
{
	EXPECT_EQ(fdt_check_full(self->buf, self->size), 0);
	EXPECT_EQ(fdt_totalsize(self->buf), self->size);
	EXPECT_EQ(fdt_num_mem_rsv(self->buf), 0);
}

TEST_F(tree, values)
{
	int cpus = fdt_path_offset(self->buf, "/cpus");
	int memory = fdt_path_offset(self->buf, "/memory");
	const fdt32_t *cells;
	const fdt64_t *base;
	int len;

	EXPECT_EQ(fdt_node_check_compatible(self->buf, 0, "multikernel-v1"), 0);
	ASSERT_NE(fdt_getprop(self->buf, 0, "empty", &len), NULL);
	EXPECT_EQ(len, 0);
	cells = fdt_getprop(self->buf, cpus, "apic-ids", &len);
	ASSERT_EQ(len, 12);
	EXPECT_EQ(fdt32_ld(cells), 2);
	EXPECT_EQ(fdt32_ld(cells + 2), 4096);
	cells = fdt_getprop(self->buf, cpus, "id", &len);
	ASSERT_EQ(len, 4);
	EXPECT_EQ(fdt32_ld(cells), 4);
	base = fdt_getprop(self->buf, memory, "base", &len);
	ASSERT_EQ(len, 8);
	EXPECT_EQ(fdt64_ld(base), 0x123456789abcdef0);
	EXPECT_EQ(memcmp(fdt_getprop(self->buf, memory, "odd", &len), "abcde", 5), 0);
	EXPECT_EQ(len, 5);
}

TEST_F(tree, a_name_is_stored_once)
{
	const char *strings = self->buf + fdt_off_dt_strings(self->buf);
	__u32 i, n = 0;

	for (i = 0; i < fdt_size_dt_strings(self->buf); i += strlen(strings + i) + 1)
		n += !strcmp(strings + i, "id");
	EXPECT_EQ(n, 1);
}

/* No byte less than the tree needs is enough, and no byte behind is touched. */
TEST_F(tree, room)
{
	__u32 size;
	char *buf;

	for (size = 0; size <= self->size; size++) {
		buf = malloc(size);
		EXPECT_EQ(write_tree(buf, size), size < self->size ? 0 : size);
		free(buf);
	}
}

TEST_F(tree, dtc_accepts_it)
{
	char path[] = "/tmp/mk-fdt-XXXXXX", command[128], line[256];
	int fd = mkstemp(path);
	FILE *out;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(write(fd, self->buf, self->size), self->size);
	snprintf(command, sizeof(command), "dtc -I dtb -O dts -o /dev/null %s 2>&1", path);
	out = popen(command, "r");
	ASSERT_NE(out, NULL);
	while (fgets(line, sizeof(line), out))
		EXPECT_STREQ(line, "");
	EXPECT_EQ(pclose(out), 0);
	close(fd);
	unlink(path);
}

/* each starts with an open root, and must fail */
FIXTURE(order)
{
	char buf[256];
	struct mk_fdt f;
};

FIXTURE_SETUP(order)
{
	mk_fdt_begin(&self->f, self->buf, sizeof(self->buf));
	mk_fdt_node(&self->f, "");
}

FIXTURE_TEARDOWN(order)
{
	EXPECT_EQ(mk_fdt_finish(&self->f), 0);
	EXPECT_NE(self->f.failed, 0);
}

TEST_F(order, open_node)
{
}

TEST_F(order, ended_too_often)
{
	mk_fdt_end_node(&self->f);
	mk_fdt_end_node(&self->f);
}

TEST_F(order, second_root)
{
	mk_fdt_end_node(&self->f);
	mk_fdt_node(&self->f, "");
	mk_fdt_end_node(&self->f);
}

TEST_F(order, nameless_node)
{
	mk_fdt_node(&self->f, "");
	mk_fdt_end_node(&self->f);
	mk_fdt_end_node(&self->f);
}

TEST_F(order, property_behind_a_node)
{
	mk_fdt_node(&self->f, "a");
	mk_fdt_end_node(&self->f);
	mk_fdt_prop_u32(&self->f, "late", 1);
	mk_fdt_end_node(&self->f);
}

TEST_F(order, property_outside)
{
	mk_fdt_end_node(&self->f);
	mk_fdt_prop_u32(&self->f, "outside", 1);
}

TEST_F(order, too_large)
{
	mk_fdt_prop(&self->f, "large", self->buf, 0xfffffffd);
	mk_fdt_end_node(&self->f);
}

TEST(named_root)
{
	struct mk_fdt f;
	char buf[256];

	mk_fdt_begin(&f, buf, sizeof(buf));
	mk_fdt_node(&f, "root");
	mk_fdt_end_node(&f);
	EXPECT_EQ(mk_fdt_finish(&f), 0);
}

TEST(empty)
{
	struct mk_fdt f;
	char buf[256];

	mk_fdt_begin(&f, buf, sizeof(buf));
	EXPECT_EQ(mk_fdt_finish(&f), 0);
}

TEST_HARNESS_MAIN
