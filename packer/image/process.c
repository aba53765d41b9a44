/* What a container of an image starts: its config, completed as engines do. */
#include "packer/image/image.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/text.h"

#define PATH_VARIABLE "PATH"
#define MAX_PASSED    (2 * 1024 * 1024) /* Linux: a quarter of the usual stack, with pointers */

/* Appends a JSON list's strings; a missing list is an empty one. */
static int append_json(struct strings *words, const cJSON *config, const char *key,
                       struct error *error)
{
    const cJSON *list = cJSON_GetObjectItem(config, key);
    const cJSON *item;
    if (list && !cJSON_IsArray(list) && !cJSON_IsNull(list))
        return error_set(error, "the image config's %s is not a list of strings", key);
    cJSON_ArrayForEach (item, list) {
        if (!cJSON_IsString(item))
            return error_set(error, "the image config's %s is not a list of strings", key);
        if (strings_append(words, item->valuestring, error) < 0)
            return -1;
    }
    return 0;
}

/* An Entrypoint of one empty word stands for none, as in docker and podman. */
static int append_entry_point(struct strings *words, const cJSON *config, struct error *error)
{
    const cJSON *list = cJSON_GetObjectItem(config, "Entrypoint");
    const char *only = cJSON_GetArraySize(list) == 1 ? cJSON_GetStringValue(list->child) : NULL;
    return only && !*only ? 0 : append_json(words, config, "Entrypoint", error);
}

/*
 * As docker and podman make it: PATH where the image does not set it, and none of the names without
 * a value, which only take away what there would be.
 */
static int set_environment(struct packer_process *process, const cJSON *config, struct error *error)
{
    struct strings words STRINGS_CLEANUP = {0};
    size_t length = strlen(PATH_VARIABLE);
    process->is_path_default = true;
    if (append_json(&words, config, "Env", error) < 0)
        return -1;
    for (size_t i = 0; i < words.count; i++)
        if (strcspn(words.items[i], "=") == length &&
            strncmp(words.items[i], PATH_VARIABLE, length) == 0)
            process->is_path_default = false;
    if (process->is_path_default &&
        strings_append(&process->environment, PATH_VARIABLE "=" PACKER_DEFAULT_PATH, error) < 0)
        return -1;
    for (size_t i = 0; i < words.count; i++) {
        const char *word = words.items[i];
        if (*word == '=' || !*word)
            return error_set(error, "the image's environment variable '%s' has no name", word);
        if (strchr(word, '=') && strings_append(&process->environment, word, error) < 0)
            return -1;
    }
    return 0;
}

static int set_directory(struct packer_process *process, const cJSON *config, struct error *error)
{
    const char *directory = json_string(config, "WorkingDir");
    if (directory && *directory && *directory != '/')
        return error_set(error, "the image's working directory '%s' is not absolute", directory);
    return text_copy(&process->directory, directory && *directory ? directory : "/", error);
}

static size_t passed_size(const struct strings *words)
{
    size_t size = 0;
    for (size_t i = 0; i < words->count; i++)
        size += strlen(words->items[i]) + 1 + sizeof(char *);
    return size;
}

/* What execve refuses would else be known only once runc has read it. */
static int check_passed(const struct packer_process *process, struct error *error)
{
    size_t size = passed_size(&process->arguments) + passed_size(&process->environment);
    return size <= MAX_PASSED ? 0
                              : error_set(error,
                                          "the image's command and environment take %zu bytes, "
                                          "more than the %d that Linux passes to a program",
                                          size, MAX_PASSED);
}

int packer_process_init(struct packer_process *process, const cJSON *document,
                        const char *const *arguments, struct error *error)
{
    *process = (struct packer_process){0};
    const cJSON *config = cJSON_GetObjectItem(document, "config");
    if (append_entry_point(&process->arguments, config, error) < 0 ||
        set_environment(process, config, error) < 0)
        return -1;
    if (arguments ? strings_append_all(&process->arguments, arguments, error) < 0
                  : append_json(&process->arguments, config, "Cmd", error) < 0)
        return -1;
    if (process->arguments.count == 0)
        return error_set(error, "the image names no command: give one by --cmd, or to "
                                "`whit run` after --");
    return check_passed(process, error) < 0 ? -1 : set_directory(process, config, error);
}

int packer_process_find_user(struct packer_process *process, const cJSON *document,
                             const struct packer_root *root, struct error *error)
{
    const cJSON *user = cJSON_GetObjectItem(cJSON_GetObjectItem(document, "config"), "User");
    if (user && !cJSON_IsString(user) && !cJSON_IsNull(user))
        return error_set(error, "the image config's User is not a string");
    const char *text = cJSON_GetStringValue(user);
    user_free(&process->user);
    return user_find(text ? text : "", root, &process->user, error);
}

void packer_process_free(struct packer_process *process)
{
    strings_free(&process->arguments);
    strings_free(&process->environment);
    text_free(&process->directory);
    user_free(&process->user);
}

/* To open a device or a FIFO may do something, or wait: it is looked at only. */
int packer_open_in(void *directory, const char *path)
{
    const int root = *(const int *)directory;
    struct stat status;
    int seen = open_beneath(root, path, O_PATH, RESOLVE_IN_ROOT);
    if (seen < 0 || fstat(seen, &status) < 0 ||
        (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)))
        return seen;
    close(seen);
    return open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_IN_ROOT);
}
