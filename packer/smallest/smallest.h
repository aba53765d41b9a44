/*
 * Writers of the smallest image that engines still load, by format. What engines do not ask for is
 * left out (docs/engines.md), and what is free (names, orders, spellings) is searched for the
 * choice that compresses best, as the target's `smallest` says.
 *
 * Each writes the job's image, which has to be made of files of one MiB together at most, to the
 * sink (docker's or the combined archive, or an OCI layout's tar, plain or by gzip), or where the
 * sink is NULL, an OCI layout into the empty directory. -1 with an error on larger images and
 * failed writes, and after an interrupt.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

struct packer_job;

int docker_write_smallest(const struct packer_job *job, struct sink *sink, int directory,
                          struct error *error);
int oci_write_smallest(const struct packer_job *job, struct sink *sink, int directory,
                       struct error *error);
int combined_write_smallest(const struct packer_job *job, struct sink *sink, int directory,
                            struct error *error);
