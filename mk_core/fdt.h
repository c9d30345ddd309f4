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

/**
 * mk_fdt_begin() - begin a tree
 * @f:		the tree; errors stick to it until mk_fdt_finish()
 * @buf:	room for the blob
 * @size:	its bytes
 */
void mk_fdt_begin(struct mk_fdt *f, void *buf, __u32 size);

/**
 * mk_fdt_node() - open a node in the one that is open
 * @f:		the tree
 * @name:	its name; "" is the root
 */
void mk_fdt_node(struct mk_fdt *f, const char *name);

/**
 * mk_fdt_end_node() - close the node that was opened last
 * @f:		the tree
 */
void mk_fdt_end_node(struct mk_fdt *f);

/**
 * mk_fdt_prop() - add a property to the open node, before its first child
 * @f:		the tree
 * @name:	its name
 * @val:	its value as it is stored
 * @len:	bytes of @val
 */
void mk_fdt_prop(struct mk_fdt *f, const char *name, const void *val, __u32 len);

/**
 * mk_fdt_prop_str() - add a property that is a string
 * @f:		the tree
 * @name:	its name
 * @s:		the string
 */
void mk_fdt_prop_str(struct mk_fdt *f, const char *name, const char *s);

/**
 * mk_fdt_prop_u32() - add a property of one cell
 * @f:		the tree
 * @name:	its name
 * @v:		the value, in host order
 */
void mk_fdt_prop_u32(struct mk_fdt *f, const char *name, __u32 v);

/**
 * mk_fdt_prop_u64() - add a property of two cells
 * @f:		the tree
 * @name:	its name
 * @v:		the value, in host order
 */
void mk_fdt_prop_u64(struct mk_fdt *f, const char *name, __u64 v);

/**
 * mk_fdt_prop_cells() - add a property of many cells
 * @f:		the tree
 * @name:	its name
 * @v:		the values, in host order
 * @nr:		their number
 */
void mk_fdt_prop_cells(struct mk_fdt *f, const char *name, const __u32 *v, __u32 nr);

/**
 * mk_fdt_finish() - end the tree
 * @f:		the tree, all nodes closed
 *
 * Return: bytes of the finished blob, or 0 after any failure since the begin.
 */
__u32 mk_fdt_finish(struct mk_fdt *f);

#endif /* MK_CORE_FDT_H */
