// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of AF_VSOCK between kernels.
 *
 *	vsock serve			until it is killed: sends back what comes
 *					(stream and records), counts what comes,
 *					runs what "at" asks for
 *	vsock at CID COMMAND...		in the kernel of CID; its output and status
 *	vsock both CID MIB		random bytes there and back at once, compared
 *	vsock records CID COUNT		of random sizes, there and back, compared
 *	vsock zerocopy CID MIB		as "both", from memory that is lent: MSG_ZEROCOPY
 *	vsock shutdown CID		each direction ends by itself
 *	vsock full CID			who does not read stops who writes
 *	vsock hold CID			connects, says so, and waits for the end
 *	vsock refused CID PORT ERRNO	connecting fails so
 *	vsock distrusted CID PORT	who has a port above 1023 is told nothing
 *	vsock forbidden CID PORT	without CAP_SYS_ADMIN, from a port below 1024:
 *					ENETUNREACH
 *	vsock many CID COUNT		connections one after the other
 *	vsock speed CID MIB		one direction; prints MiB a second
 *	vsock cid			of this kernel
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/errqueue.h>
#include <linux/vm_sockets.h>

#include "mk.h"

#define RECORD_MAX	100000

enum { ECHO, RECORDS, COUNT, COMMAND, DEAF, NR_PORTS };

#define PORT(service)	(5000 + (service))

static unsigned char buf[128 * 1024], wanted[128 * 1024];

static struct sockaddr_vm address(unsigned int cid, unsigned int port)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };

	return a;
}

static int kind(int service)
{
	return service == RECORDS ? SOCK_SEQPACKET : SOCK_STREAM;
}

static int make(int type)
{
	int fd = socket(AF_VSOCK, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static int reach(const char *cid, int service)
{
	struct sockaddr_vm a = address(atoi(cid), PORT(service));
	int fd = make(kind(service));

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		err(1, "connect");
	return fd;
}

static void put(int fd, const void *data, size_t len)
{
	size_t done = 0;
	ssize_t n;

	for (; done < len; done += n) {
		n = send(fd, (const char *)data + done, len - done, MSG_NOSIGNAL);
		if (n <= 0)
			err(1, "send");
	}
}

static ssize_t get(int fd, void *data, size_t room)
{
	ssize_t n = recv(fd, data, room, 0);

	if (n < 0)
		err(1, "recv");
	return n;
}

/* Bytes that follow from a seed; the same at each end. */
static void fill(unsigned char *data, size_t len, unsigned int *seed)
{
	size_t i;

	for (i = 0; i < len; i++) {
		*seed = *seed * 1664525 + 1013904223;
		data[i] = *seed >> 24;
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* --- the server -------------------------------------------------------------------- */

static void echo(int fd)
{
	ssize_t n;

	while ((n = get(fd, buf, sizeof(buf))))
		put(fd, buf, n);
	shutdown(fd, SHUT_WR);
}

static void count(int fd)
{
	unsigned long total = 0;
	ssize_t n;

	while ((n = get(fd, buf, sizeof(buf))))
		total += n;
	put(fd, &total, sizeof(total));
}

static void command(int fd)
{
	ssize_t n = get(fd, buf, sizeof(buf) - 1);
	unsigned char status;

	buf[n] = '\0';
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	status = WEXITSTATUS(system((char *)buf));
	put(fd, &status, sizeof(status));	/* the last byte */
}

static void deaf(int fd)
{
	char c;

	/* one byte once the other side is sure that we do not read */
	sleep(3);
	while (get(fd, buf, sizeof(buf)))
		;
	c = 'x';
	put(fd, &c, 1);
}

static void (*const services[NR_PORTS])(int fd) = {
	[ECHO] = echo, [RECORDS] = echo, [COUNT] = count, [COMMAND] = command, [DEAF] = deaf,
};

static void serve_one(int listener, void (*service)(int fd))
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		err(1, "accept");
	if (!fork()) {
		signal(SIGCHLD, SIG_DFL);
		service(fd);
		_exit(0);
	}
	close(fd);
}

static void serve(void)
{
	struct pollfd p[NR_PORTS];
	struct sockaddr_vm a;
	int i;

	signal(SIGCHLD, SIG_IGN);
	for (i = 0; i < NR_PORTS; i++) {
		a = address(VMADDR_CID_ANY, PORT(i));
		p[i] = (struct pollfd){ .fd = make(kind(i)), .events = POLLIN };
		if (bind(p[i].fd, (struct sockaddr *)&a, sizeof(a)) || listen(p[i].fd, 64))
			err(1, "listen");
	}
	for (;;) {
		if (poll(p, NR_PORTS, -1) < 0)
			err(1, "poll");
		for (i = 0; i < NR_PORTS; i++)
			if (p[i].revents)
				serve_one(p[i].fd, services[i]);
	}
}

/* --- clients -------------------------------------------------------------------------- */

static int at(const char *cid, char **word)
{
	char line[1024] = "", last;
	int fd = reach(cid, COMMAND), status = 1;
	ssize_t n, kept = 0;

	for (; *word; word++) {
		strncat(line, *word, sizeof(line) - strlen(line) - 2);
		strcat(line, " ");
	}
	put(fd, line, strlen(line));
	while ((n = get(fd, buf, sizeof(buf)))) {
		if (kept)
			putchar(last);
		last = buf[n - 1];
		kept = 1;
		status = buf[n - 1];
		fwrite(buf, 1, n - 1, stdout);
		fflush(stdout);
	}
	return kept ? status : 1;
}

static void both(const char *cid, unsigned long len)
{
	unsigned int out = 1, in = 1;
	unsigned long done;
	int fd = reach(cid, ECHO), status;
	double begin = now();
	size_t n;

	if (!fork()) {
		for (done = 0; done < len; done += sizeof(buf)) {
			fill(buf, sizeof(buf), &out);
			put(fd, buf, sizeof(buf));
		}
		shutdown(fd, SHUT_WR);
		_exit(0);
	}
	for (done = 0; (n = get(fd, buf, sizeof(buf))); done += n) {
		fill(wanted, n, &in);
		if (memcmp(buf, wanted, n))
			errx(1, "other bytes came back, between %lu and %lu", done, done + n);
	}
	if (wait(&status) < 0 || status || done != len)
		errx(1, "%lu bytes came back, not %lu", done, len);
	printf("%lu MiB there and back: %.1f MiB/s each way\n", len >> 20,
	       len / (double)MIB / (now() - begin));
}

/* All that was lent is given back: its numbers come one after the other. */
static void returned(int fd, unsigned int nr)
{
	struct sock_extended_err *e;
	struct pollfd p = { .fd = fd };
	unsigned int seen = 0;
	char control[256];
	struct msghdr m;

	while (seen < nr) {
		m = (struct msghdr){ .msg_control = control, .msg_controllen = sizeof(control) };
		if (poll(&p, 1, 10000) != 1 || recvmsg(fd, &m, MSG_ERRQUEUE) < 0)
			err(1, "%u of %u came back", seen, nr);
		e = (void *)CMSG_DATA(CMSG_FIRSTHDR(&m));
		if (e->ee_origin != SO_EE_ORIGIN_ZEROCOPY || e->ee_info != seen)
			errx(1, "number %u came back, not %u", e->ee_info, seen);
		seen = e->ee_data + 1;
	}
}

static void zerocopy(const char *cid, unsigned long len)
{
	struct sockaddr_vm a = address(atoi(cid), PORT(ECHO));
	unsigned int seed = 1, nr = 0;
	int fd = make(SOCK_STREAM), one = 1;
	unsigned long done;
	size_t n, got;

	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		err(1, "SO_ZEROCOPY");
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		err(1, "connect");
	for (done = 0; done < len; done += sizeof(buf)) {
		fill(wanted, sizeof(wanted), &seed);
		for (n = 0; n < sizeof(wanted); nr++) {
			ssize_t sent = send(fd, wanted + n, sizeof(wanted) - n,
					    MSG_ZEROCOPY | MSG_NOSIGNAL);

			if (sent <= 0)
				err(1, "send");
			n += sent;
		}
		for (got = 0; got < sizeof(buf); got += n) {
			n = get(fd, buf + got, sizeof(buf) - got);
			if (!n)
				errx(1, "the end after %lu bytes", done + got);
		}
		if (memcmp(buf, wanted, sizeof(buf)))
			errx(1, "other bytes came back");
	}
	returned(fd, nr);
	printf("%u times lent\n", nr);
}

static void by_record(const char *cid, unsigned long nr)
{
	unsigned int seed = 1, size = 1;
	int fd = reach(cid, RECORDS);
	unsigned long i;
	size_t len;
	ssize_t n;

	for (i = 0; i < nr; i++) {
		size = size * 1664525 + 1013904223;
		len = 1 + (size >> 8) % (i % 4 ? 200 : RECORD_MAX);
		fill(wanted, len, &seed);
		if (send(fd, wanted, len, MSG_EOR | MSG_NOSIGNAL) != (ssize_t)len)
			err(1, "send");
		n = get(fd, buf, sizeof(buf));
		if (n != (ssize_t)len || memcmp(buf, wanted, len))
			errx(1, "%lu: %zd bytes, not %zu, or others", i, n, len);
	}
	/* several wait: a read gives one */
	for (i = 1; i <= 5; i++)
		put(fd, wanted, i * 10);
	for (i = 1; i <= 5; i++) {
		n = get(fd, buf, sizeof(buf));
		if (n != (ssize_t)i * 10)
			errx(1, "of several, number %lu has %zd bytes", i, n);
	}
	printf("%lu records\n", nr);
}

static void half_close(const char *cid)
{
	int fd = reach(cid, ECHO);

	put(fd, "abc", 3);
	if (get(fd, buf, sizeof(buf)) != 3)
		errx(1, "not what was sent");
	if (shutdown(fd, SHUT_WR))
		err(1, "shutdown");
	if (get(fd, buf, sizeof(buf)))
		errx(1, "the other side did not see the end");
	if (send(fd, "x", 1, MSG_NOSIGNAL) >= 0 || errno != EPIPE)
		err(1, "sending goes on after shutdown");
}

static void full(const char *cid)
{
	int fd = reach(cid, DEAF);
	unsigned long done = 0;
	ssize_t n;

	while ((n = send(fd, buf, 4096, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		done += n;
	if (errno != EAGAIN)
		err(1, "send");
	printf("%lu bytes fit\n", done);
	if (done > MIB)
		errx(1, "nobody has stopped us");
	put(fd, buf, sizeof(buf));	/* goes on once it reads */
	shutdown(fd, SHUT_WR);
	if (get(fd, buf, sizeof(buf)) != 1)
		errx(1, "no answer");
}

static void hold(const char *cid)
{
	int fd = reach(cid, ECHO);
	double begin;
	ssize_t n;

	put(fd, "x", 1);
	get(fd, buf, 1);
	printf("holds\n");
	fflush(stdout);
	begin = now();
	n = recv(fd, buf, 1, 0);
	printf("%s after %.2f s\n", n ? strerrorname_np(errno) : "EOF", now() - begin);
}

static int refused(const char *cid, const char *port, const char *name)
{
	struct sockaddr_vm a = address(atoi(cid), atoi(port));
	const char *why = "connected";

	if (connect(make(SOCK_STREAM), (struct sockaddr *)&a, sizeof(a)))
		why = strerrorname_np(errno);
	printf("%s\n", why);
	return strcmp(why, name) != 0;
}

static void many(const char *cid, unsigned long nr)
{
	double begin = now();
	unsigned long i;
	int fd;

	for (i = 0; i < nr; i++) {
		fd = reach(cid, ECHO);
		put(fd, &i, sizeof(i));
		if (get(fd, buf, sizeof(buf)) != sizeof(i) || memcmp(buf, &i, sizeof(i)))
			errx(1, "connection %lu: other bytes", i);
		close(fd);
	}
	printf("%.1f ms a connection\n", (now() - begin) * 1e3 / nr);
}

static void speed(const char *cid, unsigned long len)
{
	int fd = reach(cid, COUNT);
	unsigned long done, total = 0;
	double begin = now();

	for (done = 0; done < len; done += sizeof(buf))
		put(fd, buf, sizeof(buf));
	shutdown(fd, SHUT_WR);
	get(fd, &total, sizeof(total));
	if (total != len)
		errx(1, "%lu bytes came, not %lu", total, len);
	printf("%.1f MiB/s\n", len / (double)MIB / (now() - begin));
}

static void show_cid(void)
{
	unsigned int cid;
	int fd = open("/dev/vsock", O_RDONLY);

	if (fd < 0 || ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid))
		err(1, "/dev/vsock");
	printf("%u\n", cid);
}

/* Who is served is waited for: silence tells the two apart. */
static int distrusted(const char *cid, const char *port)
{
	struct sockaddr_vm a = address(atoi(cid), atoi(port));
	int s = make(SOCK_STREAM);
	struct pollfd p = { .fd = s, .events = POLLIN };
	char answer;

	if (connect(s, (struct sockaddr *)&a, sizeof(a)))
		err(1, "connect");
	if (poll(&p, 1, 2000) != 1)
		errx(1, "it listens");
	return read(s, &answer, 1) > 0;
}

static int forbidden(const char *cid, const char *port)
{
	struct sockaddr_vm from = address(VMADDR_CID_ANY, 777);
	struct sockaddr_vm a = address(atoi(cid), atoi(port));
	int s = make(SOCK_STREAM);

	if (drop_capability(CAP_SYS_ADMIN))
		err(1, "capset");
	if (bind(s, (struct sockaddr *)&from, sizeof(from)))
		err(1, "bind");
	return !connect(s, (struct sockaddr *)&a, sizeof(a)) || errno != ENETUNREACH;
}

int main(int argc, char **argv)
{
	const char *act = argc > 1 ? argv[1] : "";
	unsigned long nr = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;

	if (!strcmp(act, "serve"))
		serve();
	else if (!strcmp(act, "cid"))
		show_cid();
	else if (!strcmp(act, "at") && argc > 3)
		return at(argv[2], argv + 3);
	else if (!strcmp(act, "both") && argc == 4)
		both(argv[2], nr << 20);
	else if (!strcmp(act, "zerocopy") && argc == 4)
		zerocopy(argv[2], nr << 20);
	else if (!strcmp(act, "records") && argc == 4)
		by_record(argv[2], nr);
	else if (!strcmp(act, "shutdown") && argc == 3)
		half_close(argv[2]);
	else if (!strcmp(act, "full") && argc == 3)
		full(argv[2]);
	else if (!strcmp(act, "hold") && argc == 3)
		hold(argv[2]);
	else if (!strcmp(act, "refused") && argc == 5)
		return refused(argv[2], argv[3], argv[4]);
	else if (!strcmp(act, "distrusted") && argc == 4)
		return distrusted(argv[2], argv[3]);
	else if (!strcmp(act, "forbidden") && argc == 4)
		return forbidden(argv[2], argv[3]);
	else if (!strcmp(act, "many") && argc == 4)
		many(argv[2], nr);
	else if (!strcmp(act, "speed") && argc == 4)
		speed(argv[2], nr << 20);
	else
		errx(2, "see vsock.c");
	return 0;
}
