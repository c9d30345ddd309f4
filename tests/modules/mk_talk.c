// SPDX-License-Identifier: GPL-2.0
/*
 * Takes messages of a class, and asks another kernel that does. For test
 * machines only.
 *
 *	insmod mk_talk.ko				takes
 *	insmod mk_talk.ko ask=1 peer=0 count=1000	takes, and asks the host
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "../../mk_ipc/mk_ipc.h"
#include "../../mk_core/compat.h"

#define ECHO	1	/* the answer is the body */
#define COUNT	2	/* a number, one more than the last one from this peer */
#define TOTAL	3	/* the answer is the next number that is expected, and the errors */
#define ERROR	4	/* status -EBADMSG */
#define SLOW	10	/* the answer takes a second */

#define PEERS	64

static bool ask;
module_param(ask, bool, 0);
static bool forever;
module_param(forever, bool, 0);
static bool flood;
module_param(flood, bool, 0);
MODULE_PARM_DESC(flood, "numbers without rest, behind a handler that takes seconds");
static uint peer;
module_param(peer, uint, 0);
static uint class = MK_CLASS_USER;
module_param(class, uint, 0);
static uint count = 1000;
module_param(count, uint, 0);
static int expect;
module_param(expect, int, 0);
MODULE_PARM_DESC(expect, "the errno that asking has to end with");

struct total {
	u32 next;
	u32 errors;
};

static struct total totals[PEERS];

static int take(u32 from, const struct mk_message *m, const void *body,
		struct mk_answer *answer)
{
	struct total *t = &totals[from % PEERS];
	u32 number;

	switch (m->type) {
	case ECHO:
		answer->len = m->len;
		memcpy(answer->body, body, m->len);
		return 0;
	case COUNT:
		memcpy(&number, body, min_t(u32, m->len, sizeof(number)));
		t->errors += m->len < sizeof(number) || number != t->next;
		t->next = number + 1;
		return 0;
	case TOTAL:
		answer->len = sizeof(*t);
		memcpy(answer->body, t, sizeof(*t));
		memset(t, 0, sizeof(*t));
		return 0;
	case SLOW:
		ssleep(1);
		return 0;
	default:
		return -EBADMSG;
	}
}

static struct mk_handler handler = { .message = take };

static int echo(u8 *sent, u8 *got)
{
	u32 len = get_random_u32() % (MK_BODY_MAX + 1);
	int ret;

	get_random_bytes(sent, len);
	ret = mk_message_call(peer, class, ECHO, sent, len, got, MK_BODY_MAX, 10000);
	if (ret < 0)
		return ret;
	return ret == len && !memcmp(sent, got, len) ? 0 : -EIO;
}

static int echoes(void)
{
	u8 *sent = kmalloc(MK_BODY_MAX, GFP_KERNEL), *got = kmalloc(MK_BODY_MAX, GFP_KERNEL);
	int ret = sent && got ? 0 : -ENOMEM;
	u32 i;

	for (i = 0; !ret && i < count; i++)
		ret = echo(sent, got);
	kfree(sent);
	kfree(got);
	return ret;
}

/* When there is room, within a minute. */
static int send(u16 type, const void *body, u32 len)
{
	unsigned long end = jiffies + 60 * HZ;
	int ret;

	while ((ret = mk_message_send(peer, class, type, body, len)) == -ENOBUFS) {
		if (time_after(jiffies, end))
			return -ETIME;
		if (flood)
			cond_resched();
		else
			msleep(20);
	}
	return ret;
}

/* What was sent before may still keep all room. */
static int total(struct total *t)
{
	unsigned long end = jiffies + 60 * HZ;
	int ret;

	do {
		ret = mk_message_call(peer, class, TOTAL, NULL, 0, t, sizeof(*t), 10000);
	} while (ret == -ENOBUFS && time_before(jiffies, end));
	if (ret < 0)
		return ret;
	return ret == sizeof(*t) ? 0 : -EIO;
}

/* Until the other one takes messages, too. */
static int meet(void)
{
	unsigned long end = jiffies + 60 * HZ;
	struct total t;
	int ret;

	while ((ret = total(&t)) == -EOPNOTSUPP && time_before(jiffies, end))
		msleep(20);
	return ret;
}

/* Behind one that takes a second: what keeps messages gets full, on a machine that is fast. */
static int numbers(void)
{
	int ret = flood ? meet() : 0, slow = flood ? 3 : 1;
	struct total t;
	u32 i;

	while (!ret && slow--)
		ret = send(SLOW, NULL, 0);
	for (i = 0; !ret && i < count; i++)
		ret = send(COUNT, &i, sizeof(i));
	ret = ret ?: total(&t);
	if (ret)
		return ret;
	return t.next == count && !t.errors ? 0 : -EIO;
}

/* A request that times out behind much that cannot be sent yet is not executed. */
static int cancelled(u8 *body)
{
	int ret = 0, i;
	struct total t;
	u32 number = 0;

	for (i = 0; !ret && i < 2; i++)
		ret = send(SLOW, NULL, 0);
	for (i = 0; !ret && i < 200; i++)
		ret = send(ERROR, body, MK_BODY_MAX);
	if (ret)
		return ret;
	ret = mk_message_call(peer, class, COUNT, &number, sizeof(number), &t, sizeof(t), 100);
	if (ret != -ETIMEDOUT)
		return -EIO;
	return total(&t) ?: t.next || t.errors ? -EIO : 0;
}

static int cancels(void)
{
	u8 *body = kzalloc(MK_BODY_MAX, GFP_KERNEL);
	int ret = body ? cancelled(body) : -ENOMEM;

	kfree(body);
	return ret;
}

static int errors(void)
{
	u8 answer;

	if (mk_message_call(peer, class, SLOW, NULL, 0, &answer, 1, 100) != -ETIMEDOUT)
		return -EIO;
	if (mk_message_call(peer, class, ERROR, NULL, 0, &answer, 1, 10000) != -EBADMSG)
		return -EIO;
	if (mk_message_send(peer, MK_CLASS_SYSTEM, 1, NULL, 0) != -EINVAL ||
	    mk_message_send(peer, MK_NR_CLASSES, 1, NULL, 0) != -EINVAL ||
	    mk_message_send(peer, class, ECHO, &answer, MK_BODY_MAX + 1) != -EMSGSIZE ||
	    mk_message_send(999, class, ECHO, NULL, 0) != -ENODEV)
		return -EIO;
	return 0;
}

/* Until the peer ends. */
static int wait_long(void)
{
	u8 answer;
	int ret;

	do {
		ret = mk_message_call(peer, class, SLOW, NULL, 0, &answer, 1, 10000);
	} while (!ret);
	return ret;
}

static int talk(void)
{
	if (forever)
		return wait_long();
	return flood ? numbers() : echoes() ?: numbers() ?: cancels() ?: errors();
}

static int __init mk_talk_init(void)
{
	ktime_t begin = ktime_get();
	int ret;

	handler.class = class;
	ret = mk_handler_register(&handler);
	if (ret || !ask)
		return ret;
	ret = talk();
	pr_info("mk_talk: %u asked %s (%d) for %lld ms\n", peer,
		ret == expect ? "well" : "badly", ret, ktime_ms_delta(ktime_get(), begin));
	return 0;
}

static void __exit mk_talk_exit(void)
{
	mk_handler_unregister(&handler);
}

module_init(mk_talk_init);
module_exit(mk_talk_exit);
MODULE_DESCRIPTION("Messages of modules for tests of multikernel");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(COMPAT_NAMESPACE);
