/* Any bytes as the files of an OCI layout's directory: index.json, then blobs that it may name. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/output.h"
#include "base/read.h"
#include "base/temporary.h"
#include "tests/unit/test_packer_read.h"

#define SEPARATOR "\n--\n" /* between the files */
#define FILES     5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct packer_limits limits = {
        .unpacked_bytes = 1024 * 1024,
        .unpacked_ratio = 1000,
        .entries = 1000,
        .name_bytes = 64 * 1024,
        .json_bytes = 64 * 1024,
    };
    struct error error;
    struct buffer out BUFFER_CLEANUP = {0};
    size_t mismatches;
    char *path TEMPORARY_DIRECTORY_CLEANUP = temporary_directory_create("/dev/shm", &error);
    int directory FD_CLEANUP = open(path, O_RDONLY | O_DIRECTORY);
    if (directory < 0 || mkdirat(directory, "blobs", 0755) < 0 ||
        mkdirat(directory, "blobs/sha256", 0755) < 0)
        abort();
    for (int i = 0; i < FILES && data; i++) {
        char name[128];
        const uint8_t *cut = memmem(data, size, SEPARATOR, strlen(SEPARATOR));
        size_t length = cut ? (size_t)(cut - data) : size;
        struct content content = {.data = data, .size = length};
        snprintf(name, sizeof name, i ? "blobs/sha256/%064d" : "index.json", i);
        if (file_create_at(directory, name, 0644, &content, &error) < 0)
            abort();
        data = cut ? cut + strlen(SEPARATOR) : NULL;
        size -= cut ? length + strlen(SEPARATOR) : size;
    }
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open(path, "/dev/shm", &limits, &error);
    if (archive && packer_inspect_text(archive, &out, &mismatches, &error) == 0 &&
        packer_inspect_json(archive, &out, &mismatches, &error) < 0)
        abort();
    return 0;
}
