/* The environment variables that choose where files come from and go to. */
#include "cli/shared/environment.h"

#include <stdlib.h>

struct asm_data cli_data(void)
{
    const char *directory = getenv("WHIT_DATA");
    return (struct asm_data){.directory = directory && *directory ? directory : NULL};
}

const char *cli_temporary_parent(void)
{
    const char *directory = getenv("TMPDIR");
    return directory && *directory ? directory : "/tmp";
}
