/* SPDX-License-Identifier: GPL-2.0 */
/* Tables that fit the terminal: the widest column gives way. */
#ifndef MKCTL_TABLE_H
#define MKCTL_TABLE_H

#include "mkctl.h"

#define TABLE_COLUMNS	12

struct table_cell {
	char *text;
	const char *paint;
};

struct table {
	unsigned int columns;
	unsigned int nr_cells;
	struct table_cell *cells;
};

/* @heads: a head a column; ends with NULL */
void table_begin(struct table *t, const char *const *heads);

/* Cells come row by row. @paint: "" or a colour of text.h */
void table_cell(struct table *t, const char *paint, const char *fmt, ...)
	__printf(3, 4);

/* Prints it and frees it. */
void table_end(struct table *t);

#endif /* MKCTL_TABLE_H */
