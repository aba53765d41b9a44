/* --limit: how much an image that is read may cost. */
#include "cli/shared/options.h"

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

int cli_limits(const struct strings *typed, struct packer_limits *limits, struct error *error)
{
    *limits = packer_default_limits;
    for (size_t i = 0; i < typed->count; i++)
        if (packer_set_limit(limits, typed->items[i], error) < 0)
            return error_prefix(error, "--limit");
    return 0;
}
