/*
 * Sources of other assemblers, for other machines or for libc: nasm or ld has refused them, with
 * errors that tell little. The signs of each kind are regular expressions, of what the tool printed
 * and of the sources with all files that it names.
 */
#include "asm/link/hint.h"

#include <ctype.h>
#include <fcntl.h>
#include <regex.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/read.h"
#include "base/strings.h"
#include "base/text.h"

/* Signs are at the beginning of a source, if anywhere; a larger file is not looked into. */
#define MAX_TEXT_SIZE (UINT64_C(1) << 20)

/* Left in an error for what callers put before it. */
#define PREFIX_ROOM 512

/* ---- signs ----------------------------------------------------------------------------------- */

#define SPACE "[ \t]"
#define LINE  "^" SPACE "*"
/* What comes before a word that is neither in a comment nor in a string. */
#define CODE "^[^;\"'#]*"

#define FASM        LINE "format" SPACE "+elf"
#define GNU_AS_NAME LINE "\\.(globl|global)" SPACE "+[a-z_.$@0-9]+" SPACE "*($|[#,;/])"
#define GNU_AS_WORD LINE "\\.((intel|att)_syntax\\>|section" SPACE "+\\.)"
#define GNU_AS_TEXT "^([a-z_.0-9]+:)?" SPACE "*\\.(ascii|asciz|string)" SPACE "+\""
#define GNU_AS_REGISTER \
    CODE "[,(* \t]%(e?[abcd]x|r[abcd]x|[abcd][lh]|[er]?(si|di|bp|sp)|r[89]|r1[0-5]d?|xmm[0-9])\\>"
#define GNU_AS_NUMBER                                                                   \
    "^([a-z_.0-9]+:)?" SPACE "*\\.(quad|octa|byte|short|word|long|int|skip|zero|space|" \
    "(p2|b)?align)" SPACE "+-?[0-9]"
#define GNU_AS       GNU_AS_NAME "|" GNU_AS_WORD "|" GNU_AS_TEXT "|" GNU_AS_NUMBER "|" GNU_AS_REGISTER
#define GNU_AS_32    CODE "\\<(int" SPACE "+\\$(0x80|128)|pushl|popl)\\>|" LINE "\\.code32\\>"
#define GNU_AS_64    "%r([abcd]x|si|di|bp|sp|[89]|1[0-5])\\>|" CODE "\\<syscall\\>"
#define GNU_AS_MAIN  LINE "\\.(globl|global)" SPACE "+main\\>"
#define PREPROCESSOR "^#" SPACE "*(include|define|ifn?def)\\>"
#define END_OF_LINE  "[ \t\r]*($|;)"
#define MASM                                                                                \
    LINE "\\.(model" SPACE "+[a-z]|stack" SPACE "+[0-9]|(stack|code|[3-6]86p?)" END_OF_LINE \
         ")|" LINE "(includelib|invoke)\\>|^[a-z_@?$][a-z_@?$0-9]*" SPACE                   \
         "+(proc|endp|segment|ends)\\>"
#define ORG        LINE "(\\[" SPACE "*)?org" SPACE
#define ELF_HEADER "[\"'`]ELF|464c457f|ehdr|e_ident|e_machine"
#define BOOT_OR_DOS                                                                              \
    CODE "\\<(int" SPACE "+(0x(10|13|16|19|21)|(10|13|16|19|21)h)|bits" SPACE "+16|use16|0xaa55" \
         "|0aa55h)\\>|" LINE "(\\[" SPACE "*)?org" SPACE "+(0x7c00|0?7c00h|0x0?100|0?100h)\\>"
#define FOR_32_BITS                                                                               \
    CODE "\\<(int" SPACE "+(0x80|0?80h|128))\\>|" LINE "(\\[" SPACE "*)?(bits" SPACE "+32|use32)" \
         "\\>"
#define STACK_OF_32_BITS FOR_32_BITS "|" CODE "\\<(esp|ebp)\\>"
#define FOR_64_BITS      CODE "\\<(r([abcd]x|si|di|bp|sp|[89]|1[0-5])|syscall|bits" SPACE "+64)\\>"
#define LIBC                                                                                      \
    "(v?[fs]?n?printf|[fs]?scanf|f?puts|putchar|getchar|f?gets|malloc|calloc|realloc|free|fopen|" \
    "fclose|fread|fwrite|fflush|perror|atoi|atof|strtol|s?rand|system|std(in|out|err)|"           \
    "__libc_start_main)"
#define USES_LIBC                                                                            \
    LINE "(extern|global)" SPACE "+([^;]*[, \t])?(main|" LIBC ")(:[a-z]+)?" SPACE "*($|[,;]" \
         ")"
#define MAIN LINE "(global" SPACE "+main\\>|main:)"

/* At the beginning of a file; and what a NUL of it has become. */
#define UTF_8_MARK  "^\xef\xbb\xbf"
#define UTF_16_MARK "^(\xff\xfe|\xfe\xff)"
#define NUL         "\1"

#define NOT_IN_64_BITS "not supported in 64-bit mode"
#define NO_LIBC        "undefined reference to `" LIBC "'"

/* A way from inputs to an image. FILE is a source, NAME its name without suffix, OBJECTS all
 * inputs, where the sources are objects already. */
struct kind {
    const char *printed; /* by the tool */
    const char *text;    /* in the sources; NULL: anything */
    const char *more;    /* in the sources, too; or NULL */
    const char *without; /* not in the sources; or NULL */
    const char *what;
    bool is_of_one;     /* only the source that failed is meant */
    const char *source; /* a command for each source, or NULL */
    const char *join;   /* a command for all, or NULL */
    const char *then;   /* the command of whit; NULL: there is none */
    const char *remark;
};

#define IS_32_BIT ": most kernels run 32-bit programs, gVisor and some cloud kernels do not (EC125)"

/* The first that fits counts. */
static const struct kind kinds[] = {
    {.printed = "^nasm fails",
     .text = UTF_16_MARK,
     .what = "this is UTF-16, which nasm does not read: save it as UTF-8"},
    {.printed = "^nasm fails", .text = NUL, .what = "this is no text: it has NUL bytes"},
    {.printed = ":1: error: ",
     .text = UTF_8_MARK,
     .what =
         "line 1 begins with a byte order mark, which nasm does not know: save the file as UTF-8 "
         "without one"},
    {.printed = "^nasm fails",
     .text = FASM,
     .more = FASM "(32|64)?" SPACE "+executable",
     .what = "this is fasm syntax",
     .is_of_one = true,
     .source = "fasm FILE NAME",
     .then = "whit pack NAME"},
    {.printed = "^nasm fails",
     .text = FASM,
     .what = "this is fasm syntax",
     .is_of_one = true,
     .source = "fasm FILE NAME.o",
     .then = "whit link NAME.o"},
    {.printed = "^nasm fails",
     .text = GNU_AS_MAIN,
     .more = GNU_AS_32,
     .without = GNU_AS_64,
     .what = "this is GNU as syntax, for libc on 32-bit Linux",
     .is_of_one = true,
     .source = "gcc -m32 -static -x assembler FILE -o NAME",
     .then = "whit pack NAME",
     .remark = IS_32_BIT},
    {.printed = "^nasm fails",
     .text = GNU_AS,
     .more = GNU_AS_MAIN,
     .what = "this is GNU as syntax, for libc",
     .is_of_one = true,
     .source = "musl-gcc -static -x assembler FILE -o NAME",
     .then = "whit pack NAME"},
    {.printed = "^nasm fails",
     .text = GNU_AS,
     .more = GNU_AS_32,
     .without = GNU_AS_64,
     .what = "this is GNU as syntax, for 32-bit Linux",
     .is_of_one = true,
     .source = "as --32 FILE -o NAME.o",
     .join = "ld -m elf_i386 NAME.o -o NAME",
     .then = "whit pack NAME",
     .remark = IS_32_BIT},
    {.printed = "^nasm fails",
     .text = GNU_AS,
     .more = PREPROCESSOR,
     .what = "this is GNU as syntax, for the C preprocessor",
     .is_of_one = true,
     .source = "gcc -x assembler-with-cpp -c FILE -o NAME.o",
     .then = "whit link NAME.o"},
    {.printed = "^nasm fails",
     .text = GNU_AS,
     .what = "this is GNU as syntax",
     .is_of_one = true,
     .source = "as FILE -o NAME.o",
     .then = "whit link NAME.o"},
    {.printed = "^nasm fails",
     .text = ORG,
     .more = BOOT_OR_DOS,
     .without = ELF_HEADER,
     .what = "this is 16-bit code for a boot sector or for DOS: Linux does not start it"},
    {.printed = "^nasm fails",
     .text = ORG,
     .more = ELF_HEADER,
     .what = "this source writes its ELF headers itself",
     .is_of_one = true,
     .source = "nasm -f bin FILE -o NAME",
     .then = "whit pack NAME"},
    {.printed = "^nasm fails",
     .text = MASM,
     .what = "this is MASM or TASM syntax, for Windows or DOS: Linux does not start it"},
    {.printed = NOT_IN_64_BITS "|" NO_LIBC,
     .text = USES_LIBC,
     .more = STACK_OF_32_BITS,
     .without = FOR_64_BITS,
     .what = "this is code for libc on 32-bit Linux",
     .source = "nasm -f elf32 FILE -o NAME.o",
     .join = "gcc -m32 -static OBJECTS -o NAME",
     .then = "whit pack NAME",
     .remark = IS_32_BIT},
    {.printed = NOT_IN_64_BITS,
     .text = FOR_32_BITS,
     .without = FOR_64_BITS,
     .what = "this is code for 32-bit Linux",
     .source = "nasm -f elf32 FILE -o NAME.o",
     .join = "ld -m elf_i386 OBJECTS -o NAME",
     .then = "whit pack NAME",
     .remark = IS_32_BIT},
    {.printed = NO_LIBC,
     .what = "this calls libc",
     .source = "nasm -f elf64 FILE -o NAME.o",
     .join = "musl-gcc -static OBJECTS -o NAME",
     .then = "whit pack NAME"},
    {.printed = "ld: no entry point",
     .text = MAIN,
     .without = "\\<_start\\>", /* misspelt elsewhere */
     .what = "this begins at main, which libc calls",
     .source = "nasm -f elf64 FILE -o NAME.o",
     .join = "musl-gcc -static OBJECTS -o NAME",
     .then = "whit pack NAME"},
    {.printed = "i386 architecture of input file",
     .what = "this is code for 32-bit Linux",
     .source = "nasm -f elf32 FILE -o NAME.o",
     .join = "ld -m elf_i386 OBJECTS -o NAME",
     .then = "whit pack NAME",
     .remark = IS_32_BIT},
};

static bool matches(const char *pattern, const char *text)
{
    regex_t compiled;
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_ICASE | REG_NEWLINE | REG_NOSUB) != 0)
        return false;
    bool is_match = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return is_match;
}

static const struct kind *find_kind(const char *printed, const char *text)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct kind *kind = &kinds[i];
        if (matches(kind->printed, printed) && (!kind->text || matches(kind->text, text)) &&
            (!kind->more || matches(kind->more, text)) &&
            !(kind->without && matches(kind->without, text)))
            return kind;
    }
    return NULL;
}

/* ---- sources --------------------------------------------------------------------------------- */

/* Appends a file of the folder, as far as an expression can look at it. A pipe has been read by
 * nasm, and has nothing more to give. */
static void append_file(const char *folder, const char *name, struct buffer *text)
{
    struct stat status;
    struct error ignored;
    size_t begin = text->size;
    int directory FD_CLEANUP = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* An absolute name needs no folder. */
    int fd FD_CLEANUP = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        (uint64_t)status.st_size <= MAX_TEXT_SIZE)
        file_read(fd, name, MAX_TEXT_SIZE, text, &ignored);
    for (unsigned char *nul;
         text->size > begin && (nul = memchr(text->data + begin, 0, text->size - begin));)
        *nul = (unsigned char)*NUL;
    buffer_append_text(text, "\n");
}

/* The files before line numbers, as in "functions.asm:12: error: ...", each once. */
static int list_named(const char *printed, struct strings *names, struct error *error)
{
    for (const char *line = printed; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        char *name TEXT_CLEANUP = NULL;
        size_t length = strcspn(line, ":\n");
        if (line[length] != ':' || !isdigit((unsigned char)line[length + 1]))
            continue;
        if (text_format(&name, error, "%.*s", (int)length, line) < 0 ||
            (!strings_contain(names, name) && strings_append(names, name, error) < 0))
            return -1;
    }
    return 0;
}

static void append_texts(const struct asm_input *input, const char *printed, struct buffer *text)
{
    struct strings names STRINGS_CLEANUP = {0};
    struct error ignored;
    if (!input->is_source || strings_append(&names, input->name, &ignored) < 0 ||
        list_named(printed, &names, &ignored) < 0)
        return;
    for (size_t i = 0; i < names.count; i++)
        append_file(input->folder, names.items[i], text);
}

/* ---- the line -------------------------------------------------------------------------------- */

/* The name without folder and suffix: what commands call what they make of a file. */
static void append_stem(const struct asm_input *input, struct buffer *out)
{
    const char *dot = strrchr(input->name, '.');
    if (dot && dot > input->name && input->is_source)
        buffer_append(out, input->name, (size_t)(dot - input->name));
    else
        buffer_append_text(out, "program");
}

static void append_objects(const struct asm_input *inputs, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(out, i ? " " : "");
        if (!inputs[i].is_source) {
            buffer_append_text(out, inputs[i].path);
            continue;
        }
        append_stem(&inputs[i], out);
        buffer_append_text(out, ".o");
    }
}

/* A command, with what its upper-case words stand for. */
static void append_command(const struct asm_job *job, const struct asm_input *inputs, size_t count,
                           const char *command, struct buffer *out)
{
    while (*command) {
        size_t length = strcspn(command, "FNO");
        buffer_append(out, command, length);
        command += length;
        if (strncmp(command, "FILE", 4) == 0)
            buffer_append_text(out, asm_input_name(job, inputs));
        else if (strncmp(command, "NAME", 4) == 0)
            append_stem(inputs, out);
        else if (*command)
            append_objects(inputs, count, out);
        command += strspn(command, "FILENAMOBJCTS");
    }
}

static void append_way(const struct asm_job *job, const struct kind *kind,
                       const struct asm_input *inputs, size_t count, struct buffer *out)
{
    const char *before = ": `";
    for (size_t i = 0; i < count; i++) {
        if (!inputs[i].is_source)
            continue;
        buffer_append_text(out, before);
        append_command(job, &inputs[i], 1, kind->source, out);
        before = " && ";
    }
    if (kind->join) {
        buffer_append_text(out, before);
        append_command(job, inputs, count, kind->join, out);
    }
    buffer_append_text(out, "`, then `");
    append_command(job, inputs, count, kind->then, out);
    buffer_printf(out, "`%s", kind->remark ? kind->remark : "");
}

/* The line is the last, whatever of the tool's own has to make room. */
static void append_line(struct error *error, const struct buffer *line)
{
    size_t used = strlen(error->message), room = ERROR_MESSAGE_SIZE - PREFIX_ROOM;
    if (line->failed || line->size + 2 > room)
        return;
    if (used + line->size + 2 > room)
        used = room - line->size - 2;
    error->message[used++] = '\n';
    memcpy(error->message + used, buffer_text(line), line->size + 1);
}

void asm_add_hint(const struct asm_job *job, const struct asm_input *failed, struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0}, line BUFFER_CLEANUP = {0};
    const struct asm_input *inputs = failed ? failed : job->inputs;
    size_t count = failed ? 1 : job->input_count;
    for (size_t i = 0; i < count; i++)
        append_texts(&inputs[i], error->message, &text);
    const struct kind *kind = find_kind(error->message, buffer_text(&text));
    if (!kind)
        return;
    buffer_append_text(&line, kind->what);
    if (kind->then && kind->is_of_one)
        append_way(job, kind, inputs, count, &line);
    else if (kind->then)
        append_way(job, kind, job->inputs, job->input_count, &line);
    append_line(error, &line);
}
