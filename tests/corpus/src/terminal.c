#include <curses.h>
#include <stdio.h>
#include <term.h>

int main(void)
{
    int error = 0;
    if (setupterm("xterm", 1, &error) != OK)
        return fputs("no terminal xterm\n", stderr), 1;
    puts("ok");
    return 0;
}
