/*
 * What a candidate costs. While many are compared, few rounds of zopfli and a single division into
 * blocks have to do; the one that is written is compressed in every way there is.
 */
#include "packer/smallest/cost.h"

#include "base/interrupt.h"
#include "packer/smallest/zopfli.h"

#define SEARCH_ROUNDS    4
#define MAX_FINAL_ROUNDS 200
#define FINAL_BYTES      (2048 * 1024) /* that zopfli may read in these, some seconds' worth */
#define GZIP_FRAME_SIZE  18            /* RFC 1952, 2.3: header and trailer */

static uint64_t uncompressed_bits(const struct candidate_image *image)
{
    uint64_t bits = 8 * (uint64_t)image->tar.size;
    for (size_t i = 0; !image->tar.size && i < image->count; i++)
        bits += 8 * (uint64_t)image->files[i].content.size;
    return bits;
}

static struct zopfli_plan make_plan(const struct search_space *space,
                                    const struct candidate_image *image,
                                    enum block_division division, unsigned rounds)
{
    return (struct zopfli_plan){.first_member = space->first_member,
                                .last_block = division == ONE_BLOCK ? 0 : image->program_offset,
                                .is_last_fixed = division == PROGRAM_FIXED,
                                .rounds = rounds};
}

uint64_t cost_of(const struct search_space *space, const struct candidate *candidate,
                 enum block_division division)
{
    struct candidate_image image CANDIDATE_IMAGE_CLEANUP = {0};
    struct error ignored;
    if (interrupt_signal())
        return COST_UNKNOWN;
    if (candidate_build(space, candidate, SEARCH_ROUNDS, &image, &ignored) < 0)
        return COST_IMPOSSIBLE;
    if (!space->is_gzip)
        return uncompressed_bits(&image);
    const struct zopfli_plan plan = make_plan(space, &image, division, SEARCH_ROUNDS);
    return zopfli_bits(&image.tar, &plan);
}

uint64_t cost_to_size(const struct search_space *space, uint64_t cost)
{
    const unsigned members = 1 + (space->first_member > 0);
    return (cost + 7) / 8 + (space->is_gzip ? members * GZIP_FRAME_SIZE : 0);
}

enum block_division cost_choose_division(const struct search_space *space,
                                         const struct candidate *candidate)
{
    enum block_division best = ONE_BLOCK;
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < BLOCK_DIVISIONS; i++) {
        uint64_t cost = cost_of(space, candidate, (enum block_division)i);
        if (cost < least) {
            least = cost;
            best = (enum block_division)i;
        }
    }
    return best;
}

uint64_t cost_input_size(const struct search_space *space, const struct candidate *candidate)
{
    struct candidate_image image CANDIDATE_IMAGE_CLEANUP = {0};
    struct error ignored;
    return candidate_build(space, candidate, 1, &image, &ignored) < 0
               ? 1
               : 1 + uncompressed_bits(&image) / 8;
}

unsigned cost_final_rounds(const struct search_space *space)
{
    uint64_t size = 1;
    for (size_t i = 0; i < space->image->file_count; i++)
        size += space->contents[i].size;
    uint64_t rounds = FINAL_BYTES / size;
    return rounds > MAX_FINAL_ROUNDS ? MAX_FINAL_ROUNDS : rounds < 1 ? 1 : (unsigned)rounds;
}

/* Compresses the image, and keeps that in `out` where it is smaller than what is there. */
static void compress_and_keep(const struct candidate_image *image, const struct zopfli_plan *plan,
                              struct buffer *out)
{
    struct buffer compressed BUFFER_CLEANUP = {0};
    zopfli_append(&image->tar, plan, &compressed);
    if (out->size && compressed.size >= out->size)
        return;
    struct buffer larger = *out;
    *out = compressed;
    compressed = larger;
}

int cost_compress(const struct search_space *space, const struct candidate_image *image,
                  struct buffer *out, struct error *error)
{
    const unsigned rounds = cost_final_rounds(space);
    for (int i = 0; i < BLOCK_DIVISIONS; i++) {
        const struct zopfli_plan plan = make_plan(space, image, (enum block_division)i, rounds);
        compress_and_keep(image, &plan, out);
    }
    struct zopfli_plan plan = make_plan(space, image, ONE_BLOCK, rounds);
    plan.splits = true;
    compress_and_keep(image, &plan, out);
    return buffer_check(out, error);
}
