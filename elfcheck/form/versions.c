/*
 * Is it well-formed? Symbol versions: LSB Core, "Symbol Versioning". The dynamic loader walks these
 * lists by the offsets in them.
 */
#include "elfcheck/form/form.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "elfcheck/read/dynamic.h"
#include "elfcheck/read/finding.h"

/* The C library defines some forty versions; of a hostile file's list the rest is not looked at. */
#define MAX_VERSIONS 16384

#define MAX_VERSION_NAME_LENGTH 256

/* A list of versions that the dynamic section points to. */
struct versions {
    const char *kind; /* "needed version" */
    uint64_t offset;  /* in the file */
    uint64_t size;    /* at most to the end of its segment */
    uint64_t count;   /* DT_VERNEEDNUM */
    uint64_t strings, strings_size;
    size_t seen; /* entries looked at so far */
};

/* Elf64_Verneed and Elf64_Verdef with Elf64_Vernaux and Elf64_Verdaux, the same in both classes. */
#define VERSION_CURRENT 1
#define NEED_SIZE       sizeof(Elf64_Verneed)
#define AUX_SIZE        sizeof(Elf64_Vernaux)
#define DEFINITION_SIZE sizeof(Elf64_Verdef)
#define NAME_SIZE       sizeof(Elf64_Verdaux)

static uint64_t half(const struct elfcheck_inspection *inspection, const unsigned char *bytes,
                     size_t field)
{
    return decode_number(inspection, bytes + field, 2);
}

static uint64_t word(const struct elfcheck_inspection *inspection, const unsigned char *bytes,
                     size_t field)
{
    return decode_number(inspection, bytes + field, 4);
}

static void find_in_versions(struct elfcheck_inspection *inspection,
                             const struct versions *versions, uint64_t position,
                             const char *trouble)
{
    report_finding(inspection, versions->offset + position, "the %s at offset 0x%" PRIx64 " %s",
                   versions->kind, versions->offset + position, trouble);
}

/* Reads an entry. False where it is not all there, which it says, or there were too many. */
static bool read_entry(struct elfcheck_inspection *inspection, struct versions *versions,
                       uint64_t position, unsigned char *bytes, size_t size)
{
    if (versions->seen++ >= MAX_VERSIONS)
        return false;
    if (position > versions->size || size > versions->size - position) {
        find_in_versions(inspection, versions, position, "is past the end of its segment");
        return false;
    }
    return file_read_range(inspection, versions->offset + position, bytes, size);
}

/* gABI, "Hash Table". */
static uint32_t hash_of(const char *name)
{
    uint32_t hash = 0;
    for (; *name; name++) {
        hash = (hash << 4) + (unsigned char)*name;
        uint32_t high = hash & 0xf0000000;
        hash = (hash ^ high >> 24) & ~high;
    }
    return hash;
}

/* Looks at the name at that offset in the string table, and at its hash where there is one. */
static void check_name(struct elfcheck_inspection *inspection, const struct versions *versions,
                       uint64_t position, uint64_t offset, const uint64_t *hash)
{
    char name[MAX_VERSION_NAME_LENGTH + 1] = "";
    if (offset >= versions->strings_size) {
        find_in_versions(inspection, versions, position, "has a name past the end of the strings");
        return;
    }
    uint64_t left = versions->strings_size - offset;
    size_t size = left < MAX_VERSION_NAME_LENGTH ? (size_t)left : MAX_VERSION_NAME_LENGTH;
    if (!hash || !file_read_range(inspection, versions->strings + offset, name, size) ||
        strnlen(name, size) == size)
        return;
    if (*hash != hash_of(name)) {
        struct buffer visible BUFFER_CLEANUP = {0};
        text_append_visible(&visible, name, strlen(name));
        report_finding(inspection, versions->offset + position,
                       "the %s at offset 0x%" PRIx64 " has the hash 0x%" PRIx64
                       ", but that of its name %s is 0x%" PRIx32,
                       versions->kind, versions->offset + position, *hash, buffer_text(&visible),
                       hash_of(name));
    }
}

/* The list that starts at the address in `tag`, if the file holds its segment and the strings. */
static bool find_versions(struct elfcheck_inspection *inspection, int64_t tag, int64_t count,
                          struct versions *versions)
{
    const struct dynamic *dynamic = dynamic_of_image(inspection);
    uint64_t address;
    if (!dynamic || !dynamic_has(dynamic, tag, &address) ||
        !dynamic_has(dynamic, count, &versions->count) ||
        !dynamic_strings(inspection, dynamic, &versions->strings, &versions->strings_size))
        return false;
    const Elf64_Phdr *load = segment_at_address(inspection, address, 1);
    if (!load || !file_has_range(inspection, load->p_offset, load->p_filesz))
        return false;
    versions->size = load->p_filesz - (address - load->p_vaddr);
    return address_to_offset(inspection, address, versions->size, &versions->offset);
}

/* Follows the chain of versions needed of one file. */
static void check_needs_of(struct elfcheck_inspection *inspection, struct versions *versions,
                           uint64_t position, uint64_t count)
{
    unsigned char bytes[AUX_SIZE];
    for (uint64_t i = 0; i < count; i++) {
        if (!read_entry(inspection, versions, position, bytes, sizeof bytes))
            return;
        uint64_t hash = word(inspection, bytes, offsetof(Elf64_Vernaux, vna_hash));
        uint64_t next = word(inspection, bytes, offsetof(Elf64_Vernaux, vna_next));
        check_name(inspection, versions, position,
                   word(inspection, bytes, offsetof(Elf64_Vernaux, vna_name)), &hash);
        if ((next == 0) != (i == count - 1)) {
            find_in_versions(inspection, versions, position,
                             next ? "is not the last that its file counts"
                                  : "is the last before its file has as many as it counts");
            return;
        }
        position += next;
    }
}

static void check_version_needs(struct elfcheck_inspection *inspection)
{
    struct versions versions = {.kind = "needed version"};
    unsigned char bytes[NEED_SIZE];
    uint64_t position = 0, next = 0;
    if (!find_versions(inspection, DT_VERNEED, DT_VERNEEDNUM, &versions))
        return;
    for (uint64_t i = 0; i < versions.count && !inspection->failed; i++, position += next) {
        if (!read_entry(inspection, &versions, position, bytes, sizeof bytes))
            return;
        if (half(inspection, bytes, offsetof(Elf64_Verneed, vn_version)) != VERSION_CURRENT) {
            find_in_versions(inspection, &versions, position, "is not of version 1 of the format");
            return;
        }
        check_name(inspection, &versions, position,
                   word(inspection, bytes, offsetof(Elf64_Verneed, vn_file)), NULL);
        check_needs_of(inspection, &versions,
                       position + word(inspection, bytes, offsetof(Elf64_Verneed, vn_aux)),
                       half(inspection, bytes, offsetof(Elf64_Verneed, vn_cnt)));
        next = word(inspection, bytes, offsetof(Elf64_Verneed, vn_next));
        if ((next == 0) != (i == versions.count - 1)) {
            find_in_versions(inspection, &versions, position,
                             next ? "is not the last that DT_VERNEEDNUM counts"
                                  : "is the last before there are DT_VERNEEDNUM");
            return;
        }
    }
}

/* The first of its names is the version's own, of which the definition has the hash. */
static void check_definition(struct elfcheck_inspection *inspection, struct versions *versions,
                             uint64_t position, const unsigned char *bytes)
{
    unsigned char name[NAME_SIZE];
    uint64_t hash = word(inspection, bytes, offsetof(Elf64_Verdef, vd_hash));
    uint64_t names = word(inspection, bytes, offsetof(Elf64_Verdef, vd_aux));
    if (half(inspection, bytes, offsetof(Elf64_Verdef, vd_cnt)) &&
        read_entry(inspection, versions, position + names, name, sizeof name))
        check_name(inspection, versions, position,
                   word(inspection, name, offsetof(Elf64_Verdaux, vda_name)), &hash);
}

static void check_version_definitions(struct elfcheck_inspection *inspection)
{
    struct versions versions = {.kind = "version definition"};
    unsigned char bytes[DEFINITION_SIZE];
    uint64_t position = 0, next = 0;
    if (!find_versions(inspection, DT_VERDEF, DT_VERDEFNUM, &versions))
        return;
    for (uint64_t i = 0; i < versions.count && !inspection->failed; i++, position += next) {
        if (!read_entry(inspection, &versions, position, bytes, sizeof bytes))
            return;
        if (half(inspection, bytes, offsetof(Elf64_Verdef, vd_version)) != VERSION_CURRENT) {
            find_in_versions(inspection, &versions, position, "is not of version 1 of the format");
            return;
        }
        check_definition(inspection, &versions, position, bytes);
        next = word(inspection, bytes, offsetof(Elf64_Verdef, vd_next));
        if ((next == 0) != (i == versions.count - 1)) {
            find_in_versions(inspection, &versions, position,
                             next ? "is not the last that DT_VERDEFNUM counts"
                                  : "is the last before there are DT_VERDEFNUM");
            return;
        }
    }
}

static void check_version_count(struct elfcheck_inspection *inspection)
{
    size_t number = section_of_type(inspection, SHT_GNU_versym);
    if (number == 0 || inspection->is_debug_file)
        return;
    const Elf64_Shdr *versions = &inspection->sections[number];
    if (versions->sh_link >= inspection->section_count)
        return;
    const Elf64_Shdr *symbols = &inspection->sections[versions->sh_link];
    uint64_t symbol_size = inspection->is_32bit ? sizeof(Elf32_Sym) : sizeof(Elf64_Sym);
    uint64_t version_count = versions->sh_size / sizeof(Elf64_Half);
    if (symbols->sh_type == SHT_DYNSYM && version_count != symbols->sh_size / symbol_size)
        report_section_finding(inspection, number, offsetof(Elf64_Shdr, sh_size),
                               "%" PRIu64 " versions for %" PRIu64 " symbols", version_count,
                               symbols->sh_size / symbol_size);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule version_rows[] = {
    {
        .id = "EC331",
        .name = "version-count",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Every dynamic symbol has one entry in the version table.",
        .remedy = RELINK,
        .source = "LSB Core, Symbol Versioning, Symbol Version Table",
        .any_file = true,
        .check = check_version_count,
    },
    {
        .id = "EC332",
        .name = "version-needs",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The list of required versions is complete, and its hashes match the names.",
        .remedy = RELINK,
        .source = "LSB Core, Symbol Versioning, Version Requirements; glibc elf/dl-version.c",
        .any_file = true,
        .check = check_version_needs,
    },
    {
        .id = "EC333",
        .name = "version-definitions",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The list of defined versions is complete, and its hashes match the names.",
        .remedy = RELINK,
        .source = "LSB Core, Symbol Versioning, Version Definitions; glibc elf/dl-version.c",
        .any_file = true,
        .check = check_version_definitions,
    },
};

const struct rule_table version_rules = {version_rows, COUNT(version_rows)};
