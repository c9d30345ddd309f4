// SPDX-License-Identifier: GPL-2.0
/*
 * Loads of modules in an instance that has mk_core.  mk_ipc stays there when it is
 * loaded; the program says on which allocation another start has to go on, or 0.
 */
#include "fail.h"

static int insert_ipc(void)
{
	return insert("mk_ipc", "");
}

static int insert_fs(void)
{
	return insert("mk_daxfs", "");
}

static int remove_fs(void)
{
	return removed("mk_daxfs");
}

/* That a load works after it has failed the next one shows. */
static int later(void)
{
	return 0;
}

const struct step steps_instance_fs[] = {
	{ "load of mk_daxfs in an instance", .call = insert_fs, .after = remove_fs,
	  .plain = true },
	{ }
};

const struct step step_instance_ipc = {
	"load of mk_ipc in an instance", .call = insert_ipc, .again = later, .plain = true,
};
