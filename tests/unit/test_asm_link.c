/* From a source to a program: not a byte too many, and it runs. */
#include "tests/unit/compare.h"
#include "tests/unit/test_asm.h"

#include <dirent.h>
#include <gelf.h>
#include <unistd.h>

#include "base/array.h"
#include "base/process.h"
#include "base/temporary.h"
#include "base/text.h"

#define HEADERS_SIZE (64 + 56) /* of an ELF64 file with one segment */

#define EXIT_42            \
    "bits 64\n"            \
    "global _start\n"      \
    "_start: mov al, 60\n" \
    "    mov dil, 42\n"    \
    "    syscall\n"
#define EXIT_42_SIZE 7

struct linking {
    const char *data; /* the data directory; NULL: the embedded files */
    const char *path;
    bool keep_symbols;
    const struct trace *trace;
};

/* Links a source with a temporary directory of its own, which no message may name. */
static int link_with(const char *source, struct linking how, struct buffer *elf)
{
    struct error ignored;
    char *temporary TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create("/tmp", &ignored);
    struct asm_data data = {.directory = how.data};
    struct asm_link_options options = {.data = &data,
                                       .temporary = temporary,
                                       .path = how.path,
                                       .keep_symbols = how.keep_symbols,
                                       .trace = how.trace};
    error.message[0] = 0;
    int result = link_source(source, &options, elf);
    assert_null(strstr(error.message, temporary));
    return result;
}

static void link_text(const char *text, struct buffer *elf)
{
    if (link_with(write_text("program.asm", text), (struct linking){0}, elf) < 0)
        fail_msg("%s", error.message);
}

/* The exit code of a program or command; what it printed goes to `output`. */
static int run(const char *const *arguments, struct buffer *output)
{
    int code = 0;
    char *program TEXT_CLEANUP = strchr(arguments[0], '/')
                                     ? strdup(arguments[0])
                                     : process_find(arguments[0], getenv("PATH"), &error);
    struct process process = {.program = program, .arguments = arguments, .output = output};
    if (!program || process_run(&process, &code, &error) < 0)
        fail_msg("%s", error.message);
    return code;
}

static int run_elf(const struct buffer *elf, struct buffer *output)
{
    const char *path = write_file("program", elf->data, elf->size);
    assert_int_equal(chmod(path, 0700), 0);
    return run((const char *const[]){path, NULL}, output);
}

static int exit_code_of(const struct buffer *elf)
{
    struct buffer output BUFFER_CLEANUP = {0};
    return run_elf(elf, &output);
}

static Elf64_Ehdr header_of(const struct buffer *elf)
{
    Elf64_Ehdr header;
    assert_compare(elf->size, >=, sizeof header);
    memcpy(&header, elf->data, sizeof header);
    return header;
}

static Elf64_Phdr segment_of(const struct buffer *elf, size_t number)
{
    Elf64_Phdr segment;
    assert_compare(number, <, header_of(elf).e_phnum);
    memcpy(&segment, elf->data + sizeof(Elf64_Ehdr) + number * sizeof segment, sizeof segment);
    return segment;
}

/* ---- include files ----------------------------------------------------------------------------
 */

#define ALL_INCLUDES "choice.inc decimal.inc elf.inc signal.inc syscall.inc write_all.inc"

/* Appends the names that a link has left in its folder of include files. */
static void link_and_list(const char *text, struct buffer *names)
{
    char *temporary TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create(folder, &error);
    struct asm_data data = {0};
    struct asm_link_options options = {.data = &data, .temporary = temporary};
    struct buffer elf BUFFER_CLEANUP = {0};
    char *path TEXT_CLEANUP = NULL;
    if (link_source(write_text("program.asm", text), &options, &elf) < 0)
        fail_msg("%s\n%s", error.message, text);
    assert_int_equal(text_format(&path, &error, "%s/include", temporary), 0);
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.')
            buffer_printf(names, "%s%s", names->size ? " " : "", entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* Each program needs what it includes, so that it is linked only where that is found. */
static void writes_only_the_include_files_that_a_source_may_include(void **state)
{
    (void)state;
    write_text("own.inc", "%include \"signal.inc\"\n");
    write_text("loop.inc", "%ifndef LOOP\n%define LOOP\n%include \"loop.inc\"\n%endif\n");
    write_text("decimal.inc", "%define SHADOW\n");
    static const struct {
        const char *text, *names;
    } rows[] = {
        {"nop\n", ""},
        {"nop ; %include \"syscall.inc\"\n", ""},
        {"db ';'\n%include \"elf.inc\" ; includes all\n", "elf.inc"},
        {"%include \"write_all.inc\"\nEXIT 0\n", "syscall.inc write_all.inc"},
        {"%INCLUDE 'syscall.inc'\nEXIT 0\n", "syscall.inc"},
        {"%require \"syscall.inc\"\nEXIT 0\n", "syscall.inc"},
        {"%if 0\n  %include \"signal.inc\"\n%endif\n", "signal.inc syscall.inc"},
        {"%if 1\n\t%include\t\"syscall.inc\"\n%endif\nEXIT 0\n", "syscall.inc"},
        {"%include \"own.inc\"\nEXIT SIGTERM\n", "signal.inc syscall.inc"},
        {"%include \"loop.inc\"\nnop\n", ""},
        {"%include \"decimal.inc\"\n%ifndef SHADOW\n%error\n%endif\n", ""},
        {"incbin \"program.asm\"\n", ""},
        {"incbin \"choice.inc\"\n", "choice.inc syscall.inc"},
        {"%macro with 1\n%include %1\n%endmacro\nwith \"syscall.inc\"\nEXIT 0\n", ALL_INCLUDES},
        {"%define file \"syscall.inc\"\n%include file\nEXIT 0\n", ALL_INCLUDES},
        {"%macro do 2\n%1 %2\n%endmacro\ndo %include, \"syscall.inc\"\nEXIT 0\n", ALL_INCLUDES},
        {"%pathsearch file \"syscall.inc\"\n%include file\nEXIT 0\n", ALL_INCLUDES},
        {"%inc\\\nlude \"syscall.inc\"\nEXIT 0\n", ALL_INCLUDES},
        {"%include `sys\\x63all.inc`\nEXIT 0\n", ALL_INCLUDES},
        {"%include \"./syscall.inc\"\nEXIT 0\n", ALL_INCLUDES},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer text BUFFER_CLEANUP = {0}, names BUFFER_CLEANUP = {0};
        buffer_printf(&text, "global _start\n_start:\n%s", rows[i].text);
        link_and_list(buffer_text(&text), &names);
        if (strcmp(buffer_text(&names), rows[i].names) != 0)
            fail_msg("%s: wrote '%s', not '%s'", rows[i].text, buffer_text(&names), rows[i].names);
    }
}

/* ---- the program ----------------------------------------------------------------------------- */

static void a_program_is_its_headers_and_its_code(void **state)
{
    (void)state;
    struct buffer elf BUFFER_CLEANUP = {0};
    link_text(EXIT_42, &elf);
    assert_int_equal(elf.size, HEADERS_SIZE + EXIT_42_SIZE);
    assert_int_equal(exit_code_of(&elf), 42);
}

static void hello_with_a_message_of_13_bytes_takes_152(void **state)
{
    (void)state;
    struct buffer elf BUFFER_CLEANUP = {0};
    struct buffer output BUFFER_CLEANUP = {0};
    link_text("bits 64\n"
              "global _start\n"
              "_start: inc eax\n"
              "    inc edi\n"
              "    mov esi, message\n"
              "    mov dl, 13\n"
              "    syscall\n"
              "    mov al, 60\n"
              "    dec edi\n"
              "    syscall\n"
              "section .rodata\n"
              "message: db `Hello runc!\\r\\n`\n",
              &elf);
    assert_int_equal(elf.size, 152);
    assert_int_equal(run_elf(&elf, &output), 0);
    assert_string_equal(buffer_text(&output), "Hello runc!\r\n");
}

static void has_one_segment_that_is_read_and_executed(void **state)
{
    (void)state;
    struct buffer elf BUFFER_CLEANUP = {0};
    link_text(EXIT_42 "section .data\nsection .bss\nsection .note.x alloc note\ndd 1\n", &elf);
    assert_int_equal(elf.size, HEADERS_SIZE + EXIT_42_SIZE);
    Elf64_Ehdr header = header_of(&elf);
    assert_int_equal(header.e_type, ET_EXEC);
    assert_int_equal(header.e_machine, EM_X86_64);
    assert_int_equal(header.e_phnum, 1);
    assert_int_equal(header.e_entry, 0x400000 + HEADERS_SIZE);
    assert_int_equal(header.e_shoff, 0);
    assert_int_equal(header.e_shnum, 0);
    assert_int_equal(header.e_shstrndx, 0);
    Elf64_Phdr segment = segment_of(&elf, 0);
    assert_int_equal(segment.p_type, PT_LOAD);
    assert_int_equal(segment.p_flags, PF_R | PF_X);
    assert_int_equal(segment.p_offset, 0);
    assert_int_equal(segment.p_filesz, elf.size);
    assert_int_equal(segment.p_memsz, elf.size); /* old kernels refuse more */
}

static void data_that_is_written_gets_a_segment_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        uint64_t in_file, in_memory;
    } rows[] = {
        {"section .data\nvalue: dd 41\n", 4, 4},
        {"section .bss align=1\nvalue: resb 5000\n", 0, 5000},
        {"section mine write\nvalue: dd 41\n", 4, 4},
        {"section mine write nobits\nvalue: resb 5000\n", 0, 5000},
        {"section .data\nvalue: dd 41\nsection .bss align=1\nresb 9\n", 4, 13},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer elf BUFFER_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text,
                      "bits 64\nglobal _start\n_start: inc dword [value]\n"
                      "mov edi, [value]\nmov eax, 60\nsyscall\n%s",
                      rows[i].section);
        link_text(buffer_text(&text), &elf);
        assert_int_equal(header_of(&elf).e_phnum, 2);
        Elf64_Phdr code = segment_of(&elf, 0), data = segment_of(&elf, 1);
        assert_int_equal(code.p_flags, PF_R | PF_X);
        assert_int_equal(data.p_flags, PF_R | PF_W);
        assert_int_equal(data.p_filesz, rows[i].in_file);
        assert_int_equal(data.p_memsz, rows[i].in_memory);
        assert_int_equal(data.p_offset % 4096, data.p_vaddr % 4096);
        assert_int_equal(elf.size, code.p_filesz + data.p_filesz);
        assert_int_equal(exit_code_of(&elf), rows[i].in_file ? 42 : 1);
    }
}

static void aligns_only_as_far_as_the_source_asks(void **state)
{
    (void)state;
    static const struct {
        const char *rest;
        size_t size;
    } rows[] = {
        {"section .rodata\ndb 1\nsection .text\nnop\n", HEADERS_SIZE + EXIT_42_SIZE + 2},
        {"section .text\nalign 16\nnop\n", 128 + 16 + 1},
        {"section .rodata align=64\ndb 1\n", 128 + 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer elf BUFFER_CLEANUP = {0};
        struct buffer text BUFFER_CLEANUP = {0};
        buffer_printf(&text, "%s%s", EXIT_42, rows[i].rest);
        link_text(buffer_text(&text), &elf);
        assert_int_equal(elf.size, rows[i].size);
        assert_int_equal(exit_code_of(&elf), 42);
    }
}

static void other_tools_find_no_error(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool keep_symbols;
    } rows[] = {
        {EXIT_42, false},
        {EXIT_42, true},
        {EXIT_42 "section .data\ndd 1\nsection .bss\nresb 9\n", false},
        {EXIT_42 "section .data\ndd 1\nsection .bss\nresb 9\n", true},
        {EXIT_42 "section .bss\nresb 9\n", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer elf BUFFER_CLEANUP = {0};
        const char *source = write_text("program.asm", rows[i].text);
        struct linking how = {.keep_symbols = rows[i].keep_symbols};
        assert_int_equal(link_with(source, how, &elf), 0);
        assert_int_equal(exit_code_of(&elf), 42);
        const char *elflint[] = {"eu-elflint", "--gnu-ld", "-q", path_of("program"), NULL};
        const char *readelf[] = {"readelf", "-a", path_of("program"), NULL};
        struct buffer complaints BUFFER_CLEANUP = {0};
        struct buffer reading BUFFER_CLEANUP = {0};
        assert_int_equal(run(elflint, &complaints), 0);
        assert_string_equal(buffer_text(&complaints), "");
        assert_int_equal(run(readelf, &reading), 0);
        assert_null(strstr(buffer_text(&reading), "readelf: "));
    }
}

static void kept_symbols_change_nothing_that_runs(void **state)
{
    (void)state;
    struct buffer plain BUFFER_CLEANUP = {0};
    struct buffer kept BUFFER_CLEANUP = {0};
    link_text(EXIT_42, &plain);
    struct linking how = {.keep_symbols = true};
    assert_int_equal(link_with(path_of("program.asm"), how, &kept), 0);
    assert_int_equal(segment_of(&kept, 0).p_filesz, plain.size);
    assert_memory_equal(kept.data + HEADERS_SIZE, plain.data + HEADERS_SIZE, EXIT_42_SIZE);
    assert_compare(header_of(&kept).e_shnum, >, 0);
    assert_non_null(memmem(kept.data, kept.size, ".debug_line", 11));
    assert_non_null(memmem(kept.data, kept.size, "_start", 6));
    assert_int_equal(exit_code_of(&kept), 42);
}

/* ---- where it comes from --------------------------------------------------------------------- */

/* The source uses its folder's include and whit's; `value` is defined in the first. */
#define WITH_INCLUDES                                          \
    "bits 64\n%include \"value.inc\"\n%include \"whit.inc\"\n" \
    "global _start\n_start: mov edi, value\nleave_now\n"

static char *write_data(void)
{
    static const char *const layouts[] = {"asm/link/standard.ld", "asm/link/standard-data.ld"};
    write_text("data/asm/include/whit.inc",
               "%macro leave_now 0\nmov eax, 60\nsyscall\n%endmacro\n");
    write_text("data/asm/include/value.inc", "%define value 1\n");
    for (size_t i = 0; i < 2; i++) {
        struct buffer script BUFFER_CLEANUP = {0};
        char name[64];
        assert_int_equal(asm_data_read(&(struct asm_data){0}, layouts[i], &script, &error), 0);
        snprintf(name, sizeof name, "data/%s", layouts[i]);
        write_file(name, script.data, script.size);
    }
    return strdup(path_of("data"));
}

static void includes_come_from_the_sources_folder_then_from_whit(void **state)
{
    (void)state;
    char *data TEXT_CLEANUP = write_data();
    write_text("here/value.inc", "%define value 42\n");
    write_text("elsewhere/value.inc", "%define value 2\n");
    const char *source = write_text("here/program.asm", WITH_INCLUDES);
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(path_of("elsewhere")), 0);
    struct buffer elf BUFFER_CLEANUP = {0};
    int result = link_with(source, (struct linking){.data = data}, &elf);
    assert_int_equal(chdir(before), 0);
    if (result < 0)
        fail_msg("%s", error.message);
    assert_int_equal(exit_code_of(&elf), 42);
}

static void the_same_source_gives_the_same_bytes_anywhere(void **state)
{
    (void)state;
    struct buffer first BUFFER_CLEANUP = {0};
    struct buffer second BUFFER_CLEANUP = {0};
    const char *text = EXIT_42 "section .data\ndd 1\n";
    assert_int_equal(link_with(write_text("a.asm", text), (struct linking){0}, &first), 0);
    const char *source = write_text("another/-name with 'odd' signs.txt", text);
    assert_int_equal(setenv("NASMENV", "-DNOTHING -O0 -f bin", 1), 0);
    assert_int_equal(setenv("LD_RUN_PATH", "/lib", 1), 0);
    assert_int_equal(setenv("LDEMULATION", "elf_i386", 1), 0);
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
    mode_t mask = umask(0777);
    int result = link_with(source, (struct linking){0}, &second);
    umask(mask);
    unsetenv("NASMENV");
    unsetenv("LD_RUN_PATH");
    unsetenv("LDEMULATION");
    unsetenv("TZ");
    if (result < 0)
        fail_msg("%s", error.message);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
}

static void appends_to_what_is_there(void **state)
{
    (void)state;
    struct buffer elf BUFFER_CLEANUP = {0};
    buffer_append_text(&elf, "before");
    link_text(EXIT_42, &elf);
    assert_int_equal(elf.size, 6 + HEADERS_SIZE + EXIT_42_SIZE);
    assert_memory_equal(elf.data,
                        "before\x7f"
                        "ELF",
                        10);
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static void says_what_is_wrong_with_a_source(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"bits 64\nmov eax,\n", "program.asm: nasm fails with exit code 1:\nprogram.asm:2: error:"},
        {"bits 64\nmov [1], 2\n", "program.asm:2: error: operation size not specified"},
        {"%include \"none.inc\"\n", "program.asm:1: error: unable to open include file"},
        {"bits 64\nmain: nop\n", "no entry point: write the label `_start:`"},
        {"", "no entry point"},
        {"bits 64\nglobal _start\nextern there\n_start: call there\n",
         "program.asm:4: undefined reference to `there'"},
        {"bits 64\nglobal _start\n_start: mov eax, there\n", "symbol `there' not defined"},
        {"%rep\n", "nasm fails"},
        {"\x7f"
         "ELF\x02\x01\x01",
         "is an ELF file, neither NASM source nor an object: `whit pack "},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buffer elf BUFFER_CLEANUP = {0};
        const char *source = write_text("program.asm", rows[i].text);
        assert_int_equal(link_with(source, (struct linking){0}, &elf), -1);
        assert_message(rows[i].words);
        assert_int_equal(elf.size, 0);
    }
}

static void says_the_line_of_an_undefined_symbol_with_debug_information(void **state)
{
    (void)state;
    struct buffer elf BUFFER_CLEANUP = {0};
    const char *source =
        write_text("program.asm", "bits 64\nglobal _start\nextern there\n_start: call there\n");
    assert_int_equal(link_with(source, (struct linking){.keep_symbols = true}, &elf), -1);
    assert_message("program.asm:4: undefined reference to `there'");
}

static void a_source_in_the_temporary_directory_goes_by_its_name(void **state)
{
    (void)state;
    struct buffer elf BUFFER_CLEANUP = {0};
    struct asm_data data = {0};
    struct asm_link_options options = {.data = &data, .temporary = folder, .keep_symbols = true};
    const char *source =
        write_text("hello.asm", "bits 64\nglobal _start\nextern there\n_start: call there\n");
    assert_int_equal(link_source(source, &options, &elf), -1);
    assert_int_equal(strncmp(error.message, "hello.asm: ld fails", 19), 0);
    assert_message("\nhello.asm:4: undefined reference");
    assert_null(strstr(error.message, folder));
}

static void says_which_source_cannot_be_read(void **state)
{
    (void)state;
    struct buffer elf BUFFER_CLEANUP = {0};
    assert_int_equal(link_with("/nowhere/at/all.asm", (struct linking){0}, &elf), -1);
    assert_message("cannot open /nowhere/at/all.asm");
    assert_int_equal(link_with(folder, (struct linking){0}, &elf), -1);
    assert_message("is a directory");
}

static void says_which_package_a_missing_tool_is_in(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nowhere", "", ":", "bin:/nowhere/at/all"};
    const char *source = write_text("program.asm", EXIT_42);
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct buffer elf BUFFER_CLEANUP = {0};
        assert_int_equal(link_with(source, (struct linking){.path = paths[i]}, &elf), -1);
        assert_message("nasm is not installed: apt install nasm binutils");
    }
}

/* ---- what -v shows --------------------------------------------------------------------------- */

static void collect(void *context, const char *text)
{
    buffer_printf(context, "%s\n", text);
}

static void shows_each_step_as_a_person_would_type_it(void **state)
{
    (void)state;
    struct buffer elf BUFFER_CLEANUP = {0};
    struct buffer steps BUFFER_CLEANUP = {0};
    struct trace trace = {.show = collect, .context = &steps};
    const char *source = write_text("hello.asm", EXIT_42);
    assert_int_equal(link_with(source, (struct linking){.trace = &trace}, &elf), 0);
    const char *text = buffer_text(&steps);
    assert_int_equal(strncmp(text, "$ nasm -f elf64 -I include/ ", 28), 0);
    assert_non_null(strstr(text, " -o program.o hello.asm\n$ cat > standard.ld << "));
    assert_non_null(strstr(text, "\nENTRY(_start)\n"));
    assert_non_null(strstr(text, "\nEND\n$ ld -m elf_x86_64 "));
    assert_non_null(strstr(text, " -T standard.ld -o program program.o -s\n"));
    assert_non_null(strstr(text, " bytes become 127,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(writes_only_the_include_files_that_a_source_may_include),
        IN_FOLDER(a_program_is_its_headers_and_its_code),
        IN_FOLDER(hello_with_a_message_of_13_bytes_takes_152),
        IN_FOLDER(has_one_segment_that_is_read_and_executed),
        IN_FOLDER(data_that_is_written_gets_a_segment_of_its_own),
        IN_FOLDER(aligns_only_as_far_as_the_source_asks),
        IN_FOLDER(other_tools_find_no_error),
        IN_FOLDER(kept_symbols_change_nothing_that_runs),
        IN_FOLDER(includes_come_from_the_sources_folder_then_from_whit),
        IN_FOLDER(the_same_source_gives_the_same_bytes_anywhere),
        IN_FOLDER(appends_to_what_is_there),
        IN_FOLDER(says_what_is_wrong_with_a_source),
        IN_FOLDER(says_the_line_of_an_undefined_symbol_with_debug_information),
        IN_FOLDER(a_source_in_the_temporary_directory_goes_by_its_name),
        IN_FOLDER(says_which_source_cannot_be_read),
        IN_FOLDER(says_which_package_a_missing_tool_is_in),
        IN_FOLDER(shows_each_step_as_a_person_would_type_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
