/* Unpacking layers: what an engine would make of them, and nothing outside the directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "tests/unit/compare.h"
#include "tests/unit/test_packer_read.h"

#define LAYERS 3

static struct error error;

/* Layers to fill, and an empty directory "rootfs" beside a file "outside" to unpack them into. */
struct fixture {
    struct buffer layers[LAYERS];
    char *path;
    int parent, rootfs;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->path = temporary_directory_create("/tmp", &error);
    fixture->parent = open(fixture->path, O_RDONLY | O_DIRECTORY);
    struct content content = {.data = "untouched", .size = strlen("untouched")};
    if (mkdirat(fixture->parent, "rootfs", 0755) < 0 ||
        file_create_at(fixture->parent, "outside", 0644, &content, &error) < 0)
        return -1;
    fixture->rootfs = openat(fixture->parent, "rootfs", O_RDONLY | O_DIRECTORY);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < LAYERS; i++)
        buffer_free(&fixture->layers[i]);
    file_close(&fixture->parent);
    file_close(&fixture->rootfs);
    temporary_directory_remove(&fixture->path);
    free(fixture);
    return 0;
}

static int unpack_within(struct fixture *fixture, const struct packer_limits *limits)
{
    struct buffer tar BUFFER_CLEANUP = {0};
    size_t count = LAYERS;
    while (count && fixture->layers[count - 1].size == 0)
        count--;
    builder_image(&tar, fixture->layers, count);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar.data, tar.size, limits, &error);
    if (!archive)
        fail_msg("%s", error.message);
    return packer_unpack(archive, fixture->rootfs, &error);
}

static void unpack(struct fixture *fixture)
{
    if (unpack_within(fixture, NULL) < 0)
        fail_msg("%s", error.message);
}

static void assert_text(int directory, const char *name, const char *expected)
{
    char text[100] = "";
    int fd FD_CLEANUP = openat(directory, name, O_RDONLY | O_NOFOLLOW);
    if (fd < 0)
        fail_msg("cannot open %s", name);
    assert_compare(read(fd, text, sizeof text - 1), >=, 0);
    assert_string_equal(text, expected);
}

static void assert_absent(struct fixture *fixture, const char *name)
{
    struct stat status;
    if (fstatat(fixture->rootfs, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        fail_msg("%s is there", name);
}

static struct stat status_of(struct fixture *fixture, const char *name)
{
    struct stat status = {0};
    if (fstatat(fixture->rootfs, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        fail_msg("%s is missing", name);
    return status;
}

static void assert_refused(struct fixture *fixture, const char *message)
{
    assert_int_equal(unpack_within(fixture, NULL), -1);
    if (!strstr(error.message, message))
        fail_msg("not '%s': %s", message, error.message);
    assert_text(fixture->parent, "outside", "untouched");
}

/* ---- what is made ---------------------------------------------------------------------------- */

static void makes_every_kind_of_file(void **state)
{
    struct fixture *fixture = *state;
    struct buffer *layer = &fixture->layers[0];
    builder_add(layer, (struct builder_entry){.name = "./", .type = '5', .mode = 0750});
    builder_add(layer,
                (struct builder_entry){.name = "etc", .type = '5', .mode = 0555, .mtime = 1000});
    builder_add(layer, (struct builder_entry){
                           .name = "etc/a", .content = "hello", .size = 5, .mtime = 1000000000});
    builder_add(layer, (struct builder_entry){.name = "hard", .type = '1', .link = "./etc/a"});
    builder_add(layer,
                (struct builder_entry){.name = "soft", .type = '2', .link = "../../x", .mtime = 7});
    builder_add(layer, (struct builder_entry){.name = "also", .type = '1', .link = "soft"});
    builder_add(layer, (struct builder_entry){.name = "fifo", .type = '6', .mode = 0600});
    builder_add(layer, (struct builder_entry){.name = "null", .type = '3'});
    builder_add(layer, (struct builder_entry){
                           .name = "/tmp/GlobalHead.1.1", .type = 'g', .content = "x", .size = 1});
    builder_add(layer, (struct builder_entry){.name = ".wh.etc", .type = 'g'});
    builder_file(layer, "new/deep/er", "x");
    unpack(fixture);
    assert_text(fixture->rootfs, "etc/a", "hello");
    assert_int_equal(status_of(fixture, ".").st_mode, S_IFDIR | 0750);
    assert_int_equal(status_of(fixture, "etc").st_mode, S_IFDIR | 0555);
    assert_int_equal(status_of(fixture, "etc").st_mtime, 1000);
    assert_int_equal(status_of(fixture, "etc/a").st_mtime, 1000000000);
    assert_int_equal(status_of(fixture, "etc/a").st_ino, status_of(fixture, "hard").st_ino);
    assert_int_equal(status_of(fixture, "soft").st_mtime, 7);
    assert_true(S_ISLNK(status_of(fixture, "also").st_mode)); /* the link itself, not its target */
    assert_int_equal(status_of(fixture, "fifo").st_mode, S_IFIFO | 0600);
    assert_absent(fixture, "null"); /* a device, which is the engine's business */
    assert_int_equal(status_of(fixture, "new/deep").st_mode, S_IFDIR | 0755);
}

static void gives_exact_modes_under_any_umask(void **state)
{
    struct fixture *fixture = *state;
    static const mode_t modes[] = {04755, 06711, 0, 0666, 01777, 0444};
    char name[] = "f0/";
    for (size_t i = 0; i < COUNT(modes); i++) {
        bool directory = modes[i] == 01777;
        name[1] = (char)('0' + i);
        struct tar_header header =
            builder_header(&(struct builder_entry){.name = name, .type = directory ? '5' : '0'});
        builder_octal(header.mode, sizeof header.mode, modes[i]);
        builder_sum(&header);
        buffer_append(&fixture->layers[0], &header, sizeof header);
    }
    builder_file(&fixture->layers[0], "implied/file", "");
    mode_t before = umask(0777);
    int result = unpack_within(fixture, NULL);
    umask(before);
    assert_int_equal(result, 0);
    for (size_t i = 0; i < COUNT(modes); i++) {
        name[1] = (char)('0' + i);
        name[2] = '\0';
        assert_int_equal(status_of(fixture, name).st_mode & 07777, modes[i]);
    }
    assert_int_equal(status_of(fixture, "implied").st_mode & 07777, 0755);
}

static void gives_owners_as_root(void **state)
{
    struct fixture *fixture = *state;
    builder_add(&fixture->layers[0],
                (struct builder_entry){.name = "a", .uid = 1234, .gid = 4321, .mode = 04755});
    builder_add(&fixture->layers[0],
                (struct builder_entry){.name = "l", .type = '2', .link = "a", .uid = 77});
    unpack(fixture);
    bool root = geteuid() == 0;
    assert_int_equal(status_of(fixture, "a").st_uid, root ? 1234 : geteuid());
    assert_int_equal(status_of(fixture, "a").st_gid, root ? 4321 : getegid());
    assert_int_equal(status_of(fixture, "a").st_mode & 07777, 04755);
    assert_int_equal(status_of(fixture, "l").st_uid, root ? 77 : geteuid());
}

static void replaces_what_has_the_name(void **state)
{
    struct fixture *fixture = *state;
    builder_file(&fixture->layers[0], "file-file", "old");
    builder_file(&fixture->layers[0], "file-dir", "old");
    builder_file(&fixture->layers[0], "dir-file/a/b", "old");
    builder_file(&fixture->layers[0], "dir-dir/old", "old");
    builder_file(&fixture->layers[0], "target/a", "old");
    builder_add(&fixture->layers[0],
                (struct builder_entry){.name = "link-dir", .type = '2', .link = "target"});
    builder_add(&fixture->layers[0],
                (struct builder_entry){.name = "link-file", .type = '2', .link = "target/a"});
    builder_file(&fixture->layers[1], "file-file", "new");
    builder_add(&fixture->layers[1], (struct builder_entry){.name = "file-dir/", .type = '5'});
    builder_file(&fixture->layers[1], "dir-file", "new");
    builder_add(&fixture->layers[1],
                (struct builder_entry){.name = "dir-dir", .type = '5', .mode = 0700});
    builder_add(&fixture->layers[1],
                (struct builder_entry){.name = "link-dir", .type = '5', .mode = 0755});
    builder_file(&fixture->layers[1], "link-dir/b", "new");
    builder_file(&fixture->layers[1], "link-file", "new");
    unpack(fixture);
    assert_text(fixture->rootfs, "file-file", "new");
    assert_true(S_ISDIR(status_of(fixture, "file-dir").st_mode));
    assert_text(fixture->rootfs, "dir-file", "new");
    assert_text(fixture->rootfs, "dir-dir/old", "old"); /* directories become one */
    assert_int_equal(status_of(fixture, "dir-dir").st_mode & 07777, 0700);
    assert_text(fixture->rootfs, "link-dir/b", "new");
    assert_absent(fixture, "target/b");
    assert_text(fixture->rootfs, "target/a", "old");
    assert_text(fixture->rootfs, "link-file", "new");
}

static void writes_through_links_that_stay_inside(void **state)
{
    struct fixture *fixture = *state;
    builder_file(&fixture->layers[0], "usr/lib/a", "a");
    builder_add(&fixture->layers[0],
                (struct builder_entry){.name = "lib", .type = '2', .link = "usr/lib"});
    builder_add(&fixture->layers[0],
                (struct builder_entry){.name = "usr/up", .type = '2', .link = "../usr/lib"});
    builder_file(&fixture->layers[1], "lib/b", "b");
    builder_file(&fixture->layers[1], "usr/up/c", "c");
    unpack(fixture);
    assert_text(fixture->rootfs, "usr/lib/b", "b");
    assert_text(fixture->rootfs, "usr/lib/c", "c");
}

static void applies_whiteouts_to_lower_layers_only(void **state)
{
    struct fixture *fixture = *state;
    builder_file(&fixture->layers[0], "gone", "");
    builder_file(&fixture->layers[0], "tree/a/b", "");
    builder_file(&fixture->layers[0], "kept/hidden", "");
    builder_file(&fixture->layers[0], "again", "old");
    builder_file(&fixture->layers[0], "elsewhere/a", "old");
    builder_add(&fixture->layers[0],
                (struct builder_entry){.name = "link", .type = '2', .link = "elsewhere"});
    /* Before and after the files of their own layer, which they do not hide. */
    builder_file(&fixture->layers[1], "kept/new", "");
    builder_file(&fixture->layers[1], "again", "new");
    builder_file(&fixture->layers[1], ".wh.gone", "");
    builder_file(&fixture->layers[1], ".wh.tree", "");
    builder_file(&fixture->layers[1], ".wh.again", "");
    builder_file(&fixture->layers[1], "kept/.wh..wh..opq", "");
    builder_file(&fixture->layers[1], "no/such/.wh.directory", "");
    builder_add(&fixture->layers[1], (struct builder_entry){.name = "link", .type = '5'});
    builder_file(&fixture->layers[1], "link/.wh..wh..opq", "");
    unpack(fixture);
    assert_absent(fixture, "gone");
    assert_absent(fixture, "tree");
    assert_absent(fixture, "kept/hidden");
    assert_text(fixture->rootfs, "kept/new", "");
    assert_text(fixture->rootfs, "again", "new");
    assert_absent(fixture, ".wh.gone");
    assert_absent(fixture, "no");
    assert_text(fixture->rootfs, "elsewhere/a", "old");
    assert_true(S_ISDIR(status_of(fixture, "link").st_mode));
}

static void lets_a_later_layer_bring_back_what_one_hid(void **state)
{
    struct fixture *fixture = *state;
    builder_file(&fixture->layers[0], "a", "one");
    builder_file(&fixture->layers[1], ".wh.a", "");
    builder_file(&fixture->layers[2], "a", "three");
    unpack(fixture);
    assert_text(fixture->rootfs, "a", "three");
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void refuses_names_that_lead_out(void **state)
{
    struct fixture *fixture = *state;
    static const struct builder_entry entries[] = {
        {.name = "../outside"},
        {.name = "a/../../outside"},
        {.name = "a/b/../x"},
        {.name = ".."},
        {.name = "../outside", .type = '5'},
        {.name = "../outside", .type = '2', .link = "x"},
        {.name = "../.wh.outside"},
        {.name = "h", .type = '1', .link = "../outside"},
    };
    for (size_t i = 0; i < COUNT(entries); i++) {
        buffer_free(&fixture->layers[0]);
        builder_file(&fixture->layers[0], "first", "");
        builder_add(&fixture->layers[0], entries[i]);
        assert_refused(fixture, ": layer 1 (1.tar): tar entry ");
        assert_non_null(strstr(error.message, "at offset 512: "));
        assert_non_null(strstr(error.message, "refused: "));
    }
}

static void takes_absolute_names_for_the_images_own(void **state)
{
    struct fixture *fixture = *state;
    builder_add(&fixture->layers[0], (struct builder_entry){.name = "/", .type = '5'});
    builder_file(&fixture->layers[0], "//hello", "hello");
    builder_add(&fixture->layers[0],
                (struct builder_entry){.name = "/a/link", .type = '1', .link = "/hello"});
    assert_int_equal(unpack_within(fixture, NULL), 0);
    assert_text(fixture->rootfs, "hello", "hello");
    assert_text(fixture->rootfs, "a/link", "hello");
}

static void refuses_parents_that_lead_out(void **state)
{
    struct fixture *fixture = *state;
    static const char *const targets[] = {"..", "../", "/", "/tmp", "a/../..", "/proc/self/root"};
    static const struct builder_entry entries[] = {
        {.name = "link/outside"},
        {.name = "link/new/outside"},
        {.name = "link/outside", .type = '5'},
        {.name = "link/outside", .type = '2', .link = "x"},
        {.name = "link/.wh.outside"},
        {.name = "link/outside", .type = '1', .link = "a/file"},
        {.name = "hard", .type = '1', .link = "link/outside"},
    };
    for (size_t i = 0; i < COUNT(targets); i++) {
        for (size_t j = 0; j < COUNT(entries); j++) {
            buffer_free(&fixture->layers[0]);
            buffer_free(&fixture->layers[1]);
            builder_file(&fixture->layers[0], "a/file", "");
            builder_add(&fixture->layers[0],
                        (struct builder_entry){.name = "link", .type = '2', .link = targets[i]});
            /* A whiteout never follows a link, so it has nothing to refuse. */
            bool whiteout = strstr(entries[j].name, WHITEOUT_PREFIX);
            builder_add(&fixture->layers[whiteout], entries[j]);
            if (whiteout)
                unpack(fixture);
            else
                assert_refused(fixture, " leads out of the image through a symbolic link");
            assert_text(fixture->parent, "outside", "untouched");
        }
    }
}

static void never_writes_through_a_last_link(void **state)
{
    struct fixture *fixture = *state;
    /* The name itself is a link that leads out, and a hard link to one; a file replaces both. */
    builder_add(&fixture->layers[0],
                (struct builder_entry){.name = "a", .type = '2', .link = "../outside"});
    builder_add(&fixture->layers[0], (struct builder_entry){.name = "b", .type = '1', .link = "a"});
    builder_file(&fixture->layers[0], "a", "inside");
    builder_file(&fixture->layers[0], "b", "inside");
    unpack(fixture);
    assert_text(fixture->rootfs, "a", "inside");
    assert_text(fixture->rootfs, "b", "inside");
    assert_text(fixture->parent, "outside", "untouched");
}

static void refuses_entries_that_no_engine_makes(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        struct builder_entry entry;
        const char *message;
    } rows[] = {
        {{.name = "."}, "it would replace the root directory"},
        {{.name = "", .type = '2', .link = "x"}, "it would replace the root directory"},
        {{.name = "v", .type = 'V'}, "unsupported entry type 'V'"},
        {{.name = ".wh."}, "a whiteout names no file"},
        {{.name = ".wh.."}, "a whiteout names no file"},
        {{.name = "a/.wh..."}, "a whiteout names no file"},
        {{.name = "h", .type = '1', .link = "missing"}, "cannot link it to missing"},
        {{.name = "h", .type = '1', .link = "h"}, "cannot link it to h"},
        {{.name = "h", .type = '1', .link = "."}, "cannot link it to ."},
        {{.name = "s", .type = '2', .link = ""}, "cannot create it"},
        {{.name = "first/below"}, "its directory ./first cannot be opened: Not a directory"},
        {{.name = "dangling/x"}, "dangling"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        buffer_free(&fixture->layers[0]);
        builder_file(&fixture->layers[0], "first", "");
        builder_add(&fixture->layers[0],
                    (struct builder_entry){.name = "dangling", .type = '2', .link = "nothing"});
        builder_add(&fixture->layers[0], rows[i].entry);
        assert_refused(fixture, rows[i].message);
        assert_non_null(strstr(error.message, "at offset 1024: "));
    }
}

static void refuses_a_layer_that_is_not_its_diff_id(void **state)
{
    struct fixture *fixture = *state;
    struct buffer tar BUFFER_CLEANUP = {0};
    builder_file(&fixture->layers[0], "hello", "hello");
    builder_file(&fixture->layers[1], "world", "world");
    builder_image(&tar, fixture->layers, 2);
    *strstr((char *)tar.data + 3 * TAR_BLOCK_SIZE + 2 * TAR_BLOCK_SIZE, "orld") = 'x';
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar.data, tar.size, NULL, &error);
    assert_non_null(archive);
    assert_int_equal(packer_unpack(archive, fixture->rootfs, &error), -1);
    assert_non_null(
        strstr(error.message, "the layer 2 does not match its diff ID: expected sha256:"));
    assert_absent(fixture, "hello"); /* nor is the first one written */
}

static void counts_directories_that_no_entry_describes(void **state)
{
    struct fixture *fixture = *state;
    struct packer_limits small = packer_default_limits;
    builder_file(&fixture->layers[0], "a/b/c/d/e/f/g", "");
    small.entries = 9; /* three of the archive, one of the layer and six directories */
    assert_int_equal(unpack_within(fixture, &small), -1);
    assert_non_null(strstr(error.message, "there are more than 9 entries: --limit=entries=NUMBER"));
    small.entries = 10;
    assert_int_equal(unpack_within(fixture, &small), 0);
}

static void removes_deep_trees_or_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct buffer name BUFFER_CLEANUP = {0};
    buffer_append_text(&name, "top");
    for (int i = 0; i < 500; i++)
        buffer_append_text(&name, "/d");
    builder_add(
        &fixture->layers[0],
        (struct builder_entry){.name = "L", .type = 'L', .content = name.data, .size = name.size});
    builder_add(&fixture->layers[0], (struct builder_entry){.name = "x", .type = '5'});
    builder_file(&fixture->layers[1], ".wh.top", "");
    unpack(fixture);
    assert_absent(fixture, "top");
}

int main(void)
{
#define UNPACK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        UNPACK_TEST(makes_every_kind_of_file),
        UNPACK_TEST(gives_exact_modes_under_any_umask),
        UNPACK_TEST(gives_owners_as_root),
        UNPACK_TEST(replaces_what_has_the_name),
        UNPACK_TEST(writes_through_links_that_stay_inside),
        UNPACK_TEST(applies_whiteouts_to_lower_layers_only),
        UNPACK_TEST(lets_a_later_layer_bring_back_what_one_hid),
        UNPACK_TEST(refuses_names_that_lead_out),
        UNPACK_TEST(takes_absolute_names_for_the_images_own),
        UNPACK_TEST(refuses_parents_that_lead_out),
        UNPACK_TEST(never_writes_through_a_last_link),
        UNPACK_TEST(refuses_entries_that_no_engine_makes),
        UNPACK_TEST(refuses_a_layer_that_is_not_its_diff_id),
        UNPACK_TEST(counts_directories_that_no_entry_describes),
        UNPACK_TEST(removes_deep_trees_or_says_so),
    };
    return cmocka_run_group_tests_name("packer/unpack", tests, NULL, NULL);
}
