/* What elfcheck says of a file's form: of every class and byte order, healthy, bent and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/array.h"
#include "base/read.h"
#include "base/text.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/compare.h"
#include "tests/unit/counted_reads.h"
#include "tests/unit/test_elfcheck.h"

static struct error error;

/* ---- an image with one of everything --------------------------------------------------------- */

/* Where its parts are; addresses are the same numbers. */
enum {
    AT_SEGMENTS = 0x40,
    AT_INTERP = 0x300,
    AT_NOTES = 0x340,
    AT_HASH = 0x3e0,
    AT_SYMBOLS = 0x400,
    AT_STRINGS = 0x500,
    AT_VERSIONS = 0x600,
    AT_NEEDS = 0x610,
    AT_DEFINITIONS = 0x680,
    AT_RELOCATIONS = 0x700,
    AT_DYNAMIC = 0x780,
    AT_CODE = 0x900,
    AT_NAMES = 0xa00,
    AT_SECTIONS = 0xb00,
    IMAGE_SIZE = 0x1000,
};

enum { PHDR, INTERP, LOAD, DYNAMIC, NOTE, TLS, RELRO, STACK, SEGMENTS };
enum {
    S_NULL,
    S_NOTE,
    S_HASH,
    S_DYNSYM,
    S_DYNSTR,
    S_VERSYM,
    S_VERNEED,
    S_VERDEF,
    S_RELA,
    S_DYNAMIC,
    S_TEXT,
    S_BSS,
    S_SHSTRTAB,
    SECTIONS
};
enum {
    D_NEEDED,
    D_SONAME,
    D_STRTAB,
    D_STRSZ,
    D_SYMTAB,
    D_SYMENT,
    D_HASH,
    D_RELA,
    D_RELASZ,
    D_RELAENT,
    D_VERSYM,
    D_VERNEED,
    D_VERNEEDNUM,
    D_VERDEF,
    D_VERDEFNUM,
    D_INIT,
    D_NULL,
    ENTRIES
};

#define SYMBOLS    3
#define STRINGS    "\0libc.so.6\0libx.so\0GLIBC_2.34\0X_1"
#define S_LIBC     1
#define S_LIBX     11
#define S_GLIBC    19
#define S_X        30
#define HASH_GLIBC 0x069691b4
#define HASH_X     0x00005e21
#define NAMES      "\0.note\0.dynsym\0.dynamic\0.text\0.x"
#define N_NOTE     1
#define N_DYNSYM   7
#define N_DYNAMIC  15
#define N_TEXT     24
#define N_X        30

struct shape {
    unsigned char class, data;
    uint16_t machine;
};
static const struct shape shapes[] = {
    {ELFCLASS64, ELFDATA2LSB, EM_X86_64}, {ELFCLASS64, ELFDATA2LSB, EM_AARCH64},
    {ELFCLASS64, ELFDATA2MSB, EM_S390},   {ELFCLASS32, ELFDATA2LSB, EM_386},
    {ELFCLASS32, ELFDATA2LSB, EM_ARM},    {ELFCLASS32, ELFDATA2MSB, EM_PPC},
};
#define SHAPES (COUNT(shapes))

struct image {
    struct shape shape;
    unsigned char bytes[IMAGE_SIZE];
};

static void put(struct image *image, size_t offset, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++) {
        size_t place = image->shape.data == ELFDATA2MSB ? size - 1 - i : i;
        image->bytes[offset + place] = (unsigned char)(value >> 8 * i);
    }
}

/* A field of a struct in a table of the file, in both classes. */
struct field {
    size_t table, index;
    size_t entry, offset, size;
    size_t entry_32, offset_32, size_32;
};
#define FIELD(table, index, kind, field)                                         \
    {                                                                            \
        table, index, sizeof(Elf64_##kind), offsetof(Elf64_##kind, field),       \
            sizeof(((Elf64_##kind *)NULL)->field), sizeof(Elf32_##kind),         \
            offsetof(Elf32_##kind, field), sizeof(((Elf32_##kind *)NULL)->field) \
    }
#define HEADER(field)         FIELD(0, 0, Ehdr, field)
#define SEGMENT(index, field) FIELD(AT_SEGMENTS, index, Phdr, field)
#define SECTION(index, field) FIELD(AT_SECTIONS, index, Shdr, field)
#define TAG(index)            FIELD(AT_DYNAMIC, index, Dyn, d_tag)
#define VALUE(index)          FIELD(AT_DYNAMIC, index, Dyn, d_un.d_val)
/* Bytes that are at the same place in both. */
#define BYTES(offset, size)               \
    {                                     \
        offset, 0, 0, 0, size, 0, 0, size \
    }
#define NEED(field) \
    BYTES(AT_NEEDS + offsetof(Elf64_Verneed, field), sizeof(((Elf64_Verneed *)NULL)->field))
#define NEEDED_VERSION(field)                                                \
    BYTES(AT_NEEDS + sizeof(Elf64_Verneed) + offsetof(Elf64_Vernaux, field), \
          sizeof(((Elf64_Vernaux *)NULL)->field))
#define DEFINITION(field) \
    BYTES(AT_DEFINITIONS + offsetof(Elf64_Verdef, field), sizeof(((Elf64_Verdef *)NULL)->field))
#define DEFINED_NAME BYTES(AT_DEFINITIONS + sizeof(Elf64_Verdef), 4)

static bool is_narrow(const struct image *image)
{
    return image->shape.class == ELFCLASS32;
}

static void set(struct image *image, struct field field, uint64_t value)
{
    bool narrow = is_narrow(image);
    put(image,
        field.table + field.index * (narrow ? field.entry_32 : field.entry) +
            (narrow ? field.offset_32 : field.offset),
        narrow ? field.size_32 : field.size, value);
}
#define SET(image, kind, value) set(image, (struct field)kind, value)

static size_t size_of(const struct image *image, size_t wide, size_t narrow)
{
    return is_narrow(image) ? narrow : wide;
}
#define SIZE(image, kind) size_of(image, sizeof(Elf64_##kind), sizeof(Elf32_##kind))

static void put_header(struct image *image)
{
    memcpy(image->bytes, ELFMAG, SELFMAG);
    image->bytes[EI_CLASS] = image->shape.class;
    image->bytes[EI_DATA] = image->shape.data;
    image->bytes[EI_VERSION] = EV_CURRENT;
    SET(image, HEADER(e_type), ET_DYN);
    SET(image, HEADER(e_machine), image->shape.machine);
    SET(image, HEADER(e_version), EV_CURRENT);
    SET(image, HEADER(e_entry), AT_CODE);
    SET(image, HEADER(e_phoff), AT_SEGMENTS);
    SET(image, HEADER(e_shoff), AT_SECTIONS);
    SET(image, HEADER(e_ehsize), SIZE(image, Ehdr));
    SET(image, HEADER(e_phentsize), SIZE(image, Phdr));
    SET(image, HEADER(e_phnum), SEGMENTS);
    SET(image, HEADER(e_shentsize), SIZE(image, Shdr));
    SET(image, HEADER(e_shnum), SECTIONS);
    SET(image, HEADER(e_shstrndx), S_SHSTRTAB);
    memset(image->bytes + AT_CODE, 0x90, 16);
}

static void put_segment(struct image *image, size_t index, uint32_t type, uint32_t flags,
                        uint64_t offset, uint64_t size, uint64_t align)
{
    SET(image, SEGMENT(index, p_type), type);
    SET(image, SEGMENT(index, p_flags), flags);
    SET(image, SEGMENT(index, p_offset), offset);
    SET(image, SEGMENT(index, p_vaddr), offset);
    SET(image, SEGMENT(index, p_filesz), size);
    SET(image, SEGMENT(index, p_memsz), size);
    SET(image, SEGMENT(index, p_align), align);
}

static void put_section(struct image *image, size_t index, uint32_t name, uint32_t type,
                        uint64_t offset, uint64_t size, uint32_t link, uint64_t entry_size)
{
    SET(image, SECTION(index, sh_name), name);
    SET(image, SECTION(index, sh_type), type);
    SET(image, SECTION(index, sh_flags), index == S_SHSTRTAB ? 0 : SHF_ALLOC);
    SET(image, SECTION(index, sh_addr), index == S_SHSTRTAB ? 0 : offset);
    SET(image, SECTION(index, sh_offset), offset);
    SET(image, SECTION(index, sh_size), size);
    SET(image, SECTION(index, sh_link), link);
    SET(image, SECTION(index, sh_addralign), 1);
    SET(image, SECTION(index, sh_entsize), entry_size);
}

/* Two notes: two properties, and a build ID. The bytes they take. */
static size_t put_notes(struct image *image)
{
    size_t property = size_of(image, 16, 12), at = AT_NOTES;
    put(image, at, 4, 4);
    put(image, at + 4, 4, 2 * property);
    put(image, at + 8, 4, NT_GNU_PROPERTY_TYPE_0);
    memcpy(image->bytes + at + 12, "GNU", 4);
    for (size_t i = 0; i < 2; i++) {
        put(image, at + 16 + i * property, 4, 0xc0000001 + i);
        put(image, at + 20 + i * property, 4, 4);
    }
    at += 16 + 2 * property;
    put(image, at, 4, 4);
    put(image, at + 4, 4, 8);
    put(image, at + 8, 4, NT_GNU_BUILD_ID);
    memcpy(image->bytes + at + 12, "GNU", 4);
    return at + 24 - AT_NOTES;
}

static void put_versions(struct image *image)
{
    SET(image, NEED(vn_version), 1);
    SET(image, NEED(vn_cnt), 1);
    SET(image, NEED(vn_file), S_LIBC);
    SET(image, NEED(vn_aux), sizeof(Elf64_Verneed));
    SET(image, NEEDED_VERSION(vna_hash), HASH_GLIBC);
    SET(image, NEEDED_VERSION(vna_other), 2);
    SET(image, NEEDED_VERSION(vna_name), S_GLIBC);
    SET(image, DEFINITION(vd_version), 1);
    SET(image, DEFINITION(vd_ndx), 1);
    SET(image, DEFINITION(vd_cnt), 1);
    SET(image, DEFINITION(vd_hash), HASH_X);
    SET(image, DEFINITION(vd_aux), sizeof(Elf64_Verdef));
    SET(image, DEFINED_NAME, S_X);
}

static void put_dynamic(struct image *image)
{
    const uint64_t entries[ENTRIES][2] = {
        [D_NEEDED] = {DT_NEEDED, S_LIBC},
        [D_SONAME] = {DT_SONAME, S_LIBX},
        [D_STRTAB] = {DT_STRTAB, AT_STRINGS},
        [D_STRSZ] = {DT_STRSZ, sizeof STRINGS},
        [D_SYMTAB] = {DT_SYMTAB, AT_SYMBOLS},
        [D_SYMENT] = {DT_SYMENT, SIZE(image, Sym)},
        [D_HASH] = {DT_HASH, AT_HASH},
        [D_RELA] = {DT_RELA, AT_RELOCATIONS},
        [D_RELASZ] = {DT_RELASZ, SIZE(image, Rela)},
        [D_RELAENT] = {DT_RELAENT, SIZE(image, Rela)},
        [D_VERSYM] = {DT_VERSYM, AT_VERSIONS},
        [D_VERNEED] = {DT_VERNEED, AT_NEEDS},
        [D_VERNEEDNUM] = {DT_VERNEEDNUM, 1},
        [D_VERDEF] = {DT_VERDEF, AT_DEFINITIONS},
        [D_VERDEFNUM] = {DT_VERDEFNUM, 1},
        [D_INIT] = {DT_INIT, AT_CODE},
    };
    for (size_t i = 0; i < ENTRIES; i++) {
        SET(image, TAG(i), entries[i][0]);
        SET(image, VALUE(i), entries[i][1]);
    }
}

static struct image image_new(struct shape shape)
{
    struct image image = {.shape = shape};
    put_header(&image);
    memcpy(image.bytes + AT_INTERP, "/lib/ld.so", sizeof "/lib/ld.so");
    memcpy(image.bytes + AT_STRINGS, STRINGS, sizeof STRINGS);
    memcpy(image.bytes + AT_NAMES, NAMES, sizeof NAMES);
    size_t notes = put_notes(&image), dynamic = ENTRIES * SIZE(&image, Dyn);
    put_versions(&image);
    put_dynamic(&image);

    put_segment(&image, PHDR, PT_PHDR, PF_R, AT_SEGMENTS, SEGMENTS * SIZE(&image, Phdr), 8);
    put_segment(&image, INTERP, PT_INTERP, PF_R, AT_INTERP, sizeof "/lib/ld.so", 1);
    put_segment(&image, LOAD, PT_LOAD, PF_R | PF_X, 0, IMAGE_SIZE, 0x1000);
    SET(&image, SEGMENT(LOAD, p_memsz), IMAGE_SIZE + 64);
    put_segment(&image, DYNAMIC, PT_DYNAMIC, PF_R, AT_DYNAMIC, dynamic, 8);
    put_segment(&image, NOTE, PT_NOTE, PF_R, AT_NOTES, notes, size_of(&image, 8, 4));
    put_segment(&image, TLS, PT_TLS, PF_R, AT_CODE, 16, 8);
    SET(&image, SEGMENT(TLS, p_memsz), 0x4000);
    put_segment(&image, RELRO, PT_GNU_RELRO, PF_R, AT_DYNAMIC, 0x80, 1);
    put_segment(&image, STACK, PT_GNU_STACK, PF_R | PF_W, 0, 0, 16);

    put_section(&image, S_NOTE, N_NOTE, SHT_NOTE, AT_NOTES, notes, 0, 0);
    put_section(&image, S_HASH, N_X, SHT_HASH, AT_HASH, 16, S_DYNSYM, 4);
    put_section(&image, S_DYNSYM, N_DYNSYM, SHT_DYNSYM, AT_SYMBOLS, SYMBOLS * SIZE(&image, Sym),
                S_DYNSTR, SIZE(&image, Sym));
    SET(&image, SECTION(S_DYNSYM, sh_info), 1);
    put_section(&image, S_DYNSTR, N_X, SHT_STRTAB, AT_STRINGS, sizeof STRINGS, 0, 0);
    put_section(&image, S_VERSYM, N_X, SHT_GNU_versym, AT_VERSIONS, 2 * SYMBOLS, S_DYNSYM, 2);
    put_section(&image, S_VERNEED, N_X, SHT_GNU_verneed, AT_NEEDS, 32, S_DYNSTR, 0);
    put_section(&image, S_VERDEF, N_X, SHT_GNU_verdef, AT_DEFINITIONS, 28, S_DYNSTR, 0);
    put_section(&image, S_RELA, N_X, SHT_RELA, AT_RELOCATIONS, SIZE(&image, Rela), S_DYNSYM,
                SIZE(&image, Rela));
    put_section(&image, S_DYNAMIC, N_DYNAMIC, SHT_DYNAMIC, AT_DYNAMIC, dynamic, S_DYNSTR,
                SIZE(&image, Dyn));
    put_section(&image, S_TEXT, N_TEXT, SHT_PROGBITS, AT_CODE, 16, 0, 0);
    put_section(&image, S_BSS, N_X, SHT_NOBITS, IMAGE_SIZE, 64, 0, 0);
    put_section(&image, S_SHSTRTAB, N_X, SHT_STRTAB, AT_NAMES, sizeof NAMES, 0, 0);
    return image;
}

/* ---- judging it ------------------------------------------------------------------------------ */

static struct elfcheck_report judge(int fd)
{
    struct elfcheck_report report;
    if (fd < 0 || elfcheck_file(fd, "image", &elfcheck_default_settings, &report, &error) < 0)
        fail_msg("%s", error.message);
    return report;
}

static struct elfcheck_report check(const void *bytes, size_t size)
{
    int fd FD_CLEANUP = file_of(bytes, size);
    return judge(fd);
}

static const struct elfcheck_finding *find(const struct elfcheck_report *report, const char *rule)
{
    for (size_t i = 0; i < report->finding_count; i++)
        if (strcmp(report->findings[i].rule->name, rule) == 0)
            return &report->findings[i];
    return NULL;
}

/* The first finding of the group `form`, or NULL. */
static const struct elfcheck_finding *find_form(const struct elfcheck_report *report)
{
    for (size_t i = 0; i < report->finding_count; i++)
        if (report->findings[i].rule->group == ELFCHECK_FORM)
            return &report->findings[i];
    return NULL;
}

static void finds_nothing_in_a_healthy_file_of_any_class_and_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        struct image image = image_new(shapes[i]);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
        const struct elfcheck_finding *finding = find_form(&report);
        if (finding)
            fail_msg("shape %zu: %s: %s", i, finding->rule->name, finding->message);
    }
}

/* One field changed: the finding that follows, as it reads in the first shape. */
static const struct {
    struct field field;
    uint64_t value;
    const char *rule, *message;
} changes[] = {
    {HEADER(e_version), 0, "header-fields", "e_version is 0"},
    {HEADER(e_ehsize), 1, "header-fields", "e_ehsize is 1"},
    {HEADER(e_shentsize), 1, "section-table", "section headers of 1 bytes, not 64"},
    {HEADER(e_shnum), 60, "section-table",
     "3840 bytes of section headers at offset 2816, but the file has 4096 bytes"},
    {HEADER(e_shstrndx), SECTIONS, "section-table", "section names in section 13 of 13"},
    {HEADER(e_shstrndx), S_TEXT, "section-table",
     "section names in section 10, which is no string table"},

    {SEGMENT(LOAD, p_filesz), IMAGE_SIZE + 1, "segment-in-file",
     "segment 2: 4097 bytes at offset 0, but the file has 4096 bytes"},
    {SEGMENT(INTERP, p_offset), IMAGE_SIZE, "segment-in-file",
     "segment 1: 11 bytes at offset 4096, but the file has 4096 bytes"},
    {SEGMENT(TLS, p_align), 24, "segment-alignment",
     "segment 5: alignment 0x18 is not a power of 2"},
    {SEGMENT(LOAD, p_offset), 0x800, "segment-alignment",
     "segment 2: offset 0x800 and address 0x0 differ modulo the alignment 0x1000"},
    {SEGMENT(NOTE, p_type), PT_PHDR, "segment-single",
     "segment 4: a second PT_PHDR, after segment 0"},
    {SEGMENT(STACK, p_type), PT_DYNAMIC, "segment-single",
     "segment 7: a second PT_DYNAMIC, after segment 3"},
    {SEGMENT(NOTE, p_type), PT_INTERP, "segment-first",
     "segment 4: PT_INTERP after PT_LOAD in segment 2"},
    {SEGMENT(PHDR, p_offset), 0, "header-segment", "segment 0: at offset 0x0, but e_phoff is 0x40"},
    {SEGMENT(PHDR, p_filesz), 56, "header-segment",
     "segment 0: 56 bytes, but the 8 program headers have 448"},
    {SEGMENT(PHDR, p_vaddr), 0x2040, "header-segment",
     "segment 0: no PT_LOAD segment puts the program headers at 0x2040"},
    {SEGMENT(DYNAMIC, p_vaddr), 0x2000, "segment-within",
     "segment 3: PT_DYNAMIC: no PT_LOAD segment holds its 0x110 bytes at 0x2000 from offset 0x780"},
    {SEGMENT(TLS, p_offset), AT_CODE + 8, "segment-within",
     "segment 5: PT_TLS: no PT_LOAD segment holds its 0x10 bytes at 0x900 from offset 0x908"},
    {SEGMENT(RELRO, p_memsz), 0x1881, "segment-within",
     "segment 6: PT_GNU_RELRO: no PT_LOAD segment holds its 0x1881 bytes at 0x780 from offset "
     "0x780"},
    {SEGMENT(NOTE, p_memsz), 1, "segment-extent",
     "segment 4: PT_NOTE has 72 bytes in the file, but 1 in memory"},
    {SEGMENT(TLS, p_memsz), UINT64_MAX, "segment-extent",
     "segment 5: 0xffffffffffffffff bytes at 0x900 go past the last address"},

    {SECTION(S_NULL, sh_link), 7, "section-zero", "sh_link of section 0 is 0x7"},
    {SECTION(S_NULL, sh_size), 1, "section-zero", "sh_size of section 0 is 0x1"},
    {SECTION(S_TEXT, sh_offset), IMAGE_SIZE, "section-in-file",
     "section 10 (.text): 16 bytes at offset 4096, but the file has 4096 bytes"},
    {SECTION(S_SHSTRTAB, sh_size), UINT64_MAX, "section-in-file",
     "section 12: 18446744073709551615 bytes at offset 2560, but the file has 4096 bytes"},
    {SECTION(S_TEXT, sh_name), sizeof NAMES, "section-name",
     "section 10: its name is at 33 of 33 bytes of names"},
    {SECTION(S_DYNSYM, sh_link), SECTIONS, "section-link",
     "section 3 (.dynsym): linked to section 13 of 13"},
    {SECTION(S_DYNSYM, sh_link), S_TEXT, "section-link",
     "section 3 (.dynsym): linked to section 10, which is no string table"},
    {SECTION(S_VERSYM, sh_link), S_DYNSTR, "section-link",
     "section 5 (.x): linked to section 4, which is no symbol table"},
    {SECTION(S_RELA, sh_link), S_DYNSTR, "section-link",
     "section 8 (.x): linked to section 4, which is no symbol table"},
    {SECTION(S_DYNSYM, sh_info), 4, "section-link", "section 3 (.dynsym): 4 local symbols of 3"},
    {SECTION(S_DYNSYM, sh_entsize), 0, "section-entry-size",
     "section 3 (.dynsym): DYNSYM entries of 0 bytes, not 24"},
    {SECTION(S_RELA, sh_size), 25, "section-entry-size",
     "section 8 (.x): 25 bytes are not a whole number of RELA entries of 24"},
    {SECTION(S_TEXT, sh_addralign), 3, "section-alignment",
     "section 10 (.text): alignment 0x3 is not a power of 2"},
    {SECTION(S_TEXT, sh_addr), 0x1040, "section-address",
     "section 10 (.text): no PT_LOAD segment holds its 0x10 bytes at 0x1040"},
    {SECTION(S_TEXT, sh_offset), 0x910, "section-address",
     "section 10 (.text): at offset 0x910, but segment 2 loads 0x900 from offset 0x900"},
    {SEGMENT(LOAD, p_type), PT_NULL, "section-address",
     "section 1 (.note): no PT_LOAD segment holds its 0x48 bytes at 0x340"},
    {SECTION(S_DYNSTR, sh_offset), AT_STRINGS + 1, "string-table",
     "section 4 (.x): the string table does not begin with a NUL byte"},
    {SECTION(S_DYNSTR, sh_size), sizeof STRINGS - 2, "string-table",
     "section 4 (.x): the string table does not end with a NUL byte"},

    {BYTES(AT_NOTES, 4), 100, "note",
     "segment 4: the note at offset 0x340 has a name that goes past the end of the notes"},
    {BYTES(AT_NOTES + 4, 4), 60, "note",
     "segment 4: the note at offset 0x340 has a description that goes past the end of the notes"},
    {BYTES(AT_NOTES + 15, 1), '!', "note",
     "segment 4: the note at offset 0x340 has a name that does not end in a NUL byte"},
    {BYTES(AT_NOTES, 4), UINT32_MAX, "note",
     "segment 4: the note at offset 0x340 has a name that goes past the end of the notes"},
    {BYTES(AT_NOTES + 4, 4), UINT32_MAX, "note",
     "segment 4: the note at offset 0x340 has a description that goes past the end of the notes"},
    {SEGMENT(NOTE, p_filesz), 8, "note",
     "segment 4: the note at offset 0x340 is shorter than its header of 12 bytes"},
    {BYTES(AT_NOTES + 20, 4), 100, "note-properties",
     "segment 4: the note at offset 0x340 holds a property that goes past the end of the note"},
    {BYTES(AT_NOTES + 4, 4), 20, "note-properties",
     "segment 4: the note at offset 0x340 holds a property that is shorter than its header of 8 "
     "bytes"},
    {BYTES(AT_NOTES + 16, 4), 0xc0000003, "note-properties",
     "segment 4: the note at offset 0x340 holds properties that are not in ascending order of "
     "type"},

    {SEGMENT(DYNAMIC, p_filesz), 7, "dynamic-section",
     "segment 3: 7 bytes are not a whole number of entries of 16"},
    {TAG(D_NULL), DT_DEBUG, "dynamic-section", "segment 3: no DT_NULL ends its 17 entries"},
    {SEGMENT(DYNAMIC, p_type), PT_NULL, "dynamic-section", "no PT_DYNAMIC segment for section 9"},
    {SECTION(S_DYNAMIC, sh_addr), AT_DYNAMIC + 16, "dynamic-section",
     "segment 3: at offset 0x780, address 0x780, but section 9 is at offset 0x780, address 0x790"},
    {SECTION(S_DYNAMIC, sh_size), 0x40, "dynamic-section",
     "segment 3: 272 bytes, but section 9 has 64"},
    {TAG(D_RELAENT), DT_DEBUG, "dynamic-entries", "DT_RELA without DT_RELAENT"},
    {TAG(D_STRSZ), DT_DEBUG, "dynamic-entries", "DT_STRTAB without DT_STRSZ"},
    {TAG(D_SONAME), DT_SYMTAB, "dynamic-entries", "2 entries of DT_SYMTAB"},
    {VALUE(D_SYMENT), 23, "dynamic-entries", "DT_SYMENT is 23, not 24"},
    {VALUE(D_RELASZ), 25, "dynamic-entries",
     "DT_RELASZ is 25, not a whole number of entries of 24"},
    {VALUE(D_SYMTAB), 0x8000, "dynamic-address",
     "DT_SYMTAB: the file has no 0x1 bytes for address 0x8000"},
    {VALUE(D_INIT), 0x1000, "dynamic-address",
     "DT_INIT: the file has no 0x1 bytes for address 0x1000"},
    {VALUE(D_RELASZ), 0x1200, "dynamic-address",
     "DT_RELA: the file has no 0x1200 bytes for address 0x700"},
    {VALUE(D_NEEDED), sizeof STRINGS, "dynamic-strings",
     "DT_NEEDED is at 34 of the 34 bytes of strings"},
    {VALUE(D_STRSZ), sizeof STRINGS - 2, "dynamic-strings",
     "the dynamic string table does not end with a NUL byte"},
    {VALUE(D_SYMTAB), AT_HASH, "dynamic-agrees",
     "section 3 (.dynsym): at 0x400, but DT_SYMTAB is 0x3e0"},
    {TAG(D_HASH), DT_DEBUG, "dynamic-agrees",
     "section 2 (.x): the dynamic section has no DT_HASH for it"},

    {SECTION(S_VERSYM, sh_size), 4, "version-count", "section 5 (.x): 2 versions for 3 symbols"},
    {NEED(vn_version), 2, "version-needs",
     "the needed version at offset 0x610 is not of version 1 of the format"},
    {NEED(vn_file), sizeof STRINGS, "version-needs",
     "the needed version at offset 0x610 has a name past the end of the strings"},
    {NEED(vn_aux), UINT32_MAX, "version-needs",
     "the needed version at offset 0x10000060f is past the end of its segment"},
    {NEED(vn_cnt), 2, "version-needs",
     "the needed version at offset 0x620 is the last before its file has as many as it counts"},
    {NEED(vn_next), 16, "version-needs",
     "the needed version at offset 0x610 is not the last that DT_VERNEEDNUM counts"},
    {VALUE(D_VERNEEDNUM), 2, "version-needs",
     "the needed version at offset 0x610 is the last before there are DT_VERNEEDNUM"},
    {NEEDED_VERSION(vna_hash), 1, "version-needs",
     "the needed version at offset 0x620 has the hash 0x1, but that of its name GLIBC_2.34 is "
     "0x69691b4"},
    {NEEDED_VERSION(vna_next), 16, "version-needs",
     "the needed version at offset 0x620 is not the last that its file counts"},
    {DEFINITION(vd_version), 0, "version-definitions",
     "the version definition at offset 0x680 is not of version 1 of the format"},
    {DEFINITION(vd_hash), 1, "version-definitions",
     "the version definition at offset 0x680 has the hash 0x1, but that of its name X_1 is "
     "0x5e21"},
    {DEFINITION(vd_aux), 0x10000, "version-definitions",
     "the version definition at offset 0x10680 is past the end of its segment"},
    {DEFINITION(vd_next), 20, "version-definitions",
     "the version definition at offset 0x680 is not the last that DT_VERDEFNUM counts"},
    {VALUE(D_VERDEFNUM), 2, "version-definitions",
     "the version definition at offset 0x680 is the last before there are DT_VERDEFNUM"},
    {DEFINED_NAME, sizeof STRINGS, "version-definitions",
     "the version definition at offset 0x680 has a name past the end of the strings"},
};

static void finds_each_change_in_every_class_and_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        for (size_t shape = 0; shape < SHAPES; shape++) {
            struct image image = image_new(shapes[shape]);
            set(&image, changes[i].field, changes[i].value);
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
            const struct elfcheck_finding *finding = find(&report, changes[i].rule);
            if (!finding)
                fail_msg("shape %zu: no %s: %s", shape, changes[i].rule, changes[i].message);
            else if (shape == 0)
                assert_string_equal(finding->message, changes[i].message);
        }
    }
}

static void knows_the_identification_of_every_machine(void **state)
{
    (void)state;
    static const struct {
        size_t shape;
        size_t byte;
        unsigned char value;
        const char *message; /* NULL: none */
    } cases[] = {
        {1, EI_OSABI, ELFOSABI_FREEBSD, NULL},
        {1, EI_CLASS, 3, "class 3, neither ELF32 nor ELF64"},
        {1, EI_DATA, 0, "byte order 0, neither little- nor big-endian"},
        {1, EI_VERSION, 2, "version 2, not 1"},
        {4, EI_CLASS, ELFCLASS64, "ELF64, but ARM files are ELF32"},
        {0, EI_OSABI, ELFOSABI_GNU, NULL},
        {3, EI_OSABI, ELFOSABI_GNU, NULL},
        {3, EI_CLASS, ELFCLASS64, "identification bytes 02 01 01 00, not 01 01 01 and 00 or 03"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image image = image_new(shapes[cases[i].shape]);
        image.bytes[cases[i].byte] = cases[i].value;
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
        const struct elfcheck_finding *finding = find(&report, "identification");
        if (cases[i].message) {
            assert_non_null(finding);
            assert_string_equal(finding->message, cases[i].message);
        } else {
            assert_null(finding);
        }
    }
}

/* Which tools read as they should but for the name of a system. */
static void knows_which_bytes_of_the_identification_matter(void **state)
{
    (void)state;
    static const char harmless[] = "harmless in a program; write 00 at offset 7 for tools, and in "
                                   "a library for glibc";
    static const struct {
        unsigned char version, system;
        bool reads_well;
    } cases[] = {{1, ELFOSABI_FREEBSD, true}, {2, ELFOSABI_FREEBSD, false}, {2, 0, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image image = image_new(shapes[0]);
        image.bytes[EI_VERSION] = cases[i].version;
        image.bytes[EI_OSABI] = cases[i].system;
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
        const struct elfcheck_finding *finding = find(&report, "identification");
        assert_non_null(finding);
        assert_int_equal(finding->remedy && strcmp(finding->remedy, harmless) == 0,
                         cases[i].reads_well);
    }
}

/* What the rules of loading say of programs for this machine. */
static void tells_of_foreign_programs_that_cannot_be_loaded(void **state)
{
    (void)state;
    static const struct {
        struct field field;
        uint64_t value;
        const char *rule, *message;
    } cases[] = {
        {HEADER(e_phnum), 0, "segment-table", "no program headers"},
        {HEADER(e_phentsize), 57, "segment-table", "program headers of 57 bytes, not 56"},
        {HEADER(e_phoff), IMAGE_SIZE, "segment-table",
         "8 program headers at offset 4096, but the file has 4096 bytes"},
        {SEGMENT(LOAD, p_memsz), IMAGE_SIZE - 1, "segment-extent",
         "segment 2: PT_LOAD has 4096 bytes in the file, but 4095 in memory"},
        {SEGMENT(INTERP, p_filesz), 4, "foreign-interpreter",
         "segment 1: the interpreter's path does not end in a NUL byte"},
        {SEGMENT(INTERP, p_filesz), 1, "foreign-interpreter",
         "segment 1: an interpreter's path of 1 bytes"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image foreign = image_new(shapes[1]), own = image_new(shapes[0]);
        set(&foreign, cases[i].field, cases[i].value);
        set(&own, cases[i].field, cases[i].value);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(foreign.bytes, IMAGE_SIZE);
        struct elfcheck_report own_report ELFCHECK_REPORT_CLEANUP = check(own.bytes, IMAGE_SIZE);
        const struct elfcheck_finding *finding = find(&report, cases[i].rule);
        assert_non_null(finding);
        assert_string_equal(finding->message, cases[i].message);
        assert_null(find(&own_report, cases[i].rule));
    }
}

static void finds_descending_segments_of_any_machine(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        struct image image = image_new(shapes[i]);
        put_segment(&image, STACK, PT_LOAD, PF_R, 0x100, 16, 1);
        SET(&image, SEGMENT(LOAD, p_vaddr), 0x10000);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
        const struct elfcheck_finding *finding = find(&report, "segment-order");
        assert_non_null(finding);
        assert_string_equal(finding->message, "segment 7: at 0x100 follows segment 2 at 0x10000");
    }
}

static void tests_every_rule_of_form(void **state)
{
    (void)state;
    static const char *const elsewhere[] = {
        "identification",      "libelf",    "segment-order",  "segment-table",
        "foreign-interpreter", "truncated", "appended-bytes", "segment-overlap"};
    size_t count = elfcheck_rule_count();
    for (size_t i = 0; i < count; i++) {
        size_t tests = elfcheck_rule(i)->group != ELFCHECK_FORM;
        for (size_t j = 0; j < COUNT(changes); j++)
            tests += strcmp(changes[j].rule, elfcheck_rule(i)->name) == 0;
        for (size_t j = 0; j < COUNT(elsewhere); j++)
            tests += strcmp(elsewhere[j], elfcheck_rule(i)->name) == 0;
        if (tests == 0)
            fail_msg("no test for %s", elfcheck_rule(i)->name);
    }
}

/* ---- the end of the file --------------------------------------------------------------------- */

static void tells_what_is_missing_wherever_a_file_is_cut(void **state)
{
    (void)state;
    for (size_t shape = 0; shape < SHAPES; shape++) {
        struct image image = image_new(shapes[shape]);
        for (size_t size = SELFMAG; size < IMAGE_SIZE; size += 13) {
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, size);
            if (!find(&report, "truncated"))
                fail_msg("shape %zu: not at %zu", shape, size);
        }
    }
    static const struct {
        size_t size;
        const char *message;
    } cases[] = {
        {40, "the headers describe 64 bytes, but the file has 40: 24 are missing, from the ELF "
             "header at offset 0 on"},
        {100, "the headers describe 3648 bytes, but the file has 100: 3548 are missing, from the "
              "program headers at offset 64 on"},
        {2700, "the headers describe 4096 bytes, but the file has 2700: 1396 are missing, from "
               "segment 2 at offset 0 on"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image image = image_new(shapes[0]);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, cases[i].size);
        assert_string_equal(find(&report, "truncated")->message, cases[i].message);
    }
    struct image image = image_new(shapes[0]);
    SET(&image, SEGMENT(LOAD, p_filesz), AT_SECTIONS);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, AT_SECTIONS + 100);
    assert_string_equal(find(&report, "truncated")->message,
                        "the headers describe 3648 bytes, but the file has 2916: 732 are missing, "
                        "from the section headers at offset 2816 on");
}

static void tells_what_follows_the_end(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        char last;
        const char *message; /* NULL: none */
    } cases[] = {
        {IMAGE_SIZE + 1, 'x', "1 bytes after the end at offset 4096"},
        {IMAGE_SIZE + 4095, 0, NULL},
        {IMAGE_SIZE + 4095, 'x', "4095 bytes after the end at offset 4096"},
        {IMAGE_SIZE + 4096, 0, "4096 bytes after the end at offset 4096"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char bytes[2 * IMAGE_SIZE] = {0};
        struct image image = image_new(shapes[0]);
        memcpy(bytes, image.bytes, IMAGE_SIZE);
        bytes[cases[i].size - 1] = (unsigned char)cases[i].last;
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, cases[i].size);
        const struct elfcheck_finding *finding = find(&report, "appended-bytes");
        assert_int_equal(finding != NULL, cases[i].message != NULL);
        if (finding)
            assert_string_equal(finding->message, cases[i].message);
    }
}

/* ---- other kinds of file --------------------------------------------------------------------- */

/* What `strip` split off: headers as they were, and the bytes of other sections than notes gone. */
static void understands_files_with_debug_information_only(void **state)
{
    (void)state;
    for (size_t shape = 0; shape < SHAPES; shape++) {
        struct image image = image_new(shapes[shape]);
        memset(image.bytes + AT_HASH, 0, AT_NAMES - AT_HASH);
        for (size_t i = S_HASH; i <= S_BSS; i++)
            SET(&image, SECTION(i, sh_type), SHT_NOBITS);
        SET(&image, SEGMENT(LOAD, p_filesz), 0x8000);
        SET(&image, SEGMENT(LOAD, p_memsz), 0x8000);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
        const struct elfcheck_finding *finding = find_form(&report);
        if (finding)
            fail_msg("shape %zu: %s: %s", shape, finding->rule->name, finding->message);
    }
}

/* An object file of `count` sections, which the header does not say: gABI, "Sections". */
static void reads_numbers_of_sections_too_large_for_the_header(void **state)
{
    (void)state;
    const size_t count = 0xff10;
    for (size_t shape = 0; shape < SHAPES; shape++) {
        struct image image = image_new(shapes[shape]);
        size_t size = AT_SECTIONS + count * SIZE(&image, Shdr);
        SET(&image, HEADER(e_type), ET_REL);
        SET(&image, HEADER(e_phnum), 0);
        SET(&image, HEADER(e_shnum), 0);
        SET(&image, HEADER(e_shstrndx), SHN_XINDEX);
        SET(&image, SECTION(S_NULL, sh_size), count);
        SET(&image, SECTION(S_NULL, sh_link), S_SHSTRTAB);
        SET(&image, SECTION(S_TEXT, sh_addralign), 3);
        unsigned char *bytes = calloc(1, size);
        assert_non_null(bytes);
        memcpy(bytes, image.bytes, AT_SECTIONS + SECTIONS * SIZE(&image, Shdr));
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, size);
        free(bytes);
        const struct elfcheck_finding *finding = find_form(&report);
        assert_non_null(finding);
        assert_string_equal(finding->message,
                            "section 10 (.text): alignment 0x3 is not a power of 2");
        assert_null(find(&report, "section-zero"));
        assert_null(find(&report, "section-table"));
    }
}

static void finds_malformed_notes_of_object_files(void **state)
{
    (void)state;
    struct image image = image_new(shapes[0]);
    SET(&image, HEADER(e_type), ET_REL);
    SET(&image, HEADER(e_phnum), 0);
    SET(&image, SECTION(S_NOTE, sh_addralign), 8);
    put(&image, AT_NOTES + 4, 4, 100);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
    assert_string_equal(find(&report, "note")->message,
                        "section 1: the note at offset 0x340 has a description that goes past the "
                        "end of the notes");
}

/* The header as it is in Linux' own perf-read-vdsox32. */
static void takes_no_offence_at_the_x32_abi(void **state)
{
    (void)state;
    struct image image = image_new(shapes[3]);
    SET(&image, HEADER(e_machine), EM_X86_64);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
    assert_null(find_form(&report));
    assert_false(elfcheck_starts(&report));
}

/* ---- hostile files --------------------------------------------------------------------------- */

/* Each finding has its text, and what keeps the program from starting is the verdict. */
static void assert_sound(const struct elfcheck_report *report)
{
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct elfcheck_finding *finding = &report->findings[i];
        assert_non_null(finding->rule);
        assert_true(finding->message[0]);
        assert_true(
            text_is_utf8((const unsigned char *)finding->message, strlen(finding->message)));
    }
    assert_false(elfcheck_starts(report) && elfcheck_obstacle(report));
}

/* Headers that nobody loads by, as LIEF leaves them. */
static void takes_no_offence_at_what_tools_leave_behind(void **state)
{
    (void)state;
    struct image image = image_new(shapes[0]);
    SET(&image, SECTION(S_NOTE, sh_addr), 0);
    SET(&image, SECTION(S_DYNAMIC, sh_size), 0x120);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
    assert_null(find(&report, "section-address"));
    assert_null(find(&report, "dynamic-section"));
}

static void survives_a_change_of_any_byte(void **state)
{
    (void)state;
    /* Of how many bytes the change is told; the others are padding, texts and free values. */
    static const size_t changes_told[SHAPES] = {1149, 1152, 1152, 683, 685, 685};
    for (size_t shape = 0; shape < SHAPES; shape++) {
        struct image image = image_new(shapes[shape]);
        size_t told = 0;
        for (size_t i = 0; i < IMAGE_SIZE; i++) {
            image.bytes[i] ^= 0xff;
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(image.bytes, IMAGE_SIZE);
            assert_sound(&report);
            told += find_form(&report) != NULL;
            image.bytes[i] ^= 0xff;
        }
        assert_int_equal(told, changes_told[shape]);
    }
}

/* In each of so many sections all is wrong. */
static void bounds_work_and_report_of_many_sections(void **state)
{
    (void)state;
    const size_t count = 0xfeff, segments = 1170;
    size_t at_segments = AT_SECTIONS + count * sizeof(Elf64_Shdr);
    size_t size = at_segments + segments * sizeof(Elf64_Phdr);
    struct image image = image_new(shapes[0]);
    SET(&image, HEADER(e_shnum), count);
    SET(&image, HEADER(e_phoff), at_segments);
    SET(&image, HEADER(e_phnum), segments);
    unsigned char *bytes = calloc(1, size);
    assert_non_null(bytes);
    memcpy(bytes, image.bytes, AT_SECTIONS);
    for (size_t i = 1; i < count; i++) {
        Elf64_Shdr section = {.sh_name = 0x7fffffff,
                              .sh_type = i % 2 ? SHT_STRTAB : SHT_SYMTAB,
                              .sh_flags = SHF_ALLOC | SHF_INFO_LINK,
                              .sh_addr = 0x1000 * i,
                              .sh_offset = i % 2 ? 1 : UINT64_MAX,
                              .sh_size = 5,
                              .sh_link = UINT32_MAX,
                              .sh_info = UINT32_MAX,
                              .sh_addralign = 3};
        memcpy(bytes + AT_SECTIONS + i * sizeof section, &section, sizeof section);
    }
    for (size_t i = 0; i < segments; i++) {
        Elf64_Phdr segment = {.p_type = i % 2 ? PT_LOAD : PT_NOTE,
                              .p_offset = UINT64_MAX - i,
                              .p_vaddr = UINT64_MAX - i,
                              .p_filesz = UINT64_MAX,
                              .p_memsz = i,
                              .p_align = 3};
        memcpy(bytes + at_segments + i * sizeof segment, &segment, sizeof segment);
    }
    read_bytes = 0;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, size);
    free(bytes);
    assert_compare(read_bytes, <, 2 * size);
    assert_int_equal(report.finding_count, 277);
    size_t told = 0;
    const char *last = "";
    for (size_t i = 0; i < report.finding_count; i++) {
        if (strcmp(report.findings[i].rule->name, "section-alignment") != 0)
            continue;
        told++;
        last = report.findings[i].message;
    }
    assert_int_equal(told, 17);
    assert_string_equal(last, "and 65262 more of the same");
}

/* A file of a terabyte, most of it a hole, of which this part is said to go to its end. */
static void bounds_work_and_memory_of_endless_tables(void **state)
{
    (void)state;
    static const off_t size = (off_t)1 << 40;
    static const struct {
        struct field fields[4];
        uint64_t values[4];
    } cases[] = {
        {{SEGMENT(NOTE, p_offset), SEGMENT(NOTE, p_filesz), SEGMENT(NOTE, p_memsz)},
         {IMAGE_SIZE, (UINT64_C(1) << 40) - IMAGE_SIZE, 0}},
        {{SEGMENT(DYNAMIC, p_filesz), SEGMENT(DYNAMIC, p_memsz), TAG(D_NULL)},
         {UINT64_C(1) << 39, UINT64_C(1) << 39, DT_NEEDED}},
        {{SEGMENT(LOAD, p_filesz), SEGMENT(LOAD, p_memsz), VALUE(D_VERNEEDNUM), NEED(vn_cnt)},
         {UINT64_C(1) << 40, UINT64_C(1) << 40, UINT64_MAX, UINT16_MAX}},
        {{SECTION(S_DYNSTR, sh_size), SECTION(S_SHSTRTAB, sh_size), VALUE(D_STRSZ)},
         {UINT64_C(1) << 39, UINT64_C(1) << 39, UINT64_C(1) << 39}},
        {{HEADER(e_shnum), SECTION(S_NULL, sh_size)}, {0, UINT64_C(1) << 33}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct image image = image_new(shapes[0]);
        for (size_t j = 0; j < 4 && cases[i].fields[j].size; j++)
            set(&image, cases[i].fields[j], cases[i].values[j]);
        int fd FD_CLEANUP = file_of(image.bytes, IMAGE_SIZE);
        assert_int_equal(ftruncate(fd, size), 0);
        read_bytes = 0;
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = judge(fd);
        assert_compare(read_bytes, <, 1024 * 1024);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    assert_compare(usage.ru_maxrss, <, 512 * 1024);
}

/* Needed versions that follow each other in every byte of the segment, with names of no end. */
static void bounds_work_of_long_lists_of_versions(void **state)
{
    (void)state;
    enum { LISTS = 0x100000 };
    unsigned char *bytes = calloc(1, LISTS);
    struct image image = image_new(shapes[0]);
    assert_non_null(bytes);
    SET(&image, SEGMENT(LOAD, p_filesz), LISTS);
    SET(&image, SEGMENT(LOAD, p_memsz), LISTS);
    SET(&image, VALUE(D_VERNEED), IMAGE_SIZE);
    SET(&image, VALUE(D_VERNEEDNUM), UINT32_MAX);
    SET(&image, VALUE(D_STRTAB), 0);
    SET(&image, VALUE(D_STRSZ), LISTS);
    memcpy(bytes, image.bytes, IMAGE_SIZE);
    for (size_t i = IMAGE_SIZE; i + 32 <= LISTS; i += 16) {
        Elf64_Verneed need = {.vn_version = 1, .vn_cnt = UINT16_MAX, .vn_aux = 16, .vn_next = 16};
        memcpy(bytes + i, &need, sizeof need);
    }
    read_bytes = 0;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(bytes, LISTS);
    free(bytes);
    assert_compare(read_bytes, <, 2000 * LISTS);
    assert_non_null(find(&report, "version-needs"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nothing_in_a_healthy_file_of_any_class_and_order),
        cmocka_unit_test(finds_each_change_in_every_class_and_order),
        cmocka_unit_test(knows_the_identification_of_every_machine),
        cmocka_unit_test(knows_which_bytes_of_the_identification_matter),
        cmocka_unit_test(tells_of_foreign_programs_that_cannot_be_loaded),
        cmocka_unit_test(finds_descending_segments_of_any_machine),
        cmocka_unit_test(tests_every_rule_of_form),
        cmocka_unit_test(tells_what_is_missing_wherever_a_file_is_cut),
        cmocka_unit_test(tells_what_follows_the_end),
        cmocka_unit_test(understands_files_with_debug_information_only),
        cmocka_unit_test(reads_numbers_of_sections_too_large_for_the_header),
        cmocka_unit_test(finds_malformed_notes_of_object_files),
        cmocka_unit_test(takes_no_offence_at_the_x32_abi),
        cmocka_unit_test(takes_no_offence_at_what_tools_leave_behind),
        cmocka_unit_test(survives_a_change_of_any_byte),
        cmocka_unit_test(bounds_work_and_report_of_many_sections),
        cmocka_unit_test(bounds_work_and_memory_of_endless_tables),
        cmocka_unit_test(bounds_work_of_long_lists_of_versions),
    };
    return cmocka_run_group_tests_name("elfcheck form", tests, NULL, NULL);
}
