/* Any bytes as a file to judge, and as its name: a verdict, never a crash; JSON that can be read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/json.h"
#include "elfcheck/elfcheck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    struct buffer text BUFFER_CLEANUP = {0}, json BUFFER_CLEANUP = {0};
    struct elfcheck_report report ELFCHECK_REPORT_CLEANUP = {0};
    char *name TEXT_CLEANUP = strndup((const char *)data, size);
    int fd FD_CLEANUP = memfd_create("fuzz", MFD_CLOEXEC);

    if (file_write_all(fd, "fuzz", data, size, &error) < 0 ||
        elfcheck_file(fd, name, &elfcheck_default_settings, &report, &error) < 0)
        abort();
    elfcheck_text(&report, 1, true, &text);
    if (elfcheck_json(&report, 1, &json, &error) < 0)
        abort();
    cJSON *document JSON_CLEANUP = json_parse(json.data, json.size, "report", &error);
    if (!document)
        abort();
    return 0;
}
