/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: the hardware-reduced ACPI platform of an instance (ACPI 6.5, 5.2):
 * RSDP, XSDT, FADT 6.x, DSDT with MKRN0001, MADT, SRAT and SLIT where asked, and
 * the handoff table.
 */
#ifndef MK_CORE_ACPI_H
#define MK_CORE_ACPI_H

#include "handoff.h"

#define MK_ACPI_MAX_NODES	8
#define MK_ACPI_MAX_MEMS	(MK_MAX_EXTENTS + 1)

/**
 * struct mk_acpi_cpu - a CPU for MADT and SRAT
 * @apicid:	local APIC id
 * @node:	proximity domain, used when nr_nodes is above 1
 */
struct mk_acpi_cpu {
	__u32 apicid;
	__u32 node;
};

/**
 * struct mk_acpi_mem - a range of memory for the SRAT
 * @start:	physical address
 * @size:	bytes
 * @node:	proximity domain
 */
struct mk_acpi_mem {
	__u64 start;
	__u64 size;
	__u32 node;
};

/**
 * struct mk_acpi - what the tables are built from
 * @phys:	physical address where the tables will be
 * @bsp_apicid:	APIC id of the host's boot CPU: listed first in the MADT, not
 *		enabled, online-capable: kernels from 6.9 on take it for the real BSP
 *		and leave it alone; older ones ignore it (SPAWN.md)
 * @lapic:	physical address of the local APICs (0xfee00000)
 * @cpus:	the instance's CPUs, its boot CPU first
 * @nr_cpus:	their number, up to MK_MAX_CPUS
 * @mems:	its memory, for the SRAT
 * @nr_mems:	their number
 * @nr_nodes:	NUMA nodes; SRAT and SLIT are built only when it is above 1
 * @distance:	SLIT, row by row, nr_nodes * nr_nodes entries
 * @handoff:	template; its acpi header, fdt and regions fields are filled here
 * @fdt:	flattened device tree that goes behind it
 * @fdt_size:	its bytes
 * @regions:	shared regions, behind that
 * @nr_regions:	their number
 */
struct mk_acpi {
	__u64 phys;
	__u32 bsp_apicid;
	__u32 lapic;
	const struct mk_acpi_cpu *cpus;
	__u32 nr_cpus;
	const struct mk_acpi_mem *mems;
	__u32 nr_mems;
	__u32 nr_nodes;
	const __u8 *distance;
	const struct mk_handoff *handoff;
	const void *fdt;
	__u32 fdt_size;
	const struct mk_region *regions;
	__u32 nr_regions;
};

/**
 * mk_acpi_build() - write all tables
 * @buf:	room; the RSDP stands at its start
 * @size:	its bytes
 * @in:		what to build from
 *
 * Return: bytes used, or 0 when @size is too small or @in out of bounds.
 */
__u32 mk_acpi_build(void *buf, __u32 size, const struct mk_acpi *in);

/**
 * mk_handoff_check() - check a handoff table before any field of it is used
 * @table:	the table as ACPI found it
 * @len:	its bytes
 *
 * Offsets, sizes, NUL terminations, magic and the FDT header.
 * Return: 0 good; 1 another major version (major, minor and control may be
 * read); -1 malformed.
 */
int mk_handoff_check(const void *table, __u32 len);

#endif /* MK_CORE_ACPI_H */
