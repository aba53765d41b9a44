/* A program of several needs, those that NEEDS has as bits; its argument says which it has now. With
 * TABLE no instruction names what is called, but data does. */
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
#include <iostream>
#endif

static int user(void)
{
    return getpwnam("root") != NULL;
}

static int temporary(void)
{
    char name[] = "/tmp/corpus-XXXXXX";
    return mkstemp(name) >= 0;
}

#if NEEDS & 4
static int shell(void)
{
    return system("exit 0") == 0;
}
#endif

#if NEEDS & 8
static int group(void)
{
    return getgrgid(0) != NULL;
}
#endif

#if NEEDS & 16
static int zone(void)
{
    time_t moment = 1700000000;
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    return localtime(&moment)->tm_hour == 7;
}
#endif

#if NEEDS & 32
static int service(void)
{
    return getservbyname("http", "tcp") != NULL;
}
#endif

#if NEEDS & 64
static int program(void)
{
    execlp("true", "true", (char *)NULL);
    return 0;
}
#endif

#ifdef TABLE
static const struct {
    const char *name;
    int (*work)(void);
} works[] = {
#define WORK(name) {#name, name},
#else
static int work(const char *wanted)
{
#define WORK(name)                  \
    if (strcmp(wanted, #name) == 0) \
        return name();
#endif
    WORK(user)
    WORK(temporary)
#if NEEDS & 4
    WORK(shell)
#endif
#if NEEDS & 8
    WORK(group)
#endif
#if NEEDS & 16
    WORK(zone)
#endif
#if NEEDS & 32
    WORK(service)
#endif
#if NEEDS & 64
    WORK(program)
#endif
#ifdef TABLE
};

static int work(const char *wanted)
{
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (strcmp(works[i].name, wanted) == 0)
            return works[i].work();
    return 0;
}
#else
    return 0;
}
#endif

int main(int argc, char **argv)
{
    (void)argc;
    if (!work(argv[1]))
        return fprintf(stderr, "no %s\n", argv[1]), 1;
#ifdef __cplusplus
    std::cout << "ok\n";
#else
    puts("ok");
#endif
    return 0;
}
