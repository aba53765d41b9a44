/*
 * The search for the smallest shape: first one choice after the other, all its values, as long as
 * any of them makes the image smaller; then some choices at once, by chance, in turns with shapes
 * that are chosen for their digests. The chances are those of a fixed seed, and what ends the
 * search is a number of tries, so that the same is found anywhere.
 */
#include "packer/smallest/candidate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "packer/smallest/zopfli.h"

/* What zopfli may take in while searching, and in the rounds of the end: some seconds each. */
#define SEARCH_BYTES  (3 * 1024 * 1024)
#define FINAL_BYTES   (2048 * 1024)
#define SEARCH_ROUNDS 4
#define FINAL_ROUNDS  200

#define GZIP_FRAME_SIZE 18 /* RFC 1952, 2.3: header and trailer */

/* Of a batch, which ends before anybody is asked whether it goes on: fewer of large images. */
#define BATCH       64
#define BATCH_BYTES (512 * 1024)
#define MAX_THREADS BATCH

/* ---- what a shape costs ---------------------------------------------------------------------- */

/* The bytes that so many bits of a gzip file come to. */
static uint64_t size_of(const struct golf *golf, uint64_t bits)
{
    const unsigned members = 1 + (golf->first_member > 0);
    return (bits + 7) / 8 + (golf->is_gzip ? members * GZIP_FRAME_SIZE : 0);
}

static uint64_t file_bits(const struct golf_image *made)
{
    uint64_t bits = 8 * (uint64_t)made->tar.size;
    for (size_t i = 0; !made->tar.size && i < made->count; i++)
        bits += 8 * (uint64_t)made->files[i].content.size;
    return bits;
}

#define UNTRIED    UINT64_MAX       /* there was an interrupt */
#define IMPOSSIBLE (UINT64_MAX - 1) /* no such image can be */

/* How the tar is parted into blocks: text and program want other codes. */
enum blocks { ONE_BLOCK, PROGRAM_APART, PROGRAM_FIXED, BLOCKS };

static struct zopfli_plan plan_of(const struct golf *golf, const struct golf_image *made,
                                  enum blocks blocks, unsigned rounds)
{
    return (struct zopfli_plan){.first_member = golf->first_member,
                                .last_from = blocks == ONE_BLOCK ? 0 : made->binary_from,
                                .is_last_fixed = blocks == PROGRAM_FIXED,
                                .rounds = rounds};
}

/* In bits, but for what golf_compress finds at last. */
static uint64_t cost_of(const struct golf *golf, const struct golf_shape *shape, enum blocks blocks)
{
    struct golf_image made GOLF_IMAGE_CLEANUP = {0};
    struct error ignored;
    if (interrupt_signal())
        return UNTRIED;
    if (golf_make(golf, shape, SEARCH_ROUNDS, &made, &ignored) < 0)
        return IMPOSSIBLE;
    if (!golf->is_gzip)
        return file_bits(&made);
    const struct zopfli_plan plan = plan_of(golf, &made, blocks, SEARCH_ROUNDS);
    return zopfli_bits(&made.tar, &plan);
}

/* ---- compressing in the end ------------------------------------------------------------------ */

unsigned golf_rounds(const struct golf *golf)
{
    uint64_t size = 1;
    for (size_t i = 0; i < golf->image->file_count; i++)
        size += golf->contents[i].size;
    uint64_t rounds = FINAL_BYTES / size;
    return rounds > FINAL_ROUNDS ? FINAL_ROUNDS : rounds < 1 ? 1 : (unsigned)rounds;
}

int golf_compress(const struct golf *golf, const struct golf_image *image, struct buffer *out,
                  struct error *error)
{
    for (int i = 0; i <= BLOCKS; i++) {
        struct buffer packed BUFFER_CLEANUP = {0};
        struct zopfli_plan plan =
            plan_of(golf, image, i < BLOCKS ? (enum blocks)i : ONE_BLOCK, golf_rounds(golf));
        plan.splits = i == BLOCKS;
        zopfli_append(&image->tar, &plan, &packed);
        if (i && packed.size >= out->size)
            continue;
        struct buffer larger = *out;
        *out = packed;
        packed = larger;
    }
    return buffer_check(out, error);
}

/* ---- chance ---------------------------------------------------------------------------------- */

/* A number below, by xorshift64 (Marsaglia 2003), whose state is not 0. */
static size_t draw(uint64_t *chance, size_t below)
{
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    return (size_t)(*chance % below);
}

static void change(const struct golf *golf, struct golf_shape *shape, enum golf_choice choice,
                   uint64_t *chance)
{
    shape->value[choice] = (unsigned short)draw(chance, golf_count(golf, choice));
}

/* ---- digests --------------------------------------------------------------------------------- */

/* A digest is 64 digits that no other text tells. It is cheaper the more often the same digits
 * come, and to compute many is cheaper than to compress one image. */
#define DIGESTS_A_TRY 32

/* What changes digests, and little beside. */
static const enum golf_choice nonces[] = {GOLF_MODE, GOLF_PROGRAM, GOLF_CONFIG, GOLF_MANIFEST,
                                          GOLF_DESCRIPTORS};
#define NONCES (COUNT(nonces))

/* How alike the bytes of the JSON are: the sum of the squares of how often each comes. */
static uint64_t likeness_of(const struct golf *golf, const struct golf_shape *shape)
{
    struct golf_image made GOLF_IMAGE_CLEANUP = {0};
    struct error ignored;
    uint64_t counts[256] = {0}, sum = 0;
    if (golf_make(golf, shape, 1, &made, &ignored) < 0)
        return 0;
    for (size_t i = 0; i < made.count; i++) {
        const struct buffer *content = &made.files[i].content;
        const bool is_json = content->data[0] == '{' || content->data[0] == '[';
        for (size_t j = 0; is_json && j < content->size; j++)
            counts[content->data[j]]++;
    }
    for (size_t i = 0; i < 256; i++)
        sum += counts[i] * counts[i];
    return sum;
}

/* The shape, with nonces by chance of which those digests come that are the most alike. */
static struct golf_shape choose_digests(const struct golf *golf, const struct golf_shape *shape,
                                        uint64_t chance)
{
    struct golf_shape best = *shape;
    uint64_t most = 0;
    for (int i = 0; i < DIGESTS_A_TRY; i++) {
        struct golf_shape other = *shape;
        for (size_t j = 0; j < NONCES; j++)
            if (j < 2 || draw(&chance, 2))
                change(golf, &other, nonces[j], &chance);
        uint64_t likeness = likeness_of(golf, &other);
        if (likeness > most) {
            most = likeness;
            best = other;
        }
    }
    return best;
}

/* ---- batches --------------------------------------------------------------------------------- */

/* Shapes that are tried by several threads. */
struct batch {
    const struct golf *golf;
    enum blocks blocks;
    struct golf_shape shapes[BATCH];
    uint64_t chances[BATCH]; /* to choose the shape's digests by; 0: it stays as it is */
    uint64_t costs[BATCH];
    size_t most, count, threads;
};

struct worker {
    struct batch *batch;
    size_t first;
};

static void *try_some(void *argument)
{
    struct worker *worker = argument;
    struct batch *batch = worker->batch;
    for (size_t i = worker->first; i < batch->count; i += batch->threads) {
        struct golf_shape *shape = &batch->shapes[i];
        if (batch->chances[i])
            *shape = choose_digests(batch->golf, shape, batch->chances[i]);
        batch->costs[i] = cost_of(batch->golf, shape, batch->blocks);
    }
    return NULL;
}

static void try_batch(struct batch *batch)
{
    struct worker workers[MAX_THREADS];
    pthread_t ids[MAX_THREADS];
    size_t started = 0;
    workers[0] = (struct worker){batch, 0};
    for (size_t i = 1; i < batch->threads; i++)
        workers[i] = (struct worker){batch, i};
    while (started + 1 < batch->threads &&
           pthread_create(&ids[started], NULL, try_some, &workers[started + 1]) == 0)
        started++;
    try_some(&workers[0]);
    for (size_t i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    for (size_t i = started + 1; i < batch->threads; i++)
        try_some(&workers[i]); /* that got no thread */
}

/* ---- the search ------------------------------------------------------------------------------ */

struct search {
    const struct packer_search *settings;
    struct batch batch;
    struct golf_shape best;
    uint64_t least; /* cost of the best */
    uint64_t tries, most_tries;
    uint64_t chance;
    bool is_over;
};

/* Tries the batch; whether one of it is the smallest yet. */
static bool try_and_keep(struct search *search)
{
    struct batch *batch = &search->batch;
    const struct packer_search *settings = search->settings;
    const uint64_t left = search->most_tries - search->tries;
    if (batch->count > left)
        batch->count = (size_t)left;
    if (batch->count == 0)
        return false;
    try_batch(batch);
    /* So many tries find the same again. */
    for (size_t i = 0; i < batch->count; i++)
        if (batch->costs[i] == UNTRIED)
            batch->count = i;
    search->tries += batch->count;
    const uint64_t before = search->least;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->costs[i] < search->least) {
            search->least = batch->costs[i];
            search->best = batch->shapes[i];
        }
    const uint64_t size = size_of(batch->golf, search->least);
    search->is_over =
        (settings->goes_on && !settings->goes_on(settings->context, search->tries, size)) ||
        search->tries == search->most_tries || interrupt_signal();
    return search->least < before;
}

/* All values of a choice, or as many by chance as there is room for. */
static void fill_with_values(struct search *search, enum golf_choice choice)
{
    struct batch *batch = &search->batch;
    const size_t values = golf_count(batch->golf, choice);
    batch->count = values < batch->most ? values : batch->most;
    for (size_t i = 0; i < batch->count; i++) {
        batch->shapes[i] = search->best;
        batch->shapes[i].value[choice] = (unsigned short)i;
        batch->chances[i] = 0;
        if (values > batch->most)
            change(batch->golf, &batch->shapes[i], choice, &search->chance);
    }
}

static void fill_by_chance(struct search *search)
{
    struct batch *batch = &search->batch;
    batch->count = batch->most;
    for (size_t i = 0; i < batch->count; i++) {
        batch->shapes[i] = search->best;
        batch->chances[i] = 0;
        for (size_t changes = 1 + draw(&search->chance, 4); changes > 0; changes--)
            change(batch->golf, &batch->shapes[i],
                   (enum golf_choice)draw(&search->chance, GOLF_CHOICES), &search->chance);
    }
}

static void fill_by_digests(struct search *search)
{
    struct batch *batch = &search->batch;
    batch->count = batch->most;
    for (size_t i = 0; i < batch->count; i++) {
        batch->shapes[i] = search->best;
        batch->chances[i] = 1 + draw(&search->chance, UINT32_MAX);
    }
}

static void descend(struct search *search)
{
    for (size_t choice = 0, since = 0; since < GOLF_CHOICES && !search->is_over;
         choice = (choice + 1) % GOLF_CHOICES) {
        since++;
        if (golf_count(search->batch.golf, (enum golf_choice)choice) == 1)
            continue;
        fill_with_values(search, (enum golf_choice)choice);
        if (try_and_keep(search))
            since = 0;
    }
}

/* The bytes that one try takes. */
static uint64_t bytes_of(const struct golf *golf, const struct golf_shape *shape)
{
    struct golf_image made GOLF_IMAGE_CLEANUP = {0};
    struct error ignored;
    return golf_make(golf, shape, 1, &made, &ignored) < 0 ? 1 : 1 + file_bits(&made) / 8;
}

/* What is best for one shape is for all. */
static enum blocks choose_blocks(const struct golf *golf, const struct golf_shape *shape)
{
    enum blocks best = ONE_BLOCK;
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < BLOCKS; i++) {
        uint64_t cost = cost_of(golf, shape, (enum blocks)i);
        if (cost < least) {
            least = cost;
            best = (enum blocks)i;
        }
    }
    return best;
}

void golf_search(const struct golf *golf, const struct packer_search *settings,
                 struct golf_shape *best)
{
    struct search *search = calloc(1, sizeof *search);
    const uint64_t bytes = bytes_of(golf, best);
    const size_t most = BATCH_BYTES / bytes;
    if (!search)
        return; /* the shape will do */
    *search =
        (struct search){.settings = settings,
                        .batch.golf = golf,
                        .batch.blocks = choose_blocks(golf, best),
                        .batch.threads = settings->threads,
                        .batch.most = most > BATCH ? BATCH
                                      : most < 2   ? 2
                                                   : most,
                        .best = *best,
                        .least = IMPOSSIBLE,
                        .most_tries = settings->tries ? settings->tries : 1 + SEARCH_BYTES / bytes,
                        .chance = 0x9e3779b97f4a7c15};
    if (search->batch.threads > MAX_THREADS)
        search->batch.threads = MAX_THREADS;
    descend(search);
    /* Of a directory nothing is left: its layer alone is compressed. */
    for (bool by_chance = false; golf->is_gzip && !search->is_over; by_chance = !by_chance) {
        (by_chance ? fill_by_chance : fill_by_digests)(search);
        try_and_keep(search);
    }
    *best = search->best;
    if (settings->ends)
        settings->ends(settings->context);
    free(search);
}
