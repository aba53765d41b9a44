/*
 * Where the bits of a gzip file go (RFC 1952, of one or more members; RFC 1951, deflate). zlib
 * unpacks such a file, but does not tell what each byte of it cost; here nothing is unpacked, and
 * each code is measured. Section numbers without a name are those of RFC 1951.
 */
#include "packer/inspect/deflate_bits.h"

#include <string.h>

#define GZIP_MAGIC        0x8b1f
#define GZIP_DEFLATE      8
#define GZIP_FIXED_SIZE   10 /* of the header, before the fields that the flags announce */
#define GZIP_TRAILER_SIZE 8

#define SYMBOL_END       256 /* 3.2.5: literals are below it, lengths of matches above */
#define FIRST_LENGTH     257
#define LENGTH_SYMBOLS   29
#define DISTANCE_SYMBOLS 30
#define MAX_HLIT         286
#define REPEAT_PREVIOUS  16 /* 3.2.7: the first symbol of the code length code that is no length */
#define WINDOW_SIZE      32768

/* RFC 1952, 2.3.1: FLG. */
enum { FLAG_HCRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16 };

/* What comes next. */
enum state { AT_MEMBER, AT_BLOCK, AT_TABLES, IN_STORED, IN_CODES, AT_ALIGNMENT, AT_TRAILER };

void deflate_reader_init(struct deflate_reader *reader, const struct extent *stored)
{
    *reader = (struct deflate_reader){.stored = *stored};
}

static int damaged(const struct deflate_reader *reader, const char *what, struct error *error)
{
    return error_set(error, "%s: its gzip data is damaged near offset %llu: %s",
                     reader->stored.name, (unsigned long long)(reader->bits / 8), what);
}

/* ---- bits (3.1.1) ---------------------------------------------------------------------------- */

static uint64_t bits_left(const struct deflate_reader *reader)
{
    return reader->stored.size * 8 - reader->bits;
}

/* The next bits, at least 32, the first one lowest; beyond the end they are 0. */
static int peek_bits(struct deflate_reader *reader, uint64_t *bits, struct error *error)
{
    const uint64_t offset = reader->bits / 8, left = reader->stored.size - offset;
    uint64_t in_chunk = offset - reader->chunk_start;
    unsigned char bytes[5] = {0};
    size_t size = left < sizeof bytes ? (size_t)left : sizeof bytes;
    if (offset < reader->chunk_start || in_chunk > reader->chunk_size ||
        reader->chunk_size - in_chunk < size) {
        reader->chunk_size = left < sizeof reader->chunk ? (size_t)left : sizeof reader->chunk;
        if (extent_read(&reader->stored, offset, reader->chunk, reader->chunk_size, error) < 0)
            return -1;
        reader->chunk_start = offset;
        in_chunk = 0;
    }
    memcpy(bytes, reader->chunk + in_chunk, size);
    *bits = 0;
    for (size_t i = sizeof bytes; i-- > 0;)
        *bits = *bits << 8 | bytes[i];
    *bits >>= reader->bits % 8;
    return 0;
}

static int skip_bits(struct deflate_reader *reader, uint64_t count, struct error *error)
{
    if (count > bits_left(reader))
        return damaged(reader, "it was cut short", error);
    reader->bits += count;
    return 0;
}

static int skip_bytes(struct deflate_reader *reader, uint64_t count, struct error *error)
{
    return count > bits_left(reader) / 8 ? damaged(reader, "it was cut short", error)
                                         : skip_bits(reader, count * 8, error);
}

/* The next `count` bits as a number, at most 32 of them. */
static int read_bits(struct deflate_reader *reader, unsigned count, unsigned *value,
                     struct error *error)
{
    uint64_t bits;
    if (peek_bits(reader, &bits, error) < 0 || skip_bits(reader, count, error) < 0)
        return -1;
    *value = (unsigned)(bits & ((UINT64_C(1) << count) - 1));
    return 0;
}

static int skip_to_byte(struct deflate_reader *reader, struct error *error)
{
    return skip_bits(reader, -reader->bits % 8, error);
}

/* ---- Huffman codes (3.2.2) ------------------------------------------------------------------- */

/* Assigns codes to symbols by their lengths, which must neither oversubscribe the code space nor
 * leave some of it unused. Incomplete may only be a code of a single symbol, with one bit, or of
 * none: a block of literals alone has no distances (3.2.7). */
static int build_code(struct deflate_reader *reader, const unsigned char *lengths, unsigned count,
                      bool may_be_single, struct deflate_code *code, struct error *error)
{
    uint16_t next[DEFLATE_MAX_CODE_LENGTH + 1] = {0};
    int room = 1;
    unsigned longest = 0;
    memset(code, 0, sizeof *code);
    for (unsigned i = 0; i < count; i++)
        code->counts[lengths[i]]++;
    code->counts[0] = 0;
    for (unsigned i = 1; i <= DEFLATE_MAX_CODE_LENGTH; i++) {
        room = 2 * room - code->counts[i];
        if (room < 0)
            return damaged(reader, "more codes than their lengths leave room for", error);
        if (code->counts[i])
            longest = i;
        next[i] = (uint16_t)(next[i - 1] + code->counts[i - 1]);
    }
    if (room > 0 && !(may_be_single && longest <= 1))
        return damaged(reader, "fewer codes than their lengths leave room for", error);
    for (unsigned i = 0; i < count; i++)
        if (lengths[i])
            code->symbols[next[lengths[i]]++] = (uint16_t)i;
    return 0;
}

/* Codes of one length are consecutive numbers, and begin at twice the number after the last shorter
 * one. */
static int read_symbol(struct deflate_reader *reader, const struct deflate_code *code,
                       unsigned *symbol, struct error *error)
{
    uint64_t bits;
    unsigned value = 0, first = 0, before = 0;
    if (peek_bits(reader, &bits, error) < 0)
        return -1;
    for (unsigned length = 1; length <= DEFLATE_MAX_CODE_LENGTH; length++, bits >>= 1) {
        value |= bits & 1;
        if (value - first < code->counts[length]) {
            *symbol = code->symbols[before + value - first];
            return skip_bits(reader, length, error);
        }
        before += code->counts[length];
        first = (first + code->counts[length]) << 1;
        value <<= 1;
    }
    return damaged(reader, "bits that are no code", error);
}

/* 3.2.6: compression with fixed Huffman codes. */
static int build_fixed_codes(struct deflate_reader *reader, struct error *error)
{
    unsigned char lengths[DEFLATE_LENGTH_SYMBOLS];
    for (unsigned i = 0; i < sizeof lengths; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    if (build_code(reader, lengths, sizeof lengths, false, &reader->lengths, error) < 0)
        return -1;
    memset(lengths, 5, 32);
    return build_code(reader, lengths, 32, false, &reader->distances, error);
}

/* 3.2.7: the lengths of both codes, which are themselves compressed by the code length code. */
static int read_lengths(struct deflate_reader *reader, const struct deflate_code *code,
                        unsigned char *lengths, unsigned count, struct error *error)
{
    static const struct {
        unsigned minimum, extra_bits;
    } repeats[] = {{3, 2}, {3, 3}, {11, 7}};
    for (unsigned i = 0; i < count;) {
        unsigned symbol, extra;
        if (read_symbol(reader, code, &symbol, error) < 0)
            return -1;
        if (symbol < REPEAT_PREVIOUS) {
            lengths[i++] = (unsigned char)symbol;
            continue;
        }
        if (symbol == REPEAT_PREVIOUS && i == 0)
            return damaged(reader, "a code length that repeats none", error);
        unsigned char length = symbol == REPEAT_PREVIOUS ? lengths[i - 1] : 0;
        symbol -= REPEAT_PREVIOUS;
        if (read_bits(reader, repeats[symbol].extra_bits, &extra, error) < 0)
            return -1;
        unsigned times = repeats[symbol].minimum + extra;
        if (times > count - i)
            return damaged(reader, "more code lengths than there are codes", error);
        memset(lengths + i, length, times);
        i += times;
    }
    return 0;
}

/* 3.2.7: the code length code, of `count` lengths. */
static int read_length_code(struct deflate_reader *reader, unsigned count,
                            struct deflate_code *code, struct error *error)
{
    static const unsigned char order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                          11, 4,  12, 3, 13, 2, 14, 1, 15};
    unsigned char lengths[sizeof order] = {0};
    for (unsigned i = 0; i < count; i++) {
        unsigned length;
        if (read_bits(reader, 3, &length, error) < 0)
            return -1;
        lengths[order[i]] = (unsigned char)length;
    }
    return build_code(reader, lengths, sizeof order, false, code, error);
}

/* 3.2.7: compression with dynamic Huffman codes, named as there. */
static int read_dynamic_codes(struct deflate_reader *reader, struct error *error)
{
    unsigned char lengths[MAX_HLIT + DISTANCE_SYMBOLS] = {0};
    struct deflate_code code;
    unsigned hlit, hdist, hclen;
    if (read_bits(reader, 5, &hlit, error) < 0 || read_bits(reader, 5, &hdist, error) < 0 ||
        read_bits(reader, 4, &hclen, error) < 0)
        return -1;
    hlit += FIRST_LENGTH;
    hdist += 1;
    hclen += 4;
    if (hlit > MAX_HLIT || hdist > DISTANCE_SYMBOLS)
        return damaged(reader, "more codes than there are", error);
    if (read_length_code(reader, hclen, &code, error) < 0 ||
        read_lengths(reader, &code, lengths, hlit + hdist, error) < 0)
        return -1;
    if (!lengths[SYMBOL_END])
        return damaged(reader, "a block that has no end", error);
    if (build_code(reader, lengths, hlit, true, &reader->lengths, error) < 0)
        return -1;
    return build_code(reader, lengths + hlit, hdist, true, &reader->distances, error);
}

/* ---- the parts of a gzip file ---------------------------------------------------------------- */

/* A text of the header, up to its NUL. */
static int skip_text(struct deflate_reader *reader, struct error *error)
{
    for (unsigned byte = 1; byte;)
        if (read_bits(reader, 8, &byte, error) < 0)
            return -1;
    return 0;
}

/* RFC 1952, 2.3: member header. */
static int read_member_header(struct deflate_reader *reader, struct error *error)
{
    unsigned magic, method, flags, size;
    if (read_bits(reader, 16, &magic, error) < 0 || read_bits(reader, 8, &method, error) < 0 ||
        read_bits(reader, 8, &flags, error) < 0)
        return -1;
    if (magic != GZIP_MAGIC || method != GZIP_DEFLATE)
        return damaged(reader, "no gzip header", error);
    if (skip_bytes(reader, GZIP_FIXED_SIZE - 4, error) < 0)
        return -1;
    if (flags & FLAG_EXTRA &&
        (read_bits(reader, 16, &size, error) < 0 || skip_bytes(reader, size, error) < 0))
        return -1;
    if ((flags & FLAG_NAME && skip_text(reader, error) < 0) ||
        (flags & FLAG_COMMENT && skip_text(reader, error) < 0))
        return -1;
    reader->unpacked = 0;
    return flags & FLAG_HCRC ? skip_bytes(reader, 2, error) : 0;
}

/* 3.2.3, and of stored blocks 3.2.4. */
static int read_block_header(struct deflate_reader *reader, const char **kind, struct error *error)
{
    static const char *const kinds[] = {"stored", "fixed codes", "dynamic codes"};
    static const int states[] = {IN_STORED, IN_CODES, AT_TABLES};
    unsigned is_last, type, size, inverse;
    if (read_bits(reader, 1, &is_last, error) < 0 || read_bits(reader, 2, &type, error) < 0)
        return -1;
    if (type == 3)
        return damaged(reader, "a block of no known kind", error);
    reader->is_last = is_last;
    reader->state = states[type];
    *kind = kinds[type];
    if (states[type] == IN_CODES)
        return build_fixed_codes(reader, error);
    if (states[type] != IN_STORED)
        return 0;
    if (skip_to_byte(reader, error) < 0 || read_bits(reader, 16, &size, error) < 0 ||
        read_bits(reader, 16, &inverse, error) < 0)
        return -1;
    if (size != (inverse ^ 0xffff))
        return damaged(reader, "a stored block whose two lengths differ", error);
    reader->stored_size = size;
    return 0;
}

static void end_block(struct deflate_reader *reader)
{
    reader->state = reader->is_last ? AT_ALIGNMENT : AT_BLOCK;
}

/* 3.2.5: the length of a match, by the symbol of the literal and length code. */
static int read_length(struct deflate_reader *reader, unsigned symbol, uint64_t *length,
                       struct error *error)
{
    static const uint16_t minimum[LENGTH_SYMBOLS] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                     15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                     67, 83, 99, 115, 131, 163, 195, 227, 258};
    unsigned extra;
    symbol -= FIRST_LENGTH;
    if (symbol >= LENGTH_SYMBOLS)
        return damaged(reader, "a match of no known length", error);
    /* From 8 on each four symbols have one more extra bit; the last one has none. */
    const unsigned bits = symbol < 8 || symbol == LENGTH_SYMBOLS - 1 ? 0 : symbol / 4 - 1;
    if (read_bits(reader, bits, &extra, error) < 0)
        return -1;
    *length = minimum[symbol] + extra;
    return 0;
}

/* 3.2.5: the distance of a match, which has to begin within the window. */
static int skip_distance(struct deflate_reader *reader, struct error *error)
{
    unsigned symbol, extra;
    if (read_symbol(reader, &reader->distances, &symbol, error) < 0)
        return -1;
    if (symbol >= DISTANCE_SYMBOLS)
        return damaged(reader, "a match of no known distance", error);
    /* From 4 on each two symbols have one more extra bit: 1 2 3 4 5-6 7-8 9-12 13-16 ... */
    const unsigned bits = symbol < 4 ? 0 : symbol / 2 - 1;
    if (read_bits(reader, bits, &extra, error) < 0)
        return -1;
    const unsigned distance = (symbol < 4 ? symbol : (2 + symbol % 2) << bits) + extra + 1;
    if (distance > reader->unpacked || distance > WINDOW_SIZE)
        return damaged(reader, "a match before the beginning", error);
    return 0;
}

/* 3.2.5: a literal, a match or the end of the block. */
static int read_code(struct deflate_reader *reader, struct deflate_step *step, struct error *error)
{
    unsigned symbol;
    if (read_symbol(reader, &reader->lengths, &symbol, error) < 0)
        return -1;
    if (symbol == SYMBOL_END) {
        step->part = DEFLATE_BLOCK_END;
        end_block(reader);
        return 0;
    }
    step->part = DEFLATE_BYTES;
    step->bytes = 1;
    if (symbol < SYMBOL_END)
        return 0;
    if (read_length(reader, symbol, &step->bytes, error) < 0)
        return -1;
    return skip_distance(reader, error);
}

static int read_stored(struct deflate_reader *reader, struct deflate_step *step,
                       struct error *error)
{
    step->part = DEFLATE_BYTES;
    step->bytes = reader->stored_size;
    reader->stored_size = 0;
    return skip_bytes(reader, step->bytes, error);
}

/* Reads the part that comes next. */
static int read_step(struct deflate_reader *reader, struct deflate_step *step, struct error *error)
{
    switch ((enum state)reader->state) {
    case AT_MEMBER:
        step->part = DEFLATE_HEADER;
        reader->state = AT_BLOCK;
        return read_member_header(reader, error);
    case AT_BLOCK:
        step->part = DEFLATE_BLOCK_HEADER;
        return read_block_header(reader, &step->block, error);
    case AT_TABLES:
        step->part = DEFLATE_TABLES;
        reader->state = IN_CODES;
        return read_dynamic_codes(reader, error);
    case IN_STORED:
        return read_stored(reader, step, error);
    case IN_CODES:
        return read_code(reader, step, error);
    case AT_ALIGNMENT:
        step->part = DEFLATE_ALIGNMENT;
        reader->state = AT_TRAILER;
        return skip_to_byte(reader, error);
    case AT_TRAILER:
        break;
    }
    step->part = DEFLATE_TRAILER;
    reader->state = AT_MEMBER;
    return skip_bytes(reader, GZIP_TRAILER_SIZE, error);
}

int deflate_next(struct deflate_reader *reader, struct deflate_step *step, struct error *error)
{
    if (reader->state == IN_STORED && reader->stored_size == 0)
        end_block(reader);
    if (reader->state == AT_MEMBER && bits_left(reader) == 0)
        return 0;
    uint64_t start = reader->bits;
    *step = (struct deflate_step){0};
    if (read_step(reader, step, error) < 0)
        return -1;
    step->bits = reader->bits - start;
    reader->unpacked += step->bytes;
    return 1;
}
