/* What the tests of elfcheck share. */
#pragma once

#include "elfcheck/elfcheck.h"
#include "tests/unit/elf_programs.h"

/* Appends what a run writes that judges these files. */
static inline void write_reports(const char *format, const struct elfcheck_style *style,
                                 const struct elfcheck_report *reports, size_t count,
                                 struct buffer *out)
{
    struct error error;
    struct elfcheck_writer writer ELFCHECK_WRITER_CLEANUP = {0};
    struct buffer_sink sink = buffer_sink(out);
    assert_int_equal(elfcheck_write_begin(&writer, format, style, &sink.sink, &error), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(elfcheck_write_file(&writer, &reports[i], &error), 0);
    assert_int_equal(elfcheck_write_end(&writer, &error), 0);
}
