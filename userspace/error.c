// SPDX-License-Identifier: GPL-2.0
/* From error codes to sentences: the object, the cause, the remedy. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mkctl.h"
#include "text.h"

/**
 * struct sentence - what is said about a code
 * @status:	exit code
 * @word:	the code's name for programs
 * @object:	what it is about
 * @cause:	what is wrong with it
 * @remedy:	what to do
 *
 * In the three texts %o is the object, %n the name of an instance or region that it is,
 * and %v the verb of the call. A digit and a letter is an argument: u number, s
 * rounded size, m exact size, t state, e -errno, x address, p protocol version.
 * Without a remedy it depends on the state in argument 0.
 */
struct sentence {
	int status;
	const char *word;
	const char *object;
	const char *cause;
	const char *remedy;
};

#define SEE_POOL	"`mkctl pool show` lists the pool's CPUs and memory"
#define IMAGE_AS_SHIPPED "use the vmlinuz of a distribution's x86-64 kernel, 5.4 or later"

static const struct sentence sentences[] = {
	[MK_E_RESERVED] = { EXIT_FAILED, "reserved", "%o",
		"the module does not know a flag or field of this call",
		"use mkctl and mk_core of one version; `mkctl version` shows both" },
	[MK_E_PERMISSION] = { EXIT_UNAVAILABLE, "permission", "%o",
		"cannot %v: this needs CAP_SYS_ADMIN and CAP_SYS_BOOT", "run mkctl as root" },
	[MK_E_LOCKDOWN] = { EXIT_UNAVAILABLE, "lockdown", "%o",
		"cannot %v: kernel lockdown forbids it",
		"boot the host without lockdown; `mkctl check` shows what turned it on" },
	[MK_E_INTERNAL] = { EXIT_FAILED, "internal", "%o", "cannot %v: %0e",
		"the kernel log (dmesg) may say more" },
	[MK_E_MEMORY] = { EXIT_FAILED, "host_memory", "%o",
		"the host has no memory left for this",
		"end something in the host, or give some back: mkctl pool remove --memory SIZE" },
	[MK_E_SHUTDOWN] = { EXIT_FAILED, "host_shutdown", "%o",
		"the host is going down or suspending", "try again when it is back" },
	[MK_E_ROLE] = { EXIT_UNAVAILABLE, "role", "%o",
		"this kernel is itself an instance and has no pool", "run mkctl in the host" },

	[MK_E_NAME_INVALID] = { EXIT_USAGE, "name_invalid", "%o",
		"the name is malformed at offset %0u",
		"use 1 to 63 of A-Z a-z 0-9 . _ -, the first a letter" },
	[MK_E_NAME_TAKEN] = { EXIT_FAILED, "name_taken", "%o",
		"instance %0u has this name already",
		"choose another name, or `mkctl start` or `mkctl delete` the one that is there" },
	[MK_E_NO_INSTANCE] = { EXIT_FAILED, "no_instance", "%o", "there is none",
		"`mkctl list` shows all instances" },
	[MK_E_STATE] = { EXIT_FAILED, "state", "%o", "cannot %v it: it is %0t", NULL },
	[MK_E_NO_WINDOW] = { EXIT_FAILED, "no_window", "%o",
		"no low memory window is left of %0u; each instance needs one below 1 MiB",
		"delete an instance first; `mkctl list` shows them" },
	[MK_E_DELETED] = { EXIT_FAILED, "deleted", "%o", "it was deleted meanwhile",
		"`mkctl list` shows all instances" },
	[MK_E_LOST] = { EXIT_FAILED, "lost", "%o",
		"%0u of its CPUs did not confirm that they halted",
		"they and its memory stay withheld until the host restarts" },

	[MK_E_CPU_UNKNOWN] = { EXIT_FAILED, "cpu_unknown", "CPU %0u",
		"this machine has no such CPU", "lscpu -e lists the CPUs" },
	[MK_E_CPU_BOOT] = { EXIT_FAILED, "cpu_boot", "CPU %0u",
		"it is the machine's boot CPU and stays with the host", "choose another CPU" },
	[MK_E_CPU_OFFLINE] = { EXIT_FAILED, "cpu_offline", "CPU %0u", "it is offline",
		"bring it online first: echo 1 > /sys/devices/system/cpu/cpu%0u/online" },
	[MK_E_CPU_LAST] = { EXIT_FAILED, "cpu_last", "CPU %0u",
		"the host would have no CPU left", "leave the host at least one CPU" },
	[MK_E_CPU_TAKEN] = { EXIT_FAILED, "cpu_taken", "CPU %0u", "it is in the pool already",
		SEE_POOL },
	[MK_E_CPU_NOT_POOL] = { EXIT_FAILED, "cpu_not_pool", "CPU %0u", "it is not in the pool",
		"add it (mkctl pool add --cpus %0u), or choose one that `mkctl pool show` lists" },
	[MK_E_CPU_BUSY] = { EXIT_FAILED, "cpu_busy", "CPU %0u", "instance %1u has it",
		"choose another CPU, or delete that instance first; " SEE_POOL },
	[MK_E_CPU_LOST] = { EXIT_FAILED, "cpu_lost", "CPU %0u",
		"it did not confirm that it halted and is not used again",
		"restart the host to have it back" },
	[MK_E_CPU_REFUSED] = { EXIT_FAILED, "cpu_refused", "CPU %0u",
		"the host kernel cannot hand it over or take it back: %1e",
		"the kernel log (dmesg) says why; a task or interrupt may be bound to it" },
	[MK_E_CPU_NONE] = { EXIT_USAGE, "cpu_none", "%o", "no CPU was named",
		"name some: --cpus LIST" },
	[MK_E_CPU_TWICE] = { EXIT_USAGE, "cpu_twice", "CPU %0u", "it is named twice",
		"name every CPU once" },
	[MK_E_CPU_MANY] = { EXIT_FAILED, "cpu_many", "%o",
		"%0u CPUs are too many, the most is %1u", "name fewer CPUs" },

	[MK_E_MEM_ALIGN] = { EXIT_FAILED, "memory_align", "%o",
		"the size %0m is not a multiple of %1m", "round it" },
	[MK_E_MEM_NONE] = { EXIT_USAGE, "memory_none", "%o", "no memory was asked for",
		"name a size: --memory SIZE" },
	[MK_E_MEM_NODE] = { EXIT_FAILED, "memory_node", "NUMA node %0u",
		"this machine has no such node, or it has no memory",
		"numactl -H or `mkctl check` lists the nodes" },
	[MK_E_MEM_CONTIG] = { EXIT_FAILED, "memory_contiguous", "%o",
		"the host cannot free %0m in one piece; the largest that can is %1m",
		"ask for less or for several sizes, or load mk_core early with memory=SIZE" },
	[MK_E_MEM_POOL] = { EXIT_FAILED, "memory_pool", "%o",
		"%0m of memory is more than the %1m that are free in the pool",
		"mkctl pool add --memory SIZE, or ask for less" },
	[MK_E_MEM_BUSY] = { EXIT_FAILED, "memory_busy", "%o",
		"%0m cannot be taken out: the pool has %1m that no instance and no region uses",
		"delete some first; `mkctl list` and `mkctl fs list` show them" },
	[MK_E_MEM_SMALL] = { EXIT_FAILED, "memory_small", "%o",
		"its %0m of memory are too little for this image, which needs %1m",
		"delete it and create it with more: --memory %1m and what its programs need" },
	[MK_E_MEM_SPLIT] = { EXIT_FAILED, "memory_split", "%o",
		"memory is too fragmented for %0m; the largest piece has %1m",
		"ask for less, delete instances between which free memory lies, or add memory" },
	[MK_E_MEM_ADDRESS] = { EXIT_FAILED, "memory_address", "%o",
		"address %0x is not in its memory", "`mkctl show %n` lists its memory" },
	[MK_E_MEM_MANY] = { EXIT_FAILED, "memory_many", "%o",
		"%0u sizes are too many, the most is %1u", "name fewer and larger ones" },

	[MK_E_IMAGE_FORMAT] = { EXIT_FAILED, "image_format", "%o",
		"this is no x86 kernel image (bzImage)", IMAGE_AS_SHIPPED },
	[MK_E_IMAGE_SHORT] = { EXIT_FAILED, "image_short", "%o",
		"the kernel image has %0u bytes and needs %1u: it is cut short",
		"copy it again" },
	[MK_E_IMAGE_PROTOCOL] = { EXIT_FAILED, "image_protocol", "%o",
		"its boot protocol is %0p, at least %1p is needed", IMAGE_AS_SHIPPED },
	[MK_E_IMAGE_32BIT] = { EXIT_FAILED, "image_32bit", "%o",
		"a 32-bit kernel: it has no 64-bit entry point", IMAGE_AS_SHIPPED },
	[MK_E_IMAGE_FIXED] = { EXIT_FAILED, "image_fixed", "%o",
		"the kernel is not relocatable", "build it with CONFIG_RELOCATABLE=y" },
	[MK_E_IMAGE_ALIGN] = { EXIT_FAILED, "image_align", "%o",
		"the kernel asks for an impossible alignment of %0x", IMAGE_AS_SHIPPED },
	[MK_E_IMAGE_HIGH] = { EXIT_FAILED, "image_high", "%o",
		"the kernel cannot run above 4 GiB, where the memory at %0x is",
		IMAGE_AS_SHIPPED ", or create the instance while pool memory below 4 GiB is free" },
	[MK_E_IMAGE_READ] = { EXIT_FAILED, "image_read", "%o",
		"the kernel image cannot be read: %0e",
		"close it where it is open for writing; dmesg tells if IMA or an LSM forbids it" },
	[MK_E_IMAGE_LARGE] = { EXIT_FAILED, "image_large", "%o",
		"a kernel image of %0s does not fit into the %1s left for it in its memory",
		"create the instance with more memory" },
	[MK_E_IMAGE_UKI] = { EXIT_FAILED, "image_uki", "%o",
		"this is a UEFI unified image and has no boot header",
		"take the kernel and the initramfs out: objcopy -O binary -j .linux FILE vmlinuz" },
	[MK_E_INITRD_READ] = { EXIT_FAILED, "initrd_read", "%o",
		"the initramfs cannot be read: %0e",
		"check the file; nothing may have it open for writing" },
	[MK_E_INITRD_LARGE] = { EXIT_FAILED, "initrd_large", "%o",
		"an initramfs of %0s does not fit into the %1s left for it",
		"use a smaller initramfs, or create the instance with more memory" },
	[MK_E_INITRD_HIGH] = { EXIT_FAILED, "initrd_high", "%o",
		"the initramfs would be at %0x, the kernel accepts none above %1x",
		IMAGE_AS_SHIPPED },
	[MK_E_CMDLINE_LONG] = { EXIT_FAILED, "cmdline_long", "%o",
		"the command line has %0u characters with ours, the kernel takes %1u",
		"make it shorter" },
	[MK_E_IMAGE_INIT_SIZE] = { EXIT_FAILED, "image_init_size", "%o",
		"the kernel says that it needs %0u bytes to start, which cannot be: the bound is %1u",
		IMAGE_AS_SHIPPED },
	[MK_E_TSC] = { EXIT_UNAVAILABLE, "tsc", "%o",
		"the host does not know the rate of its TSC, which an instance must be told",
		"boot the host with its TSC (no clearcpuid=tsc); dmesg | grep -i tsc says more" },
	[MK_E_IMAGE_CHANGED] = { EXIT_FAILED, "image_changed", "%o",
		"a file of its image is not what was loaded", "load it again: `mkctl load`" },

	[MK_E_START_TIMEOUT] = { EXIT_FAILED, "start_timeout", "CPU %0u",
		"it did not leave its parking place",
		"take it out of the pool and add it again, or restart the host" },

	[MK_E_NO_CHANNEL] = { EXIT_FAILED, "no_channel", "%o",
		"there is no such channel, or one of its kernels does not run mk_ipc",
		"see `mkctl channel list`" },
	[MK_E_CHANNEL_TAKEN] = { EXIT_FAILED, "channel_taken", "%o",
		"a channel has this name, or these two kernels have one of this kind",
		"see `mkctl channel list`; sockets and messages with the host are there already" },
	[MK_E_CHANNEL_SELF] = { EXIT_FAILED, "channel_self", "%o",
		"both ends are the same kernel", "name two kernels" },
	[MK_E_CHANNEL_SIZE] = { EXIT_FAILED, "channel_size", "%o",
		"%0u bytes are no size of a ring",
		"a power of two, from 4K to 1M; of vsock 64K at least, of messages 16K" },
	[MK_E_CHANNEL_BUSY] = { EXIT_FAILED, "channel_busy", "%o",
		"a program has it", "end that program first" },
	[MK_E_NO_CONSOLE] = { EXIT_FAILED, "no_console", "%o",
		"it has no console: it has not started, or runs without mk_ipc",
		"`mkctl logs %n` works without; mk_ipc must be installed for its kernel, too" },
	[MK_E_CONSOLE_BUSY] = { EXIT_FAILED, "console_busy", "%o",
		"somebody else writes to its console",
		"look on: mkctl console %n --read-only" },
	[MK_E_NO_BELL] = { EXIT_FAILED, "no_bell", "%o",
		"all %0u doorbells for single channels are in use, or were a second ago",
		"end a program that has one; without it a channel uses the one of all" },

	[MK_E_NO_REGION] = { EXIT_FAILED, "no_region", "%o", "there is none",
		"`mkctl fs list` shows all regions" },
	[MK_E_REGION_TAKEN] = { EXIT_FAILED, "region_taken", "%o",
		"region %0u has this name already",
		"choose another name, or delete that one: mkctl fs delete %n" },
	[MK_E_REGION_GONE] = { EXIT_FAILED, "region_gone", "%o", "it was deleted meanwhile",
		"`mkctl fs list` shows all regions" },
	[MK_E_REGION_USED] = { EXIT_FAILED, "region_used", "%o",
		"cannot %v: instance %0u runs and may use it, or could since it started",
		"end that instance first: mkctl stop %0u, or mkctl kill %0u" },
	[MK_E_REGION_MOUNTED] = { EXIT_FAILED, "region_mounted", "%o",
		"cannot %v: the host uses it, %0u times",
		"unmount it in the host first; findmnt -t daxfs shows where" },
	[MK_E_REGION_MAPPED] = { EXIT_FAILED, "region_mapped", "%o",
		"cannot %v: programs of the host map it, %0u times",
		"end them first; grep -l mk_region /proc/*/maps names them" },
	[MK_E_REGION_SHRINK] = { EXIT_FAILED, "region_shrink", "%o",
		"%0m are less than the %1m that it has, and it cannot become smaller",
		"make a smaller one, copy the files and delete this one" },
	[MK_E_REGION_SPLIT] = { EXIT_FAILED, "region_split", "%o",
		"its memory would be in more than %0u pieces",
		"grow it by more at a time, or make a new one and copy the files" },
	[MK_E_REGION_PERMITS] = { EXIT_FAILED, "region_permits", "%o",
		"it is permitted to %0u instances, and that is the most",
		"forbid it to one first: mkctl fs forbid %n INSTANCE" },
	[MK_E_REGION_SHARES] = { EXIT_FAILED, "region_shares", "%o",
		"instances of this name may use %0u regions already, and that is the most",
		"forbid one first: mkctl fs forbid REGION INSTANCE" },
	[MK_E_NO_PERMIT] = { EXIT_FAILED, "no_permit", "%o",
		"it is not permitted to an instance of this name", "see `mkctl fs show %n`" },
};

static const struct sentence windowless = { EXIT_FAILED, "no_window", "%o",
	"no memory below 640 KiB is free, and each instance needs some of it", NO_LOW_MEMORY };

static const struct sentence *find(const struct mk_error *err)
{
	if (err->code == MK_E_NO_WINDOW && !err->arg[0])
		return &windowless;
	if (err->code >= ARRAY_SIZE(sentences) || !sentences[err->code].word)
		return NULL;
	return &sentences[err->code];
}

static const char *state_remedy(__u64 state)
{
	switch (state) {
	case MK_CREATED:
		return "give it a kernel first: mkctl load %n --kernel FILE";
	case MK_LOADED:
		return "start it first: mkctl start %n";
	case MK_STARTING:
		return "wait for it (mkctl wait %n --state running --timeout 60), or mkctl kill %n";
	case MK_RUNNING:
		return "end it first: mkctl stop %n, or mkctl kill %n";
	case MK_STOPPING:
		return "wait until it has stopped (mkctl wait %n --timeout 60), or mkctl kill %n";
	}
	return "`mkctl start %n` starts it again, `mkctl delete %n` gives all back";
}

static void put_argument(FILE *out, char kind, __u64 arg)
{
	char size[SIZE_TEXT];

	switch (kind) {
	case 's':
		fputs(size_about(arg, size), out);
		break;
	case 'm':
		fputs(size_text(arg, size), out);
		break;
	case 't':
		fputs(state_name(arg), out);
		break;
	case 'e':
		fputs(strerror(abs((int)arg)), out);
		break;
	case 'x':
		fprintf(out, "0x%llx", arg);
		break;
	case 'p':
		fprintf(out, "%llu.%02llu", arg >> 8, arg & 0xff);
		break;
	default:
		fprintf(out, "%llu", arg);
	}
}

static const char *name_in(const char *object)
{
	static const char *const labels[] = { "instance ", "region " };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(labels); i++)
		if (!strncmp(object, labels[i], strlen(labels[i])))
			return object + strlen(labels[i]);
	return "NAME";
}

static char *expand(const char *text, const struct mk_error *err, const char *verb,
		    const char *object)
{
	size_t size;
	char *made;
	FILE *out = open_memstream(&made, &size);

	if (!out)
		abort();
	for (; *text; text++) {
		if (*text != '%') {
			putc(*text, out);
			continue;
		}
		switch (*++text) {
		case 'o':
			fputs(object, out);
			break;
		case 'v':
			fputs(verb, out);
			break;
		case 'n':
			fputs(name_in(object), out);
			break;
		default:
			put_argument(out, text[1], err->arg[*text == '1']);
			text++;
		}
	}
	fclose(out);
	return made;
}

/* One error as people read it: "web: cannot stop it: it is created; load it". */
static void print_text(FILE *out, const char *object, const char *cause, const char *remedy)
{
	if (object) {
		text_escaped(out, object, strlen(object));
		fputs(": ", out);
	}
	text_escaped(out, cause, strlen(cause));
	if (remedy) {
		fputs("; ", out);
		text_escaped(out, remedy, strlen(remedy));
	}
}

/* Those that the sentence takes for -errno are negative. */
static void json_args(const struct mk_error *err)
{
	const struct sentence *s = find(err);
	unsigned int i;

	json_array("args");
	for (i = 0; i < ARRAY_SIZE(err->arg); i++)
		if (strstr(s->cause, i ? "%1e" : "%0e"))
			json_s64(NULL, err->arg[i]);
		else
			json_u64(NULL, err->arg[i]);
	json_end();
}

static void print_json(const char *code, const char *object, const char *cause,
		       const char *remedy, const struct mk_error *err)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	print_text(out, object, cause, remedy);
	fclose(out);
	json_object(NULL);
	json_object("error");
	json_str("code", code);
	json_str("message", text);
	json_str("object", object);
	json_str("cause", cause);
	json_str("remedy", remedy);
	if (err)
		json_args(err);
	json_end();
	json_end();
	free(text);
}

static void print_error(const char *code, const char *object, const char *cause,
			const char *remedy, const struct mk_error *err)
{
	if (settings.json) {
		print_json(code, object, cause, remedy, err);
		return;
	}
	fflush(stdout);
	fputs("Error: ", stderr);
	print_text(stderr, object, cause, remedy);
	putc('\n', stderr);
}

int fail(int status, const char *code, const char *object, const char *remedy,
	 const char *fmt, ...)
{
	char *cause;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&cause, fmt, ap) < 0)
		abort();
	va_end(ap);
	print_error(code, object, cause, remedy, NULL);
	free(cause);
	return status;
}

int fail_mk(const struct mk_error *err, const char *verb, const char *object)
{
	const struct sentence *s = find(err);
	char *what, *cause, *remedy;

	if (!s)
		return fail(EXIT_FAILED, "unknown", object,
			    "use mkctl and mk_core of one version; `mkctl version` shows both",
			    "cannot %s: unknown error %u of the module", verb, err->code);
	what = expand(s->object, err, verb, object);
	cause = expand(s->cause, err, verb, object);
	remedy = expand(s->remedy ?: state_remedy(err->arg[0]), err, verb, object);
	print_error(s->word, what, cause, remedy, err);
	free(what);
	free(cause);
	free(remedy);
	return s->status;
}

void warn(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("Warning: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
}
