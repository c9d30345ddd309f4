// SPDX-License-Identifier: GPL-2.0
/*
 * State changes of instances as they happen.  A descriptor of each instance
 * polls readable on a change; that an instance is new shows in a uevent and, as
 * these are not delivered everywhere (containers), at the latest a second later
 * in the list.
 */
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "json.h"
#include "mkctl.h"
#include "text.h"

#define LOOK_MS		1000
#define KERNEL_UEVENTS	1	/* multicast group of the kernel's own uevents */

/**
 * struct stream - one run of "mkctl events"
 * @dev:	/dev/mk
 * @uevents:	netlink socket, or -1
 * @args:	the command line
 * @told:	events so far
 * @since:	when it began, CLOCK_MONOTONIC
 * @gone:	the only instance to look at was deleted
 * @nr:		instances that are watched
 * @polls:	what to poll: an instance each, then the socket
 */
struct stream {
	int dev;
	int uevents;
	const struct args *args;
	__u32 told;
	__u64 since;
	bool gone;
	unsigned int nr;
	struct pollfd polls[MKCTL_MAX_INSTANCES + 1];
};

static struct instance watched[MKCTL_MAX_INSTANCES];

static void print_time(void)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	printf("%s.%03ldZ ", text, now.tv_nsec / 1000000);
}

static void tell_text(const char *event, const struct mk_query *q)
{
	print_time();
	printf("%s (%u): ", q->name, q->id);
	if (strcmp(event, "state")) {
		puts(event);
		return;
	}
	printf("%s%s%s%s", state_name(q->state), q->reason ? ", " : "", reason_words(q->reason),
	       *q->text ? ": " : "");
	text_escaped(stdout, q->text, strlen(q->text));
	putchar('\n');
}

static void tell_json(const char *event, const struct instance *in)
{
	json_object(NULL);
	json_str("event", event);
	json_u64("time_ms", clock_ns(CLOCK_REALTIME) / 1000000);
	instance_json("instance", in);
	json_end();
}

/* Flushed each: who reads a pipe wants it now. */
static void tell(struct stream *s, const char *event, const struct instance *in)
{
	if (settings.json)
		tell_json(event, in);
	else
		tell_text(event, &in->q);
	fflush(stdout);
	s->told++;
}

static bool enough(const struct stream *s)
{
	return s->gone || ferror(stdout) ||
	       ((s->args->given & OPT_COUNT) && s->told >= s->args->count);
}

static void forget(struct stream *s, unsigned int i)
{
	tell(s, "deleted", &watched[i]);
	s->gone = s->args->name;
	instance_close(&watched[i]);
	memmove(&watched[i], &watched[i + 1], (s->nr - i - 1) * sizeof(watched[0]));
	s->nr--;
}

/* A start that is refused leaves the state as it was. */
static bool is_news(const struct mk_query *was, const struct mk_query *now)
{
	return now->state != was->state || now->reason != was->reason || now->boots != was->boots;
}

/* Asks one again; what it was is kept for the report of its end. */
static void look(struct stream *s, unsigned int i)
{
	static struct instance now;
	bool news;

	now.fd = watched[i].fd;
	if (instance_peek(&now) < 0) {
		forget(s, i);
		return;
	}
	news = is_news(&watched[i].q, &now.q);
	watched[i] = now;
	if (news)
		tell(s, "state", &watched[i]);
}

static bool is_watched(const struct stream *s, __u32 id)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (watched[i].q.id == id)
			return true;
	return false;
}

static void watch(struct stream *s, __u32 id, bool is_new)
{
	struct mk_open o = { .id = id };
	struct instance *in = &watched[s->nr];

	if (s->nr == MKCTL_MAX_INSTANCES || is_watched(s, id))
		return;
	in->fd = dev_ioctl(s->dev, MK_IOC_OPEN, &o, sizeof(o));
	if (in->fd < 0)
		return;
	if (instance_peek(in) < 0) {
		instance_close(in);
		return;
	}
	s->nr++;
	if (is_new)
		tell(s, "created", in);
}

static int watch_all(struct stream *s, bool is_new)
{
	__u32 ids[MKCTL_MAX_INSTANCES];
	unsigned int i, nr;
	int ret = dev_list(s->dev, ids, MKCTL_MAX_INSTANCES, &nr);

	for (i = 0; !ret && i < nr && !enough(s); i++)
		watch(s, ids[i], is_new);
	return ret;
}

static void open_uevents(struct stream *s)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_UEVENTS };

	s->uevents = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    NETLINK_KOBJECT_UEVENT);
	if (s->uevents >= 0 && bind(s->uevents, (struct sockaddr *)&addr, sizeof(addr))) {
		close(s->uevents);
		s->uevents = -1;
	}
}

/* What they say is not believed, they only wake us up: the list is the truth. */
static void drain_uevents(const struct stream *s)
{
	char buf[8192];

	while (recv(s->uevents, buf, sizeof(buf), 0) > 0)
		;
}

/* Milliseconds to the next look at the list, -1 when the time is over. */
static int pause_ms(const struct stream *s)
{
	long left = s->args->timeout_ms - (clock_ns(CLOCK_MONOTONIC) - s->since) / 1000000;

	if (s->args->timeout_ms < 0 || left > LOOK_MS)
		return LOOK_MS;
	return left > 0 ? left : -1;
}

static void poll_all(struct stream *s, int ms)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		s->polls[i] = (struct pollfd){ .fd = watched[i].fd, .events = POLLIN };
	s->polls[s->nr] = (struct pollfd){ .fd = s->uevents, .events = POLLIN };
	i = s->nr;
	if (poll(s->polls, s->nr + 1, ms) <= 0)
		return;
	if (s->polls[i].revents)
		drain_uevents(s);
	/* From the end, as forgetting one moves those behind it. */
	while (i-- && !enough(s))
		if (s->polls[i].revents)
			look(s, i);
}

static int stream(struct stream *s)
{
	int ms, ret = 0;

	while (!ret && !enough(s)) {
		ms = pause_ms(s);
		if (ms < 0)
			return (s->args->given & OPT_COUNT) ? WAIT_TIMEOUT : EXIT_DONE;
		poll_all(s, ms);
		if (!s->args->name)
			ret = watch_all(s, true);
	}
	return ret;
}

static int begin(struct stream *s)
{
	int ret;

	if (!s->args->name) {
		open_uevents(s);
		return watch_all(s, false);
	}
	ret = instance_open(s->args->name, &watched[0]);
	s->nr = !ret;
	return ret;
}

static int do_events(const struct args *a)
{
	static struct stream s = { .dev = -1, .uevents = -1 };
	int ret = dev_open(&s.dev);

	s.args = a;
	s.since = clock_ns(CLOCK_MONOTONIC);
	ret = ret ?: begin(&s) ?: stream(&s);
	if (ret == WAIT_TIMEOUT)
		return fail(EXIT_FAILED, "timeout", "events", "wait longer: --timeout SECS",
			    "%u of %u came in time", s.told, a->count);
	return ret;
}

const struct cmd events_cmds[] = {
	{ .verb = "events", .operand = "[NAME]",
	  .options = OPT_COUNT | OPT_TIMEOUT,
	  .summary = "Print state changes of instances as they happen",
	  .detail = "Of all instances, new ones too, or of one until it is deleted. With --json\n"
		    "every line is an object. Ends after --count events, or with --timeout; when\n"
		    "both are given and the time runs out first, the exit code is 1.\n",
	  .example = "mkctl events --count 10",
	  .run = do_events },
	{ }
};
