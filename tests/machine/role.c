// SPDX-License-Identifier: GPL-2.0
/*
 * role [ipc]: runs in an instance.  Its /dev/mk tells its version and serves nothing
 * else; or its /dev/mk_ipc opens channels and does nothing else.
 */
#include "ipc-calls.h"

static int refused(int dev, const struct call *call)
{
	union argument a = { .hdr.size = call->size };
	int ret = mk_call(dev, call->cmd, &a);

	if (call->cmd == MK_IOC_VERSION)
		return !ret && a.version.role == MK_ROLE_INSTANCE;
	if (call->cmd == MK_IPC_IOC_OPEN)
		return ret == -EINVAL && a.hdr.err.code == MK_E_NAME_INVALID;
	return ret == -EOPNOTSUPP && a.hdr.err.code == MK_E_ROLE;
}

static int check(int dev, const struct call *call, unsigned int nr)
{
	int ret = dev < 0;

	for (; nr; nr--, call++)
		if (call->on == ON_DEVICE && !refused(dev, call)) {
			printf("%s was not refused\n", call->name);
			ret = 1;
		}
	return ret;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "ipc"))
		return check(open(MK_IPC_DEVICE, O_RDWR | O_CLOEXEC), ipc_calls, NR_IPC_CALLS);
	return check(mk_open_device(), calls, NR_CALLS);
}
