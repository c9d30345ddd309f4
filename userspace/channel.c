// SPDX-License-Identifier: GPL-2.0
/* Channels: which kernels may talk to each other. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../mk_ipc/uapi.h"
#include "../mk_ipc/wire.h"

#include "json.h"
#include "mkctl.h"
#include "table.h"
#include "text.h"

#define MAX_CHANNELS	1024
#define DEFAULT_SIZE	(128 * 1024)	/* the longest message, 64K, takes so much */
#define HOST		"host"	/* among names of instances */

struct channels {
	struct mk_ipc_list list;
	struct mk_ipc_channel channel[MAX_CHANNELS];
};

int ipc_open(int *fd)
{
	_cleanup_fd_ int dev = -1;
	int ret = dev_open(&dev);	/* that is what mk_ipc stands on */

	if (ret)
		return ret;
	*fd = open(MK_IPC_DEVICE, O_RDWR | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		return fail(EXIT_UNAVAILABLE, "not_loaded", MK_IPC_DEVICE, "modprobe mk_ipc",
			    "the module mk_ipc is not loaded");
	return fail(EXIT_FAILED, "device", MK_IPC_DEVICE, "look at the kernel log (dmesg)",
		    "%s", strerror(errno));
}

static void begin(struct channels *all)
{
	all->list = (struct mk_ipc_list){
		.channels = (__u64)(unsigned long)all->channel,
		.nr = MAX_CHANNELS,
	};
}

static int query(int dev, struct channels *all)
{
	int ret;

	begin(all);
	ret = dev_call(dev, MK_IPC_IOC_LIST, &all->list, sizeof(all->list), "list", "channels");
	if (all->list.nr > MAX_CHANNELS)
		all->list.nr = MAX_CHANNELS;
	return ret;
}

bool ipc_has_sockets(int dev, const char *instance)
{
	static struct channels all;
	__u32 i;

	begin(&all);
	if (dev_ioctl(dev, MK_IPC_IOC_LIST, &all.list, sizeof(all.list)) < 0)
		return false;
	for (i = 0; i < all.list.nr && i < MAX_CHANNELS; i++) {
		const struct mk_ipc_channel *c = &all.channel[i];

		if (c->kind == MK_KIND_VSOCK && c->epoch && !*c->end[0] &&
		    !strncmp(c->end[1], instance, MK_NAME_SIZE))
			return true;
	}
	return false;
}

static const char *const kinds[] = {
	[MK_KIND_PROGRAM] = "program", [MK_KIND_CONSOLE] = "console",
	[MK_KIND_VSOCK] = "vsock", [MK_KIND_MESSAGES] = "messages",
};

static const char *const classes[MK_NR_CLASSES] = {
	[MK_CLASS_RESOURCE] = "resource", [MK_CLASS_DEVICE] = "device",
	[MK_CLASS_USER] = "user",
};

static const char *kind_name(__u32 kind)
{
	return kind < ARRAY_SIZE(kinds) ? kinds[kind] : "unknown";
}

const char *channel_kind(const char *text, __u32 *kind)
{
	for (*kind = 0; *kind < ARRAY_SIZE(kinds); ++*kind)
		if (*kind != MK_KIND_CONSOLE && !strcmp(text, kinds[*kind]))
			return NULL;
	return "it is program, vsock or messages";
}

static __u32 class_bit(const char *word, size_t len)
{
	__u32 i;

	for (i = 0; i < MK_NR_CLASSES; i++)
		if (classes[i] && strlen(classes[i]) == len && !strncmp(word, classes[i], len))
			return BIT(i);
	return 0;
}

const char *channel_classes(const char *text, __u32 *bits)
{
	size_t len;
	__u32 bit;

	for (*bits = 0; ; text += len + 1) {
		len = strcspn(text, ",");
		bit = class_bit(text, len);
		if (!bit)
			return "it is a list of user, device and resource";
		*bits |= bit;
		if (!text[len])
			return NULL;
	}
}

static const char *end_name(const char *end)
{
	return *end ? end : HOST;
}

/* In one word: are both kernels there, and both sides open? */
static const char *condition(const struct mk_ipc_channel *c)
{
	if (!c->epoch)
		return "waiting";
	return c->state[0] == MK_SIDE_OPEN && c->state[1] == MK_SIDE_OPEN ? "open" : "opening";
}

static void channel_json(const struct mk_ipc_channel *c)
{
	int i;

	json_object(NULL);
	if (*c->name)
		json_str("name", c->name);
	json_str("kind", kind_name(c->kind));
	json_str("state", condition(c));
	json_u64("ring_size", c->ring_size);
	json_u64("epoch", c->epoch);
	json_u64("rate", c->rate);
	if (c->kind == MK_KIND_MESSAGES) {
		json_array("classes");
		for (i = 0; i < MK_NR_CLASSES; i++)
			if (c->classes & BIT(i))
				json_str(NULL, classes[i]);
		json_end();
	}
	json_array("sides");
	for (i = 0; i < 2; i++) {
		json_object(NULL);
		json_str("kernel", end_name(c->end[i]));
		json_u64("bytes", c->bytes[i]);
		json_u64("rings", c->rings[i]);
		json_end();
	}
	json_end();
	json_end();
}

static void list_json(const struct channels *all)
{
	__u32 i;

	json_object(NULL);
	json_array("channels");
	for (i = 0; i < all->list.nr; i++)
		channel_json(&all->channel[i]);
	json_end();
	json_end();
}

static void list_table(const struct channels *all)
{
	static const char *const heads[] = {
		"CHANNEL", "KIND", "BETWEEN", "AND", "STATE", "RING", "SENT", "SENT BACK", NULL
	};
	char size[SIZE_TEXT];
	struct table t;
	__u32 i;

	table_begin(&t, heads);
	for (i = 0; i < all->list.nr; i++) {
		const struct mk_ipc_channel *c = &all->channel[i];

		table_cell(&t, "", "%s", *c->name ? c->name : "-");
		table_cell(&t, "", "%s", kind_name(c->kind));
		table_cell(&t, "", "%s", end_name(c->end[0]));
		table_cell(&t, "", "%s", end_name(c->end[1]));
		table_cell(&t, "", "%s", condition(c));
		table_cell(&t, "", "%s", size_text(c->ring_size, size));
		table_cell(&t, "", "%u", c->bytes[0]);
		table_cell(&t, "", "%u", c->bytes[1]);
	}
	table_end(&t);
}

static int do_list(const struct args *a)
{
	_cleanup_fd_ int dev = -1;
	static struct channels all;
	int ret = ipc_open(&dev) ?: query(dev, &all);

	(void)a;
	if (ret)
		return ret;
	if (settings.json)
		list_json(&all);
	else if (all.list.nr)
		list_table(&all);
	else
		say("no channels\n");
	return EXIT_DONE;
}

static void put_end(char *end, const char *name)
{
	memcpy(end, name, strcmp(name, HOST) ? strlen(name) : 0);
}

static int do_add(const struct args *a)
{
	_cleanup_fd_ int dev = -1;
	struct mk_ipc_permit p = {
		.ring_size = a->given & OPT_SIZE ? a->size : DEFAULT_SIZE,
		.kind = a->kind,
		.classes = a->given & OPT_CLASSES ? a->classes :
			   a->kind == MK_KIND_MESSAGES ? BIT(MK_CLASS_USER) : 0,
		.rate = a->rate,
	};
	char label[MK_NAME_SIZE + 16];
	int ret;

	snprintf(label, sizeof(label), "channel %s", a->name);
	memcpy(p.name, a->name, strlen(a->name));
	put_end(p.end[0], a->between[0]);
	put_end(p.end[1], a->between[1]);
	ret = ipc_open(&dev) ?:
	      dev_call(dev, MK_IPC_IOC_PERMIT, &p, sizeof(p), "permit it", label);
	if (!ret)
		say("%s: %s and %s may talk\n", label, a->between[0], a->between[1]);
	return ret;
}

static int do_remove(const struct args *a)
{
	_cleanup_fd_ int dev = -1;
	struct mk_ipc_forbid f = { };
	char label[MK_NAME_SIZE + 16];
	int ret;

	snprintf(label, sizeof(label), "channel %s", a->name);
	memcpy(f.name, a->name, strlen(a->name));
	ret = ipc_open(&dev) ?:
	      dev_call(dev, MK_IPC_IOC_FORBID, &f, sizeof(f), "forbid it", label);
	if (!ret)
		say("%s is forbidden\n", label);
	return ret;
}

const struct cmd channel_cmds[] = {
	{ .object = "channel", .verb = "add", .operand = "NAME",
	  .required = OPT_BETWEEN, .options = OPT_SIZE | OPT_KIND | OPT_CLASSES | OPT_RATE,
	  .summary = "Let two kernels talk to each other",
	  .detail = "It stays until it is removed: both kernels have the channel whenever both\n"
		    "run, and a new one after each start. `host` names the host. Programs use\n"
		    "<multikernel/userspace/mk_channel.h>. --kind vsock: sockets between two\n"
		    "instances; messages: their modules may send messages of --classes. With the\n"
		    "host each instance has both. --size is the room for messages.\n",
	  .example = "mkctl channel add jobs --between web,db --size 256K --rate 10M",
	  .run = do_add },
	{ .object = "channel", .verb = "remove", .operand = "NAME",
	  .summary = "Forbid it; programs that have it see that it is over",
	  .example = "mkctl channel remove jobs",
	  .run = do_remove },
	{ .object = "channel", .verb = "list",
	  .summary = "Show which kernels may talk, and how much they did",
	  .detail = "SENT and SENT BACK are bytes since the channel's epoch began, so since\n"
		    "either side last left or was started, and begin again at 0 after 4 GiB:\n"
		    "nobody counts but the sides themselves, in their rings.\n",
	  .example = "mkctl channel list --json",
	  .run = do_list },
	{ }
};
