/* The options of AddressSanitizer that every fuzzer starts with; ASAN_OPTIONS overrides them. */

const char *__asan_default_options(void); /* NOLINT(bugprone-reserved-identifier,cert-*) */

/*
 * Freed memory is kept from use for a while, so that what still uses it is found. By default that
 * is 256 MB: each allocation is of pages that were never touched, and to have the kernel fetch them
 * costs more than all else that a run does. 1 MB is more than most runs free, and stays in the
 * processor's cache. For the same reason, pages that are free are not given back.
 */
const char *__asan_default_options(void) /* NOLINT(bugprone-reserved-identifier,cert-*) */
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:"
           "allocator_release_to_os_interval_ms=-1";
}
