// SPDX-License-Identifier: GPL-2.0
/*
 * bench - what a kernel costs its programs, the same binary in host and instance
 *
 *   bench micro CPU...   times system calls, switches, pipes ... on these CPUs
 *   bench wall CMD...    runs a command and prints its time in ns
 *   as first process     notes the TSC of its first instruction in /first, as
 *                        mk-init does for the host of an instance; then /init
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long long u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#define SLICES		24
#define LOOP		500000
#define PASSES		3
#define MAX_RESULTS	64
#define PAGE		4096UL
#define AREA		(8UL << 20)	/* whose pages are touched */
#define BLOCK		(64UL << 20)	/* that is copied, */
#define PART		(4UL << 20)	/* in these parts */

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void *map(size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	return p;
}

/* --- the tests: run() does something n times ------------------------------- */

static void do_syscall(unsigned int n)
{
	while (n--)
		syscall(SYS_getppid);
}

static pid_t peer;

static void stop_peer(void)
{
	kill(peer, SIGKILL);
	waitpid(peer, NULL, 0);
}

static int *turn;

static void wait_while(int value)
{
	while (__atomic_load_n(turn, __ATOMIC_ACQUIRE) == value)
		syscall(SYS_futex, turn, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void pass_turn(int value)
{
	__atomic_store_n(turn, value, __ATOMIC_RELEASE);
	syscall(SYS_futex, turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void start_switch(void)
{
	turn = map(PAGE, MAP_SHARED);
	peer = fork();
	while (!peer) {
		wait_while(0);
		pass_turn(0);
	}
}

/* Both processes have one CPU: to there and back is two switches. */
static void do_switch(unsigned int n)
{
	for (n /= 2; n; n--) {
		pass_turn(1);
		wait_while(1);
	}
}

static int to_peer[2], from_peer[2];

static void start_pipe(void)
{
	char c;

	if (pipe(to_peer) || pipe(from_peer))
		err(EXIT_FAILURE, "pipe");
	peer = fork();
	while (!peer)
		if (read(to_peer[0], &c, 1) != 1 || write(from_peer[1], &c, 1) != 1)
			_exit(EXIT_FAILURE);
}

static void do_pipe(unsigned int n)
{
	char c = 0;

	while (n--)
		if (write(to_peer[1], &c, 1) != 1 || read(from_peer[0], &c, 1) != 1)
			err(EXIT_FAILURE, "pipe");
}

static void do_fork(unsigned int n)
{
	pid_t pid;

	while (n--) {
		pid = fork();
		if (!pid)
			_exit(EXIT_SUCCESS);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			err(EXIT_FAILURE, "fork");
	}
}

static char *area;

static void start_fault(void)
{
	area = map(AREA, MAP_PRIVATE);
	madvise(area, AREA, MADV_NOHUGEPAGE);
}

static void do_fault(unsigned int n)
{
	char *p;

	for (p = area; n; n--, p += PAGE)
		__atomic_store_n(p, 1, __ATOMIC_RELAXED);
	madvise(area, AREA, MADV_DONTNEED);
}

static char *from, *to;

static void start_copy(void)
{
	from = map(BLOCK, MAP_PRIVATE | MAP_POPULATE);
	to = map(BLOCK, MAP_PRIVATE | MAP_POPULATE);
}

static void do_copy(unsigned int n)
{
	static size_t at;

	memcpy(to + at, from + at, n * PAGE);
	at = (at + n * PAGE) % BLOCK;
}

static const struct test {
	const char *name;
	unsigned int n;		/* in a slice: some 10 ms in an emulator */
	void (*run)(unsigned int n);
	void (*start)(void);
	void (*stop)(void);
} tests[] = {
	{ "syscall", 20000, do_syscall, NULL, NULL },
	{ "switch", 800, do_switch, start_switch, stop_peer },
	{ "pipe", 300, do_pipe, start_pipe, stop_peer },
	{ "fork", 30, do_fork, NULL, NULL },
	{ "fault", AREA / PAGE, do_fault, start_fault, NULL },
	{ "memcpy", PART / PAGE, do_copy, start_copy, NULL },
};

/* --- timing ------------------------------------------------------------------ */

/* Work that no kernel has a part in: how fast the CPU is just now. */
static u64 time_loop(void)
{
	u64 begin = now(), x = 1;
	unsigned int i;

	for (i = 0; i < LOOP; i++) {
		x = x * 6364136223846793005ULL + 1;
		__asm__ volatile("" : "+r" (x));
	}
	return now() - begin;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int nr)
{
	qsort(values, nr, sizeof(*values), compare);
	return (values[(nr - 1) / 2] + values[nr / 2]) / 2;
}

/**
 * struct result - what one operation costs
 * @ns:		nanoseconds, the best of some slices
 * @loops:	times the loop in user space that ran beside it, the median: a CPU
 *		that is slow for some seconds, as shared ones are, is slow for both
 */
struct result {
	double ns, loops;
};

static struct result time_test(const struct test *t)
{
	double loops[SLICES], best = 1e18;
	u64 begin, ns, before, after = time_loop();
	int i;

	for (i = 0; i < SLICES; i++) {
		before = after;
		begin = now();
		t->run(t->n);
		ns = now() - begin;
		after = time_loop();
		loops[i] = 2.0 * ns / (before + after);
		if (ns < best)
			best = ns;
	}
	return (struct result){ best / t->n, median(loops, SLICES) / t->n };
}

static void run_tests(struct result *results)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (tests[i].start)
			tests[i].start();
		results[i] = time_test(&tests[i]);
		if (tests[i].stop)
			tests[i].stop();
	}
}

static void run_on(int cpu, struct result *results)
{
	pid_t pid = fork();
	cpu_set_t set;
	int status;

	if (!pid) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			err(EXIT_FAILURE, "CPU %d", cpu);
		run_tests(results);
		exit(EXIT_SUCCESS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(EXIT_FAILURE, "CPU %d: failed", cpu);
}

static void print_median(size_t test, struct result (*results)[ARRAY_SIZE(tests)], int nr)
{
	double ns[MAX_RESULTS], loops[MAX_RESULTS];
	int i;

	for (i = 0; i < nr; i++) {
		ns[i] = results[i][test].ns;
		loops[i] = results[i][test].loops;
	}
	printf("bench: %s %.1f %.9f\n", tests[test].name, median(ns, nr), median(loops, nr));
}

/*
 * What collides in the caches of CPU or emulator depends on where a process
 * and the data of its CPU lie: so several processes on several CPUs.
 */
static int micro(int nr_cpus, char **cpus)
{
	struct result (*results)[ARRAY_SIZE(tests)];
	int nr = nr_cpus * PASSES, i;
	size_t test;

	if (nr > MAX_RESULTS)
		errx(EXIT_FAILURE, "too many CPUs");
	results = map(MAX_RESULTS * sizeof(*results), MAP_SHARED);
	for (i = 0; i < nr; i++)
		run_on(atoi(cpus[i % nr_cpus]), results[i]);
	setvbuf(stdout, NULL, _IOLBF, 0);	/* a record of /dev/kmsg is a write */
	for (test = 0; test < ARRAY_SIZE(tests); test++)
		print_median(test, results, nr);
	return EXIT_SUCCESS;
}

static int wall(char **argv)
{
	u64 begin = now();
	pid_t pid = fork();
	int status;

	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(*argv, argv);
		err(EXIT_FAILURE, "%s", *argv);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(EXIT_FAILURE, "%s failed", *argv);
	printf("%llu\n", now() - begin);
	return EXIT_SUCCESS;
}

static int be_first(u64 tsc)
{
	FILE *f = fopen("/first", "w");

	if (f) {
		fprintf(f, "%llu\n", tsc);
		fclose(f);
	}
	execl("/init", "/init", (char *)NULL);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	u64 tsc = __builtin_ia32_rdtsc();

	if (getpid() == 1)
		return be_first(tsc);
	if (argc > 2 && !strcmp(argv[1], "micro"))
		return micro(argc - 2, argv + 2);
	if (argc > 2 && !strcmp(argv[1], "wall"))
		return wall(argv + 2);
	fputs("usage: bench micro CPU... | bench wall COMMAND...\n", stderr);
	return 2;
}
