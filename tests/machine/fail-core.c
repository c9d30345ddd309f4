// SPDX-License-Identifier: GPL-2.0
/* Calls of /dev/mk. The pool and all instances are this program's. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "fail.h"

#define POOL_MEMORY	(2 * MK_POOL_GRANULE)

const char *fail_kernel, *fail_initrd;
int dev = -1, inst = -1;
static int region = -1;
struct mk_error error;

static int change(unsigned int cmd, __u32 first, __u32 nr, __u64 memory)
{
	__u32 cpus[] = { CPU, OTHER_CPU };
	struct mk_extent e = { .size = memory, .node = MK_NODE_ANY };
	struct mk_pool_change c = { .hdr.size = sizeof(c), .cpus = ptr(&cpus[first]), .nr_cpus = nr,
				    .extents = ptr(&e), .nr_extents = 1 };
	int ret = mk_call(dev, cmd, &c);

	error = c.hdr.err;
	return ret;
}

int pool_add(void)
{
	return change(MK_IOC_POOL_ADD, 0, 2, POOL_MEMORY);
}

int pool_remove(void)
{
	return change(MK_IOC_POOL_REMOVE, 0, 2, POOL_MEMORY);
}

/* A chunk gets smaller. */
static int pool_less(void)
{
	return change(MK_IOC_POOL_REMOVE, 0, 1, MK_POOL_GRANULE);
}

static int pool_rest(void)
{
	return change(MK_IOC_POOL_REMOVE, 1, 1, POOL_MEMORY - MK_POOL_GRANULE);
}

static int version(void)
{
	struct mk_version v = { .hdr.size = sizeof(v) };

	return mk_call(dev, MK_IOC_VERSION, &v);
}

static int pool_query(void)
{
	struct mk_pool_cpu cpus[4];
	struct mk_pool_chunk chunks[4];
	struct mk_pool_query q = { .hdr.size = sizeof(q), .cpus = ptr(cpus), .nr_cpus = 4,
				   .chunks = ptr(chunks), .nr_chunks = 4 };
	int ret = mk_call(dev, MK_IOC_POOL_QUERY, &q);

	error = q.hdr.err;
	return ret;
}

static int list(void)
{
	__u32 ids[4];
	struct mk_list l = { .hdr.size = sizeof(l), .ids = ptr(ids), .nr = 4 };
	int ret = mk_call(dev, MK_IOC_LIST, &l);

	error = l.hdr.err;
	return ret;
}

static int create_with(__u64 memory)
{
	inst = mk_create(dev, "fail", CPU, memory, &error);
	return inst < 0 ? inst : 0;
}

static int create(void)
{
	return create_with(IMAGE_MEMORY);
}

static int create_real(void)
{
	return create_with(REAL_MEMORY);
}

static int delete(void)
{
	return mk_simple(inst, MK_IOC_DELETE, &error);
}

static int forget(void)
{
	int ret = inst >= 0 ? close(inst) : 0;

	inst = -1;
	return ret;
}

int discard(void)
{
	mk_simple(inst, MK_IOC_KILL, &error);
	return delete() ?: forget();
}

static int open_name(void)
{
	int fd = mk_open_name(dev, "fail", &error);

	return fd < 0 ? fd : close(fd);
}

static int query(void)
{
	struct mk_pool_cpu cpus[4];
	struct mk_extent extents[4];
	struct mk_query q = { .hdr.size = sizeof(q), .cpus = ptr(cpus), .nr_cpus = 4,
			      .extents = ptr(extents), .nr_extents = 4 };
	int ret = mk_call(inst, MK_IOC_QUERY, &q);

	error = q.hdr.err;
	return ret;
}

/* What fails there is none of ours, and fails once. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 && errno == ENOMEM ? open(path, O_RDONLY | O_CLOEXEC) : fd;
}

static int load_files(const char *image, const char *initramfs)
{
	static const char words[] = "act=\"sleep 1000\"";
	struct mk_load l = { .hdr.size = sizeof(l), .cmdline = ptr(words),
			     .cmdline_len = sizeof(words) - 1, .nr_initrds = 1 };
	int ret;

	l.kernel_fd = open_file(image);
	l.initrd_fd[0] = open_file(initramfs);
	ret = mk_call(inst, MK_IOC_LOAD, &l);
	error = l.hdr.err;
	close(l.kernel_fd);
	close(l.initrd_fd[0]);
	return ret;
}

static int load(void)
{
	return load_files(FAIL_IMAGE, FAIL_IMAGE);
}

static int load_real(void)
{
	return load_files(fail_kernel, fail_initrd);
}

int loaded(void)
{
	return create() ?: load();
}

static int read_memory(void)
{
	struct mk_extent e = { };
	struct mk_query q = { .hdr.size = sizeof(q), .extents = ptr(&e), .nr_extents = 1 };
	char room[4096];
	struct mk_read r = { .hdr.size = sizeof(r), .buf = ptr(room), .len = sizeof(room) };
	int ret = mk_call(inst, MK_IOC_QUERY, &q);

	if (ret) {
		error = q.hdr.err;
		return ret;
	}
	r.addr = e.start;
	ret = mk_call(inst, MK_IOC_READ, &r);
	error = r.hdr.err;
	return ret;
}

static int policy(void)
{
	struct mk_policy p = { .hdr.size = sizeof(p), .restart = MK_RESTART_FAILURE };
	int ret = mk_call(inst, MK_IOC_POLICY, &p);

	error = p.hdr.err;
	return ret;
}

static int reload(void)
{
	return mk_simple(inst, MK_IOC_RELOAD, &error);
}

int start(void)
{
	return mk_simple(inst, MK_IOC_START, &error);
}

int kill_it(void)
{
	return mk_simple(inst, MK_IOC_KILL, &error);
}

int started(void)
{
	return loaded() ?: start();
}

int running(const char *act)
{
	inst = mk_run(dev, "fail", fail_kernel, fail_initrd, act, &error);
	return inst < 0 ? inst : 0;
}

static int idle(void)
{
	return running("");
}

static int stop(void)
{
	struct mk_stop s = { .hdr.size = sizeof(s), .timeout_ms = 3600000 };
	int ret = mk_call(inst, MK_IOC_STOP, &s);

	error = s.hdr.err;
	return ret;
}

/* --- regions ------------------------------------------------------------------ */

static int region_create(void)
{
	region = mk_region_create(dev, "fail", 2 * MIB, &error);
	return region < 0 ? region : 0;
}

static int region_open(void)
{
	int fd = mk_region_open(dev, "fail", &error);

	return fd < 0 ? fd : close(fd);
}

static int region_list(void)
{
	__u64 ids[4];
	struct mk_region_list l = { .hdr.size = sizeof(l), .ids = ptr(ids), .nr = 4 };
	int ret = mk_call(dev, MK_IOC_REGION_LIST, &l);

	error = l.hdr.err;
	return ret;
}

static int region_query(void)
{
	struct mk_extent extents[4];
	struct mk_permit permits[4];
	struct mk_region_query q = { .hdr.size = sizeof(q), .extents = ptr(extents),
				     .nr_extents = 4, .permits = ptr(permits), .nr_permits = 4 };
	int ret = mk_call(region, MK_IOC_REGION_QUERY, &q);

	error = q.hdr.err;
	return ret;
}

static int region_grow(void)
{
	struct mk_region_grow g = { .hdr.size = sizeof(g), .size = 4 * MIB };
	int ret = mk_call(region, MK_IOC_REGION_GROW, &g);

	error = g.hdr.err;
	return ret;
}

static int region_mode(__u32 mode)
{
	struct mk_region_permit p = { .hdr.size = sizeof(p), .name = "fail", .mode = mode };
	int ret = mk_call(region, MK_IOC_REGION_PERMIT, &p);

	error = p.hdr.err;
	return ret;
}

static int region_permit(void)
{
	return region_mode(MK_MODE_RW);
}

static int region_forbid(void)
{
	return region_mode(MK_MODE_NONE);
}

static int region_map(void)
{
	void *p = mmap(NULL, 2 * MIB, PROT_READ, MAP_SHARED, region, 0);

	return p == MAP_FAILED ? -errno : munmap(p, 2 * MIB);
}

static int region_delete(void)
{
	return mk_simple(region, MK_IOC_REGION_DELETE, &error);
}

static int region_forget(void)
{
	return close(region);
}

static int region_discard(void)
{
	return region_delete() ?: region_forget();
}

/* An instance that lives, and may be told of a region. */
static int beside(void)
{
	return started() ?: region_create();
}

static int shared(void)
{
	return beside() ?: region_permit();
}

static int unshared(void)
{
	return discard() ?: region_discard();
}

/* The machine has them where dkms puts them. */
int insert(const char *module, const char *params)
{
	struct utsname name;
	char path[128];
	int fd, ret;

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/dkms/%s.ko", name.release, module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = fd < 0 || syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

int removed(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

int insert_core(void)
{
	return insert("mk_core", "");
}

static int insert_pool(void)
{
	return insert("mk_core", "cpus=3 memory=128M");
}

static int remove_core(void)
{
	return removed("mk_core");
}

const struct step steps_module[] = {
	{ "load of mk_core", .call = insert_core, .after = remove_core, .plain = true },
	{ }
};

const struct step steps_module_pool[] = {
	{ "load of mk_core with a pool", .call = insert_pool, .after = remove_core, .plain = true },
	{ }
};

const struct step steps_device[] = {
	{ "VERSION", .call = version, .plain = true, .bare = true },
	{ "POOL_ADD", .call = pool_add, .after = pool_remove },
	{ "POOL_REMOVE", .before = pool_add, .call = pool_remove,
	  .code = MK_E_CPU_REFUSED, .error = EIO },
	{ "POOL_REMOVE of a part", .before = pool_add, .call = pool_less, .after = pool_rest,
	  .code = MK_E_CPU_REFUSED, .error = EIO },
	{ }
};

/* These have a pool. */
const struct step steps_pool[] = {
	{ "POOL_QUERY", .call = pool_query },
	{ "CREATE", .call = create, .after = discard },
	{ "LIST", .before = create, .call = list, .after = discard },
	{ "OPEN", .before = create, .call = open_name, .after = discard },
	{ "QUERY", .before = create, .call = query, .after = discard },
	{ "LOAD", .before = create, .call = load, .after = discard },
	{ "LOAD of a stock kernel", .before = create_real, .call = load_real, .after = discard },
	{ "RELOAD", .before = loaded, .call = reload, .after = discard, .again = load },
	{ "READ", .before = loaded, .call = read_memory, .after = discard },
	{ "POLICY", .before = create, .call = policy, .after = discard, .bare = true },
	{ "START", .before = loaded, .call = start, .after = discard, .copes = true },
	{ "KILL", .before = started, .call = kill_it, .after = discard, .copes = true },
	{ "STOP", .before = idle, .call = stop, .after = discard, .copes = true },
	{ "DELETE", .before = loaded, .call = delete, .after = forget, .copes = true },
	{ "REGION_CREATE", .call = region_create, .after = region_discard },
	{ "REGION_OPEN", .before = region_create, .call = region_open, .after = region_discard },
	{ "REGION_LIST", .before = region_create, .call = region_list, .after = region_discard },
	{ "REGION_QUERY", .before = region_create, .call = region_query, .after = region_discard },
	{ "REGION_GROW", .before = region_create, .call = region_grow, .after = region_discard,
	  .bare = true },
	{ "REGION_PERMIT", .before = region_create, .call = region_permit,
	  .after = region_discard, .bare = true },
	{ "REGION_PERMIT of one that lives", .before = beside, .call = region_permit,
	  .after = unshared, .bare = true },
	{ "REGION_PERMIT of none", .before = shared, .call = region_forbid,
	  .after = unshared, .bare = true },
	{ "REGION_GROW of what it has", .before = shared, .call = region_grow,
	  .after = unshared, .bare = true },
	{ "mmap of a region", .before = region_create, .call = region_map,
	  .after = region_discard, .plain = true },
	{ "REGION_DELETE", .before = region_create, .call = region_delete,
	  .after = region_forget, .bare = true },
	{ }
};
