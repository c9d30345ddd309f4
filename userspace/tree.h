/* SPDX-License-Identifier: GPL-2.0 */
/* Files and directories over a connection: the same in mkctl and in an instance. */
#ifndef MK_TREE_H
#define MK_TREE_H

#include <time.h>

#include "conn.h"

/* What has ended a copy. */
enum tree_fault {
	TREE_HERE,	/* @step of @path, and @error */
	TREE_THERE,	/* the other side, in @answer */
	TREE_LOST,	/* the connection, and @error; EPROTO: it is nonsense */
};

/**
 * struct tree - a copy
 * @c:		where to, or where from
 * @skipped:	is told of what is left out: a step, an errno, a path
 * @moved:	is told of bytes and of whole files, or NULL
 * @wanted:	names that may come at the top, in this order, or NULL: any
 * @path:	what is being copied
 * @path_len:	its length
 * @fault:	why it has ended
 * @step:	enum mk_step
 * @error:	errno
 * @answer:	MK_FAILED
 * @level:	of the receiver: directories that are open, from the top
 * @depth:	the last one
 * @file:	that is being written, in the last directory, or -1
 * @temporary:	its name for now, or empty
 * @entry:	what it will be
 * @rename:	the name at the top, or empty: as it comes
 */
struct tree {
	struct conn *c;
	void (*skipped)(struct tree *t, unsigned int step, int error, const char *path);
	void (*moved)(struct tree *t, size_t bytes, unsigned int files);
	char *const *wanted;
	char path[MK_PATH_MAX];
	size_t path_len;
	enum tree_fault fault;
	unsigned int step;
	int error;
	struct frame answer;
	struct {
		int fd;
		size_t path_len;
		bool made;
		unsigned int mode;
		struct timespec times[2];
	} level[MK_DEPTH_MAX + 1];
	unsigned int depth;
	int file;
	char temporary[32];
	struct entry entry;
	char rename[MK_ENTRY_NAME_MAX + 1];
};

/* The last part of a path, to be freed; NULL: it has none that is a name. */
char *tree_name(const char *path);

/* Whether it is what a directory contains: its last part is ".". */
bool tree_is_contents(const char *path);

/*
 * Sends what is at a path.  A link to a file is that file; with a slash behind it,
 * it is the directory that it leads to.
 * Return: 0, or -1: @fault.
 */
int tree_send(struct tree *t, const char *path);

/*
 * Takes what comes, until MK_DONE, to @target: into this directory, or where
 * there is none, and it need not be @into one, by this name.
 * Return: 0, or -1: @fault.
 */
int tree_receive(struct tree *t, const char *target, bool into);

/* Leaves no half of a file behind; a signal's handler may call it. */
void tree_abandon(struct tree *t);

#endif /* MK_TREE_H */
