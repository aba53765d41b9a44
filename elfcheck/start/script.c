/* Scripts: Linux fs/binfmt_script.c, load_script, and fs/exec.c, exec_binprm. */
#include "elfcheck/libraries/libraries_internal.h"

#include <string.h>
#include <sys/stat.h>

#include "base/read.h"
#include "base/text.h"

/* BINPRM_BUF_SIZE: so much of a file is looked at. */
#define START_SIZE 256

/* So many scripts may follow each other before a program comes. */
#define MAX_SCRIPTS 5

static bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

/* The interpreter that the first line names, cut out of it; NULL where Linux sees none. */
static const char *cut_interpreter(char start[static START_SIZE + 1])
{
    char *line = start + strlen("#!"), *end = start + START_SIZE;
    char *newline = memchr(line, '\n', (size_t)(end - line));
    while (line < end && is_blank(*line))
        line++;
    char *name_end = line;
    while (name_end < end && *name_end && *name_end != '\n' && !is_blank(*name_end))
        name_end++;
    /* Without an end of the line, the name must have one within what is looked at. */
    if (line == newline || (!newline && name_end == end))
        return NULL;
    *name_end = 0;
    return line;
}

/* Reads the start of a file, filled up with zeros. */
static bool read_start(struct elfcheck_inspection *inspection, int fd, const char *name,
                       char start[static START_SIZE + 1])
{
    struct stat status;
    memset(start, 0, START_SIZE + 1);
    if (fstat(fd, &status) == 0) {
        size_t size = status.st_size < START_SIZE ? (size_t)status.st_size : START_SIZE;
        if (file_read_at(fd, name, 0, start, size, inspection->error) == 0)
            return true;
    }
    inspection->failed = true;
    return false;
}

/* "script: needs its interpreter, /bin/sh, which is not there" */
static void find(struct elfcheck_inspection *inspection, enum elfcheck_outcome outcome,
                 const char *before, const char *interpreter, const char *between,
                 const char *problem)
{
    struct buffer name BUFFER_CLEANUP = {0};
    text_append_visible(&name, interpreter, strlen(interpreter));
    inspection->failed |= buffer_check(&name, inspection->error) < 0;
    report_finding(inspection, 0, "script: %s%s%s%s", before, buffer_text(&name), between, problem);
    set_finding_outcome(inspection, outcome);
}

/* The program at the end of the chain is judged like any other. */
static void judge_interpreter(struct elfcheck_inspection *inspection, int fd, const char *path)
{
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    struct elfcheck_settings settings = *inspection->settings;
    struct stat status;
    if (fstat(fd, &status) == 0)
        settings.mode = status.st_mode & 07777;
    settings.path = path;
    if (elfcheck_file(fd, path, &settings, &report, inspection->error) < 0) {
        inspection->failed = true;
        return;
    }
    const struct elfcheck_finding *obstacle = elfcheck_obstacle(&report);
    if (obstacle)
        find(inspection, obstacle->outcome, "its interpreter ", path,
             " will not start: ", obstacle->message);
}

void find_script_in_root(struct elfcheck_inspection *inspection)
{
    char start[START_SIZE + 1], path[START_SIZE + 1];
    int fd FD_CLEANUP = -1;
    strcpy(path, "");
    for (int scripts = 0;; scripts++) {
        int current = scripts ? fd : inspection->fd;
        if (!read_start(inspection, current, scripts ? path : inspection->name, start))
            return;
        if (strncmp(start, "#!", 2) != 0) {
            judge_interpreter(inspection, fd, path);
            return;
        }
        if (scripts == MAX_SCRIPTS) {
            report_finding(inspection, 0,
                           "script: its interpreter is a script, too, and so on: "
                           "Linux follows 5 of them");
            return;
        }
        const char *interpreter = cut_interpreter(start);
        if (!interpreter) {
            report_finding(inspection, 0, "script: its first line names no interpreter");
            return;
        }
        strcpy(path, interpreter);
        struct opened opened = open_executable(inspection->settings->root, path);
        if (opened.problem) {
            find(inspection, opened.outcome, "needs its interpreter, ", path, ", ", opened.problem);
            return;
        }
        file_close(&fd);
        fd = opened.fd;
    }
}
