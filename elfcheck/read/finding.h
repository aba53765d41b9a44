/* Findings: what the check of a rule says of the file, where it shows, and what comes of it. */
#pragma once

#include "elfcheck/read/inspection.h"

/* Of a rule that a hostile file breaks in every entry of its tables, this many are told. */
#define MAX_FINDINGS_OF_A_RULE 16

/* From now on findings are of that rule, which has that index. */
void begin_rule(struct elfcheck_inspection *inspection, const struct elfcheck_rule *rule,
                size_t index);
/* Adds a last finding that counts those that were too many. */
void end_rule(struct elfcheck_inspection *inspection);

/* Whether it keeps a program from starting, whatever the settings make of its severity. */
bool finding_is_obstacle(const struct elfcheck_finding *finding);
/* Whether it is a program, and nothing has been found so far that keeps it from starting. */
bool starts_so_far(const struct elfcheck_inspection *inspection);

/* Adds a finding of the rule whose check runs; `offset` is that of the field that shows it. */
void report_finding(struct elfcheck_inspection *inspection, uint64_t offset, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));
/* The same for a field of a program header: `field` is its offset in Elf64_Phdr. */
void report_segment_finding(struct elfcheck_inspection *inspection, const Elf64_Phdr *segment,
                            size_t field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Says of the finding that was added last what comes of it. */
void set_finding_outcome(struct elfcheck_inspection *inspection, enum elfcheck_outcome outcome);
/* Gives the finding that was added last a remedy of its own. */
void set_finding_remedy(struct elfcheck_inspection *inspection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes the finding that was added last one of that severity where the settings leave its rule as
 * it is, and that is more severe: it says less of this file. */
void weaken_finding(struct elfcheck_inspection *inspection, enum elfcheck_severity severity);
/* The same to a NOTICE, of a lack that is possible and not proven. */
void doubt_finding(struct elfcheck_inspection *inspection);
