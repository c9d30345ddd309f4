/* SPDX-License-Identifier: GPL-2.0 */
/* posix: what Linux promises of a file system, in the current directory; a program a noun. */
#ifndef TESTS_MACHINE_POSIX_H
#define TESTS_MACHINE_POSIX_H

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#define PAGE	4096
#define HUGE	(2 << 20)

static inline int make(const char *name)
{
	unlink(name);
	return open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
}

static inline void fill(char *to, char with)
{
	memset(to, with, PAGE);
}

static inline off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_size;
}

static inline int in_child(int (*fn)(const char *name), const char *name)
{
	int status;

	if (!fork())
		_exit(fn(name));
	wait(&status);
	return WEXITSTATUS(status);
}

static inline int is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* Return: a time; what was done before is not later, what is done from here on is. */
static inline struct timespec tick(void)
{
	struct timespec now, coarse;	/* as files have it */

	clock_gettime(CLOCK_REALTIME, &now);
	do {
		usleep(1000);
		clock_gettime(CLOCK_REALTIME_COARSE, &coarse);
	} while (!is_later(coarse, now));
	return now;
}

#endif /* TESTS_MACHINE_POSIX_H */
