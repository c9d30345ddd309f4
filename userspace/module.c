// SPDX-License-Identifier: GPL-2.0
/* Modules that belong to a kernel release, ours and those that they need. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

/* A line of modules.dep, "kernel/net/vmw_vsock/vsock.ko.xz: ..."; - is _ in a name. */
static bool is_line_of(const char *line, const char *name)
{
	const char *base = line, *p;

	for (p = line; *p && *p != ':'; p++)
		if (*p == '/')
			base = p + 1;
	while (*name && *name == (*base == '-' ? '_' : *base)) {
		name++;
		base++;
	}
	return !*name && !strncmp(base, ".ko", 3);
}

/* One of the kernel's own. */
static bool find_stock(const char *name, const char *release, char *path, size_t size)
{
	char *line = NULL;
	bool found = false;
	size_t room = 0;
	FILE *in;

	snprintf(path, size, "/lib/modules/%s/modules.dep", release);
	in = fopen(path, "re");
	while (in && !found && getline(&line, &room, in) > 0) {
		found = is_line_of(line, name);
		if (found)
			snprintf(path, size, "/lib/modules/%s/%.*s", release,
				 (int)strcspn(line, ":"), line);
	}
	free(line);
	if (in)
		fclose(in);
	return found && !access(path, R_OK);
}

/*
 * $MK_MODULE_DIR comes first; then where dkms, then where make puts modules;
 * then the kernel's own.
 */
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
	return find_stock(name, release, path, size);
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

/* The modules that it needs, with commas between them, as modpost wrote them. */
void module_needs(int fd, char *needs, size_t size)
{
	static const char key[] = "\0depends=";
	const char *data, *at = NULL;
	struct stat st;

	*needs = '\0';
	if (fstat(fd, &st) || !st.st_size)
		return;
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return;
	at = memmem(data, st.st_size, key, sizeof(key) - 1);
	if (at) {
		at += sizeof(key) - 1;
		snprintf(needs, size, "%.*s", (int)(data + st.st_size - at), at);
	}
	munmap((void *)data, st.st_size);
}
