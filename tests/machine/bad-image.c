// SPDX-License-Identifier: GPL-2.0
/* bad-image KIND FILE: writes a kernel image that must be refused. */
#include "craft.h"
#include "mk.h"
#include "pure.h"

int main(int argc, char **argv)
{
	static unsigned char image[IMAGE_SIZE];
	const char *kind = argc == 3 ? argv[1] : "";

	image_make(image);
	if (!strcmp(kind, "32bit"))
		mk_put16(image + 0x236, 0);
	else if (!strcmp(kind, "old"))
		mk_put16(image + 0x206, 0x20b);
	else if (!strcmp(kind, "fixed"))
		image[0x234] = 0;
	else if (!strcmp(kind, "elf"))
		craft_vmlinux(image, 0);
	else if (!strcmp(kind, "uki"))
		craft_uki(image);
	else
		return 2;
	return !!file_write(argv[2], image, sizeof(image));
}
