/* The files that a dynamic loader has loaded, or would: a program, its loader, its libraries. */
#include "elfcheck/libraries/libraries_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "elfcheck/read/finding.h"

#define MAX_BYTES (16 * 1024 * 1024)
#define MAX_OPENS 100000

/* More are counted, not named. */
#define MAX_NAMED 8

#define UNKNOWN_PATH "/program"

static void object_free(struct object *object)
{
    if (!object)
        return;
    free(object->path);
    free(object->asked);
    linkage_free(&object->linkage);
    free(object);
}

void libraries_free(struct libraries *libraries)
{
    if (!libraries)
        return;
    for (size_t i = 0; i < libraries->count; i++)
        object_free(libraries->objects[i]);
    object_free(libraries->loader);
    library_search_free(&libraries->search);
    free(libraries);
}

/* A new object; NULL where memory ran out. */
struct object *object_new(struct elfcheck_inspection *inspection, const char *path,
                          const char *asked, const struct object *parent)
{
    struct object *object = calloc(1, sizeof *object);
    if (object) {
        object->path = strdup(path);
        object->asked = asked ? strdup(asked) : NULL;
        object->parent = parent;
    }
    if (object && object->path && (object->asked || !asked))
        return object;
    object_free(object);
    fail_out_of_memory(inspection);
    return NULL;
}

/* Reads what the program itself says, once. NULL where the inspection has failed. */
struct libraries *libraries_of(struct elfcheck_inspection *inspection)
{
    struct libraries *libraries = inspection->libraries;
    if (libraries)
        return inspection->failed ? NULL : libraries;
    const char *path = inspection->settings->path;
    inspection->libraries = libraries = calloc(1, sizeof *libraries);
    if (!libraries) {
        fail_out_of_memory(inspection);
        return NULL;
    }
    libraries->budget = (struct budget){.bytes = MAX_BYTES, .opens = MAX_OPENS};
    struct object *program = object_new(inspection, path ? path : UNKNOWN_PATH, NULL, NULL);
    if (!program)
        return NULL;
    libraries->objects[libraries->count++] = program;
    return linkage_read(inspection, &libraries->budget, &program->linkage) < 0 ? NULL : libraries;
}

static bool goes_by(const struct object *object, const char *name)
{
    return object && ((object->asked && strcmp(object->asked, name) == 0) ||
                      strcmp(object->path, name) == 0 ||
                      (object->linkage.name && strcmp(object->linkage.name, name) == 0));
}

/* The object that is loaded under that name, or NULL. */
const struct object *find_loaded(const struct libraries *libraries, const char *name)
{
    for (size_t i = 1; i < libraries->count; i++)
        if (goes_by(libraries->objects[i], name))
            return libraries->objects[i];
    return goes_by(libraries->loader, name) ? libraries->loader : NULL;
}

/* ---- messages -------------------------------------------------------------------------------- */

void append_library_name(const char *name, struct buffer *out)
{
    if (*name)
        text_append_visible(out, name, strlen(name));
    else
        buffer_append_text(out, "(a name that cannot be read)");
}

/* "a, b and 2 more". */
void append_library_names(const struct strings *names, size_t count, struct buffer *out)
{
    size_t named = count < MAX_NAMED ? count : MAX_NAMED;
    for (size_t i = 0; i < named && i < names->count; i++) {
        buffer_append_text(out, i ? ", " : "");
        append_library_name(names->items[i], out);
    }
    if (count > named)
        buffer_printf(out, " and %zu more", count - named);
}

/* Adds a finding at the dynamic section whose message is in the buffer. */
void report_library_finding(struct elfcheck_inspection *inspection, const struct buffer *message)
{
    inspection->failed |= buffer_check(message, inspection->error) < 0;
    if (!inspection->failed)
        report_finding(inspection, inspection->libraries->objects[0]->linkage.offset, "%s",
                       buffer_text(message));
}
