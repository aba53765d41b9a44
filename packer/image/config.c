/* Checks what an image config is made of, and renders it (OCI image-spec 1.1, config.md). */
#include "packer/image/image.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/text.h"

/* Four-digit years, as RFC 3339 has them. */
#define LAST_SECOND_OF_9999 INT64_C(253402300799)

static int check_pairs(const char *const *pairs, const char *what, struct error *error)
{
    for (; pairs && *pairs; pairs++) {
        const char *equals = strchr(*pairs, '=');
        if (!equals || equals == *pairs)
            return error_set(error, "invalid %s '%s': expected KEY=VALUE", what, *pairs);
        if (!text_is_utf8(*pairs, strlen(*pairs)))
            return error_set(error, "%s '%s' is not UTF-8 text, as JSON must be", what, *pairs);
    }
    return 0;
}

static int check_port(const char *port, struct error *error)
{
    static const char *const protocols[] = {"", "/tcp", "/udp", "/sctp"};
    char digits[8] = "";
    size_t length = strcspn(port, "/");
    unsigned long long number;
    if (length < sizeof digits)
        memcpy(digits, port, length);
    bool known = false;
    for (size_t i = 0; i < COUNT(protocols); i++)
        known = known || strcmp(port + length, protocols[i]) == 0;
    if (!known || !text_to_number(digits, UINT16_MAX, &number) || number == 0)
        return error_set(error,
                         "invalid port '%s': expected PORT, PORT/tcp, PORT/udp or PORT/sctp, PORT "
                         "from 1 to 65535",
                         port);
    return 0;
}

/* "UID[:GID]", as engines take them, or names, which the image's passwd and group files explain. */
static int check_user(const char *user, struct error *error)
{
    static const char name_characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *part = user;
    for (int i = 0; i < 2; i++) {
        size_t length = strspn(part, name_characters);
        bool number = length && strspn(part, "0123456789") == length;
        char digits[16] = "";
        unsigned long long id;
        if (number && length < sizeof digits)
            memcpy(digits, part, length);
        if (!length || *part == '-' || (number && !text_to_number(digits, INT32_MAX, &id)))
            break;
        part += length;
        if (!*part)
            return 0;
        if (*part++ != ':')
            break;
    }
    return error_set(error, "invalid user '%s': expected UID or UID:GID, each from 0 to %d", user,
                     INT32_MAX);
}

/* A signal as kill(1) names it, with or without SIG, or its number. */
static int check_signal(const char *signal, struct error *error)
{
    unsigned long long number;
    const char *name = strncmp(signal, "SIG", 3) == 0 ? signal + 3 : signal;
    if (text_to_number(signal, (unsigned int)SIGRTMAX, &number) && number > 0)
        return 0;
    for (int i = 1; i < NSIG; i++) {
        const char *known = sigabbrev_np(i);
        if (known && strcmp(name, known) == 0)
            return 0;
    }
    bool real_time = strncmp(name, "RTMIN", 5) == 0 || strncmp(name, "RTMAX", 5) == 0;
    if (real_time &&
        (!name[5] || ((name[5] == '+' || name[5] == '-') && text_to_number(name + 6, 30, &number))))
        return 0;
    return error_set(error, "invalid stop signal '%s': expected a name such as SIGTERM, or 1 to %d",
                     signal, SIGRTMAX);
}

int packer_check_config(const struct packer_config *config, struct error *error)
{
    const char *const *const lists[] = {config->entrypoint, config->command};
    const char *const *first = config->entrypoint ? config->entrypoint : config->command;
    if (first && *first && !**first)
        return error_set(error, "the command is empty: name a program");

    if (check_pairs(config->environment, "environment variable", error) < 0 ||
        check_pairs(config->labels, "label", error) < 0)
        return -1;
    for (const char *const *port = config->ports; port && *port; port++)
        if (check_port(*port, error) < 0)
            return -1;
    if ((config->user && check_user(config->user, error) < 0) ||
        (config->stop_signal && check_signal(config->stop_signal, error) < 0))
        return -1;
    for (size_t i = 0; i < COUNT(lists); i++)
        for (const char *const *word = lists[i]; word && *word; word++)
            if (!text_is_utf8(*word, strlen(*word)))
                return error_set(error, "command argument '%s' is not UTF-8 text, as JSON must be",
                                 *word);
    const char *directory = config->working_directory;
    if (directory && (directory[0] != '/' || !text_is_utf8(directory, strlen(directory))))
        return error_set(
            error, "invalid working directory '%s': expected an absolute path in UTF-8", directory);
    if (config->created < 0 || config->created > LAST_SECOND_OF_9999)
        return error_set(
            error, "invalid creation time %lld: expected seconds from 0 (1970) to %lld (9999)",
            (long long)config->created, (long long)LAST_SECOND_OF_9999);
    return 0;
}

static void add_list(cJSON *object, const char *key, const char *const *words)
{
    if (!words)
        return;
    cJSON *list = cJSON_AddArrayToObject(object, key);
    for (; *words; words++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*words));
}

static void add_text(cJSON *object, const char *key, const char *text)
{
    if (text)
        cJSON_AddStringToObject(object, key, text);
}

/* {"key":"value"} from KEY=VALUE words; the last of one key wins. */
static int add_labels(cJSON *object, const char *const *labels, struct error *error)
{
    if (!labels)
        return 0;
    cJSON *map = cJSON_AddObjectToObject(object, "Labels");
    for (; *labels; labels++) {
        const char *equals = strchr(*labels, '=');
        char *key TEXT_CLEANUP = strndup(*labels, (size_t)(equals - *labels));
        if (!key)
            return error_set(error, "out of memory");
        cJSON_DeleteItemFromObjectCaseSensitive(map, key);
        cJSON_AddStringToObject(map, key, equals + 1);
    }
    return 0;
}

/* {"80/tcp":{}}; a port without a protocol is a TCP port. */
static int add_ports(cJSON *object, const char *const *ports, struct error *error)
{
    if (!ports)
        return 0;
    cJSON *set = cJSON_AddObjectToObject(object, "ExposedPorts");
    for (; *ports; ports++) {
        char *key TEXT_CLEANUP = NULL;
        if (text_format(&key, error, "%s%s", *ports, strchr(*ports, '/') ? "" : "/tcp") < 0)
            return -1;
        cJSON_DeleteItemFromObjectCaseSensitive(set, key);
        cJSON_AddObjectToObject(set, key);
    }
    return 0;
}

cJSON *config_document(const struct packer_image *image, const struct digest *diff_id,
                       struct error *error)
{
    const struct packer_config *config = &image->config;
    char created[sizeof "9999-12-31T23:59:59Z"] = "";
    struct tm utc;
    if (!gmtime_r(&(time_t){config->created}, &utc) ||
        !strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", &utc)) {
        error_set(error, "cannot write the creation time %lld", (long long)config->created);
        return NULL;
    }
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "created", created);
    cJSON_AddStringToObject(document, "architecture", config->architecture);
    cJSON_AddStringToObject(document, "os", "linux");
    cJSON *run = cJSON_AddObjectToObject(document, "config");
    add_text(run, "User", config->user);
    add_list(run, "Env", config->environment);
    add_list(run, "Entrypoint", config->entrypoint);
    add_list(run, "Cmd", config->command);
    add_text(run, "WorkingDir", config->working_directory);
    add_text(run, "StopSignal", config->stop_signal);
    if (add_ports(run, config->ports, error) < 0 || add_labels(run, config->labels, error) < 0) {
        cJSON_Delete(document);
        return NULL;
    }
    cJSON *rootfs = cJSON_AddObjectToObject(document, "rootfs");
    cJSON_AddStringToObject(rootfs, "type", "layers");
    cJSON *diff_ids = cJSON_AddArrayToObject(rootfs, "diff_ids");
    if (diff_id)
        cJSON_AddItemToArray(diff_ids, digest_to_json(diff_id));
    return document;
}

int config_render(const struct packer_image *image, const struct digest *diff_id,
                  struct buffer *out, struct error *error)
{
    cJSON *document JSON_CLEANUP = config_document(image, diff_id, error);
    return document ? json_render(document, out, error) : -1;
}

cJSON *digest_to_json(const struct digest *digest)
{
    char text[sizeof "sha256:" + SHA256_HEX_SIZE];
    snprintf(text, sizeof text, "sha256:%s", digest->hex);
    return cJSON_CreateString(text);
}
