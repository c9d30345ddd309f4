// SPDX-License-Identifier: GPL-2.0
/* Files over a connection: as they were, and nowhere else. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tree.h"

#include "kselftest_harness.h"

static unsigned int nr_skipped;

static void skipped(struct tree *t, unsigned int step, int error, const char *path)
{
	(void)t;
	(void)step;
	(void)error;
	(void)path;
	nr_skipped++;
}

FIXTURE(tree) {
	char dir[32];
	struct conn in, out;
	struct tree t;
};

FIXTURE_SETUP(tree)
{
	int fd[2];

	memset(self, 0, sizeof(*self));
	snprintf(self->dir, sizeof(self->dir), "/tmp/test_tree.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
	ASSERT_EQ(0, mkdir("to", 0755));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
	self->in.fd = fd[0];
	self->in.idle_ms = 5000;	/* a test that fails ends, too */
	self->out.fd = fd[1];
	self->t.c = &self->in;
	self->t.skipped = skipped;
}

FIXTURE_TEARDOWN(tree)
{
	char line[64];

	close(self->in.fd);
	close(self->out.fd);
	snprintf(line, sizeof(line), "rm -rf %s", self->dir);
	if (chdir("/") || system(line))
		abort();
}

static int shell(const char *line)
{
	return system(line);
}

/* Another process sends these, and says so. */
static void send_all(struct conn *c, const char *const *paths)
{
	static struct tree t;

	if (fork())
		return;
	t.c = c;
	t.skipped = skipped;
	for (; *paths; paths++)
		if (tree_send(&t, *paths))
			_exit(1);
	conn_write(c, MK_DONE, NULL, 0, NULL, 0);
	conn_flush(c);
	_exit(nr_skipped);
}

static int status_of_sender(void)
{
	int status = 0;

	wait(&status);
	return status;
}

static void put_entry(struct conn *c, unsigned int mode, const char *name, const char *target)
{
	struct mk_entry e = {
		.mode = mode, .name_len = strlen(name), .target_len = strlen(target)
	};
	char text[512];

	snprintf(text, sizeof(text), "%s%s", name, target);
	conn_put2(c, MK_ENTRY, &e, sizeof(e), text, strlen(text));
}

static void put_file(struct conn *c, const char *name, const char *text)
{
	put_entry(c, S_IFREG | 0644, name, "");
	conn_put(c, MK_DATA, text, strlen(text));
	conn_put(c, MK_DATA, NULL, 0);
}

/* What @out has to say is all: the receiver takes it as nonsense. */
#define EXPECT_NONSENSE(target) do {					\
	conn_put(&self->out, MK_DONE, NULL, 0);				\
	ASSERT_EQ(0, conn_flush(&self->out));				\
	EXPECT_EQ(-1, tree_receive(&self->t, target, false));		\
	EXPECT_EQ(TREE_LOST, self->t.fault);				\
	EXPECT_EQ(EPROTO, self->t.error);				\
} while (0)

TEST_F(tree, there_and_as_it_was)
{
	static const char *const paths[] = { "from", "from/a/b/", NULL };

	ASSERT_EQ(0, shell("mkdir -p from/a/b from/c && head -c 200000 /dev/urandom >from/a/x"));
	ASSERT_EQ(0, shell(": >from/a/b/empty && chmod 604 from/a/x && ln -s / from/l"));
	ASSERT_EQ(0, shell("chmod 500 from/c && touch -d 2001-02-03 from/c from/a/x from/a"));
	send_all(&self->out, paths);
	ASSERT_EQ(0, tree_receive(&self->t, "to", true));
	EXPECT_EQ(0, status_of_sender());
	EXPECT_EQ(0, shell("diff -r --no-dereference from to/from && test -e to/b/empty"));
	EXPECT_EQ(0, shell("find from/* -printf '%P %m %t %l\n' | sort >one"));
	EXPECT_EQ(0, shell("find to/from/* -printf '%P %m %t %l\n' | sort | cmp - one"));
	EXPECT_EQ(0, shell("test $(ls -A to | wc -l) = 2"));
}

TEST_F(tree, by_another_name)
{
	static const char *const paths[] = { "./from", NULL };

	ASSERT_EQ(0, shell("echo one >from; echo two >new"));
	send_all(&self->out, paths);
	ASSERT_EQ(0, tree_receive(&self->t, "new", false));
	EXPECT_EQ(0, shell("cmp from new"));
	status_of_sender();
}

TEST_F(tree, a_link_with_a_slash_is_what_it_leads_to)
{
	static const char *const paths[] = { "link/", "file/", "gone/", NULL };

	ASSERT_EQ(0, shell("mkdir from && echo one >from/file && echo >file"));
	ASSERT_EQ(0, shell("ln -s from link && ln -s nowhere gone"));
	nr_skipped = 0;
	send_all(&self->out, paths);
	ASSERT_EQ(0, tree_receive(&self->t, "to", true));
	EXPECT_EQ(2, WEXITSTATUS(status_of_sender()));
	EXPECT_EQ(0, shell("test ! -h to/link && cmp from/file to/link/file"));
	EXPECT_EQ(0, shell("test \"$(ls to)\" = link"));
}

TEST_F(tree, a_link_to_a_file_that_is_named_is_the_file)
{
	static const char *const paths[] = { "link", "d", "to_d", "gone", "to_pipe", NULL };

	ASSERT_EQ(0, shell("mkdir d && mkfifo pipe && echo one >file && ln -s file link"));
	ASSERT_EQ(0, shell("ln -s ../file d/link; ln -s d to_d; ln -s x gone; ln -s pipe to_pipe"));
	send_all(&self->out, paths);
	ASSERT_EQ(0, tree_receive(&self->t, "to", true));
	EXPECT_EQ(0, status_of_sender());
	EXPECT_EQ(0, shell("test ! -h to/link && cmp file to/link"));
	EXPECT_EQ(0, shell("test -h to/d/link && test -h to/to_d && test -h to/gone"));
	EXPECT_EQ(0, shell("test -h to/to_pipe"));
}

TEST_F(tree, contents_of_a_directory)
{
	static const char *const paths[] = { ".", "../link/.//", NULL };

	ASSERT_EQ(0, shell("mkdir -p from/a other && echo one >from/a/file"));
	ASSERT_EQ(0, shell("ln -s a/file from/l"));
	ASSERT_EQ(0, shell("echo two >other/file && ln -s other link && chmod 700 from"));
	ASSERT_EQ(0, chdir("from"));
	send_all(&self->out, paths);
	ASSERT_EQ(0, tree_receive(&self->t, "../to", true));
	EXPECT_EQ(0, status_of_sender());
	EXPECT_EQ(0, shell("cd ../to && cmp ../from/a/file a/file && cmp ../other/file file"));
	EXPECT_EQ(0, shell("cd ../to && test -h l && test \"$(echo *)\" = 'a file l'"));
	EXPECT_EQ(0, shell("test $(stat -c %a ../to) = 755"));
}

/* A file of /proc that opens, and gives an error for what it contains. */
TEST_F(tree, what_cannot_be_read_is_left_out)
{
	static const char *const paths[] = { "/proc/self/mem", "file", NULL };

	ASSERT_EQ(0, shell("echo one >file"));
	nr_skipped = 0;
	send_all(&self->out, paths);
	EXPECT_EQ(0, tree_receive(&self->t, "to", true));
	EXPECT_EQ(1, WEXITSTATUS(status_of_sender()));
	EXPECT_EQ(0, shell("cmp file to/file && test $(ls -A to | wc -l) = 1"));
}

TEST_F(tree, what_is_no_file_is_left_out)
{
	static const char *const paths[] = { "from", "nothing", "/dev/null", NULL };

	ASSERT_EQ(0, shell("mkdir from && mkfifo from/pipe && echo >from/file"));
	nr_skipped = 0;
	send_all(&self->out, paths);
	ASSERT_EQ(0, tree_receive(&self->t, "to", true));
	EXPECT_EQ(3, WEXITSTATUS(status_of_sender()));
	EXPECT_EQ(0, shell("test \"$(find to -type f)\" = to/from/file"));
}

TEST_F(tree, no_such_target)
{
	EXPECT_EQ(-1, tree_receive(&self->t, "nothing", true));
	EXPECT_EQ(TREE_HERE, self->t.fault);
	EXPECT_EQ(ENOENT, self->t.error);
	EXPECT_EQ(-1, tree_receive(&self->t, "nothing/new", false));
	EXPECT_EQ(ENOENT, self->t.error);
}

TEST_F(tree, name_that_leads_up)
{
	put_entry(&self->out, S_IFDIR | 0755, "d", "");
	put_entry(&self->out, S_IFDIR | 0755, "..", "");
	EXPECT_NONSENSE("to");
}

TEST_F(tree, name_with_a_slash)
{
	put_file(&self->out, "../evil", "x");
	EXPECT_NONSENSE("to");
	EXPECT_NE(0, access("evil", F_OK));
}

TEST_F(tree, name_that_was_not_asked_for)
{
	static char *const wanted[] = { "a", "b", NULL };

	self->t.wanted = wanted;
	put_file(&self->out, "b", "x");
	put_file(&self->out, "a", "x");
	EXPECT_NONSENSE("to");
	EXPECT_EQ(0, access("to/b", F_OK));
	EXPECT_NE(0, access("to/a", F_OK));
}

TEST_F(tree, more_is_left_than_entered)
{
	conn_put(&self->out, MK_LEAVE, NULL, 0);
	EXPECT_NONSENSE("to");
}

TEST_F(tree, data_of_no_file)
{
	put_file(&self->out, "a", "x");
	conn_put(&self->out, MK_DATA, "x", 1);
	EXPECT_NONSENSE("to");
}

TEST_F(tree, done_within_a_file)
{
	put_entry(&self->out, S_IFREG | 0644, "a", "");
	conn_put(&self->out, MK_DATA, "x", 1);
	EXPECT_NONSENSE("to");
	EXPECT_EQ(0, shell("test -z \"$(ls -A to)\""));
}

TEST_F(tree, deeper_than_all)
{
	int i;

	for (i = 0; i <= MK_DEPTH_MAX; i++)
		put_entry(&self->out, S_IFDIR | 0755, "d", "");
	EXPECT_NONSENSE("to");
}

TEST_F(tree, through_a_symbolic_link)
{
	put_entry(&self->out, S_IFLNK | 0777, "link", "/tmp");
	put_entry(&self->out, S_IFDIR | 0755, "link", "");
	put_file(&self->out, "evil", "x");
	ASSERT_EQ(0, conn_flush(&self->out));
	EXPECT_EQ(-1, tree_receive(&self->t, "to", false));
	EXPECT_EQ(TREE_HERE, self->t.fault);
	EXPECT_EQ(ENOTDIR, self->t.error);
	EXPECT_STREQ("to/link", self->t.path);
}

TEST_F(tree, a_link_that_was_there_is_replaced)
{
	ASSERT_EQ(0, shell("echo safe >safe; ln -s ../safe to/file"));
	put_file(&self->out, "file", "evil");
	conn_put(&self->out, MK_DONE, NULL, 0);
	ASSERT_EQ(0, conn_flush(&self->out));
	EXPECT_EQ(0, tree_receive(&self->t, "to", false));
	EXPECT_EQ(0, shell("test \"$(cat safe to/file)\" = 'safe\nevil'"));
}

/* A file and a link come for the name of a pipe, which stays. */
TEST_F(tree, what_is_no_file_is_not_replaced)
{
	ASSERT_EQ(0, shell("mkfifo to/pipe"));
	put_file(&self->out, "pipe", "x");
	ASSERT_EQ(0, conn_flush(&self->out));
	EXPECT_EQ(-1, tree_receive(&self->t, "to", true));
	EXPECT_EQ(TREE_HERE, self->t.fault);
	EXPECT_EQ(MK_STEP_REPLACE, self->t.step);
	EXPECT_STREQ("to/pipe", self->t.path);
	EXPECT_EQ(0, shell("test -p to/pipe && test $(ls -A to | wc -l) = 1"));
}

TEST_F(tree, nor_by_a_link)
{
	ASSERT_EQ(0, shell("mkfifo to/pipe"));
	put_entry(&self->out, S_IFLNK | 0777, "pipe", "x");
	ASSERT_EQ(0, conn_flush(&self->out));
	EXPECT_EQ(-1, tree_receive(&self->t, "to", true));
	EXPECT_EQ(MK_STEP_REPLACE, self->t.step);
	EXPECT_EQ(0, shell("test -p to/pipe && test $(ls -A to | wc -l) = 1"));
}

/* What it would contain is not waited for. */
TEST_F(tree, nor_as_the_target)
{
	ASSERT_EQ(0, shell("mkfifo pipe"));
	put_entry(&self->out, S_IFREG | 0644, "a", "");
	ASSERT_EQ(0, conn_flush(&self->out));
	EXPECT_EQ(-1, tree_receive(&self->t, "pipe", false));
	EXPECT_EQ(MK_STEP_REPLACE, self->t.step);
	EXPECT_STREQ("pipe", self->t.path);
	EXPECT_EQ(0, shell("test -p pipe"));
}

/* It came while the file did. */
TEST_F(tree, nor_when_it_comes_late)
{
	put_entry(&self->out, S_IFREG | 0644, "pipe", "");
	ASSERT_EQ(0, conn_flush(&self->out));
	if (!fork()) {
		if (shell("timeout 20 sh -c 'until ls -A to | grep -q mkctl; do sleep .1; done'"))
			_exit(1);
		if (shell("mkfifo to/pipe"))
			_exit(1);
		conn_put(&self->out, MK_DATA, NULL, 0);
		_exit(!!conn_flush(&self->out));
	}
	EXPECT_EQ(-1, tree_receive(&self->t, "to", true));
	EXPECT_EQ(MK_STEP_REPLACE, self->t.step);
	EXPECT_EQ(0, status_of_sender());
	EXPECT_EQ(0, shell("test -p to/pipe && test $(ls -A to | wc -l) = 1"));
}

/* Wherever it leads: /dev/stdout may lead to a file. */
TEST_F(tree, a_link_is_no_target)
{
	ASSERT_EQ(0, shell("echo safe >safe; ln -s safe link"));
	put_file(&self->out, "a", "x");
	ASSERT_EQ(0, conn_flush(&self->out));
	EXPECT_EQ(-1, tree_receive(&self->t, "link", false));
	EXPECT_EQ(TREE_HERE, self->t.fault);
	EXPECT_EQ(MK_STEP_FOLLOW, self->t.step);
	EXPECT_EQ(0, shell("test -h link && test $(cat link) = safe"));
}

TEST_F(tree, a_link_of_an_instance_gets_no_new_name)
{
	static char *const wanted[] = { "a", NULL };

	self->t.wanted = wanted;
	put_entry(&self->out, S_IFLNK | 0777, "a", "/tmp");
	ASSERT_EQ(0, conn_flush(&self->out));
	EXPECT_EQ(-1, tree_receive(&self->t, "new", false));
	EXPECT_EQ(MK_STEP_RENAME, self->t.step);
	EXPECT_EQ(0, shell("test ! -h new"));
}

TEST_F(tree, the_connection_ends)
{
	put_entry(&self->out, S_IFREG | 0644, "a", "");
	conn_put(&self->out, MK_DATA, "x", 1);
	ASSERT_EQ(0, conn_flush(&self->out));
	ASSERT_EQ(0, shutdown(self->out.fd, SHUT_WR));
	EXPECT_EQ(-1, tree_receive(&self->t, "to", false));
	EXPECT_EQ(TREE_LOST, self->t.fault);
	EXPECT_EQ(ECONNRESET, self->t.error);
	EXPECT_EQ(0, shell("test -z \"$(ls -A to)\""));
}

/* The sender hears of it though it has more to send than anybody takes. */
TEST_F(tree, the_receiver_fails)
{
	struct mk_failed failed = { .step = MK_STEP_WRITE, .error = ENOSPC };

	ASSERT_EQ(0, shell("head -c 3000000 /dev/zero >from"));
	conn_put2(&self->out, MK_FAILED, &failed, sizeof(failed), "to", 2);
	ASSERT_EQ(0, conn_flush(&self->out));
	EXPECT_EQ(-1, tree_send(&self->t, "from"));
	EXPECT_EQ(TREE_THERE, self->t.fault);
	EXPECT_EQ(MK_FAILED, self->t.answer.type);
}

TEST(names)
{
	static const char *const none[] = { "", "/", "//", ".", "..", "a/..", "a/./", NULL };
	size_t i;
	char *name;

	for (i = 0; none[i]; i++)
		EXPECT_EQ(NULL, tree_name(none[i]));
	EXPECT_TRUE(tree_is_contents("."));
	EXPECT_TRUE(tree_is_contents("a/.//"));
	EXPECT_TRUE(tree_is_contents("/."));
	EXPECT_FALSE(tree_is_contents(""));
	EXPECT_FALSE(tree_is_contents("/"));
	EXPECT_FALSE(tree_is_contents("a/.."));
	EXPECT_FALSE(tree_is_contents("a."));
	name = tree_name("/a/...//");
	EXPECT_STREQ("...", name);
	free(name);
	name = tree_name("b");
	EXPECT_STREQ("b", name);
	free(name);
}

TEST_HARNESS_MAIN
