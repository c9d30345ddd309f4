// SPDX-License-Identifier: GPL-2.0
/* One table of all options: parsing and usage are made from it. */
#include <stdarg.h>
#include <string.h>

#include "../mk_ipc/rate.h"
#include "../mk_ipc/wire.h"

#include "mkctl.h"
#include "parse.h"
#include "text.h"

struct option {
	__u64 bit;
	char letter;
	const char *name;
	const char *value;	/* its name in usage; NULL: the option has none */
	const char *help;
	const char *(*parse)(struct args *a, const char *text);
};

static const char *take_cpus(struct args *a, const char *text)
{
	return parse_cpus(text, a->cpus, MKCTL_MAX_CPUS, &a->nr_cpus);
}

static const char *take_memory(struct args *a, const char *text)
{
	return parse_memory(text, a->memory, MK_MAX_EXTENTS, &a->nr_memory);
}

static const char *take_node(struct args *a, const char *text)
{
	__u32 node;
	const char *why = parse_u32(text, &node);

	a->node = node;
	return why ? why : a->node < 0 ? "the number is too large" : NULL;
}

static const char *take_kernel(struct args *a, const char *text)
{
	a->kernel = text;
	return NULL;
}

static const char *take_initrd(struct args *a, const char *text)
{
	if (a->nr_initrds == MK_MAX_INITRDS)
		return "at most 4 files can be joined";
	a->initrds[a->nr_initrds++] = text;
	return NULL;
}

static const char *take_cmdline(struct args *a, const char *text)
{
	a->cmdline = text;
	return NULL;
}

static const char *take_timeout(struct args *a, const char *text)
{
	return parse_seconds(text, &a->timeout_ms);
}

static const char *take_states(struct args *a, const char *text)
{
	return parse_states(text, &a->states);
}

static const char *take_count(struct args *a, const char *text)
{
	return parse_u32(text, &a->count);
}

static const char *take_level(struct args *a, const char *text)
{
	return parse_level(text, &a->level);
}

static const char *take_between(struct args *a, const char *text)
{
	return parse_pair(text, a->between);
}

static const char *take_size(struct args *a, const char *text)
{
	return parse_size(text, &a->size);
}

static const char *take_kind(struct args *a, const char *text)
{
	return channel_kind(text, &a->kind);
}

static const char *take_classes(struct args *a, const char *text)
{
	return channel_classes(text, &a->classes);
}

static const char *take_rate(struct args *a, const char *text)
{
	const char *why = parse_size(text, &a->rate);

	if (!why && !a->rate)
		why = "leave it out for all that they send";
	return why ? why : a->rate > MK_RATE_MAX ? "it is 1T at most" : NULL;
}

static const char *take_permits(struct args *a, const char *text)
{
	return parse_permits(text, a->permits, MK_MAX_PERMITS, &a->nr_permits);
}

static const char *take_from(struct args *a, const char *text)
{
	a->from = text;
	return NULL;
}

static const char *take_rootfs(struct args *a, const char *text)
{
	unsigned int nr;

	return parse_permits(text, &a->rootfs, 1, &nr);
}

static const char *take_restart(struct args *a, const char *text)
{
	return parse_restart(text, &a->restart);
}

static const struct option options[] = {
	{ OPT_CPUS, 0, "cpus", "LIST", "CPUs by their numbers in the host, such as 2-3,5",
	  take_cpus },
	{ OPT_MEMORY, 0, "memory", "SIZE", "memory, such as 2G, or 512M@1 for NUMA node 1",
	  take_memory },
	{ OPT_NODE, 0, "node", "N", "NUMA node for the memory (default: any)", take_node },
	{ OPT_KERNEL, 0, "kernel", "FILE", "kernel image (bzImage), such as /boot/vmlinuz-...",
	  take_kernel },
	{ OPT_INITRD, 0, "initrd", "FILE", "initramfs; given again, the files are joined",
	  take_initrd },
	{ OPT_CMDLINE, 0, "cmdline", "TEXT", "kernel command line", take_cmdline },
	{ OPT_APPEND, 0, "append", "TEXT", "the same as --cmdline, as kexec calls it",
	  take_cmdline },
	{ OPT_NO_AGENT, 0, "no-agent", NULL, "no mk-init, no mk_core: the bare initramfs", NULL },
	{ OPT_ALL, 0, "all", NULL, "all of them", NULL },
	{ OPT_FORCE, 0, "force", NULL, "kill it first where it runs", NULL },
	{ OPT_WAIT, 0, "wait", NULL, "return when it runs, or for stop when it has ended",
	  NULL },
	{ OPT_NO_WAIT, 0, "no-wait", NULL, "return at once", NULL },
	{ OPT_TIMEOUT, 0, "timeout", "SECS", "wait no longer than this, in seconds",
	  take_timeout },
	{ OPT_STATE, 0, "state", "STATE", "states to wait for, such as running,crashed",
	  take_states },
	{ OPT_COUNT, 0, "count", "N", "end after N events", take_count },
	{ OPT_FOLLOW, 0, "follow", NULL, "go on until the instance ends", NULL },
	{ OPT_LEVEL, 0, "level", "N", "only records of this level (0-7 or a name) and worse",
	  take_level },
	{ OPT_RESTART, 0, "restart", "WHEN", "start it again: never, on-failure or always",
	  take_restart },
	{ OPT_BETWEEN, 0, "between", "A,B", "two instances, or one and `host`", take_between },
	{ OPT_SIZE, 0, "size", "SIZE", "of a region; of a channel each way (default: 128K)",
	  take_size },
	{ OPT_PERMIT, 0, "permit", "LIST", "instances that may use it, such as web,db:ro",
	  take_permits },
	{ OPT_FROM, 0, "from", "PATH", "a directory, a tar archive or an OCI image layout",
	  take_from },
	{ OPT_REPAIR, 0, "repair", NULL, "mend what is wrong", NULL },
	{ OPT_ROOTFS, 0, "rootfs", "REGION", "its root file system; with :ro only read",
	  take_rootfs },
	{ OPT_KIND, 0, "kind", "KIND", "of program (default), vsock or messages", take_kind },
	{ OPT_CLASSES, 0, "classes", "LIST", "of messages: user (default), device, resource",
	  take_classes },
	{ OPT_RATE, 0, "rate", "SIZE", "bytes a second each way that are taken (default: all)",
	  take_rate },
	{ OPT_READ_ONLY, 0, "read-only", NULL, "only look; another one may write", NULL },
	{ OPT_NO_HISTORY, 0, "no-history", NULL, "only what is printed from now on", NULL },
	{ OPT_INTERACTIVE, 'i', "interactive", NULL,
	  "pass standard input on, as is done without it, too", NULL },
	{ OPT_TTY, 't', "tty", NULL, "give the command a terminal", NULL },
	{ OPT_NO_TTY, 'T', "no-tty", NULL, "give it none", NULL },
	{ OPT_JSON, 'j', "json", NULL, "JSON output, errors too", NULL },
	{ OPT_PRETTY, 'p', "pretty", NULL, "JSON output for people", NULL },
	{ OPT_QUIET, 'q', "quiet", NULL, "say nothing when all is well", NULL },
	{ OPT_NO_COLOR, 0, "no-color", NULL, "no colours on a terminal", NULL },
	{ OPT_HELP, 'h', "help", NULL, "help on mkctl or on a command", NULL },
	{ OPT_VERSION, 'V', "version", NULL, "version of mkctl", NULL },
};

static const struct option *const options_end = options + ARRAY_SIZE(options);

static __printf(2, 3) int usage_error(const char *object, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fail(EXIT_USAGE, "usage", object, "see `mkctl help`, or a command with --help",
		    "%s", text);
}

/**
 * struct scan - where the parser is
 * @argc:	words left
 * @argv:	the next word
 * @object:	first word of a command of two, or NULL
 * @cmd:	the command, once its words are known
 * @literal:	"--" was seen
 * @nr_words:	of those that are kept
 * @seen:	OPT_* that were given so far
 */
struct scan {
	int argc;
	char **argv;
	const char *object;
	const struct cmd *cmd;
	bool literal;
	int nr_words;
	__u64 seen;
};

static const struct option *find_long(const char *name, size_t len)
{
	const struct option *o;

	for (o = options; o < options_end; o++)
		if (strlen(o->name) == len && !strncmp(o->name, name, len))
			return o;
	return NULL;
}

static const struct option *find_letter(char letter)
{
	const struct option *o;

	for (o = options; o < options_end; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static bool allowed(const struct scan *s, const struct option *o)
{
	__u64 mask = OPT_GLOBAL;

	if (s->cmd)
		mask |= s->cmd->required | s->cmd->options;
	return o->bit & mask;
}

static void apply_global(const struct args *a)
{
	settings.pretty = a->given & OPT_PRETTY;
	settings.json = a->given & (OPT_JSON | OPT_PRETTY);
	settings.quiet = a->given & OPT_QUIET;
	if (a->given & OPT_NO_COLOR)
		settings.color = false;
}

static int take_option(struct scan *s, struct args *a, const struct option *o,
		       const char *value)
{
	const char *why = NULL;

	if (o->value && !value) {
		if (!s->argc)
			return usage_error(o->name, "--%s needs a value: --%s %s", o->name,
					   o->name, o->value);
		value = *s->argv++;
		s->argc--;
	} else if (!o->value && value) {
		return usage_error(o->name, "--%s takes no value", o->name);
	}
	if ((a->given & o->bit) && o->value && o->bit != OPT_INITRD)
		return usage_error(o->name, "--%s is given twice", o->name);
	if (o->parse)
		why = o->parse(a, value);
	if (why)
		return usage_error(value, "--%s: %s", o->name, why);
	a->given |= o->bit;
	s->seen |= o->bit;
	apply_global(a);
	return 0;
}

/* The option that the user may have meant, or NULL. */
static const char *closest_option(const char *word, size_t len)
{
	char name[32];
	struct guess g = { .typed = name };
	const struct option *o;

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	for (o = options; o < options_end; o++)
		guess_try(&g, o->name);
	return g.best;
}

static const char *meant(const char *before, const char *word)
{
	static char text[64];

	snprintf(text, sizeof(text), word ? " (did you mean %s%s?)" : "", before, word);
	return text;
}

static int wrong_place(const struct scan *s, const struct option *o)
{
	return usage_error(NULL, "--%s does not belong %s", o->name,
			   s->cmd ? "to this command" : "in front of a command");
}

static int long_option(struct scan *s, struct args *a, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct option *o = find_long(word, len);

	if (!o)
		return usage_error(NULL, "there is no option --%.*s%s", (int)len, word,
				   meant("--", closest_option(word, len)));
	if (!allowed(s, o))
		return wrong_place(s, o);
	return take_option(s, a, o, word[len] ? word + len + 1 : NULL);
}

static int short_options(struct scan *s, struct args *a, const char *letters)
{
	const struct option *o;
	int ret = 0;

	for (; *letters && !ret; letters++) {
		o = find_letter(*letters);
		if (!o)
			return usage_error(NULL, "there is no option -%c", *letters);
		if (!allowed(s, o))
			return wrong_place(s, o);
		ret = take_option(s, a, o, NULL);
	}
	return ret;
}

/* Words that were taken leave their places to those that are kept. */
static int keep_word(struct scan *s, struct args *a)
{
	a->words[s->nr_words++] = s->argv[-1];
	return 0;
}

/* From here on all is the command's own, also what looks like an option. */
static int take_command(struct scan *s, struct args *a)
{
	a->words = s->argv - 1;
	s->nr_words = s->argc + 1;
	s->argc = 0;
	return 0;
}

static int take_operand(struct scan *s, struct args *a, const char *word)
{
	const char *why;

	if (!s->cmd->operand)
		return usage_error(word, "`mkctl %s` takes no name", cmd_name(s->cmd));
	if (s->cmd->takes == TAKES_PATHS)
		return keep_word(s, a);
	if (a->name && s->cmd->takes == TAKES_COMMAND)
		return take_command(s, a);
	if (a->name && s->cmd->takes == TAKES_WORD && !s->nr_words)
		return keep_word(s, a);
	if (a->name)
		return usage_error(word, "one word is too much for `mkctl %s`", cmd_name(s->cmd));
	why = s->cmd->takes == TAKES_PATH && strchr(word, '/') ? NULL : parse_name(word);
	if (why)
		return fail(EXIT_USAGE, "name_invalid", word,
			    "use 1 to 63 of A-Z a-z 0-9 . _ -, the first a letter", "%s", why);
	a->name = word;
	return 0;
}

static int take_word(struct scan *s, struct args *a, const char *word)
{
	if (s->cmd)
		return take_operand(s, a, word);
	if (!s->object && !strcmp(word, "help") && s->argc) {
		s->seen |= OPT_HELP;
		return 0;
	}
	if (!s->object && cmd_is_object(word)) {
		s->object = word;
		return 0;
	}
	s->cmd = cmd_find(s->object, word);
	if (!s->cmd)
		return usage_error(NULL, "there is no command `%s%s%s`%s", s->object ?: "",
				   s->object ? " " : "", word,
				   meant("", cmd_closest(s->object, word)));
	return 0;
}

static int scan_word(struct scan *s, struct args *a)
{
	const char *word = *s->argv++;

	s->argc--;
	if (s->literal || word[0] != '-' || !word[1])
		return take_word(s, a, word);
	if (word[1] != '-')
		return short_options(s, a, word + 1);
	if (word[2])
		return long_option(s, a, word + 2);
	s->literal = true;
	return 0;
}

static __u64 bits_of_letters(const char *letters)
{
	const struct option *o;
	__u64 bits = 0;

	for (; *letters; letters++) {
		o = find_letter(*letters);
		bits |= o ? o->bit : 0;
	}
	return bits;
}

/* A wrong word may come before the --json that says how to tell of it. */
static __u64 look_ahead(char *const *words)
{
	const struct option *o;
	__u64 bits = 0;
	const char *word;
	size_t len;

	while ((word = *words++) && strcmp(word, "--")) {
		if (word[0] != '-')
			continue;
		if (word[1] != '-') {
			bits |= bits_of_letters(word + 1);
			continue;
		}
		len = strcspn(word + 2, "=");
		o = find_long(word + 2, len);
		bits |= o ? o->bit : 0;
		if (o && o->value && !word[2 + len] && *words)
			words++;
	}
	return bits;
}

static int check_words(const struct cmd *cmd, const struct args *a)
{
	if (cmd->takes == TAKES_PATHS) {
		if (!a->words[0] || !a->words[1])
			return usage_error(NULL, "`mkctl %s` needs two paths or more",
					   cmd_name(cmd));
	} else if (cmd->takes == TAKES_WORD && !a->words[0]) {
		return usage_error(NULL, "`mkctl %s` needs %s", cmd_name(cmd), cmd->operand);
	} else if (cmd->operand && cmd->operand[0] != '[' && !a->name) {
		return usage_error(NULL, "`mkctl %s` needs %s", cmd_name(cmd),
				   cmd->object ? "a name" : "the name of an instance");
	} else if (cmd->takes == TAKES_COMMAND && !a->words[0]) {
		return usage_error(NULL, "`mkctl %s` needs a command to run", cmd_name(cmd));
	}
	return 0;
}

static int check_complete(const struct cmd *cmd, const struct args *a)
{
	const struct option *o;

	for (o = options; o < options_end; o++)
		if (o->bit & cmd->required & ~a->given)
			return usage_error(NULL, "`mkctl %s` needs --%s %s", cmd_name(cmd),
					   o->name, o->value);
	if ((a->given & OPT_TTY) && (a->given & OPT_NO_TTY))
		return usage_error(NULL, "--tty and --no-tty exclude each other");
	if ((a->given & OPT_CMDLINE) && (a->given & OPT_APPEND))
		return usage_error(NULL, "--cmdline and --append are the same: give one");
	if ((a->given & OPT_ROOTFS) && (a->given & (OPT_INITRD | OPT_NO_AGENT)))
		return usage_error(NULL, "--rootfs excludes --initrd and --no-agent");
	if ((a->given & OPT_WAIT) && (a->given & OPT_NO_WAIT))
		return usage_error(NULL, "--wait and --no-wait exclude each other");
	if ((a->given & OPT_CLASSES) && a->kind != MK_KIND_MESSAGES)
		return usage_error(NULL, "--classes is for --kind messages");
	return check_words(cmd, a);
}

int args_parse(int argc, char **argv, struct args *a, const struct cmd **cmd)
{
	struct scan s = { .argc = argc - 1, .argv = argv + 1 };
	int ret = 0;

	memset(a, 0, sizeof(*a));
	a->node = MK_NODE_ANY;
	a->timeout_ms = -1;
	a->level = 7;
	a->words = s.argv;
	a->given = look_ahead(s.argv) & (OPT_JSON | OPT_PRETTY);
	apply_global(a);
	while (s.argc && !ret)
		ret = scan_word(&s, a);
	*cmd = s.cmd;
	if (ret)
		return ret;
	a->given = s.seen;
	a->words[s.nr_words] = NULL;
	apply_global(a);
	if (a->given & (OPT_HELP | OPT_VERSION))
		return 0;
	if (!s.cmd && s.object)
		return usage_error(s.object, "a verb is missing");
	return s.cmd ? check_complete(s.cmd, a) : 0;
}

static void usage_option(FILE *out, const struct cmd *cmd, const struct option *o)
{
	bool required = o->bit & cmd->required;

	fprintf(out, " %s--%s%s%s%s%s", required ? "" : "[", o->name, o->value ? " " : "",
		o->value ?: "", required ? "" : "]", o->bit == OPT_INITRD ? "..." : "");
}

static void describe_option(FILE *out, const struct option *o)
{
	char name[40], letter[8] = "";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	snprintf(name, sizeof(name), "%s--%s %s", letter, o->name, o->value ?: "");
	fprintf(out, "  %-18s %s\n", name, o->help);
}

static void describe_options(FILE *out, __u64 mask)
{
	const struct option *o;

	for (o = options; o < options_end; o++)
		if (o->bit & mask)
			describe_option(out, o);
}

/* Help on one command, or with NULL on the global options alone. */
void args_describe(FILE *out, const struct cmd *cmd)
{
	const struct option *o;
	__u64 own;

	if (cmd) {
		own = cmd->required | cmd->options;
		fprintf(out, "Usage: mkctl %s", cmd_name(cmd));
		if (cmd->operand)
			fprintf(out, " %s", cmd->operand);
		for (o = options; o < options_end; o++)
			if (o->bit & own)
				usage_option(out, cmd, o);
		if (cmd->takes == TAKES_COMMAND)
			fputs(" [--] COMMAND...", out);
		fprintf(out, "\n\n%s.\n%s", cmd->summary, cmd->detail ?: "");
		if (own) {
			fputs("\nOptions:\n", out);
			describe_options(out, own);
		}
		fprintf(out, "\nExample:\n  %s\n", cmd->example);
	}
	fputs("\nGlobal options, before or after the command:\n", out);
	describe_options(out, OPT_GLOBAL);
}
