// SPDX-License-Identifier: GPL-2.0
/*
 *	liar LIE...
 *
 * Takes the place of the server in an instance, once that is killed: each
 * connection is told the next lie, see below.  Ends behind the last one.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

#include "../../userspace/serve.h"

static int conn;

static int put(const void *data, size_t len)
{
	return send(conn, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static int frame(__u32 type, const void *data, __u32 len)
{
	struct mk_frame head = { .len = len, .type = type };

	return put(&head, sizeof(head)) && put(data, len);
}

static void entry(__u32 mode, const char *name, const char *target)
{
	char buf[512];
	struct mk_entry e = {
		.mode = mode, .name_len = strlen(name), .target_len = strlen(target)
	};

	memcpy(buf, &e, sizeof(e));
	memcpy(buf + sizeof(e), name, e.name_len);
	memcpy(buf + sizeof(e) + e.name_len, target, e.target_len);
	frame(MK_ENTRY, buf, sizeof(e) + e.name_len + e.target_len);
}

/* Whole, so that only its name is wrong. */
static void file(const char *name)
{
	entry(S_IFREG | 0644, name, "");
	frame(MK_DATA, "evil\n", 5);
	frame(MK_DATA, NULL, 0);
}

static void started(void)
{
	frame(MK_STARTED, NULL, 0);
}

static void garbage(void)
{
	unsigned char buf[4096];
	size_t i;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = rand();
	put(buf, sizeof(buf));
}

static void huge(void)
{
	struct mk_frame head = { .len = 0xffffffff, .type = MK_OUTPUT };

	started();
	put(&head, sizeof(head));
}

static void half(void)
{
	started();
	put("\20\0\0", 3);
}

static void taken(void)
{
	const __u32 bytes = 1;

	started();
	frame(MK_TAKEN, &bytes, sizeof(bytes));
}

static void code(void)
{
	const struct mk_exit end = { .code = 4000 };

	started();
	frame(MK_EXIT, &end, sizeof(end));
}

static void version(void)
{
	const struct mk_failed failed = { .step = MK_STEP_VERSION, .error = 99 };

	frame(MK_FAILED, &failed, sizeof(failed));
}

static void step(void)
{
	const struct mk_failed failed = { .step = 77, .error = -0x7fffffff - 1 };

	frame(MK_FAILED, &failed, sizeof(failed));
}

static void flood(void)
{
	static char buf[MK_CHUNK];

	started();
	while (frame(MK_OUTPUT, buf, sizeof(buf)))
		;
}

static void silent(void)
{
	char c;

	while (recv(conn, &c, 1, 0) > 0)
		;
}

static void up(void)
{
	started();
	entry(S_IFDIR | 0755, "wanted", "");
	file("../evil");
}

static void dots(void)
{
	started();
	entry(S_IFDIR | 0755, "wanted", "");
	entry(S_IFDIR | 0755, "..", "");
	file("evil");
}

static void other(void)
{
	started();
	file("evil");
	frame(MK_DONE, NULL, 0);
}

static void twice(void)
{
	started();
	file("wanted");
	file("wanted");
	frame(MK_DONE, NULL, 0);
}

/* A file through a symbolic link. */
static void through(void)
{
	started();
	entry(S_IFDIR | 0755, "wanted", "");
	entry(S_IFLNK | 0777, "link", "/tmp");
	entry(S_IFDIR | 0755, "link", "");
	file("evil");
}

static void rights(void)
{
	started();
	entry(S_IFREG | 04755, "wanted", "");
}

static void leave(void)
{
	started();
	frame(MK_LEAVE, NULL, 0);
}

static void part(void)
{
	started();
	entry(S_IFREG | 0644, "wanted", "");
	frame(MK_DATA, "evil", 4);
}

static void deep(void)
{
	int i;

	started();
	entry(S_IFDIR | 0755, "wanted", "");
	for (i = 0; i < 10000; i++)
		entry(S_IFDIR | 0755, "d", "");
}

static const struct {
	const char *name;
	void (*tell)(void);
} lies[] = {
	{ "garbage", garbage }, { "huge", huge }, { "half", half }, { "taken", taken },
	{ "code", code }, { "version", version }, { "step", step }, { "flood", flood },
	{ "silent", silent }, { "up", up }, { "dots", dots }, { "other", other },
	{ "twice", twice }, { "through", through }, { "rights", rights },
	{ "leave", leave }, { "part", part }, { "deep", deep },
	{ }
};

static void tell(const char *name)
{
	char buf[4096];
	size_t i;

	recv(conn, buf, sizeof(buf), 0);
	for (i = 0; lies[i].name; i++)
		if (!strcmp(lies[i].name, name))
			lies[i].tell();
	shutdown(conn, SHUT_WR);
	silent();
	close(conn);
}

int main(int argc, char **argv)
{
	struct sockaddr_vm here = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = MK_VSOCK_SERVER
	};
	int i, listener = socket(AF_VSOCK, SOCK_STREAM, 0);

	while (bind(listener, (struct sockaddr *)&here, sizeof(here)))
		usleep(100000);	/* the server has it yet */
	if (listen(listener, 8))
		err(1, "listen");
	for (i = 1; i < argc; i++) {
		conn = accept(listener, NULL, NULL);
		if (conn < 0)
			err(1, "accept");
		tell(argv[i]);
	}
	return 0;
}
