#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each change of state is a uevent, for udev.
. ./lib.sh

pool_up 2-3 256M
cat >/tmp/uevent <<'END'
#!/bin/sh
[ -z "$MK_NAME" ] || echo "$ACTION $SUBSYSTEM $MK_NAME $MK_ID $MK_STATE $MK_REASON" >>/tmp/uevents
END
chmod +x /tmp/uevent
uevent /tmp/uevent &
listener=$!
sleep 0.5
must run_instance web 2 256M
must mkctl kill web
must mkctl delete web
within 10 grep -q remove /tmp/uevents
kill $listener
equal "what udev is told" "$(cat <<-'END'
	add multikernel web 1 created none
	change multikernel web 1 loaded none
	change multikernel web 1 starting none
	change multikernel web 1 running none
	change multikernel web 1 stopped killed
	remove multikernel web 1 stopped killed
END
)" "$(cat /tmp/uevents)"
pool_down
