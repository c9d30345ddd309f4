#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each allocation of each call of a file system, and of the load of mk_daxfs, fails once.
. ./lib.sh

fail_nth fs
