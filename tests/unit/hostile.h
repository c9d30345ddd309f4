/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Give hostile input to a parser and use all that it lets through. They abort
 * when the parser breaks its word; ASan and UBSan see the rest. Shared by the
 * mutation test and the fuzz targets.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stddef.h>
#include <linux/types.h>

/* Return: 1 if the input was accepted, 0 if it was refused with an error */
int hostile_image(const __u8 *data, size_t len);
int hostile_vmlinux(const __u8 *data, size_t len);
int hostile_handoff(const __u8 *data, size_t len);

#endif /* TESTS_HOSTILE_H */
