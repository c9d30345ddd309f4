// SPDX-License-Identifier: GPL-2.0
/* Stock kernels: those installed here, and those that tests/kernels.sh got. */
#include <stdio.h>
#include <stdlib.h>

#include "stock.h"

size_t stock_find(glob_t *found)
{
	const char *cache = getenv("MK_CACHE"), *home = getenv("HOME");
	char pattern[4096];

	if (cache)
		snprintf(pattern, sizeof(pattern), "%s/kernel-*/vmlinuz", cache);
	else
		snprintf(pattern, sizeof(pattern), "%s/.cache/multikernel/kernel-*/vmlinuz", home);
	glob("/boot/vmlinuz-*", 0, NULL, found);
	glob(pattern, GLOB_APPEND, NULL, found);
	return found->gl_pathc;
}

__u8 *stock_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	__u8 *data;

	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	*len = ftell(f);
	rewind(f);
	data = malloc(*len);
	if (fread(data, 1, *len, f) != *len)
		*len = 0;
	fclose(f);
	return data;
}
