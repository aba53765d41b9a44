/* Any bytes as the layers of an image whose digests are right: nothing leaves the directory. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/read.h"
#include "base/temporary.h"
#include "tests/unit/test_packer_read.h"

#define LAYERS    2
#define SEPARATOR "\n--\n" /* between the layers */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives each block the checksum that it would have as a header, since no fuzzer guesses one. */
static void sum_blocks(struct buffer *layer)
{
    for (size_t i = 0; i + TAR_BLOCK_SIZE <= layer->size; i += TAR_BLOCK_SIZE)
        builder_sum((struct tar_header *)(layer->data + i));
}

static size_t count_entries(const char *path)
{
    DIR *directory = opendir(path);
    size_t count = 0;
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct packer_limits limits = {
        .unpacked_bytes = 1024 * 1024,
        .unpacked_ratio = 1000,
        .entries = 200,
        .name_bytes = 64 * 1024,
        .json_bytes = 64 * 1024,
    };
    struct error error;
    struct buffer tar BUFFER_CLEANUP = {0};
    struct buffer lower BUFFER_CLEANUP = {0}, upper BUFFER_CLEANUP = {0};
    const uint8_t *cut = memmem(data, size, SEPARATOR, strlen(SEPARATOR));
    size_t first = cut ? (size_t)(cut - data) : size;
    buffer_append(&lower, data, first);
    if (cut)
        buffer_append(&upper, cut + strlen(SEPARATOR), size - first - strlen(SEPARATOR));
    sum_blocks(&lower);
    sum_blocks(&upper);
    struct buffer layers[LAYERS] = {lower, upper};
    builder_image(&tar, layers, LAYERS);
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        builder_open(tar.data, tar.size, &limits, &error);
    if (!archive)
        abort();
    char *path TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create("/dev/shm", &error);
    int parent FD_CLEANUP = open(path, O_RDONLY | O_DIRECTORY);
    if (parent < 0 || mkdirat(parent, "rootfs", 0755) < 0)
        abort();
    int rootfs FD_CLEANUP = openat(parent, "rootfs", O_RDONLY | O_DIRECTORY);
    packer_unpack(archive, rootfs, &error);
    if (count_entries(path) != 3) /* ".", ".." and "rootfs" */
        abort();
    return 0;
}
