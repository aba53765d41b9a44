// Prints the first lines of standard input, 3 if no argument says how many.
#include "freestanding.h"

int run(int count, char **arguments)
{
    unsigned long left = count > 1 ? number_of(arguments[1]) : 3;
    char byte = 0;
    while (left > 0 && read_some(&byte, 1) == 1) {
        print_bytes(&byte, 1);
        left -= byte == '\n';
    }
    return 0;
}
