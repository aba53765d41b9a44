/* Archives made in memory, well-formed or hostile, for the tests and fuzzers of packer/'s readers.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "packer/image/image.h"
#include "packer/read/read_internal.h"

/* Zero is a file of mode 0644, root's, empty. */
struct builder_entry {
    const char *name, *link;
    char type;
    const void *content;
    size_t size;
    mode_t mode;
    unsigned uid, gid;
    unsigned long mtime;
    const char *magic; /* "ustar\0" "00" unless given, 8 bytes */
};

/* As many octal digits as there is room for before a NUL. */
static inline void builder_octal(char *field, size_t size, unsigned long number)
{
    for (size_t i = size - 1; i-- > 0; number /= 8)
        field[i] = (char)('0' + number % 8);
}

static inline void builder_sum(struct tar_header *header)
{
    builder_octal(header->checksum, sizeof header->checksum, tar_checksum(header));
}

static inline struct tar_header builder_header(const struct builder_entry *entry)
{
    struct tar_header header = {.type = entry->type ? entry->type : TAR_TYPE_FILE};
    memcpy(header.name, entry->name, strnlen(entry->name, sizeof header.name));
    if (entry->link)
        memcpy(header.link, entry->link, strnlen(entry->link, sizeof header.link));
    builder_octal(header.mode, sizeof header.mode, entry->mode ? entry->mode : 0644);
    builder_octal(header.uid, sizeof header.uid, entry->uid);
    builder_octal(header.gid, sizeof header.gid, entry->gid);
    builder_octal(header.size, sizeof header.size, entry->size);
    builder_octal(header.mtime, sizeof header.mtime, entry->mtime);
    memcpy(header.magic,
           entry->magic ? entry->magic
                        : "ustar\0"
                          "00",
           8);
    builder_sum(&header);
    return header;
}

static inline void builder_pad(struct buffer *tar)
{
    static const char zeros[TAR_BLOCK_SIZE];
    buffer_append(tar, zeros, (TAR_BLOCK_SIZE - tar->size % TAR_BLOCK_SIZE) % TAR_BLOCK_SIZE);
}

static inline void builder_add(struct buffer *tar, struct builder_entry entry)
{
    struct tar_header header = builder_header(&entry);
    buffer_append(tar, &header, sizeof header);
    if (entry.content)
        buffer_append(tar, entry.content, entry.size);
    builder_pad(tar);
}

static inline void builder_file(struct buffer *tar, const char *name, const char *content)
{
    builder_add(tar,
                (struct builder_entry){.name = name, .content = content, .size = strlen(content)});
}

static inline void builder_end(struct buffer *tar)
{
    static const char zeros[2 * TAR_BLOCK_SIZE];
    buffer_append(tar, zeros, sizeof zeros);
}

static inline struct digest builder_digest(const struct buffer *bytes)
{
    struct digest digest;
    struct error error;
    if (hash_bytes(bytes->data, bytes->size, &digest, &error) < 0)
        abort();
    return digest;
}

/* A docker archive of these layers, each named by the diff ID that it has. */
static inline void builder_image(struct buffer *tar, const struct buffer *layers, size_t count)
{
    struct buffer config BUFFER_CLEANUP = {0}, manifest BUFFER_CLEANUP = {0};
    buffer_append_text(&config, "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Cmd\":"
                                "[\"/hello\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[");
    buffer_append_text(&manifest, "[{\"Config\":\"config\",\"RepoTags\":[\"a:b\"],\"Layers\":[");
    for (size_t i = 0; i < count; i++) {
        const char *comma = i ? "," : "";
        buffer_printf(&config, "%s\"sha256:%s\"", comma, builder_digest(&layers[i]).hex);
        buffer_printf(&manifest, "%s\"%zu.tar\"", comma, i + 1);
        char name[32];
        snprintf(name, sizeof name, "%zu.tar", i + 1);
        builder_add(tar, (struct builder_entry){
                             .name = name, .content = layers[i].data, .size = layers[i].size});
    }
    buffer_append_text(&config, "]}}");
    buffer_append_text(&manifest, "]}]");
    builder_file(tar, "config", buffer_text(&config));
    builder_file(tar, "manifest.json", buffer_text(&manifest));
    builder_end(tar);
}

/* An unnamed file that holds the bytes, open at its beginning. */
static inline int builder_descriptor(const void *data, size_t size)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    if (fd < 0 || (size && pwrite(fd, data, size, 0) != (ssize_t)size))
        abort();
    return fd;
}

/* Opens bytes as packer_open opens a file. The archive, or NULL and the error. */
static inline struct packer_archive *
builder_open(const void *data, size_t size, const struct packer_limits *limits, struct error *error)
{
    char path[64];
    int fd FD_CLEANUP = builder_descriptor(data, size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return packer_open(path, "/tmp", limits ? limits : &packer_default_limits, error);
}
