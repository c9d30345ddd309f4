// SPDX-License-Identifier: GPL-2.0
/* Proof of the layouts between kernels: sizes and offsets. Makes no code. */
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#else
#include <assert.h>
#include <stddef.h>
#endif

#include "uapi.h"
#include "wire.h"

#define SIZE(type, n)		static_assert(sizeof(type) == (n))
#define AT(type, field, n)	static_assert(offsetof(type, field) == (n))

SIZE(struct mk_area, MK_AREA_SIZE);
AT(struct mk_area, magic, 0);
AT(struct mk_area, major, 8);
AT(struct mk_area, minor, 10);
AT(struct mk_area, epoch, 16);

SIZE(struct mk_side, 64);
AT(struct mk_side, state, 0);
AT(struct mk_side, rung, 4);
AT(struct mk_side, bell, 8);

SIZE(struct mk_channel_head, MK_CHANNEL_HEAD);
AT(struct mk_channel_head, magic, 0);
AT(struct mk_channel_head, ring_size, 4);
AT(struct mk_channel_head, epoch, 8);
AT(struct mk_channel_head, side, 64);
AT(struct mk_channel_head, ring, 192);
AT(struct mk_channel_head, reserved2, 576);

SIZE(struct mk_message, 32);
AT(struct mk_message, class, 0);
AT(struct mk_message, type, 2);
AT(struct mk_message, flags, 4);
AT(struct mk_message, id, 8);
AT(struct mk_message, status, 12);
AT(struct mk_message, len, 16);
AT(struct mk_message, epoch, 24);

static_assert(MK_CLASSES_ALL == ((1 << MK_CLASS_RESOURCE) | (1 << MK_CLASS_DEVICE) |
				 (1 << MK_CLASS_USER)));

SIZE(struct mk_hello, 48);
AT(struct mk_hello, id, 4);
AT(struct mk_hello, kinds, 8);
AT(struct mk_hello, version, 16);

SIZE(struct mk_open_channel, 1200);
AT(struct mk_open_channel, epoch, 8);
AT(struct mk_open_channel, ring_size, 16);
AT(struct mk_open_channel, side, 20);
AT(struct mk_open_channel, peer, 24);
AT(struct mk_open_channel, nr_apicids, 28);
AT(struct mk_open_channel, kind, 32);
AT(struct mk_open_channel, classes, 36);
AT(struct mk_open_channel, rate, 40);
AT(struct mk_open_channel, name, 48);
AT(struct mk_open_channel, peer_name, 112);
AT(struct mk_open_channel, apicid, 176);

SIZE(struct mk_close_channel, 8);

SIZE(struct mk_console_message, MK_CONSOLE_HEAD + MK_CONSOLE_DATA_MAX);
AT(struct mk_console_message, type, 0);
AT(struct mk_console_message, data, MK_CONSOLE_HEAD);
AT(struct mk_console_message, rows, 8);
AT(struct mk_console_message, columns, 10);
AT(struct mk_console_message, dropped, 8);

SIZE(struct mk_ipc_permit, 248);
AT(struct mk_ipc_permit, hdr, 0);
AT(struct mk_ipc_permit, name, 32);
AT(struct mk_ipc_permit, end, 96);
AT(struct mk_ipc_permit, ring_size, 224);
AT(struct mk_ipc_permit, kind, 228);
AT(struct mk_ipc_permit, rate, 232);
AT(struct mk_ipc_permit, classes, 240);
AT(struct mk_ipc_permit, reserved, 244);

SIZE(struct mk_ipc_forbid, 96);
AT(struct mk_ipc_forbid, name, 32);

SIZE(struct mk_ipc_channel, 248);
AT(struct mk_ipc_channel, end, 64);
AT(struct mk_ipc_channel, kind, 192);
AT(struct mk_ipc_channel, ring_size, 196);
AT(struct mk_ipc_channel, epoch, 200);
AT(struct mk_ipc_channel, state, 208);
AT(struct mk_ipc_channel, bytes, 216);
AT(struct mk_ipc_channel, rings, 224);
AT(struct mk_ipc_channel, rate, 232);
AT(struct mk_ipc_channel, classes, 240);
AT(struct mk_ipc_channel, reserved, 244);

SIZE(struct mk_ipc_list, 48);
AT(struct mk_ipc_list, channels, 32);
AT(struct mk_ipc_list, nr, 40);
AT(struct mk_ipc_list, reserved, 44);

SIZE(struct mk_ipc_open, 192);
AT(struct mk_ipc_open, name, 32);
AT(struct mk_ipc_open, timeout_ms, 96);
AT(struct mk_ipc_open, ring_size, 100);
AT(struct mk_ipc_open, side, 104);
AT(struct mk_ipc_open, peer, 108);
AT(struct mk_ipc_open, epoch, 112);
AT(struct mk_ipc_open, peer_name, 120);
AT(struct mk_ipc_open, rate, 184);

SIZE(struct mk_ipc_bell, 40);
AT(struct mk_ipc_bell, cpu, 32);
AT(struct mk_ipc_bell, reserved, 36);

SIZE(struct mk_ipc_console, 112);
AT(struct mk_ipc_console, name, 32);
AT(struct mk_ipc_console, flags, 96);
AT(struct mk_ipc_console, timeout_ms, 100);
AT(struct mk_ipc_console, id, 104);
AT(struct mk_ipc_console, reserved, 108);

SIZE(struct mk_ipc_console_query, 64);
AT(struct mk_ipc_console_query, printed, 32);
AT(struct mk_ipc_console_query, lost, 40);
AT(struct mk_ipc_console_query, dropped, 48);
AT(struct mk_ipc_console_query, ended, 56);
AT(struct mk_ipc_console_query, reserved, 60);
