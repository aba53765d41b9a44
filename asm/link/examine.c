/*
 * What an object asks of segments, by its sections and its instructions. Which instructions fault
 * on memory that is not aligned Zydis knows by their classes of exceptions (Intel SDM, volume
 * 2, 2.4 to 2.7).
 */
#include "asm/link/examine.h"

#include <gelf.h>
#include <sys/syscall.h>

#include <Zydis/Zydis.h>

#include "base/read.h"

int asm_elf_error(const char *path, struct error *error)
{
    return error_set(error, "libelf cannot read %s: %s", path, elf_errmsg(-1));
}

/* ---- instructions ---------------------------------------------------------------------------- */

/* Of the classes in which operands of 16 bytes have to be aligned. */
static bool takes_unaligned(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_LDDQU:
    case ZYDIS_MNEMONIC_PCMPESTRI:
    case ZYDIS_MNEMONIC_PCMPESTRM:
    case ZYDIS_MNEMONIC_PCMPISTRI:
    case ZYDIS_MNEMONIC_PCMPISTRM:
        return true;
    default:
        return false;
    }
}

/* Of an operand in memory of so many bytes. */
static unsigned needed_alignment(const ZydisDecodedInstruction *instruction, unsigned size)
{
    switch (instruction->meta.exception_class) {
    case ZYDIS_EXCEPTION_CLASS_SSE1:
    case ZYDIS_EXCEPTION_CLASS_SSE2:
    case ZYDIS_EXCEPTION_CLASS_SSE4:
        return size == 16 && !takes_unaligned(instruction->mnemonic) ? size : 1;
    case ZYDIS_EXCEPTION_CLASS_AVX1:
    case ZYDIS_EXCEPTION_CLASS_E1:
    case ZYDIS_EXCEPTION_CLASS_E1NF:
        return size;
    default:
        break;
    }
    switch (instruction->meta.category) {
    case ZYDIS_CATEGORY_XSAVE:
    case ZYDIS_CATEGORY_XSAVEOPT:
        return 64;
    default:
        break;
    }
    switch (instruction->mnemonic) {
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64:
    case ZYDIS_MNEMONIC_FXRSTOR:
    case ZYDIS_MNEMONIC_FXRSTOR64:
    case ZYDIS_MNEMONIC_CMPXCHG16B:
        return 16;
    default:
        return 1;
    }
}

/* Where the stack is has nothing to do with where ld puts data. */
static bool is_data(const ZydisDecodedOperand *operand)
{
    return operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
           operand->mem.type == ZYDIS_MEMOP_TYPE_MEM && operand->mem.base != ZYDIS_REGISTER_RSP &&
           operand->mem.base != ZYDIS_REGISTER_RBP;
}

/* Whether it loads the number of the system call futex, whose word the kernel wants aligned. */
static bool loads_futex(const ZydisDecodedInstruction *instruction,
                        const ZydisDecodedOperand *operands)
{
    return instruction->mnemonic == ZYDIS_MNEMONIC_MOV &&
           operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
           operands[1].imm.value.u == SYS_futex &&
           ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, operands[0].reg.value) ==
               ZYDIS_REGISTER_RAX;
}

static unsigned alignment_of_instruction(const ZydisDecodedInstruction *instruction,
                                         const ZydisDecodedOperand *operands)
{
    unsigned largest = loads_futex(instruction, operands) ? sizeof(uint32_t) : 1;
    for (size_t i = 0; i < instruction->operand_count_visible; i++) {
        unsigned needed =
            is_data(&operands[i]) ? needed_alignment(instruction, operands[i].size / 8) : 1;
        largest = needed > largest ? needed : largest;
    }
    return largest;
}

/* That some instruction of the code needs of memory that is not on the stack: 1 where none needs
 * any. Data in the code may be taken for instructions, and hide some. */
static unsigned alignment_of_code(const void *code, size_t size)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    unsigned largest = 1;
    for (const char *at = code, *end = at + size; at < end;) {
        ZydisDecodedInstruction instruction;
        ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
        if (!ZYAN_SUCCESS(
                ZydisDecoderDecodeFull(&decoder, at, (size_t)(end - at), &instruction, operands))) {
            at++;
            continue;
        }
        unsigned needed = alignment_of_instruction(&instruction, operands);
        largest = needed > largest ? needed : largest;
        at += instruction.length;
    }
    return largest;
}

/* ---- sections -------------------------------------------------------------------------------- */

/* What the sections of one object need, while they are looked at. */
struct needs {
    unsigned alignment;            /* of instructions */
    uint64_t in_file, behind_file; /* the least that a section of data has */
};

static void examine_section(Elf_Scn *section, const GElf_Shdr *header, struct asm_object *object,
                            struct needs *needs)
{
    bool is_writable = header->sh_flags & SHF_WRITE, is_code = header->sh_flags & SHF_EXECINSTR;
    object->is_writable |= is_writable;
    object->has_zeros |= is_writable && header->sh_type == SHT_NOBITS;
    object->is_code_writable |= is_writable && is_code;
    object->is_thread_local |= (header->sh_flags & SHF_TLS) != 0;
    const Elf_Data *code = is_code ? elf_getdata(section, NULL) : NULL;
    unsigned needed = code && code->d_buf ? alignment_of_code(code->d_buf, code->d_size) : 1;
    uint64_t *least = header->sh_type == SHT_NOBITS ? &needs->behind_file : &needs->in_file;
    needs->alignment = needed > needs->alignment ? needed : needs->alignment;
    *least = !is_code && header->sh_addralign < *least ? header->sh_addralign : *least;
}

/* Without whit, nasm and ld put the first data of a source at the beginning of a page, so that
 * programs get the alignment that they need without having asked for it. */
int asm_examine_object(const struct asm_job *job, struct asm_object *object, struct error *error)
{
    struct needs needs = {.alignment = 1, .in_file = UINT64_MAX, .behind_file = UINT64_MAX};
    bool has_source = false;
    int fd FD_CLEANUP = file_open(object->path, error);
    if (fd < 0)
        return -1;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    if (!elf)
        return asm_elf_error(object->path, error);
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_flags & SHF_ALLOC && header.sh_size)
            examine_section(section, &header, object, &needs);
    }
    elf_end(elf);
    for (size_t i = 0; i < job->input_count; i++)
        has_source |= job->inputs[i].is_source;
    object->alignment = has_source && needs.in_file < needs.alignment ? needs.alignment : 1;
    object->zeros_alignment =
        has_source && needs.behind_file < needs.alignment ? needs.alignment : 1;
    return 0;
}
