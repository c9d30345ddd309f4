// SPDX-License-Identifier: GPL-2.0
/* A command that the host runs in an instance: its process, and its streams. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

#define CTRL_D		4
#define HANGUP_MS	5000	/* from SIGHUP to SIGKILL */
#define REST_MAX	(1024 * 1024)	/* of what it has left in a pipe: the largest one */

/**
 * struct command - the one of this process
 * @c:		to mkctl
 * @pid:	the command, leader of its session
 * @ended:	a pidfd of it, or -1: it has
 * @tty:	it has a terminal: @in and @out[0] are its other side
 * @in:		its standard input, or -1
 * @out:	its standard output and error, or -1
 * @rest:	bytes that may still come from them, once it has ended
 * @input:	for @in, @input_len bytes from @input_start on
 * @last:	and no more will come
 * @taken:	bytes of it that mkctl has to be told of
 */
struct command {
	struct conn *c;
	pid_t pid;
	int ended;
	bool tty;
	int in;
	int out[2];
	size_t rest[2];
	unsigned char input[MK_WINDOW];
	size_t input_start, input_len;
	bool last;
	__u32 taken;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- its start ---------------------------------------------------------------- */

static void set_size(const struct command *cmd, const struct mk_size *size)
{
	struct winsize w = { .ws_row = size->rows, .ws_col = size->columns };

	ioctl(cmd->in, TIOCSWINSZ, &w);
}

/* The user's terminals where they are mounted: programs look there for its name. */
static int open_terminal(struct command *cmd, int *side)
{
	int unlock = 0, own, fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		own = serve_mount("devpts");
		fd = openat(own, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
		close(own);
	}
	if (fd < 0 || ioctl(fd, TIOCSPTLCK, &unlock))
		return -1;
	side[0] = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	side[1] = side[0];
	side[2] = side[0];
	cmd->in = fd;
	cmd->out[0] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return side[0] < 0 || cmd->out[0] < 0 ? -1 : 0;
}

static int open_pipes(struct command *cmd, int *side)
{
	int in[2], out[2], errors[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(errors, O_CLOEXEC))
		return -1;
	side[0] = in[0];
	side[1] = out[1];
	side[2] = errors[1];
	cmd->in = in[1];
	cmd->out[0] = out[0];
	cmd->out[1] = errors[0];
	return 0;
}

static noreturn void become(const struct command *cmd, const int *side, char **words, int why)
{
	int i;

	setsid();
	signal(SIGPIPE, SIG_DFL);
	if (cmd->tty)
		ioctl(side[0], TIOCSCTTY, 0);
	for (i = 0; i < 3; i++)
		dup2(side[i], i);
	execvp(words[0], words);
	if (write(why, &errno, sizeof(errno)) < 0)
		_exit(126);
	_exit(127);
}

static void set_environment(char **env)
{
	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", access("/root", X_OK) ? "/" : "/root", 1);
	setenv("USER", "root", 1);
	setenv("LOGNAME", "root", 1);
	for (; *env; env++)
		if (strchr(*env, '='))
			putenv(*env);
}

static void never_wait(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Return: 0, or an errno of execve(): the pipe is closed when there is none. */
static int fork_command(struct command *cmd, const int *side, char **words)
{
	int why[2], error = 0, i;

	if (pipe2(why, O_CLOEXEC))
		serve_fail(cmd->c, MK_STEP_PREPARE, errno, "a pipe");
	cmd->pid = fork();
	if (!cmd->pid)
		become(cmd, side, words, why[1]);
	if (cmd->pid < 0)
		serve_fail(cmd->c, MK_STEP_PREPARE, errno, "a process");
	close(why[1]);
	if (read(why[0], &error, sizeof(error)) < 0)
		error = errno;
	close(why[0]);
	for (i = 0; i < 3; i++)
		close(side[i]);
	return error;
}

static void start(struct command *cmd, const struct mk_request *request, char **words)
{
	int side[3], error;
	char **env = words;

	cmd->tty = request->flags & MK_REQUEST_TTY;
	if (cmd->tty ? open_terminal(cmd, side) : open_pipes(cmd, side))
		serve_fail(cmd->c, MK_STEP_PREPARE, errno, cmd->tty ? "a terminal" : "pipes");
	if (cmd->tty)
		set_size(cmd, &request->size);
	while (*env++)
		;
	set_environment(env);
	error = fork_command(cmd, side, words);
	if (error)
		serve_fail(cmd->c, MK_STEP_EXEC, error, words[0]);
	cmd->ended = syscall(SYS_pidfd_open, cmd->pid, 0);
	if (cmd->ended < 0)
		serve_fail(cmd->c, MK_STEP_PREPARE, errno, "a pidfd");
	never_wait(cmd->in);
	never_wait(cmd->out[0]);
	if (!cmd->tty)
		never_wait(cmd->out[1]);
	conn_put(cmd->c, MK_STARTED, NULL, 0);
}

/* --- its end ----------------------------------------------------------------------- */

static void kill_all(const struct command *cmd, int sig)
{
	kill(-cmd->pid, sig);
}

/* mkctl is not there any more. */
static noreturn void hang_up(struct command *cmd)
{
	struct pollfd p = { .fd = cmd->ended, .events = POLLIN };

	if (cmd->ended >= 0) {
		kill_all(cmd, SIGHUP);
		kill_all(cmd, SIGCONT);
		close_end(&cmd->in);
		close_end(&cmd->out[0]);
		close_end(&cmd->out[1]);
		if (poll(&p, 1, HANGUP_MS) <= 0)
			kill_all(cmd, SIGKILL);
		waitpid(cmd->pid, NULL, 0);
	}
	_exit(EXIT_FAILURE);
}

/* What others of its session have not said by now is not waited for. */
static void see_end(struct command *cmd)
{
	close_end(&cmd->ended);
	close_end(&cmd->in);
	cmd->rest[0] = REST_MAX;
	cmd->rest[1] = REST_MAX;
}

static noreturn void report_end(struct command *cmd)
{
	struct mk_exit end = { };
	int status;

	if (waitpid(cmd->pid, &status, 0) != cmd->pid)
		serve_fail(cmd->c, MK_STEP_PREPARE, errno, "the command");
	if (WIFSIGNALED(status))
		end.signal = WTERMSIG(status);
	else
		end.code = WEXITSTATUS(status);
	if (!conn_write(cmd->c, MK_EXIT, &end, sizeof(end), NULL, 0))
		conn_flush(cmd->c);
	_exit(EXIT_SUCCESS);
}

/* --- to and fro ----------------------------------------------------------------------- */

static void take_input(struct command *cmd, const struct frame *f)
{
	if (f->len > sizeof(cmd->input) - cmd->input_len || cmd->last)
		hang_up(cmd);	/* more than it may */
	memmove(cmd->input, cmd->input + cmd->input_start, cmd->input_len);
	cmd->input_start = 0;
	memcpy(cmd->input + cmd->input_len, f->data, f->len);
	cmd->input_len += f->len;
	cmd->last = !f->len;
}

static void take_frame(struct command *cmd, const struct frame *f)
{
	struct mk_size size;
	__u32 sig;

	if (f->type == MK_INPUT) {
		take_input(cmd, f);
	} else if (f->type == MK_SIGNAL) {
		memcpy(&sig, f->data, sizeof(sig));
		if (cmd->ended >= 0)
			kill_all(cmd, sig);
	} else if (f->type == MK_SIZE && cmd->tty) {
		memcpy(&size, f->data, sizeof(size));
		set_size(cmd, &size);
	}
}

static void listen_to_host(struct command *cmd)
{
	struct frame f;
	int ret = conn_recv(cmd->c);

	while (ret >= 0 && (ret = conn_next(cmd->c, &f)) > 0)
		take_frame(cmd, &f);
	if (ret < 0)
		hang_up(cmd);
}

static void drop_input(struct command *cmd, size_t n)
{
	cmd->input_start += n;
	cmd->input_len -= n;
	cmd->taken += n;
}

/* Who does not want its input does not keep us from sending it. */
static void write_input(struct command *cmd)
{
	static const char eof[] = { CTRL_D, CTRL_D };	/* one ends a line that is not */
	ssize_t n = 0;

	if (cmd->in >= 0 && cmd->input_len)
		n = write(cmd->in, cmd->input + cmd->input_start, cmd->input_len);
	if (cmd->in < 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		drop_input(cmd, cmd->input_len);
		if (!cmd->tty)
			close_end(&cmd->in);
	} else if (n > 0) {
		drop_input(cmd, n);
	}
	if (!cmd->last || cmd->input_len || cmd->in < 0)
		return;
	if (!cmd->tty)
		close_end(&cmd->in);
	else if (write(cmd->in, eof, sizeof(eof)) > 0 || errno != EAGAIN)
		cmd->last = false;
}

static void read_output(struct command *cmd, int i)
{
	unsigned char buf[MK_CHUNK];
	bool over = cmd->ended < 0;
	size_t room = over && cmd->rest[i] < sizeof(buf) ? cmd->rest[i] : sizeof(buf);
	ssize_t n = read(cmd->out[i], buf, room);

	if (n > 0) {
		conn_put(cmd->c, i ? MK_ERRORS : MK_OUTPUT, buf, n);
		if (over)
			cmd->rest[i] -= n;
		return;
	}
	if (n < 0 && (errno == EINTR || (errno == EAGAIN && !over)))
		return;
	close_end(&cmd->out[i]);
}

/* Room for a chunk of each, and for what is small. */
static bool has_room(const struct command *cmd)
{
	return conn_room(cmd->c) > 2 * (MK_CHUNK + FRAME_HEAD) + 64;
}

static void tell_taken(struct command *cmd)
{
	if (!cmd->taken || !has_room(cmd))
		return;
	conn_put(cmd->c, MK_TAKEN, &cmd->taken, sizeof(cmd->taken));
	cmd->taken = 0;
}

/* Return: whether output is to be read without waiting for it. */
static bool await(struct command *cmd, struct pollfd *p)
{
	bool read_on = has_room(cmd), rest = read_on && cmd->ended < 0;
	bool write_on = cmd->input_len || cmd->last;

	p[0] = (struct pollfd){ cmd->c->fd, POLLIN, 0 };
	if (cmd->c->out_end)
		p[0].events |= POLLOUT;
	p[1] = (struct pollfd){ write_on ? cmd->in : -1, POLLOUT, 0 };
	p[2] = (struct pollfd){ read_on ? cmd->out[0] : -1, POLLIN, 0 };
	p[3] = (struct pollfd){ read_on ? cmd->out[1] : -1, POLLIN, 0 };
	p[4] = (struct pollfd){ cmd->ended, POLLIN, 0 };
	poll(p, 5, rest ? 0 : -1);
	return rest;
}

static void relay(struct command *cmd)
{
	struct pollfd p[5];
	bool rest;
	int i;

	while (cmd->ended >= 0 || cmd->out[0] >= 0 || cmd->out[1] >= 0) {
		rest = await(cmd, p);
		if (p[0].revents)
			listen_to_host(cmd);
		if (p[1].revents || cmd->in < 0)
			write_input(cmd);
		for (i = 0; i < 2; i++)
			if (cmd->out[i] >= 0 && (p[2 + i].revents || rest))
				read_output(cmd, i);
		if (p[4].revents)
			see_end(cmd);
		tell_taken(cmd);
		if (conn_send(cmd->c) < 0)
			hang_up(cmd);
	}
}

noreturn void command_serve(struct conn *c, const struct mk_request *request, char **words)
{
	static struct command cmd;	/* all zero, or it would make mk-init larger */

	cmd.c = c;
	cmd.out[1] = -1;
	signal(SIGPIPE, SIG_IGN);
	start(&cmd, request, words);
	relay(&cmd);
	report_end(&cmd);
}
