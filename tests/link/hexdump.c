// Prints standard input as hexadecimal numbers, 16 bytes a line.
#include "freestanding.h"

int run(int count, char **arguments)
{
    unsigned char byte = 0;
    unsigned long offset = 0;
    (void)count, (void)arguments;
    for (; read_some(&byte, 1) == 1; offset++) {
        char text[3] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15], ' '};
        if (offset % 16 == 15) {
            text[2] = '\n';
        }
        print_bytes(text, sizeof text);
    }
    print(offset % 16 == 0 ? "" : "\n");
    return 0;
}
