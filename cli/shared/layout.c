/* The options of linking: what they accept, and what they mean to nasm, ld and the layouts. */
#include "cli/shared/layout.h"

#include <errno.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

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
         "target of auto: everything, libelf, gvisor, linux or this-machine [everything]"},
        {"assume", 0, CLI_LIST, &settings->assume, "WHAT",
         "for overlap and golf: overcommit, argc1, stdin, exit-any; repeatable"},
        {"effort", 0, CLI_TEXT, &settings->effort, "N", "search effort from 1 to 9 [5]"},
        {0},
    };
    memcpy(table, rows, sizeof rows);
}

void source_options_table(struct link_settings *settings, char warning_letter, char library_letter,
                          struct cli_option table[static SOURCE_OPTION_COUNT])
{
    const struct cli_option rows[SOURCE_OPTION_COUNT] = {
        {"include", 'I', CLI_LIST, &settings->includes, "DIR",
         "search DIR for %include and incbin; repeatable"},
        {"define", 'D', CLI_LIST, &settings->defines, "NAME[=VALUE]",
         "define a macro for nasm; repeatable"},
        {"warning", warning_letter, CLI_LIST, &settings->warnings, "[+-]NAME",
         "enable or disable a warning of nasm; repeatable"},
        {"werror", 0, CLI_FLAG, &settings->fail_on_warnings, NULL, "treat warnings as errors"},
        {"constant-data", 0, CLI_FLAG, &settings->constant_data, NULL,
         ".data is never written: keep it in the read-only segment"},
        {"library", library_letter, CLI_LIST, &settings->libraries, "NAME",
         "link the library libNAME.a; repeatable"},
        {"library-path", 'L', CLI_LIST, &settings->library_paths, "DIR",
         "search DIR for libraries; repeatable"},
    };
    memcpy(table, rows, sizeof rows);
}

void link_settings_free(struct link_settings *settings)
{
    strings_free(&settings->assume);
    strings_free(&settings->includes);
    strings_free(&settings->defines);
    strings_free(&settings->warnings);
    strings_free(&settings->libraries);
    strings_free(&settings->library_paths);
}

void layout_options_free(struct asm_link_options *options)
{
    strings_free(&options->includes);
    strings_free(&options->defines);
    strings_free(&options->warns);
    strings_free(&options->libraries);
}

/* ---- what is passed on ----------------------------------------------------------------------- */

/* nasm and ld run in other directories: a relative path gets the current one before it. */
static int append_directory(struct strings *list, const char *option, const char *path,
                            const char *end, struct error *error)
{
    char *current TEXT_CLEANUP = *path == '/' ? NULL : getcwd(NULL, 0);
    char *text TEXT_CLEANUP = NULL;
    if (*path != '/' && !current)
        return error_system(error, errno, "cannot name the current directory");
    return text_format(&text, error, "%s%s%s%s%s", option, current ? current : "",
                       current ? "/" : "", path, end) < 0
               ? -1
               : strings_append(list, text, error);
}

/* Each name with a tool's option before it; `ours` is whit's. */
static int append_named(struct strings *list, const char *option, const struct strings *names,
                        const char *ours, struct error *error)
{
    for (size_t i = 0; i < names->count; i++) {
        char *text TEXT_CLEANUP = NULL;
        if (!*names->items[i])
            return error_set(error, "--%s needs a name", ours);
        if (text_format(&text, error, "%s%s", option, names->items[i]) < 0 ||
            strings_append(list, text, error) < 0)
            return -1;
    }
    return 0;
}

/* nasm takes "-w+NAME" and "-w-NAME"; a name alone enables it. */
static int append_warnings(const struct strings *names, struct strings *list, struct error *error)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        char *text TEXT_CLEANUP = NULL;
        bool has_sign = *name == '+' || *name == '-';
        if (!name[has_sign])
            return error_set(error, "--warning: '%s' names no warning of nasm", name);
        if (text_format(&text, error, "-w%s%s", has_sign ? "" : "+", name) < 0 ||
            strings_append(list, text, error) < 0)
            return -1;
    }
    return 0;
}

static int pass_on(const struct link_settings *settings, struct asm_link_options *options,
                   struct error *error)
{
    options->fail_on_warnings = settings->fail_on_warnings;
    options->constant_data = settings->constant_data;
    for (size_t i = 0; i < settings->includes.count; i++)
        if (append_directory(&options->includes, "", settings->includes.items[i], "/", error) < 0)
            return -1;
    for (size_t i = 0; i < settings->library_paths.count; i++)
        if (append_directory(&options->libraries, "-L", settings->library_paths.items[i], "",
                             error) < 0)
            return -1;
    return append_named(&options->defines, "", &settings->defines, "define", error) < 0 ||
                   append_warnings(&settings->warnings, &options->warns, error) < 0 ||
                   append_named(&options->libraries, "-l", &settings->libraries, "library", error) <
                       0
               ? -1
               : 0;
}

/* ---- --assume -------------------------------------------------------------------------------- */

static const char *const assumption_names[] = {"overcommit", "argc1", "stdin", "exit-any"};

static const unsigned assumptions[COUNT(assumption_names)] = {
    ASM_ASSUME_OVERCOMMIT, ASM_ASSUME_ARGC1, ASM_ASSUME_STDIN, ASM_ASSUME_EXIT_ANY};

static int read_assumptions(const struct strings *options, unsigned *assume, struct error *error)
{
    struct strings names STRINGS_CLEANUP = {0};
    for (size_t i = 0; i < options->count; i++)
        if (strings_append_split(&names, options->items[i], error) < 0)
            return -1;
    for (size_t i = 0; i < names.count; i++) {
        size_t chosen;
        if (cli_choose("assumption", names.items[i], assumption_names, COUNT(assumption_names),
                       &chosen, error) < 0)
            return error_prefix(error, "--assume");
        *assume |= assumptions[chosen];
    }
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

enum { RUNS_EVERYWHERE, RUNS_WITH_LIBELF, RUNS_ON_GVISOR, RUNS_ON_LINUX, RUNS_HERE };

static const char *const target_names[] = {[RUNS_EVERYWHERE] = "everything",
                                           [RUNS_WITH_LIBELF] = "libelf",
                                           [RUNS_ON_GVISOR] = "gvisor",
                                           [RUNS_ON_LINUX] = "linux",
                                           [RUNS_HERE] = "this-machine"};

static const enum asm_layout smallest_layouts[] = {[RUNS_EVERYWHERE] = ASM_COMPACT,
                                                   [RUNS_WITH_LIBELF] = ASM_OVERLAP,
                                                   [RUNS_ON_GVISOR] = ASM_OVERLAP,
                                                   [RUNS_ON_LINUX] = ASM_GOLF,
                                                   [RUNS_HERE] = ASM_GOLF};

static int choose_auto(const struct link_settings *settings, struct asm_link_options *options,
                       struct error *error)
{
    size_t target = RUNS_EVERYWHERE;
    if (settings->runs_on && cli_choose("target", settings->runs_on, target_names,
                                        COUNT(target_names), &target, error) < 0)
        return error_prefix(error, "--runs-on");
    options->layout = smallest_layouts[target];
    if (target == RUNS_HERE && grants_large_segments())
        options->assume |= ASM_ASSUME_OVERCOMMIT;
    return 0;
}

static int choose_layout(const struct link_settings *settings, struct asm_link_options *options,
                         struct error *error)
{
    const char *names[ASM_LAYOUT_COUNT + 1] = {[ASM_LAYOUT_COUNT] = AUTO};
    size_t chosen = ASM_STANDARD;
    for (enum asm_layout layout = 0; layout < ASM_LAYOUT_COUNT; layout++)
        names[layout] = asm_layout_name(layout);
    if (settings->layout &&
        cli_choose("layout", settings->layout, names, COUNT(names), &chosen, error) < 0)
        return error_prefix(error, "--layout");
    if (chosen == ASM_LAYOUT_COUNT)
        return choose_auto(settings, options, error);
    if (settings->runs_on)
        return error_set(error, "--runs-on requires --layout=auto");
    options->layout = (enum asm_layout)chosen;
    return 0;
}

int layout_choose(const struct link_settings *settings, struct asm_link_options *options,
                  struct error *error)
{
    unsigned long long effort;
    if (settings->effort) {
        if (!text_to_number(settings->effort, 9, &effort) || effort == 0)
            return error_set(error, "--effort: '%s' is not a number from 1 to 9", settings->effort);
        options->effort = (unsigned)effort;
    }
    if (pass_on(settings, options, error) < 0 ||
        read_assumptions(&settings->assume, &options->assume, error) < 0 ||
        choose_layout(settings, options, error) < 0)
        return -1;
    if (options->layout == ASM_STANDARD && options->assume)
        return error_set(error, "--assume requires --layout=overlap or --layout=golf");
    if (options->layout != ASM_STANDARD && settings->keep_symbols)
        return error_set(error, "--keep-symbols requires --layout=standard: the other layouts "
                                "have no room for symbols");
    return 0;
}

bool layout_is_auto(const struct link_settings *settings)
{
    return settings->layout && strcmp(settings->layout, AUTO) == 0;
}

bool layout_is_for_gvisor(const struct link_settings *settings)
{
    return settings->runs_on && strcmp(settings->runs_on, target_names[RUNS_ON_GVISOR]) == 0;
}
