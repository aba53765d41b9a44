/*
 * Copies a 64-bit ELF file, as an executable one, with some of its fields changed.
 *
 *   damage FILE COPY CHANGE...
 *
 * A change is TARGET=VALUE, TARGET+=VALUE or TARGET-=VALUE. Targets are a field of the ELF header
 * (e_phnum), one of a program header (LOAD.1.p_memsz: of the second PT_LOAD), size (of the file;
 * N% of what it was), byte.N, bit.N (=1 flips it), interpreter (=TEXT, filled up with NULs), and
 * swap (=LOAD.0,LOAD.1 exchanges two program headers).
 */
#include <elf.h>
#include <err.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"

static unsigned char *bytes;
static size_t size;

struct field {
    const char *name;
    size_t offset, size;
};
#define FIELD(type, field)                                           \
    {                                                                \
#field, offsetof(type, field), sizeof(((type *)NULL)->field) \
    }

static const struct field header_fields[] = {
    FIELD(Elf64_Ehdr, e_type),      FIELD(Elf64_Ehdr, e_machine),
    FIELD(Elf64_Ehdr, e_version),   FIELD(Elf64_Ehdr, e_entry),
    FIELD(Elf64_Ehdr, e_phoff),     FIELD(Elf64_Ehdr, e_shoff),
    FIELD(Elf64_Ehdr, e_flags),     FIELD(Elf64_Ehdr, e_ehsize),
    FIELD(Elf64_Ehdr, e_phentsize), FIELD(Elf64_Ehdr, e_phnum),
    FIELD(Elf64_Ehdr, e_shentsize), FIELD(Elf64_Ehdr, e_shnum),
    FIELD(Elf64_Ehdr, e_shstrndx),  {NULL, 0, 0},
};
static const struct field segment_fields[] = {
    FIELD(Elf64_Phdr, p_type),  FIELD(Elf64_Phdr, p_flags), FIELD(Elf64_Phdr, p_offset),
    FIELD(Elf64_Phdr, p_vaddr), FIELD(Elf64_Phdr, p_paddr), FIELD(Elf64_Phdr, p_filesz),
    FIELD(Elf64_Phdr, p_memsz), FIELD(Elf64_Phdr, p_align), {NULL, 0, 0},
};

static const struct {
    const char *name;
    uint32_t type;
} types[] = {
    {"LOAD", PT_LOAD},       {"DYNAMIC", PT_DYNAMIC}, {"INTERP", PT_INTERP},
    {"NOTE", PT_NOTE},       {"PHDR", PT_PHDR},       {"TLS", PT_TLS},
    {"STACK", PT_GNU_STACK}, {"RELRO", PT_GNU_RELRO}, {"PROPERTY", PT_GNU_PROPERTY},
};

static const struct field *find_field(const struct field *fields, const char *name)
{
    for (; fields->name; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    errx(1, "no field %s", name);
}

static Elf64_Phdr segment_at(size_t number)
{
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    memcpy(&header, bytes, sizeof header);
    memcpy(&segment, bytes + header.e_phoff + number * sizeof segment, sizeof segment);
    return segment;
}

/* The offset of the program header that "LOAD.1" names; *rest is what follows. */
static size_t find_segment(const char *name, const char **rest)
{
    char kind[16];
    unsigned wanted;
    int length = 0;
    Elf64_Ehdr header;
    memcpy(&header, bytes, sizeof header);
    if (sscanf(name, "%15[A-Z].%u%n", kind, &wanted, &length) < 2)
        errx(1, "no target %s", name);
    *rest = name + length;
    for (size_t i = 0; i < COUNT(types); i++)
        for (size_t j = 0; strcmp(types[i].name, kind) == 0 && j < header.e_phnum; j++)
            if (segment_at(j).p_type == types[i].type && wanted-- == 0)
                return header.e_phoff + j * sizeof(Elf64_Phdr);
    errx(1, "no segment %s", name);
}

/* `sign` is '+' or '-' for a value that is relative to what is there. */
static void set_number(size_t offset, size_t width, char sign, uint64_t value)
{
    uint64_t old = 0;
    memcpy(&old, bytes + offset, width);
    value = sign == '+' ? old + value : sign == '-' ? old - value : value;
    memcpy(bytes + offset, &value, width);
}

static void set_size(char sign, const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 0);
    size_t wanted = *end == '%'   ? size * value / 100
                    : sign == '+' ? size + value
                    : sign == '-' ? size - value
                                  : value;
    bytes = realloc(bytes, wanted + 1);
    if (!bytes)
        err(1, "%s", text);
    if (wanted > size)
        memset(bytes + size, 'x', wanted - size);
    size = wanted;
}

static void set_interpreter(const char *text)
{
    const char *rest;
    Elf64_Phdr interpreter;
    memcpy(&interpreter, bytes + find_segment("INTERP.0", &rest), sizeof interpreter);
    memset(bytes + interpreter.p_offset, 0, interpreter.p_filesz);
    memcpy(bytes + interpreter.p_offset, text, strnlen(text, interpreter.p_filesz));
}

static void swap_segments(const char *names)
{
    const char *rest;
    Elf64_Phdr first, second;
    size_t a = find_segment(names, &rest), b = find_segment(rest + 1, &rest);
    memcpy(&first, bytes + a, sizeof first);
    memcpy(&second, bytes + b, sizeof second);
    memcpy(bytes + a, &second, sizeof second);
    memcpy(bytes + b, &first, sizeof first);
}

static void change(char *text)
{
    char *equals = strchr(text, '=');
    if (!equals || equals == text)
        errx(1, "no change: %s", text);
    const char *value = equals + 1, *rest;
    char sign = equals[-1] == '+' || equals[-1] == '-' ? equals[-1] : '=';
    *(sign == '=' ? equals : equals - 1) = '\0';
    uint64_t number = strtoull(value, NULL, 0);
    if (strcmp(text, "size") == 0) {
        set_size(sign, value);
    } else if (strcmp(text, "interpreter") == 0) {
        set_interpreter(value);
    } else if (strcmp(text, "swap") == 0) {
        swap_segments(value);
    } else if (strncmp(text, "byte.", 5) == 0) {
        set_number(strtoull(text + 5, NULL, 0), 1, sign, number);
    } else if (strncmp(text, "bit.", 4) == 0) {
        uint64_t bit = strtoull(text + 4, NULL, 0);
        bytes[bit / 8] ^= (unsigned char)(number << bit % 8);
    } else if (strncmp(text, "e_", 2) == 0) {
        const struct field *field = find_field(header_fields, text);
        set_number(field->offset, field->size, sign, number);
    } else {
        size_t segment = find_segment(text, &rest);
        const struct field *field = find_field(segment_fields, rest + 1);
        set_number(segment + field->offset, field->size, sign, number);
    }
}

int main(int count, char **arguments)
{
    if (count < 4)
        errx(2, "usage: damage FILE COPY CHANGE...");
    FILE *file = fopen(arguments[1], "rb");
    if (!file || fseek(file, 0, SEEK_END) < 0)
        err(1, "%s", arguments[1]);
    size = (size_t)ftell(file);
    bytes = malloc(size);
    rewind(file);
    if (!bytes || size < sizeof(Elf64_Ehdr) || fread(bytes, size, 1, file) != 1)
        err(1, "%s", arguments[1]);
    fclose(file);
    for (int i = 3; i < count; i++)
        change(arguments[i]);
    file = fopen(arguments[2], "wb");
    if (!file || (size && fwrite(bytes, size, 1, file) != 1) || fclose(file) != 0 ||
        chmod(arguments[2], 0755) < 0)
        err(1, "%s", arguments[2]);
    free(bytes);
    return 0;
}
