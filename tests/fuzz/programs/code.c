/* Elements that compute. */
#include "source.h"

static const char *condition(struct source *source)
{
    return PICK(source, "e", "ne", "b", "ae", "a", "be", "l", "ge", "g", "le", "s", "ns", "o", "no",
                "c", "nc", "z", "nz", "p", "np");
}

/* Some registers, with values; rax is the first. */
static unsigned begin_registers(struct source *source, unsigned pool[6])
{
    unsigned count = between(source, 2, 5);
    uint32_t used = 1U << RAX | 1U << RCX;
    pool[0] = RAX;
    for (unsigned i = 0; i < count; i++) {
        if (i)
            pool[i] =
                one_in(source, 4) && !(used & 1U << RCX) ? RCX : unused_register(source, &used);
        set(source, pool[i], chance(source, one_in(source, 2) ? 200 : UINT64_MAX));
    }
    return count;
}

static void end_registers(struct source *source, const unsigned pool[6], unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        accumulate(source, RAX, pool[i]);
}

static void write_one_operand(struct source *source, const char *operand, unsigned width)
{
    switch (chance(source, 3)) {
    case 0:
        line(source, "%s %s", PICK(source, "not", "neg", "inc", "dec"), operand);
        return;
    case 1:
        line(source, "%s %s, %u", PICK(source, "rol", "ror", "shl", "shr", "sar"), operand,
             between(source, 1, (8U << width) - 1));
        return;
    default:
        line(source, "%s %s, %s", PICK(source, "add", "sub", "xor", "and", "or"), operand,
             number(source, chance(source, width ? 0x7fff : 0x7f)));
    }
}

/* A step that no undefined flag decides. */
static void write_step(struct source *source, unsigned to, unsigned from)
{
    unsigned width = one_in(source, 3) ? between(source, 0, 1) : between(source, 2, 3);
    const char *left = registers[width][to], *right = registers[width][from];
    const char *wide = registers[3][to], *by = registers[3][from];
    switch (chance(source, 10)) {
    case 0:
        write_one_operand(source, left, width);
        return;
    case 1:
        line(source, "lea %s, [%s + %s*%u %c %u]", one_in(source, 3) ? registers[2][to] : wide,
             wide, by, 1U << chance(source, 4), one_in(source, 2) ? '+' : '-',
             between(source, 1, 300));
        return;
    case 2:
        line(source, "%s %s, %s", PICK(source, "movsx", "movzx"), wide,
             registers[between(source, 0, 1)][from]);
        return;
    case 3:
        line(source, "imul %s, %s%s", wide, by, PICK(source, "", ", 7", ", -3", ", 1000"));
        return;
    case 4:
        line(source, "xchg %s, %s", left, right);
        return;
    case 5:
        line(source, "push %s", by);
        write_one_operand(source, wide, 3);
        line(source, "pop %s", by);
        return;
    case 6:
        line(source, "%s %s", PICK(source, "bswap", "neg", "not"),
             registers[between(source, 2, 3)][to]);
        return;
    case 7:
        line(source, "add %s, %s", left, right);
        line(source, "%s %s, %s", PICK(source, "adc", "sbb"), by, wide);
        return;
    case 8:
        line(source, "movsxd %s, %s", wide, registers[2][from]);
        return;
    default:
        line(source, "%s %s, %s", PICK(source, "add", "sub", "xor", "and", "or", "mov"), left,
             right);
    }
}

void write_arithmetic(struct source *source)
{
    unsigned pool[6], count = begin_registers(source, pool);
    for (unsigned i = between(source, 3, 20); i > 0; i--) {
        unsigned to = (unsigned)chance(source, count);
        write_step(source, pool[to], pool[(to + between(source, 1, count - 1)) % count]);
    }
    if (one_in(source, 6))
        line(source, "add ah, al");
    end_registers(source, pool, count);
}

/* Flags of cmp, test, add and sub become a value, a move or a branch. */
void write_flags(struct source *source)
{
    unsigned pool[6], count = begin_registers(source, pool);
    for (unsigned i = between(source, 1, 5); i > 0; i--) {
        unsigned width = between(source, 0, 3), to = pool[chance(source, count)];
        const char *skip = local(source);
        line(source, "%s %s, %s", PICK(source, "cmp", "test", "add", "sub"),
             registers[width][pool[chance(source, count)]],
             registers[width][pool[chance(source, count)]]);
        switch (chance(source, 3)) {
        case 0:
            line(source, "set%s %s", condition(source), registers[0][to]);
            break;
        case 1:
            line(source, "cmov%s %s, %s", condition(source), registers[3][to],
                 registers[3][pool[chance(source, count)]]);
            break;
        default:
            line(source, "j%s %s%s", condition(source), PICK(source, "", "", "short ", "near "),
                 skip);
            line(source, "lea %s, [%s + %s + %u]", registers[3][to], registers[3][to],
                 registers[3][pool[0]], between(source, 1, 99));
            label(source, skip);
        }
    }
    end_registers(source, pool, count);
}

void write_division(struct source *source)
{
    bool is_signed = one_in(source, 2);
    unsigned width = between(source, 1, 3);
    set(source, RAX, chance(source, width == 1 ? INT16_MAX : UINT64_MAX));
    set(source, RCX, 2 + chance(source, 100));
    line(source, "xor edx, edx");
    if (is_signed)
        line(source, "%s", width == 1 ? "cwd" : width == 2 ? "cdq" : "cqo");
    line(source, "%s %s", is_signed ? "idiv" : "div", registers[width][RCX]);
    line(source, "%s", PICK(source, "shl rdx, 9", "imul rdx, rdx, 77", "mul rdx", "imul ecx"));
    line(source, "%s", PICK(source, "add rax, rdx", "xor rax, rdx", "cdqe"));
}

void write_bits(struct source *source)
{
    uint32_t used = 1U << RAX;
    unsigned other = unused_register(source, &used);
    const char *by = registers[3][other];
    set(source, RAX, chance(source, UINT64_MAX));
    set(source, other, 1 + chance(source, UINT32_MAX));
    for (unsigned i = between(source, 1, 4); i > 0; i--) {
        line(source, "%s rax, %u", PICK(source, "bt", "bts", "btr", "btc"), between(source, 0, 63));
        line(source, "%s rax, %u", PICK(source, "adc", "sbb"), between(source, 0, 9));
        line(source, "or %s, 2", by);
        line(source, "%s %s, %s", PICK(source, "bsf", "bsr", "popcnt", "add"), by, by);
        line(source, "%s rax, %s, %u", PICK(source, "shld", "shrd"), by, between(source, 1, 63));
        line(source, "%s", PICK(source, "stc", "clc", "cmc", "cld", "nop"));
    }
    line(source, "add rax, %s", by);
}

static void end_loop(struct source *source, unsigned counter, const char *loop)
{
    if (counter == RCX && one_in(source, 2)) {
        line(source, "loop %s", loop);
        return;
    }
    line(source, one_in(source, 3) ? "sub %s, 1" : "dec %s", registers[2][counter]);
    line(source, "%s %s", PICK(source, "jnz", "jne", "jg"), loop);
}

/* A loop within a loop, or one that is left early. */
void write_loop(struct source *source)
{
    uint32_t used = 1U << RAX;
    unsigned outer = unused_register(source, &used);
    unsigned inner = one_in(source, 2) && outer != RCX ? RCX : unused_register(source, &used);
    const char *loop = local(source), *again = local(source), *check = local(source);
    const char *out = local(source);
    set(source, RAX, chance(source, 10));
    set(source, outer, between(source, 1, 9));
    label(source, loop);
    set(source, inner, between(source, 1, 9));
    if (one_in(source, 2))
        line(source, "jmp %s", check);
    if (!source->is_movable && one_in(source, 6))
        line(source, "align %u", 4U << chance(source, 3));
    label(source, again);
    accumulate(source, RAX, outer);
    label(source, check);
    line(source, "add rax, %u", between(source, 1, 99));
    end_loop(source, inner, again);
    if (one_in(source, 3)) {
        line(source, "test eax, eax");
        line(source, "j%s %s", PICK(source, "s", "ns", "p"), out);
    }
    end_loop(source, outer, loop);
    label(source, out);
    line(source, "xor rax, %s", registers[3][outer]);
}
