/* Which rules count, and how much: the settings file of a project, and options over it. */
#include "cli/check/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/json.h"
#include "base/read.h"
#include "base/text.h"

#define MAX_POLICY_FILE_SIZE (1024 * 1024)

#define OLDEST_KERNEL     ELFCHECK_KERNEL(5, 10)
#define MAX_KERNEL_PART   999
#define MAX_KERNEL_DIGITS 3

int policy_init(struct policy *policy, struct error *error)
{
    size_t count = elfcheck_rule_count();
    *policy = (struct policy){.fail_level = ELFCHECK_ERROR,
                              .severities = calloc(count, sizeof *policy->severities)};
    if (!policy->severities)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count; i++)
        policy->severities[i] = elfcheck_rule(i)->severity;
    return 0;
}

void policy_free(struct policy *policy)
{
    free(policy->severities);
    policy->severities = NULL;
}

/* ---- rules and severities ---------------------------------------------------------------------
 */

int policy_find_rule(const char *name, size_t *index, struct error *error)
{
    if (elfcheck_find_rule(name, index))
        return 0;
    size_t count = elfcheck_rule_count();
    size_t groups = ELFCHECK_HARDENED + 1;
    const char **names = calloc(count + groups, sizeof *names);
    for (size_t i = 0; names && i < count; i++)
        names[i] = elfcheck_rule(i)->name;
    for (size_t i = 0; names && i < groups; i++)
        names[count + i] = elfcheck_group_name((enum elfcheck_group)i);
    text_unknown("rule", name, names, names ? count + groups : 0,
                 "--explain lists them and their groups", error);
    free(names);
    return -1;
}

/* Whether the rule of that index is meant by a name: its own, its ID, or that of its group. */
static bool is_meant(size_t index, const char *name)
{
    size_t rule;
    return strcmp(elfcheck_group_name(elfcheck_rule(index)->group), name) == 0 ||
           (elfcheck_find_rule(name, &rule) && rule == index);
}

/* The next rule from *index on that is meant by a name. */
static bool next_meant(const char *name, size_t *index)
{
    while (*index < elfcheck_rule_count() && !is_meant(*index, name))
        ++*index;
    return *index < elfcheck_rule_count();
}

/* An error says which rule or group may be meant, where there is none of that name. */
static int check_name(const char *name, struct error *error)
{
    size_t first = 0;
    return next_meant(name, &first) ? 0 : policy_find_rule(name, &first, error);
}

/* Sets the severity of all rules that are meant by a name. */
static int set_all(struct policy *policy, const char *name, enum elfcheck_severity severity,
                   struct error *error)
{
    if (check_name(name, error) < 0)
        return -1;
    for (size_t i = 0; next_meant(name, &i); i++)
        policy->severities[i] = severity;
    return 0;
}

/* One of the severities from `first` to `last`. */
static int parse_severity(const char *word, enum elfcheck_severity first,
                          enum elfcheck_severity last, const char *all,
                          enum elfcheck_severity *severity, struct error *error)
{
    const char *names[ELFCHECK_NEVER + 1];
    size_t count = 0;
    for (*severity = first; *severity <= last; ++*severity) {
        names[count] = elfcheck_severity_name(*severity);
        if (strcmp(names[count++], word) == 0)
            return 0;
    }
    return text_unknown("severity", word, names, count, all, error);
}

/* ---- what options and the file say ----------------------------------------------------------- */

int policy_ignore(struct policy *policy, const char *rule, struct error *error)
{
    return set_all(policy, rule, ELFCHECK_OFF, error);
}

static int set_severity(struct policy *policy, const char *rule, const char *level,
                        struct error *error)
{
    enum elfcheck_severity parsed;
    if (check_name(rule, error) < 0 ||
        parse_severity(level, ELFCHECK_OFF, ELFCHECK_ERROR,
                       "write off, info, notice, warning or error", &parsed, error) < 0)
        return -1;
    return set_all(policy, rule, parsed, error);
}

int policy_set_severity(struct policy *policy, const char *setting, struct error *error)
{
    const char *equals = strchr(setting, '=');
    if (!equals)
        return error_set(error,
                         "'%s' has no level: write RULE=LEVEL, with off, info, notice, "
                         "warning or error",
                         setting);
    char *rule TEXT_CLEANUP = strndup(setting, (size_t)(equals - setting));
    return rule ? set_severity(policy, rule, equals + 1, error) : error_set(error, "out of memory");
}

/* Info is not among them: it is true of healthy programs. */
int policy_set_fail_level(struct policy *policy, const char *level, struct error *error)
{
    if (strcmp(level, elfcheck_severity_name(ELFCHECK_INFO)) == 0)
        return error_set(error,
                         "info never fails a check: write notice, warning, error or never, and "
                         "raise the rules that matter with --severity");
    return parse_severity(level, ELFCHECK_NOTICE, ELFCHECK_NEVER,
                          "write error, warning, notice or never", &policy->fail_level, error);
}

/* Reads a number of up to three digits; NULL: there is none. */
static const char *parse_part(const char *text, unsigned *number)
{
    size_t length = strspn(text, "0123456789");
    *number = 0;
    if (length == 0 || length > MAX_KERNEL_DIGITS)
        return NULL;
    for (size_t i = 0; i < length; i++)
        *number = *number * 10 + (unsigned)(text[i] - '0');
    return text + length;
}

int policy_set_kernel(struct policy *policy, const char *version, struct error *error)
{
    unsigned major, minor = 0;
    const char *rest = parse_part(version, &major);
    rest = rest && *rest == '.' ? parse_part(rest + 1, &minor) : NULL;
    /* What follows in `uname -r` makes no difference. */
    if (!rest || (*rest && !strchr(".-+", *rest)))
        return error_set(error, "'%s' is not a version of Linux, such as 5.10 or 6.12", version);
    if (ELFCHECK_KERNEL(major, minor) < OLDEST_KERNEL)
        return error_set(error, "Linux %s is older than 5.10, the oldest that is supported",
                         version);
    policy->kernel = ELFCHECK_KERNEL(major, minor);
    return 0;
}

int policy_choose(struct policy *policy, const struct strings *chosen, struct error *error)
{
    enum elfcheck_severity *severities = calloc(elfcheck_rule_count(), sizeof *severities);
    if (!severities)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < chosen->count; i++) {
        if (check_name(chosen->items[i], error) < 0) {
            free(severities);
            return -1;
        }
        for (size_t rule = 0; next_meant(chosen->items[i], &rule); rule++) {
            enum elfcheck_severity severity = policy->severities[rule];
            severities[rule] = severity == ELFCHECK_OFF ? elfcheck_rule(rule)->severity : severity;
        }
    }
    free(policy->severities);
    policy->severities = severities;
    return 0;
}

/* ---- the file -------------------------------------------------------------------------------- */

static int need(bool is_right, const char *what, struct error *error)
{
    return is_right ? 0 : error_set(error, "not %s", what);
}

static int read_ignore(struct policy *policy, const cJSON *value, struct error *error)
{
    static const char what[] = "a list of rules, as [\"segment-order\", \"EC401\"]";
    if (need(cJSON_IsArray(value), what, error) < 0)
        return -1;
    const cJSON *item;
    cJSON_ArrayForEach (item, value)
        if (need(cJSON_IsString(item), what, error) < 0 ||
            policy_ignore(policy, item->valuestring, error) < 0)
            return -1;
    return 0;
}

static int read_severity(struct policy *policy, const cJSON *value, struct error *error)
{
    static const char what[] = "an object of rules and levels, as {\"write-execute\": \"error\"}";
    if (need(cJSON_IsObject(value), what, error) < 0)
        return -1;
    const cJSON *item;
    cJSON_ArrayForEach (item, value)
        if (need(cJSON_IsString(item), what, error) < 0 ||
            set_severity(policy, item->string, item->valuestring, error) < 0)
            return -1;
    return 0;
}

static int read_fail_level(struct policy *policy, const cJSON *value, struct error *error)
{
    if (need(cJSON_IsString(value), "a string: \"error\", \"warning\", \"notice\" or \"never\"",
             error) < 0)
        return -1;
    return policy_set_fail_level(policy, value->valuestring, error);
}

static int read_kernel(struct policy *policy, const cJSON *value, struct error *error)
{
    if (need(cJSON_IsString(value), "a string, as \"6.1\"", error) < 0)
        return -1;
    return policy_set_kernel(policy, value->valuestring, error);
}

static const struct key {
    const char *name;
    int (*read)(struct policy *policy, const cJSON *value, struct error *error);
} keys[] = {
    {"ignore", read_ignore},
    {"severity", read_severity},
    {"fail-level", read_fail_level},
    {"kernel", read_kernel},
};
#define KEY_COUNT (COUNT(keys))

static int read_key(struct policy *policy, const cJSON *value, struct error *error)
{
    const char *names[KEY_COUNT];
    for (size_t i = 0; i < KEY_COUNT; i++) {
        names[i] = keys[i].name;
        if (strcmp(keys[i].name, value->string) != 0)
            continue;
        return keys[i].read(policy, value, error) < 0 ? error_prefix(error, "\"%s\"", value->string)
                                                      : 0;
    }
    return text_unknown("key", value->string, names, KEY_COUNT,
                        "write ignore, severity, fail-level or kernel", error);
}

static int read_document(struct policy *policy, const cJSON *document, struct error *error)
{
    if (need(cJSON_IsObject(document), "a JSON object", error) < 0)
        return -1;
    const cJSON *value;
    cJSON_ArrayForEach (value, document)
        if (read_key(policy, value, error) < 0)
            return -1;
    return 0;
}

int policy_read(struct policy *policy, const char *path, bool must_exist, struct error *error)
{
    if (!must_exist && access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    struct buffer text BUFFER_CLEANUP = {0};
    if (file_read_path(path, MAX_POLICY_FILE_SIZE, &text, error) < 0)
        return -1;
    cJSON *document JSON_CLEANUP = json_parse(text.data, text.size, path, error);
    if (!document)
        return -1;
    return read_document(policy, document, error) < 0 ? error_prefix(error, "%s", path) : 0;
}
