// SPDX-License-Identifier: GPL-2.0
/* Give hostile input to a parser and use all that it lets through. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acpi.h"
#include "bootparams.h"
#include "hostile.h"
#include "vmlinux.h"

#define MUST(cond) do {							\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
		abort();						\
	}								\
} while (0)

static void touch(const void *p, size_t len)
{
	const __u8 *b = p;
	__u8 sum = 0;

	while (len--)
		sum += *b++;
	/* the compiler must not see that nobody wants the sum */
	asm volatile("" : : "r" (sum));
}

static void use_image(const __u8 *data, size_t len, const struct mk_bzimage *bz)
{
	static const struct mk_e820 ram = { 0, 1 << 20, MK_E820_RAM };
	struct mk_boot boot = { .e820 = &ram, .nr_e820 = 1 };
	__u8 page[MK_BOOTPARAMS_SIZE];

	MUST(bz->protocol >= 0x20c);
	MUST(bz->setup_size >= 1024 && bz->setup_size + bz->code_size == len);
	MUST(bz->code_size > bz->entry && bz->code_size <= bz->init_size);
	MUST(bz->init_size <= 1 << 30);
	MUST(bz->init_size == mk_bzimage_init_size(data));
	MUST(bz->alignment >= 2 << 20 && bz->alignment <= 1 << 30);
	MUST(!(bz->alignment & (bz->alignment - 1)));
	MUST(bz->header_size <= 0x290 - 0x1f1);
	MUST(memchr(bz->release, 0, sizeof(bz->release)));
	MUST(!strchr(bz->release, '/') && bz->release[0] != '.');
	MUST((__u64)bz->payload + bz->payload_size <= bz->code_size);
	MUST(!mk_bootparams_build(page, data, bz, &boot));
	touch(data + bz->setup_size, bz->code_size);
	touch(page, sizeof(page));
}

int hostile_image(const __u8 *data, size_t len)
{
	static const struct mk_bzimage zero;
	struct mk_error err = { 0 };
	struct mk_bzimage bz;
	int ret;

	ret = mk_bzimage_parse(data, len, &bz, &err);
	MUST(ret == 0 || ret == -1);
	if (ret) {
		MUST(err.code >= MK_E_IMAGE_FORMAT && err.code <= MK_E_IMAGE_INIT_SIZE);
		MUST(!memcmp(&bz, &zero, sizeof(bz)));
		return 0;
	}
	MUST(!err.code);
	use_image(data, len, &bz);
	return 1;
}

/* Where it goes is of just the right size, so that ASan sees the byte behind. */
static int use_vmlinux(const struct mk_vmlinux *v)
{
	__u8 *dest = calloc(1, v->size);
	int ret = mk_vmlinux_place(v, dest, v->nr_lists ? 2 << 20 : 0);

	MUST(ret == 0 || ret == -1);
	MUST(!ret || v->nr_lists);
	touch(dest, v->size);
	free(dest);
	return ret;
}

int hostile_vmlinux(const __u8 *data, size_t len)
{
	struct mk_vmlinux v;
	int ret = mk_vmlinux_parse(data, len, 16 << 20, &v);

	MUST(ret == 0 || ret == -1);
	if (ret)
		return 0;
	MUST(v.size <= MK_KERNEL_IMAGE_SIZE && v.entry < v.size);
	MUST(v.nr_lists == 0 || v.nr_lists == 2 || v.nr_lists == 3);
	MUST(!v.nr_lists || v.relocs < len);
	/* as its init_size would, and for the speed of the test */
	if (v.size > 1 << 20)
		return 0;
	return !use_vmlinux(&v);
}

static void use_handoff(const __u8 *data, size_t len)
{
	struct mk_region region;
	struct mk_handoff h;
	__u32 i;

	MUST(len >= sizeof(h));
	memcpy(&h, data, sizeof(h));
	MUST(h.control && h.control_size >= MK_CONTROL_SIZE);
	MUST(h.nr_cpus && h.nr_cpus <= MK_MAX_CPUS && h.id);
	MUST(memchr(h.name, 0, sizeof(h.name)));
	MUST(memchr(h.host_version, 0, sizeof(h.host_version)));
	MUST(memchr(h.host_release, 0, sizeof(h.host_release)));
	touch(data + h.fdt, h.fdt_size);
	for (i = 0; i < h.nr_regions; i++) {
		memcpy(&region, data + h.regions + i * sizeof(region), sizeof(region));
		MUST(region.size && region.start + region.size >= region.start);
	}
}

int hostile_handoff(const __u8 *data, size_t len)
{
	int ret = mk_handoff_check(data, len);

	MUST(ret >= -1 && ret <= 1);
	if (ret == 1)
		touch(data, offsetof(struct mk_handoff, control_size));
	if (ret == 0)
		use_handoff(data, len);
	return ret == 0;
}
