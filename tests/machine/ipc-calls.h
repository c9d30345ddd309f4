/* SPDX-License-Identifier: GPL-2.0 */
/* The calls of /dev/mk_ipc and its descriptors. */
#ifndef TESTS_MACHINE_IPC_CALLS_H
#define TESTS_MACHINE_IPC_CALLS_H

#include <stddef.h>

#include "../../mk_ipc/uapi.h"
#include "mk.h"

/* What one is made on: struct call.on */
enum ipc_on { ON_IPC, ON_CHANNEL, ON_CONSOLE };

#define NR_IPC_CALLS	7
#define NR_BOTH		2	/* the first ones, which are not the host's alone */
#define IPC_CALL(_name, _type, _reserved, _on) { \
	.name = #_name, .cmd = MK_IPC_IOC_##_name, .size = sizeof(_type), \
	.reserved = _reserved, .on = ON_##_on }

static const struct call ipc_calls[NR_IPC_CALLS] = {
	IPC_CALL(OPEN, struct mk_ipc_open, 0, IPC),
	IPC_CALL(BELL, struct mk_ipc_bell, offsetof(struct mk_ipc_bell, reserved), CHANNEL),
	IPC_CALL(PERMIT, struct mk_ipc_permit, offsetof(struct mk_ipc_permit, reserved), IPC),
	IPC_CALL(FORBID, struct mk_ipc_forbid, 0, IPC),
	IPC_CALL(LIST, struct mk_ipc_list, offsetof(struct mk_ipc_list, reserved), IPC),
	IPC_CALL(CONSOLE, struct mk_ipc_console, offsetof(struct mk_ipc_console, reserved), IPC),
	IPC_CALL(CONSOLE_QUERY, struct mk_ipc_console_query, 0, CONSOLE),
};

#endif /* TESTS_MACHINE_IPC_CALLS_H */
