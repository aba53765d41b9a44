/*
 * What is free in the smallest image. Engines do not care in which order files and keys stand, what
 * most files are named and how keys are spelled: each of these is a choice. A candidate is one
 * value for each, and all candidates are the search space.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "packer/packer.h"

/* Each value is below choice_count. Where there is no choice, all values mean the same. An order is
 * the rank of a permutation. */
enum choice {
    CHOICE_FILE_ORDER, /* of the archive's files */
    CHOICE_SPELLING,   /* of keys: as specified, or in lower case, which Go reads too */
    CHOICE_CONFIG_ORDER,
    CHOICE_DOCKER_ORDER,     /* of the keys of docker's manifest.json, as above and below */
    CHOICE_MANIFEST_ORDER,   /* of the OCI manifest */
    CHOICE_DESCRIPTOR_ORDER, /* of all descriptors */
    CHOICE_VERSION,          /* the OCI manifest has its schemaVersion or its mediaType */
    CHOICE_MODE,             /* of the program */
    CHOICE_PROGRAM_NAME,     /* in docker archives the layer's, too */
    CHOICE_CONFIG_NAME,      /* in docker archives */
    CHOICES,
};

struct candidate {
    unsigned short value[CHOICES];
};

/* What all candidates have in common. */
struct search_space {
    const struct packer_image *image;
    struct buffer *contents; /* of each of the image's files */
    bool has_docker, has_oci;
    bool is_gzip;        /* the whole archive, rather than the layer in it */
    bool is_directory;   /* there is no archive */
    bool is_strict;      /* nothing that a specification requires is left out */
    unsigned needs;      /* PACKER_NEEDS_*, of the config */
    size_t first_member; /* bytes in a gzip member of their own; 0: there is one member */
};

/* How many values a choice has: 1 where there is no choice. */
size_t choice_count(const struct search_space *space, enum choice choice);

/* Whether the image has a layer, which may be an empty one. */
bool space_has_layer(const struct search_space *space);

/* Whether the config has its architecture, which no engine asks for in an OCI layout. */
bool space_has_architecture(const struct search_space *space);

/* The text that a value stands for. */
struct choice_text {
    char text[8];
};
/* A name of one letter or digit, by one of the choices of names. */
struct choice_text candidate_name(const struct candidate *candidate, enum choice choice);
/* The program's mode, in octal digits. */
struct choice_text candidate_mode(const struct candidate *candidate);
