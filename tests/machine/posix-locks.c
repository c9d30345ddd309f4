// SPDX-License-Identifier: GPL-2.0
/* File locks. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>

#include "posix.h"

static int set_byte(int fd, int cmd, int type, off_t byte)
{
	struct flock fl = { .l_type = type, .l_start = byte, .l_len = 1 };

	return fcntl(fd, cmd, &fl);
}

/* Does it sleep? */
static int is_asleep(pid_t pid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (file)
		fclose(file);
	return state == 'S';
}

static void until_asleep(pid_t pid)
{
	while (!is_asleep(pid))
		usleep(10000);
	/* not only for a moment */
	usleep(300000);
}

static int can_flock(const char *name)
{
	return !flock(open(name, O_RDWR), LOCK_EX | LOCK_NB);
}

static int can_lock(const char *name)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };

	return !fcntl(open(name, O_RDWR), F_SETLK, &fl);
}

static int sees_lock(const char *name)
{
	struct flock fl = { .l_type = F_RDLCK };

	return !fcntl(open(name, O_RDWR), F_GETLK, &fl) && fl.l_type == F_WRLCK &&
	       fl.l_start == 15 && fl.l_len == 5;
}

TEST(file_locks)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 15, .l_len = 5 };
	int fd = make("locks");

	ASSERT_EQ(0, flock(fd, LOCK_EX));
	EXPECT_EQ(0, in_child(can_flock, "locks"));
	ASSERT_EQ(0, flock(fd, LOCK_UN));
	EXPECT_EQ(1, in_child(can_flock, "locks"));
	ASSERT_EQ(0, fcntl(fd, F_SETLK, &fl));
	EXPECT_EQ(0, in_child(can_lock, "locks"));
	EXPECT_EQ(1, in_child(sees_lock, "locks"));
	fl.l_type = F_UNLCK;
	ASSERT_EQ(0, fcntl(fd, F_SETLK, &fl));
	EXPECT_EQ(1, in_child(can_lock, "locks"));
	fl.l_type = F_WRLCK;
	ASSERT_EQ(0, fcntl(fd, F_OFD_SETLK, &fl));
	EXPECT_EQ(0, in_child(can_lock, "locks"));
	close(fd);
	EXPECT_EQ(1, in_child(can_lock, "locks"));
	unlink("locks");
}

static int can_flock_dir(const char *name)
{
	return !flock(open(name, O_RDONLY | O_DIRECTORY), LOCK_EX | LOCK_NB);
}

static int can_read_lock_dir(const char *name)
{
	return !set_byte(open(name, O_RDONLY | O_DIRECTORY), F_SETLK, F_RDLCK, 0);
}

static int sees_read_lock(const char *name)
{
	struct flock fl = { .l_type = F_WRLCK };

	return !fcntl(open(name, O_RDONLY | O_DIRECTORY), F_GETLK, &fl) && fl.l_type == F_RDLCK;
}

/* It is not opened to write: of fcntl()'s locks only those that readers share. */
TEST(directory_locks)
{
	int fd;

	ASSERT_EQ(0, mkdir("locked", 0755));
	fd = open("locked", O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(0, flock(fd, LOCK_EX | LOCK_NB));
	EXPECT_EQ(0, in_child(can_flock_dir, "locked"));
	ASSERT_EQ(0, flock(fd, LOCK_UN));
	EXPECT_EQ(1, in_child(can_flock_dir, "locked"));
	ASSERT_EQ(0, set_byte(fd, F_SETLK, F_RDLCK, 0));
	EXPECT_EQ(1, in_child(can_read_lock_dir, "locked"));
	EXPECT_EQ(1, in_child(sees_read_lock, "locked"));
	EXPECT_EQ(-1, set_byte(fd, F_SETLK, F_WRLCK, 0));
	EXPECT_EQ(EBADF, errno);
	ASSERT_EQ(0, set_byte(fd, F_SETLK, F_UNLCK, 0));
	EXPECT_EQ(0, in_child(sees_read_lock, "locked"));
	close(fd);
	EXPECT_EQ(0, rmdir("locked"));
}

TEST(who_waits_for_a_lock_gets_it)
{
	int fd = make("wait"), status;
	pid_t pid;

	ASSERT_EQ(0, flock(fd, LOCK_EX));
	pid = fork();
	if (!pid)
		_exit(flock(open("wait", O_RDWR), LOCK_EX));
	usleep(200000);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	ASSERT_EQ(0, flock(fd, LOCK_UN));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
	unlink("wait");
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST(a_signal_ends_the_wait_for_a_lock)
{
	struct sigaction sa = { .sa_handler = on_alarm }, old;
	int fd = make("signal"), two = open("signal", O_RDWR);

	sigaction(SIGALRM, &sa, &old);
	ASSERT_EQ(0, flock(fd, LOCK_EX));
	EXPECT_EQ(-1, flock(two, LOCK_EX | LOCK_NB));
	EXPECT_EQ(EWOULDBLOCK, errno);
	alarm(1);
	EXPECT_EQ(-1, flock(two, LOCK_EX));
	EXPECT_EQ(EINTR, errno);
	sigaction(SIGALRM, &old, NULL);
	close(two);
	close(fd);
	unlink("signal");
}

/* A has 0 and waits for 1, B has 1 and waits for 0. */
TEST(who_would_wait_for_ever_is_told)
{
	int fd = make("dead"), status;
	pid_t pid;

	ASSERT_EQ(0, set_byte(fd, F_SETLK, F_WRLCK, 0));
	pid = fork();
	if (!pid) {
		fd = open("dead", O_RDWR);
		if (set_byte(fd, F_SETLK, F_WRLCK, 1))
			_exit(1);
		_exit(set_byte(fd, F_SETLKW, F_WRLCK, 0) ? 2 : 0);
	}
	until_asleep(pid);
	alarm(20);
	EXPECT_EQ(-1, set_byte(fd, F_SETLKW, F_WRLCK, 1));
	EXPECT_EQ(EDEADLK, errno);
	alarm(0);
	ASSERT_EQ(0, set_byte(fd, F_SETLK, F_UNLCK, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
	unlink("dead");
}

static int wait_by_fcntl(const char *name)
{
	return !!set_byte(open(name, O_RDWR), F_SETLKW, F_WRLCK, 0);
}

static int wait_by_flock(const char *name)
{
	return !!flock(open(name, O_RDWR), LOCK_EX);
}

/* Does the kernel know that it waits? */
static int is_waiter(pid_t pid)
{
	FILE *file = fopen("/proc/locks", "r");
	char line[256];
	int found = 0;
	pid_t who;

	while (!found && file && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*d: -> %*s %*s %*s %d", &who) == 1 && who == pid;
	if (file)
		fclose(file);
	return found;
}

/* It does not try again and again: who lets the lock go wakes it. */
TEST(who_waits_is_woken)
{
	int (*const waits[])(const char *name) = { wait_by_fcntl, wait_by_flock };
	int fd = make("woken"), status;
	pid_t pid;

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, set_byte(fd, F_SETLK, F_WRLCK, 0));
		ASSERT_EQ(0, flock(fd, LOCK_EX));
		pid = fork();
		if (!pid)
			_exit(waits[i]("woken"));
		until_asleep(pid);
		EXPECT_TRUE(is_waiter(pid));
		ASSERT_EQ(0, set_byte(fd, F_SETLK, F_UNLCK, 0));
		ASSERT_EQ(0, flock(fd, LOCK_UN));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
	close(fd);
	unlink("woken");
}

TEST_HARNESS_MAIN
