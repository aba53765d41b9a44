/*
 * Would Linux start it? It starts the packer's small program, which unpacks the original in memory
 * and starts that, with the interpreter that it names. So the original is judged, as far as its
 * headers can be read; of what else it needs nothing can be seen.
 */
#include "elfcheck/packed/packed.h"

#include <unistd.h>

#include "base/text.h"
#include "elfcheck/libraries/libraries.h"
#include "elfcheck/packed/upx.h"
#include "elfcheck/read/finding.h"
#include "elfcheck/read/names.h"

#define UNPACK "unpack it and check what comes out: upx -d FILE"

/* The original is dynamic: its loader has to be there, and then its libraries, which are not seen.
 */
static void judge_dynamic(struct elfcheck_inspection *inspection, const struct upx *upx)
{
    const struct elfcheck_root *root = inspection->settings->root;
    const char *path = upx->interpreter;
    if (!*path) {
        report_finding(
            inspection, upx->offset,
            "packed by UPX: the original names an interpreter, whose path cannot be read");
        set_finding_outcome(inspection, root ? ELFCHECK_UNKNOWN : ELFCHECK_UNPACKER);
        return;
    }
    struct opened opened = {.fd = -1, .problem = "which is not there"};
    if (root)
        opened = open_executable(root, path);
    if (opened.fd >= 0)
        close(opened.fd);
    if (opened.problem) {
        struct buffer name BUFFER_CLEANUP = {0};
        text_append_printable(&name, path);
        inspection->failed |= buffer_check(&name, inspection->error) < 0;
        report_finding(inspection, upx->offset, "packed by UPX: the original needs %s%s%s",
                       buffer_text(&name), root ? ", " : "", root ? opened.problem : "");
        set_finding_remedy(inspection,
                           "link the program statically before it is packed, or add what it needs, "
                           "which ldd lists of what upx -d unpacks");
        return;
    }
    report_finding(inspection, upx->offset,
                   "packed by UPX: the original is dynamic, and the libraries that it needs cannot "
                   "be seen");
    set_finding_outcome(inspection, ELFCHECK_UNKNOWN);
}

static void check_packed_program(struct elfcheck_inspection *inspection)
{
    struct upx upx;
    if (!starts_so_far(inspection) || !upx_read(inspection, &upx))
        return;
    inspection->report->is_packed = true;
    if (upx.trouble) {
        report_finding(inspection, upx.offset,
                       "packed by UPX, and the headers of the original cannot be read: %s",
                       upx.trouble);
        set_finding_outcome(inspection, ELFCHECK_UNKNOWN);
    } else if (upx.header.e_machine != inspection->header.e_machine) {
        const char *name = machine_name(upx.header.e_machine);
        report_finding(inspection, upx.offset, "packed by UPX: the original is made for %s",
                       name ? name : "another machine");
    } else if (!upx.is_program) {
        report_finding(inspection, upx.offset,
                       "packed by UPX: the original is no program that Linux would start");
    } else if (upx.is_dynamic) {
        inspection->report->is_static = false;
        judge_dynamic(inspection, &upx);
    }
}

static void check_packed(struct elfcheck_inspection *inspection)
{
    struct upx upx;
    if (upx_read(inspection, &upx))
        report_finding(inspection, upx.offset,
                       "packed by UPX, so that nothing can be seen of what it will miss");
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct elfcheck_rule packed_rows[] = {
    {
        .id = "EC144",
        .name = "packed-program",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_UNPACKER,
        .summary = "The original of a compressed program starts: its headers can be read, and its "
                   "interpreter is there.",
        .remedy = UNPACK,
        .source = "UPX, struct l_info, p_info and b_info; its start-up code, which exits with 127",
        .check = check_packed_program,
    },
    {
        .id = "EC210",
        .name = "packed",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "The program is not compressed, so that its requirements can be seen.",
        .remedy = "check the program before it is packed, or unpack it: upx -d FILE",
        .source = "UPX, struct l_info",
        .check = check_packed,
    },
};

const struct rule_table packed_rules = {packed_rows, COUNT(packed_rows)};
