// SPDX-License-Identifier: GPL-2.0
/*
 * Images: from file descriptors into the instance's own memory.
 *
 * kernel_read_file() reads straight to the final place, with the ids that
 * kexec_file_load() uses, so that LSM and IMA policies for kexec apply.  The
 * host keeps only references to the files: a second start reads them again.
 */
#include <linux/ctype.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel_read_file.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "bzimage.h"
#include "internal.h"

static struct workqueue_struct *clear_wq;

#define PARAMS_MAX	512
#define DEFAULTS	"cryptomgr.notests=1 "	/* README.md of this folder says why */

static int open_file(int fd, struct file **out)
{
	struct file *f = fget(fd);
	int ret;

	if (!f)
		return -EBADF;
	ret = f->f_mode & FMODE_READ ? 0 : -EBADF;
	if (!ret && !S_ISREG(file_inode(f)->i_mode))
		ret = -EINVAL;
	if (!ret)
		ret = deny_write_access(f);
	if (ret) {
		fput(f);
		return ret;
	}
	*out = f;
	return 0;
}

static void close_file(struct file *f)
{
	allow_write_access(f);
	fput(f);
}

static bool is_dashes(const char *word, size_t len)
{
	return (len == 2 && !memcmp(word, "--", 2)) ||
	       (len == 4 && !memcmp(word, "\"--\"", 4));
}

/*
 * The part that the kernel reads, up to the word "--" or the end.  Words are
 * what next_arg() of lib/cmdline.c takes for one: a quote hides spaces, and one
 * that is not closed would hide all that comes behind it.
 */
static int own_part(const char *s, bool *open)
{
	const char *word = s, *p;

	for (p = s, *open = false; ; p++) {
		if (*p == '"')
			*open = !*open;
		if (*p && (*open || !isspace(*p)))
			continue;
		if (is_dashes(word, p - word))
			return word - s;
		if (!*p)
			return p - s;
		word = p + 1;
	}
}

/*
 * What the user may change, the user's words, and what counts whatever they say:
 * of two equal parameters the last one does.
 */
static char *join_cmdline(const char *user, bool agent)
{
	char params[PARAMS_MAX];
	bool open;
	int own = own_part(user, &open);
	const char *rest = user + own;

	mk_platform_params(params, sizeof(params), agent);
	return kasprintf(GFP_KERNEL, DEFAULTS "%.*s%s%s%s%s%s", own, user, open ? "\"" : "",
			 own ? " " : "", params, *rest ? " " : "", rest);
}

/**
 * mk_image_open() - remember what is to be loaded
 * @image:	filled; mk_image_close() undoes it
 * @req:	file descriptors
 * @cmdline:	the user's command line, NUL-terminated
 * @err:	what was wrong
 *
 * Return: 0 or a negative errno with nothing kept.
 */
int mk_image_open(struct mk_image *image, const struct mk_load *req,
		  char *cmdline, struct mk_error *err)
{
	u32 i;
	int ret;

	/* kexec_file_load() refuses unsigned images under lockdown */
	if (security_locked_down(LOCKDOWN_KEXEC))
		return mk_fail(err, -EPERM, MK_E_LOCKDOWN, 0, 0);
	ret = open_file(req->kernel_fd, &image->kernel);
	if (ret) {
		image->kernel = NULL;
		return mk_fail(err, ret, MK_E_IMAGE_READ, ret, 0);
	}
	for (i = 0; i < req->nr_initrds; i++) {
		ret = open_file(req->initrd_fd[i], &image->initrd[i]);
		if (ret) {
			mk_image_close(image);
			return mk_fail(err, ret, MK_E_INITRD_READ, ret, i);
		}
		image->nr_initrds++;
	}
	image->cmdline = join_cmdline(cmdline, req->hdr.flags & MK_LOAD_AGENT);
	if (!image->cmdline) {
		mk_image_close(image);
		return mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	}
	return 0;
}

/**
 * mk_image_close() - let go of files and command line
 * @image:	opened or zero; zero afterwards
 *
 * Context: instance->lock held where an instance owns @image; sleeps.
 */
void mk_image_close(struct mk_image *image)
{
	if (image->kernel)
		close_file(image->kernel);
	while (image->nr_initrds)
		close_file(image->initrd[--image->nr_initrds]);
	kfree(image->cmdline);
	memset(image, 0, sizeof(*image));
}

static void clear(u64 start, u64 end)
{
	u64 piece;

	for (; start < end; start += piece) {
		piece = min_t(u64, end - start, MK_MEMORY_GRANULE);
		memset(mk_virt(start), 0, piece);
		cond_resched();
	}
}

/**
 * struct clearing - clears what a load does not write, beside it
 * @work:	on another CPU, where there is one
 * @inst:	instance
 * @low:	of its first extent from here ...
 * @high:	... to here, all of the others
 */
struct clearing {
	struct work_struct work;
	struct mk_instance *inst;
	u64 low, high;
};

static void clear_rest(struct work_struct *work)
{
	struct clearing *c = container_of(work, struct clearing, work);
	const struct mk_extent *e = c->inst->extents;
	ktime_t begin = ktime_get();
	u32 i;

	clear(c->low, c->high);
	for (i = 1; i < c->inst->nr_extents; i++)
		clear(e[i].start, e[i].start + e[i].size);
	c->inst->clear_ns = ktime_to_ns(ktime_sub(ktime_get(), begin));
}

static void clearing_begin(struct clearing *c)
{
	INIT_WORK_ONSTACK(&c->work, clear_rest);
	queue_work(clear_wq, &c->work);
}

static void clearing_end(struct clearing *c)
{
	flush_work(&c->work);
	destroy_work_on_stack(&c->work);
}

/* All of a file to one place. Return: its bytes or a negative errno. */
static ssize_t read_all(struct file *f, u64 at, u64 room,
			enum kernel_read_file_id id)
{
	void *buf = mk_virt(at);
	ssize_t n;

	if (i_size_read(file_inode(f)) > room)
		return -EFBIG;
	n = kernel_read_file(f, 0, &buf, room, NULL, id);
	return n == 0 ? -EINVAL : n;
}

/* What the kernel takes until it knows its memory map, and its file before. */
static u64 kernel_size(const struct mk_bzimage *bz)
{
	return PAGE_ALIGN(max(bz->init_size, bz->setup_size + bz->code_size));
}

static int read_kernel(struct mk_instance *inst, struct mk_layout *at,
		       struct mk_bzimage *bz, struct mk_error *err)
{
	struct file *f = inst->image.kernel;
	u64 room = at->platform - at->kernel, aligned, need;
	ssize_t n = read_all(f, at->kernel, room, READING_KEXEC_IMAGE);

	if (n == -EFBIG)
		return mk_fail(err, -EFBIG, MK_E_IMAGE_LARGE,
			       i_size_read(file_inode(f)), room);
	if (n < 0)
		return mk_fail(err, n, MK_E_IMAGE_READ, n, 0);
	if (mk_bzimage_parse(mk_virt(at->kernel), n, bz, err))
		return -ENOEXEC;
	aligned = ALIGN(at->kernel, bz->alignment);
	need = aligned - at->kernel + kernel_size(bz);
	if (need > room)
		return mk_fail(err, -ENOMEM, MK_E_MEM_SMALL, inst->memory,
			       ALIGN(need + MK_PLATFORM_SIZE, MK_MEMORY_GRANULE));
	if (aligned != at->kernel)
		memmove(mk_virt(aligned), mk_virt(at->kernel), n);
	at->kernel = aligned;
	if (!bz->initrd_above_4g && at->platform + MK_PLATFORM_SIZE > SZ_4G)
		return mk_fail(err, -ENOEXEC, MK_E_IMAGE_HIGH, at->kernel, 0);
	return 0;
}

static u64 initrds_size(const struct mk_image *image)
{
	u64 size = 0;
	u32 i;

	for (i = 0; i < image->nr_initrds; i++)
		size += ALIGN(i_size_read(file_inode(image->initrd[i])), 4);
	return size;
}

/* One behind the other below the platform area, each padded to 4 bytes. */
static int place_initrds(const struct mk_image *image, struct mk_layout *at,
			 const struct mk_bzimage *bz, struct mk_error *err)
{
	u64 size = initrds_size(image), floor = at->kernel + kernel_size(bz), pos;

	if (!image->nr_initrds)
		return 0;
	if (size > at->platform - floor)
		return mk_fail(err, -EFBIG, MK_E_INITRD_LARGE, size, at->platform - floor);
	pos = ALIGN_DOWN(at->platform - size, PAGE_SIZE);
	if (pos < floor)
		return mk_fail(err, -EFBIG, MK_E_INITRD_LARGE, size, at->platform - floor);
	if (pos + size - 1 > bz->initrd_max)
		return mk_fail(err, -EFBIG, MK_E_INITRD_HIGH, pos + size - 1, bz->initrd_max);
	at->initrd = pos;
	at->initrd_size = size;
	return 0;
}

static int read_initrds(const struct mk_image *image, const struct mk_layout *at,
			struct mk_error *err)
{
	u64 pos = at->initrd;
	u32 i;

	for (i = 0; i < image->nr_initrds; i++) {
		ssize_t n = read_all(image->initrd[i], pos, at->initrd + at->initrd_size - pos,
				     READING_KEXEC_INITRAMFS);

		if (n < 0)
			return mk_fail(err, n, MK_E_INITRD_READ, n, i);
		pos += ALIGN(n, 4);
	}
	if (pos != at->initrd + at->initrd_size)
		return mk_fail(err, -EIO, MK_E_IMAGE_CHANGED, 0, 0);
	return 0;
}

/*
 * The setup code, of which boot_params has the header, gives way to the
 * protected-mode code, and that to the kernel which is packed in it. All from
 * there up to @end is clear afterwards.
 */
static int unpack(struct mk_instance *inst, const struct mk_layout *at,
		  const struct mk_bzimage *bz, u64 end, struct mk_error *err)
{
	struct mk_entry *to = &inst->image.entry;
	u64 scratch = at->kernel + kernel_size(bz), entry = bz->entry, size = bz->code_size;
	void *image = mk_virt(at->kernel);
	int ret;

	memmove(image, image + bz->setup_size, bz->code_size);
	ret = mk_unpack(image, bz, mk_virt(scratch), end - scratch, mk_virt(to->rsi),
			inst->image.cmdline, &entry, &size);
	if (ret < 0)
		return mk_fail(err, ret, MK_E_IMAGE_FORMAT, 0, 0);
	clear(at->kernel + size, end);
	to->entry = at->kernel + entry;
	return 0;
}

/**
 * mk_image_place() - make an instance's memory new
 * @inst:	instance with an opened image, no CPU of it running
 * @err:	what was wrong
 *
 * Reads image and initramfs, builds the platform, unpacks the kernel and clears
 * everything else.
 *
 * Context: instance->lock held; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_image_place(struct mk_instance *inst, struct mk_error *err)
{
	const struct mk_extent *first = &inst->extents[0];
	u64 end = first->start + first->size;
	struct mk_layout at = {
		.kernel = first->start,
		.platform = end - MK_PLATFORM_SIZE,
	};
	struct clearing rest = { .inst = inst };
	struct mk_bzimage bz;
	int ret;

	inst->image.fresh = false;
	ret = read_kernel(inst, &at, &bz, err) ?: place_initrds(&inst->image, &at, &bz, err);
	if (ret)
		return ret;
	rest.high = at.initrd ?: at.platform;
	rest.low = min(at.kernel + kernel_size(&bz) + mk_unpacked_size(mk_virt(at.kernel), &bz),
		       rest.high);
	clearing_begin(&rest);
	clear(first->start, at.kernel);
	clear(rest.high, end);
	ret = read_initrds(&inst->image, &at, err);
	if (!ret)
		ret = mk_platform_build(inst, mk_virt(at.kernel), &bz, &at, err);
	if (!ret)
		ret = unpack(inst, &at, &bz, rest.low, err);
	clearing_end(&rest);
	if (ret)
		return ret;
	strscpy(inst->image.release, bz.release, sizeof(inst->image.release));
	inst->image.fresh = true;
	return 0;
}

/**
 * mk_image_init() - make the work queue of the clearing
 *
 * Context: module load.
 * Return: 0 or -ENOMEM.
 */
int mk_image_init(void)
{
	clear_wq = alloc_workqueue("mk_clear", WQ_UNBOUND, 0);
	return clear_wq ? 0 : -ENOMEM;
}

/**
 * mk_image_exit() - end it
 *
 * Context: module unload, all instances deleted; sleeps.
 */
void mk_image_exit(void)
{
	destroy_workqueue(clear_wq);
}
