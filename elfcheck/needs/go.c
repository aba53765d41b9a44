/*
 * Which functions of Go's library the program's own packages call, those of other modules included.
 *
 * The table of lines (pclntab) names every function and where it begins, be a program stripped or
 * not: Go src/debug/gosym/pclntab.go for the header, src/runtime/symtab.go for functions. Calls are
 * relative, and never through a table, but for those of interfaces and closures.
 */
#include "elfcheck/needs/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "elfcheck/needs/windows.h"

/* The header: a byte that tells the version, these bytes, then words of 8 bytes. */
static const unsigned char magic[] = {0xff, 0xff, 0xff, 0, 0, 1, 8};
#define HEADER_WORDS 9
#define WORD_SIZE    8

/* More functions are not looked at. */
#define MAX_FUNCTIONS (4 * 1024 * 1024)

/* A form of the table: by the header's first byte, which words of the header say what (0: none) and
 * how wide an address is. */
static const struct form {
    unsigned char version;
    unsigned char text, names, functions; /* the number of a word */
    unsigned char width;                  /* of an address, and of an offset beside it */
} forms[] = {
    {0xfb, 0, 0, 0, 8}, /* Go 1.2: functions follow two words; all is relative to the header */
    {0xfa, 0, 3, 7, 8}, /* 1.16 */
    {0xf0, 3, 4, 8, 4}, /* 1.18 */
    {0xf1, 3, 4, 8, 4}, /* 1.20 */
};

struct table {
    struct elfcheck_inspection *inspection;
    const struct form *form;
    uint64_t text;             /* the address that those of functions are relative to */
    uint64_t names, functions; /* their offsets in the file */
    uint64_t count;
    unsigned char *entries; /* an address and the offset of a description each, of form->width */
    struct mention *wanted;
    size_t wanted_count;
};

/* ---- the table ------------------------------------------------------------------------------- */

static uint64_t word(const unsigned char *bytes, size_t width)
{
    uint64_t number = 0;
    memcpy(&number, bytes, width);
    return number;
}

static bool read_header(struct table *table, uint64_t offset)
{
    unsigned char header[HEADER_WORDS * WORD_SIZE];
    if (!file_has_range(table->inspection, offset, sizeof header) ||
        !file_read_range(table->inspection, offset, header, sizeof header))
        return false;
    for (size_t i = 0; i < COUNT(forms); i++)
        if (forms[i].version == header[0])
            table->form = &forms[i];
    if (!table->form)
        return false;
    const struct form *form = table->form;
    table->count = word(header + WORD_SIZE, WORD_SIZE);
    table->text = form->text ? word(header + form->text * WORD_SIZE, WORD_SIZE) : 0;
    table->names = offset + (form->names ? word(header + form->names * WORD_SIZE, WORD_SIZE) : 0);
    table->functions =
        offset +
        (form->functions ? word(header + form->functions * WORD_SIZE, WORD_SIZE) : 2 * WORD_SIZE);
    return table->count && table->count <= MAX_FUNCTIONS && (table->text || !form->text) &&
           file_has_range(table->inspection, table->functions, table->count * 2 * form->width);
}

struct magic_search {
    uint64_t address; /* 0: not found */
};

static bool visit_magic(void *context, const unsigned char *bytes, size_t size, uint64_t address)
{
    struct magic_search *search = context;
    const unsigned char *found = memmem(bytes, size, magic, sizeof magic);
    for (; found && !search->address;
         found = memmem(found + 1, size - (size_t)(found + 1 - bytes), magic, sizeof magic))
        if (found > bytes && found[-1] >= 0xf0)
            search->address = address + (size_t)(found - 1 - bytes);
    return !search->address;
}

static bool read_table(struct table *table, unsigned char *window)
{
    struct magic_search search = {0};
    uint64_t offset;
    /* Among the code only where a linker has put all that is not written there. */
    if (!windows_visit(table->inspection, &search, window, visit_magic, WINDOWS_OF_DATA) ||
        (!search.address &&
         !windows_visit(table->inspection, &search, window, visit_magic, WINDOWS_OF_CODE)) ||
        !search.address || !address_to_offset(table->inspection, search.address, 1, &offset) ||
        !read_header(table, offset))
        return false;
    size_t size = (size_t)table->count * 2 * table->form->width;
    table->entries = malloc(size);
    if (!table->entries)
        return fail_out_of_memory(table->inspection);
    return file_read_range(table->inspection, table->functions, table->entries, size);
}

static uint64_t address_of(const struct table *table, uint64_t number)
{
    size_t width = table->form->width;
    return table->text + word(table->entries + number * 2 * width, width);
}

/* Where the name of a function stands in the file; 0: nowhere. The descriptions of the first form
 * are relative to the header, as the names are. */
static uint64_t name_of(const struct table *table, uint64_t number)
{
    size_t width = table->form->width;
    uint64_t description = (table->form->functions ? table->functions : table->names) +
                           word(table->entries + number * 2 * width + width, width) + width;
    uint32_t name;
    if (!file_has_range(table->inspection, description, sizeof name) ||
        !file_read_range(table->inspection, description, &name, sizeof name))
        return 0;
    return table->names + name;
}

static bool find_wanted(struct table *table)
{
    for (uint64_t i = 0; i < table->count && !table->inspection->failed; i++) {
        uint64_t name = name_of(table, i);
        for (size_t j = 0; j < table->wanted_count; j++)
            if (table->wanted[j].offset == name)
                table->wanted[j].address = address_of(table, i);
    }
    return !table->inspection->failed;
}

/* ---- callers --------------------------------------------------------------------------------- */

/* The first parts of paths that Go keeps for its library, and of what its linker makes. */
static bool is_library(const char *name)
{
    static const char *const parts[] = {
        "archive",  "bufio",   "bytes",   "cmp",      "compress", "container", "context", "crypto",
        "database", "debug",   "embed",   "encoding", "errors",   "expvar",    "flag",    "fmt",
        "go",       "hash",    "html",    "image",    "index",    "internal",  "io",      "iter",
        "log",      "maps",    "math",    "mime",     "net",      "os",        "path",    "plugin",
        "reflect",  "regexp",  "runtime", "slices",   "sort",     "strconv",   "strings", "structs",
        "sync",     "syscall", "testing", "text",     "time",     "type",      "unicode", "unique",
        "unsafe",   "vendor",  "weak"};
    size_t size = strcspn(name, "/.:");
    const char *rest = name + size;
    bool is_host = *rest == '.' && rest[strcspn(rest, "/([")] == '/';
    for (size_t i = 0; i < COUNT(parts) && *rest && !is_host; i++)
        if (strlen(parts[i]) == size && memcmp(parts[i], name, size) == 0)
            return true;
    return false;
}

/* Whether the function that holds the address belongs to the program's own packages. */
static bool is_own(const struct table *table, uint64_t address)
{
    uint64_t low = 0, high = table->count;
    char name[96] = "";
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (address_of(table, middle) <= address)
            low = middle;
        else
            high = middle;
    }
    uint64_t offset = name_of(table, low);
    if (!offset || !file_has_range(table->inspection, offset, sizeof name) ||
        !file_read_range(table->inspection, offset, name, sizeof name - 1))
        return false;
    return !is_library(name);
}

static bool visit_calls(void *context, const unsigned char *bytes, size_t size, uint64_t address)
{
    const struct table *table = context;
    for (size_t index = 0; (index = window_next_byte(bytes, size, index, CALL, 0)) != SIZE_MAX;
         index++) {
        uint64_t target = jump_target(bytes + index, address + index);
        for (size_t i = 0; i < table->wanted_count; i++)
            if (table->wanted[i].address == target && !table->wanted[i].is_used &&
                is_own(table, address + index))
                table->wanted[i].is_used = true;
    }
    return true;
}

bool find_go_calls(struct elfcheck_inspection *inspection, struct mention *functions, size_t count)
{
    unsigned char *window = window_new(inspection);
    struct table table = {.inspection = inspection, .wanted = functions, .wanted_count = count};
    bool is_known = window && read_table(&table, window) && find_wanted(&table) &&
                    windows_visit(inspection, &table, window, visit_calls, WINDOWS_OF_CODE);
    free(table.entries);
    free(window);
    return is_known;
}
