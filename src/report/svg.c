/* SPDX-License-Identifier: BSD-2-Clause */
/* What all drawings share. */
#include "src/report/svg.h"

#include <string.h>

#include "p2p/common.h"
#include "src/base/file.h"
#include "src/base/status.h"

void p2p_svg_text(FILE *file, const char *text)
{
    char shown[512];

    for (const char *at = p2p_show(shown, sizeof(shown), text); *at; at++)
        if (strchr("<>&\"", *at))
            fprintf(file, "&#%d;", *at);
        else
            fputc(*at, file);
}

int p2p_svg_write(const char *path, void (*draw)(FILE *file, const void *user), const void *user)
{
    P2pWriter writer;
    int err = p2p_writer_open(&writer, path);

    if (err)
        return err;
    draw(writer.file, user);
    if (!ferror(writer.file))
        return p2p_writer_commit(&writer);
    err = p2p_fail(P2P_EIO, "%s: cannot be written (the file before is untouched)", path);
    p2p_writer_close(&writer);
    return err;
}
