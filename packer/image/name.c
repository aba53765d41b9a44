/* Checks and completes image names (distribution/reference, regexp.go), and paths in an image. */
#include "packer/image/image.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define MAX_TAG_LENGTH  128
#define MAX_NAME_LENGTH 255
#define DEFAULT_TAG     "latest"

/* What docker takes for granted (distribution/reference, normalize.go). */
#define DEFAULT_DOMAIN    "docker.io/"
#define DEFAULT_NAMESPACE "library/"

static const char lower_alphanumeric[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char tag_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

/* Whether the text of that length is alphanumeric runs joined by ".", "_", "__" or dashes. */
static bool is_path_component(const char *text, size_t length)
{
    size_t at = 0;
    for (;;) {
        size_t run = strspn(text + at, lower_alphanumeric);
        if (run == 0)
            return false;
        at += run;
        if (at >= length)
            return at == length;
        size_t joint = strspn(text + at, "-");
        if (joint == 0)
            joint = text[at] == '.' ? 1 : strspn(text + at, "_");
        if (joint == 0 || (text[at] == '_' && joint > 2))
            return false;
        at += joint;
    }
}

/* Whether a first component is a registry's host and port rather than part of the path. */
static bool is_domain(const char *text, size_t length)
{
    return memchr(text, '.', length) || memchr(text, ':', length) ||
           (length == strlen("localhost") && memcmp(text, "localhost", length) == 0);
}

static bool is_host_and_port(const char *text, size_t length)
{
    const char *colon = memchr(text, ':', length);
    size_t host = colon ? (size_t)(colon - text) : length;
    for (size_t i = 0; i < host; i++) {
        bool edge = i == 0 || i + 1 == host || text[i - 1] == '.' || text[i + 1] == '.';
        if (!isalnum((unsigned char)text[i]) && (edge || (text[i] != '-' && text[i] != '.')))
            return false;
    }
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 1;
    return host > 0 && digits > 0 && (!colon || digits == length - host - 1);
}

static bool is_name(const char *name, size_t length)
{
    const char *slash = memchr(name, '/', length);
    const char *end = name + length;
    if (slash && is_domain(name, (size_t)(slash - name))) {
        if (!is_host_and_port(name, (size_t)(slash - name)))
            return false;
        name = slash + 1;
    }
    while (name < end) {
        slash = memchr(name, '/', (size_t)(end - name));
        const char *component_end = slash ? slash : end;
        if (!is_path_component(name, (size_t)(component_end - name)))
            return false;
        if (!slash)
            return true;
        name = slash + 1;
    }
    return false;
}

const char *packer_tag_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *colon = strchr(slash ? slash : name, ':');
    return colon ? colon + 1 : NULL;
}

char *packer_complete_tag(const char *text, struct error *error)
{
    const char *typed = packer_tag_of(text);
    size_t length = typed ? (size_t)(typed - 1 - text) : strlen(text);
    if (length > MAX_NAME_LENGTH || !is_name(text, length)) {
        error_set(error,
                  "invalid image name '%s': expected NAME:TAG, NAME of lower-case letters and "
                  "digits joined by . _ - and /",
                  text);
        return NULL;
    }
    const char *tag = typed ? typed : DEFAULT_TAG;
    size_t tag_length = strlen(tag);
    if (tag_length == 0 || tag_length > MAX_TAG_LENGTH || tag[0] == '.' || tag[0] == '-' ||
        strspn(tag, tag_characters) != tag_length) {
        error_set(error,
                  "invalid tag '%s': expected up to 128 letters, digits, _ . and -, the first a "
                  "letter, a digit or _",
                  tag);
        return NULL;
    }
    char *full;
    text_format(&full, error, "%.*s:%s", (int)length, text, tag);
    return full;
}

char *name_qualify(const char *tag, struct error *error)
{
    const char *slash = strchr(tag, '/');
    bool has_domain = slash && is_domain(tag, (size_t)(slash - tag));
    char *full;
    text_format(&full, error, "%s%s%s", has_domain ? "" : DEFAULT_DOMAIN,
                slash ? "" : DEFAULT_NAMESPACE, tag);
    return full;
}

int packer_check_path(const char *path, struct error *error)
{
    static const char *const mounted[] = {"dev", "proc", "sys"};
    for (size_t i = 0; i < COUNT(mounted); i++)
        if (strncmp(path, mounted[i], strlen(mounted[i])) == 0 &&
            (path[strlen(mounted[i])] == '/' || !path[strlen(mounted[i])]))
            return error_set(error,
                             "invalid path '%s': engines mount something on /%s, which hides it",
                             path, mounted[i]);
    for (const char *component = path;;) {
        size_t length = strcspn(component, "/");
        if (length > NAME_MAX)
            return error_set(error, "invalid path '%s': a component is longer than %d bytes", path,
                             NAME_MAX);
        if (strncmp(component, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
            return error_set(
                error,
                "invalid path '%s': a name that begins with .wh. hides files of lower layers",
                path);
        if (length == 0 || (length == 1 && component[0] == '.') ||
            (length == 2 && component[0] == '.' && component[1] == '.'))
            return error_set(error,
                             "invalid path '%s': expected one like usr/bin/hello, without empty, . "
                             "or .. components",
                             path);
        if (!component[length])
            return 0;
        component += length + 1;
    }
}
