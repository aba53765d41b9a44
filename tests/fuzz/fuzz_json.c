/* Any bytes as a JSON document, and as what a user types. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    struct buffer out BUFFER_CLEANUP = {0};
    struct buffer shown BUFFER_CLEANUP = {0};
    char *text TEXT_CLEANUP = strndup((const char *)data, size);

    cJSON *document JSON_CLEANUP = json_parse(data, size, "fuzz", &error);
    if (document && json_render(document, &out, &error) < 0)
        abort();
    buffer_free(&out);
    if (text_unescape(text, &out, &error) == 0)
        text_append_printable(&shown, buffer_text(&out));
    if (!text_is_utf8(buffer_text(&shown), shown.size))
        abort();
    text_quote_shell(&out, text);
    return 0;
}
