// SPDX-License-Identifier: GPL-2.0
/*
 * acpica-tools must take each table apart and put it together again, without a
 * warning and, but for its own compiler id, to the same bytes.
 */
#include "kselftest_harness.h"

#include "craft.h"

#define TABLE_MAX	4096

FIXTURE(iasl)
{
	char dir[32];
};

FIXTURE_VARIANT(iasl)
{
	const char *sig;
	bool compared;		/* not MKRN: iasl knows only its header */
};

FIXTURE_VARIANT_ADD(iasl, XSDT) { .sig = "XSDT", .compared = true };
FIXTURE_VARIANT_ADD(iasl, FACP) { .sig = "FACP", .compared = true };
FIXTURE_VARIANT_ADD(iasl, DSDT) { .sig = "DSDT", .compared = true };
FIXTURE_VARIANT_ADD(iasl, APIC) { .sig = "APIC", .compared = true };
FIXTURE_VARIANT_ADD(iasl, SRAT) { .sig = "SRAT", .compared = true };
FIXTURE_VARIANT_ADD(iasl, SLIT) { .sig = "SLIT", .compared = true };
FIXTURE_VARIANT_ADD(iasl, MKRN) { .sig = "MKRN", .compared = false };

FIXTURE_SETUP(iasl)
{
	snprintf(self->dir, sizeof(self->dir), "/tmp/mk-iasl-XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
}

FIXTURE_TEARDOWN(iasl)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", self->dir);
	EXPECT_EQ(system(command), 0);
}

/* Return: whether iasl succeeded and spoke of no warning and no error */
static int run_iasl(const char *dir, const char *options, const char *file)
{
	char command[128], line[512];
	int good = 1;
	FILE *out;

	snprintf(command, sizeof(command), "cd %s && iasl %s %s 2>&1", dir, options, file);
	out = popen(command, "r");
	if (!out)
		return 0;
	while (fgets(line, sizeof(line), out)) {
		if (strstr(line, "0 Errors, 0 Warnings, 0 Remarks"))
			continue;
		if (strcasestr(line, "error") || strcasestr(line, "warning") ||
		    strcasestr(line, "remark") || strcasestr(line, "invalid")) {
			printf("# %s", line);
			good = 0;
		}
	}
	return !pclose(out) && good;
}

static size_t read_file(const char *dir, const char *name, void *buf, size_t room)
{
	char path[64];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		return 0;
	len = fread(buf, 1, room, f);
	fclose(f);
	return len;
}

static int write_file(const char *dir, const char *name, const void *buf, size_t len)
{
	char path[64];
	size_t done;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		return -1;
	done = fwrite(buf, 1, len, f);
	return fclose(f) || done != len ? -1 : 0;
}

/* what iasl sets itself: checksum and compiler */
static void blank(__u8 *table)
{
	table[9] = 0;
	memset(table + 28, 0, 8);
}

TEST_F(iasl, round_trip)
{
	static struct craft_platform p;
	static __u8 text[65536];
	__u8 again[TABLE_MAX], table[TABLE_MAX];
	const __u8 *t;
	size_t len;

	if (system("iasl -v >/dev/null 2>&1"))
		SKIP(return, "no iasl: package acpica-tools");
	craft_platform_init(&p);
	craft_platform_build(&p);
	t = craft_table(&p, variant->sig);
	ASSERT_NE(t, NULL);
	len = craft_table_len(t);
	ASSERT_LE(len, sizeof(table));
	memcpy(table, t, len);
	ASSERT_EQ(write_file(self->dir, "t.dat", t, len), 0);
	ASSERT_TRUE(run_iasl(self->dir, "-d", "t.dat"));
	ASSERT_GT(read_file(self->dir, "t.dsl", text, sizeof(text) - 1), 0);
	EXPECT_EQ(strcasestr((char *)text, "invalid"), NULL);
	EXPECT_EQ(strcasestr((char *)text, "incorrect"), NULL);
	ASSERT_TRUE(run_iasl(self->dir, "-oa", "t.dsl"));
	if (!variant->compared)
		return;
	ASSERT_EQ(read_file(self->dir, "t.aml", again, sizeof(again)), len);
	blank(table);
	blank(again);
	EXPECT_EQ(memcmp(table, again, len), 0);
}

TEST_HARNESS_MAIN
