/* The line of progress: not before a run is long, and not too often. */
#include "cli/shared/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_AFTER_MS 500
#define THEN_EVERY_MS  100

static void set_next(struct progress_line *line, long milliseconds)
{
    clock_gettime(CLOCK_MONOTONIC, &line->next);
    line->next.tv_nsec += milliseconds * 1000000;
    line->next.tv_sec += line->next.tv_nsec / 1000000000;
    line->next.tv_nsec %= 1000000000;
}

void progress_begin(struct progress_line *line, bool is_wanted)
{
    *line = (struct progress_line){.is_wanted = is_wanted && isatty(STDERR_FILENO)};
    set_next(line, FIRST_AFTER_MS);
}

bool progress_is_due(const struct progress_line *line)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > line->next.tv_sec ||
           (now.tv_sec == line->next.tv_sec && now.tv_nsec >= line->next.tv_nsec);
}

void progress_show(struct progress_line *line, const char *text)
{
    set_next(line, THEN_EVERY_MS);
    if (!line->is_wanted)
        return;
    fprintf(stderr, "\r%s\033[K", text);
    line->is_shown = true;
}

void progress_erase(struct progress_line *line)
{
    if (line->is_shown)
        fputs("\r\033[K", stderr);
    line->is_shown = false;
}
