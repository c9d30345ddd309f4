/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: from text to numbers.  Every function returns NULL, or what is wrong
 * with the text, to be read behind a colon.
 */
#ifndef MKCTL_PARSE_H
#define MKCTL_PARSE_H

#include "uapi.h"

const char *parse_u32(const char *text, __u32 *out);

/* Bytes, or a number with K, M, G or T (powers of 1024, either case). */
const char *parse_size(const char *text, __u64 *out);

/* Seconds with up to three decimals, to milliseconds. */
const char *parse_seconds(const char *text, long *ms);

/* "2-3,5": order is kept, as an instance boots on the first one. */
const char *parse_cpus(const char *text, __u32 *cpus, unsigned int room, unsigned int *nr);

/* "2G@1,512M@0,1G": sizes, each with a NUMA node or MK_NODE_ANY. */
const char *parse_memory(const char *text, struct mk_extent *out, unsigned int room,
			 unsigned int *nr);

/* "running,crashed" to a bit (1 << enum mk_state) each. */
const char *parse_states(const char *text, unsigned int *mask);

/* 0 to 7, or emerg alert crit err warn notice info debug */
const char *parse_level(const char *text, unsigned int *level);

/* The name rule of struct mk_create; a number stands for an id. */
const char *parse_name(const char *text);

/* "never", "on-failure", "always": enum mk_restart */
const char *parse_restart(const char *text, __u32 *out);

/* "web,db:ro": names of instances, each with MK_MODE_RW or MK_MODE_RO. */
const char *parse_permits(const char *text, struct mk_permit *out, unsigned int room,
			  unsigned int *nr);

/* "web,db": two names that are not the same. */
const char *parse_pair(const char *text, char pair[2][MK_NAME_SIZE]);

#endif /* MKCTL_PARSE_H */
