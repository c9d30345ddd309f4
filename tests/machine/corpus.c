// SPDX-License-Identifier: GPL-2.0
#include <sys/mman.h>

#include "corpus.h"
#include "kcov.h"

#define KEPT_MAX	256

static struct kept {
	const struct call *call;
	unsigned char *arena;
} kept[KEPT_MAX];

static unsigned int nr_kept, nr_news;
static int sees;

int corpus_open(void)
{
	sees = kcov_open();
	if (sees < 0) {
		perror("kcov");
		return -1;
	}
	printf("# %s what calls reach\n", sees ? "sees" : "cannot see");
	return mmap(ARENA, ARENA_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == ARENA ? 0 : -1;
}

const struct call *corpus_choose(void)
{
	const struct kept *k;

	if (!nr_kept || random_below(2))
		return NULL;
	k = &kept[random_below(nr_kept)];
	memcpy(ARENA, k->arena, ARENA_SIZE);
	return k->call;
}

void corpus_damage(const struct call *call)
{
	__u32 n = PICK(0U, 0U, 1U, 1U, 2U, 4U);

	while (n--)
		damage(ARENA, random_below(4) ? sizeof(struct mk_hdr) - 4 : 0,
		       call->size + (random_below(8) ? 4 : 256));
}

/* @was: the argument as it was before the kernel wrote to it */
static void look(const struct call *call, const union argument *was)
{
	unsigned int new = kcov_new();
	struct kept *k;

	if (!new)
		return;
	nr_news += new;
	k = &kept[nr_kept < KEPT_MAX ? nr_kept++ : random_below(KEPT_MAX)];
	k->call = call;
	if (!k->arena)
		k->arena = malloc(ARENA_SIZE);
	memcpy(k->arena, ARENA, ARENA_SIZE);
	memcpy(k->arena, was, sizeof(*was));
}

int corpus_call(const struct call *call, int fd, int cut)
{
	union argument was;
	int ret;

	memcpy(&was, ARENA, sizeof(was));
	kcov_start();
	ret = mk_call(fd, call->cmd, cut ? ARENA + ARENA_SIZE - 24 : ARENA);
	look(call, &was);
	return ret;
}

int corpus_needs_code(int ret)
{
	const struct mk_hdr *hdr = (void *)ARENA;

	return ret < 0 && ret != -ENOTTY && ret != -EBADF && ret != -E2BIG && ret != -EFAULT &&
	       hdr->size >= sizeof(*hdr) && hdr->size <= 4096;
}

int corpus_report(void)
{
	printf("# %u places reached, %u calls kept\n", nr_news, nr_kept);
	if (!sees || nr_news)
		return 0;
	fprintf(stderr, "kcov saw nothing\n");
	return -1;
}
