/* SPDX-License-Identifier: BSD-2-Clause */
/* Launches that outlive their makers: copies, and lines of text for the process that compiles them. */
#include <stdio.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/device/internal.h"

P2pLaunch *p2p_launch_copy(const P2pLaunch *from)
{
    const char *options = from->options ? from->options : "";
    const size_t option_bytes = strlen(options) + 1;
    size_t bytes = sizeof(*from) + (size_t)from->arg_count * sizeof(*from->args) + option_bytes;

    for (int i = 0; i < from->arg_count; i++)
        bytes += from->args[i].value ? from->args[i].bytes : 0;
    P2pLaunch *copy = p2p_alloc(bytes, 1);
    if (!copy)
        return NULL;
    P2pArg *args = (P2pArg *)(copy + 1);
    char *rest = (char *)(args + from->arg_count);
    *copy = *from;
    copy->args = args;
    copy->options = memcpy(rest, options, option_bytes);
    rest += option_bytes;
    for (int i = 0; i < from->arg_count; i++) {
        args[i] = from->args[i];
        if (!args[i].value)
            continue;
        args[i].value = memcpy(rest, args[i].value, args[i].bytes);
        rest += args[i].bytes;
    }
    return copy;
}

bool p2p_launch_is_wide(const P2pLaunch *l)
{
    enum { POCL_WIDE = 65535 };

    return l->global[0] >= POCL_WIDE || l->global[1] >= POCL_WIDE;
}

static void print_argument(FILE *out, const P2pArg *a)
{
    if (a->buffer)
        fprintf(out, " b%zu", a->buffer->bytes);
    else if (!a->bytes)
        fputs(" n", out);
    else if (!a->value)
        fprintf(out, " l%zu", a->bytes);
    else
        fputs(" v", out);
    for (size_t i = 0; a->value && i < a->bytes; i++)
        fprintf(out, "%02x", ((const unsigned char *)a->value)[i]);
}

void p2p_launch_print(FILE *out, const P2pLaunch *l)
{
    fputs(l->kernel, out);
    for (int i = 0; i < 3; i++)
        fprintf(out, " %zu", l->global[i] ? l->global[i] : 1);
    for (int i = 0; i < 3; i++)
        fprintf(out, " %zu", l->local[i] ? l->local[i] : 1);
    for (int i = 0; i < l->arg_count; i++)
        print_argument(out, &l->args[i]);
    fputc('\n', out);
}
