/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MKCTL_SETTINGS_H
#define MKCTL_SETTINGS_H

#include <stdbool.h>

/**
 * struct settings - the global options
 * @json:	JSON on stdout, errors too
 * @pretty:	indented JSON
 * @quiet:	only what was asked for, errors and warnings
 * @color:	stdout is a terminal that wants colours
 */
struct settings {
	bool json;
	bool pretty;
	bool quiet;
	bool color;
};

extern struct settings settings;

#endif /* MKCTL_SETTINGS_H */
