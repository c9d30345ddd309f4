// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: checks a kernel image and reads its boot header.  The image is
 * hostile: every offset that it names is checked before it is followed.
 */
#include "bzimage.h"
#include "pure.h"

/* offsets of the setup header, Documentation/arch/x86/boot.rst */
#define HDR_SETUP_SECTS		0x1f1
#define HDR_SYSSIZE		0x1f4
#define HDR_BOOT_FLAG		0x1fe
#define HDR_JUMP		0x200
#define HDR_MAGIC		0x202
#define HDR_VERSION		0x206
#define HDR_KERNEL_VERSION	0x20e
#define HDR_LOADFLAGS		0x211
#define HDR_INITRD_ADDR_MAX	0x22c
#define HDR_KERNEL_ALIGNMENT	0x230
#define HDR_RELOCATABLE		0x234
#define HDR_XLOADFLAGS		0x236
#define HDR_CMDLINE_SIZE	0x238
#define HDR_PAYLOAD_OFFSET	0x248
#define HDR_PAYLOAD_LENGTH	0x24c
#define HDR_PREF_ADDRESS	0x258
#define HDR_INIT_SIZE		0x260
#define HDR_END_2_12		0x268	/* end of the header in protocol 2.12 */
#define HDR_END_MAX		MK_BZIMAGE_HEAD	/* room for it in boot_params */

#define BOOT_FLAG		0xaa55
#define JUMP_SHORT		0xeb
#define LOADED_HIGH		0x01
#define XLF_KERNEL_64		0x01
#define XLF_ABOVE_4G		0x02

#define PROTOCOL_MIN		0x020c
#define ALIGN_MIN		(2ULL << 20)
#define ALIGN_MAX		(1024ULL << 20)
#define INIT_SIZE_MAX		(1024ULL << 20)	/* the kernel's own limit is 1 GiB too */
#define CMDLINE_MAX		65535
#define ENTRY_64		0x200
#define SECTOR			512

#define PE_OFFSET		0x3c
#define PE_HEADER		24
#define PE_SECTION		40
#define PE_SECTIONS_MAX		96

static int fail(struct mk_error *err, __u32 code, __u64 arg0, __u64 arg1)
{
	err->code = code;
	err->reserved = 0;
	err->arg[0] = arg0;
	err->arg[1] = arg1;
	return -1;
}

static int is_bzimage(const __u8 *image)
{
	return mk_get16(image + HDR_BOOT_FLAG) == BOOT_FLAG &&
	       !memcmp(image + HDR_MAGIC, "HdrS", 4) &&
	       image[HDR_JUMP] == JUMP_SHORT;
}

/* A UEFI unified image is a PE file with the kernel in a section ".linux". */
static int is_uki(const __u8 *image, __u64 len)
{
	__u64 pe = mk_get32(image + PE_OFFSET);
	__u64 at;
	__u32 nr;

	if (memcmp(image, "MZ", 2) || pe > len || len - pe < PE_HEADER ||
	    memcmp(image + pe, "PE\0", 4))
		return 0;
	nr = mk_get16(image + pe + 6);
	at = pe + PE_HEADER + mk_get16(image + pe + 20);
	for (; nr && nr <= PE_SECTIONS_MAX; nr--, at += PE_SECTION) {
		if (at > len || len - at < PE_SECTION)
			return 0;
		if (!memcmp(image + at, ".linux\0", 8))
			return 1;
	}
	return 0;
}

static int release_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-' ||
	       c == '+' || c == '~';
}

/*
 * It becomes part of a path (/lib/modules/RELEASE), so it must not hold a
 * slash or start with a dot; a release starts with a digit.
 */
static void read_release(char *release, const __u8 *image, __u32 setup_size)
{
	__u32 at = mk_get16(image + HDR_KERNEL_VERSION);
	__u32 i;

	if (!at || at + 0x200 >= setup_size)
		return;
	at += 0x200;
	if (image[at] < '0' || image[at] > '9')
		return;
	for (i = 0; i < MK_RELEASE_SIZE - 1 && at + i < setup_size; i++) {
		char c = image[at + i];

		if (c == ' ' || c == '\0')
			return;
		release[i] = release_char(c) ? c : '_';
	}
}

/* What kind of kernel is it? Its sizes are looked at elsewhere. */
static int check_kind(const __u8 *image, __u64 len, struct mk_bzimage *bz,
		      struct mk_error *err)
{
	__u32 end = HDR_MAGIC + image[HDR_JUMP + 1];

	if (!is_bzimage(image))
		return fail(err, is_uki(image, len) ? MK_E_IMAGE_UKI :
			    MK_E_IMAGE_FORMAT, 0, 0);
	bz->protocol = mk_get16(image + HDR_VERSION);
	if (bz->protocol < PROTOCOL_MIN)
		return fail(err, MK_E_IMAGE_PROTOCOL, bz->protocol, PROTOCOL_MIN);
	if (end < HDR_END_2_12 || end > HDR_END_MAX ||
	    !(image[HDR_LOADFLAGS] & LOADED_HIGH))
		return fail(err, MK_E_IMAGE_FORMAT, 0, 0);
	bz->header_size = end - HDR_SETUP_SECTS;
	if (!(mk_get16(image + HDR_XLOADFLAGS) & XLF_KERNEL_64))
		return fail(err, MK_E_IMAGE_32BIT, 0, 0);
	if (!image[HDR_RELOCATABLE])
		return fail(err, MK_E_IMAGE_FIXED, 0, 0);
	bz->alignment = mk_get32(image + HDR_KERNEL_ALIGNMENT);
	if (bz->alignment < ALIGN_MIN || bz->alignment > ALIGN_MAX ||
	    bz->alignment & (bz->alignment - 1))
		return fail(err, MK_E_IMAGE_ALIGN, bz->alignment, 0);
	return 0;
}

/*
 * Signed images have a signature behind the code that the header counts, so
 * the file may be longer than the header says, never shorter.
 */
static int check_sizes(const __u8 *image, __u64 len, struct mk_bzimage *bz,
		       struct mk_error *err)
{
	__u32 sects = image[HDR_SETUP_SECTS] ? image[HDR_SETUP_SECTS] : 4;
	__u64 code = (__u64)mk_get32(image + HDR_SYSSIZE) * 16;

	bz->setup_size = (sects + 1) * SECTOR;
	if (code <= ENTRY_64)
		return fail(err, MK_E_IMAGE_FORMAT, 0, 0);
	if (len < bz->setup_size + code)
		return fail(err, MK_E_IMAGE_SHORT, len, bz->setup_size + code);
	bz->code_size = len - bz->setup_size;
	bz->init_size = mk_get32(image + HDR_INIT_SIZE);
	if (bz->init_size > INIT_SIZE_MAX)
		return fail(err, MK_E_IMAGE_INIT_SIZE, bz->init_size, INIT_SIZE_MAX);
	if (bz->code_size > bz->init_size)
		return fail(err, MK_E_IMAGE_INIT_SIZE, bz->init_size, bz->code_size);
	return 0;
}

/* A payload that is not in the file is none: the kernel unpacks itself then. */
static void read_payload(const __u8 *image, struct mk_bzimage *bz)
{
	__u64 at = mk_get32(image + HDR_PAYLOAD_OFFSET);
	__u64 size = mk_get32(image + HDR_PAYLOAD_LENGTH);

	if (at + size > bz->code_size)
		return;
	bz->payload = at;
	bz->payload_size = size;
	bz->pref_address = mk_get64(image + HDR_PREF_ADDRESS);
}

static void read_limits(const __u8 *image, struct mk_bzimage *bz)
{
	__u32 cmdline = mk_get32(image + HDR_CMDLINE_SIZE);

	bz->entry = ENTRY_64;
	bz->cmdline_max = cmdline < CMDLINE_MAX ? cmdline : CMDLINE_MAX;
	bz->initrd_above_4g = !!(mk_get16(image + HDR_XLOADFLAGS) & XLF_ABOVE_4G);
	bz->initrd_max = bz->initrd_above_4g ? ~0ULL :
			 mk_get32(image + HDR_INITRD_ADDR_MAX);
	read_payload(image, bz);
	read_release(bz->release, image, bz->setup_size);
}

__u64 mk_bzimage_init_size(const __u8 head[MK_BZIMAGE_HEAD])
{
	__u64 size = mk_get32(head + HDR_INIT_SIZE);

	return is_bzimage(head) && size <= INIT_SIZE_MAX ? size : 0;
}

int mk_bzimage_parse(const void *image, __u64 len, struct mk_bzimage *bz,
		     struct mk_error *err)
{
	memset(bz, 0, sizeof(*bz));
	if (len < HDR_END_MAX)
		return fail(err, MK_E_IMAGE_SHORT, len, HDR_END_MAX);
	if (check_kind(image, len, bz, err) || check_sizes(image, len, bz, err)) {
		memset(bz, 0, sizeof(*bz));
		return -1;
	}
	read_limits(image, bz);
	return 0;
}
