/* Which image is read, and how much that may cost: --image, --limit. */
#include "cli/shared/options.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"

struct cli_option cli_limit_option(struct strings *typed)
{
    return (struct cli_option){
        "limit", 0,        CLI_LIST,
        typed,   "NAME=N", "raise a limit: unpacked=16G, entries, names or json; repeatable"};
}

struct cli_option cli_image_option(const char **name)
{
    return (struct cli_option){"image", 0,          CLI_TEXT,
                               name,    "NAME:TAG", "image to take from a file that holds several"};
}

int cli_split_image(const char *typed, const char **image, char **path, struct error *error)
{
    if (text_copy(path, typed, error) < 0)
        return -1;
    if (access(typed, F_OK) == 0)
        return 0;
    for (char *colon = *path; (colon = strchr(colon, ':')) && colon[1]; *colon++ = ':') {
        *colon = '\0';
        if (access(*path, F_OK) < 0)
            continue;
        if (*image)
            return error_set(error, "two images of %s: --image names one, and %s another", *path,
                             typed);
        *image = typed + (colon + 1 - *path);
        return 0;
    }
    return 0;
}

int cli_limits(const struct strings *typed, struct packer_limits *limits, struct error *error)
{
    *limits = packer_default_limits;
    for (size_t i = 0; i < typed->count; i++)
        if (packer_set_limit(limits, typed->items[i], error) < 0)
            return error_prefix(error, "--limit");
    return 0;
}
