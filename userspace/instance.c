// SPDX-License-Identifier: GPL-2.0
/* The life of an instance: create, load, start, wait, stop, kill, delete. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mkctl.h"
#include "parse.h"

#define STOP_TIMEOUT_MS	30000

#define ENDED		(BIT(MK_STOPPED) | BIT(MK_CRASHED))
#define ACTIVE		(BIT(MK_STARTING) | BIT(MK_RUNNING) | BIT(MK_STOPPING))

bool instance_ended(const struct instance *in)
{
	return BIT(in->q.state) & ENDED;
}

bool instance_active(const struct instance *in)
{
	return BIT(in->q.state) & ACTIVE;
}

void instance_close(struct instance *in)
{
	close_fd(&in->fd);
	in->fd = -1;
}

static void set_label(struct instance *in, const char *name)
{
	snprintf(in->label, sizeof(in->label), "instance %s", name);
}

int instance_peek(struct instance *in)
{
	struct mk_query *q = &in->q;
	int ret;

	memset(q, 0, sizeof(*q));
	q->cpus = (__u64)(unsigned long)in->cpus;
	q->extents = (__u64)(unsigned long)in->extents;
	q->nr_cpus = MK_MAX_CPUS;
	q->nr_extents = MK_MAX_EXTENTS;
	ret = dev_ioctl(in->fd, MK_IOC_QUERY, q, sizeof(*q));
	q->name[MK_NAME_SIZE - 1] = '\0';
	q->text[MK_TEXT_SIZE - 1] = '\0';
	q->release[MK_RELEASE_SIZE - 1] = '\0';
	return ret;
}

int instance_query(struct instance *in)
{
	if (instance_peek(in) < 0)
		return fail_mk(&in->q.hdr.err, "query", in->label);
	set_label(in, in->q.name);
	return 0;
}

static int open_instance(int dev, struct mk_open *o, struct instance *in)
{
	in->fd = dev_ioctl(dev, MK_IOC_OPEN, o, sizeof(*o));
	if (in->fd < 0)
		return fail_mk(&o->hdr.err, "open", in->label);
	return instance_query(in);
}

int instance_open_id(int dev, __u32 id, struct instance *in)
{
	struct mk_open o = { .id = id };
	char text[16];

	snprintf(text, sizeof(text), "%u", id);
	set_label(in, text);
	return open_instance(dev, &o, in);
}

int instance_open(const char *name, struct instance *in)
{
	_cleanup_fd_ int dev = -1;
	struct mk_open o = { };
	int ret = dev_open(&dev);
	__u32 id;

	if (ret)
		return ret;
	if (!parse_u32(name, &id))
		return instance_open_id(dev, id, in);
	set_label(in, name);
	snprintf(o.name, sizeof(o.name), "%s", name);
	return open_instance(dev, &o, in);
}

/* --- waiting ------------------------------------------------------------ */

static bool shows_progress(void)
{
	return !settings.json && !settings.quiet && isatty(STDERR_FILENO);
}

static void progress(const struct instance *in, __u64 since)
{
	if (shows_progress())
		fprintf(stderr, "\r\033[K%s: %s, %llu s", in->q.name, state_name(in->q.state),
			(clock_ns(CLOCK_MONOTONIC) - since) / 1000000000);
}

static void progress_end(void)
{
	if (shows_progress())
		fputs("\r\033[K", stderr);
}

/* Milliseconds to sleep: at most a second where progress is shown. */
static int slice(__u64 since, long timeout_ms)
{
	long left = timeout_ms - (clock_ns(CLOCK_MONOTONIC) - since) / 1000000;
	int most = shows_progress() ? 1000 : 60000;

	if (timeout_ms < 0)
		return most;
	if (left < 0)
		return 0;
	return left < most ? left : most;
}

/* Who starts an instance again may be faster than who waits for its end. */
static bool run_ended(const struct instance *in, __u64 run)
{
	return in->q.boots > run || (in->q.boots == run && !instance_active(in));
}

int instance_wait(struct instance *in, unsigned int states, long timeout_ms)
{
	__u64 run = in->q.boots + !instance_active(in);
	__u64 since = clock_ns(CLOCK_MONOTONIC);
	struct pollfd p = { .fd = in->fd, .events = POLLIN };
	int ret, ms;

	for (;;) {
		ret = instance_query(in);
		if (ret || (BIT(in->q.state) & states))
			break;
		if (run_ended(in, run)) {
			ret = (states & ENDED) == ENDED ? WAIT_REACHED : WAIT_ENDED;
			break;
		}
		ms = slice(since, timeout_ms);
		if (!ms) {
			ret = WAIT_TIMEOUT;
			break;
		}
		progress(in, since);
		poll(&p, 1, ms);
	}
	progress_end();
	return ret;
}

static int fail_timeout(const struct instance *in)
{
	char remedy[256];

	snprintf(remedy, sizeof(remedy), "wait longer, or see what it does: mkctl logs %s",
		 in->q.name);
	return fail(EXIT_FAILED, "timeout", in->label, remedy, "the time ran out; it is %s",
		    state_name(in->q.state));
}

int instance_fail_ended(const struct instance *in)
{
	char remedy[256];

	snprintf(remedy, sizeof(remedy), "`mkctl logs %s` shows its kernel log", in->q.name);
	if (!instance_ended(in))
		return fail(EXIT_FAILED, "ended", in->label, remedy,
			    "it has ended, and is %s again", state_name(in->q.state));
	return fail(EXIT_FAILED, "ended", in->label, remedy,
		    "it %s%s: %s%s%s", state_name(in->q.state),
		    in->q.running_ns ? "" : " before it ran", reason_words(in->q.reason),
		    *in->q.text ? ": " : "", in->q.text);
}

/* A short-lived instance may have run and ended before we looked. */
static int wait_running(struct instance *in, long timeout_ms)
{
	int ret = instance_wait(in, BIT(MK_RUNNING) | BIT(MK_STOPPING), timeout_ms);

	if (ret == WAIT_TIMEOUT)
		return fail_timeout(in);
	if (ret == WAIT_ENDED)
		return in->q.running_ns ? 0 : instance_fail_ended(in);
	return ret;
}

static int finish(struct instance *in)
{
	int ret = instance_query(in);

	if (!ret)
		instance_report(in);
	return ret;
}

static int do_wait(const struct args *a)
{
	static struct instance in = INSTANCE_NONE;
	int ret = instance_open(a->name, &in);

	if (!ret)
		ret = instance_wait(&in, a->states ?: ENDED, a->timeout_ms);
	if (ret == WAIT_TIMEOUT)
		ret = fail_timeout(&in);
	else if (ret == WAIT_ENDED)
		ret = instance_fail_ended(&in);
	else if (!ret)
		instance_report(&in);
	instance_close(&in);
	return ret;
}

/* --- create, load, start, run ------------------------------------------- */

static int create(const struct args *a, struct instance *in)
{
	_cleanup_fd_ int dev = -1;
	struct mk_create c = {
		.cpus = (__u64)(unsigned long)a->cpus,
		.nr_cpus = a->nr_cpus,
		.node = a->given & OPT_NODE ? a->node : a->memory[0].node,
		.memory = a->memory[0].size,
	};
	int ret;

	if (a->nr_memory != 1)
		return fail(EXIT_USAGE, "usage", a->name, "name one size: --memory 512M",
			    "an instance has one size of memory");
	if ((a->given & OPT_NODE) && a->memory[0].node != MK_NODE_ANY &&
	    a->memory[0].node != a->node)
		return fail(EXIT_USAGE, "usage", a->name, "name one of them",
			    "--memory is to be of node %d, and --node says %d", a->memory[0].node,
			    a->node);
	set_label(in, a->name);
	snprintf(c.name, sizeof(c.name), "%s", a->name);
	ret = dev_open(&dev);
	if (ret)
		return ret;
	in->fd = dev_ioctl(dev, MK_IOC_CREATE, &c, sizeof(c));
	return in->fd < 0 ? fail_mk(&c.hdr.err, "create", in->label) : 0;
}

static int call_plain(struct instance *in, unsigned long request, const char *verb)
{
	struct mk_hdr hdr = { };

	return dev_call(in->fd, request, &hdr, sizeof(hdr), verb, in->label);
}

static int set_policy(const struct args *a, struct instance *in)
{
	struct mk_policy p = { .restart = a->restart };

	if (!(a->given & OPT_RESTART))
		return 0;
	return dev_call(in->fd, MK_IOC_POLICY, &p, sizeof(p), "update", in->label);
}

static int do_create(const struct args *a)
{
	static struct instance in = INSTANCE_NONE;
	int ret = create(a, &in) ?: set_policy(a, &in) ?: finish(&in);

	instance_close(&in);
	return ret;
}

static int load(const struct args *a, const struct image *img, struct instance *in)
{
	__u32 was;
	int ret = rootfs_permit(&a->rootfs, in->q.name, &was);

	if (ret)
		return ret;
	ret = image_load(img, a, in);
	if (ret)
		rootfs_restore(&a->rootfs, in->q.name, was);
	return ret;
}

static int do_load(const struct args *a)
{
	_cleanup_image_ struct image img = IMAGE_NONE;
	static struct instance in = INSTANCE_NONE;
	int ret = instance_open(a->name, &in) ?: image_open(a, &img) ?: load(a, &img, &in) ?:
		  finish(&in);

	instance_close(&in);
	return ret;
}

/* What has run is not what was loaded: it is loaded anew. */
static int load_again(struct instance *in)
{
	return instance_ended(in) ? call_plain(in, MK_IOC_RELOAD, "load") : 0;
}

/* --wait and --no-wait, or what is usual without them. */
static bool waits(const struct args *a, bool usual)
{
	return (a->given & OPT_WAIT) || (usual && !(a->given & OPT_NO_WAIT));
}

static int do_start(const struct args *a)
{
	static struct instance in = INSTANCE_NONE;
	int ret = instance_open(a->name, &in) ?: load_again(&in) ?:
		  call_plain(&in, MK_IOC_START, "start");

	if (!ret && waits(a, a->given & OPT_TIMEOUT))
		ret = wait_running(&in, a->timeout_ms);
	ret = ret ?: finish(&in);
	instance_close(&in);
	return ret;
}

/* Nothing is left behind by a run that did not get as far as its start. */
static void roll_back(struct instance *in)
{
	struct mk_hdr hdr = { };

	if (dev_ioctl(in->fd, MK_IOC_DELETE, &hdr, sizeof(hdr)) < 0)
		warn("%s stays: it could not be deleted again", in->label);
}

void signals_hold(sigset_t *was)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction action;
	sigset_t held;
	unsigned int i;

	sigemptyset(&held);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (!sigaction(ends[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(&held, ends[i]);
	sigprocmask(SIG_BLOCK, &held, was);
}

static int check_signals(const struct instance *in)
{
	sigset_t pending;

	sigpending(&pending);
	if (!sigismember(&pending, SIGHUP) && !sigismember(&pending, SIGINT) &&
	    !sigismember(&pending, SIGTERM))
		return 0;
	return fail(EXIT_FAILED, "interrupted", in->label, NULL,
		    "a signal came before its start; it is deleted again");
}

static int fill_and_start(const struct args *a, const struct image *img, struct instance *in)
{
	int ret = set_policy(a, in) ?: image_load(img, a, in) ?: check_signals(in) ?:
		  call_plain(in, MK_IOC_START, "start");

	if (ret)
		roll_back(in);
	return ret;
}

static int run(const struct args *a, struct instance *in)
{
	_cleanup_image_ struct image img = IMAGE_NONE;
	int ret = image_open(a, &img);
	__u32 permitted;
	sigset_t was;

	if (ret)
		return ret;
	signals_hold(&was);
	ret = rootfs_permit(&a->rootfs, a->name, &permitted);
	if (ret)
		return ret;
	ret = create(a, in) ?: fill_and_start(a, &img, in);
	if (ret) {
		rootfs_restore(&a->rootfs, a->name, permitted);
		return ret;
	}
	sigprocmask(SIG_SETMASK, &was, NULL);
	if (waits(a, true))
		ret = wait_running(in, a->timeout_ms);
	return ret ?: finish(in);
}

static int do_run(const struct args *a)
{
	static struct instance in = INSTANCE_NONE;
	int ret = run(a, &in);

	instance_close(&in);
	return ret;
}

static int do_update(const struct args *a)
{
	static struct instance in = INSTANCE_NONE;
	int ret = instance_open(a->name, &in) ?: set_policy(a, &in) ?: finish(&in);

	instance_close(&in);
	return ret;
}

/* --- stop, kill, delete ------------------------------------------------- */

static int stop_in_time(struct instance *in, const struct args *a)
{
	struct mk_stop s = {
		.timeout_ms = a->timeout_ms < 0 ? STOP_TIMEOUT_MS : a->timeout_ms,
	};
	int ret = dev_call(in->fd, MK_IOC_STOP, &s, sizeof(s), "stop", in->label);

	if (ret || !waits(a, true))
		return ret;
	ret = instance_wait(in, ENDED, -1);
	if (!ret && in->q.reason == MK_REASON_TIMEOUT)
		warn("%s did not stop in time and was killed", in->label);
	return ret;
}

static int do_stop(const struct args *a)
{
	static struct instance in = INSTANCE_NONE;
	int ret;

	if (a->timeout_ms > 3600000 || !a->timeout_ms)
		return fail(EXIT_USAGE, "usage", "--timeout", "name 0.001 to 3600 seconds",
			    "the module does not take this time");
	ret = instance_open(a->name, &in) ?: stop_in_time(&in, a) ?: finish(&in);
	instance_close(&in);
	return ret;
}

static int kill_one(struct instance *in)
{
	return call_plain(in, MK_IOC_KILL, "kill") ?: instance_query(in);
}

/* Kills it where it is active; @label says whom an error is about. */
static struct mk_error kill_id(int dev, __u32 id, struct instance *in)
{
	struct mk_open o = { .id = id };
	struct mk_hdr hdr = { };

	snprintf(in->label, sizeof(in->label), "instance %u", id);
	in->fd = dev_ioctl(dev, MK_IOC_OPEN, &o, sizeof(o));
	if (in->fd < 0)
		return o.hdr.err;
	if (instance_peek(in) < 0)
		return in->q.hdr.err;
	set_label(in, in->q.name);
	if (!instance_active(in))
		return hdr.err;
	if (dev_ioctl(in->fd, MK_IOC_KILL, &hdr, sizeof(hdr)) < 0)
		return hdr.err;
	if (!instance_peek(in) && !settings.json)
		instance_report(in);
	return in->q.hdr.err;
}

/* All get their turn; what is deleted meanwhile is done. The first error counts. */
static int kill_all(void)
{
	static struct instance in = INSTANCE_NONE;
	__u32 ids[MKCTL_MAX_INSTANCES];
	_cleanup_fd_ int dev = -1;
	struct mk_error err;
	unsigned int i, nr;
	int first, ret = dev_open(&dev) ?: dev_list(dev, ids, MKCTL_MAX_INSTANCES, &nr);

	if (ret)
		return ret;
	for (i = 0, first = 0; i < nr; i++) {
		err = kill_id(dev, ids[i], &in);
		ret = 0;
		if (err.code && err.code != MK_E_NO_INSTANCE && err.code != MK_E_DELETED &&
		    !(first && settings.json))
			ret = fail_mk(&err, "kill", in.label);
		first = first ?: ret;
		instance_close(&in);
	}
	return first;
}

static int do_kill(const struct args *a)
{
	static struct instance in = INSTANCE_NONE;
	int ret;

	if (!a->name == !(a->given & OPT_ALL))
		return fail(EXIT_USAGE, "usage", NULL, "`mkctl kill NAME` or `mkctl kill --all`",
			    "`mkctl kill` takes either a name or --all");
	if (a->given & OPT_ALL) {
		ret = kill_all();
		return ret || !settings.json ? ret : cmd_find(NULL, "list")->run(a);
	}
	ret = instance_open(a->name, &in) ?: kill_one(&in);
	if (!ret)
		instance_report(&in);
	instance_close(&in);
	return ret;
}

/* A lost CPU keeps it from being started, not from being deleted. */
static int kill_first(struct instance *in)
{
	struct mk_hdr hdr = { };

	if (dev_ioctl(in->fd, MK_IOC_KILL, &hdr, sizeof(hdr)) < 0 && hdr.err.code != MK_E_LOST)
		return fail_mk(&hdr.err, "kill", in->label);
	return instance_query(in);
}

static int do_delete(const struct args *a)
{
	static struct instance in = INSTANCE_NONE;
	int ret = instance_open(a->name, &in);

	if (!ret && (a->given & OPT_FORCE))
		ret = kill_first(&in);
	ret = ret ?: call_plain(&in, MK_IOC_DELETE, "delete");
	if (!ret && in.q.lost_cpus)
		warn("%s: %u lost CPUs and its memory stay withheld until the host restarts",
		     in.label, in.q.lost_cpus);
	if (!ret && settings.json)
		instance_report(&in);
	else if (!ret)
		say("%s (%u): deleted\n", in.q.name, in.q.id);
	instance_close(&in);
	return ret;
}

#define IMAGE_OPTIONS	(OPT_INITRD | OPT_ROOTFS | OPT_CMDLINE | OPT_APPEND | OPT_NO_AGENT)
#define WAIT_OPTIONS	(OPT_WAIT | OPT_NO_WAIT | OPT_TIMEOUT)

const struct cmd instance_cmds[] = {
	{ .verb = "create", .operand = "NAME",
	  .required = OPT_CPUS | OPT_MEMORY, .options = OPT_NODE | OPT_RESTART,
	  .summary = "Make an instance of CPUs and memory of the pool",
	  .detail = "It boots on the first CPU of the list. Its memory is a multiple of 2M.\n",
	  .example = "mkctl create web --cpus 2-3 --memory 512M",
	  .run = do_create },
	{ .verb = "load", .operand = "NAME",
	  .required = OPT_KERNEL, .options = IMAGE_OPTIONS,
	  .summary = "Load a kernel, its initramfs and its command line",
	  .detail = "mk-init and mk_core go in front of the initramfs: they keep the instance\n"
		    "from resetting the machine and tell the host that it runs. --rootfs is a region\n"
		    "that it is permitted to use, and its root instead of an initramfs.\n",
	  .example = "mkctl load web --kernel /boot/vmlinuz-6.1.0-30-amd64 --initrd web.cpio",
	  .run = do_load },
	{ .verb = "start", .operand = "NAME",
	  .options = WAIT_OPTIONS,
	  .summary = "Start a loaded instance, or one that has ended again",
	  .detail = "Returns when its CPU was started; with --wait or --timeout when it runs.\n",
	  .example = "mkctl start web --wait --timeout 20",
	  .run = do_start },
	{ .verb = "run", .operand = "NAME",
	  .required = OPT_CPUS | OPT_MEMORY | OPT_KERNEL,
	  .options = OPT_NODE | OPT_RESTART | IMAGE_OPTIONS | WAIT_OPTIONS,
	  .summary = "Create, load and start an instance, and wait until it runs",
	  .detail = "When a step before its start fails, or Ctrl-C or SIGTERM comes before it,\n"
		    "nothing is left behind.\n",
	  .example = "mkctl run web --cpus 2 --memory 512M --kernel /boot/vmlinuz-$(uname -r)",
	  .run = do_run },
	{ .verb = "update", .operand = "NAME",
	  .required = OPT_RESTART,
	  .summary = "Change what happens when an instance ends",
	  .detail = "on-failure: it is loaded and started again when it crashed, after 1 second,\n"
		    "then 2, 4, up to 60, until it has run for a minute. always: also when it\n"
		    "ended by itself. Never after mkctl stop or kill, which also call a restart\n"
		    "off that is due.\n",
	  .example = "mkctl update web --restart on-failure",
	  .run = do_update },
	{ .verb = "wait", .operand = "NAME",
	  .options = OPT_STATE | OPT_TIMEOUT,
	  .summary = "Wait until an instance is in a state",
	  .detail = "Without --state until it is stopped or crashed. When it ends in another\n"
		    "state, or the time runs out, the exit code is 1.\n",
	  .example = "mkctl wait web --state stopped,crashed --timeout 60",
	  .run = do_wait },
	{ .verb = "stop", .operand = "NAME",
	  .options = WAIT_OPTIONS,
	  .summary = "Ask an instance to power off; kill it when the time runs out",
	  .detail = "The default timeout is 30 seconds; it holds even when mkctl ends before.\n",
	  .example = "mkctl stop web --timeout 10",
	  .run = do_stop },
	{ .verb = "kill", .operand = "[NAME]",
	  .options = OPT_ALL,
	  .summary = "End an instance at once, whatever it does",
	  .detail = "Returns when all its CPUs are known to be halted.\n",
	  .example = "mkctl kill web",
	  .run = do_kill },
	{ .verb = "delete", .operand = "NAME",
	  .options = OPT_FORCE,
	  .summary = "Give the CPUs and the memory of an ended instance back to the pool",
	  .example = "mkctl delete web --force",
	  .run = do_delete },
	{ }
};
