// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz-fs REGION DIR [ROUNDS|SECONDSs [SEED]]: words of a region change while its
 * file system is mounted on DIR, as a hostile kernel might change them.  Whoever
 * uses the files gets what there is, errors, or SIGBUS; now and then it is mounted
 * anew, of what the region was at first or of damage.
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>

#include "mk.h"

#define REACH		8192	/* words that are looked at for one that is not 0 */
#define ANEW		10	/* rounds with one mount */
#define PATIENCE	3	/* seconds, then who waits for a lock is killed */

static __u64 *words, *first, nr_words;
static const char *region;
static unsigned int killed, mounts, refused;

static __u64 random_word(void)
{
	return (__u64)random_below(~0U) << 32 | random_below(~0U);
}

/* Of all words, most are 0. */
static __u64 any_word(void)
{
	__u64 start = random_word() % nr_words, i;

	if (!random_below(8))
		return start % 65536;
	for (i = start; i < start + REACH; i++)
		if (words[i % nr_words])
			return i % nr_words;
	return any_word();
}

static __u64 damaged(__u64 word)
{
	static const __u64 far[] = { 0, 1, ~0ULL, 4096, 1ULL << 21, 1ULL << 63, 4095ULL << 52 };
	__u64 low = 0xffffffff;

	switch (random_below(8)) {
	case 0:
		return random_word();
	case 1:
		return word ^ 1ULL << random_below(64);
	case 2:
		return word + 1;
	case 3:
		return word - 1;
	case 4:
		return words[any_word()];
	case 5:
		return (word & low) | (random_word() & ~low);
	case 6:
		return (word & ~low) | (far[random_below(7)] & low);
	default:
		return far[random_below(7)];
	}
}

/* --- what programs do ------------------------------------------------------------ */

static char room[65536];

static void use_file(const char *name, const struct stat *st)
{
	int fd = open(name, (random_below(2) ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY);

	getxattr(name, "user.color", room, sizeof(room));
	listxattr(name, room, random_below(2) * sizeof(room));
	if (fd < 0)
		return;
	pread(fd, room, random_below(sizeof(room)), random_below(16384));
	pread(fd, room, 4096, st->st_size > 4096 ? st->st_size - 4096 : 0);
	lseek(fd, 0, SEEK_HOLE);
	lseek(fd, 4096, SEEK_DATA);
	flock(fd, LOCK_EX | LOCK_NB);
	if (!random_below(3))
		pwrite(fd, room, random_below(20000), random_below(1 << random_below(24)));
	if (!random_below(8))
		ftruncate(fd, random_below(1 << random_below(24)));
	if (!random_below(8))
		fallocate(fd, random_below(4), random_below(65536), 1 + random_below(4 << 20));
	close(fd);
}

static void use_dir(const char *name, int depth);

static void use(const char *name, int depth)
{
	struct stat st;

	if (lstat(name, &st))
		return;
	if (S_ISDIR(st.st_mode))
		use_dir(name, depth + 1);
	else if (S_ISREG(st.st_mode))
		use_file(name, &st);
	else
		readlink(name, room, sizeof(room));
}

static void change(const char *dir)
{
	char a[PATH_MAX], b[PATH_MAX];

	snprintf(a, sizeof(a), "%s/%0*u", dir, 1 + random_below(200), random_below(100));
	snprintf(b, sizeof(b), "%s/%u", dir, random_below(100));
	switch (random_below(10)) {
	case 0:
		mkdir(a, 0755);
		break;
	case 1:
		symlink(a, b);
		break;
	case 2:
		rename(a, b);
		break;
	case 3:
		link(b, a);
		break;
	case 4:
		unlink(b);
		break;
	case 5:
		rmdir(a);
		break;
	case 6:
		setxattr(b, "user.color", room, random_below(9000), 0);
		break;
	case 7:
		removexattr(b, "user.color");
		break;
	default:
		close(open(b, O_CREAT | O_RDWR, 0644));
	}
}

static void use_dir(const char *name, int depth)
{
	struct dirent *entry;
	char path[PATH_MAX];
	int most = 200;
	DIR *dir;

	change(name);
	dir = depth < 8 ? opendir(name) : NULL;
	while (dir && most-- && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", name, entry->d_name) > 1000)
			continue;
		use(path, depth);
	}
	if (dir)
		closedir(dir);
}

/* The last thing: SIGBUS ends it. */
static void use_mapping(const char *name)
{
	int fd = open(name, O_RDWR), i;
	char *p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE,
		       random_below(2) ? MAP_SHARED : MAP_PRIVATE, fd, 0);

	for (i = 0; p != MAP_FAILED && i < 8; i++)
		p[random_below(4 << 20)]++;
}

static void store(__u64 at, __u64 word)
{
	__atomic_store_n(&words[at], word, __ATOMIC_RELAXED);
}

/* What was looked at may be another thing when it is used. */
static void flicker(void)
{
	__u64 at = any_word(), was = words[at];

	store(at, damaged(was));
	usleep(random_below(1000));
	store(at, was);
}

/* A child of its own: it may be killed where it waits, or by SIGBUS. */
static int programs(const char *dir)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		alarm(PATIENCE);
		if (chdir(dir))
			_exit(0);
		use(".", 0);
		use_mapping("dir/mapped");
		_exit(0);
	}
	while (!waitpid(pid, &status, WNOHANG))
		flicker();
	killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

/* --- rounds ------------------------------------------------------------------------- */

static void one_damage(void)
{
	__u64 at = any_word();

	store(at, damaged(words[at]));
}

/* As at first, or nearly. */
static int anew(const char *dir)
{
	int bad = random_below(2);

	if (umount(dir) && errno != EINVAL)
		return -1;
	memcpy(words, first, nr_words * sizeof(*words));
	while (bad && random_below(4))
		one_damage();
	if (!mount(region, dir, "daxfs", 0, NULL)) {
		mounts++;
		return 0;
	}
	refused++;
	memcpy(words, first, nr_words * sizeof(*words));
	return mount(region, dir, "daxfs", 0, NULL);
}

static int one_round(const char *dir, int round)
{
	if (round % ANEW == 0 && anew(dir)) {
		perror("mount");
		return 1;
	}
	one_damage();
	return programs(dir);
}

static int prepare(void)
{
	struct mk_region_query q = { .hdr.size = sizeof(q) };
	struct mk_error error;
	int fd = mk_region_open(mk_open_device(), region, &error);

	if (fd < 0 || mk_call(fd, MK_IOC_REGION_QUERY, &q))
		return -1;
	words = mmap(NULL, q.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	first = malloc(q.size);
	nr_words = q.size / sizeof(*words);
	if (words == MAP_FAILED || !first)
		return -1;
	memcpy(first, words, q.size);
	return 0;
}

int main(int argc, char **argv)
{
	const char *length = argc > 3 ? argv[3] : "200";
	int rounds = atoi(length), i, ret;
	time_t end = strchr(length, 's') ? time(NULL) + rounds : 0;

	if (argc < 3)
		return 2;
	region = argv[1];
	random_seed(argc - 2, argv + 2);
	ret = prepare();
	for (i = 0; !ret && (end ? time(NULL) < end : i < rounds); i++)
		ret = one_round(argv[2], i);
	printf("# %d rounds, %u mounts, %u refused, %u waited %d s\n", i, mounts, refused, killed,
	       PATIENCE);
	umount(argv[2]);
	if (words && first)
		memcpy(words, first, nr_words * sizeof(*words));
	return ret;
}
