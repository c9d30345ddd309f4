// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

static const char *const states[] = {
	[MK_CREATED]	= "created",
	[MK_LOADED]	= "loaded",
	[MK_STARTING]	= "starting",
	[MK_RUNNING]	= "running",
	[MK_STOPPING]	= "stopping",
	[MK_STOPPED]	= "stopped",
	[MK_CRASHED]	= "crashed",
};

static const struct {
	const char *name;
	const char *words;
} reasons[] = {
	[MK_REASON_NONE]	= { "none", "" },
	[MK_REASON_POWEROFF]	= { "poweroff", "powered off" },
	[MK_REASON_HALT]	= { "halt", "halted" },
	[MK_REASON_REBOOT]	= { "reboot", "asked for a reboot" },
	[MK_REASON_EMERGENCY]	= { "emergency", "emergency restart" },
	[MK_REASON_KEXEC]	= { "kexec", "tried to kexec" },
	[MK_REASON_KILLED]	= { "killed", "killed" },
	[MK_REASON_TIMEOUT]	= { "timeout", "killed: the time to stop ran out" },
	[MK_REASON_PANIC]	= { "panic", "kernel panic" },
	[MK_REASON_LIVENESS]	= { "liveness", "the heartbeat of a CPU ceased" },
	[MK_REASON_BOOT]	= { "boot", "it never said that it runs" },
	[MK_REASON_HOST]	= { "host", "the host went down" },
	[MK_REASON_REFUSED]	= { "refused", "its mk_core refused the handoff" },
	[MK_REASON_PROTOCOL]	= { "protocol", "it wrote nonsense into its control page" },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

const char *state_name(__u32 state)
{
	return state < COUNT(states) && states[state] ? states[state] : "unknown";
}

const char *reason_name(__u32 reason)
{
	return reason < COUNT(reasons) ? reasons[reason].name : "unknown";
}

const char *restart_name(__u32 restart)
{
	static const char *const names[] = {
		[MK_RESTART_NEVER] = "never", [MK_RESTART_FAILURE] = "on-failure",
		[MK_RESTART_ALWAYS] = "always"
	};

	return restart < sizeof(names) / sizeof(*names) ? names[restart] : "unknown";
}

const char *reason_words(__u32 reason)
{
	return reason < COUNT(reasons) ? reasons[reason].words : "for an unknown reason";
}

const char *size_text(__u64 bytes, char buf[SIZE_TEXT])
{
	static const char units[] = "KMGT";
	char unit[2] = "";
	unsigned int i;

	for (i = 0; i < 4 && bytes && !(bytes & 1023); i++) {
		bytes >>= 10;
		unit[0] = units[i];
	}
	snprintf(buf, SIZE_TEXT, "%llu%s", bytes, unit);
	return buf;
}

const char *size_about(__u64 bytes, char buf[SIZE_TEXT])
{
	static const char units[] = "KMGTPE";
	double size = bytes;
	int i;

	size_text(bytes, buf);
	if (bytes < 1024 || (bytes % 1024 == 0 && strlen(buf) < 6))
		return buf;
	for (i = -1; size >= 1024; i++)
		size /= 1024;
	snprintf(buf, SIZE_TEXT, "%.1f%c", size, units[i]);
	return buf;
}

const char *time_text(__u64 ns, char buf[SIZE_TEXT])
{
	__u64 s = ns / 1000000000;

	if (ns < 1000000)
		snprintf(buf, SIZE_TEXT, "%llu us", ns / 1000);
	else if (!s)
		snprintf(buf, SIZE_TEXT, "%llu ms", ns / 1000000);
	else if (s < 60)
		snprintf(buf, SIZE_TEXT, "%llu.%03llu s", s, ns / 1000000 % 1000);
	else if (s < 3600)
		snprintf(buf, SIZE_TEXT, "%llu min %llu s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, SIZE_TEXT, "%llu h %llu min", s / 3600, s / 60 % 60);
	else
		snprintf(buf, SIZE_TEXT, "%llu d %llu h", s / 86400, s / 3600 % 24);
	return buf;
}

char *cpus_text(const struct mk_pool_cpu *cpus, unsigned int nr)
{
	unsigned int first, last;
	size_t size;
	char *text;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		abort();
	for (first = 0; first < nr; first = last + 1) {
		last = first;
		while (last + 1 < nr && cpus[last + 1].cpu == cpus[last].cpu + 1)
			last++;
		fprintf(out, "%s%u", first ? "," : "", cpus[first].cpu);
		if (last > first)
			fprintf(out, "-%u", cpus[last].cpu);
	}
	fclose(out);
	return text;
}
