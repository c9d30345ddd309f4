// SPDX-License-Identifier: GPL-2.0
/*
 * Unpacks a kernel while it is loaded, so that its start does not begin with
 * the unpacking: half of the way to user space in a small instance.
 *
 * What is not understood here (another compression, no room for it, unknown
 * tables) is no error: such a kernel unpacks itself after its start.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/xz.h>
#include <linux/zstd.h>
#include <asm/bootparam.h>

#include "bzimage.h"
#include "internal.h"
#include "pure.h"
#include "vmlinux.h"

#define LOADFLAGS	0x211	/* in boot_params */

static bool unzstd(const void *from, size_t len, void *to, size_t size)
{
	size_t room = zstd_dctx_workspace_bound(), frame, n;
	void *workspace = kvmalloc(room, GFP_KERNEL);
	zstd_dctx *dctx;
	bool good = false;

	if (!workspace)
		return false;
	dctx = zstd_init_dctx(workspace, room);
	frame = zstd_find_frame_compressed_size(from, len);
	if (dctx && !zstd_is_error(frame)) {
		n = zstd_decompress_dctx(dctx, to, size, from, frame);
		good = !zstd_is_error(n) && n == size;
	}
	kvfree(workspace);
	return good;
}

static bool unxz(const void *from, size_t len, void *to, size_t size)
{
	struct xz_buf b = { .in = from, .in_size = len, .out = to, .out_size = size };
	struct xz_dec *dec = xz_dec_init(XZ_SINGLE, 0);
	enum xz_ret ret;

	if (!dec)
		return false;
	ret = xz_dec_run(dec, &b);
	xz_dec_end(dec);
	return ret == XZ_STREAM_END && b.out_pos == size;
}

static bool decompress(const u8 *from, size_t len, void *to, size_t size)
{
	static const u8 zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const u8 xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

	if (!memcmp(from, zstd, sizeof(zstd)))
		return unzstd(from, len, to, size);
	if (!memcmp(from, xz, sizeof(xz)))
		return unxz(from, len, to, size);
	return false;
}

/* As the kernel's own decompressor sees words. */
static bool ends_word(char c)
{
	return (u8)c <= ' ';
}

static bool has_word(const char *cmdline, const char *word)
{
	const char *p = cmdline;
	size_t n = strlen(word);

	while ((p = strstr(p, word))) {
		if ((p == cmdline || ends_word(p[-1])) && ends_word(p[n]))
			return true;
		p += n;
	}
	return false;
}

/* As find_random_virt_addr() of the kernel's own decompressor. */
static u64 random_shift(const struct mk_vmlinux *v, u64 alignment)
{
	u64 slots = 1 + div64_u64(MK_KERNEL_IMAGE_SIZE - v->base - v->size, alignment);

	return get_random_u64() % slots * alignment;
}

/* The flag tells the kernel to randomize the rest too; a shift may well be 0. */
static int unpack_to(void *image, const struct mk_bzimage *bz,
		     const struct mk_vmlinux *v, const char *cmdline, u8 *loadflags)
{
	bool kaslr = v->nr_lists && v->base + v->size <= MK_KERNEL_IMAGE_SIZE &&
		     !has_word(cmdline, "nokaslr");

	if (kaslr)
		*loadflags |= KASLR_FLAG;
	memset(image, 0, max(bz->code_size, v->size));
	return mk_vmlinux_place(v, image, kaslr ? random_shift(v, bz->alignment) : 0);
}

/**
 * mk_unpack() - replace a bzImage in memory by the kernel that is in it
 * @image:	protected-mode code at the load address; becomes the kernel
 * @bz:		its header
 * @scratch:	clear memory that may be used; is clear again afterwards
 * @room:	its bytes
 * @boot_params: the instance's
 * @cmdline:	the instance's, for nokaslr
 * @entry:	out: offset of the entry point
 *
 * Context: sleeps; takes as long as unpacking takes.
 * Return: 0; 1 when the image is as it was and unpacks itself; -ENOEXEC when
 * its relocation tables point outside of it.
 */
int mk_unpack(void *image, const struct mk_bzimage *bz, void *scratch, u64 room,
	      void *boot_params, const char *cmdline, u64 *entry)
{
	const u8 *payload = image + bz->payload;
	struct mk_vmlinux v;
	u64 size;
	int ret = 1;

	if (bz->payload_size < 16)
		return 1;
	/* the size is appended to the compressed data (scripts/Makefile.lib) */
	size = mk_get32(payload + bz->payload_size - 4);
	if (size > room || size > bz->init_size)
		return 1;
	if (decompress(payload, bz->payload_size - 4, scratch, size) &&
	    !mk_vmlinux_parse(scratch, size, bz->pref_address, &v) &&
	    v.size <= bz->init_size) {
		ret = unpack_to(image, bz, &v, cmdline, boot_params + LOADFLAGS) ?
		      -ENOEXEC : 0;
		*entry = v.entry;
	}
	memset(scratch, 0, size);
	return ret;
}
