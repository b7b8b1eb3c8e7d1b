/* SPDX-License-Identifier: BSD-2-Clause */
/* Samples of pictures, and pictures as arguments of public functions; see src/base/front.h. */
#ifndef P2P_DATA_PICTURE_H
#define P2P_DATA_PICTURE_H

#include <stdbool.h>

#include "p2p/image.h"
#include "src/base/front.h"

/** Whether its samples are there and its sizes possible. */
bool p2p_image_is_whole(const P2pImage *image);

/** Sample i of all on the scale 0 to 255, whatever the bits; floats may lie beyond. */
static inline double p2p_image_sample(const P2pImage *image, size_t i)
{
    return image->bits == 8    ? ((const uint8_t *)image->data)[i]
           : image->bits == 16 ? ((const uint16_t *)image->data)[i] / 257.0
                               : (double)((const float *)image->data)[i] * 255;
}

#define P2P_NEED_PICTURE(image)                                                          \
    P2P_REQUIRE((image) != NULL && p2p_image_is_whole(image), "%s is %s", #image,        \
                (image) != NULL ? "no picture: it is empty, or its sizes are impossible" \
                                : "NULL, it must be a picture")

/** The result of a function that reads `in` while it writes. */
#define P2P_NEED_OUT(in, out) \
    P2P_REQUIRE((out) != NULL && (out) != (in), "%s must not be %s", #out, (out) ? #in : "NULL")

#endif
