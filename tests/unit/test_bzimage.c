// SPDX-License-Identifier: GPL-2.0
/* The image check: what stock kernels look like, and each refusal. */
#include "kselftest_harness.h"

#include "bzimage.h"
#include "craft.h"
#include "pure.h"
#include "stock.h"

FIXTURE(image)
{
	__u8 data[CRAFT_IMAGE_SIZE];
	struct mk_bzimage bz;
	struct mk_error err;
	int ret;
};

FIXTURE_SETUP(image)
{
	craft_image(self->data);
}

FIXTURE_TEARDOWN(image)
{
}

#define PARSE(len)	(self->ret = mk_bzimage_parse(self->data, len, &self->bz, &self->err))

#define REFUSED(wanted, a, b) do {					\
	EXPECT_EQ(PARSE(CRAFT_IMAGE_SIZE), -1);				\
	EXPECT_EQ(self->err.code, wanted);				\
	EXPECT_EQ(self->err.arg[0], a);					\
	EXPECT_EQ(self->err.arg[1], b);					\
	EXPECT_EQ(self->bz.protocol, 0);				\
} while (0)

TEST_F(image, good)
{
	ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
	EXPECT_EQ(self->bz.protocol, 0x20f);
	EXPECT_EQ(self->bz.setup_size, 1024);
	EXPECT_EQ(self->bz.code_size, 1024);
	EXPECT_EQ(self->bz.init_size, 0x400000);
	EXPECT_EQ(self->bz.alignment, 0x200000);
	EXPECT_EQ(self->bz.entry, 0x200);
	EXPECT_EQ(self->bz.cmdline_max, 2047);
	EXPECT_EQ(self->bz.initrd_above_4g, 1);
	EXPECT_EQ(self->bz.initrd_max, ~0ULL);
	EXPECT_EQ(self->bz.header_size, 0x7b);
	EXPECT_EQ(self->bz.payload, 0x220);
	EXPECT_EQ(self->bz.payload_size, 0x100);
	EXPECT_EQ(self->bz.pref_address, 0x1000000);
	EXPECT_STREQ(self->bz.release, "6.12.1-craft");
}

TEST_F(image, signature_behind_code)
{
	mk_put32(self->data + 0x1f4, 512 / 16 + 1);
	ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
	EXPECT_EQ(self->bz.code_size, 1024);
}

TEST_F(image, zero_setup_sects_means_four)
{
	self->data[0x1f1] = 0;
	REFUSED(MK_E_IMAGE_SHORT, CRAFT_IMAGE_SIZE, 5 * 512 + 1024);
	self->data[0x1f1] = 4;
	REFUSED(MK_E_IMAGE_SHORT, CRAFT_IMAGE_SIZE, 5 * 512 + 1024);
}

TEST_F(image, below_4g_only)
{
	mk_put16(self->data + 0x236, 1);
	ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
	EXPECT_EQ(self->bz.initrd_above_4g, 0);
	EXPECT_EQ(self->bz.initrd_max, 0x7fffffff);
}

TEST_F(image, short_file)
{
	EXPECT_EQ(PARSE(0), -1);
	EXPECT_EQ(self->err.code, MK_E_IMAGE_SHORT);
	EXPECT_EQ(PARSE(0x28f), -1);
	EXPECT_EQ(self->err.code, MK_E_IMAGE_SHORT);
	EXPECT_EQ(self->err.arg[1], 0x290);
	EXPECT_EQ(PARSE(CRAFT_IMAGE_SIZE - 1), -1);
	EXPECT_EQ(self->err.code, MK_E_IMAGE_SHORT);
	EXPECT_EQ(self->err.arg[0], CRAFT_IMAGE_SIZE - 1);
	EXPECT_EQ(self->err.arg[1], CRAFT_IMAGE_SIZE);
}

TEST_F(image, no_magic)
{
	self->data[0x202] = 'X';
	REFUSED(MK_E_IMAGE_FORMAT, 0, 0);
}

TEST_F(image, no_boot_flag)
{
	self->data[0x1fe] = 0;
	REFUSED(MK_E_IMAGE_FORMAT, 0, 0);
}

TEST_F(image, header_too_long)
{
	self->data[0x201] = 0x8f;
	REFUSED(MK_E_IMAGE_FORMAT, 0, 0);
}

TEST_F(image, header_too_short)
{
	self->data[0x201] = 0x65;
	REFUSED(MK_E_IMAGE_FORMAT, 0, 0);
}

TEST_F(image, zimage)
{
	self->data[0x211] = 0;
	REFUSED(MK_E_IMAGE_FORMAT, 0, 0);
}

TEST_F(image, elf)
{
	memset(self->data, 0, CRAFT_IMAGE_SIZE);
	memcpy(self->data, "\177ELF", 4);
	REFUSED(MK_E_IMAGE_FORMAT, 0, 0);
}

TEST_F(image, unified)
{
	craft_uki(self->data);
	REFUSED(MK_E_IMAGE_UKI, 0, 0);
}

TEST_F(image, other_pe_file)
{
	craft_uki(self->data);
	self->data[0x131] = 'L';
	REFUSED(MK_E_IMAGE_FORMAT, 0, 0);
}

TEST_F(image, old_protocol)
{
	mk_put16(self->data + 0x206, 0x20b);
	REFUSED(MK_E_IMAGE_PROTOCOL, 0x20b, 0x20c);
}

TEST_F(image, only_32bit)
{
	mk_put16(self->data + 0x236, 0);
	REFUSED(MK_E_IMAGE_32BIT, 0, 0);
}

TEST_F(image, not_relocatable)
{
	self->data[0x234] = 0;
	REFUSED(MK_E_IMAGE_FIXED, 0, 0);
}

TEST_F(image, alignment)
{
	static const __u32 bad[] = { 0, 1, 0x100000, 0x300000, 0x80000000, ~0U };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mk_put32(self->data + 0x230, bad[i]);
		REFUSED(MK_E_IMAGE_ALIGN, bad[i], 0);
	}
	mk_put32(self->data + 0x230, 0x40000000);
	EXPECT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
}

TEST_F(image, init_size)
{
	mk_put32(self->data + 0x260, 0x40000001);
	REFUSED(MK_E_IMAGE_INIT_SIZE, 0x40000001, 0x40000000);
	EXPECT_EQ(mk_bzimage_init_size(self->data), 0);
	mk_put32(self->data + 0x260, 1023);
	REFUSED(MK_E_IMAGE_INIT_SIZE, 1023, 1024);
}

TEST_F(image, no_code_at_entry)
{
	mk_put32(self->data + 0x1f4, 0x200 / 16);
	REFUSED(MK_E_IMAGE_FORMAT, 0, 0);
}

/* the release names a directory of modules, so it must not lead elsewhere */
TEST_F(image, release_is_a_file_name)
{
	char *release = (char *)self->data + 0x300;

	snprintf(release, 32, "6.1/../../etc x");
	ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
	EXPECT_STREQ(self->bz.release, "6.1_.._.._etc");
	snprintf(release, 32, "../6.1");
	ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
	EXPECT_STREQ(self->bz.release, "");
	memset(release, '6', 256);
	ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
	EXPECT_EQ(strlen(self->bz.release), MK_RELEASE_SIZE - 1);
}

TEST_F(image, release_outside_setup)
{
	mk_put16(self->data + 0x20e, 0xffff);
	ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
	EXPECT_STREQ(self->bz.release, "");
	mk_put16(self->data + 0x20e, 1023 - 0x200);
	self->data[1023] = '6';
	ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
	EXPECT_STREQ(self->bz.release, "6");
}

/* a kernel without a payload is good: it unpacks itself */
TEST_F(image, payload_outside)
{
	static const __u32 bad[][2] = {
		{ 0x220, 1024 - 0x220 + 1 }, { 1025, 0 }, { 1024, 1 },
		{ ~0U, 1 }, { 1, ~0U }, { ~0U, ~0U },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mk_put32(self->data + 0x248, bad[i][0]);
		mk_put32(self->data + 0x24c, bad[i][1]);
		ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
		EXPECT_EQ(self->bz.payload, 0);
		EXPECT_EQ(self->bz.payload_size, 0);
	}
}

TEST_F(image, payload_to_the_end)
{
	mk_put32(self->data + 0x24c, 1024 - 0x220);
	ASSERT_EQ(PARSE(CRAFT_IMAGE_SIZE), 0);
	EXPECT_EQ(self->bz.payload_size, 1024 - 0x220);
}

TEST(stock_kernels)
{
	struct mk_error err = { 0 };
	const char *path, *name;
	struct mk_bzimage bz;
	glob_t found;
	size_t i, len;
	__u8 *data;

	if (!stock_find(&found))
		SKIP(return, "no stock kernel here");
	for (i = 0; i < found.gl_pathc; i++) {
		path = found.gl_pathv[i];
		name = strrchr(path, '/') + 1;
		data = stock_read(path, &len);
		if (!data)
			SKIP(return, "%s: not readable", path);
		EXPECT_EQ(mk_bzimage_parse(data, len, &bz, &err), 0)
			TH_LOG("%s: error %u", path, err.code);
		ksft_print_msg("%s: release %s\n", path, bz.release);
		EXPECT_STREQ(bz.release, name[7] == '-' ? name + 8 : bz.release);
		EXPECT_NE(bz.release[0], 0);
		EXPECT_EQ(bz.initrd_above_4g, 1);
		EXPECT_GT(bz.payload_size, 0);
		EXPECT_EQ(bz.pref_address, 0x1000000);
		free(data);
	}
	globfree(&found);
}

TEST_HARNESS_MAIN
