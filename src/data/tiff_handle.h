/* SPDX-License-Identifier: BSD-2-Clause */
/* What reading and writing by libtiff share. */
#ifndef P2P_DATA_TIFF_HANDLE_H
#define P2P_DATA_TIFF_HANDLE_H

#include <tiffio.h>

enum { P2P_TIFF_TEXT = 160 };

/** How a file is opened: its first error goes to text [P2P_TIFF_TEXT], "" before; NULL: no memory. */
TIFFOpenOptions *p2p_tiff_options(char *text);

/** For TIFFClientOpenExt(): what it is over is closed by others. */
int p2p_tiff_close_nothing(thandle_t user);

#endif
