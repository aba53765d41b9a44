/* Data files, embedded in the program or in a directory laid out like the repository. */
#include "asm/template/data.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/read.h"
#include "base/text.h"

#define MAX_DATA_FILE_SIZE (UINT64_C(1024) * 1024)

/* A folder is met once for each embedded file below it. */
static int list_embedded(const char *folder, struct strings *names, struct error *error)
{
    size_t length = strlen(folder);
    for (const struct embedded_file *file = asm_files; file->name; file++) {
        if (strncmp(file->name, folder, length) != 0 || file->name[length] != '/')
            continue;
        const char *below = file->name + length + 1;
        char *name TEXT_CLEANUP = NULL;
        if (text_format(&name, error, "%.*s", (int)strcspn(below, "/"), below) < 0)
            return -1;
        if (!strings_contain(names, name) && strings_append(names, name, error) < 0)
            return -1;
    }
    return 0;
}

static int list_directory(const char *directory, const char *folder, struct strings *names,
                          struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    if (text_format(&path, error, "%s/%s", directory, folder) < 0)
        return -1;
    DIR *entries = opendir(path);
    if (!entries)
        return error_system(error, errno, "cannot open the directory %s", path);
    int result = 0;
    for (struct dirent *entry; result == 0 && (entry = readdir(entries));)
        if (entry->d_name[0] != '.')
            result = strings_append(names, entry->d_name, error);
    closedir(entries);
    return result;
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int asm_data_list(const struct asm_data *data, const char *folder, struct strings *names,
                  struct error *error)
{
    int result = data->directory ? list_directory(data->directory, folder, names, error)
                                 : list_embedded(folder, names, error);
    if (result == 0 && names->count)
        qsort(names->items, names->count, sizeof *names->items, compare_words);
    return result;
}

int asm_data_read(const struct asm_data *data, const char *name, struct buffer *out,
                  struct error *error)
{
    if (data->directory) {
        char *path TEXT_CLEANUP = NULL;
        if (text_format(&path, error, "%s/%s", data->directory, name) < 0)
            return -1;
        return file_read_path(path, MAX_DATA_FILE_SIZE, out, error);
    }
    const struct embedded_file *file = embedded_find(asm_files, name);
    if (!file)
        return error_set(error, "no data file is named %s", name);
    buffer_append(out, file->data, (size_t)(file->end - file->data));
    return buffer_check(out, error);
}
