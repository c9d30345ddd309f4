#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Nothing that was in an instance's memory is there after the next load.
. ./lib.sh

pool_up 2-3 256M,128M
check "run" run_instance web 2 384M 'm=mar; yes ${m}ker-word | head -c 100000000 >/file; say written'
check "it fills its memory" in_log web 'test: written' 150
must mkctl kill web
before=$(marker web marker-word)
echo "$before times in its memory" | note
check "its words are there after its end" test "$before" -gt 1000000
check "load" mkctl load web --kernel "$KERNEL" --initrd "$INITRD" --cmdline "${INSTANCE_ARGS-}"
equal "its words are gone" 0 "$(marker web marker-word)"
must mkctl delete web
must mkctl create web --cpus 2 --memory 384M
refused no_log 1 "the log of one that was never loaded" logs web
pool_down
