/* Indexes the files of an archive or a layout's directory, and finds them by name. */
#include "packer/read/read_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/read.h"
#include "base/text.h"

#define MEMBERS_LIMIT 65536 /* a file for each blob: the largest docker save has some thousands */
#define NAMES_LIMIT   (16 * 1024 * 1024) /* bytes of their names */
#define LINK_HOPS     8

/* Of a name only its end sorts before a slash: what lies below a member follows it at once. */
static unsigned char rank(char byte)
{
    return byte == '/' ? 1 : byte == 1 ? '/' : (unsigned char)byte;
}

static int compare_members(const void *left, const void *right)
{
    const char *a = ((const struct member *)left)->name, *b = ((const struct member *)right)->name;
    while (*a && *a == *b)
        a++, b++;
    return rank(*a) - rank(*b);
}

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
    struct member **indexed = tsearch(member, &archive->member_index, compare_members);
    if (!indexed) {
        free(copy);
        free(member);
        error_set(error, "out of memory");
        return NULL;
    }
    /* The last of one name counts. */
    member->twin = *indexed == member ? NULL : *indexed;
    *indexed = member;
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
    archive->member_name_bytes += path.size;
    if (archive->member_name_bytes > NAMES_LIMIT)
        return error_set(error,
                         "the names of its files take more than %d bytes, far more than an "
                         "image has blobs",
                         NAMES_LIMIT);
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

/* A walk over the members in the order of compare_members. */
struct search_below {
    const struct packer_archive *archive;
    const struct member *link; /* the last one */
    struct error *error;
    int result;
};

static const struct member *find_link(const struct member *member)
{
    while (member && !member->link)
        member = member->twin;
    return member;
}

static void refuse_below(const void *pointer, VISIT visit, void *closure)
{
    const struct member *const *member = pointer;
    struct search_below *search = closure;
    size_t length = search->link ? strlen(search->link->name) : 0;
    if ((visit != postorder && visit != leaf) || search->result < 0)
        return;
    if (length && strncmp((*member)->name, search->link->name, length) == 0 &&
        (*member)->name[length] == '/')
        search->result =
            error_set(search->error, "%s: refused: the file %s lies below the link %s",
                      search->archive->path, member_path(*member), member_path(search->link));
    search->link = find_link(*member);
}

int members_check(const struct packer_archive *archive, struct error *error)
{
    struct search_below search = {.archive = archive, .error = error};
    twalk_r(archive->member_index, refuse_below, &search);
    return search.result;
}

static void leave_alone(void *member)
{
    (void)member;
}

void members_free(struct packer_archive *archive)
{
    tdestroy(archive->member_index, leave_alone);
    for (struct member *member = archive->members, *next; member; member = next) {
        next = member->next;
        if (archive->directory >= 0)
            close(member->content.fd);
        free(member->name);
        free(member->link);
        free(member);
    }
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

static struct member *find_indexed(const struct packer_archive *archive, const char *name)
{
    const struct member key = {.name = (char *)name};
    struct member *const *found = tfind(&key, &archive->member_index, compare_members);
    return found ? *found : NULL;
}

static int hash_member(struct packer_archive *archive, const struct member *member,
                       struct digest *digest, struct error *error)
{
    return archive_spend_bytes(archive, member->content.size, error) < 0
               ? -1
               : extent_hash(&member->content, digest, error);
}

/* Of two files with one name docker reads the last, podman the first: they have to be equal. */
static int check_twins(struct packer_archive *archive, struct member *last, struct error *error)
{
    struct digest first, second;
    if (!last->twin || last->twins_agree)
        return 0;
    if (hash_member(archive, last, &second, error) < 0)
        return -1;
    for (const struct member *twin = last->twin; twin; twin = twin->twin) {
        if (hash_member(archive, twin, &first, error) < 0)
            return -1;
        if (last->link || twin->link || strcmp(first.hex, second.hex) != 0)
            return error_set(error,
                             "%s holds two different files %s: docker reads the last, podman the "
                             "first",
                             archive->path, member_path(last));
    }
    last->twins_agree = true;
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
        *found = find_indexed(archive, target);
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
