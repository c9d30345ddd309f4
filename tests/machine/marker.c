// SPDX-License-Identifier: GPL-2.0
/* marker NAME WORD: how often the word is in an instance's memory. */
#include "mk.h"

#define PIECE	MIB

static char buf[PIECE + 64];

/* A word across the border of two pieces is found, too. */
static unsigned long count(int inst, const struct mk_extent *e, const char *word, size_t len)
{
	unsigned long n = 0;
	__u64 at, size;
	char *p;

	for (at = 0; at < e->size; at += PIECE) {
		size = e->size - at < PIECE + len - 1 ? e->size - at : PIECE + len - 1;
		struct mk_read r = { .hdr.size = sizeof(r), .addr = e->start + at,
				     .buf = ptr(buf), .len = size };

		if (mk_call(inst, MK_IOC_READ, &r))
			exit(1);
		for (p = buf; (p = memmem(p, buf + size - p, word, len)); p++)
			n++;
	}
	return n;
}

int main(int argc, char **argv)
{
	struct mk_extent e[MK_MAX_EXTENTS];
	struct mk_query q = { .hdr.size = sizeof(q), .extents = ptr(e),
			      .nr_extents = MK_MAX_EXTENTS };
	unsigned long n = 0;
	struct mk_error err;
	int inst;
	__u32 i;

	if (argc != 3 || strlen(argv[2]) > 64)
		return 2;
	inst = mk_open_name(mk_open_device(), argv[1], &err);
	if (mk_call(inst, MK_IOC_QUERY, &q))
		return 1;
	for (i = 0; i < q.nr_extents; i++)
		n += count(inst, &e[i], argv[2], strlen(argv[2]));
	printf("%lu\n", n);
	return 0;
}
