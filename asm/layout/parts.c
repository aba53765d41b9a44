/*
 * A source taken apart: preprocessed by nasm, read line by line, and assembled once with a label
 * before each instruction, so that nasm tells the bytes of each. What an instruction reads and
 * changes, which decides about order, is Zydis's to say.
 */
#include "asm/layout/parts.h"

#include <ctype.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <Zydis/Zydis.h>

#include "asm/layout/lines.h"
#include "base/array.h"
#include "base/read.h"
#include "base/text.h"

#define PREPROCESSED "parts.asm"
#define PROBE        "probe.asm"
#define PROBE_OBJECT "probe.o"
#define CHOICES      ".whit" /* the section of all choices but the first */

/* nasm's own limit on a line is far lower. */
#define MAX_TEXT_SIZE (UINT64_C(16) << 20)

/* The search goes through all of it for each size. */
#define MAX_DATA (1024 * 1024)

static void free_data(struct parts *parts)
{
    for (size_t i = 0; i < parts->name_count; i++)
        free(parts->names[i].name);
    free(parts->names);
    free(parts->data_bytes);
    parts->names = NULL;
    parts->data_bytes = NULL;
    parts->name_count = 0;
}

void parts_free(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->parts[i];
        for (size_t j = 0; j < part->choice_count; j++) {
            for (size_t k = 0; k < part->choices[j].count; k++) {
                free(part->choices[j].instructions[k].text);
                free(part->choices[j].instructions[k].bytes);
            }
            free(part->choices[j].instructions);
        }
        free(part->choices);
        strings_free(&part->labels);
    }
    free(parts->parts);
    strings_free(&parts->definitions);
    strings_free(&parts->data);
    free_data(parts);
    *parts = (struct parts){0};
}

/* ---- the probe ------------------------------------------------------------------------------- */

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

/* All instructions of one choice of each part, or of all but the first, with a label each. */
static void append_choices(struct buffer *out, const struct parts *parts, bool is_first)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->parts[i];
        for (size_t j = is_first ? 0 : 1; j < (is_first ? 1 : part->choice_count); j++) {
            for (size_t k = 0; k < part->choices[j].count; k++) {
                for (size_t l = 0; is_first && k == 0 && l < part->labels.count; l++)
                    buffer_printf(out, "%s:\n", part->labels.items[l]);
                buffer_printf(out, ITEM ":\n%s\n", i, j, k, part->choices[j].instructions[k].text);
            }
            buffer_printf(out, ITEM ":\n", i, j, part->choices[j].count);
        }
    }
}

static int write_probe(const struct asm_job *job, const struct parts *parts, struct error *error)
{
    struct buffer out BUFFER_CLEANUP = {0};
    buffer_append_text(&out, "bits 64\ndefault rel\n%define " MARK_NEAR "label) 1\n");
    append_lines(&out, &parts->definitions);
    buffer_append_text(&out, "section .text align=1\n");
    append_choices(&out, parts, true);
    buffer_append_text(&out, "section " CHOICES " progbits alloc exec nowrite align=1\n");
    append_choices(&out, parts, false);
    buffer_append_text(&out, MARK_PAST ":\nsection .rodata align=1\n" DATA_BEGIN ":\n");
    append_lines(&out, &parts->data);
    return buffer_check(&out, error) < 0 ? -1 : asm_write_input(job, PROBE, &out, error);
}

/* What the object file holds that is looked at. */
struct probe {
    Elf *elf;
    Elf_Data *symbols, *relocations[2], *code[2], *data; /* 0: .text, 1: CHOICES */
    size_t symbol_names;
    size_t sections[2], data_section;
    bool has_address; /* in the data */
};

static void open_probe(struct probe *probe)
{
    size_t names = 0;
    elf_getshdrstrndx(probe->elf, &names);
    for (Elf_Scn *section = NULL; (section = elf_nextscn(probe->elf, section));) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header))
            continue;
        const char *name = elf_strptr(probe->elf, names, header.sh_name);
        Elf_Data *data = elf_getdata(section, NULL);
        if (header.sh_type == SHT_SYMTAB) {
            probe->symbols = data;
            probe->symbol_names = header.sh_link;
        }
        for (size_t i = 0; name && i < 2; i++) {
            const char *wanted = i ? CHOICES : ".text";
            if (strcmp(name, wanted) == 0) {
                probe->code[i] = data;
                probe->sections[i] = elf_ndxscn(section);
            }
            if (strncmp(name, ".rela", 5) == 0 && strcmp(name + 5, wanted) == 0)
                probe->relocations[i] = data;
        }
        probe->has_address |= name && strcmp(name, ".rela.rodata") == 0;
        if (name && strcmp(name, ".rodata") == 0) {
            probe->data = data;
            probe->data_section = elf_ndxscn(section);
        }
    }
}

/* Where each instruction begins and ends, by the labels of the probe. */
static void set_bounds(const struct probe *probe, const struct parts *parts)
{
    size_t count = probe->symbols ? probe->symbols->d_size / sizeof(Elf64_Sym) : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        size_t part, choice, number;
        int length = 0;
        if (!gelf_getsym(probe->symbols, (int)i, &symbol))
            continue;
        const char *name = elf_strptr(probe->elf, probe->symbol_names, symbol.st_name);
        if (!name || sscanf(name, ITEM "%n", &part, &choice, &number, &length) != 3 ||
            name[length] || part >= parts->count || choice >= parts->parts[part].choice_count)
            continue;
        struct choice *wanted = &parts->parts[part].choices[choice];
        /* For now, where it begins; the end of the one before. */
        if (number < wanted->count)
            wanted->instructions[number].field_offset = symbol.st_value;
        if (number > 0 && number <= wanted->count)
            wanted->instructions[number - 1].size = symbol.st_value;
    }
}

static int take_bytes(const struct probe *probe, struct instruction_text *instruction, size_t from,
                      struct error *error)
{
    const Elf_Data *code = probe->code[from];
    size_t begin = instruction->field_offset, end = instruction->size;
    if (!code || end < begin || end > code->d_size || end - begin > MAX_INSTRUCTION_SIZE)
        return error_set(error, "'%.60s' is no single instruction", instruction->text);
    instruction->size = end - begin;
    instruction->bytes = malloc(instruction->size + 1);
    if (!instruction->bytes)
        return error_set(error, "out of memory");
    memcpy(instruction->bytes, (const char *)code->d_buf + begin, instruction->size);
    return 0;
}

/* The part whose first choice begins at that offset in .text. */
static int find_target(const struct parts *parts, const size_t *begins, uint64_t offset,
                       int64_t *target)
{
    for (size_t i = 0; i < parts->count; i++)
        if (begins[i] == offset) {
            *target = (int64_t)i;
            return 0;
        }
    return -1;
}

/* A reference to data is a relocation of the probe. */
static int find_relocation(const struct probe *probe, struct instruction_text *instruction,
                           size_t begin, size_t from, struct error *error)
{
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
        if (!gelf_getsym(probe->symbols, (int)GELF_R_SYM(relocation.r_info), &symbol) ||
            symbol.st_shndx != probe->data_section || instruction->kind != REFERENCE_NONE ||
            (type != R_X86_64_32 && type != R_X86_64_32S && !is_relative))
            return error_set(error,
                             "'%.60s': only 32-bit and relative references to data can be laid out "
                             "anew: take --layout=standard",
                             instruction->text);
        instruction->kind = is_relative ? REFERENCE_RELATIVE : REFERENCE_ABSOLUTE;
        instruction->field_offset = relocation.r_offset - begin;
        instruction->field_size = 4;
        instruction->target = (int64_t)symbol.st_value + relocation.r_addend;
        if (is_relative) /* counted from the field rather than from the end */
            instruction->target += (int64_t)(instruction->size - instruction->field_offset);
    }
    return 0;
}

/* The offset in the data of a label and what is added to it, a decimal number, up to a bracket. */
static int find_label(const struct probe *probe, const char *text, int64_t *offset)
{
    size_t count = probe->symbols ? probe->symbols->d_size / sizeof(Elf64_Sym) : 0;
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
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(probe->symbols, (int)i, &symbol) || symbol.st_shndx != probe->data_section)
            continue;
        const char *name = elf_strptr(probe->elf, probe->symbol_names, symbol.st_name);
        if (!name || strlen(name) != length || strncmp(name, text, length) != 0)
            continue;
        *offset = (int64_t)symbol.st_value + sum;
        return sum > MAX_DATA || *offset >= (int64_t)probe->data->d_size ? -1 : 0;
    }
    return -1;
}

/* ---- what instructions do -------------------------------------------------------------------- */

/* Of what stands by itself: rip, which tells where, nobody changes but by a branch. */
static uint32_t register_bit(ZydisRegister name)
{
    ZydisRegister full = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, name);
    if (full == ZYDIS_REGISTER_RFLAGS)
        return TOUCHES_FLAGS;
    if (full == ZYDIS_REGISTER_NONE || full == ZYDIS_REGISTER_RIP)
        return 0;
    if (full < ZYDIS_REGISTER_RAX || full > ZYDIS_REGISTER_R15)
        return TOUCHES_OTHER;
    return 1u << (full - ZYDIS_REGISTER_RAX);
}

static void add_operand(struct instruction_text *instruction, const ZydisDecodedOperand *operand)
{
    bool reads = operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
    bool writes = operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        uint32_t bit = register_bit(operand->reg.value);
        instruction->writes |= writes ? bit : 0;
        /* What is written in part stays in part. */
        instruction->reads |= reads || operand->size < 32 ? bit : 0;
    } else if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
        instruction->reads |= register_bit(operand->mem.base) | register_bit(operand->mem.index);
        if (operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
            return;
        instruction->reads |= reads ? TOUCHES_MEMORY : 0;
        instruction->writes |= writes ? TOUCHES_MEMORY : 0;
    }
}

/* ebx, ecx, edx, esi, edi, ebp: of int 0x80 */
#define OLD_CALL_HALVES 0xeeu

/* Of which registers it takes how much for a number. */
static void add_widths(struct instruction_text *instruction, const ZydisDecodedInstruction *decoded,
                       const ZydisDecodedOperand *operands)
{
    bool is_lea = decoded->mnemonic == ZYDIS_MNEMONIC_LEA;
    /* xor eax, eax takes nothing. */
    bool clears =
        (decoded->mnemonic == ZYDIS_MNEMONIC_XOR || decoded->mnemonic == ZYDIS_MNEMONIC_SUB) &&
        operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
        operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
        operands[0].reg.value == operands[1].reg.value;
    for (size_t i = 0; !clears && i < decoded->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];
        uint32_t read = 0;
        size_t bits = operand->size;
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
            read = register_bit(operand->mem.base) | register_bit(operand->mem.index);
            bits = is_lea && operands[0].size == 32 ? 32 : decoded->address_width;
            if (bits == 64 && !is_lea) /* an address rather than a number */
                continue;
        } else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
                   operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ) {
            read = register_bit(operand->reg.value);
        }
        if (bits == 32)
            instruction->used_32 |= read;
        else if (bits == 64 && operand->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN)
            instruction->used_64 |= read;
    }
    if (decoded->mnemonic == ZYDIS_MNEMONIC_INT)
        instruction->used_32 |= OLD_CALL_HALVES;
    instruction->loads_address =
        is_lea && (instruction->kind == REFERENCE_RELATIVE || instruction->kind == REFERENCE_NEAR);
    if (instruction->loads_address && operands[0].size == 32)
        instruction->used_32 |= instruction->writes;
}

/* rax, rdi, rsi, rdx, r10, r8, r9 */
#define CALL_READS  (0x1u | 0x80u | 0x40u | 0x4u | 0x400u | 0x100u | 0x200u | TOUCHES_MEMORY)
#define CALL_WRITES (0x1u | 0x2u | 0x800u | TOUCHES_MEMORY)

/* Where the instruction leads, if it is a branch. */
static bool branch_of(const ZydisDecodedInstruction *decoded, const ZydisDecodedOperand *operands,
                      struct instruction_text *instruction, size_t begin, uint64_t *target)
{
    for (size_t i = 0; i < decoded->operand_count_visible; i++) {
        if (operands[i].type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !operands[i].imm.is_relative)
            continue;
        instruction->kind = REFERENCE_BRANCH;
        instruction->field_offset = decoded->raw.imm[0].offset;
        instruction->field_size = decoded->raw.imm[0].size / 8;
        *target = begin + instruction->size + (uint64_t)operands[i].imm.value.s;
        return true;
    }
    return false;
}

/* What ends or interrupts the program: nothing may be done before it that comes after it. */
static bool is_trap(const ZydisDecodedInstruction *decoded)
{
    switch (decoded->mnemonic) {
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
        return true;
    default:
        return decoded->meta.category == ZYDIS_CATEGORY_INTERRUPT ||
               decoded->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED;
    }
}

/* What the marks in a text say of its place in the bytes. */
static int read_marks(const struct probe *probe, const struct choice *before,
                      struct instruction_text *instruction, const ZydisDecodedInstruction *decoded,
                      struct error *error)
{
    const char *near = strstr(instruction->text, MARK_NEAR);
    if (instruction->kind == REFERENCE_PAST) {
        instruction->field_offset = decoded->raw.imm[0].offset;
        instruction->field_size = decoded->raw.imm[0].size / 8;
        instruction->target = before->instructions[0].target;
    } else if (near) {
        instruction->kind = REFERENCE_NEAR;
        instruction->field_offset = decoded->raw.disp.offset;
        instruction->field_size = 1;
        if (decoded->raw.disp.size != 8 ||
            find_label(probe, near + strlen(MARK_NEAR), &instruction->target) < 0)
            return error_set(error, "'%.60s' is no distance to a label of the data in 8 bits",
                             instruction->text);
    }
    return 0;
}

/* Whether an operand may be memory below rsp, by any register that may hold a copy of it; or moves
 * rsp by itself, so that there need not be a stack. */
static bool may_use_red_zone(const ZydisDecodedOperand *operand)
{
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
        return (operand->mem.base != ZYDIS_REGISTER_NONE &&
                operand->mem.base != ZYDIS_REGISTER_RIP && operand->mem.disp.value < 0) ||
               (operand->mem.base == ZYDIS_REGISTER_RSP &&
                operand->mem.index != ZYDIS_REGISTER_NONE);
    return operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
           register_bit(operand->reg.value) == register_bit(ZYDIS_REGISTER_RSP);
}

static int analyse(const struct probe *probe, struct parts *parts, struct part *part,
                   const struct choice *choice, struct instruction_text *instruction, size_t begin,
                   const size_t *begins, struct error *error)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction decoded;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    uint64_t target;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, instruction->bytes, instruction->size,
                                             &decoded, operands)) ||
        decoded.length != instruction->size)
        return error_set(error, "'%.60s' is no instruction that is known", instruction->text);
    for (size_t i = 0; i < decoded.operand_count; i++) {
        add_operand(instruction, &operands[i]);
        /* nasm has resolved it, and the place will be another. */
        if (instruction->kind == REFERENCE_NONE && operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            operands[i].mem.base == ZYDIS_REGISTER_RIP)
            return error_set(error,
                             "'%.60s' looks at an instruction as data: take --layout=standard",
                             instruction->text);
    }
    for (size_t i = 0; i < decoded.operand_count_visible; i++)
        parts->uses_red_zone |= may_use_red_zone(&operands[i]);
    if (decoded.cpu_flags && decoded.cpu_flags->tested)
        instruction->reads |= TOUCHES_FLAGS;
    if (decoded.cpu_flags && (decoded.cpu_flags->modified | decoded.cpu_flags->set_0 |
                              decoded.cpu_flags->set_1 | decoded.cpu_flags->undefined))
        instruction->writes |= TOUCHES_FLAGS;
    if (decoded.meta.isa_ext == ZYDIS_ISA_EXT_X87) { /* its registers move */
        instruction->reads |= TOUCHES_OTHER;
        instruction->writes |= TOUCHES_OTHER;
    }
    if (decoded.mnemonic == ZYDIS_MNEMONIC_SYSCALL) {
        instruction->reads = CALL_READS;
        instruction->writes = CALL_WRITES;
    }
    if (read_marks(probe, choice - 1, instruction, &decoded, error) < 0)
        return -1;
    add_widths(instruction, &decoded, operands);
    if (instruction->kind == REFERENCE_NONE &&
        branch_of(&decoded, operands, instruction, begin, &target) &&
        find_target(parts, begins, target, &instruction->target) < 0)
        return error_set(error, "'%.60s' leads to no instruction", instruction->text);
    part->is_barrier |= is_trap(&decoded) || (decoded.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE &&
                                              instruction->kind != REFERENCE_PAST);
    part->never_ends |=
        decoded.mnemonic == ZYDIS_MNEMONIC_JMP || decoded.mnemonic == ZYDIS_MNEMONIC_RET;
    parts->reads_flags |= (instruction->reads & TOUCHES_FLAGS) != 0;
    return 0;
}

#define FOR_EACH_INSTRUCTION(parts, instruction)                                          \
    for (size_t part_ = 0; part_ < (parts)->count; part_++)                               \
        for (size_t choice_ = 0; choice_ < (parts)->parts[part_].choice_count; choice_++) \
            for (const struct instruction_text *                                          \
                     instruction = (parts)->parts[part_].choices[choice_].instructions,   \
                    *end_ = instruction + (parts)->parts[part_].choices[choice_].count;   \
                 instruction < end_; instruction++)

/* ld puts programs below 2^32, so that esi will do for an address in rsi. Whoever makes use of that
 * gets such an address here, too. */
static void find_width_of_addresses(struct parts *parts)
{
    uint32_t loaded = 0; /* with addresses, perhaps */
    FOR_EACH_INSTRUCTION(parts, instruction)
    loaded |= instruction->loads_address ? instruction->writes : 0;
    FOR_EACH_INSTRUCTION(parts, instruction)
    if (instruction->used_64 & loaded && instruction->writes & ~(loaded | TOUCHES_FLAGS))
        loaded = UINT32_MAX; /* it may be anywhere */
    FOR_EACH_INSTRUCTION(parts, instruction)
    parts->needs_low_addresses |= (instruction->used_32 & loaded) != 0;
}

/* Flags that nobody looks at are no reason for an order, nor to leave an instruction out. */
static void summarise(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->parts[i];
        part->min_size = SIZE_MAX;
        for (size_t j = 0; j < part->choice_count; j++) {
            struct choice *choice = &part->choices[j];
            choice->size = 0;
            for (size_t k = 0; k < choice->count; k++) {
                struct instruction_text *instruction = &choice->instructions[k];
                if (!parts->reads_flags)
                    instruction->writes &= ~TOUCHES_FLAGS;
                if (instruction->kind == REFERENCE_BRANCH)
                    parts->parts[instruction->target].is_barrier = true;
                choice->reads |= instruction->reads;
                choice->writes |= instruction->writes;
                choice->size += instruction->size;
            }
            if (choice->size < part->min_size)
                part->min_size = choice->size;
            parts->touched |= choice->reads | choice->writes;
        }
        if (part_may_fall_through(part))
            part->min_size = 0;
    }
    if (!parts->reads_flags)
        parts->touched &= ~TOUCHES_FLAGS;
    find_width_of_addresses(parts);
}

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

static int read_names(struct parts *parts, const struct probe *probe, struct error *error)
{
    size_t count = probe->symbols ? probe->symbols->d_size / sizeof(Elf64_Sym) : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(probe->symbols, (int)i, &symbol) ||
            GELF_ST_TYPE(symbol.st_info) != STT_NOTYPE ||
            (symbol.st_shndx != SHN_ABS && symbol.st_shndx != probe->data_section))
            continue;
        const char *name = elf_strptr(probe->elf, probe->symbol_names, symbol.st_name);
        if (!name || !*name || strcmp(name, DATA_BEGIN) == 0 || is_defined(parts, name))
            continue;
        struct data_name *grown = array_append(parts->names, &parts->name_count, sizeof *grown);
        if (!grown)
            return error_set(error, "out of memory");
        parts->names = grown;
        grown[parts->name_count - 1] =
            (struct data_name){strdup(name), symbol.st_value, symbol.st_shndx == SHN_ABS};
        if (!grown[parts->name_count - 1].name)
            return error_set(error, "out of memory");
    }
    return 0;
}

static bool has_label(const struct parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->count; i++)
        if (strings_contain(&parts->parts[i].labels, name))
            return true;
    return false;
}

/* A label without a colon is part of the instruction for lines.c, but not for nasm. */
static int check_labels(const struct parts *parts, const struct probe *probe, struct error *error)
{
    size_t count = probe->symbols ? probe->symbols->d_size / sizeof(Elf64_Sym) : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(probe->symbols, (int)i, &symbol) ||
            GELF_ST_TYPE(symbol.st_info) != STT_NOTYPE || symbol.st_shndx == SHN_UNDEF ||
            (symbol.st_shndx != probe->sections[0] && symbol.st_shndx != probe->sections[1]))
            continue;
        const char *name = elf_strptr(probe->elf, probe->symbol_names, symbol.st_name);
        if (name && *name && !starts_with(name, OWN_NAMES) && !has_label(parts, name))
            return error_set(error, "label '%s' needs a colon", name);
    }
    return 0;
}

static int read_probe(struct parts *parts, const struct probe *probe, struct error *error)
{
    if (probe->has_address)
        return error_set(error, "the data holds an address: take --layout=standard");
    if (check_labels(parts, probe, error) < 0)
        return -1;
    size_t *begins = calloc(parts->count + 1, sizeof *begins);
    if (!begins)
        return error_set(error, "out of memory");
    int result = 0;
    set_bounds(probe, parts);
    for (size_t i = 0; i < parts->count; i++)
        begins[i] = parts->parts[i].choices[0].instructions[0].field_offset;
    for (size_t i = 0; result == 0 && i < parts->count; i++)
        for (size_t j = 0; result == 0 && j < parts->parts[i].choice_count; j++)
            for (size_t k = 0; result == 0 && k < parts->parts[i].choices[j].count; k++) {
                struct choice *choice = &parts->parts[i].choices[j];
                struct instruction_text *instruction = &choice->instructions[k];
                size_t begin = instruction->field_offset;
                if (take_bytes(probe, instruction, j > 0, error) < 0 ||
                    find_relocation(probe, instruction, begin, j > 0, error) < 0 ||
                    analyse(probe, parts, &parts->parts[i], choice, instruction, begin, begins,
                            error) < 0)
                    result = -1;
            }
    free(begins);
    if (result < 0)
        return -1;
    parts->data_size = probe->data ? probe->data->d_size : 0;
    if (parts->data_size > MAX_DATA)
        return error_set(error, "there are more than %d bytes of data: take --layout=standard",
                         MAX_DATA);
    if (parts->first_block_size == 0 || parts->first_block_size > parts->data_size)
        parts->first_block_size = parts->data_size;
    parts->data_bytes = malloc(parts->data_size + 1);
    if (!parts->data_bytes)
        return error_set(error, "out of memory");
    if (parts->data_size)
        memcpy(parts->data_bytes, probe->data->d_buf, parts->data_size);
    summarise(parts);
    return read_names(parts, probe, error);
}

/* Assembles the probe, and reads the bytes of all instructions from it. */
static int probe_parts(const struct asm_job *job, struct parts *parts, struct error *error)
{
    struct strings arguments STRINGS_CLEANUP = {0};
    struct buffer object BUFFER_CLEANUP = {0};
    char *path TEXT_CLEANUP = NULL, *folder TEXT_CLEANUP = NULL;
    if (asprintf(&path, "%s/" PROBE_OBJECT, job->temporary) < 0 ||
        asprintf(&folder, "%s/", job->source_folder) < 0) /* for incbin */
        return error_set(error, "out of memory");
    const char *const command[] = {"nasm", "-f", "elf64",      "-w+all", "-Werror", "-I",
                                   folder, "-o", PROBE_OBJECT, PROBE,    NULL};
    if (write_probe(job, parts, error) < 0 || strings_append_all(&arguments, command, error) < 0 ||
        asm_run_tool(job, job->temporary, &arguments, error) < 0 ||
        file_read_path(path, MAX_PROGRAM_SIZE, &object, error) < 0)
        return -1;
    elf_version(EV_CURRENT);
    struct probe probe = {.elf = elf_memory((char *)object.data, object.size)};
    if (!probe.elf)
        return error_set(error, "libelf cannot read " PROBE_OBJECT ": %s", elf_errmsg(-1));
    open_probe(&probe);
    int result = read_probe(parts, &probe, error);
    elf_end(probe.elf);
    unlinkat(job->temporary_fd, PROBE, 0); /* another reading makes it anew */
    return result;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int preprocess(const struct asm_job *job, unsigned assume, struct buffer *text,
                      struct error *error)
{
    struct strings arguments STRINGS_CLEANUP = {0};
    char *includes TEXT_CLEANUP = NULL, *path TEXT_CLEANUP = NULL;
    static const struct {
        unsigned assumption;
        const char *define;
    } defines[] = {{ASM_ASSUME_ARGC1, "-dWHIT_ASSUME_ARGC1"},
                   {ASM_ASSUME_STDIN, "-dWHIT_ASSUME_STDIN"},
                   {ASM_ASSUME_EXIT_ANY, "-dWHIT_ASSUME_EXIT_ANY"}};
    if (asprintf(&includes, "%s/" INCLUDES "/", job->temporary) < 0 ||
        asprintf(&path, "%s/" PREPROCESSED, job->temporary) < 0)
        return error_set(error, "out of memory");
    const char *const command[] = {
        "nasm", "-E", "-dWHIT_CHOICES", "-w+all", "-Werror", "-I", includes,
        "-o",   path, job->source_name, NULL};
    if (strings_append_all(&arguments, command, error) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(defines); i++)
        if (assume & defines[i].assumption &&
            strings_append(&arguments, defines[i].define, error) < 0)
            return -1;
    if (asm_extract_includes(job, error) < 0 ||
        asm_run_tool(job, job->source_folder, &arguments, error) < 0)
        return -1;
    return file_read_path(path, MAX_TEXT_SIZE, text, error);
}

int parts_read(const struct asm_job *job, unsigned assume, struct parts *parts, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    *parts = (struct parts){0};
    if (preprocess(job, assume, &text, error) < 0 || buffer_check(&text, error) < 0)
        return -1;
    buffer_append(&text, "", 1);
    if (buffer_check(&text, error) < 0 || parts_read_lines(parts, (char *)text.data, error) < 0 ||
        parts_offer_addresses(parts, error) < 0)
        return -1;
    return probe_parts(job, parts, error);
}
