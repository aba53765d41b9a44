/* Words for the numbers of ELF headers: machines, types, flags of segments. */
#include "elfcheck/read/names.h"

#include <elf.h>

#include "base/array.h"

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
