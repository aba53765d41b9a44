// Writes a message.
#include "freestanding.h"

int run(int count, char **arguments)
{
    (void)count, (void)arguments;
    print("Hello runc!\r\n");
    return 0;
}
