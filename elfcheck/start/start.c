/*
 * Would Linux start it? It would, and the program dies before its main function, silently: what
 * libc's first steps need and do not find.
 */
#include <inttypes.h>
#include <string.h>

#include "elfcheck/read/dynamic.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/memory.h"
#include "elfcheck/start/notes.h"
#include "elfcheck/start/start.h"

/* "fs/binfmt_elf: Fix AT_PHDR for unusual ELF files" */
#define KERNEL_FINDS_HEADERS ELFCHECK_KERNEL(5, 18)

/* ---- bytes that no one sees ------------------------------------------------------------------ */

#define COMPARED_AT_A_TIME 4096
#define MAX_COMPARED       (1024 * 1024)

/* The bytes of a file's range; zeros past its end. */
static bool read_padded(struct elfcheck_inspection *inspection, uint64_t offset,
                        unsigned char *bytes, size_t size)
{
    size_t there = 0;
    if (offset < inspection->size)
        there = inspection->size - offset < size ? (size_t)(inspection->size - offset) : size;
    memset(bytes + there, 0, size - there);
    return file_read_range(inspection, offset, bytes, there);
}

/* What is at an address of a segment: bytes of the file, and zeros after them. */
static bool read_segment(struct elfcheck_inspection *inspection, const Elf64_Phdr *load,
                         uint64_t address, unsigned char *bytes, size_t size)
{
    uint64_t file_end = segment_file_end(load);
    uint64_t left = address < file_end ? file_end - address : 0;
    size_t in_file = left < size ? (size_t)left : size;
    memset(bytes + in_file, 0, size - in_file);
    return in_file == 0 ||
           read_padded(inspection, load->p_offset + (address - load->p_vaddr), bytes, in_file);
}

/*
 * The first address at which `later` shows other bytes than `earlier` has there in the file; or
 * UINT64_MAX: it hides none, or only the same ones, or there was too much to compare.
 */
static uint64_t first_hidden(struct elfcheck_inspection *inspection, const Elf64_Phdr *earlier,
                             const Elf64_Phdr *later, size_t *compared)
{
    uint64_t start = page_start(later->p_vaddr), end = segment_end(later);
    uint64_t own_end = earlier->p_vaddr + earlier->p_filesz;
    start = start > earlier->p_vaddr ? start : earlier->p_vaddr;
    end = end < own_end ? end : own_end;
    if (later->p_offset - later->p_vaddr == earlier->p_offset - earlier->p_vaddr &&
        start < segment_file_end(later))
        start = segment_file_end(later); /* the same bytes up to there */
    for (; start < end && *compared < MAX_COMPARED; *compared += COMPARED_AT_A_TIME) {
        unsigned char hidden[COMPARED_AT_A_TIME], shown[COMPARED_AT_A_TIME];
        size_t size = end - start < sizeof hidden ? (size_t)(end - start) : sizeof hidden;
        uint64_t offset = earlier->p_offset + (start - earlier->p_vaddr);
        if (offset >= inspection->size || !read_padded(inspection, offset, hidden, size) ||
            !read_segment(inspection, later, start, shown, size))
            return UINT64_MAX;
        for (size_t i = 0; i < size; i++)
            if (hidden[i] != shown[i])
                return start + i;
        start += size;
    }
    return UINT64_MAX;
}

static void check_hidden_bytes(struct elfcheck_inspection *inspection)
{
    size_t compared = 0;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));) {
        const Elf64_Phdr *earlier = next_load_segment(inspection, NULL);
        uint64_t address = UINT64_MAX;
        for (; earlier != load; earlier = next_load_segment(inspection, earlier)) {
            address = first_hidden(inspection, earlier, load, &compared);
            if (inspection->failed)
                return;
            if (address != UINT64_MAX)
                break;
        }
        if (address != UINT64_MAX)
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                                   "hides what segment %zu has at 0x%" PRIx64 " behind other bytes",
                                   segment_index(inspection, earlier), address);
    }
}

/* ---- the dynamic section --------------------------------------------------------------------- */

static bool has_interpreter(const struct elfcheck_inspection *inspection)
{
    return next_segment(inspection, PT_INTERP, NULL);
}

/* The dynamic section that no loader will read for it, since it names none; or NULL. */
static const Elf64_Phdr *own_dynamic(const struct elfcheck_inspection *inspection)
{
    return has_interpreter(inspection) ? NULL : next_segment(inspection, PT_DYNAMIC, NULL);
}

static bool is_library(const struct elfcheck_inspection *inspection)
{
    return inspection->header.e_type == ET_DYN && inspection->header.e_entry == 0;
}

static void check_shared_library(struct elfcheck_inspection *inspection)
{
    if (is_library(inspection) && own_dynamic(inspection))
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_entry)),
                       "shared library: it has no entry point, and names no interpreter");
}

static void check_loader_missing(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic =
        own_dynamic(inspection) && !is_library(inspection) ? read_dynamic(inspection) : NULL;
    if (dynamic && dynamic_last(dynamic, DT_NEEDED))
        report_finding(inspection, dynamic->offset,
                       "needs shared libraries, but names no interpreter that would load them");
}

static void check_static_pie(struct elfcheck_inspection *inspection)
{
    if (!own_dynamic(inspection) || inspection->header.e_type != ET_DYN || is_library(inspection))
        return;
    const struct dynamic *dynamic = read_dynamic(inspection);
    if (!dynamic)
        return;
    bool has_path = dynamic_last(dynamic, DT_RPATH) || dynamic_last(dynamic, DT_RUNPATH);
    bool has_relocations =
        dynamic_last(dynamic, DT_TEXTREL) || dynamic_has_flag(dynamic, DT_FLAGS, DF_TEXTREL);
    if ((!has_path && !has_relocations) || !read_notes(inspection).glibc)
        return;
    report_finding(inspection, dynamic->offset, "static position-independent program with %s",
                   has_path ? "a library path (DT_RPATH or DT_RUNPATH)"
                            : "relocations in its code (DT_TEXTREL)");
    if (!has_path)
        set_finding_remedy(inspection, "compile all of it with -fPIE, or link with -no-pie");
}

/* ---- program headers and RELRO in memory ----------------------------------------------------- */

/* The segment whose bytes in the file hold the table's start; the last, as Linux looks for it. */
static const Elf64_Phdr *holder_of_headers(const struct elfcheck_inspection *inspection)
{
    uint64_t offset = inspection->header.e_phoff;
    const Elf64_Phdr *holder = NULL;
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (load->p_offset <= offset && offset - load->p_offset < load->p_filesz)
            holder = load;
    return holder;
}

/* Whether the auxiliary vector's AT_PHDR leads to the program headers. */
static bool headers_are_mapped(const struct elfcheck_inspection *inspection)
{
    unsigned kernel = inspection->settings->kernel;
    bool takes_first = kernel && kernel < KERNEL_FINDS_HEADERS;
    const Elf64_Phdr *holder =
        takes_first ? next_load_segment(inspection, NULL) : holder_of_headers(inspection);
    if (!holder)
        return false;
    uint64_t offset = inspection->header.e_phoff;
    uint64_t address = holder->p_vaddr + (offset - holder->p_offset);
    struct mapped mapped = memory_find(inspection, address);
    return mapped.in_file && mapped.offset == offset && mapped.segment->p_flags &&
           memory_has(inspection, NULL, address,
                      address + inspection->segment_count * inspection->entry_size);
}

static bool misses_headers(const struct elfcheck_inspection *inspection)
{
    return next_load_segment(inspection, NULL) && !headers_are_mapped(inspection);
}

static void find_headers(struct elfcheck_inspection *inspection, const char *who)
{
    report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phoff)),
                   "no segment maps the program headers, which %s", who);
}

static void check_headers_mapped(struct elfcheck_inspection *inspection)
{
    if (!misses_headers(inspection))
        return;
    if (has_interpreter(inspection))
        find_headers(inspection, "the dynamic loader looks up");
    else if (read_notes(inspection).glibc)
        find_headers(inspection, "glibc looks up");
}

/* musl does, and leaves no mark of its own; dietlibc and programs without libc do not. */
static void check_headers_reachable(struct elfcheck_inspection *inspection)
{
    bool has_libc =
        next_segment(inspection, PT_TLS, NULL) || next_segment(inspection, PT_GNU_RELRO, NULL);
    if (has_libc && !has_interpreter(inspection) && misses_headers(inspection) &&
        !read_notes(inspection).glibc)
        find_headers(inspection, "a program of musl looks up");
}

static void check_relro_mapped(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *relro = next_segment(inspection, PT_GNU_RELRO, NULL);
    uint64_t end;
    if (!relro)
        return;
    if (__builtin_add_overflow(relro->p_vaddr, relro->p_memsz, &end))
        end = UINT64_MAX;
    if (memory_has(inspection, NULL, page_start(relro->p_vaddr), page_start(end)) ||
        (!has_interpreter(inspection) && !read_notes(inspection).glibc))
        return;
    report_segment_finding(inspection, relro, offsetof(Elf64_Phdr, p_memsz),
                           "0x%" PRIx64 " bytes at 0x%" PRIx64
                           " are to become read-only (PT_GNU_RELRO), but no segment has them all",
                           relro->p_memsz, relro->p_vaddr);
    /* What of it is there is read-only by then, and static code writes to it for the message. */
    if (!has_interpreter(inspection) &&
        memory_has(inspection, NULL, page_start(relro->p_vaddr), page_start(relro->p_vaddr) + 1))
        set_finding_outcome(inspection, ELFCHECK_CRASHES);
}

/* ---- variables of threads -------------------------------------------------------------------- */

/* Code reaches them by a signed offset of 32 bits from the thread pointer (local-exec model). */
#define MAX_TLS_SIZE (UINT64_C(1) << 31)

/* What takes the program's own variables apart from those that its code was linked for; or NULL. */
static const char *trouble_of_tls(const Elf64_Phdr *tls, size_t *field)
{
    uint64_t align = tls->p_align ? tls->p_align : 1, size;
    *field = offsetof(Elf64_Phdr, p_align);
    if (align > MAX_TLS_SIZE)
        return "an alignment above 2 GiB";
    *field = offsetof(Elf64_Phdr, p_memsz);
    if (tls->p_memsz == 0)
        return "no bytes, where glibc keeps errno";
    if (__builtin_add_overflow(tls->p_memsz, align - 1, &size) || size > MAX_TLS_SIZE)
        return "more than 2 GiB, which code cannot address";
    *field = offsetof(Elf64_Phdr, p_filesz);
    return tls->p_filesz > size ? "more bytes in the file than in memory" : NULL;
}

static void check_thread_variables(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *tls = next_segment(inspection, PT_TLS, NULL);
    size_t field;
    uint64_t end;
    if (!tls || (!has_interpreter(inspection) && !read_notes(inspection).glibc))
        return;
    const char *trouble = has_interpreter(inspection) ? NULL : trouble_of_tls(tls, &field);
    if (trouble)
        report_segment_finding(inspection, tls, field, "variables of threads (PT_TLS) have %s",
                               trouble);
    else if (tls->p_filesz && (__builtin_add_overflow(tls->p_vaddr, tls->p_filesz, &end) ||
                               !memory_has(inspection, NULL, tls->p_vaddr, end)))
        report_segment_finding(inspection, tls, offsetof(Elf64_Phdr, p_vaddr),
                               "variables of threads (PT_TLS) begin with 0x%" PRIx64
                               " bytes at 0x%" PRIx64 ", but no segment has them all",
                               tls->p_filesz, tls->p_vaddr);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule linked_rows[] = {
    {
        .id = "EC127",
        .name = "shared-library",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The file is a program, not a shared library.",
        .remedy = "pack the program that uses the library; build a program without -shared",
        .source = "gABI, ELF Header, e_entry: 0 where there is no entry point",
        .check = check_shared_library,
    },
    {
        .id = "EC128",
        .name = "loader-missing",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "A program that needs shared libraries names the interpreter that loads them.",
        .remedy = "link it with -static or -static-pie alone, without -Wl,--no-dynamic-linker",
        .source = "gABI, Dynamic Linking; musl ldso/dlstart.c",
        .check = check_loader_missing,
    },
};

const struct rule_table linked_rules = {linked_rows, COUNT(linked_rows)};

static const struct elfcheck_rule start_rows[] = {
    {
        .id = "EC124",
        .name = "hidden-bytes",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "No segment hides bytes of an earlier one behind different bytes.",
        .remedy = RELINK,
        .source = BINFMT "elf_map with MAP_FIXED: the later segment wins, page by page",
        .check = check_hidden_bytes,
    },
    {
        .id = "EC129",
        .name = "headers-mapped",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The program headers are in memory, where glibc or a dynamic loader needs them.",
        .remedy = RELINK,
        .source = BINFMT "create_elf_tables, AT_PHDR; glibc csu/libc-tls.c, elf/rtld.c",
        .check = check_headers_mapped,
    },
    {
        .id = "EC132",
        .name = "headers-reachable",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The program headers are in memory, where musl would read them.",
        .remedy = RELINK,
        .source = BINFMT "create_elf_tables, AT_PHDR; musl src/env/__init_tls.c",
        .check = check_headers_reachable,
    },
    {
        .id = "EC130",
        .name = "relro-mapped",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_LOADER,
        .summary =
            "The data that becomes read-only after relocation (PT_GNU_RELRO) is in a segment.",
        .remedy = RELINK,
        .source = "glibc elf/dl-reloc.c, _dl_protect_relro; musl ldso/dynlink.c, reloc_all",
        .check = check_relro_mapped,
    },
    {
        .id = "EC131",
        .name = "static-pie",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "A static position-independent program with glibc has no library path and no "
                   "relocations in its code.",
        .remedy = "link it without -rpath and --enable-new-dtags, or remove the path: patchelf "
                  "--remove-rpath",
        .source = "glibc elf/dl-reloc-static-pie.c, _dl_relocate_static_pie; elf/get-dynamic-"
                  "info.h",
        .check = check_static_pie,
    },
    {
        .id = "EC143",
        .name = "thread-variables",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The variables of threads (PT_TLS) are in a segment, and in a static program "
                   "with glibc of possible size and alignment.",
        .remedy = RELINK,
        .source = "glibc csu/libc-tls.c, __libc_setup_tls; elf/dl-tls.c, _dl_allocate_tls_init; "
                  "musl src/env/__init_tls.c",
        .check = check_thread_variables,
    },
};

const struct rule_table start_rules = {start_rows, COUNT(start_rows)};
