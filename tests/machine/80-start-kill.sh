#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# 50 starts and kills lose nothing.
. ./lib.sh

# each at another point of its way
end() {
	sleep "$((round / 20)).$((round % 10))"
	must mkctl kill web
}

rounds ''
