// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "settings.h"
#include "text.h"

#define DEPTH	16

/* per open value: its closing bracket, and whether it has a member yet */
static struct {
	char close;
	bool used;
} open_values[DEPTH];
static unsigned int depth;

static void indent(void)
{
	if (settings.pretty)
		printf("\n%*s", 4 * (int)depth, "");
}

static void write_text(const char *text, size_t len)
{
	size_t n;

	putchar('"');
	for (; len; text += n, len -= n) {
		n = text_char(text, len);
		if (!n) {
			fputs("\\ufffd", stdout);
			n = 1;
		} else if (*text == '"' || *text == '\\') {
			printf("\\%c", *text);
		} else if (text_is_control(text, n)) {
			/* of U+0080 to U+009F the second byte is the number */
			printf("\\u%04x", (unsigned char)text[n - 1]);
		} else {
			fwrite(text, 1, n, stdout);
		}
	}
	putchar('"');
}

static void begin_value(const char *key)
{
	if (depth) {
		if (open_values[depth - 1].used)
			putchar(',');
		open_values[depth - 1].used = true;
		indent();
	}
	if (key) {
		write_text(key, strlen(key));
		fputs(settings.pretty ? ": " : ":", stdout);
	}
}

static void open_value(const char *key, char open, char close)
{
	begin_value(key);
	putchar(open);
	open_values[depth].close = close;
	open_values[depth].used = false;
	depth++;
}

void json_object(const char *key)
{
	open_value(key, '{', '}');
}

void json_array(const char *key)
{
	open_value(key, '[', ']');
}

void json_end(void)
{
	depth--;
	if (open_values[depth].used)
		indent();
	putchar(open_values[depth].close);
	if (!depth)
		putchar('\n');
}

void json_text(const char *key, const char *text, size_t len)
{
	begin_value(key);
	write_text(text, len);
}

void json_str(const char *key, const char *text)
{
	if (text) {
		json_text(key, text, strlen(text));
		return;
	}
	begin_value(key);
	fputs("null", stdout);
}

void json_u64(const char *key, __u64 value)
{
	begin_value(key);
	printf("%llu", value);
}

void json_s64(const char *key, __s64 value)
{
	begin_value(key);
	printf("%lld", value);
}

void json_addr(const char *key, __u64 value)
{
	begin_value(key);
	printf("\"0x%llx\"", value);
}

void json_bool(const char *key, bool value)
{
	begin_value(key);
	fputs(value ? "true" : "false", stdout);
}
