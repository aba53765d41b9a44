/* The search for the candidate whose image takes the fewest bytes. */
#pragma once

#include "packer/smallest/candidate.h"

/*
 * Improves the candidate, from which the search starts, as far as the settings allow; an interrupt
 * ends the search too. The same settings find the same candidate, with any number of threads. Where
 * memory runs out the candidate stays as it is.
 */
void search_improve(const struct search_space *space, const struct packer_search *settings,
                    struct candidate *candidate);
