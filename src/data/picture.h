/* SPDX-License-Identifier: BSD-2-Clause */
/* A public function's argument that must be a picture; see src/base/front.h. */
#ifndef P2P_DATA_PICTURE_H
#define P2P_DATA_PICTURE_H

#include "p2p/image.h"
#include "src/base/front.h"

/** 0, or P2P_EINVAL: NULL, empty, or a struct with impossible sizes. */
int p2p_image_check(const P2pImage *image, const char *function, const char *name);

#define P2P_NEED_PICTURE(image)                             \
    do {                                                    \
        if (p2p_image_check((image), __func__, #image) < 0) \
            return P2P_EINVAL;                              \
    } while (0)

#endif
