// SPDX-License-Identifier: GPL-2.0
/*
 * races [SECONDS]: threads create, load, start, kill, delete, query and read the
 * same two instances at once, and two others change the pool meanwhile.  Whoever
 * wins: afterwards all of the pool is free.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "mk.h"

#define IMAGE		"/tmp/races.image"
#define NR_THREADS	8

static const char *const names[] = { "race0", "race1" };
static int dev;
static time_t end;

/* What succeeded, and how often. */
enum { CREATED, LOADED, STARTED, KILLED, DELETED, QUERIED, READ, SHOWN, ADDED, REMOVED, NR_DONE };

static atomic_uint done[NR_DONE];

/* The two share a CPU, so that one cannot be there while the other is. */
static int take(unsigned int *seed, unsigned int which)
{
	struct mk_error err;
	int fd;

	if (rand_r(seed) % 4)
		return mk_open_name(dev, names[which], &err);
	fd = mk_create(dev, names[which], CPU, IMAGE_MEMORY, &err);
	done[CREATED] += fd >= 0;
	return fd;
}

static void look(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct mk_extent e = { };
	struct mk_query q = { .hdr.size = sizeof(q), .extents = ptr(&e), .nr_extents = 1 };
	char buf[4096];
	struct mk_read r = { .hdr.size = sizeof(r), .buf = ptr(buf), .len = sizeof(buf) };

	poll(&p, 1, 5);
	done[QUERIED] += !mk_call(fd, MK_IOC_QUERY, &q);
	r.addr = e.start;
	done[READ] += !mk_call(fd, MK_IOC_READ, &r);
}

static void read_sysfs(const char *name)
{
	char path[128], buf[64];
	int fd;

	snprintf(path, sizeof(path), MK_SYSFS "/instances/%s/cpus", name);
	fd = open(path, O_RDONLY);
	done[SHOWN] += fd >= 0 && read(fd, buf, sizeof(buf)) > 0;
	close(fd);
}

static void act(unsigned int *seed, int fd, const char *name)
{
	struct mk_error err;

	switch (rand_r(seed) % 7) {
	case 0:
		done[LOADED] += !mk_load_file(fd, IMAGE, &err);
		break;
	case 6:
		done[LOADED] += !mk_simple(fd, MK_IOC_RELOAD, &err);
		break;
	case 1:
		done[STARTED] += !mk_simple(fd, MK_IOC_START, &err);
		break;
	case 2:
		done[KILLED] += !mk_simple(fd, MK_IOC_KILL, &err);
		break;
	case 3:
		done[DELETED] += !mk_simple(fd, MK_IOC_DELETE, &err);
		break;
	case 4:
		read_sysfs(name);
		break;
	default:
		look(fd);
	}
}

static void *run(void *arg)
{
	unsigned int seed = (unsigned long)arg, which, n;
	int fd;

	while (time(NULL) < end) {
		which = rand_r(&seed) % 2;
		fd = take(&seed, which);
		if (fd < 0)
			continue;
		for (n = rand_r(&seed) % 8; n; n--)
			act(&seed, fd, names[which]);
		close(fd);
	}
	return NULL;
}

/* What left the pool comes back, also after a refusal or two. */
static void *change(void *arg)
{
	__u32 cpu = (unsigned long)arg, tries;

	while (time(NULL) < end) {
		if (mk_change(dev, MK_IOC_POOL_REMOVE, cpu, MK_POOL_GRANULE))
			continue;
		done[REMOVED]++;
		for (tries = 0; tries < 10; tries++)
			if (!mk_change(dev, MK_IOC_POOL_ADD, cpu, MK_POOL_GRANULE))
				break;
		done[ADDED] += tries < 10;
	}
	return NULL;
}

/* Each call must have had its turn, or nothing was raced. */
static int report(void)
{
	static const char *const what[NR_DONE] = {
		"created", "loaded", "started", "killed", "deleted", "queried", "read", "shown",
		"added", "removed" };
	unsigned int i;
	int ret = 0;

	for (i = 0; i < NR_DONE; i++) {
		printf("# %s %u times\n", what[i], done[i]);
		ret |= !done[i];
	}
	return ret;
}

int main(int argc, char **argv)
{
	struct mk_pool_query before, after;
	unsigned char image[IMAGE_SIZE];
	pthread_t threads[NR_THREADS + 2];
	unsigned long i;

	image_make(image);
	if (file_write(IMAGE, image, sizeof(image)))
		return 1;
	dev = mk_open_device();
	mk_pool(dev, &before);
	end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	for (i = 0; i < NR_THREADS; i++)
		pthread_create(&threads[i], NULL, run, (void *)(i + 1));
	pthread_create(&threads[i++], NULL, change, (void *)CPU);
	pthread_create(&threads[i], NULL, change, (void *)OTHER_CPU);
	for (i = 0; i < NR_THREADS + 2; i++)
		pthread_join(threads[i], NULL);
	mk_delete_all(dev);
	mk_pool(dev, &after);
	after.nr_chunks = before.nr_chunks;	/* one that was split stays so */
	if (!memcmp(&before, &after, sizeof(before)))
		return report();
	fprintf(stderr, "the pool is not what it was\n");
	return 1;
}
