/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Label maps: tables that give each class a colour, colours to indices and back, and the measures of
 * the paper on label maps (section 4.1: FCN-score's pixel accuracy, class accuracy, class IoU).
 *
 * A table is immutable; several threads may use one.
 */
#ifndef P2P_LABELS_H
#define P2P_LABELS_H

#include "p2p/common.h"
#include "p2p/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most classes of a table: indices are 8 bits. */
#define P2P_LABELS_MAX 256

typedef struct P2pLabels P2pLabels;

/**
 * Read a table of colours: a text with a line "RED GREEN BLUE [NAME]" for each class, from 0 on, each
 * colour 0 to 255; '#' begins a comment. That is also what a GIMP palette (.gpl) is, whose head is
 * skipped.
 *
 * @return 0; P2P_EIO; P2P_EFORMAT: a line is something else, no colours, more than P2P_LABELS_MAX, one of
 *         them twice (the message names the line); P2P_ENOMEM. *out is then NULL.
 */
P2P_API int p2p_labels_read(P2pLabels **out, const char *path);

/** A table of count colours, [count][3], without names. P2P_EINVAL: none, too many, one twice. */
P2P_API int p2p_labels_create(P2pLabels **out, const unsigned char *rgb, size_t count);
P2P_API void p2p_labels_destroy(P2pLabels **labels);

P2P_API size_t p2p_labels_count(const P2pLabels *labels);
/** The colours, [count][3]; live as long as the table. */
P2P_API const unsigned char *p2p_labels_colors(const P2pLabels *labels);
/** "" where the table gives none; NULL: there is no such class. */
P2P_API const char *p2p_labels_name(const P2pLabels *labels, size_t index);

/**
 * The index of the colour that is nearest (least sum of squares; of equal ones the first) to each pixel.
 *
 * @param in    3 channels, or 4, whose alpha is not looked at; 8 or 16 bits.
 * @param out   1 channel, 8 bits, overwritten; finish it.
 * @param far   Number of pixels that are more than 48 (of 255) off their colour in some channel: more than
 *              what JPEG does to flat colours; may be NULL.
 * @return 0; P2P_EINVAL: other channels; P2P_ENOMEM.
 */
P2P_API int p2p_labels_to_index(const P2pLabels *labels, const P2pImage *in, P2pImage *out,
                                size_t *far);

/** The colour of each index. in: 1 channel, 8 bits. P2P_EINVAL: other pictures; P2P_EFORMAT: an index without colour. */
P2P_API int p2p_labels_to_color(const P2pLabels *labels, const P2pImage *in, P2pImage *out);

/**
 * Count the pixels of a picture by their class in the target and in the result.
 *
 * @param result, target  As for p2p_labels_to_index, of one size.
 * @param counts          [target's class][result's class], count of the table squared; added to.
 * @return 0; P2P_EINVAL: pictures of other channels or of unlike sizes; P2P_ENOMEM.
 */
P2P_API int p2p_labels_compare(const P2pLabels *labels, const P2pImage *result,
                               const P2pImage *target, uint64_t *counts);

/** Shares, 0 to 1; classes that the targets do not have are left out of the means; NaN: no pixels. */
typedef struct P2pLabelScores {
    double pixel_accuracy; /**< pixels of the right class */
    double class_accuracy; /**< the same of each class, mean over classes */
    double class_iou;      /**< intersection over union of each class, mean over classes */
} P2pLabelScores;

/** The measures of what p2p_labels_compare counted for classes classes (Long et al. 2015, section 5). */
P2P_API void p2p_labels_score(P2pLabelScores *scores, const uint64_t *counts, size_t classes);

#ifdef __cplusplus
}
#endif
#endif
