#include <execinfo.h>
#include <stdio.h>

int main(void)
{
    void *frames[8];
    return backtrace(frames, 8) > 0 && puts("ok") >= 0 ? 0 : 1;
}
