/* Resolves untrusted paths below a directory, by openat2(2). */
#pragma once

#include <linux/openat2.h>
#include <stdint.h>

/*
 * Opens a path with the flags of open(2) and O_CLOEXEC; it never leaves the tree of `directory`,
 * whatever symbolic links say. `resolve` are further RESOLVE_* flags; with RESOLVE_IN_ROOT the
 * directory is the root of all links, without it a path that leads out fails with EXDEV. The
 * descriptor, or -1 and errno.
 */
int open_beneath(int directory, const char *path, int flags, uint64_t resolve);
