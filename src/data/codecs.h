/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the formats that the table in codec.c holds; see P2pCodec. */
#ifndef P2P_DATA_CODECS_H
#define P2P_DATA_CODECS_H

#include "src/data/codec.h"

bool p2p_png_recognise(const unsigned char *data, size_t bytes);
int p2p_png_decode(P2pDecoder **out, const P2pCodecInput *input);
int p2p_png_encode(P2pEncoder **out, const P2pEncoder *like);

bool p2p_jpeg_recognise(const unsigned char *data, size_t bytes);
int p2p_jpeg_decode(P2pDecoder **out, const P2pCodecInput *input);
int p2p_jpeg_encode(P2pEncoder **out, const P2pEncoder *like);

bool p2p_tiff_recognise(const unsigned char *data, size_t bytes);
int p2p_tiff_decode(P2pDecoder **out, const P2pCodecInput *input);
int p2p_tiff_encode(P2pEncoder **out, const P2pEncoder *like);

bool p2p_webp_recognise(const unsigned char *data, size_t bytes);
int p2p_webp_decode(P2pDecoder **out, const P2pCodecInput *input);
int p2p_webp_encode(P2pEncoder **out, const P2pEncoder *like);

bool p2p_pnm_recognise(const unsigned char *data, size_t bytes);
int p2p_pnm_decode(P2pDecoder **out, const P2pCodecInput *input);
int p2p_pnm_encode(P2pEncoder **out, const P2pEncoder *like);

bool p2p_npy_recognise(const unsigned char *data, size_t bytes);
int p2p_npy_decode(P2pDecoder **out, const P2pCodecInput *input);
int p2p_npy_encode(P2pEncoder **out, const P2pEncoder *like);

bool p2p_bmp_recognise(const unsigned char *data, size_t bytes);
int p2p_bmp_decode(P2pDecoder **out, const P2pCodecInput *input);

#endif
