/*
 * Tar archives, written and read (POSIX.1-2017 pax, "ustar Interchange Format"). What Go's
 * archive/tar makes of an archive counts, because that is what the engines read with.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/extent.h"
#include "base/read.h"

#define TAR_BLOCK_SIZE 512

struct tar_header {
    char name[100];
    char mode[8]; /* numbers are octal digits, ended by a NUL or a space */
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char user[32];
    char group[32];
    char device_major[8];
    char device_minor[8];
    char prefix[155];
    char padding[12];
};
static_assert(sizeof(struct tar_header) == TAR_BLOCK_SIZE, "a tar header is one block");

#define TAR_TYPE_FILE       '0'
#define TAR_TYPE_FILE_V7    '\0'
#define TAR_TYPE_HARD_LINK  '1'
#define TAR_TYPE_SYMLINK    '2'
#define TAR_TYPE_CHARACTER  '3'
#define TAR_TYPE_BLOCK      '4'
#define TAR_TYPE_DIRECTORY  '5'
#define TAR_TYPE_FIFO       '6'
#define TAR_TYPE_CONTIGUOUS '7'
#define TAR_TYPE_PAX        'x'
#define TAR_TYPE_PAX_ALL    'g'
#define TAR_TYPE_GNU_NAME   'L'
#define TAR_TYPE_GNU_LINK   'K'
#define TAR_TYPE_GNU_SPARSE 'S'

/* The sum of a header's bytes with the checksum field taken as spaces. */
unsigned int tar_checksum(const struct tar_header *header);
/* Whether these bytes are a header with a right checksum. */
bool tar_is_header(const struct tar_header *header);

/* ---- writing (tar.c) ------------------------------------------------------------------------- */

/* An extended attribute, as pax records of docker, podman and GNU tar hold it. */
struct tar_xattr {
    const char *name; /* "security.capability" */
    const void *value;
    size_t size;
};
#define TAR_XATTR_KEYWORD "SCHILY.xattr."

/* What a header says. */
struct tar_file {
    const char *path; /* of a directory, with a slash at its end */
    const char *link; /* NULL: none */
    char type;
    mode_t mode;
    int64_t uid, gid; /* of the kinds that struct tar_entry has, too */
    int64_t size, mtime;
    uint32_t device_major, device_minor; /* below 8^7 */
    const struct tar_xattr *xattrs;
    size_t xattr_count;
};

/* Writes a header; a pax header before it where a name or a number does not fit, and for extended
 * attributes. */
int tar_write_any(struct sink *sink, const struct tar_file *file, struct error *error);
/* The same for a regular file: root's, time stamp 0. The content and tar_write_padding follow. */
int tar_write_header(struct sink *sink, const char *path, mode_t mode, uint64_t size,
                     struct error *error);
/* The same for a directory, which has no content. */
int tar_write_directory(struct sink *sink, const char *path, mode_t mode, struct error *error);
/* Fills the last block of a content of that size. */
int tar_write_padding(struct sink *sink, uint64_t size, struct error *error);
/* A whole file: header, content, padding. */
int tar_write_file(struct sink *sink, const char *path, mode_t mode, const struct content *content,
                   struct error *error);
/* The two zero blocks that end an archive. */
int tar_write_end(struct sink *sink, struct error *error);

/* What makes GNU tar write the bytes that tar_write_file writes. */
#define TAR_OPTIONS \
    "--format=ustar --blocking-factor=1 --owner=0 --group=0 --numeric-owner --mtime=@0"

/* ---- reading (tar_read.c, sparse.c) ---------------------------------------------------------- */

/* Bytes of a sparse file that its archive holds. Around them are zeros. */
struct tar_piece {
    uint64_t offset; /* in the file */
    uint64_t size;
};

/* One entry, whatever the dialect it was written in: v7, ustar, GNU or pax. */
struct tar_entry {
    const char *name; /* as it stands in the archive: may be hostile */
    const char *link; /* "" for what is no link */
    char type;        /* TAR_TYPE_*, with the older spellings of a file and a directory resolved;
                         TAR_TYPE_PAX_ALL has nothing but a name and header bytes */
    int64_t mode;     /* not negative; may have bits beyond 07777 */
    int64_t uid;      /* 0 to 2^32 - 2, as gid */
    int64_t gid;
    int64_t size;                   /* of the file, with the holes of a sparse one */
    int64_t mtime;                  /* seconds since 1970, before it too */
    uint64_t offset;                /* of its first header block in the archive */
    uint64_t header_bytes;          /* with long names, pax records and a sparse file's map */
    bool has_magic;                 /* "ustar", of POSIX or GNU */
    size_t records;                 /* of pax */
    const struct tar_xattr *xattrs; /* of one name twice, the last counts */
    size_t xattr_count;
    struct extent content;          /* lies within the archive */
    const struct tar_piece *pieces; /* which the content consists of, by their offsets */
    size_t piece_count;             /* one, unless the file is sparse */
    uint64_t padding;               /* bytes after the content */
};

/* What pax records say of a sparse file, as text. */
struct tar_sparse {
    struct buffer major, minor, name, size, real_size, count, map;
};

struct tar_reader {
    struct extent archive;
    uint64_t offset;    /* of the entry that was read last */
    uint64_t next;      /* of the one to read now; at the end: where the end blocks begin */
    uint64_t end_bytes; /* once the end is reached: of the blocks of zeros there */
    struct buffer name, link;
    struct buffer long_name, long_link, pax; /* of the headers before the entry */
    struct tar_sparse sparse;
    struct buffer pieces; /* struct tar_piece */
    struct buffer xattrs; /* struct tar_xattr, of texts in `pax` */
    uint64_t window_start;
    size_t window_size;
    char window[8 * 1024]; /* of the archive: headers are often close together */
};

/* The reader reads from `archive` without closing it; give it back to tar_reader_free. */
void tar_reader_init(struct tar_reader *reader, const struct extent *archive);
void tar_reader_free(struct tar_reader *reader);
#define TAR_READER_CLEANUP __attribute__((cleanup(tar_reader_free)))

/* 1 and an entry, whose texts and pieces are good until the next call; 0 at the end; -1 on an
 * error. */
int tar_next(struct tar_reader *reader, struct tar_entry *entry, struct error *error);
/* Puts the archive, the last entry's name and its offset in front of the message; returns -1. */
int tar_prefix_error(const struct tar_reader *reader, struct error *error);

/* Writes the file's `size` bytes: the content, and zeros where there are holes. */
int tar_copy_file(const struct tar_entry *entry, struct sink *sink, struct error *error);
