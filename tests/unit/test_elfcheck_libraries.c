/* A program among the files of a root: its loader, its libraries, a script's interpreter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/read.h"
#include "base/temporary.h"
#include "elfcheck/elfcheck.h"
#include "tests/unit/compare.h"
#include "tests/unit/counted_reads.h"
#include "tests/unit/test_elfcheck.h"

static struct error error;

/* ---- a root ---------------------------------------------------------------------------------- */

static char root_path[] = "/tmp/whit-root-XXXXXX";

/* `root_path` is the root, or, with a context, only a directory in it. */
static size_t open_count;

static int open_in_root(void *context, const char *path)
{
    open_count++;
    char full[8192];
    snprintf(full, sizeof full, "%s%s", context ? "" : root_path, path);
    return open(full, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(strrchr(root_path, '-'), "-XXXXXX");
    return mkdtemp(root_path) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char *path = strdup(root_path);
    temporary_directory_remove(&path);
    return 0;
}

static char *in_root(const char *path)
{
    static char full[4][8192];
    static int turn;
    char *place = full[turn++ % 4];
    snprintf(place, sizeof *full, "%s%s", root_path, path);
    return place;
}

/* Writes a file, its directories before it. */
static void put(const char *path, mode_t mode, const void *bytes, size_t size)
{
    char *full = in_root(path);
    for (char *slash = full + strlen(root_path); (slash = strchr(slash + 1, '/'));) {
        *slash = 0;
        mkdir(full, 0755);
        *slash = '/';
    }
    unlink(full);
    int fd FD_CLEANUP = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    assert_compare(fd, >=, 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(fchmod(fd, mode), 0);
}

static void put_text(const char *path, mode_t mode, const char *text)
{
    put(path, mode, text, strlen(text));
}

/* ---- files that need each other -------------------------------------------------------------- */

/* Texts in a row, each with its NUL; a version need is "library\0version\0". */
struct spec {
    uint16_t type;           /* ET_DYN where it is 0 */
    const char *interpreter; /* in the file "PATH", or NULL */
    const char *needed, *name, *rpath, *runpath, *versions, *needed_versions;
    const char *text; /* further bytes: texts in a row */
};

#define STRINGS 0x1000
#define TABLES  0x4000
#define SIZE    0x8000

struct file {
    unsigned char bytes[SIZE];
    size_t strings, dynamic_count;
};

static uint32_t add_string(struct file *file, const char *text)
{
    size_t place = file->strings;
    strcpy((char *)file->bytes + STRINGS + place, text);
    file->strings += strlen(text) + 1;
    return (uint32_t)place;
}

static void add_entry(struct file *file, int64_t tag, uint64_t value)
{
    Elf64_Dyn entry = {.d_tag = tag, .d_un.d_val = value};
    memcpy(file->bytes + TABLES + file->dynamic_count++ * sizeof entry, &entry, sizeof entry);
}

static void add_versions(struct file *file, const char *names)
{
    size_t place = TABLES + 0x1000;
    add_entry(file, DT_VERDEF, place);
    for (const char *name = names; *name; name += strlen(name) + 1) {
        Elf64_Verdef definition = {.vd_version = 1, .vd_cnt = 1, .vd_aux = sizeof definition};
        Elf64_Verdaux auxiliary = {.vda_name = add_string(file, name)};
        if (name[strlen(name) + 1])
            definition.vd_next = sizeof definition + sizeof auxiliary;
        memcpy(file->bytes + place, &definition, sizeof definition);
        memcpy(file->bytes + place + sizeof definition, &auxiliary, sizeof auxiliary);
        place += sizeof definition + sizeof auxiliary;
    }
}

static void add_needed_versions(struct file *file, const char *pairs)
{
    size_t place = TABLES + 0x2000;
    add_entry(file, DT_VERNEED, place);
    for (const char *pair = pairs; *pair;) {
        const char *version = pair + strlen(pair) + 1;
        Elf64_Verneed need = {.vn_version = 1, .vn_cnt = 1, .vn_aux = sizeof need};
        Elf64_Vernaux auxiliary = {0};
        need.vn_file = add_string(file, pair);
        auxiliary.vna_name = add_string(file, version + (*version == '?'));
        auxiliary.vna_flags = *version == '?' ? VER_FLG_WEAK : 0;
        pair = version + strlen(version) + 1;
        need.vn_next = *pair ? sizeof need + sizeof auxiliary : 0;
        memcpy(file->bytes + place, &need, sizeof need);
        memcpy(file->bytes + place + sizeof need, &auxiliary, sizeof auxiliary);
        place += sizeof need + sizeof auxiliary;
    }
}

static struct file make(const struct spec *spec)
{
    struct file file = {0};
    struct program program = program_new(spec->type ? spec->type : ET_DYN);
    add_string(&file, "");
    add_entry(&file, DT_STRTAB, program.segments[0].p_vaddr + STRINGS);
    for (const char *name = spec->needed; name && *name; name += strlen(name) + 1)
        add_entry(&file, DT_NEEDED, add_string(&file, name));
    if (spec->name)
        add_entry(&file, DT_SONAME, add_string(&file, spec->name));
    if (spec->rpath)
        add_entry(&file, DT_RPATH, add_string(&file, spec->rpath));
    if (spec->runpath)
        add_entry(&file, DT_RUNPATH, add_string(&file, spec->runpath));
    if (spec->versions)
        add_versions(&file, spec->versions);
    if (spec->needed_versions)
        add_needed_versions(&file, spec->needed_versions);
    for (const char *text = spec->text; text && *text; text += strlen(text) + 1)
        add_string(&file, text);
    add_entry(&file, DT_NULL, 0);

    program.segments[0].p_filesz = program.segments[0].p_memsz = SIZE;
    program.segments[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC,
                                       .p_offset = TABLES,
                                       .p_vaddr = program.segments[0].p_vaddr + TABLES,
                                       .p_filesz = file.dynamic_count * sizeof(Elf64_Dyn)};
    if (spec->interpreter) {
        uint32_t place = add_string(&file, spec->interpreter);
        program.segments[2] = (Elf64_Phdr){.p_type = PT_INTERP,
                                           .p_offset = STRINGS + place,
                                           .p_filesz = strlen(spec->interpreter) + 1};
    }
    memcpy(file.bytes, &program, sizeof program);
    return file;
}

static void put_file(const char *path, const struct spec *spec)
{
    struct file file = make(spec);
    put(path, 0755, file.bytes, sizeof file.bytes);
}

#define LOADER "/lib64/ld-linux-x86-64.so.2"

/* A loader of glibc's that looks in /lib and /usr/lib. */
static void put_glibc(void)
{
    put_file(LOADER, &(struct spec){.name = "ld-linux-x86-64.so.2",
                                    .versions = "GLIBC_2.3\0",
                                    .text = "GLIBC_PRIVATE\0/lib/\0/usr/lib/\0"});
}

static void put_musl(void)
{
    put_file("/lib/ld-musl-x86_64.so.1",
             &(struct spec){.name = "libc.musl-x86_64.so.1", .text = "musl libc (x86_64)\n\0"});
}

/* ---- judging --------------------------------------------------------------------------------- */

static struct elfcheck_root root = {.open = open_in_root};

static struct elfcheck_report check_with(const char *path, const struct elfcheck_settings *settings)
{
    struct elfcheck_report report;
    int fd FD_CLEANUP = file_open(in_root(path), &error);
    assert_compare(fd, >=, 0);
    if (elfcheck_file(fd, path, settings, &report, &error) < 0)
        fail_msg("%s", error.message);
    return report;
}

/* The obstacle's message, or "" where it starts; good until the next call. */
static const char *obstacle_of(const char *path)
{
    static char message[8192];
    struct elfcheck_settings settings = {.mode = 0755, .root = &root, .path = path};
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_with(path, &settings);
    const struct elfcheck_finding *obstacle = elfcheck_obstacle(&report);
    snprintf(message, sizeof message, "%s", obstacle ? obstacle->message : "");
    assert_int_equal(elfcheck_starts(&report), !obstacle);
    return message;
}

/* Makes the program and asks what keeps it from starting. */
static const char *obstacle(const char *path, const struct spec *spec)
{
    put_file(path, spec);
    return obstacle_of(path);
}

static const struct spec needs_foo = {.interpreter = LOADER, .needed = "libfoo.so.1\0"};

/* ---- an empty image -------------------------------------------------------------------------- */

static void names_loader_and_libraries_for_an_empty_image(void **state)
{
    (void)state;
    static const struct {
        struct spec spec;
        const char *message, *rule;
    } cases[] = {
        {{.interpreter = LOADER}, "needs " LOADER, "interpreter"},
        {{.interpreter = LOADER, .needed = "libc.so.6\0libm.so.6\0"},
         "needs " LOADER " and libc.so.6, libm.so.6",
         "interpreter"},
        {{.interpreter = LOADER, .needed = "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0"},
         "needs " LOADER " and a, b, c, d, e, f, g, h and 2 more",
         "interpreter"},
        {{.interpreter = "/l\x1b[2J", .needed = "\x1b[2J\xff\n\0"},
         "needs /l\\x1b[2J and \\x1b[2J\\xff\\x0a",
         "interpreter"},
        {{.needed = "libc.so.6\0"},
         "needs shared libraries, but names no interpreter that would load them",
         "loader-missing"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        put_file("/program", &cases[i].spec);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
            check_with("/program", &elfcheck_default_settings);
        const struct elfcheck_finding *finding = elfcheck_obstacle(&report);
        assert_non_null(finding);
        assert_string_equal(finding->message, cases[i].message);
        assert_string_equal(finding->rule->name, cases[i].rule);
        assert_false(report.is_static || report.in_root);
    }
    put_file("/program", &(struct spec){0});
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
        check_with("/program", &elfcheck_default_settings);
    assert_true(report.is_static && elfcheck_starts(&report));
}

static void tells_of_a_name_that_cannot_be_read(void **state)
{
    (void)state;
    struct file file = make(&needs_foo);
    Elf64_Dyn entry = {.d_tag = DT_NEEDED, .d_un.d_val = UINT64_MAX};
    memcpy(file.bytes + TABLES + sizeof entry, &entry, sizeof entry);
    put("/program", 0755, file.bytes, sizeof file.bytes);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
        check_with("/program", &elfcheck_default_settings);
    assert_string_equal(elfcheck_obstacle(&report)->message,
                        "needs " LOADER " and (a name that cannot be read)");
}

/* ---- the loader ------------------------------------------------------------------------------ */

/* How Linux answers when it is to start the file: errno, 0 where it starts, -1 where it kills. */
static int ask_linux(const char *path)
{
    int ends[2], number = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_compare(child, >=, 0);
    if (child == 0) {
        execv(path, (char *[]){"program", NULL});
        number = errno;
        _exit(write(ends[1], &number, sizeof number) != sizeof number);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], &number, sizeof number);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (got == sizeof number)
        return number;
    return WIFSIGNALED(status) ? -1 : 0;
}

static enum elfcheck_outcome outcome_of(int number)
{
    switch (number) {
    case 0:
        return ELFCHECK_STARTS;
    case -1:
        return ELFCHECK_KILLED;
    case ENOENT:
        return ELFCHECK_ENOENT;
    case EACCES:
        return ELFCHECK_EACCES;
    case EIO:
        return ELFCHECK_EIO;
    case ELIBBAD:
        return ELFCHECK_ELIBBAD;
    case ENOEXEC:
        return ELFCHECK_ENOEXEC;
    default:
        fail_msg("Linux says %s", strerror(number));
        return ELFCHECK_STARTS;
    }
}

/* A root that is the machine's own, so that Linux looks at the same files. */
static const struct elfcheck_root machine = {.open = open_in_root, .context = &root};

/* Compares the judgement with what Linux does to the file; `loop` stands for ELOOP, which has no
 * outcome of its own. */
static const char *compare(const char *path, enum elfcheck_outcome loop)
{
    static char message[8192];
    struct elfcheck_settings settings = {.mode = 0755, .root = &machine, .path = in_root(path)};
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_with(path, &settings);
    const struct elfcheck_finding *finding = elfcheck_obstacle(&report);
    snprintf(message, sizeof message, "%s", finding ? finding->message : "");
    int number = ask_linux(in_root(path));
    assert_int_equal(finding ? finding->outcome : ELFCHECK_STARTS,
                     number == ELOOP ? loop : outcome_of(number));
    return message;
}

static const char *compare_with_linux(const char *path)
{
    return compare(path, ELFCHECK_ENOEXEC);
}

/* What a loader may be, and what is said of it. */
static void put_program(const char *path, uint16_t type, uint16_t machine_number, size_t size)
{
    struct program program = program_new(type);
    program.header.e_machine = machine_number;
    put(path, 0755, &program, size);
}

static void judges_the_loader_as_linux_does(void **state)
{
    (void)state;
    char interpreter[8192];
    snprintf(interpreter, sizeof interpreter, "%s/ld", root_path);
    put_file("/program", &(struct spec){.interpreter = interpreter});
    const char *expected[] = {
        "which is not there",    "which is not executable",
        "which is not a file",   "which is not a file",
        "which is shorter than", "which is not an ELF file",
        "made for another",      "whose program headers Linux refuses",
        "whose program headers", "which is neither of type EXEC nor DYN",
        "which has no segment",  "",
        "which is not there",
    };
    for (size_t i = 0; i < COUNT(expected); i++) {
        char *ld = in_root("/ld");
        struct program program = program_new(ET_DYN);
        if (unlink(ld) < 0)
            rmdir(ld);
        switch (i) {
        case 1:
            put_text("/ld", 0644, "");
            break;
        case 2:
            assert_int_equal(mkdir(ld, 0755), 0);
            break;
        case 3:
            assert_int_equal(mkfifo(ld, 0755), 0);
            break;
        case 4:
            put_program("/ld", ET_DYN, EM_X86_64, 60);
            break;
        case 5:
            put("/ld", 0755, "#!/bin/true\nthis is a script, not a program, and longer than 64\n",
                65);
            break;
        case 6:
            put_program("/ld", ET_DYN, EM_AARCH64, sizeof program);
            break;
        case 7:
            put_program("/ld", ET_DYN, EM_X86_64, 100);
            break;
        case 8:
            program.header.e_phentsize = 32;
            put("/ld", 0755, &program, sizeof program);
            break;
        case 9:
            put_program("/ld", ET_REL, EM_X86_64, sizeof program);
            break;
        case 10:
            program.segments[0].p_type = PT_NOTE;
            put("/ld", 0755, &program, sizeof program);
            break;
        case 11:
            put_program("/ld", ET_DYN, EM_X86_64, sizeof program);
            break;
        case 12:
            assert_int_equal(symlink("ld", ld), 0);
            break;
        default:
            break;
        }
        const char *message = compare("/program", ELFCHECK_ENOENT);
        if (!strstr(message, expected[i]) || !*message != !*expected[i])
            fail_msg("%zu: %s", i, message);
    }
}

static void takes_a_loader_that_it_does_not_know(void **state)
{
    (void)state;
    put_file(LOADER, &(struct spec){.text = "some other loader\0"});
    assert_string_equal(obstacle("/program", &needs_foo), "");
}

/* ---- where libraries are --------------------------------------------------------------------- */

static void finds_libraries_where_the_loader_looks(void **state)
{
    (void)state;
    static const struct {
        const char *place;
        struct spec spec;
        const char *library_path;
        bool found;
    } cases[] = {
        {"/lib/libfoo.so.1", {0}, NULL, true},
        {"/usr/lib/libfoo.so.1", {0}, NULL, true},
        {"/lib64/libfoo.so.1", {0}, NULL, false}, /* this loader does not look there */
        {"/opt/libfoo.so.1", {.rpath = "/opt"}, NULL, true},
        {"/opt/libfoo.so.1", {.runpath = "/nowhere:/opt"}, NULL, true},
        {"/opt/libfoo.so.1", {.rpath = "/opt", .runpath = "/nowhere"}, NULL, false},
        {"/bin/../x/libfoo.so.1", {.rpath = "$ORIGIN/../x"}, NULL, true},
        {"/bin/x/libfoo.so.1", {.runpath = "${ORIGIN}/x"}, NULL, true},
        {"/opt/lib/libfoo.so.1", {.runpath = "/opt/$LIB"}, NULL, true},
        {"/opt/x86_64/libfoo.so.1", {.runpath = "/opt/${PLATFORM}"}, NULL, true},
        {"/opt/libfoo.so.1", {.runpath = "/opt$NOTHING"}, NULL, false},
        {"/opt/libfoo.so.1", {0}, "/x;/opt", true},
        {"/opt/libfoo.so.1", {0}, NULL, false},
    };
    put_glibc();
    mkdir(in_root("/bin"), 0755);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct spec program = cases[i].spec;
        program.interpreter = LOADER;
        program.needed = "libfoo.so.1\0";
        put_file(cases[i].place, &(struct spec){.name = "libfoo.so.1"});
        root.library_path = cases[i].library_path;
        const char *message = obstacle("/bin/program", &program);
        if (strcmp(message, cases[i].found ? "" : "needs libfoo.so.1, which is not there") != 0)
            fail_msg("%zu: %s: %s", i, cases[i].place, message);
        root.library_path = NULL;
        unlink(in_root(cases[i].place));
    }
    put_file("/opt/x/libfoo.so.1", &(struct spec){0});
    assert_string_equal(obstacle("/bin/program", &(struct spec){.interpreter = LOADER,
                                                                .needed = "/opt/x/libfoo.so.1\0"}),
                        "");
    assert_string_equal(obstacle("/bin/program", &(struct spec){.interpreter = LOADER,
                                                                .needed = "/opt/y/libfoo.so.1\0"}),
                        "needs /opt/y/libfoo.so.1, which is not there");
}

static void follows_what_libraries_need(void **state)
{
    (void)state;
    static const struct {
        struct spec program, library;
        bool found;
    } cases[] = {
        {{.rpath = "/opt"}, {0}, true},
        {{.runpath = "/opt"}, {0}, false}, /* counts for the program's own needs only */
        {{.runpath = "/opt"}, {.runpath = "$ORIGIN"}, true},
        {{.rpath = "/opt"}, {.runpath = "/nowhere"}, false},
    };
    put_glibc();
    put_file("/opt/libbar.so.1", &(struct spec){.needed = "libfoo.so.1\0"}); /* a cycle */
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct spec program = cases[i].program, library = cases[i].library;
        program.interpreter = LOADER;
        program.needed = "libfoo.so.1\0ld-linux-x86-64.so.2\0";
        library.needed = "libbar.so.1\0";
        put_file("/opt/libfoo.so.1", &library);
        assert_string_equal(
            obstacle("/program", &program),
            cases[i].found ? "" : "/opt/libfoo.so.1 needs libbar.so.1, which is not there");
    }
}

static void goes_by_libraries_for_other_machines(void **state)
{
    (void)state;
    struct program other = program_new(ET_DYN);
    put_glibc();
    other.header.e_ident[EI_CLASS] = ELFCLASS32;
    other.header.e_machine = EM_386;
    put("/lib/libfoo.so.1", 0644, &other, sizeof other);
    assert_string_equal(obstacle("/program", &needs_foo), "needs libfoo.so.1, which is not there");
    other.header.e_ident[EI_CLASS] = ELFCLASS64;
    other.header.e_machine = EM_AARCH64;
    put("/lib/libfoo.so.1", 0644, &other, sizeof other);
    assert_string_equal(obstacle("/program", &needs_foo), "needs libfoo.so.1, which is not there");
    put_file("/usr/lib/libfoo.so.1", &(struct spec){0});
    assert_string_equal(obstacle("/program", &needs_foo), "");
}

static void refuses_what_is_no_library(void **state)
{
    (void)state;
    struct program program = program_new(ET_DYN);
    put_glibc();
    put_text("/lib/libfoo.so.1", 0644, "/* GNU ld script */\n");
    assert_string_equal(obstacle("/program", &needs_foo),
                        "needs libfoo.so.1, but /lib/libfoo.so.1 is not an ELF file");
    put_text("/lib/libfoo.so.1", 0644, "");
    assert_string_equal(obstacle("/program", &needs_foo),
                        "needs libfoo.so.1, but /lib/libfoo.so.1 is not an ELF file");
    put("/lib/libfoo.so.1", 0644, &program, sizeof program);
    assert_string_equal(obstacle("/program", &needs_foo),
                        "needs libfoo.so.1, but /lib/libfoo.so.1 has no dynamic section");
    put("/lib/libfoo.so.1", 0644, &program, 100);
    assert_string_equal(obstacle("/program", &needs_foo),
                        "needs libfoo.so.1, but /lib/libfoo.so.1 has no segment to load");
    unlink(in_root("/lib/libfoo.so.1"));
    assert_int_equal(mkfifo(in_root("/lib/libfoo.so.1"), 0644), 0);
    assert_string_equal(obstacle("/program", &needs_foo),
                        "needs libfoo.so.1, but /lib/libfoo.so.1 is not a file");
    unlink(in_root("/lib/libfoo.so.1"));
    assert_int_equal(symlink("/dev/zero", in_root("/lib/libfoo.so.1")), 0);
    assert_string_equal(obstacle("/program", &needs_foo),
                        "needs libfoo.so.1, but /lib/libfoo.so.1 is not a file");
}

static void looks_where_musl_does(void **state)
{
    (void)state;
    static const char loader[] = "/lib/ld-musl-x86_64.so.1";
    struct spec program = {.interpreter = loader, .needed = "libc.so.6\0libpthread.so.0\0"};
    put_musl();
    assert_string_equal(obstacle("/program", &program), "");
    program.needed = "libc.musl-x86_64.so.1\0libfoo.so\0";
    assert_string_equal(obstacle("/program", &program), "needs libfoo.so, which is not there");
    put_file("/usr/local/lib/libfoo.so", &(struct spec){.needed = "libbar.so\0"});
    put_file("/opt/libbar.so", &(struct spec){0});
    assert_string_equal(obstacle("/program", &program),
                        "/usr/local/lib/libfoo.so needs libbar.so, which is not there");
    program.runpath = "/opt"; /* counts further down, too */
    assert_string_equal(obstacle("/program", &program), "");
    program.runpath = NULL;
    put_text("/etc/ld-musl-x86_64.path", 0644, "/opt\n/usr/local/lib\n");
    assert_string_equal(obstacle("/program", &program), "");
    put_text("/etc/ld-musl-x86_64.path", 0644, "/opt\n");
    assert_string_equal(obstacle("/program", &program), "needs libfoo.so, which is not there");
}

/* ---- the cache ------------------------------------------------------------------------------- */

struct cache {
    char magic[20];
    uint32_t count, strings_size, byte_order, unused[4];
    struct {
        int32_t flags;
        uint32_t key, value, os_version;
        uint64_t hardware;
    } entries[3];
    char strings[128];
};

/* In the order of ldconfig: numbers by their value, descending. */
static struct cache cache_of(int32_t flags, uint64_t hardware)
{
    static const char strings[] =
        "libfoo.so.10\0/opt/10\0libfoo.so.1\0/opt/libfoo.so.1\0liba.so\0/opt/a";
    struct cache cache = {.count = 3, .byte_order = 2};
    memcpy(cache.magic, "glibc-ld.so.cache1.1", sizeof cache.magic);
    memcpy(cache.strings, strings, sizeof strings);
    static const char *const texts[] = {"libfoo.so.10", "libfoo.so.1\0", "liba.so"};
    for (int i = 0; i < 3; i++) {
        size_t key = 0;
        while (strcmp(strings + key, texts[i]) != 0)
            key += strlen(strings + key) + 1;
        cache.entries[i].flags = flags;
        cache.entries[i].hardware = hardware;
        cache.entries[i].key = (uint32_t)(offsetof(struct cache, strings) + key);
        cache.entries[i].value = cache.entries[i].key + (uint32_t)strlen(texts[i]) + 1;
    }
    return cache;
}

#define CACHE "/etc/ld.so.cache"

static void looks_into_the_cache(void **state)
{
    (void)state;
    static const char missing[] = "needs libfoo.so.1, which is not there";
    put_glibc();
    put_file("/opt/libfoo.so.1", &(struct spec){0});
    assert_string_equal(obstacle("/program", &needs_foo), missing);
    struct cache cache = cache_of(0x303, 0);
    put(CACHE, 0644, &cache, sizeof cache);
    assert_string_equal(obstacle("/program", &needs_foo), "");

    /* The older format before it, as ldconfig wrote it until glibc 2.32. */
    unsigned char both[40 + sizeof cache] = "ld.so-1.7.0";
    both[12] = 2;
    memcpy(both + 40, &cache, sizeof cache);
    put(CACHE, 0644, both, sizeof both);
    assert_string_equal(obstacle("/program", &needs_foo), "");

    /* For other machines, for some processors, or no cache that glibc would take. */
    struct cache others[] = {cache_of(0x803, 0), cache_of(0x303, UINT64_C(1) << 62), cache, cache,
                             cache};
    others[2].magic[0] = 'x';
    others[3].byte_order = 3;
    others[4].entries[1].value = UINT32_MAX;
    for (size_t i = 0; i < COUNT(others); i++) {
        put(CACHE, 0644, &others[i], sizeof *others);
        assert_string_equal(obstacle("/program", &needs_foo), missing);
    }
    /* What the cache has wrong is looked for elsewhere. */
    put_file("/lib/libfoo.so.1", &(struct spec){0});
    assert_string_equal(obstacle("/program", &needs_foo), "");
}

static bool is_found_by_cache(void)
{
    const char *message = obstacle_of("/program");
    if (*message && strcmp(message, "needs libfoo.so.1, which is not there") != 0)
        assert_string_equal(message,
                            "needs libfoo.so.1, but (a name that cannot be read) is not a file");
    return !*message;
}

static void survives_a_cache_cut_anywhere(void **state)
{
    (void)state;
    struct cache cache = cache_of(0x303, 0);
    put_glibc();
    put_file("/program", &needs_foo);
    put_file("/opt/libfoo.so.1", &(struct spec){0});
    size_t end_of_path = cache.entries[1].value + sizeof "/opt/libfoo.so.1";
    for (size_t size = 0; size < sizeof cache; size++) {
        put(CACHE, 0644, &cache, size);
        assert_int_equal(is_found_by_cache(), size >= end_of_path);
    }
    size_t found = 0;
    for (size_t at = 0; at < offsetof(struct cache, strings); at++) {
        struct cache broken = cache;
        ((unsigned char *)&broken)[at] ^= 0xff;
        put(CACHE, 0644, &broken, sizeof broken);
        found += is_found_by_cache();
    }
    /* The others are the magic, the count, the byte order, and what leads to the path. */
    assert_int_equal(found, 72);
}

/* ---- versions -------------------------------------------------------------------------------- */

static void compares_versions(void **state)
{
    (void)state;
    static const struct {
        const char *defined, *needed, *message;
    } cases[] = {
        {"FOO_1\0FOO_2\0", "libfoo.so.1\0FOO_2\0", ""},
        {"FOO_1\0FOO_2\0", "libfoo.so.1\0FOO_1\0libfoo.so.1\0FOO_2\0", ""},
        {"FOO_1\0", "libfoo.so.1\0FOO_2\0libfoo.so.1\0FOO_3\0",
         "needs FOO_2, FOO_3, which /lib/libfoo.so.1 does not define"},
        {"FOO_1\0", "libfoo.so.1\0?FOO_2\0", ""}, /* weak: a warning of the loader's */
        {NULL, "libfoo.so.1\0FOO_2\0", ""},       /* a library without versions is taken */
        {"FOO_1\0", "libbar.so.1\0BAR_1\0", ""},  /* nobody needs that library */
        {"FOO_1\0", "ld-linux-x86-64.so.2\0GLIBC_2.4\0",
         "needs GLIBC_2.4, which " LOADER " does not define"},
    };
    put_glibc();
    for (size_t i = 0; i < COUNT(cases); i++) {
        put_file("/lib/libfoo.so.1", &(struct spec){.versions = cases[i].defined});
        struct spec program = needs_foo;
        program.needed_versions = cases[i].needed;
        assert_string_equal(obstacle("/program", &program), cases[i].message);
    }
    put_file("/lib/libfoo.so.1",
             &(struct spec){.needed = "libbar.so.1\0", .needed_versions = "libbar.so.1\0BAR_2\0"});
    put_file("/lib/libbar.so.1", &(struct spec){.versions = "BAR_1\0"});
    assert_string_equal(obstacle("/program", &needs_foo),
                        "/lib/libfoo.so.1 needs BAR_2, which /lib/libbar.so.1 does not define");
    struct elfcheck_settings settings = {.mode = 0755, .root = &root};
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_with("/program", &settings);
    assert_string_equal(elfcheck_obstacle(&report)->rule->name, "library-versions");
}

/* ---- scripts --------------------------------------------------------------------------------- */

static void judges_scripts_as_linux_does(void **state)
{
    (void)state;
    char interpreter[8192], text[8192], slashes[300];
    struct program program = program_new(ET_EXEC);
    put("/sh", 0755, &program, sizeof program);
    snprintf(interpreter, sizeof interpreter, "%s/sh", root_path);
    memset(slashes, '/', sizeof slashes - 1);
    slashes[sizeof slashes - 1] = 0;
    /* So many slashes before it make 256 bytes of "#!" and the path. */
    int fill = 254 - (int)strlen(interpreter);
    static const struct {
        int more;
        const char *before, *after, *message;
    } cases[] = {
        {-1000, "", "\necho\n", ""},
        {-1000, " \t", " -e \n", ""},
        {-1000, "", "", ""},
        {-1000, "", "\r\n", "script: needs its interpreter, "},
        {0, "", "", "script: its first line names no interpreter"},
        {-1, "", "", ""},
        {-1, "", " ", ""},
        {0, "", " ", "script: its first line names no interpreter"},
        {1, "", "\n", "script: its first line names no interpreter"},
        {-1, "", "\n", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int count = cases[i].more == -1000 ? 0 : fill + cases[i].more;
        snprintf(text, sizeof text, "#!%s%.*s%s%s", cases[i].before, count, slashes, interpreter,
                 cases[i].after);
        put_text("/script", 0755, text);
        const char *message = compare_with_linux("/script");
        if (strncmp(message, cases[i].message, strlen(cases[i].message)) != 0 ||
            !*message != !*cases[i].message)
            fail_msg("%zu: %s", i, message);
    }
    static const char *const empty[] = {"#!", "#!\n", "#! \t\n", "#! "};
    for (size_t i = 0; i < COUNT(empty); i++) {
        put_text("/script", 0755, empty[i]);
        assert_string_equal(compare_with_linux("/script"),
                            "script: its first line names no interpreter");
    }
    put("/script", 0755, "#! \0/bin/true\n", 14);
    assert_string_equal(compare_with_linux("/script"),
                        "script: its first line names no interpreter");
}

static void follows_scripts_five_times(void **state)
{
    (void)state;
    struct program program = program_new(ET_EXEC);
    char path[64], text[8192];
    put("/script0", 0755, &program, sizeof program);
    for (int i = 1; i <= 7; i++) {
        snprintf(path, sizeof path, "/script%d", i);
        snprintf(text, sizeof text, "#!%s/script%d\n", root_path, i - 1);
        put_text(path, 0755, text);
        assert_int_equal(!*compare_with_linux(path), i <= 5);
    }
}

static void tells_what_a_script_lacks(void **state)
{
    (void)state;
    put_text("/script", 0755, "#!/bin/sh -e\n");
    assert_string_equal(obstacle_of("/script"),
                        "script: needs its interpreter, /bin/sh, which is not there");
    put_text("/bin/sh", 0644, "");
    assert_string_equal(obstacle_of("/script"),
                        "script: needs its interpreter, /bin/sh, which is not executable");
    put_file("/bin/sh", &needs_foo);
    assert_string_equal(obstacle_of("/script"), "script: its interpreter /bin/sh will not start: "
                                                "needs " LOADER ", which is not there");
    put_glibc();
    put_file("/lib/libfoo.so.1", &(struct spec){0});
    assert_string_equal(obstacle_of("/script"), "");
    put_text("/script", 0755, "#!/script\n");
    assert_true(*obstacle_of("/script"));
}

/* ---- hostile roots --------------------------------------------------------------------------- */

static void ends_with_more_libraries_than_it_follows(void **state)
{
    (void)state;
    char path[64], needed[64] = "";
    put_glibc();
    for (int i = 0; i < 1010; i++) {
        snprintf(path, sizeof path, "/lib/libx%d.so", i);
        snprintf(needed, sizeof needed - 1, "libx%d.so", i + 1);
        put_file(path, &(struct spec){.needed = needed});
        memset(needed, 0, sizeof needed);
    }
    assert_string_equal(
        obstacle("/program", &(struct spec){.interpreter = LOADER, .needed = "libx0.so\0"}),
        "needs more libraries, or libraries that say more, than whit follows");
}

static void ends_with_hostile_lists(void **state)
{
    (void)state;
    /* A thousand libraries, none of which is there, along thousands of directories. */
    struct file file = make(&(struct spec){.interpreter = LOADER});
    Elf64_Dyn entry = {.d_tag = DT_NEEDED};
    put_glibc();
    char *name = (char *)file.bytes + STRINGS + 0x100;
    char *list = (char *)file.bytes + STRINGS + 0x200;
    strcpy(name, "libnone.so");
    for (int i = 0; i < 5000; i++)
        strcpy(list + 2 * i, "/:");
    size_t place = TABLES + sizeof entry;
    entry = (Elf64_Dyn){.d_tag = DT_RPATH, .d_un.d_val = 0x200};
    memcpy(file.bytes + place, &entry, sizeof entry);
    entry = (Elf64_Dyn){.d_tag = DT_NEEDED, .d_un.d_val = 0x100};
    for (int i = 1; i < 900; i++)
        memcpy(file.bytes + place + (size_t)i * sizeof entry, &entry, sizeof entry);
    ((struct program *)file.bytes)->segments[1].p_filesz = 900 * sizeof entry;
    put("/program", 0755, file.bytes, sizeof file.bytes);
    open_count = 0;
    assert_true(*obstacle_of("/program"));
    assert_in_range(open_count, 100000, 100010); /* MAX_OPENS, and the loader */

    /* Versions that go round in circles: each step leads to the next byte, or back. */
    file = make(&(struct spec){
        .interpreter = LOADER, .needed = "libfoo.so.1\0", .needed_versions = "libfoo.so.1\0FOO\0"});
    Elf64_Verneed need = {.vn_cnt = UINT16_MAX, .vn_aux = UINT32_MAX, .vn_next = 1};
    memcpy(file.bytes + TABLES + 0x2000, &need, sizeof need);
    memset(file.bytes + TABLES + 0x2010, 1, 0x1000);
    put("/program", 0755, file.bytes, sizeof file.bytes);
    put("/lib/libfoo.so.1", 0755, file.bytes, sizeof file.bytes);
    read_bytes = 0;
    assert_string_equal(obstacle_of("/program"), "");
    assert_compare(read_bytes, <, 8 * sizeof file.bytes);
}

static void survives_every_broken_byte(void **state)
{
    (void)state;
    struct file good = make(&(struct spec){.interpreter = LOADER,
                                           .needed = "libfoo.so.1\0",
                                           .name = "libfoo.so.1",
                                           .runpath = "$ORIGIN",
                                           .versions = "FOO_1\0FOO_2\0",
                                           .needed_versions = "libfoo.so.1\0FOO_2\0"});
    put_glibc();
    /* In each part, how many of its bytes do not matter. */
    static const struct {
        size_t offset, free;
    } parts[] = {
        {0, 99}, {STRINGS, 100}, {TABLES, 112}, {TABLES + 0x1000, 148}, {TABLES + 0x2000, 155}};
    for (size_t i = 0; i < COUNT(parts); i++) {
        size_t starts = 0;
        for (size_t at = parts[i].offset; at < parts[i].offset + 160; at++) {
            struct file file = good;
            file.bytes[at] ^= 0xff;
            put("/program", 0755, file.bytes, sizeof file.bytes);
            put("/libfoo.so.1", 0755, file.bytes, sizeof file.bytes);
            starts += !*obstacle_of("/program");
        }
        assert_int_equal(starts, parts[i].free);
    }
}

/* Only what the machine has: the test itself runs. */
static void takes_this_test_in_this_machine(void **state)
{
    (void)state;
    char path[4096] = "";
    assert_compare(readlink("/proc/self/exe", path, sizeof path - 1), >, 0);
    struct elfcheck_settings settings = {.mode = 0755, .root = &machine, .path = path};
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    int fd FD_CLEANUP = file_open(path, &error);
    assert_int_equal(elfcheck_file(fd, path, &settings, &report, &error), 0);
    assert_true(elfcheck_starts(&report) && report.in_root && !report.is_static);
}

int main(void)
{
#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_ROOT(names_loader_and_libraries_for_an_empty_image),
        IN_ROOT(tells_of_a_name_that_cannot_be_read),
        IN_ROOT(judges_the_loader_as_linux_does),
        IN_ROOT(takes_a_loader_that_it_does_not_know),
        IN_ROOT(finds_libraries_where_the_loader_looks),
        IN_ROOT(follows_what_libraries_need),
        IN_ROOT(goes_by_libraries_for_other_machines),
        IN_ROOT(refuses_what_is_no_library),
        IN_ROOT(looks_where_musl_does),
        IN_ROOT(looks_into_the_cache),
        IN_ROOT(survives_a_cache_cut_anywhere),
        IN_ROOT(compares_versions),
        IN_ROOT(judges_scripts_as_linux_does),
        IN_ROOT(follows_scripts_five_times),
        IN_ROOT(tells_what_a_script_lacks),
        IN_ROOT(ends_with_more_libraries_than_it_follows),
        IN_ROOT(ends_with_hostile_lists),
        IN_ROOT(survives_every_broken_byte),
        cmocka_unit_test(takes_this_test_in_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
