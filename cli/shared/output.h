/* Output files of the commands. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

/* Writes a file that is whole or absent; "-" is standard output. */
int cli_write_file(const char *path, mode_t mode, const struct buffer *bytes, struct error *error);
/*
 * Refuses an output that is one of its inputs (files, or settings "KEY=@FILE"; NULL-terminated),
 * and binary output to a terminal.
 */
int cli_check_output(const char *output, char *const *inputs, bool binary, struct error *error);
