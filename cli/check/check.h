/* The parts of `whit check` that are commands of their own: checking an image, explaining rules. */
#pragma once

#include "base/error.h"
#include "base/strings.h"
#include "cli/check/judge.h"
#include "cli/shared/command.h"
#include "packer/packer.h"

/* Adds the entry point of an image, then all its ELF files, among the files of its layers. */
int check_image(const struct cli_context *context, struct judge *judge,
                struct packer_archive *archive, const char *name, struct error *error);

/* Prints the pages of these rules, or, where there are none, a list of all rules; the exit code. */
int explain_rules(const struct cli_context *context, const struct strings *names);
