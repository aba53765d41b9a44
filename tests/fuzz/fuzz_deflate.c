/* Any bytes as a deflate stream: the walker takes what zlib takes, to the bit, and nothing else. */
#include <zlib.h>

#include "base/read.h"
#include "packer/inspect/deflate_bits.h"
#include "tests/unit/test_packer_read.h"

#define MAX_OUTPUT_SIZE (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Z_STREAM_END, or why not; how many bytes went in and came out. */
static int inflate_with_zlib(const uint8_t *data, size_t size, uint64_t *in, uint64_t *out)
{
    static unsigned char output[MAX_OUTPUT_SIZE];
    z_stream stream = {.next_in = (unsigned char *)data,
                       .avail_in = (uInt)size,
                       .next_out = output,
                       .avail_out = sizeof output};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        abort();
    int status = inflate(&stream, Z_FINISH);
    *in = stream.total_in;
    *out = stream.total_out;
    inflateEnd(&stream);
    return status == Z_BUF_ERROR && *out == MAX_OUTPUT_SIZE ? Z_MEM_ERROR : status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, trailer[8];
    static struct deflate_reader reader;
    uint64_t in, out, bits = 0, bytes = 0;
    int status = inflate_with_zlib(data, size, &in, &out);
    if (status == Z_MEM_ERROR)
        return 0;
    struct error error;
    struct deflate_step step;
    struct buffer file BUFFER_CLEANUP = {0};
    buffer_append(&file, header, sizeof header);
    buffer_append(&file, data, status == Z_STREAM_END ? in : size);
    /* Nor does the walker get past the end of what zlib finds too short. */
    if (status == Z_STREAM_END)
        buffer_append(&file, trailer, sizeof trailer);
    int fd FD_CLEANUP = builder_descriptor(file.data, file.size);
    deflate_reader_init(&reader, &(struct extent){fd, 0, file.size, "fuzz"});
    int got;
    while ((got = deflate_next(&reader, &step, &error)) > 0) {
        bits += step.bits;
        bytes += step.bytes;
        if ((step.part == DEFLATE_BYTES) != (step.bytes > 0))
            abort();
    }
    if ((got == 0) != (status == Z_STREAM_END))
        abort();
    if (got == 0 && (bits != file.size * 8 || bytes != out))
        abort();
    return 0;
}
