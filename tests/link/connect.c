// Says whether anything listens on a TCP port of this machine.
#include "freestanding.h"

int run(int count, char **arguments)
{
    unsigned long port = count > 1 ? number_of(arguments[1]) : 0;
    unsigned char address[16] = {2, 0, (unsigned char)(port >> 8), (unsigned char)port, 127, 0,
                                 0, 1};
    long socket = system_call(SYS_socket, 2, 1, 0);
    if (system_call(SYS_connect, socket, (long)address, sizeof address) == 0) {
        print("open\n");
        return 0;
    }
    print("closed\n");
    return 1;
}
