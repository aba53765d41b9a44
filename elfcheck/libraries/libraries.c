/*
 * The dynamic loader of a program and the shared libraries: in an empty image there are none; in a
 * root, are they there, and do they fit?
 */
#include "elfcheck/libraries/libraries.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/read.h"
#include "base/text.h"
#include "elfcheck/checks.h"
#include "elfcheck/libraries/libraries_internal.h"
#include "elfcheck/needs/needs.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/interpreter.h"

#define MAX_OBJECTS 1000
#define MAX_BYTES   (16 * 1024 * 1024)
#define MAX_OPENS   100000

/* More are counted, not named. */
#define MAX_NAMED    8
#define MAX_FINDINGS 32

#define UNKNOWN_PATH "/program"

/* What is known of a program's libraries. */
struct libraries {
    struct budget budget;
    struct search search;
    bool is_loadable;                    /* the loader is there, and one that is known */
    struct object *loader;               /* which has loaded itself */
    struct object *objects[MAX_OBJECTS]; /* the program, and what it needs, breadth first */
    size_t count;
    bool is_too_much; /* there are more than anybody looks at */
};

static void object_free(struct object *object)
{
    if (!object)
        return;
    free(object->path);
    free(object->asked);
    linkage_free(&object->linkage);
    free(object);
}

void libraries_free(struct libraries *libraries)
{
    if (!libraries)
        return;
    for (size_t i = 0; i < libraries->count; i++)
        object_free(libraries->objects[i]);
    object_free(libraries->loader);
    search_free(&libraries->search);
    free(libraries);
}

static void fail_of_memory(struct elfcheck_inspection *inspection)
{
    fail_out_of_memory(inspection);
}

/* A new object; NULL where memory ran out. */
static struct object *object_new(struct elfcheck_inspection *inspection, const char *path,
                                 const char *asked, const struct object *parent)
{
    struct object *object = calloc(1, sizeof *object);
    if (object) {
        object->path = strdup(path);
        object->asked = asked ? strdup(asked) : NULL;
        object->parent = parent;
    }
    if (object && object->path && (object->asked || !asked))
        return object;
    object_free(object);
    fail_of_memory(inspection);
    return NULL;
}

/* Reads what the program itself says, once. NULL where the inspection has failed. */
static struct libraries *libraries_of(struct elfcheck_inspection *inspection)
{
    struct libraries *libraries = inspection->libraries;
    if (libraries)
        return inspection->failed ? NULL : libraries;
    const char *path = inspection->settings->path;
    inspection->libraries = libraries = calloc(1, sizeof *libraries);
    if (!libraries) {
        fail_of_memory(inspection);
        return NULL;
    }
    libraries->budget = (struct budget){.bytes = MAX_BYTES, .opens = MAX_OPENS};
    struct object *program = object_new(inspection, path ? path : UNKNOWN_PATH, NULL, NULL);
    if (!program)
        return NULL;
    libraries->objects[libraries->count++] = program;
    return linkage_read(inspection, &libraries->budget, &program->linkage) < 0 ? NULL : libraries;
}

/* ---- words ----------------------------------------------------------------------------------- */

static void append_name(const char *name, struct buffer *out)
{
    if (*name)
        text_append_visible(out, name, strlen(name));
    else
        buffer_append_text(out, "(a name that cannot be read)");
}

/* "a, b and 2 more". */
static void append_names(const struct strings *names, size_t count, struct buffer *out)
{
    size_t named = count < MAX_NAMED ? count : MAX_NAMED;
    for (size_t i = 0; i < named && i < names->count; i++) {
        buffer_append_text(out, i ? ", " : "");
        append_name(names->items[i], out);
    }
    if (count > named)
        buffer_printf(out, " and %zu more", count - named);
}

/* Adds a finding at the dynamic section whose message is in the buffer. */
static void find(struct elfcheck_inspection *inspection, const struct buffer *message)
{
    inspection->failed |= buffer_check(message, inspection->error) < 0;
    if (!inspection->failed)
        report_finding(inspection, inspection->libraries->objects[0]->linkage.offset, "%s",
                       buffer_text(message));
}

/* ---- the dynamic loader ---------------------------------------------------------------------- */

/* What Linux has against a file as an interpreter (load_elf_binary, load_elf_interp), or NULL. */
static const char *interpreter_fault(const struct elfcheck_inspection *program,
                                     const struct elfcheck_inspection *loader,
                                     enum elfcheck_outcome *outcome)
{
    const struct elfcheck_report *report = loader->report;
    *outcome = ELFCHECK_EIO;
    if (loader->size < program->header_size)
        return "which is shorter than an ELF header";
    *outcome = ELFCHECK_ELIBBAD;
    if (!report->is_elf)
        return "which is not an ELF file";
    if (report->machine != program->header.e_machine)
        return "which is made for another machine";
    if (!loader->segments)
        return "whose program headers Linux refuses";
    *outcome = ELFCHECK_KILLED;
    if (loader->loader == LOADER_NONE)
        return "which is neither of type EXEC nor DYN";
    return next_load_segment(loader, NULL) ? NULL : "which has no segment to load";
}

static void find_fault(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                       const char *path, const char *problem, enum elfcheck_outcome outcome)
{
    struct buffer name BUFFER_CLEANUP = {0};
    append_name(path, &name);
    inspection->failed |= buffer_check(&name, inspection->error) < 0;
    report_finding(inspection, segment->p_offset, "needs %s, %s", buffer_text(&name), problem);
    set_finding_outcome(inspection, outcome);
    set_finding_remedy(inspection,
                       "put it there (whit pack --add=%s) with the libraries that the program "
                       "needs, which ldd lists; or link the program statically",
                       buffer_text(&name));
}

/* Keeps what the loader is and where it looks. */
static void learn_loader(struct elfcheck_inspection *inspection, struct elfcheck_inspection *loader,
                         const char *path)
{
    struct libraries *libraries = inspection->libraries;
    libraries->loader = object_new(inspection, path, path, NULL);
    if (!libraries->loader)
        return;
    if (linkage_read(loader, &libraries->budget, &libraries->loader->linkage) < 0 ||
        search_init(&libraries->search, inspection->settings->root, loader->fd, path,
                    inspection->is_32bit, inspection->error) < 0)
        inspection->failed = true;
    libraries->is_loadable = libraries->search.kind != LOADER_OTHER;
}

static void judge_loader(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                         const char *path)
{
    struct opened opened = open_executable(inspection->settings->root, path);
    int fd FD_CLEANUP = opened.fd;
    if (opened.problem) {
        find_fault(inspection, segment, path, opened.problem, opened.outcome);
        return;
    }
    struct elfcheck_report report = {0};
    struct elfcheck_inspection loader INSPECTION_CLEANUP = {0};
    if (inspection_open_raw(&loader, fd, path, inspection->settings, &report, inspection->error) <
        0) {
        inspection->failed = true;
        return;
    }
    enum elfcheck_outcome outcome;
    const char *fault = interpreter_fault(inspection, &loader, &outcome);
    if (fault)
        find_fault(inspection, segment, path, fault, outcome);
    else
        learn_loader(inspection, &loader, path);
}

void check_interpreter(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_INTERP, NULL);
    char path[MAX_INTERPRETER_SIZE];
    if (!segment)
        return;
    inspection->report->is_static = false;
    struct libraries *libraries = libraries_of(inspection);
    if (!libraries || read_interpreter_path(inspection, path) != PATH_FINE)
        return;
    if (inspection->settings->root) {
        judge_loader(inspection, segment, path);
        return;
    }
    const struct linkage *linkage = &libraries->objects[0]->linkage;
    struct buffer names BUFFER_CLEANUP = {0};
    append_name(path, &names);
    buffer_append_text(&names, linkage->needed_count ? " and " : "");
    append_names(&linkage->needed, linkage->needed_count, &names);
    inspection->failed |= buffer_check(&names, inspection->error) < 0;
    report_finding(inspection, segment->p_offset, "needs %s", buffer_text(&names));
    set_finding_remedy(inspection, "%s", static_remedy(inspection));
}

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
    append_name(path, &text);
    buffer_printf(&text, " %s", fault);
    wanted->fault = text.failed ? NULL : strdup(buffer_text(&text));
    if (!wanted->fault)
        fail_of_memory(wanted->inspection);
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

static bool goes_by(const struct object *object, const char *name)
{
    return object && ((object->asked && strcmp(object->asked, name) == 0) ||
                      strcmp(object->path, name) == 0 ||
                      (object->linkage.name && strcmp(object->linkage.name, name) == 0));
}

/* The object that is loaded under that name, or NULL. */
static const struct object *find_loaded(const struct libraries *libraries, const char *name)
{
    for (size_t i = 1; i < libraries->count; i++)
        if (goes_by(libraries->objects[i], name))
            return libraries->objects[i];
    return goes_by(libraries->loader, name) ? libraries->loader : NULL;
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
    enum attempt found = search_paths(&libraries->search, parent, name, &libraries->budget,
                                      try_library, &wanted, inspection->error);
    char *fault TEXT_CLEANUP = wanted.fault;
    if (found == ATTEMPT_NEXT) {
        inspection->failed |= strings_append(missing, name, inspection->error) < 0;
    } else if (fault) {
        struct buffer message BUFFER_CLEANUP = {0};
        buffer_append_text(&message, "needs ");
        append_name(name, &message);
        buffer_printf(&message, ", but %s", fault);
        find(inspection, &message);
    }
}

static void find_missing(struct elfcheck_inspection *inspection, const struct object *object,
                         const struct strings *missing)
{
    struct buffer message BUFFER_CLEANUP = {0};
    if (missing->count == 0 || inspection->failed)
        return;
    if (object->parent) {
        append_name(object->path, &message);
        buffer_append_text(&message, " ");
    }
    buffer_append_text(&message, "needs ");
    append_names(missing, missing->count, &message);
    buffer_printf(&message, ", which %s not there", missing->count == 1 ? "is" : "are");
    find(inspection, &message);
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
        find_missing(inspection, object, &missing);
    }
    if (!libraries->budget.bytes || !libraries->budget.opens)
        libraries->is_too_much = true;
}

void check_libraries(struct elfcheck_inspection *inspection)
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

/* ---- versions -------------------------------------------------------------------------------- */

static bool defines(const struct object *object, const char *version)
{
    const struct strings *versions = &object->linkage.versions;
    for (size_t i = 0; i < versions->count; i++)
        if (strcmp(versions->items[i], version) == 0)
            return true;
    return false;
}

static void find_versions(struct elfcheck_inspection *inspection, const struct object *object,
                          const struct object *library, const struct strings *missing)
{
    struct buffer message BUFFER_CLEANUP = {0};
    if (object->parent) {
        append_name(object->path, &message);
        buffer_append_text(&message, " ");
    }
    buffer_append_text(&message, "needs ");
    append_names(missing, missing->count, &message);
    buffer_append_text(&message, ", which ");
    append_name(library->path, &message);
    buffer_append_text(&message, " does not define");
    find(inspection, &message);
}

/* One finding for each library whose versions do not do. */
static void judge_versions(struct elfcheck_inspection *inspection, const struct object *object)
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
            find_versions(inspection, object, library, &missing);
    }
}

void check_library_versions(struct elfcheck_inspection *inspection)
{
    const struct libraries *libraries = inspection->libraries;
    if (!libraries || !libraries->is_loadable || libraries->is_too_much ||
        libraries->search.kind != LOADER_GLIBC)
        return;
    for (size_t i = 0; i < libraries->count && !inspection->failed; i++)
        judge_versions(inspection, libraries->objects[i]);
}

/* ---- shared libraries themselves ------------------------------------------------------------- */

/* Where the loaders are that a library may be for: glibc's, musl's. */
static const char *const loaders_64[] = {"/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"};
static const char *const loaders_32[] = {"/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1"};

/* Whether it was linked with musl. */
static bool is_for_musl(const struct linkage *linkage)
{
    for (size_t i = 0; i < linkage->needed.count; i++) {
        const char *name = linkage->needed.items[i];
        if (strcmp(name, "libc.so") == 0 || strncmp(name, "libc.musl-", 10) == 0)
            return true;
    }
    return false;
}

/* The loader that would load the library; false where it is not there. */
static bool find_loader(struct elfcheck_inspection *inspection)
{
    const struct linkage *linkage = &inspection->libraries->objects[0]->linkage;
    const char *path =
        (inspection->is_32bit ? loaders_32 : loaders_64)[is_for_musl(linkage) ? 1 : 0];
    struct opened opened = open_executable(inspection->settings->root, path);
    int fd FD_CLEANUP = opened.fd;
    struct elfcheck_report report = {0};
    struct elfcheck_inspection loader INSPECTION_CLEANUP = {0};
    enum elfcheck_outcome outcome;
    if (opened.problem)
        return false;
    if (inspection_open_raw(&loader, fd, path, inspection->settings, &report, inspection->error) <
        0)
        inspection->failed = true;
    else if (!interpreter_fault(inspection, &loader, &outcome))
        learn_loader(inspection, &loader, path);
    return !inspection->failed && inspection->libraries->is_loadable;
}

void check_library_needs(struct elfcheck_inspection *inspection)
{
    struct libraries *libraries = libraries_of(inspection);
    struct strings missing STRINGS_CLEANUP = {0};
    if (!libraries || !find_loader(inspection))
        return;
    const struct object *library = libraries->objects[0];
    for (size_t i = 0; i < library->linkage.needed.count && !inspection->failed; i++)
        load_one(inspection, library, library->linkage.needed.items[i], &missing);
    find_missing(inspection, library, &missing);
    if (!inspection->failed && libraries->search.kind == LOADER_GLIBC)
        judge_versions(inspection, library);
}

/* ---- the program itself ---------------------------------------------------------------------- */

void check_program(struct elfcheck_inspection *inspection)
{
    if (inspection->fd < 0)
        report_finding(inspection, 0, "there is no such file");
}
