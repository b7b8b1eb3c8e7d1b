/* SPDX-License-Identifier: BSD-2-Clause */
/* What clients say in headers. Trusts none of it, knows nothing of connections. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "serve.h"

static const struct {
    const char *type;
    P2pImageFormat format;
} formats[] = {
    {"image/png", P2P_IMAGE_PNG}, {"image/jpeg", P2P_IMAGE_JPEG}, {"image/webp", P2P_IMAGE_WEBP}};
enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

const char *serve_text_type(P2pImageFormat format)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (formats[i].format == format)
            return formats[i].type;
    return "application/octet-stream";
}

/* How closely a range of an Accept header names a type: 3 itself, 2 image/..., 1 any, 0 not. */
static int closeness(const char *range, size_t n, const char *type)
{
    if (n == strlen(type) && strncasecmp(range, type, n) == 0)
        return 3;
    if (n == 7 && strncasecmp(range, "image/*", n) == 0)
        return 2;
    return n == 3 && strncmp(range, "*/*", n) == 0;
}

/* The quality of one range, whose parameters begin with a separator; 1 unless it says another. */
static double quality_of(const char *parameters, size_t n)
{
    for (size_t i = 0; i + 3 < n; i++)
        if (strncasecmp(parameters + i + 1, "q=", 2) == 0 &&
            (parameters[i] == ';' || isspace((unsigned char)parameters[i]))) {
            const double q = strtod(parameters + i + 3, NULL);
            return q >= 0 && q <= 1 ? q : 0;
        }
    return 1;
}

/* RFC 9110, 12.5.1: of the ranges that name a type the closest counts. */
static double quality_for(const char *accept, const char *type)
{
    double quality = 0;
    int closest = 0;

    while (*accept) {
        accept += strspn(accept, ", \t");
        const size_t whole = strcspn(accept, ",");
        size_t n = strcspn(accept, ",; \t");
        const int close = closeness(accept, n, type);
        if (close > closest) {
            closest = close;
            n += strspn(accept + n, " \t");
            quality = n < whole ? quality_of(accept + n, whole - n) : 1;
        }
        accept += whole;
    }
    return quality;
}

bool serve_text_format(const char *accept, P2pImageFormat *format)
{
    double best = 0;

    *format = P2P_IMAGE_PNG;
    if (!accept || !*accept)
        return true;
    for (size_t i = 0; i < FORMATS; i++) {
        const double quality = quality_for(accept, formats[i].type);
        if (quality > best && p2p_image_format_check(formats[i].format) == P2P_OK) {
            best = quality;
            *format = formats[i].format;
        }
    }
    return best > 0;
}

bool serve_text_is_address(const char *host)
{
    static const char local[] = "localhost";

    if (!host)
        return true; /* HTTP/1.0; browsers always send it */
    if (*host == '[')
        return true;
    const size_t n = strcspn(host, ":");
    return (n == sizeof(local) - 1 && strncasecmp(host, local, n) == 0) ||
           (n > 0 && strspn(host, "0123456789.") == n);
}

bool serve_text_is_own(const char *origin, const char *host)
{
    const char *at = origin ? strstr(origin, "://") : NULL;

    return !origin || (at && host && strcasecmp(at + 3, host) == 0);
}

bool serve_text_has_token(const char *authorization, const char *token)
{
    static const char scheme[] = "Bearer ";
    unsigned char differ = 0;

    if (!authorization || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return false;
    authorization += sizeof(scheme) - 1;
    const size_t n = strlen(authorization), wanted = strlen(token);
    for (size_t i = 0; i < n; i++)
        differ |= (unsigned char)(authorization[i] ^ token[i % wanted]);
    return n == wanted && !differ;
}

bool serve_text_read_token(const char *program, const char *path, char *token, size_t bytes)
{
    FILE *file = fopen(path, "r");

    if (!file) {
        cli_say(stderr, "%s: %s: cannot be read: %s", program, path, strerror(errno));
        return false;
    }
    const bool read = fgets(token, (int)bytes, file) != NULL;
    fclose(file);
    if (read)
        token[strcspn(token, "\r\n")] = 0;
    if (read && strlen(token) >= 8 && strlen(token) + 2 < bytes && !strpbrk(token, " \t"))
        return true;
    cli_say(stderr,
            "%s: %s: its first line must be the token: at least 8 characters, without blanks",
            program, path);
    return false;
}
