// Encodes standard input, with a table in .rodata.
#include "freestanding.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t read_three(unsigned char *bytes)
{
    size_t size = 0;
    bytes[0] = bytes[1] = bytes[2] = 0;
    while (size < 3 && read_some(bytes + size, 1) == 1) {
        size++;
    }
    return size;
}

int run(int count, char **arguments)
{
    unsigned char in[3];
    size_t size;
    (void)count, (void)arguments;
    while ((size = read_three(in)) > 0) {
        char out[4] = {alphabet[in[0] >> 2], alphabet[(in[0] & 3) << 4 | in[1] >> 4],
                       alphabet[(in[1] & 15) << 2 | in[2] >> 6], alphabet[in[2] & 63]};
        if (size < 3) {
            out[3] = '=';
        }
        if (size < 2) {
            out[2] = '=';
        }
        print_bytes(out, sizeof out);
    }
    print("\n");
    return 0;
}
