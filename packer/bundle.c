/* The runc bundle: config.json beside rootfs/ (OCI runtime-spec 1.0, bundle.md and config.md). */
#include "packer/read_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define RUNTIME_SPEC_VERSION "1.0.2"
#define ROOTFS               "rootfs"
#define CONFIG_NAME          "config.json"
#define FOLDER_MODE          0755
#define CONFIG_MODE          0644

/* What of /proc a container need not see, and need not write (as runc's own default has it). */
static const char *const masked_paths[] = {
    "/proc/acpi", "/proc/asound",        "/proc/kcore",
    "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
    "/proc/scsi", "/proc/timer_list",    "/proc/timer_stats",
    NULL,
};
static const char *const read_only_paths[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static const char *const namespaces[] = {"mount", "pid", "ipc", "uts", "network"};

static const struct {
    const char *destination, *type;
    const char *const options[5];
} mounts[] = {
    {"/proc", "proc", {NULL}},
    {"/dev", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k", NULL}},
};

/* ---- what a container starts ----------------------------------------------------------------- */

/* Appends a JSON list's strings; a missing list is an empty one. */
static int append_json(struct words *words, const cJSON *config, const char *key,
                       struct error *error)
{
    const cJSON *list = cJSON_GetObjectItem(config, key);
    const cJSON *item;
    if (list && !cJSON_IsArray(list) && !cJSON_IsNull(list))
        return error_set(error, "the image config's %s is not a list of strings", key);
    cJSON_ArrayForEach (item, list) {
        if (!cJSON_IsString(item))
            return error_set(error, "the image config's %s is not a list of strings", key);
        if (words_append(words, item->valuestring, error) < 0)
            return -1;
    }
    return 0;
}

/* "uid" or "uid:gid", both numbers. */
static int parse_user(const char *text, struct packer_process *process, struct error *error)
{
    if (!text || !*text)
        return 0;
    char uid_text[16] = "";
    size_t length = strcspn(text, ":");
    unsigned long long uid, gid = 0;
    if (length < sizeof uid_text)
        memcpy(uid_text, text, length);
    if (!text_to_number(uid_text, UINT32_MAX - 1, &uid) ||
        (text[length] && !text_to_number(text + length + 1, UINT32_MAX - 1, &gid)))
        return error_set(
            error,
            "the image's user '%s' is not UID or UID:GID: a bundle has no passwd file to "
            "look a name up in",
            text);
    process->uid = (uint32_t)uid;
    process->gid = (uint32_t)gid;
    return 0;
}

int packer_process_init(struct packer_process *process, const cJSON *document,
                        const char *const *arguments, struct error *error)
{
    *process = (struct packer_process){0};
    const cJSON *config = cJSON_GetObjectItem(document, "config");
    if (append_json(&process->arguments, config, "Entrypoint", error) < 0 ||
        append_json(&process->environment, config, "Env", error) < 0 ||
        parse_user(json_string(config, "User"), process, error) < 0)
        return -1;
    if (arguments ? words_append_all(&process->arguments, arguments, error) < 0
                  : append_json(&process->arguments, config, "Cmd", error) < 0)
        return -1;
    if (process->arguments.count == 0)
        return error_set(error, "the image names no command: give one after --");
    for (size_t i = 0; i < process->environment.count; i++)
        if (strcspn(process->environment.items[i], "=") == 0)
            return error_set(error, "the image's environment variable '%s' has no name",
                             process->environment.items[i]);
    const char *directory = json_string(config, "WorkingDir");
    if (directory && *directory && *directory != '/')
        return error_set(error, "the image's working directory '%s' is not absolute", directory);
    process->directory = strdup(directory && *directory ? directory : "/");
    return process->directory ? 0 : error_set(error, "out of memory");
}

bool packer_process_exists(const struct packer_process *process, int rootfs)
{
    const char *path = process->arguments.items[0];
    if (path[0] != '/')
        return true;
    int fd FD_CLEANUP = open_beneath(rootfs, path + strspn(path, "/"), O_PATH, 0);
    return fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
}

void packer_process_free(struct packer_process *process)
{
    words_free(&process->arguments);
    words_free(&process->environment);
    text_free(&process->directory);
}

/* ---- config.json ----------------------------------------------------------------------------- */

static void add_words(cJSON *object, const char *key, const char *const *words)
{
    cJSON *list = cJSON_AddArrayToObject(object, key);
    for (; words && *words; words++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*words));
}

static void add_process(cJSON *document, const struct packer_process *process)
{
    cJSON *object = cJSON_AddObjectToObject(document, "process");
    cJSON *user = cJSON_AddObjectToObject(object, "user");
    cJSON_AddNumberToObject(user, "uid", process->uid);
    cJSON_AddNumberToObject(user, "gid", process->gid);
    add_words(object, "args", words_list(&process->arguments));
    add_words(object, "env", words_list(&process->environment));
    cJSON_AddStringToObject(object, "cwd", process->directory);
    cJSON_AddTrueToObject(object, "noNewPrivileges");
}

static void add_mounts(cJSON *document)
{
    cJSON *list = cJSON_AddArrayToObject(document, "mounts");
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        cJSON *mount = cJSON_CreateObject();
        cJSON_AddItemToArray(list, mount);
        cJSON_AddStringToObject(mount, "destination", mounts[i].destination);
        cJSON_AddStringToObject(mount, "type", mounts[i].type);
        cJSON_AddStringToObject(mount, "source", mounts[i].type);
        if (mounts[i].options[0])
            add_words(mount, "options", mounts[i].options);
    }
}

static void add_namespace(cJSON *list, const char *type)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(list, object);
    cJSON_AddStringToObject(object, "type", type);
}

/* Maps container id 0 to `host` alone. */
static void add_mapping(cJSON *linux_part, const char *key, uint32_t host)
{
    cJSON *mapping = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(linux_part, key), mapping);
    cJSON_AddNumberToObject(mapping, "containerID", 0);
    cJSON_AddNumberToObject(mapping, "hostID", host);
    cJSON_AddNumberToObject(mapping, "size", 1);
}

static void add_linux(cJSON *document, const struct packer_process *process,
                      const struct packer_user *rootless)
{
    cJSON *linux_part = cJSON_AddObjectToObject(document, "linux");
    cJSON *list = cJSON_AddArrayToObject(linux_part, "namespaces");
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++)
        add_namespace(list, namespaces[i]);
    if (rootless) {
        add_namespace(list, "user");
        add_mapping(linux_part, "uidMappings", rootless->uid);
        add_mapping(linux_part, "gidMappings", rootless->gid);
    }
    add_words(linux_part, "maskedPaths", masked_paths);
    add_words(linux_part, "readonlyPaths", read_only_paths);
    if (process->seccomp)
        cJSON_AddItemToObject(linux_part, "seccomp", cJSON_Duplicate(process->seccomp, true));
}

int packer_bundle_config(const struct packer_process *process, const struct packer_user *rootless,
                         struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "ociVersion", RUNTIME_SPEC_VERSION);
    add_process(document, process);
    cJSON *root = cJSON_AddObjectToObject(document, "root");
    cJSON_AddStringToObject(root, "path", ROOTFS);
    cJSON_AddTrueToObject(root, "readonly");
    add_mounts(document);
    add_linux(document, process, rootless);
    return json_render(document, out, error);
}

/* ---- the directory --------------------------------------------------------------------------- */

/* Makes the directories that lead to a file, one after another. */
static int create_parents(int directory, const char *path, struct error *error)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        char *parent TEXT_CLEANUP = strndup(path, (size_t)(slash - path));
        if (!parent)
            return error_set(error, "out of memory");
        if (directory_create_at(directory, parent, FOLDER_MODE, error) < 0)
            return -1;
    }
    return 0;
}

static int write_config(const struct packer_job *job, int directory, struct error *error)
{
    struct packer_process process PACKER_PROCESS_CLEANUP = {0};
    struct buffer json BUFFER_CLEANUP = {0};
    cJSON *image_config JSON_CLEANUP = config_document(job->image, NULL, error);
    if (!image_config || packer_process_init(&process, image_config, NULL, error) < 0)
        return -1;
    process.seccomp = job->image->seccomp;
    if (packer_bundle_config(&process, NULL, &json, error) < 0)
        return -1;
    trace_text(job->trace, CONFIG_NAME ": %s", buffer_text(&json));
    struct content content = {.data = json.data, .size = json.size};
    return file_create_at(directory, CONFIG_NAME, CONFIG_MODE, &content, error);
}

/* Makes a file, or a directory that can be filled. */
static int create_file(int directory, const struct packer_file *file, struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    if (asprintf(&path, ROOTFS "/%s", file->path) < 0)
        return error_set(error, "out of memory");
    if (create_parents(directory, path, error) < 0)
        return -1;
    return file->is_directory ? directory_create_at(directory, path, FOLDER_MODE, error)
                              : file_create_at(directory, path, file->mode, &file->content, error);
}

static int set_mode(int directory, const struct packer_file *file, struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    if (asprintf(&path, ROOTFS "/%s", file->path) < 0)
        return error_set(error, "out of memory");
    return directory_create_at(directory, path, file->mode, error);
}

int bundle_write_directory(const struct packer_job *job, int directory, struct error *error)
{
    /* runc mounts on these two, and the root file system is read-only by then. */
    static const char *const folders[] = {ROOTFS, ROOTFS "/proc", ROOTFS "/dev"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (directory_create_at(directory, folders[i], FOLDER_MODE, error) < 0)
            return -1;
    for (size_t i = 0; i < job->image->file_count; i++)
        if (create_file(directory, &job->image->files[i], error) < 0)
            return -1;
    /* Modes that forbid to fill a directory come when all is in it, the deepest first. */
    for (size_t i = job->image->file_count; i-- > 0;)
        if (job->image->files[i].is_directory &&
            set_mode(directory, &job->image->files[i], error) < 0)
            return -1;
    return write_config(job, directory, error);
}
