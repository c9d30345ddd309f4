// SPDX-License-Identifier: GPL-2.0
/* Writes the seeds of fuzz_log: memories with a log, of each kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_image.h"

static __u8 memory[LOG_SIZE];

static void write_seed(const char *name, size_t len)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "corpus/log/%s", name);
	f = fopen(path, "w");
	if (!f || fwrite(memory, 1, len, f) != len || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void write_log(struct log_image *img, int nr)
{
	memset(memory, 0, sizeof(memory));
	img->mem = memory;
	log_begin(img);
	for (; nr > 0; nr--)
		log_write(img, "a message of the kernel, so long that the text wraps",
			  nr == 1 ? LOG_COMMITTED : LOG_FINALIZED);
}

int main(void)
{
	struct log_image info = { .info_size = 88, .levels = 4 };
	struct log_image shape = { .info_size = 112, .no_info = true };
	struct log_image small_pages = {
		.info_size = 88, .direct = true, .levels = 4, .page_shift = 12
	};
	struct log_image large_pages = {
		.info_size = 112, .direct = true, .levels = 5, .page_shift = 30
	};

	write_log(&info, 3);
	write_seed("few", LOG_TABLES);
	write_log(&info, 50);
	write_seed("wrapped", LOG_TABLES);
	write_log(&shape, 20);
	write_seed("no-vmcoreinfo", LOG_TABLES);
	write_log(&small_pages, 20);
	write_seed("small-pages", LOG_SIZE);
	write_log(&large_pages, 20);
	write_seed("large-pages", LOG_SIZE);
	return 0;
}
