// SPDX-License-Identifier: GPL-2.0
/*
 * Death at every instruction: an operation runs in a process that is single
 * stepped.  After each step that changed the region a copy of it is mended as
 * if the process had died there, and examined: the operation was done, or never
 * was.
 *
 * MK_DEEP=1: the one that mends is stepped as well, for some of the states.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daxfs_check.h"
#include "daxfs_env.h"
#include "daxfs_region.h"
#include "kselftest_harness.h"

#define SIZE	(2ULL << 20)
#define USED	(900ULL << 10)
#define LARGE	(2 * DAXFS_HUGE)	/* the second 2 MiB are a file's */
#define NAME	"name-of-some-length"
#define OTHER	"another-one"

static const struct daxfs_ref ROOT = { DAXFS_ROOT, 1 };
static const struct daxfs_ref NOTHING;

/* What is there before the operation. */
struct scene {
	struct daxfs fs;
	struct daxfs_ref dir;
	struct daxfs_ref other;		/* directory */
	struct daxfs_ref file;		/* NAME in dir */
	struct daxfs_ref second;	/* OTHER in other */
	struct daxfs_ref sub;		/* "sub" in dir, a directory */
	struct daxfs_ref spare;		/* directory of another kernel */
};

struct operation {
	const char *name;
	int (*prepare)(struct scene *s);
	int (*run)(struct scene *s);
	/* 0: it never was; 1: it is done; -1: neither */
	int (*look)(struct scene *s, struct daxfs *fs);
};

static void pass(struct daxfs *fs)
{
	if (fs->me)
		daxfs_pass(fs, mk_peer_load(&daxfs_super(fs)->grace));
}

static int make(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 mode,
		struct daxfs_ref *ref)
{
	struct daxfs_new new = { .mode = mode };

	return daxfs_create(fs, dir, name, strlen(name), &new, ref);
}

static struct daxfs_ref find(struct daxfs *fs, struct daxfs_ref dir, const char *name)
{
	struct daxfs_ref ref = NOTHING;
	__u32 type;
	int err = daxfs_lookup(fs, dir, name, strlen(name), &ref, &type);

	return err ? NOTHING : ref;
}

static bool is(struct daxfs_ref a, struct daxfs_ref b)
{
	return a.ino == b.ino && a.gen == b.gen;
}

/* --- operations ------------------------------------------------------------------------ */

static int nothing(struct scene *s)
{
	(void)s;
	return 0;
}

static int create_file(struct scene *s)
{
	struct daxfs_ref ref;

	return make(&s->fs, s->dir, "new", S_IFREG, &ref);
}

static int create_open(struct scene *s)
{
	struct daxfs_new new = { .mode = S_IFREG, .open = true };
	struct daxfs_ref ref;
	int err = daxfs_create(&s->fs, s->dir, "new", 3, &new, &ref) ?: daxfs_open(&s->fs, ref);

	if (!err)
		daxfs_close(&s->fs, ref);
	return err;
}

static int create_dir(struct scene *s)
{
	struct daxfs_ref ref;

	return make(&s->fs, s->dir, "new", S_IFDIR, &ref);
}

static int create_link(struct scene *s)
{
	static char target[1000];
	struct daxfs_new new = { .mode = S_IFLNK, .target = target, .target_len = 1000 };
	struct daxfs_ref ref;

	memset(target, 'a', sizeof(target));
	return daxfs_create(&s->fs, s->dir, "new", 3, &new, &ref);
}

static int look_new(struct scene *s, struct daxfs *fs)
{
	struct daxfs_ref ref = find(fs, s->dir, "new");
	struct daxfs_attr attr;

	if (!ref.ino)
		return 0;
	return daxfs_getattr(fs, ref, &attr) ? -1 : 1;
}

/* The bucket is full: it is split, and the table doubles. */
static int fill_bucket(struct scene *s)
{
	struct daxfs_attr attr;
	__u64 blocks;
	char name[32];
	int i, err;

	err = daxfs_getattr(&s->fs, s->dir, &attr);
	blocks = attr.blocks;
	for (i = 0; !err; i++) {
		snprintf(name, sizeof(name), "fill-%d", i);
		err = daxfs_link(&s->fs, s->dir, name, strlen(name), s->file);
		daxfs_getattr(&s->fs, s->dir, &attr);
		if (attr.blocks == blocks)
			continue;
		/* one too many: take back what needed the split, and all anew but that */
		return i;
	}
	return -1;
}

/* As many names as one bucket has room for. */
static int prepare_split(struct scene *s)
{
	struct daxfs_ref dir = s->dir;
	char name[32];
	int i, n, err = make(&s->fs, ROOT, "full", S_IFDIR, &s->dir);

	if (err)
		return err;
	n = fill_bucket(s);
	err = make(&s->fs, ROOT, "full2", S_IFDIR, &s->dir);
	(void)dir;
	for (i = 0; !err && i < n; i++) {
		snprintf(name, sizeof(name), "fill-%d", i);
		err = daxfs_link(&s->fs, s->dir, name, strlen(name), s->file);
	}
	return err;
}

static int split(struct scene *s)
{
	return daxfs_link(&s->fs, s->dir, "new-and-longer-than-all-the-others-there", 40, s->file);
}

static int look_split(struct scene *s, struct daxfs *fs)
{
	struct daxfs_ref ref = find(fs, s->dir, "new-and-longer-than-all-the-others-there");

	if (!is(find(fs, s->dir, "fill-0"), s->file))
		return -1;
	return ref.ino ? 1 : 0;
}

static int rename_plain(struct scene *s)
{
	return daxfs_rename(&s->fs, s->dir, NAME, strlen(NAME), s->file, s->other, "new", 3,
			    NOTHING, 0);
}

static int rename_inside(struct scene *s)
{
	return daxfs_rename(&s->fs, s->dir, NAME, strlen(NAME), s->file, s->dir, "new", 3,
			    NOTHING, 0);
}

static int moved(struct scene *s, struct daxfs *fs, struct daxfs_ref to)
{
	bool old = is(find(fs, s->dir, NAME), s->file), new = is(find(fs, to, "new"), s->file);

	return old == new ? -1 : new;
}

static int look_plain(struct scene *s, struct daxfs *fs)
{
	return moved(s, fs, s->other);
}

static int look_inside(struct scene *s, struct daxfs *fs)
{
	return moved(s, fs, s->dir);
}

static int rename_over(struct scene *s)
{
	return daxfs_rename(&s->fs, s->dir, NAME, strlen(NAME), s->file, s->other, OTHER,
			    strlen(OTHER), s->second, 0);
}

static int look_over(struct scene *s, struct daxfs *fs)
{
	struct daxfs_ref old = find(fs, s->dir, NAME), new = find(fs, s->other, OTHER);
	struct daxfs_attr attr;

	if (is(old, s->file) && is(new, s->second))
		return daxfs_getattr(fs, s->second, &attr) ? -1 : 0;
	return !old.ino && is(new, s->file) && daxfs_getattr(fs, s->second, &attr) ? 1 : -1;
}

static int rename_exchange(struct scene *s)
{
	return daxfs_rename(&s->fs, s->dir, "sub", 3, s->sub, s->other, OTHER, strlen(OTHER),
			    s->second, DAXFS_RENAME_EXCHANGE);
}

static int look_exchange(struct scene *s, struct daxfs *fs)
{
	struct daxfs_ref old = find(fs, s->dir, "sub"), new = find(fs, s->other, OTHER);

	if (is(old, s->sub) && is(new, s->second))
		return 0;
	return is(old, s->second) && is(new, s->sub) ? 1 : -1;
}

static int rename_whiteout(struct scene *s)
{
	return daxfs_rename(&s->fs, s->dir, NAME, strlen(NAME), s->file, s->other, "new", 3,
			    NOTHING, DAXFS_RENAME_WHITEOUT);
}

static int look_whiteout(struct scene *s, struct daxfs *fs)
{
	struct daxfs_ref old = find(fs, s->dir, NAME), new = find(fs, s->other, "new");

	if (is(old, s->file))
		return new.ino ? -1 : 0;
	return old.ino && is(new, s->file) ? 1 : -1;
}

static int link_second(struct scene *s)
{
	return daxfs_link(&s->fs, s->dir, "new", 3, s->file);
}

static __u64 bring(void *arg, void *to, __u64 len)
{
	memset(to, *(int *)arg, len);
	return len;
}

/* A file with blocks, extended attributes and a lock. */
static int prepare_full_file(struct scene *s)
{
	struct daxfs_flock lock = { .kind = DAXFS_FLOCK_WRITE, .end = 9 };
	__u64 pos = 0;
	int byte = 1;

	if (daxfs_write(&s->fs, s->file, &pos, 30000, bring, &byte) != 30000)
		return -1;
	return daxfs_setxattr(&s->fs, s->file, "user.a", "value", 5, 0) ?:
	       daxfs_flock_set(&s->fs, s->file, true, &lock, 1);
}

static int unlink_file(struct scene *s)
{
	return daxfs_unlink(&s->fs, s->dir, NAME, strlen(NAME), s->file);
}

static int look_unlinked(struct scene *s, struct daxfs *fs)
{
	struct daxfs_attr attr;

	if (is(find(fs, s->dir, NAME), s->file))
		return daxfs_getattr(fs, s->file, &attr) ? -1 : 0;
	return daxfs_getattr(fs, s->file, &attr) == -ESTALE ? 1 : -1;
}

static int prepare_unnamed(struct scene *s)
{
	return prepare_full_file(s) ?: daxfs_open(&s->fs, s->file) ?: unlink_file(s);
}

static int close_file(struct scene *s)
{
	daxfs_close(&s->fs, s->file);
	return 0;
}

/* Also when who has it open dies. */
static int look_closed(struct scene *s, struct daxfs *fs)
{
	struct daxfs_attr attr;

	return daxfs_getattr(fs, s->file, &attr) == -ESTALE ? 1 : -1;
}

static int prepare_big_dir(struct scene *s)
{
	struct daxfs_ref dir = s->dir;
	char name[32];
	int i, n, err;

	s->dir = s->sub;
	n = fill_bucket(s);
	s->dir = dir;
	for (i = 0, err = 0; !err && i <= n; i++) {
		snprintf(name, sizeof(name), "fill-%d", i);
		err = daxfs_unlink(&s->fs, s->sub, name, strlen(name), s->file);
	}
	return err;
}

static int remove_dir(struct scene *s)
{
	return daxfs_unlink(&s->fs, s->dir, "sub", 3, s->sub);
}

static int look_removed(struct scene *s, struct daxfs *fs)
{
	struct daxfs_attr attr;

	if (is(find(fs, s->dir, "sub"), s->sub))
		return daxfs_getattr(fs, s->sub, &attr) ? -1 : 0;
	return daxfs_getattr(fs, s->sub, &attr) == -ESTALE ? 1 : -1;
}

static int set_xattr(struct scene *s)
{
	return daxfs_setxattr(&s->fs, s->file, "user.a", "other", 5, 0);
}

static int look_xattr(struct scene *s, struct daxfs *fs)
{
	char value[5];

	if (daxfs_getxattr(fs, s->file, "user.a", value, 5) != 5)
		return -1;
	return memcmp(value, "other", 5) ? memcmp(value, "value", 5) ? -1 : 0 : 1;
}

static int truncate_file(struct scene *s)
{
	return daxfs_resize(&s->fs, s->file, 8000, false);
}

static int look_truncated(struct scene *s, struct daxfs *fs)
{
	struct daxfs_attr attr;

	if (daxfs_getattr(fs, s->file, &attr))
		return -1;
	return attr.size == 8000 ? 1 : attr.size == 30000 ? 0 : -1;
}

static int append(struct scene *s)
{
	__u64 pos = DAXFS_APPEND;
	int byte = 2;

	return daxfs_write(&s->fs, s->file, &pos, 6000, bring, &byte) == 6000 ? 0 : -1;
}

static int look_appended(struct scene *s, struct daxfs *fs)
{
	struct daxfs_attr attr;

	if (daxfs_getattr(fs, s->file, &attr) || attr.size < 30000 || attr.size > 36000)
		return -1;
	return attr.size == 36000;
}

#define KEPT	(2036ULL << 10)
#define WRITTEN	(2040ULL << 10)

/* A file of 2 MiB that are not all written, and no block is free. */
static int prepare_full_region(struct scene *s)
{
	__u64 pos = 0, n = WRITTEN;
	struct daxfs_stat st;
	int byte = 1;

	if (daxfs_open(&s->fs, s->file) ||
	    daxfs_write(&s->fs, s->file, &pos, n, bring, &byte) != (__s64)n)
		return -1;
	for (pos = 0; daxfs_write(&s->fs, s->second, &pos, DAXFS_BLOCK, bring, &byte) > 0;)
		pos += DAXFS_BLOCK;
	daxfs_statfs(&s->fs, &st);
	return st.free_blocks ? -1 : 0;
}

static int truncate_in_place(struct scene *s)
{
	return daxfs_resize(&s->fs, s->file, KEPT, true);
}

static bool all_are(struct daxfs *fs, struct daxfs_ref file, __u64 from, __u64 to, int byte)
{
	static __u8 want[DAXFS_BLOCK];
	struct daxfs_run run;

	memset(want, byte, sizeof(want));
	for (; from < to; from += DAXFS_BLOCK) {
		if (daxfs_map(fs, file, from, DAXFS_BLOCK, &run) || (byte && !run.off))
			return false;
		if (run.off && memcmp(daxfs_at(fs, run.off, DAXFS_BLOCK), want, DAXFS_BLOCK))
			return false;
	}
	return true;
}

/* What is kept is there, and zeros are behind it. */
static int look_cut(struct scene *s, struct daxfs *fs)
{
	struct daxfs_attr attr;

	if (daxfs_getattr(fs, s->file, &attr) || (attr.size != KEPT && attr.size != WRITTEN) ||
	    attr.flags || attr.blocks != attr.size / DAXFS_BLOCK + 2)
		return -1;
	if (daxfs_resize(fs, s->file, DAXFS_HUGE, true) ||
	    !all_are(fs, s->file, 0, attr.size, 1) ||
	    !all_are(fs, s->file, attr.size, DAXFS_HUGE, 0))
		return -1;
	return attr.size == KEPT;
}

static int look_trimmed(struct scene *s, struct daxfs *fs)
{
	return look_cut(s, fs) ? -1 : 1;
}

static const struct operation operations[] = {
	{ "create a file", nothing, create_file, look_new },
	{ "create a file that is open", nothing, create_open, look_new },
	{ "create a directory", nothing, create_dir, look_new },
	{ "create a long link", nothing, create_link, look_new },
	{ "split a bucket", prepare_split, split, look_split },
	{ "rename", nothing, rename_plain, look_plain },
	{ "rename in a directory", nothing, rename_inside, look_inside },
	{ "rename over a file", nothing, rename_over, look_over },
	{ "exchange", nothing, rename_exchange, look_exchange },
	{ "whiteout", nothing, rename_whiteout, look_whiteout },
	{ "link", nothing, link_second, look_new },
	{ "unlink", prepare_full_file, unlink_file, look_unlinked },
	{ "close the last one", prepare_unnamed, close_file, look_closed },
	{ "remove a directory", prepare_big_dir, remove_dir, look_removed },
	{ "set an extended attribute", prepare_full_file, set_xattr, look_xattr },
	{ "truncate", prepare_full_file, truncate_file, look_truncated },
	{ "append", prepare_full_file, append, look_appended },
	{ "truncate in a full region", prepare_full_region, truncate_in_place, look_cut },
	{ "close in a full region", prepare_full_region, close_file, look_trimmed },
};

/* --- steps --------------------------------------------------------------------------------- */

#define VICTIM	1	/* boot of who does it, and dies */
#define WITNESS	2
#define MENDER	3

static void tell(void *arg, const char *text)
{
	fprintf(stderr, "# %s: %s\n", (const char *)arg, text);
}

static int begin(struct scene *s, const struct operation *o, struct daxfs_env *env)
{
	int err = region_new(&s->fs, o->prepare == prepare_full_region ? LARGE : SIZE);

	s->fs.priv = env;
	return err ?: make(&s->fs, ROOT, "dir", S_IFDIR, &s->dir) ?:
	       make(&s->fs, ROOT, "other", S_IFDIR, &s->other) ?:
	       make(&s->fs, s->dir, NAME, S_IFREG, &s->file) ?:
	       make(&s->fs, s->other, OTHER, S_IFREG, &s->second) ?:
	       make(&s->fs, ROOT, "spare", S_IFDIR, &s->spare) ?:
	       make(&s->fs, s->dir, "sub", S_IFDIR, &s->sub) ?: o->prepare(s);
}

/* Memory for a copy of the region. */
static void copy_new(struct daxfs *copy, const struct daxfs *fs, struct daxfs_env *env)
{
	__u64 i;

	memset(copy, 0, sizeof(*copy));
	copy->size = fs->size;
	copy->priv = env;
	copy->piece = calloc(fs->size / DAXFS_HUGE, sizeof(*copy->piece));
	for (i = 0; i < fs->size / DAXFS_HUGE; i++)
		copy->piece[i] = mmap(NULL, DAXFS_HUGE, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void copy_from(struct daxfs *copy, const struct daxfs *fs)
{
	__u64 i;

	for (i = 0; i < fs->size / DAXFS_HUGE; i++)
		memcpy(copy->piece[i], fs->piece[i], DAXFS_HUGE);
}

/* What is used is at its start, see the end of run_steps(). */
static bool has_changed(const struct daxfs *copy, const struct daxfs *fs)
{
	return memcmp(copy->piece[0], fs->piece[0], USED) ||
	       (fs->size == LARGE &&
		memcmp(copy->piece[1] + KEPT, fs->piece[1] + KEPT, DAXFS_HUGE - KEPT));
}

/* @fs is joined and has mended: is all as it should be?  -1, or as look(). */
static int examine(struct daxfs *fs, struct scene *s, const struct operation *o)
{
	struct daxfs_check check = { .tell = tell, .arg = (void *)o->name };

	pass(fs);
	daxfs_reap(fs);
	if (daxfs_check(fs, &check) || check.found)
		return -1;
	return o->look(s, fs);
}

#define SPARE	3

/* A kernel that lives takes what is free, before the dead one's is mended. */
static void be_busy(struct daxfs *fs, struct scene *s, struct daxfs_ref *ref)
{
	char name[32];
	int i, byte = 3;
	__u64 pos;

	for (i = 0; i < SPARE; i++) {
		snprintf(name, sizeof(name), "spare-%d", i);
		ref[i] = NOTHING;
		/* it may wait for a lock of the dead: in vain */
		if (make(fs, s->spare, name, S_IFREG, &ref[i]))
			continue;
		pos = 0;
		daxfs_write(fs, ref[i], &pos, 5000, bring, &byte);
	}
}

static bool is_busy(struct daxfs *fs, struct scene *s, struct daxfs_ref *ref)
{
	struct daxfs_attr attr;
	char name[32];
	int i;

	for (i = 0; i < SPARE; i++) {
		snprintf(name, sizeof(name), "spare-%d", i);
		if (ref[i].ino && (!is(find(fs, s->spare, name), ref[i]) ||
				   daxfs_getattr(fs, ref[i], &attr) || attr.nlink != 1))
			return false;
	}
	return true;
}

static int mend_and_examine(struct daxfs *dead, struct scene *s, const struct operation *o)
{
	struct daxfs_ref spare[SPARE];
	struct daxfs fs;
	int was = -1;

	if (region_join(&fs, dead, WITNESS)) {
		fprintf(stderr, "# %s: cannot join\n", o->name);
		return -1;
	}
	be_busy(&fs, s, spare);
	daxfs_bury(&fs, VICTIM);
	daxfs_bury(&fs, MENDER);
	if (!daxfs_mend(&fs))
		was = examine(&fs, s, o);
	if (!is_busy(&fs, s, spare)) {
		fprintf(stderr, "# %s: what another one has made is gone\n", o->name);
		was = -1;
	}
	free(fs.op);
	return was;
}

/* A process that does it step by step, stopped at the start. */
static pid_t start(int (*run)(struct scene *s), struct scene *s)
{
	pid_t pid = fork();
	int status;

	if (pid)
		return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) ? pid : -1;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(4);
	raise(SIGSTOP);
	_exit(run(s) ? 1 : 0);
}

/* False: it has ended; *code is how. */
static bool step(pid_t pid, int *code)
{
	int status;

	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid) {
		*code = -1;
		return false;
	}
	if (!WIFEXITED(status))
		return true;
	*code = WEXITSTATUS(status);
	return false;
}

/* Who mends, as another process: s->fs is the dead region. */
static int mend_alone(struct scene *s)
{
	struct daxfs fs;

	return region_join(&fs, &s->fs, MENDER) ?: (daxfs_bury(&fs, VICTIM), daxfs_mend(&fs));
}

/* Step through the mending of a state, and mend each state of that. */
static int mend_in_steps(struct __test_metadata *_metadata, struct daxfs *dead, struct scene *s,
			 const struct operation *o, __u32 *states)
{
	struct scene mending = *s;
	struct daxfs_env env = { .idle = pass, .tries = 20 };
	struct daxfs last, copy;
	int code = -1, was, seen = 0;
	pid_t pid;

	copy_new(&last, dead, &env);
	copy_new(&copy, dead, &env);
	mending.fs = *dead;
	copy_from(&last, dead);
	pid = start(mend_alone, &mending);
	EXPECT_GT(pid, 0);
	while (pid > 0 && step(pid, &code)) {
		if (!has_changed(&last, dead))
			continue;
		copy_from(&last, dead);
		copy_from(&copy, dead);
		was = mend_and_examine(&copy, s, o);
		EXPECT_GE(was, 0);
		if (was < 0)
			break;
		seen |= 1 << was;
		++*states;
	}
	EXPECT_EQ(0, code);
	/* what it was does not depend on where the mender died */
	EXPECT_NE(3, seen);
	region_delete(&last);
	region_delete(&copy);
	return code;
}

static void run_steps(struct __test_metadata *_metadata, const struct operation *o, __u32 deep)
{
	struct daxfs_env env = { .idle = pass, .tries = 20 };
	__u32 steps = 0, states = 0, mended = 0, done = 0;
	struct daxfs last, copy;
	struct scene s;
	int code = -1, was = 0, before = 0;
	pid_t pid;

	memset(&s, 0, sizeof(s));
	ASSERT_EQ(0, begin(&s, o, &env));
	copy_new(&last, &s.fs, &env);
	copy_new(&copy, &s.fs, &env);
	copy_from(&last, &s.fs);
	pid = start(o->run, &s);
	ASSERT_GT(pid, 0);
	for (; step(pid, &code); steps++) {
		if (!has_changed(&last, &s.fs))
			continue;
		copy_from(&last, &s.fs);
		copy_from(&copy, &s.fs);
		was = mend_and_examine(&copy, &s, o);
		if (was < before)
			TH_LOG("%s: step %u, state %u: %d after %d", o->name, steps, states, was,
			       before);
		/* once it is done it stays done */
		ASSERT_GE(was, before);
		before = was;
		done += was;
		if (deep && states % deep == 0) {
			copy_from(&copy, &s.fs);
			mend_in_steps(_metadata, &copy, &s, o, &mended);
		}
		states++;
	}
	EXPECT_EQ(0, code);
	EXPECT_EQ(1, was);
	EXPECT_EQ(0, memcmp(last.piece[0] + USED, s.fs.piece[0] + USED, SIZE - USED));
	if (s.fs.size == LARGE)
		EXPECT_EQ(0, memcmp(last.piece[1], s.fs.piece[1], KEPT));
	TH_LOG("%s: %u instructions, %u states, done in %u; %u states of mending", o->name, steps,
	       states, done, mended);
	region_delete(&s.fs);
	region_delete(&last);
	region_delete(&copy);
}

FIXTURE(steps) {
	int unused;
};

FIXTURE_SETUP(steps)
{
	self->unused = 0;
}

FIXTURE_TEARDOWN(steps)
{
	self->unused = 0;
}

TEST_F_TIMEOUT(steps, all, 1200)
{
	__u32 i, deep = getenv("MK_DEEP") ? atoi(getenv("MK_DEEP")) : 0;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		run_steps(_metadata, &operations[i], deep);
}

TEST_HARNESS_MAIN
