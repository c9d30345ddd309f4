/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of the server in an instance. */
#ifndef MK_SERVER_H
#define MK_SERVER_H

#include <stdnoreturn.h>

#include "conn.h"

/* serve.c: makes the server, where this kernel has sockets; @argv0 becomes its name. */
void serve_start(char *argv0);

/* A file system that is mounted nowhere, as a directory, or -1. */
int serve_mount(const char *type);

/* Ends the connection: what could not be done, and why. */
noreturn void serve_fail(struct conn *c, unsigned int step, int error, const char *what);

/* command.c: runs a command for a connection, to its end. */
noreturn void command_serve(struct conn *c, const struct mk_request *request, char **words);

/* files.c: sends files, or takes them. */
noreturn void files_get(struct conn *c, char **words);
noreturn void files_put(struct conn *c, char **words);

#endif /* MK_SERVER_H */
