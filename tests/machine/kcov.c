// SPDX-License-Identifier: GPL-2.0
/* What a call reaches in the kernel: Documentation/dev-tools/kcov.rst. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kcov.h"

#define ROOM	(256 * 1024)	/* places of one call */
#define SET	4194304		/* bits; far more than the kernel has places */

static unsigned long *trace;
static unsigned char seen[SET / 8];

int kcov_open(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (ioctl(fd, KCOV_INIT_TRACE, ROOM))
		return -1;
	trace = mmap(NULL, ROOM * sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (trace != MAP_FAILED && !ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return 1;
	trace = NULL;
	return -1;
}

void kcov_start(void)
{
	if (trace)
		__atomic_store_n(trace, 0, __ATOMIC_RELAXED);
}

unsigned int kcov_new(void)
{
	unsigned long nr = trace ? __atomic_load_n(trace, __ATOMIC_RELAXED) : 0, i;
	unsigned int new = 0, bit;

	for (i = 1; i <= nr; i++) {
		bit = trace[i] * 0x9e3779b97f4a7c15UL >> 42;
		new += !(seen[bit / 8] & 1 << bit % 8);
		seen[bit / 8] |= 1 << bit % 8;
	}
	return new;
}
