/*
 * SIGINT, SIGTERM, SIGHUP and SIGPIPE become an ordinary error, so that every cleanup on the way
 * out runs and no half-written output or temporary directory stays behind.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Installs the handlers (without SA_RESTART: a blocked read or wait returns EINTR). */
void interrupt_install(void);
/* The number of the signal that arrived last, or 0. */
int interrupt_signal(void);
/* Whether that signal arrived last. If so it is forgotten: the work goes on to an end of its own.
 */
bool interrupt_take(int signal);
/* The same, and from now on that signal does nothing. */
bool interrupt_ignore(int signal);
/* How many have arrived. */
int interrupt_count(void);
/* 0, or -1 with "interrupted by SIG..." once a signal has arrived. */
int interrupt_check(struct error *error);
