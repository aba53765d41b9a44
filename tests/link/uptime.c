// Says for how many hundreds of days the machine has been up, as /proc says it.
#include "freestanding.h"

int run(int count, char **arguments)
{
    char text[64] = "";
    long file = system_call(SYS_open, (long)"/proc/uptime", 0, 0);
    (void)count, (void)arguments;
    if (file < 0 || system_call(SYS_read, file, (long)text, sizeof text - 1) <= 0) {
        return 1;
    }
    print("up ");
    print_number(number_of(text) / 8640000);
    print("00 days\n");
    return 0;
}
