// Exits with 0.
#include "freestanding.h"

int run(int count, char **arguments)
{
    (void)count, (void)arguments;
    return 0;
}
