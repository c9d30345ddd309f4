// SPDX-License-Identifier: GPL-2.0
/* Any bytes at all as what comes over a connection of mkctl exec or mkctl cp. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conn.h"

#define MUST(cond) do {							\
	if (!(cond))							\
		abort();						\
} while (0)

static void use_request(const struct frame *f)
{
	static char *words[MK_WORDS_MAX + 2];
	struct mk_request request;
	size_t i, len = 0, nr = 0;

	memcpy(&request, f->data, sizeof(request));
	if (frame_words(f, &request, words))
		return;
	MUST(words[0]);
	for (i = 0; nr < 2; i++)
		if (words[i])
			len += strlen(words[i]) + 1;
		else
			nr++;
	MUST(i == request.nr_words + 2);
	MUST(len == f->len - sizeof(request));
}

static void use_entry(const struct frame *f)
{
	struct entry e;

	if (frame_entry(f, &e))
		return;
	MUST(*e.name && strlen(e.name) <= MK_ENTRY_NAME_MAX && !strchr(e.name, '/'));
	MUST(strcmp(e.name, ".") && strcmp(e.name, ".."));
	MUST(strlen(e.target) < MK_PATH_MAX && S_ISLNK(e.mode) == !!*e.target);
	MUST(!(e.mode & 06000) && e.nsec < 1000000000);
}

int fuzz_one(const __u8 *data, size_t len)
{
	struct frame f;
	int n;

	/* a copy: what is read beyond it is seen */
	__u8 *copy = malloc(len), *at = copy;

	memcpy(copy, data, len);
	while ((n = frame_parse(at, len, &f)) > 0) {
		MUST((size_t)n == FRAME_HEAD + f.len && (size_t)n <= len);
		if (f.type == MK_REQUEST)
			use_request(&f);
		if (f.type == MK_ENTRY)
			use_entry(&f);
		at += n;
		len -= n;
	}
	free(copy);
	return 0;
}
