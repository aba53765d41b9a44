/* What an object asks of the segments of its program. */
#pragma once

#include "asm/link/objects.h"
#include "base/error.h"

/* libelf's word for what it cannot read. */
int asm_elf_error(const char *path, struct error *error);

/* Fills all but the path, by the object there. */
int asm_examine_object(const struct asm_job *job, struct asm_object *object, struct error *error);
