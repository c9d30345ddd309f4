/* SPDX-License-Identifier: GPL-2.0 */
/* What the objects of mkctl share: arguments, errors, the device, output. */
#ifndef MKCTL_H
#define MKCTL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "names.h"
#include "settings.h"
#include "uapi.h"

#define __printf(...)	__attribute((__format__(__printf__, __VA_ARGS__)))
#define BIT(n)		(1ULL << (n))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit codes: stable, documented in mkctl-json(7). */
#define EXIT_DONE		0
#define EXIT_FAILED		1
#define EXIT_USAGE		2
#define EXIT_UNAVAILABLE	3

#define MKCTL_MAX_CPUS		8192	/* CPUs in one list: what Linux can have */
#define MKCTL_MAX_INSTANCES	256

/* --- arguments --------------------------------------------------------- */

#define OPT_JSON	BIT(0)
#define OPT_PRETTY	BIT(1)
#define OPT_QUIET	BIT(2)
#define OPT_NO_COLOR	BIT(3)
#define OPT_HELP	BIT(4)
#define OPT_VERSION	BIT(5)
#define OPT_GLOBAL	(BIT(6) - 1)
#define OPT_CPUS	BIT(6)
#define OPT_MEMORY	BIT(7)
#define OPT_NODE	BIT(8)
#define OPT_KERNEL	BIT(9)
#define OPT_INITRD	BIT(10)
#define OPT_CMDLINE	BIT(11)
#define OPT_APPEND	BIT(12)
#define OPT_NO_AGENT	BIT(13)
#define OPT_ALL		BIT(14)
#define OPT_FORCE	BIT(15)
#define OPT_WAIT	BIT(16)
#define OPT_NO_WAIT	BIT(17)
#define OPT_TIMEOUT	BIT(18)
#define OPT_STATE	BIT(19)
#define OPT_COUNT	BIT(20)
#define OPT_FOLLOW	BIT(21)
#define OPT_LEVEL	BIT(22)
#define OPT_BETWEEN	BIT(23)
#define OPT_SIZE	BIT(24)
#define OPT_RESTART	BIT(25)
#define OPT_READ_ONLY	BIT(26)
#define OPT_NO_HISTORY	BIT(27)
#define OPT_INTERACTIVE	BIT(28)
#define OPT_KIND	BIT(29)
#define OPT_CLASSES	BIT(30)
#define OPT_RATE	BIT(31)
#define OPT_TTY		BIT(32)
#define OPT_NO_TTY	BIT(33)
#define OPT_PERMIT	BIT(34)
#define OPT_FROM	BIT(35)
#define OPT_REPAIR	BIT(36)
#define OPT_ROOTFS	BIT(37)

/**
 * struct args - one command line, parsed
 * @given:	OPT_* bits that were given
 * @name:	the instance, or NULL
 * @words:	the command, the paths or the second word, a NULL behind them
 * @states:	BIT(enum mk_state) for each state of --state
 * @timeout_ms:	--timeout, or -1: no bound
 *
 * The others are named like their options.
 */
struct args {
	__u64 given;
	const char *name;
	char **words;
	__u32 cpus[MKCTL_MAX_CPUS];
	unsigned int nr_cpus;
	struct mk_extent memory[MK_MAX_EXTENTS];
	unsigned int nr_memory;
	__s32 node;
	const char *kernel;
	const char *initrds[MK_MAX_INITRDS];
	unsigned int nr_initrds;
	const char *cmdline;
	unsigned int states;
	long timeout_ms;
	__u32 count;
	unsigned int level;
	char between[2][MK_NAME_SIZE];
	__u64 size;
	__u32 kind;
	__u32 classes;
	__u64 rate;
	__u32 restart;
	struct mk_permit permits[MK_MAX_PERMITS];
	unsigned int nr_permits;
	const char *from;
	struct mk_permit rootfs;	/* its name is a region's */
};

/* What a command's words are, beside options. */
enum takes {
	TAKES_NAME,	/* of an instance, or none */
	TAKES_COMMAND,	/* a name and a command, whose options are its own */
	TAKES_PATHS,	/* at least two */
	TAKES_WORD,	/* a name and one word */
	TAKES_PATH,	/* a name, or a path */
};

/**
 * struct cmd - a command; its usage is made from this
 * @object:	first word where the command has two ("pool"), or NULL
 * @verb:	its word
 * @operand:	"NAME", "[NAME]" or more words, or NULL
 * @takes:	what these are
 * @failed:	exit code of a wrong command line, or 0: EXIT_USAGE
 * @required:	OPT_* that must be given
 * @options:	OPT_* that may be given
 * @summary:	what it does, one line without a final stop
 * @detail:	more, whole lines
 * @example:	a command line that works
 * @run:	does it; returns an exit code
 */
struct cmd {
	const char *object;
	const char *verb;
	const char *operand;
	enum takes takes;
	int failed;
	__u64 required;
	__u64 options;
	const char *summary;
	const char *detail;
	const char *example;
	int (*run)(const struct args *a);
};

/* Each ends with an entry without a verb. */
extern const struct cmd pool_cmds[];
extern const struct cmd instance_cmds[];
extern const struct cmd show_cmds[];
extern const struct cmd events_cmds[];
extern const struct cmd logs_cmds[];
extern const struct cmd console_cmds[];
extern const struct cmd exec_cmds[];
extern const struct cmd copy_cmds[];
extern const struct cmd check_cmds[];
extern const struct cmd channel_cmds[];
extern const struct cmd fs_cmds[];

/* args.c: prints what is wrong; 0 or an exit code */
int args_parse(int argc, char **argv, struct args *a, const struct cmd **cmd);
void args_describe(FILE *out, const struct cmd *cmd);

/* main.c */
const struct cmd *cmd_find(const char *object, const char *verb);
bool cmd_is_object(const char *word);
/* Its words, such as "pool add", until the next call. */
const char *cmd_name(const struct cmd *cmd);
/* The word that the user may have meant, or NULL. */
const char *cmd_closest(const char *object, const char *word);

/* --- output ------------------------------------------------------------ */

/* Nanoseconds of CLOCK_*. */
__u64 clock_ns(int clock);

/* A line about what was done; silent with --quiet and --json. */
void say(const char *fmt, ...) __printf(1, 2);

/* --- error.c ----------------------------------------------------------- */

/**
 * fail() - say what failed, on which object, and what to do
 * @status:	exit code, returned
 * @code:	stable word for programs
 * @object:	what it failed on, or NULL
 * @remedy:	what to do, or NULL
 * @fmt:	the cause
 */
int fail(int status, const char *code, const char *object, const char *remedy,
	 const char *fmt, ...) __printf(5, 6);
void warn(const char *fmt, ...) __printf(1, 2);

/* The same for what the module, or a check shared with it, answered. */
int fail_mk(const struct mk_error *err, const char *verb, const char *object);

/* The remedy where the firmware leaves no low memory. */
#define NO_LOW_MEMORY	"use another machine: no instance can start on this one"

/* --- dev.c ------------------------------------------------------------- */

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_fd_ __attribute__((cleanup(close_fd)))

/* Opens /dev/mk and checks versions. 0 or an exit code. */
int dev_open(int *fd);

/* As dev_open(), for "mkctl check" and "version": says nothing. -errno or 0. */
int dev_peek(int *fd, struct mk_version *v);

/* ioctl; returns what it returned, or -1 with errno and hdr.err set. */
int dev_ioctl(int fd, unsigned long request, void *arg, size_t size);

/* ioctl whose failure is told in words; 0 or an exit code. */
int dev_call(int fd, unsigned long request, void *arg, size_t size,
	     const char *verb, const char *object);

/* channel.c: words of --kind and --classes. NULL, or what is wrong. */
const char *channel_kind(const char *text, __u32 *kind);
const char *channel_classes(const char *text, __u32 *classes);

/* channel.c: opens /dev/mk_ipc. 0 or an exit code. */
int ipc_open(int *fd);

/* Has the host sockets with it, by mk_ipc and not by another transport of AF_VSOCK? */
bool ipc_has_sockets(int dev, const char *instance);

/* Ids of all instances, ascending. 0 or an exit code. */
int dev_list(int fd, __u32 *ids, unsigned int room, unsigned int *nr);

/* --- instance.c, show.c, load.c ---------------------------------------- */

/**
 * struct instance - an open instance and what it last said
 * @fd:		its descriptor
 * @label:	"instance NAME", for errors
 * @q:		the answer; its arrays are @cpus and @extents
 */
struct instance {
	int fd;
	char label[MK_NAME_SIZE + 16];
	struct mk_query q;
	struct mk_pool_cpu cpus[MK_MAX_CPUS];
	struct mk_extent extents[MK_MAX_EXTENTS];
};

void instance_close(struct instance *in);

/* Signals that end mkctl wait; those that the user has it ignore are left alone. */
void signals_hold(sigset_t *was);

#define _cleanup_instance_ __attribute__((cleanup(instance_close)))
#define INSTANCE_NONE { .fd = -1 }

/* Opens by name or number and asks it. 0 or an exit code. */
int instance_open(const char *name, struct instance *in);
int instance_open_id(int dev, __u32 id, struct instance *in);
int instance_query(struct instance *in);

/* As instance_query(), but says nothing: -1 with @q.hdr.err. */
int instance_peek(struct instance *in);

#define WAIT_REACHED	0
#define WAIT_TIMEOUT	(-1)
#define WAIT_ENDED	(-2)

/*
 * Waits for a state of @states: WAIT_*, or an exit code.  The run that it has
 * when it is active, and else the next one, may end in another state.
 */
int instance_wait(struct instance *in, unsigned int states, long timeout_ms);

/* Shows an instance: one line, or with --json its object. */
void instance_report(const struct instance *in);
void instance_json(const char *key, const struct instance *in);

/* A line of a show command. */
void field(const char *name, const char *fmt, ...) __printf(2, 3);

/* Says that it has ended, and why; an exit code. */
int instance_fail_ended(const struct instance *in);

bool instance_ended(const struct instance *in);
bool instance_active(const struct instance *in);

/**
 * struct image - files of a load, open and checked
 * @kernel:	the bzImage
 * @initrds:	our prefix first, unless --no-agent
 */
struct image {
	int kernel;
	int initrds[MK_MAX_INITRDS];
	unsigned int nr_initrds;
	char release[MK_RELEASE_SIZE];
};

void image_close(struct image *img);

#define _cleanup_image_ __attribute__((cleanup(image_close)))
#define IMAGE_NONE { .kernel = -1 }

int image_open(const struct args *a, struct image *img);
int image_load(const struct image *img, const struct args *a, struct instance *in);

/*
 * fs.c: an instance is permitted its root file system; *was is MK_MODE_* before that,
 * for rootfs_restore(). Both do nothing where there is none. 0 or an exit code.
 */
int rootfs_permit(const struct mk_permit *rootfs, const char *instance, __u32 *was);
void rootfs_restore(const struct mk_permit *rootfs, const char *instance, __u32 was);

/*
 * initrd.c: the prefix cpio, in a file that nobody writes; with what a root file
 * system needs where @rootfs names one. 0 or an exit code.
 */
int prefix_build(const char *release, const struct mk_permit *rootfs, int *fd);
bool agent_path(char *path, size_t size);

/* module.c: our modules for a kernel release */
bool module_find(const char *name, const char *release, char *path, size_t size);
int module_open(const char *path, int *fd);
void module_needs(int fd, char *needs, size_t size);

#endif /* MKCTL_H */
