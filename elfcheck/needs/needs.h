/* What a program needs beside itself, as far as its bytes tell, and what it was made with. */
#pragma once

#include "elfcheck/read/inspection.h"
#include "elfcheck/read/rule.h"

/* What a program was linked with, by marks that it cannot be without. */
#define RUNTIME_GO     0x001u
#define RUNTIME_RUST   0x002u
#define RUNTIME_GLIBC  0x004u
#define RUNTIME_MUSL   0x008u
#define RUNTIME_CXX    0x010u
#define RUNTIME_ADA    0x020u
#define RUNTIME_OCAML  0x040u
#define RUNTIME_PASCAL 0x080u
#define RUNTIME_NIM    0x100u
#define RUNTIME_D      0x200u
#define RUNTIME_ROOTS  0x400u /* root certificates, whatever the language */

/* Fills in the report's producer, as far as the file tells: from its sections, and from evidence,
 * too, once that is gathered. */
void describe_producer(struct elfcheck_inspection *inspection);

/* What to do so that the compiler that made this dynamic program makes a static one. */
const char *static_remedy(const struct elfcheck_inspection *inspection);

/* Frees the evidence that an inspection has; does nothing for NULL. */
void evidence_free(struct evidence *evidence);

/* The rules, in the order that elfcheck/rules.c gives them. */
extern const struct rule_table need_rules;
