// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "mkctl.h"
#include "text.h"

struct settings settings;

static int do_version(const struct args *a);
static int do_help(const struct args *a);

static const struct cmd own_cmds[] = {
	{ .verb = "version",
	  .summary = "Print the versions of mkctl, of the module and of the running kernel",
	  .example = "mkctl version --json",
	  .run = do_version },
	{ .verb = "help",
	  .operand = "[COMMAND]",
	  .summary = "Print all commands, or more about one",
	  .detail = "`mkctl COMMAND --help` says the same.\n",
	  .example = "mkctl help pool add",
	  .run = do_help },
	{ }
};

static const struct cmd *const groups[] = {
	pool_cmds, instance_cmds, show_cmds, events_cmds, logs_cmds, console_cmds,
	exec_cmds, copy_cmds, check_cmds, channel_cmds, fs_cmds, own_cmds
};

/* All commands: the next one, from NULL to NULL. */
static const struct cmd *next_cmd(const struct cmd *c, size_t *group)
{
	if (!c)
		*group = 0;
	c = c ? c + 1 : groups[0];
	if (c->verb)
		return c;
	return ++*group < ARRAY_SIZE(groups) ? groups[*group] : NULL;
}

bool cmd_is_object(const char *word)
{
	const struct cmd *c = NULL;
	size_t group;

	while ((c = next_cmd(c, &group)))
		if (c->object && !strcmp(c->object, word))
			return true;
	return false;
}

const struct cmd *cmd_find(const char *object, const char *verb)
{
	const struct cmd *c = NULL;
	size_t group;

	while ((c = next_cmd(c, &group)))
		if (!strcmp(c->verb, verb) && !strcmp(c->object ?: "", object ?: ""))
			return c;
	return NULL;
}

const char *cmd_name(const struct cmd *cmd)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s%s%s", cmd->object ?: "", cmd->object ? " " : "",
		 cmd->verb);
	return name;
}

const char *cmd_closest(const char *object, const char *word)
{
	const struct cmd *c = NULL;
	struct guess g = { .typed = word };
	size_t group;

	while ((c = next_cmd(c, &group)))
		if (!object)
			guess_try(&g, c->object ?: c->verb);
		else if (!strcmp(c->object ?: "", object))
			guess_try(&g, c->verb);
	return g.best;
}

void say(const char *fmt, ...)
{
	va_list ap;

	if (settings.quiet || settings.json)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

__u64 clock_ns(int clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int do_version(const struct args *a)
{
	_cleanup_fd_ int fd = -1;
	struct mk_version v;
	bool known = !dev_peek(&fd, &v);

	(void)a;
	if (!settings.json) {
		printf("mkctl %s (abi %u)\n", MK_VERSION, MK_ABI);
		if (known)
			printf("mk_core %s (abi %u), kernel %s%s\n", v.version, v.abi, v.release,
			       v.role == MK_ROLE_INSTANCE ? ", an instance" : "");
		else
			printf("mk_core: not available (`mkctl check` says why)\n");
		return EXIT_DONE;
	}
	json_object(NULL);
	json_str("mkctl", MK_VERSION);
	json_u64("abi", MK_ABI);
	json_str("module", known ? v.version : NULL);
	if (known) {
		json_u64("module_abi", v.abi);
		json_str("release", v.release);
		json_str("role", v.role == MK_ROLE_INSTANCE ? "instance" : "host");
	}
	json_end();
	return EXIT_DONE;
}

static void print_help(void)
{
	const struct cmd *c = NULL;
	size_t group;

	printf("Usage: mkctl [OPTIONS] COMMAND [NAME] [OPTIONS]\n"
	       "       mkctl help COMMAND\n\n"
	       "Boots further Linux kernels beside the running one, each on CPUs and memory of\n"
	       "its own. NAME is the name of an instance, or its number.\n\n"
	       "Commands:\n");
	while ((c = next_cmd(c, &group)))
		printf("  %-18s %s\n", cmd_name(c), c->summary);
	args_describe(stdout, NULL);
	printf("\nExample:\n"
	       "  mkctl pool add --cpus 2-3 --memory 2G\n"
	       "  mkctl run web --cpus 2 --memory 512M --kernel /boot/vmlinuz-$(uname -r)\n"
	       "  mkctl logs web\n"
	       "  mkctl stop web\n\n"
	       "Exit codes: 0 done, 1 failed, 2 usage, 3 not available.\n");
}

/* Of one command, or of mkctl. */
static int help(const struct cmd *cmd)
{
	if (settings.json)
		return fail(EXIT_USAGE, "usage", "help", "leave out --json and --pretty",
			    "there is none in JSON");
	if (cmd)
		args_describe(stdout, cmd);
	else
		print_help();
	return EXIT_DONE;
}

static int do_help(const struct args *a)
{
	(void)a;
	return help(NULL);
}

static int dispatch(int argc, char **argv)
{
	static struct args a;
	const struct cmd *cmd;
	int ret;

	ret = args_parse(argc, argv, &a, &cmd);
	if (ret)
		return cmd && cmd->failed ? cmd->failed : ret;
	if (a.given & OPT_HELP)
		return help(cmd);
	if (a.given & OPT_VERSION)
		return do_version(&a);
	if (cmd)
		return cmd->run(&a);
	if (settings.json)
		return fail(EXIT_USAGE, "usage", NULL, "see `mkctl help`", "a command is missing");
	print_help();
	return EXIT_USAGE;
}

/* A full disk or a closed pipe shows only here. */
static int check_output(int ret)
{
	bool bad = ferror(stdout);

	if (fclose(stdout) || bad) {
		fprintf(stderr, "Error: standard output: %s\n", strerror(errno));
		return ret ? ret : EXIT_FAILED;
	}
	return ret;
}

/* What is opened later does not become a standard stream that was closed. */
static void keep_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close_fd(&fd);
}

int main(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR");

	keep_standard_streams();
	settings.color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	return check_output(dispatch(argc, argv));
}
