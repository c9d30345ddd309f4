// SPDX-License-Identifier: GPL-2.0
/*
 *	pty ROWS COLUMNS COMMAND...
 *
 * Runs a command on a terminal of this size: what is typed comes from standard
 * input, what it prints goes to standard output.  SIGUSR1 makes it one row
 * longer.  Ends as the command does.
 */
#include <err.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Return: whether there was something. */
static int pass(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 && write(to, buf, n) == n;
}

/* Return: the terminal. */
static int run(char **command, const struct winsize *size, pid_t *pid)
{
	int fd;

	*pid = forkpty(&fd, NULL, NULL, size);
	if (*pid < 0)
		err(1, "forkpty");
	if (*pid)
		return fd;
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

static int listen_to(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, 0);
}

int main(int argc, char **argv)
{
	struct pollfd p[3] = { { .events = POLLIN }, { .events = POLLIN }, { .events = POLLIN } };
	struct signalfd_siginfo info;
	struct winsize size = { };
	int status;
	pid_t pid;

	if (argc < 4)
		errx(2, "see pty.c");
	size.ws_row = atoi(argv[1]);
	size.ws_col = atoi(argv[2]);
	p[1].fd = run(argv + 3, &size, &pid);
	p[2].fd = listen_to(SIGUSR1);
	while (poll(p, 3, -1) > 0) {
		if (p[2].revents && read(p[2].fd, &info, sizeof(info)) > 0) {
			size.ws_row++;
			ioctl(p[1].fd, TIOCSWINSZ, &size);
		}
		if (p[0].revents && !pass(p[0].fd, p[1].fd))
			p[0].fd = -1;
		if (p[1].revents && !pass(p[1].fd, STDOUT_FILENO))
			break;
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
