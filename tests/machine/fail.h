/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls whose allocations fail: fail-core.c, fail-ipc.c, fail-fs.c, fail-instance.c;
 * the game: fail-nth.c.
 */
#ifndef TESTS_MACHINE_FAIL_H
#define TESTS_MACHINE_FAIL_H

#include <stdbool.h>

#include "mk.h"

#define FAIL_IMAGE	"/tmp/fail.image"

/**
 * struct step - one call
 * @name:	for the log
 * @before:	makes what the call needs; may be NULL
 * @call:	returns what it returned, or -errno
 * @after:	undoes call and preparation; may be NULL
 * @again:	what works after the call has failed, if that is another one
 * @plain:	it is no ioctl of ours: its errors have no code
 * @copes:	it does without what fails: else one error must come
 * @bare:	it allocates nothing: else something must fail
 * @code:	of its errors whose argument is -ENOMEM, beside MK_E_INTERNAL
 * @error:	errno that it gives beside ENOMEM
 */
struct step {
	const char *name;
	int (*before)(void);
	int (*call)(void);
	int (*after)(void);
	int (*again)(void);
	bool plain;
	bool copes;
	bool bare;
	__u32 code;
	int error;
};

/* What of mk_ipc has to be as before when a call has failed. */
struct ipc_counts {
	__u32 permits, channels;
};

static inline int plain(int ret)
{
	return ret < 0 ? -errno : ret;
}

extern const char *fail_kernel, *fail_initrd;
extern int dev, inst;
extern struct mk_error error;	/* of the last call */

extern const struct step steps_module[], steps_module_pool[], steps_device[], steps_pool[];
int insert(const char *module, const char *params);
int removed(const char *module);
int insert_core(void);
int pool_add(void);
int pool_remove(void);
int loaded(void);
int start(void);
int started(void);
int kill_it(void);
int discard(void);
/* A real one, whose init does that. */
int running(const char *act);

/* These are in this order: with mk_core, with mk_ipc, with an instance that runs. */
extern const struct step steps_ipc_module[], steps_ipc_start[], steps_ipc[];
extern const struct step steps_ipc_bell[];
struct ipc_counts ipc_count(void);
int ipc_insert(void);
int ipc_remove(void);
int ipc_running(void);

/* The module, then a file system, then what is in it. */
extern const struct step steps_fs_module[], steps_fs_mount[], steps_fs[];
long fs_inodes(void);
int fs_insert(void);
int fs_make(void);
int fs_mount(void);
int fs_remove(void);

/* In an instance. */
extern const struct step steps_instance_fs[], step_instance_ipc;

#endif /* TESTS_MACHINE_FAIL_H */
