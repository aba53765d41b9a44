// Sleeps for as many milliseconds as its argument says.
#include "freestanding.h"

int run(int count, char **arguments)
{
    unsigned long milliseconds = count > 1 ? number_of(arguments[1]) : 0;
    long time[2] = {(long)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    return system_call(SYS_nanosleep, (long)time, 0, 0) != 0;
}
