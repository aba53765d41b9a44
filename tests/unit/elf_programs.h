/* Small programs for the tests of elfcheck, as structs that a test bends, and files of them. */
#pragma once

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* mov edi, 42; mov eax, 60 (exit); syscall */
#define PROGRAM_CODE 0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05

#define PROGRAM_ADDRESS  0x400000
#define PROGRAM_SEGMENTS 3

/* Headers and code in one R+X segment; the other two slots are PT_NULL until a test fills them. */
struct program {
    Elf64_Ehdr header;
    Elf64_Phdr segments[PROGRAM_SEGMENTS];
    unsigned char code[16];
    unsigned char data[32];
};

static inline struct program program_new(uint16_t type)
{
    uint64_t address = type == ET_EXEC ? PROGRAM_ADDRESS : 0;
    return (struct program){
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = type,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_entry = address + offsetof(struct program, code),
                   .e_phoff = offsetof(struct program, segments),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = PROGRAM_SEGMENTS},
        .segments = {{.p_type = PT_LOAD,
                      .p_flags = PF_R | PF_X,
                      .p_vaddr = address,
                      .p_filesz = sizeof(struct program),
                      .p_memsz = sizeof(struct program),
                      .p_align = 0x1000}},
        .code = {PROGRAM_CODE},
    };
}

/* The same with a writable segment on a page of its own that goes on with zeros. */
static inline struct program program_with_data(uint16_t type)
{
    struct program program = program_new(type);
    uint64_t offset = offsetof(struct program, data);
    program.segments[0].p_filesz = program.segments[0].p_memsz = offset;
    program.segments[1] = (Elf64_Phdr){.p_type = PT_LOAD,
                                       .p_flags = PF_R | PF_W,
                                       .p_offset = offset,
                                       .p_vaddr = program.segments[0].p_vaddr + 0x1000 + offset,
                                       .p_filesz = sizeof program.data,
                                       .p_memsz = 0x3000,
                                       .p_align = 0x1000};
    return program;
}

#define PROGRAM_KINDS 4

/* All four: EXEC and DYN, without and with data. */
static inline struct program program_of_kind(unsigned kind)
{
    uint16_t type = kind % 2 ? ET_DYN : ET_EXEC;
    return kind / 2 ? program_with_data(type) : program_new(type);
}

/* exit(42) for i386: mov ebx, 42; mov eax, 1; int 0x80 */
#define PROGRAM_CODE_32 0xbb, 42, 0, 0, 0, 0xb8, 1, 0, 0, 0, 0xcd, 0x80

struct program_32 {
    Elf32_Ehdr header;
    Elf32_Phdr segments[PROGRAM_SEGMENTS];
    unsigned char code[16];
    unsigned char data[32];
};

static inline struct program_32 program_new_32(uint16_t type)
{
    uint32_t address = type == ET_EXEC ? PROGRAM_ADDRESS : 0;
    return (struct program_32){
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                   .e_type = type,
                   .e_machine = EM_386,
                   .e_version = EV_CURRENT,
                   .e_entry = address + offsetof(struct program_32, code),
                   .e_phoff = offsetof(struct program_32, segments),
                   .e_ehsize = sizeof(Elf32_Ehdr),
                   .e_phentsize = sizeof(Elf32_Phdr),
                   .e_phnum = PROGRAM_SEGMENTS},
        .segments = {{.p_type = PT_LOAD,
                      .p_flags = PF_R | PF_X,
                      .p_vaddr = address,
                      .p_filesz = offsetof(struct program_32, data),
                      .p_memsz = offsetof(struct program_32, data),
                      .p_align = 0x1000},
                     {.p_type = PT_LOAD,
                      .p_flags = PF_R | PF_W,
                      .p_offset = offsetof(struct program_32, data),
                      .p_vaddr = address + 0x1000 + offsetof(struct program_32, data),
                      .p_filesz = sizeof(((struct program_32 *)NULL)->data),
                      .p_memsz = 0x3000,
                      .p_align = 0x1000},
                     {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W}},
        .code = {PROGRAM_CODE_32},
    };
}

#define GOLFED_SIZE 80

/*
 * exit(0) in 80 bytes: the program header begins at 0x18 inside the ELF header, the entry point is
 * offset 1, and the class byte and those after it are code, which no tool but the kernel reads.
 */
static inline void golfed_program(unsigned char bytes[static GOLFED_SIZE])
{
    Elf64_Ehdr header = {
        /* "ELF" are REX prefixes; push 60; pop rax; xor edi, edi; syscall */
        .e_ident = {0x7f, 'E', 'L', 'F', 0x6a, 60, 0x58, 0x31, 0xff, 0x0f, 0x05},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_entry = 0x500000001, /* p_type PT_LOAD, p_flags R+X */
        .e_phoff = 0x18,        /* p_offset */
        .e_shoff = 0x500000018, /* p_vaddr */
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 1, /* p_filesz */
    };
    memset(bytes, 0, GOLFED_SIZE);
    memcpy(bytes, &header, sizeof header);
    bytes[0x40] = 1; /* p_memsz */
}

/* A file without a name that holds these bytes. */
static inline int file_of(const void *bytes, size_t size)
{
    int fd = memfd_create("elf", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        return -1;
    return fd;
}
