/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal that standard input is, for commands that pass its keys on. */
#ifndef MKCTL_TERMINAL_H
#define MKCTL_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

/* Each key as it comes, signals included; whether it is a terminal. */
bool terminal_raw(struct termios *saved);

/* As it was before terminal_raw(). */
void terminal_back(const struct termios *saved);

#endif /* MKCTL_TERMINAL_H */
