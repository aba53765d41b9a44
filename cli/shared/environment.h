/* What the environment decides: TMPDIR, WHIT_DATA and WHIT_TEMPLATES. Nothing below cli/ reads it.
 */
#pragma once

#include "asm/asm.h"

/* Where templates and includes come from: WHIT_TEMPLATES, WHIT_DATA, then the files in whit. */
struct asm_data cli_data(void);
/* The directory for temporary files: TMPDIR, or /tmp. */
const char *cli_temporary_parent(void);
