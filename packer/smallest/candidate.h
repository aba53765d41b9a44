/*
 * The smallest image: what golf.c leaves out and search.c chooses for size. What is free is a
 * shape; a shape makes an image.
 */
#pragma once

#include "packer/formats/formats.h"
#include "packer/image/image.h"

/* What may be one or the other. Each is a number below golf_count; what has no such choice takes
 * any number as the same. */
enum golf_choice {
    GOLF_ORDER,    /* of the archive's files: a permutation's rank */
    GOLF_SPELLING, /* of keys: as the specification has it, or in lower case, which Go reads too */
    GOLF_CONFIG,   /* order of the config's keys, as of the others: a permutation's rank */
    GOLF_DOCKER,   /* of docker's manifest.json */
    GOLF_MANIFEST, /* of the OCI manifest */
    GOLF_DESCRIPTORS, /* of all descriptors */
    GOLF_VERSION,     /* of the OCI manifest: its schemaVersion or its mediaType */
    GOLF_MODE,        /* of the program */
    GOLF_PROGRAM,     /* its name, and in docker archives the layer's */
    GOLF_NAME,        /* the config's, in docker archives */
    GOLF_CHOICES,
};

struct golf_shape {
    unsigned short value[GOLF_CHOICES];
};

#define GOLF_FILES 6

/* A file of the archive, or of the layout's directory. */
struct golf_file {
    char name[sizeof OCI_BLOBS + SHA256_HEX_SIZE];
    struct buffer content;
};

/* What is packed, and for whom. */
struct golf {
    const struct packer_image *image;
    struct buffer *contents; /* of each of the image's files */
    bool has_docker, has_oci;
    bool is_gzip;      /* the whole archive, rather than the layer in it */
    bool is_directory; /* there is no archive */
    bool is_strict;    /* nothing that a specification asks for is left out */
    unsigned needs;    /* PACKER_NEEDS_*, of the config */
    size_t first_member;
};

/* What a shape makes, zero-initialised before. */
struct golf_image {
    struct golf_file files[GOLF_FILES]; /* in their order */
    size_t count;
    struct buffer tar;
    size_t binary_from; /* where in the tar its last file's binary content begins; 0: it has none */
};
#define GOLF_IMAGE_CLEANUP __attribute__((cleanup(golf_image_free)))

/* How many values a choice has; 1: there is no choice. */
size_t golf_count(const struct golf *golf, enum golf_choice choice);
/* Makes the image, its layer compressed by so many rounds of zopfli where it is. Two files of one
 * name are an error. */
int golf_make(const struct golf *golf, const struct golf_shape *shape, unsigned rounds,
              struct golf_image *made, struct error *error);
void golf_image_free(struct golf_image *image);

/* The rounds of zopfli in the end, fewer for larger images. */
unsigned golf_rounds(const struct golf *golf);

/* Looks for the shape that takes the least bytes. */
void golf_search(const struct golf *golf, const struct packer_search *search,
                 struct golf_shape *best);

/* The gzip file of a tar, by as much effort as is left when all is chosen. */
int golf_compress(const struct golf *golf, const struct golf_image *image, struct buffer *out,
                  struct error *error);
