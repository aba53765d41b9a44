#include <stdio.h>

int main(void)
{
    if (!fopen("/dev/urandom", "rb"))
        return perror("/dev/urandom"), 1;
    puts("ok");
    return 0;
}
