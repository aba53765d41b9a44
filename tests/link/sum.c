// Adds the numbers of standard input, one a line.
#include "freestanding.h"

int run(int count, char **arguments)
{
    unsigned long total = 0, number = 0;
    char byte = 0;
    (void)count, (void)arguments;
    while (read_some(&byte, 1) == 1) {
        if (byte >= '0' && byte <= '9') {
            number = number * 10 + (unsigned long)(byte - '0');
        } else {
            total += number;
            number = 0;
        }
    }
    print_number(total + number);
    print("\n");
    return 0;
}
