#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/output.h"
#include "base/read.h"
#include "base/text.h"

/* More output than this of a tool's is read but not kept. */
#define MAX_OUTPUT_KEPT (1024 * 1024)

/* Who asks three times does not want to wait for a program that ignores it. */
#define SIGNALS_UNTIL_KILLED 3

#define USUAL_PATH "/usr/local/bin:/usr/bin:/bin"

char *process_find(const char *name, const char *path, struct error *error)
{
    size_t length;
    for (const char *entry = path ? path : USUAL_PATH; *entry;
         entry += length + (entry[length] == ':')) {
        length = strcspn(entry, ":");
        char *file;
        if (text_format(&file, error, "%.*s/%s", (int)length, entry, name) < 0)
            return NULL;
        if (*entry == '/' && access(file, X_OK) == 0)
            return file;
        free(file);
    }
    error_set(error, "%s is not installed", name);
    return NULL;
}

/* Starts the child with the signal state of a fresh program; returns an errno value. */
static int spawn(const struct process *process, int output_fd, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults, none;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    sigaddset(&defaults, SIGXCPU);
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (failed) {
        posix_spawn_file_actions_destroy(&actions);
        return failed;
    }
    failed = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!failed)
        failed = posix_spawnattr_setsigmask(&attributes, &none);
    if (!failed)
        failed = posix_spawnattr_setsigdefault(&attributes, &defaults);
    if (!failed && process->directory)
        failed = posix_spawn_file_actions_addchdir_np(&actions, process->directory);
    if (!failed && output_fd >= 0)
        failed = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
    if (!failed && output_fd >= 0)
        failed = posix_spawn_file_actions_adddup2(&actions, output_fd, STDERR_FILENO);
    if (!failed)
        failed = posix_spawn(child, process->program, &actions, &attributes,
                             (char *const *)process->arguments,
                             (char *const *)(process->environment ? process->environment
                                                                  : (const char *const *)environ));
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/*
 * Waits until the child has ended, reading its output from `reader` (or -1) meanwhile. Signals for
 * us are blocked except inside ppoll, so that none slips in between the check and the wait; each is
 * passed on as process.h says. Those that came before the start are only minded if not forwarding.
 */
static int attend(pid_t child, int reader, struct buffer *output, bool forward_signals,
                  int before_start, struct error *error)
{
    int watch FD_CLEANUP = (int)syscall(SYS_pidfd_open, child, 0);
    if (watch < 0)
        return error_system(error, errno, "cannot watch a child process");
    sigset_t ours, before;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGHUP);
    sigprocmask(SIG_BLOCK, &ours, &before);
    /* One that has been taken (base/interrupt.h) is none any more. */
    int seen = forward_signals || !interrupt_signal() ? before_start : 0;
    bool ended = false;
    while (!ended || reader >= 0) {
        if (interrupt_count() > seen) {
            seen = interrupt_count();
            bool patient = forward_signals && seen - before_start < SIGNALS_UNTIL_KILLED &&
                           interrupt_signal() != SIGHUP;
            kill(child, patient ? interrupt_signal() : SIGKILL);
        }
        struct pollfd events[] = {{.fd = reader, .events = POLLIN},
                                  {.fd = ended ? -1 : watch, .events = POLLIN}};
        /* What a child left running may hold the pipe open: do not wait for it to be closed. */
        struct timespec at_once = {0};
        int ready = ppoll(events, 2, ended ? &at_once : NULL, &before);
        if (ready < 0)
            continue; /* a signal */
        ended = ended || events[1].revents;
        if (!events[0].revents) {
            if (ready == 0)
                break;
            continue;
        }
        char chunk[16 * 1024];
        ssize_t got = read(reader, chunk, sizeof chunk);
        if (got <= 0)
            reader = -1;
        else if (output->size < MAX_OUTPUT_KEPT)
            buffer_append(output, chunk, (size_t)got);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return 0;
}

static void set_limits(pid_t child, const struct process_limits *limits)
{
    struct rlimit file_size = {limits->file_size, limits->file_size};
    struct rlimit memory = {limits->memory, limits->memory};
    /* At the second of the two the kernel kills it. */
    struct rlimit seconds = {limits->seconds, limits->seconds + 1};
    if (limits->file_size)
        prlimit(child, RLIMIT_FSIZE, &file_size, NULL);
    if (limits->memory)
        prlimit(child, RLIMIT_AS, &memory, NULL);
    if (limits->seconds)
        prlimit(child, RLIMIT_CPU, &seconds, NULL);
}

int process_run(const struct process *process, int *code, struct error *error)
{
    *code = 0;
    int before_start = interrupt_count();
    int reader FD_CLEANUP = -1;
    int writer FD_CLEANUP = -1;
    if (process->output) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return error_system(error, errno, "cannot make a pipe");
        reader = ends[0];
        writer = ends[1];
    }
    pid_t child;
    int failed = spawn(process, writer, &child);
    file_close(&writer);
    if (failed)
        return error_system(error, failed, "cannot start %s", process->program);
    set_limits(child, &process->limits);
    struct buffer unused BUFFER_CLEANUP = {0};
    int attended = attend(child, reader, process->output ? process->output : &unused,
                          process->forward_signals, before_start, error);
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_system(error, errno, "cannot wait for a child process");
    if (attended < 0 || (!process->forward_signals && interrupt_check(error) < 0))
        return -1;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return process->output ? buffer_check(process->output, error) : 0;
}
