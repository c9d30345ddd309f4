// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "table.h"
#include "text.h"

#define GAP		2
#define LEAST_WIDTH	6

static void add_cell(struct table *t, const char *paint, char *text)
{
	t->cells = reallocarray(t->cells, t->nr_cells + 1, sizeof(*t->cells));
	if (!t->cells || !text)
		abort();
	t->cells[t->nr_cells].text = text;
	t->cells[t->nr_cells++].paint = paint;
}

void table_begin(struct table *t, const char *const *heads)
{
	memset(t, 0, sizeof(*t));
	for (; heads[t->columns]; t->columns++)
		add_cell(t, paint_head(), strdup(heads[t->columns]));
}

void table_cell(struct table *t, const char *paint, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	add_cell(t, paint, text);
}

/* 0 where the width has no bound: pipes and files get everything. */
static unsigned int terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

static unsigned int measure(const struct table *t, unsigned int *widths)
{
	unsigned int i, len, total = 0;

	for (i = 0; i < t->nr_cells; i++) {
		len = strlen(t->cells[i].text);
		if (len > widths[i % t->columns])
			widths[i % t->columns] = len;
	}
	for (i = 0; i < t->columns; i++)
		total += widths[i] + (i ? GAP : 0);
	return total;
}

static void shrink(unsigned int *widths, unsigned int columns, unsigned int total,
		   unsigned int room)
{
	unsigned int i, widest;

	for (; total > room; total--) {
		for (widest = 0, i = 1; i < columns; i++)
			if (widths[i] > widths[widest])
				widest = i;
		if (widths[widest] <= LEAST_WIDTH)
			return;
		widths[widest]--;
	}
}

static void print_cell(const struct table_cell *cell, unsigned int width, int last)
{
	int len = strlen(cell->text), cut = len > (int)width;

	printf("%s%.*s%s%s", cell->paint, cut ? (int)width - 1 : len, cell->text,
	       cut ? "~" : "", *cell->paint ? paint_end() : "");
	if (last)
		putchar('\n');
	else
		printf("%*s", (cut ? 0 : (int)width - len) + GAP, "");
}

void table_end(struct table *t)
{
	unsigned int widths[TABLE_COLUMNS] = { 0 };
	unsigned int i, column, total = measure(t, widths), room = terminal_width();

	if (room)
		shrink(widths, t->columns, total, room);
	for (i = 0; i < t->nr_cells; i++) {
		column = i % t->columns;
		print_cell(&t->cells[i], widths[column], column + 1 == t->columns);
		free(t->cells[i].text);
	}
	free(t->cells);
}
