/* Any bytes as an image: whatever is done with it ends, and finds an error or nothing amiss. */
#include "packer/inspect/bytes.h"
#include "tests/unit/test_packer_read.h"

#define MAGIC "ustar"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* Mostly gives each header the checksum that it should have, which no fuzzer guesses: else nearly
 * every mutant ends at its first changed header. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, most);
    for (size_t i = 0; seed % 4 != 0 && i + TAR_BLOCK_SIZE <= size; i += TAR_BLOCK_SIZE) {
        struct tar_header *header = (struct tar_header *)(data + i);
        if (memcmp(header->magic, MAGIC, strlen(MAGIC)) == 0)
            builder_sum(header);
    }
    return size;
}

static int forget(struct sink *sink, const void *data, size_t size, struct error *error)
{
    (void)sink, (void)data, (void)size, (void)error;
    return 0;
}

static int pass_row(struct bytes_report *report, const struct bytes_row *row, struct error *error)
{
    (void)report, (void)row, (void)error;
    return 0;
}

/* The bits of all rows are those of the file. Its size, of which tar makes whole blocks, decides
 * how they are written, so that each run is short. */
static void explain(struct packer_archive *archive)
{
    struct error error;
    uint64_t size = archive->stored.size;
    bool is_json = (size + size / TAR_BLOCK_SIZE) % 2;
    struct sink sink = {.write = forget};
    struct bytes_report report = {.add_row = pass_row};
    uint64_t bits[BIT_KINDS], sum = 0;
    if (bytes_explain(archive, &report, bits, &error) < 0)
        abort();
    for (size_t i = 0; i < BIT_KINDS; i++)
        sum += bits[i];
    if (sum != size * 8 ||
        (is_json ? packer_explain_json : packer_explain_text)(archive, &sink, &error) < 0)
        abort();
}

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
    struct packer_archive *archive PACKER_CLOSE_CLEANUP =
        packer_open_file(builder_descriptor(data, size), "fuzz", "/tmp", &limits, &error);
    if (!archive || packer_inspect_text(archive, &out, &mismatches, &error) < 0)
        return 0;
    struct inspection inspection;
    if (inspect_archive(archive, &inspection, &error) < 0 || inspection.size != archive->tar.size)
        abort(); /* a byte is counted twice, or not at all */
    if (packer_inspect_json(archive, &out, &mismatches, &error) < 0)
        abort();
    explain(archive);
    return 0;
}
