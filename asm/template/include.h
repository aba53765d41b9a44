/* Include files by name. */
#pragma once

#include "asm/asm.h"

#define INCLUDE_FOLDER "asm/include"

/* Fails where no include file has the name, and suggests the nearest one. */
int asm_include_check(const struct asm_data *data, const char *name, struct error *error);
