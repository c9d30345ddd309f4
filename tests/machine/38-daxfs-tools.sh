#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# File systems from directories, archives and images; check and inspect.  The shell
# would take its own tar and cp.
. ./lib.sh

DIR=/tmp/mounted
WORK=/tmp/work

# facts DIR: all that is below it, with what each has
facts() (
	cd "$1" || exit
	find . -type d -print0 | LC_ALL=C sort -z | xargs -0 stat -c '%n %f %h %u %g %Y'
	find . ! -type d -print0 | LC_ALL=C sort -z | xargs -0 stat -c '%n %f %h %u %g %s %Y %t:%T'
	find . -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum
	find . -type l | LC_ALL=C sort | while read -r link; do readlink "$link"; done
	getfattr -R -h -d -m - . 2>/dev/null | LC_ALL=C sort
)

# like_source NAME [layers]: region NAME is what $WORK/tree is, and fits together
like_source() {
	must mount -t daxfs -o ro "$1" $DIR
	facts $DIR >/tmp/facts.there
	check "$1: all is as it was" cmp /tmp/facts.here /tmp/facts.there
	diff /tmp/facts.here /tmp/facts.there | head -n 10 | note
	[ "${2-}" ] || check "$1: holes are holes" test "$(stat -c %b $DIR/holes)" -lt 100
	must umount $DIR
	check "$1: check" mkctl fs check "$1"
	check "$1: it goes" mkctl fs delete "$1"
}

make_tree() {
	mkdir -p tree/dir/deep tree/mnt
	cp /bin/busybox tree/dir/
	seq 20000 >tree/dir/deep/numbers
	: >tree/nothing
	truncate -s 40M tree/holes
	printf x | dd of=tree/holes bs=1 seek=20000000 conv=notrunc 2>/dev/null
	ln tree/dir/deep/numbers tree/hard
	ln -s dir/deep tree/soft
	ln -s "$(printf '%0300d' 7)" tree/long
	ln -s /nowhere tree/dangling
	mkfifo tree/fifo
	mknod tree/null c 1 3
	mknod tree/disk b 259 70000
	echo "strange" >"tree/$(printf 'new\nline \\ \377')"
	chown -R 1234:70000 tree/dir
	chown -h 5:6 tree/soft
	chmod 4711 tree/dir/busybox
	chmod 1777 tree/mnt
	setfattr -n user.color -v blue tree/dir
	setfattr -n trusted.secret -v x tree/hard
	setfattr -n security.capability -v 0sAQAAAgAgAAAAAAAAAAAAAAAAAAA= tree/dir/busybox
	i=0
	while [ $i -lt 300 ]; do
		echo $i >"tree/dir/deep/a name that is not short, number $i"
		i=$((i + 1))
	done
	# user:1000:rwx, group::r, mask::rw; what is in deep has not inherited
	acl=0sAgAAAAEABgD/////AgAHAOgDAAAEAAQA/////xAABgD/////IAAAAP////8=
	setfattr -n system.posix_acl_access -v $acl tree/dir/deep/numbers &&
		setfattr -n system.posix_acl_default -v $acl tree/dir/deep || return
	touch -h -d '2001-02-03 04:05:06' tree/soft tree/hard
	touch -d '2002-02-03 04:05:06' tree/dir/deep tree/dir tree
}

# --- an OCI layout

blob() {
	sum=$(sha256sum <"$1" | cut -d' ' -f1) size=$(stat -c %s "$1")
	mv "$1" "oci/blobs/sha256/$sum"
}

descriptor() {
	echo "{\"mediaType\":\"application/vnd.oci.image.$1\",\"digest\":\"sha256:$sum\",\"size\":$size}"
}

# make_oci LAYER...: of these files
make_oci() {
	rm -rf oci
	mkdir -p oci/blobs/sha256
	echo '{"imageLayoutVersion":"1.0.0"}' >oci/oci-layout
	layers=
	for layer; do
		cp "$layer" layer
		blob layer
		layers="$layers${layers:+,}$(descriptor layer.v1.tar)"
	done
	echo '{"architecture":"amd64","os":"linux"}' >config
	blob config
	echo "{\"schemaVersion\":2,\"config\":$(descriptor config.v1+json),\"layers\":[$layers]}" >manifest
	blob manifest
	echo "{\"manifests\":[$(descriptor manifest.v1+json)]}" >oci/index.json
}

# The name of a directory needs no slash at its end; 47 is one.
make_bare() {
	/bin/tar -C tree -cf bare.tar --no-recursion dir
	sum=$(dd if=bare.tar bs=1 skip=148 count=6 2>/dev/null)
	printf '\0' | dd of=bare.tar bs=1 seek=3 conv=notrunc 2>/dev/null
	printf '%06o' $((0$sum - 47)) | dd of=bare.tar bs=1 seek=148 conv=notrunc 2>/dev/null
}

# Three layers that together are the tree: the first has too much.
make_layers() {
	/bin/cp -a tree first
	mkdir -p first/gone/below first/dir/deep/gone first/hidden
	echo old >first/hidden/old
	echo old >first/gone/below/file
	mkdir first/nothing.d
	rm first/nothing
	mkdir -p first/nothing/was/a/directory
	/bin/tar -C first -cf first.tar --xattrs --xattrs-include='*' --acls .
	mkdir -p second/dir/deep second/hidden
	: >second/.wh.gone
	: >second/.wh.nothing.d
	: >second/dir/deep/.wh.gone
	: >second/hidden/.wh..wh..opq
	: >second/.wh.not-there
	/bin/tar -C second -cf second.tar .wh.gone .wh.nothing.d dir/deep/.wh.gone hidden/.wh..wh..opq .wh.not-there
	gzip -k second.tar
	mkdir third
	: >third/.wh.hidden
	# tar adds no attributes to an archive that began without
	/bin/tar -cf third.tar --xattrs --xattrs-include='*' --acls --no-recursion \
		-C third .wh.hidden -C ../tree . nothing dir dir/deep
	zstd -q third.tar
}

host_snapshot
pool_up 2-3 1G
mkdir -p $DIR $WORK
cd $WORK || exit
must make_tree
facts tree >/tmp/facts.here
equal "lists of who may are among them" 3 "$(grep -c '^system.posix_acl_' /tmp/facts.here)"
/bin/tar -C tree -cf tree.tar --sparse --xattrs --xattrs-include='*' --acls .
gzip -k tree.tar

check "from a directory" mkctl fs create a --size 64M --from tree
like_source a
check "from a tar archive" mkctl fs create a --size 64M --from tree.tar
like_source a
check "from one that is packed" mkctl fs create a --size 64M --from tree.tar.gz
like_source a
must make_layers
must make_bare
equal "a directory without a slash" drwx "$(tar -tvf bare.tar dir | head -c 4)"
make_oci first.tar second.tar.gz third.tar.zst bare.tar
check "from an OCI layout" mkctl fs create a --size 64M --from oci
note /tmp/output
like_source a layers

memory=$(pool memory_free)
dd if=/dev/urandom of=tree/large bs=1M count=20 2>/dev/null
/bin/tar -cf large.tar tree
refused no_room 1 "a directory that is too large" fs create b --size 16M --from tree
refused no_room 1 "an archive that is too large" fs create b --size 16M --from large.tar
mkctl fs create b --size 16M --from large.tar 2>&1 | grep -o 'needs about [0-9.]*M' | note
head -c 5000 tree.tar >bad.tar
refused copy 1 "an archive that is cut short" fs create b --size 16M --from bad.tar
refused file 1 "nothing" fs create b --size 16M --from /nowhere
refused file 1 "a device" fs create b --size 16M --from /dev/null
mkdir -p evil/way out
ln -s $WORK/out evil/link
/bin/tar -C evil -cf evil1.tar link
rm evil/link
mkdir evil/link
echo evil >evil/link/file
/bin/tar -C evil -cf evil2.tar link/file
make_oci evil1.tar evil2.tar
refused copy 1 "a layer that leads out" fs create b --size 16M --from oci
equal "has written nothing there" "" "$(ls out)"
for file in oci/blobs/sha256/*; do
	sed -i 's/amd64/arm64/' "$file"
done
refused oci_layout 1 "an image for another machine" fs create b --size 16M --from oci
equal "what failed has left nothing" "$memory" "$(pool memory_free)"
equal "no region either" 0 "$(mkctl fs list --json --pretty | grep -c '"name"')"

# --- images and damage

check "a region" mkctl fs create a --size 64M --from tree
must region a save /tmp/image
check "its image is clean" mkctl fs check /tmp/image
equal "and has the label" a "$(mkctl fs inspect /tmp/image --json --pretty | member label)"
inodes=$(mkctl fs inspect a --json --pretty | member inodes)
equal "inodes are counted, hard links once" "$(($(find tree -print0 | tr -cd '\0' | wc -c) - 1))" "$inodes"
# a group that does not know what is free
printf '\377\377' | dd of=/tmp/image bs=1 seek=$(($(mkctl fs inspect /tmp/image --json --pretty | member offset) + 16)) conv=notrunc 2>/dev/null
mkctl fs check /tmp/image >/tmp/out
equal "damage is found" 1 $?
note /tmp/out
check "and mended" mkctl fs check /tmp/image --repair
check "then it is clean" mkctl fs check /tmp/image
refused no_daxfs 1 "no file system" fs check ./tree.tar
facts tree >/tmp/facts.here
free=$(pool memory_free)
check "from a directory, into a file" mkctl fs create ./new --size 64M --from tree
equal "the pool has its memory again" "$free" "$(pool memory_free)"
check "what is free is a hole in it" test "$(stat -c %b new)" -lt $((48 << 11))
check "it is clean" mkctl fs check ./new
check "memory for it" mkctl fs create b --size 64M
must region b load ./new
like_source b
refused file 1 "a file that is there is not filled" fs create ./new --size 16M --from tree
rm new
refused no_room 1 "a file that is too small" fs create ./new --size 16M --from tree
check "it is not left" test ! -e new
equal "nor is a region" "$free" "$(pool memory_free)"
# killed while it is filled, by a cp that takes its time
mkdir slow
printf '#!/bin/sh\nexec sleep 100\n' >slow/cp
chmod +x slow/cp
PATH=$PWD/slow:$PATH command mkctl fs create ./new --size 64M --from tree 2>/dev/null &
check "a region is filled for the file" within 10 sh -c 'mkctl fs list --json | grep -q mkctl-'
kill $!
wait $!
equal "a signal ends that" 1 $?
check "and the file goes" test ! -e new
equal "and the region" "$free" "$(pool memory_free)"
mkdir small
must mount -t tmpfs -o size=16K none small
refused no_room 1 "a disk that is full" fs create small/new --size 16M
check "leaves no file" test ! -e small/new
must umount small
refused no_region 1 "no region" fs inspect nothing
must mount -t daxfs a $DIR
refused fs_mounted 1 "repair of what is mounted" fs check a --repair
exec 7>$DIR/open
rm $DIR/open
equal "an open file without a name" 0 "$(mkctl fs inspect a --json --pretty | member links)"
check "is no damage" mkctl fs check a
exec 7>&-

# has_it: a program has the region, as far as it knows
has_it() {
	mkctl fs inspect a --json --pretty | grep -q '"name": *"mkctl'
}

# Killed in the middle of it, with the process that does the work. It runs a moment
# at a time, until it has the region.
for tries in $(seq 20); do
	setsid mkctl fs check a >/dev/null &
	while kill -0 $! 2>/dev/null && ! { kill -STOP -$! 2>/dev/null && has_it; }; do
		kill -CONT -$! 2>/dev/null
	done
	has_it && break
	wait
done
check "a check is stopped, at try $tries" has_it
kill -KILL -$!
wait
check "others can write again" within 10 touch $DIR/file
check "its slot is free" within 10 sh -c '! mkctl fs inspect a --json --pretty | grep -q "\"name\": *\"mkctl"'

must umount $DIR
must mkctl fs delete a
cd /tests || exit
rm -rf $WORK /tmp/image
must rmmod mk_daxfs
rmdir $DIR
pool_down
host_compare 4096
