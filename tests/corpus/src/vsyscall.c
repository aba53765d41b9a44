/* Asks for the time at the fixed address that old programs know. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

int main(void)
{
    time_t (*get_time)(time_t *) = (time_t(*)(time_t *))(uintptr_t)0xffffffffff600400;
    return get_time(NULL) > 0 && puts("ok") >= 0 ? 0 : 1;
}
