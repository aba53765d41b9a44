/*
 * Starts a program as process 2 of an otherwise empty world, and tells what became of it.
 *
 *   start ROOT OUTPUT PROGRAM [ARGUMENT...]
 *
 * ROOT becomes the root of namespaces of its own, with PROGRAM bound over its file `app`. Where
 * ROOT has directories proc, dev and tmp, they are what a container engine mounts there. What the
 * program prints goes to OUTPUT. The one line on standard output is
 *
 *   error ENOENT    execve(2) failed
 *   exit 0          it ended by itself
 *   signal SEGV     it was killed
 *   timeout         it was still there after ten seconds
 *
 * Exit code 0, or 1 where the machine does not give what is needed for it.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"

#define MAX_RUN_SECONDS 10 /* seconds */

/* What docker leaves to root in a container. */
#define CONTAINER_CAPABILITIES UINT64_C(0xa80425fb)

/* What process 1 tells: that execve failed, or how the program ended (wait status). */
struct outcome {
    int error;
    int status;
};

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        err(1, "%s", path);
    close(fd);
}

static void enter_namespaces(void)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    int others = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    if (unshare(user == 0 ? others : others | CLONE_NEWUSER) < 0)
        err(1, "this machine gives no namespaces");
    if (user == 0)
        return;
    char map[64];
    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %u 1", user);
    write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %u 1", group);
    write_file("/proc/self/gid_map", map);
}

static void raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        err(1, "loopback");
    close(fd);
}

static void bind_over(const char *source, const char *target)
{
    if (mount(source, target, NULL, MS_BIND, NULL) < 0)
        err(1, "bind %s over %s", source, target);
}

/* In the new root, before it is the root. */
static void mount_devices(void)
{
    static const char *const devices[] = {"null", "zero", "full", "random", "urandom"};
    if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755") < 0)
        err(1, "dev");
    for (size_t i = 0; i < COUNT(devices); i++) {
        char source[32], target[32];
        snprintf(source, sizeof source, "/dev/%s", devices[i]);
        snprintf(target, sizeof target, "dev/%s", devices[i]);
        int fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
        if (fd < 0)
            err(1, "%s", target);
        close(fd);
        bind_over(source, target);
    }
}

static bool has_directory(const char *name)
{
    struct stat status;
    return stat(name, &status) == 0 && S_ISDIR(status.st_mode);
}

static void enter_root(const char *root, const char *program)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        err(1, "private mounts");
    char *absolute = realpath(program, NULL);
    if (!absolute || chdir(root) < 0)
        err(1, "%s", absolute ? root : program);
    bind_over(absolute, "app");
    free(absolute);
    if (has_directory("dev"))
        mount_devices();
    if (has_directory("tmp") && mount("tmpfs", "tmp", "tmpfs", 0, "mode=1777") < 0)
        err(1, "tmp");
    if (has_directory("proc") && mount("proc", "proc", "proc", 0, NULL) < 0)
        err(1, "proc");
    if (chroot(".") < 0 || chdir("/") < 0)
        err(1, "chroot");
}

static void drop_capabilities(void)
{
    for (unsigned capability = 0; capability <= CAP_LAST_CAP; capability++)
        if (!(CONTAINER_CAPABILITIES >> capability & 1))
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

static void run_program(int input, int output, char **arguments, int report)
{
    char *environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                           "HOME=/root", "HOSTNAME=container", NULL};
    struct rlimit no_core = {0};
    setrlimit(RLIMIT_CORE, &no_core);
    drop_capabilities();
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execve("/app", arguments, environment);
    struct outcome outcome = {.error = errno};
    _exit(write(report, &outcome, sizeof outcome) < 0);
}

/* Process 1, which no signal of the program's own ends; all others end with it. */
static void run_world(const char *root, const char *program, int output, char **arguments,
                      int report)
{
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0)
        err(1, "/dev/null");
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    raise_loopback();
    enter_root(root, program);
    pid_t child = fork();
    if (child < 0)
        err(1, "fork");
    if (child == 0)
        run_program(input, output, arguments, report);
    struct outcome outcome = {0};
    while (waitpid(child, &outcome.status, 0) < 0)
        if (errno != EINTR)
            err(1, "wait");
    _exit(write(report, &outcome, sizeof outcome) < 0);
}

static volatile sig_atomic_t too_late;

static void on_alarm(int number)
{
    (void)number;
    too_late = true;
}

static void tell(const struct outcome *outcome)
{
    if (outcome->error)
        printf("error %s\n", strerrorname_np(outcome->error));
    else if (WIFSIGNALED(outcome->status))
        printf("signal %s\n", sigabbrev_np(WTERMSIG(outcome->status)));
    else
        printf("exit %d\n", WEXITSTATUS(outcome->status));
}

int main(int count, char **arguments)
{
    if (count < 4)
        errx(2, "usage: start ROOT OUTPUT PROGRAM [ARGUMENT...]");
    int output = open(arguments[2], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
    int report[2];
    if (output < 0 || pipe2(report, O_CLOEXEC) < 0)
        err(1, "%s", arguments[2]);
    char *name = strrchr(arguments[3], '/');
    enter_namespaces();
    pid_t world = fork();
    if (world < 0)
        err(1, "fork");
    if (world == 0) {
        char *program = arguments[3];
        arguments[3] = name ? name + 1 : program;
        run_world(arguments[1], program, output, arguments + 3, report[1]);
    }
    close(report[1]);

    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    alarm(MAX_RUN_SECONDS);
    struct outcome outcome;
    ssize_t size = read(report[0], &outcome, sizeof outcome);
    kill(world, SIGKILL);
    waitpid(world, NULL, 0);
    if (too_late)
        puts("timeout");
    else if (size == (ssize_t)sizeof outcome)
        tell(&outcome);
    else
        return 1;
    return 0;
}
