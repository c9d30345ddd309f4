// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: SipHash-2-4: who does not know the key cannot choose names that all go to one
 * bucket.
 */
#include "dir.h"

struct sip {
	__u64 v[4];
};

static __u64 rotate(__u64 x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static void rounds(struct sip *s, unsigned int n)
{
	__u64 a = s->v[0], b = s->v[1], c = s->v[2], d = s->v[3];

	while (n--) {
		a += b;
		c += d;
		b = rotate(b, 13) ^ a;
		d = rotate(d, 16) ^ c;
		a = rotate(a, 32);
		c += b;
		a += d;
		b = rotate(b, 17) ^ c;
		d = rotate(d, 21) ^ a;
		c = rotate(c, 32);
	}
	*s = (struct sip){ { a, b, c, d } };
}

static void word(struct sip *s, __u64 m)
{
	s->v[3] ^= m;
	rounds(s, 2);
	s->v[0] ^= m;
}

__u64 daxfs_siphash(const __u64 key[2], const void *data, __u32 len)
{
	struct sip s = { { key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
			   key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL } };
	const __u8 *p = data;
	__u64 m;
	__u32 i;

	for (i = len / 8; i; i--, p += 8) {
		memcpy(&m, p, 8);
		word(&s, m);
	}
	m = 0;
	memcpy(&m, p, len % 8);
	word(&s, m | (__u64)len << 56);
	s.v[2] ^= 0xff;
	rounds(&s, 4);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

__u32 daxfs_hash(const struct daxfs *fs, const char *name, __u32 len)
{
	__u32 hash = daxfs_siphash(fs->key, name, len) >> (64 - DAXFS_HASH_BITS);

	return hash ? hash : 1;
}
