/* From the options of an image to its config, its target and its file. */
#include "cli/shared/image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/json.h"
#include "base/read.h"
#include "base/text.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/output.h"
#include "cli/shared/root.h"
#include "cli/shared/smallest.h"

void image_options_table(struct image_options *options, const char *formats,
                         struct cli_option table[static IMAGE_OPTION_COUNT])
{
    const struct cli_option rows[IMAGE_OPTION_COUNT] = {
        {"Image options", 0, CLI_HEADING, NULL, NULL, NULL},
        {"output", 'o', CLI_TEXT, &options->output, "PATH",
         "output file (- for stdout); the extension selects the format"},
        {"format", 0, CLI_TEXT, &options->format, "FORMAT", formats},
        {"tag", 't', CLI_LIST, &options->tags, "NAME:TAG", "image name; repeatable"},
        {"path", 0, CLI_TEXT, &options->path, "PATH", "path of the program in the image [/NAME]"},
        {"add", 0, CLI_LIST, &options->files, "FILE[:PATH]",
         "add a file or directory tree [same path]; repeatable"},
        {"mkdir", 0, CLI_LIST, &options->directories, "PATH[:MODE]",
         "add a directory [mode 755]; repeatable"},
        {"Config options", 0, CLI_HEADING, NULL, NULL, NULL},
        {"cmd", 0, CLI_LIST, &options->command, "ARG",
         "default command; repeat for each argument [the program]"},
        {"entrypoint", 0, CLI_LIST, &options->entrypoint, "ARG",
         "entry point; repeat for each argument"},
        {"env", 'e', CLI_LIST, &options->environment, "KEY=VALUE",
         "environment variable; repeatable"},
        {"label", 'l', CLI_LIST, &options->labels, "KEY=VALUE", "label; repeatable"},
        {"expose", 'p', CLI_LIST, &options->ports, "PORT[/PROTO]", "exposed port; repeatable"},
        {"user", 'u', CLI_TEXT, &options->user, "UID[:GID]", "user to run as"},
        {"workdir", 'w', CLI_TEXT, &options->working_directory, "PATH", "working directory"},
        {"stop-signal", 0, CLI_TEXT, &options->stop_signal, "SIGNAL",
         "signal that stops the program"},
        {"created", 0, CLI_TEXT, &options->created, "SECONDS",
         "creation time in seconds since 1970 [SOURCE_DATE_EPOCH or 0]"},
        {"Format options", 0, CLI_HEADING, NULL, NULL, NULL},
        {"for", 0, CLI_LIST, &options->engines, "ENGINE[,ENGINE...]",
         "target engines, such as docker or podman-4 [any]"},
        {"smallest", 0, CLI_OPTIONAL, &options->smallest, "SECONDS",
         "search for the smallest docker archive or OCI layout"},
        {"bundle", 0, CLI_TEXT, &options->bundle, "CONFIG",
         "config.json of a bundle: full or minimal [full]"},
        {"strict", 0, CLI_FLAG, &options->strict, NULL,
         "keep everything that a specification requires"},
        {"seccomp", 0, CLI_FLAG, &options->seccomp, NULL,
         "bundle: allow only the program's own system calls"},
        {"force", 'f', CLI_FLAG, &options->force, NULL, "pack a program that would not run"},
        {0},
    };
    memcpy(table, rows, sizeof rows);
}

void image_options_free(struct image_options *options)
{
    strings_free(&options->engines);
    strings_free(&options->tags);
    strings_free(&options->entrypoint);
    strings_free(&options->command);
    strings_free(&options->environment);
    strings_free(&options->labels);
    strings_free(&options->ports);
    strings_free(&options->files);
    strings_free(&options->directories);
}

/* ---- from options to config and target ------------------------------------------------------- */

/* --created before SOURCE_DATE_EPOCH before 0. */
static int creation_time(const char *option, int64_t *seconds, struct error *error)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    const char *text = option ? option : epoch && *epoch ? epoch : "0";
    unsigned long long number;
    if (!text_to_number(text, INT64_MAX, &number))
        return error_set(error, "%s '%s': write seconds since 1970 as a whole number",
                         option ? "--created" : "SOURCE_DATE_EPOCH", text);
    *seconds = (int64_t)number;
    return 0;
}

/* The default output: NAME and the extension of the format, in the current directory. */
static char *default_output(const struct program *program, const struct image_options *options,
                            struct error *error)
{
    struct packer_target target;
    char *path = NULL;
    if (packer_choose(options->format ? options->format : "docker", "", &target, error) == 0)
        text_format(&path, error, "%s%s", program ? program->name : "empty",
                    packer_suffix(&target));
    return path;
}

/* Chooses where and what to write. */
static int choose_output(const struct image_options *options, const struct program *program,
                         char **path, struct packer_target *target, struct error *error)
{
    if (options->output)
        text_copy(path, options->output, error);
    else
        *path = default_output(program, options, error);
    if (!*path)
        return -1;
    bool is_standard = strcmp(*path, FILE_STANDARD) == 0;
    const char *format = options->format ? options->format : is_standard ? "docker" : NULL;
    return packer_choose(format, *path, target, error);
}

/* --bundle and --strict. */
static int choose_config(const struct image_options *options, const char *output,
                         struct packer_target *target, struct error *error)
{
    static const char *const configs[] = {"full", "minimal"};
    size_t chosen = 0;
    target->strict = options->strict;
    if (!options->bundle)
        return 0;
    if (cli_choose("config", options->bundle, configs, COUNT(configs), &chosen, error) < 0)
        return error_prefix(error, "--bundle");
    if (strcmp(packer_format_name(target), "bundle") != 0)
        return error_set(error, "%s: --bundle requires a .bundle as output", output);
    target->minimal = chosen == 1;
    return 0;
}

/* --for; packer_fit_engines also needs to be called without it. */
static int choose_engines(const struct cli_context *context, const struct image_options *options,
                          const char *output, bool has_tag, struct packer_target *target,
                          struct error *error)
{
    struct strings names STRINGS_CLEANUP = {0}, notes STRINGS_CLEANUP = {0};
    for (size_t i = 0; i < options->engines.count; i++)
        if (strings_append_split(&names, options->engines.items[i], error) < 0)
            return -1;
    int fits = packer_fit_engines(target, strings_list(&names), has_tag, &notes, error);
    for (size_t i = 0; options->engines.count && i < notes.count; i++)
        cli_note(context, "%s: %s", output, notes.items[i]);
    if (fits == 0 && packer_warning(target))
        cli_note(context, "%s: %s", output, packer_warning(target));
    return fits;
}

static int complete_tags(const struct strings *typed, struct strings *tags, struct error *error)
{
    for (size_t i = 0; i < typed->count; i++) {
        char *tag TEXT_CLEANUP = packer_complete_tag(typed->items[i], error);
        if (!tag || strings_append(tags, tag, error) < 0)
            return -1;
    }
    return 0;
}

/* The config but for the default command. */
static int fill_config(const struct image_options *options, const struct program *program,
                       struct packer_config *config, struct error *error)
{
    *config = (struct packer_config){
        .architecture = program ? program->architecture : DEFAULT_ARCHITECTURE,
        .entrypoint = strings_list(&options->entrypoint),
        .command = strings_list(&options->command),
        .environment = strings_list(&options->environment),
        .labels = strings_list(&options->labels),
        .ports = strings_list(&options->ports),
        .working_directory = options->working_directory,
        .user = options->user,
        .stop_signal = options->stop_signal,
    };
    return creation_time(options->created, &config->created, error);
}

/* ---- files and program ----------------------------------------------------------------------- */

int image_list_files(const struct image_options *options, const struct program *program,
                     struct image_files *files, struct error *error)
{
    *files = (struct image_files){0};
    const char *path = options->path ? options->path : program ? program->name : NULL;
    if (program && image_files_program(files, path, program, error) < 0)
        return -1;
    for (size_t i = 0; i < options->files.count; i++)
        if (image_files_add(files, options->files.items[i], error) < 0)
            return -1;
    for (size_t i = 0; i < options->directories.count; i++)
        if (image_files_make_directory(files, options->directories.items[i], error) < 0)
            return -1;
    return packer_sort_files(files->items, files->count, error);
}

/* The program among the files. */
static const struct packer_file *find_program(const struct program *program,
                                              const struct image_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct packer_file *file = &files->items[i];
        if (!file->is_directory && !file->content.path && file->content.fd == program->fd)
            return file;
    }
    return NULL;
}

/* "/usr/bin/hello", from the heap. */
static char *program_path(const struct program *program, const struct image_files *files,
                          struct error *error)
{
    const struct packer_file *file = find_program(program, files);
    char *path;
    text_format(&path, error, "/%s", file ? file->path : program->name);
    return path;
}

int image_judge(const struct cli_context *context, const struct image_options *options,
                struct program *program, const struct image_files *files, struct error *error)
{
    struct file_root root;
    char *path TEXT_CLEANUP = program_path(program, files, error);
    if (!path)
        return -1;
    file_root_list(&root, files);
    root.root.library_path = environment_find(&options->environment, "LD_LIBRARY_PATH");
    return program_judge(context, program, files->count > 1 ? &root.root : NULL, path,
                         options->force, FORCE_HINT, error);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* An image to be, with all that its description points into. */
struct image_plan {
    struct packer_image image;
    struct packer_target target;
    struct strings tags;
    char *program;          /* its path in the image, or NULL */
    const char *command[2]; /* the program as default command */
    char *output;
    cJSON *seccomp;
};

static void image_plan_free(struct image_plan *plan)
{
    strings_free(&plan->tags);
    text_free(&plan->program);
    text_free(&plan->output);
    cJSON_Delete(plan->seccomp);
}
#define IMAGE_PLAN_CLEANUP __attribute__((cleanup(image_plan_free)))

/* The filter that lets the program make its own system calls. */
static cJSON *make_profile(const struct program *program, struct error *error)
{
    struct elfcheck_profile profile ELFCHECK_PROFILE_CLEANUP = {0};
    if (program && elfcheck_profile_add(&profile, &program->report, error) < 0)
        return NULL;
    return elfcheck_profile_document(&profile);
}

/* Fails where no engine would know the user; with --force it is a note. */
static int check_user(const struct cli_context *context, const struct image_options *options,
                      const struct image_files *files, struct error *error)
{
    struct error why;
    struct file_root root;
    struct packer_process process PACKER_PROCESS_CLEANUP = {0};
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    cJSON *config = cJSON_AddObjectToObject(document, "config");
    if (!options->user)
        return 0;
    if (!cJSON_AddStringToObject(config, "User", options->user))
        return error_set(error, "out of memory");
    file_root_list(&root, files);
    const struct packer_root opener = {.open = root.root.open, .context = root.root.context};
    if (packer_process_find_user(&process, document, &opener, &why) == 0)
        return 0;
    if (!options->force)
        return error_set(error, "%s (--add=passwd:/etc/passwd adds it; --force packs it as it is)",
                         why.message);
    cli_note(context, "whit: %s", why.message);
    return 0;
}

/* What the image is. */
static int plan_image(const struct image_options *options, const struct program *program,
                      const struct image_files *files, struct image_plan *plan, struct error *error)
{
    struct packer_image *image = &plan->image;
    *image = (struct packer_image){.files = files->items, .file_count = files->count};
    if (fill_config(options, program, &image->config, error) < 0 ||
        complete_tags(&options->tags, &plan->tags, error) < 0)
        return -1;
    image->tags = strings_list(&plan->tags);
    if (program && !(plan->program = program_path(program, files, error)))
        return -1;
    bool starts_program = program && !options->entrypoint.count && !options->command.count;
    plan->command[0] = plan->program;
    if (starts_program)
        image->config.command = plan->command;
    image->is_name_free = starts_program && image->file_count == 1 && !options->path;
    if (options->seccomp && !(plan->seccomp = make_profile(program, error)))
        return -1;
    image->seccomp = plan->seccomp;
    return 0;
}

/* The output must be no file that goes into it. */
static int check_files(const char *output, const struct image_files *files, struct error *error)
{
    for (size_t i = 0; i < files->count; i++) {
        char *const inputs[] = {(char *)files->items[i].content.path, NULL};
        if (inputs[0] && cli_check_output(output, inputs, false, error) < 0)
            return -1;
    }
    return 0;
}

/* Where it is written, and in what form. */
static int plan_output(const struct cli_context *context, const struct image_options *options,
                       const struct program *program, const struct image_files *files,
                       char *const *inputs, struct image_plan *plan, struct error *error)
{
    return choose_output(options, program, &plan->output, &plan->target, error) < 0 ||
                   choose_config(options, plan->output, &plan->target, error) < 0 ||
                   choose_engines(context, options, plan->output, plan->tags.count > 0,
                                  &plan->target, error) < 0 ||
                   cli_check_output(plan->output, inputs, true, error) < 0 ||
                   check_files(plan->output, files, error) < 0
               ? -1
               : 0;
}

static void note_size(const struct cli_context *context, const struct program *program,
                      const struct image_files *files, const char *output, uint64_t size)
{
    size_t count = 0;
    uint64_t bytes = 0;
    for (size_t i = 0; i < files->count; i++) {
        count += !files->items[i].is_directory;
        bytes += files->items[i].content.size;
    }
    struct buffer contents BUFFER_CLEANUP = {0};
    count -= program != NULL;
    bytes -= program ? program->size : 0;
    if (program)
        buffer_printf(&contents, ", for a program of %" PRIu64, program->size);
    if (count)
        buffer_printf(&contents, "%s%zu file%s of %" PRIu64, program ? " and " : ", for ", count,
                      count == 1 ? "" : "s", bytes);
    cli_note(context, "%s: %" PRIu64 " bytes%s", output, size, buffer_text(&contents));
}

int image_write(const struct cli_context *context, const struct image_options *options,
                const struct program *program, const struct image_files *files, char *const *inputs,
                struct error *error)
{
    struct image_plan plan IMAGE_PLAN_CLEANUP = {0};
    struct smallest_search search;
    uint64_t size;
    if (check_user(context, options, files, error) < 0 ||
        plan_image(options, program, files, &plan, error) < 0 ||
        plan_output(context, options, program, files, inputs, &plan, error) < 0 ||
        (options->smallest && smallest_search_init(context, &search, options->smallest, error) < 0))
        return -1;
    plan.target.smallest = options->smallest ? &search.search : NULL;
    int written = packer_write(&plan.image, &plan.target, plan.output, cli_temporary_parent(),
                               cli_trace(context), &size, error);
    if (options->smallest)
        progress_erase(&search.progress);
    if (written < 0)
        return -1;
    if (options->smallest)
        smallest_search_note(context, &search, plan.output);
    note_size(context, program, files, plan.output, size);
    return 0;
}

/* ---- converting ------------------------------------------------------------------------------ */

/* The names of an image that was read, as far as engines take them. */
static int keep_tags(const struct cli_context *context, const struct packer_archive *archive,
                     const char *input, struct strings *tags, struct error *error)
{
    for (const char *const *tag = packer_tags(archive); tag && *tag; tag++) {
        struct error reason;
        char *complete TEXT_CLEANUP = packer_complete_tag(*tag, &reason);
        if (!complete)
            cli_note(context, "%s: one of its names is left out: %s", input, reason.message);
        else if (strings_append(tags, *tag, error) < 0)
            return -1;
        if (complete && !packer_tag_of(*tag))
            cli_note(context, "%s: '%s' is a tag without a name: --tag=NAME:TAG gives one", input,
                     *tag);
    }
    return 0;
}

void cli_note_losses(const struct cli_context *context, const char *name,
                     const struct packer_archive *archive)
{
    for (const char *const *loss = packer_losses(archive); loss && *loss; loss++)
        cli_note(context, "whit: warning: %s: %s", name, *loss);
}

int image_convert(const struct cli_context *context, const struct image_options *options,
                  const char *input, const struct packer_limits *limits, struct error *error)
{
    char *const inputs[] = {(char *)input, NULL};
    const char *temporary = cli_temporary_parent();
    struct packer_config config;
    struct packer_target target;
    struct strings tags STRINGS_CLEANUP = {0};
    char *output TEXT_CLEANUP = NULL;
    uint64_t size;
    if (fill_config(options, NULL, &config, error) < 0 ||
        complete_tags(&options->tags, &tags, error) < 0 ||
        choose_output(options, NULL, &output, &target, error) < 0 ||
        cli_check_output(output, inputs, true, error) < 0)
        return -1;
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open_any(input, &config, temporary, limits, error);
    if (!archive || packer_choose_image(archive, options->image, error) < 0 ||
        (!tags.count && keep_tags(context, archive, input, &tags, error) < 0) ||
        choose_engines(context, options, output, tags.count > 0, &target, error) < 0)
        return -1;
    if (packer_convert(archive, strings_list(&tags), &target, output, temporary, cli_trace(context),
                       &size, error) < 0)
        return -1;
    cli_note_losses(context, input, archive);
    cli_note(context, "%s: %" PRIu64 " bytes", output, size);
    return 0;
}
