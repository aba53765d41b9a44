#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char name[] = "/tmp/corpus-XXXXXX";
    if (mkstemp(name) < 0)
        return perror(name), 1;
    puts("ok");
    return 0;
}
