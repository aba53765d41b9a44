/*
 * The program that Linux starts in a file's place: the one that PT_INTERP names (fs/binfmt_elf.c,
 * load_elf_binary), or the first line of a script (fs/binfmt_script.c, load_script).
 */
#include "elfcheck/read/interpreter.h"

#include <limits.h>
#include <string.h>

/* ---- scripts --------------------------------------------------------------------------------- */

#define SCRIPT_MAGIC "#!"

bool is_script(const char *start)
{
    return strncmp(start, SCRIPT_MAGIC, strlen(SCRIPT_MAGIC)) == 0;
}

/* How many characters before a space, a tab or a NUL, at most `size`. */
static size_t name_length(const char *text, size_t size)
{
    size_t length = 0;
    while (length < size && text[length] && text[length] != ' ' && text[length] != '\t')
        length++;
    return length;
}

bool parse_script_line(const char start[static SCRIPT_START_SIZE], struct script_line *line)
{
    const char *text = start + strlen(SCRIPT_MAGIC), *end = start + SCRIPT_START_SIZE;
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    if (newline)
        end = newline;
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    size_t size = (size_t)(end - text), length = name_length(text, size);
    /* A name that goes on past what Linux reads of the file is cut, and it refuses that. */
    if (size == 0 || (!newline && length == size))
        return false;
    memcpy(line->name, text, length);
    line->name[length] = 0;
    length = strnlen(text, size);
    memcpy(line->command, text, length);
    line->command[length] = 0;
    return true;
}

/* ---- PT_INTERP ------------------------------------------------------------------------------- */

/* What the path leads to in a root directory, as far as that does not depend on the root. */
static enum path_fault fault_of_path(const char *path)
{
    for (;;) {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (length == 0)
            return PATH_DIRECTORY;
        if (length > NAME_MAX)
            return PATH_LONG_NAME;
        bool is_dots = length <= 2 && strspn(path, ".") >= length;
        if (!is_dots)
            return PATH_FINE;
        path += length;
    }
}

enum path_fault read_interpreter_path(struct elfcheck_inspection *inspection,
                                      char path[static MAX_INTERPRETER_SIZE])
{
    /* Linux looks no further than the first. */
    const Elf64_Phdr *segment = next_segment(inspection, PT_INTERP, NULL);
    if (!segment)
        return PATH_ABSENT;
    uint64_t size = segment->p_filesz;
    if (size < MIN_INTERPRETER_SIZE || size > MAX_INTERPRETER_SIZE)
        return PATH_SIZE;
    if (!file_has_range(inspection, segment->p_offset, size))
        return PATH_OUTSIDE;
    if (!file_read_range(inspection, segment->p_offset, path, (size_t)size))
        return PATH_ABSENT;
    return path[size - 1] == 0 ? fault_of_path(path) : PATH_OPEN_END;
}
