/* Gives the writers an image's layers and config, whether it is made of files or was read. */
#include "packer/formats/formats_internal.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "packer/image/image.h"
#include "packer/read/read.h"

int source_layer_size(const struct packer_job *job, size_t number, uint64_t *size,
                      struct error *error)
{
    if (job->image)
        return layer_size(job->image, size, error);
    *size = job->archive->layers[number].tar.size;
    return 0;
}

int source_layer_write(const struct packer_job *job, size_t number, struct sink *sink,
                       struct error *error)
{
    return job->image ? layer_write(job->image, sink, error)
                      : extent_copy(&job->archive->layers[number].tar, sink, error);
}

const char *source_layer_stored(const struct packer_job *job, size_t number,
                                struct content *content, struct digest *diff_id)
{
    static const char *const media_types[][2] = {
        {"gzip", MEDIA_TYPE_LAYER_GZIP},
        {"zstd", MEDIA_TYPE_LAYER_ZSTD},
    };
    if (job->image)
        return NULL;
    const struct layer *layer = &job->archive->layers[number];
    const struct extent *stored = &layer->stored;
    *content = (struct content){.fd = stored->fd, .offset = stored->offset, .size = stored->size};
    *diff_id = layer->diff_id;
    for (size_t i = 0; i < COUNT(media_types); i++)
        if (strcmp(layer->compression->name, media_types[i][0]) == 0)
            return media_types[i][1];
    return NULL;
}

int source_config(const struct packer_job *job, const struct digest *diff_ids, struct buffer *out,
                  struct error *error)
{
    if (job->image)
        return config_render(job->image, job->layer_count ? diff_ids : NULL, out, error);
    struct buffer_sink sink = buffer_sink(out);
    for (size_t i = 0; i < job->layer_count; i++)
        if (strcmp(job->archive->layers[i].diff_id.hex, diff_ids[i].hex) != 0)
            return error_set(error, "%s has changed since its digests were compared",
                             job->archive->layers[i].name);
    return extent_copy(&job->archive->config_bytes, &sink.sink, error);
}

const cJSON *source_annotations(const struct packer_job *job)
{
    const cJSON *manifest = job->archive ? job->archive->manifest : NULL;
    const cJSON *annotations = cJSON_GetObjectItem(manifest, "annotations");
    return cJSON_IsObject(annotations) ? annotations : NULL;
}

/* ---- what -v shows --------------------------------------------------------------------------- */

static void trace_files(const struct packer_job *job)
{
    const struct packer_image *image = job->image;
    for (size_t i = 0, end; i < image->file_count; i = end) {
        struct buffer command BUFFER_CLEANUP = {0};
        mode_t mode = image->files[i].mode;
        bool has_directory = false;
        for (end = i; end < image->file_count && image->files[end].mode == mode; end++)
            has_directory = has_directory || image->files[end].is_directory;
        buffer_printf(&command, "$ tar %s layer.tar " TAR_OPTIONS "%s --mode=%o", i ? "rf" : "cf",
                      has_directory ? " --no-recursion" : "", mode);
        for (size_t j = i; j < end; j++) {
            buffer_append_text(&command, " ");
            text_quote_shell(&command, image->files[j].path);
        }
        trace_text(job->trace, "%s", buffer_text(&command));
    }
    trace_text(job->trace, "$ sha256sum layer.tar");
}

void source_layer_trace(const struct packer_job *job, size_t number, const struct digest *diff_id)
{
    if (job->image)
        trace_files(job);
    else
        trace_text(job->trace, "# %s, uncompressed", job->archive->layers[number].name);
    trace_text(job->trace, "%s  layer.tar", diff_id->hex);
}
