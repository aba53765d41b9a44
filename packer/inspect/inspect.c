/* What an archive holds, and how many of its bytes are of each kind: for text and JSON alike. */
#include "packer/inspect/inspect.h"

#include <string.h>
#include <sys/stat.h>

#include "base/array.h"

#define JSON_START_SIZE 16 /* white space before the document is rarely longer */

const struct byte_kind_name byte_kind_names[BYTE_KINDS] = {
    [BYTES_HEADERS] = {"tar headers", "headers"},
    [BYTES_JSON] = {"JSON", "json"},
    [BYTES_PAYLOAD] = {"payload", "payload"},
    [BYTES_COMPRESSED] = {"compressed layers", "compressed_layers"},
    [BYTES_PADDING] = {"padding", "padding"},
    [BYTES_END] = {"end of archive", "end_of_archive"},
    [BYTES_OTHER] = {"other", "other"},
};

int inspect_is_json(const struct extent *content, bool *json, struct error *error)
{
    char start[JSON_START_SIZE + 1] = "";
    size_t size = content->size < JSON_START_SIZE ? (size_t)content->size : JSON_START_SIZE;
    if (extent_read(content, 0, start, size, error) < 0)
        return -1;
    const char *first = start + strspn(start, " \t\r\n");
    *json = *first == '{' || *first == '[';
    return 0;
}

static int tally_member(const struct member *member, struct tally *tally, struct error *error)
{
    bool json;
    if (!member->layer) {
        if (inspect_is_json(&member->content, &json, error) < 0)
            return -1;
        tally->bytes[json ? BYTES_JSON : BYTES_OTHER] += member->stored;
    } else if (member->layer->compression == &compression_none &&
               member->stored == member->content.size) {
        for (size_t i = 0; i < BYTE_KINDS; i++)
            tally->bytes[i] += member->layer->tally.bytes[i];
    } else {
        tally->bytes[BYTES_COMPRESSED] += member->stored;
    }
    return 0;
}

int inspect_archive(struct packer_archive *archive, struct inspection *inspection,
                    struct error *error)
{
    if (archive_load_layers(archive, error) < 0)
        return -1;
    *inspection = (struct inspection){.tally = archive->tally};
    for (const struct member *member = archive->members; member; member = member->next)
        if (tally_member(member, &inspection->tally, error) < 0)
            return -1;
    for (size_t i = 0; i < BYTE_KINDS; i++)
        inspection->size += inspection->tally.bytes[i];
    for (size_t i = 0; i < archive->check_count; i++)
        inspection->mismatches += !check_holds(&archive->checks[i]);
    return 0;
}

int inspect_entries(const struct layer *layer,
                    void (*show)(void *context, const struct tar_entry *entry), void *context,
                    struct error *error)
{
    struct tar_reader reader TAR_READER_CLEANUP;
    struct tar_entry entry;
    int got;
    tar_reader_init(&reader, &layer->tar);
    while ((got = tar_next(&reader, &entry, error)) > 0)
        show(context, &entry);
    return got;
}

void inspect_mode(const struct tar_entry *entry, char text[MODE_TEXT_SIZE])
{
    static const struct {
        char type, letter;
    } letters[] = {
        {TAR_TYPE_FILE, '-'},      {TAR_TYPE_DIRECTORY, 'd'}, {TAR_TYPE_SYMLINK, 'l'},
        {TAR_TYPE_HARD_LINK, 'h'}, {TAR_TYPE_CHARACTER, 'c'}, {TAR_TYPE_BLOCK, 'b'},
        {TAR_TYPE_FIFO, 'p'},      {TAR_TYPE_PAX_ALL, 'g'},
    };
    static const struct {
        mode_t bit;
        int index;
        char with, without; /* the execute bit */
    } special[] = {{S_ISUID, 3, 's', 'S'}, {S_ISGID, 6, 's', 'S'}, {S_ISVTX, 9, 't', 'T'}};

    text[0] = '?';
    for (size_t i = 0; i < COUNT(letters); i++)
        if (letters[i].type == entry->type)
            text[0] = letters[i].letter;
    for (int i = 0; i < 9; i++)
        text[i + 1] = '-';
    for (int i = 0; i < 9; i++)
        if (entry->mode & (0400 >> i))
            text[i + 1] = "rwx"[i % 3];
    for (size_t i = 0; i < COUNT(special); i++)
        if (entry->mode & special[i].bit)
            text[special[i].index] =
                text[special[i].index] == 'x' ? special[i].with : special[i].without;
    text[MODE_TEXT_SIZE - 1] = '\0';
}

void inspect_add_violation(cJSON *violations, const char *of, const char *what, const char *clause)
{
    cJSON *violation = cJSON_CreateObject();
    cJSON_AddItemToArray(violations, violation);
    cJSON_AddStringToObject(violation, "of", of);
    cJSON_AddStringToObject(violation, "what", what);
    cJSON_AddStringToObject(violation, "clause", clause);
}
