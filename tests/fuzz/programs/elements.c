/* The elements. */
#include "source.h"

#include "base/array.h"

static const struct {
    void (*write)(struct source *source);
    unsigned weight,
        movable; /* how often each is taken, in programs of any kind and movable ones */
} elements[] = {
    {write_table, 10, 10},        {write_rows, 3, 3},       {write_pointers, 4, 0},
    {write_list, 3, 0},           {write_bss, 5, 0},        {write_counter, 5, 0},
    {write_structure, 4, 0},      {write_vector, 3, 0},     {write_copy, 4, 0},
    {write_scan, 3, 3},           {write_alignment, 3, 0},  {write_message, 8, 8},
    {write_inline_message, 2, 0}, {write_macro, 4, 4},      {write_conditional, 5, 5},
    {write_equates, 3, 3},        {write_arithmetic, 8, 8}, {write_flags, 6, 6},
    {write_division, 3, 3},       {write_bits, 3, 3},       {write_loop, 5, 5},
    {write_calls, 5, 5},          {write_recursion, 2, 2},  {write_frame, 3, 3},
    {write_jump_table, 4, 0},     {write_distance, 2, 0},   {write_far_branch, 2, 0},
    {write_system_call, 2, 2},    {write_patch, 1, 0},      {write_float, 2, 2},
    {write_code_bytes, 1, 0},     {write_padded, 3, 3},     {write_function_pointer, 3, 0},
    {write_relative_table, 3, 0}, {write_offsets, 4, 4},    {write_stack, 4, 4},
};

void write_random_element(struct source *source)
{
    unsigned total = 0;
    for (size_t i = 0; i < COUNT(elements); i++)
        total += source->is_movable ? elements[i].movable : elements[i].weight;
    unsigned left = (unsigned)chance(source, total);
    for (size_t i = 0; i < COUNT(elements); i++) {
        unsigned weight = source->is_movable ? elements[i].movable : elements[i].weight;
        if (left < weight) {
            elements[i].write(source);
            return;
        }
        left -= weight;
    }
}
