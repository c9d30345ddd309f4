// SPDX-License-Identifier: GPL-2.0
/* Writes the seeds of fuzz_daxfs: one word that is wrong, of each kind. */
#include <stdio.h>
#include <stdlib.h>

#include "daxfs_hostile.h"

static void write_words(const char *name, __u32 index, __u64 val, int nr)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "corpus/daxfs/%s", name);
	f = fopen(path, "w");
	while (f && nr--)
		if (fwrite(&index, 4, 1, f) != 1 || fwrite(&val, 8, 1, f) != 1)
			break;
	if (!f || fclose(f) || nr >= 0) {
		perror(path);
		exit(1);
	}
}

static void write_seed(const char *name, __u32 index, __u64 val)
{
	write_words(name, index, val, 1);
}

/* Which of the words that fuzz_daxfs can name is at @off? */
static __u32 index_of(__u64 off)
{
	__u32 i = 0;

	while (hostile_offset(i) != off)
		i++;
	return i;
}

int main(void)
{
	__u64 root = DAXFS_ROOT_OFF;

	if (hostile_begin())
		return 1;
	write_words("nothing", index_of(0), hostile_word(0), 32);
	write_seed("size", index_of(offsetof(struct daxfs_super, size)), DAXFS_SIZE_MAX);
	write_seed("height", index_of((root + offsetof(struct daxfs_inode, height)) & ~7ULL),
		   17ULL << 32);
	write_seed("table", index_of(root + offsetof(struct daxfs_inode, map)), HOSTILE_SIZE);
	write_seed("seq", index_of(root + offsetof(struct daxfs_inode, seq)), 1ULL << 32 | 1);
	write_seed("slot", index_of(DAXFS_BLOCK), 5ULL << 32 | DAXFS_SLOT_DEAD);
	return 0;
}
