// SPDX-License-Identifier: GPL-2.0
/*
 * The interface of /dev/mk_ipc, call by call, in the host.  An instance "web" runs,
 * and the channel "abi" between it and the host is permitted; both are as before then.
 */
#include <sys/resource.h>
#include <termios.h>

#include "../../mk_ipc/wire.h"
#include "ipc-calls.h"
#include "kselftest_harness.h"

#define PATIENCE_MS	60000
#define RING		131072	/* as mkctl permits it */
#define ROOM		8
#define CHANNEL_SIZE	(MK_CHANNEL_HEAD + 2 * RING)

static int open_channel(int ipc, const char *name, struct mk_ipc_open *o)
{
	*o = (struct mk_ipc_open){ .hdr.size = sizeof(*o), .timeout_ms = PATIENCE_MS };
	memcpy(o->name, name, strnlen(name, sizeof(o->name)));
	return mk_call(ipc, MK_IPC_IOC_OPEN, o);
}

static int open_console(int ipc, const char *name, __u32 flags, struct mk_ipc_console *c)
{
	*c = (struct mk_ipc_console){ .hdr.size = sizeof(*c), .flags = flags };
	memcpy(c->name, name, strnlen(name, sizeof(c->name)));
	return mk_call(ipc, MK_IPC_IOC_CONSOLE, c);
}

static int list(int ipc, struct mk_ipc_channel *room, __u32 *nr)
{
	struct mk_ipc_list l = { .hdr.size = sizeof(l), .channels = ptr(room), .nr = *nr };
	int ret = mk_call(ipc, MK_IPC_IOC_LIST, &l);

	*nr = l.nr;
	return ret;
}

FIXTURE(abi)
{
	const struct call *calls, *end;
	int fds[NR_ON];
	int ipc;
	int channel;
	int console;
	__u32 before;		/* channels */
	struct mk_ipc_open open;
};

FIXTURE_SETUP(abi)
{
	struct mk_ipc_console c;

	self->calls = ipc_calls;
	self->end = ipc_calls + NR_IPC_CALLS;
	self->ipc = open(MK_IPC_DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->ipc);
	self->channel = open_channel(self->ipc, "abi", &self->open);
	ASSERT_LE(0, self->channel);
	self->console = open_console(self->ipc, "web", 0, &c);
	ASSERT_LE(0, self->console);
	ASSERT_EQ(0, list(self->ipc, NULL, &self->before));
	self->fds[ON_IPC] = self->ipc;
	self->fds[ON_CHANNEL] = self->channel;
	self->fds[ON_CONSOLE] = self->console;
}

/* Also: whatever a test did, no permit of it is left. */
FIXTURE_TEARDOWN(abi)
{
	__u32 after = 0;

	EXPECT_EQ(0, list(self->ipc, NULL, &after));
	EXPECT_EQ(self->before, after);
	close(self->console);
	close(self->channel);
	close(self->ipc);
}

static void prepare(union argument *a, const struct call *call)
{
	struct mk_ipc_bell *b = (void *)a;

	memset(a, 0, sizeof(*a));
	a->hdr.size = call->size;
	if (call->cmd == MK_IPC_IOC_BELL)
		b->cpu = MK_BELL_SHARED;
}

#include "contract.h"

TEST_F(abi, older_user_gets_the_fields_that_it_knows)
{
	struct mk_ipc_console_query q = {
		.hdr.size = offsetof(struct mk_ipc_console_query, ended), .ended = 77,
	};

	EXPECT_EQ(0, mk_call(self->console, MK_IPC_IOC_CONSOLE_QUERY, &q));
	EXPECT_LT(0, q.printed);
	EXPECT_EQ(77, q.ended);
}

TEST_F(abi, read_only_argument_is_a_fault_and_does_nothing)
{
	struct mk_ipc_permit *p = two_pages();
	struct mk_ipc_open *o = two_pages();

	*p = (struct mk_ipc_permit){ .hdr.size = sizeof(*p), .name = "ro", .end[1] = "none",
				     .ring_size = RING };
	mprotect(p, 4096, PROT_READ);
	EXPECT_EQ(-EFAULT, mk_call(self->ipc, MK_IPC_IOC_PERMIT, p));
	close(self->channel);
	*o = (struct mk_ipc_open){ .hdr.size = sizeof(*o), .name = "abi",
				   .timeout_ms = PATIENCE_MS };
	mprotect(o, 4096, PROT_READ);
	EXPECT_EQ(-EFAULT, mk_call(self->ipc, MK_IPC_IOC_OPEN, o));
	self->channel = open_channel(self->ipc, "abi", &self->open);
	EXPECT_LE(0, self->channel);
}

/* --- permits -------------------------------------------------------------- */

static __u32 permit_code(int ipc, struct mk_ipc_permit p)
{
	p.hdr.size = sizeof(p);
	if (!*p.name)
		*p.name = 'b';
	return mk_call(ipc, MK_IPC_IOC_PERMIT, &p) < 0 ? p.hdr.err.code : 0;
}

#define PERMIT(...)	permit_code(self->ipc, (struct mk_ipc_permit){ __VA_ARGS__ })
#define ENDS		.end = { "x", "y" }
#define MESSAGES	.kind = MK_KIND_MESSAGES, ENDS

TEST_F(abi, permit_checks_every_field)
{
	struct mk_ipc_permit full = { ENDS, .ring_size = RING };

	EXPECT_EQ(MK_E_NAME_INVALID, PERMIT(.name = "a/b", ENDS, .ring_size = RING));
	EXPECT_EQ(MK_E_NAME_INVALID, PERMIT(.end = { "", "a b" }, .ring_size = RING));
	EXPECT_EQ(MK_E_NAME_INVALID, PERMIT(.end = { "1a", "" }, .ring_size = RING));
	memset(full.end[1], 'a', sizeof(full.end[1]));
	EXPECT_EQ(MK_E_NAME_INVALID, permit_code(self->ipc, full));
	memset(full.name, 'a', sizeof(full.name));
	EXPECT_EQ(MK_E_NAME_INVALID, permit_code(self->ipc, full));
	EXPECT_EQ(MK_E_CHANNEL_TAKEN, PERMIT(.name = "abi", ENDS, .ring_size = RING));
	EXPECT_EQ(MK_E_CHANNEL_SELF, PERMIT(.ring_size = RING));
	EXPECT_EQ(MK_E_CHANNEL_SELF, PERMIT(.end = { "x", "x" }, .ring_size = RING));
	EXPECT_EQ(MK_E_CHANNEL_SIZE, PERMIT(ENDS));
	EXPECT_EQ(MK_E_CHANNEL_SIZE, PERMIT(ENDS, .ring_size = 2048));
	EXPECT_EQ(MK_E_CHANNEL_SIZE, PERMIT(ENDS, .ring_size = RING + 4096));
	EXPECT_EQ(MK_E_CHANNEL_SIZE, PERMIT(ENDS, .ring_size = 2 * MIB));
	EXPECT_EQ(MK_E_CHANNEL_SIZE, PERMIT(ENDS, .ring_size = RING / 4, .kind = MK_KIND_VSOCK));
	EXPECT_EQ(MK_E_CHANNEL_SIZE, PERMIT(MESSAGES, .ring_size = 8192, .classes = 4));
	EXPECT_EQ(MK_E_RESERVED, PERMIT(ENDS, .ring_size = RING, .kind = MK_KIND_CONSOLE));
	EXPECT_EQ(MK_E_RESERVED, PERMIT(ENDS, .ring_size = RING, .kind = MK_KIND_MESSAGES + 1));
	EXPECT_EQ(MK_E_RESERVED, PERMIT(ENDS, .ring_size = RING, .classes = 4));
	EXPECT_EQ(MK_E_RESERVED, PERMIT(MESSAGES, .ring_size = RING));
	EXPECT_EQ(MK_E_RESERVED, PERMIT(MESSAGES, .ring_size = RING, .classes = 2));
	EXPECT_EQ(MK_E_RESERVED, PERMIT(ENDS, .ring_size = RING, .rate = (1ULL << 40) + 1));
}

static __u32 forbid_code(int ipc, const char *name)
{
	struct mk_ipc_forbid f = { .hdr.size = sizeof(f) };

	memcpy(f.name, name, strnlen(name, sizeof(f.name)));
	return mk_call(ipc, MK_IPC_IOC_FORBID, &f) < 0 ? f.hdr.err.code : 0;
}

TEST_F(abi, permit_is_there_as_it_was_asked_for_until_it_is_forbidden)
{
	struct mk_ipc_channel all[ROOM] = { };
	__u32 nr = ROOM, i;

	EXPECT_EQ(0, PERMIT(ENDS, .ring_size = 4096, .rate = 1ULL << 40));
	EXPECT_EQ(0, list(self->ipc, all, &nr));
	EXPECT_EQ(self->before + 1, nr);
	for (i = 0; i < ROOM && strcmp(all[i].name, "b"); i++)
		;
	ASSERT_GT(ROOM, i);
	EXPECT_STREQ("x", all[i].end[0]);
	EXPECT_STREQ("y", all[i].end[1]);
	EXPECT_EQ(MK_KIND_PROGRAM, all[i].kind);
	EXPECT_EQ(4096, all[i].ring_size);
	EXPECT_EQ(1ULL << 40, all[i].rate);
	EXPECT_EQ(0, all[i].epoch) TH_LOG("neither of them is there");
	EXPECT_EQ(0, all[i].reserved);
	EXPECT_EQ(0, forbid_code(self->ipc, "b"));
	EXPECT_EQ(MK_E_NO_CHANNEL, forbid_code(self->ipc, "b"));
}

TEST_F(abi, forbid_checks_the_name)
{
	char full[MK_NAME_SIZE];

	memset(full, 'a', sizeof(full));
	EXPECT_EQ(MK_E_NAME_INVALID, forbid_code(self->ipc, full));
	EXPECT_EQ(MK_E_NAME_INVALID, forbid_code(self->ipc, "")) TH_LOG("those of services");
}

TEST_F(abi, room_of_a_list_is_never_exceeded_and_the_number_told)
{
	struct mk_ipc_channel all[2] = { };
	void *bad[] = { NULL, KERNEL_ADDRESS, (void *)FAR };
	struct mk_ipc_list l;
	__u32 nr = 1, i;

	ASSERT_LE(2, self->before);
	EXPECT_EQ(0, list(self->ipc, all, &nr));
	EXPECT_EQ(self->before, nr);
	EXPECT_NE(0, *all[0].end[1]);
	EXPECT_EQ(0, *all[1].end[1]);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		l = (struct mk_ipc_list){ .hdr.size = sizeof(l), .channels = ptr(bad[i]),
					  .nr = ~0U };
		EXPECT_EQ(-EFAULT, mk_call(self->ipc, MK_IPC_IOC_LIST, &l));
		EXPECT_EQ(MK_E_INTERNAL, l.hdr.err.code);
	}
}

/* --- channels ------------------------------------------------------------- */

TEST_F(abi, open_checks_the_name)
{
	struct mk_ipc_open o;
	char full[MK_NAME_SIZE];

	memset(full, 'a', sizeof(full));
	EXPECT_EQ(-EINVAL, open_channel(self->ipc, full, &o));
	EXPECT_EQ(MK_E_NAME_INVALID, o.hdr.err.code);
	EXPECT_EQ(-EINVAL, open_channel(self->ipc, "", &o));
	EXPECT_EQ(MK_E_NAME_INVALID, o.hdr.err.code);
	o = (struct mk_ipc_open){ .hdr.size = sizeof(o), .name = "none", .timeout_ms = 1 };
	EXPECT_EQ(-ENOENT, mk_call(self->ipc, MK_IPC_IOC_OPEN, &o));
	EXPECT_EQ(MK_E_NO_CHANNEL, o.hdr.err.code);
}

TEST_F(abi, open_tells_of_the_channel_and_is_for_one)
{
	struct mk_ipc_open o = { .hdr.size = sizeof(o), .name = "abi" };

	EXPECT_EQ(RING, self->open.ring_size);
	EXPECT_EQ(0, self->open.side);
	EXPECT_LT(0, self->open.peer);
	EXPECT_NE(0, self->open.epoch);
	EXPECT_STREQ("web", self->open.peer_name);
	EXPECT_EQ(0, self->open.rate);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->channel, F_GETFD));
	EXPECT_EQ(-EBUSY, mk_call(self->ipc, MK_IPC_IOC_OPEN, &o));
	EXPECT_EQ(MK_E_CHANNEL_BUSY, o.hdr.err.code);
}

TEST_F(abi, bell_is_on_a_cpu_that_there_is)
{
	struct mk_ipc_bell b = { .hdr.size = sizeof(b), .cpu = 4000000 };

	EXPECT_EQ(-EINVAL, mk_call(self->channel, MK_IPC_IOC_BELL, &b));
	EXPECT_EQ(MK_E_CPU_UNKNOWN, b.hdr.err.code);
	b.cpu = CPU;
	EXPECT_EQ(-EINVAL, mk_call(self->channel, MK_IPC_IOC_BELL, &b));
	EXPECT_EQ(MK_E_CPU_OFFLINE, b.hdr.err.code);
	b.cpu = 0;
	EXPECT_EQ(0, mk_call(self->channel, MK_IPC_IOC_BELL, &b));
	EXPECT_EQ(0, b.hdr.err.code);
}

TEST_F(abi, rings_are_eight_bytes)
{
	void *nowhere = (char *)two_pages() + 4096;
	__u64 rings[2] = { 1, 1 };

	EXPECT_EQ(-1, write(self->channel, rings, 7));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->channel, rings, 16));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(8, write(self->channel, rings, 8));
	EXPECT_EQ(-1, read(self->channel, rings, 7));
	EXPECT_EQ(EINVAL, errno);
	/* as if the other side had rung, which pread() believes */
	EXPECT_EQ(-1, pread(self->channel, nowhere, 8, 0x12345678));
	EXPECT_EQ(EFAULT, errno);
}

static int map_errno(int fd, size_t size, int flags, off_t at)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, at);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, size);
	return 0;
}

TEST_F(abi, mapping_is_shared_and_inside_the_channel)
{
	EXPECT_EQ(0, map_errno(self->channel, CHANNEL_SIZE, MAP_SHARED, 0));
	EXPECT_EQ(EINVAL, map_errno(self->channel, CHANNEL_SIZE + 4096, MAP_SHARED, 0));
	EXPECT_EQ(EINVAL, map_errno(self->channel, 4096, MAP_SHARED, 4096));
	EXPECT_EQ(EINVAL, map_errno(self->channel, 4096, MAP_PRIVATE, 0));
}

/* --- consoles ------------------------------------------------------------- */

TEST_F(abi, console_checks_flags_and_name)
{
	struct mk_ipc_console c;
	char full[MK_NAME_SIZE];

	memset(full, 'a', sizeof(full));
	EXPECT_EQ(-EINVAL, open_console(self->ipc, "web", MK_CONSOLE_LIVE << 1, &c));
	EXPECT_EQ(MK_E_RESERVED, c.hdr.err.code);
	EXPECT_EQ(-EINVAL, open_console(self->ipc, full, 0, &c));
	EXPECT_EQ(MK_E_NAME_INVALID, c.hdr.err.code);
	EXPECT_EQ(-EINVAL, open_console(self->ipc, "", 0, &c));
	EXPECT_EQ(MK_E_NAME_INVALID, c.hdr.err.code);
	EXPECT_EQ(-ENOENT, open_console(self->ipc, "none", 0, &c));
	EXPECT_EQ(MK_E_NO_CONSOLE, c.hdr.err.code);
}

TEST_F(abi, console_has_one_writer)
{
	struct mk_ipc_console c;
	int writer = open_console(self->ipc, "web", MK_CONSOLE_WRITE, &c);

	ASSERT_LE(0, writer);
	EXPECT_EQ(self->open.peer, c.id);
	EXPECT_EQ(FD_CLOEXEC, fcntl(writer, F_GETFD));
	EXPECT_EQ(-EBUSY, open_console(self->ipc, "web", MK_CONSOLE_WRITE, &c));
	EXPECT_EQ(MK_E_CONSOLE_BUSY, c.hdr.err.code);
	close(writer);
	writer = open_console(self->ipc, "web", MK_CONSOLE_WRITE, &c);
	EXPECT_LE(0, writer);
	close(writer);
}

TEST_F(abi, reader_of_a_console_does_not_write)
{
	struct winsize size = { .ws_row = 25, .ws_col = 80 };
	void *nowhere = (char *)two_pages() + 4096;
	struct mk_ipc_console c;
	int writer = open_console(self->ipc, "web", MK_CONSOLE_WRITE | MK_CONSOLE_LIVE, &c);

	EXPECT_EQ(-1, write(self->console, "\n", 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-EBADF, mk_call(self->console, TIOCSWINSZ, &size));
	EXPECT_EQ(-EFAULT, mk_call(writer, TIOCSWINSZ, nowhere));
	EXPECT_EQ(-1, write(writer, nowhere, 1));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(self->console, nowhere, 1));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, mk_call(writer, TIOCSWINSZ, &size));
	close(writer);
}

/* --- no descriptor left --------------------------------------------------- */

TEST_F(abi, no_descriptor_left_opens_nothing)
{
	struct rlimit old, none;
	struct mk_ipc_console c;
	struct mk_ipc_open o;

	close(self->channel);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, open_channel(self->ipc, "abi", &o));
	EXPECT_EQ(MK_E_INTERNAL, o.hdr.err.code);
	EXPECT_EQ(-EMFILE, open_console(self->ipc, "web", MK_CONSOLE_WRITE, &c));
	EXPECT_EQ(MK_E_INTERNAL, c.hdr.err.code);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	self->channel = open_channel(self->ipc, "abi", &self->open);
	EXPECT_LE(0, self->channel) TH_LOG("nobody has it");
	c.id = open_console(self->ipc, "web", MK_CONSOLE_WRITE, &c);
	EXPECT_EQ(0, c.hdr.err.code) TH_LOG("nobody writes to it");
	close(c.id);
}

TEST_HARNESS_MAIN
