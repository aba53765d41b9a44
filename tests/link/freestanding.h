/*
 * What the C programs of this folder have instead of a library: an entry point that calls run(),
 * whose result is the exit code, system calls, and the few functions that most of them need.
 */
#ifndef TESTS_LINK_FREESTANDING_H
#define TESTS_LINK_FREESTANDING_H

#include <stddef.h>
#include <sys/syscall.h>

int run(int count, char **arguments);
void begin(long *stack);

__asm__(".globl _start\n"
        "_start:\n"
        "\tmov %rsp, %rdi\n"
        "\tand $-16, %rsp\n"
        "\tcall begin\n"
        "\thlt\n");

static inline long system_call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

void begin(long *stack)
{
    system_call(SYS_exit, run((int)stack[0], (char **)(stack + 1)), 0, 0);
    __builtin_unreachable();
}

static inline long read_some(void *buffer, size_t size)
{
    return system_call(SYS_read, 0, (long)buffer, (long)size);
}

static inline void print_bytes(const void *bytes, size_t size)
{
    system_call(SYS_write, 1, (long)bytes, (long)size);
}

static inline size_t length_of(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

static inline void print(const char *text)
{
    print_bytes(text, length_of(text));
}

static inline void print_number(unsigned long number)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print_bytes(digits + first, sizeof digits - first);
}

static inline unsigned long number_of(const char *text)
{
    unsigned long number = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10 + (unsigned long)(*text - '0');
    }
    return number;
}

#endif
