/* Types of parameters: how the text that a user typed is parsed, and becomes NASM definitions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "asm/asm.h"
#include "base/buffer.h"

/* A parsed text. A type uses the fields that it needs. */
struct asm_value {
    uint64_t number; /* the number; the choice's index; 0 or 1; whole seconds */
    uint64_t nanoseconds;
    bool forever;
    struct buffer bytes;
};

void asm_value_free(struct asm_value *value);
#define ASM_VALUE_CLEANUP __attribute__((cleanup(asm_value_free)))

struct asm_type_row {
    const char *name;
    /* The widest limits that a template may give, and those that hold where it gives none. */
    uint64_t minimum, maximum;
    int (*parse)(const struct asm_parameter *parameter, const char *text, struct asm_value *value,
                 struct error *error);
    /* Appends the NASM definitions; `name` is the parameter's, in upper case. */
    void (*emit)(const struct asm_parameter *parameter, const char *name,
                 const struct asm_value *value, struct buffer *source);
    void (*range)(const struct asm_parameter *parameter, struct buffer *out);
};

#define ASM_TYPE_COUNT (ASM_DURATION + 1)
extern const struct asm_type_row asm_types[ASM_TYPE_COUNT]; /* by enum asm_type */

/* Parses a text into a zeroed value. Errors do not name the parameter. */
int asm_value_parse(const struct asm_parameter *parameter, const char *text,
                    struct asm_value *value, struct error *error);
/* Appends a comment that describes the parameter and the definitions of its value. */
void asm_value_emit(const struct asm_parameter *parameter, const struct asm_value *value,
                    struct buffer *source);
