// SPDX-License-Identifier: GPL-2.0
/*
 * races [SECONDS]: threads create, load, start, kill, delete, query and read the
 * same two instances at once, create, permit to them, grow, map and delete the same
 * two regions, and two others change the pool meanwhile.  Whoever wins: afterwards
 * all of the pool is free.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <time.h>

#include "mk.h"

#define IMAGE		"/tmp/races.image"
#define NR_THREADS	8

static const char *const names[] = { "race0", "race1" };
static int dev;
static time_t end;

/* What succeeded, and how often. */
enum {
	CREATED, LOADED, STARTED, KILLED, DELETED, QUERIED, READ, SHOWN, ADDED, REMOVED,
	REGION_CREATED, REGION_OPENED, LISTED, REGION_QUERIED, GROWN, PERMITTED, FORBIDDEN, MAPPED,
	REGION_SHOWN, REGION_DELETED, NR_DONE
};

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

static void read_sysfs(const char *format, const char *name, unsigned int what)
{
	char path[128], buf[64];
	int fd;

	snprintf(path, sizeof(path), format, name);
	fd = open(path, O_RDONLY);
	done[what] += fd >= 0 && read(fd, buf, sizeof(buf)) > 0;
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
		read_sysfs(MK_SYSFS "/instances/%s/cpus", name, SHOWN);
		break;
	default:
		look(fd);
	}
}

/* --- regions ----------------------------------------------------------------- */

static int take_region(unsigned int *seed, unsigned int which)
{
	struct mk_error err;
	int fd;

	if (rand_r(seed) % 4) {
		fd = mk_region_open(dev, names[which], &err);
		done[REGION_OPENED] += fd >= 0;
	} else {
		fd = mk_region_create(dev, names[which], 2 * MIB, &err);
		done[REGION_CREATED] += fd >= 0;
	}
	return fd;
}

static void look_at_region(int fd)
{
	__u64 ids[4];
	struct mk_region_list l = { .hdr.size = sizeof(l), .ids = ptr(ids), .nr = 4 };
	struct mk_extent extents[4];
	struct mk_permit permits[4];
	struct mk_region_query q = { .hdr.size = sizeof(q), .extents = ptr(extents),
				     .nr_extents = 4, .permits = ptr(permits), .nr_permits = 4 };

	done[LISTED] += !mk_call(dev, MK_IOC_REGION_LIST, &l);
	done[REGION_QUERIED] += !mk_call(fd, MK_IOC_REGION_QUERY, &q);
}

static void grow(unsigned int *seed, int fd)
{
	struct mk_region_grow g = { .hdr.size = sizeof(g),
				    .size = (2 + rand_r(seed) % 7) * 2 * MIB };

	done[GROWN] += !mk_call(fd, MK_IOC_REGION_GROW, &g);
}

static void permit(int fd, const char *name, __u32 mode)
{
	struct mk_region_permit p = { .hdr.size = sizeof(p), .mode = mode };

	snprintf(p.name, sizeof(p.name), "%s", name);
	done[mode == MK_MODE_NONE ? FORBIDDEN : PERMITTED] +=
		!mk_call(fd, MK_IOC_REGION_PERMIT, &p);
}

static void map(int fd)
{
	unsigned char *p = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return;
	p[MIB]++;
	done[MAPPED] += !munmap(p, 2 * MIB);
}

static void act_on_region(unsigned int *seed, int fd, const char *name)
{
	struct mk_error err;

	switch (rand_r(seed) % 7) {
	case 0:
		grow(seed, fd);
		break;
	case 1:
	case 2:
		permit(fd, names[rand_r(seed) % 2], rand_r(seed) % 3);
		break;
	case 3:
		map(fd);
		break;
	case 4:
		done[REGION_DELETED] += !mk_simple(fd, MK_IOC_REGION_DELETE, &err);
		break;
	case 5:
		read_sysfs(MK_SYSFS "/regions/%s/permitted", name, REGION_SHOWN);
		break;
	default:
		look_at_region(fd);
	}
}

static void *run(void *arg)
{
	unsigned int seed = (unsigned long)arg, which, n;
	bool region;
	int fd;

	while (time(NULL) < end) {
		which = rand_r(&seed) % 2;
		region = rand_r(&seed) % 2;
		fd = region ? take_region(&seed, which) : take(&seed, which);
		if (fd < 0)
			continue;
		for (n = rand_r(&seed) % 8; n; n--)
			(region ? act_on_region : act)(&seed, fd, names[which]);
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
		"added", "removed", "region created", "region opened", "regions listed",
		"region queried", "region grown", "permitted", "forbidden", "mapped",
		"region shown", "region deleted" };

	return report_turns(what, done, NR_DONE);
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
