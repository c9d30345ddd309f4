// SPDX-License-Identifier: GPL-2.0
/*
 * The pool: CPUs and memory that the host has set aside, and who has them.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"

/*
 * The lists change under both locks, so either is enough to read them; who has
 * what changes under mk_pool_lock alone.  What takes long (memory that is
 * cleared, CPUs on their way) is done under the outer lock only.
 */
static DEFINE_MUTEX(change_lock);
static DEFINE_MUTEX(mk_pool_lock);
static LIST_HEAD(pool_cpus);		/* struct mk_cpu, by number */
static LIST_HEAD(pool_chunks);		/* struct mk_chunk, by address */
static u64 leaked;			/* bytes that a lost CPU may still write */

/* --- taking from the host and giving back ------------------------------ */

static void list_cpu(struct mk_cpu *c)
{
	struct mk_cpu *at;

	lockdep_assert_held(&mk_pool_lock);
	list_for_each_entry(at, &pool_cpus, node)
		if (at->cpu > c->cpu)
			break;
	list_add_tail(&c->node, &at->node);
}

static void list_chunk(struct mk_chunk *c)
{
	struct mk_chunk *at;

	lockdep_assert_held(&mk_pool_lock);
	list_for_each_entry(at, &pool_chunks, node)
		if (at->start > c->start)
			break;
	list_add_tail(&c->node, &at->node);
}

static struct mk_cpu *find_cpu(u32 cpu)
{
	struct mk_cpu *c;

	list_for_each_entry(c, &pool_cpus, node)
		if (c->cpu == cpu)
			return c;
	return NULL;
}

static int check_twice(const u32 *cpus, unsigned int nr, struct mk_error *err)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < i; j++)
			if (cpus[i] == cpus[j])
				return mk_fail(err, -EINVAL, MK_E_CPU_TWICE, cpus[i], 0);
	return 0;
}

static int lock_for_user(struct mutex *lock, struct mk_error *err)
{
	return mutex_lock_killable(lock) ?
	       mk_fail(err, -EINTR, MK_E_INTERNAL, -EINTR, 0) : 0;
}

static void list_cpus(struct mk_cpu **cpus, unsigned int nr)
{
	mutex_lock(&mk_pool_lock);
	while (nr--)
		list_cpu(cpus[nr]);
	mutex_unlock(&mk_pool_lock);
}

static void list_chunks(struct mk_chunk **chunks, unsigned int nr)
{
	mutex_lock(&mk_pool_lock);
	while (nr--)
		list_chunk(chunks[nr]);
	mutex_unlock(&mk_pool_lock);
}

/* Give back what an unfinished mk_pool_add() took. */
static void undo_add(struct mk_cpu **cpus, unsigned int nr_cpus,
		     struct mk_chunk **chunks, unsigned int nr_chunks)
{
	struct mk_error ignored = { };

	while (nr_chunks--)
		mk_chunk_put(chunks[nr_chunks]);
	while (nr_cpus--)
		if (mk_cpu_return(cpus[nr_cpus], &ignored))
			list_cpus(&cpus[nr_cpus], 1);	/* the host refuses it: keep it */
}

/**
 * mk_pool_add() - take CPUs and memory from the host
 * @cpus:	logical numbers
 * @nr_cpus:	their number
 * @extents:	sizes, nodes, and addresses where they matter
 * @nr_extents:	their number
 * @err:	what was wrong
 *
 * All or nothing.
 *
 * Context: sleeps, for long; takes change_lock and mk_pool_lock.
 * Return: 0 or a negative errno.
 */
int mk_pool_add(const u32 *cpus, unsigned int nr_cpus,
		const struct mk_extent *extents, unsigned int nr_extents,
		struct mk_error *err)
{
	unsigned int got_cpus = 0, got_chunks = 0, i;
	struct mk_chunk **chunks;
	struct mk_cpu **taken;
	int ret = lock_for_user(&change_lock, err);

	if (ret)
		return ret;
	taken = kcalloc(nr_cpus, sizeof(*taken), GFP_KERNEL);
	chunks = kcalloc(nr_extents, sizeof(*chunks), GFP_KERNEL);
	if (!taken || !chunks) {
		ret = mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
		goto out;
	}
	ret = check_twice(cpus, nr_cpus, err);
	for (i = 0; !ret && i < nr_cpus; i++)
		ret = mk_cpu_check(cpus[i], err);
	/* memory first: a refusal is likelier and its undoing cheaper */
	while (!ret && got_chunks < nr_extents) {
		ret = mk_chunk_get(&extents[got_chunks], &chunks[got_chunks], err);
		if (!ret)
			got_chunks++;
	}
	while (!ret && got_cpus < nr_cpus) {
		ret = mk_cpu_take(cpus[got_cpus], &taken[got_cpus], err);
		if (!ret)
			got_cpus++;
	}
	if (ret) {
		undo_add(taken, got_cpus, chunks, got_chunks);
		goto out;
	}
	list_chunks(chunks, got_chunks);
	list_cpus(taken, got_cpus);
out:
	mutex_unlock(&change_lock);
	kfree(taken);
	kfree(chunks);
	return ret;
}

/* Highest free pool granule on a node (or any); 0 when there is none. */
static u64 free_granule(int nid)
{
	struct mk_chunk *c;
	u64 at;

	list_for_each_entry_reverse(c, &pool_chunks, node) {
		if (nid != NUMA_NO_NODE && c->nid != nid)
			continue;
		for (at = c->start + c->size; at > c->start;) {
			at -= MK_POOL_GRANULE;
			if (mk_chunk_is_free(c, at, MK_POOL_GRANULE))
				return at;
		}
	}
	return 0;
}

static struct mk_chunk *chunk_of(u64 start, u64 size)
{
	struct mk_chunk *c;

	list_for_each_entry(c, &pool_chunks, node)
		if (start >= c->start && size <= c->size &&
		    start - c->start <= c->size - size)
			return c;
	return NULL;
}

static void mark_granule(u64 at, bool used)
{
	mk_chunk_mark(chunk_of(at, MK_POOL_GRANULE), at, MK_POOL_GRANULE, used);
}

static bool granule_is_free(u64 at)
{
	struct mk_chunk *c = chunk_of(at, MK_POOL_GRANULE);

	return c && mk_chunk_is_free(c, at, MK_POOL_GRANULE);
}

/* Granules that are to leave are marked as used: none is chosen twice. */
static int choose(const struct mk_extent *e, u64 *chosen, unsigned int *nr,
		  struct mk_error *err)
{
	u64 at, found;

	if (!e->size)
		return mk_fail(err, -EINVAL, MK_E_MEM_NONE, 0, 0);
	if (e->size % MK_POOL_GRANULE || e->start % MK_POOL_GRANULE)
		return mk_fail(err, -EINVAL, MK_E_MEM_ALIGN, e->size, MK_POOL_GRANULE);
	for (found = 0; found < e->size; found += MK_POOL_GRANULE) {
		at = e->start ? e->start + found : free_granule(e->node);
		if (!at || !granule_is_free(at))
			return mk_fail(err, -EBUSY, MK_E_MEM_BUSY, e->size, found);
		mark_granule(at, true);
		chosen[(*nr)++] = at;
	}
	return 0;
}

static bool is_chosen(u64 at, const u64 *chosen, unsigned int nr)
{
	while (nr)
		if (chosen[--nr] == at)
			return true;
	return false;
}

/* What is left of a chunk without the chosen granules: chunks in @rest. */
static int cut_chunk(const struct mk_chunk *c, const u64 *chosen, unsigned int nr,
		     struct list_head *rest)
{
	u64 at, from = c->start, end = c->start + c->size;
	struct mk_chunk *piece;

	for (at = from; at <= end; at += MK_POOL_GRANULE) {
		if (at < end && !is_chosen(at, chosen, nr))
			continue;
		if (at > from) {
			piece = mk_chunk_new(from, at - from, c->nid);
			if (!piece)
				return -ENOMEM;
			list_add_tail(&piece->node, rest);
		}
		from = at + MK_POOL_GRANULE;
	}
	return 0;
}

/* Chunks that will be, before anything is given back: then nothing can fail any more. */
static int cut(const u64 *chosen, unsigned int nr, struct list_head *rest, struct mk_error *err)
{
	struct mk_chunk *c;
	unsigned int i;

	list_for_each_entry(c, &pool_chunks, node) {
		for (i = 0; i < nr && chunk_of(chosen[i], MK_POOL_GRANULE) != c; i++)
			;
		if (i < nr && cut_chunk(c, chosen, nr, rest))
			return mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	}
	return 0;
}

static void copy_use(struct mk_chunk *to, const struct mk_chunk *from)
{
	u64 at;

	for (at = to->start; at < to->start + to->size; at += MK_MEMORY_GRANULE)
		if (!mk_chunk_is_free(from, at, MK_MEMORY_GRANULE))
			mk_chunk_mark(to, at, MK_MEMORY_GRANULE, true);
}

static void list_rest(struct list_head *rest)
{
	struct mk_chunk *c, *next;

	list_for_each_entry_safe(c, next, rest, node) {
		list_del(&c->node);
		list_chunk(c);
	}
}

/* The chosen granules leave; @rest takes the place of their chunks. */
static void give_chosen(const u64 *chosen, unsigned int nr, struct list_head *rest)
{
	struct mk_chunk *c;
	unsigned int i;

	mutex_lock(&mk_pool_lock);
	list_for_each_entry(c, rest, node)
		copy_use(c, chunk_of(c->start, c->size));
	for (i = 0; i < nr; i++) {
		c = chunk_of(chosen[i], MK_POOL_GRANULE);
		if (!c)
			continue;	/* it went with another granule */
		list_del(&c->node);
		mk_chunk_delete(c);
	}
	list_rest(rest);
	mutex_unlock(&mk_pool_lock);
	for (i = 0; i < nr; i++)
		mk_memory_release(chosen[i], MK_POOL_GRANULE);
}

static unsigned int count_granules(void)
{
	struct mk_chunk *c;
	u64 size = 0;

	list_for_each_entry(c, &pool_chunks, node)
		size += c->size;
	return size / MK_POOL_GRANULE;
}

/* In the pool, with no instance, and known to be halted. */
static int check_spare(u32 cpu, struct mk_error *err)
{
	struct mk_cpu *c = find_cpu(cpu);

	if (!c)
		return mk_fail(err, -EINVAL, MK_E_CPU_NOT_POOL, cpu, 0);
	if (c->instance)
		return mk_fail(err, -EBUSY, MK_E_CPU_BUSY, cpu, c->instance);
	if (READ_ONCE(c->state) == MK_CPU_LOST)
		return mk_fail(err, -EIO, MK_E_CPU_LOST, cpu, 0);
	return 0;
}

/* All of them, or those that went are taken again. */
static int return_cpus(struct mk_cpu **leaving, const u32 *cpus, unsigned int nr,
		       struct mk_error *err)
{
	struct mk_error ignored;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++)
		ret = mk_cpu_return(leaving[i], err);
	if (!ret)
		return 0;
	list_cpus(&leaving[i - 1], nr - i + 1);
	for (i--; i--;)
		if (!mk_cpu_take(cpus[i], &leaving[i], &ignored))
			list_cpus(&leaving[i], 1);
	return ret;
}

/* Take CPUs off the list and granules out of use: nobody else gets them now. */
static int claim_leaving(const u32 *cpus, unsigned int nr_cpus, struct mk_cpu **leaving,
			 const struct mk_extent *extents, unsigned int nr_extents,
			 u64 *chosen, unsigned int *nr_chosen, struct list_head *rest,
			 struct mk_error *err)
{
	unsigned int i;
	int ret = lock_for_user(&mk_pool_lock, err);

	if (ret)
		return ret;
	for (i = 0; !ret && i < nr_cpus; i++)
		ret = check_spare(cpus[i], err);
	for (i = 0; !ret && i < nr_extents; i++)
		ret = choose(&extents[i], chosen, nr_chosen, err);
	ret = ret ?: cut(chosen, *nr_chosen, rest, err);
	for (i = 0; !ret && i < nr_cpus; i++) {
		leaving[i] = find_cpu(cpus[i]);
		list_del(&leaving[i]->node);
	}
	mutex_unlock(&mk_pool_lock);
	return ret;
}

/* Nothing leaves. */
static void keep_chosen(const u64 *chosen, unsigned int nr, struct list_head *rest)
{
	struct mk_chunk *c, *next;

	list_for_each_entry_safe(c, next, rest, node)
		mk_chunk_delete(c);
	mutex_lock(&mk_pool_lock);
	while (nr)
		mark_granule(chosen[--nr], false);
	mutex_unlock(&mk_pool_lock);
}

/**
 * mk_pool_remove() - give CPUs and memory back to the host
 * @cpus:	logical numbers
 * @nr_cpus:	their number
 * @extents:	sizes, nodes, and addresses where they matter
 * @nr_extents:	their number
 * @err:	what was wrong
 *
 * Everything is checked, and what memory that needs is had, before anything is
 * given back; after a CPU that the host refuses all is as before.
 *
 * Context: sleeps, for long; takes change_lock and mk_pool_lock.
 * Return: 0 or a negative errno.
 */
int mk_pool_remove(const u32 *cpus, unsigned int nr_cpus,
		   const struct mk_extent *extents, unsigned int nr_extents,
		   struct mk_error *err)
{
	struct mk_cpu **leaving;
	unsigned int nr = 0;
	LIST_HEAD(rest);
	u64 *chosen;
	int ret = lock_for_user(&change_lock, err);

	if (ret)
		return ret;
	leaving = kcalloc(nr_cpus, sizeof(*leaving), GFP_KERNEL);
	chosen = kvcalloc(count_granules(), sizeof(*chosen), GFP_KERNEL);
	if (!leaving || !chosen)
		ret = mk_fail(err, -ENOMEM, MK_E_MEMORY, 0, 0);
	else
		ret = check_twice(cpus, nr_cpus, err) ?:
		      claim_leaving(cpus, nr_cpus, leaving, extents, nr_extents, chosen, &nr,
				    &rest, err) ?:
		      return_cpus(leaving, cpus, nr_cpus, err);
	if (ret)
		keep_chosen(chosen, nr, &rest);
	else
		give_chosen(chosen, nr, &rest);
	mutex_unlock(&change_lock);
	kvfree(chosen);
	kfree(leaving);
	return ret;
}

/* --- for instances and regions ------------------------------------------ */

/**
 * mk_pool_claim_cpus() - give CPUs of the pool to an instance
 * @cpus:	logical numbers
 * @nr:		their number
 * @id:		of the instance
 * @out:	room for @nr: the CPUs in the same order
 * @err:	what was wrong
 *
 * All or nothing.
 *
 * Context: sleeps, takes mk_pool_lock.
 * Return: 0 or a negative errno.
 */
int mk_pool_claim_cpus(const u32 *cpus, unsigned int nr, u32 id,
		       struct mk_cpu **out, struct mk_error *err)
{
	unsigned int i;
	int ret = lock_for_user(&mk_pool_lock, err);

	if (ret)
		return ret;
	ret = check_twice(cpus, nr, err);
	for (i = 0; !ret && i < nr; i++)
		ret = check_spare(cpus[i], err);
	for (i = 0; !ret && i < nr; i++) {
		out[i] = find_cpu(cpus[i]);
		out[i]->instance = id;
		WRITE_ONCE(out[i]->state, MK_CPU_USED);
	}
	mutex_unlock(&mk_pool_lock);
	return ret;
}

/**
 * mk_pool_drop_cpus() - take CPUs back from an instance
 * @cpus:	what mk_pool_claim_cpus() gave, known to be halted or lost
 * @nr:		their number
 *
 * Context: sleeps, takes mk_pool_lock.
 */
void mk_pool_drop_cpus(struct mk_cpu **cpus, unsigned int nr)
{
	unsigned int i;

	mutex_lock(&mk_pool_lock);
	for (i = 0; i < nr; i++) {
		cpus[i]->instance = 0;
		if (cpus[i]->state != MK_CPU_LOST)
			WRITE_ONCE(cpus[i]->state, MK_CPU_FREE);
	}
	mutex_unlock(&mk_pool_lock);
}

/* The chunk that serves @size best: the tightest that fits, else the largest. */
static struct mk_chunk *best_chunk(u64 size, int nid, u64 *start, u64 *len)
{
	struct mk_chunk *c, *best = NULL;
	u64 at = 0;

	*len = 0;
	list_for_each_entry(c, &pool_chunks, node) {
		u64 run;

		if (nid != NUMA_NO_NODE && c->nid != nid)
			continue;
		run = mk_chunk_largest(c, &at);
		if (!run || (*len >= size && run < size))
			continue;
		if (!best || (run >= size ? *len < size || run < *len : run > *len)) {
			best = c;
			*len = run;
			*start = at;
		}
	}
	return best;
}

static u64 pool_free_bytes(int nid)
{
	struct mk_chunk *c;
	u64 bytes = 0;

	list_for_each_entry(c, &pool_chunks, node)
		if (nid == NUMA_NO_NODE || c->nid == nid)
			bytes += mk_chunk_free_bytes(c);
	return bytes;
}

/* An extent of a region may reach through two chunks that touch. */
static void unmark(const struct mk_extent *extents, u32 nr)
{
	u64 at;

	while (nr--)
		for (at = 0; at < extents[nr].size; at += MK_MEMORY_GRANULE)
			mk_chunk_mark(chunk_of(extents[nr].start + at, MK_MEMORY_GRANULE),
				      extents[nr].start + at, MK_MEMORY_GRANULE, false);
}

/**
 * mk_pool_claim_memory() - give memory of the pool to an instance or a region
 * @size:	bytes, a multiple of MK_MEMORY_GRANULE
 * @nid:	NUMA node, or NUMA_NO_NODE for any
 * @out:	room for MK_MAX_EXTENTS: what it gets
 * @nr_out:	their number, 0 after an error
 * @err:	what was wrong
 *
 * All or nothing, in as few extents as can be; it is not cleared.
 *
 * Context: sleeps, takes mk_pool_lock.
 * Return: 0, -ENOMEM or -EINTR.
 */
int mk_pool_claim_memory(u64 size, int nid, struct mk_extent *out, u32 *nr_out,
			 struct mk_error *err)
{
	u64 left = size, start = 0, len, have;
	struct mk_chunk *c;
	u32 nr = 0;
	int ret = lock_for_user(&mk_pool_lock, err);

	*nr_out = 0;
	if (ret)
		return ret;
	have = pool_free_bytes(nid);
	if (have < size)
		ret = mk_fail(err, -ENOMEM, MK_E_MEM_POOL, size, have);
	while (!ret && left) {
		c = best_chunk(left, nid, &start, &len);
		if (nr == MK_MAX_EXTENTS) {
			unmark(out, nr);
			ret = mk_fail(err, -ENOMEM, MK_E_MEM_SPLIT, size, out[0].size);
			break;
		}
		len = min(len, left);
		mk_chunk_mark(c, start, len, true);
		out[nr++] = (struct mk_extent){ .start = start, .size = len, .node = c->nid };
		left -= len;
	}
	*nr_out = ret ? 0 : nr;
	mutex_unlock(&mk_pool_lock);
	return ret;
}

/**
 * mk_pool_drop_memory() - take memory back
 * @extents:	what mk_pool_claim_memory() gave
 * @nr:		their number
 *
 * Context: sleeps, takes mk_pool_lock.
 */
void mk_pool_drop_memory(const struct mk_extent *extents, u32 nr)
{
	mutex_lock(&mk_pool_lock);
	unmark(extents, nr);
	mutex_unlock(&mk_pool_lock);
}

/**
 * mk_pool_leak_memory() - never give this memory to anybody again
 * @extents:	what mk_pool_claim_memory() gave
 * @nr:		their number
 *
 * It stays marked as used: a CPU that was not seen to halt may write there.
 *
 * Context: sleeps, takes mk_pool_lock.
 */
void mk_pool_leak_memory(const struct mk_extent *extents, u32 nr)
{
	mutex_lock(&mk_pool_lock);
	while (nr--)
		leaked += extents[nr].size;
	mutex_unlock(&mk_pool_lock);
}

/**
 * mk_pool_query() - answer MK_IOC_POOL_QUERY
 * @q:		in: room; out: all but the pointers, @nr_instances and @memory_regions
 * @cpus:	room for @q->nr_cpus
 * @chunks:	room for @q->nr_chunks
 * @err:	what was wrong
 *
 * Context: sleeps, takes mk_pool_lock.
 * Return: 0 or -EINTR.
 */
int mk_pool_query(struct mk_pool_query *q, struct mk_pool_cpu *cpus,
		  struct mk_pool_chunk *chunks, struct mk_error *err)
{
	int ret = lock_for_user(&mk_pool_lock, err);
	u32 nr_cpus = 0, nr_chunks = 0;
	struct mk_chunk *k;
	struct mk_cpu *c;

	if (ret)
		return ret;
	list_for_each_entry(c, &pool_cpus, node)
		if (nr_cpus++ < q->nr_cpus)
			*cpus++ = (struct mk_pool_cpu){
				.cpu = c->cpu, .apicid = c->apicid, .node = c->nid,
				.state = READ_ONCE(c->state), .instance = c->instance };
	q->memory = 0;
	list_for_each_entry(k, &pool_chunks, node) {
		q->memory += k->size;
		if (nr_chunks++ < q->nr_chunks)
			*chunks++ = (struct mk_pool_chunk){
				.start = k->start, .size = k->size, .node = k->nid,
				.free = mk_chunk_free_bytes(k) };
	}
	q->memory_free = pool_free_bytes(NUMA_NO_NODE);
	q->memory_lost = leaked;
	mutex_unlock(&mk_pool_lock);
	q->nr_cpus = nr_cpus;
	q->nr_chunks = nr_chunks;
	q->window_size = MK_WINDOW_SIZE;
	mk_window_count(&q->windows, &q->windows_free);
	q->x2apic = mk_arch_x2apic();
	return 0;
}

/* --- module parameters and the end ---------------------------------------- */

static char *cpus;
module_param(cpus, charp, 0444);
MODULE_PARM_DESC(cpus, "CPUs to take at load, e.g. 2-3,6");

static char *memory;
module_param(memory, charp, 0444);
MODULE_PARM_DESC(memory, "Memory to take at load: SIZE[@NODE],..., e.g. 2G,1G@1");

static int parse_cpus(u32 *out, unsigned int *nr)
{
	cpumask_var_t mask;
	unsigned int cpu;
	int ret;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;
	ret = cpulist_parse(cpus, mask);
	if (ret == -ERANGE)
		pr_err("cpus=%s: there is no such CPU; see lscpu -e\n", cpus);
	else if (ret)
		pr_err("cpus=%s: no list of CPUs like 2-3,6\n", cpus);
	if (!ret)
		for_each_cpu(cpu, mask)
			out[(*nr)++] = cpu;
	free_cpumask_var(mask);
	return ret;
}

static int parse_memory(struct mk_extent *out, unsigned int *nr)
{
	char *p = memory;

	while (*p) {
		if (*nr == MK_MAX_EXTENTS)
			goto bad;
		out[*nr] = (struct mk_extent){ .node = NUMA_NO_NODE };
		out[*nr].size = memparse(p, &p);
		if (!out[*nr].size)
			goto bad;
		if (*p == '@' && isdigit(p[1]))
			out[*nr].node = min_t(u64, memparse(p + 1, &p), MAX_NUMNODES);
		if (*p == ',')
			p++;
		else if (*p)
			goto bad;
		(*nr)++;
	}
	return 0;
bad:
	pr_err("memory=%s: no list like 2G,1G@1 of at most %d sizes\n", memory,
	       MK_MAX_EXTENTS);
	return -EINVAL;
}

/* For the log of a load: mkctl says the same, and more, at run time. */
static void say_refused(const struct mk_error *err)
{
	const u64 *arg = err->arg;

	switch (err->code) {
	case MK_E_CPU_UNKNOWN:
		pr_err("cpus=%s: there is no CPU %llu; see lscpu -e\n", cpus, arg[0]);
		break;
	case MK_E_CPU_BOOT:
		pr_err("cpus=%s: CPU %llu boots the machine and stays with the host; name others\n",
		       cpus, arg[0]);
		break;
	case MK_E_CPU_OFFLINE:
		pr_err("cpus=%s: CPU %llu is offline; bring it online first\n", cpus, arg[0]);
		break;
	case MK_E_CPU_LAST:
		pr_err("cpus=%s: CPU %llu is the host's last one; name fewer\n", cpus, arg[0]);
		break;
	case MK_E_CPU_REFUSED:
		pr_err("cpus=%s: the host cannot hand over CPU %llu (error %lld); a task or interrupt may be bound to it\n",
		       cpus, arg[0], (s64)arg[1]);
		break;
	case MK_E_CPU_LOST:
		pr_err("cpus=%s: CPU %llu did not confirm that it halted; name others, restart the machine to have it back\n",
		       cpus, arg[0]);
		break;
	case MK_E_MEM_ALIGN:
		pr_err("memory=%s: %llu is no multiple of %llu bytes; round it\n",
		       memory, arg[0], arg[1]);
		break;
	case MK_E_MEM_NODE:
		pr_err("memory=%s: there is no NUMA node %lld; see numactl -H\n",
		       memory, (s64)arg[0]);
		break;
	case MK_E_MEM_CONTIG:
		pr_err("memory=%s: no %llu contiguous bytes are free; the largest size that can is %llu; ask for less or load earlier\n",
		       memory, arg[0], arg[1]);
		break;
	case MK_E_MEMORY:
		pr_err("the host has no memory left for the pool; end something in it, or ask for less\n");
		break;
	case MK_E_SHUTDOWN:
		pr_err("the host is going down or suspending; load again when it is back\n");
		break;
	case MK_E_INTERNAL:
		pr_err("the load was interrupted (error %lld); load again\n", (s64)arg[0]);
		break;
	default:
		pr_err("cpus=%s memory=%s refused: error %u of uapi.h (%llu, %llu); load without them and use mkctl pool add\n",
		       cpus ?: "", memory ?: "", err->code, arg[0], arg[1]);
	}
}

/**
 * mk_pool_init() - take what the module parameters name
 *
 * Context: module load; sleeps, takes change_lock and mk_pool_lock.
 * Return: 0 or a negative errno, the reason in the log.
 */
int mk_pool_init(void)
{
	struct mk_extent extents[MK_MAX_EXTENTS];
	unsigned int nr_cpus = 0, nr_extents = 0;
	struct mk_error err = { };
	u32 *list;
	int ret = 0;

	if (!cpus && !memory)
		return 0;
	list = kcalloc(nr_cpu_ids, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	if (cpus)
		ret = parse_cpus(list, &nr_cpus);
	if (!ret && memory)
		ret = parse_memory(extents, &nr_extents);
	if (!ret)
		ret = mk_pool_add(list, nr_cpus, extents, nr_extents, &err);
	if (err.code)
		say_refused(&err);
	kfree(list);
	return ret;
}

/**
 * mk_pool_exit() - give the pool back to the host
 *
 * Everything that is known to be unused goes back; the rest stays lost.
 *
 * Context: module unload, /dev/mk gone and all instances deleted, so that nobody
 * else looks; sleeps, takes change_lock.
 */
void mk_pool_exit(void)
{
	struct mk_chunk *k, *next_k;
	struct mk_cpu *c, *next_c;
	struct mk_error err = { };

	mutex_lock(&change_lock);
	list_for_each_entry_safe(k, next_k, &pool_chunks, node) {
		list_del(&k->node);
		if (!leaked || mk_chunk_is_free(k, k->start, k->size)) {
			mk_chunk_put(k);
			continue;
		}
		pr_err("memory %#llx+%#llx stays lost: a CPU may still write there\n",
		       k->start, k->size);
		mk_chunk_delete(k);
	}
	list_for_each_entry_safe(c, next_c, &pool_cpus, node) {
		list_del(&c->node);
		if (c->state == MK_CPU_LOST || mk_cpu_return(c, &err))
			mk_cpu_forget(c);
	}
	mutex_unlock(&change_lock);
}
