// SPDX-License-Identifier: GPL-2.0
/* Small well-formed inputs, made to be damaged by the tests. */
#include "craft.h"
#include "fdt.h"
#include "pure.h"

void craft_image(__u8 image[CRAFT_IMAGE_SIZE])
{
	memset(image, 0, CRAFT_IMAGE_SIZE);
	memcpy(image, "MZ", 2);
	image[0x1f1] = 1;				/* setup_sects */
	mk_put32(image + 0x1f4, 1024 / 16);		/* syssize */
	mk_put16(image + 0x1fe, 0xaa55);
	memcpy(image + 0x200, "\xeb\x6aHdrS", 6);
	mk_put16(image + 0x206, 0x20f);			/* version */
	mk_put16(image + 0x20e, 0x100);			/* kernel_version */
	image[0x211] = 1;				/* loadflags */
	mk_put32(image + 0x22c, 0x7fffffff);		/* initrd_addr_max */
	mk_put32(image + 0x230, 0x200000);		/* kernel_alignment */
	image[0x234] = 1;				/* relocatable */
	mk_put16(image + 0x236, 0x7f);			/* xloadflags */
	mk_put32(image + 0x238, 2047);			/* cmdline_size */
	mk_put32(image + 0x248, 0x220);			/* payload_offset */
	mk_put32(image + 0x24c, 0x100);			/* payload_length */
	mk_put64(image + 0x258, 0x1000000);		/* pref_address */
	mk_put32(image + 0x260, 0x400000);		/* init_size */
	memcpy(image + 0x300, "6.12.1-craft (a@b) #1 SMP", 26);
	memset(image + 1024, 0x90, 1024);
}

void craft_uki(__u8 image[CRAFT_UKI_SIZE])
{
	memset(image, 0, CRAFT_UKI_SIZE);
	memcpy(image, "MZ", 2);
	mk_put32(image + 0x3c, 0x80);
	memcpy(image + 0x80, "PE\0", 4);
	mk_put16(image + 0x86, 2);			/* sections */
	mk_put16(image + 0x94, 0x70);			/* optional header */
	memcpy(image + 0x108, ".text\0\0", 8);
	memcpy(image + 0x130, ".linux\0", 8);
}

static void craft_segment(__u8 *ph, __u64 offset, __u64 at, __u64 filesz, __u64 memsz)
{
	mk_put32(ph, 1);				/* PT_LOAD */
	mk_put64(ph + 8, offset);
	mk_put64(ph + 24, CRAFT_BASE + at);		/* p_paddr */
	mk_put64(ph + 32, filesz);
	mk_put64(ph + 40, memsz);
}

static __u8 *craft_table_words(__u8 *p, const __u32 *words, __u32 nr)
{
	__u32 i;

	mk_put32(p, 0);
	for (i = 0; i < nr; i++)
		mk_put32(p + 4 + 4 * i, 0x80000000 + CRAFT_BASE + words[i]);
	return p + 4 + 4 * nr;
}

/* the tables name these offsets from CRAFT_BASE */
static __u32 craft_relocs(__u8 *image, __u32 lists)
{
	static const __u32 whole[] = { 0x10, 0x400 }, inverse[] = { 0x20 };
	static const __u32 low[] = { 0x30, 0x34, 0x5fc };
	__u8 *p = image + CRAFT_VMLINUX_TABLES;

	if (lists)
		p = craft_table_words(p, whole, 2);
	if (lists == 3)
		p = craft_table_words(p, inverse, 1);
	if (lists)
		p = craft_table_words(p, low, 3);
	return p - image;
}

__u32 craft_vmlinux(__u8 image[CRAFT_VMLINUX_SIZE], __u32 lists)
{
	memset(image, 0, CRAFT_VMLINUX_SIZE);
	memcpy(image, "\177ELF\2\1\1", 7);
	mk_put16(image + 18, 62);			/* x86-64 */
	mk_put64(image + 24, CRAFT_BASE + 0x40);	/* entry */
	mk_put64(image + 32, 64);			/* program headers */
	mk_put64(image + 40, CRAFT_VMLINUX_TABLES - 2 * 64);	/* section headers */
	mk_put16(image + 54, 56);
	mk_put16(image + 56, 3);
	mk_put16(image + 58, 64);
	mk_put16(image + 60, 2);
	craft_segment(image + 64, 0x100, 0, 0x100, 0x100);
	craft_segment(image + 64 + 56, 0x200, 0x400, 0x80, 0x200);
	mk_put32(image + 64 + 112, 4);			/* PT_NOTE */
	memset(image + 0x100, 0x90, 0x180);
	mk_put64(image + 0x110, 0xffffffff81000044);
	mk_put32(image + 0x120, 0x7f000000);
	mk_put32(image + 0x130, 0x81000048);
	mk_put32(image + 0x134, 0xffffffff);
	mk_put64(image + 0x200, 0xffffffff81000400);
	return craft_relocs(image, lists);
}

static __u32 craft_fdt(__u8 *buf)
{
	struct mk_fdt f;

	mk_fdt_begin(&f, buf, CRAFT_FDT_ROOM);
	mk_fdt_node(&f, "");
	mk_fdt_prop_str(&f, "compatible", "multikernel-v1");
	mk_fdt_node(&f, "instance");
	mk_fdt_prop_u32(&f, "id", 3);
	mk_fdt_end_node(&f);
	mk_fdt_end_node(&f);
	return mk_fdt_finish(&f);
}

void craft_platform_init(struct craft_platform *p)
{
	memset(p, 0, sizeof(*p));
	p->cpus[0] = (struct mk_acpi_cpu){ .apicid = 2, .node = 0 };
	p->cpus[1] = (struct mk_acpi_cpu){ .apicid = 254, .node = 0 };
	p->cpus[2] = (struct mk_acpi_cpu){ .apicid = 255, .node = 1 };
	p->cpus[3] = (struct mk_acpi_cpu){ .apicid = 4096, .node = 1 };
	p->mems[0] = (struct mk_acpi_mem){ 0x90000, 0x8000, 0 };
	p->mems[1] = (struct mk_acpi_mem){ 0x100000000, 0x10000000, 0 };
	p->mems[2] = (struct mk_acpi_mem){ 0x200000000, 0x20000000, 1 };
	memcpy(p->distance, "\x0a\x15\x15\x0a", 4);
	p->handoff = (struct mk_handoff){
		.major = MK_HANDOFF_MAJOR, .minor = MK_HANDOFF_MINOR,
		.control = 0x10f000000, .control_size = MK_CONTROL_SIZE,
		.id = 3, .epoch = 7, .tsc_khz = 2400000, .nr_cpus = 4,
		.name = "web", .host_version = "1.0", .host_release = "6.12.1-craft",
	};
	p->in = (struct mk_acpi){
		.phys = CRAFT_PHYS, .bsp_apicid = 0, .lapic = 0xfee00000,
		.cpus = p->cpus, .nr_cpus = 4, .mems = p->mems, .nr_mems = 3,
		.nr_nodes = 2, .distance = p->distance,
		.handoff = &p->handoff, .fdt = p->fdt,
		.fdt_size = craft_fdt(p->fdt),
	};
}

void craft_platform_build(struct craft_platform *p)
{
	p->size = mk_acpi_build(p->tables, sizeof(p->tables), &p->in);
}

static const __u8 *at_phys(const struct craft_platform *p, const __u8 *phys)
{
	__u64 addr = mk_get32(phys) | (__u64)mk_get32(phys + 4) << 32;

	return p->tables + (addr - p->in.phys);
}

__u32 craft_table_len(const __u8 *table)
{
	return mk_get32(table + 4);
}

const __u8 *craft_table(const struct craft_platform *p, const char *sig)
{
	const __u8 *xsdt = at_phys(p, p->tables + 24);
	__u32 at;

	if (!strcmp(sig, "XSDT"))
		return xsdt;
	if (!strcmp(sig, "DSDT"))
		return at_phys(p, craft_table(p, "FACP") + 140);
	for (at = MK_ACPI_HEADER_SIZE; at < craft_table_len(xsdt); at += 8)
		if (!memcmp(at_phys(p, xsdt + at), sig, 4))
			return at_phys(p, xsdt + at);
	return NULL;
}

void craft_seal(__u8 *table, __u32 len)
{
	__u8 sum = 0;
	__u32 i;

	mk_put32(table + 4, len);
	table[9] = 0;
	for (i = 0; i < len; i++)
		sum += table[i];
	table[9] = -sum;
}
