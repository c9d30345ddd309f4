#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each allocation of each call of /dev/mk, and of the load of mk_core, fails once.
. ./lib.sh

fail_nth core
