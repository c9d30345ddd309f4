// SPDX-License-Identifier: GPL-2.0
/*
 * churn SECONDS MEMORY_MIB: a thread adds memory and a CPU to the pool and removes
 * them again, beside calls that have nothing to do with these.  If those waited, each
 * addition would hold up one of them for as long as it takes.  A machine that stands
 * still for a moment holds up fewer.
 */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "mk.h"

#define IMAGE	"/tmp/churn.image"
#define MOST	65536	/* calls that are kept */

static int dev;
static __u64 bytes;
static atomic_bool over;

/* Beside the calls that are timed, how long a change takes. */
enum { CREATE, LIST, OPEN, POOL, START, KILL, DELETE, ADD, REMOVE, NR_TIMES };

static const char *const names[NR_TIMES] = {
	"create", "list", "open", "pool query", "start", "kill", "delete", "pool add",
	"pool remove" };
static unsigned int slowest[NR_TIMES], done[NR_TIMES];

/* What calls took that wait for no CPU and are not changes, and the fastest addition. */
static unsigned int waits[MOST], nr_waits, fastest = UINT_MAX;

static unsigned int now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int took(unsigned int what, unsigned int ms, int ret)
{
	if (ms > slowest[what])
		slowest[what] = ms;
	done[what] += ret >= 0;
	if (what < ADD && what != START && what != KILL && nr_waits < MOST)
		waits[nr_waits++] = ms;
	if (what == ADD && ret >= 0 && ms < fastest)
		fastest = ms;
	return ret;
}

#define TIMED(_what, _call) ({ \
	unsigned int begin_ = now_ms(); \
	int ret_ = (_call); \
	took(_what, now_ms() - begin_, ret_); \
})

static void *change(void *unused)
{
	while (!over) {
		TIMED(ADD, mk_change(dev, MK_IOC_POOL_ADD, OTHER_CPU, bytes));
		TIMED(REMOVE, mk_change(dev, MK_IOC_POOL_REMOVE, OTHER_CPU, bytes));
	}
	return unused;
}

static int list(void)
{
	__u32 id;
	struct mk_list l = { .hdr.size = sizeof(l), .ids = ptr(&id), .nr = 1 };

	return mk_call(dev, MK_IOC_LIST, &l);
}

static int one_life(void)
{
	struct mk_pool_query q;
	struct mk_error err;
	int inst = TIMED(CREATE, mk_create(dev, "churn", CPU, IMAGE_MEMORY, &err));
	int fd, ret;

	if (inst < 0)
		return inst;
	ret = TIMED(LIST, list());
	fd = TIMED(OPEN, mk_open_name(dev, "churn", &err));
	ret = ret ?: TIMED(POOL, mk_pool(dev, &q));
	ret = ret ?: mk_load_file(inst, IMAGE, &err);
	ret = ret ?: TIMED(START, mk_simple(inst, MK_IOC_START, &err));
	ret = ret ?: TIMED(KILL, mk_simple(inst, MK_IOC_KILL, &err));
	ret = ret ?: TIMED(DELETE, mk_simple(inst, MK_IOC_DELETE, &err));
	close(fd);
	close(inst);
	return ret ?: fd < 0 ? fd : 0;
}

static int report(void)
{
	unsigned int i, held_up = 0;
	int ret = 0;

	for (i = 0; i < NR_TIMES; i++) {
		printf("# %s: %u times, %u ms at most\n", names[i], done[i], slowest[i]);
		ret |= !done[i];
	}
	for (i = 0; i < nr_waits; i++)
		held_up += waits[i] >= fastest / 2;
	printf("# %u calls took half of the fastest addition, %u ms, or more\n", held_up, fastest);
	return ret || done[ADD] < 2 || held_up > done[ADD] / 2;
}

int main(int argc, char **argv)
{
	unsigned char image[IMAGE_SIZE];
	unsigned int end;
	pthread_t thread;
	int ret = 0;

	if (argc != 3)
		return 2;
	image_make(image);
	if (file_write(IMAGE, image, sizeof(image)))
		return 1;
	dev = mk_open_device();
	bytes = strtoull(argv[2], NULL, 0) * MIB;
	end = now_ms() + 1000 * atoi(argv[1]);
	pthread_create(&thread, NULL, change, NULL);
	while (!ret && now_ms() < end)
		ret = one_life();
	over = 1;
	pthread_join(thread, NULL);
	if (!ret)
		return report();
	fprintf(stderr, "a call failed: %s\n", strerror(-ret));
	mk_delete_all(dev);
	return 1;
}
