// SPDX-License-Identifier: GPL-2.0
/*
 * fail-nth KERNEL INITRD core|ipc|fs: in every call of /dev/mk or /dev/mk_ipc, or
 * in those of a file system, and in the load of the modules, the first allocation
 * fails, then the second, and so on until none is left to fail.  A call may do
 * without what failed; else it says so, changes nothing, and the same call works
 * when it is made again.  The pool and all instances are this program's.
 *
 * fail-nth instance NTH: likewise in the load of mk_ipc in an instance, from that
 * allocation on; 0: in that of mk_daxfs, and in what mk_ipc's has the kernel do once.
 */
#include "fail.h"
#include "fault.h"

static const char *part;

/* What has to be as before when a call has failed. */
struct counts {
	__u64 memory, memory_free, memory_lost, memory_regions;
	__u32 cpus, windows_free, instances;
	long online, inodes;
	struct ipc_counts ipc;
};

static struct counts count(void)
{
	struct counts c;
	struct mk_pool_query q;

	memset(&c, 0, sizeof(c));
	c.online = sysconf(_SC_NPROCESSORS_ONLN);
	c.inodes = fs_inodes();
	c.ipc = ipc_count();
	if (dev < 0 || mk_pool(dev, &q))
		return c;
	c.memory = q.memory;
	c.memory_free = q.memory_free;
	c.memory_lost = q.memory_lost;
	c.memory_regions = q.memory_regions;
	c.cpus = q.nr_cpus;
	c.windows_free = q.windows_free;
	c.instances = q.nr_instances;
	return c;
}

static int bad(const struct step *step, unsigned int nth, const char *what, int ret)
{
	fprintf(stderr, "%s, allocation %u: %s: %s, code %u\n", step->name, nth, what,
		ret < 0 ? strerror(-ret) : "success", error.code);
	return -1;
}

/* As want of memory, or in the words of the step with that as the cause. */
static bool is_told(const struct step *step, int ret)
{
	bool cause = (int)error.arg[0] == -ENOMEM || (int)error.arg[1] == -ENOMEM;

	if (ret != -ENOMEM && ret != -step->error)
		return false;
	return step->plain || error.code == MK_E_MEMORY ||
	       (cause && (error.code == MK_E_INTERNAL || (step->code && error.code == step->code)));
}

/* An error changes nothing, tells its cause, and is gone with it. */
static int after_error(const struct step *step, unsigned int nth, int ret, const struct counts *was)
{
	struct counts is = count();

	if (memcmp(&is, was, sizeof(is)))
		return bad(step, nth, "it failed, but something has changed", ret);
	if (!is_told(step, ret))
		return bad(step, nth, "it does not say that memory was wanting", ret);
	ret = step->again ? step->again() : step->call();
	return ret < 0 ? bad(step, nth, "it does not work again", ret) : 0;
}

static int one_fault(int fd, const struct step *step, unsigned int nth, int *there, int *errors)
{
	int ret = step->before ? step->before() : 0;
	struct counts was = count();

	if (ret < 0)
		return bad(step, nth, "preparation", ret);
	memset(&error, 0, sizeof(error));
	*there = fault_call(fd, nth, step->call, &ret);
	if (*there < 0)
		return bad(step, nth, "no fault can be made", *there);
	if (ret < 0 && !*there)
		return bad(step, nth, "no fault, but an error", ret);
	if (ret < 0) {
		++*errors;
		if (after_error(step, nth, ret, &was))
			return -1;
	}
	ret = step->after ? step->after() : 0;
	return ret < 0 ? bad(step, nth, "afterwards", ret) : 0;
}

static int all_faults(int fd, const struct step *step)
{
	struct counts was = count(), is;
	unsigned int nth = 0;
	int there = 1, errors = 0;

	while (there)
		if (one_fault(fd, step, ++nth, &there, &errors))
			return -1;
	is = count();
	if (memcmp(&is, &was, sizeof(is)))
		return bad(step, nth, "something is left of it", 0);
	if (nth == 1 && !step->bare)
		return bad(step, nth, "there was none to fail", 0);
	if (!errors && !step->bare && !step->copes)
		return bad(step, nth, "it needed none of them", 0);
	printf("# %s: %u allocations failed, %d errors\n", step->name, nth - 1, errors);
	fflush(stdout);
	return 0;
}

static int run(const struct step *step)
{
	int fd = fault_open(), ret = fd < 0 ? -1 : 0;

	for (; !ret && step->name; step++)
		ret = all_faults(fd, step);
	close(fd);
	return ret;
}

static bool wants(const char *name)
{
	return !strcmp(part, name);
}

static int run_core(const struct step *step)
{
	return wants("core") ? run(step) : 0;
}

/* The others need it, and its pool. */
static int with_core(void)
{
	return faults_in_initcalls("register_irq_proc") ?: run_core(steps_module) ?:
	       faults_in_initcalls(FAULTS_CONTIG) ?: run_core(steps_module_pool) ?:
	       faults_everywhere(FAULTS_CONTIG) ?: insert_core() ?:
	       (dev = mk_open_device()) < 0 ? -1 : run_core(steps_device) ?: pool_add() ?:
	       run_core(steps_pool);
}

static int with_ipc(void)
{
	if (!wants("ipc"))
		return 0;
	return faults_in_initcalls("register_irq_proc") ?: run(steps_ipc_module) ?:
	       faults_everywhere(FAULTS_CONTIG) ?: ipc_insert() ?: run(steps_ipc_start) ?:
	       ipc_running() ?: run(steps_ipc) ?: faults_everywhere("register_irq_proc") ?:
	       run(steps_ipc_bell) ?: faults_everywhere(FAULTS_CONTIG) ?: discard() ?: ipc_remove();
}

static int with_fs(void)
{
	if (!wants("fs"))
		return 0;
	return faults_in_initcalls("__kmem_cache_create_args") ?: run(steps_fs_module) ?:
	       faults_everywhere(FAULTS_CONTIG) ?: fs_insert() ?: fs_make() ?:
	       run(steps_fs_mount) ?: fs_mount() ?: run(steps_fs) ?: fs_remove();
}

/* Until it is loaded.  Return: the next one, 0: none is left, or -1. */
static int load_for_good(unsigned int nth)
{
	const struct step *step = &step_instance_ipc;
	int fd = fault_open(), there, errors = 0, was, first = nth;

	do {
		was = errors;
		if (fd < 0 || one_fault(fd, step, nth++, &there, &errors))
			return -1;
		if (!there && nth == 2)
			return bad(step, 1, "there was none to fail", 0);
	} while (errors > was);
	close(fd);
	printf("# %s: allocations %d to %u, %d errors\n", step->name, first, nth - 1, errors);
	return there ? nth : 0;
}

/* A load whose last allocation fails has called hvc_alloc(), which is another one then. */
static int begin_hvc(void)
{
	int fd = fault_open(), there = 0, errors = 0, ret;

	ret = fd < 0 ? -1 : one_fault(fd, &step_instance_ipc, 1, &there, &errors);
	close(fd);
	return ret ?: errors ? 0 : bad(&step_instance_ipc, 1, "it was to fail", 0);
}

/* Without its terminal, for which hvc has no memory: it does not ask again. */
static int without_hvc(void)
{
	return faults_below("hvc_alloc") ?: load_for_good(1) < 0 ? -1 : 1;
}

static int from(unsigned int nth)
{
	return faults_below("memremap") ?: begin_hvc() ?:
	       faults_in_initcalls("register_irq_proc") ?: load_for_good(nth);
}

static int in_instance(unsigned int nth)
{
	int ret = faults_setup() ?: faults_but_kmemleak();

	if (!ret && !nth)
		ret = faults_in_initcalls("__kmem_cache_create_args") ?: run(steps_instance_fs);
	if (!ret)
		ret = nth ? from(nth) : without_hvc();
	if (ret >= 0)
		printf("fail-nth: next %d\n", ret);
	return ret < 0;
}

int main(int argc, char **argv)
{
	unsigned char image[IMAGE_SIZE];
	int ret;

	if (argc == 3 && !strcmp(argv[1], "instance"))
		return in_instance(atoi(argv[2]));
	if (argc < 4)
		return 2;
	fail_kernel = argv[1];
	fail_initrd = argv[2];
	part = argv[3];
	image_make(image);
	ret = faults_setup() ?: file_write(FAIL_IMAGE, image, sizeof(image)) ?: with_core() ?:
	      with_ipc() ?: with_fs() ?: pool_remove();
	if (ret)
		fprintf(stderr, "%s\n", strerror(-ret));
	close(dev);
	return ret ?: removed("mk_core") ? 1 : 0;
}
