#include <stdio.h>

int main(void)
{
    char line[8] = "";
    FILE *pipe = popen("echo ok", "r");
    if (!pipe || !fgets(line, sizeof line, pipe))
        return 1;
    fputs(line, stdout);
    return 0;
}
