// SPDX-License-Identifier: GPL-2.0
/* /dev/mk: opening, versions, calls. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>

#include "mkctl.h"

/* What stands between the user and /dev/mk, from the inside out. */
static int fail_absent(void)
{
	char path[256];
	struct utsname u;

	uname(&u);
	if (!access("/sys/module/mk_core", F_OK))
		return fail(EXIT_UNAVAILABLE, "no_device", MK_DEVICE,
			    "mount devtmpfs on /dev, or look at udev's rules",
			    "mk_core is loaded but its device node is absent");
	if (module_find("mk_core", u.release, path, sizeof(path)))
		return fail(EXIT_UNAVAILABLE, "not_loaded", MK_DEVICE, "modprobe mk_core",
			    "the module mk_core is not loaded");
	snprintf(path, sizeof(path), "dkms install multikernel/%s -k %s && modprobe mk_core",
		 MK_VERSION, u.release);
	return fail(EXIT_UNAVAILABLE, "not_installed", MK_DEVICE, path,
		    "the module mk_core is not installed for the running kernel %s", u.release);
}

static int fail_open(int err)
{
	if (err == ENOENT || err == ENODEV || err == ENXIO)
		return fail_absent();
	if (err == EACCES || err == EPERM)
		return fail(EXIT_UNAVAILABLE, "permission", MK_DEVICE, "run mkctl as root",
			    "only root may use it");
	return fail(EXIT_FAILED, "device", MK_DEVICE, "look at the kernel log (dmesg)",
		    "%s", strerror(err));
}

static int check_version(const struct mk_version *v)
{
	if (v->abi != MK_ABI)
		return fail(EXIT_UNAVAILABLE, "version_mismatch", MK_DEVICE,
			    "install one version of both, then: rmmod mk_core; modprobe mk_core",
			    "mkctl %s speaks abi %u, the loaded mk_core %s speaks abi %u",
			    MK_VERSION, MK_ABI, v->version, v->abi);
	if (strcmp(v->version, MK_VERSION))
		warn("mkctl is version %s, the loaded mk_core is %s", MK_VERSION, v->version);
	return 0;
}

int dev_peek(int *fd, struct mk_version *v)
{
	memset(v, 0, sizeof(*v));
	*fd = open(MK_DEVICE, O_RDWR | O_CLOEXEC);
	if (*fd < 0 || dev_ioctl(*fd, MK_IOC_VERSION, v, sizeof(*v)) < 0)
		return -errno;
	v->version[MK_VERSION_SIZE - 1] = '\0';
	v->release[MK_RELEASE_SIZE - 1] = '\0';
	return 0;
}

int dev_open(int *fd)
{
	struct mk_version v;
	int err = dev_peek(fd, &v);

	if (*fd < 0)
		return fail_open(-err);
	if (err)
		return fail_mk(&v.hdr.err, "use", MK_DEVICE);
	return check_version(&v);
}

int dev_ioctl(int fd, unsigned long request, void *arg, size_t size)
{
	struct mk_hdr *hdr = arg;
	int ret;

	hdr->size = size;
	memset(&hdr->err, 0, sizeof(hdr->err));
	ret = ioctl(fd, request, arg);
	if (ret < 0 && !hdr->err.code) {
		hdr->err.code = MK_E_INTERNAL;
		hdr->err.arg[0] = -(__s64)errno;
	}
	return ret;
}

int dev_call(int fd, unsigned long request, void *arg, size_t size, const char *verb,
	     const char *object)
{
	const struct mk_hdr *hdr = arg;

	if (dev_ioctl(fd, request, arg, size) < 0)
		return fail_mk(&hdr->err, verb, object);
	return 0;
}

int dev_list(int fd, __u32 *ids, unsigned int room, unsigned int *nr)
{
	struct mk_list list = { .ids = (__u64)(unsigned long)ids, .nr = room };
	int ret = dev_call(fd, MK_IOC_LIST, &list, sizeof(list), "list", "instances");

	*nr = list.nr < room ? list.nr : room;
	return ret;
}
