/*
 * Writing the smallest image: docker archive, OCI layout, or both combined. Reads the files, has
 * the search choose a candidate, and writes that one's image.
 */
#include "packer/smallest/smallest.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/output.h"
#include "base/read.h"
#include "packer/formats/formats.h"
#include "packer/smallest/candidate.h"
#include "packer/smallest/cost.h"
#include "packer/smallest/search.h"
#include "packer/tar/tar.h"

/* Larger images are not worth the time: what is saved is a few hundred bytes. */
#define MAX_IMAGE_SIZE (1024 * 1024)

#define FILE_MODE   0644
#define FOLDER_MODE 0755

static int read_contents(const struct search_space *space, struct error *error)
{
    const struct packer_image *image = space->image;
    uint64_t total = 0;
    for (size_t i = 0; i < image->file_count; i++) {
        const struct packer_file *file = &image->files[i];
        struct buffer_sink sink = buffer_sink(&space->contents[i]);
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

static int write_tar(const struct search_space *space, const struct candidate_image *image,
                     struct sink *sink, struct error *error)
{
    struct buffer compressed BUFFER_CLEANUP = {0};
    const struct buffer *out = space->is_gzip ? &compressed : &image->tar;
    if (space->is_gzip && cost_compress(space, image, &compressed, error) < 0)
        return -1;
    return sink_write(sink, out->data, out->size, error);
}

static int write_files(const struct candidate_image *image, int directory, struct error *error)
{
    static const char *const folders[] = {"blobs", "blobs/sha256"};
    for (size_t i = 0; i < COUNT(folders); i++)
        if (directory_create_at(directory, folders[i], FOLDER_MODE, error) < 0)
            return -1;
    for (size_t i = 0; i < image->count; i++) {
        const struct candidate_file *file = &image->files[i];
        struct content content = {.data = file->content.data, .size = file->content.size};
        if (file_create_at(directory, file->name, FILE_MODE, &content, error) < 0)
            return -1;
    }
    return 0;
}

static void trace_files(const struct trace *trace, const struct candidate_image *image)
{
    for (size_t i = 0; i < image->count; i++) {
        const struct candidate_file *file = &image->files[i];
        const char first = file->content.size ? (char)file->content.data[0] : 0;
        if (first == '{' || first == '[')
            trace_text(trace, "%s: %s", file->name, buffer_text(&file->content));
        else
            trace_text(trace, "%s: the layer, %zu bytes", file->name, file->content.size);
    }
}

/* To the sink, or where that is NULL, into the directory. */
static int search_and_write(const struct packer_job *job, struct search_space *space,
                            struct sink *sink, int directory, struct error *error)
{
    struct candidate_image image CANDIDATE_IMAGE_CLEANUP = {0};
    struct candidate candidate = {{[CHOICE_SPELLING] = !space->is_strict,
                                   [CHOICE_PROGRAM_NAME] = 'l' - 'a',
                                   [CHOICE_CONFIG_NAME] = 'c' - 'a'}};
    if (read_contents(space, error) < 0)
        return -1;
    if (space->is_gzip || space->is_directory)
        search_improve(space, job->target->smallest, &candidate);
    if (interrupt_check(error) < 0 ||
        candidate_build(space, &candidate, cost_final_rounds(space), &image, error) < 0)
        return -1;
    trace_files(job->trace, &image);
    return sink ? write_tar(space, &image, sink, error) : write_files(&image, directory, error);
}

static int write_smallest(const struct packer_job *job, bool has_docker, bool has_oci,
                          struct sink *sink, int directory, struct error *error)
{
    const struct packer_target *target = job->target;
    struct search_space space = {.image = job->image,
                                 .has_docker = has_docker,
                                 .has_oci = has_oci,
                                 .is_gzip = target->compression == PACKER_GZIP,
                                 .is_directory = target->directory,
                                 .is_strict = target->strict,
                                 .needs = target->needs,
                                 .first_member = first_member_size(target)};
    space.contents = calloc(job->image->file_count + 1, sizeof *space.contents);
    if (!space.contents)
        return error_set(error, "out of memory");
    int result = search_and_write(job, &space, sink, directory, error);
    for (size_t i = 0; i < job->image->file_count; i++)
        buffer_free(&space.contents[i]);
    free(space.contents);
    return result;
}

int docker_write_smallest(const struct packer_job *job, struct sink *sink, int directory,
                          struct error *error)
{
    return write_smallest(job, true, false, sink, directory, error);
}

int oci_write_smallest(const struct packer_job *job, struct sink *sink, int directory,
                       struct error *error)
{
    return write_smallest(job, false, true, sink, directory, error);
}

int combined_write_smallest(const struct packer_job *job, struct sink *sink, int directory,
                            struct error *error)
{
    return write_smallest(job, true, true, sink, directory, error);
}
