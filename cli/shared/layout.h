/* --layout and the other options of linking. */
#pragma once

#include <stdbool.h>

#include "asm/asm.h"
#include "base/error.h"
#include "base/strings.h"
#include "cli/shared/options.h"

/* How a source becomes a program, as typed. */
struct link_settings {
    bool keep_symbols;
    const char *layout, *runs_on, *effort; /* NULL: not given */
    struct strings assume;
    bool fail_on_warnings, constant_data;
    struct strings includes, defines, warnings; /* for nasm */
    struct strings library_paths, libraries;    /* for ld */
};
#define LINK_SETTINGS_CLEANUP __attribute__((cleanup(link_settings_free)))

#define LAYOUT_OPTION_COUNT 5
#define SOURCE_OPTION_COUNT 7

/* Fills a table of options that write into `settings`. */
void layout_options_table(struct link_settings *settings,
                          struct cli_option table[static LAYOUT_OPTION_COUNT]);
/* Those for a user's own source, without an end. The letters are for --warning and --library; 0:
 * the command has them for another option. */
void source_options_table(struct link_settings *settings, char warning_letter, char library_letter,
                          struct cli_option table[static SOURCE_OPTION_COUNT]);
void link_settings_free(struct link_settings *settings);
/* Sets layout, assume, effort and what is passed to nasm and ld; fails on unknown words, and on
 * options that exclude each other.
 */
int layout_choose(const struct link_settings *settings, struct asm_link_options *options,
                  struct error *error);
void layout_options_free(struct asm_link_options *options);
#define LAYOUT_OPTIONS_CLEANUP __attribute__((cleanup(layout_options_free)))
/* Whether the standard layout will do for a program that no other layout can hold. */
bool layout_is_auto(const struct link_settings *settings);
/* Whether the program has to run in gVisor, which some of the chosen layout do not. */
bool layout_is_for_gvisor(const struct link_settings *settings);
