/*
 * Reads a program that UPX has packed. Behind the program headers, or behind notes that it keeps
 * there, are l_info with the magic, p_info, and blocks: b_info with both sizes and the method, and
 * the compressed bytes. The first block holds the original's ELF header and program headers, the
 * others the bytes of its segments, one after another, in pieces of a size that p_info has. The
 * first segment goes on behind the headers.
 *
 * All numbers are the file's: what is decompressed is bounded, and so is the search for it.
 */
#include "elfcheck/packed/upx.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "elfcheck/packed/nrv.h"
#include "elfcheck/read/widen.h"

#define MAGIC      "UPX!"
#define MAGIC_SIZE 4

/* struct l_info: checksum, magic, size of the loader, version, format. */
#define LOADER_INFO_SIZE 12
#define MAGIC_OFFSET     4
#define FORMAT_OFFSET    11
/* struct p_info: program, size of the file, size of a block. */
#define PROGRAM_INFO_SIZE 12
/* struct b_info: both sizes, method, filter and its parameter. */
#define BLOCK_INFO_SIZE 12

/* How far behind the program headers the magic is looked for: notes that are kept are short. */
#define MAX_GAP 4096
#define STEP    4

#define MAX_BLOCKS       1024
#define MAX_HEADERS_SIZE (sizeof(Elf64_Ehdr) + MAX_HEADER_TABLE_SIZE)
/* What is decompressed of a block to reach the path of an interpreter, and how much is read. */
#define MAX_BYTES_MADE (256 * 1024)
#define MAX_BYTES_READ (512 * 1024)

/* ---- blocks ---------------------------------------------------------------------------------- */

struct block {
    uint64_t offset; /* of its compressed bytes in the file */
    uint32_t size;   /* once decompressed */
    uint32_t packed_size;
    unsigned method;
};

/* By b_method. */
static const struct {
    unsigned method;
    struct nrv_format format;
} nrv_methods[] = {
    {2, {NRV2B, 4}}, {3, {NRV2B, 1}}, {4, {NRV2B, 2}}, {5, {NRV2D, 4}},  {6, {NRV2D, 1}},
    {7, {NRV2D, 2}}, {8, {NRV2E, 4}}, {9, {NRV2E, 1}}, {10, {NRV2E, 2}},
};

/* LZMA without a header of its own: two bytes have lc, lp and pb before the stream. */
#define LZMA_START      2
#define LZMA_DICTIONARY MAX_BYTES_MADE

static bool decompress_lzma(const unsigned char *in, size_t in_size, unsigned char *out,
                            size_t out_size)
{
    lzma_options_lzma options = {.dict_size = LZMA_DICTIONARY};
    lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    lzma_stream stream = LZMA_STREAM_INIT;
    if (in_size < LZMA_START)
        return false;
    options.pb = in[0] & 7;
    options.lp = in[1] >> 4;
    options.lc = in[1] & 15;
    if (options.lc + options.lp > LZMA_LCLP_MAX || options.pb > LZMA_PB_MAX ||
        lzma_raw_decoder(&stream, filters) != LZMA_OK)
        return false;
    stream.next_in = in + LZMA_START;
    stream.avail_in = in_size - LZMA_START;
    stream.next_out = out;
    stream.avail_out = out_size;
    lzma_ret result = lzma_code(&stream, LZMA_RUN);
    bool is_whole = stream.avail_out == 0 && (result == LZMA_OK || result == LZMA_STREAM_END);
    lzma_end(&stream);
    return is_whole;
}

bool upx_decompress(unsigned method, const unsigned char *in, size_t in_size, unsigned char *out,
                    size_t out_size)
{
    if (method == UPX_LZMA)
        return decompress_lzma(in, in_size, out, out_size);
    for (size_t i = 0; i < COUNT(nrv_methods); i++) {
        size_t written;
        if (nrv_methods[i].method == method)
            return nrv_decompress(nrv_methods[i].format, in, in_size, out, out_size, &written) &&
                   written == out_size;
    }
    return false;
}

/* Reads the b_info there. False at the end of the blocks, or where there is none. */
static bool read_block(struct elfcheck_inspection *inspection, uint64_t offset, struct block *block)
{
    unsigned char bytes[BLOCK_INFO_SIZE];
    if (!file_has_range(inspection, offset, sizeof bytes) ||
        !file_read_range(inspection, offset, bytes, sizeof bytes))
        return false;
    *block = (struct block){.offset = offset + sizeof bytes,
                            .size = (uint32_t)decode_number(inspection, bytes, 4),
                            .packed_size = (uint32_t)decode_number(inspection, bytes + 4, 4),
                            .method = bytes[8]};
    return block->size && block->packed_size && block->packed_size <= block->size &&
           file_has_range(inspection, block->offset, block->packed_size);
}

/* The first bytes of a block, decompressed; the caller's, or NULL. */
static unsigned char *unpack(struct elfcheck_inspection *inspection, const struct block *block,
                             size_t size)
{
    size_t in_size = block->packed_size < MAX_BYTES_READ ? block->packed_size : MAX_BYTES_READ;
    if (size > block->size || size > MAX_BYTES_MADE)
        return NULL;
    unsigned char *in = malloc(in_size), *out = calloc(1, size + 1);
    bool is_stored = block->packed_size == block->size;
    bool is_read = in && out && file_read_range(inspection, block->offset, in, in_size);
    if (!in || !out)
        fail_out_of_memory(inspection);
    if (is_read && is_stored)
        memcpy(out, in, size);
    else if (!is_read || !upx_decompress(block->method, in, in_size, out, size))
        free(out), out = NULL;
    free(in);
    return out;
}

/* ---- the magic ------------------------------------------------------------------------------- */

/* Whether l_info is there, with something behind it that may be a first block. */
static bool is_loader_info(struct elfcheck_inspection *inspection, uint64_t offset)
{
    unsigned char bytes[LOADER_INFO_SIZE];
    struct block block;
    return file_read_range(inspection, offset, bytes, sizeof bytes) && bytes[FORMAT_OFFSET] &&
           read_block(inspection, offset + LOADER_INFO_SIZE + PROGRAM_INFO_SIZE, &block) &&
           block.size > inspection->header_size && block.size <= MAX_HEADERS_SIZE;
}

/* Finds l_info: right behind the program headers whatever follows, or further on. */
static bool find_loader_info(struct elfcheck_inspection *inspection, uint64_t *offset)
{
    unsigned char bytes[MAX_GAP];
    uint64_t begin =
        inspection->header.e_phoff + inspection->segment_count * inspection->entry_size;
    uint64_t left = begin < inspection->size ? inspection->size - begin : 0;
    size_t size = left < sizeof bytes ? (size_t)left : sizeof bytes;
    if (inspection->segment_count == 0 || !file_read_range(inspection, begin, bytes, size))
        return false;
    for (size_t i = 0; i + LOADER_INFO_SIZE <= size && !inspection->failed; i += STEP) {
        *offset = begin + i;
        if (memcmp(bytes + i + MAGIC_OFFSET, MAGIC, MAGIC_SIZE) == 0 &&
            (i == 0 || is_loader_info(inspection, *offset)))
            return !inspection->failed;
    }
    return false;
}

/* ---- the original ---------------------------------------------------------------------------- */

/* Where the interpreter's path is among the bytes of the segments; false: in none of them. */
static bool place_in_segments(const Elf64_Phdr *segments, size_t count, uint64_t headers_size,
                              const Elf64_Phdr *interpreter, uint64_t *place)
{
    uint64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        const Elf64_Phdr *load = &segments[i];
        if (load->p_type != PT_LOAD)
            continue;
        uint64_t cut = before == 0 && load->p_offset < headers_size ? headers_size - load->p_offset
                                                                    : 0; /* is in the first block */
        uint64_t begin = load->p_offset + cut;
        uint64_t size = load->p_filesz > cut ? load->p_filesz - cut : 0;
        if (interpreter->p_offset >= begin && interpreter->p_offset - begin < size &&
            interpreter->p_filesz <= size - (interpreter->p_offset - begin)) {
            *place = before + (interpreter->p_offset - begin);
            return true;
        }
        if (__builtin_add_overflow(before, size, &before))
            return false;
    }
    return false;
}

/* Reads the path, which is `place` bytes into what the blocks after the first one hold. */
static void read_path(struct elfcheck_inspection *inspection, struct upx *upx,
                      const struct block *first, uint64_t place, size_t size)
{
    struct block block = *first;
    for (size_t i = 0; i < MAX_BLOCKS; i++) {
        if (!read_block(inspection, block.offset + block.packed_size, &block))
            return;
        if (place < block.size)
            break;
        place -= block.size;
    }
    if (place >= block.size || size > block.size - place)
        return;
    unsigned char *bytes = unpack(inspection, &block, (size_t)place + size);
    if (bytes && bytes[place] == '/' && bytes[place + size - 1] == 0)
        memcpy(upx->interpreter, bytes + place, size);
    free(bytes);
}

static void read_segments(struct elfcheck_inspection *inspection, struct upx *upx,
                          const struct block *first, const unsigned char *bytes)
{
    size_t count = upx->header.e_phnum;
    Elf64_Phdr *segments = reallocarray(NULL, count + 1, sizeof *segments), *interpreter = NULL;
    if (!segments) {
        fail_out_of_memory(inspection);
        return;
    }
    bool is_loaded = false;
    for (size_t i = 0; i < count; i++) {
        widen(inspection, &segment_shape, bytes + i * inspection->entry_size, &segments[i]);
        is_loaded |= segments[i].p_type == PT_LOAD;
        if (segments[i].p_type == PT_INTERP && !interpreter)
            interpreter = &segments[i];
    }
    upx->is_dynamic = interpreter;
    upx->is_program = is_loaded && (upx->header.e_type == ET_EXEC || upx->header.e_type == ET_DYN);
    uint64_t place;
    if (interpreter && interpreter->p_filesz >= MIN_INTERPRETER_SIZE &&
        interpreter->p_filesz <= MAX_INTERPRETER_SIZE &&
        place_in_segments(segments, count, first->size, interpreter, &place) &&
        place <= MAX_BYTES_MADE)
        read_path(inspection, upx, first, place, (size_t)interpreter->p_filesz);
    free(segments);
}

/* NULL, or why the headers cannot be read. */
static const char *read_headers(struct elfcheck_inspection *inspection, struct upx *upx)
{
    struct block first;
    if (!read_block(inspection, upx->offset + LOADER_INFO_SIZE + PROGRAM_INFO_SIZE, &first) ||
        first.size < inspection->header_size || first.size > MAX_HEADERS_SIZE)
        return "there is no block behind its magic";
    unsigned char *bytes = unpack(inspection, &first, first.size);
    if (!bytes)
        return "its first block is damaged, or compressed by another method than NRV2 and LZMA";
    const char *trouble = "its first block holds no ELF header";
    if (memcmp(bytes, ELFMAG, SELFMAG) == 0) {
        memcpy(upx->header.e_ident, bytes, EI_NIDENT);
        widen(inspection, &header_shape, bytes, &upx->header);
        trouble = "its first block does not hold the program headers";
        uint64_t size = upx->header.e_phnum * inspection->entry_size;
        if (upx->header.e_phentsize == inspection->entry_size &&
            upx->header.e_phoff <= first.size && size <= first.size - upx->header.e_phoff) {
            read_segments(inspection, upx, &first, bytes + upx->header.e_phoff);
            trouble = NULL;
        }
    }
    free(bytes);
    return trouble;
}

bool upx_read(struct elfcheck_inspection *inspection, struct upx *upx)
{
    *upx = (struct upx){0};
    if (!find_loader_info(inspection, &upx->offset))
        return false;
    upx->trouble = read_headers(inspection, upx);
    upx->offset += MAGIC_OFFSET;
    return !inspection->failed;
}
