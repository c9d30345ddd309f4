/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A JSON writer on stdout.  @key is NULL in an array and for the outermost
 * value.  Text may be hostile: what is not UTF-8 becomes U+FFFD.
 */
#ifndef MKCTL_JSON_H
#define MKCTL_JSON_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

void json_object(const char *key);
void json_array(const char *key);
void json_end(void);	/* of the innermost one; a newline after the outermost */

void json_str(const char *key, const char *text);	/* NULL becomes null */
void json_text(const char *key, const char *text, size_t len);
void json_u64(const char *key, __u64 value);
void json_s64(const char *key, __s64 value);
void json_addr(const char *key, __u64 value);	/* "0x...": beyond 2^53 numbers lose bits */
void json_bool(const char *key, bool value);

#endif /* MKCTL_JSON_H */
