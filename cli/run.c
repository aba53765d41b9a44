/* whit run: an image or a program in a container, by runc, or by bubblewrap where runc fails. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/output.h"
#include "base/process.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"
#include "cli/shared/environment.h"
#include "cli/shared/image.h"
#include "cli/shared/message.h"
#include "cli/shared/options.h"
#include "cli/shared/program.h"
#include "cli/shared/root.h"
#include "packer/packer.h"

#define BUNDLE_CONFIG "config.json"
#define BUNDLE_ROOTFS "rootfs"
#define PROGRAM_MODE  0755
#define FOLDER_MODE   0755
#define PROBE         "probe"

/* A container to be: a bundle in the temporary directory, open at its root file system. */
struct container {
    char *directory; /* the bundle's path */
    int bundle;      /* the directories, open */
    int rootfs;
    struct packer_process process;
};

static void container_free(struct container *container)
{
    file_close(&container->rootfs);
    file_close(&container->bundle);
    packer_process_free(&container->process);
    temporary_directory_remove(&container->directory);
}
#define CONTAINER_CLEANUP __attribute__((cleanup(container_free)))

static int container_open(struct container *container, struct error *error)
{
    *container = (struct container){.bundle = -1, .rootfs = -1};
    container->directory = temporary_directory_create(cli_temporary_parent(), error);
    if (!container->directory)
        return -1;
    container->bundle = open(container->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (container->bundle < 0)
        return error_system(error, errno, "cannot open %s", container->directory);
    if (directory_create_at(container->bundle, BUNDLE_ROOTFS, FOLDER_MODE, error) < 0)
        return -1;
    container->rootfs =
        openat(container->bundle, BUNDLE_ROOTFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return container->rootfs < 0 ? error_system(error, errno, "cannot open the root file system")
                                 : 0;
}

/* ---- its content ---------------------------------------------------------------------------- */

/* The program alone in a root file system, started as /NAME with the arguments. */
static int fill_from_program(const struct cli_context *context, struct container *container,
                             const char *path, const char *const *arguments, struct error *error)
{
    struct program program PROGRAM_CLEANUP = {0};
    if (program_open(&program, path, error) < 0 ||
        program_judge(context, &program, NULL, NULL, false, "", error) < 0)
        return -1;
    struct content content = {.fd = program.fd, .size = program.size};
    char *command TEXT_CLEANUP = NULL;
    if (text_format(&command, error, "/%s", program.name) < 0 ||
        text_copy(&container->process.directory, "/", error) < 0 ||
        strings_append(&container->process.arguments, command, error) < 0 ||
        strings_append_all(&container->process.arguments, arguments, error) < 0)
        return -1;
    return file_create_at(container->rootfs, program.name, PROGRAM_MODE, &content, error);
}

static int fill_from_image(const struct cli_context *context, struct container *container,
                           const char *path, const char *image, const char *const *arguments,
                           const struct packer_limits *limits, struct error *error)
{
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open(path, container->directory, limits, error);
    if (!archive || packer_choose_image(archive, image, error) < 0)
        return -1;
    const struct packer_root root = {.open = packer_open_in, .context = &container->rootfs};
    if (packer_process_init(&container->process, packer_config(archive),
                            *arguments ? arguments : NULL, error) < 0)
        return error_prefix(error, "%s", path);
    if (packer_unpack(archive, container->rootfs, error) < 0)
        return -1;
    cli_note_losses(context, path, archive);
    return packer_process_find_user(&container->process, packer_config(archive), &root, error) < 0
               ? error_prefix(error, "%s", path)
               : 0;
}

/* config.json in the bundle, and in its root the directories that /proc and /dev are mounted on. */
static int complete_bundle(const struct packer_process *process, int bundle, int rootfs,
                           struct error *error)
{
    struct buffer json BUFFER_CLEANUP = {0};
    struct packer_user user = {.uid = geteuid(), .gid = getegid()};
    if (packer_bundle_config(process, user.uid ? &user : NULL, &json, error) < 0)
        return -1;
    struct content content = {.data = json.data, .size = json.size};
    if (file_create_at(bundle, BUNDLE_CONFIG, 0600, &content, error) < 0)
        return -1;
    /* A link in their place would lead the runner, which fills /dev, out into the host. */
    static const char *const mount_points[] = {"proc", "dev"};
    for (size_t i = 0; i < COUNT(mount_points); i++) {
        const char *name = mount_points[i];
        if (mkdirat(rootfs, name, FOLDER_MODE) < 0 && errno != EEXIST)
            return error_system(error, errno, "cannot create /%s", name);
        int made FD_CLEANUP = openat(rootfs, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (made < 0)
            return error_set(error, "refused: the image's /%s is not a directory", name);
    }
    return 0;
}

/* ---- the runners ----------------------------------------------------------------------------- */

/* What a runner came to. BROKEN is an answer, too: no other runner is asked. */
enum outcome { RAN, REFUSED, BROKEN };

static enum outcome start_runner(const struct cli_context *context, const char *const *arguments,
                                 int *code, struct error *error)
{
    char *program TEXT_CLEANUP = process_find(arguments[0], getenv("PATH"), error);
    if (!program)
        return REFUSED;
    trace_command(cli_trace(context), arguments);
    struct process process = {.program = program, .arguments = arguments, .forward_signals = true};
    return process_run(&process, code, error) < 0 ? BROKEN : RAN;
}

/* A runc that had to be killed leaves its container running. */
static void delete_container(const char *state, const char *id)
{
    struct error error;
    struct buffer output BUFFER_CLEANUP = {0};
    int code;
    char *program TEXT_CLEANUP = process_find("runc", getenv("PATH"), &error);
    const char *arguments[] = {"runc", "--root", state, "delete", "--force", id, NULL};
    struct process process = {
        .program = program, .arguments = arguments, .output = &output, .forward_signals = true};
    if (program)
        process_run(&process, &code, &error);
}

/*
 * Whether runc creates a container here at all: an empty root file system with one file to execute,
 * which never starts. Where it does, the image is to blame for what runc did not start.
 */
static bool runc_works(const struct container *container)
{
    struct error ignored;
    struct buffer output BUFFER_CLEANUP = {0};
    struct container probe CONTAINER_CLEANUP = {0};
    char *state TEXT_CLEANUP = NULL;
    char *program TEXT_CLEANUP = process_find("runc", getenv("PATH"), &ignored);
    const struct content nothing = {.data = ""};
    int code = -1;
    if (!program || container_open(&probe, &ignored) < 0 ||
        text_format(&state, &ignored, "%s/runc", container->directory) < 0 ||
        text_copy(&probe.process.directory, "/", &ignored) < 0 ||
        strings_append(&probe.process.arguments, "/" PROBE, &ignored) < 0 ||
        file_create_at(probe.rootfs, PROBE, PROGRAM_MODE, &nothing, &ignored) < 0 ||
        complete_bundle(&probe.process, probe.bundle, probe.rootfs, &ignored) < 0)
        return false;
    char id[32];
    snprintf(id, sizeof id, "whit-probe-%d", (int)getpid());
    const char *arguments[] = {"runc",     "--root",        state, "create",
                               "--bundle", probe.directory, id,    NULL};
    const struct process process = {
        .program = program, .arguments = arguments, .output = &output, .forward_signals = true};
    bool is_created = process_run(&process, &code, &ignored) == 0 && code == 0;
    delete_container(state, id);
    return is_created;
}

/*
 * The pid file tells a container that ended with an error from one that runc could not start: runc
 * writes it once the process is there.
 */
static enum outcome run_with_runc(const struct cli_context *context,
                                  const struct container *container, int *code, struct error *error)
{
    const struct packer_user *user = &container->process.user;
    char id[32];
    char *state TEXT_CLEANUP = NULL;
    char *pid_file TEXT_CLEANUP = NULL;
    if (geteuid() && (user->uid || user->gid)) {
        error_set(error, "runc cannot run it as user %u:%u: that needs root", user->uid, user->gid);
        return REFUSED;
    }
    snprintf(id, sizeof id, "whit-%d", (int)getpid());
    if (text_format(&state, error, "%s/runc", container->directory) < 0 ||
        text_format(&pid_file, error, "%s/pid", container->directory) < 0)
        return BROKEN;
    const char *arguments[] = {
        "runc",       "--root", state, "run", "--bundle", container->directory,
        "--pid-file", pid_file, id,    NULL};
    enum outcome outcome = start_runner(context, arguments, code, error);
    if (outcome != RAN)
        return outcome;
    if (interrupt_signal())
        delete_container(state, id);
    if (access(pid_file, F_OK) == 0)
        return RAN;
    if (interrupt_check(error) < 0)
        return BROKEN;
    if (runc_works(container)) {
        error_set(error, "runc refuses this container, though it runs others here: mend what it "
                         "says above in the image");
        return BROKEN;
    }
    error_set(error, "runc cannot start containers here");
    return REFUSED;
}

static int append_variable(struct strings *words, const char *variable, struct error *error)
{
    size_t length = strcspn(variable, "=");
    char *key TEXT_CLEANUP = strndup(variable, length);
    if (!key)
        return error_set(error, "out of memory");
    const char *const set[] = {"--setenv", key, variable + length + (variable[length] == '='),
                               NULL};
    return strings_append_all(words, set, error);
}

/* The same as runc's, which adds HOME. */
static int append_environment(const struct packer_process *process, struct strings *words,
                              struct error *error)
{
    char *home TEXT_CLEANUP = NULL;
    const char *directory = process->user.home ? process->user.home : "/";
    for (size_t i = 0; i < process->environment.count; i++)
        if (append_variable(words, process->environment.items[i], error) < 0)
            return -1;
    if (environment_find(&process->environment, "HOME"))
        return 0;
    return text_format(&home, error, "HOME=%s", directory) < 0
               ? -1
               : append_variable(words, home, error);
}

static int bubblewrap_arguments(const struct container *container, const char *rootfs,
                                struct strings *words, struct error *error)
{
    static const char *const isolation[] = {
        "bwrap",      "--unshare-ipc",     "--unshare-pid", "--unshare-net", "--unshare-uts",
        "--as-pid-1", "--die-with-parent", "--cap-drop",    "ALL",           "--clearenv",
        NULL,
    };
    const struct packer_process *process = &container->process;
    /* Root needs no user namespace to be root inside, and gets none in a chroot. */
    bool needs_user = geteuid() || process->user.uid || process->user.gid;
    char uid[16], gid[16];
    snprintf(uid, sizeof uid, "%u", process->user.uid);
    snprintf(gid, sizeof gid, "%u", process->user.gid);
    const char *const user[] = {"--unshare-user", "--uid", uid, "--gid", gid, NULL};
    const char *const files[] = {"--ro-bind", rootfs, "/",       "--proc",           "/proc",
                                 "--dev",     "/dev", "--chdir", process->directory, NULL};
    if (strings_append_all(words, isolation, error) < 0 ||
        (needs_user && strings_append_all(words, user, error) < 0) ||
        strings_append_all(words, files, error) < 0)
        return -1;
    if (append_environment(process, words, error) < 0)
        return -1;
    if (strings_append(words, "--", error) < 0)
        return -1;
    return strings_append_all(words, strings_list(&process->arguments), error);
}

static enum outcome run_with_bubblewrap(const struct cli_context *context,
                                        const struct container *container, int *code,
                                        struct error *error)
{
    struct strings words STRINGS_CLEANUP = {0};
    char *rootfs TEXT_CLEANUP = NULL;
    if (text_format(&rootfs, error, "%s/" BUNDLE_ROOTFS, container->directory) < 0 ||
        bubblewrap_arguments(container, rootfs, &words, error) < 0)
        return BROKEN;
    return start_runner(context, strings_list(&words), code, error);
}

/* In the order in which they are tried. */
static const struct {
    const char *name;
    enum outcome (*run)(const struct cli_context *context, const struct container *container,
                        int *code, struct error *error);
} runners[] = {{"runc", run_with_runc}, {"bubblewrap", run_with_bubblewrap}};

/* Supplementary groups take root's right to set them, and bubblewrap sets none. */
static void note_groups(const struct cli_context *context, const struct container *container,
                        size_t runner)
{
    size_t first = geteuid() ? 0 : 1; /* that sets none */
    if (container->process.user.group_count && runner == first)
        cli_note(context,
                 "whit: warning: the program runs without the supplementary groups that the "
                 "image's user has: run it by runc as root");
}

/* Runs it with the first runner that can, and returns its exit code; a failure is told. */
static int try_runners(const struct cli_context *context, const struct container *container,
                       const char *name)
{
    struct error error;
    int code = 0;
    for (size_t i = 0; i < COUNT(runners); i++) {
        cli_note(context, "whit: running %s with %s", name, runners[i].name);
        note_groups(context, container, i);
        enum outcome outcome = runners[i].run(context, container, &code, &error);
        if (outcome == RAN)
            return code;
        if (outcome == BROKEN) {
            cli_fail(&error);
            return CLI_CANNOT_RUN;
        }
        cli_note(context, "whit: %s", error.message);
    }
    if (!interrupt_signal())
        error_prefix(&error, "neither runc nor bubblewrap ran it (apt install runc bubblewrap)");
    cli_fail(&error);
    return CLI_CANNOT_RUN;
}

/* Whether the root has the program that the process names; fails only for want of memory. */
static int find_program(const struct container *container, bool *found, struct error *error)
{
    struct file_root root FILE_ROOT_CLEANUP = {.directory = -1};
    struct entry_point entry ENTRY_POINT_CLEANUP = {0};
    char *path TEXT_CLEANUP = NULL;
    if (text_format(&path, error, "%s/" BUNDLE_ROOTFS, container->directory) < 0 ||
        file_root_open(&root, path, error) < 0 ||
        entry_point_look_up(&entry, &container->process, &root, error) < 0)
        return -1;
    *found = entry.found;
    return 0;
}

static int run_container(const struct cli_context *context, const struct container *container)
{
    struct error error;
    bool found;
    const char *program = container->process.arguments.items[0];
    struct buffer name BUFFER_CLEANUP = {0};
    text_append_visible(&name, program, strlen(program));
    if (find_program(container, &found, &error) < 0) {
        cli_fail(&error);
        return CLI_CANNOT_RUN;
    }
    if (found)
        return try_runners(context, container, buffer_text(&name));
    error_set(&error, "the image does not contain %s%s: name another program after --",
              *program ? buffer_text(&name) : "an empty name",
              strchr(program, '/') ? "" : " in its PATH");
    cli_fail(&error);
    return CLI_NOT_FOUND;
}

static int fill_container(const struct cli_context *context, struct container *container,
                          char *const *operands, const char *image,
                          const struct packer_limits *limits, struct error *error)
{
    char *path TEXT_CLEANUP = NULL;
    const char *const *arguments = (const char *const *)operands + 1;
    if (cli_split_image(operands[0], &image, &path, error) < 0)
        return -1;
    return program_is_elf(path)
               ? fill_from_program(context, container, path, arguments, error)
               : fill_from_image(context, container, path, image, arguments, limits, error);
}

int command_run(struct cli_context *context, int argc, char **argv)
{
    struct strings typed STRINGS_CLEANUP = {0};
    struct packer_limits limits;
    struct error error;
    const char *image = NULL;
    const struct cli_option options[] = {cli_image_option(&image), cli_limit_option(&typed), {0}};
    struct cli_arguments arguments = cli_parse(context, options, NULL, 1, -1, argc, argv);
    if (arguments.done)
        return arguments.code ? CLI_CANNOT_RUN : CLI_OK;
    if (cli_limits(&typed, &limits, &error) < 0) {
        cli_misuse(context, "%s", error.message);
        return CLI_CANNOT_RUN;
    }
    struct container container CONTAINER_CLEANUP = {0};
    if (container_open(&container, &error) < 0 ||
        fill_container(context, &container, arguments.operands, image, &limits, &error) < 0 ||
        complete_bundle(&container.process, container.bundle, container.rootfs, &error) < 0) {
        cli_fail(&error);
        return CLI_CANNOT_RUN;
    }
    return run_container(context, &container);
}
