/* A line on standard error that shows how a long run goes, where that is a terminal. */
#pragma once

#include <stdbool.h>
#include <time.h>

struct progress_line {
    bool is_wanted, is_shown;
    struct timespec next; /* when it is to be shown next, by CLOCK_MONOTONIC */
};

/* The line is first due after half a second. */
void progress_begin(struct progress_line *line, bool is_wanted);
/* Whether it is time to show something. */
bool progress_is_due(const struct progress_line *line);
/* Replaces the text of the line; due again after a tenth of a second. */
void progress_show(struct progress_line *line, const char *text);
/* Clears the line for whatever is printed next. */
void progress_erase(struct progress_line *line);
