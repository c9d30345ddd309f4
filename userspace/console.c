// SPDX-License-Identifier: GPL-2.0
/* The terminal of an instance. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>

#include "../mk_ipc/uapi.h"
#include "mkctl.h"
#include "terminal.h"

#define APPEAR_MS	30000	/* for the console of an instance that starts */
#define END_MS		5000	/* from the end of its console to that of an instance */
#define ESCAPE		0x1d	/* Ctrl-] */

/* Why session() returns. */
enum end {
	LEFT,		/* the user has enough, or the time is over */
	OVER,		/* nothing more will come */
	BROKEN,		/* errno */
};

/**
 * struct console - one run of "mkctl console"
 * @in:		the instance
 * @fd:		its console
 * @signals:	a signalfd
 * @here:	the terminal that standard input is
 * @escape:	the escape was typed, and what follows counts
 * @input:	what is to be sent
 * @len:	bytes of it
 * @listens:	there may be more on standard input
 * @end_ns:	leave then, or 0
 * @lost:	what the user was told of
 * @dropped:	likewise
 */
struct console {
	struct instance in;
	int fd;
	int signals;
	struct terminal here;
	bool escape;
	char input[4096];
	size_t len;
	bool listens;
	__u64 end_ns;
	__u64 lost;
	__u64 dropped;
};

/* --- the terminal here ------------------------------------------------------ */

static void send_size(struct console *c)
{
	struct winsize size;

	if (c->here.raw && !ioctl(STDIN_FILENO, TIOCGWINSZ, &size) && size.ws_row)
		ioctl(c->fd, TIOCSWINSZ, &size);
}

/* Between lines of the instance, so a line of its own. */
static void tell(const struct console *c, const char *text, unsigned long long bytes)
{
	const char *line_end = c->here.raw ? "\r\n" : "\n";

	fprintf(stderr, "%s[mkctl: %llu bytes %s]%s", line_end, bytes, text, line_end);
}

static void tell_missing(struct console *c)
{
	struct mk_ipc_console_query q = { };

	if (dev_ioctl(c->fd, MK_IPC_IOC_CONSOLE_QUERY, &q, sizeof(q)) < 0 || settings.quiet)
		return;
	if (q.lost != c->lost)
		tell(c, "are not kept any more", q.lost - c->lost);
	if (q.dropped != c->dropped)
		tell(c, "were dropped by the instance", q.dropped - c->dropped);
	c->lost = q.lost;
	c->dropped = q.dropped;
}

/* --- to and fro ---------------------------------------------------------------- */

/* Takes the escapes out of what was typed.  Return: whether to leave. */
static bool unescape(struct console *c, const char *typed, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (c->escape && typed[i] == '.')
			return true;
		if (!c->escape && typed[i] == ESCAPE) {
			c->escape = true;
			continue;
		}
		if (c->escape && typed[i] != ESCAPE)
			c->input[c->len++] = ESCAPE;
		c->escape = false;
		c->input[c->len++] = typed[i];
	}
	return false;
}

/* An escape that is none makes what was typed longer. */
static size_t room(const struct console *c)
{
	return (sizeof(c->input) - c->len) / 2;
}

static enum end listen_here(struct console *c)
{
	char typed[sizeof(c->input) / 2];
	ssize_t n = read(STDIN_FILENO, typed, room(c));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return OVER;
	if (n <= 0) {
		c->listens = false;
		return OVER;
	}
	if (c->here.raw)
		return unescape(c, typed, n) ? LEFT : OVER;
	memcpy(c->input + c->len, typed, n);
	c->len += n;
	return OVER;
}

static int type(struct console *c)
{
	ssize_t n = write(c->fd, c->input, c->len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNRESET ? 0 : -1;
	c->len -= n;
	memmove(c->input, c->input + n, c->len);
	return 0;
}

/* The terminal may be one that others have made non-blocking. */
static bool print_all(const char *buf, size_t len)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t n;

	while (len) {
		n = write(STDOUT_FILENO, buf, len);
		if (n < 0 && errno != EINTR && (errno != EAGAIN || poll(&p, 1, -1) < 0))
			return false;
		buf += n > 0 ? n : 0;
		len -= n > 0 ? n : 0;
	}
	return true;
}

/* Return: bytes printed, 0: nothing more will come, or -1. */
static int print(struct console *c)
{
	char buf[4096];
	ssize_t n = read(c->fd, buf, sizeof(buf));

	if (n < 0 && errno == EPIPE)
		tell_missing(c);
	if (n < 0)
		return errno == EPIPE || errno == EAGAIN || errno == EINTR ? 1 : -1;
	if (!print_all(buf, n))
		return -1;
	return n;
}

static int ms_left(const struct console *c)
{
	__u64 now = clock_ns(CLOCK_MONOTONIC);

	if (!c->end_ns)
		return -1;
	return now < c->end_ns ? (c->end_ns - now) / 1000000 + 1 : 0;
}

/* Return: whether to leave. */
static bool heed_signal(struct console *c)
{
	struct signalfd_siginfo info;

	if (read(c->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	switch (info.ssi_signo) {
	case SIGTSTP:
		terminal_back(&c->here);
		raise(SIGSTOP);
		return false;
	case SIGCONT:	/* others may have used the terminal */
		if (c->listens)
			terminal_raw(&c->here);
		send_size(c);
		return false;
	case SIGWINCH:
		send_size(c);
		return false;
	default:
		return true;
	}
}

static enum end session(struct console *c)
{
	struct pollfd p[3] = {
		{ .fd = c->fd }, { .events = POLLIN }, { .fd = c->signals, .events = POLLIN }
	};
	int ms, n;

	while ((ms = ms_left(c))) {
		p[0].events = c->len ? POLLIN | POLLOUT : POLLIN;
		p[1].fd = c->listens && room(c) ? STDIN_FILENO : -1;
		if (poll(p, ARRAY_SIZE(p), ms) < 0)
			return BROKEN;
		if (p[2].revents && heed_signal(c))
			return LEFT;
		if (p[1].revents && listen_here(c) == LEFT)
			return LEFT;
		if ((p[0].revents & POLLOUT) && type(c))
			return BROKEN;
		if (p[0].revents & (POLLIN | POLLHUP)) {
			n = print(c);
			if (n <= 0)
				return n ? BROKEN : OVER;
		}
	}
	return LEFT;
}

/* --- the command ------------------------------------------------------------------ */

static int connect_console(struct console *c, const struct args *a)
{
	_cleanup_fd_ int dev = -1;
	struct mk_ipc_console o = { };
	int ret = ipc_open(&dev);

	if (ret)
		return ret;
	memcpy(o.name, c->in.q.name, sizeof(o.name));
	if (!(a->given & OPT_READ_ONLY))
		o.flags |= MK_CONSOLE_WRITE;
	if (a->given & OPT_NO_HISTORY)
		o.flags |= MK_CONSOLE_LIVE;
	if (instance_active(&c->in))
		o.timeout_ms = a->timeout_ms < 0 ? APPEAR_MS : a->timeout_ms;
	c->fd = dev_ioctl(dev, MK_IPC_IOC_CONSOLE, &o, sizeof(o));
	if (c->fd >= 0 && o.id != c->in.q.id) {	/* of one that had its name */
		close(c->fd);
		c->fd = -1;
		o.hdr.err.code = MK_E_NO_CONSOLE;
	}
	if (c->fd < 0)
		return fail_mk(&o.hdr.err, "open the console of", c->in.label);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	return 0;
}

/* The console ends a moment before the instance says why. */
static int report_end(struct console *c)
{
	int ret = instance_wait(&c->in, BIT(MK_STOPPED) | BIT(MK_CRASHED), END_MS);
	const struct mk_query *q = &c->in.q;

	if (ret == WAIT_TIMEOUT)
		return fail(EXIT_FAILED, "console_lost", c->in.label,
			    "see what it does: `mkctl logs` and `mkctl show`",
			    "it is %s, but its console is not connected any more",
			    state_name(q->state));
	if (ret)
		return ret;
	if (q->state == MK_CRASHED)
		return fail(EXIT_FAILED, "ended", c->in.label, "`mkctl logs` shows its kernel log",
			    "crashed: %s%s%s", reason_words(q->reason), *q->text ? ": " : "",
			    q->text);
	if (!settings.quiet)
		fprintf(stderr, "%s: stopped: %s\n", c->in.label, reason_words(q->reason));
	return EXIT_DONE;
}

static int run_session(struct console *c, const struct args *a)
{
	enum end end;
	int err;

	c->signals = terminal_signals();
	c->listens = !(a->given & OPT_READ_ONLY);
	if (a->timeout_ms >= 0)
		c->end_ns = clock_ns(CLOCK_MONOTONIC) + a->timeout_ms * 1000000ULL;
	if (c->listens)
		terminal_raw(&c->here);
	if (c->here.raw && !settings.quiet)
		fprintf(stderr, "[mkctl: %s; Ctrl-] . leaves]\r\n", c->in.label);
	send_size(c);
	end = session(c);
	err = errno;
	terminal_back(&c->here);
	if (end == OVER)
		return report_end(c);
	if (end == BROKEN)
		return fail(EXIT_FAILED, "file", "console", NULL, "%s", strerror(err));
	if (isatty(STDIN_FILENO) && !settings.quiet)
		fputs("\n[mkctl: left]\n", stderr);
	return EXIT_DONE;
}

static int do_console(const struct args *a)
{
	static struct console c = { .in = INSTANCE_NONE, .fd = -1, .signals = -1 };
	int ret = instance_open(a->name, &c.in);

	if (!ret)
		ret = instance_query(&c.in);
	if (!ret)
		ret = connect_console(&c, a);
	if (!ret)
		ret = run_session(&c, a);
	close_fd(&c.signals);
	close_fd(&c.fd);
	instance_close(&c.in);
	return ret;
}

const struct cmd console_cmds[] = {
	{ .verb = "console",
	  .operand = "NAME",
	  .options = OPT_READ_ONLY | OPT_NO_HISTORY | OPT_TIMEOUT,
	  .summary = "Be the terminal of an instance (its /dev/hvc0)",
	  .detail = "Ctrl-] . leaves, Ctrl-] Ctrl-] is one Ctrl-]. The instance's kernel prints\n"
		    "there with console=hvc0 on its command line. One can write, all can read.\n"
		    "Without a terminal the standard input is sent. --timeout: leave then.\n",
	  .example = "mkctl console web",
	  .run = do_console },
	{ }
};
