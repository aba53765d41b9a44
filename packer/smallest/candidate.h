/* From a candidate to its image. */
#pragma once

#include "packer/image/image.h"
#include "packer/smallest/choices.h"

#define CANDIDATE_FILES 6

/* A file of the archive, or of the layout's directory. */
struct candidate_file {
    char name[sizeof OCI_BLOBS + SHA256_HEX_SIZE];
    struct buffer content;
};

/* The image of a candidate; zero-initialised before it is built. */
struct candidate_image {
    struct candidate_file files[CANDIDATE_FILES]; /* in their order */
    size_t count;
    struct buffer tar;
    size_t program_offset; /* in the tar, where it ends with the program; 0: it does not */
};
void candidate_image_free(struct candidate_image *image);
#define CANDIDATE_IMAGE_CLEANUP __attribute__((cleanup(candidate_image_free)))

/* Builds the image. A layer that is compressed by itself gets that many rounds of zopfli, at least
 * 1. -1 where memory runs out, and where two files would have one name. */
int candidate_build(const struct search_space *space, const struct candidate *candidate,
                    unsigned rounds, struct candidate_image *image, struct error *error);
