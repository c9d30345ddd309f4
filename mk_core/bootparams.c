// SPDX-License-Identifier: GPL-2.0
/* Pure: builds the boot_params page of an instance. */
#include "bootparams.h"
#include "pure.h"

/* Documentation/arch/x86/zero-page.rst and boot.rst */
#define BP_ACPI_RSDP		0x070
#define BP_EXT_RAMDISK_IMAGE	0x0c0
#define BP_EXT_RAMDISK_SIZE	0x0c4
#define BP_EXT_CMD_LINE_PTR	0x0c8
#define BP_E820_ENTRIES		0x1e8
#define BP_HEADER		0x1f1
#define BP_TYPE_OF_LOADER	0x210
#define BP_LOADFLAGS		0x211
#define BP_RAMDISK_IMAGE	0x218
#define BP_RAMDISK_SIZE		0x21c
#define BP_CMD_LINE_PTR		0x228
#define BP_SETUP_DATA		0x250
#define BP_E820_TABLE		0x2d0

#define E820_ENTRY		20
#define LOADER_UNDEFINED	0xff
#define LOADED_HIGH		0x01

static int check_e820(const struct mk_boot *boot)
{
	__u64 end = 0;
	__u32 i;

	if (!boot->nr_e820 || boot->nr_e820 > MK_E820_MAX)
		return -1;
	for (i = 0; i < boot->nr_e820; i++) {
		const struct mk_e820 *e = &boot->e820[i];

		if (!e->size || e->addr < end || e->addr + e->size < e->addr)
			return -1;
		end = e->addr + e->size;
	}
	return 0;
}

static int check_limits(const struct mk_bzimage *bz, const struct mk_boot *boot)
{
	__u64 last = boot->initrd + boot->initrd_size - 1;

	if (boot->cmdline_len > bz->cmdline_max)
		return -1;
	if (!bz->initrd_above_4g && (boot->cmdline + boot->cmdline_len) >> 32)
		return -1;
	if (boot->initrd_size && (last < boot->initrd || last > bz->initrd_max))
		return -1;
	return 0;
}

/* Addresses and sizes are halves: 32 bits in the header, the rest elsewhere. */
static void put_halves(__u8 *page, __u32 low, __u32 high, __u64 v)
{
	mk_put32(page + low, v);
	mk_put32(page + high, v >> 32);
}

static void put_e820(__u8 *page, const struct mk_boot *boot)
{
	__u8 *p = page + BP_E820_TABLE;
	__u32 i;

	page[BP_E820_ENTRIES] = boot->nr_e820;
	for (i = 0; i < boot->nr_e820; i++, p += E820_ENTRY) {
		mk_put64(p, boot->e820[i].addr);
		mk_put64(p + 8, boot->e820[i].size);
		mk_put32(p + 16, boot->e820[i].type);
	}
}

int mk_bootparams_build(void *page, const void *image,
			const struct mk_bzimage *bz, const struct mk_boot *boot)
{
	__u8 *p = page;

	if (check_e820(boot) || check_limits(bz, boot))
		return -1;
	memset(p, 0, MK_BOOTPARAMS_SIZE);
	memcpy(p + BP_HEADER, (const __u8 *)image + BP_HEADER, bz->header_size);
	p[BP_TYPE_OF_LOADER] = LOADER_UNDEFINED;
	p[BP_LOADFLAGS] = LOADED_HIGH;
	mk_put64(p + BP_SETUP_DATA, 0);
	put_halves(p, BP_CMD_LINE_PTR, BP_EXT_CMD_LINE_PTR, boot->cmdline);
	put_halves(p, BP_RAMDISK_IMAGE, BP_EXT_RAMDISK_IMAGE,
		   boot->initrd_size ? boot->initrd : 0);
	put_halves(p, BP_RAMDISK_SIZE, BP_EXT_RAMDISK_SIZE, boot->initrd_size);
	mk_put64(p + BP_ACPI_RSDP, boot->rsdp);
	put_e820(p, boot);
	return 0;
}
