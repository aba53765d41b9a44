/* Words for severities, groups of rules, kinds of files, and how a start ends. */
#include "elfcheck/elfcheck.h"

const char *elfcheck_severity_name(enum elfcheck_severity severity)
{
    static const char *const names[] = {
        [ELFCHECK_OFF] = "off",         [ELFCHECK_INFO] = "info",   [ELFCHECK_NOTICE] = "notice",
        [ELFCHECK_WARNING] = "warning", [ELFCHECK_ERROR] = "error", [ELFCHECK_NEVER] = "never",
    };
    return names[severity];
}

const char *elfcheck_outcome_text(enum elfcheck_outcome outcome)
{
    static const char *const texts[] = {
        [ELFCHECK_STARTS] = "",
        [ELFCHECK_ENOEXEC] = "exec format error",
        [ELFCHECK_ENOENT] = "no such file or directory",
        [ELFCHECK_EACCES] = "permission denied",
        [ELFCHECK_EIO] = "input/output error",
        [ELFCHECK_EINVAL] = "invalid argument",
        [ELFCHECK_ENAMETOOLONG] = "file name too long",
        [ELFCHECK_ELIBBAD] = "accessing a corrupted shared library",
        [ELFCHECK_KILLED] = "killed by SIGSEGV, exit code 139, without a word",
        [ELFCHECK_CRASHES] = "crashes at once, exit code 139 or 132, without a word",
        [ELFCHECK_LOADER] = "error while loading shared libraries, exit code 127",
        [ELFCHECK_UNPACKER] = "ends at once, exit code 127, without a word",
        [ELFCHECK_UNKNOWN] = "unknown",
    };
    return texts[outcome];
}

const char *elfcheck_group_name(enum elfcheck_group group)
{
    static const char *const names[] = {
        [ELFCHECK_FORM] = "form",
        [ELFCHECK_LOAD] = "load",
        [ELFCHECK_SCRATCH] = "scratch",
        [ELFCHECK_HARDENED] = "hardened",
    };
    return names[group];
}

const char *elfcheck_kind_name(enum elfcheck_kind kind)
{
    static const char *const names[] = {
        [ELFCHECK_PROGRAM] = "program",
        [ELFCHECK_LIBRARY] = "shared library",
        [ELFCHECK_OBJECT] = "object file",
        [ELFCHECK_CORE] = "core dump",
    };
    return names[kind];
}
