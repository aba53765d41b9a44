#include "cli/check/check.h"

#include <stdio.h>
#include <unistd.h>

#define FIRST_AFTER 500 /* milliseconds */
#define THEN_EVERY  100

static void set_next(struct progress *progress, long milliseconds)
{
    clock_gettime(CLOCK_MONOTONIC, &progress->next);
    progress->next.tv_nsec += milliseconds * 1000000;
    progress->next.tv_sec += progress->next.tv_nsec / 1000000000;
    progress->next.tv_nsec %= 1000000000;
}

void progress_begin(struct progress *progress, bool is_wanted)
{
    *progress = (struct progress){.is_wanted = is_wanted && isatty(STDERR_FILENO)};
    set_next(progress, FIRST_AFTER);
}

bool progress_is_due(const struct progress *progress)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > progress->next.tv_sec ||
           (now.tv_sec == progress->next.tv_sec && now.tv_nsec >= progress->next.tv_nsec);
}

void progress_show(struct progress *progress, const char *text)
{
    set_next(progress, THEN_EVERY);
    if (!progress->is_wanted)
        return;
    fprintf(stderr, "\r%s\033[K", text);
    progress->is_shown = true;
}

void progress_erase(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
    progress->is_shown = false;
}
