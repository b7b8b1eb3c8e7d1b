/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file tuning.txt in the folder of compiled kernels, to be read and edited by people:
 *
 *   pix2pix-cl tuning 1
 *   [HASH] DEVICE, PLATFORM, DRIVER
 *   CALL: VARIANT[:FORM] SECONDS us, ...
 *   wrong PASS=VARIANT[:FORM]: WHY
 *
 * A section for each device with its driver and this build's kernels, whose hash it has. One that is not
 * used for long falls out at the beginning when the file grows too long. A file with any other line is damaged:
 * nothing of it is used, and it is written anew when something is measured.
 */
#include "src/trial/tuned.h"

#include <stdio.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/cache.h"

enum { MOST_BYTES = 1 << 20, HASH_DIGITS = 16 };
static const char magic[] = "pix2pix-cl tuning 1\n";
static const char wrong[] = "wrong ";

static char *file_path(const P2pDevice *d)
{
    return p2p_cache_limit(p2p_device_log(d)) ? p2p_cache_file("tuning.txt") : NULL;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static const char *next_line(const char *line)
{
    const size_t n = strcspn(line, "\n");

    return line + n + (line[n] == '\n');
}

static bool begins(const char *line, const char *words)
{
    return !strncmp(line, words, strlen(words));
}

/* Whether a pass's name stands at the beginning, and then one of `ends`. */
static bool begins_with_pass(const char *line, char end)
{
    for (int i = 0; p2p_passes[i]; i++)
        if (begins(line, p2p_passes[i]->name) && line[strlen(p2p_passes[i]->name)] == end)
            return true;
    return false;
}

static bool is_section(const char *line)
{
    return line[0] == '[' && strspn(line + 1, "0123456789abcdef") == HASH_DIGITS &&
           line[HASH_DIGITS + 1] == ']';
}

/* "CALL: VARIANT SECONDS us..." or "wrong PASS=VARIANT: WHY" */
static bool is_entry(const char *line)
{
    const size_t n = strcspn(line, "\n");
    const char *colon = strstr(line, ": ");
    char name[64];
    double us;

    if (!colon || colon > line + n)
        return false;
    if (begins(line, wrong))
        return begins_with_pass(line + strlen(wrong), '=');
    return begins_with_pass(line, ' ') && sscanf(colon + 2, "%63s %lf us", name, &us) == 2;
}

/* The number of the first line that is none of a tuning file; 0: all are. */
static int find_damage(const char *text, size_t bytes)
{
    int number = 2;

    if (!begins(text, magic) || strlen(text) != bytes)
        return 1;
    for (const char *line = text + strlen(magic); *line; line = next_line(line), number++)
        if (!(is_section(line) || (number > 2 && is_entry(line))) ||
            line[strcspn(line, "\n")] == '\0')
            return number;
    return 0;
}

/* The file's text in fresh memory; NULL: there is none, or it is damaged, which is told. */
static char *read_file(P2pDevice *d, const char *path)
{
    unsigned char *data = NULL;
    size_t bytes = 0;

    if (!path || !p2p_file_exists(path))
        return NULL;
    if (p2p_file_read(path, MOST_BYTES, &data, &bytes) < 0) {
        p2p_log(p2p_device_log(d), P2P_LOG_WARN, "%s; what was tuned is not used", p2p_error());
        return NULL;
    }
    char *text = p2p_alloc(bytes + 1, 1);
    if (text)
        memcpy(text, data, bytes);
    free(data);
    const int damage = text ? find_damage(text, bytes) : 0;
    if (!damage)
        return text;
    p2p_log(p2p_device_log(d), P2P_LOG_WARN,
            "%s, line %d: is damaged; nothing of it is used, remove it or mend the line", path,
            damage);
    free(text);
    return NULL;
}

static void section_head(const P2pDevice *d, char head[HASH_DIGITS + 3])
{
    snprintf(head, HASH_DIGITS + 3, "[%016llx]", p2p_device_hash(d));
}

/* The device's section in a file's text: from its head's line on, *length characters; NULL: none. */
static const char *find_section(const P2pDevice *d, const char *text, size_t *length)
{
    char head[HASH_DIGITS + 3];
    const char *line = text;

    section_head(d, head);
    while (line && *line && !begins(line, head))
        line = next_line(line);
    if (!line || !*line)
        return NULL;
    const char *end = next_line(line);
    while (*end && !is_section(end))
        end = next_line(end);
    *length = (size_t)(end - line);
    return line;
}

/* ---- What is known ------------------------------------------------------------------------- */

/* "wrong PASS=VARIANT:FORM: WHY" */
static void leave_out(P2pDevice *d, const char *line)
{
    const char *pass = line + strlen(wrong);
    const int n = (int)strcspn(pass, "=");
    char name[64] = "";
    const char *end = strstr(pass, ": ");

    snprintf(name, sizeof(name), "%.*s", (int)(end - (pass + n + 1)), pass + n + 1);
    p2p_device_leave_out(d, pass, n, name);
    p2p_log(p2p_device_log(d), P2P_LOG_INFO, "left out on this device: %.*s",
            (int)strcspn(pass, "\n"), pass);
}

static char *read_lines(P2pDevice *d)
{
    char *path = file_path(d), *text = read_file(d, path);
    size_t length = 0;
    const char *section = text ? find_section(d, text, &length) : NULL;
    const char *first = section ? next_line(section) : NULL;
    char *lines =
        section ? p2p_format("%.*s", (int)(section + length - first), first) : p2p_strdup("");

    free(text);
    free(path);
    return lines;
}

const char *p2p_tuned_lines(P2pDevice *d)
{
    P2pTuning *t = p2p_device_tuning_state(d);

    if (!t->lines) {
        t->lines = read_lines(d);
        for (const char *line = t->lines; line && *line; line = next_line(line))
            if (begins(line, wrong))
                leave_out(d, line);
    }
    return t->lines ? t->lines : "";
}

static int add_line(P2pDevice *d, char *line)
{
    P2pTuning *t = p2p_device_tuning_state(d);
    char *all = line ? p2p_format("%s%s", p2p_tuned_lines(d), line) : NULL;

    free(line);
    if (!all)
        return P2P_ENOMEM;
    free(t->lines);
    t->lines = all;
    return P2P_OK;
}

int p2p_tuned_add(P2pDevice *d, const P2pCall *call, const char *words)
{
    char text[P2P_CALL_TEXT];

    p2p_call_text(call, text);
    return add_line(d, p2p_format("%s: %s\n", text, words));
}

int p2p_tuned_add_wrong(P2pDevice *d, const P2pPass *pass, const char *form, const char *why)
{
    char *line = p2p_format("%s%s=%s: %.200s\n", wrong, pass->name, form, why);

    if (line)
        leave_out(d, line);
    return add_line(d, line);
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Lines of the file's section that this process does not have, of others that ran beside it. */
static void put_others(FILE *out, const char *mine, const char *section, size_t length)
{
    for (const char *line = section ? next_line(section) : ""; *line && line < section + length;
         line = next_line(line)) {
        const char *colon = strstr(line, ": ");
        char *call = p2p_format("%.*s", (int)(colon - line), line);
        size_t n;
        if (call && !p2p_remembered(mine, call, &n))
            fprintf(out, "%.*s\n", (int)strcspn(line, "\n"), line);
        free(call);
    }
}

static void put_file(P2pDevice *d, FILE *out, const char *text)
{
    const P2pCaps *caps = p2p_device_caps(d);
    const char *mine = p2p_tuned_lines(d), *rest = text ? text + strlen(magic) : "";
    size_t length = 0;
    const char *section = text ? find_section(d, text, &length) : NULL;
    char head[HASH_DIGITS + 3];

    section_head(d, head);
    while (*rest && strlen(rest) + 2 * strlen(mine) > MOST_BYTES / 2) /* the oldest go */
        do
            rest = next_line(rest);
        while (*rest && !is_section(rest));
    fputs(magic, out);
    for (const char *line = rest; *line; line = next_line(line))
        if (!section || line < section || line >= section + length)
            fprintf(out, "%.*s\n", (int)strcspn(line, "\n"), line);
    fprintf(out, "%s %s, %s, driver %s\n%s", head, caps->name, caps->platform, caps->driver, mine);
    put_others(out, mine, section, length);
}

void p2p_tuned_save(P2pDevice *d)
{
    char *path = file_path(d), *text = read_file(d, path), *all = NULL;
    size_t bytes = 0;
    FILE *out = path ? open_memstream(&all, &bytes) : NULL;

    if (out) {
        put_file(d, out, text);
        if (fclose(out) == 0 &&
            (p2p_folder_make_for(path) < 0 || p2p_file_write(path, all, bytes) < 0))
            p2p_log(p2p_device_log(d), P2P_LOG_INFO, "what was tuned is not kept: %s", p2p_error());
    }
    free(all);
    free(text);
    free(path);
}

int p2p_device_tuning(P2pDevice *device, char **text)
{
    P2P_NEED(device);
    P2P_NEED(text);

    p2p_device_enter(device);
    *text = p2p_strdup(p2p_tuned_lines(device));
    return p2p_device_leave(device, *text ? P2P_OK : P2P_ENOMEM);
}
