// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of /dev/mk_ipc and of its descriptors.  An instance echoes what comes by
 * the channel "fail", and by sockets.  What mk_ipc makes afterwards, in a work
 * item, has to come, too: whoever undoes a call waits for it.
 */
#include <linux/vm_sockets.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>

#include "../../mk_ipc/uapi.h"
#include "../../mk_ipc/wire.h"
#include "fail.h"

#define REFCNT		"/sys/module/mk_ipc/refcnt"
#define RING		16384
#define PATIENCE	60	/* seconds */
#define ECHO_PORT	5000	/* of vsock.c */
#define ROOM		16	/* channels in a list */

static int ipc = -1, fd = -1;
static long refs;	/* of mk_ipc, while nothing is going on */

static int drop(void)
{
	int ret = fd < 0 ? 0 : plain(close(fd));

	fd = -1;
	return ret;
}

static int list(struct mk_ipc_channel *room, __u32 *nr, struct mk_error *err)
{
	struct mk_ipc_list l = { .hdr.size = sizeof(l), .channels = ptr(room), .nr = ROOM };
	int ret = mk_call(ipc, MK_IPC_IOC_LIST, &l);

	*err = l.hdr.err;
	*nr = l.nr;
	return ret;
}

struct ipc_counts ipc_count(void)
{
	struct mk_ipc_channel all[ROOM];
	struct ipc_counts c = { };
	struct mk_error err;
	__u32 nr, i;

	if (ipc < 0 || list(all, &nr, &err))
		return c;
	for (i = 0; i < nr && i < ROOM; i++)
		c.channels += all[i].state[0] == MK_SIDE_OPEN && all[i].state[1] == MK_SIDE_OPEN;
	c.permits = nr;
	return c;
}

static long references(void)
{
	FILE *f = fopen(REFCNT, "re");
	long n = -1;

	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

/* What takes a moment, and must come. */
static int within(int (*done)(void))
{
	time_t end = time(NULL) + PATIENCE;

	while (!done()) {
		if (time(NULL) > end)
			return -ETIMEDOUT;
		usleep(20000);
	}
	return 0;
}

/* --- load, start --------------------------------------------------------------- */

static int insert_module(void)
{
	return insert("mk_ipc", "");
}

int ipc_insert(void)
{
	int ret = insert_module();

	if (!ret)
		ipc = plain(open(MK_IPC_DEVICE, O_RDWR | O_CLOEXEC));
	return ret ?: ipc < 0 ? ipc : 0;
}

static int remove_module(void)
{
	return removed("mk_ipc");
}

static int is_removed(void)
{
	return !remove_module();
}

int ipc_remove(void)
{
	close(ipc);
	ipc = -1;
	return within(is_removed);
}

static int leave_instance(void)
{
	return remove_module() ?: discard();
}

/* Its console and its sockets. */
static int has_both(void)
{
	return ipc_count().channels == 2;
}

int ipc_running(void)
{
	int ret = running("vsock serve & while :; do channel echo fail; done") ?: within(has_both);

	refs = references();
	return ret;
}

/* What was given back is given back. */
static int is_settled(void)
{
	return references() == refs && has_both();
}

static int settled(void)
{
	return within(is_settled);
}

const struct step steps_ipc_module[] = {
	{ "load of mk_ipc", .call = insert_module, .after = remove_module, .plain = true },
	{ "load of mk_ipc beside an instance", .before = started, .call = insert_module,
	  .after = leave_instance, .plain = true },
	{ }
};

const struct step steps_ipc_start[] = {
	{ "START, with mk_ipc", .before = loaded, .call = start, .after = discard },
	{ "KILL, with mk_ipc", .before = started, .call = kill_it, .after = discard,
	  .copes = true },
	{ }
};

/* --- channels -------------------------------------------------------------------- */

static int permit(void)
{
	struct mk_ipc_permit p = { .hdr.size = sizeof(p), .name = "fail", .end[1] = "fail",
				   .ring_size = RING };
	int ret = mk_call(ipc, MK_IPC_IOC_PERMIT, &p);

	error = p.hdr.err;
	return ret;
}

static int forbid(void)
{
	struct mk_ipc_forbid f = { .hdr.size = sizeof(f), .name = "fail" };
	int ret = mk_call(ipc, MK_IPC_IOC_FORBID, &f);

	error = f.hdr.err;
	return ret;
}

static int open_channel(void)
{
	struct mk_ipc_open o = { .hdr.size = sizeof(o), .name = "fail" };

	fd = mk_call(ipc, MK_IPC_IOC_OPEN, &o);
	error = o.hdr.err;
	return fd < 0 ? fd : 0;
}

static int is_there(void)
{
	return ipc_count().channels == 3;
}

static int permitted(void)
{
	return permit() ?: within(is_there);
}

static int opened(void)
{
	return permitted() ?: open_channel();
}

static int is_opened(void)
{
	return !open_channel();
}

static int forbidden(void)
{
	return drop() ?: forbid() ?: settled();
}

/* Also when nothing of it could be made at once. */
static int comes(void)
{
	return within(is_opened) ?: forbidden();
}

static int list_all(void)
{
	struct mk_ipc_channel all[ROOM];
	__u32 nr;

	return list(all, &nr, &error);
}

static int map(void)
{
	size_t size = MK_CHANNEL_HEAD + 2 * RING;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? -errno : plain(munmap(at, size));
}

static int ring(void)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	__u64 rings = 1;

	return plain(poll(&p, 1, 0) == 1 ? write(fd, &rings, sizeof(rings)) : -1);
}

static int bell(__u32 cpu)
{
	struct mk_ipc_bell b = { .hdr.size = sizeof(b), .cpu = cpu };
	int ret = mk_call(fd, MK_IPC_IOC_BELL, &b);

	error = b.hdr.err;
	return ret;
}

static int take_bell(void)
{
	return bell(0);
}

static int share_bell(void)
{
	return bell(MK_BELL_SHARED);
}

static int with_bell(void)
{
	return opened() ?: take_bell();
}

/* There are 16 a second. */
static int silenced(void)
{
	usleep(100000);
	return forbidden();
}

/* --- consoles ---------------------------------------------------------------------- */

static int open_console(void)
{
	struct mk_ipc_console c = { .hdr.size = sizeof(c), .name = "fail",
				    .flags = MK_CONSOLE_WRITE };

	fd = mk_call(ipc, MK_IPC_IOC_CONSOLE, &c);
	error = c.hdr.err;
	return fd < 0 ? fd : 0;
}

static int query(void)
{
	struct mk_ipc_console_query q = { .hdr.size = sizeof(q) };

	return mk_call(fd, MK_IPC_IOC_CONSOLE_QUERY, &q);
}

static int print(void)
{
	char text[256];

	return plain(read(fd, text, sizeof(text)));
}

static int type(void)
{
	return plain(write(fd, "\n", 1));
}

static int resize(void)
{
	struct winsize size = { .ws_row = 25, .ws_col = 80 };

	return plain(ioctl(fd, TIOCSWINSZ, &size));
}

/* --- sockets ------------------------------------------------------------------------ */

static int echo(int s)
{
	char c = 'x';
	int ret = plain(send(s, &c, 1, MSG_NOSIGNAL));

	return ret < 0 ? ret : plain(recv(s, &c, 1, 0));
}

static int connect_it(void)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_port = ECHO_PORT };
	struct mk_query q;
	int s, ret = mk_query(inst, &q);

	a.svm_cid = MK_VSOCK_CID(q.id);
	s = ret ? -1 : socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return ret ?: -errno;
	ret = plain(connect(s, (struct sockaddr *)&a, sizeof(a))) ?: echo(s);
	close(s);
	return ret;
}

const struct step steps_ipc[] = {
	{ "PERMIT", .call = permit, .after = comes },
	{ "FORBID", .before = permitted, .call = forbid, .after = settled, .copes = true },
	{ "LIST of channels", .call = list_all },
	{ "OPEN of a channel", .before = permitted, .call = open_channel, .after = forbidden },
	{ "mmap", .before = opened, .call = map, .after = forbidden, .plain = true },
	{ "write, poll", .before = opened, .call = ring, .after = forbidden,
	  .plain = true, .bare = true },
	{ "CONSOLE", .call = open_console, .after = drop },
	{ "CONSOLE_QUERY", .before = open_console, .call = query, .after = drop,
	  .plain = true, .bare = true },
	{ "read of a console", .before = open_console, .call = print, .after = drop,
	  .plain = true },
	{ "write to a console", .before = open_console, .call = type, .after = drop,
	  .plain = true },
	{ "size of a console", .before = open_console, .call = resize, .after = drop,
	  .plain = true, .bare = true },
	{ "a socket", .call = connect_it, .after = settled, .plain = true,
	  .error = ENFILE },
	{ }
};

const struct step steps_ipc_bell[] = {
	{ "BELL", .before = opened, .call = take_bell, .after = silenced },
	{ "BELL, the shared one", .before = with_bell, .call = share_bell, .after = silenced,
	  .bare = true },
	{ }
};
