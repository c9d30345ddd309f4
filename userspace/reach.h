/* SPDX-License-Identifier: GPL-2.0 */
/* The server in an instance, as mkctl's commands reach it. */
#ifndef MKCTL_REACH_H
#define MKCTL_REACH_H

#include "conn.h"
#include "mkctl.h"

/**
 * struct reach - a request to an instance
 * @in:		the instance
 * @c:		the connection
 * @request:	the request; reach_open() fills in the rest
 * @words:	its words, a NULL behind them
 * @env:	and the environment, likewise
 */
struct reach {
	struct instance in;
	struct conn c;
	struct mk_request request;
	char *const *words;
	char *const *env;
};

/*
 * Connects, which an instance that was just started gets some time for, and makes
 * the request.  0 or an exit code; @f is the answer, MK_STARTED or MK_FAILED.
 */
int reach_open(struct reach *r, const char *name, const struct args *a, struct frame *f);
void reach_close(struct reach *r);

/* In words what MK_FAILED says; @remote precedes what it is about ("web:"). */
int reach_failed(const struct reach *r, const struct frame *f, const char *remote);

/* As fail(): in words what could not be done with @object; @step is enum mk_step. */
int reach_fail_step(int status, const char *code, const char *object, unsigned int step,
		    int error);

/* What it says is against the protocol. */
int reach_nonsense(const struct reach *r);

/* The connection has ended too early, or @error is EPROTO. */
int reach_lost(struct reach *r, int error);

#endif /* MKCTL_REACH_H */
