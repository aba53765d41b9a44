/* Data files: where templates, include files and linker scripts come from. */
#pragma once

#include "asm/asm.h"

#define TEMPLATES     "templates"
#define TEMPLATE_JSON "template.json"

/* Appends the names directly below a folder ("asm/include"), sorted. */
int asm_data_list(const struct asm_data *data, const char *folder, struct strings *names,
                  struct error *error);

/* Appends the names of all folders that are a template's, sorted, whatever they are named. */
int asm_data_list_templates(const struct asm_data *data, struct strings *names,
                            struct error *error);
/* Sets *folder to the folder of the user's that has the template, or to NULL: then the program has
 * it. */
int asm_data_find_template(const struct asm_data *data, const char *name, char **folder,
                           struct error *error);
/* Whether a template of the user's has a file of that name in its folder. */
bool asm_data_is_beside(const struct asm_template *template, const char *file);
/* Reads a file of the template's folder; *path, from the heap, is its name for messages. */
int asm_data_read_template(const struct asm_template *template, const char *file, char **path,
                           struct buffer *out, struct error *error);
