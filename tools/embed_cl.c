/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns the kernel files into one C file: for each program an array of source lines, with the
 * local includes pasted in and #line directives, so that a build log names the .cl file and line.
 *
 * Usage: embed_cl OUTPUT FOLDER[:FOLDER] PROGRAM.cl...      (runs at build time only)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 4096, MAX_DEPTH = 8 };

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "embed_cl: %s: %s\n", name, what);
    exit(1);
}

static void put_string(FILE *out, const char *text)
{
    fputs("    \"", out);
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
    fputs("\",\n", out);
}

static void put_position(FILE *out, int line, const char *name)
{
    char text[2 * LINE_BYTES];

    snprintf(text, sizeof(text), "#line %d \"cl/%s\"\n", line, name);
    put_string(out, text);
}

static void paste(FILE *out, const char *folder, const char *name, int depth)
{
    char path[2 * LINE_BYTES], line[LINE_BYTES], included[LINE_BYTES];
    FILE *in = NULL;

    if (depth > MAX_DEPTH)
        fail("includes itself", name);
    for (const char *at = folder; !in && *at; at += *at == ':') {
        const int n = (int)strcspn(at, ":");
        if (snprintf(path, sizeof(path), "%.*s/%s", n, at, name) >= (int)sizeof(path))
            fail("the path is too long", name);
        in = fopen(path, "r");
        at += n;
    }
    if (!in)
        fail("cannot be opened", name);
    put_position(out, 1, name);
    for (int number = 1; fgets(line, sizeof(line), in); number++) {
        if (sscanf(line, " #include \"%[^\"]\"", included) == 1) {
            paste(out, folder, included, depth + 1);
            put_position(out, number + 1, name);
        } else {
            put_string(out, line);
        }
    }
    fclose(in);
}

int main(int argc, char **argv)
{
    FILE *out = NULL;

    if (argc < 4 || !(out = fopen(argv[1], "w")))
        fail("usage: embed_cl OUTPUT FOLDER PROGRAM.cl...", argv[0]);
    fputs("/* Made by embed_cl from cl/. */\n#include \"src/device/sources.h\"\n", out);
    for (int i = 3; i < argc; i++) {
        fprintf(out, "\nstatic const char *const program_%d[] = {\n", i - 3);
        paste(out, argv[2], argv[i], 0);
        fputs("    0\n};\n", out);
    }
    fputs("\nconst P2pClSource p2p_cl_sources[] = {\n", out);
    for (int i = 3; i < argc; i++)
        fprintf(out, "    {\"%.*s\", program_%d},\n", (int)strcspn(argv[i], "."), argv[i], i - 3);
    fputs("    {0, 0},\n};\n", out);
    return fclose(out) == 0 ? 0 : 1;
}
