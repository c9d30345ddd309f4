// SPDX-License-Identifier: GPL-2.0
/* The ACPI tables as an instance's kernel reads them, and the handoff check. */
#include "kselftest_harness.h"

#include "craft.h"
#include "pure.h"

FIXTURE(acpi)
{
	struct craft_platform p;
};

FIXTURE_SETUP(acpi)
{
	craft_platform_init(&self->p);
	craft_platform_build(&self->p);
	ASSERT_GT(self->p.size, 0);
}

FIXTURE_TEARDOWN(acpi)
{
}

static __u8 sum(const __u8 *p, __u32 len)
{
	__u8 total = 0;

	while (len--)
		total += *p++;
	return total;
}

static __u64 get64(const __u8 *p)
{
	return mk_get32(p) | (__u64)mk_get32(p + 4) << 32;
}

TEST_F(acpi, rsdp)
{
	const __u8 *rsdp = self->p.tables;

	EXPECT_EQ(memcmp(rsdp, "RSD PTR ", 8), 0);
	EXPECT_EQ(sum(rsdp, 20), 0);
	EXPECT_EQ(sum(rsdp, 36), 0);
	EXPECT_EQ(rsdp[15], 2);
	EXPECT_EQ(mk_get32(rsdp + 20), 36);
}

TEST_F(acpi, every_table_is_sealed_and_aligned)
{
	static const char * const sigs[] = {
		"XSDT", "DSDT", "FACP", "APIC", "SRAT", "SLIT", "MKRN"
	};
	const __u8 *t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sigs); i++) {
		t = craft_table(&self->p, sigs[i]);
		ASSERT_NE(t, NULL) TH_LOG("%s", sigs[i]);
		EXPECT_EQ(memcmp(t, sigs[i], 4), 0);
		EXPECT_EQ(memcmp(t + 10, "MKRNEL", 6), 0);
		EXPECT_EQ((t - self->p.tables) % 8, 0);
		EXPECT_LE(t + craft_table_len(t), self->p.tables + self->p.size);
		EXPECT_EQ(sum(t, craft_table_len(t)), 0) TH_LOG("%s", sigs[i]);
	}
}

TEST_F(acpi, fadt)
{
	const __u8 *fadt = craft_table(&self->p, "FACP");

	EXPECT_EQ(craft_table_len(fadt), 276);
	EXPECT_EQ(fadt[8], 6);
	EXPECT_EQ(fadt[131], 5);
	EXPECT_EQ(mk_get16(fadt + 109), 1 << 2 | 1 << 5);
	EXPECT_EQ(mk_get32(fadt + 112), 1 << 0 | 1 << 19 | 1 << 20);
}

struct madt_entry {
	__u8 type;
	__u32 apicid;
	__u32 flags;
};

static int read_madt(const __u8 *madt, struct madt_entry *e, int room)
{
	const __u8 *p = madt + 44, *end = madt + craft_table_len(madt);
	int n = 0;

	for (; p < end && n < room; p += p[1], n++) {
		e[n].type = p[0];
		e[n].apicid = p[0] ? mk_get32(p + 4) : p[3];
		e[n].flags = mk_get32(p + (p[0] ? 8 : 4));
	}
	return p == end ? n : -1;
}

TEST_F(acpi, madt_lists_the_hosts_boot_cpu_first)
{
	const __u8 *madt = craft_table(&self->p, "APIC");
	struct madt_entry e[8];

	EXPECT_EQ(mk_get32(madt + 36), 0xfee00000);
	EXPECT_EQ(mk_get32(madt + 40), 0);
	ASSERT_EQ(read_madt(madt, e, 8), 5);
	EXPECT_EQ(e[0].apicid, self->p.in.bsp_apicid);
	EXPECT_EQ(e[0].flags, 2);
}

/*
 * Linux drops x2APIC entries with ids below 255 when there are local APIC
 * entries, and a local APIC entry with id 255 always.
 */
TEST_F(acpi, madt_types)
{
	struct madt_entry e[8];
	int i;

	ASSERT_EQ(read_madt(craft_table(&self->p, "APIC"), e, 8), 5);
	for (i = 1; i < 5; i++) {
		EXPECT_EQ(e[i].apicid, self->p.cpus[i - 1].apicid);
		EXPECT_EQ(e[i].flags, 1);
		EXPECT_EQ(e[i].type, e[i].apicid < 255 ? 0 : 9);
	}
}

TEST_F(acpi, srat)
{
	const __u8 *srat = craft_table(&self->p, "SRAT"), *p = srat + 48;
	int i;

	for (i = 0; i < 4; i++, p += p[1]) {
		EXPECT_EQ(p[0], self->p.cpus[i].apicid < 255 ? 0 : 2);
		EXPECT_EQ(p[0] ? mk_get32(p + 8) : p[3], self->p.cpus[i].apicid);
		EXPECT_EQ(p[0] ? mk_get32(p + 4) : p[2], self->p.cpus[i].node);
	}
	for (i = 0; i < 3; i++, p += p[1]) {
		EXPECT_EQ(p[0], 1);
		EXPECT_EQ(mk_get32(p + 2), self->p.mems[i].node);
		EXPECT_EQ(get64(p + 8), self->p.mems[i].start);
		EXPECT_EQ(get64(p + 16), self->p.mems[i].size);
		EXPECT_EQ(mk_get32(p + 28), 1);
	}
	EXPECT_EQ(p, srat + craft_table_len(srat));
}

TEST_F(acpi, slit)
{
	const __u8 *slit = craft_table(&self->p, "SLIT");

	EXPECT_EQ(craft_table_len(slit), 48);
	EXPECT_EQ(get64(slit + 36), 2);
	EXPECT_EQ(memcmp(slit + 44, self->p.distance, 4), 0);
}

TEST_F(acpi, one_node_needs_no_numa_tables)
{
	self->p.in.nr_nodes = 1;
	craft_platform_build(&self->p);
	ASSERT_GT(self->p.size, 0);
	EXPECT_EQ(craft_table(&self->p, "SRAT"), NULL);
	EXPECT_EQ(craft_table(&self->p, "SLIT"), NULL);
	EXPECT_NE(craft_table(&self->p, "MKRN"), NULL);
}

TEST_F(acpi, handoff)
{
	const __u8 *t = craft_table(&self->p, "MKRN");
	struct mk_handoff h;

	EXPECT_EQ(mk_handoff_check(t, craft_table_len(t)), 0);
	memcpy(&h, t, sizeof(h));
	EXPECT_EQ(h.fdt % 8, 0);
	EXPECT_EQ(h.fdt_size, self->p.in.fdt_size);
	EXPECT_EQ(memcmp(t + h.fdt, self->p.fdt, h.fdt_size), 0);
	EXPECT_EQ(h.regions, 0);
	EXPECT_EQ(h.nr_regions, 0);
	EXPECT_EQ(h.control, self->p.handoff.control);
	EXPECT_STREQ(h.name, "web");
}

TEST_F(acpi, room)
{
	__u32 size;
	void *buf;

	for (size = 0; size <= self->p.size; size++) {
		buf = malloc(size);
		EXPECT_EQ(mk_acpi_build(buf, size, &self->p.in),
			  size < self->p.size ? 0 : size);
		free(buf);
	}
}

TEST_F(acpi, most_cpus)
{
	static struct mk_acpi_cpu cpus[MK_MAX_CPUS + 1];
	static __u8 buf[16384];
	struct mk_acpi *in = &self->p.in;
	int i;

	for (i = 0; i <= MK_MAX_CPUS; i++)
		cpus[i].apicid = i + 1;
	in->cpus = cpus;
	in->nr_cpus = MK_MAX_CPUS;
	self->p.handoff.nr_cpus = MK_MAX_CPUS;
	EXPECT_GT(mk_acpi_build(buf, sizeof(buf), in), 0);
	in->nr_cpus++;
	EXPECT_EQ(mk_acpi_build(buf, sizeof(buf), in), 0);
}

#define REFUSED(change) do {						\
	struct craft_platform bad;					\
									\
	craft_platform_init(&bad);					\
	change;								\
	craft_platform_build(&bad);					\
	EXPECT_EQ(bad.size, 0) TH_LOG("%s", #change);			\
} while (0)

TEST(build_refuses)
{
	REFUSED(bad.in.phys += 8);
	REFUSED(bad.in.nr_cpus = 0);
	REFUSED(bad.in.bsp_apicid = 0xffffffff);
	REFUSED(bad.in.bsp_apicid = bad.cpus[1].apicid);
	REFUSED(bad.cpus[2].apicid = 0xffffffff);
	REFUSED(bad.cpus[0].node = 2);
	REFUSED(bad.mems[0].node = 2);
	REFUSED(bad.in.nr_nodes = MK_ACPI_MAX_NODES + 1);
	REFUSED(bad.in.nr_mems = MK_ACPI_MAX_MEMS + 1);
	REFUSED(bad.in.fdt_size = 39);
	REFUSED(bad.in.fdt_size = 0xffffffff);
	REFUSED(bad.fdt[0] = 0);
	REFUSED(bad.handoff.id = 0);
	REFUSED(memset(bad.handoff.name, 'x', sizeof(bad.handoff.name)));
}

FIXTURE(handoff)
{
	__u8 table[1024];
	__u32 len;
	struct mk_handoff h;
};

FIXTURE_SETUP(handoff)
{
	static struct craft_platform p;
	const __u8 *t;

	craft_platform_init(&p);
	craft_platform_build(&p);
	t = craft_table(&p, "MKRN");
	self->len = craft_table_len(t);
	memcpy(self->table, t, self->len);
	memcpy(&self->h, t, sizeof(self->h));
}

FIXTURE_TEARDOWN(handoff)
{
}

/* what the check says of the table with the fields of self->h */
static int check(struct _test_data_handoff *self)
{
	memcpy(self->table, &self->h, sizeof(self->h));
	craft_seal(self->table, self->len);
	return mk_handoff_check(self->table, self->len);
}

#define BAD(field, value) do {						\
	struct mk_handoff good = self->h;				\
									\
	self->h.field = value;						\
	EXPECT_EQ(check(self), -1) TH_LOG("%s = %s", #field, #value);	\
	self->h = good;							\
} while (0)

TEST_F(handoff, fields)
{
	EXPECT_EQ(check(self), 0);
	BAD(control, 0);
	BAD(control, 0x1001);
	BAD(control, -4096ULL);
	BAD(control_size, MK_CONTROL_SIZE - 1);
	BAD(id, 0);
	BAD(tsc_khz, 0);
	BAD(nr_cpus, 0);
	BAD(nr_cpus, MK_MAX_CPUS + 1);
	BAD(name[0], 0);
	BAD(acpi[0], 'X');
}

TEST_F(handoff, strings_must_end)
{
	memset(self->h.host_version, 'v', sizeof(self->h.host_version));
	EXPECT_EQ(check(self), -1);
	self->h.host_version[MK_VERSION_SIZE - 1] = 0;
	EXPECT_EQ(check(self), 0);
	memset(self->h.host_release, 'r', sizeof(self->h.host_release));
	EXPECT_EQ(check(self), -1);
}

TEST_F(handoff, device_tree_must_lie_inside)
{
	BAD(fdt, 0);
	BAD(fdt, self->h.fdt - 8);
	BAD(fdt, self->h.fdt + 4);
	BAD(fdt, self->h.fdt + 8);
	BAD(fdt, 0xfffffff8);
	BAD(fdt_size, self->h.fdt_size + 1);
	BAD(fdt_size, self->h.fdt_size - 1);
	BAD(fdt_size, 0xffffffff);
	BAD(fdt_size, 39);
	BAD(fdt_size, 0);
}

TEST_F(handoff, device_tree_header)
{
	static const struct {
		__u32 at;
		__u32 value;
	} bad[] = {
		{ 0, 0 }, { 4, 39 }, { 4, 0xffffffff },		/* magic, size */
		{ 8, 0 }, { 8, 58 }, { 8, 0xfffffffc },		/* structure */
		{ 12, 0 }, { 12, 0xffffffff },			/* strings */
		{ 16, 0 }, { 16, 44 }, { 16, 0xfffffff8 },	/* reservations */
		{ 20, 16 }, { 24, 18 },				/* versions */
		{ 32, 0xffffffff }, { 36, 0xffffffff },		/* sizes */
	};
	__u8 *field;
	__u32 good;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		field = self->table + self->h.fdt + bad[i].at;
		good = mk_get_be32(field);
		mk_put_be32(field, bad[i].value);
		EXPECT_EQ(check(self), -1) TH_LOG("%u: %#x", bad[i].at, bad[i].value);
		mk_put_be32(field, good);
	}
	EXPECT_EQ(check(self), 0);
}

TEST_F(handoff, regions)
{
	struct mk_region region = { .start = 0x1000, .size = 0x1000 };
	__u32 at = (self->len + 7) & ~7;

	BAD(regions, at);				/* of none */
	BAD(nr_regions, 1);				/* nowhere */
	memset(self->table + self->len, 0, 2 * sizeof(region) + 8);
	memcpy(self->table + at, &region, sizeof(region));
	memcpy(self->table + at + sizeof(region), &region, sizeof(region));
	self->len = at + 2 * sizeof(region);
	self->h.regions = at;
	self->h.nr_regions = 2;
	EXPECT_EQ(check(self), 0);
	BAD(nr_regions, 3);
	BAD(nr_regions, 0xffffffff);
	BAD(regions, at + 8);
	BAD(regions, at + 1);
	region.start = -0x800ULL;
	memcpy(self->table + at + sizeof(region), &region, sizeof(region));
	EXPECT_EQ(check(self), -1);
}

TEST_F(handoff, another_minor_is_fine)
{
	self->h.minor = 0xffff;
	EXPECT_EQ(check(self), 0);
}

TEST_F(handoff, another_major_is_told_apart)
{
	self->h.major = MK_HANDOFF_MAJOR + 1;
	self->h.fdt = 0;
	EXPECT_EQ(check(self), 1);
	craft_seal(self->table, 48);
	EXPECT_EQ(mk_handoff_check(self->table, 48), 1);
	craft_seal(self->table, 47);
	EXPECT_EQ(mk_handoff_check(self->table, 47), -1);
}

TEST_F(handoff, length_and_checksum)
{
	EXPECT_EQ(mk_handoff_check(self->table, self->len + 1), 0);
	EXPECT_EQ(mk_handoff_check(self->table, self->len - 1), -1);
	EXPECT_EQ(mk_handoff_check(self->table, 0), -1);
	self->table[self->len - 1] ^= 1;
	EXPECT_EQ(mk_handoff_check(self->table, self->len), -1);
}

TEST_HARNESS_MAIN
