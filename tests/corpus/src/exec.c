#include <stdio.h>
#include <unistd.h>

int main(void)
{
    execlp("true", "true", (char *)NULL);
    perror("true");
    return 1;
}
