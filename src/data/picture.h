/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments of public functions that are pictures; see src/base/front.h. */
#ifndef P2P_DATA_PICTURE_H
#define P2P_DATA_PICTURE_H

#include <stdbool.h>

#include "p2p/image.h"
#include "src/base/front.h"

/** Whether its samples are there and its sizes possible. */
bool p2p_image_is_whole(const P2pImage *image);

#define P2P_NEED_PICTURE(image)                                                          \
    P2P_REQUIRE((image) != NULL && p2p_image_is_whole(image), "%s is %s", #image,        \
                (image) != NULL ? "no picture: it is empty, or its sizes are impossible" \
                                : "NULL, it must be a picture")

/** The result of a function that reads `in` while it writes. */
#define P2P_NEED_OUT(in, out) \
    P2P_REQUIRE((out) != NULL && (out) != (in), "%s must not be %s", #out, (out) ? #in : "NULL")

#endif
