#include <stdlib.h>

int main(void)
{
    return system("echo ok") == 0 ? 0 : 1;
}
