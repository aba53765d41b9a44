/* What the environment decides: TMPDIR and WHIT_DATA. Nothing below cli/ reads it. */
#pragma once

#include "asm/asm.h"

/* Where templates come from: the directory WHIT_DATA, or the files embedded in whit. */
struct asm_data cli_data(void);
/* The directory for temporary files: TMPDIR, or /tmp. */
const char *cli_temporary_parent(void);
