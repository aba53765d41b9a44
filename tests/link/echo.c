// Prints its arguments.
#include "freestanding.h"

int run(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        print(arguments[i]);
        print(i + 1 < count ? " " : "");
    }
    print("\n");
    return 0;
}
