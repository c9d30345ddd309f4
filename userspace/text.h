/* SPDX-License-Identifier: GPL-2.0 */
/* Text for a terminal or for JSON, some of it from instances: hostile. */
#ifndef MKCTL_TEXT_H
#define MKCTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Bytes of the UTF-8 character at @text, or 0 when it is none. */
size_t text_char(const char *text, size_t len);

/* Whether the character of @n bytes at @text steers a terminal. */
bool text_is_control(const char *text, size_t n);

/* Control characters and what is not UTF-8 come out as \xNN. */
void text_escaped(FILE *out, const char *text, size_t len);

/**
 * struct guess - the word that the user may have meant
 * @typed:	what there is not
 * @best:	the most similar one of those tried, or NULL when all are too far
 * @distance:	between the two: letters to insert, drop or change (Levenshtein)
 */
struct guess {
	const char *typed;
	const char *best;
	size_t distance;
};

void guess_try(struct guess *g, const char *word);

/* Colours: empty where none are wanted. */
const char *paint_state(unsigned int state);
const char *paint_good(void);
const char *paint_doubt(void);
const char *paint_bad(void);
const char *paint_head(void);
const char *paint_end(void);

#endif /* MKCTL_TEXT_H */
