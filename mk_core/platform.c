// SPDX-License-Identifier: GPL-2.0
/*
 * The platform that an instance finds: boot_params, command line, page tables
 * for the way into it, ACPI tables and the control page.
 *
 * They stand in an area at the end of its first extent, which its memory map
 * shows as reserved and, for the tables, as ACPI data:
 *
 *	+0	control page
 *	+4K	boot_params
 *	+8K	command line
 *	+12K	its regions
 *	+16K	page tables
 *	+64K	ACPI tables
 *	+256K	mk_ipc's, up to the end
 */
#include <linux/acpi.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/utsname.h>
#include <asm/apicdef.h>
#include <asm/tsc.h>

#include "acpi.h"
#include "bootparams.h"
#include "fdt.h"
#include "internal.h"
#include "pagetable.h"

#define AT_CONTROL	0
#define AT_BOOTPARAMS	0x1000
#define AT_CMDLINE	0x2000
#define AT_SHARES	0x3000
#define AT_PAGETABLE	0x4000
#define AT_ACPI		0x10000
#define AT_IPC		0x40000
#define FDT_ROOM	8192

/* Pages of the low window: trampoline, PML4. The rest is the instance's. */
#define WINDOW_CR3	PAGE_SIZE

/**
 * mk_platform_params() - what every instance's command line ends with
 * @buf:	room
 * @size:	its bytes
 * @agent:	the first initramfs holds /mk/init
 *
 * Context: any.
 * Return: length without the NUL.
 */
int mk_platform_params(char *buf, size_t size, bool agent)
{
	const struct acpi_generic_address *pm = &acpi_gbl_FADT.xpm_timer_block;
	int len;

	/* README.md of this folder says what each one is for. */
	len = scnprintf(buf, size,
			"tsc_early_khz=%u no_timer_check no_ipi_broadcast=1 noapic pci=off panic=0 8250.nr_uarts=0 nmi_watchdog=0 swiotlb=noforce tsc=reliable acpi=noirq acpi_sci=edge%s",
			tsc_khz, agent ? " rdinit=/mk/init" : "");
	if (!boot_cpu_has(X86_FEATURE_TSC_DEADLINE_TIMER) && pm->address &&
	    pm->space_id == ACPI_ADR_SPACE_SYSTEM_IO)
		len += scnprintf(buf + len, size - len, " pmtmr=%llx", pm->address);
	return len;
}

static void fdt_resources(struct mk_fdt *f, const struct mk_instance *inst)
{
	u32 cells[MK_MAX_EXTENTS * 4];
	u32 *ids = kcalloc(inst->nr_cpus, 2 * sizeof(u32), GFP_KERNEL);
	u32 i;

	if (!ids) {
		f->failed = 1;
		return;
	}
	for (i = 0; i < inst->nr_cpus; i++) {
		ids[i] = inst->cpus[i]->cpu;
		ids[inst->nr_cpus + i] = inst->cpus[i]->apicid;
	}
	for (i = 0; i < inst->nr_extents; i++) {
		cells[4 * i] = upper_32_bits(inst->extents[i].start);
		cells[4 * i + 1] = lower_32_bits(inst->extents[i].start);
		cells[4 * i + 2] = upper_32_bits(inst->extents[i].size);
		cells[4 * i + 3] = lower_32_bits(inst->extents[i].size);
	}
	mk_fdt_prop_cells(f, "cpus", ids, inst->nr_cpus);
	mk_fdt_prop_cells(f, "apic-ids", ids + inst->nr_cpus, inst->nr_cpus);
	mk_fdt_prop_u64(f, "memory-bytes", inst->memory);
	mk_fdt_prop_cells(f, "memory-ranges", cells, 4 * inst->nr_extents);
	kfree(ids);
}

/**
 * mk_platform_fdt() - describe an instance's resources as a device tree
 * @inst:	instance that has its CPUs and memory
 *
 * Context: before the instance is listed.
 * Return: 0 or a negative errno.
 */
int mk_platform_fdt(struct mk_instance *inst)
{
	struct mk_fdt f;
	void *buf = kzalloc(FDT_ROOM, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	mk_fdt_begin(&f, buf, FDT_ROOM);
	mk_fdt_node(&f, "");
	mk_fdt_prop_str(&f, "compatible", "multikernel-v1");
	mk_fdt_node(&f, "instances");
	mk_fdt_node(&f, inst->name);
	mk_fdt_prop_u32(&f, "id", inst->id);
	mk_fdt_node(&f, "resources");
	fdt_resources(&f, inst);
	mk_fdt_end_node(&f);
	mk_fdt_end_node(&f);
	mk_fdt_end_node(&f);
	mk_fdt_end_node(&f);
	inst->fdt_size = mk_fdt_finish(&f);
	if (inst->fdt_size)
		inst->fdt = kmemdup(buf, inst->fdt_size, GFP_KERNEL);
	kfree(buf);
	return inst->fdt ? 0 : -ENOMEM;
}

/* --- ACPI ------------------------------------------------------------------ */

/* NUMA nodes of an instance, numbered from 0 in the order of the host's. */
struct nodes {
	u32 nr;
	int nid[MK_ACPI_MAX_NODES];
	u8 distance[MK_ACPI_MAX_NODES * MK_ACPI_MAX_NODES];
};

static u32 node_number(struct nodes *n, int nid)
{
	u32 i;

	for (i = 0; i < n->nr; i++)
		if (n->nid[i] == nid)
			return i;
	/* more nodes than the tables hold: the rest counts as the last one */
	if (n->nr == MK_ACPI_MAX_NODES)
		return n->nr - 1;
	n->nid[n->nr] = nid;
	return n->nr++;
}

static void fill_distances(struct nodes *n)
{
	u32 i, j;

	for (i = 0; i < n->nr; i++)
		for (j = 0; j < n->nr; j++)
			n->distance[i * n->nr + j] = node_distance(n->nid[i], n->nid[j]);
}

static void fill_handoff(const struct mk_instance *inst, struct mk_handoff *h)
{
	h->major = MK_HANDOFF_MAJOR;
	h->minor = MK_HANDOFF_MINOR;
	h->control = inst->image.control;
	h->control_size = MK_CONTROL_SIZE;
	h->id = inst->id;
	h->epoch = inst->epoch;
	h->tsc_khz = tsc_khz;
	h->nr_cpus = inst->nr_cpus;
	strscpy(h->name, inst->name, sizeof(h->name));
	strscpy(h->host_version, MK_VERSION, sizeof(h->host_version));
	strscpy(h->host_release, init_utsname()->release, sizeof(h->host_release));
}

static int build_acpi(struct mk_instance *inst, u64 at, u32 room)
{
	const struct mk_region regions[] = {
		inst->image.ipc,
		{ .start = inst->image.shares, .size = sizeof(struct mk_share_table),
		  .kind = MK_REGION_SHARES },
	};
	struct mk_acpi_mem mems[MK_ACPI_MAX_MEMS];
	struct mk_acpi in = {
		.phys = at, .bsp_apicid = mk_arch_apicid(0),
		.lapic = APIC_DEFAULT_PHYS_BASE,
		.mems = mems, .fdt = inst->fdt, .fdt_size = inst->fdt_size,
		.regions = regions, .nr_regions = ARRAY_SIZE(regions),
	};
	struct mk_handoff *handoff = kzalloc(sizeof(*handoff), GFP_KERNEL);
	struct nodes *nodes = kzalloc(sizeof(*nodes), GFP_KERNEL);
	struct mk_acpi_cpu *cpus = kcalloc(inst->nr_cpus, sizeof(*cpus), GFP_KERNEL);
	u32 i, size = 0;

	if (!handoff || !nodes || !cpus)
		goto out;
	for (i = 0; i < inst->nr_extents; i++)
		mems[i] = (struct mk_acpi_mem){ inst->extents[i].start,
			inst->extents[i].size, node_number(nodes, inst->extents[i].node) };
	for (i = 0; i < inst->nr_cpus; i++)
		cpus[i] = (struct mk_acpi_cpu){ inst->cpus[i]->apicid,
			node_number(nodes, inst->cpus[i]->nid) };
	/* the window lies below 1 MiB; count it to the first extent's node */
	mems[i = inst->nr_extents] = (struct mk_acpi_mem){ inst->window,
		MK_WINDOW_SIZE, mems[0].node };
	fill_distances(nodes);
	fill_handoff(inst, handoff);
	in.cpus = cpus;
	in.nr_cpus = inst->nr_cpus;
	in.nr_mems = inst->nr_extents + 1;
	in.nr_nodes = nodes->nr;
	in.distance = nodes->distance;
	in.handoff = handoff;
	size = mk_acpi_build(mk_virt(at), room, &in);
out:
	kfree(cpus);
	kfree(nodes);
	kfree(handoff);
	return size ?: -ENOMEM;
}

/* --- boot_params ------------------------------------------------------------- */

static void add_e820(struct mk_e820 *map, u32 *nr, u64 start, u64 end, u32 type)
{
	u32 i;

	if (start == end)
		return;
	for (i = *nr; i > 0 && map[i - 1].addr > start; i--)
		map[i] = map[i - 1];
	map[i] = (struct mk_e820){ .addr = start, .size = end - start, .type = type };
	(*nr)++;
}

static u32 build_e820(const struct mk_instance *inst, const struct mk_layout *at,
		      struct mk_e820 *map)
{
	const struct mk_extent *e = inst->extents;
	u64 acpi = at->platform + AT_ACPI, ipc = at->platform + AT_IPC;
	u32 nr = 0, i;

	add_e820(map, &nr, inst->window, inst->window + MK_WINDOW_SIZE, MK_E820_RAM);
	add_e820(map, &nr, e->start, at->platform, MK_E820_RAM);
	add_e820(map, &nr, at->platform, acpi, MK_E820_RESERVED);
	add_e820(map, &nr, acpi, ipc, MK_E820_ACPI);
	add_e820(map, &nr, ipc, at->platform + MK_PLATFORM_SIZE, MK_E820_RESERVED);
	for (i = 1; i < inst->nr_extents; i++)
		add_e820(map, &nr, e[i].start, e[i].start + e[i].size, MK_E820_RAM);
	return nr;
}

static int build_bootparams(struct mk_instance *inst, const void *image,
			    const struct mk_bzimage *bz,
			    const struct mk_layout *at, struct mk_error *err)
{
	struct mk_e820 map[MK_MAX_EXTENTS + 5];
	const char *cmdline = inst->image.cmdline;
	struct mk_boot boot = {
		.cmdline = at->platform + AT_CMDLINE, .cmdline_len = strlen(cmdline),
		.initrd = at->initrd, .initrd_size = at->initrd_size,
		.rsdp = inst->image.rsdp, .e820 = map,
	};
	u32 most = min_t(u32, bz->cmdline_max, MK_PLATFORM_CMDLINE - 1);

	if (boot.cmdline_len > most)
		return mk_fail(err, -E2BIG, MK_E_CMDLINE_LONG, boot.cmdline_len, most);
	memcpy(mk_virt(boot.cmdline), cmdline, boot.cmdline_len + 1);
	boot.nr_e820 = build_e820(inst, at, map);
	if (mk_bootparams_build(mk_virt(at->platform + AT_BOOTPARAMS), image, bz, &boot))
		return mk_fail(err, -EINVAL, MK_E_INTERNAL, -EINVAL, 0);
	inst->image.entry.rsi = at->platform + AT_BOOTPARAMS;
	return 0;
}

static int build_pagetable(struct mk_instance *inst, const struct mk_bzimage *bz,
			   const struct mk_layout *at, struct mk_error *err)
{
	u64 tables = at->platform + AT_PAGETABLE;
	struct mk_pagetable pt = {
		.root = mk_virt(inst->window + WINDOW_CR3),
		.pages = mk_virt(tables), .pages_phys = tables,
		.nr_pages = (AT_ACPI - AT_PAGETABLE) / MK_PT_PAGE,
	};

	memset(pt.root, 0, MK_PT_PAGE);
	if (mk_pagetable_map(&pt, 0, SZ_1M) ||
	    mk_pagetable_map(&pt, at->kernel, max(bz->init_size, bz->code_size)) ||
	    mk_pagetable_map(&pt, at->platform, MK_PLATFORM_SIZE))
		return mk_fail(err, -EINVAL, MK_E_INTERNAL, -ERANGE, 0);
	return 0;
}

/**
 * mk_platform_build() - write the platform area
 * @inst:	instance
 * @image:	the bzImage, its setup code still in front
 * @bz:		its header
 * @at:		where kernel, initramfs and platform area are
 * @err:	what was wrong
 *
 * Context: instance->lock held, no CPU of the instance running; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_platform_build(struct mk_instance *inst, const void *image,
		      const struct mk_bzimage *bz, const struct mk_layout *at,
		      struct mk_error *err)
{
	struct mk_image *img = &inst->image;
	int size;

	inst->epoch = mk_control_epoch();
	img->control = at->platform + AT_CONTROL;
	img->tables = at->platform + AT_ACPI;
	img->rsdp = img->tables;
	img->ipc = (struct mk_region){ .start = at->platform + AT_IPC,
		.size = MK_PLATFORM_SIZE - AT_IPC, .kind = MK_REGION_IPC };
	img->shares = at->platform + AT_SHARES;
	img->entry.page = inst->window;
	img->entry.cr3 = inst->window + WINDOW_CR3;
	memset(mk_virt(inst->window), 0, MK_WINDOW_SIZE);
	size = build_acpi(inst, img->tables, AT_IPC - AT_ACPI);
	if (size < 0)
		return mk_fail(err, size, MK_E_INTERNAL, size, 0);
	img->tables_size = size;
	return build_pagetable(inst, bz, at, err) ?:
	       build_bootparams(inst, image, bz, at, err);
}
