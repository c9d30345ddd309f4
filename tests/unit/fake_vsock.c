// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of AF_VSOCK where there are none, for exec.sh: preloaded into mkctl, the
 * server and the liar, a port is an abstract AF_UNIX address with FAKE_VSOCK in
 * its name.  /dev/mk_ipc is there, with sockets to fake_mk.c's instance 1, and its
 * ioctl() gets what is its own.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

#include "../../mk_ipc/uapi.h"
#include "../../mk_ipc/wire.h"

#define FAKE_FD		900	/* from here on, of fake_mk.c */
#define REAL(name)	((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

int open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return REAL(open)(strcmp(path, "/dev/mk_ipc") ? path : "/dev/null", flags, mode);
}

static int list(struct mk_ipc_list *l)
{
	struct mk_ipc_channel *c = (void *)(unsigned long)l->channels;

	l->nr = 1;
	*c = (struct mk_ipc_channel){
		.end = { "", "i1" }, .kind = MK_KIND_VSOCK, .epoch = 1
	};
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == MK_IPC_IOC_LIST)
		return list(arg);
	return fd < FAKE_FD ? syscall(SYS_ioctl, fd, request, arg) :
	       REAL(ioctl)(fd, request, arg);
}

int socket(int domain, int type, int protocol)
{
	return REAL(socket)(domain == AF_VSOCK ? AF_UNIX : domain, type, protocol);
}

static socklen_t stand_in(const struct sockaddr *addr, struct sockaddr_un *fake)
{
	unsigned int port = ((const struct sockaddr_vm *)addr)->svm_port;

	*fake = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return sizeof(fake->sun_family) + 1 +
	       snprintf(fake->sun_path + 1, sizeof(fake->sun_path) - 1, "%s-%u",
			getenv("FAKE_VSOCK"), port);
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_un fake;

	len = stand_in(addr, &fake);
	return REAL(bind)(fd, (struct sockaddr *)&fake, len);
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_un fake;
	int ret;

	len = stand_in(addr, &fake);
	ret = REAL(connect)(fd, (struct sockaddr *)&fake, len);
	if (ret && errno == ECONNREFUSED)
		errno = ECONNRESET;	/* as AF_VSOCK says it */
	return ret;
}

/* All are of the host; one that has no port is given one that nobody trusts. */
int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	struct sockaddr_un fake = { };
	socklen_t fake_len = sizeof(fake);
	struct sockaddr_vm *peer = (struct sockaddr_vm *)addr;
	int ret = REAL(accept4)(fd, (struct sockaddr *)&fake, &fake_len, flags);
	const char *dash = strrchr(fake.sun_path + 1, '-');

	*len = sizeof(*peer);
	*peer = (struct sockaddr_vm){
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST,
		.svm_port = dash ? atoi(dash + 1) : 1024
	};
	return ret;
}

/* With FAKE_NO_MEMORY each fifth finds none. */
ssize_t send(int fd, const void *data, size_t len, int flags)
{
	static int n;

	if (getenv("FAKE_NO_MEMORY") && ++n % 5 == 0) {
		errno = ENOMEM;
		return -1;
	}
	return REAL(send)(fd, data, len, flags);
}
