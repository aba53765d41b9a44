/* Output files: written whole, and never over an input. */
#include "cli/shared/output.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/output.h"
#include "base/read.h"

int cli_write_file(const char *path, mode_t mode, const struct buffer *bytes, struct error *error)
{
    struct output output OUTPUT_CLEANUP = {0};
    if (output_open(&output, path, mode, error) < 0 ||
        sink_write(&output.file.sink, bytes->data, bytes->size, error) < 0)
        return -1;
    return output_commit(&output, error);
}

int cli_check_output(const char *output, char *const *inputs, bool binary, struct error *error)
{
    struct stat to, from;
    if (strcmp(output, FILE_STANDARD) == 0)
        return binary && isatty(STDOUT_FILENO)
                   ? error_set(error, "will not write binary data to a terminal: redirect it, or "
                                      "name an output file")
                   : 0;
    /* A link is replaced, not followed. */
    if (lstat(output, &to) < 0 || !S_ISREG(to.st_mode))
        return 0;
    for (; *inputs; inputs++) {
        const char *setting = strstr(*inputs, "=@");
        const char *input = setting ? setting + strlen("=@") : *inputs;
        if (stat(input, &from) == 0 && to.st_dev == from.st_dev && to.st_ino == from.st_ino)
            return error_set(error, "%s is the input: name another output", output);
    }
    return 0;
}
