/* Compares the digests that an image names with those of its bytes. */
#include "packer/read/read_internal.h"

#include <string.h>

#include "base/array.h"

#define MAX_INTEGER 9007199254740992.0 /* 2^53: what a JSON number tells exactly */

bool check_holds(const struct check *check)
{
    return strcmp(check->named.hex, check->computed.hex) == 0 && check->named_size == check->size;
}

void check_subject(const struct check *check, struct buffer *out)
{
    buffer_append_text(out, check->what);
    if (check->number)
        buffer_printf(out, " %zu", check->number);
}

int archive_add_check(struct packer_archive *archive, const struct check *check,
                      struct error *error)
{
    struct check *checks = array_append(archive->checks, &archive->check_count, sizeof *checks);
    if (!checks)
        return error_set(error, "out of memory");
    archive->checks = checks;
    checks[archive->check_count - 1] = *check;
    return 0;
}

int archive_require_checks(const struct packer_archive *archive, struct error *error)
{
    for (size_t i = 0; i < archive->check_count; i++) {
        const struct check *check = &archive->checks[i];
        struct buffer subject BUFFER_CLEANUP = {0};
        if (check_holds(check))
            continue;
        check_subject(check, &subject);
        return error_set(error,
                         "%s: the %s does not match its %s: expected sha256:%s of %llu bytes, got "
                         "sha256:%s of %llu bytes",
                         archive->path, buffer_text(&subject), check->where, check->named.hex,
                         (unsigned long long)check->named_size, check->computed.hex,
                         (unsigned long long)check->size);
    }
    return 0;
}

bool digest_parse_hex(const char *text, struct digest *digest)
{
    if (strspn(text, "0123456789abcdef") < SHA256_HEX_SIZE)
        return false;
    memcpy(digest->hex, text, SHA256_HEX_SIZE);
    digest->hex[SHA256_HEX_SIZE] = '\0';
    return true;
}

int digest_parse(const char *text, const char *what, struct digest *digest, struct error *error)
{
    size_t prefix = strlen(DIGEST_PREFIX);
    if (text && strncmp(text, DIGEST_PREFIX, prefix) == 0 &&
        digest_parse_hex(text + prefix, digest) && text[prefix + SHA256_HEX_SIZE] == '\0')
        return 0;
    if (text && strncmp(text, "sha512:", 7) == 0)
        return error_set(
            error,
            "%s is of SHA-512, and whit reads SHA-256 alone, as most engines do: have the "
            "tool that wrote the image use that (%.100s)",
            what, text);
    return error_set(error, "%s is %s%.100s%s, not sha256: and 64 lower-case digits", what,
                     text ? "\"" : "", text ? text : "missing", text ? "\"" : "");
}

int descriptor_digest(const cJSON *descriptor, struct digest *digest, struct error *error)
{
    return digest_parse(json_string(descriptor, "digest"), "a descriptor's digest", digest, error);
}

int archive_check_descriptor(struct packer_archive *archive, const cJSON *descriptor,
                             const char *what, size_t number, const struct extent *bytes,
                             struct error *error)
{
    struct check check = {.what = what,
                          .number = number,
                          .where = "descriptor",
                          .named_size = bytes->size,
                          .size = bytes->size};
    const cJSON *size = cJSON_GetObjectItem(descriptor, "size");
    if (size &&
        (!cJSON_IsNumber(size) || !(size->valuedouble >= 0) || size->valuedouble > MAX_INTEGER))
        return error_set(error, "the descriptor of the %s has an invalid size", what);
    if (size)
        check.named_size = (uint64_t)size->valuedouble;
    if (descriptor_digest(descriptor, &check.named, error) < 0 ||
        extent_hash(bytes, &check.computed, error) < 0)
        return -1;
    return archive_add_check(archive, &check, error);
}
