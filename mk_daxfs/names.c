// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: names that are looked up, made, taken away and moved.  What the caller
 * knows of a name is looked at again once all is locked.
 */
#include "dir.h"

#define STEPS	64	/* splits until a bucket has room; hashes differ before */
#define CROWD	64	/* records of a bucket */

/**
 * struct held - an inode that is locked
 * @ref:	which
 * @inode:	where it is
 * @off:	its offset
 * @locked:	by this entry; another one of the same inode only points there
 * @gone:	its operation, when committed, frees and unlocks it
 * @span:	changes while it is locked, or NULL
 */
struct held {
	struct daxfs_ref ref;
	struct daxfs_inode *inode;
	__u64 off;
	bool locked;
	bool gone;
	struct daxfs_span *span;
};

static void unlock(struct daxfs *fs, struct held *held)
{
	if (held->locked && held->span)
		held->span->to = mk_peer_load(&held->inode->seq);
	if (held->locked)
		daxfs_inode_unlock(fs, held->inode);
	held->locked = false;
}

static void unlock_all(struct daxfs *fs, struct held **held, int nr)
{
	while (nr--)
		unlock(fs, held[nr]);
}

/* Sorts @held. */
static int lock_all(struct daxfs *fs, struct held **held, int nr)
{
	struct held *h;
	int i, j, err;

	for (i = 1; i < nr; i++) {
		h = held[i];
		for (j = i; j && held[j - 1]->ref.ino > h->ref.ino; j--)
			held[j] = held[j - 1];
		held[j] = h;
	}
	for (i = 0; i < nr; i++) {
		h = held[i];
		err = 0;
		if (i && held[i - 1]->ref.ino == h->ref.ino) {
			h->inode = held[i - 1]->inode;
			h->off = held[i - 1]->off;
			if (held[i - 1]->ref.gen != h->ref.gen)
				err = -ESTALE;
		} else {
			err = daxfs_inode_lock(fs, h->ref, &h->inode, &h->off);
			h->locked = !err;
			if (!err && h->span)
				h->span->from = mk_peer_load(&h->inode->seq);
		}
		if (err) {
			unlock_all(fs, held, i);
			return err;
		}
	}
	return 0;
}

static bool is_dir(const struct held *held)
{
	return S_ISDIR(mk_peer_load(&held->inode->mode));
}

/* May names be made in it? */
static int check_dir(const struct held *dir)
{
	if (!is_dir(dir))
		return -ENOTDIR;
	return mk_peer_load(&dir->inode->nlink) ? 0 : -ENOENT;
}

static int check_name(__u32 len)
{
	if (!len)
		return -EINVAL;
	return len > DAXFS_NAME_MAX ? -ENAMETOOLONG : 0;
}

static int find(struct daxfs *fs, const struct held *dir, const char *name, __u32 len,
		struct daxfs_place *place)
{
	int err = daxfs_dir_find(fs, dir->inode, dir->ref.ino, name, len, place);

	return err == -EUCLEAN ? daxfs_bad(fs, "a directory", dir->off) : err;
}

/* All of a bucket is gone through for a new name: it is split long before it is full. */
static int spread(struct daxfs *fs, const struct held *dir, const struct daxfs_place *place)
{
	int err = daxfs_dir_split(fs, dir->inode, dir->off, dir->ref.ino, place->hash);

	return err == -ENOSPC ? 0 : err;
}

/* Where the name is; or -ENOENT, and there is room for it. */
static int find_or_room(struct daxfs *fs, const struct held *dir, const char *name, __u32 len,
			struct daxfs_place *place)
{
	int steps, err;

	for (steps = 0; steps < STEPS; steps++) {
		err = find(fs, dir, name, len, place);
		if (err != -ENOENT || (place->room && (place->records < CROWD || steps)))
			return err;
		if (place->room)
			err = spread(fs, dir, place);
		else
			err = daxfs_dir_room(fs, dir->inode, dir->off, dir->ref.ino, place->hash);
		if (err)
			return err;
	}
	return -ENOSPC;
}

static int room_for_new(struct daxfs *fs, const struct held *dir, const char *name, __u32 len,
			struct daxfs_place *place)
{
	int err = find_or_room(fs, dir, name, len, place);

	if (!err)
		return -EEXIST;
	return err == -ENOENT ? 0 : err;
}

static __u64 word_of(struct daxfs_ref ref, __u32 mode)
{
	return DAXFS_DIRENT(ref.ino, ref.gen, (mode & S_IFMT) >> 12);
}

static bool is_word_of(__u64 word, struct daxfs_ref ref)
{
	return DAXFS_DIRENT_INO(word) == ref.ino && DAXFS_DIRENT_GEN(word) == ref.gen;
}

/* A directory gets so many entries and subdirectories more. */
static void account(struct daxfs_op *op, __u64 dir_off, int entries, int dirs, __u64 now)
{
	if (entries)
		DAXFS_PUT(op, dir_off, daxfs_inode, size,
			  DAXFS_GET(op, dir_off, daxfs_inode, size) + entries);
	if (dirs)
		DAXFS_PUT32(op, dir_off, daxfs_inode, nlink,
			    DAXFS_GET32(op, dir_off, daxfs_inode, nlink) + dirs);
	DAXFS_PUT(op, dir_off, daxfs_inode, mtime, now);
	DAXFS_PUT(op, dir_off, daxfs_inode, ctime, now);
	daxfs_change(op, dir_off);
}

static void set_links(struct daxfs_op *op, __u64 off, __u32 nlink, __u64 now)
{
	DAXFS_PUT32(op, off, daxfs_inode, nlink, nlink);
	DAXFS_PUT(op, off, daxfs_inode, ctime, now);
	daxfs_change(op, off);
}

/* --- lookup ------------------------------------------------------------------------ */

struct lookup {
	__u32 ino;
	const char *name;
	__u32 len;
	struct daxfs_place place;
};

static int look_name(struct daxfs *fs, const struct daxfs_inode *dir, void *arg)
{
	struct lookup *l = arg;

	if (!S_ISDIR(mk_peer_load(&dir->mode)))
		return -ENOTDIR;
	if (!mk_peer_load(&dir->nlink))
		return -ENOENT;
	return daxfs_dir_find(fs, dir, l->ino, l->name, l->len, &l->place);
}

/**
 * daxfs_lookup() - what a name stands for
 * @fs:		the file system
 * @dir:	the directory
 * @name:	any bytes
 * @len:	their number
 * @ref:	out: the inode
 * @type:	out: S_IFMT >> 12
 *
 * Context: takes no lock.
 * Return: 0; -ENOENT, -ENOTDIR, -ENAMETOOLONG; -ESTALE: the directory is gone;
 * -EUCLEAN; -EIO, -EINTR as daxfs_pause().
 */
int daxfs_lookup(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
		 struct daxfs_ref *ref, __u32 *type)
{
	struct lookup l = { .ino = dir.ino, .name = name, .len = len };
	int err = check_name(len) ?: daxfs_look(fs, dir, look_name, &l);

	if (err)
		return err;
	ref->ino = DAXFS_DIRENT_INO(l.place.word);
	ref->gen = DAXFS_DIRENT_GEN(l.place.word);
	*type = DAXFS_DIRENT_TYPE(l.place.word);
	return 0;
}

/* --- create ------------------------------------------------------------------------ */

/* An inode that an operation makes; it has no mode until that commits. */
struct fresh {
	struct daxfs_ref ref;
	struct daxfs_inode *inode;
	__u64 off;
};

static void fill_inode(struct daxfs *fs, struct daxfs_inode *inode, const struct daxfs_new *what,
		       __u32 parent, bool named)
{
	bool dir = S_ISDIR(what->mode);
	__u64 now = daxfs_now();

	inode->nlink = named + (named && dir);
	inode->uid = what->uid;
	inode->gid = what->gid;
	inode->size = 0;
	inode->blocks = 0;
	inode->atime = now;
	inode->mtime = now;
	inode->ctime = now;
	inode->btime = now;
	mk_peer_store(&inode->open, named && !what->open ? 0 : 1ULL << fs->slot);
	inode->xattr = 0;
	inode->rdev = what->rdev;
	inode->flags = 0;
	inode->parent = dir ? parent : 0;
	inode->height = 0;
	inode->locks = 0;
	inode->reserved = 0;
	memset(inode->map, 0, sizeof(inode->map));
}

static int fill_link(struct daxfs_op *op, struct daxfs_inode *inode, const struct daxfs_new *what)
{
	__u64 off;
	int err;

	inode->size = what->target_len;
	if (what->target_len <= sizeof(inode->link)) {
		memcpy(inode->link, what->target, what->target_len);
		return 0;
	}
	err = daxfs_take_whole(op, DAXFS_BLOCK, &off);
	if (err)
		return err;
	memcpy(daxfs_at(op->fs, off, DAXFS_BLOCK), what->target, what->target_len);
	inode->map[0] = off | DAXFS_MAP_VALID;
	inode->blocks = 1;
	return 0;
}

static int fill_dir(struct daxfs_op *op, struct fresh *fresh)
{
	__u64 bucket;
	int err = daxfs_dir_init(op, fresh->ref.ino, &bucket);

	if (err)
		return err;
	fresh->inode->map[0] = bucket | DAXFS_MAP_VALID;
	fresh->inode->blocks = 1;
	return 0;
}

static int make_inode(struct daxfs_op *op, const struct daxfs_new *what, __u32 parent, bool named,
		      struct fresh *fresh)
{
	__u64 blocks = 0;
	int err = daxfs_take_inode(op, &fresh->ref.ino, &fresh->off);

	if (err)
		return err;
	fresh->inode = daxfs_at(op->fs, fresh->off, sizeof(*fresh->inode));
	fresh->ref.gen = mk_peer_load(&fresh->inode->gen) & DAXFS_GEN_MASK;
	fill_inode(op->fs, fresh->inode, what, parent, named);
	if (S_ISDIR(what->mode))
		err = fill_dir(op, fresh);
	else if (S_ISLNK(what->mode))
		err = fill_link(op, fresh->inode, what);
	if (!err && what->xattrs)
		err = daxfs_xattr_store(op, what->xattrs, &fresh->inode->xattr, &blocks);
	fresh->inode->blocks += blocks;
	return err;
}

/* Ends @op. */
static int commit_new(struct daxfs_op *op, struct fresh *fresh, __u32 mode, int err)
{
	if (!err)
		err = op->err;
	if (err) {
		daxfs_abort(op);
		return err;
	}
	mk_peer_store_release(&fresh->inode->mode, mode);
	return daxfs_commit(op);
}

static int create_in(struct daxfs *fs, struct held *dir, const char *name, __u32 len,
		     const struct daxfs_new *what, struct daxfs_ref *ref)
{
	struct daxfs_place place;
	struct daxfs_op *op;
	struct fresh fresh;
	int err = room_for_new(fs, dir, name, len, &place) ?: daxfs_begin(fs, &op);

	if (err)
		return err;
	err = make_inode(op, what, dir->ref.ino, true, &fresh);
	if (!err) {
		daxfs_dir_add(op, &place, name, len, word_of(fresh.ref, what->mode));
		account(op, dir->off, 1, S_ISDIR(what->mode), daxfs_now());
		*ref = fresh.ref;
	}
	return commit_new(op, &fresh, what->mode, err);
}

/* O_TMPFILE */
static int create_unnamed(struct daxfs *fs, const struct daxfs_new *what, struct daxfs_ref *ref)
{
	struct daxfs_op *op;
	struct fresh fresh;
	int err;

	if (!S_ISREG(what->mode))
		return -EINVAL;
	err = daxfs_begin(fs, &op);
	if (err)
		return err;
	err = make_inode(op, what, 0, false, &fresh);
	if (!err)
		*ref = fresh.ref;
	return commit_new(op, &fresh, what->mode, err);
}

/**
 * daxfs_create_in() - make an inode and its name
 * @fs:		the file system, joined
 * @dir:	where
 * @name:	any bytes but '/' and NUL; NULL: no name, open for this kernel
 * @len:	their number
 * @what:	what to create
 * @ref:	out: the inode
 * @span:	out: changes of @dir; or NULL
 *
 * Context: takes the lock of the directory.
 * Return: 0; -EEXIST, -ENOSPC, -ENOENT (the directory was removed), -ENOTDIR,
 * -EMLINK, -ENAMETOOLONG, -ESTALE, -EUCLEAN; -EIO, -EINTR as daxfs_pause().
 */
int daxfs_create_in(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
		    const struct daxfs_new *what, struct daxfs_ref *ref, struct daxfs_span *span)
{
	struct held held = { .ref = dir, .span = span }, *h = &held;
	int err;

	if (S_ISLNK(what->mode) && what->target_len - 1 >= DAXFS_BLOCK - 1)
		return -ENAMETOOLONG;
	if (!name)
		return create_unnamed(fs, what, ref);
	err = check_name(len) ?: lock_all(fs, &h, 1);
	if (err)
		return err;
	err = check_dir(h);
	if (!err && S_ISDIR(what->mode) && mk_peer_load(&h->inode->nlink) >= DAXFS_LINK_MAX)
		err = -EMLINK;
	if (!err)
		err = create_in(fs, h, name, len, what, ref);
	unlock(fs, h);
	return err;
}

/* --- link and unlink --------------------------------------------------------------- */

static int link_in(struct daxfs *fs, struct held *dir, const char *name, __u32 len,
		   struct held *it)
{
	__u32 nlink = mk_peer_load(&it->inode->nlink), mode = mk_peer_load(&it->inode->mode);
	struct daxfs_place place;
	struct daxfs_op *op;
	__u64 now;
	int err = check_dir(dir);

	if (err)
		return err;
	if (S_ISDIR(mode))
		return -EPERM;
	if (!nlink && !daxfs_is_ours(fs, it->inode))
		return -ENOENT;
	if (nlink >= DAXFS_LINK_MAX)
		return -EMLINK;
	err = room_for_new(fs, dir, name, len, &place) ?: daxfs_begin(fs, &op);
	if (err)
		return err;
	now = daxfs_now();
	daxfs_dir_add(op, &place, name, len, word_of(it->ref, mode));
	account(op, dir->off, 1, 0, now);
	set_links(op, it->off, nlink + 1, now);
	return daxfs_commit(op);
}

/**
 * daxfs_link_in() - give an inode another name
 * @fs:		the file system, joined
 * @dir:	where
 * @name:	any bytes but '/' and NUL
 * @len:	their number
 * @ref:	the inode; with no name yet when this kernel has it open
 * @span:	out: changes of @dir; or NULL
 *
 * Context: takes the locks of both.
 * Return: as daxfs_create_in(); -EPERM: it is a directory; -ENOENT also: it has no
 * name any more.
 */
int daxfs_link_in(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
		  struct daxfs_ref ref, struct daxfs_span *span)
{
	struct held d = { .ref = dir, .span = span }, it = { .ref = ref }, *all[] = { &d, &it };
	int err = check_name(len) ?: lock_all(fs, all, 2);

	if (err)
		return err;
	err = link_in(fs, &d, name, len, &it);
	unlock_all(fs, all, 2);
	return err;
}

/*
 * It loses its last name, and nobody has it open; to open it needs its lock: it goes in the
 * same operation, which unlocks it.
 */
static void let_go_at_once(struct daxfs_op *op, struct held *held)
{
	if (DAXFS_GET32(op, held->off, daxfs_inode, nlink) || mk_peer_load(&held->inode->open) ||
	    !daxfs_inode_is_small(held->inode))
		return;
	daxfs_inode_give(op, held->inode, held->off);
	held->gone = true;
}

/*
 * Unlock what may have lost its last name.  Who closes it takes its bit away, then looks
 * whether it has a name; here it is the other way round.
 */
static void let_go(struct daxfs *fs, struct held *held)
{
	if (!held->locked)
		return;
	mk_peer_mb();
	if (!held->gone &&
	    (mk_peer_load(&held->inode->nlink) || mk_peer_load(&held->inode->open))) {
		unlock(fs, held);
		return;
	}
	/* who mends finds what is left after an error */
	if (!held->gone)
		daxfs_inode_release(fs, held->ref, held->inode);
	held->locked = false;
}

/* What the name stands for is what the caller thinks. */
static int find_known(struct daxfs *fs, const struct held *dir, const char *name, __u32 len,
		      struct daxfs_ref ref, struct daxfs_place *place)
{
	int err = find(fs, dir, name, len, place);

	if (err)
		return err;
	return is_word_of(place->word, ref) ? 0 : -ESTALE;
}

static int unlink_in(struct daxfs *fs, struct held *dir, const char *name, __u32 len,
		     struct held *it)
{
	struct daxfs_place place;
	struct daxfs_op *op;
	__u64 now;
	int err = check_dir(dir) ?: find_known(fs, dir, name, len, it->ref, &place);

	if (err)
		return err;
	if (!it->locked || !mk_peer_load(&it->inode->nlink))
		return daxfs_bad(fs, "a name of", it->off);
	if (is_dir(it) && mk_peer_load(&it->inode->size))
		return -ENOTEMPTY;
	err = daxfs_begin(fs, &op);
	if (err)
		return err;
	now = daxfs_now();
	daxfs_dir_remove(op, &place);
	account(op, dir->off, -1, -is_dir(it), now);
	set_links(op, it->off, is_dir(it) ? 0 : mk_peer_load(&it->inode->nlink) - 1, now);
	let_go_at_once(op, it);
	return daxfs_commit(op);
}

/**
 * daxfs_unlink_in() - take a name away, also of an empty directory
 * @fs:		the file system, joined
 * @dir:	where
 * @name:	the name
 * @len:	its bytes
 * @ref:	what it stands for
 * @span:	out: changes of @dir; or NULL
 *
 * An inode without name goes with its last opener, or now.
 *
 * Context: takes the locks of both.
 * Return: 0; -ENOENT; -ESTALE: it stands for something else now; -ENOTEMPTY,
 * -ENOTDIR, -EUCLEAN; -EIO, -EINTR as daxfs_pause().
 */
int daxfs_unlink_in(struct daxfs *fs, struct daxfs_ref dir, const char *name, __u32 len,
		    struct daxfs_ref ref, struct daxfs_span *span)
{
	struct held d = { .ref = dir, .span = span }, it = { .ref = ref }, *all[] = { &d, &it };
	int err = check_name(len) ?: lock_all(fs, all, 2);

	if (err)
		return err;
	err = unlink_in(fs, &d, name, len, &it);
	unlock(fs, &d);
	if (err)
		unlock(fs, &it);
	else
		let_go(fs, &it);
	return err;
}

/* --- rename ------------------------------------------------------------------------ */

/**
 * struct move - a name that moves
 * @fs:		the file system
 * @flags:	DAXFS_RENAME_*
 * @name:	old and new one
 * @len:	their bytes
 * @dir:	their directories
 * @it:		what they stand for
 * @has_new:	there is something with the new name
 * @place:	where they are
 * @mode:	of @it
 */
struct move {
	struct daxfs *fs;
	unsigned int flags;
	const char *name[2];
	__u32 len[2];
	struct held dir[2];
	struct held it[2];
	bool has_new;
	struct daxfs_place place[2];
	__u32 mode[2];
};

static __u64 all_inodes(struct daxfs *fs)
{
	struct daxfs_stat st;

	daxfs_statfs(fs, &st);
	return st.inodes;
}

/* -EINVAL when a directory would get below itself; super.rename is held. */
static int check_loop(struct daxfs *fs, struct daxfs_ref dir, struct daxfs_ref moved)
{
	__u64 most = all_inodes(fs);
	struct daxfs_attr attr;
	int err;

	while (most--) {
		if (dir.ino == moved.ino)
			return -EINVAL;
		if (dir.ino == DAXFS_ROOT)
			return 0;
		err = daxfs_yield(fs) ?: daxfs_getattr(fs, dir, &attr);
		if (err)
			return err == -ENOENT ? -ESTALE : err;
		dir = (struct daxfs_ref){ .ino = attr.parent };
	}
	return daxfs_bad(fs, "a directory's parents", daxfs_inode_off(fs, moved.ino));
}

/* Do directories move from one to another? */
static int moves_dirs(struct move *m, bool *dirs)
{
	struct daxfs_attr attr;
	int i, err;

	*dirs = false;
	if (m->dir[0].ref.ino == m->dir[1].ref.ino)
		return 0;
	for (i = 0; i < (m->flags & DAXFS_RENAME_EXCHANGE ? 2 : 1); i++) {
		err = daxfs_getattr(m->fs, m->it[i].ref, &attr);
		if (err)
			return err;
		*dirs |= S_ISDIR(attr.mode);
	}
	return 0;
}

static int check_loops(struct move *m)
{
	int err = check_loop(m->fs, m->dir[1].ref, m->it[0].ref);

	if (!err && m->flags & DAXFS_RENAME_EXCHANGE)
		err = check_loop(m->fs, m->dir[0].ref, m->it[1].ref);
	return err;
}

/* All is locked: are the names what the caller thinks? */
static int check_names(struct move *m)
{
	int err = find_or_room(m->fs, &m->dir[1], m->name[1], m->len[1], &m->place[1]);

	if (err && err != -ENOENT)
		return err;
	if (!err && m->flags & DAXFS_RENAME_NOREPLACE)
		return -EEXIST;
	if (err && m->flags & DAXFS_RENAME_EXCHANGE)
		return -ENOENT;
	if (!err != m->has_new)
		return -ESTALE;
	if (!err && !is_word_of(m->place[1].word, m->it[1].ref))
		return -ESTALE;
	/* after the new one: room is made by moving names */
	return find_known(m->fs, &m->dir[0], m->name[0], m->len[0], m->it[0].ref, &m->place[0]);
}

static int check_types(struct move *m)
{
	bool old = S_ISDIR(m->mode[0]), new = m->has_new && S_ISDIR(m->mode[1]);

	if (!(m->flags & DAXFS_RENAME_EXCHANGE) && m->has_new) {
		if (old != new)
			return old ? -ENOTDIR : -EISDIR;
		if (new && mk_peer_load(&m->it[1].inode->size))
			return -ENOTEMPTY;
	}
	if (m->dir[0].off == m->dir[1].off || old == new)
		return 0;
	return mk_peer_load(&m->dir[old].inode->nlink) < DAXFS_LINK_MAX ? 0 : -EMLINK;
}

static int check_move(struct move *m)
{
	int i, err = check_dir(&m->dir[0]) ?: check_dir(&m->dir[1]) ?: check_names(m);

	for (i = 0; !err && i <= m->has_new; i++) {
		m->mode[i] = mk_peer_load(&m->it[i].inode->mode);
		if (m->it[i].off == m->dir[!i].off)
			err = i ? -ENOTEMPTY : -EINVAL;
		else if (!m->it[i].locked || !mk_peer_load(&m->it[i].inode->nlink))
			err = daxfs_bad(m->fs, "a name of", m->it[i].off);
	}
	return err ?: check_types(m);
}

static void set_parent(struct daxfs_op *op, struct move *m, int which, __u64 now)
{
	struct held *it = &m->it[which];

	DAXFS_PUT(op, it->off, daxfs_inode, ctime, now);
	if (S_ISDIR(m->mode[which]))
		DAXFS_PUT32(op, it->off, daxfs_inode, parent, m->dir[!which].ref.ino);
	daxfs_change(op, it->off);
}

static void exchange(struct daxfs_op *op, struct move *m, __u64 now)
{
	int more = (int)S_ISDIR(m->mode[1]) - (int)S_ISDIR(m->mode[0]);

	daxfs_dir_set(op, &m->place[0], m->place[1].word);
	daxfs_dir_set(op, &m->place[1], m->place[0].word);
	account(op, m->dir[0].off, 0, more, now);
	account(op, m->dir[1].off, 0, -more, now);
	set_parent(op, m, 0, now);
	set_parent(op, m, 1, now);
}

/* What has the new name loses it. */
static void replace(struct daxfs_op *op, struct move *m, __u64 now)
{
	bool dir = S_ISDIR(m->mode[1]);

	daxfs_dir_set(op, &m->place[1], m->place[0].word);
	set_links(op, m->it[1].off, dir ? 0 : mk_peer_load(&m->it[1].inode->nlink) - 1, now);
	let_go_at_once(op, &m->it[1]);
	account(op, m->dir[1].off, 0, (int)S_ISDIR(m->mode[0]) - dir, now);
}

static void move(struct daxfs_op *op, struct move *m, const struct fresh *whiteout, __u64 now)
{
	int dirs = S_ISDIR(m->mode[0]), less = whiteout->off ? 0 : 1;
	bool same = m->dir[0].off == m->dir[1].off && !m->has_new;

	if (m->has_new)
		replace(op, m, now);
	else
		daxfs_dir_add(op, &m->place[1], m->name[1], m->len[1], m->place[0].word);
	if (!m->has_new && !same)
		account(op, m->dir[1].off, 1, dirs, now);
	if (whiteout->off)
		daxfs_dir_set(op, &m->place[0], word_of(whiteout->ref, S_IFCHR));
	else
		daxfs_dir_remove(op, &m->place[0]);
	account(op, m->dir[0].off, same - less, same ? 0 : -dirs, now);
	set_parent(op, m, 0, now);
}

/* All is locked. */
static int rename_locked(struct move *m)
{
	const struct daxfs_new nothing = { .mode = S_IFCHR };
	struct fresh whiteout = { .off = 0 };
	struct daxfs_op *op;
	int err = check_move(m) ?: daxfs_begin(m->fs, &op);

	if (err)
		return err;
	if (m->flags & DAXFS_RENAME_EXCHANGE) {
		exchange(op, m, daxfs_now());
		return daxfs_commit(op);
	}
	if (m->flags & DAXFS_RENAME_WHITEOUT)
		err = make_inode(op, &nothing, 0, true, &whiteout);
	if (!err)
		move(op, m, &whiteout, daxfs_now());
	return err || whiteout.off ? commit_new(op, &whiteout, S_IFCHR, err) : daxfs_commit(op);
}

static int lock_and_rename(struct move *m)
{
	struct held *all[] = { &m->dir[0], &m->dir[1], &m->it[0], &m->it[1] };
	int nr = 3 + m->has_new, i, err;

	err = lock_all(m->fs, all, nr);
	if (err)
		return err;
	err = rename_locked(m);
	if (!err && m->has_new) {
		for (i = 0; i < nr; i++)
			if (all[i] != &m->it[1])
				unlock(m->fs, all[i]);
		let_go(m->fs, &m->it[1]);
	}
	unlock_all(m->fs, all, nr);
	return err;
}

static int rename_dirs(struct move *m)
{
	__u64 *lock = &daxfs_super(m->fs)->rename;
	int err = daxfs_lock(m->fs, lock);

	if (err)
		return err;
	err = check_loops(m) ?: lock_and_rename(m);
	daxfs_unlock(m->fs, lock);
	return err;
}

/**
 * daxfs_rename_sides() - let a name stand elsewhere
 * @fs:		the file system, joined
 * @side:	old and new name
 * @flags:	DAXFS_RENAME_*
 *
 * Context: takes the locks of all four, and super.rename when a directory gets
 * another parent.
 * Return: 0; -ENOENT; -EEXIST with NOREPLACE; -ESTALE: a name stands for something
 * else now; -EINVAL: a directory would be below itself, or flags that do not go
 * together; -ENOTDIR, -EISDIR, -ENOTEMPTY, -EMLINK, -ENOSPC, -ENAMETOOLONG,
 * -EUCLEAN; -EIO, -EINTR as daxfs_pause().
 */
int daxfs_rename_sides(struct daxfs *fs, struct daxfs_side side[2], unsigned int flags)
{
	struct daxfs_ref old = side[0].ref, new = side[1].ref;
	struct move m = {
		.fs = fs, .flags = flags, .has_new = new.ino,
		.name = { side[0].name, side[1].name }, .len = { side[0].len, side[1].len },
		.dir = { { .ref = side[0].dir, .span = &side[0].span },
			 { .ref = side[1].dir, .span = &side[1].span } },
		.it = { { .ref = old }, { .ref = new } },
	};
	bool dirs;
	int err = check_name(side[0].len) ?: check_name(side[1].len);

	if (err)
		return err;
	if (flags & DAXFS_RENAME_EXCHANGE && flags != DAXFS_RENAME_EXCHANGE)
		return -EINVAL;
	if (new.ino && flags & DAXFS_RENAME_NOREPLACE)
		return -EEXIST;
	if (!new.ino && flags & DAXFS_RENAME_EXCHANGE)
		return -ENOENT;
	if (old.ino == new.ino)
		return old.gen == new.gen ? 0 : -ESTALE;
	err = moves_dirs(&m, &dirs);
	if (err)
		return err;
	return dirs ? rename_dirs(&m) : lock_and_rename(&m);
}

/* --- symbolic links ---------------------------------------------------------------- */

struct readlink {
	char *to;
	__u32 size;
};

static int look_link(struct daxfs *fs, const struct daxfs_inode *inode, void *arg)
{
	struct readlink *r = arg;
	__u64 len = mk_peer_load(&inode->size);
	const char *from = inode->link;

	if (!S_ISLNK(mk_peer_load(&inode->mode)))
		return -EINVAL;
	if (len - 1 >= DAXFS_BLOCK - 1)
		return -EUCLEAN;
	if (len > sizeof(inode->link))
		from = daxfs_at(fs, DAXFS_MAP_OFF(mk_peer_load(&inode->map[0])), DAXFS_BLOCK);
	if (!from)
		return -EUCLEAN;
	if (len > r->size)
		len = r->size;
	mk_peer_copy(r->to, from, len);
	return len;
}

/**
 * daxfs_readlink() - what a symbolic link says
 * @fs:		the file system
 * @ref:	the link
 * @to:		where to, no NUL
 * @size:	bytes at most
 *
 * Return: bytes; -EINVAL: no symbolic link; -ESTALE, -EUCLEAN; -EIO, -EINTR as
 * daxfs_pause().
 */
int daxfs_readlink(struct daxfs *fs, struct daxfs_ref ref, char *to, __u32 size)
{
	struct readlink r = { .to = to, .size = size };

	return daxfs_look(fs, ref, look_link, &r);
}
