// SPDX-License-Identifier: GPL-2.0
#include <ftw.h>

#include "mk.h"
#include "sysfs.h"

#define FILES_MAX	256

static char *files[FILES_MAX];
static unsigned int nr_files;

static int add_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && nr_files < FILES_MAX)
		files[nr_files++] = strdup(path);
	return 0;
}

static void find_files(const char *const *dirs)
{
	while (nr_files)
		free(files[--nr_files]);
	for (; *dirs; dirs++)
		nftw(*dirs, add_file, 16, FTW_PHYS);
}

void sysfs_touch(const char *const *dirs)
{
	static const char *const words[] = { "0", "1", "-1", "100", "4294967295", "4294967296",
					     "", "\n", "1000\n", "0x10", "none", "all" };
	const char *word = words[random_below(12)];
	char room[5000];
	int fd;

	if (!random_below(8))
		find_files(dirs);
	fd = nr_files ? open(files[random_below(nr_files)], O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0 && nr_files)
		fd = open(files[random_below(nr_files)], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (random_below(4))
		pread(fd, room, random_below(sizeof(room)), random_below(2) * random_below(8192));
	else
		pwrite(fd, word, strlen(word), random_below(4) ? 0 : random_below(100));
	close(fd);
}
