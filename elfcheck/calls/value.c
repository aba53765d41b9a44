/* What is known of a number that a program computes: a few numbers, a range, an address, or
 * nothing. All that is said here holds of every run: where that would take long to say, it is any
 * number. */
#include "elfcheck/calls/state.h"

#include <string.h>

#define MAX_BYTE     0xff
#define LOWEST_ERROR (~UINT64_C(0) - 4095)
#define SIGN_32      (UINT64_C(1) << 31)

const struct value value_any = {.kind = VALUE_ANY};
const struct value value_byte = {.kind = VALUE_SOME, .is_byte = true};
const struct value value_error = {.kind = VALUE_SOME, .is_error = true};

static const struct value value_none = {.kind = VALUE_SOME};

struct value value_number(uint64_t number)
{
    return (struct value){.kind = VALUE_SOME, .count = 1, .numbers = {number}};
}

struct value value_address(enum value_kind kind, uint64_t offset)
{
    return (struct value){.kind = kind, .count = 1, .numbers = {offset}};
}

static bool is_ranged(const struct value *value)
{
    return value->is_byte || value->is_error || value->is_negative;
}

bool value_is_single(const struct value *value)
{
    return value->kind == VALUE_SOME && value->count == 1 && !is_ranged(value);
}

bool value_has_bits(const struct value *value, uint64_t mask, uint64_t bits)
{
    if (value->kind != VALUE_SOME || is_ranged(value))
        return false;
    for (unsigned i = 0; i < value->count; i++)
        if ((value->numbers[i] & mask) != bits)
            return false;
    return true;
}

bool value_equals(const struct value *value, const struct value *other)
{
    if (value->kind == VALUE_ANY || other->kind == VALUE_ANY)
        return value->kind == other->kind;
    return value->kind == other->kind && value->count == other->count &&
           value->is_byte == other->is_byte && value->is_error == other->is_error &&
           value->is_negative == other->is_negative &&
           memcmp(value->numbers, other->numbers, value->count * sizeof *value->numbers) == 0;
}

static bool has_number(const struct value *value, uint64_t number)
{
    if ((value->is_byte && number <= MAX_BYTE) || (value->is_error && number >= LOWEST_ERROR) ||
        (value->is_negative && (number & SIGN_32)))
        return true;
    for (unsigned i = 0; i < value->count; i++)
        if (value->numbers[i] == number)
            return true;
    return false;
}

static void add_number(struct value *value, uint64_t number)
{
    if (value->kind == VALUE_ANY || has_number(value, number))
        return;
    if (value->count == MAX_NUMBERS)
        *value = value_any;
    else
        value->numbers[value->count++] = number;
}

bool value_join(struct value *value, const struct value *other)
{
    if (value->kind == VALUE_ANY)
        return false;
    if (value->kind != other->kind ||
        (value->kind != VALUE_SOME && value->numbers[0] != other->numbers[0])) {
        *value = value_any;
        return true;
    }
    if (value->kind != VALUE_SOME)
        return false;
    struct value before = *value;
    value->is_byte |= other->is_byte;
    value->is_error |= other->is_error;
    value->is_negative |= other->is_negative;
    for (unsigned i = 0; i < other->count; i++)
        add_number(value, other->numbers[i]);
    return value->kind != before.kind || value->count != before.count ||
           value->is_byte != before.is_byte || value->is_error != before.is_error ||
           value->is_negative != before.is_negative;
}

static uint64_t mask_of(unsigned bits)
{
    return bits >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << bits) - 1;
}

/* Any number of so many bits. */
static struct value any_of(unsigned bits)
{
    return bits == 8 ? value_byte : value_any;
}

struct value value_cut(const struct value *value, unsigned bits)
{
    if (bits >= 64)
        return *value;
    bool is_low = value->is_error || value->is_negative;
    if (value->kind != VALUE_SOME || (is_low && bits < 32))
        return any_of(bits);
    struct value cut = {.kind = VALUE_SOME, .is_byte = value->is_byte, .is_negative = is_low};
    for (unsigned i = 0; i < value->count; i++)
        add_number(&cut, value->numbers[i] & mask_of(bits));
    return cut;
}

struct value value_merge(const struct value *value, const struct value *part, unsigned bits,
                         unsigned shift)
{
    if (bits >= 32)
        return value_cut(part, bits);
    struct value low = value_cut(part, bits);
    if (value->kind != VALUE_SOME || low.kind != VALUE_SOME)
        return value_any;
    uint64_t mask = mask_of(bits) << shift;
    struct value merged = value_none;
    /* Of an error, -4096 to -1, the low byte is free. */
    bool stays_error = bits == 8 && shift == 0;
    merged.is_error = value->is_error && stays_error;
    merged.is_negative = value->is_negative || (value->is_error && !stays_error);
    struct value old = *value;
    if (old.is_byte) { /* all but the low byte is zero, and shift 0 writes over just that */
        if (shift)
            return value_any;
        old.is_byte = false;
        add_number(&old, 0);
        if (old.kind == VALUE_ANY)
            return value_any;
    }
    for (unsigned i = 0; i < old.count; i++) {
        uint64_t rest = old.numbers[i] & ~mask;
        if (low.is_byte && (rest || shift))
            return value_any;
        merged.is_byte |= low.is_byte;
        for (unsigned j = 0; j < low.count; j++)
            add_number(&merged, rest | low.numbers[j] << shift);
    }
    return merged;
}

static uint64_t sign_extend(uint64_t number, unsigned bits)
{
    uint64_t sign = UINT64_C(1) << (bits - 1);
    return ((number & mask_of(bits)) ^ sign) - sign;
}

struct value value_sign_extend(const struct value *value, unsigned bits)
{
    struct value cut = value_cut(value, bits);
    if (cut.kind != VALUE_SOME || (cut.is_byte && bits == 8))
        return value_any;
    struct value extended = {
        .kind = VALUE_SOME, .is_byte = cut.is_byte, .is_negative = cut.is_negative};
    for (unsigned i = 0; i < cut.count; i++)
        add_number(&extended, sign_extend(cut.numbers[i], bits));
    return extended;
}

struct value value_compute(operation *apply, const struct value *left, const struct value *right,
                           unsigned bits)
{
    uint64_t mask = mask_of(bits);
    if (left->kind != VALUE_SOME || right->kind != VALUE_SOME)
        return any_of(bits);
    if (value_is_single(left) && value_is_single(right))
        return value_number(apply(left->numbers[0] & mask, right->numbers[0] & mask) & mask);
    struct value low_left = value_cut(left, bits), low_right = value_cut(right, bits);
    if (low_left.kind != VALUE_SOME || is_ranged(&low_left) || low_right.kind != VALUE_SOME ||
        is_ranged(&low_right))
        return any_of(bits);
    struct value result = value_none;
    for (unsigned i = 0; i < low_left.count; i++)
        for (unsigned j = 0; j < low_right.count; j++)
            add_number(&result, apply(low_left.numbers[i], low_right.numbers[j]) & mask);
    return result;
}

static bool is_address(const struct value *value)
{
    return value->kind == VALUE_STACK || value->kind == VALUE_IMAGE;
}

static uint64_t sum(uint64_t left, uint64_t right)
{
    return left + right;
}

static uint64_t difference(uint64_t left, uint64_t right)
{
    return left - right;
}

struct value value_add(const struct value *left, const struct value *right, unsigned bits)
{
    if (bits == 64 && is_address(left) && value_is_single(right))
        return value_address(left->kind, left->numbers[0] + right->numbers[0]);
    if (bits == 64 && is_address(right) && value_is_single(left))
        return value_address(right->kind, left->numbers[0] + right->numbers[0]);
    return value_compute(sum, left, right, bits);
}

struct value value_subtract(const struct value *left, const struct value *right, unsigned bits)
{
    if (bits == 64 && is_address(left) && value_is_single(right))
        return value_address(left->kind, left->numbers[0] - right->numbers[0]);
    return value_compute(difference, left, right, bits);
}
