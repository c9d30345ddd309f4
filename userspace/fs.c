// SPDX-License-Identifier: GPL-2.0
/* Regions: memory that kernels share, and what its file system is made in. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "mkctl.h"
#include "parse.h"
#include "region.h"
#include "table.h"
#include "text.h"

#define MAX_REGIONS	1024

void region_close(struct region *r)
{
	close_fd(&r->fd);
	r->fd = -1;
}

static void set_label(struct region *r, const char *name)
{
	snprintf(r->label, sizeof(r->label), "region %s", name);
}

/* Says nothing: -1 with @q.hdr.err. */
static int region_peek(struct region *r)
{
	int ret;

	memset(&r->q, 0, sizeof(r->q));
	r->q.extents = (__u64)(unsigned long)r->extents;
	r->q.permits = (__u64)(unsigned long)r->permits;
	r->q.nr_extents = MK_MAX_EXTENTS;
	r->q.nr_permits = MK_MAX_PERMITS;
	ret = dev_ioctl(r->fd, MK_IOC_REGION_QUERY, &r->q, sizeof(r->q));
	if (r->q.nr_extents > MK_MAX_EXTENTS)
		r->q.nr_extents = MK_MAX_EXTENTS;
	if (r->q.nr_permits > MK_MAX_PERMITS)
		r->q.nr_permits = MK_MAX_PERMITS;
	r->q.name[MK_NAME_SIZE - 1] = '\0';
	return ret;
}

int region_query(struct region *r)
{
	return region_peek(r) < 0 ? fail_mk(&r->q.hdr.err, "query it", r->label) : 0;
}

int region_open(const char *name, struct region *r)
{
	_cleanup_fd_ int dev = -1;
	struct mk_region_open o = { };
	int ret = dev_open(&dev);
	__u32 id;

	if (ret)
		return ret;
	set_label(r, name);
	if (!parse_u32(name, &id))
		o.id = id;
	else
		snprintf(o.name, sizeof(o.name), "%s", name);
	r->fd = dev_ioctl(dev, MK_IOC_REGION_OPEN, &o, sizeof(o));
	if (r->fd < 0)
		return fail_mk(&o.hdr.err, "open it", r->label);
	return region_query(r);
}

static int region_call(struct region *r, unsigned long request, void *arg, size_t size,
		       const char *verb)
{
	return dev_call(r->fd, request, arg, size, verb, r->label);
}

/* --- output ----------------------------------------------------------------- */

static void json_extents(const struct region *r)
{
	unsigned int i;

	json_array("extents");
	for (i = 0; i < r->q.nr_extents; i++) {
		json_object(NULL);
		json_addr("start", r->extents[i].start);
		json_u64("size", r->extents[i].size);
		json_s64("node", r->extents[i].node);
		json_end();
	}
	json_end();
}

static const char *mode_name(__u32 mode)
{
	static const char *const names[] = {
		[MK_MODE_NONE] = "none", [MK_MODE_RO] = "ro", [MK_MODE_RW] = "rw"
	};

	return mode < ARRAY_SIZE(names) ? names[mode] : "unknown";
}

static void json_permits(const struct region *r)
{
	const struct mk_permit *p;

	json_array("permitted");
	for (p = r->permits; p < r->permits + r->q.nr_permits; p++) {
		json_object(NULL);
		json_str("name", p->name);
		json_str("mode", mode_name(p->mode));
		if (p->instance)
			json_u64("instance", p->instance);
		json_end();
	}
	json_end();
}

static void region_json(const struct region *r)
{
	json_object(NULL);
	json_u64("id", r->q.id);
	json_str("name", r->q.name);
	json_u64("size", r->q.size);
	json_s64("node", r->q.node);
	json_extents(r);
	json_permits(r);
	json_u64("mounts", r->q.mounts);
	json_u64("maps", r->q.maps);
	json_bool("lost", r->q.lost);
	json_end();
}

/* "web,db:ro"; those that are forbidden but live have a "!" */
static void put_permits(FILE *out, const struct region *r)
{
	const struct mk_permit *p;

	for (p = r->permits; p < r->permits + r->q.nr_permits; p++)
		fprintf(out, "%s%s%s%s", p == r->permits ? "" : ",",
			p->mode == MK_MODE_NONE ? "!" : "", p->name,
			p->mode == MK_MODE_RO ? ":ro" : "");
	if (!r->q.nr_permits)
		putc('-', out);
}

/* Shows a region: one line, or with --json its object. */
static int report(const struct region *r)
{
	char size[SIZE_TEXT];

	if (settings.json) {
		region_json(r);
		return EXIT_DONE;
	}
	if (settings.quiet)
		return EXIT_DONE;
	printf("%s: %s, permitted: ", r->label, size_text(r->q.size, size));
	put_permits(stdout, r);
	putchar('\n');
	return EXIT_DONE;
}

static int list_row(struct table *t, const struct region *r)
{
	char size[SIZE_TEXT], permits[MK_MAX_PERMITS * (MK_NAME_SIZE + 5)] = "";
	FILE *out = fmemopen(permits, sizeof(permits), "w");

	if (!out)
		return fail(EXIT_FAILED, "internal", r->label, NULL, "%s", strerror(errno));
	put_permits(out, r);
	fclose(out);
	table_cell(t, "", "%llu", r->q.id);
	table_cell(t, "", "%s", r->q.name);
	table_cell(t, "", "%s", size_text(r->q.size, size));
	table_cell(t, "", "%u", r->q.nr_extents);
	table_cell(t, "", "%u", r->q.mounts);
	table_cell(t, "", "%s", permits);
	return 0;
}

/* A region that is deleted while we look is left out. */
static int list_each(int dev, const __u64 *ids, unsigned int nr, struct table *t)
{
	static struct region r = REGION_NONE;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++) {
		struct mk_region_open o = { .id = ids[i] };

		r.fd = dev_ioctl(dev, MK_IOC_REGION_OPEN, &o, sizeof(o));
		if (r.fd < 0)
			continue;
		if (region_peek(&r) >= 0) {
			if (settings.json)
				region_json(&r);
			else
				ret = list_row(t, &r);
		}
		region_close(&r);
	}
	return ret;
}

static int do_list(const struct args *a)
{
	static const char *const heads[] = { "ID", "REGION", "SIZE", "EXTENTS", "MOUNTS",
					     "PERMITTED", NULL };
	_cleanup_fd_ int dev = -1;
	static __u64 ids[MAX_REGIONS];
	struct mk_region_list l = { .ids = (__u64)(unsigned long)ids, .nr = MAX_REGIONS };
	struct table t;
	int ret = dev_open(&dev) ?:
		  dev_call(dev, MK_IOC_REGION_LIST, &l, sizeof(l), "list", "regions");

	(void)a;
	if (ret)
		return ret;
	if (l.nr > MAX_REGIONS)
		l.nr = MAX_REGIONS;
	if (settings.json) {
		json_object(NULL);
		json_array("regions");
		list_each(dev, ids, l.nr, NULL);
		json_end();
		json_end();
		return EXIT_DONE;
	}
	if (!l.nr) {
		say("no regions\n");
		return EXIT_DONE;
	}
	table_begin(&t, heads);
	ret = list_each(dev, ids, l.nr, &t);
	table_end(&t);
	return ret;
}

static void show_permit(const struct mk_permit *p, bool first)
{
	const char *head = first ? "permitted" : "";

	if (p->instance)
		field(head, "%s %s, instance %u lives", p->name, mode_name(p->mode), p->instance);
	else
		field(head, "%s %s", p->name, mode_name(p->mode));
}

static void show_text(const struct region *r)
{
	char size[SIZE_TEXT];
	unsigned int i;

	field("id", "%llu", r->q.id);
	field("name", "%s", r->q.name);
	field("size", "%s", size_text(r->q.size, size));
	for (i = 0; i < r->q.nr_extents; i++)
		field("", "%s at 0x%llx, node %d", size_text(r->extents[i].size, size),
		      r->extents[i].start, r->extents[i].node);
	field("mounts", "%u", r->q.mounts);
	field("maps", "%u", r->q.maps);
	if (r->q.lost)
		field("lost", "a CPU that did not confirm its halt may write to it");
	for (i = 0; i < r->q.nr_permits; i++)
		show_permit(&r->permits[i], !i);
}

static int do_show(const struct args *a)
{
	_cleanup_region_ struct region r = REGION_NONE;
	int ret = region_open(a->name, &r);

	if (ret)
		return ret;
	if (settings.json)
		region_json(&r);
	else
		show_text(&r);
	return EXIT_DONE;
}

/* --- create -------------------------------------------------------------------- */

static int make_random(void *to, size_t len, const char *label)
{
	if (getrandom(to, len, 0) == (ssize_t)len)
		return 0;
	return fail(EXIT_FAILED, "internal", label, NULL, "no random numbers: %s",
		    strerror(errno));
}

/* Writes an empty file system into a region, file or device. 0 or an exit code. */
static int format(int fd, const char *label, __u64 size, const char *name)
{
	_cleanup_fs_map_ struct fs_map m = FS_MAP_NONE;
	struct daxfs_params params = { .size = size };
	int err, ret;

	snprintf(params.label, sizeof(params.label), "%s", name);
	ret = make_random(params.uuid, sizeof(params.uuid), label) ?:
	      make_random(params.hash_key, sizeof(params.hash_key), label) ?:
	      fs_map_fd(fd, size, label, &m);
	if (ret)
		return ret;
	err = daxfs_format(&m.fs, &params);
	if (err)
		return fail(EXIT_FAILED, "fs_size", label, "choose a size from 2M to 1T",
			    "no file system of %llu bytes can be made", size);
	return 0;
}

int region_permit(struct region *r, const struct mk_permit *p)
{
	struct mk_region_permit arg = { .mode = p->mode };

	memcpy(arg.name, p->name, sizeof(arg.name));
	return region_call(r, MK_IOC_REGION_PERMIT, &arg, sizeof(arg), "permit it");
}

__u32 region_permitted(const struct region *r, const char *name)
{
	unsigned int i;

	for (i = 0; i < r->q.nr_permits; i++)
		if (!strncmp(r->permits[i].name, name, MK_NAME_SIZE))
			return r->permits[i].mode;
	return MK_MODE_NONE;
}

int rootfs_permit(const struct mk_permit *rootfs, const char *instance, __u32 *was)
{
	_cleanup_region_ struct region r = REGION_NONE;
	struct mk_permit p = { .mode = rootfs->mode };
	int ret;

	*was = MK_MODE_NONE;
	if (!*rootfs->name)
		return 0;
	ret = region_open(rootfs->name, &r);
	if (ret)
		return ret;
	snprintf(p.name, sizeof(p.name), "%s", instance);
	*was = region_permitted(&r, instance);
	return *was < p.mode ? region_permit(&r, &p) : 0;
}

void rootfs_restore(const struct mk_permit *rootfs, const char *instance, __u32 was)
{
	_cleanup_region_ struct region r = REGION_NONE;
	struct mk_permit p = { .mode = was };

	if (!*rootfs->name || was >= rootfs->mode || region_open(rootfs->name, &r))
		return;
	snprintf(p.name, sizeof(p.name), "%s", instance);
	region_permit(&r, &p);
}

static int permit_all(struct region *r, const struct args *a)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < a->nr_permits; i++)
		ret = region_permit(r, &a->permits[i]);
	return ret;
}

static int open_new(const struct args *a, const char *name, struct region *r)
{
	_cleanup_fd_ int dev = -1;
	struct mk_region_create c = { .size = a->size, .node = a->node };
	int ret = dev_open(&dev);

	if (ret)
		return ret;
	set_label(r, name);
	snprintf(c.name, sizeof(c.name), "%s", name);
	r->fd = dev_ioctl(dev, MK_IOC_REGION_CREATE, &c, sizeof(c));
	return r->fd < 0 ? fail_mk(&c.hdr.err, "create it", r->label) : 0;
}

static int fail_image(const char *path, const char *remedy)
{
	return fail(EXIT_FAILED, "file", path, remedy, "%s", strerror(errno));
}

static const char *new_image;	/* made, and not whole yet */
static int new_image_dir;	/* what fs_fill() mounts read-only is not, from here */

static void drop_image(void)
{
	if (new_image)
		unlinkat(new_image_dir, strrchr(new_image, '/') + 1, 0);
}

/* What is mapped cannot be written: the disk that has the new file is full. */
static void no_room(int sig)
{
	(void)sig;
	drop_image();
	fail(EXIT_FAILED, "no_room", new_image, "make room on the disk that it is on",
	     "its first blocks could not be written");
	fflush(NULL);
	_exit(EXIT_FAILED);
}

static int open_directory(const char *path)
{
	char *dir = strndup(path, strrchr(path, '/') - path + 1);
	int fd = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	free(dir);
	return fd;
}

/* A new file, which ends with zeros, or a device that nobody uses. 0 or an exit code. */
static int open_image(const char *path, __u64 size, const struct stat *device, int *fd)
{
	__u64 room = device ? fs_dax_size(device) : size;

	new_image_dir = device ? -1 : open_directory(path);
	*fd = open(path, O_RDWR | O_CLOEXEC | O_EXCL | (device ? 0 : O_CREAT), 0600);
	if (*fd < 0)
		return fail_image(path, "name a new file, or a device that is not in use");
	new_image = device ? NULL : path;
	if (device ? !room && ioctl(*fd, BLKGETSIZE64, &room) : ftruncate(*fd, size))
		return fail_image(path, NULL);
	if (room < size)
		return fail(EXIT_FAILED, "no_room", path, "choose a smaller --size",
			    "it has %llu bytes", room);
	return 0;
}

/* Zeros are holes. */
static int copy_region(const struct region *r, __u64 size, const char *path, int fd)
{
	_cleanup_fs_map_ struct fs_map m = FS_MAP_NONE;
	static const char zeros[DAXFS_BLOCK];
	int ret = fs_map_fd(r->fd, size, r->label, &m);
	const char *from = m.addr;
	__u64 at;

	for (at = 0; !ret && at < size; at += DAXFS_BLOCK)
		if (memcmp(from + at, zeros, DAXFS_BLOCK) &&
		    pwrite(fd, from + at, DAXFS_BLOCK, at) != DAXFS_BLOCK)
			ret = fail_image(path, "make room on the disk that it is on");
	return ret;
}

/* Only a region can be mounted and filled: for a moment there is one more. */
static int fill_file(const struct args *a, const char *label, int fd)
{
	_cleanup_region_ struct region r = REGION_NONE;
	char name[MK_NAME_SIZE];
	struct mk_hdr hdr = { };
	sigset_t was;
	int ret;

	signals_hold(&was);
	snprintf(name, sizeof(name), "mkctl-%d", getpid());
	ret = open_new(a, name, &r);
	if (ret)
		return ret;
	ret = format(r.fd, r.label, a->size, label) ?: fs_fill(name, a->from) ?:
	      copy_region(&r, a->size, a->name, fd);
	if (dev_ioctl(r.fd, MK_IOC_REGION_DELETE, &hdr, sizeof(hdr)) < 0)
		warn("%s stays: mkctl fs delete %s", r.label, name);
	return ret;
}

static int format_image(const struct args *a, const struct stat *device)
{
	const char *label = strrchr(a->name, '/') + 1;
	_cleanup_fd_ int fd = -1;
	int ret;

	signal(SIGBUS, no_room);
	ret = open_image(a->name, a->size, device, &fd) ?:
	      (a->from && !device ? fill_file(a, label, fd) : format(fd, a->name, a->size, label));
	/* a device-dax has no cache, and no fsync() */
	if (!ret && fsync(fd) && errno != EINVAL)
		ret = fail_image(a->name, NULL);
	return ret;
}

/* Mounted as it is. What cannot be filled is no file system. */
static int fill_device(const char *path, const char *from)
{
	static const char zeros[DAXFS_BLOCK];
	_cleanup_fd_ int fd = -1;
	char *whole = realpath(path, NULL);
	int ret = whole ? fs_fill(whole, from) : fail_image(path, NULL);

	free(whole);
	if (!ret)
		return 0;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_EXCL);
	if (fd < 0 || pwrite(fd, zeros, sizeof(zeros), 0) != sizeof(zeros) || fsync(fd))
		warn("%s holds a part of %s: %s", path, from, strerror(errno));
	return ret;
}

/* For memory that is none of the pool's. */
static int create_image(const struct args *a)
{
	struct stat st;
	bool is_there = !stat(a->name, &st), is_dax = is_there && fs_dax_size(&st);
	bool device = is_dax || (is_there && S_ISBLK(st.st_mode));
	int ret;

	if (a->given & (OPT_NODE | OPT_PERMIT))
		return fail(EXIT_USAGE, "usage", a->name, "leave them out",
			    "--node and --permit are for regions");
	if (a->from && is_dax)
		return fail(EXIT_USAGE, "usage", a->name,
			    "leave it out, mount it and copy it there: see mkctl-fs(8)",
			    "--from needs what can be mounted as it is, and this is a device-dax");
	if (!a->size || a->size % DAXFS_HUGE || a->size > DAXFS_SIZE_MAX)
		return fail(EXIT_FAILED, "fs_size", a->name, "choose a size from 2M to 1T",
			    "%llu bytes are no multiple of 2 MiB, or too many", a->size);
	ret = format_image(a, device ? &st : NULL);
	if (ret)
		drop_image();
	if (!ret && a->from && device)
		ret = fill_device(a->name, a->from);
	if (ret)
		return ret;
	if (!settings.json) {
		say("%s: a file system\n", a->name);
		return EXIT_DONE;
	}
	json_object(NULL);
	json_str("name", a->name);
	json_u64("size", a->size);
	json_end();
	return EXIT_DONE;
}

static int do_create(const struct args *a)
{
	_cleanup_region_ struct region r = REGION_NONE;
	struct mk_hdr hdr = { };
	int ret;

	if (strchr(a->name, '/'))
		return create_image(a);
	ret = open_new(a, a->name, &r);
	if (ret)
		return ret;
	ret = format(r.fd, r.label, a->size, a->name) ?:
	      (a->from ? fs_fill(a->name, a->from) : 0) ?:
	      permit_all(&r, a) ?: region_query(&r);
	if (!ret)
		return report(&r);
	dev_ioctl(r.fd, MK_IOC_REGION_DELETE, &hdr, sizeof(hdr));
	return ret;
}

/* --- the others ------------------------------------------------------------------ */

/* The file system takes all of it; kernels that have it mounted map it first. */
static int use_all(const struct region *r)
{
	_cleanup_fs_map_ struct fs_map m = FS_MAP_NONE;
	int err, ret = fs_map_fd(r->fd, r->q.size, r->label, &m);

	if (ret)
		return ret;
	err = daxfs_attach(&m.fs);
	/* what another program has put there is its own */
	if (err == -EINVAL)
		return 0;
	err = err ?: fs_map_join(&m, "mkctl", fs_map_boot()) ?: daxfs_grow(&m.fs, r->q.size);
	fs_map_leave(&m);
	return err ? fs_map_failed(&m, err, "use its new memory") : 0;
}

static int do_resize(const struct args *a)
{
	_cleanup_region_ struct region r = REGION_NONE;
	struct mk_region_grow g = { };
	const char *why = parse_size(a->words[0], &g.size);
	int ret;

	if (why)
		return fail(EXIT_USAGE, "usage", a->words[0], "give a size such as 1G", "%s", why);
	ret = region_open(a->name, &r) ?:
	      region_call(&r, MK_IOC_REGION_GROW, &g, sizeof(g), "resize it") ?:
	      region_query(&r) ?: use_all(&r);
	return ret ?: report(&r);
}

static int do_permit(const struct args *a)
{
	_cleanup_region_ struct region r = REGION_NONE;
	struct mk_permit p;
	unsigned int nr;
	const char *why = parse_permits(a->words[0], &p, 1, &nr);
	int ret;

	if (why)
		return fail(EXIT_USAGE, "usage", a->words[0], "name one instance, such as web:ro",
			    "%s", why);
	ret = region_open(a->name, &r) ?: region_permit(&r, &p) ?: region_query(&r);
	return ret ?: report(&r);
}

static int do_forbid(const struct args *a)
{
	_cleanup_region_ struct region r = REGION_NONE;
	struct mk_permit p = { .mode = MK_MODE_NONE };
	const char *why = parse_name(a->words[0]);
	int ret;

	if (why)
		return fail(EXIT_USAGE, "usage", a->words[0], "name one instance", "%s", why);
	memcpy(p.name, a->words[0], strlen(a->words[0]));
	ret = region_open(a->name, &r) ?: region_permit(&r, &p) ?: region_query(&r);
	return ret ?: report(&r);
}

static int do_delete(const struct args *a)
{
	_cleanup_region_ struct region r = REGION_NONE;
	struct mk_hdr hdr = { };
	int ret = region_open(a->name, &r) ?:
		  region_call(&r, MK_IOC_REGION_DELETE, &hdr, sizeof(hdr), "delete it");

	if (ret)
		return ret;
	if (settings.json)
		region_json(&r);
	else
		say("%s is deleted\n", r.label);
	return EXIT_DONE;
}

const struct cmd fs_cmds[] = {
	{ .object = "fs", .verb = "create", .operand = "NAME|FILE", .takes = TAKES_PATH,
	  .required = OPT_SIZE, .options = OPT_NODE | OPT_PERMIT | OPT_FROM,
	  .summary = "Make a region: a file system that kernels share, in the pool's memory",
	  .detail = "The host has it, and instances that are permitted by name; they need not\n"
		    "exist yet. It stays when instances end, until it is deleted. --from fills it: a\n"
		    "directory as it is, a tar archive (also .gz .xz .zst .bz2), or the image\n"
		    "for this machine of an OCI layout. FILE has a slash: a device such as\n"
		    "/dev/pmem0 or /dev/dax0.0, or a new file, to copy it to such memory. --from\n"
		    "fills /dev/pmem0 and a file, too; for a file the pool lends the memory.\n",
	  .example = "mkctl fs create root --size 512M --from rootfs.tar.zst",
	  .run = do_create },
	{ .object = "fs", .verb = "list",
	  .summary = "List all regions",
	  .example = "mkctl fs list --json",
	  .run = do_list },
	{ .object = "fs", .verb = "show", .operand = "NAME",
	  .summary = "Show a region: its memory, and who has it",
	  .example = "mkctl fs show data",
	  .run = do_show },
	{ .object = "fs", .verb = "resize", .operand = "NAME SIZE", .takes = TAKES_WORD,
	  .summary = "Add memory to a region, and room to its file system",
	  .detail = "What is in it stays. It cannot become smaller.\n",
	  .example = "mkctl fs resize data 1G",
	  .run = do_resize },
	{ .object = "fs", .verb = "inspect", .operand = "NAME|FILE", .takes = TAKES_PATH,
	  .summary = "Show what is in a file system: use, pieces, kernels, locks",
	  .detail = "FILE has a slash and is an image or a device. It only looks, while others go\n"
		    "on.\n",
	  .example = "mkctl fs inspect data",
	  .run = fs_inspect },
	{ .object = "fs", .verb = "check", .operand = "NAME|FILE", .takes = TAKES_PATH,
	  .options = OPT_REPAIR,
	  .summary = "Check that all of a file system fits together",
	  .detail = "FILE has a slash and is an image or a device that is not mounted. Kernels\n"
		    "that have a region mounted wait meanwhile; for --repair nobody may have it.\n"
		    "When something is wrong and stays so, the exit code is 1.\n",
	  .example = "mkctl fs check data",
	  .run = fs_check },
	{ .object = "fs", .verb = "permit", .operand = "NAME INSTANCE[:ro]", .takes = TAKES_WORD,
	  .summary = "Let an instance use a region",
	  .detail = "One that runs has it at once. With :ro its kernel writes nothing to it.\n",
	  .example = "mkctl fs permit data web:ro",
	  .run = do_permit },
	{ .object = "fs", .verb = "forbid", .operand = "NAME INSTANCE", .takes = TAKES_WORD,
	  .summary = "Let an instance use a region no longer",
	  .detail = "What a running one has mounted, it keeps until it ends.\n",
	  .example = "mkctl fs forbid data web",
	  .run = do_forbid },
	{ .object = "fs", .verb = "delete", .operand = "NAME",
	  .summary = "Give the memory of a region back to the pool",
	  .detail = "Refused while the host uses it, or an instance that runs may. What is in it\n"
		    "is gone.\n",
	  .example = "mkctl fs delete data",
	  .run = do_delete },
	{ }
};
