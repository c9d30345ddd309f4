// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "daxfs_check.h"
#include "daxfs_env.h"
#include "daxfs_hostile.h"

#define PIECES	(HOSTILE_SIZE / DAXFS_HUGE)
#define GUARD	0x100000ULL
#define TRIES	40	/* that a lock is waited for: nobody will let it go */
#define REPAIRS	6

unsigned long hostile_found, hostile_left;

static const struct daxfs_ref ROOT = { DAXFS_ROOT, 1 };
static struct daxfs_env env = { .tries = TRIES };
static struct daxfs_op ops[DAXFS_OPS_MAX];
static struct daxfs_names names;
static __u8 *piece[PIECES];
static __u8 *good;
static __u32 used_blocks[HOSTILE_SIZE / DAXFS_BLOCK], nr_used;

static void pass(struct daxfs *fs)
{
	if (fs->me)
		daxfs_pass(fs, mk_peer_load(&daxfs_super(fs)->grace));
}

#define DEAD	6	/* who made it */
#define ALIVE	7

static int join(struct daxfs *fs, __u64 boot)
{
	const struct daxfs_who who = { .boot = boot, .name = "test" };
	int err;

	memset(fs, 0, sizeof(*fs));
	fs->size = HOSTILE_SIZE;
	fs->piece = piece;
	fs->priv = &env;
	env.idle = pass;
	err = daxfs_attach(fs);
	fs->op = ops;
	return err ?: daxfs_join(fs, &who);
}

static __u64 bring(void *arg, void *to, __u64 len)
{
	(void)arg;
	memset(to, 'x', len);
	return len;
}

static struct daxfs_ref make(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 mode)
{
	static char target[500];
	struct daxfs_new new = { .mode = mode, .target = target, .target_len = sizeof(target) };
	struct daxfs_ref ref = { 0, 0 };

	memset(target, 't', sizeof(target));
	daxfs_create(fs, dir, name, strlen(name), &new, &ref);
	return ref;
}

static void write_some(struct daxfs *fs, struct daxfs_ref ref, __u64 pos, __u64 len)
{
	daxfs_write(fs, ref, &pos, len, bring, NULL);
}

/* Something of everything. */
static void furnish(struct daxfs *fs)
{
	struct daxfs_flock lock = { .kind = DAXFS_FLOCK_WRITE, .end = 9 };
	struct daxfs_ref dir = make(fs, ROOT, "dir", S_IFDIR), file, sub;
	static char value[5000];
	char name[200];
	int i;

	file = make(fs, ROOT, "file", S_IFREG);
	write_some(fs, file, 0, 100000);
	write_some(fs, file, 5ULL << 30, 5000);
	daxfs_setxattr(fs, file, "user.a", value, 100, 0);
	daxfs_setxattr(fs, file, "user.b", value, sizeof(value), 0);
	daxfs_flock_set(fs, file, true, &lock, 1);
	make(fs, ROOT, "link", S_IFLNK);
	make(fs, ROOT, "fifo", S_IFIFO);
	sub = make(fs, dir, "sub", S_IFDIR);
	make(fs, sub, "deeper", S_IFDIR);
	for (i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "%0*d", 1 + i % 190, i);
		daxfs_link(fs, dir, name, strlen(name), file);
	}
}

static void note_used(struct daxfs *fs)
{
	struct daxfs_group *group = daxfs_group(fs, 0);
	__u32 i;

	for (i = 0; i < HOSTILE_SIZE / DAXFS_BLOCK; i++)
		if (i < daxfs_group_meta(fs, 0) || daxfs_bit(group->blocks, i))
			used_blocks[nr_used++] = i;
}

int hostile_begin(void)
{
	struct daxfs_params params = { .size = HOSTILE_SIZE, .hash_key = { 3, 4 }, .nr_slots = 4 };
	struct daxfs fs = { .size = HOSTILE_SIZE, .piece = piece, .priv = &env };
	__u8 *at;
	__u32 i;
	int err;

	/* what is beyond a piece must not be touched */
	for (i = 0; i < PIECES; i++) {
		at = mmap(NULL, DAXFS_HUGE + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
		if (at == MAP_FAILED || mprotect(at + GUARD, DAXFS_HUGE, PROT_READ | PROT_WRITE))
			return -ENOMEM;
		piece[i] = at + GUARD;
	}
	err = daxfs_format(&fs, &params) ?: join(&fs, DEAD);
	if (err)
		return err;
	furnish(&fs);
	/* it died in an operation, which is done again */
	daxfs_record(&fs, fs.slot, 0)->state = DAXFS_OP_COMMITTED;
	note_used(&fs);
	good = malloc(HOSTILE_SIZE);
	for (i = 0; i < PIECES; i++)
		memcpy(good + i * DAXFS_HUGE, piece[i], DAXFS_HUGE);
	return 0;
}

static void restore(void)
{
	__u32 i;

	for (i = 0; i < PIECES; i++)
		memcpy(piece[i], good + i * DAXFS_HUGE, DAXFS_HUGE);
}

__u64 hostile_word(__u32 off)
{
	__u64 word;

	memcpy(&word, good + off, sizeof(word));
	return word;
}

__u32 hostile_offset(__u32 random)
{
	__u32 block = used_blocks[random / 512 % nr_used];

	return block * DAXFS_BLOCK + random % 512 * 8;
}

static void read_file(struct daxfs *fs, struct daxfs_ref ref, __u64 size)
{
	struct daxfs_run run;
	__u64 pos = 0;
	int i;

	for (i = 0; i < 30 && pos < size; i++, pos += run.len)
		if (daxfs_map(fs, ref, pos, size - pos, &run))
			return;
	daxfs_seek(fs, ref, 0, true);
	daxfs_seek(fs, ref, 200000, false);
}

static void use_inode(struct daxfs *fs, struct daxfs_ref ref)
{
	struct daxfs_flock lock = { .kind = DAXFS_FLOCK_WRITE, .end = 9 }, found;
	struct daxfs_attr attr;
	char value[6000];

	if (daxfs_getattr(fs, ref, &attr))
		return;
	daxfs_getxattr(fs, ref, "user.b", value, sizeof(value));
	daxfs_listxattr(fs, ref, value, sizeof(value));
	daxfs_setxattr(fs, ref, "user.c", value, 50, 0);
	daxfs_setxattr(fs, ref, "user.b", NULL, 0, 0);
	daxfs_flock_test(fs, ref, &lock, &found);
	daxfs_flock_set(fs, ref, true, &lock, 1);
	if (S_ISLNK(attr.mode))
		daxfs_readlink(fs, ref, value, sizeof(value));
	if (!S_ISREG(attr.mode))
		return;
	read_file(fs, ref, attr.size);
	write_some(fs, ref, 90000, 30000);
	daxfs_fallocate(fs, ref, DAXFS_PUNCH | DAXFS_KEEP_SIZE, 8192, 20000);
	daxfs_resize(fs, ref, 70000, false);
}

/* All names of a directory, and what is below it. */
static void use_dir(struct daxfs *fs, struct daxfs_ref dir, int depth)
{
	struct daxfs_ref ref[20];
	__u64 pos = 0;
	__u32 i, n = 0, type;
	int calls;

	for (calls = 0; calls < 50 && !daxfs_readdir(fs, dir, pos, &names) && names.nr; calls++) {
		for (i = 0; i < names.nr; i++)
			if (!daxfs_lookup(fs, dir, names.name[i].name, names.name[i].len,
					  &ref[n], &type) && n < 19)
				n++;
		pos = names.name[names.nr - 1].pos;
	}
	for (i = 0; i < n; i++) {
		use_inode(fs, ref[i]);
		if (depth)
			use_dir(fs, ref[i], depth - 1);
	}
}

static struct daxfs_ref find(struct daxfs *fs, struct daxfs_ref dir, const char *name)
{
	struct daxfs_ref ref = { 0, 0 };
	__u32 type;

	daxfs_lookup(fs, dir, name, strlen(name), &ref, &type);
	return ref;
}

static void rename_some(struct daxfs *fs, struct daxfs_ref dir)
{
	struct daxfs_ref file = find(fs, ROOT, "file"), fifo = find(fs, ROOT, "fifo");
	struct daxfs_ref sub = find(fs, dir, "sub"), none = { 0, 0 };

	daxfs_rename(fs, ROOT, "dir", 3, dir, find(fs, sub, "deeper"), "loop", 4, none, 0);
	daxfs_rename(fs, dir, "sub", 3, sub, ROOT, "sub", 3, none, 0);
	daxfs_rename(fs, ROOT, "file", 4, file, ROOT, "fifo", 4, fifo, DAXFS_RENAME_EXCHANGE);
	daxfs_rename(fs, ROOT, "fifo", 4, file, dir, "file", 4, none, DAXFS_RENAME_WHITEOUT);
}

void hostile_use(struct daxfs *fs)
{
	struct daxfs_ref dir, ref;
	struct daxfs_stat st;
	char name[64];
	int i;

	daxfs_statfs(fs, &st);
	use_dir(fs, ROOT, 2);
	dir = find(fs, ROOT, "dir");
	rename_some(fs, dir);
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "new-%d", i);
		ref = make(fs, dir, name, i % 3 ? S_IFREG : S_IFDIR);
		if (i % 2)
			daxfs_unlink(fs, dir, name, strlen(name), ref);
	}
	ref = find(fs, ROOT, "link");
	daxfs_open(fs, ref);
	daxfs_unlink(fs, ROOT, "link", 4, ref);
	daxfs_close(fs, ref);
	daxfs_reap(fs);
}

static void tell(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "# not repaired: %s\n", text);
}

static void check_and_repair(struct daxfs *fs)
{
	struct daxfs_check check = { .repair = false };
	int i;

	if (daxfs_check(fs, &check))
		return;
	hostile_found = check.found;
	check.repair = true;
	for (i = 0; i < REPAIRS && check.found; i++) {
		if (i == REPAIRS - 1 && getenv("MK_TELL"))
			check.tell = tell;
		if (daxfs_check(fs, &check))
			return;
	}
	hostile_left = check.found;
}

struct daxfs *hostile_fresh(void)
{
	static struct daxfs fs;

	restore();
	if (join(&fs, ALIVE))
		return NULL;
	daxfs_bury(&fs, DEAD);
	return daxfs_mend(&fs) ? NULL : &fs;
}

int hostile_run(const struct damage *damage, __u32 nr)
{
	struct daxfs fs;
	__u32 off, i;
	int err;

	restore();
	for (i = 0; i < nr; i++) {
		off = damage[i].off % HOSTILE_SIZE & ~7U;
		memcpy(piece[off / DAXFS_HUGE] + off % DAXFS_HUGE, &damage[i].val, 8);
	}
	hostile_found = 0;
	hostile_left = 0;
	err = join(&fs, ALIVE);
	if (err)
		return err;
	daxfs_bury(&fs, DEAD);
	daxfs_mend(&fs);
	if (damage[0].val % 2)
		check_and_repair(&fs);
	hostile_use(&fs);
	check_and_repair(&fs);
	return 0;
}
