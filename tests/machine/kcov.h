/* SPDX-License-Identifier: GPL-2.0 */
/* What a call reaches in the kernel, where it has KCOV. */
#ifndef TESTS_MACHINE_KCOV_H
#define TESTS_MACHINE_KCOV_H

/* Return: 1, 0 on a kernel without it, where nothing is ever new, or -1. */
int kcov_open(void);
void kcov_start(void);
/* Return: how many places were reached since kcov_start() for the first time. */
unsigned int kcov_new(void);

#endif /* TESTS_MACHINE_KCOV_H */
