/* The table of formats, and writing one of them to a file or directory. */
#include "packer/packer.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "base/text.h"
#include "base/tree.h"
#include "packer/compress/compress.h"
#include "packer/formats/formats.h"
#include "packer/read/read.h"
#include "packer/smallest/smallest.h"

#define FILE_MODE 0666 /* the umask applies */

struct packer_format {
    const char *name;
    const char *file_suffix;      /* NULL: cannot be a file */
    const char *directory_suffix; /* NULL: cannot be a directory */
    int (*write)(const struct packer_job *job, struct sink *sink, struct error *error);
    int (*write_directory)(const struct packer_job *job, int directory, struct error *error);
    /* With --smallest; NULL: there is no such way. */
    int (*write_smallest)(const struct packer_job *job, struct sink *sink, int directory,
                          struct error *error);
    bool takes_seccomp;
    bool needs_layer;    /* a manifest should have one (manifest.md), and has to by its schema */
    const char *warning; /* NULL: there is nothing to warn of */
};

/* A path is matched against the suffixes in this order: the bare ".tar" comes last, and what stands
 * below it is written only where its name is given. */
static const struct packer_format formats[] = {
    {.name = "oci",
     .file_suffix = ".oci.tar",
     .directory_suffix = ".oci",
     .write = oci_write,
     .write_directory = oci_write_directory,
     .write_smallest = oci_write_smallest,
     .needs_layer = true},
    {.name = "combined",
     .file_suffix = ".combined.tar",
     .write = combined_write,
     .write_smallest = combined_write_smallest,
     .needs_layer = true},
    {.name = "bundle",
     .directory_suffix = ".bundle",
     .write_directory = bundle_write_directory,
     .takes_seccomp = true},
    {.name = "rootfs", .file_suffix = ".rootfs.tar", .write = rootfs_write},
    {.name = "docker",
     .file_suffix = ".tar",
     .write = docker_write,
     .write_smallest = docker_write_smallest},
    {.name = "docker-v1",
     .file_suffix = ".tar",
     .write = docker_v1_write,
     .needs_layer = true,
     .warning =
         "only docker up to version 28 loads this format, and not with the containerd store"},
};

#define FORMAT_COUNT (COUNT(formats))

static const struct packer_format *find_format(const char *name, struct error *error)
{
    const char *names[FORMAT_COUNT];
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
        names[i] = formats[i].name;
    }
    text_unknown("format", name, names, FORMAT_COUNT,
                 "choose docker, oci, combined, bundle, rootfs or docker-v1", error);
    return NULL;
}

/* Whether the path is a name and the suffix. */
static bool has_suffix(const char *path, const char *suffix)
{
    return suffix && text_ends_with(path, suffix) && strcmp(path, suffix) != 0;
}

/* Cuts the slashes and the ".gz" or the like off the end of a path, and says what that was. */
static enum packer_compression cut_compression(char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    for (int i = PACKER_PLAIN + 1; i < PACKER_COMPRESSIONS; i++)
        if (has_suffix(path, compressors[i].ending)) {
            path[length - strlen(compressors[i].ending)] = '\0';
            return (enum packer_compression)i;
        }
    return PACKER_PLAIN;
}

static const struct packer_format *find_format_by_path(const char *path)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (has_suffix(path, formats[i].file_suffix) ||
            has_suffix(path, formats[i].directory_suffix))
            return &formats[i];
    return NULL;
}

int packer_choose(const char *name, const char *path, struct packer_target *target,
                  struct error *error)
{
    char *stem TEXT_CLEANUP = NULL;
    *target = (struct packer_target){.two_members = true};
    if (text_copy(&stem, path, error) < 0)
        return -1;
    target->compression = cut_compression(stem);
    target->format = name ? find_format(name, error) : find_format_by_path(stem);
    if (!target->format)
        return name ? -1
                    : error_set(error,
                                "%s: the extension selects no format: use .tar (or .tar.gz, "
                                ".tar.zst, .tar.xz), .oci, .oci.tar, .combined.tar, .bundle or "
                                ".rootfs.tar, or give --format",
                                path);
    bool is_file = target->compression || has_suffix(stem, ".tar") ||
                   strcmp(path, FILE_STANDARD) == 0 || !target->format->directory_suffix;
    if (is_file && !target->format->write)
        return error_set(error, "%s: a %s is a directory, not a file: give it another name", path,
                         target->format->name);
    target->directory = !is_file;
    return 0;
}

const char *packer_list_format(size_t index)
{
    return index < FORMAT_COUNT ? formats[index].name : NULL;
}

const char *packer_format_name(const struct packer_target *target)
{
    return target->format->name;
}

const char *packer_warning(const struct packer_target *target)
{
    return target->format->warning;
}

const char *packer_suffix(const struct packer_target *target)
{
    return target->directory ? target->format->directory_suffix : target->format->file_suffix;
}

#define SPOOL_NAME "the archive's temporary file"

/* Compresses the archive while it is written, or when its size is known. */
static int compress_archive(const struct packer_job *job, struct sink *sink, struct error *error)
{
    const struct packer_target *target = job->target;
    struct compress_sink compress COMPRESS_SINK_CLEANUP = {0};
    size_t first_member = first_member_size(target);
    if (!compressors[target->compression].writes_size)
        return compress_sink_init(&compress, sink, target->compression, first_member, SIZE_UNKNOWN,
                                  error) < 0 ||
                       target->format->write(job, &compress.sink, error) < 0
                   ? -1
                   : compress_sink_finish(&compress, error);
    int fd FD_CLEANUP = temporary_file_open(job->temporary, error);
    struct file_sink file = file_sink(fd, SPOOL_NAME);
    if (fd < 0 || target->format->write(job, &file.sink, error) < 0)
        return -1;
    struct content archive = {.fd = fd, .size = file.size};
    return compress_sink_init(&compress, sink, target->compression, first_member, file.size,
                              error) < 0 ||
                   content_write(&archive, SPOOL_NAME, &compress.sink, error) < 0
               ? -1
               : compress_sink_finish(&compress, error);
}

static void trace_compression(const struct packer_job *job)
{
    const struct packer_target *target = job->target;
    const struct compressor *compressor = &compressors[target->compression];
    int first_member = (int)first_member_size(target);
    if (!first_member)
        trace_text(job->trace, "$ %s image.tar", compressor->command);
    else
        trace_text(job->trace,
                   "$ { head -c %d image.tar | %s; tail -c +%d image.tar | %s; } "
                   ">image.tar%s",
                   first_member, compressor->command, first_member + 1, compressor->command,
                   compressor->ending);
}

static int write_archive(const struct packer_job *job, struct sink *sink, struct error *error)
{
    const struct packer_target *target = job->target;
    if (target->smallest)
        return target->format->write_smallest(job, sink, -1, error);
    if (!target->compression)
        return target->format->write(job, sink, error);
    if (compress_archive(job, sink, error) < 0)
        return -1;
    trace_compression(job);
    return 0;
}

static int write_file(const struct packer_job *job, const char *path, uint64_t *size,
                      struct error *error)
{
    struct output output OUTPUT_CLEANUP = {0};
    if (output_open(&output, path, FILE_MODE, error) < 0 ||
        write_archive(job, &output.file.sink, error) < 0)
        return -1;
    *size = output.file.size;
    return output_commit(&output, error);
}

static int write_directory(const struct packer_job *job, const char *path, uint64_t *size,
                           struct error *error)
{
    const struct packer_target *target = job->target;
    struct output_directory output OUTPUT_DIRECTORY_CLEANUP = {.fd = -1};
    if (output_directory_open(&output, path, error) < 0 ||
        (target->smallest ? target->format->write_smallest(job, NULL, output.fd, error)
                          : target->format->write_directory(job, output.fd, error)) < 0 ||
        tree_size(output.fd, size, error) < 0)
        return -1;
    return output_directory_commit(&output, error);
}

static int write_any(const struct packer_job *job, const char *path, uint64_t *size,
                     struct error *error)
{
    const struct packer_target *target = job->target;
    return target->directory ? write_directory(job, path, size, error)
                             : write_file(job, path, size, error);
}

int packer_write(const struct packer_image *image, const struct packer_target *target,
                 const char *path, const char *temporary, const struct trace *trace, uint64_t *size,
                 struct error *error)
{
    struct packer_job job = {.image = image,
                             .tags = image->tags,
                             .layer_count = image->file_count > 0 || target->format->needs_layer,
                             .target = target,
                             .temporary = temporary,
                             .trace = trace};
    *size = 0;
    if (image->seccomp && !target->format->takes_seccomp)
        return error_set(error,
                         "%s: only a bundle holds a seccomp profile: for an image, pass it to the "
                         "engine by --security-opt seccomp=FILE",
                         path);
    if (target->smallest && (!target->format->write_smallest || target->compression > PACKER_GZIP))
        return error_set(
            error, "%s: --smallest is for docker archives and OCI layouts, plain or .gz", path);
    if (packer_check_config(&image->config, error) < 0)
        return -1;
    for (size_t i = 0; i < image->file_count; i++)
        if (packer_check_path(image->files[i].path, error) < 0)
            return -1;
    return write_any(&job, path, size, error);
}

int packer_convert(struct packer_archive *archive, const char *const *tags,
                   const struct packer_target *target, const char *path, const char *temporary,
                   const struct trace *trace, uint64_t *size, struct error *error)
{
    struct packer_job job = {.archive = archive,
                             .tags = tags,
                             .layer_count = archive->layer_count,
                             .target = target,
                             .temporary = temporary,
                             .trace = trace};
    *size = 0;
    if (packer_verify(archive, error) < 0)
        return -1;
    return write_any(&job, path, size, error);
}
