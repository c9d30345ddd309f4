// SPDX-License-Identifier: GPL-2.0
/* What the test programs of the machine share: calls of /dev/mk, an image. */
#include <linux/capability.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "craft.h"
#include "mk.h"
#include "pure.h"

#define CALL(_name, _type, _reserved, _on) { \
	.name = #_name, .cmd = MK_IOC_##_name, .size = sizeof(_type), \
	.reserved = _reserved, .on = ON_##_on }
#define RESERVED(_type)	offsetof(_type, reserved)

const struct call calls[NR_CALLS] = {
	CALL(VERSION, struct mk_version, 0, DEVICE),
	CALL(POOL_ADD, struct mk_pool_change, 0, DEVICE),
	CALL(POOL_REMOVE, struct mk_pool_change, 0, DEVICE),
	CALL(POOL_QUERY, struct mk_pool_query, RESERVED(struct mk_pool_query), DEVICE),
	CALL(CREATE, struct mk_create, RESERVED(struct mk_create), DEVICE),
	CALL(OPEN, struct mk_open, RESERVED(struct mk_open), DEVICE),
	CALL(LIST, struct mk_list, RESERVED(struct mk_list), DEVICE),
	CALL(LOAD, struct mk_load, RESERVED(struct mk_load), INSTANCE),
	CALL(START, struct mk_hdr, 0, INSTANCE),
	CALL(STOP, struct mk_stop, RESERVED(struct mk_stop), INSTANCE),
	CALL(KILL, struct mk_hdr, 0, INSTANCE),
	CALL(DELETE, struct mk_hdr, 0, INSTANCE),
	CALL(QUERY, struct mk_query, 0, INSTANCE),
	CALL(READ, struct mk_read, 0, INSTANCE),
	CALL(RELOAD, struct mk_hdr, 0, INSTANCE),
	CALL(POLICY, struct mk_policy, 0, INSTANCE),
	CALL(REGION_CREATE, struct mk_region_create, RESERVED(struct mk_region_create), DEVICE),
	CALL(REGION_OPEN, struct mk_region_open, 0, DEVICE),
	CALL(REGION_LIST, struct mk_region_list, RESERVED(struct mk_region_list), DEVICE),
	CALL(REGION_QUERY, struct mk_region_query, 0, REGION),
	CALL(REGION_GROW, struct mk_region_grow, 0, REGION),
	CALL(REGION_PERMIT, struct mk_region_permit, RESERVED(struct mk_region_permit), REGION),
	CALL(REGION_DELETE, struct mk_hdr, 0, REGION),
};

int mk_call(int fd, unsigned int cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

int mk_open_device(void)
{
	return open(MK_DEVICE, O_RDWR | O_CLOEXEC);
}

int mk_create(int dev, const char *name, __u32 cpu, __u64 memory, struct mk_error *err)
{
	struct mk_create c = { .hdr.size = sizeof(c), .cpus = ptr(&cpu), .nr_cpus = 1,
			       .node = MK_NODE_ANY, .memory = memory };
	int ret;

	snprintf(c.name, sizeof(c.name), "%s", name);
	ret = mk_call(dev, MK_IOC_CREATE, &c);
	*err = c.hdr.err;
	return ret;
}

int mk_open_name(int dev, const char *name, struct mk_error *err)
{
	struct mk_open o = { .hdr.size = sizeof(o) };
	int ret;

	snprintf(o.name, sizeof(o.name), "%s", name);
	ret = mk_call(dev, MK_IOC_OPEN, &o);
	*err = o.hdr.err;
	return ret;
}

int mk_region_create(int dev, const char *name, __u64 size, struct mk_error *err)
{
	struct mk_region_create c = { .hdr.size = sizeof(c), .node = MK_NODE_ANY, .size = size };
	int ret;

	snprintf(c.name, sizeof(c.name), "%s", name);
	ret = mk_call(dev, MK_IOC_REGION_CREATE, &c);
	*err = c.hdr.err;
	return ret;
}

int mk_region_open(int dev, const char *name, struct mk_error *err)
{
	struct mk_region_open o = { .hdr.size = sizeof(o) };
	int ret;

	snprintf(o.name, sizeof(o.name), "%s", name);
	ret = mk_call(dev, MK_IOC_REGION_OPEN, &o);
	*err = o.hdr.err;
	return ret;
}

/* mkctl packs what makes it say that it runs. */
int mk_run(int dev, const char *name, const char *kernel, const char *initrd, const char *act,
	   struct mk_error *err)
{
	const char *args = getenv("INSTANCE_ARGS");
	char command[1024];

	snprintf(command, sizeof(command),
		 "mkctl run %s --cpus %d --memory %lluM --kernel %s --initrd %s --timeout 300 --cmdline 'act=\"%s\" %s' >/dev/null",
		 name, CPU, REAL_MEMORY / MIB, kernel, initrd, act, args ?: "");
	return system(command) ? -ESRCH : mk_open_name(dev, name, err);
}

int mk_load_file(int inst, const char *path, struct mk_error *err)
{
	struct mk_load l = { .hdr.size = sizeof(l) };
	int ret;

	l.kernel_fd = open(path, O_RDONLY | O_CLOEXEC);
	ret = mk_call(inst, MK_IOC_LOAD, &l);
	*err = l.hdr.err;
	close(l.kernel_fd);
	return ret;
}

int mk_simple(int inst, unsigned int cmd, struct mk_error *err)
{
	struct mk_hdr hdr = { .size = sizeof(hdr) };
	int ret = mk_call(inst, cmd, &hdr);

	*err = hdr.err;
	return ret;
}

int mk_query(int inst, struct mk_query *q)
{
	memset(q, 0, sizeof(*q));
	q->hdr.size = sizeof(*q);
	return mk_call(inst, MK_IOC_QUERY, q);
}

int mk_pool(int dev, struct mk_pool_query *q)
{
	memset(q, 0, sizeof(*q));
	q->hdr.size = sizeof(*q);
	return mk_call(dev, MK_IOC_POOL_QUERY, q);
}

int mk_change(int dev, unsigned int cmd, __u32 cpu, __u64 memory)
{
	struct mk_extent e = { .size = memory, .node = MK_NODE_ANY };
	struct mk_pool_change c = { .hdr.size = sizeof(c), .cpus = ptr(&cpu), .nr_cpus = 1,
				    .extents = ptr(&e), .nr_extents = 1 };

	return mk_call(dev, cmd, &c);
}

static void delete_id(int dev, __u32 id)
{
	struct mk_open o = { .hdr.size = sizeof(o), .id = id };
	struct mk_error err;
	int fd = mk_call(dev, MK_IOC_OPEN, &o);

	if (fd < 0)
		return;
	mk_simple(fd, MK_IOC_KILL, &err);
	mk_simple(fd, MK_IOC_DELETE, &err);
	close(fd);
}

static void delete_region(int dev, __u64 id)
{
	struct mk_region_open o = { .hdr.size = sizeof(o), .id = id };
	struct mk_error err;
	int fd = mk_call(dev, MK_IOC_REGION_OPEN, &o);

	if (fd < 0)
		return;
	mk_simple(fd, MK_IOC_REGION_DELETE, &err);
	close(fd);
}

void mk_delete_all(int dev)
{
	__u64 regions[64];
	__u32 ids[64], i;
	struct mk_list l = { .hdr.size = sizeof(l), .ids = ptr(ids), .nr = 64 };
	struct mk_region_list r = { .hdr.size = sizeof(r), .ids = ptr(regions), .nr = 64 };

	mk_call(dev, MK_IOC_LIST, &l);
	for (i = 0; i < l.nr && i < 64; i++)
		delete_id(dev, ids[i]);
	mk_call(dev, MK_IOC_REGION_LIST, &r);
	for (i = 0; i < r.nr && i < 64; i++)
		delete_region(dev, regions[i]);
}

static __u64 random_state;

void random_seed(int argc, char **argv)
{
	/* it would stay 0 */
	random_state = (argc > 2 ? strtoull(argv[2], NULL, 0) : 0) ?: 20260101;
	printf("# seed %llu\n", random_state);
}

/* xorshift64* */
__u32 random_below(__u32 n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return ((random_state * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

void damage(unsigned char *data, __u32 from, __u32 to)
{
	static const __u32 nasty[] = { 0, 1, 0x7f, 0x80, 0xff, 0x1000, 0x8000, 0xffff,
				       0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff };
	__u32 at = from + random_below(to - from - 3);

	switch (random_below(4)) {
	case 0:
		data[at] ^= 1 << random_below(8);
		break;
	case 1:
		data[at] = random_below(256);
		break;
	case 2:
		mk_put16(data + at, random_below(65536));
		break;
	default:
		mk_put32(data + (at & ~3), nasty[random_below(12)]);
	}
}

/* The entry point is 0x200 behind the setup code: cli; hlt; jmp to the hlt. */
void image_make(unsigned char image[IMAGE_SIZE])
{
	memset(image, 0, IMAGE_SIZE);
	craft_image(image);
	mk_put32(image + 0x1f4, (IMAGE_SIZE - 1024) / 16);
	mk_put32(image + 0x260, MIB);
	memcpy(image + 1024 + 0x200, "\xfa\xf4\xeb\xfd", 4);
}

int file_write(const char *path, const void *data, size_t len)
{
	int fd, ret;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ret = fd < 0 || write(fd, data, len) != (ssize_t)len ? -1 : 0;
	if (fd >= 0)
		close(fd);
	return ret;
}

int report_turns(const char *const *what, const atomic_uint *done, unsigned int nr)
{
	unsigned int i;
	int missing = 0;

	for (i = 0; i < nr; i++) {
		printf("# %s %u times\n", what[i], done[i]);
		missing |= !done[i];
	}
	return missing;
}

int drop_capability(unsigned int cap)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d))
		return -1;
	d[0].effective &= ~(1U << cap);
	return syscall(SYS_capset, &h, d);
}
