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
    uint64_t offset;       /* of it in the file; 0 where there is none */
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
struct library_search {
    const struct elfcheck_root *root;
    enum loader_kind kind;
    bool is_32bit;
    struct strings directories; /* by default */
    struct buffer cache;
};

/* Reads the loader, an open file, and its settings. -1 where that is not possible. */
int library_search_init(struct library_search *search, const struct elfcheck_root *root, int loader,
                        const char *path, bool is_32bit, struct error *error);
void library_search_free(struct library_search *search);

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
typedef enum attempt try_library_path(void *context, const char *path);

/* Tries the paths at which the loader looks for a library that the object needs. */
enum attempt try_library_paths(const struct library_search *search, const struct object *object,
                               const char *name, struct budget *budget, try_library_path *attempt,
                               void *context, struct error *error);

/* Opens what the path leads to; a path without a slash in front begins at the root, too. */
int root_open(const struct elfcheck_root *root, const char *path);

/* ---- what is loaded (objects.c) -------------------------------------------------------------- */

#define MAX_OBJECTS 1000

/* What is known of a program's libraries. */
struct libraries {
    struct budget budget;
    struct library_search search;
    bool is_loadable;                    /* the loader is there, and one that is known */
    struct object *loader;               /* which has loaded itself */
    struct object *objects[MAX_OBJECTS]; /* the program, and what it needs, breadth first */
    size_t count;
    bool is_too_much; /* there are more than anybody looks at */
};

/* What the program itself says of libraries, read once; NULL where the inspection has failed. */
struct libraries *libraries_of(struct elfcheck_inspection *inspection);
/* A new object, found under the name `asked` (NULL: the program); NULL where memory ran out. */
struct object *object_new(struct elfcheck_inspection *inspection, const char *path,
                          const char *asked, const struct object *parent);
/* The object that is loaded under that name, or NULL. */
const struct object *find_loaded(const struct libraries *libraries, const char *name);

/* Appends a name from a file; something else where it is empty. */
void append_library_name(const char *name, struct buffer *out);
/* Appends "a, b and 2 more": `count` names, of which the first are in the list. */
void append_library_names(const struct strings *names, size_t count, struct buffer *out);
/* Adds a finding at the dynamic section whose message is in the buffer. */
void report_library_finding(struct elfcheck_inspection *inspection, const struct buffer *message);

/* ---- the loader (loader.c) ------------------------------------------------------------------- */

/* Looks for the loader that would load a library, and keeps it; false where it is not there. */
bool find_loader(struct elfcheck_inspection *inspection);

/* ---- versions (versions.c) ------------------------------------------------------------------- */

/* Adds a finding for each library whose versions are not those that the object needs. */
void judge_versions(struct elfcheck_inspection *inspection, const struct object *object);
