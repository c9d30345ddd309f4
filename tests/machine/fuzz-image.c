// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz-image [ROUNDS|SECONDSs [SEED]]: loads damaged kernels, initramfs and command
 * lines by MK_IOC_LOAD and never starts them.  Each is loaded, or refused with
 * a code.
 */
#include <time.h>

#include "craft.h"
#include "mk.h"
#include "pure.h"

#define KERNEL		"/tmp/fuzz.kernel"
#define INITRD		"/tmp/fuzz.initrd"
#define INITRD_MAX	(3 * MIB)
#define PAYLOAD		0x1000	/* of the code */
#define FRAME		9	/* zstd: before the one block's data */
#define CODE		1024	/* where the code begins in the image */

static unsigned int codes[256];

static int fail(const char *what, int round)
{
	fprintf(stderr, "round %d: %s\n", round, what);
	return 1;
}

/* A zstd frame of one block that is stored as it is, and the size behind it. */
static void add_payload(unsigned char *image)
{
	unsigned char *p = image + CODE + PAYLOAD;
	__u32 len = craft_vmlinux(p + 4 + 5 + 3, 3);

	mk_put32(p, 0xfd2fb528);
	p[4] = 0xa0;				/* one segment, 4 bytes of size */
	mk_put32(p + 5, len);
	mk_put32(p + FRAME, len << 3 | 1);	/* the last block, raw: 3 bytes */
	craft_vmlinux(p + FRAME + 3, 3);
	mk_put32(p + FRAME + 3 + len, len);
	mk_put32(image + 0x248, PAYLOAD);
	mk_put32(image + 0x24c, FRAME + 3 + len + 4);
}

static void make_kernel(unsigned char image[IMAGE_SIZE])
{
	image_make(image);
	add_payload(image);
}

/* Where damage tells: the header most of all, the payload, anywhere. */
static __u32 damage_kernel(unsigned char image[IMAGE_SIZE])
{
	__u32 n = random_below(5);

	while (n--)
		switch (random_below(4)) {
		case 0:
		case 1:
			damage(image, 0x1f0, 0x270);
			break;
		case 2:
			damage(image, CODE + PAYLOAD, CODE + PAYLOAD + CRAFT_VMLINUX_SIZE);
			break;
		default:
			damage(image, 0, IMAGE_SIZE);
		}
	return random_below(8) ? IMAGE_SIZE : random_below(IMAGE_SIZE);
}

static int make_files(int round)
{
	static unsigned char image[IMAGE_SIZE], initrd[INITRD_MAX];
	__u32 len;

	make_kernel(image);
	len = round ? damage_kernel(image) : IMAGE_SIZE;
	if (file_write(KERNEL, image, len))
		return -1;
	return file_write(INITRD, initrd, random_below(64) ? random_below(4096) :
			  random_below(INITRD_MAX));
}

static int load(int inst, int round, struct mk_load *l)
{
	static char cmdline[5000];
	int ret, i;

	memset(cmdline, round % 7 ? 'x' : '-', sizeof(cmdline));
	damage((unsigned char *)cmdline, 0, 64);
	*l = (struct mk_load){ .hdr.size = sizeof(*l), .cmdline = ptr(cmdline) };
	if (round) {
		l->cmdline_len = random_below(random_below(16) ? 64 : sizeof(cmdline));
		l->nr_initrds = random_below(MK_MAX_INITRDS);
		l->hdr.flags = random_below(2) ? MK_LOAD_AGENT : 0;
	}
	l->kernel_fd = open(KERNEL, O_RDONLY);
	for (i = 0; i < MK_MAX_INITRDS; i++)
		l->initrd_fd[i] = open(INITRD, O_RDONLY);
	ret = mk_call(inst, MK_IOC_LOAD, l);
	close(l->kernel_fd);
	for (i = 0; i < MK_MAX_INITRDS; i++)
		close(l->initrd_fd[i]);
	return ret;
}

/* A load that is refused changes nothing, or leaves no image. */
static int check_state(int inst, int loaded, int round)
{
	static __u64 generation;
	struct mk_query q;

	if (mk_query(inst, &q))
		return fail("no answer to a query", round);
	if (q.state != (loaded ? MK_LOADED : MK_CREATED) &&
	    (loaded || q.generation != generation))
		return fail("the state does not follow the load", round);
	generation = q.generation;
	if (q.release[0] && (q.release[0] < '0' || q.release[0] > '9'))
		return fail("a release that does not begin with a digit", round);
	return 0;
}

/* The undamaged one: a pointer of the unpacked kernel was moved by n * 2 MiB. */
static int check_unpacked(int inst)
{
	__u64 word = 0;
	struct mk_extent e;
	struct mk_query q = { .hdr.size = sizeof(q), .extents = ptr(&e), .nr_extents = 1 };
	struct mk_read r = { .hdr.size = sizeof(r), .buf = ptr(&word), .len = 8 };

	mk_call(inst, MK_IOC_QUERY, &q);
	r.addr = e.start + 0x10;
	mk_call(inst, MK_IOC_READ, &r);
	if ((word - 0xffffffff81000044) % (2 * MIB))
		return fail("the good kernel was not unpacked", 0);
	return 0;
}

static int one_round(int inst, int round)
{
	struct mk_load l;
	int ret;

	if (make_files(round))
		return fail("no room for files", round);
	ret = load(inst, round, &l);
	if (!ret != !l.hdr.err.code)
		return fail("an error without a code, or a code without an error", round);
	codes[l.hdr.err.code & 255]++;
	if (!round)
		return ret ? fail("the good kernel was refused", 0) : check_unpacked(inst);
	/* refused before the files are looked at, it keeps what it has */
	if (l.hdr.err.code == MK_E_CMDLINE_LONG && l.cmdline_len >= 4096)
		return 0;
	return check_state(inst, !ret, round);
}

static int report(int rounds)
{
	unsigned int i, kinds = 0;

	printf("# %d kernels, %u loaded; refused with code:", rounds, codes[0]);
	for (i = 1; i < 256; i++)
		if (codes[i]) {
			printf(" %u (%u times)", i, codes[i]);
			kinds++;
		}
	printf("\n");
	return rounds >= 1000 && kinds < 8 ? fail("too few kinds of errors", rounds) : 0;
}

int main(int argc, char **argv)
{
	const char *length = argc > 1 ? argv[1] : "10000";
	int rounds = atoi(length), i, ret = 0;
	time_t end = strchr(length, 's') ? time(NULL) + rounds : 0;
	int dev = mk_open_device(), inst;
	struct mk_pool_query before, after;
	struct mk_error err;

	random_seed(argc, argv);
	mk_pool(dev, &before);
	inst = mk_create(dev, "image", CPU, IMAGE_MEMORY, &err);
	if (inst < 0)
		return fail("no instance", 0);
	for (i = 0; !ret && (end ? time(NULL) < end : i < rounds); i++)
		ret = one_round(inst, i);
	ret = ret ?: report(i);
	mk_simple(inst, MK_IOC_DELETE, &err);
	mk_pool(dev, &after);
	if (memcmp(&before, &after, sizeof(before)))
		ret = fail("the pool is not what it was", i);
	if (open(KERNEL, O_WRONLY) < 0 || open(INITRD, O_WRONLY) < 0)
		ret = fail("a file is still protected", i);
	unlink(KERNEL);
	unlink(INITRD);
	return ret;
}
