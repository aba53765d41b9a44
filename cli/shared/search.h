/* The search for a layout, as seen on a terminal. */
#pragma once

#include <stdbool.h>

#include "asm/asm.h"
#include "cli/shared/command.h"
#include "cli/shared/progress.h"

struct layout_search {
    struct asm_search search; /* whose context is this */
    struct progress_line progress;
    bool is_interrupted; /* by Ctrl-C, which keeps what has been found */
};

void layout_search_init(const struct cli_context *context, struct layout_search *search);
/* To be called after the search, before anything is printed. */
void layout_search_end(struct layout_search *search);
