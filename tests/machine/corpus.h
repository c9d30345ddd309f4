/* SPDX-License-Identifier: GPL-2.0 */
/* Calls that reached something new: they are kept, and damaged again. */
#ifndef TESTS_MACHINE_CORPUS_H
#define TESTS_MACHINE_CORPUS_H

#include "mk.h"

/* All that a call has; a damaged pointer does no harm to what is far from it. */
#define ARENA		((unsigned char *)0x10000000)
#define ARENA_SIZE	(64 * 1024)

#define PICK(...)	pick((const __u64[]){ __VA_ARGS__ }, sizeof((__u64[]){ __VA_ARGS__ }) / 8)

static inline __u64 pick(const __u64 *all, __u32 nr)
{
	return all[random_below(nr)];
}

/* The arena begins with the argument.  Return: 0, or -1. */
int corpus_open(void);
/* Return: half the time a kept call, with its arena; else NULL. */
const struct call *corpus_choose(void);
/* Damage the argument of a call, or what is behind it. */
void corpus_damage(const struct call *call);
/* Make it, and keep it as it was when it reached something new; @cut: at the arena's end. */
int corpus_call(const struct call *call, int fd, int cut);
/* Return: whether an error must have a code: nobody said it before he looked at all. */
int corpus_needs_code(int ret);
/* Return: 0, or -1 when a kernel that tells what calls reach has told nothing. */
int corpus_report(void);

#endif /* TESTS_MACHINE_CORPUS_H */
