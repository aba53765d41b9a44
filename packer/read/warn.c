/* What of an image, or of a bundle, has no place in what is made of it. */
#include "packer/read/read_internal.h"

#include <stdarg.h>
#include <stdio.h>

#define WARNINGS_LIMIT 1000
#define WARNING_SIZE   1024 /* names may be longer */

int archive_warn(struct packer_archive *archive, struct error *error, const char *format, ...)
{
    char text[WARNING_SIZE];
    va_list arguments;
    if (archive->losses.count > WARNINGS_LIMIT)
        return 0;
    if (archive->losses.count == WARNINGS_LIMIT)
        return strings_append(&archive->losses, "there is more of the kind that is left out",
                              error);
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return strings_append(&archive->losses, text, error);
}

const char *const *packer_losses(const struct packer_archive *archive)
{
    return strings_list(&archive->losses);
}
