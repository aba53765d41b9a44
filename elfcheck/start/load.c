/*
 * Would Linux start it? What execve(2) checks while it can still return an error, in its order:
 * fs/exec.c and the first half of load_elf_binary (fs/binfmt_elf.c), for x86-64 and, included from
 * fs/compat_binfmt_elf.c, for i386. segments.c has the rest.
 */
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/interpreter.h"
#include "elfcheck/read/names.h"
#include "elfcheck/start/script.h"
#include "elfcheck/start/start.h"

#define EXECUTE_BITS 0111

/* "binfmt_elf: remove the 4k limitation of program header size" */
#define KERNEL_READS_64K_OF_HEADERS ELFCHECK_KERNEL(6, 17)

static void check_program(struct elfcheck_inspection *inspection)
{
    if (inspection->fd < 0)
        report_finding(inspection, 0, "there is no such file");
}

static void check_executable_mode(struct elfcheck_inspection *inspection)
{
    mode_t mode = inspection->settings->mode;
    if (!(mode & EXECUTE_BITS))
        report_finding(inspection, 0, "not executable by anyone: mode %04o", mode);
}

#define MAGIC_AFTER_NUL 4 /* bytes of a magic that begins with NUL */

/* Both begin with ca fe ba be: then come the version of Java, from 45 on, or the number of
 * programs for different machines. */
#define FIRST_JAVA_VERSION 45

static void report_java_or_macos(struct elfcheck_inspection *inspection, const unsigned char *ident)
{
    if (ident[4] || ident[5] || (ident[6] << 8 | ident[7]) >= FIRST_JAVA_VERSION) {
        report_finding(inspection, 0, "Java class file, not an ELF file");
        set_finding_remedy(inspection,
                           "start it by a Java runtime in the image (java -cp DIRECTORY "
                           "CLASS), or compile it with GraalVM's native-image --static");
    } else {
        report_finding(inspection, 0, "macOS program, not an ELF file");
    }
}

/* What is no ELF file, by what it begins with, and what to do where that is not to compile it. */
static const struct {
    const char *magic;
    const char *kind;
    const char *remedy; /* NULL: the rule's */
} foreign_formats[] = {
    {"\x1f\x8b", "gzip file", NULL},
    {"\x28\xb5\x2f\xfd", "zstd file", NULL},
    {"\xfd\x37zXZ", "xz file", NULL},
    {"PK\x03\x04", "zip file", NULL},
    {"!<arch>\n", "static library", NULL},
    {"MZqFpD='", "actually portable executable (APE)",
     "make an ELF program of it: assimilate FILE (of Cosmopolitan), or run it once with "
     "--assimilate"},
    {"jartsr='", "actually portable executable (APE)",
     "make an ELF program of it: assimilate FILE (of Cosmopolitan), or run it once with "
     "--assimilate"},
    {"MZ", "Windows program", NULL},
    {"\xcf\xfa\xed\xfe", "macOS program", NULL},
    {"\xce\xfa\xed\xfe", "macOS program", NULL},
    {"\xca\xfe\xba\xbe", NULL, NULL},
    {"\0asm", "WebAssembly module",
     "pack a runtime with it that starts it (wasmtime run FILE), compile it for x86-64, or use "
     "an engine with a Wasm shim"},
    {"BC\xc0\xde", "LLVM bitcode", "compile it into a program: clang FILE"},
};

/* Names the file's format, where it is known. */
static bool report_foreign_format(struct elfcheck_inspection *inspection,
                                  const unsigned char *ident)
{
    for (size_t i = 0; i < COUNT(foreign_formats); i++) {
        const char *magic = foreign_formats[i].magic;
        if (memcmp(ident, magic, magic[0] ? strlen(magic) : MAGIC_AFTER_NUL) != 0)
            continue;
        if (!foreign_formats[i].kind) {
            report_java_or_macos(inspection, ident);
            return true;
        }
        report_finding(inspection, 0, "%s, not an ELF file", foreign_formats[i].kind);
        if (foreign_formats[i].remedy)
            set_finding_remedy(inspection, "%s", foreign_formats[i].remedy);
        return true;
    }
    return false;
}

static void check_magic(struct elfcheck_inspection *inspection)
{
    const unsigned char *ident = inspection->header.e_ident;
    if (inspection->report->is_elf)
        return;
    if (inspection->size == 0) {
        report_finding(inspection, 0, "empty file");
        return;
    }
    if (ident[0] == '#' && ident[1] == '!') {
        check_script(inspection);
        return;
    }
    if (report_foreign_format(inspection, ident))
        return;
    report_finding(inspection, 0, "not an ELF file: begins with %02x %02x %02x %02x", ident[0],
                   ident[1], ident[2], ident[3]);
}

static void check_type(struct elfcheck_inspection *inspection)
{
    uint16_t type = inspection->report->type;
    if (!inspection->report->is_elf || type == ET_EXEC || type == ET_DYN)
        return;
    static const char *const kinds[] = {[ET_REL] = "object file, not linked into a program yet",
                                        [ET_CORE] = "core dump, not a program"};
    const char *kind = type < COUNT(kinds) ? kinds[type] : NULL;
    if (kind)
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_type)),
                       "%s", kind);
    else
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_type)),
                       "type %u, which is neither EXEC nor DYN", type);
}

static bool is_x86(uint16_t machine)
{
    return machine == EM_X86_64 || machine == EM_386 || machine == EM_IAMCU;
}

/* i386 has a rule of its own. */
static void check_machine(struct elfcheck_inspection *inspection)
{
    uint16_t machine = inspection->report->machine;
    const char *name = machine_name(machine);
    uint64_t field = header_field_offset(inspection, offsetof(Elf64_Ehdr, e_machine));
    if (!inspection->report->is_elf || (is_x86(machine) && !inspection->is_swapped))
        return;
    if (is_x86(machine))
        report_finding(inspection, field, "in big-endian byte order, which x86-64 does not have");
    else if (name)
        report_finding(inspection, field, "made for %s, not x86-64", name);
    else
        report_finding(inspection, field, "made for machine number %u, not x86-64", machine);
}

static void check_emulated_machine(struct elfcheck_inspection *inspection)
{
    if (inspection->loader == LOADER_32)
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_machine)),
                       "32-bit program for i386: only kernels with IA32 emulation start it, and "
                       "gVisor does not");
}

static void check_header_entry_size(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    if (header->e_phentsize == inspection->entry_size)
        return;
    bool is_x32 = inspection->loader == LOADER_64 && header->e_ident[EI_CLASS] == ELFCLASS32 &&
                  header->e_phentsize == sizeof(Elf32_Phdr);
    report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phentsize)),
                   "program headers of %u bytes%s, not %zu", header->e_phentsize,
                   is_x32 ? " (the x32 ABI)" : "", inspection->entry_size);
}

static void check_header_count(struct elfcheck_inspection *inspection)
{
    unsigned count = inspection->header.e_phnum;
    if (count == 0)
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phnum)),
                       "no program headers");
    if (count * inspection->entry_size > MAX_HEADER_TABLE_SIZE)
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phnum)),
                       "%u program headers, %zu bytes: Linux reads at most 65,536", count,
                       count * inspection->entry_size);
}

/* How many program headers older kernels read at most: one page. */
static size_t headers_in_a_page(const struct elfcheck_inspection *inspection)
{
    return PAGE_SIZE / inspection->entry_size;
}

static void check_header_page(struct elfcheck_inspection *inspection)
{
    if (!inspection->settings->kernel && inspection->segment_count > headers_in_a_page(inspection))
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phnum)),
                       "%zu program headers: Linux before 6.17 takes at most %zu",
                       inspection->segment_count, headers_in_a_page(inspection));
}

static void check_kernel_headers(struct elfcheck_inspection *inspection)
{
    unsigned kernel = inspection->settings->kernel;
    if (kernel && kernel < KERNEL_READS_64K_OF_HEADERS &&
        inspection->segment_count > headers_in_a_page(inspection))
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phnum)),
                       "%zu program headers: Linux %u.%u takes at most %zu",
                       inspection->segment_count, ELFCHECK_KERNEL_MAJOR(kernel),
                       ELFCHECK_KERNEL_MINOR(kernel), headers_in_a_page(inspection));
}

static void check_header_table(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    size_t size = header->e_phnum * inspection->entry_size;
    if (!file_has_range(inspection, header->e_phoff, size))
        report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_phoff)),
                       "%zu bytes of program headers at offset %" PRIu64
                       ", but the file has %" PRIu64 " bytes",
                       size, header->e_phoff, inspection->size);
}

/* ---- the interpreter's path ------------------------------------------------------------------ */

static void check_interpreter_path(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_INTERP, NULL);
    char path[MAX_INTERPRETER_SIZE];
    switch (read_interpreter_path(inspection, path)) {
    case PATH_FINE:
    case PATH_ABSENT:
        break;
    case PATH_SIZE:
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                               "an interpreter's path of %" PRIu64 " bytes: Linux takes 2 to 4,096",
                               segment->p_filesz);
        break;
    case PATH_OUTSIDE:
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_offset),
                               "the interpreter's path is past the end of the file, at offset "
                               "0x%" PRIx64,
                               segment->p_offset);
        set_finding_outcome(inspection, segment->p_offset > INT64_MAX - segment->p_filesz
                                            ? ELFCHECK_EINVAL /* no file reaches there */
                                            : ELFCHECK_EIO);
        break;
    case PATH_OPEN_END:
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_filesz),
                               "the interpreter's path does not end in a NUL byte");
        break;
    case PATH_DIRECTORY:
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_offset),
                               *path ? "the interpreter's path is that of a directory"
                                     : "the interpreter's path is empty");
        set_finding_outcome(inspection, ELFCHECK_EACCES);
        break;
    case PATH_LONG_NAME:
        report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_offset),
                               "the interpreter's path has a name of more than 255 bytes");
        set_finding_outcome(inspection, ELFCHECK_ENAMETOOLONG);
        break;
    }
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule load_rows[] = {
    {
        .id = "EC140",
        .name = "program",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOENT,
        .summary = "The image contains the program that it starts.",
        .remedy = "add the program, or set another one with Entrypoint or Cmd (whit pack "
                  "--entrypoint, --cmd)",
        .source = "OCI image-spec, config.md, Entrypoint and Cmd; Linux fs/exec.c, do_open_execat",
        .any_file = true,
        .check = check_program,
    },
    {
        .id = "EC117",
        .name = "executable-mode",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_EACCES,
        .summary = "The file is executable: its mode has an x bit.",
        .remedy = "run chmod +x on the file",
        .source = "Linux fs/exec.c, do_open_execat; fs/namei.c, generic_permission",
        .any_file = true,
        .check = check_executable_mode,
    },
    {
        .id = "EC101",
        .name = "elf-magic",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "The file begins with 7f 45 4c 46, the ELF magic number.",
        .remedy = "pack a compiled program; a script needs its interpreter in the image",
        .source = BINFMT "load_elf_binary; Linux fs/binfmt_script.c; gABI, ELF Identification",
        .any_file = true,
        .check = check_magic,
    },
    {
        .id = "EC102",
        .name = "file-type",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "The type is EXEC, or DYN for a position-independent program.",
        .remedy = "link it into a program: ld, or the compiler without -c",
        .source = BINFMT "load_elf_binary; gABI, ELF Header, e_type",
        .any_file = true,
        .check = check_type,
    },
    {
        .id = "EC103",
        .name = "machine",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "The machine is x86-64, or i386 by emulation.",
        .remedy = "build it for x86-64 (gcc -m64, GOARCH=amd64)",
        .source = BINFMT "elf_check_arch; x86-64 psABI, ELF Header",
        .any_file = true,
        .check = check_machine,
    },
    {
        .id = "EC125",
        .name = "emulated-machine",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The program is 64-bit, so that it starts whatever the kernel's configuration.",
        .remedy = "build it for x86-64 (gcc -m64, GOARCH=amd64)",
        .source = "Linux fs/compat_binfmt_elf.c; arch/x86/include/asm/elf.h, "
                  "compat_elf_check_arch",
        .check = check_emulated_machine,
    },
    {
        .id = "EC104",
        .name = "header-entry-size",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "A program header has 56 bytes, or 32 in a program for i386.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_phdrs; gABI, ELF Header, e_phentsize",
        .check = check_header_entry_size,
    },
    {
        .id = "EC105",
        .name = "header-count",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "There is a program header, and all together take at most 65,536 bytes: 1,170 "
                   "headers, or 2,048 for i386.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_phdrs",
        .check = check_header_count,
    },
    {
        .id = "EC106",
        .name = "header-page",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The program headers fit into one page: 73 headers, or 128 for i386.",
        .remedy = "merge segments, or run it on Linux 6.17 or newer only",
        .source = BINFMT "load_elf_phdrs, before Linux 6.17",
        .check = check_header_page,
    },
    {
        .id = "EC118",
        .name = "kernel-headers",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary =
            "The program headers fit into one page, as the kernel named by --kernel requires.",
        .remedy = "merge segments, or run it on Linux 6.17 or newer",
        .source = BINFMT "load_elf_phdrs, before Linux 6.17",
        .check = check_kernel_headers,
    },
    {
        .id = "EC107",
        .name = "header-table",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "All program headers are in the file.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_phdrs; gABI, ELF Header, e_phoff",
        .check = check_header_table,
    },
    {
        .id = "EC119",
        .name = "interpreter-path",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "The path of the interpreter (PT_INTERP) is valid: 2 to 4,096 bytes that end "
                   "with a NUL.",
        .remedy = RELINK ", or set the path with patchelf --set-interpreter",
        .source = BINFMT "load_elf_binary; gABI, Program Interpreter",
        .check = check_interpreter_path,
    },
};

const struct rule_table load_rules = {load_rows, COUNT(load_rows)};
