/* resolve HOST SERVICE */
#include <netdb.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    struct addrinfo wanted = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    int error = count == 3 ? getaddrinfo(arguments[1], arguments[2], &wanted, &found) : 0;
    if (error)
        return fprintf(stderr, "%s\n", gai_strerror(error)), 1;
    puts("ok");
    return 0;
}
