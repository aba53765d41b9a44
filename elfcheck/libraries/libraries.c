/*
 * The shared libraries that a program or a library needs, in a root: are they there, and would the
 * loader load them? It loads breadth first, each file once.
 */
#include "elfcheck/libraries/libraries_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/read.h"
#include "base/text.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/libraries/libraries.h"

/* Of objects whose libraries are missing this many are told. */
#define MAX_FINDINGS 32

/* ---- the libraries --------------------------------------------------------------------------- */

/* One library that is looked for. */
struct wanted {
    struct elfcheck_inspection *inspection;
    const struct object *parent;
    const char *name;
    char *fault; /* why a file that was found cannot be loaded; NULL: there is none */
};

/* Whether the loader goes by such a file as if it were not there. */
static bool is_of_other_kind(const struct elfcheck_inspection *program,
                             const struct elfcheck_inspection *library)
{
    unsigned char class = program->is_32bit ? ELFCLASS32 : ELFCLASS64;
    return library->header.e_ident[EI_CLASS] != class ||
           library->report->machine != program->header.e_machine;
}

/* What keeps a loader from loading a file, or NULL (glibc elf/dl-load.c, open_verify and
 * _dl_map_object_from_fd). */
static const char *library_fault(const struct elfcheck_inspection *library)
{
    const unsigned char *ident = library->header.e_ident;
    if (library->loader == LOADER_NONE)
        return "is of neither type DYN nor EXEC, or for another machine";
    if (ident[EI_DATA] != ELFDATA2LSB || ident[EI_VERSION] != EV_CURRENT)
        return "has a wrong ELF header";
    if (!library->segments || !next_load_segment(library, NULL))
        return "has no segment to load";
    return next_segment(library, PT_DYNAMIC, NULL) ? NULL : "has no dynamic section";
}

static enum attempt refuse(struct wanted *wanted, const char *path, const char *fault)
{
    struct buffer text BUFFER_CLEANUP = {0};
    append_library_name(path, &text);
    buffer_printf(&text, " %s", fault);
    struct error *error = wanted->inspection->error;
    if (buffer_check(&text, error) < 0 || text_copy(&wanted->fault, buffer_text(&text), error) < 0)
        wanted->inspection->failed = true;
    return ATTEMPT_FAILED;
}

/* Whether it is one of those that are loaded, under another name. */
static bool is_same(const struct object *object, const struct stat *status)
{
    return object && object->device == status->st_dev && object->inode == status->st_ino;
}

static bool is_loaded_file(const struct libraries *libraries, const struct stat *status)
{
    for (size_t i = 1; i < libraries->count; i++)
        if (is_same(libraries->objects[i], status))
            return true;
    return is_same(libraries->loader, status);
}

static enum attempt add_library(struct wanted *wanted, struct elfcheck_inspection *library,
                                const char *path, const struct stat *status)
{
    struct libraries *libraries = wanted->inspection->libraries;
    if (libraries->count == MAX_OBJECTS) {
        libraries->is_too_much = true;
        return ATTEMPT_FAILED;
    }
    struct object *object = object_new(wanted->inspection, path, wanted->name, wanted->parent);
    if (!object)
        return ATTEMPT_FAILED;
    libraries->objects[libraries->count++] = object;
    object->device = status->st_dev;
    object->inode = status->st_ino;
    if (linkage_read(library, &libraries->budget, &object->linkage) < 0)
        wanted->inspection->failed = true;
    return wanted->inspection->failed ? ATTEMPT_FAILED : ATTEMPT_FOUND;
}

static enum attempt try_file(struct wanted *wanted, int fd, const char *path,
                             const struct stat *status)
{
    struct elfcheck_inspection *inspection = wanted->inspection;
    struct elfcheck_report report = {0};
    struct elfcheck_inspection library INSPECTION_CLEANUP = {0};
    if (inspection_open_raw(&library, fd, path, inspection->settings, &report, inspection->error) <
        0) {
        inspection->failed = true;
        return ATTEMPT_FAILED;
    }
    if (!report.is_elf || library.size < inspection->header_size)
        return refuse(wanted, path, "is not an ELF file");
    if (inspection->libraries->search.kind == LOADER_GLIBC &&
        is_of_other_kind(inspection, &library))
        return ATTEMPT_NEXT;
    const char *fault = library_fault(&library);
    return fault ? refuse(wanted, path, fault) : add_library(wanted, &library, path, status);
}

static enum attempt try_library(void *context, const char *path)
{
    struct wanted *wanted = context;
    struct stat status;
    int fd FD_CLEANUP = root_open(wanted->inspection->settings->root, path);
    if (fd < 0 || fstat(fd, &status) < 0)
        return ATTEMPT_NEXT;
    if (is_loaded_file(wanted->inspection->libraries, &status))
        return ATTEMPT_FOUND;
    if (!S_ISREG(status.st_mode))
        return refuse(wanted, path, "is not a file");
    return try_file(wanted, fd, path, &status);
}

/* musl's loader is its libc, too: these names lead to itself (ldso/dynlink.c, load_library). */
static bool is_musl_itself(const char *name)
{
    static const char *const parts[] = {"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."};
    if (strncmp(name, "lib", 3) != 0)
        return false;
    for (size_t i = 0; i < COUNT(parts); i++)
        if (strncmp(name + 3, parts[i], strlen(parts[i])) == 0)
            return true;
    return false;
}

/* Looks for one library. What is missing is added to the words, what is broken told at once. */
static void load_one(struct elfcheck_inspection *inspection, const struct object *parent,
                     const char *name, struct strings *missing)
{
    struct libraries *libraries = inspection->libraries;
    bool is_musl = libraries->search.kind == LOADER_MUSL;
    struct wanted wanted = {.inspection = inspection, .parent = parent, .name = name};
    if (find_loaded(libraries, name) || (is_musl && is_musl_itself(name)))
        return;
    enum attempt found = try_library_paths(&libraries->search, parent, name, &libraries->budget,
                                           try_library, &wanted, inspection->error);
    char *fault TEXT_CLEANUP = wanted.fault;
    if (found == ATTEMPT_NEXT) {
        inspection->failed |= strings_append(missing, name, inspection->error) < 0;
    } else if (fault) {
        struct buffer message BUFFER_CLEANUP = {0};
        buffer_append_text(&message, "needs ");
        append_library_name(name, &message);
        buffer_printf(&message, ", but %s", fault);
        report_library_finding(inspection, &message);
    }
}

static void report_missing(struct elfcheck_inspection *inspection, const struct object *object,
                           const struct strings *missing)
{
    struct buffer message BUFFER_CLEANUP = {0};
    if (missing->count == 0 || inspection->failed)
        return;
    if (object->parent) {
        append_library_name(object->path, &message);
        buffer_append_text(&message, " ");
    }
    buffer_append_text(&message, "needs ");
    append_library_names(missing, missing->count, &message);
    buffer_printf(&message, ", which %s not there", missing->count == 1 ? "is" : "are");
    report_library_finding(inspection, &message);
    set_finding_remedy(inspection,
                       "put %s there (whit pack --add=FILE[:PATH]); ldd shows where the machine "
                       "that built the program has %s",
                       missing->count == 1 ? "it" : "them", missing->count == 1 ? "it" : "them");
}

/* Loads all that is needed, breadth first as loaders do. */
static void load_all(struct elfcheck_inspection *inspection)
{
    struct libraries *libraries = inspection->libraries;
    size_t found = 0;
    for (size_t i = 0; i < libraries->count && found < MAX_FINDINGS; i++) {
        const struct object *object = libraries->objects[i];
        struct strings missing STRINGS_CLEANUP = {0};
        for (size_t j = 0; j < object->linkage.needed.count && !inspection->failed; j++)
            load_one(inspection, object, object->linkage.needed.items[j], &missing);
        if (interrupt_check(inspection->error) < 0)
            inspection->failed = true;
        found += missing.count > 0;
        report_missing(inspection, object, &missing);
    }
    if (!libraries->budget.bytes || !libraries->budget.opens)
        libraries->is_too_much = true;
}

static void check_libraries(struct elfcheck_inspection *inspection)
{
    struct libraries *libraries = libraries_of(inspection);
    if (!libraries)
        return;
    const struct linkage *linkage = &libraries->objects[0]->linkage;
    if (linkage->needed_count == 0)
        return;
    inspection->report->is_static = false;
    if (!libraries->is_loadable)
        return;
    load_all(inspection);
    if (libraries->is_too_much && !inspection->failed)
        report_finding(inspection, linkage->offset,
                       "needs more libraries, or libraries that say more, than whit follows");
}

/* ---- shared libraries themselves ------------------------------------------------------------- */

static void check_library_needs(struct elfcheck_inspection *inspection)
{
    struct libraries *libraries = libraries_of(inspection);
    struct strings missing STRINGS_CLEANUP = {0};
    if (!libraries || !find_loader(inspection))
        return;
    const struct object *library = libraries->objects[0];
    for (size_t i = 0; i < library->linkage.needed.count && !inspection->failed; i++)
        load_one(inspection, library, library->linkage.needed.items[i], &missing);
    report_missing(inspection, library, &missing);
    if (!inspection->failed && libraries->search.kind == LOADER_GLIBC)
        judge_versions(inspection, library);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule library_rows[] = {
    {
        .id = "EC202",
        .name = "shared-libraries",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_LOADER,
        .summary = "All shared libraries that the program needs (DT_NEEDED), and those that they "
                   "need in turn, are where the loader searches.",
        .remedy = STATIC_REMEDY,
        .source = "gABI, Dynamic Section, DT_NEEDED; glibc elf/dl-load.c; musl ldso/dynlink.c",
        .check = check_libraries,
    },
};

const struct rule_table library_rules = {library_rows, COUNT(library_rows)};

static const struct elfcheck_rule plugin_rows[] = {
    {
        .id = "EC241",
        .name = "library-needs",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .outcome = ELFCHECK_LOADER,
        .summary = "The libraries that a shared library in the image or directory needs exist.",
        .remedy = "add them, or leave out the library if no program loads it",
        .source = "gABI, Dynamic Section, DT_NEEDED; glibc elf/dl-load.c; musl ldso/dynlink.c",
        .libraries_only = true,
        .check = check_library_needs,
    },
};

const struct rule_table plugin_rules = {plugin_rows, COUNT(plugin_rows)};
