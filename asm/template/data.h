/* Data files: where templates, include files and linker scripts come from. */
#pragma once

#include "asm/asm.h"

/* Appends the names directly below a folder ("templates", "asm/include"), sorted. */
int asm_data_list(const struct asm_data *data, const char *folder, struct strings *names,
                  struct error *error);
