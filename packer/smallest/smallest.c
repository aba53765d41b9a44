/* Writing the smallest image: docker archive, OCI layout, or both combined. */
#include "packer/smallest/smallest.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/output.h"
#include "base/read.h"
#include "packer/smallest/golf.h"
#include "packer/tar/tar.h"

/* Larger images are not worth the time: what is chosen here is a few hundred bytes. */
#define MAX_IMAGE_SIZE (1024 * 1024)

#define FILE_MODE   0644
#define FOLDER_MODE 0755

static int read_contents(const struct golf *golf, struct error *error)
{
    const struct packer_image *image = golf->image;
    uint64_t total = 0;
    for (size_t i = 0; i < image->file_count; i++) {
        const struct packer_file *file = &image->files[i];
        struct buffer_sink sink = buffer_sink(&golf->contents[i]);
        if (file->content.size > MAX_IMAGE_SIZE - total)
            return error_set(error,
                             "--smallest is for files of up to %d bytes together, and with '%s' "
                             "they are larger",
                             MAX_IMAGE_SIZE, file->path);
        total += file->content.size;
        if (strlen(file->path) > sizeof((struct tar_header *)0)->name)
            return error_set(error, "--smallest: the path '%s' has more than 100 bytes",
                             file->path);
        if (!file->is_directory && content_write(&file->content, file->path, &sink.sink, error) < 0)
            return -1;
    }
    return 0;
}

static int write_tar(const struct golf *golf, const struct golf_image *made, struct sink *sink,
                     struct error *error)
{
    struct buffer packed BUFFER_CLEANUP = {0};
    const struct buffer *out = golf->is_gzip ? &packed : &made->tar;
    if (golf->is_gzip && golf_compress(golf, made, &packed, error) < 0)
        return -1;
    return sink_write(sink, out->data, out->size, error);
}

static int write_files(const struct golf_image *made, int directory, struct error *error)
{
    static const char *const folders[] = {"blobs", "blobs/sha256"};
    for (size_t i = 0; i < COUNT(folders); i++)
        if (directory_create_at(directory, folders[i], FOLDER_MODE, error) < 0)
            return -1;
    for (size_t i = 0; i < made->count; i++) {
        const struct golf_file *file = &made->files[i];
        struct content content = {.data = file->content.data, .size = file->content.size};
        if (file_create_at(directory, file->name, FILE_MODE, &content, error) < 0)
            return -1;
    }
    return 0;
}

static void trace_files(const struct trace *trace, const struct golf_image *made)
{
    for (size_t i = 0; i < made->count; i++) {
        const struct golf_file *file = &made->files[i];
        const char first = file->content.size ? (char)file->content.data[0] : 0;
        if (first == '{' || first == '[')
            trace_text(trace, "%s: %s", file->name, buffer_text(&file->content));
        else
            trace_text(trace, "%s: the layer, %zu bytes", file->name, file->content.size);
    }
}

/* To a sink, or where that is NULL, to a directory. */
static int write_golfed(const struct packer_job *job, struct golf *golf, struct sink *sink,
                        int directory, struct error *error)
{
    struct golf_image made GOLF_IMAGE_CLEANUP = {0};
    struct golf_shape shape = {
        {[GOLF_SPELLING] = !golf->is_strict, [GOLF_PROGRAM] = 'l' - 'a', [GOLF_NAME] = 'c' - 'a'}};
    if (read_contents(golf, error) < 0)
        return -1;
    if (golf->is_gzip || golf->is_directory)
        golf_search(golf, job->target->smallest, &shape);
    if (interrupt_check(error) < 0 || golf_make(golf, &shape, golf_rounds(golf), &made, error) < 0)
        return -1;
    trace_files(job->trace, &made);
    return sink ? write_tar(golf, &made, sink, error) : write_files(&made, directory, error);
}

static int golf_image(const struct packer_job *job, bool has_docker, bool has_oci,
                      struct sink *sink, int directory, struct error *error)
{
    const struct packer_target *target = job->target;
    struct golf golf = {.image = job->image,
                        .has_docker = has_docker,
                        .has_oci = has_oci,
                        .is_gzip = target->compression == PACKER_GZIP,
                        .is_directory = target->directory,
                        .is_strict = target->strict,
                        .needs = target->needs,
                        .first_member = first_member_size(target)};
    golf.contents = calloc(job->image->file_count + 1, sizeof *golf.contents);
    if (!golf.contents)
        return error_set(error, "out of memory");
    int result = write_golfed(job, &golf, sink, directory, error);
    for (size_t i = 0; i < job->image->file_count; i++)
        buffer_free(&golf.contents[i]);
    free(golf.contents);
    return result;
}

int docker_write_smallest(const struct packer_job *job, struct sink *sink, int directory,
                          struct error *error)
{
    return golf_image(job, true, false, sink, directory, error);
}

int oci_write_smallest(const struct packer_job *job, struct sink *sink, int directory,
                       struct error *error)
{
    return golf_image(job, false, true, sink, directory, error);
}

int combined_write_smallest(const struct packer_job *job, struct sink *sink, int directory,
                            struct error *error)
{
    return golf_image(job, true, true, sink, directory, error);
}
