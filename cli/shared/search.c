/* A line that shows how the search for a layout goes, and Ctrl-C, which ends it. */
#include "cli/shared/search.h"

#include <signal.h>

#include "base/buffer.h"
#include "base/interrupt.h"
#include "base/text.h"

static void show(struct layout_search *search, uint64_t steps, size_t size, size_t smallest)
{
    struct buffer text BUFFER_CLEANUP = {0};
    if (smallest)
        buffer_printf(&text, "%zu bytes so far, trying %zu; ", smallest, size);
    else
        buffer_printf(&text, "trying %zu bytes; ", size);
    text_append_number(&text, steps);
    buffer_printf(&text, " steps (Ctrl-C %s)", smallest ? "keeps that" : "ends the search");
    progress_show(&search->progress, buffer_text(&text));
}

static bool goes_on(void *context, uint64_t steps, size_t size, size_t smallest)
{
    struct layout_search *search = context;
    if (progress_is_due(&search->progress))
        show(search, steps, size, smallest);
    search->is_interrupted = search->is_interrupted || interrupt_take(SIGINT);
    return !search->is_interrupted;
}

void layout_search_init(const struct cli_context *context, struct layout_search *search)
{
    *search = (struct layout_search){.search = {.goes_on = goes_on, .context = search}};
    /* What -v prints would get into the line. */
    progress_begin(&search->progress, !context->quiet && !context->verbose);
}

void layout_search_end(struct layout_search *search)
{
    progress_erase(&search->progress);
}
