// SPDX-License-Identifier: GPL-2.0
/* The files of an instance: all are checked before anything is made of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bzimage.h"
#include "mkctl.h"

void image_close(struct image *img)
{
	close_fd(&img->kernel);
	while (img->nr_initrds)
		close_fd(&img->initrds[--img->nr_initrds]);
}

static int open_file(const char *path, int *fd)
{
	struct stat st;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &st))
		return fail(EXIT_FAILED, "file", path, "check the path and its permissions", "%s",
			    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(EXIT_FAILED, "file", path, "name a file", "this is no regular file");
	if (!st.st_size)
		return fail(EXIT_FAILED, "file", path, "copy it again", "the file is empty");
	return 0;
}

static int check_image(const char *path, struct image *img)
{
	struct mk_error err = { };
	struct mk_bzimage bz;
	struct stat st;
	void *data;
	int ret;

	if (fstat(img->kernel, &st))
		return fail(EXIT_FAILED, "file", path, NULL, "%s", strerror(errno));
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, img->kernel, 0);
	if (data == MAP_FAILED)
		return fail(EXIT_FAILED, "file", path, NULL, "%s", strerror(errno));
	ret = mk_bzimage_parse(data, st.st_size, &bz, &err);
	munmap(data, st.st_size);
	if (ret)
		return fail_mk(&err, "load", path);
	memcpy(img->release, bz.release, sizeof(img->release));
	return 0;
}

static int add_prefix(const struct args *a, struct image *img)
{
	if (a->given & OPT_NO_AGENT)
		return 0;
	if (a->nr_initrds == MK_MAX_INITRDS)
		return fail(EXIT_USAGE, "usage", "--initrd", "join two of them with cat",
			    "at most %d files, as one more is added", MK_MAX_INITRDS - 1);
	return prefix_build(img->release, &a->rootfs, &img->initrds[img->nr_initrds++]);
}

int image_open(const struct args *a, struct image *img)
{
	int ret = open_file(a->kernel, &img->kernel) ?: check_image(a->kernel, img) ?:
		  add_prefix(a, img);
	unsigned int i;

	for (i = 0; !ret && i < a->nr_initrds; i++)
		ret = open_file(a->initrds[i], &img->initrds[img->nr_initrds++]);
	if (!ret && !a->nr_initrds && !(a->given & (OPT_NO_AGENT | OPT_ROOTFS)))
		warn("without --initrd there is no /init to run: mk-init only waits to be stopped");
	return ret;
}

/* What an error of the load is about: a file, where the module names one. */
static const char *blamed(const struct mk_error *err, const struct image *img,
			  const struct args *a, const struct instance *in)
{
	unsigned int i = err->arg[1] - (img->nr_initrds - a->nr_initrds);

	if (err->code == MK_E_IMAGE_READ)
		return a->kernel;
	if (err->code == MK_E_INITRD_READ && i < a->nr_initrds)
		return a->initrds[i];
	return in->label;
}

/* The command line; mk-init looks there for the root file system. To be freed. */
static char *full_cmdline(const struct args *a)
{
	const char *own = a->cmdline ?: "", *gap = *own ? " " : "";
	char *text;
	int len;

	if (a->given & OPT_ROOTFS)
		len = asprintf(&text, "mk.rootfs=%s%s%s%s", a->rootfs.name,
			       a->rootfs.mode == MK_MODE_RO ? ":ro" : "", gap, own);
	else
		len = asprintf(&text, "%s", own);
	if (len < 0)
		abort();
	return text;
}

int image_load(const struct image *img, const struct args *a, struct instance *in)
{
	char *cmdline = full_cmdline(a);
	struct mk_load l = {
		.hdr.flags = a->given & OPT_NO_AGENT ? 0 : MK_LOAD_AGENT,
		.cmdline = (__u64)(unsigned long)cmdline,
		.cmdline_len = strlen(cmdline),
		.kernel_fd = img->kernel,
		.nr_initrds = img->nr_initrds,
	};
	unsigned int i;
	int ret;

	for (i = 0; i < MK_MAX_INITRDS; i++)
		l.initrd_fd[i] = i < img->nr_initrds ? img->initrds[i] : -1;
	ret = dev_ioctl(in->fd, MK_IOC_LOAD, &l, sizeof(l));
	free(cmdline);
	if (ret < 0)
		return fail_mk(&l.hdr.err, "load", blamed(&l.hdr.err, img, a, in));
	return 0;
}
