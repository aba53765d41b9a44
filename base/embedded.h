/* Files of the repository that are part of the program: tables made at build time by base/embed.sh.
 */
#pragma once

/* A table of them ends with a NULL name. */
struct embedded_file {
    const char *name; /* as in the repository: "templates/hello/hello.asm" */
    const unsigned char *data;
    const unsigned char *end;
};

/* The file of that name, or NULL. */
const struct embedded_file *embedded_find(const struct embedded_file *files, const char *name);
