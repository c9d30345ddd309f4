// SPDX-License-Identifier: GPL-2.0
/* The kernel log of a small crafted memory, sound and hostile. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "log_image.h"

#define CHUNK		0x200000
#define MAX_SEEN	64
#define DESC_BEGIN	8	/* in struct prb_desc */
#define DESC_NEXT	16
#define INFO_SEQ	0	/* in struct printk_info */
#define INFO_LEN	16
#define RING_COUNT	(LOG_RING + 0)
#define RING_DESCS	(LOG_RING + 8)
#define RING_HEAD	(LOG_RING + 24)
#define RING_TAIL	(LOG_RING + 32)
#define RING_SIZE	(LOG_RING + 48)
#define RING_WORDS	88

struct seen {
	struct mk_log_record rec;
	char text[1024];
};

struct machine {
	struct log_image img;
	size_t size;			/* of the memory */
	struct mk_extent extents[2];
	struct mk_mem mem;
	struct seen seen[MAX_SEEN];
	int nr, stop_after;
	char why[256];
	int read_error;
	size_t largest;		/* read in one go */
	size_t reads;
	__u64 hook_at;		/* once this is read for @keep, ... */
	void (*hook)(struct log_image *img);	/* ... this happens */
};

static int read_mem(void *ctx, __u64 phys, void *buf, size_t len)
{
	struct machine *m = ctx;

	if (phys < LOG_PHYS || phys - LOG_PHYS > m->size - len)
		abort();
	m->largest = len > m->largest ? len : m->largest;
	m->reads++;
	memcpy(buf, m->img.mem + (phys - LOG_PHYS), len);
	if (m->hook && m->nr && phys == LOG_PHYS + m->hook_at)
		m->hook(&m->img);
	return m->read_error;
}

static int keep(void *ctx, const struct mk_log_record *rec)
{
	struct machine *m = ctx;
	struct seen *s = &m->seen[m->nr++];

	s->rec = *rec;
	snprintf(s->text, sizeof(s->text), "%s", rec->text);
	return m->nr == m->stop_after;
}

static int decode(struct machine *m)
{
	m->nr = 0;
	m->extents[0].size = m->size;
	memset(m->why, 0, sizeof(m->why));
	return mk_log_decode(&m->mem, keep, m, m->why, sizeof(m->why));
}

FIXTURE(ring)
{
	struct machine m;
};

FIXTURE_SETUP(ring)
{
	self->m.size = LOG_SIZE;
	self->m.img.mem = calloc(1, 2 * CHUNK);
	ASSERT_NE(NULL, self->m.img.mem);
	self->m.img.info_size = 88;
	self->m.img.levels = 4;
	self->m.img.page_shift = 30;
	self->m.extents[0].start = LOG_PHYS;
	self->m.mem = (struct mk_mem){ &self->m, read_mem, self->m.extents, 2, NULL };
	log_begin(&self->m.img);
}

FIXTURE_TEARDOWN(ring)
{
	free(self->m.img.mem);
}

/* Choose another kind of memory than FIXTURE_SETUP() did. */
static void begin_again(struct machine *m)
{
	memset(m->img.mem, 0, LOG_SIZE);
	log_begin(&m->img);
}

/* Nothing but VMCOREINFO leads to the ring then. */
static void hide_shape(struct machine *m)
{
	log_put(&m->img, RING_COUNT, 1ULL << 32 | LOG_COUNT_BITS);
}

static void write_many(struct log_image *img, int nr)
{
	char text[32];
	int i;

	for (i = 0; i < nr; i++) {
		snprintf(text, sizeof(text), "message %d", i);
		log_write(img, text, LOG_FINALIZED);
	}
}

TEST_F(ring, tells_what_a_message_is)
{
	struct mk_log_record *rec = &self->m.seen[1].rec;

	log_write(&self->m.img, "one", LOG_FINALIZED);
	log_write(&self->m.img, "two\nlines", LOG_FINALIZED);
	ASSERT_EQ(2, decode(&self->m));
	EXPECT_STREQ("one", self->m.seen[0].text);
	EXPECT_STREQ("two\nlines", self->m.seen[1].text);
	EXPECT_EQ(9, rec->len);
	EXPECT_EQ(1, rec->seq);
	EXPECT_EQ(1000, rec->ts_nsec);
	EXPECT_EQ(6, rec->level);
	EXPECT_EQ(3, rec->facility);
	EXPECT_EQ(0x80000001, rec->caller_id);
}

TEST_F(ring, ends_when_told)
{
	write_many(&self->m.img, 5);
	self->m.stop_after = 3;
	EXPECT_EQ(3, decode(&self->m));
}

TEST_F(ring, keeps_the_newest)
{
	int i;

	for (i = 0; i < 100; i++) {
		log_write(&self->m.img, "some text that makes the ring wrap",
			  LOG_FINALIZED);
		ASSERT_EQ(i < 16 ? i + 1 : 16, decode(&self->m));
		ASSERT_EQ(i, self->m.seen[self->m.nr - 1].rec.seq);
		ASSERT_STREQ("some text that makes the ring wrap",
			     self->m.seen[self->m.nr - 1].text);
	}
}

/* Blocks of all sizes end at, before and behind the end of the text array. */
TEST_F(ring, reads_wrapped_text)
{
	char text[1 << LOG_SIZE_BITS];
	int i, len;

	for (i = 0; i < 500; i++) {
		len = 1 + i * 7 % 480;
		memset(text, 'a' + i % 26, len);
		text[len] = '\0';
		log_write(&self->m.img, text, LOG_FINALIZED);
		ASSERT_LE(1, decode(&self->m));
		ASSERT_EQ(i, self->m.seen[self->m.nr - 1].rec.seq);
		ASSERT_STREQ(text, self->m.seen[self->m.nr - 1].text);
	}
}

TEST_F(ring, fills_the_array_to_its_end)
{
	char text[505];
	int i;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < 4; i++)
		log_write(&self->m.img, text, LOG_FINALIZED);
	ASSERT_EQ(2, decode(&self->m));
	EXPECT_EQ(504, self->m.seen[1].rec.len);
}

TEST_F(ring, skips_what_is_not_written)
{
	size_t lost, empty, old;

	log_write(&self->m.img, "committed", LOG_COMMITTED);
	log_write(&self->m.img, "reserved", LOG_RESERVED);
	log_write(&self->m.img, "reusable", LOG_REUSABLE);
	lost = log_write(&self->m.img, "lost", LOG_FINALIZED);
	log_put(&self->m.img, lost + DESC_BEGIN, 1);
	log_put(&self->m.img, lost + DESC_NEXT, 1);
	empty = log_write(&self->m.img, "", LOG_FINALIZED);
	log_put(&self->m.img, empty + DESC_BEGIN, 3);
	log_put(&self->m.img, empty + DESC_NEXT, 3);
	old = log_write(&self->m.img, "", LOG_FINALIZED);
	log_put(&self->m.img, old + DESC_BEGIN, 3);
	log_put(&self->m.img, old + DESC_NEXT, 3);
	log_put(&self->m.img, old, log_get(&self->m.img, old) - 16);
	log_write(&self->m.img, "end", LOG_FINALIZED);
	ASSERT_EQ(3, decode(&self->m));
	EXPECT_STREQ("committed", self->m.seen[0].text);
	EXPECT_STREQ("", self->m.seen[1].text);
	EXPECT_EQ(4, self->m.seen[1].rec.seq);
	EXPECT_STREQ("end", self->m.seen[2].text);
}

TEST_F(ring, walks_all_page_tables)
{
	static const int shifts[] = { 12, 21, 30 };
	int i;

	self->m.img.direct = true;
	for (i = 0; i < 6; i++) {
		self->m.img.levels = 4 + i / 3;
		self->m.img.page_shift = shifts[i % 3];
		self->m.img.info_size = 112;
		begin_again(&self->m);
		write_many(&self->m.img, 3);
		log_put(&self->m.img, RING_SIZE, 1ULL << 32 | LOG_SIZE_BITS);
		ASSERT_EQ(3, decode(&self->m)) {
			TH_LOG("%d levels, page shift %d", self->m.img.levels,
			       self->m.img.page_shift);
		}
	}
}

TEST_F(ring, is_found_without_vmcoreinfo)
{
	static const int sizes[] = { 88, 112 };
	int i;

	self->m.img.no_info = true;
	for (i = 0; i < 4; i++) {
		self->m.img.direct = i / 2;
		self->m.img.info_size = sizes[i % 2];
		begin_again(&self->m);
		write_many(&self->m.img, 40);
		ASSERT_EQ(16, decode(&self->m));
		ASSERT_STREQ("message 39", self->m.seen[15].text);
	}
}

/* As printk_rb_static beside printk_rb_dynamic */
TEST_F(ring, with_the_most_messages_is_taken)
{
	struct log_image *img = &self->m.img;

	img->no_info = true;
	begin_again(&self->m);
	write_many(img, 1);
	memcpy(img->mem + 0x1f00, img->mem + LOG_RING, RING_WORDS);
	write_many(img, 2);
	memcpy(img->mem + 0x0f00, img->mem + 0x1f00, RING_WORDS);
	EXPECT_EQ(3, decode(&self->m));
}

TEST_F(ring, is_found_across_chunks)
{
	struct log_image *img = &self->m.img;
	int i;

	img->no_info = true;
	begin_again(&self->m);
	write_many(img, 2);
	self->m.size = 2 * CHUNK;
	for (i = 0; i < RING_WORDS; i += 8) {
		memcpy(img->mem + CHUNK - i, img->mem + LOG_RING, RING_WORDS);
		memset(img->mem + LOG_RING, 0, RING_WORDS);
		ASSERT_EQ(2, decode(&self->m));
		memcpy(img->mem + LOG_RING, img->mem + CHUNK - i, RING_WORDS);
		memset(img->mem + CHUNK - i, 0, RING_WORDS);
	}
}

/* As in the kernel's own strings */
TEST_F(ring, is_found_behind_a_false_vmcoreinfo)
{
	__u8 *mem = self->m.img.mem;

	write_many(&self->m.img, 2);
	hide_shape(&self->m);
	memcpy(mem + LOG_SIZE, mem + LOG_INFO, 4096);
	memcpy(mem + LOG_INFO, "OSRELEASE=%s", 13);
	self->m.size = LOG_SIZE + 4096;
	EXPECT_EQ(2, decode(&self->m));
}

TEST_F(ring, forged_many_times_ends_the_search)
{
	struct log_image *img = &self->m.img;
	int i;

	write_many(img, 2);
	memcpy(img->mem + CHUNK, img->mem + LOG_INFO, 4096);
	memset(img->mem + LOG_INFO, 0, 4096);
	for (i = 0; i < 100; i++)
		memcpy(img->mem + LOG_SIZE + i * 4096, "OSRELEASE=forged", 16);
	self->m.size = CHUNK + 4096;
	EXPECT_EQ(2, decode(&self->m));	/* by its shape */
	hide_shape(&self->m);
	EXPECT_GE(0, decode(&self->m));
}

TEST_F(ring, of_many_shapes_ends_the_search)
{
	struct log_image *img = &self->m.img;
	int i;

	img->no_info = true;
	begin_again(&self->m);
	write_many(img, 2);
	memcpy(img->mem + CHUNK, img->mem + LOG_RING, RING_WORDS);
	log_put(img, RING_TAIL, 1 << 20);
	self->m.size = CHUNK + 4096;
	EXPECT_EQ(2, decode(&self->m));
	for (i = 0; i < 100; i++)
		memcpy(img->mem + LOG_SIZE + i * 4096, img->mem + LOG_RING,
		       RING_WORDS);
	EXPECT_GE(0, decode(&self->m));
}

TEST_F(ring, that_pretends_to_be_long_ends_the_search)
{
	struct log_image *img = &self->m.img;
	int i;

	log_put(img, RING_TAIL, 1 << 20);
	log_put(img, RING_HEAD, 1 << 30);
	for (i = 0; i < 63; i++)
		memcpy(img->mem + LOG_SIZE + i * 4096, img->mem + LOG_INFO, 4096);
	self->m.size = LOG_SIZE + i * 4096;
	EXPECT_GE(0, decode(&self->m));
	EXPECT_LE(self->m.reads, 5 << 20);
}

TEST_F(ring, is_not_searched_again)
{
	struct machine *m = &self->m;
	__u64 found = 0;

	m->mem.found = &found;
	write_many(&m->img, 2);
	ASSERT_EQ(2, decode(m));
	EXPECT_EQ(LOG_PHYS + LOG_INFO, found);
	m->largest = 0;
	write_many(&m->img, 1);
	ASSERT_EQ(3, decode(m));
	EXPECT_EQ(4096, m->largest);
	found = LOG_PHYS + LOG_TEXT;
	ASSERT_EQ(3, decode(m));
	EXPECT_EQ(LOG_PHYS + LOG_INFO, found);
	found = ~0ULL;
	ASSERT_EQ(3, decode(m));
}

/* What a writer does first: all that was read before still looks sound. */
static void reuse(struct log_image *img)
{
	log_put(img, LOG_DESCS + 24, log_get(img, LOG_DESCS + 24) ^ 1ULL << 63);
}

TEST_F(ring, message_reused_while_read_is_left_out)
{
	write_many(&self->m.img, 3);
	self->m.hook_at = LOG_TEXT + 24 + 8;
	self->m.hook = reuse;
	ASSERT_EQ(2, decode(&self->m));
	EXPECT_STREQ("message 0", self->m.seen[0].text);
	EXPECT_STREQ("message 2", self->m.seen[1].text);
}

TEST_F(ring, absent_is_said_in_words)
{
	memset(self->m.img.mem, 0, LOG_SIZE);
	EXPECT_EQ(-ENODATA, decode(&self->m));
	EXPECT_NE(NULL, strstr(self->m.why, "not begun"));
	log_begin(&self->m.img);
	EXPECT_EQ(-ENODATA, decode(&self->m));
	self->m.mem.nr_extents = 0;
	EXPECT_EQ(-ENODATA, decode(&self->m));
}

TEST_F(ring, unreadable_is_said_in_words)
{
	write_many(&self->m.img, 1);
	self->m.read_error = -EPERM;
	EXPECT_EQ(-EPERM, decode(&self->m));
	EXPECT_NE(NULL, strstr(self->m.why, strerror(EPERM)));
}

/* --- one hostile value each: that message is left out, the next is read --- */

static int after_damage(struct machine *m, size_t at, __u64 value)
{
	struct log_image *img = &m->img;
	__u64 was = log_get(img, at);
	int nr;

	log_put(img, at, value);
	nr = decode(m);
	log_put(img, at, was);
	return nr;
}

TEST_F(ring, bounds_a_message)
{
	static const __u64 bad[] = {
		1, 3, 7, 8, 1 << LOG_SIZE_BITS, 1ULL << 40, ~0ULL, ~14ULL,
	};
	size_t desc = log_write(&self->m.img, "first", LOG_FINALIZED);
	size_t info = log_info_of(&self->m.img, desc);
	size_t second = log_write(&self->m.img, "second", LOG_FINALIZED);
	__u64 begin = log_get(&self->m.img, second + DESC_BEGIN);
	unsigned int i;

	ASSERT_EQ(2, decode(&self->m));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(1, after_damage(&self->m, desc, bad[i]));
		EXPECT_EQ(1, after_damage(&self->m, desc + DESC_BEGIN, bad[i]));
		EXPECT_EQ(1, after_damage(&self->m, desc + DESC_NEXT, bad[i]));
		EXPECT_EQ(1, after_damage(&self->m, LOG_TEXT, bad[i]));
	}
	EXPECT_EQ(1, after_damage(&self->m, info + INFO_SEQ, 1));
	EXPECT_EQ(1, after_damage(&self->m, info + INFO_LEN, 9));
	EXPECT_EQ(1, after_damage(&self->m, info + INFO_LEN, 0xffff));
	EXPECT_EQ(1, after_damage(&self->m, info + INFO_SEQ, 16));
	EXPECT_STREQ("first", self->m.seen[0].text);
	info = log_info_of(&self->m.img, second);
	EXPECT_EQ(1, after_damage(&self->m, info + INFO_SEQ, 5));
	EXPECT_EQ(1, after_damage(&self->m, second + DESC_NEXT, begin - 8));
}

TEST_F(ring, bounds_itself)
{
	struct log_image *img = &self->m.img;

	write_many(img, 20);
	EXPECT_GE(0, after_damage(&self->m, RING_COUNT, 0));
	EXPECT_GE(0, after_damage(&self->m, RING_COUNT, 32));
	EXPECT_GE(0, after_damage(&self->m, RING_COUNT, ~0ULL));
	EXPECT_GE(0, after_damage(&self->m, RING_SIZE, 0));
	EXPECT_GE(0, after_damage(&self->m, RING_SIZE, 32));
	EXPECT_GE(16, after_damage(&self->m, RING_SIZE, 31));
	EXPECT_GE(0, after_damage(&self->m, RING_DESCS, 0));
	EXPECT_GE(0, after_damage(&self->m, RING_DESCS, ~7ULL));
	EXPECT_GE(0, after_damage(&self->m, RING_HEAD, 1ULL << 40));
	EXPECT_EQ(16, after_damage(&self->m, RING_TAIL, 1ULL << 40));
	EXPECT_GE(16, after_damage(&self->m, RING_COUNT, 31));
}

static void set_key(struct machine *m, const char *key, const char *value)
{
	char *page = (char *)m->img.mem + LOG_INFO, rest[4096];
	char *at = strstr(page, key) + strlen(key);

	snprintf(rest, sizeof(rest), "%s", strchr(at, '\n'));
	snprintf(at, page + 4096 - at, "%s%s", value, rest);
}

static int after_key(struct machine *m, const char *key, const char *value)
{
	char was[4096];
	int nr;

	memcpy(was, m->img.mem + LOG_INFO, sizeof(was));
	set_key(m, key, value);
	nr = decode(m);
	memcpy(m->img.mem + LOG_INFO, was, sizeof(was));
	return nr;
}

TEST_F(ring, bounds_what_vmcoreinfo_says)
{
	struct machine *m = &self->m;

	write_many(&m->img, 3);
	hide_shape(m);
	ASSERT_EQ(3, after_key(m, "SIZE(printk_info)=", "88"));
	EXPECT_GE(0, after_key(m, "SIZE(printk_info)=", "257"));
	EXPECT_GE(0, after_key(m, "SIZE(printk_info)=", "4000"));
	EXPECT_GE(0, after_key(m, "SIZE(printk_info)=", "-1"));
	EXPECT_GE(0, after_key(m, "(printk_info.seq)=", "8000000"));
	EXPECT_GE(0, after_key(m, "(printk_info.ts_nsec)=", "8000000"));
	EXPECT_GE(0, after_key(m, "(printk_info.text_len)=", "8000000"));
	EXPECT_GE(0, after_key(m, "(printk_info.caller_id)=", "-8000000"));
	EXPECT_GE(0, after_key(m, "(prb_desc.state_var)=", "-1"));
	EXPECT_GE(0, after_key(m, "OFFSET(printk_info.seq)", "?"));
	EXPECT_GE(0, after_key(m, "SYMBOL(prb)=", "0"));
	EXPECT_GE(0, after_key(m, "SYMBOL(prb)=", "ffffffffffffffff"));
	EXPECT_GE(0, after_key(m, "NUMBER(phys_base)=", "-1"));
	set_key(m, "(printk_info.text_len)=", "8000000");
	EXPECT_GE(0, after_key(m, "SIZE(printk_info)=", "0"));
	memset(m->img.mem + LOG_INFO + 10, 'x', 4096 - 10);
	EXPECT_GE(0, decode(m));
}

TEST_F(ring, bounds_page_tables)
{
	__u64 top;

	self->m.img.direct = true;
	self->m.img.levels = 5;
	self->m.img.page_shift = 12;
	begin_again(&self->m);
	write_many(&self->m.img, 3);
	hide_shape(&self->m);
	ASSERT_EQ(3, decode(&self->m));
	top = log_get(&self->m.img, LOG_TABLES + 0xff8);
	EXPECT_GE(0, after_damage(&self->m, LOG_TABLES + 0xff8, top & ~1));
	memset(self->m.img.mem + LOG_TABLES, 0x63, 4096);
	EXPECT_GE(0, decode(&self->m));
	memset(self->m.img.mem + LOG_TABLES, 0xff, LOG_SIZE - LOG_TABLES);
	EXPECT_GE(0, decode(&self->m));
}

/* Each memory differs from a sound one in up to eight words or bytes. */
static void mutate(struct log_image *img, unsigned int *seed)
{
	int i, at, nr = 1 + rand_r(seed) % 8;

	for (i = 0; i < nr; i++) {
		at = rand_r(seed) % (LOG_TABLES + 64);
		if (rand_r(seed) % 2)
			img->mem[at] ^= 1 << rand_r(seed) % 8;
		else
			log_put(img, at & ~7, (__u64)rand_r(seed) << (rand_r(seed) % 40));
	}
}

TEST_F(ring, survives_10000_mutations)
{
	unsigned int i, seed, refused = 0;

	for (i = 0; i < 10000; i++) {
		seed = i;
		self->m.img.direct = i % 2;
		self->m.img.no_info = i % 3 == 0;
		begin_again(&self->m);
		write_many(&self->m.img, i % 40);
		mutate(&self->m.img, &seed);
		refused += hostile_log(self->m.img.mem, LOG_SIZE) < 0;
	}
	EXPECT_LT(0, refused);
	EXPECT_GT(10000, refused);
}

TEST_HARNESS_MAIN
