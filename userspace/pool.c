// SPDX-License-Identifier: GPL-2.0
/* The pool: CPUs and memory that the host has set aside. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mkctl.h"
#include "table.h"
#include "text.h"

#define MAX_CHUNKS	1024

struct pool {
	struct mk_pool_query q;
	struct mk_pool_cpu cpus[MKCTL_MAX_CPUS];
	struct mk_pool_chunk chunks[MAX_CHUNKS];
};

static int pool_query(int dev, struct pool *p)
{
	int ret;

	memset(&p->q, 0, sizeof(p->q));
	p->q.cpus = (__u64)(unsigned long)p->cpus;
	p->q.chunks = (__u64)(unsigned long)p->chunks;
	p->q.nr_cpus = MKCTL_MAX_CPUS;
	p->q.nr_chunks = MAX_CHUNKS;
	ret = dev_call(dev, MK_IOC_POOL_QUERY, &p->q, sizeof(p->q), "query it", "pool");
	if (p->q.nr_cpus > MKCTL_MAX_CPUS)
		p->q.nr_cpus = MKCTL_MAX_CPUS;
	if (p->q.nr_chunks > MAX_CHUNKS)
		p->q.nr_chunks = MAX_CHUNKS;
	return ret;
}

static const char *cpu_state(__u32 state)
{
	static const char *const names[] = {
		[MK_CPU_FREE] = "free", [MK_CPU_USED] = "used", [MK_CPU_LOST] = "lost"
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static void show_json(const struct pool *p)
{
	const struct mk_pool_chunk *c;
	const struct mk_pool_cpu *cpu;

	json_object(NULL);
	json_array("cpus");
	for (cpu = p->cpus; cpu < p->cpus + p->q.nr_cpus; cpu++) {
		json_object(NULL);
		json_u64("cpu", cpu->cpu);
		json_u64("apicid", cpu->apicid);
		json_s64("node", cpu->node);
		json_str("state", cpu_state(cpu->state));
		if (cpu->instance)
			json_u64("instance", cpu->instance);
		json_end();
	}
	json_end();
	json_array("chunks");
	for (c = p->chunks; c < p->chunks + p->q.nr_chunks; c++) {
		json_object(NULL);
		json_addr("start", c->start);
		json_u64("size", c->size);
		json_u64("free", c->free);
		json_s64("node", c->node);
		json_end();
	}
	json_end();
	json_u64("memory", p->q.memory);
	json_u64("memory_free", p->q.memory_free);
	json_u64("memory_lost", p->q.memory_lost);
	json_u64("memory_regions", p->q.memory_regions);
	json_u64("windows", p->q.windows);
	json_u64("windows_free", p->q.windows_free);
	json_u64("window_size", p->q.window_size);
	json_u64("instances", p->q.nr_instances);
	json_bool("x2apic", p->q.x2apic);
	json_end();
}

static void show_cpus(const struct pool *p)
{
	static const char *const heads[] = { "CPU", "APIC", "NODE", "STATE", "INSTANCE", NULL };
	const struct mk_pool_cpu *c;
	struct table t;

	table_begin(&t, heads);
	for (c = p->cpus; c < p->cpus + p->q.nr_cpus; c++) {
		table_cell(&t, "", "%u", c->cpu);
		table_cell(&t, "", "%u", c->apicid);
		table_cell(&t, "", "%d", c->node);
		table_cell(&t, c->state == MK_CPU_LOST ? paint_bad() : "", "%s",
			   cpu_state(c->state));
		if (c->instance)
			table_cell(&t, "", "%u", c->instance);
		else
			table_cell(&t, "", "-");
	}
	table_end(&t);
}

static void show_chunks(const struct pool *p)
{
	static const char *const heads[] = { "MEMORY AT", "NODE", "SIZE", "FREE", NULL };
	const struct mk_pool_chunk *c;
	char size[SIZE_TEXT];
	struct table t;

	table_begin(&t, heads);
	for (c = p->chunks; c < p->chunks + p->q.nr_chunks; c++) {
		table_cell(&t, "", "0x%llx", c->start);
		table_cell(&t, "", "%d", c->node);
		table_cell(&t, "", "%s", size_text(c->size, size));
		table_cell(&t, "", "%s", size_text(c->free, size));
	}
	table_end(&t);
}

static unsigned int cpus_in_state(const struct pool *p, __u32 state)
{
	unsigned int i, nr = 0;

	for (i = 0; i < p->q.nr_cpus; i++)
		nr += p->cpus[i].state == state;
	return nr;
}

static void summary(const struct pool *p)
{
	char size[SIZE_TEXT], free_size[SIZE_TEXT];

	say("pool: %u CPUs (%u free), memory %s (%s free), low windows %u (%u free)\n",
	    p->q.nr_cpus, cpus_in_state(p, MK_CPU_FREE), size_text(p->q.memory, size),
	    size_text(p->q.memory_free, free_size), p->q.windows, p->q.windows_free);
	if (p->q.memory_regions)
		say("regions have %s of the memory: mkctl fs list\n",
		    size_text(p->q.memory_regions, size));
	if (p->q.memory_lost)
		say("%s of memory is withheld: CPUs of it did not confirm their halt\n",
		    size_text(p->q.memory_lost, size));
}

static int do_show(const struct args *a)
{
	_cleanup_fd_ int dev = -1;
	static struct pool p;
	int ret = dev_open(&dev) ?: pool_query(dev, &p);

	(void)a;
	if (ret)
		return ret;
	if (settings.json) {
		show_json(&p);
		return EXIT_DONE;
	}
	if (p.q.nr_cpus) {
		show_cpus(&p);
		putchar('\n');
	}
	if (p.q.nr_chunks) {
		show_chunks(&p);
		putchar('\n');
	}
	summary(&p);
	return EXIT_DONE;
}

/* Shows what the pool has become: its object with --json, else a line. */
static int report(int dev, struct pool *p)
{
	int ret = pool_query(dev, p);

	if (ret)
		return ret;
	if (settings.json)
		show_json(p);
	else
		summary(p);
	return EXIT_DONE;
}

static int change(unsigned long request, const char *verb, const struct args *a)
{
	_cleanup_fd_ int dev = -1;
	static struct pool p;
	struct mk_pool_change c = {
		.cpus = (__u64)(unsigned long)a->cpus,
		.extents = (__u64)(unsigned long)a->memory,
		.nr_cpus = a->nr_cpus,
		.nr_extents = a->nr_memory,
	};
	int ret;

	if (!c.nr_cpus && !c.nr_extents)
		return fail(EXIT_USAGE, "usage", "pool", "name --cpus LIST, --memory SIZE or both",
			    "neither CPUs nor memory were named");
	ret = dev_open(&dev) ?: dev_call(dev, request, &c, sizeof(c), verb, "pool");
	return ret ?: report(dev, &p);
}

static int do_add(const struct args *a)
{
	return change(MK_IOC_POOL_ADD, "add to it", a);
}

/*
 * Lost CPUs, and chunks with memory that an instance has or that they might
 * write to, cannot go. CPUs that an instance has are named: the module refuses
 * them and tells which instance is to be deleted.
 */
static int remove_all(int dev, struct pool *p)
{
	static __u32 cpus[MKCTL_MAX_CPUS];
	static struct mk_extent extents[MAX_CHUNKS];
	struct mk_pool_change c = {
		.cpus = (__u64)(unsigned long)cpus,
		.extents = (__u64)(unsigned long)extents,
	};
	const struct mk_pool_chunk *chunk;
	const struct mk_pool_cpu *cpu;
	int ret = pool_query(dev, p);

	if (ret)
		return ret;
	for (cpu = p->cpus; cpu < p->cpus + p->q.nr_cpus; cpu++)
		if (cpu->state != MK_CPU_LOST)
			cpus[c.nr_cpus++] = cpu->cpu;
	for (chunk = p->chunks; chunk < p->chunks + p->q.nr_chunks; chunk++)
		if (chunk->free == chunk->size)
			extents[c.nr_extents++] = (struct mk_extent){
				.start = chunk->start,
				.size = chunk->size,
				.node = MK_NODE_ANY,
			};
	if (c.nr_cpus || c.nr_extents)
		ret = dev_call(dev, MK_IOC_POOL_REMOVE, &c, sizeof(c), "empty it", "pool");
	if (!ret && (c.nr_cpus < p->q.nr_cpus || c.nr_extents < p->q.nr_chunks))
		warn("pool: %u lost CPUs and %u chunks with used or withheld memory stay",
		     p->q.nr_cpus - c.nr_cpus, p->q.nr_chunks - c.nr_extents);
	return ret;
}

static int do_remove(const struct args *a)
{
	_cleanup_fd_ int dev = -1;
	static struct pool p;

	if (!(a->given & OPT_ALL))
		return change(MK_IOC_POOL_REMOVE, "take this out of it", a);
	if (a->given & (OPT_CPUS | OPT_MEMORY))
		return fail(EXIT_USAGE, "usage", "pool", "give --all alone",
			    "--all means every CPU and all memory");
	return dev_open(&dev) ?: remove_all(dev, &p) ?: report(dev, &p);
}

const struct cmd pool_cmds[] = {
	{ .object = "pool", .verb = "add",
	  .options = OPT_CPUS | OPT_MEMORY,
	  .summary = "Set CPUs and memory of the host aside for instances",
	  .detail = "The CPUs go offline in the host. Every size becomes one contiguous chunk and\n"
		    "is a multiple of 128M; 2G@0,1G@1 adds two of different NUMA nodes. All or\n"
		    "nothing.\n",
	  .example = "mkctl pool add --cpus 2-3 --memory 2G@0,1G@1",
	  .run = do_add },
	{ .object = "pool", .verb = "remove",
	  .options = OPT_CPUS | OPT_MEMORY | OPT_ALL,
	  .summary = "Give CPUs and memory back to the host",
	  .detail = "What instances and regions have stays: delete them first. All or nothing;\n"
		    "--all leaves out lost CPUs and chunks of which memory is used or withheld.\n",
	  .example = "mkctl pool remove --all",
	  .run = do_remove },
	{ .object = "pool", .verb = "show",
	  .summary = "Show the CPUs and the memory of the pool and who has them",
	  .example = "mkctl pool show --json",
	  .run = do_show },
	{ }
};
