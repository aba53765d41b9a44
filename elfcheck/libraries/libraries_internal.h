/* What the files of this room share: what a file says of libraries, and where its loader looks for
 * them. */
#pragma once

#include "base/strings.h"
#include "elfcheck/libraries/libraries.h"

/* ---- what a file says (linkage.c) ------------------------------------------------------------ */

/*
 * However much a program and its libraries say, so much is kept and done. The largest desktop
 * programs need 300 libraries and say 3 MB.
 */
struct budget {
    size_t bytes; /* of texts, each with what keeping it costs */
    size_t opens; /* of files that may not be there */
};

/* A version of symbols that a file needs of a library (LSB, "Symbol Versioning"). */
struct version {
    char *library; /* as in DT_NEEDED */
    char *name;    /* "GLIBC_2.34" */
};

/* What the dynamic section says of libraries (gABI, "Dynamic Section"). A text that cannot be read
 * is an empty one. */
struct linkage {
    bool exists;           /* there is a PT_DYNAMIC */
    uint64_t offset;       /* of it in the file */
    struct strings needed; /* DT_NEEDED, the first of them */
    size_t needed_count;   /* of all */
    char *name;            /* DT_SONAME, or NULL */
    char *rpath;           /* DT_RPATH, or NULL */
    char *runpath;         /* DT_RUNPATH, or NULL */
    bool has_versions;     /* defines any */
    struct strings versions;
    struct version *needed_versions;
    size_t needed_version_count;
};

/* Reads it as far as file and budget go; -1 where the inspection has failed. */
int linkage_read(struct elfcheck_inspection *inspection, struct budget *budget,
                 struct linkage *linkage);
void linkage_free(struct linkage *linkage);

/* ---- the loader's cache (cache.c) ------------------------------------------------------------ */

/* Reads /etc/ld.so.cache; empty where there is none, or none that glibc would take. */
int cache_read(const struct elfcheck_root *root, struct buffer *cache, struct error *error);
/* Where the cache has the library, or NULL. `is_32bit` tells for which machine. */
const char *cache_find(const struct buffer *cache, const char *name, bool is_32bit);

/* ---- where a loader looks (library_path.c)
 * --------------------------------------------------------- */

enum loader_kind {
    LOADER_OTHER, /* a program that nobody here knows */
    LOADER_GLIBC,
    LOADER_MUSL,
};

/* A dynamic loader and its settings in the root. */
struct search {
    const struct elfcheck_root *root;
    enum loader_kind kind;
    bool is_32bit;
    struct strings directories; /* by default */
    struct buffer cache;
};

/* Reads the loader, an open file, and its settings. -1 where that is not possible. */
int search_init(struct search *search, const struct elfcheck_root *root, int loader,
                const char *path, bool is_32bit, struct error *error);
void search_free(struct search *search);

/* One file of those that are loaded. */
struct object {
    char *path;                  /* in the root */
    char *asked;                 /* the name by which it was found; NULL: the program */
    const struct object *parent; /* who needed it first; NULL: nobody */
    dev_t device;
    ino_t inode;
    struct linkage linkage;
};

/* What comes of a path that is tried. */
enum attempt {
    ATTEMPT_FAILED, /* the search is over without success */
    ATTEMPT_NEXT,   /* the loader looks further */
    ATTEMPT_FOUND,
};
typedef enum attempt search_try(void *context, const char *path);

/* Tries the paths at which the loader looks for a library that the object needs. */
enum attempt search_paths(const struct search *search, const struct object *object,
                          const char *name, struct budget *budget, search_try *attempt,
                          void *context, struct error *error);

/* Opens what the path leads to; a path without a slash in front begins at the root, too. */
int root_open(const struct elfcheck_root *root, const char *path);
