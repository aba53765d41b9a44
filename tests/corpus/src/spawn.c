#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

int main(void)
{
    char *arguments[] = {"true", NULL}, *environment[] = {NULL};
    pid_t child;
    int status;
    int error = posix_spawnp(&child, "true", NULL, NULL, arguments, environment);
    if (error)
        return fprintf(stderr, "true: %s\n", strerror(error)), 1;
    return waitpid(child, &status, 0) == child ? status : 1;
}
