#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each allocation of each call of /dev/mk_ipc and its descriptors, and of the load of mk_ipc, fails once.
. ./lib.sh

fail_nth ipc
