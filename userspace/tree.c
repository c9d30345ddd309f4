// SPDX-License-Identifier: GPL-2.0
/*
 * A tree goes over a connection entry by entry, each with its name in the
 * directory that is open at the other side: there are no paths that could lead
 * elsewhere, and no symbolic link is followed but one that the user names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

#define DIRECTORY	(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int fail_here(struct tree *t, unsigned int step)
{
	t->fault = TREE_HERE;
	t->step = step;
	t->error = errno;
	return -1;
}

static int fail_lost(struct tree *t, int error)
{
	t->fault = TREE_LOST;
	t->error = error;
	return -1;
}

static void moved(struct tree *t, size_t bytes, unsigned int files)
{
	if (t->moved)
		t->moved(t, bytes, files);
}

/* For messages: what does not fit is cut. */
static size_t path_push(struct tree *t, const char *name)
{
	size_t was = t->path_len;
	const char *slash = was && t->path[was - 1] != '/' ? "/" : "";

	snprintf(t->path + was, sizeof(t->path) - was, "%s%s", slash, name);
	t->path_len = strlen(t->path);
	return was;
}

static void path_pop(struct tree *t, size_t was)
{
	t->path_len = was;
	t->path[was] = '\0';
}

/* --- there ------------------------------------------------------------------------ */

/* The receiver speaks only when it has failed. */
static int hear(struct tree *t, int error)
{
	if (conn_get(t->c, &t->answer, 0))
		return errno == ETIMEDOUT && !error ? 0 : fail_lost(t, error ?: errno);
	if (t->answer.type != MK_FAILED)
		return fail_lost(t, EPROTO);
	t->fault = TREE_THERE;
	return -1;
}

static int put(struct tree *t, unsigned int type, const void *head, size_t head_len,
	       const void *data, size_t len)
{
	struct pollfd p = { .fd = t->c->fd, .events = POLLIN };

	if (conn_write(t->c, type, head, head_len, data, len))
		return hear(t, errno);
	return poll(&p, 1, 0) > 0 ? hear(t, 0) : 0;
}

static int put_entry(struct tree *t, const char *name, const struct stat *st, const char *target)
{
	char text[MK_ENTRY_NAME_MAX + MK_PATH_MAX];
	struct mk_entry e = {
		.mode = st->st_mode & (S_IFMT | 01777),
		.sec = st->st_mtim.tv_sec,
		.nsec = st->st_mtim.tv_nsec,
		.name_len = strlen(name),
		.target_len = strlen(target),
	};

	memcpy(text, name, e.name_len);
	memcpy(text + e.name_len, target, e.target_len);
	return put(t, MK_ENTRY, &e, sizeof(e), text, e.name_len + e.target_len);
}

static int skip(struct tree *t, unsigned int step, int error)
{
	t->skipped(t, step, error, t->path);
	return 0;
}

/* Once it is an entry it cannot be left out any more. */
static int send_data(struct tree *t, int fd, const char *name, const struct stat *st)
{
	char buf[MK_CHUNK];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0)
		return skip(t, MK_STEP_READ, errno);
	if (put_entry(t, name, st, ""))
		return -1;
	for (;;) {
		if (put(t, MK_DATA, NULL, 0, buf, n))
			return -1;
		moved(t, n, !n);
		if (!n)
			return 0;
		n = read(fd, buf, sizeof(buf));
		if (n < 0)
			return fail_here(t, MK_STEP_READ);
	}
}

static int send_file(struct tree *t, int dir, const char *name)
{
	/* somebody may have put another kind of file into its place */
	int nofollow = t->depth ? O_NOFOLLOW : 0;
	int fd = openat(dir, name, O_RDONLY | nofollow | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int ret;

	if (fd < 0 || fstat(fd, &st))
		ret = skip(t, MK_STEP_READ, errno);
	else if (!S_ISREG(st.st_mode))
		ret = skip(t, MK_STEP_KIND, 0);
	else
		ret = send_data(t, fd, name, &st);
	if (fd >= 0)
		close(fd);
	return ret;
}

static int send_link(struct tree *t, int dir, const char *name, const struct stat *st)
{
	char target[MK_PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n <= 0)
		return skip(t, MK_STEP_READ, errno);
	target[n] = '\0';
	if (put_entry(t, name, st, target))
		return -1;
	moved(t, 0, 1);
	return 0;
}

static int send_entry(struct tree *t, int dir, const char *name);

static int send_entries(struct tree *t, DIR *dir)
{
	struct dirent *d;
	int ret = 0;

	while (!ret && (errno = 0, d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			ret = send_entry(t, dirfd(dir), d->d_name);
	if (!ret && errno)
		return fail_here(t, MK_STEP_READ);
	return ret;
}

/* @name is what its copy is called, or NULL: the target gets what is in it. */
static int send_directory(struct tree *t, int dir, const char *path, const char *name,
			  const struct stat *st)
{
	int ret, fd = t->depth < MK_DEPTH_MAX ? openat(dir, path, DIRECTORY) : -1;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (t->depth == MK_DEPTH_MAX)
		errno = ENAMETOOLONG;
	if (!d) {
		ret = skip(t, MK_STEP_READ, errno);
		if (fd >= 0)
			close(fd);
		return ret;
	}
	t->depth++;
	ret = name ? put_entry(t, name, st, "") : 0;
	ret = ret ?: send_entries(t, d);
	if (!ret && name)
		ret = put(t, MK_LEAVE, NULL, 0, NULL, 0);
	t->depth--;
	closedir(d);
	return ret;
}

/* As cp(1) does, the link to a file that the user names is taken for the file. */
static bool is_file(const struct tree *t, int dir, const char *name, const struct stat *st)
{
	struct stat to;

	return S_ISREG(st->st_mode) ||
	       (!t->depth && !fstatat(dir, name, &to, 0) && S_ISREG(to.st_mode));
}

static int send_entry(struct tree *t, int dir, const char *name)
{
	size_t was = path_push(t, name);
	struct stat st;
	int ret;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		ret = skip(t, MK_STEP_READ, errno);
	else if (is_file(t, dir, name, &st))
		ret = send_file(t, dir, name);
	else if (S_ISDIR(st.st_mode))
		ret = send_directory(t, dir, name, name, &st);
	else if (S_ISLNK(st.st_mode))
		ret = send_link(t, dir, name, &st);
	else
		ret = skip(t, MK_STEP_KIND, 0);
	if (!ret)
		path_pop(t, was);
	return ret;
}

/* --- paths ------------------------------------------------------------------------------ */

/* Where the last part of a path begins, and how long it is without slashes behind. */
static const char *last_part(const char *path, size_t *len)
{
	const char *end = path + strlen(path), *at;

	while (end > path && end[-1] == '/')
		end--;
	for (at = end; at > path && at[-1] != '/'; at--)
		;
	*len = end - at;
	return at;
}

char *tree_name(const char *path)
{
	size_t len;
	const char *at = last_part(path, &len);

	if (!len || len > MK_ENTRY_NAME_MAX || !strncmp(at, "..", len))
		return NULL;
	return strndup(at, len);
}

bool tree_is_contents(const char *path)
{
	size_t len;
	const char *at = last_part(path, &len);

	return len == 1 && *at == '.';
}

/* The directory that the last part of a path is in, or -1. */
static int open_parent(const char *path)
{
	size_t len;
	const char *at = last_part(path, &len);
	char *parent = strndup(path, at - path);
	int fd = open(parent && *parent ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(parent);
	return fd;
}

/* With a slash behind it, a link is the directory that it leads to. */
static int send_beyond(struct tree *t, int dir, const char *name)
{
	size_t was = path_push(t, name);
	char path[MK_ENTRY_NAME_MAX + 3];
	struct stat st;
	int ret;

	snprintf(path, sizeof(path), "%s/.", name);
	if (fstatat(dir, path, &st, 0))
		ret = skip(t, MK_STEP_READ, errno);
	else
		ret = send_directory(t, dir, path, name, &st);
	if (!ret)
		path_pop(t, was);
	return ret;
}

int tree_send(struct tree *t, const char *path)
{
	char *name = tree_name(path);
	bool contents = tree_is_contents(path), beyond = name && path[strlen(path) - 1] == '/';
	int ret, dir;
	size_t len;

	snprintf(t->path, sizeof(t->path), "%.*s", (int)(last_part(path, &len) - path), path);
	t->path_len = strlen(t->path);
	dir = open_parent(path);
	if (!name && !contents)
		errno = EINVAL;
	if (dir < 0 || (!name && !contents))
		ret = fail_here(t, MK_STEP_READ);
	else if (contents)
		ret = send_directory(t, dir, ".", NULL, NULL);
	else
		ret = beyond ? send_beyond(t, dir, name) : send_entry(t, dir, name);
	if (dir >= 0)
		close(dir);
	free(name);
	return ret;
}

/* --- here --------------------------------------------------------------------------- */

void tree_abandon(struct tree *t)
{
	if (*t->temporary)
		unlinkat(t->level[t->depth].fd, t->temporary, 0);
}

static int top(const struct tree *t)
{
	return t->level[t->depth].fd;
}

/* A name that nobody has; it is what a signal's handler removes. */
static void choose_temporary(struct tree *t)
{
	static unsigned int nr;

	snprintf(t->temporary, sizeof(t->temporary), ".mkctl-cp-%d-%u", getpid(), nr++);
}

static const char *final_name(const struct tree *t)
{
	return !t->depth && *t->rename ? t->rename : t->entry.name;
}

static void set_times(struct timespec *times, const struct entry *e)
{
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_sec = e->sec;
	times[1].tv_nsec = e->nsec;
}

static int refuse(struct tree *t, unsigned int step)
{
	errno = 0;
	return fail_here(t, step);
}

/*
 * A device or a pipe is not lost by a file that comes for its name.  The link that
 * the user names stays, too: it may lead to one, as /dev/stdout does; and as it may
 * be one that an instance has sent, it is not followed.
 */
static int check_place(struct tree *t)
{
	struct stat st;

	if (fstatat(top(t), final_name(t), &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : fail_here(t, MK_STEP_WRITE);
	if (S_ISLNK(st.st_mode) && !t->depth && *t->rename)
		return refuse(t, MK_STEP_FOLLOW);
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode))
		return 0;	/* nothing is renamed over a directory */
	return refuse(t, MK_STEP_REPLACE);
}

static int put_in_place(struct tree *t)
{
	if (check_place(t))
		return -1;
	if (renameat(top(t), t->temporary, top(t), final_name(t)))
		return fail_here(t, MK_STEP_WRITE);
	*t->temporary = '\0';
	path_pop(t, t->level[t->depth].path_len);
	return 0;
}

static int begin_file(struct tree *t)
{
	if (check_place(t))
		return -1;	/* before all of it comes in vain */
	do {
		choose_temporary(t);
		t->file = openat(top(t), t->temporary,
				 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	} while (t->file < 0 && errno == EEXIST);
	if (t->file >= 0)
		return 0;
	*t->temporary = '\0';
	return fail_here(t, MK_STEP_WRITE);
}

static int end_file(struct tree *t)
{
	struct timespec times[2] = { };
	int bad;

	set_times(times, &t->entry);
	bad = fchmod(t->file, t->entry.mode & 01777) || futimens(t->file, times);
	bad |= close(t->file);
	t->file = -1;
	return bad ? fail_here(t, MK_STEP_WRITE) : put_in_place(t);
}

static int take_data(struct tree *t, const struct frame *f)
{
	size_t done = 0;
	ssize_t n;

	for (; done < f->len; done += n) {
		n = write(t->file, f->data + done, f->len - done);
		if (n < 0)
			return fail_here(t, MK_STEP_WRITE);
	}
	moved(t, f->len, !f->len);
	return f->len ? 0 : end_file(t);
}

static int make_link(struct tree *t)
{
	struct timespec times[2] = { };
	int bad;

	/* the next copy to this name would go where it leads */
	if (t->wanted && !t->depth && *t->rename)
		return refuse(t, MK_STEP_RENAME);
	set_times(times, &t->entry);
	do {
		choose_temporary(t);
		bad = symlinkat(t->entry.target, top(t), t->temporary);
	} while (bad && errno == EEXIST);
	if (bad || utimensat(top(t), t->temporary, times, AT_SYMLINK_NOFOLLOW))
		return fail_here(t, MK_STEP_WRITE);
	moved(t, 0, 1);
	return put_in_place(t);
}

static int enter(struct tree *t)
{
	bool made = !mkdirat(top(t), final_name(t), 0700);
	int fd;

	if (!made && errno != EEXIST)
		return fail_here(t, MK_STEP_WRITE);
	if (t->depth == MK_DEPTH_MAX)
		return fail_lost(t, EPROTO);
	fd = openat(top(t), final_name(t), DIRECTORY);
	if (fd < 0)
		return fail_here(t, MK_STEP_WRITE);
	t->depth++;
	t->level[t->depth].fd = fd;
	t->level[t->depth].path_len = t->path_len;
	t->level[t->depth].made = made;
	t->level[t->depth].mode = t->entry.mode & 01777;
	set_times(t->level[t->depth].times, &t->entry);
	return 0;
}

/* One that was there stays as it was. */
static int leave(struct tree *t)
{
	int fd = top(t), bad = 0;

	if (t->level[t->depth].made)
		bad = fchmod(fd, t->level[t->depth].mode) ||
		      futimens(fd, t->level[t->depth].times);
	if (bad)
		return fail_here(t, MK_STEP_WRITE);
	close(fd);
	t->depth--;
	path_pop(t, t->level[t->depth].path_len);
	return 0;
}

/* At the top the other side names nothing that was not asked for. */
static bool is_wanted(struct tree *t)
{
	if (t->depth || !t->wanted)
		return true;
	while (*t->wanted)
		if (!strcmp(*t->wanted++, t->entry.name))
			return true;
	return false;
}

static int take_entry(struct tree *t, const struct frame *f)
{
	if (t->file >= 0 || frame_entry(f, &t->entry) || !is_wanted(t))
		return fail_lost(t, EPROTO);
	path_push(t, final_name(t));
	if (S_ISDIR(t->entry.mode))
		return enter(t);
	return S_ISREG(t->entry.mode) ? begin_file(t) : make_link(t);
}

static void tell_skipped(struct tree *t, const struct frame *f)
{
	char path[MK_PATH_MAX + 1];
	struct mk_failed failed;
	size_t len = f->len - sizeof(failed);

	memcpy(&failed, f->data, sizeof(failed));
	memcpy(path, f->data + sizeof(failed), len);
	path[len] = '\0';
	t->skipped(t, failed.step, failed.error, path);
}

/* Return: 1: it goes on, 0: that was all, or -1. */
static int take(struct tree *t, const struct frame *f)
{
	if (f->type == MK_ENTRY)
		return take_entry(t, f) ?: 1;
	if (f->type == MK_DATA && t->file >= 0)
		return take_data(t, f) ?: 1;
	if (f->type == MK_LEAVE && t->depth && t->file < 0)
		return leave(t) ?: 1;
	if (f->type == MK_DONE && !t->depth && t->file < 0)
		return 0;
	if (f->type == MK_SKIPPED && t->file < 0) {
		tell_skipped(t, f);
		return 1;
	}
	if (f->type != MK_FAILED)
		return fail_lost(t, EPROTO);
	t->answer = *f;
	t->fault = TREE_THERE;
	return -1;
}

static int open_target(struct tree *t, const char *target, bool into)
{
	char *name = NULL;
	int fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(t->path, sizeof(t->path), "%s", target);
	if (fd < 0 && !into && (errno == ENOENT || errno == ENOTDIR)) {
		name = tree_name(target);
		fd = name ? open_parent(target) : -1;
	}
	if (fd < 0) {
		free(name);
		return fail_here(t, MK_STEP_WRITE);
	}
	if (name) {
		snprintf(t->rename, sizeof(t->rename), "%s", name);
		t->path[strlen(target) - strlen(name)] = '\0';
		free(name);
	}
	t->path_len = strlen(t->path);
	t->level[0].path_len = t->path_len;
	t->level[0].fd = fd;
	return 0;
}

int tree_receive(struct tree *t, const char *target, bool into)
{
	struct frame f;
	int ret;

	t->file = -1;
	if (open_target(t, target, into))
		return -1;
	do {
		ret = conn_get(t->c, &f, -1) ? fail_lost(t, errno) : take(t, &f);
	} while (ret > 0);
	tree_abandon(t);
	if (t->file >= 0)
		close(t->file);
	for (;; t->depth--) {
		close(top(t));
		if (!t->depth)
			return ret;
	}
}
