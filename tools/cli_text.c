/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from outside on a terminal, in HTML, in addresses and in JSON. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { LINE_BYTES = 16384 };

void cli_say(FILE *out, const char *format, ...)
{
    char text[LINE_BYTES], shown[LINE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(out, "%s\n", p2p_show(shown, sizeof(shown), text));
}

void cli_say_lines(FILE *out, const char *text)
{
    for (size_t n; *text; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        cli_say(out, "%.*s", (int)n, text);
    }
}

void cli_put_html(FILE *out, const char *text)
{
    static const char special[] = "<>&\"'";
    char shown[LINE_BYTES];

    for (const char *at = p2p_show(shown, sizeof(shown), text); *at; at++)
        if (strchr(special, *at))
            fprintf(out, "&#%d;", *at);
        else
            fputc(*at, out);
}

void cli_put_url(FILE *out, const char *path)
{
    for (; *path; path++)
        if (isalnum((unsigned char)*path) || strchr("/-._~", *path))
            fputc(*path, out);
        else
            fprintf(out, "%%%02X", (unsigned char)*path);
}

void cli_put_json(FILE *out, const char *text)
{
    char shown[LINE_BYTES];

    fputc('"', out);
    for (const char *at = p2p_show(shown, sizeof(shown), text); *at; at++)
        fprintf(out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    fputc('"', out);
}

/* FNV-1a of 32 bits: tells names apart that become alike. */
static unsigned hash_name(const char *name)
{
    unsigned hash = 2166136261u;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

void cli_file_stem(char out[CLI_STEM_BYTES], const char *name)
{
    enum { LONGEST = 200 };

    p2p_show(out, LONGEST, name);
    for (char *at = out; *at; at++)
        if (strchr("\"\\<>&'%#?:*|/", *at) || (at == out && *at == '.'))
            *at = '_';
    if (strcmp(out, name) != 0)
        snprintf(out + strlen(out), CLI_STEM_BYTES - strlen(out), "_%08x", hash_name(name));
}
