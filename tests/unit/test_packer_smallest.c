/* --smallest: the image of any candidate is whole, and the search finds the same each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "packer/smallest/candidate.h"
#include "packer/smallest/search.h"

static struct error error;
static unsigned char program[85];
static struct buffer contents[] = {{.data = program, .size = sizeof program}};
static const struct packer_file files[] = {
    {.path = "hello", .mode = 0755, .content = {.data = program, .size = sizeof program}}};
static const char *const command[] = {"/hello", NULL};
static const char *const tags[] = {"a:1", "b:2", NULL};
static const struct packer_image image = {
    .config = {.architecture = "amd64", .command = command},
    .files = files,
    .file_count = 1,
    .tags = tags,
    .is_name_free = true,
};

/* Docker archive, OCI layout, both; each strict and not. */
#define FORMS 6

static struct search_space space_of(unsigned form)
{
    for (size_t i = 0; i < sizeof program; i++)
        program[i] = (unsigned char)(i * 37);
    return (struct search_space){.image = &image,
                                 .contents = contents,
                                 .has_docker = form % 3 != 1,
                                 .has_oci = form % 3 > 0,
                                 .is_gzip = true,
                                 .is_strict = form >= 3,
                                 .needs = PACKER_NEEDS_ARCHITECTURE};
}

static void builds_each_order_of_the_files_once(void **state)
{
    (void)state;
    const struct search_space space = space_of(2);
    const size_t orders = choice_count(&space, CHOICE_FILE_ORDER);
    assert_int_equal(orders, 720);
    size_t(*sizes)[CANDIDATE_FILES] = calloc(orders, sizeof *sizes); /* which tell files apart */
    assert_non_null(sizes);
    for (size_t i = 0; i < orders; i++) {
        struct candidate_image made CANDIDATE_IMAGE_CLEANUP = {0};
        const struct candidate candidate = {{[CHOICE_FILE_ORDER] = (unsigned short)i}};
        assert_int_equal(candidate_build(&space, &candidate, 1, &made, &error), 0);
        assert_int_equal(made.count, CANDIDATE_FILES);
        for (size_t j = 0; j < made.count; j++)
            sizes[i][j] = made.files[j].content.size;
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(sizes[i], sizes[j], sizeof *sizes);
    }
    free(sizes);
}

/* What reads images finds the command, the layer and all digests in it. */
static void is_whole(const struct candidate_image *made)
{
    struct buffer text BUFFER_CLEANUP = {0};
    size_t mismatches = 1;
    int fd = memfd_create("image", MFD_CLOEXEC);
    assert_int_equal(write(fd, made->tar.data, made->tar.size), made->tar.size);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open_file(fd, "image", "/tmp", &packer_default_limits, &error);
    if (!archive)
        fail_msg("%s", error.message);
    assert_int_equal(packer_inspect_json(archive, &text, &mismatches, &error), 0);
    assert_int_equal(mismatches, 0);
    assert_non_null(strstr(buffer_text(&text), "\"ok\":true"));
}

static void builds_a_whole_image_of_any_candidate(void **state)
{
    (void)state;
    unsigned chance = 1;
    for (unsigned form = 0; form < FORMS; form++) {
        const struct search_space space = space_of(form);
        for (unsigned i = 0; i < 100; i++) {
            struct candidate_image made CANDIDATE_IMAGE_CLEANUP = {0};
            struct candidate candidate;
            for (unsigned choice = 0; choice < CHOICES; choice++) {
                chance = chance * 1103515245 + 12345;
                candidate.value[choice] =
                    (unsigned short)((chance >> 8) % choice_count(&space, (enum choice)choice));
            }
            if (candidate_build(&space, &candidate, 1, &made, &error) < 0)
                assert_non_null(strstr(error.message, "two files are named"));
            else
                is_whole(&made);
        }
    }
}

static void finds_the_same_with_any_number_of_threads(void **state)
{
    (void)state;
    const struct search_space space = space_of(0);
    struct candidate found[2];
    for (size_t i = 0; i < 2; i++) {
        const struct packer_search search = {.tries = 150, .threads = i ? 3 : 1};
        found[i] = (struct candidate){{[CHOICE_CONFIG_NAME] = 1}};
        search_improve(&space, &search, &found[i]);
    }
    assert_memory_equal(&found[0], &found[1], sizeof found[0]);
}

static bool stop(void *context, uint64_t tries, uint64_t size)
{
    uint64_t *seen = context;
    assert_in_range(size, 201, 999);
    *seen = tries;
    return false;
}

static void ends_when_it_is_told_to(void **state)
{
    (void)state;
    const struct search_space space = space_of(0);
    struct candidate candidate = {{[CHOICE_CONFIG_NAME] = 1}};
    uint64_t seen = 0;
    const struct packer_search search = {
        .tries = 100000, .threads = 2, .goes_on = stop, .context = &seen};
    search_improve(&space, &search, &candidate);
    assert_in_range(seen, 1, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_each_order_of_the_files_once),
        cmocka_unit_test(builds_a_whole_image_of_any_candidate),
        cmocka_unit_test(finds_the_same_with_any_number_of_threads),
        cmocka_unit_test(ends_when_it_is_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
