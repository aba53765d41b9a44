// Exits with 1.
#include "freestanding.h"

int run(int count, char **arguments)
{
    (void)count, (void)arguments;
    return 1;
}
