/* Makes an image of a bundle (OCI runtime-spec 1.0, config.md): its process becomes the config, its
 * tree the layer, and what an image cannot hold is told. */
#include "packer/read/read_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/beneath.h"
#include "base/text.h"
#include "packer/image/image.h"

/* ---- the process ----------------------------------------------------------------------------- */

/* What a bundle's process is, as an image config has it. */
struct process {
    struct strings arguments, environment;
    char user[sizeof "4294967295:4294967295"];
    const char *directory;
    unsigned uid, gid;
};

static void process_free(struct process *process)
{
    strings_free(&process->arguments);
    strings_free(&process->environment);
}
#define PROCESS_CLEANUP __attribute__((cleanup(process_free)))

static int read_list(const cJSON *object, const char *key, struct strings *words,
                     struct error *error)
{
    const cJSON *item, *list = cJSON_GetObjectItem(object, key);
    bool is_list = !list || cJSON_IsNull(list) || cJSON_IsArray(list);
    cJSON_ArrayForEach (item, list) {
        is_list = is_list && cJSON_IsString(item);
        if (is_list && strcmp(item->valuestring, "PATH=" PACKER_DEFAULT_PATH) == 0)
            continue; /* engines add it */
        if (is_list && strings_append(words, item->valuestring, error) < 0)
            return -1;
    }
    return is_list ? 0 : error_set(error, "process.%s is not a list of strings", key);
}

static int read_id(const cJSON *user, const char *key, unsigned *id, struct error *error)
{
    const cJSON *number = cJSON_GetObjectItem(user, key);
    *id = 0;
    if (!number)
        return 0;
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0 && number->valuedouble <= INT32_MAX))
        return error_set(error, "process.user.%s is not a number from 0 to %d", key, INT32_MAX);
    *id = (unsigned)number->valuedouble;
    return 0;
}

/* Whether the user has just the groups of a list. */
static bool has_groups(const struct packer_user *user, const cJSON *list)
{
    if ((size_t)cJSON_GetArraySize(list) != user->group_count)
        return false;
    const cJSON *group;
    size_t i = 0;
    cJSON_ArrayForEach (group, list)
        if (!cJSON_IsNumber(group) || group->valuedouble != (double)user->groups[i++])
            return false;
    return true;
}

/* The shortest User that engines look up, in the image's files, as what the bundle says. */
static int choose_user(struct packer_archive *archive, struct process *process, const cJSON *groups,
                       int root, struct error *error)
{
    char choices[3][sizeof process->user] = {"", "", ""};
    const struct packer_root files = {.open = packer_open_in, .context = &root};
    bool is_found = false;
    snprintf(choices[1], sizeof choices[1], "%u", process->uid);
    snprintf(choices[2], sizeof choices[2], "%u:%u", process->uid, process->gid);
    for (size_t i = process->uid ? 1 : 0; i < COUNT(choices) && !is_found; i++) {
        struct packer_user user;
        struct error ignored;
        is_found = user_find(choices[i], &files, &user, &ignored) == 0 &&
                   user.uid == process->uid && user.gid == process->gid &&
                   has_groups(&user, groups);
        user_free(&user);
        snprintf(process->user, sizeof process->user, "%s", choices[i]);
    }
    return is_found ? 0
                    : archive_warn(archive, error,
                                   "config.json: process.user.additionalGids is left out: an image "
                                   "has the groups "
                                   "of its /etc/group");
}

static int read_process(struct process *process, const cJSON *document, struct error *error)
{
    const cJSON *object = cJSON_GetObjectItem(document, "process");
    const cJSON *user = cJSON_GetObjectItem(object, "user");
    process->directory = json_string(object, "cwd");
    return read_list(object, "args", &process->arguments, error) < 0 ||
                   read_list(object, "env", &process->environment, error) < 0 ||
                   read_id(user, "uid", &process->uid, error) < 0 ||
                   read_id(user, "gid", &process->gid, error) < 0
               ? -1
               : 0;
}

/* What `whit pack` leaves out, since it is so anyway, is left out here, too. */
static void complete_config(struct packer_config *config, const struct process *process)
{
    if (!config->entrypoint && !config->command)
        config->command = strings_list(&process->arguments);
    if (!config->environment)
        config->environment = strings_list(&process->environment);
    if (!config->user && *process->user)
        config->user = process->user;
    if (!config->working_directory && process->directory && strcmp(process->directory, "/") != 0)
        config->working_directory = process->directory;
}

/* ---- what is left out ------------------------------------------------------------------------ */

/* What an image config has no place for. */
static const struct loss {
    const char *path;  /* keys with dots between them */
    const char *label; /* each item of a list is told by this field of it; NULL: it is told once */
    const char *remedy;
} losses[] = {
    {"hostname", NULL, "docker run --hostname sets it"},
    {"domainname", NULL, "docker run --domainname sets it"},
    {"mounts", "destination", "docker run --mount sets it"},
    {"hooks.prestart", "path", "no image has it"},
    {"hooks.createRuntime", "path", "no image has it"},
    {"hooks.createContainer", "path", "no image has it"},
    {"hooks.startContainer", "path", "no image has it"},
    {"hooks.poststart", "path", "no image has it"},
    {"hooks.poststop", "path", "no image has it"},
    {"process.rlimits", "type", "docker run --ulimit sets it"},
    {"process.capabilities", NULL, "docker run --cap-add sets it"},
    {"process.apparmorProfile", NULL, "docker run --security-opt sets it"},
    {"process.selinuxLabel", NULL, "docker run --security-opt sets it"},
    {"process.oomScoreAdj", NULL, "docker run --oom-score-adj sets it"},
    {"process.user.umask", NULL, "no image has it"},
    {"linux.seccomp", NULL, "docker run --security-opt seccomp=FILE sets it"},
    {"linux.sysctl", NULL, "docker run --sysctl sets it"},
    {"linux.devices", "path", "docker run --device sets it"},
    {"annotations", NULL, "an image has labels"},
};

/* What every engine mounts by itself. */
static bool is_usual_mount(const char *destination)
{
    static const char *const usual[] = {"/proc", "/dev", "/sys"};
    for (size_t i = 0; i < COUNT(usual); i++) {
        size_t length = strlen(usual[i]);
        if (strncmp(destination, usual[i], length) == 0 &&
            (!destination[length] || destination[length] == '/'))
            return true;
    }
    return false;
}

static int report_items(struct packer_archive *archive, const struct loss *loss, const cJSON *list,
                        struct error *error)
{
    const cJSON *item;
    cJSON_ArrayForEach (item, list) {
        const char *name = json_string(item, loss->label);
        if (strcmp(loss->path, "mounts") == 0 && name && is_usual_mount(name))
            continue;
        if (archive_warn(archive, error, "config.json: %s of %s is left out: %s", loss->path,
                         name ? name : "no name", loss->remedy) < 0)
            return -1;
    }
    return 0;
}

static bool is_empty(const cJSON *value)
{
    const char *text = cJSON_GetStringValue(value);
    bool is_list = cJSON_IsArray(value) || cJSON_IsObject(value);
    return !value || cJSON_IsNull(value) || (text && !*text) || (is_list && !value->child);
}

static int report_losses(struct packer_archive *archive, const cJSON *document, struct error *error)
{
    for (size_t i = 0; i < COUNT(losses); i++) {
        const cJSON *value = document;
        for (const char *key = losses[i].path; value && key;) {
            size_t length = strcspn(key, ".");
            char *name TEXT_CLEANUP = strndup(key, length);
            if (!name)
                return error_set(error, "out of memory");
            value = cJSON_GetObjectItem(value, name);
            key = key[length] ? key + length + 1 : NULL;
        }
        if (is_empty(value))
            continue;
        int told = losses[i].label ? report_items(archive, &losses[i], value, error)
                                   : archive_warn(archive, error, "config.json: %s is left out: %s",
                                                  losses[i].path, losses[i].remedy);
        if (told < 0)
            return -1;
    }
    return 0;
}

/* ---- the bundle ------------------------------------------------------------------------------ */

/* An absolute path is good where it leads into the bundle. */
static const char *relative_path(const struct packer_archive *archive, const char *path)
{
    char link[32], top[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", archive->directory);
    ssize_t length = readlink(link, top, sizeof top);
    bool is_inside = *path == '/' && length > 0 && (size_t)length < sizeof top &&
                     strncmp(path, top, (size_t)length) == 0 && path[length] == '/';
    return is_inside ? path + length + strspn(path + length, "/") : path;
}

static int open_root(const struct packer_archive *archive, const char *path, struct error *error)
{
    const char *relative = relative_path(archive, path);
    if (*relative == '/')
        return error_set(
            error,
            "config.json: the root directory '%s' is outside of the bundle: copy it to "
            "the bundle, and set root.path to its name there",
            path);
    int root = open_beneath(archive->directory, relative, O_RDONLY | O_DIRECTORY, 0);
    return root < 0 ? error_system(error, errno, "cannot open the root directory '%s'", path)
                    : root;
}

static int read_bundle(struct packer_archive *archive, const cJSON *document, struct error *error)
{
    struct process process PROCESS_CLEANUP = {0};
    struct packer_config config = *archive->new_config;
    struct extent tar;
    const cJSON *user = cJSON_GetObjectItem(cJSON_GetObjectItem(document, "process"), "user");
    const char *path = json_string(cJSON_GetObjectItem(document, "root"), "path");
    if (!path)
        return error_set(error, "config.json has no root.path");
    if (read_process(&process, document, error) < 0)
        return error_prefix(error, "config.json");
    int root FD_CLEANUP = open_root(archive, path, error);
    if (root < 0 || choose_user(archive, &process, cJSON_GetObjectItem(user, "additionalGids"),
                                root, error) < 0)
        return -1;
    complete_config(&config, &process);
    if (root_spool_tree(archive, root, &tar, error) < 0 ||
        root_set_layer(archive, &tar, error) < 0 || root_set_config(archive, &config, error) < 0)
        return -1;
    return report_losses(archive, document, error);
}

int bundle_read(struct packer_archive *archive, const struct member *file, struct error *error)
{
    cJSON *document JSON_CLEANUP = member_read_json(archive, file, error);
    if (!document)
        return -1;
    return read_bundle(archive, document, error) < 0 ? error_prefix(error, "%s", archive->path) : 0;
}
