// SPDX-License-Identifier: GPL-2.0
/*
 * A module that is not there, for cli.sh: preloaded into mkctl it stands for
 * /dev/mk.  FAKE_ABI and FAKE_VERSION are what it says of itself; all calls but
 * MK_IOC_VERSION fail with the error FAKE_ERROR ("code arg0 arg1").  Files in
 * the folder FAKE_ROOT are read instead of the machine's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "uapi.h"

#define FAKE_FD	900

int open(const char *path, int flags, ...)
{
	static int (*real_open)(const char *path, int flags, ...);

	if (!strcmp(path, MK_DEVICE))
		return FAKE_FD;
	if (!real_open)
		real_open = dlsym(RTLD_NEXT, "open");
	return real_open(path, flags, 0);
}

FILE *fopen(const char *path, const char *mode)
{
	static FILE *(*real_fopen)(const char *path, const char *mode);
	const char *root = getenv("FAKE_ROOT");
	char fake[256];

	if (!real_fopen)
		real_fopen = dlsym(RTLD_NEXT, "fopen");
	snprintf(fake, sizeof(fake), "%s%s", root ? root : "/nowhere", path);
	return real_fopen(access(fake, F_OK) ? path : fake, mode);
}

static void say_version(struct mk_version *v)
{
	const char *abi = getenv("FAKE_ABI"), *version = getenv("FAKE_VERSION");

	v->abi = abi ? strtoul(abi, NULL, 0) : MK_ABI;
	snprintf(v->version, sizeof(v->version), "%s", version ? version : "");
	snprintf(v->release, sizeof(v->release), "6.1.0-fake");
}

static void fail(struct mk_hdr *hdr)
{
	const char *text = getenv("FAKE_ERROR");

	if (!text || sscanf(text, "%u %llu %llu", &hdr->err.code, &hdr->err.arg[0],
			    &hdr->err.arg[1]) != 3)
		abort();
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd != FAKE_FD) {
		errno = ENOTTY;
		return -1;
	}
	if (request == MK_IOC_VERSION) {
		say_version(arg);
		return 0;
	}
	fail(arg);
	errno = EINVAL;
	return -1;
}
