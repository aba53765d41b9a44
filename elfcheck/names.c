#include "elfcheck/elfcheck_internal.h"

#include "base/array.h"

const char *elfcheck_severity_name(enum elfcheck_severity severity)
{
    static const char *const names[] = {
        [ELFCHECK_OFF] = "off",     [ELFCHECK_INFO] = "info",   [ELFCHECK_WARNING] = "warning",
        [ELFCHECK_ERROR] = "error", [ELFCHECK_NEVER] = "never",
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

const char *machine_name(uint16_t machine)
{
    static const struct {
        uint16_t machine;
        const char *name;
    } names[] = {
        {EM_X86_64, "x86-64"},   {EM_386, "i386"},
        {EM_AARCH64, "AArch64"}, {EM_ARM, "ARM"},
        {EM_RISCV, "RISC-V"},    {EM_PPC64, "PowerPC 64"},
        {EM_PPC, "PowerPC"},     {EM_S390, "IBM Z"},
        {EM_MIPS, "MIPS"},       {EM_LOONGARCH, "LoongArch"},
        {EM_SPARCV9, "SPARC"},   {EM_BPF, "BPF"},
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].machine == machine)
            return names[i].name;
    return NULL;
}

const char *type_name(uint16_t type)
{
    static const char *const names[] = {
        [ET_REL] = "REL", [ET_EXEC] = "EXEC", [ET_DYN] = "DYN", [ET_CORE] = "CORE"};
    return type < COUNT(names) ? names[type] : NULL;
}

const char *flags_name(uint32_t flags)
{
    static const char *const names[] = {
        [0] = "no access",     [PF_X] = "X",
        [PF_W] = "W",          [PF_W | PF_X] = "W+X",
        [PF_R] = "R",          [PF_R | PF_X] = "R+X",
        [PF_R | PF_W] = "R+W", [PF_R | PF_W | PF_X] = "R+W+X",
    };
    return names[flags & (PF_R | PF_W | PF_X)];
}
