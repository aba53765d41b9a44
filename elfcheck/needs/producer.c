/* What made the file: compiler and C library, as far as it tells. */
#include "elfcheck/needs/evidence.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

/* A line from each compiler and linker; real ones have less. */
#define MAX_COMMENT_SIZE 4096

#define MAX_VERSION_LENGTH 64

/* ---- Go -------------------------------------------------------------------------------------- */

/* Go debug/buildinfo: 14 bytes of magic, the size of a pointer, flags; then, at 32, the version as
 * text after its length, or, at 16, a pointer to a string's pointer and length. */
#define BUILD_INFO_MAGIC  "\xff Go buildinf:"
#define BUILD_INFO_SIZE   32
#define BUILD_INFO_FLAGS  15
#define BUILD_INFO_INLINE 2
#define BUILD_INFO_WHERE  16

/* Reads as much of `size` bytes as the file has there: 0 where it has none. */
static size_t read_some(struct elfcheck_inspection *inspection, uint64_t offset, void *data,
                        size_t size)
{
    if (offset >= inspection->size)
        return 0;
    uint64_t left = inspection->size - offset;
    if (left < size)
        size = (size_t)left;
    return file_read_range(inspection, offset, data, size) ? size : 0;
}

static size_t read_at_address(struct elfcheck_inspection *inspection, uint64_t address, void *data,
                              size_t size)
{
    uint64_t offset;
    return address_to_offset(inspection, address, 1, &offset)
               ? read_some(inspection, offset, data, size)
               : 0;
}

/* A number of the pointers' size at that address; 0 where the file has none. */
static uint64_t read_pointer(struct elfcheck_inspection *inspection, uint64_t address)
{
    uint64_t number = 0;
    size_t size = inspection->is_32bit ? 4 : 8;
    return read_at_address(inspection, address, &number, size) == size ? number : 0;
}

/* How many of the characters are those of a version: "1.22.3", "12.2.0-14+deb12u1". */
static size_t version_length(const char *text, size_t size)
{
    size_t length = 0;
    while (length < size && text[length] &&
           (isalnum((unsigned char)text[length]) || strchr(".-+~_", text[length])))
        length++;
    return length;
}

/* Appends " 1.22.3" for the text "go1.22.3", if it is that. */
static void append_go_version(const char *text, size_t size, struct buffer *out)
{
    size_t length = version_length(text, size);
    if (length > 2 && text[0] == 'g' && text[1] == 'o')
        buffer_printf(out, " %.*s", (int)length - 2, text + 2);
}

static bool append_go(struct elfcheck_inspection *inspection, struct buffer *out)
{
    uint64_t offset = inspection->known.build_info.size
                          ? inspection->known.build_info.offset
                          : evidence_runtime_offset(inspection, RUNTIME_GO);
    unsigned char header[BUILD_INFO_SIZE + 1 + MAX_VERSION_LENGTH];
    size_t size = read_some(inspection, offset, header, sizeof header);
    bool has_info = size >= BUILD_INFO_SIZE &&
                    memcmp(header, BUILD_INFO_MAGIC, sizeof BUILD_INFO_MAGIC - 1) == 0;
    if (has_info || evidence_runtimes(inspection) & RUNTIME_GO)
        buffer_append_text(out, "Go");
    if (!has_info)
        return out->size;
    if (header[BUILD_INFO_FLAGS] & BUILD_INFO_INLINE) {
        if (size > BUILD_INFO_SIZE) {
            size_t length = header[BUILD_INFO_SIZE];
            size_t there = size - BUILD_INFO_SIZE - 1;
            append_go_version((const char *)header + BUILD_INFO_SIZE + 1,
                              length < there ? length : there, out);
        }
        return true;
    }
    uint64_t string = 0;
    memcpy(&string, header + BUILD_INFO_WHERE, inspection->is_32bit ? 4 : 8);
    char version[MAX_VERSION_LENGTH] = "";
    uint64_t length = read_pointer(inspection, string + (inspection->is_32bit ? 4 : 8));
    size_t there = read_at_address(inspection, read_pointer(inspection, string), version,
                                   length < sizeof version ? (size_t)length : sizeof version);
    append_go_version(version, there, out);
    return true;
}

/* ---- all others ------------------------------------------------------------------------------ */

/* The languages whose mark is followed by a version, or that have none. */
static const struct language {
    unsigned runtime;
    const char *name;
    const char *before; /* what stands before the version in the file; or NULL */
} languages[] = {
    {RUNTIME_ADA, "Ada (GNAT)", "GNAT Version: "},
    {RUNTIME_OCAML, "OCaml", NULL},
    {RUNTIME_PASCAL, "Free Pascal", NULL},
    {RUNTIME_NIM, "Nim", NULL},
    {RUNTIME_D, "D", NULL},
};

#define RUST "Rust"

/* The compilers that write a line into .comment, the one that says most first. */
static const struct compiler {
    const char *mark;   /* what its line begins with or holds */
    const char *before; /* what stands before the version */
    const char *name;
    bool is_c;
} compilers[] = {
    {"rustc version ", "rustc version ", RUST, false},
    {"ldc version ", "ldc version ", "D (LDC)", false},
    {"GHC ", "GHC ", "Haskell (GHC)", false},
    {"zig-bootstrap", "clang version ", "Zig, clang", false},
    {"clang version ", "clang version ", "clang", true},
    {"GCC: (", ") ", "GCC", true},
    {"GCC: ", "GCC: ", "GCC", true},
};

/* The last line of a compiler in .comment, where the objects of the C library come first. */
static const struct compiler *find_compiler(const char *comment, size_t size, bool may_be_rust,
                                            const char **line)
{
    for (size_t i = 0; i < COUNT(compilers); i++) {
        *line = NULL;
        if (!may_be_rust && strcmp(compilers[i].name, RUST) == 0)
            continue;
        for (const char *text = comment; text < comment + size; text += strlen(text) + 1)
            if (strstr(text, compilers[i].mark))
                *line = text;
        if (*line)
            return &compilers[i];
    }
    return NULL;
}

static void append_version(const char *line, const char *before, struct buffer *out)
{
    const char *version = strstr(line, before);
    if (!version)
        return;
    version += strlen(before);
    size_t length = version_length(version, MAX_VERSION_LENGTH);
    if (length)
        buffer_printf(out, " %.*s", (int)length, version);
}

static const char *language_of_c(unsigned runtimes)
{
    return runtimes & RUNTIME_CXX ? "C++" : "C";
}

static void append_compiler(struct elfcheck_inspection *inspection, struct buffer *out)
{
    char comment[MAX_COMMENT_SIZE + 1] = "";
    const struct section *section = &inspection->known.comment;
    size_t size =
        read_some(inspection, section->offset, comment,
                  section->size < MAX_COMMENT_SIZE ? (size_t)section->size : MAX_COMMENT_SIZE);
    comment[size] = 0;
    unsigned runtimes = evidence_runtimes(inspection);
    for (size_t i = 0; i < COUNT(languages); i++) {
        if (!(runtimes & languages[i].runtime))
            continue;
        buffer_append_text(out, languages[i].name);
        char line[MAX_VERSION_LENGTH] = "";
        uint64_t offset = evidence_runtime_offset(inspection, languages[i].runtime);
        if (languages[i].before && read_some(inspection, offset, line, sizeof line - 1))
            append_version(line, languages[i].before, out);
        return;
    }
    const char *line;
    /* Rust's objects in another's program do not make it Rust's. */
    bool may_be_rust = owner_of_main(inspection) != OWNER_OTHER;
    if (!may_be_rust)
        runtimes &= ~RUNTIME_RUST;
    const struct compiler *compiler = find_compiler(comment, size, may_be_rust, &line);
    if (compiler && !(compiler->is_c && runtimes & RUNTIME_RUST)) {
        if (compiler->is_c)
            buffer_printf(out, "%s (", language_of_c(runtimes));
        buffer_append_text(out, compiler->name);
        append_version(line, compiler->before, out);
        buffer_append_text(out, compiler->is_c ? ")" : "");
    } else if (runtimes & RUNTIME_RUST) {
        buffer_append_text(out, RUST);
    } else if (runtimes & (RUNTIME_GLIBC | RUNTIME_MUSL)) {
        buffer_append_text(out, language_of_c(runtimes));
    }
}

/* By the name of the dynamic loader, /lib/ld-musl-x86_64.so.1 or /lib64/ld-linux-x86-64.so.2,
 * whether or not Linux would take the path. */
static unsigned libc_of_interpreter(struct elfcheck_inspection *inspection)
{
    char path[MAX_VERSION_LENGTH + 1] = "";
    const Elf64_Phdr *segment = next_segment(inspection, PT_INTERP, NULL);
    if (!segment || !read_some(inspection, segment->p_offset, path, sizeof path - 1))
        return 0;
    if (strstr(path, "/ld-musl-"))
        return RUNTIME_MUSL;
    return strstr(path, "/ld-linux") ? RUNTIME_GLIBC : 0;
}

/* No linker lays the program headers over the ELF header. */
static bool is_golfed(const struct elfcheck_inspection *inspection)
{
    return inspection->segment_count && inspection->header.e_phoff < inspection->header_size;
}

void describe_producer(struct elfcheck_inspection *inspection)
{
    struct buffer text BUFFER_CLEANUP = {0};
    if (!append_go(inspection, &text))
        append_compiler(inspection, &text);
    inspection->libc = evidence_runtimes(inspection) & (RUNTIME_GLIBC | RUNTIME_MUSL);
    if (!inspection->libc)
        inspection->libc = libc_of_interpreter(inspection);
    if (text.size && inspection->libc)
        buffer_append_text(&text, inspection->libc & RUNTIME_GLIBC ? ", glibc" : ", musl");
    else if (!text.size && is_golfed(inspection))
        buffer_append_text(&text, "assembly");
    inspection->failed |= buffer_check(&text, inspection->error) < 0;
    if (!text.size || inspection->failed)
        return;
    free(inspection->report->producer);
    if (text_copy(&inspection->report->producer, buffer_text(&text), inspection->error) < 0)
        inspection->failed = true;
}

/* ---- how it would be static ------------------------------------------------------------------ */

#define OR_ADD ", or put what it needs into the image"

/* By what the producer's name begins with; the last is for all others. */
static const struct {
    const char *producer;
    const char *remedy;
} remedies[] = {
    {"Go", "build it with CGO_ENABLED=0 go build, without -buildmode=pie; if it needs C code: "
           "go build -ldflags '-linkmode external -extldflags -static'" OR_ADD},
    {"Rust", "build it with cargo build --target x86_64-unknown-linux-musl, or with "
             "RUSTFLAGS='-C target-feature=+crt-static' for glibc" OR_ADD},
    {"Zig", "build it with -target x86_64-linux-musl" OR_ADD},
    {"Ada", "link it with gnatmake ... -bargs -static -largs -static" OR_ADD},
    {"OCaml", "build it with ocamlopt -ccopt -static" OR_ADD},
    {"Nim", "build it with nim c --passL:-static" OR_ADD},
    {"D (LDC)", "build it with ldc2 -static" OR_ADD},
    {"Haskell", "build it with ghc -optl-static" OR_ADD},
    {"",
     "link it statically (gcc -static, CGO_ENABLED=0 go build, Rust's *-linux-musl target)" OR_ADD},
};

#define C_REMEDY "link it with -static" OR_ADD
#define MUSL_REMEDY                                                                            \
    "link it with musl-gcc -static; Debian's musl-gcc makes a dynamic program of -static-pie " \
    "and -pie" OR_ADD

const char *static_remedy(const struct elfcheck_inspection *inspection)
{
    const char *producer = inspection->report->producer ? inspection->report->producer : "";
    if (strncmp(producer, "C (", 3) == 0 || strncmp(producer, "C++ (", 5) == 0)
        return inspection->libc == RUNTIME_MUSL ? MUSL_REMEDY : C_REMEDY;
    size_t i = 0;
    while (strncmp(producer, remedies[i].producer, strlen(remedies[i].producer)) != 0)
        i++;
    return remedies[i].remedy;
}
