/* SPDX-License-Identifier: GPL-2.0 */
/* Stock kernels: those installed here, and those that tests/kernels.sh got. */
#ifndef TESTS_STOCK_H
#define TESTS_STOCK_H

#include <glob.h>
#include <linux/types.h>

/* Return: their number; globfree(@found) afterwards */
size_t stock_find(glob_t *found);
/* Return: all of a file, to be freed, or NULL when it cannot be read */
__u8 *stock_read(const char *path, size_t *len);

#endif /* TESTS_STOCK_H */
