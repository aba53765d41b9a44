/*
 * The dynamic loader of a program, which PT_INTERP names: in an empty image there is none; in a
 * root, is it there, and would Linux start it?
 */
#include "elfcheck/libraries/libraries_internal.h"

#include <string.h>

#include "base/read.h"
#include "base/text.h"
#include "elfcheck/needs/needs.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/interpreter.h"
#include "elfcheck/libraries/libraries.h"

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

static void report_loader_fault(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                                const char *path, const char *problem,
                                enum elfcheck_outcome outcome)
{
    struct buffer name BUFFER_CLEANUP = {0};
    append_library_name(path, &name);
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
        library_search_init(&libraries->search, inspection->settings->root, loader->fd, path,
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
        report_loader_fault(inspection, segment, path, opened.problem, opened.outcome);
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
        report_loader_fault(inspection, segment, path, fault, outcome);
    else
        learn_loader(inspection, &loader, path);
}

static void check_interpreter(struct elfcheck_inspection *inspection)
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
    append_library_name(path, &names);
    buffer_append_text(&names, linkage->needed_count ? " and " : "");
    append_library_names(&linkage->needed, linkage->needed_count, &names);
    inspection->failed |= buffer_check(&names, inspection->error) < 0;
    report_finding(inspection, segment->p_offset, "needs %s", buffer_text(&names));
    set_finding_remedy(inspection, "%s", static_remedy(inspection));
}

/* ---- the loader of a library ----------------------------------------------------------------- */

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
bool find_loader(struct elfcheck_inspection *inspection)
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

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule loader_rows[] = {
    {
        .id = "EC201",
        .name = "interpreter",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOENT,
        .summary = "The dynamic loader that the program names (PT_INTERP) exists; an empty image "
                   "has none.",
        .remedy = STATIC_REMEDY,
        .source = BINFMT "load_elf_binary; gABI, Program Interpreter",
        .check = check_interpreter,
    },
};

const struct rule_table loader_rules = {loader_rows, COUNT(loader_rows)};
