/* Several images in one file: which there are, and which of them is read. */
#include "packer/read/read_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "packer/image/image.h"

/* "docker.io/library/NAME:TAG", as engines compare names; what is no such name stays as it is. */
static char *full_name(const char *name, struct error *error)
{
    struct error ignored;
    char *complete TEXT_CLEANUP = packer_complete_tag(name, &ignored);
    char *copied;
    if (complete)
        return name_qualify(complete, error);
    text_copy(&copied, name, error);
    return copied;
}

/* Whether the image that is read has the name: 1, 0 or -1. */
static int has_name(const struct packer_archive *archive, const char *wanted, struct error *error)
{
    for (size_t i = 0; i < archive->tags.count; i++) {
        char *name TEXT_CLEANUP = full_name(archive->tags.items[i], error);
        if (!name)
            return -1;
        if (strcmp(name, wanted) == 0)
            return 1;
    }
    return 0;
}

static void forget_image(struct packer_archive *archive)
{
    for (struct member *member = archive->members; member; member = member->next)
        member->layer = NULL;
    archive_free_image(archive);
}

int packer_next_image(struct packer_archive *archive, struct error *error)
{
    if (archive->image_number + 1 >= archive->choices)
        return 0;
    forget_image(archive);
    archive->image_number++;
    return archive_read_image(archive, error) < 0 ? -1 : 1;
}

static void add_names(const struct packer_archive *archive, struct buffer *names)
{
    const char *comma = names->size ? ", " : "";
    if (!archive->tags.count)
        buffer_printf(names, "%s(number %zu has no name)", comma, archive->image_number + 1);
    for (size_t i = 0; i < archive->tags.count; i++) {
        buffer_append_text(names, i ? ", " : comma);
        text_append_visible(names, archive->tags.items[i], strlen(archive->tags.items[i]));
    }
}

int packer_choose_image(struct packer_archive *archive, const char *name, struct error *error)
{
    struct buffer names BUFFER_CLEANUP = {0};
    char *wanted TEXT_CLEANUP = name ? full_name(name, error) : NULL;
    int got = 1;
    if (!name && archive->choices <= 1)
        return 0;
    if (name && !wanted)
        return -1;
    for (; got > 0; got = packer_next_image(archive, error)) {
        int is_it = wanted ? has_name(archive, wanted, error) : 0;
        if (is_it)
            return is_it < 0 ? -1 : 0;
        add_names(archive, &names);
    }
    if (got < 0)
        return -1;
    return name ? error_set(error, "%s has no image %s: choose %s", archive->path, name,
                            buffer_text(&names))
                : error_set(error, "%s has %zu images: choose one by --image: %s", archive->path,
                            archive->choices, buffer_text(&names));
}

size_t packer_choices(const struct packer_archive *archive)
{
    return archive->choices;
}
