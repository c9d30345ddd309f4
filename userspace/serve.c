// SPDX-License-Identifier: GPL-2.0
/*
 * The server of an instance, for mkctl exec and mkctl cp.
 *
 * mk-init makes it before it becomes the user's init, and it stays whatever that
 * does: its exit signal is 0, so an init that waits for its children does not
 * wait for it; its name begins with @, so systemd spares it when it changes the
 * root file system; it has no file open that is the user's.  Its own root stays
 * the initramfs: each request enters that of the first process.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server.h"

#define NAME		"@mkexec"
#define REQUEST_MS	10000

static int open_listener(void)
{
	struct sockaddr_vm here = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = MK_VSOCK_SERVER
	};
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&here, sizeof(here)) && !listen(fd, 128))
		return fd;
	close(fd);
	return -1;
}

int serve_mount(const char *type)
{
	int made = -1, fs = syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	if (fs >= 0 && !syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		made = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	close(fs);
	return made;
}

noreturn void serve_fail(struct conn *c, unsigned int step, int error, const char *what)
{
	struct mk_failed failed = { .step = step, .error = error };

	if (!conn_write(c, MK_FAILED, &failed, sizeof(failed), what, strnlen(what, MK_PATH_MAX)))
		conn_flush(c);
	_exit(EXIT_FAILURE);
}

/* Where the first process is: it may have left the initramfs. */
static int enter(void)
{
	int proc = serve_mount("proc");
	int space = openat(proc, "1/ns/mnt", O_RDONLY | O_CLOEXEC);
	int root = openat(proc, "1/root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0 || space < 0 || root < 0 || setns(space, CLONE_NEWNS) || fchdir(root) ||
	    chroot("."))
		return -1;
	close(root);
	close(space);
	return close(proc);
}

static noreturn void serve_one(int fd)
{
	static struct conn c;
	static char *words[MK_WORDS_MAX + 2];
	struct mk_request request;
	struct frame f;

	c.fd = fd;
	signal(SIGCHLD, SIG_DFL);
	if (conn_get(&c, &f, REQUEST_MS) || f.type != MK_REQUEST)
		_exit(EXIT_FAILURE);
	memcpy(&request, f.data, sizeof(request));
	if (request.magic != MK_SERVE_MAGIC || request.version != MK_SERVE_VERSION)
		serve_fail(&c, MK_STEP_VERSION, MK_SERVE_VERSION, "");
	if (frame_words(&f, &request, words))
		serve_fail(&c, MK_STEP_PREPARE, EPROTO, "");
	if (enter())
		serve_fail(&c, MK_STEP_ENTER, errno, "");
	umask(022);
	if (request.op == MK_OP_EXEC)
		command_serve(&c, &request, words);
	if (request.op == MK_OP_GET)
		files_get(&c, words);
	if (request.op == MK_OP_PUT)
		files_put(&c, words);
	serve_fail(&c, MK_STEP_PREPARE, EOPNOTSUPP, "");
}

/* The host, by a port that needs CAP_NET_BIND_SERVICE there. */
static bool is_trusted(const struct sockaddr_vm *peer)
{
	return peer->svm_cid == VMADDR_CID_HOST && peer->svm_port < 1024;
}

static noreturn void serve(int listener, char *argv0)
{
	struct sockaddr_vm peer;
	socklen_t len;
	int fd;

	snprintf(argv0, strlen(argv0) + 1, NAME);
	prctl(PR_SET_NAME, NAME);
	signal(SIGCHLD, SIG_IGN);
	/* the console is the user's */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(listener, fd);
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
	for (;;) {
		len = sizeof(peer);
		fd = accept4(STDIN_FILENO, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
		if (fd < 0)
			usleep(100000);	/* there is no memory for it, say */
		else if (is_trusted(&peer) && !fork())
			serve_one(fd);
		close(fd);
	}
}

void serve_start(char *argv0)
{
	int listener = open_listener();

	if (listener < 0)
		return;
	if (!syscall(SYS_clone, 0, NULL, NULL, NULL, 0))
		serve(listener, argv0);
	close(listener);
}
