// Prints each line of standard input backwards.
#include "freestanding.h"

int run(int count, char **arguments)
{
    static char line[256], reversed[256];
    size_t size = 0;
    (void)count, (void)arguments;
    while (read_some(line + size, 1) == 1) {
        if (line[size] != '\n' && size + 1 < sizeof line) {
            size++;
            continue;
        }
        for (size_t i = 0; i < size; i++) {
            reversed[i] = line[size - 1 - i];
        }
        reversed[size] = '\n';
        print_bytes(reversed, size + 1);
        size = 0;
    }
    return 0;
}
