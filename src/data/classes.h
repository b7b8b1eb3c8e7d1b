/* SPDX-License-Identifier: BSD-2-Clause */
/* Label maps as networks see them: a channel for each class, white where it is. */
#ifndef P2P_DATA_CLASSES_H
#define P2P_DATA_CLASSES_H

#include "p2p/data.h"
#include "p2p/labels.h"

/** Zeroed: pictures are no label maps. */
typedef struct P2pClasses {
    int count;         /* channels */
    P2pLabels *labels; /* their colours, count at most */
    bool index;        /* the samples of grey pictures are classes; colours are for looking at */
} P2pClasses;

/**
 * @param count    1..P2P_IMAGE_MAX_CHANNELS; 0: no label maps.
 * @param colours  "index", or "rrggbb,rrggbb,..." in hexadecimal, count at most.
 * @return P2P_OK; P2P_EINVAL: neither; P2P_ENOMEM. *classes is then zeroed.
 */
int p2p_classes_init(P2pClasses *classes, int count, const char *colours);
void p2p_classes_finish(P2pClasses *classes);

/**
 * A label map to its classes, by the nearest colour.
 *
 * @param out  [height, width, count] of 8 bits, overwritten.
 * @return P2P_OK; P2P_EFORMAT: classes that are none, or hardly one pixel has a class's colour; P2P_ENOMEM.
 */
int p2p_classes_encode(const P2pClasses *classes, const P2pImage *in, P2pImage *out);

/** The other way, of any bits: the colour of the strongest channel. */
int p2p_classes_show(const P2pClasses *classes, const P2pImage *in, P2pImage *out);

/**
 * The colours of a data set's inputs as p2p_classes_init() takes them: "index" where all are grey with samples
 * below count, else the colours in order. P2P_EFORMAT: there are more than count, or a picture is unreadable.
 */
int p2p_classes_find(const P2pDataset *dataset, int count, char *colours, size_t room);

/** The same of a table that p2p_labels_read() reads; P2P_EFORMAT: it has more than count. */
int p2p_classes_read(const char *path, int count, char *colours, size_t room);

#endif
