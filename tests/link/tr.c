// Replaces each byte of its first argument by that of its second, by a table in .data.
#include "freestanding.h"

static unsigned char table[256] = {1}; // so that it is no .bss

int run(int count, char **arguments)
{
    unsigned char byte = 0;
    for (int i = 0; i < 256; i++) {
        table[i] = (unsigned char)i;
    }
    for (int i = 0; count > 2 && arguments[1][i] != '\0' && arguments[2][i] != '\0'; i++) {
        table[(unsigned char)arguments[1][i]] = (unsigned char)arguments[2][i];
    }
    while (read_some(&byte, 1) == 1) {
        print_bytes(&table[byte], 1);
    }
    return 0;
}
