/*
 * How much an exhaustive test tries: what the environment says, else enough for every day. `make
 * check-all` sets all of these to more (the list is in the Makefile).
 */
#pragma once

#include <stdlib.h>

static inline size_t knob(const char *name, size_t by_default)
{
    const char *value = getenv(name);
    return value && *value ? strtoul(value, NULL, 10) : by_default;
}
