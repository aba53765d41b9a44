/* The rules of scripts, which those of load.c hand over to. */
#pragma once

#include "elfcheck/read/inspection.h"

/* A script: does it name an interpreter, and in a root, is that there, and does it start? */
void check_script(struct elfcheck_inspection *inspection);
