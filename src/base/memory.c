/* SPDX-License-Identifier: BSD-2-Clause */
/* Checked allocation. The only place of the library that turns a NULL from malloc into a status. */
#include "src/base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "src/base/status.h"

bool p2p_size_mul(size_t a, size_t b, size_t *out)
{
    const bool fits = b == 0 || a <= SIZE_MAX / b;

    *out = fits ? a * b : 0;
    return fits;
}

void *p2p_alloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size);

    if (!p)
        p2p_fail(P2P_ENOMEM,
                 "no memory for %zu x %zu bytes; close other programs or use a "
                 "smaller batch or picture",
                 count, size);
    return p;
}

int p2p_grow(void **array, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return P2P_OK;

    const size_t wanted = need > 2 * *capacity ? need : 2 * *capacity;
    size_t bytes;
    void *p = p2p_size_mul(wanted, size, &bytes) ? realloc(*array, bytes) : NULL;
    if (!p)
        return p2p_fail(P2P_ENOMEM, "no memory for %zu x %zu bytes", wanted, size);
    memset((char *)p + *capacity * size, 0, bytes - *capacity * size);
    *array = p;
    *capacity = wanted;
    return P2P_OK;
}

char *p2p_strdup(const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *copy = p2p_alloc(bytes, 1);

    if (copy)
        memcpy(copy, text, bytes);
    return copy;
}

char *p2p_format(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);

    char *text = p2p_alloc((size_t)length + 1, 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}
