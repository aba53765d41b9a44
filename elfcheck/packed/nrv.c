/*
 * NRV2 is LZ77 with a bit in front of each thing: 1 is a literal byte, 0 a match. A match has a
 * distance, whose high part is a number of bits in pairs (a bit of the number, a bit that says
 * whether it ends) and whose low part is a byte of the stream; the number 2 is the distance of the
 * match before. Then comes a length of the same kind of pairs, short ones as one or two bits, and
 * long distances add one to it. The three methods differ in how pairs are laid out and in where the
 * low bit of a length is: B has it in a bit, D and E in the lowest bit of the distance's byte.
 */
#include "elfcheck/packed/nrv.h"

#include <stdint.h>

#define FIRST_NUMBER  3 /* of a distance with a byte of its own */
#define MAX_NUMBER    (1u << 24)
#define END_MARK      UINT32_MAX
#define FAR_B         0xd00 /* from this distance on, a match is a byte longer */
#define FAR_DE        0x500
#define BITS_PER_BYTE 8
#define WORD_BITS     32 /* of the longest word */

struct stream {
    const unsigned char *in, *end;
    unsigned word_size;
    uint32_t word;
    unsigned bits_left;
    bool is_damaged; /* or over: everything is 1 then, which ends all loops */
};

static uint32_t next_byte(struct stream *stream)
{
    if (stream->in == stream->end) {
        stream->is_damaged = true;
        return 0;
    }
    return *stream->in++;
}

static uint32_t next_bit(struct stream *stream)
{
    if (stream->bits_left == 0) {
        stream->word = 0;
        for (unsigned i = 0; i < stream->word_size; i++)
            stream->word |= next_byte(stream) << i * BITS_PER_BYTE;
        stream->bits_left = stream->word_size * BITS_PER_BYTE;
    }
    stream->bits_left = (stream->bits_left - 1) % WORD_BITS;
    return stream->is_damaged ? 1 : stream->word >> stream->bits_left & 1;
}

/* Adds a bit to a number that grows no further than any real one. */
static uint32_t append_bit(struct stream *stream, uint32_t number)
{
    if (number >= MAX_NUMBER)
        stream->is_damaged = true;
    return (number & (MAX_NUMBER - 1)) * 2 + next_bit(stream);
}

/* The high part of a distance. */
static uint32_t read_number(struct stream *stream, enum nrv_method method)
{
    uint32_t number = append_bit(stream, 1);
    while (!next_bit(stream)) {
        if (method != NRV2B)
            number = append_bit(stream, number - 1);
        number = append_bit(stream, number);
    }
    return number;
}

/* A length of 2 and more, in pairs. */
static uint32_t read_long_length(struct stream *stream)
{
    uint32_t length = 1;
    do
        length = append_bit(stream, length);
    while (!next_bit(stream));
    return length;
}

/* What is added to the least length of a match, by the bit that came with the distance. */
static uint32_t read_length(struct stream *stream, enum nrv_method method, uint32_t first)
{
    if (method == NRV2E) {
        if (first)
            return 1 + next_bit(stream);
        return next_bit(stream) ? 3 + next_bit(stream) : read_long_length(stream) + 3;
    }
    uint32_t length = first * 2 + next_bit(stream);
    return length ? length : read_long_length(stream) + 2;
}

struct match {
    uint32_t distance; /* kept from match to match */
    uint32_t length;
};

/* False at the end of the stream. */
static bool read_match(struct stream *stream, enum nrv_method method, struct match *match)
{
    uint32_t number = read_number(stream, method), first = 0;
    if (number >= FIRST_NUMBER) {
        uint32_t distance = (number - FIRST_NUMBER) << BITS_PER_BYTE | next_byte(stream);
        if (distance == END_MARK || stream->is_damaged)
            return false;
        first = ~distance & 1;
        match->distance = (method == NRV2B ? distance : distance >> 1) + 1;
    } else if (method != NRV2B) {
        first = next_bit(stream);
    }
    if (method == NRV2B)
        first = next_bit(stream);
    match->length = 1 + read_length(stream, method, first) +
                    (match->distance > (method == NRV2B ? FAR_B : FAR_DE));
    return true;
}

bool nrv_decompress(struct nrv_format format, const unsigned char *in, size_t in_size,
                    unsigned char *out, size_t out_size, size_t *written)
{
    struct stream stream = {.in = in, .end = in + in_size, .word_size = format.word_size};
    struct match match = {.distance = 1};
    size_t size = 0;
    while (size < out_size && !stream.is_damaged) {
        if (next_bit(&stream)) {
            uint32_t byte = next_byte(&stream);
            if (!stream.is_damaged)
                out[size++] = (unsigned char)byte;
            continue;
        }
        if (!read_match(&stream, format.method, &match))
            break;
        stream.is_damaged |= match.distance > size;
        for (; match.length && size < out_size && !stream.is_damaged; match.length--, size++)
            out[size] = out[size - match.distance];
    }
    *written = size;
    return !stream.is_damaged;
}
