// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: an unpacked kernel, put where it runs.
 */
#include "vmlinux.h"
#include "pure.h"

/* ELF-64 (System V ABI): offsets in the file header and in program headers */
#define EH_SIZE		64
#define EH_MACHINE	18
#define EH_ENTRY	24
#define EH_PHOFF	32
#define EH_SHOFF	40
#define EH_PHENTSIZE	54
#define EH_PHNUM	56
#define EH_SHENTSIZE	58
#define EH_SHNUM	60
#define PH_SIZE		56
#define PH_TYPE		0
#define PH_OFFSET	8
#define PH_PADDR	24
#define PH_FILESZ	32
#define PH_MEMSZ	40

#define EM_X86_64	62
#define PT_LOAD		1
#define PHNUM_MAX	16
#define KERNEL_MAP	0xffffffff80000000ULL	/* __START_KERNEL_map */

static const __u8 ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

static const __u8 *program_header(const struct mk_vmlinux *v, __u32 i)
{
	return v->elf + mk_get64(v->elf + EH_PHOFF) + i * PH_SIZE;
}

static __u32 nr_headers(const struct mk_vmlinux *v)
{
	return mk_get16(v->elf + EH_PHNUM);
}

static int check_header(const struct mk_vmlinux *v)
{
	const __u8 *e = v->elf;
	__u64 at;

	if (v->len < EH_SIZE || memcmp(e, ident, sizeof(ident)) ||
	    mk_get16(e + EH_MACHINE) != EM_X86_64 ||
	    mk_get16(e + EH_PHENTSIZE) != PH_SIZE ||
	    !nr_headers(v) || nr_headers(v) > PHNUM_MAX)
		return -1;
	at = mk_get64(e + EH_PHOFF);
	return at > v->len || v->len - at < nr_headers(v) * PH_SIZE ? -1 : 0;
}

static int is_load(const __u8 *ph)
{
	return mk_get32(ph + PH_TYPE) == PT_LOAD;
}

/* All of it in the file and in 1 GiB from the base; grows @v->size. */
static int check_segment(struct mk_vmlinux *v, const __u8 *ph)
{
	__u64 offset = mk_get64(ph + PH_OFFSET), filesz = mk_get64(ph + PH_FILESZ);
	__u64 at = mk_get64(ph + PH_PADDR) - v->base, memsz = mk_get64(ph + PH_MEMSZ);

	if (offset > v->len || filesz > v->len - offset || filesz > memsz ||
	    at > MK_KERNEL_IMAGE_SIZE || memsz > MK_KERNEL_IMAGE_SIZE - at)
		return -1;
	if (at + memsz > v->size)
		v->size = at + memsz;
	return 0;
}

static int check_segments(struct mk_vmlinux *v)
{
	__u32 i;

	v->size = 0;
	for (i = 0; i < nr_headers(v); i++)
		if (is_load(program_header(v, i)) &&
		    check_segment(v, program_header(v, i)))
			return -1;
	v->entry = mk_get64(v->elf + EH_ENTRY) - v->base;
	return v->entry < v->size ? 0 : -1;
}

static __u32 word(const struct mk_vmlinux *v, __u64 at)
{
	return mk_get32(v->elf + at);
}

/*
 * Behind the section headers, which end the file: tables of 32-bit words, a
 * zero before each. Nothing is there when the kernel was built without KASLR.
 */
static int find_relocs(struct mk_vmlinux *v)
{
	__u64 at = mk_get64(v->elf + EH_SHOFF), i;
	__u32 lists = 0;

	if (at > v->len)
		return -1;
	at += (__u32)mk_get16(v->elf + EH_SHNUM) * mk_get16(v->elf + EH_SHENTSIZE);
	if (at == v->len)
		return 0;
	if (at > v->len || (v->len - at) % 4 || word(v, at))
		return -1;
	for (i = at; i < v->len; i += 4)
		lists += !word(v, i);
	if (lists != 2 && lists != 3)
		return -1;
	v->relocs = at;
	v->nr_lists = lists;
	return 0;
}

int mk_vmlinux_parse(const void *elf, __u64 len, __u64 base, struct mk_vmlinux *v)
{
	memset(v, 0, sizeof(*v));
	v->elf = elf;
	v->len = len;
	v->base = base;
	if (base > MK_KERNEL_IMAGE_SIZE || check_header(v) || check_segments(v))
		return -1;
	return find_relocs(v);
}

/* A table entry is the low half of an address in the kernel's text mapping. */
static int relocate(const struct mk_vmlinux *v, __u8 *dest, __u32 entry,
		    __u32 bytes, __u64 shift)
{
	__u64 at = entry - (KERNEL_MAP & 0xffffffff) - v->base;

	if (v->size < bytes || at > v->size - bytes)
		return -1;
	if (bytes == 8)
		mk_put64(dest + at, mk_get64(dest + at) + shift);
	else
		mk_put32(dest + at, mk_get32(dest + at) + (__u32)shift);
	return 0;
}

static int relocate_all(const struct mk_vmlinux *v, __u8 *dest, __u64 shift)
{
	__u32 list = 0;
	__u64 i;

	for (i = v->relocs; i < v->len; i += 4) {
		int inverse = v->nr_lists == 3 && list == 2;

		if (!word(v, i))
			list++;
		else if (relocate(v, dest, word(v, i), list == 1 ? 8 : 4,
				  inverse ? -shift : shift))
			return -1;
	}
	return 0;
}

int mk_vmlinux_place(const struct mk_vmlinux *v, void *dest, __u64 shift)
{
	__u32 i;

	for (i = 0; i < nr_headers(v); i++) {
		const __u8 *ph = program_header(v, i);

		if (is_load(ph))
			memcpy((__u8 *)dest + mk_get64(ph + PH_PADDR) - v->base,
			       v->elf + mk_get64(ph + PH_OFFSET),
			       mk_get64(ph + PH_FILESZ));
	}
	return shift && v->nr_lists ? relocate_all(v, dest, shift) : 0;
}
