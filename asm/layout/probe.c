/*
 * The probe: all instructions assembled once by nasm, each with a label of its own before it, so
 * that the object file tells the bytes of each, and what refers to data.
 */
#include "asm/layout/probe.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asm/layout/lines.h"
#include "asm/link/objects.h"
#include "base/array.h"
#include "base/read.h"
#include "base/text.h"

#define CHOICES ".whit" /* the section of all choices but the first */

/* The search goes through all of it for each size. */
#define MAX_DATA (1024 * 1024)

#define OWN_NAMES  "whit_"
#define ITEM       "whit_%zu_%zu_%zu" /* part, choice, instruction; behind the last: the end */
#define DATA_BEGIN "whit_data"

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void append_lines(struct buffer *out, const struct strings *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        buffer_printf(out, "%s\n", lines->items[i]);
}

/* ---- making it --------------------------------------------------------------------------------
 */

/* All instructions of one choice of each part, or of all but the first, with a label before and a
 * gap behind each. */
static void append_choices(struct buffer *out, const struct parts *parts, bool is_first, size_t gap)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->parts[i];
        for (size_t j = is_first ? 0 : 1; j < (is_first ? 1 : part->choice_count); j++) {
            for (size_t k = 0; k < part->choices[j].count; k++) {
                for (size_t l = 0; is_first && k == 0 && l < part->labels.count; l++)
                    buffer_printf(out, "%s:\n", part->labels.items[l]);
                buffer_printf(out, ITEM ":\n%s\ntimes %zu nop\n", i, j, k,
                              part->choices[j].instructions[k].text, gap);
            }
            buffer_printf(out, ITEM ":\n", i, j, part->choices[j].count);
        }
    }
}

static void append_probe(struct buffer *out, const struct parts *parts, size_t gap)
{
    buffer_printf(out, "bits 64\n%s%%define " MARK_NEAR "label) 1\n",
                  parts->is_relative ? "default rel\n" : "");
    append_lines(out, &parts->definitions);
    buffer_append_text(out, "section .text align=1\n");
    append_choices(out, parts, true, gap);
    buffer_append_text(out, "section " CHOICES " progbits alloc exec nowrite align=1\n");
    append_choices(out, parts, false, gap);
    buffer_append_text(out, MARK_PAST ":\nsection .rodata align=1\n" DATA_BEGIN ":\n");
    append_lines(out, &parts->data);
    buffer_append_text(out, "section .data align=1\n");
    append_lines(out, &parts->written);
    buffer_append_text(out, "section .bss align=1\n");
    append_lines(out, &parts->zeros);
}

/* Whether a section has the relocations of another one. */
static bool is_relocation_of(const char *name, const char *section)
{
    return starts_with(name, ".rela") && strcmp(name + strlen(".rela"), section) == 0;
}

/* The sections of data, in the order of probe_data. */
static const char *const data_names[] = {".rodata", ".data", ".bss"};

/* Whether it is one of those. */
static bool read_data_section(struct probe *probe, Elf_Scn *section, const GElf_Shdr *header,
                              const char *name)
{
    for (size_t i = 0; i < COUNT(data_names); i++) {
        if (is_relocation_of(name, data_names[i]))
            probe->has_address = true;
        if (strcmp(name, data_names[i]) != 0)
            continue;
        bool is_zero = header->sh_type == SHT_NOBITS;
        const Elf_Data *data = is_zero ? NULL : elf_getdata(section, NULL);
        probe->data[i] = (struct probe_data){.section = elf_ndxscn(section),
                                             .size = header->sh_size,
                                             .bytes = data ? data->d_buf : NULL};
        probe->has_other |= is_zero != (i == COUNT(data_names) - 1);
        return true;
    }
    return false;
}

static void read_section(struct probe *probe, Elf_Scn *section, const GElf_Shdr *header,
                         const char *name)
{
    Elf_Data *data = elf_getdata(section, NULL);
    bool is_known = read_data_section(probe, section, header, name);
    if (header->sh_type == SHT_SYMTAB) {
        probe->symbols = data;
        probe->symbol_names = header->sh_link;
    }
    for (size_t i = 0; i < 2; i++) {
        const char *wanted = i ? CHOICES : ".text";
        if (strcmp(name, wanted) == 0) {
            probe->code[i] = data;
            probe->sections[i] = elf_ndxscn(section);
            is_known = !(header->sh_flags & SHF_WRITE);
        }
        if (is_relocation_of(name, wanted))
            probe->relocations[i] = data;
    }
    if (!(header->sh_flags & SHF_ALLOC) || header->sh_size == 0)
        return;
    probe->has_other |= !is_known;
    if (header->sh_addralign > probe->alignment)
        probe->alignment = header->sh_addralign;
}

static void read_sections(struct probe *probe)
{
    size_t names = 0;
    elf_getshdrstrndx(probe->elf, &names);
    for (Elf_Scn *section = NULL; (section = elf_nextscn(probe->elf, section));) {
        GElf_Shdr header;
        const char *name =
            gelf_getshdr(section, &header) ? elf_strptr(probe->elf, names, header.sh_name) : NULL;
        if (name)
            read_section(probe, section, &header, name);
    }
}

static int open_object(struct probe *probe, struct error *error)
{
    elf_version(EV_CURRENT);
    probe->elf = elf_memory((char *)probe->object.data, probe->object.size);
    if (!probe->elf)
        return error_set(error, "libelf cannot read what nasm wrote: %s", elf_errmsg(-1));
    read_sections(probe);
    return 0;
}

int probe_open(struct probe *probe, const struct asm_job *job, const struct parts *parts,
               size_t gap, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    *probe = (struct probe){.gap = gap};
    append_probe(&text, parts, gap);
    return buffer_check(&text, error) < 0 ||
                   asm_assemble_text(job, "elf64", &text, &probe->object, error) < 0
               ? -1
               : open_object(probe, error);
}

int probe_open_object(struct probe *probe, const char *path, struct error *error)
{
    *probe = (struct probe){0};
    return file_read_path(path, MAX_PROGRAM_SIZE, &probe->object, error) < 0
               ? -1
               : open_object(probe, error);
}

int probe_open_source(struct probe *probe, const struct asm_job *job, unsigned assume,
                      struct error *error)
{
    static const char *const defines[] = {"-dWHIT_CHOICES", "-dWHIT_PROBE", NULL};
    *probe = (struct probe){0};
    return asm_assemble_source(job, assume, defines, &probe->object, error) < 0
               ? -1
               : open_object(probe, error);
}

void probe_close(struct probe *probe)
{
    elf_end(probe->elf);
    buffer_free(&probe->object);
}

/* ---- instructions ---------------------------------------------------------------------------- */

/* The next symbol that has a name, from `*index` on; false behind the last one. */
static bool next_symbol(const struct probe *probe, size_t *index, GElf_Sym *symbol,
                        const char **name)
{
    size_t count = probe->symbols ? probe->symbols->d_size / sizeof(Elf64_Sym) : 0;
    while (*index < count) {
        if (!gelf_getsym(probe->symbols, (int)(*index)++, symbol))
            continue;
        *name = elf_strptr(probe->elf, probe->symbol_names, symbol->st_name);
        if (*name && **name)
            return true;
    }
    return false;
}

/* Where each instruction begins and ends, by the labels of the probe. */
void probe_set_bounds(const struct probe *probe, const struct parts *parts)
{
    GElf_Sym symbol;
    const char *name;
    for (size_t i = 0; next_symbol(probe, &i, &symbol, &name);) {
        size_t part, choice, number;
        int length = 0;
        if (sscanf(name, ITEM "%n", &part, &choice, &number, &length) != 3 || name[length] ||
            part >= parts->count || choice >= parts->parts[part].choice_count)
            continue;
        struct choice *wanted = &parts->parts[part].choices[choice];
        if (number < wanted->count)
            wanted->instructions[number].begin = symbol.st_value;
        if (number > 0 && number <= wanted->count)
            wanted->instructions[number - 1].end = symbol.st_value - probe->gap;
    }
}

static int take_bytes(const struct probe *probe, struct instruction_text *instruction, size_t from,
                      struct error *error)
{
    const Elf_Data *code = probe->code[from];
    size_t begin = instruction->begin, end = instruction->end;
    if (!code || end < begin || end > code->d_size || end - begin > MAX_INSTRUCTION_SIZE)
        return error_set(error, "'%.60s' is not a single instruction", instruction->text);
    instruction->size = end - begin;
    instruction->bytes = malloc(instruction->size + 1);
    if (!instruction->bytes)
        return error_set(error, "out of memory");
    memcpy(instruction->bytes, (const char *)code->d_buf + begin, instruction->size);
    return 0;
}

/* The number of a symbol's byte among those of the data, or -1. */
static int64_t data_number(const struct probe *probe, const GElf_Sym *symbol)
{
    size_t base = 0;
    for (size_t i = 0; i < COUNT(data_names); i++) {
        if (i == COUNT(data_names) - 1)
            base++; /* .bss: see zeros_begin */
        if (probe->data[i].section && symbol->st_shndx == probe->data[i].section)
            return (int64_t)(base + symbol->st_value);
        base += probe->data[i].size;
    }
    return -1;
}

/* `mov r64, imm64`, whose number is an address: a choice of 32 bits takes its place later. */
static bool is_wide_load(const struct instruction_text *instruction)
{
    return instruction->size == 10 && instruction->bytes[0] >> 1 == 0x48 >> 1 &&
           instruction->bytes[1] >> 3 == 0xb8 >> 3;
}

/* A reference to data is a relocation of the probe. */
static int read_relocation(const struct probe *probe, struct instruction_text *instruction,
                           size_t from, struct error *error)
{
    size_t begin = instruction->begin;
    const Elf_Data *relocations = probe->relocations[from];
    size_t count = relocations ? relocations->d_size / sizeof(Elf64_Rela) : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Rela relocation;
        GElf_Sym symbol;
        if (!gelf_getrela((Elf_Data *)relocations, (int)i, &relocation) ||
            relocation.r_offset < begin || relocation.r_offset >= begin + instruction->size)
            continue;
        uint32_t type = (uint32_t)GELF_R_TYPE(relocation.r_info);
        bool is_relative = type == R_X86_64_PC32;
        bool is_wide = type == R_X86_64_64 && is_wide_load(instruction);
        int64_t number = gelf_getsym(probe->symbols, (int)GELF_R_SYM(relocation.r_info), &symbol)
                             ? data_number(probe, &symbol)
                             : -1;
        if (number < 0 || instruction->kind != REFERENCE_NONE ||
            (type != R_X86_64_32 && type != R_X86_64_32S && !is_relative && !is_wide))
            return error_set(
                error,
                "'%.60s': this layout has only 32-bit and relative references to data: "
                "use --layout=standard",
                instruction->text);
        instruction->kind = is_relative ? REFERENCE_RELATIVE : REFERENCE_ABSOLUTE;
        instruction->field_offset = relocation.r_offset - begin;
        instruction->field_size = is_wide ? 8 : 4;
        instruction->target = number + relocation.r_addend;
        if (is_relative) /* counted from the field rather than from the end */
            instruction->target += (int64_t)(instruction->size - instruction->field_offset);
    }
    return 0;
}

int probe_read_instruction(const struct probe *probe, struct instruction_text *instruction,
                           bool is_first, struct error *error)
{
    size_t from = is_first ? 0 : 1;
    return take_bytes(probe, instruction, from, error) < 0 ||
                   read_relocation(probe, instruction, from, error) < 0
               ? -1
               : 0;
}

/* Of .rodata and .data. */
static size_t data_size(const struct probe *probe)
{
    return probe->data[0].size + probe->data[1].size;
}

/* ---- labels ---------------------------------------------------------------------------------- */

int probe_find_label(const struct probe *probe, const char *text, int64_t *offset)
{
    GElf_Sym symbol;
    const char *name;
    text += strspn(text, " ");
    size_t length = strcspn(text, " +)");
    const char *added = text + length + strspn(text + length, " ");
    char *end;
    bool is_sum = *added == '+';
    added += is_sum + strspn(added + is_sum, " ");
    int64_t sum = is_sum ? strtol(added, &end, 10) : 0;
    if (is_sum && isdigit((unsigned char)*added))
        added = end + strspn(end, " ");
    if (*added != ')')
        return -1;
    for (size_t i = 0; next_symbol(probe, &i, &symbol, &name);) {
        if (data_number(probe, &symbol) < 0 || strlen(name) != length ||
            strncmp(name, text, length) != 0)
            continue;
        *offset = data_number(probe, &symbol) + sum;
        return sum > MAX_DATA || *offset >= (int64_t)data_size(probe) ? -1 : 0;
    }
    return -1;
}

static bool has_label(const struct parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->count; i++)
        if (strings_contain(&parts->parts[i].labels, name))
            return true;
    return false;
}

int probe_check_labels(const struct probe *probe, const struct parts *parts, struct error *error)
{
    GElf_Sym symbol;
    const char *name;
    for (size_t i = 0; next_symbol(probe, &i, &symbol, &name);) {
        if (GELF_ST_TYPE(symbol.st_info) != STT_NOTYPE || symbol.st_shndx == SHN_UNDEF ||
            (symbol.st_shndx != probe->sections[0] && symbol.st_shndx != probe->sections[1]))
            continue;
        if (!starts_with(name, OWN_NAMES) && !has_label(parts, name))
            return error_set(error, "label '%s' needs a colon", name);
    }
    return 0;
}

/* ---- data ------------------------------------------------------------------------------------ */

static bool is_defined(const struct parts *parts, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < parts->definitions.count; i++) {
        const char *line = parts->definitions.items[i];
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return true;
    }
    return false;
}

static int read_names(const struct probe *probe, struct parts *parts, struct error *error)
{
    GElf_Sym symbol;
    const char *name;
    for (size_t i = 0; next_symbol(probe, &i, &symbol, &name);) {
        if (GELF_ST_TYPE(symbol.st_info) != STT_NOTYPE ||
            (symbol.st_shndx != SHN_ABS && data_number(probe, &symbol) < 0) ||
            strcmp(name, DATA_BEGIN) == 0 || is_defined(parts, name))
            continue;
        struct data_name *grown = array_append(parts->names, &parts->name_count, sizeof *grown);
        if (!grown)
            return error_set(error, "out of memory");
        parts->names = grown;
        grown += parts->name_count - 1;
        grown->is_number = symbol.st_shndx == SHN_ABS;
        grown->value = grown->is_number ? symbol.st_value : (uint64_t)data_number(probe, &symbol);
        if (text_copy(&grown->name, name, error) < 0)
            return -1;
    }
    return 0;
}

bool probe_has_data(const struct probe *probe, const struct parts *parts)
{
    const struct probe_data *data = probe->data;
    return data_size(probe) == parts->data_size && data[2].size == parts->zeros_size &&
           (!data[0].size || memcmp(parts->data_bytes, data[0].bytes, data[0].size) == 0) &&
           (!data[1].size ||
            memcmp(parts->data_bytes + data[0].size, data[1].bytes, data[1].size) == 0);
}

int probe_read_data(const struct probe *probe, struct parts *parts, struct error *error)
{
    parts->data_size = data_size(probe);
    parts->written_size = probe->data[1].size;
    parts->zeros_size = probe->data[2].size;
    parts->is_writable = parts->written_size || parts->zeros_size;
    if (parts->data_size > MAX_DATA)
        return error_set(error, "more than %d bytes of data: use --layout=standard", MAX_DATA);
    if (parts->first_block_size == 0 || parts->first_block_size > parts->data_size)
        parts->first_block_size = parts->data_size;
    parts->data_bytes = malloc(parts->data_size + 1);
    if (!parts->data_bytes)
        return error_set(error, "out of memory");
    if (probe->data[0].size)
        memcpy(parts->data_bytes, probe->data[0].bytes, probe->data[0].size);
    if (probe->data[1].size)
        memcpy(parts->data_bytes + probe->data[0].size, probe->data[1].bytes, probe->data[1].size);
    return read_names(probe, parts, error);
}
