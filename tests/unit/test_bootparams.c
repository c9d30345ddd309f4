// SPDX-License-Identifier: GPL-2.0
/* boot_params, read back through the kernel's own struct. */
#include <asm/bootparam.h>

#include "kselftest_harness.h"

#include "bootparams.h"
#include "craft.h"

FIXTURE(boot)
{
	__u8 image[CRAFT_IMAGE_SIZE];
	struct mk_bzimage bz;
	struct mk_e820 e820[3];
	struct mk_boot boot;
	struct boot_params params;
};

FIXTURE_SETUP(boot)
{
	struct mk_error err;

	craft_image(self->image);
	ASSERT_EQ(mk_bzimage_parse(self->image, CRAFT_IMAGE_SIZE, &self->bz, &err), 0);
	self->e820[0] = (struct mk_e820){ 0x90000, 0x8000, MK_E820_RAM };
	self->e820[1] = (struct mk_e820){ 0x140000000, 0x10000000, MK_E820_RAM };
	self->e820[2] = (struct mk_e820){ 0x150000000, 0x4000, MK_E820_ACPI };
	self->boot = (struct mk_boot){
		.cmdline = 0x140001000, .cmdline_len = 100,
		.initrd = 0x145000000, .initrd_size = 0x123456789,
		.rsdp = 0x150000000, .e820 = self->e820, .nr_e820 = 3,
	};
	memset(&self->params, 0xa5, sizeof(self->params));
}

FIXTURE_TEARDOWN(boot)
{
}

#define BUILD() mk_bootparams_build(&self->params, self->image, &self->bz, &self->boot)

TEST_F(boot, header_comes_from_the_image)
{
	struct setup_header *hdr = &self->params.hdr;

	ASSERT_EQ(sizeof(self->params), MK_BOOTPARAMS_SIZE);
	ASSERT_EQ(BUILD(), 0);
	EXPECT_EQ(hdr->boot_flag, 0xaa55);
	EXPECT_EQ(hdr->header, 0x53726448);
	EXPECT_EQ(hdr->version, 0x20f);
	EXPECT_EQ(hdr->kernel_alignment, 0x200000);
	EXPECT_EQ(hdr->init_size, 0x400000);
	EXPECT_EQ(hdr->pref_address, 0x1000000);
}

TEST_F(boot, loader_fields)
{
	ASSERT_EQ(BUILD(), 0);
	EXPECT_EQ(self->params.hdr.type_of_loader, 0xff);
	EXPECT_EQ(self->params.hdr.loadflags, LOADED_HIGH);
	EXPECT_EQ(self->params.hdr.cmd_line_ptr, 0x40001000);
	EXPECT_EQ(self->params.ext_cmd_line_ptr, 1);
	EXPECT_EQ(self->params.hdr.ramdisk_image, 0x45000000);
	EXPECT_EQ(self->params.ext_ramdisk_image, 1);
	EXPECT_EQ(self->params.hdr.ramdisk_size, 0x23456789);
	EXPECT_EQ(self->params.ext_ramdisk_size, 1);
	EXPECT_EQ(self->params.acpi_rsdp_addr, 0x150000000);
}

TEST_F(boot, memory_map)
{
	int i;

	ASSERT_EQ(BUILD(), 0);
	ASSERT_EQ(self->params.e820_entries, 3);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(self->params.e820_table[i].addr, self->e820[i].addr);
		EXPECT_EQ(self->params.e820_table[i].size, self->e820[i].size);
		EXPECT_EQ(self->params.e820_table[i].type, self->e820[i].type);
	}
}

/* All else is zero, the sentinel too: nothing of the image or page leaks in. */
TEST_F(boot, nothing_else)
{
	struct boot_params *p = &self->params;
	__u8 *bytes = (__u8 *)p;
	size_t i;

	self->image[0x1ef] = 0xff;
	self->image[0x250] = 0x77;	/* setup_data */
	ASSERT_EQ(BUILD(), 0);
	EXPECT_EQ(p->hdr.setup_data, 0);
	p->acpi_rsdp_addr = 0;
	p->ext_cmd_line_ptr = 0;
	p->ext_ramdisk_image = 0;
	p->ext_ramdisk_size = 0;
	p->e820_entries = 0;
	memset(p->e820_table, 0, 3 * sizeof(p->e820_table[0]));
	memset(&p->hdr, 0, self->bz.header_size);
	for (i = 0; i < sizeof(*p); i++)
		ASSERT_EQ(bytes[i], 0) TH_LOG("offset %#zx", i);
}

TEST_F(boot, no_initrd)
{
	self->boot.initrd_size = 0;
	ASSERT_EQ(BUILD(), 0);
	EXPECT_EQ(self->params.hdr.ramdisk_image, 0);
	EXPECT_EQ(self->params.ext_ramdisk_image, 0);
}

TEST_F(boot, bad_memory_maps)
{
	struct mk_e820 many[MK_E820_MAX + 1];
	__u32 i;

	self->e820[1].addr = 0x97fff;			/* overlap */
	EXPECT_EQ(BUILD(), -1);
	self->e820[1].addr = 0x1000;			/* order */
	EXPECT_EQ(BUILD(), -1);
	self->e820[1].addr = 0x98000;			/* touching is fine */
	EXPECT_EQ(BUILD(), 0);
	self->e820[2].size = 0;
	EXPECT_EQ(BUILD(), -1);
	self->e820[2].size = -self->e820[2].addr + 1;	/* wraps */
	EXPECT_EQ(BUILD(), -1);
	self->boot.nr_e820 = 0;
	EXPECT_EQ(BUILD(), -1);
	for (i = 0; i <= MK_E820_MAX; i++)
		many[i] = (struct mk_e820){ i * 0x2000, 0x1000, MK_E820_RAM };
	self->boot.e820 = many;
	self->boot.nr_e820 = MK_E820_MAX;
	EXPECT_EQ(BUILD(), 0);
	self->boot.nr_e820 = MK_E820_MAX + 1;
	EXPECT_EQ(BUILD(), -1);
}

TEST_F(boot, limits_of_the_image)
{
	self->boot.cmdline_len = 2047;
	EXPECT_EQ(BUILD(), 0);
	self->boot.cmdline_len = 2048;
	EXPECT_EQ(BUILD(), -1);
	self->boot.cmdline_len = 0;
	self->bz.initrd_above_4g = 0;			/* command line above 4 GiB */
	EXPECT_EQ(BUILD(), -1);
	self->boot.cmdline = 0x1000;
	EXPECT_EQ(BUILD(), 0);
	self->boot.initrd = 0x70000000;
	self->boot.initrd_size = 0x10000000;
	self->bz.initrd_max = 0x7fffffff;
	EXPECT_EQ(BUILD(), 0);
	self->boot.initrd_size++;
	EXPECT_EQ(BUILD(), -1);
	self->boot.initrd_size = -self->boot.initrd + 1;
	self->bz.initrd_max = ~0ULL;
	EXPECT_EQ(BUILD(), -1);
}

TEST_HARNESS_MAIN
