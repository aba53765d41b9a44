/*
 * Counts what a test program reads of files: its pread stands in place of libc's. A bound on this
 * holds on any machine, which one on seconds does not.
 */
#pragma once

#include <stdint.h>

#include <sys/syscall.h>
#include <unistd.h>

static uint64_t read_bytes;

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
    ssize_t got = syscall(SYS_pread64, fd, buffer, size, offset);
    read_bytes += got > 0 ? (uint64_t)got : 0;
    return got;
}
