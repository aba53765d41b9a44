// Prints the prime factors of its argument.
#include "freestanding.h"

int run(int count, char **arguments)
{
    unsigned long number = count > 1 ? number_of(arguments[1]) : 0;
    if (number == 0) {
        return 2;
    }
    print_number(number);
    print(":");
    for (unsigned long factor = 2; number > 1;
         factor = factor * factor > number ? number : factor + 1) {
        for (; number % factor == 0; number /= factor) {
            print(" ");
            print_number(factor);
        }
    }
    print("\n");
    return 0;
}
