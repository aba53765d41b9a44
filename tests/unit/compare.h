/*
 * assert_compare(a, OP, b): fails unless `a OP b` holds of two integers, and prints both. cmocka
 * has this for == and != alone.
 */
#pragma once

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_compare(a, OP, b)                                                                  \
    do {                                                                                          \
        intmax_t left_ = (intmax_t)(a), right_ = (intmax_t)(b);                                   \
        if (!(left_ OP right_)) {                                                                 \
            print_error("%s %s %s: %" PRIdMAX " and %" PRIdMAX "\n", #a, #OP, #b, left_, right_); \
            _fail(__FILE__, __LINE__);                                                            \
        }                                                                                         \
    } while (0)
