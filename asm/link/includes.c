/*
 * Which include files a source needs, found by a scan of its text and of all that it includes.
 *
 * The scan does not preprocess: it takes conditions for true and macros for used, so it may find
 * too many files, but not too few. nasm opens a file by one of a few words, which macros may move
 * but not make of pieces (a directive is one token; only `incbin` could be pasted together, and
 * nobody has a reason to). Where such a word is not followed by a plain name, the scan gives up,
 * and all files are written.
 */
#include "asm/link/includes.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asm/template/data.h"
#include "base/array.h"
#include "base/output.h"
#include "base/read.h"
#include "base/text.h"

#define FOLDER "asm/" INCLUDES

/* Of larger files of the user's nothing is looked at: they need all include files. */
#define MAX_SCANNED_SIZE (UINT64_C(16) << 20)

/* Words by which nasm opens a file. */
static const struct directive {
    const char *word;
    bool is_text; /* the file may include others */
} directives[] = {
    {"include", true},     {"require", true}, {"pathsearch", true},
    {"ipathsearch", true}, {"incbin", false},
};

struct scan {
    const struct asm_job *job;
    struct strings available; /* whit's include files */
    struct strings written;   /* those in the temporary directory */
    struct strings own;       /* files of the user's: paths */
    bool is_unclear;          /* the source may need any of them */
};

static void free_scan(struct scan *scan)
{
    strings_free(&scan->available);
    strings_free(&scan->written);
    strings_free(&scan->own);
}
#define SCAN_CLEANUP __attribute__((cleanup(free_scan)))

/* ---- finding --------------------------------------------------------------------------------- */

/* Whether a comment begins between the two, which are in one line. */
static bool has_comment(const char *line, const char *end)
{
    char quote = 0;
    for (; line < end; line++) {
        if (!quote && *line == ';')
            return true;
        if (quote == '`' && *line == '\\')
            line++;
        else if (quote ? *line == quote : strchr("'\"`", *line) != NULL)
            quote = quote ? 0 : *line;
    }
    return false;
}

static bool is_letter(char byte)
{
    return isalpha((unsigned char)byte) || byte == '_';
}

/* Whether what was found in a text stands for itself: not in a longer name, not in a comment. */
static bool is_word(const char *text, const char *found, size_t length)
{
    if ((found > text && is_letter(found[-1])) || is_letter(found[length]))
        return false;
    const char *line = found;
    while (line > text && line[-1] != '\n')
        line--;
    return !has_comment(line, found);
}

/* The quoted name that a text begins with, after blanks: its length, or 0 where there is none or
 * one that is not plain. */
static size_t plain_name(const char *text, const char **name)
{
    text += strspn(text, " \t");
    if (*text != '"' && *text != '\'')
        return 0;
    *name = text + 1;
    size_t length = strcspn(*name, *text == '"' ? "\"\n" : "'\n");
    return (*name)[length] == *text ? length : 0;
}

/* nasm runs in the source's folder, and looks there first. */
static int own_path(const struct scan *scan, const char *name, char **path, struct error *error)
{
    const char *folder = *name == '/' ? "" : scan->job->inputs[0].folder;
    return text_format(path, error, "%s%s%s", folder, *folder ? "/" : "", name);
}

static bool is_own_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* ---- following ------------------------------------------------------------------------------- */

static int scan_text(struct scan *scan, const char *text, struct error *error);

/* Writes an include file, and what it includes. */
static int write_include(struct scan *scan, const char *name, struct error *error)
{
    const struct asm_job *job = scan->job;
    struct buffer bytes BUFFER_CLEANUP = {0};
    char *source TEXT_CLEANUP = NULL, *target TEXT_CLEANUP = NULL;
    if (strings_contain(&scan->written, name))
        return 0;
    if (text_format(&source, error, FOLDER "/%s", name) < 0 ||
        text_format(&target, error, INCLUDES "/%s", name) < 0 ||
        asm_data_read(job->options->data, source, &bytes, error) < 0 ||
        directory_create_at(job->temporary_fd, INCLUDES, 0700, error) < 0 ||
        asm_write_input(job, target, &bytes, error) < 0 ||
        strings_append(&scan->written, name, error) < 0)
        return -1;
    return scan_text(scan, buffer_text(&bytes), error);
}

/* Follows a name that a text has behind a directive. */
static int follow(struct scan *scan, const struct directive *directive, const char *name,
                  struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    if (own_path(scan, name, &path, error) < 0)
        return -1;
    if (is_own_file(path))
        return !directive->is_text || strings_contain(&scan->own, path)
                   ? 0
                   : strings_append(&scan->own, path, error);
    if (strings_contain(&scan->available, name))
        return write_include(scan, name, error);
    scan->is_unclear = true;
    return 0;
}

static int scan_directive(struct scan *scan, const struct directive *directive, const char *text,
                          struct error *error)
{
    size_t length = strlen(directive->word);
    for (const char *found = text; (found = strcasestr(found, directive->word)); found += length) {
        if (!is_word(text, found, length))
            continue;
        const char *begin;
        char *name TEXT_CLEANUP = NULL;
        size_t name_length = plain_name(found + length, &begin);
        scan->is_unclear |= name_length == 0;
        if (scan->is_unclear)
            return 0;
        if (text_format(&name, error, "%.*s", (int)name_length, begin) < 0 ||
            follow(scan, directive, name, error) < 0)
            return -1;
    }
    return 0;
}

static int scan_text(struct scan *scan, const char *text, struct error *error)
{
    /* A line that goes on in the next may do so within a word. */
    scan->is_unclear |= strstr(text, "\\\n") || strstr(text, "\\\r\n");
    for (size_t i = 0; i < COUNT(directives) && !scan->is_unclear; i++)
        if (scan_directive(scan, &directives[i], text, error) < 0)
            return -1;
    return 0;
}

/* A file that cannot be read is left to nasm, which says so. */
static int scan_file(struct scan *scan, const char *path, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    struct error ignored;
    if (!is_own_file(path) || file_read_path(path, MAX_SCANNED_SIZE, &text, &ignored) < 0 ||
        strlen(buffer_text(&text)) != text.size) {
        scan->is_unclear = true;
        return 0;
    }
    return scan_text(scan, buffer_text(&text), error);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int list_available(struct scan *scan, struct error *error)
{
    struct strings names STRINGS_CLEANUP = {0};
    if (asm_data_list(scan->job->options->data, FOLDER, &names, error) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (text_ends_with(names.items[i], ".inc") &&
            strings_append(&scan->available, names.items[i], error) < 0)
            return -1;
    return 0;
}

int asm_write_includes(const struct asm_job *job, struct error *error)
{
    /* Of one source it is worth the while. */
    struct scan scan SCAN_CLEANUP = {.job = job, .is_unclear = job->input_count > 1};
    char *source TEXT_CLEANUP = NULL;
    if (faccessat(job->temporary_fd, INCLUDES, F_OK, 0) == 0)
        return 0;
    if (list_available(&scan, error) < 0 ||
        own_path(&scan, job->inputs[0].name, &source, error) < 0 ||
        strings_append(&scan.own, source, error) < 0)
        return -1;
    for (size_t i = 0; i < scan.own.count && !scan.is_unclear; i++)
        if (scan_file(&scan, scan.own.items[i], error) < 0)
            return -1;
    for (size_t i = 0; i < scan.available.count && scan.is_unclear; i++)
        if (write_include(&scan, scan.available.items[i], error) < 0)
            return -1;
    return 0;
}
