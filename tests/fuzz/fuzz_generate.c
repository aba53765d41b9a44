/* Any lines as the settings of a template: what comes out may hold nothing that was typed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"
#include "base/strings.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"hello", "sleep", "cat"};
    static const struct asm_data embedded = {0};
    struct error error;
    struct buffer source BUFFER_CLEANUP = {0};
    struct strings settings STRINGS_CLEANUP = {0};
    struct asm_template template ASM_TEMPLATE_CLEANUP = {0};
    if (size == 0)
        return 0;
    char *text TEXT_CLEANUP = strndup((const char *)data + 1, size - 1);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        /* A value that names a file would read this machine's. */
        if (strstr(line, "=@") == NULL && strings_append(&settings, line, &error) < 0)
            abort();
    }
    if (asm_template_load(&embedded, names[data[0] % 3], &template, &error) < 0)
        abort();
    asm_generate(&embedded, &template, strings_list(&settings), settings.count, &source, &error);
    return 0;
}
