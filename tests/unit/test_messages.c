/*
 * Random messages of all byte values and of 0 to 65536 bytes come out of the running program
 * unchanged, as many as the knob MESSAGES says. Two processes share the work; each case's seed is
 * its number, so a failure repeats.
 */
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
#include <sys/wait.h>
#include <unistd.h>

#include "asm/asm.h"
#include "base/array.h"
#include "base/output.h"
#include "base/process.h"
#include "base/read.h"
#include "base/temporary.h"
#include "tests/unit/compare.h"
#include "tests/unit/knob.h"

#define WORKERS            2
#define MAX_MESSAGE_LENGTH 65536

/* xorshift64*: any generator does whose numbers are the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

/* Short ones mostly, as messages are; every 16th up to the longest, and the sizes around edges. */
static size_t pick_size(unsigned int number, uint64_t *random)
{
    static const size_t edges[] = {0,   1,    2,    127,  128,   255,  256,
                                   257, 4095, 4096, 4097, 65535, 65536};
    if (number < COUNT(edges))
        return edges[number];
    return (size_t)(next_random(random) % (number % 16 ? 600 : MAX_MESSAGE_LENGTH + 1));
}

/* Writes "message=" and the bytes as \xHH escapes: what a user could type. */
static void append_setting(struct buffer *setting, const unsigned char *message, size_t size)
{
    buffer_append_text(setting, "message=");
    for (size_t i = 0; i < size; i++)
        buffer_printf(setting, "\\x%02x", message[i]);
}

/* 0 when the message came back; else -1 with the reason. */
static int try_message(unsigned int number, const char *directory, struct error *error)
{
    static const struct asm_data embedded = {0};
    uint64_t random = number + 1;
    static unsigned char message[MAX_MESSAGE_LENGTH];
    size_t size = pick_size(number, &random);
    for (size_t i = 0; i < size; i++)
        message[i] = (unsigned char)(next_random(&random) >> 56);

    struct buffer setting BUFFER_CLEANUP = {0};
    struct buffer source BUFFER_CLEANUP = {0};
    struct buffer elf BUFFER_CLEANUP = {0};
    struct buffer printed BUFFER_CLEANUP = {0};
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    append_setting(&setting, message, size);
    const char *settings[] = {buffer_text(&setting)};
    char source_path[64], program[64];
    snprintf(source_path, sizeof source_path, "%s/hello.asm", directory);
    snprintf(program, sizeof program, "%s/hello", directory);
    struct strings inputs STRINGS_CLEANUP = {0};
    struct asm_link_options options = {
        .data = &embedded, .temporary = directory, .path = getenv("PATH")};
    const char *arguments[] = {program, NULL};
    struct process process = {.program = program, .arguments = arguments, .output = &printed};
    int code = 0;

    int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = asm_template_load(&embedded, "hello", &template, error);
    if (result == 0)
        result = asm_generate(&embedded, &template, settings, 1, &source, error);
    struct content text = {.data = source.data, .size = source.size};
    if (result == 0)
        result = file_create_at(at, "hello.asm", 0600, &text, error);
    if (result == 0)
        result = strings_append(&inputs, source_path, error);
    if (result == 0)
        result = asm_link(&inputs, &options, &elf, error);
    struct content binary = {.data = elf.data, .size = elf.size};
    if (result == 0)
        result = file_create_at(at, "hello", 0700, &binary, error);
    if (result == 0)
        result = process_run(&process, &code, error);
    close(at);
    if (result < 0)
        return -1;
    if (code != 0)
        return error_set(error, "exit code %d", code);
    if (printed.size != size || (size && memcmp(printed.data, message, size) != 0))
        return error_set(error, "%zu bytes became %zu other ones", size, printed.size);
    return 0;
}

/* Every WORKERS-th case; the exit code of the worker's process. */
static int work(unsigned int first)
{
    struct error error;
    const size_t count = knob("MESSAGES", 200);
    for (unsigned int number = first; number < count; number += WORKERS) {
        char *directory TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create("/tmp", &error);
        if (!directory || try_message(number, directory, &error) < 0) {
            fprintf(stderr, "message %u: %s\n", number, error.message);
            return 1;
        }
    }
    return 0;
}

static void prints_every_message_unchanged(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < WORKERS; i++) {
        pid_t child = fork();
        assert_compare(child, >=, 0);
        if (child == 0)
            _exit(work(i));
    }
    for (unsigned int i = 0; i < WORKERS; i++) {
        int status;
        assert_compare(wait(&status), >, 0);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(prints_every_message_unchanged)};
    return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
