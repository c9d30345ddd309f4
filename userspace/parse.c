// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "parse.h"

#define SECONDS_MAX	(3600 * 24 * 365)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits only: strtoull() alone would take signs, spaces and hexadecimal. */
static const char *take_number(const char **text, __u64 most, __u64 *out)
{
	char *end;

	if (!is_digit(**text))
		return "a number is missing";
	errno = 0;
	*out = strtoull(*text, &end, 10);
	if (errno || *out > most)
		return "the number is too large";
	*text = end;
	return NULL;
}

const char *parse_u32(const char *text, __u32 *out)
{
	const char *why;
	__u64 n;

	why = take_number(&text, UINT_MAX, &n);
	if (why)
		return why;
	if (*text)
		return "not a number";
	*out = n;
	return NULL;
}

static unsigned int unit_shift(char c)
{
	switch (c) {
	case 'k': case 'K': return 10;
	case 'm': case 'M': return 20;
	case 'g': case 'G': return 30;
	case 't': case 'T': return 40;
	}
	return 0;
}

static const char *take_size(const char **text, __u64 *out)
{
	unsigned int shift;
	const char *why;

	why = take_number(text, ULLONG_MAX, out);
	if (why)
		return why;
	shift = unit_shift(**text);
	if (!shift)
		return NULL;
	if (*out > ULLONG_MAX >> shift)
		return "the size is too large";
	*out <<= shift;
	(*text)++;
	return NULL;
}

const char *parse_size(const char *text, __u64 *out)
{
	const char *why = take_size(&text, out);

	if (why)
		return why;
	return *text ? "a size is a number with K, M, G or T" : NULL;
}

const char *parse_seconds(const char *text, long *ms)
{
	unsigned int scale;
	const char *why;
	__u64 n;

	why = take_number(&text, SECONDS_MAX, &n);
	if (why)
		return why;
	*ms = n * 1000;
	if (*text == '.')
		for (text++, scale = 100; scale && is_digit(*text); text++, scale /= 10)
			*ms += (*text - '0') * scale;
	return *text ? "a time is in seconds, such as 30 or 0.5" : NULL;
}

static bool listed(const __u32 *cpus, unsigned int nr, __u32 cpu)
{
	while (nr--)
		if (cpus[nr] == cpu)
			return true;
	return false;
}

static const char *add_cpus(__u64 first, __u64 last, __u32 *cpus, unsigned int room,
			    unsigned int *nr)
{
	if (first > last)
		return "a range goes from the lower to the higher number";
	for (; first <= last; first++) {
		if (listed(cpus, *nr, first))
			return "a CPU is named twice";
		if (*nr == room)
			return "too many CPUs";
		cpus[(*nr)++] = first;
	}
	return NULL;
}

static const char *cpu_range(const char **text, __u64 *first, __u64 *last)
{
	const char *why = take_number(text, INT_MAX, first);

	*last = *first;
	if (why || **text != '-')
		return why;
	(*text)++;
	return take_number(text, INT_MAX, last);
}

const char *parse_cpus(const char *text, __u32 *cpus, unsigned int room, unsigned int *nr)
{
	const char *why;
	__u64 first, last;

	*nr = 0;
	for (;;) {
		why = cpu_range(&text, &first, &last);
		if (!why)
			why = add_cpus(first, last, cpus, room, nr);
		if (why || !*text)
			return why;
		if (*text++ != ',')
			return "a CPU list looks like 2-3,5";
	}
}

static const char *take_extent(const char **text, struct mk_extent *out)
{
	const char *why;
	__u64 node;

	memset(out, 0, sizeof(*out));
	out->node = MK_NODE_ANY;
	why = take_size(text, &out->size);
	if (why || **text != '@')
		return why;
	(*text)++;
	why = take_number(text, INT_MAX, &node);
	out->node = node;
	return why;
}

const char *parse_memory(const char *text, struct mk_extent *out, unsigned int room,
			 unsigned int *nr)
{
	const char *why;

	*nr = 0;
	for (;;) {
		if (*nr == room)
			return "too many sizes";
		why = take_extent(&text, &out[(*nr)++]);
		if (why || !*text)
			return why;
		if (*text++ != ',')
			return "memory looks like 2G, 512M@1 or 2G@0,1G@1";
	}
}

static const char *add_state(const char *word, size_t len, unsigned int *mask)
{
	unsigned int state;
	const char *name;

	for (state = MK_CREATED; state <= MK_CRASHED; state++) {
		name = state_name(state);
		if (strlen(name) == len && !strncmp(name, word, len)) {
			*mask |= 1u << state;
			return NULL;
		}
	}
	return "states are created, loaded, starting, running, stopping, stopped, crashed";
}

const char *parse_states(const char *text, unsigned int *mask)
{
	const char *why;
	size_t len;

	*mask = 0;
	for (;;) {
		len = strcspn(text, ",");
		why = add_state(text, len, mask);
		if (why || !text[len])
			return why;
		text += len + 1;
	}
}

const char *parse_level(const char *text, unsigned int *level)
{
	static const char *const names[] = {
		"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"
	};
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (!strcmp(text, names[i]) || (text[0] == (char)('0' + i) && !text[1])) {
			*level = i;
			return NULL;
		}
	}
	return "a level is 0 to 7, or one of emerg alert crit err warn notice info debug";
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c)
{
	return is_letter(c) || is_digit(c) || (c && strchr("._-", c));
}

const char *parse_name(const char *text)
{
	const char *p = text;
	__u32 id;

	if (is_digit(*p))
		return parse_u32(p, &id);
	if (!is_letter(*p))
		return "a name begins with a letter";
	while (is_name_char(*p))
		p++;
	if (*p)
		return "a name has only A-Z a-z 0-9 . _ -";
	return p - text < MK_NAME_SIZE ? NULL : "a name has at most 63 characters";
}

static const char *take_end(const char *text, size_t len, char end[MK_NAME_SIZE])
{
	if (!len || len >= MK_NAME_SIZE)
		return "a name has 1 to 63 characters";
	memcpy(end, text, len);
	end[len] = '\0';
	return is_letter(*end) ? parse_name(end) : "a name begins with a letter";
}

const char *parse_pair(const char *text, char pair[2][MK_NAME_SIZE])
{
	const char *comma = strchr(text, ',');
	const char *why;

	if (!comma || strchr(comma + 1, ','))
		return "two names are needed, such as web,db";
	why = take_end(text, comma - text, pair[0]);
	if (!why)
		why = take_end(comma + 1, strlen(comma + 1), pair[1]);
	if (why)
		return why;
	return strcmp(pair[0], pair[1]) ? NULL : "both are the same kernel";
}

static const char *take_permit(const char *text, size_t len, struct mk_permit *p)
{
	size_t name = strcspn(text, ":,");

	*p = (struct mk_permit){ .mode = MK_MODE_RW };
	if (name < len) {
		if (len - name != 3 || strncmp(text + name, ":ro", 3))
			return "behind a name is nothing or :ro";
		p->mode = MK_MODE_RO;
	}
	return take_end(text, name, p->name);
}

const char *parse_permits(const char *text, struct mk_permit *out, unsigned int room,
			  unsigned int *nr)
{
	const char *why;
	size_t len;

	for (*nr = 0; ; text += len + 1) {
		len = strcspn(text, ",");
		if (*nr == room)
			return "too many names";
		why = take_permit(text, len, &out[(*nr)++]);
		if (why || !text[len])
			return why;
	}
}

const char *parse_restart(const char *text, __u32 *out)
{
	static const char *const words[] = { "never", "on-failure", "always" };

	for (*out = MK_RESTART_NEVER; *out <= MK_RESTART_ALWAYS; (*out)++)
		if (!strcmp(text, words[*out]))
			return NULL;
	return "it is never, on-failure or always";
}
