// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz-ipc [ROUNDS|SECONDSs [SEED]]: calls of /dev/mk_ipc with damaged arguments,
 * all that can be done with the descriptors of channels and consoles, and reads and
 * writes of sysfs.  An instance "web" runs; of the channels f0 and f1 it sends back
 * what comes, or the host does of f2 where this runs in "web".  An error has a code;
 * afterwards no permit of ours is left.  See fuzz-ioctl.c.
 */
#include <poll.h>
#include <stddef.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>

#include "../../mk_ipc/wire.h"
#include "corpus.h"
#include "ipc-calls.h"
#include "sysfs.h"

#define NR_FILES	8
#define MAP_MAX		(4 * MIB)
#define LIMIT		"/sys/module/mk_ipc/parameters/bell_limit"

static unsigned char *const room = ARENA + 32 * 1024;
static int dev, is_instance;
static int files[NR_FILES];	/* of channels and consoles; -1: none */
static unsigned int done, refused;
static const char *const sysfs[] = { MK_SYSFS, NULL };

/* An instance has no more than one to open. */
static int *any_slot(void)
{
	return &files[random_below(is_instance ? 2 : NR_FILES)];
}

static int any_file(void)
{
	return *any_slot();
}

static void fill_name(char name[MK_NAME_SIZE])
{
	snprintf(name, MK_NAME_SIZE, "f%u", random_below(3));
}

static void fill_end(char name[MK_NAME_SIZE])
{
	static const char *const names[] = { "", "", "", "web", "web", "web", "none", "f0" };

	snprintf(name, MK_NAME_SIZE, "%s", names[random_below(8)]);
}

static void fill_permit(struct mk_ipc_permit *p)
{
	fill_name(p->name);
	fill_end(p->end[0]);
	fill_end(p->end[1]);
	p->ring_size = PICK(4096U, 8192U, 65536U, 1048576U, 2097152U, 5000U, 0U);
	p->kind = PICK(0U, 0U, 0U, 0U, 1U, 2U, 3U, 3U, 4U, 31U, 32U, ~0U);
	p->classes = PICK(0U, 0U, 0U, 4U, 16U, 28U, 2U, ~0U);
	p->rate = PICK(0ULL, 0ULL, 1ULL, 4096ULL, 1ULL << 40, (1ULL << 40) + 1, ~0ULL);
}

static void fill(const struct call *call)
{
	union {
		struct mk_hdr hdr;
		struct mk_ipc_permit permit;
		struct mk_ipc_open open;
		struct mk_ipc_list list;
		struct mk_ipc_console console;
		struct mk_ipc_bell bell;
	} *arg = (void *)ARENA;

	memset(ARENA, 0, 4096);
	arg->hdr.size = call->size;
	switch (call->cmd) {
	case MK_IPC_IOC_PERMIT:
		return fill_permit(&arg->permit);
	case MK_IPC_IOC_FORBID:
		return fill_name(arg->open.name);
	case MK_IPC_IOC_OPEN:
		fill_name(arg->open.name);
		arg->open.timeout_ms = PICK(0U, 0U, 0U, 1U, 30U);
		break;
	case MK_IPC_IOC_LIST:
		arg->list.channels = ptr(room);
		arg->list.nr = PICK(0U, 1U, 4U, 64U, 4096U, ~0U);
		break;
	case MK_IPC_IOC_CONSOLE:
		fill_end(arg->console.name);
		arg->console.flags = random_below(5);
		arg->console.timeout_ms = PICK(0U, 0U, 20U);
		break;
	case MK_IPC_IOC_BELL:
		arg->bell.cpu = PICK(0U, 1U, 2U, 1024U, 0x80000000U, MK_BELL_SHARED);
		break;
	}
}

/* A damaged time is days. */
static void hurry(const struct call *call)
{
	struct mk_ipc_open *o = (void *)ARENA;
	struct mk_ipc_console *c = (void *)ARENA;

	if (call->cmd == MK_IPC_IOC_OPEN)
		o->timeout_ms %= 32;
	else if (call->cmd == MK_IPC_IOC_CONSOLE)
		c->timeout_ms %= 32;
}

static void keep(int fd)
{
	int *slot = any_slot();

	if (*slot >= 0)
		close(*slot);
	*slot = fd;
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int one_call(void)
{
	const struct call *call = corpus_choose();
	int stray = !random_below(16), cut = !random_below(64), ret;

	if (!call) {
		call = &ipc_calls[random_below(is_instance && random_below(8) ? NR_BOTH :
					       NR_IPC_CALLS)];
		fill(call);
	}
	corpus_damage(call);
	hurry(call);
	ret = corpus_call(call, stray || call->on ? any_file() : dev, cut);
	if (ret > 0)
		keep(ret);
	if (ret >= 0)
		done++;
	else
		refused++;
	if (stray || call->on || cut || !corpus_needs_code(ret) ||
	    ((struct mk_hdr *)ARENA)->err.code)
		return 0;
	fprintf(stderr, "%s: error %d without a code\n", call->name, ret);
	return 1;
}

/* --- descriptors ------------------------------------------------------------------ */

static void *any_address(void)
{
	return (void *)PICK(ptr(room), ptr(room), ptr(room), 0, ptr(ARENA + ARENA_SIZE) - 4,
			    0x7ffffffff000, ~0xfffULL);
}

static size_t any_length(void)
{
	return PICK(8, 8, 8, 0, 1, 7, 9, 100, 2048, 2049, 8192, 1 << 20, ~0ULL);
}

/* What is in it may be anything from here on; that is the instance's trouble. */
static void map(int fd)
{
	size_t size = PICK(4096, 12288, 12288, 135168, 2101248, MAP_MAX);
	unsigned char *p = mmap(NULL, size, PICK(PROT_READ, PROT_READ | PROT_WRITE, PROT_EXEC),
				PICK(MAP_SHARED, MAP_SHARED, MAP_PRIVATE), fd,
				PICK(0, 0, 0, 4096, 1ULL << 40));

	if (p == MAP_FAILED)
		return;
	if (!mprotect(p, size, PROT_READ | PROT_WRITE) && !random_below(4))
		damage(p, 0, 640);
	madvise(p, size, PICK(MADV_DONTNEED, MADV_WILLNEED, MADV_DONTFORK, MADV_REMOVE));
	munmap(p, PICK(size, size, 4096));
	munmap(p, size);
}

static void one_file(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	static const int cmds[] = { TIOCSWINSZ, TIOCGWINSZ, TCGETS, FIONREAD, FIONBIO };

	switch (random_below(8)) {
	case 0:
	case 1:
		read(fd, any_address(), any_length());
		break;
	case 2:
	case 3:
		write(fd, any_address(), any_length());
		break;
	case 4:
		poll(&p, 1, 0);
		break;
	case 5:
		map(fd);
		break;
	case 6:
		ioctl(fd, cmds[random_below(5)], any_address());
		fcntl(fd, F_SETFL, O_NONBLOCK);
		break;
	default:
		lseek(fd, PICK(0, 8, ~0ULL), random_below(3));
		if (ftruncate(fd, 0) && fsync(fd))
			break;
	}
}

static void one_parameter(void)
{
	static const char *const words[] = { "0", "1", "100", "5000", "4294967295", "4294967296",
					     "-1", "", "x" };
	const char *word = words[random_below(9)];

	file_write(LIMIT, word, strlen(word));
}

/* --- all of it --------------------------------------------------------------------- */

static int forbid_all(void)
{
	struct mk_ipc_list l = { .hdr.size = sizeof(l), .channels = ptr(room), .nr = 64 };
	struct mk_ipc_channel *c = (void *)room;
	struct mk_ipc_forbid f = { .hdr.size = sizeof(f) };
	__u32 i, left = 0;

	for (i = 0; i < NR_FILES; i++)
		if (files[i] >= 0)
			close(files[i]);
	if (is_instance)
		return 0;
	mk_call(dev, MK_IPC_IOC_LIST, &l);
	for (i = 0; i < l.nr && i < 64; i++) {
		memcpy(f.name, c[i].name, sizeof(f.name));
		if (*f.name)
			left += !!mk_call(dev, MK_IPC_IOC_FORBID, &f);
	}
	if (left || l.nr > 64)
		fprintf(stderr, "%u permits of %u cannot be forbidden\n", left, l.nr);
	return left || l.nr > 64;
}

int main(int argc, char **argv)
{
	const char *length = argc > 1 ? argv[1] : "10000";
	int rounds = atoi(length), i, ret;
	time_t end = strchr(length, 's') ? time(NULL) + rounds : 0;

	random_seed(argc, argv);
	memset(files, -1, sizeof(files));
	dev = open(MK_IPC_DEVICE, O_RDWR | O_CLOEXEC);
	is_instance = !access(MK_SYSFS "/handoff", F_OK);
	ret = corpus_open();
	for (i = 0; !ret && (end ? time(NULL) < end : i < rounds); i++) {
		if (!random_below(64))
			one_parameter();
		if (!random_below(64))
			keep(-1);
		if (!random_below(16))
			sysfs_touch(sysfs);
		one_file(any_file());
		ret = one_call();
	}
	ret = forbid_all() ?: ret;
	file_write(LIMIT, "5000", 4);
	printf("# %d calls: %u done, %u refused\n", i, done, refused);
	/* half of an instance's are made on no channel, or on CPUs that it has not */
	return corpus_report() || ret || done < refused / (is_instance ? 80 : 20) ? 1 : 0;
}
