// SPDX-License-Identifier: GPL-2.0
/* Instances as tables, lines and JSON. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "mkctl.h"
#include "table.h"
#include "text.h"

/* From the last start until now, or until it ended. */
static __u64 lifetime(const struct instance *in)
{
	__u64 now = clock_ns(CLOCK_BOOTTIME);

	if (!in->q.start_ns)
		return 0;
	return (instance_ended(in) && in->q.end_ns ? in->q.end_ns : now) - in->q.start_ns;
}

static void json_cpus(const struct instance *in)
{
	unsigned int i;

	json_array("cpus");
	for (i = 0; i < in->q.nr_cpus && i < MK_MAX_CPUS; i++) {
		json_object(NULL);
		json_u64("cpu", in->cpus[i].cpu);
		json_u64("apicid", in->cpus[i].apicid);
		json_s64("node", in->cpus[i].node);
		json_end();
	}
	json_end();
}

static void json_extents(const struct instance *in)
{
	unsigned int i;

	json_array("extents");
	for (i = 0; i < in->q.nr_extents && i < MK_MAX_EXTENTS; i++) {
		json_object(NULL);
		json_addr("start", in->extents[i].start);
		json_u64("size", in->extents[i].size);
		json_s64("node", in->extents[i].node);
		json_end();
	}
	json_end();
}

static void json_times(const struct mk_query *q)
{
	json_u64("start_ns", q->start_ns);
	json_u64("end_ns", q->end_ns);
	json_u64("prepare_ns", q->prepare_ns);
	json_u64("clear_ns", q->clear_ns);
	json_u64("kill_ns", q->kill_ns);
	json_u64("user_ns", q->user_ns);
	json_u64("running_ns", q->running_ns);
	json_u64("beat_ms", q->beat_ms);
}

static void json_places(const struct mk_query *q)
{
	json_addr("window", q->window);
	json_u64("window_size", q->window_size);
	json_addr("control", q->control);
	json_addr("rsdp", q->rsdp);
	json_addr("tables", q->tables);
	json_u64("tables_size", q->tables_size);
	json_u64("host_bytes", q->host_bytes);
}

void instance_json(const char *key, const struct instance *in)
{
	const struct mk_query *q = &in->q;

	json_object(key);
	json_u64("id", q->id);
	json_str("name", q->name);
	json_str("state", state_name(q->state));
	json_str("reason", reason_name(q->reason));
	json_str("text", q->text);
	json_str("release", *q->release ? q->release : NULL);
	json_cpus(in);
	json_u64("memory", q->memory);
	json_extents(in);
	json_u64("lost_cpus", q->lost_cpus);
	json_u64("generation", q->generation);
	json_u64("boots", q->boots);
	json_str("restart", restart_name(q->restart));
	json_u64("restarts", q->restarts);
	json_u64("restart_ns", q->restart_ns);
	json_times(q);
	json_places(q);
	json_end();
}

static void print_reason(const struct mk_query *q)
{
	if (q->reason != MK_REASON_NONE)
		printf(", %s", reason_words(q->reason));
	if (*q->text) {
		fputs(": ", stdout);
		text_escaped(stdout, q->text, strlen(q->text));
	}
}

void instance_report(const struct instance *in)
{
	const struct mk_query *q = &in->q;

	if (settings.json) {
		instance_json(NULL, in);
		return;
	}
	if (settings.quiet)
		return;
	printf("%s (%u): %s%s%s", q->name, q->id, paint_state(q->state), state_name(q->state),
	       *paint_state(q->state) ? paint_end() : "");
	print_reason(q);
	putchar('\n');
}

/* --- list --------------------------------------------------------------- */

static void list_row(struct table *t, const struct instance *in)
{
	const struct mk_query *q = &in->q;
	char size[SIZE_TEXT], time[SIZE_TEXT];
	char *cpus = cpus_text(in->cpus, q->nr_cpus);

	table_cell(t, "", "%u", q->id);
	table_cell(t, "", "%s", q->name);
	table_cell(t, paint_state(q->state), "%s", state_name(q->state));
	table_cell(t, "", "%s", cpus);
	table_cell(t, "", "%s", size_text(q->memory, size));
	table_cell(t, "", "%s", q->start_ns ? time_text(lifetime(in), time) : "-");
	table_cell(t, "", "%s", *q->release ? q->release : "-");
	table_cell(t, "", "%s", q->reason ? reason_words(q->reason) : "-");
	free(cpus);
}

/* An instance that is deleted while we look is left out. */
static void list_each(int dev, const __u32 *ids, unsigned int nr, struct table *t)
{
	static struct instance in = INSTANCE_NONE;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct mk_open o = { .id = ids[i] };

		in.fd = dev_ioctl(dev, MK_IOC_OPEN, &o, sizeof(o));
		if (in.fd < 0)
			continue;
		if (!instance_peek(&in)) {
			if (settings.json)
				instance_json(NULL, &in);
			else
				list_row(t, &in);
		}
		instance_close(&in);
	}
}

static int do_list(const struct args *a)
{
	static const char *const heads[] = { "ID", "NAME", "STATE", "CPUS", "MEMORY", "TIME",
					     "KERNEL", "REASON", NULL };
	_cleanup_fd_ int dev = -1;
	__u32 ids[MKCTL_MAX_INSTANCES];
	struct table t;
	unsigned int nr;
	int ret = dev_open(&dev) ?: dev_list(dev, ids, MKCTL_MAX_INSTANCES, &nr);

	(void)a;
	if (ret)
		return ret;
	if (settings.json) {
		json_object(NULL);
		json_array("instances");
		list_each(dev, ids, nr, NULL);
		json_end();
		json_end();
		return EXIT_DONE;
	}
	table_begin(&t, heads);
	list_each(dev, ids, nr, &t);
	table_end(&t);
	return EXIT_DONE;
}

/* --- show --------------------------------------------------------------- */

void field(const char *name, const char *fmt, ...)
{
	va_list ap;

	printf("%s%-12s%s", paint_head(), name, paint_end());
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void show_cpus(const struct instance *in)
{
	char *cpus = cpus_text(in->cpus, in->q.nr_cpus);
	unsigned int i;

	printf("%s%-12s%s%s (APIC", paint_head(), "cpus", paint_end(), cpus);
	for (i = 0; i < in->q.nr_cpus; i++)
		printf(" %u", in->cpus[i].apicid);
	puts(")");
	free(cpus);
}

static void show_memory(const struct instance *in)
{
	char size[SIZE_TEXT];
	unsigned int i;

	field("memory", "%s", size_text(in->q.memory, size));
	for (i = 0; i < in->q.nr_extents; i++)
		field("", "%s at 0x%llx, node %d", size_text(in->extents[i].size, size),
		      in->extents[i].start, in->extents[i].node);
	field("low window", "%s at 0x%llx", size_text(in->q.window_size, size), in->q.window);
	field("host spends", "%s", size_about(in->q.host_bytes, size));
}

static void show_time(const char *name, __u64 ns)
{
	char time[SIZE_TEXT];

	if (ns)
		field(name, "%s", time_text(ns, time));
}

static void show_text(const struct instance *in)
{
	const struct mk_query *q = &in->q;

	field("id", "%u", q->id);
	field("name", "%s", q->name);
	printf("%s%-12s%s%s%s%s", paint_head(), "state", paint_end(), paint_state(q->state),
	       state_name(q->state), paint_end());
	print_reason(q);
	putchar('\n');
	if (*q->release)
		field("kernel", "%s", q->release);
	show_cpus(in);
	show_memory(in);
	field("starts", "%llu", q->boots);
	field("restart", "%s%s", restart_name(q->restart), q->restart_ns ? ", one is due" : "");
	show_time("lifetime", lifetime(in));
	show_time("preparation", q->prepare_ns);
	show_time("clearing", q->clear_ns);
	show_time("user space", q->user_ns);
	show_time("running", q->running_ns);
	show_time("kill", q->kill_ns);
	if (q->state == MK_RUNNING)
		field("heartbeat", "%llu ms ago", q->beat_ms);
	if (q->lost_cpus)
		field("lost CPUs", "%s%u%s", paint_bad(), q->lost_cpus, paint_end());
}

static int do_show(const struct args *a)
{
	static struct instance in = INSTANCE_NONE;
	int ret = instance_open(a->name, &in);

	if (!ret && settings.json)
		instance_json(NULL, &in);
	else if (!ret)
		show_text(&in);
	instance_close(&in);
	return ret;
}

const struct cmd show_cmds[] = {
	{ .verb = "list",
	  .summary = "List all instances",
	  .detail = "TIME is the time since its last start, or from there to its end.\n",
	  .example = "mkctl list --json",
	  .run = do_list },
	{ .verb = "show", .operand = "NAME",
	  .summary = "Show all about one instance",
	  .detail = "Its CPUs and memory, why it ended, and how long its start took.\n",
	  .example = "mkctl show web",
	  .run = do_show },
	{ }
};
