// Prints the environment.
#include "freestanding.h"

int run(int count, char **arguments)
{
    for (char **variable = arguments + count + 1; *variable != NULL; variable++) {
        print(*variable);
        print("\n");
    }
    return 0;
}
