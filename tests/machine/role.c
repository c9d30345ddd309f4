// SPDX-License-Identifier: GPL-2.0
/* Runs in an instance: its /dev/mk tells its version and serves nothing else. */
#include "mk.h"

static int refused(int dev, const struct call *call)
{
	union argument a = { .hdr.size = call->size };
	int ret = mk_call(dev, call->cmd, &a);

	if (call->cmd == MK_IOC_VERSION)
		return !ret && a.version.role == MK_ROLE_INSTANCE;
	return ret == -EOPNOTSUPP && a.hdr.err.code == MK_E_ROLE;
}

int main(void)
{
	int dev = mk_open_device(), ret = dev < 0;
	unsigned int i;

	for (i = 0; i < NR_CALLS; i++)
		if (calls[i].on == ON_DEVICE && !refused(dev, &calls[i])) {
			printf("%s was not refused\n", calls[i].name);
			ret = 1;
		}
	return ret;
}
