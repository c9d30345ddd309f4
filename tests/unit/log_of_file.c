// SPDX-License-Identifier: GPL-2.0
/*
 * Print the kernel log in a file that is the memory of a machine, from 0 on, as
 * QEMU's memory-backend-file with share=on makes it.
 *
 *	cc -o log_of_file tests/unit/log_of_file.c userspace/printk_ring.c
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../userspace/printk_ring.h"

static int read_file(void *ctx, __u64 phys, void *buf, size_t len)
{
	return pread(*(int *)ctx, buf, len, phys) == (ssize_t)len ? 0 : -EIO;
}

static int print(void *ctx, const struct mk_log_record *rec)
{
	(void)ctx;
	printf("[%5llu.%06llu] %s\n",
	       (unsigned long long)rec->ts_nsec / 1000000000,
	       (unsigned long long)rec->ts_nsec / 1000 % 1000000, rec->text);
	return 0;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	struct mk_extent all = { 0 };
	struct mk_mem mem = { &fd, read_file, &all, 1, NULL };
	struct stat st;
	char why[256];
	int nr;

	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "usage: log_of_file MEMORY\n");
		return 2;
	}
	all.size = st.st_size;
	nr = mk_log_decode(&mem, print, NULL, why, sizeof(why));
	if (nr < 0)
		fprintf(stderr, "%s\n", why);
	else
		fprintf(stderr, "%d messages\n", nr);
	return nr < 0;
}
