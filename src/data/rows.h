/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Picture files by rows, from the top down, for those that do not fit into memory. PNG (not interlaced),
 * JPEG (baseline), TIFF, PNM, BMP and NPY hold a few rows at a time; what their formats do not
 * allow to be taken so lies in memory whole behind the same functions.
 */
#ifndef P2P_DATA_ROWS_H
#define P2P_DATA_ROWS_H

#include "p2p/image.h"

/** Rows of a picture file. Used by one thread at a time. */
typedef struct P2pRowReader P2pRowReader;

/**
 * Open a file of any format that p2p_image_read() takes; errors as there. It must not shrink meanwhile.
 *
 * @param max_pixels  Of the whole picture, 0: P2P_IMAGE_MAX_PIXELS.
 */
int p2p_row_reader_open(P2pRowReader **out, const char *path, size_t max_pixels);
/** Its sizes, bits and orientation, without samples. Rows come as stored, not upright. */
const P2pImage *p2p_row_reader_image(const P2pRowReader *reader);
/**
 * The next rows, as p2p_image_read() would have them.
 *
 * @param samples  [rows, width, channels] of the picture's bits, overwritten.
 * @return P2P_OK; P2P_EINVAL: there are not so many more; P2P_EFORMAT: the file is damaged.
 */
int p2p_row_reader_next(P2pRowReader *reader, int rows, void *samples);
void p2p_row_reader_close(P2pRowReader **reader);

/** Rows into a picture file, which appears whole or not at all. Used by one thread at a time. */
typedef struct P2pRowWriter P2pRowWriter;

/**
 * Begin a file of the format of its suffix, as p2p_image_write().
 *
 * @param like     Width, height, channels, bits and profile of what will be put; its samples are not looked
 *                 at, its profile stays until the writer is closed.
 * @param quality  As for p2p_image_write().
 */
int p2p_row_writer_open(P2pRowWriter **out, const char *path, const P2pImage *like, int quality);
/** The next rows: [rows, width, channels]. P2P_EINVAL: the picture has not so many more; P2P_EIO. */
int p2p_row_writer_put(P2pRowWriter *writer, int rows, const void *samples);
/** All rows are put: the file appears. Closes the writer in every case; *writer is NULL then. */
int p2p_row_writer_commit(P2pRowWriter **writer);
/** Give up: nothing is left. */
void p2p_row_writer_close(P2pRowWriter **writer);

#endif
