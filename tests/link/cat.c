// Copies standard input; its buffer is in .bss.
#include "freestanding.h"

static char buffer[65536];

int run(int count, char **arguments)
{
    long size;
    (void)count, (void)arguments;
    while ((size = read_some(buffer, sizeof buffer)) > 0) {
        print_bytes(buffer, (size_t)size);
    }
    return size < 0;
}
