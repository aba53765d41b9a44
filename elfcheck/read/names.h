/* Words for the numbers of ELF headers. */
#pragma once

#include <stdint.h>

const char *machine_name(uint16_t machine); /* "x86-64", or NULL */
const char *type_name(uint16_t type);       /* "EXEC", or NULL */
/* "R+X"; "no access" for none. The text is static. */
const char *flags_name(uint32_t flags);
