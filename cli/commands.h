/* The commands of whit: each is a file of this directory, or of cli/check/, and a row in main.c. */
#pragma once

#include "cli/shared/command.h"

int command_build(struct cli_context *context, int argc, char **argv);
int command_check(struct cli_context *context, int argc, char **argv);
int command_convert(struct cli_context *context, int argc, char **argv);
int command_describe(struct cli_context *context, int argc, char **argv);
int command_gen(struct cli_context *context, int argc, char **argv);
int command_inspect(struct cli_context *context, int argc, char **argv);
int command_link(struct cli_context *context, int argc, char **argv);
int command_list(struct cli_context *context, int argc, char **argv);
int command_pack(struct cli_context *context, int argc, char **argv);
int command_run(struct cli_context *context, int argc, char **argv);
