/* Several layers as one tar: whatever they hold, it unpacks to what they unpack to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/read.h"
#include "base/temporary.h"
#include "tests/unit/compare.h"
#include "tests/unit/test_packer_read.h"

#define LAYERS  3
#define ENTRIES 5
#define ROUNDS  1000

static struct error error;

/* ---- random layers --------------------------------------------------------------------------- */

static unsigned int seed;

/* From 0 to below the limit; the same in every run. */
static unsigned int choose(unsigned int limit)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % limit;
}

/* "c", "b/d", "a/b/c", ...: few enough that entries meet. Directories are called a and b, and
 * seldom something else is, too. */
static void random_path(char path[static 32], const char *prefix_of_last, bool is_directory)
{
    *path = '\0';
    for (unsigned int depth = choose(3), i = 0; i <= depth; i++) {
        bool is_inner = i < depth || is_directory || choose(12) == 0;
        size_t length = strlen(path);
        snprintf(path + length, 32 - length, "%s%s%c", i ? "/" : "",
                 i < depth ? "" : prefix_of_last, (is_inner ? 'a' : 'c') + choose(2));
    }
}

static void add_random(struct buffer *tar, unsigned int number)
{
    char path[32], link[32], content[32];
    struct builder_entry entry = {.name = path, .mode = 0600 + choose(8)};
    random_path(path, "", false);
    random_path(link, "", false);
    switch (choose(16)) {
    case 0:
    case 1:
        random_path(path, "", true);
        entry.type = TAR_TYPE_DIRECTORY;
        entry.mode = 0755;
        break;
    case 2:
        entry.type = TAR_TYPE_SYMLINK;
        entry.link = link;
        break;
    case 3:
        entry.type = TAR_TYPE_HARD_LINK;
        entry.link = link;
        break;
    case 4:
    case 5:
        random_path(path, WHITEOUT_PREFIX, choose(2) == 0);
        break;
    case 6:
        strcpy(strrchr(path, '/') ? strrchr(path, '/') + 1 : path, WHITEOUT_OPAQUE);
        break;
    default:
        entry.content = content;
        entry.size = (size_t)snprintf(content, sizeof content, "content %u", number);
    }
    builder_add(tar, entry);
}

/* ---- trees ----------------------------------------------------------------------------------- */

/* Appends what is below the directory: a line each, in order. */
static void list(int directory, const char *path, struct buffer *out)
{
    struct dirent **entries;
    int count = scandirat(directory, ".", &entries, NULL, alphasort);
    assert_compare(count, >=, 0);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char text[64] = "";
        struct buffer full BUFFER_CLEANUP = {0};
        struct stat status;
        buffer_printf(&full, "%s/%s", path, name);
        assert_int_equal(fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW), 0);
        bool dot = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        int fd FD_CLEANUP = openat(directory, name, O_RDONLY | O_NOFOLLOW);
        if (S_ISLNK(status.st_mode))
            assert_compare(readlinkat(directory, name, text, sizeof text - 1), >=, 0);
        else if (S_ISREG(status.st_mode))
            assert_compare(read(fd, text, sizeof text - 1), >=, 0);
        if (!dot)
            buffer_printf(out, "%s %o %s\n", buffer_text(&full), status.st_mode, text);
        if (!dot && S_ISDIR(status.st_mode))
            list(fd, buffer_text(&full), out);
        free(entries[i]);
    }
    free(entries);
}

/* Unpacks the layers into a new directory and lists it; false where that is refused. */
static bool unpack(const struct buffer *layers, size_t count, struct buffer *listing)
{
    struct buffer tar BUFFER_CLEANUP = {0};
    char *path TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create("/tmp", &error);
    int rootfs FD_CLEANUP = open(path, O_RDONLY | O_DIRECTORY);
    builder_image(&tar, layers, count);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar.data, tar.size, NULL, &error);
    if (!archive)
        fail_msg("%s", error.message);
    if (packer_unpack(archive, rootfs, &error) < 0)
        return false;
    list(rootfs, "", listing);
    return true;
}

static bool flatten(const struct buffer *layers, size_t count, const struct packer_limits *limits,
                    struct buffer *flat)
{
    struct buffer tar BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(flat);
    builder_image(&tar, layers, count);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar.data, tar.size, limits, &error);
    if (!archive || archive_load_layers(archive, &error) < 0)
        fail_msg("%s", error.message);
    return flatten_write(archive, &sink.sink, &error) == 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void unpacks_to_what_the_layers_unpack_to(void **state)
{
    (void)state;
    unsigned int compared = 0, refused = 0;
    for (seed = 1; seed <= ROUNDS; seed++) {
        unsigned int round = seed;
        struct buffer layers[LAYERS] = {0};
        struct buffer flat BUFFER_CLEANUP = {0};
        struct buffer expected BUFFER_CLEANUP = {0}, got BUFFER_CLEANUP = {0};
        for (size_t i = 0; i < LAYERS; i++) {
            for (unsigned int j = 0; j < ENTRIES; j++)
                add_random(&layers[i], (unsigned int)i * ENTRIES + j);
            builder_end(&layers[i]);
        }
        bool unpacked = unpack(layers, LAYERS, &expected);
        bool flattened = flatten(layers, LAYERS, NULL, &flat);
        if (flattened && !unpacked)
            fail_msg("round %u: only unpacking is refused: %s", round, error.message);
        if (unpacked && !flattened) {
            assert_non_null(strstr(error.message, "refused: "));
            refused++;
        }
        if (unpacked && flattened) {
            if (!unpack(&flat, 1, &got))
                fail_msg("round %u: %s", round, error.message);
            if (strcmp(buffer_text(&expected), buffer_text(&got)) != 0)
                fail_msg("round %u: expected\n%sgot\n%s", round, buffer_text(&expected),
                         buffer_text(&got));
            compared++;
        }
        for (size_t i = 0; i < LAYERS; i++)
            buffer_free(&layers[i]);
        seed = round;
    }
    assert_compare(compared, >, ROUNDS / 10);
    assert_compare(refused, <, compared);
}

static void limits_what_deep_names_cost(void **state)
{
    (void)state;
    struct buffer layers[2] = {0};
    struct buffer flat BUFFER_CLEANUP = {0};
    struct packer_limits limits = packer_default_limits;
    for (int i = 0; i < 20; i++) {
        char name[100];
        int length = snprintf(name, sizeof name, "%d/", i);
        for (; length < 90; length += 2)
            strcpy(name + length, "d/");
        builder_add(&layers[0], (struct builder_entry){.name = name, .type = TAR_TYPE_DIRECTORY});
    }
    builder_end(&layers[0]);
    builder_file(&layers[1], ".wh.0", "");
    builder_end(&layers[1]);
    assert_true(flatten(layers, 2, &limits, &flat));
    limits.entries = 500;
    assert_false(flatten(layers, 2, &limits, &flat));
    assert_non_null(strstr(error.message, "more than 500 entries"));
    buffer_free(&layers[0]);
    buffer_free(&layers[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacks_to_what_the_layers_unpack_to),
        cmocka_unit_test(limits_what_deep_names_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
