/* The walker of directory trees: any depth, in order, whatever happens to the tree meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/read.h"
#include "base/strings.h"
#include "base/temporary.h"
#include "base/text.h"
#include "base/tree.h"
#include "tests/unit/compare.h"

#define DEPTH \
    3000 /* of names of 4 letters: more than PATH_MAX and than a process has descriptors */

static struct error error;

/* ---- trees ----------------------------------------------------------------------------------- */

struct place {
    char *path;
    int fd;
};

static int make_place(void **state)
{
    static struct place place;
    place.path = temporary_directory_create("/tmp", &error);
    place.fd = open(place.path, O_RDONLY | O_DIRECTORY);
    *state = &place;
    return place.fd < 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    char *path = strdup(place->path);
    close(place->fd);
    temporary_directory_remove(&place->path);
    bool is_left = access(path, F_OK) == 0;
    free(path);
    return is_left;
}

static void run_in(const struct place *place, const char *script)
{
    char *command TEXT_CLEANUP = NULL;
    assert_int_equal(text_format(&command, &error, "cd %s && %s", place->path, script), 0);
    assert_int_equal(system(command), 0);
}

static void make_deep(const struct place *place, int depth)
{
    int fd = dup(place->fd);
    for (int i = 0; i < depth; i++) {
        assert_int_equal(mkdirat(fd, "deep", 0755), 0);
        int below = openat(fd, "deep", O_RDONLY | O_DIRECTORY);
        close(fd);
        fd = below;
        assert_compare(fd, >=, 0);
    }
    close(fd);
}

static struct rlimit limit_descriptors(rlim_t count)
{
    struct rlimit before, few;
    getrlimit(RLIMIT_NOFILE, &before);
    few = (struct rlimit){.rlim_cur = count, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    return before;
}

/* Appends what a walk meets, a word an event: "+a a/f -a". */
static void list_walk(const struct place *place, unsigned flags, tree_order *order,
                      struct buffer *out)
{
    static const char marks[] = {
        [TREE_FILE] = '=', [TREE_ENTER] = '+', [TREE_LEAVE] = '-', [TREE_FAILED] = '!'};
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(place->fd, flags, order);
    struct tree_entry entry;
    int got;
    while ((got = tree_next(&walk, &entry, &error)) > 0)
        buffer_printf(out, "%c%s ", marks[entry.event], entry.path);
    assert_int_equal(got, 0);
}

/* ---- what must hold -------------------------------------------------------------------------- */

static void walks_deeper_than_paths_and_descriptors(void **state)
{
    struct place *place = *state;
    make_deep(place, DEPTH);
    struct rlimit before = limit_descriptors(32);
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(place->fd, 0, NULL);
    struct tree_entry entry;
    size_t entered = 0, left = 0, longest = 0;
    int got;
    while ((got = tree_next(&walk, &entry, &error)) > 0) {
        assert_int_equal(entry.failure, 0);
        entered += entry.event == TREE_ENTER;
        left += entry.event == TREE_LEAVE;
        longest = strlen(entry.path) > longest ? strlen(entry.path) : longest;
    }
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(got, 0);
    assert_int_equal(entered, DEPTH + 1);
    assert_int_equal(left, DEPTH + 1);
    assert_int_equal(longest, DEPTH * strlen("/deep") - 1);
}

static void removes_deeper_than_paths_and_descriptors(void **state)
{
    struct place *place = *state;
    make_deep(place, DEPTH);
    struct rlimit before = limit_descriptors(32);
    int removed = tree_remove(place->fd, "deep", &error);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(removed, 0);
    assert_int_equal(faccessat(place->fd, "deep", F_OK, 0), -1);
}

static void keeps_the_order_asked_for(void **state)
{
    struct place *place = *state;
    run_in(place, "mkdir -p a b && touch z a/y a.c a-c b/x");
    struct buffer files_first BUFFER_CLEANUP = {0}, by_path BUFFER_CLEANUP = {0};
    list_walk(place, 0, tree_files_first, &files_first);
    list_walk(place, 0, tree_by_path, &by_path);
    assert_string_equal(buffer_text(&files_first), "+ =a-c =a.c =z +a =a/y -a +b =b/x -b - ");
    assert_string_equal(buffer_text(&by_path), "+ =a-c =a.c +a =a/y -a +b =b/x -b =z - ");
}

static void follows_links_only_when_told(void **state)
{
    struct place *place = *state;
    run_in(place, "mkdir -p real && touch real/f && ln -s real link && ln -s nowhere lost");
    struct buffer physical BUFFER_CLEANUP = {0}, followed BUFFER_CLEANUP = {0};
    list_walk(place, 0, tree_by_path, &physical);
    list_walk(place, TREE_FOLLOW, tree_by_path, &followed);
    assert_string_equal(buffer_text(&physical), "+ =link =lost +real =real/f -real - ");
    assert_string_equal(buffer_text(&followed),
                        "+ +link =link/f -link =lost +real =real/f -real - ");
}

static void ends_where_a_link_leads_back(void **state)
{
    struct place *place = *state;
    run_in(place, "mkdir -p a/b && ln -s ../.. a/b/up");
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(place->fd, TREE_FOLLOW, NULL);
    struct tree_entry entry;
    size_t loops = 0;
    int got;
    while ((got = tree_next(&walk, &entry, &error)) > 0)
        loops += entry.event == TREE_FAILED && entry.failure == ELOOP;
    assert_int_equal(got, 0);
    assert_int_equal(loops, 1);
}

/* ".." of what a link leads to is another directory: those above it have to stay open. */
static void comes_back_from_links_in_deep_trees(void **state)
{
    struct place *place = *state;
    make_deep(place, 100);
    run_in(place, "cd deep/deep && ln -s $PWD/deep/deep/deep jump && touch zzz");
    struct buffer out BUFFER_CLEANUP = {0};
    list_walk(place, TREE_FOLLOW, tree_by_path, &out);
    assert_non_null(strstr(buffer_text(&out), "=deep/deep/zzz -deep/deep -deep - "));
    assert_null(strchr(buffer_text(&out), '!'));
}

static void skips_a_directory(void **state)
{
    struct place *place = *state;
    run_in(place, "mkdir -p a/b c && touch a/b/x c/y");
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(place->fd, 0, tree_by_path);
    struct tree_entry entry;
    struct buffer seen BUFFER_CLEANUP = {0};
    while (tree_next(&walk, &entry, &error) > 0) {
        if (entry.event == TREE_ENTER && strcmp(entry.path, "a") == 0)
            tree_skip(&walk);
        if (entry.event == TREE_FILE)
            buffer_append_text(&seen, entry.path);
    }
    assert_string_equal(buffer_text(&seen), "c/y");
}

static void grants_the_owner_access(void **state)
{
    struct place *place = *state;
    run_in(place, "mkdir -p a/b && touch a/b/f && chmod 0 a/b a");
    struct buffer out BUFFER_CLEANUP = {0};
    list_walk(place, TREE_GRANT, NULL, &out);
    assert_string_equal(buffer_text(&out), "+ +a +a/b =a/b/f -a/b -a - ");
    struct stat status;
    assert_int_equal(fstatat(place->fd, "a/b", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, S_IRWXU);
}

/* A directory that is moved away while the walk is below it: its parent is not where ".." leads. */
static void reports_once_what_cannot_be_reached_again(void **state)
{
    struct place *place = *state;
    make_deep(place, 60);
    run_in(place, "mkdir away");
    struct tree_walk walk TREE_WALK_CLEANUP = tree_walk(place->fd, 0, tree_by_path);
    struct tree_entry entry;
    size_t failures = 0, entered = 0, left = 0;
    int got;
    while ((got = tree_next(&walk, &entry, &error)) > 0) {
        if (entry.event == TREE_ENTER && entry.depth == 60)
            run_in(place, "mv deep/deep/deep/deep away/");
        failures += entry.failure == ESTALE;
        entered += entry.event == TREE_ENTER;
        left += entry.event == TREE_LEAVE;
    }
    assert_int_equal(got, 0);
    assert_int_equal(failures, 1);
    assert_int_equal(entered, left);
}

static void adds_up_the_sizes_of_files(void **state)
{
    struct place *place = *state;
    uint64_t size = 0;
    run_in(place, "mkdir -p a/b && printf 123 >a/b/f && printf 4567 >g && ln -s g link");
    assert_int_equal(tree_size(place->fd, &size, &error), 0);
    assert_int_equal(size, 7);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(walks_deeper_than_paths_and_descriptors),
        IN_PLACE(removes_deeper_than_paths_and_descriptors),
        IN_PLACE(keeps_the_order_asked_for),
        IN_PLACE(follows_links_only_when_told),
        IN_PLACE(ends_where_a_link_leads_back),
        IN_PLACE(comes_back_from_links_in_deep_trees),
        IN_PLACE(skips_a_directory),
        IN_PLACE(grants_the_owner_access),
        IN_PLACE(reports_once_what_cannot_be_reached_again),
        IN_PLACE(adds_up_the_sizes_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
