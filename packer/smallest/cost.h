/* What a candidate costs: the bits that zopfli makes of its image. */
#pragma once

#include "packer/smallest/candidate.h"

/* How the tar is divided into deflate blocks: text and program want different codes. */
enum block_division { ONE_BLOCK, PROGRAM_APART, PROGRAM_FIXED, BLOCK_DIVISIONS };

#define COST_UNKNOWN    UINT64_MAX       /* there was an interrupt */
#define COST_IMPOSSIBLE (UINT64_MAX - 1) /* there is no such image */

/* The candidate's size in bits, but for what cost_compress saves in the end and for gzip's frame.
 */
uint64_t cost_of(const struct search_space *space, const struct candidate *candidate,
                 enum block_division division);
/* The bytes of the file that costs so many bits. */
uint64_t cost_to_size(const struct search_space *space, uint64_t cost);
/* The division that costs least. What is best for one candidate is taken to be for all. */
enum block_division cost_choose_division(const struct search_space *space,
                                         const struct candidate *candidate);
/* How many bytes one candidate gives zopfli to compress; at least 1. */
uint64_t cost_input_size(const struct search_space *space, const struct candidate *candidate);

/* The rounds of zopfli for the image that is written, at least 1: fewer for larger images. */
unsigned cost_final_rounds(const struct search_space *space);
/* The gzip file of an image, compressed with as much effort as one image is worth. `out` is empty
 * before. */
int cost_compress(const struct search_space *space, const struct candidate_image *image,
                  struct buffer *out, struct error *error);
