/* SPDX-License-Identifier: BSD-2-Clause */
/* The message of the last failure, one per thread, fit to be shown. Knows not what failed. */
#include "src/base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "src/base/front.h"

enum { MESSAGE_BYTES = 1024 };

static _Thread_local char message[MESSAGE_BYTES] = "no error";

const char *p2p_error(void)
{
    return message;
}

const char *p2p_version(void)
{
    return P2P_VERSION;
}

int p2p_fail(P2pStatus status, const char *format, ...)
{
    char text[MESSAGE_BYTES]; /* arguments may point into message */
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    p2p_show(message, sizeof(message), text);
    return status;
}

int p2p_fail_argument(const char *function, const char *format, ...)
{
    char text[MESSAGE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return p2p_fail(P2P_EINVAL, "%s(): %s", function, text);
}

int p2p_fail_errno(P2pStatus status, const char *format, ...)
{
    const int code = errno;
    char text[MESSAGE_BYTES], shown[900];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    snprintf(message, sizeof(message), "%s: %s", p2p_show(shown, sizeof(shown), text),
             strerror(code));
    return status;
}

int p2p_fail_prefix(int status, const char *format, ...)
{
    char text[MESSAGE_BYTES], old[MESSAGE_BYTES], shown[500];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    memcpy(old, message, sizeof(old));
    snprintf(message, sizeof(message), "%s: %.500s", p2p_show(shown, sizeof(shown), text), old);
    return status;
}

void p2p_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "pix2pix-cl: internal error: %s (%s:%d); please report it\n", cond, file, line);
    abort();
}
