// SPDX-License-Identifier: GPL-2.0
/*
 * Kernels that die: processes that share a region, each with its own slot, are
 * killed at random instants.  What they had completed is there afterwards, what
 * they had begun is done or undone, and nothing is lost.
 *
 * MK_KILLS sets how many (300), MK_SEED where it begins.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daxfs_check.h"
#include "daxfs_env.h"
#include "daxfs_region.h"
#include "kselftest_harness.h"

#define SIZE		(160ULL << 20)
#define WORKERS		5
#define NAMES		64	/* of a worker, in two directories */
#define SHARED		600	/* names that all use, in two directories */
#define SHARED_NAME	"s-%u"
#define FILE_SIZE	60000
#define PATIENCE	25	/* kills between two checks */

enum what {
	NONE,
	A_FILE,
	A_DIR,
	A_LINK,
};

/* What a name stands for; ref.ino 0: any inode. */
struct known {
	enum what what;
	struct daxfs_ref ref;
	__u32 version;		/* each byte of a file */
	__u32 size;
	__u32 xattr;
	bool loose;		/* the contents are being written */
};

/* What a worker knows; it outlives it. */
struct book {
	struct daxfs_ref dir[2];
	struct known name[NAMES];
	/* an operation between begin and end: all of old, or all of new */
	int pending;
	__u32 index[2];
	struct known old[2], new[2];
	unsigned long done;
};

static const struct daxfs_ref ROOT = { DAXFS_ROOT, 1 };

static struct daxfs_ref shared_dir[2];
static unsigned int seed;

static __u32 below(__u32 n)
{
	return (__u32)rand_r(&seed) % n;
}

static void die_of(struct daxfs *fs, const char *what, __u64 off)
{
	fprintf(stderr, "# slot %u: %s at %#llx\n", fs->slot, what, (unsigned long long)off);
	_exit(3);
}

/* Nothing is mapped here: all that was freed may be used again. */
static void pass(struct daxfs *fs)
{
	if (fs->me)
		daxfs_pass(fs, mk_peer_load(&daxfs_super(fs)->grace));
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "# %s: %d\n", what, err);
	_exit(4);
}

/* --- contents ------------------------------------------------------------------------ */

static __u64 bring(void *arg, void *to, __u64 len)
{
	memset(to, *(__u32 *)arg, len);
	return len;
}

static bool is_all(struct daxfs *fs, const struct known *k)
{
	struct daxfs_run run;
	__u64 pos, i;
	__u8 *at;

	for (pos = 0; pos < k->size; pos += run.len) {
		if (daxfs_map(fs, k->ref, pos, k->size - pos, &run) || !run.off)
			return false;
		for (i = 0; i < run.len && pos + i < k->size; i++) {
			at = daxfs_at(fs, run.off + i, 1);
			if (*at != (__u8)k->version)
				return false;
		}
	}
	return true;
}

/* --- a worker's own names ---------------------------------------------------------------- */

static __u32 spell(char *name, __u32 index)
{
	/* some are long */
	return sprintf(name, "n%u%s", index,
		       index % 4 ? "" : "-and-some-more-bytes-so-that-buckets-are-full-soon");
}

static struct daxfs_ref dir_of(struct book *b, __u32 index)
{
	return b->dir[index / (NAMES / 2)];
}

static void begin(struct book *b, __u32 i, __u32 j)
{
	b->index[0] = i;
	b->index[1] = j;
	b->old[0] = b->name[i];
	b->old[1] = b->name[j];
	memcpy(b->new, b->old, sizeof(b->new));
}

static void start(struct book *b)
{
	__atomic_store_n(&b->pending, 1, __ATOMIC_SEQ_CST);
}

static void finish(struct book *b)
{
	b->name[b->index[1]] = b->new[1];
	b->name[b->index[0]] = b->new[0];
	b->done++;
	__atomic_store_n(&b->pending, 0, __ATOMIC_SEQ_CST);
}

static void own_create(struct daxfs *fs, struct book *b, __u32 i)
{
	static const __u32 mode[] = { 0, S_IFREG | 0644, S_IFDIR | 0755, S_IFLNK | 0777 };
	struct known *k = &b->new[0];
	char name[256], target[300];
	struct daxfs_new new = { .target = target, .target_len = 1 + below(sizeof(target)) };
	int err;

	memset(target, 't', sizeof(target));
	begin(b, i, i);
	*k = (struct known){ .what = 1 + below(3) };
	new.mode = mode[k->what];
	if (k->what == A_LINK)
		k->size = new.target_len;
	b->new[1] = *k;
	start(b);
	err = daxfs_create(fs, dir_of(b, i), name, spell(name, i), &new, &k->ref);
	if (err)
		fail("create", err);
	b->new[1] = *k;
	finish(b);
}

static void own_unlink(struct daxfs *fs, struct book *b, __u32 i)
{
	char name[256];
	int err;

	begin(b, i, i);
	memset(b->new, 0, sizeof(b->new));
	start(b);
	err = daxfs_unlink(fs, dir_of(b, i), name, spell(name, i), b->old[0].ref);
	if (err)
		fail("unlink", err);
	finish(b);
}

static void own_rename(struct daxfs *fs, struct book *b, __u32 i, __u32 j)
{
	bool both = b->name[j].what != NONE, same = (b->name[i].what == A_DIR) ==
						    (b->name[j].what == A_DIR);
	bool exchange = both && (!same || below(2));
	char from[256], to[256];
	int err;

	begin(b, i, j);
	b->new[1] = b->old[0];
	b->new[0] = exchange ? b->old[1] : (struct known){ .what = NONE };
	start(b);
	err = daxfs_rename(fs, dir_of(b, i), from, spell(from, i), b->old[0].ref, dir_of(b, j),
			   to, spell(to, j), b->old[1].ref, exchange ? DAXFS_RENAME_EXCHANGE : 0);
	if (err)
		fail("rename", err);
	finish(b);
}

static void own_write(struct daxfs *fs, struct book *b, __u32 i)
{
	struct known *k = &b->new[0];
	__u64 pos = 0, len = 1 + below(FILE_SIZE);
	__u32 version;
	__s64 n;
	int err = 0;

	begin(b, i, i);
	version = b->name[i].version + 1;
	k->version = version;
	k->size = len;
	b->new[1] = *k;
	b->old[0].loose = true;
	b->old[1].loose = true;
	start(b);
	if (len < b->old[0].size)
		err = daxfs_resize(fs, k->ref, len, below(2));
	n = daxfs_write(fs, k->ref, &pos, len, bring, &version);
	if (err || n != (__s64)len)
		fail("write", err ? err : (int)n);
	finish(b);
}

static void own_truncate(struct daxfs *fs, struct book *b, __u32 i)
{
	struct known *k = &b->new[0];
	int err;

	begin(b, i, i);
	k->size = below(k->size + 1);
	b->new[1] = *k;
	start(b);
	err = daxfs_resize(fs, k->ref, k->size, below(2));
	if (err)
		fail("truncate", err);
	finish(b);
}

static void own_xattr(struct daxfs *fs, struct book *b, __u32 i)
{
	struct known *k = &b->new[0];
	__u32 value[2000];
	int err;

	begin(b, i, i);
	value[0] = ++k->xattr;
	b->new[1] = *k;
	start(b);
	err = daxfs_setxattr(fs, k->ref, "user.version", value, below(2) ? 4 : sizeof(value), 0);
	if (err)
		fail("setxattr", err);
	finish(b);
}

static void own(struct daxfs *fs, struct book *b)
{
	__u32 i = below(NAMES), j = below(NAMES);
	enum what what = b->name[i].what;

	if (what == NONE)
		own_create(fs, b, i);
	else if (below(4) == 0)
		own_unlink(fs, b, i);
	else if (below(3) == 0 && i != j)
		own_rename(fs, b, i, j);
	else if (below(4) == 0)
		own_xattr(fs, b, i);
	else if (what == A_FILE && below(2))
		own_write(fs, b, i);
	else if (what == A_FILE)
		own_truncate(fs, b, i);
}

/* Is the name what it should be? */
static bool is_known(struct daxfs *fs, struct book *b, __u32 index, struct known *k)
{
	static const __u32 type[] = { 0, S_IFREG >> 12, S_IFDIR >> 12, S_IFLNK >> 12 };
	struct daxfs_attr attr;
	struct daxfs_ref ref;
	char name[256];
	__u32 t, value[2000] = { 0 };
	int err = daxfs_lookup(fs, dir_of(b, index), name, spell(name, index), &ref, &t);

	if (err)
		return err == -ENOENT && k->what == NONE;
	if (k->ref.ino && (k->ref.ino != ref.ino || k->ref.gen != ref.gen))
		return false;
	if (t != type[k->what] || daxfs_getattr(fs, ref, &attr))
		return false;
	k->ref = ref;
	err = daxfs_getxattr(fs, ref, "user.version", value, sizeof(value));
	if (err < 0 ? err != -ENODATA || k->xattr : value[0] != k->xattr)
		return false;
	if (k->loose) {
		/* take it as it is: from now on nobody knows its bytes */
		k->size = 0;
		return daxfs_resize(fs, ref, 0, true) == 0;
	}
	if (attr.size != (k->what == A_DIR ? 0 : k->size))
		return false;
	return k->what != A_FILE || is_all(fs, k);
}

static bool is_pair(struct daxfs *fs, struct book *b, struct known *k)
{
	return is_known(fs, b, b->index[0], &k[0]) && is_known(fs, b, b->index[1], &k[1]);
}

/* After the death of its worker: completed operations are there. */
static int verify(struct daxfs *fs, struct book *b)
{
	struct known *k = b->old;
	__u32 i;
	int bad = 0;

	if (b->pending) {
		k = is_pair(fs, b, b->new) ? b->new : b->old;
		if (k == b->old && !is_pair(fs, b, b->old)) {
			fprintf(stderr, "# names %u and %u: neither old nor new\n", b->index[0],
				b->index[1]);
			bad++;
		}
		for (i = 0; i < 2; i++) {
			k[i].loose = false;
			b->name[b->index[i]] = k[i];
		}
		b->pending = 0;
	}
	for (i = 0; i < NAMES; i++)
		if (!is_known(fs, b, i, &b->name[i])) {
			fprintf(stderr, "# name %u: what %d, version %u, size %u\n", i,
				b->name[i].what, b->name[i].version, b->name[i].size);
			bad++;
		}
	return bad;
}

/* --- names that all use -------------------------------------------------------------------- */

static void may_fail(const char *what, int err)
{
	switch (-err) {
	case EUCLEAN:
	case EIO:
	case EFBIG:
	case ENOSPC:
		fail(what, err);
	}
}

static struct daxfs_ref find(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len)
{
	struct daxfs_ref ref = { 0, 0 };
	__u32 type;
	int err = daxfs_lookup(fs, dir, name, len, &ref, &type);

	may_fail("lookup", err);
	return err ? (struct daxfs_ref){ 0, 0 } : ref;
}

static void open_and_unlink(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
			    struct daxfs_ref ref)
{
	__u64 pos = DAXFS_APPEND;
	__u32 version = 7;

	if (daxfs_open(fs, ref))
		return;
	may_fail("unlink", daxfs_unlink(fs, dir, name, len, ref));
	daxfs_write(fs, ref, &pos, below(20000), bring, &version);
	daxfs_close(fs, ref);
}

static void lock_some(struct daxfs *fs, struct daxfs_ref ref)
{
	struct daxfs_flock lock[200];
	__u32 i, nr = below(4) ? 1 : below(200);

	for (i = 0; i < nr; i++)
		lock[i] = (struct daxfs_flock){
			.kind = DAXFS_FLOCK_READ + below(2), .start = i * 10, .end = i * 10 + 9,
		};
	if (!daxfs_flock_set(fs, ref, true, lock, nr))
		may_fail("unlock", daxfs_flock_set(fs, ref, true, NULL, 0));
}

static void unnamed(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len)
{
	struct daxfs_new new = { .mode = S_IFREG };
	struct daxfs_ref ref;

	if (daxfs_create(fs, dir, NULL, 0, &new, &ref))
		return;
	if (below(2))
		may_fail("link", daxfs_link(fs, dir, name, len, ref));
	daxfs_close(fs, ref);
}

/* One of those that are shared, or something in them. */
static struct daxfs_ref some_dir(struct daxfs *fs)
{
	struct daxfs_ref dir = shared_dir[below(2)], ref;
	char name[64];
	__u32 type, len;

	while (below(3)) {
		len = sprintf(name, SHARED_NAME, below(SHARED));
		if (daxfs_lookup(fs, dir, name, len, &ref, &type) || type != S_IFDIR >> 12)
			continue;
		dir = ref;
	}
	return dir;
}

static bool is_full(struct daxfs *fs)
{
	struct daxfs_stat st;

	daxfs_statfs(fs, &st);
	return st.free_blocks < st.blocks / 3;
}

static void shared(struct daxfs *fs)
{
	static const __u32 flags[] = { 0, 0, 0, DAXFS_RENAME_NOREPLACE, DAXFS_RENAME_EXCHANGE,
				       DAXFS_RENAME_WHITEOUT };
	struct daxfs_ref d[2] = { some_dir(fs), some_dir(fs) }, a, b;
	struct daxfs_new new = { .mode = below(5) ? S_IFREG : S_IFDIR };
	char name[64], other[64];
	__u32 len = sprintf(name, SHARED_NAME, below(SHARED)), version = 1;
	__u32 len2 = sprintf(other, SHARED_NAME, below(SHARED));
	__u64 pos = below(30000);
	int err;

	a = find(fs, d[0], name, len);
	b = find(fs, d[1], other, len2);
	switch (is_full(fs) ? 3 : below(10)) {
	case 0:
	case 1:
	case 2:
		new.open = S_ISREG(new.mode) && below(2);
		err = daxfs_create(fs, d[1], other, len2, &new, &a);
		may_fail("create", err);
		if (!err && new.open)
			daxfs_close(fs, a);
		break;
	case 3:
		may_fail("unlink", daxfs_unlink(fs, d[0], name, len, a));
		break;
	case 4:
	case 5:
		if (a.ino)
			may_fail("rename", daxfs_rename(fs, d[0], name, len, a, d[1], other, len2,
							b, flags[below(6)]));
		break;
	case 6:
		may_fail("link", daxfs_link(fs, d[1], other, len2, a));
		break;
	case 7:
		daxfs_write(fs, a, &pos, below(30000), bring, &version);
		break;
	case 8:
		open_and_unlink(fs, d[0], name, len, a);
		break;
	case 9:
		if (below(2))
			unnamed(fs, d[1], other, len2);
		else
			lock_some(fs, a);
		break;
	}
}

/* --- lives and deaths ---------------------------------------------------------------- */

struct worker {
	pid_t pid;
	__u64 boot;
	struct book *book;
};

static void live(struct daxfs *region, __u64 boot, struct book *book)
{
	struct daxfs_env env = { .tell = die_of, .idle = pass };
	struct daxfs fs;
	int err;

	seed ^= boot * 2654435761U;
	region->priv = &env;
	err = region_join(&fs, region, boot);
	if (err)
		fail("join", err);
	for (;;) {
		if (below(2))
			own(&fs, book);
		else
			shared(&fs);
		pass(&fs);
		if (below(20) == 0)
			daxfs_reap(&fs);
	}
}

static pid_t be_born(struct daxfs *region, __u64 boot, struct book *book)
{
	pid_t pid = fork();

	if (!pid)
		live(region, boot, book);
	return pid;
}

static void wait_us(__u32 us)
{
	struct timespec t = { .tv_nsec = us * 1000L };

	nanosleep(&t, NULL);
}

/* False: it had ended by itself. */
static bool kill_it(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		return false;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Who mends dies as well; the next one goes on. */
static bool die_while_mending(struct daxfs *region, __u64 boot)
{
	struct daxfs_env env = { .tell = die_of, .idle = pass };
	struct daxfs fs;
	pid_t pid = fork();
	bool good;

	if (!pid) {
		region->priv = &env;
		if (region_join(&fs, region, boot) || daxfs_mend(&fs))
			_exit(5);
		for (;;)
			pause();
	}
	wait_us(below(3000));
	good = kill_it(pid);
	daxfs_bury(region, boot);
	return good;
}

static void tell(void *arg, const char *text)
{
	fprintf(stderr, "# %s%s\n", (const char *)arg, text);
}

static __u64 problems(struct daxfs *fs)
{
	struct daxfs_check check = { .tell = tell, .arg = "" };
	int err = daxfs_check(fs, &check);

	fprintf(stderr, "# %llu files, %llu directories, %llu names, %llu blocks\n", check.files,
		check.dirs, check.names, check.used);
	return err ? ~0ULL : check.found;
}

static __u32 setting(const char *name, __u32 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

/* All of them; @left: records by state that the dead left. */
struct world {
	struct daxfs fs;
	struct daxfs_env env;
	struct book *book;
	struct worker worker[WORKERS];
	__u64 boot;
	unsigned int left[5];
};

FIXTURE(death) {
	struct world world;
};

FIXTURE_SETUP(death)
{
	struct daxfs_new new = { .mode = S_IFDIR | 0755 };
	struct worker *w;
	char name[16];
	__u32 i, j;

	seed = setting("MK_SEED", 1);
	ASSERT_EQ(0, region_new(&self->world.fs, SIZE));
	self->world.boot = 1;
	self->world.env.idle = pass;
	self->world.fs.priv = &self->world.env;
	self->world.book = mmap(NULL, WORKERS * sizeof(struct book), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->world.book);
	for (i = 0; i < 2; i++) {
		sprintf(name, "shared%u", i);
		ASSERT_EQ(0, daxfs_create(&self->world.fs, ROOT, name, strlen(name), &new,
					  &shared_dir[i]));
	}
	for (i = 0; i < WORKERS; i++) {
		w = &self->world.worker[i];
		w->book = &self->world.book[i];
		for (j = 0; j < 2; j++) {
			sprintf(name, "own%u-%u", i, j);
			ASSERT_EQ(0, daxfs_create(&self->world.fs, ROOT, name, strlen(name), &new,
						  &w->book->dir[j]));
		}
		w->boot = ++self->world.boot;
		w->pid = be_born(&self->world.fs, w->boot, w->book);
	}
}

FIXTURE_TEARDOWN(death)
{
	__u32 i;

	for (i = 0; i < WORKERS; i++)
		if (self->world.worker[i].pid)
			kill_it(self->world.worker[i].pid);
	munmap(self->world.book, WORKERS * sizeof(*self->world.book));
	region_delete(&self->world.fs);
}

static void count_left(struct daxfs *fs, unsigned int *left)
{
	__u32 s, i;

	for (s = 0; s < fs->nr_slots; s++)
		if (DAXFS_SLOT_STATE(daxfs_slot(fs, s)->state) == DAXFS_SLOT_DEAD)
			for (i = 0; i < fs->nr_ops; i++)
				left[daxfs_record(fs, s, i)->state % 5]++;
}

static void one_death(struct __test_metadata *_metadata, struct world *world)
{
	struct worker *w = &world->worker[below(WORKERS)];

	ASSERT_TRUE(kill_it(w->pid));
	w->pid = 0;
	daxfs_bury(&world->fs, w->boot);	/* it may not have joined yet */
	count_left(&world->fs, world->left);
	if (below(4) == 0)
		ASSERT_TRUE(die_while_mending(&world->fs, ++world->boot));
	ASSERT_EQ(0, daxfs_mend(&world->fs));
	ASSERT_EQ(0, verify(&world->fs, w->book));
	w->boot = ++world->boot;
	w->pid = be_born(&world->fs, w->boot, w->book);
}

TEST_F_TIMEOUT(death, random, 600)
{
	__u32 kills = setting("MK_KILLS", 300), i;
	unsigned long done = 0;

	for (i = 0; i < kills; i++) {
		wait_us(below(4) ? below(20000) : below(300));
		one_death(_metadata, &self->world);
		pass(&self->world.fs);
		daxfs_reap(&self->world.fs);
		if (i % PATIENCE == 0)
			ASSERT_EQ(0, problems(&self->world.fs));
	}
	for (i = 0; i < WORKERS; i++) {
		ASSERT_TRUE(kill_it(self->world.worker[i].pid));
		self->world.worker[i].pid = 0;
		daxfs_bury(&self->world.fs, self->world.worker[i].boot);
	}
	ASSERT_EQ(0, daxfs_mend(&self->world.fs));
	for (i = 0; i < WORKERS; i++) {
		EXPECT_EQ(0, verify(&self->world.fs, self->world.worker[i].book));
		done += self->world.worker[i].book->done;
	}
	pass(&self->world.fs);
	daxfs_reap(&self->world.fs);
	EXPECT_EQ(0, problems(&self->world.fs));
	TH_LOG("%u deaths, %lu operations; left: %u open, %u committed, %u done, %u in limbo",
	       kills, done, self->world.left[DAXFS_OP_OPEN], self->world.left[DAXFS_OP_COMMITTED],
	       self->world.left[DAXFS_OP_DONE], self->world.left[DAXFS_OP_LIMBO]);
}

TEST_HARNESS_MAIN
