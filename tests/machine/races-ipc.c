// SPDX-License-Identifier: GPL-2.0
/*
 * races-ipc [SECONDS]: threads permit and forbid the same channels with the instance
 * "web", which sends back what comes, open and close them, and do all that can be
 * done with a descriptor, also when another one closes it.  See races.c.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>

#include "../../mk_ipc/uapi.h"
#include "../../mk_ipc/wire.h"
#include "mk.h"

#define NR_THREADS	8
#define NR_CHANNELS	3
#define RING		4096

static int dev;
static time_t end;

/* Descriptors of channels and of consoles; -1: none. */
static atomic_int channels[NR_CHANNELS] = { -1, -1, -1 };
static atomic_int consoles[2] = { -1, -1 };

/* What succeeded, and how often. */
enum {
	PERMITTED, FORBIDDEN, LISTED, OPENED, MAPPED, RANG, TOOK, POLLED, OWN_BELL, SHARED_BELL,
	CLOSED, CONSOLE, TYPED, PRINTED, RESIZED, QUERIED, LEFT, NR_DONE
};

static atomic_uint done[NR_DONE];

static void name_it(char name[MK_NAME_SIZE], unsigned int which)
{
	snprintf(name, MK_NAME_SIZE, "r%u", which);
}

static void permit(unsigned int which)
{
	struct mk_ipc_permit p = { .hdr.size = sizeof(p), .end[1] = "web", .ring_size = RING };

	name_it(p.name, which);
	done[PERMITTED] += !mk_call(dev, MK_IPC_IOC_PERMIT, &p);
}

static int forbid(unsigned int which)
{
	struct mk_ipc_forbid f = { .hdr.size = sizeof(f) };

	name_it(f.name, which);
	return mk_call(dev, MK_IPC_IOC_FORBID, &f);
}

static void list(void)
{
	struct mk_ipc_channel room[8];
	struct mk_ipc_list l = { .hdr.size = sizeof(l), .channels = ptr(room), .nr = 8 };

	done[LISTED] += !mk_call(dev, MK_IPC_IOC_LIST, &l);
}

static void drop(atomic_int *slot, unsigned int what)
{
	int fd = atomic_exchange(slot, -1);

	done[what] += fd >= 0 && !close(fd);
}

/* In the place of another one, which is closed. */
static void keep(atomic_int *slot, int fd, unsigned int what)
{
	int old;

	if (fd < 0)
		return;
	done[what]++;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	old = atomic_exchange(slot, fd);
	if (old >= 0)
		close(old);
}

static void open_channel(unsigned int which)
{
	struct mk_ipc_open o = { .hdr.size = sizeof(o), .timeout_ms = 20 };

	name_it(o.name, which);
	keep(&channels[which], mk_call(dev, MK_IPC_IOC_OPEN, &o), OPENED);
}

static void map(int fd)
{
	size_t size = MK_CHANNEL_HEAD + 2 * RING;
	unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return;
	p[MK_CHANNEL_HEAD]++;
	done[MAPPED] += !munmap(p, size);
}

static void bell(int fd, __u32 cpu, unsigned int what)
{
	struct mk_ipc_bell b = { .hdr.size = sizeof(b), .cpu = cpu };

	done[what] += !mk_call(fd, MK_IPC_IOC_BELL, &b);
}

static void use_channel(unsigned int *seed, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	__u64 rings = 1;

	switch (rand_r(seed) % 6) {
	case 0:
		map(fd);
		break;
	case 1:
		done[RANG] += write(fd, &rings, sizeof(rings)) == sizeof(rings);
		break;
	case 2:
		done[TOOK] += read(fd, &rings, sizeof(rings)) == sizeof(rings);
		break;
	case 3:
		done[POLLED] += poll(&p, 1, 5) >= 0;
		break;
	case 4:
		bell(fd, rand_r(seed) % 2, OWN_BELL);
		break;
	default:
		bell(fd, MK_BELL_SHARED, SHARED_BELL);
	}
}

static void open_console(unsigned int which)
{
	struct mk_ipc_console c = { .hdr.size = sizeof(c), .name = "web",
				    .flags = which ? MK_CONSOLE_WRITE : 0 };

	keep(&consoles[which], mk_call(dev, MK_IPC_IOC_CONSOLE, &c), CONSOLE);
}

static void use_console(unsigned int *seed, int fd)
{
	struct mk_ipc_console_query q = { .hdr.size = sizeof(q) };
	struct winsize size = { .ws_row = rand_r(seed) % 100, .ws_col = 80 };
	char text[512];

	switch (rand_r(seed) % 4) {
	case 0:
		done[TYPED] += write(fd, "x\n", 2) > 0;
		break;
	case 1:
		done[PRINTED] += read(fd, text, sizeof(text)) > 0;
		break;
	case 2:
		done[RESIZED] += !ioctl(fd, TIOCSWINSZ, &size);
		break;
	default:
		done[QUERIED] += !mk_call(fd, MK_IPC_IOC_CONSOLE_QUERY, &q);
	}
}

static void *run(void *arg)
{
	unsigned int seed = (unsigned long)arg, which;

	while (time(NULL) < end) {
		which = rand_r(&seed) % NR_CHANNELS;
		switch (rand_r(&seed) % 16) {
		case 0:
			done[FORBIDDEN] += !forbid(which);
			break;
		case 1:
		case 2:
			permit(which);
			break;
		case 3:
			list();
			break;
		case 4:
		case 5:
			open_channel(which);
			break;
		case 6:
			drop(&channels[which], CLOSED);
			break;
		case 7:
			open_console(which % 2);
			break;
		case 8:
			drop(&consoles[which % 2], LEFT);
			break;
		case 9:
		case 10:
			use_console(&seed, consoles[which % 2]);
			break;
		default:
			use_channel(&seed, channels[which]);
		}
	}
	return NULL;
}

/* Each must have had its turn, or nothing was raced. */
static int report(void)
{
	static const char *const what[NR_DONE] = {
		"permitted", "forbidden", "listed", "opened", "mapped", "rang", "took", "polled",
		"own doorbell", "shared doorbell", "closed", "console", "typed", "printed",
		"resized", "queried", "console left" };

	return report_turns(what, done, NR_DONE);
}

int main(int argc, char **argv)
{
	pthread_t threads[NR_THREADS];
	unsigned long i;

	dev = open(MK_IPC_DEVICE, O_RDWR | O_CLOEXEC);
	end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	for (i = 0; i < NR_THREADS; i++)
		pthread_create(&threads[i], NULL, run, (void *)(i + 1));
	for (i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 2; i++)
		drop(&consoles[i], LEFT);
	for (i = 0; i < NR_CHANNELS; i++) {
		drop(&channels[i], CLOSED);
		forbid(i);
	}
	return report();
}
