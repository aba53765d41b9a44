/* The check of every rule about something that a program may lack. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/read.h"
#include "base/text.h"
#include "elfcheck/needs/evidence.h"
#include "elfcheck/needs/needs.h"
#include "elfcheck/read/finding.h"

/* The settings' severity of the rule whose check runs. */
static enum elfcheck_severity severity_now(const struct elfcheck_inspection *inspection)
{
    const enum elfcheck_severity *severities = inspection->settings->severities;
    return severities ? severities[inspection->rule_index] : inspection->rule->severity;
}

/* In a directory of more entries one is taken to be there: each costs a way through the root. */
#define MAX_ENTRIES 1000

/* Whether the path leads to a directory, or to a file that is not empty. */
static bool is_there(const struct elfcheck_root *root, const char *path)
{
    struct stat status;
    int fd FD_CLEANUP = root->open(root->context, path);
    return fd >= 0 && fstat(fd, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_size > 0);
}

/* Whether an entry of the directory is: links of certificates may lead nowhere. `path` ends in a
 * slash. */
static bool has_entry(const struct elfcheck_root *root, const char *path)
{
    int fd = root->open(root->context, path);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    size_t count = 0;
    bool found = false;
    if (!directory)
        return file_close(&fd), false;
    for (const struct dirent *entry; !found && (entry = readdir(directory));) {
        char full[PATH_MAX];
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            found = ++count > MAX_ENTRIES ||
                    (snprintf(full, sizeof full, "%s%s", path, entry->d_name) < PATH_MAX &&
                     is_there(root, full));
    }
    closedir(directory);
    return found;
}

/* Whether the image has what the rule asks for. */
static bool is_in_root(const struct elfcheck_inspection *inspection)
{
    const struct elfcheck_root *root = inspection->settings->root;
    const char *const *paths = inspection->rule->paths;
    for (; root && paths && *paths; paths++)
        if (text_ends_with(*paths, "/") ? has_entry(root, *paths) : is_there(root, *paths))
            return true;
    return false;
}

/* How an indicator is spoken of. */
static const char *const evidence_words[] = {
    [INDICATOR_STRING] = "it holds the text",
    [INDICATOR_SUFFIX] = "it holds a text that ends in",
    [INDICATOR_TEXT] = "it holds the text",
    [INDICATOR_GO] = "it has the function",
    [INDICATOR_SYMBOL] = "it has the symbol",
    [INDICATOR_CALL] = "it calls localtime, and holds the text",
    [INDICATOR_NAMED] = "it starts, and holds the text",
};

/* Gathers the evidence, once, which tells more of what made the file, too. */
static bool learn_from_evidence(struct elfcheck_inspection *inspection)
{
    if (inspection->evidence)
        return !inspection->failed;
    if (gather_evidence(inspection))
        describe_producer(inspection);
    return !inspection->failed;
}

void check_indicators(struct elfcheck_inspection *inspection)
{
    /* Gathering evidence reads the whole file: only for what somebody wants to know. */
    if (severity_now(inspection) == ELFCHECK_OFF || !learn_from_evidence(inspection))
        return;
    struct sign sign = strongest_sign(inspection);
    if (!sign.indicator || is_in_root(inspection))
        return;
    report_finding(inspection, sign.offset, "%s %s: %s \"%s\"",
                   sign.certainty == NEED_PROVEN ? "looks for" : "may look for",
                   inspection->rule->lack, evidence_words[sign.indicator->kind],
                   sign.indicator->text);
    if (sign.certainty != NEED_PROVEN)
        doubt_finding(inspection);
    /* What does not start misses nothing yet. */
    if (sign.certainty == NEED_UNLIKELY || !starts_so_far(inspection))
        weaken_finding(inspection, ELFCHECK_INFO);
}
