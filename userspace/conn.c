// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "conn.h"

/* Bytes of the payload, by type. */
static const struct {
	size_t min;
	size_t max;
} limits[MK_NR_FRAMES] = {
	[MK_REQUEST] = { sizeof(struct mk_request), MK_FRAME_MAX },
	[MK_STARTED] = { 0, 0 },
	[MK_FAILED] = { sizeof(struct mk_failed), sizeof(struct mk_failed) + MK_PATH_MAX },
	[MK_INPUT] = { 0, MK_CHUNK },
	[MK_OUTPUT] = { 1, MK_CHUNK },
	[MK_ERRORS] = { 1, MK_CHUNK },
	[MK_TAKEN] = { sizeof(__u32), sizeof(__u32) },
	[MK_SIGNAL] = { sizeof(__u32), sizeof(__u32) },
	[MK_SIZE] = { sizeof(struct mk_size), sizeof(struct mk_size) },
	[MK_EXIT] = { sizeof(struct mk_exit), sizeof(struct mk_exit) },
	[MK_ENTRY] = { sizeof(struct mk_entry) + 1,
		       sizeof(struct mk_entry) + MK_ENTRY_NAME_MAX + MK_PATH_MAX },
	[MK_DATA] = { 0, MK_CHUNK },
	[MK_LEAVE] = { 0, 0 },
	[MK_SKIPPED] = { sizeof(struct mk_failed), sizeof(struct mk_failed) + MK_PATH_MAX },
	[MK_DONE] = { 0, 0 },
};

int frame_parse(const void *buf, size_t len, struct frame *f)
{
	struct mk_frame head;

	if (len < FRAME_HEAD)
		return 0;
	memcpy(&head, buf, FRAME_HEAD);
	if (!head.type || head.type >= MK_NR_FRAMES || head.len < limits[head.type].min ||
	    head.len > limits[head.type].max)
		return -1;
	if (len - FRAME_HEAD < head.len)
		return 0;
	f->type = head.type;
	f->len = head.len;
	f->data = (const unsigned char *)buf + FRAME_HEAD;
	return FRAME_HEAD + head.len;
}

int frame_words(const struct frame *f, const struct mk_request *request, char **words)
{
	char *at = (char *)f->data + sizeof(*request), *end = (char *)f->data + f->len, *zero;
	__u32 i;

	if (request->nr_words > MK_WORDS_MAX || request->nr_env >= request->nr_words)
		return -1;
	for (i = 0; i < request->nr_words; i++) {
		if (i == request->nr_words - request->nr_env)
			*words++ = NULL;
		zero = memchr(at, 0, end - at);
		if (!zero)
			return -1;
		*words++ = at;
		at = zero + 1;
	}
	if (!request->nr_env)
		*words++ = NULL;
	*words = NULL;
	return at == end ? 0 : -1;
}

static bool copy_text(char *to, size_t size, const unsigned char *from, size_t len)
{
	if (len >= size || memchr(from, 0, len))
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static bool is_name(const char *name)
{
	return *name && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/');
}

int frame_entry(const struct frame *f, struct entry *e)
{
	struct mk_entry raw;
	const unsigned char *text = f->data + sizeof(raw);

	memcpy(&raw, f->data, sizeof(raw));
	if ((__u64)raw.name_len + raw.target_len != f->len - sizeof(raw) ||
	    !copy_text(e->name, sizeof(e->name), text, raw.name_len) || !is_name(e->name) ||
	    !copy_text(e->target, sizeof(e->target), text + raw.name_len, raw.target_len))
		return -1;
	if ((raw.mode & ~(S_IFMT | 01777U)) || raw.nsec >= 1000000000 ||
	    (!S_ISREG(raw.mode) && !S_ISDIR(raw.mode) && !S_ISLNK(raw.mode)) ||
	    S_ISLNK(raw.mode) == !*e->target)
		return -1;
	e->mode = raw.mode;
	e->sec = raw.sec;
	e->nsec = raw.nsec;
	return 0;
}

/* Return: bytes, 0: none now, or -1 and errno; the end of the stream is an error. */
static ssize_t result(ssize_t n)
{
	if (n > 0)
		return n;
	if (!n)
		errno = ECONNRESET;
	return n && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

int conn_recv(struct conn *c)
{
	ssize_t n;

	if (c->in_start) {
		memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
		c->in_end -= c->in_start;
		c->in_start = 0;
	}
	if (c->in_end == sizeof(c->in))
		return 0;
	n = result(recv(c->fd, c->in + c->in_end, sizeof(c->in) - c->in_end, MSG_DONTWAIT));
	if (n > 0)
		c->in_end += n;
	return n > 0 ? 1 : n;
}

int conn_next(struct conn *c, struct frame *f)
{
	int n = frame_parse(c->in + c->in_start, c->in_end - c->in_start, f);

	if (n < 0)
		errno = EPROTO;
	if (n <= 0)
		return n;
	c->in_start += n;
	return 1;
}

size_t conn_room(const struct conn *c)
{
	size_t room = sizeof(c->out) - (c->out_end - c->out_start);

	return room < FRAME_HEAD ? 0 : room - FRAME_HEAD;
}

static void append(struct conn *c, const void *data, size_t len)
{
	if (len)
		memcpy(c->out + c->out_end, data, len);
	c->out_end += len;
}

void conn_put2(struct conn *c, unsigned int type, const void *head, size_t head_len,
	       const void *data, size_t len)
{
	struct mk_frame frame = { .len = head_len + len, .type = type };

	if (sizeof(c->out) - c->out_end < FRAME_HEAD + frame.len) {
		memmove(c->out, c->out + c->out_start, c->out_end - c->out_start);
		c->out_end -= c->out_start;
		c->out_start = 0;
	}
	append(c, &frame, FRAME_HEAD);
	append(c, head, head_len);
	append(c, data, len);
}

void conn_put(struct conn *c, unsigned int type, const void *data, size_t len)
{
	conn_put2(c, type, NULL, 0, data, len);
}

void conn_forget(struct conn *c)
{
	c->out_start = 0;
	c->out_end = 0;
}

int conn_send(struct conn *c)
{
	ssize_t n;

	while (c->out_start < c->out_end) {
		n = send(c->fd, c->out + c->out_start, c->out_end - c->out_start,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == ENOMEM)
			errno = EAGAIN;	/* nothing of it went: no reason to lose it */
		n = result(n);
		if (n <= 0)
			return n;
		c->out_start += n;
	}
	conn_forget(c);
	return 1;
}

static int wait_for(struct conn *c, int events, int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int n = poll(&p, 1, timeout_ms < 0 && c->idle_ms ? c->idle_ms : timeout_ms);

	if (!n)
		errno = ETIMEDOUT;
	if (n > 0 && (p.revents & POLLRDHUP))
		errno = EPIPE;
	return n > 0 && !(p.revents & POLLRDHUP) ? 0 : -1;
}

int conn_flush(struct conn *c)
{
	int done;

	while (!(done = conn_send(c)))
		/* who is gone makes no room */
		if (wait_for(c, POLLOUT | POLLRDHUP, -1))
			return -1;
	return done < 0 ? -1 : 0;
}

int conn_get(struct conn *c, struct frame *f, int timeout_ms)
{
	int got;

	while (!(got = conn_next(c, f)))
		if (wait_for(c, POLLIN, timeout_ms) || conn_recv(c) < 0)
			return -1;
	return got < 0 ? -1 : 0;
}

int conn_write(struct conn *c, unsigned int type, const void *head, size_t head_len,
	       const void *data, size_t len)
{
	if (conn_room(c) < head_len + len && conn_flush(c))
		return -1;
	conn_put2(c, type, head, head_len, data, len);
	return 0;
}
