// SPDX-License-Identifier: GPL-2.0
/*
 * Decode a kernel's printk ring (kernel/printk/printk_ringbuffer.[ch]) in
 * foreign memory.
 *
 * A kernel says where its ring is and how its structs are laid out in one page
 * of text, VMCOREINFO, which it writes at subsys_initcall.  Before that its
 * rings are found by their shape, with the layout that 5.11 and later have.
 *
 * The memory is hostile, and alive: whatever is read is copied first, checked
 * next, and used last.  All loops are bounded by a constant or by the size of
 * the memory.  The ring's arrays are contiguous in physical memory, because the
 * kernel has them in its image or from memblock; so only their starts are ever
 * translated.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printk_ring.h"

#define PAGE		4096ULL
#define CHUNK		(2ULL << 20)	/* of a scan, plus a page of overlap */
#define MAX_FOUND	64		/* of a kind; forgeries may be many */
#define MAX_WALK	262144ULL	/* newest messages of a ring */
#define MAX_READS	(4ULL << 20)	/* of a search, and of the printing */
#define MAX_TEXT	65535		/* text_len is 16 bits wide */
#define MAX_INFO	256		/* struct printk_info, 88 to 112 so far */
#define MAX_BITS	31
#define FOUND		1

#define INFO_BEGINS	"OSRELEASE="
#define INFO_BEGIN	(sizeof(INFO_BEGINS) - 1)

/* Where the kernel image is mapped; its place differs by whole steps. */
#define IMAGE_MAP	0xffffffff80000000ULL
#define IMAGE_MAP_SIZE	0x40000000ULL
#define STEP		(2ULL << 20)
#define KERNEL_HALF	0xff00000000000000ULL

#define PTE_PRESENT	0x1ULL
#define PTE_LARGE	0x80ULL
#define PTE_ADDR	0x000ffffffffff000ULL

/* A descriptor's state stands in the top two bits of its id. */
#define ID_MASK		(~0ULL >> 2)
#define STATE(var)	((var) >> 62)
#define COMMITTED	1
#define FINALIZED	2

#define EMPTY_LINE	3ULL		/* lpos of a message without text */

/* Offsets and sizes in the kernel's structs, in bytes. */
struct layout {
	__u64 desc_ring, text_ring;				/* printk_ringbuffer */
	__u64 count_bits, descs, infos, head_id, tail_id;	/* prb_desc_ring */
	__u64 size_bits, data;					/* prb_data_ring */
	__u64 desc_size, state, blk;				/* prb_desc */
	__u64 begin, next;					/* prb_data_blk_lpos */
	__u64 info_size, seq, ts_nsec, text_len, caller_id;	/* printk_info */
};

/* What VMCOREINFO says. */
struct vmcoreinfo {
	struct layout layout;
	__u64 prb, phys_base, init_top_pgt, l5, sme_mask;
};

/* A ring; its arrays by physical address. */
struct ring {
	const struct mk_mem *mem;
	struct layout l;
	__u64 descs, infos, data;
	__u64 count, size;
	__u64 head_id, tail_id;
};

/*
 * A search through all memory; @best holds @records sound messages.  @mem reads
 * @from, as long as @reads allows it.
 */
struct search {
	struct mk_mem mem;
	const struct mk_mem *from;
	__u64 reads;
	struct ring best;
	__u64 records;
	unsigned int infos, shapes;	/* looked at */
};

/* --- reading ------------------------------------------------------------ */

/* Forged rings may lead to forged rings: all of them share one budget. */
static int counted_read(void *ctx, __u64 phys, void *buf, size_t len)
{
	struct search *s = ctx;

	if (s->reads++ >= MAX_READS)
		return -ETIME;
	return s->from->read(s->from->ctx, phys, buf, len);
}

static int read_phys(const struct mk_mem *mem, __u64 phys, void *buf,
		     size_t len)
{
	const struct mk_extent *e = mem->extents;
	unsigned int i;

	for (i = 0; i < mem->nr_extents; i++, e++)
		if (phys >= e->start && len <= e->size &&
		    phys - e->start <= e->size - len)
			return mem->read(mem->ctx, phys, buf, len);
	return -EFAULT;
}

/* The value, or zero: no caller takes zero for sound. */
static __u64 read_u64(const struct mk_mem *mem, __u64 phys)
{
	__u64 value;

	return read_phys(mem, phys, &value, sizeof(value)) ? 0 : value;
}

static __u32 read_u32(const struct mk_mem *mem, __u64 phys)
{
	__u32 value;

	return read_phys(mem, phys, &value, sizeof(value)) ? 0 : value;
}

/* --- one message -------------------------------------------------------- */

static __u64 desc_at(const struct ring *r, __u64 id)
{
	return r->descs + (id & (r->count - 1)) * r->l.desc_size;
}

static __u64 read_state(const struct ring *r, __u64 id)
{
	return read_u64(r->mem, desc_at(r, id) + r->l.state);
}

/*
 * A committed message may still grow, or its CPU may be dead: it is shown, in
 * contrast to what readers inside the kernel do.
 */
static bool is_readable(__u64 state, __u64 id)
{
	return (state & ID_MASK) == id &&
	       (STATE(state) == COMMITTED || STATE(state) == FINALIZED);
}

/* Find the data block; a block that would wrap starts at the array's start. */
static int find_block(const struct ring *r, __u64 begin, __u64 next,
		      __u64 *block, __u64 *size)
{
	__u64 mask = r->size - 1;
	__u64 wraps = ((next - 1) & ~mask) - (begin & ~mask);

	if ((begin | next) & 7 || (wraps && wraps != r->size))
		return -EBADMSG;
	if (wraps)
		begin = next & ~mask;
	*block = r->data + (begin & mask);
	*size = next - begin;
	return *size <= sizeof(__u64) || *size > r->size ? -EBADMSG : 0;
}

static int read_text(const struct ring *r, __u64 id, char *text, size_t len)
{
	__u64 blk = desc_at(r, id) + r->l.blk;
	__u64 begin = read_u64(r->mem, blk + r->l.begin);
	__u64 next = read_u64(r->mem, blk + r->l.next);
	__u64 block, size;

	text[len] = '\0';
	if (begin == EMPTY_LINE && next == EMPTY_LINE && !len)
		return 0;
	if (find_block(r, begin, next, &block, &size) ||
	    size - sizeof(id) < len || read_u64(r->mem, block) != id)
		return -EBADMSG;
	return read_phys(r->mem, block + sizeof(id), text, len);
}

/* Facility and flags stand behind the length in all versions. */
static void parse_info(const struct layout *l, const __u8 *info,
		       struct mk_log_record *rec)
{
	__u16 len;

	memcpy(&rec->seq, info + l->seq, sizeof(rec->seq));
	memcpy(&rec->ts_nsec, info + l->ts_nsec, sizeof(rec->ts_nsec));
	memcpy(&rec->caller_id, info + l->caller_id, sizeof(rec->caller_id));
	memcpy(&len, info + l->text_len, sizeof(len));
	rec->len = len;
	rec->facility = info[l->text_len + 2];
	rec->level = info[l->text_len + 3] >> 5;
}

static int read_record(const struct ring *r, __u64 id,
		       struct mk_log_record *rec, char *text)
{
	__u64 index = id & (r->count - 1);
	__u64 state = read_state(r, id);
	__u8 info[MAX_INFO];

	if (!is_readable(state, id) ||
	    read_phys(r->mem, r->infos + index * r->l.info_size, info,
		      r->l.info_size))
		return -ENOENT;
	parse_info(&r->l, info, rec);
	if ((rec->seq & (r->count - 1)) != index ||
	    read_text(r, id, text, rec->len))
		return -EBADMSG;
	rec->text = text;

	/* A running instance may have reused it meanwhile. */
	return read_state(r, id) == state ? 0 : -EAGAIN;
}

/* Without @fn: count the sound messages. */
static __u64 walk(const struct ring *r, mk_log_fn fn, void *ctx)
{
	__u64 nr = ((r->head_id - r->tail_id) & ID_MASK) + 1;
	__u64 done = 0, next_seq = 0, id;
	struct mk_log_record rec;
	char text[MAX_TEXT + 1];

	nr = nr < MAX_WALK ? nr : MAX_WALK;
	for (id = r->head_id - nr + 1; nr; nr--, id++) {
		if (read_record(r, id & ID_MASK, &rec, text) ||
		    rec.seq < next_seq)
			continue;
		next_seq = rec.seq + 1;
		done++;
		if (fn && fn(ctx, &rec))
			break;
	}
	return done;
}

/* --- rings ----------------------------------------------------------------- */

static int read_ring(struct ring *r, __u64 rb)
{
	__u64 desc = rb + r->l.desc_ring, text = rb + r->l.text_ring;
	__u32 count_bits = read_u32(r->mem, desc + r->l.count_bits);
	__u32 size_bits = read_u32(r->mem, text + r->l.size_bits);

	r->tail_id = read_u64(r->mem, desc + r->l.tail_id) & ID_MASK;
	r->head_id = read_u64(r->mem, desc + r->l.head_id) & ID_MASK;
	r->count = 1ULL << (count_bits & 63);
	r->size = 1ULL << (size_bits & 63);
	return !count_bits || count_bits > MAX_BITS ||
	       !size_bits || size_bits > MAX_BITS ? -EBADMSG : 0;
}

/* --- way 1: VMCOREINFO --------------------------------------------------- */

static int walk_tables(const struct mk_mem *mem, const struct vmcoreinfo *info,
		       __u64 virt, __u64 *phys)
{
	__u64 table = info->init_top_pgt - IMAGE_MAP + info->phys_base;
	int shift = info->l5 ? 48 : 39;
	__u64 entry, rest;

	for (; shift >= 12; shift -= 9) {
		entry = read_u64(mem, table + 8 * ((virt >> shift) & 511));
		if (!(entry & PTE_PRESENT))
			return -EFAULT;
		table = entry & PTE_ADDR & ~info->sme_mask;
		if (entry & PTE_LARGE && (shift == 30 || shift == 21))
			break;
	}
	rest = (1ULL << (shift < 12 ? 12 : shift)) - 1;
	*phys = (table & ~rest) | (virt & rest);
	return 0;
}

static int translate(const struct mk_mem *mem, const struct vmcoreinfo *info,
		     __u64 virt, __u64 *phys)
{
	if (virt - IMAGE_MAP >= IMAGE_MAP_SIZE)
		return walk_tables(mem, info, virt, phys);
	*phys = virt - IMAGE_MAP + info->phys_base;
	return 0;
}

/* Read a pointer and translate it. */
static int follow(const struct mk_mem *mem, const struct vmcoreinfo *info,
		  __u64 at, __u64 *phys)
{
	return translate(mem, info, read_u64(mem, at), phys);
}

#define KEY(key, member)	{ "\n" key "=", offsetof(struct vmcoreinfo, member) }
#define FIELD(type, field, member)	\
	KEY("OFFSET(" type "." field ")", layout.member)

struct key {
	const char *name;
	size_t where;
};

static const struct key layout_keys[] = {
	FIELD("printk_ringbuffer", "desc_ring", desc_ring),
	FIELD("printk_ringbuffer", "text_data_ring", text_ring),
	FIELD("prb_desc_ring", "count_bits", count_bits),
	FIELD("prb_desc_ring", "descs", descs),
	FIELD("prb_desc_ring", "infos", infos),
	FIELD("prb_desc_ring", "head_id", head_id),
	FIELD("prb_desc_ring", "tail_id", tail_id),
	FIELD("prb_data_ring", "size_bits", size_bits),
	FIELD("prb_data_ring", "data", data),
	KEY("SIZE(prb_desc)", layout.desc_size),
	FIELD("prb_desc", "state_var", state),
	FIELD("prb_desc", "text_blk_lpos", blk),
	FIELD("prb_data_blk_lpos", "begin", begin),
	FIELD("prb_data_blk_lpos", "next", next),
	KEY("SIZE(printk_info)", layout.info_size),
	FIELD("printk_info", "seq", seq),
	FIELD("printk_info", "ts_nsec", ts_nsec),
	FIELD("printk_info", "text_len", text_len),
	FIELD("printk_info", "caller_id", caller_id),
	{ NULL, 0 }
};

static const struct key place_keys[] = {
	KEY("SYMBOL(prb)", prb),
	KEY("SYMBOL(init_top_pgt)", init_top_pgt),
	KEY("NUMBER(phys_base)", phys_base),
	{ NULL, 0 }
};

static const struct key optional_keys[] = {
	KEY("NUMBER(pgtable_l5_enabled)", l5),
	KEY("NUMBER(sme_mask)", sme_mask),
	{ NULL, 0 }
};

/* Symbols are in base 16, all else is in base 10.  False: one is missing. */
static bool parse_keys(const char *text, const struct key *keys,
		       struct vmcoreinfo *info)
{
	bool all = true;
	__u64 value;
	const char *at;

	for (; keys->name; keys++) {
		at = strstr(text, keys->name);
		value = at ? strtoull(at + strlen(keys->name), NULL,
				      keys->name[2] == 'Y' ? 16 : 10) : 0;
		all = all && at;
		memcpy((char *)info + keys->where, &value, sizeof(value));
	}
	return all;
}

static bool layout_fits(const struct layout *l)
{
	__u64 end = l->info_size - sizeof(__u64);

	return l->info_size >= sizeof(__u64) && l->info_size <= MAX_INFO &&
	       l->seq <= end && l->ts_nsec <= end && l->text_len <= end &&
	       l->caller_id <= end;
}

static bool parse_info_page(const char *text, struct vmcoreinfo *info)
{
	parse_keys(text, optional_keys, info);
	return parse_keys(text, layout_keys, info) &&
	       parse_keys(text, place_keys, info) &&
	       layout_fits(&info->layout);
}

static int ring_of_info(const struct mk_mem *mem, const struct vmcoreinfo *info,
			struct ring *r)
{
	__u64 rb, prb;

	*r = (struct ring){ .mem = mem, .l = info->layout };
	if (translate(mem, info, info->prb, &prb) ||
	    follow(mem, info, prb, &rb) || read_ring(r, rb))
		return -EBADMSG;
	return follow(mem, info, rb + r->l.desc_ring + r->l.descs, &r->descs) ||
	       follow(mem, info, rb + r->l.desc_ring + r->l.infos, &r->infos) ||
	       follow(mem, info, rb + r->l.text_ring + r->l.data, &r->data);
}

/* What it leads to is the log, whatever else looks like a ring. */
static bool look_for_info(struct search *s, __u64 phys)
{
	struct vmcoreinfo info;
	char text[PAGE + 1];
	struct ring r;

	if (s->infos >= MAX_FOUND || read_phys(&s->mem, phys, text, PAGE) ||
	    memcmp(text, INFO_BEGINS, INFO_BEGIN))
		return false;
	s->infos++;
	text[PAGE] = '\0';
	if (!parse_info_page(text, &info) || ring_of_info(&s->mem, &info, &r) ||
	    !walk(&r, NULL, NULL))
		return false;
	s->best = r;
	s->records = 1;
	if (s->mem.found)
		*s->mem.found = phys;
	return true;
}

/* --- way 2: the shape of a ring ------------------------------------------- */

/* struct printk_ringbuffer in units of 8 bytes. */
enum {
	W_COUNT_BITS, W_DESCS, W_INFOS, W_HEAD_ID, W_TAIL_ID, W_FINALIZED,
	W_SIZE_BITS, W_DATA, W_HEAD_LPOS, W_TAIL_LPOS, WORDS
};

static const struct layout known_layout = {
	.desc_ring = 0, .text_ring = 8 * W_SIZE_BITS,
	.desc_size = 24, .state = 0, .blk = 8, .begin = 0, .next = 8,
	.seq = 0, .ts_nsec = 8, .text_len = 16, .caller_id = 20,
};

/* Without and with CONFIG_PRINTK_EXECUTION_CTX (from 7.0). */
static const __u64 known_info_sizes[] = { 88, 112, 0 };

static bool is_pointer(__u64 word)
{
	return word >= KERNEL_HALF && !(word & 7);
}

static bool has_shape(const __u64 *w)
{
	return w[W_COUNT_BITS] && w[W_COUNT_BITS] <= MAX_BITS &&
	       w[W_SIZE_BITS] && w[W_SIZE_BITS] <= MAX_BITS &&
	       is_pointer(w[W_DESCS]) && is_pointer(w[W_INFOS]) &&
	       is_pointer(w[W_DATA]) &&
	       !((w[W_HEAD_ID] | w[W_TAIL_ID]) & ~ID_MASK) &&
	       !((w[W_HEAD_LPOS] | w[W_TAIL_LPOS]) & 7);
}

/*
 * The arrays are here if the head and the tail are.  Of several rings the one
 * with the most messages counts: a copy or an old one has fewer.
 */
static void try_place(struct search *s, struct ring *r)
{
	const __u64 *size;
	__u64 records;

	if ((read_state(r, r->head_id) & ID_MASK) != r->head_id ||
	    (read_state(r, r->tail_id) & ID_MASK) != r->tail_id)
		return;
	for (size = known_info_sizes; *size; size++) {
		r->l.info_size = *size;
		records = walk(r, NULL, NULL);
		if (records > s->records) {
			s->best = *r;
			s->records = records;
		}
	}
}

/*
 * The way from virtual to physical is not known, but its granularity is: the
 * kernel image moves in steps of 2 MiB, the direct map in larger ones.
 */
static void try_places(struct search *s, const __u64 *w)
{
	struct ring r = {
		.mem = &s->mem, .l = known_layout,
		.count = 1ULL << w[W_COUNT_BITS], .size = 1ULL << w[W_SIZE_BITS],
		.head_id = w[W_HEAD_ID], .tail_id = w[W_TAIL_ID],
	};
	const struct mk_extent *e = s->mem.extents;
	__u64 off;

	for (; e < s->mem.extents + s->mem.nr_extents; e++) {
		off = (w[W_DESCS] - e->start) & (STEP - 1);
		for (; off < e->size; off += STEP) {
			r.descs = e->start + off;
			r.infos = r.descs + (w[W_INFOS] - w[W_DESCS]);
			r.data = r.descs + (w[W_DATA] - w[W_DESCS]);
			try_place(s, &r);
		}
	}
}

static void look_for_ring(struct search *s, const __u64 *w)
{
	if (has_shape(w) && s->shapes++ < MAX_FOUND)
		try_places(s, w);
}

/* --- searching -------------------------------------------------------------- */

/* The start of each page is enough to know it; larger reads cost more. */
static int scan_for_info(struct search *s, const struct mk_extent *e)
{
	char begin[INFO_BEGIN];
	__u64 off;
	int err;

	for (off = 0; off + PAGE <= e->size; off += PAGE) {
		err = s->from->read(s->from->ctx, e->start + off, begin, sizeof(begin));
		if (err)
			return err;
		if (!memcmp(begin, INFO_BEGINS, INFO_BEGIN) &&
		    look_for_info(s, e->start + off))
			return FOUND;
	}
	return 0;
}

/* Chunks overlap, as a ring may lie across their border. */
static int scan_for_ring(struct search *s, const struct mk_extent *e)
{
	static __u64 buf[(CHUNK + PAGE) / 8];
	__u64 off, at, len;
	int err = 0;

	for (off = 0; off < e->size && !err; off += CHUNK) {
		len = e->size - off;
		len = len < sizeof(buf) ? len : sizeof(buf);
		err = s->from->read(s->from->ctx, e->start + off, buf, len);
		for (at = 0; at < CHUNK / 8 && 8 * (at + WORDS) <= len && !err; at++)
			look_for_ring(s, buf + at);
	}
	return err;
}

static int scan(struct search *s, int (*look)(struct search *, const struct mk_extent *))
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < s->mem.nr_extents && !ret; i++)
		ret = look(s, s->mem.extents + i);
	return ret;
}

/* Nearly always the first way; the second one is for a kernel that died early. */
static int search(struct search *s)
{
	int ret;

	if (s->mem.found && *s->mem.found && look_for_info(s, *s->mem.found))
		return 0;
	ret = scan(s, scan_for_info) ?: scan(s, scan_for_ring);
	return ret < 0 ? ret : 0;
}

int mk_log_decode(const struct mk_mem *mem, mk_log_fn fn, void *ctx, char *why,
		  size_t why_len)
{
	struct search s = { .mem = *mem, .from = mem };
	int err;

	s.mem.read = counted_read;
	s.mem.ctx = &s;
	err = search(&s);
	s.reads = 0;
	if (err) {
		snprintf(why, why_len, "it cannot be read: %s", strerror(-err));
		return err;
	}
	if (!s.records) {
		snprintf(why, why_len,
			 "its kernel has not begun its log, or is still unpacking itself");
		return -ENODATA;
	}
	return walk(&s.best, fn, ctx);
}
