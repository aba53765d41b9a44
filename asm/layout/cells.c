/*
 * The layouts, by where the program header lies over the ELF header: which bytes of the file Linux
 * fixes (fs/binfmt_elf.c), and which are free for the program. What else reads them is measured:
 * docs/layouts.md.
 */
#include "asm/layout/cells.h"

#include <elf.h>
#include <stddef.h>

#include "base/array.h"

/*
 * A pattern names the bytes of a file's headers, two characters each:
 *
 *   7f      this value                    ..      any value: room for the program
 *   E0 E1   of the entry point's offset   S0..S7  of the file's size; T0..T7 of the memory's
 *   A2..A5  of the file's address; the same wherever it stands
 *   P4      the same as A4, and p_flags; W0 only that: read, execute and perhaps write
 *   F0..F5  of p_filesz, which p_memsz repeats; M0..M5 of a p_memsz that need not
 *   Q0 Q1   of a p_filesz that ends past the file's end, in the first page
 *   R1      of a p_filesz that ends with a page, whatever comes behind this byte
 */
struct layout_row {
    struct overlay overlay;
    const char *pattern;
};

/* p_type lies in e_ident. p_memsz holds e_phentsize and e_phnum: 4.3 GB. e_entry leads to the
 * file's first byte, where 7f 45 is a jump to 0x47. */
#define LOWEST(for_layout)                                                                   \
    .name = "0x0c", .layout = (for_layout), .assume = ASM_ASSUME_OVERCOMMIT, .header = 0x0c, \
    .size = 73, .address = 0xc00000000, .entry = 0,                                          \
    .needs = "4.3 GB of memory or swap, or overcommit",                                      \
    .trick = "e_entry leads to the first byte, where 7f 45 is a jump to 0x47"
/* A p_filesz of two bytes ends in the file's last page. One of four is for programs that use no
 * memory behind the file: it may reach far past the end, where access is SIGBUS. */
#define LOWEST_SHORT(for_layout)                                   \
    {                                                              \
        LOWEST(for_layout), .max_size = 0xffff, .has_memory = true \
    }
#define LOWEST_LONG(for_layout)                \
    {                                          \
        LOWEST(for_layout), .max_size = 0x1000 \
    }
#define LOWEST_PATTERN(identity, filesz)                                         \
    "7f454c46" identity                                                          \
    "01000000 03003e000c000000 000000000c000000 0c00000000000000........" filesz \
    "00000000....3800 01000000........ ........"

/* The last byte of e_shoff begins p_type, that of e_phentsize p_offset, which so is 0x100, less
 * than a page. */
#define SECOND(for_needs)                                                                  \
    {                                                                                      \
        .name = "0x2f", .layout = ASM_OVERLAP, .header = 0x2f, .size = 103, .entry = -1,   \
        .is_fixed = true, .has_memory = true, .needs = (for_needs),                        \
        .trick = "e_phnum makes p_offset 0x100, which Linux rounds down to the first page" \
    }
#define SECOND_PATTERN(ehsize)                                                             \
    "7f454c46020101.. ................ 02003e00........ E0E1A2A3A4A50000 2f00000000000000" \
    "..............01 000000W0" ehsize "3800 0100000000000000 01A2A3A4A50000.."            \
    "..............F0 F1F2F3F4F50000M0 M1M2M3M4M50000.. .............."

/* The smallest headers first: what they make of a program spares a search of the others. */
static const struct layout_row rows[] = {
    {LOWEST_SHORT(ASM_OVERLAP), LOWEST_PATTERN("020101..........", "Q0Q10000")},
    {LOWEST_LONG(ASM_OVERLAP), LOWEST_PATTERN("020101..........", "f4R1....")},
    {LOWEST_SHORT(ASM_GOLF), LOWEST_PATTERN("................", "Q0Q10000")},
    {LOWEST_LONG(ASM_GOLF), LOWEST_PATTERN("................", "f4R1....")},

    {{.name = "0x18",
      .layout = ASM_GOLF,
      .header = 0x18,
      .size = 80,
      .address = 0x500000000,
      .entry = 1,
      .needs = "nothing but Linux",
      .trick = "e_entry begins with p_type: the second byte is the first to run, ELF are prefixes"},
     "7f454c46........ ................ 02003e00........ 01000000P4A50000"
     "1800000000000000 18000000P4A50000 ............3800 0100F2F3F4F50000"
     "0100F2F3F4F50000 ................"},

    /* With e_ehsize as qemu-user wants it, and without. */
    {SECOND("nothing"), SECOND_PATTERN("4000")},
    {SECOND("no qemu-user"), SECOND_PATTERN("....")},

    /* One header after the other, as the gABI has it. */
    {{.name = "0x40",
      .layout = ASM_COMPACT,
      .header = 0x40,
      .size = 120,
      .entry = -1,
      .is_fixed = true,
      .has_memory = true,
      .needs = "nothing",
      .trick = "Linux does not look at p_paddr, and takes most addresses: both hold code"},
     "7f454c4602010100 0000000000000000 02003e0001000000 E0E1A2A3A4A50000"
     "4000000000000000 0000000000000000 0000000040003800 0100000000000000"
     "01000000W0000000 0000000000000000 0000A2A3A4A50000 ................"
     "S0S1S2S3S4S5S6S7 T0T1T2T3T4T5T6T7 0010000000000000"},
};
#define ROWS (COUNT(rows))

const struct overlay *overlay_next(const struct overlay *overlay)
{
    const struct layout_row *row = (const struct layout_row *)(const void *)overlay;
    row = row ? row + 1 : rows;
    return row < rows + ROWS ? &row->overlay : NULL;
}

static unsigned hex_digit(char digit)
{
    return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(digit - 'a' + 10);
}

static unsigned char byte_of(uint64_t value, unsigned number)
{
    return (unsigned char)(value >> 8 * number);
}

#define PAGE_SIZE 0x1000

bool overlay_needs_memory(const struct file_shape *file)
{
    return file->memory > (file->size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
}

/* p_filesz or p_memsz of a segment that ends with the file or the memory; at least 1, since newer
 * kernels map nothing of a segment that is empty in the file. */
static uint64_t size_from(uint64_t offset, uint64_t end)
{
    return end > offset ? end - offset : 1;
}

#define SECOND_OFFSET 0x100 /* p_offset, where e_phnum is a part of it */

/* A byte of p_filesz or, of the letter M, of a p_memsz that is the same unless it is the end of all
 * memory. */
static struct cell size_cell(char letter, unsigned number, const struct file_shape *file)
{
    uint64_t end = letter == 'F' ? file->size : file->memory;
    if (overlay_needs_memory(file))
        return (struct cell){.mask = 0xff, .value = byte_of(size_from(SECOND_OFFSET, end), number)};
    if (file->size > PAGE_SIZE)
        return (struct cell){.mask = 0xff, .value = byte_of(file->size + 0x10000, number)};
    /* 64 kB of what can be written, since it counts as memory */
    if (file->is_writable)
        return (struct cell){.mask = number < 2 ? 0 : 0xff};
    /* less than 8 TB, since ext4 has no larger files */
    return (struct cell){.mask = byte_of(UINT64_C(0xf8) << 40, number)};
}

/* The value that all bytes of one letter and number have, or its bits that are fixed. */
static struct cell lettered_cell(char letter, unsigned number, const struct file_shape *file)
{
    size_t size = file->size;
    /* Beyond the first page the whole file has to be in the segment, and the kernel has to find its
     * end in the last one. */
    uint64_t end = size - 0x0c;
    struct cell cell = {0};
    switch (letter) {
    case 'S': /* all of it */
    case 'T':
        cell.mask = 0xff;
        cell.value = byte_of(letter == 'S' ? size : file->memory, number);
        break;
    case 'E': /* set later */
        cell.mask = 0xff;
        break;
    case 'A':
        cell.mask = byte_of(number == 5 ? 0xc0 : 0, 0);
        break; /* less than 64 TB */
    case 'P':
    case 'W':
        cell.mask = letter == 'P' ? 0x07 : 0xff;
        cell.value = PF_R | PF_X | (file->is_writable ? PF_W : 0);
        break;
    case 'Q':
        cell.mask = byte_of(size > 0x800 ? 0xffff : 0xf900, number);
        cell.value = byte_of(size > 0x800 ? end : 0x0800, number);
        break;
    case 'R':
        cell.mask = cell.value = 0x0f;
        break;
    case 'M':
    case 'F':
        return size_cell(letter, number, file);
    default:
        break;
    }
    return cell;
}

/* The letter whose bytes are the same. */
static unsigned char letter_of(char letter, const struct file_shape *file)
{
    return letter == 'P'                                  ? 'A'
           : letter == 'M' && !overlay_needs_memory(file) ? 'F'
                                                          : (unsigned char)letter;
}

void overlay_cells(const struct overlay *overlay, const struct file_shape *file, struct cell *cells)
{
    const struct layout_row *row = (const struct layout_row *)(const void *)overlay;
    uint32_t roots['Z'][8] = {0}; /* where each letter and number stood first; 0: nowhere yet */
    for (size_t i = 0; i < file->size; i++)
        cells[i] = (struct cell){.root = (uint32_t)i};
    size_t offset = 0;
    for (const char *text = row->pattern; *text; text++) {
        if (*text == ' ')
            continue;
        char first = text[0], second = *++text;
        struct cell *cell = &cells[offset];
        if (first >= 'A' && first <= 'Z') {
            unsigned number = (unsigned)(second - '0');
            uint32_t *root = &roots[letter_of(first, file)][number];
            *cell = lettered_cell(first, number, file);
            if (*root == 0)
                *root = (uint32_t)offset;
            cell->root = *root;
            cell->is_shared = *root != offset;
            cells[*root].is_shared |= cell->is_shared;
        } else if (first != '.') {
            cell->mask = 0xff;
            cell->value = (unsigned char)(hex_digit(first) << 4 | hex_digit(second));
        }
        offset++;
    }
}

/* Fixes a number in header bytes, as far as they leave it open. */
static void set_number(struct cell *cells, size_t offset, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        struct cell *cell = &cells[cells[offset + i].root];
        cell->value = (unsigned char)((cell->value & cell->mask) |
                                      (byte_of(number, (unsigned)i) & ~cell->mask));
        cell->mask = 0xff;
    }
}

void overlay_set_segment(const struct overlay *overlay, const struct file_shape *file,
                         uint64_t address, struct cell *cells)
{
    size_t segment = overlay->header;
    uint64_t offset = overlay->header == 0x2f ? SECOND_OFFSET : 0;
    set_number(cells, segment + offsetof(Elf64_Phdr, p_vaddr), address, sizeof address);
    set_number(cells, segment + offsetof(Elf64_Phdr, p_filesz), size_from(offset, file->size),
               sizeof(uint64_t));
    set_number(cells, segment + offsetof(Elf64_Phdr, p_memsz), size_from(offset, file->memory),
               sizeof(uint64_t));
}

void overlay_set_entry(const struct overlay *overlay, struct cell *cells, size_t entry)
{
    if (overlay->entry >= 0)
        return;
    cells[offsetof(Elf64_Ehdr, e_entry)].value = (unsigned char)entry;
    cells[offsetof(Elf64_Ehdr, e_entry) + 1].value = (unsigned char)(entry >> 8);
}

/* ---- names ----------------------------------------------------------------------------------- */

struct field {
    const char *name;
    size_t offset, size;
};

#define FIELD(type, name)                                         \
    {                                                             \
#name, offsetof(type, name), sizeof(((type *)NULL)->name) \
    }

static const struct field header_fields[] = {
    FIELD(Elf64_Ehdr, e_ident),     FIELD(Elf64_Ehdr, e_type),     FIELD(Elf64_Ehdr, e_machine),
    FIELD(Elf64_Ehdr, e_version),   FIELD(Elf64_Ehdr, e_entry),    FIELD(Elf64_Ehdr, e_phoff),
    FIELD(Elf64_Ehdr, e_shoff),     FIELD(Elf64_Ehdr, e_flags),    FIELD(Elf64_Ehdr, e_ehsize),
    FIELD(Elf64_Ehdr, e_phentsize), FIELD(Elf64_Ehdr, e_phnum),    FIELD(Elf64_Ehdr, e_shentsize),
    FIELD(Elf64_Ehdr, e_shnum),     FIELD(Elf64_Ehdr, e_shstrndx),
};

static const struct field segment_fields[] = {
    FIELD(Elf64_Phdr, p_type),  FIELD(Elf64_Phdr, p_flags), FIELD(Elf64_Phdr, p_offset),
    FIELD(Elf64_Phdr, p_vaddr), FIELD(Elf64_Phdr, p_paddr), FIELD(Elf64_Phdr, p_filesz),
    FIELD(Elf64_Phdr, p_memsz), FIELD(Elf64_Phdr, p_align),
};

#define FIELDS(table) table, COUNT(table)

/* Appends the field of a header that begins at `begin`; the number of the byte in it, where it has
 * several. */
static void append_field(const struct field *fields, size_t count, size_t begin, size_t offset,
                         struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        size_t start = begin + fields[i].offset;
        if (offset < start || offset >= start + fields[i].size)
            continue;
        buffer_printf(out, "%s%s[%zu]", out->size ? " " : "", fields[i].name, offset - start);
    }
}

void overlay_field(const struct overlay *overlay, size_t offset, struct buffer *out)
{
    append_field(FIELDS(header_fields), 0, offset, out);
    append_field(FIELDS(segment_fields), overlay->header, offset, out);
}

/* ---- names ----------------------------------------------------------------------------------- */

const char *asm_layout_name(enum asm_layout layout)
{
    static const char *const names[ASM_LAYOUT_COUNT] = {"standard", "compact", "overlap", "golf"};
    return names[layout];
}
