/* Has it all it needs in an empty image? */
#include "elfcheck/needs/evidence.h"

#include <string.h>
#include <unistd.h>

#include "elfcheck/checks.h"
#include "elfcheck/read/finding.h"

/* The settings' severity of the rule whose check runs. */
static enum elfcheck_severity severity_now(const struct elfcheck_inspection *inspection)
{
    const enum elfcheck_severity *severities = inspection->settings->severities;
    return severities ? severities[inspection->rule_index] : inspection->rule->severity;
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

/* Gathers the evidence, once, which tells more of what made the file, too. */
static bool learn_from_evidence(struct elfcheck_inspection *inspection)
{
    if (inspection->evidence)
        return !inspection->failed;
    if (gather_evidence(inspection))
        describe_producer(inspection);
    return !inspection->failed;
}

void check_signs(struct elfcheck_inspection *inspection)
{
    /* Gathering evidence reads the whole file: only for what somebody wants to know. */
    if (severity_now(inspection) == ELFCHECK_OFF || !learn_from_evidence(inspection))
        return;
    uint64_t place;
    const struct sign *sign = evidence_sign(inspection, &place);
    if (!sign || is_in_root(inspection))
        return;
    bool is_weak = evidence_is_weak(inspection, sign);
    report_finding(inspection, place, "%s %s: %s \"%s\"", is_weak ? "may look for" : "looks for",
                   inspection->rule->lack, evidence_words[sign->kind], sign->text);
    /* What does not start misses nothing yet. */
    if (is_weak || !starts_so_far(inspection))
        weaken_finding(inspection);
}

/* UPX: struct l_info after the program headers, with its magic behind a checksum. */
#define PACKED_MAGIC       "UPX!"
#define PACKED_MAGIC_PLACE 4

void check_packed(struct elfcheck_inspection *inspection)
{
    char magic[sizeof PACKED_MAGIC - 1];
    uint64_t place = inspection->header.e_phoff +
                     inspection->segment_count * inspection->entry_size + PACKED_MAGIC_PLACE;
    if (inspection->segment_count == 0 || !file_has_range(inspection, place, sizeof magic) ||
        !file_read_range(inspection, place, magic, sizeof magic) ||
        memcmp(magic, PACKED_MAGIC, sizeof magic) != 0)
        return;
    report_finding(inspection, place,
                   "packed by UPX, so that nothing could be seen of what it needs");
}
