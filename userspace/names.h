/* SPDX-License-Identifier: GPL-2.0 */
/* Pure: words and figures for people, the same ones everywhere. */
#ifndef MKCTL_NAMES_H
#define MKCTL_NAMES_H

#include "uapi.h"

#define SIZE_TEXT	32

const char *state_name(__u32 state);
const char *reason_name(__u32 reason);

/* "on-failure": enum mk_restart */
const char *restart_name(__u32 restart);

/* For a sentence: "kernel panic". */
const char *reason_words(__u32 reason);

/* "512M": whole units only, so that it can be read back. */
const char *size_text(__u64 bytes, char buf[SIZE_TEXT]);

/* The same to be read only: "11.5M" instead of "12085184". */
const char *size_about(__u64 bytes, char buf[SIZE_TEXT]);

/* "119 us", "3.250 s", "2 min 5 s", "1 d 3 h" */
const char *time_text(__u64 ns, char buf[SIZE_TEXT]);

/* "2-3,5" in the given order; to be freed. */
char *cpus_text(const struct mk_pool_cpu *cpus, unsigned int nr);

#endif /* MKCTL_NAMES_H */
