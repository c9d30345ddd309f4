// SPDX-License-Identifier: GPL-2.0
/* To the server in an instance (serve.c), by sockets. */
#include <errno.h>
#include <linux/vm_sockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "reach.h"

#define APPEAR_MS	5000	/* for the server of an instance that was just started */
#define ANSWER_MS	10000	/* of one that is there, at least: --timeout may be longer */
#define END_MS		5000	/* from the end of its sockets to that of an instance */
#define AGAIN_MS	50

/* Any port that only root may have: by that the server knows whom it serves. */
static int bind_reserved(int fd)
{
	struct sockaddr_vm here = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY };
	unsigned int i, first = getpid();

	for (i = 0; i < 512; i++) {
		here.svm_port = 512 + (first + i) % 512;
		if (!bind(fd, (struct sockaddr *)&here, sizeof(here)))
			return 0;
		if (errno != EADDRINUSE)
			return -1;
	}
	return -1;
}

/* With another transport its number may be a virtual machine's. */
static int connect_to(int dev, const struct mk_query *q)
{
	struct sockaddr_vm there = {
		.svm_family = AF_VSOCK, .svm_cid = MK_VSOCK_CID(q->id), .svm_port = MK_VSOCK_SERVER
	};
	int err, fd;

	if (!ipc_has_sockets(dev, q->name)) {
		errno = EHOSTDOWN;
		return -1;
	}
	fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!bind_reserved(fd) && !connect(fd, (struct sockaddr *)&there, sizeof(there)))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* It may become better: the instance boots, or has many at once. */
static bool is_passing(int err)
{
	return err == EHOSTDOWN || err == ECONNRESET || err == ENODEV || err == ETIMEDOUT ||
	       err == EADDRINUSE || err == EINTR || err == ENOBUFS;
}

static int fail_connect(const struct reach *r, int err)
{
	if (!is_passing(err))
		return fail(EXIT_FAILED, "sockets", r->in.label,
			    "look at the kernel log (dmesg) for mk_ipc and vsock",
			    "no socket to it: %s", strerror(err));
	if (err == EHOSTDOWN)
		return fail(EXIT_FAILED, "no_server", r->in.label,
			    "wait longer: --timeout; dmesg of both tells who has AF_VSOCK",
			    "mk_ipc has no sockets with it");
	return fail(EXIT_FAILED, "no_server", r->in.label,
		    "wait longer: --timeout; it has to be started with mk-init and mk_ipc; mkctl-exec(8) tells more",
		    "its first process does not answer: %s", strerror(err));
}

static int fail_state(const struct reach *r)
{
	const struct mk_error err = { .code = MK_E_STATE, .arg = { r->in.q.state } };

	return fail_mk(&err, "reach", r->in.label);
}

static int wait_for_server(struct reach *r, int dev, long timeout_ms)
{
	__u64 end = clock_ns(CLOCK_MONOTONIC) + timeout_ms * 1000000ULL;
	int ret, err;

	for (;;) {
		ret = instance_query(&r->in);
		if (ret)
			return ret;
		if (!instance_active(&r->in))
			return fail_state(r);
		r->c.fd = connect_to(dev, &r->in.q);
		if (r->c.fd >= 0)
			return 0;
		err = errno;
		if (!is_passing(err) || clock_ns(CLOCK_MONOTONIC) >= end)
			return fail_connect(r, err);
		usleep(AGAIN_MS * 1000);
	}
}

static void add_words(char *const *words, char *text, size_t *len, __u32 *nr)
{
	size_t n;

	for (; words && *words; words++) {
		n = strlen(*words) + 1;
		if (*len + n <= MK_FRAME_MAX)
			memcpy(text + *len, *words, n);
		*len += n;
		++*nr;
	}
}

static int send_request(struct reach *r)
{
	char text[MK_FRAME_MAX];
	size_t len = sizeof(r->request);

	r->request.magic = MK_SERVE_MAGIC;
	r->request.version = MK_SERVE_VERSION;
	add_words(r->words, text, &len, &r->request.nr_words);
	add_words(r->env, text, &len, &r->request.nr_env);
	r->request.nr_words += r->request.nr_env;
	if (len > MK_FRAME_MAX || r->request.nr_words > MK_WORDS_MAX)
		return fail(EXIT_FAILED, "too_long", r->in.label,
			    "give it in a file or on its standard input",
			    "more than %u bytes or %u words cannot be sent to it", MK_FRAME_MAX,
			    MK_WORDS_MAX);
	memcpy(text, &r->request, sizeof(r->request));
	conn_put(&r->c, MK_REQUEST, text, len);
	return conn_flush(&r->c) ? reach_lost(r, errno) : 0;
}

int reach_open(struct reach *r, const char *name, const struct args *a, struct frame *f)
{
	_cleanup_fd_ int dev = -1;
	long timeout_ms = a->timeout_ms < 0 ? APPEAR_MS : a->timeout_ms;
	int ret;

	ret = instance_open(name, &r->in) ?: ipc_open(&dev);
	r->c.idle_ms = timeout_ms > ANSWER_MS ? timeout_ms : ANSWER_MS;
	ret = ret ?: wait_for_server(r, dev, timeout_ms) ?: send_request(r);
	if (ret)
		return ret;
	if (conn_get(&r->c, f, -1))
		return reach_lost(r, errno);
	return f->type == MK_STARTED || f->type == MK_FAILED ? 0 : reach_nonsense(r);
}

void reach_close(struct reach *r)
{
	close_fd(&r->c.fd);
	instance_close(&r->in);
}

/* --- errors -------------------------------------------------------------------- */

int reach_nonsense(const struct reach *r)
{
	return fail(EXIT_FAILED, "nonsense", r->in.label,
		    "do not trust it; `mkctl kill` ends it",
		    "what answers in it is not mk-init's server, or is broken");
}

int reach_lost(struct reach *r, int error)
{
	int ret;

	if (error == EPROTO)
		return reach_nonsense(r);
	if (error == ETIMEDOUT)
		return fail(EXIT_FAILED, "no_server", r->in.label,
			    "see what it does: `mkctl logs` and `mkctl show`",
			    "its first process took the request, but nothing came or went for %d s",
			    r->c.idle_ms / 1000);
	ret = instance_wait(&r->in, BIT(MK_STOPPED) | BIT(MK_CRASHED), END_MS);
	if (!ret)
		return instance_fail_ended(&r->in);
	if (ret != WAIT_TIMEOUT)
		return ret;
	return fail(EXIT_FAILED, "disconnected", r->in.label,
		    "see what it does: `mkctl logs` and `mkctl show`",
		    "it is %s, but its server has gone away", state_name(r->in.q.state));
}

int reach_fail_step(int status, const char *code, const char *object, unsigned int step,
		    int error)
{
	static const struct {
		const char *cause;
		const char *remedy;
	} texts[MK_NR_STEPS] = {
		[MK_STEP_VERSION] = { "speaks another version" },
		[MK_STEP_ENTER] = { "cannot enter the root of the first process" },
		[MK_STEP_PREPARE] = { "the instance has not what it needs" },
		[MK_STEP_EXEC] = { "cannot run it" },
		[MK_STEP_READ] = { "cannot read it" },
		[MK_STEP_WRITE] = { "cannot write it" },
		[MK_STEP_KIND] = { "is no file, directory or symbolic link" },
		[MK_STEP_REPLACE] = {
			"it is a device, a pipe or a socket: only files and symbolic links are replaced",
			"name another target" },
		[MK_STEP_FOLLOW] = {
			"it is a symbolic link: as a target it is neither followed nor replaced",
			"name what it leads to, or the directory that it is in" },
		[MK_STEP_RENAME] = {
			"the source is a symbolic link, and one of an instance gets no new name",
			"name what it leads to, or a directory as the target" },
	};
	const char *cause = step < MK_NR_STEPS ? texts[step].cause : NULL;

	return fail(status, code, object, cause ? texts[step].remedy : NULL, "%s%s%s",
		    cause ?: "failed", error ? ": " : "", error ? strerror(error) : "");
}

int reach_failed(const struct reach *r, const struct frame *f, const char *remote)
{
	struct mk_failed failed;
	char object[MK_NAME_SIZE + MK_PATH_MAX + 32];

	memcpy(&failed, f->data, sizeof(failed));
	snprintf(object, sizeof(object), "%s%.*s", remote, (int)(f->len - sizeof(failed)),
		 f->data + sizeof(failed));
	if (failed.step == MK_STEP_VERSION)
		return fail(EXIT_FAILED, "server_version", r->in.label,
			    "start it anew, with the mk-init of this mkctl",
			    "its mk-init speaks version %d, and mkctl version %u", failed.error,
			    MK_SERVE_VERSION);
	if (failed.step == MK_STEP_EXEC && failed.error == ENOENT)
		return fail(EXIT_FAILED, "no_command", object, "name its path in the instance",
			    "there is no such command in the instance, or not its interpreter");
	return reach_fail_step(EXIT_FAILED, "refused", object, failed.step, failed.error);
}
