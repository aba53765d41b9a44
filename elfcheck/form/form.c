/* Is it well-formed? What the rules of form have in common. */
#include "elfcheck/form/form.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "elfcheck/read/finding.h"

/* Longer names are cut in messages. */
#define MAX_SECTION_NAME_LENGTH 64

/*
 * A program of the x32 ABI: 32-bit headers, which Linux reads as 64-bit ones and refuses, unless it
 * was built for them. Where the 64-bit header has e_shoff, the 32-bit one tells its own size and
 * that of its program headers.
 */
bool is_x32(const struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    return inspection->loader == LOADER_64 && header->e_ident[EI_CLASS] == ELFCLASS32 &&
           (header->e_shoff & UINT32_MAX) == (sizeof(Elf32_Phdr) << 16 | sizeof(Elf32_Ehdr));
}

bool is_image(const struct elfcheck_inspection *inspection)
{
    uint16_t type = inspection->header.e_type;
    return inspection->segments && !inspection->is_debug_file &&
           (type == ET_EXEC || type == ET_DYN);
}

bool section_is_in_file(const struct elfcheck_inspection *inspection, const Elf64_Shdr *section)
{
    return section->sh_type != SHT_NULL && section->sh_type != SHT_NOBITS &&
           file_has_range(inspection, section->sh_offset, section->sh_size);
}

size_t section_of_type(const struct elfcheck_inspection *inspection, uint32_t type)
{
    for (size_t i = 1; i < inspection->section_count; i++)
        if (inspection->sections[i].sh_type == type)
            return i;
    return 0;
}

/* Appends " (.text)" where the section has a name that can be read. */
static void append_name(struct elfcheck_inspection *inspection, size_t section, struct buffer *out)
{
    uint64_t names = inspection->section_names;
    if (names == 0 || names >= inspection->section_count)
        return;
    const Elf64_Shdr *strings = &inspection->sections[names];
    uint64_t name = inspection->sections[section].sh_name;
    if (!section_is_in_file(inspection, strings) || name >= strings->sh_size)
        return;
    char bytes[MAX_SECTION_NAME_LENGTH];
    uint64_t left = strings->sh_size - name;
    size_t size = left < sizeof bytes ? (size_t)left : sizeof bytes;
    if (!file_read_range(inspection, strings->sh_offset + name, bytes, size) || bytes[0] == 0)
        return;
    buffer_append_text(out, " (");
    text_append_visible(out, bytes, strnlen(bytes, size));
    buffer_append_text(out, ")");
}

void report_section_finding(struct elfcheck_inspection *inspection, size_t section, size_t field,
                            const char *format, ...)
{
    char *message TEXT_CLEANUP = NULL;
    struct buffer name BUFFER_CLEANUP = {0};
    va_list arguments;
    va_start(arguments, format);
    if (inspection->found < MAX_FINDINGS_OF_A_RULE) {
        append_name(inspection, section, &name);
        if (vasprintf(&message, format, arguments) < 0)
            message = NULL;
    }
    va_end(arguments);
    report_finding(inspection, section_field_offset(inspection, section, field),
                   "section %zu%s: %s", section, buffer_text(&name), message ? message : "");
}
