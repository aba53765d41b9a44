/* locale NAME */
#include <locale.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    if (count < 2 || !setlocale(LC_ALL, arguments[1]))
        return fputs("no such locale\n", stderr), 1;
    puts("ok");
    return 0;
}
