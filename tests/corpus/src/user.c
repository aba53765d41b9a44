#include <pwd.h>
#include <stdio.h>

int main(void)
{
    if (!getpwnam("root"))
        return fputs("no user root\n", stderr), 1;
    puts("ok");
    return 0;
}
