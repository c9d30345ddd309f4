/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mkctl and the server in an instance (serve.c) say to each other: frames
 * over one AF_VSOCK stream, little-endian, none of them believed.
 *
 *	mkctl					server
 *	REQUEST		------------------>
 *			<------------------	STARTED, or FAILED and the end
 *
 *	a command:
 *	INPUT SIGNAL SIZE ---------------->
 *			<------------------	OUTPUT ERRORS TAKEN, then EXIT
 *	files from the instance:
 *			<------------------	a tree, then DONE, or FAILED
 *	files into it:
 *	a tree, DONE	------------------>
 *			<------------------	DONE, or FAILED at any time
 *
 * A tree: each ENTRY is in the directory that is open.  Behind that of a file
 * come its DATA, of which an empty one is the last; that of a directory opens
 * it, until LEAVE.  SKIPPED names what is left out.
 *
 * mkctl goes away: the command is hung up, and half a file is removed.
 */
#ifndef MK_SERVE_H
#define MK_SERVE_H

#include <linux/types.h>

#include "../mk_ipc/wire.h"

#define MK_SERVE_MAGIC		0x58454b4d	/* "MKEX" */
#define MK_SERVE_VERSION	1

#define MK_FRAME_MAX		65536	/* bytes of a payload */
#define MK_CHUNK		32768	/* of those that carry data */
#define MK_WINDOW		65536	/* of INPUT that is not TAKEN yet */
#define MK_WORDS_MAX		8192
#define MK_PATH_MAX		4096
#define MK_ENTRY_NAME_MAX	255
#define MK_DEPTH_MAX		128	/* of directories in a tree */

enum mk_frame_type {
	MK_REQUEST = 1,		/* struct mk_request, words, each with its 0 */
	MK_STARTED,
	MK_FAILED,		/* struct mk_failed, what it is about */
	MK_INPUT,		/* data; none: its end */
	MK_OUTPUT,		/* data */
	MK_ERRORS,		/* data */
	MK_TAKEN,		/* __u32 bytes of INPUT */
	MK_SIGNAL,		/* __u32 */
	MK_SIZE,		/* struct mk_size, of the terminal */
	MK_EXIT,		/* struct mk_exit */
	MK_ENTRY,		/* struct mk_entry, name, target of a symbolic link */
	MK_DATA,		/* data; none: the end of this file */
	MK_LEAVE,
	MK_SKIPPED,		/* struct mk_failed, a path */
	MK_DONE,
	MK_NR_FRAMES
};

struct mk_frame {
	__u32 len;		/* of the payload that follows */
	__u32 type;
};

struct mk_size {
	__u16 rows;
	__u16 columns;
};

enum mk_op {
	MK_OP_EXEC = 1,		/* words: the command, then its environment */
	MK_OP_GET,		/* words: what to send */
	MK_OP_PUT,		/* words: where to, and "/" where it must be a directory */
};

#define MK_REQUEST_TTY	1	/* the command gets a terminal */

struct mk_request {
	__u32 magic;
	__u16 version;
	__u8 op;
	__u8 flags;
	__u32 nr_words;
	__u32 nr_env;		/* of the words, the last ones */
	struct mk_size size;
};

/* What could not be done. */
enum mk_step {
	MK_STEP_VERSION = 1,	/* speak this version; @error is the server's */
	MK_STEP_ENTER,		/* enter the first process's root */
	MK_STEP_PREPARE,	/* make a process, pipes or a terminal */
	MK_STEP_EXEC,
	MK_STEP_READ,
	MK_STEP_WRITE,
	MK_STEP_KIND,		/* copy something of this kind */
	MK_STEP_REPLACE,	/* replace something of this kind */
	MK_STEP_FOLLOW,		/* take a symbolic link as the target */
	MK_STEP_RENAME,		/* give a symbolic link another name */
	MK_NR_STEPS
};

struct mk_failed {
	__u32 step;
	__s32 error;		/* errno */
};

struct mk_exit {
	__u32 code;
	__u32 signal;		/* that killed it, or 0 */
};

struct mk_entry {
	__u32 mode;		/* S_IFREG, S_IFDIR or S_IFLNK and 01777 */
	__u32 nsec;
	__s64 sec;		/* when it was changed */
	__u32 name_len;		/* neither 0 nor that of "." or "..", and no / in it */
	__u32 target_len;
};

#endif /* MK_SERVE_H */
