/*
 * Where a dynamic loader looks for a library: glibc's elf/dl-load.c, musl's ldso/dynlink.c. What is
 * built into a loader is read from the loader that is there.
 */
#include "elfcheck/libraries/libraries_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/read.h"
#include "base/text.h"

/* A loader has 250 kB, musl's with its libc in it 700. */
#define MAX_LOADER_SIZE      (16 * 1024 * 1024)
#define MAX_DIRECTORY_LENGTH 255
#define MAX_DIRECTORIES      64

#define MUSL_PATHS         "/lib:/usr/local/lib:/usr/lib"
#define MAX_PATH_FILE_SIZE 65536

/* $PLATFORM on most processors; the others find no less. */
#define PLATFORM_64 "x86_64"
#define PLATFORM_32 "i686"

/* ---- the loader ------------------------------------------------------------------------------ */

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool has(const struct strings *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i], word) == 0)
            return true;
    return false;
}

/* Adds a directory, its slashes at the end cut off. */
static int add_directory(struct strings *directories, const char *text, size_t length,
                         struct error *error)
{
    while (length > 1 && text[length - 1] == '/')
        length--;
    char *directory TEXT_CLEANUP = NULL;
    if (text_format(&directory, error, "%.*s", (int)length, text) < 0)
        return -1;
    if (has(directories, directory) || directories->count == MAX_DIRECTORIES)
        return 0;
    return strings_append(directories, directory, error);
}

/*
 * What one text of the loader tells. glibc has its default directories in a row, each with a slash
 * at its end ("/lib/x86_64-linux-gnu/"), and no other such texts.
 */
static int learn(struct library_search *search, const char *text, size_t length,
                 struct error *error)
{
    if (begins_with(text, "musl libc"))
        search->kind = LOADER_MUSL;
    if (strcmp(text, "GLIBC_PRIVATE") == 0)
        search->kind = LOADER_GLIBC;
    if (length < 3 || length > MAX_DIRECTORY_LENGTH || text[0] != '/' || text[length - 1] != '/')
        return 0;
    return add_directory(&search->directories, text, length, error);
}

static int read_loader(struct library_search *search, int loader, const char *path,
                       struct error *error)
{
    struct buffer bytes BUFFER_CLEANUP = {0};
    struct stat status;
    if (fstat(loader, &status) < 0)
        return error_system(error, errno, "cannot look at %s", path);
    if (status.st_size > MAX_LOADER_SIZE)
        return 0;
    struct buffer_sink sink = buffer_sink(&bytes);
    if (file_copy_to_sink(loader, path, 0, (uint64_t)status.st_size, &sink.sink, error) < 0 ||
        buffer_check(&bytes, error) < 0)
        return -1;
    const char *text = buffer_text(&bytes), *end = text + bytes.size;
    for (size_t length; text < end; text += length + 1) {
        length = strlen(text);
        if (learn(search, text, length, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- its settings ---------------------------------------------------------------------------- */

static int add_directories(struct strings *directories, const char *list, const char *separators,
                           struct error *error)
{
    for (const char *item = list; *item; item += strspn(item, separators)) {
        size_t length = strcspn(item, separators);
        if (length && add_directory(directories, item, length, error) < 0)
            return -1;
        item += length;
    }
    return 0;
}

/* musl's loader "/lib/ld-musl-x86_64.so.1" reads "/etc/ld-musl-x86_64.path". */
static int read_musl_settings(struct library_search *search, struct error *error)
{
    struct buffer list BUFFER_CLEANUP = {0};
    const char *path = search->is_32bit ? "/etc/ld-musl-i386.path" : "/etc/ld-musl-x86_64.path";
    struct stat status;
    int fd FD_CLEANUP = root_open(search->root, path);
    strings_free(&search->directories);
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
        status.st_size > MAX_PATH_FILE_SIZE)
        return add_directories(&search->directories, MUSL_PATHS, ":", error);
    if (file_read(fd, path, MAX_PATH_FILE_SIZE, &list, error) < 0 || buffer_check(&list, error) < 0)
        return -1;
    return add_directories(&search->directories, buffer_text(&list), ":\n", error);
}

static int read_glibc_settings(struct library_search *search, struct error *error)
{
    /* Those of Debian, Fedora and most others, for a loader that says nothing. */
    static const char *const usual = "/lib64:/usr/lib64:/lib/x86_64-linux-gnu:"
                                     "/usr/lib/x86_64-linux-gnu:/lib:/usr/lib";
    static const char *const usual_32 =
        "/lib/i386-linux-gnu:/usr/lib/i386-linux-gnu:/lib32:/usr/lib32:/lib:/usr/lib";
    if (search->directories.count == 0 &&
        add_directories(&search->directories, search->is_32bit ? usual_32 : usual, ":", error) < 0)
        return -1;
    return cache_read(search->root, &search->cache, error);
}

int library_search_init(struct library_search *search, const struct elfcheck_root *root, int loader,
                        const char *path, bool is_32bit, struct error *error)
{
    *search = (struct library_search){.root = root, .is_32bit = is_32bit};
    if (read_loader(search, loader, path, error) < 0)
        return -1;
    if (search->kind == LOADER_MUSL)
        return read_musl_settings(search, error);
    return search->kind == LOADER_GLIBC ? read_glibc_settings(search, error) : 0;
}

void library_search_free(struct library_search *search)
{
    strings_free(&search->directories);
    buffer_free(&search->cache);
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* One search for one library. */
struct quest {
    const struct library_search *search;
    const char *name;
    struct budget *budget;
    try_library_path *attempt;
    void *context;
    struct error *error;
};

static enum attempt try_path(const struct quest *quest, const char *path)
{
    if (quest->budget->opens == 0)
        return ATTEMPT_FAILED;
    quest->budget->opens--;
    return quest->attempt(quest->context, path);
}

static enum attempt try_directory(const struct quest *quest, const char *directory)
{
    char *path TEXT_CLEANUP = NULL;
    const char *parent = strcmp(directory, "/") == 0 ? "" : directory;
    return text_format(&path, quest->error, "%s/%s", parent, quest->name) < 0
               ? ATTEMPT_FAILED
               : try_path(quest, path);
}

static void append_origin(const struct object *object, struct buffer *out)
{
    const char *slash = strrchr(object->path, '/');
    buffer_append(out, object->path, slash ? (size_t)(slash - object->path) : 0);
    if (!slash || slash == object->path)
        buffer_append_text(out, "/");
}

/* "lib/x86_64-linux-gnu" or "lib64": what the first of the loader's own directories is called. */
static const char *lib_name(const struct library_search *search)
{
    const char *first = search->directories.count ? search->directories.items[0] : "";
    return begins_with(first, "/lib") ? first + 1 : "lib";
}

/*
 * Appends the text with $ORIGIN, $LIB and $PLATFORM, in braces or not, replaced (ld.so(8), "Dynamic
 * string tokens"); musl knows the first only. False where it names another.
 */
static bool expand(const struct library_search *search, const struct object *object,
                   const char *text, size_t length, struct buffer *out)
{
    static const char *const tokens[] = {"ORIGIN", "LIB", "PLATFORM"};
    const char *end = text + length;
    while (text < end) {
        const char *dollar = memchr(text, '$', (size_t)(end - text));
        buffer_append(out, text, (size_t)((dollar ? dollar : end) - text));
        if (!dollar)
            break;
        bool braces = dollar + 1 < end && dollar[1] == '{';
        const char *name = dollar + 1 + braces;
        size_t token = 0, size = 0;
        for (; token < COUNT(tokens); token++) {
            size = strlen(tokens[token]);
            if ((size_t)(end - name) >= size && memcmp(name, tokens[token], size) == 0 &&
                (!braces || (name + size < end && name[size] == '}')))
                break;
        }
        if (token == 0)
            append_origin(object, out);
        else if (token == 1 && search->kind == LOADER_GLIBC)
            buffer_append_text(out, lib_name(search));
        else if (token == 2 && search->kind == LOADER_GLIBC)
            buffer_append_text(out, search->is_32bit ? PLATFORM_32 : PLATFORM_64);
        else
            return false;
        text = name + size + braces;
    }
    return true;
}

/* The directories of a DT_RPATH or DT_RUNPATH, or of LD_LIBRARY_PATH. */
static enum attempt try_list(const struct quest *quest, const struct object *object,
                             const char *list, const char *separators)
{
    enum attempt found = ATTEMPT_NEXT;
    const char *item = list && *list ? list : NULL;
    for (; item && found == ATTEMPT_NEXT; item = *item ? item + 1 : NULL) {
        size_t length = strcspn(item, separators);
        struct buffer directory BUFFER_CLEANUP = {0};
        bool is_known = expand(quest->search, object, item, length, &directory);
        if (buffer_check(&directory, quest->error) < 0)
            return ATTEMPT_FAILED;
        if (is_known && directory.size < PATH_MAX)
            found = try_directory(quest, buffer_text(&directory));
        item += length;
    }
    return found;
}

/* Of both lists DT_RUNPATH counts, and only for what the file itself needs; DT_RPATH counts for
 * what that needs in turn. */
static enum attempt try_rpaths(const struct quest *quest, const struct object *object)
{
    enum attempt found = ATTEMPT_NEXT;
    if (object->linkage.runpath)
        return ATTEMPT_NEXT;
    for (; object && found == ATTEMPT_NEXT; object = object->parent)
        if (!object->linkage.runpath)
            found = try_list(quest, object, object->linkage.rpath, ":");
    return found;
}

static enum attempt try_defaults(const struct quest *quest)
{
    enum attempt found = ATTEMPT_NEXT;
    const struct strings *directories = &quest->search->directories;
    for (size_t i = 0; i < directories->count && found == ATTEMPT_NEXT; i++)
        found = try_directory(quest, directories->items[i]);
    return found;
}

static enum attempt try_glibc(const struct quest *quest, const struct object *object)
{
    const struct library_search *search = quest->search;
    enum attempt found = try_rpaths(quest, object);
    if (found == ATTEMPT_NEXT)
        found = try_list(quest, object, search->root->library_path, ":;");
    if (found == ATTEMPT_NEXT)
        found = try_list(quest, object, object->linkage.runpath, ":");
    const char *cached = cache_find(&search->cache, quest->name, search->is_32bit);
    if (found == ATTEMPT_NEXT && cached)
        found = try_path(quest, cached);
    return found == ATTEMPT_NEXT ? try_defaults(quest) : found;
}

/* Either list counts for whatever is needed further down. */
static enum attempt try_musl(const struct quest *quest, const struct object *object)
{
    enum attempt found = try_list(quest, object, quest->search->root->library_path, ":\n");
    for (; object && found == ATTEMPT_NEXT; object = object->parent) {
        const struct linkage *linkage = &object->linkage;
        found = try_list(quest, object, linkage->runpath ? linkage->runpath : linkage->rpath, ":");
    }
    return found == ATTEMPT_NEXT ? try_defaults(quest) : found;
}

enum attempt try_library_paths(const struct library_search *search, const struct object *object,
                               const char *name, struct budget *budget, try_library_path *attempt,
                               void *context, struct error *error)
{
    const struct quest quest = {.search = search,
                                .name = name,
                                .budget = budget,
                                .attempt = attempt,
                                .context = context,
                                .error = error};
    if (!strchr(name, '/'))
        return search->kind == LOADER_MUSL ? try_musl(&quest, object) : try_glibc(&quest, object);
    struct buffer path BUFFER_CLEANUP = {0};
    if (!expand(search, object, name, strlen(name), &path))
        return ATTEMPT_NEXT;
    return buffer_check(&path, error) < 0 ? ATTEMPT_FAILED : try_path(&quest, buffer_text(&path));
}
