// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

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
