/* Writes and measures the layer: a tar of the image's files (image-spec, layer.md). */
#include "packer/formats/formats.h"

#include "packer/tar/tar.h"

int layer_write(const struct packer_image *image, struct sink *sink, struct error *error)
{
    for (size_t i = 0; i < image->file_count; i++) {
        const struct packer_file *file = &image->files[i];
        if (file->is_directory
                ? tar_write_directory(sink, file->path, file->mode, error) < 0
                : tar_write_file(sink, file->path, file->mode, &file->content, error) < 0)
            return -1;
    }
    return tar_write_end(sink, error);
}

/* Counts only. */
struct counting_sink {
    struct sink sink;
    uint64_t size;
};

static int count(struct sink *sink, const void *data, size_t size, struct error *error)
{
    (void)data, (void)error;
    ((struct counting_sink *)sink)->size += size;
    return 0;
}

int layer_size(const struct packer_image *image, uint64_t *total, struct error *error)
{
    struct counting_sink counter = {.sink.write = count};
    for (size_t i = 0; i < image->file_count; i++) {
        const struct packer_file *file = &image->files[i];
        uint64_t size = file->is_directory ? 0 : file->content.size;
        if (file->is_directory
                ? tar_write_directory(&counter.sink, file->path, file->mode, error) < 0
                : tar_write_header(&counter.sink, file->path, file->mode, size, error) < 0 ||
                      tar_write_padding(&counter.sink, size, error) < 0)
            return -1;
        if (__builtin_add_overflow(counter.size, size, &counter.size))
            return error_set(error, "the files are larger than any archive");
    }
    if (tar_write_end(&counter.sink, error) < 0)
        return -1;
    *total = counter.size;
    return 0;
}
