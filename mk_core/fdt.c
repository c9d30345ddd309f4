// SPDX-License-Identifier: GPL-2.0
/* Pure: writes a flattened device tree. */
#include "fdt.h"
#include "pure.h"

#define FDT_MAGIC	0xd00dfeed
#define FDT_VERSION	17
#define FDT_COMPATIBLE	16
#define FDT_HEADER	40
#define FDT_STRUCT	56	/* behind the header and an empty reservation map */

#define FDT_BEGIN_NODE	1
#define FDT_END_NODE	2
#define FDT_PROP	3
#define FDT_END		9

void mk_fdt_begin(struct mk_fdt *f, void *buf, __u32 size)
{
	memset(f, 0, sizeof(*f));
	f->buf = buf;
	f->size = size;
	f->failed = size < FDT_STRUCT;
	if (f->failed)
		return;
	memset(f->buf, 0, FDT_STRUCT);
	f->used = FDT_STRUCT;
}

/* @len bytes between the structure block and the strings, or NULL */
static __u8 *claim(struct mk_fdt *f, __u32 len)
{
	if (f->failed || len > f->size - f->used - f->strings) {
		f->failed = 1;
		return NULL;
	}
	f->used += len;
	return f->buf + f->used - len;
}

static void put_cell(struct mk_fdt *f, __u32 v)
{
	__u8 *p = claim(f, 4);

	if (p)
		mk_put_be32(p, v);
}

/* padded with zeros to a whole number of cells */
static void put_bytes(struct mk_fdt *f, const void *data, __u32 len)
{
	__u32 pad = -len & 3;
	__u8 *p = claim(f, len);

	if (p && len)
		memcpy(p, data, len);
	p = claim(f, pad);
	if (p)
		memset(p, 0, pad);
}

/*
 * The offset of @name in the strings block. The block ends at the end of the
 * buffer; it is moved down to make room for a new name behind the others, so
 * that offsets given out before stay right.
 */
static __u32 string_offset(struct mk_fdt *f, const char *name)
{
	__u32 len = strlen(name) + 1;
	__u8 *block = f->buf + f->size - f->strings;
	__u32 at;

	for (at = 0; at < f->strings; at += strlen((char *)block + at) + 1)
		if (!strcmp((char *)block + at, name))
			return at;
	if (f->failed || len > f->size - f->used - f->strings) {
		f->failed = 1;
		return 0;
	}
	memmove(block - len, block, f->strings);
	memcpy(f->buf + f->size - len, name, len);
	f->strings += len;
	return at;
}

void mk_fdt_node(struct mk_fdt *f, const char *name)
{
	/* one root, and only the root has an empty name */
	if (f->depth ? !*name : (*name || f->used != FDT_STRUCT))
		f->failed = 1;
	f->depth++;
	f->closed = 0;
	put_cell(f, FDT_BEGIN_NODE);
	put_bytes(f, name, strlen(name) + 1);
}

void mk_fdt_end_node(struct mk_fdt *f)
{
	if (!f->depth) {
		f->failed = 1;
		return;
	}
	f->depth--;
	f->closed = 1;
	put_cell(f, FDT_END_NODE);
}

static void begin_prop(struct mk_fdt *f, const char *name, __u32 len)
{
	if (!f->depth || f->closed)
		f->failed = 1;
	put_cell(f, FDT_PROP);
	put_cell(f, len);
	put_cell(f, string_offset(f, name));
}

void mk_fdt_prop(struct mk_fdt *f, const char *name, const void *val, __u32 len)
{
	begin_prop(f, name, len);
	put_bytes(f, val, len);
}

void mk_fdt_prop_str(struct mk_fdt *f, const char *name, const char *s)
{
	mk_fdt_prop(f, name, s, strlen(s) + 1);
}

void mk_fdt_prop_u32(struct mk_fdt *f, const char *name, __u32 v)
{
	mk_fdt_prop_cells(f, name, &v, 1);
}

void mk_fdt_prop_u64(struct mk_fdt *f, const char *name, __u64 v)
{
	__u32 cells[2] = { v >> 32, v };

	mk_fdt_prop_cells(f, name, cells, 2);
}

void mk_fdt_prop_cells(struct mk_fdt *f, const char *name, const __u32 *v, __u32 nr)
{
	__u32 i;

	begin_prop(f, name, nr * 4);
	for (i = 0; i < nr; i++)
		put_cell(f, v[i]);
}

static void put_header(struct mk_fdt *f)
{
	mk_put_be32(f->buf, FDT_MAGIC);
	mk_put_be32(f->buf + 4, f->used + f->strings);	/* totalsize */
	mk_put_be32(f->buf + 8, FDT_STRUCT);		/* off_dt_struct */
	mk_put_be32(f->buf + 12, f->used);		/* off_dt_strings */
	mk_put_be32(f->buf + 16, FDT_HEADER);		/* off_mem_rsvmap */
	mk_put_be32(f->buf + 20, FDT_VERSION);
	mk_put_be32(f->buf + 24, FDT_COMPATIBLE);
	mk_put_be32(f->buf + 28, 0);			/* boot_cpuid_phys */
	mk_put_be32(f->buf + 32, f->strings);		/* size_dt_strings */
	mk_put_be32(f->buf + 36, f->used - FDT_STRUCT);	/* size_dt_struct */
}

__u32 mk_fdt_finish(struct mk_fdt *f)
{
	if (f->depth || !f->closed)
		f->failed = 1;
	put_cell(f, FDT_END);
	if (f->failed)
		return 0;
	put_header(f);
	memmove(f->buf + f->used, f->buf + f->size - f->strings, f->strings);
	return f->used + f->strings;
}
