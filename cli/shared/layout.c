/* The options that choose a program's layout. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/array.h"
#include "base/read.h"
#include "base/text.h"

#define AUTO "auto"

/* What layout 0x0c asks the kernel to grant: p_memsz holds e_phnum and e_phentsize. */
#define LARGE_SEGMENT (UINT64_C(0x100390000))

void layout_options_table(struct link_settings *settings,
                          struct cli_option table[static LAYOUT_OPTION_COUNT])
{
    const struct cli_option rows[LAYOUT_OPTION_COUNT] = {
        {"layout", 0, CLI_TEXT, &settings->layout, "LAYOUT",
         "file layout: standard, compact, overlap, golf or auto [standard]"},
        {"runs-on", 0, CLI_TEXT, &settings->runs_on, "WHERE",
         "target of auto: everything, libelf, linux or this-machine [everything]"},
        {"assume", 0, CLI_LIST, &settings->assume, "WHAT",
         "for overlap and golf: overcommit, argc1, stdin, exit-any; repeatable"},
        {"effort", 0, CLI_TEXT, &settings->effort, "N", "search effort from 1 to 9 [5]"},
        {0},
    };
    memcpy(table, rows, sizeof rows);
}

void link_settings_free(struct link_settings *settings)
{
    strings_free(&settings->assume);
}

/* ---- --assume -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned assumption;
} assumptions[] = {
    {"overcommit", ASM_ASSUME_OVERCOMMIT},
    {"argc1", ASM_ASSUME_ARGC1},
    {"stdin", ASM_ASSUME_STDIN},
    {"exit-any", ASM_ASSUME_EXIT_ANY},
};
#define ASSUMPTIONS (COUNT(assumptions))

static int add_assumption(const char *name, unsigned *assume, struct error *error)
{
    for (size_t i = 0; i < ASSUMPTIONS; i++)
        if (strcmp(assumptions[i].name, name) == 0) {
            *assume |= assumptions[i].assumption;
            return 0;
        }
    return error_set(error, "--assume: '%s' is none of overcommit, argc1, stdin, exit-any", name);
}

static int read_assumptions(const struct strings *options, unsigned *assume, struct error *error)
{
    struct strings names STRINGS_CLEANUP = {0};
    for (size_t i = 0; i < options->count; i++)
        if (strings_append_split(&names, options->items[i], error) < 0)
            return -1;
    for (size_t i = 0; i < names.count; i++)
        if (add_assumption(names.items[i], assume, error) < 0)
            return -1;
    return 0;
}

/* ---- --layout, --runs-on --------------------------------------------------------------------- */

/* Whether Linux grants a process so much memory that it may never use, by its own rule for it
 * (Documentation/mm/overcommit-accounting.rst). */
static bool grants_large_segments(void)
{
    struct sysinfo memory;
    struct buffer mode BUFFER_CLEANUP = {0};
    struct error ignored;
    if (file_read_path("/proc/sys/vm/overcommit_memory", 16, &mode, &ignored) < 0 ||
        sysinfo(&memory) < 0)
        return false;
    uint64_t total = ((uint64_t)memory.totalram + memory.totalswap) * memory.mem_unit;
    char setting = buffer_text(&mode)[0];
    return setting == '1' || (setting == '0' && total > LARGE_SEGMENT);
}

static int choose_auto(const struct link_settings *settings, struct asm_link_options *options,
                       struct error *error)
{
    static const struct {
        const char *name;
        enum asm_layout layout;
    } places[] = {{"everything", ASM_COMPACT},
                  {"libelf", ASM_OVERLAP},
                  {"linux", ASM_GOLF},
                  {"this-machine", ASM_GOLF}};
    const char *name = settings->runs_on ? settings->runs_on : places[0].name;
    for (size_t i = 0; i < COUNT(places); i++) {
        if (strcmp(places[i].name, name) != 0)
            continue;
        options->layout = places[i].layout;
        if (strcmp(name, "this-machine") == 0 && grants_large_segments())
            options->assume |= ASM_ASSUME_OVERCOMMIT;
        return 0;
    }
    return error_set(error, "--runs-on: '%s' is none of everything, libelf, linux, this-machine",
                     name);
}

static int choose_layout(const struct link_settings *settings, struct asm_link_options *options,
                         struct error *error)
{
    if (!settings->layout)
        return settings->runs_on ? error_set(error, "--runs-on is for --layout=auto") : 0;
    if (strcmp(settings->layout, AUTO) == 0)
        return choose_auto(settings, options, error);
    if (settings->runs_on)
        return error_set(error, "--runs-on is for --layout=auto");
    for (enum asm_layout layout = 0; layout < ASM_LAYOUT_COUNT; layout++)
        if (strcmp(asm_layout_name(layout), settings->layout) == 0) {
            options->layout = layout;
            return 0;
        }
    return error_set(error, "--layout: '%s' is none of standard, compact, overlap, golf, auto",
                     settings->layout);
}

int layout_choose(const struct link_settings *settings, struct asm_link_options *options,
                  struct error *error)
{
    unsigned long long effort;
    if (settings->effort) {
        if (!text_to_number(settings->effort, 9, &effort) || effort == 0)
            return error_set(error, "--effort: '%s' is no number from 1 to 9", settings->effort);
        options->effort = (unsigned)effort;
    }
    if (read_assumptions(&settings->assume, &options->assume, error) < 0 ||
        choose_layout(settings, options, error) < 0)
        return -1;
    if (options->layout == ASM_STANDARD && options->assume)
        return error_set(error, "--assume is for the other layouts than standard: --layout=golf");
    if (options->layout != ASM_STANDARD && settings->keep_symbols)
        return error_set(error, "--keep-symbols is for --layout=standard: no other has room for "
                                "them");
    return 0;
}

bool layout_is_auto(const struct link_settings *settings)
{
    return settings->layout && strcmp(settings->layout, AUTO) == 0;
}
