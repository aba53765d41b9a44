/*
 * Starts a program under a condition, and tells what became of it.
 *
 *   start [-o FILE] [-i] [-u] [-c] [-v KIB] [-t] PROGRAM [ARGUMENT...]
 *
 *   -o FILE   where its standard output goes
 *   -i        as process 1 of a namespace of its own
 *   -u        as user and group 1000
 *   -c        without any capability, and no way to one
 *   -v KIB    with so much address space (ulimit -v)
 *   -t        send it SIGTERM once it waits
 *
 * The one line on standard output is that of tests/corpus/start.c: "error ENOEXEC", "exit 0",
 * "signal SEGV" or "timeout". Exit code 0, or 1 where the machine does not give what is needed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_RUN_SECONDS 20 /* seconds, on a processor that is not there */
#define LOOK_AGAIN      2  /* milliseconds */
#define USER            1000

struct condition {
    const char *output;
    bool is_init;
    bool is_user;
    bool no_capabilities;
    bool terminate;
    rlim_t address_space; /* bytes */
};

static struct condition read_options(int count, char **arguments)
{
    struct condition condition = {.output = "/dev/null", .address_space = RLIM_INFINITY};
    for (int option; (option = getopt(count, arguments, "+o:iucv:t")) != -1;) {
        switch (option) {
        case 'o':
            condition.output = optarg;
            break;
        case 'i':
            condition.is_init = true;
            break;
        case 'u':
            condition.is_user = true;
            break;
        case 'c':
            condition.no_capabilities = true;
            break;
        case 'v':
            condition.address_space = strtoull(optarg, NULL, 10) << 10;
            break;
        case 't':
            condition.terminate = true;
            break;
        default:
            exit(1);
        }
    }
    if (optind == count)
        errx(1, "which program?");
    return condition;
}

/* Those of root end at execve where the bounding set is empty. */
static void drop_capabilities(void)
{
    for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
            err(1, "capability %u", capability);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        err(1, "no new privileges");
}

/* In the child. What execve(2) fails with goes to `report`, which is closed when it does not. */
static void run_program(const struct condition *condition, char **arguments, int report)
{
    char *environment[] = {NULL};
    struct rlimit limit = {condition->address_space, condition->address_space};
    int output = open(condition->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (output < 0)
        err(1, "%s", condition->output);
    if (condition->no_capabilities)
        drop_capabilities();
    if (condition->is_user && (setgroups(0, NULL) < 0 || setgid(USER) < 0 || setuid(USER) < 0))
        err(1, "user");
    dup2(output, STDOUT_FILENO);
    if (setrlimit(RLIMIT_AS, &limit) < 0)
        err(1, "address space");
    execve(arguments[0], arguments, environment);
    int error = errno;
    _exit(write(report, &error, sizeof error) < 0);
}

/* Whether it is in a system call that waits, and a signal interrupts (/proc/PID/stat, proc(5)). */
static bool waits(pid_t child)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    fclose(file);
    return state == 'S';
}

/* Until it has ended, or false when that takes too long. */
static bool wait_for(pid_t child, bool terminate, int *status)
{
    const struct timespec moment = {.tv_nsec = LOOK_AGAIN * 1000000L};
    for (unsigned passed = 0; passed < MAX_RUN_SECONDS * 1000; passed += LOOK_AGAIN) {
        pid_t ended = waitpid(child, status, WNOHANG);
        if (ended < 0)
            err(1, "wait");
        if (ended > 0)
            return true;
        if (terminate && waits(child)) {
            kill(child, SIGTERM);
            terminate = false;
        }
        nanosleep(&moment, NULL);
    }
    kill(child, SIGKILL);
    waitpid(child, status, 0);
    return false;
}

int main(int count, char **arguments)
{
    struct condition condition = read_options(count, arguments);
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0 || (condition.is_init && unshare(CLONE_NEWPID) < 0))
        err(1, "start");
    pid_t child = fork();
    if (child < 0)
        err(1, "fork");
    if (child == 0)
        run_program(&condition, arguments + optind, report[1]);
    close(report[1]);

    int error = 0, status;
    if (read(report[0], &error, sizeof error) < 0)
        err(1, "report");
    bool ended = wait_for(child, condition.terminate, &status);
    if (error)
        printf("error %s\n", strerrorname_np(error));
    else if (!ended)
        puts("timeout");
    else if (WIFSIGNALED(status))
        printf("signal %s\n", sigabbrev_np(WTERMSIG(status)));
    else
        printf("exit %d\n", WEXITSTATUS(status));
    return 0;
}
