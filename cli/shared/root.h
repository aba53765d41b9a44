/* The files around a program that is checked: a directory, an image that was unpacked, or one that
 * is about to be written. */
#pragma once

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/strings.h"
#include "cli/shared/files.h"
#include "elfcheck/elfcheck.h"
#include "packer/packer.h"

struct file_root {
    struct elfcheck_root root;
    int directory;   /* open; -1: `files` */
    char *temporary; /* path of the directory, where it is removed with the root; or NULL */
    const struct image_files *files;
};
#define FILE_ROOT_CLEANUP __attribute__((cleanup(file_root_free)))

/* A directory as the root: links in it do not lead out. */
int file_root_open(struct file_root *root, const char *path, struct error *error);
/* The layers of an image, unpacked into a new directory below `parent`. */
int file_root_unpack(struct file_root *root, struct packer_archive *archive, const char *parent,
                     struct error *error);
/* The files of an image to be, which have to live as long as the root. */
void file_root_list(struct file_root *root, const struct image_files *files);
void file_root_free(struct file_root *root);

/* The path in the root with links resolved, from the heap; unchanged where it leads nowhere. */
char *file_root_resolve(const struct file_root *root, const char *path, struct error *error);

/* The program that an image starts. */
struct entry_point {
    char *name;         /* as the config has it; NULL: it names no command */
    char *found;        /* its path in the root; NULL: it is not there */
    char *path;         /* the same with links resolved */
    char *library_path; /* LD_LIBRARY_PATH in the config, or NULL */
};
#define ENTRY_POINT_CLEANUP __attribute__((cleanup(entry_point_free)))

/* Looks up the program that an image with that config starts, as an engine does: along the PATH of
 * its own environment. */
int entry_point_find(struct entry_point *entry, const cJSON *config, const struct file_root *root,
                     struct error *error);
/* The same of a process. */
int entry_point_look_up(struct entry_point *entry, const struct packer_process *process,
                        const struct file_root *root, struct error *error);
void entry_point_free(struct entry_point *entry);

/* Fails where the config's User names somebody whom the image's files do not know, or who may not
 * start its program, or where the working directory is none. */
int image_process_check(const cJSON *config, const struct file_root *root,
                        const struct entry_point *entry, struct error *error);

/* The value of KEY in a list of KEY=VALUE texts, the last of which counts; or NULL. */
const char *environment_find(const struct strings *environment, const char *key);
