/* Versions of symbols (LSB, "Symbol Versioning"): do the libraries define those that are needed? */
#include "elfcheck/libraries/libraries_internal.h"

#include <string.h>

#include "base/text.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/libraries/libraries.h"

static bool defines(const struct object *object, const char *version)
{
    const struct strings *versions = &object->linkage.versions;
    for (size_t i = 0; i < versions->count; i++)
        if (strcmp(versions->items[i], version) == 0)
            return true;
    return false;
}

static void report_versions(struct elfcheck_inspection *inspection, const struct object *object,
                            const struct object *library, const struct strings *missing)
{
    struct buffer message BUFFER_CLEANUP = {0};
    if (object->parent) {
        append_library_name(object->path, &message);
        buffer_append_text(&message, " ");
    }
    buffer_append_text(&message, "needs ");
    append_library_names(missing, missing->count, &message);
    buffer_append_text(&message, ", which ");
    append_library_name(library->path, &message);
    buffer_append_text(&message, " does not define");
    report_library_finding(inspection, &message);
}

/* One finding for each library whose versions do not do. */
void judge_versions(struct elfcheck_inspection *inspection, const struct object *object)
{
    const struct linkage *linkage = &object->linkage;
    for (size_t i = 0; i < linkage->needed_version_count && !inspection->failed;) {
        const struct version *first = &linkage->needed_versions[i];
        const struct object *library = find_loaded(inspection->libraries, first->library);
        struct strings missing STRINGS_CLEANUP = {0};
        for (; i < linkage->needed_version_count &&
               strcmp(linkage->needed_versions[i].library, first->library) == 0;
             i++) {
            const char *name = linkage->needed_versions[i].name;
            /* A library without any versions is taken as it is. */
            if (library && library->linkage.has_versions && !defines(library, name))
                inspection->failed |= strings_append(&missing, name, inspection->error) < 0;
        }
        if (missing.count && !inspection->failed)
            report_versions(inspection, object, library, &missing);
    }
}

static void check_library_versions(struct elfcheck_inspection *inspection)
{
    const struct libraries *libraries = inspection->libraries;
    if (!libraries || !libraries->is_loadable || libraries->is_too_much ||
        libraries->search.kind != LOADER_GLIBC)
        return;
    for (size_t i = 0; i < libraries->count && !inspection->failed; i++)
        judge_versions(inspection, libraries->objects[i]);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule library_version_rows[] = {
    {
        .id = "EC240",
        .name = "library-versions",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_LOADER,
        .summary =
            "The libraries in the image define the symbol versions that are required of them.",
        .remedy = "take the libraries from the system that built the program, or build it on one "
                  "that is no newer than the image's",
        .source = "LSB, Symbol Versioning; glibc elf/dl-version.c, match_symbol",
        .check = check_library_versions,
    },
};

const struct rule_table library_version_rules = {library_version_rows, COUNT(library_version_rows)};
