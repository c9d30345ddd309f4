// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_image.h"

#define COUNT		16ULL
#define SIZE		1024ULL
#define DESC_SIZE	24

/* Fields of struct printk_ringbuffer */
#define COUNT_BITS	(LOG_RING + 0)
#define DESCS		(LOG_RING + 8)
#define INFOS		(LOG_RING + 16)
#define HEAD_ID		(LOG_RING + 24)
#define TAIL_ID		(LOG_RING + 32)
#define SIZE_BITS	(LOG_RING + 48)
#define TEXT		(LOG_RING + 56)
#define HEAD_LPOS	(LOG_RING + 64)
#define TAIL_LPOS	(LOG_RING + 72)

static const char info_text[] =
	"OSRELEASE=6.12.0-test\n"
	"PAGESIZE=4096\n"
	"SYMBOL(prb)=%llx\n"
	"SIZE(printk_ringbuffer)=88\n"
	"OFFSET(printk_ringbuffer.desc_ring)=0\n"
	"OFFSET(printk_ringbuffer.text_data_ring)=48\n"
	"OFFSET(prb_desc_ring.count_bits)=0\n"
	"OFFSET(prb_desc_ring.descs)=8\n"
	"OFFSET(prb_desc_ring.infos)=16\n"
	"OFFSET(prb_desc_ring.head_id)=24\n"
	"OFFSET(prb_desc_ring.tail_id)=32\n"
	"SIZE(prb_desc)=24\n"
	"OFFSET(prb_desc.state_var)=0\n"
	"OFFSET(prb_desc.text_blk_lpos)=8\n"
	"OFFSET(prb_data_blk_lpos.begin)=0\n"
	"OFFSET(prb_data_blk_lpos.next)=8\n"
	"SIZE(printk_info)=%llu\n"
	"OFFSET(printk_info.seq)=0\n"
	"OFFSET(printk_info.ts_nsec)=8\n"
	"OFFSET(printk_info.text_len)=16\n"
	"OFFSET(printk_info.caller_id)=20\n"
	"OFFSET(prb_data_ring.size_bits)=0\n"
	"OFFSET(prb_data_ring.data)=8\n"
	"NUMBER(phys_base)=%lld\n"
	"SYMBOL(init_top_pgt)=%llx\n"
	"NUMBER(pgtable_l5_enabled)=%d\n"
	"NUMBER(sme_mask)=0\n";

__u64 log_get(const struct log_image *img, size_t at)
{
	__u64 value;

	memcpy(&value, img->mem + at, sizeof(value));
	return value;
}

void log_put(struct log_image *img, size_t at, __u64 value)
{
	memcpy(img->mem + at, &value, sizeof(value));
}

static __u64 array_address(const struct log_image *img, size_t at)
{
	return img->direct ? LOG_DIRECT_MAP + LOG_PHYS + at : LOG_IMAGE_MAP + at;
}

static void write_info(struct log_image *img)
{
	snprintf((char *)img->mem + LOG_INFO, 4096, info_text,
		 LOG_IMAGE_MAP + LOG_PRB, img->info_size,
		 (long long)(LOG_PHYS - 0x1000000),
		 LOG_IMAGE_MAP + LOG_TABLES, img->levels == 5);
}

/* Map the page of the direct map in which our memory begins, and its next. */
static void write_tables(struct log_image *img)
{
	__u64 virt = LOG_DIRECT_MAP + LOG_PHYS;
	int shift = img->levels == 5 ? 48 : 39;
	size_t table = LOG_TABLES;

	for (; shift > img->page_shift; shift -= 9, table += 4096)
		log_put(img, table + 8 * (virt >> shift & 511),
			(LOG_PHYS + table + 4096) | 0x63);
	log_put(img, table + 8 * (virt >> shift & 511),
		LOG_PHYS | (shift == 12 ? 0x63 : 0xe3));
	if (shift == 12)
		log_put(img, table + 8 * ((virt >> shift & 511) + 1),
			(LOG_PHYS + 4096) | 0x8000000000000063);
}

static void write_heads(struct log_image *img)
{
	log_put(img, HEAD_ID, img->head_id);
	log_put(img, TAIL_ID, img->tail_id);
	log_put(img, HEAD_LPOS, img->head_lpos);
	log_put(img, TAIL_LPOS, img->tail_lpos);
}

static size_t desc_of(__u64 id)
{
	return LOG_DESCS + (id & (COUNT - 1)) * DESC_SIZE;
}

static void set_state(struct log_image *img, __u64 id, enum log_state state)
{
	log_put(img, desc_of(id), (__u64)state << 62 | id);
}

void log_begin(struct log_image *img)
{
	img->head_id = -(COUNT + 1) & LOG_ID_MASK;
	img->tail_id = img->head_id;
	img->head_lpos = -SIZE;
	img->tail_lpos = -SIZE;
	img->seq = 0;
	log_put(img, LOG_PRB, LOG_IMAGE_MAP + LOG_RING);
	log_put(img, COUNT_BITS, LOG_COUNT_BITS);
	log_put(img, SIZE_BITS, LOG_SIZE_BITS);
	log_put(img, DESCS, array_address(img, LOG_DESCS));
	log_put(img, INFOS, array_address(img, LOG_INFOS));
	log_put(img, TEXT, array_address(img, LOG_TEXT));
	set_state(img, img->head_id, LOG_REUSABLE);
	write_heads(img);
	if (!img->no_info)
		write_info(img);
	if (img->direct)
		write_tables(img);
}

/* Free the oldest texts until @next is less than a ring ahead of the tail. */
static void push_tail(struct log_image *img, __u64 next)
{
	__u64 id, size;

	while (next - img->tail_lpos > SIZE) {
		id = log_get(img, LOG_TEXT + (img->tail_lpos & (SIZE - 1)));
		size = log_get(img, desc_of(id) + 16) - img->tail_lpos;
		set_state(img, id, LOG_REUSABLE);
		img->tail_lpos += size;
	}
}

static void write_text(struct log_image *img, __u64 id, const char *text)
{
	__u64 size = sizeof(id) + ((strlen(text) + 7) & ~7ULL);
	__u64 begin = img->head_lpos, next = begin + size, block = begin;

	if (((next - 1) ^ begin) & ~(SIZE - 1)) {
		block = (next - 1) & ~(SIZE - 1);
		next = block + size;
	}
	push_tail(img, next);
	log_put(img, desc_of(id) + 8, begin);
	log_put(img, desc_of(id) + 16, next);
	log_put(img, LOG_TEXT + (block & (SIZE - 1)), id);
	if (block != begin)
		log_put(img, LOG_TEXT + (begin & (SIZE - 1)), id);
	memcpy(img->mem + LOG_TEXT + (block & (SIZE - 1)) + sizeof(id), text,
	       strlen(text));
	img->head_lpos = next;
}

static void write_record_info(struct log_image *img, size_t at, size_t len)
{
	log_put(img, at, img->seq);
	log_put(img, at + 8, 1000 * img->seq);
	log_put(img, at + 16, len | 3ULL << 16 | 6ULL << 29 |
		(0x80000000ULL + img->seq) << 32);
}

size_t log_info_of(const struct log_image *img, size_t desc)
{
	return LOG_INFOS + (desc - LOG_DESCS) / DESC_SIZE * img->info_size;
}

/* The new message takes the oldest one's descriptor: that frees its text. */
static void free_oldest(struct log_image *img)
{
	size_t desc = desc_of(img->tail_id);

	if (log_get(img, desc) >> 62 != LOG_REUSABLE)
		img->tail_lpos = log_get(img, desc + 16);
	img->tail_id = (img->tail_id + 1) & LOG_ID_MASK;
}

size_t log_write(struct log_image *img, const char *text, enum log_state state)
{
	__u64 id = (img->head_id + 1) & LOG_ID_MASK;
	size_t desc = desc_of(id);

	if (((id - img->tail_id) & LOG_ID_MASK) >= COUNT)
		free_oldest(img);
	img->head_id = id;
	write_text(img, id, text);
	write_record_info(img, log_info_of(img, desc), strlen(text));
	set_state(img, id, state);
	write_heads(img);
	img->seq++;
	return desc;
}

/* --- hostile use ---------------------------------------------------------- */

struct hostile {
	const __u8 *data;
	size_t len;
	unsigned int records;
	__u64 next_seq;
};

static void must(bool kept, const char *word)
{
	if (kept)
		return;
	fprintf(stderr, "the decoder broke its word: %s\n", word);
	abort();
}

static int read_hostile(void *ctx, __u64 phys, void *buf, size_t len)
{
	struct hostile *h = ctx;

	must(phys >= LOG_PHYS && len <= h->len &&
	     phys - LOG_PHYS <= h->len - len, "it reads in one extent only");
	memcpy(buf, h->data + (phys - LOG_PHYS), len);
	return 0;
}

static int take_hostile(void *ctx, const struct mk_log_record *rec)
{
	struct hostile *h = ctx;

	must(strnlen(rec->text, rec->len) <= rec->len && !rec->text[rec->len],
	     "text is NUL-terminated");
	must(rec->level < 8 && rec->facility < 256, "level and facility");
	must(rec->seq >= h->next_seq, "the oldest first");
	h->next_seq = rec->seq + 1;
	h->records++;
	return 0;
}

int hostile_log(const __u8 *data, size_t len)
{
	struct hostile h = { .data = data, .len = len };
	struct mk_extent extents[] = {
		{ .start = LOG_PHYS, .size = len },
		{ .start = ~0ULL - 4095, .size = 0 },
	};
	struct mk_mem mem = { &h, read_hostile, extents, 2, NULL };
	char why[128] = "";
	int nr = mk_log_decode(&mem, take_hostile, &h, why, sizeof(why));

	must(nr < 0 ? why[0] && !h.records : nr == (int)h.records,
	     "a count, or an error in words");
	return nr;
}
