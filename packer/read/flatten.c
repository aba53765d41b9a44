/*
 * Several layers as one tar (image-spec, layer.md): the entries that no higher layer hides, each
 * byte for byte with its headers, in the order of the layers. No file is unpacked for it.
 *
 * A path remembers when it was put last, and when it, or all below it, was hidden: time is a count
 * of what was done. What is visible in the end was put after it, and all above it, were hidden.
 */
#include "packer/read/read_internal.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "packer/image/image.h"

struct position {
    const struct layer *layer;
    uint64_t offset; /* of an entry in the layer's tar */
};

struct node {
    struct node *above; /* NULL: the root */
    char *name;
    char type;            /* of what is there; 0: nothing ever was */
    bool is_implied;      /* a directory that has no entry: `from` is one below it */
    bool is_filled;       /* something visible is below it */
    struct position from; /* that entry */
    uint64_t size;        /* with headers and padding */
    uint32_t put;
    uint32_t hidden;       /* it, and all below it */
    uint32_t emptied;      /* all below it */
    struct position inode; /* the entry with the content: of a hard link, another */
    struct node *target;   /* of a hard link */
};

struct overlay {
    struct packer_archive *archive;
    const struct layer *layer; /* of the entry that is visited */
    void *nodes;               /* by tsearch(3) */
    size_t count;
    uint32_t time;
    struct node **visible;
    size_t visible_count;
    struct strings *replaced; /* takes what is said of links that become directories; NULL: they are
                                 refused */
};

static int compare_nodes(const void *left, const void *right)
{
    const struct node *a = left, *b = right;
    if (a->above != b->above)
        return a->above < b->above ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void free_node(void *pointer)
{
    struct node *node = pointer;
    free(node->name);
    free(node);
}

static void overlay_free(struct overlay *overlay)
{
    tdestroy(overlay->nodes, free_node);
    free(overlay->visible);
}
#define OVERLAY_CLEANUP __attribute__((cleanup(overlay_free)))

/* ---- paths ----------------------------------------------------------------------------------- */

static struct node *add_node(struct overlay *overlay, const struct node *key, struct error *error)
{
    struct node *node = calloc(1, sizeof *node);
    char *name = strdup(key->name);
    if (node && name) {
        *node = (struct node){.above = key->above, .name = name};
        if (tsearch(node, &overlay->nodes, compare_nodes)) {
            overlay->count++;
            return node;
        }
    }
    free(name);
    free(node);
    error_set(error, "out of memory");
    return NULL;
}

static void append_path(const struct node *node, struct buffer *path)
{
    if (!node->above)
        return;
    append_path(node->above, path);
    buffer_append_text(path, node->name);
    buffer_append_text(path, "/");
}

static size_t layer_number(const struct overlay *overlay, const struct layer *layer)
{
    return (size_t)(layer - overlay->archive->layers) + 1;
}

/* Of what is not a directory, and has something below it: a higher layer's, unless it is the same.
 */
static int replace(struct overlay *overlay, const struct node *node, struct error *error)
{
    struct buffer path BUFFER_CLEANUP = {0}, text BUFFER_CLEANUP = {0};
    if (!overlay->replaced)
        return error_set(error,
                         "refused: its parent %s is a link or a file, not a directory: write a "
                         ".bundle, which unpacks the layers",
                         node->name);
    if (node->from.layer == overlay->layer)
        return 0;
    append_path(node, &path);
    buffer_printf(
        &text,
        "/%.*s is a %s in layer %zu, and layer %zu has files below it: overlay replaces it "
        "by a directory, %s: list them under the path that it leads to",
        (int)path.size - 1, buffer_text(&path),
        node->type == TAR_TYPE_SYMLINK ? "symbolic link" : "file",
        layer_number(overlay, node->from.layer), layer_number(overlay, overlay->layer),
        node->type == TAR_TYPE_SYMLINK ? "vfs and whit follow it" : "vfs fails");
    return buffer_check(&path, error) < 0 || buffer_check(&text, error) < 0
               ? -1
               : strings_append(overlay->replaced, buffer_text(&text), error);
}

/* Where something is put, so are directories above it. */
static int imply(struct overlay *overlay, struct node *node, uint32_t hidden,
                 const struct position *from, struct error *error)
{
    bool is_there = node->type && node->put > hidden;
    if (is_there && node->type == TAR_TYPE_DIRECTORY)
        return 0;
    if (is_there && replace(overlay, node, error) < 0)
        return -1;
    node->type = TAR_TYPE_DIRECTORY;
    node->is_implied = true;
    node->put = ++overlay->time;
    node->from = *from;
    return 0;
}

/* The node of a path by path_join, made where it is not there. Where `from` is an entry that is put
 * there, all above it has to be a directory, or becomes one. */
static struct node *find(struct overlay *overlay, char *path, const struct position *from,
                         struct error *error)
{
    struct node *node = NULL;
    uint32_t hidden = 0; /* when all at this path was, last */
    for (char *name = path;;) {
        struct node key = {.above = node, .name = name};
        char *slash = strchr(name, '/');
        if (slash)
            *slash = '\0';
        struct node *const *found = tfind(&key, &overlay->nodes, compare_nodes);
        /* Of a directory without an entry no limit knows yet. */
        if (!found && slash && archive_spend_entries(overlay->archive, 1, error) < 0)
            return NULL;
        node = found ? *found : add_node(overlay, &key, error);
        if (slash)
            *slash = '/';
        if (!node || !slash)
            return node;
        hidden = node->hidden > hidden ? node->hidden : hidden;
        if (from && imply(overlay, node, hidden, from, error) < 0)
            return NULL;
        hidden = node->emptied > hidden ? node->emptied : hidden;
        name = slash + 1;
    }
}

static bool is_visible(const struct node *node)
{
    uint32_t put = node->put;
    if (!node->type || put < node->hidden)
        return false;
    for (node = node->above; node; node = node->above)
        if (put < node->hidden || put < node->emptied)
            return false;
    return true;
}

/* ---- passes over the layers ------------------------------------------------------------------ */

/* As in all engines, "/etc" is the image's. */
static int join(struct buffer *path, const char *name, struct error *error)
{
    buffer_append_text(path, PATH_ROOT);
    const char *reason = path_join(path, name + strspn(name, "/"), false);
    return reason ? error_set(error, "refused: %s", reason) : 0;
}

/* A whiteout hides what lower layers hold, wherever in its own layer it stands. */
static int hide(void *context, const struct tar_entry *entry, struct error *error)
{
    struct overlay *overlay = context;
    struct buffer path BUFFER_CLEANUP = {0};
    if (join(&path, entry->name, error) < 0)
        return -1;
    char *whiteout = (char *)path_whiteout(buffer_text(&path));
    if (!whiteout)
        return 0;
    bool is_opaque = strcmp(whiteout, WHITEOUT_OPAQUE) == 0;
    const char *hidden = whiteout + strlen(WHITEOUT_PREFIX);
    if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
        return error_set(error, "refused: a whiteout names no file");
    if (is_opaque)
        whiteout[-1] = '\0';
    else
        memmove(whiteout, hidden, strlen(hidden) + 1);
    /* A whiteout alone makes overlay replace a link above it, too. */
    const struct position position = {overlay->layer, entry->offset};
    struct node *node =
        find(overlay, (char *)path.data, overlay->replaced ? &position : NULL, error);
    if (!node)
        return -1;
    *(is_opaque ? &node->emptied : &node->hidden) = ++overlay->time;
    return 0;
}

static int link_node(struct overlay *overlay, struct node *node, const char *link,
                     struct error *error)
{
    struct buffer path BUFFER_CLEANUP = {0};
    if (join(&path, link, error) < 0)
        return error_prefix(error, "link to %s", link);
    struct node *target = find(overlay, (char *)path.data, NULL, error);
    if (!target)
        return -1;
    if (!is_visible(target) || target->type == TAR_TYPE_DIRECTORY)
        return error_set(error, "refused: it links to %s, which does not exist", link);
    node->target = target;
    node->inode = target->inode;
    return 0;
}

static int put(void *context, const struct tar_entry *entry, struct error *error)
{
    static const char types[] = {TAR_TYPE_FILE,      TAR_TYPE_HARD_LINK, TAR_TYPE_SYMLINK,
                                 TAR_TYPE_CHARACTER, TAR_TYPE_BLOCK,     TAR_TYPE_DIRECTORY,
                                 TAR_TYPE_FIFO};
    struct overlay *overlay = context;
    struct buffer path BUFFER_CLEANUP = {0};
    if (!memchr(types, entry->type, sizeof types))
        return error_set(error, "refused: unsupported entry type '%c'", entry->type);
    if (join(&path, entry->name, error) < 0)
        return -1;
    if (path_whiteout(buffer_text(&path)))
        return 0;
    const struct position position = {overlay->layer, entry->offset};
    struct node *node = find(overlay, (char *)path.data, &position, error);
    if (!node)
        return -1;
    if (!node->above && entry->type != TAR_TYPE_DIRECTORY)
        return error_set(error, "refused: it would replace the root directory");
    /* Only two directories become one. */
    if (entry->type != TAR_TYPE_DIRECTORY)
        node->hidden = ++overlay->time;
    node->inode = position;
    if (entry->type == TAR_TYPE_HARD_LINK && link_node(overlay, node, entry->link, error) < 0)
        return -1;
    node->put = ++overlay->time;
    node->type = entry->type;
    node->is_implied = false;
    node->from = position;
    node->size = entry->header_bytes + entry->content.size + entry->padding;
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static int compare_positions(const struct position *left, const struct position *right)
{
    if (left->layer != right->layer)
        return left->layer < right->layer ? -1 : 1;
    return left->offset == right->offset ? 0 : left->offset < right->offset ? -1 : 1;
}

static int compare_entries(const void *left, const void *right)
{
    const struct node *const *a = left, *const *b = right;
    return compare_positions(&(*a)->from, &(*b)->from);
}

static void collect(const void *pointer, VISIT visit, void *closure)
{
    struct node *const *node = pointer;
    struct overlay *overlay = closure;
    if ((visit != postorder && visit != leaf) || !is_visible(*node))
        return;
    overlay->visible[overlay->visible_count++] = *node;
    for (struct node *above = (*node)->above; above && !above->is_filled; above = above->above)
        above->is_filled = true;
}

/* As engines make it for what is below; with nothing below any more, it takes an entry. */
static int write_implied(const struct node *node, struct sink *sink, struct error *error)
{
    struct buffer path BUFFER_CLEANUP = {0};
    append_path(node, &path);
    if (buffer_check(&path, error) < 0)
        return -1;
    const struct tar_file directory = {
        .path = buffer_text(&path), .type = TAR_TYPE_DIRECTORY, .mode = IMPLIED_MODE};
    return path.size && !node->is_filled ? tar_write_any(sink, &directory, error) : 0;
}

/* Whether the name that a hard link names is still the same file, and stands before it. */
static bool is_target_there(const struct node *node)
{
    return is_visible(node->target) && compare_positions(&node->target->inode, &node->inode) == 0 &&
           compare_positions(&node->target->from, &node->from) < 0;
}

static int read_entry(const struct position *position, struct tar_reader *reader,
                      struct tar_entry *entry, struct error *error)
{
    tar_reader_init(reader, &position->layer->tar);
    reader->next = position->offset;
    return tar_next(reader, entry, error) < 0 ? -1 : 0;
}

/* The hard link takes the content over from the name that is gone. */
static int write_copy(const struct node *node, struct sink *sink, struct error *error)
{
    struct tar_reader link_reader TAR_READER_CLEANUP = {0}, file_reader TAR_READER_CLEANUP = {0};
    struct tar_entry link, file;
    if (read_entry(&node->from, &link_reader, &link, error) < 0 ||
        read_entry(&node->inode, &file_reader, &file, error) < 0)
        return -1;
    if (file.type != TAR_TYPE_FILE)
        return error_set(error,
                         "%s: the hard link %s is to something other than a file, which a higher "
                         "layer hides: write a .bundle, which unpacks the layers",
                         node->from.layer->name, link.name);
    const struct tar_file copy = {.path = link.name,
                                  .type = TAR_TYPE_FILE,
                                  .mode = (mode_t)file.mode & 07777,
                                  .uid = file.uid,
                                  .gid = file.gid,
                                  .mtime = file.mtime,
                                  .size = file.size,
                                  .xattrs = file.xattrs,
                                  .xattr_count = file.xattr_count};
    if (tar_write_any(sink, &copy, error) < 0 || tar_copy_file(&file, sink, error) < 0)
        return -1;
    return tar_write_padding(sink, (uint64_t)file.size, error);
}

static int write_node(const struct node *node, struct sink *sink, struct error *error)
{
    if (node->is_implied)
        return write_implied(node, sink, error);
    if (node->type == TAR_TYPE_HARD_LINK && !is_target_there(node))
        return write_copy(node, sink, error);
    struct extent entry = node->from.layer->tar;
    entry.offset += node->from.offset;
    entry.size = node->size;
    /* The last entry of a tar may lack its padding. */
    return extent_copy(&entry, sink, error) < 0 ? -1 : tar_write_padding(sink, node->size, error);
}

int flatten_write(struct packer_archive *archive, struct sink *sink, struct error *error)
{
    struct overlay overlay OVERLAY_CLEANUP = {.archive = archive};
    for (size_t i = 0; i < archive->layer_count; i++) {
        overlay.layer = &archive->layers[i];
        if (layer_visit(overlay.layer, hide, &overlay, error) < 0)
            return -1;
        /* Of one that has no whiteouts all is visible. */
        if (archive->layer_count == 1 && overlay.time == 0)
            return extent_copy(&overlay.layer->tar, sink, error);
        if (layer_visit(overlay.layer, put, &overlay, error) < 0)
            return -1;
    }
    overlay.visible = calloc(overlay.count + 1, sizeof(struct node *));
    if (!overlay.visible)
        return error_set(error, "out of memory");
    twalk_r(overlay.nodes, collect, &overlay);
    qsort(overlay.visible, overlay.visible_count, sizeof(struct node *), compare_entries);
    for (size_t i = 0; i < overlay.visible_count; i++)
        if (write_node(overlay.visible[i], sink, error) < 0)
            return -1;
    return tar_write_end(sink, error);
}

int packer_warnings(struct packer_archive *archive, struct strings *warnings, struct error *error)
{
    struct overlay overlay OVERLAY_CLEANUP = {.archive = archive, .replaced = warnings};
    struct error ignored;
    if (archive_load_layers(archive, error) < 0)
        return -1;
    /* What is refused in a layer is said when it is unpacked, whose cost is the same. */
    uint64_t entries = archive->entries;
    for (size_t i = 0; i < archive->layer_count && archive->layer_count > 1; i++) {
        overlay.layer = &archive->layers[i];
        if (layer_visit(overlay.layer, hide, &overlay, &ignored) < 0 ||
            layer_visit(overlay.layer, put, &overlay, &ignored) < 0)
            break;
    }
    archive->entries = entries;
    return interrupt_check(error);
}
