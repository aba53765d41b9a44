/* Indexes the files of an archive or a layout's directory, and finds them by name. */
#include "packer/read/read_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "base/read.h"
#include "base/text.h"

#define MEMBERS_LIMIT 65536 /* a file for each blob: the largest docker save has some thousands */
#define LINKS_LIMIT   4096  /* docker save links a layer that it has saved already */
#define LINK_HOPS     8

static struct member *add_member(struct packer_archive *archive, const char *name,
                                 const struct extent *content, struct error *error)
{
    struct member *member = calloc(1, sizeof *member);
    char *copy = strdup(name);
    if (!member || !copy) {
        free(member);
        free(copy);
        error_set(error, "out of memory");
        return NULL;
    }
    *member = (struct member){
        .next = archive->members, .name = copy, .content = *content, .stored = content->size};
    archive->members = member;
    archive->member_count++;
    return member;
}

/* What a link points to, as a member's name; "", which none has, where it leads out. */
static char *link_target(const struct tar_entry *entry, const char *name)
{
    struct buffer path BUFFER_CLEANUP = {0};
    bool symbolic = entry->type == TAR_TYPE_SYMLINK;
    /* A symbolic link is relative to its directory, a hard link to the archive's root. */
    size_t start = symbolic ? (size_t)(strrchr(name, '/') - name) : strlen(PATH_ROOT);
    buffer_append(&path, name, start);
    return strdup(path_join(&path, entry->link, symbolic) ? "" : buffer_text(&path));
}

/* The bytes of a file: those in the archive, or in the spool where they have holes there. */
static int find_content(struct packer_archive *archive, const struct tar_entry *entry,
                        struct extent *content, struct error *error)
{
    uint64_t start = archive->spool.size;
    *content = entry->content;
    if (content->size == (uint64_t)entry->size)
        return 0;
    if (tar_copy_file(entry, &archive->spool.sink, error) < 0)
        return -1;
    *content = spool_extent(&archive->spool, start, archive->path);
    return 0;
}

int member_index(struct packer_archive *archive, struct tally *tally, const struct tar_entry *entry,
                 struct error *error)
{
    struct buffer path BUFFER_CLEANUP = {0};
    buffer_append_text(&path, PATH_ROOT);
    bool link = entry->type == TAR_TYPE_SYMLINK || entry->type == TAR_TYPE_HARD_LINK;
    const char *reason = path_join(&path, entry->name, false);
    if (reason)
        return error_set(error, "refused: %s, which engines read differently", reason);
    bool named = path.size > strlen(PATH_ROOT);
    if (!named || (!link && entry->type != TAR_TYPE_FILE)) {
        tally->bytes[BYTES_OTHER] += entry->content.size;
        return 0;
    }
    if (archive->member_count == MEMBERS_LIMIT)
        return error_set(error, "there are more than %d files, far more than an image has blobs",
                         MEMBERS_LIMIT);
    struct extent content;
    if (find_content(archive, entry, &content, error) < 0)
        return -1;
    struct member *member = add_member(archive, buffer_text(&path), &content, error);
    if (!member)
        return -1;
    member->stored = entry->content.size;
    if (link && !(member->link = link_target(entry, member->name)))
        return error_set(error, "out of memory");
    return 0;
}

int members_check(const struct packer_archive *archive, struct error *error)
{
    size_t links = 0;
    for (const struct member *link = archive->members; link; link = link->next) {
        if (!link->link)
            continue;
        if (++links > LINKS_LIMIT)
            return error_set(error,
                             "%s holds more than %d links, far more than an image has layers",
                             archive->path, LINKS_LIMIT);
        size_t length = strlen(link->name);
        for (const struct member *member = archive->members; member; member = member->next)
            if (strncmp(member->name, link->name, length) == 0 && member->name[length] == '/')
                return error_set(error, "%s: refused: the file %s lies below the link %s",
                                 archive->path, member_path(member), member_path(link));
    }
    return 0;
}

/* A file of a layout's directory: 1, 0 where there is none, -1. */
static int open_member(struct packer_archive *archive, const char *name, struct error *error)
{
    struct stat status;
    /* Opening a FIFO would otherwise wait for somebody who writes to it. */
    int fd FD_CLEANUP = open_beneath(archive->directory, name, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0 && errno == EXDEV)
        return error_set(error,
                         "cannot open %s in %s: a symbolic link leads out of it: copy the layout "
                         "with its links followed (cp -RL)",
                         name + strlen(PATH_ROOT "/"), archive->path);
    if (fd < 0)
        return error_system(error, errno, "cannot open %s in %s", name, archive->path);
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return error_set(error, "%s in %s is not a file", name, archive->path);
    struct extent content = {fd, 0, (uint64_t)status.st_size, archive->path};
    if (!add_member(archive, name, &content, error))
        return -1;
    fd = -1;
    return 1;
}

/* The one of that name, from `member` on towards the archive's start; or NULL. */
static struct member *find_from(struct member *member, const char *name)
{
    while (member && strcmp(member->name, name) != 0)
        member = member->next;
    return member;
}

/* Of two files with one name docker reads the last, podman the first: they have to be equal. */
static int check_twins(struct packer_archive *archive, const struct member *last,
                       struct error *error)
{
    const struct member *twin = last;
    struct digest first, second;
    while ((twin = find_from(twin->next, last->name))) {
        if (archive_spend_bytes(archive, last->content.size, error) < 0 ||
            archive_spend_bytes(archive, twin->content.size, error) < 0 ||
            extent_hash(&last->content, &first, error) < 0 ||
            extent_hash(&twin->content, &second, error) < 0)
            return -1;
        if (last->link || twin->link || strcmp(first.hex, second.hex) != 0)
            return error_set(error,
                             "%s holds two different files %s: docker reads the last, podman the "
                             "first",
                             archive->path, member_path(last));
    }
    return 0;
}

int member_find(struct packer_archive *archive, const char *name, struct member **found,
                struct error *error)
{
    struct buffer path BUFFER_CLEANUP = {0};
    buffer_append_text(&path, PATH_ROOT);
    if (path_join(&path, name, false))
        return 0;
    const char *target = buffer_text(&path);
    for (int hop = 0; hop <= LINK_HOPS; hop++) {
        *found = find_from(archive->members, target);
        if (*found && check_twins(archive, *found, error) < 0)
            return -1;
        if (!*found && archive->directory >= 0) {
            int opened = open_member(archive, target, error);
            if (opened < 0)
                return -1;
            *found = opened ? archive->members : NULL;
        }
        if (!*found || !(*found)->link)
            return *found ? 1 : 0;
        target = (*found)->link;
    }
    return error_set(error, "%s: %s has too many levels of links", archive->path, name);
}

const char *member_path(const struct member *member)
{
    return member->name + strlen(PATH_ROOT "/");
}

struct member *member_need(struct packer_archive *archive, const char *name, struct error *error)
{
    struct member *member;
    int found = member_find(archive, name, &member, error);
    if (found == 0)
        error_set(error, "%s lacks the file %s that it names", archive->path, name);
    return found > 0 ? member : NULL;
}

cJSON *member_read_json(const struct packer_archive *archive, const struct member *member,
                        struct error *error)
{
    struct buffer text BUFFER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(&text);
    char *name TEXT_CLEANUP = NULL;
    if (text_format(&name, error, "%s: %s", archive->path, member_path(member)) < 0)
        return NULL;
    if (member->content.size > archive->limits.json_bytes) {
        error_set(error, "%s has %llu bytes, more than %llu: --limit=json=SIZE allows more", name,
                  (unsigned long long)member->content.size,
                  (unsigned long long)archive->limits.json_bytes);
        return NULL;
    }
    if (extent_copy(&member->content, &sink.sink, error) < 0)
        return NULL;
    return json_parse(text.data, text.size, name, error);
}
