/* From NASM source or a template to an ELF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "asm/asm.h"
#include "base/buffer.h"
#include "cli/shared/command.h"
#include "cli/shared/layout.h"

/* A linked program. The standard layout has only the ELF; the others a source and a map, too, which
 * are large and so only for those who want them. */
struct linked {
    bool wants_source, wants_map; /* set by whoever links */
    struct buffer elf;
    enum asm_layout layout;
    struct buffer source; /* as it was laid out */
    struct buffer map;    /* of its bytes */
};
#define LINKED_CLEANUP __attribute__((cleanup(linked_free)))

/* Whether `whit link` makes a program of the file: an object, or, by its suffix, a source. */
bool source_is_linked(const char *path);
/* The length of a file name without the suffix of a source or an object, if it has one. */
size_t source_stem_length(const char *name);

/* Links assembly files ("-": standard input), objects and archives. */
int source_link(const struct cli_context *context, char *const *paths, size_t count,
                const struct link_settings *settings, struct linked *linked, struct error *error);
/* Links a template with these KEY=VALUE arguments. */
int source_generate(const struct cli_context *context, const struct asm_template *template,
                    char **arguments, size_t count, const struct link_settings *settings,
                    struct linked *linked, struct error *error);
void linked_free(struct linked *linked);
