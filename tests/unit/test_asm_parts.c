/* What a source is taken apart into, and which sources are not taken. */
#include "tests/unit/compare.h"
#include "tests/unit/test_asm_layout.h"

#include "asm/layout/forms.h"
#include "asm/layout/proof.h"
#include "asm/link/objects.h"
#include "base/array.h"

#define BEGIN  "bits 64\ndefault rel\nglobal _start\n_start:\n"
#define RODATA "section .rodata\n"
/* Addresses without rel are not relative. */
#define ABSOLUTE "bits 64\n_start:\n"

static const struct instruction_text *instruction_of(const struct parts *parts, size_t part,
                                                     size_t choice, size_t number)
{
    assert_compare(part, <, parts->count);
    assert_compare(choice, <, parts->parts[part].choice_count);
    assert_compare(number, <, parts->parts[part].choices[choice].count);
    return &parts->parts[part].choices[choice].instructions[number];
}

/* The first way to write a part, of one instruction. */
static const struct instruction_text *first_of(const struct parts *parts, size_t part)
{
    return instruction_of(parts, part, 0, 0);
}

static void assert_words(const struct strings *words, const char *const *expected)
{
    size_t count = 0;
    for (; expected[count]; count++) {
        assert_compare(count, <, words->count);
        assert_string_equal(words->items[count], expected[count]);
    }
    assert_int_equal(words->count, count);
}

/* ---- instructions ---------------------------------------------------------------------------- */

static void each_instruction_is_a_part_with_nasms_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned char bytes[MAX_INSTRUCTION_SIZE];
        size_t size;
    } rows[] = {
        {"mov eax, 60", {0xb8, 60, 0, 0, 0}, 5},
        {"xor edi, edi", {0x31, 0xff}, 2},
        {"push 60", {0x6a, 60}, 2},
        {"lock add byte [rax], 1", {0xf0, 0x80, 0x00, 1}, 4},
        {"mov rax, 0x1122334455667788",
         {0x48, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11},
         10},
        {"syscall", {0x0f, 0x05}, 2},
    };
    struct parts parts PARTS_CLEANUP = {0};
    struct buffer text BUFFER_CLEANUP = {0};
    buffer_append_text(&text, BEGIN);
    for (size_t i = 0; i < COUNT(rows); i++)
        buffer_printf(&text, "  %s ; why\n\n", rows[i].text);
    have_parts(buffer_text(&text), &parts);
    assert_int_equal(parts.count, COUNT(rows));
    assert_int_equal(parts.data_size, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct instruction_text *instruction = first_of(&parts, i);
        assert_string_equal(instruction->text, rows[i].text);
        assert_int_equal(instruction->size, rows[i].size);
        assert_memory_equal(instruction->bytes, rows[i].bytes, rows[i].size);
        assert_int_equal(instruction->kind, REFERENCE_NONE);
        assert_int_equal(parts.parts[i].choice_count, 1);
        assert_int_equal(parts.parts[i].min_size, rows[i].size);
    }
}

static void macros_are_expanded_first(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts("%define CODE 60\n%macro leave 1\nmov edi, %1\nmov eax, CODE\nsyscall\n%endmacro\n"
               "%if CODE = 60\n" BEGIN "leave 7\n%else\nnop\n%endif\n%rep 2\nhlt\n%endrep\n",
               &parts);
    assert_int_equal(parts.count, 5);
    assert_string_equal(first_of(&parts, 0)->text, "mov edi, 7");
    assert_string_equal(first_of(&parts, 1)->text, "mov eax, 60");
    assert_string_equal(first_of(&parts, 4)->text, "hlt");
}

/* What an instruction has to do with others decides whether they may change places. */
static void knows_what_an_instruction_reads_and_changes(void **state)
{
    (void)state;
    enum {
        AX = 1 << 0,
        CX = 1 << 1,
        DX = 1 << 2,
        BX = 1 << 3,
        SP = 1 << 4,
        SI = 1 << 6,
        DI = 1 << 7,
        R8 = 1 << 8,
        R9 = 1 << 9,
        R10 = 1 << 10,
        R11 = 1 << 11,
        FLAGS = TOUCHES_FLAGS,
        MEMORY = TOUCHES_MEMORY,
        OTHER = TOUCHES_OTHER,
    };
    static const struct {
        const char *text;
        uint32_t reads, writes;
    } rows[] = {
        {"mov eax, 1", 0, AX},
        {"mov al, 1", AX, AX}, /* the rest of it stays */
        {"mov ah, 1", AX, AX},
        {"mov r10, rbx", BX, R10},
        {"movzx ecx, dl", DX, CX},
        {"inc esi", SI, SI | FLAGS},
        {"adc edx, ebx", DX | BX | FLAGS, DX | FLAGS},
        {"cmp edx, ebx", DX | BX, FLAGS},
        {"setz cl", CX | FLAGS, CX},
        {"lea esi, [rdi+rcx*2+1]", DI | CX, SI},
        {"mov esi, [rdi+rcx]", DI | CX | MEMORY, SI},
        {"mov [rdi+rcx], esi", DI | CX | SI, MEMORY},
        {"add [rdi], esi", DI | SI | MEMORY, MEMORY | FLAGS},
        {"push rax", SP | AX, SP | MEMORY},
        {"push 1", SP, SP | MEMORY},
        {"pop r9", SP | MEMORY, SP | R9},
        {"mul ebx", AX | BX, AX | DX | FLAGS},
        {"cdq", AX, DX},
        /* Registers without a bit of their own share one. */
        {"movd xmm0, eax", AX, OTHER},
        {"movd edi, xmm0", OTHER, DI},
        {"fld1", OTHER, OTHER},
        {"fistp dword [rsi]", OTHER | SI, OTHER | MEMORY},
        {"xchg eax, ebx", AX | BX, AX | BX},
        {"lodsb", AX | SI | MEMORY | FLAGS, AX | SI},
        {"stosb", AX | DI | FLAGS, DI | MEMORY},
        {"shl ebx, cl", BX | CX, BX | FLAGS},
        {"syscall", AX | DX | SI | DI | R8 | R9 | R10 | MEMORY, AX | CX | R11 | MEMORY},
        {"nop", 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        /* Flags count only where somebody reads them. */
        buffer_printf(&text, BEGIN "%s\npushfq\n", rows[i].text);
        have_parts(buffer_text(&text), &parts);
        const struct instruction_text *instruction = first_of(&parts, 0);
        if (instruction->reads != rows[i].reads || instruction->writes != rows[i].writes)
            fail_msg("%s: reads %x rather than %x, changes %x rather than %x", rows[i].text,
                     instruction->reads, rows[i].reads, instruction->writes, rows[i].writes);
        assert_int_equal(parts.parts[0].choices[0].reads, rows[i].reads);
        assert_int_equal(parts.parts[0].choices[0].writes, rows[i].writes);
        assert_true(parts.reads_flags);
        assert_int_equal(parts.touched, rows[i].reads | rows[i].writes | SP | FLAGS | MEMORY);
    }
}

static void flags_that_nobody_reads_are_no_matter(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts(BEGIN "inc esi\nxor edi, edi\nsyscall\n", &parts);
    assert_false(parts.reads_flags);
    assert_int_equal(parts.touched & TOUCHES_FLAGS, 0);
    for (size_t i = 0; i < parts.count; i++)
        assert_int_equal(parts.parts[i].choices[0].writes & TOUCHES_FLAGS, 0);
}

static void nothing_moves_past_branches_and_where_they_lead(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_barrier, never_ends;
    } rows[] = {
        {"nop", false, false},         {"syscall", false, false},
        {"jmp .there", true, true},    {"jz .there", true, false},
        {"loop .there", true, false},  {"jrcxz .there", true, false},
        {"call .there", true, false},  {"ret", true, true},
        {"int 0x80", true, false},     {"jmp rax", true, true},
        {"int3", true, false},         {"ud2", true, false},
        {"ud1 eax, ecx", true, false}, {"hlt", true, false},
        {"here:\nnop", false, false}, /* nobody goes there */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text, BEGIN "nop\n%s\n_start.there: nop\n", rows[i].text);
        have_parts(buffer_text(&text), &parts);
        assert_int_equal(parts.count, 3);
        if (parts.parts[1].is_barrier != rows[i].is_barrier ||
            parts.parts[1].never_ends != rows[i].never_ends)
            fail_msg("%s", rows[i].text);
        /* The last is one where something leads there. */
        assert_int_equal(parts.parts[2].is_barrier, strstr(rows[i].text, ".there") != NULL);
    }
}

/* The one that a jump leads to stands behind it, or it takes bytes. */
static void only_a_jump_may_take_no_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t smallest;
    } rows[] = {{"jmp .there", 0},  {"jmp near .there", 0},
                {"jz .there", 2},   {"loop .there", 2},
                {"call .there", 5}, {"ret", 1},
                {"jmp rax", 2},     {"whit_either\njz .there\njmp _start\nwhit_end", 4}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text, BEGIN "nop\n%s\n.there: nop\n", rows[i].text);
        have_parts(buffer_text(&text), &parts);
        if (parts.parts[1].min_size != rows[i].smallest)
            fail_msg("%s: %zu bytes", rows[i].text, parts.parts[1].min_size);
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

static void labels_stand_before_their_instruction(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts(BEGIN "nop\none:\ntwo : nop\nthree:hlt\n", &parts);
    assert_int_equal(parts.count, 3);
    assert_words(&parts.parts[0].labels, (const char *const[]){"_start", NULL});
    assert_words(&parts.parts[1].labels, (const char *const[]){"one", "two", NULL});
    assert_words(&parts.parts[2].labels, (const char *const[]){"three", NULL});
    assert_string_equal(first_of(&parts, 2)->text, "hlt");
}

static void the_program_begins_at_start(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts("bits 64\nout: mov eax, 60\nsyscall\n_start: mov edi, 42\njmp out\n", &parts);
    assert_int_equal(parts.count, 5);
    assert_string_equal(first_of(&parts, 0)->text, "jmp _start");
    assert_int_equal(first_of(&parts, 0)->target, 3);
    assert_words(&parts.parts[0].labels, (const char *const[]){NULL});
    assert_words(&parts.parts[1].labels, (const char *const[]){"out", NULL});
    assert_int_equal(first_of(&parts, 4)->target, 1);
}

static void a_choice_has_the_labels_before_it(void **state)
{
    (void)state;
    static const char *const texts[] = {
        BEGIN "nop\n.a: whit_either\nnop\nwhit_or\nhlt\nwhit_end\njmp .a\n",
        BEGIN "nop\n.a:\nwhit_either\nnop\nwhit_or\nhlt\nwhit_end\njmp .a\n",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        have_parts(texts[i], &parts);
        assert_int_equal(parts.count, 3);
        assert_words(&parts.parts[1].labels, (const char *const[]){"_start.a", NULL});
        assert_int_equal(first_of(&parts, 2)->target, 1);
        assert_true(parts.parts[1].is_barrier);
    }
}

/* The probe's own labels begin so. */
static void labels_may_begin_like_whits_own(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts(BEGIN "mov al, 60\nwhit_either:\nwhit_0_0_0x: syscall\nwhit_9_9_9: hlt\n", &parts);
    assert_int_equal(parts.count, 3);
    assert_words(&parts.parts[1].labels, (const char *const[]){"whit_either", "whit_0_0_0x", NULL});
    assert_int_equal(first_of(&parts, 0)->size, 2);
    assert_int_equal(first_of(&parts, 1)->size, 2);
}

/* What stands around them will change. */
static void local_labels_get_the_name_that_they_belong_to(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts(BEGIN ".loop: dec ecx\njnz .loop\nother: jmp .loop\n.loop: cmp ax, '.a'\n"
                     "movzx eax, byte [text.end+rcx*1]\n" RODATA
                     "text: db '.x', \".y\", `.z`\n.end: dd 1.5\n.size equ 3\n",
               &parts);
    assert_words(&parts.parts[0].labels, (const char *const[]){"_start", "_start.loop", NULL});
    assert_string_equal(first_of(&parts, 1)->text, "jnz _start.loop");
    assert_string_equal(first_of(&parts, 2)->text, "jmp other.loop");
    assert_string_equal(first_of(&parts, 3)->text, "cmp ax, '.a'");
    assert_int_equal(first_of(&parts, 1)->target, 0);
    assert_int_equal(first_of(&parts, 2)->target, 3);
    assert_words(&parts.data,
                 (const char *const[]){"text: db '.x', \".y\", `.z`", "text.end: dd 1.5", NULL});
    assert_words(&parts.definitions, (const char *const[]){"text.size equ 3", NULL});
}

static void labels_of_data_need_no_colon(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts(BEGIN "mov edi, msg.len\n" RODATA "msg db 'hello'\n.len equ $ - msg\n.more db 1\n",
               &parts);
    assert_words(&parts.data, (const char *const[]){"msg db 'hello'", "msg.len equ $ - msg",
                                                    "msg.more db 1", NULL});
    assert_int_equal(first_of(&parts, 0)->bytes[1], 5);
}

static void definitions_may_have_a_colon(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts("EXIT: equ 60\n" BEGIN "mov al, EXIT\nSIX : EQU 6\n.local: equ 7\nmov cl, .local\n",
               &parts);
    assert_words(&parts.definitions,
                 (const char *const[]){"EXIT equ 60", "SIX EQU 6", "_start.local equ 7", NULL});
    assert_int_equal(parts.count, 2);
    assert_int_equal(first_of(&parts, 0)->bytes[1], 60);
    assert_int_equal(first_of(&parts, 1)->bytes[1], 7);
}

static void definitions_may_stand_anywhere(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts(BEGIN
               "mov eax, EXIT\nEXIT equ 60\nmov edi, size\nsyscall\nsize EQU end - text\n" RODATA
               "text: db 'abc'\nlength equ $ - text\nend: db length\nCODE equ 7\n",
               &parts);
    assert_words(&parts.definitions,
                 (const char *const[]){"EXIT equ 60", "size EQU end - text", "CODE equ 7", NULL});
    assert_words(&parts.data, (const char *const[]){"text: db 'abc'", "length equ $ - text",
                                                    "end: db length", NULL});
    assert_int_equal(first_of(&parts, 1)->bytes[1], 3);
    assert_int_equal(parts.data_size, 4);
    assert_memory_equal(parts.data_bytes, "abc\3", 4);
}

/* So that they can be said again where the data is laid among other bytes. */
static void knows_the_names_of_the_data(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t value;
        bool is_number;
    } rows[] = {{"text", 0, false}, {"text.more", 3, false}, {"size", 5, true}, {"last", 5, false}};
    struct parts parts PARTS_CLEANUP = {0};
    have_parts("N equ 1\n" BEGIN "mov edi, size\n" RODATA
               "text: db 'abc'\n.more: dw N\nsize equ $ - text\nlast db 9\n",
               &parts);
    assert_int_equal(parts.data_size, 6);
    assert_int_equal(parts.name_count, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t found = 0;
        for (size_t j = 0; j < parts.name_count; j++)
            if (strcmp(parts.names[j].name, rows[i].name) == 0) {
                assert_int_equal(parts.names[j].value, rows[i].value);
                assert_int_equal(parts.names[j].is_number, rows[i].is_number);
                found++;
            }
        assert_int_equal(found, 1);
    }
}

/* ---- data ------------------------------------------------------------------------------------ */

static void data_is_what_nasm_makes_of_its_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        size_t size;
    } rows[] = {
        {"db 'a;b', `\\n`, \"c:d\"\n", "a;b\nc:d", 7},
        {"x: dw 0x4142, 3\n", "BA\3\0", 4},
        {"times 3 db 'ab'\nx: db 1\n", "ababab\1", 7},
        {"x db 1\ny:\n  db 2\n", "\1\2", 2},
        {"section .text\nnop\nsection .rodata\ndb 1\nsection .text\nnop\n" RODATA "db 2\n", "\1\2",
         2},
        {"incbin 'blob.bin', 1\n", "lob", 3},
        {"db '$$', $a - text\ntext:\n$a: dw $0a\n", "$$\0\n\0", 5},
        {"section .rodata align=1\ndb 1\n", "\1", 1},
        {"", "", 0},
    };
    write_text("blob.bin", "blob");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text, BEGIN "nop\n" RODATA "%s", rows[i].text);
        have_parts(buffer_text(&text), &parts);
        assert_int_equal(parts.data_size, rows[i].size);
        assert_memory_equal(parts.data_bytes, rows[i].bytes, rows[i].size);
    }
}

/* ---- references ------------------------------------------------------------------------------ */

static void knows_what_an_instruction_refers_to(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum reference_kind kind;
        size_t place, size; /* of the field */
        int64_t target;
    } rows[] = {
        /* Branches: to a part. */
        {"jmp _start", REFERENCE_BRANCH, 1, 1, 0},
        {"jnz .last", REFERENCE_BRANCH, 1, 1, 2},
        {"jmp near .last", REFERENCE_BRANCH, 1, 4, 2},
        {"jz near .last", REFERENCE_BRANCH, 2, 4, 2},
        {"call .last", REFERENCE_BRANCH, 1, 4, 2},
        {"jmp $", REFERENCE_BRANCH, 1, 1, 1},
        {"jecxz .last", REFERENCE_BRANCH, 2, 1, 2},
        /* To a byte of the data. */
        {"mov esi, text", REFERENCE_ABSOLUTE, 1, 4, 0},
        {"mov r9d, text.more + 5", REFERENCE_ABSOLUTE, 2, 4, 9},
        {"push text.more", REFERENCE_ABSOLUTE, 1, 4, 4},
        {"cmp byte [text.more + rcx], 7", REFERENCE_ABSOLUTE, 2, 4, 4},
        {"lea rsi, [text.more]", REFERENCE_RELATIVE, 3, 4, 4},
        {"mov eax, [text.more - 1]", REFERENCE_RELATIVE, 2, 4, 3},
        {"cmp byte [text.more], 7", REFERENCE_RELATIVE, 2, 4, 4}, /* a number behind the field */
        {"cmp dword [text], 7000", REFERENCE_RELATIVE, 2, 4, 0},
        /* To neither. */
        {"add eax, text.more - text", REFERENCE_NONE, 0, 0, 0},
        {"mov al, text.more - text", REFERENCE_NONE, 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text, BEGIN "nop\n%s\n.last: nop\n" RODATA "text: db 'abcd'\n.more: db 1\n",
                      rows[i].text);
        have_parts(buffer_text(&text), &parts);
        const struct instruction_text *instruction = first_of(&parts, 1);
        bool is_field_right =
            rows[i].kind == REFERENCE_NONE ||
            (instruction->field_offset == rows[i].place &&
             instruction->field_size == rows[i].size && instruction->target == rows[i].target);
        if (instruction->kind != rows[i].kind || !is_field_right)
            fail_msg("%s: kind %d, field %zu of %zu bytes, to %lld", rows[i].text,
                     (int)instruction->kind, instruction->field_offset, instruction->field_size,
                     (long long)instruction->target);
    }
}

/* ---- choices --------------------------------------------------------------------------------- */

static void a_choice_has_several_ways_to_write_it(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts(BEGIN "nop\nhere:\nwhit_either\npush 60\npop rax\nwhit_or\nmov al, 60\nwhit_or\n"
                     "mov eax, 60\nwhit_end\nsyscall\n",
               &parts);
    assert_int_equal(parts.count, 3);
    const struct part *part = &parts.parts[1];
    assert_words(&part->labels, (const char *const[]){"here", NULL});
    assert_int_equal(part->choice_count, 3);
    assert_int_equal(part->choices[0].count, 2);
    assert_int_equal(part->choices[0].size, 3);
    assert_int_equal(part->choices[1].size, 2);
    assert_int_equal(part->choices[2].size, 5);
    assert_int_equal(part->min_size, 2);
    assert_memory_equal(instruction_of(&parts, 1, 0, 1)->bytes, "\x58", 1);
    assert_memory_equal(instruction_of(&parts, 1, 1, 0)->bytes, "\xb0\x3c", 2);
    /* What a way changes is its own matter. */
    assert_int_equal(part->choices[0].writes, 1 << 0 | 1 << 4 | TOUCHES_MEMORY);
    assert_int_equal(part->choices[1].writes, 1 << 0);
    assert_int_equal(part->choices[1].reads, 1 << 0);
    assert_int_equal(part->choices[2].reads, 0);
    assert_int_equal(parts.parts[2].choice_count, 1);
}

static void the_macros_of_templates_are_choices(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts("%include \"syscall.inc\"\n%include \"choice.inc\"\n" BEGIN
               "PUT rdi, 1\nPUT rdi, 200\nsyscall\n",
               &parts);
    assert_int_equal(parts.count, 3);
    assert_int_equal(parts.parts[0].choice_count, 4);
    assert_int_equal(parts.parts[1].choice_count, 2);
}

static void what_is_assumed_is_told_to_the_source(void **state)
{
    (void)state;
    static const struct {
        unsigned assume;
        size_t parts;
    } rows[] = {{0, 1},
                {ASM_ASSUME_ARGC1, 2},
                {ASM_ASSUME_STDIN, 3},
                {ASM_ASSUME_EXIT_ANY, 5},
                {ASM_ASSUME_ARGC1 | ASM_ASSUME_STDIN | ASM_ASSUME_EXIT_ANY, 8},
                {ASM_ASSUME_OVERCOMMIT, 1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        if (read_parts_assuming(BEGIN "nop\n%ifdef WHIT_ASSUME_ARGC1\nnop\n%endif\n"
                                      "%ifdef WHIT_ASSUME_STDIN\nnop\nnop\n%endif\n"
                                      "%ifdef WHIT_ASSUME_EXIT_ANY\nnop\nnop\nnop\nnop\n%endif\n",
                                rows[i].assume, &parts) < 0)
            fail_msg("%s", error.message);
        assert_int_equal(parts.count, rows[i].parts);
    }
}

static void other_ways_are_offered_for_mov_of_an_address(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t choices;
    } rows[] = {
        {"mov esi, text", 3},     {"mov ebp,text+1", 2},  {"MOV EDI, text", 3},
        {"mov esi, text.b", 3},   {"mov esi, texts", 1},  {"mov r9d, text", 3},
        {"mov esi, [text]", 1},   {"mov esi, number", 1}, {"add esi, text", 1},
        {"mov esi, text - 1", 1}, {"mov esp, text", 1},   {"mov rsi, number", 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text,
                      "texts equ 3\n" BEGIN "%s\n" RODATA
                      "text: db 'a'\n.b: db 'b'\nnumber equ $ - text\n",
                      rows[i].text);
        have_parts(buffer_text(&text), &parts);
        assert_int_equal(parts.parts[0].choice_count, rows[i].choices);
        if (rows[i].choices == 1)
            continue;
        const struct instruction_text *mov = instruction_of(&parts, 0, 0, 0);
        const struct instruction_text *lea = instruction_of(&parts, 0, 1, 0);
        assert_int_equal(mov->kind, REFERENCE_ABSOLUTE);
        assert_int_equal(lea->kind, REFERENCE_RELATIVE);
        assert_int_equal(lea->target, mov->target);
        assert_int_equal(lea->writes, mov->writes);
        if (rows[i].choices == 2)
            continue;
        /* A call that jumps over the data leaves its address for the next. */
        const struct instruction_text *call = instruction_of(&parts, 0, 2, 0);
        assert_int_equal(call->kind, REFERENCE_PAST);
        assert_int_equal(call->size, 5);
        assert_int_equal(call->bytes[0], 0xe8);
        assert_int_equal(call->field_offset, 1);
        assert_int_equal(call->field_size, 4);
        assert_int_equal(call->target, mov->target);
        assert_int_equal(instruction_of(&parts, 0, 2, 1)->writes & mov->writes, mov->writes);
        assert_false(parts.parts[0].is_barrier);
        assert_false(parts.parts[0].never_ends);
    }
}

/* The source's own, whose address has 64 bits, comes first: nasm's bytes are compared with it. */
static void an_address_of_64_bits_may_be_one_of_32(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts(BEGIN "mov r10, text + 1\n" RODATA "text: db 'ab'\n", &parts);
    assert_int_equal(parts.parts[0].choice_count, 3);
    assert_int_equal(first_of(&parts, 0)->size, 10);
    assert_int_equal(first_of(&parts, 0)->field_size, 8);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(instruction_of(&parts, 0, i, 0)->target, 1);
    assert_string_equal(instruction_of(&parts, 0, 1, 0)->text, "mov r10d, text + 1");
    assert_int_equal(forms_check_addresses(&parts, &error), 0);
    assert_int_equal(parts.parts[0].choice_count, 2);
    assert_int_equal(first_of(&parts, 0)->size, 6);
}

static void data_that_is_written_and_zeros_come_behind_constants(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    have_parts(BEGIN "mov [room + 1], al\nmov [written], al\nmov al, [constant]\nmov esi, end\n"
                     "section .bss\nfirst: resb 3\nroom: resw 2\n"
                     "section .data\nwritten: db 1\nend:\n" RODATA "constant: db 5, 6\n"
                     "section .data\ndb 7\n",
               &parts);
    assert_true(parts.is_writable);
    assert_int_equal(parts.data_size, 4);
    assert_memory_equal(parts.data_bytes, "\5\6\1\7", 4);
    assert_int_equal(parts.zeros_size, 7);
    assert_int_equal(first_of(&parts, 0)->target, zeros_begin(&parts) + 4);
    assert_int_equal(first_of(&parts, 1)->target, 2);
    assert_int_equal(first_of(&parts, 2)->target, 0);
    assert_int_equal(first_of(&parts, 3)->target, 3);
    const size_t places[DATA_PLACES] = {100, 0, 120};
    assert_int_equal(data_offset(&parts, places, 4), 104);
    assert_int_equal(data_offset(&parts, places, zeros_begin(&parts) + 4), 124);
}

/* ---- other ways to write a number ------------------------------------------------------------ */

/* The texts of a part's choices, parted by " | ", and their code is what nasm makes of them. */
static void assert_forms(const char *source, size_t number, const char *expected)
{
    struct parts parts PARTS_CLEANUP = {0}, same PARTS_CLEANUP = {0};
    struct buffer forms BUFFER_CLEANUP = {0}, texts BUFFER_CLEANUP = {0};
    have_parts(source, &parts);
    assert_int_equal(forms_offer(&parts, &error), 0);
    const struct part *part = &parts.parts[number];
    for (size_t i = 0; i < part->choice_count; i++)
        for (size_t j = 0; j < part->choices[i].count; j++) {
            const char *text = part->choices[i].instructions[j].text;
            buffer_printf(&forms, "%s%s", j ? ", " : i ? " | " : "", text);
            buffer_printf(&texts, "%s\n", text);
        }
    assert_string_equal(buffer_text(&forms), expected);
    struct buffer again BUFFER_CLEANUP = {0};
    buffer_printf(&again, ABSOLUTE "%sn equ 0\n" RODATA "data: db 1\n", buffer_text(&texts));
    have_parts(buffer_text(&again), &same);
    for (size_t i = 0, k = 0; i < part->choice_count; i++)
        for (size_t j = 0; j < part->choices[i].count; j++, k++) {
            const struct instruction_text *form = &part->choices[i].instructions[j];
            assert_int_equal(form->size, first_of(&same, k)->size);
            size_t compared = form->kind == REFERENCE_NONE ? form->size : form->field_offset;
            assert_memory_equal(form->bytes, first_of(&same, k)->bytes, compared);
        }
}

static void numbers_are_loaded_in_other_ways_too(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        size_t part;
        const char *forms;
    } rows[] = {
        {BEGIN "mov eax, 60\nsyscall\n", 0, "mov eax, 60 | push 60, pop rax | mov al, 60"},
        {BEGIN "mov r9d, 200\nsyscall\n", 0, "mov r9d, 200 | mov r9b, 200"},
        {BEGIN "mov edi, 256\nsyscall\n", 0, "mov edi, 256"},
        {BEGIN "mov esi, -1\nsyscall\n", 0, "mov esi, -1"},
        {BEGIN "mov ecx, 5\nmov r8d, 5\nsyscall\n", 1,
         "mov r8d, 5 | push 5, pop r8 | mov r8d, ecx | mov r8b, 5"},
        /* rax is -1 or 3, rcx an address */
        {BEGIN "mov ebx, 7\nsyscall\nmov eax, 7\nsyscall\n", 2,
         "mov eax, 7 | push 7, pop rax | mov eax, ebx"},
        {BEGIN "mov ebx, 7\nsyscall\nmov ecx, 0\nsyscall\n", 2,
         "mov ecx, 0 | push 0, pop rcx | xor ecx, ecx | mov ecx, edx"},
        /* Whoever jumps there has other numbers, and so has whoever returns. */
        {BEGIN "nop\n.again: mov eax, 300\ninc ebx\nmov edx, 300\njmp .again\n", 1, "mov eax, 300"},
        {BEGIN "mov ebx, 300\ncall f\nmov eax, 300\nsyscall\nf: ret\n", 2, "mov eax, 300"},
        {BEGIN "mov ebx, 300\ntest ebx, ebx\njz f\nmov eax, 300\nsyscall\nf: ret\n", 3,
         "mov eax, 300 | mov eax, ebx"},
        {BEGIN "mov ebx, 300\n.x: int 0x80\nmov eax, 300\njmp .x\n", 2, "mov eax, 300"},
        /* flags that are used again, and those that are not */
        {BEGIN "cmp ebx, 1\nmov eax, 0\njz _start\nret\n", 1, "mov eax, 0 | push 0, pop rax"},
        {BEGIN "nop\n.x: mov eax, 0\ncmp ebx, 1\njz .x\nret\n", 1,
         "mov eax, 0 | push 0, pop rax | xor eax, eax"},
        {BEGIN "nop\n.x: mov eax, 0\ninc ebx\njc .x\nret\n", 1, "mov eax, 0 | push 0, pop rax"},
        /* memory below the stack */
        {BEGIN "mov eax, 1\nmov [rsp - 8], eax\nsyscall\n", 0, "mov eax, 1 | mov al, 1"},
        {ABSOLUTE "mov eax, [data + 2]\nsyscall\n" RODATA "data: db 1, 2, 3, 4, 5, 6\n", 0,
         "mov eax, [data + 2] | mov eax, [rel data + 2]"},
        {ABSOLUTE "add dword [data], 3\nsyscall\nsection .data\ndata: dd 1\n", 0,
         "add dword [data], 3 | add dword [rel data], 3"},
        /* functions before _start, which is jumped to */
        {"bits 64\nf: ret\n_start: mov eax, 60\nsyscall\n", 2,
         "mov eax, 60 | push 60, pop rax | mov al, 60"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_forms(rows[i].source, rows[i].part, rows[i].forms);
}

/* ---- the proof ------------------------------------------------------------------------------- */

/* Reads the parts of a source, and compares them with what nasm makes of it. */
static int prove(const char *text)
{
    struct error ignored;
    char *temporary TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create(folder, &ignored);
    struct asm_link_options options = {.data = &embedded, .temporary = temporary};
    struct asm_job job ASM_JOB_CLEANUP;
    struct strings inputs STRINGS_CLEANUP = {0};
    struct parts parts PARTS_CLEANUP = {0};
    struct asm_object object ASM_OBJECT_CLEANUP = {0};
    error.message[0] = 0;
    if (strings_append(&inputs, write_text("program.asm", text), &error) < 0 ||
        asm_job_init(&job, &inputs, &options, &error) < 0 ||
        asm_make_object(&job, &object, &error) < 0 || parts_read(&job, 0, &parts, &error) < 0)
        fail_msg("%s\n%s", error.message, text);
    return proof_check(&job, object.path, 0, &parts, &error);
}

static void only_what_nasm_reads_likewise_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {BEGIN "mov eax, 60\njmp .x\n.x: syscall\n", NULL},
        {"bits 64\nf: ret\n_start: call f\njmp f\n", NULL},
        {BEGIN "mov esi, text\nmov al, [text + 1]\n" RODATA "text: db 'ab'\n", NULL},
        /* grows to a near jump where there are gaps */
        {BEGIN "jz .x\n%rep 60\nxor eax, eax\n%endrep\n.x: jmp _start\n", NULL},
        {BEGIN "mov edi, end - _start\nsyscall\nend: ret\n",
         "'mov edi, end - _start' has a number"},
        {BEGIN "syscall\nend: ret\n" RODATA "size: dd end - _start\n",
         "the data has a number that depends on where instructions lie"},
        {"size equ 4\n" BEGIN "add rsp, end - _start\nsyscall\nend: ret\n", "has a number that"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int result = prove(rows[i].text);
        if (rows[i].words) {
            assert_int_equal(result, -1);
            assert_message(rows[i].words);
        } else if (result < 0) {
            fail_msg("%s\n%s", error.message, rows[i].text);
        }
    }
}

/* A call would overwrite it. */
static void knows_who_uses_memory_below_the_stack(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool uses_red_zone;
    } rows[] = {
        {"mov eax, [rsp - 8]", true},
        {"mov byte [rsp + rcx], 1", true}, /* who knows */
        {"lea rsi, [rsp - 16]", true},
        {"mov rbp, rsp\nmov dword [rbp - 4], 1", true},
        {"pop rax\nsub rsp, 8\npop rcx", true},
        {"mov esp, 7", true}, /* no stack at all */
        {"mov esi, [rsp + 8]", false},
        {"mov esi, [rcx + 8]", false},
        {"push rax\npop rcx", false},
        {"push rsp\npop rsi", false},
        {"mov rsi, rsp", false},
        {"lea rsi, [rsp + 8]", false},
        {"call _start\nret", false},
        {"add esi, [rcx - 1]", true}, /* which may be rsp's */
        {"mov rsi, rsp\ndec rsi\nmov [rsi], al", true},
        {"push rsp\npop rdi\nstd\nstosb", true},
        {"lea rsi, [rsp + 8]\nmov al, [rsi + rcx]", true},
        {"mov rsi, [rsp + 8]\nmov al, [rsi]", false}, /* an argument */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text, BEGIN "%s\n", rows[i].text);
        have_parts(buffer_text(&text), &parts);
        if (parts.uses_red_zone != rows[i].uses_red_zone)
            fail_msg("%s", rows[i].text);
    }
}

static void near_is_a_distance_from_the_system_call_before(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t place;
        int64_t target;
    } rows[] = {
        {"lea esi, [rcx + NEAR(text)]", 2, 0},
        {"lea rsi, [rcx+NEAR(text.more)]", 3, 3},
        {"push qword [rcx + NEAR(text + 2)]", 2, 2},
        {"mov r8b, [rcx + NEAR( text+1 )]", 3, 1},
        {"cmp byte [rcx + NEAR(text.more + 0)], 7", 2, 3},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text,
                      "%%include \"choice.inc\"\n" BEGIN "syscall\n%s\n" RODATA
                      "text: db 'abc'\n.more: db 1\n",
                      rows[i].text);
        have_parts(buffer_text(&text), &parts);
        const struct instruction_text *instruction = first_of(&parts, 1);
        assert_int_equal(instruction->kind, REFERENCE_NEAR);
        assert_int_equal(instruction->field_size, 1);
        if (instruction->field_offset != rows[i].place || instruction->target != rows[i].target)
            fail_msg("%s: field at %zu, to %lld", rows[i].text, instruction->field_offset,
                     (long long)instruction->target);
    }
}

static void says_what_is_no_distance(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "NEAR(none)",       "NEAR(_start)",        "NEAR(text + 4)",
        "NEAR(text - 1)",   "NEAR(text + x)",      "NEAR(text+0x1)",
        "NEAR(text + 1+1)", "NEAR(text.more + 9)", "NEAR(text) + 1000",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text,
                      "%%include \"choice.inc\"\nx equ 1\n" BEGIN
                      "syscall\nlea esi, [rcx + %s]\n" RODATA "text: db 'abc'\n.more: db 1\n",
                      texts[i]);
        if (read_parts(buffer_text(&text), &parts) == 0)
            fail_msg("takes %s", texts[i]);
        assert_message("is not an 8-bit distance to a label of the data");
    }
    struct parts parts PARTS_CLEANUP = {0};
    assert_int_equal(read_parts("%include \"choice.inc\"\n" BEGIN "mov al, NEAR(text)\n" RODATA
                                "text: db 1\n",
                                &parts),
                     -1);
    assert_message("is not an 8-bit distance to a label of the data");
}

static void data_may_lie_apart(void **state)
{
    (void)state;
    static const struct {
        const char *mark;
        size_t apart; /* SIZE_MAX: refused */
    } rows[] = {{"", 4},
                {"APART 0", 4},
                {"APART 1", 1},
                {"APART 3", 3},
                {"APART 4", 4},
                {"APART 5", 4},
                {"APART 1 + 1", SIZE_MAX},
                {"APART 0x2", SIZE_MAX},
                {"APART -1", SIZE_MAX},
                {"APART", SIZE_MAX}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text, "%%include \"choice.inc\"\n" BEGIN "nop\n" RODATA "%s\ndd 7\n",
                      rows[i].mark);
        int result = read_parts(buffer_text(&text), &parts);
        assert_int_equal(result, rows[i].apart == SIZE_MAX ? -1 : 0);
        if (result < 0)
            assert_message("needs a number of bytes");
        else if (parts.first_block_size != rows[i].apart)
            fail_msg("'%s': %zu", rows[i].mark, parts.first_block_size);
    }
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void says_what_cannot_be_laid_out(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"section mine\n", "section mine: this layout has .text, .rodata, .data and .bss only"},
        {"db 1\n", "data in section .text ('db 1'): move it to section .rodata"},
        {"here: dw 1\n", "data in section .text ('dw 1')"},
        {"here db 1\n", "data in section .text ('here db 1')"},
        {"times 4 nop\n", "data in section .text ('times 4 nop')"},
        {"align 16\n", "data in section .text ('times "},
        {RODATA "align 4\ndb 1\n", "refers to the start of its section"},
        {RODATA "alignb 4\n", "refers to the start of its section"},
        {"section .bss align=8\n", "section .bss: this layout does not align sections"},
        {"section .rodata align=16\n", "section .rodata: this layout does not align sections"},
        {"section .text align=2\n", "section .text: this layout does not align sections"},
        {"bits 32\n", "'bits 32' is not supported in this layout: use --layout=standard"},
        {"[bits 16]\n", "'bits 16' is not supported in this layout"},
        {"use32\n", "'bits 32' is not supported in this layout"},
        {"default abs\n", "'default abs' is not supported in this layout: use --layout=standard"},
        {"extern there\n", "'extern' is not supported in this layout: use --layout=standard"},
        {"common there 4\n", "'common' is not supported in this layout"},
        {"absolute 16\n", "'absolute' is not supported in this layout"},
        {"org 16\n", "'org' is not supported in this layout"},
        {"here: resb 4\n", "data in section .text ('resb 4')"},
        {"mov esi, _start\n",
         "'mov esi, _start': this layout has only 32-bit and relative references to data"},
        {"mov al, text\n",
         "'mov al, text': this layout has only 32-bit and relative references to data"},
        {"lea rsi, [_start]\n", "'lea rsi, [_start]' reads code as data"},
        {"mov eax, [rel _start]\n", "reads code as data: use --layout=standard"},
        {"jmp $ + 1\n", "'jmp $ + 1' refers to its own address: use a label"},
        {"jmp _start - 5\n", "'jmp _start - 5' leads to no instruction of the program"},
        {"jmp _start + 9\n", "'jmp _start + 9' leads to no instruction of the program"},
        {"loop $\n", "'loop $' refers to its own address: use a label"},
        {"mov eax, $ - _start\n", "'mov eax, $ - _start' refers to its own address"},
        {"mov eax, $$\n", "'mov eax, $$' refers to its own address"},
        {"here equ $\n", "'here equ $' is an address of code: use --layout=standard"},
        {"size: equ $ - _start\n", "is an address of code: use --layout=standard"},
        {RODATA "size equ $ - $$\n", "'size equ $ - $$' refers to the start of its section"},
        {RODATA "times 16 - ($ - $$) db 1\n", "refers to the start of its section: use a label"},
        {RODATA "dd text\n", "the data contains an address: use --layout=standard"},
        {RODATA "dq _start\n", "the data contains an address: use --layout=standard"},
        {"here nop\n", "label 'here' needs a colon"},
        {"here\nnop\n", "label 'here' needs a colon"},
        {"mov dword [text], text\n", "only 32-bit and relative references to data"},
        {"whit_either\nwhit_end\n", "'whit_end' is out of place, or follows an empty choice"},
        {"whit_either\nnop\nwhit_or\nwhit_end\n", "'whit_end' is out of place"},
        {"whit_either\nwhit_or\nnop\nwhit_end\n", "'whit_or' is out of place"},
        {"whit_or\nnop\n", "'whit_or' is out of place, or follows an empty choice"},
        {"whit_end\n", "'whit_end' is out of place, or follows an empty choice"},
        {"whit_either\nnop\nwhit_either\n", "'whit_either' is out of place"},
        {"whit_either\nnop\n", "whit_end is missing"},
        {"whit_either\nnop\nhere: nop\n", "label 'here' is inside a choice"},
        {"whit_either\nnop\nwhit_or\njmp _start\nwhit_end\n",
         "'jmp _start': this layout has only 32-bit"},
        {"whit_past: nop\n", "nasm fails with exit code 1:\n"},
        {"whit_0_0_0: nop\n", "nasm fails with exit code 1:\n"},
        {"end:\n", "label 'end' has no instruction after it"},
        {"rep\n", "is not a known instruction"},
        {"mov eax,\n", "nasm fails with exit code 1:\n"},
        {"mov eax, there\n", "symbol `there' not defined"},
        {"jmp .nowhere\n", "symbol `_start.nowhere' not defined"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text, RODATA "text: db 'ab'\nsection .text\n" BEGIN "nop\n%s", rows[i].text);
        if (read_parts(buffer_text(&text), &parts) == 0)
            fail_msg("takes %s", rows[i].text);
        assert_message(rows[i].words);
        assert_null(strstr(error.message, folder));
    }
}

static void says_the_line_of_what_nasm_cannot_preprocess(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    assert_int_equal(read_parts(BEGIN "%include \"none.inc\"\n", &parts), -1);
    assert_message("program.asm:5: error: unable to open include file");
    assert_int_equal(read_parts(BEGIN "nop\n%error no luck\n", &parts), -1);
    assert_message("program.asm:6: error: no luck");
}

static void refuses_a_source_without_start(void **state)
{
    (void)state;
    static const char *const texts[] = {"nop\n", "start: nop\n", "a:\n._start: nop\n",
                                        "nop\n" RODATA "_start: db 1\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        assert_int_equal(read_parts(texts[i], &parts), -1);
        assert_message("no label _start");
    }
}

static void refuses_a_source_without_instructions(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "bits 64\n", "; nothing\n\n", RODATA "db 1\n",
                                        "N equ 1\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct parts parts PARTS_CLEANUP = {0};
        assert_int_equal(read_parts(texts[i], &parts), -1);
        assert_message("no instructions");
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void takes_a_thousand_instructions(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0}, more PARTS_CLEANUP = {0};
    have_parts(BEGIN "%rep 1000\nnop\n%endrep\n", &parts);
    assert_int_equal(parts.count, 1000);
    assert_int_equal(read_parts(BEGIN "%rep 1001\nnop\n%endrep\n", &more), -1);
    assert_message("more than 1000 instructions: use --layout=standard");
}

/* As many lines of a text. */
static void append_times(struct buffer *text, size_t count, const char *lines)
{
    while (count-- > 0)
        buffer_append_text(text, lines);
}

static void takes_so_many_ways_to_choose(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_append_text(&text, BEGIN "whit_either\nnop\n");
        append_times(&text, MAX_CHOICES - 1 + more, "whit_or\nnop\n");
        buffer_append_text(&text, "whit_end\n");
        assert_int_equal(read_parts(buffer_text(&text), &parts), more ? -1 : 0);
        if (more)
            assert_message("more than 32 choices");
        else
            assert_int_equal(parts.parts[0].choice_count, MAX_CHOICES);
    }
}

static void takes_so_many_instructions_in_a_way(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct parts parts PARTS_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_append_text(&text, BEGIN "whit_either\n");
        append_times(&text, MAX_IN_CHOICE + more, "nop\n");
        buffer_append_text(&text, "whit_end\n");
        assert_int_equal(read_parts(buffer_text(&text), &parts), more ? -1 : 0);
        if (more)
            assert_message("more than 100 instructions in one choice");
        else
            assert_int_equal(parts.parts[0].choices[0].count, MAX_IN_CHOICE);
    }
}

static void takes_four_thousand_instructions_in_all_ways(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0};
    struct buffer text BUFFER_CLEANUP = {0};
    buffer_append_text(&text, BEGIN);
    for (size_t i = 0; i < 41; i++) {
        buffer_append_text(&text, "whit_either\n");
        append_times(&text, 98, "nop\n");
        buffer_append_text(&text, "whit_end\n");
    }
    assert_int_equal(read_parts(buffer_text(&text), &parts), -1);
    assert_message("more than 4000 instructions: use --layout=standard");
}

static void takes_a_mebibyte_of_data(void **state)
{
    (void)state;
    struct parts parts PARTS_CLEANUP = {0}, more PARTS_CLEANUP = {0};
    have_parts(BEGIN "nop\n" RODATA "times 1048576 db 7\n", &parts);
    assert_int_equal(parts.data_size, 1048576);
    assert_int_equal(read_parts(BEGIN "nop\n" RODATA "times 1048577 db 7\n", &more), -1);
    assert_message("more than 1048576 bytes of data: use --layout=standard");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(each_instruction_is_a_part_with_nasms_bytes),
        IN_FOLDER(macros_are_expanded_first),
        IN_FOLDER(knows_what_an_instruction_reads_and_changes),
        IN_FOLDER(flags_that_nobody_reads_are_no_matter),
        IN_FOLDER(nothing_moves_past_branches_and_where_they_lead),
        IN_FOLDER(only_a_jump_may_take_no_bytes),
        IN_FOLDER(labels_stand_before_their_instruction),
        IN_FOLDER(the_program_begins_at_start),
        IN_FOLDER(a_choice_has_the_labels_before_it),
        IN_FOLDER(labels_may_begin_like_whits_own),
        IN_FOLDER(local_labels_get_the_name_that_they_belong_to),
        IN_FOLDER(labels_of_data_need_no_colon),
        IN_FOLDER(definitions_may_have_a_colon),
        IN_FOLDER(definitions_may_stand_anywhere),
        IN_FOLDER(knows_the_names_of_the_data),
        IN_FOLDER(data_is_what_nasm_makes_of_its_lines),
        IN_FOLDER(knows_what_an_instruction_refers_to),
        IN_FOLDER(a_choice_has_several_ways_to_write_it),
        IN_FOLDER(the_macros_of_templates_are_choices),
        IN_FOLDER(what_is_assumed_is_told_to_the_source),
        IN_FOLDER(other_ways_are_offered_for_mov_of_an_address),
        IN_FOLDER(an_address_of_64_bits_may_be_one_of_32),
        IN_FOLDER(data_that_is_written_and_zeros_come_behind_constants),
        IN_FOLDER(numbers_are_loaded_in_other_ways_too),
        IN_FOLDER(only_what_nasm_reads_likewise_is_taken_apart),
        IN_FOLDER(knows_who_uses_memory_below_the_stack),
        IN_FOLDER(near_is_a_distance_from_the_system_call_before),
        IN_FOLDER(says_what_is_no_distance),
        IN_FOLDER(data_may_lie_apart),
        IN_FOLDER(says_what_cannot_be_laid_out),
        IN_FOLDER(says_the_line_of_what_nasm_cannot_preprocess),
        IN_FOLDER(refuses_a_source_without_start),
        IN_FOLDER(refuses_a_source_without_instructions),
        IN_FOLDER(takes_a_thousand_instructions),
        IN_FOLDER(takes_so_many_ways_to_choose),
        IN_FOLDER(takes_so_many_instructions_in_a_way),
        IN_FOLDER(takes_four_thousand_instructions_in_all_ways),
        IN_FOLDER(takes_a_mebibyte_of_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
