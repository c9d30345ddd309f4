// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

#include "terminal.h"

bool terminal_raw(struct termios *saved)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, saved))
		return false;
	t = *saved;
	cfmakeraw(&t);
	return !tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

void terminal_back(const struct termios *saved)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, saved);
}
