// SPDX-License-Identifier: GPL-2.0
/* An unpacked kernel is placed and relocated as its own decompressor does. */
#include "kselftest_harness.h"

#include "bzimage.h"
#include "craft.h"
#include "pure.h"
#include "stock.h"
#include "vmlinux.h"

#define SHIFT	0x12400000ULL

FIXTURE(vmlinux)
{
	__u8 elf[CRAFT_VMLINUX_SIZE];
	__u8 dest[CRAFT_VMLINUX_MEMORY];
	struct mk_vmlinux v;
	__u32 len;
};

FIXTURE_SETUP(vmlinux)
{
	self->len = craft_vmlinux(self->elf, 3);
}

FIXTURE_TEARDOWN(vmlinux)
{
}

#define PARSE()		mk_vmlinux_parse(self->elf, self->len, CRAFT_BASE, &self->v)
#define PLACE(shift)	mk_vmlinux_place(&self->v, self->dest, shift)
#define HEADER(i)	(self->elf + 64 + 56 * (i))

TEST_F(vmlinux, good)
{
	ASSERT_EQ(PARSE(), 0);
	EXPECT_EQ(self->v.size, CRAFT_VMLINUX_MEMORY);
	EXPECT_EQ(self->v.entry, 0x40);
	EXPECT_EQ(self->v.relocs, CRAFT_VMLINUX_TABLES);
	EXPECT_EQ(self->v.nr_lists, 3);
}

TEST_F(vmlinux, placed_where_it_was_linked)
{
	static const __u8 zero[0x300];

	ASSERT_EQ(PARSE(), 0);
	ASSERT_EQ(PLACE(0), 0);
	EXPECT_EQ(memcmp(self->dest, self->elf + 0x100, 0x100), 0);
	EXPECT_EQ(memcmp(self->dest + 0x100, zero, 0x300), 0);
	EXPECT_EQ(memcmp(self->dest + 0x400, self->elf + 0x200, 0x80), 0);
	EXPECT_EQ(memcmp(self->dest + 0x480, zero, 0x180), 0);
}

TEST_F(vmlinux, three_tables)
{
	ASSERT_EQ(PARSE(), 0);
	ASSERT_EQ(PLACE(SHIFT), 0);
	EXPECT_EQ(mk_get64(self->dest + 0x10), 0xffffffff81000044 + SHIFT);
	EXPECT_EQ(mk_get64(self->dest + 0x400), 0xffffffff81000400 + SHIFT);
	EXPECT_EQ(mk_get32(self->dest + 0x20), 0x7f000000 - SHIFT);
	EXPECT_EQ(mk_get32(self->dest + 0x30), 0x81000048 + SHIFT);
	EXPECT_EQ(mk_get32(self->dest + 0x34), SHIFT - 1);
	EXPECT_EQ(mk_get32(self->dest + 0x5fc), SHIFT);
	EXPECT_EQ(mk_get32(self->dest + 0x38), 0x90909090);
}

TEST_F(vmlinux, two_tables)
{
	self->len = craft_vmlinux(self->elf, 2);
	ASSERT_EQ(PARSE(), 0);
	EXPECT_EQ(self->v.nr_lists, 2);
	ASSERT_EQ(PLACE(SHIFT), 0);
	EXPECT_EQ(mk_get64(self->dest + 0x10), 0xffffffff81000044 + SHIFT);
	EXPECT_EQ(mk_get32(self->dest + 0x20), 0x7f000000);
	EXPECT_EQ(mk_get32(self->dest + 0x30), 0x81000048 + SHIFT);
}

TEST_F(vmlinux, built_without_kaslr)
{
	self->len = craft_vmlinux(self->elf, 0);
	ASSERT_EQ(PARSE(), 0);
	EXPECT_EQ(self->v.nr_lists, 0);
	ASSERT_EQ(PLACE(0), 0);
	EXPECT_EQ(mk_get64(self->dest + 0x10), 0xffffffff81000044);
}

TEST_F(vmlinux, unknown_tables)
{
	self->len += 4;					/* a fourth */
	EXPECT_EQ(PARSE(), -1);
	self->len -= 6;					/* half a word */
	EXPECT_EQ(PARSE(), -1);
	self->len = CRAFT_VMLINUX_TABLES + 8;		/* only one */
	EXPECT_EQ(PARSE(), -1);
	self->len = craft_vmlinux(self->elf, 3);
	self->elf[CRAFT_VMLINUX_TABLES] = 1;		/* no zero before the first */
	EXPECT_EQ(PARSE(), -1);
}

TEST_F(vmlinux, section_headers_outside)
{
	mk_put16(self->elf + 60, 0x100);		/* around the end of the world */
	mk_put64(self->elf + 40, CRAFT_VMLINUX_TABLES - 0x100ULL * 64);
	EXPECT_EQ(PARSE(), -1);
	mk_put64(self->elf + 40, self->len);
	EXPECT_EQ(PARSE(), -1);
	self->len = craft_vmlinux(self->elf, 3);
	self->len = CRAFT_VMLINUX_TABLES - 1;
	EXPECT_EQ(PARSE(), -1);
}

TEST_F(vmlinux, relocation_outside)
{
	static const __u32 bad[] = { CRAFT_VMLINUX_MEMORY - 7, CRAFT_VMLINUX_MEMORY,
				     -1, -(__u32)CRAFT_BASE, 0x7effffff };
	size_t i;

	ASSERT_EQ(PARSE(), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mk_put32(self->elf + CRAFT_VMLINUX_TABLES + 4, 0x81000000 + bad[i]);
		EXPECT_EQ(PLACE(SHIFT), -1);
		EXPECT_EQ(PLACE(0), 0);
	}
	mk_put32(self->elf + CRAFT_VMLINUX_TABLES + 4, 0x81000000 + CRAFT_VMLINUX_MEMORY - 8);
	EXPECT_EQ(PLACE(SHIFT), 0);
}

TEST_F(vmlinux, relocation_larger_than_kernel)
{
	mk_put32(HEADER(0), 4);
	mk_put64(HEADER(1) + 24, CRAFT_BASE);
	mk_put64(HEADER(1) + 32, 4);
	mk_put64(HEADER(1) + 40, 4);
	mk_put64(self->elf + 24, CRAFT_BASE);
	mk_put32(self->elf + CRAFT_VMLINUX_TABLES + 4, 0x81000000);
	ASSERT_EQ(PARSE(), 0);
	EXPECT_EQ(self->v.size, 4);
	EXPECT_EQ(PLACE(SHIFT), -1);
	EXPECT_EQ(mk_get32(self->dest), 0x81000400);
}

TEST_F(vmlinux, other_files)
{
	static const __u32 byte[] = { 0, 3, 4, 5, 6, 18, 54 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(byte); i++) {
		self->elf[byte[i]]++;
		EXPECT_EQ(PARSE(), -1);
		self->elf[byte[i]]--;
	}
	self->len = 63;
	EXPECT_EQ(PARSE(), -1);
}

TEST_F(vmlinux, program_headers)
{
	static const __u64 bad[] = { CRAFT_VMLINUX_SIZE, ~0ULL, ~0ULL - 100 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mk_put64(self->elf + 32, bad[i]);
		EXPECT_EQ(PARSE(), -1);
	}
	mk_put64(self->elf + 32, 64);
	mk_put16(self->elf + 56, 0);
	EXPECT_EQ(PARSE(), -1);
}

TEST_F(vmlinux, number_of_program_headers)
{
	self->len = CRAFT_VMLINUX_SIZE;
	craft_vmlinux(self->elf, 0);
	mk_put64(self->elf + 40, self->len - 2 * 64);
	mk_put16(self->elf + 56, 16);
	EXPECT_EQ(PARSE(), 0);
	mk_put16(self->elf + 56, 17);
	EXPECT_EQ(PARSE(), -1);
}

TEST_F(vmlinux, no_segment)
{
	mk_put32(HEADER(0), 4);
	mk_put32(HEADER(1), 4);
	EXPECT_EQ(PARSE(), -1);
}

/* a fresh kernel whose second segment says something else */
static int parse_with(__u32 offset, __u64 value)
{
	__u8 elf[CRAFT_VMLINUX_SIZE];
	__u32 len = craft_vmlinux(elf, 3);
	struct mk_vmlinux v;

	mk_put64(elf + 64 + 56 + offset, value);
	return mk_vmlinux_parse(elf, len, CRAFT_BASE, &v);
}

TEST_F(vmlinux, segment_outside)
{
	EXPECT_EQ(parse_with(8, self->len - 0x80), 0);	/* p_offset */
	EXPECT_EQ(parse_with(8, self->len - 0x7f), -1);
	EXPECT_EQ(parse_with(8, ~0ULL), -1);
	EXPECT_EQ(parse_with(24, CRAFT_BASE), 0);	/* p_paddr */
	EXPECT_EQ(parse_with(24, CRAFT_BASE - 1), -1);
	EXPECT_EQ(parse_with(24, CRAFT_BASE + MK_KERNEL_IMAGE_SIZE - 0x200), 0);
	EXPECT_EQ(parse_with(24, CRAFT_BASE + MK_KERNEL_IMAGE_SIZE - 0x1ff), -1);
	EXPECT_EQ(parse_with(32, 0x201), -1);		/* p_filesz */
	EXPECT_EQ(parse_with(32, ~0ULL), -1);
	EXPECT_EQ(parse_with(40, 0x80), 0);		/* p_memsz */
	EXPECT_EQ(parse_with(40, 0x7f), -1);
	EXPECT_EQ(parse_with(40, MK_KERNEL_IMAGE_SIZE - 0x3ff), -1);
	EXPECT_EQ(parse_with(40, ~0ULL), -1);
}

TEST_F(vmlinux, entry_outside)
{
	mk_put64(self->elf + 24, CRAFT_BASE + CRAFT_VMLINUX_MEMORY);
	EXPECT_EQ(PARSE(), -1);
	mk_put64(self->elf + 24, CRAFT_BASE - 1);
	EXPECT_EQ(PARSE(), -1);
}

static int parse_linked_for(__u64 base)
{
	__u8 elf[CRAFT_VMLINUX_SIZE];
	__u32 len = craft_vmlinux(elf, 3);
	struct mk_vmlinux v;

	mk_put64(elf + 64 + 24, base);
	mk_put64(elf + 64 + 56 + 24, base + 0x400);
	mk_put64(elf + 24, base);
	return mk_vmlinux_parse(elf, len, base, &v);
}

TEST_F(vmlinux, base)
{
	EXPECT_EQ(mk_vmlinux_parse(self->elf, self->len, CRAFT_BASE + 1, &self->v), -1);
	EXPECT_EQ(parse_linked_for(0), 0);
	EXPECT_EQ(parse_linked_for(MK_KERNEL_IMAGE_SIZE), 0);
	EXPECT_EQ(parse_linked_for(MK_KERNEL_IMAGE_SIZE + 1), -1);
}

/* Return: the payload of an image, unpacked, or NULL without the tool for it */
static __u8 *unpack(const char *path, const __u8 *data, const struct mk_bzimage *bz, __u64 *len)
{
	const __u8 *payload = data + bz->setup_size + bz->payload;
	char command[512];
	__u8 *elf;
	FILE *f;

	*len = mk_get32(payload + bz->payload_size - 4);
	snprintf(command, sizeof(command), "tail -c +%llu '%s' | head -c %u | %s -dcq",
		 (unsigned long long)(payload - data + 1), path, bz->payload_size - 4,
		 *payload == 0xfd ? "xz" : "zstd");
	f = popen(command, "r");
	elf = malloc(*len);
	if (!f || fread(elf, 1, *len, f) != *len || pclose(f)) {
		free(elf);
		return NULL;
	}
	return elf;
}

/* Return: number of segments that are not where they belong */
static int differences(const __u8 *elf, const __u8 *placed)
{
	const __u8 *ph = elf + mk_get64(elf + 32), *end = ph + 56 * mk_get16(elf + 56);
	int n = 0;

	for (; ph < end; ph += 56)
		if (mk_get32(ph) == 1)
			n += !!memcmp(placed + mk_get64(ph + 24) - CRAFT_BASE,
				      elf + mk_get64(ph + 8), mk_get64(ph + 32));
	return n;
}

/* The way of the kernel's decompressor: from the end, up to each zero. */
static void relocate_backwards(__u8 *image, const __u8 *end, int lists)
{
	int list;

	for (list = lists; list; list--)
		for (end -= 4; mk_get32(end); end -= 4) {
			__u8 *at = image + (__s64)(__s32)mk_get32(end) + 0x80000000 - CRAFT_BASE;

			if (list == 1)
				mk_put64(at, mk_get64(at) + SHIFT);
			else if (list == 2 && lists == 3)
				mk_put32(at, mk_get32(at) - SHIFT);
			else
				mk_put32(at, mk_get32(at) + SHIFT);
		}
}

static void check_stock(struct __test_metadata *_metadata, const struct mk_bzimage *bz,
			const __u8 *elf, __u64 len)
{
	struct mk_vmlinux v;
	__u8 *linked, *moved;
	char *end;
	int major = strtol(bz->release, &end, 10), minor = strtol(end + 1, NULL, 10);

	ASSERT_EQ(mk_vmlinux_parse(elf, len, bz->pref_address, &v), 0);
	EXPECT_EQ(v.nr_lists, major * 100 + minor >= 615 ? 2 : 3);
	EXPECT_LE(v.size, bz->init_size);
	linked = calloc(1, v.size);
	moved = calloc(1, v.size);
	EXPECT_EQ(mk_vmlinux_place(&v, linked, 0), 0);
	EXPECT_EQ(differences(elf, linked), 0);
	EXPECT_EQ(mk_vmlinux_place(&v, moved, SHIFT), 0);
	EXPECT_NE(memcmp(linked, moved, v.size), 0);
	relocate_backwards(linked, elf + len, v.nr_lists);
	EXPECT_EQ(memcmp(linked, moved, v.size), 0);
	free(linked);
	free(moved);
}

TEST(stock_kernels)
{
	struct mk_error err;
	struct mk_bzimage bz;
	size_t i, file_len;
	__u8 *data, *elf;
	glob_t found;
	__u64 len;

	if (!stock_find(&found))
		SKIP(return, "no stock kernel here");
	for (i = 0; i < found.gl_pathc; i++) {
		data = stock_read(found.gl_pathv[i], &file_len);
		ASSERT_NE(data, NULL);
		ASSERT_EQ(mk_bzimage_parse(data, file_len, &bz, &err), 0);
		elf = unpack(found.gl_pathv[i], data, &bz, &len);
		if (!elf)
			SKIP(return, "%s: cannot be unpacked here", found.gl_pathv[i]);
		ksft_print_msg("%s\n", bz.release);
		check_stock(_metadata, &bz, elf, len);
		free(elf);
		free(data);
	}
	globfree(&found);
}

TEST_HARNESS_MAIN
