/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's hvc consoles.  What they export has no header outside of
 * drivers/tty/hvc/ (hvc_console.h); this is of it what we use, and struct
 * hvc_struct stays closed, because its layout differs between kernels.
 */
#ifndef MK_IPC_HVC_H
#define MK_IPC_HVC_H

#include <linux/termios.h>
#include <linux/types.h>

#include "../mk_core/compat.h"

struct hvc_struct;

struct hv_ops {
	compat_hvc_ssize_t (*get_chars)(u32 vtermno, compat_hvc_char_t *buf,
					compat_hvc_size_t count);
	compat_hvc_ssize_t (*put_chars)(u32 vtermno, const compat_hvc_char_t *buf,
					compat_hvc_size_t count);
	int (*flush)(u32 vtermno, bool wait);
	int (*notifier_add)(struct hvc_struct *hp, int irq);
	void (*notifier_del)(struct hvc_struct *hp, int irq);
	void (*notifier_hangup)(struct hvc_struct *hp, int irq);
	int (*tiocmget)(struct hvc_struct *hp);
	int (*tiocmset)(struct hvc_struct *hp, unsigned int set, unsigned int clear);
	void (*dtr_rts)(struct hvc_struct *hp, bool active);
};

struct hvc_struct *hvc_alloc(u32 vtermno, int data, const struct hv_ops *ops, int outbuf_size);
void hvc_remove(struct hvc_struct *hp);
void hvc_kick(void);
void __hvc_resize(struct hvc_struct *hp, struct winsize ws);

#endif /* MK_IPC_HVC_H */
