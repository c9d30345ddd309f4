/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: writes a flattened device tree (Devicetree Specification 0.4, chapter
 * 5, version 17), in the style of libfdt's fdt_sw_*, which stock x86 kernels do not export.
 * Tests read it back with libfdt.
 */
#ifndef MK_CORE_FDT_H
#define MK_CORE_FDT_H

#include <linux/types.h>

/**
 * struct mk_fdt - a tree being written
 * @buf:	room for the whole blob
 * @size:	its bytes
 * @used:	bytes of header, reservation map and structure block so far
 * @strings:	the strings block grows down from the end of @buf: its bytes
 * @depth:	open nodes
 * @closed:	the last call closed a node: no property may follow
 * @failed:	sticky: room ran out or calls were out of order
 */
struct mk_fdt {
	__u8 *buf;
	__u32 size;
	__u32 used;
	__u32 strings;
	__u32 depth;
	int closed;
	int failed;
};

void mk_fdt_begin(struct mk_fdt *f, void *buf, __u32 size);
void mk_fdt_node(struct mk_fdt *f, const char *name);	/* "" is the root */
void mk_fdt_end_node(struct mk_fdt *f);
void mk_fdt_prop(struct mk_fdt *f, const char *name, const void *val, __u32 len);
void mk_fdt_prop_str(struct mk_fdt *f, const char *name, const char *s);
void mk_fdt_prop_u32(struct mk_fdt *f, const char *name, __u32 v);
void mk_fdt_prop_u64(struct mk_fdt *f, const char *name, __u64 v);
/* a property of big-endian cells from an array of host-order values */
void mk_fdt_prop_cells(struct mk_fdt *f, const char *name, const __u32 *v, __u32 nr);
/* Return: bytes of the finished blob, or 0 after any failure. */
__u32 mk_fdt_finish(struct mk_fdt *f);

#endif /* MK_CORE_FDT_H */
