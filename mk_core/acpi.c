// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: writes the hardware-reduced ACPI platform of an instance, and checks
 * the handoff table on the other side.
 */
#include "acpi.h"
#include "pure.h"

#define OEM_ID			"MKRNEL"
#define OEM_TABLE_ID		"INSTANCE"
#define CREATOR_ID		"MKRN"

#define RSDP_SIZE		36
#define RSDP_V1_SIZE		20
#define FADT_SIZE		276
#define MADT_FIXED		44
#define SRAT_FIXED		48
#define SLIT_FIXED		44
#define XSDT_MAX		5	/* FADT, MADT, SRAT, SLIT, MKRN */

/* FADT: flags and IAPC_BOOT_ARCH (ACPI 6.5, 5.2.9) */
#define FADT_WBINVD		0x1
#define FADT_APIC_PHYSICAL	0x80000
#define FADT_HW_REDUCED		0x100000
#define FADT_BOOT_NO_VGA	0x4
#define FADT_BOOT_NO_CMOS_RTC	0x20

/* MADT and SRAT */
#define APIC_ENABLED		0x1
#define APIC_ONLINE_CAPABLE	0x2
#define XAPIC_IDS		255	/* ids from here on need x2APIC entries */
#define APICID_NONE		0xffffffffU
#define AFFINITY_ENABLED	0x1

#define FDT_MAGIC		0xd00dfeed
#define FDT_HEADER		40

#define CONTROL_ALIGN		4096

/*
 * Scope (\_SB)
 * {
 *	Device (MK00)
 *	{
 *		Name (_HID, "MKRN0001")
 *		Name (_STA, 0x0F)
 *	}
 * }
 */
static const __u8 dsdt_aml[] = {
	0x10, 0x23, '\\', '_', 'S', 'B', '_',
	0x5b, 0x82, 0x1b, 'M', 'K', '0', '0',
	0x08, '_', 'H', 'I', 'D', 0x0d, 'M', 'K', 'R', 'N', '0', '0', '0', '1', 0,
	0x08, '_', 'S', 'T', 'A', 0x0a, 0x0f,
};

/* where each table stands behind the start of the RSDP; 0: it does not */
struct plan {
	__u32 xsdt;
	__u32 dsdt;
	__u32 fadt;
	__u32 madt;
	__u32 srat;
	__u32 slit;
	__u32 mkrn;
};

static __u8 checksum(const void *p, __u32 len)
{
	const __u8 *b = p;
	__u8 sum = 0;

	while (len--)
		sum += *b++;
	return -sum;
}

static void put_header(__u8 *t, const char *sig, __u8 revision)
{
	memcpy(t, sig, 4);
	t[8] = revision;
	memcpy(t + 10, OEM_ID, 6);
	memcpy(t + 16, OEM_TABLE_ID, 8);
	mk_put32(t + 24, 1);
	memcpy(t + 28, CREATOR_ID, 4);
	mk_put32(t + 32, 1);
}

static void seal(__u8 *t, __u32 len)
{
	mk_put32(t + 4, len);
	t[9] = checksum(t, len);
}

static void put_rsdp(__u8 *t, __u64 xsdt)
{
	memcpy(t, "RSD PTR ", 8);
	memcpy(t + 9, OEM_ID, 6);
	t[15] = 2;
	mk_put32(t + 20, RSDP_SIZE);
	mk_put64(t + 24, xsdt);
	t[8] = checksum(t, RSDP_V1_SIZE);
	t[32] = checksum(t, RSDP_SIZE);
}

static void put_xsdt(__u8 *t, const struct plan *plan, __u64 phys)
{
	const __u32 tables[] = {
		plan->fadt, plan->madt, plan->srat, plan->slit, plan->mkrn
	};
	__u8 *p = t + MK_ACPI_HEADER_SIZE;
	__u32 i;

	put_header(t, "XSDT", 1);
	for (i = 0; i < XSDT_MAX; i++) {
		if (!tables[i])
			continue;
		mk_put64(p, phys + tables[i]);
		p += 8;
	}
	seal(t, p - t);
}

static void put_dsdt(__u8 *t)
{
	put_header(t, "DSDT", 2);
	memcpy(t + MK_ACPI_HEADER_SIZE, dsdt_aml, sizeof(dsdt_aml));
	seal(t, MK_ACPI_HEADER_SIZE + sizeof(dsdt_aml));
}

/*
 * Minor revision 5: from 6.3 on, Linux knows the online-capable flag that
 * put_cpu() sets for the host's boot CPU. Only X_DSDT is filled, as the tables
 * may lie above 4 GiB.
 */
static void put_fadt(__u8 *t, __u64 dsdt)
{
	put_header(t, "FACP", 6);
	mk_put16(t + 109, FADT_BOOT_NO_VGA | FADT_BOOT_NO_CMOS_RTC);
	mk_put32(t + 112, FADT_WBINVD | FADT_APIC_PHYSICAL | FADT_HW_REDUCED);
	t[131] = 5;
	mk_put64(t + 140, dsdt);
	seal(t, FADT_SIZE);
}

/*
 * Local APIC entries hold ids below 255, x2APIC entries are for the others:
 * Linux ignores an x2APIC entry with a small id once it has seen a local APIC
 * entry. The id is also the processor's UID: it is unique and fits in both.
 */
static __u32 cpu_size(__u32 apicid)
{
	return apicid < XAPIC_IDS ? 8 : 16;
}

static __u8 *put_cpu(__u8 *p, __u32 apicid, __u32 flags)
{
	p[1] = cpu_size(apicid);
	if (apicid < XAPIC_IDS) {
		p[2] = apicid;
		p[3] = apicid;
		mk_put32(p + 4, flags);
	} else {
		p[0] = 9;
		mk_put32(p + 4, apicid);
		mk_put32(p + 8, flags);
		mk_put32(p + 12, apicid);
	}
	return p + p[1];
}

static void put_madt(__u8 *t, const struct mk_acpi *in)
{
	__u8 *p = t + MADT_FIXED;
	__u32 i;

	put_header(t, "APIC", 5);
	mk_put32(t + 36, in->lapic);
	p = put_cpu(p, in->bsp_apicid, APIC_ONLINE_CAPABLE);
	for (i = 0; i < in->nr_cpus; i++)
		p = put_cpu(p, in->cpus[i].apicid, APIC_ENABLED);
	seal(t, p - t);
}

static __u32 cpu_affinity_size(__u32 apicid)
{
	return apicid < XAPIC_IDS ? 16 : 24;
}

static __u8 *put_cpu_affinity(__u8 *p, const struct mk_acpi_cpu *cpu)
{
	p[1] = cpu_affinity_size(cpu->apicid);
	if (cpu->apicid < XAPIC_IDS) {
		p[2] = cpu->node;
		p[3] = cpu->apicid;
		mk_put32(p + 4, AFFINITY_ENABLED);
	} else {
		p[0] = 2;
		mk_put32(p + 4, cpu->node);
		mk_put32(p + 8, cpu->apicid);
		mk_put32(p + 12, AFFINITY_ENABLED);
	}
	return p + p[1];
}

static __u8 *put_mem_affinity(__u8 *p, const struct mk_acpi_mem *mem)
{
	p[0] = 1;
	p[1] = 40;
	mk_put32(p + 2, mem->node);
	mk_put64(p + 8, mem->start);
	mk_put64(p + 16, mem->size);
	mk_put32(p + 28, AFFINITY_ENABLED);
	return p + 40;
}

static void put_srat(__u8 *t, const struct mk_acpi *in)
{
	__u8 *p = t + SRAT_FIXED;
	__u32 i;

	put_header(t, "SRAT", 3);
	mk_put32(t + 36, 1);	/* reserved, and always 1 */
	for (i = 0; i < in->nr_cpus; i++)
		p = put_cpu_affinity(p, &in->cpus[i]);
	for (i = 0; i < in->nr_mems; i++)
		p = put_mem_affinity(p, &in->mems[i]);
	seal(t, p - t);
}

static void put_slit(__u8 *t, const struct mk_acpi *in)
{
	__u32 cells = in->nr_nodes * in->nr_nodes;

	put_header(t, "SLIT", 1);
	mk_put64(t + 36, in->nr_nodes);
	memcpy(t + SLIT_FIXED, in->distance, cells);
	seal(t, SLIT_FIXED + cells);
}

static __u32 regions_at(const struct mk_acpi *in)
{
	return (sizeof(struct mk_handoff) + in->fdt_size + 7) & ~7U;
}

static __u64 handoff_size(const struct mk_acpi *in)
{
	if (!in->nr_regions)
		return sizeof(struct mk_handoff) + (__u64)in->fdt_size;
	return regions_at(in) + (__u64)in->nr_regions * sizeof(*in->regions);
}

static void put_handoff(__u8 *t, const struct mk_acpi *in)
{
	struct mk_handoff h = *in->handoff;

	h.fdt = sizeof(h);
	h.fdt_size = in->fdt_size;
	h.regions = in->nr_regions ? regions_at(in) : 0;
	h.nr_regions = in->nr_regions;
	memset(h.acpi, 0, sizeof(h.acpi));
	memcpy(t, &h, sizeof(h));
	memcpy(t + sizeof(h), in->fdt, in->fdt_size);
	if (in->nr_regions)
		memcpy(t + h.regions, in->regions, in->nr_regions * sizeof(*in->regions));
	put_header(t, MK_HANDOFF_SIG, 1);
	seal(t, handoff_size(in));
}

static int check_cpus(const struct mk_acpi *in)
{
	__u32 i;

	if (!in->nr_cpus || in->nr_cpus > MK_MAX_CPUS)
		return -1;
	for (i = 0; i < in->nr_cpus; i++) {
		const struct mk_acpi_cpu *cpu = &in->cpus[i];

		if (cpu->apicid == APICID_NONE || cpu->apicid == in->bsp_apicid ||
		    (in->nr_nodes > 1 && cpu->node >= in->nr_nodes))
			return -1;
	}
	return in->bsp_apicid == APICID_NONE ? -1 : 0;
}

static int check_mems(const struct mk_acpi *in)
{
	__u32 i;

	if (in->nr_nodes > MK_ACPI_MAX_NODES || in->nr_mems > MK_ACPI_MAX_MEMS)
		return -1;
	for (i = 0; in->nr_nodes > 1 && i < in->nr_mems; i++)
		if (in->mems[i].node >= in->nr_nodes)
			return -1;
	return 0;
}

/* Each table stands on 16 bytes, which also aligns the FDT behind MKRN. */
static __u32 place(__u64 *end, __u64 len)
{
	__u32 at = *end;

	*end = (*end + len + 15) & ~15ULL;
	return at;
}

static __u64 make_plan(struct plan *plan, const struct mk_acpi *in)
{
	__u64 end = 0;
	__u64 madt = MADT_FIXED + cpu_size(in->bsp_apicid);
	__u64 srat = SRAT_FIXED + 40 * in->nr_mems;
	__u32 i;

	for (i = 0; i < in->nr_cpus; i++) {
		madt += cpu_size(in->cpus[i].apicid);
		srat += cpu_affinity_size(in->cpus[i].apicid);
	}
	memset(plan, 0, sizeof(*plan));
	place(&end, RSDP_SIZE);
	plan->xsdt = place(&end, MK_ACPI_HEADER_SIZE + 8 * XSDT_MAX);
	plan->dsdt = place(&end, MK_ACPI_HEADER_SIZE + sizeof(dsdt_aml));
	plan->fadt = place(&end, FADT_SIZE);
	plan->madt = place(&end, madt);
	if (in->nr_nodes > 1) {
		plan->srat = place(&end, srat);
		plan->slit = place(&end, SLIT_FIXED + in->nr_nodes * in->nr_nodes);
	}
	plan->mkrn = place(&end, handoff_size(in));
	return end;
}

/*
 * The last step is the check that the instance will make: never publish a
 * table that it would refuse.
 */
__u32 mk_acpi_build(void *buf, __u32 size, const struct mk_acpi *in)
{
	struct plan plan;
	__u8 *t = buf;
	__u64 end;

	if (in->phys & 15 || check_cpus(in) || check_mems(in))
		return 0;
	end = make_plan(&plan, in);
	if (end > size)
		return 0;
	memset(t, 0, end);
	put_rsdp(t, in->phys + plan.xsdt);
	put_xsdt(t + plan.xsdt, &plan, in->phys);
	put_dsdt(t + plan.dsdt);
	put_fadt(t + plan.fadt, in->phys + plan.dsdt);
	put_madt(t + plan.madt, in);
	if (in->nr_nodes > 1) {
		put_srat(t + plan.srat, in);
		put_slit(t + plan.slit, in);
	}
	put_handoff(t + plan.mkrn, in);
	return mk_handoff_check(t + plan.mkrn, end - plan.mkrn) ? 0 : end;
}

/* Is [offset, offset + size) behind the handoff, inside the table, aligned? */
static int is_inside(__u32 len, __u32 offset, __u64 size)
{
	return offset >= sizeof(struct mk_handoff) && !(offset & 7) &&
	       offset <= len && size <= len - offset;
}

static int is_fdt(const __u8 *fdt, __u32 size)
{
	__u32 total = mk_get_be32(fdt + 4);
	__u32 structure = mk_get_be32(fdt + 8);
	__u32 strings = mk_get_be32(fdt + 12);
	__u32 reservations = mk_get_be32(fdt + 16);

	return mk_get_be32(fdt) == FDT_MAGIC && total >= FDT_HEADER &&
	       total <= size && mk_get_be32(fdt + 24) <= 17 &&
	       mk_get_be32(fdt + 20) >= 17 &&
	       structure >= FDT_HEADER && structure <= total &&
	       !(structure & 3) && mk_get_be32(fdt + 36) <= total - structure &&
	       strings >= FDT_HEADER && strings <= total &&
	       mk_get_be32(fdt + 32) <= total - strings &&
	       reservations >= FDT_HEADER && reservations <= total - 16 &&
	       !(reservations & 7);
}

static int has_nul(const char *s, __u32 size)
{
	return !!memchr(s, 0, size);
}

static int check_fields(const struct mk_handoff *h)
{
	if (!h->control || h->control & (CONTROL_ALIGN - 1) ||
	    h->control_size < MK_CONTROL_SIZE ||
	    h->control + h->control_size < h->control)
		return -1;
	if (!h->id || !h->nr_cpus || h->nr_cpus > MK_MAX_CPUS || !h->tsc_khz)
		return -1;
	if (!h->name[0] || !has_nul(h->name, sizeof(h->name)) ||
	    !has_nul(h->host_version, sizeof(h->host_version)) ||
	    !has_nul(h->host_release, sizeof(h->host_release)))
		return -1;
	return 0;
}

static int check_regions(const __u8 *table, __u32 len, const struct mk_handoff *h)
{
	struct mk_region r;
	__u32 i;

	if (!h->nr_regions)
		return h->regions ? -1 : 0;
	if (!is_inside(len, h->regions, (__u64)h->nr_regions * sizeof(r)))
		return -1;
	for (i = 0; i < h->nr_regions; i++) {
		memcpy(&r, table + h->regions + i * sizeof(r), sizeof(r));
		if (!r.size || r.start + r.size < r.start)
			return -1;
	}
	return 0;
}

int mk_handoff_check(const void *table, __u32 len)
{
	const __u8 *t = table;
	struct mk_handoff h;
	__u32 own;

	if (len < MK_ACPI_HEADER_SIZE || memcmp(t, MK_HANDOFF_SIG, 4))
		return -1;
	own = mk_get32(t + 4);
	if (own > len || own < offsetof(struct mk_handoff, control_size) ||
	    checksum(t, own))
		return -1;
	if (mk_get16(t + offsetof(struct mk_handoff, major)) != MK_HANDOFF_MAJOR)
		return 1;
	if (own < sizeof(h))
		return -1;
	memcpy(&h, t, sizeof(h));
	if (check_fields(&h) || !is_inside(own, h.fdt, h.fdt_size) ||
	    h.fdt_size < FDT_HEADER || !is_fdt(t + h.fdt, h.fdt_size))
		return -1;
	return check_regions(t, own, &h);
}
