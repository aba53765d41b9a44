/* --smallest: the limits of its search, and a line that shows how it goes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "cli/shared/command.h"
#include "cli/shared/progress.h"
#include "packer/packer.h"

struct smallest_search {
    struct packer_search search; /* whose context is this */
    struct progress_line progress;
    unsigned long long seconds; /* 0: not given */
    struct timespec end;        /* of them */
    uint64_t tries;
    bool is_interrupted;
};

/* `effort` is the value of --smallest: "", "SECONDS" or "TRIESx". */
int smallest_search_init(const struct cli_context *context, struct smallest_search *search,
                         const char *effort, struct error *error);
/* Prints how to repeat the search, where it ended by time or an interrupt. */
void smallest_search_note(const struct cli_context *context, const struct smallest_search *search,
                          const char *output);
