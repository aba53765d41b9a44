/* Elements about tables, which are read in loops. */
#include "source.h"

struct table {
    const char *label;
    const char *end;   /* an expression for the address behind it */
    const char *count; /* an expression for the number of items */
    unsigned width;    /* the binary logarithm of an item's size */
    unsigned items;
};

static uint64_t item(struct source *source, unsigned width)
{
    uint64_t mask = width == 3 ? UINT64_MAX : (UINT64_C(1) << (8U << width)) - 1;
    return one_in(source, 2) ? chance(source, 100) : chance(source, UINT64_MAX) & mask;
}

/* "db 1, 2, 3" in as many lines as it takes. */
static void write_list_of_items(struct source *source, unsigned width, unsigned items)
{
    while (items) {
        unsigned count = between(source, 1, items < 8 ? items : 8);
        const char *list = number(source, item(source, width));
        for (unsigned i = 1; i < count; i++)
            list = text(source, "%s,%s%s", list, one_in(source, 2) ? " " : "",
                        number(source, item(source, width)));
        line(source, "d%c %s", "bwdq"[width], list);
        items -= count;
    }
}

static void write_repeated_items(struct source *source, unsigned width, unsigned items)
{
    directive(source, "%%assign value %u", between(source, 1, 9));
    directive(source, "%%rep %u", items);
    line(source, "d%c value*%u+1", "bwdq"[width], between(source, 1, 5));
    directive(source, "%%assign value value+1");
    directive(source, "%%endrep");
}

static void write_items(struct source *source, unsigned width, unsigned items)
{
    unsigned first = between(source, 0, items);
    switch (chance(source, 6)) {
    case 0:
        line(source, "times %u d%c %s", items, "bwdq"[width], number(source, item(source, width)));
        return;
    case 1:
        write_repeated_items(source, width, items);
        return;
    case 2:
        write_list_of_items(source, width, first);
        write_list_of_items(source, width, items - first);
        return;
    default:
        write_list_of_items(source, width, items);
    }
}

static const char *divided(struct source *source, const char *bytes, unsigned width)
{
    return width ? text(source, "(%s)/%u", bytes, 1U << width) : bytes;
}

/* Writes how the table ends: a label behind it, an equate, or nothing. */
static void end_table(struct source *source, struct table *table)
{
    const char *bytes, *end = table->end = text(source, "%s_end", table->label);
    table->count = text(source, "%u", table->items);
    switch (chance(source, 6)) {
    case 0:
        end = ".end";
        table->end = text(source, "%s.end", table->label);
        label(source, end);
        break;
    case 1:
        label(source, end);
        break;
    case 2:
        directive(source, "%s equ $", end);
        break;
    case 3:
        bytes = text(source, "%s_size", table->label);
        directive(source, "%s equ $%s-%s%s", bytes, one_in(source, 2) ? " " : "",
                  one_in(source, 2) ? " " : "", table->label);
        table->end = text(source, "%s + %s", table->label, bytes);
        table->count = divided(source, bytes, table->width);
        return;
    case 4:
        bytes = text(source, "%s_count", table->label);
        directive(source, "%s equ ($-%s)/%u", bytes, table->label, 1U << table->width);
        table->end = text(source, "%s+%s*%u", table->label, bytes, 1U << table->width);
        table->count = bytes;
        return;
    default:
        table->end = text(source, "%s + %u", table->label, table->items << table->width);
        return;
    }
    if (one_in(source, 2))
        table->count =
            divided(source, text(source, "%s - %s", table->end, table->label), table->width);
}

static struct table new_table(struct source *source, enum part part)
{
    struct table table = {.width = between(source, 0, 3), .items = between(source, 1, 12)};
    table.label = name(source, PICK(source, "tab", "table", "list", "primes", "data"));
    in(source, part);
    if (!source->is_movable && one_in(source, 4))
        line(source, "align %u", 2U << chance(source, 4));
    label(source, table.label);
    write_items(source, table.width, table.items);
    end_table(source, &table);
    in(source, PART_BODY);
    return table;
}

/* ---- loops over one -------------------------------------------------------------------------- */

static void loop_to_end(struct source *source, const struct table *table)
{
    uint32_t used = 1U << RAX;
    unsigned pointer = unused_register(source, &used), value = unused_register(source, &used);
    const char *loop = local(source), *where = registers[3][pointer];
    load_address(source, pointer, table->label);
    label(source, loop);
    load(source, value, table->width, text(source, "[%s]", where));
    accumulate(source, RAX, value);
    line(source, table->width || one_in(source, 2) ? "add %s, %u" : "inc %s", where,
         1U << table->width);
    if (one_in(source, 2)) {
        line(source, "cmp %s, %s", where, table->end);
    } else {
        unsigned end = unused_register(source, &used);
        load_address(source, end, table->end);
        line(source, "cmp %s, %s", where, registers[3][end]);
    }
    line(source, "%s %s", PICK(source, "jb", "jne", "jnz", "jc"), loop);
}

static void loop_from_end(struct source *source, const struct table *table)
{
    uint32_t used = 1U << RAX;
    unsigned pointer = unused_register(source, &used), value = unused_register(source, &used);
    const char *loop = local(source), *where = registers[3][pointer];
    load_address(source, pointer, table->end);
    label(source, loop);
    if (one_in(source, 2)) {
        line(source, "sub %s, %u", where, 1U << table->width);
        load(source, value, table->width, text(source, "[%s]", where));
    } else {
        load(source, value, table->width, text(source, "[%s-%u]", where, 1U << table->width));
        line(source, "lea %s, [%s - %u]", where, where, 1U << table->width);
    }
    accumulate(source, RAX, value);
    line(source, "cmp %s, %s", where, table->label);
    line(source, "%s %s", PICK(source, "ja", "jne"), loop);
}

static void loop_by_index(struct source *source, const struct table *table)
{
    uint32_t used = 1U << RAX;
    unsigned index = unused_register(source, &used), value = unused_register(source, &used);
    const char *loop = local(source), *base = table->label;
    if (one_in(source, 2)) {
        unsigned pointer = unused_register(source, &used);
        load_address(source, pointer, table->label);
        base = registers[3][pointer];
    }
    set(source, index, 0);
    label(source, loop);
    load(source, value, table->width,
         text(source, "[%s + %s*%u]", base, registers[3][index], 1U << table->width));
    accumulate(source, RAX, value);
    line(source, one_in(source, 2) ? "inc %s" : "add %s, 1", registers[2][index]);
    line(source, "cmp %s, %s", registers[2][index], table->count);
    line(source, "%s %s", PICK(source, "jb", "jl", "jne"), loop);
}

static void loop_by_count(struct source *source, const struct table *table)
{
    uint32_t used = 1U << RAX | 1U << RCX;
    unsigned pointer = unused_register(source, &used), value = unused_register(source, &used);
    const char *loop = local(source);
    load_address(source, pointer, table->label);
    line(source, one_in(source, 2) ? "mov ecx, %s" : "mov rcx, %s", table->count);
    label(source, loop);
    load(source, value, table->width,
         text(source, "[%s + rcx*%u - %u]", registers[3][pointer], 1U << table->width,
              1U << table->width));
    accumulate(source, RAX, value);
    if (one_in(source, 3)) {
        line(source, "loop %s", loop);
        return;
    }
    line(source, one_in(source, 3) ? "sub ecx, 1" : "dec ecx");
    line(source, "jnz %s", loop);
}

static void loop_by_lods(struct source *source, const struct table *table)
{
    uint32_t used = 1U << RAX | 1U << RCX | 1U << RSI;
    unsigned sum = unused_register(source, &used);
    const char *loop = local(source);
    load_address(source, RSI, table->label);
    line(source, "mov ecx, %s", table->count);
    set(source, sum, chance(source, 1000));
    line(source, "xor eax, eax");
    label(source, loop);
    line(source, "lods%c", "bwdq"[table->width]);
    accumulate(source, sum, RAX);
    line(source, "dec ecx");
    line(source, "jne %s", loop);
    line(source, "mov rax, %s", registers[3][sum]);
}

void write_table(struct source *source)
{
    static void (*const loops[])(struct source *, const struct table *) = {
        loop_to_end, loop_to_end, loop_from_end, loop_by_index, loop_by_count, loop_by_lods};
    struct table table = new_table(source, constant_part(source));
    set(source, RAX, chance(source, 100));
    loops[chance(source, sizeof loops / sizeof *loops)](source, &table);
}

/* ---- tables of several labels ---------------------------------------------------------------- */

/* Rows that are named, and read as one table. */
void write_rows(struct source *source)
{
    const char *rows[3], *end = name(source, "rows_end"), *loop = local(source);
    unsigned columns = between(source, 1, 5), address = RSI;
    in(source, constant_part(source));
    for (size_t i = 0; i < 3; i++) {
        rows[i] = name(source, "row");
        label(source, rows[i]);
        write_list_of_items(source, 0, columns);
    }
    label(source, end);
    in(source, PART_BODY);
    set(source, RAX, chance(source, 100));
    load_address(source, address, rows[chance(source, 2)]);
    label(source, loop);
    load(source, RDX, 0, "[rsi]");
    accumulate(source, RAX, RDX);
    line(source, one_in(source, 2) ? "add rsi, %s - %s" : "inc rsi", rows[1], rows[0]);
    line(source, "cmp rsi, %s", end);
    line(source, "jb %s", loop);
    load(source, RDX, 0, memory(source, rows[0], columns + between(source, 0, columns)));
    accumulate(source, RAX, RDX);
}

/* A table of addresses of data in other places. */
void write_pointers(struct source *source)
{
    const char *targets[4], *table = name(source, "pointers"), *loop = local(source);
    unsigned count = between(source, 1, 4), width = one_in(source, 4) ? 2 : 3;
    for (unsigned i = 0; i < count; i++) {
        targets[i] = name(source, "target");
        in(source, constant_part(source));
        label(source, targets[i]);
        write_list_of_items(source, 0, 3);
    }
    in(source, constant_part(source));
    label(source, table);
    for (unsigned i = 0; i < count; i++)
        line(source, "d%c %s + %u", "bwdq"[width], targets[i], between(source, 0, 2));
    in(source, PART_BODY);
    set(source, RAX, 0);
    set(source, RCX, count);
    label(source, loop);
    load(source, RSI, width, text(source, "[%s + rcx*%u - %u]", table, 1U << width, 1U << width));
    load(source, RDX, 0, "[rsi]");
    accumulate(source, RAX, RDX);
    line(source, "dec ecx");
    line(source, "jnz %s", loop);
}

/* A list whose nodes point at each other. */
void write_list(struct source *source)
{
    const char *nodes[5] = {NULL}, *loop = local(source);
    unsigned count = between(source, 1, 5);
    for (unsigned i = 0; i < count; i++)
        nodes[i] = name(source, "node");
    enum part part = constant_part(source);
    for (unsigned i = count; i-- > 0;) {
        in(source, one_in(source, 4) ? constant_part(source) : part);
        label(source, nodes[i]);
        line(source, "dq %s, %s", i + 1 < count ? nodes[i + 1] : "0",
             number(source, item(source, 3)));
    }
    in(source, PART_BODY);
    set(source, RAX, 0);
    load_address(source, RSI, nodes[0]);
    label(source, loop);
    line(source, "mov rdx, [rsi + 8]");
    accumulate(source, RAX, RDX);
    line(source, "mov rsi, [rsi]");
    line(source, "test rsi, rsi");
    line(source, "jnz %s", loop);
}
