/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An OCI image layout: a directory with oci-layout, index.json and blobs
 * (github.com/opencontainers/image-spec).  Whoever wrote it may be hostile.
 */
#ifndef MKCTL_OCI_H
#define MKCTL_OCI_H

#include <linux/types.h>
#include <stdbool.h>

#define OCI_LAYERS	256
#define OCI_PATH	160	/* "blobs/sha256/..." */

/**
 * struct oci_blob - what a descriptor names
 * @path:	below the layout
 * @digest:	the part of it that is the digest, in hex
 * @size:	bytes
 */
struct oci_blob {
	char path[OCI_PATH];
	const char *digest;
	__u64 size;
};

/**
 * struct oci - an image for this machine
 * @dir:	the layout, open
 * @layers:	of the image, the lowest first
 * @nr_layers:	their number
 * @what:	the file that an error is about
 */
struct oci {
	int dir;
	struct oci_blob layers[OCI_LAYERS];
	unsigned int nr_layers;
	char what[OCI_PATH];
};

/* Finds the image and its layers. NULL, or what is wrong with @what. */
const char *oci_read(struct oci *o);

/* Opens a blob of the size that was told; fd or -1: *why. */
int oci_open(const struct oci *o, const struct oci_blob *blob, const char **why);

/* --- layers: names that they take away -------------------------------- */

/* Lists a layer: type and mode, owner, size, date, time, name; no other space is plain. */
#define OCI_LIST	"tar", "--list", "--file=-", "--verbose", "--numeric-owner",	\
			"--quoting-style=escape", "--quote-chars= "

/* The name in a line of that, in place; whether it is a directory: a slash says nothing. */
char *oci_listed(char *line, bool *is_dir);

/* A name as it is printed there, up to a plain space, becomes what it is, in place. */
void oci_unescape(char *name);

/**
 * oci_whiteout() - is this name one?
 * @path:	in a layer; cut where its last component begins
 * @name:	out: what goes from the directory @path, or NULL: all
 */
bool oci_whiteout(char *path, const char **name);

/* Removes what the whiteout says from the tree at @root, never outside. 0 or errno. */
int oci_remove(int root, const char *path, const char *name);

/* A file is to come here: removes the directory that is there. 0 or errno. */
int oci_make_way(int root, char *path);

#endif /* MKCTL_OCI_H */
