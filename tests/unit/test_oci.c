// SPDX-License-Identifier: GPL-2.0
/* Images: which one is taken, what is refused, and what whiteouts may remove. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "oci.h"

#define ZEROS	"0000000000000000000000000000000000000000000000000000000000000000"
#define DIGEST(n) "sha256:000000000000000000000000000000000000000000000000000000000000000" n
#define BLOB(n)	"blobs/sha256/000000000000000000000000000000000000000000000000000000000000000" n
#define DESCRIPTOR(n, more) "{\"digest\":\"" DIGEST(n) "\",\"size\":1" more "}"
#define PLATFORM(arch) ",\"platform\":{\"architecture\":\"" arch "\",\"os\":\"linux\"}"
#define INDEX_TYPE ",\"mediaType\":\"application/vnd.oci.image.index.v1+json\""
#define MANIFEST "{\"config\":" DESCRIPTOR("9", "") ",\"layers\":[" DESCRIPTOR("7", "") "," \
		 DESCRIPTOR("8", "") "]}"
#define CONFIG(arch) "{\"architecture\":\"" arch "\",\"os\":\"linux\"}"

FIXTURE(layout)
{
	char path[32];
	struct oci oci;
};

static void put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

FIXTURE_SETUP(layout)
{
	snprintf(self->path, sizeof(self->path), "/tmp/test_oci.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	self->oci.dir = open(self->path, O_RDONLY | O_DIRECTORY);
	mkdirat(self->oci.dir, "blobs", 0700);
	mkdirat(self->oci.dir, "blobs/sha256", 0700);
	put(self->oci.dir, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	put(self->oci.dir, BLOB("1"), MANIFEST);
	put(self->oci.dir, BLOB("9"), CONFIG("amd64"));
}

FIXTURE_TEARDOWN(layout)
{
	EXPECT_EQ(0, oci_remove(self->oci.dir, "", NULL));
	close(self->oci.dir);
	EXPECT_EQ(0, rmdir(self->path));
}

static const char *of_index(struct oci *oci, const char *index)
{
	put(oci->dir, "index.json", index);
	return oci_read(oci);
}

TEST_F(layout, layers_in_order)
{
	ASSERT_EQ(NULL, of_index(&self->oci, "{\"manifests\":[" DESCRIPTOR("1", "") "]}"));
	ASSERT_EQ(2, self->oci.nr_layers);
	EXPECT_STREQ(BLOB("7"), self->oci.layers[0].path);
	EXPECT_STREQ(BLOB("8"), self->oci.layers[1].path);
	EXPECT_EQ(64, strlen(self->oci.layers[1].digest));
}

TEST_F(layout, this_machine)
{
	put(self->oci.dir, BLOB("2"), "{\"manifests\":[" DESCRIPTOR("1", PLATFORM("amd64")) ","
	    DESCRIPTOR("3", PLATFORM("arm64")) "]}");
	EXPECT_EQ(NULL, of_index(&self->oci, "{\"manifests\":[" DESCRIPTOR("2", INDEX_TYPE) "]}"));
	EXPECT_EQ(NULL, of_index(&self->oci, "{\"manifests\":[" DESCRIPTOR("1", "") ","
				       DESCRIPTOR("2", INDEX_TYPE) "]}"));
	EXPECT_NE(NULL, of_index(&self->oci,
				 "{\"manifests\":[" DESCRIPTOR("3", PLATFORM("arm64")) "]}"));
	EXPECT_NE(NULL, of_index(&self->oci, "{\"manifests\":[" DESCRIPTOR("1", "") ","
				       DESCRIPTOR("3", "") "]}"));
	EXPECT_NE(NULL, strstr(of_index(&self->oci, "{\"manifests\":[]}"), "no image"));
	put(self->oci.dir, BLOB("9"), CONFIG("arm64"));
	EXPECT_NE(NULL, of_index(&self->oci, "{\"manifests\":[" DESCRIPTOR("1", "") "]}"));
	EXPECT_STREQ(BLOB("9"), self->oci.what);
}

TEST_F(layout, nested_for_ever)
{
	put(self->oci.dir, BLOB("2"), "{\"manifests\":[" DESCRIPTOR("2", INDEX_TYPE) "]}");
	EXPECT_NE(NULL, of_index(&self->oci, "{\"manifests\":[" DESCRIPTOR("2", INDEX_TYPE) "]}"));
}

TEST_F(layout, nonsense)
{
	static const char *const indexes[] = {
		"", "{", "[]", "7", "null", "{}", "{\"manifests\":7}", "{\"manifests\":[7]}",
		"{\"manifests\":[{}]}", "{\"manifests\":[null]}",
		"{\"manifests\":[{\"digest\":7,\"size\":1}]}",
		"{\"manifests\":[{\"digest\":\"" DIGEST("1") "\",\"size\":-1}]}",
		"{\"manifests\":[{\"digest\":\"sha256:../../../../etc/passwd\",\"size\":1}]}",
		"{\"manifests\":[{\"digest\":\"sha256:0\",\"size\":1}]}",
		"{\"manifests\":[{\"digest\":\"sha256:" ZEROS "0\",\"size\":1}]}",
		"{\"manifests\":[{\"digest\":\"md5:" ZEROS "\",\"size\":1}]}",
		"{\"manifests\":[{\"digest\":\"" DIGEST("A") "\",\"size\":1}]}",
		"{\"manifests\":[{\"digest\":\"" DIGEST("/") "\",\"size\":1}]}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	};
	size_t i;

	for (i = 0; i < sizeof(indexes) / sizeof(*indexes); i++)
		EXPECT_NE(NULL, of_index(&self->oci, indexes[i])) {
			TH_LOG("index %zu", i);
		}
	put(self->oci.dir, BLOB("1"), "{\"config\":" DESCRIPTOR("9", "") ",\"layers\":[]}");
	EXPECT_NE(NULL, of_index(&self->oci, "{\"manifests\":[" DESCRIPTOR("1", "") "]}"));
	put(self->oci.dir, "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
	EXPECT_NE(NULL, of_index(&self->oci, "{\"manifests\":[" DESCRIPTOR("1", "") "]}"));
}

TEST_F(layout, blobs_are_files_of_their_size)
{
	struct oci_blob blob = { .path = BLOB("7"), .size = 3 };
	const char *why;
	int fd;

	EXPECT_EQ(-1, oci_open(&self->oci, &blob, &why));
	EXPECT_NE(NULL, why);
	put(self->oci.dir, BLOB("7"), "abc");
	fd = oci_open(&self->oci, &blob, &why);
	EXPECT_LE(0, fd);
	close(fd);
	blob.size = 4;
	EXPECT_EQ(-1, oci_open(&self->oci, &blob, &why));
	unlinkat(self->oci.dir, BLOB("7"), 0);
	mkfifoat(self->oci.dir, BLOB("7"), 0600);
	EXPECT_EQ(-1, oci_open(&self->oci, &blob, &why));
}

TEST(names_are_unescaped)
{
	char text[] = "a\\\\b\\nc\\303\\244\\q\\ \\1 -> x", cut[] = "a\\";

	oci_unescape(text);
	EXPECT_STREQ("a\\b\nc\303\244q \1", text);
	oci_unescape(cut);
	EXPECT_STREQ("a", cut);
}

TEST(whiteouts_are_known)
{
	char one[] = "./a/b/.wh.c", all[] = "a/.wh..wh..opq", top[] = ".wh.x", no[] = "a/.wh/b";
	char dot[] = "a/.wh..", up[] = "a/.wh...", none[] = "a/.wh.";
	const char *name;

	EXPECT_TRUE(oci_whiteout(one, &name));
	EXPECT_STREQ("./a/b/", one);
	EXPECT_STREQ("c", name);
	EXPECT_TRUE(oci_whiteout(all, &name));
	EXPECT_STREQ("a/", all);
	EXPECT_EQ(NULL, name);
	EXPECT_TRUE(oci_whiteout(top, &name));
	EXPECT_STREQ("", top);
	EXPECT_FALSE(oci_whiteout(no, &name));
	EXPECT_FALSE(oci_whiteout(dot, &name));
	EXPECT_FALSE(oci_whiteout(up, &name));
	EXPECT_FALSE(oci_whiteout(none, &name));
}

/* The layout's directory stands for a new root with a way out of it. */
TEST_F(layout, nothing_outside_is_removed)
{
	char path[64], link[] = "out/victim", dir[] = "blobs";
	int root;

	mkdirat(self->oci.dir, "root", 0700);
	mkdirat(self->oci.dir, "root/lib", 0700);
	mkdirat(self->oci.dir, "victim", 0700);
	put(self->oci.dir, "victim/file", "");
	put(self->oci.dir, "root/lib/file", "");
	root = openat(self->oci.dir, "root", O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "%s", self->path);
	symlinkat(path, root, "out");
	symlinkat("..", root, "up");
	symlinkat("/lib", root, "absolute");
	EXPECT_EQ(0, oci_remove(root, "out/", "victim"));
	EXPECT_EQ(0, oci_remove(root, "up/", "victim"));
	EXPECT_EQ(0, oci_remove(root, "../", "victim"));
	EXPECT_EQ(0, oci_remove(root, "../victim", NULL));
	EXPECT_EQ(0, oci_make_way(root, link));
	EXPECT_EQ(0, oci_make_way(root, dir));
	EXPECT_EQ(0, faccessat(self->oci.dir, "victim/file", F_OK, 0));
	/* a link that stays inside is followed */
	EXPECT_EQ(0, oci_remove(root, "absolute/", "file"));
	EXPECT_NE(0, faccessat(root, "lib/file", F_OK, 0));
	EXPECT_EQ(0, oci_remove(root, "absolute/", "not-there"));
	close(root);
}

TEST_F(layout, a_file_takes_the_place_of_a_directory)
{
	char dir[] = "root/lib", with_slash[] = "root/keep/", file[] = "root/file";

	mkdirat(self->oci.dir, "root", 0700);
	mkdirat(self->oci.dir, "root/lib", 0700);
	mkdirat(self->oci.dir, "root/lib/deep", 0700);
	mkdirat(self->oci.dir, "root/keep", 0700);
	put(self->oci.dir, "root/lib/deep/file", "");
	put(self->oci.dir, "root/file", "");
	EXPECT_EQ(0, oci_make_way(self->oci.dir, dir));
	EXPECT_NE(0, faccessat(self->oci.dir, "root/lib", F_OK, 0));
	EXPECT_EQ(0, oci_make_way(self->oci.dir, with_slash));
	EXPECT_EQ(0, faccessat(self->oci.dir, "root/keep", F_OK, 0));
	EXPECT_EQ(0, oci_make_way(self->oci.dir, file));
	EXPECT_EQ(0, faccessat(self->oci.dir, "root/file", F_OK, 0));
}

/* A root with two directories above it that are ours: should it go wrong. */
TEST_F(layout, the_root_is_in_nobodys_way)
{
	char dot[] = ".", dots[] = "..", end[] = "dir/.", back[] = "dir/..", slash[] = "/";
	char *const all[] = { dot, dots, end, back, slash };
	int root;
	size_t i;

	mkdirat(self->oci.dir, "up", 0700);
	mkdirat(self->oci.dir, "up/root", 0700);
	mkdirat(self->oci.dir, "up/root/dir", 0700);
	put(self->oci.dir, "up/root/dir/file", "");
	root = openat(self->oci.dir, "up/root", O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, root);
	for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
		EXPECT_EQ(0, oci_make_way(root, all[i]));
		EXPECT_EQ(0, faccessat(self->oci.dir, "up/root/dir/file", F_OK, 0));
	}
	close(root);
}

/* ustar, by hand: no tar writes a directory without a slash. */
static void put_header(FILE *archive, const char *name, char type)
{
	char block[512] = "";
	unsigned int sum = 0, i;

	snprintf(block, 100, "%s", name);
	memcpy(block + 100, "0000755 0001234 0070000 00000000000 07377777777 ", 48);
	memset(block + 148, ' ', 8);
	block[156] = type;
	memcpy(block + 157, "target of it", 12);
	memcpy(block + 257, "ustar\00000", 8);
	for (i = 0; i < sizeof(block); i++)
		sum += (unsigned char)block[i];
	snprintf(block + 148, 8, "%06o", sum);
	fwrite(block, sizeof(block), 1, archive);
}

/* What tar says of the archive. */
static FILE *listed(FILE *archive)
{
	FILE *list = tmpfile();
	int status;

	rewind(archive);
	if (!fork()) {
		dup2(fileno(archive), 0);
		dup2(fileno(list), 1);
		setenv("LC_ALL", "C", 1);
		execvp("tar", (char *[]){ OCI_LIST, NULL });
		_exit(127);
	}
	if (wait(&status) < 0 || status)
		abort();
	rewind(list);
	return list;
}

TEST(the_type_tells_what_is_a_directory)
{
	static const struct {
		const char *name;
		char type;
		bool is_dir;
	} entries[] = {
		{ "lib", '5', true }, { "lib/", '5', true }, { ".", '5', true },
		{ " two\nlines -> \\303 ", '5', true }, { "file", '0', false },
		{ "link -> x", '2', false }, { "hard link to x", '1', false },
		{ "a device", '3', false },
	};
	const size_t nr = sizeof(entries) / sizeof(*entries);
	FILE *archive = tmpfile(), *list;
	static const char end[1024];
	char *line = NULL, *path;
	size_t i, room = 0;
	bool is_dir;

	for (i = 0; i < nr; i++)
		put_header(archive, entries[i].name, entries[i].type);
	fwrite(end, sizeof(end), 1, archive);
	list = listed(archive);
	for (i = 0; i < nr; i++) {
		ASSERT_LT(0, getline(&line, &room, list));
		path = oci_listed(line, &is_dir);
		/* tar adds the slash */
		EXPECT_EQ(0, strncmp(entries[i].name, path, strlen(entries[i].name))) {
			TH_LOG("%s is %s", entries[i].name, path);
		}
		EXPECT_EQ(entries[i].is_dir, is_dir);
	}
	free(line);
	fclose(list);
	fclose(archive);
}

TEST_HARNESS_MAIN
