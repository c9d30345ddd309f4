// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: the names of a directory in the order of their hash, a bucket at a time.
 * A position is (hash << 32 | inode number), so a bucket that is split
 * meanwhile changes nothing.
 */
#include "dir.h"

#define LAST	((1ULL << (DAXFS_HASH_BITS + 32)) - 1)

/**
 * struct scan - a part of a directory
 * @ino:	the directory's
 * @from:	positions beyond this one
 * @to:		up to this one
 * @end:	out: the last position of the bucket that follows @from
 * @names:	out
 * @used:	bytes of its text
 */
struct scan {
	__u32 ino;
	__u64 from;
	__u64 to;
	__u64 end;
	struct daxfs_names *names;
	__u32 used;
};

static int take_name(struct scan *s, const struct daxfs_walk *walk, __u64 pos)
{
	struct daxfs_names *names = s->names;
	__u32 len = daxfs_info_name_len(walk->info);
	char *text = names->text + s->used;

	if (names->nr == DAXFS_NAMES || len > sizeof(names->text) - s->used)
		return -E2BIG;
	mk_peer_copy(text, walk->name, len);
	s->used += len;
	names->name[names->nr++] = (struct daxfs_name){
		.pos = pos, .ino = DAXFS_DIRENT_INO(walk->word),
		.type = DAXFS_DIRENT_TYPE(walk->word), .len = len, .name = text,
	};
	return 0;
}

/* All names between @from and @to that are in the bucket of what follows @from. */
static int look_names(struct daxfs *fs, const struct daxfs_inode *dir, void *arg)
{
	struct scan *s = arg;
	__u32 hash = (s->from + 1) >> 32;
	struct daxfs_walk walk;
	__u64 pos;
	int err;

	s->names->nr = 0;
	s->used = 0;
	if (!S_ISDIR(mk_peer_load(&dir->mode)))
		return -ENOTDIR;
	if (!mk_peer_load(&dir->nlink))
		return -ENOENT;
	err = daxfs_walk_begin(&walk, fs, dir, s->ino, hash);
	if (err)
		return err;
	s->end = (s->from + 1) | ((1ULL << (DAXFS_HASH_BITS - walk.depth + 32)) - 1);
	while ((err = daxfs_walk_next(&walk)) > 0) {
		pos = (__u64)daxfs_info_hash(walk.info) << 32 | DAXFS_DIRENT_INO(walk.word);
		if (!walk.word || pos <= s->from || pos > s->to)
			continue;
		err = take_name(s, &walk, pos);
		if (err)
			return err;
	}
	return err;
}

/* As many as fit, from the first one on: halve the part until all of it does. */
static int scan(struct daxfs *fs, struct daxfs_ref dir, struct scan *s)
{
	int err;

	s->to = LAST;
	while ((err = daxfs_look(fs, dir, look_names, s)) == -E2BIG) {
		if (s->to > s->end)
			s->to = s->end;
		if (s->to - s->from < 2)
			return daxfs_bad(fs, "a directory's names", daxfs_inode_off(fs, dir.ino));
		s->to = s->from + (s->to - s->from) / 2;
	}
	return err;
}

/* Shell's sort: little code, and fast for a bucket's hundred. */
static void sort(struct daxfs_name *name, __u32 nr)
{
	struct daxfs_name moved;
	__u32 gap, i, j;

	for (gap = 1; gap < nr / 3; gap = 3 * gap + 1)
		;
	for (; gap; gap /= 3)
		for (i = gap; i < nr; i++) {
			moved = name[i];
			for (j = i; j >= gap && name[j - gap].pos > moved.pos; j -= gap)
				name[j] = name[j - gap];
			name[j] = moved;
		}
}

/**
 * daxfs_readdir() - the next names of a directory
 * @fs:		the file system
 * @dir:	the directory
 * @pos:	those that follow this position; 0: from the start
 * @names:	out, sorted; nr 0: there are no more
 *
 * Context: takes no lock.
 * Return: 0; -ENOENT: the directory was removed; -ENOTDIR, -ESTALE, -EUCLEAN;
 * -EIO, -EINTR as daxfs_pause().
 */
int daxfs_readdir(struct daxfs *fs, struct daxfs_ref dir, __u64 pos, struct daxfs_names *names)
{
	struct scan s = { .ino = dir.ino, .from = pos, .names = names };
	int err;

	names->nr = 0;
	while (s.from < LAST) {
		err = daxfs_yield(fs) ?: scan(fs, dir, &s);
		if (err)
			return err;
		if (names->nr)
			break;
		s.from = s.to < s.end ? s.to : s.end;
	}
	sort(names->name, names->nr);
	return 0;
}
