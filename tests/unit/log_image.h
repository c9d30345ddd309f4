/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small memory with a kernel log in it, and hostile use of the decoder.
 *
 *	0x0000 VMCOREINFO | 0x1000 prb, ring, descriptors, infos, text | 0x2000
 *	page tables
 */
#ifndef TESTS_LOG_IMAGE_H
#define TESTS_LOG_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "printk_ring.h"

#define LOG_PHYS	0x40000000ULL	/* the memory's physical address */
#define LOG_IMAGE_MAP	0xffffffff81000000ULL
#define LOG_DIRECT_MAP	0xffff888000000000ULL

#define LOG_INFO	0x0000
#define LOG_PRB		0x1000
#define LOG_RING	0x1010
#define LOG_DESCS	0x1100
#define LOG_INFOS	0x1400
#define LOG_TEXT	0x1c00
#define LOG_TABLES	0x2000
#define LOG_SIZE	0x7000

#define LOG_COUNT_BITS	4
#define LOG_SIZE_BITS	10

#define LOG_ID_MASK	(~0ULL >> 2)

enum log_state { LOG_RESERVED, LOG_COMMITTED, LOG_FINALIZED, LOG_REUSABLE };

/**
 * struct log_image - how the memory is made, and the ring's writer
 * @mem:	the memory, LOG_SIZE bytes unless a test has more
 * @info_size:	sizeof(struct printk_info) of this kernel
 * @direct:	the ring's arrays are reached by the direct map
 * @no_info:	without VMCOREINFO
 * @levels:	levels of the page tables, 4 or 5
 * @page_shift:	size of the direct map's pages: 12, 21 or 30
 */
struct log_image {
	__u8 *mem;
	__u64 info_size;
	bool direct;
	bool no_info;
	int levels;
	int page_shift;
	__u64 head_id, tail_id, head_lpos, tail_lpos, seq;
};

__u64 log_get(const struct log_image *img, size_t at);
void log_put(struct log_image *img, size_t at, __u64 value);

/* The ring as a kernel has it before its first message */
void log_begin(struct log_image *img);

/* Write a message as the kernel does; its descriptor's offset */
size_t log_write(struct log_image *img, const char *text, enum log_state state);

/* Offset of the struct printk_info of this descriptor */
size_t log_info_of(const struct log_image *img, size_t desc);

/*
 * Decode a hostile memory. Aborts where the decoder breaks its word; ASan and
 * UBSan see the rest. Return: messages, or -errno.
 */
int hostile_log(const __u8 *data, size_t len);

#endif /* TESTS_LOG_IMAGE_H */
