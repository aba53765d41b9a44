/* Scripts: Linux fs/binfmt_script.c, load_script, and fs/exec.c, exec_binprm. */
#include "elfcheck/start/script.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/read.h"
#include "base/text.h"
#include "elfcheck/libraries/libraries.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/interpreter.h"

/* So many scripts may follow each other before a program comes. */
#define MAX_SCRIPTS 5

/* Reads the start of a file, filled up with zeros. */
static bool read_start(struct elfcheck_inspection *inspection, int fd, const char *name,
                       char start[static SCRIPT_START_SIZE])
{
    struct stat status;
    memset(start, 0, SCRIPT_START_SIZE);
    if (fstat(fd, &status) == 0) {
        size_t size =
            status.st_size < SCRIPT_START_SIZE ? (size_t)status.st_size : SCRIPT_START_SIZE;
        if (file_read_at(fd, name, 0, start, size, inspection->error) == 0)
            return true;
    }
    inspection->failed = true;
    return false;
}

/* "script: needs its interpreter, /bin/sh, which is not there" */
static void report_script(struct elfcheck_inspection *inspection, enum elfcheck_outcome outcome,
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
    struct obstacle obstacle = {0};
    struct elfcheck_settings settings = *inspection->settings;
    struct stat status;
    if (fstat(fd, &status) == 0)
        settings.mode = status.st_mode & 07777;
    settings.path = path;
    if (inspection->find_obstacle(fd, path, &settings, &obstacle, inspection->error) < 0)
        inspection->failed = true;
    else if (obstacle.message)
        report_script(inspection, obstacle.outcome, "its interpreter ", path,
                      " will not start: ", obstacle.message);
    free(obstacle.message);
}

/* Parses the first line; false where it names no interpreter, which it reports. */
static bool parse_line(struct elfcheck_inspection *inspection,
                       const char start[static SCRIPT_START_SIZE], struct script_line *line)
{
    bool is_named = parse_script_line(start, line);
    if (is_named && *line->name)
        return true;
    report_finding(inspection, 0, "script: its first line names no interpreter");
    if (is_named) /* an empty name, which leads Linux to the working directory */
        set_finding_outcome(inspection, ELFCHECK_EACCES);
    return false;
}

void check_script(struct elfcheck_inspection *inspection)
{
    char start[SCRIPT_START_SIZE];
    struct script_line line = {0};
    int fd FD_CLEANUP = -1;
    for (int scripts = 0;; scripts++) {
        int current = scripts ? fd : inspection->fd;
        if (!read_start(inspection, current, scripts ? line.name : inspection->name, start))
            return;
        if (!is_script(start)) {
            judge_interpreter(inspection, fd, line.name);
            return;
        }
        if (scripts == MAX_SCRIPTS) {
            report_finding(inspection, 0,
                           "script: its interpreter is a script, too, and so on: "
                           "Linux follows 5 of them");
            return;
        }
        if (!parse_line(inspection, start, &line))
            return;
        if (!inspection->settings->root) {
            report_script(inspection, ELFCHECK_ENOENT, "needs its interpreter, ", line.command, "",
                          "");
            return;
        }
        struct opened opened = open_executable(inspection->settings->root, line.name);
        if (opened.problem) {
            report_script(inspection, opened.outcome, "needs its interpreter, ", line.name, ", ",
                          opened.problem);
            return;
        }
        file_close(&fd);
        fd = opened.fd;
    }
}
