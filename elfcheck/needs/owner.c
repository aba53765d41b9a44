/*
 * Whose is the program's main function? A single object of Rust in a program of C++ leaves Rust's
 * marks in it, but Rust's own main is known by its code: it extends argc to 64 bits, calls
 * lang_start, and returns what that does; or, with link-time optimization, holds what lang_start
 * does, which ignores SIGPIPE.
 */
#include "elfcheck/needs/evidence.h"

#include <string.h>

#define START_SIZE 64 /* of _start: where it hands main over */
#define STUB_SIZE  64 /* Rust's main takes 30 to 55 bytes */
#define MAIN_SIZE  1024

#define LEA_SIZE 7 /* lea rdi, [rip + main]; mov rdi, main */

static size_t read_code(struct elfcheck_inspection *inspection, uint64_t address,
                        unsigned char *bytes, size_t size)
{
    uint64_t offset;
    if (!address_to_offset(inspection, address, 1, &offset))
        return 0;
    uint64_t left = inspection->size - offset;
    size = left < size ? (size_t)left : size;
    return file_read_range(inspection, offset, bytes, size) ? size : 0;
}

/* The address of main, which glibc's _start hands to __libc_start_main in rdi; 0: not found. */
static uint64_t find_main(struct elfcheck_inspection *inspection)
{
    static const unsigned char lea[] = {0x48, 0x8d, 0x3d}, mov[] = {0x48, 0xc7, 0xc7};
    unsigned char code[START_SIZE];
    uint64_t entry = inspection->header.e_entry;
    size_t size =
        inspection->loader == LOADER_64 ? read_code(inspection, entry, code, sizeof code) : 0;
    for (size_t i = 0; i + LEA_SIZE <= size; i++) {
        int32_t number;
        memcpy(&number, code + i + sizeof lea, sizeof number);
        if (memcmp(code + i, lea, sizeof lea) == 0)
            return entry + i + LEA_SIZE + (uint64_t)(int64_t)number;
        if (memcmp(code + i, mov, sizeof mov) == 0)
            return (uint64_t)(int64_t)number;
    }
    return 0;
}

/* Whether a call, by a distance or through the table of addresses, is all before `pop rcx; ret`. */
static bool ends_with_call(const unsigned char *code, size_t end)
{
    return (end >= 5 && code[end - 5] == 0xe8) ||
           (end >= 6 && code[end - 6] == 0xff && code[end - 5] == 0x15);
}

/* main of Rust, which only calls lang_start. */
static bool is_stub(const unsigned char *code, size_t size)
{
    static const unsigned char extend[] = {0x48, 0x63}, leave[] = {0x59, 0xc3};
    const unsigned char *end = memmem(code, size, leave, sizeof leave);
    return end && ends_with_call(code, (size_t)(end - code)) &&
           memmem(code, (size_t)(end - code), extend, sizeof extend);
}

/* lang_start in main's place: signal(SIGPIPE, SIG_IGN). */
static bool has_lang_start(const unsigned char *code, size_t size)
{
    static const unsigned char ignore[] = {0xbe, 1, 0, 0, 0, 0xbf, 13, 0, 0, 0},
                               other_way[] = {0xbf, 13, 0, 0, 0, 0xbe, 1, 0, 0, 0};
    return memmem(code, size, ignore, sizeof ignore) ||
           memmem(code, size, other_way, sizeof other_way);
}

enum owner owner_of_main(struct elfcheck_inspection *inspection)
{
    unsigned char code[MAIN_SIZE];
    uint64_t address = find_main(inspection);
    size_t size = address ? read_code(inspection, address, code, sizeof code) : 0;
    if (size == 0)
        return OWNER_UNKNOWN;
    bool is_rust = is_stub(code, size < STUB_SIZE ? size : STUB_SIZE) || has_lang_start(code, size);
    return is_rust ? OWNER_RUST : OWNER_OTHER;
}
