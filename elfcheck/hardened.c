/* Is it hard to misuse? None of it keeps a program from starting. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/text.h"
#include "elfcheck/read/dynamic.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/notes.h"
#include "elfcheck/read/names.h"
#include "elfcheck/hardened.h"

/* arch/x86/include/asm/elf.h, elf_read_implies_exec: from here on a 64-bit program without the
 * header has a stack that cannot be executed. */
#define KERNEL_WITHOUT_DEFAULT_EXECUTION ELFCHECK_KERNEL(5, 8)

static bool has_writable_code(const Elf64_Phdr *segment)
{
    return (segment->p_flags & PF_W) && (segment->p_flags & PF_X);
}

static void check_write_execute(struct elfcheck_inspection *inspection)
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

static void check_executable_stack(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *stack = stack_header(inspection);
    if (stack && (stack->p_flags & PF_X))
        report_segment_finding(inspection, stack, offsetof(Elf64_Phdr, p_flags),
                               "asks for an executable stack (%s)", flags_name(stack->p_flags));
}

static void check_stack_header(struct elfcheck_inspection *inspection)
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

static bool is_made_by_go(const struct elfcheck_inspection *inspection)
{
    const char *producer = inspection->report->producer;
    return producer && strncmp(producer, "Go ", strlen("Go ")) == 0;
}

/* Go's own linker takes none of the options that the rules' remedies name. */
static void advise_go(struct elfcheck_inspection *inspection, const char *remedy)
{
    if (is_made_by_go(inspection))
        set_finding_remedy(inspection, "%s", remedy);
}

#define GO_EXTERNAL "go build -buildmode=pie -ldflags '-linkmode external -extldflags "

static void check_position(struct elfcheck_inspection *inspection)
{
    if (inspection->header.e_type != ET_EXEC || !next_load_segment(inspection, NULL) ||
        is_foreseen(inspection))
        return;
    report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_type)),
                   "not position-independent: its code is at the same address in each run");
    advise_go(inspection, "build it static and position-independent: " GO_EXTERNAL "-static-pie'");
}

static void check_set_user_id(struct elfcheck_inspection *inspection)
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

static void check_relro(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = read_dynamic(inspection);
    if (!is_loaded_dynamically(inspection, dynamic) || next_segment(inspection, PT_GNU_RELRO, NULL))
        return;
    report_finding(inspection, dynamic->offset,
                   "no PT_GNU_RELRO: the addresses that it calls stay writable");
    advise_go(inspection, "build it with " GO_EXTERNAL "-Wl,-z,relro,-z,now'");
}

static bool is_bound_at_start(const struct dynamic *dynamic)
{
    return dynamic_last(dynamic, DT_BIND_NOW) || dynamic_has_flag(dynamic, DT_FLAGS, DF_BIND_NOW) ||
           dynamic_has_flag(dynamic, DT_FLAGS_1, DF_1_NOW);
}

static void check_bind_now(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic = read_dynamic(inspection);
    if (!is_loaded_dynamically(inspection, dynamic) || is_bound_at_start(dynamic) ||
        !next_segment(inspection, PT_GNU_RELRO, NULL))
        return;
    report_finding(inspection, dynamic->offset,
                   "partial RELRO: addresses that are looked up late stay writable");
    advise_go(inspection, "build it with " GO_EXTERNAL "-Wl,-z,relro,-z,now'");
}

static void check_text_relocation(struct elfcheck_inspection *inspection)
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

static void check_library_path(struct elfcheck_inspection *inspection)
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
static void check_stack_protector(struct elfcheck_inspection *inspection)
{
    struct imports imports = read_imports(inspection);
    if (imports.is_known) {
        if (!imports.has_canary && !is_made_by_go(inspection))
            report_finding(inspection, 0,
                           "no function of it guards its stack: " CANARY
                           " is not among the names that it needs");
    } else if (inspection->report->is_static && starts_so_far(inspection) &&
               !is_foreseen(inspection) && !is_made_by_go(inspection))
        report_finding(inspection, 0,
                       "unknown whether its functions guard their stack: a static program "
                       "holds its C library's own " CANARY);
}

static void check_fortify(struct elfcheck_inspection *inspection)
{
    struct imports imports = read_imports(inspection);
    if (imports.is_known && !imports.has_checked && imports.unchecked)
        report_finding(inspection, 0, "calls %s, and no checked function such as __%s_chk",
                       imports.unchecked, imports.unchecked);
}

/* ---- marks for the processor ----------------------------------------------------------------- */

static void check_shadow_stack(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_GNU_PROPERTY, NULL);
    if (inspection->loader != LOADER_64 || !next_load_segment(inspection, NULL) ||
        is_foreseen(inspection))
        return;
    uint32_t features = read_property(inspection, GNU_PROPERTY_X86_FEATURE_1_AND);
    if (features & GNU_PROPERTY_X86_FEATURE_1_SHSTK)
        return;
    report_finding(inspection, segment ? segment->p_offset : inspection->header.e_phoff,
                   "not marked for shadow stacks (SHSTK)%s",
                   features & GNU_PROPERTY_X86_FEATURE_1_IBT ? ", but for branch tracking" : "");
    advise_go(inspection, "nothing to do: Go's compiler has no support for shadow stacks");
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule hardened_rows[] = {
    {
        .id = "EC401",
        .name = "write-execute",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "No segment is both writable and executable.",
        .remedy = "link without ld -N/--omagic, so that code and data get separate segments",
        .source = "W^X; refused by SELinux's execmem and similar policies",
        .check = check_write_execute,
    },
    {
        .id = "EC402",
        .name = "executable-stack",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "The program does not request an executable stack.",
        .remedy = "link with -z noexecstack; in assembly add: section .note.GNU-stack noalloc "
                  "noexec nowrite progbits",
        .source = "Linux fs/binfmt_elf.c, PT_GNU_STACK; arch/x86/include/asm/elf.h",
        .check = check_executable_stack,
    },
    {
        .id = "EC403",
        .name = "stack-header",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary =
            "PT_GNU_STACK states that the stack is not executable, if that is not the default.",
        .remedy = "link with -z noexecstack, or run it on Linux 5.8 or newer as a 64-bit program",
        .source = "Linux arch/x86/include/asm/elf.h, elf_read_implies_exec",
        .check = check_stack_header,
    },
    {
        .id = "EC404",
        .name = "position-independent",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "The program can be loaded at any address (PIE).",
        .remedy = "build it with -fPIE and link it with -static-pie, or -pie if it is dynamic",
        .source =
            "Linux fs/binfmt_elf.c, load_elf_binary: ET_DYN; Documentation, randomize_va_space",
        .check = check_position,
    },
    {
        .id = "EC405",
        .name = "relro",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "The relocated data of a dynamic program becomes read-only (PT_GNU_RELRO).",
        .remedy = "link with -z relro -z now",
        .source = "Linux ABI, PT_GNU_RELRO; glibc elf/dl-reloc.c, _dl_protect_relro",
        .check = check_relro,
    },
    {
        .id = "EC406",
        .name = "bind-now",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "All functions are looked up at start, so that RELRO covers their addresses.",
        .remedy = "link with -z now",
        .source = "gABI, Dynamic Section, DF_BIND_NOW, DT_BIND_NOW; DF_1_NOW",
        .check = check_bind_now,
    },
    {
        .id = "EC407",
        .name = "text-relocation",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "Code is not modified when it is loaded (no DT_TEXTREL).",
        .remedy =
            "compile everything with -fPIC or -fPIE; in assembly use default rel and wrt ..plt",
        .source = "gABI, Dynamic Section, DT_TEXTREL, DF_TEXTREL",
        .check = check_text_relocation,
    },
    {
        .id = "EC408",
        .name = "library-path",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary =
            "Libraries are searched in absolute directories that only the system can write to.",
        .remedy = "link without -rpath, or with an absolute directory or $ORIGIN; patchelf "
                  "--set-rpath changes an existing program",
        .source = "gABI, Dynamic Section, DT_RPATH, DT_RUNPATH, Shared Object Dependencies",
        .check = check_library_path,
    },
    {
        .id = "EC409",
        .name = "set-user-id",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "The file is neither set-user-ID nor set-group-ID.",
        .remedy = "run chmod u-s,g-s on the file; set the user of the container instead (whit pack "
                  "--user)",
        .source = "Linux fs/exec.c, bprm_fill_uid; chmod(2)",
        .check = check_set_user_id,
    },
    {
        .id = "EC410",
        .name = "stack-protector",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "Functions protect their stack with a canary.",
        .remedy = "compile with -fstack-protector-strong",
        .source = "GCC, -fstack-protector-strong; glibc debug/stack_chk_fail.c",
        .check = check_stack_protector,
    },
    {
        .id = "EC411",
        .name = "fortify",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "Functions that fill buffers are called in their checked form.",
        .remedy = "compile with -O2 -D_FORTIFY_SOURCE=2",
        .source = "glibc, _FORTIFY_SOURCE: debug/*_chk.c",
        .check = check_fortify,
    },
    {
        .id = "EC412",
        .name = "shadow-stack",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "The program is marked as compatible with shadow stacks (SHSTK).",
        .remedy =
            "compile and link everything with -fcf-protection; ld -z shstk adds the mark by hand",
        .source = "x86-64 psABI, Program Property, GNU_PROPERTY_X86_FEATURE_1_AND; Linux "
                  "arch/x86/kernel/shstk.c",
        .check = check_shadow_stack,
    },
};

const struct rule_table hardened_rules = {hardened_rows, COUNT(hardened_rows)};
