// SPDX-License-Identifier: GPL-2.0
/* Our modules that belong to a kernel release, uncompressed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "mkctl.h"

/* How a module may be stored; the program writes it plain to its stdout. */
static const struct packing {
	const char *suffix;
	const char *program;
} packings[] = {
	{ "", NULL }, { ".xz", "xz" }, { ".zst", "zstd" }, { ".gz", "gzip" }
};

static bool find_in(const char *dir, const char *name, char *path, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(packings); i++) {
		snprintf(path, size, "%s/%s.ko%s", dir, name, packings[i].suffix);
		if (!access(path, R_OK))
			return true;
	}
	return false;
}

/* $MK_MODULE_DIR comes first; then where dkms, then where make puts modules. */
bool module_find(const char *name, const char *release, char *path, size_t size)
{
	static const char *const places[] = { "updates/dkms", "extra", "updates" };
	const char *own = getenv("MK_MODULE_DIR");
	char dir[512];
	size_t i;

	if (own && *own) {
		snprintf(dir, sizeof(dir), "%s/%s", own, release);
		if (find_in(dir, name, path, size))
			return true;
	}
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(dir, sizeof(dir), "/lib/modules/%s/%s", release, places[i]);
		if (find_in(dir, name, path, size))
			return true;
	}
	return false;
}

static const char *unpacker(const char *path)
{
	const char *suffix = strrchr(path, '.');
	size_t i;

	for (i = 1; i < ARRAY_SIZE(packings); i++)
		if (!strcmp(suffix, packings[i].suffix))
			return packings[i].program;
	return NULL;
}

static void become_unpacker(const char *program, const char *path, int out)
{
	dup2(out, STDOUT_FILENO);
	execlp(program, program, "-dc", path, (char *)NULL);
	_exit(127);
}

static int open_packed(const char *program, const char *path, int *fd)
{
	int status = -1;
	pid_t child;

	*fd = memfd_create("mk-module", MFD_CLOEXEC);
	if (*fd < 0)
		return fail(EXIT_FAILED, "memory", path, NULL, "%s", strerror(errno));
	child = fork();
	if (!child)
		become_unpacker(program, path, *fd);
	if (child > 0 && waitpid(child, &status, 0) == child && !status)
		return 0;
	return fail(EXIT_FAILED, "module_packed", path, "install this program, or store it as .ko",
		    "`%s -dc` could not unpack it", program);
}

int module_open(const char *path, int *fd)
{
	const char *program = unpacker(path);

	if (program)
		return open_packed(program, path, fd);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	return fail(EXIT_FAILED, "file", path, "check the file and its permissions", "%s",
		    strerror(errno));
}
