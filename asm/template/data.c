/* Data files, the user's before those embedded in the program. */
#include "asm/template/data.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/read.h"
#include "base/text.h"

#define MAX_DATA_FILE_SIZE (UINT64_C(1024) * 1024)

/* ---- files ----------------------------------------------------------------------------------- */

/* What may not be looked at is there: that it cannot be read is an error, no reason to take another
 * file of that name. */
static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* A pipe or device of that name would keep whit waiting. */
static int read_own(const char *path, struct buffer *out, struct error *error)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(error, "%s is not a regular file", path);
    return file_read_path(path, MAX_DATA_FILE_SIZE, out, error);
}

static int read_embedded(const char *name, struct buffer *out, struct error *error)
{
    const struct embedded_file *file = embedded_find(asm_files, name);
    if (!file)
        return error_set(error, "no data file is named %s", name);
    buffer_append(out, file->data, (size_t)(file->end - file->data));
    return buffer_check(out, error);
}

int asm_data_read(const struct asm_data *data, const char *name, struct buffer *out,
                  struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    if (data->directory && text_format(&path, error, "%s/%s", data->directory, name) < 0)
        return -1;
    return path && exists(path) ? read_own(path, out, error) : read_embedded(name, out, error);
}

/* ---- folders --------------------------------------------------------------------------------- */

static int add_once(struct strings *names, const char *name, struct error *error)
{
    return strings_contain(names, name) ? 0 : strings_append(names, name, error);
}

/* A folder is met once for each embedded file below it. */
static int list_embedded(const char *folder, struct strings *names, struct error *error)
{
    size_t length = strlen(folder);
    for (const struct embedded_file *file = asm_files; file->name; file++) {
        if (strncmp(file->name, folder, length) != 0 || file->name[length] != '/')
            continue;
        const char *below = file->name + length + 1;
        char *name TEXT_CLEANUP = NULL;
        if (text_format(&name, error, "%.*s", (int)strcspn(below, "/"), below) < 0 ||
            add_once(names, name, error) < 0)
            return -1;
    }
    return 0;
}

/* Adds the names in a directory for which `is_wanted` holds. */
static int list_directory(const char *path, bool (*is_wanted)(const char *path, const char *name),
                          struct strings *names, struct error *error)
{
    DIR *entries = opendir(path);
    if (!entries)
        return error_system(error, errno, "cannot open the directory %s", path);
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(entries));)
        if (entry->d_name[0] != '.' && is_wanted(path, entry->d_name))
            result = add_once(names, entry->d_name, error);
    closedir(entries);
    return result;
}

/* The same in a folder of the directory. That there is no such folder is no error. */
static int list_folder(const char *directory, const char *folder,
                       bool (*is_wanted)(const char *path, const char *name), struct strings *names,
                       struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    struct stat status;
    if (text_format(&path, error, "%s/%s", directory, folder) < 0)
        return -1;
    if (stat(directory, &status) == 0 && S_ISDIR(status.st_mode) && !exists(path))
        return 0;
    return list_directory(path, is_wanted, names, error);
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct strings *names)
{
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, compare_words);
}

static bool is_any(const char *path, const char *name)
{
    (void)path;
    (void)name;
    return true;
}

int asm_data_list(const struct asm_data *data, const char *folder, struct strings *names,
                  struct error *error)
{
    if ((data->directory && list_folder(data->directory, folder, is_any, names, error) < 0) ||
        list_embedded(folder, names, error) < 0)
        return -1;
    sort(names);
    return 0;
}

/* ---- templates ------------------------------------------------------------------------------- */

/* A folder with one of the two files is a template, and is told where it lacks the other. */
static bool is_template(const char *directory, const char *name)
{
    char *json TEXT_CLEANUP = NULL, *source TEXT_CLEANUP = NULL;
    struct error ignored;
    return text_format(&json, &ignored, "%s/%s/" TEMPLATE_JSON, directory, name) == 0 &&
           text_format(&source, &ignored, "%s/%s/%s.asm", directory, name, name) == 0 &&
           (exists(json) || exists(source));
}

int asm_data_list_templates(const struct asm_data *data, struct strings *names, struct error *error)
{
    if ((data->templates && list_directory(data->templates, is_template, names, error) < 0) ||
        (data->directory &&
         list_folder(data->directory, TEMPLATES, is_template, names, error) < 0) ||
        list_embedded(TEMPLATES, names, error) < 0)
        return -1;
    sort(names);
    return 0;
}

int asm_data_find_template(const struct asm_data *data, const char *name, char **folder,
                           struct error *error)
{
    char *below TEXT_CLEANUP = NULL;
    *folder = NULL;
    if (data->templates && is_template(data->templates, name))
        return text_format(folder, error, "%s/%s", data->templates, name);
    if (!data->directory)
        return 0;
    if (text_format(&below, error, "%s/" TEMPLATES, data->directory) < 0)
        return -1;
    return is_template(below, name) ? text_format(folder, error, "%s/%s", below, name) : 0;
}

bool asm_data_is_beside(const struct asm_template *template, const char *file)
{
    char *path TEXT_CLEANUP = NULL;
    struct error ignored;
    return template->folder && text_format(&path, &ignored, "%s/%s", template->folder, file) == 0 &&
           exists(path);
}

int asm_data_read_template(const struct asm_template *template, const char *file, char **path,
                           struct buffer *out, struct error *error)
{
    if (template->folder)
        return text_format(path, error, "%s/%s", template->folder, file) < 0
                   ? -1
                   : read_own(*path, out, error);
    return text_format(path, error, TEMPLATES "/%s/%s", template->name, file) < 0
               ? -1
               : read_embedded(*path, out, error);
}
