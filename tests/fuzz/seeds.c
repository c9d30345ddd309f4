// SPDX-License-Identifier: GPL-2.0
/* Writes the seeds: well-formed inputs and near misses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "craft.h"
#include "pure.h"

static void write_seed(const char *name, const void *data, size_t len)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "corpus/%s", name);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void image_seeds(void)
{
	__u8 image[CRAFT_IMAGE_SIZE];

	craft_image(image);
	write_seed("bzimage/good", image, sizeof(image));
	write_seed("bzimage/cut", image, 0x290);
	mk_put16(image + 0x206, 0x20b);
	write_seed("bzimage/old-protocol", image, sizeof(image));
	craft_image(image);
	mk_put16(image + 0x236, 0);
	write_seed("bzimage/32bit", image, sizeof(image));
	craft_image(image);
	image[0x1f1] = 0;
	write_seed("bzimage/no-setup-sects", image, sizeof(image));
	craft_uki(image);
	write_seed("bzimage/unified", image, CRAFT_UKI_SIZE);
}

static void vmlinux_seeds(void)
{
	__u8 image[CRAFT_VMLINUX_SIZE];
	__u32 len;

	len = craft_vmlinux(image, 0);
	write_seed("vmlinux/no-table", image, len);
	len = craft_vmlinux(image, 2);
	write_seed("vmlinux/two-tables", image, len);
	len = craft_vmlinux(image, 3);
	write_seed("vmlinux/three-tables", image, len);
	write_seed("vmlinux/one-table", image, CRAFT_VMLINUX_TABLES + 8);
	mk_put32(image + len - 4, 0x81000000 + CRAFT_VMLINUX_MEMORY - 3);
	write_seed("vmlinux/outside", image, len);
}

static void handoff_seeds(void)
{
	static struct craft_platform p;
	struct mk_region region = { .start = 0x1000, .size = 0x1000 };
	__u8 table[1024] = { 0 };
	struct mk_handoff h;
	__u32 len, at;

	craft_platform_init(&p);
	craft_platform_build(&p);
	len = craft_table_len(craft_table(&p, MK_HANDOFF_SIG));
	memcpy(table, craft_table(&p, MK_HANDOFF_SIG), len);
	write_seed("handoff/good", table, len);
	memcpy(&h, table, sizeof(h));
	at = (len + 7) & ~7;
	h.regions = at;
	h.nr_regions = 1;
	memcpy(table, &h, sizeof(h));
	memcpy(table + at, &region, sizeof(region));
	craft_seal(table, at + sizeof(region));
	write_seed("handoff/region", table, at + sizeof(region));
	h.major++;
	memcpy(table, &h, sizeof(h));
	craft_seal(table, 48);
	write_seed("handoff/other-major", table, 48);
}

int main(void)
{
	image_seeds();
	vmlinux_seeds();
	handoff_seeds();
	return 0;
}
