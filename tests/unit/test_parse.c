// SPDX-License-Identifier: GPL-2.0
/* Text to numbers and back, and hostile text on its way to a terminal or JSON. */
#include "kselftest_harness.h"

#include "parse.h"
#include "settings.h"
/* their functions print, or are of use to parse.c: tested here as they are */
#include "json.c"
#include "names.c"
#include "text.c"

struct settings settings;

static const struct {
	const char *text;
	__u64 bytes;
} sizes[] = {
	{ "0", 0 }, { "1", 1 }, { "4096", 4096 }, { "1k", 1024 }, { "512M", 512ULL << 20 },
	{ "2g", 2ULL << 30 }, { "3T", 3ULL << 40 }, { "18446744073709551615", ~0ULL },
	{ "16777215T", 16777215ULL << 40 },
};

static const char bad_sizes[][24] = {
	"", "M", "-1", "+1", " 1", "1 ", "1MB", "1.5G", "0x10", "2G2", "1P",
	"18446744073709551616", "16777216T", "99999999999999999999G",
};

TEST(a_size_is_a_number_with_a_unit)
{
	__u64 bytes;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(parse_size(sizes[i].text, &bytes), NULL) TH_LOG("%s", sizes[i].text);
		EXPECT_EQ(bytes, sizes[i].bytes) TH_LOG("%s", sizes[i].text);
	}
}

TEST(a_permit_is_a_name_with_a_mode)
{
	static const char bad[][20] = {
		"", ",", "web,", ",web", "web:", "web:rw", "web:ro:ro", "web:r", "1web", ":ro", "7",
		"web:ro,db,more", "a/b", "web db",
	};
	struct mk_permit p[2];
	unsigned int nr;
	size_t i;

	EXPECT_EQ(parse_permits("web", p, 2, &nr), NULL);
	EXPECT_EQ(nr, 1);
	EXPECT_STREQ(p[0].name, "web");
	EXPECT_EQ(p[0].mode, MK_MODE_RW);
	EXPECT_EQ(parse_permits("web:ro,db", p, 2, &nr), NULL);
	EXPECT_EQ(nr, 2);
	EXPECT_STREQ(p[0].name, "web");
	EXPECT_EQ(p[0].mode, MK_MODE_RO);
	EXPECT_STREQ(p[1].name, "db");
	EXPECT_EQ(p[1].mode, MK_MODE_RW);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_NE(parse_permits(bad[i], p, 2, &nr), NULL) TH_LOG("%s", bad[i]);
}

TEST(anything_else_is_no_size)
{
	__u64 bytes;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_sizes); i++)
		EXPECT_NE(parse_size(bad_sizes[i], &bytes), NULL) TH_LOG("%s", bad_sizes[i]);
}

TEST(a_printed_size_can_be_read_back)
{
	static const __u64 some[] = { 0, 1, 1023, 1024, 1536, 1ULL << 20, 3ULL << 29, ~0ULL };
	char text[SIZE_TEXT];
	__u64 bytes;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(some); i++) {
		EXPECT_EQ(parse_size(size_text(some[i], text), &bytes), NULL);
		EXPECT_EQ(bytes, some[i]) TH_LOG("%s", text);
	}
	EXPECT_STREQ(size_text(512ULL << 20, text), "512M");
}

TEST(sizes_and_times_are_short_for_people)
{
	char text[SIZE_TEXT];

	EXPECT_STREQ(size_about(0, text), "0");
	EXPECT_STREQ(size_about(1536 << 10, text), "1536K");
	EXPECT_STREQ(size_about(12085184, text), "11.5M");
	EXPECT_STREQ(size_about(37477, text), "36.6K");
	EXPECT_STREQ(size_about(~0ULL, text), "16.0E");
	EXPECT_STREQ(time_text(119158, text), "119 us");
	EXPECT_STREQ(time_text(44021994, text), "44 ms");
	EXPECT_STREQ(time_text(2873834931, text), "2.873 s");
	EXPECT_STREQ(time_text(90061000000000, text), "1 d 1 h");
}

TEST(a_cpu_list_keeps_its_order)
{
	static const __u32 wanted[] = { 5, 2, 3, 0 };
	__u32 cpus[8];
	unsigned int nr, i;

	ASSERT_EQ(parse_cpus("5,2-3,0", cpus, 8, &nr), NULL);
	ASSERT_EQ(nr, 4);
	for (i = 0; i < nr; i++)
		EXPECT_EQ(cpus[i], wanted[i]);
}

TEST(a_cpu_list_is_bounded)
{
	__u32 cpus[5] = { 0, 0, 0, 0, 0xa5a5a5a5 };
	unsigned int nr;

	EXPECT_EQ(parse_cpus("0-3", cpus, 4, &nr), NULL);
	EXPECT_NE(parse_cpus("0-4", cpus, 4, &nr), NULL);
	EXPECT_NE(parse_cpus("0-2147483647", cpus, 4, &nr), NULL);
	EXPECT_EQ(cpus[4], 0xa5a5a5a5);
}

TEST(anything_else_is_no_cpu_list)
{
	static const char bad[][24] = {
		"", ",", "1,", ",1", "1,,2", "3-2", "1-", "-1", "1-2-3", "a", "1 2", "1;2",
		"2,2", "1-3,2", "4294967296", "2147483648",
	};
	__u32 cpus[8];
	unsigned int nr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_NE(parse_cpus(bad[i], cpus, 8, &nr), NULL) TH_LOG("%s", bad[i]);
}

TEST(cpus_are_printed_as_a_list)
{
	static const struct mk_pool_cpu cpus[] = {
		{ .cpu = 5 }, { .cpu = 2 }, { .cpu = 3 }, { .cpu = 4 }, { .cpu = 0 },
	};
	char *text = cpus_text(cpus, ARRAY_SIZE(cpus));

	EXPECT_STREQ(text, "5,2-4,0");
	free(text);
	text = cpus_text(cpus, 0);
	EXPECT_STREQ(text, "");
	free(text);
}

TEST(memory_has_sizes_and_nodes)
{
	struct mk_extent e[3];
	unsigned int nr;

	ASSERT_EQ(parse_memory("2G@1,512M,1G@0", e, 3, &nr), NULL);
	ASSERT_EQ(nr, 3);
	EXPECT_EQ(e[0].size, 2ULL << 30);
	EXPECT_EQ(e[0].node, 1);
	EXPECT_EQ(e[1].size, 512ULL << 20);
	EXPECT_EQ(e[1].node, MK_NODE_ANY);
	EXPECT_EQ(e[2].node, 0);
	EXPECT_EQ(e[2].start, 0);
	EXPECT_EQ(e[2].reserved, 0);
}

TEST(anything_else_is_no_memory)
{
	static const char bad[][24] = {
		"", "G", "2G@", "@1", "2G@-1", "2G@1@2", "2G,", ",2G", "2G 1G", "1G,1G,1G,1G",
		"2G@2147483648",
	};
	struct mk_extent e[3];
	unsigned int nr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_NE(parse_memory(bad[i], e, 3, &nr), NULL) TH_LOG("%s", bad[i]);
}

TEST(seconds_have_three_decimals_at_most)
{
	long ms;

	EXPECT_EQ(parse_seconds("30", &ms), NULL);
	EXPECT_EQ(ms, 30000);
	EXPECT_EQ(parse_seconds("0.5", &ms), NULL);
	EXPECT_EQ(ms, 500);
	EXPECT_EQ(parse_seconds("1.025", &ms), NULL);
	EXPECT_EQ(ms, 1025);
	EXPECT_NE(parse_seconds("1.0255", &ms), NULL);
	EXPECT_NE(parse_seconds("-1", &ms), NULL);
	EXPECT_NE(parse_seconds("1s", &ms), NULL);
	EXPECT_NE(parse_seconds("", &ms), NULL);
	EXPECT_NE(parse_seconds("99999999999999999999", &ms), NULL);
}

TEST(states_are_named)
{
	unsigned int mask;

	EXPECT_EQ(parse_states("running,crashed", &mask), NULL);
	EXPECT_EQ(mask, 1u << MK_RUNNING | 1u << MK_CRASHED);
	EXPECT_NE(parse_states("run", &mask), NULL);
	EXPECT_NE(parse_states("running,", &mask), NULL);
	EXPECT_NE(parse_states("", &mask), NULL);
	EXPECT_NE(parse_states("unknown", &mask), NULL);
}

TEST(levels_have_numbers_and_names)
{
	unsigned int level;

	EXPECT_EQ(parse_level("0", &level), NULL);
	EXPECT_EQ(level, 0);
	EXPECT_EQ(parse_level("warn", &level), NULL);
	EXPECT_EQ(level, 4);
	EXPECT_NE(parse_level("8", &level), NULL);
	EXPECT_NE(parse_level("77", &level), NULL);
	EXPECT_NE(parse_level("", &level), NULL);
}

TEST(names_keep_the_rule)
{
	char name[MK_NAME_SIZE + 1];

	EXPECT_EQ(parse_name("web"), NULL);
	EXPECT_EQ(parse_name("a.B_9-"), NULL);
	EXPECT_EQ(parse_name("17"), NULL);
	EXPECT_NE(parse_name(""), NULL);
	EXPECT_NE(parse_name("1a"), NULL);
	EXPECT_NE(parse_name("-a"), NULL);
	EXPECT_NE(parse_name("a/b"), NULL);
	EXPECT_NE(parse_name("a\n"), NULL);
	memset(name, 'a', sizeof(name));
	name[MK_NAME_SIZE - 1] = '\0';
	EXPECT_EQ(parse_name(name), NULL);
	name[MK_NAME_SIZE - 1] = 'a';
	name[MK_NAME_SIZE] = '\0';
	EXPECT_NE(parse_name(name), NULL);
}

TEST(a_pair_is_two_names)
{
	static const char * const two = "two names are needed, such as web,db";
	char pair[2][MK_NAME_SIZE];

	EXPECT_EQ(NULL, parse_pair("host,web-1", pair));
	EXPECT_STREQ("host", pair[0]);
	EXPECT_STREQ("web-1", pair[1]);
	EXPECT_STREQ(two, parse_pair("web", pair));
	EXPECT_STREQ(two, parse_pair("a,b,c", pair));
	EXPECT_STREQ("both are the same kernel", parse_pair("web,web", pair));
	EXPECT_STREQ("a name has 1 to 63 characters", parse_pair("web,", pair));
	EXPECT_STREQ("a name begins with a letter", parse_pair("1,web", pair));
}

TEST(every_state_and_reason_has_a_word)
{
	__u32 i;

	for (i = MK_CREATED; i <= MK_CRASHED; i++)
		EXPECT_STRNE(state_name(i), "unknown");
	for (i = MK_REASON_NONE; i <= MK_REASON_PROTOCOL; i++)
		EXPECT_STRNE(reason_name(i), "unknown");
	EXPECT_STREQ(state_name(99), "unknown");
	EXPECT_STREQ(reason_name(99), "unknown");
}

/* What a function prints to stdout; to be freed. */
static char *printed(void (*print)(const char *text, size_t len), const char *text, size_t len)
{
	FILE *real = stdout;
	size_t size;
	char *made;

	stdout = open_memstream(&made, &size);
	print(text, len);
	fclose(stdout);
	stdout = real;
	return made;
}

static void as_text(const char *text, size_t len)
{
	text_escaped(stdout, text, len);
}

static void as_json(const char *text, size_t len)
{
	json_object(NULL);
	json_text("t", text, len);
	json_end();
}

#define EXPECT_PRINTED(how, raw, wanted) do { \
	char *made_ = printed(how, raw, sizeof(raw) - 1); \
	EXPECT_STREQ(made_, wanted); \
	free(made_); \
} while (0)

TEST(a_terminal_gets_no_control_characters)
{
	EXPECT_PRINTED(as_text, "a\tb", "a\tb");
	EXPECT_PRINTED(as_text, "\033[31m\a\r\n\177", "\\x1b[31m\\x07\\x0d\\x0a\\x7f");
	EXPECT_PRINTED(as_text, "\0x", "\\x00x");
	EXPECT_PRINTED(as_text, "gr\303\274n \342\202\254 \360\237\220\247",
		       "gr\303\274n \342\202\254 \360\237\220\247");
	/* C1 controls, overlong forms, surrogates, beyond U+10FFFF, cut off */
	EXPECT_PRINTED(as_text, "\302\233", "\\xc2\\x9b");
	EXPECT_PRINTED(as_text, "\300\257", "\\xc0\\xaf");
	EXPECT_PRINTED(as_text, "\340\200\257", "\\xe0\\x80\\xaf");
	EXPECT_PRINTED(as_text, "\355\240\200", "\\xed\\xa0\\x80");
	EXPECT_PRINTED(as_text, "\364\220\200\200", "\\xf4\\x90\\x80\\x80");
	EXPECT_PRINTED(as_text, "\342\202", "\\xe2\\x82");
	EXPECT_PRINTED(as_text, "\377", "\\xff");
}

static const char *guess(const char *typed)
{
	static const char *const words[] = { "start", "stop", "show", "list" };
	struct guess g = { .typed = typed };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		guess_try(&g, words[i]);
	return g.best ? g.best : "";
}

TEST(a_guess_is_the_most_similar_word)
{
	EXPECT_STREQ(guess("start"), "start");
	EXPECT_STREQ(guess("strat"), "start");
	EXPECT_STREQ(guess("stp"), "stop");
	EXPECT_STREQ(guess("shw"), "show");
	EXPECT_STREQ(guess("lists"), "list");
	EXPECT_STREQ(guess("s"), "");
	EXPECT_STREQ(guess("a word that is longer than any that there is"), "");
}

TEST(json_is_always_valid)
{
	EXPECT_PRINTED(as_json, "a\"b\\c", "{\"t\":\"a\\\"b\\\\c\"}\n");
	EXPECT_PRINTED(as_json, "\n\0\033", "{\"t\":\"\\u000a\\u0000\\u001b\"}\n");
	EXPECT_PRINTED(as_json, "\377\303", "{\"t\":\"\\ufffd\\ufffd\"}\n");
	EXPECT_PRINTED(as_json, "\303\274", "{\"t\":\"\303\274\"}\n");
}

static void some_json(const char *text, size_t len)
{
	(void)text;
	(void)len;
	json_object(NULL);
	json_array("a");
	json_u64(NULL, ~0ULL);
	json_s64(NULL, -1);
	json_addr(NULL, 0x1000);
	json_end();
	json_object("o");
	json_end();
	json_str("n", NULL);
	json_bool("b", true);
	json_end();
}

TEST(json_has_commas_and_brackets)
{
	EXPECT_PRINTED(some_json, "",
		       "{\"a\":[18446744073709551615,-1,\"0x1000\"],\"o\":{},\"n\":null,\"b\":true}\n");
	settings.pretty = true;
	EXPECT_PRINTED(some_json, "",
		       "{\n    \"a\": [\n        18446744073709551615,\n        -1,\n"
		       "        \"0x1000\"\n    ],\n    \"o\": {},\n    \"n\": null,\n"
		       "    \"b\": true\n}\n");
	settings.pretty = false;
}

TEST_HARNESS_MAIN
