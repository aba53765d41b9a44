/* What the dynamic section of a file says of shared libraries. */
#include "elfcheck/libraries/libraries_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "elfcheck/read/dynamic.h"

/* No real file comes near; the end of a hostile chain is not worth waiting for. */
#define MAX_NEEDED      1024
#define MAX_TEXT_LENGTH 16384

/* What a text costs beside its bytes, and each step on the way to one. */
#define TEXT_COST 64

#define WINDOW_SIZE 8192

/* A part of the file that was read at once: what is looked at lies close together. */
struct window {
    struct elfcheck_inspection *inspection;
    struct budget *budget;
    bool has_strings; /* names their table */
    uint64_t strings; /* the string table's address */
    uint64_t offset;
    size_t size;
    unsigned char bytes[WINDOW_SIZE];
};

/* The bytes at that offset and how many there are; NULL past the end or where reading failed. */
static const unsigned char *look(struct window *window, uint64_t offset, size_t *size)
{
    struct elfcheck_inspection *inspection = window->inspection;
    if (offset >= inspection->size)
        return NULL;
    if (offset < window->offset || offset - window->offset >= window->size) {
        uint64_t left = inspection->size - offset;
        window->size = 0;
        window->offset = offset;
        size_t part = left < WINDOW_SIZE ? (size_t)left : WINDOW_SIZE;
        if (!file_read_range(inspection, offset, window->bytes, part))
            return NULL;
        window->size = part;
    }
    *size = window->size - (size_t)(offset - window->offset);
    return window->bytes + (offset - window->offset);
}

/* Whether all of it is in the file; then it is copied. */
static bool copy(struct window *window, uint64_t offset, void *to, size_t size)
{
    unsigned char *bytes = to;
    while (size) {
        size_t there;
        const unsigned char *from = look(window, offset, &there);
        if (!from)
            return false;
        size_t part = size < there ? size : there;
        memcpy(bytes, from, part);
        bytes += part;
        size -= part;
        offset += part;
    }
    return true;
}

/* Takes it from the budget, all that is left where that is less. */
static bool spend(struct window *window, size_t cost)
{
    bool enough = cost <= window->budget->bytes;
    window->budget->bytes -= enough ? cost : window->budget->bytes;
    return enough;
}

/* The offset in the file of an address, or UINT64_MAX, which no file has. */
static uint64_t offset_of(const struct elfcheck_inspection *inspection, uint64_t address)
{
    uint64_t offset;
    return address_to_offset(inspection, address, 1, &offset) ? offset : UINT64_MAX;
}

/* A text of the string table, from the heap; an empty one where there is none that ends, NULL where
 * memory ran out. */
static char *read_text(struct window *window, uint64_t position)
{
    struct buffer text BUFFER_CLEANUP = {0};
    uint64_t address, offset = UINT64_MAX;
    if (!__builtin_add_overflow(window->strings, position, &address))
        offset = offset_of(window->inspection, address);
    bool ended = false;
    while (window->has_strings && !ended && text.size < MAX_TEXT_LENGTH && window->budget->bytes) {
        size_t there;
        const unsigned char *bytes = look(window, offset, &there);
        if (!bytes)
            break;
        size_t length = strnlen((const char *)bytes, there);
        ended = length < there;
        buffer_append(&text, bytes, length);
        offset += length;
    }
    bool is_good = spend(window, text.size + TEXT_COST) && ended;
    char *copied = text.failed ? NULL : strdup(is_good ? buffer_text(&text) : "");
    if (!copied && !window->inspection->failed) {
        error_set(window->inspection->error, "out of memory");
        window->inspection->failed = true;
    }
    return copied;
}

static void add_text(struct window *window, uint64_t position, struct strings *words)
{
    char *text TEXT_CLEANUP = read_text(window, position);
    if (text && strings_append(words, text, window->inspection->error) < 0)
        window->inspection->failed = true;
}

/* ---- versions -------------------------------------------------------------------------------- */

/* Both classes have the same structs of versions. */
static void read_definitions(struct window *window, uint64_t offset, struct linkage *linkage)
{
    Elf64_Verdef definition;
    Elf64_Verdaux name;
    while (spend(window, TEXT_COST) && copy(window, offset, &definition, sizeof definition)) {
        if (definition.vd_cnt && copy(window, offset + definition.vd_aux, &name, sizeof name))
            add_text(window, name.vda_name, &linkage->versions);
        if (!definition.vd_next || window->inspection->failed)
            return;
        offset += definition.vd_next;
    }
}

static void add_needed_version(struct window *window, const Elf64_Verneed *library,
                               const Elf64_Vernaux *version, struct linkage *linkage)
{
    struct version *grown =
        array_append(linkage->needed_versions, &linkage->needed_version_count, sizeof *grown);
    if (!grown) {
        error_set(window->inspection->error, "out of memory");
        window->inspection->failed = true;
        return;
    }
    linkage->needed_versions = grown;
    struct version *added = &grown[linkage->needed_version_count - 1];
    added->library = read_text(window, library->vn_file);
    added->name = read_text(window, version->vna_name);
}

static void read_needed_versions(struct window *window, uint64_t offset, struct linkage *linkage)
{
    Elf64_Verneed library;
    Elf64_Vernaux version;
    while (spend(window, TEXT_COST) && copy(window, offset, &library, sizeof library)) {
        uint64_t at = offset + library.vn_aux;
        for (unsigned i = 0; i < library.vn_cnt; i++) {
            if (!spend(window, TEXT_COST) || !copy(window, at, &version, sizeof version))
                break;
            /* The loader only warns where a weak one is not there. */
            if (!(version.vna_flags & VER_FLG_WEAK))
                add_needed_version(window, &library, &version, linkage);
            if (!version.vna_next || window->inspection->failed)
                break;
            at += version.vna_next;
        }
        if (!library.vn_next || window->inspection->failed)
            return;
        offset += library.vn_next;
    }
}

/* ---- the section ----------------------------------------------------------------------------- */

static void read_needed(struct window *window, const struct dynamic *dynamic,
                        struct linkage *linkage)
{
    for (size_t i = 0; i < dynamic->count && !window->inspection->failed; i++)
        if (dynamic->entries[i].d_tag == DT_NEEDED && linkage->needed_count++ < MAX_NEEDED)
            add_text(window, dynamic->entries[i].d_un.d_val, &linkage->needed);
}

/* The text whose offset in the strings is the tag's value; NULL where the tag does not stand there,
 * or memory ran out. */
static char *read_tag_text(struct window *window, const struct dynamic *dynamic, int64_t tag)
{
    uint64_t offset;
    return dynamic_has(dynamic, tag, &offset) ? read_text(window, offset) : NULL;
}

static void read_linkage(struct window *window, const struct dynamic *dynamic,
                         struct linkage *linkage)
{
    uint64_t address = 0;
    window->has_strings = dynamic_has(dynamic, DT_STRTAB, &window->strings);
    read_needed(window, dynamic, linkage);
    linkage->name = read_tag_text(window, dynamic, DT_SONAME);
    linkage->rpath = read_tag_text(window, dynamic, DT_RPATH);
    linkage->runpath = read_tag_text(window, dynamic, DT_RUNPATH);
    linkage->has_versions = dynamic_has(dynamic, DT_VERDEF, &address) && address;
    if (linkage->has_versions)
        read_definitions(window, offset_of(window->inspection, address), linkage);
    if (dynamic_has(dynamic, DT_VERNEED, &address) && address)
        read_needed_versions(window, offset_of(window->inspection, address), linkage);
}

int linkage_read(struct elfcheck_inspection *inspection, struct budget *budget,
                 struct linkage *linkage)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_DYNAMIC, NULL);
    *linkage = (struct linkage){0};
    if (!segment)
        return 0;
    linkage->offset = segment->p_offset;
    struct window window = {.inspection = inspection, .budget = budget};
    const struct dynamic *dynamic = read_dynamic(inspection);
    if (dynamic && !inspection->failed)
        read_linkage(&window, dynamic, linkage);
    return inspection->failed ? -1 : 0;
}

void linkage_free(struct linkage *linkage)
{
    strings_free(&linkage->needed);
    strings_free(&linkage->versions);
    text_free(&linkage->name);
    text_free(&linkage->rpath);
    text_free(&linkage->runpath);
    for (size_t i = 0; i < linkage->needed_version_count; i++)
        free(linkage->needed_versions[i].library), free(linkage->needed_versions[i].name);
    free(linkage->needed_versions);
    *linkage = (struct linkage){0};
}
