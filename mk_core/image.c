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
#define MAX_CLEARERS	8U
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

static u64 initrds_size(const struct mk_image *image)
{
	u64 size = 0;
	u32 i;

	for (i = 0; i < image->nr_initrds; i++)
		size += ALIGN(i_size_read(file_inode(image->initrd[i])), 4);
	return size;
}

/* No room in the first extent: that is another error where all together have it. */
static int no_room(const struct mk_instance *inst, u64 need, u32 code, u64 arg0, u64 arg1,
		   struct mk_error *err)
{
	need = ALIGN(need + MK_PLATFORM_SIZE, MK_MEMORY_GRANULE);
	if (need <= inst->memory)
		return mk_fail(err, -ENOMEM, MK_E_MEM_SPLIT, need, inst->extents[0].size);
	return mk_fail(err, -ENOMEM, code, arg0, arg1);
}

static int too_small(const struct mk_instance *inst, u64 need, struct mk_error *err)
{
	return no_room(inst, need, MK_E_MEM_SMALL, inst->memory,
		       ALIGN(need + MK_PLATFORM_SIZE, MK_MEMORY_GRANULE), err);
}

/* Its own word, and a file that is none of ours needs nothing. */
static u64 init_size(struct file *f)
{
	u8 head[MK_BZIMAGE_HEAD];
	loff_t pos = 0;

	if (kernel_read(f, head, sizeof(head), &pos) != sizeof(head))
		return 0;
	return mk_bzimage_init_size(head);
}

/**
 * mk_image_check() - can these files fit into an instance's memory?
 * @inst:	instance
 * @image:	opened
 * @err:	what was wrong
 *
 * While nothing of the instance is touched; mk_image_place() looks again, at what
 * it has read.
 *
 * Context: instance->lock held; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_image_check(const struct mk_instance *inst, const struct mk_image *image,
		   struct mk_error *err)
{
	u64 file = i_size_read(file_inode(image->kernel)), initrds = initrds_size(image);
	u64 room = inst->extents[0].size - MK_PLATFORM_SIZE;
	u64 kernel = PAGE_ALIGN(max(file, init_size(image->kernel)));

	if (file > room)
		return no_room(inst, file, MK_E_IMAGE_LARGE, file, room, err);
	if (kernel > room)
		return too_small(inst, kernel, err);
	if (initrds > room - kernel)
		return no_room(inst, kernel + initrds, MK_E_INITRD_LARGE, initrds,
			       room - kernel, err);
	return 0;
}

/**
 * struct clearing - memory that is cleared by several CPUs at once
 * @extents:	where it is
 * @nr:		their number
 * @next:	granule that nobody has taken yet, counted through all extents
 */
struct clearing {
	const struct mk_extent *extents;
	u32 nr;
	atomic64_t next;
};

/* One of those who clear. */
struct clearer {
	struct work_struct work;
	struct clearing *all;
};

/* Physical address, or 0 behind the last one. */
static u64 granule_at(const struct clearing *c, u64 nr)
{
	u64 offset = nr * MK_MEMORY_GRANULE;
	u32 i;

	for (i = 0; i < c->nr; offset -= c->extents[i++].size)
		if (offset < c->extents[i].size)
			return c->extents[i].start + offset;
	return 0;
}

static void clear_granules(struct work_struct *work)
{
	struct clearing *c = container_of(work, struct clearer, work)->all;
	u64 at;

	while ((at = granule_at(c, atomic64_inc_return(&c->next) - 1))) {
		memset(mk_virt(at), 0, MK_MEMORY_GRANULE);
		cond_resched();
	}
}

/**
 * mk_clear() - fill memory of the pool with zeros
 * @extents:	where it is; multiples of MK_MEMORY_GRANULE
 * @nr:		their number
 *
 * Context: sleeps, for long; the caller owns the memory.
 */
void mk_clear(const struct mk_extent *extents, u32 nr)
{
	unsigned int cpus = min(num_online_cpus(), MAX_CLEARERS), i;
	struct clearing all = { .extents = extents, .nr = nr };
	struct clearer clearers[MAX_CLEARERS];

	for (i = 0; i < cpus; i++) {
		clearers[i].all = &all;
		INIT_WORK_ONSTACK(&clearers[i].work, clear_granules);
		queue_work(clear_wq, &clearers[i].work);
	}
	while (i--) {
		flush_work(&clearers[i].work);
		destroy_work_on_stack(&clearers[i].work);
	}
}

static void clear_memory(struct mk_instance *inst)
{
	ktime_t begin = ktime_get();

	mk_clear(inst->extents, inst->nr_extents);
	inst->clear_ns = ktime_to_ns(ktime_sub(ktime_get(), begin));
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
	u64 room = at->platform - at->kernel, aligned, need;
	ssize_t n = read_all(inst->image.kernel, at->kernel, room, READING_KEXEC_IMAGE);

	if (n < 0)
		return mk_fail(err, n, MK_E_IMAGE_READ, n, 0);
	if (mk_bzimage_parse(mk_virt(at->kernel), n, bz, err))
		return -ENOEXEC;
	aligned = ALIGN(at->kernel, bz->alignment);
	need = aligned - at->kernel + kernel_size(bz);
	if (need > room)
		return too_small(inst, need, err);
	if (aligned != at->kernel) {
		memmove(mk_virt(aligned), mk_virt(at->kernel), n);
		memset(mk_virt(at->kernel), 0, min(aligned - at->kernel, (u64)n));
	}
	at->kernel = aligned;
	if (!bz->initrd_above_4g && at->platform + MK_PLATFORM_SIZE > SZ_4G)
		return mk_fail(err, -ENOEXEC, MK_E_IMAGE_HIGH, at->kernel, 0);
	return 0;
}

/* One behind the other below the platform area, each padded to 4 bytes. */
static int read_initrds(struct mk_instance *inst, struct mk_layout *at,
			const struct mk_bzimage *bz, struct mk_error *err)
{
	struct mk_image *image = &inst->image;
	u64 size = initrds_size(image), floor = at->kernel + kernel_size(bz), pos;
	u32 i;

	if (!image->nr_initrds)
		return 0;
	pos = ALIGN_DOWN(at->platform - size, PAGE_SIZE);
	if (size > at->platform - floor || pos < floor)
		return no_room(inst, floor - inst->extents[0].start + PAGE_ALIGN(size),
			       MK_E_INITRD_LARGE, size, at->platform - floor, err);
	if (pos + size - 1 > bz->initrd_max)
		return mk_fail(err, -EFBIG, MK_E_INITRD_HIGH, pos + size - 1, bz->initrd_max);
	at->initrd = pos;
	at->initrd_size = size;
	for (i = 0; i < image->nr_initrds; i++) {
		ssize_t n = read_all(image->initrd[i], pos, at->initrd + size - pos,
				     READING_KEXEC_INITRAMFS);

		if (n < 0)
			return mk_fail(err, n, MK_E_INITRD_READ, n, i);
		pos += ALIGN(n, 4);
	}
	if (pos != at->initrd + size)
		return mk_fail(err, -EIO, MK_E_IMAGE_CHANGED, 0, 0);
	return 0;
}

/* The memory between the kernel's own and the initramfs is still unused. */
static int unpack(struct mk_instance *inst, const struct mk_layout *at,
		  const struct mk_bzimage *bz, struct mk_error *err)
{
	struct mk_entry *to = &inst->image.entry;
	u64 scratch = at->kernel + kernel_size(bz), end = at->initrd ?: at->platform;
	u64 entry = bz->entry;
	int ret;

	ret = mk_unpack(mk_virt(at->kernel), bz, mk_virt(scratch), end - scratch,
			mk_virt(to->rsi), inst->image.cmdline, &entry);
	if (ret < 0)
		return mk_fail(err, ret, MK_E_IMAGE_FORMAT, 0, 0);
	to->entry = at->kernel + entry;
	return 0;
}

/**
 * mk_image_place() - make an instance's memory new
 * @inst:	instance with an opened image, no CPU of it running
 * @err:	what was wrong
 *
 * Clears the memory, reads image and initramfs, builds the platform. The
 * kernel is read whole to its load address; then its setup code, of which
 * boot_params takes the header, gives way to the protected-mode code, and that
 * to the kernel which is packed in it.
 *
 * Context: instance->lock held; sleeps.
 * Return: 0 or a negative errno.
 */
int mk_image_place(struct mk_instance *inst, struct mk_error *err)
{
	const struct mk_extent *first = &inst->extents[0];
	struct mk_layout at = {
		.kernel = first->start,
		.platform = first->start + first->size - MK_PLATFORM_SIZE,
	};
	struct mk_bzimage bz;
	void *image;
	int ret;

	clear_memory(inst);
	ret = read_kernel(inst, &at, &bz, err);
	image = mk_virt(at.kernel);
	if (!ret)
		ret = read_initrds(inst, &at, &bz, err);
	if (!ret)
		ret = mk_platform_build(inst, image, &bz, &at, err);
	if (ret)
		return ret;
	memmove(image, image + bz.setup_size, bz.code_size);
	memset(image + bz.code_size, 0, bz.setup_size);
	ret = unpack(inst, &at, &bz, err);
	if (ret)
		return ret;
	strscpy(inst->image.release, bz.release, sizeof(inst->image.release));
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
	clear_wq = alloc_workqueue("mk_clear", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
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
