/*
 * The example server of the README. It answers every request with the user that it runs as and the
 * number of CA certificates that it finds, so that one response shows what whit pack was told.
 *
 *   gcc -static -o server docs/server.c && ./server 8080
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int count_certificates(void)
{
    FILE *file = fopen("/etc/ssl/certs/ca-certificates.crt", "r");
    char line[256];
    int count = 0;

    while (file && fgets(line, sizeof(line), file))
        count += strstr(line, "BEGIN CERTIFICATE") != NULL;
    if (file)
        fclose(file);
    return count;
}

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 80;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int server = socket(AF_INET, SOCK_STREAM, 0);

    if (server < 0 || bind(server, (struct sockaddr *)&any, sizeof(any)) || listen(server, 16)) {
        perror("server");
        return 1;
    }
    for (;;) {
        char request[4096];
        int client = accept(server, NULL, NULL);

        if (client >= 0 && read(client, request, sizeof(request)) > 0)
            dprintf(client, "HTTP/1.0 200 OK\r\n\r\nuser %d, %d CA certificates\n", (int)getuid(),
                    count_certificates());
        close(client);
    }
}
