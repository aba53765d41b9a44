/* Has it all it needs in an empty image? */
#include "elfcheck/elfcheck_internal.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* No real dynamic section comes near; the end of a hostile one is not worth waiting for. */
#define MOST_DYNAMIC_ENTRIES 65536
#define ENTRIES_AT_A_TIME    64

#define MOST_NAMED_LIBRARIES 8
#define LONGEST_LIBRARY_NAME 256

void check_interpreter(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *segment = inspection_segment(inspection, PT_INTERP, NULL);
    char path[LONGEST_INTERPRETER];
    if (!segment)
        return;
    inspection->report->is_static = false;
    if (!inspection_interpreter(inspection, path))
        return;
    struct buffer name BUFFER_CLEANUP = {0};
    text_append_visible(&name, path, strlen(path));
    inspection->failed |= buffer_check(&name, inspection->error) < 0;
    inspection_find(inspection, segment->p_offset, "needs %s", buffer_text(&name));
}

/* The names of shared libraries, as the dynamic section refers to them. */
struct needed {
    uint64_t names[MOST_NAMED_LIBRARIES]; /* offsets in the string table */
    size_t count;                         /* of all there are */
    uint64_t strings;                     /* the string table's address */
};

/* Reads the dynamic section up to its end mark, or as much of it as the file holds. */
static void read_needed(struct elfcheck_inspection *inspection, const Elf64_Phdr *dynamic,
                        struct needed *needed)
{
    uint64_t there = inspection->size - dynamic->p_offset;
    uint64_t size_in_file = dynamic->p_filesz < there ? dynamic->p_filesz : there;
    uint64_t count = size_in_file / sizeof(Elf64_Dyn);
    Elf64_Dyn entries[ENTRIES_AT_A_TIME];
    for (uint64_t i = 0; i < count && i < MOST_DYNAMIC_ENTRIES; i++) {
        size_t place = i % ENTRIES_AT_A_TIME;
        if (place == 0) {
            uint64_t left = count - i < ENTRIES_AT_A_TIME ? count - i : ENTRIES_AT_A_TIME;
            size_t size = (size_t)left * sizeof *entries;
            uint64_t offset = dynamic->p_offset + i * sizeof *entries;
            if (!inspection_read(inspection, offset, entries, size))
                return;
        }
        if (entries[place].d_tag == DT_NULL)
            return;
        if (entries[place].d_tag == DT_STRTAB)
            needed->strings = entries[place].d_un.d_ptr;
        if (entries[place].d_tag != DT_NEEDED)
            continue;
        if (needed->count < MOST_NAMED_LIBRARIES)
            needed->names[needed->count] = entries[place].d_un.d_val;
        needed->count++;
    }
}

/* The place in the file of an address, or UINT64_MAX, which no file has. */
static uint64_t offset_of_address(const struct elfcheck_inspection *inspection, uint64_t address)
{
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));)
        if (address >= load->p_vaddr && address - load->p_vaddr < load->p_filesz)
            return load->p_offset + (address - load->p_vaddr);
    return UINT64_MAX;
}

/* Appends the library's name, or says that it has none that can be read. */
static void append_library(struct elfcheck_inspection *inspection, uint64_t address,
                           struct buffer *out)
{
    char name[LONGEST_LIBRARY_NAME];
    uint64_t offset = offset_of_address(inspection, address);
    size_t size = 0;
    if (offset < inspection->size) {
        uint64_t left = inspection->size - offset;
        size = left < sizeof name ? (size_t)left : sizeof name;
        if (!inspection_read(inspection, offset, name, size))
            return;
    }
    size_t length = strnlen(name, size);
    if (length && length < size)
        text_append_visible(out, name, length);
    else
        buffer_append_text(out, "(a name that cannot be read)");
}

void check_libraries(struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *dynamic = inspection_segment(inspection, PT_DYNAMIC, NULL);
    struct needed needed = {0};
    if (!dynamic || dynamic->p_offset >= inspection->size)
        return;
    read_needed(inspection, dynamic, &needed);
    if (inspection->failed || needed.count == 0)
        return;
    inspection->report->is_static = false;

    struct buffer list BUFFER_CLEANUP = {0};
    size_t named = needed.count < MOST_NAMED_LIBRARIES ? needed.count : MOST_NAMED_LIBRARIES;
    for (size_t i = 0; i < named; i++) {
        buffer_append_text(&list, i ? ", " : "");
        append_library(inspection, needed.strings + needed.names[i], &list);
    }
    if (needed.count > named)
        buffer_printf(&list, " and %zu more", needed.count - named);
    inspection->failed |= buffer_check(&list, inspection->error) < 0;
    inspection_find(inspection, dynamic->p_offset, "needs %s %s",
                    needed.count == 1 ? "the shared library" : "the shared libraries",
                    buffer_text(&list));
}

/* ---- what it will miss ----------------------------------------------------------------------- */

/* The settings' severity of the rule whose check runs. */
static enum elfcheck_severity severity_now(const struct elfcheck_inspection *inspection)
{
    size_t count;
    const enum elfcheck_severity *severities = inspection->settings->severities;
    return severities ? severities[inspection->rule - elfcheck_rules(&count)]
                      : inspection->rule->severity;
}

/* Whether the image has what the rule asks for. */
static bool is_in_root(const struct elfcheck_inspection *inspection)
{
    const struct elfcheck_root *root = inspection->settings->root;
    const char *const *places = inspection->rule->places;
    for (; root && places && *places; places++) {
        int fd = root->open(root->context, *places);
        if (fd >= 0) {
            close(fd);
            return true;
        }
    }
    return false;
}

/* How a sign is spoken of. */
static const char *const evidence_words[] = {
    [SIGN_STRING] = "it holds the text",
    [SIGN_SUFFIX] = "it holds a text that ends in",
    [SIGN_TEXT] = "it holds the text",
    [SIGN_GO] = "it has the function",
    [SIGN_SYMBOL] = "it has the symbol",
    [SIGN_CALL] = "it calls localtime, and holds the text",
    [SIGN_NAMED] = "it starts, and holds the text",
};

void check_signs(struct elfcheck_inspection *inspection)
{
    /* Gathering evidence reads the whole file: only for what somebody wants to know. */
    if (severity_now(inspection) == ELFCHECK_OFF || !inspection_gather_evidence(inspection))
        return;
    uint64_t place;
    const struct sign *sign = evidence_sign(inspection, &place);
    if (!sign || is_in_root(inspection))
        return;
    bool is_weak = evidence_is_weak(inspection, sign);
    inspection_find(inspection, place, "%s %s: %s \"%s\"", is_weak ? "may look for" : "looks for",
                    inspection->rule->lack, evidence_words[sign->kind], sign->text);
    /* What does not start misses nothing yet. */
    if (is_weak || !elfcheck_starts(inspection->report))
        inspection_weaken(inspection);
}

/* UPX: struct l_info after the program headers, with its magic behind a checksum. */
#define PACKED_MAGIC       "UPX!"
#define PACKED_MAGIC_PLACE 4

void check_packed(struct elfcheck_inspection *inspection)
{
    char magic[sizeof PACKED_MAGIC - 1];
    uint64_t place = inspection->header.e_phoff +
                     inspection->segment_count * inspection->entry_size + PACKED_MAGIC_PLACE;
    if (inspection->segment_count == 0 || !inspection_has(inspection, place, sizeof magic) ||
        !inspection_read(inspection, place, magic, sizeof magic) ||
        memcmp(magic, PACKED_MAGIC, sizeof magic) != 0)
        return;
    inspection_find(inspection, place,
                    "packed by UPX, so that nothing could be seen of what it needs");
}
