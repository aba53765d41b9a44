/* Sources become relocatable objects: nasm, with what the user gave it. */
#include "asm/link/objects.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "asm/link/examine.h"
#include "asm/link/hint.h"
#include "asm/link/includes.h"
#include "asm/template/data.h"
#include "base/array.h"
#include "base/read.h"
#include "base/text.h"

/* A text of whit's own, and what it becomes. */
#define OWN_SOURCE "layout.asm"
#define OWN_OUTPUT "layout"

/* The option before each value, as an argument of its own. */
static int append_each(struct strings *arguments, const char *option, const struct strings *values,
                       struct error *error)
{
    for (size_t i = 0; i < values->count; i++)
        if (strings_append(arguments, option, error) < 0 ||
            strings_append(arguments, values->items[i], error) < 0)
            return -1;
    return 0;
}

static int append_assumptions(struct strings *arguments, unsigned assume, struct error *error)
{
    static const struct {
        unsigned assumption;
        const char *define;
    } defines[] = {{ASM_ASSUME_ARGC1, "-dWHIT_ASSUME_ARGC1"},
                   {ASM_ASSUME_STDIN, "-dWHIT_ASSUME_STDIN"},
                   {ASM_ASSUME_EXIT_ANY, "-dWHIT_ASSUME_EXIT_ANY"}};
    for (size_t i = 0; i < COUNT(defines); i++)
        if (assume & defines[i].assumption &&
            strings_append(arguments, defines[i].define, error) < 0)
            return -1;
    return 0;
}

int asm_source_arguments(const struct asm_job *job, unsigned assume, struct strings *arguments,
                         struct error *error)
{
    const struct asm_link_options *options = job->options;
    char *includes TEXT_CLEANUP = NULL;
    if (asm_write_includes(job, error) < 0 ||
        text_format(&includes, error, "%s/" INCLUDES "/", job->temporary) < 0 ||
        strings_append_all(arguments, (const char *const[]){"nasm", "-f", "elf64", NULL}, error) <
            0 ||
        (options->is_generated && strings_append(arguments, "-w+all", error) < 0) ||
        strings_append_all(arguments, strings_list(&options->warns), error) < 0 ||
        ((options->is_generated || options->fail_on_warnings) &&
         strings_append(arguments, "-Werror", error) < 0) ||
        append_each(arguments, "-I", &options->includes, error) < 0 ||
        strings_append_all(arguments, (const char *const[]){"-I", includes, NULL}, error) < 0 ||
        append_each(arguments, "-D", &options->defines, error) < 0)
        return -1;
    return append_assumptions(arguments, assume, error);
}

int asm_run_nasm(const struct asm_job *job, const struct asm_input *input,
                 const struct strings *arguments, struct buffer *warnings, struct error *error)
{
    if (asm_run_tool(job, input->folder, arguments, warnings, error) == 0)
        return 0;
    asm_add_hint(job, input, error);
    return error_prefix(error, "%s", asm_input_name(job, input));
}

/* So declared, a section is aligned as far as the source asks; nasm alone gives .text 16 bytes,
 * .data, .bss and .rodata 4. */
static const char *const before_source[] = {
    "--before", "section .bss align=1",  "--before", "section .rodata align=1",
    "--before", "section .data align=1", "--before", "section .text align=1",
    "--before", "global _start",         NULL};

static int assemble(const struct asm_job *job, const struct asm_input *input, unsigned assume,
                    const char *const *more, const char *object, struct buffer *warnings,
                    struct error *error)
{
    struct strings arguments STRINGS_CLEANUP = {0};
    const char *debug = job->options->keep_symbols ? "-gdwarf" : NULL;
    const char *const files[] = {"-o", object, input->name, debug, NULL};
    return asm_source_arguments(job, assume, &arguments, error) < 0 ||
                   strings_append_all(&arguments, more, error) < 0 ||
                   strings_append_all(&arguments, before_source, error) < 0 ||
                   strings_append_all(&arguments, files, error) < 0
               ? -1
               : asm_run_nasm(job, input, &arguments, warnings, error);
}

int asm_assemble_source(const struct asm_job *job, unsigned assume, const char *const *more,
                        struct buffer *bytes, struct error *error)
{
    char *object TEXT_CLEANUP = NULL;
    return text_format(&object, error, "%s/" OWN_OUTPUT, job->temporary) < 0 ||
                   assemble(job, &job->inputs[0], assume, more, object, NULL, error) < 0
               ? -1
               : file_read_path(object, MAX_PROGRAM_SIZE, bytes, error);
}

int asm_assemble_text(const struct asm_job *job, const char *format, const struct buffer *text,
                      struct buffer *bytes, struct error *error)
{
    struct strings arguments STRINGS_CLEANUP = {0};
    char *source TEXT_CLEANUP = NULL, *output TEXT_CLEANUP = NULL;
    if (asm_write_input(job, OWN_SOURCE, text, error) < 0 ||
        text_format(&source, error, "%s/" OWN_SOURCE, job->temporary) < 0 ||
        text_format(&output, error, "%s/" OWN_OUTPUT, job->temporary) < 0)
        return -1;
    const char *const before[] = {"nasm", "-f", format, "-w-all", NULL};
    const char *const files[] = {"-o", output, source, NULL};
    trace_text(job->options->trace, "$ cat > " OWN_SOURCE " << 'END'\n%sEND", buffer_text(text));
    int result = strings_append_all(&arguments, before, error) < 0 ||
                         append_each(&arguments, "-I", &job->options->includes, error) < 0 ||
                         strings_append_all(&arguments, files, error) < 0 ||
                         asm_run_tool(job, job->inputs[0].folder, &arguments, NULL, error) < 0
                     ? -1
                     : file_read_path(output, MAX_PROGRAM_SIZE, bytes, error);
    unlinkat(job->temporary_fd, OWN_SOURCE, 0); /* the next one takes its name */
    return result;
}

/* ---- objects --------------------------------------------------------------------------------- */

#define JOINED           "joined.o"
#define OBJECT_NAME_SIZE 40

/* What nasm makes of a source, in the temporary directory. */
static void object_name(size_t number, char *name, size_t size)
{
    if (number == 0)
        snprintf(name, size, "program.o");
    else
        snprintf(name, size, "program-%zu.o", number);
}

static int assemble_all(const struct asm_job *job, struct strings *objects, struct error *error)
{
    for (size_t i = 0; i < job->input_count; i++) {
        const struct asm_input *input = &job->inputs[i];
        char name[OBJECT_NAME_SIZE];
        char *object TEXT_CLEANUP = NULL;
        object_name(i, name, sizeof name);
        if (text_format(&object, error, "%s/%s", input->is_source ? job->temporary : input->folder,
                        input->is_source ? name : input->name) < 0 ||
            (input->is_source &&
             assemble(job, input, 0, NULL, object, job->options->warnings, error) < 0) ||
            strings_append(objects, object, error) < 0)
            return -1;
    }
    return 0;
}

static int join(const struct asm_job *job, const struct strings *objects, const char *joined,
                struct error *error)
{
    struct strings arguments STRINGS_CLEANUP = {0};
    const char *const always[] = {"ld", "-m", "elf_x86_64", "-r", "-o", joined, NULL};
    return strings_append_all(&arguments, always, error) < 0 ||
                   strings_append_all(&arguments, strings_list(objects), error) < 0 ||
                   strings_append_all(&arguments, strings_list(&job->options->libraries), error) < 0
               ? -1
               : asm_run_tool(job, job->temporary, &arguments, job->options->warnings, error);
}

/* The one object, or what ld joins several to. */
static int choose_path(const struct asm_job *job, const struct strings *objects, char **path,
                       struct error *error)
{
    if (objects->count == 1 && job->options->libraries.count == 0 && !job->inputs[0].is_archive)
        return text_copy(path, objects->items[0], error);
    return text_format(path, error, "%s/" JOINED, job->temporary) < 0
               ? -1
               : join(job, objects, *path, error);
}

/* ---- what ld refuses ------------------------------------------------------------------------- */

/*
 * ld names a line where the object has debug information, and a section and offset where it has
 * none. So whatever it refuses is assembled and linked once more, for the message.
 */

/* Whether ld's line has the number of a source's, as in "own.asm:12: undefined reference ...". */
static bool names_line(const char *line)
{
    for (; *line; line++)
        if (*line == ':' && isdigit((unsigned char)line[1]))
            return true;
    return false;
}

/* ld's lines, but those that only name the function, and what it does where there is no entry
 * point: whit's scripts end it then. */
static int split_lines(const char *text, struct strings *lines, struct error *error)
{
    for (size_t length; *text; text += length + (text[length] == '\n')) {
        length = strcspn(text, "\n");
        char *line TEXT_CLEANUP = NULL;
        if (text_format(&line, error, "%.*s", (int)length, text) < 0 ||
            (!strstr(line, ": in function `") && !strstr(line, "; defaulting to ") &&
             strings_append(lines, line, error) < 0))
            return -1;
    }
    return 0;
}

/* How long a path is that a text begins with, and that only whit and ld know: of the input's
 * folder, or of what nasm made of the input. 0: there is none. */
static size_t own_path_length(const struct asm_job *job, size_t number, const char *text)
{
    const struct asm_input *input = &job->inputs[number];
    char object[OBJECT_NAME_SIZE];
    size_t length = strlen(input->folder);
    if (!input->is_source)
        return 0;
    if (strncmp(text, input->folder, length) == 0 && text[length] == '/')
        return length + strspn(text + length, "/");
    object_name(number, object, sizeof object);
    length = strlen(object);
    return strncmp(text, object, length) == 0 && text[length] == ':' ? length + 1 : 0;
}

/* Appends what the user calls that. ld has "OBJECT:SOURCE:" before a line, "OBJECT:(" before an
 * offset. */
static void append_user_path(const struct asm_job *job, const struct asm_input *input,
                             const char *text, size_t length, struct buffer *out)
{
    const char *slash = strrchr(input->path, '/');
    if (text[length - 1] == '/')
        buffer_append(out, input->path, slash ? (size_t)(slash + 1 - input->path) : 0);
    else if (text[length] == '(')
        buffer_printf(out, "%s:", asm_input_name(job, input));
}

static void append_line(const struct asm_job *job, const char *line, struct buffer *out)
{
    while (*line) {
        size_t longest = 0, input = 0;
        for (size_t i = 0; i < job->input_count; i++) {
            size_t length = own_path_length(job, i, line);
            input = length > longest ? i : input;
            longest = length > longest ? length : longest;
        }
        if (longest)
            append_user_path(job, &job->inputs[input], line, longest, out);
        else
            buffer_append(out, line, longest = 1);
        line += longest;
    }
}

/* Takes each line of the second message that names one of a source, in place of the first's. */
static void take_lines(const struct asm_job *job, const struct error *with, struct error *error)
{
    struct strings lines STRINGS_CLEANUP = {0}, others STRINGS_CLEANUP = {0};
    struct buffer text BUFFER_CLEANUP = {0};
    struct error ignored;
    if (split_lines(error->message, &lines, &ignored) < 0 ||
        split_lines(with->message, &others, &ignored) < 0 || lines.count != others.count)
        return;
    for (size_t i = 0; i < lines.count; i++) {
        buffer_append_text(&text, i ? "\n" : "");
        append_line(job, names_line(others.items[i]) ? others.items[i] : lines.items[i], &text);
    }
    if (!text.failed)
        error_set(error, "%s", buffer_text(&text));
}

/* What ld says of the same with debug information; false where it says nothing. */
static bool link_with_lines(const struct asm_job *job, const struct strings *arguments,
                            struct error *error)
{
    struct strings objects STRINGS_CLEANUP = {0};
    char *path TEXT_CLEANUP = NULL;
    struct asm_link_options options = *job->options;
    struct asm_job again = *job;
    options.keep_symbols = true;
    options.warnings = NULL;
    again.options = &options;
    trace_text(options.trace, "# once more with debug information, so that ld names lines");
    return assemble_all(&again, &objects, error) == 0 &&
           (choose_path(&again, &objects, &path, error) < 0 ||
            (arguments && asm_run_tool(&again, again.temporary, arguments, NULL, error) < 0));
}

/* Of an error that ld left: with the source's lines, and a hint. `arguments` are ld's, or NULL
 * where it was to join the inputs. */
static void explain_ld(const struct asm_job *job, const struct strings *arguments,
                       struct error *error)
{
    struct error with = *error;
    if (job->options->keep_symbols || link_with_lines(job, arguments, &with))
        take_lines(job, &with, error);
    asm_add_hint(job, NULL, error);
}

/* ---- one object ------------------------------------------------------------------------------ */

void asm_object_free(struct asm_object *object)
{
    text_free(&object->path);
}

/* What the user says of .data cannot be said of other sections. */
static int apply_constant_data(struct asm_object *object, struct error *error)
{
    if (object->has_zeros || object->is_code_writable)
        return error_set(error,
                         "--constant-data: the program has %s, which only makes sense "
                         "where it is written",
                         object->has_zeros ? ".bss" : "code that can be written");
    object->is_writable = false;
    return 0;
}

int asm_make_object(const struct asm_job *job, struct asm_object *object, struct error *error)
{
    struct strings objects STRINGS_CLEANUP = {0};
    *object = (struct asm_object){0};
    if (assemble_all(job, &objects, error) < 0)
        return -1;
    if (choose_path(job, &objects, &object->path, error) < 0) {
        explain_ld(job, NULL, error);
        return -1;
    }
    return asm_examine_object(job, object, error) < 0 ||
                   (job->options->constant_data && apply_constant_data(object, error) < 0)
               ? -1
               : 0;
}

/* ---- ld -------------------------------------------------------------------------------------- */

#define PROGRAM "program"

/* The scripts take 1 where there is no symbol. */
static int append_alignment(struct strings *arguments, const char *symbol, unsigned alignment,
                            struct error *error)
{
    char *text TEXT_CLEANUP = NULL;
    if (alignment == 1)
        return 0;
    return text_format(&text, error, "--defsym=%s=%u", symbol, alignment) < 0
               ? -1
               : strings_append(arguments, text, error);
}

int asm_run_ld(const struct asm_job *job, const struct asm_object *object, const char *script,
               const struct strings *symbols, struct buffer *bytes, struct error *error)
{
    char *source TEXT_CLEANUP = NULL, *path TEXT_CLEANUP = NULL;
    struct buffer text BUFFER_CLEANUP = {0};
    struct strings arguments STRINGS_CLEANUP = {0};
    if (text_format(&source, error, "asm/link/%s", script) < 0 ||
        text_format(&path, error, "%s/" PROGRAM, job->temporary) < 0 ||
        asm_data_read(job->options->data, source, &text, error) < 0 ||
        asm_write_input(job, script, &text, error) < 0)
        return -1;
    trace_text(job->options->trace, "$ cat > %s << 'END'\n%sEND", script, buffer_text(&text));
    /* The page size is named because ld's own idea of it differs between distributions. That a
     * segment can be written and executed is elfcheck's to say. */
    static const char *const always[] = {"ld",
                                         "-m",
                                         "elf_x86_64",
                                         "-static",
                                         "-nostdlib",
                                         "-z",
                                         "max-page-size=4096",
                                         "--fatal-warnings",
                                         "--no-warn-rwx-segments",
                                         "--no-warn-execstack",
                                         NULL};
    const char *strip = job->options->keep_symbols ? NULL : "-s";
    const char *const files[] = {"-T", script, "-o", PROGRAM, object->path, strip, NULL};
    if (strings_append_all(&arguments, always, error) < 0 ||
        append_each(&arguments, "--defsym", symbols, error) < 0 ||
        append_alignment(&arguments, "whit_align", object->alignment, error) < 0 ||
        append_alignment(&arguments, "whit_zeros", object->zeros_alignment, error) < 0 ||
        strings_append_all(&arguments, files, error) < 0)
        return -1;
    int result = asm_run_tool(job, job->temporary, &arguments, NULL, error);
    if (result < 0)
        explain_ld(job, &arguments, error);
    else
        result = file_read_path(path, MAX_PROGRAM_SIZE, bytes, error);
    unlinkat(job->temporary_fd, script, 0); /* another layout needs it anew */
    return result;
}
