// SPDX-License-Identifier: GPL-2.0
/*
 * Two programs in two kernels talk through a channel.
 *
 *	cc -O2 -static greet.c -o greet
 *	mkctl channel add jobs --between host,web
 *	greet jobs		in the instance: answers until the host leaves
 *	greet jobs Ada Grace	in the host: prints "hello Ada" and "hello Grace"
 */
#include <err.h>
#include <stdio.h>

#include <multikernel/userspace/mk_channel.h>

static struct mk_chan chan;

static void answer(void)
{
	char name[256], text[300];
	int len;

	while ((len = mk_chan_receive(&chan, name, sizeof(name))) >= 0) {
		snprintf(text, sizeof(text), "hello %.*s", len, name);
		if (mk_chan_send(&chan, text, strlen(text)))
			break;
	}
}

static void ask(const char *name)
{
	char text[300];
	int len = mk_chan_send(&chan, name, strlen(name));

	if (!len)
		len = mk_chan_receive(&chan, text, sizeof(text));
	if (len < 0)
		errx(1, "%s: %s", name, strerror(-len));
	printf("%.*s\n", len, text);
}

int main(int argc, char **argv)
{
	int ret, i;

	if (argc < 2)
		errx(2, "greet CHANNEL [NAME...]");
	ret = mk_chan_open(&chan, argv[1], 10000);
	if (ret)
		errx(1, "channel %s: %s", argv[1], strerror(-ret));
	if (argc == 2)
		answer();
	for (i = 2; i < argc; i++)
		ask(argv[i]);
	mk_chan_close(&chan);
	return 0;
}
