/* A nested function's address needs an executable stack. */
#include <stdio.h>

static int apply(int (*function)(int))
{
    return function(1);
}

int main(int count, char **arguments)
{
    (void)arguments;
    int add(int number)
    {
        return number + count;
    }
    return apply(add) == count + 1 && puts("ok") >= 0 ? 0 : 1;
}
