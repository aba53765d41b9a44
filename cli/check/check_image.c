/* The programs of an image, checked among its files. */
#include "cli/check/check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/check/walk.h"
#include "cli/shared/environment.h"
#include "cli/shared/message.h"
#include "cli/shared/root.h"

/* "app.tar:/usr/bin/server", from the heap. */
static char *name_in(const char *image, const char *path, struct error *error)
{
    char *name;
    text_format(&name, error, "%s:%s", image, path);
    return name;
}

/* The verdict of the entry point comes first, even where it is no ELF file, or is not there. */
static int judge_entry_point(struct judge *judge, const struct entry_point *entry,
                             const struct file_root *root, const char *image, struct stat *status,
                             struct error *error)
{
    struct elfcheck_settings settings = {.root = &root->root, .path = entry->path};
    char *name TEXT_CLEANUP = name_in(image, entry->path ? entry->found : entry->name, error);
    if (!name)
        return -1;
    int fd = entry->path ? root->root.open(root->root.context, entry->path) : -1;
    int number = errno;
    if (fd >= 0 && fstat(fd, status) == 0)
        settings.mode = status->st_mode & 07777;
    judge->seen++;
    if (fd >= 0 || !entry->path)
        return judge_add(judge, fd, name, &settings, error);
    struct error why;
    error_system(&why, number, "cannot open %s", name);
    return judge_add_unread(judge, name, &why, error);
}

static int judge_files(struct judge *judge, struct file_root *root, const struct entry_point *entry,
                       const char *image, struct error *error)
{
    struct stat checked = {0};
    char *prefix TEXT_CLEANUP = name_in(image, "/", error);
    if (!prefix)
        return -1;
    root->root.library_path = entry->library_path;
    if (entry->name && judge_entry_point(judge, entry, root, image, &checked, error) < 0)
        return -1;
    const struct tree tree = {.directory = root->directory,
                              .prefix = prefix,
                              .root = &root->root,
                              .path = "",
                              .checked = entry->path ? &checked : NULL};
    if (walk_tree(judge, &tree, error) < 0)
        return -1;
    /* The files go with this function. */
    return judge_finish(judge, error);
}

/* Each counts as a finding of that severity. */
static void show_warnings(const struct cli_context *context, struct judge *judge,
                          const struct strings *warnings, const char *name)
{
    for (size_t i = 0; i < warnings->count; i++) {
        progress_erase(judge->progress);
        cli_note(context, "whit: warning: %s: %s", name, warnings->items[i]);
    }
    if (warnings->count && judge->code == CLI_OK && judge->policy->fail_level <= ELFCHECK_WARNING)
        judge->code = CLI_FAILED;
}

/* Warns of what docker refuses, which starts nowhere however good its programs are, and of what
 * engines read differently. */
static int warn(const struct cli_context *context, struct judge *judge,
                struct packer_archive *archive, const char *name, struct error *error)
{
    struct strings warnings STRINGS_CLEANUP = {0};
    if (packer_list_refusals(archive, &warnings, error) < 0 ||
        packer_warnings(archive, &warnings, error) < 0)
        return -1;
    show_warnings(context, judge, &warnings, name);
    return 0;
}

/* Warns of what is no mistake in a config, and may be one. */
static int warn_of_config(const struct cli_context *context, struct judge *judge,
                          const cJSON *config, const struct entry_point *entry, const char *name,
                          struct error *error)
{
    const char *os = json_string(config, "os"), *machine = json_string(config, "architecture");
    struct strings warnings STRINGS_CLEANUP = {0};
    char *platform TEXT_CLEANUP = NULL;
    bool is_other = os && machine && (strcmp(os, "linux") != 0 || strcmp(machine, "amd64") != 0);
    if (!entry->name &&
        strings_append(&warnings, "it names no command: whoever runs it has to give one", error) <
            0)
        return -1;
    if (is_other && (text_format(&platform, error,
                                 "its config says %s/%s, and its programs are judged for "
                                 "linux/amd64",
                                 os, machine) < 0 ||
                     strings_append(&warnings, platform, error) < 0))
        return -1;
    show_warnings(context, judge, &warnings, name);
    return 0;
}

int check_image(const struct cli_context *context, struct judge *judge,
                struct packer_archive *archive, const char *name, struct error *error)
{
    struct error why;
    size_t before = judge->added;
    struct file_root root FILE_ROOT_CLEANUP = {.directory = -1};
    struct entry_point entry ENTRY_POINT_CLEANUP = {0};
    if (judge_finish(judge, error) < 0)
        return -1;
    if (warn(context, judge, archive, name, &why) < 0 ||
        file_root_unpack(&root, archive, cli_temporary_parent(), &why) < 0 ||
        entry_point_find(&entry, packer_config(archive), &root, &why) < 0 ||
        warn_of_config(context, judge, packer_config(archive), &entry, name, &why) < 0)
        return judge_add_unread(judge, name, &why, error);
    if (image_process_check(packer_config(archive), &root, &entry, &why) < 0 &&
        (error_prefix(&why, "%s", name), judge_add_fault(judge, name, &why, error) < 0))
        return -1;
    if (judge_files(judge, &root, &entry, name, error) < 0)
        return -1;
    if (judge->added == before) {
        progress_erase(judge->progress);
        cli_note(context, "whit: %s contains no ELF file", name);
    }
    return 0;
}
