/* SPDX-License-Identifier: BSD-2-Clause */
/* Overflow-checked sizes and zeroed allocation. */
#ifndef P2P_BASE_MEMORY_H
#define P2P_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/** a * b in *out; false (and *out = 0) on overflow. */
bool p2p_size_mul(size_t a, size_t b, size_t *out);

/** Zeroed array of count elements; NULL with p2p_error() set when there is no memory. */
void *p2p_alloc(size_t count, size_t size);

/** Grow *array (element size `size`) to hold at least need elements; 0 or P2P_ENOMEM. */
int p2p_grow(void **array, size_t *capacity, size_t need, size_t size);

/**
 * Zeroed memory of whole pages, huge ones where the system has them; NULL when there is none (no
 * message). Worth it from P2P_PAGES_LEAST bytes on.
 */
enum { P2P_PAGES_LEAST = 2 << 20 };
void *p2p_pages_alloc(size_t bytes);
void p2p_pages_free(void *pages); /* NULL: nothing */

/** A part of a file's mapping will not be read again soon: its pages need no memory now. */
void p2p_pages_forget(const void *data, size_t bytes);

/** Copy of text, or NULL with p2p_error() set. */
char *p2p_strdup(const char *text);

/** printf into fresh memory, or NULL with p2p_error() set. */
char *p2p_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline size_t p2p_round_up(size_t value, size_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

static inline int p2p_ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

static inline int p2p_min(int a, int b)
{
    return a < b ? a : b;
}

static inline int p2p_max(int a, int b)
{
    return a > b ? a : b;
}

#endif
