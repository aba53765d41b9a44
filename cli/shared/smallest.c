/* --smallest[=SECONDS]: how long to search, and a line that shows how it goes. */
#include "cli/shared/smallest.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "cli/shared/message.h"

#define MAX_SECONDS 1000000
#define MAX_TRIES   1000000000

/* Shows the smallest size so far. Ends when time is up, and at an interrupt, which keeps that. */
static bool goes_on(void *context, uint64_t tries, uint64_t size)
{
    struct smallest_search *search = context;
    struct timespec now;
    char text[96];
    search->tries = tries;
    if (progress_is_due(&search->progress)) {
        snprintf(text, sizeof text, "about %llu bytes; %llu tried (Ctrl-C keeps that)",
                 (unsigned long long)size, (unsigned long long)tries);
        progress_show(&search->progress, text);
    }
    search->is_interrupted = interrupt_take(SIGINT);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return !search->is_interrupted &&
           (!search->seconds || now.tv_sec < search->end.tv_sec ||
            (now.tv_sec == search->end.tv_sec && now.tv_nsec < search->end.tv_nsec));
}

/* What remains takes a second, and is not worth an interrupt. */
static void ends(void *context)
{
    struct smallest_search *search = context;
    search->is_interrupted = interrupt_ignore(SIGINT) || search->is_interrupted;
    if (progress_is_due(&search->progress))
        progress_show(&search->progress, "compressing the smallest");
}

/* "10" is seconds, "500x" tries. */
static int read_effort(const char *text, struct smallest_search *search, struct error *error)
{
    char digits[16] = "";
    unsigned long long number;
    size_t length = strlen(text);
    bool is_tries = length && text[length - 1] == 'x';
    if (length - is_tries < sizeof digits)
        memcpy(digits, text, length - is_tries);
    if (!text_to_number(digits, is_tries ? MAX_TRIES : MAX_SECONDS, &number) || number == 0)
        return error_set(
            error,
            "--smallest='%s': write seconds from 1 to %d, or a number of images to try "
            "from 1x to %dx",
            text, MAX_SECONDS, MAX_TRIES);
    search->seconds = is_tries ? 0 : number;
    search->search.tries = is_tries ? number : UINT64_MAX;
    return 0;
}

int smallest_search_init(const struct cli_context *context, struct smallest_search *search,
                         const char *effort, struct error *error)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *search = (struct smallest_search){.search = {.threads = cores > 1 ? (size_t)cores : 1,
                                                  .goes_on = goes_on,
                                                  .ends = ends,
                                                  .context = search}};
    if (*effort && read_effort(effort, search, error) < 0)
        return -1;
    progress_begin(&search->progress, !context->quiet);
    clock_gettime(CLOCK_MONOTONIC, &search->end);
    search->end.tv_sec += (time_t)search->seconds;
    return 0;
}

void smallest_search_note(const struct cli_context *context, const struct smallest_search *search,
                          const char *output)
{
    unsigned long long tries = search->tries;
    if (tries && (search->seconds || search->is_interrupted))
        cli_note(context, "%s: %sthe smallest of %llu images; --smallest=%llux finds it again",
                 output, search->is_interrupted ? "interrupted: " : "", tries, tries);
}
