/* What the readers of tar archives share. */
#pragma once

#include "packer/tar/tar.h"

/* A header's field: octal digits, or GNU's binary form. */
bool tar_parse_number(const char *field, size_t size, int64_t *value);
void tar_set_text(struct buffer *text, const char *data, size_t size);

/* ---- sparse files (sparse.c) ----------------------------------------------------------------- */

/* Where the map of a file's pieces is: nowhere, in headers of type 'S', or as pax records say. */
enum sparse_form {
    SPARSE_UNKNOWN = -1, /* an error */
    SPARSE_NOT,
    SPARSE_HEADERS,
    SPARSE_RECORDS,
    SPARSE_CONTENT, /* before the file's bytes */
};

/* Takes the pax records that come once for each piece. The value is followed by a NUL. */
int sparse_add_record(struct tar_reader *reader, const char *keyword, const char *value,
                      size_t size, struct error *error);
enum sparse_form sparse_find_form(const struct tar_reader *reader, const struct tar_header *header,
                                  struct error *error);
/* Reads what stands in an 'S' header and in blocks after it, before the content: the entry's size
 * too. */
int sparse_read_headers(struct tar_reader *reader, const struct tar_header *header,
                        struct tar_entry *entry, struct error *error);
/* Given the content as it is stored: completes the entry's name, size, content and pieces. */
int sparse_read_map(struct tar_reader *reader, enum sparse_form form, struct tar_entry *entry,
                    struct error *error);
