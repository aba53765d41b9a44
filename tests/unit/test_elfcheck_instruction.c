/* That what is said of an instruction's results is what the processor does: random instructions are
 * run in a child one by one, from states of which more or less is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "elfcheck/calls/instruction.h"
#include "tests/unit/compare.h"

#include <sys/user.h> /* which has a PAGE_SIZE, too */

#ifndef INSTRUCTIONS
#define INSTRUCTIONS 20000
#endif
#ifndef SEED
#define SEED 1
#endif

/* Memory at places that the child and this process share. */
#define CODE        0x10000000
#define STACK       0x20000000
#define DATA        0x30000000
#define AREA_SIZE   0x4000
#define STACK_START (STACK + AREA_SIZE / 2)

/* A repeated string instruction is stepped through once for each repetition. */
#define MAX_STEPS 100

#define START_FLAGS      0x202
#define ARITHMETIC_FLAGS 0x8d5

static uint64_t random_state = SEED;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static uint64_t below(uint64_t limit)
{
    return random_number() % limit;
}

static void write_cell(unsigned number, uint64_t value)
{
    memcpy((char *)STACK_START + number * STACK_CELL_SIZE, &value, sizeof value); // NOLINT
}

/* An instruction may have left the stack pointer unaligned. */
static uint64_t read_cell(uint64_t address)
{
    uint64_t value;
    memcpy(&value, (const char *)address, sizeof value); // NOLINT
    return value;
}

/* ---- states ---------------------------------------------------------------------------------- */

/* A number, and something that is known of it. */
static uint64_t invent(struct value *known, uint64_t rsp)
{
    uint64_t number, offset = below(9) * 8 - 16 + (below(4) == 0 ? below(8) : 0);
    switch (below(8)) {
    case 0:
        *known = value_number(number = below(256));
        return number;
    case 1:
        *known = value_byte;
        return below(256);
    case 2:
        *known = value_error;
        return -(1 + below(4095));
    case 3:
        *known = (struct value){.kind = VALUE_SOME, .is_negative = true};
        return random_number() | UINT64_C(1) << 31;
    case 4:
        *known = value_address(VALUE_STACK, offset);
        return rsp + offset;
    case 5:
        *known = value_number(number = DATA + below(AREA_SIZE));
        return number;
    case 6:
        *known = value_any;
        return random_number();
    default:
        *known = (struct value){.kind = VALUE_SOME, .count = 3};
        known->numbers[0] = random_number();
        known->numbers[1] = below(2) ? below(70000) : -below(70000);
        known->numbers[2] = random_number() & UINT32_MAX;
        return known->numbers[below(3)];
    }
}

static bool holds(const struct value *known, uint64_t number, uint64_t rsp)
{
    if (known->kind == VALUE_ANY)
        return true;
    if (known->kind == VALUE_STACK)
        return number == rsp + known->numbers[0];
    if ((known->is_byte && number < 256) || (known->is_error && number >= -UINT64_C(4096)) ||
        (known->is_negative && (number & UINT64_C(1) << 31)))
        return true;
    for (unsigned i = 0; i < known->count; i++)
        if (known->numbers[i] == number)
            return true;
    return false;
}

static unsigned long long *register_of(struct user_regs_struct *all, unsigned number)
{
    unsigned long long *const registers[REGISTER_COUNT] = {
        &all->rax, &all->rcx, &all->rdx, &all->rbx, &all->rsp, &all->rbp, &all->rsi, &all->rdi,
        &all->r8,  &all->r9,  &all->r10, &all->r11, &all->r12, &all->r13, &all->r14, &all->r15};
    return registers[number];
}

static void invent_state(struct state *known, struct user_regs_struct *registers)
{
    registers->rip = CODE;
    registers->rsp = STACK_START;
    registers->eflags = START_FLAGS;
    known->has_start_flags = below(2);
    if (!known->has_start_flags)
        registers->eflags |= random_number() & ARITHMETIC_FLAGS;
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        if (i != RSP)
            *register_of(registers, i) = invent(&known->registers[i], STACK_START);
    known->registers[RSP] = value_address(VALUE_STACK, 0);
    for (unsigned i = 0; i < STACK_CELLS; i++)
        write_cell(i, invent(&known->stack[i], STACK_START));
}

static void assert_holds(const struct state *known, struct user_regs_struct *registers,
                         const char *text)
{
    uint64_t rsp = registers->rsp;
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        if (!holds(&known->registers[i], *register_of(registers, i), rsp))
            fail_msg("%s: register %u is 0x%llx", text, i, *register_of(registers, i));
    for (unsigned i = 0; i < STACK_CELLS; i++) {
        uint64_t address = rsp + i * STACK_CELL_SIZE;
        if (address >= STACK && address <= STACK + AREA_SIZE - STACK_CELL_SIZE &&
            !holds(&known->stack[i], read_cell(address), rsp))
            fail_msg("%s: cell %u is 0x%" PRIx64, text, i, read_cell(address));
    }
    if (known->has_start_flags && (registers->eflags & ARITHMETIC_FLAGS))
        fail_msg("%s: flags are 0x%llx", text, registers->eflags);
}

/* ---- instructions ---------------------------------------------------------------------------- */

/* Random bytes, or an instruction of the simpler kind with operands that lead somewhere. */
static void invent_code(unsigned char *bytes)
{
    static const unsigned char prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0x64, 0xf0};
    size_t size = 0;
    for (size_t i = 0; i < ZYDIS_MAX_INSTRUCTION_LENGTH; i++)
        bytes[i] = (unsigned char)random_number();
    if (below(4) == 0)
        return;
    if (below(8) == 0)
        bytes[size++] = prefixes[below(sizeof prefixes)];
    if (below(2))
        bytes[size++] = (unsigned char)(0x40 + below(16));
    if (below(4) == 0)
        bytes[size++] = 0x0f;
    size++; /* any opcode */
    if (below(2))
        bytes[size++] |= 0xc0; /* two registers */
    else {
        bytes[size] = (unsigned char)((bytes[size] & 0x38) | 0x44); /* [rsp + byte] */
        bytes[size + 1] = 0x24;
        bytes[size + 2] = (unsigned char)(below(8) * 8 - 16 + (below(4) == 0 ? below(8) : 0));
        size += 3;
    }
    if (below(2))
        memset(bytes + size, below(2) ? 0 : 0xff, ZYDIS_MAX_INSTRUCTION_LENGTH - size);
    if (below(2))
        bytes[size] = (unsigned char)below(70);
}

/* ---- the processor --------------------------------------------------------------------------- */

static void share_memory(uintptr_t address)
{
    void *place = (void *)address; // NOLINT
    assert_ptr_equal(mmap(place, AREA_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
                     place);
}

static pid_t start_child(void)
{
    pid_t child = fork();
    int status;
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL), 0);
    return child;
}

/* Runs the instruction. Whether it came to its end. */
static bool run(pid_t child, struct user_regs_struct *registers, uint64_t end)
{
    int status;
    assert_int_equal(ptrace(PTRACE_SETREGS, child, NULL, registers), 0);
    for (size_t i = 0; i < MAX_STEPS; i++) {
        assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSTOPPED(status));
        assert_int_equal(ptrace(PTRACE_GETREGS, child, NULL, registers), 0);
        if (WSTOPSIG(status) != SIGTRAP)
            return false;
        if (registers->rip != CODE)
            return registers->rip == end;
    }
    return false;
}

static void knows_no_less_than_the_processor_does(void **state)
{
    (void)state;
    static const uintptr_t areas[] = {CODE, STACK, DATA};
    for (size_t i = 0; i < COUNT(areas); i++)
        share_memory(areas[i]);
    unsigned char *code = (unsigned char *)areas[0]; // NOLINT
    pid_t child = start_child();
    struct user_regs_struct start, registers;
    assert_int_equal(ptrace(PTRACE_GETREGS, child, NULL, &start), 0);
    start.orig_rax = ~UINT64_C(0); /* no system call is to be started again */

    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    size_t completed = 0, ended = 0;
    for (size_t i = 0; i < INSTRUCTIONS;) {
        static struct instruction instruction;
        static struct state known;
        char text[128];
        invent_code(code);
        instruction.address = CODE;
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, ZYDIS_MAX_INSTRUCTION_LENGTH,
                                                 &instruction.decoded, instruction.operands)))
            continue;
        registers = start;
        invent_state(&known, &registers);
        bool ends = instruction_ends(&known, &instruction) &&
                    instruction.decoded.mnemonic != ZYDIS_MNEMONIC_INT3;
        if (!ends && !instruction_is_plain(&instruction))
            continue;
        i++;
        ZydisFormatterFormatInstruction(&formatter, &instruction.decoded, instruction.operands,
                                        instruction.decoded.operand_count_visible, text,
                                        sizeof text, CODE, NULL);
        instruction_apply(&known, &instruction);
        bool completes = run(child, &registers, instruction_end(&instruction));
        if (completes && ends)
            fail_msg("%s does not end the program", text);
        ended += ends;
        completed += completes;
        if (completes)
            assert_holds(&known, &registers, text);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    /* Neither that nothing ran, nor that nothing was to end. */
    assert_compare(completed, >, INSTRUCTIONS / 3);
    assert_compare(ended, >, INSTRUCTIONS / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_no_less_than_the_processor_does),
    };
    return cmocka_run_group_tests_name("elfcheck_instruction", tests, NULL, NULL);
}
