// SPDX-License-Identifier: GPL-2.0
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "mkctl.h"
#include "terminal.h"

void terminal_raw(struct terminal *t)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, &now))
		return;
	if (!t->raw)
		t->saved = now;
	cfmakeraw(&now);
	if (!tcsetattr(STDIN_FILENO, TCSADRAIN, &now))
		t->raw = true;
}

void terminal_back(struct terminal *t)
{
	if (t->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t->saved);
	t->raw = false;
}

int terminal_signals(void)
{
	static const int signals[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH
	};
	struct sigaction old;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);	/* the terminal is to be set back */
	return signalfd(-1, &set, SFD_CLOEXEC);
}
