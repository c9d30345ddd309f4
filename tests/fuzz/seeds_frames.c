// SPDX-License-Identifier: GPL-2.0
/* Writes the seeds of fuzz_frames: what is said in a command and in a copy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conn.h"

static FILE *begin(const char *name)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "corpus/frames/%s", name);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void put(FILE *out, unsigned int type, const void *head, size_t head_len, const void *data,
		size_t len)
{
	struct mk_frame frame = { .type = type, .len = head_len + len };

	fwrite(&frame, 1, sizeof(frame), out);
	if (head_len)
		fwrite(head, 1, head_len, out);
	if (len)
		fwrite(data, 1, len, out);
}

static void put_entry(FILE *out, unsigned int mode, const char *name, const char *target)
{
	struct mk_entry e = {
		.mode = mode, .name_len = strlen(name), .target_len = strlen(target)
	};
	char text[64];

	snprintf(text, sizeof(text), "%s%s", name, target);
	put(out, MK_ENTRY, &e, sizeof(e), text, strlen(text));
}

int main(void)
{
	struct mk_request request = {
		.magic = MK_SERVE_MAGIC, .version = MK_SERVE_VERSION, .op = MK_OP_EXEC,
		.nr_words = 3, .nr_env = 1
	};
	struct mk_exit end = { .code = 1 };
	FILE *out = begin("request");

	put(out, MK_REQUEST, &request, sizeof(request), "ls\0-l\0TERM=x", 13);
	put(out, MK_INPUT, NULL, 0, "data", 4);
	put(out, MK_INPUT, NULL, 0, NULL, 0);
	fclose(out);
	out = begin("command");
	put(out, MK_STARTED, NULL, 0, NULL, 0);
	put(out, MK_OUTPUT, NULL, 0, "data", 4);
	put(out, MK_EXIT, &end, sizeof(end), NULL, 0);
	fclose(out);
	out = begin("tree");
	put_entry(out, S_IFDIR | 0755, "dir", "");
	put_entry(out, S_IFLNK | 0777, "link", "dir");
	put_entry(out, S_IFREG | 0644, "file", "");
	put(out, MK_DATA, NULL, 0, "data", 4);
	put(out, MK_DATA, NULL, 0, NULL, 0);
	put(out, MK_LEAVE, NULL, 0, NULL, 0);
	put(out, MK_DONE, NULL, 0, NULL, 0);
	fclose(out);
	return 0;
}
