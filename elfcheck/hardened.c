/* Is it hard to misuse? None of it keeps a program from starting. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/text.h"
#include "elfcheck/calls/calls.h"
#include "elfcheck/checks.h"
#include "elfcheck/read/dynamic.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/names.h"

/* arch/x86/include/asm/elf.h, elf_read_implies_exec: from here on a 64-bit program without the
 * header has a stack that cannot be executed. */
#define KERNEL_WITHOUT_DEFAULT_EXECUTION ELFCHECK_KERNEL(5, 8)

static bool has_writable_code(const Elf64_Phdr *segment)
{
    return (segment->p_flags & PF_W) && (segment->p_flags & PF_X);
}

void check_write_execute(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (has_writable_code(load))
            report_segment_finding(inspection, load, offsetof(Elf64_Phdr, p_flags),
                                   "writable and executable (%s)", flags_name(load->p_flags));
}

/* The last one counts, as in the kernel's loop. */
static const Elf64_Phdr *stack_header(const struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *stack = NULL;
    for (const Elf64_Phdr *next = NULL; (next = next_segment(inspection, PT_GNU_STACK, next));)
        stack = next;
    return stack;
}

void check_executable_stack(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *stack = stack_header(inspection);
    if (stack && (stack->p_flags & PF_X))
        report_segment_finding(inspection, stack, offsetof(Elf64_Phdr, p_flags),
                               "asks for an executable stack (%s)", flags_name(stack->p_flags));
}

void check_stack_header(struct elfcheck_inspection *inspection)
{
    unsigned kernel = inspection->settings->kernel;
    if (!inspection->segments || stack_header(inspection))
        return;
    if (inspection->loader == LOADER_32)
        report_finding(inspection, inspection->header.e_phoff,
                       "no PT_GNU_STACK: all memory of a 32-bit program is executable then");
    else if (kernel && kernel < KERNEL_WITHOUT_DEFAULT_EXECUTION)
        report_finding(inspection, inspection->header.e_phoff,
                       "no PT_GNU_STACK: all readable memory is executable before Linux 5.8");
}

/* Whether every way that the program's control flow can take is known: then there is nothing that
 * an attacker could lead astray, and no need of what makes that harder. */
static bool is_foreseen(const struct elfcheck_inspection *inspection)
{
    return inspection->report->calls.is_complete;
}

void check_position(struct elfcheck_inspection *inspection)
{
    if (inspection->header.e_type == ET_EXEC && next_load_segment(inspection, NULL) &&
        !is_foreseen(inspection))
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_type)),
                       "not position-independent: its code is at the same address in each run");
}

void check_set_user_id(struct elfcheck_inspection *inspection)
{
    mode_t mode = inspection->settings->mode;
    if (mode & (S_ISUID | S_ISGID))
        report_finding(inspection, 0, "runs with its %s's rights, whoever starts it (mode %04o)",
                       mode & S_ISUID ? "owner" : "group", mode & 07777);
}

/* ---- the dynamic section --------------------------------------------------------------------- */

/* Whether the dynamic loader prepares it: what follows is its business. */
static bool is_loaded_dynamically(const struct elfcheck_inspection *inspection,
                                  const struct dynamic *dynamic)
{
    return dynamic &&
           (dynamic_last(dynamic, DT_NEEDED) || next_segment(inspection, PT_INTERP, NULL));
}

void check_relro(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = read_dynamic(inspection);
    if (is_loaded_dynamically(inspection, dynamic) && !next_segment(inspection, PT_GNU_RELRO, NULL))
        report_finding(inspection, dynamic->offset,
                       "no PT_GNU_RELRO: the addresses that it calls stay writable");
}

static bool is_bound_at_start(const struct dynamic *dynamic)
{
    return dynamic_last(dynamic, DT_BIND_NOW) || dynamic_has_flag(dynamic, DT_FLAGS, DF_BIND_NOW) ||
           dynamic_has_flag(dynamic, DT_FLAGS_1, DF_1_NOW);
}

void check_bind_now(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = read_dynamic(inspection);
    if (is_loaded_dynamically(inspection, dynamic) && !is_bound_at_start(dynamic) &&
        next_segment(inspection, PT_GNU_RELRO, NULL))
        report_finding(inspection, dynamic->offset,
                       "partial RELRO: addresses that are looked up late stay writable");
}

void check_text_relocation(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = read_dynamic(inspection);
    if (dynamic &&
        (dynamic_last(dynamic, DT_TEXTREL) || dynamic_has_flag(dynamic, DT_FLAGS, DF_TEXTREL)))
        report_finding(inspection, dynamic->offset,
                       "its code is written to when it is loaded (DT_TEXTREL)");
}

/* ---- where libraries are looked for ---------------------------------------------------------- */

#define MAX_PATH_LENGTH 4096

static bool begins_with(const char *text, size_t length, const char *start)
{
    return length >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

/* Why others may be able to put a library there; NULL: no reason. */
static const char *weakness_of(const char *directory, size_t length)
{
    static const char *const writable[] = {"/tmp", "/var/tmp", "/dev/shm"};
    if (length == 0)
        return "empty: the current directory";
    if (directory[0] != '/' && !begins_with(directory, length, "$ORIGIN") &&
        !begins_with(directory, length, "${ORIGIN}"))
        return "relative to the current directory";
    for (size_t i = 0; i < COUNT(writable); i++) {
        size_t own = strlen(writable[i]);
        if (begins_with(directory, length, writable[i]) && (length == own || directory[own] == '/'))
            return "writable by everybody";
    }
    return NULL;
}

/* Where the directories are listed that the loader looks into: DT_RUNPATH, or DT_RPATH where there
 * is none. False where there are none, or not in the file. */
static bool find_library_path(const struct elfcheck_inspection *inspection,
                              const struct dynamic *dynamic, uint64_t *offset)
{
    uint64_t strings, path, address;
    return (dynamic_has(dynamic, DT_RUNPATH, &path) || dynamic_has(dynamic, DT_RPATH, &path)) &&
           dynamic_has(dynamic, DT_STRTAB, &strings) &&
           !__builtin_add_overflow(strings, path, &address) &&
           address_to_offset(inspection, address, 1, offset);
}

void check_library_path(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = read_dynamic(inspection);
    char path[MAX_PATH_LENGTH];
    uint64_t offset;
    if (!is_loaded_dynamically(inspection, dynamic) ||
        !find_library_path(inspection, dynamic, &offset))
        return;
    uint64_t left = inspection->size - offset;
    size_t size = left < sizeof path ? (size_t)left : sizeof path;
    if (!file_read_range(inspection, offset, path, size))
        return;
    size_t length = strnlen(path, size);
    for (size_t start = 0; start <= length;) {
        const char *colon = memchr(path + start, ':', length - start);
        size_t end = colon ? (size_t)(colon - path) : length;
        const char *weakness = weakness_of(path + start, end - start);
        if (weakness) {
            struct buffer name BUFFER_CLEANUP = {0};
            text_append_visible(&name, path + start, end - start);
            inspection->failed |= buffer_check(&name, inspection->error) < 0;
            report_finding(inspection, offset + start, "looks for libraries in '%s', which is %s",
                           buffer_text(&name), weakness);
            return;
        }
        start = end + 1;
    }
}

/* ---- what the compiler added ----------------------------------------------------------------- */

/* Longer tables of names are looked at no further. */
#define MAX_STRINGS_SIZE (1024 * 1024)

#define CANARY         "__stack_chk_fail"
#define CHECKED_SUFFIX "_chk"

/* What the names that a dynamic program imports or exports tell. */
struct imports {
    bool is_known;
    bool has_canary;
    bool has_checked;
    const char *unchecked; /* a function that has a checked twin, which is not there; or NULL */
};

/* Functions that write as much as they are told to, which glibc has a checked twin of. */
static const char *const checkable[] = {
    "memcpy",  "memmove",  "memset",   "strcpy",    "strncpy", "strcat", "strncat",
    "sprintf", "vsprintf", "snprintf", "vsnprintf", "gets",    "fgets",  "read",
    "recv",    "recvfrom", "stpcpy",   "realpath",  "getcwd",
};

static void take_name(struct imports *imports, const char *name, size_t length)
{
    size_t suffix = strlen(CHECKED_SUFFIX);
    if (length == strlen(CANARY) && memcmp(name, CANARY, length) == 0)
        imports->has_canary = true;
    else if (length > suffix && memcmp(name + length - suffix, CHECKED_SUFFIX, suffix) == 0)
        imports->has_checked = true;
    for (size_t i = 0; i < COUNT(checkable) && !imports->unchecked; i++)
        if (name[0] == checkable[i][0] && strlen(checkable[i]) == length &&
            memcmp(name, checkable[i], length) == 0)
            imports->unchecked = checkable[i];
}

static struct imports read_imports(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = read_dynamic(inspection);
    struct imports imports = {0};
    uint64_t strings, size, offset;
    if (!is_loaded_dynamically(inspection, dynamic) || !dynamic_has(dynamic, DT_STRTAB, &strings) ||
        !dynamic_has(dynamic, DT_STRSZ, &size) || size == 0 || size > MAX_STRINGS_SIZE ||
        !address_to_offset(inspection, strings, 1, &offset) ||
        !file_has_range(inspection, offset, size))
        return imports;
    char *names = malloc((size_t)size + 1);
    if (!names) {
        fail_out_of_memory(inspection);
        return imports;
    }
    names[size] = 0;
    if (file_read_range(inspection, offset, names, (size_t)size)) {
        for (size_t i = 0; i < size;) {
            size_t length = strlen(names + i);
            take_name(&imports, names + i, length);
            i += length + 1;
        }
        imports.is_known = true;
    }
    free(names);
    return imports;
}

/* Go checks every access itself, and has no need of it. */
static bool is_made_by_go(const struct elfcheck_inspection *inspection)
{
    const char *producer = inspection->report->producer;
    return producer && strncmp(producer, "Go ", strlen("Go ")) == 0;
}

void check_stack_protector(struct elfcheck_inspection *inspection)
{
    struct imports imports = read_imports(inspection);
    if (imports.is_known) {
        if (!imports.has_canary)
            report_finding(inspection, 0,
                           "no function of it guards its stack: " CANARY
                           " is not among the names that it needs");
    } else if (inspection->report->is_static && starts_so_far(inspection) &&
               !is_foreseen(inspection) && !is_made_by_go(inspection))
        report_finding(inspection, 0,
                       "unknown whether its functions guard their stack: a static program "
                       "holds its C library's own " CANARY);
}

void check_fortify(struct elfcheck_inspection *inspection)
{
    struct imports imports = read_imports(inspection);
    if (imports.is_known && !imports.has_checked && imports.unchecked)
        report_finding(inspection, 0, "calls %s, and no checked function such as __%s_chk",
                       imports.unchecked, imports.unchecked);
}

/* ---- marks for the processor ----------------------------------------------------------------- */

#define MAX_PROPERTIES_SIZE 4096

/* The bits of GNU_PROPERTY_X86_FEATURE_1_AND in a note (x86-64 psABI, "Program Property"). */
static uint32_t features_of(const unsigned char *note, size_t size)
{
    Elf64_Nhdr header;
    if (size < sizeof header + sizeof "GNU")
        return 0;
    memcpy(&header, note, sizeof header);
    size_t start = sizeof header + sizeof "GNU";
    if (header.n_type != NT_GNU_PROPERTY_TYPE_0 || header.n_namesz != sizeof "GNU" ||
        memcmp(note + sizeof header, "GNU", sizeof "GNU") != 0 || header.n_descsz > size - start)
        return 0;
    size_t end = start + header.n_descsz;
    while (end - start >= 3 * sizeof(uint32_t)) {
        uint32_t words[3]; /* pr_type, pr_datasz, and the data's first four bytes */
        memcpy(words, note + start, sizeof words);
        if (words[0] == GNU_PROPERTY_X86_FEATURE_1_AND && words[1] >= sizeof(uint32_t))
            return words[2];
        uint64_t step = 2 * sizeof(uint32_t) + (((uint64_t)words[1] + 7) & ~UINT64_C(7));
        if (step > end - start)
            return 0;
        start += (size_t)step;
    }
    return 0;
}

void check_shadow_stack(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_GNU_PROPERTY, NULL);
    unsigned char note[MAX_PROPERTIES_SIZE];
    uint32_t features = 0;
    if (inspection->loader != LOADER_64 || !next_load_segment(inspection, NULL) ||
        is_foreseen(inspection))
        return;
    if (segment && segment->p_filesz <= sizeof note &&
        file_has_range(inspection, segment->p_offset, segment->p_filesz)) {
        if (!file_read_range(inspection, segment->p_offset, note, (size_t)segment->p_filesz))
            return;
        features = features_of(note, (size_t)segment->p_filesz);
    }
    if (!(features & GNU_PROPERTY_X86_FEATURE_1_SHSTK))
        report_finding(inspection, segment ? segment->p_offset : inspection->header.e_phoff,
                       "not marked for shadow stacks (SHSTK)%s",
                       features & GNU_PROPERTY_X86_FEATURE_1_IBT ? ", but for branch tracking"
                                                                 : "");
}

/* ---- system calls ---------------------------------------------------------------------------- */

/* Where an instruction is in the file; the field with the entry point where it is not there. */
static uint64_t code_offset(const struct elfcheck_inspection *inspection, uint64_t address)
{
    uint64_t offset;
    return address_to_offset(inspection, address, 1, &offset)
               ? offset
               : header_field_offset(inspection, offsetof(Elf64_Ehdr, e_entry));
}

void check_system_calls(struct elfcheck_inspection *inspection)
{
    const struct elfcheck_calls *calls = &inspection->report->calls;
    struct buffer names BUFFER_CLEANUP = {0};
    trace_system_calls(inspection);
    if (inspection->failed || !calls->is_tried)
        return;
    calls_append(calls, &names);
    inspection->failed |= buffer_check(&names, inspection->error) < 0;
    uint64_t address = calls->is_complete ? inspection->header.e_entry : calls->place;
    report_finding(inspection, code_offset(inspection, address), "system calls: %s (%s%s)",
                   buffer_text(&names), calls->is_complete ? "complete" : "not complete: ",
                   calls->is_complete ? "" : calls->reason);
}

void check_int80(struct elfcheck_inspection *inspection)
{
    const struct elfcheck_calls *calls = &inspection->report->calls;
    if (calls->has_int80)
        report_finding(inspection, code_offset(inspection, calls->int80_place),
                       "int 0x80 at 0x%" PRIx64
                       ": fails under gVisor and kernels without IA32 emulation",
                       calls->int80_place);
}
