/* Which instructions do only what their operands tell, and which are sure to end the program. */
#include "base/array.h"
#include "elfcheck/calls/instruction.h"
#include "elfcheck/read/inspection.h"

/* Those of these kinds do nothing but what Zydis says of their operands. */
static const bool plain_categories[ZYDIS_CATEGORY_MAX_VALUE + 1] = {
    [ZYDIS_CATEGORY_ADOX_ADCX] = true,  [ZYDIS_CATEGORY_AES] = true,
    [ZYDIS_CATEGORY_AVX] = true,        [ZYDIS_CATEGORY_AVX2] = true,
    [ZYDIS_CATEGORY_BINARY] = true,     [ZYDIS_CATEGORY_BITBYTE] = true,
    [ZYDIS_CATEGORY_BLEND] = true,      [ZYDIS_CATEGORY_BMI1] = true,
    [ZYDIS_CATEGORY_BMI2] = true,       [ZYDIS_CATEGORY_BROADCAST] = true,
    [ZYDIS_CATEGORY_CMOV] = true,       [ZYDIS_CATEGORY_CONVERT] = true,
    [ZYDIS_CATEGORY_DATAXFER] = true,   [ZYDIS_CATEGORY_FLAGOP] = true,
    [ZYDIS_CATEGORY_GFNI] = true,       [ZYDIS_CATEGORY_LOGICAL] = true,
    [ZYDIS_CATEGORY_LOGICAL_FP] = true, [ZYDIS_CATEGORY_LZCNT] = true,
    [ZYDIS_CATEGORY_MMX] = true,        [ZYDIS_CATEGORY_NOP] = true,
    [ZYDIS_CATEGORY_PCLMULQDQ] = true,  [ZYDIS_CATEGORY_POP] = true,
    [ZYDIS_CATEGORY_PREFETCH] = true,   [ZYDIS_CATEGORY_PUSH] = true,
    [ZYDIS_CATEGORY_ROTATE] = true,     [ZYDIS_CATEGORY_SEMAPHORE] = true,
    [ZYDIS_CATEGORY_SETCC] = true,      [ZYDIS_CATEGORY_SHA] = true,
    [ZYDIS_CATEGORY_SHIFT] = true,      [ZYDIS_CATEGORY_SSE] = true,
    [ZYDIS_CATEGORY_STRINGOP] = true,   [ZYDIS_CATEGORY_STTNI] = true,
    [ZYDIS_CATEGORY_WIDENOP] = true,    [ZYDIS_CATEGORY_X87_ALU] = true,
    [ZYDIS_CATEGORY_FCMOV] = true,
};

/* Those of other kinds that do not either. */
static const ZydisMnemonic plain_mnemonics[] = {
    ZYDIS_MNEMONIC_LEA,     ZYDIS_MNEMONIC_LEAVE,  ZYDIS_MNEMONIC_ENTER,  ZYDIS_MNEMONIC_XLAT,
    ZYDIS_MNEMONIC_PAUSE,   ZYDIS_MNEMONIC_CPUID,  ZYDIS_MNEMONIC_RDTSC,  ZYDIS_MNEMONIC_RDTSCP,
    ZYDIS_MNEMONIC_LFENCE,  ZYDIS_MNEMONIC_MFENCE, ZYDIS_MNEMONIC_SFENCE, ZYDIS_MNEMONIC_CLFLUSH,
    ZYDIS_MNEMONIC_ENDBR32, ZYDIS_MNEMONIC_ENDBR64};

bool instruction_is_plain(const struct instruction *instruction)
{
    const ZydisDecodedInstruction *decoded = &instruction->decoded;
    /* f3 41 90 is an exchange of rax and r8, which Zydis 4.0 takes for this. */
    if (decoded->mnemonic == ZYDIS_MNEMONIC_PAUSE && decoded->raw.rex.B)
        return false;
    if (plain_categories[decoded->meta.category])
        return true;
    for (size_t i = 0; i < COUNT(plain_mnemonics); i++)
        if (plain_mnemonics[i] == decoded->mnemonic)
            return true;
    return false;
}

/* Reads or writes at an address from -8192 to -1, which is the kernel's: SIGSEGV. */
static bool uses_error_as_address(const struct state *state, const struct instruction *instruction)
{
    const ZydisDecodedInstruction *decoded = &instruction->decoded;
    ZydisInstructionCategory category = decoded->meta.category;
    if ((category != ZYDIS_CATEGORY_BINARY && category != ZYDIS_CATEGORY_LOGICAL &&
         decoded->mnemonic != ZYDIS_MNEMONIC_MOV) ||
        decoded->address_width != WIDEST)
        return false;
    for (unsigned i = 0; i < decoded->operand_count; i++) {
        const ZydisDecodedOperand *operand = &instruction->operands[i];
        const ZydisDecodedOperandMem *memory = &operand->mem;
        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || memory->type != ZYDIS_MEMOP_TYPE_MEM ||
            memory->index != ZYDIS_REGISTER_NONE || memory->segment == ZYDIS_REGISTER_FS ||
            memory->segment == ZYDIS_REGISTER_GS || memory->disp.value > 0 ||
            memory->disp.value < -PAGE_SIZE)
            continue;
        struct value base = read_register(state, memory->base);
        if (base.kind == VALUE_SOME && base.is_error && !base.is_byte && !base.is_negative &&
            base.count == 0)
            return true;
    }
    return false;
}

bool instruction_ends(const struct state *state, const struct instruction *instruction)
{
    switch (instruction->decoded.mnemonic) {
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_HLT:
    case ZYDIS_MNEMONIC_INT3:
        return true;
    default:
        return uses_error_as_address(state, instruction);
    }
}
