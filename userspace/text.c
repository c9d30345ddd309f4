// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <string.h>

#include "settings.h"
#include "text.h"
#include "uapi.h"

/* The C1 controls (U+0080 to U+009F) steer terminals as ESC sequences do. */
bool text_is_control(const char *text, size_t n)
{
	const unsigned char *c = (const unsigned char *)text;

	return c[0] < ' ' || c[0] == 0x7f || (n == 2 && c[0] == 0xc2 && c[1] < 0xa0);
}

static size_t sequence_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c < 0xe0)
		return 2;
	if (c >= 0xe0 && c < 0xf0)
		return 3;
	return c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

/* Overlong forms, surrogates and what is beyond U+10FFFF (Unicode, table 3-7). */
static bool bad_second(unsigned char c, unsigned char second)
{
	return (c == 0xe0 && second < 0xa0) || (c == 0xed && second >= 0xa0) ||
	       (c == 0xf0 && second < 0x90) || (c == 0xf4 && second >= 0x90);
}

size_t text_char(const char *text, size_t len)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t i, n = sequence_length(c[0]);

	if (n > len || (n > 1 && bad_second(c[0], c[1])))
		return 0;
	for (i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void text_escaped(FILE *out, const char *text, size_t len)
{
	size_t n;

	for (; len; text += n, len -= n) {
		n = text_char(text, len);
		if (n && (*text == '\t' || !text_is_control(text, n))) {
			fwrite(text, 1, n, out);
			continue;
		}
		n = 1;
		fprintf(out, "\\x%02x", (unsigned char)*text);
	}
}

#define FAR	3	/* too many letters for a slip */

/* Row after row of the table; a longer word is like no other. */
static size_t distance(const char *a, const char *b)
{
	size_t row[32], i, j, above, best, n = strlen(b);

	if (n >= sizeof(row) / sizeof(*row))
		return SIZE_MAX;
	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1]; i++) {
		above = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			best = above + (a[i - 1] != b[j - 1]);
			above = row[j];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j - 1] + 1)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

void guess_try(struct guess *g, const char *word)
{
	size_t n = distance(g->typed, word);

	if (n >= (g->best ? g->distance : FAR))
		return;
	g->best = word;
	g->distance = n;
}

static const char *paint(const char *code)
{
	return settings.color ? code : "";
}

const char *paint_good(void)
{
	return paint("\033[32m");
}

const char *paint_doubt(void)
{
	return paint("\033[33m");
}

const char *paint_bad(void)
{
	return paint("\033[31m");
}

const char *paint_head(void)
{
	return paint("\033[1m");
}

const char *paint_end(void)
{
	return paint("\033[0m");
}

const char *paint_state(unsigned int state)
{
	switch (state) {
	case MK_RUNNING:
		return paint_good();
	case MK_CRASHED:
		return paint_bad();
	case MK_STARTING:
	case MK_STOPPING:
		return paint_doubt();
	}
	return "";
}
