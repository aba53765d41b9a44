/* Without the zone's file it is silently UTC. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(void)
{
    time_t moment = 1700000000;
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    if (localtime(&moment)->tm_hour != 7)
        return fputs("not the time in Tokyo\n", stderr), 1;
    puts("ok");
    return 0;
}
