/* Sources become relocatable objects. */
#pragma once

#include "asm/link/tools.h"
#include "base/error.h"
#include "base/strings.h"

/* Appends nasm and the options by which it reads a source, for elf64 or, preprocessing only, for
 * text: the include directories, the user's options, and a define for each of `assume`
 * (ASM_ASSUME_...). Writes whit's include files. */
int asm_source_arguments(const struct asm_job *job, unsigned assume, struct strings *arguments,
                         struct error *error);

/* Runs nasm in the source's own folder: it searches the current one first for what is included, so
 * that the same source gives the same program wherever whit is called. */
int asm_run_nasm(const struct asm_job *job, const struct asm_input *input,
                 const struct strings *arguments, struct buffer *warnings, struct error *error);

/* Assembles the first source as asm_make_object does it, but for `assume`, and with more options
 * for nasm: `bytes` gets the object. */
int asm_assemble_source(const struct asm_job *job, unsigned assume, const char *const *more,
                        struct buffer *bytes, struct error *error);

/* Assembles a text of whit's own in nasm's `format` ("elf64", "bin"), in the first source's folder
 * and with its include directories: for incbin. Nothing is said of it but errors: its bytes are
 * compared with what they have to be. */
int asm_assemble_text(const struct asm_job *job, const char *format, const struct buffer *text,
                      struct buffer *bytes, struct error *error);

/* A relocatable object, and what its sections ask of segments. */
struct asm_object {
    char *path;
    bool is_writable;      /* it has data that the program writes */
    bool has_zeros;        /* .bss */
    bool is_code_writable; /* and that it executes, too */
    bool is_thread_local;
    /* That instructions need of data whose sections ask for less: in the file, and of .bss; or 1.
     */
    unsigned alignment, zeros_alignment;
};
void asm_object_free(struct asm_object *object);
#define ASM_OBJECT_CLEANUP __attribute__((cleanup(asm_object_free)))

/* Assembles each source, and joins all inputs to one object where there are several. */
int asm_make_object(const struct asm_job *job, struct asm_object *object, struct error *error);

/* Runs ld with one of whit's scripts and these symbols ("NAME=VALUE"); the program gets this name
 * in the temporary directory, and `*bytes` is what ld wrote. */
int asm_run_ld(const struct asm_job *job, const struct asm_object *object, const char *script,
               const struct strings *symbols, struct buffer *bytes, struct error *error);
