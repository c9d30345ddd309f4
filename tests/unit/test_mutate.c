// SPDX-License-Identifier: GPL-2.0
/*
 * Ten thousand damaged images, unpacked kernels and handoff tables: each is
 * refused with an error, or what it says is in bounds. The seed is fixed, so a failure repeats;
 * MK_SEED sets another.
 */
#include "kselftest_harness.h"

#include "craft.h"
#include "hostile.h"
#include "pure.h"

#define ROUNDS		10000
#define SEED		20260101

static __u64 state;

/* xorshift64* */
static __u32 random_below(__u32 n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return ((state * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

static void set_seed(void)
{
	const char *s = getenv("MK_SEED");

	state = s ? strtoull(s, NULL, 0) : SEED;
	if (!state)
		state = SEED;
	ksft_print_msg("seed %llu\n", (unsigned long long)state);
}

static __u32 nasty_value(void)
{
	static const __u32 values[] = {
		0, 1, 3, 4, 7, 0x7f, 0x80, 0xff, 0x100, 0x1ff, 0x7fff, 0x8000, 0xffff,
		0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
	};

	return values[random_below(ARRAY_SIZE(values))];
}

static void damage(__u8 *data, __u32 len, __u32 from, __u32 to)
{
	__u32 at = from + random_below(to - from - 4);

	switch (random_below(5)) {
	case 0:
		data[at] ^= 1 << random_below(8);
		break;
	case 1:
		data[at] = random_below(256);
		break;
	case 2:
		mk_put32(data + (at & ~3), nasty_value());
		break;
	case 3:
		mk_put32(data + (at & ~3), mk_get32(data + (at & ~3)) + nasty_value());
		break;
	case 4:			/* an offset close to the end */
		mk_put32(data + (at & ~3), len - random_below(64));
		break;
	}
}

/* One to four damages between @from and @to; one in eight is cut short. */
static __u32 mutate(__u8 *data, __u32 len, __u32 from, __u32 to)
{
	__u32 n = 1 + random_below(4);

	while (n--)
		damage(data, len, from, to);
	return random_below(8) ? len : random_below(len);
}

/* A heap copy of just the right size, so that ASan sees the byte behind. */
static int feed(int (*parser)(const __u8 *, size_t), const __u8 *data, __u32 len)
{
	__u8 *copy = malloc(len);
	int accepted;

	memcpy(copy, data, len);
	accepted = parser(copy, len);
	free(copy);
	return accepted;
}

TEST(images)
{
	__u8 image[CRAFT_IMAGE_SIZE];
	int i, accepted = 0;
	__u32 len;

	set_seed();
	for (i = 0; i < ROUNDS; i++) {
		craft_image(image);
		len = mutate(image, sizeof(image), random_below(2) ? 0x1f1 : 0, 0x290);
		accepted += feed(hostile_image, image, len);
	}
	ksft_print_msg("%d of %d accepted\n", accepted, ROUNDS);
	EXPECT_GT(accepted, ROUNDS / 100);
	EXPECT_LT(accepted, ROUNDS);
}

TEST(unified_images)
{
	__u8 image[CRAFT_UKI_SIZE];
	__u32 len;
	int i;

	set_seed();
	for (i = 0; i < ROUNDS; i++) {
		craft_uki(image);
		/* without its section the whole table is looked through */
		image[0x130] = random_below(2) ? '.' : 0;
		len = mutate(image, sizeof(image), 0x3c, 0x160);
		ASSERT_EQ(feed(hostile_image, image, len), 0);
	}
}

TEST(unpacked_kernels)
{
	__u8 image[CRAFT_VMLINUX_SIZE];
	int i, accepted = 0;
	__u32 len;

	set_seed();
	for (i = 0; i < ROUNDS; i++) {
		len = craft_vmlinux(image, 2 + random_below(2));
		if (random_below(2))
			len = mutate(image, len, 0, 0x100);
		else
			len = mutate(image, len, CRAFT_VMLINUX_TABLES, len);
		accepted += feed(hostile_vmlinux, image, len);
	}
	ksft_print_msg("%d of %d accepted\n", accepted, ROUNDS);
	EXPECT_GT(accepted, ROUNDS / 100);
	EXPECT_LT(accepted, ROUNDS);
}

TEST(handoffs)
{
	static struct craft_platform p;
	__u8 table[1024];
	int i, accepted = 0;
	__u32 len;

	set_seed();
	craft_platform_init(&p);
	craft_platform_build(&p);
	ASSERT_GT(p.size, 0);
	for (i = 0; i < ROUNDS; i++) {
		len = craft_table_len(craft_table(&p, MK_HANDOFF_SIG));
		ASSERT_LE(len, sizeof(table));
		memcpy(table, craft_table(&p, MK_HANDOFF_SIG), len);
		len = mutate(table, len, 0, len);
		/* mostly with a right checksum: else nothing behind it is tried */
		if (random_below(4) && len >= MK_ACPI_HEADER_SIZE)
			craft_seal(table, len);
		accepted += feed(hostile_handoff, table, len);
	}
	ksft_print_msg("%d of %d accepted\n", accepted, ROUNDS);
	EXPECT_GT(accepted, ROUNDS / 100);
	EXPECT_LT(accepted, ROUNDS);
}

TEST_HARNESS_MAIN
