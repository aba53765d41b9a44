/*
 * Random programs, laid out: they do what ld's layout of them does, and keep the order that they
 * need.
 *
 * `test_asm_solve SEED` tries other programs, as many as the knob SOLVED_PROGRAMS says.
 */
#include "tests/unit/compare.h"
#include "tests/unit/knob.h"
#include "tests/unit/test_asm_layout.h"

#include <elf.h>
#include <sys/sysinfo.h>

#include "asm/layout/solve.h"
#include "base/array.h"
#include "base/process.h"
#include "base/temporary.h"
#include "base/text.h"

static size_t program_count; /* of random ones */
static unsigned long seed = 1;

/* ---- random programs ------------------------------------------------------------------------- */

static const char *const registers[][3] = {
    {"rax", "eax", "al"},  {"rcx", "ecx", "cl"},    {"rdx", "edx", "dl"}, {"rbx", "ebx", "bl"},
    {"rsi", "esi", "sil"}, {"rbp", "ebp", "bpl"},   {"r8", "r8d", "r8b"}, {"r10", "r10d", "r10b"},
    {"rdi", "edi", "dil"}, {"r12", "r12d", "r12b"},
};
#define MAX_DATA_SIZE 40
#define MAX_ITEMS     256

/* Every R is a register of the program: whole, or with r of 32 bits, with b of 8. N is a number, D
 * a byte of the data. */
static const char *const instructions[] = {
    "mov rr, N",
    "mov rb, 7",
    "mov rR, rR",
    "mov rr, rr",
    "add rr, rr",
    "sub rR, rR",
    "xor rr, rr",
    "or rb, rb",
    "and rr, N",
    "inc rr",
    "dec rR",
    "neg rr",
    "not rR",
    "bswap rr",
    "shl rr, 3",
    "rol rR, 11",
    "imul rr, rr",
    "imul rR, rR, 77",
    "xchg rr, rr",
    "movzx rr, rb",
    "movsx rR, rb",
    "lea rR, [rR+rR*2+9]",
    "lea rr, [rR+N]",
    "cmp rr, rr\nsetc rb",
    "add rr, rr\nadc rr, 1",
    "test rb, 4\ncmovz rr, rr",
    "stc\nrcl rr, 1",
    "push rR\npop rR",
    "push rR\nadd rr, 5\npop rR",
    "push 100\npop rR",
    "push rR\npush rR\npop rR\npop rR",
    "push rR\nadd dword [rsp], 3\npop rR",
    "movzx rr, byte [D]",
    "mov rb, [D]",
    "add rb, [D]",
    "cmp byte [D], 5\nsetb rb",
};

struct program {
    struct buffer text;
    size_t used; /* so many registers, from `first` on */
    size_t first;
    size_t data_size;
    size_t apart; /* of the data; 0: nothing */
    unsigned loops;
};

static size_t below(size_t count)
{
    return count ? (size_t)random() % count : 0;
}

static const char *a_register(const struct program *program, size_t size)
{
    return registers[(program->first + below(program->used)) % COUNT(registers)][size];
}

static void append_pattern(struct program *program, const char *pattern)
{
    struct buffer *text = &program->text;
    for (; *pattern; pattern++) {
        static const char sizes[] = "Rrb";
        const char *size = *pattern == 'r' && pattern[1] ? strchr(sizes, pattern[1]) : NULL;
        /* "rr" and so on are registers; the r in a mnemonic is followed by another letter. */
        bool is_mnemonic = strncmp(pattern, "rol", 3) == 0;
        if (size && !is_mnemonic) {
            buffer_append_text(text, a_register(program, (size_t)(size - sizes)));
            pattern++;
        } else if (*pattern == 'N') {
            size_t most = below(2) ? 100 : 0x7fffffff;
            buffer_printf(text, "%zu", below(most));
        } else if (*pattern == 'D') {
            buffer_printf(text, "text + %zu",
                          below(program->apart ? program->apart : program->data_size));
        } else {
            buffer_append(text, pattern, 1);
        }
    }
    buffer_append_text(text, "\n");
}

static void append_instructions(struct program *program, size_t count)
{
    while (count > 0) {
        const char *pattern = instructions[below(COUNT(instructions))];
        if (program->data_size == 0 && strchr(pattern, 'D'))
            continue;
        append_pattern(program, pattern);
        count--;
    }
}

/* r15 counts; nothing else has to do with it. */
static void append_loop(struct program *program)
{
    unsigned number = program->loops++;
    buffer_printf(&program->text, "mov r15d, %zu\n.loop%u:\n", 1 + below(5), number);
    append_instructions(program, 1 + below(3));
    buffer_printf(&program->text, "dec r15d\njnz .loop%u\n", number);
}

static void append_skip(struct program *program)
{
    unsigned number = program->loops++;
    append_pattern(program, "cmp rr, rr");
    buffer_printf(&program->text, "%s .skip%u\n", below(2) ? "jc" : "jnz", number);
    append_instructions(program, 1 + below(2));
    buffer_printf(&program->text, ".skip%u:\n", number);
    append_instructions(program, 1);
}

static void append_call(struct program *program)
{
    unsigned number = program->loops++;
    buffer_printf(&program->text, "call .sub%u\njmp .behind%u\n.sub%u:\n", number, number, number);
    append_instructions(program, 1 + below(2));
    buffer_printf(&program->text, "ret\n.behind%u:\n", number);
    append_instructions(program, 1);
}

/* Jumps back and forth, of which the one back may fall through. */
static void append_jumps(struct program *program)
{
    unsigned number = program->loops++;
    buffer_printf(&program->text, "jmp .one%u\n.two%u:\n", number, number);
    append_instructions(program, 1 + below(2));
    buffer_printf(&program->text, "jmp .three%u\n.one%u:\n", number, number);
    append_instructions(program, 1 + below(2));
    buffer_printf(&program->text, "jmp .two%u\n.three%u:\n", number, number);
    append_instructions(program, 1);
}

/* Writes the data, and some of it once more, which may lie apart. What the call and the address
 * leave in registers depends on the place. */
static void append_write(struct program *program)
{
    size_t skipped = program->apart;
    buffer_printf(&program->text, "mov eax, 1\nmov edi, 1\nmov esi, text\nmov edx, %zu\nsyscall\n",
                  skipped ? skipped : program->data_size);
    if (below(2)) {
        buffer_append_text(&program->text, "mov eax, 1\nmov edi, 1\n");
        /* Nothing but a distance leads to what lies apart. */
        buffer_printf(&program->text,
                      skipped ? "%%ifdef WHIT_CHOICES\nlea rsi, [rcx + NEAR(text + %zu)]\n"
                                "%%else\nmov esi, text + %zu\n%%endif\n"
                              : "EITHER\nmov esi, text + %zu\n%%ifdef WHIT_CHOICES\n"
                                "OR\nlea rsi, [rcx + NEAR(text + %zu)]\n%%endif\nEND_EITHER\n",
                      skipped, skipped);
        buffer_printf(&program->text, "mov edx, %zu\nsyscall\n", program->data_size - skipped);
    }
    buffer_append_text(&program->text, "mov ecx, 3\nmov esi, ecx\nxor eax, eax\n");
}

/* The exit code comes from all registers of the program; so does what is written before. */
static void append_end(struct program *program, bool is_told)
{
    struct buffer *text = &program->text;
    for (size_t i = 0; i < program->used; i++) {
        const char *name = registers[(program->first + i) % COUNT(registers)][0];
        if (strcmp(name, "rdi") != 0)
            buffer_printf(text, "%sadd rdi, %s\n", is_told ? "imul rdi, rdi, 31\n" : "", name);
    }
    if (is_told)
        buffer_append_text(text, "push rdi\nmov eax, 1\nmov edi, eax\nmov rsi, rsp\nmov edx, 8\n"
                                 "syscall\npop rdi\n");
    buffer_append_text(text, "and edi, 127\n"); /* more says a signal */
    if (below(3))
        buffer_append_text(text, "mov eax, 60\nsyscall\n");
    else /* once more, from where PUT finds zero: getpid, then exit */
        buffer_append_text(text, "lea eax, [r14 + 39]\nsyscall\nmov eax, edi\nmov ecx, eax\n"
                                 "xor edi, edi\nxor edx, edx\nxor esi, esi\nmov r14b, 21\n"
                                 "jmp _start\n");
}

static void append_data(struct program *program)
{
    buffer_append_text(&program->text, "section .rodata\n");
    if (program->apart)
        buffer_printf(&program->text, "%%ifdef WHIT_CHOICES\nAPART %zu\n%%endif\n", program->apart);
    buffer_append_text(&program->text, "text:\n");
    for (size_t i = 0; i < program->data_size; i++)
        buffer_printf(&program->text, "db %zu\n", below(256));
}

/* The source of a random program; the same for the same seed. */
static char *random_program(void)
{
    struct program program = {.used = 2 + below(4)};
    program.first = below(COUNT(registers));
    if (below(3))
        program.data_size = below(MAX_DATA_SIZE + 1);
    if (!below(4))
        program.apart = below(program.data_size);
    buffer_append_text(&program.text, "bits 64\ndefault rel\n%include \"syscall.inc\"\n"
                                      "%include \"choice.inc\"\nglobal _start\n_start:\n");
    if (below(2))
        append_pattern(&program, below(2) ? "PUT rdi, 1" : "PUT rdx, 200");
    append_instructions(&program, 1 + below(6));
    static void (*const more[])(struct program *) = {append_loop, append_skip, append_call,
                                                     append_jumps};
    if (below(2))
        more[below(COUNT(more))](&program);
    if (program.data_size && below(2))
        append_write(&program);
    append_instructions(&program, below(3));
    append_end(&program, below(2));
    if (program.data_size)
        append_data(&program);
    char *text = strdup(buffer_text(&program.text));
    buffer_free(&program.text);
    assert_non_null(text);
    return text;
}

/* ---- what they do ---------------------------------------------------------------------------- */

struct deed {
    int code;
    struct buffer output;
};

static int link_with(const char *text, enum asm_layout layout, unsigned assume, unsigned effort,
                     struct buffer *elf)
{
    struct error ignored;
    char *temporary TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create(folder, &ignored);
    struct asm_link_options options = {.data = &embedded,
                                       .temporary = temporary,
                                       .layout = layout,
                                       .assume = assume,
                                       .effort = effort};
    const char *source = write_text("program.asm", text);
    error.message[0] = 0;
    return link_source(source, &options, elf);
}

/* With little effort, or some more where that does not do. */
static int link_as(const char *text, enum asm_layout layout, unsigned assume, struct buffer *elf)
{
    int result = link_with(text, layout, assume, 1, elf);
    return result < 0 && strstr(error.message, "cannot be laid out")
               ? link_with(text, layout, assume, 4, elf)
               : result;
}

static struct deed deed_of(const struct buffer *elf)
{
    struct deed deed = {0};
    const char *path = write_file("program", elf->data, elf->size);
    assert_int_equal(chmod(path, 0700), 0);
    struct process process = {
        .program = path, .arguments = (const char *const[]){path, NULL}, .output = &deed.output};
    if (process_run(&process, &deed.code, &error) < 0)
        fail_msg("%s", error.message);
    return deed;
}

/* 4.4 GB. */
static bool has_memory_to_spare(void)
{
    struct sysinfo memory;
    return sysinfo(&memory) == 0 && (uint64_t)memory.totalram * memory.mem_unit > 6000000000;
}

static const struct {
    enum asm_layout layout;
    unsigned assume;
} targets[] = {
    {ASM_COMPACT, 0},
    {ASM_OVERLAP, 0},
    {ASM_GOLF, 0},
    {ASM_OVERLAP, ASM_ASSUME_OVERCOMMIT},
    {ASM_GOLF, ASM_ASSUME_OVERCOMMIT},
};

static void assert_same(const struct deed *deed, const struct deed *expected, size_t target,
                        const char *text)
{
    if (deed->code != expected->code || deed->output.size != expected->output.size ||
        memcmp(buffer_text(&deed->output), buffer_text(&expected->output), deed->output.size) != 0)
        fail_msg("%s, assuming %x: exit code %d with %zu bytes rather than %d with %zu\n%s",
                 asm_layout_name(targets[target].layout), targets[target].assume, deed->code,
                 deed->output.size, expected->code, expected->output.size, text);
}

/* What a source does as ld lays it out, after it did the same in every layout. */
static struct deed assert_does_the_same(const char *text)
{
    struct buffer standard BUFFER_CLEANUP = {0};
    if (link_as(text, ASM_STANDARD, 0, &standard) < 0)
        fail_msg("%s\n%s", error.message, text);
    struct deed expected = deed_of(&standard);
    for (size_t i = 0; i < COUNT(targets); i++) {
        struct buffer small BUFFER_CLEANUP = {0};
        if (link_as(text, targets[i].layout, targets[i].assume, &small) < 0)
            fail_msg("%s\n%s", error.message, text);
        assert_compare(small.size, <=, standard.size + 2); /* a jump, at most */
        if (targets[i].assume && !has_memory_to_spare())
            continue;
        struct deed deed = deed_of(&small);
        assert_same(&deed, &expected, i, text);
        buffer_free(&deed.output);
    }
    return expected;
}

static void random_programs_do_the_same_in_every_layout(void **state)
{
    (void)state;
    srandom((unsigned)seed);
    for (size_t number = 0; number < program_count; number++) {
        char *text TEXT_CLEANUP = random_program();
        struct deed deed = assert_does_the_same(text);
        assert_compare(deed.code, <, 128); /* ends by itself */
        buffer_free(&deed.output);
    }
}

#define BEGIN                                                                   \
    "bits 64\ndefault rel\n%include \"syscall.inc\"\n%include \"choice.inc\"\n" \
    "global _start\n"
#define RODATA "section .rodata\n"
#define EXIT   "mov eax, 60\nsyscall\n"
#define WRITE  "mov edi, 1\nmov esi, text\nmov edx, 2\nmov eax, 1\nsyscall\n"

static void these_programs_do_the_same_in_every_layout(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *output;
    } rows[] = {
        /* They begin at _start, wherever it stands. */
        {"out: " EXIT "_start: mov edi, 42\njmp out\n", 42, ""},
        /* Instructions whose registers have no bit of their own, in their order. */
        {"_start: mov eax, 42\nmovd xmm0, eax\nmovd edi, xmm0\n" EXIT, 42, ""},
        {"_start: fild dword [v]\npush rax\nfadd st0\nfistp dword [rsp]\npop rdi\n" EXIT RODATA
         "v: dd 21\n",
         42, ""},
        /* Nothing is done after the end. */
        {"_start: " WRITE "ud2\n" RODATA "text: db 'hi'\n", 128 + 4, "hi"},
        {"_start: jmp .over\nud2\n.over: mov edi, 3\n" EXIT, 3, ""},
        /* A difference is a number, a label without colon one of the data. */
        {"_start: mov edi, text.end - text\n" EXIT RODATA "text: db 'hello'\n.end: db 0\n", 5, ""},
        {"_start: mov edi, text.size\n" EXIT RODATA "text db 'hello'\n.size equ $ - text\n", 5, ""},
        {"CODE: equ 9\n_start: mov edi, CODE\n" EXIT, 9, ""},
        {"_start: movzx edi, byte [text + 1]\n" EXIT RODATA "text: incbin 'blob.bin'\n", 'l', ""},
        /* The address in an instruction with a register is not negative. */
        {"_start: movzx edi, byte [text + rcx + 1]\n" EXIT RODATA "text: db 1, 42\n", 42, ""},
        {"_start: mov edi, text\nshr edi, 31\n" EXIT RODATA "text: db 1\n", 0, ""},
        {"_start: push text\npop rdi\nshr rdi, 31\n" EXIT RODATA "text: db 1\n", 0, ""},
        /* ld's addresses have 32 bits; so much is enough of them. */
        {"_start: mov esi, text\nmov ebx, 2\nmov edi, 1\nmov edx, edi\n.next: mov eax, edi\n"
         "syscall\ninc esi\ndec ebx\njnz .next\n" EXIT RODATA "text: db 'hi'\n",
         1, "hi"},
        {"_start: mov esi, text\nmov ebx, esi\nmovzx edi, byte [rbx + 1]\n" EXIT RODATA
         "text: db 1, 42\n",
         42, ""},
        {"_start: mov esi, text\nmov rbx, rsi\ninc ebx\nmovzx edi, byte [rbx]\n" EXIT RODATA
         "text: db 1, 42\n",
         42, ""},
        {"_start: mov esi, text\npush rsi\npop rcx\nmov ecx, ecx\nmovzx edi, byte [rcx]\n" EXIT
             RODATA "text: db 42\n",
         42, ""},
        {"_start: mov esi, text\nlea ebx, [rsi + 1]\nmovzx edi, byte [rbx]\n" EXIT RODATA
         "text: db 1, 42\n",
         42, ""},
        {"_start: mov esi, text\nmovzx edi, byte [esi + 1]\n" EXIT RODATA "text: db 1, 42\n", 42,
         ""},
        {"_start: lea esi, [rel text]\nmovzx edi, byte [rsi]\n" EXIT RODATA "text: db 42\n", 42,
         ""},
        {"_start: lea rsi, [rel text]\ninc esi\nmovzx edi, byte [rsi]\n" EXIT RODATA
         "text: db 1, 42\n",
         42, ""},
        /* Labels before a choice, and such as whit's own. */
        {"_start: mov ebx, 3\n.again: EITHER\nadd edi, ebx\nEND_EITHER\ndec ebx\njnz .again\n" EXIT,
         6, ""},
        {"_start: mov edi, 5\nwhit_either:\nwhit_0_0_0x: " EXIT "jmp whit_either\n", 5, ""},
        /* Two branches at the end of one way. */
        {"_start: jmp .one\n.two: mov edi, 7\n" EXIT "jmp $\n.three: mov edi, 9\n" EXIT
         "jmp $\n.one: cmp ebx, 2\nEITHER\njz .two\njmp .three\nEND_EITHER\n",
         9, ""},
        /* Memory below the stack. */
        {"_start: mov dword [rsp - 8], 42\n" WRITE "mov edi, [rsp - 8]\n" EXIT RODATA
         "text: db 'hi'\n",
         42, "hi"},
        {"_start: mov rbp, rsp\nmov dword [rbp - 8], 42\n" WRITE "mov edi, [rbp - 8]\n" EXIT RODATA
         "text: db 'hi'\n",
         42, "hi"},
        {"_start: push 42\npop rcx\n" WRITE "sub rsp, 8\npop rdi\n" EXIT RODATA "text: db 'hi'\n",
         42, "hi"},
        {"_start: mov esp, 42\n" WRITE "mov edi, esp\n" EXIT RODATA "text: db 'hi'\n", 42, "hi"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer text BUFFER_CLEANUP = {0};
        write_text("blob.bin", "blob");
        buffer_append_text(&text, BEGIN);
        buffer_append_text(&text, rows[i].text);
        struct deed deed = assert_does_the_same(buffer_text(&text));
        if (deed.code != rows[i].code || strcmp(buffer_text(&deed.output), rows[i].output) != 0)
            fail_msg("exit code %d, '%s'\n%s", deed.code, buffer_text(&deed.output), rows[i].text);
        buffer_free(&deed.output);
    }
}

static void links_to_the_same_bytes_again(void **state)
{
    (void)state;
    srandom((unsigned)seed);
    for (unsigned long i = 0; i < 2; i++) {
        char *text TEXT_CLEANUP = random_program();
        struct buffer first BUFFER_CLEANUP = {0}, second BUFFER_CLEANUP = {0};
        assert_int_equal(link_as(text, ASM_GOLF, 0, &first), 0);
        assert_int_equal(link_as(text, ASM_GOLF, 0, &second), 0);
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.data, second.data, first.size);
    }
}

/* ---- solutions ------------------------------------------------------------------------------- */

/* Which instruction of the source an item is. */
struct position {
    size_t part, choice, number;
};

static bool find_position(const struct parts *parts, const struct placed *item,
                          struct position *position)
{
    for (size_t i = 0; i < parts->count; i++)
        for (size_t j = 0; j < parts->parts[i].choice_count; j++) {
            const struct choice *choice = &parts->parts[i].choices[j];
            if (item->instruction >= choice->instructions &&
                item->instruction < choice->instructions + choice->count) {
                *position =
                    (struct position){i, j, (size_t)(item->instruction - choice->instructions)};
                return true;
            }
        }
    return false;
}

static const struct placed *item_at(const struct solution *solution, size_t offset)
{
    for (size_t i = 0; i < solution->count; i++)
        if (solution->items[i].offset == offset)
            return &solution->items[i];
    return NULL;
}

/* Where a part begins; SIZE_MAX: nowhere. */
static size_t place_of(const struct parts *parts, const struct solution *solution, size_t part)
{
    for (size_t i = 0; i < solution->count; i++)
        if (solution->items[i].part == &parts->parts[part])
            return solution->items[i].offset;
    return SIZE_MAX;
}

/* Whether a jump falls through, since where it leads stands there. */
static bool falls(const struct parts *parts, const struct solution *solution, size_t part,
                  size_t place)
{
    const struct part *jump = &parts->parts[part];
    return part_may_fall_through(jump) && place_of(parts, solution, part) == SIZE_MAX &&
           place_of(parts, solution, (size_t)jump->choices[0].instructions[0].target) == place;
}

/*
 * The instructions in the order in which they are run where no branch is taken. Behind a jump the
 * program's next part may be anywhere; of this test's programs it has a label that something leads
 * to, so that it is a barrier, and nothing else comes next.
 */
static size_t walk(const struct parts *parts, const struct solution *solution,
                   struct position *positions, size_t most)
{
    size_t count = 0, whole = 0;
    size_t place = solution->entry;
    /* "ELF" are prefixes, or 7f 45 a jump. */
    if (solution->overlay->entry == 1)
        place = 4;
    if (solution->overlay->entry == 0)
        place = 0x47;
    for (size_t steps = 0; whole < parts->count; steps++) {
        if (falls(parts, solution, whole, place)) { /* all before it are done */
            whole++;
            place = whole < parts->count ? place_of(parts, solution, whole) : 0;
            continue;
        }
        const struct placed *item = item_at(solution, place);
        if (!item || steps > solution->size || count == most) {
            fail_msg("no way to the end: nothing behind 0x%zx", place);
            return count;
        }
        place += item->size;
        if (!item->instruction) {
            if (item->bytes[0] == 0xeb)
                place = item->target;
            continue;
        }
        if (item->instruction->kind == REFERENCE_PAST)
            place = item->target;
        struct position *position = &positions[count++];
        assert_true(find_position(parts, item, position));
        const struct part *part = &parts->parts[position->part];
        bool is_whole = position->number + 1 == part->choices[position->choice].count;
        whole += is_whole;
        if (is_whole && part->never_ends && position->part + 1 < parts->count)
            place = place_of(parts, solution, position->part + 1);
    }
    return count;
}

static bool depend(const struct instruction_text *left, const struct instruction_text *right)
{
    return (left->writes & (right->reads | right->writes)) || (left->reads & right->writes);
}

/* Whether two instructions, the first of which is run first, stood so in the source. */
static bool is_in_order(const struct parts *parts, const struct position *first,
                        const struct position *second)
{
    if (first->part < second->part ||
        (first->part == second->part && first->number < second->number))
        return true;
    const struct part *one = &parts->parts[first->part], *other = &parts->parts[second->part];
    return first->part != second->part && !one->is_barrier && !other->is_barrier &&
           !depend(&one->choices[first->choice].instructions[first->number],
                   &other->choices[second->choice].instructions[second->number]);
}

static const char *text_at(const struct parts *parts, const struct position *position)
{
    const struct choice *choice = &parts->parts[position->part].choices[position->choice];
    return choice->instructions[position->number].text;
}

static void assert_order(const struct parts *parts, const struct solution *solution)
{
    struct position positions[MAX_ITEMS] = {{0}};
    size_t count = walk(parts, solution, positions, MAX_ITEMS);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (!is_in_order(parts, &positions[i], &positions[j]))
                fail_msg("layout %s: '%s' runs before '%s'", solution->overlay->name,
                         text_at(parts, &positions[i]), text_at(parts, &positions[j]));
}

/* The bytes of the file are what the layout wants, and what is placed there. */
static void assert_image(const struct parts *parts, const struct solution *solution)
{
    const struct overlay *overlay = solution->overlay;
    struct cell *cells = calloc(solution->size, sizeof *cells);
    assert_non_null(cells);
    overlay_cells(overlay, &(struct file_shape){.size = solution->size, .memory = solution->size},
                  cells);
    overlay_set_entry(overlay, cells, solution->entry);
    for (size_t i = 0; i < solution->size; i++) {
        const struct cell *cell = &cells[cells[i].root];
        assert_int_equal((solution->image[i] ^ cell->value) & cell->mask, 0);
        if (cells[i].is_shared)
            assert_int_equal(solution->image[i], solution->image[cells[i].root]);
    }
    free(cells);
    for (size_t i = 0; i < solution->count; i++) {
        const struct placed *item = &solution->items[i];
        assert_compare(item->offset + item->size, <=, solution->size);
        if (i)
            assert_compare(item->offset, >=, item[-1].offset + item[-1].size);
        const unsigned char *bytes = item->instruction ? item->instruction->bytes : item->bytes;
        for (size_t j = 0; j < item->size; j++) {
            bool is_open = item->instruction && item->instruction->kind != REFERENCE_NONE &&
                           j >= item->instruction->field_offset &&
                           j < item->instruction->field_offset + item->instruction->field_size;
            if (!is_open)
                assert_int_equal(solution->image[item->offset + j], bytes[j]);
        }
    }
    for (size_t i = 0; i < parts->data_size; i++)
        assert_int_equal(solution->image[data_offset(parts, solution->data_offsets, i)],
                         parts->data_bytes[i]);
}

static uint64_t number_at(const unsigned char *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = size; i-- > 0;)
        number = number << 8 | bytes[i];
    return size == 1 ? (uint64_t)(int8_t)number : size == 4 ? (uint64_t)(int32_t)number : number;
}

/* Whether a system call ends there. */
static bool is_behind_call(const struct solution *solution, size_t offset)
{
    const struct placed *item = offset < 2 ? NULL : item_at(solution, offset - 2);
    return item && item->instruction && strcmp(item->instruction->text, "syscall") == 0;
}

/* References lead where they shall. */
static void assert_references(const struct parts *parts, const struct solution *solution)
{
    for (size_t i = 0; i < solution->count; i++) {
        const struct placed *item = &solution->items[i];
        const struct instruction_text *instruction = item->instruction;
        if (!instruction || instruction->kind == REFERENCE_NONE)
            continue;
        uint64_t number = number_at(solution->image + item->offset + instruction->field_offset,
                                    instruction->field_size);
        uint64_t end = item->offset + item->size;
        uint64_t data = data_offset(parts, solution->data_offsets, (size_t)instruction->target);
        switch (instruction->kind) {
        case REFERENCE_BRANCH:
            assert_int_equal(end + number, place_of(parts, solution, (size_t)instruction->target));
            break;
        case REFERENCE_RELATIVE:
            assert_int_equal(end + number, data);
            break;
        case REFERENCE_NEAR:
            assert_true(is_behind_call(solution, item->target));
            assert_int_equal(item->data, data);
            assert_int_equal(item->target + number, data);
            break;
        case REFERENCE_PAST:
            assert_int_equal(end, data);
            assert_int_equal(end + number, item->target);
            assert_false(parts->uses_red_zone);
            break;
        default: /* the processor extends its sign */
            assert_int_equal(number, solution->address + data);
            break;
        }
    }
}

static void solutions_keep_what_the_parts_and_the_layout_want(void **state)
{
    (void)state;
    size_t solved = 0;
    srandom((unsigned)seed);
    for (size_t i = 0; i < program_count; i++) {
        char *text TEXT_CLEANUP = random_program();
        struct parts parts PARTS_CLEANUP = {0};
        have_parts(text, &parts);
        for (const struct overlay *overlay = overlay_next(NULL); overlay;
             overlay = overlay_next(overlay)) {
            struct solution solution SOLUTION_CLEANUP = {0}, again SOLUTION_CLEANUP = {0};
            if (solve(&parts, overlay, 1, 0, NULL, &solution, &error) < 0)
                continue;
            solved++;
            assert_compare(solution.size, >=, overlay->size);
            assert_order(&parts, &solution);
            assert_image(&parts, &solution);
            assert_references(&parts, &solution);
            if (overlay->layout == ASM_COMPACT) {
                assert_int_equal(solve(&parts, overlay, 1, 0, NULL, &again, &error), 0);
                assert_int_equal(again.size, solution.size);
                assert_memory_equal(again.image, solution.image, solution.size);
            }
        }
    }
    print_message("%zu solutions\n", solved);
    assert_compare(solved, >=, 3 * program_count);
}

static size_t count_kind(const struct solution *solution, enum reference_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < solution->count; i++)
        count += solution->items[i].instruction && solution->items[i].instruction->kind == kind;
    return count;
}

/* In so many layouts a source has a solution with a reference of that kind, and all are right. */
static size_t count_layouts_with(const char *text, enum reference_kind kind)
{
    struct parts parts PARTS_CLEANUP = {0};
    size_t count = 0;
    have_parts(text, &parts);
    for (const struct overlay *overlay = overlay_next(NULL); overlay;
         overlay = overlay_next(overlay)) {
        struct solution solution SOLUTION_CLEANUP = {0};
        if (solve(&parts, overlay, 1, 0, NULL, &solution, &error) < 0)
            continue;
        assert_order(&parts, &solution);
        assert_image(&parts, &solution);
        assert_references(&parts, &solution);
        count += count_kind(&solution, kind) > 0;
    }
    return count;
}

/* Two writes, the second one from where the first one returned to. */
#define TWO_WRITES(address)                                               \
    BEGIN "_start: " WRITE "mov edi, 1\nmov edx, 3\nmov eax, 1\n" address \
          "syscall\nxor edi, edi\n" EXIT
#define NEAR_YOU     "lea rsi, [rcx + NEAR(text + 2)]\n"
#define HI_YOU       RODATA "text: db 'hi', 'you'\n"
#define HI_YOU_APART RODATA "%ifdef WHIT_CHOICES\nAPART 2\n%endif\ntext: db 'hi', 'you'\n"

static void a_distance_from_the_call_before_is_shorter(void **state)
{
    (void)state;
    static const char *const texts[] = {
        TWO_WRITES("EITHER\nlea rsi, [rel text + 2]\n%ifdef WHIT_CHOICES\nOR\n" NEAR_YOU
                   "%endif\nEND_EITHER\n") HI_YOU,
        TWO_WRITES("%ifdef WHIT_CHOICES\n" NEAR_YOU "%else\nlea rsi, [rel text + 2]\n%endif\n")
            HI_YOU_APART,
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_compare(count_layouts_with(texts[i], REFERENCE_NEAR), >, 0);
        struct deed deed = assert_does_the_same(texts[i]);
        assert_int_equal(deed.code, 0);
        assert_string_equal(buffer_text(&deed.output), "hiyou");
        buffer_free(&deed.output);
    }
}

/* Data that begins with the last byte of `syscall`, which that of exit can be. */
static void a_distance_may_lead_into_an_instruction(void **state)
{
    (void)state;
    const char *text = BEGIN "_start: mov al, 1\nmov dl, 41\nmov edi, 1\nmov esi, text\nsyscall\n"
                             "mov al, 1\n%ifdef WHIT_CHOICES\nlea rsi, [rcx + NEAR(text)]\n%endif\n"
                             "syscall\nxor edi, edi\n" EXIT RODATA "text: db 5\ntimes 40 db 'x'\n";
    struct parts parts PARTS_CLEANUP = {0};
    size_t inside = 0;
    have_parts(text, &parts);
    for (const struct overlay *overlay = overlay_next(NULL); overlay;
         overlay = overlay_next(overlay)) {
        struct solution solution SOLUTION_CLEANUP = {0};
        if (solve(&parts, overlay, 1, 0, NULL, &solution, &error) < 0)
            continue;
        const struct placed *item = item_at(&solution, solution.data_offsets[0] - 1);
        inside += item && item->size == 2;
    }
    assert_compare(inside, >, 0);
    struct deed deed = assert_does_the_same(text);
    assert_int_equal(deed.code, 0);
    assert_int_equal(deed.output.size, 82);
    buffer_free(&deed.output);
}

/* Where there was none, rcx says nothing. */
static void a_distance_needs_a_call_before(void **state)
{
    (void)state;
    assert_int_equal(count_layouts_with(BEGIN
                                        "_start: EITHER\nlea rsi, [rel text]\nOR\n"
                                        "lea esi, [rcx + NEAR(text)]\nEND_EITHER\n" EXIT RODATA
                                        "text: db 1\n",
                                        REFERENCE_NEAR),
                     0);
}

static void data_apart_gets_a_place_of_its_own(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    size_t apart = 0;
    have_parts(TWO_WRITES(NEAR_YOU) HI_YOU_APART, &parts);
    assert_int_equal(parts.first_block_size, 2);
    for (const struct overlay *overlay = overlay_next(NULL); overlay;
         overlay = overlay_next(overlay)) {
        struct solution solution SOLUTION_CLEANUP = {0};
        if (solve(&parts, overlay, 1, 0, NULL, &solution, &error) == 0)
            apart += solution.data_offsets[1] != solution.data_offsets[0] + 2;
    }
    assert_compare(apart, >, 0);
}

static void a_call_may_stand_before_its_data(void **state)
{
    (void)state;
    const char *text = BEGIN "_start: mov dl, 2\nmov edi, 1\nmov esi, text\nmov al, 1\nsyscall\n"
                             "xor edi, edi\n" EXIT RODATA "text: db 'hi'\n";
    assert_compare(count_layouts_with(text, REFERENCE_PAST), >, 0);
    struct deed deed = assert_does_the_same(text);
    assert_int_equal(deed.code, 0);
    assert_string_equal(buffer_text(&deed.output), "hi");
    buffer_free(&deed.output);
}

static void no_call_overwrites_what_is_below_the_stack(void **state)
{
    (void)state;
    static const char *const uses[] = {"mov edi, [rsp - 8]\n", "mov rbp, rsp\nmov edi, [rbp - 8]\n",
                                       "sub rsp, 8\npop rdi\n", "lea rsi, [rsp - 16]\n"};
    for (size_t i = 0; i < COUNT(uses); i++) {
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_append_text(&text, BEGIN "_start: mov dl, 2\nmov edi, 1\nmov esi, text\n"
                                        "mov al, 1\nsyscall\n");
        buffer_printf(&text, "%s" EXIT RODATA "text: db 'hi'\n", uses[i]);
        assert_int_equal(count_layouts_with(buffer_text(&text), REFERENCE_PAST), 0);
    }
}

/* Where it leads stands behind it. Two rounds: read, of a file that is not open, then exit. */
static void a_jump_may_fall_through(void **state)
{
    (void)state;
    const char *text = "bits 64\nglobal _start\n_start: mov eax, ebx\nmov edi, 9\nsyscall\n"
                       "mov bl, 60\njmp _start\n";
    struct parts parts PARTS_CLEANUP = {0};
    size_t fallen = 0;
    have_parts(text, &parts);
    for (const struct overlay *overlay = overlay_next(NULL); overlay;
         overlay = overlay_next(overlay)) {
        struct solution solution SOLUTION_CLEANUP = {0};
        if (solve(&parts, overlay, 1, 0, NULL, &solution, &error) < 0)
            continue;
        assert_order(&parts, &solution);
        assert_references(&parts, &solution);
        fallen += place_of(&parts, &solution, 4) == SIZE_MAX;
    }
    assert_compare(fallen, >, 0);
    struct deed deed = assert_does_the_same(text);
    assert_int_equal(deed.code, 9);
    buffer_free(&deed.output);
}

static void finds_nothing_that_is_not_smaller(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts("bits 64\nglobal _start\n_start: mov al, 60\nsyscall\n", &parts);
    for (const struct overlay *overlay = overlay_next(NULL); overlay;
         overlay = overlay_next(overlay)) {
        struct solution solution SOLUTION_CLEANUP = {0}, smaller SOLUTION_CLEANUP = {0};
        assert_int_equal(solve(&parts, overlay, 1, 0, NULL, &solution, &error), 0);
        assert_int_equal(solution.size, overlay->size);
        assert_int_equal(solve(&parts, overlay, 1, solution.size + 1, NULL, &smaller, &error), 0);
        solution_free(&smaller);
        assert_int_equal(solve(&parts, overlay, 1, solution.size, NULL, &smaller, &error), -1);
        assert_message("the program cannot be laid out so");
    }
}

static void says_which_layout_a_program_does_not_fit(void **state)
{
    (void)state;
    struct buffer elf BUFFER_CLEANUP = {0};
    const char *text = "bits 64\ntimes 65536 nop\n_start: mov al, 60\nsyscall\n";
    assert_int_equal(link_as(text, ASM_COMPACT, 0, &elf), -1);
    assert_message("program.asm: it cannot be laid out as compact: the entry point is not in the "
                   "first 64 kB");
    assert_int_equal(elf.size, 0);
}

int main(int count, char **arguments)
{
    program_count = knob("SOLVED_PROGRAMS", 1);
    if (count > 1)
        seed = strtoul(arguments[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        IN_FOLDER(random_programs_do_the_same_in_every_layout),
        IN_FOLDER(these_programs_do_the_same_in_every_layout),
        IN_FOLDER(links_to_the_same_bytes_again),
        IN_FOLDER(solutions_keep_what_the_parts_and_the_layout_want),
        IN_FOLDER(a_distance_from_the_call_before_is_shorter),
        IN_FOLDER(a_distance_may_lead_into_an_instruction),
        IN_FOLDER(a_distance_needs_a_call_before),
        IN_FOLDER(data_apart_gets_a_place_of_its_own),
        IN_FOLDER(a_call_may_stand_before_its_data),
        IN_FOLDER(no_call_overwrites_what_is_below_the_stack),
        IN_FOLDER(a_jump_may_fall_through),
        IN_FOLDER(finds_nothing_that_is_not_smaller),
        IN_FOLDER(says_which_layout_a_program_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
