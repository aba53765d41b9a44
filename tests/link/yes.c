// Prints y, or its second argument, as often as the first says.
#include "freestanding.h"

int run(int count, char **arguments)
{
    const char *text = count > 2 ? arguments[2] : "y";
    for (unsigned long left = count > 1 ? number_of(arguments[1]) : 3; left > 0; left--) {
        print(text);
        print("\n");
    }
    return 0;
}
