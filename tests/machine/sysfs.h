/* SPDX-License-Identifier: GPL-2.0 */
/* Reads and writes of files that come and go. */
#ifndef TESTS_MACHINE_SYSFS_H
#define TESTS_MACHINE_SYSFS_H

/* One of the files below these directories, which end with NULL. */
void sysfs_touch(const char *const *dirs);

#endif /* TESTS_MACHINE_SYSFS_H */
