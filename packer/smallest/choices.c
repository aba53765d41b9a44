/* How many values each choice has, given what is packed and for which engines, and what they mean.
 */
#include "packer/smallest/choices.h"

#include <stdio.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
#define LETTERS (sizeof letters - 1)

struct choice_text candidate_name(const struct candidate *candidate, enum choice choice)
{
    return (struct choice_text){{letters[candidate->value[choice] % LETTERS]}};
}

/* Three octal digits that are odd: whoever runs the program may execute it. */
#define MODES 64

struct choice_text candidate_mode(const struct candidate *candidate)
{
    const unsigned value = candidate->value[CHOICE_MODE];
    struct choice_text mode;
    snprintf(mode.text, sizeof mode.text, "%o%o%o", value / 16 * 2 + 1, value / 4 % 4 * 2 + 1,
             value % 4 * 2 + 1);
    return mode;
}

static size_t factorial(size_t number)
{
    size_t product = 1;
    for (; number > 1; number--)
        product *= number;
    return product;
}

/* An OCI manifest should have a layer (manifest.md), and has to by its schema. */
bool space_has_layer(const struct search_space *space)
{
    return space->image->file_count || (space->is_strict && space->has_oci);
}

/* Engines take the OCI half where there is one. */
bool space_has_architecture(const struct search_space *space)
{
    return space->is_strict || (!space->has_oci && (space->needs & PACKER_NEEDS_ARCHITECTURE));
}

static size_t count_files(const struct search_space *space)
{
    return (size_t)space_has_layer(space) + 1 + space->has_docker + 3 * space->has_oci;
}

/* "config", "rootfs" and what else engines need. */
static size_t count_config_keys(const struct search_space *space)
{
    if (space->is_strict)
        return 4;
    size_t keys = 2;
    keys += space_has_architecture(space);
    keys += (space->needs & PACKER_NEEDS_OS) > 0;
    return keys;
}

/* The number of orders of `count` items, which matter only to what compresses them. */
static size_t count_orders(const struct search_space *space, size_t count)
{
    return space->is_gzip ? factorial(count) : 1;
}

size_t choice_count(const struct search_space *space, enum choice choice)
{
    const bool is_name_free = space->image->is_name_free;
    switch (choice) {
    case CHOICE_FILE_ORDER:
        return count_orders(space, count_files(space));
    case CHOICE_SPELLING:
        return space->is_gzip && !space->is_strict ? 2 : 1;
    case CHOICE_CONFIG_ORDER:
        return count_orders(space, count_config_keys(space));
    case CHOICE_DOCKER_ORDER:
        return space->has_docker ? count_orders(space, 3) : 1;
    case CHOICE_MANIFEST_ORDER:
    case CHOICE_DESCRIPTOR_ORDER:
        return space->has_oci ? count_orders(space, 3) : 1;
    case CHOICE_VERSION:
        return space->has_oci && !space->is_strict ? 2 : 1;
    case CHOICE_MODE:
        return is_name_free && !space->is_strict ? MODES : 1;
    case CHOICE_PROGRAM_NAME:
        return is_name_free || !space->has_oci ? LETTERS : 1;
    case CHOICE_CONFIG_NAME:
        return space->has_oci ? 1 : LETTERS;
    default:
        return 1;
    }
}
