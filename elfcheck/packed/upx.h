/* What UPX made of a program: the headers of the original, as far as they can be read. */
#pragma once

#include "elfcheck/read/inspection.h"
#include "elfcheck/read/interpreter.h"

/* Of the original, or why nothing is known of it. */
struct upx {
    uint64_t offset;     /* of UPX's magic in the file */
    const char *trouble; /* why the headers cannot be read; NULL: the rest is known */
    Elf64_Ehdr header;   /* widened to 64 bits */
    bool is_program;     /* of type EXEC or DYN, with a segment to load */
    bool is_dynamic;     /* names an interpreter */
    char interpreter[MAX_INTERPRETER_SIZE]; /* "": it cannot be read */
};

/* Whether the file is packed by UPX; then *upx is filled in. False, too, where it cannot be read
 * and the inspection has failed. */
bool upx_read(struct elfcheck_inspection *inspection, struct upx *upx);

/* How a block was compressed: struct b_info, b_method. */
#define UPX_LZMA 14

/*
 * Decompresses the first `out_size` bytes of a block by that method. False where it is damaged, too
 * short or of another method.
 */
bool upx_decompress(unsigned method, const unsigned char *in, size_t in_size, unsigned char *out,
                    size_t out_size);
