/* Is it hard to misuse? */
#include "elfcheck/elfcheck_internal.h"

void check_write_execute(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));)
        if ((load->p_flags & PF_W) && (load->p_flags & PF_X))
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_flags),
                               "writable and executable (%s)", flags_name(load->p_flags));
}
