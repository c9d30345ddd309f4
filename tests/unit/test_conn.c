// SPDX-License-Identifier: GPL-2.0
/* Frames of mkctl exec and mkctl cp: cut, malformed, and there and back. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "conn.h"

#include "kselftest_harness.h"

static unsigned char buf[FRAME_HEAD + MK_FRAME_MAX];

static size_t craft(unsigned int type, const void *data, size_t len)
{
	struct mk_frame head = { .len = len, .type = type };

	memcpy(buf, &head, FRAME_HEAD);
	if (len)
		memcpy(buf + FRAME_HEAD, data, len);
	return FRAME_HEAD + len;
}

TEST(frame_is_found_when_it_is_whole)
{
	size_t i, len = craft(MK_OUTPUT, "hello", 5);
	struct frame f;

	for (i = 0; i < len; i++)
		ASSERT_EQ(0, frame_parse(buf, i, &f));
	ASSERT_EQ((int)len, frame_parse(buf, len + 100, &f));
	EXPECT_EQ(MK_OUTPUT, f.type);
	EXPECT_EQ(5, f.len);
	EXPECT_EQ(0, memcmp(f.data, "hello", 5));
}

TEST(frame_of_no_type)
{
	struct frame f;

	EXPECT_EQ(-1, frame_parse(buf, craft(0, NULL, 0), &f));
	EXPECT_EQ(-1, frame_parse(buf, craft(MK_NR_FRAMES, NULL, 0), &f));
	EXPECT_EQ(-1, frame_parse(buf, craft(~0u, NULL, 0), &f));
}

/* The length is refused before the rest has come. */
TEST(frame_of_a_wrong_length)
{
	struct mk_frame head = { .type = MK_OUTPUT, .len = MK_CHUNK + 1 };
	struct frame f;

	EXPECT_EQ(-1, frame_parse(&head, sizeof(head), &f));
	head.len = 0xffffffff;
	EXPECT_EQ(-1, frame_parse(&head, sizeof(head), &f));
	head.len = 0;
	EXPECT_EQ(-1, frame_parse(&head, sizeof(head), &f));
	head.len = MK_CHUNK;
	EXPECT_EQ(0, frame_parse(&head, sizeof(head), &f));
	head = (struct mk_frame){ .type = MK_EXIT, .len = sizeof(struct mk_exit) - 1 };
	EXPECT_EQ(-1, frame_parse(&head, sizeof(head), &f));
	head = (struct mk_frame){ .type = MK_DONE, .len = 1 };
	EXPECT_EQ(-1, frame_parse(&head, sizeof(head), &f));
}

/* The words of a request that says to have so many. */
static int words_of(__u32 nr, __u32 nr_env, const char *text, size_t len, char **words)
{
	static unsigned char data[1024];
	struct mk_request request = { .nr_words = nr, .nr_env = nr_env };
	struct frame f;

	memcpy(data, &request, sizeof(request));
	memcpy(data + sizeof(request), text, len);
	if (frame_parse(buf, craft(MK_REQUEST, data, sizeof(request) + len), &f) < 0)
		return -1;
	return frame_words(&f, &request, words);
}

TEST(words)
{
	static char *words[MK_WORDS_MAX + 2];

	ASSERT_EQ(0, words_of(3, 1, "ls\0-l\0A=b", 10, words));
	EXPECT_STREQ("ls", words[0]);
	EXPECT_STREQ("-l", words[1]);
	EXPECT_EQ(NULL, words[2]);
	EXPECT_STREQ("A=b", words[3]);
	EXPECT_EQ(NULL, words[4]);
	ASSERT_EQ(0, words_of(2, 0, "\0a", 3, words));
	EXPECT_STREQ("", words[0]);
	EXPECT_STREQ("a", words[1]);
	EXPECT_EQ(NULL, words[2]);
	EXPECT_EQ(NULL, words[3]);
}

TEST(words_that_are_not_as_it_says)
{
	static char *words[MK_WORDS_MAX + 2];

	EXPECT_EQ(-1, words_of(0, 0, "", 0, words));
	EXPECT_EQ(-1, words_of(1, 1, "a", 2, words));
	EXPECT_EQ(-1, words_of(1, 2, "a", 2, words));
	EXPECT_EQ(-1, words_of(2, 0, "a", 2, words));
	EXPECT_EQ(-1, words_of(1, 0, "a\0b", 4, words));
	EXPECT_EQ(-1, words_of(1, 0, "a", 1, words));
	EXPECT_EQ(-1, words_of(0xffffffff, 0, "a", 2, words));
	EXPECT_EQ(-1, words_of(MK_WORDS_MAX + 1, 0, "a", 2, words));
}

static int entry_of(struct mk_entry raw, const char *text, size_t len, struct entry *e)
{
	static unsigned char data[8192];
	struct frame f;

	memcpy(data, &raw, sizeof(raw));
	memcpy(data + sizeof(raw), text, len);
	if (frame_parse(buf, craft(MK_ENTRY, data, sizeof(raw) + len), &f) <= 0)
		return -1;
	return frame_entry(&f, e);
}

static int named(const char *name, size_t len)
{
	struct entry e;

	return entry_of((struct mk_entry){ .mode = S_IFREG | 0644, .name_len = len }, name, len,
			&e);
}

TEST(entry)
{
	struct mk_entry raw = {
		.mode = S_IFLNK | 0777, .sec = -5, .nsec = 999999999, .name_len = 1, .target_len = 2
	};
	struct entry e;

	ASSERT_EQ(0, entry_of(raw, "nto", 3, &e));
	EXPECT_STREQ("n", e.name);
	EXPECT_STREQ("to", e.target);
	EXPECT_EQ(-5, e.sec);
	raw.nsec++;
	EXPECT_EQ(-1, entry_of(raw, "nto", 3, &e));
	raw.nsec = 0;
	raw.target_len = 0xffffffff;
	EXPECT_EQ(-1, entry_of(raw, "nto", 3, &e));
	raw.target_len = 2;
	EXPECT_EQ(-1, entry_of(raw, "nt\0", 3, &e));
	raw = (struct mk_entry){ .mode = S_IFLNK | 0777, .name_len = 1 };
	EXPECT_EQ(-1, entry_of(raw, "n", 1, &e));
	raw = (struct mk_entry){ .mode = S_IFDIR | 0755, .name_len = 1, .target_len = 1 };
	EXPECT_EQ(-1, entry_of(raw, "nt", 2, &e));
}

TEST(entry_of_another_kind)
{
	struct mk_entry raw = { .name_len = 1 };
	struct entry e;

	raw.mode = S_IFREG | 04755;
	EXPECT_EQ(-1, entry_of(raw, "n", 1, &e));
	raw.mode = S_IFCHR | 0600;
	EXPECT_EQ(-1, entry_of(raw, "n", 1, &e));
	raw.mode = 0xffff0000 | S_IFREG;
	EXPECT_EQ(-1, entry_of(raw, "n", 1, &e));
	raw.mode = S_IFDIR | 01777;
	EXPECT_EQ(0, entry_of(raw, "n", 1, &e));
}

TEST(names_that_lead_elsewhere)
{
	char longest[257];

	EXPECT_EQ(0, named("...", 3));
	EXPECT_EQ(0, named("\n", 1));
	EXPECT_EQ(-1, named(".", 1));
	EXPECT_EQ(-1, named("..", 2));
	EXPECT_EQ(-1, named("/", 1));
	EXPECT_EQ(-1, named("a/b", 3));
	EXPECT_EQ(-1, named("a\0b", 3));
	EXPECT_EQ(-1, named("", 0));
	memset(longest, 'a', sizeof(longest));
	EXPECT_EQ(0, named(longest, 255));
	EXPECT_EQ(-1, named(longest, 256));
}

FIXTURE(pair) {
	struct conn a, b;
};

FIXTURE_SETUP(pair)
{
	int fd[2];

	memset(self, 0, sizeof(*self));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	self->a.fd = fd[0];
	self->b.fd = fd[1];
}

FIXTURE_TEARDOWN(pair)
{
	close(self->a.fd);
	close(self->b.fd);
}

/* Frames of all sizes, as many as the socket takes, for some rounds. */
TEST_F(pair, all_arrives)
{
	static unsigned char data[MK_CHUNK];
	unsigned int sent = 0, got = 0;
	struct frame f;
	int ret;

	while (got < 2000) {
		while (sent < 2000 && conn_room(&self->a) >= sizeof(data)) {
			memset(data, sent, sizeof(data));
			conn_put(&self->a, MK_DATA, data, sent * 7919 % sizeof(data));
			sent++;
		}
		ASSERT_GE(conn_send(&self->a), 0);
		ASSERT_GE(conn_recv(&self->b), 0);
		while ((ret = conn_next(&self->b, &f)) > 0) {
			memset(data, got, sizeof(data));
			ASSERT_EQ(got * 7919 % sizeof(data), f.len);
			ASSERT_EQ(0, memcmp(data, f.data, f.len));
			got++;
		}
		ASSERT_EQ(0, ret);
	}
}

TEST_F(pair, nobody_reads)
{
	static unsigned char data[MK_CHUNK];
	int i;

	for (i = 0; i < 1000 && conn_room(&self->a) >= sizeof(data); i++) {
		conn_put(&self->a, MK_DATA, data, sizeof(data));
		ASSERT_GE(conn_send(&self->a), 0);
	}
	EXPECT_LT(i, 1000);
	/* a socket of AF_VSOCK is not writable then: the end of the other side has to do */
	ASSERT_EQ(0, shutdown(self->b.fd, SHUT_WR));
	EXPECT_EQ(-1, conn_flush(&self->a));
	EXPECT_EQ(EPIPE, errno);
}

TEST_F(pair, the_end)
{
	struct frame f;

	EXPECT_EQ(-1, conn_get(&self->b, &f, 10));
	EXPECT_EQ(ETIMEDOUT, errno);
	conn_put(&self->a, MK_DONE, NULL, 0);
	ASSERT_EQ(0, conn_flush(&self->a));
	ASSERT_EQ(0, shutdown(self->a.fd, SHUT_WR));
	EXPECT_EQ(0, conn_get(&self->b, &f, 1000));
	EXPECT_EQ(MK_DONE, f.type);
	EXPECT_EQ(-1, conn_get(&self->b, &f, 1000));
	EXPECT_EQ(ECONNRESET, errno);
}

TEST_F(pair, nonsense)
{
	struct frame f;

	ASSERT_EQ(8, write(self->a.fd, "nonsense", 8));
	EXPECT_EQ(-1, conn_get(&self->b, &f, 1000));
	EXPECT_EQ(EPROTO, errno);
}

TEST_HARNESS_MAIN
