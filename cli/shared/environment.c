/* The environment variables that choose where files come from and go to. */
#include "cli/shared/environment.h"

#include <stdlib.h>

/* An empty value is none. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

struct asm_data cli_data(void)
{
    return (struct asm_data){.directory = variable("WHIT_DATA"),
                             .templates = variable("WHIT_TEMPLATES")};
}

const char *cli_temporary_parent(void)
{
    const char *directory = variable("TMPDIR");
    return directory ? directory : "/tmp";
}
