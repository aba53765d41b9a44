/* Where the bits of a gzip file go (RFC 1952, RFC 1951). zlib unpacks such a file, but does not
 * tell what each byte of it cost. */
#include "packer/inspect/bytes.h"

#include <string.h>

#define GZIP_MAGIC        0x8b1f
#define GZIP_DEFLATE      8
#define GZIP_FIXED_SIZE   10 /* of the header, before what the flags announce */
#define GZIP_TRAILER_SIZE 8
#define SYMBOL_END        256
#define SYMBOL_LENGTHS    257 /* the first that is a match's length */
#define LENGTH_SYMBOLS    29
#define DISTANCE_SYMBOLS  30
#define MAX_HLIT          286
#define WINDOW_SIZE       32768
#define REPEAT_PREVIOUS   16 /* the first symbol of the code lengths that is no length itself */

/* RFC 1952, 2.3.1: FLG. */
enum { FLAG_HCRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16 };

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

/* ---- bits ------------------------------------------------------------------------------------ */

static uint64_t bits_left(const struct deflate_reader *reader)
{
    return reader->stored.size * 8 - reader->bits;
}

/* The next bits, the first one lowest (RFC 1951, 3.1.1), at least 32; beyond the end they are 0. */
static int peek_bits(struct deflate_reader *reader, uint64_t *bits, struct error *error)
{
    uint64_t at = reader->bits / 8, left = reader->stored.size - at;
    uint64_t place = at - reader->chunk_start;
    unsigned char bytes[5] = {0};
    size_t size = left < sizeof bytes ? (size_t)left : sizeof bytes;
    if (at < reader->chunk_start || place > reader->chunk_size ||
        reader->chunk_size - place < size) {
        reader->chunk_size = left < sizeof reader->chunk ? (size_t)left : sizeof reader->chunk;
        if (extent_read(&reader->stored, at, reader->chunk, reader->chunk_size, error) < 0)
            return -1;
        reader->chunk_start = at;
        place = 0;
    }
    memcpy(bytes, reader->chunk + place, size);
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

/* At most 32. */
static int take_bits(struct deflate_reader *reader, unsigned count, unsigned *value,
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

/* ---- Huffman codes (RFC 1951, 3.2.2) --------------------------------------------------------- */

/* As many codes as the lengths leave room for. Too few are fine only where it is a single one of
 * one bit, or none: of literals alone, a block has no distances (3.2.7). */
static int make_code(struct deflate_reader *reader, const unsigned char *lengths, unsigned count,
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

/* Codes of one length follow one another, and begin where twice the shorter ones end. */
static int take_symbol(struct deflate_reader *reader, const struct deflate_code *code,
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

/* RFC 1951, 3.2.6. */
static int make_fixed_codes(struct deflate_reader *reader, struct error *error)
{
    unsigned char lengths[DEFLATE_LENGTH_SYMBOLS];
    for (unsigned i = 0; i < sizeof lengths; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    if (make_code(reader, lengths, sizeof lengths, false, &reader->lengths, error) < 0)
        return -1;
    memset(lengths, 5, 32);
    return make_code(reader, lengths, 32, false, &reader->distances, error);
}

/* The lengths of both codes, themselves compressed (RFC 1951, 3.2.7). */
static int take_lengths(struct deflate_reader *reader, const struct deflate_code *code,
                        unsigned char *lengths, unsigned count, struct error *error)
{
    static const struct {
        unsigned least, bits;
    } repeats[] = {{3, 2}, {3, 3}, {11, 7}};
    for (unsigned i = 0; i < count;) {
        unsigned symbol, extra;
        if (take_symbol(reader, code, &symbol, error) < 0)
            return -1;
        if (symbol < REPEAT_PREVIOUS) {
            lengths[i++] = (unsigned char)symbol;
            continue;
        }
        if (symbol == REPEAT_PREVIOUS && i == 0)
            return damaged(reader, "a code length that repeats none", error);
        unsigned char length = symbol == REPEAT_PREVIOUS ? lengths[i - 1] : 0;
        symbol -= REPEAT_PREVIOUS;
        if (take_bits(reader, repeats[symbol].bits, &extra, error) < 0)
            return -1;
        unsigned times = repeats[symbol].least + extra;
        if (times > count - i)
            return damaged(reader, "more code lengths than there are codes", error);
        memset(lengths + i, length, times);
        i += times;
    }
    return 0;
}

static int make_dynamic_codes(struct deflate_reader *reader, struct error *error)
{
    static const unsigned char order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                          11, 4,  12, 3, 13, 2, 14, 1, 15};
    unsigned char lengths[MAX_HLIT + DISTANCE_SYMBOLS] = {0}, meta[sizeof order] = {0};
    struct deflate_code code;
    unsigned literals, distances, metas, length;
    if (take_bits(reader, 5, &literals, error) < 0 || take_bits(reader, 5, &distances, error) < 0 ||
        take_bits(reader, 4, &metas, error) < 0)
        return -1;
    literals += SYMBOL_LENGTHS;
    distances += 1;
    if (literals > MAX_HLIT || distances > DISTANCE_SYMBOLS)
        return damaged(reader, "more codes than there are", error);
    for (unsigned i = 0; i < metas + 4; i++) {
        if (take_bits(reader, 3, &length, error) < 0)
            return -1;
        meta[order[i]] = (unsigned char)length;
    }
    if (make_code(reader, meta, sizeof meta, false, &code, error) < 0 ||
        take_lengths(reader, &code, lengths, literals + distances, error) < 0)
        return -1;
    if (!lengths[SYMBOL_END])
        return damaged(reader, "a block that has no end", error);
    return make_code(reader, lengths, literals, true, &reader->lengths, error) < 0
               ? -1
               : make_code(reader, lengths + literals, distances, true, &reader->distances, error);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static int skip_text(struct deflate_reader *reader, struct error *error)
{
    for (unsigned byte = 1; byte;)
        if (take_bits(reader, 8, &byte, error) < 0)
            return -1;
    return 0;
}

/* RFC 1952, 2.3. */
static int take_header(struct deflate_reader *reader, struct error *error)
{
    unsigned magic, method, flags, size;
    if (take_bits(reader, 16, &magic, error) < 0 || take_bits(reader, 8, &method, error) < 0 ||
        take_bits(reader, 8, &flags, error) < 0)
        return -1;
    if (magic != GZIP_MAGIC || method != GZIP_DEFLATE)
        return damaged(reader, "no gzip header", error);
    if (skip_bytes(reader, GZIP_FIXED_SIZE - 4, error) < 0)
        return -1;
    if (flags & FLAG_EXTRA &&
        (take_bits(reader, 16, &size, error) < 0 || skip_bytes(reader, size, error) < 0))
        return -1;
    if ((flags & FLAG_NAME && skip_text(reader, error) < 0) ||
        (flags & FLAG_COMMENT && skip_text(reader, error) < 0))
        return -1;
    reader->made = 0;
    return flags & FLAG_HCRC ? skip_bytes(reader, 2, error) : 0;
}

/* RFC 1951, 3.2.3 and 3.2.4. */
static int take_block_header(struct deflate_reader *reader, const char **kind, struct error *error)
{
    static const char *const kinds[] = {"stored", "fixed codes", "dynamic codes"};
    static const int states[] = {IN_STORED, IN_CODES, AT_TABLES};
    unsigned is_last, type, size, inverse;
    if (take_bits(reader, 1, &is_last, error) < 0 || take_bits(reader, 2, &type, error) < 0)
        return -1;
    if (type == 3)
        return damaged(reader, "a block of no known kind", error);
    reader->is_last = is_last;
    reader->state = states[type];
    *kind = kinds[type];
    if (states[type] == IN_CODES)
        return make_fixed_codes(reader, error);
    if (states[type] != IN_STORED)
        return 0;
    if (skip_to_byte(reader, error) < 0 || take_bits(reader, 16, &size, error) < 0 ||
        take_bits(reader, 16, &inverse, error) < 0)
        return -1;
    if (size != (inverse ^ 0xffff))
        return damaged(reader, "a stored block whose two lengths differ", error);
    reader->left = size;
    return 0;
}

static void end_block(struct deflate_reader *reader)
{
    reader->state = reader->is_last ? AT_ALIGNMENT : AT_BLOCK;
}

/* A literal, a match or the block's end (RFC 1951, 3.2.5). */
static int take_code(struct deflate_reader *reader, struct deflate_step *step, struct error *error)
{
    static const uint16_t lengths[LENGTH_SYMBOLS] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                     15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                     67, 83, 99, 115, 131, 163, 195, 227, 258};
    unsigned symbol, extra, distance;
    if (take_symbol(reader, &reader->lengths, &symbol, error) < 0)
        return -1;
    step->part = symbol == SYMBOL_END ? DEFLATE_BLOCK_END : DEFLATE_BYTES;
    step->bytes = symbol < SYMBOL_END;
    if (symbol == SYMBOL_END)
        end_block(reader);
    if (symbol <= SYMBOL_END)
        return 0;
    symbol -= SYMBOL_LENGTHS;
    if (symbol >= LENGTH_SYMBOLS)
        return damaged(reader, "a match of no known length", error);
    /* From 8 on each four symbols have one more extra bit; the last one has none. */
    unsigned bits = symbol < 8 || symbol == LENGTH_SYMBOLS - 1 ? 0 : symbol / 4 - 1;
    if (take_bits(reader, bits, &extra, error) < 0)
        return -1;
    step->bytes = lengths[symbol] + extra;
    if (take_symbol(reader, &reader->distances, &symbol, error) < 0)
        return -1;
    if (symbol >= DISTANCE_SYMBOLS)
        return damaged(reader, "a match of no known distance", error);
    /* The same from 4 on by two: 1 2 3 4 5-6 7-8 9-12 13-16 ... */
    bits = symbol < 4 ? 0 : symbol / 2 - 1;
    if (take_bits(reader, bits, &extra, error) < 0)
        return -1;
    distance = (symbol < 4 ? symbol : (2 + symbol % 2) << bits) + extra + 1;
    if (distance > reader->made || distance > WINDOW_SIZE)
        return damaged(reader, "a match before the beginning", error);
    return 0;
}

static int take_stored(struct deflate_reader *reader, struct deflate_step *step,
                       struct error *error)
{
    step->part = DEFLATE_BYTES;
    step->bytes = reader->left;
    reader->left = 0;
    return skip_bytes(reader, step->bytes, error);
}

/* One step, by what is due. */
static int take_step(struct deflate_reader *reader, struct deflate_step *step, struct error *error)
{
    switch ((enum state)reader->state) {
    case AT_MEMBER:
        step->part = DEFLATE_HEADER;
        reader->state = AT_BLOCK;
        return take_header(reader, error);
    case AT_BLOCK:
        step->part = DEFLATE_BLOCK_HEADER;
        return take_block_header(reader, &step->block, error);
    case AT_TABLES:
        step->part = DEFLATE_TABLES;
        reader->state = IN_CODES;
        return make_dynamic_codes(reader, error);
    case IN_STORED:
        return take_stored(reader, step, error);
    case IN_CODES:
        return take_code(reader, step, error);
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
    if (reader->state == IN_STORED && reader->left == 0)
        end_block(reader);
    if (reader->state == AT_MEMBER && bits_left(reader) == 0)
        return 0;
    uint64_t start = reader->bits;
    *step = (struct deflate_step){0};
    if (take_step(reader, step, error) < 0)
        return -1;
    step->bits = reader->bits - start;
    reader->made += step->bytes;
    return 1;
}
