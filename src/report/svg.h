/* SPDX-License-Identifier: BSD-2-Clause */
/* Drawings as SVG files. */
#ifndef P2P_REPORT_SVG_H
#define P2P_REPORT_SVG_H

#include <stdio.h>

/** Text as it is shown, between tags or as an attribute's value. */
void p2p_svg_text(FILE *file, const char *text);

/** Write a file by `draw`, whole or not at all. P2P_EIO, P2P_ENOMEM. */
int p2p_svg_write(const char *path, void (*draw)(FILE *file, const void *user), const void *user);

#endif
