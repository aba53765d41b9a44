/* Writes a solution as NASM source, which is assembled in the end, and as a map of its bytes. */
#include "asm/layout/compose.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define COMMENT_COLUMN 44
#define BYTES_A_LINE   8

/* ---- the source ------------------------------------------------------------------------------ */

/* A line, and a comment in its column. */
static void append_line(struct buffer *source, const char *text, const char *comment)
{
    size_t length = strlen(text) + 4;
    buffer_printf(source, "    %s", text);
    if (*comment)
        buffer_printf(source, "%*s; %s",
                      (int)(length < COMMENT_COLUMN ? COMMENT_COLUMN - length : 1), "", comment);
    buffer_append_text(source, "\n");
}

/* Whether a list of names, parted by commas, has one. */
static bool has_name(const struct buffer *names, const char *name, size_t length)
{
    for (const char *found = buffer_text(names); *found; found += strcspn(found, ",")) {
        found += strspn(found, ", ");
        if (strcspn(found, ",") == length && strncmp(found, name, length) == 0)
            return true;
    }
    return false;
}

/* The names of all fields that the bytes from `begin` up to `end` belong to. */
static void append_fields(const struct solution *solution, size_t begin, size_t end,
                          struct buffer *out)
{
    for (size_t i = begin; i < end; i++) {
        struct buffer fields BUFFER_CLEANUP = {0};
        overlay_field(solution->overlay, i, &fields);
        for (const char *name = buffer_text(&fields); *name;) {
            size_t length = strcspn(name, "[");
            if (!has_name(out, name, length))
                buffer_printf(out, "%s%.*s", out->size ? ", " : "", (int)length, name);
            name += strcspn(name, " ");
            name += strspn(name, " ");
        }
    }
}

/* The first word of a branch, then how far it reaches, then where: nasm is not to choose. */
static void append_branch(const struct instruction_text *instruction, struct buffer *text)
{
    const char *words = instruction->text;
    size_t length = strcspn(words, " \t");
    const char *rest = words + length + strspn(words + length, " \t");
    bool is_said = strncmp(rest, "short ", 6) == 0 || strncmp(rest, "near ", 5) == 0;
    bool is_jump = tolower((unsigned char)words[0]) == 'j' && instruction->kind == REFERENCE_BRANCH;
    const char *reach = instruction->field_size == 1 ? "short " : "near ";
    buffer_printf(text, "%.*s %s%s", (int)length, words, is_jump && !is_said ? reach : "", rest);
}

/* A distance to data, from the offset that it is counted from. */
static void append_near(const struct placed *item, struct buffer *text)
{
    const char *words = item->instruction->text, *mark = strstr(words, MARK_NEAR);
    buffer_printf(text, "%.*sat_%zx - at_%zx%s", (int)(mark - words), words, item->data,
                  item->target, mark + strcspn(mark, ")") + 1);
}

/* An instruction as it is where it stands, and what is not plain about it. */
static void append_instruction(const struct placed *item, struct buffer *text,
                               struct buffer *remark)
{
    switch (item->instruction->kind) {
    case REFERENCE_NEAR:
        append_near(item, text);
        buffer_append_text(remark, "rcx: where the system call returned to");
        break;
    case REFERENCE_PAST:
        buffer_printf(text, "call at_%zx", item->target);
        buffer_append_text(remark, "a jump that leaves the data's address on the stack");
        break;
    default:
        append_branch(item->instruction, text);
        break;
    }
}

static void append_filler(const struct placed *item, struct buffer *text)
{
    buffer_append_text(text, "db ");
    for (size_t i = 0; i < item->size; i++)
        buffer_printf(text, "%s0x%02x", i ? ", " : "", item->bytes[i]);
}

static void append_item(const struct solution *solution, const struct placed *item,
                        struct buffer *source)
{
    struct buffer text BUFFER_CLEANUP = {0}, comment BUFFER_CLEANUP = {0};
    append_fields(solution, item->offset, item->offset + item->size, &comment);
    if (item->instruction) {
        struct buffer remark BUFFER_CLEANUP = {0};
        append_instruction(item, &text, &remark);
        buffer_printf(&comment, "%s%s", comment.size && remark.size ? "; " : "",
                      buffer_text(&remark));
    } else if (!item->filler) {
        buffer_printf(&text, "jmp short at_%zx", item->target);
    } else {
        struct buffer fields BUFFER_CLEANUP = {0};
        append_filler(item, &text);
        buffer_printf(&fields, "%s: does nothing, over %s", item->filler, buffer_text(&comment));
        comment.size = 0;
        buffer_append(&comment, fields.data, fields.size);
    }
    append_line(source, buffer_text(&text), buffer_text(&comment));
}

/* Bytes that no instruction covers, a few a line and a field a line. */
static void append_bytes(const struct solution *solution, size_t begin, size_t end,
                         const char *what, struct buffer *source)
{
    for (size_t i = begin, stop; i < end; i = stop) {
        struct buffer text BUFFER_CLEANUP = {0}, first BUFFER_CLEANUP = {0};
        struct buffer comment BUFFER_CLEANUP = {0};
        append_fields(solution, i, i + 1, &first);
        buffer_append_text(&text, "db ");
        for (stop = i; stop < end && stop < i + BYTES_A_LINE; stop++) {
            struct buffer field BUFFER_CLEANUP = {0};
            append_fields(solution, stop, stop + 1, &field);
            if (strcmp(buffer_text(&field), buffer_text(&first)) != 0)
                break;
            buffer_printf(&text, "%s0x%02x", stop > i ? ", " : "", solution->image[stop]);
        }
        append_fields(solution, i, stop, &comment);
        buffer_printf(&comment, "%s%s", comment.size && *what ? ", " : "", what);
        append_line(source, buffer_text(&text), buffer_text(&comment));
    }
}

/* Whether an item names the offset of its target. */
static bool has_target(const struct placed *item)
{
    return item->instruction ? item->instruction->kind == REFERENCE_NEAR ||
                                   item->instruction->kind == REFERENCE_PAST
                             : !item->filler;
}

static bool is_target(const struct solution *solution, size_t offset)
{
    for (size_t i = 0; i < solution->count; i++)
        if (has_target(&solution->items[i]) &&
            (solution->items[i].target == offset || (offset && solution->items[i].data == offset)))
            return true;
    return false;
}

/* Whether a byte of the file is one of the data. */
static bool is_data(const struct parts *parts, const struct solution *solution, size_t offset)
{
    const size_t *offsets = solution->data_offsets;
    return (offset >= offsets[0] && offset < offsets[0] + parts->first_block_size) ||
           (offset >= offsets[1] &&
            offset < offsets[1] + parts->data_size - parts->first_block_size);
}

static const struct placed *item_at(const struct solution *solution, size_t offset)
{
    for (size_t i = 0; i < solution->count; i++)
        if (solution->items[i].offset == offset)
            return &solution->items[i];
    return NULL;
}

static size_t next_item(const struct solution *solution, size_t offset)
{
    for (size_t i = 0; i < solution->count; i++)
        if (solution->items[i].offset > offset)
            return solution->items[i].offset;
    return solution->size;
}

/* The data's own lines, which keep its labels, unless something else shares its bytes, or leads to
 * one among them: then only where its labels would be is said. */
static bool is_data_apart(const struct solution *solution, const struct parts *parts)
{
    size_t begin = solution->data_offsets[0], end = begin + parts->data_size;
    if (begin < solution->overlay->header + 56u || parts->first_block_size < parts->data_size)
        return false;
    for (size_t i = 0; i < solution->count; i++)
        if ((solution->items[i].offset < end &&
             solution->items[i].offset + solution->items[i].size > begin) ||
            (solution->items[i].data > begin && solution->items[i].data < end))
            return false;
    return true;
}

/* The names of data whose bytes stand among others. */
static void append_data_names(const struct parts *parts, const struct solution *solution,
                              struct buffer *source)
{
    for (size_t i = 0; i < parts->name_count; i++) {
        const struct data_name *name = &parts->names[i];
        if (name->is_number)
            buffer_printf(source, "%s equ %" PRIu64 "\n", name->name, name->value);
        else
            buffer_printf(source, "%s equ $$ + 0x%" PRIx64 "\n", name->name,
                          data_offset(parts, solution->data_offsets, name->value));
    }
}

/* Distances lead to data, which may begin with the end of an instruction: no line begins there. */
static void append_inner_targets(const struct solution *solution, struct buffer *source)
{
    for (size_t i = 0; i < solution->count; i++) {
        const struct placed *item = &solution->items[i];
        for (size_t offset = item->offset + 1; offset < item->offset + item->size; offset++)
            if (is_target(solution, offset))
                buffer_printf(source, "at_%zx equ $$ + 0x%zx\n", offset, offset);
    }
}

static void append_lines(struct buffer *source, const struct strings *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        buffer_printf(source, "%s\n", lines->items[i]);
}

void compose_source(const struct parts *parts, const struct solution *solution,
                    struct buffer *source)
{
    const struct overlay *overlay = solution->overlay;
    bool is_apart = parts->data.count + parts->written.count > 0 && parts->zeros.count == 0 &&
                    is_data_apart(solution, parts);
    buffer_printf(
        source,
        "; The program header lies over the ELF header from byte %s on: %zu bytes in all.\n"
        "; %s.\n"
        "; nasm -f bin makes the program of this; what stands behind a semicolon are the\n"
        "; fields that the bytes are for the kernel. It needs of a machine: %s.\n"
        "bits 64\n%sorg 0x%" PRIx64 "\n",
        overlay->name, solution->size, overlay->trick, overlay->needs,
        parts->is_relative ? "default rel\n" : "", solution->address);
    for (size_t i = 0; i < parts->definitions.count; i++)
        buffer_printf(source, "%s\n", parts->definitions.items[i]);
    if (!is_apart)
        append_data_names(parts, solution, source);
    append_inner_targets(solution, source);
    for (size_t offset = 0; offset < solution->size;) {
        const struct placed *item = item_at(solution, offset);
        if (is_target(solution, offset))
            buffer_printf(source, "at_%zx:\n", offset);
        if (offset == solution->entry)
            buffer_append_text(source, "; the entry point\n");
        if (item) {
            for (size_t i = 0; item->part && i < item->part->labels.count; i++)
                buffer_printf(source, "%s:\n", item->part->labels.items[i]);
            append_item(solution, item, source);
            offset += item->size;
            continue;
        }
        if (is_apart && offset == solution->data_offsets[0]) {
            append_lines(source, &parts->data);
            append_lines(source, &parts->written);
            offset += parts->data_size;
            continue;
        }
        size_t end = offset, next = next_item(solution, offset);
        bool is_of_data = is_data(parts, solution, offset);
        do
            end++;
        while (end < next && is_data(parts, solution, end) == is_of_data &&
               !is_target(solution, end) && end != solution->entry);
        append_bytes(solution, offset, end, is_of_data ? "data" : "", source);
        offset = end;
    }
}

/* ---- the map --------------------------------------------------------------------------------- */

static void append_use(const struct parts *parts, const struct solution *solution, size_t offset,
                       struct buffer *out)
{
    for (size_t i = 0; i < solution->count; i++) {
        const struct placed *item = &solution->items[i];
        if (offset < item->offset || offset >= item->offset + item->size)
            continue;
        if (offset > item->offset)
            buffer_append_text(out, "| ");
        struct buffer ignored BUFFER_CLEANUP = {0};
        if (item->instruction)
            append_instruction(item, out, &ignored);
        else if (!item->filler)
            buffer_printf(out, "jmp 0x%zx", item->target);
        else
            buffer_append_text(out, item->filler);
    }
    if (is_data(parts, solution, offset)) {
        unsigned char byte = solution->image[offset];
        buffer_printf(out, "%sdata", out->size ? ", " : "");
        if (byte >= 0x20 && byte < 0x7f)
            buffer_printf(out, " '%c'", byte);
    }
}

void compose_map(const struct parts *parts, const struct solution *solution, struct buffer *map)
{
    buffer_printf(map,
                  "layout %s: %zu bytes, from address 0x%" PRIx64 ", entry point at offset %zu\n",
                  solution->overlay->name, solution->size, solution->address, solution->entry);
    buffer_printf(map, "it needs of a machine: %s\n\n", solution->overlay->needs);
    for (size_t i = 0; i < solution->size; i++) {
        struct buffer field BUFFER_CLEANUP = {0}, use BUFFER_CLEANUP = {0};
        overlay_field(solution->overlay, i, &field);
        append_use(parts, solution, i, &use);
        buffer_printf(map, "%04zx  %02x  %-30s%s%s\n", i, solution->image[i], buffer_text(&field),
                      use.size ? "  " : "", buffer_text(&use));
    }
}
