/* What elfcheck says that a program will miss in an empty image, and what made it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/array.h"
#include "base/read.h"
#include "elfcheck/elfcheck.h"
#include "elfcheck/needs/evidence.h"
#include "elfcheck/read/scan.h"
#include "elfcheck/read/symbols.h"
#include "tests/unit/compare.h"
#include "tests/unit/counted_reads.h"
#include "tests/unit/test_elfcheck.h"

static struct error error;

/* ---- the scanner ----------------------------------------------------------------------------- */

/* More than three windows. */
#define HAYSTACK_SIZE (1024 * 1024)

static const char needle[] = "needle!";
#define NEEDLE_SIZE (sizeof needle - 1)

/* Looks for the needle in [begin, end) of those bytes. */
static uint64_t scan(const void *bytes, size_t size, uint64_t begin, uint64_t end,
                     enum scan_bound bound)
{
    int fd FD_CLEANUP = file_of(bytes, size);
    struct elfcheck_inspection inspection = {
        .fd = fd, .name = "bytes", .size = size, .error = &error};
    struct scan_part part = {begin, end};
    struct scan_text text = {.text = needle, .bound = bound};
    assert_true(scan_texts(&inspection, &part, 1, &text, 1));
    return text.offset;
}

static unsigned char *haystack(unsigned char filler)
{
    unsigned char *bytes = malloc(HAYSTACK_SIZE);
    assert_non_null(bytes);
    memset(bytes, filler, HAYSTACK_SIZE);
    return bytes;
}

static void finds_a_text_wherever_it_lies(void **state)
{
    (void)state;
    unsigned char *bytes = haystack('x');
    /* At both ends, at every alignment, and at every distance from where a window could end. */
    static const struct {
        size_t from, to;
    } ranges[] = {
        {0, 16},
        {262144 - 160, 262144 + 16},
        {524288 - 300, 524288 - 240},
        {HAYSTACK_SIZE - NEEDLE_SIZE - 16, HAYSTACK_SIZE - NEEDLE_SIZE + 1},
    };
    for (size_t i = 0; i < COUNT(ranges); i++)
        for (size_t place = ranges[i].from; place < ranges[i].to; place++) {
            memcpy(bytes + place, needle, NEEDLE_SIZE);
            assert_int_equal(scan(bytes, HAYSTACK_SIZE, 0, HAYSTACK_SIZE, SCAN_ANYWHERE), place);
            assert_int_equal(scan(bytes, HAYSTACK_SIZE, 0, HAYSTACK_SIZE, SCAN_WHOLE), SCAN_ABSENT);
            memset(bytes + place, 'x', NEEDLE_SIZE);
        }
    assert_int_equal(scan(bytes, HAYSTACK_SIZE, 0, HAYSTACK_SIZE, SCAN_ANYWHERE), SCAN_ABSENT);
    free(bytes);
}

/* A text is known by one of its words: by the first where there is little to scan, else by one that
 * is rare. */
static void finds_a_text_in_much_and_in_little(void **state)
{
    (void)state;
    static const char *const texts[] = {"needle!", "/etc/ssl/certs/", "__/_/__", "lib/lib/ld.so"};
    static const size_t sizes[] = {64, HAYSTACK_SIZE / 4};
    unsigned char *bytes = haystack('/');
    for (size_t i = 0; i < COUNT(texts) * COUNT(sizes); i++)
        for (size_t place = 0; place < 8; place++) {
            size_t size = sizes[i % COUNT(sizes)];
            struct scan_text text = {.text = texts[i / COUNT(sizes)], .bound = SCAN_ANYWHERE};
            struct scan_part part = {0, size};
            memcpy(bytes + place, text.text, strlen(text.text));
            int fd FD_CLEANUP = file_of(bytes, size);
            struct elfcheck_inspection inspection = {
                .fd = fd, .name = "bytes", .size = size, .error = &error};
            assert_true(scan_texts(&inspection, &part, 1, &text, 1));
            assert_int_equal(text.offset, place);
            memset(bytes + place, '/', strlen(text.text));
        }
    free(bytes);
}

static void finds_a_whole_string_across_windows(void **state)
{
    (void)state;
    unsigned char *bytes = haystack(0);
    for (size_t place = 262144 - 160; place < 262144 + 16; place++) {
        memcpy(bytes + place, needle, NEEDLE_SIZE);
        assert_int_equal(scan(bytes, HAYSTACK_SIZE, 0, HAYSTACK_SIZE, SCAN_WHOLE), place);
        assert_int_equal(scan(bytes, HAYSTACK_SIZE, 0, HAYSTACK_SIZE, SCAN_AFTER_NUL), place);
        bytes[place - 1] = 0x80; /* no NUL, but nothing that a text could begin with */
        assert_int_equal(scan(bytes, HAYSTACK_SIZE, 0, HAYSTACK_SIZE, SCAN_WHOLE), place);
        assert_int_equal(scan(bytes, HAYSTACK_SIZE, 0, HAYSTACK_SIZE, SCAN_AFTER_NUL), SCAN_ABSENT);
        memset(bytes + place - 1, 0, NEEDLE_SIZE + 1);
    }
    free(bytes);
}

static void minds_what_stands_around_a_string(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool is_whole, is_after_nul;
    } cases[] = {
        {"\0needle!\0", 9, true, true},
        {"aneedle!\0", 9, false, false},
        {"\0needle!a", 9, false, false},
        {"\0needle!", 8, false, false}, /* nothing after it */
        {"needle!\0", 8, false, false}, /* nothing before it */
        {"\x7fneedle!\0", 9, true, false},
        {"aneedle!\0\0needle!\0", 18, true, true}, /* the second */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *bytes = cases[i].bytes;
        size_t size = cases[i].size;
        assert_int_equal(scan(bytes, size, 0, size, SCAN_WHOLE) != SCAN_ABSENT, cases[i].is_whole);
        assert_int_equal(scan(bytes, size, 0, size, SCAN_AFTER_NUL) != SCAN_ABSENT,
                         cases[i].is_after_nul);
        assert_int_not_equal(scan(bytes, size, 0, size, SCAN_ANYWHERE), SCAN_ABSENT);
    }
}

static void looks_only_at_the_part_that_it_is_given(void **state)
{
    (void)state;
    unsigned char bytes[256] = {0};
    memcpy(bytes + 200, needle, NEEDLE_SIZE);
    for (size_t end = 200; end < sizeof bytes; end++) {
        bool is_inside = end >= 200 + NEEDLE_SIZE;
        assert_int_equal(scan(bytes, sizeof bytes, 0, end, SCAN_ANYWHERE),
                         is_inside ? 200 : SCAN_ABSENT);
    }
    /* What stands just before belongs to it: the loader maps whole pages. */
    for (size_t begin = 0; begin < 4; begin++)
        assert_int_equal(scan(bytes, sizeof bytes, 200 + begin - begin, 256, SCAN_WHOLE), 200);
    assert_int_equal(scan(bytes, sizeof bytes, 0, 0, SCAN_ANYWHERE), SCAN_ABSENT);
}

/*
 * Texts that begin alike, and a file that is nothing but their begin: none is found, and what is
 * read stays what the file has, but for a little where two windows meet.
 */
static void reads_near_matches_once(void **state)
{
    (void)state;
    enum { TEXTS = 200, SIZE = 4 * HAYSTACK_SIZE };
    static const char beginning[] = "abcdabcdabcdabcdabcdabcdabcd";
    char names[TEXTS][sizeof beginning + 4];
    struct scan_text texts[TEXTS];
    for (size_t i = 0; i < TEXTS; i++) {
        snprintf(names[i], sizeof names[i], "%s%03zu", beginning, i);
        texts[i] = (struct scan_text){.text = names[i], .bound = SCAN_ANYWHERE};
    }
    unsigned char *bytes = malloc(SIZE);
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)"abcd"[i % 4];
    int fd FD_CLEANUP = file_of(bytes, SIZE);
    free(bytes);
    struct elfcheck_inspection inspection = {
        .fd = fd, .name = "bytes", .size = SIZE, .error = &error};
    struct scan_part part = {0, SIZE};
    read_bytes = 0;
    assert_true(scan_texts(&inspection, &part, 1, texts, TEXTS));
    assert_in_range(read_bytes, SIZE, SIZE + SIZE / 100);
    for (size_t i = 0; i < TEXTS; i++)
        assert_int_equal(texts[i].offset, SCAN_ABSENT);
}

/* ---- indicators
 * ----------------------------------------------------------------------------------- */

#define TAIL_SIZE 8192

/* A program that loads what is appended to it, after a NUL. */
struct file {
    struct program program;
    unsigned char tail[TAIL_SIZE];
    size_t size;
};

static struct file file_new(uint16_t type)
{
    struct file file = {.program = program_new(type)};
    file.size = sizeof file.program + 1;
    return file;
}

static void append(struct file *file, const void *bytes, size_t size)
{
    assert_compare(size, <=, sizeof file->program + sizeof file->tail - file->size);
    memcpy((unsigned char *)file + file->size, bytes, size);
    file->size += size;
}

/* Appends a text and a NUL. */
static void append_text(struct file *file, const char *text)
{
    append(file, text, strlen(text) + 1);
}

static struct elfcheck_report check_with(struct file *file,
                                         const struct elfcheck_settings *settings)
{
    struct elfcheck_report report;
    file->program.segments[0].p_filesz = file->program.segments[0].p_memsz = file->size;
    int fd FD_CLEANUP = file_of(file, file->size);
    assert_compare(fd, >=, 0);
    if (elfcheck_file(fd, "program", settings, &report, &error) < 0)
        fail_msg("%s", error.message);
    return report;
}

static struct elfcheck_report check(struct file *file)
{
    return check_with(file, &elfcheck_default_settings);
}

static const struct elfcheck_finding *find(const struct elfcheck_report *report, const char *rule)
{
    for (size_t i = 0; i < report->finding_count; i++)
        if (strcmp(report->findings[i].rule->name, rule) == 0)
            return &report->findings[i];
    return NULL;
}

/* The mark of one RUNTIME_, as it stands in a program. */
static void append_runtime(struct file *file, unsigned runtime)
{
    for (const struct indicator *mark = runtime_indicators; mark->kind != INDICATOR_END; mark++)
        if (mark->only == runtime) {
            append_text(file, mark->text);
            return;
        }
    fail_msg("no mark for runtime %x", runtime);
}

/* localtime_r and localtime of glibc, and a call of the first. */
static const unsigned char localtime_code[] = {
    0x48, 0x8b, 0x3f, 0x48, 0x89, 0xf2, 0xbe, 1, 0, 0, 0,    0xe9, 0x40, 0, 0, 0, /* to +0x50 */
    0x48, 0x8b, 0x3f, 0x48, 0x8d, 0x15, 0,    0, 0, 0, 0xbe, 1,    0,    0, 0,    /* at 16 */
    0xe9, 0x2c, 0,    0,    0,                                                    /* to +0x50 */
};
#define CALL_SIZE 5

static void append_localtime(struct file *file, size_t calls)
{
    append(file, localtime_code, sizeof localtime_code);
    for (size_t i = 0; i < calls; i++) {
        unsigned char call[CALL_SIZE] = {0xe8};
        int32_t distance = -(int32_t)(sizeof localtime_code + (i + 1) * CALL_SIZE);
        memcpy(call + 1, &distance, sizeof distance);
        append(file, call, sizeof call);
    }
    append(file, "", 1);
}

/* localtime_r of musl, up to where it takes the addresses of tm_gmtoff and tm_zone. */
static const unsigned char musl_localtime_code[] = {
    0x48, 0xb8, 0,    0,    0,    0,    0x80, 0x42, 0xf1, 0,    0x48, 0x8b,
    0x3f, 0x48, 0x01, 0xf8, 0x48, 0x8d, 0x4e, 0x28, 0x4c, 0x8d, 0x4e, 0x30,
};

/* lea rdi, [rip + distance to that offset] */
static void append_lea(struct file *file, size_t offset)
{
    unsigned char lea[] = {0x48, 0x8d, 0x3d, 0, 0, 0, 0};
    int32_t distance = (int32_t)(offset - (file->size + sizeof lea));
    memcpy(lea + 3, &distance, sizeof distance);
    append(file, lea, sizeof lea);
}

/* Makes the program one in which just this indicator counts, and puts the indicator into it. */
static void append_indicator(struct file *file, const struct indicator *indicator)
{
    for (unsigned runtime = 1; runtime; runtime <<= 1)
        if (indicator->only & runtime) {
            append_runtime(file, runtime);
            break;
        }
    if (indicator->kind == INDICATOR_GO)
        append_runtime(file, RUNTIME_GO);
    if (indicator->with)
        append_text(file, indicator->with);
    if (indicator->kind == INDICATOR_CALL && indicator->only & RUNTIME_GLIBC)
        append_localtime(file, 1);
    else if (indicator->kind == INDICATOR_CALL)
        append(file, musl_localtime_code, sizeof musl_localtime_code);
    append(file, "\0a", indicator->kind == INDICATOR_SUFFIX ? 2 : 1);
    size_t place = file->size;
    append_text(file, indicator->text);
    if (indicator->kind == INDICATOR_NAMED)
        append_lea(file, place + (size_t)(strrchr(indicator->text, '/') + 1 - indicator->text));
}

static void every_indicator_is_long_enough_to_be_found(void **state)
{
    (void)state;
    size_t count = elfcheck_rule_count();
    for (size_t i = 0; i <= count; i++) {
        const struct indicator *indicator =
            i < count ? elfcheck_rule(i)->indicators : runtime_indicators;
        for (; indicator && indicator->kind != INDICATOR_END; indicator++) {
            size_t size = strlen(indicator->text) + (indicator->kind != INDICATOR_STRING);
            if (indicator->kind == INDICATOR_SYMBOL)
                assert_in_range(strlen(indicator->text), SYMBOL_MIN_SIZE, SYMBOL_MAX_SIZE);
            else
                assert_in_range(size, SCAN_MIN_SIZE, SCAN_MAX_SIZE);
            if (indicator->with)
                assert_in_range(strlen(indicator->with) + 1, SCAN_MIN_SIZE, SCAN_MAX_SIZE);
            if (indicator->without)
                assert_in_range(strlen(indicator->without) + 1, SCAN_MIN_SIZE, SCAN_MAX_SIZE);
        }
    }
}

static void describes_every_lack(void **state)
{
    (void)state;
    size_t count = elfcheck_rule_count();
    for (size_t i = 0; i < count; i++) {
        if (!elfcheck_rule(i)->indicators)
            continue;
        assert_int_equal(elfcheck_rule(i)->group, ELFCHECK_SCRATCH);
        assert_compare(elfcheck_rule(i)->severity, <, ELFCHECK_ERROR); /* evidence is no proof */
        assert_non_null(elfcheck_rule(i)->lack);
        for (const char *const *place = elfcheck_rule(i)->paths; place && *place; place++)
            assert_int_equal((*place)[0], '/');
    }
}

/* Calls `test` with each indicator that a program without symbols can show, and its rule. */
static void for_each_indicator(void (*test)(const struct elfcheck_rule *rule,
                                            const struct indicator *indicator))
{
    size_t count = elfcheck_rule_count(), tested = 0;
    for (size_t i = 0; i < count; i++)
        for (const struct indicator *indicator = elfcheck_rule(i)->indicators;
             indicator && indicator->kind != INDICATOR_END; indicator++)
            if (indicator->kind != INDICATOR_SYMBOL) {
                test(elfcheck_rule(i), indicator);
                tested++;
            }
    assert_int_equal(tested, 102); /* one more for each new indicator */
}

static void assert_found(const struct elfcheck_rule *rule, const struct indicator *indicator)
{
    struct file file = file_new(ET_EXEC);
    append_indicator(&file, indicator);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
    const struct elfcheck_finding *finding = find(&report, rule->name);
    if (!finding) {
        fail_msg("%s: \"%s\" is not found", rule->name, indicator->text);
        return;
    }
    /* Nothing refers to it. Where a faint indicator stands alone it may be a stronger one of
     * another C library's. */
    if (indicator->strength == INDICATOR_PROOF)
        assert_int_equal(finding->severity, rule->severity);
    if (indicator->strength == INDICATOR_USUAL && indicator->kind != INDICATOR_NAMED)
        assert_int_equal(finding->severity,
                         rule->severity < ELFCHECK_NOTICE ? rule->severity : ELFCHECK_NOTICE);
    assert_int_equal(finding->is_possible, indicator->strength != INDICATOR_PROOF);
    assert_true(strstr(finding->message, rule->lack));
    assert_true(elfcheck_starts(&report));
}

static void finds_every_indicator_of_every_rule(void **state)
{
    (void)state;
    for_each_indicator(assert_found);
}

static void assert_absent_without_it(const struct elfcheck_rule *rule,
                                     const struct indicator *indicator)
{
    struct file file = file_new(ET_EXEC);
    append_indicator(&file, indicator);
    unsigned char *text = memmem(&file, file.size, indicator->text, strlen(indicator->text));
    assert_non_null(text);
    for (; text; text = memmem(&file, file.size, indicator->text, strlen(indicator->text)))
        text[strlen(indicator->text) / 2] ^= 0x20;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
    const struct elfcheck_finding *finding = find(&report, rule->name);
    if (finding && strstr(finding->message, indicator->text))
        fail_msg("%s: found without \"%s\"", rule->name, indicator->text);
}

static void finds_nothing_where_a_byte_differs(void **state)
{
    (void)state;
    for_each_indicator(assert_absent_without_it);
}

static void assert_conditions_count(const struct elfcheck_rule *rule,
                                    const struct indicator *indicator)
{
    if (indicator->without) {
        struct file file = file_new(ET_EXEC);
        append_indicator(&file, indicator);
        append_text(&file, indicator->without);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
        const struct elfcheck_finding *finding = find(&report, rule->name);
        assert_true(!finding || !strstr(finding->message, indicator->text) ||
                    finding->severity < rule->severity);
    }
    for (unsigned runtime = 1; runtime <= RUNTIME_D; runtime <<= 1)
        if (indicator->never & runtime) {
            struct file file = file_new(ET_EXEC);
            append_indicator(&file, indicator);
            append_runtime(&file, runtime);
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
            const struct elfcheck_finding *finding = find(&report, rule->name);
            if (finding)
                assert_int_equal(finding->severity, ELFCHECK_INFO);
        }
}

static void minds_the_conditions_of_every_indicator(void **state)
{
    (void)state;
    for_each_indicator(assert_conditions_count);
}

/* Of the files of an image: the one path that opens, and where it ends in a slash what is in it. */
static int open_one(void *context, const char *path)
{
    const char *one = context;
    bool is_directory = one[strlen(one) - 1] == '/';
    if (strcmp(path, one) == 0)
        return open(is_directory ? "/proc/self" : "/dev/null", O_RDONLY | O_CLOEXEC);
    if (is_directory && strncmp(path, one, strlen(one)) == 0)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    errno = ENOENT;
    return -1;
}

static void what_is_in_the_image_is_not_missed(void **state)
{
    (void)state;
    size_t count = elfcheck_rule_count();
    for (size_t i = 0; i < count; i++) {
        if (!elfcheck_rule(i)->indicators ||
            elfcheck_rule(i)->indicators[0].kind == INDICATOR_SYMBOL || !elfcheck_rule(i)->paths)
            continue;
        struct file file = file_new(ET_EXEC);
        append_indicator(&file, &elfcheck_rule(i)->indicators[0]);
        for (const char *const *place = elfcheck_rule(i)->paths; *place; place++) {
            struct elfcheck_root root = {.open = open_one, .context = (void *)*place};
            struct elfcheck_settings settings = {.mode = 0755, .root = &root};
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_with(&file, &settings);
            assert_null(find(&report, elfcheck_rule(i)->name));
        }
        struct elfcheck_root other = {.open = open_one, .context = (void *)"/other"};
        struct elfcheck_settings settings = {.mode = 0755, .root = &other};
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_with(&file, &settings);
        assert_non_null(find(&report, elfcheck_rule(i)->name));
    }
}

static void a_go_name_counts_whole_and_in_go_only(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        bool is_go, is_found;
    } cases[] = {
        {"", "", true, true},   {"", "", false, false},    {"x", "", true, false},
        {"", "x", true, false}, {"\x80", "", true, false}, {"", ".func1", true, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct file file = file_new(ET_EXEC);
        if (cases[i].is_go)
            append_runtime(&file, RUNTIME_GO);
        char text[64];
        snprintf(text, sizeof text, "%stime.LoadLocation%s", cases[i].before, cases[i].after);
        append_text(&file, text);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
        assert_int_equal(find(&report, "time-zones") != NULL, cases[i].is_found);
    }
}

static void only_what_is_loaded_speaks(void **state)
{
    (void)state;
    struct file file = file_new(ET_EXEC);
    size_t loaded = file.size;
    append_text(&file, "/etc/passwd");
    struct elfcheck_report with ELFCHECK_REPORT_CLEANUP = check(&file);
    assert_non_null(find(&with, "users"));
    file.program.segments[0].p_filesz = file.program.segments[0].p_memsz = loaded;
    int fd FD_CLEANUP = file_of(&file, file.size);
    struct elfcheck_report without ELFCHECK_REPORT_CLEANUP = {0};
    assert_int_equal(elfcheck_file(fd, "program", &elfcheck_default_settings, &without, &error), 0);
    assert_null(find(&without, "users"));
}

static void overlapping_segments_are_read_once(void **state)
{
    (void)state;
    struct file file = file_new(ET_EXEC);
    append_text(&file, "/etc/passwd");
    size_t place = file.size - sizeof "/etc/passwd";
    for (size_t i = 1; i < PROGRAM_SEGMENTS; i++) {
        file.program.segments[i] = file.program.segments[0];
        file.program.segments[i].p_filesz = file.program.segments[i].p_memsz = file.size;
        file.program.segments[i].p_vaddr += i * 0x10000;
    }
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
    const struct elfcheck_finding *finding = find(&report, "users");
    assert_non_null(finding);
    assert_int_equal(finding->offset, place);
}

static void calls_of_localtime_count_and_not_those_of_syslog(void **state)
{
    (void)state;
    static const struct {
        size_t calls;
        bool has_code, has_syslog, is_cxx;
        enum elfcheck_severity severity;
    } cases[] = {
        {1, true, false, true, ELFCHECK_NOTICE}, {0, true, false, false, ELFCHECK_INFO},
        {1, true, true, false, ELFCHECK_INFO},   {2, true, true, false, ELFCHECK_NOTICE},
        {0, false, false, false, ELFCHECK_INFO}, /* cannot be told */
        {0, false, false, true, ELFCHECK_INFO},  /* all of C++ has it */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct file file = file_new(ET_EXEC);
        append_runtime(&file, RUNTIME_GLIBC);
        append_text(&file, "__tzfile_compute");
        append_text(&file, "/usr/share/zoneinfo");
        if (cases[i].is_cxx)
            append_runtime(&file, RUNTIME_CXX);
        if (cases[i].has_syslog)
            append_text(&file, "/dev/log");
        if (cases[i].has_code)
            append_localtime(&file, cases[i].calls);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
        const struct elfcheck_finding *finding = find(&report, "time-zones");
        assert_non_null(finding);
        assert_int_equal(finding->severity, cases[i].severity);
    }
}

/* mov edi, address; or in a program that may lie anywhere, lea rdi, [rip + distance] */
static void refer_to(struct file *file, size_t code, size_t place)
{
    unsigned char *bytes = (unsigned char *)file + code;
    if (file->program.header.e_type == ET_DYN) {
        int32_t distance = (int32_t)(place - (code + 7));
        memcpy(bytes, (const unsigned char[]){0x48, 0x8d, 0x3d}, 3);
        memcpy(bytes + 3, &distance, sizeof distance);
        return;
    }
    uint32_t address = (uint32_t)(PROGRAM_ADDRESS + place);
    bytes[0] = 0xbf;
    memcpy(bytes + 1, &address, sizeof address);
    bytes[5] = bytes[6] = 0x90; /* nop */
}

/* Appends 64 bytes of int3, which no way leads through, and returns where they begin. */
static size_t append_room(struct file *file)
{
    unsigned char room[64];
    size_t place = file->size;
    memset(room, 0xcc, sizeof room);
    append(file, room, sizeof room);
    return place;
}

static void jump(struct file *file, size_t from, size_t to, unsigned char opcode)
{
    int32_t distance = (int32_t)(to - (from + 5));
    ((unsigned char *)file)[from] = opcode;
    memcpy((unsigned char *)file + from + 1, &distance, sizeof distance);
}

static void a_path_that_is_only_there_does_not_mean_that_a_shell_is_started(void **state)
{
    (void)state;
    for (int is_position_independent = 0; is_position_independent < 2; is_position_independent++)
        for (size_t part = 0; part <= 5; part += 5) {
            struct file file = file_new(is_position_independent ? ET_DYN : ET_EXEC);
            append_runtime(&file, RUNTIME_GLIBC);
            size_t place = file.size;
            append_text(&file, "/bin/sh");
            size_t start = append_room(&file);
            file.program.header.e_entry = file.program.segments[0].p_vaddr + start;
            refer_to(&file, start, place + part);
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
            const struct elfcheck_finding *finding = find(&report, "shell");
            assert_non_null(finding);
            assert_int_equal(finding->severity, part ? ELFCHECK_WARNING : ELFCHECK_INFO);
        }
}

/* As popen of newer glibc: the name's address is in data, and fork brings that along, too. */
static void a_name_in_data_counts_where_what_uses_it_is_called(void **state)
{
    (void)state;
    for (int is_called = 0; is_called < 2; is_called++)
        for (int is_relocation = 0; is_relocation < 2; is_relocation++) {
            struct file file = file_new(ET_DYN);
            append_runtime(&file, RUNTIME_GLIBC);
            uint64_t base = file.program.segments[0].p_vaddr, name = base + file.size + 5;
            append_text(&file, "/bin/sh");
            append(&file, (const char[8]){0}, -file.size & 7);
            size_t pointer = append_room(&file), function = append_room(&file),
                   start = append_room(&file);
            unsigned char *bytes = (unsigned char *)&file;
            memset(bytes + pointer, 0, 64);
            if (is_relocation) {
                Elf64_Rela relocation = {.r_offset = base + pointer,
                                         .r_info = R_X86_64_RELATIVE,
                                         .r_addend = (int64_t)name};
                append(&file, &relocation, sizeof relocation);
                Elf64_Dyn entries[] = {
                    {.d_tag = DT_RELA, .d_un.d_ptr = base + file.size - sizeof relocation},
                    {.d_tag = DT_RELASZ, .d_un.d_val = sizeof relocation},
                    {.d_tag = DT_NULL}};
                file.program.segments[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC,
                                                        .p_offset = file.size,
                                                        .p_vaddr = base + file.size,
                                                        .p_filesz = sizeof entries,
                                                        .p_memsz = sizeof entries};
                append(&file, entries, sizeof entries);
            } else {
                memcpy(bytes + pointer, &name, sizeof name);
            }
            int32_t distance = (int32_t)(pointer - (function + 8));
            memcpy(bytes + function, (const unsigned char[]){0xf3, 0x0f, 0x7e, 0x05},
                   4); /* movq xmm0, [pointer] */
            memcpy(bytes + function + 4, &distance, sizeof distance);
            file.program.header.e_entry = base + start;
            jump(&file, start, is_called ? function : start, 0xe8);
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
            const struct elfcheck_finding *finding = find(&report, "shell");
            assert_non_null(finding);
            assert_int_equal(finding->severity, is_called ? ELFCHECK_WARNING : ELFCHECK_INFO);
        }
}

/* How the program comes to the code that refers to the text. */
enum way {
    NO_WAY,
    FROM_ENTRY,
    BY_CALL,
    BY_JUMP,
    BY_POINTER,
    BY_SWITCH,
    /* only in a program whose addresses are numbers */
    BY_TABLE,
    BY_STORE,
    BY_INDEX,
    WAYS
};

static struct elfcheck_report check_way(uint16_t type, enum way way)
{
    struct file file = file_new(type);
    append_runtime(&file, RUNTIME_GLIBC);
    size_t text = file.size;
    append_text(&file, "__nss_passwd_lookup2");
    append(&file, (const char[8]){0}, -file.size & 7);
    size_t function = append_room(&file), table = append_room(&file), start = append_room(&file);
    unsigned char *code = (unsigned char *)&file + start;
    uint64_t base = file.program.segments[0].p_vaddr, address = base + function;
    file.program.header.e_entry = base + start;
    refer_to(&file, way == FROM_ENTRY ? start : way == BY_SWITCH ? start + 16 : function, text);
    switch (way) {
    case BY_CALL:
        jump(&file, start, function, 0xe8);
        break;
    case BY_JUMP:
        jump(&file, start, function, 0xe9);
        break;
    case BY_POINTER:
        refer_to(&file, start, function);
        break;
    case BY_TABLE: /* of functions, the fourth of which it is */
        memcpy((unsigned char *)&file + table + 24, &address, sizeof address);
        refer_to(&file, start, table);
        break;
    case BY_STORE: /* mov qword [rsp + 8], function */
        memcpy(code, (const unsigned char[]){0x48, 0xc7, 0x44, 0x24, 8}, 5);
        memcpy(code + 5, &address, sizeof(uint32_t));
        break;
    case BY_INDEX: /* mov rdi, [rax * 8 + table] */
        memcpy((unsigned char *)&file + table + 24, &address, sizeof address);
        memcpy(code, (const unsigned char[]){0x48, 0x8b, 0x3c, 0xc5}, 4);
        memcpy(code + 4, &(uint32_t){(uint32_t)(base + table)}, sizeof(uint32_t));
        break;
    case BY_SWITCH: /* jmp rax: to somewhere in the function */
        memcpy(code, (const unsigned char[]){0xff, 0xe0}, 2);
        break;
    case NO_WAY:
        code[0] = 0x90; /* nop */
        break;
    default:
        break;
    }
    return check(&file);
}

static void what_code_on_the_way_refers_to_is_used(void **state)
{
    (void)state;
    for (int is_anywhere = 0; is_anywhere < 2; is_anywhere++)
        for (enum way way = NO_WAY; way < WAYS; way++) {
            if (is_anywhere && way >= BY_TABLE)
                continue;
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP =
                check_way(is_anywhere ? ET_DYN : ET_EXEC, way);
            const struct elfcheck_finding *finding = find(&report, "users");
            assert_non_null(finding);
            if (finding->is_possible != (way == NO_WAY))
                fail_msg("type %d, way %d", is_anywhere, way);
            assert_int_equal(finding->severity, way == NO_WAY ? ELFCHECK_NOTICE : ELFCHECK_WARNING);
        }
}

/* However much a program needs, and however large it is, it says no less. */
static void no_need_makes_another_quieter(void **state)
{
    (void)state;
    static const char *const texts[] = {"__nss_passwd_lookup2", "/etc/mime.types",
                                        "/usr/share/terminfo", "__nss_group_lookup2",
                                        "/etc/ssl/certs"};
    static const char *const rules[] = {"users", "mime-types", "terminfo", "groups",
                                        "ca-certificates"};
    for (int is_large = 0; is_large < 2; is_large++) {
        struct file file = file_new(ET_EXEC);
        append_runtime(&file, RUNTIME_GLIBC);
        size_t places[COUNT(texts)];
        for (size_t i = 0; i < COUNT(texts); i++) {
            places[i] = file.size;
            append_text(&file, texts[i]);
        }
        size_t start = append_room(&file), size = is_large ? 8 * 1024 * 1024 : file.size;
        file.program.header.e_entry = PROGRAM_ADDRESS + start;
        for (size_t i = 0; i < COUNT(texts); i++)
            refer_to(&file, start + 7 * i, places[i]);
        file.program.segments[0].p_filesz = file.program.segments[0].p_memsz = size;
        int fd FD_CLEANUP = file_of(&file, file.size);
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
        assert_int_equal(elfcheck_file(fd, "program", &elfcheck_default_settings, &report, &error),
                         0);
        for (size_t i = 0; i < COUNT(rules); i++)
            assert_int_equal(find(&report, rules[i])->severity, ELFCHECK_WARNING);
    }
}

static void what_does_not_start_misses_nothing_yet(void **state)
{
    (void)state;
    struct file file = file_new(ET_EXEC);
    append_text(&file, "/etc/passwd");
    file.program.segments[1] =
        (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = file.size, .p_filesz = sizeof "/lib/ld.so"};
    append_text(&file, "/lib/ld.so");
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
    assert_false(elfcheck_starts(&report));
    assert_int_equal(find(&report, "users")->severity, ELFCHECK_INFO);
}

/* A severity that the settings give a rule holds whatever the indicator is worth; OFF saves the
 * work. */
static void settings_decide_over_evidence(void **state)
{
    (void)state;
    size_t count = elfcheck_rule_count();
    enum elfcheck_severity *severities = calloc(count, sizeof *severities);
    assert_non_null(severities);
    const struct elfcheck_settings settings = {.mode = 0755, .severities = severities};
    struct file file = file_new(ET_EXEC);
    append_runtime(&file, RUNTIME_GLIBC);
    append_text(&file, "/bin/sh");
    append_text(&file, "/etc/ssl/certs");
    for (size_t i = 0; i < count; i++)
        severities[i] =
            strcmp(elfcheck_rule(i)->name, "shell") == 0 ? ELFCHECK_ERROR : ELFCHECK_OFF;
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_with(&file, &settings);
    assert_int_equal(find(&report, "shell")->severity, ELFCHECK_ERROR);
    assert_null(find(&report, "ca-certificates"));
    assert_true(elfcheck_starts(&report));
    free(severities);
}

/* ---- symbols --------------------------------------------------------------------------------- */

/* Adds a symbol table and a section table to the file, of which nothing is loaded. */
static void append_symbols(struct file *file, const char *names, size_t names_size,
                           const uint32_t *paths, size_t count)
{
    Elf64_Shdr sections[3] = {{0}};
    sections[1] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                               .sh_link = 2,
                               .sh_offset = file->size,
                               .sh_size = count * sizeof(Elf64_Sym),
                               .sh_entsize = sizeof(Elf64_Sym)};
    for (size_t i = 0; i < count; i++) {
        Elf64_Sym symbol = {.st_name = paths[i], .st_shndx = 1};
        append(file, &symbol, sizeof symbol);
    }
    sections[2] =
        (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = file->size, .sh_size = names_size};
    append(file, names, names_size);
    file->program.header.e_shoff = file->size;
    file->program.header.e_shnum = 3;
    file->program.header.e_shstrndx = 2;
    file->program.header.e_shentsize = sizeof(Elf64_Shdr);
    append(file, sections, sizeof sections);
}

static struct elfcheck_report check_loaded(struct file *file, size_t loaded)
{
    struct elfcheck_report report;
    file->program.segments[0].p_filesz = file->program.segments[0].p_memsz = loaded;
    int fd FD_CLEANUP = file_of(file, file->size);
    assert_int_equal(elfcheck_file(fd, "program", &elfcheck_default_settings, &report, &error), 0);
    return report;
}

static void finds_symbols_by_their_whole_name(void **state)
{
    (void)state;
    static const char names[] = "\0main\0__libc_system\0xgetservbyname\0getservbynames";
    static const struct {
        const char *rule;
        uint32_t place;
        bool is_found;
    } cases[] = {
        {"shell", 13, true},     /* "system", which begins inside another name */
        {"shell", 6, false},     /* "__libc_system" */
        {"services", 21, true},  /* "getservbyname" */
        {"services", 20, false}, /* "xgetservbyname" */
        {"services", 35, false}, /* "getservbynames" */
        {"services", 4096, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct file file = file_new(ET_EXEC);
        size_t loaded = file.size;
        uint32_t paths[] = {0, 1, cases[i].place};
        append_symbols(&file, names, sizeof names, paths, 3);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_loaded(&file, loaded);
        assert_int_equal(find(&report, cases[i].rule) != NULL, cases[i].is_found);
    }
}

static void broken_symbol_tables_have_no_symbols(void **state)
{
    (void)state;
    static const struct {
        size_t section, field, size;
        uint64_t value;
    } cases[] = {
        {1, offsetof(Elf64_Shdr, sh_offset), 8, UINT64_MAX},
        {1, offsetof(Elf64_Shdr, sh_size), 8, UINT64_MAX},
        {1, offsetof(Elf64_Shdr, sh_size), 8, sizeof(Elf64_Sym) - 1},
        {1, offsetof(Elf64_Shdr, sh_link), 4, 3},
        {2, offsetof(Elf64_Shdr, sh_offset), 8, UINT64_MAX - 8},
        {2, offsetof(Elf64_Shdr, sh_size), 8, 0},
        {2, offsetof(Elf64_Shdr, sh_type), 4, SHT_NOBITS},
    };
    static const char names[] = "\0system";
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct file file = file_new(ET_EXEC);
        size_t loaded = file.size;
        append_symbols(&file, names, sizeof names, (const uint32_t[]){0, 1}, 2);
        unsigned char *section = (unsigned char *)&file + file.program.header.e_shoff +
                                 cases[i].section * sizeof(Elf64_Shdr);
        memcpy(section + cases[i].field, &cases[i].value, cases[i].size);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check_loaded(&file, loaded);
        assert_null(find(&report, "shell"));
    }
}

/* ---- packed ---------------------------------------------------------------------------------- */

static void tells_a_packed_program(void **state)
{
    (void)state;
    for (int is_packed = 0; is_packed < 2; is_packed++) {
        struct file file = file_new(ET_EXEC);
        file.program.header.e_phnum = 2;
        memcpy((unsigned char *)&file.program.segments[2] + 4, is_packed ? "UPX!" : "UPX?", 4);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
        const struct elfcheck_finding *finding = find(&report, "packed");
        assert_int_equal(finding != NULL, is_packed);
        if (finding)
            assert_int_equal(finding->offset, offsetof(struct program, segments[2]) + 4);
    }
}

/* ---- the producer ---------------------------------------------------------------------------- */

/* Go's build info as of 1.18: the version after its length. */
static void append_build_info(struct file *file, const char *version)
{
    unsigned char info[32] = "\xff Go buildinf:\x08\x02";
    append(file, info, sizeof info);
    append(file, (unsigned char[]){(unsigned char)strlen(version)}, 1);
    append_text(file, version);
}

/* As of 1.13 to 1.17: a pointer to a string, which is a pointer and a length. */
static void append_old_build_info(struct file *file, const char *version)
{
    uint64_t address = PROGRAM_ADDRESS + file->size;
    unsigned char info[32] = "\xff Go buildinf:\x08";
    uint64_t string = address + sizeof info, text[] = {string + 16, strlen(version)};
    memcpy(info + 16, &string, sizeof string);
    append(file, info, sizeof info);
    append(file, text, sizeof text);
    append_text(file, version);
}

static void tells_the_version_of_go(void **state)
{
    (void)state;
    void (*const forms[])(struct file *, const char *) = {append_build_info, append_old_build_info};
    static const char *const versions[][2] = {
        {"go1.22.3", "Go 1.22.3"},
        {"go1.19.8", "Go 1.19.8"},
        {"devel", "Go"},
        {"", "Go"},
    };
    for (size_t i = 0; i < COUNT(forms); i++)
        for (size_t j = 0; j < COUNT(versions); j++) {
            struct file file = file_new(ET_EXEC);
            forms[i](&file, versions[j][0]);
            struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
            assert_string_equal(report.producer, versions[j][1]);
        }
}

static void survives_go_pointers_to_anywhere(void **state)
{
    (void)state;
    static const uint64_t pointers[] = {
        0, 1, PROGRAM_ADDRESS - 1, PROGRAM_ADDRESS + 4096, UINT64_MAX, UINT64_MAX - 8};
    for (size_t i = 0; i < COUNT(pointers); i++) {
        struct file file = file_new(ET_EXEC);
        unsigned char info[32] = "\xff Go buildinf:\x08";
        memcpy(info + 16, &pointers[i], sizeof pointers[i]);
        append(&file, info, sizeof info);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
        assert_string_equal(report.producer, "Go");
    }
}

/* With a section table of a .comment alone. */
static void append_comment(struct file *file, const char *comment, size_t size)
{
    static const char names[] = "\0.comment";
    Elf64_Shdr sections[3] = {{0}};
    sections[1] = (Elf64_Shdr){
        .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = file->size, .sh_size = size};
    append(file, comment, size);
    sections[2] =
        (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = file->size, .sh_size = sizeof names};
    append(file, names, sizeof names);
    file->program.header.e_shoff = file->size;
    file->program.header.e_shnum = 3;
    file->program.header.e_shstrndx = 2;
    file->program.header.e_shentsize = sizeof(Elf64_Shdr);
    append(file, sections, sizeof sections);
}

static void tells_the_compiler_by_its_comment(void **state)
{
    (void)state;
#define COMMENT(text) text, sizeof(text)
    static const struct {
        const char *comment;
        size_t size;
        unsigned runtime;
        const char *producer;
    } cases[] = {
        {COMMENT("GCC: (Debian 12.2.0-14+deb12u1) 12.2.0"), 0, "C (GCC 12.2.0)"},
        {COMMENT("GCC: (GNU) 11.2.0\0GCC: (Debian 12.2.0-14) 12.2.0"), RUNTIME_MUSL,
         "C (GCC 12.2.0), musl"},
        {COMMENT("GCC: (Debian 12.2.0-14) 12.2.0\0Debian clang version 14.0.6"), RUNTIME_GLIBC,
         "C (clang 14.0.6), glibc"},
        {COMMENT("GCC: (GNU) 13.1.1"), RUNTIME_CXX, "C++ (GCC 13.1.1)"},
        {COMMENT("rustc version 1.95.0 (59807616e 2026-04-14)\0GCC: (GNU) 12.2.0"), RUNTIME_GLIBC,
         "Rust 1.95.0, glibc"},
        {COMMENT("GCC: (GNU) 12.2.0"), RUNTIME_RUST, "Rust"},
        {COMMENT("GCC: (GNU) 12.2.0"), RUNTIME_OCAML, "OCaml"},
        {COMMENT("clang version 17.0.6 (https://github.com/ziglang/zig-bootstrap 1)"), 0,
         "Zig, clang 17.0.6"},
        {COMMENT("something else"), 0, NULL},
        {COMMENT("GCC: ("), 0, "C (GCC)"},
        {"GCC: (no NUL at the end) 9.4.0", 30, 0, "C (GCC 9.4.0)"},
        {"", 0, 0, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct file file = file_new(ET_EXEC);
        if (cases[i].runtime)
            append_runtime(&file, cases[i].runtime);
        append_comment(&file, cases[i].comment, cases[i].size);
        struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = check(&file);
        if (cases[i].producer)
            assert_string_equal(report.producer, cases[i].producer);
        else
            assert_null(report.producer);
    }
}

static void tells_a_golfed_program_from_one_that_tells_nothing(void **state)
{
    (void)state;
    unsigned char golfed[GOLFED_SIZE];
    golfed_program(golfed);
    int fd FD_CLEANUP = file_of(golfed, sizeof golfed);
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    assert_int_equal(elfcheck_file(fd, "program", &elfcheck_default_settings, &report, &error), 0);
    assert_string_equal(report.producer, "assembly");
    struct file file = file_new(ET_EXEC);
    struct elfcheck_report plain ELFCHECK_REPORT_CLEANUP = check(&file);
    assert_null(plain.producer);
}

static void says_how_each_compiler_links_statically(void **state)
{
    (void)state;
    static const struct {
        const char *producer;
        unsigned libc;
        const char *part;
    } cases[] = {
        {"Go 1.19.8, glibc", RUNTIME_GLIBC, "CGO_ENABLED=0"},
        {"Rust 1.63.0", RUNTIME_GLIBC, "x86_64-unknown-linux-musl"},
        {"C (GCC 12.2.0), glibc", RUNTIME_GLIBC, "link it with -static"},
        {"C++ (GCC 12.2.0), musl", RUNTIME_MUSL, "musl-gcc -static"},
        {"Zig, clang 17.0.6", 0, "x86_64-linux-musl"},
        {"OCaml", 0, "-ccopt -static"},
        {NULL, 0, "gcc -static"},
        {"assembly", 0, "gcc -static"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct elfcheck_report report = {.producer = (char *)cases[i].producer};
        struct elfcheck_inspection inspection = {.report = &report, .libc = cases[i].libc};
        assert_non_null(strstr(static_remedy(&inspection), cases[i].part));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_text_wherever_it_lies),
        cmocka_unit_test(finds_a_text_in_much_and_in_little),
        cmocka_unit_test(finds_a_whole_string_across_windows),
        cmocka_unit_test(minds_what_stands_around_a_string),
        cmocka_unit_test(looks_only_at_the_part_that_it_is_given),
        cmocka_unit_test(reads_near_matches_once),
        cmocka_unit_test(every_indicator_is_long_enough_to_be_found),
        cmocka_unit_test(describes_every_lack),
        cmocka_unit_test(finds_every_indicator_of_every_rule),
        cmocka_unit_test(finds_nothing_where_a_byte_differs),
        cmocka_unit_test(minds_the_conditions_of_every_indicator),
        cmocka_unit_test(what_is_in_the_image_is_not_missed),
        cmocka_unit_test(a_go_name_counts_whole_and_in_go_only),
        cmocka_unit_test(only_what_is_loaded_speaks),
        cmocka_unit_test(overlapping_segments_are_read_once),
        cmocka_unit_test(calls_of_localtime_count_and_not_those_of_syslog),
        cmocka_unit_test(a_path_that_is_only_there_does_not_mean_that_a_shell_is_started),
        cmocka_unit_test(a_name_in_data_counts_where_what_uses_it_is_called),
        cmocka_unit_test(what_code_on_the_way_refers_to_is_used),
        cmocka_unit_test(no_need_makes_another_quieter),
        cmocka_unit_test(what_does_not_start_misses_nothing_yet),
        cmocka_unit_test(settings_decide_over_evidence),
        cmocka_unit_test(finds_symbols_by_their_whole_name),
        cmocka_unit_test(broken_symbol_tables_have_no_symbols),
        cmocka_unit_test(tells_a_packed_program),
        cmocka_unit_test(tells_the_version_of_go),
        cmocka_unit_test(survives_go_pointers_to_anywhere),
        cmocka_unit_test(tells_the_compiler_by_its_comment),
        cmocka_unit_test(tells_a_golfed_program_from_one_that_tells_nothing),
        cmocka_unit_test(says_how_each_compiler_links_statically),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
