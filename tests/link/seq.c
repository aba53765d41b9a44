// Counts from its first argument to its second.
#include "freestanding.h"

int run(int count, char **arguments)
{
    if (count < 3) {
        print("seq FIRST LAST\n");
        return 2;
    }
    for (unsigned long n = number_of(arguments[1]); n <= number_of(arguments[2]); n++) {
        print_number(n);
        print("\n");
    }
    return 0;
}
