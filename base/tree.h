/*
 * Walks directory trees of any depth. Names are taken relative to open directories, so that paths
 * may be longer than PATH_MAX and a directory that is renamed meanwhile does no harm. Only the
 * nearest directories stay open; the way back to the others is "..", where it leads to the same
 * one.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"

enum tree_event {
    TREE_FILE,   /* anything but a directory */
    TREE_ENTER,  /* a directory, before what is in it */
    TREE_LEAVE,  /* the same directory, after that */
    TREE_FAILED, /* a directory that cannot be opened, or that leads back to one above it */
};

struct tree_entry {
    enum tree_event event;
    size_t depth;       /* 0: where the walk began */
    const char *path;   /* from there, without a slash in front: "usr/bin"; "" at depth 0 */
    const char *name;   /* the last component of `path` */
    int parent;         /* the open directory that holds it; -1 at depth 0 and where it is lost */
    int fd;             /* TREE_ENTER, TREE_LEAVE: itself, open */
    unsigned char kind; /* DT_REG, ...; DT_UNKNOWN: it cannot be examined */
    size_t count;       /* TREE_ENTER: of the entries in it */
    /*
     * An errno value. TREE_FAILED: why. TREE_ENTER: its entries cannot be read to the end.
     * TREE_LEAVE: the directory above cannot be reached again, and what is left of it is passed
     * over. Else 0.
     */
    int failure;
};

/* An entry of a directory that is sorted. */
struct tree_name {
    char *name;
    unsigned char kind;
    bool is_link; /* with TREE_FOLLOW: `kind` is that of its target */
};

/* Compares two struct tree_name, as qsort(3) wants it. */
typedef int tree_order(const void *left, const void *right);
/* By name, directories last. */
tree_order tree_files_first;
/* As the whole paths compare, byte by byte. */
tree_order tree_by_path;

#define TREE_FOLLOW 0x1u /* symbolic links are what they lead to */
#define TREE_GRANT  0x2u /* gives the owner all rights for each directory before it is opened */

struct tree_level;

struct tree_walk {
    int start;
    unsigned flags;
    tree_order *order;
    struct buffer path;
    struct tree_level *levels;
    size_t depth;
    bool is_begun, is_leaving;
};

/* `directory` stays the caller's, and open. A NULL `order` is none. */
struct tree_walk tree_walk(int directory, unsigned flags, tree_order *order);
/* 1 and an entry, whose path is good until the next call; 0 at the end; -1 where memory runs out.
 * Does not look for interrupts, so that cleanups can use it. */
int tree_next(struct tree_walk *walk, struct tree_entry *entry, struct error *error);
/* After TREE_ENTER: passes over what is in that directory. */
void tree_skip(struct tree_walk *walk);
void tree_walk_free(struct tree_walk *walk);
#define TREE_WALK_CLEANUP __attribute__((cleanup(tree_walk_free)))

/* Removes whatever is in an open directory. Goes on after a failure, and reports the first. */
int tree_remove_children(int directory, struct error *error);
/* Removes a file or a whole tree; that there is none is no failure. */
int tree_remove(int directory, const char *name, struct error *error);

/* Adds up the sizes of all regular files below an open directory. */
int tree_size(int directory, uint64_t *size, struct error *error);
