// SPDX-License-Identifier: GPL-2.0
/*
 * What on this machine would work and what would not, each with its remedy.
 * Works without the module and, where the kernel lets everybody look, without
 * root.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "json.h"
#include "mkctl.h"
#include "text.h"

#define CPUS		"/sys/devices/system/cpu"
#define EFI_VARS	"/sys/firmware/efi/efivars/"
#define SECURE_BOOT	EFI_VARS "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SECURITY	"/sys/kernel/security"
#define LOW_END		(640ULL << 10)
#define WINDOW_GUESS	(32ULL << 10)	/* of one instance, as long as no module tells */
#define MSR_APIC_BASE	0x1b
#define APIC_BASE_X2	0x400

enum result { CHECK_OK, CHECK_WARN, CHECK_FAIL };

/**
 * struct machine - what several checks look at
 * @dev:	/dev/mk, or -1
 * @dev_err:	why it is not usable, -errno
 * @version:	of the module
 * @pool:	what the module says, valid with @has_pool
 * @flags:	the CPU flags of /proc/cpuinfo, a blank before and behind each
 */
struct machine {
	struct utsname uts;
	int dev;
	int dev_err;
	struct mk_version version;
	struct mk_pool_query pool;
	bool has_pool;
	char flags[4096];
};

/* Of this run: the name of the check, and whether any has failed. */
static const char *check_name;
static bool any_failed;

static void print_result(enum result result, const char *remedy, const char *text)
{
	static const char *const names[] = { "ok", "warn", "FAIL" };
	const char *const colors[] = { paint_good(), paint_doubt(), paint_bad() };

	if (settings.quiet && result == CHECK_OK)
		return;
	printf("%s%-4s%s  %-10s %s\n", colors[result], names[result], paint_end(), check_name,
	       text);
	if (remedy)
		printf("%18s-> %s\n", "", remedy);
}

static __printf(3, 4) void result(enum result result, const char *remedy, const char *fmt, ...)
{
	static const char *const names[] = { "ok", "warn", "fail" };
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	any_failed |= result == CHECK_FAIL;
	if (!settings.json) {
		print_result(result, remedy, text);
		return;
	}
	json_object(NULL);
	json_str("check", check_name);
	json_str("result", names[result]);
	json_str("message", text);
	json_str("remedy", remedy);
	json_end();
}

#define ok(...)			result(CHECK_OK, NULL, __VA_ARGS__)
#define doubt(remedy, ...)	result(CHECK_WARN, remedy, __VA_ARGS__)
#define bad(remedy, ...)	result(CHECK_FAIL, remedy, __VA_ARGS__)

/* First line of a file, without its end; false when it cannot be read. */
static bool read_line(const char *path, char *buf, size_t size)
{
	FILE *in = fopen(path, "re");
	bool good = in && fgets(buf, size, in);

	if (in)
		fclose(in);
	if (good)
		buf[strcspn(buf, "\n")] = '\0';
	return good;
}

static bool has_flag(const struct machine *m, const char *flag)
{
	char word[40];

	snprintf(word, sizeof(word), " %s ", flag);
	return strstr(m->flags, word);
}

static void check_arch(const struct machine *m)
{
	if (strcmp(m->uts.machine, "x86_64"))
		bad("use an x86-64 machine", "%s is not supported", m->uts.machine);
	else if (!has_flag(m, "apic"))
		bad("enable the local APIC in the firmware or drop nolapic",
		    "x86_64 without a local APIC");
	else
		ok("x86_64");
}

static void check_kernel(const struct machine *m)
{
	unsigned int major = 0, minor = 0;

	if (sscanf(m->uts.release, "%u.%u", &major, &minor) != 2)
		doubt("none is needed when mk_core loads", "%s: an unknown numbering",
		      m->uts.release);
	else if (major < 6 || (major == 6 && !minor))
		bad("boot a kernel from 6.1 on", "%s is too old", m->uts.release);
	else if (major > 7)
		doubt("if it does not build, boot a kernel from 6.1 to 7.x",
		      "%s is newer than any that was tested", m->uts.release);
	else
		ok("%s", m->uts.release);
}

static void check_role(const struct machine *m)
{
	if (m->version.role == MK_ROLE_INSTANCE ||
	    !access("/sys/firmware/acpi/tables/MKRN", F_OK))
		bad("run mkctl in the host", "this kernel is itself an instance");
	else
		ok("a host kernel");
}

static void check_vm(const struct machine *m)
{
	char vendor[128];

	if (!has_flag(m, "hypervisor"))
		ok("a real machine");
	else if (!read_line("/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor)))
		ok("a virtual machine; INIT and SIPI must reach its CPUs, as in QEMU and KVM");
	else
		ok("a virtual machine (%s); INIT and SIPI must reach its CPUs, as in QEMU and KVM",
		   vendor);
}

/* --- the kernel --------------------------------------------------------- */

static bool file_has(const char *path, const char *needle)
{
	char line[512];
	FILE *in = fopen(path, "re");
	bool found = false;

	while (in && !found && fgets(line, sizeof(line), in))
		found = strstr(line, needle);
	if (in)
		fclose(in);
	return found;
}

/* The host needs none: an instance's kernel does, and it is often the same one. */
static void check_kprobes(const struct machine *m)
{
	char config[128];

	snprintf(config, sizeof(config), "/boot/config-%s", m->uts.release);
	if (file_has("/proc/kallsyms", " register_kprobe\n") ||
	    file_has(config, "CONFIG_KPROBES=y"))
		ok("in this kernel: instances can run it");
	else
		doubt("boot instances with a kernel that has CONFIG_KPROBES=y",
		      "this kernel has none: it can be the host's, not an instance's");
}

static void locked_down(const char *how)
{
	bad("boot without lockdown= and without Secure Boot where that turns it on",
	    "on (%s): the kernel refuses images, as it does for kexec", how);
}

/* What the boot loader asked for, where the kernel does not tell what it has. */
static void check_lockdown_asked(void)
{
	char line[4096] = "", *word;

	read_line("/proc/cmdline", line, sizeof(line));
	for (word = strtok(line, " "); word; word = strtok(NULL, " "))
		if (!strcmp(word, "lockdown=integrity") ||
		    !strcmp(word, "lockdown=confidentiality")) {
			locked_down(word);
			return;
		}
	doubt("mount -t securityfs none " SECURITY, "not known: securityfs is not mounted");
}

static void check_lockdown(const struct machine *m)
{
	const char *path = SECURITY "/lockdown";
	char line[64];

	(void)m;
	if (access(path, F_OK) && !access(SECURITY "/lsm", F_OK))
		ok("not in this kernel");
	else if (access(path, F_OK))
		check_lockdown_asked();
	else if (!read_line(path, line, sizeof(line)))
		doubt("run as root to know", "%s cannot be read", path);
	else if (strstr(line, "[none]"))
		ok("off");
	else
		locked_down(line);
}

static void check_secure_boot(const struct machine *m)
{
	char value[5];
	int fd = open(SECURE_BOOT, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, value, sizeof(value));

	(void)m;
	close_fd(&fd);
	if (n == sizeof(value) && value[4])
		doubt("sign the module: mokutil --import /var/lib/dkms/mok.pub, then restart",
		      "on: the kernel may load signed modules only");
	else if (n == sizeof(value))
		ok("off");
	else
		ok("not in use (no EFI variable tells of it)");
}

static void check_clock(const struct machine *m)
{
	char source[32] = "unknown";

	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", source,
		  sizeof(source));
	if (!has_flag(m, "constant_tsc") || !has_flag(m, "nonstop_tsc"))
		doubt("expect drifting clocks in instances",
		      "the TSC is not constant in all power states; the clock is %s", source);
	else if (strcmp(source, "tsc"))
		doubt("see dmesg for why; instances use the TSC whatever the host does",
		      "the host does not trust its TSC; its clock is %s", source);
	else
		ok("constant, and the host's clock");
}

/* --- processors --------------------------------------------------------- */

/* In the xAPIC mode ids end at 254; the MSR knows better where it can be read. */
static const char *apic_mode(const struct machine *m)
{
	_cleanup_fd_ int fd = -1;
	__u64 base;

	if (m->has_pool)
		return m->pool.x2apic ? "x2APIC" : "xAPIC";
	fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && pread(fd, &base, sizeof(base), MSR_APIC_BASE) == sizeof(base))
		return base & APIC_BASE_X2 ? "x2APIC" : "xAPIC";
	return has_flag(m, "x2apic") ? "xAPIC or x2APIC (known when mk_core is loaded)" : "xAPIC";
}

static void check_apic(const struct machine *m)
{
	ok("%s", apic_mode(m));
}

static unsigned int count_files(const char *pattern)
{
	unsigned int n = 0;
	glob_t found;

	if (!glob(pattern, GLOB_NOSORT, NULL, &found))
		n = found.gl_pathc;
	globfree(&found);
	return n;
}

/* A CPU that can go offline has such a file; CPU 0 has none from 6.5 on. */
static void check_cpus(const struct machine *m)
{
	unsigned int most = count_files(CPUS "/cpu[1-9]*/online");
	char online[256] = "?";

	read_line(CPUS "/online", online, sizeof(online));
	if (!count_files(CPUS "/cpu[1-9]*"))
		bad("give the machine more CPUs", "there is only one");
	else if (!most)
		bad("boot a kernel with CONFIG_HOTPLUG_CPU=y", "no CPU can be taken offline");
	else if (m->has_pool)
		ok("online in the host: %s; in the pool: %u", online, m->pool.nr_cpus);
	else
		ok("online: %s; %u can be given to instances", online, most);
}

static void check_smt(const struct machine *m)
{
	char active[8] = "0", siblings[64] = "?";

	(void)m;
	read_line(CPUS "/smt/active", active, sizeof(active));
	if (active[0] != '1') {
		ok("off");
		return;
	}
	read_line(CPUS "/cpu1/topology/thread_siblings_list", siblings, sizeof(siblings));
	doubt("give all threads of a core to one kernel, for speed and against side channels",
	      "on: CPU 1 shares its core with CPUs %s", siblings);
}

/* --- memory ------------------------------------------------------------- */

static bool read_number(const char *dir, const char *name, __u64 *out)
{
	char path[256], line[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!read_line(path, line, sizeof(line)))
		return false;
	*out = strtoull(line, NULL, 0);
	return true;
}

/* System RAM below 640 KiB, without the first page, from the firmware's map. */
static __u64 low_ram(void)
{
	char type[32], path[300];
	__u64 start, end, sum = 0;
	glob_t found;
	size_t i;

	if (glob("/sys/firmware/memmap/*", GLOB_NOSORT, NULL, &found))
		return 0;
	for (i = 0; i < found.gl_pathc; i++) {
		snprintf(path, sizeof(path), "%s/type", found.gl_pathv[i]);
		if (!read_line(path, type, sizeof(type)) || strcmp(type, "System RAM") ||
		    !read_number(found.gl_pathv[i], "start", &start) ||
		    !read_number(found.gl_pathv[i], "end", &end) || start >= LOW_END)
			continue;
		if (start < 4096)
			start = 4096;
		end = end + 1 < LOW_END ? end + 1 : LOW_END;
		sum += end > start ? end - start : 0;
	}
	globfree(&found);
	return sum;
}

static void check_windows(const struct machine *m)
{
	const char *remedy = "each instance needs one; delete instances to have more";
	__u64 guess;

	if (m->has_pool) {
		if (m->pool.windows_free)
			ok("%u of %u are free", m->pool.windows_free, m->pool.windows);
		else if (m->pool.windows)
			doubt(remedy, "all %u are taken", m->pool.windows);
		else
			bad(NO_LOW_MEMORY, "there are none: no memory below 640 KiB is free");
		return;
	}
	guess = low_ram() / WINDOW_GUESS;
	if (guess > 1)
		ok("memory below 1 MiB is enough for about %llu instances", guess - 1);
	else
		doubt("load mk_core to know",
		      "too little memory below 1 MiB is in the firmware's map");
}

/* Bytes in blocks of 2 MiB and more of one line of /proc/buddyinfo. */
static __u64 large_blocks(const char *counts)
{
	unsigned int order;
	__u64 sum = 0;
	char *end;

	for (order = 0; ; order++, counts = end) {
		__u64 blocks = strtoull(counts, &end, 10);

		if (end == counts)
			return sum;
		if (order >= 9)
			sum += blocks << (order + 12);
	}
}

static __u64 large_free(unsigned int node)
{
	FILE *in = fopen("/proc/buddyinfo", "re");
	unsigned int at;
	char line[512];
	__u64 sum = 0;
	int len;

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "Node %u, zone %*s%n", &at, &len) == 1 && at == node)
			sum += large_blocks(line + len);
	if (in)
		fclose(in);
	return sum;
}

static __u64 node_free(unsigned int node)
{
	char path[128], line[128];
	unsigned long long kib, sum = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/meminfo", node);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "Node %*u MemFree: %llu", &kib) == 1 ||
		    sscanf(line, "Node %*u Inactive(file): %llu", &kib) == 1)
			sum += kib << 10;
	if (in)
		fclose(in);
	return sum;
}

static void check_node(unsigned int node)
{
	__u64 now = large_free(node) & -MK_POOL_GRANULE;
	__u64 most = node_free(node) & -MK_POOL_GRANULE;
	char a[SIZE_TEXT], b[SIZE_TEXT];

	if (most < now)
		most = now;
	if (!most)
		doubt("end something in the host, or load mk_core early with memory=SIZE",
		      "node %u: less than 128M can be freed now", node);
	else if (!now)
		doubt("echo 1 > /proc/sys/vm/compact_memory, or load mk_core early (memory=SIZE)",
		      "node %u: about %s are free, but in small pieces", node, size_text(most, b));
	else
		ok("node %u: about %s are free in large pieces, up to %s with moving", node,
		   size_text(now, a), size_text(most, b));
}

static void check_memory(const struct machine *m)
{
	char path[64], size[SIZE_TEXT];
	unsigned int node;

	for (node = 0; node < 1024; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u", node);
		if (!access(path, F_OK))
			check_node(node);
	}
	if (m->has_pool)
		ok("%s are in the pool", size_text(m->pool.memory, size));
}

/* --- the package -------------------------------------------------------- */

static void check_root(const struct machine *m)
{
	(void)m;
	if (geteuid())
		doubt("run mkctl as root", "only root may use " MK_DEVICE);
	else
		ok("yes");
}

static void check_module(const struct machine *m)
{
	char path[512], remedy[256];

	if (module_find("mk_core", m->uts.release, path, sizeof(path))) {
		ok("%s", path);
		return;
	}
	snprintf(remedy, sizeof(remedy), "dkms install multikernel/%s -k %s", MK_VERSION,
		 m->uts.release);
	if (m->dev >= 0)
		doubt(remedy, "mk_core is loaded but not installed for %s", m->uts.release);
	else
		bad(remedy, "mk_core is not built for %s", m->uts.release);
}

static void check_agent(const struct machine *m)
{
	char path[512];

	(void)m;
	if (agent_path(path, sizeof(path)))
		ok("%s", path);
	else
		bad("install the package's tools: make install",
		    "%s, the first process of instances, is absent", path);
}

static void check_device(const struct machine *m)
{
	if (m->dev >= 0 && !m->dev_err)
		ok(MK_DEVICE " answers");
	else if (!access(MK_DEVICE, F_OK))
		doubt("run mkctl as root", MK_DEVICE ": %s", strerror(-m->dev_err));
	else if (!access("/sys/module/mk_core", F_OK))
		bad("mount devtmpfs on /dev", "mk_core is loaded, but " MK_DEVICE " is absent");
	else
		doubt("modprobe mk_core", "mk_core is not loaded");
}

static void check_version(const struct machine *m)
{
	const char *remedy = "install one version of both, then: rmmod mk_core; modprobe mk_core";

	if (m->dev_err)
		ok("mkctl %s (abi %u)", MK_VERSION, MK_ABI);
	else if (m->version.abi != MK_ABI)
		bad(remedy, "mkctl %s has abi %u, mk_core %s has abi %u", MK_VERSION, MK_ABI,
		    m->version.version, m->version.abi);
	else if (strcmp(m->version.version, MK_VERSION))
		doubt(remedy, "mkctl is %s, mk_core is %s", MK_VERSION, m->version.version);
	else
		ok("mkctl and mk_core are %s (abi %u)", MK_VERSION, MK_ABI);
}

static const struct {
	const char *name;
	void (*run)(const struct machine *m);
} checks[] = {
	{ "arch", check_arch },
	{ "kernel", check_kernel },
	{ "role", check_role },
	{ "machine", check_vm },
	{ "kprobes", check_kprobes },
	{ "lockdown", check_lockdown },
	{ "secureboot", check_secure_boot },
	{ "clock", check_clock },
	{ "apic", check_apic },
	{ "cpus", check_cpus },
	{ "smt", check_smt },
	{ "windows", check_windows },
	{ "memory", check_memory },
	{ "root", check_root },
	{ "module", check_module },
	{ "agent", check_agent },
	{ "device", check_device },
	{ "version", check_version },
};

static void read_flags(struct machine *m)
{
	FILE *in = fopen("/proc/cpuinfo", "re");

	while (in && fgets(m->flags, sizeof(m->flags) - 1, in))
		if (!strncmp(m->flags, "flags", 5))
			break;
	if (in)
		fclose(in);
	m->flags[strcspn(m->flags, "\n")] = ' ';
}

static void inspect(struct machine *m)
{
	uname(&m->uts);
	read_flags(m);
	m->dev_err = dev_peek(&m->dev, &m->version);
	if (!m->dev_err)
		m->has_pool = dev_ioctl(m->dev, MK_IOC_POOL_QUERY, &m->pool,
					sizeof(m->pool)) >= 0;
}

static int do_check(const struct args *a)
{
	static struct machine m = { .dev = -1 };
	size_t i;

	(void)a;
	inspect(&m);
	if (settings.json) {
		json_object(NULL);
		json_array("checks");
	}
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		check_name = checks[i].name;
		checks[i].run(&m);
	}
	if (settings.json) {
		json_end();
		json_bool("ok", !any_failed);
		json_end();
	}
	close_fd(&m.dev);
	return any_failed ? EXIT_FAILED : EXIT_DONE;
}

const struct cmd check_cmds[] = {
	{ .verb = "check",
	  .summary = "Say what would and would not work on this machine",
	  .detail = "Each line is ok, warn or FAIL, with what to do about it. It changes nothing\n"
		    "and needs neither root nor the module, though both let it know more. The\n"
		    "exit code is 1 when anything fails.\n",
	  .example = "mkctl check",
	  .run = do_check },
	{ }
};
