/*
 * Any bytes as blocks that UPX wrote: decompressed by themselves, where less of the output is its
 * beginning, and as those of a program that is judged.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "base/read.h"
#include "elfcheck/packed/upx.h"
#include "tests/unit/elf_programs.h"

#define METHODS      16
#define HEADERS_SIZE offsetof(struct program, segments[1])

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decompress(unsigned method, const uint8_t *data, size_t size, size_t out_size)
{
    /* Just as large as they are told to be, so that a byte too many is noticed. */
    unsigned char *in = malloc(size), *whole = malloc(out_size), *part = malloc(out_size / 2);
    if (size)
        memcpy(in, data, size);
    bool is_whole = upx_decompress(method, in, size, whole, out_size);
    bool is_part = upx_decompress(method, in, size, part, out_size / 2);
    if (is_whole && (!is_part || (out_size && memcmp(whole, part, out_size / 2) != 0)))
        abort();
    free(in);
    free(whole);
    free(part);
}

static void judge(const uint8_t *data, size_t size, size_t gap)
{
    struct error error;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct program program = program_new(ET_EXEC);
    size_t end = HEADERS_SIZE + gap + size;
    unsigned char *bytes = calloc(1, end + sizeof program.code);
    program.header.e_phnum = 1;
    program.header.e_entry = program.segments[0].p_vaddr + end;
    program.segments[0].p_filesz = program.segments[0].p_memsz = end + sizeof program.code;
    memcpy(bytes, &program, HEADERS_SIZE);
    if (size)
        memcpy(bytes + HEADERS_SIZE + gap, data, size);
    memcpy(bytes + end, program.code, sizeof program.code);
    int fd FD_CLEANUP = file_of(bytes, end + sizeof program.code);
    free(bytes);
    if (elfcheck_file(fd, "fuzz", &elfcheck_default_settings, &report, &error) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    unsigned method = data[0] % METHODS;
    if (data[0] & 0x80)
        judge(data + 1, size - 1, (data[0] & 0x7f) * 4u);
    else
        decompress(method, data + 3, size - 3, data[1] | (size_t)data[2] << 8);
    return 0;
}
