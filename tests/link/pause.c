// Waits for a signal.
#include "freestanding.h"

int run(int count, char **arguments)
{
    (void)count, (void)arguments;
    system_call(SYS_pause, 0, 0, 0);
    return 0;
}
