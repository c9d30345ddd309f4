// SPDX-License-Identifier: GPL-2.0
/*
 * Checks a file system: a region, while others go on and wait for moments, or an
 * image or a device, after what dead kernels left has been finished as a kernel would.
 *
 * A second process has the slot in the region.  When it dies, the first one lets its
 * locks go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "daxfs_check.h"
#include "json.h"
#include "region.h"
#include "text.h"

#define ROUNDS		8	/* of repair: one brings to light what the next one mends */
#define NAME		"mkctl"

/**
 * struct findings - what was found
 * @check:	of the last round
 * @texts:	problems of all rounds
 * @nr:		their number
 * @found:	problems, also those whose text is not here
 * @repaired:	of these, mended
 * @unfinished:	kernels had begun something, and are not there any more
 */
struct findings {
	struct daxfs_check check;
	char *texts[DAXFS_CHECK_TOLD];
	unsigned int nr;
	__u64 found;
	__u64 repaired;
	unsigned int unfinished;
};

static void take_text(void *arg, const char *text)
{
	struct findings *f = arg;

	if (f->nr == DAXFS_CHECK_TOLD)
		return;
	f->texts[f->nr] = strdup(text);
	f->nr += !!f->texts[f->nr];
}

/* --- output ------------------------------------------------------------------------ */

static bool is_clean(const struct findings *f)
{
	return !f->check.found;
}

static void show_json(const char *name, const struct findings *f)
{
	unsigned int i;

	json_object(NULL);
	json_str("name", name);
	json_bool("clean", is_clean(f));
	json_u64("found", f->found);
	json_u64("repaired", f->repaired);
	json_u64("unfinished", f->unfinished);
	json_u64("files", f->check.files);
	json_u64("directories", f->check.dirs);
	json_u64("names", f->check.names);
	json_u64("used", f->check.used * DAXFS_BLOCK);
	json_array("problems");
	for (i = 0; i < f->nr; i++)
		json_str(NULL, f->texts[i]);
	json_end();
	json_end();
}

static const char *plural(__u64 nr)
{
	return nr == 1 ? "" : "s";
}

static void show_text(const struct fs_map *m, const struct findings *f)
{
	char size[SIZE_TEXT];
	unsigned int i;

	for (i = 0; i < f->nr; i++) {
		text_escaped(stdout, f->texts[i], strlen(f->texts[i]));
		putchar('\n');
	}
	if (f->unfinished)
		say("%s: what %u kernel%s had begun %s\n", m->label, f->unfinished,
		    plural(f->unfinished),
		    m->is_file && !m->is_dax && !f->check.repair ? "counts as finished" :
								   "is finished");
	if (f->found && is_clean(f))
		say("%s: %llu problem%s, all mended\n", m->label, f->found, plural(f->found));
	else if (f->found)
		printf("%s: %llu problem%s, %llu mended; %s\n", m->label, f->found,
		       plural(f->found), f->repaired,
		       f->check.repair ? "copy what can be read, and make it anew" :
					 "mkctl fs check --repair mends");
	say("%s: %s: %llu files, %llu directories, %s\n", m->label,
	    is_clean(f) ? "clean" : "damaged", f->check.files, f->check.dirs,
	    size_about(f->check.used * DAXFS_BLOCK, size));
}

static int report(const struct args *a, const struct fs_map *m, const struct findings *f)
{
	if (settings.json)
		show_json(a->name, f);
	else
		show_text(m, f);
	return is_clean(f) ? EXIT_DONE : EXIT_FAILED;
}

/* --- looking ------------------------------------------------------------------------- */

static int look(struct fs_map *m, bool repair, struct findings *f)
{
	unsigned int round = 0;
	int err;

	f->check = (struct daxfs_check){ .tell = take_text, .arg = f, .repair = repair };
	do {
		err = daxfs_check(&m->fs, &f->check);
		f->found += f->check.found;
		f->repaired += f->check.repaired;
	} while (!err && repair && f->check.found && ++round < ROUNDS);
	return err;
}

static __u64 boot_of(struct fs_map *m, __u32 slot)
{
	return mk_peer_load(&daxfs_slot(&m->fs, slot)->boot);
}

static bool is_dead(struct fs_map *m, __u32 slot)
{
	return DAXFS_SLOT_STATE(mk_peer_load(&daxfs_slot(&m->fs, slot)->state)) ==
	       DAXFS_SLOT_DEAD;
}

/* --- an image ------------------------------------------------------------------------- */

/* Nobody has it.  Slots that are free get an epoch that no word in it can know. */
static int take_over(struct fs_map *m, struct findings *f)
{
	__u32 i, epoch;

	for (i = 0; i < m->fs.nr_slots; i++) {
		if (boot_of(m, i)) {
			daxfs_bury(&m->fs, boot_of(m, i));
			f->unfinished++;
		} else if (!is_dead(m, i) && getrandom(&epoch, sizeof(epoch), 0) > 0) {
			mk_peer_store(&daxfs_slot(&m->fs, i)->state, (__u64)epoch << 32);
		}
	}
	return fs_map_join(m, NAME, fs_map_boot()) ?: daxfs_mend(&m->fs);
}

static int check_image(const struct args *a, struct fs_map *m, struct findings *f)
{
	bool repair = a->given & OPT_REPAIR;
	int err;

	m->env.tries = 2000;	/* about a second */
	err = take_over(m, f);
	if (!err)
		err = look(m, repair, f);
	fs_map_leave(m);
	/* a device-dax has no cache, and no fsync() */
	if (repair && fsync(m->fd) && errno != EINVAL)
		return fail(EXIT_FAILED, "file", m->label, NULL,
			    "what was mended is not written: %s", strerror(errno));
	return err ? fs_map_failed(m, err, "check it") : report(a, m, f);
}

/* --- a region ---------------------------------------------------------------------------- */

static bool lives(const struct region *r, __u32 id)
{
	unsigned int i;

	for (i = 0; i < r->q.nr_permits; i++)
		if (r->permits[i].instance == id)
			return true;
	return false;
}

/* A kernel that nobody has mended after: mk_core knows who is there. */
static bool is_gone(const struct region *r, const struct daxfs_slot *slot, __u64 boot)
{
	__u32 id = mk_peer_load(&slot->id);

	if (id)
		return !lives(r, id);
	/* we map it once */
	return boot & DAXFS_BOOT_PROGRAM ? r->q.maps <= 1 : !r->q.mounts;
}

/* Return: something is to be mended. */
static bool bury(struct fs_map *m, __u64 own)
{
	__u64 boots[DAXFS_SLOTS_MAX];
	bool found = false;
	__u32 i;

	for (i = 0; i < m->fs.nr_slots; i++)
		boots[i] = boot_of(m, i);
	/* asked after they were seen: who is not there now never comes back */
	if (region_query(&m->region))
		return false;
	for (i = 0; i < m->fs.nr_slots; i++) {
		if (boots[i] && boots[i] != own &&
		    is_gone(&m->region, daxfs_slot(&m->fs, i), boots[i]))
			found |= daxfs_bury(&m->fs, boots[i]) > 0;
		found |= is_dead(m, i);
	}
	return found;
}

/* Repairs are stores that others would not see as one. */
static int refuse_mounted(struct fs_map *m, __u64 own)
{
	char name[64];
	__u32 i;

	for (i = 0; i < m->fs.nr_slots; i++) {
		if (!boot_of(m, i) || boot_of(m, i) == own)
			continue;
		memcpy(name, daxfs_slot(&m->fs, i)->name, sizeof(name));
		name[sizeof(name) - 1] = '\0';
		return fail(EXIT_FAILED, "fs_mounted", m->label,
			    "unmount it there first; mkctl fs inspect lists all who have it",
			    "cannot repair it: %s has it mounted", name);
	}
	return 0;
}

static int check_joined(const struct args *a, struct fs_map *m, __u64 boot)
{
	static struct findings f;
	bool repair = a->given & OPT_REPAIR;
	int ret = repair ? refuse_mounted(m, boot) : 0;
	int err = ret ? 0 : look(m, repair, &f);

	fs_map_leave(m);
	if (ret)
		return ret;
	return err ? fs_map_failed(m, err, "check it") : report(a, m, &f);
}

static int check_region(const struct args *a, struct fs_map *m, __u64 boot)
{
	int err, ret = fs_map_memory(FS_WRITE, m);

	if (ret)
		return ret;
	err = daxfs_attach(&m->fs) ?: fs_map_join(m, NAME, boot);
	if (!err && bury(m, boot))
		err = daxfs_mend(&m->fs);
	if (!err)
		return check_joined(a, m, boot);
	fs_map_leave(m);
	return fs_map_failed(m, err, "check it");
}

/* The process that had the slot is dead; so are its locks. */
static int clean_up(struct fs_map *m, __u64 boot)
{
	int err, ret = fs_map_memory(FS_WRITE, m);

	if (ret)
		return ret;
	err = daxfs_attach(&m->fs);
	if (!err && daxfs_bury(&m->fs, boot)) {
		err = fs_map_join(m, NAME, fs_map_boot()) ?: daxfs_mend(&m->fs);
		fs_map_leave(m);
	}
	if (err)
		return fs_map_failed(m, err, "mend it");
	return fail(EXIT_FAILED, "internal", m->label, "report it, with a copy of the region",
		    "the check of it died");
}

/* Ctrl-C waits: it takes no longer than others may be kept waiting. */
static int check_apart(const struct args *a, struct fs_map *m)
{
	__u64 boot = fs_map_boot();
	int status = 0;
	sigset_t was;
	pid_t child;

	signals_hold(&was);
	fflush(NULL);
	child = fork();
	if (!child) {
		status = check_region(a, m, boot);
		fflush(NULL);
		_exit(status);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return fail(EXIT_FAILED, "memory", m->label, NULL, "%s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : clean_up(m, boot);
}

int fs_check(const struct args *a)
{
	enum fs_access access = a->given & OPT_REPAIR ? FS_WRITE : FS_COPY;
	static struct fs_map m = FS_MAP_NONE;
	static struct findings f;
	int err, ret = fs_map_find(a->name, access, &m);

	if (!ret && !m.is_file) {
		ret = check_apart(a, &m);
	} else if (!ret) {
		ret = fs_map_memory(access, &m);
		err = ret ? 0 : daxfs_attach(&m.fs);
		if (err)
			ret = fs_map_failed(&m, err, "check it");
		else if (!ret)
			ret = check_image(a, &m, &f);
	}
	fs_unmap(&m);
	return ret;
}
