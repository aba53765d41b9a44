#include <dlfcn.h>
#include <stdio.h>

int main(void)
{
    if (!dlopen("libm.so.6", RTLD_NOW))
        return fprintf(stderr, "%s\n", dlerror()), 1;
    puts("ok");
    return 0;
}
