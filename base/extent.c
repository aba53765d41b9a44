#include "base/extent.h"

#include "base/read.h"

int extent_read(const struct extent *extent, uint64_t at, void *data, size_t size,
                struct error *error)
{
    if (at > extent->size || size > extent->size - at)
        return error_set(error, "%s ends before byte %llu", extent->name,
                         (unsigned long long)at + size);
    return file_read_at(extent->fd, extent->name, extent->offset + at, data, size, error);
}

int extent_copy(const struct extent *extent, struct sink *sink, struct error *error)
{
    return file_copy_to_sink(extent->fd, extent->name, extent->offset, extent->size, sink, error);
}

int extent_hash(const struct extent *extent, struct digest *digest, struct error *error)
{
    struct hash_sink hash HASH_SINK_CLEANUP = {0};
    if (hash_sink_init(&hash, NULL, error) < 0 || extent_copy(extent, &hash.sink, error) < 0)
        return -1;
    return hash_sink_finish(&hash, digest, error);
}
