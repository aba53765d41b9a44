// Counts lines, words and bytes of standard input; the counters are in .bss.
#include "freestanding.h"

static unsigned long lines, words, bytes;

static void count_in(const char *text, long size)
{
    static int in_word;
    for (long i = 0; i < size; i++) {
        int is_space = text[i] == ' ' || text[i] == '\n' || text[i] == '\t';
        words += (unsigned long)(!is_space && !in_word);
        in_word = !is_space;
        lines += text[i] == '\n';
    }
    bytes += (unsigned long)size;
}

int run(int count, char **arguments)
{
    static char buffer[512];
    long size;
    (void)count, (void)arguments;
    while ((size = read_some(buffer, sizeof buffer)) > 0) {
        count_in(buffer, size);
    }
    print_number(lines);
    print(" ");
    print_number(words);
    print(" ");
    print_number(bytes);
    print("\n");
    return 0;
}
