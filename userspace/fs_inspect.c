// SPDX-License-Identifier: GPL-2.0
/*
 * What is in a file system, who has it and what is locked.  It only looks, while
 * others go on: figures of one output need not be of one moment.
 */
#include <string.h>
#include <time.h>

#include "json.h"
#include "region.h"
#include "table.h"
#include "text.h"

#define LINES		20	/* of inodes or locks, for people */
#define FLOCK_BLOCKS	512	/* of one inode, or they go round */
#define OWNER_TEXT	160

/**
 * struct figures - how full, and in how many pieces
 * @stat:	as statfs()
 * @in_use:	inodes
 * @files:	regular ones
 * @dirs:	directories
 * @data:	bytes that files have
 * @huge:	of these in whole 2 MiB
 * @pieces:	of all files
 * @orphans:	inodes that have no name
 * @free_pieces: runs of free blocks
 * @free_most:	bytes of the longest
 * @free_huge:	2 MiB that could be one page
 * @budget:	pieces that there can be; fewer are left with each that is seen
 */
struct figures {
	struct daxfs_stat stat;
	__u64 in_use, files, dirs;
	__u64 data, huge, pieces;
	__u64 orphans;
	__u64 free_pieces, free_most, free_huge;
	__u64 budget;
};

static struct daxfs *fs;

/* --- counting ------------------------------------------------------------------ */

static void count_free(struct figures *f, __u32 index)
{
	struct daxfs_group *group = daxfs_group(fs, index);
	__u32 block, end = daxfs_group_blocks(fs, index), run = 0, per = DAXFS_HUGE / DAXFS_BLOCK;

	for (block = group ? daxfs_group_meta(fs, index) : end; block < end; block++) {
		if (daxfs_bit(group->blocks, block)) {
			run = 0;
			continue;
		}
		f->free_pieces += !run++;
		if (run * DAXFS_BLOCK > f->free_most)
			f->free_most = run * DAXFS_BLOCK;
		/* the whole of an aligned one lies in this run */
		if ((block + 1) % per == 0 && run >= per)
			f->free_huge++;
	}
}

/* Maps of hostile kernels may go round: there are no more pieces than blocks. */
static void count_data(struct figures *f, const struct daxfs_inode *inode)
{
	__u64 blocks = (mk_peer_load(&inode->size) + DAXFS_BLOCK - 1) / DAXFS_BLOCK;
	__u64 block = 0, next = 0;
	struct daxfs_run run;

	if (blocks > DAXFS_FILE_MAX / DAXFS_BLOCK)
		return;
	for (; block < blocks && f->budget; block += run.len / DAXFS_BLOCK, f->budget--) {
		if (daxfs_find(fs, inode, block, blocks - block, &run) || !run.len)
			return;
		if (!run.off)
			continue;
		f->data += run.len;
		f->pieces += run.off != next;
		next = run.off + run.len;
		if (run.len >= DAXFS_HUGE && !(run.off % DAXFS_HUGE))
			f->huge += run.len & ~(DAXFS_HUGE - 1);
	}
}

static void count_inode(struct figures *f, const struct daxfs_inode *inode)
{
	__u32 mode = mk_peer_load(&inode->mode);

	if (!mode)
		return;
	f->in_use++;
	f->orphans += !mk_peer_load(&inode->nlink);
	f->dirs += S_ISDIR(mode);
	if (!S_ISREG(mode))
		return;
	f->files++;
	count_data(f, inode);
}

static void count(struct figures *f)
{
	__u32 i, ino, nr = daxfs_nr_groups(fs);
	struct daxfs_inode *inode;

	memset(f, 0, sizeof(*f));
	daxfs_statfs(fs, &f->stat);
	/* each block, hole or node ends one; and some change meanwhile */
	f->budget = 4 * f->stat.blocks;
	for (i = 0; i < nr; i++)
		count_free(f, i);
	for (ino = 0; (inode = daxfs_next_inode(fs, &ino)); ino++)
		count_inode(f, inode);
}

/* --- names of what is there ------------------------------------------------------- */

static const char *slot_name(__u32 slot, char name[64])
{
	memcpy(name, daxfs_slot(fs, slot)->name, 64);
	name[63] = '\0';
	return name;
}

static const char *state_text(__u64 state)
{
	static const char *const names[] = { "free", "live", "dead" };

	return DAXFS_SLOT_STATE(state) < ARRAY_SIZE(names) ? names[DAXFS_SLOT_STATE(state)] :
							       "unknown";
}

static void put_name(FILE *out, __u32 slot)
{
	char name[64];

	slot_name(slot, name);
	text_escaped(out, name, strlen(name));
}

/* Operations that a kernel has not ended, those that wait for a grace period apart. */
static void count_ops(__u32 slot, unsigned int *running, unsigned int *limbo)
{
	__u64 state;
	__u32 i;

	*running = 0;
	*limbo = 0;
	for (i = 0; i < fs->nr_ops; i++) {
		state = mk_peer_load(&daxfs_record(fs, slot, i)->state);
		*running += state == DAXFS_OP_OPEN || state == DAXFS_OP_COMMITTED;
		*limbo += state == DAXFS_OP_LIMBO;
	}
}

static __u64 slot_state(__u32 slot)
{
	return mk_peer_load(&daxfs_slot(fs, slot)->state);
}

static bool is_there(__u32 slot)
{
	return DAXFS_SLOT_STATE(slot_state(slot)) != DAXFS_SLOT_FREE;
}

/* --- lists: each calls its visitor -------------------------------------------------- */

/**
 * struct lock - one that somebody holds
 * @kind:	"rename", "group", "inode"; of a file: "read", "flock-shared"
 * @nr:		of the group or inode
 * @owner:	word of the lock
 * @start:	of a file lock: first byte
 * @end:	last byte; 0: no file lock
 */
struct lock {
	const char *kind;
	__u64 nr;
	__u64 owner;
	__u64 start, end;
};

typedef void (*lock_fn)(const struct lock *l, void *arg);

static void look_at(const char *kind, __u64 nr, const __u64 *word, lock_fn fn, void *arg)
{
	struct lock l = { .kind = kind, .nr = nr, .owner = mk_peer_load(word) };

	if (l.owner && daxfs_owner_alive(fs, l.owner))
		fn(&l, arg);
}

static void each_flock(__u32 ino, const struct daxfs_inode *inode, lock_fn fn, void *arg)
{
	static const char *const kinds[] = {
		[DAXFS_FLOCK_READ] = "read", [DAXFS_FLOCK_WRITE] = "write",
		[DAXFS_FLOCK_SHARED] = "flock-shared", [DAXFS_FLOCK_EXCLUSIVE] = "flock-exclusive",
	};
	__u64 off = mk_peer_load(&inode->locks);
	struct lock l = { .nr = ino };
	const struct daxfs_flocks *at;
	const struct daxfs_flock *f;
	__u32 i, kind, blocks;

	for (blocks = 0; off && blocks < FLOCK_BLOCKS; blocks++) {
		at = daxfs_at(fs, off, sizeof(*at));
		if (!at || off % DAXFS_BLOCK)
			return;
		for (i = 0; i < DAXFS_FLOCKS; i++) {
			f = &at->lock[i];
			l.owner = mk_peer_load(&f->owner);
			kind = mk_peer_load(&f->kind);
			if (!l.owner || !daxfs_owner_alive(fs, l.owner) || !kind ||
			    kind >= ARRAY_SIZE(kinds))
				continue;
			l.kind = kinds[kind];
			l.start = mk_peer_load(&f->start);
			l.end = mk_peer_load(&f->end);
			fn(&l, arg);
		}
		off = mk_peer_load(&at->next);
	}
}

static void each_lock(lock_fn fn, void *arg)
{
	struct daxfs_super *super = daxfs_super(fs);
	__u32 i, ino, nr = daxfs_nr_groups(fs);
	struct daxfs_inode *inode;

	look_at("grow", 0, &super->grow, fn, arg);
	look_at("rename", 0, &super->rename, fn, arg);
	look_at("recover", 0, &super->recover, fn, arg);
	look_at("freeze", 0, &super->freeze, fn, arg);
	for (i = 0; i < nr; i++)
		if (daxfs_group(fs, i))
			look_at("group", i, &daxfs_group(fs, i)->lock, fn, arg);
	for (ino = 0; (inode = daxfs_next_inode(fs, &ino)); ino++) {
		look_at("inode", ino, &inode->lock, fn, arg);
		each_flock(ino, inode, fn, arg);
	}
}

typedef void (*inode_fn)(__u32 ino, const struct daxfs_inode *inode, void *arg);

/* Those that a kernel has open, and those that only that keeps. */
static void each_open(inode_fn fn, void *arg)
{
	struct daxfs_inode *inode;
	__u32 ino;

	for (ino = 0; (inode = daxfs_next_inode(fs, &ino)); ino++)
		if (mk_peer_load(&inode->mode) &&
		    (mk_peer_load(&inode->open) || !mk_peer_load(&inode->nlink)))
			fn(ino, inode, arg);
}

/* --- JSON ---------------------------------------------------------------------------- */

static void json_kernels(void)
{
	unsigned int running, limbo;
	char name[64];
	__u32 i;

	json_array("kernels");
	for (i = 0; i < fs->nr_slots; i++) {
		if (!is_there(i))
			continue;
		count_ops(i, &running, &limbo);
		json_object(NULL);
		json_u64("slot", i);
		json_str("name", slot_name(i, name));
		json_u64("instance", mk_peer_load(&daxfs_slot(fs, i)->id));
		json_str("state", state_text(slot_state(i)));
		json_bool("read_only", mk_peer_load(&daxfs_slot(fs, i)->flags) & DAXFS_SLOT_RO);
		json_u64("joined_ns", mk_peer_load(&daxfs_slot(fs, i)->joined));
		json_u64("operations", running);
		json_u64("waiting", limbo);
		json_end();
	}
	json_end();
}

static void json_lock(const struct lock *l, void *arg)
{
	char name[64];

	(void)arg;
	json_object(NULL);
	json_str("lock", l->kind);
	json_u64("number", l->nr);
	json_u64("slot", DAXFS_OWNER_SLOT(l->owner));
	json_str("kernel", slot_name(DAXFS_OWNER_SLOT(l->owner), name));
	if (l->end) {
		json_u64("start", l->start);
		json_u64("end", l->end);
	}
	json_end();
}

static void json_open(__u32 ino, const struct daxfs_inode *inode, void *arg)
{
	__u64 open = mk_peer_load(&inode->open);
	char name[64];
	__u32 i;

	(void)arg;
	json_object(NULL);
	json_u64("inode", ino);
	json_u64("links", mk_peer_load(&inode->nlink));
	json_u64("size", mk_peer_load(&inode->size));
	json_array("kernels");
	for (i = 0; i < fs->nr_slots; i++)
		if (open >> i & 1)
			json_str(NULL, slot_name(i, name));
	json_end();
	json_end();
}

static void json_groups(void)
{
	__u32 i, nr = daxfs_nr_groups(fs);
	struct daxfs_group *group;

	json_array("groups");
	for (i = 0; i < nr; i++) {
		group = daxfs_group(fs, i);
		json_object(NULL);
		json_u64("offset", daxfs_group_off(fs, i));
		json_u64("blocks", daxfs_group_blocks(fs, i));
		json_u64("free_blocks", group ? mk_peer_load(&group->free_blocks) : 0);
		json_u64("free_inodes", group ? mk_peer_load(&group->free_inodes) : 0);
		json_end();
	}
	json_end();
}

static const char *uuid_text(const __u8 *uuid, char text[40])
{
	int i, at = 0;

	for (i = 0; i < 16; i++)
		at += sprintf(text + at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			      uuid[i]);
	return text;
}

static void json_layout(const struct daxfs_super *super)
{
	char uuid[40];

	json_str("uuid", uuid_text(super->uuid, uuid));
	json_text("label", super->label, strnlen(super->label, sizeof(super->label)));
	json_u64("format", super->major);
	json_u64("minor", super->minor);
	json_u64("created_ns", super->created);
	json_u64("size", mk_peer_load(&super->size));
	json_u64("memory", fs->size);
	json_u64("block_size", DAXFS_BLOCK);
	json_u64("slots", fs->nr_slots);
	json_u64("records", fs->nr_ops);
}

static void json_figures(const struct figures *f)
{
	json_u64("blocks", f->stat.blocks);
	json_u64("free_blocks", f->stat.free_blocks);
	json_u64("inodes", f->in_use);
	json_u64("free_inodes", f->stat.free_inodes);
	json_u64("files", f->files);
	json_u64("directories", f->dirs);
	json_u64("orphans", f->orphans);
	json_u64("data", f->data);
	json_u64("data_huge", f->huge);
	json_u64("pieces", f->pieces);
	json_u64("free_pieces", f->free_pieces);
	json_u64("free_most", f->free_most);
	json_u64("free_huge", f->free_huge);
}

static void show_json(const char *name, const struct figures *f)
{
	json_object(NULL);
	json_str("name", name);
	json_layout(daxfs_super(fs));
	json_figures(f);
	json_groups();
	json_kernels();
	json_array("locks");
	each_lock(json_lock, NULL);
	json_end();
	json_array("open");
	each_open(json_open, NULL);
	json_end();
	json_end();
}

/* --- text ------------------------------------------------------------------------------ */

static void show_lock(const struct lock *l, void *arg)
{
	unsigned int *lines = arg;
	char text[OWNER_TEXT] = "";
	FILE *out;

	if ((*lines)++ >= LINES)
		return;
	out = fmemopen(text, sizeof(text), "w");
	if (out) {
		put_name(out, DAXFS_OWNER_SLOT(l->owner));
		fclose(out);
	}
	if (l->end)
		field(*lines == 1 ? "locks" : "", "%s on inode %llu, bytes %llu to %llu: %s",
		      l->kind, l->nr, l->start, l->end, text);
	else if (l->nr || !strcmp(l->kind, "group"))
		field(*lines == 1 ? "locks" : "", "%s %llu: %s", l->kind, l->nr, text);
	else
		field(*lines == 1 ? "locks" : "", "%s: %s", l->kind, text);
}

static void show_open(__u32 ino, const struct daxfs_inode *inode, void *arg)
{
	__u64 open = mk_peer_load(&inode->open);
	unsigned int *lines = arg;
	const char *gap = "";
	char size[SIZE_TEXT];
	__u32 i;

	if ((*lines)++ >= LINES)
		return;
	printf("%s%-12s%sinode %u, %s%s: ", paint_head(), *lines == 1 ? "open" : "", paint_end(),
	       ino, size_about(mk_peer_load(&inode->size), size),
	       mk_peer_load(&inode->nlink) ? "" : ", without a name");
	for (i = 0; i < fs->nr_slots; i++) {
		if (!(open >> i & 1))
			continue;
		fputs(gap, stdout);
		put_name(stdout, i);
		gap = ", ";
	}
	puts(open ? "" : "nobody");
}

static void more(unsigned int lines)
{
	if (lines > LINES)
		field("", "and %u more: --json has all", lines - LINES);
}

static void show_kernels(void)
{
	unsigned int running, limbo;
	const char *head = "mounted by";
	__u32 i;

	for (i = 0; i < fs->nr_slots; i++) {
		if (!is_there(i))
			continue;
		count_ops(i, &running, &limbo);
		printf("%s%-12s%s", paint_head(), head, paint_end());
		put_name(stdout, i);
		printf(" (%s%s): slot %u, %u operations, %u wait\n", state_text(slot_state(i)),
		       mk_peer_load(&daxfs_slot(fs, i)->flags) & DAXFS_SLOT_RO ? ", reads" : "",
		       i, running, limbo);
		head = "";
	}
	if (*head)
		field(head, "nobody, of %u at once", fs->nr_slots);
}

static void show_time(const char *name, __u64 ns)
{
	time_t s = ns / 1000000000;
	char text[32];
	struct tm tm;

	if (gmtime_r(&s, &tm) && strftime(text, sizeof(text), "%F %T UTC", &tm))
		field(name, "%s", text);
}

static void show_layout(const char *name, const struct daxfs_super *super)
{
	char uuid[40], size[SIZE_TEXT], memory[SIZE_TEXT];

	field("name", "%s", name);
	printf("%s%-12s%s", paint_head(), "label", paint_end());
	text_escaped(stdout, super->label, strnlen(super->label, sizeof(super->label)));
	putchar('\n');
	field("uuid", "%s", uuid_text(super->uuid, uuid));
	field("format", "%u.%u, %u groups, %u slots of %u records", super->major, super->minor,
	      daxfs_nr_groups(fs), fs->nr_slots, fs->nr_ops);
	show_time("created", super->created);
	field("size", "%s of %s", size_about(mk_peer_load(&super->size), size),
	      size_about(fs->size, memory));
}

static void show_figures(const struct figures *f)
{
	char a[SIZE_TEXT], b[SIZE_TEXT], c[SIZE_TEXT];

	field("free", "%s of %s, in %llu pieces, the largest %s; %llu of 2M",
	      size_about(f->stat.free_blocks * DAXFS_BLOCK, a),
	      size_about(f->stat.blocks * DAXFS_BLOCK, b), f->free_pieces,
	      size_about(f->free_most, c), f->free_huge);
	field("inodes", "%llu: %llu files, %llu directories; %llu without a name", f->in_use,
	      f->files, f->dirs, f->orphans);
	field("data", "%s in %llu pieces, of it %s in pages of 2M", size_about(f->data, a),
	      f->pieces, size_about(f->huge, b));
}

static void show_text(const char *name, const struct figures *f)
{
	unsigned int lines = 0;

	show_layout(name, daxfs_super(fs));
	show_figures(f);
	show_kernels();
	each_lock(show_lock, &lines);
	more(lines);
	lines = 0;
	each_open(show_open, &lines);
	more(lines);
}

int fs_inspect(const struct args *a)
{
	static struct fs_map m = FS_MAP_NONE;
	int ret = fs_map_open(a->name, FS_LOOK, &m);
	struct figures f;

	if (!ret) {
		fs = &m.fs;
		count(&f);
		if (settings.json)
			show_json(a->name, &f);
		else
			show_text(a->name, &f);
		if (m.what)
			warn("%s: bad %s at 0x%llx; see mkctl fs check", m.label, m.what, m.off);
	}
	fs_unmap(&m);
	return ret;
}
