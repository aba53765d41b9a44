/* What the files of the rules of form share. */
#pragma once

#include "elfcheck/elfcheck_internal.h"

/* Adds a finding about a section, which it names; `field` is its offset in Elf64_Shdr. */
void report_section_finding(struct elfcheck_inspection *inspection, size_t section, size_t field,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The first section of that type, or 0, which is none. */
size_t section_of_type(const struct elfcheck_inspection *inspection, uint32_t type);
/* Whether the section's bytes are in the file, if it has any there. */
bool section_is_in_file(const struct elfcheck_inspection *inspection, const Elf64_Shdr *section);

/* Whether it is a program of the x32 ABI: its header is not what Linux takes it for. */
bool is_x32(const struct elfcheck_inspection *inspection);
/* Whether the file's bytes are in memory as its PT_LOAD entries say: a program or a library, and
 * not what `strip` split off. */
bool is_image(const struct elfcheck_inspection *inspection);
/* Where the `size` bytes at an address come from, all out of one segment: their offset in the file.
 * False where some of them are in no segment or past the end of the file. */
bool find_address(const struct elfcheck_inspection *inspection, uint64_t address, uint64_t size,
                  uint64_t *offset);

/* The tags of a dynamic section that may stand in it once. */
enum dynamic_tag {
    TAG_HASH,
    TAG_GNU_HASH,
    TAG_STRTAB,
    TAG_STRSZ,
    TAG_SYMTAB,
    TAG_SYMENT,
    TAG_RELA,
    TAG_RELASZ,
    TAG_RELAENT,
    TAG_REL,
    TAG_RELSZ,
    TAG_RELENT,
    TAG_RELR,
    TAG_RELRSZ,
    TAG_RELRENT,
    TAG_JMPREL,
    TAG_PLTRELSZ,
    TAG_PLTREL,
    TAG_INIT,
    TAG_FINI,
    TAG_INIT_ARRAY,
    TAG_INIT_ARRAYSZ,
    TAG_FINI_ARRAY,
    TAG_FINI_ARRAYSZ,
    TAG_PREINIT_ARRAY,
    TAG_PREINIT_ARRAYSZ,
    TAG_VERSYM,
    TAG_VERDEF,
    TAG_VERDEFNUM,
    TAG_VERNEED,
    TAG_VERNEEDNUM,
    TAG_SONAME,
    TAG_RPATH,
    TAG_RUNPATH,
    TAG_COUNT,
};

/* The dynamic section that PT_DYNAMIC points to. */
struct dynamic {
    uint64_t offset; /* in the file */
    uint64_t size;   /* in bytes, as far as the file holds them */
    size_t count;    /* entries before DT_NULL, of at most MAX_DYNAMIC_ENTRIES */
    bool has_end;    /* DT_NULL stands there */
    struct {
        size_t count; /* how often the tag stands there */
        size_t entry; /* the last such entry */
        uint64_t value;
    } tags[TAG_COUNT];
};

/* No real dynamic section comes near; the end of a hostile one is not worth waiting for. */
#define MAX_DYNAMIC_ENTRIES 65536

/* The file's dynamic section, or NULL where it has none that can be read. */
const struct dynamic *dynamic_of(struct elfcheck_inspection *inspection);
/* Whether the tag stands there; then `value` is its value. */
bool dynamic_has(const struct dynamic *dynamic, enum dynamic_tag tag, uint64_t *value);
/* The offset in the file of an entry's value. */
uint64_t dynamic_place(const struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                       size_t entry);
/* Whether the dynamic string table is in the file, where, and its size. */
bool dynamic_strings(const struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                     uint64_t *offset, uint64_t *size);
