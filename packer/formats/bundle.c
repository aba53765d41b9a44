/* Writes the runc bundle: config.json beside rootfs/ (OCI runtime-spec 1.0, bundle.md and
 * config.md). */
#include "packer/formats/formats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/beneath.h"
#include "base/output.h"
#include "base/read.h"
#include "base/text.h"
#include "packer/image/image.h"

#define RUNTIME_SPEC_VERSION "1.0.2"
#define MIN_VERSION          "1.0" /* that crun 1.8 takes */
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

/* ---- config.json ----------------------------------------------------------------------------- */

static void add_words(cJSON *object, const char *key, const char *const *words)
{
    cJSON *list = cJSON_AddArrayToObject(object, key);
    for (; words && *words; words++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*words));
}

/* A user namespace of one id has no other groups. */
static void add_user(cJSON *object, const struct packer_process *process, bool has_groups)
{
    cJSON *user = cJSON_AddObjectToObject(object, "user");
    cJSON_AddNumberToObject(user, "uid", process->user.uid);
    cJSON_AddNumberToObject(user, "gid", process->user.gid);
    if (!has_groups || !process->user.group_count)
        return;
    cJSON *groups = cJSON_AddArrayToObject(user, "additionalGids");
    for (size_t i = 0; i < process->user.group_count; i++)
        cJSON_AddItemToArray(groups, cJSON_CreateNumber(process->user.groups[i]));
}

static void add_process(cJSON *document, const struct packer_process *process, bool has_groups)
{
    cJSON *object = cJSON_AddObjectToObject(document, "process");
    add_user(object, process, has_groups);
    add_words(object, "args", strings_list(&process->arguments));
    add_words(object, "env", strings_list(&process->environment));
    cJSON_AddStringToObject(object, "cwd", process->directory);
    cJSON_AddTrueToObject(object, "noNewPrivileges");
}

static cJSON *add_mount(cJSON *list, const char *destination, const char *type)
{
    cJSON *mount = cJSON_CreateObject();
    cJSON_AddItemToArray(list, mount);
    cJSON_AddStringToObject(mount, "destination", destination);
    cJSON_AddStringToObject(mount, "type", type);
    return mount;
}

static void add_mounts(cJSON *document)
{
    cJSON *list = cJSON_AddArrayToObject(document, "mounts");
    for (size_t i = 0; i < COUNT(mounts); i++) {
        cJSON *mount = add_mount(list, mounts[i].destination, mounts[i].type);
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

static void add_seccomp(cJSON *linux_part, const struct packer_process *process)
{
    if (process->seccomp)
        cJSON_AddItemToObject(linux_part, "seccomp", cJSON_Duplicate(process->seccomp, true));
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
    for (size_t i = 0; i < COUNT(namespaces); i++)
        add_namespace(list, namespaces[i]);
    if (rootless) {
        add_namespace(list, "user");
        add_mapping(linux_part, "uidMappings", rootless->uid);
        add_mapping(linux_part, "gidMappings", rootless->gid);
    }
    add_words(linux_part, "maskedPaths", masked_paths);
    add_words(linux_part, "readonlyPaths", read_only_paths);
    add_seccomp(linux_part, process);
}

int packer_bundle_config(const struct packer_process *process, const struct packer_user *rootless,
                         struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "ociVersion", RUNTIME_SPEC_VERSION);
    add_process(document, process, !rootless);
    cJSON *root = cJSON_AddObjectToObject(document, "root");
    cJSON_AddStringToObject(root, "path", ROOTFS);
    cJSON_AddTrueToObject(root, "readonly");
    add_mounts(document);
    add_linux(document, process, rootless);
    return json_render(document, out, error);
}

/* ---- the smallest config.json ---------------------------------------------------------------- */

/* What is named in it. */
struct names {
    const char *rootfs;
    const char *proc;    /* where proc is mounted; where that is not "proc", it is a link to it */
    const char *program; /* "/" and the name of the one file, where that is free; or NULL */
};

/* Whether a file of the image is of that name, or below it. */
static bool is_taken(const struct packer_image *image, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < image->file_count; i++)
        if (strncmp(image->files[i].path, name, length) == 0 &&
            strchr("/", image->files[i].path[length])) /* or its end */
            return true;
    return false;
}

static struct names choose_names(const struct packer_job *job)
{
    const struct packer_image *image = job->image;
    if (!image || !job->target->minimal)
        return (struct names){.rootfs = ROOTFS, .proc = "proc"};
    return (struct names){
        .rootfs = "r",
        .proc = image->is_name_free || !is_taken(image, "p") ? "p" : "proc",
        .program = image->is_name_free ? "/h" : NULL,
    };
}

/* What engines ask for, a mount namespace, and what the image has of its own; why it cannot be less
 * is told in docs/engines.md. */
static int render_minimal(const struct packer_process *process, const struct packer_target *target,
                          const struct names *names, struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = cJSON_CreateObject();
    if ((target->needs & PACKER_NEEDS_VERSION) || target->strict)
        cJSON_AddStringToObject(document, "ociVersion",
                                target->strict ? RUNTIME_SPEC_VERSION : MIN_VERSION);
    cJSON *object = cJSON_AddObjectToObject(document, "process");
    cJSON_AddStringToObject(object, "cwd", process->directory);
    add_words(object, "args", strings_list(&process->arguments));
    /* What names no program to look up does without the engines' PATH. */
    bool has_path = !process->is_path_default || !strchr(process->arguments.items[0], '/');
    if (process->environment.count > (has_path ? 0 : 1))
        add_words(object, "env", strings_list(&process->environment) + (has_path ? 0 : 1));
    if (process->user.uid || process->user.gid || process->user.group_count)
        add_user(object, process, true);
    else if (target->needs & PACKER_NEEDS_USER)
        cJSON_AddObjectToObject(object, "user");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(document, "root"), "path", names->rootfs);
    cJSON *list = cJSON_AddArrayToObject(document, "mounts");
    if (target->needs & PACKER_NEEDS_PROC) {
        char destination[sizeof "/proc"];
        snprintf(destination, sizeof destination, "/%s", names->proc);
        add_mount(list, destination, "proc");
    }
    if (target->needs & PACKER_NEEDS_DEV)
        add_mount(list, "/dev", "tmpfs");
    cJSON *linux_part = cJSON_AddObjectToObject(document, "linux");
    add_namespace(cJSON_AddArrayToObject(linux_part, "namespaces"), "mount");
    add_seccomp(linux_part, process);
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

static int write_config(const struct packer_job *job, const struct names *names, int directory,
                        struct error *error)
{
    struct packer_process process PACKER_PROCESS_CLEANUP = {0};
    struct buffer json BUFFER_CLEANUP = {0};
    struct packer_image image = job->image ? *job->image : (struct packer_image){0};
    const char *const command[] = {names->program, NULL};
    if (names->program)
        image.config.command = command;
    cJSON *made JSON_CLEANUP = job->image ? config_document(&image, NULL, error) : NULL;
    const cJSON *image_config = job->image ? made : packer_config(job->archive);
    int rootfs FD_CLEANUP = openat(directory, names->rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct packer_root root = {.open = packer_open_in, .context = &rootfs};
    if (!image_config || packer_process_init(&process, image_config, NULL, error) < 0 ||
        packer_process_find_user(&process, image_config, &root, error) < 0)
        return -1;
    process.seccomp = image.seccomp;
    if ((job->target->minimal ? render_minimal(&process, job->target, names, &json, error)
                              : packer_bundle_config(&process, NULL, &json, error)) < 0)
        return -1;
    trace_text(job->trace, CONFIG_NAME ": %s", buffer_text(&json));
    struct content content = {.data = json.data, .size = json.size};
    return file_create_at(directory, CONFIG_NAME, CONFIG_MODE, &content, error);
}

/* Sets *path to a file's path in the bundle, from the heap. */
static int format_path(char **path, const struct names *names, const struct packer_file *file,
                       struct error *error)
{
    return text_format(path, error, "%s/%s", names->rootfs,
                       names->program ? names->program + 1 : file->path);
}

/* Makes a file, or a directory that can be filled. */
static int create_file(const struct names *names, int directory, const struct packer_file *file,
                       struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    if (format_path(&path, names, file, error) < 0 || create_parents(directory, path, error) < 0)
        return -1;
    return file->is_directory ? directory_create_at(directory, path, FOLDER_MODE, error)
                              : file_create_at(directory, path, file->mode, &file->content, error);
}

static int set_mode(const struct names *names, int directory, const struct packer_file *file,
                    struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    return format_path(&path, names, file, error) < 0
               ? -1
               : directory_create_at(directory, path, file->mode, error);
}

/* runc mounts on these, and the root file system is read-only by then. */
static int create_mount_points(const struct names *names, int directory, struct error *error)
{
    char path[sizeof ROOTFS "/proc"];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", names->rootfs, i ? "dev" : names->proc);
        if (directory_create_at(directory, path, FOLDER_MODE, error) < 0)
            return -1;
    }
    snprintf(path, sizeof path, "%s/proc", names->rootfs);
    if (strcmp(names->proc, "proc") != 0 && symlinkat(names->proc, directory, path) < 0)
        return error_system(error, errno, "cannot create the link %s", path);
    return 0;
}

static int fill_from_files(const struct packer_job *job, const struct names *names, int directory,
                           struct error *error)
{
    const struct packer_image *image = job->image;
    if (create_mount_points(names, directory, error) < 0)
        return -1;
    for (size_t i = 0; i < image->file_count; i++)
        if (create_file(names, directory, &image->files[i], error) < 0)
            return -1;
    /* Modes that forbid to fill a directory come when all is in it, the deepest first. */
    for (size_t i = image->file_count; i-- > 0;)
        if (image->files[i].is_directory && set_mode(names, directory, &image->files[i], error) < 0)
            return -1;
    return 0;
}

/* Layers are unpacked into an empty directory. */
static int fill_from_archive(const struct packer_job *job, const struct names *names, int directory,
                             struct error *error)
{
    int rootfs FD_CLEANUP = openat(directory, names->rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (rootfs < 0)
        return error_system(error, errno, "cannot open the root file system");
    if (packer_unpack(job->archive, rootfs, error) < 0)
        return -1;
    return create_mount_points(names, directory, error);
}

int bundle_write_directory(const struct packer_job *job, int directory, struct error *error)
{
    const struct names names = choose_names(job);
    if (directory_create_at(directory, names.rootfs, FOLDER_MODE, error) < 0 ||
        (job->image ? fill_from_files : fill_from_archive)(job, &names, directory, error) < 0)
        return -1;
    return write_config(job, &names, directory, error);
}
