/* SPDX-License-Identifier: GPL-2.0 */
/* Pure: the boot_params page ("zero page") of an instance. */
#ifndef MK_CORE_BOOTPARAMS_H
#define MK_CORE_BOOTPARAMS_H

#include "bzimage.h"

#define MK_BOOTPARAMS_SIZE	4096
#define MK_E820_RAM		1
#define MK_E820_RESERVED	2
#define MK_E820_ACPI		3
#define MK_E820_MAX		64	/* more than ever needed; the page has 128 */

/**
 * struct mk_e820 - an entry of the memory map
 * @addr:	physical address
 * @size:	bytes
 * @type:	MK_E820_*
 */
struct mk_e820 {
	__u64 addr;
	__u64 size;
	__u32 type;
};

/**
 * struct mk_boot - what boot_params says beside the image's own header
 * @cmdline:	physical address of the NUL-terminated command line
 * @cmdline_len: its length without NUL
 * @initrd:	physical address of the initramfs, or 0
 * @initrd_size: its bytes
 * @rsdp:	physical address of the ACPI root pointer
 * @e820:	memory map, ascending, no overlap
 * @nr_e820:	its entries, at most MK_E820_MAX
 */
struct mk_boot {
	__u64 cmdline;
	__u32 cmdline_len;
	__u64 initrd;
	__u64 initrd_size;
	__u64 rsdp;
	const struct mk_e820 *e820;
	__u32 nr_e820;
};

/**
 * mk_bootparams_build() - fill the boot_params page
 * @page:	MK_BOOTPARAMS_SIZE bytes
 * @image:	the image that mk_bzimage_parse() accepted
 * @bz:		its header
 * @boot:	the rest
 *
 * Return: 0, or -1 if @boot does not fit (too many e820 entries, unordered
 * or overlapping ones, command line too long for the image).
 */
int mk_bootparams_build(void *page, const void *image,
			const struct mk_bzimage *bz, const struct mk_boot *boot);

#endif /* MK_CORE_BOOTPARAMS_H */
