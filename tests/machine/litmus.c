// SPDX-License-Identifier: GPL-2.0
/*
 * What two kernels may see of each other's work in one file system: the orders that
 * mk_daxfs/README.md promises ("Coherence"), each as a litmus test.
 *
 *	litmus DIR 0 ROUNDS	in one kernel
 *	litmus DIR 1 ROUNDS	in the other one, at the same time
 *
 * In each round both take a step at the same time.  Passing a message: who sees the
 * second thing that 0 did must see the first, too.  Buffered stores: each does
 * something, then looks at the other's; one of them must see something.  Then each
 * test is done wrong, until the forbidden is seen: or it could not see it.  At last both
 * append to a file, make and replace one, change its mode, lock it and punch holes.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	4096
#define PATIENCE 300	/* seconds that one waits for the other; KASAN under load needs 60 */
#define SPINS	17	/* 1 << so many before a step, at most */
#define EAGER	1000	/* so many times the rounds, for what must be seen */

enum { X, Y };

/* What a role saw of the thing that was done first, and of the second. */
struct seen {
	__u32 first;
	__u32 second;
};

/* A page that both have mapped: where each is, what it saw, and two words. */
struct both {
	__u64 at[2][8];
	struct seen seen[2][8];
	__u64 word[2][8];
};

static struct both *both;
static int role, file[2];
static unsigned int seed;

#define NEED(condition, what) \
	do { \
		if (!(condition)) \
			err(1, "kernel %d: %s", role, what); \
	} while (0)

static const char *const names[] = { "litmus.x", "litmus.y" };

/* --- what is done, and what is seen of it -------------------------------------------- */

static void put(int which, __u64 val)
{
	NEED(pwrite(file[which], &val, sizeof(val), 0) == sizeof(val), "write");
}

static __u64 get(int which)
{
	__u64 val;

	NEED(pread(file[which], &val, sizeof(val), 0) == sizeof(val), "read");
	return val;
}

static void put_word(int which, __u64 val)
{
	__atomic_store_n(&both->word[which][0], val, __ATOMIC_RELAXED);
}

static __u64 get_word(int which)
{
	return __atomic_load_n(&both->word[which][0], __ATOMIC_RELAXED);
}

static void make(const char *name, __u64 val)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	NEED(fd >= 0 && write(fd, &val, sizeof(val)) == sizeof(val), name);
	close(fd);
}

static bool is_there(int which)
{
	struct stat st;

	return !stat(names[which], &st);
}

/* What is in the file of that name; 0: there is none. */
static __u64 in_name(int which)
{
	__u64 val = 0;
	int fd = open(names[which], O_RDONLY);

	if (fd < 0)
		return 0;
	NEED(read(fd, &val, sizeof(val)) == sizeof(val), "read");
	close(fd);
	return val;
}

/* --- the tests -------------------------------------------------------------------------- */

/**
 * struct litmus - one of them
 * @name:	says what
 * @prepare:	both do it before a round, or NULL
 * @act:	what 0 does first (X) and second (Y); of buffered stores each role its own
 * @look:	whether that is seen in this round
 * @buffered:	buffered stores
 * @fence:	between act and look
 */
struct litmus {
	const char *name;
	void (*prepare)(__u64 round);
	void (*act)(int which, __u64 round);
	bool (*look)(int which, __u64 round);
	bool buffered;
	bool fence;
};

static void act_write(int which, __u64 round)
{
	put(which, round);
}

static bool look_read(int which, __u64 round)
{
	return get(which) == round;
}

static void act_store(int which, __u64 round)
{
	put_word(which, round);
}

static bool look_load(int which, __u64 round)
{
	return get_word(which) == round;
}

static void act_store_write(int which, __u64 round)
{
	(which == X ? put_word : put)(which, round);
}

static bool look_load_read(int which, __u64 round)
{
	return (which == X ? get_word : get)(which) == round;
}

static void act_write_store(int which, __u64 round)
{
	(which == X ? put : put_word)(which, round);
}

static bool look_read_load(int which, __u64 round)
{
	return (which == X ? get : get_word)(which) == round;
}

/* 1 knows that there are no names. */
static void prepare_absent(__u64 round)
{
	(void)round;
	if (role)
		return;
	unlink(names[X]);
	unlink(names[Y]);
}

static void act_create(int which, __u64 round)
{
	make(names[which], round);
}

static bool look_present(int which, __u64 round)
{
	(void)round;
	return is_there(which);
}

static void prepare_present(__u64 round)
{
	if (role)
		return;
	make(names[X], round);
	make(names[Y], round);
}

static void act_unlink(int which, __u64 round)
{
	(void)round;
	NEED(!unlink(names[which]), "unlink");
}

static bool look_absent(int which, __u64 round)
{
	(void)round;
	return !is_there(which);
}

static void prepare_rename(__u64 round)
{
	if (role)
		return;
	make(names[X], round - 1);
	make(names[Y], round - 1);
	make("litmus.new0", round);
	make("litmus.new1", round);
}

static void act_rename(int which, __u64 round)
{
	(void)round;
	NEED(!rename(which == X ? "litmus.new0" : "litmus.new1", names[which]), "rename");
}

/* A name that is replaced is always there. */
static bool look_renamed(int which, __u64 round)
{
	__u64 val = in_name(which);

	if (!val)
		errx(1, "kernel %d: there was no %s while it was replaced", role, names[which]);
	return val == round;
}

static void prepare_attr(__u64 round)
{
	(void)round;
	if (role)
		return;
	make(names[X], 1);
	make(names[Y], 1);
	NEED(!chmod(names[X], 0600), "chmod");
}

static void act_attr(int which, __u64 round)
{
	if (which == X)
		NEED(!chmod(names[X], 0640), "chmod");
	else
		NEED(!truncate(names[Y], round + sizeof(round)), "truncate");
}

static bool look_attr(int which, __u64 round)
{
	struct stat st;

	NEED(!stat(names[which], &st), "stat");
	return which == X ? (st.st_mode & 0777) == 0640 :
			    st.st_size == (off_t)(round + sizeof(round));
}

static const struct litmus all[] = {
	{ "message: write, write", NULL, act_write, look_read, false, false },
	{ "message: store, store", NULL, act_store, look_load, false, false },
	{ "message: store, write", NULL, act_store_write, look_load_read, false, false },
	{ "message: write, store", NULL, act_write_store, look_read_load, false, false },
	{ "message: create, create", prepare_absent, act_create, look_present, false, false },
	{ "message: unlink, unlink", prepare_present, act_unlink, look_absent, false, false },
	{ "message: rename, rename", prepare_rename, act_rename, look_renamed, false, false },
	{ "message: mode, size", prepare_attr, act_attr, look_attr, false, false },
	{ "buffer: write, read", NULL, act_write, look_read, true, false },
	{ "buffer: store, fence, load", NULL, act_store, look_load, true, true },
	{ "buffer: create, stat", prepare_absent, act_create, look_present, true, false },
};

/* --- rounds --------------------------------------------------------------------------- */

static void meet(void)
{
	time_t end = time(NULL) + PATIENCE;
	unsigned int i;
	__u64 now;

	now = __atomic_add_fetch(&both->at[role][0], 1, __ATOMIC_SEQ_CST);
	for (i = 1; __atomic_load_n(&both->at[!role][0], __ATOMIC_SEQ_CST) < now; i++)
		if (i % 1000000 == 0 && time(NULL) > end)
			errx(1, "kernel %d: the other one does not come", role);
}

static void nap(void)
{
	int n = rand_r(&seed) % (1 << rand_r(&seed) % SPINS);

	while (n--)
		__asm__ __volatile__("");
}

static struct seen step(const struct litmus *t, __u64 round, bool wrong)
{
	struct seen s = { 0 };

	if (t->buffered) {
		if (!wrong)
			t->act(role, round);
		if (t->fence)
			__sync_synchronize();
		s.second = t->look(!role, round);
		if (wrong)
			t->act(role, round);
	} else if (!role) {
		t->act(wrong ? Y : X, round);
		/* between two stores there is hardly time to look */
		if (wrong)
			nap();
		t->act(wrong ? X : Y, round);
	} else {
		s.second = t->look(Y, round);
		s.first = t->look(X, round);
	}
	return s;
}

static bool is_forbidden(const struct litmus *t)
{
	if (t->buffered)
		return !both->seen[0][0].second && !both->seen[1][0].second;
	return both->seen[1][0].second && !both->seen[1][0].first;
}

/* So that 1 has in its caches what was there before. */
static void prepare(const struct litmus *t, __u64 round)
{
	if (!t->prepare)
		return;
	t->prepare(round);
	meet();
	if (role) {
		t->look(X, round);
		t->look(Y, round);
	}
}

/* Return: rounds in which the forbidden was seen; @seen: in which 1 saw something. */
static __u64 run(const struct litmus *t, __u64 rounds, bool wrong, __u64 *seen)
{
	static __u64 round = 1;
	__u64 found = 0, end = round + rounds;
	struct seen s;

	for (*seen = 0; round < end && !(wrong && found);) {
		prepare(t, ++round);
		meet();
		nap();
		s = step(t, round, wrong);
		both->seen[role][0].first = s.first;
		both->seen[role][0].second = s.second;
		meet();
		found += is_forbidden(t);
		*seen += both->seen[1][0].second;
		meet();
	}
	return found;
}

static void try(const struct litmus *t, __u64 rounds)
{
	__u64 seen, found = run(t, rounds, false, &seen);
	__u64 wrong = run(t, rounds * EAGER, true, &(__u64){ 0 });

	if (role)
		return;
	printf("%s: %llu rounds, seen in %llu\n", t->name, rounds, seen);
	if (found)
		errx(1, "%s: the forbidden was seen in %llu of %llu rounds", t->name, found,
		     rounds);
	if (!wrong)
		errx(1, "%s: done wrong, the forbidden was not seen", t->name);
}

/* --- appending --------------------------------------------------------------------------- */

/* A write() at the end by each in each round: all are there, whole. */
static void append_both(const char *name, __u64 rounds)
{
	int fd = open(name, O_RDWR | O_CREAT | O_APPEND, 0600);
	__u64 last[2] = { 0 }, records = 0, i;
	struct { __u64 who, i; } r;

	NEED(fd >= 0, name);
	meet();
	for (i = 1; i <= rounds; i++) {
		r.who = role;
		r.i = i;
		NEED(write(fd, &r, sizeof(r)) == sizeof(r), "write at the end");
	}
	meet();
	for (; pread(fd, &r, sizeof(r), records * sizeof(r)) == sizeof(r); records++)
		if (r.who > 1 || r.i != ++last[r.who])
			errx(1, "at the end: record %llu is %llu of %llu", records, r.i, r.who);
	if (records != 2 * rounds)
		errx(1, "at the end: %llu records of %llu are there", records, 2 * rounds);
	close(fd);
}

/* --- making ------------------------------------------------------------------------------ */

/* Both open() what is missing: they get the same file, with O_EXCL only one does. */
static void make_both(const char *name, __u64 rounds, int excl)
{
	struct stat st;
	__u64 i;
	int fd;

	for (i = 0; i < rounds; i++) {
		if (!role)
			unlink(name);
		meet();
		if (i % 2)	/* known to be missing */
			NEED(stat(name, &st) && errno == ENOENT, name);
		meet();
		nap();
		fd = open(name, O_WRONLY | O_CREAT | O_APPEND | excl, 0600);
		NEED(fd >= 0 ? write(fd, "x", 1) == 1 : excl && errno == EEXIST, name);
		meet();
		NEED(!stat(name, &st), name);
		if (st.st_size != (excl ? 1 : 2))
			errx(1, "%s: %lld have made it", name, (long long)st.st_size);
		meet();
		if (fd >= 0)
			close(fd);
	}
}

/* Both make what is missing and remove it: open() always has a file. */
static void make_and_remove(const char *name, __u64 rounds)
{
	struct stat st;
	__u64 i;
	int fd;

	meet();
	for (i = 0; i < rounds; i++) {
		if (i % 2)
			stat(name, &st);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		NEED(fd >= 0, name);
		close(fd);
		NEED(!unlink(name) || errno == ENOENT, name);
	}
	meet();
}

/* Is the other one not at the next meeting yet? */
static bool other_works(void)
{
	return __atomic_load_n(&both->at[!role][0], __ATOMIC_SEQ_CST) <= both->at[role][0];
}

static void make_whole(const char *name, __u64 val)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	NEED(fd >= 0 && write(fd, (__u64[]) { val, ~val }, 16) == 16, name);
	close(fd);
}

static void look_whole(const char *name)
{
	__u64 saw[2];
	int fd = open(name, O_RDONLY);

	NEED(fd >= 0, "open of what is replaced all the time");
	if (read(fd, saw, sizeof(saw)) != sizeof(saw) || saw[0] != ~saw[1])
		errx(1, "%s: not whole", name);
	close(fd);
}

/* Both give a name to a file of their own, again and again. */
static void replace_both(const char *name, __u64 rounds)
{
	char own[] = "litmus.own.0", tmp[] = "litmus.new.0";
	__u64 i;

	own[sizeof(own) - 2] += role;
	tmp[sizeof(tmp) - 2] += role;
	make_whole(own, role);
	meet();
	for (i = 0; i < rounds; i++) {
		NEED(!link(own, tmp), tmp);
		NEED(!rename(tmp, name), "rename over what the other one renames, too");
		/* it stays when the name is the same file's already */
		NEED(!unlink(tmp) || errno == ENOENT, tmp);
	}
	meet();
	look_whole(name);
	unlink(own);
	meet();
}

/* One renames new files to a name all the time: the other one always finds a whole one. */
static void replace_and_look(const char *name, __u64 rounds)
{
	struct stat st;
	__u64 i;

	if (!role)
		make_whole(name, 0);
	meet();
	for (i = 0; !role && i < rounds; i++) {
		make_whole("litmus.new", i);
		NEED(!rename("litmus.new", name), "rename");
	}
	while (role && other_works()) {
		look_whole(name);
		NEED(!stat(name, &st), "stat of what is replaced all the time");
		NEED(!access(name, R_OK | W_OK), "access to what is replaced all the time");
	}
	meet();
}

/* --- by descriptor ----------------------------------------------------------------------- */

static void do_chown(int fd)
{
	NEED(!fchown(fd, 1000, 1000), "fchown");
}

static void do_truncate(int fd)
{
	NEED(!ftruncate(fd, 1), "ftruncate");
}

static void do_allocate(int fd)
{
	NEED(!posix_fallocate(fd, 0, 1), "fallocate");
}

static void as_nobody(void (*act)(int fd), int fd)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		NEED(!setresgid(1000, 1000, 1000) && !setresuid(1000, 1000, 1000), "setuid");
		act(fd);
		_exit(0);
	}
	NEED(waitpid(pid, &status, 0) == pid && !status, "a process");
}

/* 0 has it open, 1 changes its mode: what takes privileges away takes them from that one. */
static void mode_by_descriptor(const char *name)
{
	static const struct { void (*act)(int fd); bool root; } how[] = {
		{ do_chown, true }, { do_truncate, false }, { do_allocate, false },
	};
	static const mode_t mode[][3] = {	/* before, what 1 sets, after */
		{ 06777, 0600, 0600 }, { 0777, 06777, 0777 },
	};
	unsigned int i, m;
	struct stat st;
	int fd = -1;

	for (i = 0; i < 2 * sizeof(how) / sizeof(*how); i++) {
		m = i % 2;
		if (!role) {
			fd = open(name, O_RDWR | O_CREAT, 0600);
			NEED(fd >= 0 && !fchown(fd, 0, 0) && !fchmod(fd, mode[m][0]), name);
			NEED(!fstat(fd, &st), name);
		}
		meet();
		if (role)
			NEED(!chmod(name, mode[m][1]), "chmod");
		meet();
		if (!role && how[i / 2].root)
			how[i / 2].act(fd);
		else if (!role)
			as_nobody(how[i / 2].act, fd);
		meet();
		NEED(!stat(name, &st), name);
		if ((st.st_mode & 07777) != mode[m][2])
			errx(1, "%s: %u: mode %o, not %o", name, i, st.st_mode & 07777,
			     mode[m][2]);
		meet();
		close(fd);
	}
}

/* --- locks ------------------------------------------------------------------------------- */

static int lock_file(int fd, int cmd, int type)
{
	struct flock fl = { .l_type = type };

	return fcntl(fd, cmd, &fl);
}

/* 0 reads, and a process beside it would like to write: that keeps no reader of 1 out. */
static void read_beside_who_would_write(const char *name, __u64 rounds)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600), status;
	pid_t pid = 0, parent = getpid();

	NEED(fd >= 0, name);
	if (!role) {
		NEED(!lock_file(fd, F_SETLK, F_RDLCK), "lock");
		pid = fork();
		while (!pid && getppid() == parent)
			if (!lock_file(fd, F_SETLK, F_WRLCK))
				_exit(1);
	}
	meet();
	for (; role && rounds; rounds--) {
		NEED(!lock_file(fd, F_SETLK, F_RDLCK), "lock beside who would write");
		NEED(!lock_file(fd, F_SETLK, F_UNLCK), "unlock");
	}
	meet();
	if (!role)
		NEED(!kill(pid, SIGTERM) && waitpid(pid, &status, 0) == pid &&
		     WIFSIGNALED(status), "who would write");
	close(fd);
}

/* --- mappings ---------------------------------------------------------------------------- */

/* 0 takes a page out of a file, 1 has it mapped: what it stores after that is in the file. */
static void store_after_a_punch(const char *name, __u64 rounds)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);
	__u64 i, val, *map;

	NEED(fd >= 0 && !ftruncate(fd, PAGE), name);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(map != MAP_FAILED, "mmap");
	for (i = 1; i <= rounds; i++) {
		if (role)
			*map = 0;
		meet();
		if (!role && i % 2)
			NEED(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE),
			     "punch");
		else if (!role)
			NEED(!ftruncate(fd, 0) && !ftruncate(fd, PAGE), "truncate");
		meet();
		if (role)
			*map = i;
		meet();
		NEED(pread(fd, &val, sizeof(val), 0) == sizeof(val), "read");
		if (val != i)
			errx(1, "%s: a store after a page was taken out is lost", name);
		meet();
	}
	munmap(map, PAGE);
	close(fd);
}

/* --- both ------------------------------------------------------------------------------------ */

static int open_both(void)
{
	time_t end = time(NULL) + PATIENCE;
	int fd;

	if (!role) {
		fd = open("litmus.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
		NEED(fd >= 0 && !ftruncate(fd, PAGE), "litmus.tmp");
		file[X] = open(names[X], O_RDWR | O_CREAT, 0600);
		file[Y] = open(names[Y], O_RDWR | O_CREAT, 0600);
		put(X, 0);
		put(Y, 0);
		NEED(!rename("litmus.tmp", "litmus"), "rename");
		return fd;
	}
	while ((fd = open("litmus", O_RDWR)) < 0 && time(NULL) < end)
		usleep(10000);
	file[X] = open(names[X], O_RDWR);
	file[Y] = open(names[Y], O_RDWR);
	NEED(fd >= 0 && file[X] >= 0 && file[Y] >= 0, "the other one does not come");
	return fd;
}

int main(int argc, char **argv)
{
	__u64 rounds = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
	unsigned int i;

	if (!rounds || chdir(argv[1]))
		errx(2, "litmus DIR 0|1 ROUNDS");
	role = !!atoi(argv[2]);
	seed = role + 1;
	both = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, open_both(), 0);
	NEED(both != MAP_FAILED, "mmap");
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		try(&all[i], rounds);
	append_both("litmus.append", rounds);
	make_both("litmus.excl", rounds, O_EXCL);
	make_both("litmus.made", rounds, 0);
	make_and_remove("litmus.removed", 10 * rounds);
	replace_both("litmus.replaced", 10 * rounds);
	replace_and_look("litmus.looked", 20 * rounds);
	mode_by_descriptor("litmus.mode");
	read_beside_who_would_write("litmus.lock", 50 * rounds);
	store_after_a_punch("litmus.punched", rounds / 10);
	meet();
	for (i = 0; !role && i < 2; i++)
		unlink(names[i]);
	if (!role)
		NEED(!unlink("litmus") && !unlink("litmus.append") && !unlink("litmus.excl") &&
		     !unlink("litmus.made") && !unlink("litmus.replaced") &&
		     !unlink("litmus.looked") && !unlink("litmus.mode") &&
		     !unlink("litmus.lock") && !unlink("litmus.punched"), "unlink");
	puts("as promised");
	return 0;
}
