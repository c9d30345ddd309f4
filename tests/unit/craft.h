/* SPDX-License-Identifier: GPL-2.0 */
/* Small well-formed inputs, made to be damaged by the tests. */
#ifndef TESTS_CRAFT_H
#define TESTS_CRAFT_H

#include "acpi.h"

#define CRAFT_IMAGE_SIZE	2048
#define CRAFT_UKI_SIZE		1024
#define CRAFT_VMLINUX_SIZE	1024
#define CRAFT_VMLINUX_MEMORY	0x600
#define CRAFT_VMLINUX_TABLES	0x300
#define CRAFT_BASE		0x1000000ULL
#define CRAFT_PHYS		0x140000000ULL
#define CRAFT_FDT_ROOM		1024

/**
 * struct craft_platform - the input of mk_acpi_build() and what it built
 * @in:		the input; points into the other fields
 * @tables:	the tables
 * @size:	what mk_acpi_build() returned
 */
struct craft_platform {
	struct mk_acpi in;
	struct mk_acpi_cpu cpus[4];
	struct mk_acpi_mem mems[3];
	__u8 distance[4];
	struct mk_handoff handoff;
	__u8 fdt[CRAFT_FDT_ROOM];
	__u8 tables[8192];
	__u32 size;
};

/* a bzImage of protocol 2.15 and release 6.12.1-craft */
void craft_image(__u8 image[CRAFT_IMAGE_SIZE]);
/* a PE file with the sections .text and .linux */
void craft_uki(__u8 image[CRAFT_UKI_SIZE]);
/*
 * An unpacked kernel for CRAFT_BASE with that many relocation tables (0, 2, 3);
 * segments at 0 and 0x400. Return: its bytes.
 */
__u32 craft_vmlinux(__u8 image[CRAFT_VMLINUX_SIZE], __u32 lists);
/* four CPUs, one with an id above 255, on two nodes */
void craft_platform_init(struct craft_platform *p);
void craft_platform_build(struct craft_platform *p);
/* the table of that signature by way of RSDP and XSDT (FADT for the DSDT) */
const __u8 *craft_table(const struct craft_platform *p, const char *sig);
__u32 craft_table_len(const __u8 *table);
/* make length and checksum of an ACPI table right */
void craft_seal(__u8 *table, __u32 len);

#endif /* TESTS_CRAFT_H */
