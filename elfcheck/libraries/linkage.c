/* What the dynamic section of a file says of shared libraries. */
#include "elfcheck/libraries/libraries_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* No real file comes near; the end of a hostile chain is not worth waiting for. */
#define MAX_ENTRIES     65536
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

/* The place in the file of an address, or UINT64_MAX, which no file has. */
static uint64_t offset_of(const struct elfcheck_inspection *inspection, uint64_t address)
{
    for (const Elf64_Phdr *load = NULL; (load = next_load_segment(inspection, load));)
        if (address >= load->p_vaddr && address - load->p_vaddr < load->p_filesz)
            return load->p_offset + (address - load->p_vaddr);
    return UINT64_MAX;
}

/* A text of the string table, from the heap; an empty one where there is none that ends, NULL where
 * memory ran out. */
static char *read_text(struct window *window, uint64_t place)
{
    struct buffer text BUFFER_CLEANUP = {0};
    uint64_t offset = offset_of(window->inspection, window->strings + place);
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

static void add_text(struct window *window, uint64_t place, struct strings *words)
{
    char *text TEXT_CLEANUP = read_text(window, place);
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
        reallocarray(linkage->needed_versions, linkage->needed_version_count + 1, sizeof *grown);
    if (!grown) {
        error_set(window->inspection->error, "out of memory");
        window->inspection->failed = true;
        return;
    }
    linkage->needed_versions = grown;
    struct version *added = &grown[linkage->needed_version_count++];
    *added = (struct version){.library = read_text(window, library->vn_file)};
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

/* Copies one entry; false past the last that counts. */
static bool read_entry(struct window *window, uint64_t offset, Elf64_Dyn *entry)
{
    Elf32_Dyn entry32;
    if (!window->inspection->is_32bit)
        return copy(window, offset, entry, sizeof *entry) && entry->d_tag != DT_NULL;
    if (!copy(window, offset, &entry32, sizeof entry32))
        return false;
    *entry = (Elf64_Dyn){.d_tag = entry32.d_tag, .d_un.d_val = entry32.d_un.d_val};
    return entry->d_tag != DT_NULL;
}

/* The values of the entries; 0 for what is not there. */
struct values {
    uint64_t needed[MAX_NEEDED];
    bool has_name, has_rpath, has_runpath;
    uint64_t name, rpath, runpath;
    uint64_t definitions, needed_versions; /* addresses */
};

static void read_values(struct window *window, const Elf64_Phdr *segment, struct values *values,
                        struct linkage *linkage)
{
    size_t entry_size = window->inspection->is_32bit ? sizeof(Elf32_Dyn) : sizeof(Elf64_Dyn);
    uint64_t count = segment->p_filesz / entry_size;
    Elf64_Dyn entry;
    for (uint64_t i = 0; i < count && i < MAX_ENTRIES; i++) {
        if (!read_entry(window, segment->p_offset + i * entry_size, &entry))
            return;
        uint64_t value = entry.d_un.d_val;
        switch (entry.d_tag) {
        case DT_NEEDED:
            if (linkage->needed_count < MAX_NEEDED)
                values->needed[linkage->needed_count] = value;
            linkage->needed_count++;
            break;
        case DT_SONAME:
            values->has_name = true;
            values->name = value;
            break;
        case DT_RPATH:
            values->has_rpath = true;
            values->rpath = value;
            break;
        case DT_RUNPATH:
            values->has_runpath = true;
            values->runpath = value;
            break;
        case DT_STRTAB:
            window->has_strings = true;
            window->strings = value;
            break;
        case DT_VERDEF:
            values->definitions = value;
            break;
        case DT_VERNEED:
            values->needed_versions = value;
            break;
        default:
            break;
        }
    }
}

static void read_texts(struct window *window, const struct values *values, struct linkage *linkage)
{
    for (size_t i = 0; i < linkage->needed_count && i < MAX_NEEDED; i++)
        add_text(window, values->needed[i], &linkage->needed);
    if (values->has_name)
        linkage->name = read_text(window, values->name);
    if (values->has_rpath)
        linkage->rpath = read_text(window, values->rpath);
    if (values->has_runpath)
        linkage->runpath = read_text(window, values->runpath);
    linkage->has_versions = values->definitions != 0;
    if (values->definitions)
        read_definitions(window, offset_of(window->inspection, values->definitions), linkage);
    if (values->needed_versions)
        read_needed_versions(window, offset_of(window->inspection, values->needed_versions),
                             linkage);
}

int linkage_read(struct elfcheck_inspection *inspection, struct budget *budget,
                 struct linkage *linkage)
{
    const Elf64_Phdr *segment = next_segment(inspection, PT_DYNAMIC, NULL);
    *linkage = (struct linkage){0};
    if (!segment)
        return 0;
    linkage->exists = true;
    linkage->offset = segment->p_offset;
    struct window window = {.inspection = inspection, .budget = budget};
    struct values values = {0};
    read_values(&window, segment, &values, linkage);
    if (!inspection->failed)
        read_texts(&window, &values, linkage);
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
