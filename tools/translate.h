/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of p2p-translate. */
#ifndef P2P_TOOLS_TRANSLATE_H
#define P2P_TOOLS_TRANSLATE_H

#include "cli.h"

/** Size of the frames that come in. */
typedef struct TranslateFrames {
    int width, height;
} TranslateFrames;

/** --raw WxH; false: it is no such text, reported. */
bool translate_frames_parse(TranslateFrames *frames, const P2pOptions *options);

/** All frames of standard input, RGB24 without anything between, to standard output. An exit code. */
int translate_frames(P2pModel *model, const TranslateFrames *frames, const P2pOptions *options);

#endif
