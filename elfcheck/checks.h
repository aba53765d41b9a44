/* The checks: rules.c says what each is for. */
#pragma once

#include "elfcheck/elfcheck.h"

typedef void elfcheck_check(struct elfcheck_inspection *inspection);

elfcheck_check check_executable_mode, check_magic, check_type, check_machine,
    check_emulated_machine, check_header_entry_size, check_header_count, check_header_page,
    check_kernel_headers, check_header_table, check_interpreter_path;
elfcheck_check check_loads, check_segment_offset, check_segment_size, check_segment_address,
    check_address_span, check_kernel_order, check_segment_zeros, check_kernel_zeros,
    check_older_kernels, check_stack_area, check_entry_executable, check_entry_code,
    check_low_address, check_memory, check_addresses;
elfcheck_check check_hidden_bytes, check_foreign_system, check_shared_library, check_loader_missing,
    check_headers_mapped, check_headers_reachable, check_relro_mapped, check_static_pie;
elfcheck_check check_identification, check_header_fields, check_libelf, check_section_table,
    check_segment_in_file, check_segment_alignment, check_segment_order, check_segment_overlap,
    check_segment_table, check_segment_single, check_segment_first, check_header_segment,
    check_segment_within, check_segment_extent, check_foreign_interpreter, check_section_zero,
    check_section_in_file, check_section_name, check_section_link, check_section_entry_size,
    check_section_alignment, check_section_address, check_string_table, check_notes,
    check_note_properties, check_dynamic_section, check_dynamic_entries, check_dynamic_address,
    check_dynamic_strings, check_dynamic_agrees, check_version_count, check_version_needs,
    check_version_definitions, check_truncated, check_appended;
elfcheck_check check_program, check_interpreter, check_libraries, check_library_versions,
    check_library_needs;
elfcheck_check check_qemu_user, check_gvisor;
elfcheck_check check_signs, check_packed;
elfcheck_check check_system_calls, check_int80, check_write_execute, check_executable_stack,
    check_stack_header, check_position, check_relro, check_bind_now, check_text_relocation,
    check_library_path, check_set_user_id, check_stack_protector, check_fortify, check_shadow_stack;
