/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: puts an unpacked kernel where it runs, as the kernel's own decompressor
 * does (arch/x86/boot/compressed/misc.c: parse_elf(), handle_relocations()).
 */
#ifndef MK_CORE_VMLINUX_H
#define MK_CORE_VMLINUX_H

#include <linux/types.h>

/* Text mapping of a kernel with KASLR: 1 GiB from __START_KERNEL_map. */
#define MK_KERNEL_IMAGE_SIZE	0x40000000ULL

/**
 * struct mk_vmlinux - an unpacked image that was understood
 * @elf:	the ELF file, followed by its relocation tables; hostile
 * @len:	bytes of both
 * @base:	physical address that it was linked for
 * @size:	bytes of memory that it takes from its load address
 * @entry:	offset of the 64-bit entry point from the load address
 * @relocs:	offset of the relocation tables
 * @nr_lists:	number of tables: 0 (built without KASLR, cannot be moved in virtual
 *		memory), 2 (64-bit, 32-bit), or 3 (64-bit, inverse 32-bit, 32-bit:
 *		before 6.15)
 */
struct mk_vmlinux {
	const __u8 *elf;
	__u64 len;
	__u64 base;
	__u64 size;
	__u64 entry;
	__u64 relocs;
	__u32 nr_lists;
};

/**
 * mk_vmlinux_parse() - check an unpacked image
 * @elf:	payload of a bzImage, unpacked
 * @len:	its bytes
 * @base:	preferred address of the bzImage, for which it was linked
 * @v:		out
 *
 * Return: 0, or -1 when it or what is behind it is not understood.
 */
int mk_vmlinux_parse(const void *elf, __u64 len, __u64 base, struct mk_vmlinux *v);

/**
 * mk_vmlinux_place() - copy the segments and relocate them
 * @v:		what mk_vmlinux_parse() understood, the file unchanged since
 * @dest:	@v->size bytes of zeros, not overlapping the file
 * @shift:	distance in virtual memory from where it was linked; 0 where
 *		@v->nr_lists is 0
 *
 * Return: 0, or -1 when a relocation lies outside; @dest is then spoiled.
 */
int mk_vmlinux_place(const struct mk_vmlinux *v, void *dest, __u64 shift);

#endif /* MK_CORE_VMLINUX_H */
