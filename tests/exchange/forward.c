/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forward MODEL HEIGHT WIDTH INPUT OUTPUT [eval]: write a random input [C, H, W] and what the
 * model's network makes of it, as raw floats, for others to compare with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/rng.h"
#include "tests/exchange/network.h"

int main(int argc, char **argv)
{
    const P2pDeviceSettings settings = {.device = "cpu"};
    P2pDevice *device;
    P2pSource source;
    size_t count;

    if (argc < 6)
        return 2;
    const int h = atoi(argv[2]), w = atoi(argv[3]);
    const bool eval = argc > 6 && !strcmp(argv[6], "eval");
    must(p2p_device_open(&device, &settings));
    must(p2p_source_open(&source, argv[1], NULL, NULL));
    P2pNet *net = load_network(device, &source);
    const int c = net->graph->values[net->graph->input].c;
    const size_t n = (size_t)(h * w * c), plane = (size_t)(h * w);
    float *x = malloc(2 * n * sizeof(*x)), *nchw = x + n;
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)p2p_rng_word(1, p2p_stream(P2P_STREAM_TEST, 0), i) * 0x1p-31f - 1.0f;
        nchw[i % (size_t)c * plane + i / (size_t)c] = x[i];
    }
    float *y = apply_network(device, net, x, h, w, eval, &count);
    must(p2p_file_write(argv[4], nchw, n * sizeof(*x)));
    must(p2p_file_write(argv[5], y, count * sizeof(*y)));
    free(x);
    free(y);
    p2p_net_destroy(&net);
    p2p_source_finish(&source);
    p2p_device_close(&device);
    return 0;
}
