/* Any bytes as an image: whatever is done with it ends, and finds an error or nothing amiss. */
#include "tests/unit/test_packer_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct packer_limits limits = {
        .unpacked_bytes = 1024 * 1024,
        .unpacked_ratio = 1000,
        .entries = 1000,
        .json_bytes = 64 * 1024,
    };
    struct error error;
    struct buffer out BUFFER_CLEANUP = {0};
    size_t mismatches;
    struct packer_archive *archive PACKER_CLOSE_CLEANUP = builder_open(data, size, &limits, &error);
    if (!archive || packer_inspect_text(archive, &out, &mismatches, &error) < 0)
        return 0;
    struct inspection inspection;
    if (inspect_archive(archive, &inspection, &error) < 0 || inspection.size != archive->tar.size)
        abort(); /* a byte is counted twice, or not at all */
    if (packer_inspect_json(archive, &out, &mismatches, &error) < 0)
        abort();
    return 0;
}
