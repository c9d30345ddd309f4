// SPDX-License-Identifier: GPL-2.0
/*
 * yard CPU [ROUNDS]: the price of common operations on that CPU, in ns, the
 * best of many rounds: "NAME NS" a line.
 */
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/types.h>

#define PAGES		512
#define PAGE		4096UL
#define COPY		(16UL << 20)

static int there[2], back[2];	/* pipes to the partner and from it */
static char *from, *to;

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void do_syscall(void)
{
	syscall(SYS_getppid);
}

static void do_pipe(void)
{
	char c = 0;

	if (write(back[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
		err(1, "pipe");
}

/* There and back: two context switches on one CPU. */
static void do_switch(void)
{
	char c = 0;

	if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
		err(1, "switch");
}

static void do_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		err(1, "fork");
}

static void do_faults(void)
{
	size_t i;
	char *m = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (m == MAP_FAILED)
		err(1, "mmap");
	madvise(m, PAGES * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < PAGES; i++)
		m[i * PAGE] = 1;
	munmap(m, PAGES * PAGE);
}

static void do_copy(void)
{
	memcpy(to, from, COPY);
}

static const struct {
	const char *name;
	void (*run)(void);
	unsigned int times;	/* in one round */
} prices[] = {
	{ "syscall", do_syscall, 20000 },
	{ "pipe", do_pipe, 2000 },
	{ "switch", do_switch, 500 },
	{ "fork+exit", do_fork, 20 },
	{ "page-fault", do_faults, 4 },
	{ "copy-16M", do_copy, 1 },
};

static double price(void (*run)(void), unsigned int times)
{
	__u64 start = now();
	unsigned int i;

	for (i = 0; i < times; i++)
		run();
	return (double)(now() - start) / times;
}

static void partner(void)
{
	char c;

	close(there[1]);
	while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
		;
	_exit(0);
}

static void prepare(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || pipe(there) || pipe(back))
		err(1, "CPU %d", cpu);
	from = malloc(COPY);
	to = malloc(COPY);
	if (!from || !to)
		err(1, "memory");
	memset(from, 1, COPY);
	memset(to, 2, COPY);
	if (!fork())
		partner();
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 2 ? atoi(argv[2]) : 40;
	size_t n = sizeof(prices) / sizeof(*prices), i;
	double best[sizeof(prices) / sizeof(*prices)];
	unsigned int r;

	if (argc < 2)
		errx(2, "usage: yard CPU [ROUNDS]");
	prepare(atoi(argv[1]));
	for (r = 0; r < rounds; r++) {
		for (i = 0; i < n; i++) {
			double p = price(prices[i].run, prices[i].times);

			if (!r || p < best[i])
				best[i] = p;
		}
	}
	for (i = 0; i < n; i++)
		printf("%s %.0f\n", prices[i].name, best[i]);
	return 0;
}
