/*
 * write_programs SEED FILE: writes a NASM program, another one for each seed. nasm -f elf64 and ld
 * make a static program of each that ends soon, and writes and exits with the same wherever it is
 * linked. A comment ";@N" says that the lines up to the next such are
 * element N, which the program can do without; ";@0" begins lines of the frame.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

#include "base/array.h"

#define MAX_ELEMENTS 12

/* Lines that stay together. */
struct chunk {
    unsigned element;
    enum part part;  /* PART_BODY: what _start runs, in this order */
    unsigned before; /* which of those it is to stand, where it may stand among them */
    char *lines;
};

struct program {
    struct source source;
    struct chunk *chunks;
    size_t count;
    unsigned hash, counter; /* registers that elements leave alone */
    const char *mixer;      /* a function or macro that mixes rax into the hash, or NULL */
    bool is_macro, is_mixed, has_global;
    struct buffer out;
    enum part section; /* that lines of `out` are in, or PARTS */
    unsigned marked;   /* the element that lines of `out` belong to */
    bool begun[PARTS]; /* sections that `out` has */
};

static void add_chunk(struct program *program, unsigned element, enum part part, const char *lines)
{
    struct chunk *chunks = array_append(program->chunks, &program->count, sizeof *chunks);
    if (!chunks)
        abort();
    program->chunks = chunks;
    chunks[program->count - 1] = (struct chunk){.element = element, .part = part};
    chunks[program->count - 1].lines = strdup(lines);
}

/* Makes chunks of what was written into the parts. */
static void take_parts(struct program *program)
{
    struct source *source = &program->source;
    in(source, PART_BODY);
    for (enum part part = PART_BODY; part < PARTS; part++) {
        if (source->parts[part].size)
            add_chunk(program, source->element, part, buffer_text(&source->parts[part]));
        buffer_free(&source->parts[part]);
        source->parts[part] = (struct buffer){0};
    }
}

/* ---- what _start runs ------------------------------------------------------------------------ */

static void write_mixing(struct program *program, const char *from)
{
    struct source *source = &program->source;
    const char *hash = registers[3][program->hash];
    line(source, "rol %s, 7", hash);
    line(source, "xor %s, %s", hash, from);
    line(source, "imul %s, %s, 0x1000193", hash, hash);
}

static void write_mixer(struct program *program)
{
    struct source *source = &program->source;
    program->mixer = one_in(source, 2) ? "mix" : NULL;
    program->is_macro = program->mixer && one_in(source, 2);
    if (!program->mixer)
        return;
    in(source, program->is_macro ? PART_HEAD : PART_TEXT);
    if (program->is_macro)
        directive(source, "%%macro mix 1");
    else
        label(source, "mix");
    write_mixing(program, program->is_macro ? "%1" : "rax");
    if (program->is_macro)
        directive(source, "%%endmacro");
    else
        line(source, "ret");
    take_parts(program);
}

static void mix(struct program *program)
{
    struct source *source = &program->source;
    if (program->is_macro)
        directive(source, "%smix rax", source->indent);
    else if (program->mixer)
        line(source, "call mix");
    else
        write_mixing(program, "rax");
}

/* write(1, &hash, 8) */
static void write_hash(struct program *program)
{
    struct source *source = &program->source;
    line(source, "push %s", registers[3][program->hash]);
    line(source, "mov eax, 1");
    line(source, "mov edi, 1");
    line(source, "mov rsi, rsp");
    line(source, "mov edx, 8");
    line(source, "syscall");
    line(source, "pop rax");
}

/* What follows in PART_TEXT is in that section. */
static void in_section(struct source *source, const char *section)
{
    in(source, PART_TEXT);
    directive(source, "section %s", section);
    in(source, PART_BODY);
}

/* The body of the element that was just written becomes a function. */
static void make_function(struct program *program)
{
    struct source *source = &program->source;
    struct buffer body = source->parts[PART_BODY];
    source->parts[PART_BODY] = (struct buffer){0};
    const char *function = name(source, PICK(source, "do_", "run", "part", "check"));
    bool is_cold = !source->is_movable && one_in(source, 8);
    if (is_cold)
        in_section(source, ".text.cold progbits alloc exec nowrite");
    begin_function(source, function);
    in(source, PART_TEXT);
    buffer_append(&source->parts[PART_TEXT], body.data, body.size);
    buffer_free(&body);
    end_function(source);
    if (is_cold)
        in_section(source, ".text");
    line(source, "call %s", function);
}

static void write_element(struct program *program)
{
    struct source *source = &program->source;
    bool is_repeated = one_in(source, 5);
    char loop[32];
    source->name_count = 0;
    source->locals = 0;
    source->element++;
    source->is_function = one_in(source, 3);
    if (is_repeated) {
        snprintf(loop, sizeof loop, "again%u", ++source->labels);
        line(source, "mov %s, %u", registers[2][program->counter], between(source, 1, 3));
        label(source, loop);
        in(source, PART_BODY);
    }
    struct buffer before = source->parts[PART_BODY];
    source->parts[PART_BODY] = (struct buffer){0};
    write_random_element(source);
    in(source, PART_BODY);
    if (source->is_function)
        make_function(program);
    buffer_append(&before, source->parts[PART_BODY].data, source->parts[PART_BODY].size);
    buffer_free(&source->parts[PART_BODY]);
    source->parts[PART_BODY] = before;
    mix(program);
    if (is_repeated) {
        line(source, "dec %s", registers[2][program->counter]);
        line(source, "jnz %s", loop);
    }
    if (one_in(source, 8))
        write_hash(program);
    take_parts(program);
}

static void write_start(struct program *program)
{
    struct source *source = &program->source;
    source->element = 0;
    if (one_in(source, 4)) {
        line(source, "pop rax"); /* argc */
        line(source, "mov %s, rax", registers[3][program->hash]);
    } else if (one_in(source, 2)) {
        set(source, program->hash, 0);
    }
    take_parts(program);
}

static void write_exit(struct program *program)
{
    struct source *source = &program->source;
    source->element = 0;
    write_hash(program);
    line(source, "movzx edi, %s", registers[0][program->hash]);
    line(source, "and edi, 63");
    line(source, "%s", PICK(source, "mov eax, 60", "mov rax, 60", "mov eax, 231"));
    line(source, "syscall");
    take_parts(program);
}

/* ---- the source ------------------------------------------------------------------------------ */

static void mark(struct program *program, unsigned element)
{
    if (program->marked != element)
        buffer_printf(&program->out, ";@%u\n", element);
    program->marked = element;
}

static const char *section_attributes(struct program *program, enum part part)
{
    struct source *source = &program->source;
    if (part == PART_TABLES)
        return " progbits alloc noexec nowrite align=8";
    if (part == PART_PATCHED)
        return " progbits alloc exec write";
    if (part == PART_ALIGNED)
        return PICK(source, " align=16", " align = 16", " ALIGN=16", " align=32", " align= 64");
    if (!source->is_movable && part != PART_BODY && one_in(source, 8))
        return PICK(source, " align=8", " align = 4", " ALIGN=16");
    return "";
}

/* The lines that follow are in the section of the part. */
static void begin_section(struct program *program, enum part part)
{
    static const char *const sections[PARTS] = {
        [PART_BODY] = ".text",     [PART_RODATA] = ".rodata", [PART_DATA] = ".data",
        [PART_TABLES] = ".tables", [PART_BSS] = ".bss",       [PART_PATCHED] = ".patched",
    };
    enum part same = part == PART_TEXT ? PART_BODY : part == PART_ALIGNED ? PART_RODATA : part;
    struct source *source = &program->source;
    if (program->section == same)
        return;
    program->section = same;
    mark(program, 0);
    const char *attributes = program->begun[same] ? "" : section_attributes(program, part);
    program->begun[same] = true;
    bool has_brackets = one_in(source, 6);
    buffer_printf(&program->out, "%s%s %s%s%s\n", has_brackets ? "[" : "",
                  PICK(source, "section", "SECTION", "segment"), sections[same], attributes,
                  has_brackets ? "]" : "");
}

static void put_chunk(struct program *program, const struct chunk *chunk)
{
    if (chunk->part != PART_HEAD)
        begin_section(program, chunk->part);
    mark(program, chunk->element);
    buffer_append_text(&program->out, chunk->lines);
}

/* Those of a part that are to stand before the body of that number. */
static void put_chunks(struct program *program, enum part part, unsigned before)
{
    for (size_t i = 0; i < program->count; i++)
        if (program->chunks[i].part == part && program->chunks[i].before == before)
            put_chunk(program, &program->chunks[i]);
}

static void put_start(struct program *program)
{
    begin_section(program, PART_BODY);
    mark(program, 0);
    buffer_append_text(&program->out, program->source.colons ? "_start:\n" : "_start nop\n");
}

/* All of a part, or for PART_BODY what _start runs, with functions around it and, where parts are
 * mixed, with all else between. */
static void put_part(struct program *program, enum part part)
{
    static const enum part mixed[] = {PART_RODATA, PART_DATA, PART_TABLES, PART_BSS, PART_PATCHED};
    unsigned body = 0;
    if (part == PART_RODATA && !program->is_mixed)
        put_chunks(program, PART_ALIGNED, 0);
    if (part != PART_BODY) {
        put_chunks(program, part, 0);
        return;
    }
    put_chunks(program, PART_TEXT, 0);
    put_start(program);
    for (size_t i = 0; i < program->count; i++) {
        if (program->chunks[i].part != PART_BODY)
            continue;
        put_chunk(program, &program->chunks[i]);
        body++;
        for (size_t j = 0; j < COUNT(mixed); j++)
            put_chunks(program, mixed[j], body);
    }
    put_chunks(program, PART_TEXT, body);
}

/* Decides where each chunk stands: before all code, after it, or after one of its pieces. */
static void place_chunks(struct program *program)
{
    struct source *source = &program->source;
    unsigned bodies = 0;
    for (size_t i = 0; i < program->count; i++)
        bodies += program->chunks[i].part == PART_BODY;
    for (size_t i = 0; i < program->count; i++) {
        struct chunk *chunk = &program->chunks[i];
        if (chunk->part == PART_TEXT)
            chunk->before = program->has_global && one_in(source, 2) ? 0 : bodies;
        else if (program->is_mixed && chunk->part != PART_ALIGNED && chunk->part != PART_HEAD)
            chunk->before = between(source, 0, bodies);
    }
}

static void shuffle(struct source *source, enum part *parts, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = chance(source, i);
        enum part part = parts[i - 1];
        parts[i - 1] = parts[other];
        parts[other] = part;
    }
}

static void put_program(struct program *program)
{
    enum part parts[] = {PART_BODY, PART_RODATA, PART_DATA, PART_TABLES, PART_BSS, PART_PATCHED};
    struct source *source = &program->source;
    place_chunks(program);
    shuffle(source, parts, COUNT(parts));
    if (one_in(source, 2))
        buffer_printf(&program->out, "%s\n", PICK(source, "bits 64", "BITS 64", "[bits 64]"));
    if (one_in(source, 2))
        buffer_printf(&program->out, "%s\n", PICK(source, "default rel", "DEFAULT REL"));
    if (program->has_global)
        buffer_append_text(&program->out, "global _start\n");
    put_chunks(program, PART_HEAD, 0);
    if (program->is_mixed)
        put_chunks(program, PART_ALIGNED, 0);
    for (size_t i = 0; i < COUNT(parts); i++)
        put_part(program, parts[i]);
    mark(program, 0);
    if (!source->is_movable && one_in(source, 6))
        buffer_append_text(&program->out,
                           "section .note.GNU-stack noalloc noexec nowrite progbits\n");
}

static void choose_style(struct program *program)
{
    struct source *source = &program->source;
    source->indent = PICK(source, "    ", "    ", "\t", "  ", "        ");
    source->comment = PICK(source, " ; it's so", " ; \"", " ;", " ; `a` section .data", "");
    source->hexadecimal = PICK(source, "0x%llx", "0x%llX", "0%llxh", "0x%llx", "$0%llx");
    source->upper_case = one_in(source, 8);
    source->joined = one_in(source, 2);
    source->is_movable = one_in(source, 2);
    source->colons = source->is_movable || !one_in(source, 6);
    program->has_global = !one_in(source, 8);
    program->is_mixed = one_in(source, 3);
    static const unsigned saved[] = {RBX, RBP, R12, R13, R14, R15};
    size_t hash = chance(source, COUNT(saved));
    program->hash = saved[hash];
    program->counter = saved[(hash + 1) % COUNT(saved)];
    source->kept = 1U << program->hash | 1U << program->counter;
}

/* Small ones most often, as their layouts take little time. */
static unsigned choose_size(struct source *source)
{
    return one_in(source, 8) ? between(source, 1, MAX_ELEMENTS) : between(source, 1, 4);
}

static void write_program(uint64_t seed, struct buffer *out)
{
    struct program program = {.source.chance = seed, .section = PARTS};
    choose_style(&program);
    write_mixer(&program);
    write_start(&program);
    for (unsigned count = choose_size(&program.source); count > 0; count--)
        write_element(&program);
    write_exit(&program);
    put_program(&program);
    *out = program.out;
    for (size_t i = 0; i < program.count; i++)
        free(program.chunks[i].lines);
    free(program.chunks);
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: write_programs SEED FILE\n");
        return 2;
    }
    struct buffer source BUFFER_CLEANUP = {0};
    write_program(strtoull(arguments[1], NULL, 10), &source);
    FILE *file = fopen(arguments[2], "w");
    if (!file || fwrite(source.data, 1, source.size, file) != source.size || fclose(file)) {
        perror(arguments[2]);
        return 1;
    }
    return 0;
}
