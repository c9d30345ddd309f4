/* SPDX-License-Identifier: GPL-2.0 */
/* Frames of serve.h over a stream: the same in mkctl and in an instance. */
#ifndef MK_CONN_H
#define MK_CONN_H

#include <stdbool.h>
#include <stddef.h>

#include "serve.h"

#define FRAME_HEAD	sizeof(struct mk_frame)

/**
 * struct frame - one that came
 * @type:	enum mk_frame_type
 * @len:	bytes of it, as its type has
 * @data:	the payload, not aligned, until the next conn_recv()
 */
struct frame {
	unsigned int type;
	size_t len;
	const unsigned char *data;
};

/*
 * Finds a frame at the start of @buf.  Return: its bytes with the head, 0: there
 * are not enough yet, or -1: it is none.
 */
int frame_parse(const void *buf, size_t len, struct frame *f);

/*
 * Finds the words behind the struct mk_request of a frame; @words has room for
 * MK_WORDS_MAX + 2 pointers, and gets a NULL behind those that are no environment
 * and one behind the environment.  Return: 0, or -1: they are not as it says.
 */
int frame_words(const struct frame *f, const struct mk_request *request, char **words);

/**
 * struct entry - of a tree
 * @mode:	S_IFREG, S_IFDIR or S_IFLNK and permissions of 01777
 * @sec:	when it was changed
 * @nsec:	likewise, below 10^9
 * @name:	neither "." nor "..", and no / in it
 * @target:	of a symbolic link, else empty
 */
struct entry {
	unsigned int mode;
	long long sec;
	unsigned int nsec;
	char name[MK_ENTRY_NAME_MAX + 1];
	char target[MK_PATH_MAX];
};

/* Reads the struct mk_entry of a frame.  Return: 0, or -1: it is none. */
int frame_entry(const struct frame *f, struct entry *e);

/**
 * struct conn - one end of a stream of frames
 * @fd:		its socket, or -1
 * @idle_ms:	how long nothing may come or go while it is waited for, 0: for ever
 * @in:		what came, from @in_start to @in_end
 * @out:	what is to be sent, likewise
 */
struct conn {
	int fd;
	int idle_ms;
	size_t in_start, in_end;
	size_t out_start, out_end;
	unsigned char in[FRAME_HEAD + MK_FRAME_MAX];
	unsigned char out[2 * (FRAME_HEAD + MK_FRAME_MAX)];
};

/* Takes what came, without waiting.  Return: 1, 0: nothing, or -1 and errno. */
int conn_recv(struct conn *c);

/* The next frame of it.  Return: 1, 0: not all of it is there, or -1 and errno. */
int conn_next(struct conn *c, struct frame *f);

/* Bytes of payload that conn_put() takes now. */
size_t conn_room(const struct conn *c);

/* To be sent; there is room. */
void conn_put(struct conn *c, unsigned int type, const void *data, size_t len);
void conn_put2(struct conn *c, unsigned int type, const void *head, size_t head_len,
	       const void *data, size_t len);

/* Nothing is to be sent any more. */
void conn_forget(struct conn *c);

/* Sends what it can without waiting.  Return: whether that was all, or -1 and errno. */
int conn_send(struct conn *c);

/*
 * The same, waiting; an interrupt by a signal is EINTR, and too long a time, for
 * each piece that comes or goes, ETIMEDOUT.  Return: 0 or -1.
 */
int conn_get(struct conn *c, struct frame *f, int timeout_ms);	/* below 0: c->idle_ms */
int conn_flush(struct conn *c);

/* Puts a frame when there is room for it: waits, and fails, as conn_flush() does. */
int conn_write(struct conn *c, unsigned int type, const void *head, size_t head_len,
	       const void *data, size_t len);

#endif /* MK_CONN_H */
