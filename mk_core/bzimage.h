/* SPDX-License-Identifier: GPL-2.0 */
/* Pure: the header of a bzImage (Documentation/arch/x86/boot.rst). */
#ifndef MK_CORE_BZIMAGE_H
#define MK_CORE_BZIMAGE_H

#include "uapi.h"

#define MK_BZIMAGE_HEAD		0x290	/* bytes that hold the longest setup header */

/**
 * struct mk_bzimage - what the boot header of a checked image says
 * @protocol:	boot protocol version, at least 2.12
 * @setup_size:	bytes before the protected-mode code
 * @code_size:	bytes of the protected-mode code
 * @init_size:	bytes of contiguous memory that it needs from its load address
 * @alignment:	alignment of the load address
 * @entry:	offset of the 64-bit entry point in the protected-mode code
 * @cmdline_max: longest command line, without the NUL
 * @initrd_above_4g: it accepts an initramfs, boot_params and itself above 4 GiB
 * @initrd_max:	highest address of the initramfs' last byte
 * @header_size: bytes of the setup header, from offset 0x1f1
 * @payload:	offset of the compressed kernel in the protected-mode code
 * @payload_size: its bytes, 0 where the header names none that is there
 * @pref_address: address that the kernel was linked for
 * @release:	kernel release: the version string up to the first space, cleaned
 */
struct mk_bzimage {
	__u32 protocol;
	__u32 setup_size;
	__u64 code_size;
	__u64 init_size;
	__u64 alignment;
	__u32 entry;
	__u32 cmdline_max;
	__u32 initrd_above_4g;
	__u64 initrd_max;
	__u32 header_size;
	__u32 payload;
	__u32 payload_size;
	__u64 pref_address;
	char release[MK_RELEASE_SIZE];
};

/**
 * mk_bzimage_init_size() - what a kernel image says it needs, before all of it is read
 * @head:	the first bytes of the file; hostile
 *
 * Return: bytes of memory; 0 for what mk_bzimage_parse() would refuse.
 */
__u64 mk_bzimage_init_size(const __u8 head[MK_BZIMAGE_HEAD]);

/**
 * mk_bzimage_parse() - check a kernel image and read its boot header
 * @image:	the whole file; hostile
 * @len:	its bytes
 * @bz:		out: what it says; zeroed on error
 * @err:	out: code and arguments on error (MK_E_IMAGE_*)
 *
 * Return: 0, or -1 with @err filled.
 */
int mk_bzimage_parse(const void *image, __u64 len, struct mk_bzimage *bz,
		     struct mk_error *err);

#endif /* MK_CORE_BZIMAGE_H */
