/* What is a file for? Programs and shared libraries are both of type DYN. */
#include "elfcheck/read/dynamic.h"

bool is_named_library(struct elfcheck_inspection *inspection)
{
    const struct dynamic *dynamic =
        inspection->header.e_type == ET_DYN ? read_dynamic(inspection) : NULL;
    return dynamic && !dynamic_has_flag(dynamic, DT_FLAGS_1, DF_1_PIE) &&
           dynamic_last(dynamic, DT_SONAME);
}

enum elfcheck_kind kind_of_file(struct elfcheck_inspection *inspection)
{
    switch (inspection->report->is_elf ? inspection->header.e_type : ET_NONE) {
    case ET_REL:
        return ELFCHECK_OBJECT;
    case ET_CORE:
        return ELFCHECK_CORE;
    case ET_DYN:
        break;
    default:
        return ELFCHECK_PROGRAM;
    }
    const struct dynamic *dynamic = read_dynamic(inspection);
    if (dynamic && dynamic_has_flag(dynamic, DT_FLAGS_1, DF_1_PIE))
        return ELFCHECK_PROGRAM;
    if (is_named_library(inspection))
        return ELFCHECK_LIBRARY;
    /* A plugin, which nobody asks for by name. Old linkers give such an entry point, too. */
    bool has_loader = next_segment(inspection, PT_INTERP, NULL);
    bool cannot_start =
        inspection->header.e_entry == 0 || (dynamic && dynamic_last(dynamic, DT_NEEDED));
    return !has_loader && cannot_start ? ELFCHECK_LIBRARY : ELFCHECK_PROGRAM;
}
