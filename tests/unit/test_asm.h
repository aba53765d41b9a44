/* What the tests of asm/ share: a folder of their own with a template in it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "asm/asm.h"
#include "base/temporary.h"

/* Each test's own; its folder is removed after it. */
static struct error error;
static char *folder;

static inline int make_folder(void **state)
{
    (void)state;
    folder = temporary_directory_create("/tmp", &error);
    return folder ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    (void)state;
    temporary_directory_remove(&folder);
    return 0;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* The path of a name in the folder; valid until the next call but three. */
static inline const char *path_of(const char *name)
{
    static char paths[4][PATH_MAX];
    static size_t next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

/* Writes a file in the folder, with the folders above it. */
static inline const char *write_file(const char *name, const void *data, size_t size)
{
    const char *path = path_of(name);
    char parent[PATH_MAX];
    for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
        snprintf(parent, sizeof parent, "%s/%.*s", folder, (int)(slash - name), name);
        assert_true(mkdir(parent, 0700) == 0 || errno == EEXIST);
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline const char *write_text(const char *name, const char *text)
{
    return write_file(name, text, strlen(text));
}

#define TEMPLATE_JSON(parameters)                                                             \
    "{\"summary\": \"for tests\", \"parameters\": [" parameters "], \"contract\": [\"one\"]," \
    " \"syscalls\": [\"exit\"], \"example\": \"whit build demo\"}"

/* Loads the template "demo" with these parameters: the inside of the JSON array. */
static inline int load_demo(struct asm_template *template, const char *parameters)
{
    struct buffer json BUFFER_CLEANUP = {0};
    buffer_printf(&json, TEMPLATE_JSON("%s"), parameters);
    write_file("templates/demo/template.json", json.data, json.size);
    return asm_template_load(&(struct asm_data){.directory = folder}, "demo", template, &error);
}

static inline void assert_message(const char *part)
{
    if (!strstr(error.message, part))
        fail_msg("'%s' does not say '%s'", error.message, part);
}

/* As asm_link or, in another layout than the standard one, asm_link_small do it for one source. */
static inline int link_source(const char *source, const struct asm_link_options *options,
                              struct buffer *elf)
{
    struct strings inputs STRINGS_CLEANUP = {0};
    if (strings_append(&inputs, source, &error) < 0)
        return -1;
    return options->layout == ASM_STANDARD
               ? asm_link(&inputs, options, elf, &error)
               : asm_link_small(&inputs, options, elf, NULL, NULL, &error);
}
