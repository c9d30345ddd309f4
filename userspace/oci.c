// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oci.h"

#define ARCHITECTURE	"amd64"
#define JSON_MAX	(4 << 20)	/* bytes of an index or a manifest */
#define INDEX_DEPTH	4		/* of indexes in indexes */
#define DEPTH		8		/* of JSON */

#define TYPE_INDEX	"application/vnd.oci.image.index.v1+json"
#define TYPE_LIST	"application/vnd.docker.distribution.manifest.list.v2+json"

/* --- JSON ------------------------------------------------------------------------ */

/* Of an object; NULL where it is none or has no such member of this type. */
static json_object *member(json_object *o, const char *key, enum json_type type)
{
	json_object *value;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

static bool is(json_object *o, const char *key, const char *wanted)
{
	json_object *value = member(o, key, json_type_string);

	return value && !strcmp(json_object_get_string(value), wanted);
}

static json_object *parse(const char *text, size_t len)
{
	struct json_tokener *t = json_tokener_new_ex(DEPTH);
	json_object *o = t ? json_tokener_parse_ex(t, text, len) : NULL;

	if (t)
		json_tokener_free(t);
	return o;
}

static char *read_all(int fd, size_t size)
{
	char *text = malloc(size + 1);
	size_t at = 0;
	ssize_t n = 1;

	while (text && at < size && n > 0) {
		n = read(fd, text + at, size - at);
		at += n > 0 ? n : 0;
	}
	if (!text || at < size) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

static const char *load_fd(int fd, json_object **o)
{
	const char *why = NULL;
	struct stat st;
	char *text;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return "this is no regular file";
	if (st.st_size > JSON_MAX)
		return "it has more than 4 MiB";
	text = read_all(fd, st.st_size);
	if (!text)
		return "it cannot be read";
	*o = parse(text, st.st_size + 1);
	if (!json_object_is_type(*o, json_type_object))
		why = "it is no JSON object";
	free(text);
	if (why)
		json_object_put(*o);
	return why;
}

static int open_at(const struct oci *o, const char *path)
{
	return openat(o->dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

static const char *load(struct oci *o, const char *path, json_object **to)
{
	int fd = open_at(o, path);
	const char *why;

	snprintf(o->what, sizeof(o->what), "%s", path);
	if (fd < 0)
		return strerror(errno);
	why = load_fd(fd, to);
	close(fd);
	return why;
}

/* --- descriptors ------------------------------------------------------------------- */

/* "sha256:" and 64 digits: nothing that could be another path. */
static const char *take_digest(const char *text, struct oci_blob *blob)
{
	static const struct {
		const char *name;
		size_t digits;
	} kinds[] = { { "sha256", 64 }, { "sha512", 128 } };
	size_t i, len;

	for (i = 0; i < 2; i++) {
		len = strlen(kinds[i].name);
		if (strncmp(text, kinds[i].name, len) || text[len] != ':')
			continue;
		text += len + 1;
		if (strlen(text) != kinds[i].digits ||
		    strspn(text, "0123456789abcdef") != kinds[i].digits)
			return "a digest in it has not the right number of hex digits";
		len = snprintf(blob->path, sizeof(blob->path), "blobs/%s/", kinds[i].name);
		snprintf(blob->path + len, sizeof(blob->path) - len, "%s", text);
		blob->digest = blob->path + len;
		return NULL;
	}
	return "a digest in it is neither sha256 nor sha512";
}

static const char *take_blob(json_object *descriptor, struct oci_blob *blob)
{
	json_object *digest = member(descriptor, "digest", json_type_string);
	json_object *size = member(descriptor, "size", json_type_int);

	if (!digest || !size || json_object_get_int64(size) < 0)
		return "a descriptor in it has no digest or no size";
	blob->size = json_object_get_int64(size);
	return take_digest(json_object_get_string(digest), blob);
}

int oci_open(const struct oci *o, const struct oci_blob *blob, const char **why)
{
	int fd = open_at(o, blob->path);
	struct stat st;

	*why = NULL;
	if (fd < 0)
		*why = strerror(errno);
	else if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		*why = "this is no regular file";
	else if ((__u64)st.st_size != blob->size)
		*why = "it has not the size that its descriptor says";
	if (!*why)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* --- which image ---------------------------------------------------------------------- */

/**
 * struct choice - manifests that fit
 * @found:	the first
 * @nr:		different ones
 * @others:	images of other machines were seen
 */
struct choice {
	struct oci_blob found;
	unsigned int nr;
	bool others;
};

static bool is_ours(json_object *descriptor, struct choice *c)
{
	json_object *platform = member(descriptor, "platform", json_type_object);

	/* without it the image's configuration tells, see check_config() */
	if (!platform)
		return true;
	if (is(platform, "architecture", ARCHITECTURE) && is(platform, "os", "linux"))
		return true;
	c->others = true;
	return false;
}

static const char *choose(struct oci *o, json_object *index, unsigned int depth, struct choice *c);

static const char *look_into(struct oci *o, const struct oci_blob *blob, unsigned int depth,
			     struct choice *c)
{
	json_object *index;
	const char *why;

	if (depth == INDEX_DEPTH)
		return "indexes in it are nested too deep";
	why = load(o, blob->path, &index);
	if (why)
		return why;
	why = choose(o, index, depth + 1, c);
	json_object_put(index);
	return why;
}

static const char *consider(struct oci *o, json_object *descriptor, unsigned int depth,
			    struct choice *c)
{
	struct oci_blob blob;
	const char *why = take_blob(descriptor, &blob);

	if (why)
		return why;
	if (is(descriptor, "mediaType", TYPE_INDEX) || is(descriptor, "mediaType", TYPE_LIST))
		return look_into(o, &blob, depth, c);
	if (!is_ours(descriptor, c) || (c->nr && !strcmp(c->found.path, blob.path)))
		return NULL;
	if (!c->nr++)
		c->found = blob;
	return NULL;
}

static const char *choose(struct oci *o, json_object *index, unsigned int depth, struct choice *c)
{
	json_object *manifests = member(index, "manifests", json_type_array);
	const char *why = manifests ? NULL : "it has no manifests";
	size_t i;

	for (i = 0; !why && i < json_object_array_length(manifests); i++)
		why = consider(o, json_object_array_get_idx(manifests, i), depth, c);
	return why;
}

static const char *choose_image(struct oci *o, struct oci_blob *manifest)
{
	struct choice c = { };
	json_object *index;
	const char *why = load(o, "index.json", &index);

	if (why)
		return why;
	why = choose(o, index, 0, &c);
	json_object_put(index);
	if (why)
		return why;
	snprintf(o->what, sizeof(o->what), "index.json");
	if (!c.nr)
		return c.others ? "it has no image for linux/" ARCHITECTURE : "it has no image";
	if (c.nr > 1)
		return "it has more than one image for linux/" ARCHITECTURE;
	*manifest = c.found;
	manifest->digest = strrchr(manifest->path, '/') + 1;
	return NULL;
}

/* --- its layers ------------------------------------------------------------------------ */

static const char *take_layers(struct oci *o, json_object *manifest)
{
	json_object *layers = member(manifest, "layers", json_type_array);
	const char *why = NULL;
	size_t i, nr = layers ? json_object_array_length(layers) : 0;

	if (!nr || nr > OCI_LAYERS)
		return "it has no layers, or more than 256";
	for (i = 0; !why && i < nr; i++)
		why = take_blob(json_object_array_get_idx(layers, i), &o->layers[i]);
	o->nr_layers = nr;
	return why;
}

static const char *check_config(struct oci *o, json_object *manifest)
{
	struct oci_blob blob;
	const char *why = take_blob(member(manifest, "config", json_type_object), &blob);
	json_object *config;

	why = why ? why : load(o, blob.path, &config);
	if (why)
		return why;
	if (!is(config, "architecture", ARCHITECTURE) || !is(config, "os", "linux"))
		why = "the image is not for linux/" ARCHITECTURE;
	json_object_put(config);
	return why;
}

static const char *check_layout(struct oci *o)
{
	json_object *layout, *version;
	const char *why = load(o, "oci-layout", &layout);

	if (why)
		return why;
	version = member(layout, "imageLayoutVersion", json_type_string);
	if (!version || strncmp(json_object_get_string(version), "1.", 2))
		why = "its layout is of another version than 1";
	json_object_put(layout);
	return why;
}

const char *oci_read(struct oci *o)
{
	const char *why = check_layout(o);
	struct oci_blob blob;
	json_object *manifest;

	why = why ? why : choose_image(o, &blob);
	why = why ? why : load(o, blob.path, &manifest);
	if (why)
		return why;
	why = take_layers(o, manifest);
	why = why ? why : check_config(o, manifest);
	json_object_put(manifest);
	return why;
}

/* --- whiteouts --------------------------------------------------------------------------- */

static char escaped(const char **text)
{
	static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
	const char *p = *text, *letter;
	unsigned int i, value = 0;

	for (i = 0; i < 3 && p[i] >= '0' && p[i] <= '7'; i++)
		value = value * 8 + p[i] - '0';
	if (i) {
		*text += i;
		return value;
	}
	*text += !!*p;
	letter = *p ? strchr(letters, *p) : NULL;
	return letter ? values[letter - letters] : *p;
}

void oci_unescape(char *name)
{
	const char *from = name;

	while (!strchr("\n ", *from)) {
		if (*from != '\\') {
			*name++ = *from++;
			continue;
		}
		from++;
		*name++ = escaped(&from);
	}
	*name = '\0';
}

char *oci_listed(char *line, bool *is_dir)
{
	unsigned int i;

	*is_dir = *line == 'd';
	for (i = 0; i < 5; i++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	oci_unescape(line);
	return line;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

bool oci_whiteout(char *path, const char **name)
{
	char *last = strrchr(path, '/');

	last = last ? last + 1 : path;
	if (strncmp(last, ".wh.", 4))
		return false;
	*last = '\0';
	last += 4;
	*name = strcmp(last, ".wh..opq") ? last : NULL;
	return !*name || (**name && !is_dots(*name));
}

static int remove_below(int dir);

static int remove_one(int dir, const char *name)
{
	int fd, err;

	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return errno;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = remove_below(fd);
	if (!err && unlinkat(dir, name, AT_REMOVEDIR))
		err = errno;
	return err;
}

/* All that is in a directory; closes it. */
static int remove_below(int dir)
{
	DIR *d = fdopendir(dir);
	struct dirent *e;
	int err = 0;

	if (!d) {
		err = errno;
		close(dir);
		return err;
	}
	while (!err && (e = readdir(d)))
		if (!is_dots(e->d_name))
			err = remove_one(dirfd(d), e->d_name);
	closedir(d);
	return err;
}

/* A directory below @root, as a kernel whose root it is would find it. */
static int open_below(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};

	return syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
}

static int none_there(void)
{
	return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
}

int oci_remove(int root, const char *path, const char *name)
{
	int err, dir = open_below(root, path);

	if (dir < 0)
		return none_there();
	if (!name)
		return remove_below(dir);
	err = remove_one(dir, name);
	close(dir);
	return err;
}

int oci_make_way(int root, char *path)
{
	char *last = strrchr(path, '/');
	int err = 0, dir;
	struct stat st;

	if (last)
		*last++ = '\0';
	dir = open_below(root, last ? path : "");
	last = last ? last : path;
	if (dir < 0)
		return none_there();
	if (!is_dots(last) && !fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode))
		err = remove_one(dir, last);
	close(dir);
	return err;
}
