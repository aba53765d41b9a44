/* The elements, and how often each is taken. */
#include "source.h"

#include "base/array.h"

static const struct {
    void (*write)(struct source *source);
    unsigned weight;
} elements[] = {
    {write_table, 10},         {write_rows, 3},       {write_pointers, 4},
    {write_list, 3},           {write_bss, 5},        {write_counter, 5},
    {write_structure, 4},      {write_vector, 3},     {write_copy, 4},
    {write_scan, 3},           {write_alignment, 3},  {write_message, 8},
    {write_inline_message, 2}, {write_macro, 4},      {write_conditional, 5},
    {write_equates, 3},        {write_arithmetic, 8}, {write_flags, 6},
    {write_division, 3},       {write_bits, 3},       {write_loop, 5},
    {write_calls, 5},          {write_recursion, 2},  {write_frame, 3},
    {write_jump_table, 4},     {write_distance, 2},   {write_far_branch, 2},
    {write_system_call, 2},    {write_patch, 1},      {write_float, 2},
    {write_code_bytes, 1},     {write_padded, 3},     {write_function_pointer, 3},
    {write_relative_table, 3}, {write_offsets, 4},
};

void write_random_element(struct source *source)
{
    unsigned total = 0;
    for (size_t i = 0; i < COUNT(elements); i++)
        total += elements[i].weight;
    unsigned left = (unsigned)chance(source, total);
    size_t i = 0;
    for (; left >= elements[i].weight; i++)
        left -= elements[i].weight;
    elements[i].write(source);
}
