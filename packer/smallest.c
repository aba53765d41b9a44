/*
 * The smallest docker archive. What no engine asks for is left out (docs/engines.md): fields of tar
 * headers but name, mode, size and checksum, the end of the archives, and of the config what is
 * known anyway. What is left free is chosen by what compresses best: the order of the files, their
 * names, how keys are spelled and ordered.
 */
#include "packer/packer_internal.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"

#define MANIFEST_NAME "manifest.json"

/* Larger images are not worth the time: what is chosen here is a few hundred bytes. */
#define LARGEST_FILE (1024 * 1024)

/* What zopfli may take in while searching, and in the rounds of the end: some seconds each. */
#define SEARCH_BYTES  (1536 * 1024)
#define FINAL_BYTES   (2048 * 1024)
#define SEARCH_ROUNDS 5
#define FINAL_ROUNDS  200
#define MOST_THREADS  8

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
#define LETTERS (sizeof letters - 1)

/* In octal; whoever runs the program may do so. */
static const char *const modes[] = {"111", "555", "755"};
#define MODES (sizeof modes / sizeof *modes)

/* ---- what is free ---------------------------------------------------------------------------- */

enum choice {
    ORDER,    /* of layer, config and manifest in the archive */
    SPELLING, /* of keys: as the specification has it, or in lower case, which Go's reader takes */
    KEYS,     /* of the config: which of the two comes first */
    MODE,     /* of the program */
    PROGRAM,  /* its name, and the layer's */
    CONFIG,   /* the config's name */
    CHOICES,
};

static const size_t counts[CHOICES] = {6, 2, 2, MODES, LETTERS, LETTERS};

struct shape {
    unsigned char value[CHOICES];
};

enum entry { ENTRY_LAYER, ENTRY_CONFIG, ENTRY_MANIFEST, ENTRIES };

static const unsigned char orders[][ENTRIES] = {
    {ENTRY_LAYER, ENTRY_CONFIG, ENTRY_MANIFEST}, {ENTRY_LAYER, ENTRY_MANIFEST, ENTRY_CONFIG},
    {ENTRY_CONFIG, ENTRY_LAYER, ENTRY_MANIFEST}, {ENTRY_CONFIG, ENTRY_MANIFEST, ENTRY_LAYER},
    {ENTRY_MANIFEST, ENTRY_LAYER, ENTRY_CONFIG}, {ENTRY_MANIFEST, ENTRY_CONFIG, ENTRY_LAYER},
};

/* What is packed, and how. */
struct golf {
    const struct packer_image *image;
    struct buffer *contents; /* of each file */
    bool is_gzip;            /* the whole archive, rather than the layer in it */
    bool has_architecture;
    size_t first_member;
    const struct trace *trace; /* of what is written in the end */
};

/* ---- tar ------------------------------------------------------------------------------------- */

/* Fills the block that the last file ended in; the last one of all stays open. */
static void append_padding(struct buffer *tar)
{
    static const char zeros[TAR_BLOCK_SIZE];
    buffer_append(tar, zeros, -tar->size % TAR_BLOCK_SIZE);
}

/* A header of the oldest kind. What is NUL is 0 for all readers: owner, group, time, a file. */
static void append_header(struct buffer *tar, const char *name, const char *mode, char type,
                          size_t size)
{
    struct tar_header header = {.type = type};
    append_padding(tar);
    memcpy(header.name, name, strnlen(name, sizeof header.name));
    memcpy(header.mode, mode, strnlen(mode, sizeof header.mode));
    if (size)
        snprintf(header.size, sizeof header.size, "%o", (unsigned)size); /* far below 4 GiB */
    snprintf(header.checksum, sizeof header.checksum, "%o", tar_checksum(&header));
    buffer_append(tar, &header, sizeof header);
}

static void append_file(struct buffer *tar, const char *name, const struct buffer *content)
{
    append_header(tar, name, "", TAR_TYPE_FILE_V7, content->size);
    buffer_append(tar, content->data, content->size);
}

static void append_layer(const struct golf *golf, const struct shape *shape, struct buffer *tar)
{
    const struct packer_image *image = golf->image;
    for (size_t i = 0; i < image->file_count; i++) {
        const struct packer_file *file = &image->files[i];
        char mode[8], letter[] = {letters[shape->value[PROGRAM]], 0};
        snprintf(mode, sizeof mode, "%o", (unsigned)file->mode & 07777);
        append_header(tar, image->is_name_free ? letter : file->path,
                      image->is_name_free ? modes[shape->value[MODE]] : mode,
                      file->is_directory ? TAR_TYPE_DIRECTORY : TAR_TYPE_FILE_V7,
                      golf->contents[i].size);
        buffer_append(tar, golf->contents[i].data, golf->contents[i].size);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void lower_keys(cJSON *object)
{
    cJSON *item;
    cJSON_ArrayForEach (item, object)
        for (char *letter = item->string; letter && *letter; letter++)
            *letter = (char)tolower((unsigned char)*letter);
}

/* What engines need of the config: what to run, and which layers. */
static int append_config(const struct golf *golf, const struct shape *shape,
                         const struct digest *diff_id, struct buffer *out, struct error *error)
{
    struct packer_image image = *golf->image;
    const char path[] = {'/', letters[shape->value[PROGRAM]], 0};
    const char *const command[] = {path, NULL};
    if (image.is_name_free)
        image.config.command = command;
    cJSON *document JSON_CLEANUP = config_document(&image, diff_id, error);
    if (!document)
        return -1;
    if (image.config.created == 0)
        cJSON_DeleteItemFromObject(document, "created");
    if (!golf->has_architecture)
        cJSON_DeleteItemFromObject(document, "architecture");
    cJSON_DeleteItemFromObject(document, "os");
    cJSON *rootfs = cJSON_DetachItemFromObject(document, "rootfs");
    cJSON_DeleteItemFromObject(rootfs, "type");
    if (!diff_id)
        cJSON_DeleteItemFromObject(rootfs, "diff_ids");
    cJSON *config = cJSON_DetachItemFromObject(document, "config");
    if (shape->value[SPELLING])
        lower_keys(config);
    if (!config->child) {
        cJSON_Delete(config);
        config = NULL;
    }
    if (config && !shape->value[KEYS])
        cJSON_AddItemToObject(document, "config", config);
    cJSON_AddItemToObject(document, "rootfs", rootfs);
    if (config && shape->value[KEYS])
        cJSON_AddItemToObject(document, "config", config);
    return json_render(document, out, error);
}

static int append_manifest(const struct golf *golf, const struct shape *shape, struct buffer *out,
                           struct error *error)
{
    const char config[] = {letters[shape->value[CONFIG]], 0};
    const char layer[] = {letters[shape->value[PROGRAM]], 0};
    cJSON *document JSON_CLEANUP = cJSON_CreateArray();
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddItemToArray(document, entry);
    cJSON_AddStringToObject(entry, "Config", config);
    const char *const *tag = golf->image->tags;
    cJSON *tags = tag && *tag ? cJSON_AddArrayToObject(entry, "RepoTags") : NULL;
    for (; tags && *tag; tag++)
        cJSON_AddItemToArray(tags, cJSON_CreateString(*tag));
    if (golf->image->file_count)
        cJSON_AddItemToArray(cJSON_AddArrayToObject(entry, "Layers"), cJSON_CreateString(layer));
    if (shape->value[SPELLING])
        lower_keys(entry);
    return json_render(document, out, error);
}

/* ---- the archive ----------------------------------------------------------------------------- */

static unsigned final_rounds(size_t size)
{
    size_t rounds = FINAL_BYTES / (size + 1);
    return rounds > FINAL_ROUNDS ? FINAL_ROUNDS : rounds < 1 ? 1 : (unsigned)rounds;
}

/* The archive of a shape, before it is compressed. */
static int render(const struct golf *golf, const struct shape *shape, struct buffer *tar,
                  struct error *error)
{
    struct buffer layer BUFFER_CLEANUP = {0}, packed BUFFER_CLEANUP = {0};
    struct buffer config BUFFER_CLEANUP = {0}, manifest BUFFER_CLEANUP = {0};
    struct digest diff_id;
    bool has_layer = golf->image->file_count > 0;
    append_layer(golf, shape, &layer);
    if (buffer_check(&layer, error) < 0 ||
        hash_bytes(layer.data, layer.size, &diff_id, error) < 0 ||
        append_config(golf, shape, has_layer ? &diff_id : NULL, &config, error) < 0 ||
        append_manifest(golf, shape, &manifest, error) < 0)
        return -1;
    if (has_layer && !golf->is_gzip)
        zopfli_append(&layer, 0, final_rounds(layer.size), &packed);
    const struct buffer *stored = golf->is_gzip || packed.size > layer.size ? &layer : &packed;
    const char layer_name[] = {letters[shape->value[PROGRAM]], 0};
    const char config_name[] = {letters[shape->value[CONFIG]], 0};
    for (size_t i = 0; i < ENTRIES; i++)
        switch (orders[shape->value[ORDER]][i]) {
        case ENTRY_LAYER:
            if (has_layer)
                append_file(tar, layer_name, stored);
            if (has_layer)
                trace_text(golf->trace, "%s: the layer, %zu bytes%s", layer_name, stored->size,
                           stored == &packed ? ", compressed" : "");
            break;
        case ENTRY_CONFIG:
            append_file(tar, config_name, &config);
            trace_text(golf->trace, "%s: %s", config_name, buffer_text(&config));
            break;
        default:
            append_file(tar, MANIFEST_NAME, &manifest);
            trace_text(golf->trace, MANIFEST_NAME ": %s", buffer_text(&manifest));
            break;
        }
    return buffer_check(tar, error);
}

/* What a shape costs, in bits, and the size of its archive; UINT64_MAX where it cannot be. */
static uint64_t cost(const struct golf *golf, const struct shape *shape, size_t *size)
{
    struct buffer tar BUFFER_CLEANUP = {0};
    struct error ignored;
    /* One name for two files would be one too many. */
    if (shape->value[PROGRAM] == shape->value[CONFIG] || render(golf, shape, &tar, &ignored) < 0)
        return UINT64_MAX;
    *size = tar.size;
    return zopfli_bits(&tar, golf->first_member, SEARCH_ROUNDS);
}

/* ---- the search ------------------------------------------------------------------------------ */

/* All values of one choice, tried by several threads. */
struct trial {
    const struct golf *golf;
    const struct shape *shape;
    enum choice choice;
    size_t first, step;
    uint64_t *costs; /* of each value */
};

static void *try_values(void *argument)
{
    struct trial *trial = argument;
    for (size_t i = trial->first; i < counts[trial->choice]; i += trial->step) {
        struct shape shape = *trial->shape;
        size_t ignored;
        shape.value[trial->choice] = (unsigned char)i;
        trial->costs[i] = interrupt_signal() ? UINT64_MAX : cost(trial->golf, &shape, &ignored);
    }
    return NULL;
}

static void try_choice(const struct golf *golf, const struct shape *shape, enum choice choice,
                       uint64_t costs[static LETTERS])
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = cores > MOST_THREADS ? MOST_THREADS : cores > 1 ? (size_t)cores : 1;
    struct trial trials[MOST_THREADS] = {0};
    pthread_t ids[MOST_THREADS];
    size_t started = 0;
    for (size_t i = 0; i < threads; i++)
        trials[i] = (struct trial){golf, shape, choice, i, threads, costs};
    while (started + 1 < threads &&
           pthread_create(&ids[started], NULL, try_values, &trials[started + 1]) == 0)
        started++;
    try_values(&trials[0]);
    for (size_t i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    for (size_t i = started + 1; i < threads; i++)
        try_values(&trials[i]); /* that got no thread */
}

/* One choice after the other, as long as any of them makes it smaller, and not too much has been
 * tried: bytes rather than seconds, so that the result is the same anywhere. */
static void search(const struct golf *golf, struct shape *best)
{
    size_t size = 0, spent = 0;
    uint64_t least = cost(golf, best, &size);
    for (size_t since = 0, choice = 0; since < CHOICES && !interrupt_signal();
         choice = (choice + 1) % CHOICES) {
        uint64_t costs[LETTERS];
        since++;
        if ((choice == MODE && !golf->image->is_name_free) ||
            spent + counts[choice] * size > SEARCH_BYTES)
            continue;
        spent += counts[choice] * size;
        try_choice(golf, best, (enum choice)choice, costs);
        for (size_t i = 0; i < counts[choice]; i++)
            if (costs[i] < least) {
                least = costs[i];
                best->value[choice] = (unsigned char)i;
                since = 0;
            }
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static int read_contents(const struct golf *golf, struct error *error)
{
    const struct packer_image *image = golf->image;
    for (size_t i = 0; i < image->file_count; i++) {
        const struct packer_file *file = &image->files[i];
        struct buffer_sink sink = buffer_sink(&golf->contents[i]);
        if (file->content.size > LARGEST_FILE)
            return error_set(error, "--smallest is for files of up to %d bytes, and '%s' is larger",
                             LARGEST_FILE, file->path);
        if (strlen(file->path) > sizeof((struct tar_header *)0)->name)
            return error_set(error, "--smallest: the path '%s' has more than 100 bytes",
                             file->path);
        if (!file->is_directory && content_write(&file->content, file->path, &sink.sink, error) < 0)
            return -1;
    }
    return 0;
}

static int write_golfed(struct golf *golf, const struct trace *trace, struct sink *sink,
                        struct error *error)
{
    struct shape shape = {{[SPELLING] = 1, [PROGRAM] = 'l' - 'a', [CONFIG] = 'c' - 'a'}};
    struct buffer tar BUFFER_CLEANUP = {0}, packed BUFFER_CLEANUP = {0};
    if (read_contents(golf, error) < 0)
        return -1;
    if (golf->is_gzip)
        search(golf, &shape);
    golf->trace = trace;
    if (interrupt_check(error) < 0 || render(golf, &shape, &tar, error) < 0)
        return -1;
    if (!golf->is_gzip)
        return sink_write(sink, tar.data, tar.size, error);
    zopfli_append(&tar, golf->first_member, final_rounds(tar.size), &packed);
    return buffer_check(&packed, error) < 0 ? -1
                                            : sink_write(sink, packed.data, packed.size, error);
}

int docker_write_smallest(const struct packer_job *job, const struct packer_target *target,
                          struct sink *sink, struct error *error)
{
    struct golf golf = {.image = job->image,
                        .is_gzip = target->compression == PACKER_GZIP,
                        .has_architecture = target->needs_architecture,
                        .first_member = first_member_size(target)};
    golf.contents = calloc(job->image->file_count + 1, sizeof *golf.contents);
    if (!golf.contents)
        return error_set(error, "out of memory");
    int result = write_golfed(&golf, job->trace, sink, error);
    for (size_t i = 0; i < job->image->file_count; i++)
        buffer_free(&golf.contents[i]);
    free(golf.contents);
    return result;
}
