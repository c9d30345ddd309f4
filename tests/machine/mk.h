/* SPDX-License-Identifier: GPL-2.0 */
/* What the test programs of the machine share: calls of /dev/mk, an image. */
#ifndef TESTS_MACHINE_MK_H
#define TESTS_MACHINE_MK_H

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "uapi.h"

#define MIB		(1024ULL * 1024)
#define CPU		2	/* of the pool that the test's script has made */
#define OTHER_CPU	3
#define IMAGE_SIZE	(32 * 1024)
#define IMAGE_MEMORY	(2 * MIB)	/* an instance's, enough for the image */
#define REAL_MEMORY	(240 * MIB)	/* that of a kernel: KASAN's want a quarter of it */

/* Any argument, with room behind it. */
union argument {
	struct mk_hdr hdr;
	struct mk_version version;
	struct mk_pool_change change;
	struct mk_pool_query pool;
	struct mk_create create;
	struct mk_open open;
	struct mk_list list;
	struct mk_load load;
	struct mk_stop stop;
	struct mk_policy policy;
	struct mk_query query;
	struct mk_read read;
	struct mk_region_create region_create;
	struct mk_region_open region_open;
	struct mk_region_list region_list;
	struct mk_region_query region_query;
	struct mk_region_grow grow;
	struct mk_region_permit permit;
	unsigned char bytes[1024];
};

/* What a call is made on; those of /dev/mk_ipc: ipc-calls.h */
enum on { ON_DEVICE, ON_INSTANCE, ON_REGION, NR_ON };

/**
 * struct call - one ioctl
 * @name:	its name
 * @cmd:	its number
 * @size:	of its argument
 * @reserved:	offset of its reserved field, or 0
 * @on:		the descriptor to which it belongs: ON_*
 */
struct call {
	const char *name;
	unsigned int cmd;
	unsigned int size;
	unsigned int reserved;
	unsigned int on;
};

#define NR_CALLS	23

extern const struct call calls[NR_CALLS];

static inline __u64 ptr(const void *p)
{
	return (unsigned long)p;
}

/* Return: what ioctl() returns, or -errno. */
int mk_call(int fd, unsigned int cmd, void *arg);
int mk_open_device(void);
int mk_create(int dev, const char *name, __u32 cpu, __u64 memory, struct mk_error *err);
int mk_open_name(int dev, const char *name, struct mk_error *err);
/* A kernel on CPU, whose init does @act; it runs.  Return: a descriptor, or -errno. */
int mk_run(int dev, const char *name, const char *kernel, const char *initrd, const char *act,
	   struct mk_error *err);
int mk_load_file(int inst, const char *path, struct mk_error *err);
int mk_region_create(int dev, const char *name, __u64 size, struct mk_error *err);
int mk_region_open(int dev, const char *name, struct mk_error *err);
/* START, KILL, DELETE: no more than a header */
int mk_simple(int inst, unsigned int cmd, struct mk_error *err);
int mk_query(int inst, struct mk_query *q);
int mk_pool(int dev, struct mk_pool_query *q);
/* POOL_ADD, POOL_REMOVE: one CPU, one piece of memory */
int mk_change(int dev, unsigned int cmd, __u32 cpu, __u64 memory);
/* Kill and delete all instances, and delete all regions. */
void mk_delete_all(int dev);

/* How often there was what; 1: one has had no turn. */
int report_turns(const char *const *what, const atomic_uint *done, unsigned int nr);

/* This process goes on without it.  0, or -1 and errno. */
int drop_capability(unsigned int cap);

/* Random numbers that repeat with the seed: argument 2 of a program, or ours. */
void random_seed(int argc, char **argv);
__u32 random_below(__u32 n);
/* Change 1 to 4 bytes at one place between two offsets. */
void damage(unsigned char *data, __u32 from, __u32 to);

/* A well-formed bzImage whose CPU halts for ever at its entry point. */
void image_make(unsigned char image[IMAGE_SIZE]);
int file_write(const char *path, const void *data, size_t len);

#endif /* TESTS_MACHINE_MK_H */
