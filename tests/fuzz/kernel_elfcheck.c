/*
 * kernel_elfcheck COUNT [SEED [FILE]...]: does elfcheck foretell what the running kernel does?
 *
 * Bends programs COUNT times, the same way for the same SEED: its own small ones, the golfed ones
 * among them, and each FILE. Asks elfcheck and the kernel (tests/unit/kernel_oracle.h) about each,
 * and stops at the first answer that differs: not only whether it starts, but how it does not.
 * With a COUNT of 0 it asks about the programs and each FILE as they are. Exit 77: the kernel
 * cannot be asked here.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/array.h"
#include "base/output.h"
#include "base/read.h"
#include "tests/unit/elf_programs.h"
#include "tests/unit/kernel_oracle.h"

#define EXIT_SKIPPED 77

/* Larger files have the same headers, and take longer to copy. */
#define MAX_SEED_SIZE (2 * 1024 * 1024)

/* Room to lengthen a file. */
#define ROOM 8192

#define MAX_CHANGES 4

struct bytes {
    unsigned char *data;
    size_t size;
};

struct seeds {
    struct bytes *seeds;
    size_t count;
};

/* ---- chance ---------------------------------------------------------------------------------- */

/* splitmix64: the same numbers on every machine. */
static uint64_t state;

static uint64_t chance(uint64_t below)
{
    uint64_t number = (state += 0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return below ? (number ^ (number >> 31)) % below : 0;
}

/* ---- programs to bend ------------------------------------------------------------------------ */

static void add_seed(struct seeds *seeds, const void *data, size_t size)
{
    seeds->seeds = reallocarray(seeds->seeds, seeds->count + 1, sizeof *seeds->seeds);
    struct bytes seed = {calloc(1, size + ROOM), size};
    if (!seeds->seeds || !seed.data)
        abort();
    memcpy(seed.data, data, size);
    seeds->seeds[seeds->count++] = seed;
}

/* The program header lies over the ELF header from `place` on: what it has there is what the ELF
 * header needs, too. */
static void add_golfed(struct seeds *seeds, size_t place, const Elf64_Ehdr *header,
                       const Elf64_Phdr *segment, size_t code_place)
{
    static const unsigned char code[] = {PROGRAM_CODE};
    unsigned char bytes[256] = {0};
    memcpy(bytes, header, sizeof *header);
    memcpy(bytes + place, segment, sizeof *segment);
    memcpy(bytes + code_place, code, sizeof code);
    add_seed(seeds, bytes, code_place + sizeof code);
}

/* The layouts in which golfed programs come, named by e_phoff. */
static void add_golfed_programs(struct seeds *seeds)
{
    Elf64_Ehdr header = program_new(ET_EXEC).header;
    Elf64_Phdr segment = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = PROGRAM_ADDRESS};

    header.e_phoff = 0x38; /* e_phnum is p_type */
    header.e_entry = PROGRAM_ADDRESS + 0x70;
    segment.p_filesz = segment.p_memsz = 0x80;
    add_golfed(seeds, 0x38, &header, &segment, 0x70);

    header.e_phoff = 0x30; /* e_phentsize is in p_flags, e_phnum is p_offset */
    header.e_entry = PROGRAM_ADDRESS + 0x68;
    segment.p_flags = PF_R | PF_X | sizeof(Elf64_Phdr) << 16;
    segment.p_offset = 1;
    segment.p_vaddr = PROGRAM_ADDRESS + 1;
    add_golfed(seeds, 0x30, &header, &segment, 0x68);

    header.e_phoff = 0x2f; /* the same, shifted by a byte */
    header.e_entry = PROGRAM_ADDRESS + 0x67;
    segment.p_flags = PF_R | PF_X | sizeof(Elf64_Phdr) << 24;
    segment.p_offset = 0x100;
    segment.p_vaddr = PROGRAM_ADDRESS + 0x100;
    segment.p_filesz = segment.p_memsz = 1;
    add_golfed(seeds, 0x2f, &header, &segment, 0x67);

    header.e_phoff = 0x0c; /* type and machine are p_flags, the entry point is in p_vaddr */
    segment.p_flags = PF_W | PF_X | EM_X86_64 << 16;
    segment.p_offset = 0x0c;
    segment.p_vaddr = 0xc0000000c;
    segment.p_filesz = 0x80;
    segment.p_memsz = UINT64_C(1) << 32 | sizeof(Elf64_Phdr) << 16;
    add_golfed(seeds, 0x0c, &header, &segment, 0x47);

    unsigned char golfed[GOLFED_SIZE]; /* 0x18 */
    golfed_program(golfed);
    add_seed(seeds, golfed, sizeof golfed);
}

/* exit(42) for i386 in 45 bytes, the end of the ELF header missing. No segment is executable, but
 * all that can be read can be run, since nothing is said of the stack. */
static const unsigned char smallest_32[] = {
    0x7f, 'E',  'L',  'F',  1,    0,    0,    0, /* p_type */
    0,    0,    0,    0,    0,    0,    1,    0, /* p_offset, p_vaddr */
    2,    0,    3,    0,    0x20, 0,    1,    0, /* e_type, e_machine; p_filesz */
    0x20, 0,    1,    0,    4,    0,    0,    0, /* e_entry is p_memsz; e_phoff is p_flags */
    0xb3, 42,   0x31, 0xc0, 0x40, 0xcd, 0x80,    /* mov bl, 42; xor eax, eax; inc eax; int 0x80 */
    0,    0x34, 0,    0x20, 0,    1,             /* e_ehsize, e_phentsize, e_phnum */
};

static void add_own_seeds(struct seeds *seeds)
{
    for (unsigned kind = 0; kind < PROGRAM_KINDS; kind++) {
        struct program program = program_of_kind(kind);
        add_seed(seeds, &program, sizeof program);
        program.segments[2] = (Elf64_Phdr){.p_type = PT_INTERP,
                                           .p_offset = offsetof(struct program, data),
                                           .p_filesz = sizeof "/lib/ld"};
        memcpy(program.data, "/lib/ld", sizeof "/lib/ld");
        add_seed(seeds, &program, sizeof program);
    }
    for (uint16_t type = ET_EXEC; type <= ET_DYN; type++) {
        struct program_32 program = program_new_32(type);
        add_seed(seeds, &program, sizeof program);
        program.header.e_phnum = 2; /* no PT_GNU_STACK */
        add_seed(seeds, &program, sizeof program);
    }
    add_seed(seeds, smallest_32, sizeof smallest_32);
    add_golfed_programs(seeds);
}

/* False where the file is too large, or cannot be read. */
static bool add_file(struct seeds *seeds, const char *path)
{
    struct error error;
    struct buffer content BUFFER_CLEANUP = {0};
    if (file_read_path(path, MAX_SEED_SIZE, &content, &error) < 0)
        return false;
    add_seed(seeds, content.data, content.size);
    return true;
}

/* ---- bending --------------------------------------------------------------------------------- */

struct field {
    size_t offset, size;
};
#define FIELD(type, name)                                  \
    {                                                      \
        offsetof(type, name), sizeof(((type *)NULL)->name) \
    }
#define HEADER_FIELDS(type)                                                                        \
    {                                                                                              \
        FIELD(type, e_type), FIELD(type, e_machine), FIELD(type, e_version), FIELD(type, e_entry), \
            FIELD(type, e_phoff), FIELD(type, e_shoff), FIELD(type, e_flags),                      \
            FIELD(type, e_ehsize), FIELD(type, e_phentsize), FIELD(type, e_phnum),                 \
            FIELD(type, e_shentsize), FIELD(type, e_shnum), FIELD(type, e_shstrndx)                \
    }
#define SEGMENT_FIELDS(type)                                                                    \
    {                                                                                           \
        FIELD(type, p_type), FIELD(type, p_flags), FIELD(type, p_offset), FIELD(type, p_vaddr), \
            FIELD(type, p_paddr), FIELD(type, p_filesz), FIELD(type, p_memsz),                  \
            FIELD(type, p_align)                                                                \
    }
#define HEADER_FIELD_COUNT  13
#define SEGMENT_FIELD_COUNT 8

/* Of 64-bit programs and of 32-bit ones. */
static const struct field header_fields[2][HEADER_FIELD_COUNT] = {HEADER_FIELDS(Elf64_Ehdr),
                                                                  HEADER_FIELDS(Elf32_Ehdr)};
static const struct field segment_fields[2][SEGMENT_FIELD_COUNT] = {SEGMENT_FIELDS(Elf64_Phdr),
                                                                    SEGMENT_FIELDS(Elf32_Phdr)};

/* A program that is being bent, and where its program headers are. */
struct program_view {
    struct bytes *bytes;
    bool is_32;
    size_t table, count, entry_size;
};

static uint64_t get_number(const struct bytes *bytes, size_t offset, size_t size)
{
    uint64_t number = 0;
    if (offset + size <= bytes->size)
        memcpy(&number, bytes->data + offset, size);
    return number;
}

static void set_number(const struct bytes *bytes, size_t offset, size_t size, uint64_t number)
{
    if (offset + size <= bytes->size)
        memcpy(bytes->data + offset, &number, size);
}

static struct program_view look(struct bytes *bytes)
{
    struct program_view view = {.bytes = bytes};
    uint64_t machine = get_number(bytes, offsetof(Elf64_Ehdr, e_machine), sizeof(Elf64_Half));
    view.is_32 = machine == EM_386;
    const struct field *fields = header_fields[view.is_32];
    uint64_t table = get_number(bytes, fields[4].offset, fields[4].size);
    view.entry_size = view.is_32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
    if (table < bytes->size)
        view.count = (bytes->size - table) / view.entry_size;
    uint64_t count = get_number(bytes, fields[9].offset, fields[9].size);
    view.table = (size_t)table;
    view.count = count < view.count ? (size_t)count : view.count;
    return view;
}

/* Any field of the headers; of the program headers more often. */
static struct field any_field(const struct program_view *view)
{
    if (view->count == 0 || chance(4) == 0)
        return header_fields[view->is_32][chance(HEADER_FIELD_COUNT)];
    struct field field = segment_fields[view->is_32][chance(SEGMENT_FIELD_COUNT)];
    field.offset += view->table + chance(view->count) * view->entry_size;
    return field;
}

/* Edges of the kernel's rules. */
static const uint64_t edges[] = {
    /* types, flags, counts and sizes of headers */
    0, 1, 2, 3, 4, 5, 6, 7, 8, 31, 32, 33, 55, 56, 57, 62, 64, 73, 74, 128, 129, 1170, 1171, 2048,
    2049, 4096, 4097, 0xffff, PT_GNU_STACK, PT_GNU_RELRO,
    /* offsets and addresses in and around a program */
    0x34, 0x40, 0xe8, 0xff8, 0xfff, 0x1000, 0x1001, 0x1fff, 0x2000, 0xffff, 0x10000, 0x3fffff,
    0x400000, 0x400fff, 0x401000, 0x8048000,
    /* alignments */
    0x200000, 0x40000000, 0x400000000000, 0x800000000000,
    /* ends: of 32-bit user space, of 32 bits, of user space, of file offsets, of 64 bits */
    0x7fffffff, 0x80000000, 0xf0000000, 0xffffd000, 0xffffdfff, 0xffffe000, 0xfffff000, 0xffffffff,
    0x100000000, 0x3fffffffffff, 0x7fffffffe000, 0x7fffffffefff, 0x7ffffffff000, 0x7fffffffffff,
    0x800000000000, 0xffffffffff000, 0x7ffffffffffff000, 0x7fffffffffffffff, 0x8000000000000000,
    0xfffffffffffff000, 0xffffffffffffffff};
#define EDGE_COUNT (COUNT(edges))

static void set_to_edge(struct program_view *view)
{
    struct field field = any_field(view);
    set_number(view->bytes, field.offset, field.size, edges[chance(EDGE_COUNT)]);
}

static void set_around_size(struct program_view *view)
{
    struct field field = any_field(view);
    set_number(view->bytes, field.offset, field.size, view->bytes->size + chance(65) - 32);
}

static void move_a_little(struct program_view *view)
{
    static const uint64_t steps[] = {1, 8, 16, 0x100, 0x1000, 0x10000};
    struct field field = any_field(view);
    uint64_t step = steps[chance(COUNT(steps))];
    uint64_t number = get_number(view->bytes, field.offset, field.size);
    set_number(view->bytes, field.offset, field.size, chance(2) ? number + step : number - step);
}

static void copy_field(struct program_view *view)
{
    struct field from = any_field(view), to = any_field(view);
    set_number(view->bytes, to.offset, to.size, get_number(view->bytes, from.offset, from.size));
}

static void flip_bit(struct program_view *view)
{
    size_t end = view->table + view->count * view->entry_size;
    size_t limit = end < view->bytes->size ? end : view->bytes->size;
    if (limit)
        view->bytes->data[chance(limit)] ^= (unsigned char)(1 << chance(8));
}

static void set_any_byte(struct program_view *view)
{
    if (view->bytes->size)
        view->bytes->data[chance(view->bytes->size)] = (unsigned char)chance(256);
}

static void cut(struct program_view *view)
{
    size_t end = view->table + view->count * view->entry_size;
    size_t limit = chance(2) && end < view->bytes->size ? end : view->bytes->size;
    view->bytes->size = (size_t)chance(limit + 1);
}

static void lengthen(struct program_view *view)
{
    view->bytes->size += (size_t)chance(ROOM);
}

static void set_type(struct program_view *view)
{
    static const uint32_t types[] = {PT_NULL,      PT_LOAD,      PT_LOAD,        PT_LOAD,
                                     PT_DYNAMIC,   PT_INTERP,    PT_NOTE,        PT_TLS,
                                     PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY};
    if (view->count)
        set_number(view->bytes, view->table + chance(view->count) * view->entry_size,
                   sizeof(Elf64_Word), types[chance(COUNT(types))]);
}

static void swap_segments(struct program_view *view)
{
    unsigned char spare[sizeof(Elf64_Phdr)];
    if (view->count == 0)
        return;
    unsigned char *table = view->bytes->data + view->table;
    unsigned char *a = table + chance(view->count) * view->entry_size;
    unsigned char *b = table + chance(view->count) * view->entry_size;
    memcpy(spare, a, view->entry_size);
    memmove(a, b, view->entry_size);
    memcpy(b, spare, view->entry_size);
}

static void repeat_segment(struct program_view *view)
{
    if (view->count == 0)
        return;
    unsigned char *table = view->bytes->data + view->table;
    memmove(table + chance(view->count) * view->entry_size,
            table + chance(view->count) * view->entry_size, view->entry_size);
}

static void remove_segment(struct program_view *view)
{
    if (view->count == 0)
        return;
    size_t number = (size_t)chance(view->count);
    unsigned char *entry = view->bytes->data + view->table + number * view->entry_size;
    memmove(entry, entry + view->entry_size, (view->count - number - 1) * view->entry_size);
    struct field count = header_fields[view->is_32][9];
    set_number(view->bytes, count.offset, count.size, view->count - 1);
}

/* Puts the program headers at the end, over and over: as many as a page holds, or one more. */
static void repeat_table(struct program_view *view)
{
    static const size_t counts[] = {73, 74, 128, 129};
    size_t count = counts[chance(COUNT(counts))], end = view->bytes->size;
    if (view->count == 0 || count * view->entry_size > ROOM)
        return;
    for (size_t i = 0; i < count; i++)
        memcpy(view->bytes->data + end + i * view->entry_size,
               view->bytes->data + view->table + (i % view->count) * view->entry_size,
               view->entry_size);
    view->bytes->size += count * view->entry_size;
    const struct field *fields = header_fields[view->is_32];
    set_number(view->bytes, fields[4].offset, fields[4].size, end);
    set_number(view->bytes, fields[9].offset, fields[9].size, count);
}

static void (*const changes[])(struct program_view *) = {
    set_to_edge,    set_to_edge,   set_to_edge,   set_around_size,
    move_a_little,  move_a_little, copy_field,    copy_field,
    flip_bit,       set_any_byte,  cut,           lengthen,
    set_type,       set_type,      swap_segments, repeat_segment,
    remove_segment, repeat_table,
};

static void bend(struct bytes *bytes)
{
    for (uint64_t left = 1 + chance(MAX_CHANGES); left; left--) {
        size_t size = bytes->size;
        struct program_view view = look(bytes);
        changes[chance(COUNT(changes))](&view);
        if (bytes->size > size)
            break; /* there is room to lengthen it once */
    }
}

/* ---- comparing ------------------------------------------------------------------------------- */

static struct {
    uint64_t compared, outcomes[ELFCHECK_LOADER + 1], undecided;
} total;

static void show(const struct oracle *oracle, const struct elfcheck_report *report,
                 struct answer answer)
{
    struct buffer text BUFFER_CLEANUP = {0};
    elfcheck_text(report, 1, false, &text);
    fprintf(stderr, "%skernel_elfcheck: foretold: %s; the kernel: %s\n", buffer_text(&text),
            outcome_name(foretold(oracle, report)),
            answer.error ? strerror(answer.error) : outcome_name(answer.outcome));
}

static bool is_foretold(const struct oracle *oracle, int fd)
{
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct error error;
    if (elfcheck_file(fd, "mutant", &oracle->settings, &report, &error) < 0) {
        fprintf(stderr, "kernel_elfcheck: %s\n", error.message);
        return false;
    }
    if (undecided(oracle, &report)) {
        total.undecided++;
        return true;
    }
    struct answer answer = oracle_ask(oracle, fd);
    total.compared++;
    if (!agree(oracle, &report, answer)) {
        show(oracle, &report, answer);
        return false;
    }
    total.outcomes[answer.outcome]++;
    return true;
}

static void save(const struct bytes *bytes, const char *program)
{
    char path[4096];
    struct error error;
    snprintf(path, sizeof path, "%s-mutant", program);
    int fd FD_CLEANUP = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || file_write_all(fd, path, bytes->data, bytes->size, &error) < 0)
        fprintf(stderr, "kernel_elfcheck: cannot write %s\n", path);
    else
        fprintf(stderr, "kernel_elfcheck: once more: %s 0 1 %s\n", program, path);
}

static bool compare(const struct oracle *oracle, int fd, const struct bytes *bytes,
                    const char *program)
{
    struct error error;
    if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
        file_write_all(fd, "mutant", bytes->data, bytes->size, &error) < 0)
        abort();
    if (is_foretold(oracle, fd))
        return true;
    save(bytes, program);
    return false;
}

/* `program` is what this one was called by. */
static bool compare_all(const struct oracle *oracle, const struct seeds *seeds, uint64_t count,
                        const char *program)
{
    int fd FD_CLEANUP = memfd_create("mutant", MFD_CLOEXEC);
    struct bytes mutant = {calloc(1, MAX_SEED_SIZE + ROOM), 0};
    bool same = fd >= 0 && mutant.data;
    for (size_t i = 0; same && i < seeds->count; i++)
        same = compare(oracle, fd, &seeds->seeds[i], program);
    for (uint64_t i = 0; same && i < count; i++) {
        const struct bytes *seed = &seeds->seeds[chance(seeds->count)];
        memcpy(mutant.data, seed->data, seed->size + ROOM);
        mutant.size = seed->size;
        bend(&mutant);
        same = compare(oracle, fd, &mutant, program);
    }
    free(mutant.data);
    return same;
}

static void print_totals(const struct seeds *seeds)
{
    printf("kernel_elfcheck: %zu programs; %" PRIu64 " compared, %" PRIu64
           " not, since more than the file decides\n",
           seeds->count, total.compared, total.undecided);
    for (size_t i = 0; i < COUNT(total.outcomes); i++)
        if (total.outcomes[i])
            printf("  %8" PRIu64 " %s\n", total.outcomes[i],
                   outcome_name((enum elfcheck_outcome)i));
}

int main(int count, char **arguments)
{
    struct oracle oracle;
    struct seeds seeds = {0};
    if (count < 2) {
        fprintf(stderr, "usage: kernel_elfcheck COUNT [SEED [FILE]...]\n");
        return 2;
    }
    uint64_t mutants = strtoull(arguments[1], NULL, 10);
    state = count > 2 ? strtoull(arguments[2], NULL, 10) : 1;
    const char *reason = oracle_open(&oracle);
    if (reason) {
        printf("kernel_elfcheck: skipped: %s\n", reason);
        oracle_close(&oracle);
        return EXIT_SKIPPED;
    }
    size_t left_out = 0;
    add_own_seeds(&seeds);
    for (int i = 3; i < count; i++)
        left_out += !add_file(&seeds, arguments[i]);
    if (left_out)
        printf("kernel_elfcheck: %zu files left out, of more than 2 MiB or unreadable\n", left_out);
    bool same = compare_all(&oracle, &seeds, mutants, arguments[0]);
    print_totals(&seeds);
    for (size_t i = 0; i < seeds.count; i++)
        free(seeds.seeds[i].data);
    free(seeds.seeds);
    oracle_close(&oracle);
    return same ? 0 : 1;
}
