// SPDX-License-Identifier: GPL-2.0
#include "kselftest_harness.h"
#include "rate.h"

#define SECOND	1000000000ULL

/* Take messages of a size whenever that may be, from @now until @end. */
static __u64 taken(struct mk_rate *r, __u64 now, __u64 end, __u32 size)
{
	__u64 bytes = 0, wait;

	while (now < end) {
		wait = mk_rate_wait(r, now);
		if (!wait) {
			mk_rate_take(r, now, size);
			bytes += size;
			wait = 1000;
		}
		now += wait;
	}
	return bytes;
}

TEST(no_limit)
{
	struct mk_rate r = { };

	mk_rate_take(&r, 5 * SECOND, 65536);
	ASSERT_EQ(0, mk_rate_wait(&r, 5 * SECOND));
	ASSERT_EQ(0, r.next);
}

TEST(a_second_has_its_bytes)
{
	struct mk_rate r = { .rate = 1000000 };
	__u64 begin = 100 * SECOND, n = taken(&r, begin, begin + 10 * SECOND, 100);

	/* ten seconds, what was not used before, one message more */
	ASSERT_GE(n, 10 * r.rate);
	ASSERT_LE(n, 10 * r.rate + r.rate / 10 + 100);
}

TEST(one_that_was_idle_does_not_burst)
{
	struct mk_rate r = { .rate = 1000000 };
	__u64 n;

	taken(&r, 100 * SECOND, 101 * SECOND, 100);
	n = taken(&r, 5000 * SECOND, 5000 * SECOND + SECOND / 100, 100);
	ASSERT_LE(n, r.rate / 10 + r.rate / 100 + 100);
}

TEST(a_message_above_the_rate_passes_and_is_paid)
{
	struct mk_rate r = { .rate = 1 };

	ASSERT_EQ(0, mk_rate_wait(&r, SECOND));
	mk_rate_take(&r, SECOND, 65536);
	ASSERT_GT(mk_rate_wait(&r, SECOND), 65535 * SECOND);
	ASSERT_EQ(0, mk_rate_wait(&r, 65540 * SECOND));
}

TEST(the_fastest)
{
	struct mk_rate r = { .rate = MK_RATE_MAX };

	mk_rate_take(&r, SECOND, -1U);
	ASSERT_LE(mk_rate_wait(&r, SECOND), SECOND);
}

TEST_HARNESS_MAIN
