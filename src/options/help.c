/* SPDX-License-Identifier: BSD-2-Clause */
/* The options for people: what there is, and the text of --help. */
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/options/options_table.h"

const P2pOptionInfo *p2p_options_info(int i)
{
    return i >= 0 && i < p2p_option_count ? &p2p_option_table[i].info : NULL;
}

static void append(char **text, size_t *used, size_t *room, const char *line)
{
    const size_t n = strlen(line);

    if (*text && p2p_grow((void **)text, room, *used + n + 1, 1) == P2P_OK) {
        memcpy(*text + *used, line, n + 1);
        *used += n;
    }
}

static void help_line(const P2pOptionInfo *o, char *line, size_t bytes)
{
    const char *value = o->choices                     ? " NAME"
                        : o->type == P2P_OPTION_STRING ? " TEXT"
                        : o->type != P2P_OPTION_FLAG   ? " N"
                                                       : "";
    char left[64], right[480], choices[128];

    snprintf(left, sizeof(left), "--%s%s", o->name, value);
    if (o->choices) {
        p2p_option_choices(o, choices, sizeof(choices));
        snprintf(right, sizeof(right), "%s: %s (default %s)", o->help, choices, o->initial);
    } else if (o->type == P2P_OPTION_FLAG || !*o->initial)
        snprintf(right, sizeof(right), "%s", o->help);
    else if (o->type == P2P_OPTION_STRING)
        snprintf(right, sizeof(right), "%s (default %s)", o->help, o->initial);
    else
        snprintf(right, sizeof(right), "%s (%.9g to %.9g, default %s)", o->help, o->min, o->max,
                 o->initial);
    snprintf(line, bytes, "  %-24s %s\n", left, right);
}

char *p2p_options_help(unsigned program, const char *usage)
{
    size_t used = 0, room = 1;
    char *text = p2p_alloc(room, 1), line[640];
    const char *group = "";

    append(&text, &used, &room, usage);
    for (int i = 0; i < p2p_option_count; i++) {
        const P2pOptionInfo *o = &p2p_option_table[i].info;
        if (!(o->programs & program))
            continue;
        if (strcmp(o->group, group) != 0) {
            snprintf(line, sizeof(line), "\n%s\n", o->group);
            append(&text, &used, &room, line);
            group = o->group;
        }
        help_line(o, line, sizeof(line));
        append(&text, &used, &room, line);
    }
    append(&text, &used, &room,
           "  -h, --help               this text\n  -V, --version            the version\n\n"
           "Exit status: 0 done; 1 files, data or numbers; 2 usage; 3 device");
    append(&text, &used, &room,
           program & P2P_PROGRAM_TRAIN
               ? "; 4 --device_timeout;\n128 + N stopped by signal N with everything saved.\n"
               : ".\n");
    return text;
}
