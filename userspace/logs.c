// SPDX-License-Identifier: GPL-2.0
/* The kernel log of an instance, read from its memory without its help. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "json.h"
#include "mkctl.h"
#include "printk_ring.h"
#include "text.h"

#define FOLLOW_MS	500

/**
 * struct log - one run of "mkctl logs"
 * @in:		the instance
 * @level:	records of a higher level are left out
 * @next:	sequence number of the next record to print
 * @found:	where the ring was found, so that following it searches once
 * @denied:	the module's answer when it refused a read
 */
struct log {
	struct instance in;
	unsigned int level;
	__u64 next;
	__u64 found;
	struct mk_error denied;
};

static int read_memory(void *ctx, __u64 phys, void *buf, size_t len)
{
	struct log *log = ctx;
	struct mk_read r = { .addr = phys, .buf = (__u64)(unsigned long)buf, .len = len };

	if (dev_ioctl(log->in.fd, MK_IOC_READ, &r, sizeof(r)) >= 0)
		return 0;
	log->denied = r.hdr.err;
	return -errno;
}

static void record_json(const struct mk_log_record *rec)
{
	json_object(NULL);
	json_u64("seq", rec->seq);
	json_u64("time_ns", rec->ts_nsec);
	json_u64("level", rec->level);
	json_u64("facility", rec->facility);
	json_u64("caller", rec->caller_id);
	json_text("text", rec->text, rec->len);
	json_end();
}

/* As dmesg: the further lines of a record stand under its first one. */
static void record_text(const struct mk_log_record *rec)
{
	const char *text = rec->text, *end = rec->text + rec->len, *line_end;
	int indent;

	indent = printf("[%5llu.%06llu] ", rec->ts_nsec / 1000000000,
			rec->ts_nsec / 1000 % 1000000);
	for (;;) {
		line_end = memchr(text, '\n', end - text);
		text_escaped(stdout, text, (line_end ?: end) - text);
		putchar('\n');
		if (!line_end)
			return;
		text = line_end + 1;
		printf("%*s", indent, "");
	}
}

static int print_record(void *ctx, const struct mk_log_record *rec)
{
	struct log *log = ctx;

	if (rec->seq < log->next)
		return 0;
	log->next = rec->seq + 1;
	if (rec->level > log->level)
		return 0;
	if (settings.json)
		record_json(rec);
	else
		record_text(rec);
	return 0;
}

/* A kernel that has just begun has no log yet: that is no error to a follower. */
static bool too_early(const struct log *log)
{
	return !log->next &&
	       (log->in.q.state == MK_LOADED || log->in.q.state == MK_STARTING);
}

static int decode(struct log *log, bool follow)
{
	struct mk_mem mem = {
		.ctx = log,
		.read = read_memory,
		.extents = log->in.extents,
		.nr_extents = log->in.q.nr_extents,
		.found = &log->found,
	};
	char why[256] = "";
	int ret;

	memset(&log->denied, 0, sizeof(log->denied));
	ret = mk_log_decode(&mem, print_record, log, why, sizeof(why));
	fflush(stdout);
	if (ret >= 0 || (follow && too_early(log)))
		return 0;
	if (log->denied.code == MK_E_STATE)
		snprintf(why, sizeof(why), "no kernel is loaded in it");
	else if (log->denied.code)
		return fail_mk(&log->denied, "read its memory", log->in.label);
	return fail(EXIT_FAILED, "no_log", log->in.label,
		    "a kernel has a log from early in its boot on; `mkctl show NAME` tells its state",
		    "no kernel log was found in its memory: %s", *why ? why : strerror(-ret));
}

/* Prints what is new until the instance has ended and its last words are out. */
static int follow(struct log *log)
{
	struct pollfd p = { .fd = log->in.fd, .events = POLLIN };
	bool ended;
	int ret;

	do {
		ret = instance_query(&log->in);
		if (ret)
			return ret;
		ended = instance_ended(&log->in);
		ret = decode(log, true);
		if (!ended && !ret)
			poll(&p, 1, FOLLOW_MS);
	} while (!ended && !ret && !ferror(stdout));
	return ret;
}

static int do_logs(const struct args *a)
{
	static struct log log = { .in = INSTANCE_NONE };
	int ret = instance_open(a->name, &log.in);

	log.level = a->level;
	if (!ret)
		ret = a->given & OPT_FOLLOW ? follow(&log) : decode(&log, false);
	instance_close(&log.in);
	return ret;
}

const struct cmd logs_cmds[] = {
	{ .verb = "logs", .operand = "NAME",
	  .options = OPT_FOLLOW | OPT_LEVEL,
	  .summary = "Print the kernel log of an instance",
	  .detail = "It is read from the instance's memory, so it is there in every state: of one\n"
		    "that died early or hangs, too. Control characters come out as \\xNN. With\n"
		    "--json every line is an object.\n",
	  .example = "mkctl logs web --level warn",
	  .run = do_logs },
	{ }
};
