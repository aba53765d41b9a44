/*
 * The search for the smallest candidate: hill climbing. It begins with coordinate descent: all
 * values of one choice are tried, then all of the next, until a round over all choices finds
 * nothing smaller. From there on it climbs at random: several choices of the best candidate are
 * drawn anew, in turns with draws of those choices that decide the digests. A candidate becomes the
 * best only where it is smaller.
 *
 * Candidates are evaluated in batches, by several threads. The random numbers have a fixed seed,
 * and what ends the search is a number of candidates, so that it finds the same anywhere.
 */
#include "packer/smallest/search.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "packer/smallest/cost.h"

/* What zopfli may read while searching, where no number of tries is given: some seconds' worth. */
#define SEARCH_BYTES (3 * 1024 * 1024)

/* The candidates of a batch, which is evaluated before anybody is asked whether to go on: fewer of
 * large images. */
#define MAX_BATCH   64
#define MIN_BATCH   2
#define BATCH_BYTES (512 * 1024)

#define MAX_CHANGES 4 /* choices that a random step draws anew */
#define RANDOM_SEED UINT64_C(0x9e3779b97f4a7c15)

/* ---- random numbers -------------------------------------------------------------------------- */

/* From 0 to `bound` - 1, by xorshift64 (Marsaglia 2003), whose state is never 0. */
static size_t draw(uint64_t *random, size_t bound)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (size_t)(*random % bound);
}

static void draw_value(const struct search_space *space, struct candidate *candidate,
                       enum choice choice, uint64_t *random)
{
    candidate->value[choice] = (unsigned short)draw(random, choice_count(space, choice));
}

/* ---- digests --------------------------------------------------------------------------------- */

/* The digits of a digest occur nowhere else, so that only their frequencies can be exploited: it
 * is cheaper the more often the same digits come. Digests of many candidates are computed in the
 * time that compressing one image takes. */
#define DIGESTS_PER_TRY 32

/* Choices that change digests and little else, as a nonce does. The first two are always drawn. */
static const enum choice nonces[] = {CHOICE_MODE, CHOICE_PROGRAM_NAME, CHOICE_CONFIG_ORDER,
                                     CHOICE_MANIFEST_ORDER, CHOICE_DESCRIPTOR_ORDER};
#define ALWAYS_DRAWN 2

/* How often the bytes of the JSON repeat: the sum of the squares of their frequencies, which is the
 * index of coincidence but for a factor. */
static uint64_t count_coincidences(const struct search_space *space,
                                   const struct candidate *candidate)
{
    struct candidate_image image CANDIDATE_IMAGE_CLEANUP = {0};
    struct error ignored;
    uint64_t frequencies[256] = {0}, sum = 0;
    if (candidate_build(space, candidate, 1, &image, &ignored) < 0)
        return 0;
    for (size_t i = 0; i < image.count; i++) {
        const struct buffer *content = &image.files[i].content;
        const bool is_json = content->data[0] == '{' || content->data[0] == '[';
        for (size_t j = 0; is_json && j < content->size; j++)
            frequencies[content->data[j]]++;
    }
    for (size_t i = 0; i < COUNT(frequencies); i++)
        sum += frequencies[i] * frequencies[i];
    return sum;
}

/* Of the candidates with other nonces, drawn from that seed, the one whose digests repeat most. */
static struct candidate draw_digests(const struct search_space *space,
                                     const struct candidate *candidate, uint64_t seed)
{
    struct candidate best = *candidate;
    uint64_t most = 0;
    for (int i = 0; i < DIGESTS_PER_TRY; i++) {
        struct candidate other = *candidate;
        for (size_t j = 0; j < COUNT(nonces); j++)
            if (j < ALWAYS_DRAWN || draw(&seed, 2))
                draw_value(space, &other, nonces[j], &seed);
        uint64_t coincidences = count_coincidences(space, &other);
        if (coincidences > most) {
            most = coincidences;
            best = other;
        }
    }
    return best;
}

/* ---- batches --------------------------------------------------------------------------------- */

struct batch {
    const struct search_space *space;
    enum block_division division;
    struct candidate candidates[MAX_BATCH];
    uint64_t digest_seeds[MAX_BATCH]; /* to draw the candidate's digests from; 0: it stays */
    uint64_t costs[MAX_BATCH];
    size_t count, capacity, threads;
};

struct worker {
    struct batch *batch;
    size_t first;
};

/* The candidates of one thread: every n-th of the batch, where n is the number of threads. */
static void *evaluate_share(void *argument)
{
    const struct worker *worker = argument;
    struct batch *batch = worker->batch;
    for (size_t i = worker->first; i < batch->count; i += batch->threads) {
        struct candidate *candidate = &batch->candidates[i];
        if (batch->digest_seeds[i])
            *candidate = draw_digests(batch->space, candidate, batch->digest_seeds[i]);
        batch->costs[i] = cost_of(batch->space, candidate, batch->division);
    }
    return NULL;
}

static void evaluate_batch(struct batch *batch)
{
    struct worker workers[MAX_BATCH] = {{batch, 0}};
    pthread_t ids[MAX_BATCH];
    size_t started = 0;
    for (size_t i = 1; i < batch->threads; i++)
        workers[i] = (struct worker){batch, i};
    while (started + 1 < batch->threads &&
           pthread_create(&ids[started], NULL, evaluate_share, &workers[started + 1]) == 0)
        started++;
    evaluate_share(&workers[0]);
    for (size_t i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    for (size_t i = started + 1; i < batch->threads; i++)
        evaluate_share(&workers[i]); /* whose thread could not be started */
}

/* ---- hill climbing --------------------------------------------------------------------------- */

struct climb {
    const struct packer_search *settings;
    struct batch batch;
    struct candidate best;
    uint64_t least_cost;
    uint64_t tries, max_tries;
    uint64_t random;
    bool is_over;
};

/* Begins a batch of that many copies of the best. */
static void fill_with_best(struct climb *climb, size_t count)
{
    struct batch *batch = &climb->batch;
    batch->count = count < batch->capacity ? count : batch->capacity;
    for (size_t i = 0; i < batch->count; i++) {
        batch->candidates[i] = climb->best;
        batch->digest_seeds[i] = 0;
    }
}

/* All values of a choice, or as many at random as there is room for. */
static void fill_with_values(struct climb *climb, enum choice choice)
{
    struct batch *batch = &climb->batch;
    const size_t values = choice_count(batch->space, choice);
    fill_with_best(climb, values);
    for (size_t i = 0; i < batch->count; i++)
        if (values > batch->capacity)
            draw_value(batch->space, &batch->candidates[i], choice, &climb->random);
        else
            batch->candidates[i].value[choice] = (unsigned short)i;
}

static void fill_with_random_steps(struct climb *climb)
{
    struct batch *batch = &climb->batch;
    fill_with_best(climb, batch->capacity);
    for (size_t i = 0; i < batch->count; i++)
        for (size_t left = 1 + draw(&climb->random, MAX_CHANGES); left > 0; left--)
            draw_value(batch->space, &batch->candidates[i],
                       (enum choice)draw(&climb->random, CHOICES), &climb->random);
}

static void fill_with_digests(struct climb *climb)
{
    struct batch *batch = &climb->batch;
    fill_with_best(climb, batch->capacity);
    for (size_t i = 0; i < batch->count; i++)
        batch->digest_seeds[i] = 1 + draw(&climb->random, UINT32_MAX);
}

static bool goes_on(const struct climb *climb)
{
    const struct packer_search *settings = climb->settings;
    const uint64_t size = cost_to_size(climb->batch.space, climb->least_cost);
    if (settings->goes_on && !settings->goes_on(settings->context, climb->tries, size))
        return false;
    return climb->tries < climb->max_tries && !interrupt_signal();
}

/* Evaluates the batch; whether one of it is the smallest yet. */
static bool step(struct climb *climb)
{
    struct batch *batch = &climb->batch;
    const uint64_t left = climb->max_tries - climb->tries;
    const uint64_t before = climb->least_cost;
    if (batch->count > left)
        batch->count = (size_t)left;
    if (batch->count == 0)
        return false;
    evaluate_batch(batch);
    /* After an interrupt only those count that come before the first unknown one: a search for that
     * number of tries finds the same again. */
    for (size_t i = 0; i < batch->count; i++)
        if (batch->costs[i] == COST_UNKNOWN)
            batch->count = i;
    climb->tries += batch->count;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->costs[i] < climb->least_cost) {
            climb->least_cost = batch->costs[i];
            climb->best = batch->candidates[i];
        }
    climb->is_over = !goes_on(climb);
    return climb->least_cost < before;
}

static void descend_by_coordinates(struct climb *climb)
{
    size_t choice = 0;
    for (size_t since = 0; since < CHOICES && !climb->is_over; choice = (choice + 1) % CHOICES) {
        since++;
        if (choice_count(climb->batch.space, (enum choice)choice) == 1)
            continue;
        fill_with_values(climb, (enum choice)choice);
        if (step(climb))
            since = 0;
    }
}

static size_t clamp(uint64_t number, size_t minimum, size_t maximum)
{
    return number < minimum ? minimum : number > maximum ? maximum : (size_t)number;
}

void search_improve(const struct search_space *space, const struct packer_search *settings,
                    struct candidate *candidate)
{
    struct climb *climb = calloc(1, sizeof *climb);
    if (!climb)
        return;
    const uint64_t bytes = cost_input_size(space, candidate);
    *climb = (struct climb){
        .settings = settings,
        .batch = {.space = space,
                  .division = cost_choose_division(space, candidate),
                  .threads = clamp(settings->threads, 1, MAX_BATCH),
                  .capacity = clamp(BATCH_BYTES / bytes, MIN_BATCH, MAX_BATCH)},
        .best = *candidate,
        .least_cost = COST_IMPOSSIBLE,
        .max_tries = settings->tries ? settings->tries : 1 + SEARCH_BYTES / bytes,
        .random = RANDOM_SEED,
    };
    descend_by_coordinates(climb);
    /* In a layout's directory only the layer is compressed, which has two choices: they are tried.
     */
    for (bool is_random = false; space->is_gzip && !climb->is_over; is_random = !is_random) {
        (is_random ? fill_with_random_steps : fill_with_digests)(climb);
        step(climb);
    }
    *candidate = climb->best;
    if (settings->ends)
        settings->ends(settings->context);
    free(climb);
}
