#include <netdb.h>
#include <stdio.h>

int main(void)
{
    if (!getservbyname("http", "tcp"))
        return fputs("no service http\n", stderr), 1;
    puts("ok");
    return 0;
}
