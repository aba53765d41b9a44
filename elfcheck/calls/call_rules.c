/* Rules: the system calls of a small program, and code that cannot end well. */
#include "elfcheck/calls/calls.h"

#include <inttypes.h>

#include "elfcheck/read/dynamic.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/symbols.h"

/* Where an instruction is in the file; the field with the entry point where it is not there. */
static uint64_t code_offset(const struct elfcheck_inspection *inspection, uint64_t address)
{
    uint64_t offset;
    return address_to_offset(inspection, address, 1, &offset)
               ? offset
               : header_field_offset(inspection, offsetof(Elf64_Ehdr, e_entry));
}

static void check_system_calls(struct elfcheck_inspection *inspection)
{
    const struct elfcheck_calls *calls = &inspection->report->calls;
    struct buffer names BUFFER_CLEANUP = {0};
    trace_system_calls(inspection);
    if (inspection->failed || !calls->is_tried)
        return;
    calls_append(calls, &names);
    inspection->failed |= buffer_check(&names, inspection->error) < 0;
    uint64_t address = calls->is_complete ? inspection->header.e_entry : calls->address;
    report_finding(inspection, code_offset(inspection, address), "system calls: %s (%s%s)",
                   buffer_text(&names), calls->is_complete ? "complete" : "not complete: ",
                   calls->is_complete ? "" : calls->reason);
}

static void check_int80(struct elfcheck_inspection *inspection)
{
    const struct elfcheck_calls *calls = &inspection->report->calls;
    if (calls->has_int80)
        report_finding(inspection, code_offset(inspection, calls->int80_address),
                       "int 0x80 at 0x%" PRIx64
                       ": fails under gVisor and kernels without IA32 emulation",
                       calls->int80_address);
}

static void check_entry_returns(struct elfcheck_inspection *inspection)
{
    const struct elfcheck_calls *calls = &inspection->report->calls;
    if (calls->is_crash_sure)
        report_finding(inspection, code_offset(inspection, calls->crash_address),
                       "the code at the entry point %s, at 0x%" PRIx64, calls->crash,
                       calls->crash_address);
}

/* Dynamic loaders are libraries, too, and relocate themselves: glibc's, musl's. */
static bool is_loader(struct elfcheck_inspection *inspection)
{
    struct symbol symbols[] = {{.name = "_rtld_global"}, {.name = "_dlstart"}};
    return lookup_symbols(inspection, symbols, COUNT(symbols)) &&
           (symbols[0].is_found || symbols[1].is_found);
}

static void check_library_entry(struct elfcheck_inspection *inspection)
{
    const struct elfcheck_calls *calls = &inspection->report->calls;
    if (!starts_so_far(inspection) || calls->is_complete || !is_named_library(inspection) ||
        next_segment(inspection, PT_INTERP, NULL) || is_loader(inspection))
        return;
    report_finding(inspection, header_field_offset(inspection, offsetof(Elf64_Ehdr, e_entry)),
                   "shared library with an entry point (0x%" PRIx64
                   "): it has a name for others to load it by (DT_SONAME), and names no "
                   "interpreter",
                   inspection->header.e_entry);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule call_rows[] = {
    /* The first of these finds out what others make use of. */
    {
        .id = "EC413",
        .name = "system-calls",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "The system calls of a small static program are known.",
        .remedy =
            "if the list is complete, whit check --seccomp writes a profile that allows only these",
        .source = "x86-64: syscall, int 0x80; Linux arch/x86/entry/syscalls/syscall_64.tbl",
        .check = check_system_calls,
    },
    {
        .id = "EC414",
        .name = "interrupt-call",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "64-bit code makes system calls with syscall, not with int 0x80.",
        .remedy = "use the syscall instruction, with the numbers and registers of x86-64",
        .source = "Linux arch/x86/entry/entry_64_compat.S: CONFIG_IA32_EMULATION; gVisor has none",
        .check = check_int80,
    },
    {
        .id = "EC141",
        .name = "entry-returns",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The code at the entry point does not return or run into a fault: it ends with "
                   "exit.",
        .remedy = "let it end with the system call exit, or link it with the start files of a C "
                  "library: no -nostdlib, no -Wl,-e",
        .source = "x86-64 psABI, Process Initialization: the stack begins with argc",
        .check = check_entry_returns,
    },
    {
        .id = "EC142",
        .name = "library-entry",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The file is a program, not a shared library with an entry point.",
        .remedy = "pack the program that uses the library; build a program without -shared",
        .source = "gABI, Dynamic Section, DT_SONAME; Linux fs/binfmt_elf.c relocates nothing",
        .check = check_library_entry,
    },
};

const struct rule_table call_rules = {call_rows, COUNT(call_rows)};
