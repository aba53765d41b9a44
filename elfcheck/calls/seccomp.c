/* The seccomp profile of programs whose system calls are all known. */
#include "elfcheck/calls/trace.h"

#include <string.h>

#include "base/array.h"

/*
 * What an engine itself calls between its loading of the filter and execve(2), with noNewPrivileges
 * and without: all that runc and crun of Debian 12, 13 and sid were seen to call there, started by
 * themselves and by docker, podman and containerd (tests/engines/calls, which
 * tests/engines/seccomp.bats measures). A program may make these calls, too; none of them opens a
 * socket, starts a process or reaches into another.
 */
static const char *const engine_calls[] = {
    "capget",       "capset",     "chdir",     "close",     "close_range",  "epoll_ctl",
    "execve",       "faccessat2", "fcntl",     "fstat",     "fstatfs",      "futex",
    "getcwd",       "getdents64", "getpid",    "getppid",   "newfstatat",   "openat",
    "openat2",      "prctl",      "pselect6",  "read",      "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "setgid",     "setgroups", "setresgid", "setresuid",    "setuid",
    "statx",        "tgkill",     "write",
};

/* What Go's runtime calls when it likes (runtime/sys_linux_amd64.s): to wait, for memory, for
 * signals, and to end. runc is made of it. */
static const char *const go_calls[] = {
    "epoll_pwait", "exit_group", "gettid",      "madvise",     "mmap",
    "munmap",      "nanosleep",  "sched_yield", "sigaltstack",
};

/* Linux include/uapi/linux/seccomp.h by libseccomp's names (runtime-spec, config-linux.md). */
#define ALLOW  "SCMP_ACT_ALLOW"
#define REFUSE "SCMP_ACT_ERRNO"

static bool has_word(const struct strings *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i], word) == 0)
            return true;
    return false;
}

int elfcheck_profile_add(struct elfcheck_profile *profile, const struct elfcheck_report *report,
                         struct error *error)
{
    const struct elfcheck_calls *calls = &report->calls;
    if (!calls->is_tried)
        return error_set(error,
                         "%s: its system calls are not known: only those of small static programs "
                         "are looked for",
                         report->name);
    if (!calls->is_complete)
        return error_set(error, "%s: not all of its system calls are known: %s", report->name,
                         calls->reason);
    for (size_t i = 0; i < calls->count; i++) {
        const struct elfcheck_call *call = &calls->items[i];
        profile->has_32 |= call->abi == ELFCHECK_ABI_32;
        if (!has_word(&profile->names, call->name) &&
            strings_append(&profile->names, call->name, error) < 0)
            return -1;
    }
    return 0;
}

/* The list of names of a new rule. */
static cJSON *add_rule(cJSON *rules)
{
    cJSON *rule = cJSON_CreateObject();
    cJSON_AddItemToArray(rules, rule);
    cJSON *names = cJSON_AddArrayToObject(rule, "names");
    cJSON_AddStringToObject(rule, "action", ALLOW);
    return names;
}

/* Adds those that the programs do not make anyway. */
static void add_names(cJSON *names, const char *const *calls, size_t count,
                      const struct elfcheck_profile *profile)
{
    for (size_t i = 0; i < count; i++)
        if (!has_word(&profile->names, calls[i]))
            cJSON_AddItemToArray(names, cJSON_CreateString(calls[i]));
}

cJSON *elfcheck_profile_document(const struct elfcheck_profile *profile)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "defaultAction", REFUSE);
    cJSON *architectures = cJSON_AddArrayToObject(document, "architectures");
    cJSON_AddItemToArray(architectures, cJSON_CreateString("SCMP_ARCH_X86_64"));
    if (profile->has_32)
        cJSON_AddItemToArray(architectures, cJSON_CreateString("SCMP_ARCH_X86"));
    cJSON *rules = cJSON_AddArrayToObject(document, "syscalls");
    cJSON *names = profile->names.count ? add_rule(rules) : NULL;
    for (size_t i = 0; i < profile->names.count; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(profile->names.items[i]));
    names = add_rule(rules);
    add_names(names, engine_calls, COUNT(engine_calls), profile);
    add_names(names, go_calls, COUNT(go_calls), profile);
    return document;
}

void elfcheck_profile_free(struct elfcheck_profile *profile)
{
    strings_free(&profile->names);
}
