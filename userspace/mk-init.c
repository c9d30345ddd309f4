// SPDX-License-Identifier: GPL-2.0
/*
 * mk-init - the first process of an instance
 *
 * It comes in front of the user's initramfs as /mk/init.  It puts the leash
 * on (mk_core), makes a process that serves the host (serve.c), leaves no trace
 * in the root file system, which is the user's, and becomes the user's init.
 * Without the leash a reboot in here would reset the whole machine: then nothing
 * of the user's may run.
 *
 * Where the user has no init it stays, as an init that can only power off.
 *
 * With mk.rootfs=REGION[:ro] there is no user's initramfs: the file system of that
 * region becomes the root, and the init is in it.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

#define HOME		"/mk"
#define SELF		HOME "/init"
#define MODULES		HOME "/modules"
#define PROC		HOME "/proc"
#define KMSG		HOME "/kmsg"
#define REGION		HOME "/region"
#define UPPER		HOME "/upper"
#define ROOT		HOME "/root"
#define LEASH		"mk_core.ko"
#define POWEROFF	"/sbin/poweroff"	/* what orderly_poweroff() runs */

static int log_fd = STDERR_FILENO;
static char record[512];

#define say(fmt, ...)							\
	put_record(snprintf(record, sizeof(record),			\
			    "<3>mk-init: " fmt "\n", ##__VA_ARGS__))

/* One write, as /dev/kmsg makes a record of each. */
static void put_record(size_t len)
{
	if (len >= sizeof(record))
		len = sizeof(record) - 1;
	if (write(log_fd, record, len) < 0)
		return;	/* nobody is left to be told */
}

/* A root file system of an instance needs no /dev: this node is our own. */
static void open_log(void)
{
	int fd;

	mknod(KMSG, S_IFCHR | 0600, makedev(1, 11));
	fd = open(KMSG, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* not in the place of a console */
	log_fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
}

/* The kernel had none to open for us where it came with a module: console=hvc0. */
static void open_console(void)
{
	int fd, tty;

	if (fcntl(STDIN_FILENO, F_GETFD) >= 0)
		return;
	tty = open("/dev/console", O_RDWR | O_NOCTTY);
	for (fd = STDIN_FILENO; tty >= 0 && fd <= STDERR_FILENO; fd++)
		if (fd != tty)
			dup2(tty, fd);
}

/* Exiting would be a panic, which may reboot; the host ends us in time. */
static noreturn void refuse(void)
{
	say("the init of this instance is not run");
	for (;;)
		pause();
}

/* A kernel without kexec has no such file, and needs none. */
static int forbid_kexec(void)
{
	int fd = open(PROC "/sys/kernel/kexec_load_disabled", O_WRONLY);
	int failed;

	if (fd < 0)
		return errno != ENOENT;
	failed = write(fd, "1", 1) != 1;
	close(fd);
	return failed;
}

static void read_cmdline(char *buf, size_t size)
{
	int fd = open(PROC "/cmdline", O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[len < 0 ? 0 : len] = '\0';
	if (fd >= 0)
		close(fd);
}

static void use_proc(char *cmdline, size_t size)
{
	mkdir(PROC, 0700);
	if (mount("proc", PROC, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "")) {
		say("cannot mount proc: %m");
		refuse();
	}
	if (forbid_kexec()) {
		say("cannot forbid kexec: %m");
		refuse();
	}
	read_cmdline(cmdline, size);
	umount2(PROC, MNT_DETACH);
	rmdir(PROC);
}

static int insert(const char *name, const char *params)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 || syscall(SYS_finit_module, fd, params, 0);

	if (err)
		say("cannot load %s: %m", name);
	if (fd >= 0)
		close(fd);
	return err;
}

static int is_module(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".ko");
}

/* The leash is vital.  A missing other module costs a feature, not safety. */
static void load_modules(unsigned long long user_tsc)
{
	struct dirent **files;
	char params[40];
	int i, nr;

	snprintf(params, sizeof(params), "user_tsc=%llu", user_tsc);
	if (chdir(MODULES) || insert(LEASH, params))
		refuse();
	unlink(LEASH);
	nr = scandir(".", &files, is_module, alphasort);
	for (i = 0; i < nr; i++) {
		insert(files[i]->d_name, "");
		unlink(files[i]->d_name);
	}
}

static void remove_traces(void)
{
	chdir("/");
	rmdir(MODULES);
	unlink(KMSG);
	unlink(SELF);
	rmdir(HOME);
}

/* Cut the next word off, as the kernel does: quotes hide spaces. */
static char *next_word(char **rest)
{
	char *word = *rest, *p;
	int quoted = 0;

	while (isspace(*word))
		word++;
	for (p = word; *p && (quoted || !isspace(*p)); p++)
		quoted ^= *p == '"';
	*rest = p + !!*p;
	*p = '\0';
	return word;
}

/* The value where this is the key's word. */
static int take_value(char *word, const char *key, char **value)
{
	size_t len = strlen(key);

	if (strncmp(word, key, len))
		return 0;
	*value = word + len;
	return 1;
}

/**
 * struct wanted - what the command line says
 * @rootfs:	"REGION[:ro]", or NULL
 * @init:	mk.init=, or the user's rdinit=, whose place /mk/init took; or NULL
 * @root_init:	init=, which is that of a root file system; or NULL
 */
struct wanted {
	char *rootfs;
	char *init;
	char *root_init;
};

static void read_wanted(char *cmdline, struct wanted *w)
{
	char *word;

	while (*(word = next_word(&cmdline)) && strcmp(word, "--")) {
		if (!take_value(word, "mk.rootfs=", &w->rootfs) &&
		    !take_value(word, "mk.init=", &w->init) &&
		    !take_value(word, "init=", &w->root_init) && strcmp(word, "rdinit=" SELF))
			take_value(word, "rdinit=", &w->init);
	}
}

static const char *usual_init(bool is_rootfs)
{
	static const char *const usual[] = {
		"/init", "/sbin/init", "/etc/init", "/bin/init", "/bin/sh",
		NULL
	};
	size_t i = is_rootfs;	/* what the kernel tries there begins with the second */

	while (usual[i] && access(usual[i], X_OK))
		i++;
	return usual[i];
}

static noreturn void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	_exit(EXIT_FAILURE);
}

/* Blocked signals reach a first process too, though it has no handlers. */
static noreturn void stay(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (!sigwait(&set, &sig) && sig != SIGTERM)
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	power_off();
}

static void be_poweroff(void)
{
	mkdir("/sbin", 0755);
	link(SELF, POWEROFF);
}

/* Returning is a panic: with the leash on that is the honest end. */
static int be_init(const char *path, char **argv)
{
	argv[0] = (char *)path;
	execv(path, argv);
	say("cannot run %s: %m", path);
	return EXIT_FAILURE;
}

static int not_first(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (!strcmp(slash ? slash + 1 : name, "poweroff"))
		power_off();
	say("this is the first process of an instance, not a command");
	return 2;
}

/* --- a region as the root ------------------------------------------------------ */

static int failed(const char *what, const char *path)
{
	say("cannot %s %s: %m", what, path);
	return -1;
}

/* What is written goes to memory of the instance, beside what it may only read. */
static int add_overlay(void)
{
	mkdir(ROOT, 0700);
	if (mount("tmpfs", UPPER, "tmpfs", 0, "mode=755") || mkdir(UPPER "/upper", 0755) ||
	    mkdir(UPPER "/work", 0755))
		return -1;
	return mount("overlay", ROOT, "overlay", 0,
		     "lowerdir=" REGION ",upperdir=" UPPER "/upper,workdir=" UPPER "/work");
}

/* Return: where the root is, or NULL. */
static const char *mount_region(char *name)
{
	char *option = strchr(name, ':');

	if (option)
		*option = '\0';
	mkdir(REGION, 0700);
	mkdir(UPPER, 0700);
	if (mount(name, REGION, "daxfs", option ? MS_RDONLY : 0, "")) {
		failed("mount the root file system, region", name);
		return NULL;
	}
	return option && !add_overlay() ? ROOT : REGION;
}

/* What an init expects of whoever was before it; it needs not be wanted. */
static void mount_usual(void)
{
	static const struct {
		const char *type, *dir, *options;
		unsigned long flags;
	} usual[] = {
		{ "devtmpfs", "dev", "mode=755", MS_NOSUID },
		{ "proc", "proc", "", MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "sysfs", "sys", "", MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "tmpfs", "run", "mode=755", MS_NOSUID | MS_NODEV },
	};
	size_t i;

	for (i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		mount(usual[i].type, usual[i].dir, usual[i].type, usual[i].flags,
		      usual[i].options);
}

/* As switch_root: the initramfs is left, empty but for the server. */
static int enter_region(char *name, char *argv0)
{
	const char *root = mount_region(name);

	if (!root)
		return -1;
	if (chdir(root))
		return failed("enter", root);
	mount_usual();
	unlink(KMSG);
	unlink(SELF);
	rmdir(MODULES);
	if (mount(".", "/", NULL, MS_MOVE, NULL))
		return failed("move", root);
	/* who asks it means this root */
	serve_start(argv0);
	return chroot(".") || chdir("/") ? failed("enter", name) : 0;
}

int main(int argc, char **argv)
{
	/* First of all: the host measures by it how fast an instance boots. */
	unsigned long long user_tsc = __builtin_ia32_rdtsc();
	char cmdline[4096];
	struct wanted want = { };
	const char *init;

	if (getpid() != 1)
		return not_first(argc ? argv[0] : "");
	open_log();
	use_proc(cmdline, sizeof(cmdline));
	load_modules(user_tsc);
	read_wanted(cmdline, &want);
	if (!want.rootfs)
		serve_start(argv[0]);
	else if (enter_region(want.rootfs, argv[0]))
		return EXIT_FAILURE;
	open_console();
	init = want.init;
	if (!init && want.rootfs)
		init = want.root_init;
	if (!init)
		init = usual_init(want.rootfs);
	if (!init && want.rootfs) {
		say("there is no init in the root file system: name it with mk.init=");
		return EXIT_FAILURE;
	}
	if (!init) {
		say("no /init to run (executable? packed from within its folder?): waiting");
		be_poweroff();
	}
	if (!want.rootfs)
		remove_traces();
	if (!init)
		stay();
	return be_init(init, argv);
}
