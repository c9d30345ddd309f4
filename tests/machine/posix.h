/* SPDX-License-Identifier: GPL-2.0 */
/* posix: what Linux promises of a file system, in the current directory; a program a noun. */
#ifndef TESTS_MACHINE_POSIX_H
#define TESTS_MACHINE_POSIX_H

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

#endif /* TESTS_MACHINE_POSIX_H */
