/* iconv CHARSET */
#include <iconv.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    if (count < 2 || iconv_open("UTF-8", arguments[1]) == (iconv_t)-1)
        return perror("iconv_open"), 1;
    puts("ok");
    return 0;
}
