// SPDX-License-Identifier: GPL-2.0
/* Files into an instance, and out of it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "reach.h"
#include "text.h"
#include "tree.h"

/**
 * struct copy - one run of "mkctl cp"
 * @t:		the copy
 * @r:		the instance
 * @name:	its name
 * @remote:	"NAME:", for messages
 * @sources:	paths, a NULL behind them
 * @target:	a path
 * @out:	they are in the instance, and it is here
 * @bytes:	so far
 * @files:	likewise, with symbolic links
 * @nr_skipped:	of what was left out
 * @shown_ns:	when progress was shown
 */
struct copy {
	struct tree t;
	struct reach r;
	char name[MK_NAME_SIZE];
	char remote[MK_NAME_SIZE + 1];
	char **sources;
	char *target;
	bool out;
	__u64 bytes;
	__u64 files;
	unsigned int nr_skipped;
	__u64 shown_ns;
};

static struct copy copy = { .r = { .in = INSTANCE_NONE, .c.fd = -1 } };

/* --- what it says ------------------------------------------------------------------ */

static bool shows_progress(void)
{
	return !settings.json && !settings.quiet && isatty(STDERR_FILENO);
}

static void clear_progress(void)
{
	if (copy.shown_ns && shows_progress())
		fputs("\r\033[K", stderr);
}

static void moved(struct tree *t, size_t bytes, unsigned int files)
{
	__u64 now = clock_ns(CLOCK_MONOTONIC);
	char size[SIZE_TEXT];

	copy.bytes += bytes;
	copy.files += files;
	if (!copy.shown_ns)
		copy.shown_ns = now;
	if (!shows_progress() || now - copy.shown_ns < 1000000000)
		return;
	copy.shown_ns = now;
	fprintf(stderr, "\r\033[K%s, %llu files: ", size_about(copy.bytes, size), copy.files);
	text_escaped(stderr, t->path, strnlen(t->path, 50));
}

static void skipped(struct tree *t, unsigned int step, int error, const char *path)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	(void)t;
	if (!out)
		abort();
	text_escaped(out, path, strlen(path));
	fclose(out);
	clear_progress();
	warn("%s%s is left out: %s", copy.out ? copy.remote : "", text,
	     step == MK_STEP_KIND ? "it is no file, directory or symbolic link" : strerror(error));
	free(text);
	copy.nr_skipped++;
}

static int report(void)
{
	clear_progress();
	if (copy.nr_skipped)
		return fail(EXIT_FAILED, "incomplete", copy.r.in.label, NULL,
			    "%u of what was to be copied %s left out",
			    copy.nr_skipped, copy.nr_skipped == 1 ? "is" : "are");
	if (settings.json) {
		json_object(NULL);
		json_u64("files", copy.files);
		json_u64("bytes", copy.bytes);
		json_end();
	} else {
		say("%s: %s %llu file%s, %llu bytes\n", copy.r.in.label,
		    copy.out ? "sent" : "got", copy.files, copy.files == 1 ? "" : "s", copy.bytes);
	}
	return EXIT_DONE;
}

static int fail_copy(void)
{
	const struct tree *t = &copy.t;

	clear_progress();
	if (t->fault == TREE_THERE)
		return reach_failed(&copy.r, &t->answer, copy.remote);
	if (t->fault == TREE_LOST)
		return reach_lost(&copy.r, t->error);
	return reach_fail_step(EXIT_FAILED, "file", t->path, t->step, t->error);
}

/* --- both ways ----------------------------------------------------------------------- */

/* Half a file goes, and so do we. */
static void die(int sig)
{
	tree_abandon(&copy.t);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction old, new = { .sa_handler = die };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &new, NULL);
}

static int ask(const struct args *a, unsigned int op, char *const *words)
{
	struct frame f;
	int ret;

	copy.r.request.op = op;
	copy.r.words = words;
	ret = reach_open(&copy.r, copy.name, a, &f);
	if (!ret && f.type == MK_FAILED)
		ret = reach_failed(&copy.r, &f, copy.remote);
	return ret;
}

static bool has_contents(void)
{
	char **source = copy.sources;

	while (*source && !tree_is_contents(*source))
		source++;
	return *source;
}

/* More than one name cannot be that of the target; a slash behind it says so, too. */
static bool is_into(void)
{
	size_t len = strlen(copy.target);

	return copy.sources[1] || has_contents() || (len && copy.target[len - 1] == '/');
}

static int get(const struct args *a)
{
	static char *names[MK_WORDS_MAX + 1];
	int ret = ask(a, MK_OP_GET, copy.sources);
	size_t i;

	if (ret)
		return ret;
	for (i = 0; copy.sources[i]; i++)
		names[i] = tree_name(copy.sources[i]);
	copy.t.wanted = has_contents() ? NULL : names;
	return tree_receive(&copy.t, copy.target, is_into()) ? fail_copy() : 0;
}

static int take_answer(void)
{
	struct frame f;

	if (conn_get(&copy.r.c, &f, -1))
		return reach_lost(&copy.r, errno);
	if (f.type == MK_FAILED)
		return reach_failed(&copy.r, &f, copy.remote);
	return f.type == MK_DONE ? 0 : reach_nonsense(&copy.r);
}

static int put(const struct args *a)
{
	char *words[3] = { copy.target, is_into() ? "/" : NULL };
	int ret = ask(a, MK_OP_PUT, words);
	char **source;

	if (ret)
		return ret;
	for (source = copy.sources; *source; source++)
		if (tree_send(&copy.t, *source))
			return fail_copy();
	if (conn_write(&copy.r.c, MK_DONE, NULL, 0, NULL, 0) || conn_flush(&copy.r.c))
		conn_forget(&copy.r.c);	/* why is to be read */
	return take_answer();
}

/* --- the command ------------------------------------------------------------------------ */

/* The path behind "NAME:", or NULL: it is one of this kernel. */
static char *remote_path(char *word)
{
	char *colon = strchr(word, ':'), *slash = strchr(word, '/');

	return colon && colon > word && (!slash || colon < slash) ? colon + 1 : NULL;
}

static int wrong(const char *object, const char *remedy, const char *cause)
{
	return fail(EXIT_USAGE, "usage", object, remedy, "%s", cause);
}

static int take_remote(char *word, char *path)
{
	size_t len = path - word - 1;

	if (*copy.name && (strlen(copy.name) != len || strncmp(copy.name, word, len)))
		return wrong(word, "copy from one after the other", "it is another instance");
	if (len >= sizeof(copy.name))
		return wrong(word, "name an instance: NAME:PATH", "the name is too long");
	if (!*path)
		return wrong(word, "name it: NAME:PATH", "there is no path");
	memcpy(copy.name, word, len);
	snprintf(copy.remote, sizeof(copy.remote), "%s:", copy.name);
	return 0;
}

/* Where the words say that the instance is, they have its name; then not any more. */
static int take_words(char **words)
{
	size_t i, last = 0;
	bool remote;
	char *path;
	int ret;

	while (words[last + 1])
		last++;
	copy.out = !remote_path(words[last]);
	for (i = 0; words[i]; i++) {
		path = remote_path(words[i]);
		remote = i < last ? copy.out : !copy.out;
		if (!path == remote)
			return wrong(words[i], "the sources or the target: NAME:PATH",
				     "either side has to be in an instance, and not both");
		ret = path ? take_remote(words[i], path) : 0;
		if (ret)
			return ret;
		words[i] = path ?: words[i];
	}
	copy.target = words[last];
	words[last] = NULL;
	copy.sources = words;
	return 0;
}

static int check_sources(void)
{
	char **source, *name;

	for (source = copy.sources; *source; source++) {
		name = tree_name(*source);
		if (!name && !tree_is_contents(*source))
			return wrong(*source, "DIRECTORY/. is what is in a directory",
				     "its copy would have no name");
		free(name);
	}
	return 0;
}

static int do_copy(const struct args *a)
{
	int ret = take_words(a->words) ?: check_sources();

	if (ret)
		return ret;
	copy.t.c = &copy.r.c;
	copy.t.skipped = skipped;
	copy.t.moved = moved;
	copy.t.file = -1;
	catch_signals();
	ret = (copy.out ? get(a) : put(a)) ?: report();
	reach_close(&copy.r);
	return ret;
}

const struct cmd copy_cmds[] = {
	{ .verb = "cp",
	  .operand = "SOURCE... TARGET",
	  .takes = TAKES_PATHS,
	  .options = OPT_TIMEOUT,
	  .summary = "Copy files and directories into an instance, or out of it",
	  .detail = "NAME:PATH is in an instance, and stands on one side. Permissions and times\n"
		    "are kept, owners are not; a file has its new content at once, or its old one.\n"
		    "DIRECTORY/. is what is in it. A symbolic link is copied as one, but a source\n"
		    "that leads to a file is the file; LINK/ is the directory that it leads to.\n"
		    "--timeout: how long an instance that was just started is waited for (5), and\n"
		    "one in which nothing moves any more (at least 10).\n",
	  .example = "mkctl cp site/ web:/srv",
	  .run = do_copy },
	{ }
};
