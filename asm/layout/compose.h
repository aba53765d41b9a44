/* A solution as NASM source and as a map of its bytes. */
#pragma once

#include "asm/layout/parts.h"
#include "asm/layout/solve.h"
#include "base/buffer.h"

/* Appends the source that nasm -f bin makes the file from. */
void compose_source(const struct parts *parts, const struct solution *solution,
                    struct buffer *source);
/* Appends the map: offset, bytes, fields, what they are. */
void compose_map(const struct parts *parts, const struct solution *solution, struct buffer *map);
