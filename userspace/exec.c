// SPDX-License-Identifier: GPL-2.0
/* A command in an instance, with its terminal, signals and exit code. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "reach.h"
#include "terminal.h"

/* Exit codes, as docker and podman have them. */
#define EXIT_OWN	125
#define EXIT_NO_EXEC	126
#define EXIT_NO_COMMAND	127
#define EXIT_SIGNAL	128

#define SMALL		1024	/* room kept for signals and sizes */
#define GRAIN		4096	/* what a pipe that polls writable takes */

/**
 * struct exec - one run of "mkctl exec"
 * @r:		the instance
 * @signals:	a signalfd
 * @tty:	the command has a terminal
 * @here:	ours
 * @listens:	there may be more on standard input
 * @window:	bytes of it that may be sent
 * @pending:	BIT(signal): to be passed on
 * @resized:	likewise the size
 * @held:	the frame that is being printed; 0 bytes: none
 * @status:	the exit code, or -1
 */
struct exec {
	struct reach r;
	int signals;
	bool tty;
	struct terminal here;
	bool listens;
	size_t window;
	__u32 pending;
	bool resized;
	struct frame held;
	int status;
};

/* --- the terminal and the signals here --------------------------------------- */

static bool get_size(struct mk_size *size)
{
	struct winsize w;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w))
		return false;
	size->rows = w.ws_row;
	size->columns = w.ws_col;
	return true;
}

/* The command stops as well, unless it has a terminal of its own to care for. */
static void stop_here(struct exec *x)
{
	const __u32 stop = SIGSTOP;

	if (!x->tty && conn_room(&x->r.c) >= sizeof(stop)) {
		conn_put(&x->r.c, MK_SIGNAL, &stop, sizeof(stop));
		conn_send(&x->r.c);
	}
	terminal_back(&x->here);
	raise(SIGSTOP);
}

static void heed_signal(struct exec *x)
{
	struct signalfd_siginfo info;

	if (read(x->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTSTP) {
		stop_here(x);
	} else if (info.ssi_signo == SIGWINCH) {
		x->resized = true;
	} else if (info.ssi_signo != SIGCONT || !x->tty) {
		x->pending |= BIT(info.ssi_signo);
	} else {	/* others may have used the terminal */
		terminal_raw(&x->here);
		x->resized = true;
	}
}

static void pass_on(struct exec *x)
{
	struct mk_size size;
	__u32 sig;

	while (x->pending && conn_room(&x->r.c) >= sizeof(sig)) {
		sig = __builtin_ctz(x->pending);
		x->pending &= ~BIT(sig);
		conn_put(&x->r.c, MK_SIGNAL, &sig, sizeof(sig));
	}
	if (x->resized && conn_room(&x->r.c) >= sizeof(size)) {
		x->resized = false;
		if (x->tty && get_size(&size))
			conn_put(&x->r.c, MK_SIZE, &size, sizeof(size));
	}
}

/* --- to and fro ------------------------------------------------------------------ */

static bool may_listen(const struct exec *x)
{
	return x->listens && x->window && conn_room(&x->r.c) >= MK_CHUNK + SMALL;
}

static void listen_here(struct exec *x)
{
	char buf[MK_CHUNK];
	ssize_t n = read(STDIN_FILENO, buf, x->window < sizeof(buf) ? x->window : sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		x->listens = false;
		n = 0;
	}
	x->window -= n;
	conn_put(&x->r.c, MK_INPUT, buf, n);
}

/* Return: whether it could be written, wholly or not. */
static bool print(struct exec *x)
{
	int fd = x->held.type == MK_OUTPUT ? STDOUT_FILENO : STDERR_FILENO;
	ssize_t n = write(fd, x->held.data, x->held.len < GRAIN ? x->held.len : GRAIN);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	x->held.data += n;
	x->held.len -= n;
	return true;
}

/* What a shell sees of others who write where nobody reads. */
static int fail_print(struct exec *x)
{
	if (errno == EPIPE) {
		x->status = EXIT_SIGNAL + SIGPIPE;
		return 0;
	}
	return fail(EXIT_FAILED, "file",
		    x->held.type == MK_OUTPUT ? "standard output" : "standard error", NULL, "%s",
		    strerror(errno));
}

static int take_exit(struct exec *x, const struct frame *f)
{
	struct mk_exit end;

	memcpy(&end, f->data, sizeof(end));
	if (end.code > 255 || end.signal > 127)
		return reach_nonsense(&x->r);
	x->status = end.signal ? EXIT_SIGNAL + end.signal : end.code;
	return 0;
}

static int take_more(struct exec *x, const struct frame *f)
{
	__u32 taken;

	memcpy(&taken, f->data, sizeof(taken));
	if (taken > MK_WINDOW - x->window)
		return reach_nonsense(&x->r);
	x->window += taken;
	return 0;
}

static int fail_server(struct exec *x, const struct frame *f)
{
	struct mk_failed failed;

	memcpy(&failed, f->data, sizeof(failed));
	if (failed.step == MK_STEP_EXEC)
		x->status = failed.error == ENOENT || failed.error == ENOTDIR ? EXIT_NO_COMMAND :
			    EXIT_NO_EXEC;
	return reach_failed(&x->r, f, "");
}

static int take_frame(struct exec *x, const struct frame *f)
{
	switch (f->type) {
	case MK_OUTPUT:
	case MK_ERRORS:
		x->held = *f;
		return 0;
	case MK_TAKEN:
		return take_more(x, f);
	case MK_EXIT:
		return take_exit(x, f);
	case MK_FAILED:
		return fail_server(x, f);
	}
	return reach_nonsense(&x->r);
}

/* All frames of what came, up to one that is to be printed. */
static int take_frames(struct exec *x)
{
	struct frame f;
	int got, ret = 0;

	while (!ret && x->status < 0 && !x->held.len) {
		got = conn_next(&x->r.c, &f);
		if (got < 0)
			return reach_nonsense(&x->r);
		if (!got)
			return 0;
		ret = take_frame(x, &f);
	}
	return ret;
}

static int await(struct exec *x, struct pollfd *p)
{
	bool prints = x->held.len;

	p[0] = (struct pollfd){ .fd = x->r.c.fd, .events = prints ? 0 : POLLIN };
	if (x->r.c.out_end)
		p[0].events |= POLLOUT;
	else if (prints)
		p[0].fd = -1;	/* it may have ended, and this is printed first */
	p[1] = (struct pollfd){ .fd = may_listen(x) ? STDIN_FILENO : -1, .events = POLLIN };
	p[2] = (struct pollfd){ .fd = -1, .events = POLLOUT };
	if (prints)
		p[2].fd = x->held.type == MK_OUTPUT ? STDOUT_FILENO : STDERR_FILENO;
	p[3] = (struct pollfd){ .fd = x->signals, .events = POLLIN };
	return poll(p, 4, -1);
}

/* Return: 0 with the exit code in @x, or our own. */
static int session(struct exec *x)
{
	struct pollfd p[4];
	int ret = 0;

	while (!ret && x->status < 0) {
		if (await(x, p) < 0)
			continue;
		if (p[3].revents)
			heed_signal(x);
		if (p[1].revents)
			listen_here(x);
		pass_on(x);
		if (p[2].revents && !print(x))
			return fail_print(x);
		if (conn_send(&x->r.c) < 0)	/* why is to be read */
			conn_forget(&x->r.c);
		if (!x->held.len && p[0].revents && conn_recv(&x->r.c) < 0)
			return reach_lost(&x->r, errno);
		ret = take_frames(x);
	}
	return ret;
}

/* --- the command -------------------------------------------------------------------- */

static bool wants_terminal(const struct args *a)
{
	if (a->given & (OPT_TTY | OPT_NO_TTY))
		return a->given & OPT_TTY;
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int open_exec(struct exec *x, const struct args *a)
{
	static char term[64];
	static char *env[2];
	const char *name = getenv("TERM");
	struct frame f;
	int ret;

	x->tty = wants_terminal(a);
	x->r.request.op = MK_OP_EXEC;
	x->r.words = a->words;
	x->r.env = env;
	if (x->tty) {
		x->r.request.flags = MK_REQUEST_TTY;
		get_size(&x->r.request.size);
		snprintf(term, sizeof(term), "TERM=%s", name && *name ? name : "dumb");
		env[0] = term;
	}
	ret = reach_open(&x->r, a->name, a, &f);
	if (!ret && f.type == MK_FAILED)
		ret = fail_server(x, &f);
	return ret;
}

static int run(struct exec *x, const struct args *a)
{
	int ret = open_exec(x, a);

	if (ret)
		return ret;
	x->signals = terminal_signals();
	x->listens = true;
	x->window = MK_WINDOW;
	x->resized = true;	/* since the request was made */
	if (x->tty)
		terminal_raw(&x->here);
	ret = take_frames(x) ?: session(x);
	terminal_back(&x->here);
	return ret;
}

static int do_exec(const struct args *a)
{
	static struct exec x = { .r = { .in = INSTANCE_NONE, .c.fd = -1 }, .signals = -1 };
	int ret;

	x.status = -1;
	ret = run(&x, a);
	close_fd(&x.signals);
	reach_close(&x.r);
	if (ret && x.status < 0)
		x.status = EXIT_OWN;
	return x.status;
}

const struct cmd exec_cmds[] = {
	{ .verb = "exec",
	  .operand = "NAME",
	  .takes = TAKES_COMMAND,
	  .failed = EXIT_OWN,
	  .options = OPT_INTERACTIVE | OPT_TTY | OPT_NO_TTY | OPT_TIMEOUT,
	  .summary = "Run a command in an instance",
	  .detail = "It gets a terminal when both standard input and output are one, the signals\n"
		    "that mkctl gets, and ends when mkctl does. What looks like\n"
		    "an option behind COMMAND is its own. Standard input is read to its end: in a\n"
		    "loop that reads from there give it </dev/null.\n"
		    "Exit codes are its own, 128 and the signal that killed it, 127 where there is\n"
		    "no such command, 126 where it cannot be run, 125 for all that mkctl cannot do.\n"
		    "--timeout: how long an instance that was just started is waited for (5).\n",
	  .example = "mkctl exec web -- ls -l /",
	  .run = do_exec },
	{ }
};
