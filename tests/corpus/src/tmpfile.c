#include <stdio.h>

int main(void)
{
    if (!tmpfile())
        return perror("tmpfile"), 1;
    puts("ok");
    return 0;
}
