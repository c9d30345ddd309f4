// SPDX-License-Identifier: GPL-2.0
/* Files that the host copies from an instance, or into it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"
#include "tree.h"

static struct tree tree;

static void tell_skipped(struct tree *t, unsigned int step, int error, const char *path)
{
	struct mk_failed failed = { .step = step, .error = error };

	conn_write(t->c, MK_SKIPPED, &failed, sizeof(failed), path, strlen(path));
}

static noreturn void end(void)
{
	if (tree.fault == TREE_HERE)
		serve_fail(tree.c, tree.step, tree.error, tree.path);
	_exit(EXIT_FAILURE);
}

static noreturn void done(struct conn *c)
{
	if (!conn_write(c, MK_DONE, NULL, 0, NULL, 0))
		conn_flush(c);
	_exit(EXIT_SUCCESS);
}

noreturn void files_get(struct conn *c, char **words)
{
	char *copy[MK_WORDS_MAX + 1];
	size_t i;

	/* they lie where what mkctl says would come */
	for (i = 0; words[i]; i++)
		copy[i] = strdup(words[i]);
	copy[i] = NULL;
	tree.c = c;
	tree.skipped = tell_skipped;
	conn_put(c, MK_STARTED, NULL, 0);
	for (i = 0; copy[i]; i++)
		if (tree_send(&tree, copy[i]))
			end();
	done(c);
}

noreturn void files_put(struct conn *c, char **words)
{
	tree.c = c;
	tree.skipped = tell_skipped;
	conn_put(c, MK_STARTED, NULL, 0);
	if (conn_flush(c))
		_exit(EXIT_FAILURE);
	if (tree_receive(&tree, words[0], words[1]))
		end();
	done(c);
}
