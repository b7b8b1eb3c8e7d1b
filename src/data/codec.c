/* SPDX-License-Identifier: BSD-2-Clause */
/* What holds for pictures of all formats. */
#include "src/data/codec.h"

#include "src/base/status.h"

int p2p_codec_check_size(const char *name, double width, double height, size_t max_pixels)
{
    const size_t most = max_pixels ? max_pixels : P2P_IMAGE_MAX_PIXELS;

    if (width < 1 || height < 1 || width > P2P_IMAGE_MAX_SIDE || height > P2P_IMAGE_MAX_SIDE)
        return p2p_fail(P2P_EFORMAT, "%s: %.0f x %.0f pixels are no possible picture", name, width,
                        height);
    if (width * height > (double)most)
        return p2p_fail(P2P_EFORMAT,
                        "%s: %.0f x %.0f pixels are more than the limit of %zu; "
                        "make it smaller first",
                        name, width, height, most);
    return P2P_OK;
}
