/* SPDX-License-Identifier: BSD-2-Clause */
/* libtiff's messages and limits, for one file alone. */
#include <stdio.h>

#include "src/data/tiff_handle.h"

enum { MOST_ALLOC = 1 << 30 }; /* bytes that libtiff may take at once */

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list list)
{
    char *text = user;

    (void)tiff;
    (void)module;
    if (!*text) /* the first tells most */
        vsnprintf(text, P2P_TIFF_TEXT, format, list);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list list)
{
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)list;
    return 1;
}

TIFFOpenOptions *p2p_tiff_options(char *text)
{
    TIFFOpenOptions *o = TIFFOpenOptionsAlloc();

    if (o) {
        TIFFOpenOptionsSetMaxSingleMemAlloc(o, MOST_ALLOC);
        TIFFOpenOptionsSetErrorHandlerExtR(o, on_error, text);
        TIFFOpenOptionsSetWarningHandlerExtR(o, on_warning, NULL);
    }
    return o;
}

int p2p_tiff_close_nothing(thandle_t user)
{
    (void)user;
    return 0;
}
