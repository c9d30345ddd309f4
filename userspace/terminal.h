/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal that standard input is, for commands that pass its keys on. */
#ifndef MKCTL_TERMINAL_H
#define MKCTL_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

/**
 * struct terminal - what was done with it
 * @raw:	it is one, and passes on each key; before it was as @saved
 * @saved:	likewise
 */
struct terminal {
	bool raw;
	struct termios saved;
};

/* Each key as it comes, signals included, if it is one; again, when others had it. */
void terminal_raw(struct terminal *t);

/* As it was before terminal_raw(). */
void terminal_back(struct terminal *t);

/*
 * Return: a signalfd of what must not end the command before terminal_back(), or is
 * to be passed on; what the caller's caller has ignored stays so.  -1 without one.
 */
int terminal_signals(void);

#endif /* MKCTL_TERMINAL_H */
