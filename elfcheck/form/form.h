/* What the rules of form share. */
#pragma once

#include "elfcheck/read/dynamic.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/rule.h"

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

/* The dynamic section of an image, or NULL where it has none that can be read. */
const struct dynamic *dynamic_of_image(struct elfcheck_inspection *inspection);
/* The offset in the file of an entry's value. */
uint64_t dynamic_value_offset(const struct elfcheck_inspection *inspection,
                              const struct dynamic *dynamic, const Elf64_Dyn *entry);
/* Whether the dynamic string table is in the file, where, and its size. */
bool dynamic_strings(const struct elfcheck_inspection *inspection, const struct dynamic *dynamic,
                     uint64_t *offset, uint64_t *size);

/* The rules, in the order that elfcheck/rules.c gives them. */
extern const struct rule_table header_rules, section_table_rules, layout_rules,
    program_header_rules, section_rules, note_rules, dynamic_rules, version_rules, extent_rules;
