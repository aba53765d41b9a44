/*
 * Would Linux start it? It would start a program that was made for another system, too, and that
 * dies at its first system calls.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/notes.h"
#include "elfcheck/start/notes.h"
#include "elfcheck/start/start.h"

/* Go, debug/buildinfo: in the first writable segment, at a multiple of 16. Two strings follow the
 * header, each after its length: the version, and lines of settings. */
#define GO_MAGIC       "\xff Go buildinf:"
#define GO_ALIGNMENT   16
#define GO_FLAGS       15 /* its offset in the header */
#define GO_INLINE      2  /* since Go 1.18: the strings follow */
#define GO_HEADER_SIZE 32
#define GO_WINDOW      (64 * 1024)
#define GO_SYSTEM      "\nbuild\tGOOS="

/* A length as Go's encoding/binary writes it; advances past it. False where it does not end. */
static bool take_length(const unsigned char **next, const unsigned char *end, size_t *length)
{
    *length = 0;
    for (unsigned shift = 0; *next < end && shift < 28; shift += 7) {
        unsigned char byte = *(*next)++;
        *length |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return *length <= (size_t)(end - *next);
    }
    return false;
}

/* The name of the system in Go's settings; NULL where they are not all in these bytes. */
static const char *find_go_system(const unsigned char *bytes, size_t size, size_t *length)
{
    for (size_t i = 0; size - i >= GO_HEADER_SIZE; i += GO_ALIGNMENT) {
        if (memcmp(bytes + i, GO_MAGIC, strlen(GO_MAGIC)) != 0)
            continue;
        const unsigned char *next = bytes + i + GO_HEADER_SIZE, *end = bytes + size;
        size_t version, settings;
        if (!(bytes[i + GO_FLAGS] & GO_INLINE) || !take_length(&next, end, &version))
            return NULL;
        next += version;
        if (!take_length(&next, end, &settings))
            return NULL;
        const char *system = memmem(next, settings, GO_SYSTEM, strlen(GO_SYSTEM));
        if (!system)
            return NULL;
        system += strlen(GO_SYSTEM);
        const char *line_end =
            memchr(system, '\n', (size_t)((const char *)next + settings - system));
        *length = line_end ? (size_t)(line_end - system) : 0;
        return line_end ? system : NULL;
    }
    return NULL;
}

static void check_go_system(struct elfcheck_inspection *inspection)
{
    static const char *const linux_names[] = {"linux", "android"};
    const Elf64_Phdr *load = next_load_segment(inspection, NULL);
    while (load && !(load->p_flags & PF_W))
        load = next_load_segment(inspection, load);
    if (!load || load->p_offset >= inspection->size)
        return;
    unsigned char bytes[GO_WINDOW];
    uint64_t left = inspection->size - load->p_offset;
    left = left < load->p_filesz ? left : load->p_filesz;
    size_t size = left < sizeof bytes ? (size_t)left : sizeof bytes, length;
    if (!file_read_range(inspection, load->p_offset, bytes, size))
        return;
    const char *system = find_go_system(bytes, size, &length);
    if (!system)
        return;
    for (size_t i = 0; i < COUNT(linux_names); i++)
        if (length == strlen(linux_names[i]) && memcmp(system, linux_names[i], length) == 0)
            return;
    struct buffer name BUFFER_CLEANUP = {0};
    text_append_visible(&name, system, length);
    inspection->failed |= buffer_check(&name, inspection->error) < 0;
    report_finding(inspection, load->p_offset + (uint64_t)((const unsigned char *)system - bytes),
                   "made for %s, as Go's build information says (GOOS)", buffer_text(&name));
    set_finding_remedy(inspection, "build it with GOOS=linux");
}

static void check_foreign_system(struct elfcheck_inspection *inspection)
{
    struct notes notes = read_notes(inspection);
    if (notes.system)
        report_finding(inspection, notes.offset, "made for %s, as its ELF note says", notes.system);
    else if (notes.go)
        check_go_system(inspection);
}

/* ---- the processor ----------------------------------------------------------------------------
 */

/* The levels of x86-64 above what every server of the last ten years has, the highest first. */
static const struct {
    uint32_t bit; /* of GNU_PROPERTY_X86_ISA_1_NEEDED */
    const char *level, *instructions, *machines;
} levels[] = {
    {1u << 3, "x86-64-v4", "AVX-512",
     "Intel's Xeon since Skylake-SP (2017), AMD since Zen 4 (2022)"},
    {1u << 2, "x86-64-v3", "AVX2, BMI2, FMA",
     "Intel Core and Xeon since Haswell (2013), AMD since Excavator (2015)"},
};

static void check_processor_level(struct elfcheck_inspection *inspection)
{
    uint32_t needed = read_property(inspection, GNU_PROPERTY_X86_ISA_1_NEEDED);
    const Elf64_Phdr *segment = next_segment(inspection, PT_GNU_PROPERTY, NULL);
    for (size_t i = 0; i < COUNT(levels); i++)
        if (needed & levels[i].bit) {
            report_segment_finding(inspection, segment, offsetof(Elf64_Phdr, p_offset),
                                   "needs a processor of %s (%s), which have: %s", levels[i].level,
                                   levels[i].instructions, levels[i].machines);
            return;
        }
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule system_rows[] = {
    {
        .id = "EC126",
        .name = "foreign-system",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The program is built for Linux.",
        .remedy = "build it for Linux",
        .source = "ELF notes of FreeBSD, NetBSD, OpenBSD, DragonFly, GNU (NT_GNU_ABI_TAG); Go, "
                  "debug/buildinfo",
        .check = check_foreign_system,
    },
    {
        .id = "EC145",
        .name = "processor-level",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The program runs on every x86-64 processor: it asks for neither x86-64-v3 nor "
                   "v4.",
        .remedy = "compile it with -march=x86-64-v2 or without -march, or run it on those "
                  "machines only",
        .source = "x86-64 psABI, Program Property, GNU_PROPERTY_X86_ISA_1_NEEDED; glibc "
                  "sysdeps/x86/dl-prop.h",
        .check = check_processor_level,
    },
};

const struct rule_table system_rules = {system_rows, COUNT(system_rows)};
